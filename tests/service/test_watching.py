"""A clinician looks on while somebody wears a sensor: only as they were let, for as long, less than all, and told."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async

from tests.integration.test_live_pairing import End
from tests.service import expected, matrix
from tests.service.conftest import sign_in
from tests.service.matrix import in_state, make_cast
from tests.service.test_sockets import Browser, scope_of
from tests.unit.services.service_world import World, as_person, as_staff, new_staff, share
from tests.unit.services.test_live import Phone
from upperback.core.errors import NotFound
from upperback.services import accounts, live_tickets, live_watching, sharing
from upperback.services.access_rules import USUAL
from upperback.services.clinics import Account
from upperback.store.models import AuditEvent, LiveTicket, Relation
from upperback.web.live import clinic, socket, watching
from upperback.web.rules import SOCKETS
from upperback.web.service import visitors
from upperback.web.service.sockets import for_account

pytestmark = pytest.mark.django_db

_LIVE = USUAL | {"live"}


@pytest.fixture
def shared(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Ana lets Mina look on. (Whether a plan is open is for other tests.)"""
    for place in ("live", "live_tickets"):
        monkeypatch.setattr(f"upperback.services.{place}.open_plan", lambda **_: None)
    monkeypatch.setattr("upperback.services.live.closed_plans", lambda _: {})
    monkeypatch.setattr(clinic, "_ASKS_EVERY_S", 0.05)
    monkeypatch.setattr(clinic, "_ended_s", {})
    share(world.ana, world.mina, data_classes=_LIVE, now=visitors.now())
    return world


def run(journey: Callable[[], Awaitable[None]]) -> None:
    async_to_sync(journey)()


def watch_ticket(world: World, who: Account, whose: Account | None = None) -> str:
    person = world.record(whose or world.ana)
    return live_watching.make_ticket(person_uuid=person.uuid, by=as_staff(who), now=visitors.now())


async def looks_on(world: World, who: Account, token: str | None = None) -> End:
    """The page of a clinician."""
    found = End(clinic.clinic_socket, **{"upperback.actor": as_staff(who)})
    found.say({"ticket": token or await sync_to_async(watch_ticket)(world, who)})
    return found


async def own(world: World, whose: Account, at: Callable[..., Awaitable[None]]) -> End:
    """The sensor of a person, or a page of theirs that looks on."""
    make = sync_to_async(live_tickets.make_ticket)
    token = await make(profile=world.record(whose), by=as_person(whose), now=visitors.now())
    found = End(at, path="/live/socket/", **{"upperback.actor": as_person(whose)})
    found.say({"ticket": token})
    return found


def watched(world: World) -> int:
    return AuditEvent.objects.filter(action="watch_live", profile_uuid=world.record(world.ana).uuid).count()


def test_they_see_the_seconds_of_the_persons_own_pages_and_the_person_is_told(shared: World) -> None:
    async def journey() -> None:
        page = await looks_on(shared, shared.mina)
        assert await page.hears("running") is False
        assert await sync_to_async(watched)(shared) == 0, "nothing is worn, so nothing was watched"
        mine, told = await own(shared, shared.ana, watching.watch_socket), Phone()
        assert await mine.hears("clinicians") == ["Mina Patel, North Street"]
        phone = await own(shared, shared.ana, socket.live_socket)
        await page.hears("running", lambda running: running)
        assert await sync_to_async(watched)(shared) == 1
        phone.say(*told.lies(2), *told.leans((0, 4)))
        assert await phone.hears("clinicians") == ["Mina Patel, North Street"]
        await page.hears("now", lambda now: now["measured"])
        parts = [one["now"] for one in page.heard if "now" in one]
        whole = [one["now"] for one in mine.heard if "now" in one]
        assert all(any(part.items() <= one.items() for one in whole) for part in parts), "the same, not made anew"
        page.go(1006)
        await page.task
        again = await looks_on(shared, shared.mina)
        await again.hears("now")
        assert await sync_to_async(watched)(shared) == 1, "a line that was lost is no second watching"
        phone.go()
        assert await again.hears("over") is True
        again.go()
        assert await mine.hears("clinicians", lambda names: not names) == []
        mine.go()
        await asyncio.gather(phone.task, again.task, mine.task)
        keys = {key for one in page.heard + again.heard for key in one}
        assert keys <= clinic._SHOWN | clinic._SAID, "no hint, question, stream or ticket"
        assert not len(watching.ROOMS)

    run(journey)
    looks = sharing.looks_of(profile=shared.record(shared.ana), by=as_person(shared.ana))
    assert [(look.who, look.action) for look in looks if look.action == "watch_live"] == [("Mina Patel", "watch_live")]
    assert "Mina Patel, North Street watched what your sensor measured" in (
        sign_in(shared.ana).get("/share/").content.decode()
    )


