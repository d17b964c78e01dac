"""The short way of a socket hears what the library alone hears, however it is cut, and refuses what it refuses."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from upperback.web.live import wire
from upperback.web.live.wire import AsgiLine, Wire

MOST = 2000


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has had their turn has the next one at once."""
    monkeypatch.setattr(wire, "_RESTS_S", 0.0)


OPENING = (
    b"GET /live/socket/ HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
BINARY, TEXT, REST, PING, FINAL = 2, 1, 0, 9, 0x80
MASK = b"\x01\x02\x03\x04"


def frame(kind: int, payload: bytes, *, final: bool = True, mask: bytes | None = MASK, more: int = 0) -> bytes:
    """As a browser sends it, or, without a mask or with `more` bits, as none does."""
    n, bit = len(payload), 0 if mask is None else 0x80
    size = bytes([bit | n]) if n < 126 else bytes([bit | 126]) + n.to_bytes(2, "big")
    head = bytes([(FINAL if final else 0) | more | kind]) + size
    if mask is None:
        return head + payload
    return head + mask + bytes(byte ^ mask[k % 4] for k, byte in enumerate(payload))


class Pipe(asyncio.Transport):
    """What was written to it; a reader who is slow lets things pile up."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_paused = self.is_cut = self.is_over = False
        self.high: int | None = None

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high = high

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def is_closing(self) -> bool:
        return self.is_over

    def close(self) -> None:
        self.is_over = True

    def abort(self) -> None:
        self.is_cut = self.is_over = True


Talk = Callable[[Any, Pipe, list[Any]], Any]


def talk(
    kind: type[WebSocketsSansIOProtocol], do: Talk, *, hears: Callable[[Any], bool] = lambda message: True
) -> Pipe:
    """Opens a socket of this kind, whose messages go to a list, and does something with it."""
    pipe, heard = Pipe(), list[Any]()

    def takes(message: Any) -> bool:
        if is_taken := hears(message):
            heard.append(message)
        return is_taken

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        if (line := scope.get("upperback.wire")) is not None:
            line.listen(takes, lambda: heard.append("free"))
        while True:
            heard.append(message := await receive())
            if message["type"] == "websocket.disconnect":
                return

    async def run() -> None:
        config = Config(app, ws=kind, ws_max_size=MOST, ws_per_message_deflate=False, log_config=None)
        config.load()
        protocol = kind(config, ServerState(), {})
        protocol.connection_made(pipe)
        protocol.data_received(OPENING)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert b" 101 " in pipe.written
        pipe.written = b""
        if (later := do(protocol, pipe, heard)) is not None:
            await later
        if not protocol.disconnected:
            protocol.connection_lost(None)
        await asyncio.gather(*protocol.tasks)

    asyncio.run(run())
    return pipe


def heard_of(kind: type[WebSocketsSansIOProtocol], chunks: Sequence[bytes]) -> tuple[list[Any], bytes]:
    """The messages, and what was sent back."""
    found: list[Any] = []

    async def all_of(protocol: Any, heard: list[Any]) -> None:
        for chunk in chunks:
            if not protocol.transport.is_closing():
                protocol.data_received(chunk)
        for _ in range(3 * len(chunks) + 50):
            await asyncio.sleep(0)
        found.extend(heard)

    pipe = talk(kind, lambda protocol, pipe, heard: all_of(protocol, heard))
    return found, pipe.written


#: What a browser sends.
messages = st.one_of(
    st.binary(max_size=300).map(lambda data: [frame(BINARY, data)]),
    st.binary(max_size=20).map(lambda data: [frame(BINARY, data * 15)]),
    st.text(max_size=50).map(lambda text: [frame(TEXT, text.encode())]),
    st.binary(max_size=10).map(lambda data: [frame(PING, data)]),
    st.tuples(st.binary(max_size=10), st.binary(max_size=10)).map(
        lambda both: [frame(BINARY, both[0], final=False), frame(PING, b""), frame(REST, both[1])]
    ),
)
#: What ends it.
wrong = st.sampled_from(
    [
        frame(BINARY, b"plain", mask=None), frame(BINARY, b"bits", more=0x40), frame(3, b"kind"), frame(REST, b"what"),
        frame(BINARY, bytes(MOST + 1)), frame(PING, bytes(126)), frame(BINARY, b"a", final=False) + frame(BINARY, b"b"),
        frame(TEXT, b"\xff\xfe"), frame(8, b"\x03\xe8"),
    ]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(messages, max_size=8), st.none() | wrong, st.lists(st.integers(0, 3000), max_size=12))
def test_it_hears_and_answers_what_the_library_does(
    said: list[list[bytes]], last: bytes | None, cuts: list[int]
) -> None:
    frames = [part for message in said for part in message] + ([last] if last else []) + [frame(BINARY, b"after")]
    stream = b"".join(frames)
    places = sorted({0, len(stream), *(cut % len(stream) for cut in cuts)})
    chunks = [stream[one:other] for one, other in pairwise(places)]
    expected = heard_of(WebSocketsSansIOProtocol, frames)
    assert heard_of(Wire, chunks) == expected
    assert (expected[0][-1] == {"type": "websocket.receive", "bytes": b"after"}) == (last is None)


def test_messages_of_pieces_in_drops_are_gathered_once() -> None:
    """A frame that comes byte by byte is not looked at as a whole for each of them."""
    looked: list[int] = []
    measure = wire._measure

    def counts(data: bytes, at: int, most: int) -> tuple[int, int]:
        looked.append(len(data))
        return measure(data, at, most)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire, "_measure", counts)
        whole = frame(BINARY, bytes(range(250)) * 7)
        heard, _ = heard_of(Wire, [whole[k : k + 1] for k in range(len(whole))])
    assert heard == [{"type": "websocket.receive", "bytes": bytes(range(250)) * 7}]
    assert len(looked) < 10


def test_what_is_not_taken_waits_for_who_receives_and_all_after_it() -> None:
    taken: list[Any] = []

    def hears(message: Any) -> bool:
        taken.append(message)
        return len(taken) < 2

    async def three(protocol: Any, heard: list[Any]) -> None:
        for part in (b"1", b"2", b"3"):
            protocol.data_received(frame(BINARY, part))
        for _ in range(20):
            await asyncio.sleep(0)
        assert [message["bytes"] for message in heard] == [b"1", b"2", b"3"]

    talk(Wire, lambda protocol, pipe, heard: three(protocol, heard), hears=hears)
    assert [message["bytes"] for message in taken] == [b"1", b"2"]


def test_nobody_is_heard_for_long_while_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what comes at once a few frames are looked at, of any kind; the rest in its order, after their turn."""
    monkeypatch.setattr(wire, "_RESTS_S", 0.01)
    monkeypatch.setattr(wire, "_FRAMES_AT_ONCE", 8)
    sent = [f"{k}".encode() for k in range(20)]
    counts: list[int] = []

    async def floods(protocol: Any, pipe: Pipe, heard: list[Any]) -> None:
        protocol.data_received(b"".join(frame(BINARY, one) + frame(PING, b"") for one in sent) + frame(8, b"\x03\xe8"))
        assert pipe.is_paused
        while not pipe.is_over:
            counts.append(len(heard))
            await asyncio.sleep(0.001)
        await asyncio.sleep(0)
        assert [one.get("bytes") for one in heard[:20]] == sent
        assert heard[20]["code"] == 1000

    talk(Wire, floods)
    assert sorted(set(counts)) == [4, 8, 12, 16, 20][: len(set(counts))]
    assert len(set(counts)) > 3


def test_what_waits_when_it_is_closed_from_here_is_looked_through_for_the_answer() -> None:
    async def closes(protocol: Any, pipe: Pipe) -> None:
        protocol.hold()
        protocol.data_received(frame(BINARY, b"late") * 3 + frame(8, b"\x03\xf5"))
        await protocol.send({"type": "websocket.close", "code": 1013})
        assert pipe.is_over, "the other side knows"

    talk(Wire, lambda protocol, pipe, heard: closes(protocol, pipe))


def test_while_held_nothing_is_read_also_after_a_text() -> None:
    paused: list[bool] = []

    def held(protocol: Any, pipe: Pipe, heard: list[Any]) -> None:
        protocol.hold()
        protocol.data_received(frame(TEXT, b"{}"))
        paused.append(pipe.is_paused)
        protocol.go_on()
        paused.append(pipe.is_paused)
        protocol.data_received(frame(TEXT, b"{}"))
        paused.append(pipe.is_paused)

    talk(Wire, held)
    assert paused == [True, False, False]


def test_a_reader_who_is_slow_is_told_again_when_they_have_read() -> None:
    def slow(protocol: Any, pipe: Pipe, heard: list[Any]) -> None:
        assert pipe.high == 8 * 1024
        assert protocol.is_free()
        protocol.tell(b"x" * 200)
        protocol.pause_writing()
        assert not protocol.is_free()
        assert heard == []
        protocol.resume_writing()
        assert protocol.is_free()
        assert heard == ["free"]

    pipe = talk(Wire, slow)
    assert pipe.written[:4] == b"\x81\x7e\x00\xc8"
    assert pipe.written[4:204] == b"x" * 200


@pytest.mark.parametrize(
    ("n", "head"), [(125, b"\x81\x7d"), (126, b"\x81\x7e\x00\x7e"), (70_000, b"\x81\x7f" + (70_000).to_bytes(8, "big"))]
)
def test_answers_of_any_length_are_framed(n: int, head: bytes) -> None:
    pipe = talk(Wire, lambda protocol, pipe, heard: protocol.tell(b"y" * n))
    assert pipe.written.startswith(head + b"y" * n)


def test_nothing_is_told_to_who_has_left() -> None:
    def left(protocol: Any, pipe: Pipe, heard: list[Any]) -> None:
        protocol.data_received(frame(8, b"\x03\xe8"))
        pipe.written = b""
        protocol.tell(b"{}")
        assert pipe.written == b""

    talk(Wire, left)


def test_who_does_not_read_to_the_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_LINGER_S", 0.0)

    async def ends(protocol: Any) -> None:
        protocol.data_received(frame(8, b"\x03\xe8"))  # the app ends; the transport closes, but never loses its line
        for _ in range(20):
            await asyncio.sleep(0)
        assert protocol.transport.is_cut

    talk(Wire, lambda protocol, pipe, heard: ends(protocol))


def test_a_line_of_any_server_is_free_once_it_has_sent() -> None:
    sent: list[Any] = []

    async def run() -> None:
        gate = asyncio.Event()

        async def send(message: Any) -> None:
            await gate.wait()
            sent.append(message)

        line = AsgiLine(send)
        line.listen(lambda message: True, lambda: sent.append("free"))
        assert line.is_free()
        line.tell(b"{}")
        await asyncio.sleep(0)
        assert not line.is_free()
        gate.set()
        for _ in range(5):
            await asyncio.sleep(0)
        assert line.is_free()
        line.hold()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(line.free_to_hear(), 0.01)
        line.go_on()
        await line.free_to_hear()
        gate.clear()
        line.tell(b"{}")
        await asyncio.sleep(0)
        line.cut()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert line.is_free()

    asyncio.run(run())
    assert sent == [{"type": "websocket.send", "text": "{}"}, "free"]
