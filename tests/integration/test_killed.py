"""Saved means on disk: the process is killed at moments of no one's choosing, and nothing acknowledged is lost.

A killed process cannot show a missing sync (the system keeps its pages); that the database is set to sync, and
that unsafe settings stop the start, is tested in `test_web_foundation.py`. `just proofs-long` kills 100 times.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

#: Answers one question again and again, and says the version only after the service has returned.
WRITER = """
import datetime as dt, itertools, django
django.setup()
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0)
from upperback.care.intake import Answer
from upperback.services import actors, people, screening
by, now = actors.household("writer"), dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
profile = next(iter(people.list_profiles(by=by)), None) or people.create_profile(name="Ana", by=by, now=now)
current = screening.open_screening(profile=profile, by=by) or screening.start_screening(profile=profile, by=by, now=now)
for turn in itertools.count():
    answers = {"age": Answer(number=20 + (current.version + 1) % 60)}
    current = screening.record_answers(screening=current, answers=answers, by=by, now=now, version=current.version)
    print(current.version, answers["age"].number, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_nothing_acknowledged_is_lost(tmp_path: Path, tell: Callable[[str], None]) -> None:
    kill_again_and_again(tmp_path, 5, tell)


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_nothing_acknowledged_is_lost_long(tmp_path: Path, tell: Callable[[str], None]) -> None:
    kill_again_and_again(tmp_path, 100, tell)


def kill_again_and_again(data: Path, times: int, tell: Callable[[str], None]) -> None:
    dice = random.Random(31)
    acknowledged = 0
    for _ in range(times):
        version, age = write_and_be_killed(data, lines=dice.randint(1, 40))
        kept_version, kept_age = kept(data)
        assert kept_version >= version, "an acknowledged answer is gone"
        assert kept_version > version or kept_age == age
        acknowledged = version
    tell(f"killed {times} times while answers were saved: {acknowledged} acknowledged, 0 lost")


def write_and_be_killed(data: Path, *, lines: int) -> tuple[int, int]:
    environment = {**os.environ, "UPPERBACK_DATA": str(data), "DJANGO_SETTINGS_MODULE": "upperback.web.settings"}
    with subprocess.Popen(
        [sys.executable, "-c", WRITER], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            said = [process.stdout.readline() for _ in range(lines)]
            assert said[-1], process.stderr.read()
        finally:
            process.send_signal(signal.SIGKILL)
        said += process.stdout.readlines()  # acknowledged before the kill, read after it
    version, age = next(line for line in reversed(said) if line.endswith("\n")).split()
    return int(version), int(age)


def kept(data: Path) -> tuple[int, int]:
    """What a new process finds: the version and the answer of the open safety check, in a whole database."""
    (path,) = data.glob("*.sqlite3")
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        query = "SELECT version, json_extract(answers, '$.age.number') FROM store_screening"
        ((version, age),) = database.execute(query).fetchall()
    database.close()
    return int(version), int(age)
