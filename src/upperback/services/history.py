"""What happened over the weeks, gathered once for the charts and for the list of what changed and why."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from upperback.care.diary import (
    WORDS_MOST,
    CheckIn,
    DayOff,
    FlareEnded,
    FlareStarted,
    Helped,
    Morning,
    SessionEnded,
    SessionStarted,
    SetDone,
    TaskChanged,
    TaskDone,
    Warned,
    Written,
    only,
)
from upperback.care.looking_back import DayDone
from upperback.care.sessions import Session, mornings, sessions_of
from upperback.core.errors import InputError
from upperback.services import reviews
from upperback.services.actors import Actor
from upperback.services.diary import DiaryEntry, entries, keep_entry
from upperback.services.permissions import check_may
from upperback.services.today import local_day
from upperback.store.models import Assessment, Decision, ExerciseStep, PlanVersion, Profile, Review

__all__ = ["Event", "Story", "events", "keep_what_helped", "story", "what_helped"]

EventKind = Literal[
    "check", "plan", "step", "check_in", "flare_started", "flare_ended", "review", "task_changed", "warned", "day_off"
]

_CHARTED: Final = (Morning, CheckIn, SessionStarted, SetDone, SessionEnded, TaskDone, FlareStarted)
_TOLD: Final = (CheckIn, FlareStarted, FlareEnded, TaskChanged, Warned, DayOff)
_PLAN_LARGE: Final = ("findings", "choices")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The numbers of some weeks.

    Attributes
    ----------
    start, end : first and last day
    resting : pain at rest in the morning, by day
    pain_first, sleep_first, confidence_first : at the start of the course
    activities : of each own activity, by its words, the rating of each day; activities_first at the start
    sleep, confidence, average : from check-ins, by day
    sessions : strength sessions with what was done
    days : what was planned and done on each day with a plan
    tasks : of each time a task was done: its day, the task, how far the pain rose
    flares, plan_days : days on which a flare-up began, on which a plan was made
    """

    start: dt.date
    end: dt.date
    resting: Mapping[dt.date, int]
    average: Mapping[dt.date, int]
    pain_first: float | None
    activities: Mapping[str, Mapping[dt.date, int]]
    activities_first: Mapping[str, int]
    sleep: Mapping[dt.date, int]
    sleep_first: float | None
    confidence: Mapping[dt.date, int]
    sessions: list[Session]
    days: Mapping[dt.date, DayDone]
    tasks: list[tuple[dt.date, str, int]]
    flares: list[dt.date]
    plan_days: list[dt.date]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that changed on a day. `data` is what its words are made from."""

    day: dt.date
    at: dt.datetime
    kind: EventKind
    data: Mapping[str, Any]


def story(*, profile: Profile, by: Actor, now: dt.datetime, weeks: int) -> Story | None:
    """The last weeks; None before the first plan."""
    check_may(by, "see_profile")
    course = reviews.course_of(profile=profile, by=by)
    if not course:
        return None
    end = local_day(profile, now)
    start = max(course[0].starts_on, end - dt.timedelta(weeks=weeks)) if weeks else course[0].starts_on
    written = entries(profile=profile, by=by, since=start, kinds=_CHARTED)
    told = [(row.day, entry) for row, entry in only(written, CheckIn)]
    first = course[0]
    activities_first = reviews.first_activities(profile=profile, by=by)
    versions = [version for version in course if version.allowed]
    return Story(
        start=start,
        end=end,
        resting=mornings(written),
        average={day: entry.pain_average for day, entry in told if entry.pain_average is not None},
        pain_first=_number(first.decision.findings.get("pain")),
        activities=_activities(profile, list(activities_first), told, start),
        activities_first=activities_first,
        sleep={day: entry.sleep for day, entry in told if entry.sleep is not None},
        sleep_first=_number(first.findings.get("sleep_disturbed")),
        confidence={day: entry.confidence for day, entry in told if entry.confidence is not None},
        sessions=[one for one in sessions_of(written) if one.what == "strength" and one.sets],
        days=reviews.days_done(profile=profile, by=by, versions=course, start=start, end=end + dt.timedelta(days=1)),
        tasks=[(row.day, entry.task, entry.after - entry.before) for row, entry in only(written, TaskDone)],
        flares=[row.day for row, _ in only(written, FlareStarted)],
        plan_days=sorted({local_day(profile, version.made_at) for version in versions[1:]}),
    )


def _activities(
    profile: Profile, words: list[str], told: list[tuple[dt.date, CheckIn]], start: dt.date
) -> dict[str, dict[dt.date, int]]:
    found: dict[str, dict[dt.date, int]] = {one: {} for one in words}
    for day, entry in told:
        for one, score in zip(words, entry.activities, strict=False):
            if score is not None:
                found[one][day] = score
    for review in Review.objects.filter(profile=profile, day__gte=start, replaced_by__isnull=True):
        for one, score in review.told["activities"].items():
            if one in found:
                found[one][review.day] = score
    return found


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


# ---- what changed and why ----------------------------------------------------------------------------------------


def events(*, profile: Profile, by: Actor, now: dt.datetime, since: dt.date, until: dt.date) -> list[Event]:
    """Everything that changed between two days, both with, the newest first."""
    check_may(by, "see_profile")
    written = [row for row in entries(profile=profile, by=by, since=since, kinds=_TOLD) if row.day <= until]
    found = [_told(row) for row in written]
    found += _checks(profile) + _plans(profile) + _steps(profile, since, until) + _reviews(profile)
    inside = [event for event in found if since <= event.day <= until]
    return sorted(inside, key=lambda event: (event.day, event.at), reverse=True)


def first_day(*, profile: Profile, by: Actor) -> dt.date | None:
    """The day of the first result; None before it."""
    check_may(by, "see_profile")
    first = Decision.objects.filter(screening__profile=profile).first()
    return local_day(profile, first.decided_at) if first is not None else None


def _told(row: Written) -> Event:
    kinds: dict[type, EventKind] = {
        CheckIn: "check_in", FlareStarted: "flare_started", FlareEnded: "flare_ended", TaskChanged: "task_changed",
        Warned: "warned", DayOff: "day_off",
    }  # fmt: skip
    return Event(day=row.day, at=row.at, kind=kinds[type(row.entry)], data={"entry": row.entry})


def _checks(profile: Profile) -> list[Event]:
    rows = Decision.objects.filter(screening__profile=profile).only("uuid", "decided_at", "disposition")
    return [
        Event(
            day=local_day(profile, row.decided_at), at=row.decided_at, kind="check",
            data={"uuid": row.uuid, "disposition": row.disposition},
        )
        for row in rows
    ]  # fmt: skip


def _plans(profile: Profile) -> list[Event]:
    rows = PlanVersion.objects.filter(profile=profile).only("number", "made_at", "reason", "allowed", "profile_id")
    return [
        Event(
            day=local_day(profile, row.made_at), at=row.made_at, kind="plan",
            data={"number": row.number, "reason": row.reason, "allowed": row.allowed},
        )
        for row in rows
    ]  # fmt: skip


def _steps(profile: Profile, since: dt.date, until: dt.date) -> list[Event]:
    rows = ExerciseStep.objects.filter(profile=profile, from_day__gte=since, from_day__lte=until)
    return [
        Event(day=row.from_day, at=row.decided_at, kind="step", data={"record": row.record})
        for row in rows.exclude(move="hold")
    ]


def _reviews(profile: Profile) -> list[Event]:
    rows = Review.objects.filter(profile=profile, replaced_by__isnull=True)
    return [
        Event(
            day=row.day, at=row.reviewed_at, kind="review",
            data={"uuid": row.uuid, "outcome": row.outcome, "why": row.record["why"]},
        )
        for row in rows
    ]  # fmt: skip


def what_helped(*, profile: Profile, by: Actor) -> tuple[str, list[str]]:
    """The person's own words on what helped, newest that were written; and the tasks they changed, by their ids."""
    check_may(by, "see_profile")
    written = entries(profile=profile, by=by, kinds=[Helped, FlareEnded, TaskChanged])
    words = [row.entry.words for row in written if isinstance(row.entry, Helped)]
    after_flares = [row.entry.helped for row in written if isinstance(row.entry, FlareEnded) and row.entry.helped]
    tasks = list(dict.fromkeys(entry.task for _, entry in only(written, TaskChanged)))
    return (words or after_flares or [""])[-1], tasks


def keep_what_helped(
    *, profile: Profile, client_id: uuid.UUID | None, words: str, by: Actor, now: dt.datetime
) -> DiaryEntry:
    """Own words on what helped; the newest ones stand on the card."""
    check_may(by, "keep_diary")
    told = words.replace("\r\n", "\n").strip()
    if len(told) > WORDS_MOST:
        raise InputError(f"Use up to {WORDS_MOST} letters, so that the card stays short", field="words")
    day = local_day(profile, now)
    entry = Helped(words=told)
    return keep_entry(profile=profile, client_id=client_id, day=day, at=now, entry=entry, by=by, now=now)


def assessed_goals(*, profile: Profile, by: Actor) -> list[str]:
    """The wishes of the newest assessment, in the person's own words."""
    check_may(by, "see_profile")
    row = Assessment.objects.filter(profile=profile, state=Assessment.State.FINISHED).last()
    return list(row.goals) if row is not None else []
