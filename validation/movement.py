"""Steps, changes of position, wear and repetitions against the truth of simulated wearers, and steps of real walkers.

    python -m validation.movement                    the test seeds
    python -m validation.movement --tuning           the seeds that thresholds were chosen on
    python -m validation.movement --seeds 3          fewer
    python -m validation.movement --only repetitions

Thresholds were chosen on the tuning seeds only. What agrees here agrees with the model of docs/reference/simulate.md;
how well people are counted is not established by it. Brackets hold 95 % confidence intervals over seeds.
"""

import argparse
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import stats

from upperback.content.vocabulary import default_content
from upperback.devices.exercise_templates import repetition_template
from upperback.devices.simulate import Simulation, read_scenario
from upperback.devices.simulate.truth import Truth
from upperback.sensing.movement import MovementBlock, Wear, track_movement
from upperback.sensing.repetitions import RepetitionBlock, count_repetitions
from upperback.sensing.signal import G_MPS2, Chunk
from validation._sessions import Session, make_pause, make_session, plain_count

TUNING_SEEDS: Final = range(20)
TEST_SEEDS: Final = range(1000, 1020)

REPETITION_TUNING_SEEDS: Final = range(40)
REPETITION_TEST_SEEDS: Final = range(2000, 2020)
"""Repetitions were looked at with the first of the other test seeds when they were counted in another way."""

PLAIN_PROMINENCE: Final = 0.6
"""The best of 0.4, 0.6, 0.8, 1.0, 1.3 and 1.6 on the tuning seeds."""

CADENCES: Final = (80, 95, 110, 130)
PLACES: Final = ("chest", "upper_back", "lower_thoracic")
WALKERS: Final = Path(os.environ.get("UPPERBACK_REAL_DATA", "../shared/data")) / "lower_back"


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tuning", action="store_true")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", choices=("steps", "wear", "changes", "repetitions", "pauses", "walkers"))
    options = parser.parse_args()
    seeds = (TUNING_SEEDS if options.tuning else TEST_SEEDS)[: options.seeds]
    print(f"{'tuning' if options.tuning else 'test'} seeds {seeds.start} to {seeds.stop - 1}")
    tables = {
        "steps": steps_table,
        "wear": wear_table,
        "changes": changes_table,
        "repetitions": repetitions_table,
        "pauses": pauses_table,
        "walkers": walkers_table,
    }
    for name, table in tables.items():
        if options.only in {None, name}:
            print()
            own = _of_repetitions(seeds, options.tuning) if name in {"repetitions", "pauses"} else seeds
            for line in table(own):
                print(line, flush=True)


def _of_repetitions(seeds: range, tuning: bool) -> range:
    return (REPETITION_TUNING_SEEDS if tuning else REPETITION_TEST_SEEDS)[: len(seeds)]


# ---- intervals ----


def mean_interval(values: Sequence[float]) -> str:
    """Mean with its 95 % interval (Student)."""
    array = np.asarray(values, float)
    half = stats.t.ppf(0.975, len(array) - 1) * array.std(ddof=1) / np.sqrt(len(array)) if len(array) > 1 else np.nan
    return f"{array.mean():+6.2f} [{array.mean() - half:+.2f}, {array.mean() + half:+.2f}]"


def share_interval(hits: Iterable[bool]) -> str:
    """Share in % with its 95 % interval (Wilson)."""
    flags = list(hits)
    interval = stats.binomtest(sum(flags), len(flags)).proportion_ci(method="wilson")
    return f"{100 * sum(flags) / len(flags):5.1f} % [{100 * interval.low:.0f}, {100 * interval.high:.0f}]"


# ---- recordings ----


@dataclass(frozen=True)
class Recorded:
    """A simulated recording, what was found in it, and what is true."""

    truth: Truth
    found: MovementBlock
    duration_s: float


