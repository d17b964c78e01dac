"""The outbox of a session, as it runs in browsers: over generated lives of devices nothing is lost and nothing doubled.

The real script runs against a model of the server (`outbox_law.mjs`), in node where there is one, else in Chromium.
`test_diary_sent.py` holds the server to the same law.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.property.scripts import SESSION, runner

OUTBOX: Final = SESSION / "outbox.js"
KEEPING: Final = SESSION / "keeping.js"
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


# ---- outbox, store and post together: keeping.js ------------------------------------------------------------------

#: A server that keeps everything, and the second entry added so many turns after its first answer.
ADDED_BESIDE: Final = """
const {Keeping} = await import('./keeping.mjs');
globalThis.navigator ??= {}; // an older node has none
const found = [];
for (let turns = 0; turns < TURNS; turns += 1) {
    let beside = null;
    const sent = [];
    const json = (body) => new Response(JSON.stringify(body), {headers: {'Content-Type': 'application/json'}});
    globalThis.fetch = async (_address, {method = 'GET', body}) => {
        if (method === 'GET') {
            return json({person: 'p', token: 't'});
        }
        const {entries} = JSON.parse(body);
        sent.push(...entries.map((entry) => entry.data.n));
        beside ??= (async () => {
            for (let left = turns; left > 0; left -= 1) {
                await null;
            }
            await keeping.add({person: 'p', kind: 'set_done', day: '2026-11-27', data: {n: 2}});
        })();
        return json({answers: entries.map((entry) => ({client_id: entry.client_id, kept: true, elsewhere: false}))});
    };
    const keeping = await Keeping.open();
    await keeping.sendForWhoeverIsHere();
    await keeping.add({person: 'p', kind: 'set_done', day: '2026-11-27', data: {n: 1}});
    await new Promise((resolve) => setTimeout(resolve, 20));
    await beside;
    await new Promise((resolve) => setTimeout(resolve, 20));
    found.push(sent);
}
return found;
"""


@pytest.fixture
def keep(tmp_path: Path) -> Callable[[str, str], Any]:
    """`keep(source of keeping.js, body)`."""
    run = runner(tmp_path)

    def named(source: str) -> str:
        return re.sub(r'"\./(\w+)\.js"', r'"./\1.mjs"', source)

    def go(source: str, body: str) -> Any:
        others = {
            name: named((SESSION / f"{name}.js").read_text(encoding="utf-8")) for name in ("outbox", "post", "vault")
        }
        return run({**others, "keeping": named(source)}, body)

    return go


TURNS: Final = 120


def test_what_is_added_while_something_is_sent_is_sent_too(keep: Callable[[str, str], Any]) -> None:
    """At whichever moment: also after the sending under way has looked for the last time."""
    source = KEEPING.read_text(encoding="utf-8")
    assert keep(source, ADDED_BESIDE.replace("TURNS", str(TURNS))) == TURNS * [[1, 2]]


def test_a_sending_that_is_asked_for_in_vain_is_found(keep: Callable[[str, str], Any]) -> None:
    source = KEEPING.read_text(encoding="utf-8")
    right = "while (this.#isWanted) {"
    assert source.count(right) == 1
    once = source.replace(right, "for (let round = 0; round < 1; round += 1) {")
    assert [1] in keep(once, ADDED_BESIDE.replace("TURNS", str(TURNS)))


def test_what_the_server_said_is_told_when_the_way_ends_in_the_middle(keep: Callable[[str, str], Any]) -> None:
    """The first two hundred arrive, one of them refused and one written elsewhere, too; the rest waits."""
    body = """
    const {Outbox, MemoryStore} = await import('./outbox.mjs');
    let id = 0;
    let times = 0;
    const send = async (_person, entries) => {
        times += 1;
        if (times > 1) {
            throw new Error('cut off');
        }
        return {plan: {id: 'x'}, answers: entries.map((entry, n) => ({
            client_id: entry.id, kept: n !== 3, message: 'no', elsewhere: n === 5,
        }))};
    };
    const outbox = new Outbox({store: new MemoryStore(), send, makeId: () => `e${(id += 1)}`, now: () => id});
    for (let n = 0; n < 250; n += 1) {
        await outbox.add({person: 'p', kind: 'set_done', day: '2026-11-27', data: {n}});
    }
    const found = await outbox.flush('p');
    const again = await outbox.flush('p').catch((problem) => problem.message);
    return [found.sent, found.refused.length, found.elsewhere.length, found.plan.id, found.problem.message,
        (await outbox.waiting('p')).length, again];
    """
    found = keep(KEEPING.read_text(encoding="utf-8"), body)
    assert found == [199, 1, 1, "x", "cut off", 50, "cut off"]
