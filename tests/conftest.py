"""For every test: a data folder of its own, Django on it, and a network that ends at this machine."""

import atexit
import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
import pytest
from hypothesis import settings

# Before Django's settings are read: nothing a test does may touch a person's own data.
_FOLDER = Path(tempfile.mkdtemp(prefix="upperback-tests-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
_FOR_TESTS = {
    "UPPERBACK_AXE",
    "UPPERBACK_GALLERY",
    "UPPERBACK_GALLERY_ONLY",
    "UPPERBACK_LAW_STATES",
    "UPPERBACK_LFORMS",
    "UPPERBACK_LIVE_RUNS",
    "UPPERBACK_REAL_DATA",
    "UPPERBACK_SCREENSHOTS",
    "UPPERBACK_TEST_DATABASE",
    "UPPERBACK_TEST_SERVICE",
    "UPPERBACK_TYPED",
}
for _name in [name for name in os.environ if name.startswith("UPPERBACK_") and name not in _FOR_TESTS]:
    del os.environ[_name]
os.environ["UPPERBACK_DATA"] = str(_FOLDER)
if os.environ.get("UPPERBACK_TEST_DATABASE"):
    os.environ["UPPERBACK_DATABASE_URL"] = os.environ.pop("UPPERBACK_TEST_DATABASE")
if os.environ.get("UPPERBACK_TEST_SERVICE"):  # tests/service: a process of its own, with the settings of a service
    os.environ |= {"UPPERBACK_MODE": "service", "UPPERBACK_TRIAL": "true"}
    for _name in _FOR_TESTS & os.environ.keys():  # a service starts with settings that it knows, and no others
        del os.environ[_name]
os.environ["DJANGO_SETTINGS_MODULE"] = "upperback.web.settings"

django.setup()

# No test depends on the clock on the wall: a busy machine is no failure.
settings.register_profile("upperback", deadline=None)
settings.load_profile("upperback")

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_connect = socket.socket.connect


class NetworkClosedError(AssertionError):
    """A test tried to reach another machine."""


def _connect_here_only(self: socket.socket, address: Any) -> None:
    if self.family in {socket.AF_INET, socket.AF_INET6} and address[0] not in _LOOPBACK:
        raise NetworkClosedError(f"a test tried to reach {address[0]}")
    _connect(self, address)


@pytest.fixture(autouse=True)
def _network_ends_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _connect_here_only)


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """`tell("3,023 mutants, 0 survivors")`: a figure for the end of the run, also from parallel workers."""
    return lambda figure: record_property("told", figure)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with recordings of real sensors, which are not part of the repository."""
    folder = Path(os.environ.get("UPPERBACK_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no real recordings here: name their folder in UPPERBACK_REAL_DATA")
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures that the tests told, together."""
    reports = [report for group in terminalreporter.stats.values() for report in group]
    named = [pair for report in reports for pair in getattr(report, "user_properties", ())]
    figures = dict.fromkeys(str(value) for name, value in named if name == "told")
    if figures:
        terminalreporter.section("figures")
    for figure in figures:
        terminalreporter.write_line(figure)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--require-browser`: a missing browser is a failure, as in continuous integration."""
    parser.addoption("--require-browser", action="store_true", help="fail instead of skip where Chromium is missing")
