"""Coming back after days off: lighter, easier, or anew. A missed session is never made up for."""

from dataclasses import dataclass, replace
from typing import Literal

from upperback.care.progression.step import Bounds, Step, easier_variant
from upperback.content.vocabulary import Content

Absence = Literal["none", "short", "middle", "long"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """The step to come back with. `anew`: a safety check and a new baseline come first."""

    absence: Absence
    step: Step
    anew: bool


def after_absence(step: Step, days_off: int, bounds: Bounds, content: Content) -> Return:
    """The step of an exercise after days without a session.

    Parameters
    ----------
    step : what was prescribed last
    days_off : days since the last session
    """
    if days_off > content.limit("absence_long_days"):
        return Return(absence="long", step=easier_variant(replace(step, sets=1), bounds, content), anew=True)
    if days_off >= content.limit("absence_middle_days"):
        sets = min(step.sets, int(content.limit("absence_middle_sets")))
        return Return(absence="middle", step=replace(easier_variant(step, bounds, content), sets=sets), anew=False)
    if days_off >= content.limit("absence_short_days"):
        return Return(absence="short", step=_lighter(step, content), anew=False)
    return Return(absence="none", step=step, anew=False)


def _lighter(step: Step, content: Content) -> Step:
    """Four fifths of the weight; of the repetitions where there is no weight.

    Whoever comes every second week does not end at one repetition: four fifths of the start is few enough.
    """
    share = content.limit("absence_short_share")
    if step.load_kg is not None:
        return replace(step, load_kg=round(step.load_kg * share, 1))
    fewest = min(step.reps, round(content.limit("repetitions_start") * share))
    return replace(step, reps=max(round(step.reps * share), fewest))
