"""relax: press a little, let go, find the gap: a muscle with electrodes shows how soon it rests."""

import argparse
import math
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import msgspec

from upperback.cli.command import DONE, Command
from upperback.core.errors import InputError

if TYPE_CHECKING:
    from upperback.devices.live.muscle import MuscleSource
    from upperback.sensing.letting_go import Round

_ASKS: Final = {
    "rest": "Let your shoulders go. Hands in your lap, elbows held. Twelve seconds of rest.",
    "press": "Lift your shoulders a little, and hold.",
    "let_go": "Let go. All the way.",
    "done": "Done.",
}


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--source", required=True, choices=("simulated", "replay", "lsl"), help="where the signal comes from"
    )
    parser.add_argument("--scenario", default="letting-go", help="simulated: a name or a file")
    parser.add_argument("--seed", type=int, default=1, help="simulated: another person of the same kind")
    parser.add_argument(
        "--recording", type=Path, metavar="FILE", help="replay: a recording with EMG, played as it was taken"
    )
    parser.add_argument("--stream", metavar="NAME", help="lsl: the stream; not needed where only one has EMG")
    parser.add_argument("--channel", metavar="NAME", help="the channel; the first one unless named")
    parser.add_argument("--emg-unit", choices=("V", "mV", "uV"), help="where the stream or the table does not say it")
    parser.add_argument("--rounds", type=int, default=5, help="how often (default: 5)")
    parser.add_argument(
        "--speed", choices=("1", "max"), default="1", help="simulated, replay: as in life, or without waiting"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per line")


def _run(chosen: argparse.Namespace) -> int:
    with TemporaryDirectory(prefix="upperback-") as folder:
        return _train(chosen, _open(chosen, Path(folder)))


def _train(chosen: argparse.Namespace, source: "MuscleSource") -> int:
    from upperback.sensing.letting_go import LettingGo

    training = LettingGo(sampling_rate_hz=source.sampling_rate_hz, rounds=chosen.rounds)
    say = _json_line if chosen.json else _plain_line
    say({"event": "source", "about": source.about})
    rounds: list[Round] = []
    asked, told_s, began_s = "", -math.inf, time.monotonic()
    zero_s: float | None = None
    for chunk in source.chunks():
        zero_s = chunk.start_s if zero_s is None else zero_s
        if chosen.source != "lsl" and chosen.speed == "1":
            time.sleep(max(0.0, began_s + chunk.end_s - zero_s - time.monotonic()))
        if not asked:
            asked = training.stage
            say({"event": "ask", "stage": asked, "sentence": _ASKS[asked]})
        found = training.update(chunk)
        for one in found.rounds:
            rounds.append(one)
            say({"event": "round", "number": one.number, "after_s": _rounded(one.after_s)})
        if found.stage != asked:
            asked = found.stage
            say({"event": "ask", "stage": asked, "sentence": _ASKS[asked]})
        elif math.floor(chunk.end_s) > told_s and not math.isnan(found.level):
            told_s = math.floor(chunk.end_s)
            say({"event": "second", "time_s": told_s, "level": round(found.level, 1)})
        if found.stage == "done":
            break
    say(_summary(rounds, chosen.rounds))
    return DONE


def _open(chosen: argparse.Namespace, folder: Path) -> "MuscleSource":
    from upperback.devices.live.muscle import lsl_muscle, simulated_muscle

    if (chosen.source == "replay") != (chosen.recording is not None):
        raise InputError("--source replay needs --recording FILE, and the other sources have none")
    if chosen.source == "replay":
        from upperback.devices.base import ReadOptions
        from upperback.devices.live.replay import open_muscle_replay

        channels = () if chosen.channel is None else (chosen.channel,)
        return open_muscle_replay(
            chosen.recording, folder, ReadOptions(emg_channels=channels, emg_unit=chosen.emg_unit)
        )
    if chosen.source == "simulated":
        return simulated_muscle(chosen.scenario, seed=chosen.seed)
    return lsl_muscle(chosen.stream, channel=chosen.channel, unit=chosen.emg_unit)


def _summary(rounds: "list[Round]", wanted: int) -> dict[str, Any]:
    found = [one.after_s for one in rounds if one.after_s is not None]
    return {
        "event": "summary",
        "rounds": len(rounds),
        "wanted": wanted,
        "gaps": len(found),
        "median_after_s": round(statistics.median(found), 2) if found else None,
    }


def _rounded(after_s: float | None) -> float | None:
    return None if after_s is None else round(after_s, 2)


def _json_line(event: dict[str, Any]) -> None:
    print(msgspec.json.encode(event).decode(), flush=True)


def _plain_line(event: dict[str, Any]) -> None:
    match event["event"]:
        case "source":
            text = event["about"]
        case "ask":
            text = event["sentence"]
        case "second":
            text = "  " + "#" * min(40, round(4 * event["level"])) + ("  at rest" if event["level"] <= 1 else "")
        case "round" if event["after_s"] is None:
            text = f"  {event['number']}: no rest was found this time. That is all right."
        case "round":
            text = f"  {event['number']}: at rest {event['after_s']:.1f} s after you let go"
        case _:
            text = _summary_line(event)
    print(text, flush=True)


def _summary_line(event: dict[str, Any]) -> str:
    if event["median_after_s"] is None:
        return f"{event['rounds']} of {event['wanted']} rounds; no rest was found"
    return (
        f"{event['rounds']} of {event['wanted']} rounds, at rest in {event['gaps']} of them, "
        f"half of the times within {event['median_after_s']:.1f} s"
    )


COMMANDS: Final = {"relax": Command(_arguments, _run, "press a little, let go, find the gap: with EMG electrodes")}
