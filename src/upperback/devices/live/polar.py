"""The Polar H10 chest strap: its measurement service as bytes, one session, and the even stream that comes of it.

Nothing here knows a Bluetooth library: a `Strap` writes to the control point and gives what it indicates and notifies.
The strap's own clock restarts with its battery, so its times tell only how far samples are apart.

References
----------
Polar BLE SDK, technical documentation of the measurement data (PMD) service.
"""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal, Protocol

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError, Unavailable
from upperback.devices.grid import Block, ReadingLog, Regulariser
from upperback.sensing.signal import G_MPS2, Chunk

SERVICE: Final = "fb005c80-02e7-f387-1cad-8acd2d8df0c8"
CONTROL: Final = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
DATA: Final = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"

Rate = Literal[25, 50, 100, 200]
Range = Literal[2, 4, 8]

_GET_SETTINGS: Final = 0x01
_START: Final = 0x02
_STOP: Final = 0x03
_ACCELERATION: Final = 0x02
_RESPONSE: Final = 0xF0
_RATE, _RESOLUTION, _RANGE = 0x00, 0x01, 0x02
_HEAD: Final = struct.Struct("<BQB")
_BITS: Final = {0: 8, 1: 16, 2: 24}
_COMPRESSED: Final = 0x80
_NS: Final = 1e-9
_ANSWER_S: Final = 5.0
_SILENT_S: Final = 5.0


class Status(IntEnum):
    """What the strap answers to a command."""

    SUCCESS = 0
    INVALID_COMMAND = 1
    INVALID_MEASUREMENT = 2
    NOT_SUPPORTED = 3
    INVALID_LENGTH = 4
    INVALID_PARAMETER = 5
    ALREADY = 6
    INVALID_RESOLUTION = 7
    INVALID_RATE = 8
    INVALID_RANGE = 9
    INVALID_MTU = 10
    INVALID_CHANNELS = 11
    INVALID_STATE = 12
    CHARGER = 13


# ---- bytes -------------------------------------------------------------------------------------------------------


def start_command(rate_hz: Rate, range_g: Range) -> bytes:
    """Starts the acceleration with 16 bits."""
    return bytes([_START, _ACCELERATION]) + b"".join(
        struct.pack("<BBH", kind, 1, value) for kind, value in ((_RATE, rate_hz), (_RESOLUTION, 16), (_RANGE, range_g))
    )


def stop_command() -> bytes:
    """Stops the acceleration."""
    return bytes([_STOP, _ACCELERATION])


