"""Packets are played at their pace."""

import math
from dataclasses import dataclass, field

import pytest

from upperback.devices.live import open_simulated, paced


@dataclass
class Clock:
    """Time that passes only by sleeping, and by what the listener takes."""

    now_s: float = 100.0
    slept_s: list[float] = field(default_factory=list)

    def read(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.now_s += seconds


@pytest.mark.parametrize("speed", [1.0, 10.0])
def test_packets_come_at_their_time(speed: float) -> None:
    clock = Clock()
    source = open_simulated("exercise-session")
    first_s = None
    for arrival, _ in zip(
        paced(source.packets(), speed=speed, clock=clock.read, sleep=clock.sleep), range(50), strict=False
    ):
        first_s = arrival.at_s if first_s is None else first_s
        assert clock.now_s == pytest.approx(100 + (arrival.at_s - first_s) / speed)


def test_a_slow_listener_is_not_made_slower() -> None:
    clock = Clock()
    source = open_simulated("exercise-session")
    for _, _ in zip(paced(source.packets(), speed=1, clock=clock.read, sleep=clock.sleep), range(30), strict=False):
        clock.now_s += 10
    assert not clock.slept_s


def test_at_full_speed_nothing_waits() -> None:
    clock = Clock()
    source = open_simulated("exercise-session")
    packets = zip(paced(source.packets(), speed=math.inf, clock=clock.read, sleep=clock.sleep), range(30), strict=False)
    assert len(list(packets)) == 30
    assert not clock.slept_s
