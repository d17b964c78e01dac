"""CSV, as people, spreadsheets, loggers and phone apps write it. Only the few wanted columns are ever parsed."""

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as pacsv

from upperback.core.errors import InputError
from upperback.devices._table import Table, column_name, open_table
from upperback.devices.base import ReadOptions, Recording
from upperback.devices.columns import Columns, find_columns
from upperback.devices.grid import ReadingLog

#: The heading has to end within this much of the file.
_HEAD_BYTES: Final = 1 << 18
#: Lines above the heading, as some loggers write them.
_MAX_PREAMBLE: Final = 100
_MAX_LINE: Final = 1 << 16
#: Read at a time; a line that is longer is refused. Arrow reads up to 32 of them ahead.
_BLOCK_BYTES: Final = 1 << 20

_SEPARATORS: Final = "\t;,|"
_DECIMAL_COMMA: Final = re.compile(r"\s*[-+]?\d*,\d+(?:[eE][-+]?\d+)?\s*")
_NUMBER: Final = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*")
_EMPTY: Final = ["", "NA", "N/A", "NaN", "nan", "NAN", "null", "NULL", "None", "-"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    encoding: str
    separator: str
    decimal: str
    headings: tuple[str, ...]
    heading_line: int  # 0 for the first
    sample: tuple[tuple[str, ...], ...]  # fields of the first lines


def open_csv(path: Path, options: ReadOptions) -> Recording:
    """A CSV file as a recording. Raises InputError where it is none, or not plainly one."""
    layout = _layout(path, options)

    def batches(columns: Columns, log: ReadingLog) -> Iterator[tuple[Any, float]]:
        return _batches(path, layout, columns, log)

    return open_table(Table(format="csv", headings=layout.headings, batches=batches), options)


def _layout(path: Path, options: ReadOptions) -> _Layout:
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
        whole = not stream.read(1)
    encoding = _encoding(head)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head, final=whole).removeprefix("\ufeff")
    if "\0" in text:
        raise InputError("the table holds NUL characters: it is damaged, or not a table")
    lines = text.splitlines() if whole else text.splitlines()[:-1]
    for number, line in enumerate(lines[:_MAX_PREAMBLE]):
        if len(line) > _MAX_LINE:
            raise InputError(f"line {number + 1} is longer than {_MAX_LINE:,} characters")
        for separator in _SEPARATORS:
            headings = _fields(line, separator)
            if len(headings) < 2 or not _is_heading(headings, options):
                continue
            sample = tuple(_fields(row, separator) for row in lines[number + 1 : number + 101] if row.strip())
            return _Layout(
                encoding=encoding,
                separator=separator,
                decimal="," if _has_decimal_comma(sample) else ".",
                headings=headings,
                heading_line=number,
                sample=sample,
            )
    if not lines and not whole:
        raise InputError(f"line 1 is longer than {_MAX_LINE:,} characters")
    if not text.strip():
        raise InputError("the file is empty")
    raise InputError(
        "no heading with columns of acceleration (acc_x, acc_y, acc_z) or EMG was found in the first lines"
    )


