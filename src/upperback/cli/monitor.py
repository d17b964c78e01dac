"""monitor: a live source in a terminal, second by second."""

import argparse
import itertools
import math
import sys
import tempfile
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from upperback.cli.command import DONE, Command
from upperback.cli.progress import Bar
from upperback.core.errors import InputError

if TYPE_CHECKING:
    from upperback.devices.live import LiveSource, Marked
    from upperback.devices.simulate import Arrival
    from upperback.sensing.epochs import Epochs
    from upperback.sensing.monitor import Now
    from upperback.sensing.posture import PostureSummary
    from upperback.sensing.signal import Chunk
    from upperback.sensing.together import BothSecond, Together

#: Where the app runs that a phone is paired through.
ADDRESS: Final = "http://127.0.0.1:8000"
SOURCES: Final = ("simulated", "replay", "lsl", "polar", "phone")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", required=True, choices=SOURCES, help="where the samples come from")
    parser.add_argument("--recording", type=Path, metavar="FILE", help="replay: the recording to play")
    parser.add_argument("--stream", metavar="NAME", help="lsl: the stream; not needed where only one has acceleration")
    parser.add_argument(
        "--second", metavar="WHAT", help="the lower of two sensors on the back: lsl:NAME, polar, or polar:NAME; "
        "simulated: the name of the sensor",
    )  # fmt: skip
    parser.add_argument("--strap", metavar="NAME", help='polar: as printed on it, "Polar H10 12345678"')
    parser.add_argument("--person", metavar="NAME", help="phone: who wears it; not needed where only one lives here")
    parser.add_argument("--address", default=ADDRESS, help=f"phone: where the app runs (default: {ADDRESS})")
    parser.add_argument("--data", type=Path, help="phone: the data folder that the app was started with")
    parser.add_argument("--rate-hz", type=float, help="replay: samples a second, for a table without time stamps")
    parser.add_argument("--acc-unit", choices=("g", "mps2"), help="replay, lsl: unit of the accelerometer")
    parser.add_argument("--gyr-unit", choices=("dps", "radps"), help="replay, lsl: unit of the gyroscope")
    parser.add_argument(
        "--scenario", default="office-day", help="simulated: a name (upperback simulate --list) or file"
    )
    parser.add_argument("--seed", type=int, default=1, help="simulated: another day of the same kind")
    parser.add_argument("--speed", type=_speed, default=1.0, help="times as fast as it was, 1 to 100, or max")
    parser.add_argument("--seconds", type=float, help="end after so many seconds of the stream")
    parser.add_argument("--hints", action="store_true", help="say when a hint would come")
    parser.add_argument("--quiet", action="store_true", help="only the summary at the end")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")


def _speed(text: str) -> float:
    if text == "max":
        return math.inf
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 1 <= speed <= 100:
        raise argparse.ArgumentTypeError(f"{text}: 1 to 100, or max, is expected")
    return speed


def _run(chosen: argparse.Namespace) -> int:
    if chosen.seconds is not None and not chosen.seconds > 0:
        raise InputError(f"--seconds {chosen.seconds:g}: more than 0 is expected")
    if chosen.seed < 0:
        raise InputError(f"--seed {chosen.seed}: 0 or more is expected")
    if chosen.source == "phone":
        return _run_phone(chosen)
    with tempfile.TemporaryDirectory(prefix="upperback-") as folder:
        source = _open(chosen, Path(folder))
        second = None if chosen.second is None else _open_second(chosen)
        session = Session(source, second, hints=chosen.hints)
        say = _json_line if chosen.json else _plain_line
        try:
            for event in session.events(_arrivals(source, second, chosen)):
                if not (chosen.quiet and event["event"] in {"second", "both"}):
                    say(event)
        except KeyboardInterrupt:
            print(file=sys.stderr)
        say(session.summary())
    return DONE


