"""May this actor see this of this person, now? The one question; every page, socket, token, export and job asks it.

Nothing is remembered between two questions: who works where, who treats whom and what a person has consented to is read
at every use, so what is withdrawn is withdrawn. Rules stand in `access_rules`, without a database.
"""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, cast

from django.db.models import QuerySet

from upperback.core.errors import NotFound
from upperback.services import audit
from upperback.services.access_rules import (
    DATA_CLASSES,
    Allowed,
    Asked,
    Consent,
    DataClass,
    Denied,
    Purpose,
    Role,
    Standing,
    Verdict,
    decide_any,
    kinds_allowed,
)
from upperback.services.actors import Actor, public_id
from upperback.store.expressions import Among
from upperback.store.models import Account, App, Clinic, ConsentEvent, Membership, Profile, Relation, Study

__all__ = [
    "Allowed",
    "Copied",
    "Denied",
    "Job",
    "allowed_of",
    "by_app",
    "caseload",
    "caseload_with_kinds",
    "in_clinic_copy",
    "in_study",
    "jobs_of",
    "let_in_since",
    "may",
    "open_record",
    "see",
]


class _Tie(NamedTuple):
    """A relation to one person, as far as a decision looks at it."""

    kind: str
    clinic: uuid.UUID | None
    until: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A role that somebody holds at a clinic now."""

    role: Role
    clinic: uuid.UUID
    clinic_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """Somebody who lets the systems of a clinic have a copy.

    Attributes
    ----------
    classes : of these kinds of data
    granted_at, ends_at : when the newest part of that was granted, and when the first part of it ends
    """

    person: Profile
    classes: frozenset[DataClass]
    granted_at: dt.datetime
    ends_at: dt.datetime


def may(*, actor: Actor, person: Profile, purpose: Purpose, data_class: DataClass, now: dt.datetime) -> Verdict:
    """Whether this actor may see this kind of data of this person for this purpose, as things stand now."""
    standings = _standings(actor, [person], now)[person.pk]
    return decide_any(standings, Asked(purpose=purpose, data_class=data_class, now=now))


def see(*, actor: Actor, person: Profile, purpose: Purpose, data_class: DataClass, now: dt.datetime) -> bool:
    """Like `may`, and if it may, says in the person's record that it was looked at. For parts of a page."""
    if not may(actor=actor, person=person, purpose=purpose, data_class=data_class, now=now):
        return False
    _tell_of_look(actor, person, purpose, data_class, now)
    return True


def open_record(
    *, actor: Actor, person_uuid: uuid.UUID | None, purpose: Purpose, data_class: DataClass, now: dt.datetime
) -> Profile:
    """The person, for whoever may see this of them; a look by somebody else is written into their record.

    Raises
    ------
    NotFound : not there, or not for this actor: the same answer.
    """
    person = Profile.objects.filter(uuid=person_uuid).first() if person_uuid else None
    if person is None or not see(actor=actor, person=person, purpose=purpose, data_class=data_class, now=now):
        raise NotFound("there is no such person here")
    return person


def caseload(
    *, actor: Actor, now: dt.datetime, purpose: Purpose = "care", data_class: DataClass = "identity"
) -> list[Profile]:
    """Everybody of whom this actor may see this now, by name. People who did not agree are not counted either."""
    people = _ever_looked_after(actor)
    standings = _standings(actor, people, now)
    asked = Asked(purpose=purpose, data_class=data_class, now=now)
    return [person for person in people if decide_any(standings[person.pk], asked)]


def caseload_with_kinds(
    *, actor: Actor, now: dt.datetime, purpose: Purpose = "care"
) -> list[tuple[Profile, frozenset[DataClass]]]:
    """The same, each with every kind of data that this actor may see of them."""
    people = _ever_looked_after(actor)
    allowed = allowed_of(actor=actor, people=people, purpose=purpose, now=now)
    return [(person, allowed[person.pk]) for person in people if "identity" in allowed[person.pk]]


def _ever_looked_after(actor: Actor) -> list[Profile]:
    """Whom an account has, or had, a relation to."""
    account = public_id(actor.id) if actor.kind == "account" else None
    if account is None:
        return []
    return list(Profile.objects.filter(relations__account__uuid=account).distinct().order_by("name", "pk"))


