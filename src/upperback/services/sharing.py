"""A person lets somebody in, sees who may see what, and takes it back. Grant and withdrawal are events, never edits.

An invitation is a code that works once and for two days. Whoever is given it types it in while signed in to an account
of their own; only then is there a relation and a consent. A wrong code tells nothing, and tries are few.
"""

import datetime as dt
import secrets
import uuid
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Count, Max, Q
from django.db.models.fields.json import KT
from django.db.models.functions import TruncDate

from upperback.core.errors import InputError, NotFound
from upperback.core.tokens import stored_form
from upperback.services import audit, exported
from upperback.services.access_rules import PERMISSIONS, Purpose
from upperback.services.actors import Actor, public_id
from upperback.services.permissions import check_may
from upperback.store.models import (
    Account,
    App,
    AuditEvent,
    Clinic,
    ClinicSystem,
    ConsentEvent,
    Invitation,
    Membership,
    Profile,
    Relation,
    Study,
)

__all__ = [
    "Grant",
    "Invitation",
    "Look",
    "Waiting",
    "accept",
    "clinic_sees_until",
    "give_back",
    "grant",
    "grants_of",
    "invite",
    "leave",
    "looks_of",
    "pass_on",
    "take_code_back",
    "waiting",
    "withdraw",
]

#: How long a code can be used.
INVITATION_LASTS: Final = dt.timedelta(hours=48)
#: How long access lasts at most before it is asked again.
DAYS_MAX: Final = 365
#: Wrong codes of one account, and of all together, in an hour.
TRIES_OF_ONE: Final = 5
TRIES_OF_ALL: Final = 200
#: Without letters and digits that look alike.
_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_LETTERS: Final = 16
_PURPOSE: Final[dict[str, Purpose]] = {"treats": "care", "cares": "caring"}
#: What is told to the person of what was done with their record.
_TOLD: Final = (
    "look", "grant", "withdraw", "leave", "give_back", "support_look", "research_copy", "clinic_copy", "fetch_copy",
    "watch_live",
)  # fmt: skip
_BY_ACTOR: Final = frozenset(_TOLD) - {"grant", "withdraw"}
#: What is often one after the other: told once for a minute.
_TOGETHER: Final = frozenset({"look", "fetch_copy"})
_NO_SUCH_CODE: Final = (
    "This code does not work. It was used or taken back, or it is older than two days. Ask for a new one."
)
_CODE_GONE: Final = "This code has been used, or it has run out. See below who can see something now."
_TOO_MANY: Final = "Too many codes did not work. Wait an hour, then try again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What somebody may see of a person, in words for that person.

    Attributes
    ----------
    recipient : public id of an account, a clinic, a study or an app
    who, clinic : names; clinic is empty where there is none
    withdrawn_at : None while it holds
    left : it was ended by whoever could see something, and not by the person
    is_app : the recipient is an app of others
    """

    id: uuid.UUID
    recipient: uuid.UUID
    who: str
    clinic: str
    purpose: str
    data_classes: tuple[str, ...]
    given_at: dt.datetime
    ends_at: dt.datetime
    withdrawn_at: dt.datetime | None
    left: bool = False
    is_app: bool = False

    def holds(self, now: dt.datetime) -> bool:
        """Whether it opens anything now."""
        return self.withdrawn_at is None and now < self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A code that nobody has typed in yet. The code itself is not kept."""

    id: uuid.UUID
    kind: str
    data_classes: tuple[str, ...]
    made_at: dt.datetime
    ends_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Somebody looked at a record, or was let in or out.

    Attributes
    ----------
    what : kinds of data; empty for letting in and out
    times : how often on that day, of an app: it reads by itself, and would hide the people who looked
    why : of `give_back`
    """

    at: dt.datetime
    action: str
    who: str
    clinic: str
    what: tuple[str, ...]
    times: int = 1
    why: str = ""


def invite(
    *, profile: Profile, kind: str, data_classes: Iterable[str], days: int, by: Actor, now: dt.datetime
) -> tuple[Invitation, str]:
    """A new code for a clinician (`treats`) or a carer (`cares`). It is shown once and not kept."""
    check_may(by, "share")
    if kind not in _PURPOSE:
        raise InputError("Say who this is for", field="kind")
    chosen = _checked_classes(kind, data_classes)
    if not 1 <= days <= DAYS_MAX:
        raise InputError(f"Choose a time of up to {DAYS_MAX} days", field="days")
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LETTERS))
    with transaction.atomic():
        made = Invitation.objects.create(
            profile=profile, code_sha256=stored_form(letters), kind=kind, data_classes=chosen, access_days=days,
            made_at=now, ends_at=now + INVITATION_LASTS, by=str(by),
        )  # fmt: skip
        audit.record(
            by=by, action="invite", now=now, object_kind="invitation", object_uuid=made.uuid, profile=profile, kind=kind
        )
    return made, "-".join(letters[at : at + 4] for at in range(0, _CODE_LETTERS, 4))


def waiting(*, profile: Profile, by: Actor, now: dt.datetime) -> list[Waiting]:
    """The codes that would let somebody in now, the newest first."""
    check_may(by, "share")
    rows = Invitation.objects.filter(profile=profile, used_at__isnull=True, ends_at__gt=now).order_by("-id")
    return [
        Waiting(
            id=one.uuid, kind=one.kind, data_classes=tuple(one.data_classes), made_at=one.made_at, ends_at=one.ends_at
        )
        for one in rows
    ]


def take_code_back(*, profile: Profile, invitation: uuid.UUID | None, by: Actor, now: dt.datetime) -> None:
    """From now on nobody is let in by this code. Taken back twice it is taken back.

    Raises
    ------
    InputError : it was used, or has run out.
    NotFound : there never was such a code of this person.
    """
    check_may(by, "share")
    with transaction.atomic():
        # The row goes. Whoever types the code in at the same moment is let in whole before, or not at all.
        codes = Invitation.objects.filter(profile=profile, uuid=invitation or uuid.UUID(int=0))
        if codes.filter(used_at__isnull=True, ends_at__gt=now).delete()[0]:
            audit.record(
                by=by, action="take_code_back", now=now, object_kind="invitation", object_uuid=invitation,
                profile=profile,
            )  # fmt: skip
        elif codes.exists():
            raise InputError(_CODE_GONE)
        elif not AuditEvent.objects.filter(
            profile_uuid=profile.uuid, object_uuid=invitation, action="take_code_back"
        ).exists():
            raise NotFound("there is no such code here")


def accept(*, code: str, by: Actor, now: dt.datetime) -> Relation:
    """Whoever types in a code that works is let in: as a clinician for the clinic they work for, or as a carer.

    Raises
    ------
    InputError : the code does not work, or there were too many that did not.
    """
    check_may(by, "accept_invitation")
    _check_tries(by, now)
    with transaction.atomic():
        made = _taken(code, by, now)
        account = _account_of(by)
        relation = _let_in(made, account, by, now) if made is not None and account is not None else None
    if relation is None:
        audit.record(by=by, action="wrong_code", now=now, object_kind="invitation")
        raise InputError(_NO_SUCH_CODE, field="code")
    return relation


def grant(
    *,
    profile: Profile,
    recipient: Account | Clinic | Study | App,
    purpose: Purpose,
    data_classes: Iterable[str],
    ends_at: dt.datetime,
    by: Actor,
    now: dt.datetime,
) -> uuid.UUID:
    """A consent of its own: for a study or a clinic's research, or for an app. Returns the id that withdraws it."""
    check_may(by, "share")
    if not now < ends_at <= now + dt.timedelta(days=DAYS_MAX):
        raise InputError(f"Choose a time of up to {DAYS_MAX} days", field="ends_at")
    allowed = frozenset[str]().union(*(row.get(purpose, frozenset()) for row in PERMISSIONS.values()))
    chosen = sorted(set(data_classes))
    if not chosen or not allowed.issuperset(chosen):
        raise InputError("Choose what may be seen", field="data_classes")
    with transaction.atomic():
        return _granted(profile, recipient, purpose, chosen, ends_at, by, now)


