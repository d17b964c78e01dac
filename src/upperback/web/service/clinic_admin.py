"""`/staff/team/` and `/staff/looks/`: for whoever runs a clinic. Nothing of any record is to be seen here."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from upperback.core.errors import InputError
from upperback.services import access, broad_looks, joining, team
from upperback.services.actors import public_id
from upperback.web.service import mails, visitors
from upperback.web.service.pages import ROLE_WORDS


@require_safe
def team_page(request: HttpRequest) -> HttpResponse:
    """Who works there, and who was invited."""
    return show_team(request)


def show_team(request: HttpRequest, *, error: InputError | None = None) -> HttpResponse:
    """The page; with what was typed where something of it cannot be."""
    by, now, posted = visitors.at_others(request), visitors.now(), request.POST if error is not None else None
    found = team.members(by=by, now=now)
    rows = [
        {
            "id": one.id, "name": one.name, "email": one.email, "role": ROLE_WORDS[one.role], "clinic": one.clinic,
            "since": f"{one.since.day} {one.since:%B %Y}", "can_end": one.can_end,
        }
        for one in found
    ]  # fmt: skip
    context: dict[str, Any] = {
        "members": rows,
        "ended": "ended" in request.GET,
        "invited": [
            {
                "id": one.id, "name": one.name, "email": one.email, "role": ROLE_WORDS[one.role], "clinic": one.clinic,
                "until": f"{one.ends_at.day} {one.ends_at:%B %Y}",
            }
            for one in joining.invited(by=by, now=now)
        ],
        "clinics": [
            {"value": str(job.clinic), "text": job.clinic_name}
            for job in access.jobs_of(actor=by, now=now)
            if job.role == "clinic_admin"
        ],
        "roles": [{"value": role, "text": ROLE_WORDS[role]} for role in ("clinician", "researcher", "support")],
        "asked": "asked" in request.GET,
        "back": request.GET.get("back", ""),
        "posted": posted or {},
        "error": _(error.message) if error is not None else None,
        "field": str(error.details.get("field", "email")) if error is not None else "",
        "has_errors": error is not None,
    }  # fmt: skip
    return render(request, "service/team.jinja", context, status=422 if error is not None else 200)


@require_POST
def team_end(request: HttpRequest) -> HttpResponse:
    """Ends somebody's work, and tells them."""
    member = public_id(request.POST.get("member", ""))
    ended = team.end_work(member=member, by=visitors.at_others(request), now=visitors.now())
    mails.send("upperback/work_ended", ended.account.email)
    return redirect("/staff/team/?ended")


@require_safe
def looks_page(request: HttpRequest) -> HttpResponse:
    """Who opened unusually many records."""
    found = broad_looks.broad_looks(by=visitors.at_others(request), now=visitors.now())
    rows = [
        {
            "id": one.id, "at": f"{one.at.day} {one.at:%B %Y, %H:%M} UTC", "who": one.who, "people": one.people,
            "hours": one.hours, "seen_by": one.seen_by,
            "seen_at": f"{one.seen_at.day} {one.seen_at:%B %Y}" if one.seen_at is not None else "",
        }
        for one in found
    ]  # fmt: skip
    return render(request, "service/looks.jinja", {"looks": rows})


@require_POST
def looks_seen(request: HttpRequest) -> HttpResponse:
    """Somebody has asked about it."""
    text = request.POST.get("event", "")
    event = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    broad_looks.looked_into(event=event, by=visitors.at_others(request), now=visitors.now())
    return redirect("staff_looks")
