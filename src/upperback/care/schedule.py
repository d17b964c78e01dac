"""When to offer a break, a movement or a strength session, and why it waits when it waits. Pure.

One scheduler for all three. It looks at what was offered and answered today, at the person's habits, and at whether
they are there; `now` is an argument. It never makes up for what was missed, so there are no bursts: after quiet
hours, a call, a meeting, a walk or a computer that slept, the interval starts anew or one held offer comes back.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal
from zoneinfo import ZoneInfo

from upperback.content.vocabulary import Content

Kind = Literal["break", "movement", "strength"]
Answer = Literal["done", "skipped", "snoozed", "ignored"]
Why = Literal[
    "due",
    "quiet_hours",
    "busy",
    "in_call",
    "away",
    "snoozed",
    "not_yet",
    "just_back",
    "switched_off",
    "after_hold",
]

_UTC: Final = dt.UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What the person chose.

    Attributes
    ----------
    time_zone : of the person; decides what "quiet hours" and "today" mean
    interval_min : minutes between breaks, from their own time to symptoms
    quiet_from, quiet_until : local times; the night may lie between them
    strength_at : local time of the strength session, None to be offered none
    breaks_on : whether breaks and movements are offered at all
    """

    time_zone: ZoneInfo
    interval_min: int
    quiet_from: dt.time
    quiet_until: dt.time
    strength_at: dt.time | None = None
    breaks_on: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """One offer of today. `until` is set where it was snoozed; `is_long` for the longer break of the hour."""

    kind: Kind
    at: dt.datetime
    answer: Answer
    until: dt.datetime | None = None
    is_long: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """The plan of the day and what came of it so far.

    Attributes
    ----------
    movement_turns : how often the plan asks for movement today
    movement_done : how often it was done, offered or not
    strength_due : whether a strength session belongs to today and is not done
    last_moved : when they last did a break, a movement or a session, offered or not
    last_session : when the last session ended
    offers : of today, oldest first
    """

    movement_turns: int
    movement_done: int
    strength_due: bool
    last_moved: dt.datetime | None = None
    last_session: dt.datetime | None = None
    offers: Sequence[Offered] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Whether the person is there.

    Attributes
    ----------
    here_since : since when they have been at it without a longer pause; None while they are away
    call_ended : end of the last call, None where there was none
    in_call : a call is going on
    busy : (start, end) of times the calendar keeps
    """

    here_since: dt.datetime | None
    in_call: bool = False
    call_ended: dt.datetime | None = None
    busy: Sequence[tuple[dt.datetime, dt.datetime]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What comes next.

    Attributes
    ----------
    kind : what is offered, or would be
    offer_now : whether to offer it now
    at : when it comes if nothing changes; None where that cannot be known (a call, being away)
    why : the reason, also while it waits
    ask_interval : the last offers were ignored: ask whether another interval would suit better
    is_long : it is the longer break of the hour
    """

    kind: Kind
    offer_now: bool
    at: dt.datetime | None
    why: Why
    ask_interval: bool = False
    is_long: bool = False


def next_offer(habits: Habits, today: Today, presence: Presence, now: dt.datetime, content: Content) -> Next:
    """The next offer and the reason for its time.

    Parameters
    ----------
    now : aware; what was offered later than this (a clock set back) is left out of account
    """
    offers = [offer for offer in today.offers if offer.at <= now]
    asked = _is_ignored(offers, content)
    strength_at = _strength_time(habits, today, offers, now, content)
    break_at = _break_time(habits, today, offers, presence, now) if habits.breaks_on else None
    candidates: list[tuple[dt.datetime, Kind, Why]] = []
    if strength_at is not None:
        candidates.append((strength_at[0], "strength", strength_at[1]))
    if break_at is not None:
        kind: Kind = "movement" if today.movement_done < today.movement_turns else "break"
        candidates.append((break_at[0], kind, break_at[1]))
    if not candidates:
        return Next(kind="break", offer_now=False, at=None, why="switched_off")
    due, kind, reason = min(candidates, key=lambda one: one[0])
    long = kind != "strength" and _is_long(habits, today, offers, presence, max(due, now), content)
    held = _hold(habits, presence, max(due, now), content)
    if held is not None:
        until, why = held
        return Next(kind=kind, offer_now=False, at=until, why=why, ask_interval=asked, is_long=long)
    if due > now:
        return Next(kind=kind, offer_now=False, at=due, why=reason, ask_interval=asked, is_long=long)
    waited = _after_hold(habits, presence, now, content)
    if waited is not None:
        return Next(kind=kind, offer_now=False, at=waited, why="after_hold", ask_interval=asked, is_long=long)
    return Next(kind=kind, offer_now=True, at=now, why="due", ask_interval=asked, is_long=long)


