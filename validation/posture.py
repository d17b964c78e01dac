"""How well posture agrees with the truth of simulated wearers, from their raw samples to the figures.

    python -m validation.posture            five wearers of each scenario
    python -m validation.posture --seeds 1

The alignment is found in the recording as a user's would be: nothing of the truth is used. What agrees here agrees with
the model of docs/reference/simulate.md: no recording of a trunk with an optical reference was at hand, so how exact
posture is on people is not established by this.
"""

import argparse
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from upperback.devices.simulate import Scenario, Simulation, read_scenario, simulate
from upperback.sensing.compiled import available
from upperback.sensing.epochs import Epochs
from upperback.sensing.orientation import track_vertical
from upperback.sensing.posture import PostureResult, posture_of
from upperback.sensing.signal import Chunk
from upperback.sensing.trunk import Search, WearWatch, find_alignment

PERCENTS = (10, 50, 90, 95, 99)

SCENARIOS = {
    "desk": {
        "sensors": [{"name": "chest", "place": "chest", "sampling_rate_hz": 50, "mount_deg": [4, -12, 7]}],
        "activities": [
            {"do": "align"},
            {"do": "walk", "duration_s": 120},
            {"do": "sit", "duration_s": 1800, "slouch_deg": 14, "shifts_per_hour": 20},
            {"do": "phone", "duration_s": 300},
            {"do": "walk", "duration_s": 120},
        ],
    },
    "lifting": {
        "sensors": [{"name": "back", "place": "upper_back", "sampling_rate_hz": 50, "mount_deg": [-20, 10, 5]}],
        "activities": [
            {"do": "align"},
            {
                "do": "repeat",
                "times": 10,
                "activities": [
                    {"do": "walk", "duration_s": 40},
                    {"do": "lift", "times": 4},
                    {"do": "bend", "times": 4, "flexion_deg": 70},
                    {"do": "stand", "duration_s": 20, "flexion_deg": 25},
                ],
            },
        ],
    },
    "put on again": {
        "sensors": [{"name": "chest", "place": "chest", "sampling_rate_hz": 50, "flaws": {"rewear_deg": 20}}],
        "activities": [
            {"do": "align"},
            {"do": "walk", "duration_s": 180},
            {"do": "table", "duration_s": 300},
            {"do": "walk", "duration_s": 300},
            {"do": "sit", "duration_s": 600},
        ],
    },
}


@dataclass(frozen=True)
class Truth:
    """Of each second: mean angles in deg, and whether it was worn throughout."""

    flexion_deg: npt.NDArray[np.float64]
    inclination_deg: npt.NDArray[np.float64]
    lateral_deg: npt.NDArray[np.float64]
    worn: npt.NDArray[np.bool_]
    samples_deg: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """A simulated recording, its truth, and what was found in it."""

    blocks: list[Chunk]
    truth: Truth
    search: Search
    up_off_deg: float
    front_off_deg: float


def scenario(name: str) -> Scenario:
    """One of `SCENARIOS`."""
    return read_scenario(SCENARIOS[name], name=name)


