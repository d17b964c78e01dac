"""The phone in a chest pocket: binary frames of its motion sensors, and the even stream that they become.

A frame, little-endian:

    0  u8   version, 1
    1  u8   1 with rotation, 0 without
    2  u16  n, samples in the frame, 1 to 500
    4  u32  number of the frame, counted from 0 since the phone was paired
    8  f64  time of the first sample on the phone's own clock, ms
    16 f32  n times: ms since the first sample
    .. f32  n times acceleration including gravity: x right, y top, z out of the screen, m/s2
    .. f32  n times rotation about x, y, z, deg/s, where there is one

Phones disagree about the sign of acceleration at rest; `points_of_rest` sees it while the phone lies screen up.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.devices.grid import Block, ReadingLog, Regulariser
from upperback.sensing.signal import G_MPS2, Chunk

VERSION: Final = 1
SAMPLES_MAX: Final = 500
#: The even grid. Phones give 50 to 100 samples a second, and not evenly.
PHONE_RATE_HZ: Final = 50.0

_HEAD: Final = struct.Struct("<BBHId")
_CHUNK_SAMPLES: Final = 10

Points = Literal["up", "down"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneFrame:
    """Samples as the phone told them.

    Attributes
    ----------
    number : counted from 0 since pairing; a frame that is sent again keeps its number
    time_ms : (n,) float64, on the phone's own clock
    acc_mps2 : (n, 3) float32, acceleration including gravity, in the phone's own sign
    rotation_dps : (n, 3) float32, or None
    """

    number: int
    time_ms: npt.NDArray[np.float64]
    acc_mps2: npt.NDArray[np.float32]
    rotation_dps: npt.NDArray[np.float32] | None

    def __len__(self) -> int:
        return len(self.time_ms)

    @classmethod
    def read(cls, data: bytes) -> "PhoneFrame":
        """The frame in these bytes.

        Raises
        ------
        InputError : they are no such frame; the sentence says what is wrong.
        """
        if len(data) < _HEAD.size:
            raise InputError(f"a frame of {len(data)} bytes is cut short")
        version, flags, n, number, first_ms = _HEAD.unpack_from(data)
        if version != VERSION:
            raise InputError(f"a frame of version {version}: only version {VERSION} is known")
        if flags not in (0, 1):
            raise InputError("a frame with parts that are not known")
        if not 1 <= n <= SAMPLES_MAX:
            raise InputError(f"a frame of {n} samples: 1 to {SAMPLES_MAX} are expected")
        columns = 7 if flags else 4
        expected = _HEAD.size + 4 * columns * n
        if len(data) != expected:
            raise InputError(f"a frame of {len(data)} bytes: {expected} are expected for {n} samples")
        numbers = np.frombuffer(data, "<f4", offset=_HEAD.size)
        time_ms = first_ms + numbers[:n].astype(np.float64)
        if not np.isfinite(time_ms).all():
            raise InputError("a frame has a time that is not a number")
        rotation = numbers[4 * n :].reshape(n, 3).astype(np.float32) if flags else None
        acc = numbers[n : 4 * n].reshape(n, 3).astype(np.float32)
        return cls(number=number, time_ms=time_ms, acc_mps2=acc, rotation_dps=rotation)

    def write(self) -> bytes:
        """As the phone sends it."""
        first_ms = float(self.time_ms[0])
        head = _HEAD.pack(VERSION, int(self.rotation_dps is not None), len(self), self.number, first_ms)
        parts = [(self.time_ms - first_ms).astype("<f4"), self.acc_mps2.astype("<f4")]
        if self.rotation_dps is not None:
            parts.append(self.rotation_dps.astype("<f4"))
        return head + b"".join(part.tobytes() for part in parts)


def points_of_rest(acc_mps2: npt.NDArray[np.float32]) -> Points | None:
    """Which way the acceleration of a phone points that lies still with its screen up; None if it does not lie so."""
    if not len(acc_mps2) or not np.isfinite(acc_mps2).all():
        return None
    if float(np.linalg.norm(acc_mps2.std(axis=0))) > 0.05 * G_MPS2:
        return None
    along = float(acc_mps2.mean(axis=0, dtype=np.float64)[2]) / G_MPS2
    return "up" if 0.85 < along < 1.15 else "down" if -1.15 < along < -0.85 else None


class PhoneStream:
    """Frames of one phone, in; even samples in SI units, out.

    A frame that was sent again is known by its number and left out. One that is missing leaves a gap.
    """

    def __init__(self, *, points: Points, starts_s: float, has_gyroscope: bool) -> None:
        """
        Parameters
        ----------
        points : which way the acceleration points at rest
        starts_s : the time of the stream at the phone's first sample
        has_gyroscope : every frame tells the rotation, or none
        """
        self._sign = np.float32(1 if points == "up" else -1)
        self._starts_s = starts_s
        self._has_gyroscope = has_gyroscope
        self._zero_ms: float | None = None
        self._next_number = 0
        self._grid = Regulariser(
            sampling_rate_hz=PHONE_RATE_HZ,
            n_columns=(3, 3) if has_gyroscope else (3,),
            chunk_samples=_CHUNK_SAMPLES,
            log=ReadingLog(),
        )

    @property
    def next_number(self) -> int:
        """All frames before this one have arrived, or are lost for good."""
        return self._next_number

    def update(self, frame: PhoneFrame) -> Iterator[Chunk]:
        """The samples that became certain.

        Raises
        ------
        InputError : with rotation where there was none before, or the other way round.
        """
        if (frame.rotation_dps is not None) != self._has_gyroscope:
            raise InputError("a frame has another kind of sensor than the ones before it")
        if frame.number < self._next_number:
            return
        self._next_number = frame.number + 1
        if self._zero_ms is None:
            self._zero_ms = float(frame.time_ms[0])
        arrays = [frame.acc_mps2 * self._sign]
        if frame.rotation_dps is not None:
            arrays.append(np.radians(frame.rotation_dps).astype(np.float32))
        block = Block((frame.time_ms - self._zero_ms) / 1000, tuple(arrays), None, 0.0)
        for piece in self._grid.update(block):
            yield Chunk(
                start_s=self._starts_s + piece.index / PHONE_RATE_HZ,
                sampling_rate_hz=PHONE_RATE_HZ,
                acc_mps2=piece.arrays[0],
                gyr_radps=piece.arrays[1] if self._has_gyroscope else None,
                quality=piece.quality,
            )
