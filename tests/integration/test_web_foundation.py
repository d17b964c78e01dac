"""What has to hold whatever the pages say: who is let in, what answers carry, what is left when things break."""

import asyncio
import json
import logging
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django.test
import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import path

from upperback.core.errors import Conflict, InputError, NotAllowed, NotFound, Unavailable
from upperback.web import asgi, errors, offline, options, urls
from upperback.web.front import FrontDoor
from upperback.web.gate import COOKIE_NAME, Gate
from upperback.web.jinja import STATIC_FOLDER
from upperback.web.log import QuietFormatter
from upperback.web.offline import LAST_RESORT, render_offline_pages
from upperback.web.options import Options, read_options, secret_key, settings_reference
from upperback.web.serve import serve
from upperback.web.settings import database, sqlite_pragmas
from upperback.web.static_files import StaticFiles

ROOT = Path(__file__).resolve().parents[2]
NOW_S = 1_800_000_000.0
MARKER = "MARKER-a-thing-a-person-typed"

Answer = tuple[int, dict[str, str], str]


async def _ask(app: Any, scope: dict[str, Any]) -> Answer:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    headers = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(part.get("body", b"") for part in sent[1:]).decode("utf-8", "replace")


def ask(app: Any, address: str, *, method: str = "GET", host: str | None = "localhost:8000", **headers: str) -> Answer:
    """One request, straight to an ASGI application."""
    raw = [(b"host", host.encode("latin-1"))] if host is not None else []
    raw += [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {
        "type": "http",
        "method": method,
        "path": address,
        "raw_path": address.encode(),
        "query_string": b"",
        "headers": raw,
        "scheme": "http",
        "http_version": "1.1",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 40000),
        "root_path": "",
        "asgi": {"version": "3.0"},
    }
    return asyncio.run(_ask(app, scope))


async def _inside(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"inside"})


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(folder=tmp_path / "links", key="k" * 48, link_s=900, session_s=86_400)


def make_door(gate: Gate, rest: Any = _inside, now_s: float = NOW_S) -> FrontDoor:
    return FrontDoor(
        rest,
        pages=render_offline_pages(),
        gate=gate,
        static=StaticFiles(STATIC_FOLDER),
        allowed_hosts=["localhost", "127.0.0.1", "[::1]"],
        secure=False,
        now_s=lambda: now_s,
    )


@pytest.fixture
def door(gate: Gate) -> FrontDoor:
    return make_door(gate)


def cookie(gate: Gate, now_s: float = NOW_S) -> str:
    return f"{COOKIE_NAME}={gate.make_cookie(now_s)}"


# ---- who is let in --------------------------------------------------------------------------------------------------


def test_only_help_start_gate_static_and_health_answer_without_the_cookie(door: FrontDoor) -> None:
    assert ask(door, "/help/")[0] == 200
    assert ask(door, "/healthz")[::2] == (200, "ok\n")
    assert ask(door, "/static/css/upperback.css")[0] == 200
    assert ask(door, "/readyz")[2] == "inside"
    assert ask(door, "/calendar/secret.ics")[2] == "inside"
    for address in [
        "/",
        "/check/",
        "/styleguide/",
        "/help/x",
        "/healthz/",
        "/static/../settings.py",
        "//help/",
        "/%68elp/",
    ]:
        status, headers, body = ask(door, address)
        assert "inside" not in body, address
        assert status in {403, 404}
        assert headers["cache-control"] == "no-store"
    assert "Open the link from your terminal" in ask(door, "/")[2]


def test_link_is_exchanged_once_for_a_cookie(door: FrontDoor, gate: Gate) -> None:
    token = gate.make_link(NOW_S)
    status, headers, _ = ask(door, f"/open/{token}")
    assert (status, headers["location"]) == (303, "/")
    given = headers["set-cookie"]
    assert "HttpOnly" in given
    assert "SameSite=Lax" in given
    assert token not in given
    assert ask(door, "/", cookie=given.split(";")[0])[2] == "inside"
    status, _, body = ask(door, f"/open/{token}")
    assert status == 403
    assert "This link no longer works" in body
    assert "Press Enter" in body
    assert ask(door, f"/open/{token}", cookie=given.split(";")[0])[0] == 303


