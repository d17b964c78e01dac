"""`/fhir/Group/CLINIC/$export` and what follows: FHIR Bulk Data for systems of a clinic. A cookie opens nothing."""

import asyncio
import datetime as dt
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from functools import wraps
from typing import IO, Any, Final

from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import http_date
from django.views.decorators.csrf import csrf_exempt

from upperback.core.errors import Conflict, InputError, NotFound
from upperback.interchange.fhir import search
from upperback.interchange.fhir.bulk import LINES_TYPE, read_order
from upperback.services import bulk, clinic_systems
from upperback.services.actors import Actor
from upperback.services.bulk import BulkExport
from upperback.web import worker
from upperback.web.service import visitors

_BEARER: Final = "bearer "
_PIECE: Final = 256 * 1024
#: A file that is being sent is asked about so often; what is on its way when a consent is taken back is this much.
_ASKS_EVERY_S: Final = 0.4
_ASK_AGAIN_S: Final = 2
_WAIT_S: Final = 60
View = Callable[..., HttpResponseBase]

_WHY_GONE: Final = {
    "person": "this copy is gone: somebody in it took their consent back. Ask for a new one",
    "old": "this copy is gone: it could be fetched for a day. Ask for a new one",
    "deleted": "this copy was deleted",
}


def _bulk(*methods: str) -> Callable[[View], View]:
    """For a system with its token; refusals as FHIR says them, and nothing stays in a cache."""

    def decorate(view: View) -> View:
        @csrf_exempt  # no cookie opens anything, so none can be misused
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
            answer = _answered(view, methods, request, args, named)
            answer["Cache-Control"] = "no-store"
            return answer

        return wrapped

    return decorate


def _answered(
    view: View, methods: tuple[str, ...], request: HttpRequest, args: tuple[Any, ...], named: dict[str, Any]
) -> HttpResponseBase:
    if request.method not in methods:
        answer = _outcome("this is not done here", "not-supported", 405)
        answer["Allow"] = ", ".join(methods)
        return answer
    try:
        by = _visitor(request)
    except NotFound:
        answer = _outcome(clinic_systems.NOT_THERE, "login", 401)
        answer["WWW-Authenticate"] = 'Bearer realm="fhir"'
        return answer
    try:
        return view(request, by, *args, **named)
    except bulk.GoneError as error:
        return _outcome(_WHY_GONE.get(error.details.get("why", ""), error.message), "deleted", 410)
    except NotFound:
        return _outcome("there is no such thing here", "not-found", 404)
    except InputError as error:
        return _outcome(error.message, "invalid", 400)
    except Conflict as error:
        answer = _outcome(error.message, "throttled", 429)
        answer["Retry-After"] = str(_WAIT_S)
        return answer


def _visitor(request: HttpRequest) -> Actor:
    given = request.headers.get("Authorization", "")
    if given[: len(_BEARER)].lower() != _BEARER:
        raise NotFound(clinic_systems.NOT_THERE)
    return clinic_systems.visit(token=given[len(_BEARER) :].strip(), now=visitors.now()).actor


def _outcome(message: str, code: str, status: int) -> HttpResponse:
    return _json(search.outcome(message, code=code), status, kind=search.MEDIA_TYPE)


def _json(body: dict[str, Any], status: int, *, kind: str = "application/json") -> HttpResponse:
    return HttpResponse(json.dumps(body, ensure_ascii=False), status=status, content_type=f"{kind}; charset=utf-8")


def _preferences(request: HttpRequest) -> set[str]:
    given = request.headers.get("Prefer", "").lower()
    return {part.strip() for half in given.split(";") for part in half.split(",")}


