"""What the blocks of a stream have in common, and whether the next one goes on from the last."""

from typing import Final

from upperback.core.errors import InputError
from upperback.sensing.posture.base import Method, PostureParams, Sensor, Smoothing, VerticalBlock
from upperback.sensing.signal import Chunk
from upperback.sensing.slots import GAP_S_MAX, ContinuityError
from upperback.sensing.trunk import TrunkAlignment

RATE_HZ_MIN: Final = 10.0
"""Fewer samples a second say too little about movement for these figures."""


def check_rate(sampling_rate_hz: float) -> None:
    """Refuses a rate that is too low.

    Raises
    ------
    InputError : it is.
    """
    if not sampling_rate_hz >= RATE_HZ_MIN:
        raise InputError(f"posture needs {RATE_HZ_MIN:g} samples a second or more, not {sampling_rate_hz:g}")


def method_of(block: Chunk | VerticalBlock, alignment: TrunkAlignment | None, params: PostureParams) -> Method:
    """How the numbers of a block come about."""
    sensor: Sensor = "accelerometer"
    smoothing: Smoothing = "live"
    if isinstance(block, VerticalBlock):
        sensor, smoothing, words = block.sensor, block.smoothing, "as given"
    elif block.gyr_radps is None:
        words = f"low-pass {params.tilt.cutoff_hz:g} Hz"
    else:
        sensor = "accelerometer and gyroscope"
        words = f"Kalman filter, {params.orientation.gravity_tau_s:g} s"
    return Method(
        sensor=sensor,
        smoothing=smoothing,
        sampling_rate_hz=block.sampling_rate_hz,
        filter=words,
        reference="none" if alignment is None else alignment.source,
        has_front=alignment is not None and alignment.has_front,
    )


def missing_before(block: Chunk | VerticalBlock, stream_start_s: float, n_samples: int) -> int:
    """How many samples are missing before a block, after `n_samples` of its stream.

    Raises
    ------
    ContinuityError : it starts before the last one ended, or no recording has such a gap.
    """
    late_s = block.start_s - (stream_start_s + n_samples / block.sampling_rate_hz)
    if not late_s <= GAP_S_MAX:  # also refuses NaN
        raise ContinuityError(f"this block starts {late_s / 86400:.0f} days after the one before it")
    missing = round(late_s * block.sampling_rate_hz)
    if missing < 0:
        raise ContinuityError(f"this block starts {-late_s:.3f} s before the end of the one before it")
    return missing
