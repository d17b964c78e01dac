"""Signs that call for help before the six-week review. Pure: what happened so far goes in, reasons come out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from upperback.content.vocabulary import Content

Step = Literal["seek_medical_help", "refer_physio", "check_again"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SoFar:
    """The weeks since the plan began. None is "not known" and never counts as a sign.

    week: weeks since the start. strong_pain_most_days: pain at or above the strong limit on most days of the last
    week. any_movement_tolerated: at least one movement exercise is bearable. weeks_of_rising_pain: weeks in a row.
    flares: flare-ups in the last three months. weeks_off_work: weeks away from work because of the pain.
    pain_rise: rise of the pain score since the last safety check. new_arm_symptoms: tingling, numbness or less
    strength that was not there at the last safety check. phq4: total, complete.
    """

    week: float
    strong_pain_most_days: bool | None = None
    any_movement_tolerated: bool | None = None
    weeks_of_rising_pain: int | None = None
    flares: int | None = None
    weeks_off_work: float | None = None
    pain_rise: float | None = None
    new_arm_symptoms: bool | None = None
    pgic: int | None = None
    phq4: int | None = None


@dataclass(frozen=True, slots=True)
class EarlySign:
    """One sign: its id, what it leads to, and the reason in plain words."""

    id: str
    step: Step
    why: str


@dataclass(frozen=True, slots=True)
class _Rule:
    sign: EarlySign
    holds: Callable[[SoFar, Content], bool]


def early_signs(so_far: SoFar, content: Content) -> tuple[EarlySign, ...]:
    """Every sign that holds, the ones for a new safety check first. Empty: carry on to the review.

    Warning signs themselves are not looked at here: a new safety check finds them, at any time.
    """
    return tuple(rule.sign for rule in _RULES if rule.holds(so_far, content))


def _reached(value: float | None, limit: str, content: Content) -> bool:
    return value is not None and value >= content.limit(limit)


_RULES = (
    _Rule(
        EarlySign("pain_rise", "check_again", "Your pain has risen clearly. Please do the safety check again."),
        lambda so_far, content: _reached(so_far.pain_rise, "early_pain_rise", content),
    ),
    _Rule(
        EarlySign("new_arm_symptoms", "check_again", "Your arm feels different. Please do the safety check again."),
        lambda so_far, _: so_far.new_arm_symptoms is True,
    ),
    _Rule(
        EarlySign("low_mood", "seek_medical_help", "Your mood or your worries weigh on you. Please talk to {gp}."),
        lambda so_far, content: _reached(so_far.phq4, "mood_gp", content),
    ),
    _Rule(
        EarlySign("strong_pain", "refer_physio", "Your pain has stayed strong on most days."),
        lambda so_far, content: (
            so_far.strong_pain_most_days is True and _reached(so_far.week, "early_strong_pain_weeks", content)
        ),
    ),
    _Rule(
        EarlySign("no_movement", "refer_physio", "None of the movements is bearable so far."),
        lambda so_far, content: (
            so_far.any_movement_tolerated is False and _reached(so_far.week, "early_no_movement_weeks", content)
        ),
    ),
    _Rule(
        EarlySign("rising_pain", "refer_physio", "Your pain has risen for some weeks in a row."),
        lambda so_far, content: _reached(so_far.weeks_of_rising_pain, "early_rising_weeks", content),
    ),
    _Rule(
        EarlySign("flares", "refer_physio", "You have had several flare-ups within a few months."),
        lambda so_far, content: _reached(so_far.flares, "early_flares", content),
    ),
    _Rule(
        EarlySign("worse_overall", "refer_physio", "You told us that it is clearly worse overall."),
        lambda so_far, content: (
            _reached(so_far.pgic, "early_check_worse_pgic", content)
            and _reached(so_far.week, "early_check_week", content)
        ),
    ),
    _Rule(
        EarlySign("off_work", "refer_physio", "You have been away from work for a while because of it."),
        lambda so_far, content: (
            so_far.weeks_off_work is not None and so_far.weeks_off_work > content.limit("early_off_work_weeks")
        ),
    ),
)
