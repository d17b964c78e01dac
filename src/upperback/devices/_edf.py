"""EDF and BDF, plain and "+": own reader, block by block. Annotations are not read, but for the times of EDF+D.

After the published specifications of EDF, EDF+ and BDF. Everything the header promises is checked against everything
else and against the size of the file before any of it is believed.
"""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from upperback.core.errors import InputError
from upperback.devices._table import Table, column_name, open_table
from upperback.devices.base import ReadOptions, Recording, joined
from upperback.devices.columns import Columns, find_columns, shown
from upperback.devices.grid import ReadingLog
from upperback.sensing.signal import QualityFlag

_FIXED_BYTES: Final = 256
_SIGNAL_BYTES: Final = 256
#: More signals, or longer records, than any recorder writes.
_MAX_SIGNALS: Final = 1024
_MAX_RECORD_BYTES: Final = 1 << 26
_MAX_RECORDS: Final = 10_000_000
_READ_BYTES: Final = 1 << 21

#: Widths of the parts of a signal's header, each part for all signals together.
_PARTS: Final = (("label", 16), ("transducer", 80), ("unit", 8), ("physical_min", 8), ("physical_max", 8),
                 ("digital_min", 8), ("digital_max", 8), ("filter", 80), ("samples", 8), ("reserved", 32))  # fmt: skip

_ANNOTATIONS: Final = frozenset({"EDF Annotations", "BDF Annotations"})
#: The time of a record in EDF+D: the first thing in its first annotation.
_ONSET: Final = re.compile(rb"([+-]\d{1,12}(?:\.\d{1,9})?)\x14\x14")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signal:
    label: str
    unit: str
    factor: float
    offset: float
    digital_min: int
    digital_max: int
    samples: int  # in a record
    first: int  # sample of the record at which it begins


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    path: Path
    format: Literal["edf", "bdf"]
    header_bytes: int
    sample_bytes: int
    record_samples: int
    n_records: int
    record_s: float
    start_local_s: float | None
    signals: tuple[_Signal, ...]
    annotations: _Signal | None  # where records do not follow each other
    damaged: tuple[str, ...]

    @property
    def record_bytes(self) -> int:
        return self.record_samples * self.sample_bytes


def open_edf(path: Path, options: ReadOptions) -> Recording:
    """An EDF or BDF file as a recording. Raises InputError where its header does not hold together."""
    file = _file(path)
    headings = [f"{signal.label} ({signal.unit})" if signal.unit else signal.label for signal in file.signals]
    labels = [signal.label for signal in file.signals]
    columns = find_columns(headings, [headings[labels.index(name)] for name in options.emg_channels if name in labels])
    absent = [name for name in options.emg_channels if name not in labels]
    if absent:
        raise InputError(f"there is no signal {shown(absent)}; the signals are {shown(labels)}")
    if columns.acc is None and not columns.emg:
        raise InputError(f"no signals of acceleration or EMG were found; the signals are {shown(labels)}")
    parts: list[Recording] = []
    if columns.acc is not None:
        places = [column.position for column in columns.acc]
        notes: tuple[str, ...] = ()
        if columns.gyr is not None:
            with_gyr = [*places, *(column.position for column in columns.gyr)]
            if len({file.signals[place].samples for place in with_gyr}) == 1:
                places = with_gyr
            else:
                notes = ("The gyroscope has another rate than the accelerometer and was left out.",)
        parts.append(open_table(_table(file, places, headings, notes), replace(options, rate_hz=None, emg_channels=())))
    if columns.emg:
        places = [column.position for column in columns.emg]
        names = tuple(headings[place] for place in places)
        parts.append(open_table(_table(file, places, headings, ()), replace(options, rate_hz=None, emg_channels=names)))
    return joined(*parts)


# ---- the header --------------------------------------------------------------------------------------------------


