"""A screen and a phone that has no cookie: paired by a link that opens once and a number that both confirm."""

import asyncio
import dataclasses
import datetime as dt
import json
import re
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.integration.daily import planned
from tests.integration.test_live_socket import BROWSER, ticket
from tests.unit.services.test_live import Phone
from upperback.care.diary import Worn, read_entry
from upperback.core.errors import NotFound
from upperback.services import actors, diary, live, live_tickets, people
from upperback.services.people import Profile
from upperback.store.models import LiveStream, LiveTicket
from upperback.web.live import hub, pairing, watching

__all__ = ["planned"]  # fixture

pytest.importorskip("segno")
pytestmark = pytest.mark.django_db(transaction=True)
ORIGIN = "https://upperback.test:8443"


@pytest.fixture
def ana(planned: Client) -> Profile:
    """Somebody with an open plan."""
    return people.list_profiles(by=actors.SYSTEM)[0]


class End:
    """One side: what it is told, and what it says."""

    def __init__(self, socket: Callable[..., Awaitable[None]], **scope: Any) -> None:
        self._in: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.heard: list[dict[str, Any]] = []
        self.code: int | None = None
        self._news = asyncio.Event()
        self._in.put_nowait({"type": "websocket.connect"})
        whole = {"type": "websocket", "path": "/", "headers": [(b"origin", ORIGIN.encode())], **scope}
        self.task = asyncio.ensure_future(socket(whole, self._in.get, self._send))

    async def _send(self, message: Any) -> None:
        if message["type"] == "websocket.send":
            self.heard.append(json.loads(message["text"]))
        elif message["type"] == "websocket.close":
            self.code = message["code"]
        self._news.set()

    def say(self, *messages: dict[str, Any] | bytes) -> None:
        for one in messages:
            key, value = ("bytes", one) if isinstance(one, bytes) else ("text", json.dumps(one))
            self._in.put_nowait({"type": "websocket.receive", key: value})

    def go(self, code: int = 1001) -> None:
        """On purpose; with 1006 the line is lost."""
        self._in.put_nowait({"type": "websocket.disconnect", "code": code})

    async def hears(self, key: str, that: Callable[[Any], bool] = lambda _: True) -> Any:
        """The newest of that kind, waited for."""
        async with asyncio.timeout(20):
            while not (found := [one[key] for one in self.heard if key in one and that(one[key])]):
                self._news.clear()
                await self._news.wait()
        return found[-1]


def screen(ana: str) -> End:
    found = End(pairing.screen_socket, **{"upperback.installation": BROWSER})
    found.say({"ticket": ana})
    return found


async def opened(by: End) -> End:
    """A phone that opened the link behind the code."""
    link = (await by.hears("offer"))["link"]
    phone = End(pairing.phone_socket)
    phone.say({"open": link.partition("#")[2]})
    return phone


async def paired(token: str) -> tuple[End, End]:
    one = screen(token)
    phone = await opened(one)
    assert await phone.hears("number") == await one.hears("number")
    phone.say({"same": True})
    assert await one.hears("waits")
    one.say({"same": True})
    await phone.hears("ready")
    return one, phone


def run(ana: Profile, journey: Callable[[str], Awaitable[None]]) -> None:
    """The journey, with a ticket of this person's screen."""
    asyncio.run(_as_coroutine(journey(ticket(ana))))


async def _as_coroutine(journey: Awaitable[None]) -> None:
    await journey


def test_readings_of_the_phone_are_shown_on_the_screen_and_kept_for_its_person(ana: Profile) -> None:
    async def journey(token: str) -> None:
        one, phone = await paired(token)
        told = Phone()
        phone.say(*told.lies(2), *told.leans((0, 12)))
        assert await one.hears("sign") == "up"
        await one.hears("second")
        await one.hears("now", lambda now: now["measured"])
        assert await phone.hears("watched") is True
        assert not any("watched" in seen for seen in one.heard)
        phone.go()
        await one.hears("gone")
        one.go()
        await asyncio.gather(one.task, phone.task)
        assert re.fullmatch(rf"{ORIGIN}/live/phone/#[\w-]{{43}}", (await one.hears("offer"))["link"])

    run(ana, journey)
    kept = diary.entries(profile=ana, by=actors.SYSTEM)
    assert [row.entry.measured_s > 3 for row in kept if isinstance(row.entry, Worn)] == [True]


