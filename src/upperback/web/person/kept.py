"""Readings of a worn sensor that are kept as files: looked through, taken along, deleted."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from upperback.services import kept_samples
from upperback.services.actors import public_id
from upperback.services.kept_samples import KeptFile
from upperback.services.people import Profile
from upperback.web.person import session
from upperback.web.person.page import for_person, show

_MB = 1_000_000
_PIECE_BYTES = 1 << 16


@require_safe
@for_person
def kept_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/live/kept/`: every file, where it is, and how to be rid of it."""
    by = session.actor_of(request)
    context = {
        "profile": profile,
        "files": [_told(one, profile) for one in kept_samples.files(profile=profile, by=by)],
        "waiting": kept_samples.waiting(profile=profile, by=by),
        "folder": _folder(profile, request),
        "deleted": "deleted" in request.GET,
    }
    return show(request, "person/live_kept.jinja", context)


@require_safe
@for_person
def kept_file(request: HttpRequest, profile: Profile, kept: uuid.UUID) -> HttpResponseBase:
    """A copy of one file, piece by piece."""
    by = session.actor_of(request)
    path = kept_samples.file_of(profile=profile, kept=kept, by=by)
    (one,) = (one for one in kept_samples.files(profile=profile, by=by) if one.uuid == kept)
    name = f"readings-{one.starts_at.astimezone(ZoneInfo(profile.time_zone)):%Y-%m-%d-%H%M}.parquet"
    pieces = _pieces_later(path) if hasattr(request, "scope") else _pieces(path)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(path.stat().st_size)}
    return StreamingHttpResponse(pieces, headers=headers, content_type="application/octet-stream")


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            yield piece


async def _pieces_later(path: Path) -> AsyncIterator[bytes]:
    """For a server with a loop; one that is given the other kind reads all of it at once."""
    for piece in _pieces(path):
        yield piece


@require_POST
@for_person
def kept_delete(request: HttpRequest, profile: Profile) -> HttpResponse:
    """One file, or `all`."""
    by, now = session.actor_of(request), session.now()
    if request.POST.get("kept") == "all":
        kept_samples.delete_all(profile=profile, by=by, now=now)
    else:
        kept_samples.delete(profile=profile, kept=public_id(request.POST.get("kept", "")), by=by, now=now)
    return redirect(reverse("live_kept") + "?deleted")


@require_POST
@for_person
def kept_finish(request: HttpRequest, profile: Profile) -> HttpResponse:
    """Makes files of what was left without an end."""
    from upperback.services import live  # brings the sensing along: not for every page

    live.finish_left(profile=profile, by=session.actor_of(request), now=session.now())
    return redirect("live_kept")


def _folder(profile: Profile, request: HttpRequest) -> Path | None:
    """Said at home only: the folder of a service is nobody's to look into."""
    if settings.OPTIONS.mode == "service":
        return None
    return kept_samples.folder(profile=profile, by=session.actor_of(request))


def _told(one: KeptFile, profile: Profile) -> dict[str, str]:
    at = one.starts_at.astimezone(ZoneInfo(profile.time_zone))
    minutes = max(1, round(one.seconds / 60))
    return {
        "uuid": str(one.uuid),
        "when": f"{at:%-d %B %Y}, {at:%H:%M}",
        "length": ngettext("%(num)s minute", "%(num)s minutes", minutes) % {"num": minutes},
        "size": _("%(num)s MB") % {"num": f"{max(0.1, one.size / _MB):.1f}"},
    }
