"""What a browser may keep: an app to install, the pages to read as everybody may see them, current to the release."""

import gzip
import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import numpy as np
import pytest
from django.test import Client

from tests.integration.daily import planned
from tests.integration.test_journey import me
from upperback.content.load import Compiled, default_release
from upperback.content.vocabulary import default_content
from upperback.web.jinja import STATIC_FOLDER
from upperback.web.offline import render_offline_pages

__all__ = ["me", "planned"]  # fixtures

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
FIRST_VIEW_BYTES = 100_000


def book_for(client: Client) -> dict[str, Any]:
    answer = client.get("/learn/book/")
    assert answer["Content-Type"] == "application/json"
    found: dict[str, Any] = json.loads(answer.content)
    return found


# ---- the pages to read ----------------------------------------------------------------------------------------------


def test_the_book_holds_every_page_and_is_the_same_for_whoever_asks(client: Client, planned: Client) -> None:
    book = book_for(client)
    assert set(book["pages"]) == {"/learn/", *(f"/learn/{id}/" for id in default_content().learn_pages)}
    assert book == book_for(planned)
    assert {"KEPT-TITLE", "KEPT-AGE", "KEPT-DAY", "<!--kept-->"} <= set(
        re.findall(r"KEPT-\w+|<!--kept-->", book["frame"])
    )


def test_what_reassures_is_not_in_the_book(client: Client) -> None:
    book = book_for(client)["pages"]
    for page in default_content().learn_pages.values():
        kept = book[f"/learn/{page.id}/"]["main"]
        for part in page.parts:
            told = [line for line in part.html.split("\n") if len(line) > 60 and "{" not in line and "href" not in line]
            assert [line in kept for line in told] == [not part.waits] * len(told), page.id


def worker() -> str:
    return render_offline_pages().worker.decode()


def marks(script: str) -> list[str]:
    return re.findall(r'NAME = OURS \+ "([0-9a-f]{12})"', script)


def test_another_release_is_another_worker_so_nothing_of_the_old_one_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    before = marks(worker())
    assert before == marks(worker())
    assert len(before) == 1
    old = default_release()
    changed = Compiled(msgspec.structs.replace(old.release), "0" * 64, "")
    monkeypatch.setattr("upperback.content.load.default_release", lambda: changed)
    assert marks(worker()) != before


def test_the_worker_keeps_nothing_else_by_itself() -> None:
    """The only things put into a cache are the listed addresses and the book."""
    script = worker()
    assert len(re.findall(r"\.(?:put|add|addAll)\(", script)) == 2
    assert "cache.addAll(SHELL)" in script
    assert "cache.put(BOOK," in script


# ---- the app --------------------------------------------------------------------------------------------------------


def test_the_app_can_be_installed(client: Client) -> None:
    manifest = json.loads((STATIC_FOLDER / "app.webmanifest").read_text())
    assert 'rel="manifest" href="/static/app.webmanifest' in client.get("/").content.decode()
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/today/", "/", "standalone")
    for icon in manifest["icons"]:
        assert (STATIC_FOLDER / icon["src"].removeprefix("/static/")).is_file()
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
    assert any(icon.get("purpose") == "maskable" for icon in manifest["icons"])
    assert manifest["shortcuts"][0]["url"] == "/help/"


def test_the_icons_are_the_ones_that_the_code_draws() -> None:
    tool = icons_tool()
    size, share, round_corners = tool.ICONS["icon-192.png"]
    kept = tool.read_png((STATIC_FOLDER / "img" / "icon-192.png").read_bytes())
    assert np.abs(kept.astype(int) - tool.icon(size, share, round_corners=round_corners)).max() <= 1
    for name, (size, _, _) in tool.ICONS.items():
        assert tool.read_png((STATIC_FOLDER / "img" / name).read_bytes()).shape == (size, size, 4)


def icons_tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("icons", ROOT / "tools" / "icons.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("address", ["/", "/check/", "/learn/", "/learn/scans/"])
def test_a_first_view_is_light(client: Client, address: str, tell: Any) -> None:
    page = client.get(address, follow=True).content
    html = page.decode()
    files = set(re.findall(r'(?:href|src)="/static/([^"?]+)', html))
    wanted = {name for name in files if name.endswith((".css", ".js", ".woff2", ".webmanifest"))}
    assert {"css/upperback.css", "js/main.js"} <= wanted
    sizes = [len(gzip.compress((STATIC_FOLDER / name).read_bytes())) for name in wanted]
    total = len(gzip.compress(page)) + sum(sizes)
    tell(f"first view of {address}: {total / 1000:.0f} kB packed, without pictures")
    assert total <= FIRST_VIEW_BYTES
