"""Finds standing and bending in the first minutes of a recording, and says so when it is not sure."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from upperback.sensing.signal import Signal3
from upperback.sensing.trunk._tasks import AlignParams, align
from upperback.sensing.trunk.base import NotAligned, Task, TaskKind, TrunkAlignment

_Vectors = npt.NDArray[np.float64]

_STEP_HZ = 10.0
"""Tasks last seconds; means over a tenth of a second are enough to see them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchParams:
    """What counts as standing and bending when nobody says which is which. Choices of this project.

    Attributes
    ----------
    within_s : only the beginning of a recording is searched
    rest_s_min, rest_deg_max : so long within that angle of one direction is a rest
    lean_deg_min : a bend begins and ends here
    bend_deg_min, bend_deg_max : how far a bend goes. Nobody leans so far to the side or back, and further is lying
    bend_s_min, bend_s_max : how long it takes
    return_deg_max, return_s_max : it comes from upright and goes back to it, this near and this soon
    plane_deg_max : it stays in one plane, root mean square
    same_deg_max : bends in the same direction differ less
    n_bends_min : fewer are everyday movement and no task
    between_s_max : from one bend to the next
    stand_s_max : rests are taken from so long before the first bend to so long after the last
    """

    within_s: float = 300.0
    rest_s_min: float = 2.0
    rest_deg_max: float = 2.5
    lean_deg_min: float = 15.0
    bend_deg_min: float = 45.0
    bend_deg_max: float = 115.0
    bend_s_min: float = 1.0
    bend_s_max: float = 15.0
    return_deg_max: float = 8.0
    return_s_max: float = 2.0
    plane_deg_max: float = 8.0
    same_deg_max: float = 15.0
    n_bends_min: int = 3
    between_s_max: float = 30.0
    stand_s_max: float = 30.0
    align: AlignParams = field(default_factory=AlignParams)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTask:
    """Samples [start, end) in which the person did this."""

    kind: TaskKind
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was found.

    Attributes
    ----------
    alignment : None where the recording does not show it clearly
    tasks : what it was made from
    sentence : how sure it is, or why there is none
    """

    alignment: TrunkAlignment | None
    tasks: tuple[FoundTask, ...]
    sentence: str


def find_alignment(up: Signal3, *, sampling_rate_hz: float, params: SearchParams | None = None) -> Search:
    """Alignment from standing and bending that nobody marked.

    Parameters
    ----------
    up : (n_samples, 3) float32, the vertical in the sensor frame; NaN where it was not measured
    sampling_rate_hz : of `up`
    params : limits

    Returns
    -------
    Search : with an alignment only where at least three bends of one size class go from the same rest in the same
        direction within half a minute of each other. Whether that rest was standing or sitting upright cannot be
        told from the trunk: the sentence says so.
    """
    params = params or SearchParams()
    up = up[: int(params.within_s * sampling_rate_hz)]
    directions = _tenths(up, sampling_rate_hz)
    rests = _rests(directions, params)
    if not rests:
        return _not_sure("Nobody stood still in the first minutes.")
    best: list[_Bend] = []
    base = rests[0]
    for rest in rests:
        bends = _series(_bends(directions, rest.direction, params), rest, params)
        if len(bends) > len(best):
            best, base = bends, rest
    if len(best) < params.n_bends_min:
        return _not_sure(
            f"{params.n_bends_min} forward bends from standing were not seen in the first minutes"
            + (f", only {len(best)}." if best else ".")
        )
    tasks = [*_stands(rests, base, best, params), *(FoundTask(kind="bend", start=b.start, end=b.end) for b in best)]
    in_samples = tuple(
        FoundTask(kind=task.kind, start=_sample(task.start, sampling_rate_hz), end=_sample(task.end, sampling_rate_hz))
        for task in tasks
    )
    try:
        alignment = align(
            [Task(kind=task.kind, up=up[task.start : task.end]) for task in in_samples],
            params.align,
            source="found tasks",
        )
    except NotAligned as reason:
        return _not_sure(reason.message)
    assert alignment.quality is not None
    sentence = (
        f"{alignment.quality.sentence} It was found in the recording, and takes the rest before the bends as upright."
    )
    return Search(alignment=alignment, tasks=in_samples, sentence=sentence)


@dataclass(frozen=True, slots=True)
class _Rest:
    start: int
    end: int
    direction: _Vectors


@dataclass(frozen=True, slots=True)
class _Bend:
    """Steps [start, end), and the direction in which the vertical went, at right angles to upright."""

    start: int
    end: int
    went: _Vectors


def _not_sure(reason: str) -> Search:
    return Search(alignment=None, tasks=(), sentence=reason)


def _sample(step: int, sampling_rate_hz: float) -> int:
    return int(np.ceil(step * sampling_rate_hz / _STEP_HZ))


def _tenths(up: Signal3, sampling_rate_hz: float) -> _Vectors:
    """Mean directions of steps of a tenth of a second; NaN where one of its samples was not measured."""
    n_steps = int(len(up) * _STEP_HZ / sampling_rate_hz)
    if n_steps == 0:
        return np.empty((0, 3))
    starts = [_sample(step, sampling_rate_hz) for step in range(n_steps + 1)]
    sums = np.add.reduceat(up[: starts[-1]].astype(np.float64), starts[:-1], axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        directions: _Vectors = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return directions


def _angles_deg(directions: _Vectors, axis: _Vectors) -> _Vectors:
    angles: _Vectors = np.degrees(np.arccos((directions @ axis).clip(-1, 1)))
    return angles


def _rests(directions: _Vectors, params: SearchParams) -> list[_Rest]:
    """Stretches that stay near their own first half second."""
    found = []
    start, half_second = 0, int(_STEP_HZ / 2)
    while start + half_second <= len(directions):
        first = directions[start : start + half_second].mean(axis=0)
        near = _angles_deg(directions[start:], first / np.linalg.norm(first)) <= params.rest_deg_max  # NaN is not near
        length = len(near) if near.all() else int(near.argmin())
        if length >= params.rest_s_min * _STEP_HZ:
            mean = directions[start : start + length].mean(axis=0)
            found.append(_Rest(start, start + length, mean / np.linalg.norm(mean)))
            start += length
        else:
            start += 1
    return found


def _bends(directions: _Vectors, upright: _Vectors, params: SearchParams) -> list[_Bend]:
    """Stretches that leave upright far enough, in one plane, and come back."""
    lean_deg = _angles_deg(directions, upright)
    away = np.concatenate([[False], lean_deg >= params.lean_deg_min, [False]])
    changes = np.flatnonzero(np.diff(away.astype(np.int8)))
    reach = int(params.return_s_max * _STEP_HZ)
    found = []
    for start, end in zip(changes[::2].tolist(), changes[1::2].tolist(), strict=True):
        lasts = params.bend_s_min <= (end - start) / _STEP_HZ <= params.bend_s_max
        size_deg = lean_deg[start:end].max()
        before, after = lean_deg[max(0, start - reach) : start], lean_deg[end : end + reach]
        returns = len(before) and len(after) and max(before.min(), after.min()) <= params.return_deg_max
        if not (lasts and returns and params.bend_deg_min <= size_deg <= params.bend_deg_max):
            continue
        offsets = directions[start:end] - np.outer(directions[start:end] @ upright, upright)
        went = offsets.sum(axis=0)
        went /= np.linalg.norm(went)
        across = np.degrees(np.arcsin((offsets @ np.cross(upright, went)).clip(-1, 1)))
        if np.sqrt(np.mean(across**2)) <= params.plane_deg_max:
            found.append(_Bend(start, end, went))
    return found


def _series(bends: list[_Bend], rest: _Rest, params: SearchParams) -> list[_Bend]:
    """The longest series of bends that follow each other in the same direction, soon after or before the rest."""
    best: list[_Bend] = []
    for first in range(len(bends)):
        series = [bends[first]]
        for bend in bends[first + 1 :]:
            if (bend.start - series[-1].end) / _STEP_HZ > params.between_s_max:
                break
            mean = np.mean([one.went for one in series], axis=0)
            if _angles_deg(bend.went, mean / np.linalg.norm(mean)) <= params.same_deg_max:
                series.append(bend)
        far_s = max(series[0].start - rest.end, rest.start - series[-1].end) / _STEP_HZ
        if far_s <= params.stand_s_max and len(series) > len(best):
            best = series
    return best


def _stands(rests: list[_Rest], base: _Rest, bends: list[_Bend], params: SearchParams) -> list[FoundTask]:
    reach = params.stand_s_max * _STEP_HZ
    return [
        FoundTask(kind="stand", start=rest.start, end=rest.end)
        for rest in rests
        if _angles_deg(rest.direction, base.direction) <= params.align.stand_repeat_deg_max
        and rest.end > bends[0].start - reach
        and rest.start < bends[-1].end + reach
    ]