@_bulk("GET")
def kick_off(request: HttpRequest, by: Actor, clinic_id: uuid.UUID) -> HttpResponseBase:
    """`/fhir/Group/CLINIC/$export`: asks for a copy."""
    prefers = _preferences(request)
    if "respond-async" not in prefers:
        raise InputError("send the header Prefer: respond-async")
    params = [(name, value) for name, values in request.GET.lists() for value in values]
    order = read_order(params, lenient="handling=lenient" in prefers)
    made = bulk.ask(
        clinic=clinic_id, order=order, request=request.build_absolute_uri(), by=by, now=visitors.now()
    )  # fmt: skip
    worker.hurry()
    answer = _json(search.outcome("the copy is being made", code="informational", severity="information"), 202)
    answer["Content-Location"] = request.build_absolute_uri(reverse("bulk_status", args=[made.uuid]))
    return answer


@_bulk("GET", "DELETE")
def status(request: HttpRequest, by: Actor, export_id: uuid.UUID) -> HttpResponseBase:
    """`/fhir/bulk/ID/`: how far it is, what there is to fetch; DELETE takes it away."""
    if request.method == "DELETE":
        bulk.delete(export=export_id, by=by, now=visitors.now())
        return _json(search.outcome("the copy is gone", code="informational", severity="information"), 202)
    found = bulk.find(export=export_id, by=by, now=visitors.now())
    if found.state == BulkExport.State.FAILED:
        return _outcome("the copy could not be made: tell whoever runs the service", "exception", 500)
    if found.state != BulkExport.State.READY:
        answer = HttpResponse(status=202)
        answer["X-Progress"] = f"{found.people_done} of {found.people} people" if found.people else "waits"
        answer["Retry-After"] = str(_ASK_AGAIN_S)
        return answer
    answer = _json(_manifest(request, found), 200)
    if found.ends_at is not None:
        answer["Expires"] = http_date(found.ends_at.timestamp())
    return answer


def _manifest(request: HttpRequest, export: BulkExport) -> dict[str, Any]:
    files = [
        {
            "type": one["type"], "count": one["count"],
            "url": request.build_absolute_uri(reverse("bulk_file", args=[export.uuid, one["name"]])),
        }
        for one in export.files
    ]  # fmt: skip
    return {
        "transactionTime": _instant(export.requested_at),
        "request": export.request,
        "requiresAccessToken": True,
        "output": [one for one in files if one["type"] != "OperationOutcome"],
        "error": [one for one in files if one["type"] == "OperationOutcome"],
    }


def _instant(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@_bulk("GET")
def file(request: HttpRequest, by: Actor, export_id: uuid.UUID, name: str) -> HttpResponseBase:
    """`/fhir/bulk/ID/Observation.ndjson`"""
    return sent(request, by, export_id, name)


def sent(request: HttpRequest, by: Actor, export_id: uuid.UUID, name: str) -> StreamingHttpResponse:
    """A file of a copy in pieces, for as long as it may be fetched; then the line is cut, short of its length."""
    opened = bulk.open_file(export=export_id, name=name, by=by, now=visitors.now())
    length = opened.seek(0, 2)
    opened.seek(0)

    def goes_on() -> bool:
        return bulk.still_there(export=export_id, by=by, now=visitors.now())

    pieces = _later(opened, goes_on) if isinstance(request, ASGIRequest) else _now(opened, goes_on)
    answer = StreamingHttpResponse(pieces, content_type=LINES_TYPE)
    answer["Content-Length"] = str(length)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


class CutError(ConnectionError):
    """A file that may not be sent any more."""


def _now(opened: IO[bytes], goes_on: Callable[[], bool]) -> Iterator[bytes]:
    asked = time.monotonic()
    with opened:
        while piece := opened.read(_PIECE):
            if time.monotonic() - asked >= _ASKS_EVERY_S:
                if not goes_on():
                    raise CutError
                asked = time.monotonic()
            yield piece


async def _later(opened: IO[bytes], goes_on: Callable[[], bool]) -> AsyncIterator[bytes]:
    def asked() -> bool:
        try:
            return goes_on()
        finally:
            connection.close()  # of a thread that Django does not look after

    pieces = _now(opened, asked)
    try:
        while piece := await asyncio.to_thread(next, pieces, b""):
            yield piece
    finally:
        opened.close()
