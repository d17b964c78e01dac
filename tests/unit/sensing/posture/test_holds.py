"""Static bouts, changes and dose of made-up epochs; the kernel says what the reference says."""

import numpy as np
import pytest

from upperback.sensing.compiled import available
from upperback.sensing.epochs import COLUMNS, Epochs
from upperback.sensing.posture import HoldParams, Holds
from upperback.sensing.posture._holds import HoldState, HoldTally, hold_epochs

KERNELS = ("numpy", *available())


def seconds(*parts: tuple[int, float, float, float], first_s: int = 0) -> Epochs:
    """Parts of (seconds, flexion in deg, deg/s, measured share)."""
    rows = []
    for length, flexion_deg, velocity_dps, share in parts:
        row = np.full(len(COLUMNS), np.nan, np.float32)
        if share > 0:
            angle = np.radians(flexion_deg)
            row[COLUMNS.index("flexion_deg")] = flexion_deg
            row[COLUMNS.index("inclination_deg")] = abs(flexion_deg)
            row[COLUMNS.index("generalised_velocity_dps")] = velocity_dps
            row[COLUMNS.index("up_x") :][:3] = -np.sin(angle), 0, np.cos(angle)
        row[COLUMNS.index("measured_share")] = share
        rows += [row] * length
    return Epochs(first_s=first_s, rows=np.array(rows, np.float32).reshape(-1, len(COLUMNS)))


def held(epochs: Epochs, isa: str, params: HoldParams | None = None) -> Holds:
    tally = HoldTally()
    hold_epochs(epochs, HoldState(), params or HoldParams(), tally, instruction_set=isa)
    return tally.holds()


STOP = (10, 0.0, 50.0, 1.0)


@pytest.mark.parametrize("isa", KERNELS)
@pytest.mark.parametrize(
    ("name", "parts", "bouts", "changes"),
    [
        ("one bout", [(30, 10, 1, 1), STOP], [(100, 30)], 1),
        ("too short", [(3, 10, 1, 1), STOP], [], 0),
        ("moving is not held", [(30, 10, 8, 1), STOP], [], 0),
        ("another posture", [(20, 10, 1, 1), (20, 30, 1, 1), STOP], [(100, 20), (122, 18)], 2),
        ("near enough", [(20, 10, 1, 1), (20, 13, 1, 1), STOP], [(100, 40)], 1),
        ("a cough is bridged", [(20, 10, 1, 1), (2, 10, 40, 1), (20, 10, 1, 1), STOP], [(100, 42)], 1),
        ("three seconds are not", [(20, 10, 1, 1), (3, 10, 40, 1), (20, 10, 1, 1), STOP], [(100, 20), (123, 20)], 2),
        (
            "missing data end it, unseen",
            [(20, 10, 1, 1), (9, 0, 0, 0), (20, 10, 1, 1), STOP],
            [(100, 20), (129, 20)],
            1,
        ),
        ("two missing seconds are bridged", [(9, 10, 1, 1), (2, 0, 0, 0), (9, 10, 1, 1), STOP], [(100, 20)], 1),
        ("hardly measured", [(20, 10, 1, 0.4), STOP], [], 0),
        ("not over yet", [(20, 10, 1, 1)], [], 0),
    ],
)
def test_bouts(
    name: str, parts: list[tuple[int, float, float, float]], bouts: list[tuple[int, int]], changes: int, isa: str
) -> None:
    found = held(seconds(*parts, first_s=100), isa)
    assert sorted(found.longest) == bouts, name
    assert found.bouts.total == len(bouts)
    assert found.changes == changes


@pytest.mark.parametrize("isa", KERNELS)
def test_a_slow_creep_is_one_bout_only_near_its_mean(isa: str) -> None:
    creeping = seconds(*[(1, 0.1 * k, 1, 1) for k in range(300)], STOP)
    found = held(creeping, isa)
    assert found.bouts.total >= 2
    assert found.longest[0][1] < 200


@pytest.mark.parametrize("isa", KERNELS)
def test_dose_is_degrees_beyond_the_threshold_times_time(isa: str) -> None:
    found = held(seconds((60, 35, 1, 1), (60, 20, 1, 1), (60, 25, 1, 0.5), (60, 0, 0, 0), (60, -40, 1, 1)), isa)
    assert found.dose_mdeg_s == 60 * 15_000 + 60 * 2_500
    assert found.epochs == 240


@pytest.mark.parametrize("isa", KERNELS)
def test_load_builds_up_and_fades_with_its_time_constant(isa: str) -> None:
    params = HoldParams(recovery_s=600)
    state, tally = HoldState(), HoldTally()
    hold_epochs(seconds((600, 50, 1, 1)), state, params, tally, instruction_set=isa)
    assert state.numbers[7] == pytest.approx(30 * (1 - np.exp(-1)), rel=1e-6)
    hold_epochs(seconds((600, 0, 0, 0)), state, params, tally, instruction_set=isa)
    assert state.numbers[7] == pytest.approx(30 * (1 - np.exp(-1)), rel=1e-6)  # stands still while not measured
    hold_epochs(seconds((600, 5, 1, 1)), state, params, tally, instruction_set=isa)
    assert state.numbers[7] == pytest.approx(30 * (1 - np.exp(-1)) * np.exp(-1), rel=1e-6)
    assert tally.holds().load_peak_deg == pytest.approx(30 * (1 - np.exp(-1)), rel=1e-6)


@pytest.mark.parametrize("isa", KERNELS)
def test_the_longest_are_kept_and_all_are_counted(isa: str) -> None:
    parts = [part for length in range(4, 24) for part in ((length, 10.0, 1.0, 1.0), STOP)]
    found = held(seconds(*parts), isa)
    assert found.bouts.total == 20
    assert [length for _, length in found.longest] == [23, 22, 21, 20, 19]
