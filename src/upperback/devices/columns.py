"""Which column of a table is what: one explicit list of the headings that apps, loggers and researchers write.

Headings are compared without case, without the unit in brackets, and with every run of other characters as one `_`.
An app whose headings are missing here is added here, with a test.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from upperback.core.errors import InputError


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table: where it is, its heading as written, and the unit that the heading gives."""

    position: int
    heading: str
    unit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns that are used. `acc_points_down`: the app is known to write gravity the other way round."""

    time: Column | None
    start: Column | None
    acc: tuple[Column, Column, Column] | None
    gyr: tuple[Column, Column, Column] | None
    emg: tuple[Column, ...]
    quality: Column | None
    acc_points_down: bool

    @property
    def used(self) -> tuple[Column, ...]:
        """All of them, in the order of the table."""
        several = (*(self.acc or ()), *(self.gyr or ()), *self.emg)
        single = tuple(column for column in (self.time, self.start, self.quality) if column is not None)
        return tuple(sorted({*several, *single}, key=lambda column: column.position))


#: Unit as written in a heading, without spaces and case -> our name. Anything else is "not said".
UNITS: Final = {
    **dict.fromkeys(("g", "gs", "g_force"), "g"),
    **dict.fromkeys(("mg", "milli_g"), "mg"),
    **dict.fromkeys(
        ("m/s^2", "m/s²", "m/s2", "m/s/s", "m/(s^2)", "m/(s²)", "ms-2", "ms^-2", "m*s^-2", "mps2", "ms2"), "mps2"
    ),
    **dict.fromkeys(("rad/s", "rads/s", "rad/sec", "radps", "rads", "rad*s^-1"), "radps"),
    **dict.fromkeys(("deg/s", "°/s", "º/s", "deg/sec", "degrees/s", "dps", "degps", "deg*s^-1"), "dps"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("ms", "msec", "millis", "milliseconds"), "ms"),
    **dict.fromkeys(("us", "µs", "μs", "microseconds"), "us"),
    **dict.fromkeys(("ns", "nanos", "nanoseconds"), "ns"),
    **dict.fromkeys(("v", "volt", "volts"), "V"),
    **dict.fromkeys(("mv", "millivolt", "millivolts"), "mV"),
    **dict.fromkeys(("uv", "µv", "μv", "microvolt", "microvolts"), "uV"),
}

#: Accelerations without gravity, sums of axes and the like: never taken.
_NEVER: Final = re.compile(
    r"linear|lin_acc|useracc|user_acc|free_?acc|gravity|magnitude|(^|_)abs(olute)?(_|$)|total_?a$|(^|_)norm(_|$)|world|earth"
)

#: Name without the axis -> rank; the lowest rank with all three axes is taken.
_ACC_NAMES: Final = {
    "acc": 0,
    "accel": 1,
    "acceleration": 1,
    "accelerometer": 1,
    "totalacceleration": 1,
    "total_acceleration": 1,
    "accelerometeracceleration": 1,  # SensorLog
    "gf": 1,  # Physics Toolbox, "g-force"
    "accelerometeruncalibrated": 2,
    "accelerometer_uncalibrated": 2,
    "accel_ln": 2,  # Shimmer, low noise
    "accel_wr": 3,  # Shimmer, wide range
    "a": 4,
    "": 6,  # x, y, z alone
}
_GYR_NAMES: Final = {
    "gyr": 0,
    "gyro": 1,
    "gyroscope": 1,
    "angular_velocity": 1,
    "angularvelocity": 1,
    "rotationrate": 1,
    "rotation_rate": 1,
    "gyrorotation": 1,  # SensorLog
    "motionrotationrate": 2,  # SensorLog, iPhone's own correction
    "gyroscopeuncalibrated": 2,
    "rot": 3,
    "w": 4,  # Physics Toolbox
    "g": 5,
}
#: Apps that pass on iPhone's own sign, in which a resting phone on its back reads -1 g.
_POINTS_DOWN: Final = frozenset({"accelerometeracceleration"})

_AXIS: Final = re.compile(r"^(?P<name>.*?)_?(?:axis_)?(?P<axis>[xyz])(?:_axis)?(?:_cal)?$")

#: Time columns, best first.
_TIME_NAMES: Final = (
    "time_s",
    "accelerometertimestamp_sincereboot",
    "sensor_timestamp",
    "timestamp",
    "time",
    "t",
    "seconds_elapsed",
    "elapsed",
    "elapsed_time",
    "time_elapsed",
    "relative_time",
    "time_since_start_in_ms",
    "epoch",
    "epoch_ms",
    "unix_time",
    "unix_timestamp",
    "unixtime",
    "unixtimestamp",
    "time_unix",
    "time_ms",
    "time_us",
    "time_ns",
    "timestamp_ms",
    "timestamp_us",
    "timestamp_ns",
    "datetime",
    "date_time",
    "date",
    "phone_timestamp",
    "loggingtime",
)
#: Where the stamps count from an unknown zero, the first value of one of these gives the date.
_START_NAMES: Final = ("loggingtime", "phone_timestamp", "datetime", "date_time", "timestamp", "time")
_TIME_SUFFIX: Final = re.compile(r"_(s|ms|us|ns)$")
_EMG: Final = re.compile(r"(^|_)s?emg(_|\d|$)|^emg")

#: More columns than any recorder writes.
MAX_COLUMNS: Final = 1000
_SHOWN: Final = 8


def find_columns(headings: Sequence[str], emg_channels: Sequence[str] = ()) -> Columns:
    """The columns that a table offers.

    Raises
    ------
    InputError : more columns than any recorder writes; two sensors of the same kind; a heading twice; a named EMG
        channel that is not there.
    """
    if len(headings) > MAX_COLUMNS:
        raise InputError(f"the table has {len(headings):,} columns; at most {MAX_COLUMNS:,} are read")
    split = [_split(heading) for heading in headings]
    acc, acc_name = _triple(headings, split, _ACC_NAMES, "accelerometers")
    gyr, _ = _triple(headings, split, _GYR_NAMES, "gyroscopes")
    return Columns(
        time=_first(headings, split, _TIME_NAMES),
        start=_first(headings, split, _START_NAMES),
        acc=acc,
        gyr=gyr,
        emg=_emg(headings, split, emg_channels),
        quality=_first(headings, split, ("quality",)),
        acc_points_down=acc_name in _POINTS_DOWN,
    )


def shown(headings: Sequence[str]) -> str:
    """Headings for a message: the first few, cut and without control characters."""
    cut = [re.sub(r"[^\x20-\x7e°µ²]", "?", heading)[:40] for heading in headings[:_SHOWN]]
    return ", ".join(cut) + (f" and {len(headings) - _SHOWN:,} more" if len(headings) > _SHOWN else "")


def _split(heading: str) -> tuple[str, str | None]:
    """(name, unit): `Acceleration x (m/s^2)` -> (`acceleration_x`, `mps2`)."""
    text = heading.strip().lower()
    unit = None
    bracketed = re.search(r"[(\[]([^()\[\]]*(?:\([^()]*\))?[^()\[\]]*)[)\]]\s*$", text)
    if bracketed:
        unit = UNITS.get(bracketed.group(1).replace(" ", ""))
        text = text[: bracketed.start()]
    name = re.sub(r"[^a-z0-9]+", "_", text).strip("_")
    if unit is None:
        for ending in ("mps2", "ms2", "mg", "g", "dps", "radps", "uv", "mv", "v"):
            if name.endswith(f"_{ending}"):
                return name.removesuffix(f"_{ending}"), UNITS[ending]
        if suffix := _TIME_SUFFIX.search(name):
            unit = UNITS[suffix.group(1)]
    return name, unit


def _first(headings: Sequence[str], split: Sequence[tuple[str, str | None]], names: Sequence[str]) -> Column | None:
    for wanted in names:
        for position, (name, unit) in enumerate(split):
            if name == wanted:
                return Column(position, headings[position], unit)
    return None


def _triple(
    headings: Sequence[str], split: Sequence[tuple[str, str | None]], names: dict[str, int], kind: str
) -> tuple[tuple[Column, Column, Column] | None, str | None]:
    found: dict[str, dict[str, Column]] = {}
    for position, (name, unit) in enumerate(split):
        match = _AXIS.match(name)
        if match is None or _NEVER.search(name):
            continue
        sensor, axis = match.group("name"), match.group("axis")
        if _rank(sensor, names) is None:
            continue
        axes = found.setdefault(sensor, {})
        if axis in axes:
            raise InputError(f"two columns are headed {shown([headings[position]])}")
        axes[axis] = Column(position, headings[position], unit)
    whole = {sensor: axes for sensor, axes in found.items() if len(axes) == 3}
    if not whole:
        return None, None
    best = min(rank for sensor in whole if (rank := _rank(sensor, names)) is not None)
    chosen = [sensor for sensor in whole if _rank(sensor, names) == best]
    if len(chosen) > 1:
        first = [whole[sensor]["x"].heading for sensor in chosen]
        raise InputError(f"the table holds several {kind} ({shown(first)}): keep the columns of one")
    axes = whole[chosen[0]]
    return (axes["x"], axes["y"], axes["z"]), chosen[0]


def _rank(sensor: str, names: dict[str, int]) -> int | None:
    """Rank of a sensor's name; a name with something in front (`trunk_acc`) comes after all without."""
    if sensor in names:
        return names[sensor]
    for name, rank in names.items():
        if len(name) > 1 and sensor.endswith(f"_{name}"):
            return rank + 100
    return None


def _emg(headings: Sequence[str], split: Sequence[tuple[str, str | None]], wanted: Sequence[str]) -> tuple[Column, ...]:
    if not wanted:
        return tuple(
            Column(position, headings[position].strip(), unit)
            for position, (name, unit) in enumerate(split)
            if _EMG.search(name)
        )
    by_heading = {heading.strip(): position for position, heading in enumerate(headings)}
    absent = [name for name in wanted if name not in by_heading]
    if absent:
        raise InputError(f"there is no column {shown(absent)}; the columns are {shown(headings)}")
    return tuple(Column(by_heading[name], name, split[by_heading[name]][1]) for name in wanted)
