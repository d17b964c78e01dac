"""What we write as FHIR R4 is FHIR R4, say two validators and a server that know nothing of us."""

import copy
import datetime as dt
import io
import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from upperback.care import intake
from upperback.care.diary import (
    Active,
    CheckIn,
    DayOff,
    DeskPoint,
    Entry,
    ExerciseEnded,
    FlareEnded,
    FlareStarted,
    GoalTold,
    Offer,
    SessionEnded,
    SessionStarted,
    SetDone,
    TaskChanged,
    TaskDone,
    TaskTold,
    Warned,
    Worn,
)
from upperback.care.intake import Answer
from upperback.care.plan import build_plan, plan_record, read_choices
from upperback.care.triage import decide, read_findings
from upperback.care.triage.record import decision_record
from upperback.care.triage.sampling import random_states, row_findings
from upperback.content.vocabulary import default_content
from upperback.interchange.fhir import Making, bulk, document, plain, search
from upperback.interchange.fhir.making import MOOD
from upperback.interchange.fhir.records import Check, Person, PlanMade
from upperback.services import demo, demo_years, diary, fhir, plans, programs, reviews, screening
from upperback.services.access_rules import PERMISSIONS
from upperback.services.actors import SYSTEM
from upperback.services.people import Profile
from upperback.store.models import Screening

pytestmark = pytest.mark.django_db

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
NOW: Final = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
EVERYTHING: Final = fhir.Chosen(mood=True, diary=True)
IDENTITY: Final = fhir.Identity(
    family="O’Neill", given="Grace Ann", birth_date=dt.date(1981, 5, 31), nhs_number="9434765919"
)
Plain = dict[str, Any]
BUSY: Final = "three_weeks, with more, everything"

#: Of each kind of resource: what is broken in it, and how. None takes it away.
BROKEN: Final[dict[str, tuple[str, Any]]] = {
    "ActivityDefinition": ("status", "ready"),
    "Bundle": ("type", "parcel"),
    "CarePlan": ("intent", "hope"),
    "CodeSystem": ("content", "much"),
    "Communication": ("status", "said"),
    "Composition": ("status", "written"),
    "Condition": ("subject", None),
    "DetectedIssue": ("status", "seen"),
    "Device": ("status", "worn"),
    "Flag": ("status", "up"),
    "Goal": ("lifecycleStatus", "wished"),
    "GuidanceResponse": ("status", "guided"),
    "Observation": ("status", "felt"),
    "Patient": ("gender", "yes"),
    "PlanDefinition": ("status", "ready"),
    "Procedure": ("status", "done"),
    "Provenance": ("agent", None),
    "Questionnaire": ("status", "asked"),
    "QuestionnaireResponse": ("status", "answered"),
    "ServiceRequest": ("intent", "wish"),
}  # fmt: skip


@pytest.fixture(scope="module")
def node(request: pytest.FixtureRequest) -> str:
    """A node that can load the validators; without one a line, or a failure where the browser is required, too."""
    found = shutil.which("node") or shutil.which("node", path=str(ROOT / ".node-venv" / "bin"))
    if found is None or not (ROOT / "node_modules" / "@medplum" / "core").is_dir():
        message = "no FHIR validators: run: python3 dev.py test"
        if request.config.getoption("--require-browser"):
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return found


def in_node(node: str, script: str, data: bytes) -> bytes:
    done = subprocess.run(
        [node, HERE / script], input=data, capture_output=True, timeout=120, check=False, cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:].decode()
    return done.stdout


def written(profile: Profile, kind: fhir.Kind, chosen: fhir.Chosen | None, at: dt.datetime = NOW) -> Plain:
    out = io.BytesIO()
    fhir.write_fhir(profile=profile, kind=kind, out=out, by=SYSTEM, now=at, chosen=chosen, identity=IDENTITY)
    bundle: Plain = json.loads(out.getvalue())
    return bundle


def resources(bundle: Plain, kind: str) -> list[Plain]:
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


# ---- people with everything there is -----------------------------------------------------------------------------


