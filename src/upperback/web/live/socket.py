"""The socket of a worn sensor. Host, origin and cookie were looked at by the front door; a ticket says whose it is.

What is sent and answered stands in docs/reference/live-protocol.md. This is one connection; the hub does the work.
"""

import asyncio
import json
import time
from typing import Any, Final

from upperback.core.errors import InputError, NotFound, UpperbackError
from upperback.services import actors
from upperback.services.actors import Actor
from upperback.services.live import Hello, Sitting
from upperback.services.live_tickets import SOCKET_PATH
from upperback.web.live.hub import ELSEWHERE, GONE, NOT_LET_IN, SILENT, Hub, Wearer, finish, hub
from upperback.web.live.visitor import visitor
from upperback.web.live.wire import AsgiLine, Line
from upperback.web.static_files import Receive, Scope, Send

_HELLO_S: Final = 10.0
_TEXT_CHARACTERS_MAX: Final = 2000
#: Closed on purpose, or by leaving the page: nobody will go on. Any other end is a line that was lost.
_ENDED_ON_PURPOSE: Final = frozenset({1000, 1001})
_END: Final = {"end": True}


async def live_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """One connection."""
    if (await receive())["type"] != "websocket.connect":
        return
    if scope["path"] != SOCKET_PATH:
        await send({"type": "websocket.close", "code": NOT_LET_IN})
        return
    await send({"type": "websocket.accept"})
    by = visitor(scope)
    here = hub()
    try:
        sitting = await _let_in(here, receive, by)
        if sitting is not None:
            sitting.enter(here.crowd)
    except UpperbackError as refused:
        await _close(send, refused.message, NOT_LET_IN)
        return
    if sitting is None:
        return
    line: Line = scope.get("upperback.wire") or AsgiLine(send)
    wearer = Wearer(sitting, line, scope.get("upperback.still_in", lambda: True))
    ready = {"ready": True, "stream": str(sitting.stream.uuid), "next": sitting.next_number}
    ready |= {"is_aligned": sitting.is_aligned}
    await send({"type": "websocket.send", "text": json.dumps(ready)})
    await _Connection(wearer, here, receive, send).run()


async def _close(send: Send, why: str, code: int) -> None:
    await send({"type": "websocket.send", "text": json.dumps({"stopped": why})})
    await send({"type": "websocket.close", "code": code})


async def _let_in(here: Hub, receive: Receive, by: Actor) -> Sitting | None:
    """Whose sensor it is, and from where it goes on; None if they left again."""
    try:
        async with asyncio.timeout(_HELLO_S):
            message = await receive()
    except TimeoutError:
        raise NotFound("This page has waited for too long. Open it again") from None
    if message["type"] == "websocket.disconnect":
        return None
    hello = _read(dict(message))
    if not {"ticket"} <= set(hello) <= {"ticket", "stream"} or not isinstance(hello["ticket"], str):
        raise NotFound("This page has waited for too long. Open it again")
    stream = actors.public_id(str(hello["stream"])) if "stream" in hello else None
    if "stream" in hello and stream is None:
        raise NotFound("This measurement is over. Open the page again")
    return await here.let_in(Hello(token=hello["ticket"], stream=stream, by=by))


class _Connection:
    """Receives for one wearer until one side ends it."""

    def __init__(self, wearer: Wearer, to: Hub, receive: Receive, send: Send) -> None:
        self._wearer, self._hub, self._receive, self._send = wearer, to, receive, send

    async def run(self) -> None:
        wearer = self._wearer
        self._hub.join(wearer)
        code: int | None = None
        try:
            wearer.receiving = True
            wearer.line.listen(self._hear, wearer.flush)
            code = await self._receive_all()
        except asyncio.CancelledError:
            if wearer.stopped is None:  # the server itself is ended
                raise
            if (task := asyncio.current_task()) is not None:
                task.uncancel()
        finally:
            wearer.receiving = False
        await self._hub.leave(wearer)
        stopped = wearer.stopped
        if code in _ENDED_ON_PURPOSE or (stopped is not None and stopped.code == NOT_LET_IN):
            await finish(wearer)
        if stopped is not None:
            if stopped.code == SILENT:  # no last word: whoever hears it comes back
                await self._send({"type": "websocket.close", "code": SILENT})
            elif stopped.code == ELSEWHERE or not wearer.is_stuck:
                await _close(self._send, stopped.why, stopped.code)
        elif code is None:  # asked for
            await finish(wearer)
            wearer.told["ended"] = True
            if wearer.sitting.next_number is not None:
                wearer.told["ack"] = wearer.sitting.next_number - 1
            await wearer.drained()
            await self._send({"type": "websocket.close", "code": GONE})
        if wearer.is_stuck:
            wearer.line.cut()

    async def _receive_all(self) -> int | None:
        """Until the other side leaves, with its code, or asks for the end (None)."""
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return int(message.get("code") or 1005)
            if not self._hear(dict(message)):
                return None if self._wearer.stopped is None else self._wearer.stopped.code
            await self._wearer.line.free_to_hear()

    def _hear(self, message: dict[str, Any]) -> bool:
        """Puts it to the work that waits; False where it is the last that is heard."""
        wearer = self._wearer
        if wearer.stopped is not None:
            return False
        now_s = time.monotonic()
        if (frame := message.get("bytes")) is not None:
            self._hub.put(wearer, frame, now_s)
            return True
        try:
            question = _read(message)
        except InputError as problem:
            self._hub.cannot_read(wearer, problem, now_s)
            return wearer.stopped is None
        if question == _END:
            return False
        self._hub.put(wearer, question, now_s)
        return True


def _read(message: dict[str, Any]) -> dict[str, Any]:
    """A text message as an object. Raises InputError."""
    text = message.get("text") or ""
    if len(text) > _TEXT_CHARACTERS_MAX:
        raise InputError(f"A text of {len(text):,} characters is too long: {_TEXT_CHARACTERS_MAX:,} at most")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InputError("A text cannot be read: a JSON object is expected, and samples as binary frames")
    return found
