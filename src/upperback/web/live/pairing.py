"""Two sockets that become one sitting: a page that shows a code, and the phone that opened it.

The screen is let in like any page of this installation. The phone has no cookie: the secret in its link brings it to
the screen that shows it, both show the same number, and when both have confirmed, the phone speaks to the ordinary
socket as the sensor of that screen's person. What comes back to the phone is copied to the screen.

Both have to come to the same process. Messages of the screen: `{"ticket": ...}` first, then `{"same": true | false}`,
`{"stop": true}`. Of the phone: `{"open": secret}` first, then `{"same": ...}`, then those of `socket`. What both are
told: `number`, `ready`, `stopped`; the screen also `offer`, `waits`, `away`, `gone`, `joined`; the phone also `back`
and `watched`.

A phone whose line is lost comes back by itself: `{"back": secret, "stream": ...}`, with the secret that it was told
last. That opens nothing but the way on with the same wearing, for as long as a stream can be gone on with, and is void
once the wearing has ended on either side. Each is good once: the phone is told another one when it is back, and each
while. Their hashes are stored, so that it comes back to a server that was started again, too; a page that shows a code
for the same person by then is its screen.

A page of the same browser that comes later, such as a session, takes the seat of the screen with the same first
message; with `"join": true` only if a phone is worn. It may ask the sensor to `count` (see `services.counting`).
"""

import asyncio
import contextlib
import datetime as dt
import json
import logging
import secrets
from collections.abc import Callable
from typing import Any, Final

from django.utils import timezone

from upperback.core.errors import InputError, NotFound, UpperbackError
from upperback.services import actors, live, live_store, live_tickets
from upperback.services.actors import Actor
from upperback.services.live_tickets import WayBack
from upperback.services.pairing import CODE, CONFIRM, Offers, Pairing
from upperback.services.people import Profile
from upperback.web.live import hub, messages
from upperback.web.live.messages import NOT_LET_IN, Closed
from upperback.web.live.socket import live_socket
from upperback.web.live.visitor import visitor
from upperback.web.live.watching import Seat
from upperback.web.page_threads import ask
from upperback.web.static_files import Receive, Scope, Send

_log = logging.getLogger(__name__)

_CODES_MAX: Final = 10
_ASKED_MAX: Final = 100
#: A phone is waited for as long as its stream can be gone on with.
_AWAY_S: Final = live_store.LEFT_AFTER.total_seconds()
#: Left by the phone on purpose; and closed here so that it may come back.
_LEFT: Final = frozenset({1000, 1001})
_MAY_COME_BACK: Final = frozenset({hub.TOO_MUCH, hub.SILENT})

_NOBODY_WEARS: Final = "No phone is worn as a sensor now."
_STOPPED: Final = "Stopped on the other screen."

#: Everything that can be opened in this process.
OFFERS: Final = Offers()
_MEETINGS: "dict[Pairing, Meeting]" = {}
_TASKS: "set[asyncio.Task[None]]" = set()


