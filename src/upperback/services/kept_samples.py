"""Samples of a worn sensor that its person wants kept: a file for each wearing, looked through, taken along, deleted.

While a sensor is worn its frames are stored with all the rest, so that what is acknowledged is there after any crash.
When the wearing is over they become a Parquet file in the person's folder, and go from the database.
"""

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction

from upperback.core.errors import NotFound, Unavailable
from upperback.services import audit
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.store.files import samples_folder, write_whole
from upperback.store.models import KeptSamples, LiveSamples, LiveStream, Profile

if TYPE_CHECKING:
    from upperback.devices.live.kept import Kept

__all__ = [
    "KeptFile",
    "KeptSamples",
    "delete",
    "delete_all",
    "file_of",
    "files",
    "folder",
    "put_together",
    "put_together_left",
    "waiting",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """One file, as its person looks at it.

    Attributes
    ----------
    uuid : of the file
    starts_at, seconds : first sample, and how long from there to the last
    size : bytes
    """

    uuid: uuid.UUID
    starts_at: dt.datetime
    seconds: float
    size: int


def folder(*, profile: Profile, by: Actor) -> Path:
    """Where the files of this person are."""
    check_may(by, "see_profile")
    return samples_folder(profile.uuid)


def files(*, profile: Profile, by: Actor) -> list[KeptFile]:
    """What is kept of this person, the newest first."""
    check_may(by, "see_profile")
    rows = KeptSamples.objects.filter(profile=profile).order_by("-starts_at")
    return [KeptFile(uuid=row.uuid, starts_at=row.starts_at, seconds=row.seconds, size=row.size) for row in rows]


def waiting(*, profile: Profile, by: Actor) -> bool:
    """Whether samples are there that are no file yet: a sensor is worn now, or was left without an end."""
    check_may(by, "see_profile")
    return LiveSamples.objects.filter(profile=profile).exists()


def file_of(*, profile: Profile, kept: uuid.UUID | None, by: Actor) -> Path:
    """The file itself.

    Raises
    ------
    NotFound : this person has no such file, or not any more.
    """
    check_may(by, "see_profile")
    row = _row(profile, kept)
    path = _path(row)
    if not path.is_file():
        raise NotFound("there is no such file here any more")
    return path


def put_together(*, stream: LiveStream, by: Actor, now: dt.datetime) -> KeptSamples | None:
    """Makes the file of a wearing that is over; None where nothing of it is kept. Done again, it changes nothing.

    Whatever it is stopped in, the samples are in the database or in the file; the next call goes on.

    Raises
    ------
    Unavailable : the file cannot be written, as when the disk is full. The samples stay in the database.
    """
    check_may(by, "wear_sensor")
    if not LiveSamples.objects.filter(stream=stream).exists():
        return KeptSamples.objects.filter(stream=stream).first()
    from upperback.devices.live.kept import write_kept  # brings pyarrow along: only for who keeps samples

    path = samples_folder(stream.profile.uuid) / f"{stream.uuid}.parquet"
    with transaction.atomic():
        LiveStream.objects.select_for_update().get(pk=stream.pk)
        try:
            found = write_whole(path, lambda part: write_kept(part, _frames(stream)))
        except OSError as problem:
            raise Unavailable(f"The file could not be written: {problem.strerror}", retryable=True) from problem
        LiveSamples.objects.filter(stream=stream).delete()
        if found is None:
            return None
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        kept = KeptSamples.objects.create(
            profile=stream.profile, stream=stream, starts_at=dt.datetime.fromtimestamp(found.start_s, dt.UTC),
            seconds=found.end_s - found.start_s, samples=found.samples, size=path.stat().st_size,
            sha256=sha256, kept_at=now, by=str(by),
        )  # fmt: skip
        audit.record(
            by=by, action="keep_samples", now=now, object_kind="kept_samples", object_uuid=kept.uuid,
            profile=stream.profile, samples=found.samples,
        )  # fmt: skip
    return kept


def who_left(profiles: Iterable[Profile]) -> frozenset[int]:
    """Of these the people with wearings that `put_together_left` makes files of."""
    left = LiveStream.objects.filter(profile__in=profiles, samples__isnull=False).exclude(ended_at=None)
    return frozenset(left.values_list("profile", flat=True))


def put_together_left(*, profile: Profile, by: Actor, now: dt.datetime) -> None:
    """Makes the files of wearings that are over and whose file could not be made at their end."""
    check_may(by, "wear_sensor")
    for stream in LiveStream.objects.filter(profile=profile, samples__isnull=False).exclude(ended_at=None).distinct():
        put_together(stream=stream, by=by, now=now)


def _frames(stream: LiveStream) -> Iterator["Kept"]:
    from upperback.devices.live.kept import Kept

    for row in LiveSamples.objects.filter(stream=stream).iterator(chunk_size=100):
        yield Kept(zero_s=row.zero_s, points_up=row.points_up, frames=bytes(row.frames))


def delete(*, profile: Profile, kept: uuid.UUID | None, by: Actor, now: dt.datetime) -> None:
    """Takes a file away, and then its row: what goes wrong between leaves no file that nobody knows of.

    Raises
    ------
    NotFound : this person has no such file.
    """
    check_may(by, "wear_sensor")
    with transaction.atomic():
        row = _row(profile, kept)
        _path(row).unlink(missing_ok=True)
        row.delete()
        _deleted(profile, row.uuid, by, now, files=1)


def delete_all(*, profile: Profile, by: Actor, now: dt.datetime) -> int:
    """Takes all samples of a person away, also those that are no file yet. Returns how many files there were."""
    check_may(by, "wear_sensor")
    with transaction.atomic():
        rows = list(KeptSamples.objects.filter(profile=profile))
        here = samples_folder(profile.uuid)
        for path in here.glob("*") if here.is_dir() else []:
            path.unlink(missing_ok=True)
        KeptSamples.objects.filter(profile=profile).delete()
        LiveSamples.objects.filter(profile=profile).delete()
        _deleted(profile, profile.uuid, by, now, files=len(rows))
    return len(rows)


def _deleted(profile: Profile, what: uuid.UUID, by: Actor, now: dt.datetime, *, files: int) -> None:
    audit.record(
        by=by, action="delete_samples", now=now, object_kind="kept_samples", object_uuid=what, profile=profile,
        files=files,
    )  # fmt: skip


def _row(profile: Profile, kept: uuid.UUID | None) -> KeptSamples:
    found = KeptSamples.objects.filter(profile=profile, uuid=kept).first() if kept else None
    if found is None:
        raise NotFound("there is no such file here")
    return found


def _path(row: KeptSamples) -> Path:
    return samples_folder(row.profile.uuid) / f"{row.stream.uuid}.parquet"
