"""The contract of the orientation stage: parameters, states, and what the methods are given and give back.

The answer is always `up`: the unit vector that points up, in the axes of the sensor, float32; NaN where there is no
sample. Turning about the vertical does not change it, and is never reported: without a magnetometer it cannot be told
from the drift of the gyroscope.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.sensing.signal import G_MPS2, Quality, QualityFlag, SignalShapeError

#: (n_time, 3, n_lanes) float32: lanes stand side by side, one for each wearer.
Lanes3: TypeAlias = npt.NDArray[np.float32]
#: (n_time, n_lanes) uint8 of `Bad`.
BadLanes: TypeAlias = npt.NDArray[np.uint8]
#: float32, or float64 in the reference.
Floats: TypeAlias = npt.NDArray[np.floating[Any]]

#: A sample with one of these bits is not used.
UNUSABLE: Final = np.uint8(QualityFlag.GAP | QualityFlag.IMPLAUSIBLE)


class Bad(IntEnum):
    """Why a lane has no sample at some time; the same numbers stand in kernel/orient.h."""

    NOT = 0
    MISSING = 1
    """A sample should be here and cannot be used: time passes without it."""
    IDLE = 2
    """Nothing is due: the lane is shorter than its neighbours, or empty. Leaves no trace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TiltParams:
    """Tuning of the vertical from specific force alone.

    Attributes
    ----------
    cutoff_hz : of the low-pass (Butterworth, second order). 5 Hz is the habit of inclinometry with accelerometers;
        with hindsight the filter runs in both directions, so that its delay is gone and it takes twice as much away
    gap_s_max : a lane that misses samples for so long starts afresh
    settle_s : so long after a start the result is not to be trusted yet
    acc_mps2_max : specific force beyond this is no sample
    """

    cutoff_hz: float = 5.0
    gap_s_max: float = 1.0
    settle_s: float = 0.5
    acc_mps2_max: float = 100 * G_MPS2


@dataclass(frozen=True, slots=True, kw_only=True)
class OrientationParams:
    """Tuning of the vertical from angular velocity and specific force.

    The method, and how these numbers were found: docs/decisions/0010-orientation-kernel.md.

    Attributes
    ----------
    node_s : the filter takes a step this often; between steps it only adds up
    gravity_tau_s : how slowly specific force corrects the vertical: time constant of the filter that has settled
    gyr_noise_radps_rts : noise of the angular velocity, rad/s in one second of averaging (rad/sqrt(s)). With
        `gravity_tau_s` it says how far the velocity of a person is believed to stay from zero
    start_mps2 : specific force in the first `node_s` is taken for gravity with this standard deviation
    bias_start_radps : standard deviation of the bias of a gyroscope that nothing is known about
    bias_walk_radps_rts : how the bias wanders in a second (with warmth and age)
    bias_walk_turn_rts : and how much more it seems to, for each rad/s of turning: errors of scale and of axes
    bias_radps_max : no bias is larger
    rest_bias_radps_rts : a sensor at rest shows its bias with this standard deviation in one second; not its noise,
        since people are never quite at rest
    rest_s_min : so long at rest before it counts
    rest_gyr_radps_max, rest_acc_mps2_max : scatter (standard deviation) of a signal at rest
    rest_gyr_move_radps_max, rest_acc_move_mps2_max : how far the means may move during a rest
    gyr_delay_s, acc_delay_s : how late a sample is: the low-pass filters inside the sensors. Typical of small MEMS
        sensors, and what the development recordings show
    gap_s_max, settle_s, acc_mps2_max : as in `TiltParams`
    bridge_s_max : so much of a gap is bridged by the mean of the angular velocities on both sides
    gap_turn_radps2 : angular acceleration of a person that a gap may hide
    gyr_radps_max : angular velocity beyond this is no sample
    keep_s, look_s : with hindsight, windows of `keep_s` are worked out as soon as the `look_s` after them are known;
        no more than `keep_s` are looked ahead
    warm_s : the parts of a long recording that are worked on side by side each begin this much earlier
    """

    node_s: float = 0.2
    gravity_tau_s: float = 4.0
    gyr_noise_radps_rts: float = 5.6e-4
    start_mps2: float = 2.0
    bias_start_radps: float = float(np.deg2rad(0.5))
    bias_walk_radps_rts: float = float(np.deg2rad(2e-3))
    bias_walk_turn_rts: float = 2e-5
    bias_radps_max: float = float(np.deg2rad(5.0))
    rest_bias_radps_rts: float = float(np.deg2rad(0.1))
    rest_s_min: float = 1.0
    rest_gyr_radps_max: float = float(np.deg2rad(1.0))
    rest_acc_mps2_max: float = 0.3
    rest_gyr_move_radps_max: float = float(np.deg2rad(0.5))
    rest_acc_move_mps2_max: float = 0.1
    gyr_delay_s: float = 0.004
    acc_delay_s: float = 0.002
    bridge_s_max: float = 0.25
    gap_s_max: float = 0.5
    gap_turn_radps2: float = 3.0
    settle_s: float = 5.0
    acc_mps2_max: float = 100 * G_MPS2
    gyr_radps_max: float = 100.0
    keep_s: float = 60.0
    look_s: float = 30.0
    warm_s: float = 400.0


