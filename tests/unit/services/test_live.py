"""A worn sensor: tickets that let in once, and a sitting from the table to the diary."""

import datetime as dt
import math
import subprocess
import sys
import uuid
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from tests.unit.services.conftest import NOW, Assess, Walk
from upperback.care.diary import Worn
from upperback.core.errors import InputError, NotAllowed, NotFound
from upperback.core.tokens import stored_form
from upperback.devices.live.phone import PhoneFrame
from upperback.sensing.signal import G_MPS2
from upperback.services import actors, breaks, diary, erasure, live_store, live_tickets, people, plans, screening
from upperback.services.actors import NOBODY, Actor
from upperback.services.live import Hello, Sitting, begin, finish
from upperback.services.people import Profile
from upperback.store.models import LiveMinute, LiveStream, LiveTicket

RATE_HZ = 60.0


@pytest.fixture
def planned(ana: Profile, walk: Walk, assess: Assess, actor: Actor) -> Profile:
    """Ana with an open plan."""
    screening.finish_screening(screening=walk(ana), by=actor, now=NOW)
    assess(ana)
    plans.make_plan(profile=ana, by=actor, now=NOW, today=NOW.date())
    return ana


class Phone:
    """Frames of a phone that lies, is worn, and bends; rounded as browsers round."""

    def __init__(self, *, sign: float = 1.0, rotation: bool = True) -> None:
        self._ms, self._number, self._sign, self._rotation = 1000.0, 0, sign, rotation
        self._dice = np.random.default_rng(5)

    def lies(self, seconds: float) -> list[bytes]:
        n = int(seconds * RATE_HZ)
        return self._frames(np.tile([0.0, 0.0, G_MPS2], (n, 1)), np.zeros(n))

    def leans(self, *poses: tuple[float, float]) -> list[bytes]:
        """Worn, top up and screen outwards: each (degrees, seconds), a second and a half between."""
        parts = [np.full(int(poses[0][1] * RATE_HZ), poses[0][0])]
        for place, (degrees, seconds) in enumerate(poses[1:]):
            before = poses[place][0]
            ease = (1 - np.cos(np.linspace(0, np.pi, int(1.5 * RATE_HZ)))) / 2
            parts += [before + (degrees - before) * ease, np.full(int(seconds * RATE_HZ), degrees)]
        angle = np.radians(np.concatenate(parts))
        acc = G_MPS2 * np.stack([np.zeros_like(angle), np.cos(angle), -np.sin(angle)], axis=1)
        return self._frames(acc, np.gradient(angle) * RATE_HZ)

    def _frames(self, acc: np.ndarray, turn_radps: np.ndarray) -> list[bytes]:
        acc = np.round(self._sign * acc + self._dice.normal(0, 0.02, acc.shape), 1)
        spin = np.stack([np.degrees(turn_radps), np.zeros_like(turn_radps), np.zeros_like(turn_radps)], axis=1)
        found = []
        for at in range(0, len(acc) - 11, 12):
            rows = slice(at, at + 12)
            time_ms = self._ms + np.arange(12) * 1000 / RATE_HZ
            self._ms = float(time_ms[-1]) + 1000 / RATE_HZ
            frame = PhoneFrame(
                number=self._number,
                time_ms=time_ms,
                acc_mps2=acc[rows].astype(np.float32),
                rotation_dps=np.round(spin[rows], 1).astype(np.float32) if self._rotation else None,
            )
            self._number += 1
            found.append(frame.write())
        return found


def sits(planned: Profile, actor: Actor, started: dt.datetime = NOW) -> Sitting:
    return Sitting(stream=live_store.open_stream(profile=planned, by=actor, now=started), by=actor)


def ended(sitting: Sitting, actor: Actor, now: dt.datetime = NOW) -> Worn | None:
    """Stored, as the hub does it, and ended."""
    assert not live_store.save(savings=[sitting.saving()], now=now)
    return finish(stream=sitting.stream, by=actor, now=now)


def told(sitting: Sitting, frames: Iterable[bytes]) -> list[dict[str, Any]]:
    return [one for data in frames for one in sitting.frame(data)]


