"""Two sources that both measure now: by their times, and neither holds the other up for long."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from upperback.core.errors import Unavailable
from upperback.devices.live import as_they_come, begun_at
from upperback.devices.simulate import Arrival
from upperback.sensing.signal import Chunk


def packet(at_s: float) -> Arrival:
    chunk = Chunk(
        start_s=at_s - 0.2, sampling_rate_hz=50.0, acc_mps2=np.zeros((10, 3), np.float32), gyr_radps=None, quality=None
    )
    return Arrival(at_s, 0, chunk)


def steady(n: int, first_s: float = 0.0) -> Iterator[Arrival]:
    yield from (packet(first_s + 0.2 * at) for at in range(n))


def test_packets_come_by_their_times() -> None:
    found = [(which, one.at_s) for which, one in as_they_come(steady(50), steady(60, 0.1))]
    assert [at_s for _, at_s in found] == sorted(at_s for _, at_s in found)
    assert [which for which, _ in found].count(1) == 60


def test_one_that_is_out_of_reach_does_not_hold_the_other_up_and_is_told_when_it_is_back() -> None:
    back = threading.Event()

    def leaves() -> Iterator[Arrival]:
        yield packet(0.0)
        back.wait(20)
        yield packet(9.0)

    found = []
    for which, one in as_they_come(leaves(), steady(30, 0.1), patience_s=0.01):
        found.append((which, one.at_s))
        if len(found) == 31:
            back.set()
    assert [which for which, _ in found] == [0, *[1] * 30, 0]


def test_nothing_is_told_before_both_have_begun() -> None:
    begins = threading.Event()

    def late() -> Iterator[Arrival]:
        begins.wait(20)
        yield packet(5.0)

    threading.Timer(0.2, begins.set).start()
    found = list(as_they_come(steady(5), late(), patience_s=0.01))
    assert begins.is_set()
    assert [which for which, _ in found] == [0] * 5 + [1]


def test_what_goes_wrong_with_one_is_said_and_the_other_says_goodbye() -> None:
    goodbye = threading.Event()

    def breaks() -> Iterator[Arrival]:
        yield packet(0.0)
        raise Unavailable("The strap is gone.", retryable=True)

    def polite() -> Iterator[Arrival]:
        try:
            while True:
                yield packet(0.1)
        finally:
            goodbye.set()

    with pytest.raises(Unavailable, match="strap is gone"):
        list(as_they_come(breaks(), polite()))
    assert goodbye.is_set()
    goodbye.clear()
    both = as_they_come(steady(3), polite())
    next(both)
    both.close()  # type: ignore[attr-defined]
    assert goodbye.is_set()


def test_one_on_the_clock_of_another() -> None:
    found = list(begun_at(steady(3, 1000.0), 5.0))
    assert [one.chunk.start_s for one in found] == pytest.approx([5.0, 5.2, 5.4])
    assert [one.at_s for one in found] == pytest.approx([5.2, 5.4, 5.6])
