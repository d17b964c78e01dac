"""Signs that call for help before the review, each at its edge."""

from typing import Any

import pytest

from upperback.care.early import SoFar, early_signs
from upperback.content.vocabulary import default_content

CONTENT = default_content()

EDGES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("pain_rise", {"week": 1, "pain_rise": 3}, {"week": 1, "pain_rise": 2.5}),
    ("new_arm_symptoms", {"week": 1, "new_arm_symptoms": True}, {"week": 1, "new_arm_symptoms": False}),
    ("low_mood", {"week": 1, "phq4": 9}, {"week": 1, "phq4": 8}),
    ("strong_pain", {"week": 2, "strong_pain_most_days": True}, {"week": 1.9, "strong_pain_most_days": True}),
    ("no_movement", {"week": 1, "any_movement_tolerated": False}, {"week": 0.9, "any_movement_tolerated": False}),
    ("rising_pain", {"week": 3, "weeks_of_rising_pain": 3}, {"week": 3, "weeks_of_rising_pain": 2}),
    ("flares", {"week": 4, "flares": 3}, {"week": 4, "flares": 2}),
    ("worse_overall", {"week": 3, "pgic": 6}, {"week": 3, "pgic": 5}),
    ("worse_overall", {"week": 3, "pgic": 7}, {"week": 2, "pgic": 7}),
    ("off_work", {"week": 3, "weeks_off_work": 2.1}, {"week": 3, "weeks_off_work": 2}),
]


@pytest.mark.parametrize("id, holding, not_holding", EDGES)
def test_edges(id: str, holding: dict[str, Any], not_holding: dict[str, Any]) -> None:
    assert [sign.id for sign in early_signs(SoFar(**holding), CONTENT)] == [id]
    assert early_signs(SoFar(**not_holding), CONTENT) == ()


def test_what_nobody_knows_is_no_sign() -> None:
    assert early_signs(SoFar(week=5), CONTENT) == ()


def test_a_new_safety_check_comes_first() -> None:
    signs = early_signs(SoFar(week=5, flares=4, pain_rise=4, phq4=12), CONTENT)
    assert [sign.step for sign in signs] == ["check_again", "seek_medical_help", "refer_physio"]
