"""Live and batch: seconds go in, and what they make certain comes out."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from upperback.sensing.movement import _changes, _steps
from upperback.sensing.movement._seconds import SecondFigures, second_figures
from upperback.sensing.movement._wear import WearState, certain_spans, finish_wear, update_wear, wear_now
from upperback.sensing.movement.base import (
    Change,
    MovementBlock,
    MovementEpochs,
    MovementParams,
    Seconds,
    Walk,
    Wear,
    WearSpan,
)
from upperback.sensing.signal import Chunk, Quality, QualityFlag, Signal1, Signal3, squares
from upperback.sensing.slots import SLOTS_PER_S, Slots, SlotState, new_state, rest, to_slots

CONTEXT_S: Final = 14
"""How long after a second its figures are certain: what steps and changes depend on, and the links between them."""

assert max(_steps.CONTEXT_S, _changes.CONTEXT_S) < CONTEXT_S


@dataclass(slots=True, kw_only=True)
class OpenWalk:
    """A bout that may go on."""

    start_s: Seconds
    last_s: Seconds
    steps: int


@dataclass(slots=True, kw_only=True)
class MovementState:
    """Everything that movement needs from the past.

    Attributes
    ----------
    slots : the grid
    acc_mps2, ... : the last `2 * CONTEXT_S` seconds, as in `SecondFigures`; not measured before the stream began
    walk : the bout that goes on, or None
    wear : whether it is worn
    """

    slots: SlotState
    slot_acc_mps2: Signal3
    slot_length_mps2: Signal1
    acc_mps2: Signal3
    intensity_mps2: Signal1
    rotation_radps: Signal1
    quality: Quality
    n_seconds: int = 0
    walk: OpenWalk | None = None
    wear: WearState = field(default_factory=WearState)


class MovementTracker:
    """Movement of one stream."""

    def __init__(
        self, *, sampling_rate_hz: float, params: MovementParams | None = None, state: MovementState | None = None
    ) -> None:
        """Start a stream, or go on with the saved state of one.

        Raises
        ------
        InputError : fewer than 25 samples a second.
        """
        self.params = params or MovementParams()
        self.state = state or _new_state(sampling_rate_hz)

    def update(self, chunk: Chunk, *, temperature_degc: Signal1 | None = None) -> MovementBlock:
        """Go on with the next chunk.

        Parameters
        ----------
        chunk : sensor or body frame; movement does not depend on it
        temperature_degc : (n_samples,) float32, of the sensor, if it has a thermometer

        Returns
        -------
        MovementBlock: the seconds that became certain, `CONTEXT_S` seconds after they passed, and what ended in them.

        Raises
        ------
        InputError : the chunk does not go on from the one before it.
        """
        pieces = to_slots(self.state.slots, chunk, unit=SLOTS_PER_S, temperature_degc=temperature_degc)
        return _joined(list(self._pieces(pieces)), self._next_s)

    def finish(self) -> MovementBlock:
        """The end of the stream: what was not certain yet."""
        first_s = self._next_s
        blocks = list(self._pieces(rest(self.state.slots, unit=SLOTS_PER_S)))
        if self.state.n_seconds:
            no_slots = np.full((CONTEXT_S * SLOTS_PER_S, 3), np.nan, np.float32)
            blocks.append(self._seconds(_no_seconds(CONTEXT_S), no_slots))
        blocks.append(self._end())
        return _joined(blocks, first_s)

    @property
    def wear_now(self) -> Wear:
        """What is known about wearing at this moment. Spans in the blocks are what remains of it."""
        return wear_now(self.state.wear, self.params)

    @property
    def certain_wear(self) -> list[WearSpan]:
        """The span that goes on, up to where nothing that comes can change it. It comes again, whole, when it ends."""
        return certain_spans(self.state.wear, self.params)

    @property
    def _next_s(self) -> int:
        """The next second that becomes certain."""
        return self.state.slots.first_s + max(self.state.n_seconds - CONTEXT_S, 0)

    def _pieces(self, pieces: Iterator[Slots]) -> Iterator[MovementBlock]:
        for piece in pieces:
            seconds = second_figures(piece)
            wear = update_wear(
                self.state.wear, seconds, self.state.slots.first_s + piece.first // SLOTS_PER_S, self.params
            )
            yield self._seconds(seconds, piece.acc_mps2, wear)

    def _seconds(self, seconds: SecondFigures, slot_acc: Signal3, wear: list[WearSpan] | None = None) -> MovementBlock:
        """Go on with whole seconds."""
        state, params = self.state, self.params
        slot_acc = np.concatenate([state.slot_acc_mps2, slot_acc])
        length = np.concatenate([state.slot_length_mps2, seconds.length_mps2])
        acc = np.concatenate([state.acc_mps2, seconds.acc_mps2])
        intensity = np.concatenate([state.intensity_mps2, seconds.intensity_mps2])
        rotation = np.concatenate([state.rotation_radps, seconds.rotation_radps])
        quality = np.concatenate([state.quality, seconds.quality])
        # The first of these seconds, counted from the first of the stream; negative before it.
        origin = state.n_seconds - 2 * CONTEXT_S
        final = slice(max(CONTEXT_S, -origin), len(quality) - CONTEXT_S)
        steps = _steps.find_steps(slot_acc, length, intensity, params)
        walking = _between_steps(steps, len(quality))
        changes = _changes.find_changes(slot_acc, length, acc, walking, params)
        state.n_seconds += len(seconds)
        keep = 2 * CONTEXT_S
        state.slot_acc_mps2, state.slot_length_mps2 = (
            slot_acc[-keep * SLOTS_PER_S :].copy(),
            length[-keep * SLOTS_PER_S :].copy(),
        )
        state.acc_mps2, state.intensity_mps2 = acc[-keep:].copy(), intensity[-keep:].copy()
        state.rotation_radps, state.quality = rotation[-keep:].copy(), quality[-keep:].copy()
        zero_s = state.slots.first_s + origin
        second = (steps.slot // SLOTS_PER_S).astype(np.int64)
        certain = (second >= final.start) & (second < final.stop)
        n = max(final.stop - final.start, 0)
        return MovementBlock(
            epochs=MovementEpochs(
                start_s=zero_s + final.start,
                quality=quality[final],
                measured=np.isfinite(intensity[final]),
                intensity_mps2=intensity[final],
                rotation_radps=rotation[final],
                acc_mps2=acc[final],
                steps=np.bincount(second[certain] - final.start, minlength=n).astype(np.uint8)[:n],
                walking=walking[final],
                still=_still(acc, intensity, params)[final],
            ),
            walks=self._walks(zero_s + steps.slot[certain] / SLOTS_PER_S, zero_s + final.stop),
            changes=tuple(
                Change(kind=found.kind, time_s=zero_s + found.time_s, angle_deg=found.angle_deg, rise_m=found.rise_m)
                for found in changes
                if final.start <= found.time_s < final.stop
            ),
            wear=tuple(wear or ()),
        )

    def _walks(self, times_s: npt.NDArray[np.float64], certain_until_s: float) -> tuple[Walk, ...]:
        """Bouts that came to an end; the last one stays open until its pause is long enough."""
        ended: list[Walk] = []
        walk = self.state.walk
        if len(times_s):
            cuts = np.flatnonzero(np.diff(times_s) > self.params.bout_pause_s) + 1
            for part in np.split(times_s, cuts):
                first, last, count = float(part[0]), float(part[-1]), len(part)
                if walk is not None and first - walk.last_s <= self.params.bout_pause_s:
                    walk = OpenWalk(start_s=walk.start_s, last_s=last, steps=walk.steps + count)
                    continue
                if walk is not None:
                    ended.append(_closed(walk))
                walk = OpenWalk(start_s=first, last_s=last, steps=count)
        if walk is not None and certain_until_s - walk.last_s > self.params.bout_pause_s:
            ended.append(_closed(walk))
            walk = None
        self.state.walk = walk
        return tuple(ended)

    def _end(self) -> MovementBlock:
        walk, self.state.walk = self.state.walk, None
        return MovementBlock(
            epochs=_no_epochs(self._next_s),
            walks=() if walk is None else (_closed(walk),),
            changes=(),
            wear=tuple(finish_wear(self.state.wear, self.params)),
        )


def _closed(walk: OpenWalk) -> Walk:
    return Walk(start_s=walk.start_s, end_s=walk.last_s, steps=walk.steps)


def _between_steps(steps: _steps.Steps, n_seconds: int) -> npt.NDArray[np.bool_]:
    """Seconds of which some part lies between two steps of one walk."""
    second = (steps.slot // SLOTS_PER_S).astype(np.int64)
    link = np.flatnonzero(steps.linked)
    begins = np.bincount(second[link - 1], minlength=n_seconds + 1)
    ends = np.bincount(second[link] + 1, minlength=n_seconds + 1)
    walking: npt.NDArray[np.bool_] = np.cumsum(begins - ends)[:n_seconds] > 0
    return walking


def _still(acc: Signal3, intensity: Signal1, params: MovementParams) -> npt.NDArray[np.bool_]:
    """Seconds with little movement and hardly any change of direction against the one before."""
    with np.errstate(invalid="ignore"):
        direction = acc / np.maximum(np.sqrt(squares(acc)), np.float32(1e-3))[:, None]
        step = np.sqrt(squares(np.diff(direction, axis=0, prepend=direction[:1])))
        turned = step > np.radians(params.still_deg_max)  # not known after a gap: no
        still: npt.NDArray[np.bool_] = (intensity <= params.still_mps2_max) & ~turned
    return still


def _no_seconds(n: int) -> SecondFigures:
    """Seconds in which nothing was measured."""
    return SecondFigures(
        acc_mps2=np.full((n, 3), np.nan, np.float32),
        intensity_mps2=np.full(n, np.nan, np.float32),
        tremor_mps2=np.full(n, np.nan, np.float32),
        gyr_radps=np.full((n, 3), np.nan, np.float32),
        gyr_tremor_radps=np.full(n, np.nan, np.float32),
        rotation_radps=np.full(n, np.nan, np.float32),
        temperature_degc=np.full(n, np.nan, np.float32),
        quality=np.full(n, QualityFlag.GAP, np.uint8),
        length_mps2=np.full(n * SLOTS_PER_S, np.nan, np.float32),
    )


def _new_state(sampling_rate_hz: float) -> MovementState:
    before = _no_seconds(2 * CONTEXT_S)
    return MovementState(
        slots=new_state(sampling_rate_hz),
        slot_acc_mps2=np.full((2 * CONTEXT_S * SLOTS_PER_S, 3), np.nan, np.float32),
        slot_length_mps2=before.length_mps2,
        acc_mps2=before.acc_mps2,
        intensity_mps2=before.intensity_mps2,
        rotation_radps=before.rotation_radps,
        quality=before.quality,
    )


def _no_epochs(start_s: int) -> MovementEpochs:
    nothing = _no_seconds(0)
    return MovementEpochs(
        start_s=start_s,
        quality=nothing.quality,
        measured=np.zeros(0, bool),
        intensity_mps2=nothing.intensity_mps2,
        rotation_radps=nothing.rotation_radps,
        acc_mps2=nothing.acc_mps2,
        steps=np.zeros(0, np.uint8),
        walking=np.zeros(0, bool),
        still=np.zeros(0, bool),
    )


def _joined(blocks: list[MovementBlock], start_s: int) -> MovementBlock:
    """Blocks that follow each other, as one."""
    epochs = [block.epochs for block in blocks if len(block.epochs)]
    joined = {
        item.name: np.concatenate([getattr(each, item.name) for each in epochs])
        for item in fields(MovementEpochs)
        if epochs and item.name != "start_s"
    }
    return MovementBlock(
        epochs=MovementEpochs(start_s=epochs[0].start_s, **joined) if epochs else _no_epochs(start_s),
        walks=tuple(walk for block in blocks for walk in block.walks),
        changes=tuple(change for block in blocks for change in block.changes),
        wear=tuple(span for block in blocks for span in block.wear),
    )


def track_movement(
    chunk: Chunk, params: MovementParams | None = None, *, temperature_degc: Signal1 | None = None
) -> MovementBlock:
    """Movement of a whole recording: one update over everything, and the end."""
    tracker = MovementTracker(sampling_rate_hz=chunk.sampling_rate_hz, params=params)
    first_s = int(np.floor(chunk.start_s))
    return _joined([tracker.update(chunk, temperature_degc=temperature_degc), tracker.finish()], first_s)
