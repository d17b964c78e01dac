"""`--language de` at a terminal: what a person reads is German, what a program reads stays as it is."""

import json
from pathlib import Path
from typing import Any

import pytest

from upperback.cli import main

CHEST = {"findings": {"age": 45, "chest_pain": "pressure", "chest_pain_when": "now"}}
WELL = {"findings": {"age": 45, "pain": 4}}


def told(
    command: str, line: dict[str, Any], language: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> dict[str, Any]:
    file = tmp_path / "people.jsonl"
    file.write_text(json.dumps(line) + "\n", encoding="utf-8")
    assert main([command, str(file), "--absent", "no", "--language", language]) == 0
    found: dict[str, Any] = json.loads(capfd.readouterr().out)
    return found


def test_a_plan_is_german_to_its_last_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    german, english = (told("plan", WELL, language, tmp_path, capfd) for language in ("de", "en-GB"))
    assert german["language"] == "de"
    assert "(English)" not in json.dumps(german)
    assert "repetitions" not in german["text"]
    assert "Drehen im Sitzen: 8 langsame Wiederholungen, 4 Mal am Tag." in german["text"]
    assert "rufen Sie jetzt 999 an" in german["text"]
    assert {line for line in german["text"].split("\n") if len(line) > 40} & {*english["text"].split("\n")} == set()


@pytest.mark.parametrize(("command", "line"), [("triage", CHEST), ("plan", WELL)])
def test_what_a_program_reads_is_the_same(
    command: str, line: dict[str, Any], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    german, english = (told(command, line, language, tmp_path, capfd) for language in ("de", "en-GB"))
    assert "language" not in english

    def keys(value: Any) -> Any:
        match value:
            case dict():
                return {key: keys(item) for key, item in value.items() if key not in {"language", "title"}}
            case list():
                return [keys(item) for item in value]
            case str():
                return value if " " not in value else "text"
        return value

    assert keys(german) == keys(english)


def test_an_emergency_says_why_in_german(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    german = told("triage", CHEST, "de", tmp_path, capfd)
    assert german["disposition"] == "emergency_now"
    assert german["rules"][0]["why"].startswith("Denn Sie haben uns gesagt: Ihre Brust fühlt sich eng")


def test_a_language_that_there_is_not_is_refused_by_name(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "people.jsonl"
    file.write_text(json.dumps(WELL) + "\n", encoding="utf-8")
    assert main(["triage", str(file), "--language", "tlh"]) == 2
    assert "There is no language “tlh” here; there are en-GB, de" in capfd.readouterr().err
