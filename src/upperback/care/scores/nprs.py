"""Pain from 0 to 10: what change counts.

References
----------
.. [1] Farrar JT, Young JP, LaMoreaux L, Werth JL, Poole RM. Clinical importance of changes in chronic pain
   intensity measured on an 11-point numerical pain rating scale. Pain 2001;94:149-58.
   doi:10.1016/S0304-3959(01)00349-9
"""

from upperback.care.scores.numbers import at_least


def nprs_change(baseline: float | None, now: float | None) -> float | None:
    """Now minus the first time; below 0 is better. None where one is missing."""
    return None if baseline is None or now is None else now - baseline


def nprs_has_gained(baseline: float | None, now: float | None, *, points: float, share: float) -> bool:
    """Whether pain fell by at least `points`, or by at least `share` of the first score [1]_."""
    if baseline is None or now is None or now >= baseline:
        return False
    return at_least(baseline - now, points) or at_least(baseline - now, share * baseline)


def nprs_has_worsened(baseline: float | None, now: float | None, *, points: float) -> bool:
    """Whether pain rose by at least `points`."""
    return baseline is not None and now is not None and at_least(now - baseline, points)
