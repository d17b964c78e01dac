"""A person in FHIR, for the computer system of a clinic: gathered here, mapped in `interchange.fhir`."""

import datetime as dt
from collections.abc import Iterator
from typing import IO, Final, Literal

from django.db import transaction

from upperback import __version__
from upperback.care import intake
from upperback.care.diary import Observed
from upperback.content.vocabulary import Content, default_content
from upperback.core.errors import InputError, NotAllowed
from upperback.interchange import fhir
from upperback.interchange.fhir.records import (
    Check,
    Chosen,
    Cleared,
    GoalKept,
    Identity,
    Person,
    PlanMade,
    Reviewed,
    Told,
)
from upperback.services import audit, diary, goals, plans
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.store.models import Assessment, Clearance, Decision, PlanVersion, Profile, Review

__all__ = ["KINDS", "Chosen", "Identity", "Kind", "gather", "read_identity", "write_definitions", "write_fhir"]

Kind = Literal["document", "transaction"]
KINDS: Final[tuple[Kind, ...]] = ("document", "transaction")

_NAME_MOST: Final = 80
_OLDEST: Final = 125


def write_fhir(
    *,
    profile: Profile,
    kind: Kind,
    out: IO[bytes],
    by: Actor,
    now: dt.datetime,
    chosen: Chosen | None = None,
    identity: Identity | None = None,
) -> int:
    """Writes one person as a FHIR R4 bundle; returns how many resources are in it.

    Parameters
    ----------
    kind : `document`, a summary for reading; `transaction`, for a server
    chosen : None for the least: no answers about mood, no diary
    identity : None where the clinic shall know the person by the name they use here
    """
    check_may(by, "export_person")
    chosen = chosen or Chosen()
    content = default_content()
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        person = gather(profile, by, content)
        audit.record(
            by=by, action="export_fhir", now=now, object_kind="profile", object_uuid=profile.uuid, profile=profile,
            kind=kind, mood=chosen.mood, diary=chosen.diary,
        )  # fmt: skip
    make = fhir.Making(person=person, content=content, chosen=chosen, identity=identity or Identity())
    bundle = fhir.document(make, now) if kind == "document" else fhir.transaction(make, now)
    out.write(fhir.to_json(bundle))
    return len(bundle.entry)


def write_definitions(*, out: IO[bytes]) -> int:
    """Writes the content release as a FHIR R4 transaction: nobody's data; returns how many resources are in it."""
    bundle = fhir.definitions_bundle(default_content())
    out.write(fhir.to_json(bundle))
    return len(bundle.entry)


def read_identity(
    *, family: str = "", given: str = "", birth_date: dt.date | None = None, nhs_number: str = "", today: dt.date
) -> Identity:
    """What a clinic knows a person by, as it was typed in. Kept nowhere.

    Raises
    ------
    InputError : a name is too long, the day of birth cannot be, or the NHS number is not one.
    """
    names = {"family": " ".join(family.split()), "given": " ".join(given.split())}
    for field, name in names.items():
        if len(name) > _NAME_MOST or not name.isprintable():
            raise InputError(f"Use a name of up to {_NAME_MOST} letters", field=field)
    if birth_date is not None and not today.year - _OLDEST <= birth_date.year <= today.year:
        raise InputError("Enter the day of birth with its year, for example 1980-05-31", field="birth_date")
    digits = "".join(nhs_number.split()).replace("-", "")
    if digits and not _is_nhs_number(digits):
        raise InputError("This is not an NHS number: look at its ten digits again", field="nhs_number")
    return Identity(**names, birth_date=birth_date, nhs_number=digits)


def _is_nhs_number(digits: str) -> bool:
    """Ten digits, the last one a check of the others by weights 10 to 2 and modulus 11."""
    if len(digits) != 10 or not (digits.isascii() and digits.isdigit()):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits[:9], range(10, 1, -1), strict=True))
    return (11 - total % 11) % 11 == int(digits[9])


# ---- gathering ---------------------------------------------------------------------------------------------------


def gather(profile: Profile, by: Actor, content: Content) -> Person:
    """Everything of a person that can be told to a clinic."""
    written = diary.entries(profile=profile, by=by)
    return Person(
        uuid=profile.uuid,
        name=profile.name,
        created_at=profile.created_at,
        software=__version__,
        checks=list(_checks(profile)),
        told=list(_told(profile, content)),
        plans=list(_plans(profile)),
        plan_is_open=_plan_is_open(profile, by),
        cleared=[
            Cleared(uuid=row.uuid, recorded_at=row.recorded_at, cleared_on=row.cleared_on, role=row.role)
            for row in Clearance.objects.filter(profile=profile)
        ],
        reviews=list(_reviews(profile)),
        goals=[
            GoalKept(
                id=goal.id, words=goal.words, activity=goal.activity, aim=goal.aim, reached=goal.state == "reached",
                reached_on=goal.reached_on,
            )
            for goal in goals.list_goals(profile=profile, by=by)
        ],
        diary=[row for row in written if not isinstance(row.entry, Observed)],
        observed=[row for row in written if isinstance(row.entry, Observed)],
    )  # fmt: skip


def _checks(profile: Profile) -> Iterator[Check]:
    for row in Decision.objects.filter(screening__profile=profile).select_related("screening"):
        yield Check(
            uuid=row.uuid, answered_at=row.screening.answers_since, decided_at=row.decided_at,
            is_proxy=row.screening.is_proxy, findings=row.findings, declined=row.declined,
            disposition=row.disposition, complete=row.complete, record=row.record["triage"],
            title=row.record["advice"]["title"], release=row.release, release_sha256=row.release_sha256,
        )  # fmt: skip


def _told(profile: Profile, content: Content) -> Iterator[Told]:
    for row in Assessment.objects.filter(profile=profile, state=Assessment.State.FINISHED):
        numbers = {
            content.questions[id].covers[0]: answer.number
            for id, answer in intake.from_plain(row.answers).items()
            if id in content.questions and answer.number is not None
        }
        yield Told(uuid=row.uuid, at=row.finished_at or row.started_at, activities=row.activities, measures=numbers)


def _plans(profile: Profile) -> Iterator[PlanMade]:
    for row in PlanVersion.objects.filter(profile=profile).select_related("decision"):
        yield PlanMade(
            uuid=row.uuid, number=row.number, made_at=row.made_at, starts_on=row.starts_on, allowed=row.allowed,
            check=row.decision.uuid, record=row.record,
        )  # fmt: skip


def _plan_is_open(profile: Profile, by: Actor) -> bool:
    try:
        plans.open_plan(profile=profile, by=by)
    except NotAllowed:
        return False
    return True


def _reviews(profile: Profile) -> Iterator[Reviewed]:
    rows = Review.objects.filter(profile=profile, replaced_by__isnull=True).select_related("decision")
    for row in rows:
        yield Reviewed(
            uuid=row.uuid, at=row.reviewed_at, check=row.decision.uuid, inputs=row.inputs, told=row.told,
            outcome=row.outcome, why=row.record["why"],
        )  # fmt: skip
