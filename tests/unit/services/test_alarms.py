"""A warning sign told before a session, or as the reason to stop one: the plan and the result wait for a new check."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import connection

from tests.unit.services.conftest import NOW, Assess, Walk
from upperback.care.diary import CheckIn, Moved, Warned
from upperback.core.errors import NotAllowed
from upperback.services import diary, journey, plans, screening, sessions
from upperback.services.actors import Actor
from upperback.services.people import Profile
from upperback.store.expressions import Alarming, Among
from upperback.store.models import DiaryEntry

pytestmark = pytest.mark.django_db

CALM = dict.fromkeys(sessions.CHECKS, "no")


@pytest.fixture
def planned(ana: Profile, actor: Actor, walk: Walk, assess: Assess) -> Profile:
    """Somebody with an open plan."""
    screening.finish_screening(screening=walk(ana), by=actor, now=NOW)
    assess(ana)
    assert plans.make_plan(profile=ana, by=actor, now=NOW, today=NOW.date()).allowed
    return ana


def warn(profile: Profile, actor: Actor, now: dt.datetime = NOW, **answers: str) -> bool:
    return sessions.tell_warning(profile=profile, client_id=uuid.uuid4(), answers=CALM | answers, by=actor, now=now)


@pytest.mark.parametrize("answer", ["yes", "not_sure"])
def test_a_warning_before_a_session_makes_the_plan_wait(
    answer: str, planned: Profile, actor: Actor, walk: Walk
) -> None:
    assert not warn(planned, actor)
    assert plans.open_plan(profile=planned, by=actor).allowed
    assert warn(planned, actor, before_legs=answer)
    state = journey.current_state(profile=planned, by=actor, now=NOW)
    assert (state.place, state.current, state.plan_open) == ("nothing", False, False)
    for refused in (
        lambda: plans.open_plan(profile=planned, by=actor),
        lambda: plans.make_plan(profile=planned, by=actor, now=NOW, today=NOW.date()),
        lambda: plans.check_plan_may_come(profile=planned, by=actor, now=NOW, today=NOW.date()),
    ):
        with pytest.raises(NotAllowed, match="Something felt wrong or was new"):
            refused()
    later = NOW + dt.timedelta(minutes=5)
    screening.finish_screening(screening=walk(planned, now=later), by=actor, now=later)
    assert plans.make_plan(profile=planned, by=actor, now=later, today=later.date()).allowed
    assert plans.open_plan(profile=planned, by=actor).allowed


def test_a_session_that_felt_wrong_makes_the_plan_wait(planned: Profile, actor: Actor) -> None:
    about: dict[str, Any] = {"profile": planned, "by": actor, "now": NOW}
    id = sessions.begin_session(client_id=uuid.uuid4(), what="movement", answers=CALM, pain_now=2, **about)
    ended = sessions.end_session(session_id=id, client_id=uuid.uuid4(), how="felt_wrong", sign=None, **about)
    with pytest.raises(NotAllowed):
        plans.open_plan(profile=planned, by=actor)
    diary.take_back(kept=ended, client_id=uuid.uuid4(), by=actor, now=NOW)  # that very entry, on purpose
    assert plans.open_plan(profile=planned, by=actor).allowed


def test_a_session_that_just_ends_changes_nothing(planned: Profile, actor: Actor) -> None:
    about: dict[str, Any] = {"profile": planned, "by": actor, "now": NOW}
    id = sessions.begin_session(client_id=uuid.uuid4(), what="movement", answers=CALM, pain_now=2, **about)
    sessions.end_session(session_id=id, client_id=uuid.uuid4(), how="ended_early", sign=None, **about)
    assert plans.open_plan(profile=planned, by=actor).allowed


def test_a_warning_counts_though_the_clock_was_put_back(planned: Profile, actor: Actor) -> None:
    assert warn(planned, actor, now=NOW - dt.timedelta(hours=3), before_chest="yes")
    with pytest.raises(NotAllowed):
        plans.open_plan(profile=planned, by=actor)


def test_a_warning_from_before_the_check_that_comes_late_does_not_count(
    planned: Profile, actor: Actor, walk: Walk
) -> None:
    """A phone that was off brings it after a new check: that check has asked."""
    later = NOW + dt.timedelta(hours=2)
    screening.finish_screening(screening=walk(planned, now=later), by=actor, now=later)
    plans.make_plan(profile=planned, by=actor, now=later, today=later.date())
    diary.keep_entry(
        profile=planned, client_id=uuid.uuid4(), day=NOW.date(), at=NOW, entry=Warned(signs=("before_legs",)),
        by=actor, now=later + dt.timedelta(minutes=1),
    )  # fmt: skip
    assert plans.open_plan(profile=planned, by=actor).allowed


def test_a_warning_is_kept_once_and_also_from_a_page_without_an_id(planned: Profile, actor: Actor) -> None:
    about: dict[str, Any] = {"profile": planned, "answers": {"before_legs": "yes"}, "by": actor, "now": NOW}
    for client_id in (planned.uuid, planned.uuid, None):
        assert sessions.tell_warning(client_id=client_id, **about)
    assert DiaryEntry.objects.filter(kind="warned").count() == 2


@pytest.mark.parametrize("entry", [Moved(exercises=("MV02",)), CheckIn(activities=(3, None)), Warned(signs=("x",))])
def test_an_entry_with_a_list_sent_twice_is_one_entry(
    entry: Moved | CheckIn | Warned, ana: Profile, actor: Actor
) -> None:
    sent: dict[str, Any] = {
        "client_id": uuid.uuid4(),
        "day": NOW.date(),
        "at": NOW,
        "entry": entry,
        "by": actor,
        "now": NOW,
    }
    first, second = (diary.keep_entry(profile=ana, **sent) for _ in range(2))
    assert first == second


def test_signs_are_found_by_an_index_that_holds_nothing_else(ana: Profile) -> None:
    """SQLite takes a partial index only where the question repeats its condition word for word."""
    if connection.vendor != "sqlite":
        pytest.skip("another database plans by how many rows there are")
    plan = DiaryEntry.objects.filter(Alarming(), Among("profile", [ana.pk])).order_by().explain()
    assert "diary_alarms" in plan
