"""Somebody who is erased has left no byte behind: proved over every file, with words in every field of every table."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from upperback.services.belongings import all_tables, owner_of
from upperback.store.models import (
    App,
    AuditEvent,
    AuditHead,
    AuditLink,
    BulkExport,
    Clinic,
    ClinicGroup,
    ClinicSystem,
    ClinicTemplate,
    Setting,
    StaffInvitation,
    Study,
)
from upperback.store.privacy import Erase

ROOT = Path(__file__).resolve().parents[2]
OF_NOBODY = {
    App, AuditEvent, AuditHead, AuditLink, BulkExport, Clinic, ClinicGroup, ClinicSystem, ClinicTemplate, Setting,
    StaffInvitation, Study,
}  # fmt: skip


def run(folder: Path, how: str) -> dict[str, Any]:
    words = [sys.executable, "-m", "tests.integration.erase_job", str(folder), how]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert b"gone0" not in done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("how", ["erase", "erase-wal"])
def test_no_byte_is_left(how: str, tmp_path: Path, tell: Callable[[str], None]) -> None:
    told = run(tmp_path, how)
    assert told["journal"] == ("wal" if how == "erase-wal" else "delete")
    assert set(told["tables"]) == {model.__name__ for model, _ in all_tables()}
    assert told["words"]["gone"] >= 100
    assert sum(told["before"]["gone"].values()) >= told["words"]["gone"] / 2
    assert {"a.parquet", "Observation.ndjson"} <= told["before"]["gone"].keys()
    assert told["after"]["gone"] == {}
    assert told["swept"]
    assert told["after"]["stays"]["upperback.sqlite3"] >= told["words"]["stays"] / 3
    assert told["after"]["stays"]["a.parquet"] == told["after"]["stays"]["Observation.ndjson"] == 1
    (theirs, ours) = told["audit"]
    assert theirs[0] == "x"  # of the other one
    assert ours[:2] == ["erase_person", True]
    assert list(ours[2]) == ["rows"]
    assert told["sessions"] == 1
    files = len(list(tmp_path.rglob("*")))
    told_of = f"{told['words']['gone']} words in {len(told['tables'])} tables and {files} files"
    tell(f"erased (journal {told['journal']}): {told_of}, 0 left")


def test_deleting_alone_leaves_traces(tmp_path: Path) -> None:
    """The negative control: what the test above finds gone is there when only the rows go."""
    told = run(tmp_path, "delete")
    assert told["after"]["gone"]["a.parquet"] == 1
    assert told["after"]["gone"]["upperback.sqlite3"] > 50
    assert told["sessions"] == 2


def test_every_table_says_what_becomes_of_it() -> None:
    """What belongs to a person goes with them; what stays belongs to nobody."""
    for model in apps.get_app_config("store").get_models():
        owner = owner_of(model)
        erase = model.handling.erase  # type: ignore[attr-defined]
        if owner is None:
            assert erase is (Erase.BUT_ONE if model is AuditEvent else Erase.KEEP), model
            assert model in OF_NOBODY, f"{model} belongs to nobody?"
        else:
            assert erase is (Erase.WITH_PERSON if owner else Erase.ROW), model