def _file(path: Path) -> _File:
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(0)
        fixed = stream.read(_FIXED_BYTES)
        if len(fixed) < _FIXED_BYTES:
            raise InputError("the file is cut short within its header")
        format_: Literal["edf", "bdf"] = "bdf" if fixed[0] == 0xFF else "edf"
        n_signals = _whole(fixed[252:256], "number of signals")
        header_bytes = _whole(fixed[184:192], "length of the header")
        if not 1 <= n_signals <= _MAX_SIGNALS:
            raise InputError(f"the header promises {n_signals} signals; between 1 and {_MAX_SIGNALS} can be")
        if header_bytes != _FIXED_BYTES + n_signals * _SIGNAL_BYTES:
            raise InputError(f"the header's length of {header_bytes} bytes does not fit its {n_signals} signals")
        rest = stream.read(n_signals * _SIGNAL_BYTES)
    if len(rest) < n_signals * _SIGNAL_BYTES:
        raise InputError("the file is cut short within its header")
    record_s = _number(fixed[244:252], "length of a record")
    if not 0 <= record_s <= 86_400:
        raise InputError("the header's length of a record is no length")
    signals = _signals(rest, n_signals)
    record_samples = sum(signal.samples for signal in signals)
    sample_bytes = 3 if format_ == "bdf" else 2
    if not 0 < record_samples * sample_bytes <= _MAX_RECORD_BYTES:
        raise InputError(f"a record would have {record_samples:,} samples: the header is damaged")
    stated = _whole(fixed[236:244], "number of records")
    there, left_over = divmod(size - header_bytes, record_samples * sample_bytes)
    if stated < -1 or stated > _MAX_RECORDS:
        raise InputError(f"the header promises {stated} records")
    if not there:
        raise InputError("the file holds no whole record")
    damaged: tuple[str, ...] = ()
    if stated > there or (stated in {-1, there} and left_over):
        damaged = (f"The file is cut short: {there:,} of {max(stated, there + 1):,} records are there.",)
    return _File(
        path=path,
        format=format_,
        header_bytes=header_bytes,
        sample_bytes=sample_bytes,
        record_samples=record_samples,
        n_records=min(there, stated) if stated > 0 else there,
        record_s=record_s,
        start_local_s=_start(fixed[168:184]),
        signals=tuple(signal for signal in signals if signal.label not in _ANNOTATIONS),
        annotations=next((signal for signal in signals if signal.label in _ANNOTATIONS), None)
        if fixed[192:197] in {b"EDF+D", b"BDF+D"}
        else None,
        damaged=damaged,
    )


def _signals(text: bytes, n_signals: int) -> list[_Signal]:
    parts: dict[str, list[bytes]] = {}
    position = 0
    for name, width in _PARTS:
        parts[name] = [text[position + n * width : position + (n + 1) * width] for n in range(n_signals)]
        position += n_signals * width
    signals: list[_Signal] = []
    first = 0
    for n in range(n_signals):
        label = re.sub(r"[^\x20-\x7eµ]", "?", parts["label"][n].decode("latin-1").rstrip("\0 ")).strip()
        samples = _whole(parts["samples"][n], "number of samples in a record")
        if not 0 <= samples <= _MAX_RECORD_BYTES:
            raise InputError(f"signal {n + 1} promises {samples} samples in a record: the header is damaged")
        factor, offset, lowest, highest = 1.0, 0.0, -32_768, 32_767
        if label not in _ANNOTATIONS:
            factor, offset, lowest, highest = _scale(parts, n)
        signals.append(
            _Signal(
                label=label,
                unit=parts["unit"][n].decode("latin-1").strip("\0 "),
                factor=factor,
                offset=offset,
                digital_min=lowest,
                digital_max=highest,
                samples=samples,
                first=first,
            )
        )
        first += samples
    return signals


def _scale(parts: dict[str, list[bytes]], n: int) -> tuple[float, float, int, int]:
    """(physical units a count, physical value of count 0, lowest and highest count)."""
    lowest, highest = (_whole(parts[name][n], "digital range") for name in ("digital_min", "digital_max"))
    low, high = (_number(parts[name][n], "physical range") for name in ("physical_min", "physical_max"))
    if not -(1 << 23) <= lowest < highest < 1 << 23 or low == high:
        raise InputError(f"the range of signal {n + 1} is empty: its values cannot be scaled")
    factor = (high - low) / (highest - lowest)
    return factor, low - lowest * factor, lowest, highest


def _number(text: bytes, what: str) -> float:
    """A decimal number as the standard writes it; nothing else that Python would take for one."""
    found = re.fullmatch(rb"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)[\s\0]*", text)
    value = float(found.group(1)) if found else np.nan
    if not np.isfinite(value):
        raise InputError(f"the header's {what} is not a number")
    return value


def _whole(text: bytes, what: str) -> int:
    value = _number(text, what)
    if value != int(value):
        raise InputError(f"the header's {what} is not a whole number")
    return int(value)


