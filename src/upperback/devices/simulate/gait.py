"""A walking trunk: phase, steps, the turns of the spine and the push of each step.

Numbers are of the size the literature reports for easy walking; what is tested with them is agreement with this model.
A step begins when a foot meets the ground: forward acceleration of the trunk goes through nought from + to - there,
and the trunk is lowest shortly after (Zijlstra and Hof, Gait Posture 2003;18(2):1-10).
"""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from upperback.devices.simulate.jets import Envelope, Jet, SmoothNoise
from upperback.devices.simulate.quaternions import Array

_RAMP_S = 1.2
_STEP_COUNTS_FROM = 0.25  # of full strength
_LOWEST_AFTER = 0.12  # of a step

# Harmonics of the stride: 1 is a stride (two steps), 2 a step.
_UP = ((2, 2.2, 0.0), (4, 0.9, 0.6), (6, 0.4, 1.4))  # harmonic, m/s2, phase
_FORWARD = ((2, 1.2, 0.0), (4, 0.4, 0.4))
_SIDE = ((1, 0.7, 0.0), (3, 0.5, 0.5))
_UPPER_DEG = (  # axis (0 side bend, 1 forward, 2 turn), harmonic, degrees, phase
    (0, 1, 1.2, 0.3),
    (1, 2, 1.0, 1.0),
    (2, 1, 3.0, 0.0),
)
_LOWER_DEG = ((0, 1, 1.8, 0.2), (1, 2, 0.9, 1.0), (2, 1, -2.0, 0.4))
_WOBBLE = ((1, 4, 0.6, 0.8), (1, 6, 0.5, 1.9), (0, 5, 0.5, 0.4))  # of the skin, shares of its strength


@dataclass(frozen=True)
class Gait:
    """One stretch of walking without a stop."""

    start_s: float
    end_s: float
    cadence_per_min: float
    bounce: float
    rhythm: SmoothNoise
    strength: Envelope = field(init=False)

    def __post_init__(self) -> None:
        strength = Envelope()
        ramp = min(_RAMP_S, (self.end_s - self.start_s) / 2.5)
        strength.go(1.0, at_s=self.start_s, ramp_s=ramp)
        strength.go(0.0, at_s=self.end_s - ramp, ramp_s=ramp)
        object.__setattr__(self, "strength", strength)

    def phase(self, t: Array) -> Jet:
        """Phase of the stride, rad: one step is half a turn."""
        rate = np.pi * self.cadence_per_min / 60
        unsteady = self.rhythm.jet(t).scaled(0.06)
        return Jet(rate * (t - self.start_s) + unsteady.x + 1.0, rate + unsteady.d, unsteady.dd)

    def steps(self) -> Array:
        """The moments at which a foot meets the ground."""
        t = np.arange(self.start_s, self.end_s, 0.01)
        phase = np.maximum.accumulate(self.phase(t).x)
        whole = np.arange(np.ceil(phase[0] / np.pi), np.floor(phase[-1] / np.pi) + 1)
        times = np.interp(whole * np.pi, phase, t)
        counted: Array = times[self.strength.jet(times).x >= _STEP_COUNTS_FROM] if len(times) else times
        return counted

    def turns(self, t: Array) -> tuple[list[Jet], list[Jet], list[Jet]]:
        """Small turns of upper and lower spine about their ahead, left and up axes, rad; of the skin, share."""
        phase, strength = self.phase(t), self.strength.jet(t)
        waves = _Waves(phase)
        upper, lower, skin = (
            [_sum(waves, part, axis, factor).times(strength) for axis in range(3)]
            for part, factor in ((_UPPER_DEG, np.pi / 180), (_LOWER_DEG, np.pi / 180), (_WOBBLE, 1.0))
        )
        return upper, lower, skin

    def push(self, t: Array) -> Array:
        """(3, n) acceleration ahead, to the left and up, m/s2."""
        phase, strength = self.phase(t), self.strength.jet(t)
        faster = (self.cadence_per_min / 110) ** 2
        waves = _Waves(phase)
        lowest = 2 * np.pi * _LOWEST_AFTER
        up = sum(a * waves.cosine(k, p - lowest * k / 2) for k, a, p in _UP)
        ahead = -sum(a * waves.cosine(k, p - np.pi / 2) for k, a, p in _FORWARD)
        side = sum(a * waves.cosine(k, p) for k, a, p in _SIDE)
        metres_per_second = 0.0118 * self.cadence_per_min
        start_and_stop = metres_per_second * strength.d
        return np.stack(
            [
                strength.x * faster * ahead + start_and_stop,
                strength.x * side,
                strength.x * faster * self.bounce * up,
            ]
        )


_Complex: TypeAlias = npt.NDArray[np.complex128]


class _Waves:
    """Harmonics of one phase."""

    def __init__(self, phase: Jet) -> None:
        self._phase = phase
        self._turns: list[_Complex] = [np.ones_like(phase.x, dtype=np.complex128), np.exp(1j * phase.x)]

    def _turned(self, harmonic: int) -> _Complex:
        while len(self._turns) <= harmonic:
            self._turns.append(self._turns[-1] * self._turns[1])
        return self._turns[harmonic]

    def cosine(self, harmonic: int, shift: float) -> Array:
        """cos(harmonic x phase + shift)"""
        real: Array = (self._turned(harmonic) * np.exp(1j * shift)).real
        return real

    def jet(self, harmonic: int, shift: float) -> Jet:
        """The same with its derivatives."""
        wave = self._turned(harmonic) * np.exp(1j * shift)
        rate = harmonic * self._phase.d
        return Jet(wave.real, -rate * wave.imag, -rate * rate * wave.real - harmonic * self._phase.dd * wave.imag)


def _sum(waves: _Waves, parts: tuple[tuple[int, int, float, float], ...], axis: int, factor: float) -> Jet:
    still = np.zeros_like(waves.cosine(0, 0.0))
    total = Jet(still, still, still)
    for at, harmonic, size, shift in parts:
        if at == axis:
            total = total.plus(waves.jet(harmonic, shift).scaled(size * factor))
    return total
