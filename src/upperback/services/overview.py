"""One person on one page, for whoever looks after them: a fixed number of questions, however long they have been here.

What the person does not let be seen is not loaded: its part is None, which is not the same as empty. The last half year
is shown; what is older stays in the record.
"""

import datetime as dt
import itertools
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, Max

from upperback.care import intake
from upperback.care.course_items import strength_of
from upperback.care.diary import (
    CheckIn,
    DayOff,
    Entry,
    ExerciseEnded,
    FlareEnded,
    FlareStarted,
    Morning,
    Moved,
    PlanAccepted,
    SessionEnded,
    SessionStarted,
    SetDone,
    TaskChanged,
    TaskDone,
    TaskTold,
    Warned,
    Worn,
    Written,
    kind_of,
    only,
)
from upperback.care.ledger import Done, LedgerTask, Trial, light_of, occasions_of, tasks_of, trials_of
from upperback.care.plan import read_choices
from upperback.care.plan.difference import PlanDifference, plan_difference
from upperback.care.progression import Light, Step
from upperback.care.sessions import Session, mornings, sessions_of
from upperback.care.worn import WornDay, worn_days
from upperback.content.vocabulary import default_content
from upperback.services import diary
from upperback.services.actors import Actor
from upperback.services.plans import LEAVE_OUT
from upperback.services.today import local_day
from upperback.services.treating import Seen
from upperback.store.models import Assessment, Decision, DiaryEntry, ExerciseStep, PlanVersion, Review

__all__ = ["Check", "ExerciseNow", "Looked", "Overview", "PlanMade", "RuleMet", "StepMoved", "TaskSeen", "overview"]

#: How far back the page looks.
LOOKS_BACK: Final = dt.timedelta(weeks=26)
#: What was done set by set is shown this far back.
_SETS_BACK: Final = dt.timedelta(weeks=6)
_PLANS: Final = 12
_CHECKS: Final = 6
_STEPS: Final = 6

