"""The Polar H10 over the Bluetooth of this computer: found by its name, measured, and waited for out of reach.

Needs bleak (`pip install "upperback[live]"`), which speaks to the Bluetooth of Windows, macOS and Linux. What the strap
says and how it is read stands in `polar`; this is only who carries the bytes.
"""

import asyncio
import contextlib
import itertools
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from upperback.core.errors import InputError, Unavailable, UpperbackError
from upperback.devices.live.base import Marked
from upperback.devices.live.polar import CONTROL, DATA, Rate, StrapStream, measure
from upperback.devices.simulate import Arrival
from upperback.sensing.signal import Chunk

#: How long a strap is looked for, and how long one that is out of reach is waited for.
FIND_S: Final = 10.0
AWAY_S: Final = 60.0

_AGAIN_S: Final = 1.0
_WAITING_MAX: Final = 600  # chunks of a fifth of a second: two minutes that nobody has taken
_POLL_S: Final = 0.5
_GOODBYE_S: Final = 10.0
_NAME: Final = "Polar H10"

_NONE_ANSWERED: Final = (
    "no {name} answered within {find_s:g} s. Wear it with wet contacts, or it sleeps. It speaks to one device at a "
    "time: close the app on your phone"
)
_OUT_OF_REACH: Final = "The strap is out of reach."

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Radio:
    """Who finds and connects. The default is the Bluetooth of this computer.

    Attributes
    ----------
    scanner, client : backends of bleak
    """

    scanner: Any = None
    client: Any = None

    def __post_init__(self) -> None:
        _bleak()

    async def find(self, name: str, find_s: float) -> Any:
        """The first device whose name begins so, or None."""
        bleak = _bleak()
        more = {"backend": self.scanner} if self.scanner else {}
        return await bleak.BleakScanner.find_device_by_filter(
            lambda device, said: (said.local_name or device.name or "").startswith(name), timeout=find_s, **more
        )

    def connect(self, device: Any, gone: Callable[[Any], None]) -> Any:
        """A client, to be entered."""
        more = {"backend": self.client} if self.client else {}
        return _bleak().BleakClient(device, disconnected_callback=gone, **more)


class _Carried:
    """See `Strap`: a connected client of bleak."""

    def __init__(self) -> None:
        self.client: Any = None
        self._answers: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._data: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def listen(self) -> None:
        """To both of its voices."""
        await self.client.start_notify(CONTROL, lambda _, data: self._answers.put_nowait(bytes(data)))
        await self.client.start_notify(DATA, lambda _, data: self._data.put_nowait(bytes(data)))

    def gone(self, _client: Any) -> None:
        """The connection has ended."""
        self._answers.put_nowait(None)
        self._data.put_nowait(None)

    async def write(self, data: bytes) -> None:
        await self.client.write_gatt_char(CONTROL, data, response=True)

    async def answer(self) -> bytes:
        return await _taken(self._answers)

    async def notification(self) -> bytes:
        return await _taken(self._data)


async def _taken(waiting: "asyncio.Queue[bytes | None]") -> bytes:
    data = await waiting.get()
    if data is None:
        waiting.put_nowait(None)
        raise ConnectionError(_OUT_OF_REACH)
    return data


