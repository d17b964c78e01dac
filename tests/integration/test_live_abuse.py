"""Somebody who does not read, or who sends too much, over real sockets: bounded here, and nobody else notices."""

import asyncio
import json
import socket as sockets
import types
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
import uvicorn

from tests.bench.live_load import Load, Sensor
from upperback.services import audit, live, live_store
from upperback.services.live import Hello
from upperback.services.live_store import Saving
from upperback.web.live import hub, pace, socket, wire
from upperback.web.live.hub import Wearer
from upperback.web.live.wire import Wire
from upperback.web.serve import _MESSAGE_BYTES_MAX, _Beside

MADE: list[Sensor] = []
"""To be closed at the end, whatever became of them."""
ANSWER = {"now": {"words": "x" * 400}}


class Sitting:
    """One that measures nothing and answers every frame at length; what a socket does with it is what is looked at."""

    needs_look = disturbs = is_aligned = False

    def __init__(self, number: int) -> None:
        self.stream = types.SimpleNamespace(uuid=uuid.uuid4(), pk=number)
        self.profile = types.SimpleNamespace(uuid=uuid.uuid4(), pk=number)
        self.by, self.next_number = None, 0
        self.put_here: list[int] = []

    def enter(self, crowd: Any) -> None: ...
    def leave(self) -> None: ...
    def look(self, *, now: Any) -> None: ...

    def put(self, frame: bytes) -> list[Any]:
        self.put_here.append(int.from_bytes(frame[4:8], "little"))
        return []

    def take(self) -> list[Any]:
        return [ANSWER]

    def saving(self) -> Saving:
        return Saving(stream=self.stream.pk, turn=1, profile=1, next_number=None, state=b"", minutes=[])


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No database, and everything a hundred times as soon."""

    def begin(*, hellos: Sequence[Hello], now: Any) -> list[Any]:
        return [Sitting(int(hello.token)) for hello in hellos]

    monkeypatch.setattr(live, "begin", begin)
    monkeypatch.setattr(live, "finish", lambda **_: None)
    monkeypatch.setattr(live_store, "save", lambda **_: frozenset())
    monkeypatch.setattr(audit, "changed_since", lambda event, but: (0, frozenset()))
    monkeypatch.setattr(hub, "TICK_S", 0.005)
    monkeypatch.setattr(hub, "_SWEEP_S", 0.02)
    monkeypatch.setattr(hub, "_STUCK_S", 0.2)
    monkeypatch.setattr(wire, "_RESTS_S", 0.005)
    monkeypatch.setattr(pace, "_TOO_FAST_S", 0.2)


@asynccontextmanager
async def serving() -> AsyncIterator[Load]:
    """The socket in uvicorn, as `serve` has it but for the front door."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await socket.live_socket({**scope, "path": "/live/socket/"}, receive, send)

    with sockets.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app, ws=Wire, ws_max_size=_MESSAGE_BYTES_MAX, ws_per_message_deflate=False, lifespan="off", log_config=None
        )
        server = _Beside(config, listener)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await server.is_up.wait()
        try:
            yield Load(listener.getsockname()[1], "", 12, 1.0)
        finally:
            while MADE:
                (sensor := MADE.pop()).cut()
                await sensor.gone
            server.should_exit = True
            await task


async def connected(load: Load, number: int, *, received_bytes_max: int | None = None) -> Sensor:
    line = sockets.socket()
    if received_bytes_max is not None:
        line.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, received_bytes_max)
    line.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(line, ("127.0.0.1", load.port))
    _, sensor = await loop.create_connection(lambda: Sensor(load, str(number)), sock=line)
    MADE.append(sensor)
    await sensor.ready
    return sensor


