"""Sockets of a service: only for whoever is signed in, and only as long as they are."""

import asyncio
import contextlib
from dataclasses import dataclass
from http.cookies import SimpleCookie
from importlib import import_module
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.base import SessionBase

from upperback.services import actors
from upperback.services.clinics import Account
from upperback.web.page_threads import ask
from upperback.web.rules import SOCKETS
from upperback.web.static_files import Receive, Scope, Send

#: How often it is asked whether somebody is still signed in: what ends is closed within a second.
_ASKS_EVERY_S: Final = 0.5
_CLOSED: Final = {"type": "websocket.disconnect", "code": 1008}


@dataclass(slots=True)
class _Visit:
    """A request, as far as Django's sign-in looks at one."""

    session: SessionBase


class _Line:
    """A connection that ends with the sign-in: nothing is sent after it, and what is inside sees a line that went."""

    def __init__(self, cookie: str, receive: Receive, send: Send) -> None:
        self._cookie, self._receive, self._send = cookie, receive, send
        self._over = asyncio.Event()
        self._asking: asyncio.Task[None] | None = None
        self._coming: asyncio.Task[Any] | None = None

    def is_open(self) -> bool:
        """Whether whoever opened it is still signed in."""
        return not self._over.is_set()

    async def receive(self) -> Any:
        """The next message; a line that went once the sign-in has ended."""
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        self._coming = self._coming or asyncio.create_task(self._receive())  # type: ignore[arg-type]
        over = asyncio.create_task(self._over.wait())
        try:
            await asyncio.wait({self._coming, over}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
        if self._over.is_set():
            self._coming.cancel()
            return _CLOSED
        message, self._coming = self._coming.result(), None
        if message["type"] == "websocket.disconnect":
            self._asking.cancel()
        return message

    async def send(self, message: Any) -> None:
        """On its way, as long as somebody is signed in."""
        if self._over.is_set():
            return
        await self._send(message)
        if message["type"] == "websocket.close" and self._asking is not None:
            self._asking.cancel()

    async def _ask(self) -> None:
        while await ask(_account, self._cookie) is not None:  # noqa: ASYNC110  a session that ends tells nobody
            await asyncio.sleep(_ASKS_EVERY_S)
        self._over.set()
        with contextlib.suppress(Exception):  # whoever left has left
            await self._send({"type": "websocket.close", "code": 1008})


async def for_account(scope: Scope, receive: Receive, send: Send) -> tuple[Scope, Receive, Send] | None:
    """The connection as the account's, or None once it is refused."""
    rule = SOCKETS.get(scope["path"])
    if rule is not None and rule.who == "anyone":  # brings a secret of its own
        return scope, receive, send
    cookie = _session_key(scope)
    account = await ask(_account, cookie) if rule is not None and rule.who == "own" else None
    if account is None or account.profile_id is None:
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return None
    line = _Line(cookie, receive, send)
    known = {**scope, "upperback.actor": actors.person(account.uuid), "upperback.still_in": line.is_open}
    return known, line.receive, line.send


def _session_key(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"cookie":
            found = SimpleCookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
            if found is not None:
                return found.value
    return ""


def _account(key: str) -> Account | None:
    """Who is signed in with this cookie now; nobody whose account was closed."""
    if not key:
        return None
    store = import_module(settings.SESSION_ENGINE).SessionStore
    user = get_user(_Visit(store(key)))  # type: ignore[arg-type]
    return user if isinstance(user, Account) and user.is_active else None