def withdraw(*, profile: Profile, grant_uuid: uuid.UUID | None, by: Actor, now: dt.datetime) -> None:
    """Takes a grant back. From the next look on there is nothing to see by it, on whatever way it was asked.

    Withdrawing what is withdrawn changes nothing.
    """
    check_may(by, "share")
    _withdrawn(profile, grant_uuid, "withdraw", by, now)


def give_back(*, profile: Profile, grant_uuid: uuid.UUID, why: str, by: Actor, now: dt.datetime) -> None:
    """An app gives back what it was let see, or is closed since what only it may have came from somewhere twice."""
    check_may(by, "give_back")
    _withdrawn(profile, grant_uuid, "give_back", by, now, why=why)


def _withdrawn(
    profile: Profile, grant_uuid: uuid.UUID | None, action: str, by: Actor, now: dt.datetime, **details: str
) -> None:
    with transaction.atomic():
        given = ConsentEvent.objects.filter(
            profile=profile, grant=grant_uuid or uuid.UUID(int=0), kind=ConsentEvent.Kind.GRANTED
        ).first()
        if given is None:
            raise NotFound("there is no such grant here")
        if not _close(given, by, now):
            return
        if not _other_grant_holds(profile, given, now):
            Relation.objects.filter(
                profile=profile, account__uuid=given.recipient, kind=_kind_of(given.purpose), ended_at__isnull=True
            ).update(ended_at=now)
        if given.purpose == "app" and given.recipient_kind == ConsentEvent.Recipient.CLINIC:
            exported.drop_of_consent(profile=profile, clinic=given.recipient, now=now)
        audit.record(
            by=by, action=action, now=now, object_kind="grant", object_uuid=given.grant, profile=profile,
            recipient=str(given.recipient), **details,
        )  # fmt: skip


