"""How many wearers one core serves live: the real server on one core, the load on the other, a plain way beside it.

    python -m tests.bench.bench_live                        300 wearers for 20 s, then the plain way
    python -m tests.bench.bench_live load --wearers 5000 --seconds 600
    python -m tests.bench.bench_live load --wearers 400 --samples 5 --per-second 10 --seconds 600
    python -m tests.bench.bench_live restart --wearers 300  killed and started again under load
    python -m tests.bench.bench_live abuse --wearers 600 --rounds 5   slow readers and floods beside the others

Prints the machine and what else it did (load average), and asserts nothing about time. Late is from sending a frame to
the answer that knows it, on the side of the load, so the load's own work is in it. `lost`: frames that were
acknowledged and are not stored.
"""

import argparse
import asyncio
import os
import platform
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench import live_load
from tests.bench.live_load import OURS, PLAIN, Load, Sensor, Server, percentile


def main() -> None:
    """The chosen measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=("load", "restart", "abuse"), default="load")
    parser.add_argument("--wearers", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--samples", type=int, default=50)
    parser.add_argument("--per-second", type=float, default=1.0)
    parser.add_argument("--plain", type=int, default=200, help="wearers of the plain way; 0: leave it out")
    parser.add_argument("--rounds", type=int, default=3, help="turns of `abuse`, alone and beside them")
    parser.add_argument("--kinds", nargs="+", choices=live_load.KINDS, default=live_load.KINDS, help="of `abuse`")
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.wearers, chosen.seconds, chosen.plain = 100, 5.0, 50
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {live_load.LOAD_CORE})
    load1, load5, _ = os.getloadavg()
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {os.cpu_count()} cores;")
    print(f"load average {load1:.1f} (1 min), {load5:.1f} (5 min) before")
    with tempfile.TemporaryDirectory() as folder:
        _set_up(Path(folder))
        asyncio.run({"load": _load, "restart": _restart, "abuse": _abuse}[chosen.what](Path(folder), chosen))
    if chosen.what == "load" and chosen.plain:
        asyncio.run(_plain(chosen))


def _set_up(data: Path) -> None:
    os.environ["UPPERBACK_DATA"], os.environ["DJANGO_SETTINGS_MODULE"] = str(data), "upperback.web.settings"
    import django

    django.setup()


def _prepare(server: Server, n: int, copies: int = 1) -> tuple[list[Any], list[list[str]]]:
    """People and tickets; `copies` tickets for each."""
    browser = server.cookie.partition("=")[2].split(".")[0]
    people = live_load.make_people(n)
    return people, [live_load.make_tickets(people, browser) for _ in range(copies)]


def _of(server: Server, chosen: argparse.Namespace) -> Load:
    return Load(server.port, server.cookie, chosen.samples, 1 / chosen.per_second)


async def _all(sensors: list[Sensor], load: Load, seconds: float) -> None:
    until = asyncio.get_running_loop().time() + seconds
    step = load.every_s / max(1, len(sensors))
    await asyncio.gather(*(sensor.run(until, k * step) for k, sensor in enumerate(sensors)))


async def _measured(
    server: Server, sensors: list[Sensor], load: Load, seconds: float, *, warm_s: float = 5.0
) -> dict[str, float]:
    await _all(sensors, load, warm_s)
    load.measures, load.sent = True, 0
    load.late_s.clear()
    began, used = time.perf_counter(), server.processor_s()
    await _all(sensors, load, seconds)
    took, cpu = time.perf_counter() - began, server.processor_s() - used
    load.measures = False
    return {
        "frames_per_s": load.sent / took,
        "p50_ms": 1000 * percentile(load.late_s, 50),
        "p99_ms": 1000 * percentile(load.late_s, 99),
        "max_ms": 1000 * max(load.late_s, default=float("nan")),
        "answered": len(load.late_s) / max(1, load.sent),
        "core_share": cpu / took,
        "us_per_frame": 1e6 * cpu / max(1, load.sent),
        "loop_late": took / seconds,
    }


def _say(title: str, figures: dict[str, float]) -> None:
    late = "  ".join(f"{name} {figures[f'{name}_ms']:.1f}" for name in ("p50", "p99", "max"))
    print(f"{title}: {figures['frames_per_s']:,.0f} frames/s, late {late} ms, {figures['answered']:.1%} answered,")
    print(f"    {figures['core_share']:.0%} of a core, {figures['us_per_frame']:.0f} us of it a frame")


async def _load(data: Path, chosen: argparse.Namespace) -> None:
    with live_load.serving(OURS, data) as server:
        _, (tickets,) = await asyncio.to_thread(_prepare, server, chosen.wearers)
        load = _of(server, chosen)
        # One first, so that what is loaded once, and some of it beside the work, does not count for each.
        sensors = await live_load.connect(load, tickets[:1])
        await _all(sensors, load, 9.0)
        before_kb = server.rss_kb()
        began = time.perf_counter()
        sensors += await live_load.connect(load, tickets[1:])
        print(f"{chosen.wearers} wearers connected in {time.perf_counter() - began:.0f} s")
        figures = await _measured(server, sensors, load, chosen.seconds)
        _say(f"ours, {chosen.wearers} wearers, stored", figures)
        kb = (server.rss_kb() - before_kb) / max(1, len(sensors) - 1)
        print(f"    p99 {figures['p99_ms']:.0f} ms (goal: 250 ms)")
        print(f"memory {kb:.0f} kB a wearer (goal: 60 kB), {server.rss_kb() / 1024:.0f} MB in all")
        acked = {str(sensor.stream): sensor.acked for sensor in sensors}
        for sensor in sensors:
            sensor.cut()
        lost = await asyncio.to_thread(_lost, acked)
        print(f"acknowledged {sum(number + 1 for number in acked.values()):,} frames, lost {lost} (goal: 0)")


def _lost(acked: dict[str, int]) -> int:
    """Frames that were acknowledged and are not stored."""
    from upperback.store.models import LiveStream

    stored = {str(row.uuid): row.next_number or 0 for row in LiveStream.objects.only("uuid", "next_number")}
    return sum(max(0, number + 1 - stored.get(stream, 0)) for stream, number in acked.items())


async def _plain(chosen: argparse.Namespace) -> None:
    try:
        import vqf  # noqa: F401
    except ImportError:
        print("the plain way (one VQF object a wearer, sample by sample): vqf is not installed here (see just peers)")
        return
    with tempfile.TemporaryDirectory() as folder, live_load.serving(PLAIN, Path(folder)) as server:
        load = _of(server, chosen)
        sensors = await live_load.connect(load, ["-"] * chosen.plain)
        _say(f"plain, {chosen.plain} wearers, nothing stored", await _measured(server, sensors, load, 15.0))


async def _restart(data: Path, chosen: argparse.Namespace) -> None:
    """Killed while everybody sends; who is cut off tries again every 100 ms and sends what is not acknowledged."""
    with live_load.serving(OURS, data) as server:
        _, (tickets, again) = await asyncio.to_thread(_prepare, server, chosen.wearers, 2)
        load = _of(server, chosen)
        sensors = await live_load.connect(load, tickets)
        run = asyncio.create_task(_all(sensors, load, 600.0))
        await asyncio.sleep(max(12.0, chosen.seconds))
        server.process.kill()
        await asyncio.to_thread(server.process.wait)
        port, cookie = server.port, server.cookie
        run.cancel()
    began = time.perf_counter()
    with live_load.serving(OURS, data, port=port) as server:
        up_s = time.perf_counter() - began
        server.cookie = cookie  # the same browser
        load = _of(server, chosen)
        took: list[float] = []
        resent: list[int] = []
        new = await asyncio.gather(
            *(_again(load, sensor, ticket, took, resent) for sensor, ticket in zip(sensors, again, strict=True))
        )
        figures = await _measured(server, list(new), load, 10.0)
        acked = {str(sensor.stream): sensor.acked for sensor in new}
        lost = await asyncio.to_thread(_lost, acked)
        behind = sum(one.acked < old.acked for one, old in zip(new, sensors, strict=True))
        print(f"{chosen.wearers} wearers; the server was up again after {up_s:.1f} s")
        print(
            f"reconnected p50 {percentile(took, 50):.2f}  p95 {percentile(took, 95):.2f} (goal: 3)  "
            f"max {max(took):.2f} s after it was up;"
        )
        print(f"    {sum(resent):,} frames sent again, {lost} acknowledged ones lost (goal: 0), {behind} went back")
        _say("afterwards", figures)


async def _again(load: Load, old: Sensor, ticket: str, took: list[float], resent: list[int]) -> Sensor:
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    first: int | None = None
    sensor = old
    while sensor is old:
        try:
            _, sensor = await loop.create_connection(
                lambda: Sensor(load, ticket, stream=old.stream), "127.0.0.1", load.port
            )
            first = await asyncio.wait_for(sensor.ready, 60)
        except (OSError, TimeoutError):
            sensor = old
            await asyncio.sleep(0.1)
    took.append(time.perf_counter() - began)
    assert first is None or first > old.acked, "it goes on before what was acknowledged"
    sensor.number, sensor.acked = first or 0, (first or 0) - 1
    resent.append(old.number - sensor.number)
    while sensor.number < old.number:
        sensor.frame()
        if sensor.number % 20 == 0:
            await asyncio.sleep(0.05)
    return sensor


async def _abuse(data: Path, chosen: argparse.Namespace) -> None:
    """Slow readers and floods beside the others, by turns with times in which nobody does that.

    Of a tenth more, a third do not read, with little room to receive, and have much to be told; a third send as much as
    just goes; the last third send without end. Whoever is closed comes back with another ticket, once a second. They
    are a process of their own: what is late is the others' answers, not the writing of a flood.
    """
    with live_load.serving(OURS, data) as server:
        n_bad = max(3, chosen.wearers // 10)
        people, (tickets,) = await asyncio.to_thread(_prepare, server, chosen.wearers + n_bad)
        load = _of(server, chosen)
        sensors = await live_load.connect(load, tickets[: chosen.wearers])
        browser = server.cookie.partition("=")[2].split(".")[0]
        await _all(sensors, load, 9.0)  # by now all is loaded
        watch = Watch(server)
        alone, beside = _Turns(f"{chosen.wearers} wearers alone"), _Turns(f"and {n_bad} that misbehave")
        closed = 0
        for _ in range(chosen.rounds):
            await alone.take(server, sensors, load, chosen.seconds)
            more = [
                await asyncio.to_thread(live_load.make_tickets, people[chosen.wearers :], browser)
                for _ in range(round(chosen.seconds) + 4)
            ]
            kinds = [chosen.kinds[k % len(chosen.kinds)] for k in range(n_bad)]
            async with live_load.misbehaving(server, kinds, more) as bad, watch:
                await beside.take(server, sensors, load, chosen.seconds)
            closed += bad.closed
        for turns in (alone, beside):
            turns.say()
        slower = beside.p99_ms / alone.p99_ms - 1
        print(f"memory grew by {watch.grown_mb:.1f} MB at most, that of the system for sockets by")
        print(f"    {watch.grown_system_mb:.1f} MB (goal: 64 MB); middle p99 {slower:+.0%} (goal: +20%);")
        print(f"    {closed} times it was said why and closed, and {load.closed} times to others")


class _Turns:
    """What was measured in several turns, together."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._late_s: list[float] = []
        self._each: list[dict[str, float]] = []

    async def take(self, server: Server, sensors: list[Sensor], load: Load, seconds: float) -> None:
        """One more."""
        self._each.append(await _measured(server, sensors, load, seconds, warm_s=2.0))
        self._late_s += load.late_s

    @property
    def p99_ms(self) -> float:
        """The middle one of all turns: one in which the machine did something else does not count."""
        return statistics.median(one["p99_ms"] for one in self._each)

    def say(self) -> None:
        """The figures of all turns, and the p99 of each."""
        mean = {name: statistics.fmean(one[name] for one in self._each) for name in self._each[0]}
        late = {f"p{percent}_ms": 1000 * percentile(self._late_s, percent) for percent in (50, 99)}
        _say(self._title, mean | late | {"max_ms": max(one["max_ms"] for one in self._each)})
        print("    p99 of each turn: " + "  ".join(f"{one['p99_ms']:.0f}" for one in self._each))


class Watch:
    """The most memory that is used while this runs."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._first = server.rss_kb() / 1024, live_load.socket_mb()
        self.grown_mb = self.grown_system_mb = 0.0

    async def __aenter__(self) -> None:
        self._runs = asyncio.create_task(self._run())

    async def __aexit__(self, *_: object) -> None:
        self._runs.cancel()
        await asyncio.gather(self._runs, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self.grown_mb = max(self.grown_mb, self._server.rss_kb() / 1024 - self._first[0])
            self.grown_system_mb = max(self.grown_system_mb, live_load.socket_mb() - self._first[1])
            await asyncio.sleep(0.1)


if __name__ == "__main__":
    main()
