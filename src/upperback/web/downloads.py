"""Files that a page gives: handed on in pieces, so that none of them has to fit into memory."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import IO, Final

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

_PIECE: Final = 256 * 1024


def download(request: HttpRequest, file: IO[bytes], *, name: str, kind: str) -> StreamingHttpResponse:
    """A file from its beginning, to be kept under this name; it is closed when it is through.

    Parameters
    ----------
    name : of ours, never a person's words
    kind : media type
    """
    length = file.seek(0, 2)
    file.seek(0)
    pieces = _later(file) if isinstance(request, ASGIRequest) else _now(file)
    response = StreamingHttpResponse(pieces, content_type=kind)
    response["Content-Length"] = str(length)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _now(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece


async def _later(file: IO[bytes]) -> AsyncIterator[bytes]:
    try:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece
    finally:
        file.close()
