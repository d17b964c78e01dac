"""Finds standing and bending in the first minutes of a recording, and says so when it is not sure."""

from collections.abc import Sequence
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
    return_deg_max, return_s_max : it comes from upright and goes back to it, this near and this soon
    bend_s_min, bend_s_max : how long it takes
    plane_deg_max : it stays in one plane, root mean square
    bend_deg_sure, bend_deg_max : how far a forward bend goes. People lean less far to the side; further is lying
    bend_deg_min : or so far, if leaning to both sides was seen too: forward is the way that has no opposite
    side_deg_min, n_sides_min : how far that goes, and how often to each side
    alike : the smallest bend is at least this share of the largest one
    same_deg_max : bends in the same direction differ less
    across_deg_max : leaning to the side is so nearly at right angles to bending forward
    n_bends_min : fewer are everyday movement and no task
    between_s_max : from a rest to the first bend, and from one bend to the next
    early_s : bends without side-bends are a task only if they begin so soon
    sides_s_max : side-bends are looked for so long before and after the bends
    stand_deg_max : other rests between and near the bends count as standing, too, if they are this near to the first
    repeat_deg_max, agreement_deg_max : bends, and side-bends, that agree less were no task
    """

    within_s: float = 300.0
    rest_s_min: float = 2.0
    rest_deg_max: float = 2.5
    lean_deg_min: float = 10.0
    return_deg_max: float = 8.0
    return_s_max: float = 2.0
    bend_s_min: float = 1.0
    bend_s_max: float = 15.0
    plane_deg_max: float = 8.0
    bend_deg_sure: float = 40.0
    bend_deg_max: float = 115.0
    bend_deg_min: float = 30.0
    side_deg_min: float = 12.0
    n_sides_min: int = 2
    alike: float = 0.6
    same_deg_max: float = 15.0
    across_deg_max: float = 25.0
    n_bends_min: int = 3
    between_s_max: float = 15.0
    early_s: float = 120.0
    sides_s_max: float = 45.0
    stand_deg_max: float = 4.0
    repeat_deg_max: float = 6.0
    agreement_deg_max: float = 12.0
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
    Search : with an alignment only where at least three bends go from the same rest in the same direction soon after
        each other, with side-bends to both sides beside them; or early in the recording and so far that they cannot be
        side-bends. Whether the rest was standing or sitting upright cannot be told from the trunk: the sentence says
        what was taken for upright.
    """
    params = params or SearchParams()
    up = up[: int(params.within_s * sampling_rate_hz)]
    directions = _tenths(up, sampling_rate_hz)
    rests = _rests(directions, params)
    if not rests:
        return _not_sure("Nobody stood still in the first minutes.")
    candidates = [_longest(_leans(directions, rest.direction, params), rest, params) for rest in rests]
    found = [series for series in candidates if not series.doubt(params)]
    if not found:
        nearest = max(candidates, key=lambda series: len(series.bends))
        return _not_sure(nearest.doubt(params))
    best = max(found, key=lambda series: (series.shows_sides(params), -series.bends[0].start, -series.rest.start))
    tasks = _tasks(rests, best, params)
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
    except NotAligned as refused:
        return _not_sure(refused.message)
    quality = alignment.quality
    assert quality is not None
    if quality.bend_repeat_deg > params.repeat_deg_max or quality.side_agreement_deg > params.agreement_deg_max:
        return _not_sure("Bends were seen, but they do not agree well enough to be the task.")
    sentence = f"{quality.sentence} It was found in the recording: the rest before the bends counts as upright."
    return Search(alignment=alignment, tasks=in_samples, sentence=sentence)


@dataclass(frozen=True, slots=True)
class _Rest:
    start: int
    end: int
    direction: _Vectors


@dataclass(frozen=True, slots=True)
class _Lean:
    """Steps [start, end) away from upright, how far, and where the vertical went, at right angles to upright."""

    start: int
    end: int
    size_deg: float
    went: _Vectors


