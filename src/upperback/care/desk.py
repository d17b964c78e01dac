"""The desk check over time: each point as it was told last, what to change first, and when to look again. Pure."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from upperback.care.diary import DeskPoint, DeskState, Written
from upperback.care.plan.workstation import Score, points_to_change
from upperback.content.vocabulary import Content

#: How a point counts. One that was changed fits until it is looked at again; one that cannot be changed is left out.
_SCORES: Final[Mapping[DeskState, Score]] = {"fine": 2, "changed": 2, "nearly": 1, "to_change": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskNow:
    """The desk as it is now.

    Attributes
    ----------
    states : the last word on each point that was looked at
    first : the points to change first, three at most
    looked : the day of the last look; None where nobody has looked
    again : whether it is time for another look
    """

    states: Mapping[str, DeskState]
    first: tuple[str, ...]
    looked: dt.date | None
    again: bool


def desk_now(written: Iterable[Written], today: dt.date, content: Content) -> DeskNow:
    """The desk from the diary. Points that the content no longer has are left out."""
    states: dict[str, DeskState] = {}
    looked: dt.date | None = None
    for row in written:
        if isinstance(row.entry, DeskPoint) and row.entry.item in content.workstation:
            states[row.entry.item] = row.entry.state
            looked = row.day
    scores = {item: _SCORES[state] for item, state in states.items() if state in _SCORES}
    due = looked is not None and (today - looked).days >= content.limit("desk_recheck_days")
    return DeskNow(states=states, first=points_to_change(scores, content), looked=looked, again=due)
