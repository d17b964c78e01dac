"""Parquet, ours and others'. A recording that we write carries what is known about it in the schema."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from upperback.core.errors import InputError
from upperback.devices._table import Table, column_name, open_table
from upperback.devices.base import ReadOptions, Recording
from upperback.devices.columns import Columns, shown
from upperback.devices.grid import ReadingLog
from upperback.sensing.signal import Chunk, EmgChunk

#: Key in the schema of recordings that we write.
METADATA_KEY: Final = b"upperback.recording"

_BATCH_ROWS: Final = 1 << 16
_BUFFER_BYTES: Final = 1 << 17
#: Names in a schema that the file may have at most, nested ones counted.
_MAX_LEAVES: Final = 10_000


def open_parquet(path: Path, options: ReadOptions) -> Recording:
    """A Parquet file as a recording. Raises InputError where it is damaged or holds no samples."""
    try:
        with pq.ParquetFile(path, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
            n_leaves = file.metadata.num_columns
            schema = file.schema_arrow
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError("the Parquet file is damaged or cut short: its own description cannot be read") from error
    if n_leaves > _MAX_LEAVES:
        raise InputError(f"the Parquet file has {n_leaves:,} columns; at most {_MAX_LEAVES:,} are looked at")
    own = _own_metadata(schema.metadata or {})

    def batches(columns: Columns, log: ReadingLog) -> Iterator[tuple[Any, float]]:
        return _batches(path, schema, columns)

    table = Table(
        format="parquet",
        headings=schema.names,
        batches=batches,
        device=own.get("device"),
        place=own.get("place"),
        axes=own.get("axes"),
        rate_hz=own.get("sampling_rate_hz"),
        acc_unit="mps2",  # SI inside Parquet, as `analyse --samples` writes it, unless an option or a heading says else
        gyr_unit="radps",
        emg_unit="V",
        time_zone=own.get("time_zone"),
    )
    return open_table(table, options)


def _own_metadata(metadata: dict[bytes, bytes]) -> dict[str, Any]:
    text = metadata.get(METADATA_KEY)
    if text is None:
        return {}
    try:
        own: Any = json.loads(text)
    except ValueError as error:
        raise InputError("the description of the recording inside the Parquet file is damaged") from error
    texts = ("device", "place", "axes", "time_zone")
    rate = own.get("sampling_rate_hz", "") if isinstance(own, dict) else ""
    if not isinstance(rate, float | int | None) or any(not isinstance(own.get(key), str | None) for key in texts):
        raise InputError("the description of the recording inside the Parquet file is damaged")
    description: dict[str, Any] = own
    return description


def _batches(path: Path, schema: Any, columns: Columns) -> Iterator[tuple[Any, float]]:
    wanted = columns.used
    for column in wanted:
        _check_type(column.heading, schema.field(column.position).type, is_time=column in {columns.time, columns.start})
    try:
        with pq.ParquetFile(path, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
            total, done = max(file.metadata.num_rows, 1), 0
            read = file.iter_batches(
                batch_size=_BATCH_ROWS, columns=[column.heading for column in wanted], use_threads=False
            )
            for batch in read:
                done += len(batch)
                arrays = [batch.column(batch.schema.get_field_index(column.heading)) for column in wanted]
                yield pa.RecordBatch.from_arrays(arrays, names=[column_name(c) for c in wanted]), done / total
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError("the Parquet file is damaged or cut short") from error


def _check_type(heading: str, type_: Any, *, is_time: bool) -> None:
    types = pa.types
    fits = types.is_floating(type_) or types.is_integer(type_) or types.is_decimal(type_)
    if is_time:
        fits = fits or types.is_timestamp(type_) or types.is_string(type_) or types.is_large_string(type_)
    if not fits:
        raise InputError(f"the column {shown([heading])} holds {str(type_)[:40]}, not numbers")


# ---- writing -----------------------------------------------------------------------------------------------------


def write_recording(
    path: Path,
    chunks: Iterable[Chunk] | Iterable[EmgChunk],
    *,
    device: str | None = None,
    place: str | None = None,
    axes: str | None = None,
    time_zone: str | None = None,
    emg_names: tuple[str, ...] = (),
) -> int:
    """Writes a recording as Parquet that `open_parquet` reads back as the same samples; returns their number.

    Columns: `time_s` (unix time, or from the recording's own zero), `acc_x, acc_y, acc_z` in m/s2, `gyr_x, gyr_y,
    gyr_z` in rad/s if there is a gyroscope, or the EMG channels in V; `quality`. No serial number, no name.
    """
    own = {"version": 1, "device": device, "place": place, "axes": axes, "time_zone": time_zone}

    def tables() -> Iterator[tuple[Any, float]]:
        for chunk in chunks:
            yield _as_table(chunk, emg_names), chunk.sampling_rate_hz

    return _write(path, tables(), own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """Samples at times of their own.

    Attributes
    ----------
    time_s : (n,) float64, unix time
    acc_mps2 : (n, 3) float32
    gyr_radps : (n, 3) float32, or None without a gyroscope
    """

    time_s: npt.NDArray[np.float64]
    acc_mps2: npt.NDArray[np.float32]
    gyr_radps: npt.NDArray[np.float32] | None


def write_stamped(path: Path, blocks: Iterable[Stamped], *, device: str | None = None, place: str | None = None) -> int:
    """Writes samples at the times that they have, not made even, as `write_recording` does; returns their number.

    No rate is stated: a reader finds it in the times.
    """
    own = {"version": 1, "device": device, "place": place, "axes": None, "time_zone": None}

    def tables() -> Iterator[tuple[Any, None]]:
        for block in blocks:
            columns: dict[str, Any] = {"time_s": block.time_s} | _three_columns("acc", block.acc_mps2)
            if block.gyr_radps is not None:
                columns |= _three_columns("gyr", block.gyr_radps)
            yield pa.table(columns), None

    return _write(path, tables(), own)


def _write(path: Path, tables: Iterable[tuple[Any, float | None]], own: dict[str, Any]) -> int:
    """Tables of the same columns, each with its rate if it has one, into one file; no file where there is none."""
    writer: Any = None
    n_rows = 0
    try:
        for table, rate_hz in tables:
            if writer is None:
                described = json.dumps(own | {"sampling_rate_hz": rate_hz}).encode()
                schema = table.schema.with_metadata({METADATA_KEY: described})
                signal = [name for name in schema.names if name != "quality"]
                writer = pq.ParquetWriter(
                    path,
                    schema,
                    compression="zstd",
                    use_dictionary=["quality"] if "quality" in schema.names else False,
                    column_encoding=dict.fromkeys(signal, "BYTE_STREAM_SPLIT"),
                )
            writer.write_table(table.replace_schema_metadata(writer.schema.metadata))
            n_rows += len(table)
    finally:
        if writer is not None:
            writer.close()
    return n_rows


def _three_columns(name: str, values: Any) -> dict[str, Any]:
    return {f"{name}_{axis}": values[:, place] for place, axis in enumerate("xyz")}


def _as_table(chunk: Chunk | EmgChunk, emg_names: tuple[str, ...]) -> Any:
    columns: dict[str, Any] = {"time_s": chunk.start_s + np.arange(len(chunk)) / chunk.sampling_rate_hz}
    if isinstance(chunk, EmgChunk):
        names = emg_names or tuple(f"emg_{number + 1}" for number in range(chunk.emg_v.shape[1]))
        columns |= {name: chunk.emg_v[:, place] for place, name in enumerate(names)}
    else:
        columns |= _three_columns("acc", chunk.acc_mps2)
        if chunk.gyr_radps is not None:
            columns |= _three_columns("gyr", chunk.gyr_radps)
    columns["quality"] = np.zeros(len(chunk), np.uint8) if chunk.quality is None else chunk.quality
    return pa.table(columns)
