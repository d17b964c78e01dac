"""Worn or not: minute by minute, with the reason in words.

A sensor on a table shows its own noise. A body shows at least breathing: the mean acceleration of a second differs from
that of the next by more than the noise within the seconds explains. A quiet minute is one without that. Many of them
mean that it was taken off; fewer suffice if it was turned on the way down or up, or cooled down since.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from upperback.sensing.movement._seconds import SecondFigures
from upperback.sensing.movement.base import MovementParams, Wear, WearSpan
from upperback.sensing.signal import G_MPS2, squares
from upperback.sensing.slots import SLOTS_PER_S

_MINUTE_S: Final = 60
_SHORT_S: Final = 10
"""A first or last minute shorter than this shows neither."""
_AFTER_MIN: Final = 3
"""Minutes that are waited for after a quiet run: was it put on, or only knocked?"""

_WHITE: Final = float(np.sqrt(2 / SLOTS_PER_S))
"""How much the means of two seconds differ, in parts of the deviation within them, if there is nothing but noise."""


_TREMBLES: Final = 0.7
_NOISE_ONLY: Final = 1.35
_MORE_THAN_NOISE: Final = 1.8
"""Times what white noise gives (0.93): between the first two, nobody; above the third, somebody, who breathes. Below
the first the sensor trembles within the seconds more than it wanders between them: a body, even if its breath turns the
sensor about the vertical only, as on its side. A surface that vibrates does the same and counts as a body."""

_ACC, _ACC_TREMOR, _GYR, _GYR_TREMOR = slice(0, 3), 3, slice(4, 7), 7
_INTENSITY, _TEMPERATURE = 8, 9
"""Columns of the rows of seconds."""

_WARM_DEGC: Final = 28.0
"""Rarely a room, usually skin."""


class Minute(IntEnum):
    """What a minute shows."""

    MISSING = 0
    QUIET = 1
    UNCLEAR = 2
    ALIVE = 3


@dataclass(slots=True, kw_only=True)
class MinuteFigures:
    """What is kept of a minute."""

    start_s: int
    end_s: int
    kind: Minute
    first_moved_s: int
    """The first second that moved, or the end of the minute."""
    last_moved_s: int
    """The second after the last that moved, or the start of the minute."""
    direction: npt.NDArray[np.float32]
    """(3,) median of the mean acceleration of its seconds, m/s2."""
    temperature_degc: float


_Vector = npt.NDArray[np.float32]


def _nowhere() -> _Vector:
    return np.full(3, np.nan, np.float32)


@dataclass(slots=True, kw_only=True)
class QuietRun:
    """Quiet minutes in a row, with knocks among them.

    `after` holds the minutes since the last quiet one, while it is not clear yet what they mean.
    """

    since_s: int
    until_s: int
    direction: _Vector
    first_degc: float
    last_degc: float
    after: list[MinuteFigures] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class WearState:
    """Everything that the decision needs from the past.

    Attributes
    ----------
    rows : (n, 10) float32, the seconds of the minute that is not full: acceleration, its tremor, angular velocity, its
        tremor, intensity, temperature
    rows_start_s : the first of them, or of the next one
    last : (10,) the second before them
    wear, since_s, because : the span that goes on
    directions : (2, 3) in the last two minutes on a body, older one first; NaN where there was none
    last_moved_s : the second after the last that moved
    run : the quiet run that goes on, or None
    """

    rows: _Vector = field(default_factory=lambda: np.empty((0, 10), np.float32))
    rows_start_s: int = 0
    last: _Vector = field(default_factory=lambda: np.full(10, np.nan, np.float32))
    wear: Wear | None = None
    since_s: int = 0
    because: str = ""
    directions: _Vector = field(default_factory=lambda: np.full((2, 3), np.nan, np.float32))
    last_moved_s: int = 0
    run: QuietRun | None = None


_WHY_WORN: Final = "it moves or breathes"
_WHY_MISSING: Final = "nothing was received"
_WHY_BRIEF: Final = "it was quiet, but not for long enough to tell"
_WHY_WARM: Final = "it was quiet for long, but stayed as warm as a body"
_WHY_NOTHING: Final = "neither movement nor breathing for long"
_WHY_TURNED: Final = "neither movement nor breathing, and it was turned when that began or ended"
_WHY_COOLED: Final = "neither movement nor breathing, and it cooled down"


def update_wear(state: WearState, seconds: SecondFigures, start_s: int, params: MovementParams) -> list[WearSpan]:
    """Go on with the next seconds, from `start_s` on. Changes `state`; returns the spans that came to an end."""
    rows = np.column_stack(
        [
            seconds.acc_mps2,
            seconds.tremor_mps2,
            seconds.gyr_radps,
            seconds.gyr_tremor_radps,
            seconds.intensity_mps2,
            seconds.temperature_degc,
        ]
    ).astype(np.float32)
    if state.wear is None:
        state.rows_start_s = start_s
    if len(state.rows):
        rows = np.concatenate([state.rows, rows])
    spans: list[WearSpan] = []
    # Minutes of the clock, whatever second the stream began with: the first one may be short.
    first = -state.rows_start_s % _MINUTE_S or _MINUTE_S
    ends = list(range(first, len(rows) + 1, _MINUTE_S))
    if not ends:
        state.rows = rows
        if state.wear is None:
            state.wear, state.since_s, state.because = Wear.NOT_MEASURED, start_s, _WHY_MISSING
        return spans
    if state.wear is None:
        state.wear, state.since_s, state.because = Wear.NOT_MEASURED, start_s, _WHY_MISSING
    for minute in _minutes(rows[: ends[-1]], ends, state, params):
        spans += _next(state, minute, params)
    state.last = rows[ends[-1] - 1].copy()
    state.rows = rows[ends[-1] :].copy()
    state.rows_start_s += ends[-1]
    return spans


def finish_wear(state: WearState, params: MovementParams) -> list[WearSpan]:
    """The end of the stream: everything that is still open."""
    if state.wear is None:
        return []
    end_s = state.rows_start_s + len(state.rows)
    spans: list[WearSpan] = []
    if len(state.rows):
        for minute in _minutes(state.rows, [len(state.rows)], state, params):
            spans += _next(state, minute, params)
    if state.run is not None:
        spans += _end_run(state, params)
    spans += _switch(state, Wear.NOT_MEASURED, end_s, _WHY_MISSING)
    return spans


def wear_now(state: WearState, params: MovementParams) -> Wear:
    """What is known at this moment; a quiet sensor is uncertain long before it is called not worn."""
    if state.run is not None:
        verdict, _ = _verdict(state, state.run, None, params)
        if verdict is not None:
            return verdict
    return Wear.NOT_MEASURED if state.wear is None else state.wear


def certain_spans(state: WearState, params: MovementParams) -> list[WearSpan]:
    """What goes on, as far as nothing that comes can change it: for who cannot wait for a span to end."""
    if state.wear is None:
        return []
    run = state.run
    # A quiet run may begin within the minute before its first quiet one.
    until_s = state.rows_start_s - _MINUTE_S if run is None else run.since_s
    spans = [WearSpan(start_s=state.since_s, end_s=until_s, wear=state.wear, because=state.because)]
    if run is not None and np.isnan(run.last_degc) and run.until_s - run.since_s >= params.not_worn_s_sure:
        spans.append(WearSpan(start_s=run.since_s, end_s=run.until_s, wear=Wear.NOT_WORN, because=_WHY_NOTHING))
    return [span for span in spans if span.end_s > span.start_s]


def _minutes(rows: _Vector, ends: list[int], state: WearState, params: MovementParams) -> list[MinuteFigures]:
    """The figures of each minute; the first and the last may be short."""
    before = np.concatenate([state.last[None], rows[:-1]])
    acc_step, gyr_step = (np.sqrt(squares(rows[:, axes] - before[:, axes])) for axes in (_ACC, _GYR))
    with np.errstate(invalid="ignore"):
        moved = (rows[:, _INTENSITY] >= params.moving_mps2_min) | (
            acc_step >= np.radians(params.moving_deg_min) * G_MPS2
        )
    lengths = np.diff([0, *ends])
    in_minutes = _InMinutes(lengths)
    columns = (*rows[:, _ACC].T, *(rows[:, column] for column in (_ACC_TREMOR, _GYR_TREMOR, _TEMPERATURE)))
    middle = in_minutes.medians(np.stack([acc_step, gyr_step, *columns]))
    acc_steps, gyr_steps, *directions, acc_tremors, gyr_tremors, temperatures = middle
    acc_signs = _wander(acc_steps, acc_tremors, params.acc_still_mps2, params.acc_breath_mps2)
    gyr_signs = _wander(gyr_steps, gyr_tremors, params.gyr_still_radps, params.gyr_breath_radps)
    missing = 2 * in_minutes.of(np.isfinite(rows[:, _INTENSITY]), False).sum(axis=1) < lengths
    any_moved, first, last = in_minutes.first_and_last(moved)
    kinds = np.maximum(acc_signs, gyr_signs)  # one sensor that feels somebody is enough
    kinds[lengths < _SHORT_S] = Minute.UNCLEAR
    kinds[any_moved] = Minute.ALIVE
    kinds[missing] = Minute.MISSING
    starts = state.rows_start_s + np.cumsum(lengths) - lengths
    return [
        MinuteFigures(
            start_s=start,
            end_s=start + length,
            kind=Minute(kind),
            first_moved_s=start + at,
            last_moved_s=start + until,
            direction=direction,
            temperature_degc=temperature,
        )
        for start, length, kind, at, until, direction, temperature in zip(
            starts.tolist(),
            lengths.tolist(),
            kinds.tolist(),
            first.tolist(),
            last.tolist(),
            np.stack(directions, axis=1),
            temperatures.tolist(),
            strict=True,
        )
    ]


class _InMinutes:
    """Seconds in rows of a minute; a first or last one that is short is filled up."""

    def __init__(self, lengths: npt.NDArray[np.int64]) -> None:
        self._lengths = lengths
        self._before = _MINUTE_S - int(lengths[0])
        self._after = _MINUTE_S - int(lengths[-1]) if len(lengths) > 1 else 0

    def of(self, seconds: npt.NDArray[Any], filling: float) -> npt.NDArray[Any]:
        """(..., n_minutes, 60)"""
        n = seconds.shape[-1]
        padded = np.full((*seconds.shape[:-1], self._before + n + self._after), filling, seconds.dtype)
        padded[..., self._before : self._before + n] = seconds
        return padded.reshape(*seconds.shape[:-1], -1, _MINUTE_S)

    def medians(self, seconds: _Vector) -> _Vector:
        """(n_signals, n_minutes) of what is finite in (n_signals, n_seconds); NaN where nothing is."""
        known = np.isfinite(seconds)
        in_order = self.of(seconds if known.all() else np.where(known, seconds, np.nan), np.nan)
        in_order.sort(axis=-1)
        count = self.of(known, False).sum(axis=-1)
        low = np.take_along_axis(in_order, np.maximum(count - 1, 0)[..., None] // 2, -1)
        high = np.take_along_axis(in_order, np.minimum(count // 2, _MINUTE_S - 1)[..., None], -1)
        return np.where(count > 0, ((low + high) / 2)[..., 0], np.nan).astype(np.float32)

    def first_and_last(
        self, flags: npt.NDArray[np.bool_]
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Whether there is a flag; the second of the first, or the length; the second after the last, or 0."""
        rows = self.of(flags, False)
        found: npt.NDArray[np.bool_] = np.asarray(rows.any(axis=1))
        shift = np.zeros(len(rows), np.int64)
        shift[0] = self._before
        first = np.where(found, rows.argmax(axis=1) - shift, self._lengths)
        last = np.where(found, _MINUTE_S - rows[:, ::-1].argmax(axis=1) - shift, 0)
        return found, first, last


