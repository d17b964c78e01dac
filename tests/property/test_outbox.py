"""The outbox of a session, as it runs in browsers: over generated lives of devices nothing is lost and nothing doubled.

The real script runs against a model of the server (`outbox_law.mjs`), in node where there is one, else in Chromium.
`test_diary_sent.py` holds the server to the same law.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

HERE: Final = Path(__file__).parent
OUTBOX: Final = HERE.parents[1] / "src" / "upperback" / "web" / "static" / "js" / "session" / "outbox.js"
LAW: Final = HERE / "outbox_law.mjs"
LIVES: Final = 1_000
LIVES_LONG: Final = 50_000

Play = Callable[[str, int, int], Any]


def _in_node(folder: Path) -> Play:
    def play(outbox: str, first: int, count: int) -> Any:
        (folder / "outbox.mjs").write_text(outbox, encoding="utf-8")
        (folder / "law.mjs").write_text(LAW.read_text(encoding="utf-8"), encoding="utf-8")
        code = (
            "import {Outbox} from './outbox.mjs'; import {run} from './law.mjs';"
            f"console.log(JSON.stringify(await run({{Outbox, first: {first}, count: {count}}})))"
        )
        (folder / "run.mjs").write_text(code, encoding="utf-8")
        done = subprocess.run(["node", "run.mjs"], cwd=folder, capture_output=True, text=True, timeout=600, check=True)
        return json.loads(done.stdout)

    return play


def _in_chromium(program: str) -> Play:
    def play(outbox: str, first: int, count: int) -> Any:
        from playwright.sync_api import sync_playwright

        pages = {"/": ("text/html", "<!doctype html><title>law</title>"), "/outbox.mjs": ("text/javascript", outbox)}
        pages["/law.mjs"] = ("text/javascript", LAW.read_text(encoding="utf-8"))
        with sync_playwright() as playwright:
            arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
            browser = playwright.chromium.launch(executable_path=program, args=arguments)
            page = browser.new_page()
            page.route(
                "http://law.test/**",
                lambda route: route.fulfill(
                    content_type=pages[route.request.url.removeprefix("http://law.test")][0],
                    body=pages[route.request.url.removeprefix("http://law.test")][1],
                ),
            )
            page.goto("http://law.test/")
            found = page.evaluate(
                """async ([first, count]) => {
                    const {Outbox} = await import("/outbox.mjs");
                    const {run} = await import("/law.mjs");
                    return run({Outbox, first, count});
                }""",
                [first, count],
            )
            browser.close()
            return found

    return play


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """`play(source of the outbox, first life, how many)`."""
    if shutil.which("node"):
        return _in_node(tmp_path)
    names = ("chromium", "chromium-browser", "google-chrome")
    program = os.environ.get("CHROMIUM") or next((path for name in names if (path := shutil.which(name))), None)
    if program is None:
        pytest.skip("neither node nor Chromium to run the script in")
    return _in_chromium(program)


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
            "await this.#store.put(entry);",
            "this.#store.put(entry);",
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
