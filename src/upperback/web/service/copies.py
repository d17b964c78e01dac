"""Copies for a clinic: `/share/copy/CLINIC/` where a person says yes, `/staff/copies/` to make and fetch them."""

import uuid
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from upperback.core.errors import Conflict, InputError
from upperback.interchange.fhir.bulk import Order
from upperback.services import bulk
from upperback.services.actors import public_id
from upperback.services.bulk import BulkExport
from upperback.services.people import Profile
from upperback.web import worker
from upperback.web.person import session
from upperback.web.person.page import for_person, show
from upperback.web.service import bulk_api, visitors
from upperback.web.service.shared import DAYS, WORDS

_KINDS: Final = ("answers", "plan", "progress", "wearable")
_STATES: Final = {
    "waiting": gettext_lazy("waits"),
    "running": gettext_lazy("is being made"),
    "ready": gettext_lazy("ready"),
    "gone": gettext_lazy("gone"),
    "failed": gettext_lazy("could not be made"),
}
_WHY: Final = {
    "person": gettext_lazy("Somebody in it took back their yes, or it ran out. Make a new one."),
    "old": gettext_lazy("It was there for a day."),
    "deleted": gettext_lazy("It was deleted."),
    "failed": gettext_lazy("Something went wrong. Try again, or tell whoever runs the service."),
}
#: Kinds of resources in words; the others go by their name in FHIR.
_FILES: Final = {
    "CarePlan": gettext_lazy("Plans"),
    "Communication": gettext_lazy("Advice that was given"),
    "Condition": gettext_lazy("What people say they have"),
    "DetectedIssue": gettext_lazy("Exercises that do not fit"),
    "Device": gettext_lazy("Sensors and programs"),
    "Flag": gettext_lazy("Cautions"),
    "Goal": gettext_lazy("Goals"),
    "GuidanceResponse": gettext_lazy("Rules that counted"),
    "Observation": gettext_lazy("What was told and measured"),
    "Patient": gettext_lazy("People"),
    "Procedure": gettext_lazy("Sessions"),
    "Provenance": gettext_lazy("Who says so"),
    "QuestionnaireResponse": gettext_lazy("Answers to questions"),
    "ServiceRequest": gettext_lazy("Referrals"),
}


# ---- for the person -------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def copy_page(request: HttpRequest, profile: Profile, clinic_id: uuid.UUID) -> HttpResponse:
    """What it means, and what to let the clinic's computer have; sent, it may have that."""
    by, now = session.actor_of(request), session.now()
    found = bulk.clinics_of_person(profile=profile, by=by, now=now)
    clinic = next((one for one in found if one.uuid == clinic_id), None)
    if clinic is None:
        raise Http404
    chosen, days, error = request.POST.getlist("see"), request.POST.get("days", ""), None
    if request.method == "POST":
        try:
            bulk.agree(
                profile=profile, clinic=clinic_id, kinds=[one for one in chosen if one in WORDS],
                days=int(days) if days in DAYS else 0, by=by, now=now,
            )  # fmt: skip
            return redirect("sharing")
        except InputError as problem:
            error = problem
    context = {
        "profile": profile,
        "clinic": clinic.name,
        "kinds": [{"value": kind, "text": WORDS[kind]} for kind in _KINDS],
        "mood": WORDS["mood"],
        "days": [{"value": value, "text": text} for value, text in DAYS.items()],
        "chosen": chosen,  # nothing is ticked for anybody
        "day": days or "90",
        "error": _(error.message) if error is not None else None,
        "field": "days" if error is not None and error.details.get("field") == "ends_at" else "see",
        "has_errors": error is not None,
    }
    return show(request, "service/copy.jinja", context, status=422 if error else 200)


# ---- for whoever runs the clinic ------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def copies_page(request: HttpRequest) -> HttpResponse:
    """The copies of a clinic; sent, one more is asked for."""
    by, now = visitors.at_others(request), visitors.now()
    error = None
    if request.method == "POST":
        try:
            _ask(request)
            return redirect("staff_copies")
        except Conflict as problem:
            error = _(problem.message)
    found = bulk.exports_of(by=by, now=now)
    open_ones = {one.clinic_id for one in found if one.state in {"waiting", "running"}}
    context = {
        "clinics": [
            {
                "id": clinic.uuid, "name": clinic.name, "is_busy": clinic.pk in open_ones,
                "people": bulk.people_of(clinic=clinic, by=by, now=now),
                "has_earlier": any(one.clinic_id == clinic.pk and one.finished_at is not None for one in found),
            }
            for clinic in bulk.clinics_of(by=by, now=now)
        ],
        "copies": [_copy(one) for one in found],
        "error": error,
        "has_errors": error is not None,
    }  # fmt: skip
    return render(request, "service/copies.jinja", context, status=409 if error else 200)


def _ask(request: HttpRequest) -> None:
    by, now = visitors.at_others(request), visitors.now()
    clinic = public_id(request.POST.get("clinic", "")) or uuid.UUID(int=0)
    since = None
    if request.POST.get("what") == "new":
        earlier = [one for one in bulk.exports_of(by=by, now=now) if one.clinic.uuid == clinic and one.finished_at]
        since = earlier[0].requested_at if earlier else None
    bulk.ask(clinic=clinic, order=Order(since=since), request=request.build_absolute_uri(), by=by, now=now)
    worker.hurry()


@require_safe
def copy_progress(request: HttpRequest, export_id: uuid.UUID) -> HttpResponse:
    """How far it is, asked by the open page."""
    found = bulk.find(export=export_id, by=visitors.at_others(request), now=visitors.now())
    return JsonResponse({"state": found.state, "done": found.people_done, "of": found.people, "words": _far(found)})


@require_safe
def copy_file(request: HttpRequest, export_id: uuid.UUID, name: str) -> HttpResponseBase:
    """A file. Everybody in it is told."""
    return bulk_api.sent(request, visitors.at_others(request), export_id, name)


@require_POST
def copy_delete(request: HttpRequest) -> HttpResponse:
    """Takes one away."""
    export = public_id(request.POST.get("copy", "")) or uuid.UUID(int=0)
    bulk.delete(export=export, by=visitors.at_others(request), now=visitors.now())
    return redirect("staff_copies")


def _copy(export: BulkExport) -> dict[str, Any]:
    return {
        "id": export.uuid, "asked": _when(export.requested_at), "clinic": export.clinic.name,
        "state": export.state, "is_open": export.state in {"waiting", "running"}, "tag": _STATES[export.state],
        "since": _when(export.since) if export.since is not None else "",
        "why": _WHY.get(export.why, ""), "until": _when(export.ends_at) if export.ends_at is not None else "",
        "people": export.people, "done": export.people_done, "far": _far(export),
        "files": [
            {"name": one["name"], "title": _FILES.get(one["type"], one["type"]), "size": _size(one)}
            for one in (export.files if export.state == BulkExport.State.READY else [])
        ],
    }  # fmt: skip


def _far(export: BulkExport) -> str:
    if not export.people:
        return _("It begins in a moment.")
    return _("%(done)s of %(people)s people") % {"done": export.people_done, "people": export.people}


def _size(file: dict[str, Any]) -> str:
    lines = ngettext("%(num)s line", "%(num)s lines", file["count"]) % {"num": f"{file['count']:,}"}
    return f"{lines}, {max(1, round(file['bytes'] / 1000)):,}\N{NO-BREAK SPACE}kB"


def _when(at: Any) -> str:
    return f"{at.day} {at:%B %Y, %H:%M} UTC"
