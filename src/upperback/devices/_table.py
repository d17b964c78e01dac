"""Tables of samples, whatever file they stand in: columns to streams, units and times found out on a first look."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from upperback.core.errors import InputError
from upperback.devices import clocks
from upperback.devices._compiled import side_by_side
from upperback.devices.base import Channel, Guess, ReadOptions, Recording, RecordingFormat, RecordingInfo, Stream
from upperback.devices.columns import Column, Columns, find_columns, shown
from upperback.devices.grid import Block, ReadingLog, blank_not_finite
from upperback.devices.units import (
    ACC_FACTOR,
    EMG_FACTOR,
    GYR_FACTOR,
    acc_unit,
    emg_unit,
    gyr_unit,
    measure_gravity,
    measure_turning,
)
from upperback.sensing.signal import G_MPS2, QualityFlag

#: Rows of the first look: an hour and a half at 50 Hz.
_LOOK_ROWS: Final = 1 << 18

#: An axis that stands still for three samples, as far out as it ever got and further than this, is at the end of its
#: range: nobody keeps 1.9 g or 230 deg/s to the last digit.
_CLIPPED_ACC_MPS2: Final = 1.9 * G_MPS2
_CLIPPED_GYR_RADPS: Final = 4.0

_MAX_FLOAT32: Final = float(np.finfo(np.float32).max)

#: More repeated stamps than this: the clock is too coarse to be used.
_COARSE_SHARE: Final = 0.2

#: Gives batches of the wanted columns, each with the share of the file behind it. Names are those of `column_name`.
ReadBatches = Callable[[Columns, ReadingLog], Iterator[tuple[Any, float]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a file's reader hands over: headings, batches, and what the file itself states about them."""

    format: RecordingFormat
    headings: Sequence[str]
    batches: ReadBatches
    device: str | None = None
    place: str | None = None
    axes: str | None = None
    rate_hz: float | None = None
    acc_unit: str | None = None
    gyr_unit: str | None = None
    emg_unit: str | None = None
    time_zone: str | None = None
    start_local_s: float | None = None  # time 0 by the recorder's clock, s since 1970, where the stamps count from it
    notes: tuple[str, ...] = ()


def column_name(column: Column) -> str:
    """Name of a column in the batches: headings may repeat or be empty."""
    return f"c{column.position}"


def open_table(table: Table, options: ReadOptions) -> Recording:
    """A recording over a table.

    Raises
    ------
    InputError : nothing usable in it, or something about it cannot be told.
    """
    columns = find_columns(table.headings, options.emg_channels)
    if columns.acc is None and not columns.emg:
        raise InputError(
            "no columns of acceleration (acc_x, acc_y, acc_z) or EMG were found; "
            f"the columns are {shown(table.headings)}"
        )
    look = _look(table, columns)
    timing = _timing(table, columns, look, options)
    guesses = [] if timing.guess is None else [timing.guess]
    notes = [*table.notes, *timing.notes]
    imu = emg = None
    channels = [Channel(name=column.heading, role="time") for column in (columns.time,) if column is not None]
    if columns.acc is not None:
        imu, used = _imu_stream(table, columns, look, timing, options, guesses, notes)
        channels += used
    if columns.emg:
        emg, used = _emg_stream(table, columns, look, timing, options, guesses)
        channels += used
    start = timing.start
    info = RecordingInfo(
        format=table.format,
        device=table.device,
        start=start.start,
        start_local=start.start_local,
        time_zone=start.time_zone,
        sampling_rate_hz=timing.rate_hz if imu else None,
        measured_rate_hz=timing.measured_hz,
        has_gyroscope=imu is not None and columns.gyr is not None,
        emg_rate_hz=timing.rate_hz if emg else None,
        emg_names=tuple(column.heading for column in columns.emg),
        place=table.place,
        axes=table.axes,
        channels=tuple(channels),
        guesses=tuple(guesses),
        notes=tuple(notes),
    )
    return Recording(info, imu=imu, emg=emg)


# ---- the first look ----------------------------------------------------------------------------------------------


def _look(table: Table, columns: Columns) -> Any:
    """The first rows, as an Arrow table."""
    batches, rows = [], 0
    for batch, _ in table.batches(columns, ReadingLog()):
        batches.append(batch)
        rows += len(batch)
        if rows >= _LOOK_ROWS:
            break
    if not rows:
        raise InputError("the table has a heading and no rows")
    return pa.Table.from_batches(batches).combine_chunks()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Timing:
    rate_hz: float
    measured_hz: float | None
    stamps: clocks.Stamps | None
    origin_s: float
    step_s: float
    wall_clock: bool
    start: clocks.Start
    guess: Guess | None
    notes: tuple[str, ...]


