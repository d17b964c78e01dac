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

from upperback.services import access, actors
from upperback.services.actors import Actor
from upperback.services.clinics import Account
from upperback.web.page_threads import ask
from upperback.web.rules import SOCKETS, Rule
from upperback.web.service import visitors
from upperback.web.service.doors import has_run_out
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

    def __init__(self, rule: Rule, cookie: str, receive: Receive, send: Send) -> None:
        self._rule, self._cookie, self._receive, self._send = rule, cookie, receive, send
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
        while await ask(_actor, self._rule, self._cookie) is not None:  # noqa: ASYNC110  a session that ends tells nobody
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
    actor = await ask(_actor, rule, cookie) if rule is not None else None
    if rule is None or actor is None:
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return None
    line = _Line(rule, cookie, receive, send)
    known = {**scope, "upperback.actor": actor, "upperback.still_in": line.is_open}
    return known, line.receive, line.send


def _session_key(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"cookie":
            found = SimpleCookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
            if found is not None:
                return found.value
    return ""


def _actor(rule: Rule, key: str) -> Actor | None:
    """As whom this cookie lets somebody in here now; None where it does not, or their account was closed."""
    if not key:
        return None
    visit: Any = _Visit(import_module(settings.SESSION_ENGINE).SessionStore(key))
    account = get_user(visit)
    if not isinstance(account, Account) or not account.is_active:
        return None
    if rule.who == "own":
        return actors.person(account.uuid) if account.profile_id is not None else None
    return _at_work(rule, visit, account) if rule.who == "work" else None


def _at_work(rule: Rule, visit: Any, account: Account) -> Actor | None:
    """Staff in one of the roles, with their second factor, and within their working day: as before a page."""
    now = visitors.now()
    if has_run_out(visit.session, int(now.timestamp()), is_staff=True):
        return None
    actor = actors.account(account.uuid, second_factor=visitors.used_second_factor(visit, account))
    jobs = access.jobs_of(actor=actor, now=now) if actor.second_factor else []
    return actor if any(job.role in rule.roles for job in jobs) else None
