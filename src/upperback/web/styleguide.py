"""`/styleguide/`: every component in every state, for people who build pages. Only in debug and demo."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from upperback.web.offline import services
from upperback.web.places import region


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The page."""
    return render(request, "styleguide.jinja", {"services": services(region())})
