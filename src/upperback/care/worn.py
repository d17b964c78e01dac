"""Days on which a sensor was worn: how long one was bent forward, against one's own usual. Pure.

Nobody's posture is good or bad here: a day is only compared with the same person's days before. A day counts once
enough of it was measured, and a usual there is once enough days count.
"""

import datetime as dt
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from upperback.care.diary import Worn, Written

#: Less of a day says nothing about it.
MEASURED_S_MIN: Final = 1800.0
#: A usual is the middle of the days of the last four weeks, if there are so many.
USUAL_DAYS: Final = 28
DAYS_MIN: Final = 5
#: A day within this of the usual, in parts of the time, is as usual.
_ALIKE: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class WornDay:
    """One day.

    Attributes
    ----------
    measured_s : for how long it was measured how far one leans
    bent_s : of that, leaning forward by more than 20 degrees
    """

    measured_s: float
    bent_s: float

    @property
    def share(self) -> float:
        """Part of the time, 0 to 1."""
        return min(1.0, self.bent_s / self.measured_s) if self.measured_s > 0 else 0.0

    @property
    def counts(self) -> bool:
        """Whether enough of the day was measured to compare it."""
        return self.measured_s >= MEASURED_S_MIN

    def plus(self, other: "WornDay") -> "WornDay":
        """Both together."""
        return WornDay(measured_s=self.measured_s + other.measured_s, bent_s=self.bent_s + other.bent_s)


def worn_days(written: Iterable[Written]) -> dict[dt.date, WornDay]:
    """Each day on which a sensor that knew forward was worn; the sittings of a day together."""
    found: dict[dt.date, WornDay] = {}
    for row in written:
        entry = row.entry
        if isinstance(entry, Worn) and entry.bent_s is not None:
            one = WornDay(measured_s=entry.measured_s, bent_s=entry.bent_s)
            found[row.day] = found[row.day].plus(one) if row.day in found else one
    return found


def usual_share(days: Mapping[dt.date, WornDay], today: dt.date) -> float | None:
    """The part of the time that this person is usually bent forward; None while there are too few days to say."""
    first = today - dt.timedelta(days=USUAL_DAYS)
    shares = [one.share for day, one in days.items() if first <= day < today and one.counts]
    return statistics.median(shares) if len(shares) >= DAYS_MIN else None


def against_usual(share: float, usual: float) -> Literal["more", "less", "alike"]:
    """A day against the usual."""
    if abs(share - usual) <= _ALIKE:
        return "alike"
    return "more" if share > usual else "less"
