"""Steps of reading in the kernel give what NumPy gives, bit for bit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.devices import device_files as files
from upperback.devices import _compiled, _cwa
from upperback.devices._compiled import (
    Pages,
    axivity_heads,
    counts_to_rows,
    in_step,
    packed_to_rows,
    side_by_side,
    times_in_pages,
)
from upperback.sensing.compiled import available

pytestmark = pytest.mark.skipif(not available(), reason="no compiled kernel here")


@contextmanager
def plain() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_compiled, "_functions", lambda: None)
        yield


def both(work: Callable[[], tuple[Any, Any]]) -> None:
    rows, more = work()
    with plain():
        expected, more_expected = work()
    np.testing.assert_array_equal(rows, expected)
    assert more == more_expected


@pytest.mark.parametrize("odd", [None, np.nan, np.inf, 9.0, -9.0])
def test_columns_become_rows(odd: float | None) -> None:
    columns = list(np.random.default_rng(3).uniform(-2, 2, (3, 1001)).astype(np.float32))
    if odd is not None:
        columns[1][500] = odd
    both(lambda: side_by_side([column[::1] for column in columns], 1.5, 12.0))
    both(lambda: side_by_side([column[::3] for column in columns], -0.1, 12.0))
    _, look = side_by_side(columns, 1.5, 12.0)
    assert look.any_far == (odd is not None and abs(odd) > 8)  # infinity is far as well; NaN is not
    assert look.any_not_finite == (odd is not None and not np.isfinite(odd))


@pytest.mark.parametrize(("columns", "firsts"), [(3, (0,)), (6, (3, 0)), (6, (3,)), (9, (3, 0)), (9, (6,))])
@pytest.mark.parametrize("n_pages", [0, 1, 17])
def test_counts_become_rows(columns: int, firsts: tuple[int, ...], n_pages: int) -> None:
    samples = 480 // (2 * columns)
    blocks = np.random.default_rng(columns).integers(0, 256, (n_pages, 512)).astype(np.uint8)
    pages = Pages(blocks[:, 30:510], samples)

    def work() -> tuple[Any, list[float]]:
        rows = np.full((len(firsts), n_pages * samples, 3), np.nan, np.float32)
        factors = [np.float32(0.0048), np.float32(0.00013)]
        parts = list(zip(firsts, factors, rows, strict=False))
        return rows, counts_to_rows(pages, columns, parts)

    both(work)


def test_packed_words_become_rows() -> None:
    blocks = np.random.default_rng(5).integers(0, 256, (17, 512)).astype(np.uint8)
    scale = np.array([1, 2, 4, 8], np.float32) * np.float32(9e-9)

    def work() -> tuple[Any, float]:
        rows = np.full((17 * 120, 3), np.nan, np.float32)
        return rows, packed_to_rows(Pages(blocks[:, 30:510], 120), scale, rows)

    both(work)


@settings(deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "clock": st.builds(
                    lambda *parts: sum(
                        part << shift for part, shift in zip(parts, (26, 22, 17, 12, 6, 0), strict=True)
                    ),
                    *(st.integers(0, most) for most in (63, 13, 31, 24, 60, 60)),
                ),
                "fraction": st.integers(0, 65_535),
                "offset": st.integers(-32_768, 32_767),
                "count": st.integers(0, 121),
                "rate": st.integers(0, 255),
                "packing": st.sampled_from([0x30, 0x32, 0x62, 0x92, 0x60, 0x31]),
                "hurt": st.sampled_from(["no", "no", "no", "sum", "no sum", "mark", "length", "zeros", "ones"]),
            }
        ),
        min_size=1,
        max_size=12,
    )
)
def test_heads_of_axivity_blocks(described: list[dict[str, Any]]) -> None:
    blocks = np.zeros(len(described), _cwa._BLOCK)
    blocks["header"], blocks["length"] = 0x5841, 508
    for block, fields in zip(blocks, described, strict=True):
        for name in fields.keys() - {"hurt"}:
            block[name] = fields[name]
    rows = np.frombuffer(bytearray(files.with_checksums(blocks)), np.uint8).reshape(len(blocks), 512)
    for block, raw, fields in zip(rows.view(_cwa._BLOCK)[:, 0], rows, described, strict=True):
        match fields["hurt"]:
            case "sum" | "no sum" as hurt:
                block["checksum"] = 0 if hurt == "no sum" else block["checksum"] ^ 1
            case "mark" | "length" as hurt:
                block[{"mark": "header"}.get(hurt, hurt)] += 1
            case "zeros" | "ones" as hurt:
                raw[:4] = 0 if hurt == "zeros" else 255
    found, expected = axivity_heads(rows), _cwa._heads(rows)
    assert found is not None
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_times_within_pages() -> None:
    rng = np.random.default_rng(6)
    both(lambda: (times_in_pages(rng.normal(size=0), rng.normal(size=0), 40), 0))
    start_s, step_s = rng.uniform(0, 1e6, 23), rng.uniform(0.009, 0.011, 23)
    both(lambda: (times_in_pages(start_s, step_s, 40), 0))


def test_in_step_or_not() -> None:
    times = (7 + np.arange(100)) / 50
    assert in_step(times, 50.0, 7.0, 0.02, 0.0008, 6 / 50)
    assert not in_step(times, 50.0, 8.0, 0.02, 0.0008, 6 / 50)
    assert not in_step(times, 50.0, 7.0, 0.02, 0.0008, times[0])
    for at, off in ((0, 0.01), (50, np.nan), (99, -0.01)):
        wrong = times.copy()
        wrong[at] += off
        assert not in_step(wrong, 50.0, 7.0, 0.02, 0.0008, 6 / 50)
    with plain():
        assert not in_step(times, 50.0, 7.0, 0.02, 0.0008, 6 / 50)
