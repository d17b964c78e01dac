"""A release with everything at hand by its key, and its conditions parsed once."""

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from types import MappingProxyType
from typing import Protocol, TypeVar

from upperback.content import conditions, models
from upperback.content.load import Compiled, default_release
from upperback.core.errors import ContentError

#: The group of findings that are filled from the person's choices instead of their answers.
CHOICES_GROUP = "choices"

#: The rule that fires because another rule is open, not because of a finding.
OPEN_EMERGENCY_RULE = "U19"
NEVER_BY_FINDINGS = "not always"


class _Keyed(Protocol):
    @property
    def id(self) -> str: ...


Item = TypeVar("Item", bound=_Keyed)


def _by_id(items: Iterable[Item]) -> Mapping[str, Item]:
    return MappingProxyType({item.id: item for item in items})


class Content:
    """Look-ups over one release. Immutable once made; shared by the whole process.

    The value of a parameter is the one in force on `on` (default: the day of the release).
    """

    def __init__(self, compiled: Compiled, *, on: dt.date | None = None) -> None:
        self.release = compiled.release
        self.sha256 = compiled.sha256
        self.on = on or compiled.release.info.released
        self._parsed: dict[str, conditions.Node] = {}

    @property
    def release_id(self) -> str:
        """Name and version of the release, as decisions store it."""
        return f"{self.release.info.id} {self.release.info.version}"

    @cached_property
    def findings(self) -> Mapping[str, models.Finding]:
        """Every finding, including the ones filled from choices, by key."""
        return MappingProxyType({finding.key: finding for group in self.release.findings for finding in group.findings})

    @cached_property
    def answerable(self) -> Mapping[str, models.Finding]:
        """The findings a person answers, by key: all but the group of choices."""
        groups = (group for group in self.release.findings if group.group != CHOICES_GROUP)
        return MappingProxyType({finding.key: finding for group in groups for finding in group.findings})

    @cached_property
    def parameters(self) -> Mapping[str, models.Parameter]:
        """Every parameter by id."""
        return _by_id(self.release.parameters)

    @cached_property
    def terms(self) -> Mapping[str, models.Term]:
        """Every derived term by id."""
        return _by_id(self.release.terms)

    @cached_property
    def rules(self) -> Mapping[str, models.Rule]:
        """Every rule that is not retired, by id."""
        return _by_id(rule for rule in self.release.rules if rule.status != "retired")

    @cached_property
    def dispositions(self) -> Mapping[str, models.DispositionText]:
        """The five dispositions, most urgent first."""
        return _by_id(sorted(self.release.dispositions, key=lambda item: item.order))

    @cached_property
    def messages(self) -> Mapping[str, models.Message]:
        """Every message and safety-net card by id."""
        return _by_id(self.release.messages)

    @cached_property
    def cautions(self) -> Mapping[str, models.Caution]:
        """Every caution by its tag."""
        return MappingProxyType({caution.tag: caution for caution in self.release.cautions})

    @cached_property
    def patterns(self) -> Mapping[str, models.Pattern]:
        """Every pattern by id, in the order in which they are tried."""
        return _by_id(self.release.patterns)

    @cached_property
    def exercises(self) -> Mapping[str, models.Exercise]:
        """Every exercise that is not retired, by id."""
        return _by_id(item for item in self.release.exercises if item.status != "retired")

    @cached_property
    def load_rules(self) -> Mapping[str, models.LoadRule]:
        """Every load rule by id."""
        return _by_id(self.release.load_rules)

    @cached_property
    def workstation(self) -> Mapping[str, models.WorkstationItem]:
        """Every point of the desk check by id."""
        return _by_id(self.release.workstation)

    @cached_property
    def sources(self) -> Mapping[str, models.Source]:
        """Every source by key."""
        return MappingProxyType({source.key: source for source in self.release.bibliography})

    @cached_property
    def learn_pages(self) -> Mapping[str, models.LearnPage]:
        """Every page to read that is not retired, by id, in the order of topics and places."""
        order = {topic.id: index for index, topic in enumerate(self.release.learn_topics)}
        pages = (page for page in self.release.learn if page.status != "retired")
        return _by_id(sorted(pages, key=lambda page: (order.get(page.topic, len(order)), page.place)))

    @cached_property
    def dose_texts(self) -> Mapping[str, models.DoseText]:
        """Words for irritability, pain light and the like, by id."""
        return _by_id(self.release.dose)

    @cached_property
    def questions(self) -> Mapping[str, models.Question]:
        """Every question by id, in order."""
        return _by_id(question for section in self.release.questions for question in section.questions)

    def service_table(self, region: str | None = None) -> models.ServiceTable:
        """The service table of a region; the release's own where none is named. Raises ContentError."""
        wanted = region or self.release.info.region
        for table in self.release.services:
            if table.region == wanted:
                return table
        raise ContentError(f"there is no service table for the region “{wanted}”")

    def limit(self, id: str) -> float | int:
        """The value of a parameter in force. Raises ContentError for an unknown one."""
        found = self._in_force.get(id)
        if found is not None:
            return found
        if id not in self.parameters:
            raise ContentError(f"there is no parameter “{id}”")
        raise ContentError(f"the parameter “{id}” has no value on {self.on}")

    @cached_property
    def _in_force(self) -> Mapping[str, float | int]:
        """The newest value of each parameter that has one by now; a decision asks for them thousands of times."""
        since = {
            id: [value for value in parameter.values if value.since <= self.on]
            for id, parameter in self.parameters.items()
        }
        return {id: max(values, key=lambda value: value.since).value for id, values in since.items() if values}

    def limit_of(self, text: str) -> float | int:
        """The value of a parameter written as in rule text: `limit.<id>`."""
        return self.limit(text.removeprefix("limit."))

    def condition(self, text: str) -> conditions.Node:
        """The parsed form of rule text, kept after the first time."""
        node = self._parsed.get(text)
        if node is None:
            node = self._parsed[text] = conditions.parse_condition(text)
        return node

    @cached_property
    def triage_keys(self) -> tuple[str, ...]:
        """The findings that some triage rule reads, directly or through a term, in the order of the dictionary."""
        read: set[str] = set()
        for rule in self.rules.values():
            read |= self.keys_read(self.condition(rule.when))
            for within in rule.within:
                if within.when:
                    read |= self.keys_read(self.condition(within.when))
        return tuple(key for key in self.answerable if key in read)

    def keys_read(self, node: conditions.Node | conditions.Quantity) -> frozenset[str]:
        """The findings a condition or number reads, terms followed to their findings."""
        found: set[str] = set()
        for part in conditions.walk(node):
            match part:
                case conditions.Flag(name) | conditions.Number(name):
                    found |= self._term_keys(name) if name in self.terms else {name}
                case conditions.OneOf(name, _) | conditions.Contains(name, _):
                    found.add(name)
                case conditions.NotEmpty(name) | conditions.Answered(name):
                    found.add(name)
        return frozenset(found)

    def _term_keys(self, id: str) -> frozenset[str]:
        term = self.terms[id]
        texts = [term.when] if term.when else list(term.count)
        found: frozenset[str] = frozenset()
        for text in texts:
            found |= self.keys_read(self.condition(text))
        if term.number:
            found |= self.keys_read(conditions.parse_quantity(term.number))
        return found


@cache
def default_content() -> Content:
    """The release that comes with the product, read once per process."""
    return Content(default_release())
