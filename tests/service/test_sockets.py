"""A socket of a service is open as long as somebody is signed in, and not a message longer."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async

from tests.service.conftest import sign_in
from tests.unit.services.service_world import World
from upperback.services import accounts, actors
from upperback.web.front import FrontDoor
from upperback.web.service import visitors
from upperback.web.service.sockets import for_account

pytestmark = pytest.mark.django_db

_WATCH = "/live/view/socket/"


def scope_of(path: str, cookie: str = "") -> dict[str, Any]:
    """A handshake."""
    headers = [(b"host", b"localhost")]
    headers += [(b"cookie", f"upperback_session={cookie}".encode())] if cookie else []
    return {"type": "websocket", "path": path, "headers": headers}


class Browser:
    """The other end: what it was sent, and a line on which nothing comes."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        """Connects, and then waits."""
        if not self.sent and not hasattr(self, "connected"):
            self.connected = True
            return {"type": "websocket.connect"}
        await asyncio.sleep(60)
        raise AssertionError("nobody waits for a minute")

    async def send(self, message: Any) -> None:
        """Keeps it."""
        self.sent.append(message)


@pytest.mark.parametrize("path", [_WATCH, "/live/socket/", "/live/screen/socket/", "/live/muscle/socket/", "/other/"])
def test_nobody_comes_in_without_a_sign_in_and_staff_have_nothing_to_watch(world: World, path: str) -> None:
    staff = sign_in(world.mina, second_factor=True).cookies["upperback_session"].value
    for cookie in ("", "x" * 32, staff):
        browser = Browser()
        assert async_to_sync(for_account)(scope_of(path, cookie), browser.receive, browser.send) is None
        assert [message["type"] for message in browser.sent] == ["websocket.close"]


def test_a_socket_ends_with_the_sign_in(world: World) -> None:
    cookie = sign_in(world.ana).cookies["upperback_session"].value

    async def visit(end: Any) -> tuple[list[Any], list[Any]]:
        browser, heard = Browser(), []
        line = await for_account(scope_of(_WATCH, cookie), browser.receive, browser.send)
        assert line is not None
        scope, receive, send = line
        assert scope["upperback.actor"] == actors.person(world.ana.uuid)
        heard.append(await receive())
        await send({"type": "websocket.send", "text": "before"})
        assert scope["upperback.still_in"]()
        await sync_to_async(end)()
        heard.append(await receive())
        await send({"type": "websocket.send", "text": "after"})
        assert not scope["upperback.still_in"]()
        return heard, browser.sent

    def close() -> None:
        accounts.close_account(account=world.ana, now=visitors.now())

    heard, sent = async_to_sync(visit)(close)
    assert [message["type"] for message in heard] == ["websocket.connect", "websocket.disconnect"]
    assert sent == [{"type": "websocket.send", "text": "before"}, {"type": "websocket.close", "code": 1008}]


def test_help_and_the_pages_about_emergencies_ask_nobody_to_sign_in() -> None:
    from upperback.web.asgi import build
    from upperback.web.options import read_options

    door: FrontDoor = build(read_options(), None)  # Django is not there, nor is a database
    for path in ("/help/", "/help/stopped/"):
        answer = Browser()
        scope: dict[str, Any] = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
        async_to_sync(door)(scope, answer.receive, answer.send)
        assert answer.sent[0]["status"] == 200
        assert b"999" in answer.sent[1]["body"]
