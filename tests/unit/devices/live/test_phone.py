"""Frames of a phone: as they were sent, refused where they are none, and even whatever the phone's timing."""

import contextlib
import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upperback.core.errors import InputError
from upperback.devices.live.phone import (
    SAMPLES_MAX,
    WAITING_MAX,
    FrameOrder,
    PhoneFrame,
    SentFrame,
    points_of_rest,
)
from upperback.sensing.signal import G_MPS2


def frame(time_ms: np.ndarray, *, number: int = 0, rotation: bool = True, sign: float = 1.0) -> PhoneFrame:
    """A phone that leans slowly to and fro."""
    angle = 0.5 * np.sin(2 * np.pi * 0.2 * time_ms / 1000)
    acc = sign * G_MPS2 * np.stack([np.zeros_like(angle), np.cos(angle), np.sin(angle)], axis=1)
    turn = np.degrees(0.5 * 2 * np.pi * 0.2 * np.cos(2 * np.pi * 0.2 * time_ms / 1000))
    spin = np.stack([turn, np.zeros_like(turn), np.zeros_like(turn)], axis=1)
    return PhoneFrame(
        number=number,
        time_ms=time_ms,
        acc_mps2=acc.astype(np.float32),
        rotation_dps=spin.astype(np.float32) if rotation else None,
    )


def frames(seconds: float, *, rate_hz: float = 60.0, seed: int = 1, rotation: bool = True) -> list[PhoneFrame]:
    """Uneven samples, twelve to a frame."""
    dice = np.random.default_rng(seed)
    steps = (1000 / rate_hz) * dice.uniform(0.7, 1.3, int(seconds * rate_hz))
    time_ms = 5_000_000 + np.cumsum(steps)
    cuts = range(0, len(time_ms) - 12, 12)
    return [frame(time_ms[at : at + 12], number=number, rotation=rotation) for number, at in enumerate(cuts)]


@given(st.integers(1, SAMPLES_MAX), st.integers(0, 2**32 - 1), st.booleans())
def test_a_frame_comes_back_as_it_was_sent(n: int, number: int, rotation: bool) -> None:
    sent = frame(123_456.0 + np.arange(n) * 16.0, number=number, rotation=rotation)
    got = PhoneFrame.read(sent.write())
    assert got.number == number
    np.testing.assert_allclose(got.time_ms, sent.time_ms, atol=1e-3)
    np.testing.assert_array_equal(got.acc_mps2, sent.acc_mps2)
    if sent.rotation_dps is None:
        assert got.rotation_dps is None
    else:
        assert got.rotation_dps is not None
        np.testing.assert_array_equal(got.rotation_dps, sent.rotation_dps)


GOOD = frame(np.arange(3) * 16.0).write()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "cut short"),
        (GOOD[:10], "cut short"),
        (GOOD[:-1], "bytes: .* are expected"),
        (GOOD + b"\0", "bytes: .* are expected"),
        (b"\2" + GOOD[1:], "version 2"),
        (GOOD[:1] + b"\7" + GOOD[2:], "not known"),
        (GOOD[:2] + b"\0\0" + GOOD[4:], "0 samples"),
        (GOOD[:2] + b"\xff\xff" + GOOD[4:], "65535 samples"),
        (GOOD[:8] + b"\xff" * 8 + GOOD[16:], "not a number"),
    ],
)
def test_what_is_no_frame_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(InputError, match=told):
        PhoneFrame.read(data)