def _timing(table: Table, columns: Columns, look: Any, options: ReadOptions) -> _Timing:
    option_hz = options.rate_hz if options.rate_hz is not None else table.rate_hz
    if columns.time is None:
        if option_hz is None:
            raise InputError("there is no column of times (time_s); give the samples per second with --rate-hz")
        clocks.check_rate(option_hz, "--rate-hz")
        return _Timing(
            rate_hz=option_hz, measured_hz=None, stamps=None, origin_s=0.0, step_s=0.0, wall_clock=False,
            start=clocks.Start(), guess=None, notes=(),
        )  # fmt: skip
    stamps, guess = clocks.read_stamps(_column(look, columns.time), columns.time.unit, option_hz)
    time_s = stamps.seconds(_column(look, columns.time))
    start = clocks.start_of(stamps.unix_s, zone=options.time_zone or table.time_zone, zoned=stamps.zoned)
    if table.start_local_s is not None and stamps.kind == "number":
        local_s = table.start_local_s + float(stamps.zero) / stamps.per_s
        start = clocks.start_of(local_s, zone=options.time_zone or table.time_zone, zoned=False)
    elif start.start is None and columns.start is not None and columns.start != columns.time:
        start = _other_start(look, columns.start, options, table) or start
    if start.start is not None:
        origin_s = start.start.timestamp()
    else:
        origin_s = 0.0 if stamps.unix_s is not None or stamps.kind != "number" else float(stamps.zero) / stamps.per_s
    notes: tuple[str, ...] = ()
    measured = clocks.measured_rate(time_s)
    steps = np.diff(time_s)
    if measured is None or (len(steps) and np.mean(steps == 0) > _COARSE_SHARE):
        if option_hz is None:
            few = len(look) < 2
            raise InputError(
                "there is only one sample"
                if few
                else "many samples share a time stamp, so it is too coarse to tell "
                "the samples apart; give the samples per second with --rate-hz"
            )
        clocks.check_rate(option_hz, "--rate-hz")
        notes = ("Many samples share a time stamp, so they are taken as evenly spaced and gaps cannot be seen.",)
        return _Timing(
            rate_hz=option_hz, measured_hz=None, stamps=None, origin_s=origin_s, step_s=0.0, wall_clock=False,
            start=start, guess=guess, notes=notes,
        )  # fmt: skip
    return _Timing(
        rate_hz=clocks.nominal_rate(time_s, measured, option_hz),
        measured_hz=measured,
        stamps=stamps,
        origin_s=origin_s,
        step_s=clocks.stamp_step_s(time_s),
        wall_clock=stamps.kind in {"dated", "clock", "timestamp"} and not stamps.zoned,
        start=start,
        guess=guess,
        notes=notes,
    )


def _other_start(look: Any, column: Column, options: ReadOptions, table: Table) -> clocks.Start | None:
    """The date from a second column of times, if it can be read."""
    try:
        stamps, _ = clocks.read_stamps(_column(look, column), column.unit, None)
    except InputError:
        return None
    return clocks.start_of(stamps.unix_s, zone=options.time_zone or table.time_zone, zoned=stamps.zoned)


# ---- streams -----------------------------------------------------------------------------------------------------


def _imu_stream(
    table: Table,
    columns: Columns,
    look: Any,
    timing: _Timing,
    options: ReadOptions,
    guesses: list[Guess],
    notes: list[str],
) -> tuple[Stream, list[Channel]]:
    assert columns.acc is not None
    acc = _matrix(look, columns.acc)
    unit, guess = acc_unit(
        measure_gravity(acc, timing.rate_hz), _common_unit(columns.acc, ACC_FACTOR) or table.acc_unit, options.acc_unit
    )
    if guess:
        guesses.append(guess)
    down = options.acc_points == "down" if options.acc_points else columns.acc_points_down
    if down and options.acc_points is None:
        why = "This app passes on the phone's own sign, which is the other way round."
        guesses.append(Guess(what="acc_points", value="down", why=why))
    acc_factor = ACC_FACTOR[unit] * (-1 if down else 1)
    channels = _channels(columns.acc, "acc", unit)
    gyr, gyr_factor = acc, 1.0
    if columns.gyr is not None:
        gyr = _matrix(look, columns.gyr)
        stated = _common_unit(columns.gyr, GYR_FACTOR) or table.gyr_unit
        turning = measure_turning(acc, gyr, timing.rate_hz)
        gyr_unit_name, guess, note = gyr_unit(turning, gyr, stated, options.gyr_unit)
        guesses += [guess] if guess else []
        notes += [note] if note else []
        gyr_factor = GYR_FACTOR[gyr_unit_name]
        channels += _channels(columns.gyr, "gyr", gyr_unit_name)
    parts = [(columns.acc, acc_factor, _clipped_beyond(acc, acc_factor, _CLIPPED_ACC_MPS2))]
    if columns.gyr is not None:
        parts.append((columns.gyr, gyr_factor, _clipped_beyond(gyr, gyr_factor, _CLIPPED_GYR_RADPS)))
    blocks = _blocks(table, columns, timing, parts)
    stream = Stream(
        sampling_rate_hz=timing.rate_hz,
        origin_s=timing.origin_s,
        blocks=blocks,
        n_columns=(3,) * len(parts),
        stamp_step_s=timing.step_s,
        wall_clock=timing.wall_clock,
    )
    return stream, channels


