"""The training of a muscle on a page: what it is told, from a made-up muscle and from electrodes, and who is let in."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from tests.integration.daily import planned
from tests.integration.test_live_pairing import End, run
from tests.integration.test_live_socket import BROWSER
from upperback.core.errors import InputError
from upperback.devices.live import muscle as sources
from upperback.devices.live.muscle import MuscleSource
from upperback.sensing.signal import EmgChunk
from upperback.services import actors, people
from upperback.services.people import Profile
from upperback.store.models import AuditEvent, DiaryEntry
from upperback.web.live import muscle
from upperback.web.live.paths import FILE_BYTES_MAX

__all__ = ["planned"]  # fixture

pytestmark = pytest.mark.django_db(transaction=True)
RATE_HZ = 1000.0


@pytest.fixture
def ana(planned: Client) -> Profile:
    """Somebody with an open plan."""
    return people.list_profiles(by=actors.SYSTEM)[0]


def page(token: str, **hello: Any) -> End:
    found = End(muscle.muscle_socket, **{"upperback.installation": BROWSER})
    found.say({"ticket": token, **hello})
    return found


def over(ana: Profile, **hello: Any) -> End:
    """The page, once it was told everything."""
    ends: list[End] = []

    async def journey(token: str) -> None:
        ends.append(page(token, **hello))
        async with asyncio.timeout(60):
            await ends[0].task

    run(ana, journey)
    return ends[0]


def test_a_made_up_muscle_goes_through_all_rounds_and_nothing_is_kept(
    ana: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(muscle, "_SPEED", 1000.0)
    kept = DiaryEntry.objects.count()
    told = over(ana, source="simulated").heard
    assert told[0] == {"ready": "", "rounds": muscle.ROUNDS, "stage": "rest"}
    assert [one["stage"] for one in told if "stage" in one] == ["rest", *["press", "let_go"] * 5, "done"]
    assert [one["round"]["number"] for one in told if "round" in one] == [1, 2, 3, 4, 5]
    assert told[-1]["done"]["gaps"] == 5
    assert 1 <= told[-1]["done"]["median_s"] <= 6
    before = [one["level"] for one in told[1 : [("stage" in one) for one in told[1:]].index(True)]]
    assert set(before) == {None}, "nothing is guessed before rest was measured"
    assert max(one["level"] for one in told if one.get("level") is not None) > 4
    assert DiaryEntry.objects.count() == kept
    assert not AuditEvent.objects.filter(object_kind__contains="muscle").exists()


def electrodes(levels: Callable[[float], float], seconds: float) -> MuscleSource:
    """Noise of an amplifier, and a muscle over it as the function says, in times of the noise."""

    def chunks() -> Iterator[EmgChunk]:
        dice = np.random.default_rng(1)
        for at in range(round(seconds * 5)):
            volts = dice.normal(0, 1e-6 * (1 + levels(at / 5)), (200, 1)).astype(np.float32)
            yield EmgChunk(start_s=at / 5, sampling_rate_hz=RATE_HZ, emg_v=volts, quality=None)

    return MuscleSource(about="Lab Streaming Layer, shoulder, emg_1", sampling_rate_hz=RATE_HZ, _chunks=chunks)


def test_electrodes_that_go_silent_are_said_to_be_gone(ana: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "lsl_muscle", lambda name: electrodes(lambda at_s: 30.0 * (at_s > 13), 15))
    found = over(ana, source="lsl")
    assert found.heard[0]["ready"] == "Lab Streaming Layer, shoulder, emg_1"
    assert [one["stage"] for one in found.heard if "stage" in one] == ["rest", "press"]
    assert found.heard[-1] == {"stopped": "The signal of the electrodes is gone."}


def test_what_is_wrong_is_said_in_words_of_a_page(ana: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []

    def several(name: str | None) -> MuscleSource:
        asked.append(name)
        raise InputError("several streams hold EMG (a, b): name one with --stream")

    monkeypatch.setattr(sources, "lsl_muscle", several)
    found = over(ana, source="lsl", stream="  b ")
    assert found.heard == [{"stopped": "Several streams hold EMG (a, b): write the name of the one that you want"}]
    assert found.code == 1008
    assert asked == ["b"]
    none = muscle._as_on_a_page("no stream with EMG answered within 3 s")
    assert none == "No signal of electrodes was found within 3 s"
    for hello in ({}, {"source": "crystal"}, {"source": 3}, {"source": "lsl", "more": "x"}):
        assert list(over(ana, **hello).heard[0]) == ["stopped"]


def test_a_page_that_leaves_ends_it_and_one_without_a_ticket_is_not_let_in(
    ana: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def follow(journey: Callable[[str], Awaitable[None]]) -> None:
        run(ana, journey)

    async def leaves(token: str) -> None:
        one = page(token, source="simulated")
        await one.hears("ready")
        one.go()
        async with asyncio.timeout(20):
            await one.task
        assert not any("done" in told for told in one.heard)

    async def asks(token: str) -> None:
        one = page(token, source="simulated")
        await one.hears("ready")
        one.say({"stop": True})
        assert "cannot ask" in await one.hears("stopped")

    async def wrong(token: str) -> None:
        assert "waited" in await page("x", source="simulated").hears("stopped")

    for journey in (leaves, asks, wrong):
        follow(journey)


def test_the_page_needs_an_open_plan(planned: Client) -> None:
    assert "Use my electrodes" in planned.get("/live/muscle/").content.decode()
    nobody = people.create_profile(name="New", by=actors.SYSTEM, now=timezone.now())
    planned.post("/people/choose/", {"person": str(nobody.uuid)})
    assert planned.get("/live/muscle/").status_code == 409


def sent(ana: Profile, file: bytes, *pieces: bytes, **hello: str) -> End:
    """The page that plays a recording, once it was told everything."""
    ends: list[End] = []

    async def journey(token: str) -> None:
        ends.append(page(token, source="replay", bytes=str(len(file)), **hello))
        await ends[0].hears("send")
        ends[0].say(*(pieces or [file[at : at + 30_000] for at in range(0, len(file), 30_000)]))
        async with asyncio.timeout(60):
            await ends[0].task

    run(ana, journey)
    return ends[0]


def test_a_recording_is_played_and_nothing_of_it_is_left(
    ana: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same rounds as on the muscle that it was taken from; the folder of the file goes with the line."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    chunks = sources.simulated_muscle("letting-go").chunks()
    emg_v = np.concatenate([chunk.emg_v[:, 0] for chunk in chunks])[::2]
    lines = "".join(f"{at / 500:.3f},{volts:.7g}\n" for at, volts in enumerate(emg_v.tolist()))
    file = f"time_s,emg_shoulder\n{lines}".encode()
    found = sent(ana, file, name="C:\\mine\\monday.csv", unit="V", speed="max")
    told = found.heard[1:]
    assert told[0] == {"ready": "monday.csv, emg_shoulder", "rounds": muscle.ROUNDS, "stage": "rest"}
    assert [one["round"]["number"] for one in told if "round" in one] == [1, 2, 3, 4, 5]
    assert told[-1]["done"]["gaps"] == 5
    assert found.code == 1000
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("file", "hello", "sentence"),
    [
        (b"\x00\x01\x02" * 99, {"name": "cat.jpg"}, "This is no recording that can be read"),
        (
            b"time_s,acc_x,acc_y,acc_z\n" + b"".join(b"%.2f,0,0,9.81\n" % (at / 50) for at in range(200)),
            {"name": "chest.csv"},
            "There is no EMG channel in it",
        ),
        (
            b"time_s,emg\n" + b"".join(b"%.3f,%d\n" % (at / 100, at % 7) for at in range(2000)),
            {"name": "counts.csv"},
            "The unit of the EMG cannot be told from the data: choose it below the file",
        ),
    ],
)
def test_a_file_that_is_no_recording_of_a_muscle_gets_one_sentence(
    ana: Profile, file: bytes, hello: dict[str, str], sentence: str
) -> None:
    found = sent(ana, file, **hello)
    assert found.heard[1]["stopped"].startswith(sentence)
    assert found.heard[1]["stopped"].count(". ") == 0
    assert (len(found.heard), found.code) == (2, 1008)


def test_a_recording_that_does_not_arrive_whole_or_is_too_large_is_refused(ana: Profile) -> None:
    assert sent(ana, b"abc", b"abcd").heard[-1]["stopped"] == muscle._FILE_GONE
    assert sent(ana, b"abc", b"ab", b"").heard[-1]["stopped"] == muscle._FILE_GONE
    assert "64 MB" in over(ana, source="replay", bytes=str(FILE_BYTES_MAX + 1)).heard[0]["stopped"]
    for wrong in ({"bytes": "-1"}, {"bytes": "9" * 20}, {"bytes": "9", "unit": "kg"}, {}):
        assert over(ana, source="replay", **wrong).heard == [{"stopped": muscle._FILE_GONE}]
