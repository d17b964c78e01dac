"""What a new content release changes: which states come out differently, and in which direction.

A lowered disposition needs a named clinical approval before a release; this report is what the approval names.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from upperback.care.triage import decide, read_findings
from upperback.care.triage.columns import (
    UNKNOWN_CODE,
    States,
    by_code,
    decide_states,
    in_part_code,
    states_from_findings,
)
from upperback.care.triage.decision import ORDER
from upperback.care.triage.facts import check_value
from upperback.care.triage.sampling import random_states, row_findings
from upperback.content.vocabulary import Content
from upperback.core.errors import InputError

#: How many states of each move are written out in the text of the report.
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class MovedState:
    """A state whose disposition differs between two releases."""

    findings: dict[str, object]
    before: str
    after: str
    rules_before: tuple[str, ...]
    rules_after: tuple[str, ...]

    @property
    def lowered(self) -> bool:
        """Whether the newer release is less urgent."""
        return ORDER.index(self.after) < ORDER.index(self.before)

    def record(self) -> dict[str, Any]:
        """As plain data; findings at their quiet value are left out."""
        return {
            "before": self.before,
            "after": self.after,
            "lowered": self.lowered,
            "rules_before": list(self.rules_before),
            "rules_after": list(self.rules_after),
            "findings": self.findings,
        }


def moved_states(old: Content, new: Content, *, states: int, dice: np.random.Generator) -> Iterator[MovedState]:
    """Every stored case of both releases, then generated states, that come out differently."""
    cases = [case.findings for content in (old, new) for rule in content.rules.values() for case in rule.cases]
    yield from _moved(states_from_findings(cases, new, absent="no"), old, new)
    remaining = states
    while remaining > 0:
        rows = min(remaining, 250_000)
        yield from _moved(random_states(new, rows, dice), old, new)
        remaining -= rows


def report_text(moved: Iterator[MovedState], *, looked_at: int) -> str:
    """The report for people: how many moved where, with a few of each written out."""
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], list[MovedState]] = {}
    for state in moved:
        move = (state.before, state.after)
        counts[move] += 1
        examples.setdefault(move, [])
        if len(examples[move]) < _EXAMPLES:
            examples[move].append(state)
    lowered = sum(count for (before, after), count in counts.items() if _urgency(after) < _urgency(before))
    lines = [f"{looked_at} states looked at, {sum(counts.values())} moved, {lowered} of them lowered."]
    for (before, after), count in counts.most_common():
        lines += ["", f"{count} from {before} to {after}{_mark(before, after)}"]
        lines += [f"  {_difference(state)}: {_short(state.findings)}" for state in examples[before, after]]
    if lowered:
        lines += ["", "Each lowered disposition needs a clinical approval by name before this is released."]
    return "\n".join(lines)


def _moved(states: States, old: Content, new: Content) -> Iterator[MovedState]:
    before = decide_states(_as_read_by(old, states, new), old).urgency
    after = decide_states(states, new).urgency
    for row in np.flatnonzero(before != after):
        findings = row_findings(states, int(row), new)
        yield MovedState(
            findings=_loud(findings, new),
            before=ORDER[before[row]],
            after=ORDER[after[row]],
            rules_before=_fired(findings, old),
            rules_after=_fired(findings, new),
        )


def _as_read_by(reader: Content, states: States, writer: Content) -> States:
    """States with the codes of another release's choices. A value that the reader does not have is unknown to it."""
    choices = {}
    for key, codes in states.choices.items():
        known = reader.findings[key].values if key in reader.findings else ()
        places = [known.index(value) if value in known else UNKNOWN_CODE for value in writer.findings[key].values]
        in_part = [UNKNOWN_CODE if place == UNKNOWN_CODE else in_part_code(place) for place in places]
        choices[key] = np.array(by_code(places, in_part, UNKNOWN_CODE), dtype=np.int8)[codes]
    return replace(states, choices=choices)


def _fired(findings: dict[str, object], content: Content) -> tuple[str, ...]:
    readable = {
        key: value for key, value in findings.items() if key in content.answerable and _fits(key, value, content)
    }
    facts = read_findings(readable, content=content, age_required=False)
    return tuple(state.rule.id for state in decide(facts, content).rules)


def _fits(key: str, value: object, content: Content) -> bool:
    """Whether a release knows such a value; to an older one a new value is an unknown answer."""
    try:
        check_value(content.answerable[key], value)
    except InputError:
        return False
    return True


def _loud(findings: dict[str, object], content: Content) -> dict[str, object]:
    return {key: value for key, value in findings.items() if value != _quiet(content, key)}


def _quiet(content: Content, key: str) -> object:
    absent = content.findings[key].absent
    return list(absent) if isinstance(absent, tuple) else absent


def _urgency(disposition: str) -> int:
    return ORDER.index(disposition)


def _mark(before: str, after: str) -> str:
    return "   LOWERED" if _urgency(after) < _urgency(before) else ""


def _difference(state: MovedState) -> str:
    gone = sorted(set(state.rules_before) - set(state.rules_after))
    come = sorted(set(state.rules_after) - set(state.rules_before))
    return " ".join([*(f"-{id}" for id in gone), *(f"+{id}" for id in come)]) or "same rules, other level"


def _short(findings: dict[str, object], most: int = 12) -> str:
    parts = [f"{key}={value}" for key, value in findings.items()]
    return ", ".join(parts[:most]) + (f", and {len(parts) - most} more" if len(parts) > most else "")
