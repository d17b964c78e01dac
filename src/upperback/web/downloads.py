"""Files that a page gives: handed on in pieces, so that none of them has to fit into memory."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import IO, Final

from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse

from upperback.interchange.pictures import kind_of_picture

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


def picture(data: bytes) -> HttpResponse:
    """A picture from outside, to be shown and never run: its type is that of its first bytes, PNG or JPEG or none."""
    kind = kind_of_picture(data)
    if kind is None:
        raise Http404
    response = HttpResponse(data, content_type=kind)
    response["Content-Disposition"] = f'inline; filename="picture.{kind.removeprefix("image/")}"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
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
