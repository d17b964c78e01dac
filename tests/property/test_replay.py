"""The same answers and the same release give the same bytes: whatever the hash seed, the locale, the time zone."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from upperback.care.triage import decide, read_findings
from upperback.care.triage.record import decision_record
from upperback.care.triage.sampling import random_states, row_findings
from upperback.content.load import COMPILED_NAME, canonical_sha256, compile_release, content_folder
from upperback.content.vocabulary import Content, default_content

CONTENT = default_content()
STATES = 20_000

#: People whose safety check is quiet in most, with what a plan looks at, so that there are plans to compare.
PLANS = 1_000
QUIET = {"age": 41, "pain": 4, "duration_weeks": 3, "pattern": "mechanical", "trend": "improving"}
FOR_PLANS = ("osteoporosis", "character", "site", "eased_by", "known_conditions", "onset")
CHOICES = {
    "equipment": ["chair", "wall", "band"],
    "tasks": [
        {"category": "LM-SIT", "minutes_to_symptom": 20, "minutes_typical": 90},
        {"category": "LM-CARRY", "kg_ok": 4, "kg_total": 10},
    ],
}
SOURCES = Path(__file__).resolve().parents[2] / "src"

#: Settings of a machine that must not matter. The second locale does not exist everywhere; then the C locale counts.
SETTINGS = (
    {"PYTHONHASHSEED": "0", "LC_ALL": "C", "TZ": "UTC"},
    {"PYTHONHASHSEED": "4242", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Pacific/Kiritimati"},
    {"PYTHONHASHSEED": "77", "LC_ALL": "de_DE.UTF-8", "PYTHONUTF8": "0", "TZ": "America/St_Johns"},
)


#: Another process, with the release and the people that were put away: every decision again.
PROGRAM = """
import sys
from pathlib import Path
import msgspec
from upperback.care.plan import build_plan, plan_record, read_choices
from upperback.care.triage import decide, read_findings
from upperback.care.triage.record import decision_record
from upperback.content.load import Compiled, canonical_sha256
from upperback.content.models import Release
from upperback.content.vocabulary import Content

folder = Path(sys.argv[1])
release = msgspec.json.decode((folder / "release.json").read_bytes(), type=Release)
content = Content(Compiled(release, canonical_sha256(release), ""))
choices = read_choices(msgspec.json.decode((folder / "choices.json").read_bytes()), content)
for line in (folder / "planners.jsonl").read_bytes().splitlines():
    facts = read_findings(msgspec.json.decode(line), content=content, absent="no", tasks=choices.task_values)
    sys.stdout.buffer.write(msgspec.json.encode(plan_record(build_plan(facts, choices, content))) + b"\\n")
