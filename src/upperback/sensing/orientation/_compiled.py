"""The compiled kernel of the orientation stage. What its functions take stands in kernel/orient.h.

Arrays are handed over as addresses, since for one wearer and fifty samples the ready-made checks of ctypes would cost
more than the work; whoever calls has checked shapes, types and order.
"""

import ctypes
from typing import Final

import numpy as np
import numpy.typing as npt

from upperback.sensing.compiled import LANES, address, aligned, load
from upperback.sensing.orientation.base import Design, Rows, SmoothRows, TiltRows

_ADDRESS: Final = ctypes.c_void_p
_LONG: Final = ctypes.c_long
_LONG_TYPE: Final = np.dtype(_LONG)

#: Rows of a tile's state, with gyroscope and without; from kernel/orient.h.
ORIENT_STATE: Final = Rows.ALL
TILT_STATE: Final = TiltRows.ALL

#: A row of three numbers.
_ROW_BYTES: Final = 12

#: Samples of a block of one lane up to which it is copied.
_SMALL_BLOCK: Final = 512

#: Numbers that the smoother puts aside for a node and for a sample, in each lane; from kernel/orient.h.
_NODE_NUMBERS: Final = 112
_ROW_NUMBERS: Final = 4


class LiveLanes:
    """A live filter over lanes, with gyroscope or without, in the compiled kernel."""

    def __init__(
        self, design: Design, n_lanes: int, *, has_gyroscope: bool, instruction_set: str | None = None
    ) -> None:
        kernel = load(instruction_set)
        assert kernel is not None
        self._n_lanes = n_lanes
        self._n_rows = (Rows if has_gyroscope else TiltRows).ALL
        self._n_addresses = 5 if has_gyroscope else 4
        self._coefficients = design.coefficients
        # One lane has a kernel of its own; its state is a plain row. Otherwise lanes stand in tiles.
        kind = "one" if n_lanes == 1 else "lanes"
        name = f"{'orient' if has_gyroscope else 'tilt'}_{kind}"
        numbers = [_LONG] if n_lanes == 1 else [_LONG, _LONG]
        self._function = kernel.function(name, *[_ADDRESS] * self._n_addresses, *numbers, _ADDRESS)
        n_tiles = -(-n_lanes // LANES)
        shape = (self._n_rows,) if n_lanes == 1 else (n_tiles, self._n_rows, LANES)
        self._state = aligned(shape)
        self._state[...] = 0
        self._state_at = address(self._state)
        self._coefficients_at = address(self._coefficients)
        self._all_good = np.zeros((0, n_lanes), np.uint8)
        # For small blocks of one lane it is quicker to copy them to a known place than to ask where they are.
        n_small = _SMALL_BLOCK if n_lanes == 1 else 0
        self._small = [np.zeros((n_small, 3, 1), np.float32) for _ in range(3)]
        self._small_parts, self._small_bad = self._small, np.zeros((n_small, 1), np.uint8)
        self._is_all_good = True  # in `_small_bad`
        acc_at, gyr_at, self._small_up_at = map(address, self._small)
        self._small_at = (*((gyr_at,) if has_gyroscope else ()), acc_at, address(self._small_bad), self._state_at)

    def update(
        self,
        acc: npt.NDArray[np.float32],
        gyr: npt.NDArray[np.float32] | None,
        bad: npt.NDArray[np.uint8] | None,
    ) -> npt.NDArray[np.float32]:
        """One block, checked before: (n_time, 3, n_lanes) and (n_time, n_lanes)."""
        n_time = len(acc)
        if self._n_lanes == 1 and n_time <= _SMALL_BLOCK:
            return self._update_small(acc, gyr, bad, n_time)
        if bad is None:
            if len(self._all_good) < n_time:
                self._all_good = np.zeros((n_time, self._n_lanes), np.uint8)
            bad = self._all_good
        up = (
            aligned(acc.shape) if self._n_lanes > LANES else np.empty_like(acc)
        )  # for one tile it costs more than it saves
        arrays = (acc, bad) if gyr is None else (gyr, acc, bad)
        size = (n_time,) if self._n_lanes == 1 else (n_time, self._n_lanes)
        self._function(*map(address, arrays), self._state_at, address(up), *size, self._coefficients_at)
        return up

    def _update_small(
        self,
        acc: npt.NDArray[np.float32],
        gyr: npt.NDArray[np.float32] | None,
        bad: npt.NDArray[np.uint8] | None,
        n_time: int,
    ) -> npt.NDArray[np.float32]:
        if len(self._small_parts[0]) != n_time:  # blocks are mostly as long as the one before
            self._small_parts = [array[:n_time] for array in self._small]
        small_acc, small_gyr, small_up = self._small_parts
        small_acc[...] = acc
        if gyr is not None:
            small_gyr[...] = gyr
        if bad is not None:
            self._small_bad[:n_time], self._is_all_good = bad, False
        elif not self._is_all_good:
            self._small_bad[...], self._is_all_good = 0, True
        self._function(*self._small_at, self._small_up_at, n_time, self._coefficients_at)
        return small_up.copy()

    def rows(self) -> npt.NDArray[np.float32]:
        """The state, (n_lanes, rows)."""
        if self._n_lanes == 1:
            return self._state[None].copy()
        return np.ascontiguousarray(self._state.transpose(0, 2, 1).reshape(-1, self._n_rows)[: self._n_lanes])

    def ages_and_gaps(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Copies of these rows of the state; they are the first two with gyroscope and without."""
        if self._n_lanes == 1:
            return self._state[[Rows.AGE]], self._state[[Rows.GAP]]
        age, gap = self._state[:, [Rows.AGE, Rows.GAP]].transpose(1, 0, 2).reshape(2, -1)[:, : self._n_lanes]
        return age, gap

    def put_rows(self, rows: npt.NDArray[np.float32], lanes: npt.NDArray[np.intp] | slice) -> None:
        """Put the state of some lanes."""
        if self._n_lanes == 1:
            self._state[:] = rows[0]
        else:
            every = np.arange(self._n_lanes)[lanes]
            self._state[every // LANES, :, every % LANES] = rows


class _Window(ctypes.Structure):
    """`ub_window` of kernel/orient.h."""

    _fields_ = [(name, _LONG) for name in ("n_time", "n_keep", "n_done", "n_most", "ring")]


class Windows:
    """The smoother over windows, with gyroscope or without, for a tile of lanes or for one.

    Attributes
    ----------
    state : of the first sample of the next window; may be set before the first one
    """

    def __init__(
        self, design: Design, *, has_gyroscope: bool, is_tile: bool, instruction_set: str | None = None
    ) -> None:
        kernel = load(instruction_set)
        assert kernel is not None
        self._n_addresses = 6 if has_gyroscope else 5
        self._coefficients = design.coefficients
        name = f"{'' if has_gyroscope else 'tilt_'}smooth_{'tile' if is_tile else 'one'}"
        arguments = [*[_ADDRESS] * self._n_addresses, ctypes.POINTER(_Window), _ADDRESS, _ADDRESS]
        self._function = kernel.function(name, *arguments)
        n_rows = (SmoothRows if has_gyroscope else TiltRows).ALL
        shape = (n_rows, LANES) if is_tile else (n_rows,)
        self.state, self._front = aligned(shape), aligned(shape)
        self.state[...] = self._front[...] = 0
        n_most = design.keep + design.look
        self._window = _Window(n_done=0, n_most=n_most, ring=0)
        n_nodes = -(-n_most // design.node) if has_gyroscope else 0
        self._work = aligned((LANES if is_tile else 4, _NODE_NUMBERS * n_nodes + _ROW_NUMBERS * n_most))

    def work_out(
        self,
        acc: npt.NDArray[np.float32],
        gyr: npt.NDArray[np.float32] | None,
        bad: npt.NDArray[np.uint8],
        up: npt.NDArray[np.float32] | None,
        n_keep: int,
    ) -> None:
        """One window of at most `keep` and `look` samples; `up` for the first `n_keep`, or None for a warm-up.

        The next window begins with the sample `n_keep` of this one.
        """
        self._window.n_time, self._window.n_keep = len(acc), n_keep
        arrays = (acc, bad, self.state, self._front) if gyr is None else (gyr, acc, bad, self.state, self._front)
        where = None if up is None else address(up)
        self._function(*map(address, arrays), where, self._window, address(self._work), address(self._coefficients))
        self._window.n_done = len(acc) - n_keep
        self._window.ring = (self._window.ring + n_keep) % self._window.n_most


class Tiles:
    """Rows of a recording as lanes of a tile, and back."""

    def __init__(self, instruction_set: str | None = None) -> None:
        kernel = load(instruction_set)
        assert kernel is not None
        self._pack = kernel.function("pack_rows", *[_ADDRESS] * 4, _LONG)
        self._pack_bad = kernel.function("pack_bad", *[_ADDRESS] * 5, _LONG)
        self._unpack = kernel.function("unpack_tile", *[_ADDRESS] * 5)

    def pack(self, signal: "Pieces", span: "Span", tile: npt.NDArray[np.float32]) -> None:
        """`signal` (n_samples, 3) into `tile` (n_time, 3, lanes)."""
        first, start, end = span.arrays
        rows, joined = signal.addresses(first + start, first + end)
        self._pack(address(rows), *span.addresses[1:], address(tile), len(tile))
        del joined  # was needed until now

    def pack_bad(self, bad: npt.NDArray[np.uint8] | None, span: "Span", tile: npt.NDArray[np.uint8]) -> None:
        """`bad` (n_samples,) into `tile` (n_time, lanes); idle where a lane has nothing."""
        self._pack_bad(None if bad is None else address(bad), *span.addresses, address(tile), len(tile))

    def unpack(self, tile: npt.NDArray[np.float32], span: "Span", signal: npt.NDArray[np.float32]) -> None:
        """`tile` into `signal`, for the rows of the span."""
        self._unpack(address(tile), *span.addresses, address(signal))


class Pieces:
    """Rows of a long signal in the pieces that they came in, not copied; counted from the first one that is held."""

    def __init__(self, *pieces: npt.NDArray[np.float32]) -> None:
        self._pieces: list[npt.NDArray[np.float32]] = []
        self._ends = np.zeros(0, np.int64)
        self._keep([np.ascontiguousarray(piece) for piece in pieces])

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def add(self, piece: npt.NDArray[np.float32]) -> None:
        """Behind those that are held."""
        self._keep([*self._pieces, np.ascontiguousarray(piece)])

    def drop(self, n_rows: int) -> None:
        """Let go of the first ones."""
        held = [
            piece[max(n_rows - int(end) + len(piece), 0) :] for piece, end in zip(self._pieces, self._ends, strict=True)
        ]
        self._keep(held)

    def part(self, first: int, last: int) -> npt.NDArray[np.float32]:
        """Rows [first, last), as far as there are such; copied only if they stand in several pieces."""
        inside = [
            piece[max(first - begin, 0) : last - begin]
            for piece, begin in zip(self._pieces, self._begins.tolist(), strict=True)
            if begin < last and begin + len(piece) > first
        ]
        return inside[0] if len(inside) == 1 else np.concatenate([np.empty((0, 3), np.float32), *inside])

    def addresses(
        self, first: npt.NDArray[np.int64], last: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.uintp], list[npt.NDArray[np.float32]]]:
        """Where rows [first[k], last[k]) stand; and what had to be joined for it, to be kept until they are read."""
        piece = np.minimum(np.searchsorted(self._ends, first, "right"), len(self._pieces) - 1)
        found = self._places[piece] + (_ROW_BYTES * (first - self._begins[piece])).astype(np.uintp)
        joined = []
        for lane in np.flatnonzero((last > self._ends[piece]) & (last > first)).tolist():
            joined.append(self.part(int(first[lane]), int(last[lane])))
            found[lane] = address(joined[-1])
        return found, joined

    def _keep(self, pieces: list[npt.NDArray[np.float32]]) -> None:
        self._pieces = [piece for piece in pieces if len(piece)]
        lengths = np.array([len(piece) for piece in self._pieces], np.int64)
        self._ends = np.cumsum(lengths)
        self._begins = self._ends - lengths
        self._places = np.array([address(piece) for piece in self._pieces], np.uintp)


class Span:
    """Where lanes stand in a recording: row t of a tile is row `first` + t of it, for t from `start` to `end`."""

    def __init__(self, first: npt.NDArray[np.int64], start: npt.NDArray[np.int64], end: npt.NDArray[np.int64]) -> None:
        self.arrays = [np.ascontiguousarray(array, _LONG_TYPE) for array in (first, start, end)]
        self.addresses = [address(array) for array in self.arrays]

    def lanes(self) -> list[tuple[int, slice, slice]]:
        """Lanes that have something: number, rows of the tile, rows of the recording."""
        every = zip(*(array.tolist() for array in self.arrays), strict=True)
        return [
            (lane, slice(start, end), slice(first + start, first + end))
            for lane, (first, start, end) in enumerate(every)
            if end > start
        ]
