"""Epochs know when they are, and join and part only where they follow each other."""

import numpy as np
import pytest

from upperback.core.errors import InputError
from upperback.sensing.epochs import COLUMNS, Epochs


def some(first_s: int, n_epochs: int) -> Epochs:
    rows = np.arange(n_epochs * len(COLUMNS), dtype=np.float32).reshape(n_epochs, -1) + 1000 * first_s
    return Epochs(first_s=first_s, rows=rows)


def test_columns_have_names() -> None:
    epochs = some(5, 3)
    for place, name in enumerate(COLUMNS):
        np.testing.assert_array_equal(epochs.column(name), epochs.rows[:, place])
    np.testing.assert_array_equal(epochs.up, epochs.rows[:, 5:8])
    np.testing.assert_array_equal(epochs.flexion_deg, epochs.rows[:, 1])
    assert epochs.end_s == 8


def test_parts_that_follow_each_other_are_one() -> None:
    whole = some(5, 10)
    joined = Epochs.join([whole[:3], whole[3:3], whole[3:4], whole[4:]])
    assert joined.first_s == 5
    np.testing.assert_array_equal(joined.rows, whole.rows)
    assert (whole[2:6].first_s, len(whole[2:6])) == (7, 4)
    assert len(whole[8:2]) == 0


def test_nothing_joins_to_nothing() -> None:
    assert len(Epochs.join([])) == 0
    assert Epochs.join([Epochs.none(7), Epochs.none(9)]).first_s == 7


def test_what_does_not_follow_is_refused() -> None:
    with pytest.raises(InputError, match="end at 8 s and go on at 9 s"):
        Epochs.join([some(5, 3), some(9, 1)])
    with pytest.raises(InputError, match="consecutive"):
        some(5, 3)[::2]
    with pytest.raises(InputError, match="float32 columns"):
        Epochs(first_s=0, rows=np.zeros((4, 3), np.float32))
