"""Smooth functions of time with their first two derivatives: what a motion needs to have a rate and an acceleration."""

import zlib
from typing import NamedTuple

import numpy as np

from upperback.devices.simulate.quaternions import Array

#: Half the width of the three moments at which orientation and place are looked at to get their derivatives, s.
#: At 10 Hz the error of the derivative is 4e-5 of it; rounding leaves about 1e-8 m/s2.
STENCIL_S = 2.5e-4


class Jet(NamedTuple):
    """Value, first and second derivative by time."""

    x: Array
    d: Array
    dd: Array

    def times(self, other: "Jet") -> "Jet":
        """The product, by Leibniz."""
        return Jet(
            self.x * other.x,
            self.d * other.x + self.x * other.d,
            self.dd * other.x + 2 * self.d * other.d + self.x * other.dd,
        )

    def scaled(self, factor: float) -> "Jet":
        """A multiple."""
        return Jet(self.x * factor, self.d * factor, self.dd * factor)

    def plus(self, other: "Jet") -> "Jet":
        """The sum."""
        return Jet(self.x + other.x, self.d + other.d, self.dd + other.dd)

    def stencil(self) -> Array:
        """(3, n): just before, at and just after each moment."""
        step, bend = self.d * STENCIL_S, self.dd * (STENCIL_S**2 / 2)
        return np.stack([self.x - step + bend, self.x, self.x + step + bend])


def minimum_jerk(u: Array) -> Array:
    """From 0 to 1 as people move: starts and stops at rest. `u` is clipped to 0..1."""
    u = np.clip(u, 0.0, 1.0)
    return u * u * u * (10 + u * (6 * u - 15))


def minimum_jerk_jet(u: Array, duration_s: Array) -> Jet:
    """The same with its derivatives by time; `u` is the share of the duration that has passed."""
    u = np.clip(u, 0.0, 1.0)
    rest = u * (1 - u)
    return Jet(
        u * u * u * (10 + u * (6 * u - 15)), 30 * rest * rest / duration_s, 60 * rest * (1 - 2 * u) / duration_s**2
    )


class Envelope:
    """A strength over time that goes from level to level in smooth ramps."""

    def __init__(self, first: float = 0.0) -> None:
        self._starts, self._durations, self._from, self._to = [-np.inf], [1.0], [first], [first]
        self._arrays: tuple[Array, ...] | None = None

    def go(self, level: float, *, at_s: float, ramp_s: float) -> None:
        """From `at_s` on, ramp to `level`. Ramps are added in order of time; one waits for the end of the last."""
        if level != self._to[-1]:
            self._starts.append(max(at_s, self._starts[-1] + self._durations[-1]))
            self._durations.append(ramp_s)
            self._from.append(self._to[-1])
            self._to.append(level)
            self._arrays = None

    def always(self, level: float, t0: float, t1: float) -> bool:
        """Whether it stays at this level from `t0` to `t1`."""
        starts, durations, _, to = self._columns()
        first = int(np.searchsorted(starts, t0, side="right")) - 1
        last = int(np.searchsorted(starts, t1, side="right")) - 1
        return first == last and bool(to[first] == level) and (first == 0 or t0 >= starts[first] + durations[first])

    def jet(self, t: Array) -> Jet:
        """The strength at these moments."""
        starts, durations, low, high = self._columns()
        i = np.searchsorted(starts, t, side="right") - 1
        if i[0] == i[-1] and (i[0] == 0 or t[0] >= starts[i[0]] + durations[i[0]]):  # one level throughout
            still = np.zeros_like(t)
            return Jet(still + high[i[0]], still, still)
        begin = np.where(i > 0, starts[i], 0.0)
        ramp = minimum_jerk_jet(np.where(i > 0, (t - begin) / durations[i], 1.0), durations[i])
        way = high[i] - low[i]
        return Jet(low[i] + way * ramp.x, way * ramp.d, way * ramp.dd)

    def _columns(self) -> tuple[Array, ...]:
        if self._arrays is None:
            self._arrays = tuple(np.array(c) for c in (self._starts, self._durations, self._from, self._to))
        return self._arrays


def key_of(*parts: str | int) -> tuple[int, ...]:
    """Words and numbers as the spawn key of a seed, so that each stream of chance has its own name."""
    return tuple(part if isinstance(part, int) else zlib.crc32(part.encode()) for part in parts)


def dice(seed: int, *parts: str | int) -> np.random.Generator:
    """The generator of the stream with this name: independent of every other name."""
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key_of(*parts))))


#: A cubic B-spline through independent normal numbers has this variance, averaged over its length.
_SPLINE_VARIANCE = 0.479365


class SmoothNoise:
    """Chance that wanders: a cubic B-spline through normal numbers, `knot_s` apart. Standard deviation 1.

    Any moment can be asked for at any time, in any order; the same moment always gets the same answer.
    """

    _BLOCK = 1024

    def __init__(self, seed: int, name: str, *, knot_s: float) -> None:
        self._seed, self._name, self._knot_s = seed, name, knot_s
        self._kept: dict[int, Array] = {}

    def jet(self, t: Array) -> Jet:
        """The noise at these moments, in rising order."""
        place = t / self._knot_s
        knot = np.floor(place)
        u = place - knot
        first = int(knot[0])
        numbers = self._numbers(first, int(knot[-1]) + 4)
        i = knot.astype(np.intp) - first
        # The four weights as one polynomial in u for each knot interval, looked up once for each sample.
        a, b, c, d = numbers[:-3], numbers[1:-2], numbers[2:-1], numbers[3:]
        k0, k1, k2, k3 = (a + 4 * b + c) / 6, (c - a) / 2, (a - 2 * b + c) / 2, (d - a + 3 * (b - c)) / 6
        p0, p1, p2, p3 = k0[i], k1[i], k2[i], k3[i]
        per = 1 / self._knot_s
        return Jet(
            p0 + u * (p1 + u * (p2 + u * p3)),
            (p1 + u * (2 * p2 + u * (3 * p3))) * per,
            (2 * p2 + u * (6 * p3)) * (per * per),
        )

    def _numbers(self, first: int, end: int) -> Array:
        blocks = range(first // self._BLOCK, (end - 1) // self._BLOCK + 1)
        self._kept = {block: self._kept[block] if block in self._kept else self._block(block) for block in blocks}
        start = first - blocks[0] * self._BLOCK
        return np.concatenate([self._kept[block] for block in blocks])[start : start + end - first]

    def _block(self, block: int) -> Array:
        # Moments before the start have negative blocks, which a seed's key may not hold.
        key = 2 * block if block >= 0 else -2 * block - 1
        size = 1 / float(np.sqrt(_SPLINE_VARIANCE))
        return dice(self._seed, "smooth", self._name, key).standard_normal(self._BLOCK) * size