def _wander(step: _Vector, tremor: _Vector, still: float, breath: float) -> npt.NDArray[np.int64]:
    """(n_minutes,) `Minute`: how the means of neighbouring seconds differ, against the noise within the seconds."""
    noise = _WHITE * tremor
    with np.errstate(invalid="ignore"):
        like_a_body = (step >= _MORE_THAN_NOISE * noise) | (step <= _TREMBLES * noise)
        signs = np.where((step >= breath) & like_a_body, Minute.ALIVE, Minute.UNCLEAR)
        quiet = (step <= still) | ((step > _TREMBLES * noise) & (step <= _NOISE_ONLY * noise))
    signs[quiet] = Minute.QUIET
    signs[~(np.isfinite(step) & np.isfinite(tremor))] = Minute.MISSING
    return signs.astype(np.int64)


def _next(state: WearState, minute: MinuteFigures, params: MovementParams) -> list[WearSpan]:
    """One more minute."""
    if state.run is None:
        return _outside(state, minute)
    run = state.run
    if minute.kind is Minute.QUIET and not run.after:
        _extend(run, minute)
        return []
    run.after.append(minute)
    if minute.kind is not Minute.MISSING and len(run.after) < _AFTER_MIN:
        return []
    if sum(later.kind is Minute.QUIET for later in run.after) >= 2:  # only knocked
        for later in run.after:
            if later.kind is Minute.QUIET:
                _extend(run, later)
        run.after = []
        return []
    return _end_run(state, params)


