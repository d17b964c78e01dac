"""How much of each exercise, and on which days."""

import dataclasses
import itertools
import math
from dataclasses import dataclass

from upperback.care.plan.choices import DAYS, WantedDose
from upperback.care.plan.gate import Level
from upperback.care.plan.irritability import Phase
from upperback.content.models import Exercise
from upperback.content.vocabulary import Content

BONE_TAG = "osteoporosis_vf"
UNITS = {
    "repetitions": "slow repetitions",
    "hold": "holds",
    "breaths": "slow breaths",
    "distance": "short walks, changing hands",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """How much. Bounds say how far progress may take it; `hold_s` is given for exercises that are held.

    reserve: how many repetitions should still be possible after the last set, fewest and most; strength only.
    """

    sets: int
    reps: int
    reps_top: int
    sets_top: int
    rest_s: int
    per_day: int
    days_per_week: int
    unit: str
    hold_s: float | None = None
    reserve: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """What the whole plan allows: its phase, its level, cautions that cap it, and a part of the full dose."""

    phase: Phase
    level: Level
    tags: frozenset[str]
    fraction: float
    strength_days: int

    @property
    def strength_allowed(self) -> bool:
        """Strength work comes after calming down, and not before a GP has seen what needs seeing."""
        return self.phase != "CALM" and self.level in ("gentle", "full")

    @property
    def is_full(self) -> bool:
        """Whether the plan starts at the full build dose."""
        return self.phase == "BUILD" and self.level == "full"


def dose_of(exercise: Exercise, amount: Amount, content: Content) -> Dose:
    """The starting dose of an exercise within what the plan allows."""
    return _strength(exercise, amount, content) if exercise.kind == "strength" else _movement(exercise, amount, content)


@dataclass(frozen=True, slots=True)
class DoseBounds:
    """Between what sets and repetitions an exercise may start."""

    sets: tuple[int, int]
    reps: tuple[int, int]


def dose_bounds(dose: Dose, amount: Amount, content: Content) -> DoseBounds:
    """What may be wished for in the place of a starting dose: never more than progress may reach.

    A plan that starts with a part of the full dose, or calm, starts with no more sets than it says.
    """
    sets_top = dose.sets_top if amount.is_full and amount.fraction >= 1 else dose.sets
    fewest = min(dose.reps, int(content.limit("repetitions_start" if dose.reserve else "calm_repetitions_low")))
    return DoseBounds(sets=(1, sets_top), reps=(fewest, dose.reps_top))


def clinician_bounds(dose: Dose, amount: Amount, content: Content) -> DoseBounds:
    """Between what a clinician may set a starting dose, with a reason.

    Less than usual always. More only in the full build dose: what calms down, or starts with a part, stays as small as
    it is; and the cap of thin bones holds for everybody.
    """
    usual = dose_bounds(dose, amount, content)
    sets_top, reps_top = usual.sets[1], usual.reps[1]
    if amount.is_full and amount.fraction >= 1:
        reps_top = max(reps_top, int(content.limit("clinician_repetitions_top")))
        if BONE_TAG not in amount.tags:
            sets_top = max(sets_top, int(content.limit("clinician_sets_top")))
    return DoseBounds(sets=(1, sets_top), reps=(1, reps_top))


def within(dose: Dose, wanted: WantedDose | None, bounds: DoseBounds) -> Dose:
    """A starting dose as it was wished for, as far as the bounds allow."""
    if wanted is None:
        return dose
    (fewest_sets, most_sets), (fewest, most) = bounds.sets, bounds.reps
    return dataclasses.replace(
        dose, sets=min(max(wanted.sets, fewest_sets), most_sets), reps=min(max(wanted.reps, fewest), most)
    )


def _movement(exercise: Exercise, amount: Amount, content: Content) -> Dose:
    calm = amount.phase == "CALM"
    start, top = _movement_repetitions(exercise, calm=calm, content=content)
    per_day = int(content.limit("calm_per_day" if calm else "movement_per_day"))
    return Dose(
        sets=int(content.limit("movement_sets")),
        reps=start,
        reps_top=top,
        sets_top=int(content.limit("movement_sets")),
        rest_s=0,
        per_day=per_day if calm else max(1, math.floor(per_day * amount.fraction)),
        days_per_week=int(content.limit("movement_days_per_week")),
        unit=UNITS[exercise.dose],
        hold_s=exercise.tempo.hold_s,
    )


def _movement_repetitions(exercise: Exercise, *, calm: bool, content: Content) -> tuple[int, int]:
    if _is_stretch(exercise, content):
        holds = int(content.limit("stretch_holds"))
        return holds, holds
    if calm:
        return int(content.limit("calm_repetitions_start")), int(content.limit("calm_repetitions_high"))
    top = content.limit("breaths_top" if exercise.dose == "breaths" else "repetitions_top")
    return int(content.limit("repetitions_start")), int(top)


def _is_stretch(exercise: Exercise, content: Content) -> bool:
    held = exercise.tempo.hold_s
    return exercise.dose == "hold" and held is not None and held >= content.limit("stretch_hold_s")


def _strength(exercise: Exercise, amount: Amount, content: Content) -> Dose:
    light = "" if amount.is_full else "_light"
    full = content.limit(f"strength_sets{light}")
    return Dose(
        sets=max(1, math.floor(full * amount.fraction)),
        reps=int(content.limit("repetitions_start")),
        reps_top=int(content.limit("repetitions_top")),
        sets_top=int(content.limit("strength_sets_bone" if BONE_TAG in amount.tags else "strength_sets_top")),
        rest_s=int(content.limit("strength_rest_s")),
        per_day=1,
        days_per_week=amount.strength_days,
        unit=UNITS[exercise.dose],
        hold_s=exercise.tempo.hold_s,
        reserve=(int(content.limit(f"reserve_fewest{light}")), int(content.limit(f"reserve_most{light}"))),
    )


def strength_days(wanted: tuple[str, ...], most: int) -> tuple[str, ...]:
    """Days for strength work with at least one day off in between, as many as fit, out of the wanted ones.

    The week goes round: Sunday is the day before Monday. Where several choices fit, the most even one counts.
    """
    possible = wanted or DAYS
    counts = range(1, min(most, len(possible)) + 1)
    choices = (days for count in counts for days in itertools.combinations(possible, count))
    fitting = [days for days in choices if _smallest_gap(days) > 1]
    return max(fitting, key=lambda days: (len(days), _smallest_gap(days)))


def _smallest_gap(days: tuple[str, ...]) -> int:
    places = [DAYS.index(day) for day in days]
    following = [*places[1:], places[0] + len(DAYS)]
    return min(after - before for before, after in zip(places, following, strict=True))
