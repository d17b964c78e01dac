"""Worn sensors on a person's days: today with what is being measured, and whether bending and pain go together."""

import datetime as dt
import uuid

import numpy as np
import pytest

from tests.unit.services.conftest import NOW
from tests.unit.services.test_live import planned, told, worn
from upperback.care.diary import Entry, Morning, Worn
from upperback.core.errors import NotFound
from upperback.services import diary, live_store
from upperback.services.actors import NOBODY, Actor
from upperback.services.live import Sitting
from upperback.services.people import Profile
from upperback.services.worn import moves_together, worn_today

__all__ = ["planned"]  # fixture


def keep(profile: Profile, by: Actor, days_ago: int, share: float, pain: int | None = None) -> None:
    at = NOW - dt.timedelta(days=days_ago)
    entries = [Worn(source="phone", measured_s=7200, bent_s=7200 * share), *([Morning(pain=pain)] if pain else [])]
    for entry in entries:
        diary.keep_entry(
            profile=profile, client_id=uuid.uuid4(), day=at.date(), at=at, entry=entry, by=by, now=NOW
        )  # fmt: skip


def test_nothing_is_said_where_nothing_was_worn(ana: Profile, actor: Actor) -> None:
    assert worn_today(profile=ana, by=actor, now=NOW) is None
    assert moves_together(profile=ana, by=actor, now=NOW) is None
    with pytest.raises(NotFound):
        worn_today(profile=ana, by=NOBODY, now=NOW)


def test_today_is_compared_with_the_usual(ana: Profile, actor: Actor) -> None:
    for days_ago in range(1, 6):
        keep(ana, actor, days_ago, 0.2)
    assert worn_today(profile=ana, by=actor, now=NOW) is None
    keep(ana, actor, 0, 0.4)
    found = worn_today(profile=ana, by=actor, now=NOW)
    assert found is not None
    assert found.usual == pytest.approx(0.2)
    assert found.against == "more"


def test_what_is_measured_at_this_moment_counts_today(planned: Profile, actor: Actor) -> None:
    sitting, phone = worn(planned, actor)
    told(sitting, phone.leans((0, 2), (40, 150)))
    assert not live_store.save(savings=[sitting.saving()], now=NOW)
    found = worn_today(profile=planned, by=actor, now=NOW)
    assert found is not None
    assert found.day.measured_s > 60
    assert found.day.share > 0.5
    assert found.against is None


@pytest.mark.parametrize(("moves", "answer"), [(True, "together"), (False, "not_together")])
def test_after_weeks_it_is_said_whether_both_go_together(moves: bool, answer: str, ana: Profile, actor: Actor) -> None:
    dice = np.random.default_rng(5)
    shares = dice.uniform(0.05, 0.6, 180)
    pains = np.clip(np.rint(9 * shares), 1, 9) if moves else dice.integers(1, 8, 180)
    rows: list[tuple[uuid.UUID, dt.date, dt.datetime, Entry]] = []
    for days_ago, (share, pain) in enumerate(zip(shares.tolist(), pains.tolist(), strict=True)):
        at = NOW - dt.timedelta(days=days_ago)
        rows.append((uuid.uuid4(), at.date(), at, Worn(source="phone", measured_s=7200, bent_s=7200 * share)))
        rows.append((uuid.uuid4(), at.date(), at, Morning(pain=int(pain))))
    diary.keep_many(profile=ana, rows=rows, by=actor, now=NOW)
    found = moves_together(profile=ana, by=actor, now=NOW)
    assert found is not None
    assert found.answer == answer
    assert found.is_turned_down is not moves
    assert found == moves_together(profile=ana, by=actor, now=NOW)


def test_hints_are_rare_where_they_are_of_little_use(
    planned: Profile, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from upperback.services import worn as service

    keep(planned, actor, 1, 0.3)
    usual = Sitting(stream=live_store.open_stream(profile=planned, by=actor, now=NOW), by=actor)
    list(usual.command({"hints": True}))
    looks = [usual.needs_look]
    usual.look(now=NOW)
    assert [*looks, usual.needs_look] == [True, False]
    monkeypatch.setattr(
        service, "moves_together", lambda **_: service.SayTogether(answer="not_together", sentence="No.")
    )
    turned_down = Sitting(stream=live_store.open_stream(profile=planned, by=actor, now=NOW), by=actor)
    list(turned_down.command({"hints": True}))
    turned_down.look(now=NOW)
    assert usual._since_s is not None
    assert turned_down._since_s is not None
    assert NOW.timestamp() - usual._since_s == pytest.approx(86_400)
    assert NOW.timestamp() - turned_down._since_s == pytest.approx(28 * 86_400)
