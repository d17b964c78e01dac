"""A study over the pages: only who agreed, under a pseudonym, told of each copy, and gone when taken back."""

import csv
import io
import json
import re

import pytest
from django.test import Client

from tests.service.conftest import sign_in
from tests.service.test_sharing import words
from tests.unit.services.service_world import World, new_staff, share
from upperback.services import demo
from upperback.services.clinics import Account
from upperback.store.models import AuditEvent, ConsentEvent, Study
from upperback.web.service import visitors

pytestmark = pytest.mark.django_db

FORM = {
    "name": "Backs", "about": "To learn what helps.", "approval": "REC 26/1", "kinds": ["answers", "plan", "progress"],
    "days": "90",
}  # fmt: skip


@pytest.fixture
def dana(world: World) -> Account:
    """Somebody with a plan and a diary, treated at the clinic of the study."""
    profile = demo.make_person(key="strain", now=visitors.now())
    account = Account.objects.create(email="dana@people.invalid", profile=profile)
    share(account, world.mina, now=visitors.now())
    return account


@pytest.fixture
def researcher(world: World) -> Client:
    return sign_in(new_staff("Rae Search", world.north, "researcher", visitors.now()), second_factor=True)


def lines(client: Client, study: Study) -> list[dict[str, object]]:
    answer = client.post(f"/staff/studies/{study.uuid}/copy/", {"form": "jsonl"})
    assert answer.status_code == 200
    return [json.loads(line) for line in b"".join(answer).splitlines()]


def test_a_study_gets_figures_of_who_agreed_and_of_nobody_else(world: World, dana: Account, researcher: Client) -> None:
    assert researcher.post("/staff/studies/", FORM | {"kinds": ["mood"]}).status_code == 422
    assert researcher.post("/staff/studies/", FORM).status_code == 302
    assert researcher.post("/staff/studies/", FORM | {"name": "Other"}).status_code == 302
    study, other = Study.objects.order_by("id")
    assert lines(researcher, study) == []
    person = sign_in(dana)
    assert "Backs" in words(person.get("/share/").content)
    assert person.post(f"/share/study/{study.uuid}/", {"see": ["mood"]}).status_code == 422
    for _ in range(2):  # agreed twice is one consent that holds
        assert person.post(f"/share/study/{study.uuid}/", {"see": ["plan", "progress"]}).status_code == 302
    assert person.post(f"/share/study/{other.uuid}/", {"see": ["answers"]}).status_code == 302
    rows, others = lines(researcher, study), lines(researcher, other)
    assert {row["kind"] for row in rows} <= {"plan", "diary", "review"}
    assert {row["kind"] for row in others} == {"safety_check"}
    (name,), (elsewhere,) = {str(row["person"]) for row in rows}, {str(row["person"]) for row in others}
    assert name != elsewhere
    assert dana.profile is not None
    for canary in (dana.profile.name, dana.email, str(dana.profile.uuid), str(dana.uuid)):
        assert canary not in json.dumps([rows, others])
    answer = researcher.post(f"/staff/studies/{study.uuid}/copy/", {"form": "csv"})
    table = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert [(row["person"], row["item"]) for row in table] == [(row["person"], row["item"]) for row in rows]
    told = words(person.get("/share/").content)
    assert "Rae Search, North Street took a copy for a study, without your name: plan, what you did" in told
    assert AuditEvent.objects.filter(action="research_download").count() == 4
    # Taken back, the next copy is without them; the other study goes on.
    (given,) = [
        one for one in ConsentEvent.objects.filter(recipient=study.uuid, kind="granted")
        if not ConsentEvent.objects.filter(grant=one.grant, kind="withdrawn").exists()
    ]  # fmt: skip
    assert person.post("/share/withdraw/", {"grant": str(given.grant)}).status_code == 302
    assert lines(researcher, study) == []
    assert lines(researcher, other) != []
    assert researcher.post(f"/staff/studies/{other.uuid}/end/").status_code == 302
    assert researcher.post(f"/staff/studies/{other.uuid}/copy/", {"form": "csv"}).status_code == 404


def test_nobody_joins_or_copies_a_study_of_another_clinic(world: World, researcher: Client) -> None:
    researcher.post("/staff/studies/", FORM)
    study = Study.objects.get()
    far = sign_in(new_staff("Far Search", world.south, "researcher", visitors.now()), second_factor=True)
    for browser in (far, sign_in(world.mina, second_factor=True)):
        assert browser.post(f"/staff/studies/{study.uuid}/copy/", {"form": "csv"}).status_code == 404
        assert browser.post(f"/staff/studies/{study.uuid}/end/").status_code == 404
    assert sign_in(world.bo).get(f"/share/study/{study.uuid}/").status_code == 404  # not treated there
    assert sign_in(world.ana).get(f"/share/study/{study.uuid}/").status_code == 200
    assert researcher.post(f"/staff/studies/{study.uuid}/copy/", {"form": "x"}).status_code == 404
    assert re.search(r"0 people take part now", words(researcher.get("/staff/studies/").content))
