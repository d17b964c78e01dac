"""Which pattern the answers fit. A pattern is a way to explain and to choose, never a diagnosis."""

from upperback.care.triage import Facts, truth
from upperback.content.models import Pattern
from upperback.content.vocabulary import Content
from upperback.core.ternary import Ternary


def pattern_for(facts: Facts, content: Content, *, cleared: bool = False) -> Pattern:
    """The first pattern, in order, whose condition is yes. The last one holds for everybody.

    Once a clinician has cleared the person, patterns that only say "have it checked first" are passed over.
    """
    fitting = (
        pattern
        for pattern in content.patterns.values()
        if not (cleared and pattern.locks_plan) and truth(pattern.when, facts, content) is Ternary.YES
    )
    return next(fitting)
