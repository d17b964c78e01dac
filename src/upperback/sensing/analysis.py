"""A whole recording of one sensor to its figures: quality, wearing, the vertical, alignment, posture, movement.

One pass over the samples, in blocks, with bounded memory. Only a sensor that was put on differently in between asks for
a second pass: then each part gets its own alignment.
"""

import itertools
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Self

import numpy as np
import numpy.typing as npt

from upperback.sensing.ahead import ahead
from upperback.sensing.epochs import Epochs
from upperback.sensing.figures import (
    MinuteKind,
    Minutes,
    MovementFigures,
    PostureFigures,
    QualityFigures,
    RecordingFigures,
)
from upperback.sensing.movement import (
    Change,
    MovementBlock,
    MovementEpochs,
    MovementParams,
    MovementTracker,
    Walk,
    Wear,
    WearSpan,
)
from upperback.sensing.orientation import LongHindsight, Orientation, Tilt
from upperback.sensing.posture import (
    Method,
    PostureParams,
    PostureResult,
    PostureSummary,
    VerticalBlock,
    alignment_figures,
    posture_figures,
    posture_of,
)
from upperback.sensing.quality import QualityParams, check_quality, start_quality, suspicions
from upperback.sensing.signal import Chunk, Quality, QualityFlag, Signal3
from upperback.sensing.trunk import Shift, TrunkAlignment, WatchParams, WearWatch, find_alignment, usual_upright

Smoothing = Literal["smoothed", "live"]

_LOOK_AHEAD_S: Final = 6 * 3600.0
"""So much of the recording is held to see what upright is, where no task in the first minutes tells."""

_TASKS_WITHIN_S: Final = 300.0

