"""A set that a sensor on the chest counts: whether it can, and one hint within it, as a physiotherapist might give."""

from dataclasses import dataclass
from typing import Final

from upperback.content.models import Exercise

Seconds = float

#: Repetitions that are looked at; one quick or small one is nobody's habit.
LOOKS_AT: Final = 3
_HURRIED_SHARE: Final = 0.6
_SHORT_SHARE: Final = 0.7
_FAR_SHARE: Final = 1.4

SLOWER: Final = "Nicely done. Let the next ones take more time."
FURTHER: Final = "If it feels fine, go a little further."
LESS_FAR: Final = "That is far. A little less is enough."


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One repetition as a sensor felt it.

    Attributes
    ----------
    moving_s : way out and way back, without the hold
    range_deg : how far the trunk leaned, or None where that cannot be told
    """

    moving_s: Seconds
    range_deg: float | None


def can_count(exercise: Exercise) -> bool:
    """Whether a sensor on the chest feels the repetitions of this exercise."""
    sensor = exercise.sensor
    return sensor.at == "chest" and sensor.motion in {"lean", "turn"} and sensor.count in {"good", "fair"}


def set_hint(last: list[Done], *, planned_s: Seconds, range_deg: tuple[float, float] | None) -> str | None:
    """What to say after these repetitions; None where all is well or too little is known.

    Parameters
    ----------
    last : the last repetitions, newest last
    planned_s : way out and way back as planned
    range_deg : low and high end of the planned range

    Notes
    -----
    Hurry comes first, for it spoils the rest. The shares are planning values; what a hint does for people was not
    studied here.
    """
    if len(last) < LOOKS_AT:
        return None
    looked_at = last[-LOOKS_AT:]
    if max(done.moving_s for done in looked_at) < _HURRIED_SHARE * planned_s:
        return SLOWER
    ranges = [done.range_deg for done in looked_at if done.range_deg is not None]
    if range_deg is None or len(ranges) < LOOKS_AT:
        return None
    if min(ranges) > _FAR_SHARE * range_deg[1]:
        return LESS_FAR
    if max(ranges) < _SHORT_SHARE * range_deg[0]:
        return FURTHER
    return None
