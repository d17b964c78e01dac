"""A FHIR file from outside: looked at first, whole or not at all, marked as what it is, and never another person's."""

import io
import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.once import invented_once
from tests.unit.services.conftest import NOW
from upperback.care.course_items import pool_of
from upperback.care.diary import Observed
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError, NotFound
from upperback.interchange.fhir import codes
from upperback.interchange.fhir.records import Chosen
from upperback.services import fhir, fhir_in, people, plans
from upperback.services.actors import NOBODY, READER, Actor
from upperback.services.people import Profile
from upperback.store.models import AuditEvent, DiaryEntry, PlanVersion

pytestmark = pytest.mark.django_db

EVERYTHING = Chosen(mood=True, diary=True)


@pytest.fixture
def grace(db: None) -> Profile:
    """Six weeks of a diary."""
    return invented_once("six_weeks", NOW)


@pytest.fixture
def priya(db: None) -> Profile:
    """A plan, and nothing done yet."""
    return invented_once("desk", NOW)


def exported(profile: Profile, actor: Actor, kind: Any = "transaction", chosen: Chosen = EVERYTHING) -> dict[str, Any]:
    out = io.BytesIO()
    fhir.write_fhir(profile=profile, kind=kind, out=out, by=actor, now=NOW, chosen=chosen)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def file_of(folder: Path, bundle: Any) -> Path:
    path = folder / "bundle.json"
    path.write_bytes(bundle if isinstance(bundle, bytes) else json.dumps(bundle).encode())
    return path


def looked(profile: Profile, folder: Path, bundle: Any, actor: Actor) -> fhir_in.Arrived:
    return fhir_in.look_at_file(profile=profile, path=file_of(folder, bundle), name="it", by=actor, now=NOW)