def test_link_runs_out(gate: Gate) -> None:
    token = gate.make_link(NOW_S)
    assert ask(make_door(gate, now_s=NOW_S + 901), f"/open/{token}")[0] == 403


def test_looking_ahead_does_not_use_the_link_up(door: FrontDoor, gate: Gate) -> None:
    token = gate.make_link(NOW_S)
    assert ask(door, f"/open/{token}", method="HEAD")[0] == 405
    assert ask(door, f"/open/{token}", sec_purpose="prefetch")[0] == 405
    assert ask(door, f"/open/{token}")[0] == 303


def test_guessed_links_are_refused(door: FrontDoor, gate: Gate) -> None:
    """AB-13."""
    token = gate.make_link(NOW_S)
    for guess in ["", "x", token[:-1], token + "x", token.swapcase(), "../secret.key", "a" * 5000, "\u00e9", "%00"]:
        assert ask(door, f"/open/{guess}")[0] == 403
    assert len(token) >= 43, "256 bits"


def test_stored_links_cannot_be_used_as_links(gate: Gate) -> None:
    token = gate.make_link(NOW_S)
    (stored,) = gate.folder.iterdir()
    assert token not in stored.name
    assert not gate.take_link(stored.name, NOW_S)
    if os.name == "posix":
        assert stat.S_IMODE(stored.stat().st_mode) == 0o600


def test_old_links_are_cleared_away(gate: Gate) -> None:
    for second in range(5):
        gate.make_link(NOW_S + second)
    gate.make_link(NOW_S + 10_000)
    assert len(list(gate.folder.iterdir())) == 1


def test_cookies_are_signed_and_end(gate: Gate, tmp_path: Path) -> None:
    good = gate.make_cookie(NOW_S)
    other = Gate(folder=tmp_path, key="other" * 10, link_s=900, session_s=86_400)
    assert gate.installation(good, NOW_S) is not None
    assert gate.installation(good, NOW_S + 86_401) is None
    assert gate.installation(good, NOW_S - 120) is None, "from the future"
    assert other.installation(good, NOW_S) is None
    for forged in [
        None,
        "",
        "a",
        "..",
        good[:-1],
        good + "x",
        "x" + good,
        good.replace(".", ".9", 1),
        "\u00e9." + good,
    ]:
        assert gate.installation(forged, NOW_S) is None


def test_strange_cookies_beside_ours_do_not_hide_it(door: FrontDoor, gate: Gate) -> None:
    assert ask(door, "/", cookie=f'{{"a"}}=[1, 2]; {cookie(gate)}; =; b')[2] == "inside"


_WRONG_HOSTS = [
    None, "", " ", "*", ".", ":", ":8000", "[]", "[::1", "::1", "[::1]x", "[::1]:x", "[::2]", "[::ffff:127.0.0.1]",
    "0", "0.0.0.0", "127.1",  # noqa: S104
    "127.0.0.2", "127.000.000.001", "2130706433", "0x7f000001", "017700000001", "10.0.0.1", "192.168.1.2",
    "evil.example", "evil.example:8000", "EVIL.EXAMPLE", "localhost.evil.example",
    "127.0.0.1.nip.io", "127-0-0-1.sslip.io",
    "evil-localhost", "notlocalhost", "localhost.", "localhost.localdomain", "sub.localhost", "localhost:8000:80",
    "localhost:x", "localhost: 80", " localhost", "localhost ", "\tlocalhost", "localhost/", "localhost#", "localhost?",
    "localhost@evil.example", "evil.example@localhost", "localhost,evil.example", "localhost;evil.example",
    "localhost\\evil.example", "http://localhost", "//localhost", "l\u00f6calhost", "localhost%00", "upperback.local",
]  # fmt: skip