def make_case(chosen: Scenario, seed: int) -> Case:
    """Simulates, and looks for the alignment."""
    pairs = list(simulate(chosen, seed=seed, block_samples=1 << 20))
    blocks = [chunk for chunk, _ in pairs]
    at_s = np.concatenate([truth.time_s for _, truth in pairs])
    second = np.floor(at_s + 1e-6).astype(np.int64) - int(np.floor(at_s[0]))
    counts = np.bincount(second)

    def mean(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        found: npt.NDArray[np.float64] = np.bincount(second, values) / np.maximum(counts, 1)
        return found

    flexion = np.degrees(np.concatenate([truth.flexion_rad for _, truth in pairs]))
    worn = np.concatenate([truth.worn for _, truth in pairs])
    truth = Truth(
        flexion_deg=mean(flexion),
        inclination_deg=mean(np.degrees(np.concatenate([truth.inclination_rad for _, truth in pairs]))),
        lateral_deg=mean(np.degrees(np.concatenate([truth.lateral_rad for _, truth in pairs]))),
        worn=mean(worn.astype(np.float64)) > 0.999,
        samples_deg=flexion[worn],
    )
    search = find_alignment(live_verticals(blocks[0], 300.0), sampling_rate_hz=blocks[0].sampling_rate_hz)
    axes = np.array(Simulation(chosen, seed).truth.sensors[0].mountings[0].to_trunk)
    off = [float("nan")] * 2
    if search.alignment is not None and search.alignment.pa_axis is not None:
        pairs_of_axes = ((search.alignment.is_axis, axes[2]), (search.alignment.pa_axis, axes[0]))
        off = [float(np.degrees(np.arccos(np.clip(np.dot(*pair), -1, 1)))) for pair in pairs_of_axes]
    return Case(blocks, truth, search, *off)


def live_verticals(chunk: Chunk, until_s: float) -> npt.NDArray[np.float32]:
    """The vertical in the sensor frame, as the live filter gives it."""
    n_samples = min(len(chunk), int(until_s * chunk.sampling_rate_hz))
    assert chunk.gyr_radps is not None
    rate_hz = chunk.sampling_rate_hz
    return track_vertical(chunk.acc_mps2[:n_samples], chunk.gyr_radps[:n_samples], rate_hz)


def without_gyroscope(blocks: list[Chunk]) -> list[Chunk]:
    """The same recording by an accelerometer."""
    return [
        Chunk(
            start_s=block.start_s,
            sampling_rate_hz=block.sampling_rate_hz,
            acc_mps2=block.acc_mps2,
            quality=block.quality,
        )
        for block in blocks
    ]


def errors_deg(epochs: Epochs, truth: Truth) -> dict[str, float]:
    """Root mean square over the worn seconds that were measured throughout."""
    n_seconds = min(len(epochs), len(truth.worn))
    found = {}
    for name in ("flexion_deg", "inclination_deg", "lateral_deg"):
        off = epochs.column(name)[:n_seconds] - getattr(truth, name)[:n_seconds]
        whole = truth.worn[:n_seconds] & (epochs.measured_share[:n_seconds] > 0.99)
        found[name] = float(np.sqrt(np.mean(off[whole] ** 2)))
    return found


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    n_seeds = parser.parse_args().seeds
    assert available(), "the compiled kernel is needed"
    for name in SCENARIOS:
        print(f"\n{name}")
        for seed in range(1, n_seeds + 1):
            case = make_case(scenario(name), seed)
            if case.search.alignment is None:
                print(f"  wearer {seed}: not aligned. {case.search.sentence}")
                continue
            print(f"  wearer {seed}: up off by {case.up_off_deg:.1f}, front by {case.front_off_deg:.1f} deg")
            for kind, blocks in (("6 axes", case.blocks), ("accelerometer", without_gyroscope(case.blocks))):
                print(f"    {kind:<14}{_line(posture_of(blocks, alignment=case.search.alignment), case)}")


def _line(result: PostureResult, case: Case) -> str:
    assert case.search.alignment is not None
    errors = errors_deg(result.epochs, case.truth)
    summary = result.summaries[0]
    off = np.array(summary.flexion.percentiles(PERCENTS)) - np.percentile(case.truth.samples_deg, PERCENTS)
    shifts = WearWatch(case.search.alignment).update(result.epochs)
    said = f"; {shifts[0].kind} by {shifts[0].angle_deg:.0f} deg at {shifts[0].at_s} s" if shifts else ""
    percentiles = ", ".join(f"{each:+.1f}" for each in off)
    return (
        f"error of a second: flexion {errors['flexion_deg']:.2f}, inclination {errors['inclination_deg']:.2f}, lateral "
        f"{errors['lateral_deg']:.2f} deg; of P10 to P99 of flexion {percentiles} deg{said}"
    )


if __name__ == "__main__":
    main()
