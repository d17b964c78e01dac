"""Breaks through the day: a person's habits, the next offer and why it waits, offers and answers in the diary."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from django.db import transaction

from upperback.care import breaks
from upperback.care.break_growth import Longer, longer_interval
from upperback.care.breaks import BusyTime, Span
from upperback.care.diary import (
    DayOff,
    FlareEnded,
    FlareStarted,
    Held,
    Later,
    Morning,
    Moved,
    Offer,
    SessionEnded,
    SessionStarted,
    TaskDone,
    Written,
    kind_of,
    only,
)
from upperback.care.schedule import Habits, Next
from upperback.care.sessions import mornings, sessions_of
from upperback.content.vocabulary import default_content
from upperback.core.errors import Conflict, InputError, NotFound
from upperback.interchange import calendar
from upperback.services import audit
from upperback.services.actors import Actor
from upperback.services.diary import correct_entry, entries, get_entry, keep_entry, take_back
from upperback.services.flares import current_flare, movement_today
from upperback.services.lookout import put_off
from upperback.services.permissions import check_may
from upperback.services.plans import PlanVersion, open_plan
from upperback.services.progress import Training, rest_today
from upperback.services.today import MOVE, STRENGTH, items_of, local_day, marks_of
from upperback.store.models import BreakHabits, BusyCalendar, DiaryEntry, Profile

__all__ = [
    "BreakHabits",
    "BusyCalendar",
    "BusyRow",
    "Day",
    "agree_longer",
    "answer_offer",
    "day_of",
    "finish_break",
    "habits_of",
    "hold_offers",
    "latest_calendar",
    "longer_now",
    "offer_if_due",
    "put_off_longer",
    "read_calendar",
    "remove_calendar",
    "save_habits",
    "snooze_minutes",
]

#: Words for days in a row of busy times, each with the days of the week it stands for, Monday first.
DAY_GROUPS: Final[Mapping[str, tuple[int, ...]]] = {
    "weekdays": (0, 1, 2, 3, 4), "every_day": (0, 1, 2, 3, 4, 5, 6), "mon": (0,), "tue": (1,), "wed": (2,),
    "thu": (3,), "fri": (4,), "sat": (5,), "sun": (6,),
}  # fmt: skip

_BUSY_ROWS_MOST: Final = 30
#: A calendar file may be so large; no person's is larger.
CALENDAR_BYTES_MAX: Final = calendar.BYTES_MAX
#: How far ahead the busy times of a calendar file are read.
CALENDAR_COUNTS: Final = dt.timedelta(days=60)
_QUIET: Final = (dt.time(20, 0), dt.time(8, 0))
#: How far back it is looked which movement was done least.
_LATELY: Final = dt.timedelta(days=6)
_KINDS: Final = (Moved, Offer, Held, DayOff, SessionStarted, SessionEnded)
#: What tells whether the time between breaks may get longer, and how far back it is looked at.
_GROWTH_KINDS: Final = (Moved, Morning, TaskDone, FlareStarted, FlareEnded, Later)
_GROWTH_LOOKS_BACK: Final = dt.timedelta(days=28)
#: So far before the first of those days mornings may tell the usual pain.
_MORNINGS_BEFORE: Final = dt.timedelta(days=14)
_LONGER: Final = "break_longer"


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyRow:
    """A row of busy times as the person enters it; `days` is a key of DAY_GROUPS."""

    days: str
    start: dt.time
    end: dt.time


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A person's breaks at one moment.

    Attributes
    ----------
    plan : the open plan
    habits : in force now
    planned_min, from_tasks : minutes between breaks by the plan, and whether they come from the person's own time to
        symptoms
    next : the next offer, when and why
    offer : the entry that waits for an answer, None where none does
    moves : the movements of the plan as they are today, in a flare-up fewer and with less
    item : the one of them whose turn it is; None in a plan without movements
    held : what the person told last today: in a call, away
    """

    plan: PlanVersion
    habits: Habits
    planned_min: int
    from_tasks: bool
    next: Next
    offer: DiaryEntry | None
    moves: Sequence[Mapping[str, Any]]
    item: Mapping[str, Any] | None
    held: Literal["in_call", "away"] | None


