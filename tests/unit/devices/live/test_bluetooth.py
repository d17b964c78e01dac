"""A strap made of software, over a Bluetooth made of software, through bleak: found, measured, lost and found again."""

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.devices.live import end_state
from upperback import cli
from upperback.core.errors import InputError, Unavailable
from upperback.devices.live import bluetooth
from upperback.devices.live.bluetooth import open_polar
from upperback.devices.live.polar import start_command, stop_command
from upperback.devices.simulate import load_scenario, simulate
from upperback.sensing.signal import Chunk

pytest.importorskip("bleak")
pytest.importorskip("bumble")

from tests.unit.devices.live.strap_of_software import Behaviour, software_radio


def felt(about: Behaviour, seconds: float, **more: Any) -> list[Chunk]:
    """Chunks of so many seconds, or of as many as come before an error."""
    source = open_polar(radio=software_radio(about), find_s=5, **more)
    chunks: list[Chunk] = []
    packets = source.packets()
    for arrival in packets:
        chunks.append(arrival.chunk)
        if sum(map(len, chunks)) >= seconds * source.sampling_rate_hz:
            break
    packets.close()  # type: ignore[attr-defined]
    return chunks


def test_what_the_strap_feels_arrives_in_si_units() -> None:
    about = Behaviour(seconds=60)
    chunks = felt(about, 50)
    acc = np.concatenate([chunk.acc_mps2 for chunk in chunks])
    truth = np.concatenate(
        [chunk.acc_mps2 for chunk, _ in simulate(load_scenario("exercise-session", []), 1, block_samples=50)]
    )[: len(acc)]
    np.testing.assert_allclose(acc, truth, atol=0.02)  # thousandths of g, and the even grid
    assert about.written[0] == start_command(50, 8)
    assert about.written[-1] == stop_command(), "it is told to stop, or its battery runs down"


def test_one_that_was_left_running_is_stopped_and_started() -> None:
    about = Behaviour(already=True)
    assert felt(about, 2)
    assert about.written[:3] == [start_command(50, 8), stop_command(), start_command(50, 8)]


def test_out_of_reach_for_a_moment_is_a_gap_and_not_the_end() -> None:
    about = Behaviour(seconds=60, drops_after=20)
    chunks = felt(about, 40)
    assert about.connections == 2
    starts = np.array([chunk.start_s for chunk in chunks])
    assert np.all(np.diff(starts) > 0) or np.count_nonzero(np.diff(starts) < 0) == 1  # played faster than life
    assert sum(map(len, chunks)) >= 40 * 50


def test_a_strap_that_does_not_come_back_is_said() -> None:
    source = open_polar(radio=software_radio(Behaviour(refuses=13)), find_s=5, away_s=0)
    with pytest.raises(Unavailable, match="charger"):
        list(source.packets())


def test_only_the_strap_that_was_asked_for_is_taken() -> None:
    source = open_polar("Polar H10 8C1F2E3A", radio=software_radio(Behaviour()), find_s=5)
    assert source.about == "chest strap, Polar H10 8C1F2E3A"
    source.packets().close()  # type: ignore[attr-defined]
    source.beside.stop()
    with pytest.raises(InputError, match="wet contacts"):
        open_polar("Polar H10 00000000", radio=software_radio(Behaviour()), find_s=0.5)


def test_a_terminal_aligns_with_a_strap_and_shows_the_trunk(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bluetooth, "Radio", lambda: software_radio(Behaviour(seconds=80)))
    assert cli.main(["monitor", "--source", "polar", "--seconds", "70", "--speed", "max"]) == 0
    out = capsys.readouterr().out
    assert "chest strap, Polar H10" in out
    assert "Stand tall and still" in out
    assert "forward " in out
    assert "measured for 1." in out


def test_a_strap_shows_thirty_degrees_and_hints_once_at_a_slouch_and_never_at_a_pick_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    about = Behaviour(scenario=end_state.day(tmp_path), seconds=end_state.SECONDS + 10)
    monkeypatch.setattr(bluetooth, "_WAITING_MAX", 100_000)  # it is played faster than life
    monkeypatch.setattr(bluetooth, "Radio", lambda: software_radio(about))
    words = ["--seconds", str(end_state.SECONDS), "--speed", "max", "--hints", "--json"]
    assert cli.main(["monitor", "--source", "polar", *words]) == 0
    end_state.judge(capsys.readouterr().out)


def test_a_reader_that_is_far_behind_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bluetooth, "_WAITING_MAX", 5)
    packets = open_polar(radio=software_radio(Behaviour(seconds=60)), find_s=5).packets()
    next(packets)
    time.sleep(2)
    with pytest.raises(Unavailable, match="Nobody has read"):
        list(packets)


# ---- when it does not work ---------------------------------------------------------------------------------------


def test_without_the_package_it_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bleak", None)
    with pytest.raises(InputError, match="upperback\\[live\\]"):
        open_polar()


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("POWERED_OFF", "Turn it on"),
        ("DENIED_BY_USER", "Allow it"),
        ("NO_BLE_CENTRAL_ROLE", "too old"),
        ("NO_BLUETOOTH", "USB adapter"),
        (None, "BlueZ"),
    ],
)
def test_without_bluetooth_it_says_what_is_needed(reason: str | None, told: str) -> None:
    from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason

    class Broken:
        def __init__(self, *_: Any, **__: Any) -> None:
            if reason is None:
                raise FileNotFoundError
            raise BleakBluetoothNotAvailableError("no", BleakBluetoothNotAvailableReason[reason])

    with pytest.raises(Unavailable, match=told):
        open_polar(radio=bluetooth.Radio(scanner=Broken), find_s=0.1)
