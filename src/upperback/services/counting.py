"""Repetitions of one set, felt by a sensor on the chest: how many, how fast, how far, and at most one hint."""

import math
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from upperback.care.counted_sets import LOOKS_AT, Done, can_count, set_hint
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError
from upperback.devices.exercise_templates import repetition_template
from upperback.devices.live.phone import PhoneFrame
from upperback.sensing.even import EvenState, EvenStream
from upperback.sensing.repetitions import CounterState, Doubt, RepetitionBlock, RepetitionCounter
from upperback.sensing.signal import Chunk

_LAST_MAX: Final = 20


@dataclass(slots=True, kw_only=True)
class CountState:
    """Everything to go on with a set, here or in another process.

    Attributes
    ----------
    exercise : its id
    counter : of the kernel
    even : the grid that the frames come onto
    before, next_index : counted before a long hole, and where the grid goes on
    numbers, moving_s, range_deg : of the last repetitions; a range of NaN is not known
    doubt, hint : said in this set, or empty
    """

    exercise: str
    counter: CounterState
    even: EvenState = field(default_factory=EvenState)
    before: int = 0
    next_index: int = 0
    numbers: list[int] = field(default_factory=list)
    moving_s: list[float] = field(default_factory=list)
    range_deg: list[float] = field(default_factory=list)
    doubt: str = ""
    hint: str = ""


class SetCount:
    """Counts a set until it is ended. What is told is plain data: see `told`."""

    def __init__(
        self, *, sampling_rate_hz: float, exercise: str, points_up: bool = True, state: CountState | None = None
    ) -> None:
        """Begin, or go on.

        Raises
        ------
        InputError : there is no such exercise, or a sensor on the chest does not feel it.
        """
        found = default_content().exercises.get(exercise)
        if found is None or not can_count(found):
            raise InputError("This exercise cannot be counted by a sensor on the chest")
        template = repetition_template(found)
        self._rate_hz, self._sign = sampling_rate_hz, np.float32(1 if points_up else -1)
        self._template = template
        self._counter = self._begun(None if state is None else state.counter)
        self.state = state or CountState(exercise=exercise, counter=self._counter.state)
        self._stream = EvenStream(sampling_rate_hz=sampling_rate_hz, state=self.state.even)
        self._planned_s = found.tempo.out_s + found.tempo.back_s
        self._range_deg = template.range_deg
        #: Both sides are one repetition where the figure shows both.
        self._each = 2 if template.both_sides else 1

    def put(self, frame: PhoneFrame) -> dict[str, Any] | None:
        """What a frame of a phone brought, or None. After a long hole the count goes on from what it was."""
        values = frame.acc_mps2 * self._sign
        if frame.rotation_dps is not None:
            values = np.hstack([values, np.radians(frame.rotation_dps).astype(np.float32)])
        told: dict[str, Any] | None = None
        for piece in self._stream.update(frame.time_ms, values):
            if piece.index != self.state.next_index:
                told = self._found(self._counter.finish()) or told
                self.state.before += self._counter.count
                self._counter = self._begun(None)
                self.state.counter = self._counter.state
                self.state.numbers, self.state.moving_s, self.state.range_deg = [], [], []
            self.state.next_index = piece.index + len(piece.values)
            chunk = Chunk(
                start_s=piece.index / self._rate_hz,
                sampling_rate_hz=self._rate_hz,
                acc_mps2=np.ascontiguousarray(piece.values[:, :3]),
                gyr_radps=np.ascontiguousarray(piece.values[:, 3:]) if frame.rotation_dps is not None else None,
                quality=piece.quality,
            )
            told = self.update(chunk) or told
        return told

    def _begun(self, state: CounterState | None) -> RepetitionCounter:
        return RepetitionCounter(sampling_rate_hz=self._rate_hz, template=self._template, state=state)

    def update(self, chunk: Chunk) -> dict[str, Any] | None:
        """What a chunk brought, or None."""
        return self._found(self._counter.update(chunk))

    def finish(self) -> dict[str, Any]:
        """The end of the set; what it comes to."""
        self._found(self._counter.finish())
        return self.told()

    def told(self) -> dict[str, Any]:
        """How many; out and back of the last one in seconds and how far in degrees, or None; a doubt and a hint."""
        state = self.state
        range_deg = state.range_deg[-1] if state.range_deg else None
        return {
            "exercise": state.exercise,
            "n": (self.state.before + self._counter.count) // self._each,
            "moving_s": round(state.moving_s[-1], 1) if state.moving_s else None,
            "range_deg": None if range_deg is None or math.isnan(range_deg) else round(range_deg),
            "doubt": state.doubt,
            "hint": state.hint,
        }

    def _found(self, block: RepetitionBlock) -> dict[str, Any] | None:
        if not (block.counted or block.taken_back or block.doubts):
            return None
        state = self.state
        state.counter = self._counter.state
        for one in block.counted:
            state.numbers.append(one.number)
            state.moving_s.append(one.out_s + one.back_s)
            state.range_deg.append(math.nan if one.range_deg is None else one.range_deg)
        kept = [at for at, number in enumerate(state.numbers) if number not in block.taken_back][-_LAST_MAX:]
        state.numbers = [state.numbers[at] for at in kept]
        state.moving_s = [state.moving_s[at] for at in kept]
        state.range_deg = [state.range_deg[at] for at in kept]
        if block.counted and state.doubt == Doubt.TOO_SMALL:  # before the first one: somebody got ready
            state.doubt = ""
        if block.doubts:
            state.doubt = block.doubts[-1].doubt.value
        if block.counted and not state.hint and len(state.numbers) >= LOOKS_AT:
            last = [
                Done(moving_s=moving_s, range_deg=None if math.isnan(range_deg) else range_deg)
                for moving_s, range_deg in zip(state.moving_s, state.range_deg, strict=True)
            ]
            state.hint = set_hint(last, planned_s=self._planned_s, range_deg=self._range_deg) or ""
        return self.told()
