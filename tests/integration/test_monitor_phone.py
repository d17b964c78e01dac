"""`upperback monitor --source phone`: a phone paired by a code in the terminal, through the app that runs."""

import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.soft_phone import SoftPhone, worn
from tests.integration.test_lan import ROOT, port_in, running
from upperback import cli
from upperback.cli.phone import PhoneSession, code_of
from upperback.core.errors import InputError

pytest.importorskip("segno")
Told = dict[str, Any]


# ---- what is told ------------------------------------------------------------------------------------------------


class Said:
    """A line that tells what it was given; None is a moment in which nothing comes."""

    def __init__(self, *told: Told | None) -> None:
        self._told = list(told)
        self.heard: list[Told] = []
        self.now_s = 1_800_000_000.0

    def hear(self, timeout_s: float) -> Told | None:
        if not self._told:
            raise EOFError
        self.now_s += timeout_s
        return self._told.pop(0)

    def say(self, what: Told) -> None:
        self.heard.append(what)


NOW = {
    "inclination_deg": 31.0, "flexion_deg": 30.0, "lateral_deg": 1.0, "measured": True, "held_s": 4, "moving": False,
    "worn": "worn", "notes": [],
}  # fmt: skip
QUIET = {"hint": False, "why": "", "dose": 0.0}
LINK = "https://192.168.1.20:8443/live/phone/#secret"


def events(line: Said, *, same: bool = True) -> tuple[list[Told], PhoneSession]:
    session = PhoneSession(line, ask=lambda number: same and number == "123 456", clock=lambda: line.now_s)
    return list(session.events()), session


def test_from_the_code_to_the_end() -> None:
    line = Said(
        {"offer": {"link": LINK}}, {"number": "123456"}, {"waits": True}, {"ready": True}, {"sign": "up"},
        {"task": "stand"}, {"task": None}, {"aligned": "Good.", "has_front": True}, {"now": NOW, "second": QUIET},
        {"now": NOW | {"flexion_deg": None, "measured": False}, "second": QUIET}, {"away": True}, {"ready": True},
        {"now": NOW, "second": QUIET | {"hint": True, "why": "move"}}, {"gone": ""},
    )  # fmt: skip
    found, session = events(line)
    assert line.heard == [{"same": True}]
    assert [one["event"] for one in found] == [
        "offer", "waits", "source", "sign", "task", "aligned", "second", "second", "away", "second", "end",
    ]  # fmt: skip
    seconds = [one for one in found if one["event"] == "second"]
    assert [one["flexion_deg"] for one in seconds] == [30.0, None, 30.0]
    assert [one["measured_share"] for one in seconds] == [1.0, 0.0, 1.0]
    summary = session.summary()
    assert (summary["measured_s"], summary["hints"]) == (2, 1)
    assert summary["figures"]["flexion_deg"]["p50"] == 30.0


def test_what_is_old_is_said_once_and_not_shown_again() -> None:
    line = Said({"ready": True}, {"now": NOW}, *[None] * 9, {"second": QUIET}, {"now": NOW, "second": QUIET})
    found, _ = events(line)
    assert [one["event"] for one in found] == ["source", "stale", "second"]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"offer": {"link": "http://127.0.0.1:8000/live/phone/#x"}}, "--lan"),
        ({"stopped": "No phone has come."}, "No phone has come."),
        ({"gone": "not confirmed"}, "not confirmed"),
    ],
)
def test_where_no_phone_was_paired_it_says_why(told: Told, words: str) -> None:
    with pytest.raises(InputError, match=words):
        events(Said(told))


def test_a_number_that_differs_is_a_no() -> None:
    line = Said({"number": "123457"})
    events(line)
    assert line.heard == [{"same": False}]


def test_the_code_is_blocks_that_fit_a_terminal() -> None:
    lines = code_of("https://192.168.1.20:8443/live/phone/#" + "x" * 43).splitlines()
    assert len(lines) <= 24
    assert len({len(line) for line in lines}) == 1
    assert len(lines[0]) <= 60
    assert set("".join(lines)) <= set(" █▀▄")


def test_without_an_app_it_says_what_to_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["monitor", "--source", "phone", "--address", "http://127.0.0.1:9", "--data", str(tmp_path)]
    assert cli.main(words) == 2
    assert "upperback serve --lan" in capsys.readouterr().err
    assert cli.main([*words, "--second", "lower"]) == 2
    assert "--second does not go with" in capsys.readouterr().err


# ---- and all of it -----------------------------------------------------------------------------------------------


def test_a_terminal_shows_what_the_paired_phone_measures(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data, "--lan", "127.0.0.1", "--lan-port", "0", "--demo") as said:
        trusting = ssl.create_default_context(cadata=(data / "lan" / "ca.crt").read_bytes())
        address = f"http://127.0.0.1:{port_in(said, 'http')}"
        words = ["monitor", "--source", "phone", "--json", "--person", "Priya, 34", "--address", address]
        with subprocess.Popen(
            [sys.executable, "-m", "upperback.cli", *words, "--data", str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        ) as monitor:
            assert monitor.stdin is not None
            lines = _events(monitor)
            link = next(one["link"] for one in lines if one["event"] == "offer")
            with worn(SoftPhone(link, trusting)):
                monitor.stdin.write("yes\n")
                monitor.stdin.flush()
                assert next(one for one in lines if one["event"] == "source")["about"].startswith("phone")
                next(one for one in lines if one["event"] == "sign")
                next(one for one in lines if one["event"] == "second")
                monitor.send_signal(signal.SIGINT)
                summary = next(one for one in lines if one["event"] == "summary")
                assert summary["measured_s"] >= 0
            assert monitor.wait(timeout=30) == 0


def _events(monitor: "subprocess.Popen[str]") -> Iterator[Told]:
    assert monitor.stdout is not None
    for line in monitor.stdout:
        yield json.loads(line)
    assert monitor.stderr is not None
    raise AssertionError(monitor.stderr.read())
