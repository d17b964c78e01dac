"""A file for the computer of a clinic: the least by default, and what was typed in stays on the page only."""

import json
from typing import Any

import pytest
from django.test import Client

from tests.integration.test_journey import me, text_of
from upperback.services.people import Profile
from upperback.store.models import AuditEvent

__all__ = ["me"]  # fixtures

pytestmark = pytest.mark.django_db

NAMED = {
    "given": "Ana Maria",
    "family": "O’Neill",
    "day": "31",
    "month": "5",
    "year": "1980",
    "nhs_number": "943 476 5919",
}


def sent(client: Client, **form: Any) -> Any:
    return client.post("/data/clinic/", {"person": str(Profile.objects.get().uuid), "kind": "document", **form})


@pytest.mark.parametrize(("kind", "first"), [("document", "Composition"), ("transaction", "Patient")])
def test_a_file_with_what_was_chosen(me: Client, kind: str, first: str) -> None:
    response = sent(me, kind=kind, **{"with": ["mood", "nonsense"]}, **NAMED)
    bundle = json.loads(b"".join(response.streaming_content))
    assert response["Content-Type"] == "application/fhir+json"
    assert response["Content-Disposition"].startswith(f'attachment; filename="upperback-{kind}-20')
    assert (bundle["type"], bundle["entry"][0]["resource"]["resourceType"]) == (kind, first)
    patient = next(one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == "Patient")
    assert patient["name"][0]["family"] == "O’Neill"
    assert patient["birthDate"] == "1980-05-31"
    event = AuditEvent.objects.get(action="export_fhir")
    assert event.details == {"kind": kind, "mood": True, "diary": False}
    assert "O’Neill" not in json.dumps([row.details for row in AuditEvent.objects.all()], ensure_ascii=False)


@pytest.mark.parametrize(
    ("form", "words", "where"),
    [
        ({"kind": "letter"}, "Choose what is in the file", "kind"),
        ({"nhs_number": "1234567890"}, "not an NHS number", "nhs_number"),
        ({"day": "31", "month": "2", "year": "1980"}, "day of birth", "day"),
        ({"day": "1", "month": "2", "year": "80"}, "day of birth", "day"),
        ({"year": "9" * 30, "day": "1", "month": "1"}, "day of birth", "day"),
        ({"family": "x" * 81}, "up to 80 letters", "family"),
    ],
)
def test_what_cannot_be_is_said_at_its_place_and_nothing_is_lost(
    me: Client, form: dict[str, str], words: str, where: str
) -> None:
    response = sent(me, **NAMED | form, **{"with": ["diary"]})
    assert response.status_code == 422
    page = response.content.decode()
    assert words in text_of(response)
    assert f'href="#{where}"' in page
    assert f'id="{where}"' in page
    assert 'value="Ana Maria"' in page
    assert 'value="diary" checked' in page
    assert not AuditEvent.objects.filter(action="export_fhir").exists()


def test_a_page_for_somebody_else_gives_no_file(me: Client) -> None:
    mine = Profile.objects.get()
    me.post("/people/", {"name": "Bo", "whom": "self"})
    response = me.post("/data/clinic/", {"person": str(mine.uuid), "kind": "document"})
    assert response.status_code == 409
    assert "Nothing was saved" in text_of(response)
