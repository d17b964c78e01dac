"""Programs that may read a record over FHIR: made, seen and taken away."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from upperback.core.errors import Conflict, InputError
from upperback.services import programs as service
from upperback.services.actors import public_id
from upperback.services.people import Profile
from upperback.web.person import session
from upperback.web.person.page import for_person, show

_OTHER_PERSON: Final = "Somebody else was chosen in another window. Nothing was saved. Look whose page this is"
#: What the page offers, and the scopes behind it.
_READS: Final[dict[str, tuple[str, ...]]] = {
    "measures": ("patient/Patient.rs", "patient/Observation.rs", "patient/Device.rs"),
    "plan": ("patient/Patient.rs", "patient/CarePlan.rs", "patient/Goal.rs", "patient/Procedure.rs"),
    "all": ("patient/*.rs",),
}
_SHOWN: Final = 60


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def programs(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/share/programs/`: a token is shown once, on the page that made it."""
    if request.method != "POST":
        return _page(request, profile)
    if request.POST.get("person") != str(profile.uuid):
        raise Conflict(_OTHER_PERSON)
    by, now = session.actor_of(request), session.now()
    if request.POST.get("stop"):
        service.stop_reading(profile=profile, token_uuid=public_id(request.POST["stop"]), by=by, now=now)
        return redirect("programs")
    chosen = [name for name in request.POST.getlist("reads") if name in _READS]
    days = request.POST.get("days", "")
    try:
        token = service.let_read(
            profile=profile, label=request.POST.get("label", ""),
            scopes=[scope for name in chosen for scope in _READS[name]],
            days=int(days) if days in map(str, service.DAYS) else 0, mood="mood" in request.POST.getlist("reads"),
            by=by, now=now,
        )  # fmt: skip
    except InputError as problem:
        return _page(request, profile, error=problem)
    return _page(request, profile, token=token)


def _page(request: HttpRequest, profile: Profile, *, error: InputError | None = None, token: str = "") -> HttpResponse:
    fields = {"scopes": "reads"}
    field = str(error.details.get("field", "label")) if error is not None else ""
    field = fields.get(field, field)
    context: dict[str, Any] = {
        "profile": profile,
        "programs": service.list_programs(profile=profile, by=session.actor_of(request), now=session.now()),
        "token": token,
        "address": request.build_absolute_uri("/fhir"),
        "given": {"label": request.POST.get("label", "")[:_SHOWN], "days": request.POST.get("days", "")}
        if error
        else {},
        "ticked": request.POST.getlist("reads") if error else [],
        "wrong": {field: _(error.message)} if error is not None else {},
        "errors": [{"text": _(error.message), "href": f"#{field}"}] if error is not None else [],
        "has_errors": error is not None,
    }
    return show(request, "person/programs.jinja", context, status=422 if error is not None else 200)
