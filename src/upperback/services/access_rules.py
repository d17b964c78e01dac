"""Who may see what of a person: two tables and a list of clauses, without a database and without a clock.

`PERMISSIONS` says what a role in a relation may ask for at all. `CLAUSES` say what has to be true besides. Access is
given where every clause agrees, and in no other case; nothing is allowed because something is missing.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

Role = Literal["person", "carer", "clinician", "clinic_admin", "researcher", "support", "app", "nobody"]
RelationKind = Literal["self", "treats", "cares", "none"]
Purpose = Literal["own", "care", "caring", "research", "app"]
DataClass = Literal["identity", "answers", "mood", "plan", "progress", "wearable", "live", "messages"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)
DATA_CLASSES: Final[tuple[DataClass, ...]] = get_args(DataClass)

#: Roles that need a second factor at every sign-in.
STAFF: Final[frozenset[Role]] = frozenset({"clinician", "clinic_admin", "researcher", "support"})

#: What a person gives with one yes. Mood is chosen by name or it is not in it.
USUAL: Final[frozenset[DataClass]] = frozenset({"identity", "answers", "plan", "progress", "messages"})

_ALL: Final = frozenset(DATA_CLASSES)
_TO_PROGRAMS: Final = _ALL - {"live", "messages"}

#: (role, relation) -> purpose -> what may be asked for. What is not here is not allowed.
PERMISSIONS: Final[dict[tuple[Role, RelationKind], dict[Purpose, frozenset[DataClass]]]] = {
    ("person", "self"): {"own": _ALL},
    # A carer helps with the days. Mood and what is said to the clinician stay between those two.
    ("carer", "cares"): {"caring": frozenset({"identity", "answers", "plan", "progress"})},
    ("clinician", "treats"): {"care": _ALL},
    # Research is about many and never asks who somebody is, nor what they write.
    ("researcher", "none"): {"research": frozenset({"answers", "mood", "plan", "progress", "wearable"})},
    # A program of the clinic, and whoever runs the clinic and takes a copy over to it by hand: the same and by the same
    # consent. What people and clinicians write to each other, and a sensor while it is worn, go to no program.
    ("app", "none"): {"app": _TO_PROGRAMS},
    ("clinic_admin", "none"): {"app": _TO_PROGRAMS},
}

Reason = Literal[
    "account_closed", "second_factor", "not_a_member", "not_permitted", "relation_over", "other_clinic", "no_consent"
]


@dataclass(frozen=True, slots=True)
class Allowed:
    """Yes."""

    def __bool__(self) -> Literal[True]:
        return True


@dataclass(frozen=True, slots=True)
class Denied:
    """No. The reason is for logs and tests; whoever asked is told that there is no such page."""

    reason: Reason

    def __bool__(self) -> Literal[False]:
        return False


Verdict = Allowed | Denied


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One grant of a person, with what became of it."""

    recipient: uuid.UUID
    purpose: str
    data_classes: frozenset[str]
    given_at: dt.datetime
    ends_at: dt.datetime
    withdrawn_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How somebody who asks stands to one person, as it is now.

    Attributes
    ----------
    account : public id of who asks; None for somebody without an account
    second_factor : was used at this sign-in
    clinic : for which the role is held; None for a person and a carer
    member_until : when the membership ended, None while it goes on
    study : of that clinic, for a researcher
    relation_clinic : for which the person is treated
    relation_until : when the relation ends or ended; None where there is none
    """

    account: uuid.UUID | None = None
    is_active: bool = False
    second_factor: bool = False
    role: Role = "nobody"
    clinic: uuid.UUID | None = None
    study: uuid.UUID | None = None
    member_until: dt.datetime | None = None
    relation: RelationKind = "none"
    relation_clinic: uuid.UUID | None = None
    relation_until: dt.datetime | None = None
    consents: tuple[Consent, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for, and when."""

    purpose: str
    data_class: str
    now: dt.datetime


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition, and what a refusal by it is called. `of_kind`: it looks at the kind of data that is asked for."""

    name: str
    reason: Reason
    holds: Callable[[Standing, Asked], bool]
    of_kind: bool = False


def _is_over(until: dt.datetime | None, now: dt.datetime) -> bool:
    return until is not None and until <= now


def _same(one: uuid.UUID | None, other: uuid.UUID | None) -> bool:
    """Two nothings are not the same."""
    return one is not None and one == other


def _permitted(standing: Standing, asked: Asked) -> bool:
    purposes = PERMISSIONS.get((standing.role, standing.relation), {})
    return any(asked.purpose == purpose and asked.data_class in seen for purpose, seen in purposes.items())


def _needs_consent(standing: Standing) -> bool:
    return standing.role != "person"


def _has_consent(standing: Standing, asked: Asked, clauses: "Iterable[ConsentClause]") -> bool:
    return not _needs_consent(standing) or any(
        all(clause.holds(consent, standing, asked) for clause in clauses) for consent in standing.consents
    )


@dataclass(frozen=True, slots=True)
class ConsentClause:
    """One condition that a consent has to meet; all of them by the same consent. `of_kind`: as of a clause."""

    name: str
    holds: Callable[[Consent, Standing, Asked], bool]
    of_kind: bool = False


CONSENT_CLAUSES: Final[tuple[ConsentClause, ...]] = (
    ConsentClause(
        "consent is for whoever asks",
        lambda consent, standing, _: (
            _same(standing.account, consent.recipient)
            or (standing.role != "carer" and _same(standing.clinic, consent.recipient))
            or (standing.role == "researcher" and _same(standing.study, consent.recipient))
        ),
    ),
    ConsentClause("consent is for this purpose", lambda consent, _, asked: consent.purpose == asked.purpose),
    ConsentClause(
        "consent is for this kind of data",
        lambda consent, _, asked: asked.data_class in consent.data_classes,
        of_kind=True,
    ),
    ConsentClause("consent has begun", lambda consent, _, asked: consent.given_at <= asked.now),
    ConsentClause("consent has not run out", lambda consent, _, asked: asked.now < consent.ends_at),
    ConsentClause("consent is not withdrawn", lambda consent, _, asked: not _is_over(consent.withdrawn_at, asked.now)),
)

CLAUSES: Final[tuple[Clause, ...]] = (
    Clause("account is open", "account_closed", lambda standing, _: standing.is_active),
    Clause(
        "staff used a second factor",
        "second_factor",
        lambda standing, _: standing.role not in STAFF or standing.second_factor,
    ),
    Clause(
        "membership goes on", "not_a_member", lambda standing, asked: not _is_over(standing.member_until, asked.now)
    ),
    Clause("role in this relation may ask", "not_permitted", _permitted, of_kind=True),
    Clause(
        "relation goes on", "relation_over", lambda standing, asked: not _is_over(standing.relation_until, asked.now)
    ),
    Clause(
        "treats for the clinic they work for",
        "other_clinic",
        lambda standing, _: standing.relation != "treats" or _same(standing.clinic, standing.relation_clinic),
    ),
)


def decide(
    standing: Standing,
    asked: Asked,
    *,
    clauses: Iterable[Clause] = CLAUSES,
    consent_clauses: tuple[ConsentClause, ...] = CONSENT_CLAUSES,
) -> Verdict:
    """The one decision. Clauses are arguments so that a test can leave one out and has to notice."""
    for clause in clauses:
        if not clause.holds(standing, asked):
            return Denied(clause.reason)
    return Allowed() if _has_consent(standing, asked, consent_clauses) else Denied("no_consent")


def decide_any(standings: Iterable[Standing], asked: Asked) -> Verdict:
    """Somebody may stand to a person in more than one way: one that allows it is enough. No way at all is a no."""
    verdict: Verdict = Denied("not_permitted")
    for standing in standings:
        verdict = decide(standing, asked)
        if verdict:
            return verdict
    return verdict


_OF_ANY: Final = tuple(clause for clause in CLAUSES if not clause.of_kind)
_CONSENT_OF_ANY: Final = tuple(clause for clause in CONSENT_CLAUSES if not clause.of_kind)


def kinds_allowed(standings: Iterable[Standing], *, purpose: Purpose, now: dt.datetime) -> frozenset[DataClass]:
    """Every kind of data for which `decide_any` says yes.

    What holds for every kind is asked once and not of each, and the two conditions that look at it are read as sets: a
    list of 500 people asks for all of them at each use.
    """
    found: frozenset[DataClass] = frozenset()
    asked = Asked(purpose=purpose, data_class=DATA_CLASSES[0], now=now)  # the kind is not looked at
    for standing in standings:
        kinds = PERMISSIONS.get((standing.role, standing.relation), {}).get(purpose, frozenset()) - found
        if not kinds or not all(clause.holds(standing, asked) for clause in _OF_ANY):
            continue
        if not _needs_consent(standing):
            found |= kinds
            continue
        for consent in standing.consents:
            if all(clause.holds(consent, standing, asked) for clause in _CONSENT_OF_ANY):
                found |= kinds & consent.data_classes
    return found