_PROGRESS: Final[tuple[type[Entry], ...]] = (
    Morning, CheckIn, SessionStarted, ExerciseEnded, SessionEnded, FlareStarted, FlareEnded, TaskTold, TaskDone,
    TaskChanged, DayOff, Warned,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleMet:
    """A rule of the safety check that fired or stayed open, with the answers behind it in plain words.

    Attributes
    ----------
    state : fired or open
    told : empty where the answers are about mood and are not to be seen
    hidden : whether that is so
    """

    id: str
    state: str
    because: str
    told: tuple[str, ...]
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finished safety check."""

    uuid: uuid.UUID
    day: dt.date
    disposition: str
    complete: bool
    rules: tuple[RuleMet, ...]
    release: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepMoved:
    """From a day on an exercise was another amount, or another exercise; and why."""

    day: dt.date
    move: str
    reason: str
    before: Step
    after: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseNow:
    """A strength exercise of the plan, where it stands, and the last steps that led there, the newest first."""

    id: str
    title: str
    step: Step
    moves: tuple[StepMoved, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMade:
    """A version of the plan. `difference`: from the version before; None for the first one shown."""

    number: int
    day: dt.date
    reason: str
    allowed: bool
    difference: PlanDifference | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSeen:
    """A task of the load ledger: how often it was done lately, by light, and the newest change that was tried."""

    item: LedgerTask
    done: tuple[Done, ...]
    lights: Mapping[Light, int]
    trial: Trial | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """One look back: what came of it, and why."""

    day: dt.date
    outcome: str
    why: str
    next_on: dt.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything on the page. A part is None where the person does not let it be seen.

    Attributes
    ----------
    checks : of the safety, the newest first
    begun_on, plan, plans : first day of the first plan; the newest version; the last versions, the newest first
    pain, average : at rest in the morning, and of check-ins, by day
    function : mean of the own activities, 10 is as before, by day; function_first : where it began
    check_ins : the newest first
    sessions : of the last weeks, the newest first
    weeks : strength sessions and short bouts of movement, by the first day of each week
    exercises, tasks : where they stand
    worn : days with a sensor
    story : dated lines of the person's own words and turning points, the newest first
    accepted : changes of clinicians that the person agreed to
    """

    seen: Seen
    today: dt.date
    since: dt.date
    checks: list[Check] | None = None
    goals: list[str] | None = None
    activities: Mapping[str, int] | None = None
    plan: PlanVersion | None = None
    plans: list[PlanMade] | None = None
    begun_on: dt.date | None = None
    exercises: list[ExerciseNow] | None = None
    pain: Mapping[dt.date, int] | None = None
    average: Mapping[dt.date, int] | None = None
    function: Mapping[dt.date, float] | None = None
    function_first: float | None = None
    check_ins: list[tuple[dt.date, CheckIn]] | None = None
    sessions: list[Session] | None = None
    weeks: list[tuple[dt.date, int, int]] | None = None
    tasks: list[TaskSeen] | None = None
    story: list[tuple[dt.date, Entry]] | None = None
    reviews: list[Looked] | None = None
    accepted: list[tuple[dt.date, PlanAccepted]] | None = None
    worn: Mapping[dt.date, WornDay] | None = None


def overview(*, seen: Seen, by: Actor, now: dt.datetime) -> Overview:
    """The page of one person. `seen` says what of them may be loaded: see `treating.see`."""
    today = local_day(seen.profile, now)
    since = today - LOOKS_BACK
    parts: dict[str, Any] = {}
    if seen.may("answers"):
        parts |= _answers(seen)
    if seen.may("plan"):
        parts |= _plans_of(seen, by)
    if seen.may("progress"):
        parts |= _progress(seen, by, today, since, parts.get("activities"))
    if seen.may("plan") and seen.may("progress"):
        parts["exercises"] = _exercises(seen, parts["plan"])
        parts["tasks"] = _tasks(parts["plan"], parts.pop("_written"))
    parts.pop("_written", None)
    if seen.may("wearable"):
        parts["worn"] = worn_days(diary.entries(profile=seen.profile, by=by, since=since, kinds=[Worn]))
    return Overview(seen=seen, today=today, since=since, **parts)


# ---- what was told ------------------------------------------------------------------------------------------------


def _answers(seen: Seen) -> dict[str, Any]:
    rows = Decision.objects.filter(screening__profile=seen.profile).order_by("-id")
    columns = ("uuid", "decided_at", "disposition", "complete", "release", "record__advice")
    checks = [
        Check(
            uuid=row["uuid"], day=local_day(seen.profile, row["decided_at"]), disposition=row["disposition"],
            complete=row["complete"], release=row["release"],
            rules=tuple(_rules(row["record__advice"], with_mood=seen.may("mood"))),
        )
        for row in rows.values(*columns)[:_CHECKS]
    ]  # fmt: skip
    told = Assessment.objects.filter(profile=seen.profile, state=Assessment.State.FINISHED).order_by("-id")
    newest = told.values("goals", "activities").first() or {"goals": [], "activities": []}
    return {
        "checks": checks,
        "goals": list(newest["goals"]),
        "activities": {item["words"]: item["score"] for item in newest["activities"]},
    }


def _rules(advice: Mapping[str, Any], *, with_mood: bool) -> Iterable[RuleMet]:
    for reason in (*advice["reasons"], *advice["also"]):
        hidden = not with_mood and _is_about_mood(reason)
        yield RuleMet(
            id=reason["rule"], state=reason["state"], because="" if hidden else reason["because"],
            told=() if hidden else tuple(reason["told"]), hidden=hidden,
        )  # fmt: skip


def _is_about_mood(reason: Mapping[str, Any]) -> bool:
    """Whether a rule reads what was said about mood or self-harm. One that is not known any more may have."""
    content = default_content()
    rule = content.rules.get(reason["rule"])
    read = content.keys_read(content.condition(rule.when)) if rule is not None else frozenset()
    return rule is None or not intake.MOOD.isdisjoint({*read, *reason["keys"]})


# ---- the plan -----------------------------------------------------------------------------------------------------


def _plans_of(seen: Seen, by: Actor) -> dict[str, Any]:
    rows = PlanVersion.objects.filter(profile=seen.profile).order_by("-number")
    names = ("number", "made_at", "reason", "allowed", "record")
    kept = list(rows.values(*names)[: _PLANS + 1])
    made = [
        PlanMade(
            number=row["number"], day=local_day(seen.profile, row["made_at"]), reason=row["reason"],
            allowed=row["allowed"],
            difference=plan_difference(before["record"], row["record"]) if before is not None else None,
        )
        for row, before in itertools.zip_longest(kept, kept[1:])
    ]  # fmt: skip
    accepted = diary.entries(profile=seen.profile, by=by, kinds=[PlanAccepted])
    first = rows.filter(allowed=True).order_by("number").values_list("starts_on", flat=True).first()
    return {
        "plan": rows.defer("findings").first(),
        "plans": made[:_PLANS],
        "begun_on": first,
        "accepted": [(row.day, entry) for row, entry in reversed(only(accepted, PlanAccepted))],
    }


def _exercises(seen: Seen, plan: PlanVersion | None) -> list[ExerciseNow]:
    if plan is None or not plan.allowed:
        return []
    planned = strength_of(plan.record)
    rows = ExerciseStep.objects.filter(profile=seen.profile, planned__in=[item["id"] for item in planned])
    newest = rows.order_by().values("planned").annotate(last=Max("id")).values("last")
    kept: dict[str, list[StepMoved]] = {}
    current = {row.planned: Step(**row.record["after"]) for row in rows.filter(pk__in=newest)}
    for row in rows.exclude(move="hold").order_by("-id")[: _STEPS * max(len(planned), 1)]:
        kept.setdefault(row.planned, []).append(
            StepMoved(
                day=row.from_day, move=row.move, reason=row.reason, before=Step(**row.record["before"]),
                after=Step(**row.record["after"]),
            )
        )  # fmt: skip
    return [
        ExerciseNow(
            id=item["id"], title=item["title"], moves=tuple(kept.get(item["id"], ())[:_STEPS]),
            step=current.get(item["id"]) or Step(exercise=item["id"], sets=item["sets"], reps=item["reps"]),
        )
        for item in planned
    ]  # fmt: skip


# ---- what was done ------------------------------------------------------------------------------------------------


def _progress(
    seen: Seen, by: Actor, today: dt.date, since: dt.date, activities: Mapping[str, int] | None
) -> dict[str, Any]:
    profile = seen.profile
    written = diary.entries(profile=profile, by=by, since=since, kinds=_PROGRESS)
    sets = diary.entries(profile=profile, by=by, since=today - _SETS_BACK, kinds=[SetDone])
    trained = sorted([*written, *sets], key=lambda row: (row.day, row.at, row.id))
    told = [(row.day, entry) for row, entry in only(written, CheckIn)]
    sessions = sessions_of(trained)
    story = (FlareStarted, FlareEnded, TaskChanged, DayOff, Warned, SessionEnded)
    reviews = Review.objects.filter(profile=profile, replaced_by__isnull=True).order_by("-id")
    first = list(activities.values()) if activities else []
    return {
        "pain": mornings(written),
        "average": {day: entry.pain_average for day, entry in told if entry.pain_average is not None},
        "function": {day: mean for day, entry in told if (mean := _mean(entry.activities)) is not None},
        "function_first": sum(first) / len(first) if first else None,
        "check_ins": told[::-1],
        "sessions": [one for one in reversed(sessions) if one.day > today - _SETS_BACK],
        "weeks": _weeks(seen, sessions, today, since),
        "story": [
            (row.day, row.entry)
            for row in reversed(written)
            if isinstance(row.entry, story) and not _is_quiet_end(row.entry)
        ],
        "reviews": [
            Looked(day=day, outcome=outcome, why=why, next_on=next_on)
            for day, outcome, why, next_on in reviews.values_list("day", "outcome", "record__why", "next_on")[:_CHECKS]
        ],
        "_written": written,
    }


def _is_quiet_end(entry: Entry) -> bool:
    return isinstance(entry, SessionEnded) and entry.how != "felt_wrong"


def _mean(scores: Sequence[int | None]) -> float | None:
    told = [score for score in scores if score is not None]
    return sum(told) / len(told) if told and len(told) == len(scores) else None


def _weeks(seen: Seen, sessions: list[Session], today: dt.date, since: dt.date) -> list[tuple[dt.date, int, int]]:
    """Sessions and bouts of movement in each week up to today; bouts are counted by the database."""
    moved = DiaryEntry.objects.filter(
        profile=seen.profile, kind=kind_of(Moved), day__gt=since, replaced_by__isnull=True
    )  # fmt: skip
    bouts = dict(moved.order_by().values("day").annotate(count=Count("id")).values_list("day", "count"))
    strength = [one.day for one in sessions if one.what == "strength" and (one.sets or one.is_finished)]
    found = []
    last = today
    while last > since:
        first = last - dt.timedelta(days=6)
        inside = [day for day in strength if first <= day <= last]
        found.append((first, len(inside), sum(count for day, count in bouts.items() if first <= day <= last)))
        last -= dt.timedelta(weeks=1)
    return found[::-1]


def _tasks(plan: PlanVersion | None, written: list[Written]) -> list[TaskSeen]:
    content = default_content()
    assessed: Sequence[Any] = ()
    if plan is not None:
        asked = {name: value for name, value in plan.choices.items() if name != LEAVE_OUT}
        assessed = read_choices(asked, content).tasks
    found = []
    for item in tasks_of(assessed, written):
        done = occasions_of(item.id, written)
        lights = [light_of(one.entry, content) for one in done]
        trials = trials_of(item.id, written, content)
        found.append(
            TaskSeen(
                item=item, done=tuple(done), lights={light: lights.count(light) for light in Light},
                trial=trials[-1] if trials else None,
            )
        )  # fmt: skip
    return found