def _run_phone(chosen: argparse.Namespace) -> int:
    from upperback.cli.phone import AppLine, PhoneSession  # a network client: not for every command

    if chosen.second is not None:
        raise InputError("--second does not go with --source phone")
    line = AppLine(address=chosen.address, data=chosen.data, person=chosen.person)
    session = PhoneSession(line, ask=_is_same)
    say = _json_line if chosen.json else _plain_line
    try:
        began_s: float | None = None
        for event in session.events():
            if not (chosen.quiet and event["event"] == "second"):
                say(event)
            if event["event"] == "second":
                began_s = event["time_s"] if began_s is None else began_s
                if chosen.seconds is not None and event["time_s"] - began_s >= chosen.seconds:
                    session.end()
                    break
    except KeyboardInterrupt:
        print(file=sys.stderr)
        session.end()
    finally:
        line.close()
    say(session.summary())
    return DONE


def _is_same(number: str) -> bool:
    """What the person at this terminal says; whoever says nothing says no."""
    print(
        f"Does the phone show {number} as well? Type yes or no, and press Enter: ", end="", file=sys.stderr, flush=True
    )
    return sys.stdin.readline().strip().casefold() in {"y", "yes"}


def _open(chosen: argparse.Namespace, folder: Path) -> "LiveSource":
    if chosen.source == "simulated":
        from upperback.devices.live import open_simulated

        return open_simulated(chosen.scenario, seed=chosen.seed)
    if chosen.source == "lsl":
        from upperback.devices.live import open_lsl

        return open_lsl(chosen.stream, acc_unit=chosen.acc_unit, gyr_unit=chosen.gyr_unit)
    if chosen.source == "polar":
        from upperback.devices.live import open_polar

        return open_polar(chosen.strap)
    if chosen.recording is None:
        raise InputError("--source replay needs --recording FILE")
    from upperback.devices.base import ReadOptions
    from upperback.devices.live import open_replay

    options = ReadOptions(rate_hz=chosen.rate_hz, acc_unit=chosen.acc_unit, gyr_unit=chosen.gyr_unit)
    with Bar(shown=sys.stderr.isatty() and not chosen.quiet) as bar:
        return open_replay(chosen.recording, folder, options, progress=bar.at)


def _open_second(chosen: argparse.Namespace) -> "LiveSource":
    from upperback.devices.live import open_lsl, open_polar, open_simulated

    if chosen.source == "simulated":
        return open_simulated(chosen.scenario, seed=chosen.seed, sensor=chosen.second)
    kind, _, name = chosen.second.partition(":")
    if kind == "lsl" and name:
        if chosen.source == "lsl" and chosen.stream in {None, name}:
            raise InputError("--second is to be another stream than --stream, and both have to be named")
        return open_lsl(name, acc_unit=chosen.acc_unit, gyr_unit=chosen.gyr_unit)
    if kind == "polar" and chosen.source != "polar":
        return open_polar(name or None)
    raise InputError(f"--second {chosen.second}: lsl:NAME, polar or polar:NAME is expected, and not one strap twice")


def _arrivals(
    source: "LiveSource", second: "LiveSource | None", chosen: argparse.Namespace
) -> "Iterator[tuple[int, Arrival]]":
    """Packets with 0, or 1 for those of the second sensor."""
    from upperback.devices.live import paced

    whose: deque[int] = deque()

    def packets() -> "Generator[Arrival]":
        if second is None:
            yield from source.packets()
            return
        for which, arrival in _of_both(source, second, chosen.source):
            whose.append(which)
            yield arrival

    first_s: float | None = None
    arrivals = packets()
    try:
        for arrival in paced(arrivals, speed=chosen.speed):
            first_s = arrival.chunk.start_s if first_s is None else first_s
            if chosen.seconds is not None and arrival.chunk.start_s - first_s >= chosen.seconds:
                return
            yield (whose.popleft() if whose else 0), arrival
    finally:
        arrivals.close()


