"""`upperback relax`: with a simulated muscle, with a stream of Lab Streaming Layer, or a line on what is wrong."""

import itertools
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from upperback import cli
from upperback.devices.live import lsl
from upperback.devices.simulate import load_scenario, simulate_emg


def said(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    assert cli.main(["relax", "--json", *words]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_simulated_muscle_finds_the_gap(capsys: pytest.CaptureFixture[str]) -> None:
    events = said(capsys, "--source", "simulated", "--speed", "max", "--rounds", "3")
    assert [one["stage"] for one in events if one["event"] == "ask"][:3] == ["rest", "press", "let_go"]
    assert events[-1]["median_after_s"] == pytest.approx(4, abs=2)
    assert {key: events[-1][key] for key in ("rounds", "wanted", "gaps")} == {"rounds": 3, "wanted": 3, "gaps": 3}


def test_text_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["relax", "--source", "simulated", "--speed", "max", "--rounds", "2"]) == 0
    out = capsys.readouterr().out
    assert "Let your shoulders go" in out
    assert "after you let go" in out
    assert "2 of 2 rounds, at rest in 2 of them" in out


def test_a_recording_of_a_muscle_is_played(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario = load_scenario("letting-go")
    chunks = itertools.islice((chunk for chunk, _ in simulate_emg(scenario, 1, block_samples=1000)), 70)
    emg_v = np.concatenate([chunk.emg_v[:, :1] for chunk in chunks])
    assert scenario.emg is not None
    other_v = np.zeros_like(emg_v)
    time_s = np.arange(len(emg_v)) / scenario.emg.sampling_rate_hz
    path = tmp_path / "muscle.csv"
    header = "time_s,emg_left_uv,emg_right_uv"
    np.savetxt(path, np.column_stack([time_s, 1e6 * other_v, 1e6 * emg_v]), "%.6g", ",", header=header, comments="")
    played = ("--source", "replay", "--recording", str(path), "--speed", "max", "--rounds", "3")
    found = said(capsys, *played, "--channel", "emg_right_uv", "--emg-unit", "uV")
    assert found[0]["about"] == "recording muscle.csv, emg_right_uv"
    simulated = said(capsys, "--source", "simulated", "--speed", "max", "--rounds", "3")
    assert found[-1]["gaps"] == 3
    assert found[-1]["median_after_s"] == pytest.approx(simulated[-1]["median_after_s"], abs=0.3)
    assert cli.main(["relax", *played[:4], "--channel", "no_such", "--json"]) == 2
    assert "muscle.csv: no heading" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--source", "replay"], "needs --recording FILE"),
        (["--source", "simulated", "--recording", "a.csv"], "needs --recording FILE"),
        (["--source", "replay", "--recording", "no-such-file.csv"], "no-such-file.csv"),
        (["--source", "simulated", "--scenario", "office-day"], "no muscle is simulated"),
        (["--source", "simulated", "--rounds", "0"], "0 rounds"),
        (["--source", "crystal-ball"], "--source"),
    ],
)
def test_what_is_wrong_is_said(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["relax", *words]) == 2
    assert told in capsys.readouterr().err


# ---- a stream ----------------------------------------------------------------------------------------------------


@pytest.fixture
def stream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A muscle over Lab Streaming Layer, ten times as fast as life, from when somebody listens."""
    pylsl = pytest.importorskip("pylsl")
    settings = tmp_path_factory.mktemp("lsl") / "lsl_api.cfg"
    settings.write_text("[multicast]\nResolveScope = machine\n[lab]\nSessionID = upperback-tests\n")
    os.environ.setdefault("LSLAPICFG", str(settings))
    info = pylsl.StreamInfo("muscle", "EMG", 1, 1000.0, "float32", "upperback-test-muscle")
    one = info.desc().append_child("channels").append_child("channel")
    one.append_child_value("label", "trapezius")
    one.append_child_value("unit", "uV")
    out = pylsl.StreamOutlet(info, chunk_size=100, max_buffered=360)

    def send() -> None:
        out.wait_for_consumers(20)
        began = pylsl.local_clock()
        for chunk, _ in simulate_emg(load_scenario("letting-go"), 1, block_samples=200):
            out.push_chunk((chunk.emg_v * 1e6).tolist(), began + chunk.end_s - 0.001)
            time.sleep(0.02)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    yield "muscle"
    thread.join(timeout=60)


def test_a_stream_of_lab_streaming_layer_finds_the_gap(
    stream: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lsl, "SILENT_S", 8.0)
    events = said(capsys, "--source", "lsl", "--stream", stream, "--rounds", "3")
    assert "emg trapezius" in events[0]["about"]
    assert events[-1]["gaps"] == 3
    assert events[-1]["median_after_s"] == pytest.approx(4, abs=2)


def test_where_nothing_answers_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pylsl")
    assert cli.main(["relax", "--source", "lsl", "--stream", "nobody"]) == 2
    assert "with EMG answered within" in capsys.readouterr().err
