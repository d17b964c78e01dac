"""Staff are invited by whoever runs the clinic: a link that works once, a password, a second step, and in."""

import datetime as dt
import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.test import Client

from tests.service.conftest import sign_in
from tests.service.test_sharing import words
from tests.unit.services.service_world import World, as_staff, new_staff
from upperback.core.errors import InputError
from upperback.services import clinics, joining, team
from upperback.services.clinics import Account
from upperback.store.models import AuditEvent, Membership, StaffInvitation
from upperback.web.service import visitors

pytestmark = pytest.mark.django_db

PASSWORD = "kettle otter willow"
FORM = {"name": "Olu Ade", "email": "Olu@clinic.invalid", "role": "clinician"}
DAY = dt.timedelta(days=1)


@pytest.fixture
def admin(world: World) -> Account:
    return new_staff("Ade Min", world.north, "clinic_admin", visitors.now())


def link_of(message: mail.EmailMessage) -> str:
    found = re.search(r"http://testserver(/join/[\w-]{43}/)", str(message.body))
    assert found is not None
    return found[1]


def ask(admin: Account, **more: str) -> str:
    """Invites somebody over the page; the link of the mail."""
    answer = sign_in(admin, second_factor=True).post("/staff/team/invite/", FORM | more)
    assert answer["Location"] == "/staff/team/?asked#invited"
    return link_of(mail.outbox[-1])


def opened(link: str, password: str = "", browser: Client | None = None) -> Any:
    """The link in a browser, of a stranger where none is said; the page sent where there is a password."""
    browser = browser or Client()
    shown = browser.get(link, follow=True)
    return browser.post("/join/", {"password": password}) if password else shown


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time()))))


@pytest.mark.django_db(transaction=True)  # what follows a second step is done when it is kept
def test_invited_with_password_and_second_step_they_land_in_the_clinic(world: World, admin: Account) -> None:
    link, browser = ask(admin), Client()
    assert mail.outbox[-1].to == ["olu@clinic.invalid"]
    assert "North Street invites you to Upperback, for your work there: Clinician." in mail.outbox[-1].body
    assert "Olu" not in mail.outbox[-1].body  # nothing that whoever invites typed goes to a stranger
    shown = browser.get(link, follow=True)
    assert "People see you as Olu Ade" in words(shown.content)
    assert "no-store" in shown["Cache-Control"]
    assert link.split("/")[2] not in shown.content.decode()
    assert StaffInvitation.objects.get().secret_sha256 not in link
    for wrong in ("short", "olu@clinic.invalid", "password1234"):
        assert browser.post("/join/", {"password": wrong}).status_code == 422
    assert not Account.objects.filter(email="olu@clinic.invalid").exists()
    assert browser.post("/join/", {"password": PASSWORD})["Location"] == "/account/ways/"
    olu = Account.objects.get(email="olu@clinic.invalid")
    assert (olu.name, olu.profile, EmailAddress.objects.get(user=olu).verified) == ("Olu Ade", None, True)
    assert Membership.objects.get(account=olu).clinic == world.north
    # Nothing is seen without the second step, and the link is used.
    assert browser.get("/staff/")["Location"] == "/account/ways/"
    assert browser.get("/clinic/")["Location"] == "/account/ways/"
    assert (opened(link).status_code, opened(link, PASSWORD).status_code) == (404, 404)
    page = browser.get("/account/app/").content.decode()
    secret = re.search(r'class="secret">([A-Z2-7 ]+)<', page)
    assert secret is not None
    assert browser.post("/account/app/", {"code": code_of(secret[1].replace(" ", ""))}).status_code == 302
    assert "Clinician, North Street" in words(browser.get("/staff/").content)
    team_page = words(sign_in(admin, second_factor=True).get("/staff/team/").content)
    assert "Olu Ade Clinician" in team_page
    assert "Nobody waits to come." in team_page
    assert AuditEvent.objects.filter(action="add_member", object_uuid=olu.uuid).count() == 1


def test_taken_back_run_out_or_from_somebody_who_left_it_opens_nothing(world: World, admin: Account) -> None:
    link, runs = ask(admin), sign_in(admin, second_factor=True)
    shown = runs.get("/staff/team/").content.decode()
    held = re.search(r'name="invitation" value="([^"]+)"', shown)
    assert held is not None
    far = sign_in(new_staff("Far Min", world.south, "clinic_admin", visitors.now()), second_factor=True)
    assert "olu@clinic.invalid" not in far.get("/staff/team/").content.decode()
    assert far.post("/staff/team/invite/back/", {"invitation": held[1]})["Location"].endswith("back=late#invited")
    assert opened(link).status_code == 200
    assert runs.post("/staff/team/invite/back/", {"invitation": held[1]})["Location"].endswith("back=yes#invited")
    assert opened(link).status_code == 404
    link = ask(admin)
    secret = link.split("/")[2]
    assert joining.invitation_of(secret=secret, now=visitors.now() + joining.LASTS - DAY) is not None
    assert joining.invitation_of(secret=secret, now=visitors.now() + joining.LASTS) is None
    member = admin.memberships.get()
    clinics.close_membership(member=member, by=as_staff(admin), now=visitors.now())
    assert opened(link, PASSWORD).status_code == 404
    assert joining.sweep(now=visitors.now() + joining.LASTS + DAY) == 1
    assert not Account.objects.filter(email="olu@clinic.invalid").exists()


