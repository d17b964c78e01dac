"""Other programs that may read a record over FHIR: tokens that a person makes, sees and takes away."""

import datetime as dt
import secrets
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, Max, Q

from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError, NotAllowed, NotFound, UpperbackError
from upperback.core.tokens import TOKEN_CHARACTERS_MAX, stored_form
from upperback.interchange.fhir import person_resources
from upperback.interchange.fhir.classes import CLASSES, leaving, shown_as_granted
from upperback.interchange.fhir.making import Making
from upperback.interchange.fhir.records import Chosen
from upperback.interchange.fhir.search import Scope, Stamped, allows, read_scope, shown
from upperback.services import actors, audit, fhir
from upperback.services.actors import SYSTEM, Actor
from upperback.services.permissions import check_may
from upperback.store.models import (
    AuditEvent,
    Clearance,
    Decision,
    DiaryEntry,
    PlanVersion,
    Profile,
    ProgramToken,
    Review,
)

__all__ = [
    "DAYS",
    "ProgramToken",
    "Record",
    "TooOften",
    "Visit",
    "let_read",
    "list_programs",
    "read_record",
    "stop_reading",
    "visit",
    "whole_record",
]

#: For how long a program may read, as the page offers it.
DAYS: Final = (1, 30, 90, 365)
_LABEL_MOST: Final = 60
_AT_MOST: Final = 20
_TOKEN_BYTES: Final = 32
_ALL: Final = frozenset[str]().union(*CLASSES.values())
#: Of one app, about one person. A first copy of everything is some thirty.
READS_A_MINUTE: Final = 120
READS_AN_HOUR: Final = 1200
_MINUTE, _HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
_USED_EVERY: Final = dt.timedelta(minutes=1)
NOT_THERE: Final = "this token opens nothing: it was never given, it has run out, or it was taken away"


class TooOften(UpperbackError):
    """An app asks more often than anybody needs."""

    code = "too_often"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A program that came with a token that holds.

    Attributes
    ----------
    classes : the kinds of data that it may see, as a consent names them
    grant : the consent, of an app at a service; None on one's own machine
    """

    actor: Actor
    profile: Profile
    scopes: tuple[Scope, ...]
    classes: frozenset[str]
    grant: uuid.UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Everything that may be asked for; `patient` is the person's id, `show` gives one as it leaves."""

    patient: str
    resources: list[Stamped]
    show: Callable[[Stamped], dict[str, Any]]


def let_read(
    *, profile: Profile, label: str, scopes: Iterable[str], days: int, mood: bool, by: Actor, now: dt.datetime
) -> str:
    """A new token. Returned once; only its hash is kept.

    Raises
    ------
    InputError : no name, no scope, a scope that is not known, or too long a time.
    """
    check_may(by, "let_programs_read")
    name = " ".join(label.split())
    if not name or len(name) > _LABEL_MOST or not name.isprintable():
        raise InputError(f"Say which program this is for, in up to {_LABEL_MOST} letters", field="label")
    wanted = sorted({str(read_scope(one)) for one in scopes})
    if not wanted:
        raise InputError("Choose what it may read", field="scopes")
    if days not in DAYS:
        raise InputError("Choose for how long", field="days")
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        if ProgramToken.objects.filter(profile=profile, ends_at__gt=now).count() >= _AT_MOST:
            raise InputError(f"There are {_AT_MOST} programs already. Take one away first", field="label")
        row = ProgramToken.objects.create(
            profile=profile, token_sha256=stored_form(token), label=name, scopes=wanted, mood=mood, made_at=now,
            ends_at=now + dt.timedelta(days=days), by=str(by),
        )  # fmt: skip
        audit.record(
            by=by, action="let_program_read", now=now, object_kind="program_token", object_uuid=row.uuid,
            profile=profile, scopes=wanted, days=days, mood=mood,
        )  # fmt: skip
    return token


def list_programs(*, profile: Profile, by: Actor, now: dt.datetime) -> list[ProgramToken]:
    """The programs that may read now."""
    check_may(by, "let_programs_read")
    return list(ProgramToken.objects.filter(profile=profile, ends_at__gt=now))


def stop_reading(*, profile: Profile, token_uuid: uuid.UUID | None, by: Actor, now: dt.datetime) -> None:
    """Its next question is refused. Raises NotFound."""
    check_may(by, "let_programs_read")
    with transaction.atomic():
        row = ProgramToken.objects.filter(profile=profile, uuid=token_uuid).first() if token_uuid else None
        if row is None:
            raise NotFound("there is no such program")
        row.delete()
        audit.record(
            by=by, action="stop_program", now=now, object_kind="program_token", object_uuid=row.uuid, profile=profile
        )


def visit(*, token: str, now: dt.datetime) -> Visit:
    """Who comes with this token, asked at every use.

    Raises
    ------
    NotFound : it holds no more, or never did: the same answer.
    """
    row = None
    if 0 < len(token) <= TOKEN_CHARACTERS_MAX:
        rows = ProgramToken.objects.select_related("profile").filter(token_sha256=stored_form(token))
        row = rows.filter(made_at__lte=now, ends_at__gt=now).first()
    if row is None:
        raise NotFound(NOT_THERE)
    actor = actors.program(row.uuid)
    if row.used_at is None or not dt.timedelta(0) <= now - row.used_at < _USED_EVERY:
        with transaction.atomic():
            ProgramToken.objects.filter(pk=row.pk).update(used_at=now)
            audit.record(
                by=actor, action="read_fhir", now=now, object_kind="program_token", object_uuid=row.uuid,
                profile=row.profile,
            )  # fmt: skip
    return Visit(
        actor=actor, profile=row.profile, scopes=tuple(read_scope(one) for one in row.scopes),
        classes=_ALL if row.mood else _ALL - {"mood"},
    )  # fmt: skip