def worn(planned: Profile, actor: Actor, *, sign: float = 1.0, rotation: bool = True) -> tuple[Sitting, Phone]:
    """A sitting that is aligned."""
    sitting, phone = sits(planned, actor), Phone(sign=sign, rotation=rotation)
    signs = [one["sign"] for one in told(sitting, phone.lies(2)) if "sign" in one]
    assert signs == ["up" if sign > 0 else "down"]
    list(sitting.command({"task": "stand"}))
    told(sitting, phone.leans((0, 8)))
    list(sitting.command({"task": "bend"}))
    told(sitting, phone.leans((0, 1), (60, 1), (0, 1), (60, 1), (0, 1)))
    list(sitting.command({"task": None}))
    (aligned,) = sitting.command({"align": True})
    assert aligned["has_front"], aligned
    return sitting, phone


def last_now(found: list[dict[str, Any]]) -> dict[str, Any]:
    now: dict[str, Any] = [one["now"] for one in found if "now" in one][-1]
    return now


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("rotation", [True, False])
def test_a_bend_of_30_degrees_is_shown_on_any_phone(
    sign: float, rotation: bool, planned: Profile, actor: Actor
) -> None:
    sitting, phone = worn(planned, actor, sign=sign, rotation=rotation)
    now = last_now(told(sitting, phone.leans((0, 2), (30, 6))))
    assert now["measured"]
    assert now["flexion_deg"] == pytest.approx(30, abs=2)
    assert now["lateral_deg"] == pytest.approx(0, abs=2)


def test_slouching_gives_one_hint_where_hints_are_wanted(planned: Profile, actor: Actor) -> None:
    for on, expected in ((True, 1), (False, 0)):
        sitting, phone = worn(planned, actor)
        list(sitting.command({"hints": on}))
        sitting.look(now=NOW)
        found = told(sitting, phone.leans((0, 70), (30, 330)))
        assert sum(one["second"]["hint"] for one in found if "second" in one) == expected


def test_quiet_hours_and_calls_hold_hints_back(planned: Profile, actor: Actor) -> None:
    for in_call, at in ((False, NOW.replace(hour=23)), (True, NOW)):
        if in_call:
            breaks.hold_offers(
                profile=planned, why="in_call", until=None, client_id=uuid.uuid4(), by=actor, now=NOW
            )  # fmt: skip
        sitting, phone = worn(planned, actor)
        list(sitting.command({"hints": True}))
        sitting.look(now=at)
        found = told(sitting, phone.leans((0, 70), (30, 330)))
        assert not any(one["second"]["hint"] for one in found if "second" in one)


def test_hints_fade_from_the_first_sitting_on(planned: Profile, actor: Actor) -> None:
    sitting, phone = worn(planned, actor)
    told(sitting, phone.leans((0, 20)))
    ended(sitting, actor)
    seven_weeks_on = NOW + dt.timedelta(weeks=7)
    later = sits(planned, actor, seven_weeks_on)
    phone = Phone()
    told(later, phone.lies(2))
    list(later.command({"hints": True}))
    later.look(now=seven_weeks_on)
    found = told(later, phone.leans((0, 8)))
    assert "The weeks of hints are over." not in {one["second"]["why"] for one in found if "second" in one}
    list(later.command({"task": "stand"}))
    told(later, phone.leans((0, 6)))
    list(later.command({"task": "bend"}))
    told(later, phone.leans((0, 1), (60, 1), (0, 1), (60, 1), (0, 1)))
    list(later.command({"align": True}))
    found = told(later, phone.leans((0, 70), (30, 330)))
    assert "The weeks of hints are over." in {one["second"]["why"] for one in found if "second" in one}
    assert not any(one["second"]["hint"] for one in found if "second" in one)


def test_the_end_goes_into_the_diary_once(planned: Profile, actor: Actor) -> None:
    sitting, phone = worn(planned, actor)
    told(sitting, phone.leans((0, 20), (30, 40)))
    later = NOW + dt.timedelta(minutes=2)
    kept = ended(sitting, actor, later)
    assert kept is not None
    assert 60 < kept.measured_s < 120
    assert kept.flexion_deg == pytest.approx(30, abs=3)
    assert kept.bent_s == pytest.approx(41, abs=3)
    assert kept.longest_held_s == pytest.approx(40, abs=4)
    (row,) = diary.entries(profile=planned, by=actor, kinds=[Worn])
    assert row.entry == kept