_WALKING: Final = WatchParams(block_s=20)
"""So much walking shows what upright is where nothing else does."""
_MOVEMENT_RATE_HZ_MIN: Final = 25.0
_POSTURE_RATE_HZ_MIN: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisParams:
    """Tuning of every stage, and how the recording is worked on.

    Attributes
    ----------
    smoothing : `smoothed` looks ahead as only a recording can; `live` knows only what was before
    alignment : how the sensor sits, where that is known; None: look for it in the recording
    day_starts_s : whole seconds of the recording's time at which a new day begins
    """

    smoothing: Smoothing = "smoothed"
    alignment: TrunkAlignment | None = None
    quality: QualityParams = field(default_factory=QualityParams)
    movement: MovementParams = field(default_factory=MovementParams)
    posture: PostureParams = field(default_factory=PostureParams)


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What a recording gives.

    Attributes
    ----------
    figures, minutes : see there
    epochs : posture second by second
    walks, changes : walking bouts and changes of position
    notes : sentences about what looks wrong with units, axes or scale
    """

    figures: RecordingFigures
    minutes: Minutes
    epochs: Epochs
    walks: tuple[Walk, ...]
    changes: tuple[Change, ...]
    notes: tuple[str, ...]


#: Called with each block of verticals and the alignment that holds for it, in order.
SampleSink = Callable[[VerticalBlock, TrunkAlignment | None], None]


def analyse(
    read: Callable[[], Iterable[Chunk]],
    params: AnalysisParams | None = None,
    *,
    samples: SampleSink | None = None,
) -> Analysis | None:
    """The figures of a recording.

    Parameters
    ----------
    read : gives the chunks of the recording from its start, each time it is called
    params : tuning
    samples : is given every vertical, for who wants to check them

    Returns
    -------
    Analysis, or None where the recording holds no sample.

    Raises
    ------
    InputError : the rate is too low, or chunks do not follow each other.
    """
    params = params or AnalysisParams()
    flow = _Flow(read(), params)
    if not flow.look_ahead(_TASKS_WITHIN_S):
        return None
    alignment, found_sentence = _alignment_of(flow, params)
    first = _posture([(alignment, flow.rest())], params, samples=None)
    shifts = _shifts(first.epochs, alignment)
    parts = [(alignment, math.inf)]
    if shifts and alignment is not None:
        parts = _parts(first.epochs, alignment, shifts)
    if shifts or samples is not None:
        again = _Flow(read(), params)
        first = _posture_in_parts(again, parts, params, samples)
    return _result(flow, first, alignment, found_sentence, shifts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seconds:
    """Consecutive seconds of movement: three bytes each."""

    start_s: int
    measured: npt.NDArray[np.bool_]
    walking: npt.NDArray[np.bool_]
    still: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, epochs: MovementEpochs) -> Self:
        return cls(
            start_s=epochs.start_s,
            measured=epochs.measured.copy(),
            walking=epochs.walking.copy(),
            still=epochs.still.copy(),
        )

    @classmethod
    def joined(cls, parts: "Sequence[_Seconds]") -> "_Seconds | None":
        filled = [part for part in parts if len(part)]
        if not filled:
            return None
        return cls(
            start_s=filled[0].start_s,
            measured=np.concatenate([part.measured for part in filled]),
            walking=np.concatenate([part.walking for part in filled]),
            still=np.concatenate([part.still for part in filled]),
        )

    def __len__(self) -> int:
        return len(self.measured)


# ---- samples to verticals, on the way quality, movement and wearing ------------------------------------------------


class _Flow:
    """Chunks in, verticals out; quality, movement and wearing are worked out on the way."""

    def __init__(self, chunks: Iterable[Chunk], params: AnalysisParams) -> None:
        self._params = params
        self._held: list[VerticalBlock] = []
        self.counts = np.zeros(8, np.int64)  # samples with each quality flag
        self.seconds: list[_Seconds] = []
        self.walks: list[Walk] = []
        self.changes: list[Change] = []
        self.wear: list[WearSpan] = []
        self.notes: tuple[str, ...] = ()
        self.start_s = math.nan
        self.end_s = math.nan
        self.sampling_rate_hz = math.nan
        # Reading costs nearly as much as all the rest: quality in between is done by the core that is free.
        checked = ahead(self._with_quality(ahead(chunks, n=2)))
        self._verticals = self._to_verticals(self._with_wear(checked))

    def look_ahead(self, seconds: float) -> list[VerticalBlock]:
        """The beginning, at least so long where the recording is; held until posture asks for it."""
        held_s = sum(len(block) / block.sampling_rate_hz for block in self._held)
        while held_s < seconds and (block := next(self._verticals, None)) is not None:
            self._held.append(block)
            held_s += len(block) / block.sampling_rate_hz
        return self._held

    def rest(self) -> Iterator[VerticalBlock]:
        """All verticals from the start, those that were looked at included."""
        held, self._held = self._held, []
        while held:
            yield held.pop(0)
        yield from self._verticals

    def _with_quality(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        state = None
        for chunk in chunks:
            if state is None:
                self.start_s, self.sampling_rate_hz = chunk.start_s, chunk.sampling_rate_hz
                state = start_quality(sampling_rate_hz=chunk.sampling_rate_hz)
            state, flags = check_quality(state, chunk, self._params.quality)
            self.end_s = chunk.end_s
            if flags.any():
                for bit in range(8):
                    self.counts[bit] += int(np.count_nonzero(flags & (1 << bit)))
            yield replace(chunk, quality=flags)
        if state is not None:
            self.notes = suspicions(state, self._params.quality)

    def _with_wear(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """Holds each chunk until it is certain whether the sensor was worn, and marks where it was not."""
        tracker: MovementTracker | None = None
        waiting: deque[Chunk] = deque()
        spans: list[WearSpan] = []
        for chunk in chunks:
            if chunk.sampling_rate_hz < _MOVEMENT_RATE_HZ_MIN:
                yield chunk
                continue
            if tracker is None:
                tracker = MovementTracker(sampling_rate_hz=chunk.sampling_rate_hz, params=self._params.movement)
            spans += self._keep(tracker.update(chunk))
            waiting.append(chunk)
            known = [*spans, *tracker.certain_wear]
            while waiting and known and known[-1].end_s >= waiting[0].end_s:
                yield _marked(waiting.popleft(), known)
        if tracker is not None:
            spans += self._keep(tracker.finish())
        while waiting:
            yield _marked(waiting.popleft(), spans)

    def _keep(self, block: MovementBlock) -> Sequence[WearSpan]:
        """Keeps what figures and minutes need of a block: little for each second, as a recording may last for weeks."""
        self.seconds.append(_Seconds.of(block.epochs))
        self.walks += block.walks
        self.changes += block.changes
        self.wear += block.wear
        return block.wear

    def _to_verticals(self, chunks: Iterator[Chunk]) -> Iterator[VerticalBlock]:
        """Each unbroken stretch through a filter of its own."""
        stretch: _Stretch | None = None
        for chunk in chunks:
            if stretch is not None and abs(chunk.start_s - stretch.end_s) * chunk.sampling_rate_hz > 0.5:
                yield from stretch.finish()
                stretch = None
            if stretch is None:
                stretch = _Stretch(chunk, self._params)
            yield from stretch.update(chunk)
        if stretch is not None:
            yield from stretch.finish()


class _Stretch:
    """Verticals of an unbroken stretch, with the samples that belong to them."""

    def __init__(self, first: Chunk, params: AnalysisParams) -> None:
        self.end_s = first.start_s
        self._next_s = first.start_s
        self._rate_hz = first.sampling_rate_hz
        self._with_gyr = first.gyr_radps is not None
        self._smoothing: Smoothing = params.smoothing
        self._waiting: deque[tuple[Signal3, Quality]] = deque()
        self._hindsight: LongHindsight | None = None
        self._live: Orientation | Tilt | None = None
        tuning = params.posture.orientation if self._with_gyr else params.posture.tilt
        if params.smoothing == "smoothed":
            self._hindsight = LongHindsight(self._rate_hz, has_gyroscope=self._with_gyr, params=tuning)
        elif self._with_gyr:
            self._live = Orientation(1, self._rate_hz, params.posture.orientation)
        else:
            self._live = Tilt(1, self._rate_hz, params.posture.tilt)

    def update(self, chunk: Chunk) -> Iterator[VerticalBlock]:
        quality = np.zeros(len(chunk), np.uint8) if chunk.quality is None else chunk.quality
        self._waiting.append((chunk.acc_mps2, quality))
        self.end_s = chunk.end_s
        if self._hindsight is not None:
            yield from self._with_samples(self._hindsight.update(chunk.acc_mps2, chunk.gyr_radps, quality))
        else:
            yield from self._with_samples(self._track(chunk, quality))

    def finish(self) -> Iterator[VerticalBlock]:
        if self._hindsight is not None:
            yield from self._with_samples(self._hindsight.finish())

    def _track(self, chunk: Chunk, quality: Quality) -> Signal3:
        bad = ((quality & _UNUSABLE) != 0).astype(np.uint8)[:, None]
        acc = chunk.acc_mps2[:, :, None]
        if isinstance(self._live, Orientation):
            assert chunk.gyr_radps is not None
            up = self._live.update(acc, chunk.gyr_radps[:, :, None], bad)
        else:
            assert self._live is not None
            up = self._live.update(acc, bad)
        return np.ascontiguousarray(up[:, :, 0])

    def _with_samples(self, up: Signal3) -> Iterator[VerticalBlock]:
        """The verticals, cut as their samples came."""
        done = 0
        while done < len(up):
            acc, quality = self._waiting.popleft()
            n = min(len(acc), len(up) - done)
            if n < len(acc):
                self._waiting.appendleft((acc[n:], quality[n:]))
            yield VerticalBlock(
                start_s=self._next_s,
                sampling_rate_hz=self._rate_hz,
                up=up[done : done + n],
                acc_mps2=acc[:n],
                quality=quality[:n],
                sensor="accelerometer and gyroscope" if self._with_gyr else "accelerometer",
                smoothing=self._smoothing,
            )
            done += n
            self._next_s += n / self._rate_hz


_UNUSABLE: Final = int(PostureParams().unusable)


def _marked(chunk: Chunk, spans: Sequence[WearSpan]) -> Chunk:
    """The chunk with the samples marked at which the sensor was not worn."""
    assert chunk.quality is not None
    quality = chunk.quality
    for span in spans:
        if span.wear is not Wear.NOT_WORN or span.end_s <= chunk.start_s or span.start_s >= chunk.end_s:
            continue
        first = max(math.ceil((span.start_s - chunk.start_s) * chunk.sampling_rate_hz), 0)
        last = max(math.ceil((span.end_s - chunk.start_s) * chunk.sampling_rate_hz), 0)
        quality[first:last] |= int(QualityFlag.NOT_WORN)
    return chunk


# ---- how the sensor sits -------------------------------------------------------------------------------------------


def _alignment_of(flow: _Flow, params: AnalysisParams) -> tuple[TrunkAlignment | None, str | None]:
    """The alignment: given, found in the first minutes, or upright as seen in walking. And why there is none."""
    if params.alignment is not None:
        return params.alignment, None
    start = flow.look_ahead(_TASKS_WITHIN_S)
    rate_hz = start[0].sampling_rate_hz
    n_needed = int(_TASKS_WITHIN_S * rate_hz)
    first = np.concatenate([block.up for block in itertools.islice(start, _blocks_for(start, n_needed))])[:n_needed]
    search = find_alignment(first, sampling_rate_hz=rate_hz)
    if search.alignment is not None:
        return search.alignment, search.sentence
    epochs = posture_of(flow.look_ahead(_LOOK_AHEAD_S), alignment=None, params=params.posture).epochs
    return usual_upright(epochs, _WALKING), search.sentence


def _blocks_for(blocks: Sequence[VerticalBlock], n_samples: int) -> int:
    total = 0
    for number, block in enumerate(blocks, start=1):
        total += len(block)
        if total >= n_samples:
            return number
    return len(blocks)


def _shifts(epochs: Epochs, alignment: TrunkAlignment | None) -> list[Shift]:
    return [] if alignment is None else WearWatch(alignment).update(epochs)


def _parts(
    epochs: Epochs, alignment: TrunkAlignment, shifts: Sequence[Shift]
) -> list[tuple[TrunkAlignment | None, float]]:
    """(alignment, until when it holds): a new one from each shift on."""
    parts: list[tuple[TrunkAlignment | None, float]] = []
    now = alignment
    for number, shift in enumerate(shifts):
        parts.append((now, float(shift.at_s)))
        until = shifts[number + 1].at_s if number + 1 < len(shifts) else epochs.end_s
        rows = slice(shift.at_s - epochs.first_s, until - epochs.first_s)
        seen = usual_upright(epochs[rows])
        now = seen if seen is not None else TrunkAlignment.from_axes(np.array(now.is_axis), None, source="walking")
    return [*parts, (now, math.inf)]


# ---- posture -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Posture:
    epochs: Epochs
    summaries: tuple[PostureSummary, ...]


def _posture(
    parts: Iterable[tuple[TrunkAlignment | None, Iterator[VerticalBlock]]],
    params: AnalysisParams,
    samples: SampleSink | None,
) -> _Posture:
    results: list[PostureResult] = []
    for alignment, blocks in parts:
        first = next(blocks, None)
        if first is None:
            continue
        told = _telling(itertools.chain([first], blocks), alignment, samples)
        # One thread: the stages before it keep the other cores busy, and half as much has to be held.
        results.append(posture_of(told, alignment=alignment, params=params.posture, n_threads=1))
    return _Posture(
        epochs=Epochs.join([result.epochs for result in results]),
        summaries=tuple(summary for result in results for summary in result.summaries),
    )


def _telling(
    blocks: Iterator[VerticalBlock], alignment: TrunkAlignment | None, samples: SampleSink | None
) -> Iterator[VerticalBlock]:
    for block in blocks:
        if samples is not None:
            samples(block, alignment)
        yield block


def _posture_in_parts(
    flow: _Flow,
    parts: Sequence[tuple[TrunkAlignment | None, float]],
    params: AnalysisParams,
    samples: SampleSink | None,
) -> _Posture:
    """Each part of the recording with the alignment that holds in it. Parts begin at whole seconds."""
    cut = _Cut(flow.rest())
    return _posture([(alignment, cut.until(until_s)) for alignment, until_s in parts], params, samples)


class _Cut:
    """Blocks cut at times, one part after the other."""

    def __init__(self, blocks: Iterator[VerticalBlock]) -> None:
        self._blocks = blocks
        self._left: VerticalBlock | None = None

    def until(self, until_s: float) -> Iterator[VerticalBlock]:
        """The blocks up to a time; the next part goes on there."""
        while True:
            block = self._left if self._left is not None else next(self._blocks, None)
            self._left = None
            if block is None:
                return
            n_before = (
                len(block) if math.isinf(until_s) else math.ceil((until_s - block.start_s) * block.sampling_rate_hz)
            )
            if n_before <= 0:
                self._left = block
                return
            if n_before < len(block):
                self._left = _part(block, n_before, len(block))
                yield _part(block, 0, n_before)
                return
            yield block


def _part(block: VerticalBlock, first: int, last: int) -> VerticalBlock:
    return replace(
        block,
        start_s=block.start_s + first / block.sampling_rate_hz,
        up=block.up[first:last],
        acc_mps2=None if block.acc_mps2 is None else block.acc_mps2[first:last],
        quality=None if block.quality is None else block.quality[first:last],
    )


# ---- figures -------------------------------------------------------------------------------------------------------


def _result(
    flow: _Flow, posture: _Posture, alignment: TrunkAlignment | None, sentence: str | None, shifts: Sequence[Shift]
) -> Analysis:
    seconds = _Seconds.joined(flow.seconds)
    told = alignment_figures(alignment, shifts)
    if told.state == "none" and sentence is not None:
        told = replace(told, sentence=f"{sentence} {told.sentence}")
    figures = RecordingFigures(
        start_s=flow.start_s,
        sampling_rate_hz=flow.sampling_rate_hz,
        quality=_quality(flow, posture),
        alignment=told,
        posture=_figures(posture.summaries),
        movement=_movement(flow, seconds),
    )
    return Analysis(
        figures=figures,
        minutes=_minutes(flow, posture.epochs, seconds),
        epochs=posture.epochs,
        walks=tuple(flow.walks),
        changes=tuple(flow.changes),
        notes=flow.notes,
    )


def _quality(flow: _Flow, posture: _Posture) -> QualityFigures:
    def seconds(reason: str) -> float:
        return sum(summary.seconds(reason) for summary in posture.summaries)

    def flagged(flag: QualityFlag) -> float:
        return float(flow.counts[int(flag).bit_length() - 1]) / flow.sampling_rate_hz

    return QualityFigures(
        recorded_s=flow.end_s - flow.start_s,
        measured_s=seconds("measured"),
        not_worn_s=seconds("not worn"),
        gap_s=seconds("gap"),
        clipped_s=flagged(QualityFlag.CLIPPED),
        implausible_s=seconds("implausible"),
        free_fall_s=flagged(QualityFlag.FREE_FALL),
        unsettled_s=seconds("unsettled"),
    )


def _figures(summaries: Sequence[PostureSummary]) -> PostureFigures | None:
    """Figures of all parts: lean over all of them, bending only over those with a front."""
    measured = [summary for summary in summaries if summary.measured_s > 0]
    if not measured:
        return None
    groups: dict[Method, PostureSummary] = {}
    for summary in measured:
        known = groups.get(summary.method)
        groups[summary.method] = summary if known is None else known.merge(summary)
    if len(groups) == 1:
        return posture_figures(next(iter(groups.values())))
    main = max(groups.values(), key=lambda summary: (summary.method.has_front, summary.measured_s))
    figures = posture_figures(main)
    lean = posture_figures(_only_lean(list(groups.values())))
    if figures is None or lean is None:
        return figures or lean
    return replace(
        figures,
        measured_s=lean.measured_s,
        inclination_deg=lean.inclination_deg,
        inclination_velocity_dps=lean.inclination_velocity_dps,
        generalised_velocity_dps=lean.generalised_velocity_dps,
        time_above_s=lean.time_above_s,
    )


def _only_lean(summaries: Sequence[PostureSummary]) -> PostureSummary:
    """Summaries of different alignments added up where they compare: total lean and its speed."""
    method = replace(summaries[0].method, has_front=False, reference="several")
    total = PostureSummary.empty(method)
    for summary in summaries:
        total = replace(
            total,
            samples=total.samples + summary.samples,
            inclination=total.inclination.merge(summary.inclination),
            inclination_velocity=total.inclination_velocity.merge(summary.inclination_velocity),
            generalised_velocity=total.generalised_velocity.merge(summary.generalised_velocity),
            holds=total.holds.merge(summary.holds),
        )
    return total


def _movement(flow: _Flow, seconds: _Seconds | None) -> MovementFigures | None:
    if seconds is None or not seconds.measured.any():
        return None
    worn = ~_not_worn(flow.wear, seconds) & seconds.measured
    return MovementFigures(
        worn_s=float(worn.sum()),
        walking_s=sum(walk.end_s - walk.start_s for walk in flow.walks),
        steps=sum(walk.steps for walk in flow.walks),
        walking_bouts=len(flow.walks),
        still_s=float((worn & seconds.still).sum()),
        transitions=sum(change.kind in {"stand_up", "sit_down", "position"} for change in flow.changes),
        bends=sum(change.kind == "bend" for change in flow.changes),
    )


def _not_worn(spans: Sequence[WearSpan], seconds: _Seconds) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(seconds), np.bool_)
    for span in spans:
        if span.wear is Wear.NOT_WORN:
            found[max(span.start_s - seconds.start_s, 0) : max(span.end_s - seconds.start_s, 0)] = True
    return found


def _minutes(flow: _Flow, epochs: Epochs, seconds: _Seconds | None) -> Minutes:
    """Minute by minute: what most of it was, and the typical lean."""
    first_s = math.floor(flow.start_s)
    n_seconds = max(math.ceil(flow.end_s) - first_s, 0)
    n_minutes = -(-n_seconds // 60)
    kind = np.full(n_minutes * 60, MinuteKind.NOT_MEASURED, np.uint8)
    if seconds is not None:
        kinds = np.where(seconds.measured, MinuteKind.MOVING, MinuteKind.NOT_MEASURED).astype(np.uint8)
        kinds[seconds.measured & seconds.still] = MinuteKind.STILL
        kinds[seconds.measured & seconds.walking] = MinuteKind.WALKING
        kinds[_not_worn(flow.wear, seconds)] = MinuteKind.NOT_WORN
        _put(kind, kinds, seconds.start_s - first_s)
    lean = np.full(n_minutes * 60, np.nan, np.float32)
    _put(lean, np.where(epochs.measured_share >= 0.5, epochs.inclination_deg, np.nan), epochs.first_s - first_s)
    counts = np.stack([(kind.reshape(-1, 60) == one).sum(axis=1) for one in MinuteKind], axis=1)
    return Minutes(
        start_s=float(first_s),
        kind=counts.argmax(axis=1).astype(np.uint8),
        inclination_deg=_medians(lean.reshape(-1, 60)),
    )


def _put(target: npt.NDArray[np.generic], values: npt.NDArray[np.generic], at: int) -> None:
    """`values` from index `at` on, as far as they fit."""
    first, last = max(at, 0), min(at + len(values), len(target))
    if first < last:
        target[first:last] = values[first - at : last - at]


def _medians(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Median of each row over what was measured; NaN where less than a quarter was."""
    enough = np.isfinite(rows).sum(axis=1) >= rows.shape[1] // 4
    found = np.full(len(rows), np.nan, np.float32)
    if enough.any():
        found[enough] = np.nanmedian(rows[enough], axis=1)
    return found
