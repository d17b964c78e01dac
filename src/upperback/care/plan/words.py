"""Sentences of the plan: the person's own answers back to them, and services by their name in the region."""

import re

from upperback.care.triage import Facts, Reason, phrase_of, truth
from upperback.care.triage.reasons import reasons_for
from upperback.content.models import ServiceTable
from upperback.content.vocabulary import Content
from upperback.core.ternary import Ternary

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_SENTENCE_BEGINS = re.compile(r"(^|[.!?]\s+)$")
_SAID_AT_MOST = 3

#: Answers that only rule things out; repeating them explains nothing.
_BACKGROUND = frozenset({"pattern", "trend"})


def told(condition: str, facts: Facts, content: Content) -> str:
    """The answers that make a condition yes, as "Because you told us that ..."; empty where no answer does."""
    if truth(condition, facts, content) is not Ternary.YES:
        return ""
    reasons = [reason for reason in reasons_for(content.condition(condition), facts, content) if _speaks(reason)]
    phrases = list(dict.fromkeys(phrase_of(reason, content.findings[reason.key]) for reason in reasons))
    return f"Because you told us that {listed(phrases[:_SAID_AT_MOST])}." if phrases else ""


def listed(items: list[str]) -> str:
    """Items in a row: a; a and b; a, b and c."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def fill(text: str, services: ServiceTable) -> str:
    """The text with each `{service}` as that service is called in a sentence; a capital where it begins one."""
    phrases = {service.key: service.phrase for service in services.services}

    def phrase(match: re.Match[str]) -> str:
        words = phrases.get(match[1], match[0])
        begins = _SENTENCE_BEGINS.search(text[: match.start()])
        return words[:1].upper() + words[1:] if begins and match[1] in phrases else words

    return _PLACEHOLDER.sub(phrase, text)


def number(value: float) -> str:
    """A number as people write it: 12, 0.7, 2.5."""
    return f"{value:g}"


def _speaks(reason: Reason) -> bool:
    """What somebody does not have explains nothing to them."""
    return reason.key not in _BACKGROUND and reason.value not in (False, None, "none", "normal")
