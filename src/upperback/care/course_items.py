"""What progress needs to know of a plan: its strength exercises, what may stand in for them, and the bounds. Pure."""

from collections.abc import Mapping
from typing import Any

from upperback.care.course import Planned, first_step
from upperback.care.plan.choices import read_choices
from upperback.care.plan.pool import Pool, exercise_pool
from upperback.care.progression.step import Bounds, bounds_for
from upperback.content.vocabulary import Content

Record = Mapping[str, Any]

#: Choices that take an exercise off the list although nothing speaks against it.
_TAKEN_OFF = ("drop", "leave_out")


def items_of(record: Record, choices: Mapping[str, Any], content: Content) -> tuple[Planned, ...]:
    """The strength exercises of a plan, in its order.

    Parameters
    ----------
    record : from `plan_record`
    choices : what the plan was made with; what the person took off the list never stands in for anything
    """
    taken_off = {id for name in _TAKEN_OFF for id in choices.get(name, ())}
    return tuple(
        Planned(
            id=item["id"],
            first=first_step(item["id"], sets=item["sets"], reps=item["reps"], content=content),
            stand_ins=tuple(
                id
                for id in stand_ins(record, choices, item["id"], content)
                if content.exercises[id].family == content.exercises[item["id"]].family and id not in taken_off
            ),
        )
        for item in strength_of(record)
    )


def strength_of(record: Record) -> list[Record]:
    """The strength exercises of a plan as they stand in its record."""
    return [item for item in record["exercises"] if item["kind"] == "strength"]


def bounds_of(record: Record, choices: Mapping[str, Any], content: Content) -> Bounds:
    """What a plan allows: its cautions decide the sets, its pool the exercises.

    While the pain is still easily stirred up, strength stays at few sets of the exercises as they are, or easier ones.
    """
    pool = pool_of(record, choices, content)
    allowed = set(pool.allowed) - set(choices.get("drop", ()))
    if record["phase"] == "BUILD":
        return bounds_for(record["cautions"], allowed, content)
    planned = {item["id"] for item in strength_of(record)}
    return Bounds(
        sets_top=int(content.limit("strength_sets_light")),
        reps_top=int(content.limit("repetitions_top")),
        allowed=frozenset(planned | (allowed & _easier_than(planned, content))),
    )


def _easier_than(exercises: set[str], content: Content) -> set[str]:
    """Every easier variant, and theirs."""
    found: set[str] = set()
    looking = [*exercises]
    while looking:
        for one in content.exercises[looking.pop()].easier:
            if one.exercise is not None and one.exercise not in found:
                found.add(one.exercise)
                looking.append(one.exercise)
    return found


def pool_of(record: Record, choices: Mapping[str, Any], content: Content) -> Pool:
    """The pool that a plan was chosen from, with what the person took off the list."""
    return exercise_pool(record["cautions"], read_choices(_asked(choices, _TAKEN_OFF), content), content)


def stand_ins(record: Record, choices: Mapping[str, Any], exercise_id: str, content: Content) -> tuple[str, ...]:
    """What may take the place of an exercise of a plan: same kind, safe for this person, the same family first."""
    pool = pool_of(record, choices, content)
    planned = {item["id"] for item in record["exercises"]}
    here = content.exercises[exercise_id]
    hardest = content.limit("starting_level")
    others = [
        item.exercise
        for id, item in pool.allowed.items()
        if id not in planned and item.exercise.kind == here.kind and item.exercise.level <= hardest
    ]
    others.sort(key=lambda other: (other.family != here.family, other.level, other.id))
    return tuple(other.id for other in others)


def _asked(choices: Mapping[str, Any], without: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in choices.items() if name not in without}
