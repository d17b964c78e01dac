"""Units that a file does not state, from what gravity and muscles are like. No doubt, or no guess."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations, product
from typing import Any, Final, get_args

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.devices.base import AccUnit, EmgUnit, Guess, GyrUnit
from upperback.sensing.signal import G_MPS2, squares

#: Factor to m/s2.
ACC_FACTOR: Final = {"mps2": 1.0, "g": G_MPS2, "mg": G_MPS2 / 1000}
#: Factor to rad/s.
GYR_FACTOR: Final = {"radps": 1.0, "dps": np.pi / 180}
#: Factor to V.
EMG_FACTOR: Final = {"V": 1.0, "mV": 1e-3, "uV": 1e-6}

_UNIT_WORDS: Final = {
    "mps2": "m/s2",
    "g": "g",
    "mg": "mg",
    "radps": "rad/s",
    "dps": "deg/s",
    "V": "V",
    "mV": "mV",
    "uV": "µV",
}

#: Gravity in a sensor that was never calibrated.
_GRAVITY_TOLERANCE: Final = 0.2
#: With less of its length left after a second's mean, an acceleration is not mostly gravity.
_STEADY_SHARE: Final = 0.8
#: Walking without gravity keeps about a tenth, tumbling with it three quarters.
_SHAKEN_SHARE: Final = 0.3
#: A steady sensor that reads less than this share of gravity has had it taken out.
_NO_GRAVITY: Final = 0.3

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Gravity:
    """What the accelerometer reads besides movement: median length of one-second means, in the file's unit.

    `length` is None where nothing can be said, `steady` is the median share of the length that a mean keeps, NaN where
    there is no number at all.
    """

    length: float | None
    steady: float


def measure_gravity(acc: Floats, sampling_rate_hz: float) -> Gravity:
    """Gravity as the file counts it, from the first stretch of a recording, (n, 3)."""
    window = max(1, round(sampling_rate_hz))
    (acc,) = _finite(acc)
    if not len(acc):
        return Gravity(None, math.nan)
    n_windows = max(1, len(acc) // window)
    windows = acc[: n_windows * window].astype(np.float64).reshape(n_windows, -1, 3)
    mean_length = np.linalg.norm(windows.mean(axis=1), axis=1)
    length_mean = np.sqrt(squares(windows)).mean(axis=1)
    if not length_mean.any():
        return Gravity(0.0, 0.0)
    steady = mean_length / np.where(length_mean > 0, length_mean, 1)
    quiet = steady >= max(_STEADY_SHARE, float(np.quantile(steady, 0.5)))
    return Gravity(float(np.median(mean_length[quiet])) if quiet.any() else None, float(np.median(steady)))


def acc_unit(gravity: Gravity, stated: str | None, option: AccUnit | None) -> tuple[str, Guess | None]:
    """The unit of the acceleration: by option, by heading, or by resting gravity; always checked against gravity.

    Raises
    ------
    InputError : it cannot be told, or the data contradict what is stated.
    """
    said = option or stated
    if math.isnan(gravity.steady):
        raise InputError("the acceleration begins without any number: the sensor was off or its columns are empty")
    if gravity.length == 0:
        raise InputError("the acceleration is zero throughout: the sensor was off or its columns are empty")
    fitting = [] if gravity.length is None else [unit for unit in ACC_FACTOR if _is_gravity(gravity.length, unit)]
    if said is not None:
        by = f"--acc-unit {said}" if option else f"the stated {_UNIT_WORDS[said]}"
        if fitting and said not in fitting:
            raise InputError(
                f"with {by}, gravity would be {_in_g(gravity, said)} times too large or small; "
                f"the data look like {_UNIT_WORDS[fitting[0]]}: {_options('acc', get_args(AccUnit), fitting[0])}"
            )
        if _without_gravity(gravity, ACC_FACTOR[said]):
            raise InputError(_WITHOUT_GRAVITY)
        return said, None
    if gravity.length is None or len(fitting) != 1:
        if _without_gravity(gravity, ACC_FACTOR["g"]):
            raise InputError(_WITHOUT_GRAVITY)
        raise InputError("the unit of the acceleration cannot be told from the data; give --acc-unit g or mps2")
    unit = fitting[0]
    words = _UNIT_WORDS[unit]
    why = f"Gravity reads {gravity.length:.3g} while the sensor is steady, so the acceleration is in {words}."
    return unit, Guess(what="acc_unit", value=unit, why=why)


_WITHOUT_GRAVITY: Final = (
    "the acceleration holds no gravity (linear or user acceleration), so no posture can be read from it; "
    "export the acceleration with gravity instead"
)


def _without_gravity(gravity: Gravity, factor: float) -> bool:
    if gravity.length is None:
        return gravity.steady < _SHAKEN_SHARE
    return gravity.length * factor < _NO_GRAVITY * G_MPS2


def _is_gravity(length: float, unit: str) -> bool:
    return abs(length * ACC_FACTOR[unit] / G_MPS2 - 1) <= _GRAVITY_TOLERANCE


def _in_g(gravity: Gravity, unit: str) -> str:
    ratio = (gravity.length or 0) * ACC_FACTOR[unit] / G_MPS2
    return f"{max(ratio, 1 / ratio):.3g}"


def _options(kind: str, units: tuple[str, ...], fitting: str) -> str:
    return f"give --{kind}-unit {fitting}" if fitting in units else f"give --{kind}-unit {' or '.join(units)}"


# ---- gyroscope ---------------------------------------------------------------------------------------------------

#: No gyroscope reaches this, in rad/s: 4 300 deg/s.
_NO_RANGE_RADPS: Final = 75.0
#: Directions are means over this long; compared one such time apart.
_SMOOTHING_S: Final = 0.3
#: Moments in which the length of the acceleration is further off gravity than this say little about direction.
_CALM: Final = 0.1
#: From here on gravity's turning and the gyroscope agree: seen with correct units and axes in walking and in handling
#: fast and slow (0.58 to 0.99), and never with wrong axes (below 0.36).
_CLEAR: Final = 0.5
#: Pushes without turning may look like a turn about another axis, but not this much.
_CLEARLY_OTHER: Final = 0.7
#: And they leave less than this share of what its own axes leave unexplained.
_MUCH_BETTER: Final = 0.6
#: Smaller turns are noise, in rad, root mean square.
_TURN_RAD: Final = 0.005


@dataclass(frozen=True, slots=True)
class Turning:
    """How gravity's turning in the sensor agrees with the gyroscope.

    `factor` : what to multiply the gyroscope by so that it explains gravity's turning, in rad/s per unit
    `agreement` : correlation of the two, -1 to 1; near 0 also where nothing turns
    `turned_rad` : how much gravity turned per smoothing time, root mean square
    `other_axes` : another order or direction of the gyroscope's axes fits clearly, and much better than its own
    """

    factor: float
    agreement: float
    turned_rad: float
    other_axes: bool = False

    @property
    def clear(self) -> bool:
        """Enough turning, and agreement on it."""
        return self.agreement > _CLEAR and self.turned_rad > _TURN_RAD


_NO_TURNING: Final = Turning(0.0, 0.0, 0.0)


def measure_turning(acc: Floats, gyr: Floats, sampling_rate_hz: float) -> Turning:
    """Compares gravity's turning with the gyroscope over the first stretch, (n, 3) each, any units.

    For a direction u that stands still in the room, du/dt = -rotation x u in the sensor.
    """
    acc, gyr = _finite(acc, gyr)
    width = max(1, round(_SMOOTHING_S * sampling_rate_hz))
    if len(acc) < 10 * width:
        return _NO_TURNING
    length = np.sqrt(squares(acc.astype(np.float64)))[:, None]
    usual = float(np.median(length))
    if usual == 0:
        return _NO_TURNING
    every = max(1, width // 4)  # means over `width` say nothing new more often
    rough = np.sqrt(_running_mean((length / usual - 1) ** 2, width, every)[:, 0])
    direction = _running_mean(acc, width, every)
    direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-9)
    rotation = _running_mean(gyr, width, every)
    lag = max(1, width // every)
    turned = (direction[lag:] - direction[:-lag]) * sampling_rate_hz / (lag * every)
    middle = slice(lag // 2, lag // 2 + len(turned))
    calm = (np.maximum(rough[lag:], rough[:-lag]) < _CALM) & (rough[middle] < _CALM)
    turned, direction, rotation = turned[calm], direction[middle][calm], rotation[middle][calm]
    if len(turned) < 10:
        return _NO_TURNING
    sums = _Sums.of(turned, direction, rotation, width / sampling_rate_hz)
    own = sums.fit((0, 1, 2), (1, 1, 1))
    if own.turned_rad < _TURN_RAD:
        return own
    others = (sums.fit(order, signs) for order in permutations(range(3)) for signs in product((1, -1), repeat=3))
    best = max((other.agreement for other in others if _unit_of(other.factor) is not None), default=0.0)
    fits = best > _CLEARLY_OTHER and 1 - best**2 < _MUCH_BETTER * (1 - max(own.agreement, 0.0) ** 2)
    return Turning(own.factor, own.agreement, own.turned_rad, fits)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """What the fit of direction x rotation to gravity's turning needs, whatever the order of the rotation's axes.

    Attributes
    ----------
    both : (3, 3), turned x direction with rotation, as turned . (direction x rotation) is their product
    along : (3, 3, 3, 3), direction[k] direction[l] with rotation[i] rotation[j]
    rotation, turned : squares
    """

    both: npt.NDArray[np.float64]
    along: npt.NDArray[np.float64]
    rotation: float
    turned: float
    n: int
    lag_s: float

    @classmethod
    def of(
        cls,
        turned: npt.NDArray[np.float64],
        direction: npt.NDArray[np.float64],
        rotation: npt.NDArray[np.float64],
        lag_s: float,
    ) -> "_Sums":
        # Not with @: the first product of matrices of this size makes OpenBLAS set 32 MB aside, just when the first
        # look at a recording is held and Arrow has read ahead as far as it may.
        pairs = [(one[:, :, None] * one[:, None, :]).reshape(-1, 9) for one in (direction, rotation)]
        return cls(
            both=np.einsum("ni,nj->ij", np.cross(turned, direction), rotation),
            along=np.einsum("ni,nj->ij", *pairs).reshape(3, 3, 3, 3),
            rotation=float((rotation**2).sum()),
            turned=float((turned**2).sum()),
            n=len(turned),
            lag_s=lag_s,
        )

    def fit(self, order: Sequence[int], signs: Sequence[int]) -> Turning:
        """With the rotation's axes in another order, and other signs."""
        axis, sign, own_axis = np.array(order), np.array(signs), np.arange(3)
        both = float((self.both[own_axis, axis] * sign).sum())
        # Of a unit vector and another, the square of the cross product is that of the other less the product's.
        along = self.along[own_axis[:, None], own_axis, axis[:, None], axis] * sign[:, None] * sign
        own = self.rotation - float(along.sum())
        if own <= 1e-12 * self.rotation or self.turned == 0:
            return _NO_TURNING
        turned_rad = float(np.sqrt(self.turned / self.n)) * self.lag_s
        return Turning(both / own, both / float(np.sqrt(own * self.turned)), turned_rad)


