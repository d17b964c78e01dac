"""The compiled engine of a crowd against the obvious one: the same seconds and the same moment, whatever comes."""

import random

import numpy as np
import pytest

from tests.property.live_faults import frames_of
from upperback.devices.live.phone import PHONE_RATE_HZ, PhoneFrame, SentFrame
from upperback.sensing import compiled
from upperback.sensing.crowd import Crowd, RawFrame, Wearer, WearerState, _compiled
from upperback.sensing.epochs import Epochs
from upperback.sensing.minutes import unpack_seconds
from upperback.sensing.state import from_bytes, to_bytes
from upperback.sensing.trunk import TrunkAlignment

pytestmark = pytest.mark.skipif(not compiled.available(), reason="no compiled kernel here")
STARTS_S = 1_700_000_012.34
SEATED = TrunkAlignment.from_axes(np.array([0.1, 0.99, 0.05]), np.array([0.0, 0.1, -1.0]), source="standing")
#: The same sensor otherwise, found in the same way: nothing but the axes differs.
TURNED = TrunkAlignment.from_axes(np.array([0.99, -0.1, 0.05]), np.array([0.1, 0.0, 1.0]), source="standing")


def join(crowd: Crowd, frames: list[PhoneFrame], starts_s: float = STARTS_S) -> Wearer:
    return crowd.join(
        sampling_rate_hz=PHONE_RATE_HZ,
        has_gyroscope=frames[0].rotation_dps is not None,
        starts_s=starts_s,
        points_up=True,
    )


def raw(frame: PhoneFrame) -> RawFrame:
    return SentFrame.read(frame.write()).raw


def found(wearer: Wearer) -> list[Epochs]:
    return [*(unpack_seconds(at, data) for at, data in wearer.take_minutes()), *wearer.seconds()]


def alike(one: list[Epochs], other: list[Epochs]) -> None:
    assert [part.first_s for part in one] == [part.first_s for part in other]
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_array_equal(mine.rows, theirs.rows)


@pytest.mark.parametrize("seed", range(24))
def test_both_engines_give_the_same(seed: int) -> None:
    dice = random.Random(seed)
    frames = frames_of(dice)
    crowds = Crowd(), Crowd(reference=True)
    wearers = [join(crowd, frames) for crowd in crowds]
    align_at = {dice.randrange(len(frames)): SEATED, dice.randrange(len(frames)): TURNED}
    for place, frame in enumerate(frames):
        for crowd, wearer in zip(crowds, wearers, strict=True):
            if place in align_at:
                wearer.engine.align(wearer.slot, align_at[place])
            crowd.put(wearer, raw(frame))
            crowd.tick()
        assert wearers[0].now().notes == wearers[1].now().notes
    mine, theirs = wearers
    alike(found(mine), found(theirs))
    assert mine.moment.until_s == pytest.approx(theirs.moment.until_s, abs=1e-6, rel=0)
    assert mine.moment[1:-1] == theirs.moment[1:-1]
    np.testing.assert_allclose(mine.moment.up, theirs.moment.up, atol=1e-6)
    np.testing.assert_allclose(mine.state.body, theirs.state.body, atol=1e-4)
    quality, other = mine.engine.quality(mine.slot), theirs.engine.quality(theirs.slot)
    assert other is not None
    if quality is not None:
        for name in ("gravity_wrong", "stuck_seconds", "drift_seconds", "wrong_gravity_seconds", "jumps"):
            assert getattr(quality, name) == getattr(other, name), name
        np.testing.assert_allclose(quality.follow, other.follow, rtol=1e-9)


