"""Findings about one person, read strictly and made ready for the evaluators."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

from upperback.content.models import Finding
from upperback.content.vocabulary import Content
from upperback.core.errors import InputError, quoted
from upperback.core.ternary import Ternary

AbsentMeans = Literal["unknown", "no"]

#: How an unknown answer is written. `null` is refused: it could mean anything.
UNKNOWN = "unknown"

#: "Does not apply": a number whose every comparison is no.
NEVER = math.inf

#: How it is written. Only numbers whose finding says so can have it.
NEVER_WORD = "never"

#: A finding's value: a truth for flags, a word for choices, words for lists, a number, or None for unknown. A choice
#: that is known in part is the named word and UNKNOWN: that one is sure, those above it on the ladder are not known.
Value = Ternary | str | frozenset[str] | float | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a person.

    raw: the findings as given. values: one entry per finding of the dictionary, absence and the finding's own
    reading of an unknown already applied. given: keys with a known value. present: keys that were answered at
    all, "not sure" included. terms: truths of derived terms, kept by the evaluator once worked out.
    """

    raw: Mapping[str, Any]
    values: Mapping[str, Value]
    given: frozenset[str]
    present: frozenset[str]
    absent_means: AbsentMeans
    terms: dict[str, int] = field(default_factory=dict, repr=False, compare=False)


def read_findings(
    raw: Mapping[str, object],
    *,
    content: Content,
    absent: AbsentMeans = "unknown",
    tasks: Iterable[str] = (),
    age_required: bool = True,
) -> Facts:
    """Findings as the engine reads them.

    Parameters
    ----------
    raw : key -> value, keys and values of the findings dictionary; "unknown" is allowed for every key
    absent : what a missing key means: not answered, or asked and answered no / none / normal / empty
    tasks : the person's named tasks as values of the `tasks` finding, e.g. `lm_sit`
    age_required : a missing age is refused; the first page of the safety check reads without it

    Raises
    ------
    InputError : unknown key, wrong type, impossible value, missing age. The message names key and value.
    """
    values = dict(_when_absent(content, absent))
    answerable = content.answerable
    for key, given in raw.items():
        finding = answerable.get(key)
        if finding is None:
            raise InputError(f"there is no finding called {quoted(key)}", key=quoted(key))
        check_value(finding, given)
        values[key] = _effective(finding, given)
    if age_required and "age" not in raw:
        raise InputError("the key age is missing; it is always needed", key="age")
    values["tasks"] = frozenset(tasks)
    return Facts(
        raw=MappingProxyType(dict(raw)),
        values=values,
        given=frozenset([key for key, given in raw.items() if given != UNKNOWN]),
        present=frozenset(raw),
        absent_means=absent,
    )


def check_value(finding: Finding, value: object) -> None:
    """Refuses a value the finding cannot have. Raises InputError naming key and value."""
    if isinstance(value, str) and value == UNKNOWN:
        return
    expected = _EXPECTED[finding.kind](finding, value)
    if expected is not None:
        raise InputError(f"{finding.key}: {quoted(value)} is not possible; expected {expected}", key=finding.key)


def _flag_problem(_: Finding, value: object) -> str | None:
    return None if isinstance(value, bool) else 'true, false or "unknown"'


def _choice_problem(finding: Finding, value: object) -> str | None:
    if isinstance(value, list | tuple) and len(value) == 2 and UNKNOWN in value and finding.law.group == "alarming":
        value = next((item for item in value if item != UNKNOWN), None)  # known in part
    return None if isinstance(value, str) and value in finding.values else f"one of {', '.join(finding.values)}"


def _list_problem(finding: Finding, value: object) -> str | None:
    known = (*finding.values, UNKNOWN)  # beside named values: named ones are sure, the others are not known
    good = isinstance(value, list | tuple) and all(isinstance(item, str) and item in known for item in value)
    return None if good else f"a list of any of {', '.join(finding.values)}"


def _number_problem(finding: Finding, value: object) -> str | None:
    limits = finding.number
    assert limits is not None, f"{finding.key} has no range"
    if value == NEVER_WORD and NEVER_WORD in (finding.absent, finding.unknown_as):
        return None
    if (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and limits.minimum <= value <= limits.maximum  # also refuses NaN
        and (not limits.integer or value == int(value))
    ):
        return None
    return f"{'a whole number' if limits.integer else 'a number'} from {limits.minimum} to {limits.maximum}"


_EXPECTED = {
    "flag": _flag_problem,
    "choice": _choice_problem,
    "list": _list_problem,
    "number": _number_problem,
}


@lru_cache(maxsize=8)
def _when_absent(content: Content, absent: AbsentMeans) -> Mapping[str, Value]:
    """What every finding is read as where nothing was given."""
    return MappingProxyType(
        {
            key: _effective(finding, finding.absent if absent == "no" else None)
            for key, finding in content.findings.items()
        }
    )


def _effective(finding: Finding, given: object) -> Value:
    """The value the rules read: the finding's own reading of an unknown already applied."""
    if given is None or (isinstance(given, str) and given == UNKNOWN):
        given = finding.unknown_as
    return to_value(finding, given)


def to_value(finding: Finding, given: Any) -> Value:
    """A raw value as the evaluators hold it; None where it is unknown."""
    match finding.kind:
        case "flag":
            return Ternary.of(given)
        case "list":
            return None if given is None else frozenset(given)
        case "number":
            return NEVER if given == NEVER_WORD else None if given is None else float(given)
        case _:
            return None if given is None else frozenset(given) if isinstance(given, list | tuple) else str(given)


def rung(finding: Finding, value: str) -> int:
    """The place of a choice on the ladder of the law, the least alarming one first; -1 where there is no ladder."""
    return next((place for place, step in enumerate(finding.law.steps) if value in step), -1)


def above(finding: Finding, value: str) -> frozenset[str]:
    """The values of a choice that are more alarming than this one."""
    return frozenset(other for other in finding.values if rung(finding, other) > rung(finding, value))
