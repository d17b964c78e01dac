"""Figures of a distribution that add up: counts in fixed bins, over blocks, days and wearers."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError

#: (n_bins,) int64.
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """Equal half-open bins [edge, next edge), the same for everybody.

    What lies below the first edge counts in the first bin, what lies above the last edge in the last one. For angles
    nothing can; for speeds the last bin means "at least its lower edge".

    Attributes
    ----------
    first : lower edge of the first bin, a whole number
    per_unit : bins in one unit, so that whole numbers are edges and counts above them are exact
    n_bins : how many
    unit : of the values, UCUM
    """

    first: int
    per_unit: int
    n_bins: int
    unit: str

    @property
    def width(self) -> float:
        """Of one bin: how exact a percentile is."""
        return 1 / self.per_unit

    @property
    def edges(self) -> npt.NDArray[np.float64]:
        """All n_bins + 1 of them."""
        return self.first + np.arange(self.n_bins + 1) / self.per_unit

    def index(self, values: npt.NDArray[np.floating]) -> npt.NDArray[np.int64]:
        """The bin of each finite value.

        Single precision, as in the compiled kernel. It is enough: a number that is not a threshold never becomes one
        by the multiplication, as it moves by more than the rounding.
        """
        steps = np.floor(values.astype(np.float32) * np.float32(self.per_unit)).astype(np.float64)
        found: npt.NDArray[np.int64] = np.clip(steps - self.first * self.per_unit, 0, self.n_bins - 1).astype(np.int64)
        return found

    def edge_index(self, edge: float) -> int:
        """Which edge a threshold is.

        Raises
        ------
        InputError : the threshold is no edge of these bins, so a count above it would not be exact.
        """
        steps = (edge - self.first) * self.per_unit
        nearest = round(steps)
        if abs(steps - nearest) > 1e-6 or not 0 <= nearest <= self.n_bins:
            raise InputError(f"{edge} {self.unit} is no edge of bins of {self.width} {self.unit}")
        return nearest


#: 0 upright, 90 level, 180 upside down.
INCLINATION_BINS: Final = Bins(first=0, per_unit=10, n_bins=1800, unit="deg")
FLEXION_BINS: Final = Bins(first=-180, per_unit=10, n_bins=3600, unit="deg")
LATERAL_BINS: Final = Bins(first=-90, per_unit=10, n_bins=1800, unit="deg")
#: A trunk is hardly ever faster than 300 deg/s; the last bin takes what is.
VELOCITY_BINS: Final = Bins(first=0, per_unit=4, n_bins=2048, unit="deg/s")
#: How long something was held; the last bin takes two hours and more.
DURATION_BINS: Final = Bins(first=0, per_unit=1, n_bins=7201, unit="s")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histogram:
    """How often each value was there.

    Adding up is exact, so it does not matter in which order or in which pieces it is done.

    Attributes
    ----------
    bins : the same for every histogram of this kind
    counts : (n_bins,) int64
    """

    bins: Bins
    counts: Counts

    def __post_init__(self) -> None:
        if self.counts.dtype != np.int64 or self.counts.shape != (self.bins.n_bins,):
            raise InputError(f"a histogram of {self.bins.n_bins} bins needs as many int64 counts")

    @classmethod
    def empty(cls, bins: Bins) -> Self:
        """Nothing counted yet."""
        return cls(bins=bins, counts=np.zeros(bins.n_bins, np.int64))

    @classmethod
    def of(cls, bins: Bins, values: npt.NDArray[np.floating]) -> Self:
        """Counts of values; what is not finite is not counted."""
        indices = bins.index(values[np.isfinite(values)])
        return cls(bins=bins, counts=np.bincount(indices, minlength=bins.n_bins).astype(np.int64))

    def add(self, values: npt.NDArray[np.floating]) -> Self:
        """The same with a block of values added."""
        return self.merge(type(self).of(self.bins, values))

    def merge(self, other: "Histogram") -> Self:
        """Both together.

        Raises
        ------
        InputError : the two do not have the same bins.
        """
        if other.bins != self.bins:
            raise InputError("histograms with different bins cannot be added up")
        return type(self)(bins=self.bins, counts=self.counts + other.counts)

    def scaled(self, factor: int) -> Self:
        """Every count times `factor`, so that recordings of different rates can be added up by time."""
        return type(self)(bins=self.bins, counts=self.counts * factor)

    @property
    def total(self) -> int:
        """How many values were counted."""
        return int(self.counts.sum())

    def at_least(self, threshold: float) -> int:
        """How many values are at or above a threshold: exact, as the threshold is an edge.

        Raises
        ------
        InputError : it is not.
        """
        return int(self.counts[self.bins.edge_index(threshold) :].sum())

    def share_at_least(self, threshold: float) -> float:
        """The same as a share of all values, NaN where there are none."""
        total = self.total
        return self.at_least(threshold) / total if total else float("nan")

    def percentile(self, percent: float) -> float:
        """The value that `percent` of the values do not exceed; within one bin of the exact one.

        Inside a bin the values are taken as evenly spread. NaN where nothing was counted; where it falls into the
        last bin, the lower edge of that ("at least").
        """
        if not 0 <= percent <= 100:
            raise InputError(f"there is no percentile {percent}")
        total = self.total
        if total == 0:
            return float("nan")
        cumulative = np.cumsum(self.counts)
        rank = max(percent / 100 * total, np.finfo(float).tiny)
        found = int(np.searchsorted(cumulative, rank, side="left"))
        before = int(cumulative[found] - self.counts[found])
        inside = (rank - before) / int(self.counts[found]) if found < self.bins.n_bins - 1 else 0.0
        return float(self.bins.first + (found + inside) / self.bins.per_unit)

    def percentiles(self, percents: Iterable[float]) -> tuple[float, ...]:
        """Several of them."""
        return tuple(self.percentile(percent) for percent in percents)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Histogram) and self.bins == other.bins and bool(np.array_equal(self.counts, other.counts))
        )

    __hash__ = None  # type: ignore[assignment]