def habits_of(*, profile: Profile, by: Actor) -> BreakHabits:
    """What the person chose last; what is usual where nothing was chosen, not kept."""
    check_may(by, "see_profile")
    found = BreakHabits.objects.filter(profile=profile).last()
    return found or BreakHabits(profile=profile, quiet_from=_QUIET[0], quiet_until=_QUIET[1])


def busy_rows(habits: BreakHabits) -> list[BusyRow]:
    """The rows of busy times of these habits."""
    return [
        BusyRow(days=row["days"], start=_clock(row["start"]), end=_clock(row["end"]))
        for row in habits.busy
        if row["days"] in DAY_GROUPS
    ]


def save_habits(
    *,
    profile: Profile,
    breaks_on: bool,
    interval_min: int | None,
    quiet_from: dt.time,
    quiet_until: dt.time,
    strength_at: dt.time | None,
    busy: Sequence[BusyRow],
    by: Actor,
    now: dt.datetime,
) -> BreakHabits:
    """Keeps the habits as a new row. The same once more is no new row."""
    check_may(by, "set_breaks")
    least, most = breaks.INTERVAL_MIN
    if interval_min is not None and not least <= interval_min <= most:
        raise InputError(f"Choose from {least} to {most} minutes", field="interval_min")
    if len(busy) > _BUSY_ROWS_MOST:
        raise InputError(f"Enter up to {_BUSY_ROWS_MOST} busy times", field="busy")
    for row in busy:
        if row.days not in DAY_GROUPS or row.start == row.end:
            raise InputError("A busy time needs a day, a start and another time as its end", field="busy")
    rows = [{"days": row.days, "start": f"{row.start:%H:%M}", "end": f"{row.end:%H:%M}"} for row in busy]
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        last = BreakHabits.objects.filter(profile=profile).last()
        new = BreakHabits(
            profile=profile, breaks_on=breaks_on, interval_min=interval_min, quiet_from=quiet_from,
            quiet_until=quiet_until, strength_at=strength_at, busy=rows, set_at=now, by=str(by),
        )  # fmt: skip
        if last is not None and _chosen(last) == _chosen(new):
            return last
        new.save()
        audit.record(by=by, action="set_breaks", now=now, object_kind="break_habits", profile=profile)
    return new


def weekly_busy(habits: BreakHabits) -> list[BusyTime]:
    """The busy times of the week, a row for each day."""
    return [
        BusyTime(day=day, start=row.start, end=row.end) for row in busy_rows(habits) for day in DAY_GROUPS[row.days]
    ]


def schedule_habits(*, profile: Profile, plan: PlanVersion, by: Actor) -> Habits:
    """The habits in force, in the words of the scheduler."""
    planned_min, _ = breaks.interval_of_plan(plan.record, default_content())
    return _habits(habits_of(profile=profile, by=by), planned_min, profile)


def latest_calendar(*, profile: Profile, by: Actor) -> BusyCalendar | None:
    """The busy times of the calendar file that was read last."""
    check_may(by, "see_profile")
    found = BusyCalendar.objects.filter(profile=profile).last()
    return found if found is not None and found.spans else None


def read_calendar(*, profile: Profile, content: bytes, by: Actor, now: dt.datetime) -> BusyCalendar:
    """The busy times of a calendar file take the place of those before. Nothing else of the file is kept.

    Raises
    ------
    InputError : it cannot be read as a calendar.
    """
    check_may(by, "set_breaks")
    spans = calendar.read_busy(content, zone=ZoneInfo(profile.time_zone), since=now, until=now + CALENDAR_COUNTS)
    return _keep_calendar(profile, spans, by, now)


def remove_calendar(*, profile: Profile, by: Actor, now: dt.datetime) -> BusyCalendar:
    """The busy times of the calendar file do not count any more."""
    check_may(by, "set_breaks")
    return _keep_calendar(profile, [], by, now)


def _keep_calendar(profile: Profile, spans: Iterable[Span], by: Actor, now: dt.datetime) -> BusyCalendar:
    kept = [[start.isoformat(), end.isoformat()] for start, end in spans]
    with transaction.atomic():
        row = BusyCalendar.objects.create(profile=profile, spans=kept, read_at=now, by=str(by))
        audit.record(by=by, action="set_breaks", now=now, object_kind="busy_calendar", profile=profile, spans=len(kept))
    return row


