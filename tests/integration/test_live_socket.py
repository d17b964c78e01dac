"""The socket of a worn sensor: who is let in, what is answered, and when it is closed."""

import asyncio
import datetime as dt
import json
import math
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from tests.integration.daily import planned
from tests.unit.services.test_live import Phone
from upperback.care.diary import Worn, read_entry
from upperback.core.errors import NotAllowed, NotFound
from upperback.devices.live.phone import PhoneFrame
from upperback.services import actors, diary, live, live_store, live_tickets, people
from upperback.services.live import Hello, Sitting
from upperback.services.people import Profile
from upperback.store.models import LiveStream
from upperback.web.live import hub, pace, socket
from upperback.web.worker import Worker

__all__ = ["planned"]  # fixture

pytestmark = pytest.mark.django_db(transaction=True)
BROWSER = "browser-of-the-test"


@pytest.fixture
def ana(planned: Client) -> Profile:
    """Somebody with an open plan."""
    return people.list_profiles(by=actors.SYSTEM)[0]


def ticket(profile: Profile, browser: str = BROWSER) -> str:
    return live_tickets.make_ticket(profile=profile, by=actors.household(browser), now=timezone.now())


def talk(
    messages: Sequence[dict[str, Any] | bytes | str | Callable[[], None]],
    path: str = "/live/socket/",
    *,
    leaves: int = 1001,
) -> tuple[list[dict[str, Any]], int | None]:
    """Sends all of it and then goes; what came back, and the code it was closed with."""
    heard: list[dict[str, Any]] = []
    closed: list[int] = []
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        if not heard and not closed and len(waiting) == len(messages) and not receive.connected:  # type: ignore[attr-defined]
            receive.connected = True  # type: ignore[attr-defined]
            return {"type": "websocket.connect"}
        while waiting and callable(waiting[0]):
            await asyncio.to_thread(waiting.pop(0))  # type: ignore[arg-type]
        if not waiting:
            return {"type": "websocket.disconnect", "code": leaves}
        message = waiting.pop(0)
        if isinstance(message, bytes):
            return {"type": "websocket.receive", "bytes": message}
        return {"type": "websocket.receive", "text": message if isinstance(message, str) else json.dumps(message)}

    receive.connected = False  # type: ignore[attr-defined]

    async def send(message: Any) -> None:
        if message["type"] == "websocket.send":
            heard.append(json.loads(message["text"]))
        elif message["type"] == "websocket.close":
            closed.append(message["code"])

    scope = {"type": "websocket", "path": path, "headers": [], "upperback.installation": BROWSER}
    asyncio.run(socket.live_socket(scope, receive, send))
    return heard, closed[0] if closed else None


def test_frames_are_answered_and_the_end_is_kept(ana: Profile) -> None:
    phone = Phone()
    frames = [*phone.lies(2), *phone.leans((0, 12))]
    heard, _ = talk([{"ticket": ticket(ana)}, *frames])
    assert heard[0]["ready"]
    assert heard[0]["next"] is None
    acks = [one["ack"] for one in heard if "ack" in one]
    assert acks == sorted(acks)
    assert acks[-1] == len(frames) - 1
    assert any(one.get("now", {}).get("measured") for one in heard)
    kept = diary.entries(profile=ana, by=actors.SYSTEM)
    assert [row.entry.measured_s > 3 for row in kept if isinstance(row.entry, Worn)] == [True]


@pytest.mark.parametrize(
    "hello", [{"ticket": "wrong"}, {}, {"ticket": 7}, {"ticket": "x", "more": 1}, "no json", b"\1"]
)
def test_nobody_comes_in_without_a_ticket(hello: Any, ana: Profile) -> None:
    heard, code = talk([hello, *Phone().lies(1)])
    assert list(heard[0]) == ["stopped"]
    assert code == 1008
    assert len(heard) == 1


def test_a_ticket_of_another_browser_is_none(ana: Profile) -> None:
    heard, code = talk([{"ticket": ticket(ana, "another browser")}])
    assert list(heard[0]) == ["stopped"]
    assert code == 1008


def test_other_addresses_are_closed() -> None:
    assert talk([{"ticket": "x"}], path="/live/else/") == ([], 1008)


