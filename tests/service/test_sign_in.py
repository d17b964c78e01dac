"""Signing up, in and out, and what a stranger can find out or break on the way."""

import re
import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.http import HttpResponse
from django.test import Client

from tests.service.conftest import sign_in
from tests.unit.services.service_world import World
from upperback.services import accounts, audit_chain, clinics
from upperback.services.actors import SYSTEM
from upperback.services.clinics import Account
from upperback.services.people import Profile
from upperback.store.models import AuditEvent, Membership
from upperback.web.service import visitors
from upperback.web.service.settings import SHARED_IDLE_S, STAFF_DAY_S, STAFF_IDLE_S

pytestmark = pytest.mark.django_db

WORDS = "kettle otter willow"


def newcomer(email: str = "new@people.invalid", client: Client | None = None) -> tuple[Client, HttpResponse]:
    """Asks for an account."""
    client = client or Client()
    answer = client.post("/account/new/", {"email": email, "password1": WORDS})
    return client, answer  # type: ignore[return-value]


def code_of(message: mail.EmailMessage) -> str:
    """The code in a mail."""
    found = re.search(r"Your code is: (\S+)", str(message.body))
    assert found is not None
    return found[1]


def member(world: World) -> Account:
    """Somebody with a password and an address that is known to be theirs."""
    world.ana.set_password(WORDS)
    world.ana.save()
    EmailAddress.objects.create(user=world.ana, email=world.ana.email, verified=True, primary=True)
    return world.ana


def log_in(client: Client, email: str, password: str, **more: str) -> Any:
    """Sends the form of the sign-in page."""
    return client.post("/account/login/", {"login": email, "password": password, **more})


