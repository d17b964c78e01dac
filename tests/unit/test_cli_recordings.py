"""analyse and muscle: a recording in, figures, report and samples out; nothing half-written, nothing left behind."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from upperback import cli
from upperback.devices.simulate import Simulation, read_scenario
from upperback.devices.simulate.files import Units, write_simulation

SCENARIO = {
    "about": "A test.",
    "sensors": [{"name": "chest", "place": "chest", "sampling_rate_hz": 50, "mount_deg": [4, -12, 7]}],
    "activities": [{"do": "align"}, {"do": "walk", "duration_s": 60}, {"do": "sit", "duration_s": 60}],
}


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording as a phone app writes it, under a name that is not harmless."""
    path = tmp_path_factory.mktemp("recordings") / "my <walk> & sit.csv"
    write_simulation(Simulation(read_scenario(SCENARIO), 1), path, units=Units("g", "dps"), progress=lambda _: None)
    return path


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Any:
    def call(*words: str | Path) -> tuple[int, str, str]:
        code = cli.main([str(word) for word in words])
        sys.stdout.flush()
        out, err = capfd.readouterr()
        return code, out, err

    return call


def test_a_csv_becomes_figures_a_report_and_samples(run: Any, walk: Path, tmp_path: Path) -> None:
    report, samples = tmp_path / "report.html", tmp_path / "samples.parquet"
    code, out, err = run("analyse", walk, "--report", report, "--samples", samples)
    assert (code, err) == (0, "")
    assert "steps, in" in out
    assert f"The report is in {report}." in out
    page = report.read_text(encoding="utf-8")
    assert "my &lt;walk&gt; &amp; sit.csv" in page
    assert "<walk>" not in page
    table = pq.read_table(samples)
    assert table.column_names == [
        "time_s", "inclination_deg", "flexion_deg", "lateral_deg", "gravity_x", "gravity_y", "gravity_z", "quality",
    ]  # fmt: skip
    gravity = np.stack([table[f"gravity_{axis}"].to_numpy() for axis in "xyz"], axis=1)
    assert np.allclose(np.linalg.norm(gravity[100:], axis=1), 1, atol=1e-3)
    assert {path.name for path in tmp_path.iterdir()} == {"report.html", "samples.parquet"}


def test_as_json_it_is_one_object(run: Any, walk: Path) -> None:
    code, out, _ = run("analyse", walk, "--json")
    record = json.loads(out)
    assert code == 0
    assert record["file"] == walk.name
    assert record["figures"]["alignment"]["state"] == "found"
    assert record["figures"]["posture"]["flexion_deg"]["p50"] is not None
    assert record["figures"]["movement"]["steps"] > 80
    assert "serial" not in record["info"]
    assert record["notes"]


def test_live_gives_nearly_the_same(run: Any, walk: Path) -> None:
    figures = [
        json.loads(run("analyse", walk, "--json", *extra)[1])["figures"]["posture"] for extra in ([], ["--live"])
    ]
    assert [one["method"] for one in figures] == ["smoothed", "live"]
    assert figures[0]["inclination_deg"]["p50"] == pytest.approx(figures[1]["inclination_deg"]["p50"], abs=2)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", b"", "empty.csv"),
        ("words.csv", b"hello\nworld\n", "words.csv"),
        ("one.csv", b"time_s,acc_x,acc_y,acc_z\n0,0,0,1\n", "one.csv"),
        ("noise.cwa", b"\x00\xff" * 5000, "noise.cwa"),
        ("half.parquet", b"PAR1" + b"\x00" * 100, "half.parquet"),
    ],
)
def test_what_is_no_recording_is_one_sentence(run: Any, tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    code, out, err = run("analyse", tmp_path / name)
    assert (code, out) == (2, "")
    assert err.startswith("upperback: ")
    assert words in err
    assert err.count("\n") == 1


def test_a_file_that_is_not_there_and_a_place_that_cannot_be_written(run: Any, walk: Path, tmp_path: Path) -> None:
    assert run("analyse", tmp_path / "none.csv")[0] == 2
    code, out, err = run("analyse", walk, "--report", tmp_path / "no" / "folder" / "x.html")
    assert (code, out) == (2, "")
    assert "x.html" in err
    assert list(tmp_path.iterdir()) == []


def test_muscle_needs_a_muscle_and_posture_needs_an_accelerometer(run: Any, walk: Path) -> None:
    code, _, err = run("muscle", walk)
    assert code == 2
    assert "no muscle signal" in err


@pytest.mark.parametrize("span", ["5", "a-b", "-"])
def test_a_span_that_is_none_is_named(run: Any, walk: Path, span: str) -> None:
    code, _, err = run("muscle", walk, f"--mvc={span}")
    assert code == 2
    assert "START-END" in err


def test_muscle_in_percent_of_the_strongest_effort(run: Any, tmp_path: Path) -> None:
    rate_hz, seconds = 1000, 60
    dice = np.random.default_rng(3)
    level = np.where(np.arange(rate_hz * seconds) < 10 * rate_hz, 200e-6, 20e-6)
    emg = dice.normal(0, 1, rate_hz * seconds) * level
    path = tmp_path / "emg.csv"
    rows = "\n".join(f"{number / rate_hz:.3f},{value:.9g}" for number, value in enumerate(emg))
    path.write_text(f"time_s,emg_left\n{rows}\n", encoding="utf-8")
    report = tmp_path / "m.html"
    code, out, err = run("muscle", path, "--emg-unit", "V", "--mvc", "1-9", "--report", report, "--json")
    assert (code, err) == (0, "")
    (channel,) = json.loads(out)["channels"]
    assert channel["unit"] == "%"
    assert channel["amplitude_percent"]["p50"] == pytest.approx(10, abs=1)
    assert "of the strongest effort" in report.read_text(encoding="utf-8")