@pytest.mark.parametrize("turns_max", [1, 2, 3])
def test_it_does_not_matter_how_many_go_through_one_pass(turns_max: int, monkeypatch: pytest.MonkeyPatch) -> None:
    streams = [frames_of(random.Random(seed)) for seed in range(5)]
    with_gyr = [frames for frames in streams if frames[0].rotation_dps is not None] or streams

    def all_of() -> list[list[Epochs]]:
        crowd = Crowd()
        wearers = [join(crowd, frames) for frames in with_gyr]
        for place in range(max(map(len, with_gyr))):
            for wearer, frames in zip(wearers, with_gyr, strict=True):
                for frame in frames[place : place + 1]:
                    crowd.put(wearer, raw(frame))
            if place % 3 == 0:
                crowd.tick()
        crowd.tick()
        return [found(wearer) for wearer in wearers]

    together = all_of()
    monkeypatch.setattr(_compiled, "_TURNS_MAX", turns_max)
    for mine, theirs in zip(all_of(), together, strict=True):
        alike(mine, theirs)


@pytest.mark.parametrize(
    ("acc", "gyr", "word"),
    [(1.0, 1.0, None), (9.81, 1.0, "multiplied by 9.81"), (1.0, 57.3, "counted in degrees")],
)
def test_what_is_wrong_with_a_stream_is_said_and_nothing_where_nothing_is(
    acc: float, gyr: float, word: str | None
) -> None:
    n = round(60 * PHONE_RATE_HZ)
    angle = np.radians(40) * np.sin(2 * np.pi * np.arange(n) / (4 * PHONE_RATE_HZ))
    noise = np.random.default_rng(1).normal(0, 0.02, (n, 3))
    down = 9.81 * np.stack([0 * angle, np.cos(angle), np.sin(angle)], axis=1) + noise
    turn = np.stack([-np.degrees(np.gradient(angle)) * PHONE_RATE_HZ, 0 * angle, 0 * angle], axis=1)
    crowd = Crowd()
    wearer: Wearer | None = None
    for first in range(0, n, 50):
        rows = slice(first, first + 50)
        frame = PhoneFrame(
            number=first // 50, time_ms=np.arange(first, first + 50, dtype=np.float64) * 20.0,
            acc_mps2=(acc * down[rows]).astype(np.float32), rotation_dps=(gyr * turn[rows]).astype(np.float32),
        )  # fmt: skip
        wearer = wearer or join(crowd, [frame])
        crowd.put(wearer, raw(frame))
        crowd.tick()
    assert wearer is not None
    notes = wearer.now().notes
    assert len(notes) == (word is not None)
    assert word is None or word in notes[0]


def test_who_stands_beside_changes_nothing() -> None:
    streams = [frames_of(random.Random(seed)) for seed in range(40)]
    alone = []
    for frames in streams:
        crowd = Crowd()
        wearer = join(crowd, frames)
        for frame in frames:
            crowd.put(wearer, raw(frame))
        crowd.tick()
        alone.append(found(wearer))
    crowd = Crowd()
    wearers = [join(crowd, frames) for frames in streams]
    dice = random.Random(7)
    places = [0] * len(streams)
    while any(place < len(frames) for place, frames in zip(places, streams, strict=True)):
        for k, (wearer, frames) in enumerate(zip(wearers, streams, strict=True)):
            for _ in range(dice.choice([0, 1, 1, 3])):
                if places[k] < len(frames):
                    crowd.put(wearer, raw(frames[places[k]]))
                    places[k] += 1
        crowd.tick()
    for wearer, expected in zip(wearers, alone, strict=True):
        alike(found(wearer), expected)


@pytest.mark.parametrize("reference", [False, True])
def test_a_saved_state_goes_on(reference: bool) -> None:
    frames = frames_of(random.Random(3))
    crowd = Crowd(reference=reference)
    whole = join(crowd, frames)
    for frame in frames:
        crowd.put(whole, raw(frame))
    crowd.tick()
    parts: list[Epochs] = []
    moved = join(crowd, frames)
    for frame in frames:
        crowd.put(moved, raw(frame))
        crowd.tick()
        parts += [unpack_seconds(at, data) for at, data in moved.take_minutes()]
        state = from_bytes(WearerState, to_bytes(moved.state))
        crowd.leave(moved)
        crowd = Crowd(reference=reference)
        moved = crowd.go_on(state)
    alike([*parts, *moved.seconds()], found(whole))
    assert moved.moment.until_s == whole.moment.until_s
