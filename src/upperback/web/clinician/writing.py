"""`/clinic/people/ID/messages/`: the conversation with one person, what is dealt with, and notes about them."""

import datetime as dt
import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from upperback.core.errors import InputError
from upperback.services import appointments, messages, templates, treating
from upperback.services.actors import public_id
from upperback.web.clinician.who import actor_of, for_clinician, name_of
from upperback.web.person import session
from upperback.web.person.messages import when_words
from upperback.web.person.page import show


@require_http_methods(["GET", "HEAD", "POST"])
@for_clinician
def messages_page(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    """Writes back, says that something is dealt with, or notes something down: three forms, one `what`."""
    by, now = actor_of(request), session.now()
    seen = treating.see(profile_uuid=person_id, by=by, now=now)
    seen.check("messages")
    own_name = name_of(request)
    error: InputError | None = None
    posted = request.POST
    if request.method == "POST":
        name = own_name or posted.get("name", "")
        client_id, words = public_id(posted.get("client_id", "")), posted.get("words", "")
        try:
            match posted.get("what"):
                case "handled":
                    messages.handled(seen=seen, client_id=client_id, name=name, by=by, now=now)
                case "note":
                    messages.keep_note(seen=seen, client_id=client_id, name=name, words=words, by=by, now=now)
                case "appointment":
                    appointments.make_appointment(
                        seen=seen, client_id=client_id, name=name, wall_time=_wall_time(posted.get("at", "")),
                        minutes=_minutes(posted.get("minutes", "")), words=posted.get("where", ""),
                        template=settings.OPTIONS.video_url, by=by, now=now,
                    )  # fmt: skip
                case "off":
                    appointments.call_off(
                        seen=seen, appointment_id=public_id(posted.get("appointment", "")), client_id=client_id,
                        name=name, by=by, now=now,
                    )  # fmt: skip
                case _:
                    messages.write_back(seen=seen, client_id=client_id, name=name, words=words, by=by, now=now)
            return redirect(request.path)
        except InputError as problem:
            error = problem
    lines = messages.thread(profile=seen.profile, by=by)
    context = {
        "profile": seen.profile,
        "lines": lines,
        "waits": bool(lines) and lines[-1].kind == "person",
        "alarms": any(line.alarm for line in _since_answer(lines)),
        "coming": [
            {"id": row.uuid, "entry": entry, "when": when_words(seen.profile, entry), "off_id": uuid.uuid4()}
            for row, entry in appointments.coming(profile=seen.profile, by=by, now=now)
        ],
        "has_video": bool(settings.OPTIONS.video_url),
        "zone": seen.profile.time_zone,
        "templates": [one for one in templates.templates_of(by=by, now=now) if one.kind == "message"],
        "filled": _filled(request),
        "notes": messages.notes(seen=seen, by=by),
        "own_name": own_name,
        "posted": posted,
        "what": posted.get("what", ""),
        "error": _(error.message) if error is not None else None,
        "where": error.details.get("field", "words") if error is not None else "",
        "has_errors": error is not None,
        "client_ids": [uuid.uuid4() for _form in range(4)],
        "back": reverse("clinic_person", args=[person_id]),
    }
    return show(request, "clinician/messages.jinja", context, status=422 if error else 200)


def _filled(request: HttpRequest) -> str:
    """The words of the template that was chosen, to be read and changed before they are sent."""
    chosen = public_id(request.GET.get("template", ""))
    found = templates.template_of(template=chosen, by=actor_of(request), now=session.now()) if chosen else None
    return found.words if found is not None else ""


def _wall_time(text: str) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        raise InputError("Enter a day and a time", field="at") from None
    return found.replace(tzinfo=None)


def _minutes(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise InputError("Enter how many minutes", field="minutes")
    return int(text)


def _since_answer(lines: list[messages.Line]) -> list[messages.Line]:
    """What the person wrote since the last answer."""
    found: list[messages.Line] = []
    for line in reversed(lines):
        if line.kind != "person":
            break
        found.append(line)
    return found
