"""Django middleware: a line per request in the log, and failures turned into pages."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.db import Error as DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers

from upperback.core.errors import UpperbackError
from upperback.web import languages
from upperback.web.catalogues import in_django
from upperback.web.errors import error_page, safe_failure, status_of

_log = logging.getLogger(__name__)

Next = Callable[[HttpRequest], HttpResponseBase]


class RequestLog:
    """Method, name of the page, status and duration. Never the address: it may hold a token or an id."""

    def __init__(self, get_response: Next) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        response = self._get_response(request)
        match = request.resolver_match
        _log.info(
            "request method=%s page=%s status=%d ms=%.1f",
            request.method,
            match.view_name if match else "none",
            response.status_code,
            (time.perf_counter() - started) * 1000,
        )
        return response


class Failures:
    """Deliberate errors get their page; a database that does not answer gets the emergency page; bugs get it too."""

    def __init__(self, get_response: Next) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        if response.status_code == 405 and not response.get("Content-Type", "").startswith("application/"):
            page = error_page(request, 405)
            page["Allow"] = response.get("Allow", "GET")
            return page
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A page for an error raised by a view; None leaves Django's own (404, 403, 400) to their handlers."""
        if isinstance(exception, UpperbackError):
            _log.warning("refused code=%s status=%d", exception.code, status_of(exception))
            return error_page(request, status_of(exception))
        if isinstance(exception, DatabaseError):
            _log.error("database failed", exc_info=exception)
            return safe_failure(503)
        if isinstance(exception, (Http404, PermissionDenied, SuspiciousOperation, BadRequest)) or settings.DEBUG:
            return None
        _log.error("view failed", exc_info=exception)
        return safe_failure(500)


class InLanguage:
    """A page in the language of the reader, for the country they chose. Without a choice: their browser's, English."""

    def __init__(self, get_response: Next) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        cookies = request.COOKIES
        language = languages.chosen(
            cookies.get(languages.LANGUAGE_COOKIE),
            request.headers.get("Accept-Language", ""),
            pseudo=settings.PSEUDO_LANGUAGES,
        )
        region = languages.chosen_region(cookies.get(languages.REGION_COOKIE))
        with languages.reading(language, region), translation.override(in_django(language)):
            response = self._get_response(request)
            if isinstance(response, HttpResponse) and response.get("Content-Type", "").startswith("text/html"):
                if language is not languages.ENGLISH:
                    page = response.content.decode(response.charset)
                    response.content = languages.in_language(page).encode(response.charset)
                    if response.has_header("Content-Length"):
                        response["Content-Length"] = str(len(response.content))
                response["Content-Language"] = languages.tag()
                patch_vary_headers(response, ["Accept-Language", "Cookie"])
            return response
