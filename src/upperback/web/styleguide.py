"""`/styleguide/`: every component in every state, for people who build pages. Only in debug and demo."""

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from upperback.web.offline import services
from upperback.web.places import region


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The page."""
    at = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
    messages = [
        {"kind": "message", "who": "", "words": "May I swim this week?", "at": at},
        {"kind": "handled", "who": "Robin Hale", "words": "", "at": at},
        {"kind": "message", "who": "Robin Hale", "words": "Yes, short and easy.", "at": at},
    ]
    return render(request, "styleguide.jinja", {"services": services(region()), "messages": messages})
