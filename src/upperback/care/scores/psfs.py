"""Own activities, 0 (cannot do it) to 10 (as well as before): the mean, and what change counts.

References
----------
.. [1] Stratford P, Gill C, Westaway M, Binkley J. Assessing disability and change on individual patients.
   Physiother Can 1995;47:258-63.
.. [2] Abbott JH, Schmitt J. Minimum important differences for the Patient-Specific Functional Scale, 4
   region-specific outcome measures, and the NPRS. J Orthop Sports Phys Ther 2014;44:560-4.
   doi:10.2519/jospt.2014.5248
"""

from collections.abc import Mapping

from upperback.care.scores.numbers import at_least, checked

MOST = 10


def psfs_mean(baseline: Mapping[str, float], now: Mapping[str, float]) -> tuple[float, float] | None:
    """Means of the first time and of now over the same activities; None where the activities differ.

    The mean is only comparable when every activity of the first time is rated again [1]_.

    Raises
    ------
    InputError : a rating outside 0-10.
    """
    for ratings in (baseline, now):
        for rating in ratings.values():
            checked("psfs", rating, MOST)
    if not baseline or baseline.keys() != now.keys():
        return None
    return sum(baseline.values()) / len(baseline), sum(now.values()) / len(now)


def psfs_has_gained(baseline: float | None, now: float | None, *, points: float) -> bool:
    """Whether the mean rose by at least `points`. Not where one of the two is missing."""
    return baseline is not None and now is not None and at_least(now - baseline, points)


def psfs_has_worsened(baseline: float | None, now: float | None, *, points: float) -> bool:
    """Whether the mean fell by at least `points`."""
    return baseline is not None and now is not None and at_least(baseline - now, points)


def psfs_small_gain(baseline: float | None, now: float | None, *, small: float, points: float) -> bool:
    """Whether the mean rose by a small important difference [2]_ and not yet by `points`."""
    gained_some = psfs_has_gained(baseline, now, points=small)
    return gained_some and not psfs_has_gained(baseline, now, points=points)
