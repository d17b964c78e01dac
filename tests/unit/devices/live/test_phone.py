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
    PHONE_RATE_HZ,
    SAMPLES_MAX,
    WAITING_MAX,
    FrameOrder,
    PhoneFrame,
    PhoneStream,
    points_of_rest,
)
from upperback.sensing.signal import G_MPS2, Chunk, QualityFlag


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


def stream(*, points: str = "up", rotation: bool = True) -> PhoneStream:
    return PhoneStream(points="up" if points == "up" else "down", starts_s=1000.0, has_gyroscope=rotation)


def all_of(one: PhoneStream, sent: list[PhoneFrame]) -> list[Chunk]:
    order = FrameOrder()
    return [chunk for part in sent for frame in order.put(PhoneFrame.read(part.write())) for chunk in one.update(frame)]


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


def test_uneven_samples_become_even_ones() -> None:
    chunks = all_of(stream(), frames(20))
    starts = np.array([chunk.start_s for chunk in chunks])
    np.testing.assert_allclose([chunk.end_s for chunk in chunks[:-1]], starts[1:], atol=1e-9)
    acc = np.concatenate([chunk.acc_mps2 for chunk in chunks])
    first_ms = frames(20)[0].time_ms[0]
    at_ms = first_ms + (starts[0] - 1000.0) * 1000 + np.arange(len(acc)) * 1000 / PHONE_RATE_HZ
    np.testing.assert_allclose(acc, frame(at_ms).acc_mps2, atol=0.01)


def test_frames_sent_again_change_nothing() -> None:
    sent = frames(10)
    twice = [part for one in sent for part in (one, one)]
    again = [*sent[:30], *sent[10:]]
    swapped = [part for at in range(0, len(sent) - 1, 2) for part in (sent[at + 1], sent[at])]
    swapped[:2] = sent[:2]  # the first frame to come may have any number
    late = [*sent[:5], *sent[6:30], sent[5], *sent[30:]]
    expected = np.concatenate([chunk.acc_mps2 for chunk in all_of(stream(), sent[: len(swapped)])])
    for other in (twice, again, swapped, late):
        got = np.concatenate([chunk.acc_mps2 for chunk in all_of(stream(), other)])
        np.testing.assert_array_equal(got[: len(expected)], expected)


def test_a_lost_frame_is_a_gap_and_not_an_invention() -> None:
    sent = frames(10)
    after = dataclasses.replace(sent[23], after_hole=True)
    chunks = all_of(stream(), [*sent[:20], after, *sent[24:]])
    flags = np.concatenate([np.zeros(len(c), np.uint8) if c.quality is None else c.quality for c in chunks])
    missing = int(np.count_nonzero(flags & QualityFlag.GAP))
    assert missing == pytest.approx(3 * 12 * 50 / 60, abs=3)


def test_the_other_sign_is_put_right() -> None:
    sent = frames(4)
    turned = [
        PhoneFrame(number=one.number, time_ms=one.time_ms, acc_mps2=-one.acc_mps2, rotation_dps=one.rotation_dps)
        for one in sent
    ]
    np.testing.assert_array_equal(
        np.concatenate([chunk.acc_mps2 for chunk in all_of(stream(), sent)]),
        np.concatenate([chunk.acc_mps2 for chunk in all_of(stream(points="down"), turned)]),
    )


def test_another_kind_of_sensor_is_refused() -> None:
    with pytest.raises(InputError, match="another kind of sensor"):
        all_of(stream(rotation=False), frames(1))


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
    order = FrameOrder()
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
    order = FrameOrder(0)
    assert not list(order.put(sent[3]))
    hole = dataclasses.replace(sent[2], after_hole=True)
    assert [one.number for one in order.put(hole)] == [2, 3]
    assert not list(order.put(sent[5]))
    assert not list(order.put(dataclasses.replace(sent[6], after_hole=True)))
    assert [one.number for one in order.put(sent[4])] == [4, 5, 6]