@dataclass(frozen=True, slots=True)
class _Series:
    """Bends that follow each other in the same direction from one rest, and what else was done around them."""

    rest: _Rest
    bends: tuple[_Lean, ...] = ()
    rights: tuple[_Lean, ...] = ()
    lefts: tuple[_Lean, ...] = ()
    backs: tuple[_Lean, ...] = ()

    def shows_sides(self, params: SearchParams) -> bool:
        """Leaning to both sides was seen, too."""
        return min(len(self.rights), len(self.lefts)) >= params.n_sides_min

    def doubt(self, params: SearchParams) -> str:
        """Why these may not be forward bends from standing that somebody did as a task; empty where they are."""
        if not self.bends:
            return "Nobody bent forward from standing in the first minutes."
        if len(self.bends) < params.n_bends_min:
            return f"Fewer than {params.n_bends_min} forward bends in a row were seen in the first minutes."
        sizes_deg = [bend.size_deg for bend in self.bends]
        size_deg = float(np.median(sizes_deg))
        if min(sizes_deg) < params.alike * max(sizes_deg):
            return "The bends were too different to be a task."
        if any(back.size_deg > 0.6 * size_deg for back in self.backs):
            return "Bends went both ways, so front and back cannot be told apart."
        if self.shows_sides(params):
            return ""
        if size_deg < params.bend_deg_sure:
            return f"Bends of {size_deg:.0f} degrees may have been to the side: leaning to both sides was not seen."
        if self.bends[0].start > params.early_s * _STEP_HZ:
            return "Bends without leaning to both sides came too late to be a task; they may have been work."
        return ""


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


def _leans(directions: _Vectors, upright: _Vectors, params: SearchParams) -> list[_Lean]:
    """Stretches that leave upright, stay in one plane, and come back."""
    lean_deg = _angles_deg(directions, upright)
    away = np.concatenate([[False], lean_deg >= params.lean_deg_min, [False]])
    changes = np.flatnonzero(np.diff(away.astype(np.int8)))
    reach = int(params.return_s_max * _STEP_HZ)
    found = []
    for start, end in zip(changes[::2].tolist(), changes[1::2].tolist(), strict=True):
        lasts = params.bend_s_min <= (end - start) / _STEP_HZ <= params.bend_s_max
        size_deg = float(lean_deg[start:end].max())
        before, after = lean_deg[max(0, start - reach) : start], lean_deg[end : end + reach]
        returns = len(before) and len(after) and max(before.min(), after.min()) <= params.return_deg_max
        if not (lasts and returns and params.side_deg_min <= size_deg <= params.bend_deg_max):
            continue
        offsets = directions[start:end] - np.outer(directions[start:end] @ upright, upright)
        went = offsets.sum(axis=0)
        went /= np.linalg.norm(went)
        across = np.degrees(np.arcsin((offsets @ np.cross(upright, went)).clip(-1, 1)))
        if np.sqrt(np.mean(across**2)) <= params.plane_deg_max:
            found.append(_Lean(start, end, size_deg, went))
    return found


def _longest(leans: list[_Lean], rest: _Rest, params: SearchParams) -> _Series:
    """The longest series of bends in one direction, soon after the rest."""
    best: list[_Lean] = []
    large = [lean for lean in leans if lean.size_deg >= params.bend_deg_min]
    for first in range(len(large)):
        series = [large[first]]
        for bend in large[first + 1 :]:
            if (bend.start - series[-1].end) / _STEP_HZ > params.between_s_max:
                break
            if _angles_deg(bend.went, _mean(series)) <= params.same_deg_max:
                series.append(bend)
        after_s = (series[0].start - rest.end) / _STEP_HZ
        if 0 <= after_s <= params.between_s_max and len(series) > len(best):
            best = series
    if not best:
        return _Series(rest)
    forward = -_mean(best)
    near = [lean for lean in leans if _near(lean, best, params.sides_s_max) and lean not in best]

    def towards(axis: _Vectors) -> tuple[_Lean, ...]:
        return tuple(lean for lean in near if _angles_deg(lean.went, axis) <= params.across_deg_max)

    left = np.cross(rest.direction, forward)
    return _Series(rest, tuple(best), rights=towards(left), lefts=towards(-left), backs=towards(forward))


def _mean(leans: list[_Lean]) -> _Vectors:
    total = np.sum([lean.went for lean in leans], axis=0)
    mean: _Vectors = total / np.linalg.norm(total)
    return mean


def _near(what: _Lean | _Rest, tasks: Sequence[_Lean], reach_s: float) -> bool:
    reach = reach_s * _STEP_HZ
    return what.end > min(task.start for task in tasks) - reach and what.start < max(task.end for task in tasks) + reach


def _tasks(rests: list[_Rest], series: _Series, params: SearchParams) -> list[FoundTask]:
    """What the alignment is made from."""
    found = [
        FoundTask(kind="stand", start=rest.start, end=rest.end)
        for rest in rests
        if _angles_deg(rest.direction, series.rest.direction) <= params.stand_deg_max
        and _near(rest, (*series.bends, *series.rights, *series.lefts), params.between_s_max)
    ]
    kinds: tuple[tuple[TaskKind, tuple[_Lean, ...]], ...] = (
        ("bend", series.bends),
        ("side_right", series.rights),
        ("side_left", series.lefts),
    )
    return found + [FoundTask(kind=kind, start=one.start, end=one.end) for kind, leans in kinds for one in leans]