def leave(*, profile: Profile, by: Actor, now: dt.datetime) -> Account:
    """Whoever helps a person ends it themselves: they see nothing more, as if the person had taken it back.

    Raises
    ------
    NotFound : they do not help this person now.
    """
    check_may(by, "accept_invitation")
    account = _account_of(by)
    with transaction.atomic():
        helping = Relation.objects.filter(
            profile=profile, account=account, kind=Relation.Kind.CARES, ended_at__isnull=True, ends_at__gt=now
        )
        if account is None or not helping.update(ended_at=now):
            raise NotFound("there is nobody like this here")
        given = ConsentEvent.objects.filter(
            profile=profile, recipient=account.uuid, purpose="caring", kind=ConsentEvent.Kind.GRANTED, ends_at__gt=now
        )
        for one in given:
            _close(one, by, now)
        audit.record(by=by, action="leave", now=now, object_kind="profile", object_uuid=profile.uuid, profile=profile)
    return account


def clinic_sees_until(*, profile: Profile, clinic: Clinic, now: dt.datetime) -> dt.datetime | None:
    """Until when the clinic itself may see who this person is, for care; None where it was not let in."""
    holding = [one for one in _holding(profile, clinic.uuid, now) if "identity" in one.data_classes]
    return max((one.ends_at for one in holding), default=None)


def pass_on(*, profile: Profile, giver: Account, taker: Account, by: Actor, now: dt.datetime) -> dt.datetime | None:
    """What one clinician may see goes over to another: the same kinds of data, until the same day.

    Returns when the last of it ends; None where there was nothing to pass on.
    """
    check_may(by, "share")
    with transaction.atomic():
        passed = _holding(profile, giver.uuid, now)
        for one in passed:
            _granted(profile, taker, one.purpose, list(one.data_classes), one.ends_at, by, now)
            withdraw(profile=profile, grant_uuid=one.grant, by=by, now=now)
    return max((one.ends_at for one in passed), default=None)


