"""Pages that say the same to everybody: the start page and what this is."""

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """`/`: what this is and the one thing to do next."""
    from upperback.web.person.page import CHECK_TAKES

    href, text = _onward(request)
    return render(request, "start.jinja", {"next_href": href, "next_text": text, "check_takes": CHECK_TAKES})


def _onward(request: HttpRequest) -> tuple[str | None, str | None]:
    """For somebody who has been here before: where they go on. The start page works without a database too."""
    from upperback.services import journey
    from upperback.web.person import page, session

    try:
        profile = session.profile_or_none(request)
        if profile is None:
            return None, None
        return page.onward(journey.current_state(profile=profile, by=session.actor_of(request), now=session.now()))
    except DatabaseError:
        return None, None


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """`/about/`: what this is for, what it is not, and where the advice comes from."""
    return render(request, "about.jinja")
