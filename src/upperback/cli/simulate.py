"""simulate: a stated wearer and day become a recording with its truth; `people`: invented people with their days."""

import argparse
import datetime as dt
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import msgspec

from upperback.cli.command import DONE, Command
from upperback.cli.progress import Bar
from upperback.core.errors import InputError

if TYPE_CHECKING:
    from upperback.devices.simulate import Simulation


PEOPLE: Final = "people"
FOR: Final = ("all", "triage", "plan", "review")

_MOST_PEOPLE: Final = 10_000_000
_MOST_DAYS: Final = 1_000


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "scenario", nargs="?", metavar="SCENARIO|people", help="a name (see --list), a YAML or JSON file, or: people"
    )
    parser.add_argument(
        "out", nargs="?", metavar="OUT", help="the recording to write, .csv or .parquet; of people JSON Lines, or -"
    )
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
    people = parser.add_argument_group("people", "invented people; nobody lived this")
    people.add_argument("--count", type=int, default=100, help="how many (100)")
    people.add_argument("--days", type=int, default=42, help="how many days of each (42)")
    people.add_argument("--begun", default="2026-01-05", metavar="YYYY-MM-DD", help="their day 0 (2026-01-05)")
    people.add_argument(
        "--for", choices=FOR, default="all", dest="for_what", help="everything, or lines for triage, plan or review"
    )
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
    if chosen.scenario == PEOPLE:
        return _people(chosen)
    from upperback.devices.simulate import Simulation, load_scenario
    from upperback.devices.simulate.files import Units, write_simulation

    simulation = Simulation(load_scenario(chosen.scenario, chosen.set), chosen.seed)
    bar = Bar(sum(_samples(simulation).values()), shown=sys.stderr.isatty() and not chosen.quiet)
    units = Units(chosen.acc_unit, chosen.gyr_unit)
    files = write_simulation(simulation, Path(chosen.out), units=units, progress=bar.more)
    bar.finish()
    print(_report(simulation, files, as_json=chosen.json))
    return DONE


def _people(chosen: argparse.Namespace) -> int:
    """Each person has a generator of their own: the tenth of ten is the tenth of a thousand."""
    for option, value, most in (("count", chosen.count, _MOST_PEOPLE), ("days", chosen.days, _MOST_DAYS)):
        if not 1 <= value <= most:
            raise InputError(f"--{option} {value}: a whole number from 1 to {most:,} is expected")
    try:
        begun = dt.date.fromisoformat(chosen.begun)
    except ValueError:
        raise InputError(f"--begun {chosen.begun}: a day as 2026-01-05 is expected") from None
    import numpy as np

    from upperback.care import cohort
    from upperback.content.vocabulary import default_content

    content = default_content()
    record = {
        "all": cohort.cohort_record,
        "triage": cohort.triage_line,
        "plan": cohort.plan_line,
        "review": cohort.review_line,
    }[chosen.for_what]
    with _written(chosen.out) as out, Bar(chosen.count, shown=sys.stderr.isatty() and not chosen.quiet) as bar:
        for number in range(1, chosen.count + 1):
            dice = np.random.default_rng([chosen.seed, number])
            person = cohort.invent(dice, days=chosen.days, begun=begun, content=content)
            out.write(msgspec.json.encode(record(f"invented-{chosen.seed}-{number}", person)) + b"\n")
            bar.more(1)
    return DONE


@contextmanager
def _written(name: str) -> Iterator[IO[bytes]]:
    """Standard output, or a file that is there when it is complete."""
    if name == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(name)
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as out:
            yield out
        part.replace(path)
    except OSError as error:
        raise InputError(f"{name}: {error.strerror or 'cannot be written'}") from error
    finally:
        part.unlink(missing_ok=True)


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
