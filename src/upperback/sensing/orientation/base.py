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
    """Tuning of the vertical from angular velocity and specific force.

    Attributes
    ----------
    tau_s : time constant of the low-pass of the specific force, in the frame that hardly turns
    gap_s_max, settle_s, acc_mps2_max : as in `TiltParams`
    gyr_radps_max : a component beyond this is no sample
    rest_tau_s : time constant of the low-passes that tell rest
    rest_s_min : so long still before the bias is learnt
    rest_gyr_radps_max, rest_acc_mps2_max : how far from its low-passed self a signal at rest may be
    rest_rate_radps_max : a bias is not larger than this
    bias_learn_s : the bias forgets with this time constant of rest
    """

    tau_s: float = 3.0
    gap_s_max: float = 1.0
    settle_s: float = 3.0
    acc_mps2_max: float = 100 * G_MPS2
    gyr_radps_max: float = 100.0
    rest_tau_s: float = 0.5
    rest_s_min: float = 1.5
    rest_gyr_radps_max: float = float(np.deg2rad(2.0))
    rest_acc_mps2_max: float = 0.5
    rest_rate_radps_max: float = float(np.deg2rad(4.0))
    bias_learn_s: float = 20.0


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
    params = params or OrientationParams()
    force = _low_pass(np.sqrt(2) / (2 * np.pi * params.tau_s), sampling_rate_hz)
    rest = _low_pass(np.sqrt(2) / (2 * np.pi * params.rest_tau_s), sampling_rate_hz)
    return np.array(
        [
            1 / sampling_rate_hz,
            *force,
            _samples(params.gap_s_max, sampling_rate_hz),
            _samples(params.settle_s, sampling_rate_hz),
            params.acc_mps2_max,
            params.gyr_radps_max,
            *rest,
            params.rest_gyr_radps_max**2,
            params.rest_acc_mps2_max**2,
            params.rest_rate_radps_max**2,
            _samples(params.rest_s_min, sampling_rate_hz),
            1 / _samples(params.bias_learn_s, sampling_rate_hz),
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
