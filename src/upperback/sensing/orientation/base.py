"""What every method of the orientation stage shares: parameters, coefficients, layout."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from upperback.sensing.signal import G_MPS2

#: (n_time, 3, n_lanes) float32.
Lanes3: TypeAlias = npt.NDArray[np.float32]
#: (n_time, n_lanes) uint8, non-zero where the lane has no sample that can be used.
Bad: TypeAlias = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class TiltParams:
    """Tuning of the vertical from specific force alone.

    Attributes
    ----------
    cutoff_hz : low-pass (Butterworth, second order). 5 Hz is the habit of inclinometry with accelerometers
    gap_s_max : after a longer gap a lane starts afresh
    settle_s : time from a start until the low-pass can be trusted
    acc_mps2_max : a component beyond this is no sample: no sensor that is worn measures it
    """

    cutoff_hz: float = 5.0
    gap_s_max: float = 1.0
    settle_s: float = 0.2
    acc_mps2_max: float = 100 * G_MPS2


@dataclass(frozen=True, slots=True, kw_only=True)
class OrientationParams:
    """Tuning."""

    node_s: float = 0.2
    gravity_tau_s: float = 4.0
    gravity_walk_mps2_rts: float = 5.5e-3
    gravity_start_mps2: float = 2.0
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
    gyr_delay_s: float = 0.0042
    acc_delay_s: float = 0.00245
    gap_s_max: float = 1.0
    gap_turn_radps: float = 1.0
    settle_s: float = 5.0
    acc_mps2_max: float = 100 * G_MPS2
    gyr_radps_max: float = 100.0


def tilt_coefficients(sampling_rate_hz: float, params: TiltParams | None = None) -> npt.NDArray[np.float32]:
    """What `tilt_tile` takes, in the order of kernel/tilt.c."""
    params = params or TiltParams()
    return np.array(
        [
            *_low_pass(min(params.cutoff_hz, 0.45 * sampling_rate_hz), sampling_rate_hz),
            _samples(params.gap_s_max, sampling_rate_hz),
            _samples(params.settle_s, sampling_rate_hz),
            params.acc_mps2_max,
        ],
        np.float32,
    )


def orient_coefficients(sampling_rate_hz: float, params: OrientationParams | None = None) -> npt.NDArray[np.float32]:
    """What `orient_tile` takes, in the order of kernel/orient.c."""
    p = params or OrientationParams()
    node = max(2, round(p.node_s * sampling_rate_hz))
    velocity_var = p.gravity_walk_mps2_rts**2 * (p.gravity_tau_s / np.sqrt(2)) ** 4
    return np.array(
        [
            1 / sampling_rate_hz,
            node,
            1 / node,
            node // 2,
            _samples(p.gap_s_max, sampling_rate_hz),
            _samples(p.settle_s, sampling_rate_hz),
            p.acc_mps2_max,
            p.gyr_radps_max,
            p.gyr_delay_s,
            (p.gyr_delay_s - p.acc_delay_s) * sampling_rate_hz,
            p.gravity_start_mps2**2,
            p.gravity_walk_mps2_rts**2,
            velocity_var,
            p.bias_start_radps**2,
            p.bias_walk_radps_rts**2,
            p.bias_walk_turn_rts**2,
            p.bias_radps_max,
            p.rest_bias_radps_rts**2,
            max(1, np.ceil(p.rest_s_min * sampling_rate_hz / node)),
            p.rest_gyr_radps_max**2,
            p.rest_acc_mps2_max**2,
            p.rest_gyr_move_radps_max**2,
            p.rest_acc_move_mps2_max**2,
            (p.gap_turn_radps * G_MPS2) ** 2,
        ],
        np.float32,
    )


def _low_pass(cutoff_hz: float, sampling_rate_hz: float) -> tuple[float, float, float]:
    """b0, a1 and a2 of a Butterworth low-pass of second order; b1 = 2 b0, b2 = b0."""
    warped = np.tan(np.pi * cutoff_hz / sampling_rate_hz)
    scale = 1 + np.sqrt(2) * warped + warped**2
    return warped**2 / scale, 2 * (warped**2 - 1) / scale, (1 - np.sqrt(2) * warped + warped**2) / scale


def _samples(time_s: float, sampling_rate_hz: float) -> float:
    return float(max(1, round(time_s * sampling_rate_hz)))
