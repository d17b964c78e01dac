"""Steps of reading that every sample takes, in the compiled kernel where there is one."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from upperback.sensing import compiled

_FAR: Final = 1
_NOT_FINITE: Final = 2

Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen on the way: whether there is more to do."""

    any_far: bool
    any_not_finite: bool


def side_by_side(columns: Sequence[Float32s], factor: float, far: float) -> tuple[Float32s, Look]:
    """(n, columns) float32 : the columns times `factor`; and whether a value lies beyond `far` or is no number."""
    functions = _functions()
    if functions is None or len(columns) != 3 or not len(columns[0]):
        with np.errstate(over="ignore", invalid="ignore"):
            rows = np.stack(columns, axis=1) * np.float32(factor)
            return rows, Look(bool((np.abs(rows) > far).any()), not np.isfinite(rows).all())
    rows = np.empty((len(columns[0]), 3), np.float32)
    whole = [np.ascontiguousarray(column) for column in columns]
    found = functions.to_rows(*(each.ctypes.data for each in whole), len(rows), factor, far, rows.ctypes.data)
    return rows, Look(bool(found & _FAR), bool(found & _NOT_FINITE))


def in_step(time_s: Float64s, rate_hz: float, first: float, on_grid: float, apart_s: float, before_s: float) -> bool:
    """Whether the samples come one after the other on the grid, each near its place, the first one at `first`.

    Without a kernel the answer is no: the general road gives the same.
    """
    functions = _functions()
    if functions is None or not len(time_s) or not time_s.flags.c_contiguous:
        return False
    return bool(functions.in_step(time_s.ctypes.data, len(time_s), rate_hz, first, on_grid, apart_s, before_s))


def counts_to_rows(pages: "Pages", columns: int, parts: Sequence[tuple[int, np.float32, Float32s]]) -> list[float]:
    """Sixteen bits a number, `columns` numbers a sample. One or two parts of three are wanted.

    Parameters
    ----------
    pages : the bytes
    columns : numbers of a sample
    parts : of each its first number, the factor, and where the rows go, (pages * samples, 3) float32

    Returns
    -------
    The largest absolute value of each part.
    """
    functions = _functions()
    if functions is None:
        counts = np.ascontiguousarray(pages.data[:, : 2 * pages.samples * columns]).view("<i2").reshape(-1, columns)
        for first, factor, rows in parts:
            np.multiply(counts[:, first : first + 3], factor, out=rows)
        return [float(np.abs(rows).max(initial=0)) for _, _, rows in parts]
    most = (ctypes.c_float * 2)()
    first_of = (ctypes.c_int64 * 2)(*(first for first, _, _ in parts))
    factors = (ctypes.c_float * 2)(*(float(factor) for _, factor, _ in parts))
    out = (ctypes.c_void_p * 2)(*(rows.ctypes.data for _, _, rows in parts))
    functions.counts_to_rows(*pages.where(), columns, first_of, factors, out, most)
    return list(most[: len(parts)])


def packed_to_rows(pages: "Pages", scale: Float32s, rows: Float32s) -> float:
    """Ten bits an axis and two of exponent in a word; `scale[exponent]` is for values at the top of a word.

    Returns
    -------
    The largest absolute value of the rows, (pages * samples, 3), which are filled.
    """
    functions = _functions()
    if functions is None:
        words = np.ascontiguousarray(pages.data[:, : 4 * pages.samples]).view("<u4").ravel()
        of = np.take(scale, words >> np.uint32(30), mode="clip")
        for axis, shift in enumerate((22, 12, 2)):
            top = (words << np.uint32(shift)) & np.uint32(0xFFC00000)
            np.multiply(top.view(np.int32), of, out=rows[:, axis], dtype=np.float32, casting="unsafe")
        return float(np.abs(rows).max(initial=0))
    most: float = functions.packed_to_rows(*pages.where(), scale.ctypes.data, rows.ctypes.data)
    return most


def axivity_heads(blocks: Bytes) -> tuple[Bytes, Float64s] | None:
    """Of blocks of 512 bytes, (n, 512): what `_cwa._heads` finds. None without a kernel."""
    functions = _functions()
    if functions is None:
        return None
    kinds, heads = np.empty(len(blocks), np.uint8), np.empty((len(blocks), 3))
    functions.axivity_heads(blocks.ctypes.data, len(blocks), kinds.ctypes.data, heads.ctypes.data)
    return kinds, heads


def times_in_pages(start_s: Float64s, step_s: Float64s, samples: int) -> Float64s:
    """(pages * samples,) : times of evenly spaced samples of each page."""
    functions = _functions()
    if functions is None:
        within = np.arange(samples, dtype=np.float64)
        return (start_s[:, None] + step_s[:, None] * within).ravel()
    found = np.empty(len(start_s) * samples)
    start_s, step_s = np.ascontiguousarray(start_s), np.ascontiguousarray(step_s)
    functions.times_in_pages(start_s.ctypes.data, step_s.ctypes.data, len(start_s), samples, found.ctypes.data)
    return found


@dataclass(frozen=True, slots=True)
class Pages:
    """Bytes of equally long pages, (n_pages, n_bytes) uint8 in any distance, with `samples` samples in each."""

    data: npt.NDArray[np.uint8]
    samples: int

    def where(self) -> tuple[int, int, int, int]:
        """Address, bytes from page to page, pages, samples: as the kernel takes it."""
        return self.data.ctypes.data, self.data.strides[0], len(self.data), self.samples


@dataclass(frozen=True, slots=True)
class _Functions:
    to_rows: Any
    in_step: Any
    counts_to_rows: Any
    packed_to_rows: Any
    times_in_pages: Any
    axivity_heads: Any


@cache
def _functions() -> _Functions | None:
    kernel = compiled.load()
    if kernel is None:
        return None
    address, count, number, single = ctypes.c_void_p, ctypes.c_int64, ctypes.c_double, ctypes.c_float
    return _Functions(
        kernel.function("columns_to_rows", *[address] * 3, count, *[single] * 2, address, result_type=ctypes.c_int),
        kernel.function("times_in_step", address, count, *[number] * 5, result_type=ctypes.c_int),
        kernel.function("counts_to_rows", address, *[count] * 4, *[address] * 4),
        kernel.function("packed_to_rows", address, *[count] * 3, address, address, result_type=single),
        kernel.function("times_in_pages", address, address, count, count, address),
        kernel.function("axivity_heads", address, count, address, address),
    )
