"""From slots to the figures of whole seconds."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from upperback.sensing.movement._compiled import Compiled, kernel
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
    tremor_mps2 : (n,) float32, standard deviation within the second, all axes together; NaN likewise
    intensity_mps2 : (n,) float32, mean absolute deviation of the length of the specific force; NaN likewise
    gyr_radps, gyr_tremor_radps : the same of the angular velocity; NaN without gyroscope
    rotation_radps : (n,) float32, mean length of the angular velocity; NaN without
    temperature_degc : (n,) float32; NaN where unknown
    quality : (n,) uint8
    length_mps2 : (25 n,) float32, length of the specific force, slot by slot; NaN where there is none
    """

    acc_mps2: Signal3
    tremor_mps2: Signal1
    intensity_mps2: Signal1
    gyr_radps: Signal3
    gyr_tremor_radps: Signal1
    rotation_radps: Signal1
    temperature_degc: Signal1
    quality: Quality
    length_mps2: Signal1

    def __len__(self) -> int:
        return len(self.quality)


@dataclass(frozen=True, slots=True)
class _Figures:
    """Of one signal: mean and spread of each second, mean of the length and of its deviation, and the length."""

    mean: Signal3
    spread: Signal1
    mean_length: Signal1
    deviation: Signal1
    length: Signal1


def second_figures(slots: Slots, instruction_set: str | None = None) -> SecondFigures:
    """The figures of each second. Each rests on its own 25 slots only, so cuts do not matter."""
    compiled = kernel(instruction_set)
    acc = _figures(slots.acc_mps2, compiled)
    gyr = _figures(slots.gyr_radps, compiled)
    quality = slots.quality[::SLOTS_PER_S]
    if slots.quality.any():
        quality = np.bitwise_or.reduce(slots.quality.reshape(-1, SLOTS_PER_S), axis=1)
    missing = ~np.isfinite(acc.spread)
    return SecondFigures(
        acc_mps2=acc.mean,
        tremor_mps2=acc.spread,
        intensity_mps2=acc.deviation,
        gyr_radps=gyr.mean,
        gyr_tremor_radps=gyr.spread,
        rotation_radps=gyr.mean_length,
        temperature_degc=slots.temperature_degc[::SLOTS_PER_S],
        quality=np.where(missing, quality | np.uint8(QualityFlag.GAP), quality).astype(np.uint8),
        length_mps2=acc.length,
    )


def _figures(signal: Signal3, compiled: Compiled | None) -> _Figures:
    n = len(signal) // SLOTS_PER_S
    if not any(signal.strides):  # not there at all
        nothing = np.full(n, np.nan, np.float32)
        return _Figures(
            np.full((n, 3), np.nan, np.float32), nothing, nothing, nothing, np.full(len(signal), np.nan, np.float32)
        )
    return _reference(signal) if compiled is None else _Figures(*compiled.second_figures(signal, _SLOTS_MIN))


def _reference(signal: Signal3) -> _Figures:
    n = len(signal) // SLOTS_PER_S
    axes = [np.ascontiguousarray(signal[:, axis]) for axis in range(3)]
    length = np.sqrt(axes[0] * axes[0] + axes[1] * axes[1] + axes[2] * axes[2])
    there = np.isfinite(length).reshape(n, SLOTS_PER_S)
    count = there.sum(axis=1)
    enough = count >= _SLOTS_MIN
    per_slot = np.where(enough, 1 / np.maximum(count, 1), np.nan).astype(np.float32)[:, None]
    complete = bool(there.all())

    def mean(values: Signal1) -> Signal1:
        rows = values.reshape(n, SLOTS_PER_S)
        total: Signal1 = (rows if complete else np.where(there, rows, 0)).sum(axis=1, dtype=np.float32, keepdims=True)
        return total * per_slot

    def from_mean(values: Signal1, middle: Signal1) -> Signal1:
        return (values.reshape(n, SLOTS_PER_S) - middle).ravel()

    means, mean_length = [mean(axis) for axis in axes], mean(length)
    squares = [np.square(from_mean(axis, middle)) for axis, middle in zip(axes, means, strict=True)]
    return _Figures(
        mean=np.concatenate(means, axis=1),
        spread=np.sqrt(mean(squares[0] + squares[1] + squares[2])[:, 0]),
        mean_length=mean_length[:, 0],
        deviation=mean(np.abs(from_mean(length, mean_length)))[:, 0],
        length=length,
    )
