"""Columns of time stamps: what they count, from when, and how finely."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from upperback.core.errors import InputError
from upperback.devices.base import MAX_RATE_HZ, MIN_RATE_HZ, Guess
from upperback.devices.grid import ON_GRID

Float64s = npt.NDArray[np.float64]

_PER_S: Final = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}

#: A rate this close to a whole number of Hz is meant to be that number.
_WHOLE_HZ: Final = 0.005

#: Seconds since 1970 between 2001 and 2286; a count with another unit is this many times larger.
_UNIX_S: Final = (1e9, 1e10)

#: Nothing further from the first stamp than this is a time: 300 years.
_MAX_S: Final = 1e10

_DATE: Final = r"(\d{4})[-/.](\d{2})[-/.](\d{2})"
_CLOCK: Final = r"(\d{1,2})[:\-](\d{2})[:\-](\d{2})(?:[.,:_](\d{1,9}))?"
_ZONE: Final = r"(?:\s*(Z|UTC|[+-]\d{2}:?\d{2}))?"
_DATED: Final = re.compile(rf"^\s*{_DATE}[T _]{_CLOCK}{_ZONE}\s*$")
_TIME_OF_DAY: Final = re.compile(rf"^\s*{_CLOCK}\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamps:
    """How to read a column of times.

    Attributes
    ----------
    kind : `number`, `timestamp` (Arrow's own), `dated` (ISO 8601 or near it), `clock` (time of day)
    per_s : counts per second
    zero : the first stamp, in counts
    unix_s : the first stamp in s since 1970, in UTC or by the local clock; None where the count has a zero of its own
    zoned : `unix_s` is UTC
    """

    kind: str
    per_s: float
    zero: float | int
    unix_s: float | None
    zoned: bool

    def seconds(self, column: Any) -> Float64s:
        """Seconds since the first stamp; NaN where a stamp is missing."""
        if self.kind == "number":
            seconds = _numbers(column, self.zero)
            if self.per_s != 1:
                seconds /= self.per_s
            if len(seconds) and not (seconds.min() > -_MAX_S and seconds.max() < _MAX_S):  # or NaN
                seconds[~(np.abs(seconds) < _MAX_S)] = np.nan
            return seconds
        counts, missing = _counts(column, self.kind)
        seconds = (counts - int(self.zero)) / self.per_s
        seconds[missing] = np.nan
        return seconds


def read_stamps(column: Any, unit: str | None, rate_hz: float | None) -> tuple[Stamps, Guess | None]:
    """How to read a column of times, judged by its first values.

    Raises
    ------
    InputError : what the stamps count cannot be told.
    """
    if pa.types.is_timestamp(column.type):
        return _absolute(column, "timestamp", zoned=column.type.tz is not None), None
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        first = next((value for value in column[:1000].to_pylist() if value), "")
        if dated := _DATED.match(first):
            return _absolute(column, "dated", zoned=dated.group(8) is not None), None
        if _TIME_OF_DAY.match(first):
            stamps = _absolute(column, "clock", zoned=False)
            return Stamps(kind="clock", per_s=stamps.per_s, zero=stamps.zero, unix_s=None, zoned=False), None
        raise InputError("the time stamps cannot be read; write them as seconds, or as 2026-05-01T09:30:00.125")
    values = _numbers(column, 0)
    values = values[np.isfinite(values)]
    if not len(values):
        raise InputError("the column of times is empty")
    zero = column[int(np.flatnonzero(np.isfinite(_numbers(column, 0)))[0])].as_py()
    unit, guess = (unit, None) if unit else _guess_unit(values, rate_hz)
    per_s = _PER_S.get(unit)
    if per_s is None:
        raise InputError("the column of times is not in s, ms, us or ns")
    since_1970 = _UNIX_S[0] <= zero / per_s < _UNIX_S[1]
    return Stamps(
        kind="number", per_s=per_s, zero=zero, unix_s=zero / per_s if since_1970 else None, zoned=since_1970
    ), guess


def _guess_unit(values: Float64s, rate_hz: float | None) -> tuple[str, Guess]:
    for unit, per_s in _PER_S.items():
        if _UNIX_S[0] <= values[0] / per_s < _UNIX_S[1]:
            why = f"Only counted in {unit} since 1970 do the time stamps give a date of our time."
            return unit, Guess(what="time_unit", value=unit, why=why)
    steps = np.diff(values)
    steps = steps[steps > 0]
    if len(steps):
        step = float(np.median(steps))
        low, high = (0.5 * rate_hz, 2 * rate_hz) if rate_hz else (MIN_RATE_HZ, MAX_RATE_HZ)
        fitting = [unit for unit, per_s in _PER_S.items() if low <= per_s / step <= high]
        likely = [unit for unit in fitting if 10 <= _PER_S[unit] / step <= 2000]
        if len(fitting) == 1 or len(likely) == 1:
            unit = (likely or fitting)[0]
            why = f"Time steps of {step:.4g} make {_PER_S[unit] / step:.4g} samples a second if they are in {unit}."
            return unit, Guess(what="time_unit", value=unit, why=why)
    raise InputError("the unit of the time stamps cannot be told; head the column time_s or time_ms")


def _absolute(column: Any, kind: str, *, zoned: bool) -> Stamps:
    counts, missing = _counts(column, kind)
    if missing.all():
        raise InputError("the column of times is empty")
    zero = int(counts[np.flatnonzero(~missing)[0]])
    return Stamps(kind=kind, per_s=1e9, zero=zero, unix_s=zero / 1e9, zoned=zoned)


def _numbers(column: Any, zero: float | int) -> Float64s:
    """A numeric column less `zero`, float64; whole numbers are subtracted as such, which keeps nanoseconds."""
    if pa.types.is_integer(column.type) and not column.null_count and isinstance(zero, int):
        exact: Float64s = (column.to_numpy() - np.int64(zero)).astype(np.float64)
        return exact
    if not pa.types.is_float64(column.type):
        import pyarrow.compute as pc

        column = pc.cast(column, pa.float64(), safe=False)
    with np.errstate(invalid="ignore"):  # infinity less infinity
        result: Float64s = column.to_numpy(zero_copy_only=False) - zero
    return result


def _counts(column: Any, kind: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """(ns since 1970, missing) of a column of times."""
    import pyarrow.compute as pc

    try:
        if kind == "timestamp":
            column = pc.cast(column, pa.timestamp("ns", column.type.tz))
        else:
            column = _text_to_timestamps(column, kind)
    except pa.ArrowInvalid as error:
        raise InputError("a time stamp cannot be read, or lies outside the years 1678 to 2261") from error
    missing = pc.is_null(column).to_numpy(zero_copy_only=False)
    counts = pc.fill_null(pc.cast(column, pa.int64()), 0).to_numpy(zero_copy_only=False)
    return counts, missing


def _text_to_timestamps(column: Any, kind: str) -> Any:
    import pyarrow.compute as pc

    column = pc.if_else(pc.equal(pc.utf8_trim_whitespace(column), ""), None, column)
    if kind == "dated":
        for zone in (None, "UTC"):
            try:
                return pc.cast(pc.cast(column, pa.timestamp("ns", zone)), pa.timestamp("ns"))
            except pa.ArrowInvalid:
                continue
    # Not quite ISO 8601: 2026-05-01 09:30:00:125 +0200
    date = r"\1-\2-\3 " if kind == "dated" else "1970-01-01 "
    pattern = _DATED.pattern if kind == "dated" else _TIME_OF_DAY.pattern
    first = 4 if kind == "dated" else 1
    whole = pc.replace_substring_regex(column, pattern, rf"{date}\{first}:\{first + 1}:\{first + 2}")
    fraction = pc.replace_substring_regex(column, pattern, rf"\{first + 3}")
    whole = pc.replace_substring_regex(whole, r" (\d):", r" 0\1:")
    times = pc.cast(pc.cast(whole, pa.timestamp("s")), pa.int64())
    ns = pc.cast(pc.utf8_slice_codeunits(pc.utf8_rpad(fraction, 9, "0"), 0, 9), pa.int64())
    result = pc.add(pc.multiply(times, 1_000_000_000), ns)
    if kind == "dated":
        zone = pc.replace_substring_regex(column, pattern, r"\8")
        zone = pc.replace_substring_regex(pc.replace_substring_regex(zone, "^(Z|UTC|)$", "+0000"), ":", "")
        sign = pc.if_else(pc.equal(pc.utf8_slice_codeunits(zone, 0, 1), "-"), -1, 1)
        hours = pc.cast(pc.utf8_slice_codeunits(zone, 1, 3), pa.int64())
        minutes = pc.cast(pc.utf8_slice_codeunits(zone, 3, 5), pa.int64())
        offset = pc.multiply(sign, pc.add(pc.multiply(hours, 60), minutes))
        result = pc.subtract(result, pc.multiply(offset, 60_000_000_000))
    return pc.cast(result, pa.timestamp("ns"))


# ---- rates and dates ---------------------------------------------------------------------------------------------


def measured_rate(time_s: Float64s) -> float | None:
    """Samples per second between the gaps; None with fewer than two different times."""
    steps = np.diff(time_s[np.isfinite(time_s)])
    steps = steps[steps > 0]
    if not len(steps):
        return None
    steps = steps[steps < 2.5 * np.median(steps)]
    return float(len(steps) / steps.sum())


def nominal_rate(time_s: Float64s, measured_hz: float, option_hz: float | None) -> float:
    """The rate of the even grid: what the caller says; else the measured rate if the stamps are even at it; else a
    whole number of Hz if one is that close.

    Raises
    ------
    InputError : no recorder has that rate, or the option contradicts the time stamps.
    """
    if option_hz is not None:
        check_rate(option_hz, "--rate-hz")
        if abs(measured_hz / option_hz - 1) > 0.02:
            raise InputError(
                f"the time stamps say {measured_hz:.4g} Hz and --rate-hz says {option_hz:.4g}: leave --rate-hz out, "
                "or the column of times"
            )
        return option_hz
    check_rate(measured_hz, "the time stamps")
    whole = round(measured_hz)
    off = abs(measured_hz / whole - 1)
    if off > _WHOLE_HZ or (off > 1e-6 and _is_even(time_s, measured_hz)):
        return measured_hz
    return float(whole)


def _is_even(time_s: Float64s, rate_hz: float) -> bool:
    position = time_s[np.isfinite(time_s)] * rate_hz
    return bool(np.abs(position - np.rint(position)).max() <= ON_GRID)


def check_rate(rate_hz: float, source: str) -> None:
    """InputError for a rate that no recorder has; `source` says where it came from."""
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise InputError(
            f"{source} gives {rate_hz:.4g} samples a second; between {MIN_RATE_HZ:g} and {MAX_RATE_HZ:g} can be read"
        )


def stamp_step_s(time_s: Float64s) -> float:
    """The coarsest of 1, 10 or 100 ms (or 0.1 ms) that all stamps are multiples of; 0 where there is none."""
    some = time_s[np.isfinite(time_s)][:10_000]
    for step in (0.1, 0.01, 0.001, 0.0001):
        if len(some) and np.abs(some / step - np.rint(some / step)).max() < 1e-3:
            return step
    return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """When a recording starts, as far as that is known."""

    start: dt.datetime | None = None
    start_local: str | None = None
    time_zone: str | None = None


def start_of(local_unix_s: float | None, *, zone: str | None, zoned: bool) -> Start:
    """From the first stamp: `zoned` means it is UTC already; else `zone` (IANA, or UTC offset) makes it so, if given.

    Raises
    ------
    InputError : there is no such time zone, or no such date.
    """
    if local_unix_s is None:
        return Start()
    try:
        stamp = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=local_unix_s)
        if zoned:
            return Start(start=stamp, time_zone=zone or "UTC")
        local = stamp.replace(tzinfo=None)
        if zone is None:
            return Start(start_local=local.isoformat())
        utc = local.replace(tzinfo=zone_of(zone)).astimezone(dt.UTC)
        return Start(start=utc, start_local=local.isoformat(), time_zone=zone)
    except (OverflowError, ValueError) as error:
        raise InputError("the recording's start is not a date that can be worked with") from error


def zone_of(name: str) -> dt.tzinfo:
    """A time zone by IANA name or by offset (`+02:00`)."""
    if offset := re.fullmatch(r"([+-])(\d{2}):?(\d{2})", name):
        minutes = int(offset.group(2)) * 60 + int(offset.group(3))
        if minutes < 24 * 60:
            return dt.timezone(dt.timedelta(minutes=-minutes if offset.group(1) == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (OSError, ValueError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise InputError("there is no such time zone; write one like Europe/London or +01:00") from error
    except KeyError as error:
        raise InputError("there is no such time zone; write one like Europe/London or +01:00") from error