def test_whoever_invites_does_not_find_out_who_has_an_account(world: World, admin: Account) -> None:
    client, answers = sign_in(admin, second_factor=True), []
    for email in (world.ana.email, world.stranger.email, "nobody@clinic.invalid"):
        answer = client.post("/staff/team/invite/", FORM | {"email": email})
        page = client.get("/staff/team/").content.decode().replace(email, "-")
        answers.append((answer.status_code, answer["Location"], re.sub(r'value="[^"]{20,}"', "", page)))
        client.post("/staff/team/invite/back/", {"invitation": str(StaffInvitation.objects.get().uuid)})
    assert answers[0] == answers[1] == answers[2]
    assert len({re.sub(r"/join/.*", "", str(one.body)) for one in mail.outbox}) == 1


def test_who_has_an_account_signs_in_and_who_has_a_record_is_told(world: World, admin: Account) -> None:
    far = world.stranger
    far.set_password(PASSWORD)
    far.save()
    link = ask(admin, email=far.email)
    assert "/account/login/?next=/join/" in opened(link).content.decode()
    assert opened(link, "another one here").status_code == 200  # changes no password
    far.refresh_from_db()
    assert far.check_password(PASSWORD)
    assert "Somebody else is signed in" in words(opened(link, PASSWORD, sign_in(world.bo)).content)
    assert [opened(link, "-", sign_in(far)).status_code for _ in range(2)] == [302, 404]  # the second time it is used
    assert {one.clinic for one in far.memberships.filter(ended_at__isnull=True)} == {world.north, world.south}
    link = ask(admin, email=world.bo.email)
    for browser in (Client(), sign_in(world.bo)):
        assert "never both" in words(opened(link, PASSWORD, browser).content)
    assert not world.bo.memberships.exists()


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"email": "a@b.invalid, c@d.invalid"}, "email"),
        ({"email": "a@b.invalid\nBcc: c@d.invalid"}, "email"),
        ({"name": " "}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"role": "clinic_admin"}, "role"),
        ({"role": "app"}, "role"),
        ({"email": "mina.patel@clinic.invalid"}, "email"),
    ],
)
def test_what_cannot_be_sends_no_mail_and_keeps_what_was_typed(
    world: World, admin: Account, form: dict[str, str], field: str
) -> None:
    answer = sign_in(admin, second_factor=True).post("/staff/team/invite/", FORM | form)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.content.decode()
    assert form.get("name", FORM["name"]).strip()[:60] in answer.content.decode()
    assert (len(mail.outbox), StaffInvitation.objects.count()) == (0, 0)


def test_only_at_ones_own_clinic_and_not_without_end(
    world: World, admin: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in(admin, second_factor=True)
    assert client.post("/staff/team/invite/", FORM | {"clinic": str(world.south.uuid)}).status_code == 404
    for browser in (sign_in(world.mina, second_factor=True), sign_in(admin), sign_in(world.ana), Client()):
        assert browser.post("/staff/team/invite/", FORM).status_code in {302, 404}
    assert not mail.outbox
    for _ in range(2):  # a new link in the place of the old one
        ask(admin)
    assert StaffInvitation.objects.count() == 1
    assert opened(link_of(mail.outbox[0])).status_code == 404
    monkeypatch.setattr(joining, "A_DAY_MOST", 2)
    assert client.post("/staff/team/invite/", FORM).status_code == 422
    assert StaffInvitation.objects.count() == 1  # the one that is there still holds
    assert opened(link_of(mail.outbox[1])).status_code == 200
    assert {"clinician", "researcher", "support"} == team.BELOW


def test_a_mail_that_cannot_be_sent_leaves_no_invitation(world: World, admin: Account, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    answer = sign_in(admin, second_factor=True).post("/staff/team/invite/", FORM)
    assert (answer.status_code, "could not be sent" in words(answer.content)) == (422, True)
    assert not StaffInvitation.objects.exists()


def test_somebody_elses_link_is_refused(world: World, admin: Account) -> None:
    made, secret = joining.invite(
        clinic=None, email="olu@clinic.invalid", name="Olu", role="clinician", by=as_staff(admin), now=visitors.now()
    )
    with pytest.raises(InputError, match="does not work any more"):
        joining.accept(secret=secret, account=world.stranger, by=as_staff(world.stranger), now=visitors.now())
    assert StaffInvitation.objects.get() == made
