"""Lab Streaming Layer, for real: a stream is sent, found, read by its description, and monitored."""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
import pytest

from tests.unit.devices.live import end_state
from upperback import cli
from upperback.core.errors import InputError
from upperback.devices._parquet import write_recording
from upperback.devices.live import bluetooth, lsl, open_lsl, open_simulated
from upperback.devices.simulate import load_scenario, simulate
from upperback.sensing.signal import G_MPS2

pylsl = pytest.importorskip("pylsl")

RATE_HZ: Final = 50.0


@pytest.fixture(scope="module", autouse=True)
def this_machine_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Streams of other machines are none of ours, and ours none of theirs. Read when the library is first used."""
    settings = tmp_path_factory.mktemp("lsl") / "lsl_api.cfg"
    settings.write_text("[multicast]\nResolveScope = machine\n[lab]\nSessionID = upperback-tests\n")
    os.environ["LSLAPICFG"] = str(settings)
    yield
    os.environ.pop("LSLAPICFG")


def outlet(name: str, channels: list[tuple[str, str]], *, rate_hz: float = RATE_HZ) -> Any:
    """A stream that says what it holds: labels and units."""
    info = pylsl.StreamInfo(name, "MoCap", len(channels), rate_hz, "float32", f"upperback-test-{name}")
    described = info.desc().append_child("channels")
    for label, unit in channels:
        one = described.append_child("channel")
        one.append_child_value("label", label)
        if unit:
            one.append_child_value("unit", unit)
    return pylsl.StreamOutlet(info, chunk_size=10, max_buffered=360)


ACC: Final = [("acc_x", "g"), ("acc_y", "g"), ("acc_z", "g")]
GYR: Final = [("gyr_x", "deg/s"), ("gyr_y", "deg/s"), ("gyr_z", "deg/s")]


def send(out: Any, seconds: float, scenario: str = "exercise-session", pause_s: float = 0.0) -> None:
    """What a simulated wearer's chest sensor reads, as soon as somebody listens; then the stream goes."""
    out.wait_for_consumers(20)
    began = pylsl.local_clock()
    for chunk, _ in simulate(load_scenario(scenario, []), 1, block_samples=50):
        if chunk.start_s >= seconds:
            return
        assert chunk.gyr_radps is not None
        rows = np.hstack([chunk.acc_mps2 / G_MPS2, np.degrees(chunk.gyr_radps)]).astype(np.float32)
        out.push_chunk(rows.tolist(), began + chunk.end_s - 1 / RATE_HZ)
        time.sleep(pause_s)