def _emg_stream(
    table: Table, columns: Columns, look: Any, timing: _Timing, options: ReadOptions, guesses: list[Guess]
) -> tuple[Stream, list[Channel]]:
    stated = _common_unit(columns.emg, EMG_FACTOR) or table.emg_unit
    unit, guess = emg_unit(_matrix(look, columns.emg), stated, options.emg_unit)
    guesses += [guess] if guess else []
    stream = Stream(
        sampling_rate_hz=timing.rate_hz,
        origin_s=timing.origin_s,
        blocks=_blocks(table, columns, timing, [(columns.emg, EMG_FACTOR[unit], _MAX_FLOAT32)]),
        n_columns=(len(columns.emg),),
        stamp_step_s=timing.step_s,
        wall_clock=timing.wall_clock,
        bridge_s=0.0,
    )
    return stream, [Channel(name=column.heading, role="emg", unit=unit) for column in columns.emg]


def _blocks(
    table: Table, columns: Columns, timing: _Timing, parts: Sequence[tuple[Sequence[Column], float, float]]
) -> Callable[[ReadingLog], Iterator[Block]]:
    def read(log: ReadingLog) -> Iterator[Block]:
        row = 0
        for batch, share in table.batches(columns, log):
            if timing.stamps is None:
                time_s = np.arange(row, row + len(batch)) / timing.rate_hz
            else:
                assert columns.time is not None
                time_s = timing.stamps.seconds(_column(batch, columns.time))
            quality = _quality(batch, columns.quality)
            arrays, whole = [], True
            for group, factor, clipped_at in parts:
                rows, look = side_by_side([_values(batch, column) for column in group], factor, clipped_at)
                if look.any_far:
                    quality = mark_clipped(rows, clipped_at, quality)
                whole &= not look.any_not_finite
                arrays.append(rows)
            if not whole:
                quality = blank_not_finite(arrays, quality, log)
            row += len(batch)
            yield Block(time_s, tuple(arrays), quality, share)

    return read


def _clipped_beyond(look: npt.NDArray[np.float32], factor: float, least: float) -> float:
    finite = look[np.isfinite(look)]
    largest = 0.999 * float(np.abs(finite).max()) * abs(factor) if len(finite) else 0.0
    return min(max(least, largest), _MAX_FLOAT32)


def mark_clipped(
    rows: npt.NDArray[np.float32], beyond: float, quality: npt.NDArray[np.uint8] | None
) -> npt.NDArray[np.uint8] | None:
    """Marks samples of an axis that stands still for three samples, further out than `beyond`."""
    far = np.abs(rows) > beyond
    if not far.any():
        return quality
    still = (rows[2:] == rows[1:-1]) & (rows[1:-1] == rows[:-2]) & far[2:]
    first = np.flatnonzero(still.any(axis=1))
    if not len(first):
        return quality
    quality = np.zeros(len(rows), np.uint8) if quality is None else quality
    for offset in range(3):
        quality[first + offset] |= np.uint8(QualityFlag.CLIPPED)
    return quality


# ---- from Arrow to NumPy -----------------------------------------------------------------------------------------


def _column(batch: Any, column: Column) -> Any:
    found = batch.column(column_name(column))
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _values(batch: Any, column: Column) -> npt.NDArray[np.float32]:
    """(rows,) float32; an empty field is NaN."""
    values = _column(batch, column)
    if not pa.types.is_float32(values.type):
        import pyarrow.compute as pc

        values = pc.cast(values, pa.float32(), safe=False)
    found: npt.NDArray[np.float32] = values.to_numpy(zero_copy_only=False)
    return found


def _matrix(batch: Any, group: Sequence[Column]) -> npt.NDArray[np.float32]:
    """(rows, columns) float32."""
    return np.stack([_values(batch, column) for column in group], axis=1)


def _quality(batch: Any, column: Column | None) -> npt.NDArray[np.uint8] | None:
    if column is None:
        return None
    import pyarrow.compute as pc

    values = pc.fill_null(pc.cast(_column(batch, column), pa.uint8(), safe=False), 0)
    return np.array(values.to_numpy(zero_copy_only=False))


def _common_unit(group: Sequence[Column], known: dict[str, float]) -> str | None:
    units = {column.unit for column in group}
    if len(units) > 1:
        raise InputError(f"the columns {shown([column.heading for column in group])} state different units")
    unit = units.pop()
    return unit if unit in known else None


def _channels(group: Sequence[Column], kind: str, unit: str) -> list[Channel]:
    return [
        Channel(name=column.heading, role=f"{kind}_{axis}", unit=unit)
        for column, axis in zip(group, "xyz", strict=True)
    ]
