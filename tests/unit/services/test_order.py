"""No order of steps leads round the safety check: every order of up to four steps is tried (AB-43)."""

import itertools
from collections.abc import Callable

import pytest

from tests.unit.services.conftest import NOW, Walk
from upperback.care import intake
from upperback.care.intake import Answer
from upperback.core.errors import UpperbackError
from upperback.services import assessments, journey, people, plans, screening
from upperback.services.actors import Actor
from upperback.services.people import Profile

pytestmark = pytest.mark.django_db


def _steps(profile: Profile, actor: Actor, answers: dict[str, Answer]) -> dict[str, Callable[[], object]]:
    def answer() -> object:
        begun = screening.start_screening(profile=profile, by=actor, now=NOW)
        return screening.record_answers(screening=begun, answers=answers, by=actor, now=NOW, version=begun.version)

    def finish() -> object:
        return screening.finish_screening(
            screening=screening.start_screening(profile=profile, by=actor, now=NOW), by=actor, now=NOW
        )

    def assess() -> object:
        begun = assessments.start_assessment(profile=profile, by=actor, now=NOW)
        return assessments.finish_assessment(
            assessment=begun, decision=plans.latest_decision(profile), by=actor, now=NOW
        )

    return {
        "answer": answer,
        "finish": finish,
        "assess": assess,
        "plan": lambda: plans.make_plan(profile=profile, by=actor, now=NOW, today=NOW.date()),
        "show": lambda: plans.open_plan(profile=profile, by=actor),
    }


def test_a_plan_only_comes_by_the_whole_road(db: None, actor: Actor, walk: Walk) -> None:
    answers = intake.from_plain(walk(people.create_profile(name="Y", by=actor, now=NOW)).answers)
    reached = set()
    for order in itertools.product(("answer", "finish", "assess", "plan", "show"), repeat=4):
        profile = people.create_profile(name="X", by=actor, now=NOW)
        steps = _steps(profile, actor, answers)
        done: list[str] = []
        for name in order:
            try:
                steps[name]()
            except UpperbackError:
                continue
            done.append(name)
        if plans.latest_plan(profile=profile, by=actor) is not None:
            assert done.index("answer") < done.index("finish") < done.index("plan")
            reached.add(tuple(done))
        elif journey.current_state(profile=profile, by=actor, now=NOW).plan_open:
            pytest.fail(f"a plan is shown after {order}")
    assert reached
