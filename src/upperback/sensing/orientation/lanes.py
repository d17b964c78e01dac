"""Wearers as lanes: who stands in which lane, packets with gaps and delays in, the vertical out, all in one go a tick.

Wearers with the same rate and the same kind of sensor share tiles of lanes. Each keeps its own time: a packet that is
missing here holds up nobody there, and what a wearer gets does not depend on who stands beside it.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.sensing.compiled import LANES
from upperback.sensing.orientation._compiled import LiveLanes, Pieces, Span, Tiles
from upperback.sensing.orientation._live import Backend, choose_backend
from upperback.sensing.orientation._reference import ReferenceLive, ReferenceTiles
from upperback.sensing.orientation.base import (
    Bad,
    Design,
    OrientationParams,
    Rows,
    TiltParams,
    TiltRows,
    bad_from_quality,
    design_orientation,
    design_tilt,
)
from upperback.sensing.packets import LATE_S_MAX, InOrder, Packet, Run
from upperback.sensing.signal import Chunk, Quality, QualityFlag, Signal3


@dataclass(slots=True, kw_only=True)
class Vertical:
    """The vertical of a wearer, for samples without a gap between them.

    Attributes
    ----------
    start_s : time of the first sample, as the packets told it
    sampling_rate_hz : Hz
    up : (n_samples, 3) float32, unit vector that points up, in the sensor frame; NaN where the sample was not usable
    quality : (n_samples,) uint8 of `QualityFlag`: what the packet said, IMPLAUSIBLE where the filter could not use it,
        UNSETTLED for a while after each start
    """

    start_s: float
    sampling_rate_hz: float
    up: Signal3
    quality: Quality


@dataclass(slots=True, kw_only=True)
class WearerState:
    """Everything that changes for one wearer; `upperback.sensing.state` makes bytes of it.

    Attributes
    ----------
    rows : (rows,) float32, the state of the lane
    next_s : time at which the next sample is due, None before the first
    waiting : packets that have not been worked on, by their start
    n_dropped : samples that came too late or twice
    """

    sampling_rate_hz: float
    has_gyroscope: bool
    rows: npt.NDArray[np.float32]
    next_s: float | None = None
    waiting: list[Packet] = field(default_factory=list)
    n_dropped: int = 0


class LaneGroups:
    """All wearers of a process: add and remove them, put in their packets, and work on everything once a tick.

    Parameters
    ----------
    params, tilt_params : tuning for wearers with and without gyroscope, or None for the usual one
    late_s_max : so long, in the time of the samples, a gap is held open for a packet that is late
    backend : `compiled` or `reference`; None takes the compiled one where there is one
    """

    def __init__(
        self,
        *,
        params: OrientationParams | None = None,
        tilt_params: TiltParams | None = None,
        late_s_max: float = LATE_S_MAX,
        backend: Backend | None = None,
    ) -> None:
        self._params, self._tilt_params = params, tilt_params
        self._late_s_max = late_s_max
        self._backend = choose_backend(backend)
        self._groups: dict[tuple[float, bool], _Group] = {}
        self._wearers: dict[str, _Wearer] = {}

    def __contains__(self, wearer: str) -> bool:
        return wearer in self._wearers

    def __len__(self) -> int:
        return len(self._wearers)

    def add(
        self, wearer: str, *, sampling_rate_hz: float, has_gyroscope: bool, state: WearerState | None = None
    ) -> None:
        """A new wearer, or one that was here or elsewhere before and left its state.

        Raises
        ------
        InputError : the wearer is here already, or the state is of another kind of sensor.
        """
        if wearer in self._wearers:
            raise InputError("this wearer has a lane already")
        kind = (sampling_rate_hz, has_gyroscope)
        if state is not None and (state.sampling_rate_hz, state.has_gyroscope) != kind:
            raise InputError("the state is of a wearer with another sampling rate or another kind of sensor")
        if kind not in self._groups:
            self._groups[kind] = self._new_group(sampling_rate_hz, has_gyroscope=has_gyroscope)
        group = self._groups[kind]
        lane = group.take_lane(None if state is None else state.rows)
        order = InOrder(sampling_rate_hz=sampling_rate_hz, late_s_max=self._late_s_max)
        if state is not None:
            order = InOrder(
                sampling_rate_hz=sampling_rate_hz,
                late_s_max=self._late_s_max,
                next_s=state.next_s,
                waiting=state.waiting,
                n_dropped=state.n_dropped,
            )
        self._wearers[wearer] = _Wearer(group, lane, order)

    def remove(self, wearer: str) -> WearerState:
        """Take a wearer out; returns its state, to be gone on with here or elsewhere."""
        state = self.state(wearer)
        gone = self._wearers.pop(wearer)
        gone.group.free_lane(gone.lane)
        return state

    def state(self, wearer: str) -> WearerState:
        """A copy of everything that changes for a wearer."""
        found = self._wearers[wearer]
        return WearerState(
            sampling_rate_hz=found.group.sampling_rate_hz,
            has_gyroscope=found.group.has_gyroscope,
            rows=found.group.rows_of(found.lane),
            next_s=found.order.next_s,
            waiting=[Packet.of(chunk) for chunk in found.order.waiting],
            n_dropped=found.order.n_dropped,
        )

    def put(self, wearer: str, chunk: Chunk) -> None:
        """A packet of a wearer: in turn, after a gap, late, or twice.

        Raises
        ------
        InputError : the packet has another sampling rate or another kind of sensor than the wearer.
        """
        found = self._wearers[wearer]
        group = found.group
        if chunk.sampling_rate_hz != group.sampling_rate_hz or (chunk.gyr_radps is None) == group.has_gyroscope:
            raise InputError("a packet has another sampling rate or another kind of sensor than its wearer")
        found.order.put(chunk)

    def tick(self) -> dict[str, list[Vertical]]:
        """Work on all packets whose turn it is; returns what was found, wearer by wearer, a `Vertical` for each run."""
        found: dict[str, list[Vertical]] = {}
        turns: dict[_Group, list[_Turn]] = {}
        for name, wearer in self._wearers.items():
            if wearer.order.waiting:
                runs = wearer.order.take()
                if runs:
                    turns.setdefault(wearer.group, []).append((name, wearer.lane, runs))
        for group, of_group in turns.items():
            group.work(of_group, found)
        return found

    def _new_group(self, sampling_rate_hz: float, *, has_gyroscope: bool) -> "_Group":
        if has_gyroscope:
            design = design_orientation(sampling_rate_hz, self._params)
        else:
            design = design_tilt(sampling_rate_hz, self._tilt_params)
        return _Group(design, sampling_rate_hz, self._backend, has_gyroscope=has_gyroscope)


#: What a wearer brings to a tick: name, lane, runs.
_Turn: TypeAlias = tuple[str, int, list[Run]]


class _Wearer:
    """One wearer: its lane, and the packets that wait."""

    __slots__ = ("group", "lane", "order")

    def __init__(self, group: "_Group", lane: int, order: InOrder) -> None:
        self.group, self.lane, self.order = group, lane, order


class _Group:
    """Tiles of lanes of one rate and one kind of sensor."""

    def __init__(self, design: Design, sampling_rate_hz: float, backend: Backend, *, has_gyroscope: bool) -> None:
        self.sampling_rate_hz, self.has_gyroscope = sampling_rate_hz, has_gyroscope
        self._design, self._backend = design, backend
        self._gap_max = int(design.named["gap_max"])
        self._n_rows = (Rows if has_gyroscope else TiltRows).ALL
        self._filters: list[LiveLanes | ReferenceLive] = []
        self._free: list[int] = []
        self._tiles: Tiles | ReferenceTiles = Tiles() if backend == "compiled" else ReferenceTiles()

    def take_lane(self, rows: npt.NDArray[np.float32] | None) -> int:
        if not self._free:
            make = LiveLanes if self._backend == "compiled" else ReferenceLive
            first = LANES * len(self._filters)
            self._filters.append(make(self._design, LANES, has_gyroscope=self.has_gyroscope))
            self._free = list(range(first + LANES - 1, first - 1, -1))
        fresh = np.zeros(self._n_rows, np.float32)
        if rows is not None and rows.shape != fresh.shape:
            raise InputError("the state of the wearer is from another version")
        lane = self._free.pop()
        self._filter(lane).put_rows((fresh if rows is None else rows)[None], np.array([lane % LANES]))
        return lane

    def free_lane(self, lane: int) -> None:
        self._free.append(lane)
        self._free.sort(reverse=True)  # the first tiles fill up first

    def rows_of(self, lane: int) -> npt.NDArray[np.float32]:
        rows: npt.NDArray[np.float32] = self._filter(lane).rows()[lane % LANES].astype(np.float32)
        return rows

    def work(self, turns: list[_Turn], found: dict[str, list[Vertical]]) -> None:
        by_tile: dict[int, list[_Turn]] = {}
        for turn in turns:
            by_tile.setdefault(turn[1] // LANES, []).append(turn)
        for tile, of_tile in by_tile.items():
            self._work_tile(self._filters[tile], of_tile, found)

    def _filter(self, lane: int) -> LiveLanes | ReferenceLive:
        return self._filters[lane // LANES]

    def _work_tile(
        self, lanes: LiveLanes | ReferenceLive, turns: list[_Turn], found: dict[str, list[Vertical]]
    ) -> None:
        signals = [_Signal(runs, self._gap_max) for _, _, runs in turns]
        lengths = np.array([signal.n_samples for signal in signals])
        first, end = np.zeros(LANES, np.int64), np.zeros(LANES, np.int64)
        at = [lane % LANES for _, lane, _ in turns]
        first[at], end[at] = np.cumsum(lengths) - lengths, lengths
        span = Span(first, np.zeros(LANES, np.int64), end)
        n_time = int(lengths.max())
        acc, bad = np.empty((n_time, 3, LANES), np.float32), np.empty((n_time, LANES), np.uint8)
        self._tiles.pack(Pieces(np.concatenate([part for signal in signals for part in signal.acc])), span, acc)
        whole_bad = None
        if not all(signal.is_sound for signal in signals):
            whole_bad = np.concatenate([signal.bad() for signal in signals])
        self._tiles.pack_bad(whole_bad, span, bad)
        gyr = None
        if self.has_gyroscope:
            gyr = np.empty_like(acc)
            self._tiles.pack(Pieces(np.concatenate([part for signal in signals for part in signal.gyr])), span, gyr)
        ages, gaps = (rows.tolist() for rows in lanes.ages_and_gaps())
        up = np.empty((int(lengths.sum()), 3), np.float32)
        self._tiles.unpack(lanes.update(acc, gyr, bad), span, up)
        good = ~np.isnan(up[:, 0])
        all_good = bool(good.all())
        settled = self._design.settled
        nothing = np.zeros(len(up), np.uint8)  # known against any sample
        stop = 0
        for (name, _, _), signal, lane in zip(turns, signals, at, strict=True):
            rows = slice(stop, stop := stop + signal.n_samples)
            doubt = nothing[rows]
            if not all_good or ages[lane] < settled:
                doubt = _doubt(good[rows], int(ages[lane]), int(gaps[lane]), self._gap_max, settled)
            found[name] = signal.verticals(up[rows], doubt, self.sampling_rate_hz)


class _Signal:
    """The runs of one wearer as one signal, with the missing samples between them."""

    __slots__ = ("_gaps", "_runs", "acc", "gyr", "is_sound", "n_samples")

    def __init__(self, runs: list[Run], gap_max: int) -> None:
        self._runs = runs
        self._gaps = [min(n_missing, gap_max) for n_missing, _ in runs]  # nothing changes after that many
        self.acc: list[npt.NDArray[np.float32]] = []
        self.gyr: list[npt.NDArray[np.float32]] = []
        self.is_sound, self.n_samples = True, 0
        for n_gap, (_, chunk) in zip(self._gaps, runs, strict=True):
            if n_gap:
                nothing = np.zeros((n_gap, 3), np.float32)
                self.acc.append(nothing)
                self.gyr.append(nothing)
                self.is_sound = False
            self.acc.append(chunk.acc_mps2)
            if chunk.gyr_radps is not None:
                self.gyr.append(chunk.gyr_radps)
            if chunk.quality is not None:
                self.is_sound = False
            self.n_samples += n_gap + len(chunk.acc_mps2)

    def bad(self) -> npt.NDArray[np.uint8]:
        """(n_samples,) of `Bad`."""
        parts = []
        for n_gap, (_, chunk) in zip(self._gaps, self._runs, strict=True):
            parts.append(np.full(n_gap, Bad.MISSING, np.uint8))
            parts.append(_bad_of(chunk))
        return np.concatenate(parts)

    def verticals(self, up: Signal3, doubt: Quality, sampling_rate_hz: float) -> list[Vertical]:
        """What was found, a `Vertical` for each run of samples without a gap; `doubt` are flags of the samples."""
        found: list[Vertical] = []
        at = 0
        for n_gap, (_, chunk) in zip(self._gaps, self._runs, strict=True):
            at += n_gap
            rows = slice(at, at := at + len(chunk.acc_mps2))
            quality = doubt[rows]
            if (told := chunk.quality) is not None:
                known = bad_from_quality(told) != 0  # where the packet has said already why a sample cannot be used
                quality = np.where(known, quality & np.uint8(QualityFlag.UNSETTLED), quality) | told
            if n_gap == 0 and found:
                found[-1].up = np.concatenate([found[-1].up, up[rows]])
                found[-1].quality = np.concatenate([found[-1].quality, quality])
            else:
                found.append(
                    Vertical(start_s=chunk.start_s, sampling_rate_hz=sampling_rate_hz, up=up[rows], quality=quality)
                )
        return found


def _bad_of(chunk: Chunk) -> npt.NDArray[np.uint8]:
    return np.zeros(len(chunk), np.uint8) if chunk.quality is None else bad_from_quality(chunk.quality)


def _doubt(good: npt.NDArray[np.bool_], age: int, gap: int, gap_max: int, settled: int) -> Quality:
    """Flags of samples that were not usable or came before their lane had settled; `age` and `gap` before them."""
    unsettled = _unsettled(good, age, gap, gap_max, settled)
    doubt = np.where(unsettled, np.uint8(QualityFlag.UNSETTLED), np.uint8(0))
    doubt[~good] |= np.uint8(QualityFlag.IMPLAUSIBLE)
    return doubt


def _unsettled(good: npt.NDArray[np.bool_], age: int, gap: int, gap_max: int, settled: int) -> npt.NDArray[np.bool_]:
    """Samples before their lane has settled, from its age and gap before them."""
    if good.all():
        return age + np.arange(len(good)) < settled
    unsettled = np.empty(len(good), bool)
    for t, is_good in enumerate(good.tolist()):
        unsettled[t] = age < settled
        age, gap = (age + 1, 0) if is_good else (age, gap + 1 if age else 0)
        if gap >= gap_max:
            age = gap = 0
    return unsettled