class _Beside:
    """An event loop in a thread: a source is read like a file, Bluetooth is not."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bluetooth", daemon=True)
        self._thread.start()
        self._work: asyncio.Task[None] | None = None

    def result(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Waits for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Goes on with it until `stop`."""

        async def begin() -> None:
            self._work = asyncio.create_task(work)

        self.result(begin())

    def stop(self) -> None:
        """Lets what was started say goodbye, and ends the loop."""

        async def end() -> None:
            if self._work is not None:
                self._work.cancel()
                await asyncio.wait([self._work], timeout=_GOODBYE_S)

        self.result(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class PolarSource:
    """See `LiveSource`. Somebody has to stand and bend."""

    about: str
    sampling_rate_hz: float
    rate_hz: Rate
    away_s: float
    radio: Radio = field(repr=False)
    device: Any = field(repr=False)
    beside: _Beside = field(repr=False)
    has_gyroscope: bool = False
    tasks: tuple[Marked, ...] = ()

    def packets(self) -> Iterator[Arrival]:
        """Packets as they come. One that is out of reach for a while leaves a gap.

        Raises
        ------
        Unavailable : the strap does not come back, or says nothing.
        """
        waiting: queue.Queue[Chunk | UpperbackError] = queue.Queue()
        self.beside.start(self._fill(waiting))
        numbers = itertools.count()
        try:
            while True:
                try:
                    found = waiting.get(timeout=_POLL_S)  # a wait without an end would not hear Ctrl-C on Windows
                except queue.Empty:
                    continue
                if isinstance(found, UpperbackError):
                    raise found
                yield Arrival(found.end_s, next(numbers), found)
        finally:
            self.beside.stop()

    async def _fill(self, waiting: "queue.Queue[Chunk | UpperbackError]") -> None:
        """Connects, measures, and connects again until the strap was away for too long."""
        heard_s, failures = time.monotonic(), _failures()
        while True:
            ended: UpperbackError
            try:
                async for chunk in self._session():
                    heard_s = time.monotonic()
                    waiting.put_nowait(chunk)
                    if waiting.qsize() > _WAITING_MAX:
                        waiting.put_nowait(Unavailable("Nobody has read the strap for two minutes.", retryable=True))
                        return
            except UpperbackError as problem:
                ended = problem
            except failures as problem:
                ended = Unavailable(_why(problem), retryable=True)
            if (task := asyncio.current_task()) is not None and task.cancelling():
                return  # what went wrong on the way out is nobody's business any more
            if time.monotonic() - heard_s > self.away_s:
                break
            await asyncio.sleep(_AGAIN_S)
        waiting.put_nowait(ended)

    async def _session(self) -> AsyncIterator[Chunk]:
        """One connection, from its first sample to its last."""
        strap = _Carried()
        async with self.radio.connect(self.device, strap.gone) as strap.client:
            await strap.listen()
            stream: StrapStream | None = None
            async with contextlib.aclosing(measure(strap, rate_hz=self.rate_hz)) as frames:  # type: ignore[type-var]
                async for frame in frames:
                    if stream is None:
                        starts_s = time.time() - len(frame) / self.sampling_rate_hz
                        stream = StrapStream(sampling_rate_hz=self.rate_hz, starts_s=starts_s)
                    for chunk in stream.update(frame):
                        yield chunk


def open_polar(
    name: str | None = None,
    *,
    rate_hz: Rate = 50,
    find_s: float = FIND_S,
    away_s: float = AWAY_S,
    radio: Radio | None = None,
) -> PolarSource:
    """The Polar H10 that is worn now; `name` as printed on it, "Polar H10 12345678", where there are several.

    Raises
    ------
    InputError : bleak is missing, or no such strap answers.
    Unavailable : this computer has no Bluetooth, or it is off.
    """
    radio = radio or Radio()
    beside = _Beside()
    try:
        device = beside.result(radio.find(name or _NAME, find_s))
    except _failures() as problem:
        beside.stop()
        raise Unavailable(_why(problem), retryable=True) from None
    if device is None:
        beside.stop()
        raise InputError(_NONE_ANSWERED.format(name=name or _NAME, find_s=find_s))
    return PolarSource(
        about=f"chest strap, {device.name or name or _NAME}",
        sampling_rate_hz=float(rate_hz),
        rate_hz=rate_hz,
        away_s=away_s,
        radio=radio,
        device=device,
        beside=beside,
    )


def _bleak() -> Any:
    try:
        import bleak
    except ImportError:
        raise InputError('A strap over Bluetooth needs one more package: pip install "upperback[live]"') from None
    return bleak


def _failures() -> tuple[type[Exception], ...]:
    """What Bluetooth raises when it does not work: its own errors, and those of the system below it."""
    from bleak.exc import BleakError

    return BleakError, OSError, TimeoutError, EOFError


def _why(problem: Exception) -> str:
    """What to do about it, in words for a person."""
    from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason

    reason = problem.reason if isinstance(problem, BleakBluetoothNotAvailableError) else None
    if reason == BleakBluetoothNotAvailableReason.POWERED_OFF:
        return "Bluetooth is off. Turn it on and start again."
    if reason is not None and "DENIED" in reason.name:
        return "This program may not use Bluetooth. Allow it in the settings of this computer."
    if reason == BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE:
        return "The Bluetooth of this computer is too old: it has to know Bluetooth Low Energy."
    if reason is not None or isinstance(problem, (FileNotFoundError, ConnectionRefusedError)):
        return (
            "This computer has no Bluetooth that answers. It needs Bluetooth Low Energy, built in or as a USB adapter; "
            "on Linux also the bluetooth service (BlueZ)."
        )
    return _OUT_OF_REACH
