"""The list of a clinician against the plain way: every row of one person after the other, read by Python alone."""

import datetime as dt
import random
import uuid
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from statistics import mean
from typing import Any, TypeVar

import pytest
from django.db.models import Model
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.services.conftest import NOW
from upperback.care.caseload import Stand, by_need
from upperback.care.diary import (
    CheckIn,
    ClinicTask,
    ClinicTaskDone,
    Entry,
    MessageFromClinic,
    MessageHandled,
    MessageToClinic,
    Morning,
    Moved,
    SessionEnded,
    SessionStarted,
    Warned,
    entry_data,
    kind_of,
)
from upperback.care.looking_back import LastReview, review_due_on
from upperback.content.vocabulary import default_content
from upperback.services import actors, caseload
from upperback.services.access_rules import (
    DATA_CLASSES,
    PERMISSIONS,
    PURPOSES,
    Asked,
    Consent,
    Standing,
    decide_any,
    kinds_allowed,
)
from upperback.services.treating import EVERYTHING, Seen
from upperback.store.models import (
    Clearance,
    Decision,
    DiaryEntry,
    ExerciseStep,
    PlanVersion,
    Profile,
    Review,
    Screening,
)

TODAY = NOW.date()
OWN = uuid.UUID(int=7)
ASKS = actors.account(OWN, second_factor=True)
Row = TypeVar("Row", bound=Model)
RELEASE = {"release": "r", "release_sha256": "0"}


def _at(chance: random.Random, days: int = 40) -> dt.datetime:
    return NOW - dt.timedelta(hours=chance.randrange(-24, days * 24))


def _entry(chance: random.Random) -> Entry:
    score = chance.choice([None, *range(11)])
    told: list[Entry] = [
        Warned(signs=("before_legs",)),
        SessionEnded(session="s", how=chance.choice(["finished", "felt_wrong", "ended_early"])),
        MessageToClinic(words="Is this fine?", alarm=chance.choice([None, None, "emergency"])),
        MessageFromClinic(name="Mina", words="Yes."),
        MessageHandled(name="Mina"),
    ]
    often: list[Entry] = [
        Morning(pain=score or 0),
        CheckIn(pain_average=score),
        SessionStarted(session="s", what=chance.choice(["strength", "movement"]), pain_now=2),
        ClinicTask(
            name="Mina", words="Ring.", until=_at(chance, 9).date(), whose="Mina",
            account=chance.choice([OWN, uuid.uuid4(), None]),
        ),
    ]  # fmt: skip
    return chance.choice(told) if chance.random() < 0.05 else chance.choice([*often, Moved(exercises=("a",)), often[0]])


def _live(person: Profile, chance: random.Random) -> None:
    """Rows as the services write them, and some that only a clock that was put back explains."""
    plan, decision = None, None
    for number in range(chance.randrange(4)):
        at = _at(chance)
        state = chance.choice(["finished"] * 3 + (["in_progress"] if number == 2 else []))
        screening = Screening.objects.create(
            profile=person, by="t", started_at=at, answers_since=at, state=state,
            finished_at=at if state == "finished" else None, answers=chance.choice([{}, {"a": 1}]), **RELEASE,
        )  # fmt: skip
        if state == "in_progress":
            continue
        decision = Decision.objects.create(
            screening=screening, decided_at=at, findings={}, complete=chance.random() < 0.8, record={}, **RELEASE,
            disposition=chance.choice(["emergency_now", "urgent_same_day", "gp_soon", "self_manage"]),
        )  # fmt: skip
        if chance.random() < 0.4:
            Clearance.objects.create(
                profile=person, decision=decision, cleared_on=TODAY, role="gp", recorded_at=at, by="t"
            )
        if chance.random() < 0.8:
            plan = PlanVersion.objects.create(
                profile=person, number=number + 1, made_at=at, by="t", reason="made", decision=decision, choices={},
                findings={}, record={}, allowed=chance.random() < 0.8, starts_on=at.date(), **RELEASE,
            )  # fmt: skip
        if plan is not None and chance.random() < 0.6:
            Review.objects.create(
                profile=person, plan=plan, decision=decision, client_id=uuid.uuid4(), day=at.date(), reviewed_at=at,
                by="t", inputs={}, record={}, outcome=chance.choice(["refer_physio", "continue", "seek_medical_help"]),
                next_on=chance.choice([None, at.date() + dt.timedelta(days=7)]), **RELEASE,
            )  # fmt: skip
    _write(person, plan, chance)