def _outside(state: WearState, minute: MinuteFigures) -> list[WearSpan]:
    """A minute that does not lie in a quiet run."""
    spans: list[WearSpan] = []
    if minute.kind is Minute.MISSING:
        spans = _switch(state, Wear.NOT_MEASURED, minute.start_s, _WHY_MISSING)
    elif minute.kind is Minute.QUIET:
        since_s = max(state.last_moved_s, minute.start_s - _MINUTE_S, state.since_s)
        if state.wear is Wear.NOT_MEASURED:
            since_s = max(minute.start_s, state.since_s)
            spans = _switch(state, Wear.WORN, since_s, _WHY_BRIEF)
        state.run = QuietRun(
            since_s=since_s,
            until_s=minute.end_s,
            direction=minute.direction,
            first_degc=minute.temperature_degc,
            last_degc=minute.temperature_degc,
        )
    else:
        spans = _switch(state, Wear.WORN, minute.start_s, _WHY_WORN)
        directions = np.empty((2, 3), np.float32)
        directions[0], directions[1] = state.directions[1], minute.direction
        state.directions = directions
    if minute.first_moved_s < minute.end_s:
        state.last_moved_s = minute.last_moved_s
    return spans


def _extend(run: QuietRun, minute: MinuteFigures) -> None:
    run.until_s = minute.end_s
    run.direction = minute.direction
    run.last_degc = minute.temperature_degc
    if np.isnan(run.first_degc):
        run.first_degc = minute.temperature_degc


