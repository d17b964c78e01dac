"""The command: what it prints, what it refuses, and that it never prints half an answer."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from upperback import cli

QUIET = {"age": 41, "pain": 4, "duration_weeks": 3, "pattern": "mechanical", "trend": "improving"}
CRISIS = {"age": 41, "pain": 4, "duration_weeks": 3, "saddle_numbness": True}


class Ran:
    """Exit code, standard output as JSON lines, standard error."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err
        self.records = [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Any:
    def call(*words: str, lines: list[Any] | None = None) -> Ran:
        if lines is not None:
            text = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
        code = cli.main(words)
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return Ran(code, out.decode(), err.decode())

    return call


def test_triage_line_by_line(run: Any) -> None:
    ran = run("triage", "-", "--absent", "no", lines=[{"id": "a", "findings": QUIET}, {"id": 2, "findings": CRISIS}])
    assert ran.code == 0
    assert [(record["id"], record["disposition"]) for record in ran.records] == [
        ("a", "self_manage"),
        (2, "emergency_now"),
    ]
    assert ran.records[1]["rules"][0]["id"] == "E05"


def test_json_may_be_asked_for(run: Any) -> None:
    assert run("triage", "-", "--json", lines=[{"id": 1, "findings": QUIET}]).code == 0


def test_absent_is_unknown_by_default(run: Any) -> None:
    (record,) = run("triage", "-", lines=[{"id": 1, "findings": QUIET}]).records
    assert not record["complete"]
    assert record["disposition"] == "urgent_same_day"
    assert "fever" in record["unanswered"]


def test_a_file(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "people.jsonl"
    path.write_text(json.dumps({"id": 1, "findings": QUIET}) + "\n")
    assert run("triage", str(path), "--absent", "no").code == 0


@pytest.mark.parametrize(
    "line,words",
    [
        ({"id": 1, "findings": {**QUIET, "age": 400}}, ["age", "400"]),
        ({"id": 1, "findings": {**QUIET, "pain": 11}}, ["pain", "11"]),
        ({"id": 1, "findings": {**QUIET, "duration_weeks": -1}}, ["duration_weeks", "-1"]),
        ({"id": 1, "findings": {**QUIET, "fever": "maybe"}}, ["fever", "maybe"]),
        ({"id": 1, "findings": {**QUIET, "fever": None}}, ["fever", "null"]),
        ({"id": 1, "findings": {**QUIET, "feverish": True}}, ["feverish"]),
        ({"id": 1, "findings": {"pain": 3}}, ["age"]),
        ({"id": 1, "findings": []}, ["findings"]),
        ({"id": 1}, ["findings"]),
        ({"id": 1, "finding": {}}, ["finding"]),
        ({"id": [1], "findings": QUIET}, ["id"]),
        ({"id": 1, "findings": QUIET, "choices": {}}, ["choices"]),
        (b'{"id": 1, "findings": {"age": 44, "age": 45}}', ["age", "two values", "44", "45"]),
        (b'{"id": 1, "findings": {"age": NaN}}', ["age: ", "NaN"]),
        (b'{"id": 1, "findings": {"age": 1e999}}', ["age"]),
        (b"not json", ["not JSON"]),
        (b"[1]", ["object"]),
        (b"{" * 100_000, ["not JSON"]),
        (b'{"a":' * 50_000, ["nested too deeply"]),
        (b'{"id": "' + b"x" * 3_000_000 + b'"}', ["longer than"]),
        (b"\xff\xfe", ["UTF-8"]),
    ],
)
def test_bad_input_is_one_sentence_with_line_key_and_value(run: Any, line: Any, words: list[str]) -> None:
    ran = run("triage", "-", "--absent", "no", lines=[{"id": 0, "findings": QUIET}, line])
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith("upperback: line 2: ")
    assert ran.err.count("\n") == 1
    assert len(ran.err) < 400
    for word in words:
        assert word in ran.err


def test_keep_going_reports_the_bad_line_and_answers_the_others(run: Any) -> None:
    lines = [{"id": 1, "findings": QUIET}, {"id": 2, "findings": {"age": 400}}, {"id": 3, "findings": CRISIS}]
    ran = run("triage", "-", "--absent", "no", "--keep-going", lines=lines)
    assert ran.code == 2
    assert [record["id"] for record in ran.records] == [1, 3]
    assert ran.err.startswith("upperback: line 2: age:")


def test_nothing_to_read(run: Any) -> None:
    ran = run("triage", "-", lines=[])
    assert ran.code == 2
    assert "no line to read" in ran.err


def test_a_file_that_is_not_there(run: Any, tmp_path: Path) -> None:
    ran = run("triage", str(tmp_path / "nothing.jsonl"))
    assert ran.code == 2
    assert "No such file" in ran.err


@pytest.mark.parametrize("words", [["triage"], ["fly"], ["triage", "-", "--absent", "maybe"], []])
def test_wrong_words_are_one_line(run: Any, words: list[str]) -> None:
    ran = run(*words)
    assert ran.code == 2
    assert ran.err.count("\n") == 1


def test_check_content_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check-content"]) == 0
    assert "The content is whole." in capsys.readouterr().out


def test_check_content_as_json(run: Any) -> None:
    (record,) = run("check-content", "--json").records
    assert record["problems"] == []


def test_the_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check-content", "--schema"]) == 0
    assert "$defs" in json.loads(capsys.readouterr().out)
