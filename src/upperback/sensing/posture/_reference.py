"""Posture in NumPy and double precision: what the compiled kernel has to agree with, and what runs without it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from upperback.sensing.epochs import COLUMNS
from upperback.sensing.histogram import FLEXION_BINS, INCLINATION_BINS, LATERAL_BINS, VELOCITY_BINS
from upperback.sensing.posture._grid import Grid
from upperback.sensing.posture.base import REASONS
from upperback.sensing.signal import G_MPS2
from upperback.sensing.trunk import TrunkAlignment

_Numbers = npt.NDArray[np.float64]

#: Rows of the state, as in kernel/posture.c.
AGE, GAP, SEEN, UP, INCLINATION, SUMS = 0, 1, 2, 3, 6, 7
N_SUMS = 14

_GAP, _NOT_WORN, _IMPLAUSIBLE, _UNSETTLED = (
    REASONS.index(name) for name in ("gap", "not worn", "implausible", "unsettled")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Angles:
    """Of each sample, in degrees; NaN where its vertical is."""

    inclination_deg: _Numbers
    flexion_deg: _Numbers
    lateral_deg: _Numbers


def angles(up: npt.NDArray[np.floating], alignment: TrunkAlignment | None) -> Angles:
    """Angles of the trunk from the vertical in the sensor frame.

    Parameters
    ----------
    up : (n_samples, 3), length 1
    alignment : None: nothing can be told. Without a front: only inclination

    Returns
    -------
    Angles : inclination is the angle between the spine and the vertical. Flexion is the turn of the spine about the
        axis to the left, as seen from that side: forward is positive. Lateral is the angle between the vertical and the
        plane of spine and front; to the right is positive. Flexion and then lateral bring the trunk from upright to
        where it is; how far it turned about the vertical cannot be told from the vertical, and is not.
    """
    nothing = np.full(len(up), np.nan)
    if alignment is None:
        return Angles(inclination_deg=nothing, flexion_deg=nothing, lateral_deg=nothing)
    along, aside, ahead = alignment.axes() @ np.asarray(up, np.float64).T
    inclination = np.degrees(np.arctan2(np.hypot(aside, ahead), along))
    if not alignment.has_front:
        return Angles(inclination_deg=inclination, flexion_deg=nothing, lateral_deg=nothing)
    return Angles(
        inclination_deg=inclination,
        flexion_deg=np.degrees(np.arctan2(-ahead, along)),
        lateral_deg=np.degrees(np.arctan2(aside, np.hypot(along, ahead))),
    )


def generalised_velocity_dps(up: _Numbers, before: _Numbers, sampling_rate_hz: float) -> _Numbers:
    """Angle between each vertical and the one before it, per second. Angles beyond 60 deg count as 60."""
    half_chord = np.linalg.norm(up - before, axis=1) / 2
    speed: _Numbers = np.degrees(2 * np.arcsin(np.minimum(half_chord, 0.5))) * sampling_rate_hz
    return speed


def run(
    up: _Numbers,
    acc: npt.NDArray[np.float32] | None,
    reasons: npt.NDArray[np.uint8],
    *,
    alignment: TrunkAlignment | None,
    gap_max: int,
    settled: int,
    grid: Grid,
    start: int,
    state: _Numbers,
    epochs: npt.NDArray[np.float32],
    first_epoch: int,
    counts: npt.NDArray[np.int64],
    samples: npt.NDArray[np.int64],
) -> None:
    """Goes on with a block; changes `state`, `counts` and `samples`, and writes the rows of finished epochs.

    Parameters
    ----------
    up : (n_samples, 3), all three NaN where it is not known
    acc : (n_samples, 3) or None
    reasons : (n_samples,) index into `REASONS` of samples that are not to be used, else 0
    gap_max, settled : of the filter of the vertical, samples
    start : number of the first sample in the stream
    state : (SUMS + N_SUMS,)
    epochs : rows from `first_epoch` on
    counts : five histograms behind each other, in the order of `PostureSummary`
    """
    if not len(up):
        return
    good = ~np.isnan(up[:, 0])
    is_settled = good & _settle(good, state, gap_max, settled)
    found = angles(up, alignment)
    before = np.vstack([state[UP : UP + 3], up[:-1]])
    inclination_before = np.concatenate([state[INCLINATION : INCLINATION + 1], found.inclination_deg[:-1]])
    follows = is_settled & np.concatenate([[state[SEEN] > 0], is_settled[:-1]])
    turned = np.abs(found.inclination_deg - inclination_before) * grid.sampling_rate_hz
    travelled = generalised_velocity_dps(up, before, grid.sampling_rate_hz)
    state[SEEN] = is_settled[-1]
    state[UP : UP + 3], state[INCLINATION] = up[-1], found.inclination_deg[-1]

    why = reasons.astype(np.int64)
    why[(why == 0) & ~good] = _IMPLAUSIBLE
    why[(why == 0) & ~is_settled] = _UNSETTLED
    why[is_settled] = 0
    samples += np.bincount(why, minlength=len(REASONS))

    each = (
        (INCLINATION_BINS, found.inclination_deg, is_settled),
        (FLEXION_BINS, found.flexion_deg, is_settled),
        (LATERAL_BINS, found.lateral_deg, is_settled),
        (VELOCITY_BINS, turned, follows),
        (VELOCITY_BINS, travelled, follows),
    )
    offset = 0
    for bins, values, counted in each:
        some = values[counted & np.isfinite(values)]
        counts[offset : offset + bins.n_bins] += np.bincount(bins.index(some), minlength=bins.n_bins)
        offset += bins.n_bins

    force = np.full(len(up), np.nan) if acc is None else np.linalg.norm(acc.astype(np.float64), axis=1) - G_MPS2
    plain = is_settled & (np.abs(force) < 1e4)
    terms = np.stack(
        [
            *(np.where(is_settled, values, 0) for _, values, _ in each[:3]),
            *(np.where(follows, values, 0) for _, values, _ in each[3:]),
            *(np.where(is_settled, axis, 0) for axis in up.T),
            is_settled,
            follows,
            np.where(plain, force, 0),
            np.where(plain, force**2, 0),
            plain,
            why == _NOT_WORN,
        ],
        axis=1,
    )
    _sum_epochs(terms, grid, start, state, epochs, first_epoch, alignment)


def _settle(good: npt.NDArray[np.bool_], state: _Numbers, gap_max: int, settled: int) -> npt.NDArray[np.bool_]:
    """Which samples come late enough after a start, counting as the filters do."""
    is_settled = np.zeros(len(good), np.bool_)
    age, gap = int(state[AGE]), int(state[GAP])
    for k, fine in enumerate(good.tolist()):
        gap = 0 if fine else min(gap + 1, gap_max)
        if fine:
            age = min(age + 1, settled)
        elif gap >= gap_max:
            age = 0
        is_settled[k] = age >= settled
    state[AGE], state[GAP] = age, gap
    return is_settled


def _sum_epochs(
    terms: _Numbers,
    grid: Grid,
    start: int,
    state: _Numbers,
    epochs: npt.NDArray[np.float32],
    first_epoch: int,
    alignment: TrunkAlignment | None,
) -> None:
    """Adds up the terms of each epoch one after the other, so that it does not matter where a block was cut."""
    epoch, at = grid.epoch_of(start), 0
    while at < len(terms):
        end = min(grid.first_of(epoch + 1) - start, len(terms))
        part = np.vstack([state[SUMS : SUMS + N_SUMS], terms[at:end]])
        state[SUMS : SUMS + N_SUMS] = np.add.accumulate(part)[-1]
        if start + end == grid.first_of(epoch + 1):
            epochs[epoch - first_epoch] = epoch_row(state, grid.expected_in(epoch), alignment)
            state[SUMS : SUMS + N_SUMS] = 0
            epoch += 1
        at = end


def epoch_row(state: _Numbers, n_expected: int, alignment: TrunkAlignment | None) -> npt.NDArray[np.float32]:
    """The row of the epoch whose sums stand in the state."""
    sums = state[SUMS : SUMS + N_SUMS].astype(np.float64)
    n_measured, n_follow, force, force_square, n_force, n_not_worn = sums[8:14]
    row = np.full(len(COLUMNS), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        row[:3] = sums[:3] / n_measured
        row[3:5] = sums[3:5] / n_follow
        row[5:8] = sums[5:8] / n_measured
        row[8] = np.sqrt(max(force_square / n_force - (force / n_force) ** 2, 0.0)) if n_force else np.nan
    if alignment is None:  # the kernel has summed up angles to axes that mean nothing
        row[[0, 3]] = np.nan
    if alignment is None or not alignment.has_front:
        row[1:3] = np.nan
    row[9:] = n_measured / n_expected, n_not_worn / n_expected
    return row.astype(np.float32)


def sum_rests(
    gyr: npt.NDArray[np.float32],
    acc: npt.NDArray[np.float32],
    window: int,
    stride: int,
    squares: npt.NDArray[np.float32],
) -> _Numbers:
    """Sums of the mean angular velocity in windows that rest, and how many did. posture_rests in kernel/posture.c."""
    found = np.zeros(4)
    for start in range(0, len(gyr) - window + 1, stride):
        turn, force = (array[start : start + window // 4 * 4].astype(np.float64) for array in (gyr, acc))
        offs = [np.max((array - array.mean(axis=0)) ** 2, axis=0).sum() for array in (turn, force)]
        offs.append(np.sum(turn.mean(axis=0) ** 2))
        if all(off < limit for off, limit in zip(offs, squares, strict=True)):  # false for NaN
            found += [*turn.mean(axis=0), 1]
    return found