def recorded(activities: list[dict[str, Any]], seed: int, *, place: str = "chest", **wearer: float) -> Recorded:
    """A wearer with a sensor that sits at random."""
    rng = np.random.default_rng([seed, len(activities), PLACES.index(place)])
    sensor = {
        "name": "worn",
        "place": place,
        "sampling_rate_hz": (50, 100)[seed % 2],
        "mount_deg": [float(each) for each in rng.uniform(-180, 180, 3)],
    }
    scenario = read_scenario({"sensors": [sensor], "activities": activities, "wearer": wearer})
    simulation = Simulation(scenario, seed)
    pages = list(simulation.pages())
    chunk = Chunk(
        start_s=0.0,
        sampling_rate_hz=float(scenario.sensors[0].sampling_rate_hz),
        acc_mps2=np.concatenate([page.acc_mps2 for page in pages]),
    )
    return Recorded(simulation.truth, track_movement(chunk), simulation.duration_s)


# ---- steps ----


def steps_table(seeds: range) -> Iterable[str]:
    """Error of the number of steps, and steps that were none."""
    yield "steps: two minutes of walking with pauses and turns; error in %, and wearers within 2 %"
    everything: list[float] = []
    for place in PLACES:
        for cadence in CADENCES:
            errors = [_walk_error_pct(place, cadence, seed) for seed in seeds]
            everything += errors
            within = share_interval(abs(error) <= 2 for error in errors)
            yield f"  {place:<15} {cadence:>3} /min   {mean_interval(errors)}   {within}"
    yield f"  {'all':<15} {'':>8}   {mean_interval(everything)}   {share_interval(abs(e) <= 2 for e in everything)}"
    stairs = [
        _steps_error_pct(recorded([_stand(10), {"do": "stairs", "duration_s": 60}, _stand(20)], s)) for s in seeds
    ]
    yield f"  {'stairs':<15} {'':>8}   {mean_interval(stairs)}"
    yield "steps that were none, per hour"
    for name, activities in _NO_STEPS.items():
        each = [recorded(activities, seed) for seed in seeds]
        per_hour = [3600 * int(one.found.epochs.steps.sum()) / one.duration_s for one in each]
        yield f"  {name:<28} {mean_interval(per_hour)}   most {max(per_hour):.0f}"
    sessions = [make_session(exercise, seed) for seed in seeds[:4] for exercise in _countable()]
    per_hour = [_false_steps_per_hour(session) for session in sessions if session.steps == 0]
    yield f"  {'exercises, fidgeting':<28} {mean_interval(per_hour)}   most {max(per_hour):.0f}"


def _false_steps_per_hour(session: Session) -> float:
    chunk = session.chunk
    return 3600 * int(track_movement(chunk).epochs.steps.sum()) / (len(chunk) / chunk.sampling_rate_hz)


def _stand(duration_s: float) -> dict[str, Any]:
    return {"do": "stand", "duration_s": duration_s}


def _walk_error_pct(place: str, cadence: int, seed: int) -> float:
    rng = np.random.default_rng([seed, cadence])
    walk = {
        "do": "walk",
        "duration_s": 120,
        "cadence_per_min": cadence,
        "pause_every_s": float(rng.uniform(15, 60)),
        "pause_s": float(rng.uniform(4, 10)),
        "turns_per_min": float(rng.uniform(0, 4)),
        "bounce": float(rng.uniform(0.5, 1.2)),
    }
    return _steps_error_pct(recorded([_stand(15), walk, {"do": "sit", "duration_s": 30}], seed, place=place))


def _steps_error_pct(one: Recorded) -> float:
    true = len(one.truth.steps_s)
    return 100 * (int(one.found.epochs.steps.sum()) - true) / true


_NO_STEPS: Final[dict[str, list[dict[str, Any]]]] = {
    "sitting, shifting": [{"do": "sit", "duration_s": 3600, "shifts_per_hour": 40, "slouch_deg": 14}],
    "driving, 0.3 m/s2": [{"do": "drive", "duration_s": 3600, "vibration_mps2": 0.3}],
    "driving, 0.5 m/s2": [{"do": "drive", "duration_s": 3600, "vibration_mps2": 0.5}],
    "driving, 0.9 m/s2": [{"do": "drive", "duration_s": 3600, "vibration_mps2": 0.9}],
    "bending and lifting": [{"do": "bend", "times": 60}, {"do": "lift", "times": 40}],
    "standing up and sitting down": [
        {"do": "repeat", "times": 20, "activities": [{"do": "sit", "duration_s": 15}, _stand(10)]}
    ],
}


