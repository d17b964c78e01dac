"""Which page to read today: one a day at most, from the plan alone, always with its reason. Pure.

Nothing is kept of what somebody reads. The order follows from the plan, and the day says how far along it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from upperback.content.models import LearnPage
from upperback.content.vocabulary import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFacts:
    """What of an open plan says which pages fit.

    Parameters
    ----------
    pattern : id of the pattern shown, if one is
    phase : CALM, BUILD-light or BUILD
    load_rules : ids of the tasks that are being changed, the first ones first
    cautions : tags carried
    """

    pattern: str | None
    phase: str
    load_rules: tuple[str, ...]
    cautions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suggested:
    """A page and why it is offered: a kind of reason, and the name of what it is about (a pattern, a task)."""

    page: LearnPage
    because: str
    about: str


def for_today(facts: PlanFacts, *, day: int, content: Content) -> Suggested | None:
    """The page for a day, or None once all that fit have had their day.

    Parameters
    ----------
    facts : what the open plan says
    day : whole days since the safety check of the plan, 0 on the same day

    Raises
    ------
    Nothing: a day before the plan, as a clock that was put back gives, has no page.
    """
    order = reading_order(facts, content)
    return order[day] if 0 <= day < len(order) else None


def reading_order(facts: PlanFacts, content: Content) -> tuple[Suggested, ...]:
    """Every page that fits, each once: those for everybody, then by turns one for each kind of reason."""
    pages = tuple(content.learn_pages.values())
    kinds = [
        _by_pattern(facts, content),
        _by_phase(facts, pages),
        _by_task(facts, pages, content),
        _by_caution(facts, pages, content),
    ]
    first = [Suggested(page, "everybody", "") for page in pages if page.everybody]
    turns = [item for row in zip_longest(*kinds) for item in row if item is not None]
    order: dict[str, Suggested] = {}
    for item in (*first, *turns):
        order.setdefault(item.page.id, item)
    return tuple(order.values())


def page_about(pattern_id: str, content: Content) -> LearnPage | None:
    """The page that is most about one pattern."""
    return next(iter(_pages_about(pattern_id, content)), None)


def _pages_about(pattern_id: str, content: Content) -> list[LearnPage]:
    """Those of the kinds of pain first, and those that are about fewer patterns before others."""
    fitting = [page for page in content.learn_pages.values() if pattern_id in page.patterns]
    return sorted(fitting, key=lambda page: (page.topic != "kinds", len(page.patterns)))


def _by_pattern(facts: PlanFacts, content: Content) -> Iterator[Suggested]:
    pattern = content.patterns.get(facts.pattern or "")
    if pattern is not None:
        yield from (Suggested(page, "pattern", pattern.title) for page in _pages_about(pattern.id, content))


def _by_phase(facts: PlanFacts, pages: tuple[LearnPage, ...]) -> Iterator[Suggested]:
    return (Suggested(page, "phase", facts.phase) for page in pages if facts.phase in page.phases)


def _by_task(facts: PlanFacts, pages: tuple[LearnPage, ...], content: Content) -> Iterator[Suggested]:
    for id in facts.load_rules:
        for page in pages:
            if id in page.load_rules and id in content.load_rules:
                yield Suggested(page, "task", content.load_rules[id].title)


def _by_caution(facts: PlanFacts, pages: tuple[LearnPage, ...], content: Content) -> Iterator[Suggested]:
    for tag in facts.cautions:
        for page in pages:
            if tag in page.cautions and tag in content.cautions:
                yield Suggested(page, "caution", content.cautions[tag].title)
