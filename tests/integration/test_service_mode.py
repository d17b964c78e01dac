"""The tests of a service, in a process with its settings: tests/service. And what one's own machine has none of."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from upperback.web import rules

ROOT = Path(__file__).resolve().parents[2]


def test_a_service(tell: Callable[[str], None]) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("UPPERBACK_", "DJANGO_"))}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "tests/service"],
        cwd=ROOT, env=kept | {"UPPERBACK_TEST_SERVICE": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    told = ran.stdout.split(" figures ")
    for line in told[1].splitlines()[1:] if len(told) > 1 else []:
        if line and not re.match(r"\d+ passed|=", line):
            tell(line)


def test_ones_own_machine_brings_no_accounts_along() -> None:
    code = (
        "import sys, os; os.environ['DJANGO_SETTINGS_MODULE'] = 'upperback.web.settings'\n"
        "from upperback.web import asgi; assert asgi.django_application() is not None\n"
        "found = [m for m in sys.modules if m.split('.')[0] in {'allauth', 'psycopg', 'fido2', 'qrcode'}]\n"
        "found += [m for m in sys.modules if f'{m}.'.startswith('upperback.web.service.')]\n"
        "print(found)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize("gone", ["today", "check", "own_data"])
def test_a_page_without_a_rule_stops_the_start(gone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rules.check_registered(sockets=[], jobs=[], service=False)
    monkeypatch.delitem(rules.PAGES, gone)
    with pytest.raises(rules.UnregisteredError, match=gone):
        rules.check_registered(sockets=[], jobs=[], service=False)


def test_a_socket_and_a_job_without_a_rule_stop_the_start() -> None:
    with pytest.raises(rules.UnregisteredError, match="/live/new/, mine"):
        rules.check_registered(sockets=["/live/new/"], jobs=["mine"], service=False)
