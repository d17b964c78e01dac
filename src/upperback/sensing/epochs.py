"""One row a second: what the samples of that second say, and how many of them could be used."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.sensing.signal import Signal1, Signal3

#: Of `Epochs.rows`; the same order stands in kernel/posture.h.
COLUMNS: Final = (
    "inclination_deg",
    "flexion_deg",
    "lateral_deg",
    "inclination_velocity_dps",
    "generalised_velocity_dps",
    "up_x",
    "up_y",
    "up_z",
    "movement_mps2",
    "measured_share",
    "not_worn_share",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Epochs:
    """Consecutive whole seconds of the recording's own time, whatever blocks the samples came in.

    Attributes
    ----------
    first_s : start of the first row, a whole second; row k is [first_s + k, first_s + k + 1)
    rows : (n_epochs, len(COLUMNS)) float32. NaN where nothing of that kind was measured. Means over the samples that
        could be used, but: `up` is the mean vertical in the sensor frame, shorter than 1 where it moved; `movement`
        is the standard deviation of the length of the specific force; the shares are of the samples that the second
        should have
    """

    first_s: int
    rows: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.rows.dtype != np.float32 or self.rows.ndim != 2 or self.rows.shape[1] != len(COLUMNS):
            raise InputError(f"epochs need {len(COLUMNS)} float32 columns")

    @classmethod
    def none(cls, first_s: int = 0) -> Self:
        """No row."""
        return cls(first_s=first_s, rows=np.empty((0, len(COLUMNS)), np.float32))

    @classmethod
    def join(cls, parts: "Sequence[Epochs]") -> Self:
        """Parts that follow each other, as one.

        Raises
        ------
        InputError : one does not start where the one before it ends.
        """
        filled = [part for part in parts if len(part)]
        if not filled:
            return cls.none(parts[0].first_s if parts else 0)
        for one, next_one in pairwise(filled):
            if one.end_s != next_one.first_s:
                raise InputError(f"epochs end at {one.end_s} s and go on at {next_one.first_s} s")
        rows = filled[0].rows if len(filled) == 1 else np.concatenate([part.rows for part in filled])
        return cls(first_s=filled[0].first_s, rows=rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, part: slice) -> Self:
        start, stop, step = part.indices(len(self))
        if step != 1:
            raise InputError("epochs are cut into consecutive rows only")
        return type(self)(first_s=self.first_s + start, rows=self.rows[start : max(start, stop)])

    @property
    def end_s(self) -> int:
        """Where the next row would start."""
        return self.first_s + len(self)

    def column(self, name: str) -> Signal1:
        """One column by its name in `COLUMNS`."""
        found: Signal1 = self.rows[:, COLUMNS.index(name)]
        return found

    @property
    def inclination_deg(self) -> Signal1:
        """Angle between the trunk and the vertical, 0 to 180."""
        return self.column("inclination_deg")

    @property
    def flexion_deg(self) -> Signal1:
        """Forward bend from the person's own upright, -180 to 180; NaN without alignment."""
        return self.column("flexion_deg")

    @property
    def lateral_deg(self) -> Signal1:
        """Side-bend, positive to the right, -90 to 90; NaN without alignment, and less certain than flexion."""
        return self.column("lateral_deg")

    @property
    def inclination_velocity_dps(self) -> Signal1:
        """Mean of the absolute rate of change of the inclination."""
        return self.column("inclination_velocity_dps")

    @property
    def generalised_velocity_dps(self) -> Signal1:
        """Mean rate at which the vertical travels over the unit sphere of the sensor."""
        return self.column("generalised_velocity_dps")

    @property
    def up(self) -> Signal3:
        """(n_epochs, 3), the mean vertical in the sensor frame."""
        at = COLUMNS.index("up_x")
        found: Signal3 = self.rows[:, at : at + 3]
        return found

    @property
    def movement_mps2(self) -> Signal1:
        """How much the length of the specific force varied: near 0 when still, 1 and more when walking."""
        return self.column("movement_mps2")

    @property
    def measured_share(self) -> Signal1:
        """Share of the second's samples that could be used, 0 to 1."""
        return self.column("measured_share")

    @property
    def not_worn_share(self) -> Signal1:
        """Share of the second's samples that were marked as not worn, 0 to 1."""
        return self.column("not_worn_share")