def _is_long(
    habits: Habits, today: Today, offers: Sequence[Offered], presence: Presence, at: dt.datetime, content: Content
) -> bool:
    """Whether the break at a time is the longer one of the hour: the one that comes nearest to an hour after the last.

    The hour begins with coming back, with a session, and with a longer break that was offered, whatever was answered:
    one that was skipped is not made up for. One that was put off comes back as it was. The first break of a day is a
    short one: since when somebody has sat is not always known.
    """
    if not offers and today.last_moved is None:
        return False
    before = [offer.at for offer in offers if offer.is_long and offer.answer != "snoozed"]
    if today.last_session is not None and today.last_session <= at:
        before.append(today.last_session)
    since = max([presence.here_since or at, *before])
    every = dt.timedelta(minutes=content.limit("break_long_every_minutes"))
    return at - since >= every - dt.timedelta(minutes=habits.interval_min) / 2


def _break_time(
    habits: Habits, today: Today, offers: Sequence[Offered], presence: Presence, now: dt.datetime
) -> tuple[dt.datetime, Why]:
    """An interval after the last offer or movement, or after the person came back, whichever is latest."""
    breaks = [offer for offer in offers if offer.kind != "strength"]
    moved = today.last_moved if today.last_moved is not None and today.last_moved <= now else None
    if breaks and breaks[-1].answer == "snoozed" and (until := breaks[-1].until) is not None:
        if moved is None or moved < breaks[-1].at:
            return until, "snoozed"
    here = presence.here_since or now
    starts = [here, *([breaks[-1].at] if breaks else []), *([moved] if moved else [])]
    latest = max(starts)
    return latest + dt.timedelta(minutes=habits.interval_min), "just_back" if latest not in starts[1:] else "not_yet"


def _strength_time(
    habits: Habits, today: Today, offers: Sequence[Offered], now: dt.datetime, content: Content
) -> tuple[dt.datetime, Why] | None:
    """The chosen time, and once more later; skipped means not today."""
    if not today.strength_due or habits.strength_at is None:
        return None
    strength = [offer for offer in offers if offer.kind == "strength"]
    if strength and strength[-1].answer == "snoozed" and (until := strength[-1].until) is not None:
        return until, "snoozed"
    if any(offer.answer in {"skipped", "done"} for offer in strength):
        return None
    if len(strength) >= content.limit("schedule_strength_offers"):
        return None
    if strength:
        return strength[-1].at + dt.timedelta(minutes=content.limit("schedule_strength_again_minutes")), "not_yet"
    return _local(now, habits.strength_at, habits.time_zone), "not_yet"


def _hold(
    habits: Habits, presence: Presence, due: dt.datetime, content: Content
) -> tuple[dt.datetime | None, Why] | None:
    """Why an offer due at a time cannot be made then, and when it can; None where nothing holds it.

    One thing may follow another (a meeting right after a meeting, quiet hours after both): the first is the reason,
    the time is when all are over.
    """
    first = _held_by_the_clock(habits, presence, due, content)
    if first is None or first[1] != "quiet_hours":
        if presence.here_since is None:
            return None, "away"
        if presence.in_call:
            return None, "in_call"
    if first is None:
        return None
    until, why = first
    for _ in range(len(presence.busy) + 1):
        more = _held_by_the_clock(habits, presence, until, content)
        if more is None:
            break
        until = more[0]
    return until, why


def _held_by_the_clock(
    habits: Habits, presence: Presence, at: dt.datetime, content: Content
) -> tuple[dt.datetime, Why] | None:
    """Quiet hours or busy times that a moment lies in."""
    until = _quiet_until(habits, at)
    if until is not None:
        return until + _after(content), "quiet_hours"
    end = max((end for start, end in presence.busy if start <= at < end), default=None)
    return (end + _after(content), "busy") if end is not None else None


def _after_hold(habits: Habits, presence: Presence, now: dt.datetime, content: Content) -> dt.datetime | None:
    """A moment to breathe after a call or a meeting."""
    ends = [end for _, end in presence.busy if end <= now]
    if presence.call_ended is not None and presence.call_ended <= now:
        ends.append(presence.call_ended)
    clear = max((end + _after(content) for end in ends), default=now)
    return clear if clear > now else None


def _after(content: Content) -> dt.timedelta:
    return dt.timedelta(minutes=content.limit("schedule_after_hold_minutes"))


def _quiet_until(habits: Habits, at: dt.datetime) -> dt.datetime | None:
    """The end of the quiet hours that a moment lies in; None outside them."""
    start, end = habits.quiet_from, habits.quiet_until
    if start == end:
        return None
    local = at.astimezone(habits.time_zone)
    clock = local.time()
    is_quiet = start <= clock < end if start < end else clock >= start or clock < end
    if not is_quiet:
        return None
    day = local.date() + dt.timedelta(days=1 if start > end and clock >= start else 0)
    return dt.datetime.combine(day, end, habits.time_zone).astimezone(_UTC)


def _local(now: dt.datetime, clock: dt.time, zone: ZoneInfo) -> dt.datetime:
    """Today's moment with this local time; an hour that the clocks leave out counts as the one after it."""
    return dt.datetime.combine(now.astimezone(zone).date(), clock, zone).astimezone(_UTC)


def _is_ignored(offers: Sequence[Offered], content: Content) -> bool:
    last = offers[-int(content.limit("schedule_ignored_asks")) :]
    return len(last) == content.limit("schedule_ignored_asks") and all(offer.answer == "ignored" for offer in last)