def _holding(profile: Profile, recipient: uuid.UUID, now: dt.datetime) -> list[ConsentEvent]:
    """Grants for care to this recipient that hold now."""
    events = ConsentEvent.objects.filter(profile=profile, recipient=recipient, purpose="care")
    gone = events.filter(kind=ConsentEvent.Kind.WITHDRAWN).values("grant")
    return list(events.filter(kind=ConsentEvent.Kind.GRANTED, ends_at__gt=now).exclude(grant__in=gone))


def grants_of(*, profile: Profile, by: Actor) -> list[Grant]:
    """Who was let in, the newest first, withdrawn and run out ones too."""
    check_may(by, "share")
    events = list(ConsentEvent.objects.filter(profile=profile))
    withdrawn = {event.grant: event for event in events if event.kind == ConsentEvent.Kind.WITHDRAWN}
    recipients = {event.recipient for event in events}
    accounts = {
        account.uuid: account
        for account in Account.objects.filter(uuid__in=recipients).prefetch_related("memberships__clinic")
    }
    clinics = _named(recipients)
    return [
        Grant(
            id=event.grant,
            recipient=event.recipient,
            who=_name_of(accounts.get(event.recipient), clinics.get(event.recipient)),
            clinic=_clinic_of(accounts.get(event.recipient)),
            purpose=event.purpose,
            data_classes=tuple(event.data_classes),
            given_at=event.at,
            ends_at=event.ends_at,
            withdrawn_at=withdrawn[event.grant].at if event.grant in withdrawn else None,
            left=event.grant in withdrawn and withdrawn[event.grant].by == f"account:{event.recipient}",
            is_app=event.recipient_kind == ConsentEvent.Recipient.APP,
        )
        for event in reversed(events)
        if event.kind == ConsentEvent.Kind.GRANTED
    ]


def looks_of(*, profile: Profile, by: Actor, most: int = 100) -> list[Look]:
    """Who looked at a person's record and when, the newest first; what somebody saw in one minute is one look."""
    check_may(by, "share")
    copies = {one.export.uuid: one.data_classes for one in profile.bulk_exports.select_related("export")}
    about = Q(profile_uuid=profile.uuid) | Q(object_uuid__in=copies, action="fetch_copy")
    rows = AuditEvent.objects.filter(about, action__in=_TOLD).exclude(actor_kind="app", action="look")
    events = list(rows.order_by("-id")[: most * 10])
    ids = {found for event in events if (found := public_id(_whom(event))) is not None}
    accounts = {one.uuid: one for one in Account.objects.filter(uuid__in=ids).prefetch_related("memberships__clinic")}
    clinics = _named(ids)
    systems = {one.uuid: one for one in ClinicSystem.objects.filter(uuid__in=ids).select_related("clinic")}
    looks: list[Look] = []
    for event in events:
        account, clinic = accounts.get(_id_of(event)), clinics.get(_id_of(event))
        system = systems.get(_id_of(event))
        told = event.details.get("data_class") or ",".join(copies.get(event.object_uuid or profile.uuid, ()))
        what = _kinds_in(told)
        look = Look(
            at=event.at.replace(second=0, microsecond=0),
            action=event.action,
            who=_name_of(account, clinic) if system is None else system.name,
            clinic=_clinic_of(account) if system is None else system.clinic.name,
            what=what,
            why=str(event.details.get("why", "")),
        )
        last = looks[-1] if looks else None
        is_same = last is not None and (last.action, last.at, last.who) == (look.action, look.at, look.who)
        if last is not None and is_same and look.action in _TOGETHER:
            looks[-1] = replace(last, what=tuple(dict.fromkeys((*look.what, *last.what))))
        else:
            looks.append(look)
    looks += _looks_of_apps(profile, most)
    return sorted(looks, key=lambda look: look.at, reverse=True)[:most]


