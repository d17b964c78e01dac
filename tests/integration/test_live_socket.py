"""The socket of a worn sensor: who is let in, what is answered, and when it is closed."""

import asyncio
import json
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.integration.daily import planned
from tests.unit.services.test_live import Phone
from upperback.care.diary import Worn, read_entry
from upperback.services import actors, diary, live_tickets, people
from upperback.services.people import Profile
from upperback.web.live import socket

__all__ = ["planned"]  # fixture

pytestmark = pytest.mark.django_db(transaction=True)
BROWSER = "browser-of-the-test"


@pytest.fixture
def ana(planned: Client) -> Profile:
    """Somebody with an open plan."""
    return people.list_profiles(by=actors.SYSTEM)[0]


def ticket(profile: Profile, browser: str = BROWSER) -> str:
    return live_tickets.make_ticket(profile=profile, by=actors.household(browser), now=timezone.now())


def talk(
    messages: Sequence[dict[str, Any] | bytes | str | Callable[[], None]], path: str = "/live/socket/"
) -> tuple[list[dict[str, Any]], int | None]:
    """Sends all of it and then goes; what came back, and the code it was closed with."""
    heard: list[dict[str, Any]] = []
    closed: list[int] = []
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        if not heard and not closed and len(waiting) == len(messages) and not receive.connected:  # type: ignore[attr-defined]
            receive.connected = True  # type: ignore[attr-defined]
            return {"type": "websocket.connect"}
        while waiting and callable(waiting[0]):
            await asyncio.to_thread(waiting.pop(0))  # type: ignore[arg-type]
        if not waiting:
            return {"type": "websocket.disconnect", "code": 1001}
        message = waiting.pop(0)
        if isinstance(message, bytes):
            return {"type": "websocket.receive", "bytes": message}
        return {"type": "websocket.receive", "text": message if isinstance(message, str) else json.dumps(message)}

    receive.connected = False  # type: ignore[attr-defined]

    async def send(message: Any) -> None:
        if message["type"] == "websocket.send":
            heard.append(json.loads(message["text"]))
        elif message["type"] == "websocket.close":
            closed.append(message["code"])

    scope = {"type": "websocket", "path": path, "headers": [], "upperback.installation": BROWSER}
    asyncio.run(socket.live_socket(scope, receive, send))
    return heard, closed[0] if closed else None


def test_frames_are_answered_and_the_end_is_kept(ana: Profile) -> None:
    phone = Phone()
    frames = [*phone.lies(2), *phone.leans((0, 12))]
    heard, _ = talk([{"ticket": ticket(ana)}, *frames])
    assert heard[0] == {"ready": True}
    assert [one["ack"] for one in heard[1:]] == list(range(len(frames)))
    assert any(one.get("now", {}).get("measured") for one in heard)
    kept = diary.entries(profile=ana, by=actors.SYSTEM)
    assert [row.entry.measured_s > 3 for row in kept if isinstance(row.entry, Worn)] == [True]


@pytest.mark.parametrize(
    "hello", [{"ticket": "wrong"}, {}, {"ticket": 7}, {"ticket": "x", "more": 1}, "no json", b"\1"]
)
def test_nobody_comes_in_without_a_ticket(hello: Any, ana: Profile) -> None:
    heard, code = talk([hello, *Phone().lies(1)])
    assert list(heard[0]) == ["stopped"]
    assert code == 1008
    assert len(heard) == 1


def test_a_ticket_of_another_browser_is_none(ana: Profile) -> None:
    heard, code = talk([{"ticket": ticket(ana, "another browser")}])
    assert list(heard[0]) == ["stopped"]
    assert code == 1008


def test_other_addresses_are_closed() -> None:
    assert talk([{"ticket": "x"}], path="/live/else/") == ([], 1008)


def test_what_cannot_be_read_is_said_and_then_ends_it(ana: Profile) -> None:
    heard, code = talk([{"ticket": ticket(ana)}, *[b"nonsense"] * 8])
    assert [list(one) for one in heard[1:]] == [["trouble"]] * 5
    assert code == 1008


def test_a_flood_is_ended(ana: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "_BURST", 20.0)
    monkeypatch.setattr(socket, "_MESSAGES_A_SECOND", 0.0)
    heard, code = talk([{"ticket": ticket(ana)}, *[{"hints": True}] * 60])
    assert heard[-1] == {"stopped": "The sensor sends too much"}
    assert code == 1013
    assert len(heard) < 30


def test_a_plan_that_closes_meanwhile_ends_it(ana: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "_LOOKS_EVERY_S", 0.0)

    def tells_a_sign() -> None:
        now = timezone.now()
        diary.keep_entry(
            profile=ana, client_id=uuid.uuid4(), day=now.date(), at=now,
            entry=read_entry("warned", {"signs": ["stop_chest"]}), by=actors.SYSTEM, now=now,
        )  # fmt: skip

    heard, code = talk([{"ticket": ticket(ana)}, *Phone().lies(1), tells_a_sign, *Phone().lies(1)])
    assert "stopped" in heard[-1]
    assert code == 1008


def test_the_page_and_its_ticket_need_an_open_plan(planned: Client) -> None:
    assert planned.get("/live/").status_code == 200
    told = planned.post("/live/ticket/").json()
    assert told["socket"] == "/live/socket/"
    nobody = people.create_profile(name="New", by=actors.SYSTEM, now=timezone.now())
    planned.post("/people/choose/", {"person": str(nobody.uuid)})
    assert planned.get("/live/").status_code == 409
    assert planned.post("/live/ticket/").status_code == 409
