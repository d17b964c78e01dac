"""What a clinician sees first of an opened archive, and the page that proposes a change of the plan."""

import base64
import io
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from upperback.content.vocabulary import default_content
from upperback.core.errors import Conflict, InputError, NotAllowed
from upperback.interchange.plan_change import fingerprint, new_key, public_half
from upperback.services import journey, plan_changes
from upperback.services.people import Profile
from upperback.services.plan_changes import Editable
from upperback.web.downloads import download
from upperback.web.options import default_data_folder, kept_secret
from upperback.web.person import session
from upperback.web.person.page import show

View = Callable[..., HttpResponseBase]

ROLE_NAMES: Final = {
    "physiotherapist": gettext_lazy("Physiotherapist"),
    "gp": gettext_lazy("GP"),
    "doctor": gettext_lazy("Hospital doctor"),
    "nurse": gettext_lazy("Nurse"),
    "midwife": gettext_lazy("Midwife"),
    "occupational_therapist": gettext_lazy("Occupational therapist"),
    "surgical_team": gettext_lazy("Surgery team"),
    "clinician": gettext_lazy("Another clinician"),
}
_KEY_FILE: Final = "clinician.key"


def of_archive(view: View) -> View:
    """Only where an archive is opened; gives the view its person."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
        profile = session.profile_or_none(request) if settings.OPENED else None
        if profile is None:
            raise Http404
        return view(request, profile, *args, **named)

    return wrapped


@require_safe
@of_archive
def overview(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/opened/`: where the person stands, and the way to everything."""
    state = journey.current_state(profile=profile, by=session.actor_of(request), now=session.now())
    decision = state.decision
    context = {
        "profile": profile,
        "state": state,
        "result": default_content().dispositions[decision.disposition].short if decision is not None else None,
    }
    return show(request, "clinician/overview.jinja", context)


@require_http_methods(["GET", "HEAD", "POST"])
@of_archive
def change(request: HttpRequest, profile: Profile) -> HttpResponseBase:
    """`/opened/change/`: exercises in and out, doses, a note; comes back as a signed file. Nothing is stored."""
    by = session.actor_of(request)
    try:
        editable = plan_changes.what_may_change(profile=profile, by=by)
    except NotAllowed as problem:
        return show(request, "clinician/change.jinja", {"profile": profile, "closed": _(problem.message)}, status=409)
    error: InputError | Conflict | None = None
    if request.method == "POST":
        posted = request.POST
        try:
            data = plan_changes.propose_change(
                profile=profile, name=posted.get("name", ""), role=posted.get("role", ""), add=posted.getlist("add"),
                remove=posted.getlist("remove"), doses=_doses(request, editable), note=posted.get("note", ""),
                key=_key(), by=by, now=session.now(),
            )  # fmt: skip
            name = f"plan-change-{session.now():%Y-%m-%d}.json"
            return download(request, io.BytesIO(data), name=name, kind="application/json")
        except (InputError, Conflict) as problem:
            error = problem
    context = _context(request, profile, editable, error)
    return show(request, "clinician/change.jinja", context, status=422 if error else 200)


def _doses(request: HttpRequest, editable: Editable) -> dict[str, tuple[int, int]]:
    found = {}
    for item in editable.exercises:
        id = item.exercise.id
        sets, reps = (request.POST.get(f"{name}-{id}", "").strip() for name in ("sets", "reps"))
        if not sets and not reps:
            continue
        if not (sets.isascii() and sets.isdigit() and reps.isascii() and reps.isdigit()):
            raise InputError("Write whole numbers for sets and repetitions", exercise=id)
        found[id] = (int(sets), int(reps))
    return found


def _context(
    request: HttpRequest, profile: Profile, editable: Editable, error: InputError | Conflict | None
) -> dict[str, Any]:
    posted, content = request.POST, default_content()
    where = (error.details.get("field") or error.details.get("exercise") or "note") if error is not None else ""
    left_out = set(editable.plan.choices.get("leave_out", ()))
    return {
        "profile": profile,
        "plan": editable.plan,
        "exercises": [
            {
                "id": item.exercise.id, "title": item.exercise.title, "kind": item.exercise.kind, "bounds": item.bounds,
                "under_way": item.exercise.id in editable.under_way,
                "sets": posted.get(f"sets-{item.exercise.id}") or item.dose.sets,
                "reps": posted.get(f"reps-{item.exercise.id}") or item.dose.reps, "unit": item.dose.unit,
                "out": item.exercise.id in posted.getlist("remove"),
            }
            for item in editable.exercises
            if item.exercise.id not in left_out
        ],
        "addable": [
            {"value": id, "text": content.exercises[id].title, "hint": content.exercises[id].purpose}
            for id in editable.addable
        ],
        "roles": [{"value": role, "text": name} for role, name in ROLE_NAMES.items()],
        "posted": posted,
        "added": posted.getlist("add"),
        "fingerprint": fingerprint(public_half(_key())),
        "error": _(error.message) if error is not None else None,
        "where": where,
        "has_errors": error is not None,
    }  # fmt: skip


def _key() -> bytes:
    """The clinician's own key, made when it is first needed; never in the folder of the archive."""
    folder = settings.OPTIONS.keys or default_data_folder({})
    kept = kept_secret(Path(folder), _KEY_FILE, lambda: base64.b64encode(new_key()).decode("ascii"))
    return base64.b64decode(kept)
