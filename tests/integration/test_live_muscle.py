"""The training of a muscle on a page: what it is told, from a made-up muscle and from electrodes, and who is let in."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
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
