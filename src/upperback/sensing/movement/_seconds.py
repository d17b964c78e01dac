"""From slots to the figures of whole seconds."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from upperback.sensing.signal import Quality, QualityFlag, Signal1, Signal3
from upperback.sensing.slots import SLOTS_PER_S, Slots

_SLOTS_MIN: Final = 20
"""Slots that a measured second has, of 25."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFigures:
    """Figures of consecutive seconds, before anything is made of them.

    Attributes
    ----------
    acc_mps2 : (n, 3) float32, mean; NaN where the second was not measured
    intensity_mps2 : (n,) float32, mean absolute deviation of the length of the specific force; NaN likewise
    tremor_mps2 : (n,) float32, standard deviation within the second, all axes together; NaN likewise
    rotation_radps : (n,) float32, mean length of the angular velocity; NaN without
    temperature_degc : (n,) float32; NaN where unknown
    quality : (n,) uint8
    length_mps2 : (25 n,) float32, length of the specific force, slot by slot; NaN where there is none
    """

    acc_mps2: Signal3
    intensity_mps2: Signal1
    tremor_mps2: Signal1
    rotation_radps: Signal1
    temperature_degc: Signal1
    quality: Quality
    length_mps2: Signal1

    def __len__(self) -> int:
        return len(self.quality)


def second_figures(slots: Slots) -> SecondFigures:
    """The figures of each second. Each rests on its own 25 slots only, so cuts do not matter."""
    n = len(slots) // SLOTS_PER_S
    x, y, z = (np.ascontiguousarray(slots.acc_mps2[:, axis]) for axis in range(3))
    length = np.sqrt(x * x + y * y + z * z)
    there = np.isfinite(length).reshape(n, SLOTS_PER_S)
    count = there.sum(axis=1)
    measured = count >= _SLOTS_MIN
    per_slot = np.where(measured, 1 / np.maximum(count, 1), np.nan).astype(np.float32)[:, None]
    complete = bool(there.all())

    def mean(values: Signal1) -> Signal1:
        rows = values.reshape(n, SLOTS_PER_S)
        total: Signal1 = (rows if complete else np.where(there, rows, 0)).sum(axis=1, dtype=np.float32, keepdims=True)
        return total * per_slot

    means = [mean(axis) for axis in (x, y, z)]
    deviation = np.abs((length.reshape(n, SLOTS_PER_S) - mean(length)).ravel())
    spread = [
        np.square((axis.reshape(n, SLOTS_PER_S) - middle).ravel())
        for axis, middle in zip((x, y, z), means, strict=True)
    ]
    quality = np.bitwise_or.reduce(slots.quality.reshape(n, SLOTS_PER_S), axis=1)
    return SecondFigures(
        acc_mps2=np.concatenate(means, axis=1),
        intensity_mps2=mean(deviation)[:, 0],
        tremor_mps2=np.sqrt(mean(spread[0] + spread[1] + spread[2])[:, 0]),
        rotation_radps=_rotation(slots.gyr_radps),
        temperature_degc=slots.temperature_degc[::SLOTS_PER_S],
        quality=np.where(measured, quality, quality | np.uint8(QualityFlag.GAP)).astype(np.uint8),
        length_mps2=length,
    )


def _rotation(gyr: Signal3) -> Signal1:
    n = len(gyr) // SLOTS_PER_S
    if not any(gyr.strides):  # no gyroscope
        return np.full(n, np.nan, np.float32)
    length = np.sqrt(np.square(gyr).sum(axis=1)).reshape(n, SLOTS_PER_S)
    there = np.isfinite(length)
    count = there.sum(axis=1)
    total = np.where(there, length, 0).sum(axis=1, dtype=np.float32)
    return np.where(count >= _SLOTS_MIN, total / np.maximum(count, 1), np.nan).astype(np.float32)