# ---- worn or not ----

_WEAR_DAY: Final = [
    {"do": "walk", "duration_s": 300},
    {"do": "sit", "duration_s": 1800, "shifts_per_hour": 4},
    {"do": "table", "duration_s": 2700},
    {"do": "stand", "duration_s": 600},
    {"do": "lie", "duration_s": 5400},
    {"do": "lie", "duration_s": 5400, "position": "right_side"},
    {"do": "table", "duration_s": 1200},
    {"do": "walk", "duration_s": 300},
]


def wear_table(seeds: range) -> Iterable[str]:
    """Seconds that are told rightly, told wrongly, and left open; with shallow and with usual breathing."""
    yield "worn or not: % of the seconds of a day with a sleeper and two hours on a table"
    for breathing_deg in (0.15, 0.3, 0.8):
        rows = [_wear_shares(recorded(_WEAR_DAY, seed, breathing_deg=breathing_deg)) for seed in seeds]
        columns = np.array(rows).T * 100
        names = ("worn told as not worn", "table told as worn", "unsure")
        told = "; ".join(f"{name} {mean_interval(column)}" for name, column in zip(names, columns, strict=True))
        yield f"  breath of {breathing_deg:.2f} deg: {told}"


def _wear_shares(one: Recorded) -> tuple[float, float, float]:
    n = int(one.duration_s)
    worn, told = np.ones(n, bool), np.full(n, Wear.NOT_MEASURED)
    for span in one.truth.not_worn:
        worn[int(span.start_s) : int(span.end_s)] = False
    for found in one.found.wear:
        told[found.start_s : found.end_s] = found.wear
    missed = (told == Wear.NOT_WORN) & worn
    return float(missed.mean()), float(((told == Wear.WORN) & ~worn).mean()), float((told == Wear.UNSURE).mean())


# ---- changes ----

_CHANGES_DAY: Final = [
    {
        "do": "repeat",
        "times": 8,
        "activities": [
            {"do": "sit", "duration_s": 30},
            _stand(20),
            {"do": "bend", "times": 2, "rest_s": 8, "flexion_deg": 60},
        ],
    }
]


def changes_table(seeds: range) -> Iterable[str]:
    """Bends, standing up and sitting down that were found within two seconds, and what was wrongly called so."""
    yield "changes of position: found within 2 s, and called so without being it"
    hits: dict[str, list[bool]] = {"bend": [], "stand_up": [], "sit_down": []}
    false: dict[str, list[float]] = {name: [] for name in hits}
    for seed in seeds:
        one = recorded(_CHANGES_DAY, seed)
        for name, when in _true_changes(one.truth).items():
            found = [change.time_s for change in one.found.changes if change.kind == name]
            hits[name] += [any(abs(each - moment) <= 2 for each in found) for moment in when]
            false[name].append(sum(all(abs(each - moment) > 2 for moment in when) for each in found) / len(when))
    for name, each in hits.items():
        yield f"  {name:<10} {share_interval(each)}   per true one, false {mean_interval(false[name])}"


def _true_changes(truth: Truth) -> dict[str, list[float]]:
    when = {
        name: [(each.start_s + each.end_s) / 2 for each in truth.segments if each.activity == name]
        for name in ("stand_up", "sit_down")
    }
    return {"bend": [(each.out_s + each.back_s) / 2 for each in truth.repetitions if each.of == "bend"], **when}


# ---- repetitions ----


