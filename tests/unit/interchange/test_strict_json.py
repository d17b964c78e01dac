"""The one JSON reader for data from outside."""

import io

import pytest

from upperback.core.errors import InputError
from upperback.interchange.strict_json import MAX_LINE_BYTES, object_lines, parse_object


def test_an_object() -> None:
    assert parse_object(b'{"id": 1, "findings": {"age": 44}}') == {"id": 1, "findings": {"age": 44}}


@pytest.mark.parametrize(
    "text, reason",
    [
        (b'{"a": 1, "a": 2}', "“a” has two values: “1” and “2”"),
        (b'{"a": true, "a": true}', "two values"),
        (b'{"a": {"b": 1, "b": 2}}', "two values"),
        (b'{"a": NaN}', "a: “NaN” is not a number"),
        (b'{"a": -Infinity}', "a: “-Infinity” is not a number"),
        (b'{"a": {"b": [[1], [NaN]]}}', "b: “NaN” is not a number"),
        (b"NaN", "a JSON object is expected"),
        (b"[1, 2]", "a JSON object is expected"),
        (b'"text"', "a JSON object is expected"),
        (b'{"a": ', "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a: “9+…” is not a number"),
        (b'{"a": "' + b"x" * MAX_LINE_BYTES + b'"}', "longer than"),
    ],
)
def test_refused_in_one_sentence(text: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as refused:
        parse_object(text)
    assert "\n" not in refused.value.message
    assert len(refused.value.message) < 200


def test_lines_are_numbered_and_empty_ones_skipped() -> None:
    assert list(object_lines(io.BytesIO(b'{"a":1}\n\n  \n{"b":2}'))) == [(1, b'{"a":1}'), (4, b'{"b":2}')]


def test_a_line_without_end_is_never_held_whole() -> None:
    stream = io.BytesIO(b"x" * (3 * MAX_LINE_BYTES) + b'\n{"a":1}\n')
    lines = list(object_lines(stream))
    assert [number for number, _ in lines] == [1, 2]
    assert MAX_LINE_BYTES < len(lines[0][1]) < MAX_LINE_BYTES + 10
    with pytest.raises(InputError, match="longer than"):
        parse_object(lines[0][1])
