"""Pages of a service that are not about one's own record: the way on for staff, and a code that somebody was given."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import NoReverseMatch
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from upperback.core.errors import InputError
from upperback.services import access, group_places, sharing, treating
from upperback.services.access_rules import DataClass, Purpose
from upperback.services.actors import public_id
from upperback.web.service import visitors

ROLE_WORDS = {
    "clinician": gettext_lazy("Clinician"),
    "clinic_admin": gettext_lazy("Runs the clinic"),
    "researcher": gettext_lazy("Researcher"),
    "support": gettext_lazy("Support, without anybody's data"),
    "app": gettext_lazy("Program"),
}


@require_safe
def second_step(request: HttpRequest) -> HttpResponse:
    """To the second step that this account has: an app or spare codes, or a passkey."""
    from allauth.account.adapter import get_adapter

    ahead = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(ahead, allowed_hosts=None):
        ahead = resolve_url("staff")
    methods = get_adapter().get_reauthentication_methods(request.user)
    if not methods:
        return redirect("account_login")
    return redirect(f"{methods[0]['url']}?{urlencode({'next': ahead})}")


@require_safe
def staff(request: HttpRequest) -> HttpResponse:
    """`/staff/`: what somebody of the staff can do here."""
    jobs = access.jobs_of(actor=visitors.at_others(request), now=visitors.now())
    shown = [{"role": ROLE_WORDS[job.role], "clinic": job.clinic_name} for job in jobs]
    context = {
        "jobs": shown,
        "is_researcher": any(job.role == "researcher" for job in jobs),
        "is_support": any(job.role == "support" for job in jobs),
        "is_admin": any(job.role == "clinic_admin" for job in jobs),
        "is_clinician": any(job.role == "clinician" for job in jobs),
        "caseload_href": _address("caseload"),
        "account": visitors.account_of(request),
    }
    return render(request, "service/staff.jinja", context)


@require_safe
def still(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    """Asked by an open page about somebody, twice a second: may all that stands on it still be seen?"""
    return _still(request, person_id, "care")


@require_safe
def caring_still(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    """The same for the page of a carer."""
    return _still(request, person_id, "caring")


def _still(request: HttpRequest, person_id: uuid.UUID, purpose: Purpose) -> HttpResponse:
    now_seen = visible(request, person_id, purpose)
    if not now_seen:
        raise Http404
    return HttpResponse(status=204 if request.GET.get("see") == now_seen else 410)


@require_safe
def group_still(request: HttpRequest) -> HttpResponse:
    """The same for a page that names several people: each with what it shows of them, or it goes dark."""
    ids = [found for text in request.GET.get("people", "").split(".") if (found := public_id(text)) is not None]
    named: frozenset[DataClass] = frozenset({"identity", "messages"})
    needed = {"messages": named, "plan": group_places.NEEDED}
    holds = treating.all_still_seen(
        profile_uuids=ids, data_classes=needed.get(request.GET.get("see", ""), treating.EVERYTHING),
        by=visitors.at_others(request), now=visitors.now(),
    )  # fmt: skip
    return HttpResponse(status=204 if ids and holds else 410)


def asked_again(request: HttpRequest, view_name: str, person_id: uuid.UUID) -> dict[str, str]:
    """For a page about somebody else: where it asks whether it may still be seen, and where it leads when not."""
    cares = view_name.startswith("caring")
    seen = visible(request, person_id, "caring" if cares else "care")
    return {
        "still_href": f"{resolve_url('caring_still' if cares else 'still', person_id)}?see={seen}",
        "still_back": resolve_url("caring" if cares else "caseload"),
        "still_back_words": _("People you help") if cares else _("Your people"),
    }


def visible(request: HttpRequest, person_id: uuid.UUID, purpose: Purpose) -> str:
    """What of a person whoever is at this browser may see now, as a page keeps it; empty for nothing."""
    classes = access.visible(
        actor=visitors.at_others(request), person_uuid=person_id, purpose=purpose, now=visitors.now()
    )
    return ".".join(sorted(classes)) if "identity" in classes else ""


@require_http_methods(["GET", "HEAD", "POST"])
def staff_code(request: HttpRequest) -> HttpResponse:
    """`/staff/code/`: a clinician types in the code that a person gave them."""
    if request.method != "POST":
        return render(request, "service/code.jinja", {"staff": True})
    code = request.POST.get("code", "")
    try:
        sharing.accept(code=code, by=visitors.at_others(request), now=visitors.now())
    except InputError as problem:
        context = {"staff": True, "code": code, "error": _(problem.message), "has_errors": True}
        return render(request, "service/code.jinja", context, status=422)
    return redirect(_address("caseload") or "staff")


def _address(name: str) -> str:
    try:
        return resolve_url(name)
    except NoReverseMatch:
        return ""
