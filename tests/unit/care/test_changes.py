"""What a new release changes: every moved state is told, and a lowered one asks for a name."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from upperback import cli
from upperback.care.changes import MovedState, moved_states, report_text
from upperback.content.load import COMPILED_NAME, compile_release, content_folder
from upperback.content.vocabulary import Content, default_content

STATES = 20_000
APPROVAL = "Each lowered disposition needs a clinical approval by name before this is released."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the content to change."""
    copy = tmp_path / "content"
    shutil.copytree(content_folder(), copy, ignore=shutil.ignore_patterns("__pycache__", COMPILED_NAME))
    return copy


def change(folder: Path, name: str, old: str, new: str) -> Content:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{name} no longer holds {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return Content(compile_release(folder))


def moved(old: Content, new: Content, states: int = STATES) -> list[MovedState]:
    return list(moved_states(old, new, states=states, dice=np.random.default_rng(4)))


def test_nothing_moves_between_a_release_and_itself() -> None:
    content = default_content()
    assert moved(content, content) == []
    text = report_text(iter([]), looked_at=STATES)
    assert text == f"{STATES} states looked at, 0 moved, 0 of them lowered."


def test_a_weaker_rule_lowers_and_asks_for_an_approval(folder: Path) -> None:
    new = change(folder, "rules/E05.yaml", "when: saddle_numbness or", "when:")
    found = moved(default_content(), new)
    assert found
    assert all(state.lowered for state in found)
    assert all("E05" in state.rules_before for state in found)
    assert {state.before for state in found} <= {"emergency_now", "urgent_same_day"}
    text = report_text(iter(found), looked_at=STATES)
    assert text.startswith(f"{STATES} states looked at, {len(found)} moved, {len(found)} of them lowered.")
    moves = [line for line in text.splitlines() if re.match(r"\d+ from ", line)]
    assert moves
    assert all(line.endswith("   LOWERED") for line in moves)
    assert "-E05" in text
    assert text.endswith(APPROVAL)


def test_stored_cases_are_looked_at_without_generated_states(folder: Path) -> None:
    new = change(folder, "rules/E05.yaml", "when: saddle_numbness or", "when:")
    found = moved(default_content(), new, states=0)
    assert found
    assert all(state.findings["saddle_numbness"] in (True, "unknown") for state in found)


def test_a_stricter_rule_raises_and_needs_no_approval(folder: Path) -> None:
    new = change(folder, "rules/G01.yaml", "when: weight_loss", "when: weight_loss or diabetes")
    found = moved(default_content(), new)
    assert found
    assert not any(state.lowered for state in found)
    text = report_text(iter(found), looked_at=STATES)
    assert "LOWERED" not in text
    assert APPROVAL not in text
    assert "0 of them lowered" in text
    assert "+G01" in text


def test_the_same_rules_at_another_level_are_told(folder: Path) -> None:
    """A rule that only changes its level is in both lists; the words say so."""
    state = MovedState({"age": 41}, "gp_soon", "physio_routine", ("G11",), ("G11",))
    text = report_text(iter([state]), looked_at=1)
    assert "1 from gp_soon to physio_routine   LOWERED" in text
    assert "same rules, other level: age=41" in text


def test_only_three_examples_of_a_move_and_long_ones_are_cut() -> None:
    findings: dict[str, object] = {f"finding_{number}": True for number in range(15)}
    states = [MovedState(findings, "gp_soon", "self_manage", ("G01",), ()) for _ in range(5)]
    text = report_text(iter(states), looked_at=5)
    assert "5 from gp_soon to self_manage   LOWERED" in text
    assert text.count("-G01:") == 3
    assert "finding_11=True, and 3 more" in text
    assert "finding_12" not in text


def test_what_is_quiet_is_left_out(folder: Path) -> None:
    new = change(folder, "rules/U07.yaml", "rash == one_sided_blistering", "rash == other")
    for state in moved(default_content(), new):
        assert state.findings["rash"] in ("one_sided_blistering", "other", "unknown")
        assert all(value is not False and value != [] for value in state.findings.values())
        assert state.record()["lowered"] is state.lowered


def test_a_value_that_the_older_release_does_not_have_is_unknown_to_it(folder: Path) -> None:
    """Codes are places in a list of values: another value in front moves all others, and nothing else may move."""
    path = folder / "findings"
    (file,) = (file for file in path.glob("*.yaml") if "key: rash\n" in file.read_text(encoding="utf-8"))
    text = file.read_text(encoding="utf-8")
    start = text.index("key: rash\n")
    part = text[start:].replace("values: [none, other", "values: [none, all_over, other", 1)
    assert part != text[start:], "the values of rash stand there in another form"
    file.write_text(text[:start] + part, encoding="utf-8")
    new = Content(compile_release(folder))
    assert new.findings["rash"].values.index("all_over") == 1
    found = moved(default_content(), new)
    assert {state.findings["rash"] for state in found} <= {"all_over"}
    assert all("U07" in state.rules_before and "U07" not in state.rules_after for state in found)


# ---- the command -------------------------------------------------------------------------------------------------


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = cli.main(["content-changes", *words])
    return code, capsys.readouterr().out


def test_the_command_for_two_equal_releases(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, str(content_folder()), str(folder), "--states", "5000")
    assert code == 0
    assert out == "5000 states looked at, 0 moved, 0 of them lowered.\n"
    code, out = run(capsys, str(content_folder()), str(folder), "--states", "5000", "--json")
    assert (code, out) == (0, "")


def test_the_command_for_a_weaker_release(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(folder, "rules/E05.yaml", "when: saddle_numbness or", "when:")
    words = (str(content_folder()), str(folder), "--states", "5000")
    code, out = run(capsys, *words)
    assert code == 0
    assert "LOWERED" in out
    assert out.rstrip().endswith(APPROVAL)
    code, lines = run(capsys, *words, "--json")
    records = [json.loads(line) for line in lines.splitlines()]
    assert code == 0
    assert f"{len(records)} moved, {len(records)} of them lowered" in out
    assert all(record["lowered"] and "E05" in record["rules_before"] for record in records)
    assert list(records[0]) == ["before", "after", "lowered", "rules_before", "rules_after", "findings"]


def test_the_same_dice_give_the_same_report(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(folder, "rules/E05.yaml", "when: saddle_numbness or", "when:")
    words = (str(content_folder()), str(folder), "--states", "5000", "--json")
    first, again, other = (run(capsys, *words, "--seed", seed)[1] for seed in ("1", "1", "2"))
    assert first == again
    assert first != other


def test_the_command_refuses_what_is_no_release(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["content-changes", str(content_folder()), str(tmp_path / "nothing")])
    assert code in (1, 2)
    assert capsys.readouterr().err.startswith("upperback: ")
