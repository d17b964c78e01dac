"""Alignment from tasks: upright by standing, forward by bending, both by more than one if there are more."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from upperback.sensing.trunk.base import AlignmentQuality, NotAligned, Source, Task, TrunkAlignment

_Vectors = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignParams:
    """What tasks must show. All are choices of this project: no study of this protocol on the upper back was found.

    Attributes
    ----------
    lean_deg_min : samples nearer to upright than this say nothing about the direction of a bend
    bend_deg_min, side_deg_min : a smaller bend is not used
    sway_deg_max, stand_repeat_deg_max : a stand that moves more, or stands that differ more, are no reference
    bend_repeat_deg_max, side_agreement_deg_max : directions that differ more are not one direction
    side_weight : of a side-bend against a bend; people lean less purely to the side than forward
    good_... : limits of the grade `good`
    """

    lean_deg_min: float = 15.0
    bend_deg_min: float = 30.0
    side_deg_min: float = 15.0
    sway_deg_max: float = 3.0
    stand_repeat_deg_max: float = 8.0
    bend_repeat_deg_max: float = 20.0
    side_agreement_deg_max: float = 30.0
    side_weight: float = 0.5
    good_n_bends: int = 2
    good_bend_deg: float = 40.0
    good_stand_repeat_deg: float = 3.0
    good_bend_repeat_deg: float = 6.0
    good_bend_residual_deg: float = 6.0
    good_side_agreement_deg: float = 12.0


def align(
    tasks: Sequence[Task], params: AlignParams | None = None, *, source: Source = "standard tasks"
) -> TrunkAlignment:
    """How the sensor sits on the trunk, from tasks the person did.

    Parameters
    ----------
    tasks : at least one `stand` and one `bend`; more of them, and side-bends, make it surer and show how sure
    params : limits
    source : said in the result

    Raises
    ------
    NotAligned : the tasks are missing, too small, or contradict each other.

    Notes
    -----
    Up along the spine is the mean vertical of the stands, each stand counting the same: upright is what this person
    calls upright. In a bend the vertical moves, in the sensor frame, in the plane of up and front. The forward axis is
    the horizontal direction from which bends leave least and side-bends, turned by a quarter, too (least squares: the
    main axis of the summed second moments, each task counting the same); bends say which end is the front.

    Standing and bending are the usual functional calibration; how well people repeat the standing reference was
    studied in [1]_. That the trunk bends in one plane is an assumption, and `bend_residual_deg` shows how well it held.

    References
    ----------
    .. [1] Reliability and accuracy of standard reference procedures for measurements of trunk and arm postures in
       ergonomics. Bioengineering 2025;12(1):50. doi:10.3390/bioengineering12010050
    """
    params = params or AlignParams()
    stands = [up for task in tasks if task.kind == "stand" and len(up := _measured(task))]
    if not stands:
        raise NotAligned("Standing still upright was not seen, so there is nothing to measure from.")
    means = [_unit(stand.mean(axis=0)) for stand in stands]
    upright = _unit(np.sum(means, axis=0))
    sway_deg = _rms(np.concatenate([_angle_deg(stand, mean) for stand, mean in zip(stands, means, strict=True)]))
    stand_repeat_deg = float(max(_angle_deg(np.array(means), upright))) if len(means) > 1 else float("nan")
    if sway_deg > params.sway_deg_max:
        raise NotAligned(f"Standing was not still enough: it swayed by {sway_deg:.0f} degrees.")
    if stand_repeat_deg > params.stand_repeat_deg_max:
        raise NotAligned(f"Standing upright differed by {stand_repeat_deg:.0f} degrees from time to time.")

    plane = TrunkAlignment.from_axes(upright, None, source=source).axes()[1:]
    bends = [_Lean.of(task, upright, plane, params) for task in tasks if task.kind == "bend"]
    sides = [_Lean.of(task, upright, plane, params) for task in tasks if task.kind in {"side_left", "side_right"}]
    used_bends = [bend for bend in bends if bend.size_deg >= params.bend_deg_min]
    used_sides = [side for side in sides if side.size_deg >= params.side_deg_min]
    if not used_bends:
        largest = max((bend.size_deg for bend in bends), default=0.0)
        raise NotAligned(
            f"The bends were too small to tell front from side: {largest:.0f} degrees, and "
            f"{params.bend_deg_min:.0f} are needed."
        )
    forward = _common_axis(used_bends, used_sides, params)
    quality = _quality(
        forward, used_bends, used_sides, params, n_stands=len(stands), sway_deg=sway_deg, repeat_deg=stand_repeat_deg
    )
    return TrunkAlignment.from_axes(upright, forward @ plane, source=source, quality=quality)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lean:
    """One bend or side-bend, in the plane across the spine.

    `moment` is the second moment of where the vertical went, with trace 1; `forward` the front that this task alone
    would give; `offsets` the samples themselves.
    """

    size_deg: float
    moment: _Vectors
    forward: _Vectors
    offsets: _Vectors

    @classmethod
    def of(cls, task: Task, upright: _Vectors, plane: _Vectors, params: AlignParams) -> "_Lean":
        up = _measured(task)
        lean_deg = _angle_deg(up, upright)
        offsets = (up @ plane.T)[lean_deg >= params.lean_deg_min]
        if not len(offsets):
            size_deg = float(lean_deg.max(initial=0.0))
            return cls(size_deg=size_deg, moment=np.zeros((2, 2)), forward=np.zeros(2), offsets=offsets)
        moment = offsets.T @ offsets / np.sum(offsets**2)
        went = _main_axis(moment)
        went = went if went @ offsets.sum(axis=0) > 0 else -went
        quarter = {"bend": 2, "side_right": 1, "side_left": 3}[task.kind]  # the vertical goes the other way
        return cls(
            size_deg=float(np.percentile(lean_deg, 98)),
            moment=_turned(_turned(moment, quarter).T, quarter),
            forward=_turned(went, quarter),
            offsets=_turned(offsets.T, quarter).T,
        )


def _common_axis(bends: list[_Lean], sides: list[_Lean], params: AlignParams) -> _Vectors:
    moment = np.sum([bend.moment for bend in bends], axis=0)
    moment = moment + params.side_weight * np.sum([side.moment for side in sides] or [np.zeros((2, 2))], axis=0)
    forward = _main_axis(moment)
    return forward if forward @ np.sum([bend.forward for bend in bends], axis=0) > 0 else -forward


def _quality(
    forward: _Vectors,
    bends: list[_Lean],
    sides: list[_Lean],
    params: AlignParams,
    *,
    n_stands: int,
    sway_deg: float,
    repeat_deg: float,
) -> AlignmentQuality:
    by_bends = _unit(np.sum([bend.forward for bend in bends], axis=0))
    turns = _angle_deg(np.array([bend.forward for bend in bends]), by_bends)
    bend_repeat_deg = _rms(turns) if len(bends) > 1 else float("nan")
    side_agreement_deg = float("nan")
    if sides:
        side_agreement_deg = float(_angle_deg(_unit(np.sum([side.forward for side in sides], axis=0)), by_bends))
    if bend_repeat_deg > params.bend_repeat_deg_max:
        raise NotAligned(f"The bends went in different directions: {bend_repeat_deg:.0f} degrees apart.")
    if side_agreement_deg > params.side_agreement_deg_max:
        raise NotAligned(
            f"Bending forward and leaning to the side do not fit together: {side_agreement_deg:.0f} degrees off."
        )
    across = np.concatenate([bend.offsets for bend in bends]) @ np.array([-forward[1], forward[0]])
    residual_deg = _rms(np.degrees(np.arcsin(across.clip(-1, 1))))
    size_deg = float(np.median([bend.size_deg for bend in bends]))
    doubts = []
    if len(bends) < params.good_n_bends:
        doubts.append("only one bend was seen")
    if size_deg < params.good_bend_deg:
        doubts.append(f"the bends were small, {size_deg:.0f} degrees")
    if repeat_deg > params.good_stand_repeat_deg:
        doubts.append(f"standing upright differed by {repeat_deg:.0f} degrees")
    if bend_repeat_deg > params.good_bend_repeat_deg:
        doubts.append(f"the bends went up to {bend_repeat_deg:.0f} degrees apart")
    if residual_deg > params.good_bend_residual_deg:
        doubts.append(f"the bends went {residual_deg:.0f} degrees off to the side")
    if side_agreement_deg > params.good_side_agreement_deg:
        doubts.append(f"leaning to the side fits only to {side_agreement_deg:.0f} degrees")
    if doubts:
        sentence = f"How the sensor sits is known roughly: {' and '.join(doubts)}."
    else:
        sentence = (
            f"How the sensor sits is well known: {len(bends)} bends of about {size_deg:.0f} degrees went the same way "
            f"to within {max(1, np.ceil(bend_repeat_deg)):.0f}."
        )
    return AlignmentQuality(
        n_stands=n_stands,
        n_bends=len(bends),
        n_sides=len(sides),
        sway_deg=sway_deg,
        stand_repeat_deg=repeat_deg,
        bend_size_deg=size_deg,
        bend_residual_deg=residual_deg,
        bend_repeat_deg=bend_repeat_deg,
        side_agreement_deg=side_agreement_deg,
        grade="fair" if doubts else "good",
        sentence=sentence,
    )


def _measured(task: Task) -> _Vectors:
    up = task.up.astype(np.float64)
    length = np.linalg.norm(up, axis=1)
    good = (length > 0.5) & (length < 2)  # false for NaN
    directions: _Vectors = up[good] / length[good, None]
    return directions


def _unit(vector: _Vectors) -> _Vectors:
    unit: _Vectors = vector / np.linalg.norm(vector)
    return unit


def _angle_deg(directions: _Vectors, axis: _Vectors) -> _Vectors:
    """Between directions of length 1 and an axis of length 1; exact near 0 too."""
    along = np.asarray(directions @ axis)
    across = np.linalg.norm(directions - along[..., None] * axis, axis=-1)
    angle: _Vectors = np.degrees(np.arctan2(across, along))
    return angle


def _rms(values: _Vectors) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _main_axis(moment: _Vectors) -> _Vectors:
    axis: _Vectors = np.linalg.eigh(moment)[1][:, -1]
    return axis


def _turned(vectors: _Vectors, quarters: int) -> _Vectors:
    """Columns of (2, n), turned counter-clockwise by quarters of a turn."""
    x, y = vectors
    for _ in range(quarters):
        x, y = -y, x
    return np.array([x, y])
