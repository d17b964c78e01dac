"""Whoever runs a clinic: who works there, ending it, and looks that are too broad. Never of another clinic."""

import datetime as dt
import re
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.test import Client

from tests.service.conftest import sign_in
from tests.service.test_sharing import words
from tests.unit.services.service_world import World, as_staff, new_person, new_staff, share
from upperback.services import broad_looks, treating
from upperback.services.clinics import Account
from upperback.store.models import AuditEvent
from upperback.web.service import visitors

pytestmark = pytest.mark.django_db

MOST = 3


@pytest.fixture
def admin(world: World) -> Account:
    return new_staff("Ade Min", world.north, "clinic_admin", visitors.now())


@pytest.fixture
def far(world: World) -> Client:
    """Runs the other clinic."""
    return sign_in(new_staff("Far Min", world.south, "clinic_admin", visitors.now()), second_factor=True)


@pytest.fixture(autouse=True)
def _few(settings: Any) -> None:
    settings.OPTIONS = replace(django_settings.OPTIONS, looks_an_hour=MOST)


def look(world: World, count: int, now: dt.datetime, begin: int = 0) -> None:
    """The clinician opens the records of so many different people, each twice."""
    for number in range(begin, begin + count):
        person = new_person(f"P {number}", now)
        share(person, world.mina, now=now)
        for _ in range(2):
            treating.see(profile_uuid=world.record(person).uuid, by=as_staff(world.mina), now=now)


def test_more_people_than_usual_are_told_to_whoever_runs_the_clinic(world: World, admin: Account, far: Client) -> None:
    client, now = sign_in(admin, second_factor=True), visitors.now()
    look(world, MOST, now)
    assert "None in the last 90 days" in words(client.get("/staff/looks/").content)
    look(world, 2, now, begin=MOST)
    (event,) = AuditEvent.objects.filter(action="broad_looks")  # once, not with every further look
    assert (event.details["people"], event.profile_uuid) == (MOST + 1, None)
    page = client.get("/staff/looks/").content
    assert "Mina Patel 4 people within an hour" in words(page)
    assert "P 1" not in words(page)  # whose records they were is not told
    assert "None in the last 90 days" in words(far.get("/staff/looks/").content)
    assert far.post("/staff/looks/seen/", {"event": str(event.pk)}).status_code == 404
    assert client.post("/staff/looks/seen/", {"event": "x"}).status_code == 404
    for _ in range(2):
        assert client.post("/staff/looks/seen/", {"event": str(event.pk)}).status_code == 302
    assert AuditEvent.objects.filter(action="broad_looks_seen").count() == 1
    assert "looked into Ade Min" in words(client.get("/staff/looks/").content)
    assert sign_in(world.mina, second_factor=True).get("/staff/looks/").status_code == 404


def test_a_slow_look_through_everybody_counts_by_the_day(world: World) -> None:
    now = visitors.now()
    for hour in range(5):  # two an hour is usual, ten a day is more than three times three
        look(world, 2, now + hour * dt.timedelta(hours=1, minutes=1), begin=2 * hour)
    (event,) = AuditEvent.objects.filter(action="broad_looks")
    assert (event.details["hours"], event.details["people"]) == (24, 3 * MOST + 1)


def test_the_usual_number_is_fewer_than_twenty() -> None:
    """A clinician who snoops is found within 20 records (AB-52)."""
    from upperback.web.options import TABLE

    assert int(next(one.default for one in TABLE if one.name == "LOOKS_AN_HOUR")) < 20
    assert broad_looks.WINDOWS[0] == (1, 1)


def test_work_is_ended_at_ones_own_clinic_only_and_they_are_told(world: World, admin: Account, far: Client) -> None:
    client, clinician = sign_in(admin, second_factor=True), sign_in(world.mina, second_factor=True)
    page = client.get("/staff/team/").content.decode()
    assert "Mina Patel" in words(page.encode())
    assert "Sam Stone" not in words(page.encode())
    assert len(re.findall(r'name="member"', page)) == 1  # nobody ends their own work, or that of who stands beside them
    member = re.search(r'name="member" value="([^"]+)"', page)
    assert member is not None
    record = f"/clinic/people/{world.record(world.ana).uuid}/"
    assert clinician.get(record).status_code == 200
    own = str(admin.memberships.get().uuid)
    for browser, value in ((far, member[1]), (clinician, member[1]), (client, own), (client, "x")):
        assert browser.post("/staff/team/end/", {"member": value}).status_code == 404
    assert clinician.get(record).status_code == 200
    assert client.post("/staff/team/end/", {"member": member[1]}).status_code == 302
    assert clinician.get(record).status_code == 404
    assert [(one.to, one.subject) for one in mail.outbox] == [([world.mina.email], "Your work at a clinic has ended")]
    assert "Mina Patel" not in words(client.get("/staff/team/").content)
