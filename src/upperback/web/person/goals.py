"""Goals: what the person wants to do again, in own words."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from upperback.care.diary import GoalTold, kind_of, read_entry
from upperback.core.errors import InputError
from upperback.services import goals, reviews
from upperback.services.actors import public_id
from upperback.services.people import Profile
from upperback.web.person import session
from upperback.web.person.page import for_person, show
from upperback.web.person.review import score


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def goals_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/goals/`: every goal with what it is tied to; add one, change one, mark one as reached."""
    by, now = session.actor_of(request), session.now()
    error: InputError | None = None
    if request.method == "POST":
        try:
            goals.tell_goal(
                profile=profile, client_id=public_id(request.POST.get("client_id", "")), told=_read(request.POST),
                by=by, now=now,
            )  # fmt: skip
            return redirect("goals")
        except InputError as problem:
            error = problem
    found = goals.list_goals(profile=profile, by=by)
    changed = request.POST.get("goal", "") if error else request.GET.get("change", "")
    context: dict[str, Any] = {
        "profile": profile,
        "open": [goal for goal in found if goal.state == "open"],
        "reached": [goal for goal in found if goal.state == "reached"],
        "change": changed,
        "activities": [{"value": words, "text": words} for words in reviews.first_activities(profile=profile, by=by)],
        "posted": request.POST if error else QueryDict(),
        "error": error,
        "has_errors": error is not None,
        "new_id": f"own-{uuid.uuid4().hex[:12]}",
        "client_ids": [uuid.uuid4() for _one in range(len(found) * 3 + 1)],
    }
    return show(request, "person/goals.jinja", context, status=400 if error else 200)


def _read(posted: QueryDict) -> GoalTold:
    told: dict[str, Any] = {
        "goal": posted.get("goal", ""),
        "words": posted.get("words", "")[: goals.WORDS_MAX + 1],
        "activity": posted.get("activity", ""),
        "aim": score(posted, "aim"),
        "state": posted.get("state", "open"),
    }
    entry = read_entry(kind_of(GoalTold), told)
    assert isinstance(entry, GoalTold), "the kind says so"
    return entry
