"""A person's own data: take it with you, bring it in, delete it."""

import base64
import tempfile
import uuid
from pathlib import Path
from typing import Any, Final

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from upperback.core.errors import Conflict, InputError, NotAllowed
from upperback.interchange.archive import PASSPHRASE_LEAST, check_passphrase
from upperback.interchange.plan_change import BYTES_MOST
from upperback.services import archive, erasure, own_tables, permissions, plan_changes, proposals
from upperback.services.actors import public_id
from upperback.services.bring_in import bring_in
from upperback.services.people import Profile
from upperback.services.today import local_day
from upperback.web.clinician.change_form import ROLE_NAMES
from upperback.web.downloads import download
from upperback.web.person import session
from upperback.web.person.page import for_person, show
from upperback.web.uploads import ARCHIVE_BYTES_MAX, with_archive

_MEMORY_BYTES: Final = 4 << 20
_OTHER_PERSON: Final = "This page was for somebody else. Nothing was deleted. Look who is chosen here now."


@require_safe
@for_person
def own_data(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/data/`: what can be done with everything that was saved."""
    programs_may = permissions.may(session.actor_of(request), "let_programs_read")
    return show(request, "person/own_data.jinja", {"profile": profile, "programs_may": programs_may})


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def take_data(request: HttpRequest, profile: Profile) -> HttpResponseBase:
    """`/data/take/`: everything in one file, locked or not; or a table for a spreadsheet."""
    if request.method != "POST":
        return _take_page(request, profile)
    by, now = session.actor_of(request), session.now()
    day = local_day(profile, now).isoformat()
    table = request.POST.get("table", "")
    if table in own_tables.TABLES:
        file = tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES)  # noqa: SIM115  closed when it is through
        own_tables.write_own_table(profile=profile, table=table, out=file, by=by, now=now)
        return download(request, file, name=f"upperback-{table}-{day}.csv", kind="text/csv; charset=utf-8")
    try:
        passphrase = _new_passphrase(request)
    except InputError as problem:
        return _take_page(request, profile, error=problem)
    made = archive.spooled_archive(profile=profile, by=by, now=now, passphrase=passphrase)
    name, kind = f"upperback-{day}.zip", "application/zip"
    return download(
        request,
        made,
        name=f"{name}.age" if passphrase else name,
        kind="application/octet-stream" if passphrase else kind,
    )


def _new_passphrase(request: HttpRequest) -> str:
    """What was typed twice; empty where nothing was."""
    passphrase, again = (request.POST.get(name, "") for name in ("passphrase", "again"))
    if passphrase or again:
        check_passphrase(passphrase)
    if passphrase != again:
        raise InputError("Type the same passphrase in both boxes", field="again")
    return passphrase


def _take_page(request: HttpRequest, profile: Profile, *, error: InputError | None = None) -> HttpResponse:
    context: dict[str, Any] = {
        "profile": profile,
        "least": PASSPHRASE_LEAST,
        "wrong": {error.details.get("field", "passphrase"): _(error.message)} if error else {},
        "has_errors": error is not None,
    }
    return show(request, "person/take_data.jinja", context, status=422 if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def delete_data(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/data/delete/`: everything goes, after one more question."""
    if request.method != "POST":
        return show(request, "person/delete_data.jinja", {"profile": profile})
    if request.POST.get("person") != str(profile.uuid):
        raise Conflict(_OTHER_PERSON)
    if request.POST.get("sure") != "yes":
        context = {"profile": profile, "error": _("Tick the box if you are sure"), "has_errors": True}
        return show(request, "person/delete_data.jinja", context, status=422)
    found = erasure.erase_person(profile=profile, by=session.actor_of(request), now=session.now())
    session.forget(request)
    context = {"swept": found.swept, "others_left": found.others_left}
    response = show(request, "person/data_deleted.jinja", context)
    if not found.others_left:  # else it would take what others have not sent yet
        response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def plan_change(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/data/change/`: what a clinician proposes in a file, and the answer. In between only a picture is kept."""
    if request.method != "POST":
        return _sent_change_page(request, profile)
    if "proposal" in request.POST:
        return _answer_sent(request, profile)
    by, now, sent = session.actor_of(request), session.now(), request.FILES.get("file")
    data = sent.read(BYTES_MOST + 1) if sent is not None else _decoded(request.POST.get("change", ""))
    if not data:
        return _change_page(request, profile, error=_("Choose a file first"))
    answer = request.POST.get("answer")
    if answer and request.POST.get("person") != str(profile.uuid):
        raise Conflict(_OTHER_PERSON)
    try:
        if answer == "yes":
            client_id = public_id(request.POST.get("client_id", ""))
            plan_changes.accept_change(profile=profile, data=data, client_id=client_id, by=by, now=now)
            return redirect("plan")
        if answer == "no":
            plan_changes.refuse_change(profile=profile, data=data, by=by, now=now)
            return _change_page(request, profile, refused=True)
        found = plan_changes.look_at_change(profile=profile, data=data, by=by)
    except (InputError, Conflict) as problem:  # a file that is not whole, or of a plan that is not the newest
        said = problem.message
        late = 409 if isinstance(problem, Conflict) else 422
        return _change_page(request, profile, error=_(said[:1].upper() + said[1:]), status=late)
    data = plan_changes.put_pictures_aside(profile=profile, data=data, by=by, now=now)  # a small form carries the rest
    change = base64.b64encode(data).decode("ascii")
    return _change_page(request, profile, found=found, change=change, role=ROLE_NAMES.get(found.change.role, ""))


def _sent_change_page(request: HttpRequest, profile: Profile, **more: Any) -> HttpResponse:
    """What a clinician of the service sent, if something waits; else the way in for a file."""
    by = session.actor_of(request)
    sent = proposals.waiting(profile=profile, by=by)
    if sent is None:
        return _change_page(request, profile, **more)
    try:
        found = plan_changes.look_at_change(profile=profile, data=sent.data, by=by)
    except (InputError, Conflict, NotAllowed) as problem:
        return _change_page(request, profile, sent=sent, outdated=_(problem.message), **more)
    role = ROLE_NAMES.get(found.change.role, "")
    return _change_page(request, profile, found=found, sent=sent, role=role, **more)


def _answer_sent(request: HttpRequest, profile: Profile) -> HttpResponse:
    if request.POST.get("person") != str(profile.uuid):
        raise Conflict(_OTHER_PERSON)
    yes = request.POST.get("answer") == "yes"
    try:
        proposals.answer(
            profile=profile, proposal_id=public_id(request.POST["proposal"]), yes=yes,
            client_id=public_id(request.POST.get("client_id", "")), by=session.actor_of(request), now=session.now(),
        )  # fmt: skip
    except (InputError, Conflict) as problem:
        return _sent_change_page(request, profile, late=_(problem.message))
    return redirect("home") if yes else _change_page(request, profile, refused=True)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def _change_page(request: HttpRequest, profile: Profile, **more: Any) -> HttpResponse:
    context = {"profile": profile, "amount": _amount, "client_id": uuid.uuid4(), "has_errors": bool(more.get("error"))}
    status = more.pop("status", 409 if more.get("late") else 422 if more.get("error") else 200)
    return show(request, "person/plan_change.jinja", context | more, status=status)


def _amount(sets: int, reps: int) -> str:
    """Sets and repetitions in words."""
    told = ngettext("%(num)s set of %(reps)s", "%(num)s sets of %(reps)s", sets) % {"num": sets, "reps": reps}
    return str(told)


@require_http_methods(["GET", "HEAD", "POST"])
@with_archive
def bring_data(request: HttpRequest) -> HttpResponse:
    """`/data/bring/`: somebody comes in with a file that was made here or elsewhere. Needs nobody to be chosen."""
    if request.method != "POST":
        return _bring_page(request)
    sent = request.FILES.get("file")
    if sent is None:
        return _bring_page(request, error=InputError("Choose a file first", field="file"))
    name = "file"
    assert isinstance(sent, TemporaryUploadedFile), "our handler writes no other"
    path = Path(sent.temporary_file_path())
    try:
        profile = bring_in(
            path=path, name=name, passphrase=request.POST.get("passphrase", ""), by=session.actor_of(request),
            now=session.now(),
        )  # fmt: skip
    except (InputError, Conflict) as problem:
        said = problem.message.removeprefix(f"{name}: ")
        field = problem.details.get("field") or ("passphrase" if "passphrase" in said else "file")
        return _bring_page(request, error=InputError(said[:1].upper() + said[1:], field=field))
    session.choose(request, profile)
    return redirect("home")


def _bring_page(request: HttpRequest, *, error: InputError | None = None) -> HttpResponse:
    context: dict[str, Any] = {
        "megabytes": ARCHIVE_BYTES_MAX >> 20,
        "wrong": {error.details["field"]: _(error.message)} if error else {},
        "has_errors": error is not None,
    }
    return show(request, "person/bring_data.jinja", context, status=422 if error else 200)
