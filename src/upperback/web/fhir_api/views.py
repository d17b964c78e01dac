"""`/fhir/`: what this server can do, one resource, a search. Every answer is FHIR, and a cookie opens nothing."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from upperback import __version__
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError, NotAllowed, NotFound
from upperback.interchange.fhir import search
from upperback.services import programs
from upperback.web.person import session

_BEARER: Final = "bearer "
View = Callable[..., dict[str, Any]]


def _fhir(view: View) -> Callable[..., HttpResponse]:
    """Answers and refusals as FHIR JSON; only looking is there."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            response = _answer(search.outcome("this server is only for reading", code="not-supported"), 405)
            response["Allow"] = "GET, HEAD"
            return response
        try:
            return _answer(view(request, *args, **named), 200)
        except _NoToken:
            response = _answer(search.outcome(programs.NOT_THERE, code="login"), 401)
            response["WWW-Authenticate"] = 'Bearer realm="fhir"'
            return response
        except programs.TooOften as error:
            response = _answer(search.outcome(error.message, code="throttled"), 429)
            response["Retry-After"] = "60"
            return response
        except InputError as error:
            return _answer(search.outcome(error.message, code="invalid"), 400)
        except NotAllowed as error:
            return _answer(search.outcome(error.message, code="forbidden"), 403)
        except NotFound:
            return _answer(search.outcome("there is no such resource here", code="not-found"), 404)

    return wrapped


class _NoToken(Exception):
    """Nobody, as far as we know."""


def _answer(body: dict[str, Any], status: int) -> HttpResponse:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return HttpResponse(text, status=status, content_type=f"{search.MEDIA_TYPE}; charset=utf-8")


def _visit(request: HttpRequest) -> programs.Visit:
    given = request.headers.get("Authorization", "")
    try:
        if given[: len(_BEARER)].lower() != _BEARER:
            raise _NoToken
        return _asked_of()(token=given[len(_BEARER) :].strip(), now=session.now())
    except NotFound:
        raise _NoToken from None


def _asked_of() -> Callable[..., programs.Visit]:
    """Who knows tokens: at a service those of its apps, on one's own machine those that the person made by hand."""
    if not settings.SERVICE:
        return programs.visit
    from upperback.services import apps

    return apps.visit


def _record(request: HttpRequest, kind: str, *, by_search: bool) -> programs.Record:
    return programs.read_record(visit=_visit(request), kind=_known(kind), by_search=by_search, now=session.now())


def _base(request: HttpRequest) -> str:
    return request.build_absolute_uri("/fhir/")


def _known(kind: str) -> str:
    if kind not in search.TYPES:
        raise NotFound("no such kind")
    return kind


@_fhir
def metadata(request: HttpRequest) -> dict[str, Any]:
    """`/fhir/metadata`"""
    released, oauth = default_content().release.info.released, None
    if settings.SERVICE:
        from upperback.web.service import smart

        oauth = smart.addresses(request)
    return search.capability(base=_base(request), software=__version__, released=released, oauth=oauth)


@_fhir
def find(request: HttpRequest, kind: str) -> dict[str, Any]:
    """`/fhir/Observation?code=...`"""
    record = _record(request, kind, by_search=True)
    params = [(name, value) for name, values in request.GET.lists() for value in values]
    query = search.read_query(kind, params, record.patient)
    return search.answer(query, record.resources, base=_base(request), params=params, show=record.show)


@_fhir
def read(request: HttpRequest, kind: str, id: str) -> dict[str, Any]:
    """`/fhir/Observation/ID`"""
    record = _record(request, kind, by_search=False)
    for one in record.resources:
        if one.kind == kind and one.resource.id == id:
            return record.show(one)
    raise NotFound("not there")


@_fhir
def nothing(request: HttpRequest) -> dict[str, Any]:
    """Every other address below `/fhir/`."""
    raise NotFound("no such address")
