"""What a person is told after the safety check, as plain data: the record of the advice that was given.

Text keeps its `{service}` placeholders; the page fills them from the service table of the region, because telephone
numbers are configuration and a record from last year must not hand out last year's number.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from upperback.care.triage import Decision, Facts, RuleState, attached_messages, phrase_of
from upperback.care.triage.record import contacts, told, words_to_say
from upperback.content.models import Message
from upperback.content.vocabulary import Content

#: Messages that have a place of their own on the page.
_NATIONAL_LINE = "national_line"
_CRISIS_CARD = "crisis_card"

_NOTHING = ("none", "normal")


def advice_record(
    decision: Decision,
    facts: Facts,
    content: Content,
    *,
    declined: Iterable[str] = (),
    only_rules: frozenset[str] | None = None,
) -> dict[str, Any]:
    """Everything the result page says, in the order in which it says it.

    Parameters
    ----------
    declined : findings the person was asked about and chose not to speak of; they call for the crisis card
    only_rules : while questions are still open, the emergency rules that have surely fired; nothing else is shown
    """
    text = content.dispositions[decision.disposition]
    messages = _messages(decision, facts, content, unsaid=bool(set(declined) & set(content.triage_keys)))
    deciding = [state for state in decision.deciding if only_rules is None or state.rule.id in only_rules]
    others = [] if only_rules is not None else [s for s in decision.rules if s not in deciding]
    return {
        "disposition": decision.disposition,
        "complete": decision.complete,
        "title": text.title,
        "short": text.short,
        "action": text.action,
        "when_text": text.when_text,
        "within_days": decision.within_days,
        "contact": list(contacts(decision, content)),
        "reasons": [_reason(state, content) for state in deciding],
        "also": [_reason(state, content) for state in others],
        "say": _each(line for state in deciding for line in words_to_say(state)),
        "said_by_caller": _each(state.rule.say_proxy for state in deciding if state.rule.say_proxy),
        "do_not": _with_general((line for state in deciding for line in state.rule.do_not), text.do_not, deciding),
        "meanwhile": _with_general(
            (line for state in deciding for line in state.rule.meanwhile), text.comfort, deciding
        ),
        "safety_net": [
            _card(item) for item in attached_messages(facts, content, decision.disposition, ("safety_net",))
        ],
        "messages": [_card(item) for item in messages if item.id not in {_NATIONAL_LINE, _CRISIS_CARD}],
        "national_line": [_card(item) for item in messages if item.id == _NATIONAL_LINE],
        "crisis_card": [_card(item) for item in messages if item.id == _CRISIS_CARD],
        "plan": text.plan,
    }


def _with_general(own: Iterable[str], general: Mapping[str, str], deciding: Iterable[RuleState]) -> list[str]:
    """The lines of the deciding rules, then those of the disposition that no such rule says closer to the case."""
    said = {topic for state in deciding for topic in state.rule.in_own_words}
    return _each([*own, *(line for topic, line in general.items() if topic not in said)])


def _messages(decision: Decision, facts: Facts, content: Content, *, unsaid: bool) -> tuple[Message, ...]:
    """Messages that the facts call for; the crisis card also where somebody would rather not say."""
    attached = {item.id for item in attached_messages(facts, content, decision.disposition, ("message",))}
    attached |= {_CRISIS_CARD} if unsaid else set()
    return tuple(item for item in content.messages.values() if item.id in attached)


def _reason(state: RuleState, content: Content) -> dict[str, Any]:
    return {
        "rule": state.rule.id,
        "title": state.rule.title,
        "disposition": state.rule.disposition,
        "state": state.state,
        "told": _told(state, content),
        "keys": list(dict.fromkeys(reason.key for reason in state.reasons)),
        "because": state.rule.because,
        "not_known": [content.findings[key].title for key in state.closers],
        "sources": list(state.rule.sources),
    }


def _told(state: RuleState, content: Content) -> list[str]:
    """The answers behind a rule. What somebody does not have explains nothing, unless there is nothing else."""
    speaking = [reason for reason in state.reasons if reason.value is not False and reason.value not in _NOTHING]
    phrases = [phrase_of(reason, content.findings[reason.key]) for reason in speaking]
    return list(dict.fromkeys(phrases)) or list(told(state, content))


def _card(message: Message) -> dict[str, Any]:
    return {"id": message.id, "title": message.title, "lines": list(message.lines), "contact": list(message.contact)}


def _each(lines: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(lines))