def day_of(
    *,
    profile: Profile,
    here_since: dt.datetime | None = None,
    by: Actor,
    now: dt.datetime,
    plan: PlanVersion | None = None,
    training: Training | None = None,
) -> Day:
    """The next offer and why, without offering anything.

    Parameters
    ----------
    here_since : since when the page, the terminal or the server runs without a gap; None where nobody can say, which
        is taken as: since the quiet hours ended
    plan, training : the open one, and what strength work is today; where they are at hand

    Raises
    ------
    NotAllowed : no plan is open; then nothing is offered.
    """
    check_may(by, "see_profile")
    content, today = default_content(), local_day(profile, now)
    plan = plan or open_plan(profile=profile, by=by)
    chosen = habits_of(profile=profile, by=by)
    planned_min, from_tasks = breaks.interval_of_plan(plan.record, content)
    habits = _habits(chosen, planned_min, profile)
    week = entries(profile=profile, by=by, since=today - _LATELY, kinds=_KINDS)
    rows = [row for row in week if row.day == today]
    dated = _spans(latest_calendar(profile=profile, by=by))
    busy = breaks.busy_spans(weekly_busy(chosen), dated, habits.time_zone, now)
    here = max([here_since or _morning(habits, today, now), *_before_midnight(week, today)])
    presence = breaks.presence_of(rows, here, busy, now, content)
    items = items_of(plan, today)
    of_today = breaks.today_of(
        rows,
        turns=sum(item == MOVE for item, _turn in items),
        ticked=[
            *(turn for (item, turn), done in marks_of(profile, today).items() if item == MOVE and done),
            *_turns_of_sessions(rows),
        ],
        strength_due=(STRENGTH, 1) in items
        and habits.strength_at is not None
        and _strength_is_open(rows, profile, today)
        and (training.rest if training else rest_today(profile=profile, by=by, now=now)) is None,
    )
    found, waits = breaks.day_of_habits(habits, of_today, presence, now, content)
    offer = None
    if waits is not None:
        standing = DiaryEntry.objects.filter(
            profile=profile, kind=kind_of(Offer), at=waits.at, replaced_by__isnull=True
        )
        offer = standing.last()
    held: Literal["in_call", "away"] | None = (
        "away" if presence.here_since is None else "in_call" if presence.in_call else None
    )
    flare = training.flare if training else current_flare(profile=profile, by=by, now=now)
    moves = movement_today(plan, flare)
    item = breaks.movement_for_break({"exercises": moves}, week, content)
    return Day(
        plan=plan, habits=habits, planned_min=planned_min, from_tasks=from_tasks, next=found, offer=offer, moves=moves,
        item=item, held=held,
    )  # fmt: skip


def offer_if_due(*, profile: Profile, here_since: dt.datetime | None = None, by: Actor, now: dt.datetime) -> Day:
    """As `day_of`; and where an offer is due, it is made: kept as not answered until somebody answers it.

    Page, terminal and server may ask at the same moment: one makes the offer, the others find it.
    """
    day = day_of(profile=profile, here_since=here_since, by=by, now=now)
    if not day.next.offer_now or day.offer is not None:
        return day
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        day = day_of(profile=profile, here_since=here_since, by=by, now=now)
        if not day.next.offer_now or day.offer is not None:
            return day
        kept = keep_entry(
            profile=profile, client_id=uuid.uuid4(), day=local_day(profile, now), at=now,
            entry=Offer(kind=day.next.kind, answer="ignored", long=day.next.is_long), by=by, now=now,
        )  # fmt: skip
    return replace(day, offer=kept, next=replace(day.next, at=now))


def answer_offer(
    *,
    profile: Profile,
    offer_uuid: uuid.UUID | None,
    answer: Literal["skipped", "snoozed"],
    soon: bool = False,
    client_id: uuid.UUID | None,
    by: Actor,
    now: dt.datetime,
) -> DiaryEntry:
    """ "Not now" or "skip". Without an offer (a page without script made none) it is kept with its answer at once.

    Parameters
    ----------
    soon : "not now" for a shorter while
    """
    until = None
    if answer == "snoozed":
        until = now + dt.timedelta(minutes=snooze_minutes()[0 if soon else 1])
    offer = _offer(profile, offer_uuid)
    if offer is not None:
        kind, long = offer.data["kind"], offer.data.get("long", False)
    else:
        due = day_of(profile=profile, by=by, now=now).next
        kind, long = due.kind, due.is_long
    entry = Offer(kind=kind, answer=answer, until=until, long=long)
    if offer is None:
        day = local_day(profile, now)
        return keep_entry(profile=profile, client_id=client_id, day=day, at=now, entry=entry, by=by, now=now)
    return _answered(offer, entry, client_id, by, now)


