"""What seems to be wrong with a stream, in words."""

import numpy as np

from upperback.sensing.quality.base import QualityParams, QualityState
from upperback.sensing.signal import G_MPS2


def suspicions(state: QualityState, params: QualityParams) -> tuple[str, ...]:
    """What seems to be wrong with the stream so far, a sentence each. Empty where nothing does.

    Parameters
    ----------
    state : of `check_quality`
    params : the ones that it was made with
    """
    found = []
    if state.gravity_wrong:
        found.append(_about_gravity(state.gravity_mps2))
    if state.rate_off:
        found.append(
            f"The samples come {state.rate_seen:.2f} times as fast as the stated {state.sampling_rate_hz:g} Hz."
        )
    if state.stuck_seconds:
        found.append(f"For {state.stuck_seconds} seconds one axis of the acceleration did not change while others did.")
    if state.jumps:
        found.append(
            f"Up and down changed within one sample, {state.jumps} times: the axes have been swapped or turned."
        )
    if state.drift_seconds:
        found.append("The gyroscope says that it turns while gravity says that it is still: it drifts.")
    elif follows := _about_gyroscope(state, params):
        found.append(follows)
    return tuple(found)


def _about_gravity(gravity_mps2: float) -> str:
    for factor, words in (
        (1 / G_MPS2, "as if it were counted in g and not in m/s2"),
        (G_MPS2, "as if it had been multiplied by 9.81 twice"),
        (1000 / G_MPS2, "as if it were counted in thousandths of g and not in m/s2"),
        (2.0, "twice as large as it should be"),
        (0.5, "half as large as it should be"),
    ):
        if abs(gravity_mps2 / (factor * G_MPS2) - 1) < 0.15:
            return f"The acceleration looks {words}: at rest it is {gravity_mps2:.3g} m/s2."
    return f"At rest the acceleration is {gravity_mps2:.3g} m/s2 where gravity is 9.81: wrong unit or broken sensor."


def _about_gyroscope(state: QualityState, params: QualityParams) -> str | None:
    """Gravity has to turn the other way round as fast as the sensor turns."""
    product, told, seen = (
        float(value) * (state.second / state.sampling_rate_hz) ** k
        for k, value in zip((1, 2, 0), state.follow, strict=True)
    )
    if seen < params.follow_min or told <= 0:
        return None
    factor = product / told
    if params.follow_low <= factor <= params.follow_high:
        return None
    if 0.8 < factor * np.rad2deg(1) < 1.25:
        return "The angular velocity looks as if it were counted in degrees and not in radians."
    if 0.8 < factor / np.rad2deg(1) < 1.25:
        return "The angular velocity looks as if degrees had been turned into radians twice."
    if product**2 < 0.25 * told * seen or factor < 0:
        return "The gyroscope does not turn with gravity: its axes are not those of the accelerometer."
    return (
        f"Gravity turns {factor:.2g} times as fast as the gyroscope says: "
        "the sampling rate or the scale of the gyroscope is wrong."
    )
