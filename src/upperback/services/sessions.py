"""A guided session: begun after three safety questions, written down set by set, ended or stopped."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
from django.db import transaction

from upperback.care.course import Rest
from upperback.care.diary import Entry, ExerciseEnded, Morning, SessionEnded, SessionStarted, SetDone, Undone, Warned
from upperback.care.sessions import Session, mornings, sessions_of, usual_pain_on
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError, NotAllowed, NotFound
from upperback.services import policies
from upperback.services.actors import Actor
from upperback.services.diary import correct_entry, entries, keep_entry
from upperback.services.flares import current_flare, movement_today
from upperback.services.permissions import check_may
from upperback.services.plans import PlanVersion, open_plan
from upperback.services.progress import check_comes_first, decide_progress, prescribed_today, rest_today
from upperback.services.today import local_day
from upperback.store.models import DiaryEntry, ExerciseStep, Profile

__all__ = [
    "Item",
    "Player",
    "SetWritten",
    "begin_session",
    "end_session",
    "get_session",
    "is_judged",
    "may_begin",
    "mend_session",
    "tell_warning",
]

What = Literal["strength", "movement"]

#: Questions before every session, in the order they are asked.
CHECKS: Final = ("before_legs", "before_chest", "before_change")

#: Days before a session whose mornings may tell the usual pain.
_MORNINGS_LOOKED_AT: Final = 60

#: What is said where no strength session may begin.
REST: Final[dict[Rest, str]] = {
    "rest_day": "Strength work needs a day of rest in between. Movement is fine today, as often as you like.",
    "calm_only": "Your pain at rest is strong at the moment. Leave strength out for now and move gently.",
}

_KINDS: Final = (SessionStarted, SetDone, ExerciseEnded, SessionEnded)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetWritten:
    """A set that is written down."""

    reps: int
    load_kg: float | None
    client_id: uuid.UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One exercise of a session.

    Attributes
    ----------
    exercise : id of what is done now
    sets, reps, load_kg, band : what is prescribed
    rest_s : between sets
    hold_s : for exercises that are held
    unit : repetitions, holds, breaths in words
    written : each set that is written down, by number, with its weight and the id that a correction names
    felt_id : of the entry that tells how it felt; None before
    """

    exercise: str
    sets: int
    reps: int
    load_kg: float | None
    band: str | None
    rest_s: int
    hold_s: float | None
    unit: str
    written: dict[int, SetWritten]
    felt_id: uuid.UUID | None

    @property
    def done(self) -> dict[int, int]:
        """Repetitions of each set that is written down, by number."""
        return {number: one.reps for number, one in self.written.items()}

    @property
    def is_ended(self) -> bool:
        """Whether how it felt was told."""
        return self.felt_id is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """A session with what is to be done and what is done. `usual_pain`: what the pain light is measured from."""

    session: Session
    items: tuple[Item, ...]
    usual_pain: int
    plan: uuid.UUID

    @property
    def current(self) -> Item | None:
        """The first exercise that is not ended; None when all are."""
        return next((item for item in self.items if not item.is_ended), None)


def may_begin(answers: dict[str, str]) -> bool:
    """Whether the safety questions allow a session: each asked, each answered with no. "Not sure" is not no."""
    if any(check not in answers for check in CHECKS):
        raise InputError("Answer each of the three questions", field="checks")
    return all(answers[check] == "no" for check in CHECKS)