def _looks_of_apps(profile: Profile, most: int) -> list[Look]:
    """Each app once for each of the person's days."""
    day = TruncDate("at", tzinfo=zoneinfo.ZoneInfo(profile.time_zone))
    rows = AuditEvent.objects.filter(profile_uuid=profile.uuid, action="look", actor_kind="app").order_by()
    counted = rows.values("actor_id", day=day, kinds=KT("details__data_class"))
    names = {str(app.uuid): app.name for app in App.objects.all()}
    found: dict[tuple[str, dt.date], Look] = {}
    for row in counted.annotate(times=Count("id"), last=Max("at")).order_by("-last")[: most * 4]:
        who, what = row["actor_id"], _kinds_in(row["kinds"])
        known = found.get((who, row["day"]))
        look = Look(at=row["last"], action="look", who=names.get(who, ""), clinic="", what=what, times=row["times"])
        if known is not None:
            what = tuple(dict.fromkeys((*known.what, *what)))
            look = replace(look, at=known.at, what=what, times=known.times + look.times)
        found[who, row["day"]] = look
    return list(found.values())


def _kinds_in(words: object) -> tuple[str, ...]:
    return tuple(part.strip() for part in str(words or "").split(",") if part.strip())


def _whom(event: AuditEvent) -> str:
    """Who looked, or who was let in or out."""
    return event.actor_id if event.action in _BY_ACTOR else str(event.details.get("recipient", ""))


def _id_of(event: AuditEvent) -> uuid.UUID:
    return public_id(_whom(event)) or uuid.UUID(int=0)


def _checked_classes(kind: str, data_classes: Iterable[str]) -> list[str]:
    role = "clinician" if kind == "treats" else "carer"
    allowed = PERMISSIONS[role, kind][_PURPOSE[kind]]  # type: ignore[index]  # one of the two rows
    chosen = set(data_classes)
    if not chosen or not allowed.issuperset(chosen):
        raise InputError("Choose what may be seen", field="data_classes")
    return sorted(chosen | {"identity"})


def _check_tries(by: Actor, now: dt.datetime) -> None:
    wrong = AuditEvent.objects.filter(action="wrong_code", at__gt=now - dt.timedelta(hours=1))
    if wrong.filter(actor_id=by.id).count() >= TRIES_OF_ONE or wrong.count() >= TRIES_OF_ALL:
        audit.record(by=by, action="too_many_codes", now=now, object_kind="invitation")
        raise InputError(_TOO_MANY, field="code")


def _taken(code: str, by: Actor, now: dt.datetime) -> Invitation | None:
    """The invitation behind a code, used up. One of several takers wins."""
    letters = "".join(code.upper().split()).replace("-", "")
    made = Invitation.objects.filter(code_sha256=stored_form(letters), used_at__isnull=True, ends_at__gt=now).first()
    if made is None or not _fits(made, by, now):
        return None
    taken = Invitation.objects.filter(pk=made.pk, used_at__isnull=True).update(used_at=now)
    return made if taken else None


def _fits(made: Invitation, by: Actor, now: dt.datetime) -> bool:
    """A clinician's code is for a clinician, a carer's for somebody else than the person and not for staff."""
    account = _account_of(by)
    if account is None or (account.profile_id is not None and account.profile_id == made.profile_id):
        return False
    if made.kind == Relation.Kind.TREATS:
        return by.second_factor and _clinic_for(account, now) is not None
    return not account.memberships.exists()


def _clinic_for(account: Account, now: dt.datetime) -> Clinic | None:
    members = account.memberships.filter(role=Membership.Role.CLINICIAN).select_related("clinic")
    return next((one.clinic for one in members if one.ended_at is None or one.ended_at > now), None)


def _account_of(by: Actor) -> Account | None:
    account_uuid = public_id(by.id)
    return Account.objects.filter(uuid=account_uuid, is_active=True).first() if account_uuid is not None else None


