"""Samples that a device wrote in pages, with one reading of its clock a page -> a time for each sample."""

from collections.abc import Callable
from itertools import pairwise
from typing import Final, Generic, TypeVar

import numpy as np
import numpy.typing as npt

Float64s = npt.NDArray[np.float64]

#: Pages whose clocks differ by more than this from what their samples take are not one stretch. Sensors run up to some
#: per cents fast or slow.
_TORN_SHARE: Final = 0.04
_TORN_S: Final = 0.05

Pages = TypeVar("Pages")

#: The clock is read between two samples, so one reading is up to a sample off: the mean of so many pages to each side
#: is taken.
_PAGES_AROUND: Final = 8


class Neighbours(Generic[Pages]):
    """Hands pages on in batches with some pages before and after each, which tell how far apart the samples are.

    Parameters
    ----------
    join : several pages one after the other
    cut : the pages of a slice
    count : number of pages
    """

    def __init__(
        self,
        join: Callable[[Pages, Pages], Pages],
        cut: Callable[[Pages, slice], Pages],
        count: Callable[[Pages], int],
    ) -> None:
        self._join, self._cut, self._count = join, cut, count
        self._held: Pages | None = None
        self._n_done = 0

    def add(self, pages: Pages) -> tuple[Pages, slice]:
        """(pages with their neighbours, those of them that are due now)."""
        ready = pages if self._held is None else self._join(self._held, pages)
        n_ready = self._count(ready)
        due = slice(self._n_done, max(self._n_done, n_ready - 2 * _PAGES_AROUND))
        first_held = max(0, due.stop - 2 * _PAGES_AROUND)
        self._held = self._cut(ready, slice(first_held, None))
        self._n_done = due.stop - first_held
        return ready, due

    def rest(self) -> tuple[Pages, slice] | None:
        """The last pages."""
        return None if self._held is None else (self._held, slice(self._n_done, None))


def page_times(
    marks: Float64s, times: Float64s, counts: npt.NDArray[np.int64], rate_hz: float
) -> tuple[Float64s, Float64s]:
    """(time of the first sample, s between samples) of each page.

    Parameters
    ----------
    marks : sample, counted from the page's start, at which the clock was read; may lie outside the page
    times : what the clock said then, s
    counts : samples of each page
    rate_hz : nominal rate, for pages that stand alone
    """
    first = np.cumsum(counts) - counts
    at = first + marks
    samples, seconds = np.diff(at), np.diff(times)
    torn = (np.abs(seconds - samples / rate_hz) > _TORN_SHARE * samples / rate_hz + _TORN_S) | (samples <= 0)
    edges = [0, *(np.flatnonzero(torn) + 1).tolist(), len(times)]
    starts, spacing = np.empty(len(times)), np.full(len(times), 1 / rate_hz)
    for begin, end in pairwise(edges):
        stretch = slice(begin, end)
        if end - begin > 1:
            spacing[stretch] = _slope(at[stretch], times[stretch])
        # How far the clock is from a straight line, at the marks, and from there at the first samples.
        off = _smooth(times[stretch] - (times[begin] + (at[stretch] - at[begin]) * spacing[begin]))
        starts[stretch] = times[begin] + (first[stretch] - at[begin]) * spacing[begin]
        starts[stretch] += np.interp(first[stretch], at[stretch], off)
        if end - begin > 1:
            spacing[begin : end - 1] = np.diff(starts[stretch]) / counts[begin : end - 1]
    return starts, spacing


def _slope(x: Float64s, y: Float64s) -> float:
    x = x - x.mean()
    return float(x @ (y - y.mean()) / (x @ x))


def _smooth(values: Float64s) -> Float64s:
    """Mean of each value and its neighbours; of fewer to each side near the ends, so that a slope stays one."""
    place = np.arange(len(values))
    reach = np.minimum(np.minimum(place, place[::-1]), _PAGES_AROUND)
    total = np.concatenate(([0.0], np.cumsum(values)))
    mean: Float64s = (total[place + reach + 1] - total[place - reach]) / (2 * reach + 1)
    return mean