def begin_session(
    *,
    profile: Profile,
    client_id: uuid.UUID | None,
    what: What,
    answers: dict[str, str],
    pain_now: int | None,
    by: Actor,
    now: dt.datetime,
) -> str:
    """Begins a session and returns its id. Beginning twice with one id is beginning once.

    Raises
    ------
    NotAllowed : the plan is not open, there is nothing of that kind today, or a safety question was not answered no.
    """
    check_may(by, "keep_diary")
    open_plan(profile=profile, by=by)
    if not may_begin(answers):
        raise NotAllowed(policies.SOMETHING_NEW)
    decide_progress(profile=profile, by=by, now=now)  # for whoever never opens the page of the morning
    if any(item.anew for item in prescribed_today(profile=profile, by=by, now=now)):
        raise NotAllowed(policies.LONG_AWAY)
    if check_comes_first(profile=profile, by=by, now=now):
        raise NotAllowed(policies.FELT_WRONG)
    _check_may_train(profile, what, client_id, by, now)
    if not _items(profile, what, None, by, now):
        raise NotAllowed("There is no exercise of this kind in your plan now.")
    if client_id is None:
        raise InputError(policies.PAGE_IS_OLD)
    id = client_id.hex
    entry = SessionStarted(session=id, what=what, pain_now=pain_now)
    day = local_day(profile, now)
    keep_entry(profile=profile, client_id=client_id, day=day, at=now, entry=entry, by=by, now=now)
    return id


def tell_warning(
    *,
    profile: Profile,
    client_id: uuid.UUID | None,
    answers: dict[str, str],
    by: Actor,
    now: dt.datetime,
    asked: tuple[str, ...] = CHECKS,
) -> bool:
    """Keeps the safety questions that were not answered with no, so that the plan waits. False where there are none."""
    signs = tuple(check for check in asked if answers.get(check, "no") != "no")
    if signs:
        day = local_day(profile, now)
        # A page that is too old to have an id has a warning to tell all the same.
        own_id = uuid.uuid5(client_id, "warned") if client_id is not None else uuid.uuid4()
        keep_entry(profile=profile, client_id=own_id, day=day, at=now, entry=Warned(signs=signs), by=by, now=now)
    return bool(signs)


def get_session(*, profile: Profile, session_id: str, by: Actor, now: dt.datetime) -> Player:
    """A session of this person, while the plan is open."""
    plan = open_plan(profile=profile, by=by)
    session = _find(profile, session_id, by, now)
    return Player(
        session=session,
        items=_items(profile, session.what, session, by, now),
        usual_pain=_usual_pain(profile, session, plan, by),
        plan=plan.uuid,
    )


def end_session(
    *,
    profile: Profile,
    session_id: str,
    client_id: uuid.UUID | None,
    how: Literal["finished", "ended_early", "felt_wrong"],
    sign: str | None,
    by: Actor,
    now: dt.datetime,
) -> DiaryEntry:
    """Ends a session. Also while the plan is not open any more: what was done is done."""
    session = _find(profile, session_id, by, now)
    if sign is not None and sign not in {text.id for text in default_content().dose_texts.values()}:
        raise InputError("Choose what you feel from the list", field="sign")
    entry = SessionEnded(session=session.id, how=how, sign=sign)
    return keep_entry(profile=profile, client_id=client_id, day=session.day, at=now, entry=entry, by=by, now=now)


def mend_session(
    *,
    profile: Profile,
    session_id: str,
    sets: Mapping[tuple[str, int], int | None],
    felt: Mapping[str, ExerciseEnded],
    client_id: uuid.UUID | None,
    by: Actor,
    now: dt.datetime,
) -> int:
    """Corrects what is written down about a session; what was there before stays in the history.

    Parameters
    ----------
    sets : repetitions of written sets by exercise and number; None takes the set back
    felt : how exercises felt
    client_id : made by the page; the same page sent twice corrects once

    Returns
    -------
    How many entries were corrected.
    """
    if client_id is None:
        raise InputError("This page is too old to be used. Open it again")
    session = _find(profile, session_id, by, now)
    wanted: dict[tuple[str, int], Entry] = {(exercise, 0): entry for exercise, entry in felt.items()}
    for (exercise, number), reps in sets.items():
        done = session.sets.get(exercise, {}).get(number)
        if done is not None and reps is None:
            wanted[exercise, number] = Undone()
        elif done is not None and reps is not None and reps != done.reps:
            wanted[exercise, number] = msgspec.structs.replace(done, reps=reps, counted_by="typed")
    changed = {
        key: entry
        for key, entry in wanted.items()
        if key in session.rows and (key[1] > 0 or entry != session.felt.get(key[0]))
    }
    rows = DiaryEntry.objects.in_bulk([session.rows[key] for key in changed])
    with transaction.atomic():
        for key, entry in changed.items():
            id = uuid.uuid5(client_id, f"{key[0]}-{key[1]}")
            correct_entry(kept=rows[session.rows[key]], client_id=id, entry=entry, by=by, now=now)
    return len(changed)


