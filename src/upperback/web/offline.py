"""Pages made before anything can break: the help page, the refusals and the failure page, kept in memory as bytes.

They need the templates of this package and, if it can be read, the service table of the content release.
If even that fails, a few lines of plain HTML with the telephone numbers remain.
"""

import hashlib
import json
import logging
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any, Final

from upperback.web import languages
from upperback.web.jinja import STATIC_FOLDER, has_static, offline_environment, static, static_folder

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody to turn to, as the help page shows them."""

    key: str
    name: str
    number: str | None
    number_shown: str | None
    note: str | None = None
    link: str | None = None
    sms: bool = False
    hours: str | None = None
    status: str = "checked"


# Used when the content release cannot be read. Checked against the release by a test.
LAST_RESORT: Final[dict[str, dict[str, Line]]] = {
    "uk": {
        "emergency": Line("emergency", "Emergency services", "999", "999"),
        "urgent_line": Line("urgent_line", "NHS 111", "111", "111"),
        "crisis_line": Line("crisis_line", "NHS 111, option 2: mental health crisis", "111", "111, then option 2"),
        "listening_line": Line("listening_line", "Samaritans", "116123", "116 123"),
        "crisis_text": Line("crisis_text", "Shout: text SHOUT", "85258", "85258", sms=True),
    },
    # Never the numbers of one country in another: 112 is answered in most, or leads to the emergency number there.
    "fallback": {"emergency": Line("emergency", "Emergency services", "112", "112")},
    "us": {"emergency": Line("emergency", "Emergency services", "911", "911")},
}

# What the help page needs to look as it does.
_SHELL_FILES: Final = ("css/upperback.css", "js/theme.js", "js/main.js", "img/mark.svg")
# What the plan and the pages to read need besides, where they are kept.
_PLAN_PAGE: Final = "/plan/shell/"
_READ_FILES: Final = ("css/journey.css", "css/learn.css", "css/pictures.css")
# What a session needs besides, once it was opened.
_SESSION_PAGE: Final = "/training/shell/"
_SESSION_FILES: Final = ("css/figures.css", "css/training.css")
_SESSION_MODULES: Final = "js/session"
#: What `services.push` sends: a push carries the English, and the worker says it.
NOTICES: Final = ("Time for a short break", "Time for your session")
_FONTS: Final = ("vendor/atkinson-hyperlegible-next-latin.woff2", "vendor/nhsuk-frontend.min.js")

_BARE: Final = """<!doctype html><html lang="en-GB"><meta charset="utf-8"><title>Help now - Upperback</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><h1>Help now</h1>
<p>Nobody is watching this page. If you think your life or someone else's is at risk, call now.</p><ul>{lines}</ul>
<p>Do not drive yourself.</p></html>"""


@dataclass(frozen=True, slots=True)
class OfflinePages:
    """Every page that is ready before the first request. All are whole HTML documents."""

    help: bytes
    closed: bytes
    link_used: bytes
    failure: bytes
    unavailable: bytes
    not_found: bytes
    wrong_host: bytes
    stopped: bytes
    session: bytes
    plan: bytes
    phone: bytes
    worker: bytes


def services(region: str) -> dict[str, Line]:
    """Whom to turn to in a region: from the content release, else the numbers built in here."""
    built_in = LAST_RESORT.get(region, LAST_RESORT["fallback"])
    try:
        from upperback.content.load import default_release

        tables = default_release().release.services
        table = next(table for table in tables if table.region == region)
        found = {
            item.key: Line(
                item.key,
                item.name,
                item.number,
                item.number_shown or item.number,
                item.note,
                item.link,
                sms=item.key == "crisis_text",
                hours=item.hours,
                status=item.status,
            )
            for item in table.services
        }
    except Exception:  # noqa: BLE001  whatever is wrong with the content, the numbers have to be shown
        _log.warning("services not read from the content release; built-in numbers are used")
        return built_in
    # A table that lacks a line, or its number, never hides one that is needed here.
    kept = {key: line for key, line in found.items() if line.number or key not in built_in}
    return built_in | kept


def place(region: str) -> str:
    """Where the numbers hold, in words."""
    try:
        from upperback.content.load import default_release

        return next(table.title for table in default_release().release.services if table.region == region)
    except Exception:  # noqa: BLE001  then the built-in numbers are shown
        return "United Kingdom" if region == "uk" else "Anywhere else"


def render_offline_pages(*, region: str = "uk", device_notice: bool = True, demo: bool = False) -> OfflinePages:
    """All pages at once. Never raises: each page falls back to the bare one."""
    lines = services(region)
    shared = {"services": lines, "place": place(region), "device_notice": device_notice, "demo": demo, "offline": True}

    def page(name: str, **more: Any) -> bytes:
        try:
            return languages.in_language(offline_environment().get_template(name).render(shared | more)).encode()
        except Exception:  # noqa: BLE001  a page with the numbers on it always comes out
            _log.exception("page not rendered: %s", name)
            return bare_page(lines)

    help_page, stopped = page("help.jinja", path="/help/"), page("errors/stopped.jinja")
    session = page("person/training_shell.jinja", **_session_words(region))
    plan = page("person/plan_shell.jinja")
    return OfflinePages(
        help=help_page,
        closed=page("errors/closed.jinja"),
        link_used=page("errors/link_used.jinja"),
        failure=page("errors/failure.jinja"),
        unavailable=page("errors/unavailable.jinja"),
        not_found=page("errors/not_found.jinja"),
        wrong_host=page("errors/wrong_host.jinja"),
        stopped=stopped,
        session=session,
        plan=plan,
        phone=page("person/live_phone.jinja"),
        worker=_worker(help_page, stopped, session, plan),
    )


@cache
def pages_in(language: languages.Language, *, region: str, device_notice: bool, demo: bool) -> OfflinePages:
    """All pages for readers of a language in a country, made when the first of them comes."""
    with languages.reading(language, region):
        return render_offline_pages(region=region, device_notice=device_notice, demo=demo)


def trust_pages(
    *, address: str, fingerprint: str, demo: bool = False, device_notice: bool = True
) -> tuple[bytes, bytes]:
    """How a phone comes to trust this computer at this address: for the computer's own screen, and for the phone."""
    import segno

    picture = segno.make(f"{address}/trust/", error="m", micro=False).svg_data_uri(border=4, scale=6, light="#fff")
    shared = {"device_notice": device_notice, "demo": demo, "offline": True}
    page = offline_environment().get_template("trust.jinja")
    here = page.render(shared | {"address": address, "fingerprint": fingerprint, "picture": picture})
    return here.encode(), page.render(shared | {"on_phone": True}).encode()