def _end_run(state: WearState, params: MovementParams) -> list[WearSpan]:
    """The run is over: say what it was, and look at the minutes after it again."""
    assert state.run is not None
    run, state.run = state.run, None
    alive = [later for later in run.after if later.kind in {Minute.ALIVE, Minute.UNCLEAR}]
    if alive and alive[0].first_moved_s < alive[0].end_s:
        run.until_s = max(alive[0].first_moved_s, run.until_s)
    verdict, because = _verdict(state, run, alive[-1].direction if alive else None, params)
    spans: list[WearSpan] = []
    if verdict is not None:
        spans += _switch(state, verdict, run.since_s, because)
        if alive:
            spans += _switch(state, Wear.WORN, run.until_s, _WHY_WORN)
            state.directions = np.full((2, 3), np.nan, np.float32)
    for later in run.after:
        spans += _next(state, later, params)
    return spans


def _verdict(
    state: WearState, run: QuietRun, later_direction: _Vector | None, params: MovementParams
) -> tuple[Wear | None, str]:
    """What a quiet run means, and why; None: nothing, it was too short."""
    length_s = run.until_s - run.since_s
    if length_s < params.not_worn_s_min:
        return None, ""
    cooled = run.first_degc - run.last_degc  # NaN compares as no
    if run.last_degc >= _WARM_DEGC and cooled < params.cooled_degc_min / 2:
        return Wear.UNSURE, _WHY_WARM
    if cooled >= params.cooled_degc_min:
        return Wear.NOT_WORN, _WHY_COOLED
    turned = _angle_deg(run.direction, state.directions[0]) >= params.taken_off_deg_min
    if later_direction is not None:
        turned |= _angle_deg(run.direction, later_direction) >= params.taken_off_deg_min
    if turned:
        return Wear.NOT_WORN, _WHY_TURNED
    if length_s >= params.not_worn_s_sure:
        return Wear.NOT_WORN, _WHY_NOTHING
    return Wear.UNSURE, _WHY_BRIEF


def _switch(state: WearState, wear: Wear, at_s: int, because: str) -> list[WearSpan]:
    """From `at_s` on it is `wear`; the span before it ends there."""
    if wear is state.wear and because == state.because:
        return []
    if wear is state.wear and wear in {Wear.WORN, Wear.NOT_MEASURED}:
        state.because = because
        return []
    ended = WearSpan(start_s=state.since_s, end_s=at_s, wear=state.wear or Wear.NOT_MEASURED, because=state.because)
    state.wear, state.since_s, state.because = wear, at_s, because
    return [ended] if ended.end_s > ended.start_s else []


def _angle_deg(a: _Vector, b: _Vector) -> float:
    """Between two vectors; NaN where one is missing."""
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    if not lengths > 0:
        return float("nan")
    return float(np.degrees(np.arccos(np.clip(float(a @ b) / lengths, -1, 1))))
