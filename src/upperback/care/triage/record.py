"""A decision as plain data: what the command prints, what the store keeps, what a page shows."""

from typing import Any

from upperback.care.triage.decision import Decision, RuleState
from upperback.care.triage.facts import Facts
from upperback.care.triage.messages import attached_messages
from upperback.care.triage.reasons import phrase_of
from upperback.content.vocabulary import Content

#: Where it is among the contacts of an open emergency rule, it comes first: nobody is sent round a menu then.
_CRISIS_LINE = "crisis_line"


def decision_record(decision: Decision, facts: Facts, content: Content) -> dict[str, Any]:
    """The stable keys of the `triage` contract, in its order."""
    return {
        "disposition": decision.disposition,
        "complete": decision.complete,
        "rules": [rule_record(state, content) for state in decision.rules],
        "within_days": decision.within_days,
        "contact": list(contacts(decision, content)),
        "messages": [item.id for item in attached_messages(facts, content, decision.disposition, ("message",))],
        "safety_net": [item.id for item in attached_messages(facts, content, decision.disposition, ("safety_net",))],
        "unanswered": list(decision.unanswered),
        "release": decision.release,
        "release_sha256": decision.release_sha256,
    }


def rule_record(state: RuleState, content: Content) -> dict[str, Any]:
    """One fired or open rule: id, level, state, why in plain words, sources."""
    return {
        "id": state.rule.id,
        "disposition": state.rule.disposition,
        "state": state.state,
        "why": why(state, content),
        "source": list(state.rule.sources),
        "closed_by": list(state.closers),
    }


def contacts(decision: Decision, content: Content) -> tuple[str, ...]:
    """Whom to turn to, as keys of the service table: those of the deciding rules, else of the disposition."""
    named = [key for state in decision.deciding for key in _named(state)]
    if any(_CRISIS_LINE in hanging.rule.contact for state in decision.deciding for hanging in state.because_open):
        named.insert(0, _CRISIS_LINE)
    return tuple(dict.fromkeys(named)) or content.dispositions[decision.disposition].contact


def _named(state: RuleState) -> tuple[str, ...]:
    """The contacts of a rule; of U19 also those of a rule behind it that has a crisis line of its own."""
    crisis = [item.rule.contact for item in state.because_open if _CRISIS_LINE in item.rule.contact]
    return tuple(key for keys in (state.rule.contact, *crisis) for key in keys)


def words_to_say(state: RuleState) -> tuple[str, ...]:
    """What to say to them. Of U19: what fits the questions that were left open, where a rule has words for it."""
    own = tuple(item.rule.say_unknown for item in state.because_open if item.rule.say_unknown)
    covered = bool(own) and all(item.rule.say_unknown for item in state.because_open)
    return own if covered else (*own, state.rule.say)


def told(state: RuleState, content: Content) -> tuple[str, ...]:
    """The answers behind a rule in plain words, each completing "You told us that ..."."""
    phrases = [phrase_of(reason, content.findings[reason.key]) for reason in state.reasons]
    return tuple(dict.fromkeys(phrases))


def why(state: RuleState, content: Content) -> str:
    """Why the rule fired or what it still hangs on, in plain words."""
    if state.closers:
        hanging = ", ".join(content.findings[key].title.lower() for key in state.closers)
        return f"{state.rule.because} Not known yet: {hanging}."
    phrases = told(state, content)
    if not phrases:
        return state.rule.because
    return f"Because you told us that {_listed(phrases)}. {state.rule.because}"


def _listed(phrases: tuple[str, ...]) -> str:
    return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} and {phrases[-1]}"