def allowed_of(
    *, actor: Actor, people: list[Profile], purpose: Purpose, now: dt.datetime
) -> dict[int, frozenset[DataClass]]:
    """The kinds of data that this actor may see of each of these people, by key: `may` for many at once."""
    standings = _standings(actor, people, now)
    return {pk: kinds_allowed(found, purpose=purpose, now=now) for pk, found in standings.items()}


def visible(*, actor: Actor, person_uuid: uuid.UUID, purpose: Purpose, now: dt.datetime) -> frozenset[DataClass]:
    """The kinds of data of one person that this actor may see now; none of nobody. Writes nothing."""
    person = Profile.objects.filter(uuid=person_uuid).first()
    if person is None:
        return frozenset()
    return allowed_of(actor=actor, people=[person], purpose=purpose, now=now)[person.pk]


def in_study(*, actor: Actor, study: Study, now: dt.datetime) -> list[tuple[Profile, frozenset[DataClass]]]:
    """Who takes part in a study now, and what of each this researcher may see by that consent and no other."""
    given = ConsentEvent.objects.filter(recipient=study.uuid, kind=ConsentEvent.Kind.GRANTED).values("profile")
    people = list(Profile.objects.filter(pk__in=given).order_by("uuid"))
    found = []
    for person, ways in zip(people, _standings(actor, people, now).values(), strict=True):
        # One by the study alone: what was granted to the clinic, or to another study, opens nothing here.
        own = [replace(way, account=None, clinic=None) for way in ways if way.study == study.uuid]
        kinds = [kind for kind in DATA_CLASSES if kind in study.data_classes]
        asked = [Asked(purpose="research", data_class=kind, now=now) for kind in kinds]
        classes = frozenset(kind for kind, one in zip(kinds, asked, strict=True) if decide_any(own, one))
        if classes:
            found.append((person, classes))
    return found


def in_clinic_copy(*, clinic: Clinic, now: dt.datetime) -> list[Copied]:
    """Who lets the systems of a clinic have a copy now."""
    events = ConsentEvent.objects.filter(recipient=clinic.uuid, purpose="app", kind=ConsentEvent.Kind.GRANTED)
    people = list(Profile.objects.filter(pk__in=events.values("profile")).order_by("pk"))
    consents = _consents(people, [clinic.uuid])
    found = []
    for person in people:
        way = Standing(is_active=True, role="app", clinic=clinic.uuid, consents=consents[person.pk])
        classes = kinds_allowed([way], purpose="app", now=now)
        if classes:
            given = [one for one in way.consents if one.purpose == "app"]
            found.append(
                Copied(
                    person=person, classes=classes, granted_at=max(one.given_at for one in given),
                    ends_at=min(one.ends_at for one in given if one.withdrawn_at is None and one.ends_at > now),
                )
            )  # fmt: skip
    return found


def let_in_since(
    *,
    clinic: Clinic,
    people: Iterable[tuple[Profile, dt.datetime]],
    data_classes: Iterable[DataClass],
    now: dt.datetime,
) -> frozenset[tuple[int, dt.datetime]]:
    """Who of these people has let clinicians of a clinic see these kinds of data without a gap, each since a time.

    Not a look: it says of whom a place or a membership at that clinic still holds. Three questions for all of them.

    Returns
    -------
    Key of the person and that time. Where sharing ended and began again since then, they are not among them.
    """
    asked, wanted = tuple(data_classes), list(people)
    profiles = list({person.pk: person for person, _ in wanted}.values())
    treated: dict[int, list[Relation]] = defaultdict(list)
    for relation in Relation.objects.filter(
        clinic=clinic, kind=Relation.Kind.TREATS, profile__in=profiles
    ).select_related("account", "clinic"):
        treated[relation.profile_id].append(relation)
    accounts = {relation.account for relations in treated.values() for relation in relations}
    members: dict[int, list[Membership]] = defaultdict(list)
    rows = Membership.objects.filter(clinic=clinic, role=Membership.Role.CLINICIAN, account__in=accounts)
    for member in rows.select_related("clinic"):
        members[member.account_id].append(member)
    consents = _consents(profiles, [clinic.uuid, *(account.uuid for account in accounts)])
    return frozenset(
        (person.pk, since)
        for person, since in wanted
        if _without_a_gap(treated[person.pk], members, consents[person.pk], asked, since, now)
    )