def _session_words(region: str) -> dict[str, Any]:
    """The words of a session; none when the content cannot be read, for then there is no session either."""
    try:
        from upperback.web.session_parts import player_words

        return player_words(region)
    except Exception:  # noqa: BLE001  help has to be there whatever is wrong with the rest
        _log.warning("words of a session not read from the content release")
        return {}


def _worker(*pages: bytes) -> bytes:
    """The script that keeps help in the browser: lists what to keep, under a name that changes when any of it does."""
    files = [file for file in (*_SHELL_FILES, *_SESSION_FILES, *_READ_FILES) if has_static(file)]
    modules = static_folder(_SESSION_MODULES)
    shell = ["/help/", "/help/stopped/", _SESSION_PAGE, _PLAN_PAGE, *(static(file) for file in files)]
    shell += [f"{modules}{path.name}" for path in sorted((STATIC_FOLDER / _SESSION_MODULES).glob("*.js"))]
    shell += [f"/static/{font}" for font in _FONTS]
    marked = [*pages, *(address.encode() for address in shell), _release_mark()]
    mark = hashlib.sha256(b"".join(marked)).hexdigest()[:12]
    try:
        script = (STATIC_FOLDER / "js" / "help_worker.js").read_text(encoding="utf-8")
    except OSError:
        return b""
    listed = [address for address in shell if not address.startswith("/static/vendor/") or has_static(address[8:])]
    notices = {text: said for text in NOTICES if (said := languages.said(text)) != text}
    script = script.replace("/* notices in this language */ {}", json.dumps(notices))
    script = script.replace("/* listed when the process starts */ []", json.dumps(listed))
    return script.replace('/* mark of their content */ ""', json.dumps(mark)).encode()


def _release_mark() -> bytes:
    """What the pages to read are made from; nothing when the content cannot be read, for then there are none."""
    try:
        from upperback.content.load import default_release

        return default_release().sha256.encode()
    except Exception:  # noqa: BLE001  help has to be there whatever is wrong with the rest
        return b""


def bare_page(lines: dict[str, Line]) -> bytes:
    """Plain HTML with the numbers, for when the templates themselves are gone."""
    rows = [
        f'<li>{escape(line.name)}: <a href="{"sms" if line.sms else "tel"}:{escape(line.number)}">'
        f"{escape(line.number_shown or line.number)}</a></li>"
        for line in lines.values()
        if line.number
    ]
    return _BARE.replace("{lines}", "".join(rows)).encode()
