"""Pages that look on while their person wears a sensor: what they see, and that nobody else's page sees it."""

import asyncio
import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.integration.daily import planned
from tests.integration.test_live_pairing import End, run
from tests.integration.test_live_socket import BROWSER, ticket
from tests.unit.services.test_live import Phone
from upperback.services import actors, people
from upperback.services.people import Profile
from upperback.web.live import socket, watching

__all__ = ["planned"]  # fixture

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ana(planned: Client) -> Profile:
    """Somebody with an open plan."""
    return people.list_profiles(by=actors.SYSTEM)[0]


def looks_on(token: str, **scope: Any) -> End:
    found = End(watching.watch_socket, **{"upperback.installation": BROWSER} | scope)
    found.say({"ticket": token})
    return found


def wears(token: str) -> End:
    found = End(socket.live_socket, path="/live/socket/", **{"upperback.installation": BROWSER})
    found.say({"ticket": token})
    return found


async def another(ana: Profile, browser: str = BROWSER) -> str:
    return await asyncio.to_thread(ticket, ana, browser)


def test_a_page_sees_what_another_page_of_the_same_person_measures(ana: Profile) -> None:
    async def journey(token: str) -> None:
        before = looks_on(token)
        assert await before.hears("running", lambda _: True) is False
        phone, told = wears(await another(ana)), Phone()
        await before.hears("running", lambda running: running)
        phone.say(*told.lies(2), {"task": "stand", "n": 1}, *told.leans((0, 8)), {"task": "bend", "n": 2})
        phone.say(*told.leans((0, 1), (60, 1), (0, 1), (60, 1), (0, 1)), {"task": None, "n": 3})
        await before.hears("now", lambda now: now["measured"])
        after = looks_on(await another(ana))
        assert await after.hears("running") is True
        assert await after.hears("is_aligned") is False
        phone.say({"align": True, "n": 4}, *told.leans((0, 2)))
        for page in (before, after):
            await page.hears("aligned")
            await page.hears("now", lambda now: now["measured"])
        phone.go()
        for page in (before, after):
            assert await page.hears("over") is True
            assert page.heard[-2]["running"] is False
            seen = {key for one in page.heard for key in one}
            assert seen <= {"running", "is_aligned", "over", *watching._FOR_ALL}, "no ticket, stream or number"
            page.go()
        await asyncio.gather(before.task, after.task, phone.task)
        assert not len(watching.ROOMS)

    run(ana, journey)


def test_a_page_of_another_person_sees_nothing(ana: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the control of the control: in Ana's own room it would have seen it."""
    ben = people.create_profile(name="Ben", by=actors.SYSTEM, now=timezone.now())

    async def journey(token: str) -> None:
        monkeypatch.setattr("upperback.services.live_tickets.open_plan", lambda **_: None)
        page = looks_on(await another(ben))
        assert await page.hears("running") is False
        phone, told = wears(token), Phone()
        phone.say(*told.lies(2), *told.leans((0, 4)))
        await phone.hears("now", lambda now: now["measured"])
        assert page.heard == [{"running": False, "is_aligned": False}]
        seat = watching.ROOMS.of(ana.pk).take_seat()
        phone.say(*told.leans((0, 2)))
        async with asyncio.timeout(20):
            while "now" not in json.loads(await seat.waiting.get()):
                pass
        watching.ROOMS.of(ana.pk).seats.clear()
        phone.go()
        await phone.task
        assert len(page.heard) == 1
        page.go()
        await page.task

    run(ana, journey)


def test_who_looks_on_needs_a_ticket_of_their_browser_and_can_ask_for_nothing(ana: Profile) -> None:
    async def journey(token: str) -> None:
        other = looks_on(token, **{"upperback.installation": "another browser"})
        assert "waited" in await other.hears("stopped")
        none = looks_on("x")
        assert "waited" in await none.hears("stopped")
        page = looks_on(await another(ana))
        await page.hears("running")
        page.say({"stop": True})
        assert "cannot ask" in await page.hears("stopped")
        await asyncio.gather(*(end.task for end in (other, none, page)))
        assert {end.code for end in (other, none, page)} == {1008}
        assert not len(watching.ROOMS)

    run(ana, journey)


def test_a_browser_that_is_not_let_in_any_more_is_sent_away(ana: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_LOOKS_EVERY_S", 0.02)
    let_in = [True]

    async def journey(token: str) -> None:
        page = looks_on(token, **{"upperback.still_in": lambda: bool(let_in)})
        await page.hears("running")
        let_in.clear()
        assert "not let in" in await page.hears("stopped")
        await page.task

    run(ana, journey)


def test_of_two_sensors_the_one_that_came_last_is_shown_and_a_slow_page_is_let_go_of() -> None:
    class Worn:
        is_aligned = True

        def __init__(self) -> None:
            self.told: dict[str, Any] = {}
            self.flushed = 0

        def flush(self) -> None:
            self.flushed += 1

    room, first, second = watching.Room(), Worn(), Worn()
    seat = room.take_seat()
    room.begins(first)
    room.begins(second)
    room.show(first, {"now": 1})
    room.show(second, {"now": 2, "ack": 7, "n": 3})
    room.show(second, {"ack": 8})
    room.leaves(second)
    room.is_over()
    room.show(first, {"now": 3})
    heard = [json.loads(seat.waiting.get_nowait()) for _ in range(seat.waiting.qsize())]
    assert [one["now"] for one in heard if "now" in one] == [2, 3]
    assert {"now": 2} in heard
    assert not any("over" in one for one in heard)
    for at in range(watching._WAITING_MAX + 1):
        room.show(first, {"now": at})
    assert not seat.is_taken