@pytest.mark.parametrize("host", _WRONG_HOSTS)
def test_foreign_host_names_are_refused(door: FrontDoor, gate: Gate, host: str | None) -> None:
    """AB-16: a page of another site that gave its name our address is not answered. Help is."""
    status, _, body = ask(door, "/", host=host, cookie=cookie(gate))
    assert status == 400
    assert "inside" not in body
    assert ask(door, "/help/", host=host)[0] == 200, "help is never refused"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]", "[::1]:8000"])
def test_own_host_names_are_answered(door: FrontDoor, gate: Gate, host: str) -> None:
    assert ask(door, "/", host=host, cookie=cookie(gate))[2] == "inside"


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "http://localhost", "http://localhost:8001", "https://localhost.evil.example:8000"]
)  # fmt: skip
def test_sockets_of_other_sites_are_closed(door: FrontDoor, gate: Gate, origin: str | None) -> None:
    """AB-26: browsers let any page open a socket to us, so the origin has to be ours."""
    assert _socket(door, cookie(gate), origin)[0]["type"] == "websocket.close"


def test_sockets_need_the_cookie(door: FrontDoor, gate: Gate) -> None:
    assert _socket(door, "", "http://localhost:8000")[0]["type"] == "websocket.close"
    assert _socket(door, cookie(gate), "http://localhost:8000")[0]["type"] != "websocket.close"


def test_a_phone_that_is_only_a_sensor_needs_no_cookie_but_our_origin(door: FrontDoor) -> None:
    """AB-14: it may open one page that is the same for everybody, and one socket."""
    assert ask(door, "/live/phone/")[0] == 200
    assert ask(door, "/live/phone/", host="evil.example")[0] == 400
    for address in ("/live/", "/live/screen/", "/live/ticket/", "/live/phone", "/live/phone/x", "/today/", "/"):
        assert ask(door, address)[0] == 403, address
    path = "/live/phone/socket/"
    assert _socket(door, "", "http://localhost:8000", path)[0]["type"] != "websocket.close"
    for origin in (None, "null", "http://evil.example", "http://localhost:8001"):
        assert _socket(door, "", origin, path)[0]["type"] == "websocket.close"
    for path in ("/live/socket/", "/live/screen/socket/", "/live/phone/socket", "/live/phone/socket/x"):
        assert _socket(door, "", "http://localhost:8000", path)[0]["type"] == "websocket.close"


def _socket(door: FrontDoor, cookie_text: str, origin: str | None, path: str = "/live") -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost:8000"), (b"cookie", cookie_text.encode())]
    headers += [(b"origin", origin.encode())] if origin else []
    asyncio.run(door({"type": "websocket", "path": path, "headers": headers}, receive, send))
    return sent


# ---- what every answer carries --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["/", "/help/", "/help/stopped/", "/help_worker.js", "/healthz", "/static/js/main.js", "/nothing", "/open/x"],
)
def test_security_headers_on_every_answer(door: FrontDoor, gate: Gate, address: str) -> None:
    _, headers, _ = ask(door, address, cookie=cookie(gate))
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "server" not in headers


def test_static_files_are_typed_kept_and_confined(door: FrontDoor) -> None:
    _, headers, body = ask(door, "/static/js/main.js")
    assert headers["content-type"].startswith("text/javascript")
    assert body
    assert ask(door, "/static/js/main.js", if_none_match=headers["etag"])[::2] == (304, "")
    for outside in ["../settings.py", "css/../../settings.py", "/etc/passwd", "", "css", "css/"]:
        assert ask(door, f"/static/{outside}")[0] == 404
    assert ask(door, "/static/js/main.js", method="POST")[0] == 404


