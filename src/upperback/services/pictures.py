"""Pictures beside exercises in a clinician's own words: kept with their person, by their SHA-256, in pieces.

Each was made clean before (`interchange.pictures`). One that was only looked at goes with the next that is kept.
"""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from django.db import transaction

from upperback.care.diary import PlanProposed, kind_of
from upperback.core.errors import InputError, NotFound
from upperback.interchange.pictures import is_clean
from upperback.services import audit
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.store.models import DiaryEntry, PictureKept, PlanVersion, Profile

__all__ = ["check_all", "keep", "missing", "picture_of"]

#: Of one row: in base64 well below the longest line of an archive.
_PIECE_BYTES: Final = 600_000


def keep(*, profile: Profile, pictures: Mapping[str, bytes], by: Actor, now: dt.datetime) -> None:
    """Keeps pictures that are proved and clean. Who may send or answer a change of the plan was asked before."""
    if not pictures:
        return
    check_may(by, "see_profile")
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)  # one writer per person
        _let_go_of_unused(profile)
        here = _kept(profile)
        for sha256, data in pictures.items():
            if sha256 in here:
                continue
            starts = range(0, len(data), _PIECE_BYTES)
            PictureKept.objects.bulk_create(
                PictureKept(
                    profile=profile, sha256=sha256, piece=piece, data=data[start : start + _PIECE_BYTES],
                    kept_at=now, by=str(by),
                )
                for piece, start in enumerate(starts)
            )  # fmt: skip
            audit.record(by=by, action="keep_picture", now=now, object_kind="picture", profile=profile, bytes=len(data))


def picture_of(*, profile: Profile, sha256: str, by: Actor) -> bytes:
    """One picture of this person."""
    check_may(by, "see_profile")
    pieces = PictureKept.objects.filter(profile=profile, sha256=sha256).order_by("piece")
    data = b"".join(bytes(piece) for piece in pieces.values_list("data", flat=True))
    if not data:
        raise NotFound("there is no such picture here")
    return data


def missing(*, profile: Profile, wanted: Iterable[str]) -> set[str]:
    """Which of these pictures this person does not have."""
    names = set(wanted)
    return names - _kept(profile) if names else set()


def check_all(*, profile: Profile) -> None:
    """Of pictures out of an archive: each is the one that it is named by, and holds nothing but what draws it."""
    pieces: dict[str, list[bytes]] = defaultdict(list)
    for sha256, data in PictureKept.objects.filter(profile=profile).order_by("piece").values_list("sha256", "data"):
        pieces[sha256].append(bytes(data))
    for sha256, parts in pieces.items():
        data = b"".join(parts)
        if hashlib.sha256(data).hexdigest() != sha256 or not is_clean(data):
            raise InputError("a picture in it is not the one that it tells of")


def _kept(profile: Profile) -> set[str]:
    return set(PictureKept.objects.filter(profile=profile, piece=0).values_list("sha256", flat=True))


def _let_go_of_unused(profile: Profile) -> None:
    """Pictures that neither a version of the plan nor a change that was sent names."""
    kept = _kept(profile)
    if not kept:
        return
    plans = PlanVersion.objects.filter(profile=profile).values_list("choices", flat=True)
    used = {item.get("picture", "") for choices in plans for item in choices.get("own", ())}
    sent = DiaryEntry.objects.filter(profile=profile, kind=kind_of(PlanProposed)).values_list("data", flat=True)
    files = [data["file"] for data in sent]
    gone = {sha256 for sha256 in kept - used if not any(sha256 in file for file in files)}
    PictureKept.objects.filter(profile=profile, sha256__in=gone).delete()
