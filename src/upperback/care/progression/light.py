"""The pain light of one exercise, and whether the next morning was calm."""

import statistics
from collections.abc import Sequence
from enum import IntEnum

from upperback.content.vocabulary import Content


class Light(IntEnum):
    """Green: fine. Amber: keep an eye on it. Red: stop this exercise for today."""

    GREEN = 0
    AMBER = 1
    RED = 2


def usual_pain(resting: Sequence[int], content: Content) -> int | None:
    """The person's usual pain at rest.

    Parameters
    ----------
    resting : resting pain 0..10 of the last days, oldest first, one for each day that has one

    Returns
    -------
    median of the last three, a half rounded up; None where there is none
    """
    last = list(resting)[-int(content.limit("usual_pain_days")) :]
    return int(statistics.median(last) + 0.5) if last else None


def pain_light(*, usual: int, worst: int, is_alarming: bool, content: Content) -> Light:
    """The light of an exercise.

    Parameters
    ----------
    usual : usual pain at rest, 0..10
    worst : worst pain during the exercise, 0..10
    is_alarming : sharp, spreading, or new tingling: red at any number
    """
    if is_alarming or worst >= content.limit("light_red_pain"):
        return Light.RED
    if usual <= content.limit("light_baseline_low"):
        green, amber = content.limit("light_green_top"), content.limit("light_amber_top")
    else:
        green, amber = usual + content.limit("light_green_rise"), usual + content.limit("light_amber_rise")
    return Light.GREEN if worst <= green else Light.AMBER if worst <= amber else Light.RED


def has_settled(*, usual: int, next_morning: int | None, content: Content) -> bool | None:
    """Whether pain at rest next morning is back near the usual. None while the person has not said."""
    return None if next_morning is None else next_morning <= usual + content.limit("settled_rise")
