"""How near the vertical is to that of an optical system, trial by trial, with VQF beside it in the same run.

    python -m validation.orientation              all trials that are here, at their own rate, 100 and 50 Hz
    python -m validation.orientation --walking    also real walking: no truth, but VQF to compare with

Error: angle between the estimated and the optical vertical in the sensor frame, in the phase of movement, without any
fit of one to the other; root mean square over a trial, then the mean over trials. The confidence interval of a mean
difference is from 10,000 resamples of the trials (seed 1).

What was used for tuning is in `TUNED_ON`: other trials of BROAD are untouched. VQF and BROAD have authors in common.
Recordings are not part of the repository: `UPPERBACK_REAL_DATA` names their folder, else it is `../shared/data`.
"""

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.signal import filtfilt, firwin

from upperback.sensing.orientation import OrientationParams, track_vertical
from upperback.sensing.signal import G_MPS2

ROOT: Final = Path(__file__).resolve().parents[1]

#: Numbers of the BROAD trials that parameters were chosen with, and that the sensor's delays were read from.
TUNED_ON: Final = frozenset({3, 5, 7, 9, 11, 14, 16, 21, 25})

#: Down-sampling keeps this share of the lower rate, without a delay.
_PASS_SHARE: Final = 0.4

Array = npt.NDArray[np.float64]
Method = Callable[["Trial"], Array]


@dataclass(frozen=True)
class Trial:
    """(n, 3) each, SI units; `up` the optical vertical in the sensor frame, NaN where the cameras lost it."""

    name: str
    rate_hz: float
    acc: Array
    gyr: Array
    up: Array
    movement: npt.NDArray[np.bool_]


def read_trial(path: Path) -> Trial:
    """A trial of BROAD, as shared/data/README.md describes it."""
    import pyarrow.parquet as pq

    table = pq.read_table(path)

    def columns(*names: str) -> Array:
        return np.stack([table.column(name).to_numpy() for name in names], axis=1).astype(np.float64)

    time_s = table.column("time_s").to_numpy()
    return Trial(
        name=path.stem,
        rate_hz=(len(time_s) - 1) / float(time_s[-1] - time_s[0]),
        acc=columns("acc_x", "acc_y", "acc_z"),
        gyr=columns("gyr_x", "gyr_y", "gyr_z"),
        up=vertical(columns("ref_qw", "ref_qx", "ref_qy", "ref_qz")),
        movement=table.column("movement").to_numpy().astype(bool),
    )


def vertical(quaternion: Array) -> Array:
    """Up in the sensor frame from quaternions (w, x, y, z), sensor to earth."""
    w, x, y, z = quaternion.T
    return np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z], axis=1)


def slower(trial: Trial, rate_hz: float) -> Trial:
    """The trial at a lower rate: low-passed without a delay, then interpolated."""
    taps = firwin(2 * int(10 * trial.rate_hz / rate_hz) + 1, _PASS_SHARE * rate_hz, fs=trial.rate_hz)
    old_s = np.arange(len(trial.acc)) / trial.rate_hz
    new_s = np.arange(0, old_s[-1], 1 / rate_hz)

    def at_new_times(values: Array) -> Array:
        return np.stack([np.interp(new_s, old_s, axis) for axis in values.T], axis=1)

    up = at_new_times(trial.up)
    return Trial(
        name=trial.name,
        rate_hz=rate_hz,
        acc=at_new_times(filtfilt(taps, 1, trial.acc, axis=0)),
        gyr=at_new_times(filtfilt(taps, 1, trial.gyr, axis=0)),
        up=up / np.linalg.norm(up, axis=1)[:, None],
        movement=np.interp(new_s, old_s, trial.movement) > 0.99,
    )


def error_deg(up: Array, trial: Trial) -> float:
    """Root mean square over the phase of movement."""
    cross, dot = np.linalg.norm(np.cross(up, trial.up), axis=1), (up * trial.up).sum(axis=1)
    angle = np.degrees(np.arctan2(cross, dot))[trial.movement]
    return float(np.sqrt(np.nanmean(angle**2)))


def ours(*, causal: bool, params: OrientationParams | None = None) -> Method:
    """Our vertical, live or with hindsight."""
    return lambda trial: track_vertical(
        trial.acc.astype(np.float32), trial.gyr.astype(np.float32), trial.rate_hz, params=params, causal=causal
    ).astype(np.float64)


def without_delays(*, causal: bool) -> Method:
    """Ours, with the timing that VQF has: each sample stands for the mean over the time since the last one."""

    def method(trial: Trial) -> Array:
        half_s = 0.5 / trial.rate_hz
        return ours(causal=causal, params=OrientationParams(gyr_delay_s=half_s, acc_delay_s=half_s))(trial)

    return method


def peers() -> dict[str, Method]:
    """VQF, if it is installed: live and with hindsight, and both turned on by the delay that suits them best."""
    try:
        import vqf
    except ImportError:
        return {}

    def live(trial: Trial) -> Array:
        return vertical(vqf.VQF(1 / trial.rate_hz).updateBatch(trial.gyr, trial.acc)["quat6D"])

    def offline(trial: Trial) -> Array:
        return vertical(vqf.offlineVQF(trial.gyr, trial.acc, None, 1 / trial.rate_hz)["quat6D"])

    def moved_on(method: Method) -> Method:
        def better(trial: Trial) -> Array:
            up = method(trial)
            shift_s = ours_delay_s() - 0.5 / trial.rate_hz
            ahead = up + shift_s * np.cross(up, trial.gyr)
            unit: Array = ahead / np.linalg.norm(ahead, axis=1)[:, None]
            return unit

        return better

    return {
        "VQF": live,
        "offlineVQF": offline,
        "VQF, our delay": moved_on(live),
        "offlineVQF, our delay": moved_on(offline),
    }


