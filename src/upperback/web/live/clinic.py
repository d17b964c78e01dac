"""A clinician who looks on while a person wears a sensor, where that person lets them. Read only.

They sit in the same room as the pages of the person (see `watching`) and are told less: how the trunk is held, and
nothing that speaks to the wearer. Whether they may is asked again twice a second, and the line ends when they may not.
"""

import asyncio
import json
import time
from typing import Any, Final

from django.utils import timezone

from upperback.core.errors import InputError, UpperbackError
from upperback.services import live_watching
from upperback.services.live_watching import Watcher
from upperback.web.live import messages
from upperback.web.live.messages import NOT_LET_IN, TOO_SLOW, Closed
from upperback.web.live.visitor import visitor
from upperback.web.live.watching import ROOMS, Room, Seat
from upperback.web.page_threads import ask
from upperback.web.static_files import Receive, Scope, Send

_ASKS_EVERY_S: Final = 0.5
#: A line that is back so soon goes on with the same watching.
_SAME_WITHIN_S: Final = 60.0
_SHOWN: Final = frozenset({"running", "is_aligned", "over", "now"})
#: Of these it is shown that they were said: the sentences are for the wearer.
_SAID: Final = frozenset({"aligned", "shift"})
_NOW: Final = ("flexion_deg", "lateral_deg", "measured", "held_s", "worn")

#: When each watching that ended here did, by who and whom.
_ended_s: dict[tuple[str, int], float] = {}


async def clinic_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """One page of a clinician."""
    if (await receive())["type"] != "websocket.connect":
        return
    await send({"type": "websocket.accept"})
    try:
        token = str((await messages.hello(receive, "ticket"))["ticket"])
        watcher = await ask(live_watching.take_ticket, token=token, by=visitor(scope), now=timezone.now())
        code = await _look_on(watcher, receive, send)
    except Closed:
        return
    except UpperbackError as refused:
        await messages.tell(send, {"stopped": refused.message})
        code = NOT_LET_IN
    await send({"type": "websocket.close", "code": code})


async def _look_on(watcher: Watcher, receive: Receive, send: Send) -> int:
    room = ROOMS.of(watcher.profile.pk)
    seat = room.take_seat_of_clinic(watcher.name)
    try:
        return await messages.first_of(_read(receive), _write(watcher, room, seat, send), _ask(watcher))
    finally:
        room.leave_seat(seat)
        ROOMS.tidy(watcher.profile.pk)


async def _read(receive: Receive) -> int:
    """Who looks on has nothing to ask for. Raises Closed when they leave."""
    await messages.next_message(receive)
    raise InputError("a page that looks on cannot ask for anything")


async def _ask(watcher: Watcher) -> int:
    """Raises NotFound once they may not look on any more."""
    while True:
        await asyncio.sleep(_ASKS_EVERY_S)
        await ask(live_watching.check_still, watcher=watcher, now=timezone.now())


async def _write(watcher: Watcher, room: Room, seat: Seat, send: Send) -> int:
    """Sends what may be seen. Before the first of it that a sensor measures, the person's record says so."""
    key = (watcher.by.id, watcher.profile.pk)
    is_noted = time.monotonic() - _ended_s.get(key, -_SAME_WITHIN_S) < _SAME_WITHIN_S
    try:
        while seat.is_taken or not seat.waiting.empty():
            told = shown(json.loads(await seat.waiting.get()))
            if not told:
                continue
            if not is_noted and told.get("running", room.worn):
                await ask(live_watching.note, watcher=watcher, now=timezone.now())
                is_noted = True
            await messages.tell(send, told)
        return TOO_SLOW
    finally:
        if is_noted:
            _remember_end(key)


def _remember_end(key: tuple[str, int]) -> None:
    now_s = time.monotonic()
    for old in [one for one, at_s in _ended_s.items() if now_s - at_s >= _SAME_WITHIN_S]:
        del _ended_s[old]
    _ended_s[key] = now_s


def shown(told: dict[str, Any]) -> dict[str, Any]:
    """What a clinician is shown of what a page of the person is told; nothing for what is between it and the wearer."""
    found = {key: told[key] for key in _SHOWN if key in told} | dict.fromkeys(_SAID & told.keys(), True)
    if "now" in found:
        found["now"] = {key: told["now"][key] for key in _NOW}
    return found
