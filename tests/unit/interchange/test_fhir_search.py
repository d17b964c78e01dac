"""What may be asked of the FHIR server, and how dates are held against each other."""

import datetime as dt
from functools import partial
from typing import Any

import pytest

from tests.unit.interchange.test_fhir import making, person, told
from upperback.care.diary import Morning
from upperback.core.errors import InputError
from upperback.interchange.fhir import person_resources
from upperback.interchange.fhir.records import Chosen
from upperback.interchange.fhir.search import COUNT_MOST, Stamped, answer, read_query, read_scope, shown

WROTE = dt.datetime(2026, 11, 5, 12, tzinfo=dt.UTC)


def asked(*params: tuple[str, str], kind: str = "Observation") -> dict[str, Any]:
    who = person(diary=told(*(Morning(pain=number) for number in range(5))))
    every = [Stamped(resource=one, at=WROTE) for one in person_resources(making(who, Chosen(diary=True)))]
    kinds = {one.resource.id: one.kind for one in every}
    query = read_query(kind, params, making(who).id("Patient"))
    return answer(query, every, base="http://here/fhir/", params=params, show=partial(shown, kinds=kinds))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nonsense", "1"), ("_count", "x"), ("_count", "-1"), ("date", "2026-13-01"), ("date", "yesterday"),
        ("_lastUpdated", "ge"), ("_cursor", "%%%"), ("_include", "Observation:patient"), ("_summary", "data"),
        ("_format", "xml"), ("code", "|"), ("code", ""), ("subject.name", "x"), ("_has:Patient", "x"),
        ("code", "x" * 500), ("date", "ap2026-01-01"), ("_sort", "date"), ("date", "0000-01-01"), ("code:not", "x"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_refused(name: str, value: str) -> None:
    with pytest.raises(InputError) as refused:
        asked((name, value))
    assert refused.value.details["param"] == name


# Mornings on 1 to 5 November; all times of the fixture are 09:30 and some minutes.
@pytest.mark.parametrize(
    ("date", "days"),
    [
        ("2026-11-03", 1), ("eq2026-11", 5), ("2026", 5), ("2025", 0), ("gt2026-11-03", 2), ("ge2026-11-03", 3),
        ("lt2026-11-03", 2), ("le2026-11-03", 3), ("sa2026-11-03", 2), ("eb2026-11-03", 2), ("ne2026-11-03", 4),
        ("2026-11-01,2026-11-05", 2), ("ge2026-11-03T09:00:00Z", 3), ("ge2026-11-03T23:00:00+01:00", 2),
        ("ge2026-12", 0), ("lt2026-11-01T09:00Z", 0),
    ],
)  # fmt: skip
def test_dates(date: str, days: int) -> None:
    assert asked(("code", "72514-3"), ("date", date), ("date", "ne2026-10-01"))["total"] - _of_check(date) == days


def _of_check(date: str) -> int:
    """The pain of the safety check, on 1 November at 09:30:15, is one more."""
    return int(asked(("_id", _check_pain()), ("date", date))["total"])


def _check_pain() -> str:
    every = asked(("code", "72514-3"), ("_count", "200"))["entry"]
    first = next(one["resource"] for one in every if "derivedFrom" in one["resource"])
    return str(first["id"])


def test_pages_links_and_totals() -> None:
    total = asked(("_summary", "count"))
    assert (total["entry"], total["total"] > 5) == ([], True)
    first = asked(("_count", "2"))
    assert len(first["entry"]) == 2
    links = {link["relation"]: link["url"] for link in first["link"]}
    assert links["self"] == "http://here/fhir/Observation?_count=2"
    assert links["next"].startswith("http://here/fhir/Observation?_count=2&_cursor=")
    assert asked(("_count", "0"))["entry"] == []
    assert len(asked(("_count", "99999999"))["entry"]) <= COUNT_MOST
    assert {link["relation"] for link in asked(("_count", "200"))["link"]} == {"self"}


@pytest.mark.parametrize("text", ["patient/Observation.rs", "patient/*.r", "patient/Goal.s", "patient/Patient.read"])
def test_scopes(text: str) -> None:
    scope = read_scope(text)
    assert read_scope(str(scope)) == scope


@pytest.mark.parametrize(
    "text",
    ["patient/Observation.cruds", "patient/Observation.w", "user/Observation.rs", "patient/Bundle.rs", "patient/*", "",
     "patient/Observation.rs ", "system/*.rs", "patient/Observation.write", "patient/Observation.rs?category=x"],
)  # fmt: skip
def test_scopes_that_are_not_given(text: str) -> None:
    with pytest.raises(InputError):
        read_scope(text)
