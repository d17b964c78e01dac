"""The law of triage, and every single step it speaks about.

With everything else fixed, the disposition is never lowered by
(a) moving an alarming finding towards yes or worse,
(b) moving one from its first value (no, none, normal, empty list) to unknown,
(c) moving an alarming flag or ladder from unknown to its last value,
(d) moving a mitigating ladder towards its alarming end.

One exception to (a) and (c): a first injury may explain an instant start (E03), so the move of `trauma` from
none or unknown to another value is outside the law while `max_at_onset` is not no and `pattern` is not
non_mechanical. `onset_age` is held fixed when `age` moves. Source: the clinical reference sheet, 2.12.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from upperback.care.triage.columns import UNKNOWN_CODE, RuleTruths, States, Truths
from upperback.care.triage.sampling import values_near_limits
from upperback.content.models import Finding
from upperback.content.vocabulary import Content

Mask = NDArray[np.bool_]
Moved = tuple[States, Mask]

#: The finding whose change an injury may explain away, and what it takes.
_EXCEPTION = "trauma"


@dataclass(frozen=True, slots=True)
class Step:
    """One kind of single step: which clause of the law, which finding, and the move itself.

    move: states -> the states after the step and the rows where the step is possible.
    """

    clause: str
    finding: str
    words: str
    move: Callable[[States], Moved]


@dataclass(frozen=True, slots=True)
class Violation:
    """A row of the states where a step lowered the urgency."""

    step: Step
    row: int
    before: int
    after: int


def steps_of_the_law(content: Content, dice: np.random.Generator) -> list[Step]:
    """Every single step of the law over the findings that triage reads."""
    return [step for key in content.triage_keys for step in _steps(content.findings[key], content, dice)]


def violations(states: States, content: Content, steps: list[Step]) -> tuple[int, list[Violation]]:
    """How many single steps were taken, and those that lowered a disposition."""
    base = RuleTruths(states, content)
    taken = 0
    found: list[Violation] = []
    for step in steps:
        moved, rows = step.move(states)
        taken += int(np.count_nonzero(rows))
        after = base.urgency_after(moved, step.finding)
        lowered = np.flatnonzero(rows & (after < base.urgency))
        found += [Violation(step, int(row), int(base.urgency[row]), int(after[row])) for row in lowered]
    return taken, found


def _steps(finding: Finding, content: Content, dice: np.random.Generator) -> Iterator[Step]:
    if finding.law.group == "context":
        return
    match finding.kind:
        case "flag":
            yield from _flag_steps(finding)
        case "choice":
            yield from _ladder_steps(finding, content)
        case "list":
            yield from _list_steps(finding)
        case _:
            yield from _number_steps(finding, content, dice)


def _flag_steps(finding: Finding) -> Iterator[Step]:
    words = ("no", "unknown", "yes")
    for clause, start, end in (("b", 0, 1), ("c", 1, 2), ("a", 0, 2)):
        move = partial(_move_flag, key=finding.key, start=start, end=end)
        yield Step(clause, finding.key, f"{finding.key}: {words[start]} to {words[end]}", move)


def _move_flag(states: States, *, key: str, start: int, end: int) -> Moved:
    column = states.flags[key]
    rows = column == start
    return replace(states, flags={**states.flags, key: np.where(rows, np.int8(end), column)}), rows


def _ladder_steps(finding: Finding, content: Content) -> Iterator[Step]:
    clause = "d" if finding.law.group == "mitigating" else "a"
    steps = finding.law.steps
    for lower, higher in pairwise(steps):
        for start in lower:
            for end in higher:
                yield _choice_step(clause, finding, start, end, content)
    if finding.law.group == "alarming":
        for start in steps[0]:
            if start == finding.absent:
                yield _choice_step("b", finding, start, None, content)
        if len(steps[-1]) == 1:
            yield _choice_step("c", finding, None, steps[-1][0], content)


def _choice_step(clause: str, finding: Finding, start: str | None, end: str | None, content: Content) -> Step:
    codes: dict[str | None, int] = {None: UNKNOWN_CODE}
    codes |= {value: place for place, value in enumerate(finding.values)}

    def move(states: States) -> Moved:
        column = states.choices[finding.key]
        rows = column == codes[start]
        if finding.key == _EXCEPTION and end is not None and start in (None, finding.absent):
            rows &= ~_instant_start_explained(states, content)
        moved = np.where(rows, np.int8(codes[end]), column)
        return replace(states, choices={**states.choices, finding.key: moved}), rows

    return Step(clause, finding.key, f"{finding.key}: {start or 'unknown'} to {end or 'unknown'}", move)


def _instant_start_explained(states: States, content: Content) -> Mask:
    """Rows where an injury may explain an instant start: the one exception of the law."""
    pattern = content.findings["pattern"]
    not_mechanical = states.choices["pattern"] == pattern.values.index("non_mechanical")
    explained: Mask = (states.flags["max_at_onset"] != 0) & ~not_mechanical
    return explained


def _list_steps(finding: Finding) -> Iterator[Step]:
    values = [value for value in finding.values if value not in finding.law.not_values]
    for value in values:
        yield Step("a", finding.key, f"{finding.key}: add {value}", partial(_add, finding=finding, value=value))
    move = partial(_empty_to_unknown, finding=finding)
    yield Step("b", finding.key, f"{finding.key}: empty to unknown", move)


def _add(states: States, *, finding: Finding, value: str) -> Moved:
    column = states.lists[finding.key, value]
    rows = column == 0
    return replace(states, lists={**states.lists, (finding.key, value): np.where(rows, np.int8(2), column)}), rows


def _empty_to_unknown(states: States, *, finding: Finding) -> Moved:
    keys = [(finding.key, value) for value in finding.values]
    rows: Mask = np.logical_and.reduce([states.lists[key] == 0 for key in keys])
    moved: dict[tuple[str, str], Truths] = {key: np.where(rows, np.int8(1), states.lists[key]) for key in keys}
    return replace(states, lists={**states.lists, **moved}), rows


def _number_steps(finding: Finding, content: Content, dice: np.random.Generator) -> Iterator[Step]:
    """Towards worse: to the next limit-near value, and by a random amount."""
    near = np.array(values_near_limits(content).get(finding.key, ()), dtype=np.float64)
    direction = finding.law.worse
    if direction is None:
        return
    yield Step(
        "a",
        finding.key,
        f"{finding.key}: {direction} to the next value near a limit",
        lambda states: _move_number(states, finding, content, lambda now: _next_near(now, near, direction)),
    )
    yield Step(
        "a",
        finding.key,
        f"{finding.key}: {direction} by any amount",
        lambda states: _move_number(states, finding, content, lambda now: _anywhere(now, finding, direction, dice)),
    )


def _move_number(
    states: States, finding: Finding, content: Content, to: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> Moved:
    column = states.numbers[finding.key]
    moved = to(column)
    rows: Mask = ~np.isnan(column) & ~np.isnan(moved) & (moved != column)
    if finding.law.worse_from is not None:
        rows &= column >= finding.law.worse_from
    if finding.law.worse_to is not None:
        rows &= column < finding.law.worse_to
    if finding.key == "age":
        rows &= ~np.isnan(states.numbers["onset_age"])  # held fixed: only where it was given
    numbers = {**states.numbers, finding.key: np.where(rows, moved, column)}
    return replace(states, numbers=numbers), rows


def _next_near(now: NDArray[np.float64], near: NDArray[np.float64], direction: str) -> NDArray[np.float64]:
    if near.size == 0:
        return np.full_like(now, np.nan)
    if direction == "up":
        place = np.searchsorted(near, now, side="right")
        return np.where(place < near.size, near[np.minimum(place, near.size - 1)], np.nan)
    place = np.searchsorted(near, now, side="left") - 1
    return np.where(place >= 0, near[np.maximum(place, 0)], np.nan)


def _anywhere(
    now: NDArray[np.float64], finding: Finding, direction: str, dice: np.random.Generator
) -> NDArray[np.float64]:
    assert finding.number is not None
    end = float(finding.number.maximum if direction == "up" else finding.number.minimum)
    moved = now + (end - now) * dice.random(now.size)
    if finding.number.integer:
        moved = np.ceil(moved) if direction == "up" else np.floor(moved)
    return moved
