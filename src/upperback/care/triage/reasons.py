"""Why a rule fired, and what would close one that is open: the answers behind a truth value."""

import re
from dataclasses import dataclass
from functools import lru_cache

from upperback.care.triage.facts import NEVER, UNKNOWN, Facts
from upperback.care.triage.rows import compiled_node, counted_items
from upperback.content import conditions as c
from upperback.content.models import Finding
from upperback.content.vocabulary import Content
from upperback.core.ternary import Ternary

#: Longer spans are told without a number; beyond the second one, as years. Words only: no rule reads these.
_WEEKS_TOLD = 12
_WEEKS_OF_YEARS = 104

#: "1 weeks" is one week.
_ONE_OF_MANY = re.compile(r"\b1 (week|day|hour|minute|fall|flare-up)s\b")

#: How a list says that nothing in it applies.
_NOTHING = "none"


@dataclass(frozen=True, slots=True)
class Reason:
    """One answer that made a difference: the finding, and the value that counted."""

    key: str
    value: bool | str | float | None


def reasons_for(node: c.Node, facts: Facts, content: Content) -> tuple[Reason, ...]:
    """The answers that make a condition what it is, each once, in the order of the rule text."""
    return tuple(dict.fromkeys(_reasons(node, facts, content)))


def closing_keys(node: c.Node, facts: Facts, content: Content) -> tuple[str, ...]:
    """The findings whose answers an unknown condition hangs on."""
    return tuple(dict.fromkeys(_closers(node, facts, content)))


def phrase_of(reason: Reason, finding: Finding) -> str:
    """The reason in plain words, completing "You told us that ..."."""
    if reason.value is None:
        return finding.said["unknown"]
    match finding.kind:
        case "flag":
            return finding.said["yes" if reason.value is True else "no"]
        case "number":
            assert isinstance(reason.value, int | float)
            return _with_number(finding.said["value"], reason.value)
        case _:
            return finding.said[str(reason.value)]


def _with_number(said: str, value: float) -> str:
    """The sentence with its number. A span of many weeks stands for a bracket, so it is told as months or years."""
    if value > _WEEKS_TOLD:
        said = said.replace("about {value} weeks", "years" if value > _WEEKS_OF_YEARS else "months")
    text = said.replace("{value}", f"{value:g}")
    return _ONE_OF_MANY.sub(r"1 \1", text) if value == 1 else text


def _reasons(node: c.Node, facts: Facts, content: Content) -> list[Reason]:
    state = compiled_node(node, content)(facts)
    match node:
        case c.Flag(name) if name in content.terms:
            when = content.terms[name].when
            assert when is not None
            return _reasons(content.condition(when), facts, content)
        case c.Contains(finding, value):
            return _of_list(finding, value, facts, content)
        case c.Not(operand) | c.IfUnknown(_, operand):
            return _reasons(operand, facts, content)
        case c.All(operands):
            return _joined(operands, facts, content, state)
        case c.Any(operands):
            return _joined(operands, facts, content, state)
        case c.AtLeast(_, operands):
            return _joined(counted_items(operands, content), facts, content, state)
        case c.Always():
            return []
        case _:
            return [reason for key in _keys_read(node, content) for reason in _values(key, facts)]


def _of_list(key: str, value: str, facts: Facts, content: Content) -> list[Reason]:
    """A value that is there, a list that is not known, or that there is nothing in it where words for that exist."""
    if key not in facts.present:
        return []
    held = facts.values[key]
    if held is None:
        return [Reason(key, None)]
    assert isinstance(held, frozenset), f"{key} is no list"
    if value in held:
        return [Reason(key, value)]
    return [Reason(key, _NOTHING)] if not held and _NOTHING in content.findings[key].said else []


def _joined(parts: tuple[c.Node, ...], facts: Facts, content: Content, state: int) -> list[Reason]:
    """The reasons of the parts that carry the result: those that share its truth value."""
    carrying = [part for part in parts if compiled_node(part, content)(facts) == state]
    return [reason for part in carrying for reason in _reasons(part, facts, content)]


def _values(key: str, facts: Facts) -> list[Reason]:
    if key not in facts.present:
        return []
    value = facts.values[key]
    if key not in facts.given or value is None or value == NEVER:
        return [Reason(key, None)]
    match value:
        case frozenset():
            return [Reason(key, item) for item in sorted(value - {UNKNOWN})]
        case Ternary():
            return [Reason(key, value is Ternary.YES)]
        case _:
            return [Reason(key, value)]


def _closers(node: c.Node, facts: Facts, content: Content) -> list[str]:
    if compiled_node(node, content)(facts) != Ternary.UNKNOWN:
        return []
    match node:
        case c.Flag(name) if name in content.terms:
            when = content.terms[name].when
            assert when is not None
            return _closers(content.condition(when), facts, content)
        case c.Not(operand) | c.IfUnknown(_, operand):
            return _closers(operand, facts, content)
        case c.All(operands) | c.Any(operands):
            return [key for part in operands for key in _closers(part, facts, content)]
        case c.AtLeast(_, operands):
            return [key for part in counted_items(operands, content) for key in _closers(part, facts, content)]
        case _:
            return [key for key in _keys_read(node, content) if _is_unknown(facts, key)]


@lru_cache(maxsize=4096)
def _keys_read(node: c.Node, content: Content) -> tuple[str, ...]:
    """In the order of the dictionary: a set's own order differs from process to process."""
    read = content.keys_read(node)
    return tuple(key for key in content.findings if key in read)


def _is_unknown(facts: Facts, key: str) -> bool:
    value = facts.values[key]
    return value is None or value is Ternary.UNKNOWN or (isinstance(value, frozenset) and UNKNOWN in value)