def finish_break(
    *,
    profile: Profile,
    offer_uuid: uuid.UUID | None,
    exercise: str,
    client_id: uuid.UUID | None,
    by: Actor,
    now: dt.datetime,
) -> DiaryEntry:
    """A break is done: a turn of movement in the diary, and the answer to the offer that brought it.

    Parameters
    ----------
    exercise : a movement of the open plan; empty in a plan without movements, for a few steps
    """
    check_may(by, "keep_diary")
    plan = open_plan(profile=profile, by=by)
    if exercise not in ({item["id"] for item in plan.record["exercises"] if item["kind"] == "movement"} or {""}):
        raise InputError("This movement is not part of your plan any more. Open Today again")
    if client_id is None:
        raise InputError("This page is too old to be used. Open it again")
    offer = _offer(profile, offer_uuid)
    with transaction.atomic():
        day = local_day(profile, now)
        moved = keep_entry(
            profile=profile, client_id=client_id, day=day, at=now,
            entry=Moved(exercises=(exercise,) if exercise else (), offered=offer is not None), by=by, now=now,
        )  # fmt: skip
        if offer is not None:
            entry = Offer(kind=offer.data["kind"], answer="done", long=offer.data.get("long", False))
            _answered(offer, entry, uuid.uuid5(client_id, "offer"), by, now)
    return moved


def undo_turn(*, profile: Profile, day: dt.date, turn: int, client_id: uuid.UUID, by: Actor, now: dt.datetime) -> None:
    """A break that was not done after all: the newest of that day is taken back, where this turn was one.

    Sent twice it is one. A turn that was only ticked, or done in a guided session, stays as it is.
    """
    check_may(by, "keep_diary")
    undone = uuid.uuid5(client_id, "not moved")
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        if DiaryEntry.objects.filter(profile=profile, client_id=undone).exists():
            return
        moved = [row for row in entries(profile=profile, by=by, since=day, kinds=[Moved]) if row.day == day]
        if turn <= len(moved):
            kept = get_entry(profile=profile, entry_uuid=moved[-1].uuid, by=by)
            take_back(kept=kept, client_id=undone, by=by, now=now)


def snooze_minutes() -> tuple[int, int]:
    """How many minutes "not now" puts an offer off: the shorter and the longer while."""
    limit = default_content().limit
    return int(limit("schedule_snooze_short_minutes")), int(limit("schedule_snooze_minutes"))


def longer_now(*, profile: Profile, by: Actor, now: dt.datetime, day: Day | None = None) -> Longer | None:
    """A longer time between breaks that some good days speak for; None where nothing does, or it was put off.

    Parameters
    ----------
    day : what `day_of` has found, where it is at hand

    Raises
    ------
    NotAllowed : no plan is open.
    """
    check_may(by, "see_profile")
    today = local_day(profile, now)
    plan = day.plan if day is not None else open_plan(profile=profile, by=by)
    habits = day.habits if day is not None else schedule_habits(profile=profile, plan=plan, by=by)
    if not habits.breaks_on or habits.interval_min >= default_content().limit("break_minutes_cap"):
        return None
    since = max(_interval_since(profile, plan), today - _GROWTH_LOOKS_BACK)
    written = entries(profile=profile, by=by, since=since - _MORNINGS_BEFORE, kinds=_GROWTH_KINDS)
    if any(later.card == _LONGER and today < later.until for _, later in only(written, Later)):
        return None
    return longer_interval(habits.interval_min, since, written, mornings(written), today, default_content())


def agree_longer(*, profile: Profile, minutes: int | None, by: Actor, now: dt.datetime) -> BreakHabits:
    """The person wants the longer time between breaks that was offered."""
    found = longer_now(profile=profile, by=by, now=now)
    if found is None or found.minutes != minutes:
        raise Conflict("This is not as it was when the page was opened. Look at it as it is now")
    last = habits_of(profile=profile, by=by)
    return save_habits(
        profile=profile, breaks_on=last.breaks_on, interval_min=found.minutes, quiet_from=last.quiet_from,
        quiet_until=last.quiet_until, strength_at=last.strength_at, busy=busy_rows(last), by=by, now=now,
    )  # fmt: skip


