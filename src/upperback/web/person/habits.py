"""Habits: calm breathing, sleep, activity, stress, food, and where to turn when the mood is low."""

import uuid
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError
from upperback.services import habits as service
from upperback.services import plans
from upperback.services.actors import public_id
from upperback.services.people import Profile
from upperback.services.today import local_day
from upperback.web.person import posted as sent
from upperback.web.person import session
from upperback.web.person.page import filled, for_person, services, show

#: Messages of a plan about mood; which of them stand there is decided by its answers.
_MOOD: Final = ("mood_support_pointer", "gp_mood_advice")
_FOOD: Final = "weight_food_card"
_CRISIS: Final = "crisis_card"
_MINUTES_MOST: Final = 1440


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def habits(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/habits/`: short cards, and minutes of activity to write down."""
    by, now = session.actor_of(request), session.now()
    plan = plans.open_plan(profile=profile, by=by)
    today = local_day(profile, now)
    problem = None
    if request.method == "POST":
        try:
            service.keep_active(
                profile=profile, client_id=public_id(request.POST.get("client_id", "")),
                minutes=sent.amount(request.POST, "minutes", _MINUTES_MOST),
                day=sent.past_day(request.POST, "day", today, 7), by=by, now=now,
            )  # fmt: skip
            return redirect("habits")
        except InputError as error:
            problem = error
    mood = plan.record["messages"]
    context = {
        "profile": profile,
        "calm": _card("relaxation"),
        "sleep": _card("sleep_card"),
        "activity": _card("activity_pointer"),
        "food": _food(in_plan=_FOOD in plan.record["messages"]),
        "stress": [filled(line) for line in default_content().load_rules["LM-STRESS"].change_now],
        "weeks": service.activity(profile=profile, by=by, now=now),
        "mood": [_card(id) for id in _MOOD if id in mood],
        "crisis": _card(_CRISIS),
        "crisis_open": _CRISIS in mood or service.answered_nothing_on_mood(profile=profile, by=by),
        "days": sent.past_days(today, 7),
        "posted": request.POST,
        "client_id": uuid.uuid4(),
        "error": _(problem.message) if problem else None,
        "has_errors": problem is not None,
    }
    return show(request, "person/habits.jinja", context, status=400 if problem else 200)


@require_safe
@for_person
def breathing(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/habits/breathing/`: a slow breath to follow, by eye or by the words."""
    plans.open_plan(profile=profile, by=session.actor_of(request))
    return show(request, "person/breathing.jinja", {"profile": profile, "calm": _card("relaxation")})


def _food(*, in_plan: bool) -> list[str]:
    """What to eat. Weight is spoken of only where the plan does: losing some is not good news for everybody."""
    lines: list[str] = _card(_FOOD)["lines"]
    return lines if in_plan else [lines[0], lines[-1]]


def _card(id: str) -> dict[str, Any]:
    message = default_content().messages[id]
    return {
        "id": id,
        "title": message.title,
        "lines": [filled(line) for line in message.lines],
        "services": services(message.contact),
    }
