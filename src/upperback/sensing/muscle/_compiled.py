"""The muscle stage on the compiled kernel."""

import ctypes
from typing import Final

import numpy as np

from upperback.sensing.compiled import LANES, Kernel
from upperback.sensing.muscle.base import (
    F32,
    F64,
    HOPS_PER_WINDOW,
    MOST_SECTIONS,
    POSITION,
    REST_OF_MEMORY,
    U8,
    EpochFact,
    Gate,
    Hops,
    Layout,
    Tally,
)

_ADDRESS: Final = ctypes.c_void_p
_COUNT: Final = ctypes.c_int64
_NUMBER: Final = ctypes.c_double


class _GateNumbers(ctypes.Structure):
    _fields_ = (
        *((name, _COUNT) for name in ("smooth", "look", "back", "ahead", "before", "after")),
        *((name, _NUMBER) for name in ("ratio", "floor", "fraction", "decay")),
    )

    @classmethod
    def of(cls, gate: Gate) -> "_GateNumbers":
        return cls(*(getattr(gate, field[0]) for field in cls._fields_))


class _WindowNumbers(ctypes.Structure):
    _fields_ = (
        *((name, _COUNT) for name in ("fewest", "shortest", "epoch")),
        *((name, _NUMBER) for name in ("scale", "rest_below", "noise")),
    )


class Compiled:
    """Every method is the function of the same name in `_reference.py`."""

    def __init__(self, kernel: Kernel) -> None:
        a, n, d = _ADDRESS, _COUNT, _NUMBER
        self._hops = kernel.function("emg_hops", a, n, n, a, n, n, a, a, a, a, result_type=n)
        self._lanes = kernel.function("emg_lanes", a, n, n, n, a, n, n, a, a, a, a)
        self._slow = kernel.function("emg_slow", a, a, n, d, a, a, a)
        self._gate = kernel.function("emg_gate", a, a, n, n, a, a, a, a)
        self._windows = kernel.function("emg_windows", a, a, a, n, n, a, a, a, a, a, a, a)
        self._epochs = kernel.function("emg_epochs", a, n, n, a, a, a)

    def hops(self, samples: F32, memory: F64, layout: Layout, into: Hops, *, side_by_side: bool = False) -> F64:
        assert layout.n_sections <= MOST_SECTIONS
        memory, done = memory.copy(), 0
        per_lane = (len(into.energy) - layout.warm_hops) // LANES
        if side_by_side and per_lane > 2 * layout.warm_hops and memory[2 * layout.n_sections + POSITION] == 0:
            memory = self._in_lanes(samples, memory, layout, per_lane, into)
            done = per_lane * LANES + layout.warm_hops
        self._hops(
            samples[done * layout.hop :].ctypes.data,
            len(samples) - done * layout.hop,
            layout.n_sections,
            layout.filters.ctypes.data,
            layout.hop,
            layout.settle,
            memory.ctypes.data,
            into.energy[done:].ctypes.data,
            into.total[done:].ctypes.data if len(into.total) else None,
            into.bits[done:].ctypes.data,
        )
        return memory

    def _in_lanes(self, samples: F32, memory: F64, layout: Layout, per_lane: int, into: Hops) -> F64:
        """As many hops as fit in whole lanes; returns what the last lane remembers."""
        lanes = np.zeros((LANES, 2 * layout.n_sections + REST_OF_MEMORY))
        lanes[0] = memory
        self._lanes(
            samples.ctypes.data,
            per_lane,
            layout.warm_hops,
            layout.n_sections,
            layout.filters.ctypes.data,
            layout.hop,
            layout.settle,
            lanes.ctypes.data,
            into.energy.ctypes.data,
            into.total.ctypes.data if len(into.total) else None,
            into.bits.ctypes.data,
        )
        return np.array(lanes[-1])

    def slow(self, hops: Hops, memory: F64, layout: Layout) -> tuple[F64, F64]:
        assert layout.gate is not None
        memory, found = memory.copy(), np.empty(len(hops.total))
        coefficients = np.array(layout.gate.slow)
        self._slow(
            hops.total.ctypes.data,
            hops.bits.ctypes.data,
            len(found),
            1 / layout.hop,
            coefficients.ctypes.data,
            memory.ctypes.data,
            found.ctypes.data,
        )
        return memory, found

    def gate(self, energy: F64, slow: F64, first: int, beats: float, gated: U8, layout: Layout) -> float:
        assert layout.gate is not None
        level, scratch = _NUMBER(beats), np.empty(len(energy))
        numbers = _GateNumbers.of(layout.gate)
        self._gate(
            energy.ctypes.data,
            slow.ctypes.data,
            first,
            len(energy),
            ctypes.byref(numbers),
            scratch.ctypes.data,
            ctypes.byref(level),
            gated.ctypes.data,
        )
        return level.value

    def windows(
        self,
        energy: F64,
        bits: U8,
        gated: U8,
        first: int,
        tally: Tally,
        layout: Layout,
        *,
        rest_v: float,
        noise_v: float,
    ) -> tuple[Tally, F32, F64]:
        run, histogram, counts = tally.run.copy(), tally.histogram.copy(), tally.counts.copy()
        last = _NUMBER(tally.last_power)
        envelope = np.empty(len(energy) - first, np.float32)
        epoch_power = np.empty(len(envelope) // layout.epoch_hops)
        numbers = _WindowNumbers(
            HOPS_PER_WINDOW // 2,
            layout.gap_hops,
            layout.epoch_hops,
            layout.power_per_energy,
            rest_v**2 + noise_v**2,
            noise_v**2,
        )
        self._windows(
            energy.ctypes.data,
            bits.ctypes.data,
            gated.ctypes.data,
            first,
            len(energy),
            ctypes.byref(numbers),
            run.ctypes.data,
            ctypes.byref(last),
            histogram.ctypes.data,
            counts.ctypes.data,
            envelope.ctypes.data,
            epoch_power.ctypes.data,
        )
        return Tally(run=run, last_power=last.value, histogram=histogram, counts=counts), envelope, epoch_power

    def epochs(self, samples: F32, taper: F32) -> tuple[F32, F64]:
        samples = np.ascontiguousarray(samples)
        tapered, facts = np.empty_like(samples), np.empty((len(samples), len(EpochFact)))
        self._epochs(
            samples.ctypes.data,
            len(samples),
            samples.shape[1],
            taper.ctypes.data,
            tapered.ctypes.data,
            facts.ctypes.data,
        )
        return tapered, facts
