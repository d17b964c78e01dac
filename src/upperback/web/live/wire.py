"""WebSockets for thousands of small messages a second: no task, no queue and no event for each of them.

`Wire` is uvicorn's protocol with a short way for what is nearly everything here: a whole binary message goes straight
to who listens, and an answer straight out. Opening, texts, pings, pieces of messages, the end, and whatever is not as
it should be, are left to the library. A `Line` is what the hub knows of it; `AsgiLine` is one of any ASGI server.
"""

import asyncio
import contextlib
from collections.abc import Callable
from socket import SO_RCVBUF, SO_SNDBUF, SOL_SOCKET
from typing import Any, Final, Protocol

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from upperback.web.static_files import Scope, Send

try:
    from websockets.speedups import apply_mask
except ImportError:  # where the library is not compiled
    from websockets.utils import apply_mask

Message = dict[str, Any]
#: Takes a message, or leaves it to who receives from the socket.
Hear = Callable[[Message], bool]

#: Answers that nobody reads wait here, so many bytes of them, and in the system, which takes twice of what it is told.
_UNSENT_BYTES_MAX: Final = 8 * 1024
_SYSTEM_OUT_BYTES_MAX, _SYSTEM_IN_BYTES_MAX = 16 * 1024, 64 * 1024
#: What is read at once: more than the longest message.
_READ: Final = memoryview(bytearray(64 * 1024))
#: After the end, a side that does not read is waited for so long.
_LINGER_S: Final = 10.0
#: Who goes on sending after it was closed is listened to for so long, to hear that they know, and is cut off.
_AFTER_CLOSE_BYTES_MAX: Final = 256 * 1024

#: Of one line, of whatever kind, pings too: then the others are read first, for as long as a tick.
_FRAMES_AT_ONCE: Final = 16
_RESTS_S: Final = 0.05

_WHOLE_BINARY, _MASKED, _CONTROL, _FINAL = 0x82, 0x80, 0x08, 0x80
_CONTROL_BYTES_MAX: Final = 125


class Line(Protocol):
    """What a wearer is told by."""

    def is_free(self) -> bool:
        """What was told so far is on its way: it may be told more."""
        ...

    def listen(self, hear: Hear, on_free: Callable[[], None]) -> None:
        """From now on messages go to `hear`, where they can; `on_free` when it may be told more again."""
        ...

    def tell(self, text: bytes) -> None:
        """UTF-8. Only while it is free."""
        ...

    def hold(self) -> None:
        """Nothing more should come for now."""
        ...

    def go_on(self) -> None:
        """It may come again."""
        ...

    async def free_to_hear(self) -> None:
        """Waits while it is held, where that is not done below."""
        ...

    def cut(self) -> None:
        """Ends it, whatever was not sent."""
        ...


