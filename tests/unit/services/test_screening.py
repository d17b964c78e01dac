"""The safety check as a use case: nothing lost, nothing skipped, nothing decided twice."""

import datetime as dt

import pytest

from tests.unit.services.conftest import NOW, QUIET, Assess, Walk
from upperback.care import intake
from upperback.care.intake import Answer
from upperback.care.triage import decide, read_findings
from upperback.care.triage.record import decision_record
from upperback.content.vocabulary import default_content
from upperback.core.errors import Conflict, InputError, NotAllowed, NotFound
from upperback.services import actors, journey, people, plans, screening
from upperback.services.actors import Actor
from upperback.services.people import Profile
from upperback.services.screening import Decision, Screening
from upperback.store.models import AuditEvent

pytestmark = pytest.mark.django_db


def test_starting_twice_is_starting_once(ana: Profile, actor: Actor) -> None:
    first = screening.start_screening(profile=ana, by=actor, now=NOW)
    assert screening.start_screening(profile=ana, by=actor, now=NOW).pk == first.pk


def test_the_same_answer_sent_twice_is_one_answer(ana: Profile, actor: Actor) -> None:
    begun = screening.start_screening(profile=ana, by=actor, now=NOW)
    answers = {"age": Answer(number=40)}
    once = screening.record_answers(screening=begun, answers=answers, by=actor, now=NOW, version=1)
    twice = screening.record_answers(screening=begun, answers=answers, by=actor, now=NOW, version=1)
    assert once.version == twice.version == 2
    assert AuditEvent.objects.filter(action="record_answers").count() == 1


def test_the_same_ticks_sent_twice_are_one_answer(ana: Profile, actor: Actor) -> None:
    begun = screening.start_screening(profile=ana, by=actor, now=NOW)
    answers = {"emergency_breath": Answer(options=("racing",)), "sex": Answer(options=("female",))}
    once = screening.record_answers(screening=begun, answers=answers, by=actor, now=NOW, version=1)
    twice = screening.record_answers(screening=begun, answers=answers, by=actor, now=NOW, version=1)
    assert once.version == twice.version == 2
    assert AuditEvent.objects.filter(action="record_answers").count() == 1


def test_another_answer_from_an_old_page_is_refused_and_nothing_is_lost(ana: Profile, actor: Actor) -> None:
    begun = screening.start_screening(profile=ana, by=actor, now=NOW)
    screening.record_answers(screening=begun, answers={"age": Answer(number=40)}, by=actor, now=NOW, version=1)
    with pytest.raises(Conflict):
        screening.record_answers(screening=begun, answers={"age": Answer(number=14)}, by=actor, now=NOW, version=1)
    assert Screening.objects.get(pk=begun.pk).answers == {"age": {"number": 40}}


def test_no_result_while_a_question_is_open(ana: Profile, actor: Actor) -> None:
    begun = screening.start_screening(profile=ana, by=actor, now=NOW)
    with pytest.raises(NotAllowed):
        screening.finish_screening(screening=begun, by=actor, now=NOW)
    assert not Decision.objects.exists()


def test_every_question_but_one_is_not_enough(ana: Profile, actor: Actor, walk: Walk) -> None:
    done = walk(ana)
    asked = intake.read_answers(intake.from_plain(done.answers), default_content()).visible
    for left_out in asked:
        answers = {id: value for id, value in done.answers.items() if id != left_out}
        Screening.objects.filter(pk=done.pk).update(answers=answers)
        with pytest.raises(NotAllowed):
            screening.finish_screening(screening=done, by=actor, now=NOW)


def test_an_emergency_finishes_the_check_at_once(ana: Profile, actor: Actor) -> None:
    begun = screening.start_screening(profile=ana, by=actor, now=NOW)
    after = screening.record_answers(
        screening=begun, answers={"emergency_nerves": Answer(options=("saddle",))}, by=actor, now=NOW, version=1
    )
    decision = Decision.objects.get(screening=after)
    assert after.state == "finished"
    assert decision.disposition == "emergency_now"
    assert not decision.complete
    assert [reason["rule"] for reason in decision.record["advice"]["reasons"]] == ["E05"]
    assert not decision.record["advice"]["also"]
    with pytest.raises(NotAllowed):
        plans.make_plan(profile=ana, by=actor, now=NOW, today=NOW.date())