def _of_both(first: "LiveSource", second: "LiveSource", kind: str) -> "Iterator[tuple[int, Arrival]]":
    """One that is played begins when the other one does, and what is live is told on its clock."""
    from upperback.devices.live import as_they_come, begun_at, side_by_side

    if kind == "simulated":
        yield from side_by_side(first.packets(), second.packets())
    elif kind == "replay":
        played = first.packets()
        head = next(played)
        beside = begun_at(second.packets(), head.chunk.start_s)
        yield from as_they_come(itertools.chain([head], played), beside)
    else:
        yield from as_they_come(first.packets(), second.packets())


# ---- what happens ------------------------------------------------------------------------------------------------


@dataclass
class Session:
    """One source watched from its first packet to its last; and a second one beside it, where there is one."""

    source: "LiveSource"
    second: "LiveSource | None" = None
    hints: bool = False
    started_s: float = math.nan
    n_hints: int = 0
    summaries: "list[PostureSummary]" = field(default_factory=list)

    def __post_init__(self) -> None:
        from upperback.sensing.monitor import Monitor

        self.monitor: Monitor = Monitor(
            sampling_rate_hz=self.source.sampling_rate_hz, has_gyroscope=self.source.has_gyroscope
        )
        self.lower: Lower | None = None if self.second is None else Lower(self.second)
        self._ahead = sorted(self.source.tasks, key=lambda task: task.start_s)
        self._asks = not self._ahead
        self._doing = False

    def events(self, arrivals: "Iterator[tuple[int, Arrival]]") -> Iterator[dict[str, Any]]:
        """What there is to say, as plain data: one `second` each second, and what happens between."""
        yield {"event": "source", "about": self.source.about, "sampling_rate_hz": self.source.sampling_rate_hz}
        if self.second is not None:
            about = self.second.about if self.second.about != self.source.about else "its lower sensor"
            yield {"event": "source", "about": about, "sampling_rate_hz": self.second.sampling_rate_hz}
        told_s = -math.inf
        for which, arrival in arrivals:
            if which and self.lower is not None:
                yield from self.lower.update(arrival.chunk)
                continue
            if math.isnan(self.started_s):
                self.started_s = arrival.chunk.start_s
                if self._asks:
                    self._ahead = _asked_for(self.started_s)
                if self.lower is not None:
                    self.lower.ahead = list(self._ahead)
            yield from self._tasks(arrival.chunk.start_s)
            found = self.monitor.update(arrival.chunk)
            if self.lower is not None:
                yield from self.lower.beside(arrival.chunk, found.epochs)
            for shift in found.shifts:
                yield {"event": "shift", "time_s": shift.at_s, "sentence": shift.sentence}
            now = self.monitor.now()
            if math.floor(now.time_s) > told_s:  # also False for NaN
                told_s = math.floor(now.time_s)
                yield self._second(now)

    def _tasks(self, time_s: float) -> Iterator[dict[str, Any]]:
        """Marks the tasks at their times, and aligns after the last."""
        from upperback.sensing.trunk import NotAligned

        if not self._ahead:
            return
        task = self._ahead[0]
        if self._doing and time_s >= task.end_s:
            self.monitor.end_task()
            self._doing = False
            self._ahead.pop(0)
            if not self._ahead:
                try:
                    alignment = self.monitor.align()
                except NotAligned as refused:
                    yield {"event": "not_aligned", "time_s": time_s, "sentence": refused.message}
                else:
                    sentence = alignment.quality.sentence if alignment.quality else ""
                    yield {"event": "aligned", "time_s": time_s, "sentence": sentence}
                    if self.lower is not None:
                        self.lower.is_upper_aligned = True
                return
            task = self._ahead[0]
        if not self._doing and time_s >= task.start_s:
            self.monitor.begin_task(task.kind)
            self._doing = True
            if self._asks:
                yield {"event": "task", "time_s": time_s, "sentence": _ASKS[task.kind]}

    def _second(self, now: "Now") -> dict[str, Any]:
        from upperback.sensing.cues import Wishes

        decision = self.monitor.cue(
            now_s=now.time_s,
            wishes=Wishes(
                on=self.hints, neutral_deg=0.0 if self.monitor.alignment is not None else None, since_s=self.started_s
            ),
        )
        self.n_hints += decision.cue
        return {
            "event": "second",
            "time_s": round(now.time_s, 2),
            "inclination_deg": _number(now.inclination_deg),
            "flexion_deg": _number(now.flexion_deg),
            "lateral_deg": _number(now.lateral_deg),
            "measured_share": round(now.measured_share, 2),
            "worn": now.worn.name.lower(),
            "moving": now.moving,
            "vehicle": now.vehicle,
            "held_s": now.held_s,
            "hint": decision.cue,
            "why": decision.why,
            "notes": list(now.notes),
        }

    def summary(self) -> dict[str, Any]:
        """The session as a whole; figures of the part with the best known alignment."""
        from upperback.sensing.posture import posture_figures

        found: dict[str, Any] = {"event": "summary", "hints": self.n_hints}
        summaries = [summary for summary in self.monitor.take_summaries() if summary.measured_s]
        found["measured_s"] = round(sum(summary.measured_s for summary in summaries), 1)
        if not summaries:
            return found
        figures = posture_figures(summaries[-1])
        assert figures is not None
        found["reference"] = summaries[-1].method.reference
        found["figures"] = msgspec.to_builtins(figures, str_keys=True)
        return found


