"""Triage: findings in, the safest fitting disposition out, with every rule that fired and why.

The rules are data (`upperback_content/rules`); two evaluators read the same rule text: `rows` decides about
one person, `columns` about millions of states at once. They agree on everything (tests/contract).
"""

from upperback.care.triage.decision import Decision, RuleState, decide
from upperback.care.triage.facts import AbsentMeans, Facts, read_findings
from upperback.care.triage.messages import attached_messages
from upperback.care.triage.reasons import Reason, phrase_of
from upperback.care.triage.rows import truth

__all__ = [
    "AbsentMeans",
    "Decision",
    "Facts",
    "Reason",
    "RuleState",
    "attached_messages",
    "decide",
    "phrase_of",
    "read_findings",
    "truth",
]
