"""The desk: measured without a photo, three things to change at a time, and a sheet for an employer."""

import uuid
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from upperback.care.desk import DeskNow
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError, NotFound
from upperback.services import habits
from upperback.services.actors import public_id
from upperback.services.people import Profile
from upperback.services.today import local_day
from upperback.web.person import session
from upperback.web.person.page import filled, for_person, show

#: The points that are looked at together, and the picture that shows them.
_PARTS: Final[dict[str, tuple[str, ...]]] = {
    "screen": ("W01", "W02", "W03", "W16"),
    "around": ("W04", "W08", "W12", "W15"),
    "seat": ("W05", "W06", "W07", "W09", "W13"),
    "day": ("W10", "W11", "W14", "W17"),
}
_PART_WORDS: Final = {
    "screen": gettext_lazy("Screen and eyes"),
    "around": gettext_lazy("Seen from above"),
    "seat": gettext_lazy("Seat, arms and feet"),
    "day": gettext_lazy("Through the day"),
}
_STATE_WORDS: Final = {
    "fine": gettext_lazy("It fits"),
    "nearly": gettext_lazy("Nearly"),
    "to_change": gettext_lazy("Not yet"),
    "changed": gettext_lazy("Changed"),
    "cannot": gettext_lazy("Does not apply"),
}
_OFFERED: Final = ("fine", "nearly", "to_change", "cannot")


@require_safe
@for_person
def workplace(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/workplace/`: what to change first, and what was looked at."""
    now = session.now()
    desk = habits.desk(profile=profile, by=session.actor_of(request), now=now)
    content = default_content()
    context = {
        "profile": profile,
        "desk": desk,
        "first": [_point(id, desk) | {"client_id": uuid.uuid4()} for id in desk.first],
        "parts": [_part_line(id, desk) for id in _parts()],
        "all": len(content.workstation),
        "days": (local_day(profile, now) - desk.looked).days if desk.looked is not None else None,
    }
    return show(request, "person/workplace.jinja", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def part(request: HttpRequest, profile: Profile, part_id: str = "screen") -> HttpResponse:
    """`/workplace/check/PART/`: a picture with numbers, and the points that it shows."""
    by, now, parts = session.actor_of(request), session.now(), _parts()
    if part_id not in parts:
        raise NotFound("there is no such page")
    desk = habits.desk(profile=profile, by=by, now=now)
    following = next(iter(parts[parts.index(part_id) + 1 :]), None)
    error = None
    if request.method == "POST":
        states = {id: request.POST[id] for id in _PARTS[part_id] if request.POST.get(id)}
        client_id = public_id(request.POST.get("client_id", ""))
        try:
            habits.tell_desk(profile=profile, client_id=client_id, states=states, by=by, now=now)
            return redirect("workplace_part", part_id=following) if following else redirect("workplace")
        except InputError as problem:
            error = _(problem.message)
    context = {
        "profile": profile,
        "part": part_id,
        "heading": str(_PART_WORDS[part_id]),
        "number": parts.index(part_id) + 1,
        "parts": len(parts),
        "points": [_point(id, desk) for id in _PARTS[part_id] if id in default_content().workstation],
        "answers": [{"value": state, "text": str(_STATE_WORDS[state])} for state in _OFFERED],
        "client_id": uuid.uuid4(),
        "error": error,
        "has_errors": bool(error),
    }
    return show(request, "person/workplace_part.jinja", context, status=400 if error else 200)


@require_POST
@for_person
def point(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/workplace/point/`: one point was changed, or cannot be."""
    habits.tell_desk(
        profile=profile, client_id=public_id(request.POST.get("client_id", "")),
        states={request.POST.get("item", ""): request.POST.get("state", "")},
        by=session.actor_of(request), now=session.now(),
    )  # fmt: skip
    return redirect("workplace")


@require_safe
@for_person
def sheet(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/workplace/print/`: the desk check on paper for an employer: the desk, and nothing about anybody's health."""
    now = session.now()
    desk = habits.desk(profile=profile, by=session.actor_of(request), now=now)
    points = [_point(id, desk) for id in default_content().workstation]
    context = {
        "first": [_point(id, desk) for id in desk.first],
        "points": points,
        "day": local_day(profile, now),
        "body_class": "desk-sheet",
    }
    return show(request, "person/workplace_print.jinja", context)


def _parts() -> list[str]:
    return list(_PARTS)


def _part_line(id: str, desk: DeskNow) -> dict[str, Any]:
    """A part with how many of its points were looked at."""
    return {
        "id": id,
        "title": str(_PART_WORDS[id]),
        "looked": sum(point in desk.states for point in _PARTS[id]),
        "all": len(_PARTS[id]),
    }


def _point(id: str, desk: DeskNow) -> dict[str, Any]:
    item = default_content().workstation[id]
    state = desk.states.get(id)
    return {
        "id": id,
        "number": int(id[1:]),
        "title": item.title,
        "check": filled(item.check),
        "fix": filled(item.fix),
        "state": state,
        "told": str(_STATE_WORDS[state]) if state else _("Not looked at yet"),
    }