def _let_in(made: Invitation, account: Account, by: Actor, now: dt.datetime) -> Relation:
    ends_at = now + dt.timedelta(days=made.access_days)
    Relation.objects.filter(profile=made.profile, account=account, kind=made.kind, ended_at__isnull=True).update(
        ended_at=now
    )
    relation = Relation.objects.create(
        profile=made.profile,
        account=account,
        clinic=_clinic_for(account, now) if made.kind == Relation.Kind.TREATS else None,
        kind=made.kind,
        since=now,
        ends_at=ends_at,
        by=str(by),
    )
    _granted(made.profile, account, _PURPOSE[made.kind], made.data_classes, ends_at, by, now)
    return relation


def _granted(
    profile: Profile,
    recipient: Account | Clinic | Study | App,
    purpose: str,
    data_classes: list[str],
    ends_at: dt.datetime,
    by: Actor,
    now: dt.datetime,
) -> uuid.UUID:
    to = ConsentEvent.Recipient
    kinds = {Clinic: to.CLINIC, Study: to.STUDY, App: to.APP}
    kind = kinds.get(type(recipient), to.ACCOUNT)
    event = ConsentEvent.objects.create(
        profile=profile, grant=uuid.uuid4(), kind=ConsentEvent.Kind.GRANTED, recipient_kind=kind,
        recipient=recipient.uuid, purpose=purpose, data_classes=data_classes, ends_at=ends_at, at=now, by=str(by),
    )  # fmt: skip
    audit.record(
        by=by, action="grant", now=now, object_kind="grant", object_uuid=event.grant, profile=profile,
        recipient=str(recipient.uuid), purpose=purpose, data_classes=data_classes,
    )  # fmt: skip
    return event.grant


def _close(given: ConsentEvent, by: Actor, now: dt.datetime) -> bool:
    """Takes a grant back; False where that was done before, in another window at the same moment perhaps."""
    if ConsentEvent.objects.filter(grant=given.grant, kind=ConsentEvent.Kind.WITHDRAWN).exists():
        return False
    try:
        with transaction.atomic():
            ConsentEvent.objects.create(
                profile=given.profile, grant=given.grant, kind=ConsentEvent.Kind.WITHDRAWN,
                recipient_kind=given.recipient_kind, recipient=given.recipient, purpose=given.purpose,
                data_classes=given.data_classes, ends_at=given.ends_at, at=now, by=str(by),
            )  # fmt: skip
    except IntegrityError:
        return False
    return True


def _other_grant_holds(profile: Profile, given: ConsentEvent, now: dt.datetime) -> bool:
    """Whether the same recipient may still see something for the same purpose by another grant."""
    others = ConsentEvent.objects.filter(
        profile=profile, recipient=given.recipient, purpose=given.purpose, ends_at__gt=now
    )
    ended = others.filter(kind=ConsentEvent.Kind.WITHDRAWN).values("grant")
    return others.filter(kind=ConsentEvent.Kind.GRANTED).exclude(grant__in=ended).exists()


def _kind_of(purpose: str) -> str:
    return next((kind for kind, named in _PURPOSE.items() if named == purpose), "")


def _named(ids: set[uuid.UUID]) -> dict[uuid.UUID, Clinic | Study | App]:
    """Clinics, studies and apps by their public id."""
    studies = {one.uuid: one for one in Study.objects.filter(uuid__in=ids)}
    apps = {one.uuid: one for one in App.objects.filter(uuid__in=ids)}
    return studies | apps | {one.uuid: one for one in Clinic.objects.filter(uuid__in=ids)}


def _name_of(account: Account | None, clinic: Clinic | Study | App | None) -> str:
    if clinic is not None:
        return clinic.name
    return (account.name or account.email) if account is not None else ""


def _clinic_of(account: Account | None) -> str:
    members = list(account.memberships.all()) if account is not None else []
    return members[-1].clinic.name if members else ""