def test_the_screen_may_stop_and_a_screen_that_goes_leaves_the_phone_running(ana: Profile) -> None:
    async def journey(token: str) -> None:
        one, phone = await paired(token)
        phone.say(*Phone().lies(2))
        await one.hears("sign")
        one.say({"stop": True})
        assert await phone.hears("stopped") == "Stopped on the other screen."
        await one.hears("gone")
        one.go()
        await asyncio.gather(one.task, phone.task)

    run(ana, journey)

    async def alone(token: str) -> None:
        one, phone = await paired(token)
        told = Phone()
        phone.say(*told.lies(2))
        await phone.hears("sign")
        one.go()
        await one.task
        phone.say(*told.leans((0, 3)))
        await phone.hears("watched", lambda watched: watched is False)
        phone.go()
        await phone.task

    run(ana, alone)


@pytest.mark.parametrize("who", ["phone", "screen"])
def test_a_no_on_either_side_connects_nothing(who: str, ana: Profile) -> None:
    async def journey(token: str) -> None:
        one = screen(token)
        phone = await opened(one)
        await one.hears("number")
        sides = {"phone": phone, "screen": one}
        sides.pop(who).say({"same": False})
        (other,) = sides.values()
        other.say({"same": True})
        assert "not confirmed" in await phone.hears("stopped")
        await one.hears("gone")
        assert phone.code == 1008
        assert not any("ready" in told for told in (*one.heard, *phone.heard))
        one.go()
        await asyncio.gather(one.task, phone.task)

    run(ana, journey)


def test_a_link_of_a_photograph_is_no_use_once_it_was_opened_or_its_page_is_closed(ana: Profile) -> None:
    async def journey(token: str) -> None:
        one = screen(token)
        first = await opened(one)
        await first.hears("number")
        second = await opened(one)
        assert "run out" in await second.hears("stopped")
        assert second.code == 1008
        one.go()
        await one.task
        assert "not confirmed" in await first.hears("stopped")
        late = await opened(one)
        assert "run out" in await late.hears("stopped")
        await asyncio.gather(first.task, second.task, late.task)
        assert not len(pairing.OFFERS)

    run(ana, journey)


@pytest.mark.parametrize("hello", [{"open": "x"}, {"open": 7}, {"ticket": "x"}, {}, b"\1"])
def test_nobody_comes_in_without_the_secret(hello: Any, ana: Profile) -> None:
    async def journey(token: str) -> None:
        phone = End(pairing.phone_socket)
        phone.say(hello)
        await phone.task
        assert list(phone.heard[0]) == ["stopped"]
        assert phone.code == 1008

    run(ana, journey)


def test_a_phone_sends_nothing_before_the_numbers_are_compared(ana: Profile) -> None:
    async def journey(token: str) -> None:
        one = screen(token)
        phone = await opened(one)
        await phone.hears("number")
        phone.say(*Phone().lies(1))
        assert "stopped" in (await asyncio.wait_for(_end_of(phone), 20)).heard[-1]
        assert not any("ready" in told for told in phone.heard)
        one.go()
        await one.task

    run(ana, journey)


async def _end_of(side: End) -> End:
    await side.task
    return side


def test_a_screen_needs_a_ticket_of_its_own_browser(ana: Profile) -> None:
    async def journey(token: str) -> None:
        other = End(pairing.screen_socket, **{"upperback.installation": "another browser"})
        other.say({"ticket": token})
        await other.task
        assert list(other.heard[0]) == ["stopped"]

    run(ana, journey)


