"""A whole recording to its figures, on simulated wearers: what is found agrees with what was simulated."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from upperback.devices.simulate import Simulation, read_scenario, simulate
from upperback.sensing.analysis import Analysis, AnalysisParams, analyse
from upperback.sensing.figures import MinuteKind
from upperback.sensing.posture import VerticalBlock
from upperback.sensing.signal import Chunk
from upperback.sensing.trunk import TrunkAlignment

RATE_HZ = 50


def day(*activities: dict[str, Any], **sensor: Any) -> dict[str, Any]:
    chest = {"name": "chest", "place": "chest", "sampling_rate_hz": RATE_HZ, "mount_deg": [4, -12, 7]}
    return {"about": "A test.", "sensors": [chest | sensor], "activities": list(activities)}


ALIGN = {"do": "align"}
WALK = {"do": "walk", "duration_s": 120}
SIT = {"do": "sit", "duration_s": 300, "slouch_deg": 14, "shifts_per_hour": 12}


def chunks_of(scenario: dict[str, Any], seed: int = 1) -> tuple[list[Chunk], Simulation]:
    read = read_scenario(scenario)
    return [chunk for chunk, _ in simulate(read, seed=seed)], Simulation(read, seed)


def whole(chunks: list[Chunk]) -> Chunk:
    gyr = [chunk.gyr_radps for chunk in chunks if chunk.gyr_radps is not None]
    return replace(
        chunks[0],
        acc_mps2=np.concatenate([chunk.acc_mps2 for chunk in chunks]),
        gyr_radps=np.concatenate(gyr) if gyr else None,
        quality=None,
    )


def cut(chunk: Chunk, *lengths: int) -> Iterator[Chunk]:
    start = 0
    for length in [*lengths, len(chunk)]:
        end = min(start + length, len(chunk))
        if end > start:
            yield replace(
                chunk,
                start_s=chunk.start_s + start / chunk.sampling_rate_hz,
                acc_mps2=chunk.acc_mps2[start:end],
                gyr_radps=None if chunk.gyr_radps is None else chunk.gyr_radps[start:end],
            )
        start = end


@pytest.fixture(scope="module")
def desk() -> tuple[Chunk, Simulation]:
    chunks, simulation = chunks_of(day(ALIGN, WALK, SIT, WALK))
    return whole(chunks), simulation


@pytest.fixture(scope="module")
def found(desk: tuple[Chunk, Simulation]) -> Analysis:
    analysis = analyse(lambda: [desk[0]])
    assert analysis is not None
    return analysis


def test_how_the_sensor_sits_is_found_from_standing_and_bending(found: Analysis) -> None:
    assert found.figures.alignment.state == "found"
    assert found.figures.posture is not None
    assert found.figures.posture.histogram_of == "flexion"
    assert found.figures.posture.method == "smoothed"


def test_steps_and_walks_agree_with_the_truth(desk: tuple[Chunk, Simulation], found: Analysis) -> None:
    steps = len(desk[1].truth.steps_s)
    assert found.figures.movement is not None
    assert abs(found.figures.movement.steps - steps) <= 0.02 * steps + 1
    assert found.figures.movement.walking_bouts == 2


def test_the_day_is_told_minute_by_minute(found: Analysis) -> None:
    kinds = found.minutes.kind
    assert (kinds == MinuteKind.WALKING).sum() >= 3
    assert (kinds == MinuteKind.STILL).sum() >= 3
    assert not (kinds == MinuteKind.NOT_WORN).any()
    assert np.isfinite(found.minutes.inclination_deg[:-1]).all()


def test_lean_agrees_with_the_truth(desk: tuple[Chunk, Simulation], found: Analysis) -> None:
    truth = np.degrees(np.concatenate([block.inclination_rad for _, block in simulate(desk[1].scenario, seed=1)]))
    assert found.figures.posture is not None
    assert found.figures.posture.inclination_deg is not None
    assert found.figures.posture.inclination_deg.p50 == pytest.approx(float(np.median(truth)), abs=3)
    assert found.figures.posture.time_above_s[45] == pytest.approx(
        float((truth >= 45).mean()) * len(truth) / RATE_HZ, abs=6
    )


def test_however_it_is_cut_the_figures_are_the_same(desk: tuple[Chunk, Simulation], found: Analysis) -> None:
    again = analyse(lambda: cut(desk[0], 7, 1000, 12_345, 1, 30))
    assert again is not None
    assert again.figures.movement is not None
    assert found.figures.movement is not None
    walking_s = found.figures.movement.walking_s  # times of steps are numbers in full precision, added up
    assert again.figures.movement.walking_s == pytest.approx(walking_s, abs=1e-9)
    movement = replace(again.figures.movement, walking_s=walking_s)
    assert replace(again.figures, movement=movement) == found.figures
    np.testing.assert_array_equal(again.minutes.kind, found.minutes.kind)
    np.testing.assert_array_equal(again.epochs.rows, found.epochs.rows)


def test_every_vertical_is_told_once_and_in_order(desk: tuple[Chunk, Simulation]) -> None:
    told: list[tuple[VerticalBlock, TrunkAlignment | None]] = []
    analyse(lambda: cut(desk[0], 5000), samples=lambda block, alignment: told.append((block, alignment)))
    assert sum(len(block) for block, _ in told) == len(desk[0])
    assert all(alignment is not None and alignment.has_front for _, alignment in told)
    ends = [block.start_s + len(block) / block.sampling_rate_hz for block, _ in told]
    np.testing.assert_allclose([block.start_s for block, _ in told][1:], ends[:-1])


def test_live_is_near_to_smoothed(desk: tuple[Chunk, Simulation], found: Analysis) -> None:
    live = analyse(lambda: [desk[0]], AnalysisParams(smoothing="live"))
    assert live is not None
    assert live.figures.posture is not None
    assert found.figures.posture is not None
    assert live.figures.posture.method == "live"
    assert live.figures.posture.inclination_deg is not None
    assert found.figures.posture.inclination_deg is not None
    assert live.figures.posture.inclination_deg.p90 == pytest.approx(found.figures.posture.inclination_deg.p90, abs=2)


def test_without_tasks_upright_is_taken_from_walking_and_front_is_not_told() -> None:
    chunk = whole(chunks_of(day(WALK, SIT))[0])
    analysis = analyse(lambda: [chunk])
    assert analysis is not None
    assert analysis.figures.alignment.state == "none"
    assert "walking" in analysis.figures.alignment.sentence
    assert analysis.figures.posture is not None
    assert analysis.figures.posture.flexion_deg is None
    assert analysis.figures.posture.inclination_deg is not None


def test_without_anything_to_go_by_no_lean_is_claimed() -> None:
    chunk = whole(chunks_of(day(SIT))[0])
    analysis = analyse(lambda: [chunk])
    assert analysis is not None
    assert analysis.figures.posture is not None
    assert analysis.figures.posture.inclination_deg is None
    assert np.isnan(analysis.minutes.inclination_deg).all()


def test_an_accelerometer_alone_will_do() -> None:
    chunk = replace(whole(chunks_of(day(ALIGN, WALK, SIT))[0]), gyr_radps=None)
    analysis = analyse(lambda: [chunk])
    assert analysis is not None
    assert analysis.figures.posture is not None
    assert analysis.figures.posture.sensor == "accelerometer"


def test_a_gap_of_hours_is_a_gap_and_costs_nothing(desk: tuple[Chunk, Simulation]) -> None:
    first, second = cut(desk[0], len(desk[0]) // 2)
    later = replace(second, start_s=second.start_s + 5 * 3600)
    analysis = analyse(lambda: [first, later])
    assert analysis is not None
    assert analysis.figures.quality.recorded_s == pytest.approx(5 * 3600 + len(desk[0]) / RATE_HZ, abs=1)
    assert analysis.figures.quality.gap_s == pytest.approx(5 * 3600, abs=2)
    assert analysis.figures.quality.measured_s <= len(desk[0]) / RATE_HZ


@pytest.mark.parametrize("n_samples", [0, 1, 2, 60])
def test_hardly_anything_is_no_trouble(desk: tuple[Chunk, Simulation], n_samples: int) -> None:
    short = (
        next(cut(desk[0], n_samples))
        if n_samples
        else replace(
            next(cut(desk[0], 1)), acc_mps2=np.zeros((0, 3), np.float32), gyr_radps=np.zeros((0, 3), np.float32)
        )
    )
    analysis = analyse(lambda: [short])
    assert analysis is None or analysis.figures.quality.recorded_s == n_samples / RATE_HZ


def test_no_chunk_is_no_analysis() -> None:
    assert analyse(list) is None


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 1e30])
def test_what_no_sensor_gives_is_not_measured(desk: tuple[Chunk, Simulation], value: float) -> None:
    acc = np.full_like(desk[0].acc_mps2, value)
    analysis = analyse(lambda: [replace(desk[0], acc_mps2=acc)])
    assert analysis is not None
    assert analysis.figures.quality.measured_s == 0
    assert analysis.figures.posture is None
