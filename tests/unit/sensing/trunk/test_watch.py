"""A sensor that moved, turned or was put on otherwise is noticed; one that sits well is left alone."""

import numpy as np
import pytest

from tests.unit.sensing.trunks import Sitting
from upperback.sensing.epochs import COLUMNS, Epochs
from upperback.sensing.state import from_bytes, to_bytes
from upperback.sensing.trunk import Shift, TrunkAlignment, WatchState, WearWatch, usual_upright


def epochs(sitting: Sitting, flexion_deg: np.ndarray, *, doing: str, first_s: int = 0, seed: int = 0) -> Epochs:
    """Seconds of `walking`, `bending`, `sitting` or `not worn`."""
    rng = np.random.default_rng(seed)
    n_epochs = len(flexion_deg)
    rows = np.full((n_epochs, len(COLUMNS)), np.nan, np.float32)
    worn = doing != "not worn"
    up = sitting.vertical(flexion_deg + rng.normal(0, 2, n_epochs), rng.normal(0, 2, n_epochs))
    rows[:, COLUMNS.index("up_x") : COLUMNS.index("up_x") + 3] = up if worn else np.nan
    rows[:, COLUMNS.index("movement_mps2")] = {"walking": 2.0, "bending": 0.4}.get(doing, 0.05)
    rows[:, COLUMNS.index("generalised_velocity_dps")] = {"walking": 20.0, "bending": 30.0}.get(doing, 1.0)
    rows[:, COLUMNS.index("measured_share")] = float(worn)
    rows[:, COLUMNS.index("not_worn_share")] = float(not worn)
    return Epochs(first_s=first_s, rows=rows)


def day(*parts: Epochs) -> Epochs:
    at_s, placed = 0, []
    for part in parts:
        placed.append(Epochs(first_s=at_s, rows=part.rows))
        at_s += len(part)
    return Epochs.join(placed)


def walks(sitting: Sitting, time_s: int, seed: int = 0) -> Epochs:
    return epochs(sitting, np.full(time_s, 5.0), doing="walking", seed=seed)


def sits(sitting: Sitting, time_s: int, flexion_deg: float = 20.0) -> Epochs:
    return epochs(sitting, np.full(time_s, flexion_deg), doing="sitting", seed=3)


