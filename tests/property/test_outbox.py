"""The outbox of a session, as it runs in browsers: over generated lives of devices nothing is lost and nothing doubled.

The real script runs against a model of the server (`outbox_law.mjs`), in node where there is one, else in Chromium.
`test_diary_sent.py` holds the server to the same law.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.property.scripts import SESSION, runner

OUTBOX: Final = SESSION / "outbox.js"
LAW: Final = Path(__file__).with_name("outbox_law.mjs")
LIVES: Final = 1_000
LIVES_LONG: Final = 50_000

Play = Callable[[str, int, int], Any]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """`play(source of the outbox, first life, how many)`."""
    run = runner(tmp_path)
    law = LAW.read_text(encoding="utf-8")

    def go(outbox: str, first: int, count: int) -> Any:
        body = (
            "const {Outbox} = await import('./outbox.mjs'); const {run} = await import('./law.mjs');"
            f"return run({{Outbox, first: {first}, count: {count}}});"
        )
        return run({"outbox": outbox, "law": law}, body)

    return go


def test_no_entry_is_lost_or_doubled(play: Play, tell: Callable[[str], None]) -> None:
    found = play(OUTBOX.read_text(encoding="utf-8"), 0, LIVES)
    assert found["broken"] == []
    met = found["met"]
    assert met["lives"] == LIVES
    # Everything that can happen has happened, many times.
    assert min(met[what] for what in ("cut", "doubled", "late", "crashes", "halves", "corrections")) > LIVES / 10
    tell(
        f"outbox: {met['lives']:,} lives of devices, {met['entries']:,} entries, {met['cut']:,} answers cut off, "
        f"{met['doubled'] + met['late']:,} doubled, {met['crashes']:,} windows shut: 0 lost, 0 doubled"
    )


@pytest.mark.long
def test_no_entry_is_lost_or_doubled_in_many_lives(play: Play, tell: Callable[[str], None]) -> None:
    found = play(OUTBOX.read_text(encoding="utf-8"), LIVES, LIVES_LONG)
    assert found["broken"] == []
    tell(f"outbox: {LIVES_LONG:,} further lives of devices, {found['met']['entries']:,} entries: 0 lost, 0 doubled")


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        (
            "let go of before an answer",
            "const reply = await this.#send(person, batch);",
            "await this.#store.remove(batch.map((entry) => entry.id)); const reply = await this.#send(person, batch);",
        ),
        (
            "a new id for each sending",
            "const reply = await this.#send(person, batch);",
            "const reply = await this.#send(person, batch.map((entry) => ({...entry, id: this.#makeId()})));",
        ),
        (
            "kept without waiting",
            "await this.#store.put(entry, beside);",
            "this.#store.put(entry, beside);",
        ),
        (
            "newest first",
            "(await this.waiting(person)).slice(0, SENT_AT_ONCE)",
            "(await this.waiting(person)).reverse().slice(0, SENT_AT_ONCE)",
        ),
        (
            "all let go of after one answer",
            "await this.#store.remove(kept.map((entry) => entry.id));",
            "await this.#store.remove((await this.#store.all()).map((entry) => entry.id));",
        ),
        (
            "never let go of",
            "await this.#store.remove(kept.map((entry) => entry.id));",
            "",
        ),
    ],
)
def test_a_broken_outbox_is_found(play: Play, name: str, right: str, wrong: str) -> None:
    source = OUTBOX.read_text(encoding="utf-8")
    assert source.count(right) == 1, name
    rounds = 200 if name != "never let go of" else 1  # that one would go on for ever
    source = source.replace(right, wrong)
    if name == "never let go of":
        source = source.replace("for (;;) {", "for (let round = 0; round < 3; round += 1) {").replace(
            "if (settled === 0) {", "if (round === 2) { return found; } if (settled === 0) {"
        )
    assert play(source, 0, rounds)["broken"] != [], name