class Meeting:
    """A screen and, one day, its phone. Once the phone is worn, another page of the same browser may take the seat."""

    def __init__(self, pairing: Pairing, still_in: Callable[[], bool], until: dt.datetime) -> None:
        self.pairing, self.still_in = pairing, still_in
        self.way_back = WayBack(profile=pairing.profile, by=pairing.by, until=until)
        self.ways: list[str] = []
        """The secrets with which its phone may come back; the last one was told last."""
        self.seat = Seat()
        self.opened, self.decided, self.stopped = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue(_ASKED_MAX)
        self.refused: UpperbackError | None = None
        self.is_aligned = False
        self.clinicians: list[str] = []
        """Who looks on from a clinic, as the phone was told last."""
        self.stream: str | None = None
        self.phone: _Inbox | None = None
        """Its line; None while it is away."""
        self._waits_for_phone: asyncio.TimerHandle | None = None

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
        if self.clinicians:
            self.seat.tell({"clinicians": self.clinicians})
        if self.phone is None:
            self.seat.tell({"away": True})
        return self.seat

    def phone_comes(self, line: "_Inbox") -> None:
        """For the first time, or back; a line of before that nobody has missed yet does not count any more."""
        self.phone = line
        if self._waits_for_phone is not None:
            self._waits_for_phone.cancel()

    def is_heard(self) -> None:
        """The phone that is back sends: it was told the new way back, and the others are void."""
        self._end_ways(self.ways[:-1])

    async def renew(self, send: Send) -> None:
        """Tells the phone another way back. The one before stays good until it is known that this one was heard."""
        told = await ask(live_tickets.make_way_back, self.way_back, now=timezone.now())
        self._end_ways(self.ways[:-1])
        self.ways.append(told)
        await messages.tell(send, {"back": told})

    def _end_ways(self, ways: list[str]) -> None:
        self.ways = [one for one in self.ways if one not in ways]
        if ways:
            task = asyncio.get_running_loop().create_task(ask(live_tickets.end_ways_back, tokens=ways))
            _TASKS.add(task)
            task.add_done_callback(_TASKS.discard)

    def phone_is_away(self) -> None:
        """The line is lost, and may be back."""
        self.phone = None
        while not self.asked.empty():
            self.asked.get_nowait()
        self.tell_screen({"away": True})
        self._waits_for_phone = asyncio.get_running_loop().call_later(_AWAY_S, self.phone_is_gone)

    def phone_is_gone(self) -> None:
        """For good: whoever comes with its secret is nobody."""
        self.phone = None
        if self._waits_for_phone is not None:
            self._waits_for_phone.cancel()
        _MEETINGS.pop(self.pairing, None)
        self._end_ways(self.ways)
        self.tell_screen({"gone": self.refused.message if self.refused else ""})

    def tell_screen(self, told: dict[str, Any]) -> None:
        """Whatever looks on now."""
        self.is_aligned = self.is_aligned or "aligned" in told
        self.clinicians = [] if "away" in told else told.get("clinicians", self.clinicians)
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
    by = visitor(scope)
    meeting: Meeting | None = None
    seat: Seat | None = None
    code = NOT_LET_IN
    try:
        meeting = await _screen_let_in(receive, by, scope)
        is_worn = meeting.pairing.is_paired
        seat = meeting.take_seat() if is_worn else meeting.seat
        parts = [_read_screen(meeting, seat, receive), seat.write(send)]
        code = await messages.first_of(*parts, *([] if is_worn else [_offer(meeting, _address(scope))]))
    except Closed:
        return
    except UpperbackError as refused:
        await messages.tell(send, {"stopped": refused.message})
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


async def _screen_let_in(receive: Receive, by: Actor, scope: Scope) -> Meeting:
    """The meeting of a phone that this browser has paired for this person already, or a new one.

    Raises
    ------
    NotFound : the ticket is none, or a page wants to join and no phone is worn.
    """
    hello = await messages.hello(receive, "ticket", also=frozenset({"join"}))
    profile = await ask(live_tickets.take_ticket, token=str(hello["ticket"]), by=by, now=timezone.now())
    for found in _MEETINGS.values():
        pairing = found.pairing
        if pairing.is_paired and (pairing.profile, pairing.by) == (profile, by):
            return found
    if hello.get("join"):
        raise NotFound(_NOBODY_WEARS)
    until_s = scope.get("upperback.until_s", (timezone.now() + live_store.LEFT_AFTER).timestamp())
    until = dt.datetime.fromtimestamp(until_s, dt.UTC)
    made = Meeting(await ask(_pairing, profile, by), scope.get("upperback.still_in", lambda: True), until)
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
        match messages.read(await messages.next_message(receive)):
            case {"same": bool(same)}:
                meeting.say("screen", same)
            case {"stop": True}:
                meeting.stopped.set()
                if meeting.pairing.is_paired and meeting.phone is None:
                    await _end_without(meeting)
            case {"count": str() | None} as asked if len(asked) == 1 and meeting.pairing.is_paired:
                if seat is meeting.seat and not meeting.asked.full():
                    meeting.asked.put_nowait(asked)
            case _:
                raise InputError("a live page asked for something that is not known")


# ---- the phone ---------------------------------------------------------------------------------------------------


