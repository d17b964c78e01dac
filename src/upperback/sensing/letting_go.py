"""Relax and find the gap: press a little, let go, and see how soon the muscle is at rest. Pure, live, one channel."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from upperback.core.errors import InputError
from upperback.sensing.muscle import EmgReference, MuscleParams, measure_noise, start_muscle, update_muscle
from upperback.sensing.signal import EmgChunk

Stage = Literal["rest", "press", "let_go", "done"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LettingGoParams:
    """Tuning. Lengths are planning values; a gap of 0.2 s is that of the muscle stage.

    Attributes
    ----------
    rest_s : the muscle rests for so long at the start, which shows the noise of electrode and amplifier
    rest_per_noise : at rest is below this many times the noise, noise taken off
    press_per_noise, press_s : pressing is above this for so long
    gap_s : rest for so long is a gap
    beat_s : so short a rise within a gap is a heart beat
    give_up_s : a round without a gap is over after this
    """

    rest_s: float = 12.0
    rest_per_noise: float = 1.0
    press_per_noise: float = 4.0
    press_s: float = 3.0
    gap_s: float = 0.2
    beat_s: float = 0.15
    give_up_s: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One time of pressing and letting go.

    Attributes
    ----------
    after_s : from "let go" to the beginning of the first gap; None where there was none
    """

    number: int
    after_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a chunk brought.

    Attributes
    ----------
    stage : what the person is asked for now
    rounds : that were finished
    level : amplitude now, in times of the noise, noise taken off; NaN where it is not known
    """

    stage: Stage
    rounds: tuple[Round, ...]
    level: float


class LettingGo:
    """A training of so many rounds. It waits for the person: nobody is hurried by a clock."""

    def __init__(self, *, sampling_rate_hz: float, rounds: int = 5, params: LettingGoParams | None = None) -> None:
        """Begin.

        Raises
        ------
        InputError : fewer than one round.
        """
        if rounds < 1:
            raise InputError(f"{rounds} rounds: 1 or more are expected")
        self.params = params or LettingGoParams()
        self.stage: Stage = "rest"
        self._muscle = MuscleParams(spectrum=False)
        self._rate_hz, self._left = sampling_rate_hz, rounds
        self._resting: list[EmgChunk] = []
        self._noise_v = math.nan
        self._state = start_muscle(sampling_rate_hz=sampling_rate_hz, references=(EmgReference(),), params=self._muscle)
        self._level = math.nan
        self._asked_s = math.nan
        self._pressed_s, self._quiet_s, self._loud_s = 0.0, 0.0, 0.0
        self._number = 0

    def update(self, chunk: EmgChunk) -> Said:
        """Go on with the next samples of one channel.

        Raises
        ------
        InputError : the muscle was not at rest at the start.
        SignalShapeError : a chunk with another rate or more channels.
        """
        if self.stage == "rest":
            self._rest(chunk)
            return Said(stage=self.stage, rounds=(), level=math.nan)
        self._state, block = update_muscle(self._state, chunk, self._muscle)
        found: list[Round] = []
        for hop, rms_v in enumerate(block.rms_v[:, 0].tolist()):
            at_s = block.start_s + (hop + 1) * block.hop_s
            found += self._hop(at_s, block.hop_s, rms_v / self._noise_v)
        return Said(stage=self.stage, rounds=tuple(found), level=self._level)

    def _rest(self, chunk: EmgChunk) -> None:
        self._resting.append(chunk)
        if chunk.end_s - self._resting[0].start_s < self.params.rest_s:
            return
        first = self._resting[0]
        whole = EmgChunk(
            start_s=first.start_s,
            sampling_rate_hz=self._rate_hz,
            emg_v=np.concatenate([one.emg_v for one in self._resting]),
            quality=None
            if first.quality is None
            else np.concatenate([one.quality for one in self._resting if one.quality is not None]),
        )
        (self._noise_v,) = measure_noise(whole, self._muscle)
        references = (EmgReference(noise_rms_v=self._noise_v),)
        self._state = start_muscle(sampling_rate_hz=self._rate_hz, references=references, params=self._muscle)
        self._resting, self.stage = [], "press"

    def _hop(self, at_s: float, hop_s: float, level: float) -> list[Round]:
        params = self.params
        if math.isnan(level):
            self._quiet_s = self._pressed_s = 0.0
            return []
        self._level = level
        if self.stage == "press":
            self._pressed_s = self._pressed_s + hop_s if level > params.press_per_noise else 0.0
            if self._pressed_s >= params.press_s:
                self.stage, self._asked_s, self._quiet_s, self._loud_s = "let_go", at_s, 0.0, 0.0
            return []
        if self.stage != "let_go":
            return []
        if level <= params.rest_per_noise:
            self._quiet_s += self._loud_s + hop_s if self._quiet_s else hop_s
            self._loud_s = 0.0
        else:
            self._loud_s += hop_s
            if self._loud_s > params.beat_s:
                self._quiet_s = 0.0
        if self._quiet_s >= params.gap_s:
            return [self._round(at_s - self._quiet_s - self._asked_s)]
        if at_s - self._asked_s > params.give_up_s:
            return [self._round(None)]
        return []

    def _round(self, after_s: float | None) -> Round:
        self._number += 1
        self._left -= 1
        self._pressed_s = 0.0
        self.stage = "press" if self._left else "done"
        return Round(number=self._number, after_s=None if after_s is None else max(0.0, after_s))
