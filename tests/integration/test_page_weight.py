"""What a first visit of a page loads: HTML, styles and scripts, compressed; pictures that stand in the HTML count.

    pytest -s -n 0 tests/integration/test_page_weight.py     # prints the largest ten

A page 100 kB, the session 150 kB, the phone as a sensor 60 kB of script as it runs. The letters (woff2) come beside and
are kept for a year.
"""

import gzip
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from django.test import Client

from tests.integration.test_journey import me
from tests.integration.test_languages import NOW, addresses
from tests.integration.test_training import begin, planned
from upperback.services import demo
from upperback.web.offline import render_offline_pages
from upperback.web.person import session

__all__ = ["me", "planned"]  # fixtures

STATIC: Final = Path(__file__).resolve().parents[2] / "src" / "upperback" / "web" / "static"
PAGE_KB: Final = 100.0
SESSION_KB: Final = 150.0
PHONE_SCRIPT_KB: Final = 60.0

_LOADED: Final = re.compile(r'<(?:script|link)\b[^>]*?\b(?:src|href)="/static/(?:~[0-9a-f]{10}/)?([^"?]+\.(?:js|css))')
#: `import ... from "./x.js"`, `import "./x.js"`, and `import("./x.js")` where a page asks for it.
_IMPORTED: Final = re.compile(r"""(?:from|import)\s*["']((?:\.|/static)/[^"']+\.js)["']""")
_ASKED: Final = re.compile(r"""import\(\s*["'](\.[^"']+\.js)["']\s*\)""")
#: What is asked for only where the page has a part for it: how the HTML says so.
_ONLY_WITH: Final = {
    "nhsuk-frontend.min.js": re.compile('data-module="nhsuk-(?!skip-link)'),  # forms
    "kept_plan.js": re.compile("data-keep-plan"),
    "typed.js": re.compile("data-keep-typed|data-typed-lost"),
    "keeping.js": re.compile("player-template"),  # elsewhere only where something waits to be sent
}


@dataclass(frozen=True, slots=True)
class Weight:
    """Of one page, in kB of 1000 bytes; `script_kb`: as it runs, not compressed."""

    path: str
    html_kb: float
    files_kb: float
    script_kb: float

    @property
    def whole_kb(self) -> float:
        """What comes over the line."""
        return self.html_kb + self.files_kb


def files_of(html: str) -> frozenset[Path]:
    """Every style and script that the page loads, and what those load."""
    waiting = [STATIC / name for name in _LOADED.findall(html)]
    found = set[Path]()
    while waiting:
        file = waiting.pop().resolve()
        if file not in found:
            found.add(file)
            text = file.read_text("utf-8")
            asked = [name for name in _ASKED.findall(text) if _ONLY_WITH[name.rsplit("/", 1)[-1]].search(html)]
            waiting += [_place(name, file) for name in (*_IMPORTED.findall(text), *asked)]
    return frozenset(found)


def _place(name: str, beside: Path) -> Path:
    """Of a script that another names."""
    return STATIC / name.removeprefix("/static/") if name.startswith("/static/") else beside.parent / name


def weigh(path: str, body: bytes) -> Weight:
    """Of a page as it was sent."""
    files = files_of(body.decode())
    scripts = sum(file.stat().st_size for file in files if file.suffix == ".js")
    return Weight(path, _gz(body), sum(_file_gz(file) for file in files), scripts / 1000)


@cache
def _file_gz(file: Path) -> float:
    return _gz(file.read_bytes())


def _gz(body: bytes) -> float:
    return len(gzip.compress(body, 6)) / 1000


@pytest.mark.django_db
def test_every_page_is_light(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "now", lambda: NOW)
    weights = dict[str, Weight]()
    profile = demo.make_person(key="six_weeks", now=NOW)
    client = Client()
    client.post("/people/choose/", {"person": str(profile.uuid)})
    for path in (*addresses(profile), "/clinic/", f"/clinic/people/{profile.uuid}/"):
        answer = client.get(path)
        if answer.status_code == 200 and answer.get("Content-Type", "").startswith("text/html"):
            weights[path] = weigh(path, answer.content)
    heaviest = sorted(weights.values(), key=lambda one: -one.whole_kb)
    for one in heaviest[:10]:
        print(f"{one.whole_kb:6.1f} kB ({one.html_kb:.1f} HTML, {one.files_kb:.1f} styles and scripts)  {one.path}")
    assert len(weights) > 60
    assert [one for one in heaviest if one.whole_kb > PAGE_KB] == []


@pytest.mark.django_db
def test_a_session_is_light(planned: Client) -> None:
    page = begin(planned)
    weight = weigh("/training/", page.content)
    print(f"{weight.whole_kb:6.1f} kB  session, {weight.html_kb:.1f} of it HTML")
    assert weight.script_kb > 20  # its scripts are found
    assert weight.whole_kb <= SESSION_KB


def test_the_page_of_a_phone_is_light() -> None:
    weight = weigh("/live/phone/", render_offline_pages().phone)
    print(f"{weight.whole_kb:6.1f} kB  phone, {weight.script_kb:.1f} kB of script as it runs")
    assert weight.script_kb > 10
    assert weight.script_kb <= PHONE_SCRIPT_KB
    assert weight.whole_kb <= PAGE_KB


def test_a_file_that_a_file_asks_for_counts() -> None:
    alone = files_of('<script type="module" src="/static/~0123456789/js/session/player.js"></script>')
    assert {"player.js", "keeping.js", "outbox.js"} < {file.name for file in alone}
    page = files_of('<link rel="stylesheet" href="/static/css/live.css?v=1"><script src="/static/js/live/phone.js">')
    assert {"live.css", "phone.js", "view.js"} < {file.name for file in page}