def _withdraw(world: World) -> None:
    by, now = as_person(world.ana), visitors.now()
    for grant in sharing.grants_of(profile=world.record(world.ana), by=by):
        if "live" in grant.data_classes:
            sharing.withdraw(profile=world.record(world.ana), grant_uuid=grant.id, by=by, now=now)


def _end_relation(world: World) -> None:
    Relation.objects.filter(account=world.mina).update(ended_at=visitors.now())


def _close(world: World) -> None:
    accounts.close_account(account=world.mina, now=visitors.now())


@pytest.mark.parametrize("end", [_withdraw, _end_relation, _close])
def test_the_line_ends_when_they_may_not_any_more(shared: World, end: Callable[[World], None]) -> None:
    """Asked twice a second, here twenty times: what comes after it reaches nobody."""

    async def journey() -> None:
        page = await looks_on(shared, shared.mina)
        phone, told = await own(shared, shared.ana, socket.live_socket), Phone()
        phone.say(*told.lies(2), *told.leans((0, 2)))
        await page.hears("now")
        await sync_to_async(end)(shared)
        async with asyncio.timeout(1):
            assert "not shared" in await page.hears("stopped")
            await page.task
        assert page.code == 1008
        count = len(page.heard)
        phone.say(*told.leans((0, 2)))
        await phone.hears("clinicians", lambda names: not names)
        assert len(page.heard) == count
        with pytest.raises(NotFound):
            await sync_to_async(watch_ticket)(shared, shared.mina)
        phone.go()
        await phone.task

    run(journey)


