"""The one JSON reader for data from outside: no duplicate keys, no non-finite numbers, bounded size and depth."""

import json
from collections.abc import Iterator
from typing import IO, Any, NoReturn

from upperback.core.errors import InputError

#: No honest line of findings comes near this.
MAX_LINE_BYTES = 1_048_576


def parse_object(text: bytes) -> dict[str, Any]:
    """One JSON object. Raises InputError with one sentence; the caller adds where it stood."""
    if len(text) > MAX_LINE_BYTES:
        raise InputError(f"longer than {MAX_LINE_BYTES} bytes")
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=_pairs, parse_constant=_constant)
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8 text") from error
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON: {error.msg} at character {error.pos + 1}") from error
    except RecursionError as error:
        raise InputError("nested too deeply") from error
    except ValueError as error:  # a number with thousands of digits
        raise InputError("a number is too long") from error
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


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise InputError(f"the key “{key[:60]}” has two values")
        result[key] = value
    return result


def _constant(name: str) -> NoReturn:
    raise InputError(f"{name} is not a number")
