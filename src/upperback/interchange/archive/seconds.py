"""Seconds of worn sensors as Parquet: a row a second, which sensor, when, and the columns of `sensing.epochs`.

Many programs read it as it is. Packed minutes become seconds here and minutes again, the same ones.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

from upperback.core.errors import InputError
from upperback.interchange.archive.base import Packed
from upperback.sensing.epochs import COLUMNS, Epochs
from upperback.sensing.minutes import minutes_of, pack_seconds, unpack_columns

_MINUTES_AT_ONCE: Final = 2000
_ROWS_AT_ONCE: Final = 120_000


def write_seconds(out: IO[bytes], minutes: Iterable[Packed]) -> int:
    """Writes minutes in the order of stream and time; returns the number of seconds."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    whole = [("stream", pa.int32()), ("time_s", pa.int64())]
    schema = pa.schema([*whole, *((name, pa.float32()) for name in COLUMNS)])
    encoding = dict.fromkeys(COLUMNS, "BYTE_STREAM_SPLIT")
    rows = 0
    with (
        pq.ParquetWriter(
            out, schema, compression="zstd", use_dictionary=["stream"], column_encoding=encoding,
            write_statistics=False,
        ) as writer,
        ThreadPoolExecutor(1) as beside,
    ):  # fmt: skip
        writing: Future[None] | None = None
        for columns in _columns(iter(minutes)):
            table = pa.table(dict(zip(schema.names, columns, strict=True)), schema=schema)
            if writing is not None:
                writing.result()
            # One part is packed while the next is read: never more than two in memory.
            writing = beside.submit(writer.write_table, table)
            rows += len(table)
        if writing is not None:
            writing.result()
    return rows


def _columns(minutes: Iterator[Packed]) -> Iterator[list[Any]]:
    """Stream, time and figures of so many minutes at a time."""
    while batch := list(islice(minutes, _MINUTES_AT_ONCE)):
        lengths, figures = unpack_columns([data for _, _, data in batch])
        # Seconds run on within a minute: its first one, and how far each is behind it.
        starts = np.cumsum(lengths) - lengths
        times = np.arange(lengths.sum()) + np.repeat([first_s for _, first_s, _ in batch] - starts, lengths)
        streams = np.repeat(np.array([stream for stream, _, _ in batch], np.int32), lengths)
        yield [streams, times, *figures]


def read_seconds(path: Path, rows: int) -> Iterator[Packed]:
    """The minutes again, of a file that has to hold so many rows. For a confined process: the file is from outside.

    Raises
    ------
    InputError : other columns, or seconds that are not in order.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            if file.schema_arrow.names != ["stream", "time_s", *COLUMNS]:
                raise InputError("the seconds have not the columns of a worn sensor")
            if file.metadata.num_rows != rows:
                raise InputError("the number of seconds is not the one that was told")
            left: Any = None
            for batch in file.iter_batches(_ROWS_AT_ONCE):
                table = np.column_stack([batch.column(name).to_numpy(zero_copy_only=False) for name in COLUMNS])
                part = (
                    batch.column("stream").to_numpy(zero_copy_only=False).astype(np.int64),
                    batch.column("time_s").to_numpy(zero_copy_only=False).astype(np.int64),
                    table.astype(np.float32),
                )
                if left is not None:
                    part = tuple(np.concatenate(pair) for pair in zip(left, part, strict=True))  # type: ignore[assignment]
                left = yield from _minutes(*part, keep_last=True)
            if left is not None:
                yield from _minutes(*left, keep_last=False)
    except (pa.ArrowException, ValueError, OSError) as error:
        raise InputError("the seconds cannot be read") from error


def _minutes(streams: Any, times: Any, rows: Any, *, keep_last: bool) -> Any:
    """Minutes of the clock, each stream for itself; the last one, which may not be whole yet, is given back."""
    order = (np.diff(streams) > 0) | ((np.diff(streams) == 0) & (np.diff(times) > 0))
    if not order.all():
        raise InputError("seconds are not in order")
    new = np.flatnonzero((np.diff(streams) != 0) | (np.diff(times) != 1)) + 1
    for begin, end in zip([0, *new], [*new, len(times)], strict=True) if len(times) else ():
        run = Epochs(first_s=int(times[begin]), rows=np.ascontiguousarray(rows[begin:end]))
        for minute in minutes_of(run):
            if keep_last and end == len(times) and minute.end_s == run.end_s:
                last = slice(end - len(minute), end)
                return streams[last], times[last], rows[last]
            yield int(streams[begin]), minute.first_s, pack_seconds(minute)
    return None
