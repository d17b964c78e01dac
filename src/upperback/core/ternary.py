"""Three-valued truth: no < unknown < yes.

The numbers are chosen so that AND is `min` and OR is `max`, for single values and for NumPy
arrays alike. An answer nobody gave is UNKNOWN, never NO.
"""

from collections.abc import Iterable
from enum import IntEnum


class Ternary(IntEnum):
    """A truth value. Ordered: NO < UNKNOWN < YES."""

    NO = 0
    UNKNOWN = 1
    YES = 2

    @classmethod
    def of(cls, value: bool | None) -> "Ternary":
        """Truth of a Python bool; None is unknown."""
        if value is None:
            return cls.UNKNOWN
        return cls.YES if value else cls.NO


def negate(value: Ternary) -> Ternary:
    """NOT: swaps yes and no, keeps unknown."""
    return Ternary(2 - value)


def at_least(needed: int, values: Iterable[Ternary]) -> Ternary:
    """Yes when `needed` values are yes, no when fewer are yes or unknown, else unknown."""
    yes = possible = 0
    for value in values:
        yes += value is Ternary.YES
        possible += value is not Ternary.NO
    if yes >= needed:
        return Ternary.YES
    return Ternary.UNKNOWN if possible >= needed else Ternary.NO
