"""Progress as a use case: sessions and mornings in, next steps out, once each, within what the plan allows."""

import datetime as dt
import uuid

import pytest

from tests.unit.services.conftest import NOW, Assess, Walk
from upperback.care.diary import Entry, ExerciseEnded, Morning, SessionEnded, SessionStarted, SetDone
from upperback.care.intake import Answer
from upperback.core.errors import NotAllowed
from upperback.services import diary, plans, progress, screening, sessions
from upperback.services.actors import Actor
from upperback.services.people import Profile
from upperback.services.plans import PlanVersion
from upperback.store.models import AuditEvent, ExerciseStep

pytestmark = pytest.mark.django_db

LOW = {"pain_average": Answer(number=2)}


@pytest.fixture
def plan(ana: Profile, actor: Actor, walk: Walk, assess: Assess) -> PlanVersion:
    """A plan that builds from the first day."""
    screening.finish_screening(screening=walk(ana, **LOW), by=actor, now=NOW)
    assess(ana)
    made = plans.make_plan(profile=ana, by=actor, now=NOW, today=NOW.date())
    assert made.record["phase"] == "BUILD"
    return made


class Days:
    """Writes sessions and mornings into the diary of a person."""

    def __init__(self, profile: Profile, plan: PlanVersion, actor: Actor) -> None:
        self.profile, self.plan, self.actor = profile, plan, actor

    def keep(self, day: int, entry: Entry, hour: int = 18) -> None:
        at = NOW.replace(hour=hour) + dt.timedelta(days=day)
        diary.keep_entry(
            profile=self.profile, client_id=uuid.uuid4(), day=at.date(), at=at, entry=entry, by=self.actor, now=at
        )

    def morning(self, day: int, pain: int) -> None:
        self.keep(day, Morning(pain=pain), hour=7)

    def session(self, day: int, *, worst: int = 2, effort: float = 7, skip: tuple[str, ...] = ()) -> None:
        id = f"day{day}"
        self.keep(day, SessionStarted(session=id, what="strength", pain_now=1))
        for item in progress.prescribed_today(profile=self.profile, by=self.actor, now=self.now(day)):
            if item.planned in skip:
                continue
            step = item.step
            for number in range(1, step.sets + 1):
                self.keep(day, SetDone(session=id, exercise=step.exercise, number=number, reps=step.reps))
            self.keep(
                day, ExerciseEnded(session=id, exercise=step.exercise, worst_pain=worst, effort=effort, form_ok=True)
            )
        self.keep(day, SessionEnded(session=id, how="finished"))

    def now(self, day: int, hour: int = 20) -> dt.datetime:
        return NOW.replace(hour=hour) + dt.timedelta(days=day)

    def decide(self, day: int) -> list[ExerciseStep]:
        return progress.decide_progress(profile=self.profile, by=self.actor, now=self.now(day, 8))


@pytest.fixture
def days(ana: Profile, plan: PlanVersion, actor: Actor) -> Days:
    return Days(ana, plan, actor)


def strength(plan: PlanVersion) -> list[str]:
    return [item["id"] for item in plan.record["exercises"] if item["kind"] == "strength"]


def test_a_fresh_plan_begins_as_it_is_written(days: Days, plan: PlanVersion, ana: Profile, actor: Actor) -> None:
    today = progress.prescribed_today(profile=ana, by=actor, now=NOW)
    assert [item.planned for item in today] == strength(plan)
    written = {item["id"]: (item["sets"], item["reps"]) for item in plan.record["exercises"]}
    assert all((item.step.sets, item.step.reps) == written[item.planned] for item in today)


def test_two_good_sessions_bring_two_exercises_up_and_the_rest_next_time(
    days: Days, plan: PlanVersion, actor: Actor
) -> None:
    more = plans.swaps(plan, strength(plan)[0])[0]
    shaped = plans.shape_plan(plan=plan, keep=[*strength(plan), more], by=actor, now=NOW)
    assert len(strength(shaped)) == 3
    days.session(0)
    days.morning(1, 1)
    assert {row.reason for row in days.decide(1)} == {"one_good_session"}
    days.session(2)
    days.morning(3, 1)
    moves = sorted(row.move for row in days.decide(3))
    assert moves.count("up") == 2
    waiting = [row for row in ExerciseStep.objects.filter(session="day2") if row.move == "hold"]
    assert {row.reason for row in waiting} == {"others_first"}
    days.session(4)
    days.morning(5, 1)
    raised = {row.planned for row in days.decide(5) if row.move == "up"}
    assert raised == {row.planned for row in waiting}


def test_judging_twice_is_judging_once(days: Days) -> None:
    days.session(0)
    days.morning(1, 1)
    assert days.decide(1)
    assert days.decide(1) == []
    assert AuditEvent.objects.filter(action="decide_progress").count() == 1


def test_a_session_waits_for_its_morning_and_is_then_judged_without(days: Days, plan: PlanVersion) -> None:
    days.session(0)
    assert days.decide(1) == []
    assert {row.reason for row in days.decide(2)} == {"not_said"}