def _start(text: bytes) -> float | None:
    """Start by the recorder's clock as s since 1970; None for no date, or for the one that stands for none."""
    found = re.fullmatch(rb"(\d\d)\.(\d\d)\.(\d\d)(\d\d)[.:](\d\d)[.:](\d\d)", text)
    if found is None:
        return None
    day, month, year, hour, minute, second = (int(part) for part in found.groups())
    try:
        start = dt.datetime(year + (1900 if year >= 85 else 2000), month, day, hour, minute, second, tzinfo=dt.UTC)
    except ValueError:
        return None
    return None if (year, month, day) == (85, 1, 1) else start.timestamp()


# ---- samples -----------------------------------------------------------------------------------------------------


def _table(file: _File, places: Sequence[int], headings: Sequence[str], notes: tuple[str, ...]) -> Table:
    """Signals of one rate as a table with a column of times and one of quality."""
    samples = {file.signals[place].samples for place in places}
    names = [headings[place] for place in places]
    if len(samples) > 1:
        raise InputError(f"the signals {shown(names)} have different rates; choose some with --emg-channels")
    per_record = samples.pop()
    if not file.record_s or not per_record:
        raise InputError(f"the signals {shown(names)} have no rate")
    chosen = [file.signals[place] for place in places]

    def batches(columns: Columns, log: ReadingLog) -> Iterator[tuple[Any, float]]:
        log.damaged.extend(file.damaged)
        for time_s, arrays, quality, share in _blocks(file, chosen, per_record):
            filled = {0: time_s, len(arrays) + 1: quality} | {place + 1: rows for place, rows in enumerate(arrays)}
            names = [column_name(column) for column in columns.used]
            yield pa.record_batch([pa.array(filled[column.position]) for column in columns.used], names), share

    return Table(
        format=file.format,
        headings=["time_s", *names, "quality"],
        batches=batches,
        rate_hz=per_record / file.record_s,
        start_local_s=file.start_local_s,
        notes=notes,
    )


def _blocks(
    file: _File, signals: Sequence[_Signal], per_record: int
) -> Iterator[tuple[npt.NDArray[np.float64], list[npt.NDArray[np.float32]], npt.NDArray[np.uint8], float]]:
    """(time, one array a signal, quality, share of the file) of some records at a time."""
    at_once = max(1, _READ_BYTES // file.record_bytes)
    within = np.arange(per_record) * (file.record_s / per_record)
    with file.path.open("rb", buffering=0) as stream:
        stream.seek(file.header_bytes)
        done = 0
        while done < file.n_records:
            wanted = min(at_once, file.n_records - done) * file.record_bytes
            data = stream.read(wanted)
            n_records = len(data) // file.record_bytes
            if not n_records:
                raise InputError("the file became shorter while it was read")
            records = np.frombuffer(data, np.uint8, n_records * file.record_bytes).reshape(n_records, -1)
            if file.annotations is None:
                starts = np.arange(done, done + n_records) * file.record_s
            else:
                starts = _onsets(records, file, file.annotations)
            arrays = []
            quality = np.zeros(n_records * per_record, np.uint8)
            for signal in signals:
                counts = _counts(records, file, signal)
                at_end = (counts == signal.digital_min) | (counts == signal.digital_max)
                quality[at_end] |= np.uint8(QualityFlag.CLIPPED)
                arrays.append((counts * signal.factor + signal.offset).astype(np.float32))
            done += n_records
            yield (starts[:, None] + within).ravel(), arrays, quality, done / file.n_records


def _counts(records: npt.NDArray[np.uint8], file: _File, signal: _Signal) -> npt.NDArray[np.int32]:
    """(records * samples,) counts of one signal."""
    first = signal.first * file.sample_bytes
    data = np.ascontiguousarray(records[:, first : first + signal.samples * file.sample_bytes])
    if file.sample_bytes == 2:
        return data.view("<i2").ravel().astype(np.int32)
    # Three bytes each: to the top of four, where the sign belongs, and back.
    top = np.zeros((data.size // 3, 4), np.uint8)
    top[:, 1:] = data.reshape(-1, 3)
    counts: npt.NDArray[np.int32] = top.view("<i4").ravel() >> 8
    return counts


def _onsets(records: npt.NDArray[np.uint8], file: _File, annotations: _Signal) -> npt.NDArray[np.float64]:
    """Time of each record; NaN where none can be read, so that its samples are left out and counted."""
    first = annotations.first * file.sample_bytes
    texts = records[:, first : first + min(annotations.samples * file.sample_bytes, 32)]
    found = [_ONSET.match(text.tobytes()) for text in texts]
    return np.array([float(onset.group(1)) if onset else np.nan for onset in found])
