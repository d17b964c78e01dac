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


@dataclass(frozen=True, slots=True)
class _Functions:
    to_rows: Any
    in_step: Any


@cache
def _functions() -> _Functions | None:
    kernel = compiled.load()
    if kernel is None:
        return None
    address, count, number = ctypes.c_void_p, ctypes.c_int64, ctypes.c_double
    return _Functions(
        kernel.function(
            "columns_to_rows", *[address] * 3, count, *[ctypes.c_float] * 2, address, result_type=ctypes.c_int
        ),
        kernel.function("times_in_step", address, count, *[number] * 5, result_type=ctypes.c_int),
    )
