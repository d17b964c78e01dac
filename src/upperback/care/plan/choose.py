"""Which exercises of the pool a plan starts with."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from upperback.care.plan.dose import Amount
from upperback.care.plan.pool import Allowed, Pool
from upperback.content.models import Pattern
from upperback.content.vocabulary import Content

Kind = Literal["movement", "strength"]
Reason = Literal["kept", "starter", "instead", "completes"]

#: While calming down everybody starts with the same gentlest movements, in this order.
CALM_FIRST = ("MV09", "MV13", "MV02")

#: The order in which missing families are filled.
FAMILIES: dict[Kind, tuple[str, ...]] = {
    "movement": ("rotate", "extend", "breathe_side", "open", "calm"),
    "strength": ("pull", "push", "extensor_trunk", "bend", "carry"),
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """An exercise of the plan and why it was chosen. `instead_of`: the one it stands in for."""

    allowed: Allowed
    reason: Reason
    instead_of: str | None = None

    @property
    def id(self) -> str:
        """The id of the exercise."""
        return self.allowed.exercise.id


def choose_exercises(
    pool: Pool, pattern: Pattern, amount: Amount, keep: tuple[str, ...], content: Content
) -> tuple[Chosen, ...]:
    """The exercises to start with: movement first, then strength where the plan allows it."""
    if amount.phase == "CALM":
        return _calm(pool, pattern, keep, content)
    movement = _fill(pool, "movement", pattern.movement, amount, keep, content)
    if not amount.strength_allowed:
        return movement
    return movement + _fill(pool, "strength", pattern.strength, amount, keep, content)


def _calm(pool: Pool, pattern: Pattern, keep: tuple[str, ...], content: Content) -> tuple[Chosen, ...]:
    gentle = content.limit("starting_level")
    picked = _Picked(pool, lambda item: item.exercise.kind == "movement" and item.exercise.level <= gentle)
    picked.take(keep, "kept")
    picked.take((*CALM_FIRST, *pattern.movement), "starter")
    picked.take(sorted(pool.allowed, key=picked.level), "completes")
    return tuple(picked.chosen[: int(content.limit("calm_exercises"))])


def _fill(
    pool: Pool, kind: Kind, starters: tuple[str, ...], amount: Amount, keep: tuple[str, ...], content: Content
) -> tuple[Chosen, ...]:
    """What the person keeps, then the starter set or a stand-in of the same family, then one per missing family."""
    fewest, most = int(content.limit(f"{kind}_fewest")), int(content.limit(f"{kind}_most"))
    gentle = int(content.limit("starting_level"))
    hardest = int(content.limit("starter_level_top" if amount.is_full else "starter_level_light"))
    kept = _Picked(pool, lambda item: item.exercise.kind == kind)
    kept.take(keep, "kept")
    most = max(most, len(kept.chosen))
    picked = _Picked(pool, lambda item: item.exercise.kind == kind and item.exercise.level <= hardest, kept.chosen)
    for id in starters:
        if len(picked.chosen) < most and not picked.take((id,), "starter"):
            _take_stand_in(picked, id, gentle, content)
    for family in FAMILIES[kind]:
        if len(picked.chosen) < fewest and family not in picked.families:
            picked.take(_gentlest(pool, kind, family, gentle)[:1], "completes")
    for family in FAMILIES[kind]:
        more = [id for id in _gentlest(pool, kind, family, gentle) if id not in picked.ids]
        picked.take(more[: max(0, fewest - len(picked.chosen))], "completes")
    return tuple(picked.chosen)


def _take_stand_in(picked: "_Picked", id: str, gentle: int, content: Content) -> None:
    """The next exercise of the same family, no harder than a first step."""
    exercise = content.exercises[id]
    stand_ins = _gentlest(picked.pool, exercise.kind, exercise.family, gentle)
    picked.take([other for other in stand_ins if other not in picked.ids][:1], "instead", instead_of=id)


def _gentlest(pool: Pool, kind: Kind, family: str, gentle: int) -> list[str]:
    """The exercises of a family that suit a start, the gentlest first."""
    found = [
        item.exercise
        for item in pool.allowed.values()
        if item.exercise.kind == kind and item.exercise.family == family and item.exercise.level <= gentle
    ]
    return [exercise.id for exercise in sorted(found, key=lambda exercise: (exercise.level, exercise.id))]


class _Picked:
    """A growing choice out of the pool, without repeats and within a condition."""

    def __init__(self, pool: Pool, fits: Callable[[Allowed], bool], chosen: Iterable[Chosen] = ()) -> None:
        self.pool = pool
        self.fits = fits
        self.chosen = list(chosen)

    @property
    def ids(self) -> frozenset[str]:
        """What has been chosen."""
        return frozenset(item.id for item in self.chosen)

    @property
    def families(self) -> frozenset[str]:
        """The families that have been chosen from."""
        return frozenset(item.allowed.exercise.family for item in self.chosen)

    def take(self, ids: Iterable[str], reason: Reason, instead_of: str | None = None) -> bool:
        """Adds what is in the pool and fits. Returns whether all of it is now chosen."""
        for id in ids:
            item = self.pool.allowed.get(id)
            if item is None or not self.fits(item):
                continue
            if id not in self.ids:
                self.chosen.append(Chosen(item, reason, instead_of))
        return all(id in self.ids for id in ids)

    def level(self, id: str) -> tuple[int, str]:
        """For sorting from gentle to hard."""
        return self.pool.allowed[id].exercise.level, id
