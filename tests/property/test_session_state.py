"""Where a session stands, as the browser keeps it: cut off anywhere it comes back with exactly what was written down.

The real script runs in node where there is one, else in Chromium.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.property.scripts import SESSION, runner

MACHINE: Final = SESSION / "machine.js"
LAW: Final = Path(__file__).with_name("session_law.mjs")

Play = Callable[[str, int], Any]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """`play(source of the machine, how many sessions)`."""
    run = runner(tmp_path)
    law = LAW.read_text(encoding="utf-8")

    def go(machine: str, count: int) -> Any:
        body = (
            "const machine = await import('./machine.mjs'); const {run} = await import('./law.mjs');"
            f"return run({{machine, first: 0, count: {count}}});"
        )
        return run({"machine": machine, "law": law}, body)

    return go


def test_a_session_comes_back_with_what_was_written_down(play: Play, tell: Callable[[str], None]) -> None:
    found = play(MACHINE.read_text(encoding="utf-8"), 2_000)
    assert found["broken"] == []
    met = found["met"]
    assert set(met["stages"]) == {"ready", "moving", "paused", "rest", "felt", "last", "over", "stopped"}
    tell(f"session: {met['sessions']:,} sessions cut off {met['cuts']:,} times, each back with what was written down")


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        (
            "what waits is forgotten",
            "for (const entry of waiting) {",
            "for (const entry of []) {",
        ),
        ("a session that is over goes on", "if (state.over) {\n    return {", "if (false) {\n    return {"),
        ("what was taken back comes again", "delete sets[key];", ""),
        ("what another device wrote is hidden", "if (one.under) {", "if (false) {"),
        (
            "back in a set that is done",
            "if (!at.set || at.set > item.sets || state.done[at.exercise]?.[at.set]) {",
            "if (!at.set) {",
        ),
        ("an end that waits is forgotten", "saved?.over ?? ended(waiting, state.session)", "null"),
        ("the place of no exercise is asked for", "state.at?.exercise", "state.at.exercise"),
    ],
)
def test_a_broken_state_is_found(play: Play, name: str, right: str, wrong: str) -> None:
    source = MACHINE.read_text(encoding="utf-8")
    assert source.count(right) == 1, name
    assert play(source.replace(right, wrong), 500)["broken"] != [], name


@pytest.mark.parametrize(
    ("text", "kg"),
    [
        ("", "null"), ("4", "4"), ("2,5", "2.5"), (" 12.75 ", "12.75"), ("200", "200"),
        ("0", "undefined"), ("-3", "undefined"), ("201", "undefined"), ("1e2", "undefined"), ("four", "undefined"),
        ("Infinity", "undefined"), ("4 kg", "undefined"),
    ],
)  # fmt: skip
def test_a_weight_is_a_number_of_kilograms_or_nothing(tmp_path: Path, text: str, kg: str) -> None:
    body = f"const {{kilograms}} = await import('./machine.mjs'); return String(kilograms({text!r}));"
    assert runner(tmp_path)({"machine": MACHINE.read_text(encoding="utf-8")}, body) == kg
