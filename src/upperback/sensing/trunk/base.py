"""How a sensor sits on the trunk: contract of the alignment stage."""

from dataclasses import dataclass
from typing import Literal, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.sensing.signal import Signal3

#: A direction in the sensor frame, length 1.
Axis: TypeAlias = tuple[float, float, float]

TaskKind: TypeAlias = Literal["stand", "bend", "side_left", "side_right"]

#: Where an alignment comes from, from the best known to the least.
Source: TypeAlias = Literal["standard tasks", "found tasks", "body frame", "standing", "walking", "mounting"]


class NotAligned(InputError):
    """The tasks do not show how the sensor sits: one sentence says why."""

    code = "not_aligned"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Task:
    """A stretch in which the person did something whose direction is known.

    Attributes
    ----------
    kind : `stand`: upright and still. `bend`: bends forward and comes up again. `side_left`, `side_right`: leans to
        that side and comes up again
    up : (n_samples, 3) float32, the vertical in the sensor frame; NaN where it was not measured
    """

    kind: TaskKind
    up: Signal3


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignmentQuality:
    """How well the tasks agree. NaN: cannot be told from these tasks.

    Attributes
    ----------
    n_stands, n_bends, n_sides : tasks that were used
    sway_deg : how far single samples of a stand are from its mean, root mean square
    stand_repeat_deg : the largest angle between a stand and all stands together
    bend_size_deg : the median of the largest inclinations of the bends
    bend_residual_deg : how far the bends leave their own plane, root mean square
    bend_repeat_deg : how far single bends turn away from the common forward direction, root mean square
    side_agreement_deg : angle between the forward direction by bends and the one by side-bends
    """

    n_stands: int
    n_bends: int
    n_sides: int
    sway_deg: float
    stand_repeat_deg: float
    bend_size_deg: float
    bend_residual_deg: float
    bend_repeat_deg: float
    side_agreement_deg: float
    grade: Literal["good", "fair"]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkAlignment:
    """The axes of the trunk in the sensor frame. Without a front only total inclination can be told.

    Attributes
    ----------
    is_axis : along the spine, up, when the person stands upright in their own way
    pa_axis : to the front, at right angles to it; None: not known
    ml_axis : to the left; None with `pa_axis`
    source : where it comes from
    quality : how well the tasks agree, where there were tasks
    """

    is_axis: Axis
    pa_axis: Axis | None = None
    ml_axis: Axis | None = None
    source: Source
    quality: AlignmentQuality | None = None

    def __post_init__(self) -> None:
        if (self.pa_axis is None) != (self.ml_axis is None):
            raise InputError("an alignment knows front and left, or neither")
        axes = [np.array(axis) for axis in (self.is_axis, self.pa_axis, self.ml_axis) if axis is not None]
        products = np.array([[one @ other for one in axes] for other in axes])
        if not np.allclose(products, np.eye(len(axes)), atol=1e-6):  # also refuses NaN
            raise InputError("the axes of an alignment have length 1 and stand at right angles")

    @classmethod
    def from_axes(
        cls,
        up: npt.NDArray[np.floating],
        front: npt.NDArray[np.floating] | None,
        *,
        source: Source,
        quality: AlignmentQuality | None = None,
    ) -> Self:
        """From directions in the sensor frame, which is right-handed; `front` is made to stand at right angles."""
        upright = np.asarray(up, np.float64) / np.linalg.norm(up)
        if front is None:
            return cls(is_axis=_axis(upright), source=source, quality=quality)
        ahead = np.asarray(front, np.float64) - (front @ upright) * upright
        ahead /= np.linalg.norm(ahead)
        left = np.cross(upright, ahead)
        return cls(is_axis=_axis(upright), pa_axis=_axis(ahead), ml_axis=_axis(left), source=source, quality=quality)

    @classmethod
    def of_body_frame(cls) -> Self:
        """For samples whose axes are already those of the body: up, right, front."""
        return cls(is_axis=(1, 0, 0), ml_axis=(0, -1, 0), pa_axis=(0, 0, 1), source="body frame")

    @classmethod
    def of_mounting(cls, axis: Literal["x", "-x", "y", "-y", "z", "-z"]) -> Self:
        """Only known which of the sensor's axes was meant to point up: total inclination, as well as it was put on."""
        direction = np.zeros(3)
        direction["xyz".index(axis[-1])] = -1 if axis.startswith("-") else 1
        return cls.from_axes(direction, None, source="mounting")

    @property
    def has_front(self) -> bool:
        """Flexion and side-bend can be told, not only total inclination."""
        return self.pa_axis is not None

    def axes(self) -> npt.NDArray[np.float64]:
        """(3, 3): up, left and front in the sensor frame, as rows. Without a front the last two are any that fit."""
        if self.pa_axis is not None and self.ml_axis is not None:
            return np.array([self.is_axis, self.ml_axis, self.pa_axis])
        up = np.array(self.is_axis)
        front = np.cross(up, np.eye(3)[np.abs(up).argmin()])
        front /= np.linalg.norm(front)
        return np.array([up, np.cross(up, front), front])


def _axis(direction: npt.NDArray[np.float64]) -> Axis:
    x, y, z = direction.tolist()
    return x, y, z