def is_judged(*, profile: Profile, session_id: str, by: Actor) -> bool:
    """Whether the plan has taken its next step from this session already."""
    check_may(by, "see_profile")
    return ExerciseStep.objects.filter(profile=profile, session=session_id).exists()


def _check_may_train(profile: Profile, what: What, client_id: uuid.UUID | None, by: Actor, now: dt.datetime) -> None:
    """A day off comes after every strength session, and none is done while pain at rest is strong."""
    if what != "strength":
        return
    rest = rest_today(profile=profile, by=by, now=now, session=client_id.hex if client_id is not None else None)
    if rest is not None:
        raise NotAllowed(REST[rest])


def _find(profile: Profile, session_id: str, by: Actor, now: dt.datetime) -> Session:
    since = local_day(profile, now) - dt.timedelta(days=60)
    written = entries(profile=profile, by=by, since=since, kinds=_KINDS)
    found = next((one for one in sessions_of(written) if one.id == session_id), None)
    if found is None:
        raise NotFound("there is no such session here")
    return found


def _usual_pain(profile: Profile, session: Session, plan: PlanVersion, by: Actor) -> int:
    """The usual pain at rest as progress takes it: the last mornings, this session's start, else the check."""
    content = default_content()
    since = session.day - dt.timedelta(days=_MORNINGS_LOOKED_AT)
    resting = mornings(entries(profile=profile, by=by, since=since, kinds=[Morning]))
    usual = usual_pain_on(session.day, resting, session.pain_now, content)
    told = plan.findings.get("pain")
    return usual if usual is not None else int(told) if isinstance(told, int | float) else 0


def _items(profile: Profile, what: str, session: Session | None, by: Actor, now: dt.datetime) -> tuple[Item, ...]:
    plan = open_plan(profile=profile, by=by)
    doses = {item["id"]: item for item in plan.record["exercises"] if item["kind"] == what}
    steps: list[tuple[str, str, int, int, float | None, str | None]]
    if what == "movement":
        due = movement_today(plan, current_flare(profile=profile, by=by, now=now))
        steps = [(item["id"], item["id"], item["sets"], item["reps"], None, None) for item in due]
    else:
        steps = [
            (one.planned, one.step.exercise, one.step.sets, one.step.reps, one.step.load_kg, one.step.band)
            for one in prescribed_today(profile=profile, by=by, now=now)
        ]
    rows = session.rows if session else {}
    ids = dict(DiaryEntry.objects.filter(pk__in=rows.values()).values_list("pk", "client_id"))
    items = []
    for planned, exercise, sets, reps, load_kg, band in steps:
        sets_done = session.sets.get(exercise, {}) if session else {}
        items.append(
            Item(
                exercise=exercise,
                sets=sets,
                reps=reps,
                load_kg=load_kg,
                band=band,
                rest_s=doses[planned]["rest_s"] or 0,
                hold_s=default_content().exercises[exercise].tempo.hold_s,
                unit=doses[planned]["unit"],
                written={
                    number: SetWritten(reps=done.reps, load_kg=done.load_kg, client_id=ids[rows[exercise, number]])
                    for number, done in sorted(sets_done.items())
                },
                felt_id=ids[rows[exercise, 0]] if (exercise, 0) in rows else None,
            )
        )
    return tuple(items)
