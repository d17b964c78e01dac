"""simulate: a stated wearer and day become a recording with its truth."""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from upperback.cli.command import DONE, Command
from upperback.cli.progress import Bar
from upperback.core.errors import InputError

if TYPE_CHECKING:
    from upperback.devices.simulate import Simulation


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenario", nargs="?", metavar="SCENARIO", help="a name (see --list), or a YAML or JSON file")
    parser.add_argument("out", nargs="?", metavar="OUT", help="the recording to write: .csv or .parquet")
    parser.add_argument("--list", action="store_true", help="the scenarios that come along")
    parser.add_argument("--seed", type=int, default=1, help="other dice, another day of the same kind")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change one value, such as sensors.0.sampling_rate_hz=100; may be given several times",
    )
    parser.add_argument("--acc-unit", choices=("mps2", "g"), default="mps2", help="unit of acc_x, acc_y, acc_z")
    parser.add_argument("--gyr-unit", choices=("radps", "dps"), default="radps", help="unit of gyr_x, gyr_y, gyr_z")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")


def _run(chosen: argparse.Namespace) -> int:
    if chosen.list:
        print(_list(as_json=chosen.json))
        return DONE
    if chosen.scenario is None or chosen.out is None:
        raise InputError(
            "a scenario and a file to write are needed, such as: upperback simulate office-day day.parquet"
        )
    if chosen.seed < 0:
        raise InputError(f"--seed {chosen.seed}: 0 or more is expected")
    from upperback.devices.simulate import Simulation, load_scenario
    from upperback.devices.simulate.files import Units, write_simulation

    simulation = Simulation(load_scenario(chosen.scenario, chosen.set), chosen.seed)
    bar = Bar(sum(_samples(simulation).values()), shown=sys.stderr.isatty() and not chosen.quiet)
    units = Units(chosen.acc_unit, chosen.gyr_unit)
    files = write_simulation(simulation, Path(chosen.out), units=units, progress=bar.more)
    bar.finish()
    print(_report(simulation, files, as_json=chosen.json))
    return DONE


def _list(*, as_json: bool) -> str:
    from upperback.devices.simulate import built_in_names, load_scenario

    scenarios = {name: load_scenario(name).about for name in built_in_names()}
    if as_json:
        return msgspec.json.encode(scenarios).decode()
    return "\n".join(f"{name:18} {about}" for name, about in scenarios.items())


def _samples(simulation: "Simulation") -> dict[str, int]:
    samples = {sensor.name: simulation.n_samples(sensor.name) for sensor in simulation.scenario.sensors}
    return samples | ({"emg": simulation.n_emg_samples()} if simulation.scenario.emg else {})


def _report(simulation: "Simulation", files: list[Path], *, as_json: bool) -> str:
    truth, samples = simulation.truth, _samples(simulation)
    repetitions = dict(Counter(repetition.of for repetition in truth.repetitions))
    if as_json:
        record = {
            "files": [str(path) for path in files],
            "seed": simulation.seed,
            "duration_s": truth.duration_s,
            "samples": samples,
            "steps": len(truth.steps_s),
            "repetitions": repetitions,
            "gaps": len(truth.gaps),
            "not_worn_s": sum(span.end_s - span.start_s for span in truth.not_worn),
        }
        return msgspec.json.encode(record).decode()
    named = ", ".join(f"{count} {name}" for name, count in repetitions.items()) or "none"
    lines = [
        f"{truth.duration_s / 60:.1f} minutes, {sum(samples.values())} samples, seed {simulation.seed}",
        f"steps: {len(truth.steps_s)}; repetitions: {named}; gaps: {len(truth.gaps)}",
        *(f"wrote {path}" for path in files),
    ]
    return "\n".join(lines)


COMMANDS: Final = {"simulate": Command(_arguments, _run, "a stated wearer and day become a recording with its truth")}
