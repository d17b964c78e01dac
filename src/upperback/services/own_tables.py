"""The diary and its figures as tables, for a person's own use in a spreadsheet."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from typing import IO, Any, Final
from zoneinfo import ZoneInfo

from upperback.care.diary import (
    Active,
    CheckIn,
    Morning,
    Moved,
    SessionEnded,
    SetDone,
    Worn,
    Written,
    entry_data,
    kind_of,
)
from upperback.interchange.tables import Cell, write_table
from upperback.services import audit, diary
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.store.models import Profile

__all__ = ["TABLES", "write_own_table"]

_DIARY: Final = ("day", "time", "what", "detail", "value")
_FIGURES: Final = (
    "day", "morning_pain", "week_pain_average", "week_pain_worst", "movement_turns", "sessions_finished", "sets",
    "active_min", "sensor_min", "bent_forward_min",
)  # fmt: skip
_MINUTE_S: Final = 60

#: Names of the tables, as they are asked for.
TABLES: Final = ("diary", "figures")


def write_own_table(*, profile: Profile, table: str, out: IO[bytes], by: Actor, now: dt.datetime) -> int:
    """Writes one of `TABLES` as CSV, what was taken back left out; returns the number of rows."""
    check_may(by, "export_person")
    audit.record(
        by=by, action="export_tables", now=now, object_kind="profile", object_uuid=profile.uuid, profile=profile,
        table=table,
    )  # fmt: skip
    written = diary.entries(profile=profile, by=by)
    if table == "diary":
        return write_table(out, _DIARY, _diary(written, ZoneInfo(profile.time_zone)))
    return write_table(out, _FIGURES, _figures(written))


def _diary(written: list[Written], zone: ZoneInfo) -> Iterator[list[Cell]]:
    """A row for every detail that was told: easy to filter, whatever kinds of entry there are."""
    for one in written:
        about: list[Cell] = [one.day.isoformat(), f"{one.at.astimezone(zone):%H:%M}", _words(kind_of(one.entry))]
        told = [(name, value) for name, value in entry_data(one.entry).items() if value not in (None, "", [])]
        for name, value in told or [("", None)]:
            yield [*about, _words(name), _cell(value)]


def _cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(str(_cell(item)) for item in value)
    return value if isinstance(value, int | float | str) else str(value)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _figures(written: list[Written]) -> Iterator[list[Cell]]:
    """A row for every day on which something was told. An empty cell was not told; it is no zero."""
    days: dict[str, dict[str, float]] = defaultdict(dict)
    for one in written:
        row = days[one.day.isoformat()]
        for name, value in _counted(one):
            row[name] = row.get(name, 0) + value
        for name, last in _told(one):
            row[name] = last
    for day in sorted(days):
        yield [day, *(days[day].get(name) for name in _FIGURES[1:])]


def _counted(one: Written) -> list[tuple[str, float]]:
    match one.entry:
        case Moved():
            return [("movement_turns", 1)]
        case SessionEnded(how="finished"):
            return [("sessions_finished", 1)]
        case SetDone():
            return [("sets", 1)]
        case Active(minutes=minutes):
            return [("active_min", minutes)]
        case Worn(measured_s=measured_s, bent_s=bent_s):
            bent = [] if bent_s is None else [("bent_forward_min", round(bent_s / _MINUTE_S, 1))]
            return [("sensor_min", round(measured_s / _MINUTE_S, 1)), *bent]
        case _:
            return []


def _told(one: Written) -> list[tuple[str, float]]:
    match one.entry:
        case Morning(pain=pain):
            return [("morning_pain", pain)]
        case CheckIn(pain_average=average, pain_worst=worst):
            named = (("week_pain_average", average), ("week_pain_worst", worst))
            return [(name, value) for name, value in named if value is not None]
        case _:
            return []
