"""A server of ours in a process of its own on one core, and a load of worn sensors from another: raw WebSockets.

Used by `bench_live`. The server is the real one: front door, tickets, hub, durable SQLite. People are copies of one
invented person with an open plan, since making thousands of plans would take longer than the measurement.
"""

import asyncio
import hashlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

ROOT: Final = Path(__file__).resolve().parents[2]
SERVER_CORE, LOAD_CORE = 0, 1
BROWSER_ID: Final = re.compile(rb"upperback_open=([^;]+)")


# ---- the server --------------------------------------------------------------------------------------------------


@dataclass
class Server:
    """A running server."""

    process: subprocess.Popen[str]
    port: int
    cookie: str = ""

    def rss_kb(self) -> int:
        """Memory that is in use."""
        text = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(next(line.split()[1] for line in text.splitlines() if line.startswith("VmRSS")))

    def processor_s(self) -> float:
        """Time of the processor so far, without its worker child."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(code: str, data: Path, *, port: int = 0) -> Iterator[Server]:
    """A server from this code, pinned to its core, until the end of the block."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    environment["UPPERBACK_DATA"] = str(data)
    with subprocess.Popen(
        [sys.executable, "-c", code, str(data), str(port)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            link = _first_link(process)
            cookie = ""
            if "/open/" in link:
                request = urllib.request.Request(link, method="GET")
                opener = urllib.request.build_opener(_NoRedirect)
                with suppress(urllib.error.HTTPError):
                    opener.open(request)
                cookie = _NoRedirect.cookie
            yield Server(process, int(link.split(":")[2].split("/")[0]), cookie)
        finally:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    cookie = ""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> None:
        type(self).cookie = str(headers.get("set-cookie", "")).split(";")[0]


def _first_link(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if (found := re.search(r"http://[\d.]+:\d+/\S*", line)) is not None:
            return found.group()
    raise RuntimeError("the server did not start")


OURS: Final = f"""
import os, pathlib, sys
os.sched_setaffinity(0, {{{SERVER_CORE}}})
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
from upperback.web.serve import serve
sys.exit(serve('127.0.0.1', int(sys.argv[2]), pathlib.Path(sys.argv[1]), browser=False, demo=True))
"""
PLAIN: Final = f"""
import os, sys
os.sched_setaffinity(0, {{{SERVER_CORE}}})
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
from tests.bench.plain_live import serve
serve(int(sys.argv[2]))
"""


# ---- people and tickets ------------------------------------------------------------------------------------------


def make_people(n: int) -> list[Any]:
    """Copies of the first invented person with an open plan. Django has to be set up on the server's data."""
    from django.utils import timezone

    from upperback.services import actors, demo, people, plans
    from upperback.store import models

    profile = next(one for one in people.list_profiles(by=actors.SYSTEM) if one.demo)
    demo.bring_to_life(profile=profile, now=timezone.now())
    plans.open_plan(profile=profile, by=actors.SYSTEM)
    first = {model: list(model.objects.filter(**where)) for model, where in _rows_of(models, profile)}
    made = [models.Profile(**{**_values(profile), "name": f"Wearer {number}", "demo": ""}) for number in range(n)]
    made = models.Profile.objects.bulk_create(made, batch_size=500)
    for one in range(0, n, 200):
        _copy(first, profile, made[one : one + 200])
    return made


def _rows_of(models: Any, profile: Any) -> list[tuple[Any, dict[str, Any]]]:
    return [
        (models.Screening, {"profile": profile}),
        (models.Decision, {"screening__profile": profile}),
        (models.Assessment, {"profile": profile}),
        (models.PlanVersion, {"profile": profile}),
    ]


def _values(row: Any) -> dict[str, Any]:
    return {
        field.attname: getattr(row, field.attname) for field in row._meta.fields if field.name not in {"id", "uuid"}
    }


def _copy(rows: dict[Any, list[Any]], profile: Any, people: list[Any]) -> None:
    """Rows of one person for many others, with what they refer to."""
    new: dict[tuple[Any, int, int], int] = {}
    for model, originals in rows.items():
        copies, keys = [], []
        for person in people:
            for row in originals:
                values = _values(row)
                for one in model._meta.fields:
                    if one.is_relation and values.get(one.attname) is not None:
                        target = one.related_model
                        key = (target, values[one.attname], person.pk)
                        values[one.attname] = person.pk if target is type(profile) else new.get(key)
                copies.append(model(**values))
                keys.append((model, row.pk, person.pk))
        for key, copy in zip(keys, model.objects.bulk_create(copies, batch_size=500), strict=True):
            new[key] = copy.pk


def make_tickets(people: list[Any], browser: str) -> list[str]:
    """A ticket for each, good for an hour; as `live_tickets` makes them, all in one."""
    from django.utils import timezone

    from upperback.store.models import LiveTicket

    now = timezone.now()
    tokens = [secrets.token_urlsafe(32) for _ in people]
    LiveTicket.objects.bulk_create(
        [
            LiveTicket(
                profile=person, token_sha256=hashlib.sha256(token.encode()).hexdigest(), made_at=now,
                ends_at=now + timedelta(hours=1), by=browser, by_kind="household",
            )
            for person, token in zip(people, tokens, strict=True)
        ],
        batch_size=500,
    )  # fmt: skip
    return tokens


# ---- a sensor ----------------------------------------------------------------------------------------------------

_LIES_SAMPLES, _PUT_ON_SAMPLES = 75, 200


def payloads(n_samples: int) -> tuple[list[bytes], list[bytes]]:
    """Frames without their heads: of a phone that lies and is put on, once; and of one that is worn, over and over.

    Times are uneven as phones have them, and rotation is that of the acceleration.
    """
    dice = np.random.default_rng(1)
    n_first, n_worn = -(-_PUT_ON_SAMPLES // n_samples), 16
    n = (n_first + n_worn) * n_samples
    # A phone that lies has its screen up, one that is worn stands on its edge and leans to and fro.
    upright = np.clip((np.arange(n) - _LIES_SAMPLES) / (_PUT_ON_SAMPLES - _LIES_SAMPLES), 0.0, 1.0)
    turns = 2 * np.pi * (np.arange(n) - n_first * n_samples) / (n_worn * n_samples)
    angle = np.radians(90 - 90 * upright + np.where(upright < 1, 0.0, 20 * np.sin(turns)))
    acc = 9.81 * np.stack([0 * angle, np.cos(angle), np.sin(angle)], axis=1) + dice.normal(0, 0.05, (n, 3))
    spin = np.degrees(np.gradient(angle)) * 50
    gyr = np.stack([-spin, 0 * spin, 0 * spin], axis=1) + dice.normal(0, 0.5, (n, 3))
    frames = []
    for first in range(0, n, n_samples):
        rows = slice(first, first + n_samples)
        times = np.arange(n_samples) * 20.0 + dice.uniform(-2, 2, n_samples)
        parts = (times - times[0], acc[rows], gyr[rows])
        frames.append(b"".join(part.astype("<f4").tobytes() for part in parts))
    return frames[:n_first], frames[n_first:]


@dataclass
class Load:
    """What all sensors of a run have in common, and what they found."""

    port: int
    cookie: str
    n_samples: int
    every_s: float
    first: list[bytes] = field(default_factory=list)
    worn: list[bytes] = field(default_factory=list)
    late_s: list[float] = field(default_factory=list)
    sent: int = 0
    lost: int = 0
    closed: int = 0
    measures: bool = False

    def __post_init__(self) -> None:
        self.first, self.worn = payloads(self.n_samples)

    def payload(self, number: int) -> bytes:
        """Of the frame with this number."""
        if number < len(self.first):
            return self.first[number]
        return self.worn[(number - len(self.first)) % len(self.worn)]


class Sensor(asyncio.Protocol):
    """One worn sensor: frames on time, whatever comes back."""

    def __init__(self, load: Load, ticket: str, stream: str | None = None, number: int = 0, acked: int = -1) -> None:
        self._load, self._ticket, self.stream = load, ticket, stream
        self.number, self.acked = number, acked
        self.ready: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._is_open = False
        self._waits_s = 0.0
        self.is_stopped = False
        self.room = asyncio.Event()
        self.room.set()
        self.first_ms = 0.0

    # -- the socket

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(
            f"GET /live/socket/ HTTP/1.1\r\nHost: 127.0.0.1:{self._load.port}\r\nOrigin: http://127.0.0.1:"
            f"{self._load.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nCookie: {self._load.cookie}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_open:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head:
                raise RuntimeError(head[:200])
            self._is_open, self._buffer = True, rest
            hello = {"ticket": self._ticket} | ({"stream": self.stream} if self.stream else {})
            self.send_text(json.dumps(hello))
        while (told := self._next()) is not None:
            self._hear(told)

    def _next(self) -> bytes | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, at = buffer[1] & 127, 2
        if size == 126:
            size, at = int.from_bytes(buffer[2:4], "big"), 4
        if len(buffer) < at + size:
            return None
        kind = buffer[0] & 15
        told, self._buffer = buffer[at : at + size], buffer[at + size :]
        if kind == 9:  # a ping
            self._send(10, told)
        if kind == 8:  # closed there
            self._send(8, told)
            self._transport.close()  # type: ignore[union-attr]
        return told if kind == 1 else b""

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_stopped = True
        self.room.set()
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("closed before it was ready"))
            self.ready.exception()
        if not self.gone.done():
            self.gone.set_result(None)

    def _send(self, kind: int, payload: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        n = len(payload)
        head = bytes([128 | kind, 128 | n]) if n < 126 else bytes([128 | kind, 254]) + n.to_bytes(2, "big")
        self._transport.write(head + b"\0\0\0\0" + payload)  # masked with zeros

    def send_text(self, text: str) -> None:
        self._send(1, text.encode())

    # -- what is said

    def _hear(self, told: bytes) -> None:
        if self._waits_s and b'"now"' in told:
            if self._load.measures:
                self._load.late_s.append(time.perf_counter() - self._waits_s)
            self._waits_s = 0.0
        if b'"ack"' in told or b'"ready"' in told or b'"stopped"' in told:
            said = json.loads(told)
            self.acked = max(self.acked, said.get("ack", -1))
            if "ready" in said:
                self.stream = said["stream"]
                self.ready.set_result(said["next"])
            if "stopped" in said:
                self._load.closed += 1

    def frame(self) -> None:
        """The next one."""
        n = self._load.n_samples
        head = b"\x01\x01" + n.to_bytes(2, "little") + self.number.to_bytes(4, "little")
        first_ms = np.float64(1000.0 + self.number * n * 20.0).tobytes()
        if self._waits_s == 0.0:
            self._waits_s = time.perf_counter()
        self._send(2, head + first_ms + self._load.payload(self.number))
        self.number += 1
        self._load.sent += 1

    async def run(self, until_s: float, offset_s: float) -> None:
        """Frames every so often."""
        loop = asyncio.get_running_loop()
        due = loop.time() + offset_s
        while loop.time() < until_s and not self.is_stopped:
            await asyncio.sleep(due - loop.time())
            self.frame()
            due += self._load.every_s

    def pause_writing(self) -> None:
        """The other side does not take more."""
        self.room.clear()

    def resume_writing(self) -> None:
        """It does again."""
        self.room.set()

    def pause_reading(self) -> None:
        """Does not listen any more."""
        assert self._transport is not None
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Listens again."""
        assert self._transport is not None
        self._transport.resume_reading()

    def cut(self) -> None:
        """The line is gone, without a word."""
        if self._transport is not None and not self.is_stopped:
            self._transport.abort()


async def connect(load: Load, tickets: list[str], at_once: int = 20) -> list[Sensor]:
    """Everybody, some at a time."""
    loop = asyncio.get_running_loop()
    gate = asyncio.Semaphore(at_once)

    async def one(ticket: str) -> Sensor:
        async with gate:
            _, sensor = await loop.create_connection(lambda: Sensor(load, ticket), "127.0.0.1", load.port)
            await sensor.ready
            return sensor

    return list(await asyncio.gather(*(one(ticket) for ticket in tickets)))


KINDS: Final = ("deaf", "heavy", "endless")


async def misbehave(kind: str, load: Load, tickets: list[str]) -> None:
    """Somebody who does not read (`deaf`), who sends as much as just goes (`heavy`), or without end; and comes back."""
    loop = asyncio.get_running_loop()
    for ticket in tickets:
        line = socket.socket()
        if kind == "deaf":
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.setblocking(False)
        sensor: Sensor | None = None
        try:
            await loop.sock_connect(line, ("127.0.0.1", load.port))
            _, sensor = await loop.create_connection(lambda: Sensor(load, ticket), sock=line)  # noqa: B023
            await sensor.ready
            if kind == "deaf":
                sensor.pause_reading()
            while not sensor.is_stopped:
                for _ in range({"deaf": 1, "heavy": 2, "endless": 20}[kind]):
                    await sensor.room.wait()
                    sensor.frame()
                await asyncio.sleep({"deaf": 0.025, "heavy": 0.2, "endless": 0.05}[kind])
        except OSError:
            pass
        finally:
            line.close() if sensor is None else sensor.cut()
        await asyncio.sleep(1.0)


@dataclass
class Misbehaving:
    """Those who do, in a process of their own; how often one of them was told why and closed, known at the end."""

    closed: int = 0


@asynccontextmanager
async def misbehaving(server: Server, kinds: list[str], tickets: list[list[str]]) -> AsyncIterator[Misbehaving]:
    """One for each of `kinds`, with its tickets of each row of `tickets`, until the end of the block."""
    found = Misbehaving()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.live_load", cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(json.dumps([server.port, server.cookie, kinds, tickets]).encode() + b"\n")
    await process.stdin.drain()
    try:
        yield found
    finally:
        process.stdin.close()
        assert process.stdout is not None
        found.closed = int(await process.stdout.read() or 0)
        await process.wait()


async def _misbehave_all() -> None:
    """In a process of its own: until the other side of the pipe has enough of it.

    It has what is left of the core: whoever measures there has to read an answer when it comes.
    """
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    port, cookie, kinds, tickets = json.loads(sys.stdin.readline())
    light, heavy = Load(port, cookie, 5, 0.02), Load(port, cookie, 500, 0.2)
    tasks = [
        asyncio.create_task(misbehave(kind, heavy if kind == "heavy" else light, [row[k] for row in tickets]))
        for k, kind in enumerate(kinds)
    ]
    await asyncio.to_thread(sys.stdin.read)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    print(light.closed + heavy.closed)


def socket_mb() -> float:
    """What the system keeps for all TCP sockets of this machine."""
    text = Path("/proc/net/sockstat").read_text(encoding="ascii")
    pages = int(re.search(r"^TCP:.* mem (\d+)", text, re.MULTILINE)[1])  # type: ignore[index]
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def percentile(values: list[float], percent: float) -> float:
    """Of a list; NaN of an empty one."""
    return float(np.percentile(values, percent)) if values else float("nan")


if __name__ == "__main__":
    asyncio.run(_misbehave_all())