def essence(bundle: dict[str, Any]) -> list[str]:
    """What each observation says, without names of resources and without words beside a code."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: bare(one) for name, one in value.items() if name != "display"}
        return [bare(one) for one in value] if isinstance(value, list) else value

    kept = ("code", "category", "effectiveDateTime", "effectivePeriod", "component", "valueInteger", "valueQuantity",
            "valueCodeableConcept", "valueString", "valueBoolean")  # fmt: skip
    every = [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "Observation"]
    return sorted(json.dumps(bare({name: one[name] for name in kept if name in one}), sort_keys=True) for one in every)


@pytest.mark.parametrize("kind", ["transaction", "document"])
def test_our_own_file_into_a_fresh_record_gives_the_same_observations(
    grace: Profile, actor: Actor, tmp_path: Path, kind: Any
) -> None:
    bundle = exported(grace, actor, kind)
    fresh = people.create_profile(name="Grace elsewhere", by=actor, now=NOW)
    found = looked(fresh, tmp_path, bundle, actor)
    assert found.incoming.person == "Grace, 45"
    assert len(found.new) == len(essence(bundle)) > 100
    assert not DiaryEntry.objects.filter(profile=fresh).exists()  # looking keeps nothing
    assert fhir_in.take_in(profile=fresh, incoming=found.incoming, by=actor, now=NOW) == len(found.new)
    assert essence(exported(fresh, actor)) == essence(bundle)
    assert fhir_in.take_in(profile=fresh, incoming=found.incoming, by=actor, now=NOW) == 0  # twice is once
    event = AuditEvent.objects.filter(action="take_in_fhir").first()
    assert event is not None
    assert event.details == {"entries": len(found.new), "changed": 0}
    assert plans.latest_plan(profile=fresh, by=actor) is None
    assert "no exercise plan" in found.plan_refused  # a plan is a proposal to somebody who has one


def test_what_went_out_here_does_not_come_back_as_something_from_outside(
    grace: Profile, actor: Actor, tmp_path: Path
) -> None:
    found = looked(grace, tmp_path, exported(grace, actor), actor)
    assert (found.new, found.changed, found.proposal, found.plan_refused) == ((), (), None, "")
    assert found.known > 100


def observation(**parts: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": "o1", "status": "final", "code": {"text": "Grip strength"},
        "subject": {"reference": "Patient/p"}, "effectiveDateTime": "2026-11-20",
        "valueQuantity": {"value": 31.5, "unit": "kg", "code": "kg"}, "performer": [{"display": "Sam Lee"}],
    } | parts  # fmt: skip


def bundle_of(*resources: dict[str, Any], **parts: Any) -> dict[str, Any]:
    patient = {"resourceType": "Patient", "id": "p", "name": [{"text": "Grace Hall"}], "birthDate": "1981-02-03"}
    return {
        "resourceType": "Bundle", "type": "collection",
        "entry": [{"fullUrl": "urn:uuid:p", "resource": patient}, *({"resource": one} for one in resources)],
    } | parts  # fmt: skip


def test_an_observation_of_a_clinic_is_shown_with_its_source_and_decides_nothing(
    priya: Profile, actor: Actor, tmp_path: Path
) -> None:
    before = plans.open_plan(profile=priya, by=actor).uuid
    found = looked(
        priya, tmp_path, bundle_of(observation(), {"resourceType": "Encounter", "status": "finished"}), actor
    )
    assert found.incoming.person == "Grace Hall, born 1981-02-03"
    assert found.incoming.others == {"Encounter": 1}
    fhir_in.take_in(profile=priya, incoming=found.incoming, by=actor, now=NOW)
    (row,) = fhir_in.observed(profile=priya, by=actor)
    entry = row.entry
    assert isinstance(entry, Observed)
    assert (entry.came_from, entry.words, entry.starts) == ("Sam Lee", "Grip strength", "2026-11-20")
    assert entry.value is not None
    assert (entry.value.number, entry.value.unit) == (31.5, "kg")
    assert plans.open_plan(profile=priya, by=actor).uuid == before
    (out,) = (one["resource"] for one in exported(priya, actor)["entry"] if "Grip strength" in json.dumps(one))
    assert out["performer"] == [{"display": "Sam Lee"}]
    document = json.dumps(exported(priya, actor, "document"))
    assert "Grip strength: 31.5 kg (from: Sam Lee)" in document
    corrected = bundle_of(observation(valueQuantity={"value": 29, "unit": "kg"}, status="corrected"))
    again = looked(priya, tmp_path, corrected, actor)
    assert (len(again.new), len(again.changed), again.known) == (0, 1, 0)
    fhir_in.take_in(profile=priya, incoming=again.incoming, by=actor, now=NOW)
    (row,) = fhir_in.observed(profile=priya, by=actor)
    assert isinstance(row.entry, Observed)
    assert row.entry.value is not None
    assert row.entry.value.number == 29


def test_what_is_about_mood_from_outside_leaves_only_by_choice(priya: Profile, actor: Actor, tmp_path: Path) -> None:
    mood = observation(code={"coding": [{"system": codes.LOINC, "code": "70272-0"}], "text": "PHQ-4 there"}, id="o2")
    marked = observation(meta={"security": [{"code": "R"}]}, code={"text": "Marked there"}, id="o3")
    found = looked(priya, tmp_path, bundle_of(mood, marked), actor)
    fhir_in.take_in(profile=priya, incoming=found.incoming, by=actor, now=NOW)
    shared = json.dumps(exported(priya, actor, chosen=Chosen(diary=True)))
    assert "PHQ-4 there" not in shared
    assert "Marked there" not in shared
    assert "PHQ-4 there" in json.dumps(exported(priya, actor))


def test_answers_to_our_form_from_another_program_are_kept_once_and_decide_nothing(
    priya: Profile, actor: Actor, tmp_path: Path
) -> None:
    form = {
        "resourceType": "QuestionnaireResponse", "id": "f", "status": "completed", "authored": "2026-11-19T09:30:00Z",
        "questionnaire": f"{codes.BASE}/Questionnaire/safety-check", "subject": {"reference": "urn:uuid:p"},
        "item": [
            {"linkId": "numb_saddle", "text": "Numb there", "answer": [{"valueBoolean": True}]},
            {"linkId": "phq4_low", "text": "Low there", "answer": [{"valueInteger": 3}]},
        ],
    }  # fmt: skip
    before = plans.open_plan(profile=priya, by=actor).record
    found = looked(priya, tmp_path, bundle_of(form), actor)
    assert fhir_in.take_in(profile=priya, incoming=found.incoming, by=actor, now=NOW) == 2
    assert fhir_in.take_in(profile=priya, incoming=found.incoming, by=actor, now=NOW) == 0
    assert plans.open_plan(profile=priya, by=actor).record == before
    shared = json.dumps(exported(priya, actor, chosen=Chosen(diary=True)))
    assert "Numb there" in shared
    assert "Low there" not in shared
    assert "Low there" in json.dumps(exported(priya, actor))


def care_plan(*exercises: tuple[str, int, int], **parts: Any) -> dict[str, Any]:
    def dose(name: str, value: int) -> dict[str, Any]:
        return {"url": f"{codes.BASE}/StructureDefinition/dose-{name}", "valueQuantity": {"value": value}}

    activities = [
        {"detail": {
            "code": {"coding": [{"system": codes.LOCAL, "code": f"exercise.{id}"}], "text": id}, "status": "scheduled",
            "extension": [dose("sets", sets), dose("repetitions", reps)],
        }}
        for id, sets, reps in exercises
    ]  # fmt: skip
    return {
        "resourceType": "CarePlan", "id": "c", "status": "active", "intent": "plan", "activity": activities,
        "subject": {"reference": "urn:uuid:p"}, "author": {"display": "Sam Lee, physiotherapist"},
    } | parts  # fmt: skip


def doses(plan: PlanVersion) -> list[tuple[str, int, int]]:
    return [(item["id"], item["sets"], item["reps"]) for item in plan.record["exercises"]]


def test_a_plan_is_a_difference_that_the_person_accepts(actor: Actor, db: None, tmp_path: Path) -> None:
    joan = invented_once("bone", NOW)
    plan = plans.open_plan(profile=joan, by=actor)
    kept, gone = doses(plan), next(item["id"] for item in plan.record["exercises"] if item["kind"] == "movement")
    wanted = [one for one in kept if one[0] != gone]
    found = looked(joan, tmp_path, bundle_of(care_plan(*wanted)), actor)
    assert found.proposal is not None
    assert [item["id"] for item in found.proposal.removed] == [gone]
    assert (found.proposal.change.name, found.proposal.fingerprint) == ("Sam Lee, physiotherapist", "not signed")
    assert PlanVersion.objects.filter(profile=joan).count() == 1
    new = fhir_in.accept_plan(profile=joan, incoming=found.incoming, client_id=uuid.uuid4(), by=actor, now=NOW)
    assert new is not None
    assert doses(new) == wanted
    same = looked(joan, tmp_path, bundle_of(care_plan(*wanted)), actor)
    assert (same.proposal, same.plan_refused) == (None, "")


@pytest.mark.parametrize(
    ("exercises", "words"),
    [
        ([("NOPE", 1, 8)], "not known here"),
        ([], "no exercise that is known here"),
        ([("MV02", 9, 40)], "can be"),
    ],
)
def test_a_plan_that_this_one_does_not_allow_says_why(
    priya: Profile, actor: Actor, tmp_path: Path, exercises: list[tuple[str, int, int]], words: str
) -> None:
    rest = [one for one in doses(plans.open_plan(profile=priya, by=actor)) if one[0] != "MV02"] if exercises else []
    found = looked(priya, tmp_path, bundle_of(care_plan(*(exercises + rest))), actor)
    assert found.proposal is None
    assert words in found.plan_refused
    with pytest.raises(InputError):
        fhir_in.accept_plan(profile=priya, incoming=found.incoming, client_id=uuid.uuid4(), by=actor, now=NOW)
    assert PlanVersion.objects.filter(profile=priya).count() == 1


def test_an_exercise_against_a_caution_never_comes_in_by_a_file(actor: Actor, db: None, tmp_path: Path) -> None:
    joan = invented_once("bone", NOW)
    plan = plans.open_plan(profile=joan, by=actor)
    pool = pool_of(plan.record, plan.choices, default_content())
    barred = next(id for id, one in pool.left_out.items() if one.tags)
    found = looked(joan, tmp_path, bundle_of(care_plan(*doses(plan), (barred, 1, 8))), actor)
    assert found.proposal is None
    assert "cannot come in" in found.plan_refused


def test_the_future_and_people_who_may_not(priya: Profile, actor: Actor, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="in the future"):
        looked(priya, tmp_path, bundle_of(observation(effectiveDateTime="2031-01-01")), actor)
    for stranger in (NOBODY, READER):
        with pytest.raises(NotFound):
            looked(priya, tmp_path, bundle_of(observation()), stranger)
    found = looked(priya, tmp_path, bundle_of(observation()), actor)
    for stranger in (NOBODY, READER):
        with pytest.raises(NotFound):
            fhir_in.take_in(profile=priya, incoming=found.incoming, by=stranger, now=NOW)


def test_a_million_entries_are_refused_early_and_in_bounds(priya: Profile, actor: Actor, tmp_path: Path) -> None:
    head = b'{"resourceType":"Bundle","type":"collection","entry":['
    many = head + b",".join([b'{"resource":{}}'] * 1_000_000) + b"]}"
    with pytest.raises(InputError, match="1,000,000 entries; up to 20,000"):
        looked(priya, tmp_path, many, actor)
    with pytest.raises(InputError, match="larger than 24 MB"):
        looked(priya, tmp_path, head + b" " * (24 << 20) + b"]}", actor)
    deep = head + b'{"resource":{"resourceType":"Observation","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}}]}"
    with pytest.raises(InputError, match="nested too deeply"):
        looked(priya, tmp_path, deep, actor)
    assert not fhir_in.observed(profile=priya, by=actor)
