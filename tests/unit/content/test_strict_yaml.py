"""YAML without surprises."""

import datetime as dt
from pathlib import Path

import pytest

from upperback.content.strict_yaml import Document, read_document
from upperback.core.errors import ContentError


def read(tmp_path: Path, text: str | bytes) -> Document:
    path = tmp_path / "file.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_document(path, "file.yaml")


def test_plain_data_with_places(tmp_path: Path) -> None:
    document = read(tmp_path, "a: 1\nb:\n  - x: 2.5\n  - true\nc: 2026-11-21\nd: '2026-11-21'\n")
    assert document.data == {"a": 1, "b": [{"x": 2.5}, True], "c": dt.date(2026, 11, 21), "d": "2026-11-21"}
    assert document.place("b/0/x") == "file.yaml:3"
    assert document.place("b/0/missing") == "file.yaml:3"
    assert document.place("nowhere") == "file.yaml:1"


@pytest.mark.parametrize(
    "text, line, reason",
    [
        ("a: 1\na: 2\n", 2, "twice"),
        ("a: yes\n", 1, "truth value"),
        ("on: 1\n", 1, "truth value"),
        ("a:\n  - No\n", 2, "truth value"),
        ("a: ~\n", 1, "says nothing"),
        ("a:\n", 1, "says nothing"),
        ("a: null\n", 1, "says nothing"),
        ("a: &x [1]\nb: *x\n", 1, "anchors"),
        ("a: !!python/object:os.system x\n", 1, "tags"),
        ("a: 2026-02-30\n", 1, "calendar"),
        ("? [1, 2]\n: 3\n", 1, "plain word"),
        ("a: [1\n", 2, "expected"),
        ("", 1, "empty"),
    ],
)
def test_refused_with_file_line_and_reason(tmp_path: Path, text: str, line: int, reason: str) -> None:
    with pytest.raises(ContentError) as refused:
        read(tmp_path, text)
    assert refused.value.message.startswith(f"file.yaml:{line}: ")
    assert reason in refused.value.message


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"file\.yaml:1: the file is not UTF-8"):
        read(tmp_path, b"a: \xff\n")


@pytest.mark.parametrize("word", ["'yes'", '"no"', "'on'", "yes_and_no", "0x10", "1e3", "12:30:00", "1_000"])
def test_everything_else_stays_a_word(tmp_path: Path, word: str) -> None:
    document = read(tmp_path, f"a: {word}\n")
    assert document.data == {"a": word.strip("'\"")}
