"""Who was not let in gets the answer for nothing there, from every use case (one row per function)."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.services.conftest import NOW, Assess, Walk
from upperback.care.diary import CheckIn, GoalTold
from upperback.care.intake import Answer
from upperback.core.errors import NotFound
from upperback.interchange.webpush import Receiver
from upperback.services import (
    archive,
    assessments,
    breaks,
    bring_in,
    erasure,
    feeds,
    goals,
    history,
    journey,
    lookout,
    own_tables,
    people,
    permissions,
    plans,
    push,
    reviews,
    screening,
    today,
)
from upperback.services.actors import NOBODY, Actor
from upperback.services.people import Profile
from upperback.store.models import AuditEvent

pytestmark = pytest.mark.django_db


def test_every_use_case_refuses_nobody(ana: Profile, actor: Actor, walk: Walk, assess: Assess) -> None:
    begun = walk(ana)
    decision = screening.finish_screening(screening=begun, by=actor, now=NOW)
    assessed = assess(ana)
    plan = plans.make_plan(profile=ana, by=actor, now=NOW, today=NOW.date())
    who: dict[str, Any] = {"by": NOBODY}
    when: dict[str, Any] = {"by": NOBODY, "now": NOW}
    calls: list[Callable[[], object]] = [
        lambda: people.create_profile(name="X", **when),
        lambda: people.list_profiles(**who),
        lambda: people.set_time_zone(profile=ana, time_zone="Europe/Dublin", **when),
        lambda: people.get_profile(profile_uuid=ana.uuid, **who),
        lambda: screening.start_screening(profile=ana, **when),
        lambda: screening.correct_screening(screening=begun, **when),
        lambda: screening.open_screening(profile=ana, **who),
        lambda: screening.get_screening(profile=ana, screening_uuid=begun.uuid, **who),
        lambda: screening.get_decision(profile=ana, decision_uuid=decision.uuid, **who),
        lambda: screening.record_answers(screening=begun, answers={"age": Answer(number=9)}, version=1, **when),
        lambda: screening.finish_screening(screening=begun, **when),
        lambda: assessments.start_assessment(profile=ana, **when),
        lambda: assessments.open_assessment(profile=ana, **who),
        lambda: assessments.latest_assessment(profile=ana, **who),
        lambda: assessments.record_assessment(assessment=assessed, step="goals", value=None, version=1, **when),
        lambda: assessments.skip_the_rest(assessment=assessed, version=1, **when),
        lambda: assessments.record_assessment_answers(
            assessment=assessed, answers={"stress": Answer(number=1)}, version=1, **when
        ),
        lambda: assessments.finish_assessment(assessment=assessed, decision=decision, **when),
        lambda: plans.latest_plan(profile=ana, **who),
        lambda: plans.open_plan(profile=ana, **who),
        lambda: plans.get_plan(profile=ana, plan_uuid=plan.uuid, **who),
        lambda: plans.make_plan(profile=ana, today=NOW.date(), **when),
        lambda: plans.shape_plan(plan=plan, **when),
        lambda: plans.record_clearance(decision=decision, cleared_on=NOW.date(), role="gp", today=NOW.date(), **when),
        lambda: today.mark_today(
            profile=ana, client_id=ana.uuid, day=NOW.date(), item="move", turn=1, done=True, **when
        ),
        lambda: breaks.habits_of(profile=ana, **who),
        lambda: breaks.latest_calendar(profile=ana, **who),
        lambda: breaks.read_calendar(profile=ana, content=b"", **when),
        lambda: breaks.remove_calendar(profile=ana, **when),
        lambda: feeds.feed_of(profile=ana, **who),
        lambda: feeds.make_feed(profile=ana, **when),
        lambda: feeds.remove_feed(profile=ana, **when),
        lambda: push.count_of(profile=ana, **who),
        lambda: push.subscribe(profile=ana, receiver=Receiver(endpoint="", p256dh="", auth=""), **when),
        lambda: push.unsubscribe(profile=ana, endpoint=None, **when),
        lambda: breaks.save_habits(
            profile=ana,
            breaks_on=True,
            interval_min=None,
            quiet_from=NOW.time(),
            quiet_until=NOW.time(),
            strength_at=None,
            busy=[],
            **when,
        ),
        lambda: breaks.day_of(profile=ana, **when),
        lambda: breaks.offer_if_due(profile=ana, **when),
        lambda: breaks.answer_offer(profile=ana, offer_uuid=None, answer="skipped", client_id=ana.uuid, **when),
        lambda: breaks.undo_turn(profile=ana, day=NOW.date(), turn=1, client_id=ana.uuid, **when),
        lambda: breaks.finish_break(profile=ana, offer_uuid=None, exercise="", client_id=ana.uuid, **when),
        lambda: breaks.hold_offers(profile=ana, why="back", until=None, client_id=ana.uuid, **when),
        lambda: journey.current_state(profile=ana, **when),
        lambda: lookout.ahead(profile=ana, plan=plan, **when),
        lambda: lookout.signs_now(profile=ana, **when),
        lambda: lookout.check_ins(profile=ana, since=NOW.date(), **who),
        lambda: lookout.check_in(profile=ana, client_id=ana.uuid, told=CheckIn(), answers={}, **when),
        lambda: lookout.put_off(profile=ana, client_id=ana.uuid, card="check_in", days=1, **when),
        lambda: reviews.first_activities(profile=ana, **who),
        lambda: reviews.course_of(profile=ana, **who),
        lambda: history.story(profile=ana, weeks=6, **when),
        lambda: history.events(profile=ana, since=NOW.date(), until=NOW.date(), **when),
        lambda: history.first_day(profile=ana, **who),
        lambda: history.assessed_goals(profile=ana, **who),
        lambda: history.what_helped(profile=ana, **who),
        lambda: history.keep_what_helped(profile=ana, client_id=ana.uuid, words="Heat", **when),
        lambda: goals.list_goals(profile=ana, **who),
        lambda: goals.tell_goal(profile=ana, client_id=ana.uuid, told=GoalTold(goal="g", words="Swim"), **when),
        lambda: archive.write_archive(profile=ana, out=io.BytesIO(), **when),
        lambda: own_tables.write_own_table(profile=ana, table="diary", out=io.BytesIO(), **when),
        lambda: bring_in.bring_in(path=Path("none"), name="none", **when),
        lambda: erasure.erase_person(profile=ana, **when),
        lambda: reviews.review_due(profile=ana, **when),
        lambda: reviews.look_back(profile=ana, **when),
        lambda: reviews.record_review(profile=ana, client_id=ana.uuid, told=reviews.Told(), region=None, **when),
        lambda: reviews.newest_review(profile=ana, **who),
        lambda: reviews.list_reviews(profile=ana, **who),
        lambda: reviews.get_review(profile=ana, review_uuid=ana.uuid, **who),
    ]
    before = AuditEvent.objects.count()
    for call in calls:
        with pytest.raises(NotFound):
            call()
    assert AuditEvent.objects.count() == before


def test_the_table_denies_by_default() -> None:
    assert not any(permissions.may(NOBODY, action) for action in permissions.ACTIONS)
