"""Comparing scores without being fooled by how computers write decimals."""

from upperback.core.errors import InputError

_TOLERANCE = 1e-9


def at_least(value: float, limit: float) -> bool:
    """`value` >= `limit`, where 8.3 - 7.0 counts as 1.3."""
    return value >= limit - _TOLERANCE


def checked(name: str, value: object, most: float) -> float:
    """The value, refused with an InputError unless it is a number from 0 to `most`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:  # refuses NaN too
        shown = repr(value)[:60]
        raise InputError(f"{name}: “{shown}” is not possible; expected a number from 0 to {most:g}", key=name)
    return value
