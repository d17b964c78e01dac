"""The assessment as a use case: what is sent twice is written once."""

from typing import Any

import pytest

from tests.unit.services.conftest import NOW, Walk
from upperback.care.intake import Answer
from upperback.services import assessments, screening
from upperback.services.actors import Actor
from upperback.services.people import Profile
from upperback.store.models import AuditEvent

pytestmark = pytest.mark.django_db

STEPS: dict[str, Any] = {
    "areas": ["t4", "left_blade"],
    "activities": [{"words": "Swim", "score": 4}],
    "tasks": [{"category": "LM-SIT", "minutes_to_symptom": 40.0}],
    "day": {"kind": "desk", "hours_sitting": 8.0},
    "equipment": {"equipment": ["chair"], "positions_avoid": []},
    "goals": ["Swim"],
}


@pytest.mark.parametrize("step", STEPS)
def test_the_same_step_sent_twice_is_one_step(step: str, ana: Profile, actor: Actor, walk: Walk) -> None:
    screening.finish_screening(screening=walk(ana), by=actor, now=NOW)
    begun = assessments.start_assessment(profile=ana, by=actor, now=NOW)
    sent = {"assessment": begun, "step": step, "value": STEPS[step], "by": actor, "now": NOW, "version": 1}
    once, twice = assessments.record_assessment(**sent), assessments.record_assessment(**sent)
    assert once.version == twice.version == 2
    assert AuditEvent.objects.filter(action="record_assessment").count() == 1


def test_whether_exercise_was_agreed_is_asked_again_after_another_operation(
    ana: Profile, actor: Actor, walk: Walk
) -> None:
    """ "They said it is fine" was said of the operation a year ago."""
    screening.finish_screening(screening=walk(ana), by=actor, now=NOW)
    current = assessments.start_assessment(profile=ana, by=actor, now=NOW)
    for question, option in (("surgery", "longer"), ("surgery_cleared", "cleared"), ("surgery", "year")):
        current = assessments.record_assessment_answers(
            assessment=current, answers={question: Answer(options=(option,))}, by=actor, now=NOW,
            version=current.version,
        )  # fmt: skip
    assert current.answers == {"surgery": {"options": ["year"]}}
