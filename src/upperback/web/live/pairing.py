"""Two sockets that become one sitting: a page that shows a code, and the phone that opened it.

The screen is let in like any page of this installation. The phone has no cookie: the secret in its link brings it to
the screen that shows it, both show the same number, and when both have confirmed, the phone speaks to the ordinary
socket as the sensor of that screen's person. What comes back to the phone is copied to the screen.

Both have to come to the same process. Messages of the screen: `{"ticket": ...}` first, then `{"same": true | false}`,
`{"stop": true}`. Of the phone: `{"open": secret}` first, then `{"same": ...}`, then those of `socket`. What both are
told: `number`, `ready`, `stopped`; the screen also `offer`, `waits`, `gone`, `joined`; the phone also `watched`.

A page of the same browser that comes later, such as a session, takes the seat of the screen with the same first
message; with `"join": true` only if a phone is worn. It may ask the sensor to `count` (see `services.counting`).
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Coroutine
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.utils import timezone

from upperback.core.errors import InputError, NotFound, UpperbackError
from upperback.services import actors, live_tickets
from upperback.services.actors import Actor
from upperback.services.pairing import CODE, CONFIRM, Offers, Pairing
from upperback.services.people import Profile
from upperback.web.live.socket import live_socket
from upperback.web.static_files import Receive, Scope, Send

SCREEN_PATH: Final = "/live/screen/socket/"
PHONE_PATH: Final = "/live/phone/socket/"

_HELLO_S: Final = 10.0
_CODES_MAX: Final = 10
_TEXT_CHARACTERS_MAX: Final = 2000
_WAITING_MAX: Final = 100

_NOT_LET_IN: Final = 1008
_TOO_SLOW: Final = 1013

_NOBODY_WEARS: Final = "No phone is worn as a sensor now."
_STOPPED: Final = "Stopped on the other screen."

#: Everything that can be opened in this process.
OFFERS: Final = Offers()
_MEETINGS: "dict[Pairing, Meeting]" = {}


class _Closed(Exception):
    """The other side is gone; with the code that it left with."""

    def __init__(self, code: int = 1005) -> None:
        super().__init__(code)
        self.code = code


class Seat:
    """Where a screen looks on: what it is told waits here."""

    def __init__(self) -> None:
        self.waiting: asyncio.Queue[str] = asyncio.Queue(_WAITING_MAX)
        self.is_taken = True

    def tell(self, told: dict[str, Any]) -> None:
        """A screen that does not read is let go of; nobody waits for it."""
        if self.is_taken:
            try:
                self.waiting.put_nowait(json.dumps(told))
            except asyncio.QueueFull:
                self.is_taken = False


class Meeting:
    """A screen and, one day, its phone. Once the phone is worn, another page of the same browser may take the seat."""

    def __init__(self, pairing: Pairing, still_in: Callable[[], bool]) -> None:
        self.pairing, self.still_in = pairing, still_in
        self.seat = Seat()
        self.opened, self.decided, self.stopped = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue(_WAITING_MAX)
        self.refused: UpperbackError | None = None
        self.is_aligned = False

    @property
    def is_watched(self) -> bool:
        """A screen looks on."""
        return self.seat.is_taken

    def take_seat(self) -> Seat:
        """For a page that comes later; the one before is told and let go."""
        self.seat.tell({"stopped": "This is shown in another window now."})
        self.seat.is_taken = False
        self.seat = Seat()
        self.seat.tell({"ready": True, "joined": True, "is_aligned": self.is_aligned})
        return self.seat

    def tell_screen(self, told: dict[str, Any]) -> None:
        """Whatever looks on now."""
        self.is_aligned = self.is_aligned or "aligned" in told
        self.seat.tell(told)

    def say(self, side: str, same: bool) -> None:
        """One side has compared the numbers."""
        try:
            self.pairing.say("phone" if side == "phone" else "screen", same=same, now=timezone.now())
        except UpperbackError as refused:
            self.refused = refused
            self.decided.set()
        if self.pairing.is_paired:
            self.decided.set()


async def screen_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """The page that shows the code and then what the phone measures."""
    if (await receive())["type"] != "websocket.connect":
        return
    await send({"type": "websocket.accept"})
    by = actors.household(str(scope.get("upperback.installation", "-")))
    meeting: Meeting | None = None
    seat: Seat | None = None
    code = _NOT_LET_IN
    try:
        meeting = await _screen_let_in(receive, by, scope.get("upperback.still_in", lambda: True))
        is_worn = meeting.pairing.is_paired
        seat = meeting.take_seat() if is_worn else meeting.seat
        parts = [_read_screen(meeting, seat, receive), _write_screen(seat, send)]
        code = await _first_of(*parts, *([] if is_worn else [_offer(meeting, _address(scope))]))
    except _Closed:
        return
    except UpperbackError as refused:
        await _tell(send, {"stopped": refused.message})
    finally:
        if meeting is not None and seat is not None:
            _leave(meeting, seat)
    await send({"type": "websocket.close", "code": code})


def _leave(meeting: Meeting, seat: Seat) -> None:
    """A screen that goes while numbers are compared ends that; one that goes later leaves the phone running."""
    seat.is_taken = False
    if not meeting.pairing.is_paired:
        OFFERS.withdraw(meeting.pairing)
        _MEETINGS.pop(meeting.pairing, None)
        meeting.say("screen", same=False)


async def _screen_let_in(receive: Receive, by: Actor, still_in: Callable[[], bool]) -> Meeting:
    """The meeting of a phone that this browser has paired for this person already, or a new one.

    Raises
    ------
    NotFound : the ticket is none, or a page wants to join and no phone is worn.
    """
    hello = await _hello(receive, "ticket", also=frozenset({"join"}))
    profile = await sync_to_async(live_tickets.take_ticket)(token=str(hello["ticket"]), by=by, now=timezone.now())
    for found in _MEETINGS.values():
        pairing = found.pairing
        if pairing.is_paired and (pairing.profile, pairing.by) == (profile, by):
            return found
    if hello.get("join"):
        raise NotFound(_NOBODY_WEARS)
    made = Meeting(await sync_to_async(_pairing)(profile, by), still_in)
    _MEETINGS[made.pairing] = made
    return made


def _pairing(profile: Profile, by: Actor) -> Pairing:
    return Pairing(profile=profile, by=by)


def _address(scope: Scope) -> str:
    """Where a phone finds this installation: as the settings say, else where this page came from."""
    from django.conf import settings

    if settings.PHONE_ADDRESS:
        return str(settings.PHONE_ADDRESS)
    origin: bytes = dict(scope["headers"]).get(b"origin", b"")
    return origin.decode("latin-1")


async def _offer(meeting: Meeting, address: str) -> int:
    """A new code each minute until a phone has come."""
    for _ in range(_CODES_MAX):
        link = f"{address}/live/phone/#{OFFERS.offer(meeting.pairing, now=timezone.now())}"
        meeting.tell_screen({"offer": {"link": link, "picture": _picture(link)}})
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(meeting.opened.wait(), CODE.total_seconds())
            await asyncio.Event().wait()  # the rest is up to the other two
    raise NotFound("No phone has come. Open this page again when it is at hand.")


def _picture(link: str) -> str:
    """The link as a QR code: an address of an SVG picture that holds itself."""
    import segno

    return str(segno.make(link, error="m", micro=False).svg_data_uri(border=4, scale=6, dark="#000", light="#fff"))


async def _read_screen(meeting: Meeting, seat: Seat, receive: Receive) -> int:
    while True:
        match _read(await _next(receive)):
            case {"same": bool(same)}:
                meeting.say("screen", same)
            case {"stop": True}:
                meeting.stopped.set()
            case {"count": str() | None} as asked if len(asked) == 1 and meeting.pairing.is_paired:
                if seat is meeting.seat and not meeting.asked.full():
                    meeting.asked.put_nowait(asked)
            case _:
                raise InputError("a live page asked for something that is not known")


async def _write_screen(seat: Seat, send: Send) -> int:
    while seat.is_taken or not seat.waiting.empty():
        await send({"type": "websocket.send", "text": await seat.waiting.get()})
    return _TOO_SLOW


# ---- the phone ---------------------------------------------------------------------------------------------------


async def phone_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """The phone: opened, compared, then an ordinary sensor."""
    if (await receive())["type"] != "websocket.connect":
        return
    await send({"type": "websocket.accept"})
    meeting: Meeting | None = None
    try:
        secret = str((await _hello(receive, "open"))["open"])
        meeting = _MEETINGS[OFFERS.take(secret, now=timezone.now())]
        inbox = _Inbox(receive, meeting)
        await _compare(meeting, inbox, send)
        await _wear(scope, meeting, inbox, send)
    except _Closed:
        pass
    except (UpperbackError, KeyError) as refused:
        words = refused.message if isinstance(refused, UpperbackError) else "The other screen is gone."
        await _end(send, words)
    finally:
        if meeting is not None:
            if not meeting.pairing.is_paired:
                meeting.say("phone", same=False)
            _MEETINGS.pop(meeting.pairing, None)
            meeting.tell_screen({"gone": meeting.refused.message if meeting.refused else ""})


async def _compare(meeting: Meeting, inbox: "_Inbox", send: Send) -> None:
    """Until both have said that the numbers are the same. Raises NotAllowed when one of them says no."""
    number = meeting.pairing.opened(now=timezone.now())
    meeting.opened.set()
    meeting.tell_screen({"number": number})
    await _tell(send, {"number": number})
    waits = asyncio.create_task(meeting.decided.wait())
    try:
        async with asyncio.timeout(CONFIRM.total_seconds()):
            while not waits.done():
                message = await inbox.next_or(waits)
                if message is not None:
                    _compared(meeting, message)
    except TimeoutError:
        meeting.say("phone", same=False)
    finally:
        waits.cancel()
    if meeting.refused is not None:
        raise meeting.refused


def _compared(meeting: Meeting, message: dict[str, Any]) -> None:
    match _read(message):
        case {"same": bool(same)}:
            meeting.say("phone", same)
            if same:
                meeting.tell_screen({"waits": True})
        case _:
            raise InputError("the numbers have to be compared first")


async def _wear(scope: Scope, meeting: Meeting, inbox: "_Inbox", send: Send) -> None:
    """From here on the phone is a sensor like any other, of the person that the screen is for."""
    pairing = meeting.pairing
    ticket = await sync_to_async(live_tickets.make_ticket)(
        profile=pairing.profile, by=pairing.by, now=timezone.now()
    )  # fmt: skip
    first = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": json.dumps({"ticket": ticket})}]

    async def from_phone() -> dict[str, Any]:
        return first.pop(0) if first else await inbox.next_of_both()

    async def to_both(message: Any) -> None:
        if message["type"] == "websocket.send":
            told = json.loads(message["text"])
            meeting.tell_screen(told)
            told["watched"] = meeting.is_watched
            await _tell(send, told)
        elif message["type"] == "websocket.close" and not meeting.stopped.is_set():
            await send(message)

    as_sensor = {
        **scope,
        "path": live_tickets.SOCKET_PATH,
        "upperback.wire": None,  # what the phone is told goes to the screen, too
        "upperback.installation": pairing.by.id,
        "upperback.still_in": meeting.still_in,  # of the browser that offered: the phone is in for no longer
    }
    await live_socket(as_sensor, from_phone, to_both)
    if meeting.stopped.is_set() and not inbox.is_gone:
        await _end(send, _STOPPED)


class _Inbox:
    """Messages of the phone. None is lost when nobody waits for it any more."""

    def __init__(self, receive: Receive, meeting: Meeting) -> None:
        self._receive = receive
        self._coming: asyncio.Task[Any] | None = None
        self._meeting = meeting
        self._stopped = asyncio.create_task(meeting.stopped.wait())
        self._asked: asyncio.Task[dict[str, Any]] | None = None
        self.is_gone = False

    async def next_or(self, *others: "asyncio.Task[Any]") -> dict[str, Any] | None:
        """The next message, or None when another comes first. Raises _Closed when the phone is gone."""
        if self._coming is None:
            self._coming = asyncio.ensure_future(self._receive())
        await asyncio.wait({self._coming, *others}, return_when=asyncio.FIRST_COMPLETED)
        if not self._coming.done():
            return None
        message, self._coming = self._coming.result(), None
        if message["type"] == "websocket.disconnect":
            self.is_gone = True
            self._stopped.cancel()
            if self._asked is not None:
                self._asked.cancel()
            raise _Closed(int(message.get("code") or 1005))
        return dict(message)

    async def next_of_both(self) -> dict[str, Any]:
        """The next message, or what the screen asks; when that is to stop, as if the phone had left on purpose."""
        if self._asked is None:
            self._asked = asyncio.create_task(self._meeting.asked.get())
        message = None
        try:
            if not (self._stopped.done() or self._asked.done()):
                message = await self.next_or(self._stopped, self._asked)
        except _Closed as left:
            return {"type": "websocket.disconnect", "code": left.code}
        if message is not None:
            return message
        if self._asked.done() and not self._stopped.done():
            asked, self._asked = self._asked.result(), None
            return {"type": "websocket.receive", "text": json.dumps(asked)}
        self._asked.cancel()
        return {"type": "websocket.disconnect", "code": 1000}


# ---- messages ----------------------------------------------------------------------------------------------------


async def _hello(receive: Receive, key: str, *, also: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The first message, with this text in it and perhaps more. Raises NotFound."""
    try:
        hello = _read(await asyncio.wait_for(_next(receive), _HELLO_S))
    except (TimeoutError, InputError):
        hello = {}
    if not {key} <= set(hello) <= {key} | also or not isinstance(hello[key], str):
        raise NotFound("This page has waited for too long. Open it again")
    return hello


async def _next(receive: Receive) -> dict[str, Any]:
    message = await receive()
    if message["type"] == "websocket.disconnect":
        raise _Closed
    return dict(message)


def _read(message: dict[str, Any]) -> dict[str, Any]:
    text = message.get("text") or ""
    found = None
    if len(text) <= _TEXT_CHARACTERS_MAX:
        with contextlib.suppress(ValueError, RecursionError):
            found = json.loads(text)
    if not isinstance(found, dict):
        raise InputError("a message of a live page cannot be read")
    return found


async def _first_of(*parts: Coroutine[Any, Any, int]) -> int:
    """Until the first of them ends, in whatever way; the others are ended then."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _tell(send: Send, told: dict[str, Any]) -> None:
    await send({"type": "websocket.send", "text": json.dumps(told)})


async def _end(send: Send, why: str) -> None:
    await _tell(send, {"stopped": why})
    await send({"type": "websocket.close", "code": _NOT_LET_IN})
