"""The compiled posture kernel: one call for up to `LANES` stretches of a recording."""

import ctypes
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from upperback.sensing.compiled import load
from upperback.sensing.signal import Signal3

#: The same numbers stand in kernel/posture.h.
STATE_ROWS: Final = 24
COPIES: Final = 4
BINS: Final = 11312
REASONS: Final = 6


class Job(ctypes.Structure):
    """`ub_posture_job` of kernel/posture.h. Keeps the arrays alive that it points to."""

    _fields_ = (
        ("acc", ctypes.c_void_p),
        ("gyr", ctypes.c_void_p),
        ("up", ctypes.c_void_p),
        ("quality", ctypes.c_void_p),
        ("reasons", ctypes.c_void_p),
        ("n_samples", ctypes.c_int64),
        ("origin", ctypes.c_int64),
        ("rate", ctypes.c_double),
        ("phase", ctypes.c_double),
        ("n_lanes", ctypes.c_int64),
        ("n_warm", ctypes.c_int64),
        ("from_", ctypes.c_void_p),
        ("until", ctypes.c_void_p),
        ("epoch", ctypes.c_void_p),
        ("vertical_coefficients", ctypes.c_void_p),
        ("coefficients", ctypes.c_void_p),
        ("vertical_state", ctypes.c_void_p),
        ("state", ctypes.c_void_p),
        ("counts", ctypes.c_void_p),
        ("samples", ctypes.c_void_p),
        ("epochs", ctypes.c_void_p),
        ("first_epoch", ctypes.c_int64),
        ("n_epochs", ctypes.c_int64),
    )

    def __init__(self, **values: Any) -> None:
        super().__init__()
        self.kept: dict[str, Any] = {}
        self.point(**values)

    def point(self, **values: Any) -> None:
        """Sets members: numbers, or arrays to point at."""
        self.kept.update(values)
        for name, value in values.items():
            setattr(self, name, value.ctypes.data if isinstance(value, np.ndarray) else value)


@cache
def posture_run(instruction_set: str | None = None) -> Any:
    """`(job)`: see kernel/posture.h."""
    kernel = load(instruction_set)
    assert kernel is not None
    return kernel.function("posture_run", ctypes.POINTER(Job))


@cache
def _posture_rests(instruction_set: str) -> Any:
    kernel = load(instruction_set)
    assert kernel is not None
    pointer, integer = ctypes.c_void_p, ctypes.c_int64
    return kernel.function("posture_rests", pointer, pointer, integer, integer, integer, pointer, pointer)


def posture_rests(
    instruction_set: str,
    gyr: Signal3,
    acc: Signal3,
    window: int,
    stride: int,
    coefficients: npt.NDArray[np.float32],
) -> npt.NDArray[np.float64]:
    """See kernel/posture.h."""
    sums = np.zeros(4)
    _posture_rests(instruction_set)(
        gyr.ctypes.data, acc.ctypes.data, len(gyr), window, stride, coefficients.ctypes.data, sums.ctypes.data
    )
    return sums
