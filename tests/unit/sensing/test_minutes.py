"""Stored minutes: rounded to their steps, the same bytes for the same seconds, and nothing invented."""

import zlib

import numpy as np
import pytest

from upperback.core.errors import InputError
from upperback.sensing.epochs import COLUMNS, Epochs
from upperback.sensing.minutes import minutes_of, pack_seconds, unpack_columns, unpack_seconds


def epochs(n: int, first_s: int = 120) -> Epochs:
    dice = np.random.default_rng(n)
    rows = dice.uniform(-1, 1, (n, len(COLUMNS))) * [90, 180, 90, 300, 300, 1, 1, 1, 5, 1, 1]
    rows[dice.random((n, len(COLUMNS))) < 0.1] = np.nan
    return Epochs(first_s=first_s, rows=rows.astype(np.float32))


def test_seconds_come_back_within_half_a_step() -> None:
    sent = epochs(60)
    got = unpack_seconds(sent.first_s, pack_seconds(sent))
    assert got.first_s == sent.first_s
    np.testing.assert_array_equal(np.isnan(got.rows), np.isnan(sent.rows))
    steps = np.array([0.01, 0.01, 0.01, 0.05, 0.05, 1 / 32000, 1 / 32000, 1 / 32000, 0.005, 1e-4, 1e-4])
    assert np.nanmax(np.abs(got.rows - sent.rows) / steps) < 0.51
    assert pack_seconds(got) == pack_seconds(sent)
    assert len(pack_seconds(sent)) < 1400


def test_many_minutes_at_once_are_the_same_numbers() -> None:
    sent = [pack_seconds(epochs(n)) for n in (60, 1, 0, 37, 60)]
    lengths, columns = unpack_columns(sent)
    assert lengths.tolist() == [60, 1, 0, 37, 60]
    one_by_one = np.concatenate([unpack_seconds(0, data).rows for data in sent])
    np.testing.assert_array_equal(np.column_stack(columns), one_by_one)
    assert not np.array_equal(np.column_stack(unpack_columns(sent[::-1])[1]), one_by_one, equal_nan=True)
    lengths, columns = unpack_columns([])
    assert len(lengths) == 0
    assert [len(column) for column in columns] == [0] * len(COLUMNS)
    with pytest.raises(InputError, match="cannot be read"):
        unpack_columns([sent[0], b"x"])


def test_what_is_beyond_the_range_is_its_end() -> None:
    sent = Epochs(first_s=0, rows=np.full((1, len(COLUMNS)), np.float32(1e9)))
    assert unpack_seconds(0, pack_seconds(sent)).flexion_deg[0] == pytest.approx(327.67)
    infinite = Epochs(first_s=0, rows=np.full((1, len(COLUMNS)), np.float32(np.inf)))
    assert np.isnan(unpack_seconds(0, pack_seconds(infinite)).rows).all()


def test_seconds_are_cut_where_minutes_begin() -> None:
    sent = epochs(150, first_s=50)
    cut = list(minutes_of(sent))
    assert [(part.first_s, len(part)) for part in cut] == [(50, 10), (60, 60), (120, 60), (180, 20)]
    np.testing.assert_array_equal(Epochs.join(cut).rows, sent.rows)
    assert list(minutes_of(Epochs.none(7))) == []


@pytest.mark.parametrize(
    "data", [b"", b"x", zlib.compress(b"xyz"), zlib.compress(bytes(100_000)), zlib.compress(b"")[:-1]]
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        unpack_seconds(0, data)
    with pytest.raises(InputError, match="more than a minute"):
        pack_seconds(epochs(61))
