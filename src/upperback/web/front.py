"""The front door: one ASGI application before everything else. It needs no Django and no database.

In this order: host names (a page of another site must not reach us under its own name), help, static files,
process health, one-time links, the cookie that a link gave, and only then the rest. Every answer leaves with the
security headers. When the rest is missing or fails, the front door answers with the emergency page.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final

from upperback.web.gate import COOKIE_NAME, Gate
from upperback.web.offline import OfflinePages
from upperback.web.static_files import PREFIX as STATIC_PREFIX
from upperback.web.static_files import Headers, Receive, Scope, Send, StaticFiles

_log = logging.getLogger(__name__)

App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN_PREFIX: Final = "/open/"
HELP_PATHS: Final = frozenset({"/help/", "/help"})
STOPPED_PATH: Final = "/help/stopped/"
# A session without anybody's data: the browser keeps it for times without a connection.
SESSION_PATH: Final = "/training/shell/"
# A plan without anybody's data, for the same times.
PLAN_SHELL_PATH: Final = "/plan/shell/"
# At the root, because a worker may only answer for addresses below its own.
WORKER_PATH: Final = "/help_worker.js"
# A phone that becomes the sensor of another screen has no cookie and gets none: a page that is the same for everybody,
# and a socket that asks for the secret in the link of that screen.
PHONE_PATH: Final = "/live/phone/"
PHONE_SOCKET: Final = "/live/phone/socket/"
# How a phone comes to trust this computer, where it is open to a home network.
TRUST_PATH: Final = "/trust/"
TRUST_FILE: Final = "/trust/upperback.crt"
# Let in without the cookie: nothing personal is said there.
_WITHOUT_COOKIE: Final = frozenset({"/readyz"})
# Calendar programs have no cookie; the address itself is the secret.
CALENDAR_PREFIX: Final = "/calendar/"
# Other programs have no cookie either; each question brings a token.
FHIR_PREFIX: Final = "/fhir/"

CONTENT_SECURITY_POLICY: Final = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
_HEADERS: Final[dict[bytes, bytes]] = {
    b"content-security-policy": CONTENT_SECURITY_POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    # Nothing about us goes to other sites. "no-referrer" would also blank the Origin of our own forms, and a
    # form whose origin is not known is refused.
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    b"x-robots-tag": b"noindex, nofollow",
    # Pages are personal unless they say otherwise: the back button of a shared computer shows nothing.
    b"cache-control": b"no-store",
}
_STRICT_TRANSPORT: Final = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
_HTML: Final = (b"content-type", b"text/html; charset=utf-8")
_SCRIPT: Final = (b"content-type", b"text/javascript; charset=utf-8")
_TEXT: Final = (b"content-type", b"text/plain; charset=utf-8")
_CERTIFICATE: Final = (b"content-type", b"application/x-x509-ca-cert")


@dataclass(frozen=True, slots=True)
class Trust:
    """How to trust this computer: pages for its own screen and for a phone, its authority's certificate."""

    here: bytes
    on_phone: bytes
    certificate: bytes


