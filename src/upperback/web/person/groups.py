"""`/groups/`: groups that a clinic offers to a person. They say yes or no, and leave when they like."""

import datetime as dt
import uuid
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from upperback.care.group_meetings import Meeting
from upperback.content.vocabulary import default_content
from upperback.core.errors import Conflict, InputError
from upperback.services import feeds, group_places, group_weeks
from upperback.services.actors import public_id
from upperback.services.group_places import Place
from upperback.services.people import Profile
from upperback.web import languages
from upperback.web.person import session
from upperback.web.person.page import for_person, show

WEEKDAYS = (
    gettext_lazy("Every Monday"), gettext_lazy("Every Tuesday"), gettext_lazy("Every Wednesday"),
    gettext_lazy("Every Thursday"), gettext_lazy("Every Friday"), gettext_lazy("Every Saturday"),
    gettext_lazy("Every Sunday"),
)  # fmt: skip
STATE_WORDS = {
    "yes": gettext_lazy("You are in it"),
    "waits": gettext_lazy("Waits for your answer"),
    "no": gettext_lazy("You said no"),
    "left": gettext_lazy("You left it"),
    "gone": gettext_lazy("You are not in it"),
}
_DIGITS_MOST = 6


@require_safe
@for_person
def groups_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    """Every group that was offered, the newest offer first."""
    _check_is_here()
    now = session.now()
    places = group_places.mine(profile=profile, by=session.actor_of(request), now=now)
    context = {
        "profile": profile,
        "groups": [
            {
                "id": place.group.id,
                "title": place.group.title,
                "state": place.state,
                "words": _("It is over") if place.group.rhythm.is_over(now) else STATE_WORDS[place.state],
                "waits": place.state == "waits" and not place.group.rhythm.is_over(now),
            }
            for place in places
        ],
    }
    return show(request, "person/groups.jinja", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def group_page(request: HttpRequest, profile: Profile, group_id: uuid.UUID) -> HttpResponse:
    """One group: what it is, who leads it, when it meets; yes, no, or leaving it."""
    _check_is_here()
    by, now, posted, error = session.actor_of(request), session.now(), request.POST, None
    if request.method == "POST":
        if posted.get("person") != str(profile.uuid):
            raise Conflict("This page was for somebody else. Look who is chosen here now.")
        version = posted.get("version", "")
        try:
            group_places.answer(
                profile=profile, group=group_id, said=posted.get("answer", ""), by=by, now=now,
                version=int(version) if version.isascii() and version.isdigit() and len(version) <= _DIGITS_MOST else 0,
                client_id=public_id(posted.get("client_id", "")),
            )  # fmt: skip
            return redirect(request.path)
        except InputError as problem:
            error = _(problem.message)
    place = group_places.place_of(profile=profile, group=group_id, by=by, now=now)
    context = {
        "profile": profile,
        "place": place,
        "group": place.group,
        "is_over": place.group.rhythm.is_over(now),
        "when": when_words(profile, place, now),
        "meetings": meetings_of(profile, place, now),
        "week": _week(group_weeks.own_week(place=place, by=by, now=now)),
        "stops": [one for one in default_content().dose_texts.values() if one.group == "stop_sign"],
        "client_id": uuid.uuid4(),
        "error": error,
        "has_errors": error is not None,
    }
    return show(request, "person/group.jinja", context, status=422 if error else 200)


@require_safe
@for_person
def group_file(request: HttpRequest, profile: Profile, group_id: uuid.UUID) -> HttpResponse:
    """`/groups/ID/meetings.ics`: what is to come, for one's own calendar. Its title says nothing about health."""
    _check_is_here()
    by, now = session.actor_of(request), session.now()
    place = group_places.place_of(profile=profile, group=group_id, by=by, now=now)
    data = feeds.group_file(place=place, by=by, now=now, say=languages.said)
    response = HttpResponse(data, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="meetings.ics"'
    return response


def when_words(profile: Profile, place: Place, now: dt.datetime) -> dict[str, Any]:
    """Day of the week and time by the person's own clock, from the next meeting on."""
    meetings = place.group.meetings
    if not meetings:
        return {}
    shown = next((one for one in meetings if one.ends_at > now and not one.is_off), meetings[0])
    at = shown.starts_at.astimezone(ZoneInfo(profile.time_zone))
    first = meetings[0].starts_at.astimezone(ZoneInfo(profile.time_zone))
    return {"weekday": WEEKDAYS[at.weekday()], "time": f"{at:%H:%M}", "first": first.date()}


def meetings_of(profile: Profile, place: Place, now: dt.datetime) -> list[dict[str, Any]]:
    """The meetings that are not over, by the person's own clock; with the reason where one is called off."""
    return [
        {
            "at": _by_own_clock(profile, one),
            "week": one.week,
            "is_off": one.is_off,
            "why": place.group.off.get(one.day, ""),
        }
        for one in place.group.meetings
        if one.ends_at > now
    ]


def _week(found: group_weeks.OwnWeek | None) -> dict[str, Any] | None:
    """The exercises of the week, in words: the same for everybody where nothing speaks against it."""
    if found is None:
        return None
    exercises = default_content().exercises
    return {
        "number": found.week,
        "closed": _(found.closed) if found.closed else "",
        "rest": _(found.rest) if found.rest else "",
        "items": [
            {
                "exercise": exercises[fit.exercise],
                "is_own": fit.how == "own",
                "amount": _("%(sets)s × %(reps)s") % {"sets": fit.sets, "reps": fit.reps},
                "notes": fit.notes,
                "instead_of": exercises[fit.line.exercise].title if fit.how == "swap" else "",
            }
            for fit in found.fits
            if fit.exercise is not None
        ],
        "left_out": [exercises[fit.line.exercise].title for fit in found.fits if fit.exercise is None],
    }


def _by_own_clock(profile: Profile, meeting: Meeting) -> dt.datetime:
    return meeting.starts_at.astimezone(ZoneInfo(profile.time_zone))


def _check_is_here() -> None:
    if not (settings.SERVICE or settings.DEMO):
        raise Http404