def test_pages_hold_no_inline_style_or_script() -> None:
    for name in (ROOT / "src/upperback/web/templates").rglob("*.jinja"):
        text = name.read_text(encoding="utf-8")
        assert 'style="' not in text, name
        assert "<script>" not in text, name
        assert "onclick" not in text, name


# ---- what is left when things break ----------------------------------------------------------------------------------


def test_help_says_whom_to_call_in_each_need() -> None:
    page = render_offline_pages().help.decode()
    for wanted in ['href="tel:999"', 'href="tel:111"', "option 2", 'href="tel:116123"', 'href="sms:85258"']:
        assert wanted in page
    for sign in ["crushing", "jaw", "ripping", "short of breath", "numb between your legs", "both legs"]:
        assert sign in page, "the signs of the first emergency rules"
    assert "Nobody is watching" in page
    assert "Do not drive yourself" in page


def test_help_survives_content_and_templates(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(MARKER)

    monkeypatch.setattr("upperback.content.load.default_release", broken)
    caplog.set_level(logging.CRITICAL)
    page = render_offline_pages().help.decode()
    assert 'href="tel:999"' in page
    assert "ripping" in page
    monkeypatch.setattr(offline, "offline_environment", broken)
    for page in [render_offline_pages().help.decode(), render_offline_pages().failure.decode()]:
        assert 'href="tel:999"' in page
        assert 'href="tel:111"' in page
        assert 'href="sms:85258"' in page


def test_browser_keeps_only_what_everybody_may_see(door: FrontDoor) -> None:
    _, headers, script = ask(door, "/help_worker.js")
    assert headers["content-type"].startswith("text/javascript")
    (listed,) = [json.loads(line.split("= ")[1].rstrip(";")) for line in script.splitlines() if "SHELL = " in line]
    assert "/help/" in listed
    for address in listed:
        status, _, body = ask(door, address.split("?")[0])
        assert (status, bool(body)) == (200, True), address
    assert 'href="tel:999"' in ask(door, "/help/stopped/")[2]


def test_built_in_numbers_are_those_of_the_content_release() -> None:
    from upperback.content.load import default_release

    (table,) = [table for table in default_release().release.services if table.region == "uk"]
    published = {service.key: service for service in table.services}
    for key, line in LAST_RESORT["uk"].items():
        assert published[key].number == line.number, key


def test_without_django_help_is_served_and_the_rest_says_so(gate: Gate) -> None:
    door = make_door(gate, rest=None)
    assert ask(door, "/help/")[0] == 200
    status, _, body = ask(door, "/", cookie=cookie(gate))
    assert status == 503
    assert 'href="tel:999"' in body


def test_failure_behind_the_door_shows_the_emergency_page(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError(MARKER)

    with caplog.at_level(logging.CRITICAL):
        status, _, body = ask(make_door(gate, rest=broken), "/", cookie=cookie(gate))
    assert status == 500
    assert 'href="tel:999"' in body
    assert MARKER not in body


def _raise(error: Exception) -> Callable[[HttpRequest], HttpResponse]:
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


def _posted(request: HttpRequest) -> HttpResponse:
    return HttpResponse("saved")


urlpatterns = [
    *urls.urlpatterns,
    path("bug/", _raise(ValueError(MARKER))),
    path("database/", _raise(OperationalError(MARKER))),
    path("input/", _raise(InputError(MARKER))),
    path("not-allowed/", _raise(NotAllowed(MARKER))),
    path("not-there/", _raise(NotFound(MARKER))),
    path("conflict/", _raise(Conflict(MARKER))),
    path("away/", _raise(Unavailable(MARKER, retryable=True))),
    path("form/", _posted),
]
handler400, handler403, handler404, handler500 = (
    errors.bad_request,
    errors.not_allowed,
    errors.not_found,
    errors.server_error,
)


@pytest.fixture
def client(settings: Any) -> django.test.Client:
    settings.ROOT_URLCONF = __name__
    settings.ALLOWED_HOSTS = ["testserver"]
    return django.test.Client(raise_request_exception=False)


@pytest.mark.parametrize(
    "address, status, emergency",
    [
        ("/bug/", 500, True),
        ("/database/", 503, True),
        ("/away/", 503, True),
        ("/input/", 400, False),
        ("/not-allowed/", 403, False),
        ("/not-there/", 404, False),
        ("/nothing/", 404, False),
        ("/conflict/", 409, False),
    ],
)
def test_every_failure_has_a_kind_page(
    client: django.test.Client, address: str, status: int, emergency: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = client.get(address)
    page = answer.content.decode()
    assert answer.status_code == status
    assert MARKER not in page
    assert ('href="tel:999"' in page) is emergency
    assert "/help/" in page
    assert page.count("<h1") == 1
    formatted = [QuietFormatter().format(record) for record in caplog.records if record.name.startswith("upperback")]
    assert MARKER not in "".join(formatted)


def test_wrong_method_and_lost_token_have_kind_pages(client: django.test.Client) -> None:
    """AB-25: a form of another site has no token."""
    answer = client.post("/about/")
    assert answer.status_code == 405
    assert "another way" in answer.content.decode()
    strict = django.test.Client(enforce_csrf_checks=True)
    answer = strict.post("/form/")
    assert answer.status_code == 403
    assert "send that once more" in answer.content.decode()


def test_static_pages_need_no_database(client: django.test.Client) -> None:
    # No `db` mark: any use of the database would fail this test.
    for address in ["/", "/about/"]:
        assert client.get(address).status_code == 200


@pytest.mark.django_db
def test_ready_when_database_and_content_are(client: django.test.Client) -> None:
    answer = client.get("/readyz")
    assert json.loads(answer.content) == {"database": "ok", "content": "ok"}
    assert answer.status_code == 200


def test_not_ready_without_database(client: django.test.Client) -> None:
    # Without the `db` mark pytest-django refuses every connection: as good as a database that is gone.
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert json.loads(answer.content)["database"] == "failed"


def test_notice_stays_until_a_deployer_switches_it_off(client: django.test.Client, settings: Any) -> None:
    notice = "Not a medical device. Draft content, not clinically approved."
    for page in render_offline_pages().help.decode(), client.get("/").content.decode():
        assert notice in page
    settings.DEVICE_NOTICE = False
    assert notice not in client.get("/").content.decode()
    assert notice not in render_offline_pages(device_notice=False).help.decode()


# ---- settings --------------------------------------------------------------------------------------------------------


def test_nothing_has_to_be_set_at_home() -> None:
    options_read = read_options({"XDG_DATA_HOME": "/somewhere"})
    assert options_read.mode == "home"
    assert options_read.device_notice
    assert not options_read.debug


SERVICE = {
    "UPPERBACK_MODE": "service",
    "UPPERBACK_SECRET_KEY": "s" * 48,
    "UPPERBACK_BEHIND_TLS_PROXY": "true",
    "UPPERBACK_ALLOWED_HOSTS": "back.example",
    "UPPERBACK_EMAIL_URL": "smtp://mail.example",
    "UPPERBACK_DATA": "/srv/upperback",
}


def test_service_with_all_settings_starts() -> None:
    assert read_options(SERVICE).allowed_hosts == ("back.example",)


def test_service_passes_the_deployment_check(tmp_path: Path) -> None:
    key = "".join(chr(33 + number) for number in range(60) if chr(33 + number) not in "\\'\"")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("UPPERBACK_")},
        **SERVICE,
        "UPPERBACK_SECRET_KEY": key,
        "UPPERBACK_DATA": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "upperback.web.settings",
        "PYTHONPATH": str(ROOT / "src"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "name, value",
    [
        ("UPPERBACK_DEBUG", "true"),
        ("UPPERBACK_DEMO", "true"),
        ("UPPERBACK_SECRET_KEY", ""),
        ("UPPERBACK_SECRET_KEY", "short"),
        ("UPPERBACK_BEHIND_TLS_PROXY", "false"),
        ("UPPERBACK_ALLOWED_HOSTS", ""),
        ("UPPERBACK_ALLOWED_HOSTS", "*"),
        ("UPPERBACK_DEVICE_NOTISE", "false"),
    ],
)
def test_service_with_unsafe_setting_does_not_start(name: str, value: str) -> None:
    """AB-51."""
    with pytest.raises(InputError) as refused:
        read_options({**SERVICE, name: value})
    assert name in refused.value.message


@pytest.mark.parametrize(
    "name, value",
    [
        ("UPPERBACK_MODE", "production"),
        ("UPPERBACK_DEBUG", "perhaps"),
        ("UPPERBACK_DATA", "relative/folder"),
        ("UPPERBACK_DATABASE_URL", "mysql://secret@host/db"),
        ("UPPERBACK_LINK_MINUTES", "0"),
        ("UPPERBACK_LINK_MINUTES", "fifteen"),
        ("UPPERBACK_REGION", "../uk"),
        ("UPPERBACK_LOG_LEVEL", "LOUD"),
        ("UPPERBACK_SECRET_KEY_FILE", "/not/there"),
    ],
)
def test_odd_value_is_refused_by_name_and_not_repeated(name: str, value: str) -> None:
    with pytest.raises(InputError) as refused:
        read_options({name: value})
    assert name in refused.value.message
    assert "secret@" not in refused.value.message


def test_secrets_come_from_files(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("f" * 48 + "\n", encoding="utf-8")
    assert read_options({"UPPERBACK_SECRET_KEY_FILE": str(file)}).secret_key == "f" * 48


def test_secret_key_is_made_once_for_the_owner_only(tmp_path: Path) -> None:
    at_home = read_options({"UPPERBACK_DATA": str(tmp_path / "new")})
    made = secret_key(at_home)
    assert len(made) >= 64
    assert secret_key(at_home) == made
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "new" / "secret.key").stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_settings_page_is_the_table() -> None:
    kept = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    assert kept == settings_reference(), "run: python -m upperback.web.options > docs/reference/settings.md"
    assert all(f"UPPERBACK_{option.name}" in kept for option in options.TABLE)


@pytest.mark.parametrize(
    "version, journal",
    [((3, 40, 1), "DELETE"), ((3, 51, 2), "DELETE"), ((3, 51, 3), "WAL"), ((3, 54, 1), "WAL"), ((3, 6, 23), "DELETE")],
)
def test_log_only_where_sqlite_is_safe_with_it(version: tuple[int, ...], journal: str) -> None:
    pragmas = sqlite_pragmas(version)
    assert f"journal_mode={journal}" in pragmas
    assert "synchronous=FULL" in pragmas


@pytest.mark.django_db
def test_database_runs_with_those_pragmas() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous")
        assert cursor.fetchone() == (2,)
        cursor.execute("PRAGMA foreign_keys")
        assert cursor.fetchone() == (1,)
    described = database("", Path("/data"))["OPTIONS"]
    assert described["transaction_mode"] == "IMMEDIATE"
    assert described["timeout"] == 5


def test_start_refuses_a_database_that_forgets(tmp_path: Path) -> None:
    """With the control switched off, starting stops."""
    code = f"""
import pathlib, sys
from upperback.web import settings
settings.DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA synchronous=NORMAL"
from upperback.web.serve import serve
from upperback.core.errors import InputError
try:
    serve("127.0.0.1", 0, pathlib.Path({str(tmp_path)!r}), False, False)
except InputError as error:
    print(error.message)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "UPPERBACK_DATA": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert "power cut" in done.stdout, done.stderr


def test_postgresql_is_one_variable_away() -> None:
    described = database("postgresql://back:p%40ss@db.example:5433/upperback", Path("/data"))
    assert described["ENGINE"].endswith("postgresql")
    assert (described["USER"], described["PASSWORD"], described["HOST"], described["PORT"], described["NAME"]) == (
        "back",
        "p@ss",
        "db.example",
        "5433",
        "upperback",
    )


# ---- serve -----------------------------------------------------------------------------------------------------------


def test_network_without_tls_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="without TLS"):
        serve("0.0.0.0", 0, tmp_path, browser=False)  # noqa: S104


@pytest.mark.parametrize("breakage", ["database", "django", "content"])
def test_serve_keeps_helping_when_something_is_broken(tmp_path: Path, breakage: str) -> None:
    """AB-53, H19: a real process with a damaged database, a Django that cannot start, content that cannot be read."""
    if breakage == "database":
        (tmp_path / "upperback.sqlite3").write_bytes(b"this is no database" * 500)
    code = f"""
import pathlib, sys, threading, urllib.request, urllib.error, re, io, http.cookiejar
if {breakage!r} == "django":
    sys.modules["django.contrib.sessions"] = None
if {breakage!r} == "content":
    import upperback.content.load as load
    def broken(): raise RuntimeError("broken")
    load.default_release = broken
from upperback.web.serve import serve
class Out(io.StringIO):
    def write(self, text):
        found = re.search(r"(http://\\S+)/open/(\\S+)", text)
        if found:
            threading.Thread(target=look, args=found.groups(), daemon=True).start()
        return super().write(text)
def get(opener, address):
    try:
        with opener.open(address, timeout=10) as answer: return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error: return error.code, error.read().decode()
def look(address, token):
    import os, json
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    seen = {{"help": get(opener, address + "/help/"), "open": get(opener, address + "/open/" + token),
            "ready": get(opener, address + "/readyz"), "health": get(opener, address + "/healthz")}}
    print(json.dumps(seen), flush=True)
    os._exit(0)
serve("127.0.0.1", 0, pathlib.Path(sys.argv[1]), browser=False, out=Out())
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "UPPERBACK_DATA": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        check=False,
    )
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["help"][0] == 200, done.stderr
    assert 'href="tel:999"' in seen["help"][1]
    assert seen["health"][0] == 200
    assert seen["ready"][0] == 503
    if breakage == "django":
        assert seen["open"][0] == 503
        assert 'href="tel:999"' in seen["open"][1]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_ends_quietly(tmp_path: Path) -> None:
    code = "import pathlib, sys; from upperback.web.serve import serve; "
    code += "sys.exit(serve('127.0.0.1', 0, pathlib.Path(sys.argv[1]), False, False))"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    ) as process:
        assert process.stdout is not None
        said = [next(line for line in process.stdout if "/open/" in line)]
        process.send_signal(signal.SIGINT)
        said += process.stdout.readlines()
        assert process.wait(10) == 0
    assert "Traceback" not in "".join(said)
    assert said[-1] == "Stopped.\n"


def test_taken_port_is_said_in_words(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError, match="--port"):
            serve("127.0.0.1", taken.getsockname()[1], tmp_path, browser=False)


def test_log_lines_hold_no_values() -> None:
    """AB-48."""
    with pytest.raises(ValueError, match=MARKER) as raised:
        int(MARKER)
    record = logging.LogRecord("upperback", logging.ERROR, __file__, 1, "view failed", None, None)
    record.exc_info = (raised.type, raised.value, raised.tb)
    line = QuietFormatter().format(record)
    assert MARKER not in line
    assert "ValueError" in line
    assert "test_web_foundation.py" in line


def test_asgi_application_is_built_when_asked_for() -> None:
    assert isinstance(asgi.build(Options(**_home()), None), FrontDoor)
    with pytest.raises(AttributeError):
        _ = asgi.nothing


def _home() -> dict[str, Any]:
    made = read_options()
    return {name: getattr(made, name) for name in Options.__dataclass_fields__}


def test_sqlite_here_is_known() -> None:
    assert sqlite3.sqlite_version_info >= (3, 35)
