"""The muscle stage in NumPy and SciPy, written to be read. The compiled kernel agrees with it; without one it runs."""

import numpy as np
import numpy.typing as npt
from scipy import signal

from upperback.sensing.muscle.base import (
    BINS,
    BINS_PER_OCTAVE_LOG2,
    BITS,
    ENERGY,
    F32,
    F64,
    HOPS_PER_WINDOW,
    LOWEST_OCTAVE,
    OFFSET,
    POSITION,
    SINCE,
    STARTED,
    TOTAL,
    U8,
    Hops,
    Layout,
    Tally,
)
from upperback.sensing.signal import QualityFlag


class Reference:
    """The slow, obvious version of every step."""

    def hops(self, samples: F32, memory: F64, layout: Layout, into: Hops, *, side_by_side: bool = False) -> F64:
        """Filter one channel and add up energy and sum of each hop.

        Parameters
        ----------
        samples : (n_samples,), V
        memory : what the stretch before left
        layout : filters and grid
        into : where the hops go that end in this stretch
        side_by_side : a long stretch may be worked on in several places at once, if there is a way

        Returns
        -------
        memory
        """
        del side_by_side
        n = layout.n_sections
        own = memory[2 * n :].copy()
        zi = memory[: 2 * n].reshape(n, 2).copy()
        raw = samples.astype(np.float64)
        finite = np.isfinite(raw)
        centred, filtered = np.zeros(len(raw)), np.zeros(len(raw))
        bits = np.where(finite, 0, int(QualityFlag.GAP)).astype(np.uint8)
        for start, end in _runs(finite):
            if not own[STARTED] or start > 0:  # afresh behind a gap
                zi = np.zeros((n, 2))
                own[[STARTED, OFFSET, SINCE]] = 1, raw[start], 0
            centred[start:end] = raw[start:end] - own[OFFSET]
            filtered[start:end], zi = signal.sosfilt(_sections(layout), centred[start:end], zi=zi)
            unsettled = min(end - start, max(0, layout.settle - int(own[SINCE])))
            bits[start : start + unsettled] |= int(QualityFlag.UNSETTLED)
            own[SINCE] = min(layout.settle, own[SINCE] + end - start)
        if len(raw) and not finite[-1]:
            zi = np.zeros((n, 2))
            own[[STARTED, SINCE, OFFSET]] = 0, 0, 0
        _sum_over_hops(filtered, centred, bits, own, layout, into)
        return np.concatenate([zi.ravel(), own])

    def slow(self, hops: Hops, memory: F64, layout: Layout) -> tuple[F64, F64]:
        """Energy per hop of what is slower than muscle, from the mean of each hop. Starts afresh after a gap.

        Returns
        -------
        memory (4,): the last two of input and output; energy (n_hops,), V2
        """
        assert layout.gate is not None
        b0, a1, a2 = layout.gate.slow
        x1, x2, y1, y2 = memory
        found = np.zeros(len(hops.total))
        for i, total in enumerate(hops.total):
            if hops.bits[i] & QualityFlag.GAP:
                x1 = x2 = y1 = y2 = 0.0
                continue
            x = total / layout.hop * b0
            y = x - x2 - a2 * y2 - a1 * y1
            x2, x1, y2, y1 = x1, x, y1, y
            found[i] = y * y
        return np.array([x1, x2, y1, y2]), found

    def gate(self, energy: F64, slow: F64, first: int, beats: float, gated: U8, layout: Layout) -> float:
        """Mark the hops that a heart beat is in.

        A beat is a peak of the slow part that stands above the muscle around it, above a floor, and above a fraction
        of the beats before.

        Parameters
        ----------
        energy, slow : (n_hops,) context and new hops
        first : the first new hop; beats are looked for `look` hops earlier
        beats : how strong they were lately
        gated : (n_hops,) 1 where a beat is; marked in place
        layout : filters and grid

        Returns
        -------
        how strong beats are now
        """
        gate = layout.gate
        assert gate is not None
        peaks, muscle = _moving_sum(slow, gate.smooth), _moving_sum(energy, gate.smooth)
        for i in range(first - gate.look, len(energy) - gate.look):
            beats *= gate.decay
            if (
                peaks[i] > gate.floor
                and peaks[i] > gate.fraction * beats
                and np.argmax(peaks[i - gate.look : i + gate.look + 1]) == gate.look
                and peaks[i] > gate.ratio * muscle[i - gate.back : i + gate.ahead + 1].max()
            ):
                beats = max(beats, float(peaks[i]))
                gated[i - gate.before : i + gate.after + 1] = 1
        return beats

    def windows(
        self,
        energy: F64,
        bits: U8,
        gated: U8,
        first: int,
        tally: Tally,
        layout: Layout,
        *,
        rest_v: float,
        noise_v: float,
    ) -> tuple[Tally, F32, F64]:
        """Windows into histogram, gaps and envelope; power of whole epochs.

        Parameters
        ----------
        energy, bits, gated : (n_hops,) context and new hops
        first : the first new hop
        tally : what was counted before
        layout : filters and grid
        rest_v, noise_v : RMS of rest (NaN without a reference) and of the noise; they add up in power

        Returns
        -------
        tally; envelope (n_new,) V, noise taken off; mean power (n_epochs,) of each epoch's good hops, V2, NaN where
        that is less than half of them
        """
        power = _window_power(energy, bits, gated, layout)[first:]
        tally, held = _count(power, rest_v**2 + noise_v**2, tally, layout)
        envelope = np.sqrt(np.maximum(held - noise_v**2, 0)).astype(np.float32)
        good = ((bits == 0) & (gated == 0))[first:].reshape(-1, layout.epoch_hops)
        total = np.where(good, energy[first:].reshape(good.shape), 0).sum(axis=1) * layout.power_per_energy
        hops = good.sum(axis=1)
        return tally, envelope, np.where(2 * hops >= layout.epoch_hops, total / np.maximum(hops, 1), np.nan)

    def epochs(self, samples: F32, taper: F32) -> tuple[F32, F64]:
        """Samples less their mean times a taper, and the facts of each epoch.

        Parameters
        ----------
        samples : (n, epoch_samples), V
        taper : (epoch_samples,)

        Returns
        -------
        (n, epoch_samples); (n, len(EpochFact))
        """
        with np.errstate(invalid="ignore", over="ignore"):  # an epoch with something missing has no mean
            mean = samples.mean(axis=1, dtype=np.float64)
            tapered = (samples - mean.astype(np.float32)[:, None]) * taper
        highest, lowest = samples.max(axis=1), samples.min(axis=1)
        same = samples[:, 1:] == samples[:, :-1]
        extreme = (samples[:, 1:] == highest[:, None]) | (samples[:, 1:] == lowest[:, None])
        return tapered, np.column_stack([mean, highest, lowest, same.sum(axis=1), (same & extreme).sum(axis=1)])