def test_red_goes_back_and_says_so(days: Days, plan: PlanVersion, ana: Profile, actor: Actor) -> None:
    days.session(0, worst=7)
    days.morning(1, 1)
    assert {(row.move, row.reason) for row in days.decide(1)} == {("back", "red")}
    before = {item["id"]: item["sets"] for item in plan.record["exercises"]}
    today = progress.prescribed_today(profile=ana, by=actor, now=days.now(2))
    assert all(item.step.sets == before[item.planned] - 1 for item in today)


def test_twice_red_in_a_week_brings_another_exercise_that_is_safe(days: Days, plan: PlanVersion) -> None:
    days.session(0, worst=7)
    days.morning(1, 1)
    days.decide(1)
    days.session(2, worst=7)
    days.morning(3, 1)
    for row in days.decide(3):
        assert row.reason == "steps_back_twice"
        if row.move == "swap":
            assert row.exercise in plans.swaps(plan, row.planned)


def test_only_what_was_done_is_judged(days: Days, plan: PlanVersion) -> None:
    skipped = strength(plan)[0]
    days.session(0, skip=(skipped,))
    days.morning(1, 1)
    assert skipped not in {row.planned for row in days.decide(1)}


def test_days_off_make_the_way_back_lighter(days: Days, ana: Profile, actor: Actor) -> None:
    days.session(0)
    days.morning(1, 1)
    days.decide(1)
    for day, absence in ((7, "none"), (8, "short"), (15, "middle"), (29, "long")):
        today = progress.prescribed_today(profile=ana, by=actor, now=days.now(day))
        assert {item.absence for item in today} == {absence}
        assert all(item.anew == (absence == "long") for item in today)


def test_a_plan_that_is_still_calming_down_caps_sets_and_variants(
    ana: Profile, actor: Actor, walk: Walk, assess: Assess
) -> None:
    screening.finish_screening(screening=walk(ana, pain_average=Answer(number=5)), by=actor, now=NOW)
    assess(ana)
    plan = plans.make_plan(profile=ana, by=actor, now=NOW, today=NOW.date())
    assert plan.record["phase"] == "BUILD-light"
    days = Days(ana, plan, actor)
    for day in range(0, 40, 2):
        days.session(day, worst=3, effort=5)
        days.morning(day + 1, 3)
        days.decide(day + 1)
    today = progress.prescribed_today(profile=ana, by=actor, now=days.now(40))
    assert all(item.step.sets <= 2 and item.step.exercise == item.planned for item in today)


# ---- at the door of a session ------------------------------------------------------------------------------------

NO = dict.fromkeys(sessions.CHECKS, "no")


def begin(profile: Profile, actor: Actor, now: dt.datetime, id: uuid.UUID | None = None) -> str:
    return sessions.begin_session(
        profile=profile, client_id=id or uuid.uuid4(), what="strength", answers=NO, pain_now=1, by=actor, now=now
    )


def test_four_weeks_away_and_a_new_check_open_the_way_again(
    days: Days, ana: Profile, actor: Actor, walk: Walk, assess: Assess
) -> None:
    days.session(0)
    later = days.now(40)
    with pytest.raises(NotAllowed, match="four weeks"):
        begin(ana, actor, later)
    screening.finish_screening(screening=walk(ana, now=later, **LOW), by=actor, now=later)
    assess(ana, now=later)
    plans.make_plan(profile=ana, by=actor, now=later, today=later.date())
    assert begin(ana, actor, later)


def test_a_day_of_rest_comes_after_a_session_but_one_that_goes_on_is_no_second(
    days: Days, ana: Profile, actor: Actor
) -> None:
    id = uuid.uuid4()
    begin(ana, actor, days.now(0), id)
    first = progress.prescribed_today(profile=ana, by=actor, now=days.now(0))[0].planned
    days.keep(0, SetDone(session=id.hex, exercise=first, number=1, reps=8))
    assert begin(ana, actor, days.now(0), id) == id.hex
    for day in (0, 1):
        with pytest.raises(NotAllowed, match="day of rest"):
            begin(ana, actor, days.now(day))
    assert begin(ana, actor, days.now(2))


def test_who_never_tells_a_morning_is_judged_at_the_door_all_the_same(days: Days, ana: Profile, actor: Actor) -> None:
    days.session(0, worst=9)
    before = {one.planned: one.step.sets for one in progress.prescribed_today(profile=ana, by=actor, now=days.now(1))}
    begin(ana, actor, days.now(2))
    after = {one.planned: one.step.sets for one in progress.prescribed_today(profile=ana, by=actor, now=days.now(2))}
    assert after == {planned: sets - 1 for planned, sets in before.items()}


def test_alarming_pain_asks_for_a_check_before_it_is_judged(days: Days, ana: Profile, actor: Actor) -> None:
    days.keep(0, ExerciseEnded(session="m", exercise="MV02", alarming=True))
    assert progress.check_comes_first(profile=ana, by=actor, now=days.now(0))
    with pytest.raises(NotAllowed, match="felt wrong"):
        begin(ana, actor, days.now(0))