class Lower:
    """The lower of two sensors: aligned by the same tasks, put onto the upper one's clock, told together with it."""

    def __init__(self, source: "LiveSource") -> None:
        from upperback.sensing.monitor import Monitor

        self.monitor = Monitor(sampling_rate_hz=source.sampling_rate_hz, has_gyroscope=source.has_gyroscope)
        self.ahead: list[Marked] = []
        self.is_upper_aligned = False
        self._doing = False
        self._together: Together | None = None
        self._felt: tuple[list[Chunk], list[Chunk]] = ([], [])  # until the clocks are compared

    def update(self, chunk: "Chunk") -> Iterator[dict[str, Any]]:
        """A packet of it."""
        yield from self._tasks(chunk.start_s)
        epochs = self.monitor.update(chunk).epochs
        if self._together is None:
            self._felt[1].append(chunk)
            if self.is_upper_aligned and self.monitor.alignment is not None:
                yield self._put_right(chunk.start_s)
        elif len(epochs):
            yield from map(_both, self._together.lower(epochs))

    def _tasks(self, time_s: float) -> Iterator[dict[str, Any]]:
        """By its own clock, for its packets come when they like."""
        from upperback.sensing.trunk import NotAligned

        while self.ahead:
            task = self.ahead[0]
            if not self._doing and time_s >= task.start_s:
                self.monitor.begin_task(task.kind)
                self._doing = True
            if not self._doing or time_s < task.end_s:
                return
            self.monitor.end_task()
            self._doing = False
            self.ahead.pop(0)
            if not self.ahead:
                try:
                    self.monitor.align()
                except NotAligned as refused:
                    yield {"event": "not_aligned", "time_s": time_s, "sentence": f"Lower sensor: {refused.message}"}

    def beside(self, chunk: "Chunk", epochs: "Epochs") -> Iterator[dict[str, Any]]:
        """A packet of the upper one, and its seconds."""
        if self._together is None:
            self._felt[0].append(chunk)
        elif len(epochs):
            yield from map(_both, self._together.upper(epochs))

    def _put_right(self, time_s: float) -> dict[str, Any]:
        """After the tasks: the clocks of both, by the bends that both have felt."""
        from upperback.sensing.together import Together, find_lag

        upper, lower = self._felt
        self._felt = ([], [])
        try:
            lag_s = find_lag(upper, lower).lag_s
        except InputError as problem:
            self._together = Together()
            sentence = f"The two clocks were not compared: {problem.message}."
            return {"event": "clocks", "time_s": time_s, "lag_s": None, "sentence": sentence}
        self._together = Together(lag_s=lag_s)
        sentence = f"The clocks of the two sensors differ by {abs(lag_s):.2f} s, which is put right."
        return {"event": "clocks", "time_s": time_s, "lag_s": round(lag_s, 3), "sentence": sentence}


