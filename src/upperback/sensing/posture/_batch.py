"""A whole recording at once, on several threads: the same figures as live, many times faster.

The recording is cut into pieces of a quarter of an hour on a fixed grid. Each is worked on by itself, sixteen of them
side by side, after some samples before it that warm the filters up. So nothing depends on how the recording was cut
into blocks, how many threads there are, or where a piece stood.
"""

import math
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.sensing import compiled
from upperback.sensing.compiled import LANES
from upperback.sensing.epochs import COLUMNS, Epochs
from upperback.sensing.posture._grid import Grid
from upperback.sensing.posture._holds import HoldState, HoldTally, hold_epochs
from upperback.sensing.posture._lane import Samples, Setting, Tally, Waiting, run_lanes, seen_bias
from upperback.sensing.posture._reference import epoch_row
from upperback.sensing.posture._stream import check_rate, method_of, missing_before
from upperback.sensing.posture.base import Method, PostureParams, PostureSummary, VerticalBlock
from upperback.sensing.signal import Chunk
from upperback.sensing.trunk import TrunkAlignment

PIECE_S: Final = 900
WARM_S: Final = {"accelerometer": 3, "accelerometer and gyroscope": 60}
"""Time before a piece that its filters see: many of their time constants (0.03 s and 3 s), so that they have forgotten
how they began. The bias of the gyroscope comes from the rests of the piece."""


