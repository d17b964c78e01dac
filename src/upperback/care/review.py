"""The six-week review: a pure function from a few numbers and a new safety check to what comes next."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from upperback.care.plan.words import fill
from upperback.care.scores import (
    nprs_has_gained,
    nprs_has_worsened,
    psfs_has_gained,
    psfs_has_worsened,
)
from upperback.care.triage import AbsentMeans, Decision, Facts, decide, read_findings, truth
from upperback.care.triage.decision import most_urgent
from upperback.content.models import Disposition, ReviewRow
from upperback.content.vocabulary import Content
from upperback.core.errors import InputError, quoted
from upperback.core.ternary import Ternary

Outcome = Literal["continue", "continue_and_adjust", "refer_physio", "seek_medical_help"]
Effort = Literal["committed", "partly", "low"]

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

#: Results of the safety check that come before everything else. An open emergency or same-day rule leads here too.
HELP_FIRST: tuple[Disposition, ...] = ("emergency_now", "urgent_same_day", "gp_soon")

#: What makes getting worse a matter for the doctor, beside age. Nobody asked about a trigger counts as one known.
UNEXPLAINED = "night_pain == second_half or pattern == non_mechanical or not yes_if_unknown(trigger_known)"

#: Rows that, met again at the second review, lead to a physiotherapist.
_NOT_TWICE = frozenset({7, 9, 11})

_SECOND_REVIEW = "This is the second review with the same result, so a physiotherapist is the next step."
_NO_FEELING = "You did not say how you feel overall. So we go by your scores, and look again soon."


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewInputs:
    """What a review looks at. None is "not given"; scores are never made up from missing ones.

    facts: the new safety check, with pain as it is now. pgic: overall change, 1 very much better to 7 very much worse.
    nprs: pain 0-10. psfs: mean of the own activities 0-10, 10 is as well as before.
    """

    facts: Facts
    week: float | None = None
    previous_outcome: Outcome | None = None
    pgic: int | None = None
    nprs_baseline: float | None = None
    nprs_now: float | None = None
    psfs_baseline: float | None = None
    psfs_now: float | None = None
    adherence_pct: float | None = None
    load_changes_tried: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewOutcome:
    """What comes next and why. `row` is the row of the review table that decided."""

    outcome: Outcome
    row: int
    why: str
    next: tuple[str, ...]
    recheck_days: int | None
    decision: Decision
    effort: Effort
    sources: tuple[str, ...]
    clear_gain: bool
    measure_drop: bool


@dataclass(frozen=True, slots=True)
class _Measures:
    """What the scores say."""

    clear_gain: bool
    drop: bool


def review(inputs: ReviewInputs, content: Content) -> ReviewOutcome:
    """The first row of the review table that fits.

    Rows 1 to 11 in order: safety first, then worse, finished, better, the same, slightly worse. Without an answer on
    overall change the scores alone decide and the result is `continue_and_adjust`. Rows 7, 9 and 11 at a second
    review lead to a physiotherapist.
    """
    decision = decide(inputs.facts, content)
    measures = _measures(inputs, content)
    effort = effort_of(inputs, content)
    number = _row(inputs, decision, measures, effort, content)
    row = next(item for item in content.release.review if item.row == number)
    outcome: Outcome = row.outcome
    why = row.why
    if inputs.pgic is None and outcome != "seek_medical_help":
        why = _NO_FEELING  # the row's own words speak of a feeling that was not given
    elif number in _NOT_TWICE and _is_second(inputs, content):
        outcome, why = "refer_physio", f"{why} {_SECOND_REVIEW}"
    return ReviewOutcome(
        outcome=outcome,
        row=number,
        why=why,
        next=_next(row, outcome, content),
        recheck_days=int(content.limit_of(row.recheck_days)) if row.recheck_days and outcome == row.outcome else None,
        decision=decision,
        effort=effort,
        sources=row.sources,
        clear_gain=measures.clear_gain,
        measure_drop=measures.drop,
    )


def effort_of(inputs: ReviewInputs, content: Content) -> Effort:
    """How much of the plan was really tried; what is not known does not count as done."""
    done = inputs.adherence_pct
    if done is not None and done >= content.limit("review_committed_pct") and inputs.load_changes_tried:
        return "committed"
    return "partly" if done is not None and done >= content.limit("review_partly_pct") else "low"


def _row(inputs: ReviewInputs, decision: Decision, measures: _Measures, effort: Effort, content: Content) -> int:
    if decision.disposition in HELP_FIRST:
        return 1
    if inputs.pgic is None:
        return _row_without_pgic(measures)
    return _row_with_pgic(inputs.pgic, inputs, measures, effort, content)


def _row_without_pgic(measures: _Measures) -> int:
    """A drop is looked at again soonest; a drop beside a gain is still a drop."""
    if measures.drop:
        return 11
    return 7 if measures.clear_gain else 9


def _row_with_pgic(pgic: int, inputs: ReviewInputs, measures: _Measures, effort: Effort, content: Content) -> int:
    same = content.limit("review_same_pgic")
    if pgic >= content.limit("review_worse_pgic") or (pgic >= same and measures.drop):
        return 2 if _needs_a_doctor(inputs.facts, content) else 3
    if _is_finished(pgic, inputs, content):
        return 4
    if pgic <= content.limit("review_improved_pgic"):
        return 6 if measures.drop else 5
    committed = effort == "committed"
    if pgic <= same:
        return 7 if measures.clear_gain else 8 if committed else 9
    return 10 if committed else 11


def _needs_a_doctor(facts: Facts, content: Content) -> bool:
    """Worse at 50 or over, or in a way that nothing explains. Not sure about the nights does not rule it out."""
    age = facts.values["age"]
    older = not isinstance(age, float) or age >= content.limit("review_gp_age")
    return older or truth(UNEXPLAINED, facts, content) is not Ternary.NO


def _is_finished(pgic: int, inputs: ReviewInputs, content: Content) -> bool:
    return (
        pgic <= content.limit("review_much_improved_pgic")
        and inputs.nprs_now is not None
        and inputs.nprs_now <= content.limit("review_finish_nprs")
        and inputs.psfs_now is not None
        and inputs.psfs_now >= content.limit("review_finish_psfs")
    )


def _measures(inputs: ReviewInputs, content: Content) -> _Measures:
    points, share = content.limit("review_nprs_points"), content.limit("review_nprs_share")
    steps = content.limit("review_psfs_points")
    nprs = inputs.nprs_baseline, inputs.nprs_now
    psfs = inputs.psfs_baseline, inputs.psfs_now
    return _Measures(
        clear_gain=nprs_has_gained(*nprs, points=points, share=share) or psfs_has_gained(*psfs, points=steps),
        drop=nprs_has_worsened(*nprs, points=points) or psfs_has_worsened(*psfs, points=steps),
    )


def _is_second(inputs: ReviewInputs, content: Content) -> bool:
    late = inputs.week is not None and inputs.week >= content.limit("review_second_week")
    return late and inputs.previous_outcome == "continue_and_adjust"


def _next(row: ReviewRow, outcome: Outcome, content: Content) -> tuple[str, ...]:
    """What to do now: of the row itself, or of the row that leads to a physiotherapist for the same feeling."""
    if outcome == row.outcome:
        return row.next
    return next(item for item in content.release.review if item.outcome == outcome and item.row == 8).next


def review_record(result: ReviewOutcome, content: Content, region: str | None = None) -> dict[str, Any]:
    """The stable keys of the `review` contract, in its order, then more. Services by their name in the region."""
    services = content.service_table(region)
    return {
        "outcome": result.outcome,
        "row": result.row,
        "why": fill(result.why, services),
        "next": [fill(line, services) for line in result.next],
        "recheck_days": result.recheck_days,
        "disposition": _disposition(result),
        "complete": result.decision.complete,
        "rules": [state.rule.id for state in result.decision.fired],
        "effort": result.effort,
        "clear_gain": result.clear_gain,
        "measure_drop": result.measure_drop,
        "source": list(result.sources),
        "release": result.decision.release,
        "release_sha256": result.decision.release_sha256,
    }


def _disposition(result: ReviewOutcome) -> Disposition:
    """Of the safety check; where the review itself sends to a doctor, at least the GP."""
    floor: list[Disposition] = ["gp_soon"] if result.outcome == "seek_medical_help" else []
    return most_urgent([result.decision.disposition, *floor])


# ---- reading -----------------------------------------------------------------------------------------------------


def read_review_inputs(raw: Mapping[str, object], *, content: Content, absent: AbsentMeans = "unknown") -> ReviewInputs:
    """Inputs as the review reads them. `age` and `nprs_now` go into the safety check, as `age` and `pain`.

    Parameters
    ----------
    raw : week, previous_outcome, age, pgic, nprs_baseline, nprs_now, psfs_baseline, psfs_now, adherence_pct,
        load_changes_tried (true, false, or how many tasks were changed), findings. All but the age may be missing or
        null; the age may stand among the findings instead
    absent : what a finding that is missing means, as in triage

    Raises
    ------
    InputError : unknown key, wrong type, impossible value. The message names key and value.
    """
    for key in raw:
        if key not in _READERS and key not in ("age", "findings"):
            raise InputError(f"inputs: there is no key called {quoted(key)}", key=key[:60])
    given = {key: raw[key] for key in _READERS if raw.get(key) is not None}
    values = {key: _READERS[key](f"inputs.{key}", value) for key, value in given.items()}
    tried = values.get("load_changes_tried")
    if tried is not None and not isinstance(tried, bool):
        values["load_changes_tried"] = tried >= content.limit("review_load_changes")
    return ReviewInputs(facts=_facts(raw, values.get("nprs_now"), content, absent), **values)


def _facts(raw: Mapping[str, object], nprs_now: float | None, content: Content, absent: AbsentMeans) -> Facts:
    findings = raw.get("findings", {})
    if not isinstance(findings, Mapping):
        raise InputError(f"inputs.findings: {quoted(findings)} is not possible; expected an object", key="findings")
    merged = dict(findings)
    if "age" in raw:
        if "age" in merged and merged["age"] != raw["age"]:
            raise InputError(f"inputs.age: {quoted(raw['age'])} differs from the age in findings", key="age")
        merged["age"] = raw["age"]
    if nprs_now is not None:
        merged["pain"] = nprs_now
    return read_findings(merged, content=content, absent=absent)


def _number(least: float, most: float) -> Callable[[str, object], float]:
    def read(key: str, value: object) -> float:
        good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not good or not least <= value <= most:  # type: ignore[operator]  # a number where it is good
            message = f"{key}: {quoted(value)} is not possible; expected a number from {least:g} to {most:g}"
            raise InputError(message, key=key)
        return float(value)  # type: ignore[arg-type]

    return read


def _as_whole(value: object, least: int, most: int) -> int | None:
    """A whole number within the bounds, also written 3.0, as some programs do; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        return None
    return int(value) if value == int(value) else None


