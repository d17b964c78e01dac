"""Generated states: from almost empty to dense, with and without unknowns, numbers close to every limit.

The ground for the proofs of the law, for the change report and for the bench. The dice are an argument.
"""

import numpy as np
from numpy.typing import NDArray

from upperback.care.triage.columns import UNKNOWN_CODE, States
from upperback.care.triage.facts import UNKNOWN
from upperback.content import conditions as c
from upperback.content.check import conditions_of
from upperback.content.models import Finding
from upperback.content.vocabulary import Content

#: How far a generated number lies beside a limit.
_BESIDE = 0.4

Rates = NDArray[np.float32]


def random_states(content: Content, rows: int, dice: np.random.Generator) -> States:
    """States over all findings that triage reads.

    Every row has its own density (how many findings are not at their first value) and its own rate of
    unknowns; two rows in five know everything. Age is always known.
    """
    density = _density(rows, dice)
    unknown = _unknown_rate(rows, dice)
    states = States(rows, {}, {}, {}, {})
    near = values_near_limits(content)
    for key in content.triage_keys:
        finding = content.findings[key]
        rate = np.zeros(rows, dtype=np.float32) if finding.required else unknown
        _add(states, finding, density, rate, near.get(key, ()), dice)
    return states


def row_findings(states: States, row: int, content: Content) -> dict[str, object]:
    """One row as findings, the way a caller would write them; unknowns are written out."""
    findings: dict[str, object] = {}
    for key in content.triage_keys:
        finding = content.findings[key]
        match finding.kind:
            case "flag":
                findings[key] = {0: False, 1: "unknown", 2: True}[int(states.flags[key][row])]
            case "choice":
                code = int(states.choices[key][row])
                findings[key] = _choice(finding, code)
            case "number":
                number = float(states.numbers[key][row])
                findings[key] = "unknown" if np.isnan(number) else _plain(number, finding)
            case _:
                truths = {value: int(states.lists[key, value][row]) for value in finding.values}
                unknown = 1 in truths.values()
                findings[key] = "unknown" if unknown else [value for value, truth in truths.items() if truth == 2]
    return findings


def _choice(finding: Finding, code: int) -> object:
    if code == UNKNOWN_CODE:
        return UNKNOWN
    return finding.values[code] if code >= 0 else [finding.values[UNKNOWN_CODE - 1 - code], UNKNOWN]


def values_near_limits(content: Content) -> dict[str, tuple[float, ...]]:
    """For each number finding, the limits it is compared with and values just beside them."""
    found: dict[str, set[float]] = {}
    for place, text in conditions_of(content):
        if not place.startswith(("rules/", "terms ")):
            continue
        for part in c.walk(content.condition(text)):
            if isinstance(part, c.Compare):
                limits = [content.limit(side.id) for side in (part.left, part.right) if isinstance(side, c.Limit)]
                for key in content.keys_read(part.left) | content.keys_read(part.right):
                    found.setdefault(key, set()).update(float(limit) for limit in limits)
    return {key: _beside(limits, content.findings[key]) for key, limits in found.items() if key in content.findings}


def _beside(limits: set[float], finding: Finding) -> tuple[float, ...]:
    assert finding.number is not None
    step = 1.0 if finding.number.integer else _BESIDE
    values = {limit + shift for limit in limits for shift in (-step, 0.0, step)}
    return tuple(sorted(value for value in values if finding.number.minimum <= value <= finding.number.maximum))


def _density(rows: int, dice: np.random.Generator) -> Rates:
    """Most people have few findings; some rows are dense, so that rules meet each other."""
    sparse = dice.beta(0.6, 12.0, rows)
    dense = dice.beta(1.0, 1.5, rows)
    density: Rates = np.where(dice.random(rows) < 0.7, sparse, dense).astype(np.float32)
    return density


def _unknown_rate(rows: int, dice: np.random.Generator) -> Rates:
    rate = dice.beta(0.5, 4.0, rows)
    unknown: Rates = np.where(dice.random(rows) < 0.4, 0.0, rate).astype(np.float32)
    return unknown


def _add(
    states: States, finding: Finding, density: Rates, unknown: Rates, near: tuple[float, ...], dice: np.random.Generator
) -> None:
    rows = states.rows
    present = dice.random(rows, dtype=np.float32) < density
    missing = dice.random(rows, dtype=np.float32) < unknown
    match finding.kind:
        case "flag":
            column = np.where(missing, np.int8(1), np.where(present, np.int8(2), np.int8(0)))
            states.flags[finding.key] = column  # type: ignore[index]
        case "choice":
            any_value = dice.integers(0, len(finding.values), rows, dtype=np.int8)
            quiet = np.int8(finding.values.index(str(finding.absent))) if finding.absent else any_value
            codes = np.where(present, any_value, quiet)
            states.choices[finding.key] = np.where(missing, np.int8(UNKNOWN_CODE), codes)  # type: ignore[index]
        case "number":
            states.numbers[finding.key] = np.where(missing, np.nan, _numbers(finding, present, near, dice))  # type: ignore[index]
        case _:
            for value in finding.values:
                ticked = present & (dice.random(rows, dtype=np.float32) < 0.4)
                truths = np.where(missing, np.int8(1), np.where(ticked, np.int8(2), np.int8(0)))
                states.lists[finding.key, value] = truths  # type: ignore[index]


def _numbers(
    finding: Finding, present: NDArray[np.bool_], near: tuple[float, ...], dice: np.random.Generator
) -> NDArray[np.float64]:
    """Near a limit, anywhere in a plausible range, or at the quiet end."""
    assert finding.number is not None
    rows = present.size
    low, high = float(finding.number.minimum), min(float(finding.number.maximum), max(near, default=10.0) * 2 + 1)
    anywhere = dice.uniform(low, high, rows)
    if finding.number.integer:
        anywhere = np.floor(anywhere)
    close = dice.choice(np.array(near), rows) if near else anywhere
    numbers = np.where(dice.random(rows) < 0.6, close, anywhere)
    quiet = high if finding.law.worse == "down" else low
    return numbers if finding.required else np.where(present | (dice.random(rows) < 0.3), numbers, quiet)


def _plain(number: float, finding: Finding) -> float | int:
    assert finding.number is not None
    return int(number) if finding.number.integer else number