def put_off_longer(*, profile: Profile, client_id: uuid.UUID | None, by: Actor, now: dt.datetime) -> DiaryEntry:
    """The time between breaks stays; it is asked again after as many days as have to be good."""
    days = int(default_content().limit("break_good_days"))
    return put_off(profile=profile, client_id=client_id, card=_LONGER, days=days, by=by, now=now)


def _interval_since(profile: Profile, plan: PlanVersion) -> dt.date:
    """The day since which the time between breaks has been what it is."""
    rows = list(BreakHabits.objects.filter(profile=profile))
    chosen = [None, *(row.interval_min for row in rows)]
    changed = [row.set_at for before, row in zip(chosen, rows, strict=False) if row.interval_min != before]
    return max(plan.starts_on, local_day(profile, changed[-1])) if changed else plan.starts_on


def hold_offers(
    *,
    profile: Profile,
    why: Literal["in_call", "away", "back"],
    until: dt.datetime | None,
    client_id: uuid.UUID | None,
    by: Actor,
    now: dt.datetime,
) -> DiaryEntry:
    """The person is in a call, away, or back: offers wait, or go on."""
    day = local_day(profile, now)
    return keep_entry(
        profile=profile, client_id=client_id, day=day, at=now, entry=Held(why=why, until=until), by=by, now=now
    )


def _answered(offer: DiaryEntry, entry: Offer, client_id: uuid.UUID | None, by: Actor, now: dt.datetime) -> DiaryEntry:
    """The offer with its answer. One that was answered in another window keeps its first answer."""
    try:
        return correct_entry(kept=offer, client_id=client_id, entry=entry, by=by, now=now)
    except Conflict:
        return offer


def _offer(profile: Profile, offer_uuid: uuid.UUID | None) -> DiaryEntry | None:
    if offer_uuid is None:
        return None
    found = DiaryEntry.objects.filter(profile=profile, uuid=offer_uuid, kind=kind_of(Offer)).first()
    if found is None:
        raise NotFound("there is no such offer here")
    return found


def _habits(chosen: BreakHabits, planned_min: int, profile: Profile) -> Habits:
    return Habits(
        time_zone=ZoneInfo(profile.time_zone),
        interval_min=chosen.interval_min or planned_min,
        quiet_from=chosen.quiet_from,
        quiet_until=chosen.quiet_until,
        strength_at=chosen.strength_at,
        breaks_on=chosen.breaks_on,
    )


def _spans(read: BusyCalendar | None) -> list[Span]:
    if read is None:
        return []
    return [(dt.datetime.fromisoformat(start), dt.datetime.fromisoformat(end)) for start, end in read.spans]


def _morning(habits: Habits, today: dt.date, now: dt.datetime) -> dt.datetime:
    """The end of the quiet hours of today; midnight where they end later than now."""
    zone = habits.time_zone
    ends = dt.datetime.combine(today, habits.quiet_until, zone).astimezone(dt.UTC)
    return ends if ends <= now else dt.datetime.combine(today, dt.time(), zone).astimezone(dt.UTC)


def _before_midnight(week: Sequence[Written], today: dt.date) -> list[dt.datetime]:
    """What was offered or done on days before: a new day begins no new interval."""
    return [row.at for row in week if row.day < today and isinstance(row.entry, Moved | Offer | SessionEnded)]


def _turns_of_sessions(rows: Sequence[Written]) -> range:
    """The turns that guided sessions of movement were, after those that breaks were."""
    moved = sum(isinstance(row.entry, Moved) for row in rows)
    guided = sum(one.what == "movement" and one.is_finished for one in sessions_of(rows))
    return range(moved + 1, moved + guided + 1)


def _strength_is_open(rows: Sequence[Written], profile: Profile, today: dt.date) -> bool:
    """Not ticked, no session of today finished or stopped, and no day off."""
    ended = any(one.what == "strength" and one.ended is not None for one in sessions_of(rows))
    return not (ended or only(rows, DayOff) or marks_of(profile, today).get((STRENGTH, 1), False))


def _chosen(row: BreakHabits) -> tuple[Any, ...]:
    return row.breaks_on, row.interval_min, row.quiet_from, row.quiet_until, row.strength_at, row.busy


def _clock(text: str) -> dt.time:
    return dt.time.fromisoformat(text)
