"""Every table says what its fields are and what happens to them; rows are written once; the audit row is there."""

import pytest
from django.core.management import call_command

from tests.unit.services.conftest import NOW
from upperback.core.errors import InputError
from upperback.services import people
from upperback.services.actors import Actor
from upperback.services.people import Profile
from upperback.store.models import AuditEvent
from upperback.store.privacy import unregistered


def test_every_field_declares_its_privacy_class() -> None:
    assert list(unregistered()) == []


@pytest.mark.django_db
def test_a_change_writes_one_audit_row_without_answers_or_names(ana: Profile) -> None:
    rows = list(AuditEvent.objects.all())
    assert [row.action for row in rows] == ["create_profile"]
    assert rows[0].profile_uuid == ana.uuid
    assert "Ana" not in str(rows[0].details)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\x00b"])
def test_names_that_cannot_be(name: str, actor: Actor) -> None:
    with pytest.raises(InputError):
        people.create_profile(name=name, by=actor, now=NOW)


@pytest.mark.django_db
def test_the_migrations_are_whole() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
