"""What every live source gives, and the pace at which a recorded or simulated one is played."""

import heapq
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from upperback.devices.simulate import Arrival
from upperback.sensing.trunk import TaskKind


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
