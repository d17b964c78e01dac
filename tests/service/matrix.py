"""Every way in, by everybody, in every state: what happens beside what should (`expected`). And each clause left out.

just access-matrix          # all of it, with the table of clauses
"""

import datetime as dt
import itertools
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.service import expected
from tests.service.conftest import sign_in
from tests.unit.services.service_world import new_person, new_staff
from upperback.services import access, access_rules, actors, clinics
from upperback.services.access_rules import DATA_CLASSES, PURPOSES, Asked, Standing, decide_any
from upperback.services.actors import SYSTEM, Actor
from upperback.services.clinics import Account, Clinic
from upperback.services.people import Profile
from upperback.store.models import ConsentEvent, Membership, Relation, Study
from upperback.web.service import visitors

NAME: Final = "CANARYANA"
_DAY: Final = dt.timedelta(days=1)
_STAFF: Final = {
    "treats her": "clinician", "treated her once": "clinician", "same clinic": "clinician", "admin": "clinic_admin",
    "researcher": "researcher", "support": "support", "app": "app",
}  # fmt: skip


@dataclass
class Cast:
    """Everybody who asks, and whose record they ask for."""

    now: dt.datetime
    clinic: Clinic
    elsewhere: Clinic
    accounts: dict[str, Account] = field(default_factory=dict)

    @property
    def record(self) -> Profile:
        """Ana's."""
        profile = self.accounts["ana"].profile
        assert profile is not None
        return profile


@dataclass(frozen=True, slots=True)
class Cell:
    """One that is not as it should be."""

    who: str
    state: str
    what: str
    should: object
    found: object


def make_cast() -> Cast:
    """All of them, with the relations that they have or had, and no consent."""
    now = visitors.now()
    cast = Cast(
        now,
        clinics.make_clinic(name="North Street", by=SYSTEM, now=now),
        clinics.make_clinic(name="South Bank", by=SYSTEM, now=now),
    )
    for who, name in (("ana", NAME), ("other person", "Other"), ("her carer", "Carer"), ("supplier", "Supplier")):
        cast.accounts[who] = new_person(name, now)
    for who, role in _STAFF.items():
        cast.accounts[who] = new_staff(f"{who} x", cast.clinic, role, now)
    cast.accounts["other clinic"] = new_staff("far x", cast.elsewhere, "clinician", now)
    # Supports the clinic that may do research with it, and does research for the one that may not.
    cast.accounts["works at both"] = new_staff("both x", cast.elsewhere, "researcher", now)
    clinics.add_member(account=cast.accounts["works at both"], clinic=cast.clinic, role="support", by=SYSTEM, now=now)
    _relate(cast, "treats her", "treats")
    _relate(cast, "treated her once", "treats", ended_at=now - _DAY)
    _relate(cast, "her carer", "cares")
    return cast


def _relate(cast: Cast, who: str, kind: str, *, ended_at: dt.datetime | None = None) -> None:
    Relation.objects.create(
        profile=cast.record, account=cast.accounts[who], clinic=cast.clinic if kind == "treats" else None, kind=kind,
        since=cast.now - 9 * _DAY, ends_at=cast.now + 9 * _DAY, ended_at=ended_at, by="test",
    )  # fmt: skip


def _consent(
    cast: Cast, recipient: uuid.UUID, purpose: str, classes: frozenset[str], *, since: float = -2, until: float = 9
) -> uuid.UUID:
    event = ConsentEvent.objects.create(
        profile=cast.record, grant=uuid.uuid4(), kind="granted", recipient_kind="account", recipient=recipient,
        purpose=purpose, data_classes=sorted(classes), at=cast.now + since * _DAY, ends_at=cast.now + until * _DAY,
        by="test",
    )  # fmt: skip
    return event.grant


@contextmanager
def in_state(cast: Cast, state: str) -> Iterator[None]:
    """The world in this state, and afterwards as it was."""
    with transaction.atomic():
        _set(cast, state)
        yield
        transaction.set_rollback(True)


