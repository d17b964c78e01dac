"""Exercise sessions of invented people, with everything that makes counting hard; and a plain counter to compare with.

A session is two blocks of one exercise. Drawn for each: how the sensor sits, range (from three tenths below the low end
of the plan to a fifth above the high end), tempo (0.7 to 1.4 times the plan), deviation from one repetition to the
next, a moment of getting ready (four of five), false starts before (two of five) and in the middle (three of ten), a
pause with fidgeting between the blocks, the sensor taken off and put on otherwise (three of ten), a walk (likewise).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline
from scipy.signal import butter, find_peaks, sosfiltfilt

from upperback.content.models import Exercise
from upperback.devices.simulate import Simulation, read_scenario
from upperback.devices.simulate.pose import ExerciseMotion, exercise_motion
from upperback.devices.simulate.truth import Repetition
from upperback.sensing.orientation import track_vertical
from upperback.sensing.repetitions import RepetitionTemplate
from upperback.sensing.signal import Chunk, Signal3

Array = npt.NDArray[np.float64]

_UNIT_M = 0.0172
_FALSE_START_SHARE = 0.55
"""What goes less far than this share of the drawn range is meant as a false start."""

_QUIETER_IN_A_BLOCK = 0.25


@dataclass(frozen=True)
class Session:
    """A recording, what was done in it, and when the blocks were."""

    chunk: Chunk
    up: Signal3
    done: tuple[Repetition, ...]
    steps: int
    blocks_s: tuple[tuple[float, float], ...]

    @property
    def repetitions(self) -> int:
        """How often it was done."""
        return len(self.done)


def make_session(exercise: Exercise, seed: int) -> Session:
    """The session of this exercise with this seed."""
    rng = np.random.default_rng([seed, int(exercise.id[2:]), exercise.id.startswith("MV")])
    motion = exercise_motion(exercise.id, unit_m=_UNIT_M)
    low, high = exercise.sensor.range_deg or (motion.range_deg, motion.range_deg)
    range_deg = low + (high - low) * rng.uniform(-0.3, 1.2)
    rate_hz = (50, 100)[seed % 2]
    sensor = {
        "name": "worn",
        "place": _place(exercise, motion),
        "sampling_rate_hz": rate_hz,
        "mount_deg": [float(each) for each in rng.uniform(-180, 180, 3)],
        "flaws": {"rewear_deg": 15},
    }
    activities = _activities(exercise, float(range_deg), rng)
    simulation = Simulation(read_scenario({"sensors": [sensor], "activities": activities}), seed)
    truth = simulation.truth
    blocks = [(s.start_s, s.end_s) for s in truth.segments if s.activity == "exercise"]
    counted = [r for r in truth.repetitions if r.of == exercise.id and r.range_deg >= _FALSE_START_SHARE * range_deg]
    if exercise.sensor.at == "upper_arm" and motion.other_way is not None:
        counted = [r for r in counted if r.side == "as_drawn"]  # the other arm's are not felt
    chunk = _fidgeting(simulation, float(rate_hz), blocks, rng)
    return Session(
        chunk=chunk,
        up=_vertical(chunk),
        done=tuple(counted),
        steps=len(truth.steps_s),
        blocks_s=_joined(blocks),
    )


def make_pause(activities: list[dict[str, Any]], fidget_deg: float, place: str, seed: int) -> Session:
    """Somebody who does no exercise, with bursts of fidgeting."""
    rng = np.random.default_rng([seed, len(activities), round(10 * fidget_deg)])
    rate_hz = (50, 100)[seed % 2]
    mount_deg = [float(each) for each in rng.uniform(-180, 180, 3)]
    sensor = {"name": "worn", "place": place, "sampling_rate_hz": rate_hz, "mount_deg": mount_deg}
    simulation = Simulation(read_scenario({"sensors": [sensor], "activities": activities}), seed)
    chunk = _fidgeting(simulation, float(rate_hz), [], rng, fidget_deg)
    return Session(chunk=chunk, up=_vertical(chunk), done=(), steps=len(simulation.truth.steps_s), blocks_s=())


def _vertical(chunk: Chunk) -> Signal3:
    assert chunk.gyr_radps is not None
    return track_vertical(chunk.acc_mps2, chunk.gyr_radps, chunk.sampling_rate_hz)


def _place(exercise: Exercise, motion: ExerciseMotion) -> str:
    if exercise.sensor.at == "chest":
        return "chest"
    return "upper_arm_left" if motion.arm == "arm_l" else "upper_arm_right"


def _activities(exercise: Exercise, range_deg: float, rng: np.random.Generator) -> list[dict[str, Any]]:
    def drawn(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    def repeat(repetitions: int, **more: float) -> dict[str, Any]:
        return {"do": "exercise", "id": exercise.id, "repetitions": repetitions, "range_deg": range_deg, **more}

    pause = "sit" if exercise.figure.posture == "seated" else "stand"
    activities: list[dict[str, Any]] = [{"do": pause, "duration_s": drawn(6, 15)}]
    for block in range(2):
        if rng.random() < 0.8:
            activities.append(repeat(1, range_deg=0.0, tempo=drawn(0.2, 0.5)))
        if rng.random() < 0.4:
            activities.append(
                repeat(int(rng.integers(1, 3)), range_deg=range_deg * drawn(0.2, 0.4), tempo=drawn(0.7, 1.2))
            )
        repetitions, tempo, variation = int(rng.integers(5, 12)), drawn(0.7, 1.4), drawn(0.04, 0.12)
        if rng.random() < 0.3 and repetitions > 6:
            half = repetitions // 2
            activities += [
                repeat(half, tempo=tempo, variation=variation),
                repeat(1, range_deg=range_deg * 0.3, tempo=tempo),
                repeat(repetitions - half, tempo=tempo, variation=variation),
            ]
        else:
            activities.append(repeat(repetitions, tempo=tempo, variation=variation))
        if block == 0:
            if rng.random() < 0.3:
                activities.append({"do": "table", "duration_s": drawn(15, 30)})
            activities.append({"do": pause, "duration_s": drawn(15, 30)})
            if rng.random() < 0.3:
                activities.append({"do": "walk", "duration_s": 15})
    return [*activities, {"do": pause, "duration_s": 8}]


def _fidgeting(
    simulation: Simulation,
    rate_hz: float,
    blocks: list[tuple[float, float]],
    rng: np.random.Generator,
    strongest_deg: float | None = None,
) -> Chunk:
    """The samples, with bursts of small turns in all directions: some degrees, a quarter of that in the blocks."""
    pages = list(simulation.pages())
    acc = np.concatenate([page.acc_mps2 for page in pages]).astype(np.float64)
    gyr = np.concatenate([page.gyr_radps for page in pages if page.gyr_radps is not None]).astype(np.float64)
    t = np.arange(len(acc)) / rate_hz
    strength = np.ones(len(t))
    for start_s, end_s in blocks:
        strength[(t >= start_s) & (t <= end_s)] = _QUIETER_IN_A_BLOCK
    half_second = round(rate_hz / 2)
    strength = np.convolve(strength, np.ones(half_second) / half_second, "same")
    bursts = np.clip(_wandering(rng, t, 6.0), 0, None) * strength
    bursts *= np.radians(rng.uniform(1, 3) if strongest_deg is None else strongest_deg)
    turn = np.stack([_wandering(rng, t, 0.8) * bursts for _ in range(3)], axis=1)
    turn_rate = np.gradient(turn, axis=0) * rate_hz
    return Chunk(
        start_s=0.0,
        sampling_rate_hz=rate_hz,
        acc_mps2=(acc - np.cross(turn, acc)).astype(np.float32),
        gyr_radps=(gyr - np.cross(turn, gyr) + turn_rate).astype(np.float32),
    )


def _wandering(rng: np.random.Generator, t: Array, knot_s: float) -> Array:
    knots = int(t[-1] / knot_s) + 5
    wave: Array = CubicSpline(np.arange(knots) * knot_s, rng.standard_normal(knots))(t)
    return wave


def _joined(blocks: list[tuple[float, float]], pause_s: float = 6.0) -> tuple[tuple[float, float], ...]:
    """Spans with a short pause between them as one."""
    joined: list[tuple[float, float]] = []
    for start_s, end_s in blocks:
        if joined and start_s - joined[-1][1] < pause_s:
            joined[-1] = (joined[-1][0], end_s)
        else:
            joined.append((start_s, end_s))
    return tuple(joined)


def plain_count(session: Session, template: RepetitionTemplate, prominence: float) -> int:
    """Peaks of the principal component, as a few lines of SciPy give them.

    It is told when the blocks are, which the real counter is not.

    Parameters
    ----------
    prominence : how far a peak stands out, in standard deviations of the component
    """
    chunk, rate_hz = session.chunk, session.chunk.sampling_rate_hz
    sos = butter(2, 2.0, fs=rate_hz, output="sos")
    found = 0
    for start_s, end_s in session.blocks_s:
        part = slice(int(start_s * rate_hz), int(end_s * rate_hz))
        signal = session.up[part].astype(np.float64)
        if template.motion == "turn":
            assert chunk.gyr_radps is not None
            rate = chunk.gyr_radps[part] - chunk.gyr_radps[part].mean(axis=0)
            signal = np.cumsum(rate, axis=0) / rate_hz
        smooth = sosfiltfilt(sos, signal - signal.mean(axis=0), axis=0)
        _, _, axes = np.linalg.svd(smooth, full_matrices=False)
        component = smooth @ axes[0]
        # Which way is out is not known: the way with the fewer peaks is as good a guess as any.
        counts = [
            len(find_peaks(sign * component, distance=1.5 * rate_hz, prominence=prominence * component.std())[0])
            for sign in (1, -1)
        ]
        found += sum(counts) if template.both_sides else min(counts)
    return found
