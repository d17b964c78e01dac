"""A service to try out: a clinic, a physiotherapist with a second step, and invented people who share with her."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from tests.service.conftest import sign_in
from upperback.core.errors import InputError
from upperback.services import actors, caseload, demo, sharing
from upperback.services.access_rules import USUAL
from upperback.services.clinics import Account, Clinic
from upperback.services.people import Profile
from upperback.web.options import read_options
from upperback.web.service import trial, visitors

pytestmark = pytest.mark.django_db


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of the invented people are enough here."""
    few = tuple(person for person in demo.PEOPLE if person.key in {"strain", "inflamed"})
    monkeypatch.setattr(demo, "PEOPLE", few)


def reasons_of(account: Account, now: dt.datetime) -> dict[str, list[str]]:
    staff = actors.account(account.uuid, second_factor=True)
    return {
        placed.stand.name: [reason.id for reason in placed.reasons] for placed in caseload.caseload(by=staff, now=now)
    }


@pytest.mark.usefixtures("few")
def test_everybody_is_made_anew_and_sees_what_was_shared(client: Client) -> None:
    own = Profile.objects.create(name="Own", created_at=visitors.now())
    first = trial.make_trial(visitors.now())
    before = Account.objects.get(email=first.staff)
    person = Account.objects.create(email="own@example.org", profile=own)
    _, code = sharing.invite(
        profile=own, kind="treats", data_classes=USUAL, days=30, by=actors.person(person.uuid), now=visitors.now()
    )
    sharing.accept(code=code, by=actors.account(before.uuid, second_factor=True), now=visitors.now())
    again = trial.make_trial(visitors.now())
    assert again.password != first.password
    assert again.people == ("tom@people.example", "amir@people.example")
    assert again.password in again.words()
    assert again.app == first.app
    carer = sign_in(Account.objects.get(email=again.carer))
    assert "Tom, 27" in carer.get("/caring/").content.decode()
    assert Clinic.objects.count() == 1
    assert Profile.objects.filter(pk=own.pk).exists()
    mina = Account.objects.get(email=again.staff)
    assert mina.check_password(again.password)
    assert {one.type for one in Authenticator.objects.filter(user=mina)} == {"totp", "recovery_codes"}
    found = reasons_of(mina, visitors.now())
    assert set(found) == {"Tom, 27", "Amir, 29", "Own"}  # what was shared with her by somebody else goes on
    assert "check_not_shared" in found["Tom, 27"]
    assert found["Amir, 29"][0] == "help_first"
    page = sign_in(mina, second_factor=True).get("/clinic/").content.decode()
    assert "Amir, 29" in page
    assert sign_in(mina).get("/clinic/").status_code == 302  # the second step first
    amir = sign_in(Account.objects.get(email="amir@people.example"))
    assert "Read by: Mina Patel" in amir.get("/messages/").content.decode()
    tom = sign_in(Account.objects.get(email="tom@people.example"))
    assert "There is nobody to write to" in tom.get("/messages/").content.decode()


def test_invented_people_are_for_a_service_that_is_tried_out(tmp_path: Path) -> None:
    usual: dict[str, Any] = {"UPPERBACK_MODE": "service", "UPPERBACK_DATA": str(tmp_path), "UPPERBACK_DEMO": "true"}
    assert read_options(usual | {"UPPERBACK_TRIAL": "true"}).demo
    with pytest.raises(InputError, match="UPPERBACK_DEMO has to be false"):
        read_options(usual | {"UPPERBACK_TRIAL": "false"})
