"""Who looks at somebody else's record, and where such pages are: in a service, in a demo, in an opened archive."""

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from upperback.services import demo
from upperback.services.actors import Actor
from upperback.web.person import session

View = Callable[..., HttpResponseBase]


def is_service() -> bool:
    """Whether accounts decide who sees whom."""
    return bool(getattr(settings, "SERVICE", False))


def actor_of(request: HttpRequest) -> Actor:
    """In a service whoever is signed in, else whoever is at this browser. What they may see is asked of `treating`."""
    if is_service():
        actor: Actor = import_module("upperback.web.service.visitors").at_others(request)
        return actor
    return session.actor_of(request)


def for_clinician(view: View) -> View:
    """A page for whoever looks after many people. On one's own machine there is none of it, but to try it out."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
        if not (is_service() or settings.DEMO):
            raise Http404
        if settings.DEMO:
            demo.bring_all_to_life(now=session.now())
        return view(request, *args, **named)

    return wrapped


def for_reader(view: View) -> View:
    """The same, and where the archive of one person is opened, too."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
        if not (is_service() or settings.DEMO or settings.OPENED):
            raise Http404
        return view(request, *args, **named)

    return wrapped