def test_without_the_question_the_line_would_go_on(shared: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the test above."""
    monkeypatch.setattr(live_watching, "check_still", lambda **_: None)

    async def journey() -> None:
        page = await looks_on(shared, shared.mina)
        phone, told = await own(shared, shared.ana, socket.live_socket), Phone()
        phone.say(*told.lies(2))
        await page.hears("now")
        await sync_to_async(_withdraw)(shared)
        count = len(page.heard)
        phone.say(*told.leans((0, 4)))
        await page.hears("now", lambda _: len(page.heard) > count)
        page.go()
        phone.go()
        await asyncio.gather(page.task, phone.task)

    run(journey)


def test_it_is_asked_often_enough_to_end_within_a_second() -> None:
    assert clinic._ASKS_EVERY_S <= 0.5


def test_nobody_sees_another_persons_sensor_and_nobody_can_ask_for_anything(shared: World) -> None:
    share(shared.bo, shared.mina, data_classes=_LIVE, now=visitors.now())

    async def journey() -> None:
        token = await sync_to_async(watch_ticket)(shared, shared.mina, shared.bo)
        page = await looks_on(shared, shared.mina, token)
        phone, told = await own(shared, shared.ana, socket.live_socket), Phone()
        phone.say(*told.lies(2), *told.leans((0, 2)))
        await phone.hears("now")
        assert page.heard == [{"running": False, "is_aligned": False}]
        assert not any("clinicians" in one for one in phone.heard)
        page.say({"stop": True})
        assert "cannot ask" in await page.hears("stopped")
        phone.go()
        await asyncio.gather(page.task, phone.task)

    run(journey)
    assert not AuditEvent.objects.filter(action="watch_live").exists()


def test_a_ticket_is_for_one_line_of_whoever_asked_and_for_nothing_else(shared: World) -> None:
    colleague = new_staff("Col League", shared.north, now=visitors.now())
    share(shared.ana, colleague, data_classes=_LIVE, now=visitors.now())

    async def journey() -> None:
        token = await sync_to_async(watch_ticket)(shared, shared.mina)
        others = await looks_on(shared, colleague, token)
        assert "waited" in await others.hears("stopped")
        as_sensor = End(socket.live_socket, path="/live/socket/", **{"upperback.actor": as_person(shared.ana)})
        as_sensor.say({"ticket": token})
        assert "waited" in await as_sensor.hears("stopped")
        first = await looks_on(shared, shared.mina, token)
        await first.hears("running")
        second = await looks_on(shared, shared.mina, token)
        assert "waited" in await second.hears("stopped")
        make = sync_to_async(live_tickets.make_ticket)
        mine = await make(profile=shared.record(shared.ana), by=as_person(shared.ana), now=visitors.now())
        with_mine = await looks_on(shared, shared.mina, mine)
        assert "waited" in await with_mine.hears("stopped")
        first.go()
        await asyncio.gather(*(end.task for end in (others, as_sensor, first, second, with_mine)))

    run(journey)


def test_the_page_is_there_where_it_was_let_and_says_what_it_is_not(shared: World) -> None:
    about = f"/clinic/people/{shared.record(shared.ana).uuid}/"
    clinician = sign_in(shared.mina, second_factor=True)
    assert f'href="{about}live/"' in clinician.get(about).content.decode()
    page = clinician.get(f"{about}live/").content.decode()
    assert "watches over nobody" in page
    assert "data-still" in page, "it goes dark with the rest"
    assert clinician.post(f"{about}live/ticket/").json()["ticket"]
    event = AuditEvent.objects.filter(action="look").order_by("id").last()
    assert event is not None
    assert event.details["data_class"] == "identity, live"
    others = AuditEvent.objects.filter(action="look").exclude(pk=event.pk)
    assert not [one for one in others if "live" in one.details["data_class"]], "other pages show none"
    asks = sign_in(shared.bo).get("/share/").content.decode()
    assert 'value="live"' in asks
    assert not re.search(r'value="live"[^>]*checked', asks), "left out unless it is ticked"


@pytest.mark.parametrize("who", ["without live", "stranger", "no second step", "taken back", "carer"])
def test_whoever_was_not_let_finds_nothing(shared: World, who: str) -> None:
    record = shared.bo if who == "without live" else shared.ana
    if who == "without live":
        share(shared.bo, shared.mina, now=visitors.now())
    if who == "taken back":
        _withdraw(shared)
    account = {"stranger": shared.stranger, "carer": shared.bo}.get(who, shared.mina)
    browser = sign_in(account, second_factor=who != "no second step")
    about = f"/clinic/people/{shared.record(record).uuid}/live/"
    refused = {302} if who == "no second step" else {404}
    assert {browser.get(about).status_code, browser.post(f"{about}ticket/").status_code} == refused
    assert not LiveTicket.objects.exists()
    assert "What the sensor measures now" not in browser.get(about.removesuffix("live/")).content.decode()


def test_each_line_is_for_whom_it_is_said_to_be_for(db: None) -> None:
    assert SOCKETS.keys() == expected.SOCKETS.keys(), "in web/rules.py, and in tests/service/expected.py"
    cast = make_cast()
    wrong = []
    for state in ("usual", "closed", "no second step", "left the clinic"):
        with in_state(cast, state):
            for who in expected.EVERYBODY:
                cookie = matrix._browser(cast, who, state)
                for path in expected.SOCKETS:
                    line = async_to_sync(for_account)(scope_of(path, cookie), *_ends(Browser()))
                    if (line is not None) != expected.may_connect(who, path, state):
                        wrong.append((state, who, path))
    assert wrong == []


def _ends(browser: Browser) -> tuple[Any, Any]:
    return browser.receive, browser.send
