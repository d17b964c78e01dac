"""Every combination of the answers a rule reads, as columns of states.

A flag is no, unknown or yes; a choice has each of its values or is unknown; a number lies on, just below and just
above each limit it is compared with, or is unknown; a list holds any of the values the rule names, or is unknown.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from upperback.care.triage import columns
from upperback.care.triage.columns import UNKNOWN_CODE, States
from upperback.care.triage.rows import counted_items
from upperback.content import conditions as c
from upperback.content.models import Finding
from upperback.content.vocabulary import Content

#: How far "just below" is from a limit, for numbers that may be fractions.
BESIDE = 0.1

_INNER_ROWS = 32_768

#: How many surroundings a part of a large condition is met in: where it decides, and any.
_DECIDING = 4
_ANY = 2

Picks = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Axis:
    """A finding, and everything it can be, the quiet option first. For lists an option is one truth per named value."""

    finding: Finding
    names: tuple[str, ...]
    options: tuple[tuple[float, ...], ...]

    def __len__(self) -> int:
        return len(self.options)


def axes_of(node: c.Node, content: Content) -> tuple[Axis, ...]:
    """One axis for each finding that a condition reads, terms followed."""
    inlined = inline(node, content)
    keys = content.keys_read(inlined)
    return tuple(_axis(content.findings[key], inlined, content) for key in content.findings if key in keys)


def combinations(axes: Sequence[Axis]) -> int:
    """How many states the product of the axes has."""
    return math.prod(len(axis) for axis in axes)


def every_state(axes: Sequence[Axis]) -> Iterator[States]:
    """The whole product, in blocks: the first axes run inside a block, the others stand still there."""
    inner: list[Axis] = []
    outer = list(axes)
    while outer and combinations([*inner, outer[0]]) <= _INNER_ROWS:
        inner.append(outer.pop(0))
    rows = combinations(inner)
    running = [_picks(place, inner, rows) for place in range(len(inner))]
    for still in np.ndindex(*(len(axis) for axis in outer)):
        picks = running + [np.full(rows, pick, dtype=np.intp) for pick in still]
        yield states_from(inner + outer, picks)


def states_from(axes: Sequence[Axis], picks: Sequence[Picks]) -> States:
    """States from one pick of an option per axis and row."""
    states = States(len(picks[0]) if picks else 1, {}, {}, {}, {})
    for axis, pick in zip(axes, picks, strict=True):
        for place, name in enumerate(axis.names):
            column = np.array([option[place] for option in axis.options])[pick]
            _put(states, axis.finding, name, column)
    return states


def random_picks(axes: Sequence[Axis], rows: int, dice: np.random.Generator) -> list[Picks]:
    """Any option of every axis; each row has its own share of axes that stay at their first, quiet one."""
    quiet = dice.random(rows)
    quiet[::2] = 0.0
    picks = [dice.integers(0, len(axis), rows, dtype=np.intp) for axis in axes]
    return [np.where(dice.random(rows) < quiet, 0, pick) for pick in picks]


def covering(node: c.Node, content: Content, dice: np.random.Generator, *, most: int) -> Iterator[States]:
    """Where the whole product is too large: every combination inside each part of the condition that is small enough.

    Each part (`most` combinations at most) is met in surroundings where it decides the result, and in any, so that a
    change inside it shows. A count with more combinations is taken through every combination of the truths of its
    items, each made from random answers that give it. Random states over all the rule's answers come on top.
    """
    whole = inline(node, content)
    axes = axes_of(whole, content)
    yield states_from(axes, random_picks(axes, 2 * most, dice))
    for part in _small_parts(whole, axes, content, most):
        keys = content.keys_read(part)
        places = [place for place, axis in enumerate(axes) if axis.finding.key in keys]
        inner = [axes[place] for place in places]
        rows = combinations(inner)
        if rows <= most:
            inside = [_picks(place, inner, rows) for place in range(len(inner))]
        else:
            inside = _picks_by_truth_of_items(part, inner, content, dice)
        for context in _contexts(whole, part, axes, content, dice):
            picks = [np.full(len(inside[0]), pick, dtype=np.intp) for pick in context]
            for place, pick in zip(places, inside, strict=True):
                picks[place] = pick
            yield states_from(axes, picks)


def truths(node: c.Node, states: States, content: Content) -> NDArray[np.int8]:
    """A condition over states, by the fast evaluator."""
    return columns.compile_condition(node, content)(columns._Block(states))


def _small_parts(node: c.Node, axes: Sequence[Axis], content: Content, most: int) -> Iterator[c.Node]:
    keys = content.keys_read(node)
    if combinations([axis for axis in axes if axis.finding.key in keys]) <= most:
        yield node
        return
    match node:
        case c.All(operands) | c.Any(operands):
            for operand in operands:
                yield from _small_parts(operand, axes, content, most)
        case c.AtLeast(_, operands):
            yield node
            for operand in operands:
                yield from _small_parts(operand, axes, content, most)
        case c.Not(operand) | c.IfUnknown(_, operand):
            yield from _small_parts(operand, axes, content, most)
        case _:
            raise AssertionError(f"{c.render(node)} alone has more than {most} combinations")


def _picks_by_truth_of_items(
    part: c.Node, axes: Sequence[Axis], content: Content, dice: np.random.Generator
) -> list[Picks]:
    assert isinstance(part, c.AtLeast), c.render(part)
    rows = 3 ** len(part.operands)
    picks = random_picks(axes, rows, dice)
    for number, item in enumerate(part.operands):
        keys = content.keys_read(item)
        places = [place for place, axis in enumerate(axes) if axis.finding.key in keys]
        inner = [axes[place] for place in places]
        inside = [_picks(place, inner, combinations(inner)) for place in range(len(inner))]
        given = truths(item, states_from(inner, inside), content)
        wanted = np.arange(rows) // 3**number % 3
        for truth in np.unique(given):
            at = np.flatnonzero(wanted == truth)
            chosen = dice.choice(np.flatnonzero(given == truth), at.size)
            for place, pick in zip(places, inside, strict=True):
                picks[place][at] = pick[chosen]
    return picks


def _contexts(
    whole: c.Node, part: c.Node, axes: Sequence[Axis], content: Content, dice: np.random.Generator
) -> list[tuple[int, ...]]:
    """Picks of all axes: first where the part decides the result, then any."""
    picks = random_picks(axes, 20_000, dice)
    states = states_from(axes, picks)
    met = truths(replaced(whole, part, c.Always()), states, content)
    unmet = truths(replaced(whole, part, c.Not(c.Always())), states, content)
    difference = np.abs(met - unmet)  # 2: also the step from no to unknown inside the part shows
    clearest = np.argsort(-difference, kind="stable")[:_DECIDING]
    rows = [*clearest[difference[clearest] > 0].tolist(), *range(_ANY)]
    return [tuple(int(pick[row]) for pick in picks) for row in rows]


def replaced(node: c.Node, part: c.Node, by: c.Node) -> c.Node:
    """The condition with one part (this very object) exchanged."""
    if node is part:
        return by
    match node:
        case c.Not(operand):
            return c.Not(replaced(operand, part, by))
        case c.IfUnknown(becomes, operand):
            return c.IfUnknown(becomes, replaced(operand, part, by))
        case c.All(operands):
            return c.All(tuple(replaced(operand, part, by) for operand in operands))
        case c.Any(operands):
            return c.Any(tuple(replaced(operand, part, by) for operand in operands))
        case c.AtLeast(needed, operands):
            return c.AtLeast(needed, tuple(replaced(operand, part, by) for operand in operands))
        case _:
            return node


def inline(node: c.Node, content: Content) -> c.Node:
    """The same condition with every term written out."""
    match node:
        case c.Flag(name) if name in content.terms:
            when = content.terms[name].when
            assert when is not None, name
            return inline(content.condition(when), content)
        case c.Compare(left, sign, right):
            return c.Compare(_inline_quantity(left, content), sign, _inline_quantity(right, content))
        case c.Not(operand):
            return c.Not(inline(operand, content))
        case c.IfUnknown(becomes, operand):
            return c.IfUnknown(becomes, inline(operand, content))
        case c.All(operands):
            return c.All(tuple(inline(operand, content) for operand in operands))
        case c.Any(operands):
            return c.Any(tuple(inline(operand, content) for operand in operands))
        case c.AtLeast(needed, operands):
            return c.AtLeast(needed, tuple(inline(item, content) for item in counted_items(operands, content)))
        case _:
            return node


def _inline_quantity(quantity: c.Quantity, content: Content) -> c.Quantity:
    match quantity:
        case c.Number(name) if name in content.terms:
            number = content.terms[name].number
            assert number is not None, name
            return c.parse_quantity(number)
        case _:
            return quantity


def _axis(finding: Finding, node: c.Node, content: Content) -> Axis:
    match finding.kind:
        case "flag":
            return Axis(finding, (finding.key,), ((0,), (1,), (2,)))
        case "choice":
            codes = sorted(range(len(finding.values)), key=lambda code: finding.values[code] != finding.absent)
            return Axis(finding, (finding.key,), tuple((code,) for code in (*codes, UNKNOWN_CODE)))
        case "number":
            return Axis(finding, (finding.key,), tuple((number,) for number in _probes(finding, node, content)))
        case _:
            names = _values_named(finding, node)
            held = [tuple(2 * (count >> place & 1) for place in range(len(names))) for count in range(2 ** len(names))]
            return Axis(finding, names, (*held, (1,) * len(names)))


def _values_named(finding: Finding, node: c.Node) -> tuple[str, ...]:
    if any(isinstance(part, c.NotEmpty) and part.finding == finding.key for part in c.walk(node)):
        return finding.values
    named = {part.value for part in c.walk(node) if isinstance(part, c.Contains) and part.finding == finding.key}
    return tuple(value for value in finding.values if value in named)


def _probes(finding: Finding, node: c.Node, content: Content) -> tuple[float, ...]:
    assert finding.number is not None
    step = 1.0 if finding.number.integer else BESIDE
    limits: set[float] = set()
    for part in c.walk(node):
        if isinstance(part, c.Compare) and finding.key in content.keys_read(part.left) | content.keys_read(part.right):
            limits |= {float(content.limit(side.id)) for side in (part.left, part.right) if isinstance(side, c.Limit)}
            limits |= _limits_of_arithmetic(finding.key, part, content)
    beside = {round(limit + shift, 6) for limit in limits for shift in (-step, 0.0, step)}
    possible = sorted(value for value in beside if finding.number.minimum <= value <= finding.number.maximum)
    return (*possible, math.nan)


def _limits_of_arithmetic(key: str, compare: c.Compare, content: Content) -> set[float]:
    """A divided finding meets the limit of its sum one unit of the divisor away: a year, for weeks."""
    return {
        float(content.limit(part.right.id))
        for part in c.walk(compare)
        if isinstance(part, c.Arithmetic)
        and part.operator == "/"
        and isinstance(part.right, c.Limit)
        and key in content.keys_read(part.left)
    }


def _picks(place: int, axes: Sequence[Axis], rows: int) -> Picks:
    stride = combinations(axes[:place])
    picks: Picks = np.arange(rows, dtype=np.intp) // stride % len(axes[place])
    return picks


def _put(states: States, finding: Finding, name: str, column: NDArray[np.float64]) -> None:
    match finding.kind:
        case "flag":
            states.flags[finding.key] = column.astype(np.int8)  # type: ignore[index]
        case "choice":
            states.choices[finding.key] = column.astype(np.int8)  # type: ignore[index]
        case "number":
            states.numbers[finding.key] = column.astype(np.float64)  # type: ignore[index]
        case _:
            states.lists[finding.key, name] = column.astype(np.int8)  # type: ignore[index]
