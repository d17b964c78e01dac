"""What one version of a plan has that another has not: exercises, doses, phase, cautions, tasks. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseMoved:
    """Sets and repetitions of an exercise that is in both versions."""

    id: str
    title: str
    before: tuple[int, int]
    after: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDifference:
    """From one version to the next. Titles and not ids where somebody reads them.

    Attributes
    ----------
    added, removed : exercises, by title
    doses : of exercises that stay
    phase : before and after; None where it is the same
    cautions_added, cautions_removed, tasks_added, tasks_removed : by title
    allowed : whether there were exercises at all, before and after; None where that is the same
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    doses: tuple[DoseMoved, ...] = ()
    phase: tuple[str, str] | None = None
    cautions_added: tuple[str, ...] = ()
    cautions_removed: tuple[str, ...] = ()
    tasks_added: tuple[str, ...] = ()
    tasks_removed: tuple[str, ...] = ()
    allowed: tuple[bool, bool] | None = None

    def __bool__(self) -> bool:
        return self != PlanDifference()


def plan_difference(before: Record, after: Record) -> PlanDifference:
    """What changed from one record of `plan_record` to the next.

    Parameters
    ----------
    before, after : with the keys allowed, phase, exercises, caution_notes and load_changes
    """
    old, new = _by_id(before["exercises"]), _by_id(after["exercises"])
    cautions = _titles(before["caution_notes"], "title"), _titles(after["caution_notes"], "title")
    tasks = _titles(before["load_changes"], "name"), _titles(after["load_changes"], "name")
    return PlanDifference(
        added=tuple(item["title"] for id, item in new.items() if id not in old),
        removed=tuple(item["title"] for id, item in old.items() if id not in new),
        doses=tuple(
            DoseMoved(id=id, title=item["title"], before=_amount(old[id]), after=_amount(item))
            for id, item in new.items()
            if id in old and _amount(old[id]) != _amount(item)
        ),
        phase=_pair(before["phase"], after["phase"]),
        cautions_added=_without(cautions[1], cautions[0]),
        cautions_removed=_without(*cautions),
        tasks_added=_without(tasks[1], tasks[0]),
        tasks_removed=_without(*tasks),
        allowed=_pair(before["allowed"], after["allowed"]),
    )


def _by_id(items: list[Record]) -> dict[str, Record]:
    return {item["id"]: item for item in items}


def _amount(item: Record) -> tuple[int, int]:
    return item["sets"], item["reps"]


def _titles(items: list[Record], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item[name] for item in items))


def _without(titles: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(title for title in titles if title not in others)


def _pair(before: Any, after: Any) -> tuple[Any, Any] | None:
    return (before, after) if before != after else None
