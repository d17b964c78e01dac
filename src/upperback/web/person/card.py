"""The card for the next sore spell: what helped, what to do in the first days, when to get help. To print and keep."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError
from upperback.services import history, journey, reviews
from upperback.services.actors import public_id
from upperback.services.people import Profile
from upperback.web.person import session
from upperback.web.person.page import filled, for_person, show

#: The card of every result: when to get help.
_NET = "core"


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def card_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/card/`: own words first. What to do is said only while a plan is open or a review that allows it stands."""
    by, now = session.actor_of(request), session.now()
    error = None
    if request.method == "POST":
        try:
            history.keep_what_helped(
                profile=profile, client_id=public_id(request.POST.get("client_id", "")),
                words=request.POST.get("words", ""), by=by, now=now,
            )  # fmt: skip
            return redirect("card")
        except InputError as problem:
            error = _(problem.message)
    words, tasks = history.what_helped(profile=profile, by=by)
    content = default_content()
    net = content.messages[_NET]
    state = journey.current_state(profile=profile, by=by, now=now)
    newest = reviews.newest_review(profile=profile, by=by)
    goes_on = (
        newest is not None
        and newest.outcome != "seek_medical_help"
        and reviews.review_stands(newest, profile=profile, by=by)
    )
    context = {
        "profile": profile,
        "words": request.POST.get("words", words) if error else words,
        "tasks": [content.load_rules[id].title for id in tasks if id in content.load_rules],
        "may": state.plan_open or goes_on,
        "net": {"title": net.title, "lines": [filled(line) for line in net.lines]},
        "least": content.limit("review_maintenance_days_least"),
        "most": content.limit("review_maintenance_days_most"),
        "error": error,
        "has_errors": bool(error),
        "client_id": request.POST.get("client_id") if error else uuid.uuid4(),
    }
    return show(request, "person/card.jinja", context, status=400 if error else 200)
