"""Plans as a use case: what a plan needs, and what a clinician's word opens."""

import datetime as dt

import pytest

from tests.unit.services.conftest import NOW, Assess, Walk
from upperback.care.intake import Answer
from upperback.core.errors import NotAllowed
from upperback.services import assessments, journey, plans, screening
from upperback.services.actors import Actor
from upperback.services.people import Profile
from upperback.services.screening import Decision

pytestmark = pytest.mark.django_db

WEIGHT = Answer(options=("weight",))
OPERATION = Answer(options=("recent",))


def ticked(*options: str) -> Answer:
    return Answer(options=options)


def checked(profile: Profile, actor: Actor, walk: Walk, now: dt.datetime = NOW, **own: Answer) -> Decision:
    return screening.finish_screening(screening=walk(profile, now=now, **own), by=actor, now=now)


def cleared(decision: Decision, actor: Actor, now: dt.datetime = NOW) -> None:
    plans.record_clearance(decision=decision, cleared_on=now.date(), role="gp", by=actor, now=now, today=now.date())


def made(profile: Profile, actor: Actor, now: dt.datetime = NOW) -> plans.PlanVersion:
    return plans.make_plan(profile=profile, by=actor, now=now, today=now.date())


def test_no_plan_without_the_questions_about_moving_safely(ana: Profile, actor: Actor, walk: Walk) -> None:
    checked(ana, actor, walk)
    with pytest.raises(NotAllowed, match="come first"):
        made(ana, actor)


def test_a_new_check_may_open_a_question_that_the_old_assessment_has_not_answered(
    ana: Profile, actor: Actor, walk: Walk, assess: Assess
) -> None:
    """Surgery on the spine is new: whether exercise was agreed has not been asked."""
    checked(ana, actor, walk)
    assess(ana, moving_health=Answer(none=True))
    assert made(ana, actor).allowed
    checked(ana, actor, walk, conditions=ticked("surgery"))
    with pytest.raises(NotAllowed, match="come first"):
        made(ana, actor)
    assess(ana)
    assert not made(ana, actor).allowed


def test_why_a_plan_is_locked_is_kept_in_view(ana: Profile, actor: Actor, walk: Walk, assess: Assess) -> None:
    checked(ana, actor, walk)
    assess(ana, surgery=OPERATION)
    plan = made(ana, actor)
    assert plan.record["locked_by"] == ["post_surgery"]
    assert plans.locked_plan(profile=ana, by=actor, today=NOW.date()) == plan
    newest = plans.latest_decision(ana)
    assert newest is not None
    cleared(newest, actor)
    assert plans.locked_plan(profile=ana, by=actor, today=NOW.date()) is None
    assert made(ana, actor).allowed


def test_help_first_leaves_no_road_to_a_plan(ana: Profile, actor: Actor, walk: Walk, assess: Assess) -> None:
    """Questions before a plan were begun; then a new check says today. Nothing leads on to them."""
    checked(ana, actor, walk)
    assessments.start_assessment(profile=ana, by=actor, now=NOW)
    assert journey.current_state(profile=ana, by=actor, now=NOW).place == "assessment"
    checked(ana, actor, walk, belly=ticked("jaundice"))
    assert journey.current_state(profile=ana, by=actor, now=NOW).place == "result"
    for refused in (
        lambda: plans.check_plan_may_come(profile=ana, by=actor, now=NOW, today=NOW.date()),
        lambda: made(ana, actor),
    ):
        with pytest.raises(NotAllowed, match="attention first"):
            refused()


def test_the_gp_first_then_the_questions(ana: Profile, actor: Actor, walk: Walk) -> None:
    decision = checked(ana, actor, walk, weight_sweats=WEIGHT)
    with pytest.raises(NotAllowed, match="attention first"):
        plans.check_plan_may_come(profile=ana, by=actor, now=NOW, today=NOW.date())
    cleared(decision, actor)
    assert plans.check_plan_may_come(profile=ana, by=actor, now=NOW, today=NOW.date()) == decision


def test_a_clearance_counts_for_a_later_check_with_nothing_new(
    ana: Profile, actor: Actor, walk: Walk, assess: Assess
) -> None:
    cleared(checked(ana, actor, walk, weight_sweats=WEIGHT), actor)
    later = NOW + dt.timedelta(days=30)
    checked(ana, actor, walk, now=later, weight_sweats=WEIGHT)
    assess(ana, now=later)
    assert made(ana, actor, later).allowed
    too_late = NOW + dt.timedelta(days=43)
    checked(ana, actor, walk, now=too_late, weight_sweats=WEIGHT)
    assert not made(ana, actor, too_late).allowed


def test_a_sign_that_was_only_not_ruled_out_needs_a_clinician_once_it_is_there(
    ana: Profile, actor: Actor, walk: Walk, assess: Assess
) -> None:
    unsure = Answer(not_sure=True)
    cleared(checked(ana, actor, walk, weight_sweats=unsure), actor)
    checked(ana, actor, walk, weight_sweats=unsure)
    assess(ana)
    assert made(ana, actor).allowed
    checked(ana, actor, walk, weight_sweats=WEIGHT)
    assert not made(ana, actor).allowed


def test_an_old_clearance_says_nothing_about_an_operation_since(
    ana: Profile, actor: Actor, walk: Walk, assess: Assess
) -> None:
    cleared(checked(ana, actor, walk, weight_sweats=WEIGHT), actor)
    later = NOW + dt.timedelta(days=21)
    decision = checked(ana, actor, walk, now=later)
    assess(ana, now=later, surgery=OPERATION)
    plan = made(ana, actor, later)
    assert not plan.allowed
    assert plan.record["locked_by"] == ["post_surgery"]
    cleared(decision, actor, later)
    assert made(ana, actor, later).allowed


def test_a_clearance_from_the_future_does_not_count(ana: Profile, actor: Actor, walk: Walk, assess: Assess) -> None:
    """The clock was put back: what lies ahead has not happened."""
    cleared(checked(ana, actor, walk, weight_sweats=WEIGHT), actor)
    earlier = NOW - dt.timedelta(days=2)
    checked(ana, actor, walk, now=earlier, weight_sweats=WEIGHT)
    assess(ana, now=earlier)
    assert not made(ana, actor, earlier).allowed


def test_a_new_check_does_not_put_off_the_review(ana: Profile, actor: Actor, walk: Walk, assess: Assess) -> None:
    """Whoever checks again every week is still asked after six weeks whether it helps."""
    checked(ana, actor, walk)
    assess(ana)
    first = made(ana, actor)
    over = NOW.date() + dt.timedelta(weeks=11)  # a review that nobody did, and four weeks more
    for weeks, begins in ((1, first.starts_on), (6, first.starts_on), (10, first.starts_on), (11, over)):
        later = NOW + dt.timedelta(weeks=weeks)
        checked(ana, actor, walk, now=later)
        assert made(ana, actor, later).starts_on == begins
