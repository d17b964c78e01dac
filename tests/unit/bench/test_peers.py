"""A benchmark with a peer runs where the peer is installed, and says how to install it where it is not."""

from pathlib import Path

import pytest

from tests.bench import peers


def test_missing_peers_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "python_of_peers", lambda: None)
    run = peers.read_cwa(Path("a.cwa"))
    assert run.seconds is None
    assert run.per_sample_ns() is None
    assert run.line() == "not installed: just peers"


def test_the_environment_is_looked_for(tmp_path: Path) -> None:
    assert peers.python_of_peers(tmp_path) is None
    python = tmp_path / ".peers-venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    assert peers.python_of_peers(tmp_path) == python


def test_what_fails_is_told(tmp_path: Path) -> None:
    if peers.python_of_peers() is None:
        pytest.skip(peers.NOT_INSTALLED)
    run = peers.read_cwa(tmp_path / "no.cwa", repeats=1)
    assert run.seconds is None
    assert run.note.startswith("failed: ")


def test_a_figure_in_a_table() -> None:
    run = peers.PeerRun("emg_process", 2.0, "neurokit2 0.2.13", {"samples": 1000})
    assert run.per_sample_ns() == 2e6
    assert run.line(times=7, says="a day, times seven") == "14.000 s (a day, times seven); neurokit2 0.2.13"
