"""Files of copies for clinics: where they are, and that they go when somebody who is in them says so.

By itself, so that taking back a consent and erasing a person need to know nothing of how a copy is made.
"""

import datetime as dt
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path

from upperback.store.files import export_folder, exports_folder
from upperback.store.models import BulkExport, Profile

__all__ = ["drop_of_consent", "drop_of_person", "part_folders", "remove_files", "take_away"]


def drop_of_consent(*, profile: Profile, clinic: uuid.UUID, now: dt.datetime) -> None:
    """A consent was taken back: no copy of that clinic that holds this person is there any more."""
    _drop(BulkExport.objects.filter(persons__profile=profile, clinic__uuid=clinic), now)


def drop_of_person(*, profile: Profile, now: dt.datetime) -> None:
    """A person is erased: no copy that holds them is there any more. Before the rows go that say in which they are."""
    _drop(BulkExport.objects.filter(persons__profile=profile), now)


def take_away(export: BulkExport, why: str, now: dt.datetime) -> None:
    """The files of a copy go; that it was there stays.

    Files go before it is committed: if it is not, what is asked for is not there, and that is said.
    """
    BulkExport.objects.filter(pk=export.pk).update(
        state=BulkExport.State.GONE, why=why, ends_at=now, claimed_by=None, claimed_until=None
    )
    remove_files(export.uuid)


def remove_files(export: uuid.UUID) -> None:
    """Whole ones, and parts that somebody makes or has left behind."""
    for folder in (export_folder(export), *part_folders(export)):
        shutil.rmtree(folder, ignore_errors=True)


def part_folders(export: uuid.UUID) -> list[Path]:
    """Where an export is in the making, or was."""
    return list(exports_folder().glob(f".{export}.*.part"))


def _drop(exports: Iterable[BulkExport], now: dt.datetime) -> None:
    for export in list(exports):
        if export.state == BulkExport.State.READY:
            take_away(export, "person", now)
        elif export.state == BulkExport.State.RUNNING:
            # Whoever makes it notices that it is not theirs any more; it is made again without this person.
            BulkExport.objects.filter(pk=export.pk, state=BulkExport.State.RUNNING).update(
                state=BulkExport.State.WAITING, claimed_by=None, claimed_until=None
            )
            remove_files(export.uuid)