def test_a_screen_that_does_not_read_is_let_go_of(ana: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_WAITING_MAX", 3)

    async def journey(token: str) -> None:
        one, phone = await paired(token)
        meeting = next(iter(pairing._MEETINGS.values()))
        for _ in range(4):
            meeting.tell_screen({"now": {}})
        assert not meeting.is_watched
        await one.task
        assert one.code == 1013
        phone.go()
        await phone.task

    run(ana, journey)


def test_a_later_page_takes_the_seat_and_may_have_a_set_counted(ana: Profile) -> None:
    async def journey(token: str) -> None:
        one, phone = await paired(token)
        told = Phone()
        phone.say(*told.lies(2))
        await one.hears("sign")
        two = screen(await asyncio.to_thread(ticket, ana))
        await two.hears("joined")
        assert "another window" in await one.hears("stopped")
        two.say({"count": "ST13"})
        assert (await two.hears("reps"))["n"] == 0
        phone.say(*told.leans((0, 2)))
        two.say({"count": None})
        await two.hears("count", lambda count: count is None)
        for end in (one, two, phone):
            end.go()
        await asyncio.gather(one.task, two.task, phone.task)

    run(ana, journey)


def test_nobody_joins_where_no_phone_is_worn_or_of_another_browser(ana: Profile) -> None:
    async def journey(token: str) -> None:
        alone = End(pairing.screen_socket, **{"upperback.installation": BROWSER})
        alone.say({"ticket": token, "join": True})
        assert "No phone is worn" in await alone.hears("stopped")
        one, phone = await paired(await asyncio.to_thread(ticket, ana))
        other = End(pairing.screen_socket, **{"upperback.installation": "another browser"})
        other.say({"ticket": await asyncio.to_thread(ticket, ana, "another browser"), "join": True})
        assert "No phone is worn" in await other.hears("stopped")
        one.say({"count": "ST13", "more": 1})
        assert "not known" in await one.hears("stopped")
        phone.go()
        await asyncio.gather(alone.task, one.task, other.task, phone.task)

    run(ana, journey)


# ---- a lost line -------------------------------------------------------------------------------------------------


def comes_back(secret: str) -> End:
    phone = End(pairing.phone_socket)
    phone.say({"back": secret})
    return phone


def test_a_phone_that_lost_its_line_comes_back_and_goes_on(ana: Profile) -> None:
    phone_of = Phone()
    frames = [*phone_of.lies(2), *phone_of.leans((0, 12))]

    async def journey(token: str) -> None:
        one, phone = await paired(token)
        secret = await phone.hears("back")
        assert not any("back" in told for told in one.heard)
        phone.say(*frames[:30])
        await one.hears("sign")
        phone.go(1006)
        assert await one.hears("away")
        again = comes_back(secret)
        stored = await again.hears("next")
        assert 0 < stored <= 30
        again.say(*frames[stored:])
        await one.hears("now", lambda now: now["measured"])
        assert not any("gone" in told for told in one.heard)
        assert len({told["stream"] for told in [*one.heard, *again.heard] if "stream" in told}) == 1
        again.go()
        await one.hears("gone")
        one.go()
        await asyncio.gather(one.task, phone.task, again.task)

    run(ana, journey)
    kept = [row.entry for row in diary.entries(profile=ana, by=actors.SYSTEM, kinds=[Worn])]
    assert [entry.measured_s > 4 for entry in kept if isinstance(entry, Worn)] == [True]
    assert not pairing._MEETINGS


def test_a_phone_may_be_back_before_its_old_line_is_missed(ana: Profile) -> None:
    async def journey(token: str) -> None:
        one, phone = await paired(token)
        phone.say(*Phone().lies(2))
        await one.hears("sign")
        again = comes_back(await phone.hears("back"))
        await again.hears("ready")
        phone.go(1006)
        await phone.task
        assert not any("away" in told or "gone" in told for told in one.heard)
        again.go()
        await one.hears("gone")
        one.go()
        await asyncio.gather(one.task, again.task)

    run(ana, journey)


def test_nobody_comes_back_by_a_secret_that_is_none_or_is_void(ana: Profile) -> None:
    async def journey(token: str) -> None:
        one = screen(token)
        early = await opened(one)
        await early.hears("number")
        for secret in ("", "x", "x" * 500):
            assert "over" in await comes_back(secret).hears("stopped")
        early.say({"same": True})
        await one.hears("waits")
        one.say({"same": True})
        secret = await early.hears("back")
        early.go()
        await one.hears("gone")
        assert "over" in await comes_back(secret).hears("stopped")
        one.go()
        await asyncio.gather(one.task, early.task)

    run(ana, journey)


def test_stop_on_the_screen_while_the_phone_is_away_ends_it(ana: Profile) -> None:
    async def journey(token: str) -> None:
        one, phone = await paired(token)
        told = Phone()
        phone.say(*told.lies(2), *told.leans((0, 12)))
        await one.hears("now", lambda now: now["measured"])
        phone.go(1006)
        await one.hears("away")
        one.say({"stop": True})
        await one.hears("gone")
        assert "over" in await comes_back(await phone.hears("back")).hears("stopped")
        one.go()
        await asyncio.gather(one.task, phone.task)

    run(ana, journey)
    assert len(diary.entries(profile=ana, by=actors.SYSTEM, kinds=[Worn])) == 1


def test_a_phone_that_is_away_for_too_long_is_gone(ana: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing, "_AWAY_S", 0.1)

    async def journey(token: str) -> None:
        one, phone = await paired(token)
        phone.go(1006)
        await one.hears("away")
        await one.hears("gone")
        assert "over" in await comes_back(await phone.hears("back")).hears("stopped")
        one.go()
        await asyncio.gather(one.task, phone.task)

    run(ana, journey)


def test_a_phone_that_is_silent_may_come_back(ana: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a line that is dead and tells nobody."""
    monkeypatch.setattr(hub, "_SILENT_S", 0.2)
    monkeypatch.setattr(hub, "_SWEEP_S", 0.05)

    async def journey(token: str) -> None:
        one, phone = await paired(token)
        phone.say(*Phone().lies(2))
        await one.hears("away")
        await phone.task
        assert phone.code == hub.SILENT
        assert not any("stopped" in told for told in phone.heard)
        again = comes_back(await phone.hears("back"))
        await again.hears("ready")
        for end in (one, again):
            end.go()
        await asyncio.gather(one.task, again.task)

    run(ana, journey)


# ---- a server that was started again -----------------------------------------------------------------------------


async def started_again(*ends: End) -> None:
    """All lines are lost, and what was in memory is gone."""
    for end in ends:
        end.go(1006)
    await asyncio.gather(*(end.task for end in ends))
    pairing._MEETINGS.clear()


def comes_back_to(secret: str, stream: str) -> End:
    phone = End(pairing.phone_socket)
    phone.say({"back": secret, "stream": stream})
    return phone


async def worn_and_stored(one: End, phone: End, frames: list[bytes]) -> tuple[str, str]:
    """The way back and the stream of a phone that was worn until the server was started again."""
    phone.say(*frames)
    await one.hears("sign")
    found = await phone.hears("back"), await phone.hears("stream")
    await started_again(phone, one)
    return found


def test_a_paired_phone_comes_back_to_a_server_that_was_started_again(ana: Profile) -> None:
    phone_of = Phone()
    frames = [*phone_of.lies(2), *phone_of.leans((0, 12))]

    async def journey(token: str) -> None:
        one, phone = await paired(token)
        secret, stream = await worn_and_stored(one, phone, frames[:-10])
        again = comes_back_to(secret, stream)
        assert await again.hears("stream") == stream
        stored = await again.hears("next")
        again.say(*frames[stored:])
        await again.hears("now")
        assert await again.hears("watched") is False
        two = screen(await asyncio.to_thread(ticket, ana))
        assert await two.hears("joined")
        twice = comes_back_to(secret, stream)
        assert "over" in await twice.hears("stopped"), "each is good once"
        again.go(1006)
        assert await two.hears("away")
        third = comes_back_to(await again.hears("back"), stream)
        await third.hears("ready")
        third.go()
        await two.hears("gone")
        two.go()
        await asyncio.gather(twice.task, again.task, third.task, two.task)

    run(ana, journey)
    assert len(diary.entries(profile=ana, by=actors.SYSTEM, kinds=[Worn])) == 1
    assert not pairing._MEETINGS


def test_the_page_that_shows_a_code_by_then_is_its_screen(ana: Profile) -> None:
    async def journey(token: str) -> None:
        one, phone = await paired(token)
        secret, stream = await worn_and_stored(one, phone, Phone().lies(2))
        two = screen(await asyncio.to_thread(ticket, ana))
        code = (await two.hears("offer"))["link"].partition("#")[2]
        again = comes_back_to(secret, stream)
        assert await two.hears("ready")
        other = End(pairing.phone_socket)
        other.say({"open": code})
        assert "run out" in await other.hears("stopped"), "its code is void"
        two.say({"stop": True})
        assert await again.hears("stopped") == "Stopped on the other screen."
        two.go()
        await asyncio.gather(again.task, other.task, two.task)

    run(ana, journey)


@pytest.mark.parametrize("what", ["ticket", "changed", "stream", "no stream", "stopped", "late", "locked"])
def test_nobody_comes_back_to_it_by_anything_else(what: str, ana: Profile) -> None:
    def as_it_is(secret: str, stream: str) -> tuple[str, str]:
        now = timezone.now()
        match what:
            case "ticket":  # of the browser: that is another kind of right
                return ticket(ana), stream
            case "changed":  # to be let in for longer
                return f"{secret.rpartition('.')[0]}.9999999999", stream
            case "stream":
                return secret, str(uuid.uuid4())
            case "no stream":
                return secret, ""
            case "stopped":
                live.finish(stream=LiveStream.objects.get(uuid=stream), by=actors.household(BROWSER), now=now)
            case "late":
                LiveTicket.objects.update(ends_at=now)
            case "locked":
                diary.keep_entry(
                    profile=ana, client_id=uuid.uuid4(), day=now.date(), at=now,
                    entry=read_entry("warned", {"signs": ["stop_chest"]}), by=actors.SYSTEM, now=now,
                )  # fmt: skip
        return secret, stream

    async def journey(token: str) -> None:
        one, phone = await paired(token)
        secret, stream = await worn_and_stored(one, phone, Phone().lies(2))
        other = comes_back_to(*await asyncio.to_thread(as_it_is, secret, stream))
        await other.task
        assert list(other.heard[-1]) == ["stopped"]
        assert not any("ready" in told for told in other.heard)
        assert other.code == 1008
        if what in {"stream", "no stream"}:
            again = comes_back_to(secret, stream)
            assert "over" in await again.hears("stopped"), "it was used up"
            await again.task

    run(ana, journey)
    assert not pairing._MEETINGS


def test_a_secret_stands_nowhere_and_others_are_void_once_the_new_one_was_heard(ana: Profile) -> None:
    async def journey(token: str) -> None:
        one, phone = await paired(token)
        secret = await phone.hears("back")
        assert await asyncio.to_thread(_stored_secrets) == 1
        phone.go(1006)
        await one.hears("away")
        again = comes_back_to(secret, await phone.hears("stream"))
        await again.hears("ready")
        assert await asyncio.to_thread(_stored_secrets) == 2
        again.say(*Phone().lies(2))
        await one.hears("sign")
        await asyncio.gather(*pairing._TASKS)
        assert await asyncio.to_thread(_stored_secrets) == 1
        again.go()
        await one.hears("gone")
        await asyncio.gather(*pairing._TASKS)
        assert await asyncio.to_thread(_stored_secrets) == 0
        one.go()
        await asyncio.gather(phone.task, again.task, one.task)

    run(ana, journey)


def test_only_the_hash_of_a_way_back_is_stored(ana: Profile) -> None:
    now = timezone.now()
    way = live_tickets.WayBack(profile=ana, by=actors.household(BROWSER), until=now + dt.timedelta(days=1))
    secret = live_tickets.make_way_back(way, now=now)
    (row,) = LiveTicket.objects.all()
    assert row.ends_at - now == dt.timedelta(minutes=40)
    assert not any(secret.partition(".")[0] in str(value) for value in vars(row).values())
    with pytest.raises(NotFound):
        live_tickets.take_ticket(token=secret, by=way.by, now=now)
    of_service = dataclasses.replace(way, by=actors.person(uuid.uuid4()))
    live_tickets.make_way_back(of_service, now=now)
    assert LiveTicket.objects.count() == 1


def _stored_secrets() -> int:
    return LiveTicket.objects.count()
