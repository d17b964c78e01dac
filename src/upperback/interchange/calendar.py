"""Calendars in and out (iCalendar, RFC 5545): busy times of a file, and a feed of a person's own times.

In: only starts and ends leave this module; titles, places and people are never kept. Out: titles that say nothing
about health; times by the clock on the wall with their time zone, so they stay right when the clocks change.
"""

import datetime as dt
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from upperback.core.errors import InputError

if TYPE_CHECKING:
    import icalendar

_ONE_FILE_AT_A_TIME: Final = threading.Lock()

Span = tuple[dt.datetime, dt.datetime]

#: More than any calendar export of a person holds, and little enough to be read while somebody waits.
BYTES_MAX: Final = 1024 * 1024
_EVENTS_MAX: Final = 3000
#: Days that repeating events may be old in sum: each of them is counted through from its beginning.
_REPEATED_DAYS_MAX: Final = 250_000
_SPANS_MAX: Final = 2000
_EARLIEST: Final = 1970
#: How often an event may repeat. More often than daily is no meeting.
_OFTEN: Final = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_WITHIN_A_DAY: Final = frozenset({"BYHOUR", "BYMINUTE", "BYSECOND"})

_PRODUCT: Final = "-//Upperback//Own times//EN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """A time that comes back, on the clock of the wall.

    Attributes
    ----------
    uid : stays the same whenever the feed is drawn, so that calendars replace and do not add
    title : says nothing about health
    first : day of the first
    last : last day on which it may fall
    days : of the week, from Monday, 0
    at : local time
    minutes : how long
    """

    uid: str
    title: str
    first: dt.date
    last: dt.date
    days: frozenset[int]
    at: dt.time
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """A single time. `starts_at`: aware; `link`, `place`: empty where there is none."""

    uid: str
    title: str
    starts_at: dt.datetime
    minutes: int
    link: str = ""
    place: str = ""


def read_busy(content: bytes, *, zone: ZoneInfo, since: dt.datetime, until: dt.datetime) -> list[Span]:
    """Starts and ends of the busy times in a calendar file, in UTC, in order.

    Whole days, events marked as free and cancelled ones keep nobody busy. Times without a zone are the person's own.

    Raises
    ------
    InputError : no calendar, or more in it than can be read in reasonable time.
    """
    import icalendar
    import recurring_ical_events

    if len(content) > BYTES_MAX:
        raise InputError("This file is too large. A calendar of up to 1 MB can be read", field="file")
    try:
        with _ONE_FILE_AT_A_TIME:
            icalendar.use_zoneinfo()  # forgets the time zones that another file brought along under the same name
            calendar = icalendar.Calendar.from_ical(content)
        events = _checked(calendar, until)
        found = recurring_ical_events.of(_only(events)).between(since, until)
        spans = {span for event in found if (span := _busy(event, zone)) is not None and span[1] > since}
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        # What the parsers raise for what is no calendar; its text may hold what the file holds.
        raise InputError("This file cannot be read as a calendar. Export it again as .ics", field="file") from error
    if len(spans) > _SPANS_MAX:
        raise InputError("This calendar is too full. Send one with fewer times", field="file")
    return sorted(spans)


def write_feed(
    times: Iterable[Repeated],
    *,
    zone: str,
    now: dt.datetime,
    whole_days: Sequence[tuple[dt.date, str]] = (),
    once: Sequence[Once] = (),
) -> bytes:
    """A calendar with these times.

    Parameters
    ----------
    zone : name of the time zone; its changes of the clock are written into the file
    whole_days : single days with a title
    once : single times, shown by the clock of `zone`; somebody is busy then
    """
    import icalendar

    calendar = icalendar.Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("x-published-ttl", "PT6H")
    for time in times:
        first = next((day for day in _days(time.first, 7) if day.weekday() in time.days), None)
        if first is None or first > time.last:
            continue
        event = icalendar.Event()
        event.add("uid", time.uid)
        event.add("dtstamp", now)
        event.add("summary", time.title)
        start = dt.datetime.combine(first, time.at, ZoneInfo(zone))
        event.add("dtstart", start)
        event.add("duration", dt.timedelta(minutes=time.minutes))
        ends = dt.datetime.combine(time.last, dt.time(23, 59, 59), ZoneInfo(zone)).astimezone(dt.UTC)
        event.add("rrule", {"freq": "weekly", "byday": [_DAY_CODES[day] for day in sorted(time.days)], "until": ends})
        event.add("transp", "TRANSPARENT")  # nobody is kept busy by it, this program least of all
        event.add("class", "PRIVATE")
        calendar.add_component(event)
    for day, title in whole_days:
        event = icalendar.Event()
        event.add("uid", f"{day.isoformat()}-day@upperback.invalid")
        event.add("dtstamp", now)
        event.add("summary", title)
        event.add("dtstart", day)
        event.add("transp", "TRANSPARENT")
        event.add("class", "PRIVATE")
        calendar.add_component(event)
    for single in once:
        event = icalendar.Event()
        event.add("uid", single.uid)
        event.add("dtstamp", now)
        event.add("summary", single.title)
        event.add("dtstart", single.starts_at.astimezone(ZoneInfo(zone)))
        event.add("duration", dt.timedelta(minutes=single.minutes))
        event.add("class", "PRIVATE")
        if single.link:
            event.add("url", single.link)
        if single.place or single.link:
            event.add("location", single.place or single.link)
        calendar.add_component(event)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def write_invitation(
    *, uid: str, starts_at: dt.datetime, minutes: int, link: str, now: dt.datetime, title: str = "Appointment"
) -> bytes:
    """One appointment, in UTC, to be taken into a calendar. Its title says nothing about health."""
    import icalendar

    calendar = icalendar.Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    event = icalendar.Event()
    event.add("uid", uid)
    event.add("dtstamp", now)
    event.add("summary", title)
    event.add("dtstart", starts_at.astimezone(dt.UTC))
    event.add("duration", dt.timedelta(minutes=minutes))
    event.add("class", "PRIVATE")
    if link:
        event.add("url", link)
        event.add("location", link)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


_DAY_CODES: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def _days(first: dt.date, count: int) -> list[dt.date]:
    return [first + dt.timedelta(days=shift) for shift in range(count)]


def _checked(calendar: "icalendar.Component", until: dt.datetime) -> "list[icalendar.Component]":
    """The events, if they can be read in reasonable time: a small file can repeat for ever."""
    events: list[icalendar.Component] = calendar.walk("VEVENT")
    if calendar.name != "VCALENDAR" or len(events) > _EVENTS_MAX:
        raise InputError("This file is no calendar, or it holds too much. Export it again as .ics", field="file")
    days = 0
    for event in events:
        rules = event.get("RRULE", [])
        extra = sum(len(dates.dts) for dates in _listed(event.get("RDATE", [])))
        for rule in _listed(rules):
            often = {str(word).upper() for word in _listed(rule.get("FREQ", []))}
            if not often <= _OFTEN or _WITHIN_A_DAY & {str(key).upper() for key in rule}:
                raise InputError("This calendar repeats something more often than daily. Leave that out", field="file")
            begins = event["DTSTART"].dt
            if begins.year < _EARLIEST:
                raise InputError("This calendar repeats something from before 1970. Leave that out", field="file")
            days += max((until.date() - dt.date(begins.year, begins.month, begins.day)).days, 0)
        days += extra
    if days > _REPEATED_DAYS_MAX:
        raise InputError("This calendar repeats too much. Send one with fewer times", field="file")
    return events


def _only(events: "Iterable[icalendar.Component]") -> "icalendar.Calendar":
    import icalendar

    calendar = icalendar.Calendar()
    for event in events:
        calendar.add_component(event)
    return calendar


def _busy(event: "icalendar.Component", zone: ZoneInfo) -> Span | None:
    start, end = event["DTSTART"].dt, event["DTEND"].dt
    if not isinstance(start, dt.datetime) or not isinstance(end, dt.datetime):
        return None  # a whole day: a birthday or a holiday
    if str(event.get("TRANSP", "")).upper() == "TRANSPARENT" or str(event.get("STATUS", "")).upper() == "CANCELLED":
        return None
    start, end = (
        (time if time.tzinfo is not None else time.replace(tzinfo=zone)).astimezone(dt.UTC) for time in (start, end)
    )
    return (start, end) if start < end else None


def _listed(value: Any) -> list[Any]:
    found: list[Any] = value if isinstance(value, list) else [value]
    return found
