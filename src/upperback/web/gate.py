"""Who may come in on one's own machine: a one-time link from the terminal, exchanged for a signed cookie.

Links are files in the data folder named by the hash of their token, so nothing that is stored can be used as a link.
Taking a link is deleting its file: the operating system lets exactly one taker win, across processes.
The cookie is signed with the key of the data folder; checking it needs neither database nor Django.

Known weaknesses: browsers send the cookies of 127.0.0.1 to every port, so another server that the same person runs on
this machine sees the cookie (scripts do not: it is HttpOnly). And while the browser is started, other users of the
machine may see the link in the list of processes; it is single-use, the browser normally wins by milliseconds, and
`--no-browser` avoids it.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from upperback.core.tokens import TOKEN_CHARACTERS_MAX, stored_form

COOKIE_NAME: Final = "upperback_open"

_TOKEN_BYTES: Final = 32
_COOKIE_CHARACTERS_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Makes and takes one-time links, signs and checks the cookie. `now_s`: seconds since 1970."""

    folder: Path
    key: str
    link_s: int
    session_s: int

    def make_link(self, now_s: float) -> str:
        """A new one-time token. Links that have run out are cleared away at the same time."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._clear(now_s)
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        path = self._path(token)
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(str(int(now_s) + self.link_s), encoding="ascii")
        return token

    def take_link(self, token: str, now_s: float) -> bool:
        """True exactly once for a token that was made here and has not run out."""
        if not 0 < len(token) <= TOKEN_CHARACTERS_MAX:
            return False
        path = self._path(token)
        try:
            ends_s = int(path.read_text(encoding="ascii") or 0)
            path.unlink()
        except (OSError, ValueError):
            return False
        return now_s < ends_s

    def make_cookie(self, now_s: float) -> str:
        """A signed cookie value: a random id and the time it was given."""
        body = f"{secrets.token_urlsafe(12)}.{int(now_s)}"
        return f"{body}.{self._sign(body)}"

    def installation(self, cookie: str | None, now_s: float) -> str | None:
        """The id in a cookie that was given here and is still good, else None."""
        if not cookie or len(cookie) > _COOKIE_CHARACTERS_MAX or not cookie.isascii():
            return None
        body, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(signature, self._sign(body)):
            return None
        identity, _, given = body.partition(".")
        if not given.isdigit() or not 0 <= now_s - int(given) + 60 < self.session_s + 60:
            return None
        return identity

    def until_s(self, cookie: str | None, now_s: float) -> float:
        """Until when the browser with this cookie is let in; now, where it is not."""
        if cookie is None or self.installation(cookie, now_s) is None:
            return now_s
        return float(int(cookie.split(".")[1]) + self.session_s)

    def _sign(self, body: str) -> str:
        digest = hmac.new(b"upperback.gate:" + self.key.encode(), body.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def _path(self, token: str) -> Path:
        return self.folder / stored_form(token)

    def _clear(self, now_s: float) -> None:
        for path in self.folder.iterdir():
            try:
                if now_s >= int(path.read_text(encoding="ascii") or 0):
                    path.unlink()
            except (OSError, ValueError):
                continue
