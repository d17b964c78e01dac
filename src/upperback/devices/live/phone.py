"""A phone as a sensor: binary frames from its page, in; even samples, out.

How a frame is laid out, and what follows from its number, stands in docs/reference/live-protocol.md, with test vectors.

Phones disagree about the sign of acceleration at rest; `points_of_rest` sees it while the phone lies screen up.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.sensing.even import EvenState, EvenStream
from upperback.sensing.signal import G_MPS2, Chunk

VERSION: Final = 1
SAMPLES_MAX: Final = 500
#: The even grid. Phones give 50 to 100 samples a second, and not evenly.
PHONE_RATE_HZ: Final = 50.0

_HEAD: Final = struct.Struct("<BBHId")
#: Bits of a frame's second byte.
_ROTATION, _AFTER_HOLE = 1, 2
#: Numbers are 32 bits; a frame so far ahead is none that waits.
NUMBER_MAX: Final = 2**32 - 1
#: Frames that came before their turn wait, so many at most.
WAITING_MAX: Final = 64

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
    after_hole : the frames before it that are missing are gone for good
    """

    number: int
    time_ms: npt.NDArray[np.float64]
    acc_mps2: npt.NDArray[np.float32]
    rotation_dps: npt.NDArray[np.float32] | None
    after_hole: bool = False

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
        if flags & ~(_ROTATION | _AFTER_HOLE):
            raise InputError("a frame with parts that are not known")
        if not 1 <= n <= SAMPLES_MAX:
            raise InputError(f"a frame of {n} samples: 1 to {SAMPLES_MAX} are expected")
        columns = 7 if flags & _ROTATION else 4
        expected = _HEAD.size + 4 * columns * n
        if len(data) != expected:
            raise InputError(f"a frame of {len(data)} bytes: {expected} are expected for {n} samples")
        numbers = np.frombuffer(data, "<f4", offset=_HEAD.size)
        time_ms = first_ms + numbers[:n].astype(np.float64)
        if not np.isfinite(time_ms).all():
            raise InputError("a frame has a time that is not a number")
        rotation = numbers[4 * n :].reshape(n, 3).astype(np.float32) if flags & _ROTATION else None
        acc = numbers[n : 4 * n].reshape(n, 3).astype(np.float32)
        return cls(
            number=number,
            time_ms=time_ms,
            acc_mps2=acc,
            rotation_dps=rotation,
            after_hole=bool(flags & _AFTER_HOLE),
        )

    def write(self) -> bytes:
        """As the phone sends it."""
        first_ms = float(self.time_ms[0])
        flags = _ROTATION * (self.rotation_dps is not None) | _AFTER_HOLE * self.after_hole
        head = _HEAD.pack(VERSION, flags, len(self), self.number, first_ms)
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


class FrameOrder:
    """Frames as they arrive, each once and in the order of their numbers.

    A frame that was seen is left out; one that comes before its turn waits for those that are missing, unless it says
    that they are gone. What waits is not stored anywhere: until it is acknowledged, the sender has it, too.
    """

    def __init__(self, next_number: int | None = None) -> None:
        self._next = next_number
        self._waiting: dict[int, PhoneFrame] = {}

    @property
    def next_number(self) -> int | None:
        """Every frame before this one was taken, or is gone; None before the first, which may have any number."""
        return self._next

    @property
    def is_waiting(self) -> bool:
        """Whether frames are missing before others that are here."""
        return bool(self._waiting)

    def put(self, frame: PhoneFrame) -> Iterator[PhoneFrame]:
        """The frames whose turn it is now."""
        if self._next is None:
            self._next = frame.number
        if frame.number < self._next:
            return
        if len(self._waiting) >= WAITING_MAX and frame.number > max(self._waiting):
            return  # it will come again
        self._waiting[frame.number] = frame
        if frame.after_hole and frame.number == min(self._waiting):
            self._next = frame.number
        while (due := self._waiting.pop(self._next, None)) is not None:
            self._next += 1
            yield due
            hole = min((number for number, one in self._waiting.items() if one.after_hole), default=None)
            if hole is not None and hole == min(self._waiting):
                self._next = hole


class PhoneStream:
    """Frames of one phone in the order of their numbers, in; even samples in SI units, out."""

    def __init__(self, *, points: Points, starts_s: float, has_gyroscope: bool, state: EvenState | None = None) -> None:
        """
        Parameters
        ----------
        points : which way the acceleration points at rest
        starts_s : the time of the stream at the phone's first sample
        has_gyroscope : every frame tells the rotation, or none
        state : to go on from; changed in place
        """
        self._sign = np.float32(1 if points == "up" else -1)
        self._starts_s = starts_s
        self._has_gyroscope = has_gyroscope
        self._even = EvenStream(sampling_rate_hz=PHONE_RATE_HZ, state=state)

    @property
    def state(self) -> EvenState:
        """To save, and to go on from elsewhere."""
        return self._even.state

    def update(self, frame: PhoneFrame) -> Iterator[Chunk]:
        """The samples up to the frame's last one.

        Raises
        ------
        InputError : with rotation where there was none before, or the other way round.
        """
        if (frame.rotation_dps is not None) != self._has_gyroscope:
            raise InputError("a frame has another kind of sensor than the ones before it")
        values = frame.acc_mps2 * self._sign
        if frame.rotation_dps is not None:
            values = np.hstack([values, np.radians(frame.rotation_dps).astype(np.float32)])
        for piece in self._even.update(frame.time_ms, values):
            yield Chunk(
                start_s=self._starts_s + piece.index / PHONE_RATE_HZ,
                sampling_rate_hz=PHONE_RATE_HZ,
                acc_mps2=np.ascontiguousarray(piece.values[:, :3]),
                gyr_radps=np.ascontiguousarray(piece.values[:, 3:]) if self._has_gyroscope else None,
                quality=piece.quality,
            )
