"""A burst is let through, a flood is read no faster than a sensor sends, and one that does not stop is known."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upperback.web.live import pace
from upperback.web.live.pace import Pace

A_SECOND, AT_ONCE = pace._MESSAGES_A_SECOND, pace._MESSAGES_AT_ONCE


def send(line: Pace, *, seconds: float, every_s: float, n_bytes: int = 200, from_s: float = 0.0) -> tuple[int, float]:
    """Sends whenever there is room; how many came through, and when it was over."""
    sent, now_s = 0, from_s
    while now_s < from_s + seconds:
        if line.has_room(now_s):
            line.take(now_s, n_bytes)
            sent += 1
        now_s += every_s
    return sent, now_s


@pytest.mark.parametrize("a_second", [1, 10, 20])
def test_a_sensor_is_never_fast(a_second: int) -> None:
    line = Pace(0.0)
    sent, _ = send(line, seconds=60, every_s=1 / a_second)
    assert sent == pytest.approx(60 * a_second, abs=1)
    assert not line.is_fast
    assert not line.is_too_fast(60)


@pytest.mark.parametrize(
    ("n_bytes", "a_second", "at_once"), [(200, A_SECOND, AT_ONCE), (15_000, 5, 1_000_000 / 15_000)]
)
def test_a_flood_comes_through_no_faster_than_it_may_and_is_known(
    n_bytes: int, a_second: float, at_once: float
) -> None:
    line = Pace(0.0)
    sent, now_s = send(line, seconds=10, every_s=0.001, n_bytes=n_bytes)
    assert sent <= at_once + 10 * a_second + 1
    assert line.is_fast
    assert not line.is_too_fast(now_s)
    more, now_s = send(line, seconds=15, every_s=0.001, n_bytes=n_bytes, from_s=now_s)
    assert more == pytest.approx(15 * a_second, abs=0.05 * at_once + 1)
    assert line.is_too_fast(now_s)


def test_what_waited_for_a_lost_line_comes_through_and_is_forgiven() -> None:
    line = Pace(0.0)
    sent, now_s = 0, 0.0
    while sent < 600:  # a minute of ten frames a second
        while sent < 600 and line.has_room(now_s):
            line.take(now_s, 400)
            sent += 1
        now_s += 0.05
    assert now_s < 16
    assert not line.is_too_fast(now_s)
    send(line, seconds=30, every_s=0.1, from_s=now_s)
    assert not line.is_fast
    assert not line.is_too_fast(now_s + 30)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 32_000)), max_size=200))
def test_no_more_than_a_burst_and_the_rate_ever_comes_through(steps: list[tuple[float, int]]) -> None:
    line, now_s, n, size = Pace(0.0), 0.0, 0, 0
    for wait_s, n_bytes in steps:
        now_s += wait_s
        if line.has_room(now_s):
            line.take(now_s, n_bytes)
            n, size = n + 1, size + n_bytes
        assert n <= AT_ONCE + now_s * A_SECOND + 1
        assert size <= pace._BYTES_AT_ONCE + now_s * pace._BYTES_A_SECOND + 32_000
