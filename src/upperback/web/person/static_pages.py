"""Pages that say the same to everybody: the start page and what this is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """`/`: what this is and the one thing to do next."""
    try:
        check = reverse("check")
    except NoReverseMatch:
        check = "/check/"
    return render(request, "start.jinja", {"next_href": check})


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """`/about/`: what this is for, what it is not, and where the advice comes from."""
    return render(request, "about.jinja")