def test_a_finished_check_does_not_change(ana: Profile, actor: Actor, walk: Walk) -> None:
    done = walk(ana)
    decision = screening.finish_screening(screening=done, by=actor, now=NOW)
    assert screening.finish_screening(screening=done, by=actor, now=NOW).pk == decision.pk
    with pytest.raises(Conflict):
        screening.record_answers(
            screening=done, answers={"age": Answer(number=9)}, by=actor, now=NOW, version=done.version
        )
    done.refresh_from_db()
    with pytest.raises(Conflict):
        done.save()
    with pytest.raises(Conflict):
        decision.save()


def test_a_decision_can_be_decided_again(ana: Profile, actor: Actor, walk: Walk) -> None:
    decision = screening.finish_screening(screening=walk(ana), by=actor, now=NOW)
    content = default_content()
    facts = read_findings(decision.findings, content=content)
    assert decision_record(decide(facts, content), facts, content) == decision.record["triage"]
    assert decision.release_sha256 == content.sha256


def test_correcting_starts_from_the_same_answers_and_leaves_the_old_result(
    ana: Profile, actor: Actor, walk: Walk
) -> None:
    done = walk(ana)
    screening.finish_screening(screening=done, by=actor, now=NOW)
    again = screening.correct_screening(screening=done, by=actor, now=NOW)
    assert again.pk != done.pk
    assert again.answers == Screening.objects.get(pk=done.pk).answers


def test_answers_that_are_not_on_the_page_are_refused(ana: Profile, actor: Actor) -> None:
    begun = screening.start_screening(profile=ana, by=actor, now=NOW)
    for answers in ({"age": Answer(number=400)}, {"nothing": Answer(none=True)}, {"stress": Answer(number=3)}):
        with pytest.raises(InputError):
            screening.record_answers(screening=begun, answers=answers, by=actor, now=NOW, version=1)


def test_an_answer_can_be_changed_before_the_end(ana: Profile, actor: Actor) -> None:
    begun = screening.start_screening(profile=ana, by=actor, now=NOW)
    current = screening.record_answers(
        screening=begun, answers={"age": Answer(number=40)}, by=actor, now=NOW, version=1
    )
    current = screening.record_answers(
        screening=current, answers={"age": Answer(number=41)}, by=actor, now=NOW, version=current.version
    )
    assert current.answers["age"] == {"number": 41}


def test_a_new_check_puts_the_plan_on_hold(ana: Profile, actor: Actor, walk: Walk, assess: Assess) -> None:
    screening.finish_screening(screening=walk(ana), by=actor, now=NOW)
    assess(ana)
    plan = plans.make_plan(profile=ana, by=actor, now=NOW, today=NOW.date())
    assert plan.allowed
    assert journey.current_state(profile=ana, by=actor, now=NOW).place == "today"
    begun = screening.start_screening(profile=ana, by=actor, now=NOW)
    assert plans.open_plan(profile=ana, by=actor).pk == plan.pk  # nothing answered yet
    screening.record_answers(screening=begun, answers={"age": Answer(number=41)}, by=actor, now=NOW, version=1)
    with pytest.raises(NotAllowed):
        plans.open_plan(profile=ana, by=actor)


def test_nobody_gets_the_answer_for_nothing_there(ana: Profile, actor: Actor) -> None:
    begun = screening.start_screening(profile=ana, by=actor, now=NOW)
    with pytest.raises(NotFound):
        people.get_profile(profile_uuid=ana.uuid, by=actors.NOBODY)
    with pytest.raises(NotFound):
        screening.record_answers(
            screening=begun, answers={"age": Answer(number=1)}, by=actors.NOBODY, now=NOW, version=1
        )
    other = people.create_profile(name="Ben", by=actor, now=NOW)
    with pytest.raises(NotFound):
        screening.get_screening(profile=other, screening_uuid=begun.uuid, by=actor)


def test_an_old_screen_makes_no_plan(ana: Profile, actor: Actor, walk: Walk, assess: Assess) -> None:
    screening.finish_screening(screening=walk(ana), by=actor, now=NOW)
    assess(ana)
    later = NOW + dt.timedelta(hours=24)
    assert plans.make_plan(profile=ana, by=actor, now=later, today=later.date()).allowed
    ben = people.create_profile(name="Ben", by=actor, now=NOW)
    screening.finish_screening(screening=walk(ben), by=actor, now=NOW)
    assess(ben)
    with pytest.raises(NotAllowed):
        plans.make_plan(profile=ben, by=actor, now=later + dt.timedelta(seconds=1), today=later.date())


