"""Copies for a clinic, in FHIR: of everybody who lets the clinic's systems have one, made beside the pages.

A copy is asked for, made by a worker (`run_next`), fetched, and goes: after a day, when it is taken away, and at once
when somebody who is in it takes their consent back or is erased. Whose records are in it is asked of `access` when it
is made, when it is whole, and at every look at it.
"""

import datetime as dt
import json
import logging
import os
import shutil
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Final

from django.db import models, transaction

from upperback.core.errors import Conflict, InputError, NotFound
from upperback.interchange.fhir import search
from upperback.interchange.fhir.bulk import Order, lines
from upperback.services import access, audit, clinic_systems, exported, programs, sharing
from upperback.services.access_rules import PERMISSIONS, DataClass
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.store.files import export_folder, exports_folder
from upperback.store.models import BulkExport, BulkExportPerson, Clinic, ConsentEvent, Profile, Relation

__all__ = [
    "KEPT",
    "BulkExport",
    "Clinic",
    "GoneError",
    "agree",
    "ask",
    "clinics_of",
    "clinics_of_person",
    "delete",
    "exports_of",
    "find",
    "open_file",
    "people_of",
    "run_next",
    "still_there",
    "sweep",
    "waits",
]

_log = logging.getLogger(__name__)

#: How long a copy can be fetched.
KEPT: Final = dt.timedelta(hours=24)
#: A worker that says nothing for so long is gone, and another one begins anew.
_LEASE: Final = dt.timedelta(seconds=60)
_TELLS_EVERY: Final = dt.timedelta(seconds=1)
_TRIES_MOST: Final = 3
_TOLD_AT_ONCE: Final = 10
#: Copies of one clinic that can be fetched at once.
READY_MOST: Final = 5
#: What can be granted to the systems of a clinic; mood is chosen by name.
KINDS: Final[tuple[DataClass, ...]] = tuple(sorted(PERMISSIONS["app", "none"]["app"] - {"identity"}))
_OPEN: Final = (BulkExport.State.WAITING, BulkExport.State.RUNNING)
_NOT_THERE: Final = "there is no such copy here"

Clock = Callable[[], dt.datetime]


class GoneError(NotFound):
    """A copy that was there, for somebody who could fetch it. `why` of its row says why."""


class TooManyError(Conflict):
    """One copy after the other."""


# ---- for the person -------------------------------------------------------------------------------------------------


def clinics_of_person(*, profile: Profile, by: Actor, now: dt.datetime) -> list[Clinic]:
    """Clinics where somebody is treated now: their systems may be let have a copy."""
    check_may(by, "share")
    treated = Relation.objects.filter(
        profile=profile, kind=Relation.Kind.TREATS, ended_at__isnull=True, ends_at__gt=now
    ).values("clinic")
    return list(Clinic.objects.filter(pk__in=treated).order_by("name"))


def agree(
    *, profile: Profile, clinic: uuid.UUID, kinds: "list[str]", days: int, by: Actor, now: dt.datetime
) -> uuid.UUID:
    """Lets the systems of a clinic have copies of what was chosen, for some days. Agreed twice, the newest counts.

    Raises
    ------
    NotFound : not treated there. InputError : nothing was chosen, or something that goes to no program.
    """
    where = next((one for one in clinics_of_person(profile=profile, by=by, now=now) if one.uuid == clinic), None)
    if where is None:
        raise NotFound("there is no such clinic here")
    chosen = set(kinds)
    if not chosen or not chosen.issubset(KINDS):
        raise InputError("Choose what may be seen", field="data_classes")
    with transaction.atomic():
        for earlier in ConsentEvent.objects.filter(
            profile=profile, recipient=where.uuid, purpose="app", kind="granted"
        ):
            sharing.withdraw(profile=profile, grant_uuid=earlier.grant, by=by, now=now)
        return sharing.grant(
            profile=profile, recipient=where, purpose="app", data_classes=chosen | {"identity"},
            ends_at=now + dt.timedelta(days=days), by=by, now=now,
        )  # fmt: skip


# ---- for whoever fetches --------------------------------------------------------------------------------------------


def clinics_of(*, by: Actor, now: dt.datetime) -> list[Clinic]:
    """Those for which this actor may take copies: of a system its own, of whoever runs clinics these.

    Raises
    ------
    NotFound : none.
    """
    check_may(by, "take_clinic_copy")
    if by.kind == "clinic_system":
        own = clinic_systems.clinic_of(by, now)
        found = [own] if own is not None else []
    else:
        runs = [job.clinic for job in access.jobs_of(actor=by, now=now) if job.role == "clinic_admin"]
        found = list(Clinic.objects.filter(uuid__in=runs).order_by("id"))
    if not found:
        raise NotFound(_NOT_THERE)
    return found


