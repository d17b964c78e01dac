"""The one writer of CSV for people: a text that a spreadsheet would take for a formula stays a text.

RFC 4180, UTF-8 with a mark at the beginning, without which spreadsheets read accents wrongly. Numbers stay numbers.
"""

import csv
from collections.abc import Iterable, Sequence
from typing import IO, Final, TypeAlias

Cell: TypeAlias = str | int | float | None

_MARK: Final = "\ufeff"
#: What makes a cell a formula, or hides that it is one.
_TRIGGERS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")


def write_table(out: IO[bytes], header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    """Writes a table; returns the number of rows without the header."""
    count = 0
    out.write((_MARK + _line(header)).encode("utf-8"))
    for row in rows:
        out.write(_line(row).encode("utf-8"))
        count += 1
    return count


def safe_cell(cell: Cell) -> str:
    """A cell as text; a text that looks like a formula, also behind spaces or quotes, gets an apostrophe before it."""
    if cell is None:
        return ""
    if isinstance(cell, int | float):
        return f"{cell:g}" if isinstance(cell, float) else str(cell)
    text = cell.replace("\0", "")
    return f"'{text}" if text.startswith(_TRIGGERS) or text.lstrip(" \"'").startswith(_TRIGGERS) else text


class _Line:
    """Takes one line from the csv module."""

    text = ""

    def write(self, text: str) -> int:
        self.text = text
        return len(text)


def _line(cells: Sequence[Cell]) -> str:
    line = _Line()
    csv.writer(line).writerow([safe_cell(cell) for cell in cells])
    return line.text
