"""Parquet, ours and others'. A recording that we write carries what is known about it in the schema."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
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
    rate = own.get("sampling_rate_hz") if isinstance(own, dict) else None
    if not isinstance(rate, float | int) or any(not isinstance(own.get(key), str | None) for key in texts):
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
    writer: Any = None
    n_rows = 0
    try:
        for chunk in chunks:
            table = _as_table(chunk, emg_names)
            if writer is None:
                own = {
                    "version": 1,
                    "sampling_rate_hz": chunk.sampling_rate_hz,
                    "device": device,
                    "place": place,
                    "axes": axes,
                    "time_zone": time_zone,
                }
                schema = table.schema.with_metadata({METADATA_KEY: json.dumps(own).encode()})
                signal = [name for name in schema.names if name != "quality"]
                writer = pq.ParquetWriter(
                    path,
                    schema,
                    compression="zstd",
                    use_dictionary=["quality"],
                    column_encoding=dict.fromkeys(signal, "BYTE_STREAM_SPLIT"),
                )
            writer.write_table(table.replace_schema_metadata(writer.schema.metadata))
            n_rows += len(chunk)
    finally:
        if writer is not None:
            writer.close()
    return n_rows


def _as_table(chunk: Chunk | EmgChunk, emg_names: tuple[str, ...]) -> Any:
    columns: dict[str, Any] = {"time_s": chunk.start_s + np.arange(len(chunk)) / chunk.sampling_rate_hz}
    if isinstance(chunk, EmgChunk):
        names = emg_names or tuple(f"emg_{number + 1}" for number in range(chunk.emg_v.shape[1]))
        columns |= {name: chunk.emg_v[:, place] for place, name in enumerate(names)}
    else:
        columns |= {f"acc_{axis}": chunk.acc_mps2[:, place] for place, axis in enumerate("xyz")}
        if chunk.gyr_radps is not None:
            columns |= {f"gyr_{axis}": chunk.gyr_radps[:, place] for place, axis in enumerate("xyz")}
    columns["quality"] = np.zeros(len(chunk), np.uint8) if chunk.quality is None else chunk.quality
    return pa.table(columns)