def test_quiet_answers_cover_the_fixture() -> None:
    """The fixture names questions that exist."""
    assert QUIET.keys() <= default_content().questions.keys()


def test_confirming_an_emergency_stops_again(ana: Profile, actor: Actor) -> None:
    begun = screening.start_screening(profile=ana, by=actor, now=NOW)
    answers = {"emergency_nerves": Answer(options=("saddle",))}
    stopped = screening.record_answers(screening=begun, answers=answers, by=actor, now=NOW, version=1)
    again = screening.correct_screening(screening=stopped, by=actor, now=NOW)
    assert again.state == "in_progress"
    confirmed = screening.record_answers(screening=again, answers=answers, by=actor, now=NOW, version=again.version)
    assert confirmed.state == "finished"
    assert Decision.objects.filter(disposition="emergency_now").count() == 2


def test_answers_begun_under_another_release_keep_only_what_still_means_something(ana: Profile, actor: Actor) -> None:
    """A changed question is asked again: an answer that is no longer offered must not read as "none of these"."""
    begun = screening.start_screening(profile=ana, by=actor, now=NOW)
    Screening.objects.filter(pk=begun.pk).update(
        release_sha256="0" * 64,
        answers={"age": {"number": 41}, "emergency_nerves": {"options": ["gone"]}, "removed": {"none": True}},
    )
    current = screening.open_screening(profile=ana, by=actor)
    assert current is not None
    assert current.answers == {"age": {"number": 41}}
    assert current.release_sha256 == default_content().sha256


def test_the_newest_result_is_the_last_one_written_even_where_the_clock_was_put_back(
    ana: Profile, actor: Actor, walk: Walk, assess: Assess
) -> None:
    screening.finish_screening(screening=walk(ana), by=actor, now=NOW)
    assess(ana)
    plans.make_plan(profile=ana, by=actor, now=NOW, today=NOW.date())
    earlier = NOW - dt.timedelta(hours=5)
    walk(ana, now=earlier, emergency_nerves=Answer(options=("saddle",)))
    newest = plans.latest_decision(ana)
    assert newest is not None
    assert newest.disposition == "emergency_now"
    with pytest.raises(NotAllowed):
        plans.open_plan(profile=ana, by=actor)


def test_answers_of_yesterday_have_to_be_said_to_hold_today(ana: Profile, actor: Actor, walk: Walk) -> None:
    """Somebody begins on one day and comes back on another: the result is of the day on which the answers hold."""
    done = walk(ana)
    later = NOW + dt.timedelta(hours=25)
    with pytest.raises(NotAllowed, match="more than a day ago"):
        screening.finish_screening(screening=done, by=actor, now=later)
    decision = screening.finish_screening(screening=done, by=actor, now=later, still_hold=True)
    assert decision.screening.answers_since == later


def test_an_emergency_stops_however_old_the_other_answers_are(ana: Profile, actor: Actor, walk: Walk) -> None:
    done = walk(ana)
    stopped = screening.record_answers(
        screening=done, answers={"emergency_nerves": Answer(options=("saddle",))}, by=actor,
        now=NOW + dt.timedelta(days=9), version=done.version,
    )  # fmt: skip
    assert stopped.state == "finished"


def test_looking_at_old_answers_again_does_not_make_them_new(ana: Profile, actor: Actor, walk: Walk) -> None:
    screening.finish_screening(screening=walk(ana), by=actor, now=NOW)
    later = NOW + dt.timedelta(days=20)
    newest = plans.latest_decision(ana)
    assert newest is not None
    again = screening.correct_screening(screening=newest.screening, by=actor, now=later)
    with pytest.raises(NotAllowed):
        screening.finish_screening(screening=again, by=actor, now=later)


def test_an_empty_check_that_waited_is_as_new_as_its_first_answer(ana: Profile, actor: Actor, walk: Walk) -> None:
    screening.start_screening(profile=ana, by=actor, now=NOW)
    later = NOW + dt.timedelta(days=3)
    assert screening.finish_screening(screening=walk(ana, now=later), by=actor, now=later).complete
