"""The monitor of one wearer: however packets come, the same; saved and gone on with; hints where they belong."""

import itertools
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.sensing.monitor.wearer import chunk_of, cut, every, held
from tests.unit.sensing.trunks import RATE_HZ, Sitting
from upperback.core.errors import InputError
from upperback.sensing.cues import Decision, Silence, Wishes
from upperback.sensing.epochs import Epochs
from upperback.sensing.monitor import Monitor, MonitorParams, MonitorState
from upperback.sensing.posture import posture_figures
from upperback.sensing.signal import Chunk
from upperback.sensing.state import from_bytes, to_bytes
from upperback.sensing.trunk import NotAligned, TrunkAlignment

TASKS_DEG = held((0, 5), (60, 2), (0, 2), (60, 2), (0, 3))
TASKS_S = len(TASKS_DEG) / RATE_HZ


def monitor(params: MonitorParams | None = None, state: MonitorState | None = None) -> Monitor:
    return Monitor(sampling_rate_hz=RATE_HZ, has_gyroscope=True, params=params, state=state)


def aligned() -> tuple[Monitor, TrunkAlignment]:
    """A monitor whose wearer has stood and bent."""
    one = monitor()
    one.begin_task("stand")
    for packet in every(chunk_of(TASKS_DEG), 10):
        if packet.start_s == pytest.approx(5.0):
            one.end_task()
            one.begin_task("bend")
        one.update(packet)
    one.end_task()
    return one, one.align()


def seconds(one: Monitor, packets: Iterable[Chunk]) -> Epochs:
    return Epochs.join([one.update(packet).epochs for packet in packets])


def day(*poses: tuple[float, float], shaking_mps2: float = 0.02) -> Chunk:
    return chunk_of(held(*poses), start_s=TASKS_S, shaking_mps2=shaking_mps2)


def hints(one: Monitor, packets: Iterable[Chunk], wishes: Wishes) -> list[Decision]:
    """What is said once a second."""
    said = []
    for packet in packets:
        one.update(packet)
        if round(packet.end_s * RATE_HZ) % RATE_HZ == 0:
            said.append(one.cue(now_s=packet.end_s, wishes=wishes))
    return said


WANTED = Wishes(on=True, neutral_deg=0.0)


def test_a_bend_of_30_degrees_is_told_within_2() -> None:
    one, alignment = aligned()
    assert alignment.has_front
    for packet in every(day((0, 3), (30, 4)), 25):
        one.update(packet)
    now = one.now()
    assert now.flexion_deg == pytest.approx(30, abs=2)
    assert now.lateral_deg == pytest.approx(0, abs=2)
    assert now.inclination_deg == pytest.approx(30, abs=2)
    assert now.is_measured
    assert now.measured_share == 1


def test_nothing_is_guessed_before_the_sensor_is_aligned() -> None:
    one = monitor()
    seconds(one, every(day((0, 8), (30, 4)), 25))
    now = one.now()
    assert now.is_measured
    assert np.isnan([now.inclination_deg, now.flexion_deg, now.lateral_deg]).all()
    assert one.cue(now_s=now.time_s, wishes=WANTED).silence is Silence.BAD_DATA
    assert one.cue(now_s=now.time_s, wishes=Wishes(on=True)).silence is Silence.NO_NEUTRAL


def test_tasks_that_show_nothing_are_refused_and_forgotten() -> None:
    one = monitor()
    one.begin_task("stand")
    seconds(one, every(day((0, 5)), 10))
    one.end_task()
    with pytest.raises(NotAligned, match="bends were too small"):
        one.align()
    assert one.alignment is None
    with pytest.raises(NotAligned, match="Standing still upright was not seen"):
        one.align()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 1999), max_size=12, unique=True).map(sorted))
def test_the_cut_into_packets_changes_no_second(at: list[int]) -> None:
    stream = day((0, 12), (25, 15), (5, 11))
    whole = seconds(aligned()[0], every(stream, 50))
    assert len(whole) > 35
    one = aligned()[0]
    other = seconds(one, cut(stream, *at))
    common = min(len(whole), len(other))
    np.testing.assert_array_equal(whole.rows[:common], other.rows[:common])
    assert common >= len(whole) - 1


def test_packets_that_come_late_and_twice_change_nothing() -> None:
    packets = every(day((0, 12), (25, 15)), 10)
    expected = seconds(aligned()[0], packets)
    shuffled = [*packets]
    for place in range(3, len(packets) - 3, 7):
        shuffled[place], shuffled[place + 1] = shuffled[place + 1], shuffled[place]
    shuffled = list(itertools.chain.from_iterable((packet, packet) for packet in shuffled))
    one = aligned()[0]
    np.testing.assert_array_equal(expected.rows, seconds(one, shuffled).rows)
    assert one.state.n_dropped == sum(map(len, packets))


