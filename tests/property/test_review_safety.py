"""What a review may never say, over generated answers and scores: safety first, and unknown is never no."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pytest

from upperback.care.review import OUTCOMES, ReviewOutcome, read_review_inputs, review
from upperback.care.triage.sampling import random_states, row_findings
from upperback.content.vocabulary import default_content

CONTENT = default_content()
STATES: Final = 4_000

#: From the one that lets a person go on to the one that sends for help.
RANK: Final = {outcome: rank for rank, outcome in enumerate(OUTCOMES)}


def scores(dice: np.random.Generator) -> dict[str, Any]:
    """Scores as a person may tell them; each may be missing."""
    every = {
        "week": float(dice.integers(0, 30)),
        "pgic": int(dice.integers(1, 8)),
        "nprs_baseline": float(dice.integers(0, 11)),
        "psfs_baseline": float(dice.integers(0, 31)) / 3,
        "psfs_now": float(dice.integers(0, 31)) / 3,
        "adherence_pct": float(dice.integers(0, 101)),
        "load_changes_tried": int(dice.integers(0, 5)),
        "previous_outcome": OUTCOMES[dice.integers(0, 4)],
    }
    return {name: value for name, value in every.items() if dice.random() < 0.8}


def reviewed(findings: dict[str, Any], told: dict[str, Any]) -> ReviewOutcome:
    """As the page does it: pain now is the pain of the safety check."""
    pain = findings.get("pain")
    now = {"nprs_now": float(pain)} if isinstance(pain, int | float) else {}
    return review(read_review_inputs({**told, **now, "findings": findings}, content=CONTENT), CONTENT)


def people(seed: int, *, quiet: float) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Findings and scores. Most generated people are ill in ten ways, so part of them is made quiet but for a few."""
    dice = np.random.default_rng(seed)
    states = random_states(CONTENT, STATES, dice)
    made = []
    for row in range(STATES):
        findings = dict(row_findings(states, row, CONTENT))
        if dice.random() < quiet:
            loud = set(dice.choice(list(findings), size=int(dice.integers(0, 3)), replace=False))
            findings = {key: value if key in loud else _quiet(key, value) for key, value in findings.items()}
        findings["age"] = findings["age"] if isinstance(findings.get("age"), int | float) else 45
        made.append((findings, scores(dice)))
    return made


def _quiet(key: str, value: Any = None) -> Any:
    """The value of somebody who has nothing of the kind; what has none, such as the age, stays."""
    absent = CONTENT.findings[key].absent
    if absent is None:
        return value
    return list(absent) if isinstance(absent, tuple) else absent


@pytest.mark.parametrize("quiet", [0.0, 0.9])
def test_nothing_goes_on_past_an_emergency_or_same_day_rule(quiet: float, tell: Callable[[str], None]) -> None:
    stopped = went_on = 0
    for findings, told in people(11, quiet=quiet):
        result = reviewed(findings, told)
        alarming = [state for state in result.decision.rules if state.rule.id[0] in "EU"]
        if alarming or result.decision.disposition == "gp_soon":
            assert result.outcome == "seek_medical_help", (findings, told, [state.rule.id for state in alarming])
            stopped += 1
        went_on += result.outcome in {"continue", "continue_and_adjust"}
    assert stopped
    assert went_on or not quiet
    tell(f"review: {STATES:,} people at {quiet:.0%} quiet, {stopped:,} sent for help by a rule, {went_on:,} go on")


def test_not_knowing_never_counts_as_no(tell: Callable[[str], None]) -> None:
    """A finding that is not known never takes back help that its quiet value would have brought."""
    dice = np.random.default_rng(12)
    compared = 0
    for findings, told in people(12, quiet=0.95)[:1500]:
        key = str(dice.choice([name for name in findings if _is_alarming(name)]))
        no, unknown = reviewed(findings | {key: _quiet(key)}, told), reviewed(findings | {key: "unknown"}, told)
        compared += 1
        if no.outcome == "seek_medical_help":
            assert unknown.outcome == "seek_medical_help", (key, findings, told)
        assert RANK[unknown.outcome] >= RANK[no.outcome], (key, no.row, unknown.row, findings, told)
    assert compared > 1000
    tell(f"review: {compared:,} pairs of no and not known, none less safe")


def _is_alarming(key: str) -> bool:
    """Findings that the law gives a direction; the others say what, not how bad."""
    return CONTENT.findings[key].law.group == "alarming" and key != "pain" and CONTENT.findings[key].absent is not None


def test_a_score_that_is_missing_helps_nobody_along() -> None:
    """Without a word on the whole nobody goes on unchanged; without a count of what was done nobody has tried."""
    for findings, told in people(13, quiet=1.0)[:1500]:
        silent = reviewed(findings, {name: value for name, value in told.items() if name != "pgic"})
        assert silent.outcome != "continue"
        for gone in ("adherence_pct", "load_changes_tried"):
            result = reviewed(findings, {name: value for name, value in told.items() if name != gone})
            assert result.effort != "committed"
        if not {"nprs_baseline", "psfs_baseline"} & set(told):
            assert not reviewed(findings, told).clear_gain


def test_the_control_finds_a_review_that_looks_at_the_rules_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upperback.care.review.HELP_FIRST", ())
    with pytest.raises(AssertionError):
        test_nothing_goes_on_past_an_emergency_or_same_day_rule(0.9, lambda _: None)