def _set(cast: Cast, state: str) -> None:
    clinician, usual = cast.accounts["treats her"], expected.USUAL
    # What would let others in if the rules were slack: their own consents stand, whatever hers with the clinician is.
    _consent(cast, cast.accounts["treated her once"].uuid, "care", usual)
    _consent(cast, cast.accounts["other clinic"].uuid, "research", usual)
    match state:
        case "usual" | "with mood" | "with live" | "plan only":
            more = {
                "with mood": usual | {"mood"},
                "with live": usual | {"live"},
                "plan only": frozenset({"identity", "plan"}),
            }
            _consent(cast, clinician.uuid, "care", more.get(state, usual))
        case "withdrawn":
            grant = _consent(cast, clinician.uuid, "care", usual)
            given = ConsentEvent.objects.get(grant=grant)
            ConsentEvent.objects.create(
                profile=cast.record, grant=grant, kind="withdrawn", recipient_kind="account", recipient=clinician.uuid,
                purpose="care", data_classes=given.data_classes, at=cast.now - _DAY, ends_at=given.ends_at, by="test",
            )  # fmt: skip
        case "run out":
            _consent(cast, clinician.uuid, "care", usual, until=-1)
        case "not begun":
            _consent(cast, clinician.uuid, "care", usual, since=1)
        case "for research":
            _consent(cast, cast.clinic.uuid, "research", frozenset({"plan", "progress"}))
        case "for a study":
            study = Study.objects.create(
                clinic=cast.clinic, name="S", about="-", approval="-", data_classes=["plan"], by="test",
                ends_at=cast.now + 9 * _DAY, made_at=cast.now,
            )  # fmt: skip
            _consent(cast, study.uuid, "research", frozenset({"plan"}))
        case "for the clinic":
            _consent(cast, cast.clinic.uuid, "care", frozenset({"plan"}))
        case "for her carer":
            _consent(cast, cast.accounts["her carer"].uuid, "caring", frozenset({"identity", "plan", "mood"}))
        case "for the app":
            _consent(cast, cast.accounts["app"].uuid, "app", frozenset({"identity", "plan"}))
        case "for the clinic's systems":
            _consent(cast, cast.clinic.uuid, "app", frozenset({"identity", "plan", "messages", "live"}))
        case "none":
            pass
        case _:
            _consent(cast, clinician.uuid, "care", usual)
            _unsettle(cast, state)


def _unsettle(cast: Cast, state: str) -> None:
    """What became of the accounts."""
    if state == "closed":
        Account.objects.update(is_active=False)
    elif state == "left the clinic":
        Membership.objects.update(ended_at=cast.now - _DAY)
    elif state == "relation over":
        Relation.objects.update(ends_at=cast.now - _DAY)
    elif state == "works elsewhere now":
        mine = Membership.objects.filter(account=cast.accounts["treats her"])
        mine.update(clinic=cast.elsewhere)


def actor_of(cast: Cast, who: str, state: str) -> Actor:
    """How somebody comes to the question."""
    if who == "anonymous":
        return actors.NOBODY
    if who == "guest":
        return actors.guest("x")
    account = cast.accounts[who]
    if who == "ana":
        return actors.person(account.uuid)
    return actors.account(account.uuid, second_factor=state != "no second step")


# ---- what of the record ----------------------------------------------------------------------------------------------

States = tuple[str, ...]
SEEING_STATES: Final[States] = (*expected.CONSENT_STATES, *expected.ACCOUNT_STATES)


def seeing(cast: Cast) -> Iterator[Cell | None]:
    """Everybody, state, purpose and kind of data; None for a cell that is as it should be.

    For one kind of data `may` itself is asked, for the others the rules that it asks.
    """
    for (who, state), ways in standings(cast).items():
        for purpose in PURPOSES:
            should = expected.seen(who, state, purpose)
            for data_class in DATA_CLASSES:
                found = bool(decide_any(ways, Asked(purpose=purpose, data_class=data_class, now=cast.now)))
                wrong = found != (data_class in should)
                yield Cell(who, state, f"{purpose}: {data_class}", not found, found) if wrong else None
    for state in SEEING_STATES:
        with in_state(cast, state):
            for who, purpose in itertools.product(expected.EVERYBODY, PURPOSES):
                actor, person = actor_of(cast, who, state), cast.record
                found = bool(access.may(actor=actor, person=person, purpose=purpose, data_class="plan", now=cast.now))
                wrong = found != ("plan" in expected.seen(who, state, purpose))
                yield Cell(who, state, f"may {purpose}", not found, found) if wrong else None


def standings(cast: Cast) -> dict[tuple[str, str], list[Standing]]:
    """How everybody stands to the record in every state: what the clauses are asked about."""
    found: dict[tuple[str, str], list[Standing]] = {}
    for state in SEEING_STATES:
        with in_state(cast, state):
            for who in expected.EVERYBODY:
                ways = access._standings(actor_of(cast, who, state), [cast.record], cast.now)
                found[who, state] = ways[cast.record.pk]
    return found


def wrong_without(known: dict[tuple[str, str], list[Standing]], now: dt.datetime, left_out: str | None) -> int:
    """Cells that are not as they should be, once a clause is left out; by its name."""
    clauses = [one for one in access_rules.CLAUSES if one.name != left_out]
    consents = tuple(one for one in access_rules.CONSENT_CLAUSES if one.name != left_out)
    wrong = 0
    for (who, state), ways in known.items():
        for purpose in PURPOSES:
            should = expected.seen(who, state, purpose)
            for data_class in DATA_CLASSES:
                asked = Asked(purpose=purpose, data_class=data_class, now=now)
                found = any(access_rules.decide(way, asked, clauses=clauses, consent_clauses=consents) for way in ways)
                wrong += found != (data_class in should)
    return wrong


