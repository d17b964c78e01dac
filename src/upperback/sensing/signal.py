"""The samples that every stage takes: a block of one sensor's signal, in SI units, with its quality."""

from dataclasses import dataclass
from enum import IntFlag
from typing import Any, Literal, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError

#: (n_samples, 3) float32.
Signal3: TypeAlias = npt.NDArray[np.float32]
#: (n_samples,) float32.
Signal1: TypeAlias = npt.NDArray[np.float32]
#: (n_samples,) uint8, `QualityFlag` bits.
Quality: TypeAlias = npt.NDArray[np.uint8]

#: `sensor`: x, y, z as the maker defines them. `body`: is (up along the spine), ml (to the right), pa (to the front).
Frame: TypeAlias = Literal["sensor", "body"]

_Number = TypeVar("_Number", bound=np.floating[Any])

G_MPS2 = 9.80665
"""Standard gravity in m/s2, for recordings that count in g."""


class SignalShapeError(InputError):
    """An array does not have the shape, the type or the length that a stage takes."""

    code = "signal_shape"


class QualityFlag(IntFlag):
    """Why a sample cannot be trusted. No bit set: good. Quality is data and travels with every result."""

    GAP = 1
    """Nothing was received here; the values are NaN."""
    CLIPPED = 2
    """The sensor was at the end of its range."""
    NOT_WORN = 4
    """Lying on a table, not on a person."""
    IMPLAUSIBLE = 8
    """Not finite, or gravity that no place on earth has for that long: wrong units, broken sensor."""
    FREE_FALL = 16
    """Hardly any specific force: dropped or thrown."""
    RATE_DRIFT = 32
    """The samples came faster or slower than their stated rate."""
    MAINS_HUM = 64
    """EMG: the mains frequency and its multiples stand above the muscle."""
    UNSETTLED = 128
    """A filter has not had enough signal yet to be trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A block of samples of one inertial sensor, equally spaced.

    The next chunk of a stream starts where this one ends. If it starts later, there is a gap; how the stream is cut
    into chunks never changes a result.

    Attributes
    ----------
    start_s : time of the first sample, s since the recording's own zero (unix time where the recording knows it)
    sampling_rate_hz : nominal rate, Hz; the same for every chunk of a stream
    acc_mps2 : (n_samples, 3) float32, specific force in m/s2: at rest it points up and has length g. NaN in gaps
    gyr_radps : (n_samples, 3) float32, angular velocity in rad/s, or None where there is no gyroscope
    quality : (n_samples,) uint8 of `QualityFlag`, or None: nothing known against any sample
    frame : the axes of the samples
    """

    start_s: float
    sampling_rate_hz: float
    acc_mps2: Signal3
    gyr_radps: Signal3 | None = None
    quality: Quality | None = None
    frame: Frame = "sensor"

    def __post_init__(self) -> None:
        _check_rate(self.sampling_rate_hz)
        n_samples = _check_array("acc_mps2", self.acc_mps2, columns=3)
        if self.gyr_radps is not None and _check_array("gyr_radps", self.gyr_radps, columns=3) != n_samples:
            raise SignalShapeError("gyr_radps and acc_mps2 hold different numbers of samples")
        if self.quality is not None and (self.quality.dtype != np.uint8 or self.quality.shape != (n_samples,)):
            raise SignalShapeError("quality has to be one uint8 per sample")

    def __len__(self) -> int:
        return len(self.acc_mps2)

    @property
    def end_s(self) -> float:
        """Time just after the last sample: where the next chunk starts if nothing is missing."""
        return self.start_s + len(self) / self.sampling_rate_hz


@dataclass(frozen=True, slots=True, kw_only=True)
class EmgChunk:
    """A block of surface EMG, equally spaced.

    Attributes
    ----------
    start_s, sampling_rate_hz : as in `Chunk`
    emg_v : (n_samples, n_channels) float32, volts at the skin. NaN in gaps
    quality : (n_samples,) uint8 of `QualityFlag`, or None
    """

    start_s: float
    sampling_rate_hz: float
    emg_v: npt.NDArray[np.float32]
    quality: Quality | None = None

    def __post_init__(self) -> None:
        _check_rate(self.sampling_rate_hz)
        n_samples = _check_array("emg_v", self.emg_v, columns=None)
        if self.quality is not None and (self.quality.dtype != np.uint8 or self.quality.shape != (n_samples,)):
            raise SignalShapeError("quality has to be one uint8 per sample")

    def __len__(self) -> int:
        return len(self.emg_v)

    @property
    def end_s(self) -> float:
        """Time just after the last sample."""
        return self.start_s + len(self) / self.sampling_rate_hz


def _check_rate(sampling_rate_hz: float) -> None:
    if not 0 < sampling_rate_hz <= 1e5:  # also refuses NaN
        raise SignalShapeError(f"a sampling rate of {sampling_rate_hz} Hz cannot be worked with")


def _check_array(name: str, array: npt.NDArray[np.float32], columns: int | None) -> int:
    if array.dtype != np.float32 or array.ndim != 2 or (columns is not None and array.shape[1] != columns):
        shape = f"(samples, {columns or 'channels'})"
        raise SignalShapeError(f"{name} has to be float32 {shape}, not {array.dtype} {array.shape}")
    return len(array)


def squares(vectors: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
    """Squares of the lengths of (..., 3): many times as fast as a sum over so short an axis, and the same bits."""
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    found: npt.NDArray[_Number] = x * x + y * y + z * z
    return found
