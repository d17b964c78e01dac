"""Changes to the person's own tasks, with the sums written out, and breaks."""

from collections.abc import Callable
from dataclasses import dataclass

from upperback.care.load import (
    bags_needed,
    break_interval,
    cut_volume,
    slot_length,
    slots_needed,
    start_weight,
)
from upperback.care.plan.choices import Choices, Task
from upperback.care.plan.words import number, told
from upperback.care.triage import Facts, truth
from upperback.content.models import LoadRule, Pattern
from upperback.content.vocabulary import Content
from upperback.core.ternary import Ternary

#: What the answers about the pain say about tasks, where the person has not named any.
SAID_BY_FINDINGS: dict[str, str] = {
    "LM-SIT": "sitting in worse_with",
    "LM-LIFT": "lifting in worse_with",
    "LM-REACH": "reaching in worse_with",
    "LM-SLEEP": "night_pain in {position_related, second_half}",
}

_SLOT_LIMITS = {
    "LM-PHONE": "slot_minutes_phone",
    "LM-REACH": "slot_minutes_reach",
    "LM-HOUSE": "slot_minutes_house",
    "LM-GARDEN": "slot_minutes_garden",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A sum in words: what comes out of it, and how, where there was something to work out."""

    result: str
    how: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadChange:
    """How one task is changed now and built back later.

    first: among the two or three to change first. sums: the arithmetic in words. numbers: its results.
    """

    rule: LoadRule
    name: str
    first: bool
    why: str
    sums: tuple[Line, ...] = ()
    numbers: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaks:
    """When to move during long sitting: small breaks often, a longer one each hour. Variety, not treatment."""

    every_minutes: int
    micro_s: int
    long_minutes: int
    long_every_minutes: int
    sums: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sum:
    """One piece of arithmetic: in words, and its results."""

    words: tuple[Line, ...]
    numbers: tuple[tuple[str, float], ...]


def load_changes(facts: Facts, pattern: Pattern, choices: Choices, content: Content) -> tuple[LoadChange, ...]:
    """The tasks to change, the most important and most provoking first.

    The person's own tasks count. Where they named none, the tasks their answers and their pattern point to do.
    """
    first = int(content.limit("tasks_changed_first"))
    if choices.tasks:
        ranked = sorted(choices.tasks, key=lambda task: -task.weight)
        return tuple(_own_change(task, place < first, content) for place, task in enumerate(ranked))
    said = [id for id, when in SAID_BY_FINDINGS.items() if truth(when, facts, content) is Ternary.YES]
    ids = list(dict.fromkeys([*said, *pattern.load_rules]))
    return tuple(_likely_change(id, place < first, facts, pattern, content) for place, id in enumerate(ids))


def breaks_of(choices: Choices, content: Content) -> Breaks:
    """Breaks from long sitting: before the usual time to symptoms, and never later than the usual interval."""
    times = [task.minutes_to_symptom for task in choices.tasks if task.category == "LM-SIT"]
    shortest = min((time for time in times if time is not None), default=None)
    most = content.limit("break_minutes_most")
    every = break_interval(shortest, share=content.limit("break_share_of_tolerance"), most=most)
    return Breaks(
        every_minutes=every,
        micro_s=int(content.limit("break_micro_s")),
        long_minutes=int(content.limit("break_long_minutes")),
        long_every_minutes=int(content.limit("break_long_every_minutes")),
        sums=_break_sum(shortest, every, most, content).words,
    )


def _own_change(task: Task, first: bool, content: Content) -> LoadChange:
    rule = content.load_rules[task.category]
    result = _ARITHMETIC[rule.arithmetic](task, content)
    return LoadChange(
        rule=rule,
        name=task.name or rule.title,
        first=first,
        why="Because you told us what is hard for you.",
        sums=result.words,
        numbers=result.numbers,
    )


def _likely_change(id: str, first: bool, facts: Facts, pattern: Pattern, content: Content) -> LoadChange:
    rule = content.load_rules[id]
    when = SAID_BY_FINDINGS.get(id)
    result = _ARITHMETIC[rule.arithmetic](Task(category=id), content)
    return LoadChange(
        rule=rule,
        name=rule.title,
        first=first,
        why=told(when or "always", facts, content) or told(pattern.when, facts, content) or pattern.because,
        sums=result.words,
        numbers=result.numbers,
    )


def sums_of_task(task: Task, content: Content) -> tuple[Line, ...]:
    """The arithmetic of one task in words: what to do now, and how that comes about."""
    return _ARITHMETIC[content.load_rules[task.category].arithmetic](task, content).words


# ---- the sums ----------------------------------------------------------------------------------------------------


def _nothing(_: Task, __: Content) -> _Sum:
    return _Sum((), ())


def _break_interval(task: Task, content: Content) -> _Sum:
    most = content.limit("drive_minutes_most" if task.category == "LM-DRIVE" else "break_minutes_most")
    every = break_interval(task.minutes_to_symptom, share=content.limit("break_share_of_tolerance"), most=most)
    return _break_sum(task.minutes_to_symptom, every, most, content)


def _break_sum(minutes: float | None, every: int, most: float, content: Content) -> _Sum:
    results = (("break_every_minutes", float(every)),)
    if minutes is None:
        return _Sum((Line(f"Take a break every {every} minutes to start with."),), results)
    share = content.limit("break_share_of_tolerance")
    return _Sum((Line(f"Take a break every {every} minutes.", _part_of(minutes, share, most)),), results)


def _part_of(minutes: float, share: float, most: float) -> str:
    part = number(round(share * minutes, 1))
    return (
        f"It starts after about {number(minutes)} minutes. "
        f"{number(share)} × {number(minutes)} = {part}, rounded down, and {number(most)} at most."
    )


def _split_load(task: Task, content: Content) -> _Sum:
    if task.kg_ok is None or task.kg_total is None:
        return _nothing(task, content)
    bags = bags_needed(task.kg_total, task.kg_ok)
    unit = "bag or trip" if bags == 1 else "bags or trips"
    total, fine = number(task.kg_total), number(task.kg_ok)
    how = f"{total} kg in all ÷ {fine} kg that is fine at a time, rounded up = {bags}."
    return _Sum((Line(f"Take {bags} {unit}.", how),), (("bags", float(bags)),))


def _time_slots(task: Task, content: Content) -> _Sum:
    most = content.limit(_SLOT_LIMITS[task.category])
    share = content.limit("pacing_share_of_median")
    slot = slot_length(task.minutes_to_symptom, share=share, most=most)
    words = [Line(f"Work for {slot} minutes at a time to start with.")]
    results = [("slot_minutes", float(slot))]
    if task.minutes_to_symptom is not None:
        words = [Line(f"Work for {slot} minutes at a time.", _part_of(task.minutes_to_symptom, share, most))]
    if task.minutes_typical:
        slots = slots_needed(task.minutes_typical, slot)
        total = number(task.minutes_typical)
        stretches = "1 stretch" if slots == 1 else f"{slots} short stretches"
        words.append(Line(f"Split it into {stretches}.", f"{total} minutes in all ÷ {slot}, rounded up = {slots}."))
        results.append(("slots", float(slots)))
    return _Sum(tuple(words), tuple(results))


def _cut_volume(task: Task, content: Content) -> _Sum:
    least, most = content.limit("volume_cut_least"), content.limit("volume_cut_most")
    if not task.minutes_typical:
        return _Sum((Line(f"Do {1 - most:.0%} to {1 - least:.0%} of your usual amount."),), ())
    low, high = cut_volume(task.minutes_typical, least=least, most=most)
    usual = number(task.minutes_typical)
    line = Line(
        f"Do {number(low)} to {number(high)} minutes this time.",
        f"{usual} minutes less {least:.0%} to {most:.0%} = {number(low)} to {number(high)}.",
    )
    return _Sum((line,), (("minutes_low", low), ("minutes_high", high)))


def _start_weight(task: Task, content: Content) -> _Sum:
    if not task.kg_total:
        return _nothing(task, content)
    share = content.limit("lift_start_share")
    start = start_weight(task.kg_total, share=share, kg_ok=task.kg_ok)
    how = f"{number(share)} × {number(task.kg_total)} kg, rounded down = {number(start)} kg."
    if task.kg_ok is not None and start < start_weight(task.kg_total, share=share):
        how = f"{number(task.kg_ok)} kg is fine at a time. {number(share)} × {number(task.kg_total)} kg would be more."
    return _Sum((Line(f"Start again from {number(start)} kg.", how),), (("start_kg", start),))


_ARITHMETIC: dict[str, Callable[[Task, Content], _Sum]] = {
    "break_interval": _break_interval,
    "split_load": _split_load,
    "time_slots": _time_slots,
    "cut_volume": _cut_volume,
    "start_weight": _start_weight,
    "none": _nothing,
}

#: The amounts each kind of arithmetic reads: nothing else has to be asked.
AMOUNTS_READ: dict[str, tuple[str, ...]] = {
    "break_interval": ("minutes_to_symptom",),
    "split_load": ("kg_ok", "kg_total"),
    "time_slots": ("minutes_to_symptom", "minutes_typical"),
    "cut_volume": ("minutes_typical",),
    "start_weight": ("kg_total",),
    "none": (),
}
