"""Everything of a person goes out and comes in again, byte for byte; what was changed by hand stays out."""

import datetime as dt
import hashlib
import io
import json
import shutil
import uuid
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.services.conftest import NOW
from upperback.care.diary import GoalTold, Helped, Morning
from upperback.core.errors import Conflict, InputError, NotAllowed, NotFound
from upperback.interchange.archive import ArchiveWriter, Contents, sealed, unpack
from upperback.sensing.epochs import COLUMNS, Epochs
from upperback.sensing.minutes import minutes_of, pack_seconds
from upperback.services import archive, belongings, bring_in, demo, diary, own_tables, people, plans
from upperback.services.actors import NOBODY, Actor
from upperback.services.people import Profile
from upperback.store.files import samples_folder, write_whole
from upperback.store.models import AuditEvent, DiaryEntry, KeptSamples, LiveMinute, LiveStream, PlanVersion, Screening

pytestmark = pytest.mark.django_db

PHRASE = "a red kite over the hill"


def taken(profile: Profile, by: Actor, passphrase: str = "") -> tuple[bytes, Contents]:
    out = io.BytesIO()
    contents = archive.write_archive(profile=profile, out=out, by=by, now=NOW, passphrase=passphrase)
    return out.getvalue(), contents


def brought(data: bytes, folder: Path, by: Actor, passphrase: str = "") -> Profile:
    path = folder / "me.zip"
    path.write_bytes(data)
    return bring_in.bring_in(path=path, name="me.zip", by=by, now=NOW, passphrase=passphrase)


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name: file.read(name) for name in file.namelist() if name.startswith(("rows/", "samples/"))}


def wear(profile: Profile, by: Actor, seed: int) -> None:
    """Two sittings with a sensor, the second one still going on."""
    dice = np.random.default_rng(seed)
    for sitting in range(2):
        stream = LiveStream.objects.create(
            profile=profile, by=str(by), started_at=NOW, saved_at=NOW, ended_at=None if sitting else NOW,
            state=b"secret state" if sitting else b"",
        )  # fmt: skip
        rows = dice.normal(size=(int(dice.integers(1, 400)), len(COLUMNS))).astype(np.float32)
        run = Epochs(first_s=1_764_000_000 + sitting * 5000 + int(dice.integers(60)), rows=rows)
        for minute in minutes_of(run):
            LiveMinute.objects.create(
                profile=profile, stream=stream, first_s=minute.first_s, seconds=pack_seconds(minute)
            )
        if sitting == 0:
            data = dice.bytes(5000)
            write_whole(samples_folder(profile.uuid) / f"{stream.uuid}.parquet", partial(Path.write_bytes, data=data))
            KeptSamples.objects.create(
                profile=profile, stream=stream, starts_at=NOW, seconds=3.5, samples=210, size=5000,
                sha256=hashlib.sha256(data).hexdigest(), kept_at=NOW, by=str(by),
            )  # fmt: skip


