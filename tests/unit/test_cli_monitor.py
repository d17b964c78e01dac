"""`upperback monitor`: a simulated wearer and a recording, second by second, or one line that says what is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from upperback import cli

WEARER = """\
about: Tasks, then standing.
activities:
  - {do: align}
  - {do: stand, duration_s: 8}
"""


@pytest.fixture
def scenario(tmp_path: Path) -> str:
    path = tmp_path / "wearer.yaml"
    path.write_text(WEARER)
    return str(path)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    assert cli.main(["monitor", "--speed", "max", "--json", *words]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_calibrated_session_tells_every_second(capsys: pytest.CaptureFixture[str]) -> None:
    events = said(capsys, "--source", "simulated", "--scenario", "exercise-session", "--seconds", "120", "--hints")
    seconds = [event for event in events if event["event"] == "second"]
    assert len(seconds) == pytest.approx(120, abs=2)
    aligned = next(event for event in events if event["event"] == "aligned")
    before = [one for one in seconds if one["time_s"] < aligned["time_s"]]
    after = [one for one in seconds if one["time_s"] > aligned["time_s"] + 1]
    assert {one["flexion_deg"] for one in before} == {None}  # nothing is guessed
    assert all(isinstance(one["flexion_deg"], float) for one in after)
    assert events[-1]["event"] == "summary"
    assert events[-1]["reference"] == "standard tasks"
    assert events[-1]["figures"]["flexion_deg"]["p50"] == pytest.approx(0, abs=5)


def test_a_recording_is_played_and_its_tasks_are_found(
    scenario: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = tmp_path / "day.parquet"
    assert cli.main(["simulate", scenario, str(recording), "--quiet"]) == 0
    capsys.readouterr()
    events = said(capsys, "--source", "replay", "--recording", str(recording))
    assert "recording day.parquet" in events[0]["about"]
    assert [event["event"] for event in events].count("aligned") == 1
    assert events[-1]["measured_s"] > 10


def test_text_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["monitor", "--source", "simulated", "--scenario", "exercise-session", "--speed", "max", "--seconds", "80"]
    assert cli.main(words) == 0
    out = capsys.readouterr().out
    assert "stand tall, then bend forward" in out
    assert "forward " in out
    assert "measured for" in out
    assert cli.main([*words, "--quiet"]) == 0
    assert "forward   " not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--source", "replay"], "--source replay needs --recording FILE"),
        (["--source", "replay", "--recording", "{folder}/none.csv"], "none.csv: there is no such file"),
        (["--source", "simulated", "--scenario", "moon-day"], "moon-day: neither a file nor one of the scenarios"),
        (["--source", "simulated", "--speed", "0.1"], "--speed: 0.1: 1 to 100, or max, is expected"),
        (["--source", "simulated", "--speed", "quick"], "--speed: quick"),
        (["--source", "simulated", "--seconds", "0"], "--seconds 0: more than 0 is expected"),
        (["--source", "simulated", "--seed", "-3"], "--seed -3: 0 or more is expected"),
        (["--source", "crystal-ball"], "--source"),
    ],
)
def test_bad_input(words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["monitor", *(word.format(folder=tmp_path) for word in words)]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert told in err
    assert err.count("\n") == 1


# ---- two sensors -------------------------------------------------------------------------------------------------

TWO = """\
about: Two sensors on the back.
sensors:
  - {name: upper, place: upper_back, sampling_rate_hz: 50, flaws: none}
  - {name: lower, place: lower_thoracic, sampling_rate_hz: 100, flaws: none}
activities:
  - {do: align}
  - {do: stand, duration_s: 10}
  - {do: stand, duration_s: 15, flexion_deg: 20}
  - {do: stand, duration_s: 15, curve_deg: 25}
"""


def test_two_sensors_tell_how_the_back_between_them_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "two.yaml"
    path.write_text(TWO)
    events = said(capsys, "--source", "simulated", "--scenario", str(path), "--second", "lower")
    assert [event["event"] for event in events[:2]] == ["source", "source"]
    (clocks,) = [event for event in events if event["event"] == "clocks"]
    assert clocks["lag_s"] == pytest.approx(0, abs=0.01)
    both = {event["time_s"]: event for event in events if event["event"] == "both"}
    for at_s in range(86, 97):
        assert both[at_s]["upper_deg"] == pytest.approx(20, abs=2.5)
        assert both[at_s]["between_deg"] == pytest.approx(0, abs=2)
    for at_s in range(103, 113):
        assert both[at_s]["between_deg"] == pytest.approx(25, abs=2)
    assert (
        cli.main(["monitor", "--source", "simulated", "--scenario", str(path), "--second", "lower", "--speed", "max"])
        == 0
    )
    assert "between" in capsys.readouterr().out


def test_a_second_sensor_goes_with_some_sources_only(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    recording = tmp_path / "a.csv"
    recording.write_text("time_s,acc_x,acc_y,acc_z\n" + "".join(f"{at / 50},0,0,9.81\n" for at in range(500)))
    for second in ("lower", "replay:x", "lsl:", "polar2"):
        assert cli.main(["monitor", "--source", "replay", "--recording", str(recording), "--second", second]) == 2
        assert "lsl:NAME, polar or polar:NAME is expected" in capsys.readouterr().err
    assert cli.main(["monitor", "--source", "simulated", "--second", "moon"]) == 2
