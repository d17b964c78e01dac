"""The one JSON reader for data from outside: no duplicate keys, no non-finite numbers, bounded size and depth."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Final

from upperback.core.errors import InputError, quoted

#: No honest line of findings comes near this.
MAX_LINE_BYTES = 1_048_576

#: A whole number with more characters is no amount of anything, and may not fit into a float.
_MOST_DIGITS: Final = 300


def parse_object(text: bytes, *, bytes_most: int = MAX_LINE_BYTES) -> dict[str, Any]:
    """One JSON object. Raises InputError with one sentence; the caller adds where it stood."""
    if len(text) > bytes_most:
        raise InputError(f"longer than {bytes_most} bytes")
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=_pairs, parse_constant=_NoNumber, parse_int=_whole)
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8 text") from error
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON: {error.msg} at character {error.pos + 1}") from error
    except RecursionError as error:
        raise InputError("nested too deeply") from error
    if not isinstance(value, dict):
        raise InputError('a JSON object is expected, such as {"id": 1, "findings": {}}')
    return value


def object_lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Non-empty lines with their numbers. A line that is too long is cut and so refused when parsed."""
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 2):
        number += 1
        complete = line.endswith(b"\n")
        while not complete and (rest := stream.readline(MAX_LINE_BYTES)):
            complete = rest.endswith(b"\n")
        stripped = line.strip() if len(line) <= MAX_LINE_BYTES else line
        if stripped:
            yield number, stripped


@dataclass(frozen=True, slots=True)
class _NoNumber:
    """What stands where a number should: refused once its key is known."""

    written: str


def _whole(written: str) -> int | _NoNumber:
    return int(written) if len(written) <= _MOST_DIGITS else _NoNumber(written)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        no_number = _no_number_in(value)
        if no_number is not None:
            raise InputError(f"{_named(key)}: {quoted(no_number.written)} is not a number that can be used")
        if key in result:
            raise InputError(f"the key {quoted(key)} has two values: {quoted(result[key])} and {quoted(value)}")
        result[key] = value
    return result


def _no_number_in(value: object) -> _NoNumber | None:
    """The first one in a value or in its lists. Objects in it have been read before, from the inside out."""
    if isinstance(value, list):
        return next((found for found in map(_no_number_in, value) if found is not None), None)
    return value if isinstance(value, _NoNumber) else None


def _named(key: str) -> str:
    return quoted(key)[1:-1]
