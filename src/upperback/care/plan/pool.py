"""The exercises that are safe and possible for a person. The only way an exercise gets into a plan."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from upperback.care.plan.choices import Choices
from upperback.content.models import Exercise
from upperback.content.vocabulary import Content


@dataclass(frozen=True, slots=True)
class Allowed:
    """An exercise of the pool. `how`: what cautions change about it, tag by tag."""

    exercise: Exercise
    how: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An exercise that is not offered, and why: tags, equipment, positions or the person's own wish."""

    id: str
    because: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pool:
    """What may be offered, by id in the order of the content, and what was left out."""

    allowed: Mapping[str, Allowed]
    left_out: Mapping[str, LeftOut]


def exercise_pool(tags: Collection[str], choices: Choices, content: Content) -> Pool:
    """The exercises left when cautions, things at home, positions and wishes have been respected.

    More tags, fewer things, more positions to avoid or more exercises to drop never make the pool larger.
    """
    allowed: dict[str, Allowed] = {}
    left_out: dict[str, LeftOut] = {}
    for exercise in content.exercises.values():
        reason = _reason_to_leave_out(exercise, tags, choices, content)
        if reason is None:
            allowed[exercise.id] = Allowed(exercise, _changes(exercise, tags))
        else:
            left_out[exercise.id] = reason
    return Pool(allowed, left_out)


def hiding_tags(exercise: Exercise, tags: Collection[str]) -> tuple[str, ...]:
    """The carried tags that take the exercise away."""
    return tuple(item.tag for item in exercise.cautions if item.effect == "hide" and item.tag in tags)


def _changes(exercise: Exercise, tags: Collection[str]) -> tuple[tuple[str, str], ...]:
    return tuple((item.tag, item.how) for item in exercise.cautions if item.tag in tags and item.how)


def _reason_to_leave_out(
    exercise: Exercise, tags: Collection[str], choices: Choices, content: Content
) -> LeftOut | None:
    hiding = hiding_tags(exercise, tags)
    if hiding:
        return LeftOut(
            exercise.id, f"Left out to keep it safe and easy for you. {content.cautions[hiding[0]].meaning}", hiding
        )
    if exercise.id in choices.drop:
        return LeftOut(exercise.id, "You took it off your list.")
    missing = set(exercise.equipment) - choices.equipment if choices.equipment is not None else set()
    if missing:
        return LeftOut(exercise.id, f"It needs a {min(missing)}, and you told us that you have none.")
    avoided = bool(choices.positions_avoid) and set(exercise.positions) <= choices.positions_avoid
    # Lying on a mat is on the floor as well: what people who cannot get up again are not offered says so by its tag.
    down_low = "floor" in choices.positions_avoid and bool(hiding_tags(exercise, ("floor_transfer",)))
    if avoided or down_low:
        return LeftOut(exercise.id, "You told us that you would rather not be in that position.")
    return None