for line in (folder / "people.jsonl").read_bytes().splitlines():
    facts = read_findings(msgspec.json.decode(line), content=content)
    sys.stdout.buffer.write(msgspec.json.encode(decision_record(decide(facts, content), facts, content)) + b"\\n")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release and generated people, put away as a store would."""
    made = tmp_path_factory.mktemp("replay")
    (made / "release.json").write_bytes(msgspec.json.encode(CONTENT.release))
    (made / "choices.json").write_bytes(msgspec.json.encode(CHOICES))
    states = random_states(CONTENT, STATES, np.random.default_rng(6))
    people = [row_findings(states, row, CONTENT) for row in range(STATES)]
    planners = [{key: person[key] for key in FOR_PLANS} | QUIET for person in people[:PLANS]]
    (made / "people.jsonl").write_bytes(msgspec.json.Encoder().encode_lines(people))
    (made / "planners.jsonl").write_bytes(msgspec.json.Encoder().encode_lines(planners))
    return made


def start(folder: Path, settings: dict[str, str], out: Path) -> subprocess.Popen[bytes]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG", "PYTHON", "TZ"))}
    environment = kept | {"PYTHONPATH": str(SOURCES)} | settings
    with out.open("wb") as file:
        words = [sys.executable, "-c", PROGRAM, str(folder)]
        return subprocess.Popen(words, stdout=file, stderr=subprocess.PIPE, env=environment)


def test_the_same_people_give_the_same_bytes(folder: Path, tmp_path: Path, tell: Callable[[str], None]) -> None:
    outs = [tmp_path / f"{number}.jsonl" for number in range(len(SETTINGS))]
    running = [start(folder, settings, out) for settings, out in zip(SETTINGS, outs, strict=True)]
    for process in running:
        _, problems = process.communicate(timeout=600)
        assert (process.returncode, problems) == (0, b"")
    first, *others = (out.read_bytes().splitlines() for out in outs)
    assert len(first) == PLANS + STATES
    for other in others:
        assert [number for number in range(PLANS + STATES) if first[number] != other[number]] == []
    assert sum(b'"allowed":true' in line for line in first[:PLANS]) > PLANS / 10
    people = (folder / "people.jsonl").read_bytes().splitlines()
    for number in range(0, STATES, 100):  # and this process, under its own settings, says the same
        assert first[PLANS + number] == msgspec.json.encode(record_of(msgspec.json.decode(people[number]), CONTENT))
    decided = f"{STATES:,} decisions and {PLANS:,} plans"
    tell(f"replay: {decided} under {len(SETTINGS)} hash seeds, locales and time zones, the same bytes")


def record_of(findings: dict[str, object], content: Content) -> dict[str, object]:
    facts = read_findings(findings, content=content)
    return decision_record(decide(facts, content), facts, content)


def test_the_order_of_reasons_is_that_of_the_dictionary() -> None:
    """A comparison of several answers tells them in one order, whatever the order of a set is in this process."""
    findings = {"age": 30, "duration_weeks": 20, "buttock_pain": True, "arthritis": True}
    facts = read_findings(findings, content=CONTENT, absent="no")
    (rule,) = (state for state in decide(facts, CONTENT).fired if state.rule.id == "G05")
    told = [reason.key for reason in rule.reasons]
    assert told.index("age") < told.index("duration_weeks")


def test_a_record_does_not_depend_on_what_was_decided_before_it() -> None:
    """Nothing is carried from one person to the next, and asking twice changes nothing."""
    states = random_states(CONTENT, 400, np.random.default_rng(8))
    people = [row_findings(states, row, CONTENT) for row in range(states.rows)]
    forwards = [msgspec.json.encode(record_of(person, CONTENT)) for person in people]
    backwards = [msgspec.json.encode(record_of(person, CONTENT)) for person in reversed(people)]
    assert forwards == backwards[::-1]


def test_a_record_does_not_depend_on_the_order_of_the_answers() -> None:
    """Keys in any order, lists in any order and with repeats: the same person."""
    dice = np.random.default_rng(9)
    states = random_states(CONTENT, 400, dice)
    for row in range(states.rows):
        person = row_findings(states, row, CONTENT)
        keys = list(person)
        dice.shuffle(keys)
        mixed = {key: turned(person[key]) for key in keys}
        assert msgspec.json.encode(record_of(mixed, CONTENT)) == msgspec.json.encode(record_of(person, CONTENT))


def turned(value: object) -> object:
    return [*reversed(value), *value[:1]] if isinstance(value, list) else value


def test_the_same_files_are_the_same_release(tmp_path: Path) -> None:
    """Read twice from the files: the same hash, which every record names."""
    copy = tmp_path / "content"
    shutil.copytree(content_folder(), copy, ignore=shutil.ignore_patterns("__pycache__", COMPILED_NAME))
    one, other = compile_release(copy), compile_release(copy)
    assert one.sha256 == other.sha256 == canonical_sha256(one.release)
    assert record_of({"age": 41}, Content(one)) == record_of({"age": 41}, Content(other))
    assert record_of({"age": 41}, Content(one))["release_sha256"] == one.sha256
