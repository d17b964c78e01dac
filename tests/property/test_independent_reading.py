"""The rules in the content against a second reading of the clinical reference sheet: no difference anywhere.

The quick run takes 400,000 generated states through the columns, and 200,000 of them through the evaluator that decides
about people; `just proofs-long` takes 5,000,000 (or UPPERBACK_READING_STATES) and 200,000.
"""

import os
from collections.abc import Callable

import numpy as np
import pytest

from tests.property import independent_reading as sheet
from upperback.care.triage import decide, read_findings
from upperback.care.triage.columns import States, decide_states, states_from_findings
from upperback.care.triage.decision import ORDER
from upperback.care.triage.rows import compiled
from upperback.care.triage.sampling import random_states, row_findings
from upperback.content.vocabulary import OPEN_EMERGENCY_RULE, Content, default_content

CONTENT = default_content()
VALUES = {key: finding.values for key, finding in CONTENT.findings.items()}

_ROWS_AT_ONCE = 50_000
#: How many of them go one by one; what a rule makes of each combination of its answers stands in test_atoms.
_ONE_BY_ONE = 25_000


def differences(states: States, content: Content = CONTENT) -> list[str]:
    """Rules and dispositions that come out differently in the columns, each with how often."""
    expected = sheet.read(states, VALUES)
    decided = decide_states(states, content, keep_rules=True)
    counted = {id: int(np.count_nonzero(truth != expected.rules[id])) for id, truth in decided.rules.items()}
    counted["the disposition"] = int(np.count_nonzero(decided.urgency != expected.urgency))
    return [f"{name}: {count} of {states.rows}" for name, count in counted.items() if count]


def row_differences(states: States, content: Content = CONTENT) -> list[str]:
    """The same for the evaluator that decides about people, with the days."""
    expected = sheet.read(states, VALUES)
    names = list(expected.rules)
    rules = np.stack([expected.rules[id] for id in names], axis=1).tolist()
    urgency, days = expected.urgency.tolist(), expected.days.tolist()
    found = []
    for row in range(states.rows):
        decision = decide(read_findings(row_findings(states, row, content), content=content), content)
        truths = dict.fromkeys(names, 0)
        truths |= {state.rule.id: 1 for state in decision.open}
        truths |= {state.rule.id: 2 for state in decision.fired}
        differ = [id for id, truth in zip(names, rules[row], strict=True) if truths[id] != truth]
        if differ or decision.disposition != ORDER[urgency[row]] or (decision.within_days or 0) != days[row]:
            telling = row_findings(states, row, content)
            found.append(f"{differ} {decision.disposition} {decision.within_days}: {telling}")
    return found


def first(states: States, rows: int) -> States:
    """The first ones; the rows of a sample do not depend on each other."""
    return States(
        rows,
        flags={key: column[:rows] for key, column in states.flags.items()},
        choices={key: column[:rows] for key, column in states.choices.items()},
        lists={key: column[:rows] for key, column in states.lists.items()},
        numbers={key: column[:rows] for key, column in states.numbers.items()},
    )


def test_both_say_which_rules_there_are_and_at_which_level() -> None:
    assert set(CONTENT.rules) == {*sheet.RULES, OPEN_EMERGENCY_RULE}
    for id, rule in CONTENT.rules.items():
        assert ORDER.index(rule.disposition) == sheet.LEVEL_OF[id[0]], id


class Listening(sheet.Reading):
    """A reading that remembers which findings it was asked for."""

    def __init__(self, states: States) -> None:
        super().__init__(states, VALUES)
        self.asked: set[str] = set()

    def flag(self, key: str) -> sheet.Truths:
        self.asked.add(key)
        return super().flag(key)

    def is_(self, key: str, *values: str) -> sheet.Truths:
        self.asked.add(key)
        return super().is_(key, *values)

    def has(self, key: str, value: str) -> sheet.Truths:
        self.asked.add(key)
        return super().has(key, value)

    def number(self, key: str) -> sheet.Numbers:
        self.asked.add(key)
        return super().number(key)


@pytest.mark.parametrize("id", sheet.RULES)
def test_a_rule_reads_the_findings_that_the_sheet_names(id: str) -> None:
    """No more and no fewer, so that all combinations of its answers are all there is to a rule."""
    reading = Listening(random_states(CONTENT, 1, np.random.default_rng(0)))
    sheet.RULES[id](reading)
    assert CONTENT.keys_read(CONTENT.condition(CONTENT.rules[id].when)) == reading.asked


