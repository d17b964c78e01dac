"""Everything of a person in one file: written here, brought in by `bring_in`."""

import datetime as dt
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from django.db import transaction
from django.db.models import Max, Model

from upperback import __version__
from upperback.content.vocabulary import default_content
from upperback.interchange.archive import ABOUT, ROWS, ArchiveWriter, Contents, Sealing
from upperback.services import audit
from upperback.services.actors import Actor
from upperback.services.belongings import Lines, leaving_tables, plain_rows
from upperback.services.permissions import check_may
from upperback.store.files import samples_folder
from upperback.store.models import Assessment, AuditEvent, KeptSamples, LiveMinute, LiveStream, Profile, Screening

__all__ = ["MADE_BY", "spooled_archive", "write_archive"]

#: Program and version, as it stands in the list of contents.
MADE_BY: Final = f"upperback {__version__}"

#: Rows that may change while they are written: few, read in one moment. All others are written once.
_CHANGING: Final = (Profile, Screening, Assessment, LiveStream)
_MEMORY_BYTES: Final = 4 << 20
_AT_ONCE: Final = 1000


def write_archive(*, profile: Profile, out: IO[bytes], by: Actor, now: dt.datetime, passphrase: str = "") -> Contents:
    """Writes everything of a person from front to back, in bounded memory. The same rows give the same members.

    What is written meanwhile, in another window or by a sensor, is not in it; what is in it fits together.

    Parameters
    ----------
    passphrase : the file is locked with it; empty for a plain one
    """
    check_may(by, "export_person")
    if passphrase:
        with Sealing(out, passphrase) as sealed:
            return _write(profile, sealed, by, now)
    return _write(profile, out, by, now)


def spooled_archive(
    *, profile: Profile, by: Actor, now: dt.datetime, passphrase: str = "", folder: Path | None = None
) -> IO[bytes]:
    """The same in a temporary file without a name, at its beginning; small ones stay in memory."""
    file = tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES, dir=str(folder) if folder else None)  # noqa: SIM115  handed on
    write_archive(profile=profile, out=file, by=by, now=now, passphrase=passphrase)
    file.seek(0)
    return file


def _write(profile: Profile, out: IO[bytes] | Sealing, by: Actor, now: dt.datetime) -> Contents:
    content = default_content()
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        audit.record(
            by=by, action="export_person", now=now, object_kind="profile", object_uuid=profile.uuid, profile=profile
        )
        lines: Lines = {}
        until = {table.model: table.of(profile).aggregate(last=Max("pk"))["last"] or 0 for table in leaving_tables()}
        changing: dict[type[Model], list[dict[str, Any]]] = {
            table.model: list(plain_rows(table, profile, lines))
            for table in leaving_tables()
            if table.model in _CHANGING
        }
    with ArchiveWriter(out) as archive:
        for table in leaving_tables():
            if table.model is LiveMinute:
                archive.seconds(f"{ROWS}{table.name}.parquet", _minutes(lines, until[table.model]))
            else:
                rows = changing.get(table.model) or plain_rows(table, profile, lines, until=until[table.model])
                archive.rows(f"{ROWS}{table.name}.jsonl", rows)
        for kept, line in lines[KeptSamples].items():
            with _kept_file(profile, kept) as file:
                if file is not None:
                    archive.samples(line, file)
        archive.rows(f"{ABOUT}audit.jsonl", _events(profile.uuid))
        return archive.close(
            made_at=now.astimezone(dt.UTC).isoformat(timespec="seconds"), name=profile.name,
            made_by=MADE_BY, release=content.release_id, release_sha256=content.sha256,
        )  # fmt: skip


def _minutes(lines: Lines, until: int) -> Iterator[tuple[int, int, bytes]]:
    """Minutes in the order of stream and time, a thousand at a time."""
    for stream, line in lines[LiveStream].items():
        # By stream alone, which is theirs: with the person in the question every stream looks through all minutes.
        rows = LiveMinute.objects.filter(stream=stream, pk__lte=until).order_by("first_s")
        last = None
        while block := list(_after(rows, last).values_list("first_s", "seconds")[:_AT_ONCE]):
            yield from ((line, first_s, bytes(seconds)) for first_s, seconds in block)
            if len(block) < _AT_ONCE:
                break
            last = block[-1][0]


def _after(rows: Any, last: int | None) -> Any:
    return rows if last is None else rows.filter(first_s__gt=last)


@contextmanager
def _kept_file(profile: Profile, kept: int) -> Iterator[IO[bytes] | None]:
    """A file of kept readings; None where it was taken away, by hand or just now."""
    row = KeptSamples.objects.select_related("stream").filter(pk=kept).first()
    path = samples_folder(profile.uuid) / f"{row.stream.uuid}.parquet" if row is not None else None
    if path is None or not path.is_file():
        yield None
        return
    with path.open("rb") as file:
        yield file


def _events(profile: uuid.UUID) -> Iterator[dict[str, Any]]:
    """What was done with the person's records, by whom and when."""
    names = ("at", "actor_kind", "actor_id", "action", "object_kind", "object_uuid", "details")
    rows, last = AuditEvent.objects.filter(profile_uuid=profile).order_by("pk"), 0
    while block := list(rows.filter(pk__gt=last).values_list("pk", *names)[:_AT_ONCE]):
        yield from (dict(zip(names, values, strict=True)) for _, *values in block)
        last = block[-1][0]
