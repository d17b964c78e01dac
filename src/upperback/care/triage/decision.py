"""The decision: every rule by itself, the most urgent one that fired, and what open rules add."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from upperback.care.triage.facts import Facts
from upperback.care.triage.reasons import Reason, closing_keys, reasons_for
from upperback.care.triage.rows import Test, compiled
from upperback.content.models import Disposition, Rule
from upperback.content.vocabulary import OPEN_EMERGENCY_RULE, Content
from upperback.core.ternary import Ternary

#: From the least to the most urgent; the place in this order is the urgency.
ORDER: tuple[Disposition, ...] = (
    "self_manage",
    "physio_routine",
    "gp_soon",
    "urgent_same_day",
    "emergency_now",
)

#: What an open rule of a level means at least. Open emergency rules fire U19 instead; open P rules mean nothing.
OPEN_MEANS: dict[Disposition, Disposition] = {"urgent_same_day": "gp_soon", "gp_soon": "physio_routine"}


@dataclass(frozen=True, slots=True)
class RuleState:
    """A rule that fired or is open. Why is only worked out when somebody asks."""

    rule: Rule
    state: Literal["fired", "open"]
    facts: Facts = field(repr=False)
    content: Content = field(repr=False)
    because_open: tuple["RuleState", ...] = ()  # the emergency rules that fire U19 by being open

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The answers that fired the rule; empty for an open one."""
        if self.state == "open":
            return ()
        return reasons_for(self.content.condition(self.rule.when), self.facts, self.content)

    @property
    def closers(self) -> tuple[str, ...]:
        """The findings whose answers would close it: of an open rule, or of the open ones behind U19."""
        if self.because_open:
            return tuple(dict.fromkeys(key for state in self.because_open for key in state.closers))
        if self.state == "fired":
            return ()
        return closing_keys(self.content.condition(self.rule.when), self.facts, self.content)


@dataclass(frozen=True, slots=True)
class Decision:
    """The result of triage for one person.

    complete: every question that applies was asked; nothing may be shown as a result before that.
    within_days: how soon, where the disposition is gp_soon.
    unanswered: findings that were not asked and belong to the screen.
    """

    disposition: Disposition
    complete: bool
    fired: tuple[RuleState, ...]
    open: tuple[RuleState, ...]
    within_days: int | None
    unanswered: tuple[str, ...]
    release: str
    release_sha256: str

    @property
    def rules(self) -> tuple[RuleState, ...]:
        """Fired rules, then open ones."""
        return self.fired + self.open

    @property
    def deciding(self) -> tuple[RuleState, ...]:
        """The fired rules that stand at the level of the result."""
        return tuple(state for state in self.fired if state.rule.disposition == self.disposition)


def decide(facts: Facts, content: Content) -> Decision:
    """The disposition for these facts, with every rule that fired or is open.

    A rule fires when its condition is yes and is open when it is unknown. Nothing lowers the result: it is the
    most urgent of what fired and of what open rules mean.
    """
    truths = [(rule, test(facts)) for rule, test in _tests(content)]
    fired = [RuleState(rule, "fired", facts, content) for rule, value in truths if value == Ternary.YES]
    open_rules = [RuleState(rule, "open", facts, content) for rule, value in truths if value == Ternary.UNKNOWN]
    fired += _open_emergency(open_rules, facts, content)
    unanswered = unanswered_keys(facts, content)
    disposition = most_urgent(
        [state.rule.disposition for state in fired]
        + [OPEN_MEANS[state.rule.disposition] for state in open_rules if state.rule.disposition in OPEN_MEANS]
    )
    return Decision(
        disposition=disposition,
        complete=not unanswered,
        fired=tuple(sorted(fired, key=_shown_order)),
        open=tuple(sorted(open_rules, key=_shown_order)),
        within_days=_within_days(disposition, fired, open_rules, facts, content),
        unanswered=unanswered,
        release=content.release_id,
        release_sha256=content.sha256,
    )


def most_urgent(dispositions: Iterable[Disposition]) -> Disposition:
    """The most urgent one; self_manage where there is none."""
    return max(dispositions, key=ORDER.index, default="self_manage")


def unanswered_keys(facts: Facts, content: Content) -> tuple[str, ...]:
    """The findings of the screen that apply to this person and were not asked."""
    if facts.absent_means == "no":
        return ()
    return tuple(key for key in content.triage_keys if key not in facts.present and applies(key, facts, content))


def applies(key: str, facts: Facts, content: Content) -> bool:
    """Whether a finding can be there at all: no days since an injury without an injury."""
    when = content.findings[key].applies_when
    return when is None or compiled(when, content)(facts) != Ternary.NO


@lru_cache(maxsize=8)
def _tests(content: Content) -> tuple[tuple[Rule, Test], ...]:
    return tuple((rule, compiled(rule.when, content)) for rule in content.rules.values())


def _open_emergency(open_rules: list[RuleState], facts: Facts, content: Content) -> list[RuleState]:
    """U19: an emergency rule that hangs on an answer is a reason to talk to someone today."""
    hanging = tuple(state for state in open_rules if state.rule.disposition == "emergency_now")
    if not hanging:
        return []
    return [RuleState(content.rules[OPEN_EMERGENCY_RULE], "fired", facts, content, because_open=hanging)]


def _within_days(
    disposition: Disposition,
    fired: list[RuleState],
    open_rules: list[RuleState],
    facts: Facts,
    content: Content,
) -> int | None:
    if disposition != "gp_soon":
        return None
    days = [_rule_days(state.rule, facts, content) for state in fired if state.rule.within]
    if any(state.rule.disposition == "urgent_same_day" for state in open_rules):
        days.append(int(content.limit("days_open_urgent")))
    return min(days)


def _rule_days(rule: Rule, facts: Facts, content: Content) -> int:
    """The first entry whose condition is not surely no: an unknown never buys time."""
    for within in rule.within:
        if within.when is None or compiled(within.when, content)(facts) != Ternary.NO:
            return int(content.limit_of(within.days))
    raise AssertionError(f"{rule.id} states no time for everybody")


def _shown_order(state: RuleState) -> tuple[int, str]:
    return -ORDER.index(state.rule.disposition), state.rule.id
