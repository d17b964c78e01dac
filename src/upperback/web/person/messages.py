"""`/messages/`: what a person writes to whoever looks after them, and what they write back. Nobody watches it."""

import datetime as dt
import uuid
from typing import Any, Final, get_args
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from upperback.care.diary import Appointment
from upperback.content.learn_search import Level
from upperback.core.errors import Conflict, InputError
from upperback.services import appointments, group_places, handing_over, messages
from upperback.services.actors import Actor, public_id
from upperback.services.people import Profile
from upperback.web.person import session
from upperback.web.person.groups import meetings_of
from upperback.web.person.learn import CONTACTS
from upperback.web.person.page import for_person, services, show

#: So many of the next meetings of a group stand among the appointments.
_MEETINGS: Final = 3


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def messages_page(request: HttpRequest, profile: Profile) -> HttpResponseBase:
    """The conversation. Words that alarm bring help to the top first; the message is kept all the same."""
    if not (settings.SERVICE or settings.DEMO):
        raise Http404
    by, now = session.actor_of(request), session.now()
    if request.method != "POST":
        return _page(request, profile)
    try:
        alarm = messages.write_to_clinic(
            profile=profile, client_id=public_id(request.POST.get("client_id", "")),
            words=request.POST.get("words", ""), by=by, now=now,
        )  # fmt: skip
    except InputError as problem:
        return _page(request, profile, error=_(problem.message), words=request.POST.get("words", ""))
    return redirect(f"{reverse('messages')}?help={alarm}" if alarm else f"{reverse('messages')}?sent=1")


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def hand_over(request: HttpRequest, profile: Profile) -> HttpResponseBase:
    """`/messages/hand-over/`: a clinician asks whether a colleague may look after this person; yes or no."""
    if not settings.SERVICE:
        raise Http404
    by, now, posted, error = session.actor_of(request), session.now(), request.POST, None
    if request.method == "POST":
        if posted.get("person") != str(profile.uuid):
            raise Conflict("This page was for somebody else. Look who is chosen here now.")
        try:
            handing_over.answer(
                profile=profile, handed=public_id(posted.get("handed", "")), yes=posted.get("answer") == "yes",
                client_id=public_id(posted.get("client_id", "")), by=by, now=now,
            )  # fmt: skip
            return redirect("sharing")
        except InputError as problem:
            error = _(problem.message)
    context = {
        "profile": profile,
        "asked": handing_over.asked(profile=profile, by=by),
        "client_id": uuid.uuid4(),
        "error": error,
        "has_errors": error is not None,
    }
    return show(request, "person/hand_over.jinja", context, status=422 if error else 200)


@require_safe
@for_person
def appointment_file(request: HttpRequest, profile: Profile, appointment_id: uuid.UUID) -> HttpResponse:
    """`/messages/appointment/ID.ics`: an appointment for one's own calendar."""
    data = appointments.invitation(
        profile=profile, appointment_id=appointment_id, by=session.actor_of(request), now=session.now(),
        title=_("Appointment"),
    )  # fmt: skip
    response = HttpResponse(data, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return response


def when_words(profile: Profile, entry: Appointment) -> str:
    """Day and time by the person's own clock."""
    at = entry.starts_at.astimezone(ZoneInfo(profile.time_zone))
    words = _("%(day)s at %(time)s, %(minutes)s minutes, with %(name)s")
    return words % {
        "day": at.strftime("%-d %B %Y"),
        "time": f"{at:%H:%M}",
        "minutes": entry.minutes,
        "name": entry.name,
    }


def _page(request: HttpRequest, profile: Profile, *, error: str | None = None, words: str = "") -> HttpResponse:
    by, now = session.actor_of(request), session.now()
    asked = request.GET.get("help", "")
    alarm: Level | None = next((level for level in get_args(Level) if level == asked), None)
    readers = messages.readers(profile=profile, by=by, now=now)
    context: dict[str, Any] = {
        "profile": profile,
        "lines": messages.thread(profile=profile, by=by),
        "coming": [
            {"id": row.uuid, "entry": entry, "when": when_words(profile, entry)}
            for row, entry in appointments.coming(profile=profile, by=by, now=now)
        ],
        "groups": _groups(profile, by, now),
        "readers": readers,
        "may_write": bool(readers) or not settings.SERVICE,
        "alarm": alarm,
        "contacts": services(CONTACTS[alarm]) if alarm is not None else [],
        "sent": "sent" in request.GET,
        "words": words,
        "error": error,
        "has_errors": error is not None,
        "client_id": uuid.uuid4(),
    }
    return show(request, "person/messages.jinja", context, status=422 if error else 200)


def _groups(profile: Profile, by: Actor, now: dt.datetime) -> list[dict[str, Any]]:
    """Groups that wait for an answer, and those that the person is in with their next meetings."""
    return [
        {
            "id": place.group.id,
            "title": place.group.title,
            "waits": place.state == "waits",
            "meetings": meetings_of(profile, place, now)[:_MEETINGS] if place.state == "yes" else [],
        }
        for place in group_places.mine(profile=profile, by=by, now=now)
        if place.state in {"yes", "waits"} and not place.group.rhythm.is_over(now)
    ]
