"""The steps of quality on the compiled kernel."""

import ctypes
from typing import Final

import numpy as np

from upperback.sensing.compiled import Kernel
from upperback.sensing.quality.base import F64, JUMP_GRAVITY_SHARE, Limits, Marks, Second
from upperback.sensing.signal import G_MPS2, Quality, Signal3

_ADDRESS: Final = ctypes.c_void_p
_COUNT: Final = ctypes.c_int64
_NUMBER: Final = ctypes.c_double
_SAMPLES: Final = ctypes.c_float * 6


class _Limits(ctypes.Structure):
    _fields_ = (
        *((name, _NUMBER) for name in ("acc", "gyr", "fall_square", "jump_step", "jump_cosine")),
        *((name, _NUMBER) for name in ("gravity", "gravity_share")),
        *((name, _COUNT) for name in ("acc_known", "gyr_known", "fall_first", "fall_longest", "jump_samples")),
    )


class _Memory(ctypes.Structure):
    _fields_ = (
        ("acc", _SAMPLES),
        ("gyr", _SAMPLES),
        *((name, _COUNT) for name in ("falling", "jumping", "jumps", "jumped_at")),
    )


class Compiled:
    """Both methods are the functions of the same name in `_reference.py`."""

    def __init__(self, kernel: Kernel) -> None:
        a, n, d = _ADDRESS, _COUNT, _NUMBER
        self._marks = kernel.function("quality_marks", a, a, n, a, a, a)
        self._seconds = kernel.function("quality_seconds", a, a, n, n, d, d, a)

    def marks(
        self, acc: Signal3, gyr: Signal3 | None, limits: Limits, marks: Marks, flags: Quality
    ) -> tuple[Marks, int, int]:
        acc = np.ascontiguousarray(acc)
        gyr = None if gyr is None else np.ascontiguousarray(gyr)
        numbers = _Limits(
            limits.acc,
            limits.gyr,
            limits.fall_square,
            limits.jump_step,
            limits.jump_cosine,
            G_MPS2,
            JUMP_GRAVITY_SHARE,
            limits.acc_known,
            limits.gyr_known,
            limits.fall_first,
            limits.fall_longest,
            limits.jump_samples,
        )
        memory = _Memory(
            _SAMPLES(*marks.acc.ravel().tolist()),
            _SAMPLES(*marks.gyr.ravel().tolist()),
            marks.falling,
            marks.jumping,
            0,
            0,
        )
        self._marks(
            acc.ctypes.data,
            None if gyr is None else gyr.ctypes.data,
            len(acc),
            ctypes.byref(numbers),
            ctypes.byref(memory),
            flags.ctypes.data,
        )
        found = Marks(
            acc=np.array(memory.acc, np.float32).reshape(2, 3),
            gyr=np.array(memory.gyr, np.float32).reshape(2, 3),
            falling=int(memory.falling),
            jumping=int(memory.jumping),
        )
        return found, int(memory.jumps), int(memory.jumped_at)

    def seconds(self, acc: Signal3, gyr: Signal3 | None, length: int, stuck_mps2_min: float) -> F64:
        acc = np.ascontiguousarray(acc)
        gyr = None if gyr is None else np.ascontiguousarray(gyr)
        found = np.empty((len(acc) // length, len(Second)))
        self._seconds(
            acc.ctypes.data,
            None if gyr is None else gyr.ctypes.data,
            len(found),
            length,
            G_MPS2,
            stuck_mps2_min,
            found.ctypes.data,
        )
        return found
