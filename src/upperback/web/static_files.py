"""Static files straight from the package folder, without Django, so that pages keep their look when Django is broken.

The files are listed once when the process starts; a request can only name a file on that list.
"""

import hashlib
import mimetypes
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

PREFIX: Final = "/static/"

# Not left to the machine: some systems map .js to text/plain, which browsers then refuse as a module.
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
# Before a folder whose files name each other, so that all come from one release: /static/~0123456789/js/session/.
_MARKED_FOLDER: Final = re.compile(r"~[0-9a-f]{10}/")
_KEEP_A_YEAR: Final = b"public, max-age=31536000, immutable"
_ASK_EACH_TIME: Final = b"public, no-cache"


@dataclass(frozen=True, slots=True)
class _Held:
    body: bytes
    kind: bytes
    mark: bytes


class StaticFiles:
    """Answers requests below `/static/`. Holds what was asked for in memory; the whole folder is about a megabyte."""

    def __init__(self, folder: Path, *, watch: bool = False) -> None:
        """`watch`: look at the disk for every request, for people who are editing the files."""
        self._folder = folder
        self._watch = watch
        self._listed = self._list()
        self._held: dict[str, _Held] = {}

    async def answer(self, scope: Scope, send: Send) -> bool:
        """Sends the file; False when there is none of that name."""
        name = scope["path"].removeprefix(PREFIX)
        marked = _MARKED_FOLDER.match(name)
        held = self._find(name[marked.end() :] if marked else name)
        if held is None:
            return False
        asked = dict(scope["headers"])
        versioned = bool(marked) or scope.get("query_string", b"").startswith(b"v=") or held.kind == b"font/woff2"
        headers: Headers = [
            (b"content-type", held.kind),
            (b"etag", held.mark),
            (b"cache-control", _KEEP_A_YEAR if versioned and not self._watch else _ASK_EACH_TIME),
        ]
        if asked.get(b"if-none-match") == held.mark:
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return True
        headers.append((b"content-length", str(len(held.body)).encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else held.body})
        return True

    def _find(self, name: str) -> _Held | None:
        if self._watch:
            self._listed = self._list()
            self._held.clear()
        path = self._listed.get(name)
        if path is None:
            return None
        if name not in self._held:
            body = path.read_bytes()
            kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            mark = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            self._held[name] = _Held(body, kind.encode(), mark.encode())
        return self._held[name]

    def _list(self) -> dict[str, Path]:
        return {path.relative_to(self._folder).as_posix(): path for path in self._folder.rglob("*") if path.is_file()}
