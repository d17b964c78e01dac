"""Notices: received and opened by a fake browser behind a fake push service; nothing goes where it must not."""

import datetime as dt
import http.client
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.unit.interchange.push_receiver import Browser
from tests.unit.services.conftest import NOW, Assess, Walk
from upperback.core.errors import InputError
from upperback.interchange import webpush
from upperback.services import breaks, people, plans, push, screening, sessions
from upperback.services.actors import Actor
from upperback.services.people import Profile
from upperback.services.push import Sender
from upperback.store.models import AuditEvent, DiaryEntry, PushSubscription, PushTurn

pytestmark = pytest.mark.django_db

MINUTE = dt.timedelta(minutes=1)
KEY = webpush.new_key()


class Service:
    """A push service on this machine: keeps what comes and answers with `status`."""

    def __init__(self) -> None:
        self.status = 201
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.got.append((self.path, dict(self.headers), body))
                self.send_response(service.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def deliver(self, endpoint: str, lines: Mapping[str, str], body: bytes) -> int:
        """As `push.deliver`, to this machine."""
        host, port = self.server.server_address[:2]
        connection = http.client.HTTPConnection(str(host), port, timeout=10)
        try:
            connection.request("POST", urlsplit(endpoint).path, body=body, headers=dict(lines))
            return connection.getresponse().status
        finally:
            connection.close()


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.server.shutdown()
    made.server.server_close()
    made.thread.join()


@pytest.fixture
def planned(ana: Profile, actor: Actor, walk: Walk, assess: Assess) -> Profile:
    screening.finish_screening(screening=walk(ana), by=actor, now=NOW)
    assess(ana)
    assert plans.make_plan(profile=ana, by=actor, now=NOW, today=NOW.date()).allowed
    return ana


@pytest.fixture
def browser(planned: Profile, actor: Actor) -> Browser:
    """Somebody who turned notices on, at ten."""
    made = Browser("https://push.example.net/send/abc")
    push.subscribe(profile=planned, receiver=made.receiver, by=actor, now=NOW)
    return made


def look(service: Service, minutes: float, here_since: dt.datetime = NOW) -> int:
    return push.send_due(
        sender=lambda: Sender(key=KEY, contact="mailto:a@example.org"), here_since=here_since,
        now=NOW + minutes * MINUTE, deliver=service.deliver,
    )  # fmt: skip


def test_a_notice_is_received_and_opened_and_says_nothing_about_health(service: Service, browser: Browser) -> None:
    assert look(service, 0) == 0, "nothing is due yet"
    assert [look(service, minutes) for minutes in (5, 10, 15, 20, 25)] == [0] * 5
    assert look(service, 30) == 1
    path, lines, body = service.got[0]
    assert path == "/send/abc"
    assert lines["Authorization"].startswith("vapid t=")
    assert json.loads(browser.open(body)) == {"text": "Time for a short break", "path": "/breaks/now/"}
    assert not any(word in str(lines).lower() for word in ("pain", "break-", "exercise", "ana"))


def test_one_offer_is_told_once_and_the_next_an_interval_later(service: Service, browser: Browser) -> None:
    told = [minute for minute in range(100) if look(service, minute)]
    assert told == [30, 60, 90]
    assert DiaryEntry.objects.filter(kind="offer").count() == 3


def test_after_sleep_there_is_no_burst(service: Service, browser: Browser) -> None:
    assert look(service, 30) == 1
    woken = NOW + dt.timedelta(hours=5)
    assert look(service, 300, here_since=woken) == 0
    assert look(service, 330, here_since=woken) == 1
    assert len(service.got) == 2


def test_an_answer_on_the_page_counts_here_too(
    service: Service, browser: Browser, planned: Profile, actor: Actor
) -> None:
    breaks.hold_offers(
        profile=planned, why="away", until=NOW + 600 * MINUTE, client_id=planned.uuid, by=actor, now=NOW + MINUTE
    )
    assert sum(look(service, minute) for minute in range(2, 120, 3)) == 0


def test_without_an_open_plan_nothing_is_sent(
    service: Service, browser: Browser, planned: Profile, actor: Actor
) -> None:
    warned = {"before_legs": "yes"}
    sessions.tell_warning(profile=planned, client_id=planned.uuid, answers=warned, by=actor, now=NOW + MINUTE)
    assert sum(look(service, minute) for minute in range(2, 120, 3)) == 0


@pytest.mark.parametrize("status", [404, 410])
def test_an_address_that_is_gone_is_forgotten(service: Service, browser: Browser, status: int) -> None:
    service.status = status
    assert look(service, 30) == 0
    assert len(service.got) == 1
    assert not PushSubscription.objects.exists()
    assert AuditEvent.objects.filter(action="push_gone").count() == 1
    assert look(service, 60) == 0
    assert not PushTurn.objects.exists()
    assert len(service.got) == 1


@pytest.mark.parametrize("status", [301, 400, 413, 429, 500, 503])
def test_other_trouble_costs_this_notice_only(service: Service, browser: Browser, status: int) -> None:
    service.status = status
    assert look(service, 30) == 0
    assert PushSubscription.objects.count() == 1
    service.status = 201
    assert look(service, 60) == 1


def test_a_service_that_cannot_be_reached_costs_this_notice_only(browser: Browser) -> None:
    def unreachable(*_: object) -> int:
        raise TimeoutError

    def sender() -> Sender:
        return Sender(key=KEY, contact="mailto:a@example.org")

    assert push.send_due(sender=sender, here_since=NOW, now=NOW + 30 * MINUTE, deliver=unreachable) == 0
    assert PushSubscription.objects.count() == 1


def test_a_row_that_another_process_has_claimed_is_left_alone(
    service: Service, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes read the same row as due; only one of them may look at the person."""
    looked = []

    def meanwhile(turn: PushTurn, *_: object) -> int:
        looked.append(turn.pk)
        return 0

    monkeypatch.setattr(push, "_look", meanwhile)
    stale = list(PushTurn.objects.select_related("profile"))
    look(service, 30)
    monkeypatch.setattr(PushTurn.objects, "select_related", lambda *_: _Rows(stale))
    look(service, 30)
    assert len(looked) == 1


class _Rows(list[PushTurn]):
    """Rows as they were read before the other process claimed them."""

    def filter(self, **_: object) -> "_Rows":
        return self

    def order_by(self, *_: object) -> "_Rows":
        return self


def test_turning_off_forgets_this_browser_or_all(planned: Profile, actor: Actor) -> None:
    for path in "ab":
        push.subscribe(
            profile=planned, receiver=Browser(f"https://push.example.net/{path}").receiver, by=actor, now=NOW
        )
    other = people.create_profile(name="Bo", by=actor, now=NOW)
    assert push.unsubscribe(profile=other, endpoint="https://push.example.net/a", by=actor, now=NOW) == 0
    assert push.unsubscribe(profile=planned, endpoint="https://push.example.net/a", by=actor, now=NOW) == 1
    assert push.count_of(profile=planned, by=actor) == 1
    assert push.unsubscribe(profile=planned, endpoint=None, by=actor, now=NOW) == 1
    assert push.count_of(profile=planned, by=actor) == 0


def test_the_same_browser_again_is_one_and_no_eleventh(planned: Profile, actor: Actor) -> None:
    browser = Browser("https://push.example.net/a")
    for _ in range(2):
        push.subscribe(profile=planned, receiver=browser.receiver, by=actor, now=NOW)
    assert push.count_of(profile=planned, by=actor) == 1
    for number in range(9):
        push.subscribe(
            profile=planned, receiver=Browser(f"https://push.example.net/{number}").receiver, by=actor, now=NOW
        )
    with pytest.raises(InputError):
        push.subscribe(profile=planned, receiver=Browser("https://push.example.net/last").receiver, by=actor, now=NOW)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.7", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
        "0.0.0.0",  # noqa: S104
        "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1",
        "2001:0:7f00:1::1", "ff0e::1",
    ],
)  # fmt: skip
def test_a_name_that_leads_into_the_own_network_leads_nowhere(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def found(*addresses: str) -> Any:
        return lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", found("8.8.8.8"))
    assert push.public_address("push.example.net") == "8.8.8.8"
    for addresses in ([address], ["8.8.8.8", address]):
        monkeypatch.setattr(socket, "getaddrinfo", found(*addresses))
        with pytest.raises(OSError, match="no public address"):
            push.deliver("https://push.example.net/x", {}, b"")


def test_it_connects_to_the_address_that_was_checked_under_the_name_that_was_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The name is looked up once; a second answer, to another address, is never asked for."""
    asked, connected = [], []

    def lookup(host: str, *_: object, **__: object) -> Any:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8" if len(asked) == 1 else "127.0.0.1", 443))]

    def connect(address: tuple[str, int], *_: object) -> Any:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(ConnectionRefusedError):
        push.deliver("https://push.example.net/x", {}, b"")
    assert (asked, connected) == (["push.example.net"], [("8.8.8.8", 443)])


def test_nobody_asked_for_notices_and_nothing_happens(service: Service, planned: Profile) -> None:
    def never() -> Sender:
        raise AssertionError("no key is needed where nobody asked")

    assert push.send_due(sender=never, here_since=NOW, now=NOW + 60 * MINUTE, deliver=service.deliver) == 0
    assert service.got == []
    assert not DiaryEntry.objects.filter(kind="offer").exists()
