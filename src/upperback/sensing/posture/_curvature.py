"""Two sensors on one back: how much rounder it is than when standing."""

from dataclasses import dataclass

import numpy as np

from upperback.core.errors import InputError
from upperback.sensing.epochs import Epochs
from upperback.sensing.histogram import FLEXION_BINS, Histogram
from upperback.sensing.signal import Signal1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curvature:
    """Change of the curve between two sensors, second by second.

    Attributes
    ----------
    first_s : whole second in which the first value begins
    change_deg : (n_seconds,) float32, flexion of the upper sensor minus flexion of the lower one, each from the
        person's own standing: positive is rounder, negative is flatter. NaN where one of them was not measured
    """

    first_s: int
    change_deg: Signal1

    @property
    def measured_s(self) -> int:
        """Seconds with a value."""
        return int(np.isfinite(self.change_deg).sum())

    @property
    def histogram(self) -> Histogram:
        """Of the seconds with a value; it adds up."""
        return Histogram.of(FLEXION_BINS, self.change_deg)


def change_of_curvature(upper: Epochs, lower: Epochs, *, share_min: float = 0.5) -> Curvature:
    """From the epochs of an upper and a lower thoracic sensor, both aligned with the same standing.

    Skin, straps and soft tissue move under both sensors, and their errors add up: a change of a few degrees is nothing.
    It is a change from this person's own standing, never an angle of the spine as on an X-ray.

    Parameters
    ----------
    upper, lower : on the same clock; only seconds that both have count
    share_min : a second of which less was measured is not measured

    Raises
    ------
    InputError : the two have no second in common.
    """
    first_s, end_s = max(upper.first_s, lower.first_s), min(upper.end_s, lower.end_s)
    if end_s <= first_s:
        raise InputError("the two sensors have no second in common")
    bends = []
    for epochs in (upper, lower):
        part = epochs[first_s - epochs.first_s : end_s - epochs.first_s]
        bends.append(np.where(part.measured_share >= share_min, part.flexion_deg, np.float32(np.nan)))
    change = (bends[0] - bends[1] + 180) % 360 - 180  # the short way round
    return Curvature(first_s=first_s, change_deg=change.astype(np.float32))
