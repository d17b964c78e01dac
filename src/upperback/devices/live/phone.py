"""A phone as a sensor: binary frames from its page, in; even samples, out.

How a frame is laid out, and what follows from its number, stands in docs/reference/live-protocol.md, with test vectors.

Phones disagree about the sign of acceleration at rest; `points_of_rest` sees it while the phone lies screen up.
"""

import math
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final, Generic, Literal, NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.sensing.crowd import RawFrame
from upperback.sensing.signal import G_MPS2

VERSION: Final = 1
SAMPLES_MAX: Final = 500
#: The even grid. Phones give 50 to 100 samples a second, and not evenly.
PHONE_RATE_HZ: Final = 50.0

_HEAD: Final = struct.Struct("<BBHId")
#: So many numbers; for a frame's times this is faster than an array.
_numbers: Final = cache(lambda n: struct.Struct(f"<{n}f"))
#: Bits of a frame's second byte.
_ROTATION, _AFTER_HOLE = 1, 2
#: Numbers are 32 bits; a frame so far ahead is none that waits.
NUMBER_MAX: Final = 2**32 - 1
#: Frames that came before their turn wait, so many at most. A line that keeps its order brings none; the longest frames
#: of many who do this on purpose must not fill the memory.
WAITING_MAX: Final = 16

Points = Literal["up", "down"]


class SentFrame(NamedTuple):
    """A frame that was looked at but not taken apart: a server has thousands of them a second.

    Attributes
    ----------
    number, after_hole : as in `PhoneFrame`
    has_rotation : it tells rotation, too
    raw : the samples
    """

    number: int
    after_hole: bool
    has_rotation: bool
    raw: RawFrame

    @classmethod
    def read(cls, data: bytes) -> "SentFrame":
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
        has_rotation = bool(flags & _ROTATION)
        expected = _HEAD.size + 4 * (7 if has_rotation else 4) * n
        if len(data) != expected:
            raise InputError(f"a frame of {len(data)} bytes: {expected} are expected for {n} samples")
        if not math.isfinite(first_ms + sum(_numbers(n).unpack_from(data, _HEAD.size))):
            raise InputError("a frame has a time that is not a number")
        acc_at = _HEAD.size + 4 * n
        raw = RawFrame(data, n, first_ms, _HEAD.size, acc_at, acc_at + 12 * n if has_rotation else 0)
        return cls(number, bool(flags & _AFTER_HOLE), has_rotation, raw)

    def acc_mps2(self) -> npt.NDArray[np.float32]:
        """(n, 3) acceleration, in the phone's own sign."""
        raw = self.raw
        return np.frombuffer(raw.data, "<f4", 3 * raw.n, raw.acc_at).reshape(raw.n, 3).astype(np.float32)


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
        sent = SentFrame.read(data)
        raw, n = sent.raw, sent.raw.n
        numbers = np.frombuffer(data, "<f4", offset=_HEAD.size)
        return cls(
            number=sent.number,
            time_ms=raw.first_ms + numbers[:n].astype(np.float64),
            acc_mps2=sent.acc_mps2(),
            rotation_dps=numbers[4 * n :].reshape(n, 3).astype(np.float32) if sent.has_rotation else None,
            after_hole=sent.after_hole,
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


def split_frames(data: bytes) -> Iterator[PhoneFrame]:
    """Frames that were put one behind the other.

    Raises
    ------
    InputError : they are no such frames.
    """
    at = 0
    while at < len(data):
        if len(data) - at < _HEAD.size:
            raise InputError(f"a frame of {len(data) - at} bytes is cut short")
        _, flags, n, _, _ = _HEAD.unpack_from(data, at)
        end = at + _HEAD.size + 4 * (7 if flags & _ROTATION else 4) * n
        yield PhoneFrame.read(data[at:end])
        at = end


def points_of_rest(acc_mps2: npt.NDArray[np.float32]) -> Points | None:
    """Which way the acceleration of a phone points that lies still with its screen up; None if it does not lie so."""
    if not len(acc_mps2) or not np.isfinite(acc_mps2).all():
        return None
    if float(np.linalg.norm(acc_mps2.std(axis=0))) > 0.05 * G_MPS2:
        return None
    along = float(acc_mps2.mean(axis=0, dtype=np.float64)[2]) / G_MPS2
    return "up" if 0.85 < along < 1.15 else "down" if -1.15 < along < -0.85 else None


def wrong_at_rest(acc_mps2: npt.NDArray[np.float32]) -> str | None:
    """What is wrong with readings at rest, in a sentence: their unit is another one. None where that is not seen."""
    if not len(acc_mps2) or not np.isfinite(acc_mps2).all():
        return None
    size = np.linalg.norm(acc_mps2.astype(np.float64), axis=1)
    if float(size.std()) > 0.05 * float(size.mean()):
        return None
    if 0.9 < float(size.mean()) < 1.1:
        return "The sensor counts acceleration in g: m/s2 are expected"
    if 0.9 < float(size.mean()) / G_MPS2**2 < 1.1:
        return "The sensor's acceleration was multiplied by 9.81 once too often: m/s2 are expected"
    return None


class Numbered(Protocol):
    """What has a place in the order."""

    @property
    def number(self) -> int: ...

    @property
    def after_hole(self) -> bool: ...


_Frame = TypeVar("_Frame", bound=Numbered)


class FrameOrder(Generic[_Frame]):
    """Frames as they arrive, each once and in the order of their numbers.

    A frame that was seen is left out; one that comes before its turn waits for those that are missing, unless it says
    that they are gone. What waits is not stored anywhere: until it is acknowledged, the sender has it, too.
    """

    def __init__(self, next_number: int | None = None) -> None:
        self._next = next_number
        self._waiting: dict[int, _Frame] = {}

    @property
    def next_number(self) -> int | None:
        """Every frame before this one was taken, or is gone; None before the first, which may have any number."""
        return self._next

    @property
    def is_waiting(self) -> bool:
        """Whether frames are missing before others that are here."""
        return bool(self._waiting)

    def put(self, frame: _Frame) -> Iterable[_Frame]:
        """The frames whose turn it is now, to be gone through at once."""
        if self._next is None:
            self._next = frame.number
        if frame.number == self._next and not self._waiting:
            self._next += 1
            return (frame,)
        return () if frame.number < self._next else self._in_turn(frame, self._next)

    def _in_turn(self, frame: _Frame, turn: int) -> Iterator[_Frame]:
        self._next = turn
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
