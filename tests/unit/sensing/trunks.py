"""Invented trunks: the vertical in a sensor that sits in a known way, while somebody stands, bends and leans."""

from dataclasses import dataclass

import numpy as np

RATE_HZ = 50.0


@dataclass(frozen=True)
class Sitting:
    """How the sensor sits: the columns are front, left and up of the trunk in the sensor frame."""

    axes: np.ndarray

    @classmethod
    def some(cls, seed: int) -> "Sitting":
        rng = np.random.default_rng(seed)
        axes, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        return cls(axes if np.linalg.det(axes) > 0 else -axes)

    @property
    def front(self) -> np.ndarray:
        return self.axes[:, 0]

    @property
    def left(self) -> np.ndarray:
        return self.axes[:, 1]

    @property
    def up(self) -> np.ndarray:
        return self.axes[:, 2]

    def vertical(self, flexion_deg: np.ndarray, lateral_deg: np.ndarray) -> np.ndarray:
        """What this sensor sees as up while the trunk is bent forward and to the right by so much."""
        flexion, lateral = np.radians(flexion_deg), np.radians(lateral_deg)
        front = -np.sin(flexion) * np.cos(lateral)
        left = np.sin(lateral)
        up = np.cos(flexion) * np.cos(lateral)
        vertical: np.ndarray = np.stack([front, left, up], axis=-1) @ self.axes.T
        return vertical.astype(np.float32)


@dataclass(frozen=True)
class Doing:
    """Angles over time, with sway."""

    flexion_deg: np.ndarray
    lateral_deg: np.ndarray

    def then(self, other: "Doing") -> "Doing":
        return Doing(
            np.concatenate([self.flexion_deg, other.flexion_deg]), np.concatenate([self.lateral_deg, other.lateral_deg])
        )

    def swaying(self, deg: float, seed: int) -> "Doing":
        rng = np.random.default_rng(seed)
        sway = rng.normal(0, deg, (2, len(self.flexion_deg)))
        return Doing(self.flexion_deg + sway[0], self.lateral_deg + sway[1])


def still(time_s: float, flexion_deg: float = 0.0, lateral_deg: float = 0.0) -> Doing:
    n_samples = int(time_s * RATE_HZ)
    return Doing(np.full(n_samples, flexion_deg), np.full(n_samples, lateral_deg))


def bend(size_deg: float, time_s: float = 4.0, *, turned_deg: float = 0.0, base_deg: float = 0.0) -> Doing:
    """Down and up again, in a plane that is turned to the right by so much."""
    phase = np.linspace(0, 2 * np.pi, int(time_s * RATE_HZ), endpoint=False)
    lean = np.radians(size_deg * (1 - np.cos(phase)) / 2)
    turned = np.radians(turned_deg)
    lateral = np.degrees(np.arcsin(np.sin(lean) * np.sin(turned)))
    flexion = np.degrees(np.arctan2(np.sin(lean) * np.cos(turned), np.cos(lean)))
    return Doing(base_deg + flexion, lateral)


def lean(size_deg: float, time_s: float = 4.0) -> Doing:
    """To the right (or, negative, to the left) and up again."""
    phase = np.linspace(0, 2 * np.pi, int(time_s * RATE_HZ), endpoint=False)
    return Doing(np.zeros(len(phase)), size_deg * (1 - np.cos(phase)) / 2)