class FrontDoor:
    """The outermost application. `rest` is None when Django could not start."""

    def __init__(
        self,
        rest: App | None,
        *,
        pages: OfflinePages,
        gate: Gate,
        static: StaticFiles,
        allowed_hosts: Iterable[str],
        secure: bool,
        has_accounts: bool = False,
        on_link_taken: Callable[[], None] | None = None,
        trust: Trust | None = None,
        now_s: Callable[[], float] = time.time,
        pages_for: Callable[[Scope], OfflinePages] | None = None,
    ) -> None:
        self.rest = rest
        self.pages = pages
        self._pages_for = pages_for
        self.gate = gate
        self.on_link_taken = on_link_taken
        self.trust = trust
        self._static = static
        self._hosts = frozenset(allowed_hosts)
        self._secure = secure
        # Where people have accounts, nobody comes in by a link: what is behind looks after itself.
        self._has_accounts = has_accounts
        self._now_s = now_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] == "http":
            await self._http(scope, receive, self._with_headers(send))
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _lifespan(receive, send)
            if self.rest is not None:
                await self.rest(scope, receive, send)  # lets go of what it holds

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, pages = scope["path"], self._pages(scope)
        if path in HELP_PATHS:
            # For any host and any method: this page is never refused.
            await _answer(send, 200, pages.help, [_HTML, (b"cache-control", b"no-cache")])
        elif path == STOPPED_PATH:
            await _answer(send, 200, pages.stopped, [_HTML, (b"cache-control", b"no-cache")])
        elif path == SESSION_PATH:
            await _answer(send, 200, pages.session, [_HTML, (b"cache-control", b"no-cache")])
        elif path == PLAN_SHELL_PATH:
            await _answer(send, 200, pages.plan, [_HTML, (b"cache-control", b"no-cache")])
        elif path == WORKER_PATH:
            await _answer(send, 200, pages.worker, [_SCRIPT, (b"cache-control", b"no-cache")])
        elif not self._host_allowed(scope):
            await _answer(send, 400, pages.wrong_host, [_HTML])
        elif path == "/healthz":
            await _answer(send, 200, b"ok\n", [_TEXT])
        elif path.startswith(STATIC_PREFIX):
            if scope["method"] not in {"GET", "HEAD"} or not await self._static.answer(scope, send):
                await _answer(send, 404, pages.not_found, [_HTML])
        elif path.startswith(OPEN_PREFIX) and not self._has_accounts:
            await self._open(scope, send)
        elif self.trust is not None and path == TRUST_PATH:
            page = self.trust.on_phone if scope.get("scheme") == "https" else self.trust.here
            await _answer(send, 200, page, [_HTML, (b"cache-control", b"no-cache")])
        elif self.trust is not None and path == TRUST_FILE:
            await _answer(send, 200, self.trust.certificate, [_CERTIFICATE, (b"cache-control", b"no-cache")])
        elif path == PHONE_PATH:
            await _answer(send, 200, pages.phone, [_HTML, (b"cache-control", b"no-cache")])
        elif (
            path not in _WITHOUT_COOKIE
            and not path.startswith((CALENDAR_PREFIX, FHIR_PREFIX))
            and not self._let_in(scope)
        ):
            await _answer(send, 403, pages.closed, [_HTML])
        else:
            await self._pass_on(scope, receive, send)

    async def _open(self, scope: Scope, send: Send) -> None:
        """Exchanges a one-time link for the cookie. A browser that only looks ahead does not use it up."""
        ahead = any(name in {b"sec-purpose", b"purpose", b"x-moz"} for name, _ in scope["headers"])
        if scope["method"] != "GET" or ahead:
            await _answer(send, 405, self._pages(scope).link_used, [_HTML, (b"allow", b"GET")])
            return
        now_s = self._now_s()
        token = scope["path"].removeprefix(OPEN_PREFIX).rstrip("/")
        if self.gate.take_link(token, now_s):
            is_sealed = self._secure or scope.get("scheme") == "https"
            cookie = (
                f"{COOKIE_NAME}={self.gate.make_cookie(now_s)}; Path=/; HttpOnly; SameSite=Lax; "
                f"Max-Age={self.gate.session_s}{'; Secure' if is_sealed else ''}"
            )
            await _answer(send, 303, b"", [(b"location", b"/"), (b"set-cookie", cookie.encode())])
            if self.on_link_taken is not None:
                self.on_link_taken()
        elif self._let_in(scope):
            # The same link opened again in a browser that is in already: no need to send anybody back.
            await _answer(send, 303, b"", [(b"location", b"/")])
        else:
            await _answer(send, 403, self._pages(scope).link_used, [_HTML])

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.rest is None:
            await _answer(send, 503, self._pages(scope).unavailable, [_HTML])
            return
        scope["upperback.trust"] = TRUST_PATH if self.trust is not None else None
        started = False

        async def watched(message: dict[str, object]) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.rest(scope, receive, watched)  # type: ignore[arg-type]
        except Exception:
            _log.exception("request failed outside the views")
            if started:
                raise
            await _answer(send, 500, self._pages(scope).failure, [_HTML])

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Browsers do not hold WebSockets to the same origin, so host, origin and cookie are checked here."""
        is_phone = scope["path"] == PHONE_SOCKET
        is_ours = self._host_allowed(scope) and _same_origin(scope)
        if self.rest is None or not (is_ours and (is_phone or self._let_in(scope))):
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        if not is_phone:
            scope["upperback.still_in"] = lambda: self._let_in(scope)
            scope["upperback.until_s"] = self.gate.until_s(_cookie(scope), self._now_s())
        await self.rest(scope, receive, send)

    def _pages(self, scope: Scope) -> OfflinePages:
        """The pages in the language and for the country of who asks; the ones made at the start where that fails."""
        if self._pages_for is None:
            return self.pages
        try:
            return self._pages_for(scope)
        except Exception:  # noqa: BLE001  help comes out, in whatever language
            _log.exception("pages in another language not made")
            return self.pages

    def _let_in(self, scope: Scope) -> bool:
        if self._has_accounts:
            return True
        identity = self.gate.installation(_cookie(scope), self._now_s())
        if identity is None:
            return False
        scope["upperback.installation"] = identity
        return True

    def _host_allowed(self, scope: Scope) -> bool:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        return len(hosts) == 1 and _without_port(hosts[0].decode("latin-1")) in self._hosts

    def _with_headers(self, send: Send) -> Send:
        async def sender(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                headers: Headers = list(message.get("headers", []))  # type: ignore[call-overload]
                present = {name.lower() for name, _ in headers}
                headers += [(name, value) for name, value in _HEADERS.items() if name not in present]
                if self._secure:
                    headers.append(_STRICT_TRANSPORT)
                message = {**message, "headers": headers}
            await send(message)

        return sender  # type: ignore[return-value]


def _without_port(host: str) -> str:
    if host.startswith("["):
        name, bracket, port = host.partition("]")
        return (name + bracket).lower() if not port or port[1:].isdigit() else ""
    name, colon, port = host.partition(":")
    return name.lower() if not colon or port.isdigit() else ""


def _same_origin(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    origin = headers.get(b"origin", b"").decode("latin-1")
    host = headers.get(b"host", b"").decode("latin-1")
    return origin in {f"http://{host}", f"https://{host}"}


def _cookie(scope: Scope) -> str | None:
    """Our cookie."""
    return cookie_of(scope, COOKIE_NAME)


def cookie_of(scope: Scope, wanted: str) -> str | None:
    """A cookie of ours. Taken apart by hand: a strange cookie of another program on localhost must not hide ours."""
    for name, value in scope["headers"]:
        if name != b"cookie":
            continue
        for part in value.decode("latin-1").split(";"):
            key, _, text = part.strip().partition("=")
            if key == wanted:
                return str(text.strip('"'))
    return None


async def _answer(send: Send, status: int, body: bytes, headers: Headers) -> None:
    length = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers + length})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