class Wire(WebSocketsSansIOProtocol, asyncio.BufferedProtocol):
    """A WebSocket of uvicorn that is also a `Line`. Applications find it in the scope as `upperback.wire`.

    All read into the same bytes, one after the other: a buffer each would be made and thrown away for every message.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._hear: Hear | None = None
        self._on_free: Callable[[], None] | None = None
        self._part = bytearray()
        """What is still to be looked at, and how much of it there has to be: the rest of a frame is not there yet."""
        self._needed = self._after_close_bytes = self._frames = 0
        self._again_s = 0.0
        self._in_pieces = self._left_to_library = self._held = self._rests = False

    # ---- what comes ----

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go."""
        return _READ

    def buffer_updated(self, nbytes: int) -> None:
        """They are there."""
        self.data_received(bytes(_READ[:nbytes]))

    def data_received(self, data: bytes) -> None:
        if self._left_to_library or not self.handshake_initiated:
            super().data_received(data)
            return
        if self.close_sent:
            self._after_close_bytes += len(data)
            if self._after_close_bytes > _AFTER_CLOSE_BYTES_MAX:
                self.transport.abort()
                return
        if self._part:
            self._part += data
            if len(self._part) < self._needed or self._waits:
                return
            data, self._part = bytes(self._part), bytearray()
        if (now_s := self.loop.time()) >= self._again_s:
            self._frames, self._again_s = 0, now_s + _RESTS_S
        self._take(data)

    def _take(self, data: bytes) -> None:
        at, end = 0, len(data)
        while at < end:
            if self._waits:
                self._part += data[at:]
                self._needed = 0
                return
            head, size = _measure(data, at, self.config.ws_max_size)
            if size < 0:  # it will be refused: by the library, in its own words
                self._left_to_library = True
                super().data_received(data[at:])
                return
            if end - at < head + size:
                self._part += data[at:]
                self._needed = head + size
                return
            self._frames += 1
            if self._frames >= _FRAMES_AT_ONCE:
                self._rest()
            first = data[at]
            if (
                first == _WHOLE_BINARY and self._hear is not None and not self._in_pieces
                and data[at + 1] & _MASKED and self.conn.state is State.OPEN
            ):  # fmt: skip
                payload = apply_mask(data[at + head : at + head + size], data[at + head - 4 : at + head])
                self._pass_on({"type": "websocket.receive", "bytes": payload})
            else:
                if not first & _CONTROL:
                    self._in_pieces = not first & _FINAL
                super().data_received(data[at : at + head + size])
            at += head + size

    @property
    def _waits(self) -> bool:
        """Nothing more is to be heard for now: it is held, had its turn, or the application has not received."""
        return self._held or self._rests or self.read_paused

    def _rest(self) -> None:
        if not self._rests:
            self._rests = True
            self.transport.pause_reading()
            self.loop.call_at(self._again_s, self._rested)

    def _rested(self) -> None:
        self._rests, self._again_s = False, 0.0
        self._read_on()

    def _read_on(self) -> None:
        """What came and waits, then what comes."""
        if self._waits or self.disconnected:
            return
        if not self.transport.is_closing():
            self.transport.resume_reading()
        if len(self._part) >= max(1, self._needed):
            self.data_received(b"")

    async def receive(self) -> Any:
        """The next message."""
        message = await super().receive()
        if self._waits:
            self.transport.pause_reading()
        else:
            self._read_on()
        return message

    async def send(self, message: Any) -> None:
        """A message, or the end: then only the other side's is waited for."""
        await super().send(message)
        if message["type"] == "websocket.close":
            self._held = False
            self._read_on()

    def _pass_on(self, message: Message) -> None:
        if self._hear is None or not self._hear(message):
            self._hear = None  # from here on in their order, by receive()
            self.queue.put_nowait(message)  # type: ignore[arg-type]

    def send_receive_event_to_app(self) -> None:
        """Also what came to the library goes to who listens."""
        super().send_receive_event_to_app()
        if self._hear is not None:
            self._hand_over()

    def _hand_over(self) -> None:
        waiting = []
        while not self.queue.empty():
            waiting.append(self.queue.get_nowait())
        for message in waiting:
            if message["type"] == "websocket.receive":
                self._pass_on(dict(message))
            else:
                self.queue.put_nowait(message)
        self.read_paused = False
        self._read_on()

    # ---- a line ----

    def is_free(self) -> bool:
        return self.writable.is_set()

    def listen(self, hear: Hear, on_free: Callable[[], None]) -> None:
        self._hear, self._on_free = hear, on_free
        self.transport.set_write_buffer_limits(high=_UNSENT_BYTES_MAX)
        if (socket := self.transport.get_extra_info("socket")) is not None:
            # Left to itself the system gives somebody who does not read, or who is held, megabytes.
            socket.setsockopt(SOL_SOCKET, SO_SNDBUF, _SYSTEM_OUT_BYTES_MAX)
            socket.setsockopt(SOL_SOCKET, SO_RCVBUF, _SYSTEM_IN_BYTES_MAX)
        self._hand_over()

    def tell(self, text: bytes) -> None:
        if self.conn.state is State.OPEN and not self.disconnected:
            n = len(text)
            head = bytes((0x81, n)) if n < 126 else b"\x81" + (b"\x7e" + n.to_bytes(2) if n < 65536 else _long(n))
            self.transport.write(head + text)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._on_free is not None:
            self._on_free()

    def hold(self) -> None:
        self._held = True
        self.transport.pause_reading()

    def go_on(self) -> None:
        self._held = False
        self._read_on()

    async def free_to_hear(self) -> None:
        """The transport itself is held."""

    def cut(self) -> None:
        self.transport.abort()

    # ---- beginning and end ----

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            scope: Scope = self.scope  # type: ignore[assignment]
            scope["upperback.wire"] = self  # its task has not begun yet

    async def run_asgi(self) -> None:
        """The application; who has not read what was sent by the end of it holds nothing here for long."""
        await super().run_asgi()
        self._hear = self._on_free = None
        if not self.disconnected:
            self.loop.call_later(_LINGER_S, self.transport.abort)


def _measure(data: bytes, at: int, most: int) -> tuple[int, int]:
    """Bytes of the head and of the payload of a frame, as far as can be seen; -1 for one that cannot be taken."""
    if len(data) < at + 2:
        return 2, 0
    size = data[at + 1] & 0x7F
    masked = 4 if data[at + 1] & _MASKED else 0
    head = 2 + masked
    if size > _CONTROL_BYTES_MAX:
        n = 2 if size == 126 else 8
        head += n
        if len(data) < at + 2 + n:
            return head, 0
        size = int.from_bytes(data[at + 2 : at + 2 + n])
        if data[at] & _CONTROL or size > most:
            return head, -1
    return head, size


def _long(n: int) -> bytes:
    return b"\x7f" + n.to_bytes(8)


class AsgiLine:
    """By the sending of an ASGI server, which may hang."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._sending: asyncio.Task[None] | None = None
        self._on_free: Callable[[], None] = lambda: None
        self._may_come = asyncio.Event()
        self._may_come.set()

    def is_free(self) -> bool:
        return self._sending is None

    def listen(self, hear: Hear, on_free: Callable[[], None]) -> None:
        """Messages come from `receive`, and who receives them hands them on."""
        self._on_free = on_free

    def tell(self, text: bytes) -> None:
        self._sending = asyncio.get_running_loop().create_task(self._send_one(text))

    async def _send_one(self, text: bytes) -> None:
        try:
            with contextlib.suppress(OSError, RuntimeError):  # the other side is gone: the receiving end tells it, too
                await self._send({"type": "websocket.send", "text": text.decode()})
        finally:
            self._sending = None
        self._on_free()

    def hold(self) -> None:
        self._may_come.clear()

    def go_on(self) -> None:
        self._may_come.set()

    async def free_to_hear(self) -> None:
        await self._may_come.wait()

    def cut(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