def ours_delay_s() -> float:
    """The delay of a gyroscope that we take for usual."""
    return OrientationParams().gyr_delay_s


def interval(differences: Array) -> tuple[float, float]:
    """95 % of the mean over resampled trials."""
    dice = np.random.default_rng(1)
    picks = dice.integers(0, len(differences), (10_000, len(differences)))
    low, high = np.percentile(differences[picks].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def print_table(trials: list[Trial]) -> None:
    """Errors of every method on every trial, and the differences."""
    found = peers()
    methods: dict[str, Method] = {
        "live": ours(causal=True),
        **{name: method for name, method in found.items() if "offline" not in name},
        "live, VQF's timing": without_delays(causal=True),
        "hindsight": ours(causal=False),
        **{name: method for name, method in found.items() if "offline" in name},
        "hindsight, VQF's timing": without_delays(causal=False),
    }
    errors = {name: np.array([error_deg(method(trial), trial) for trial in trials]) for name, method in methods.items()}
    width = max(len(trial.name) for trial in trials)
    print(f"{'':<{width}}  " + "  ".join(f"{name:>9}" for name in methods))
    for row, trial in enumerate(trials):
        cells = "  ".join(f"{errors[name][row]:>{max(9, len(name))}.3f}" for name in methods)
        mark = "" if _number(trial) in TUNED_ON else "  untouched"
        print(f"{trial.name:<{width}}  {cells}{mark}")
    print(f"{'mean':<{width}}  " + "  ".join(f"{errors[name].mean():>{max(9, len(name))}.3f}" for name in methods))
    pairs = [
        ("live", "VQF"),
        ("live", "VQF, our delay"),
        ("live, VQF's timing", "VQF"),
        ("hindsight", "offlineVQF"),
        ("hindsight", "offlineVQF, our delay"),
        ("hindsight, VQF's timing", "offlineVQF"),
    ]
    for mine, theirs in pairs:
        if theirs in errors:
            difference = errors[mine] - errors[theirs]
            low, high = interval(difference)
            share = difference.mean() / errors[theirs].mean()
            print(
                f"{mine} less {theirs}: {difference.mean():+.3f} deg ({share:+.0%}), 95 % [{low:+.3f}, {high:+.3f}]; "
                f"better in {(difference < 0).sum()} of {len(difference)} trials"
            )


def print_walking(folder: Path) -> None:
    """Real walking: steadiness, and how far VQF is from us. No truth."""
    for path in sorted(folder.glob("*.csv")):
        numbers = np.genfromtxt(path, delimiter=",", skip_header=1)
        acc, gyr = numbers[:, 1:4] * G_MPS2, np.radians(numbers[:, 4:7])
        trial = Trial(path.stem, 100.0, acc, gyr, np.full_like(acc, np.nan), np.ones(len(acc), bool))
        live, after = ours(causal=True)(trial), ours(causal=False)(trial)
        leans = np.degrees(np.arccos([np.clip(part[:, 0].mean(), -1, 1) for part in np.array_split(after, 3)]))
        said = ", ".join(f"{lean:.1f}" for lean in leans)
        print(f"{path.stem}: {len(acc) / 100:.0f} s; its long axis leans by {said} deg in the thirds of it")
        for name, method in peers().items():
            apart = np.degrees(np.linalg.norm(method(trial) - (after if "offline" in name else live), axis=1))[500:]
            rms, high = np.sqrt((apart**2).mean()), np.percentile(apart, 99)
            print(f"  {name:<22} apart by {rms:.2f} deg (root mean square), 99 of 100 below {high:.2f}")


def _number(trial: Trial) -> int:
    return int(trial.name.split("_")[0])


def main(arguments: list[str] | None = None) -> int:
    """Prints the tables; says why where it cannot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--walking", action="store_true", help="also compare on real walking")
    options: Any = parser.parse_args(arguments)
    folder = Path(os.environ.get("UPPERBACK_REAL_DATA", ROOT.parent / "shared" / "data"))
    files = sorted((folder / "broad").glob("*.parquet"))
    if not files:
        print("skipped: there are no BROAD recordings here; UPPERBACK_REAL_DATA names the folder that holds broad/")
        return 0
    trials = [read_trial(path) for path in files]
    tuned = sum(_number(trial) in TUNED_ON for trial in trials)
    print(f"{len(trials)} trials of BROAD; {tuned} of them were used for tuning, {len(trials) - tuned} are untouched")
    for rate_hz in (None, 100.0, 50.0):
        some = trials if rate_hz is None else [slower(trial, rate_hz) for trial in trials]
        print(f"\n{some[0].rate_hz:.1f} Hz, root mean square error in deg")
        print_table(some)
    if options.walking:
        print()
        print_walking(folder / "lower_back")
    return 0


if __name__ == "__main__":
    sys.exit(main())
