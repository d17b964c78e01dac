"""A file for the computer of a clinic, and what the person wants in it."""

import tempfile
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from upperback.core.errors import Conflict, InputError
from upperback.services.people import Profile
from upperback.services.today import local_day
from upperback.web.downloads import download
from upperback.web.person import session
from upperback.web.person.page import for_person, show

if TYPE_CHECKING:
    from upperback.services.fhir import Kind

_MEMORY_BYTES: Final = 4 << 20
_TYPED: Final = ("family", "given", "day", "month", "year", "nhs_number")
_OTHER_PERSON: Final = "Somebody else was chosen in another window. Nothing was saved. Look whose page this is"
_CHOICES: Final = ("mood", "diary")


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def clinic_data(request: HttpRequest, profile: Profile) -> HttpResponseBase:
    """`/data/clinic/`: a summary, or everything, in FHIR. What the clinic knows the person by is kept nowhere."""
    if request.method != "POST":
        return _page(request, profile)
    if request.POST.get("person") != str(profile.uuid):
        raise Conflict(_OTHER_PERSON)
    from upperback.services import fhir  # some twenty kinds of resource: not for every start
    from upperback.web.person.identity import posted_identity

    now = session.now()
    day = local_day(profile, now)
    try:
        kind = _kind(request)
        identity = posted_identity(request, day)
    except InputError as problem:
        return _page(request, profile, error=problem)
    file = tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES)  # noqa: SIM115  closed when it is through
    ticked = request.POST.getlist("with")
    fhir.write_fhir(
        profile=profile, kind=kind, out=file, by=session.actor_of(request), now=now, identity=identity,
        chosen=fhir.Chosen(mood="mood" in ticked, diary="diary" in ticked),
    )  # fmt: skip
    return download(request, file, name=f"upperback-{kind}-{day.isoformat()}.json", kind="application/fhir+json")


def _kind(request: HttpRequest) -> "Kind":
    from upperback.services import fhir

    for kind in fhir.KINDS:
        if kind == request.POST.get("kind"):
            return kind
    raise InputError("Choose what is in the file", field="kind")


def _page(request: HttpRequest, profile: Profile, *, error: InputError | None = None) -> HttpResponse:
    field = error.details["field"] if error is not None else ""
    context: dict[str, Any] = {
        "profile": profile,
        "given": {name: request.POST.get(name, "")[:100] for name in (*_TYPED, "kind")},
        "ticked": [name for name in request.POST.getlist("with") if name in _CHOICES],
        "wrong": {field: _(error.message)} if error is not None else {},
        "errors": [{"text": _(error.message), "href": f"#{'day' if field == 'birth_date' else field}"}]
        if error
        else [],
        "has_errors": error is not None,
    }
    return show(request, "person/clinic_data.jinja", context, status=422 if error else 200)
