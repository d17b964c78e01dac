"""The steps of movement on the compiled kernel. The references stand in `_seconds.py` and `_steps.py`."""

import ctypes
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from upperback.sensing import compiled
from upperback.sensing.compiled import address
from upperback.sensing.signal import Signal1, Signal3
from upperback.sensing.slots import SLOTS_PER_S

_ADDRESS: Final = ctypes.c_void_p
_COUNT: Final = ctypes.c_int64

_Indices = npt.NDArray[np.int64]


class Compiled:
    """Each method is the function of the same name in the reference."""

    def __init__(self, kernel: compiled.Kernel) -> None:
        a, n = _ADDRESS, _COUNT
        self._second_figures = kernel.function("second_figures", a, n, n, *[a] * 5)
        self._band_passed = kernel.function("band_passed", a, n, a, n, a)
        self._slots_of_seconds = kernel.function("slots_of_seconds", a, a, a, n, ctypes.c_float, a, a, a)
        self._step_peaks = kernel.function("step_peaks", a, a, n, a, n, ctypes.c_float, a, a, result_type=n)
        self._likeness = kernel.function("likeness", a, n, n, a, n, a, n, a)
        self._means_of_rows = kernel.function("means_of_rows", a, n, n, a)
        self._directions = kernel.function("directions", a, a, n, n, n, n, a)

    def second_figures(self, slots: Signal3, least: int) -> tuple[Signal3, Signal1, Signal1, Signal1, Signal1]:
        """Mean, spread, mean length and its deviation of each second, and the length of each slot."""
        slots = np.ascontiguousarray(slots)
        n = len(slots) // SLOTS_PER_S
        mean, length = np.empty((n, 3), np.float32), np.empty(n * SLOTS_PER_S, np.float32)
        spread, mean_length, deviation = (np.empty(n, np.float32) for _ in range(3))
        out = (mean, spread, mean_length, deviation, length)
        self._second_figures(address(slots), n, least, *map(address, out))
        return out

    def band_passed(self, signal: Signal1, band: Signal1) -> Signal1:
        """Linear phase, no delay."""
        half = len(band) // 2
        padded = np.concatenate([np.zeros(half, np.float32), signal, np.zeros(half, np.float32)])
        out = np.empty(len(signal), np.float32)
        self._band_passed(address(padded), len(signal), address(band), half, address(out))
        return out

    def slots_of_seconds(
        self, length: Signal1, acc: Signal3, seconds: _Indices, about: np.float32
    ) -> tuple[npt.NDArray[np.bool_], Signal1, Signal1]:
        """What is missing; the length less `about`; the axes, (3, n)."""
        length, acc = np.ascontiguousarray(length), np.ascontiguousarray(acc)
        seconds = np.ascontiguousarray(seconds, np.int64)
        n = len(seconds) * SLOTS_PER_S
        missing, signal, axes = np.empty(n, np.bool_), np.empty(n, np.float32), np.empty((3, n), np.float32)
        out = map(address, (missing, signal, axes))
        self._slots_of_seconds(address(length), address(acc), address(seconds), len(seconds), float(about), *out)
        return missing, signal, axes

    def step_peaks(
        self, signal: Signal1, at: _Indices, period: _Indices, reach: int, least: float
    ) -> tuple[_Indices, Signal1]:
        """Where it is highest for half a step to both sides and rises enough, and by how much."""
        at, period = np.ascontiguousarray(at, np.int64), np.ascontiguousarray(period, np.int64)
        peaks, rises = np.empty(len(at) * SLOTS_PER_S, np.int64), np.empty(len(at) * SLOTS_PER_S, np.float32)
        n = self._step_peaks(
            address(signal),
            address(at),
            len(at),
            address(period),
            reach,
            np.float32(least),
            address(peaks),
            address(rises),
        )
        return peaks[:n], rises[:n]

    def likeness(self, signals: Signal1, at: _Indices, lag: _Indices, n_lags: int) -> Signal1:
        """(n, n_lags) of the five seconds around each of the rows `at`, with themselves `lag` + 0, 1, ... later."""
        out = np.empty((len(at), n_lags), np.float32)
        at, lag = np.ascontiguousarray(at, np.int64), np.ascontiguousarray(lag, np.int64)
        self._likeness(
            address(signals), len(signals), signals.shape[1], address(at), len(at), address(lag), n_lags, address(out)
        )
        return out

    def means_of_rows(self, rows: Signal3, per: int) -> Signal3:
        """Means of every `per` rows."""
        rows, out = np.ascontiguousarray(rows), np.empty((len(rows) // per, 3), np.float32)
        self._means_of_rows(address(rows), len(out), per, address(out))
        return out

    def directions(self, rows: Signal3, at: _Indices, per: int, begin: int, end: int) -> npt.NDArray[np.float32]:
        """(n, per, 3) direction of the mean of rows [begin, end) around the `per` moments from each of `at` on."""
        at, out = np.ascontiguousarray(at, np.int64), np.empty((len(at), per, 3), np.float32)
        self._directions(address(rows), address(at), len(at), per, begin, end, address(out))
        return out


@cache
def kernel(instruction_set: str | None = None) -> Compiled | None:
    """The compiled steps, or None where nothing was compiled, or for "numpy"."""
    found = None if instruction_set == "numpy" else compiled.load(instruction_set)
    return None if found is None else Compiled(found)
