"""People and times for the tests of the use cases."""

import datetime as dt
from collections.abc import Callable

import django
import pytest

django.setup()  # this file may be read before pytest-django has done so

from tests.once import once  # noqa: E402
from upperback.care import intake  # noqa: E402
from upperback.care.intake import Answer  # noqa: E402
from upperback.content.vocabulary import default_content  # noqa: E402
from upperback.core.errors import NotAllowed  # noqa: E402
from upperback.services import actors, assessments, people, plans, screening  # noqa: E402
from upperback.services.actors import Actor  # noqa: E402
from upperback.services.assessments import Assessment  # noqa: E402
from upperback.services.people import Profile  # noqa: E402
from upperback.services.screening import Screening  # noqa: E402

NOW = dt.datetime(2026, 11, 21, 10, 0, tzinfo=dt.UTC)

QUIET: dict[str, Answer] = {
    "age": Answer(number=41), "sex": Answer(options=("female",)), "pain_average": Answer(number=3),
    "duration": Answer(options=("under_six",)), "flares": Answer(number=0), "psfs": Answer(number=7),
    "trend": Answer(options=("improving",)), "site": Answer(options=("between_blades",)),
    "character": Answer(options=("aching",)),
}  # fmt: skip


def quiet_answer(step: intake.Step, own: dict[str, Answer] | None = None) -> Answer:
    """The answer of somebody with ordinary pain."""
    question = step.question
    answer = (QUIET | (own or {})).get(question.id)
    if answer is None:
        answer = Answer(none=True) if question.none_label else Answer(options=(question.options[0].id,))
    if step.simpler:
        return Answer(options=answer.options, not_sure=answer.not_sure, simpler=True)
    return answer


Walk = Callable[..., Screening]
Assess = Callable[..., Assessment]


@pytest.fixture
def actor() -> Actor:
    return actors.household("test")


@pytest.fixture
def ana(db: None, actor: Actor) -> Profile:
    return once("Ana", lambda: people.create_profile(name="Ana", by=actor, now=NOW))


@pytest.fixture(autouse=True)
def asked_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever a test asks whether a plan is open, it is asked for everybody at once, too: the answers are the same."""
    one_by_one = plans.open_plan

    def both(*, profile: Profile, by: Actor) -> plans.PlanVersion:
        closed = plans.closed_plans(list(Profile.objects.all())).get(profile.pk)
        if closed is None:
            return one_by_one(profile=profile, by=by)
        with pytest.raises(NotAllowed) as refused:
            one_by_one(profile=profile, by=by)
        assert closed.message == refused.value.message
        raise refused.value

    monkeypatch.setattr(plans, "open_plan", both)


@pytest.fixture
def walk(actor: Actor) -> Walk:
    """`walk(profile, trauma=Answer(...))` answers every question; it stops where the service finishes the check."""

    def go(profile: Profile, now: dt.datetime = NOW, **own: Answer) -> Screening:
        current = screening.start_screening(profile=profile, by=actor, now=now)
        while current.state == Screening.State.IN_PROGRESS:
            step = intake.next_question(intake.from_plain(current.answers), default_content())
            if step is None:
                break
            current = screening.record_answers(
                screening=current, answers={step.question.id: quiet_answer(step, own)}, by=actor, now=now,
                version=current.version,
            )  # fmt: skip
        return current

    def go_once(profile: Profile, now: dt.datetime = NOW, **own: Answer) -> Screening:
        return once(("walk", profile.pk, now, repr(own)), lambda: go(profile, now, **own))

    return go_once


@pytest.fixture
def assess(actor: Actor) -> Assess:
    """`assess(profile, surgery=Answer(...))` skips every step and is not sure of what it is not told."""

    def go(profile: Profile, now: dt.datetime = NOW, **own: Answer) -> Assessment:
        decision = plans.latest_decision(profile)
        current = assessments.start_assessment(profile=profile, by=actor, now=now)
        while (step := assessments.next_step(current, decision)) is not None:
            if not step.questions:
                current = assessments.record_assessment(
                    assessment=current, step=step.id, value=None, by=actor, now=now, version=current.version
                )
                continue
            unsure = {
                question.id: Answer(not_sure=True) if question.not_sure else Answer(options=(question.options[0].id,))
                for question in step.questions
            }
            current = assessments.record_assessment_answers(
                assessment=current, answers=unsure | {id: own[id] for id in unsure if id in own}, by=actor, now=now,
                version=current.version,
            )  # fmt: skip
        return assessments.finish_assessment(assessment=current, decision=decision, by=actor, now=now)

    def go_once(profile: Profile, now: dt.datetime = NOW, **own: Answer) -> Assessment:
        return once(("assess", profile.pk, now, repr(own)), lambda: go(profile, now, **own))

    return go_once
