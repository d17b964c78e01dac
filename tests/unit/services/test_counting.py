"""A set felt by a phone on the chest: a hip hinge like a squat, counted in a sitting, and gone on with elsewhere."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.services.conftest import NOW
from tests.unit.services.test_live import Phone, planned, told
from upperback.core.errors import InputError
from upperback.devices.live.phone import PhoneFrame
from upperback.devices.simulate import load_scenario, simulate
from upperback.sensing.signal import Chunk
from upperback.services import live_store
from upperback.services.actors import Actor
from upperback.services.counting import SetCount
from upperback.services.live import Sitting
from upperback.services.people import Profile

__all__ = ["planned"]  # fixture

HINGE = """\
about: Standing, a set, standing.
sensors:
  - {{name: chest, place: chest, sampling_rate_hz: 50}}
activities:
  - {{do: stand, duration_s: 6}}
  - {{do: exercise, id: {exercise}, repetitions: {repetitions}, range: {range}}}
  - {{do: stand, duration_s: 8}}
"""


def chunks(folder: Path, exercise: str, repetitions: int, share: float = 0.5, seed: int = 1) -> Iterator[Chunk]:
    path = folder / f"{exercise}-{repetitions}-{share}.yaml"
    path.write_text(HINGE.format(exercise=exercise, repetitions=repetitions, range=share))
    return (chunk for chunk, _ in simulate(load_scenario(str(path), []), seed, block_samples=50))


def as_frames(found: Iterator[Chunk], phone: Phone) -> list[bytes]:
    """As a phone sends them, after what it has sent before."""
    frames = []
    for chunk in found:
        assert chunk.gyr_radps is not None
        time_ms = phone._ms + 20.0 * np.arange(len(chunk), dtype=np.float64)
        phone._ms = float(time_ms[-1]) + 20.0
        frame = PhoneFrame(
            number=phone._number,
            time_ms=time_ms,
            acc_mps2=np.round(chunk.acc_mps2, 1),
            rotation_dps=np.round(np.degrees(chunk.gyr_radps), 1).astype(np.float32),
        )
        phone._number += 1
        frames.append(frame.write())
    return frames


@pytest.mark.parametrize(("exercise", "repetitions"), [("ST13", 8), ("MV12", 5), ("MV01", 10)])
def test_a_set_is_counted(exercise: str, repetitions: int, tmp_path: Path) -> None:
    count = SetCount(sampling_rate_hz=50, exercise=exercise)
    numbers = [found["n"] for one in chunks(tmp_path, exercise, repetitions) if (found := count.update(one))]
    done = count.finish()
    assert done["n"] == repetitions
    assert numbers == sorted(numbers)
    assert done["moving_s"] == pytest.approx(4, rel=0.4)
    assert done["doubt"] == ""
    assert done["hint"] == ""


def test_small_ones_are_counted_and_something_is_said_once(tmp_path: Path) -> None:
    count = SetCount(sampling_rate_hz=50, exercise="ST13")
    hints = [
        found["hint"]
        for one in chunks(tmp_path, "ST13", 8, share=-0.6)
        if (found := count.update(one)) and found["hint"]
    ]
    assert len(set(hints)) == 1
    assert "further" in hints[0]
    assert count.finish()["n"] == 8


@pytest.mark.parametrize("exercise", ["XX99", "ST01", "ST18", "MV13", "ST20", ""])
def test_what_the_chest_does_not_feel_is_refused(exercise: str) -> None:
    with pytest.raises(InputError, match="cannot be counted"):
        SetCount(sampling_rate_hz=50, exercise=exercise)


def one_answer(of: Sitting, asked: dict[str, Any]) -> dict[str, Any]:
    (answer,) = of.command(asked)
    return answer


def sitting(profile: Profile, actor: Actor) -> Sitting:
    return Sitting(stream=live_store.open_stream(profile=profile, by=actor, now=NOW), by=actor)


def test_a_set_in_a_sitting_goes_on_in_another_process(planned: Profile, actor: Actor, tmp_path: Path) -> None:
    one, phone = sitting(planned, actor), Phone()
    told(one, phone.lies(2))
    assert one_answer(one, {"count": "ST13"})["reps"]["n"] == 0
    frames = as_frames(chunks(tmp_path, "ST13", 8), phone)
    reps: list[dict[str, Any]] = [found["reps"] for found in told(one, frames[:30]) if "reps" in found]
    assert 0 < reps[-1]["n"] < 8
    live_store.save(savings=[one.saving()], now=NOW)
    one.stream.refresh_from_db()
    other = Sitting(stream=one.stream, by=actor)
    told(other, frames[30:])
    assert one_answer(other, {"count": None})["reps"]["n"] == 8
    assert one_answer(other, {"count": None})["reps"] is None


def test_nothing_is_counted_before_the_sensor_speaks(planned: Profile, actor: Actor) -> None:
    one = sitting(planned, actor)
    with pytest.raises(InputError, match="Nothing has come"):
        list(one.command({"count": "ST13"}))
    for wrong in ({"count": 3}, {"count": ["ST13"]}):
        with pytest.raises(InputError):
            list(one.command(wrong))


def test_a_long_hole_ends_no_set(planned: Profile, actor: Actor, tmp_path: Path) -> None:
    one, phone = sitting(planned, actor), Phone()
    told(one, phone.lies(2))
    one_answer(one, {"count": "ST13"})
    told(one, as_frames(chunks(tmp_path, "ST13", 4), phone))
    phone._ms += 30_000
    told(one, as_frames(chunks(tmp_path, "ST13", 4), phone))
    assert one_answer(one, {"count": None})["reps"]["n"] == 8
