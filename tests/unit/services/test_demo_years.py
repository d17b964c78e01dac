"""Years of an invented person in the store: whole, by the same checks, and never in the diary of anybody real."""

import datetime as dt
import uuid
from functools import partial

import pytest

from tests.unit.services.conftest import NOW
from upperback.care import course
from upperback.care.diary import Morning
from upperback.core.errors import Conflict, InputError, NotAllowed
from upperback.services import demo_years, diary, plans, progress, sessions
from upperback.services.actors import SYSTEM, Actor
from upperback.services.people import Profile
from upperback.store.models import AuditEvent, DiaryEntry, ExerciseStep

pytestmark = pytest.mark.django_db


def test_a_history_with_its_steps_and_a_plan_of_today() -> None:
    profile = demo_years.make_history(key="desk", days=120, seed=1, now=NOW)
    days = set(DiaryEntry.objects.values_list("day", flat=True))
    assert max(days) < NOW.date()
    assert min(days) <= NOW.date() - dt.timedelta(days=118)
    assert ExerciseStep.objects.filter(profile=profile, move="up").exists()
    due = progress.prescribed_today(profile=profile, by=SYSTEM, now=NOW)
    rows = {row.planned: row.record["after"] for row in ExerciseStep.objects.order_by("id")}
    assert {one.planned: one.step.exercise for one in due} == {
        one.planned: rows[one.planned]["exercise"] for one in due if one.planned in rows
    }


def test_what_was_decided_in_bulk_is_what_would_be_decided_day_by_day() -> None:
    """No session is left that the ordinary way would judge, but those whose morning may still come."""
    profile = demo_years.make_history(key="desk", days=60, seed=2, now=NOW)
    recent = NOW.date() - dt.timedelta(days=2)
    left = progress.decide_progress(profile=profile, by=SYSTEM, now=NOW)
    assert all(row.from_day > recent for row in left)


def test_the_door_is_open_after_it() -> None:
    profile = demo_years.make_history(key="desk", days=60, seed=1, now=NOW)
    answers = dict.fromkeys(sessions.CHECKS, "no")
    assert sessions.begin_session(
        profile=profile, client_id=uuid.uuid4(), what="movement", answers=answers, pain_now=1, by=SYSTEM, now=NOW
    )


def test_never_in_the_diary_of_somebody_real(ana: Profile) -> None:
    with pytest.raises(NotAllowed, match="invented people only"):
        demo_years.write_days(profile=ana, days=10, seed=1, now=NOW)


def test_many_entries_are_checked_as_one_is(ana: Profile, actor: Actor) -> None:
    id, day, at = uuid.uuid4(), NOW.date() - dt.timedelta(days=700), NOW - dt.timedelta(days=700)
    keep = partial(diary.keep_many, profile=ana, by=actor, now=NOW)
    assert keep(rows=[(id, day, at, Morning(pain=3))] * 2) == 1
    assert keep(rows=[(id, day, at, Morning(pain=3))]) == 0
    with pytest.raises(Conflict):
        keep(rows=[(id, day, at, Morning(pain=4))])
    for wrong in (
        (uuid.uuid4(), NOW.date() + dt.timedelta(days=1), at, Morning(pain=3)),
        (uuid.uuid4(), day, at.replace(tzinfo=None), Morning(pain=3)),
        (uuid.uuid4(), day, at, Morning(pain=11)),
    ):
        with pytest.raises(InputError):
            keep(rows=[(uuid.uuid4(), day, at, Morning(pain=1)), wrong])
    assert DiaryEntry.objects.count() == 1
    assert AuditEvent.objects.filter(action="keep_diary").count() == 2


def test_a_day_reads_weeks_and_not_years() -> None:
    """What is due comes out of the weeks before the last session, the same as out of the whole diary."""
    profile = demo_years.make_history(key="desk", days=400, seed=1, now=NOW)
    plan = plans.open_plan(profile=profile, by=SYSTEM)
    today = NOW.date()
    rows = progress._rows(profile, today)
    assert len(rows) < ExerciseStep.objects.filter(profile=profile).count() / 2
    every = list(ExerciseStep.objects.filter(profile=profile).order_by("id"))
    whole = progress._course(profile, plan, every, SYSTEM, today, since=today - dt.timedelta(days=400))
    due = [(one.planned, one.step) for one in course.due_on(whole, today)]
    assert [(one.planned, one.step) for one in progress.prescribed_today(profile=profile, by=SYSTEM, now=NOW)] == due
    assert progress.rest_today(profile=profile, by=SYSTEM, now=NOW) == course.rest_on(whole, today)
