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
from django.views.decorators.http import require_http_methods, require_safe

from upperback.content.vocabulary import default_content
from upperback.core.errors import Conflict, InputError, NotAllowed
from upperback.interchange.plan_change import fingerprint, new_key, public_half
from upperback.services import journey, plan_changes
from upperback.services.people import Profile
from upperback.web.clinician.change_form import form_context, parts_sent
from upperback.web.downloads import download
from upperback.web.options import default_data_folder, kept_secret
from upperback.web.person import session
from upperback.web.person.page import show

View = Callable[..., HttpResponseBase]

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
        try:
            data = plan_changes.propose_change(
                profile=profile, name=request.POST.get("name", ""), key=_key(), by=by, now=session.now(),
                **parts_sent(request, editable),
            )  # fmt: skip
            name = f"plan-change-{session.now():%Y-%m-%d}.json"
            return download(request, io.BytesIO(data), name=name, kind="application/json")
        except (InputError, Conflict) as problem:
            error = problem
    context = form_context(request, profile, editable, error) | {"fingerprint": fingerprint(public_half(_key()))}
    return show(request, "clinician/change.jinja", context, status=422 if error else 200)


def _key() -> bytes:
    """The clinician's own key, made when it is first needed; never in the folder of the archive."""
    folder = settings.OPTIONS.keys or default_data_folder({})
    kept = kept_secret(Path(folder), _KEY_FILE, lambda: base64.b64encode(new_key()).decode("ascii"))
    return base64.b64decode(kept)
