"""Lab Streaming Layer recordings (.xdf): streams of an inertial sensor and of EMG, chosen by what they say they are.

Samples and clocks are read by pyxdf, which is optional and takes a whole stream into memory; the headers are looked
at first, so that only the streams that are used are loaded.
"""

import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from upperback.core.errors import InputError
from upperback.devices._table import Table, column_name, open_table
from upperback.devices.base import ReadOptions, Recording, joined
from upperback.devices.columns import Columns, find_columns, shown
from upperback.devices.grid import ReadingLog
from upperback.devices.lsl_streams import StreamInfo, read_stream

_MAGIC: Final = b"XDF:"
_STREAM_HEADER, _TEXTS = 2, frozenset({1, 2, 6})
_MAX_HEADER_BYTES: Final = 1 << 20
_MAX_STREAMS: Final = 256
#: Samples of the used streams in memory, time stamps included: a working day of six channels at 100 Hz.
_MAX_BYTES: Final = 200 << 20
_BATCH_ROWS: Final = 1 << 16


def open_xdf(path: Path, options: ReadOptions) -> Recording:
    """An .xdf file as a recording. Raises InputError where it is damaged, or holds no stream that can be used."""
    try:
        import pyxdf
    except ImportError as error:
        raise InputError("reading .xdf needs the extra “recordings”: pip install 'upperback[recordings]'") from error
    streams = _streams(path)
    imu, gyr, emg = _chosen(streams, options)
    used = [stream for stream in (imu, gyr, emg) if stream is not None]
    if not used:
        raise InputError(
            "no stream with acceleration or EMG was found; the channels are "
            + shown([heading for stream in streams for heading in stream.headings])
        )
    loaded, damaged = _load(pyxdf, path, sorted({stream.id for stream in used}))
    parts: list[Recording] = []
    if imu is not None:
        time_s, values = loaded[imu.id]
        headings = imu.headings
        if gyr is not None:
            values = np.concatenate((values, _at_times(time_s, *loaded[gyr.id])), axis=1)
            headings = (*headings, *gyr.headings)
        table = _table(headings, time_s, values, damaged, imu.name)
        parts.append(open_table(table, replace(options, emg_channels=())))
    if emg is not None:
        parts.append(open_table(_table(emg.headings, *loaded[emg.id], damaged, emg.name), options))
    return joined(*parts)


# ---- which streams -----------------------------------------------------------------------------------------------


def _streams(path: Path) -> list[StreamInfo]:
    """The numeric streams that the file announces."""
    streams: list[StreamInfo] = []
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        if file.read(len(_MAGIC)) != _MAGIC:
            raise InputError("this is no .xdf file")
        while (length := _length(file)) is not None:
            start = file.tell()
            head = file.read(6)
            if len(head) < 2 or start + length > size:
                break  # cut short: what is whole can be used
            tag = int.from_bytes(head[:2], "little")
            if tag in _TEXTS:
                text = (head[2:] + file.read(min(length - 6, _MAX_HEADER_BYTES)))[4 if tag != 1 else 0 :]
                if length > _MAX_HEADER_BYTES or b"<!" in text:
                    raise InputError("a description inside the .xdf file is not one that Lab Streaming Layer writes")
                if tag == _STREAM_HEADER:
                    stream = read_stream(int.from_bytes(head[2:6], "little"), text)
                    streams += [stream] if stream else []
            if len(streams) > _MAX_STREAMS:
                raise InputError(f"the .xdf file holds more than {_MAX_STREAMS} streams")
            file.seek(start + length)
    return streams


def _length(file: IO[bytes]) -> int | None:
    """Length of the next chunk; None at the end."""
    width = file.read(1)
    if width not in {b"\x01", b"\x04", b"\x08"}:
        return None
    text = file.read(width[0])
    length = int.from_bytes(text, "little")
    return length if len(text) == width[0] and 2 <= length < 1 << 62 else None


def _chosen(
    streams: Sequence[StreamInfo], options: ReadOptions
) -> tuple[StreamInfo | None, StreamInfo | None, StreamInfo | None]:
    """(the one with acceleration, the one with rotation if that is another, the one with EMG)."""
    found = []
    for stream in streams:
        wanted = [name for name in options.emg_channels if name in stream.headings]
        found.append((stream, find_columns(stream.headings, wanted)))
    imu = _only([stream for stream, columns in found if columns.acc is not None], "acceleration")
    emg = _only([stream for stream, columns in found if columns.emg], "EMG")
    gyr = None
    if imu is not None and find_columns(imu.headings).gyr is None:
        gyr = _only([stream for stream, columns in found if columns.gyr is not None], "rotation")
    return imu, gyr, emg