def test_what_was_lost_is_not_measured() -> None:
    packets = every(day((0, 20), (25, 20)), 50)
    one = aligned()[0]
    found = seconds(one, [packet for place, packet in enumerate(packets) if place not in {10, 11, 12}])
    lost = found.measured_share == 0
    start = packets[10].start_s - found.first_s
    assert lost[int(start) : int(start) + 3].all()
    assert lost.sum() <= 9  # after so long a gap the vertical is found anew
    assert np.isnan(found.flexion_deg[lost]).all()
    assert np.isnan(found.up[lost]).all()


def test_it_goes_on_elsewhere_bit_for_bit() -> None:
    packets = every(day((0, 12), (25, 15), (0, 10)), 10)
    one, _ = aligned()
    expected = seconds(one, packets)
    summary = one.take_summaries()[-1]

    first, _ = aligned()
    half = len(packets) // 2
    before = seconds(first, packets[:half])
    first.begin_task("stand")
    saved = to_bytes(first.state)
    second = monitor(state=from_bytes(MonitorState, saved))
    second.end_task()
    after = seconds(second, packets[half:])
    np.testing.assert_array_equal(expected.rows, Epochs.join([before, after]).rows)
    assert posture_figures(second.take_summaries()[-1]) == posture_figures(summary)
    assert to_bytes(second.now()) == to_bytes(one.now())


def test_slouching_for_long_gives_one_hint_and_picking_up_gives_none() -> None:
    one, _ = aligned()
    slouch = hints(one, every(day((0, 60), (28, 330), shaking_mps2=0.02), 50), WANTED)
    assert [said.cue for said in slouch].count(True) == 1
    picking, _ = aligned()
    poses = [(0.0, 60.0), *[(pose, wait) for _ in range(12) for pose, wait in ((70.0, 2.0), (0.0, 25.0))]]
    assert not any(said.cue for said in hints(picking, every(day(*poses), 50), WANTED))


def test_no_hint_where_none_is_wanted() -> None:
    one, _ = aligned()
    said = hints(one, every(day((0, 60), (28, 330)), 50), replace(WANTED, on=False))
    assert {decision.silence for decision in said} == {Silence.OFF}


def test_a_posture_that_is_held_is_counted_until_it_changes() -> None:
    one, _ = aligned()
    seconds(one, every(day((0, 10), (20, 30)), 50))
    assert one.now().held_s == pytest.approx(30, abs=2)
    after = chunk_of(held((20, 1), (60, 1), (0, 8)), start_s=TASKS_S + 41)
    seconds(one, every(after, 50))
    assert one.now().held_s <= 8


def test_another_alignment_starts_another_summary() -> None:
    one, _ = aligned()
    seconds(one, every(day((0, 10)), 50))
    one.use(TrunkAlignment.of_mounting("x"))
    seconds(one, every(chunk_of(held((0, 10)), start_s=TASKS_S + 10), 50))
    assert [summary.method.reference for summary in one.take_summaries()] == ["none", "standard tasks", "mounting"]
    assert not one.take_summaries()


def test_a_sensor_that_was_turned_and_aligned_anew_is_told_by_its_new_axes() -> None:
    """By the same tasks, so nothing but the axes differs; the half second before them is not told by either."""
    one, first = aligned()
    seconds(one, every(day((0, 5)), 10))
    turned, at_s = Sitting.some(8), TASKS_S + 5
    one.begin_task("stand")
    for packet in every(chunk_of(TASKS_DEG, start_s=at_s, sitting=turned), 10):
        if packet.start_s == pytest.approx(at_s + 5.0):
            one.end_task()
            one.begin_task("bend")
        one.update(packet)
    one.end_task()
    second = one.align()
    assert second.source == first.source
    found = seconds(one, every(chunk_of(held((0, 3), (30, 6)), start_s=at_s + TASKS_S, sitting=turned), 10))
    assert one.now().flexion_deg == pytest.approx(30, abs=2)
    assert found.flexion_deg[-4:] == pytest.approx(np.full(4, 30.0), abs=2)
    assert found.lateral_deg[-4:] == pytest.approx(np.zeros(4), abs=2)
    assert len(one.take_summaries()) == 3


def test_packets_of_another_sensor_are_refused() -> None:
    one = monitor()
    packet = day((0, 1))
    with pytest.raises(InputError, match="another sampling rate or another kind of sensor"):
        one.update(replace(packet, gyr_radps=None))
    with pytest.raises(InputError, match="another sampling rate"):
        one.update(replace(packet, sampling_rate_hz=100.0))
    with pytest.raises(InputError, match="another sampling rate or another kind of sensor"):
        Monitor(sampling_rate_hz=RATE_HZ, has_gyroscope=False, state=one.state)
