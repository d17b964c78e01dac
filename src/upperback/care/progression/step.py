"""Where an exercise stands, and one step up or back from there. Sets first, then repetitions, then load or variant."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final, Literal

from upperback.care.plan.dose import BONE_TAG
from upperback.content.models import Exercise
from upperback.content.vocabulary import Content

Band = Literal["light", "medium", "strong"]

BANDS: Final[tuple[Band, ...]] = ("light", "medium", "strong")
"""Resistance bands, weakest first. Colours differ from maker to maker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is prescribed for one exercise now.

    Attributes
    ----------
    exercise : id of the variant
    sets, reps : of one session
    load_kg : weight, or None for exercises without one
    band : band, or None
    """

    exercise: str
    sets: int
    reps: int
    load_kg: float | None = None
    band: Band | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What no step may pass.

    Attributes
    ----------
    sets_top, reps_top : most sets and repetitions of the plan
    allowed : ids of the exercises that nothing speaks against for this person
    """

    sets_top: int
    reps_top: int
    allowed: frozenset[str]


def bounds_for(tags: Collection[str], allowed: Collection[str], content: Content) -> Bounds:
    """The bounds of strength work for a person with these cautions."""
    top = "strength_sets_bone" if BONE_TAG in tags else "strength_sets_top"
    return Bounds(
        sets_top=int(content.limit(top)), reps_top=int(content.limit("repetitions_top")), allowed=frozenset(allowed)
    )


def step_up(step: Step, bounds: Bounds, content: Content, *, may_add_set: bool = True) -> Step:
    """The next step, or the same one where this is as far as it goes.

    Parameters
    ----------
    may_add_set : False within a week of the last added set
    """
    first_sets = min(int(content.limit("sets_before_repetitions")), bounds.sets_top)
    if step.sets < first_sets:
        return replace(step, sets=step.sets + 1) if may_add_set else step
    if step.reps < bounds.reps_top:
        return replace(step, reps=min(step.reps + int(content.limit("repetitions_step_up")), bounds.reps_top))
    if step.sets < bounds.sets_top:
        return replace(step, sets=step.sets + 1) if may_add_set else step
    return harder(step, bounds, content)


def harder(step: Step, bounds: Bounds, content: Content) -> Step:
    """More weight, a stronger band or a harder variant, starting again at few repetitions; never with more sets."""
    anew = replace(
        step,
        reps=min(int(content.limit("repetitions_start")), bounds.reps_top),
        sets=min(step.sets, int(content.limit("sets_before_repetitions")), bounds.sets_top),
    )
    if step.load_kg is not None and step.load_kg > 0:
        more = max(step.load_kg * content.limit("load_step_up_share"), content.limit("load_step_up_least_kg"))
        return replace(anew, load_kg=round(step.load_kg + more, 1))
    if step.band is not None and step.band != BANDS[-1]:
        return replace(anew, band=BANDS[BANDS.index(step.band) + 1])
    variant = _variant(content.exercises[step.exercise], "harder", bounds)
    return step if variant is None else _as_variant(anew, variant, content)


def step_back(step: Step, bounds: Bounds, content: Content) -> Step:
    """One step easier, or the same one where it is the easiest there is."""
    fewest = int(content.limit("repetitions_start"))
    if step.reps > fewest:
        return replace(step, reps=max(step.reps - int(content.limit("repetitions_step_down")), fewest))
    if step.sets > 1:
        return replace(step, sets=step.sets - 1)
    if step.load_kg is not None and step.load_kg > content.limit("load_step_up_least_kg"):
        return replace(step, load_kg=round(step.load_kg * (1 - content.limit("load_step_down_share")), 1))
    if step.band is not None and step.band != BANDS[0]:
        return replace(step, band=BANDS[BANDS.index(step.band) - 1])
    variant = _variant(content.exercises[step.exercise], "easier", bounds)
    return step if variant is None else _as_variant(step, variant, content)


def easier_variant(step: Step, bounds: Bounds, content: Content) -> Step:
    """The next easier exercise, or the same where there is none that this person may do."""
    variant = _variant(content.exercises[step.exercise], "easier", bounds)
    return step if variant is None else _as_variant(step, variant, content)


def _variant(exercise: Exercise, direction: Literal["easier", "harder"], bounds: Bounds) -> str | None:
    """The first variant of the same kind that nothing speaks against."""
    return next((one.exercise for one in getattr(exercise, direction) if one.exercise in bounds.allowed), None)


def _as_variant(step: Step, variant: str, content: Content) -> Step:
    """The same amount of another exercise. A band starts light; a weight is for the person to choose."""
    equipment = content.exercises[variant].equipment
    return replace(
        step,
        exercise=variant,
        load_kg=step.load_kg if "weight" in equipment else None,
        band=BANDS[0] if "band" in equipment else None,
    )
