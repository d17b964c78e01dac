"""Arithmetic of load: how much to do now, how to spread it, and how to build it back.

Everything here is a project convention from pain rehabilitation and not a threshold from a trial, which is
why the numbers are arguments: the plan passes the parameters of the release.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from statistics import median

from upperback.core.errors import InputError

MINUTE_STEP = 1.0
KILOGRAM_STEP = 0.5
WALKING_STEP = 5.0


def _exact(value: float) -> Fraction:
    """The decimal number people wrote, so that 0.7 x 20 is 14 and not a hair less."""
    return Fraction(str(value))


def _positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"{name}: “{value:g}” is not possible; expected a number above 0", key=name)


def round_down(amount: float | Fraction, step: float) -> float:
    """The largest whole number of steps that is not more than the amount."""
    exact = amount if isinstance(amount, Fraction) else _exact(amount)
    return float(math.floor(exact / _exact(step)) * _exact(step))


def break_interval(minutes_to_symptom: float | None, *, share: float, most: float) -> int:
    """Minutes between breaks: before the usual time to symptoms, and never later than `most`.

    Parameters
    ----------
    minutes_to_symptom : minutes until symptoms rise; None where nobody knows, which gives `most`
    share : part of that time after which the break is due
    most : longest time between breaks, min
    """
    if minutes_to_symptom is None:
        return math.floor(most)
    _positive("minutes_to_symptom", minutes_to_symptom)
    return max(1, math.floor(min(_exact(most), _exact(share) * _exact(minutes_to_symptom))))


def bags_needed(kg_total: float, kg_ok: float) -> int:
    """How many bags or trips carry the total when each holds at most what is fine."""
    _positive("kg_ok", kg_ok)
    return max(1, math.ceil(_exact(kg_total) / _exact(kg_ok)))


def slots_needed(minutes_total: float, slot_minutes: float) -> int:
    """How many stretches of at most `slot_minutes` the whole task takes."""
    _positive("slot_minutes", slot_minutes)
    return max(1, math.ceil(_exact(minutes_total) / _exact(slot_minutes)))


def slot_length(minutes_to_symptom: float | None, *, share: float, most: float) -> int:
    """Minutes of one stretch: the pacing baseline of the one tolerance known, at most `most`, at least a minute."""
    if minutes_to_symptom is None:
        return math.floor(most)
    _positive("minutes_to_symptom", minutes_to_symptom)
    return max(1, math.floor(min(_exact(most), _exact(share) * _exact(minutes_to_symptom))))


def cut_volume(amount: float, *, least: float, most: float) -> tuple[float, float]:
    """What is left after the largest and after the smallest cut, rounded down to whole units."""
    return (
        round_down(_exact(amount) * (1 - _exact(most)), 1.0),
        round_down(_exact(amount) * (1 - _exact(least)), 1.0),
    )


def start_weight(kg_usual: float, *, share: float, kg_ok: float | None = None) -> float:
    """The weight to start lifting from again, rounded down to half a kilogram; never more than what is fine now."""
    start = _exact(share) * _exact(kg_usual)
    return round_down(start if kg_ok is None else min(start, _exact(kg_ok)), KILOGRAM_STEP)


def bag_limit(body_weight_kg: float, *, share: float) -> float:
    """The rule of thumb for a rucksack, rounded down to half a kilogram."""
    _positive("body_weight_kg", body_weight_kg)
    return round_down(_exact(share) * _exact(body_weight_kg), KILOGRAM_STEP)


def pacing_baseline(tolerances: Sequence[float], *, share: float, step: float = MINUTE_STEP) -> float:
    """Where pacing starts: a part of the median over good and bad days, never of the best day.

    Example: 12, 20, 9, 15 and 16 minutes have the median 15; four fifths of that is 12 minutes.

    Raises
    ------
    InputError : there are no tolerances, or one is not above 0.
    """
    if not tolerances:
        raise InputError("tolerances: at least one day is needed", key="tolerances")
    for value in tolerances:
        _positive("tolerances", value)
    return max(step, round_down(_exact(share) * median(map(_exact, tolerances)), step))


def pacing_target(baseline: float, growth: float, step_number: int) -> float:
    """The planned amount at a step: `baseline` x (1 + `growth`) to the power of the step. A ceiling and a floor."""
    return float(_exact(baseline) * (1 + _exact(growth)) ** step_number)


def pacing_steps(baseline: float, goal: float, growth: float) -> int:
    """How many steps lead from the baseline to the goal; 0 where it is already reached.

    Counted and not taken from logarithms, so that a goal that is exactly a step needs exactly that step.
    """
    _positive("baseline", baseline)
    _positive("growth", growth)
    steps, amount, factor = 0, _exact(baseline), 1 + _exact(growth)
    while amount < _exact(goal):
        amount *= factor
        steps += 1
    return steps
