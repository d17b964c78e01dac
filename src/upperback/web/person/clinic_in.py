"""A file from the computer of a clinic: what is in it, whose it is, and what of it is taken."""

import datetime as dt
import uuid
from pathlib import Path
from typing import Any, Final

import msgspec
from django.core import signing
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from upperback.care.diary import Observed, ObservedValue
from upperback.core.errors import Conflict, InputError, NotAllowed
from upperback.interchange.fhir.codes import LOCAL
from upperback.services import fhir_in
from upperback.services.actors import public_id
from upperback.services.people import Profile
from upperback.web.person import session
from upperback.web.person.page import for_person, show
from upperback.web.uploads import with_archive

_OTHER_PERSON: Final = "Somebody else was chosen in another window. Nothing was saved. Look whose page this is"
_AGAIN: Final = "Choose the file again: what was read before is not here any more"
#: A larger one is taken by the command.
_TOKEN_MOST: Final = 200_000
_SHOWN_MOST: Final = 40
#: What another program decided is no result here: it is named, and not repeated.
_DECIDED: Final = ("triage-disposition", "six-week-outcome")


@require_http_methods(["GET", "HEAD", "POST"])
@with_archive
@for_person
def clinic_in(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/share/in/`: a FHIR file to look at, then to take or to leave. Between the two nothing is kept here."""
    if request.method != "POST":
        return _page(request, profile)
    if request.POST.get("person") != str(profile.uuid):
        raise Conflict(_OTHER_PERSON)
    try:
        return _answered(request, profile)
    except (InputError, NotAllowed) as problem:
        said = problem.message.removeprefix("file: ")
        field = problem.details.get("field", "file")
        return _page(request, profile, error=InputError(said[:1].upper() + said[1:], field=field))


def _answered(request: HttpRequest, profile: Profile) -> HttpResponse:
    by, now = session.actor_of(request), session.now()
    sent = request.FILES.get("file")
    if sent is not None:
        assert isinstance(sent, TemporaryUploadedFile), "our handler writes no other"
        path = Path(sent.temporary_file_path())
        return _look(request, profile, fhir_in.look_at_file(profile=profile, path=path, name="file", by=by, now=now))
    if not request.POST.get("incoming"):
        raise InputError("Choose a file first", field="file")
    incoming = _read(request.POST["incoming"], profile)
    if request.POST.get("is_me") != "yes":
        found = fhir_in.look_at_incoming(profile=profile, incoming=incoming, by=by, now=now)
        return _look(request, profile, found, InputError("Tick the box if the file is about you", field="is_me"))
    if request.POST.get("answer") == "plan":
        client_id = public_id(request.POST.get("client_id", ""))
        fhir_in.accept_plan(profile=profile, incoming=incoming, client_id=client_id, by=by, now=now)
        return redirect("plan")
    return _page(request, profile, taken=fhir_in.take_in(profile=profile, incoming=incoming, by=by, now=now))


def _salt(profile: Profile) -> str:
    return f"fhir-in/{profile.uuid}"


def _read(token: str, profile: Profile) -> fhir_in.Incoming:
    """What was read before, as this page wrote it for this person."""
    try:
        plain = signing.loads(token, salt=_salt(profile), max_age=24 * 3600)
        return msgspec.convert(plain, fhir_in.Incoming)
    except (signing.BadSignature, msgspec.ValidationError):
        raise InputError(_AGAIN, field="file") from None


def _look(
    request: HttpRequest, profile: Profile, found: fhir_in.Arrived, error: InputError | None = None
) -> HttpResponse:
    token = signing.dumps(msgspec.to_builtins(found.incoming), salt=_salt(profile), compress=True)
    if len(token) > _TOKEN_MOST:
        raise InputError(
            "this file is too large for the page. Take it with: upperback import FILE --fhir", field="file"
        )
    brings = [_line(one) for one in (*found.new, *found.changed)]
    context: dict[str, Any] = {
        "profile": profile,
        "found": found,
        "brings": brings[:_SHOWN_MOST],
        "more": max(len(brings) - _SHOWN_MOST, 0),
        "token": token,
        "client_id": uuid.uuid4(),
        "plan_refused": _(found.plan_refused) if found.plan_refused else "",
        "error": _(error.message) if error is not None else "",
        "has_errors": error is not None,
    }
    return show(request, "person/clinic_in_look.jinja", context, status=422 if error is not None else 200)


def _page(
    request: HttpRequest, profile: Profile, *, error: InputError | None = None, taken: int | None = None
) -> HttpResponse:
    rows = fhir_in.observed(profile=profile, by=session.actor_of(request))
    here = [_line(row.entry) for row in reversed(rows) if isinstance(row.entry, Observed)]
    context: dict[str, Any] = {
        "profile": profile,
        "taken": taken,
        "here": here[:_SHOWN_MOST],
        "more": max(len(here) - _SHOWN_MOST, 0),
        "error": _(error.message) if error is not None else "",
        "has_errors": error is not None,
    }
    return show(request, "person/clinic_in.jinja", context, status=422 if error is not None else 200)


def _line(one: Observed) -> list[str]:
    """Day, what, value, and who says so."""
    decided = any(code.system == LOCAL and code.code in _DECIDED for code in one.codes)
    parts = [f"{part.words}: {_value(part.value)}" for part in one.parts]
    told = ", ".join([*([_value(one.value)] if one.value is not None else []), *parts])
    day = dt.date.fromisoformat(one.starts[:10]).strftime("%-d %b %Y")
    return [
        day,
        one.words,
        _("A result from elsewhere. It does not count here.") if decided else told,
        one.came_from,
    ]


def _value(value: ObservedValue | None) -> str:
    match value:
        case None:
            return ""
        case ObservedValue(kind="amount" | "whole"):
            return f"{value.number:g} {value.unit}".strip()
        case ObservedValue(kind="yes_no"):
            return _("yes") if value.yes else _("no")
        case _:
            return value.words
