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
