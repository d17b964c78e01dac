"""Everything of a person goes for good: rows, what was done with them, files, and their traces in free space.

What stays is one row of the audit: that somebody was erased, when, and under which random id.
"""

import datetime as dt
import shutil
from dataclasses import dataclass
from typing import Final

from django.contrib.sessions.models import Session
from django.db import OperationalError, connection, transaction

from upperback.services import audit, exported
from upperback.services.actors import Actor
from upperback.services.belongings import all_tables
from upperback.services.permissions import check_may
from upperback.store.files import samples_folder
from upperback.store.models import AuditEvent, Profile, Setting

__all__ = ["Erased", "erase_person", "sweep_if_due"]

_DUE: Final = "sweep_due"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What an erasure did.

    Attributes
    ----------
    rows : how many went
    swept : whether free space is swept too; if not, a busy database holds it up, and it is tried again
    others_left : whether somebody else is still here
    """

    rows: int
    swept: bool
    others_left: bool


def erase_person(*, profile: Profile, by: Actor, now: dt.datetime) -> Erased:
    """Erases a person. There is no way back.

    All rows go in one transaction, and what SQLite frees is overwritten. Files go before it is committed: if it is
    not, the person is still there and can be erased again. Then free space is swept, for what was freed before.
    """
    check_may(by, "erase_person")
    _overwrite_what_is_freed()
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        rows = sum(model._default_manager.filter(**_whose(owner, profile)).count() for model, owner in all_tables())  # noqa: SLF001
        rows += AuditEvent.objects.filter(profile_uuid=profile.uuid).delete()[0]
        _end_sessions(profile)
        exported.drop_of_person(profile=profile, now=now)
        public_id = profile.uuid
        Profile.objects.filter(pk=profile.pk).delete()
        Setting.objects.update_or_create(key=_DUE, defaults={"value": True, "changed_at": now})
        audit.record(by=by, action="erase_person", now=now, object_kind="profile", object_uuid=public_id, rows=rows)
        shutil.rmtree(samples_folder(public_id), ignore_errors=True)
        others_left = Profile.objects.exists()
    return Erased(rows=rows, swept=sweep_if_due(), others_left=others_left)


def sweep_if_due() -> bool:
    """Sweeps free space after an erasure. False where that is still to be done: it is asked again later."""
    if not Setting.objects.filter(key=_DUE).exists():
        return True
    if not _swept():
        return False
    Setting.objects.filter(key=_DUE).delete()
    return True


def _swept() -> bool:
    """Writes the database file anew, without what was once in it. Other databases do that by themselves."""
    if connection.vendor != "sqlite":
        return True
    if connection.in_atomic_block:
        return False
    try:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except OperationalError:
        return False
    return not busy


def _overwrite_what_is_freed() -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete=ON")


def _whose(owner: str, profile: Profile) -> dict[str, object]:
    return {owner: profile} if owner else {"pk": profile.pk}


def _end_sessions(profile: Profile) -> None:
    """Browsers that were for this person are for nobody; the others go on."""
    for session in Session.objects.iterator(chunk_size=500):
        if str(profile.uuid) in session.get_decoded().values():
            session.delete()