def checked(profile: Profile, at: dt.datetime, **own: Answer) -> None:
    """A new safety check: as said, else as this invented person answers."""
    person = demo._by_key(profile.demo)
    current = screening.start_screening(profile=profile, by=SYSTEM, now=at)
    while current.state == Screening.State.IN_PROGRESS:
        step = intake.next_question(intake.from_plain(current.answers), default_content())
        if step is None:
            break
        answer = own.get(step.question.id) or demo._answer(step.question, person)
        if step.simpler:
            answer = Answer(not_sure=True, simpler=True)
        current = screening.record_answers(
            screening=current, answers={step.question.id: answer}, by=SYSTEM, now=at, version=current.version
        )
    screening.finish_screening(screening=current, by=SYSTEM, now=at)


def kept(profile: Profile, *told: Entry) -> None:
    for number, entry in enumerate(told):
        diary.keep_entry(
            profile=profile, client_id=uuid.uuid4(), day=NOW.date() - dt.timedelta(days=2), entry=entry, by=SYSTEM,
            at=NOW - dt.timedelta(days=2, minutes=60 - number), now=NOW,
        )  # fmt: skip


def busy(profile: Profile) -> None:
    """Tells of everything there is."""
    kept(
        profile,
        SessionStarted(session="s1", what="strength", pain_now=3),
        SetDone(session="s1", exercise="ST02", number=1, reps=9, load_kg=2.5),
        ExerciseEnded(session="s1", exercise="ST02", worst_pain=4, alarming=True, effort=7.5),
        SessionEnded(session="s1", how="felt_wrong", sign="stop_chest"),
        Warned(signs=("before_legs", "unheard-of")),
        CheckIn(arm="not_sure"),
        SessionStarted(session="s2", what="movement"),
        TaskTold(task="own1", category="LM-LIFT", name="Lift <the> cat & dog", kg_ok=4),
        TaskDone(task="own1", before=2, after=5, minutes=1 / 3, kg=0.1 + 0.2),
        TaskChanged(task="own1", change="c", words="Half at a time"),
        Offer(kind="break", answer="done"),
        Offer(kind="break", answer="ignored"),
        Active(minutes=22.5),
        DayOff(reason="rest"),
        DeskPoint(item="W01", state="to_change"),
        GoalTold(goal="g1", words="Lift the <cat>", aim=8),
        GoalTold(goal="g2", words="Sleep through", state="open"),
        GoalTold(goal="g2", words="Sleep through", state="reached"),
        FlareStarted(trigger="sleep", pain=7, usual=3),
        FlareEnded(helped="Heat"),
        FlareStarted(trigger="unknown"),
        Worn(source="phone", measured_s=4000.123, bent_s=999.9, flexion_deg=12.3456, longest_held_s=300),
        Worn(source="phone", measured_s=50),
    )  # fmt: skip


def looked_back(profile: Profile) -> None:
    """After six weeks a review that sends to a physiotherapist."""
    checked(profile, NOW)
    scores = {"Swim ten lengths": 3, "Sit through a film": 5, "Carry the shopping home": 4}
    told = reviews.Told(pgic=6, activities=scores, sleep=4, confidence=6, activity_minutes=90, days_off_work=1)
    kept = reviews.record_review(
        profile=profile, client_id=uuid.uuid4(), told=told, region=None, by=SYSTEM, now=NOW
    )  # fmt: skip
    assert kept.outcome == "refer_physio"


def unsure(profile: Profile) -> None:
    """Is not sure of much, would rather not say, and was cleared by a doctor."""
    unknown = Answer(not_sure=True)
    checked(
        profile, NOW, duration=unknown, site=unknown, bones=unknown, steroids=unknown,
        phq4_low=Answer(options=("nearly_every",)), phq4_pleasure=Answer(options=("nearly_every",)),
        medicines=Answer(options=("thinner",), not_sure=True), self_harm=Answer(prefer_not_to_say=True),
    )  # fmt: skip
    decision = plans.latest_decision(profile)
    assert decision is not None
    plans.record_clearance(
        decision=decision, cleared_on=NOW.date(), role="gp", today=NOW.date(), by=SYSTEM, now=NOW
    )  # fmt: skip


