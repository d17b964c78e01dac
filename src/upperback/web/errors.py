"""From errors to pages. Whatever goes wrong, the person sees what happened, what it means and what to do now.

A failure never shows a plan and never reassures: the emergency and 111 card comes first.
"""

from functools import cache
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from upperback.core.errors import Conflict, InputError, NotAllowed, NotFound, Unavailable, UpperbackError
from upperback.web.offline import OfflinePages, render_offline_pages

_STATUS: Final[dict[type[UpperbackError], int]] = {
    InputError: 400,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    Unavailable: 503,
}
_TEMPLATES: Final = {
    400: "errors/bad_request.jinja",
    403: "errors/not_allowed.jinja",
    404: "errors/not_found.jinja",
    405: "errors/method.jinja",
    409: "errors/conflict.jinja",
}


def status_of(error: UpperbackError) -> int:
    """The HTTP status of a deliberate error; 500 for kinds no page can do anything about."""
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)


def error_page(request: HttpRequest, status: int) -> HttpResponse:
    """The page for a status. Falls back to the page that was made at start."""
    name = _TEMPLATES.get(status)
    if name is None:
        return safe_failure(status)
    try:
        return HttpResponse(render_to_string(name, {}, request), status=status)
    except Exception:  # noqa: BLE001  an error page must not fail itself
        return safe_failure(status)


def safe_failure(status: int = 500) -> HttpResponse:
    """The page for everything unforeseen: emergency and 111 first, no plan. Needs no database and no templates now."""
    pages = _pages()
    return HttpResponse(pages.unavailable if status == 503 else pages.failure, status=status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return error_page(request, 404)


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return error_page(request, 403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return error_page(request, 400)


def server_error(request: HttpRequest) -> HttpResponse:
    """500."""
    return safe_failure()


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: usually a page that was open for long, or cookies that are off."""
    try:
        return HttpResponse(render_to_string("errors/form_expired.jinja", {}, request), status=403)
    except Exception:  # noqa: BLE001
        return safe_failure(403)


@cache
def _pages() -> OfflinePages:
    return render_offline_pages(region=settings.REGION, device_notice=settings.DEVICE_NOTICE, demo=settings.DEMO)
