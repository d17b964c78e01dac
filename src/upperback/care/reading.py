"""Which page to read today: one a day at most, from the plan alone, always with its reason. Pure.

Nothing is kept of what somebody reads. The order follows from the plan, and the day says how far along it is. Where
somebody pressed “more of this” or “I know this”, that moves pages from the next day on.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

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


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody said to a page, on a day counted as in `for_today`."""

    day: int
    page: str
    wanted: Literal["more", "known"]


def for_today(facts: PlanFacts, *, day: int, content: Content, told: Iterable[Told] = ()) -> Suggested | None:
    """The page for a day, or None once all that fit have had their day.

    Worked out day by day, so that what is pressed never takes back a page that has had its day, and none comes twice:
    a page that leads on from one of which more was asked, else the next one in order that is not known.

    Parameters
    ----------
    facts : what the open plan says
    day : whole days since the safety check of the plan, 0 on the same day
    told : what was said to pages; it counts from the day after

    Raises
    ------
    Nothing: a day before the plan, as a clock that was put back gives, has no page.
    """
    said = sorted(told, key=lambda one: one.day)
    order = reading_order(facts, content)
    had: set[str] = set()
    offered: Suggested | None = None
    for now in range(min(day, len(content.learn_pages)) + 1):
        before = [one for one in said if one.day < now]
        known = {one.page for one in before if one.wanted == "known"}
        fitting = (*_asked_for(before, content), *order)
        offered = next((item for item in fitting if item.page.id not in had | known), None)
        if offered is None:
            return None
        had.add(offered.page.id)
    return offered if day < len(content.learn_pages) else None


def _asked_for(said: list[Told], content: Content) -> Iterator[Suggested]:
    """Pages that lead on from those of which somebody asked for more, the newest wish first."""
    for one in reversed(said):
        page = content.learn_pages.get(one.page)
        if one.wanted == "more" and page is not None:
            yield from (Suggested(content.learn_pages[id], "asked", page.title) for id in page.next)


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
