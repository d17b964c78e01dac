"""What every page of a person shares: the wrapper around views, the way round, filled sentences."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from upperback.content.models import Service
from upperback.core.errors import Conflict, NotAllowed
from upperback.services import journey, policies
from upperback.services.people import Profile
from upperback.web import languages
from upperback.web.person import session
from upperback.web.places import msk_service, services_here

View = Callable[..., HttpResponseBase]

#: Minutes that the safety check takes somebody new: worked out from its pages by tests/browser/test_newcomer.py.
CHECK_TAKES: Final = {"least": 10, "most": 15}


def for_person(view: View) -> View:
    """Gives the view the person this browser is for.

    Without one it asks who it is for. A page that is stale, or a step that is not open now, becomes a sentence
    with the way on, never a bare error.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            profile = session.profile_of(request)
        except session.NobodyChosen:
            return session.ask_who(request)
        try:
            return view(request, profile, *args, **kwargs)
        except (Conflict, NotAllowed) as error:
            return not_now(request, profile, error)

    return wrapped


def not_now(request: HttpRequest, profile: Profile, error: Conflict | NotAllowed) -> HttpResponse:
    """The page for a step that is not open: what happened, that nothing is lost, where to go on."""
    state = journey.current_state(profile=profile, by=session.actor_of(request), now=session.now())
    href, text = onward(state)
    if error.message in policies.CHECK_BEFORE_TRAINING:
        href, text = reverse("check"), _("Do the safety check")
    context = {"message": _(error.message), "next_href": href, "next_text": text, "stale": isinstance(error, Conflict)}
    return show(request, "person/not_now.jinja", context, status=409)


def onward(state: journey.State) -> tuple[str, str]:
    """The one next step for somebody who stands here: address and words."""
    match state.place:
        case "screening":
            return reverse("check_next"), _("Go on with the safety check")
        case "today":
            return reverse("today"), _("Go to Today")
        case "assessment":
            return reverse("assessment"), _("Go on with your questions")
        case "plan":
            return reverse("plan"), _("Go to your plan")
        case "result" if state.decision is not None:
            return reverse("result", args=[state.decision.uuid]), _("See your result")
        case _:
            return reverse("check"), _("Start the safety check")


def show(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A page, with the words and helpers every page of a person uses."""
    shared = {
        "fill": filled, "nav_items": _nav_items(), "clinic_nav": _clinic_nav(), "check_takes": CHECK_TAKES,
    }  # fmt: skip
    return render(request, template, shared | context, status=status)


def filled(text: str) -> str:
    """A sentence of the content with the services of this region in it; it may begin with one."""
    words = languages.filled(text, services_here())
    return words[:1].upper() + words[1:]


def services(keys: list[str] | tuple[str, ...]) -> list[Service]:
    """The entries of the service table for these keys, in their order."""
    table = {item.key: item for item in services_here().services}
    if (msk := msk_service()) is not None:
        table[msk.key] = msk
    return [table[key] for key in keys if key in table]


def _clinic_nav() -> list[dict[str, str]]:
    found = [
        {"id": "caseload", "href": reverse("caseload"), "text": _("Your people")},
        {"id": "clinic_groups", "href": reverse("clinic_groups"), "text": _("Groups")},
        {"id": "clinic_templates", "href": reverse("clinic_templates"), "text": _("Templates")},
    ]
    return [*found, {"id": "staff", "href": reverse("staff"), "text": _("Your work")}] if settings.SERVICE else found


def _nav_items() -> list[dict[str, str]]:
    if settings.OPENED:
        return [
            {"id": "opened", "href": reverse("opened"), "text": _("Overview")},
            {"id": "plan", "href": reverse("plan"), "text": _("Plan")},
            {"id": "progress", "href": reverse("progress"), "text": _("Progress")},
            {"id": "opened_change", "href": reverse("opened_change"), "text": _("Change the plan")},
        ]
    return [
        {"id": "today", "href": reverse("today"), "text": _("Today")},
        {"id": "plan", "href": reverse("plan"), "text": _("Plan")},
        {"id": "progress", "href": reverse("progress"), "text": _("Progress")},
        {"id": "check", "href": reverse("check"), "text": _("Safety check")},
        {"id": "learn", "href": reverse("learn"), "text": _("Learn")},
    ]