def _without_a_gap(
    relations: list[Relation],
    members: Mapping[int, list[Membership]],
    consents: tuple[Consent, ...],
    asked: Iterable[DataClass],
    since: dt.datetime,
    now: dt.datetime,
) -> bool:
    """Access only ends where something ends, so it is asked at these moments, at the first and at the last."""
    own = [(relation, member) for relation in relations for member in members.get(relation.account_id, [])]
    ends = [_until(relation) for relation in relations]
    ends += [member.ended_at for _, member in own if member.ended_at is not None]
    ends += [min(one.ends_at, one.withdrawn_at or one.ends_at) for one in consents]
    for moment in {min(since, now), now, *(end for end in ends if since < end < now)}:
        ways = [
            replace(_treats(relation, member), consents=consents)
            for relation, member in own
            if relation.since <= moment and member.since <= moment
        ]
        if not all(decide_any(ways, Asked(purpose="care", data_class=one, now=moment)) for one in asked):
            return False
    return True


def _treats(relation: Relation, member: Membership) -> Standing:
    """A clinician who is at work: whether they used their second factor just now is not asked."""
    return Standing(
        account=relation.account.uuid, is_active=relation.account.is_active, second_factor=True, role="clinician",
        clinic=member.clinic.uuid, member_until=member.ended_at, relation="treats",
        relation_clinic=relation.clinic.uuid if relation.clinic is not None else None,
        relation_until=_until(relation),
    )  # fmt: skip


def by_app(*, app: App, person: Profile, grant: uuid.UUID, now: dt.datetime) -> frozenset[DataClass]:
    """What an app may see of a person by this one grant: one that the person made for it elsewhere opens nothing here.

    Nothing once the app has ended, and nothing of somebody whose account is closed.
    """
    has_account = Account.objects.filter(profile=person, is_active=True).exists()
    goes_on = app.ended_at is None or app.ended_at > now
    given = _consents_in(ConsentEvent.objects.filter(profile=person, grant=grant))
    standing = Standing(
        account=app.uuid, is_active=has_account and goes_on, role="app", consents=tuple(given[person.pk])
    )
    return kinds_allowed([standing], purpose="app", now=now)


def jobs_of(*, actor: Actor, now: dt.datetime) -> list[Job]:
    """The roles that somebody holds now: none for people, and none for staff without their second factor."""
    account = _account(actor)
    if account is None or not account.is_active:
        return []
    return [
        Job(role=_role(member), clinic=member.clinic.uuid, clinic_name=member.clinic.name)
        for member in _memberships(account)
        if (member.ended_at is None or member.ended_at > now) and (member.role == "app" or actor.second_factor)
    ]


def _account(actor: Actor) -> Account | None:
    account_uuid = public_id(actor.id) if actor.kind in {"person", "account"} else None
    return Account.objects.filter(uuid=account_uuid).first() if account_uuid is not None else None


def _memberships(account: Account) -> list[Membership]:
    return list(account.memberships.select_related("clinic"))


def _role(member: Membership) -> Role:
    """As the column holds it: one of the choices, nothing else gets in."""
    return cast("Role", member.role)


def _standings(actor: Actor, people: list[Profile], now: dt.datetime) -> dict[int, list[Standing]]:
    """Every way in which an actor stands to each of these people. Four queries, and one more for a researcher."""
    found: dict[int, list[Standing]] = {person.pk: [] for person in people}
    if actor.kind == "household":  # on one's own machine everybody who is let in is at home
        own = Standing(account=None, is_active=True, role="person", relation="self")
        return {pk: [own] for pk in found}
    account = _account(actor)
    if account is None:
        return found
    members = _memberships(account)
    studies = _studies(members, now)
    relations = _relations(account, people)
    recipients = [account.uuid, *(member.clinic.uuid for member in members), *(study.uuid for study in studies)]
    consents = _consents(people, recipients)
    for person in people:
        found[person.pk] = [
            *_as_person(account, person),
            *_as_carer(account, relations[person.pk], consents[person.pk]),
            *(
                standing
                for member in members
                for standing in _as_member(account, member, relations[person.pk], consents[person.pk], actor, studies)
            ),
        ]
    return found