def people_of(*, clinic: Clinic, by: Actor, now: dt.datetime) -> int:
    """How many let this clinic have a copy now."""
    check_may(by, "take_clinic_copy")
    return len(access.in_clinic_copy(clinic=clinic, now=now))


def ask(*, clinic: uuid.UUID, order: Order, request: str, by: Actor, now: dt.datetime) -> BulkExport:
    """Asks for a copy of everybody who lets this clinic have one. It is made by a worker.

    Raises
    ------
    NotFound : not a clinic of this actor. TooManyError : one is being made, or enough wait to be fetched.
    """
    where = next((one for one in clinics_of(by=by, now=now) if one.uuid == clinic), None)
    if where is None:
        raise NotFound(_NOT_THERE)
    with transaction.atomic():
        Clinic.objects.select_for_update().get(pk=where.pk)
        if BulkExport.objects.filter(clinic=where, state__in=_OPEN).exists():
            raise TooManyError("A copy is being made already. Wait until it is whole.")
        if BulkExport.objects.filter(clinic=where, state=BulkExport.State.READY).count() >= READY_MOST:
            raise TooManyError(f"{READY_MOST} copies wait to be fetched. Delete one first.")
        made = BulkExport.objects.create(
            clinic=where, by=str(by), requested_at=now, request=request[:2000], types=list(order.types),
            since=order.since, ignored=list(order.ignored),
        )  # fmt: skip
        audit.record(
            by=by, action="ask_copy", now=now, object_kind="bulk_export", object_uuid=made.uuid,
            clinic=str(where.uuid), types=list(order.types),
        )  # fmt: skip
    return made


def exports_of(*, by: Actor, now: dt.datetime, most: int = 20) -> list[BulkExport]:
    """The copies of the clinics of this actor, the newest first."""
    rows = BulkExport.objects.filter(clinic__in=clinics_of(by=by, now=now)).select_related("clinic").order_by("-id")
    return [_looked_at(one, now) for one in rows[:most]]


def find(*, export: uuid.UUID, by: Actor, now: dt.datetime) -> BulkExport:
    """One copy, as it is now.

    Raises
    ------
    NotFound : none of a clinic of this actor. GoneError : it was there.
    """
    rows = BulkExport.objects.filter(clinic__in=clinics_of(by=by, now=now)).select_related("clinic")
    found = rows.filter(uuid=export).first()
    if found is None:
        raise NotFound(_NOT_THERE)
    found = _looked_at(found, now)
    if found.state == BulkExport.State.GONE:
        raise GoneError("This copy is gone.", why=found.why)
    return found


def open_file(*, export: uuid.UUID, name: str, by: Actor, now: dt.datetime) -> IO[bytes]:
    """A file of a copy. That it was taken is told to everybody who is in the copy.

    Raises
    ------
    NotFound : no such file. GoneError : the copy was there.
    """
    found = find(export=export, by=by, now=now)
    file = next((one for one in found.files if one["name"] == name), None)
    if found.state != BulkExport.State.READY or file is None:
        raise NotFound(_NOT_THERE)
    with transaction.atomic():
        audit.record(
            by=by, action="fetch_copy", now=now, object_kind="bulk_export", object_uuid=found.uuid, file=file["type"],
            clinic=str(found.clinic.uuid),
        )  # fmt: skip
    try:
        return (export_folder(found.uuid) / str(file["name"])).open("rb")
    except FileNotFoundError:
        raise GoneError("This copy is gone.", why="person") from None


def still_there(*, export: uuid.UUID, by: Actor, now: dt.datetime) -> bool:
    """Whether a file that is being sent may go on: a withdrawal, an erasure and its end are in the row of the copy."""
    try:
        clinics = clinics_of(by=by, now=now)
    except NotFound:
        return False
    there = BulkExport.objects.filter(uuid=export, clinic__in=clinics, state=BulkExport.State.READY, ends_at__gt=now)
    return there.exists()


def delete(*, export: uuid.UUID, by: Actor, now: dt.datetime) -> None:
    """Takes a copy away, or stops its making. Raises NotFound, also where it is gone already."""
    found = find(export=export, by=by, now=now)
    with transaction.atomic():
        exported.take_away(found, "deleted", now)
        audit.record(by=by, action="delete_copy", now=now, object_kind="bulk_export", object_uuid=found.uuid)


