"""Computer systems of a clinic that may fetch copies: each comes with a token, which is told once and ends."""

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Final

from django.db import models, transaction

from upperback.core.errors import InputError, NotFound
from upperback.core.tokens import TOKEN_CHARACTERS_MAX, stored_form
from upperback.services import actors, audit
from upperback.services.actors import Actor, public_id
from upperback.services.permissions import check_may
from upperback.store.models import Clinic, ClinicSystem

__all__ = ["DAYS_MAX", "ClinicSystem", "Visit", "add_system", "clinic_of", "end_system", "list_systems", "visit"]

DAYS_MAX: Final = 365
_NAME_MOST: Final = 60
_AT_MOST: Final = 20
_TOKEN_BYTES: Final = 32
_USED_EVERY: Final = dt.timedelta(minutes=1)
NOT_THERE: Final = "this token opens nothing: it was never given, it has run out, or it was ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A system that came with a token that holds."""

    actor: Actor
    clinic: Clinic


def add_system(*, clinic: Clinic, name: str, days: int, by: Actor, now: dt.datetime) -> str:
    """A new token. Returned once; only its hash is kept.

    Raises
    ------
    InputError : no name, a name that is there, too long a time, or too many.
    """
    check_may(by, "run_service")
    name = " ".join(name.split())
    if not 0 < len(name) <= _NAME_MOST or not name.isprintable():
        raise InputError(f"Give the system a name of up to {_NAME_MOST} letters", field="name")
    if not 1 <= days <= DAYS_MAX:
        raise InputError(f"A token lasts from 1 to {DAYS_MAX} days", field="days")
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with transaction.atomic():
        Clinic.objects.select_for_update().get(pk=clinic.pk)
        open_ones = _open(now).filter(clinic=clinic)
        if open_ones.filter(name=name).exists():
            raise InputError(f"{clinic.name} has a system “{name}” already. End it first", field="name")
        if open_ones.count() >= _AT_MOST:
            raise InputError(f"{clinic.name} has {_AT_MOST} systems already. End one first", field="name")
        made = ClinicSystem.objects.create(
            clinic=clinic, name=name, token_sha256=stored_form(token), made_at=now,
            ends_at=now + dt.timedelta(days=days), by=str(by),
        )  # fmt: skip
        audit.record(
            by=by, action="add_system", now=now, object_kind="clinic_system", object_uuid=made.uuid,
            clinic=str(clinic.uuid), days=days,
        )  # fmt: skip
    return token


def list_systems(*, clinic: Clinic, by: Actor, now: dt.datetime) -> list[ClinicSystem]:
    """Those that may fetch copies now."""
    check_may(by, "run_service")
    return list(_open(now).filter(clinic=clinic))


def end_system(*, clinic: Clinic, name: str, by: Actor, now: dt.datetime) -> None:
    """Its next question is refused. Raises NotFound."""
    check_may(by, "run_service")
    with transaction.atomic():
        row = _open(now).filter(clinic=clinic, name=name).first()
        if row is None:
            raise NotFound(f"{clinic.name} has no system “{name}”")
        ClinicSystem.objects.filter(pk=row.pk).update(ended_at=now)
        audit.record(by=by, action="end_system", now=now, object_kind="clinic_system", object_uuid=row.uuid)


def visit(*, token: str, now: dt.datetime) -> Visit:
    """Who comes with this token, asked at every use.

    Raises
    ------
    NotFound : it holds no more, or never did: the same answer.
    """
    row = None
    if 0 < len(token) <= TOKEN_CHARACTERS_MAX:
        row = _open(now).filter(token_sha256=stored_form(token), made_at__lte=now).select_related("clinic").first()
    if row is None:
        raise NotFound(NOT_THERE)
    if row.used_at is None or not dt.timedelta(0) <= now - row.used_at < _USED_EVERY:
        ClinicSystem.objects.filter(pk=row.pk).update(used_at=now)
    return Visit(actor=actors.clinic_system(row.uuid), clinic=row.clinic)


def clinic_of(actor: Actor, now: dt.datetime) -> Clinic | None:
    """The clinic of a system, while its token holds; None for everybody else."""
    system = public_id(actor.id) if actor.kind == "clinic_system" else None
    row = _open(now).filter(uuid=system).select_related("clinic").first() if system is not None else None
    return row.clinic if row is not None else None


def _open(now: dt.datetime) -> "models.QuerySet[ClinicSystem]":
    return ClinicSystem.objects.filter(ended_at__isnull=True, ends_at__gt=now)
