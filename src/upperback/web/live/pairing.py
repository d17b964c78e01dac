"""Two sockets that become one sitting: a page that shows a code, and the phone that opened it.

The screen is let in like any page of this installation. The phone has no cookie: the secret in its link brings it to
the screen that shows it, both show the same number, and when both have confirmed, the phone speaks to the ordinary
socket as the sensor of that screen's person. What comes back to the phone is copied to the screen.

Both have to come to the same process. Messages of the screen: `{"ticket": ...}` first, then `{"same": true | false}`,
`{"stop": true}`. Of the phone: `{"open": secret}` first, then `{"same": ...}`, then those of `socket`. What both are
told: `number`, `ready`, `stopped`; the screen also `offer`, `waits`, `gone`; the phone also `watched`.
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

_STOPPED: Final = "Stopped on the other screen."

#: Everything that can be opened in this process.
OFFERS: Final = Offers()
_MEETINGS: "dict[Pairing, Meeting]" = {}


class _Closed(Exception):
    """The other side is gone; with the code that it left with."""

    def __init__(self, code: int = 1005) -> None:
        super().__init__(code)
        self.code = code


class Meeting:
    """A screen and, one day, its phone."""

    def __init__(self, pairing: Pairing, still_in: Callable[[], bool]) -> None:
        self.pairing, self.still_in = pairing, still_in
        self.for_screen: asyncio.Queue[str] = asyncio.Queue(_WAITING_MAX)
        self.opened, self.decided, self.stopped = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.refused: UpperbackError | None = None
        self.is_watched = True

    def tell_screen(self, told: dict[str, Any]) -> None:
        """A screen that does not read is let go of; the phone does not wait for it."""
        if self.is_watched:
            try:
                self.for_screen.put_nowait(json.dumps(told))
            except asyncio.QueueFull:
                self.is_watched = False

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
    code = _NOT_LET_IN
    try:
        still_in = scope.get("upperback.still_in", lambda: True)
        meeting = Meeting(await _screen_let_in(receive, by), still_in)
        _MEETINGS[meeting.pairing] = meeting
        code = await _first_of(
            _offer(meeting, _address(scope)), _read_screen(meeting, receive), _write_screen(meeting, send)
        )
    except _Closed:
        return
    except UpperbackError as refused:
        await _tell(send, {"stopped": refused.message})
    finally:
        if meeting is not None:
            _leave(meeting)
    await send({"type": "websocket.close", "code": code})


def _leave(meeting: Meeting) -> None:
    """A screen that goes while numbers are compared ends that; one that goes later leaves the phone running."""
    OFFERS.withdraw(meeting.pairing)
    _MEETINGS.pop(meeting.pairing, None)
    meeting.is_watched = False
    if not meeting.pairing.is_paired:
        meeting.say("screen", same=False)


async def _screen_let_in(receive: Receive, by: Actor) -> Pairing:
    hello = await _hello(receive, "ticket")
    profile = await sync_to_async(live_tickets.take_ticket)(token=hello, by=by, now=timezone.now())
    return await sync_to_async(_pairing)(profile, by)


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


async def _read_screen(meeting: Meeting, receive: Receive) -> int:
    while True:
        match _read(await _next(receive)):
            case {"same": bool(same)}:
                meeting.say("screen", same)
            case {"stop": True}:
                meeting.stopped.set()
            case _:
                raise InputError("a live page asked for something that is not known")


async def _write_screen(meeting: Meeting, send: Send) -> int:
    while meeting.is_watched or not meeting.for_screen.empty():
        await send({"type": "websocket.send", "text": await meeting.for_screen.get()})
    return _TOO_SLOW


# ---- the phone ---------------------------------------------------------------------------------------------------


async def phone_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """The phone: opened, compared, then an ordinary sensor."""
    if (await receive())["type"] != "websocket.connect":
        return
    await send({"type": "websocket.accept"})
    meeting: Meeting | None = None
    try:
        meeting = _MEETINGS[OFFERS.take(await _hello(receive, "open"), now=timezone.now())]
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
        return first.pop(0) if first else await inbox.next_or_stopped()

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
        self._stopped = asyncio.create_task(meeting.stopped.wait())
        self.is_gone = False

    async def next_or(self, other: "asyncio.Task[Any]") -> dict[str, Any] | None:
        """The next message, or None when the other comes first. Raises _Closed when the phone is gone."""
        if self._coming is None:
            self._coming = asyncio.ensure_future(self._receive())
        await asyncio.wait({self._coming, other}, return_when=asyncio.FIRST_COMPLETED)
        if not self._coming.done():
            return None
        message, self._coming = self._coming.result(), None
        if message["type"] == "websocket.disconnect":
            self.is_gone = True
            self._stopped.cancel()
            raise _Closed(int(message.get("code") or 1005))
        return dict(message)

    async def next_or_stopped(self) -> dict[str, Any]:
        """The next message; when the screen says stop, as if the phone had left on purpose."""
        try:
            message = None if self._stopped.done() else await self.next_or(self._stopped)
        except _Closed as left:
            return {"type": "websocket.disconnect", "code": left.code}
        return message or {"type": "websocket.disconnect", "code": 1000}


# ---- messages ----------------------------------------------------------------------------------------------------


async def _hello(receive: Receive, key: str) -> str:
    """What the first message says. Raises NotFound."""
    try:
        hello = _read(await asyncio.wait_for(_next(receive), _HELLO_S))
    except (TimeoutError, InputError):
        hello = {}
    if set(hello) != {key} or not isinstance(hello[key], str):
        raise NotFound("This page has waited for too long. Open it again")
    return str(hello[key])


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
