"""The chest strap: bytes as its service has them, an even stream, and a session with a strap that is played."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upperback.core.errors import InputError, Unavailable
from upperback.devices.live import polar
from upperback.devices.live.polar import AccelerationFrame, Status, StrapStream, measure, start_command, stop_command
from upperback.sensing.signal import G_MPS2, Chunk, QualityFlag

#: Days after its epoch: the strap has no idea what time it is.
BEGINS_NS = 599_616_000_000_000_000


def test_commands_are_those_of_the_service() -> None:
    assert start_command(200, 8) == bytes.fromhex("0202 0001C800 01011000 02010800".replace(" ", ""))
    assert stop_command() == bytes.fromhex("0302")


def test_a_frame_of_known_bytes() -> None:
    data = bytes.fromhex("02 40420F0000000000 01 E803 18FC 0000 0100 FFFF 0080".replace(" ", ""))
    frame = AccelerationFrame.read(data)
    assert frame.last_ns == 1_000_000
    np.testing.assert_array_equal(frame.acc_mg, [[1000, -1000, 0], [1, -1, -32768]])


@pytest.mark.parametrize(("form", "width"), [(0, 1), (1, 2), (2, 3)])
def test_every_width_is_signed(form: int, width: int) -> None:
    values = [-1, 0, 5, -100, 100, -128]
    body = b"".join(value.to_bytes(width, "little", signed=True) for value in values)
    frame = AccelerationFrame.read(bytes([2, *[0] * 8, form]) + body)
    np.testing.assert_array_equal(frame.acc_mg.ravel(), values)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_frame_or_refused(data: bytes) -> None:
    with contextlib.suppress(InputError):
        assert len(AccelerationFrame.read(data))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\2", "cut short"),
        (bytes([0, *[0] * 8, 1, *[0] * 6]), "measurement 0"),
        (bytes([2, *[0] * 8, 0x81, *[0] * 6]), "form 129"),
        (bytes([2, *[0] * 8, 7, *[0] * 6]), "form 7"),
        (bytes([2, *[0] * 8, 1, *[0] * 5]), "cut short"),
        (bytes([2, *[0] * 8, 1]), "cut short"),
    ],
)
def test_what_is_no_frame_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(InputError, match=told):
        AccelerationFrame.read(data)


# ---- the stream --------------------------------------------------------------------------------------------------


def frames(seconds: float, *, rate_hz: float = 50.0, samples: int = 36) -> list[AccelerationFrame]:
    """A trunk that sways slowly, by a strap whose clock runs at `rate_hz`."""
    n = int(seconds * rate_hz)
    time_s = np.arange(n) / rate_hz
    angle = 0.4 * np.sin(2 * np.pi * 0.1 * time_s)
    acc = np.stack([np.sin(angle), np.cos(angle), np.zeros_like(angle)], axis=1) * 1000
    return [
        AccelerationFrame(
            last_ns=BEGINS_NS + round(time_s[at + samples - 1] * 1e9),
            acc_mg=np.rint(acc[at : at + samples]).astype(np.int32),
        )
        for at in range(0, n - samples + 1, samples)
    ]


def all_of(sent: list[AccelerationFrame]) -> list[Chunk]:
    stream = StrapStream(sampling_rate_hz=50, starts_s=7000.0)
    return [chunk for frame in sent for chunk in stream.update(AccelerationFrame.read(frame.write()))]


@pytest.mark.parametrize("rate_hz", [50.0, 50.6, 49.3])
def test_samples_are_even_whatever_the_clock_of_the_strap(rate_hz: float) -> None:
    chunks = all_of(frames(60, rate_hz=rate_hz))
    acc = np.concatenate([chunk.acc_mps2 for chunk in chunks])
    time_s = chunks[0].start_s - 7000.0 + np.arange(len(acc)) / 50
    angle = 0.4 * np.sin(2 * np.pi * 0.1 * time_s)
    np.testing.assert_allclose(acc[:, 0], np.sin(angle) * G_MPS2, atol=0.03)
    np.testing.assert_allclose(np.linalg.norm(acc, axis=1), G_MPS2, atol=0.02)


def test_a_lost_frame_is_a_gap_and_one_that_comes_twice_is_not() -> None:
    sent = frames(30)
    chunks = all_of([*sent[:10], sent[9], *sent[12:]])
    flags = np.concatenate([np.zeros(len(c), np.uint8) if c.quality is None else c.quality for c in chunks])
    assert np.count_nonzero(flags & QualityFlag.GAP) == pytest.approx(72, abs=2)


def test_a_strap_that_starts_anew_is_refused() -> None:
    sent = frames(5)
    with pytest.raises(InputError, match="started anew"):
        all_of([*sent, sent[0]])


# ---- a session ---------------------------------------------------------------------------------------------------


@dataclass
class Played:
    """A strap that answers as one does."""

    data: list[bytes]
    answers: dict[int, list[Status]] = field(default_factory=dict)
    at_end: Callable[[], bytes] | None = None
    written: list[bytes] = field(default_factory=list)
    _waiting: list[bytes] = field(default_factory=list)

    async def write(self, data: bytes) -> None:
        self.written.append(data)
        status = (self.answers.get(data[0]) or [Status.SUCCESS]).pop(0)
        self._waiting.append(bytes([0xF0, data[0], 0x02, status, 0]))

    async def answer(self) -> bytes:
        if not self._waiting:
            await asyncio.sleep(3600)
        return self._waiting.pop(0)

    async def notification(self) -> bytes:
        if self.data:
            return self.data.pop(0)
        if self.at_end is not None:
            return self.at_end()
        await asyncio.sleep(3600)
        raise AssertionError


def heard(strap: Played, most: int = 10_000) -> list[AccelerationFrame]:
    async def listen() -> list[AccelerationFrame]:
        found: list[AccelerationFrame] = []
        measuring = measure(strap)
        async for frame in measuring:
            found.append(frame)
            if len(found) == most:
                break
        await measuring.aclose()  # type: ignore[attr-defined]
        return found

    return asyncio.run(listen())


def test_a_session_starts_gives_and_stops() -> None:
    sent = frames(10)
    strap = Played([frame.write() for frame in sent])
    found = heard(strap, most=len(sent))
    np.testing.assert_array_equal([one.acc_mg for one in found], [one.acc_mg for one in sent])
    assert strap.written == [start_command(50, 8), stop_command()]


def test_a_strap_that_was_left_running_is_stopped_first() -> None:
    strap = Played([frames(2)[0].write()], answers={2: [Status.ALREADY, Status.SUCCESS]})
    assert len(heard(strap, most=1)) == 1
    assert strap.written == [start_command(50, 8), stop_command(), start_command(50, 8), stop_command()]


def test_a_strap_that_refuses_says_why() -> None:
    with pytest.raises(Unavailable, match="does not start: invalid rate"):
        heard(Played([], answers={2: [Status.INVALID_RATE]}))


def test_a_strap_out_of_reach_or_silent_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> bytes:
        raise ConnectionError

    with pytest.raises(Unavailable, match="out of reach"):
        heard(Played([frames(2)[0].write()], at_end=gone))
    monkeypatch.setattr(polar, "_SILENT_S", 0.05)
    with pytest.raises(Unavailable, match="Nothing has come"):
        heard(Played([frames(2)[0].write()]))


@pytest.mark.parametrize(
    "data", [b"", b"\xf0\x02", bytes([0xF0, 3, 2, 0]), bytes([0xF0, 2, 1, 0]), bytes([0xF0, 2, 2, 99])]
)
def test_answers_that_are_none_are_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="the strap answered"):
        polar.read_response(data, 0x02)
