"""Do exposure and pain move together? Against series where the answer is known."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from upperback.core.errors import InputError
from upperback.sensing.cues import Together, TogetherFigures, TogetherParams, move_together

Array = npt.NDArray[np.float64]
PARAMS = TogetherParams(draws=500)


def wandering(rng: np.random.Generator, n: int, alike: float = 0.4) -> Array:
    """Days that are like the day before (autoregressive, of that correlation)."""
    steps, values = rng.standard_normal(n + 30), np.zeros(n + 30)
    for k in range(1, n + 30):
        values[k] = alike * values[k - 1] + np.sqrt(1 - alike**2) * steps[k]
    return values[30:]


def told(exposure: Array, pain: Array, seed: int = 1, params: TogetherParams = PARAMS) -> TogetherFigures:
    days = np.arange(len(exposure))
    return move_together(days, exposure, pain, rng=np.random.default_rng(seed), params=params)


def rated(values: Array) -> Array:
    """A rating from 0 to 10."""
    return np.clip(np.round(4 + 2 * values), 0, 10)


@pytest.mark.parametrize(("lag", "words"), [(0, "On days with more"), (1, "On the day after more")])
@pytest.mark.parametrize(("sign", "how"), [(1, "higher"), (-1, "lower")])
def test_what_moves_together_is_seen(lag: int, words: str, sign: int, how: str) -> None:
    rng = np.random.default_rng(2)
    bent = wandering(rng, 85, 0.1)
    pain = rated(sign * 0.8 * bent + 0.6 * wandering(rng, 85))
    exposure = 60 + 30 * (bent[: 85 - lag] if lag == 0 else bent[1:])
    found = told(exposure, pain if lag == 0 else pain[:84])
    assert found.answer is Together.TOGETHER
    assert found.sentence.startswith(words)
    assert how in found.sentence
    assert "does not show that one causes the other" in found.sentence


def test_what_has_nothing_to_do_with_each_other_is_seldom_called_together(tell: Callable[[str], None]) -> None:
    rng, runs = np.random.default_rng(3), 150
    answers = [told(wandering(rng, 56), rated(wandering(rng, 56)), seed).answer for seed in range(runs)]
    wrong = answers.count(Together.TOGETHER)
    tell(f"exposure and pain that have nothing to do with each other, 8 weeks: called together {wrong} of {runs}")
    assert wrong <= 0.08 * runs


def test_enough_quiet_days_say_no() -> None:
    rng = np.random.default_rng(4)
    found = told(wandering(rng, 250, 0.0), rated(wandering(rng, 250, 0.0)))
    assert found.answer is Together.NOT_TOGETHER
    assert "did not go up and down together" in found.sentence


def test_two_things_that_both_fall_over_weeks_are_not_together_for_that() -> None:
    rng, n = np.random.default_rng(5), 60
    fall = np.linspace(3, 0, n)
    answers = [
        told(fall + wandering(rng, n, 0.1), rated(fall - 2 + 0.7 * wandering(rng, n, 0.1)), seed).answer
        for seed in range(20)
    ]
    assert answers.count(Together.TOGETHER) <= 3
    raw = [np.corrcoef(fall + wandering(rng, n), fall + wandering(rng, n))[0, 1] for _ in range(20)]
    assert np.median(raw) > 0.3  # negative control: without the line taken off they would be


def test_a_few_days_cannot_tell() -> None:
    rng = np.random.default_rng(6)
    bent = wandering(rng, 20)
    found = told(bent, rated(bent))
    assert found.answer is Together.CANNOT_TELL_YET
    assert found.lags == ()
    assert "at least 28 days" in found.sentence
    weak = told(wandering(rng, 35), rated(wandering(rng, 35)))
    assert weak.answer is Together.CANNOT_TELL_YET
    assert "cannot be told yet" in weak.sentence


def test_missing_days_and_missing_numbers() -> None:
    rng = np.random.default_rng(7)
    bent = wandering(rng, 120)
    pain = rated(0.8 * bent + 0.4 * wandering(rng, 120))
    bent[::7], pain[::11] = np.nan, np.nan
    kept = np.sort(rng.choice(120, 95, replace=False))
    found = move_together(kept, bent[kept], pain[kept], rng=np.random.default_rng(1), params=PARAMS)
    assert found.answer is Together.TOGETHER
    same_day, next_day = found.lags
    assert same_day.days > next_day.days


def test_the_same_seed_gives_the_same_answer() -> None:
    rng = np.random.default_rng(8)
    bent, pain = wandering(rng, 60), rated(wandering(rng, 60))
    assert told(bent, pain, 5) == told(bent, pain, 5)
    assert told(bent, pain, 5) != told(bent, pain, 6)


@pytest.mark.parametrize("pain", [np.full(60, 3.0), np.full(60, np.nan)])
def test_pain_that_never_changes_tells_nothing(pain: Array) -> None:
    found = told(wandering(np.random.default_rng(9), 60), pain)
    assert found.answer is Together.CANNOT_TELL_YET


def test_no_days() -> None:
    assert told(np.zeros(0), np.zeros(0)).answer is Together.CANNOT_TELL_YET


def test_odd_days_are_refused() -> None:
    with pytest.raises(InputError, match="have to rise"):
        move_together(np.array([1, 1]), np.zeros(2), np.zeros(2), rng=np.random.default_rng(1), params=PARAMS)
    with pytest.raises(InputError, match="different numbers"):
        move_together(np.array([1, 2]), np.zeros(2), np.zeros(3), rng=np.random.default_rng(1), params=PARAMS)