_NO_ROWS: Final = np.empty((0, len(COLUMNS)), np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureResult:
    """Of a recording, or of the part of it that was asked for."""

    epochs: Epochs
    summaries: tuple[PostureSummary, ...]


def posture_of(
    blocks: Chunk | VerticalBlock | Iterable[Chunk | VerticalBlock],
    *,
    alignment: TrunkAlignment | None,
    params: PostureParams | None = None,
    new_summary_s: Sequence[int] = (),
    n_threads: int = 2,
    instruction_set: str | None = None,
) -> PostureResult:
    """Posture of a whole recording.

    Parameters
    ----------
    blocks : the recording in one piece, or its blocks in order. With blocks of hours little more than a few hours of
        samples are held at a time; the result is the same
    alignment, params : as in `PostureTracker`
    new_summary_s : whole seconds of the recording's time at which a new summary begins, in order: midnights
    n_threads : how many work at a time
    instruction_set : of the compiled kernel; "numpy" is the reference, which goes through the recording as if live

    Returns
    -------
    PostureResult : all epochs, also unfinished ones at both ends, and len(new_summary_s) + 1 summaries.

    Notes
    -----
    Live, a filter knows everything before. Here a piece's filters begin `WARM_S` before it, with the bias that the
    gyroscope had in the rests of the piece or of the last piece that had some. Where live has learnt the bias, the two
    agree (see docs/decisions/0011-posture.md for how well); before its first rest, here is nearer to the truth.

    Raises
    ------
    InputError : as in `PostureTracker`.
    """
    with ThreadPoolExecutor(max(1, n_threads)) as pool:
        work = _Work(alignment, params or PostureParams(), new_summary_s, pool, n_threads, instruction_set)
        for block in [blocks] if isinstance(blocks, Chunk | VerticalBlock) else blocks:
            work.take(block)
        return work.finish()


@dataclass(frozen=True, slots=True)
class _Piece:
    """Epochs [first, last) of the stream, for one of the summaries."""

    first: int
    last: int
    summary: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    """Pieces that are worked on, in groups side by side, and the epochs that they write."""

    pieces: list[_Piece]
    groups: list[list[int]]
    done: list[Future[tuple[Tally, npt.NDArray[np.float64]]]]
    rows: npt.NDArray[np.float32]


class _Work:
    """Takes blocks, and works off pieces as soon as there are enough of them to be done side by side."""

    def __init__(
        self,
        alignment: TrunkAlignment | None,
        params: PostureParams,
        new_summary_s: Sequence[int],
        pool: Executor,
        n_threads: int,
        instruction_set: str | None,
    ) -> None:
        if list(new_summary_s) != sorted(set(new_summary_s)):
            raise InputError("the times of new summaries have to come in order")
        self._alignment, self._params, self._new_summary_s = alignment, params, new_summary_s
        self._pool, self._at_once = pool, LANES * max(1, n_threads)
        usable = compiled.available()
        self._instruction_set = instruction_set or (usable[-1] if usable else "numpy")
        self._method: Method | None = None
        self._start_s = 0.0
        self._n_samples = 0
        self._waiting = Waiting()
        self._running: _Running | None = None
        self._next_epoch = 0
        self._bias: npt.NDArray[np.float64] = np.zeros(4)  # of the last piece that had rests
        self._rows: list[npt.NDArray[np.float32]] = []
        self._tallies = [Tally(compiled_counts=self._instruction_set != "numpy") for _ in range(len(new_summary_s) + 1)]
        self._holds = [HoldTally() for _ in self._tallies]
        self._bout = HoldState()

    def take(self, block: Chunk | VerticalBlock) -> None:
        """The next block."""
        method = method_of(block, self._alignment, self._params)
        if self._method is None:
            check_rate(block.sampling_rate_hz)
            self._method, self._start_s = method, block.start_s
            self._grid = Grid.of(block.start_s, block.sampling_rate_hz)
            ready = isinstance(block, VerticalBlock)
            self._setting = Setting.of(method, self._grid, self._alignment, self._params, ready=ready)
        if method != self._method or (self._setting.vertical is None) != isinstance(block, VerticalBlock):
            raise InputError("the blocks of a recording have to be of one kind")
        samples = Samples.of(block)
        for gap in samples.missing(missing_before(block, self._start_s, self._n_samples)):
            self._wait(gap)
        self._wait(samples)

    def finish(self) -> PostureResult:
        """Works off what waits, and the second that is not complete."""
        if self._method is None:
            raise InputError("a recording without a block has no posture")
        last = self._grid.epoch_of(self._n_samples)
        self._work_off(self._pieces(last + (self._grid.first_of(last) < self._n_samples)))
        self._take_in()
        rows = self._rows[0] if len(self._rows) == 1 else np.concatenate([_NO_ROWS, *self._rows])
        return PostureResult(
            epochs=Epochs(first_s=math.floor(self._start_s), rows=rows),
            summaries=tuple(
                tally.summary(self._method, holds.holds())
                for tally, holds in zip(self._tallies, self._holds, strict=True)
            ),
        )

    def _wait(self, samples: Samples) -> None:
        self._waiting.add(samples)
        self._n_samples += len(samples)
        last = self._grid.epoch_of(self._n_samples)
        if last - self._next_epoch >= self._at_once * PIECE_S:
            self._work_off(self._pieces(last // PIECE_S * PIECE_S))

    def _pieces(self, last: int) -> list[_Piece]:
        """What is to be done up to epoch `last`."""
        splits = [at_s - math.floor(self._start_s) for at_s in self._new_summary_s]
        first = self._next_epoch
        edges = {first, last, *range(first // PIECE_S * PIECE_S, last, PIECE_S), *splits}
        inside = sorted(edge for edge in edges if first <= edge <= last)
        return [_Piece(start, end, sum(split <= start for split in splits)) for start, end in pairwise(inside)]

    def _work_off(self, pieces: list[_Piece]) -> None:
        """Has pieces worked on, and takes in what was done before: meanwhile the next blocks can come."""
        self._take_in()
        if not pieces:
            return
        grid = self._grid
        first, last = pieces[0].first, pieces[-1].last
        rows = np.empty((last - first, len(COLUMNS)), np.float32)
        groups = [
            some[at : at + LANES]
            for summary in range(len(self._tallies))
            if (some := [number for number, piece in enumerate(pieces) if piece.summary == summary])
            for at in range(0, len(some), LANES)
        ]
        biases, waiting = self._biases(pieces), self._waiting.copy()
        done = [
            self._pool.submit(self._do, waiting, [pieces[k] for k in group], biases[group], rows, first)
            for group in groups
        ]
        self._running = _Running(pieces=pieces, groups=groups, done=done, rows=rows)
        self._next_epoch = last
        self._waiting.drop(grid.first_of(last) - self._n_warm)

    def _take_in(self) -> None:
        """What the pieces that are worked on have given; holds are looked for while later ones are worked on."""
        if self._running is None:
            return
        pieces, rows, grid = self._running.pieces, self._running.rows, self._grid
        first, last = pieces[0].first, pieces[-1].last
        for group, future in zip(self._running.groups, self._running.done, strict=True):
            tally, posture = future.result()
            summary = pieces[group[0]].summary
            self._tallies[summary].add(tally)
            if grid.first_of(last) > self._n_samples and group[-1] == len(pieces) - 1:  # not complete
                rows[-1] = epoch_row(posture[:, len(group) - 1], grid.expected_in(last - 1), self._alignment)
            start, end = pieces[group[0]].first, pieces[group[-1]].last
            self._hold(start, rows[start - first : end - first], self._holds[summary])
        self._rows.append(rows)
        self._running = None

    @property
    def _n_warm(self) -> int:
        if self._method is None or self._setting.vertical is None:
            return 1
        return math.ceil(WARM_S[self._method.sensor] * self._grid.sampling_rate_hz)

    def _biases(self, pieces: list[_Piece]) -> npt.NDArray[np.float64]:
        """(n_pieces, 4): bias of the gyroscope, and its variance."""
        biases = np.zeros((len(pieces), 4))
        if not self._setting.with_gyr:
            return biases

        def look(piece: _Piece) -> npt.NDArray[np.float64]:
            part = self._waiting.part(*self._range(piece))
            return seen_bias(part, self._params.orientation, self._grid, self._instruction_set)

        for number, found in enumerate(self._pool.map(look, pieces)):
            if found[3] > 0:
                self._bias = found
            biases[number] = self._bias
        return biases

    def _range(self, piece: _Piece) -> tuple[int, int]:
        """Its samples."""
        return self._grid.first_of(piece.first), min(self._grid.first_of(piece.last), self._n_samples)

    def _do(
        self,
        waiting: Waiting,
        pieces: list[_Piece],
        biases: npt.NDArray[np.float64],
        rows: npt.NDArray[np.float32],
        first_epoch: int,
    ) -> tuple[Tally, npt.NDArray[np.float64]]:
        """Pieces side by side."""
        tally = Tally(compiled_counts=self._instruction_set != "numpy")
        posture = run_lanes(
            waiting,
            self._setting,
            ranges=list(map(self._range, pieces)),
            n_warm=self._n_warm,
            biases=biases,
            tally=tally,
            rows=rows,
            first_epoch=first_epoch,
            instruction_set=self._instruction_set,
        )
        return tally, posture

    def _hold(self, first: int, rows: npt.NDArray[np.float32], tally: HoldTally) -> None:
        """The epochs from `first` on, which follow those before."""
        epochs = Epochs(first_s=math.floor(self._start_s) + first, rows=rows)
        hold_epochs(epochs, self._bout, self._params.holds, tally, instruction_set=self._instruction_set)
