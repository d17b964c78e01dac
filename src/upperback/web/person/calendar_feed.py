"""The calendar that other programs read. No cookie, no session: the address is the secret."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from upperback.services import feeds
from upperback.web import languages
from upperback.web.person import session


@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """`/calendar/SECRET.ics?language=`: a calendar sends no cookie, so the language stands in its address."""
    language = languages.chosen(request.GET.get("language", ""), "")
    with languages.reading(language, languages.region_of_page()):
        content = feeds.read_feed(token=token, now=session.now(), say=languages.said)
    return HttpResponse(content, content_type="text/calendar; charset=utf-8")
