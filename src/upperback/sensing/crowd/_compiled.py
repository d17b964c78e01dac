"""The compiled engine: wearers of one kind as rows of one array, passes over all that have a frame: kernel/crowd.h."""

import ctypes
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.sensing.compiled import LANES, Kernel, aligned
from upperback.sensing.crowd.base import BODY_COLUMNS, Moment, RawFrame, Turn
from upperback.sensing.cues import ride_filter
from upperback.sensing.epochs import COLUMNS
from upperback.sensing.even import BRIDGE_S, BRIDGE_STEPS, CLOCK_AHEAD_MS, CLOCK_BACK_MS, LONG_GAP_S, ON_GRID
from upperback.sensing.monitor.base import MonitorParams
from upperback.sensing.orientation.base import Rows, design_orientation, design_tilt
from upperback.sensing.posture import hold_numbers, reasons_of
from upperback.sensing.posture._compiled import BINS, COPIES, STATE_ROWS
from upperback.sensing.quality import QualityState, Second, limits, start_quality
from upperback.sensing.quality.base import JUMP_GRAVITY_SHARE, KEPT_SECONDS
from upperback.sensing.signal import G_MPS2
from upperback.sensing.trunk import TrunkAlignment

_SECOND_MAX, _RECENT, _SHAKES, _ROWS, _EPOCHS = 64, 16, 60, 1100, 32
"""The same numbers stand in kernel/crowd.h."""
_RATE_HZ_MIN: Final = 40.0
_FIRST_ROOM: Final = 16
#: So many turns go through one pass, however many wait: each takes 11 kB to work in, the pass itself little time.
_TURNS_MAX: Final = 128

_f8, _f4, _i8, _i4, _i1 = "<f8", "<f4", "<i8", "<i4", "|i1"
_MARKS: Final = np.dtype(
    [
        ("acc", _f4, (2, 3)), ("gyr", _f4, (2, 3)), ("falling", _i8), ("jumping", _i8), ("jumps", _i8),
        ("jumped_at", _i8),
    ],
    align=True,
)  # fmt: skip
#: `ub_wearer`.
RECORD: Final = np.dtype(
    [
        ("starts_s", _f8), ("zero_ms", _f8), ("shift_ms", _f8), ("last_ms", _f8), ("position", _f8),
        ("holds", _f8, 8),
        ("seconds", _f8, (KEPT_SECONDS, len(Second))),
        ("follow", _f8, 3), ("gravity", _f8),
        ("ride_memory", _f8, (2, 2)), ("ride_held_s", _f8), ("ride_squares", _f8, _SECOND_MAX),
        ("index", _i8), ("n_samples", _i8),
        ("stuck_seconds", _i8), ("drift_seconds", _i8), ("wrong_seconds", _i8),
        ("marks", _MARKS),
        ("sign", _f4), ("has_up", _f4), ("has_front", _f4), ("measured_share", _f4),
        ("axes", _f4, (3, 3)), ("last", _f4, 6),
        ("vertical", _f4, Rows.ALL), ("posture", _f4, STATE_ROWS),
        ("second_acc", _f4, (_SECOND_MAX, 3)), ("second_gyr", _f4, (_SECOND_MAX, 3)),
        ("recent", _f4, (_RECENT, 3)),
        ("n_second", _i4), ("n_ride", _i4), ("settling", _i4), ("n_recent", _i4),
        ("implausible", _i4), ("gravity_wrong", _i4), ("good", _i4), ("moving", _i4), ("vehicle", _i4),
        ("shaking", _i1, _SHAKES),
    ],
    align=True,
)  # fmt: skip

_MOMENT: Final = ("starts_s", "n_samples", "measured_share", "good", "moving", "vehicle")

_pointer, _int, _double = ctypes.c_void_p, ctypes.c_int64, ctypes.c_double


