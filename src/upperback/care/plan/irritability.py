"""How easily the pain is stirred up, and which phase of the plan that means."""

from typing import Literal

from upperback.care.triage import Facts, truth
from upperback.content.vocabulary import Content
from upperback.core.ternary import Ternary

Irritability = Literal["high", "moderate", "low"]
Phase = Literal["CALM", "BUILD-light", "BUILD"]

PHASES: dict[Irritability, Phase] = {"high": "CALM", "moderate": "BUILD-light", "low": "BUILD"}

#: Pain that is always there and also disturbs the night.
CONSTANT_BY_NIGHT = "constant and night_pain != none"


def irritability_of(facts: Facts, content: Content, *, pain_now: float | None = None) -> Irritability:
    """The first level that matches, read from high to low.

    Pain is the average of the last 24 hours or pain now, whichever is higher. Where `settle_hours` is missing the
    other answers decide. Low needs a known, low pain: where pain is not known, or nobody is sure about constant
    pain by night, the level is moderate at least.
    """
    settle_hours = _number(facts, "settle_hours")
    pain = max((value for value in (_number(facts, "pain"), pain_now) if value is not None), default=None)
    constant_by_night = truth(CONSTANT_BY_NIGHT, facts, content)
    if (
        (pain is not None and pain >= content.limit("irritability_high_pain"))
        or (settle_hours is not None and settle_hours > content.limit("irritability_high_settle_hours"))
        or constant_by_night is Ternary.YES
    ):
        return "high"
    calm = pain is not None and pain <= content.limit("irritability_low_pain")
    settles_soon = settle_hours is None or settle_hours <= content.limit("irritability_low_settle_hours")
    return "low" if calm and settles_soon and constant_by_night is Ternary.NO else "moderate"


def _number(facts: Facts, key: str) -> float | None:
    value = facts.values[key]
    return value if isinstance(value, float) else None
