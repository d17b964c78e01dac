"""`upperback simulate`: files and report, or one line that says what is wrong."""

import json
from pathlib import Path

import pytest

from upperback import cli

SHORT = """\
about: Standing and bending.
activities:
  - {do: stand, duration_s: 5}
  - {do: bend, times: 2}
"""


@pytest.fixture
def short(tmp_path: Path) -> str:
    path = tmp_path / "short.yaml"
    path.write_text(SHORT)
    return str(path)


def test_a_recording_with_its_truth(short: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "day.csv"
    assert cli.main(["simulate", short, str(out), "--seed", "7", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["seed"] == 7
    assert record["repetitions"] == {"bend": 2}
    assert [Path(name).name for name in record["files"]] == ["day.csv", "day.truth.parquet", "day.truth.json"]
    assert all(Path(name).stat().st_size > 100 for name in record["files"])


def test_text_for_people(short: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["simulate", short, str(tmp_path / "day.parquet")]) == 0
    out, err = capsys.readouterr()
    assert "repetitions: 2 bend" in out
    assert not err  # no bar where nobody watches


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["simulate", "--list"]) == 0
    assert "office-day" in capsys.readouterr().out
    assert cli.main(["simulate", "--list", "--json"]) == 0
    assert "week" in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["{short}", "{folder}/day.xls"], ".csv or .parquet"),
        (["{short}", "{folder}/no/day.csv"], "there is no such folder"),
        (["moon-day", "{folder}/day.csv"], "moon-day: neither a file nor one of the scenarios"),
        (
            ["{short}", "{folder}/day.csv", "--set", "activities.1.times=0"],
            "activities.1.times: expected int >= 1, not 0",
        ),
        (["{short}"], "a scenario and a file to write are needed"),
        (["{short}", "{folder}/day.csv", "--seed", "-1"], "--seed"),
    ],
)
def test_bad_input_is_one_line(
    words: list[str], told: str, short: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled = [word.format(short=short, folder=tmp_path) for word in words]
    assert cli.main(["simulate", *filled]) == 2
    err = capsys.readouterr().err
    assert told in err
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["short.yaml"]


# ---- people ------------------------------------------------------------------------------------------------------


def lines(words: list[str], capfd: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    assert cli.main(["simulate", "people", "-", *words]) == 0
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_people_say_on_each_line_that_they_are_invented(capfd: pytest.CaptureFixture[str]) -> None:
    people = lines(["--count", "3", "--days", "10"], capfd)
    assert [one["id"] for one in people] == ["invented-1-1", "invented-1-2", "invented-1-3"]
    assert all(one["invented"] is True for one in people)
    assert {len(one["days"]) for one in people} == {10}  # type: ignore[arg-type]


def test_more_people_leave_the_first_ones_as_they_are(capfd: pytest.CaptureFixture[str]) -> None:
    assert lines(["--count", "2"], capfd) == lines(["--count", "3"], capfd)[:2]
    assert lines(["--count", "1", "--seed", "2"], capfd) != lines(["--count", "1"], capfd)


@pytest.mark.parametrize("command", ["triage", "plan", "review"])
def test_the_whole_chain_runs_from_the_shell(command: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "people.jsonl"
    assert cli.main(["simulate", "people", str(out), "--count", "5", "--for", command]) == 0
    assert cli.main([command, str(out)]) == 0
    found = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [one["id"] for one in found] == [f"invented-1-{number}" for number in range(1, 6)]
    assert [path.name for path in tmp_path.iterdir()] == ["people.jsonl"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-", "--count", "0"], "--count 0: a whole number from 1 to"),
        (["-", "--days", "2000"], "--days 2000: a whole number from 1 to 1,000"),
        (["-", "--begun", "monday"], "--begun monday: a day as 2026-01-05 is expected"),
        (["/no/such/folder/people.jsonl"], "No such file or directory"),
    ],
)
def test_people_that_cannot_be_are_refused(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["simulate", "people", *words]) == 2
    assert told in capsys.readouterr().err