def _looked_at(export: BulkExport, now: dt.datetime) -> BulkExport:
    """A copy that is old, or that somebody is in who does not allow it any more, goes before it is shown."""
    if export.state == BulkExport.State.READY:
        if export.ends_at is None or export.ends_at <= now:
            _end(export, now)
        elif not _holds(export, now):
            exported.take_away(export, "person", now)
        export.refresh_from_db()
    return export


def _end(export: BulkExport, now: dt.datetime) -> None:
    """A day is over, or the first consent of those in it."""
    is_old = export.finished_at is None or now - export.finished_at >= KEPT
    exported.take_away(export, "old" if is_old else "person", now)


def _holds(export: BulkExport, now: dt.datetime) -> bool:
    """Whether everybody in it still allows what is in it. Who was erased is not among them: their copies went first."""
    allowed = {one.person.pk: one.classes for one in access.in_clinic_copy(clinic=export.clinic, now=now)}
    inside = list(export.persons.values_list("profile", "data_classes"))
    return len(inside) == export.people and all(
        allowed.get(profile, frozenset()).issuperset(classes) for profile, classes in inside
    )


# ---- for the worker -------------------------------------------------------------------------------------------------


def waits(*, now: dt.datetime) -> bool:
    """Whether there is a copy to be made that nobody makes."""
    return _unclaimed(now).exists()


def sweep(*, now: dt.datetime) -> int:
    """Copies that are old go, and what a worker that is gone has left behind. Returns how many copies went."""
    old = list(BulkExport.objects.filter(state=BulkExport.State.READY, ends_at__lte=now))
    for export in old:
        _end(export, now)
    if exports_folder().is_dir():
        kept = {
            str(one) for one in BulkExport.objects.exclude(state__in=("gone", "failed")).values_list("uuid", flat=True)
        }
        for folder in exports_folder().iterdir():
            if folder.name.strip(".").partition(".")[0] not in kept:
                shutil.rmtree(folder, ignore_errors=True)
    return len(old)


def run_next(*, clock: Clock) -> bool:
    """Makes one copy that waits. False where none does."""
    export = _claimed(clock())
    if export is None:
        return False
    try:
        _made(export, clock)
    except _NotOursAnyMore:
        pass
    except Exception as error:  # noqa: BLE001  a bug in one copy must not hold up the next; it is tried again, not for ever
        if BulkExport.objects.filter(pk=export.pk, claimed_by=export.claimed_by).update(
            state=BulkExport.State.WAITING, claimed_by=None, claimed_until=None
        ):  # else its folder was taken away under it
            _log.error("copy failed", exc_info=error)
    finally:
        shutil.rmtree(_part(export), ignore_errors=True)
    return True


class _NotOursAnyMore(Exception):
    """Somebody in it took their consent back, it was deleted, or another worker took over."""


def _unclaimed(now: dt.datetime) -> "models.QuerySet[BulkExport]":
    left = models.Q(state=BulkExport.State.RUNNING, claimed_until__lte=now)
    return BulkExport.objects.filter(models.Q(state=BulkExport.State.WAITING) | left)


def _claimed(now: dt.datetime) -> BulkExport | None:
    """The oldest one that nobody makes, claimed. One that failed too often is given up."""
    for export in _unclaimed(now).order_by("id"):
        claim = uuid.uuid4()
        if export.tries >= _TRIES_MOST:
            _unclaimed(now).filter(pk=export.pk).update(state=BulkExport.State.FAILED, why="failed", finished_at=now)
            exported.remove_files(export.uuid)
        elif (
            _unclaimed(now)
            .filter(pk=export.pk)
            .update(
                state=BulkExport.State.RUNNING, claimed_by=claim, claimed_until=now + _LEASE, people_done=0,
                tries=export.tries + 1,
            )
        ):  # fmt: skip
            exported.remove_files(export.uuid)  # what one that is gone has made of it
            return BulkExport.objects.select_related("clinic").get(pk=export.pk)
    return None


def _part(export: BulkExport) -> Path:
    """Where it is made. Each claim has its own: a worker that was taken for gone spoils nothing."""
    return exports_folder() / f".{export.uuid}.{export.claimed_by}.part"