def repetitions_table(seeds: range) -> Iterable[str]:
    """Sessions of every exercise that the sensor feels: exact, within one; beside peaks of a principal component."""
    yield f"repetitions, seeds {seeds.start} to {seeds.stop - 1}: sessions counted exactly, and within one"
    header = f"  {'':<5} {'grade':<5}"
    yield f"{header} {'exact':>18} {'within one':>18} {'accelerometer only':>20} {'within one':>18} {'plain peaks':>18}"
    rows: dict[str, list[tuple[int, int, int]]] = {"good": [], "fair": [], "poor": []}
    accuracy: list[_Measured] = []
    samples, spent_s = 0, 0.0
    for exercise in _felt():
        template = repetition_template(exercise)
        errors: list[tuple[int, int, int]] = []
        for seed in seeds:
            session = make_session(exercise, seed)
            start_s = time.process_time()
            block = count_repetitions(session.chunk, template, up=session.up)
            spent_s += time.process_time() - start_s
            samples += len(session.chunk)
            plain = plain_count(session, template, PLAIN_PROMINENCE) - session.repetitions
            errors.append((_error(block, session), _error(count_repetitions(session.chunk, template), session), plain))
            if template.grade != "poor":
                accuracy += _measured(block, session, template.motion)
        rows[exercise.sensor.count] += errors
        yield f"  {exercise.id:<5} {exercise.sensor.count:<5} " + _row(errors)
    yield f"  {'good and fair':<11} " + _row(rows["good"] + rows["fair"])
    yield f"  {'with poor':<11} " + _row(rows["good"] + rows["fair"] + rows["poor"])
    yield from _accuracy(accuracy)
    yield f"processor time {1e6 * spent_s / samples:.1f} microseconds a sample"


def _row(errors: list[tuple[int, int, int]]) -> str:
    flags = [[abs(error[k]) <= slack for error in errors] for k in range(3) for slack in (0, 1)]
    return " ".join(f"{share_interval(flag):>19}" for flag in flags)


def _error(block: RepetitionBlock, session: Session) -> int:
    return len(block.counted) - len(block.taken_back) - session.repetitions


def _felt() -> list[Any]:
    exercises = default_content().release.exercises
    return [each for each in exercises if repetition_template(each).grade != "none"]


def _countable() -> list[Any]:
    return [each for each in _felt() if repetition_template(each).grade in {"good", "fair"}]


@dataclass(frozen=True)
class _Measured:
    """Errors of one repetition that was counted."""

    start_s: float
    length_s: float
    out_s: float
    back_s: float
    range_deg: float | None
    true_deg: float


def _measured(block: RepetitionBlock, session: Session, motion: str) -> list[_Measured]:
    """Counted repetitions beside the true ones that their middle lies in."""
    gone = set(block.taken_back)
    found = []
    for one in block.counted:
        middle = (one.start_s + one.counted_s) / 2
        true = next((each for each in session.done if each.start_s <= middle <= each.end_s), None)
        if true is None or one.number in gone:
            continue
        found.append(
            _Measured(
                start_s=one.start_s - true.start_s,
                length_s=one.out_s + one.hold_s + one.back_s - (true.end_s - true.start_s),
                out_s=one.out_s - (true.out_s - true.start_s),
                back_s=one.back_s - (true.end_s - true.back_s),
                range_deg=None if one.range_deg is None or motion != "lean" else one.range_deg - true.range_deg,
                true_deg=true.range_deg,
            )
        )
    return found


def _accuracy(measured: list[_Measured]) -> Iterable[str]:
    yield f"single repetitions, {len(measured)} counted ones: median error, and half of them and nine of ten are within"
    small = [one for one in measured if one.true_deg < _SMALL_DEG]
    large = [one for one in measured if one.true_deg >= _SMALL_DEG]
    for name, group in ((f"below {_SMALL_DEG:g} deg", small), (f"{_SMALL_DEG:g} deg and more", large)):
        for what in ("start_s", "length_s", "out_s", "back_s", "range_deg"):
            errors = np.array([value for one in group if (value := getattr(one, what)) is not None])
            half, most = np.quantile(np.abs(errors), (0.5, 0.9))
            yield f"  {name:<18} {what:<10} {np.median(errors):+6.2f}   {half:5.2f}   {most:5.2f}"