async def phone_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """The phone: opened, compared, then an ordinary sensor; or back after a lost line."""
    if (await receive())["type"] != "websocket.connect":
        return
    await send({"type": "websocket.accept"})
    meeting: Meeting | None = None
    line: _Inbox | None = None
    closed: int | None = None
    try:
        said = await messages.hello(receive, "open", "back", also=frozenset({"stream"}))
        meeting = await _come_back(said) if "back" in said else _opened(str(said["open"]))
        line = _Inbox(receive, meeting)
        meeting.phone_comes(line)
        if "back" not in said:
            await _compare(meeting, line, send)
        await meeting.renew(send)
        renews = asyncio.create_task(_renew(meeting, send))
        try:
            closed = await _wear(scope, meeting, line, send)
        finally:
            renews.cancel()
    except Closed:
        pass
    except (UpperbackError, KeyError) as refused:
        words = refused.message if isinstance(refused, UpperbackError) else "The other screen is gone."
        await messages.end(send, words)
    finally:
        if meeting is not None and line is not None and meeting.phone is line:
            _phone_leaves(meeting, line, closed)


def _opened(secret: str) -> Meeting:
    """The screen that shows this code. Raises NotFound, KeyError."""
    return _MEETINGS[OFFERS.take(secret, now=timezone.now())]


async def _renew(meeting: Meeting, send: Send) -> None:
    """Another way back each while, for as long as the phone is here."""
    while True:
        await asyncio.sleep(live_tickets.RENEWED.total_seconds())
        try:
            await meeting.renew(send)
        except Exception:  # noqa: BLE001  a database that is away, or a line that was just lost: the next time
            _log.exception("a phone was not told another way back")


async def _come_back(said: dict[str, Any]) -> Meeting:
    """The meeting of a phone that was paired before, here or before the server was started again.

    Raises
    ------
    NotFound : it is over, or never was.
    NotAllowed : the plan is locked by now.
    """
    secret = str(said["back"])
    for found in _MEETINGS.values():
        is_it = any(secrets.compare_digest(way.encode(), secret.encode("utf-8", "surrogatepass")) for way in found.ways)
        if is_it and found.pairing.is_paired and not found.stopped.is_set():
            return found
    stream = str(said.get("stream", ""))
    way = await ask(live_tickets.take_way_back, token=secret, stream=actors.public_id(stream), now=timezone.now())
    meeting = await _meet_again(way)
    meeting.ways, meeting.stream = [secret], stream
    return meeting


async def _meet_again(way: WayBack) -> Meeting:
    """A meeting of before: with the page that shows a code for this person now, if one does. Raises NotAllowed."""
    pairing = await ask(_pairing, way.profile, way.by)
    for waits in _MEETINGS.values():
        if (waits.pairing.profile, waits.pairing.by, waits.pairing.number) == (way.profile, way.by, None):
            waits.pairing.goes_on()
            waits.opened.set()
            OFFERS.withdraw(waits.pairing)
            return waits
    pairing.goes_on()
    made = Meeting(pairing, lambda: timezone.now() < way.until, way.until)
    made.seat.is_taken = False
    _MEETINGS[pairing] = made
    return made


def _phone_leaves(meeting: Meeting, line: "_Inbox", closed: int | None) -> None:
    """For a while, where the line was lost; else for good."""
    was_lost = line.code not in _LEFT if line.code is not None else closed in _MAY_COME_BACK
    if meeting.pairing.is_paired and not meeting.stopped.is_set() and was_lost:
        meeting.phone_is_away()
        return
    if not meeting.pairing.is_paired:
        meeting.say("phone", same=False)
    meeting.phone_is_gone()


async def _end_without(meeting: Meeting) -> None:
    """Stopped on the screen while the phone is away: the wearing ends here and now."""
    meeting.phone_is_gone()
    pairing, stream = meeting.pairing, actors.public_id(meeting.stream or "")
    if stream is not None:
        await ask(live.end_now, stream=stream, profile=pairing.profile, by=pairing.by, now=timezone.now())


