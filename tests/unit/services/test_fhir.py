"""A person's FHIR file: who may, what is written down about it, and what a clinic may be told."""

import datetime as dt
import io
import json

import pytest

from tests.unit.services.conftest import NOW, Walk
from upperback.core.errors import InputError, NotFound
from upperback.services import fhir, screening
from upperback.services.actors import NOBODY, Actor
from upperback.services.people import Profile
from upperback.store.models import AuditEvent

pytestmark = pytest.mark.django_db


def test_nobody_else_gets_it_and_it_is_written_down(ana: Profile, actor: Actor, walk: Walk) -> None:
    with pytest.raises(NotFound):
        fhir.write_fhir(profile=ana, kind="document", out=io.BytesIO(), by=NOBODY, now=NOW)
    screening.finish_screening(screening=walk(ana), by=actor, now=NOW)
    out = io.BytesIO()
    fhir.write_fhir(profile=ana, kind="document", out=out, by=actor, now=NOW)
    event = AuditEvent.objects.last()
    assert event is not None
    assert (event.action, event.profile_uuid) == ("export_fhir", ana.uuid)
    assert event.details == {"kind": "document", "mood": False, "diary": False}
    assert json.loads(out.getvalue())["entry"][0]["resource"]["resourceType"] == "Composition"


def test_somebody_new_has_a_file_too(ana: Profile, actor: Actor) -> None:
    for kind in fhir.KINDS:
        out = io.BytesIO()
        fhir.write_fhir(profile=ana, kind=kind, out=out, by=actor, now=NOW)
        assert b'"resourceType":"Patient"' in out.getvalue()


@pytest.mark.parametrize("number", ["9434765919", " 943 476 5919 ", "943-476-5919"])
def test_an_nhs_number_is_taken_as_it_is_written(number: str) -> None:
    assert fhir.read_identity(nhs_number=number, today=NOW.date()).nhs_number == "9434765919"


@pytest.mark.parametrize(
    "number", ["9434765918", "943476591", "94347659190", "943476591a", "\uff19434765919", "0000000010"]
)
def test_a_wrong_nhs_number_is_refused(number: str) -> None:
    with pytest.raises(InputError, match="not an NHS number"):
        fhir.read_identity(nhs_number=number, today=NOW.date())


def test_other_things_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="day of birth"):
        fhir.read_identity(birth_date=dt.date(1800, 1, 1), today=NOW.date())
    with pytest.raises(InputError, match="letters"):
        fhir.read_identity(family="x" * 81, today=NOW.date())
    with pytest.raises(InputError, match="letters"):
        fhir.read_identity(given="a\x00b", today=NOW.date())
