"""The pain light, number by number, as the clinical sheet has it."""

import pytest

from upperback.care.progression import Light, has_settled, pain_light, usual_pain
from upperback.content.vocabulary import default_content

CONTENT = default_content()
G, A, R = Light.GREEN, Light.AMBER, Light.RED

TABLE = {
    # usual pain: light of a worst pain of 0, 1, ... 10
    0: [G, G, G, G, A, A, R, R, R, R, R],
    1: [G, G, G, G, A, A, R, R, R, R, R],
    2: [G, G, G, G, A, A, R, R, R, R, R],
    3: [G, G, G, G, G, A, R, R, R, R, R],
    4: [G, G, G, G, G, G, A, R, R, R, R],
    5: [G, G, G, G, G, G, G, A, R, R, R],
}


@pytest.mark.parametrize("usual", TABLE)
def test_every_number(usual: int) -> None:
    lights = [pain_light(usual=usual, worst=worst, is_alarming=False, content=CONTENT) for worst in range(11)]
    assert lights == TABLE[usual]


@pytest.mark.parametrize("worst", range(11))
def test_sharp_or_spreading_is_red_at_any_number(worst: int) -> None:
    assert pain_light(usual=0, worst=worst, is_alarming=True, content=CONTENT) is Light.RED


@pytest.mark.parametrize(
    ("usual", "morning", "settled"),
    [(2, 3, True), (2, 4, False), (0, 1, True), (0, 2, False), (5, 5, True), (3, None, None)],
)
def test_settled_by_the_next_morning(usual: int, morning: int | None, settled: bool | None) -> None:
    assert has_settled(usual=usual, next_morning=morning, content=CONTENT) is settled


@pytest.mark.parametrize(
    ("resting", "usual"), [([], None), ([4], 4), ([2, 3], 3), ([9, 1, 2, 6], 2), ([1, 1, 8], 1), ([0, 1], 1)]
)
def test_the_usual_pain_is_the_median_of_the_last_three_days(resting: list[int], usual: int | None) -> None:
    assert usual_pain(resting, CONTENT) == usual