@pytest.fixture
def close_by(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unpacks in this process: the confined one is tried elsewhere, and takes time to start."""

    def here(job: str, path: Path, options: dict[str, str], *, folder: Path, **_: Any) -> Any:
        assert job == "archive"
        return msgspec.to_builtins(unpack(path, folder, options["passphrase"]))

    monkeypatch.setattr(bring_in, "run_confined", here)
    monkeypatch.setattr(sealed, "_WORK", 4)


#: A plan with three weeks of diary, somebody else answering for a same-day result, an emergency that stopped the check.
KEYS = ("three_weeks", "fracture", "cord")


@pytest.mark.usefixtures("close_by")
def test_out_and_in_and_out_is_the_same(actor: Actor, tmp_path: Path, tell: Callable[[str], None]) -> None:
    rows = 0
    for number, key in enumerate(KEYS):
        profile = demo.make_person(key=key, now=NOW)
        wear(profile, actor, seed=number)
        data, contents = taken(profile, actor)
        before = {name: value for name, value in vars(profile).items() if name not in {"id", "_state"}}
        profile.delete()
        shutil.rmtree(samples_folder(profile.uuid))
        again = brought(data, tmp_path, actor)
        assert {name: value for name, value in vars(again).items() if name not in {"id", "_state"}} == before
        assert members(taken(again, actor)[0]) == members(data)
        rows += sum(member.rows for member in contents.members)
    assert LiveStream.objects.filter(ended_at=None).count() == 0
    tell(f"archive: {len(KEYS)} invented people out and in again, {rows:,} rows, the same bytes")


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.usefixtures("close_by")
@given(told=st.lists(st.tuples(WORDS, st.integers(0, 10), st.booleans()), max_size=12))
def test_any_words_come_through(told: list[tuple[str, int, bool]], actor: Actor, tmp_path: Path) -> None:
    """Words in any script, entries that were corrected and taken back."""
    profile = people.create_profile(name="Ana", by=actor, now=NOW)
    for words, pain, undone in told:
        entry = Helped(words=words) if words.strip() else Morning(pain=pain)
        kept = diary.keep_entry(
            profile=profile, client_id=uuid.uuid4(), day=NOW.date(), at=NOW, entry=entry, by=actor, now=NOW
        )
        if undone:
            diary.take_back(kept=kept, client_id=uuid.uuid4(), by=actor, now=NOW)
    data, _ = taken(profile, actor)
    profile.delete()
    again = brought(data, tmp_path, actor)
    assert members(taken(again, actor)[0]) == members(data)
    again.delete()


@pytest.mark.usefixtures("close_by")
def test_locked(ana: Profile, actor: Actor, tmp_path: Path) -> None:
    data, _ = taken(ana, actor, PHRASE)
    assert b"Ana" not in data
    ana.delete()
    with pytest.raises(InputError, match="this archive is locked"):
        brought(data, tmp_path, actor)
    with pytest.raises(InputError, match="does not open"):
        brought(data, tmp_path, actor, PHRASE + "!")
    assert brought(data, tmp_path, actor, PHRASE).name == "Ana"


def test_somebody_who_is_here_stays_as_they_are(actor: Actor, tmp_path: Path) -> None:
    profile = demo.make_person(key="desk", now=NOW)
    data, _ = taken(profile, actor)
    with pytest.raises(Conflict, match="is here already"):
        brought(data, tmp_path, actor)
    assert members(taken(profile, actor)[0]) == members(data)


def test_every_declared_table_leaves_and_nothing_else(ana: Profile, actor: Actor) -> None:
    names = {table.name for table in belongings.leaving_tables()}
    assert {"profile", "screening", "decision", "plan_version", "diary_entry", "review", "live_minute"} <= names
    assert not names & {"calendar_feed", "push_subscription", "push_turn", "live_ticket", "audit_event", "setting"}
    data, contents = taken(ana, actor)
    assert {member.name.split("/")[1].split(".")[0] for member in contents.members} == names | {"audit"}
    assert b"secret state" not in b"".join(members(data).values())


def test_the_audit_has_a_row_for_each_way_and_no_words(ana: Profile, actor: Actor, tmp_path: Path) -> None:
    data, _ = taken(ana, actor)
    ana.delete()
    brought(data, tmp_path, actor)
    rows = AuditEvent.objects.filter(action__in=["export_person", "import_person"])
    assert [row.action for row in rows] == ["export_person", "import_person"]
    assert "Ana" not in json.dumps([row.details for row in rows])


def test_nobody_takes_or_brings(ana: Profile, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        taken(ana, NOBODY)
    with pytest.raises(NotFound):
        brought(b"", tmp_path, NOBODY)
    with pytest.raises(NotFound):
        own_tables.write_own_table(profile=ana, table="diary", out=io.BytesIO(), by=NOBODY, now=NOW)


@pytest.mark.usefixtures("close_by")
def test_readings_that_are_not_those_of_their_row(ana: Profile, actor: Actor, tmp_path: Path) -> None:
    wear(ana, actor, seed=1)
    data, _ = taken(ana, actor)
    ana.delete()
    shutil.rmtree(samples_folder(ana.uuid))
    with pytest.raises(InputError, match="not those that it tells of"):
        brought(changed(data, set_field("kept_samples", "sha256", "0" * 64)), tmp_path, actor)
    assert not list(samples_folder(ana.uuid).glob("*"))
    assert not Profile.objects.exists()
    brought(changed(data, lambda rows: None), tmp_path, actor)
    assert len(list(samples_folder(ana.uuid).glob("*"))) == 1


def test_minutes_are_found_by_their_stream_and_not_among_all(ana: Profile, actor: Actor) -> None:
    """Or a year of wearing takes the square of its days."""
    wear(ana, actor, seed=1)
    with CaptureQueriesContext(connection) as asked:
        taken(ana, actor)
    queries = [one["sql"] for one in asked.captured_queries if '"seconds" FROM "store_liveminute"' in one["sql"]]
    assert len(queries) >= 2
    with connection.cursor() as cursor:
        for sql in queries:
            steps = " ".join(str(row) for row in cursor.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall())
            assert "(stream_id=?" in steps, steps


# ---- changed by hand -----------------------------------------------------------------------------------------------

Change = Callable[[dict[str, list[Any]]], None]


def changed(data: bytes, change: Change, made_by: str = archive.MADE_BY) -> bytes:
    """The archive written anew with other rows: its hashes fit."""
    lines = {name: value for name, value in members(data).items() if name.endswith(".jsonl")}
    rows = {name: [json.loads(line) for line in value.splitlines()] for name, value in lines.items()}
    change(rows)
    out = io.BytesIO()
    writer = ArchiveWriter(out)
    for name, new in rows.items():
        writer.rows(name, new)
    for name, file in members(data).items():
        if name.startswith("samples/"):
            writer.samples(int(Path(name).stem), io.BytesIO(file))
    writer.close(made_at="", name="x", made_by=made_by, release="x", release_sha256="x")
    return out.getvalue()


def set_field(table: str, name: str, value: Any) -> Change:
    def change(rows: dict[str, list[Any]]) -> None:
        rows[f"rows/{table}.jsonl"][-1][name] = value

    return change


def harmless_result(rows: dict[str, list[Any]]) -> None:
    rows["rows/decision.jsonl"][-1]["record"]["triage"]["disposition"] = "self_manage"


def another_exercise(rows: dict[str, list[Any]]) -> None:
    exercises = rows["rows/plan_version.jsonl"][-1]["record"]["exercises"]
    exercises[0]["reps"] = 500


def milder_answers(rows: dict[str, list[Any]]) -> None:
    del rows["rows/screening.jsonl"][-1]["answers"]["bones"]


def two_people(rows: dict[str, list[Any]]) -> None:
    rows["rows/profile.jsonl"] *= 2


def no_such_line(rows: dict[str, list[Any]]) -> None:
    rows["rows/plan_version.jsonl"][-1]["decision"] = 7


def unknown_table(rows: dict[str, list[Any]]) -> None:
    rows["rows/secret_agent.jsonl"] = [{"a": 1}]


@pytest.fixture(scope="module")
def joan(django_db_setup: None, django_db_blocker: Any) -> bytes:
    """Thin bones, with a plan."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        profile = demo.make_person(key="bone", now=NOW)
        data, _ = taken(profile, Actor(kind="household", id="t"))
        transaction.set_rollback(True)
    return data


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (harmless_result, "its result does not follow"),
        (set_field("decision", "disposition", "self_manage"), "its result does not follow"),
        (set_field("decision", "complete", False), "its result does not follow"),
        (another_exercise, "its plan does not follow"),
        (milder_answers, "does not follow"),
        (set_field("plan_version", "choices", {"cleared_by": "gp"}), "its plan does not follow"),
        (set_field("plan_version", "findings", {}), "its plan does not follow"),
        (set_field("plan_version", "number", -1), "plan_version, line 1"),
        (set_field("screening", "state", "open"), "screening, line 1"),
        (set_field("screening", "finished_at", None), "somebody else|cannot be kept"),
        (set_field("screening", "started_at", "2026-01-01T10:00:00"), "screening, line 1"),
        (set_field("profile", "name", "a\nb"), "the name in it"),
        (set_field("profile", "name", "x" * 61), "profile, line 1"),
        (set_field("profile", "time_zone", "Moon/Base"), "time zone"),
        (set_field("profile", "role", "clinician"), "profile, line 1"),
        (two_people, "does not hold one person"),
        (no_such_line, "which is not there"),
        (unknown_table, "does not know"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("close_by")
def test_what_was_changed_by_hand_stays_out(
    joan: bytes, change: Change, words: str, actor: Actor, tmp_path: Path
) -> None:
    with pytest.raises((InputError, Conflict), match=words):
        brought(changed(joan, change), tmp_path, actor)
    assert not Profile.objects.exists()
    assert not AuditEvent.objects.exists()


def test_what_is_only_written_anew_comes_in(joan: bytes, actor: Actor, tmp_path: Path) -> None:
    """The negative control of the test above."""
    profile = brought(changed(joan, lambda rows: None), tmp_path, actor)
    assert plans.open_plan(profile=profile, by=actor).allowed


@pytest.mark.usefixtures("close_by")
def test_of_another_release_the_safety_check_is_open_again(joan: bytes, actor: Actor, tmp_path: Path) -> None:
    def older(rows: dict[str, list[Any]]) -> None:
        for table in ("screening", "decision", "plan_version"):
            rows[f"rows/{table}.jsonl"][-1] |= {"release": "2020.1", "release_sha256": "0" * 64}

    profile = brought(changed(joan, older), tmp_path, actor)
    assert Screening.objects.get(profile=profile, state="in_progress").answers
    assert PlanVersion.objects.filter(profile=profile).count() == 1
    with pytest.raises(NotAllowed, match="started a new safety check"):
        plans.open_plan(profile=profile, by=actor)


@pytest.mark.usefixtures("close_by")
def test_of_another_version_of_the_program_it_is_open_again_where_it_says_something_else(
    joan: bytes, actor: Actor, tmp_path: Path
) -> None:
    profile = brought(changed(joan, another_exercise, made_by="upperback 0.0.1"), tmp_path, actor)
    with pytest.raises(NotAllowed, match="started a new safety check"):
        plans.open_plan(profile=profile, by=actor)


@pytest.mark.usefixtures("close_by")
def test_bringing_in_touches_nobody_else(joan: bytes, actor: Actor, tmp_path: Path) -> None:
    """Also where a record bears the public id of somebody else's: all of it stays out."""
    other = demo.make_person(key="desk", now=NOW)
    before = taken(other, actor)[0]
    plan = PlanVersion.objects.get(profile=other)
    with pytest.raises(Conflict, match="somebody else"):
        brought(changed(joan, set_field("plan_version", "uuid", str(plan.uuid))), tmp_path, actor)
    assert members(taken(other, actor)[0]) == members(before)
    brought(joan, tmp_path, actor)
    assert members(taken(other, actor)[0]) == members(before)


# ---- tables --------------------------------------------------------------------------------------------------------


def test_tables_of_ones_own(ana: Profile, actor: Actor) -> None:
    at = dt.datetime(2026, 11, 20, 22, 30, tzinfo=dt.UTC)
    for entry in (Morning(pain=3), GoalTold(goal="g", words='=HYPERLINK("http://x")'), Helped(words="-1+2")):
        diary.keep_entry(profile=ana, client_id=uuid.uuid4(), day=at.date(), at=at, entry=entry, by=actor, now=NOW)
    out = io.BytesIO()
    assert own_tables.write_own_table(profile=ana, table="diary", out=out, by=actor, now=NOW) >= 3
    text = out.getvalue().decode("utf-8-sig")
    assert "2026-11-20,22:30,morning,pain,3\r\n" in text
    assert '"\'=HYPERLINK(""http://x"")"' in text
    assert ",'-1+2\r\n" in text
    out = io.BytesIO()
    own_tables.write_own_table(profile=ana, table="figures", out=out, by=actor, now=NOW)
    assert out.getvalue().decode("utf-8-sig").splitlines()[1] == "2026-11-20,3,,,,,,,,"
    assert DiaryEntry.objects.count() == 3
