"""The compiled kernel of the orientation stage, one tile of lanes a call."""

import ctypes
from functools import cache
from typing import Any, Final

import numpy as np

from upperback.sensing.compiled import load

#: Rows of a lane's state; the same numbers stand in kernel/orient.h.
TILT_STATE: Final = 8
ORIENT_STATE: Final = 136

_FLOATS: Final = np.ctypeslib.ndpointer(np.float32, flags="C_CONTIGUOUS")
_BYTES: Final = np.ctypeslib.ndpointer(np.uint8, flags="C_CONTIGUOUS")


@cache
def tilt_tile(instruction_set: str | None = None) -> Any:
    """`(acc, bad, state, up, n_time, coefficients)`: see kernel/orient.h."""
    kernel = load(instruction_set)
    assert kernel is not None
    return kernel.function("tilt_tile", _FLOATS, _BYTES, _FLOATS, _FLOATS, ctypes.c_long, _FLOATS)


@cache
def orient_tile(instruction_set: str | None = None) -> Any:
    """`(gyr, acc, bad, state, up, n_time, coefficients)`: see kernel/orient.h."""
    kernel = load(instruction_set)
    assert kernel is not None
    return kernel.function("orient_tile", _FLOATS, _FLOATS, _BYTES, _FLOATS, _FLOATS, ctypes.c_long, _FLOATS)


@cache
def orient_one(instruction_set: str | None = None) -> Any:
    """`(gyr, acc, bad, state, up, n_time, coefficients)`: see kernel/orient.h."""
    kernel = load(instruction_set)
    assert kernel is not None
    return kernel.function("orient_one", _FLOATS, _FLOATS, _BYTES, _FLOATS, _FLOATS, ctypes.c_long, _FLOATS)
