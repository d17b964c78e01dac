"""What every live source gives, and the pace at which a recorded or simulated one is played."""

import heapq
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Protocol

from upperback.devices.simulate import Arrival
from upperback.sensing.trunk import TaskKind

#: Packets of a source that wait to be taken: a fifth of a second each.
_WAITING_MAX: Final = 300
_GOODBYE_S: Final = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A task of the calibration that is known to lie at this place of the stream, seconds of its own time."""

    kind: TaskKind
    start_s: float
    end_s: float


class LiveSource(Protocol):
    """A stream of packets from one sensor.

    Attributes
    ----------
    about : what it is, in words for a person
    sampling_rate_hz, has_gyroscope : of every packet
    tasks : where in the stream the wearer stands and bends; empty where they have to be asked to
    """

    @property
    def about(self) -> str: ...
    @property
    def sampling_rate_hz(self) -> float: ...
    @property
    def has_gyroscope(self) -> bool: ...
    @property
    def tasks(self) -> tuple[Marked, ...]: ...

    def packets(self) -> Iterator[Arrival]:
        """Packets in the order in which they arrive; ends when the source does."""
        ...


def side_by_side(first: Iterable[Arrival], second: Iterable[Arrival]) -> Iterator[tuple[int, Arrival]]:
    """Packets of two sensors by their times, 0 or 1 with each."""
    by_time = heapq.merge(
        ((one.at_s, 0, one) for one in first), ((one.at_s, 1, one) for one in second), key=lambda one: one[:2]
    )
    yield from ((which, arrival) for _, which, arrival in by_time)


class _Pump:
    """A source in a thread of its own, for it may wait for a sensor; what it gives waits here, so much of it."""

    def __init__(self, packets: Iterator[Arrival]) -> None:
        self.waiting: queue.Queue[Arrival | BaseException | None] = queue.Queue(_WAITING_MAX)
        self._packets = packets
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live source", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        last: BaseException | None = None
        try:
            for one in self._packets:
                if not self._put(one):
                    break
        except BaseException as problem:  # noqa: BLE001  raised again where the packets are taken
            last = problem
        finally:
            close = getattr(self._packets, "close", None)
            if close is not None:
                close()
            self._put(last)

    def _put(self, one: Arrival | BaseException | None) -> bool:
        while not self._stopped.is_set():
            try:
                self.waiting.put(one, timeout=0.2)
            except queue.Full:
                continue
            return True
        return False

    def take(self, timeout_s: float | None) -> Arrival | None:
        """The next packet; None at the end. Raises queue.Empty when nothing comes for so long."""
        found = self.waiting.get(timeout=timeout_s)
        if isinstance(found, BaseException):
            raise found
        return found

    def stop(self) -> None:
        """Lets the source say goodbye to its sensor."""
        self._stopped.set()
        self._thread.join(timeout=_GOODBYE_S)


def as_they_come(
    first: Iterator[Arrival], second: Iterator[Arrival], *, patience_s: float = 1.0
) -> Iterator[tuple[int, Arrival]]:
    """Packets of two sensors that both measure now, by their times, 0 or 1 with each.

    Both are listened to from the start, and nothing is told before both have begun. One that is late is waited for for
    `patience_s`, so one that is out of reach does not hold the other up.
    """
    pumps = (_Pump(first), _Pump(second))
    heads: list[Arrival | None] = [None, None]
    ended = [False, False]
    try:
        for which, pump in enumerate(pumps):
            heads[which] = pump.take(None)
            ended[which] = heads[which] is None
        while not all(ended):
            for which, pump in enumerate(pumps):
                if heads[which] is None and not ended[which]:
                    heads[which], ended[which] = _next(pump, 0.0 if heads[1 - which] is None else patience_s)
            known = [(head.at_s, which) for which, head in enumerate(heads) if head is not None]
            if known:
                which = min(known)[1]
                head, heads[which] = heads[which], None
                assert head is not None
                yield which, head
            elif not all(ended):
                time.sleep(0.01)
    finally:
        for pump in pumps:
            pump.stop()


def _next(pump: _Pump, patience_s: float) -> tuple[Arrival | None, bool]:
    """The next packet, and whether there will be none any more."""
    try:
        found = pump.take(max(patience_s, 0.001))
    except queue.Empty:
        return None, False
    return found, found is None


def begun_at(packets: Iterable[Arrival], start_s: float) -> Iterator[Arrival]:
    """The same packets on another clock: as if the first one had begun at this time."""
    shift_s: float | None = None
    for one in packets:
        shift_s = start_s - one.chunk.start_s if shift_s is None else shift_s
        chunk = replace(one.chunk, start_s=one.chunk.start_s + shift_s)
        yield replace(one, at_s=one.at_s + shift_s, chunk=chunk)


def paced(
    arrivals: Iterable[Arrival],
    *,
    speed: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Arrival]:
    """The same packets, each when its time has come.

    Parameters
    ----------
    speed : 1 is as it was, 100 a hundred times as fast; infinity does not wait
    clock, sleep : of the waiting, in seconds
    """
    began_s: float | None = None
    first_s = 0.0
    for arrival in arrivals:
        if began_s is None:
            began_s, first_s = clock(), arrival.at_s
        wait_s = began_s + (arrival.at_s - first_s) / speed - clock()
        if wait_s > 0:
            sleep(wait_s)
        yield arrival