@pytest.fixture
def wearer(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a stream that begins when somebody listens."""
    name = f"wearer {request.node.name[:20]}"
    out = outlet(name, [*ACC, *GYR])
    thread = threading.Thread(target=send, args=(out, 40.0), daemon=True)
    thread.start()
    yield name
    thread.join(timeout=30)


def test_a_stream_is_found_and_read_in_si_units(wearer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lsl, "SILENT_S", 5.0)
    source = open_lsl(wearer)
    assert source.sampling_rate_hz == RATE_HZ
    assert source.has_gyroscope
    assert wearer in source.about
    chunks = [arrival.chunk for arrival in source.packets()]
    acc = np.concatenate([chunk.acc_mps2 for chunk in chunks])
    assert len(acc) == pytest.approx(40 * RATE_HZ, abs=25)
    assert np.isnan(acc).mean() < 0.01
    assert np.nanmedian(np.linalg.norm(acc, axis=1)) == pytest.approx(G_MPS2, rel=0.03)
    starts = np.diff([chunk.start_s for chunk in chunks])
    np.testing.assert_allclose(starts, 10 / RATE_HZ, atol=1e-6)


def test_the_terminal_asks_and_aligns(
    wearer: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lsl, "SILENT_S", 5.0)
    assert cli.main(["monitor", "--source", "lsl", "--stream", wearer, "--speed", "max", "--seconds", "38"]) == 0
    out = capsys.readouterr().out
    assert "Stand tall and still" in out
    assert "Bend forward slowly" in out
    assert "forward " in out


def test_a_stream_shows_thirty_degrees_and_hints_once_at_a_slouch_and_never_at_a_pick_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(lsl, "SILENT_S", 5.0)
    out = outlet("whole day", [*ACC, *GYR])
    sending = (out, end_state.SECONDS + 10.0, end_state.day(tmp_path), 0.01)  # a hundred times as fast as life
    thread = threading.Thread(target=send, args=sending, daemon=True)
    thread.start()
    words = ["--seconds", str(end_state.SECONDS), "--speed", "max", "--hints", "--json"]
    assert cli.main(["monitor", "--source", "lsl", "--stream", "whole day", *words]) == 0
    end_state.judge(capsys.readouterr().out)
    thread.join(timeout=30)


def test_what_cannot_be_told_is_asked_for() -> None:
    kept = [
        outlet("no-unit", [(label, "") for label, _ in ACC]),
        outlet("no-rate", ACC, rate_hz=pylsl.IRREGULAR_RATE),
        outlet("two-a", ACC),
        outlet("heart", [("ecg", "mV")]),
    ]
    with pytest.raises(InputError, match="does not say the unit of its acceleration; give --acc-unit"):
        open_lsl("no-unit")
    assert open_lsl("no-unit", acc_unit="g").sampling_rate_hz == RATE_HZ
    with pytest.raises(InputError, match="does not say its sampling rate"):
        open_lsl("no-rate")
    with pytest.raises(InputError, match=r"several streams hold acceleration .*: name one with --stream"):
        open_lsl()
    with pytest.raises(InputError, match="no stream heart with acceleration answered"):
        open_lsl("heart")
    assert len(kept) == 4


def test_where_nothing_answers_it_says_so() -> None:
    with pytest.raises(InputError, match=r"no stream nobody with acceleration answered within 0\.5 s"):
        open_lsl("nobody", find_s=0.5)


class _Gone:
    """An inlet whose stream ends before it says anything."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def info(self, timeout: float) -> None:
        raise pylsl.util.LostError("the stream has been lost.")

    def pull_chunk(self, **_: object) -> None:
        raise pylsl.util.LostError("the stream has been lost.")


def test_a_stream_that_ends_while_it_is_looked_at_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = outlet("ends", ACC)
    monkeypatch.setattr(pylsl, "StreamInlet", _Gone)
    with pytest.raises(InputError, match="no stream ends with acceleration answered"):
        open_lsl("ends")
    assert kept is not None


def test_a_stream_that_is_lost_is_at_its_end() -> None:
    assert list(lsl.received(_Gone(), 0.1)) == []


# ---- two sensors that both measure now ---------------------------------------------------------------------------

TWO: Final = """\
about: Two sensors on the back.
sensors:
  - {name: upper, place: upper_back, sampling_rate_hz: 50, flaws: none}
  - {name: lower, place: lower_thoracic, sampling_rate_hz: 50, flaws: none}
activities:
  - {do: stand, duration_s: 13}
  - {do: bend, times: 3}
  - {do: stand, duration_s: 15}
  - {do: stand, duration_s: 12, flexion_deg: 20}
  - {do: stand, duration_s: 12, curve_deg: 25}
"""


def send_sensor(out: Any, scenario: str, sensor: str, together: threading.Barrier, began: list[float]) -> None:
    """One of two sensors, once somebody listens to all."""
    out.wait_for_consumers(30)
    together.wait(30)
    began.append(pylsl.local_clock())
    together.wait(30)
    for arrival in open_simulated(scenario, sensor=sensor).packets():
        chunk = arrival.chunk
        assert chunk.gyr_radps is not None
        rows = np.hstack([chunk.acc_mps2 / G_MPS2, np.degrees(chunk.gyr_radps)]).astype(np.float32)
        out.push_chunk(rows.tolist(), began[0] + chunk.end_s - 1 / RATE_HZ)
        time.sleep(0.005)  # forty times as fast as life
    time.sleep(2.5)  # what is on its way goes with its stream


@contextmanager
def streams(tmp_path: Path, **sensors: str) -> Iterator[str]:
    """A stream for each of these sensors of the wearer, by its name; the scenario."""
    path = tmp_path / "two.yaml"
    path.write_text(TWO)
    together, began = threading.Barrier(len(sensors)), list[float]()
    threads = [
        threading.Thread(target=send_sensor, args=(outlet(name, [*ACC, *GYR]), str(path), sensor, together, began))
        for name, sensor in sensors.items()
    ]
    for thread in threads:
        thread.daemon = True
        thread.start()
    yield str(path)
    for thread in threads:
        thread.join(timeout=30)


def judge_both(text: str, lag_s: float = 0.05) -> None:
    """Twenty degrees together, and then a back that is rounded by 25 between the two."""
    events = [json.loads(line) for line in text.splitlines()]
    assert [one["event"] for one in events[:2]] == ["source", "source"]
    (clocks,) = [one for one in events if one["event"] == "clocks"]
    assert clocks["lag_s"] == pytest.approx(0, abs=lag_s)
    both = [one for one in events if one["event"] == "both"]
    zero_s = next(one["time_s"] for one in events if one["event"] == "second")
    leans = [one for one in both if 53 <= one["time_s"] - zero_s <= 61]
    rounds = [one for one in both if 68 <= one["time_s"] - zero_s <= 76]
    assert len(leans) >= 4
    assert len(rounds) >= 4
    assert np.median([one["upper_deg"] for one in leans]) == pytest.approx(20, abs=3)
    assert np.median([one["between_deg"] for one in leans]) == pytest.approx(0, abs=3)
    assert np.median([one["between_deg"] for one in rounds]) == pytest.approx(25, abs=3)


def test_two_streams_are_told_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lsl, "SILENT_S", 5.0)
    with streams(tmp_path, high="upper", low="lower"):
        words = ["--stream", "high", "--second", "lsl:low", "--speed", "max", "--json"]
        assert cli.main(["monitor", "--source", "lsl", *words]) == 0
    judge_both(capsys.readouterr().out)