def _both(one: "BothSecond") -> dict[str, Any]:
    return {
        "event": "both",
        "time_s": one.time_s,
        "upper_deg": round(one.upper_deg, 1),
        "lower_deg": round(one.lower_deg, 1),
        "between_deg": round(one.between_deg, 1),
    }


def _asked_for(start_s: float) -> "list[Marked]":
    """Where nobody knows when the wearer stands and bends, they are asked to."""
    from upperback.devices.live import Marked

    return [
        Marked(kind="stand", start_s=start_s + 6, end_s=start_s + 12),
        Marked(kind="bend", start_s=start_s + 12, end_s=start_s + 30),
    ]


_ASKS: Final = {
    "stand": "Stand tall and still for six seconds.",
    "bend": "Bend forward slowly and come up again, three times.",
}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 1)


# ---- how it is said ----------------------------------------------------------------------------------------------


def _json_line(event: dict[str, Any]) -> None:
    print(msgspec.json.encode(event).decode(), flush=True)


def _plain_line(event: dict[str, Any]) -> None:
    print(_plain(event), flush=True)


def _plain(event: dict[str, Any]) -> str:
    match event["event"]:
        case "source":
            return f"{event['about']}, {event['sampling_rate_hz']:g} samples a second"
        case "second":
            return _second_line(event)
        case "summary":
            return _summary_lines(event)
        case "offer":
            from upperback.cli.phone import code_of

            return (
                f"{code_of(event['link'])}\nScan this code with the camera of your phone, or open this on it:\n"
                f"  {event['link']}\nIt is good once. A new one comes every minute."
            )
        case "both":
            upper, lower, between = (event[key] for key in ("upper_deg", "lower_deg", "between_deg"))
            clock = _clock(event["time_s"])
            return f"{clock}  upper {upper:6.1f} deg  lower {lower:6.1f} deg  between {between:6.1f} deg"
        case _:
            return f"{_clock(event['time_s'])}  {event['sentence']}"


def _second_line(event: dict[str, Any]) -> str:
    if not event["measured_share"]:
        return f"{_clock(event['time_s'])}  not measured"
    if event["inclination_deg"] is None:
        where = "not aligned yet: stand tall, then bend forward"
    elif event["flexion_deg"] is None:
        where = f"leans {event['inclination_deg']:5.1f} deg"
    else:
        where = f"forward {event['flexion_deg']:6.1f} deg  side {event['lateral_deg']:6.1f} deg"
    held = f"held {event['held_s'] // 60}:{event['held_s'] % 60:02d}" if event["held_s"] else "moving"
    hint = f"  * {event['why']}" if event["hint"] else ""
    return f"{_clock(event['time_s'])}  {where}  {held}{hint}"


def _summary_lines(event: dict[str, Any]) -> str:
    lines = [f"measured for {event['measured_s'] / 60:.1f} minutes, {event['hints']} hints"]
    figures = event.get("figures")
    if figures and figures["flexion_deg"]:
        spread = figures["flexion_deg"]
        lines.append(
            f"forward bend, half of the time below {spread['p50']:.0f} deg, a tenth above {spread['p90']:.0f} deg"
        )
    if figures and figures["static"]:
        lines.append(f"longest in one position: {figures['static']['longest_s'] / 60:.1f} minutes")
    return "\n".join(lines)


def _clock(time_s: float) -> str:
    minutes, seconds = divmod(int(time_s), 60)
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}:{seconds:02d}"


COMMANDS: Final = {"monitor": Command(_arguments, _run, "a live source in a terminal, second by second")}