def _whole(least: int, most: int) -> Callable[[str, object], int]:
    def read(key: str, value: object) -> int:
        whole = _as_whole(value, least, most)
        if whole is None:
            message = f"{key}: {quoted(value)} is not possible; expected a whole number from {least} to {most}"
            raise InputError(message, key=key)
        return whole

    return read


def _truth_or_count(key: str, value: object) -> bool | int:
    if isinstance(value, bool):
        return value
    count = _as_whole(value, 0, _MOST_CHANGES)
    if count is None:
        expected = f"true, false, or how many from 0 to {_MOST_CHANGES}"
        raise InputError(f"{key}: {quoted(value)} is not possible; expected {expected}", key=key)
    return count


def _outcome(key: str, value: object) -> Outcome:
    for outcome in OUTCOMES:
        if value == outcome:
            return outcome
    raise InputError(f"{key}: {quoted(value)} is not possible; expected one of {', '.join(OUTCOMES)}", key=key)


_MOST_CHANGES = 100

_READERS: dict[str, Callable[[str, object], Any]] = {
    "week": _number(0, 520),
    "previous_outcome": _outcome,
    "pgic": _whole(1, 7),
    "nprs_baseline": _number(0, 10),
    "nprs_now": _number(0, 10),
    "psfs_baseline": _number(0, 10),
    "psfs_now": _number(0, 10),
    "adherence_pct": _number(0, 100),
    "load_changes_tried": _truth_or_count,
}
