"""Arithmetic of load, with the worked examples of the clinical reference."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upperback.care.load import (
    bag_limit,
    bags_needed,
    break_interval,
    cut_volume,
    pacing_baseline,
    pacing_steps,
    pacing_target,
    round_down,
    slot_length,
    slots_needed,
    start_weight,
)
from upperback.core.errors import InputError


@pytest.mark.parametrize(
    "minutes, expected", [(20, 14), (10, 7), (42, 29), (43, 30), (90, 30), (1, 1), (0.5, 1), (None, 30)]
)
def test_a_break_comes_before_the_symptoms_and_never_later_than_the_usual_time(
    minutes: float | None, expected: int
) -> None:
    assert break_interval(minutes, share=0.7, most=30) == expected


@pytest.mark.parametrize(
    "total, fine, bags", [(12, 4, 3), (12.1, 4, 4), (4, 4, 1), (0, 4, 1), (0.3, 0.1, 3), (7, 2.5, 3)]
)
def test_bags(total: float, fine: float, bags: int) -> None:
    assert bags_needed(total, fine) == bags


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf")])
def test_amounts_have_to_be_above_zero(wrong: float) -> None:
    with pytest.raises(InputError, match="kg_ok"):
        bags_needed(10, wrong)
    with pytest.raises(InputError, match="minutes_to_symptom"):
        break_interval(wrong, share=0.7, most=30)
    with pytest.raises(InputError, match="minutes_to_symptom"):
        slot_length(wrong, share=0.8, most=10)
    with pytest.raises(InputError, match="slot_minutes"):
        slots_needed(60, wrong)
    with pytest.raises(InputError, match="body_weight"):
        bag_limit(wrong, share=0.1)
    with pytest.raises(InputError, match="tolerances"):
        pacing_baseline([12, wrong], share=0.8)
    with pytest.raises(InputError, match="baseline"):
        pacing_steps(wrong, 45, 0.1)
    with pytest.raises(InputError, match="growth"):
        pacing_steps(12, 45, wrong)


def test_slots_cuts_weights() -> None:
    assert slot_length(10, share=0.8, most=10) == 8
    assert slot_length(None, share=0.8, most=15) == 15
    assert slot_length(1, share=0.8, most=15) == 1
    assert slots_needed(45, 8) == 6
    assert slots_needed(0, 8) == 1
    assert cut_volume(60, least=0.3, most=0.5) == (30, 42)
    assert cut_volume(45, least=0.3, most=0.5) == (22, 31)
    assert start_weight(20, share=0.7) == 14
    assert start_weight(11, share=0.7) == 7.5
    assert start_weight(20, share=0.7, kg_ok=30) == 14  # never more than the share
    assert start_weight(20, share=0.7, kg_ok=6.4) == 6  # nor more than what is fine now
    assert bag_limit(74, share=0.1) == 7


def test_pacing_example() -> None:
    """12, 20, 9, 15, 16 minutes: median 15, start at 12; 45 minutes in 14 steps of a tenth."""
    baseline = pacing_baseline([12, 20, 9, 15, 16], share=0.8)
    assert baseline == 12
    assert pacing_steps(baseline, 45, 0.10) == 14
    assert pacing_target(12, 0.10, 0) == 12
    assert pacing_target(12, 0.10, 14) >= 45 > pacing_target(12, 0.10, 13)


def test_pacing_edges() -> None:
    assert pacing_baseline([10], share=0.8) == 8
    assert pacing_baseline([10, 20], share=0.8) == 12
    assert pacing_baseline([0.5], share=0.8) == 1
    assert pacing_baseline([6.4], share=0.8, step=0.5) == 5
    assert pacing_baseline([104], share=0.8, step=5) == 80
    assert pacing_steps(12, 12, 0.1) == 0
    assert pacing_steps(12, 5, 0.1) == 0
    assert pacing_steps(100, 121, 0.1) == 2  # exactly two steps, where logarithms would say three
    with pytest.raises(InputError, match="at least one day"):
        pacing_baseline([], share=0.8)


@given(days=st.lists(st.integers(1, 300), min_size=3, max_size=7))
def test_pacing_never_starts_from_the_best_day(days: list[int]) -> None:
    baseline = pacing_baseline(days, share=0.8)
    assert baseline <= max(1, 0.8 * sorted(days)[len(days) // 2])
    assert baseline == int(baseline)


@given(amount=st.decimals(0, 1000, places=1), step=st.sampled_from([0.5, 1.0, 5.0]))
def test_rounding_down(amount: float, step: float) -> None:
    rounded = round_down(float(amount), step)
    assert rounded <= float(amount) < rounded + step + 1e-9
    assert rounded % step == 0


@given(total=st.integers(0, 500), fine=st.integers(1, 50))
def test_no_bag_is_heavier_than_what_is_fine(total: int, fine: int) -> None:
    bags = bags_needed(total, fine)
    assert total / bags <= fine
    assert bags == 1 or total / (bags - 1) > fine