def test_the_vectors_of_the_documentation_are_frames() -> None:
    """Each row of the table, written and read."""
    text = (Path(__file__).parents[4] / "docs" / "reference" / "live-protocol.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.endswith("` |")]
    vectors = [row for row in rows if len(row) == 6 and len(row[5]) > 40]
    assert len(vectors) == 3
    for number, bits, times, acc, rotation, told in vectors:
        triples = re.findall(r"\(([^)]*)\)", acc)
        expected = PhoneFrame(
            number=int(number),
            time_ms=np.array([float(part) for part in times.split(",")]),
            acc_mps2=np.array([[float(part) for part in one.split(",")] for one in triples], np.float32),
            rotation_dps=np.array([[float(part) for part in rotation.strip("()").split(",")]], np.float32)
            if rotation
            else None,
            after_hole=bool(int(bits) & 2),
        )
        data = bytes.fromhex(told.strip("`"))
        assert expected.write() == data
        got = PhoneFrame.read(data)
        assert (got.number, got.after_hole, got.time_ms.tolist()) == (
            expected.number,
            expected.after_hole,
            expected.time_ms.tolist(),
        )
        np.testing.assert_array_equal(got.acc_mps2, expected.acc_mps2)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_refused(data: bytes) -> None:
    with contextlib.suppress(InputError):
        PhoneFrame.read(data)


def taken(sent: list[PhoneFrame]) -> list[int]:
    """The numbers of the frames that are taken, in their order."""
    order: FrameOrder[SentFrame] = FrameOrder()
    return [frame.number for one in sent for frame in order.put(SentFrame.read(one.write()))]


def test_every_frame_is_taken_once_and_in_its_turn() -> None:
    sent = frames(10)
    numbers = [one.number for one in sent]
    twice = [part for one in sent for part in (one, one)]
    again = [*sent[:30], *sent[10:]]
    late = [*sent[:5], *sent[6:20], sent[5], *sent[20:]]
    swapped = [sent[0], *(part for at in range(1, len(sent) - 1, 2) for part in (sent[at + 1], sent[at]))]
    for other in (sent, twice, again, late):
        assert taken(other) == numbers
    assert taken(swapped) == numbers[: len(swapped)]


def test_a_frame_is_looked_at_as_it_is_taken_apart() -> None:
    for rotation in (True, False):
        one = frames(1, rotation=rotation)[0]
        sent = SentFrame.read(one.write())
        assert sent.has_rotation is rotation
        assert sent.raw.n == len(one)
        np.testing.assert_array_equal(sent.acc_mps2(), one.acc_mps2)


@pytest.mark.parametrize(
    ("acc", "points"),
    [
        ([0.1, 0.0, 9.8], "up"),
        ([0.1, 0.0, -9.8], "down"),
        ([0.0, 9.8, 0.3], None),
        ([0.0, 0.0, 0.0], None),
        ([0.0, 0.0, 96.0], None),
        ([0.0, 0.0, np.nan], None),
    ],
)
def test_the_sign_is_seen_at_rest(acc: list[float], points: str | None) -> None:
    assert points_of_rest(np.tile(np.array(acc, np.float32), (50, 1))) == points


def test_a_phone_that_is_moved_is_not_at_rest() -> None:
    moved = frame(np.arange(200) * 16.0).acc_mps2[:, [0, 2, 1]]
    assert points_of_rest(moved) is None
    assert points_of_rest(np.empty((0, 3), np.float32)) is None


def test_frames_wait_for_those_before_them_and_not_without_end() -> None:
    sent = [dataclasses.replace(one, number=number) for number, one in enumerate(frames(2) * 20)]
    order: FrameOrder[PhoneFrame] = FrameOrder()
    assert [one.number for one in order.put(sent[0])] == [0]
    for one in sent[2:]:
        assert not list(order.put(one))
    assert order.is_waiting
    assert order.next_number == 1
    taken = [one.number for one in order.put(sent[1])]
    assert taken == list(range(1, WAITING_MAX + 2))
    assert not list(order.put(sent[3]))


def test_after_a_hole_it_goes_on_in_order() -> None:
    sent = frames(4)
    order: FrameOrder[PhoneFrame] = FrameOrder(0)
    assert not list(order.put(sent[3]))
    hole = dataclasses.replace(sent[2], after_hole=True)
    assert [one.number for one in order.put(hole)] == [2, 3]
    assert not list(order.put(sent[5]))
    assert not list(order.put(dataclasses.replace(sent[6], after_hole=True)))
    assert [one.number for one in order.put(sent[4])] == [4, 5, 6]