def _made(export: BulkExport, clock: Clock) -> None:
    """Person by person into a folder beside its place, and there when it is whole and on the disk."""
    with transaction.atomic():
        people = access.in_clinic_copy(clinic=export.clinic, now=clock())
        _still_ours(export, clock(), people=len(people))
        BulkExportPerson.objects.filter(export=export).delete()
        BulkExportPerson.objects.bulk_create(
            BulkExportPerson(export=export, profile=one.person, data_classes=sorted(one.classes)) for one in people
        )
    folder = _part(export)
    exports_folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.mkdir(mode=0o700)
    told = clock()
    with _Files(folder) as files:
        for done, one in enumerate(people, start=1):
            # Who was let in since the last time was in none before: then everything is new.
            since = export.since if export.since is not None and one.granted_at <= export.since else None
            order = Order(types=tuple(export.types), since=since)
            for line in _lines(one.person, one.classes, order):
                files.write(line)
            if clock() - told >= _TELLS_EVERY or done == len(people):
                told = clock()
                _still_ours(export, told, people_done=done)
        for words in export.ignored:
            files.write(search.outcome(words, code="not-supported", severity="warning"))
        written = files.finish()
    _tell(export, clock)
    now = clock()
    # It is there no longer than the first of these consents.
    _publish(export, folder, written, now, ends_at=min((one.ends_at for one in people), default=now + KEPT))


def _lines(person: Profile, classes: frozenset[DataClass], order: Order) -> list[dict[str, Any]]:
    with transaction.atomic():  # as it stands at one moment
        if not Profile.objects.select_for_update().filter(pk=person.pk).exists():
            raise _NotOursAnyMore
        record = programs.whole_record(profile=person, mood="mood" in classes)
    return list(lines(record.resources, granted=frozenset(classes), order=order))


def _still_ours(export: BulkExport, now: dt.datetime, **changed: int) -> None:
    ours = BulkExport.objects.filter(pk=export.pk, state=BulkExport.State.RUNNING, claimed_by=export.claimed_by)
    if not ours.update(claimed_until=now + _LEASE, **changed):
        raise _NotOursAnyMore


def _tell(export: BulkExport, clock: Clock) -> None:
    """Everybody in it is told before it can be fetched, some at a time: nobody else waits long to write.

    Told of one that comes to nothing after all is told too much, and that harms nobody.
    """
    by, inside = _asked_by(export), list(export.persons.select_related("profile"))
    for first in range(0, len(inside), _TOLD_AT_ONCE):
        with transaction.atomic():
            _still_ours(export, clock())
            for one in inside[first : first + _TOLD_AT_ONCE]:
                audit.record(
                    by=by, action="clinic_copy", now=clock(), object_kind="bulk_export", object_uuid=export.uuid,
                    profile=one.profile, purpose="app", data_class=", ".join(one.data_classes),
                    clinic=str(export.clinic.uuid),
                )  # fmt: skip


def _publish(
    export: BulkExport, folder: Path, written: list[dict[str, Any]], now: dt.datetime, *, ends_at: dt.datetime
) -> None:
    """Puts it where it can be fetched, if everybody in it still allows that; else it is made again."""
    with transaction.atomic():
        ours = BulkExport.objects.select_for_update().filter(
            pk=export.pk, state=BulkExport.State.RUNNING, claimed_by=export.claimed_by
        ).first()  # fmt: skip
        if ours is None:
            raise _NotOursAnyMore
        if not _holds(ours, now):
            BulkExport.objects.filter(pk=ours.pk).update(state=BulkExport.State.WAITING, claimed_until=None)
            return
        BulkExport.objects.filter(pk=ours.pk).update(
            state=BulkExport.State.READY,
            finished_at=now,
            ends_at=min(ends_at, now + KEPT),
            files=written,
            claimed_until=None,
        )
        folder.replace(export_folder(ours.uuid))
        _to_disk(exports_folder())


def _asked_by(export: BulkExport) -> Actor:
    kind, _, id = export.by.partition(":")
    return Actor(kind=kind, id=id)  # type: ignore[arg-type]  # as it was written


class _Files:
    """A file for each kind of resource, open to the owner only. Nothing of a person stays in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, IO[bytes]] = {}
        self._count: dict[str, int] = {}
        self._closing = ExitStack()

    def __enter__(self) -> "_Files":
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def write(self, resource: dict[str, Any]) -> None:
        """One line."""
        kind = resource["resourceType"]
        if kind not in self._open:
            descriptor = os.open(self._folder / f"{kind}.ndjson", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._open[kind] = self._closing.enter_context(os.fdopen(descriptor, "wb"))
            self._count[kind] = 0
        text = json.dumps(resource, ensure_ascii=False, separators=(",", ":"))
        self._open[kind].write(text.encode() + b"\n")
        self._count[kind] += 1

    def finish(self) -> list[dict[str, Any]]:
        """All of it on the disk; what there is, by kind."""
        found = []
        for kind in sorted(self._open):
            file = self._open[kind]
            file.flush()
            os.fsync(file.fileno())
            found.append({"type": kind, "name": f"{kind}.ndjson", "count": self._count[kind], "bytes": file.tell()})
        _to_disk(self._folder)
        return found


def _to_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