_SMALL_DEG: Final = 20.0

_PAUSES: Final[dict[str, tuple[list[dict[str, Any]], float]]] = {
    "sitting still": ([{"do": "sit", "duration_s": 300}], 0.0),
    "sitting, shifting": ([{"do": "sit", "duration_s": 300, "shifts_per_hour": 60, "slouch_deg": 14}], 0.0),
    "sitting, fidgeting": ([{"do": "sit", "duration_s": 300}], 3.0),
    "standing, fidgeting": ([{"do": "stand", "duration_s": 300}], 3.0),
    "walking": ([{"do": "walk", "duration_s": 300}], 0.0),
    "walking, fidgeting": ([{"do": "walk", "duration_s": 300}], 3.0),
}
"""What is done, and how far the strongest bursts turn the sensor, in degrees: talking and gesturing are such bursts."""


def pauses_table(seeds: range) -> Iterable[str]:
    """Repetitions that were none, per minute, for every exercise that might have been meant."""
    yield f"repetitions that were none, a minute, five minutes of each, seeds {seeds.start} to {seeds.stop - 1}"
    yield f"  {'':<22} {'told live':>22} {'left at the end':>24}"
    for name, (activities, fidget_deg) in _PAUSES.items():
        live, left = [], []
        for seed in seeds:
            minutes, told, kept = 0.0, 0, 0
            for place in ("chest", "upper_arm_right"):
                pause = make_pause(activities, fidget_deg, place, seed)
                for exercise in _countable():
                    if (exercise.sensor.at == "chest") == (place == "chest"):
                        block = count_repetitions(pause.chunk, repetition_template(exercise), up=pause.up)
                        minutes += len(pause.chunk) / pause.chunk.sampling_rate_hz / 60
                        told += len(block.counted)
                        kept += len(block.counted) - len(block.taken_back)
            live.append(told / minutes)
            left.append(kept / minutes)
        yield f"  {name:<22} {mean_interval(live):>22} {mean_interval(left):>24}"


# ---- real walkers ----


def walkers_table(seeds: range) -> Iterable[str]:
    """Steps of people whose lower back carried a sensor; the cadence of each longer bout beside its spectrum."""
    files = sorted(WALKERS.glob("*.csv"))
    if not files:
        yield f"real walkers: none at hand ({WALKERS} or UPPERBACK_REAL_DATA)"
        return
    yield "real walkers: nobody counted their steps; cadence of bouts of 5 s and more, and the peak of the spectrum"
    for path in files:
        table = np.genfromtxt(path, delimiter=",", skip_header=1)
        acc = (table[:, 1:4] * G_MPS2).astype(np.float32)
        found = track_movement(Chunk(start_s=0.0, sampling_rate_hz=100.0, acc_mps2=acc))
        steps = int(found.epochs.steps.sum())
        yield f"  {path.stem}: {steps} steps in {len(found.walks)} bouts, {len(acc) / 100:.0f} s"
        for walk in found.walks:
            if walk.end_s - walk.start_s >= 5:
                peak = _spectral_cadence(acc[int(walk.start_s * 100) : int(walk.end_s * 100)])
                yield (
                    f"    {walk.start_s:5.0f} to {walk.end_s:3.0f} s: {walk.steps:3d} steps, "
                    f"{walk.cadence_per_min:4.0f} /min; spectrum {peak:4.0f} /min"
                )


def _spectral_cadence(acc: npt.NDArray[np.float32]) -> float:
    length = np.sqrt(np.square(acc.astype(np.float64)).sum(axis=1))
    spectrum = np.abs(np.fft.rfft((length - length.mean()) * np.hanning(len(length)), 1 << 14))
    per_min = np.fft.rfftfreq(1 << 14, 0.01) * 60
    walking = (per_min >= 66) & (per_min <= 160)
    return float(per_min[walking][spectrum[walking].argmax()])


if __name__ == "__main__":
    main()