def test_what_cannot_be_read_is_said_and_then_ends_it(ana: Profile) -> None:
    heard, code = talk([{"ticket": ticket(ana)}, *[b"nonsense"] * 8])
    assert "stopped" in heard[-1]
    assert code == 1008
    heard, code = talk([{"ticket": ticket(ana)}, b"nonsense", "no json", *Phone().lies(1)])
    assert any("trouble" in one for one in heard)
    assert not any("stopped" in one for one in heard)


def frame(acc: tuple[float, float, float] = (0, 0, 9.81), n: int = 50, number: int = 0) -> bytes:
    """A phone that lies, as it should not be."""
    time_ms = np.float64(1000 * number) + np.arange(n, dtype=np.float64) * 20
    acc_mps2 = np.tile(np.array(acc, np.float32), (n, 1))
    return PhoneFrame(number=number, time_ms=time_ms, acc_mps2=acc_mps2, rotation_dps=None).write()


NAN = (math.nan, math.nan, math.nan)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ([frame(NAN, number=k) for k in range(6)], "Nothing can be read from the sensor: no sample has a number"),
        ([frame((0, 0, 1.0))], "The sensor counts acceleration in g: m/s2 are expected"),
        ([frame((0, 0, 96.2))], "The sensor's acceleration was multiplied by 9.81 once too often: m/s2 are expected"),
        ([b"\2" + frame()[1:]], "a frame of version 2: only version 1 is known"),
        ([frame()[:-3]], "a frame of 813 bytes: 816 are expected for 50 samples"),
        (["0 0 9.81"], "A text cannot be read: a JSON object is expected, and samples as binary frames"),
        (["[]"], "A text cannot be read: a JSON object is expected, and samples as binary frames"),
        (["x" * 3000], "A text of 3,000 characters is too long: 2,000 at most"),
        ([{"what": 1}], "a live page asked for something that is not known"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_message_is_said_in_a_sentence(ana: Profile, sent: list[Any], words: str) -> None:
    def waits() -> None:
        time.sleep(0.1)

    heard, code = talk([{"ticket": ticket(ana)}, *sent, waits])
    assert [one["trouble"] for one in heard if "trouble" in one] == [words]
    assert code is None


def test_a_flood_is_ended(ana: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_MESSAGES_AT_ONCE", 20.0)
    monkeypatch.setattr(pace, "_MESSAGES_A_SECOND", 0.0)
    monkeypatch.setattr(pace, "_TOO_FAST_S", 0.1)
    monkeypatch.setattr(hub, "_SWEEP_S", 0.02)
    heard, code = talk([{"ticket": ticket(ana)}, *[{"hints": True}] * 60])
    assert heard[-1] == {"stopped": "The sensor sends too much"}
    assert code == 1013
    assert len(heard) < 30


def test_a_plan_that_closes_meanwhile_ends_it(ana: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "_SWEEP_S", 0.02)

    def tells_a_sign() -> None:
        now = timezone.now()
        diary.keep_entry(
            profile=ana, client_id=uuid.uuid4(), day=now.date(), at=now,
            entry=read_entry("warned", {"signs": ["stop_chest"]}), by=actors.SYSTEM, now=now,
        )  # fmt: skip

    def waits() -> None:
        time.sleep(0.3)

    phone = Phone()
    heard, code = talk([{"ticket": ticket(ana)}, *phone.lies(1), waits, tells_a_sign, waits, *phone.lies(1), waits])
    assert "stopped" in heard[-1]
    assert code == 1008


def test_the_page_and_its_ticket_need_an_open_plan(planned: Client) -> None:
    assert planned.get("/live/").status_code == 200
    told = planned.post("/live/ticket/").json()
    assert told["socket"] == "/live/socket/"
    nobody = people.create_profile(name="New", by=actors.SYSTEM, now=timezone.now())
    planned.post("/people/choose/", {"person": str(nobody.uuid)})
    assert planned.get("/live/").status_code == 409
    assert planned.post("/live/ticket/").status_code == 409


def test_it_goes_on_after_a_lost_line(ana: Profile) -> None:
    phone = Phone()
    frames = [*phone.lies(2), *phone.leans((0, 20))]
    heard, _ = talk([{"ticket": ticket(ana)}, *frames[:40]], leaves=1006)
    stream = heard[0]["stream"]
    heard, _ = talk([{"ticket": ticket(ana), "stream": stream}, *frames[30:70]], leaves=1006)
    assert heard[0] == {"ready": True, "stream": stream, "next": 40, "is_aligned": False}
    assert not any("sign" in one for one in heard)
    heard, code = talk([{"ticket": ticket(ana), "stream": stream}, *frames[70:], {"end": True}], leaves=1006)
    assert heard[-1]["ended"]
    assert heard[-1]["ack"] == len(frames) - 1
    assert code == 1000
    talk([{"ticket": ticket(ana)}, *frames, {"end": True}])
    rows = diary.entries(profile=ana, by=actors.SYSTEM, kinds=[Worn])
    worn = [row.entry.measured_s for row in rows if isinstance(row.entry, Worn)]
    assert len(worn) == 2
    assert worn[0] == pytest.approx(worn[1], abs=1)  # they did not begin at the same part of a second


@pytest.mark.parametrize("broken", [False, True])
def test_all_who_come_back_after_a_restart_are_let_in_together(
    ana: Profile, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    """And where a bug with one of them breaks that, each of the others alone."""
    tokens = [ticket(ana) for _ in range(12)]
    begin, together = live.begin, []

    def counts(*, hellos: list[Hello], now: dt.datetime) -> Any:
        together.append(len(hellos))
        if broken and tokens[5] in {hello.token for hello in hellos}:
            raise ZeroDivisionError
        return begin(hellos=hellos, now=now)

    monkeypatch.setattr(live, "begin", counts)
    heard: list[dict[str, Any]] = []

    async def one(token: str) -> None:
        waiting: list[dict[str, Any]] = [
            {"type": "websocket.connect"},
            {"type": "websocket.receive", "text": json.dumps({"ticket": token})},
            {"type": "websocket.disconnect", "code": 1006},
        ]

        async def receive() -> dict[str, Any]:
            return waiting.pop(0)

        async def send(message: Any) -> None:
            if message["type"] == "websocket.send":
                heard.append(json.loads(message["text"]))

        scope = {"type": "websocket", "path": "/live/socket/", "headers": [], "upperback.installation": BROWSER}
        await socket.live_socket(scope, receive, send)

    async def everybody() -> None:
        await asyncio.gather(*(one(token) for token in tokens))

    asyncio.run(everybody())
    assert sum("ready" in one for one in heard) == (11 if broken else 12)
    assert sum("stopped" in one for one in heard) == broken
    assert max(together) >= 11
    if not broken:
        assert len(together) <= 3


def test_nobody_goes_on_with_another_stream(ana: Profile) -> None:
    heard, _ = talk([{"ticket": ticket(ana)}, *Phone().lies(2)], leaves=1006)
    stream = heard[0]["stream"]
    ben = people.create_profile(name="Ben", by=actors.SYSTEM, now=timezone.now())
    with pytest.raises(NotAllowed):
        ticket(ben)
    for hello in (
        {"ticket": ticket(ana), "stream": str(uuid.uuid4())},
        {"ticket": ticket(ana), "stream": "x"},
        {"ticket": ticket(ana), "stream": None},
    ):
        heard, code = talk([hello])
        assert list(heard[0]) == ["stopped"]
        assert code == 1008
    talk([{"ticket": ticket(ana), "stream": stream}, {"end": True}])
    heard, code = talk([{"ticket": ticket(ana), "stream": stream}])
    assert heard == [{"stopped": "This measurement is over. Open the page again"}]


def test_the_later_connection_has_the_stream(ana: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "_SWEEP_S", 100.0)  # nobody else asks the database meanwhile: in tests it is in memory
    phone = Phone()
    frames = [*phone.lies(2), *phone.leans((0, 20))]
    later: list[Any] = []

    def elsewhere() -> None:
        time.sleep(0.5)  # what was asked before is stored by then
        stream = LiveStream.objects.get(ended_at=None).uuid
        later.append(talk([{"ticket": ticket(ana), "stream": str(stream)}, *frames[:60]], leaves=1006))

    heard, code = talk(
        [{"ticket": ticket(ana)}, *frames[:30], {"hints": True}, elsewhere, *frames[30:], {"hints": False}]
    )
    assert code == 4001
    assert "another" in heard[-1]["stopped"]
    assert later[0][0][-1]["ack"] == 59
    assert LiveStream.objects.get().next_number == 60


def test_a_question_asked_again_is_answered_and_not_done_again(ana: Profile) -> None:
    phone = Phone()
    frames = [*phone.lies(2), *phone.leans((0, 8), (60, 1), (0, 1), (60, 1), (0, 1))]
    asked = {"align": True, "n": 9}
    steps: list[Any] = [
        *frames[:12], {"task": "stand", "n": 1}, *frames[12:50], {"task": "bend", "n": 2}, *frames[50:], asked, asked,
    ]  # fmt: skip
    heard, _ = talk([{"ticket": ticket(ana)}, *steps], leaves=1006)
    assert next(one["has_front"] for one in heard if "has_front" in one) is True
    assert not any("not_aligned" in one for one in heard)
    heard, _ = talk(
        [{"ticket": ticket(ana), "stream": heard[0]["stream"]}, asked, {"align": True, "n": 10}], leaves=1006
    )
    assert any("has_front" in one or "not_aligned" in one for one in heard)


def test_a_hint_that_would_disturb_now_is_not_given(ana: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"second": {"hint": True, "why": "move", "dose": 1.0}}
    monkeypatch.setattr(Sitting, "put", lambda sitting, data: iter([dict(given)]))
    heard, _ = talk([{"ticket": ticket(ana)}, b"frame", lambda: time.sleep(0.3)])
    assert [one["second"]["hint"] for one in heard if "second" in one] == [True]
    monkeypatch.setattr(Sitting, "disturbs", True)
    given = {"second": {"hint": True, "why": "move", "dose": 1.0}}
    heard, _ = talk([{"ticket": ticket(ana)}, b"frame", lambda: time.sleep(0.3)])
    assert [one["second"]["hint"] for one in heard if "second" in one] == [False]


def test_what_a_phone_left_behind_is_finished_the_next_time(ana: Profile) -> None:
    phone = Phone()
    talk([{"ticket": ticket(ana)}, *phone.lies(2), *phone.leans((0, 12))], leaves=1006)
    assert not diary.entries(profile=ana, by=actors.SYSTEM, kinds=[Worn])
    LiveStream.objects.update(saved_at=timezone.now() - live_store.LEFT_AFTER)
    talk([{"ticket": ticket(ana)}], leaves=1006)
    assert len(diary.entries(profile=ana, by=actors.SYSTEM, kinds=[Worn])) == 1


def test_what_a_phone_left_behind_is_finished_without_anybody_asking(ana: Profile) -> None:
    phone = Phone()
    talk([{"ticket": ticket(ana)}, *phone.lies(2), *phone.leans((0, 12))], leaves=1006)
    seconds = [0.0]
    worker = Worker(settings.OPTIONS, clock=lambda: seconds[0])
    assert worker.finish_left(timezone.now()) == 0  # it may come back yet
    assert worker.finish_left(timezone.now() + live_store.LEFT_AFTER) == 0  # or the clock was put ahead
    seconds[0] = 90.0
    assert worker.finish_left(timezone.now() + live_store.LEFT_AFTER) == 1
    assert len(diary.entries(profile=ana, by=actors.SYSTEM, kinds=[Worn])) == 1
    assert worker.finish_left(timezone.now() + live_store.LEFT_AFTER) == 0
    with pytest.raises(NotFound):
        live_store.left_by_all(by=actors.household(BROWSER), now=timezone.now())


def test_a_clock_that_is_put_ahead_ends_no_sensor_that_is_worn(ana: Profile) -> None:
    talk([{"ticket": ticket(ana)}, *Phone().lies(2)], leaves=1006)
    seconds = [0.0]
    worker = Worker(settings.OPTIONS, clock=lambda: seconds[0])
    ahead = timezone.now() + dt.timedelta(hours=1)
    assert worker.finish_left(ahead) == 0
    LiveStream.objects.update(saved_at=ahead)  # it was stored again
    seconds[0] = 600.0
    assert worker.finish_left(ahead) == 0
    assert LiveStream.objects.get().ended_at is None


def test_what_cannot_be_stored_is_not_acknowledged(ana: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    save, broken = live_store.save, [True]

    def fails(**named: Any) -> frozenset[int]:
        if broken:
            raise OSError("the disk is full")
        return save(**named)

    monkeypatch.setattr(live_store, "save", fails)
    monkeypatch.setattr(hub, "SAVES_EVERY_S", 0.0)
    phone = Phone()
    frames = [*phone.lies(2), *phone.leans((0, 8))]

    def mends() -> None:
        time.sleep(0.3)
        broken.clear()

    heard, _ = talk([{"ticket": ticket(ana)}, *frames, mends, lambda: time.sleep(0.3)])
    acks = [one["ack"] for one in heard if "ack" in one]
    assert acks == [len(frames) - 1]