class _Limits(ctypes.Structure):
    _fields_ = (
        *((name, _double) for name in ("acc", "gyr", "fall_square", "jump_step", "jump_cosine")),
        *((name, _double) for name in ("gravity", "gravity_share")),
        *((name, _int) for name in ("acc_known", "gyr_known", "fall_first", "fall_longest", "jump_samples")),
    )


class _Tuning(ctypes.Structure):
    """`ub_crowd_tuning`."""

    _fields_ = (
        *((name, _double) for name in ("rate", "bridge", "long_gap", "on_grid", "clock_back_ms", "clock_ahead_ms")),
        *((name, _int) for name in ("with_gyr", "gap_max", "settled", "n_second", "n_recent")),
        ("vertical_coefficients", _pointer),
        ("limits", ctypes.POINTER(_Limits)),
        *((name, _double) for name in ("stuck_least", "still_share", "still_seconds", "gravity_share")),
        *((name, _double) for name in ("moving_low", "moving_high", "drift_radps", "drift_seconds", "drift_spread")),
        *((name, _pointer) for name in ("hold_params", "sections", "start")),
        ("shaking_least", _double),
        ("ride_hold_s", _double),
        *((name, _int) for name in ("moving_seconds", "moving_of", "vehicle_seconds")),
        ("reasons", _pointer),
    )


_ARRAYS: Final = (
    "who", "data", "times", "acc", "gyr", "n_in", "first_ms", "done", "flat_acc", "flat_gyr", "flat_up", "capacity",
    "flags", "bad", "first", "lead", "n_rows", "tile_acc", "tile_gyr", "tile_up", "tile_bad", "counts", "n_epochs",
    "epoch_s", "epochs", "n_body", "body", "intensity", "now",
)  # fmt: skip


class _Job(ctypes.Structure):
    """`ub_crowd_job`."""

    _fields_ = (
        ("tuning", ctypes.POINTER(_Tuning)),
        ("wearers", _pointer),
        ("n_turns", _int),
        *((name, _int if name == "capacity" else _pointer) for name in _ARRAYS),
    )


@cache
def _functions(kernel: Kernel) -> tuple[Any, Any]:
    return kernel.function("crowd_pass", ctypes.POINTER(_Job)), kernel.function("crowd_size", result_type=_int)