async def until(what: Callable[[], bool], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not what():  # noqa: ASYNC110  there is no event for it: it is looked at from outside
            await asyncio.sleep(0.005)


def run(test: Callable[[Load], Awaitable[None]]) -> None:
    async def in_server() -> None:
        async with serving() as load:
            await test(load)

    asyncio.run(in_server())


def wearer_of(number: int) -> Wearer:
    return next(wearer for wearer in hub.hub()._wearers if wearer.sitting.profile.pk == number)


def unsent_bytes(wearer: Wearer) -> int:
    assert isinstance(wearer.line, Wire)
    return wearer.line.transport.get_write_buffer_size() + len(json.dumps(wearer.told))


def test_who_does_not_read_is_let_go_of_and_nobody_else_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_MESSAGES_A_SECOND", 10_000.0)

    async def test(load: Load) -> None:
        reads, slow = await connected(load, 1), await connected(load, 2, received_bytes_max=4096)
        heard: list[bytes] = []
        monkeypatch.setattr(reads, "_hear", heard.append)
        wearer, most = wearer_of(2), 0
        slow.pause_reading()
        answered_late = 0
        while wearer in hub.hub()._wearers:
            slow.frame()
            reads.frame()
            before = len(heard)
            await until(lambda: len(heard) > before)  # noqa: B023
            answered_late += not wearer.line.is_free()
            most = max(most, unsent_bytes(wearer))
        assert wearer.stopped is not None
        assert wearer.stopped.code == hub.TOO_MUCH
        assert 8 * 1024 < most < 10 * 1024, "what nobody reads is kept up to here and no further"
        assert answered_late > 5, "others went on being answered meanwhile"
        assert len(hub.hub()) == 1
        assert isinstance(wearer.line, Wire)
        await until(lambda: wearer.line.disconnected)  # type: ignore[attr-defined]
        assert not reads.is_stopped

    run(test)


def test_who_reads_again_in_time_gets_the_newest_and_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_MESSAGES_A_SECOND", 10_000.0)
    monkeypatch.setattr(hub, "_STUCK_S", 60.0)

    async def test(load: Load) -> None:
        slow = await connected(load, 1, received_bytes_max=4096)
        wearer = wearer_of(1)
        slow.pause_reading()
        while wearer.line.is_free() or not wearer.told:
            slow.frame()
            await asyncio.sleep(0.005)
        for _ in range(20):
            slow.frame()
            await asyncio.sleep(0.01)
        assert list(wearer.told) == ["now"], "newer answers take the place of older ones"
        heard: list[bytes] = []
        monkeypatch.setattr(slow, "_hear", heard.append)
        slow.resume_reading()
        await until(lambda: wearer.line.is_free() and not wearer.told)
        assert wearer in hub.hub()._wearers

    run(test)


def test_a_burst_waits_at_its_sender_and_all_of_it_is_worked_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "TICK_S", 0.01)
    monkeypatch.setattr(pace, "_BYTES_AT_ONCE", 10_000_000.0)

    async def test(load: Load) -> None:
        load.n_samples, load.first, load.worn = 500, [bytes(14_000)], [bytes(14_000)]
        sensor = await connected(load, 1)
        wearer, most = wearer_of(1), 0
        put_here: list[int] = wearer.sitting.put_here  # type: ignore[attr-defined]
        after_tick, tick = [0], hub.hub().crowd.tick

        def counts() -> None:
            after_tick.append(len(put_here))
            tick()

        monkeypatch.setattr(hub.hub().crowd, "tick", counts)
        for _ in range(200):
            sensor.frame()

        def done() -> bool:
            nonlocal most
            most = max(most, sum(len(one) for one in wearer.waiting))
            return len(put_here) == 200

        await until(done)
        assert put_here == list(range(200))
        assert max(np.diff(after_tick)) == hub._FRAMES_A_TICK, "others do not wait for more of one"
        assert 0 < most <= hub._WAITING_BYTES_MAX + len(wire._READ) + _MESSAGE_BYTES_MAX
        assert not sensor.is_stopped

    run(test)


@pytest.mark.parametrize("heavy", [True, False])
def test_who_sends_too_many_or_too_much_is_told_and_closed(heavy: bool) -> None:
    async def test(load: Load) -> None:
        if heavy:
            load.n_samples, load.first, load.worn = 500, [bytes(14_000)], [bytes(14_000)]
        floods, other = await connected(load, 1), await connected(load, 2)
        wearer, began_s = wearer_of(1), asyncio.get_running_loop().time()
        for _ in range(300 if heavy else 600):
            floods.frame()
        await until(lambda: floods.is_stopped)
        assert load.closed == 1, "it was told why"
        assert wearer.stopped is not None
        assert wearer.stopped.code == hub.TOO_MUCH
        some = 20  # those that wait
        at_once, a_second = (
            (pace._BYTES_AT_ONCE / 14_000, pace._BYTES_A_SECOND / 14_000)
            if heavy
            else (pace._MESSAGES_AT_ONCE, pace._MESSAGES_A_SECOND)
        )
        most = at_once + a_second * (asyncio.get_running_loop().time() - began_s) + some
        assert len(wearer.sitting.put_here) <= most  # type: ignore[attr-defined]
        assert not other.is_stopped

    run(test)


def test_who_sends_on_after_the_end_is_cut_off() -> None:
    async def test(load: Load) -> None:
        floods = await connected(load, 1)
        wearer = wearer_of(1)
        wearer.stop("That is all", hub.TOO_MUCH)
        load.n_samples, load.first, load.worn = 500, [bytes(14_000)], [bytes(14_000)]
        floods.pause_reading()  # and does not want to know
        assert isinstance(wearer.line, Wire)
        async with asyncio.timeout(5):  # half as long as it would linger
            while not wearer.line.disconnected:
                floods.frame()
                await asyncio.sleep(0.005)

    run(test)


def test_messages_longer_than_any_frame_are_refused() -> None:
    async def test(load: Load) -> None:
        load.first = load.worn = [bytes(_MESSAGE_BYTES_MAX)]
        long, other = await connected(load, 1), await connected(load, 2)
        long.frame()
        await until(lambda: long.is_stopped)
        assert not other.is_stopped

    run(test)