def plain(answer: Any) -> str:
    """A page without what differs on every page."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"|[\w.]+@\w+\.invalid', "", answer.content.decode())


def test_the_safety_check_needs_no_account_and_is_kept_when_one_is_made(world: World) -> None:
    client = Client()
    assert client.get("/today/")["Location"].startswith("/account/login/?next=")
    assert client.post("/people/", {"just_me": "first"})["Location"] == "/home/"
    assert client.post("/check/start/").status_code == 302
    begun = Profile.objects.latest("pk")
    assert begun.screenings.count() == 1
    assert client.get("/today/")["Location"].startswith("/account/new/?next=")  # "keep it with an account"
    newcomer(client=client)
    answer = client.post("/account/code/", {"code": code_of(mail.outbox[-1])})
    assert answer.status_code == 302
    account = Account.objects.get(email="new@people.invalid")
    assert account.profile == begun
    assert client.get("/check/").status_code == 200
    assert client.session.get_expire_at_browser_close()  # nobody said that this device is theirs alone
    # What the account keeps is reached by nobody without it any more.
    assert accounts.guest_record(begun.uuid) is None


def test_what_a_guest_did_not_keep_goes_and_nothing_else_does(world: World) -> None:
    guest = accounts.begin_guest(now=visitors.now() - accounts.GUEST_LASTS * 1.1)
    own = Profile.objects.create(name="Of a household that became a service", created_at=guest.created_at)
    young = accounts.begin_guest(now=visitors.now())
    assert accounts.sweep_guests(now=visitors.now()) == 1
    assert set(Profile.objects.filter(account__isnull=True)) == {own, young}


def test_nobody_finds_out_who_has_an_account(world: World) -> None:
    known, unknown = member(world).email, "nobody@people.invalid"
    asking = [newcomer(email) for email in (known, unknown)]
    answers = [answer for _, answer in asking]
    assert answers[0].status_code == 302
    assert answers[0]["Location"] == answers[1]["Location"] == "/account/code/"
    pages = [client.get("/account/code/") for client, _ in asking]
    assert plain(pages[0]) == plain(pages[1])
    # What differs is in the mail, which only its owner reads.
    subjects = [message.subject for message in mail.outbox]
    assert subjects == ["You have an account already", "Your code for Upperback"]
    nobody = "nobody.else@people.invalid"
    for ask in (
        lambda email: log_in(Client(), email, "not the password"),
        lambda email: Client().post("/account/forgotten/", {"email": email}),
    ):
        one, other = ask(known), ask(nobody)
        assert (one.status_code, one.get("Location"), plain(one)) == (
            other.status_code,
            other.get("Location"),
            plain(other),
        )


def test_an_unknown_address_costs_a_password_check_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.contrib.auth.hashers import ScryptPasswordHasher

    hashed: list[str] = []
    encode = ScryptPasswordHasher.encode
    email = member(world).email
    monkeypatch.setattr(
        ScryptPasswordHasher,
        "encode",
        lambda *args, **named: [encode(*args, **named), hashed.append("x")][0],  # type: ignore[func-returns-value]
    )
    log_in(Client(), email, "not the password")
    for_known = len(hashed)
    log_in(Client(), "nobody@people.invalid", "not the password")
    assert for_known == len(hashed) - for_known == 1
    for address in (email, "nobody@people.invalid"):
        hashed.clear()
        newcomer(address)
        assert len(hashed) == 1, address


def test_guessing_is_stopped_and_locks_nobody_out(world: World) -> None:
    email, owner = member(world).email, Client()
    assert log_in(owner, email, WORDS).status_code == 302
    owner.post("/account/logout/")
    stranger = Client(REMOTE_ADDR="192.0.2.9")
    for _ in range(5):
        assert "Too many" not in log_in(stranger, email, "guess").content.decode()
    assert "Too many" in log_in(stranger, email, WORDS).content.decode()  # even the right one
    assert "_auth_user_id" not in stranger.session
    assert log_in(owner, email, WORDS).status_code == 302
    # Without the browser that is known the owner would have to wait.
    assert "Too many" in log_in(Client(REMOTE_ADDR="192.0.2.10"), email, WORDS).content.decode()


def test_the_session_is_a_new_one_after_signing_in_and_dead_after_signing_out(world: World) -> None:
    email, client = member(world).email, Client()
    client.post("/people/", {"just_me": "first"})
    before = client.cookies["upperback_session"].value
    log_in(client, email, WORDS)
    inside = client.cookies["upperback_session"].value
    assert before != inside
    replayed = Client()
    replayed.cookies["upperback_session"] = inside
    assert replayed.get("/data/").status_code == 200
    client.post("/account/logout/")
    assert [event.action for event in AuditEvent.objects.order_by("-pk")[:2]] == ["sign_out", "sign_in"]
    assert replayed.get("/data/").status_code == 302
    replayed.cookies["upperback_session"] = before
    assert replayed.get("/data/").status_code == 302


def test_staff_come_no_further_without_a_second_step_and_a_code_works_once(world: World) -> None:
    mina = world.mina
    mina.set_password(WORDS)
    mina.save()
    EmailAddress.objects.create(user=mina, email=mina.email, verified=True, primary=True)
    client = Client()
    log_in(client, mina.email, WORDS)
    for address in ("/staff/", "/staff/code/", "/home/", "/today/"):
        assert client.get(address)["Location"] in {"/account/ways/", "/staff/"}
    assert client.get("/staff/")["Location"] == "/account/ways/"
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    TOTP.activate(mina, secret)
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    fresh = Client()
    assert log_in(fresh, mina.email, WORDS)["Location"] == "/account/second/"
    assert fresh.get("/staff/")["Location"].startswith("/account/login/")  # half-way in is not in
    assert fresh.post("/account/second/", {"code": code})["Location"] == "/home/"
    assert fresh.get("/staff/").status_code == 200
    again = Client()
    log_in(again, mina.email, WORDS)
    assert again.post("/account/second/", {"code": code}).status_code == 200  # the page again, with its error
    assert again.get("/staff/").status_code == 302
    assert secret not in str(mina.authenticator_set.get().data)  # type: ignore[attr-defined]


def test_a_session_that_is_left_alone_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    started = time.time()
    elapsed = 0

    def now() -> Any:
        import datetime as dt

        return dt.datetime.fromtimestamp(started + elapsed, dt.UTC)

    monkeypatch.setattr(visitors, "now", now)
    cases = ((world.mina, "/staff/", STAFF_IDLE_S), (world.ana, "/data/", SHARED_IDLE_S))
    for account, page, idle_s in cases:
        elapsed = 0
        client = sign_in(account, second_factor=True)
        session = client.session
        session.set_expiry(0)  # "this device is mine alone" was not ticked
        session.save()
        assert client.get(page).status_code == 200
        elapsed = idle_s - 1
        assert client.get(page).status_code == 200
        elapsed += idle_s
        assert client.get(page).status_code == 302
    elapsed = 0
    client = sign_in(world.mina, second_factor=True)
    while elapsed < STAFF_DAY_S:
        assert client.get("/staff/").status_code == 200
        elapsed += STAFF_IDLE_S - 60
    assert client.get("/staff/").status_code == 302  # at the end of the day, however busy
    elapsed = 0
    client = sign_in(world.ana)
    client.get("/data/")
    elapsed = 20 * 24 * 3600
    assert client.get("/data/").status_code == 200  # on a device of one's own


def test_a_closed_account_and_an_ended_membership_are_out_with_the_next_page(world: World) -> None:
    person, clinician = sign_in(world.ana), sign_in(world.mina, second_factor=True)
    assert (person.get("/data/").status_code, clinician.get("/staff/").status_code) == (200, 200)
    accounts.close_account(account=world.ana, now=visitors.now())
    clinics.end_membership(member=Membership.objects.get(account=world.mina), by=SYSTEM, now=visitors.now())
    assert person.get("/data/").status_code == 302
    assert clinician.get("/staff/").status_code == 404
    # Who worked here once is still held to the rules of staff, and has no record to see.
    assert clinician.get("/data/")["Location"] == "/staff/"


def test_the_device_is_ones_own_only_where_that_was_said(world: World) -> None:
    email = member(world).email
    for remember, ends_with_browser in (({}, True), ({"remember": "on"}, False)):
        client = Client()
        log_in(client, email, WORDS, **remember)
        assert client.session.get_expire_at_browser_close() is ends_with_browser


def test_whoever_deletes_their_record_is_gone_with_account_and_sessions(world: World) -> None:
    client, other = sign_in(world.ana), sign_in(world.ana)
    person = world.record(world.ana)
    answer = client.post("/data/delete/", {"person": str(person.uuid), "sure": "yes"})
    assert answer.status_code == 200
    assert not Account.objects.filter(pk=world.ana.pk).exists()
    assert person.consents.count() == person.relations.count() == 0
    assert other.get("/data/").status_code == 302
    assert audit_chain.verify().faults == ()


def test_forms_of_other_sites_are_refused(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    for address in ("/account/login/", "/account/new/", "/account/logout/", "/staff/code/", "/people/"):
        assert client.post(address, {"login": "x"}, HTTP_ORIGIN="https://evil.invalid").status_code == 403
    assert Client().get("/account/logout/").status_code in {200, 302}
    inside = sign_in(world.ana)
    inside.get("/account/logout/")
    assert inside.get("/data/").status_code == 200  # looking at the page signs nobody out
