"""Three-valued truth."""

import itertools

import pytest

from upperback.core.ternary import Ternary, at_least, negate

NO, UNKNOWN, YES = Ternary.NO, Ternary.UNKNOWN, Ternary.YES


def test_order_is_no_unknown_yes() -> None:
    assert NO < UNKNOWN < YES


@pytest.mark.parametrize("value, truth", [(True, YES), (False, NO), (None, UNKNOWN)])
def test_a_missing_bool_is_unknown_never_no(value: bool | None, truth: Ternary) -> None:
    assert Ternary.of(value) is truth


@pytest.mark.parametrize("value, opposite", [(NO, YES), (UNKNOWN, UNKNOWN), (YES, NO)])
def test_negate(value: Ternary, opposite: Ternary) -> None:
    assert negate(value) is opposite


def test_at_least_agrees_with_asking_every_completion() -> None:
    """Yes if every way to fill the unknowns reaches the number, no if none does, else unknown."""
    for values in itertools.product(Ternary, repeat=4):
        for needed in range(5):
            ways = itertools.product(*[(NO, YES) if value is UNKNOWN else (value,) for value in values])
            reached = {way.count(YES) >= needed for way in ways}
            expected = UNKNOWN if len(reached) == 2 else YES if reached == {True} else NO
            assert at_least(needed, values) is expected
