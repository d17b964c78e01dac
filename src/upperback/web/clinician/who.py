"""Who looks at somebody else's record, and where such pages are: in a service, in a demo, in an opened archive."""

import hashlib
import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from upperback.services import actors, demo
from upperback.services.actors import Actor
from upperback.web.person import session

View = Callable[..., HttpResponseBase]


def actor_of(request: HttpRequest) -> Actor:
    """In a service whoever is signed in, else a reader. What they may see is asked of `treating`."""
    if settings.SERVICE:
        from upperback.web.service import visitors

        return visitors.at_others(request)
    return actors.READER


def name_of(request: HttpRequest) -> str:
    """How people see whoever is signed in; empty where nobody is."""
    if not settings.SERVICE:
        return ""
    from upperback.web.service import visitors

    account = visitors.account_of(request)
    return account.name or account.email if account is not None else ""


def signing_key(by: Actor) -> bytes:
    """Of this clinician at this service: the same at every time, so that a person knows it again."""
    whom = f"upperback.clinician:{by.kind}:{by.id}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), whom, hashlib.sha256).digest()


def for_clinician(view: View) -> View:
    """A page for whoever looks after many people. On one's own machine there is none of it, but to try it out."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
        if not (settings.SERVICE or settings.DEMO):
            raise Http404
        if settings.DEMO:
            demo.bring_all_to_life(now=session.now())
        return view(request, *args, **named)

    return wrapped


def for_reader(view: View) -> View:
    """The same, and where the archive of one person is opened, too."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
        if not (settings.SERVICE or settings.DEMO or settings.OPENED):
            raise Http404
        return view(request, *args, **named)

    return wrapped
