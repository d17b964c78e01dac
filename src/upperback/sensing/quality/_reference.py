"""The steps of quality in NumPy, written to be read. The compiled kernel agrees with it; without one it runs."""

import numpy as np
import numpy.typing as npt

from upperback.sensing.quality.base import (
    EARLIER,
    F64,
    JUMP_GRAVITY_SHARE,
    LATER,
    RATE,
    UP,
    Bools,
    Limits,
    Marks,
    Second,
)
from upperback.sensing.signal import G_MPS2, Quality, QualityFlag, Signal3

F32 = npt.NDArray[np.float32]


class Reference:
    """The slow, obvious version of both steps."""

    def marks(
        self, acc: Signal3, gyr: Signal3 | None, limits: Limits, marks: Marks, flags: Quality
    ) -> tuple[Marks, int, int]:
        """Flags of samples, added in place.

        Parameters
        ----------
        acc, gyr : (n, 3) float32, m/s2 and rad/s
        limits : thresholds
        marks : what the samples before left
        flags : (n,) uint8

        Returns
        -------
        marks; number of jumps; sample of the last one
        """
        if not len(acc):
            return marks, 0, 0
        with np.errstate(invalid="ignore", over="ignore"):  # what is missing or impossible is what this is about
            square = acc[:, 0] * acc[:, 0] + acc[:, 1] * acc[:, 1] + acc[:, 2] * acc[:, 2]
            flags[np.isnan(acc).any(axis=1)] |= int(QualityFlag.GAP)
            flags[np.isinf(square)] |= int(QualityFlag.IMPLAUSIBLE)
            flags[_clipped(acc, marks.acc, limits.acc, known=limits.acc_known)] |= int(QualityFlag.CLIPPED)
            falling = _mark_falls(square, marks.falling, limits, flags)
            jumping, jumps, last = _mark_jumps(acc, marks, limits, flags)
            if gyr is not None:
                flags[np.isinf(gyr).any(axis=1)] |= int(QualityFlag.IMPLAUSIBLE)
                flags[_clipped(gyr, marks.gyr, limits.gyr, known=limits.gyr_known)] |= int(QualityFlag.CLIPPED)
        marks = Marks(
            acc=np.concatenate([marks.acc, acc])[-2:],
            gyr=marks.gyr if gyr is None else np.concatenate([marks.gyr, gyr])[-2:],
            falling=falling,
            jumping=jumping,
        )
        return marks, jumps, last

    def seconds(self, acc: Signal3, gyr: Signal3 | None, length: int, stuck_mps2_min: float) -> F64:
        """Figures of whole seconds.

        Parameters
        ----------
        acc, gyr : (n_seconds * length, 3) float32
        length : samples of a second
        stuck_mps2_min : an axis is stuck where another moves more than this

        Returns
        -------
        (n_seconds, len(Second))
        """
        n = len(acc) // length
        found = np.full((n, len(Second)), np.nan)
        with np.errstate(invalid="ignore", over="ignore"):
            means, off, squares = _means(acc.reshape(n, length, 3), about=G_MPS2)
            found[:, Second.LENGTH], found[:, UP] = np.float32(G_MPS2) + off, means
            found[:, Second.SPREAD] = np.sqrt(np.maximum(squares - off**2, 0))
            found[:, Second.STUCK] = _stuck(acc.reshape(n, length, 3), stuck_mps2_min)
            if gyr is not None:
                means, _, squares = _means(gyr.reshape(n, length, 3), about=0.0)
                found[:, RATE] = means
                found[:, Second.RATE_SPREAD] = np.sqrt(np.maximum(squares - (means**2).sum(axis=1), 0))
                turns = np.cross(acc.reshape(n, length, 3), gyr.reshape(n, length, 3)).astype(np.float64)
                since = ((np.arange(length) + 0.5) / length)[:, None]
                found[:, LATER], found[:, EARLIER] = (turns * since).mean(axis=1), (turns * (1 - since)).mean(axis=1)
        return found


def _clipped(samples: Signal3, before: Signal3, limit: float, *, known: bool) -> Bools:
    """At the known end of the range, or the third alike on an axis where a range may end."""
    far = np.abs(samples) >= limit
    if known:
        return np.asarray(far.any(axis=1))
    run = np.concatenate([before, samples])
    return np.asarray((far & (run[2:] == run[1:-1]) & (run[1:-1] == run[:-2])).any(axis=1))


def _mark_falls(square: F32, falling: int, limits: Limits, flags: Quality) -> int:
    """Returns how long the fall under way has lasted."""
    below = square < limits.fall_square
    index = np.arange(len(below))
    lasted = index - np.maximum.accumulate(np.where(below, -1 - falling, index))
    falls = lasted >= limits.fall_first
    flags[falls & (lasted <= limits.fall_longest)] |= int(QualityFlag.FREE_FALL)
    flags[falls & (lasted > limits.fall_longest)] |= int(QualityFlag.IMPLAUSIBLE)
    return int(lasted[-1])


def _mark_jumps(acc: Signal3, marks: Marks, limits: Limits, flags: Quality) -> tuple[int, int, int]:
    """Gravity that turns too far between two samples: the axes have turned, and a second is doubted from there on.

    Returns
    -------
    samples still doubted; number of jumps; sample of the last one
    """
    doubted = np.zeros(max(len(acc), marks.jumping), bool)
    doubted[: marks.jumping] = True
    at = np.zeros(0, np.int64)
    if limits.jump_samples:
        run = np.concatenate([marks.acc[1:], acc])
        far = (np.abs(run[1:] - run[:-1]) > limits.jump_step).any(axis=1)
        before, after = run[:-1].astype(np.float64), run[1:].astype(np.float64)
        there, here = np.sqrt((before**2).sum(axis=1)), np.sqrt((after**2).sum(axis=1))
        is_gravity = np.maximum(np.abs(here / G_MPS2 - 1), np.abs(there / G_MPS2 - 1)) < JUMP_GRAVITY_SHARE
        with np.errstate(divide="ignore"):
            turned = (before * after).sum(axis=1) / (here * there) < limits.jump_cosine
        at = np.flatnonzero(far & is_gravity & turned)
    for start in at:
        doubted[start : start + limits.jump_samples] = True
    flags[doubted[: len(acc)]] |= int(QualityFlag.IMPLAUSIBLE)
    last = int(at[-1]) if len(at) else 0
    left = max(marks.jumping - len(acc), last + limits.jump_samples - len(acc) if len(at) else 0, 0)
    return left, len(at), last


def _means(samples: npt.NDArray[np.float32], *, about: float) -> tuple[F64, F64, F64]:
    """Of each second (n, length, 3): mean of each axis, of the length less `about`, and of its square."""
    off = np.sqrt((samples * samples).sum(axis=2)) - np.float32(about)
    return (
        samples.mean(axis=1, dtype=np.float64),
        off.mean(axis=1, dtype=np.float64),
        (off * off).mean(axis=1, dtype=np.float64),
    )


def _stuck(acc: npt.NDArray[np.float32], least: float) -> F64:
    """1 where an axis stays the same for a second while another moves."""
    found = np.zeros(len(acc))
    maybe = np.flatnonzero((acc == acc[:, :1]).all(axis=1).any(axis=1))
    found[maybe] = (acc[maybe].std(axis=1, dtype=np.float64) > least).any(axis=1)
    return found