def test_a_recording_and_a_stream_are_told_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lsl, "SILENT_S", 5.0)
    with streams(tmp_path, beneath="lower") as scenario:
        recording = tmp_path / "upper.parquet"
        write_recording(recording, (one.chunk for one in open_simulated(scenario, sensor="upper").packets()))
        words = ["--recording", str(recording), "--second", "lsl:beneath", "--speed", "max", "--json"]
        assert cli.main(["monitor", "--source", "replay", *words]) == 0
    judge_both(capsys.readouterr().out)


@pytest.mark.long  # a third of a minute
def test_a_strap_and_a_stream_are_told_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The clock of the strap is told by when its first notification came."""
    pytest.importorskip("bumble")
    from tests.unit.devices.live.strap_of_software import Behaviour, software_radio

    monkeypatch.setattr(lsl, "SILENT_S", 3.0)
    monkeypatch.setattr(bluetooth, "_WAITING_MAX", 100_000)  # it is played faster than life
    with streams(tmp_path, under="lower") as scenario:
        monkeypatch.setattr(bluetooth, "Radio", lambda: software_radio(Behaviour(scenario=scenario, seconds=80)))
        words = ["--second", "lsl:under", "--speed", "max", "--seconds", "78", "--json"]
        assert cli.main(["monitor", "--source", "polar", *words]) == 0
    judge_both(capsys.readouterr().out, lag_s=2.0)


@pytest.mark.parametrize(
    ("problem", "told"), [('ImportError("")', "needs one more package"), ('RuntimeError("")', "liblsl was not found")]
)
def test_without_the_package_or_its_library_one_sentence_says_so(
    problem: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pylsl.py").write_text(f"raise {problem}\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "pylsl"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(InputError, match=told):
        open_lsl()


def test_settings_of_the_library_stay_and_without_them_it_is_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    library = SimpleNamespace(set_config_content=told.append)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(lsl, "_SETTINGS_OF_ALL", str(tmp_path / "of_all.cfg"))
    monkeypatch.chdir(tmp_path)
    lsl._tells_only_warnings(library)  # the tests' own settings are there
    assert not told
    monkeypatch.delenv("LSLAPICFG")
    lsl._tells_only_warnings(library)
    assert len(told) == 1
    (tmp_path / "lsl_api").mkdir()
    (tmp_path / "lsl_api" / "lsl_api.cfg").write_text("[multicast]\n")
    lsl._tells_only_warnings(library)
    assert len(told) == 1