def test_a_sitting_that_measured_nothing_leaves_nothing(planned: Profile, actor: Actor) -> None:
    sitting = sits(planned, actor)
    told(sitting, Phone().lies(1))
    assert ended(sitting, actor) is None
    assert not diary.entries(profile=planned, by=actor, kinds=[Worn])


@pytest.mark.parametrize(
    "sent", [{}, {"task": "fly"}, {"task": 3}, {"align": False}, {"hints": "yes"}, {"hints": True, "task": None}]
)
def test_what_cannot_be_asked_for_is_refused(sent: dict[str, Any], planned: Profile, actor: Actor) -> None:
    sitting, _ = worn(planned, actor)
    with pytest.raises(InputError):
        list(sitting.command(sent))


def test_a_question_is_done_once_however_often_it_comes(planned: Profile, actor: Actor) -> None:
    sitting, phone = sits(planned, actor), Phone()
    told(sitting, phone.lies(2))
    first = [*sitting.command({"task": "stand", "n": 1}), *sitting.command({"task": "stand", "n": 1})]
    assert first == [{"task": "stand", "n": 1}] * 2
    told(sitting, phone.leans((0, 8)))
    assert list(sitting.command({"task": None, "n": 2})) == [{"task": None, "n": 2}]
    assert list(sitting.command({"task": "stand", "n": 1})) == [{"n": 1}]
    assert len(sitting._worn()._state.calibration.tasks) == 1
    for odd in (-1, 2**31, "7", 1.5):
        with pytest.raises(InputError):
            list(sitting.command({"task": None, "n": odd}))


def test_nothing_can_be_asked_for_before_the_sensor_speaks(planned: Profile, actor: Actor) -> None:
    sitting = sits(planned, actor)
    with pytest.raises(InputError, match="Nothing has come"):
        list(sitting.command({"task": "stand"}))
    with pytest.raises(InputError, match="cut short"):
        list(sitting.frame(b"no"))


def test_readings_that_are_none_stay_without_an_answer(planned: Profile, actor: Actor) -> None:
    sitting, phone = worn(planned, actor)
    found: list[dict[str, Any]] = []
    for data in phone.leans((0, 3)):
        frame = PhoneFrame.read(data)
        frame.acc_mps2[:] = math.nan
        found += sitting.frame(frame.write())
    now = last_now(found)
    assert not now["measured"]
    assert now["flexion_deg"] is None


# ---- tickets -----------------------------------------------------------------------------------------------------


def test_a_ticket_lets_in_once(planned: Profile, actor: Actor) -> None:
    token = live_tickets.make_ticket(profile=planned, by=actor, now=NOW)
    assert live_tickets.take_ticket(token=token, by=actor, now=NOW) == planned
    with pytest.raises(NotFound):
        live_tickets.take_ticket(token=token, by=actor, now=NOW)


def test_a_ticket_ends_after_a_minute_and_is_for_who_asked(planned: Profile, actor: Actor) -> None:
    token = live_tickets.make_ticket(profile=planned, by=actor, now=NOW)
    with pytest.raises(NotFound):
        live_tickets.take_ticket(token=token, by=actors.household("another browser"), now=NOW)
    with pytest.raises(NotFound):
        live_tickets.take_ticket(token=token, by=actor, now=NOW + dt.timedelta(minutes=1))
    for other in ("", "x", "x" * 1000, token[:-1]):
        with pytest.raises(NotFound):
            live_tickets.take_ticket(token=other, by=actor, now=NOW)
    assert token not in str(list(LiveTicket.objects.values()))


