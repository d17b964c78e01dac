"""The compiled posture kernel: one call for up to `LANES` stretches of a recording."""

import ctypes
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from upperback.sensing.compiled import load
from upperback.sensing.signal import Quality, Signal3

#: The same numbers stand in kernel/posture.h.
STATE_ROWS: Final = 24
COPIES: Final = 4
BINS: Final = 11312
REASONS: Final = 6


class Block(ctypes.Structure):
    """`ub_posture_block` of kernel/posture.h."""

    _fields_ = (
        ("acc", ctypes.c_void_p),
        ("gyr", ctypes.c_void_p),
        ("up", ctypes.c_void_p),
        ("quality", ctypes.c_void_p),
        ("first", ctypes.c_int64),
        ("n", ctypes.c_int64),
    )


class Job(ctypes.Structure):
    """`ub_posture_job` of kernel/posture.h. Keeps the arrays alive that it points to."""

    _fields_ = (
        ("blocks", ctypes.c_void_p),
        ("n_blocks", ctypes.c_int64),
        ("has_acc", ctypes.c_int64),
        ("has_gyr", ctypes.c_int64),
        ("has_up", ctypes.c_int64),
        ("reasons", ctypes.c_void_p),
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

    def take(self, blocks: Sequence[tuple[int, "BlockArrays"]], *, with_gyr: bool) -> None:
        """The samples to work on: blocks without a gap between, each with the number of its first sample."""
        found = (Block * len(blocks))()
        has = dict.fromkeys(("acc", "gyr", "up"), False)
        for one, (first, arrays) in zip(found, blocks, strict=True):
            one.first, one.n = first, len(arrays)
            for name in ("acc", "gyr", "up", "quality"):
                array = getattr(arrays, name) if with_gyr or name != "gyr" else None
                if array is not None:
                    setattr(one, name, array.ctypes.data)
                    has[name] = True
        self.kept["blocks"] = found, blocks
        self.blocks, self.n_blocks = ctypes.addressof(found), len(blocks)
        self.has_acc, self.has_gyr, self.has_up = has["acc"], has["gyr"], has["up"]


class BlockArrays(Protocol):
    """What a block points at: arrays in one piece each, or None."""

    @property
    def acc(self) -> Signal3 | None:
        """(n, 3) m/s2."""

    @property
    def gyr(self) -> Signal3 | None:
        """(n, 3) rad/s."""

    @property
    def up(self) -> Signal3 | None:
        """(n, 3) ready verticals."""

    @property
    def quality(self) -> Quality | None:
        """(n,) flags."""

    def __len__(self) -> int:
        """Samples."""


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
