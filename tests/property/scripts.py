"""Runs the scripts of our pages outside a page: in node where there is one, else in Chromium."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

SESSION: Final = Path(__file__).resolve().parents[2] / "src" / "upperback" / "web" / "static" / "js" / "session"

#: What the laws share.
_DICE: Final = Path(__file__).with_name("dice.mjs")

Run = Callable[[Mapping[str, str], str], Any]


def runner(folder: Path) -> Run:
    """`run(modules by name, body of an async function)`: what the body returns. Skips where nothing can run it.

    What the laws share is there as `./dice.mjs`.
    """
    shared = {"dice": _DICE.read_text(encoding="utf-8")}
    if shutil.which("node"):
        return lambda modules, body: _in_node(folder, shared | dict(modules), body)
    names = ("chromium", "chromium-browser", "google-chrome")
    program = os.environ.get("CHROMIUM") or next((path for name in names if (path := shutil.which(name))), None)
    if program is None:
        pytest.skip("neither node nor Chromium to run the script in")
    return lambda modules, body: _in_chromium(program, shared | dict(modules), body)


def _in_node(folder: Path, modules: Mapping[str, str], body: str) -> Any:
    # What still waits for its time, such as a further try, does not keep the process.
    code = (
        f"const main = async () => {{ {body} }}; "
        "process.stdout.write(JSON.stringify(await main()), () => process.exit());"
    )
    for name, source in {**modules, "main": code}.items():
        (folder / f"{name}.mjs").write_text(source, encoding="utf-8")
    done = subprocess.run(["node", "main.mjs"], cwd=folder, capture_output=True, text=True, timeout=600, check=True)
    return json.loads(done.stdout)


def _in_chromium(program: str, modules: Mapping[str, str], body: str) -> Any:
    from playwright.sync_api import Route, sync_playwright

    pages = {f"http://law.test/{name}.mjs": ("text/javascript", source) for name, source in modules.items()}
    pages["http://law.test/"] = ("text/html", "<!doctype html><title>law</title>")

    def answer(route: Route) -> None:
        kind, text = pages[route.request.url]
        route.fulfill(content_type=kind, body=text)

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        page = browser.new_page()
        page.route("http://law.test/**", answer)
        page.goto("http://law.test/")
        found = page.evaluate(f"async () => {{ {body} }}")
        browser.close()
        return found