class Rows:
    """Rows of a lane's state with gyroscope, live; the same numbers stand in kernel/orient_live.h."""

    AGE, GAP, CALM, RUNS, WAITS = range(5)
    TURN = slice(5, 9)
    LAST = slice(9, 12)
    LAST_ACC = slice(12, 15)
    BIAS = slice(15, 18)
    UP = slice(18, 21)
    UP_STEP = slice(21, 24)
    NOW = slice(24, 43)
    THEN = slice(43, 62)
    BIAS_THEN = slice(62, 65)
    ESTIMATED = slice(65, 127)
    GOAL = slice(127, 130)
    ALL = 136


class SmoothRows:
    """Rows of a lane's state with gyroscope and hindsight; the same stand in kernel/smooth_window.h."""

    GAP, SEEN = range(2)
    TURN = slice(2, 6)
    LAST = slice(6, 9)
    LAST_ACC = slice(9, 12)
    NOW = slice(12, 31)
    ESTIMATED = slice(31, 93)
    DIRECTION = slice(93, 96)
    ALL = 112


class TiltRows:
    """Rows of a lane's state without gyroscope; the same stand in kernel/tilt_parts.h."""

    AGE, GAP = range(2)
    FIRST = slice(2, 5)
    SECOND = slice(5, 8)
    ALL = 8


@dataclass(slots=True, kw_only=True)
class LanesState:
    """Everything that changes in a filter over lanes. `upperback.sensing.state` makes bytes of it.

    Attributes
    ----------
    rows : (n_lanes, rows) float32 (float64 from the reference when asked to): one row for each lane, see `Rows` and
        `TiltRows`; zeros are a fresh lane
    sampling_rate_hz : the rate that it was made with
    """

    rows: npt.NDArray[np.float32]
    sampling_rate_hz: float


@dataclass(frozen=True, slots=True)
class Design:
    """What the methods take, derived from parameters and sampling rate."""

    coefficients: npt.NDArray[np.float32]
    """In the order of the kernel's files."""
    settled: int
    """Samples after which a lane is settled."""
    node: int = 1
    """Samples between nodes."""
    keep: int = 1
    """With hindsight: samples of a window, a multiple of `node`."""
    look: int = 0
    """And samples of hindsight after it."""
    warm: int = 0
    """Samples after which it hardly matters any more what was before them."""
    named: dict[str, float] = field(default_factory=dict)
    """The coefficients by their names."""


def tilt_coefficients(sampling_rate_hz: float, params: TiltParams | None = None) -> npt.NDArray[np.float32]:
    """What `tilt_tile` of the kernel takes."""
    return design_tilt(sampling_rate_hz, params).coefficients


def orient_coefficients(sampling_rate_hz: float, params: OrientationParams | None = None) -> npt.NDArray[np.float32]:
    """What `orient_tile` of the kernel takes."""
    return design_orientation(sampling_rate_hz, params).coefficients


def design_tilt(sampling_rate_hz: float, params: TiltParams | None = None) -> Design:
    """The design of `TiltParams` at a sampling rate."""
    p = params or TiltParams()
    cutoff_hz = min(p.cutoff_hz, 0.4 * sampling_rate_hz)
    warped = np.tan(np.pi * cutoff_hz / sampling_rate_hz)
    scale = 1 + np.sqrt(2) * warped + warped**2
    named = {
        "b0": warped**2 / scale,
        "a1": 2 * (warped**2 - 1) / scale,
        "a2": (1 - np.sqrt(2) * warped + warped**2) / scale,
        "gap_max": _samples(p.gap_s_max, sampling_rate_hz),
        "acc_max": p.acc_mps2_max,
    }
    look = _samples(10 / (2 * np.pi * cutoff_hz), sampling_rate_hz)
    return Design(
        np.array(list(named.values()), np.float32),
        settled=_samples(p.settle_s, sampling_rate_hz),
        keep=_samples(60.0, sampling_rate_hz),
        look=look,
        warm=look,
        named=named,
    )


