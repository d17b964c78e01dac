"""A clinician hands a person over to a colleague of the same clinic, and the person is told.

What a person let their clinic see, the clinic sees: the colleague looks after them from now on. What they let one
clinician see is for that one: the person is asked, and nothing changes before their yes.
"""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet

from upperback.care.diary import WORDS_MOST, HandedOver, HandOverAnswered, only
from upperback.core.errors import InputError
from upperback.services import audit, diary, policies, sharing
from upperback.services.actors import Actor, public_id
from upperback.services.permissions import check_may
from upperback.services.today import local_day
from upperback.services.treating import Seen
from upperback.store.models import Account, Clinic, DiaryEntry, Membership, Profile, Relation

__all__ = ["Asked", "Colleague", "answer", "asked", "colleagues_of", "hand_over", "waits"]

_ANSWERED = "This was answered already, or something newer has come. Look again"
_GONE = "One of the two does not work there any more, or may not see anything now. Nothing was changed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Another clinician of the clinic."""

    id: uuid.UUID
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A hand-over that waits for the person's answer."""

    id: uuid.UUID
    day: dt.date
    entry: HandedOver


def colleagues_of(*, seen: Seen, by: Actor, now: dt.datetime) -> list[Colleague]:
    """Clinicians of the clinic for which this one treats the person, by name; none where there are no accounts."""
    check_may(by, "propose_change")
    relation = _relation(seen.profile, public_id(by.id) if by.kind == "account" else None, now)
    if relation is None or relation.clinic is None:
        return []
    members = _clinicians(relation.clinic, now).exclude(account=relation.account)
    found = [Colleague(id=one.account.uuid, name=one.account.name or one.account.email) for one in members]
    return sorted(found, key=lambda one: (one.name.casefold(), one.id))


def hand_over(
    *,
    seen: Seen,
    taker: uuid.UUID | None,
    name: str,
    words: str,
    client_id: uuid.UUID | None,
    by: Actor,
    now: dt.datetime,
) -> DiaryEntry:
    """To a colleague: at once where the clinic itself was let in, else the person is asked first.

    Parameters
    ----------
    words : to the person; may be empty
    """
    check_may(by, "propose_change")
    seen.check("messages")
    told = words.replace("\r\n", "\n").strip()
    if len(told) > WORDS_MOST or not told.replace("\n", " ").isprintable():
        raise InputError(f"Use up to {WORDS_MOST} letters", field="to_person")
    found = next((one for one in colleagues_of(seen=seen, by=by, now=now) if one.id == taker), None)
    giver = public_id(by.id)
    if found is None or giver is None:
        raise InputError("Choose somebody of your clinic", field="taker")
    with transaction.atomic():
        relation = _relation(seen.profile, giver, now)
        assert relation is not None, "colleagues are of the clinic of the relation"
        assert relation.clinic is not None, "and of no other"
        ends_at = sharing.clinic_sees_until(profile=seen.profile, clinic=relation.clinic, now=now)
        entry = HandedOver(
            giver=giver, giver_name=name[:80], taker=found.id, taker_name=found.name[:80],
            clinic=relation.clinic.name[:80], asks=ends_at is None, words=told,
        )  # fmt: skip
        kept = diary.keep_from_clinic(profile=seen.profile, client_id=client_id, entry=entry, by=by, now=now)
        if ends_at is not None:
            _move(seen.profile, relation, found.id, min(ends_at, relation.ends_at), by, now)
    return kept


def asked(*, profile: Profile, by: Actor) -> Asked | None:
    """The newest hand-over, if it asks and has no answer."""
    check_may(by, "see_profile")
    written = diary.entries(profile=profile, by=by, kinds=[HandedOver, HandOverAnswered])
    answered = {entry.handed for _, entry in only(written, HandOverAnswered)}
    for row, entry in only(written, HandedOver)[-1:]:
        if entry.asks and row.uuid is not None and row.uuid not in answered:
            return Asked(id=row.uuid, day=row.day, entry=entry)
    return None


def answer(
    *, profile: Profile, handed: uuid.UUID | None, yes: bool, client_id: uuid.UUID | None, by: Actor, now: dt.datetime
) -> None:
    """Yes: the colleague sees what the giver saw, for as long, and the giver nothing more. No: all stays as it is.

    Raises
    ------
    InputError : answered already, a newer one came, or one of the two is not there any more.
    """
    check_may(by, "share")
    if client_id is None:
        raise InputError(policies.PAGE_IS_OLD)
    if diary.is_kept(profile=profile, client_id=client_id, by=by):
        return
    with transaction.atomic():
        found = asked(profile=profile, by=by)
        if found is None or found.id != handed:
            raise InputError(_ANSWERED)
        if yes:
            relation = _relation(profile, found.entry.giver, now)
            takers = _clinicians(relation.clinic, now) if relation is not None and relation.clinic is not None else None
            taker = takers.filter(account__uuid=found.entry.taker).first() if takers is not None else None
            if relation is None or taker is None:
                raise InputError(_GONE)
            ends_at = sharing.pass_on(profile=profile, giver=relation.account, taker=taker.account, by=by, now=now)
            if ends_at is None:
                raise InputError(_GONE)
            _move(profile, relation, taker.account.uuid, ends_at, by, now)
        entry = HandOverAnswered(handed=found.id, yes=yes)
        diary.keep_entry(
            profile=profile, client_id=client_id, day=local_day(profile, now), at=now, entry=entry, by=by, now=now
        )


def waits(*, seen: Seen, by: Actor) -> Asked | None:
    """The same question for the clinician's page."""
    seen.check("messages")
    return asked(profile=seen.profile, by=by)


def _relation(profile: Profile, account: uuid.UUID | None, now: dt.datetime) -> Relation | None:
    if account is None:
        return None
    rows = Relation.objects.filter(
        profile=profile, account__uuid=account, kind=Relation.Kind.TREATS, ended_at__isnull=True, ends_at__gt=now
    )
    return rows.select_related("account", "clinic").order_by("-id").first()


def _clinicians(clinic: Clinic, now: dt.datetime) -> "QuerySet[Membership]":
    """Whoever works there as a clinician now."""
    goes_on = Q(ended_at__isnull=True) | Q(ended_at__gt=now)
    rows = Membership.objects.filter(goes_on, clinic=clinic, role=Membership.Role.CLINICIAN, account__is_active=True)
    return rows.select_related("account")


def _move(
    profile: Profile, relation: Relation, taker: uuid.UUID, ends_at: dt.datetime, by: Actor, now: dt.datetime
) -> None:
    """From now on it is the colleague who looks after this person."""
    account, before = Account.objects.get(uuid=taker), _relation(profile, taker, now)
    ends_at = max(ends_at, before.ends_at) if before is not None else ends_at  # consents say what is seen until then
    Relation.objects.filter(
        profile=profile, account__in=(account, relation.account), kind=Relation.Kind.TREATS, ended_at__isnull=True
    ).update(ended_at=now)
    Relation.objects.create(
        profile=profile, account=account, clinic=relation.clinic, kind=Relation.Kind.TREATS, since=now,
        ends_at=ends_at, by=str(by),
    )  # fmt: skip
    audit.record(
        by=by, action="hand_over", now=now, object_kind="profile", object_uuid=profile.uuid, profile=profile,
        recipient=str(taker),
    )  # fmt: skip
