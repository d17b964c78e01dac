"""`/clinic/people/ID/plan/`, `/fine/`: what a clinician proposes to a person. Nothing changes before their yes."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from upperback.core.errors import Conflict, InputError, NotAllowed
from upperback.services import pictures, plan_changes, proposals, templates, treating
from upperback.services.actors import public_id
from upperback.web import downloads
from upperback.web.clinician.change_form import ROLE_NAMES, form_context, parts_sent
from upperback.web.clinician.who import actor_of, for_clinician, for_reader, name_of, signing_key
from upperback.web.person import session
from upperback.web.person.page import show

METHODS = ["GET", "HEAD", "POST"]


@require_http_methods(METHODS)
@for_clinician
def plan_page(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    """Exercises in and out, doses, cautions, own words: sent to the person, who sees each part and answers."""
    by, now = actor_of(request), session.now()
    seen = treating.see(profile_uuid=person_id, by=by, now=now)
    seen.check("plan")
    profile, name = seen.profile, name_of(request)
    shared = {
        "sends": True,
        "own_name": name,
        "client_id": uuid.uuid4(),
        "back": reverse("clinic_person", args=[person_id]),
    }
    try:
        editable = plan_changes.what_may_change(profile=profile, by=by)
    except NotAllowed as problem:
        waits = plan_changes.what_waits(profile=profile, by=by, now=now)
        context = shared | {"profile": profile, "closed": _(problem.message), "waits": waits}
        return show(request, "clinician/change.jinja", context, status=409)
    error: InputError | Conflict | NotAllowed | None = None
    if request.method == "POST":
        try:
            name = name or request.POST.get("name", "")
            data = plan_changes.propose_change(
                profile=profile, name=name, key=signing_key(by), by=by, now=now, **parts_sent(request, editable)
            )
            client_id = public_id(request.POST.get("client_id", ""))
            proposals.send(seen=seen, data=data, name=name, client_id=client_id, by=by, now=now)
            return redirect(f"{shared['back']}?sent=1")
        except (InputError, Conflict, NotAllowed) as problem:
            error = problem
    context = form_context(request, profile, editable, error) | shared | _sets(request, editable)
    return show(request, "clinician/change.jinja", context, status=422 if error else 200)


def _sets(request: HttpRequest, editable: plan_changes.Editable) -> dict[str, Any]:
    """The sets of exercises of the clinic; of one that was chosen, what fits this person is ticked."""
    by, now = actor_of(request), session.now()
    sets = [one for one in templates.templates_of(by=by, now=now) if one.kind == "exercises"]
    chosen = next((one for one in sets if str(one.id) == request.GET.get("template")), None)
    if chosen is None or request.method == "POST":
        return {"sets": sets}
    here = {item.exercise.id for item in editable.exercises}
    fits = [id for id in chosen.exercises if id in editable.addable]
    return {
        "sets": sets,
        "added": fits,
        "set_name": chosen.name,
        "set_here": len(here & set(chosen.exercises)),
        "set_left_out": len(set(chosen.exercises) - here - set(fits)),
    }


@require_http_methods(METHODS)
@for_clinician
def cleared_page(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    """Exercise is fine, says whoever has seen the person: with what they found, and to the person first."""
    by, now = actor_of(request), session.now()
    seen = treating.see(profile_uuid=person_id, by=by, now=now)
    seen.check("plan")
    seen.check("answers")
    name, back = name_of(request), reverse("clinic_person", args=[person_id])
    error: InputError | NotAllowed | None = None
    if request.method == "POST":
        posted = request.POST
        try:
            name = name or posted.get("name", "")
            data = plan_changes.propose_clearance(
                profile=seen.profile, name=name, has_seen=posted.get("seen") == "yes", role=posted.get("role", ""),
                reason=posted.get("reason", ""),
                key=signing_key(by), by=by, now=now,
            )  # fmt: skip
            client_id = public_id(posted.get("client_id", ""))
            proposals.send(seen=seen, data=data, name=name, client_id=client_id, by=by, now=now)
            return redirect(f"{back}?sent=1")
        except (InputError, NotAllowed) as problem:
            error = problem
    context = {
        "profile": seen.profile,
        "decision": plan_changes.what_waits(profile=seen.profile, by=by, now=now),
        "roles": [{"value": role, "text": words} for role, words in ROLE_NAMES.items()],
        "own_name": name_of(request),
        "posted": request.POST,
        "error": _(error.message) if error is not None else None,
        "where": error.details.get("field", "reason") if error is not None else "",
        "has_errors": error is not None,
        "client_id": uuid.uuid4(),
        "back": back,
    }
    return show(request, "clinician/cleared.jinja", context, status=422 if error else 200)


@require_safe
@for_reader
def picture(request: HttpRequest, person_id: uuid.UUID, sha256: str) -> HttpResponse:
    """`/clinic/people/ID/picture/SHA256/`: beside an exercise in own words, for whoever may see the plan."""
    by = actor_of(request)
    seen = treating.see(profile_uuid=person_id, by=by, now=session.now())
    seen.check("plan")
    return downloads.picture(pictures.picture_of(profile=seen.profile, sha256=sha256, by=by))