def bin_of(power: float) -> int:
    """Bin of the histogram: equal widths between powers of two, 0.4 % of the amplitude at most."""
    if power < 2.0**LOWEST_OCTAVE:
        return 0
    mantissa, exponent = np.frexp(power)
    octave = int(exponent) - 1 - LOWEST_OCTAVE
    within = int((2 * mantissa - 1) * 2**BINS_PER_OCTAVE_LOG2)
    return min((octave << BINS_PER_OCTAVE_LOG2) + within, BINS - 1)


def _runs(truth: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open stretches where it is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], truth, [False]])))
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _sections(layout: Layout) -> F64:
    b1, a1, a2 = layout.filters.reshape(-1, 3).T
    one = np.ones(layout.n_sections)
    return np.column_stack([one, b1, one, one, a1, a2])


def _moving_sum(values: F64, window: int) -> F64:
    """Sum of the last `window` values, added from the oldest on; short at the start."""
    padded = np.concatenate([np.zeros(window - 1), values])
    total = np.zeros(len(values))
    for k in range(window):
        total = total + padded[k : k + len(values)]
    return total


def _sum_over_hops(filtered: F64, centred: F64, bits: U8, own: F64, layout: Layout, into: Hops) -> None:
    """Energy, sum and flags of each hop; those of the hop under way stay with the channel."""
    n_hops, position = len(into.energy), int(own[POSITION])
    energy, total, flags = np.zeros(n_hops + 1), np.zeros(n_hops + 1), np.zeros(n_hops + 1, np.uint8)
    energy[0], total[0], flags[0] = own[ENERGY], own[TOTAL], int(own[BITS])
    index = (position + np.arange(len(filtered))) // layout.hop
    np.add.at(energy, index, filtered * filtered)
    np.add.at(total, index, centred)
    np.bitwise_or.at(flags, index, bits)
    into.energy[:], into.bits[:] = energy[:-1], flags[:-1]
    if len(into.total):
        into.total[:] = total[:-1]
    own[[ENERGY, TOTAL, BITS, POSITION]] = energy[-1], total[-1], flags[-1], (position + len(filtered)) % layout.hop


def _window_power(energy: F64, bits: U8, gated: U8, layout: Layout) -> F64:
    """Mean power of the window that ends with each hop, V2: NaN where a hop is bad, -1 where most is gated."""
    total = _moving_sum(np.where(bits != 0, np.nan, np.where(gated != 0, 0.0, energy)), HOPS_PER_WINDOW)
    hops = _moving_sum((gated == 0).astype(np.float64), HOPS_PER_WINDOW)
    mean = total * layout.power_per_energy / np.maximum(hops, 1)
    return np.where(np.isnan(total), np.nan, np.where(hops < HOPS_PER_WINDOW // 2, -1.0, mean))


def _count(power: F64, rest_below: float, tally: Tally, layout: Layout) -> tuple[Tally, F64]:
    """Every window into the histogram, and rest into gaps; and the power, where gated that of the window before.

    A gap lasts from the beginning of its first window to the end of its last one, and counts as soon as it is long
    enough.
    """
    resting, counted, length, away = (int(value) for value in tally.run)
    measured, n_gated, gaps, gap_hops, longest = (int(value) for value in tally.counts)
    last, held = tally.last_power, np.zeros(len(power))
    histogram = tally.histogram.copy()
    for i, value in enumerate(power):
        n_gated += int(value < 0 and not np.isnan(last))
        last = held[i] = last if value < 0 else float(value)
        if np.isnan(last):
            resting, counted, length, away = 0, 0, 0, HOPS_PER_WINDOW
            continue
        measured += 1
        histogram[bin_of(last)] += 1
        if not last < rest_below:
            resting, counted, away = 0, 0, away + 1
            continue
        if not resting:
            length = min(away, HOPS_PER_WINDOW - 1)
        resting, away, length = 1, 0, length + 1
        if length >= layout.gap_hops:
            gaps += int(not counted)
            gap_hops += 1 if counted else length
            longest = max(longest, length)
            counted = 1
    tally = Tally(
        run=np.array([resting, counted, length, away], np.int64),
        last_power=last,
        histogram=histogram,
        counts=np.array([measured, n_gated, gaps, gap_hops, longest], np.int64),
    )
    return tally, held