def _write(person: Profile, plan: PlanVersion | None, chance: random.Random) -> None:
    kept: list[DiaryEntry] = []
    for _ in range(chance.randrange(90)):
        at, entry = _at(chance), _entry(chance)
        waiting = [row for row in kept if row.kind == "clinic_task"]
        if waiting and chance.random() < 0.1:
            entry = ClinicTaskDone(name="Mina", task=chance.choice(waiting).uuid)
        kept.append(
            DiaryEntry.objects.create(
                profile=person, plan=plan, client_id=uuid.uuid4(), kind=kind_of(type(entry)), day=at.date(), at=at,
                data=entry_data(entry), recorded_at=chance.choice([at, NOW, at - dt.timedelta(days=20)]), by="t",
            )
        )  # fmt: skip
    for row in chance.sample(kept, len(kept) // 9):  # taken back, or told again
        row.pk, row.replaces_id, row.uuid, row.client_id = None, row.pk, uuid.uuid4(), uuid.uuid4()
        row.kind = chance.choice([row.kind, "taken_back"])
        row.save()
    for number in range(chance.randrange(5) if plan else 0):
        assert plan is not None
        ExerciseStep.objects.create(
            profile=person, plan=plan, session=str(number), planned="p", exercise="p", from_day=_at(chance).date(),
            move=chance.choice(["up", "hold", "down"]), reason="r", record={}, decided_at=NOW, by="t", **RELEASE,
        )  # fmt: skip


def _newest(rows: Iterable[Row]) -> Row | None:
    return max(rows, key=lambda row: row.pk, default=None)


def _plain(seen: Seen) -> Stand:
    """What is known of one person, from all of their rows."""
    person = seen.profile
    replaced = set(DiaryEntry.objects.filter(replaces__isnull=False).values_list("replaces", flat=True))
    told = [row for row in DiaryEntry.objects.filter(profile=person).order_by("id") if row.pk not in replaced]
    known: dict[str, Any] = {}
    review = _newest(Review.objects.filter(profile=person))
    if seen.may("answers"):
        known |= _plain_check(person, told, review)
    plan = _newest(PlanVersion.objects.filter(profile=person))
    if seen.may("plan") and plan is not None and plan.allowed:
        last = LastReview(day=review.day, next_on=review.next_on) if review else None
        due = review_due_on(plan.starts_on, last, default_content())
        known |= {"starts_on": plan.starts_on, "review_on": due}
    if seen.may("progress"):
        every = [row.day for row in DiaryEntry.objects.filter(profile=person) if row.day <= TODAY]
        known |= {"told_on": max(every, default=None), "pain_weeks": _plain_pain(told)} | _plain_training(person, told)
    if seen.may("messages"):
        known |= _plain_messages(told) | _plain_tasks(told)
    return replace(Stand(person=str(person.uuid), name=person.name, knows=seen.classes), **known)


_ALARMS = {(kind_of(Warned), None), (kind_of(SessionEnded), "felt_wrong")}


def _plain_check(person: Profile, told: list[DiaryEntry], review: Review | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    decision = _newest(Decision.objects.filter(screening__profile=person))
    if decision is not None:
        alarms = [row for row in told if (row.kind, row.data.get("how")) in _ALARMS]
        after = [
            row.day
            for row in alarms
            if row.at >= decision.decided_at
            or (row.recorded_at < decision.decided_at and row.plan is not None and row.plan.decision == decision)
        ]
        found |= {
            "disposition": decision.disposition, "complete": decision.complete,
            "decided_on": decision.decided_at.date(), "warned_on": max(after, default=None),
            "cleared": Clearance.objects.filter(decision=decision).exists(),
        }  # fmt: skip
    drafts = Screening.objects.filter(profile=person, state="in_progress")
    found["begun"] = any(draft.answers for draft in drafts)
    return found | ({"outcome": review.outcome, "reviewed_on": review.day} if review else {})


def _plain_pain(told: list[DiaryEntry]) -> tuple[float | None, ...]:
    weeks: list[tuple[float | None, float | None]] = []
    for back in range(4):
        inside = [row for row in told if 7 * back <= (TODAY - row.day).days < 7 * back + 7]
        mornings = [row.data["pain"] for row in inside if row.kind == "morning"]
        check_ins = [row.data["pain_average"] for row in inside if row.kind == "check_in"]
        asked = [pain for pain in check_ins if pain is not None]
        enough = len(mornings) >= default_content().limit("early_days_known")
        weeks.append((mean(mornings) if enough else None, mean(asked) if asked else None))
    return tuple(morning if weeks[0][0] is not None else asked for morning, asked in weeks)


def _plain_training(person: Profile, told: list[DiaryEntry]) -> dict[str, Any]:
    sessions = [row for row in told if row.kind == "session_started" and row.data["what"] == "strength"]
    up = _newest(ExerciseStep.objects.filter(profile=person, move="up"))
    return {
        "sessions": sum(0 <= (TODAY - row.day).days < 21 for row in sessions),
        "step_up_on": up.from_day if up else None,
    }


def _plain_messages(told: list[DiaryEntry]) -> dict[str, Any]:
    kinds = ("message_to_clinic", "message_from_clinic", "message_handled")
    rows = [row for row in told if row.kind in kinds]
    turns = [(kind, list(turn)) for kind, turn in groupby(rows, key=lambda row: row.kind)]
    if not turns or turns[-1][0] != kinds[0]:
        return {}
    waits = turns[-1][1]
    alarming = [row.day for row in waits if row.data["alarm"]]
    return {
        "messages": len(waits), "message_on": waits[0].day, "alarming_on": alarming[-1] if alarming else None,
    }  # fmt: skip


def _plain_tasks(told: list[DiaryEntry]) -> dict[str, Any]:
    done = {row.data["task"] for row in told if row.kind == "clinic_task_done"}
    due = [
        dt.date.fromisoformat(row.data["until"])
        for row in told
        if row.kind == "clinic_task" and row.data["account"] == str(OWN) and str(row.uuid) not in done
    ]
    due = [until for until in due if until <= TODAY]
    return {"tasks": len(due), "task_on": min(due)} if due else {}


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(2))
def test_the_list_is_the_one_that_the_plain_way_gives(seed: int) -> None:
    chance = random.Random(seed)
    seen = []
    for number in range(25):
        person = Profile.objects.create(name=chance.choice("abc"), created_at=NOW)
        _live(person, chance)
        hidden = chance.choice([*DATA_CLASSES, None, None]) if number % 2 else None
        seen.append(Seen(person, EVERYTHING - {hidden}))
    plain = [_plain(one) for one in seen]
    found = caseload.place(seen, today=TODAY, by=ASKS)
    listed = {placed.stand.person: placed.stand for placed in found}
    for stand in plain:
        assert listed[stand.person] == stand
    assert found == by_need(plain, TODAY, default_content())
    reasons = {reason.id for placed in found for reason in placed.reasons}
    assert {"warning_told", "help_first", "message", "task_due", "no_plan"} <= reasons  # it is about something


@pytest.mark.django_db
def test_an_average_pain_that_was_left_out_is_not_none_at_all() -> None:
    """A check-in without it says nothing: read as 0 it would hide that pain rises, or make it seem to."""
    person = Profile.objects.create(name="Ana", created_at=NOW)
    for days, pain in ((0, 4), (1, None), (8, None)):
        DiaryEntry.objects.create(
            profile=person, client_id=uuid.uuid4(), kind="check_in", day=TODAY - dt.timedelta(days=days), at=NOW,
            data=entry_data(CheckIn(pain_average=pain)), recorded_at=NOW, by="t",
        )  # fmt: skip
    (placed,) = caseload.place([Seen(person, EVERYTHING)], today=TODAY, by=ASKS)
    assert placed.stand.pain_weeks == (4.0, None, None, None)


IDS = st.sampled_from([uuid.UUID(int=number) for number in range(2)])
TIMES = st.sampled_from([NOW + dt.timedelta(days=days) for days in (-1, 0, 1)])
CONSENTS = st.builds(
    Consent, recipient=IDS, purpose=st.sampled_from(PURPOSES),
    data_classes=st.frozensets(st.sampled_from(DATA_CLASSES), min_size=2),
    given_at=TIMES, ends_at=TIMES, withdrawn_at=st.none() | TIMES,
)  # fmt: skip
MOSTLY = st.sampled_from([True, True, True, False])
PLACES = st.sampled_from([*PERMISSIONS, *PERMISSIONS, ("clinic_admin", "treats"), ("clinician", "none")])
STANDINGS = st.builds(
    lambda place, **more: Standing(role=place[0], relation=place[1], **more), place=PLACES,
    account=st.none() | IDS, is_active=MOSTLY, second_factor=MOSTLY, clinic=st.none() | IDS, study=st.none() | IDS,
    member_until=st.none() | TIMES, relation_clinic=st.none() | IDS, relation_until=st.none() | TIMES,
    consents=st.lists(CONSENTS, max_size=3).map(tuple),
)  # fmt: skip


@given(standings=st.lists(STANDINGS, max_size=4), purpose=st.sampled_from(PURPOSES))
def test_kinds_asked_at_once_are_those_asked_one_by_one(standings: list[Standing], purpose: Any) -> None:
    single = {
        kind
        for kind in DATA_CLASSES
        if decide_any(standings, Asked(purpose=purpose, data_class=kind, now=NOW))
    }  # fmt: skip
    assert kinds_allowed(standings, purpose=purpose, now=NOW) == single