def everybody() -> Iterator[tuple[str, Plain]]:
    """Every bundle of every invented person, of people with everything, and of one with months behind them."""
    made = {one.key: demo.make_person(key=one.key, now=NOW) for one in demo.PEOPLE}
    made["months"] = demo_years.make_history(key="desk", days=60, seed=3, now=NOW)
    for name, profile in made.items():
        yield from both(name, profile)
    for more, key in ((busy, "three_weeks"), (looked_back, "six_weeks"), (unsure, "weight")):
        more(made[key])
        yield from both(f"{key}, with more", made[key])
    yield "with more, everything to read", written(made["three_weeks"], "document", EVERYTHING)
    yield from anybody(60)
    out = io.BytesIO()
    fhir.write_definitions(out=out)
    yield "definitions", json.loads(out.getvalue())


def lines_of_copies() -> Iterator[tuple[str, Plain]]:
    """Every line of a copy for a clinic: of all, granted all; of the busy one also granted all but one, one alone."""
    kinds = PERMISSIONS["app", "none"]["app"]
    grants = [kinds, *(kinds - {one} for one in sorted(kinds)), *(frozenset({one}) for one in sorted(kinds))]
    for profile in Profile.objects.exclude(demo=""):
        for granted in grants if profile.demo == "three_weeks" else grants[:1]:
            record = programs.whole_record(profile=profile, mood="mood" in granted)
            for number, line in enumerate(bulk.lines(record.resources, granted=granted, order=bulk.Order())):
                assert "urn:uuid" not in json.dumps(line)
                yield f"copy of {profile.demo}, {' '.join(sorted(granted))}, {number}", line


def both(name: str, profile: Profile) -> Iterator[tuple[str, Plain]]:
    yield f"{name}, summary", written(profile, "document", None)
    yield f"{name}, everything", written(profile, "transaction", EVERYTHING)


def anybody(number: int) -> Iterator[tuple[str, Plain]]:
    """Answers of any kind, unknowns among them, with what is decided from them."""
    content = default_content()
    states = random_states(content, number, np.random.default_rng(11))
    for row in range(number):
        findings = {**row_findings(states, row, content), "phq4_low": row % 4, "phq4": "unknown"}
        facts = read_findings(findings, content=content)
        decision = decide(facts, content)
        check = Check(
            answered_at=NOW, decided_at=NOW, is_proxy=row % 5 == 0, findings=findings, complete=decision.complete,
            declined=["self_harm"] if findings.get("self_harm") == "unknown" else [], title="-",
            uuid=uuid.UUID(int=row), release=content.release_id, release_sha256=content.sha256,
            disposition=decision.disposition, record=decision_record(decision, facts, content),
        )  # fmt: skip
        choices = read_choices({"equipment": ["chair", "band", "mat"] if row % 2 else []}, content)
        plan = plan_record(build_plan(facts, choices, content))
        made = PlanMade(
            uuid=uuid.UUID(int=row), number=1, made_at=NOW, starts_on=NOW.date(), allowed=plan["allowed"],
            check=check.uuid, record=plan,
        )  # fmt: skip
        person = Person(
            uuid=uuid.UUID(int=row), name="Any", created_at=NOW, software="0", checks=[check], told=[], plans=[made],
            plan_is_open=plan["allowed"], cleared=[], reviews=[], goals=[], diary=[],
        )  # fmt: skip
        make = Making(person=person, content=content, chosen=EVERYTHING if row % 3 else fhir.Chosen())
        yield f"anybody {row}, {'everything' if row % 3 else 'summary'}", plain(document(make, NOW))


# ---- the validators ----------------------------------------------------------------------------------------------


def broken(bundles: list[Plain]) -> Iterator[tuple[str, Plain]]:
    """Of each kind of resource one with a part that FHIR does not know, and one with a part that is wrong."""
    seen: dict[str, Plain] = {}
    for bundle in bundles:
        seen.setdefault("Bundle", {**bundle, "entry": []})
        for entry in bundle["entry"]:
            seen.setdefault(entry["resource"]["resourceType"], entry["resource"])
    assert seen.keys() == BROKEN.keys()
    for kind, resource in seen.items():
        yield f"{kind}: unknown", {**resource, "colour": "red"}
        name, value = BROKEN[kind]
        wrong = {key: part for key, part in resource.items() if key != name}
        yield f"{kind}: {name}", wrong if value is None else {**wrong, name: value}