def read_record(*, visit: Visit, kind: str, by_search: bool, now: dt.datetime) -> Record:
    """The record that a program came for; at a service the look is written into it.

    Raises
    ------
    NotAllowed : none of its scopes gives this kind, or the person did not say yes to what it is made from.
    TooOften : an app asks more often than it needs to.
    """
    check_may(visit.actor, "read_fhir")
    if not allows(visit.scopes, kind, by_search=by_search):
        raise NotAllowed(f"the token does not give {kind} {'to search' if by_search else 'to read'}")
    if visit.grant is None:
        return whole_record(profile=visit.profile, mood="mood" in visit.classes)
    seen = CLASSES[kind] & visit.classes
    if not seen:
        raise NotAllowed(f"the person did not choose to share what {kind} is made from")
    _tell_of_look(visit, kind, seen, now)
    return _shared_part(whole_record(profile=visit.profile, mood="mood" in visit.classes), visit.classes)


def whole_record(*, profile: Profile, mood: bool) -> Record:
    """Everything of a person, each with when it was written. Whoever calls it has asked what of it may be seen."""
    person = fhir.gather(profile, SYSTEM, default_content())
    make = _Stamping(
        person=person, content=default_content(), chosen=Chosen(mood=mood, diary=True), written=_written(profile)
    )
    resources = person_resources(make)
    kinds = {one.id: type(one).__name__ for one in resources}
    return Record(
        patient=make.id("Patient"),
        resources=[Stamped(resource=one, at=make.stamps.get(one.id, make.newest)) for one in resources],
        show=partial(shown, kinds=kinds),
    )


def _shared_part(record: Record, granted: frozenset[str]) -> Record:
    """What of a record leaves by a consent."""
    found = leaving(record.resources, granted)
    kinds = {one.resource.id: one.kind for one in found}
    return replace(record, resources=found, show=partial(shown_as_granted, kinds=kinds, granted=granted))


def _tell_of_look(visit: Visit, kind: str, seen: Iterable[str], now: dt.datetime) -> None:
    """Each question of an app is a line of the audit, as a look of a clinician is: so they are counted by it, too."""
    looks = AuditEvent.objects.filter(actor_id=visit.actor.id, profile_uuid=visit.profile.uuid, at__lte=now)
    asked = looks.filter(action="look", at__gt=now - _HOUR).aggregate(
        hour=Count("id"), minute=Count("id", filter=Q(at__gt=now - _MINUTE))
    )
    if asked["minute"] >= READS_A_MINUTE or asked["hour"] >= READS_AN_HOUR:
        raise TooOften("too many questions: wait, and ask again")
    audit.record(
        by=visit.actor, action="look", now=now, object_kind="profile", object_uuid=visit.profile.uuid,
        profile=visit.profile, purpose="app", data_class=", ".join(sorted(seen)), grant=str(visit.grant), kind=kind,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Stamping(Making):
    """Notes for each id that is made when the record that it is made from was written.

    Where that cannot be told, the newest writing of all counts: a program that asks for what changed gets it once more,
    and never misses it.
    """

    written: Mapping[str, dt.datetime]
    stamps: dict[str, dt.datetime] = field(default_factory=dict)

    @cached_property
    def newest(self) -> dt.datetime:
        """Of anything of this person."""
        return max(self.written.values(), default=self.person.created_at)

    def id(self, kind: str, *parts: object) -> str:
        """The id; what it is made from is noted."""
        found = super().id(kind, *parts)
        known = [at for part in parts if (at := self.written.get(str(part).partition("/")[0])) is not None]
        if known:
            self.stamps[found] = max(known)
        return found


def _written(profile: Profile) -> dict[str, dt.datetime]:
    """When each record was written, by its public name; sessions, days and weeks by the newest of their entries."""
    found: dict[str, dt.datetime] = {}
    rows = DiaryEntry.objects.filter(profile=profile).order_by("id").values_list("uuid", "recorded_at", "day", "data")
    for uuid_of, at, day, data in rows:
        for key in (
            str(uuid_of),
            str(day),
            str(data.get("session") or ""),
            str(day - dt.timedelta(days=day.weekday())),
        ):
            if key:
                found[key] = max(found.get(key, at), at)
    for rows_of, name in (
        (PlanVersion.objects.filter(profile=profile), "made_at"),
        (Clearance.objects.filter(profile=profile), "recorded_at"),
        (Review.objects.filter(profile=profile), "reviewed_at"),
    ):
        found |= {str(row): at for row, at in rows_of.values_list("uuid", name)}
    checks = Decision.objects.filter(screening__profile=profile).values_list("uuid", "decided_at")
    found |= {str(row): at for row, at in checks}
    told = profile.assessments.filter(state="finished").annotate(at=Max("finished_at")).values_list("uuid", "at")
    return found | {str(row): at for row, at in told if at is not None}