def test_generated_states_come_out_the_same(tell: Callable[[str], None]) -> None:
    """Both evaluators: every rule, the disposition, and in how many days."""
    columns, rows = 400_000, 0
    for seed in range(columns // _ROWS_AT_ONCE):
        sample = random_states(CONTENT, _ROWS_AT_ONCE, np.random.default_rng(24_00 + seed))
        assert differences(sample) == []
        assert row_differences(first(sample, _ONE_BY_ONE))[:3] == []
        rows += _ONE_BY_ONE
    told = f"{columns:,} generated states in columns, {rows:,} one by one"
    tell(f"\nsecond reading: {told}, {len(sheet.RULES)} rules, 0 differences")


@pytest.mark.long
def test_generated_states_come_out_the_same_long(tell: Callable[[str], None]) -> None:
    wanted = int(os.environ.get("UPPERBACK_READING_STATES", "5000000"))
    one_by_one = min(wanted, 200_000)
    for seed in range(0, wanted, _ROWS_AT_ONCE):
        sample = random_states(CONTENT, _ROWS_AT_ONCE, np.random.default_rng([24, seed]))
        assert differences(sample) == []
        if seed < one_by_one:
            assert row_differences(sample)[:3] == []
    tell(f"second reading: {wanted:,} generated states in columns, {one_by_one:,} one by one, 0 differences")


def test_every_case_comes_out_the_same(tell: Callable[[str], None]) -> None:
    """The stored cases as the sheet reads them, its own reading of absence included."""
    cases = [(rule.id, case) for rule in CONTENT.rules.values() for case in rule.cases]
    states = states_from_findings([with_absence(dict(case.findings)) for _, case in cases], CONTENT)
    result = sheet.read(states, VALUES)
    for row, (id, case) in enumerate(cases):
        state = ("quiet", "open", "fired")[result.rules[id][row]]
        fired = {other for other, truth in result.rules.items() if truth[row] == 2}
        assert (state, sheet.LEVELS[result.urgency[row]]) == (case.state, case.disposition), f"{id} {case.name}"
        assert case.rules is None or fired == set(case.rules), f"{id} {case.name}"
    assert differences(states) == []
    tell(f"second reading: {len(cases)} cases of the content, 0 differences")


def with_absence(findings: dict[str, object]) -> dict[str, object]:
    """Findings with every missing one written out as the sheet reads absence in cases."""
    for key in CONTENT.triage_keys:
        value = sheet.quiet_value(key, CONTENT.findings[key].kind)
        if value is not None:
            findings.setdefault(key, value)
    return findings


def test_absence_and_unknown_are_read_as_in_the_sheet() -> None:
    for key in CONTENT.triage_keys:
        finding = CONTENT.findings[key]
        absent = list(finding.absent) if isinstance(finding.absent, tuple) else finding.absent
        assert absent == sheet.quiet_value(key, finding.kind), key
        assert finding.unknown_as == (sheet.UNKNOWN_CHOICE | sheet.UNKNOWN_NUMBER).get(key), key


def test_movement_in_a_plan_is_allowed_where_the_sheet_allows_it() -> None:
    """2.10: what each G rule leaves of the plan, where it fires."""
    sample = random_states(CONTENT, 20_000, np.random.default_rng(210))
    reading = sheet.Reading(sample, VALUES)
    facts = [read_findings(row_findings(sample, row, CONTENT), content=CONTENT) for row in range(2_000)]
    for id in sheet.GP:
        plan = CONTENT.rules[id].plan
        assert plan is not None, id
        assert (plan.movement_when is not None) == (id in sheet.MOVEMENT), id
        allowed = sheet.MOVEMENT.get(id)
        if plan.movement_when is None or allowed is None:
            assert plan.movement_when in (None, "always"), id
            continue
        test, expected = compiled(plan.movement_when, CONTENT), allowed(reading)
        assert [test(row) == 2 for row in facts] == (expected[:2_000] == 2).tolist(), id


def test_a_changed_rule_is_noticed() -> None:
    """Control: one letter of one rule changed, and the comparison names the rule."""
    import msgspec

    from upperback.content.load import Compiled, canonical_sha256

    rules = tuple(
        msgspec.structs.replace(rule, when=rule.when.replace("weight_loss", "night_sweats"))
        if rule.id == "G01"
        else rule
        for rule in CONTENT.release.rules
    )
    release = msgspec.structs.replace(CONTENT.release, rules=rules)
    altered = Content(Compiled(release, canonical_sha256(release), ""))
    sample = random_states(CONTENT, 2_000, np.random.default_rng(1))
    assert any(found.startswith("G01:") for found in differences(sample, altered))
    assert any("G01" in found for found in row_differences(sample, altered))