def _unit_of(factor: float) -> str | None:
    return next((unit for unit, exact in GYR_FACTOR.items() if 0.5 < factor / exact < 2), None)


def gyr_unit(
    turning: Turning, gyr: Floats, stated: str | None, option: GyrUnit | None
) -> tuple[str, Guess | None, str | None]:
    """The unit of the rotation, the guess if it is one, and a note where the two sensors do not fit each other.

    Raises
    ------
    InputError : it cannot be told, or the data contradict what is stated.
    """
    finite = gyr[np.isfinite(gyr)]
    too_fast = bool(len(finite)) and float(np.abs(finite).max()) > _NO_RANGE_RADPS
    fitting = _unit_of(turning.factor) if turning.clear else None
    said = option or stated
    if said is not None:
        if (fitting is not None and said != fitting) or (said == "radps" and too_fast and fitting is None):
            by = f"--gyr-unit {said}" if option else f"the stated {_UNIT_WORDS[said]}"
            better = fitting or "dps"
            raise InputError(
                f"with {by}, the rotation does not fit the turning of gravity or any sensor's range; "
                f"the data look like {_UNIT_WORDS[better]}: give --gyr-unit {better}"
            )
        return said, None, _AXES_DISAGREE if turning.other_axes else None
    if fitting is not None:
        why = f"Gravity turns as the gyroscope says if that counts in {_UNIT_WORDS[fitting]}."
        return fitting, Guess(what="gyr_unit", value=fitting, why=why), None
    if too_fast:
        why = "No sensor turns as fast as this would be in rad/s, so the rotation is in deg/s."
        note = _AXES_DISAGREE if turning.other_axes else None
        return "dps", Guess(what="gyr_unit", value="dps", why=why), note
    raise InputError("the unit of the rotation cannot be told from the data; give --gyr-unit dps or radps")


