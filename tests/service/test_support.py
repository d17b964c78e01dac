"""Support finds out that there is an account and its state, by what its person reads out, and nothing else."""

import re

import pytest

from tests.service.conftest import sign_in
from tests.service.test_sharing import words
from tests.unit.services.service_world import World, new_staff
from upperback.services import support
from upperback.store.models import AuditEvent
from upperback.web.service import visitors

pytestmark = pytest.mark.django_db


def test_support_sees_a_state_and_no_person_and_the_person_is_told(world: World) -> None:
    client = sign_in(new_staff("Sue Port", world.north, "support", visitors.now()), second_factor=True)
    read_out = re.search(r"<code>([0-9A-F-]{14})</code>", sign_in(world.ana).get("/account/ways/").content.decode())
    assert read_out is not None
    page = client.post("/staff/support/", {"reference": f" {read_out[1].lower()} "})
    assert page.status_code == 200
    shown = words(page.content)
    assert f"There is an account {read_out[1]}" in shown
    assert "A second step is set up No" in shown
    for canary in (
        world.record(world.ana).name,
        world.ana.email,
        str(world.ana.uuid),
        str(world.record(world.ana).uuid),
    ):
        assert canary not in page.content.decode()
    told = words(sign_in(world.ana).get("/share/").content)
    assert "Sue Port, North Street looked whether your account is open" in told
    assert read_out[1] not in client.get("/staff/support/").content.decode()


def test_guessing_ends_soon_also_for_a_right_reference(world: World) -> None:
    client = sign_in(new_staff("Sue Port", world.north, "support", visitors.now()), second_factor=True)
    for number in range(support.TRIES):
        answer = client.post("/staff/support/", {"reference": f"{number:012x}" if number else "x"})
        assert answer.status_code == 422
    answer = client.post("/staff/support/", {"reference": support.reference_of(world.ana)})
    assert answer.status_code == 422
    assert "Wait an hour" in words(answer.content)
    assert not AuditEvent.objects.filter(action="support_look").exists()


def test_nobody_else_asks(world: World) -> None:
    for role in ("clinician", "clinic_admin", "researcher"):
        client = sign_in(new_staff(f"{role} x", world.north, role, visitors.now()), second_factor=True)
        assert client.post("/staff/support/", {"reference": support.reference_of(world.ana)}).status_code == 404