def _as_person(account: Account, person: Profile) -> Iterable[Standing]:
    if account.profile_id is not None and account.profile_id == person.pk:
        yield Standing(account=account.uuid, is_active=account.is_active, role="person", relation="self")


def _relations(account: Account, people: list[Profile]) -> dict[int, list[_Tie]]:
    """How this account is related to each of these people."""
    rows = Relation.objects.filter(Among("profile", [person.pk for person in people]), account=account)
    found: dict[int, list[_Tie]] = defaultdict(list)
    for profile, kind, clinic, ends_at, ended_at in rows.values_list(
        "profile", "kind", "clinic__uuid", "ends_at", "ended_at"
    ):
        found[profile].append(_Tie(kind, clinic, min(ends_at, ended_at) if ended_at is not None else ends_at))
    return found


def _as_carer(account: Account, relations: list[_Tie], consents: tuple[Consent, ...]) -> Iterable[Standing]:
    """`relations`: with the person."""
    for relation in relations:
        if relation.kind == Relation.Kind.CARES:
            yield Standing(
                account=account.uuid, is_active=account.is_active, role="carer", relation="cares",
                relation_until=relation.until, consents=consents,
            )  # fmt: skip


def _as_member(
    account: Account,
    member: Membership,
    relations: list[_Tie],
    consents: tuple[Consent, ...],
    actor: Actor,
    studies: list[Study],
) -> Iterable[Standing]:
    """One way for every open or past relation with the person, one without any, and one for each study."""
    alone = Standing(
        account=account.uuid, is_active=account.is_active, second_factor=actor.second_factor, role=_role(member),
        clinic=member.clinic.uuid, member_until=member.ended_at, consents=consents,
    )  # fmt: skip
    yield alone
    if member.role == Membership.Role.RESEARCHER:
        yield from (replace(alone, study=study.uuid) for study in studies if study.clinic_id == member.clinic_id)
    for relation in relations:
        if relation.kind == Relation.Kind.TREATS:
            yield replace(alone, relation="treats", relation_clinic=relation.clinic, relation_until=relation.until)


def _until(relation: Relation) -> dt.datetime:
    return min(relation.ends_at, relation.ended_at) if relation.ended_at is not None else relation.ends_at


def _studies(members: list[Membership], now: dt.datetime) -> list[Study]:
    """Those that go on, of the clinics that somebody does research for."""
    clinics = [member.clinic_id for member in members if member.role == Membership.Role.RESEARCHER]
    if not clinics:
        return []
    return list(Study.objects.filter(clinic__in=clinics, ended_at__isnull=True, ends_at__gt=now))


def _consents(people: list[Profile], recipients: list[uuid.UUID]) -> dict[int, tuple[Consent, ...]]:
    """What these people granted to these recipients, each grant with its withdrawal."""
    keys = [person.pk for person in people]
    found = _consents_in(ConsentEvent.objects.filter(Among("profile", keys), recipient__in=recipients))
    return {person.pk: tuple(found[person.pk]) for person in people}


def _consents_in(events: QuerySet[ConsentEvent]) -> dict[int, list[Consent]]:
    """The grants among these events, by person, each with its withdrawal."""
    columns = ("profile", "grant", "kind", "recipient", "purpose", "data_classes", "at", "ends_at")
    rows = list(events.values_list(*columns))
    withdrawn = {grant: at for _, grant, kind, *_, at, _ in rows if kind == ConsentEvent.Kind.WITHDRAWN}
    found: dict[int, list[Consent]] = defaultdict(list)
    for profile, grant, kind, recipient, purpose, data_classes, at, ends_at in rows:
        if kind == ConsentEvent.Kind.GRANTED:
            found[profile].append(
                Consent(
                    recipient=recipient, purpose=purpose, data_classes=frozenset(data_classes), given_at=at,
                    ends_at=ends_at, withdrawn_at=withdrawn.get(grant),
                )
            )  # fmt: skip
    return found


def _tell_of_look(actor: Actor, person: Profile, purpose: Purpose, data_class: DataClass, now: dt.datetime) -> None:
    if purpose != "own":
        audit.record(
            by=actor, action="look", now=now, object_kind="profile", object_uuid=person.uuid, profile=person,
            purpose=purpose, data_class=data_class,
        )  # fmt: skip
