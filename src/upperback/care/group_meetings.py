"""The meetings of a group programme: once a week by the clock on the wall, also when the clocks change. Pure."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

WEEK: Final = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """One meeting. `week`: from 1 on; `day`: by the clock of the group; `starts_at`: aware, UTC."""

    week: int
    day: dt.date
    starts_at: dt.datetime
    minutes: int
    is_off: bool = False

    @property
    def ends_at(self) -> dt.datetime:
        """Aware, UTC."""
        return self.starts_at + dt.timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When a group meets.

    Attributes
    ----------
    starts_on : first day of week 1; the first meeting is on the first `weekday` from then on
    weekday : 0 is Monday
    at : by the clock of `zone`, an IANA name
    off : days of meetings that are called off
    ended_on : no meeting from this day on; None while the group goes on
    """

    starts_on: dt.date
    weeks: int
    weekday: int
    at: dt.time
    minutes: int
    zone: str
    off: Collection[dt.date] = field(default=())
    ended_on: dt.date | None = None

    def meetings(self) -> list[Meeting]:
        """All of them in order, those that are called off too; after the end of the group there is none."""
        first = self.starts_on + dt.timedelta(days=(self.weekday - self.starts_on.weekday()) % 7)
        days = [first + WEEK * number for number in range(self.weeks)]
        return [
            Meeting(
                week=number, day=day, minutes=self.minutes, is_off=day in self.off,
                starts_at=dt.datetime.combine(day, self.at, ZoneInfo(self.zone)).astimezone(dt.UTC),
            )
            for number, day in enumerate(days, start=1)
            if self.ended_on is None or day < self.ended_on
        ]  # fmt: skip

    def week_of(self, day: dt.date) -> int | None:
        """The number of the week that a day falls in; None before the first and after the last."""
        number = (day - self.starts_on) // WEEK + 1
        return number if 1 <= number <= self.weeks else None

    def is_over(self, now: dt.datetime) -> bool:
        """Whether it was ended, or the last week is behind."""
        today = now.astimezone(ZoneInfo(self.zone)).date()
        return self.ended_on is not None or today >= self.starts_on + WEEK * self.weeks