class CompiledEngine:
    """See `Engine`."""

    def __init__(self, kernel: Kernel, *, sampling_rate_hz: float, has_gyroscope: bool, params: MonitorParams) -> None:
        """Nobody yet.

        Raises
        ------
        InputError : a rate that this cannot do.
        """
        if not _RATE_HZ_MIN <= sampling_rate_hz <= _SECOND_MAX or sampling_rate_hz != round(sampling_rate_hz):
            raise InputError(f"a crowd needs {_RATE_HZ_MIN:g} to {_SECOND_MAX} samples a second, a whole number")
        self._pass, size = _functions(kernel)
        assert size() == RECORD.itemsize, "kernel/crowd.h and this file lay out a wearer in the same way"
        self.name = f"crowd {RECORD.itemsize} {sampling_rate_hz:g} {has_gyroscope}"
        self._rate_hz, self._has_gyroscope = sampling_rate_hz, has_gyroscope
        self._params = params
        self._kept = _tuning(sampling_rate_hz, params, has_gyroscope=has_gyroscope)
        self._tuning: _Tuning = self._kept["tuning"]
        self._no_quality = start_quality(sampling_rate_hz=sampling_rate_hz)
        self._wearers = np.zeros(_FIRST_ROOM, RECORD)
        self._now = np.full((_FIRST_ROOM, 3), np.nan, np.float32)
        self._free = list(range(_FIRST_ROOM - 1, -1, -1))
        self._room = 0
        self._work: dict[str, npt.NDArray[Any]] = {}

    # ---- who is there ----

    def add(self, *, starts_s: float, points_up: bool, record: npt.NDArray[np.uint8] | None) -> int:
        if not self._free:
            n = len(self._wearers)
            more = max(_FIRST_ROOM, n // 4)
            self._wearers = np.concatenate([self._wearers, np.zeros(more, RECORD)])
            self._now = np.concatenate([self._now, np.full((more, 3), np.nan, np.float32)])
            self._free = list(range(n + more - 1, n - 1, -1))
        slot = self._free.pop()
        if record is not None:
            if record.shape != (RECORD.itemsize,):
                raise InputError("the state of the wearer is from another version")
            self._wearers[slot] = record.copy().view(RECORD)[0]
        else:
            self._wearers[slot] = self._fresh(starts_s, points_up=points_up)
        self._now[slot] = np.nan
        return slot

    def _fresh(self, starts_s: float, *, points_up: bool) -> Any:
        one = np.zeros((), RECORD)
        one["starts_s"], one["zero_ms"], one["sign"] = starts_s, np.nan, 1 if points_up else -1
        one["seconds"], one["gravity"], one["shaking"], one["settling"] = np.nan, np.nan, -1, -1
        one["marks"]["acc"] = one["marks"]["gyr"] = np.nan
        one["vehicle"], one["axes"] = -1, np.eye(3)
        return one

    def remove(self, slot: int) -> None:
        self._free.append(slot)

    def record(self, slot: int) -> npt.NDArray[np.uint8]:
        return np.frombuffer(self._wearers[slot : slot + 1].tobytes(), np.uint8)

    def align(self, slot: int, alignment: TrunkAlignment | None) -> None:
        one = self._wearers[slot : slot + 1]
        one["axes"] = np.eye(3) if alignment is None else alignment.axes()
        one["has_up"], one["has_front"] = alignment is not None, alignment is not None and alignment.has_front
        one["posture"][:, 2:] = 0  # what was summed up in this second belongs to the old alignment

    # ---- the work ----

    def work(self, frames: Sequence[tuple[int, RawFrame]]) -> Iterator[Turn]:
        """Each pass takes the first stretch of the first frame of everybody."""
        left: list[tuple[int, RawFrame, int]] = [(slot, frame, 0) for slot, frame in frames]
        while left:
            now: list[tuple[int, RawFrame, int]] = []
            later: list[tuple[int, RawFrame, int]] = []
            seen: set[int] = set()
            for one in left:
                (later if one[0] in seen else now).append(one)
                seen.add(one[0])
            again: list[tuple[int, RawFrame, int]] = []
            for first in range(0, len(now), _TURNS_MAX):
                again += yield from self._one_pass(now[first : first + _TURNS_MAX])
            left = [*again, *later]

    def _one_pass(
        self, turns: list[tuple[int, RawFrame, int]]
    ) -> Generator[Turn, None, list[tuple[int, RawFrame, int]]]:
        n = len(turns)
        self._make_room(n)
        work = self._work
        data = b"".join([frame.data for _, frame, _ in turns])
        lengths = np.array([len(frame.data) for _, frame, _ in turns])
        at = np.cumsum(lengths) - lengths
        table = np.array([(slot, f.n, f.times_at, f.acc_at, f.gyr_at, done) for slot, f, done in turns], np.int64)
        work["who"][:n], work["n_in"][:n], work["done"][:n] = table[:, 0], table[:, 1], table[:, 5]
        for column, name in ((2, "times"), (3, "acc"), (4, "gyr")):
            work[name][:n] = table[:, column] + at
        work["first_ms"][:n] = [frame.first_ms for _, frame, _ in turns]
        self._job.n_turns = n
        self._job.wearers = self._wearers.ctypes.data
        self._job.data = ctypes.cast(ctypes.c_char_p(data), _pointer)
        missing = self._wearers["n_samples"][table[:, 0]]
        self._pass(ctypes.byref(self._job))
        self._now[table[:, 0]] = work["now"][:n]
        columns = (work[name][:n].tolist() for name in ("done", "n_epochs", "n_body", "first", "n_rows"))
        gone = (self._wearers["n_samples"][table[:, 0]] - missing).tolist()
        # What does not take an array for each of them is done for all at once.
        most, most_body = int(work["n_epochs"][:n].max()), int(work["n_body"][:n].max())
        epoch_s, epochs = work["epoch_s"][:n, :most].tolist(), work["epochs"][:n, :most].copy()
        bodies = np.concatenate([work["body"][:n, :most_body], work["intensity"][:n, :most_body, None]], axis=2)
        doubtful = self._doubtful(table[:, 0]).tolist()
        up, rate_hz = work["flat_up"], int(self._rate_hz)
        again: list[tuple[int, RawFrame, int]] = []
        for k, (turn, done, n_epochs, n_body, first, n_rows, passed) in enumerate(
            zip(turns, *columns, gone, strict=True)
        ):
            if done < turn[1].n:
                again.append((turn[0], turn[1], done))
            yield Turn(
                turn[0], epoch_s[k][:n_epochs], epochs[k, :n_epochs], bodies[k, :n_body],
                (passed - n_rows) // rate_hz, up[first : first + n_rows], doubtful[k],
            )  # fmt: skip
        return again

    def _doubtful(self, slots: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Of whom `quality` may say something."""
        of = self._wearers
        counts = (of["gravity_wrong"], of["stuck_seconds"], of["drift_seconds"], of["marks"]["jumps"])
        marked = np.logical_or.reduce([count[slots] != 0 for count in counts])
        product, told, seen = of["follow"][slots].T
        params = self._params.quality
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = product / told
        follows = (params.follow_low <= factor) & (factor <= params.follow_high)
        doubted: npt.NDArray[np.bool_] = marked | ((seen >= params.follow_min) & (told > 0) & ~follows)
        return doubted

    def _make_room(self, n_turns: int) -> None:
        if n_turns <= self._room:
            return
        self._room = room = min(max(n_turns, 2 * self._room), _TURNS_MAX)
        gap = int(self._tuning.gap_max)
        tile = _ROWS + gap
        flat = room * (_SECOND_MAX + gap) + 2 * tile  # a second of each, and at least one who has more
        shapes: dict[str, tuple[tuple[int, ...], Any]] = {
            **dict.fromkeys(("who", "times", "acc", "gyr", "n_in", "done", "first", "lead", "n_rows"), ((room,), _i8)),
            **dict.fromkeys(("n_epochs", "n_body"), ((room,), _i8)),
            "first_ms": ((room,), _f8),
            **dict.fromkeys(("flat_acc", "flat_gyr", "flat_up"), ((flat, 3), _f4)),
            **dict.fromkeys(("flags", "bad"), ((flat,), np.uint8)),
            "tile_bad": ((tile, LANES), np.uint8),
            "counts": ((COPIES, BINS), np.uint32),
            "epoch_s": ((room, _EPOCHS), _i8),
            "epochs": ((room, _EPOCHS, len(COLUMNS)), _f4),
            "body": ((room, _EPOCHS, BODY_COLUMNS), _f4),
            "intensity": ((room, _EPOCHS), _f4),
            "now": ((room, 3), _f4),
        }
        self._work = {name: np.empty(shape, kind) for name, (shape, kind) in shapes.items()}
        self._work |= {name: aligned((tile, 3, LANES)) for name in ("tile_acc", "tile_gyr", "tile_up")}
        self._job = _Job(
            tuning=ctypes.pointer(self._tuning),
            capacity=flat,
            **{name: array.ctypes.data for name, array in self._work.items()},
        )

    # ---- what is known ----

    def moments(self, slots: Sequence[int]) -> list[Moment]:
        at = np.array(slots, np.intp)
        holds = self._wearers["holds"][at]
        some = {name: self._wearers[name][at] for name in _MOMENT}
        held = np.where(holds[:, 3] > 0, holds[:, 3] + holds[:, 5], 0).astype(np.int64)
        until = some["starts_s"] + some["n_samples"] / self._rate_hz
        vehicle = {1: True, 0: False, -1: None}
        columns = (until, some["measured_share"], held, some["good"] > 0, some["moving"] > 0, some["vehicle"])
        ups = self._now[at].tolist()
        return [
            Moment(until_s, share, held_s, good, moving, vehicle[seen], (up[0], up[1], up[2]))
            for until_s, share, held_s, good, moving, seen, up in zip(
                *(column.tolist() for column in columns), ups, strict=True
            )
        ]

    def quality(self, slot: int) -> QualityState | None:
        if not self._doubtful(np.array([slot], np.int64))[0]:
            return None
        one = self._wearers[slot]
        marks = one["marks"]
        follow = one["follow"]
        return replace(
            self._no_quality,
            gravity_wrong=bool(one["gravity_wrong"]),
            gravity_mps2=float(one["gravity"]),
            stuck_seconds=int(one["stuck_seconds"]),
            drift_seconds=int(one["drift_seconds"]),
            wrong_gravity_seconds=int(one["wrong_seconds"]),
            jumps=int(marks["jumps"]),
            follow=follow.copy(),
        )


def _tuning(rate_hz: float, params: MonitorParams, *, has_gyroscope: bool) -> dict[str, Any]:
    """The tuning, and everything that it points at."""
    posture, quality = params.posture, params.quality
    design = design_orientation(rate_hz, posture.orientation) if has_gyroscope else design_tilt(rate_hz, posture.tilt)
    of_quality = limits(rate_hz, quality)
    sections, start = ride_filter(rate_hz, params.ride)
    kept: dict[str, Any] = {
        "vertical": np.ascontiguousarray(design.coefficients),
        "holds": hold_numbers(posture.holds),
        "sections": np.ascontiguousarray(sections),
        "start": np.ascontiguousarray(start),
        "reasons": reasons_of(posture.unusable),
        "limits": _Limits(
            of_quality.acc, of_quality.gyr, of_quality.fall_square, of_quality.jump_step, of_quality.jump_cosine,
            G_MPS2, JUMP_GRAVITY_SHARE, of_quality.acc_known, of_quality.gyr_known, of_quality.fall_first,
            of_quality.fall_longest, of_quality.jump_samples,
        ),
    }  # fmt: skip
    kept["tuning"] = _Tuning(
        rate=rate_hz,
        bridge=max(BRIDGE_STEPS, BRIDGE_S * rate_hz),
        long_gap=LONG_GAP_S * rate_hz,
        on_grid=ON_GRID,
        clock_back_ms=CLOCK_BACK_MS,
        clock_ahead_ms=CLOCK_AHEAD_MS,
        with_gyr=has_gyroscope,
        gap_max=int(design.named["gap_max"]),
        settled=design.settled,
        n_second=round(rate_hz),
        n_recent=min(_RECENT, max(1, round(params.now_s * rate_hz))),
        vertical_coefficients=kept["vertical"].ctypes.data,
        limits=ctypes.pointer(kept["limits"]),
        stuck_least=quality.stuck_mps2_min,
        still_share=quality.still_share,
        still_seconds=quality.still_seconds,
        gravity_share=quality.gravity_share,
        moving_low=quality.moving_shares[0],
        moving_high=quality.moving_shares[1],
        drift_radps=quality.drift_radps,
        drift_seconds=quality.drift_seconds,
        drift_spread=quality.drift_spread_radps,
        hold_params=kept["holds"].ctypes.data,
        sections=kept["sections"].ctypes.data,
        start=kept["start"].ctypes.data,
        shaking_least=params.ride.shaking_mps2,
        ride_hold_s=params.ride.hold_s,
        moving_seconds=params.ride.moving_seconds,
        moving_of=params.ride.moving_of,
        vehicle_seconds=params.ride.vehicle_seconds,
        reasons=kept["reasons"].ctypes.data,
    )
    return kept
