"""`upperback plan-service` on the command line."""

import json
from pathlib import Path

import pytest

from upperback.cli import main


def test_figures_assumptions_and_caveats(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "plan.csv"
    assert main(["plan-service", "--population", "100000", "--csv", str(file)]) == 0
    said = capsys.readouterr().out
    assert "Come to the service in the year" in said
    assert "not a forecast" in said
    assert "LOW BACK" in said
    assert file.read_bytes().startswith(b"part,id,name,unit,low,middle,high,note\r\n")


def test_the_same_seed_gives_the_same_and_a_number_without_doubt_none(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["plan-service", "--population", "1000", "--set", "pain_pct=20", "--json"]
    assert main(arguments) == 0
    once = capsys.readouterr().out
    assert main(arguments) == 0
    assert capsys.readouterr().out == once
    assert json.loads(once)["figures"]["pain"] == [164.0, 164.0, 164.0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--population", "-5"], "population"),
        (["--population", "5", "--set", "pain_pct"], "is not KEY=VALUE"),
        (["--population", "5", "--set", "pain_pct=1,2"], "neither one number nor"),
        (["--population", "5", "--set", "pain_pct=a,b,c"], "a is not a number"),
        (["--population", "5", "--age", "16_to_44=10"], "come to 10"),
        (["--population", "5", "--csv", "/nowhere/at/all.csv"], "--csv"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan-service", *arguments]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
