"""Which cautions a person carries, and the answers behind each."""

from collections.abc import Iterable
from dataclasses import dataclass

from upperback.care.plan.words import told
from upperback.care.triage import Facts, truth
from upperback.content.models import Caution
from upperback.content.vocabulary import Content
from upperback.core.ternary import Ternary


@dataclass(frozen=True, slots=True)
class Carried:
    """A caution the person carries. `sure` is false where an answer is missing and we stay on the safe side."""

    caution: Caution
    sure: bool
    why: str

    @property
    def tag(self) -> str:
        """The tag of the caution."""
        return self.caution.tag


def carried_cautions(facts: Facts, content: Content, *, added: Iterable[str] = ()) -> tuple[Carried, ...]:
    """The cautions that hold, in the order of the content.

    A caution holds when its condition is yes, or unknown where the caution says so. `added` are tags that come
    with the pattern. A caution brings the tags it `adds` with it.
    """
    found = {caution.tag: _carried(caution, facts, content) for caution in content.cautions.values()}
    carried = {tag: item for tag, item in found.items() if item is not None}
    waiting = [*added, *(tag for item in carried.values() for tag in item.caution.adds)]
    while waiting:
        tag = waiting.pop()
        if tag not in carried:
            caution = content.cautions[tag]
            carried[tag] = Carried(caution, sure=True, why=caution.meaning)
            waiting += caution.adds
    return tuple(carried[tag] for tag in content.cautions if tag in carried)


def locking_cautions(facts: Facts, content: Content) -> tuple[Caution, ...]:
    """The cautions because of which the whole plan waits for a clinician."""
    return tuple(
        caution
        for caution in content.cautions.values()
        if caution.locks_when and truth(caution.locks_when, facts, content) is Ternary.YES
    )


def _carried(caution: Caution, facts: Facts, content: Content) -> Carried | None:
    value = truth(caution.when, facts, content)
    if value is Ternary.NO or (value is Ternary.UNKNOWN and not caution.unknown_carries):
        return None
    sure = value is Ternary.YES
    return Carried(caution, sure=sure, why=told(caution.when, facts, content) if sure else NOT_KNOWN)


NOT_KNOWN = "We do not know this about you yet, so the plan stays on the safe side."