_AXES_DISAGREE: Final = (
    "Gyroscope and accelerometer turn together only if the axes of one are swapped or mirrored. "
    "Figures that use the gyroscope may be wrong."
)


def _finite(*signals: Floats) -> Sequence[Floats]:
    """The samples at which every signal, (n, 3), is finite."""
    if all(np.isfinite(signal).all() for signal in signals):
        return signals
    good = np.all([np.isfinite(signal).all(axis=1) for signal in signals], axis=0)
    return [signal[good] for signal in signals]


def _running_mean(signal: npt.NDArray[Any], width: int, every: int) -> npt.NDArray[np.float64]:
    """Means over `width` samples, `every` so many samples."""
    total = np.zeros((len(signal) + 1, signal.shape[1]))
    np.cumsum(signal, axis=0, dtype=np.float64, out=total[1:])
    mean: npt.NDArray[np.float64] = (total[width::every] - total[:-width:every]) / width
    return mean


# ---- EMG ---------------------------------------------------------------------------------------------------------

#: 95th percentiles of the deviation from the median that leave no other unit possible: in mV the first would lie below
#: any amplifier's noise, and the second above any muscle. In between stand amplified volts, millivolts and counts.
_V_LEVEL: Final = (1e-7, 5e-4)
_UV_LEVEL: Final = (2e1, 1e4)


def emg_unit(emg: Floats, stated: str | None, option: EmgUnit | None) -> tuple[str, Guess | None]:
    """The unit of EMG columns, (n, channels): by option, by heading, or because no other is possible.

    Raises
    ------
    InputError : it cannot be told.
    """
    said: str | None = option or stated
    if said is not None:
        return said, None
    finite = emg[np.isfinite(emg).all(axis=1)]
    if len(finite):
        middle = np.median(finite, axis=0)
        level = float(np.quantile(np.abs(finite - middle), 0.95))
        why = f"Only then is a level of {level:.2g} one that a muscle can have at the skin."
        if _V_LEVEL[0] < level < _V_LEVEL[1]:
            return "V", Guess(what="emg_unit", value="V", why=why)
        counts = bool((finite == np.rint(finite)).all())
        if _UV_LEVEL[0] < level < _UV_LEVEL[1] and not counts and np.abs(middle).max() < level:
            return "uV", Guess(what="emg_unit", value="uV", why=why)
    raise InputError("the unit of the EMG cannot be told from the data; give --emg-unit V, mV or uV")