def broken_by_hand(bundle: Plain) -> Iterator[tuple[str, Plain]]:
    """What only one of the two can see."""
    pain = next(one for one in resources(bundle, "Observation") if "valueInteger" in one)
    yield "two values", {**pain, "valueString": "three"}
    yield "no such day", {**pain, "effectiveDateTime": "2026-13-40"}
    lost = copy.deepcopy(bundle)
    resources(lost, "Observation")[0]["subject"]["reference"] = f"urn:uuid:{uuid.UUID(int=1)}"
    yield "nobody there", lost
    headless = copy.deepcopy(bundle) | {"type": "document"}
    yield "a document without a beginning", headless


def test_two_validators_accept_everything_and_refuse_what_is_broken(node: str, tell: Callable[[str], None]) -> None:
    good = list(everybody())
    bundles = [bundle for _, bundle in good]
    bad = list(broken(bundles))
    seen_by_one = list(broken_by_hand(dict(good)[BUSY]))
    copied = list(lines_of_copies())
    lines = [{"name": name, "resource": resource} for name, resource in [*good, *bad, *seen_by_one, *copied]]
    said = [json.loads(line) for line in in_node(node, "fhir_validators.mjs", ndjson(lines)).splitlines()]
    assert [one["name"] for one in said] == [line["name"] for line in lines]
    found = {one["name"]: (one["medplum"], one["npm_fhir"]) for one in said}
    assert {name: found[name] for name, _ in good if any(found[name])} == {}
    assert {name: found[name] for name, _ in copied if any(found[name])} == {}
    assert {one["resourceType"] for _, one in copied} == set(search.TYPES)
    for name, bundle in good:
        addresses = [entry["fullUrl"] for entry in bundle["entry"]]
        assert len(set(addresses)) == len(addresses), name
    summaries = [json.dumps(bundle) for name, bundle in good if name.endswith("summary")]
    assert [word for word in MOOD for text in summaries if word in text] == []
    for name, _ in bad:
        medplum, npm_fhir = found[name]
        assert medplum, f"Medplum took {name}"
        assert npm_fhir, f"npm fhir took {name}"
    for name, _ in seen_by_one:
        assert found[name][0], f"Medplum took {name}"
    tell(f"FHIR: {len(copied):,} lines of copies for a clinic, two validators")
    tell(f"FHIR: {sum(len(one['entry']) for one in bundles):,} resources of {len(good)} bundles, two validators")


def ndjson(lines: list[Plain]) -> bytes:
    return b"\n".join(json.dumps(line).encode() for line in lines) + b"\n"


def test_a_server_of_somebody_else_takes_it_twice_and_finds_it(node: str) -> None:
    profile = demo.make_person(key="three_weeks", now=NOW)
    busy(profile)
    bundle = written(profile, "transaction", EVERYTHING)
    patient = resources(bundle, "Patient")[0]
    searches = {
        "Observation?code=http://loinc.org|72514-3": len(
            [
                one for one in resources(bundle, "Observation")
                if any(coding["code"] == "72514-3" for coding in one["code"]["coding"])
            ]
        ),
        "Patient?family=O’Neill": 1,
        "Patient?family=Somebody": 0,
        "Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|9434765919": 1,
        f"CarePlan?subject=Patient/{patient['id']}": len(resources(bundle, "CarePlan")),
        f"Procedure?subject=Patient/{patient['id']}": len(resources(bundle, "Procedure")),
        "Goal?lifecycle-status=completed": 1,
    }  # fmt: skip
    asked = [f"{search}&_total=accurate" for search in searches]
    sent = ndjson([{"bundle": bundle, "times": 2, "searches": asked}])
    answer = json.loads(in_node(node, "fhir_server.mjs", sent))
    assert answer["statuses"] == [["200"], ["200"]]
    totals = {search: answer["found"][f"{search}&_total=accurate"]["total"] for search in searches}
    assert totals == searches
    first = answer["found"]["Observation?code=http://loinc.org|72514-3&_total=accurate"]["first"]
    assert first["subject"]["reference"] == f"Patient/{patient['id']}"
    assert first["identifier"][0]["value"] == first["id"]
