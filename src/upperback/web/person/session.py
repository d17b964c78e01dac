"""Who is at this browser, and what time it is: the two things a view takes from outside."""

import datetime as dt

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from upperback.services import actors, people
from upperback.services.actors import Actor
from upperback.services.people import Profile

_KEY = "profile"


class NobodyChosen(Exception):
    """This browser has not said who it is for, or its session has run out."""


def now() -> dt.datetime:
    """The one clock of the pages."""
    return timezone.now()


def actor_of(request: HttpRequest) -> Actor:
    """The person at this browser. The front door has let them in; without it (tests) the session names them."""
    if settings.OPENED:
        return actors.READER
    if settings.SERVICE:
        from upperback.web.service import visitors

        return visitors.at_own_record(request)
    installation = request.scope.get("upperback.installation") if hasattr(request, "scope") else None
    return actors.household(installation or request.session.session_key or "-")


def profile_or_none(request: HttpRequest) -> Profile | None:
    """The person this browser is for, if one was chosen and is still there."""
    if settings.OPENED:  # one person, whoever looks
        return next(iter(people.list_profiles(by=actors.READER)), None)
    if settings.SERVICE:
        from upperback.web.service import visitors

        return visitors.own_record(request)
    chosen = request.session.get(_KEY)
    if not isinstance(chosen, str):
        return None
    found = [item for item in people.list_profiles(by=actor_of(request)) if str(item.uuid) == chosen]
    return found[0] if found else None


def profile_of(request: HttpRequest) -> Profile:
    """The person this browser is for. Raises NobodyChosen."""
    profile = profile_or_none(request)
    if profile is None:
        raise NobodyChosen
    return profile


def choose(request: HttpRequest, profile: Profile) -> None:
    """From now on this browser is for that person."""
    request.session[_KEY] = str(profile.uuid)


def forget(request: HttpRequest) -> None:
    """This browser is for nobody any more."""
    request.session.flush()


def ask_who(request: HttpRequest) -> HttpResponse:
    """Back to the page that asks who it is for; from a form, with a word that saved answers are still there.

    In a service that is the front page of a clinic for its staff, and the start page for everybody else.
    """
    if settings.SERVICE:
        from upperback.web.service import visitors

        return redirect("staff" if visitors.account_of(request) is not None else "start")
    return redirect("/people/?again=1" if request.method == "POST" else "/people/")