def bends(sitting: Sitting, time_s: int) -> Epochs:
    return epochs(sitting, np.tile([30.0, 50.0, 60.0, 40.0], time_s // 4), doing="bending", seed=4)


def off(sitting: Sitting, time_s: int) -> Epochs:
    return epochs(sitting, np.zeros(time_s), doing="not worn")


def tilted(sitting: Sitting, deg: float) -> Sitting:
    """The strap has slipped: it leans about the left axis of the trunk."""
    turn, left = np.radians(deg), sitting.left
    cross = np.array([[0, -left[2], left[1]], [left[2], 0, -left[0]], [-left[1], left[0], 0]])
    return Sitting((np.eye(3) + np.sin(turn) * cross + (1 - np.cos(turn)) * cross @ cross) @ sitting.axes)


def turned(sitting: Sitting, deg: float) -> Sitting:
    """The strap has turned around the trunk."""
    turn = np.radians(deg)
    front = np.cos(turn) * sitting.front + np.sin(turn) * sitting.left
    left = np.cos(turn) * sitting.left - np.sin(turn) * sitting.front
    return Sitting(np.stack([front, left, sitting.up], axis=1))


def aligned(sitting: Sitting) -> TrunkAlignment:
    return TrunkAlignment.from_axes(sitting.up, sitting.front, source="standard tasks")


def watch(sitting: Sitting, seen: Epochs) -> tuple[list[Shift], WearWatch]:
    watching = WearWatch(aligned(sitting))
    return watching.update(seen), watching


@pytest.mark.parametrize("seed", range(5))
def test_a_sensor_that_sits_well_is_left_alone(seed: int) -> None:
    here = Sitting.some(seed)
    seen = day(
        walks(here, 200), sits(here, 3000), bends(here, 200), off(here, 3600), walks(here, 300), bends(here, 200)
    )
    shifts, watching = watch(here, seen)
    assert not shifts
    assert watching.alignment.has_front


@pytest.mark.parametrize("slipped_deg", [15.0, -15.0, 40.0, 170.0])
def test_a_sensor_that_was_put_on_otherwise_is_noticed(slipped_deg: float) -> None:
    here = Sitting.some(1)
    there = tilted(here, slipped_deg)
    shifts, watching = watch(here, day(walks(here, 200), off(here, 600), sits(there, 900), walks(there, 200)))
    assert [(one.kind, one.at_s, one.after_removal) for one in shifts] == [("moved", 1700, True)]
    assert shifts[0].angle_deg == pytest.approx(abs(slipped_deg), abs=2)
    assert "put on again" in shifts[0].sentence
    assert "until you stand and bend again" in shifts[0].sentence
    assert not watching.alignment.has_front
    lean = watching.alignment.axes()[0] @ there.vertical(np.array(5.0), np.array(0.0))
    assert np.degrees(np.arccos(lean)) < 2  # total inclination goes on from the new upright


def test_a_strap_that_slips_while_worn_is_noticed() -> None:
    here = Sitting.some(2)
    shifts, _ = watch(here, day(walks(here, 200), sits(here, 500), walks(tilted(here, 20), 200)))
    assert [(one.kind, one.after_removal) for one in shifts] == [("moved", False)]


@pytest.mark.parametrize("turned_deg", [60.0, -90.0, 120.0])
def test_a_strap_that_turns_around_the_trunk_is_noticed_by_bends(turned_deg: float) -> None:
    here = Sitting.some(3)
    there = turned(here, turned_deg)
    shifts, watching = watch(here, day(walks(here, 200), walks(there, 300), bends(there, 200)))
    assert [one.kind for one in shifts] == ["turned"]
    assert shifts[0].angle_deg == pytest.approx(abs(turned_deg), abs=5)
    assert not watching.alignment.has_front
    assert watching.alignment.is_axis == aligned(here).is_axis


def test_one_odd_minute_is_not_enough() -> None:
    here = Sitting.some(4)
    uphill = epochs(here, np.full(60, 25.0), doing="walking")
    shifts, _ = watch(here, day(walks(here, 120), uphill, walks(here, 120), uphill, walks(here, 60)))
    assert not shifts


def test_lying_and_leaning_back_are_no_bends() -> None:
    here = Sitting.some(5)
    lies = epochs(here, np.full(4000, -85.0), doing="sitting")
    reclines = epochs(here, np.full(4000, -45.0), doing="sitting")
    shifts, watching = watch(here, day(walks(here, 120), lies, reclines))
    assert not shifts
    assert watching.alignment.has_front


def test_however_the_day_is_cut_and_saved_the_same_comes_to_light() -> None:
    here = Sitting.some(6)
    there = tilted(here, 25)
    seen = day(walks(here, 150), off(here, 61), sits(there, 50), walks(there, 90), off(here, 59), walks(there, 200))
    whole, _ = watch(here, seen)
    assert len(whole) == 1
    for size in (1, 7, 60, 61, 200):
        state = WatchState(alignment=aligned(here))
        found: list[Shift] = []
        for start in range(0, len(seen), size):
            watching = WearWatch(aligned(here), state=from_bytes(WatchState, to_bytes(state)))
            found += watching.update(seen[start : start + size])
            state = watching.state
        assert found == whole


def test_without_tasks_walking_shows_upright() -> None:
    here = Sitting.some(7)
    found = usual_upright(day(sits(here, 600), walks(here, 90), off(here, 60)))
    assert found is not None
    assert not found.has_front
    assert np.degrees(np.arccos(np.dot(found.is_axis, here.vertical(np.array(5.0), np.array(0.0))))) < 1
    assert usual_upright(day(sits(here, 600), walks(here, 40))) is None