def _only(streams: Sequence[StreamInfo], what: str) -> StreamInfo | None:
    if len(streams) > 1:
        raise InputError(
            f"several streams hold {what} ({shown([one.name for one in streams])}): record them one by one"
        )
    return streams[0] if streams else None


# ---- samples -----------------------------------------------------------------------------------------------------


def _load(
    pyxdf: Any, path: Path, ids: list[int]
) -> tuple[dict[int, tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]], bool]:
    """({stream: (time in s, (n, channels))}, whether pyxdf found damage)."""
    kept = 0

    def count(values: Any, stamps: Any, header: Any, _: int) -> tuple[Any, Any, Any]:
        # An error raised here would be taken for damage: too much is left out, and told afterwards.
        nonlocal kept
        kept += values.nbytes + stamps.nbytes
        return (values, stamps, header) if kept <= _MAX_BYTES else (values[:0], stamps[:0], header)

    complaints = _Complaints()
    logger = logging.getLogger("pyxdf.pyxdf")
    logger.addHandler(complaints)
    propagate, logger.propagate = logger.propagate, False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with _Bounded(io.FileIO(path)) as file:
                streams, _ = pyxdf.load_xdf(file, select_streams=ids, on_chunk=count)
    except MemoryError:
        raise
    except Exception as error:  # a parser of others, fed with anything
        raise InputError("the .xdf file is damaged: its samples cannot be read") from error
    finally:
        logger.removeHandler(complaints)
        logger.propagate = propagate
    if kept > _MAX_BYTES:
        raise InputError(
            f"the streams take more than {_MAX_BYTES >> 20} MB: too long for .xdf, export them as Parquet or CSV"
        )
    found = {}
    for stream in streams:
        values = np.asarray(stream["time_series"])
        time_s = np.asarray(stream["time_stamps"], np.float64)
        if values.ndim != 2 or len(values) != len(time_s):
            raise InputError("the .xdf file is damaged: a stream's samples and times do not fit each other")
        found[int(stream["info"]["stream_id"])] = (time_s, values.astype(np.float32))
    if set(ids) - set(found):
        raise InputError("the .xdf file is damaged: a stream has disappeared")
    return found, complaints.number > 0


class _Bounded(io.BufferedReader):
    """A file that is never asked for more bytes than it has: pyxdf believes every length that it finds."""

    def __init__(self, file: io.FileIO) -> None:
        super().__init__(file)
        self._size = file.seek(0, 2)
        file.seek(0)

    def read(self, size: int | None = -1, /) -> bytes:
        left = max(0, self._size - self.tell())
        return super().read(left if size is None or size < 0 else min(size, left))


class _Complaints(logging.Handler):
    """Counts pyxdf's errors, which it writes to a log and not to the caller."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.number = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.number += 1


def _at_times(
    wanted_s: npt.NDArray[np.float64], time_s: npt.NDArray[np.float64], values: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Another stream's values at these times, on straight lines; NaN outside it and in its holes."""
    out = np.full((len(wanted_s), values.shape[1]), np.nan, np.float32)
    if len(time_s) < 2:
        return out
    order = np.argsort(time_s, kind="stable")
    time_s, values = time_s[order], values[order]
    usual = float(np.median(np.diff(time_s)))
    after = np.clip(np.searchsorted(time_s, wanted_s), 1, len(time_s) - 1)
    near = (time_s[after] - time_s[after - 1] <= 2.5 * usual) & (wanted_s >= time_s[0]) & (wanted_s <= time_s[-1])
    for column in range(values.shape[1]):
        out[:, column] = np.interp(wanted_s, time_s, values[:, column])
    out[~near] = np.nan
    return out


def _table(
    headings: Sequence[str],
    time_s: npt.NDArray[np.float64],
    values: npt.NDArray[np.float32],
    damaged: bool,
    name: str,
) -> Table:
    if not len(time_s):
        raise InputError(f"the stream {shown([name])} is empty")
    if values.shape[1] != len(headings):
        raise InputError(f"the stream {shown([name])} holds another number of channels than it says")

    def batches(columns: Columns, log: ReadingLog) -> Iterator[tuple[Any, float]]:
        if damaged:
            log.damaged.append("Parts of the file are damaged or cut short and were left out.")
        names = [column_name(column) for column in columns.used]
        for start in range(0, len(time_s), _BATCH_ROWS):
            rows = slice(start, start + _BATCH_ROWS)
            arrays = [
                pa.array(time_s[rows] if column.position == 0 else values[rows, column.position - 1].copy())
                for column in columns.used
            ]
            yield pa.record_batch(arrays, names), min(1.0, rows.stop / len(time_s))

    return Table(format="xdf", headings=["time_s", *headings], batches=batches, device=shown([name]) or None)
