"""Pages that look on while a sensor of their person is worn, wherever it is worn: told what it is told, and no more.

A page is let in like a sensor, by a ticket of its browser for its person; it can ask for nothing. All who look on at
one person share a room; a room of nobody is no room. Sensors and pages have to come to the same process.
"""

import asyncio
import json
from typing import Any, Final, Protocol

from django.utils import timezone

from upperback.core.errors import InputError, NotAllowed, UpperbackError
from upperback.services import live_tickets
from upperback.web.live import messages
from upperback.web.live.messages import NOT_LET_IN, TOO_SLOW, Closed
from upperback.web.live.visitor import visitor
from upperback.web.page_threads import ask
from upperback.web.static_files import Receive, Scope, Send

_WAITING_MAX: Final = 100
_LOOKS_EVERY_S: Final = 5.0
#: What is for others than the page that measures; the rest is between it and the server.
_FOR_ALL: Final = frozenset({"sign", "now", "second", "task", "aligned", "not_aligned", "shift", "keep"})


class Seat:
    """Where a page looks on: what it is told waits here."""

    def __init__(self) -> None:
        self.waiting: asyncio.Queue[str] = asyncio.Queue(_WAITING_MAX)
        self.is_taken = True

    def tell(self, told: dict[str, Any]) -> None:
        """A page that does not read is let go of; nobody waits for it."""
        self.tell_text(json.dumps(told))

    def tell_text(self, text: str) -> None:
        """The same, where many are told the same."""
        if self.is_taken:
            try:
                self.waiting.put_nowait(text)
            except asyncio.QueueFull:
                self.is_taken = False

    async def write(self, send: Send) -> int:
        """Sends what waits, for as long as the seat is taken."""
        while self.is_taken or not self.waiting.empty():
            await send({"type": "websocket.send", "text": await self.waiting.get()})
        return TOO_SLOW


class Shown(Protocol):
    """A sensor that is worn, as far as a room has to know it."""

    told: dict[str, Any]
    """What the sensor's own page is told next."""

    @property
    def is_aligned(self) -> bool: ...

    def flush(self) -> None:
        """Tells it."""


class Room:
    """Who looks on at one person, and the sensors that they wear now; the one that came last is shown."""

    def __init__(self) -> None:
        self.seats: set[Seat] = set()
        self.worn: list[Shown] = []
        self._clinicians: dict[Seat, str] = {}
        """Who of those seats looks on from a clinic, by name: every page of the person says so."""

    @property
    def is_empty(self) -> bool:
        """Nobody is here."""
        return not self.seats and not self.worn

    def take_seat(self) -> Seat:
        """For a page that comes now: it is told how things stand."""
        seat = Seat()
        seat.tell(self._state())
        if self._clinicians:
            seat.tell({"clinicians": self._names()})
        self.seats.add(seat)
        return seat

    def take_seat_of_clinic(self, name: str) -> Seat:
        """For somebody of a clinic, by name. The person is told."""
        seat = self.take_seat()
        self._clinicians[seat] = name
        self._tell_names()
        return seat

    def leave_seat(self, seat: Seat) -> None:
        """Whoever sat there looks on no more."""
        seat.is_taken = False
        self.seats.discard(seat)
        if self._clinicians.pop(seat, None) is not None:
            self._tell_names()

    def begins(self, worn: Shown) -> None:
        """A sensor is worn, or is back after a lost line."""
        self.worn.append(worn)
        self._tell_all(self._state())
        if self._clinicians:
            worn.told["clinicians"] = self._names()

    def leaves(self, worn: Shown) -> None:
        """A sensor is gone, for a while or for good."""
        if worn in self.worn:
            self.worn.remove(worn)
            self._tell_all(self._state())

    def is_over(self) -> None:
        """A wearing has ended. Not told while another one goes on."""
        if not self.worn:
            self._tell_all({"over": True})

    def show(self, worn: Shown, told: dict[str, Any]) -> None:
        """What a sensor is told, shown to all."""
        if self.worn and worn is self.worn[-1] and (shown := {key: told[key] for key in told if key in _FOR_ALL}):
            self._tell_all(shown)

    def _state(self) -> dict[str, Any]:
        return {"running": bool(self.worn), "is_aligned": bool(self.worn) and self.worn[-1].is_aligned}

    def _names(self) -> list[str]:
        return list(dict.fromkeys(self._clinicians.values()))

    def _tell_names(self) -> None:
        names = self._names()
        self._tell_all({"clinicians": names})
        for worn in self.worn:
            worn.told["clinicians"] = names
            worn.flush()

    def _tell_all(self, told: dict[str, Any]) -> None:
        if self.seats:
            text = json.dumps(told)
            for seat in self.seats:
                seat.tell_text(text)


class Rooms:
    """The rooms of a process, by the key of the person."""

    def __init__(self) -> None:
        self._rooms: dict[int, Room] = {}

    def __len__(self) -> int:
        return len(self._rooms)

    def of(self, person: int) -> Room:
        """The room of this person."""
        return self._rooms.setdefault(person, Room())

    def tidy(self, person: int) -> None:
        """After somebody has left."""
        if person in self._rooms and self._rooms[person].is_empty:
            del self._rooms[person]


ROOMS: Final = Rooms()


async def watch_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """A page that looks on."""
    if (await receive())["type"] != "websocket.connect":
        return
    await send({"type": "websocket.accept"})
    by = visitor(scope)
    try:
        token = str((await messages.hello(receive, "ticket"))["ticket"])
        profile = await ask(live_tickets.take_ticket, token=token, by=by, now=timezone.now())
        room = ROOMS.of(profile.pk)
        seat = room.take_seat()
        try:
            code = await messages.first_of(_read(receive), seat.write(send), _still_in(scope))
        finally:
            room.leave_seat(seat)
            ROOMS.tidy(profile.pk)
    except Closed:
        return
    except UpperbackError as refused:
        await messages.tell(send, {"stopped": refused.message})
        code = NOT_LET_IN
    await send({"type": "websocket.close", "code": code})


async def _read(receive: Receive) -> int:
    """Who looks on has nothing to ask for. Raises Closed when they leave."""
    await messages.next_message(receive)
    raise InputError("a page that looks on cannot ask for anything")


async def _still_in(scope: Scope) -> int:
    """A browser that is not let in any more does not look on. Raises NotAllowed."""
    while scope.get("upperback.still_in", lambda: True)():  # noqa: ASYNC110  a cookie that runs out tells nobody
        await asyncio.sleep(_LOOKS_EVERY_S)
    raise NotAllowed("This browser is not let in any more")
