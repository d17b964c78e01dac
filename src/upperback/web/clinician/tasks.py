"""`/clinic/people/ID/tasks/`: what is to be done about one person, by whom and until when, and handing them over."""

import datetime as dt
import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from upperback.core.errors import InputError
from upperback.services import clinic_tasks, handing_over, treating
from upperback.services.actors import public_id
from upperback.services.today import local_day
from upperback.web.clinician.who import actor_of, for_clinician, name_of
from upperback.web.person import session
from upperback.web.person.page import show


@require_http_methods(["GET", "HEAD", "POST"])
@for_clinician
def tasks_page(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    """Notes a task, ticks one off, or hands the person over: three forms, one `what`."""
    by, now = actor_of(request), session.now()
    seen = treating.see(profile_uuid=person_id, by=by, now=now)
    seen.check("messages")
    own_name, posted, error = name_of(request), request.POST, None
    if request.method == "POST":
        try:
            return _kept(request, seen, own_name or posted.get("name", ""))
        except InputError as problem:
            error = problem
    people = clinic_tasks.for_whom(seen=seen, by=by, now=now)
    context = {
        "profile": seen.profile,
        "today": local_day(seen.profile, now),
        "tasks": [(task, uuid.uuid4()) for task in clinic_tasks.tasks_of(seen=seen, by=by)],
        "people": [{"value": "", "text": _("Me")}, *({"value": str(one.id), "text": one.name} for one in people)],
        "colleagues": [
            {"value": str(one.id), "text": one.name} for one in handing_over.colleagues_of(seen=seen, by=by, now=now)
        ],
        "asked": handing_over.waits(seen=seen, by=by),
        "own_name": own_name,
        "posted": posted,
        "what": posted.get("what", ""),
        "error": _(error.message) if error is not None else None,
        "where": error.details.get("field", "words") if error is not None else "",
        "has_errors": error is not None,
        "client_ids": [uuid.uuid4() for _form in range(2)],
        "back": reverse("clinic_person", args=[person_id]),
    }
    return show(request, "clinician/tasks.jinja", context, status=422 if error else 200)


def _kept(request: HttpRequest, seen: treating.Seen, name: str) -> HttpResponse:
    by, now, posted = actor_of(request), session.now(), request.POST
    client_id = public_id(posted.get("client_id", ""))
    match posted.get("what"):
        case "done":
            clinic_tasks.tick_off(
                seen=seen, task_id=public_id(posted.get("task", "")), client_id=client_id, name=name, by=by, now=now
            )
        case "hand_over":
            kept = handing_over.hand_over(
                seen=seen, taker=public_id(posted.get("taker", "")), name=name, words=posted.get("to_person", ""),
                client_id=client_id, by=by, now=now,
            )  # fmt: skip
            if not kept.data["asks"]:
                return redirect("caseload")  # from now on the person is a colleague's
        case _:
            clinic_tasks.note_task(
                seen=seen, client_id=client_id, name=name, words=posted.get("words", ""),
                until=_day(posted.get("until", "")), account=public_id(posted.get("account", "")), by=by, now=now,
            )  # fmt: skip
    return redirect(request.path)


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        return None