def read_response(data: bytes, command: int) -> Status:
    """What the strap said to a command.

    Raises
    ------
    InputError : this is no answer to it.
    """
    if len(data) < 4 or data[0] != _RESPONSE or data[1] != command or data[2] != _ACCELERATION:
        raise InputError("the strap answered something that is not known")
    try:
        return Status(data[3])
    except ValueError:
        raise InputError(f"the strap answered with an unknown code {data[3]}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccelerationFrame:
    """Samples of one notification.

    Attributes
    ----------
    last_ns : time of the last sample on the strap's own clock
    acc_mg : (n, 3) int32, thousandths of g
    """

    last_ns: int
    acc_mg: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.acc_mg)

    @classmethod
    def read(cls, data: bytes) -> "AccelerationFrame":
        """The frame in a notification.

        Raises
        ------
        InputError : it is none, or of a kind that the H10 does not send.
        """
        if len(data) < _HEAD.size:
            raise InputError(f"a frame of {len(data)} bytes is cut short")
        kind, last_ns, form = _HEAD.unpack_from(data)
        if kind != _ACCELERATION:
            raise InputError(f"a frame of measurement {kind}, not of acceleration")
        if form & _COMPRESSED or form not in _BITS:
            raise InputError(f"a frame of form {form} cannot be read")
        width = _BITS[form] // 8
        body = np.frombuffer(data, np.uint8, offset=_HEAD.size)
        if not len(body) or len(body) % (3 * width):
            raise InputError(f"a frame with {len(body)} bytes of samples is cut short")
        values = np.zeros((len(body) // width, 4), np.uint8)
        values[:, 4 - width :] = body.reshape(-1, width)
        signed = values.view("<i4")[:, 0] >> (8 * (4 - width))
        return cls(last_ns=last_ns, acc_mg=signed.reshape(-1, 3).astype(np.int32))

    def write(self) -> bytes:
        """As a strap notifies it, with 16 bits."""
        return _HEAD.pack(_ACCELERATION, self.last_ns, 1) + self.acc_mg.astype("<i2").tobytes()


# ---- samples -----------------------------------------------------------------------------------------------------


class StrapStream:
    """Frames of one strap, in; even samples in SI units, out. A frame that comes twice is left out."""

    def __init__(self, *, sampling_rate_hz: Rate, starts_s: float) -> None:
        """
        Parameters
        ----------
        sampling_rate_hz : as it was asked for; the strap keeps it to about a per cent
        starts_s : the time of the stream at the first sample
        """
        self._rate_hz = float(sampling_rate_hz)
        self._starts_s = starts_s
        self._zero_ns: int | None = None
        self._last_ns: int | None = None
        self._grid = Regulariser(
            sampling_rate_hz=self._rate_hz,
            n_columns=(3,),
            chunk_samples=max(1, sampling_rate_hz // 5),
            log=ReadingLog(),
        )

    def update(self, frame: AccelerationFrame) -> Iterator[Chunk]:
        """The samples that became certain. A clock that went back is a strap that was started anew: it is refused.

        Raises
        ------
        InputError : the strap's clock went back.
        """
        n = len(frame)
        if self._last_ns is not None:
            if frame.last_ns == self._last_ns:
                return
            if frame.last_ns < self._last_ns:
                raise InputError("the strap has started anew")
        step_s = self._step_s(frame)
        if self._zero_ns is None:
            self._zero_ns = frame.last_ns - round((n - 1) * step_s / _NS)
        self._last_ns = frame.last_ns
        last_s = (frame.last_ns - self._zero_ns) * _NS
        time_s = last_s - step_s * np.arange(n - 1, -1, -1, dtype=np.float64)
        acc = (frame.acc_mg * (G_MPS2 / 1000)).astype(np.float32)
        for piece in self._grid.update(Block(time_s, (acc,), None, 0.0)):
            yield Chunk(
                start_s=self._starts_s + piece.index / self._rate_hz,
                sampling_rate_hz=self._rate_hz,
                acc_mps2=piece.arrays[0],
                quality=piece.quality,
            )

    def _step_s(self, frame: AccelerationFrame) -> float:
        """How far samples of this frame are apart: by the frame before, unless one is missing between."""
        stated_s = 1 / self._rate_hz
        if self._last_ns is None:
            return stated_s
        seen_s = (frame.last_ns - self._last_ns) * _NS / len(frame)
        return seen_s if abs(seen_s / stated_s - 1) < 0.1 else stated_s


# ---- a session ---------------------------------------------------------------------------------------------------


class Strap(Protocol):
    """A connected strap, whatever carries the bytes."""

    async def write(self, data: bytes) -> None:
        """To the control point."""
        ...

    async def answer(self) -> bytes:
        """The next indication of the control point."""
        ...

    async def notification(self) -> bytes:
        """The next notification of data. Raises ConnectionError when the strap is gone."""
        ...


async def measure(strap: Strap, *, rate_hz: Rate = 50, range_g: Range = 8) -> AsyncIterator[AccelerationFrame]:
    """Starts the acceleration, gives its frames, and stops it at the end.

    Raises
    ------
    Unavailable : the strap does not start, says nothing for some seconds, or is gone.
    """
    status = await _asked(strap, start_command(rate_hz, range_g), _START)
    if status == Status.ALREADY:  # somebody left without stopping
        await _asked(strap, stop_command(), _STOP)
        status = await _asked(strap, start_command(rate_hz, range_g), _START)
    if status != Status.SUCCESS:
        raise Unavailable(f"The strap does not start: {status.name.lower().replace('_', ' ')}.", retryable=True)
    try:
        while True:
            try:
                async with asyncio.timeout(_SILENT_S):
                    data = await strap.notification()
            except TimeoutError:
                raise Unavailable(
                    "Nothing has come from the strap for some seconds. Wet its contacts.", retryable=True
                ) from None
            except ConnectionError:
                raise Unavailable("The strap is out of reach.", retryable=True) from None
            yield AccelerationFrame.read(data)
    finally:
        with contextlib.suppress(Unavailable, ConnectionError, InputError):  # gone, it stops by itself
            await _asked(strap, stop_command(), _STOP)


async def _asked(strap: Strap, command: bytes, code: int) -> Status:
    await strap.write(command)
    try:
        async with asyncio.timeout(_ANSWER_S):
            return read_response(await strap.answer(), code)
    except TimeoutError:
        raise Unavailable("The strap does not answer.", retryable=True) from None