def design_orientation(sampling_rate_hz: float, params: OrientationParams | None = None) -> Design:
    """The design of `OrientationParams` at a sampling rate."""
    p = params or OrientationParams()
    node = max(2, round(p.node_s * sampling_rate_hz))
    gravity_walk = (p.gyr_noise_radps_rts * G_MPS2) ** 2
    named = {
        "step_s": 1 / sampling_rate_hz,
        "node": node,
        "node_share": 1 / node,
        "apply": max(1, node * 3 // 4),
        "bridge": round(p.bridge_s_max * sampling_rate_hz),
        "gap_max": _samples(p.gap_s_max, sampling_rate_hz),
        "acc_max": p.acc_mps2_max,
        "gyr_max": p.gyr_radps_max,
        "gyr_delay_s": p.gyr_delay_s,
        "acc_back": (p.gyr_delay_s - p.acc_delay_s) * sampling_rate_hz,
        "gravity_var": p.start_mps2**2,
        "gravity_walk": gravity_walk,
        # The filter settles to a low-pass of second order; this makes its time constant gravity_tau_s.
        "velocity_var": gravity_walk * (p.gravity_tau_s / np.sqrt(2)) ** 4,
        "bias_var": p.bias_start_radps**2,
        "bias_walk": p.bias_walk_radps_rts**2,
        "bias_walk_turn": p.bias_walk_turn_rts**2,
        "bias_max": p.bias_radps_max,
        "rest_bias_var": p.rest_bias_radps_rts**2,
        "rest_nodes": max(1, np.ceil(p.rest_s_min * sampling_rate_hz / node)),
        "rest_gyr_var": p.rest_gyr_radps_max**2,
        "rest_acc_var": p.rest_acc_mps2_max**2,
        "rest_gyr_move": p.rest_gyr_move_radps_max**2,
        "rest_acc_move": p.rest_acc_move_mps2_max**2,
        "lost_var": (p.gap_turn_radps2 / 2 * G_MPS2) ** 2,
    }
    return Design(
        np.array(list(named.values()), np.float32),
        settled=_samples(p.settle_s, sampling_rate_hz),
        node=node,
        keep=node * max(1, round(p.keep_s * sampling_rate_hz / node)),
        look=node * max(1, round(min(p.look_s, p.keep_s) * sampling_rate_hz / node)),
        warm=_samples(p.warm_s, sampling_rate_hz),
        named=named,
    )


def fresh_row(
    bias_radps: npt.NDArray[np.floating[Any]] | None = None, variance: float = 0.0
) -> npt.NDArray[np.float32]:
    """(Rows.ALL,) : a lane with gyroscope of which nothing has come yet, but whose bias may be known already.

    Parameters
    ----------
    bias_radps : (3,), or None: not known
    variance : how sure it is, the same for each axis, (rad/s)2
    """
    row = np.zeros(Rows.ALL, np.float32)
    if bias_radps is not None:
        estimate = row[Rows.ESTIMATED]
        row[Rows.BIAS] = estimate[6:9] = bias_radps
        diagonal = np.arange(6, 9)
        estimate[9 + diagonal * (diagonal + 1) // 2 + diagonal] = variance
    return row


def check_lanes(name: str, lanes: Lanes3, n_time: int, n_lanes: int) -> None:
    """Refuse what is not (n_time, 3, n_lanes) float32 without holes between its numbers."""
    if lanes.dtype != np.float32 or lanes.shape != (n_time, 3, n_lanes) or not lanes.flags.c_contiguous:
        raise SignalShapeError(
            f"{name} has to be float32 ({n_time}, 3, {n_lanes}) in C order, not {lanes.dtype} {lanes.shape}"
        )


def bad_from_quality(quality: Quality) -> npt.NDArray[np.uint8]:
    """`Bad` for each sample: MISSING where its quality says that it cannot be used."""
    bad: npt.NDArray[np.uint8] = ((quality & UNUSABLE) != 0).astype(np.uint8)
    return bad


def check_state(state: LanesState, n_lanes: int, n_rows: int, sampling_rate_hz: float) -> None:
    """Refuse a state of another filter."""
    if state.rows.shape != (n_lanes, n_rows) or state.sampling_rate_hz != sampling_rate_hz:
        raise InputError(
            f"the state is of {state.rows.shape[0]} lanes at {state.sampling_rate_hz} Hz with {state.rows.shape[1:]} "
            f"numbers each, not of {n_lanes} lanes at {sampling_rate_hz} Hz with {n_rows}"
        )


def _samples(time_s: float, sampling_rate_hz: float) -> int:
    return max(1, round(time_s * sampling_rate_hz))