def _encoding(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head[1:400:2].count(0) > 0.9 * len(head[1:400:2]) and len(head) > 3:
        return "utf-16-le"
    if head[0:400:2].count(0) > 0.9 * len(head[0:400:2]) and len(head) > 3:
        return "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"  # a degree sign or an accent in a heading
    return "utf-8"


def _fields(line: str, separator: str) -> tuple[str, ...]:
    try:
        return tuple(next(csv.reader([line], delimiter=separator), ()))
    except csv.Error:
        return ()


def _is_heading(fields: tuple[str, ...], options: ReadOptions) -> bool:
    if all(_NUMBER.fullmatch(field) or not field.strip() for field in fields):
        return False
    if options.emg_channels:
        return set(options.emg_channels) <= {field.strip() for field in fields}
    columns = find_columns(fields)
    return columns.acc is not None or bool(columns.emg)


def _has_decimal_comma(sample: tuple[tuple[str, ...], ...]) -> bool:
    fields = [field for row in sample for field in row]
    return any(_DECIMAL_COMMA.fullmatch(field) for field in fields) and not any(
        "." in field and _NUMBER.fullmatch(field) for field in fields
    )


def _batches(path: Path, layout: _Layout, columns: Columns, log: ReadingLog) -> Iterator[tuple[Any, float]]:
    names = [f"c{position}" for position in range(len(layout.headings))]
    types = {column_name(column): pa.float32() for column in (*(columns.acc or ()), *(columns.gyr or ()), *columns.emg)}
    for column in (columns.time, columns.start):
        if column is not None:
            types[column_name(column)] = _time_type(layout, column.position)
    if columns.quality is not None:
        types[column_name(columns.quality)] = pa.uint8()
    n_torn = 0
    may_be_torn = _last_line_is_short(path, layout)

    def torn_row(row: Any) -> str:
        nonlocal n_torn
        n_torn += 1
        return "skip" if n_torn == 1 and may_be_torn else "error"

    size = max(path.stat().st_size, 1)
    with pa.OSFile(str(path)) as source:
        try:
            reader = pacsv.open_csv(
                source,
                read_options=pacsv.ReadOptions(
                    use_threads=False,
                    block_size=_BLOCK_BYTES,
                    skip_rows=layout.heading_line + 1,
                    column_names=names,
                    encoding=layout.encoding,
                ),
                parse_options=pacsv.ParseOptions(delimiter=layout.separator, invalid_row_handler=torn_row),
                convert_options=pacsv.ConvertOptions(
                    column_types=types,
                    include_columns=list(types),
                    null_values=_EMPTY,
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                    decimal_point=layout.decimal,
                ),
            )
            for batch in reader:
                yield batch, source.tell() / size
        except pa.ArrowInvalid as error:
            raise InputError(_told(str(error), layout)) from error
        except UnicodeError as error:
            raise InputError("the text is not UTF-8 and not in any other encoding that can be told") from error
    if n_torn:
        log.damaged.append("The last line of the file is not complete and was left out.")


def _last_line_is_short(path: Path, layout: _Layout) -> bool:
    """The recording broke off while a line was written."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _MAX_LINE) // 2 * 2)
        text = stream.read().decode(layout.encoding, "replace")
    last = next((line for line in reversed(text.splitlines()) if line.strip()), "")
    return len(_fields(last, layout.separator)) < len(layout.headings)


def _time_type(layout: _Layout, position: int) -> Any:
    fields = [row[position] for row in layout.sample if position < len(row) and row[position].strip() not in _EMPTY]
    if not fields:
        return pa.float64()
    text = fields[0].replace(",", ".") if layout.decimal == "," else fields[0]
    if re.fullmatch(r"\s*\d{10,19}\s*", text):
        return pa.int64()
    return pa.float64() if _NUMBER.fullmatch(text) else pa.string()


def _told(message: str, layout: _Layout) -> str:
    """Arrow's message without what the file holds: only where it is and what kind of thing is wrong."""
    row = re.search(r"Row #(\d+)", message)
    line = f"line {int(row.group(1)):,}" if row else "a line"
    if column := re.search(r"CSV column #c?(\d+)|column 'c(\d+)'", message):
        position = int(column.group(1) or column.group(2))
        heading = layout.headings[position] if position < len(layout.headings) else "?"
        where = f"{line}, column {heading[:40]}"
        comma = " (a decimal comma?)" if layout.separator == "," else ""
        return f"{where}: not a number{comma}"
    if fields := re.search(r"Expected (\d+) columns, got (\d+)", message):
        expected, got = fields.groups()
        comma = "; the decimal comma may also be the separator" if int(got) > int(expected) else ""
        return f"{line} has {got} fields where the heading has {expected}{comma}"
    if "straddling" in message:
        return f"a line is longer than {_BLOCK_BYTES:,} bytes"
    return "the table cannot be read: it is damaged, or not a table"
