"""Every way in by everybody in every state, and each clause left out: a short form of `just access-matrix`."""

import time
from collections.abc import Callable

import pytest
from django.urls import get_resolver

from tests.service import expected, matrix
from tests.service.matrix import Cast, Cell
from upperback.store.models import AuditEvent, ConsentEvent, Relation
from upperback.web.rules import rule_of
from upperback.web.service import doors

pytestmark = pytest.mark.django_db

Tell = Callable[[str], None]


@pytest.fixture
def cast(db: None) -> Cast:
    return matrix.make_cast()


def wrong(cells: "list[Cell | None]") -> list[Cell]:
    """Those that are not as they should be."""
    return [cell for cell in cells if cell is not None]


def test_everybody_sees_what_they_should_and_each_clause_is_needed(cast: Cast, tell: Tell) -> None:
    known = matrix.standings(cast)
    assert matrix.wrong_without(known, cast.now, None) == 0
    needed = {name: matrix.wrong_without(known, cast.now, name) for name in matrix.clause_names()}
    tell("access, cells that turn wrong without a clause: " + "; ".join(f"{k} {v}" for k, v in needed.items()))
    assert all(needed.values()), needed


def test_each_page_is_for_whom_it_is_said_to_be_for() -> None:
    """A page that is new on one side only is named here."""
    said = {"anyone": "everybody", "check": "checking", "own": "own record", "entrance": "sign-in", "shut": "nobody"}
    differ = {}
    for pattern, address in matrix._patterns(get_resolver().url_patterns, ""):
        rule = rule_of(pattern.name)
        assert rule is not None
        only = next(iter(rule.roles)) if len(rule.roles) == 1 else ""
        named = {"clinician": "clinicians", "clinic_admin": "clinic admins", "researcher": "researchers"}
        staff = (named | {"support": "support"}).get(only, "staff")
        if said.get(rule.who, staff) != expected.audience_of(address):
            differ[address] = (said.get(rule.who, staff), expected.audience_of(address))
    assert differ == {}, "in web/rules.py, and in tests/service/expected.py"


def test_one_page_in_twenty_nine_by_everybody(cast: Cast, tell: Tell) -> None:
    rows = (Relation.objects.count(), ConsentEvent.objects.count(), AuditEvent.objects.count())
    cells = list(matrix.pages(cast, states=("usual", "closed", "no second step"), every=29))
    assert wrong(cells) == []
    assert rows[:2] == (Relation.objects.count(), ConsentEvent.objects.count())
    tell(f"access, pages: {len(cells)} cells, 0 not as they should be")


@pytest.mark.parametrize("door", sorted(set(doors._DOORS) - {"anyone", "entrance"}))
def test_a_door_that_stands_open_is_noticed(cast: Cast, monkeypatch: pytest.MonkeyPatch, door: str) -> None:
    monkeypatch.setitem(doors._DOORS, door, doors._pass)
    assert wrong(list(matrix.pages(cast, states=("usual",), every=11)))


@pytest.mark.long
def test_the_whole_matrix(cast: Cast, tell: Tell) -> None:
    began = time.monotonic()
    cells = [*matrix.seeing(cast), *matrix.pages(cast)]
    assert wrong(cells) == []
    assert len(cells) >= 10_000
    tell(f"access matrix: {len(cells)} cells, 0 not as they should be, {time.monotonic() - began:.0f} s")
    known = matrix.standings(cast)
    for name in matrix.clause_names():
        tell(f"without “{name}”: {matrix.wrong_without(known, cast.now, name)} wrong")
