"""Calendars: busy times in, own times out, right when the clocks change, and nothing of a file but its times."""

import contextlib
import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from upperback.core.errors import InputError
from upperback.interchange.calendar import BYTES_MAX, Repeated, Span, read_busy, write_feed

LONDON = ZoneInfo("Europe/London")
NOW = dt.datetime(2026, 10, 20, 12, tzinfo=dt.UTC)


def utc(month: int, day: int, hour: int, minute: int = 0, year: int = 2026) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC)


def calendar(*events: str, before: str = "") -> bytes:
    body = "".join(
        f"BEGIN:VEVENT\nUID:{n}@x\nDTSTAMP:20261001T000000Z\n{event}\nEND:VEVENT\n" for n, event in enumerate(events)
    )
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//x//EN\n{before}{body}END:VCALENDAR\n".replace(
        "\n", "\r\n"
    ).encode()


def busy(content: bytes, *, until: dt.datetime = NOW + dt.timedelta(days=14)) -> list[Span]:
    return read_busy(content, zone=LONDON, since=NOW, until=until)


def test_a_weekly_meeting_stays_at_its_hour_when_the_clocks_go_back() -> None:
    meeting = (
        "SUMMARY:Secret\nDTSTART;TZID=Europe/London:20260901T090000\nDTEND;TZID=Europe/London:20260901T100000\n"
        "RRULE:FREQ=WEEKLY;BYDAY=WE\nEXDATE;TZID=Europe/London:20261104T090000"
    )
    assert busy(calendar(meeting), until=NOW + dt.timedelta(days=28)) == [
        (utc(10, 21, 8), utc(10, 21, 9)),
        (utc(10, 28, 9), utc(10, 28, 10)),
        (utc(11, 11, 9), utc(11, 11, 10)),
    ]


def test_times_without_a_zone_are_the_person_s_own_and_times_of_windows_are_known() -> None:
    found = busy(
        calendar(
            "DTSTART:20261021T090000\nDTEND:20261021T093000",
            "DTSTART;TZID=GMT Standard Time:20261022T090000\nDURATION:PT30M",
            "DTSTART:20261023T090000Z\nDTEND:20261023T093000Z",
        )
    )
    assert [start for start, _ in found] == [utc(10, 21, 8), utc(10, 22, 8), utc(10, 23, 9)]


def test_a_zone_of_the_file_s_own_holds_for_this_file_only() -> None:
    def with_zone(offset: str) -> bytes:
        zone = (
            "BEGIN:VTIMEZONE\nTZID:Office\nBEGIN:STANDARD\nDTSTART:19700101T000000\n"
            f"TZOFFSETFROM:{offset}\nTZOFFSETTO:{offset}\nEND:STANDARD\nEND:VTIMEZONE\n"
        )
        return calendar("DTSTART;TZID=Office:20261021T090000\nDURATION:PT30M", before=zone)

    assert busy(with_zone("+0300"))[0][0] == utc(10, 21, 6)
    assert busy(with_zone("-0500"))[0][0] == utc(10, 21, 14)


