"""The socket of a worn sensor. Host, origin and cookie were looked at by the front door; a ticket says whose it is.

First message: `{"ticket": ...}`. Then binary frames (`devices.live.phone`) and commands as JSON; each is answered by
one JSON object. Work on a frame takes about a millisecond and is done here; what asks the database runs in a thread.
"""

import asyncio
import datetime as dt
import json
import logging
import time
from collections.abc import Iterable
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.utils import timezone

from upperback.core.errors import InputError, NotFound, UpperbackError
from upperback.services import actors, live_tickets
from upperback.services.actors import Actor
from upperback.services.live import Sitting
from upperback.services.live_tickets import SOCKET_PATH
from upperback.services.people import Profile
from upperback.web.static_files import Receive, Scope, Send

_log = logging.getLogger(__name__)

_HELLO_S: Final = 10.0
_SILENT_S: Final = 60.0
_LOOKS_EVERY_S: Final = 5.0
_MESSAGES_A_SECOND: Final = 50.0
_BURST: Final = 250.0
_TROUBLES_MAX: Final = 5
_TEXT_CHARACTERS_MAX: Final = 2000

_GONE: Final = 1000
_NOT_LET_IN: Final = 1008
_TOO_MUCH: Final = 1013


class _Closed(Exception):
    """The other side is gone."""


async def live_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """One connection."""
    if (await receive())["type"] != "websocket.connect":
        return
    if scope["path"] != SOCKET_PATH:
        await send({"type": "websocket.close", "code": _NOT_LET_IN})
        return
    await send({"type": "websocket.accept"})
    by = actors.household(str(scope.get("upperback.installation", "-")))
    sitting: Sitting | None = None
    code = _GONE
    try:
        sitting = await _let_in(receive, by)
        code = await _Connection(sitting, receive, send).run()
    except _Closed:
        return
    except UpperbackError as refused:
        await _tell(send, [{"stopped": refused.message}])
        code = _NOT_LET_IN
    finally:
        if sitting is not None:
            await sync_to_async(_finish)(sitting)
    await send({"type": "websocket.close", "code": code})


def _finish(sitting: Sitting) -> None:
    try:
        sitting.finish(now=_now())
    except UpperbackError:
        _log.warning("what a sensor measured could not be kept")


async def _let_in(receive: Receive, by: Actor) -> Sitting:
    """Whose sensor it is."""
    try:
        message = await asyncio.wait_for(_next(receive), _HELLO_S)
    except TimeoutError:
        raise NotFound("This page has waited for too long. Open it again") from None
    hello = _read(message)
    if set(hello) != {"ticket"} or not isinstance(hello["ticket"], str):
        raise NotFound("This page has waited for too long. Open it again")
    now = _now()
    profile = await sync_to_async(live_tickets.take_ticket)(token=hello["ticket"], by=by, now=now)
    return await sync_to_async(_begin)(profile, by, now)


def _begin(profile: Profile, by: Actor, now: dt.datetime) -> Sitting:
    sitting = Sitting(profile=profile, by=by, started=now)
    sitting.look(now=now)
    return sitting


class _Connection:
    """A sitting and its socket."""

    def __init__(self, sitting: Sitting, receive: Receive, send: Send) -> None:
        self._sitting, self._receive, self._send = sitting, receive, send
        self._troubles = 0
        self._left, self._filled_s = _BURST, time.monotonic()
        self._looked_s = time.monotonic()

    async def run(self) -> int:
        """Until one side ends it; the code to close with."""
        await _tell(self._send, [{"ready": True}])
        while True:
            try:
                message = await asyncio.wait_for(_next(self._receive), _SILENT_S)
            except TimeoutError:
                return _GONE
            if not self._within_rate():
                await _tell(self._send, [{"stopped": "The sensor sends too much"}])
                return _TOO_MUCH
            await self._still_allowed()
            try:
                data = message.get("bytes")
                await _tell(
                    self._send, self._sitting.frame(data) if data is not None else self._sitting.command(_read(message))
                )
            except InputError as problem:
                self._troubles += 1
                await _tell(self._send, [{"trouble": problem.message}])
                if self._troubles >= _TROUBLES_MAX:
                    return _NOT_LET_IN

    def _within_rate(self) -> bool:
        now_s = time.monotonic()
        self._left = min(_BURST, self._left + (now_s - self._filled_s) * _MESSAGES_A_SECOND) - 1
        self._filled_s = now_s
        return self._left >= 0

    async def _still_allowed(self) -> None:
        """A plan that was locked meanwhile ends the sitting within seconds. Raises NotAllowed."""
        now_s = time.monotonic()
        if now_s - self._looked_s < _LOOKS_EVERY_S:
            return
        self._looked_s = now_s
        await sync_to_async(self._sitting.look)(now=_now())


async def _next(receive: Receive) -> dict[str, Any]:
    message = await receive()
    if message["type"] == "websocket.disconnect":
        raise _Closed
    return dict(message)


def _read(message: dict[str, Any]) -> dict[str, Any]:
    """A text message as an object. Raises InputError."""
    text = message.get("text") or ""
    if len(text) > _TEXT_CHARACTERS_MAX:
        raise InputError("a message of a live page is too long")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InputError("a message of a live page cannot be read")
    return found


async def _tell(send: Send, told: Iterable[dict[str, Any]]) -> None:
    """Everything that came of one message, in one."""
    merged: dict[str, Any] = {}
    for one in told:
        merged |= one
    await send({"type": "websocket.send", "text": json.dumps(merged)})


def _now() -> dt.datetime:
    return timezone.now()
