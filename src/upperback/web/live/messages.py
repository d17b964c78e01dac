"""What the sockets beside that of a sensor share: messages that are JSON objects, the first one, and the end."""

import asyncio
import contextlib
import json
from collections.abc import Coroutine
from typing import Any, Final

from upperback.core.errors import InputError, NotFound
from upperback.web.static_files import Receive, Send

NOT_LET_IN: Final = 1008
TOO_SLOW: Final = 1013

_HELLO_S: Final = 10.0
_TEXT_CHARACTERS_MAX: Final = 2000


class Closed(Exception):
    """The other side is gone; with the code that it left with."""

    def __init__(self, code: int = 1005) -> None:
        super().__init__(code)
        self.code = code


async def hello(receive: Receive, *keys: str, also: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The first message, with a text under one of these keys and perhaps more. Raises NotFound."""
    try:
        found = read(await asyncio.wait_for(next_message(receive), _HELLO_S))
    except (TimeoutError, InputError):
        found = {}
    mine = [key for key in keys if isinstance(found.get(key), str)]
    if len(mine) != 1 or not set(found) <= {mine[0]} | also:
        raise NotFound("This page has waited for too long. Open it again")
    return found


async def next_message(receive: Receive) -> dict[str, Any]:
    """Raises Closed."""
    message = await receive()
    if message["type"] == "websocket.disconnect":
        raise Closed(int(message.get("code") or 1005))
    return dict(message)


def read(message: dict[str, Any]) -> dict[str, Any]:
    """A text message as an object. Raises InputError."""
    text = message.get("text") or ""
    found = None
    if len(text) <= _TEXT_CHARACTERS_MAX:
        with contextlib.suppress(ValueError, RecursionError):
            found = json.loads(text)
    if not isinstance(found, dict):
        raise InputError("a message of a live page cannot be read")
    return found


async def first_of(*parts: Coroutine[Any, Any, int]) -> int:
    """Until the first of them ends, in whatever way; the others are ended then."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def tell(send: Send, told: dict[str, Any]) -> None:
    """One answer."""
    await send({"type": "websocket.send", "text": json.dumps(told)})


async def end(send: Send, why: str) -> None:
    """The last answer, and the end."""
    await tell(send, {"stopped": why})
    await send({"type": "websocket.close", "code": NOT_LET_IN})