def test_whole_days_free_and_cancelled_times_keep_nobody_busy() -> None:
    at = "DTSTART:20261021T090000Z\nDTEND:20261021T100000Z"
    events = (
        "DTSTART;VALUE=DATE:20261021\nDTEND;VALUE=DATE:20261022",
        f"{at}\nTRANSP:TRANSPARENT",
        f"{at}\nSTATUS:CANCELLED",
    )
    assert busy(calendar(*events)) == []
    assert busy(calendar(*events, at)) == [(utc(10, 21, 9), utc(10, 21, 10))]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff" * 40,
        b"hello",
        b"BEGIN:VEVENT\r\nEND:VEVENT\r\n",
        b"x" * (BYTES_MAX + 1),
        calendar("DTSTART:banana\nDTEND:20261021T100000Z"),
        calendar("DTEND:20261021T100000Z\nRRULE:FREQ=DAILY"),
        calendar("DTSTART:20261021T090000Z\nDURATION:PT5M\nRRULE:FREQ=SECONDLY"),
        calendar("DTSTART:20261021T090000Z\nDURATION:PT5M\nRRULE:FREQ=HOURLY"),
        calendar("DTSTART:20261021T090000Z\nDURATION:PT5M\nRRULE:FREQ=DAILY;BYSECOND=" + ",".join(map(str, range(60)))),
        calendar("DTSTART:00010101T090000Z\nDURATION:PT5M\nRRULE:FREQ=DAILY"),
        calendar(*["DTSTART:19800101T090000Z\nDURATION:PT5M\nRRULE:FREQ=DAILY"] * 20),
        calendar(*["DTSTART:20261021T090000Z\nDURATION:PT5M"] * 3001),
    ],
)
def test_what_is_no_calendar_or_repeats_without_end_is_refused(content: bytes) -> None:
    with pytest.raises(InputError) as refused:
        busy(content)
    assert refused.value.message.startswith("This ")
    assert "banana" not in refused.value.message


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(0, 400))
def test_a_damaged_calendar_is_read_or_refused_and_never_breaks(noise: bytes, at: int) -> None:
    good = calendar("DTSTART:20261021T090000Z\nDTEND:20261021T100000Z\nRRULE:FREQ=WEEKLY;COUNT=3")
    damaged = good[:at] + noise + good[at:]
    with contextlib.suppress(InputError):
        assert all(start < end for start, end in busy(damaged))


FEED = [
    Repeated(
        uid="s@x", title="Time for yourself", first=dt.date(2026, 10, 19), last=dt.date(2027, 4, 9),
        days=frozenset({0, 2, 4}), at=dt.time(17, 30), minutes=20,
    )
]  # fmt: skip


@pytest.mark.parametrize(
    ("day", "hour"),
    [
        (dt.date(2026, 10, 23), 16), (dt.date(2026, 10, 26), 17),  # the clocks go back on 25 October 2026
        (dt.date(2027, 3, 26), 17), (dt.date(2027, 3, 29), 16),  # and forward on 28 March 2027
    ],
)  # fmt: skip
def test_the_feed_says_the_hour_on_the_wall_on_both_sides_of_each_change(day: dt.date, hour: int) -> None:
    content = write_feed(FEED, zone="Europe/London", now=NOW).replace(b"TRANSP:TRANSPARENT", b"TRANSP:OPAQUE")
    found = read_busy(content, zone=ZoneInfo("Asia/Tokyo"), since=NOW, until=utc(4, 20, 0, year=2027))
    assert dt.datetime.combine(day, dt.time(hour, 30), dt.UTC) in [start for start, _ in found]


def test_another_reader_of_the_rules_finds_the_same_times() -> None:
    """dateutil's own reader, with the time zone of the file as the file describes it."""
    parsed = Calendar.from_ical(write_feed(FEED, zone="Europe/London", now=NOW))
    event = parsed.walk("VEVENT")[0]
    described = parsed.walk("VTIMEZONE")[0].to_tz(lookup_tzid=False)
    start = event["DTSTART"].dt.replace(tzinfo=described)
    times = list(rrulestr(event["RRULE"].to_ical().decode(), dtstart=start))
    by_zone = [time.replace(tzinfo=LONDON).astimezone(dt.UTC) for time in times]
    assert [time.astimezone(dt.UTC) for time in times] == by_zone
    assert {time.hour for time in by_zone} == {16, 17}
    assert by_zone[-1] == utc(4, 9, 16, 30, year=2027)


def test_the_feed_is_private_keeps_nobody_busy_and_says_nothing_about_health() -> None:
    content = write_feed(FEED, zone="Europe/London", now=NOW, whole_days=[(dt.date(2026, 11, 30), "Look back")])
    text = content.decode()
    assert busy(content) == []
    assert text.count("CLASS:PRIVATE") == text.count("BEGIN:VEVENT") == 2
    assert not any(word in text.lower() for word in ("pain", "exercise", "strength", "physio", "health"))


def test_a_feed_of_nothing_is_a_calendar_all_the_same() -> None:
    assert Calendar.from_ical(write_feed([], zone="Europe/London", now=NOW)).walk("VEVENT") == []