def clause_names() -> list[str]:
    """Every clause that can be left out."""
    return [one.name for one in access_rules.CLAUSES] + [one.name for one in access_rules.CONSENT_CLAUSES]


# ---- every page ------------------------------------------------------------------------------------------------------

#: Whose pages are really made, and looked through for the name.
_REALLY_SHOWN: Final = ("anonymous", "ana", "other person", "treats her", "her carer")
_SHOWN_IN: Final = ("usual", "for her carer")
#: In which forms are sent, too.
_SENT_IN: Final = ("usual", "closed")
PAGE_STATES: Final[States] = ("usual", "withdrawn", "closed", "no second step", "left the clinic", "for her carer")


@dataclass
class Doors:
    """Pages with a bell: whether a view was called, whatever it answers."""

    rang: bool = False
    real: bool = True
    patterns: list[tuple[URLPattern, Any, str]] = field(default_factory=list)

    def __enter__(self) -> "Doors":
        for pattern, address in _patterns(get_resolver().url_patterns, ""):
            self.patterns.append((pattern, pattern.callback, address))
            pattern.callback = self._bell(pattern.callback)
        return self

    def __exit__(self, *_: object) -> None:
        for pattern, callback, _address in self.patterns:
            pattern.callback = callback

    def _bell(self, view: Any) -> Callable[..., Any]:
        @wraps(view)
        def rung(request: HttpRequest, *args: Any, **named: Any) -> Any:
            self.rang = True
            return view(request, *args, **named) if self.real else HttpResponse("in")

        return rung


def _patterns(found: Any, before: str) -> Iterator[tuple[URLPattern, str]]:
    for pattern in found:
        address = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns, address)
        else:
            yield pattern, "/" + address.replace("^", "")


def _filled(address: str, record: uuid.UUID) -> str:
    """An address with Ana's record in it, or something that may be there."""

    def value(match: "re.Match[str]") -> str:
        kind = match[1].split(":")[0]
        return {"uuid": str(record), "int": "1"}.get(kind, "neck")

    return re.sub(r"<([^>]+)>", value, address)


def pages(cast: Cast, *, states: States = PAGE_STATES, every: int = 1) -> Iterator[Cell | None]:
    """Every page, looked at and sent to, by everybody; `every`: one cell of so many."""
    number = 0
    with Doors() as doors:
        for state in states:
            with in_state(cast, state):
                for who in expected.EVERYBODY:
                    doors.real = True
                    browser = _browser(cast, who, state)
                    for _, _, address in doors.patterns:
                        for method in ("GET", "POST") if state in _SENT_IN else ("GET",):
                            number += 1
                            if number % every:
                                continue
                            yield _page_cell(cast, doors, browser, who, state, method, address)


def _browser(cast: Cast, who: str, state: str) -> str:
    """The cookie of somebody; a fresh sign-in, as pages of signing in and out end one."""
    if who == "anonymous":
        return ""
    if who == "guest":
        guest = Client()
        guest.post("/people/", {"just_me": "first"})
        return guest.cookies["upperback_session"].value
    with_factor = state != "no second step"
    return sign_in(cast.accounts[who], second_factor=with_factor).cookies["upperback_session"].value


def _page_cell(cast: Cast, doors: Doors, cookie: str, who: str, state: str, method: str, address: str) -> Cell | None:
    should = expected.outcome(who, address, state)
    # Most pages are only knocked at: what signs somebody in or out, forms, and what the same sort of person saw before.
    shown = (
        method == "GET" and state in _SHOWN_IN and who in _REALLY_SHOWN and expected.audience_of(address) != "sign-in"
    )
    doors.rang, doors.real = False, shown
    client = Client()
    if cookie:
        client.cookies["upperback_session"] = cookie
    with transaction.atomic():
        answer = client.generic(method, _filled(address, cast.record.uuid))
        transaction.set_rollback(True)
    found = _outcome(answer, rang=doors.rang)
    what = f"{method} {address}"
    if found != should:
        return Cell(who, state, what, should, found)
    if NAME.encode() in answer.content and not expected.sees_name(who, state):
        return Cell(who, state, what, "without her name", "with her name")
    return None


def _outcome(answer: Any, *, rang: bool) -> str:
    if rang:
        return "in"
    if answer.status_code == 404:
        return "not there"
    to = answer.get("Location", "")
    if to.startswith(("/account/login/", "/account/new/")):
        return "sign in first"
    if to.startswith(("/account/ways/", "/account/second/")):
        return "second step first"
    return "to work" if to == "/staff/" else f"{answer.status_code} {to}"
