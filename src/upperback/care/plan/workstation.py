"""The desk check: which points belong to a person, and which to change first."""

from collections.abc import Mapping
from typing import Literal

from upperback.care.triage import Facts, truth
from upperback.content.vocabulary import Content
from upperback.core.errors import InputError
from upperback.core.ternary import Ternary

#: 2 fits, 1 nearly, 0 does not fit.
Score = Literal[0, 1, 2]

DESK = "sitting in worse_with or lm_sit in tasks or lm_phone in tasks"


#: Tasks at a desk or a screen; only people who name one read the points in the text of their plan.
DESK_TASKS = frozenset({"lm_sit", "lm_phone"})


def desk_points(facts: Facts, content: Content) -> tuple[str, ...]:
    """The points of the desk check, where long sitting or a screen is part of the story."""
    return tuple(content.workstation) if truth(DESK, facts, content) is Ternary.YES else ()


def points_to_change(scores: Mapping[str, Score], content: Content) -> tuple[str, ...]:
    """The lowest-scoring points, at most three, in the order of the check. Points that fit are never among them.

    Points that do not apply are simply not in `scores`. There is no overall mark.

    Raises
    ------
    InputError : a point that does not exist, or a score that is not 0, 1 or 2.
    """
    for id, score in scores.items():
        if id not in content.workstation:
            raise InputError(f"workstation: there is no point called “{id[:60]}”", key="workstation")
        if isinstance(score, bool) or score not in (0, 1, 2):
            raise InputError(
                f"workstation.{id}: “{score}” is not possible; expected 0, 1 or 2", key=f"workstation.{id}"
            )
    order = list(content.workstation)
    wanting = sorted((score, order.index(id), id) for id, score in scores.items() if score < 2)
    return tuple(id for _, _, id in wanting[: int(content.limit("desk_points_first"))])