async def _compare(meeting: Meeting, inbox: "_Inbox", send: Send) -> None:
    """Until both have said that the numbers are the same. Raises NotAllowed when one of them says no."""
    number = meeting.pairing.opened(now=timezone.now())
    meeting.opened.set()
    meeting.tell_screen({"number": number})
    await messages.tell(send, {"number": number})
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
    match messages.read(message):
        case {"same": bool(same)}:
            meeting.say("phone", same)
            if same:
                meeting.tell_screen({"waits": True})
        case _:
            raise InputError("the numbers have to be compared first")


async def _wear(scope: Scope, meeting: Meeting, inbox: "_Inbox", send: Send) -> int | None:
    """From here on the phone is a sensor like any other, of the person that the screen is for.

    Returns the code that it was closed with from this side, if it was.
    """
    pairing = meeting.pairing
    ticket = await ask(live_tickets.make_ticket,
        profile=pairing.profile, by=pairing.by, now=timezone.now()
    )  # fmt: skip
    first_words = {"ticket": ticket} | ({} if meeting.stream is None else {"stream": meeting.stream})
    first = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": json.dumps(first_words)}]
    closed: int | None = None

    async def from_phone() -> dict[str, Any]:
        return first.pop(0) if first else await inbox.next_of_both()

    async def to_both(message: Any) -> None:
        nonlocal closed
        if message["type"] == "websocket.send":
            told = json.loads(message["text"])
            meeting.stream = told.get("stream", meeting.stream)
            meeting.is_aligned = told.get("is_aligned", meeting.is_aligned)
            if meeting.phone is inbox:
                meeting.tell_screen(told)
            told["watched"] = meeting.is_watched
            await messages.tell(send, told)
        elif message["type"] == "websocket.close":
            closed = message["code"]
            if not meeting.stopped.is_set():
                await send(message)

    as_sensor = {
        **scope,
        "path": live_tickets.SOCKET_PATH,
        "upperback.wire": None,  # what the phone is told goes to the screen, too
        "upperback.installation": pairing.by.id,
        "upperback.actor": pairing.by,
        "upperback.still_in": meeting.still_in,  # of the browser that offered: the phone is in for no longer
    }
    await live_socket(as_sensor, from_phone, to_both)
    if meeting.stopped.is_set() and inbox.code is None:
        await messages.end(send, _STOPPED)
    return closed


class _Inbox:
    """Messages of the phone. None is lost when nobody waits for it any more."""

    def __init__(self, receive: Receive, meeting: Meeting) -> None:
        self._receive = receive
        self._coming: asyncio.Task[Any] | None = None
        self._meeting = meeting
        self._stopped = asyncio.create_task(meeting.stopped.wait())
        self._asked: asyncio.Task[dict[str, Any]] | None = None
        self._was_heard = False
        self.code: int | None = None
        """That the phone left with."""

    async def next_or(self, *others: "asyncio.Task[Any]") -> dict[str, Any] | None:
        """The next message, or None when another comes first. Raises Closed when the phone is gone."""
        if self._coming is None:
            self._coming = asyncio.ensure_future(self._receive())
        await asyncio.wait({self._coming, *others}, return_when=asyncio.FIRST_COMPLETED)
        if not self._coming.done():
            return None
        message, self._coming = self._coming.result(), None
        if message.get("bytes") is not None and not self._was_heard:
            self._was_heard = True
            self._meeting.is_heard()
        if message["type"] == "websocket.disconnect":
            self.code = int(message.get("code") or 1005)
            self._stopped.cancel()
            if self._asked is not None:
                self._asked.cancel()
            raise Closed(self.code)
        return dict(message)

    async def next_of_both(self) -> dict[str, Any]:
        """The next message, or what the screen asks; when that is to stop, as if the phone had left on purpose."""
        if self._asked is None:
            self._asked = asyncio.create_task(self._meeting.asked.get())
        message = None
        try:
            if not (self._stopped.done() or self._asked.done()):
                message = await self.next_or(self._stopped, self._asked)
        except Closed as left:
            return {"type": "websocket.disconnect", "code": left.code}
        if message is not None:
            return message
        if self._asked.done() and not self._stopped.done():
            asked, self._asked = self._asked.result(), None
            return {"type": "websocket.receive", "text": json.dumps(asked)}
        self._asked.cancel()
        return {"type": "websocket.disconnect", "code": 1000}
