"""Studies: `/staff/studies/` for researchers, `/share/study/ID/` for a person who may take part."""

import tempfile
import uuid
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from upperback.core.errors import InputError
from upperback.services import research
from upperback.services.people import Profile
from upperback.services.research import KINDS, Study
from upperback.web.downloads import download
from upperback.web.person import session
from upperback.web.person.page import for_person, show
from upperback.web.service import visitors

#: What a study gets, in words for the person.
WORDS: Final = {
    "answers": gettext_lazy("What came of your safety checks, and none of your answers"),
    "plan": gettext_lazy("The exercises of your plan, and how much"),
    "progress": gettext_lazy("Your pain, your sessions and your looks back, as numbers"),
    "wearable": gettext_lazy("What a sensor measured, day by day"),
}
_DAYS: Final = {"90": gettext_lazy("Three months"), "180": gettext_lazy("Six months"), "365": gettext_lazy("One year")}
_FORMS: Final = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}


@require_http_methods(["GET", "HEAD", "POST"])
def studies_page(request: HttpRequest) -> HttpResponse:
    """The studies of somebody's clinic; sent, it makes one."""
    by, now, posted = visitors.at_others(request), visitors.now(), request.POST
    error = None
    if request.method == "POST":
        days = posted.get("days", "")
        try:
            research.make_study(
                name=posted.get("name", ""), about=posted.get("about", ""), approval=posted.get("approval", ""),
                kinds=posted.getlist("kinds"), days=int(days) if days in _DAYS else 0, by=by, now=now,
            )  # fmt: skip
            return redirect("staff_studies")
        except InputError as problem:
            error = problem
    context = {
        "studies": [
            _study(one) | {
                "open": one.ended_at is None and one.ends_at > now,
                "people": research.taking_part(study=one, by=by, now=now),
            }
            for one in research.studies_of(by=by, now=now)
        ],
        "kinds": [{"value": kind, "text": WORDS[kind]} for kind in KINDS],
        "days": [{"value": value, "text": text} for value, text in _DAYS.items()],
        "posted": posted,
        "chosen": posted.getlist("kinds"),
        "error": _(error.message) if error is not None else None,
        "field": error.details.get("field", "name") if error is not None else "",
        "has_errors": error is not None,
    }  # fmt: skip
    return render(request, "service/studies.jinja", context, status=422 if error else 200)


@require_POST
def study_copy(request: HttpRequest, study_id: uuid.UUID) -> HttpResponseBase:
    """The figures of everybody who takes part now, as a file. Each of them is told."""
    form = request.POST.get("form", "")
    if form not in _FORMS:
        raise Http404
    file = tempfile.TemporaryFile()  # noqa: SIM115  closed when the download is through
    try:
        research.copy(
            study=study_id, form="csv" if form == "csv" else "jsonl", out=file, by=visitors.at_others(request),
            now=visitors.now(),
        )  # fmt: skip
    except BaseException:
        file.close()
        raise
    return download(request, file, name=f"study.{form}", kind=_FORMS[form])


@require_POST
def study_end(request: HttpRequest, study_id: uuid.UUID) -> HttpResponse:
    """Ends one."""
    research.end_study(study=study_id, by=visitors.at_others(request), now=visitors.now())
    return redirect("staff_studies")


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def study_page(request: HttpRequest, profile: Profile, study_id: uuid.UUID) -> HttpResponse:
    """What a study is for and what it gets; sent, the person takes part."""
    by, now = session.actor_of(request), session.now()
    study = next((one for one in research.of_person(profile=profile, by=by, now=now) if one.uuid == study_id), None)
    if study is None:
        raise Http404
    chosen, error = request.POST.getlist("see"), None
    if request.method == "POST":
        try:
            research.agree(profile=profile, study=study_id, kinds=chosen, by=by, now=now)
            return redirect("sharing")
        except InputError as problem:
            error = _(problem.message)
    context = {
        "profile": profile, "study": _study(study), "chosen": chosen, "error": error, "has_errors": error is not None,
        "kinds": [{"value": kind, "text": WORDS[kind]} for kind in KINDS if kind in study.data_classes],
    }  # fmt: skip
    return show(request, "service/study.jinja", context, status=422 if error else 200)


def _study(study: Study) -> dict[str, Any]:
    return {
        "id": study.uuid, "name": study.name, "about": study.about, "approval": study.approval,
        "clinic": study.clinic.name, "until": f"{study.ends_at.day} {study.ends_at:%B %Y}",
    }  # fmt: skip