def test_many_are_let_in_together_as_each_alone_would_be(ana: Profile, planned: Profile, actor: Actor) -> None:
    other = actors.household("another browser")

    def ticket(by: Actor = actor) -> str:
        return live_tickets.make_ticket(profile=planned, by=by, now=NOW)

    old = [live_store.open_stream(profile=planned, by=by, now=NOW).uuid for by in (actor, actor, other)]
    twice, closes = ticket(), people.create_profile(name="Ben", by=actor, now=NOW)
    late = ticket()
    LiveTicket.objects.filter(token_sha256=stored_form(late)).update(profile=closes)
    hellos = [
        Hello(token=ticket(), stream=None, by=actor),
        Hello(token=twice, stream=old[0], by=actor),
        Hello(token=twice, stream=old[1], by=actor),  # used up a moment ago
        Hello(token="none", stream=None, by=actor),
        Hello(token=ticket(other), stream=None, by=actor),  # another browser's
        Hello(token=ticket(), stream=old[2], by=actor),  # another browser's stream
        Hello(token=ticket(other), stream=old[2], by=other),
        Hello(token=late, stream=old[1], by=actor),  # no open plan, and another person's stream
        Hello(token=ticket(), stream=uuid.uuid4(), by=actor),
        Hello(token=ticket(), stream=old[0], by=actor),  # once more, from another device
    ]
    found = begin(hellos=hellos, now=NOW)
    assert [type(one) for one in found] == [
        Sitting, Sitting, NotFound, NotFound, NotFound, NotFound, Sitting, NotAllowed, NotFound, Sitting
    ]  # fmt: skip
    streams = [one.stream.uuid for one in found if isinstance(one, Sitting)]
    assert streams[1:] == [old[0], old[2], old[0]]
    turns = {row.uuid: row.turn for row in LiveStream.objects.all()}
    assert [turns[stream] for stream in old] == [3, 1, 2]
    assert isinstance(found[9], Sitting)
    assert found[9].stream.turn == 3
    assert LiveTicket.objects.count() == 1  # the one that another browser was shown


def test_to_let_in_many_asks_the_database_no_more_than_for_one(
    planned: Profile, actor: Actor, django_assert_max_num_queries: Any
) -> None:
    copies = []
    for number in range(8):
        copy = people.create_profile(name=f"Copy {number}", by=actor, now=NOW)
        copies.append((copy, live_store.open_stream(profile=copy, by=actor, now=NOW)))
    for count in (1, 8):
        hellos = []
        for copy, stream in copies[:count]:
            token = live_tickets.make_ticket(profile=planned, by=actor, now=NOW)
            LiveTicket.objects.filter(token_sha256=stored_form(token)).update(profile=copy)
            hellos.append(Hello(token=token, stream=stream.uuid, by=actor))
        with pytest.MonkeyPatch.context() as patch, django_assert_max_num_queries(18):
            patch.setattr("upperback.services.live.closed_plans", lambda people: {})
            assert all(isinstance(one, Sitting) for one in begin(hellos=hellos, now=NOW))


def test_old_tickets_are_cleared_away(planned: Profile, actor: Actor) -> None:
    for minutes in range(3):
        live_tickets.make_ticket(profile=planned, by=actor, now=NOW + dt.timedelta(minutes=2 * minutes))
    assert LiveTicket.objects.count() == 1


def test_no_sensor_without_an_open_plan(ana: Profile, actor: Actor) -> None:
    with pytest.raises(NotAllowed):
        live_tickets.make_ticket(profile=ana, by=actor, now=NOW)


def test_nobody_is_let_in(planned: Profile) -> None:
    with pytest.raises(NotFound):
        live_tickets.make_ticket(profile=planned, by=NOBODY, now=NOW)
    with pytest.raises(NotFound):
        live_store.open_stream(profile=planned, by=NOBODY, now=NOW)


def test_a_server_is_ready_without_what_only_analysis_needs() -> None:
    """After it was killed, everybody waits for this import; scipy.signal alone would take longer than all of it."""
    code = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "upperback.web.settings"
import django; django.setup()
from upperback.services import live
from upperback.web.live import socket
live.make_crowd().join(sampling_rate_hz=50.0, has_gyroscope=True, starts_s=0.0, points_up=True)
print([name for name in ("scipy.signal", "scipy.stats", "pyarrow", "polars") if name in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_a_sensor_that_is_worn_on_stores_nothing_of_somebody_erased(planned: Profile, actor: Actor) -> None:
    sitting, phone = worn(planned, actor)
    told(sitting, phone.leans((0, 20)))
    erasure.erase_person(profile=planned, by=actor, now=NOW)
    assert live_store.save(savings=[sitting.saving()], now=NOW) == {sitting.stream.pk}
    assert not LiveMinute.objects.exists()
    assert not LiveStream.objects.exists()
