"""What every reader of recordings gives: a description, and an even stream of samples in SI units.

A reader turns a file into blocks of raw samples with the time of each (`Block`); `grid` puts them on an even grid and
says what it had to do. Whoever uses a recording sees only `Recording`: `info`, `chunks()`, `emg_chunks()`, and, when a
stream has been read to its end, `summary()`.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.devices.grid import Block, ReadingLog, Regulariser
from upperback.sensing.signal import Chunk, EmgChunk

RecordingFormat: TypeAlias = Literal["csv", "parquet", "cwa", "geneactiv", "gt3x", "xdf", "edf", "bdf"]
AccUnit: TypeAlias = Literal["g", "mps2"]
GyrUnit: TypeAlias = Literal["dps", "radps"]
EmgUnit: TypeAlias = Literal["V", "mV", "uV"]

#: Called with the share of the file that has been read, 0 to 1.
Progress: TypeAlias = Callable[[float], None]

#: The most samples in one chunk: an hour at 50 Hz. Every chunk costs something before its first sample.
CHUNK_SAMPLES: Final = 180_000

#: Rates outside these are a mistake in the file or in the option.
MIN_RATE_HZ: Final = 5.0
MAX_RATE_HZ: Final = 10_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """What the caller knows and the file may not say. None: look in the file, guess only without doubt.

    Attributes
    ----------
    rate_hz : samples per second, for a table without time stamps (with them, it has to agree with them)
    acc_unit, gyr_unit, emg_unit : units of the columns of a table
    acc_points : which way a resting accelerometer's reading points. `up` is what sensors measure and what most apps
        write; iPhones' own interface gives `down`
    emg_channels : names of the channels to take as EMG, where the names in the file do not say it
    time_zone : IANA name, for files whose clock was set to local time without saying which
    """

    rate_hz: float | None = None
    acc_unit: AccUnit | None = None
    gyr_unit: GyrUnit | None = None
    emg_unit: EmgUnit | None = None
    acc_points: Literal["up", "down"] | None = None
    emg_channels: tuple[str, ...] = ()
    time_zone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """Something that neither the file nor an option stated, with the reason in one plain sentence."""

    what: str
    value: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A column or signal that is used: its name in the file, what it is taken as, and its unit in the file."""

    name: str
    role: str
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingInfo:
    """What is known about a recording before its samples are read.

    Attributes
    ----------
    format : decided by the content of the file
    device : maker and model
    serial : the device's own number; kept out of `repr`, and so out of logs
    start : time of the first sample, UTC; None where the file's clock has no known zone
    start_local : the same as the device's clock showed it, ISO 8601 without a zone
    time_zone : where known, as the file or the option gives it
    sampling_rate_hz : rate of the chunks of `chunks()`; None where there is no accelerometer
    measured_rate_hz : rate by the file's own time stamps, as far as was looked
    emg_rate_hz, emg_names : rate and channel names of `emg_chunks()`
    acc_range_mps2, gyr_range_radps : end of the sensor's range, where known
    place, axes : where the sensor was worn and how its axes lie, if the file says so
    channels : what is used of the file
    guesses : what was guessed, each with its reason
    notes : what else a person should know, one sentence each
    """

    format: RecordingFormat
    device: str | None = None
    serial: str | None = field(default=None, repr=False)
    start: dt.datetime | None = None
    start_local: str | None = None
    time_zone: str | None = None
    sampling_rate_hz: float | None = None
    measured_rate_hz: float | None = None
    has_gyroscope: bool = False
    emg_rate_hz: float | None = None
    emg_names: tuple[str, ...] = ()
    acc_range_mps2: float | None = None
    gyr_range_radps: float | None = None
    place: str | None = None
    axes: str | None = None
    channels: tuple[Channel, ...] = ()
    guesses: tuple[Guess, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingSummary:
    """What reading a stream to its end has shown.

    `notes` are plain sentences for the person; the numbers are the same facts for programs.
    """

    n_samples: int
    duration_s: float
    measured_rate_hz: float | None
    resampled_share: float
    n_gaps: int
    gap_s: float
    n_clipped: int
    n_not_finite: int
    n_clock_jumps: int
    damaged: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One even stream of a recording, as a reader sets it up.

    Attributes
    ----------
    sampling_rate_hz : of the grid
    origin_s : `start_s` of the first sample
    blocks : gives the raw blocks from the start; called once for each reading
    stamp_step_s : the file's time stamps are multiples of this (0: not known); finer differences are not believed
    wall_clock : the stamps follow a clock on the wall, which people and summer time may set
    bridge_s : holes up to this long, and always up to one missing sample, are bridged by a straight line
    n_columns : columns of each array of a block
    """

    sampling_rate_hz: float
    origin_s: float
    blocks: Callable[[ReadingLog], Iterator[Block]]
    n_columns: tuple[int, ...]
    stamp_step_s: float = 0.0
    wall_clock: bool = False
    bridge_s: float = 0.05


class Recording:
    """An opened recording. Reading may start again at any time; nothing of the signal is kept."""

    def __init__(self, info: RecordingInfo, *, imu: Stream | None = None, emg: Stream | None = None) -> None:
        self.info = info
        self.imu = imu
        self.emg = emg
        self._summaries: dict[str, ReadingSummary] = {}

    @property
    def has_imu(self) -> bool:
        """`chunks` gives something."""
        return self.imu is not None

    @property
    def has_emg(self) -> bool:
        """`emg_chunks` gives something."""
        return self.emg is not None

    def chunks(self, progress: Progress | None = None) -> Iterator[Chunk]:
        """The inertial sensor's samples in order, at `info.sampling_rate_hz`.

        Each chunk starts where the one before ended, or later: a gap of more than `grid.LONG_GAP_S`. All chunks lie on
        one grid. Shorter gaps are NaN with QualityFlag.GAP.

        Raises
        ------
        InputError : there is no accelerometer, or the file turns out to be damaged beyond use.
        """
        if self.imu is None:
            raise InputError("the recording holds no accelerometer")
        rate_hz = self.imu.sampling_rate_hz
        for start_s, arrays, quality in self._even("imu", self.imu, progress):
            yield Chunk(
                start_s=start_s,
                sampling_rate_hz=rate_hz,
                acc_mps2=arrays[0],
                gyr_radps=arrays[1] if len(arrays) > 1 else None,
                quality=quality,
            )

    def emg_chunks(self, progress: Progress | None = None) -> Iterator[EmgChunk]:
        """The EMG channels' samples in order, at `info.emg_rate_hz`, as `chunks` does.

        Raises
        ------
        InputError : there is no EMG, or the file turns out to be damaged beyond use.
        """
        if self.emg is None:
            raise InputError("the recording holds no EMG channel; name the columns with --emg-channels if it does")
        rate_hz = self.emg.sampling_rate_hz
        for start_s, arrays, quality in self._even("emg", self.emg, progress):
            yield EmgChunk(start_s=start_s, sampling_rate_hz=rate_hz, emg_v=arrays[0], quality=quality)

    def summary(self, stream: Literal["imu", "emg"] = "imu") -> ReadingSummary:
        """What the last complete reading of a stream has shown. KeyError before that."""
        return self._summaries[stream]

    def _even(
        self, name: str, stream: Stream, progress: Progress | None
    ) -> Iterator[tuple[float, tuple[npt.NDArray[np.float32], ...], npt.NDArray[np.uint8] | None]]:
        log = ReadingLog()
        grid = Regulariser(
            sampling_rate_hz=stream.sampling_rate_hz,
            n_columns=stream.n_columns,
            chunk_samples=CHUNK_SAMPLES,
            stamp_step_s=stream.stamp_step_s,
            wall_clock=stream.wall_clock,
            bridge_s=stream.bridge_s,
            log=log,
        )
        for block in stream.blocks(log):
            for piece in grid.update(block):
                yield stream.origin_s + piece.index / stream.sampling_rate_hz, piece.arrays, piece.quality
            if progress is not None:
                progress(min(block.share, 1.0))
        for piece in grid.finish():
            yield stream.origin_s + piece.index / stream.sampling_rate_hz, piece.arrays, piece.quality
        if log.n_samples == 0:
            raise InputError("the recording holds no usable sample")
        self._summaries[name] = summarise(log, stream.sampling_rate_hz)


def joined(*parts: Recording) -> Recording:
    """One recording of one with an inertial sensor and one with EMG; of a single one, that one."""
    imu = next((part for part in parts if part.has_imu), parts[0])
    emg = next((part for part in parts if part.has_emg), parts[0])
    if imu is emg:
        return imu
    info = replace(
        imu.info,
        emg_rate_hz=emg.info.emg_rate_hz,
        emg_names=emg.info.emg_names,
        channels=imu.info.channels + tuple(one for one in emg.info.channels if one not in imu.info.channels),
        guesses=imu.info.guesses + tuple(one for one in emg.info.guesses if one not in imu.info.guesses),
        notes=imu.info.notes + tuple(one for one in emg.info.notes if one not in imu.info.notes),
    )
    return Recording(info, imu=imu.imu, emg=emg.emg)


def summarise(log: ReadingLog, sampling_rate_hz: float) -> ReadingSummary:
    """The counts as sentences that a person can use."""
    share = log.n_resampled / log.n_samples if log.n_samples else 0.0
    return ReadingSummary(
        n_samples=log.n_samples,
        duration_s=log.n_samples / sampling_rate_hz,
        measured_rate_hz=log.measured_rate_hz,
        resampled_share=share,
        n_gaps=log.n_gaps + log.n_long_gaps,
        gap_s=log.gap_s + log.long_gap_s,
        n_clipped=log.n_clipped,
        n_not_finite=log.n_not_finite,
        n_clock_jumps=len(log.clock_jumps),
        damaged=bool(log.damaged),
        notes=tuple(_notes(log, sampling_rate_hz, share)),
    )


def _notes(log: ReadingLog, sampling_rate_hz: float, share: float) -> Iterator[str]:
    if share > 0.001:
        measured = log.measured_rate_hz
        rate = f" (the sensor's own rate was {measured:.4g} Hz)" if measured else ""
        yield (
            f"The samples did not come at even times{rate}: {share:.0%} were placed on an even "
            f"{sampling_rate_hz:.6g} Hz grid along straight lines."
        )
    if log.n_bridged:
        yield f"{_count(log.n_bridged, 'sample')} missing one by one {_was(log.n_bridged)} filled along straight lines."
    if log.n_gaps:
        yield f"{_count(log.n_gaps, 'short gap')}, {_duration(log.gap_s)} together, {_was(log.n_gaps)} left empty."
    if log.n_long_gaps:
        yield (
            f"The recording stops and goes on {_count(log.n_long_gaps, 'time')}; "
            f"{_duration(log.long_gap_s)} are missing there."
        )
    if log.n_repeated:
        yield (
            f"{_count(log.n_repeated, 'sample')} had a time stamp that was repeated or ran backwards, "
            f"and {_was(log.n_repeated)} left out."
        )
    if log.n_without_time:
        yield f"{_count(log.n_without_time, 'sample')} had no time stamp and {_was(log.n_without_time)} left out."
    if log.n_not_finite:
        yield f"{_count(log.n_not_finite, 'sample')} held no usable number and {_was(log.n_not_finite)} left empty."
    if log.n_clipped:
        yield f"In {_count(log.n_clipped, 'sample')} the sensor was at the end of its range."
    if log.n_drifting:
        how_long = _duration(log.n_drifting / sampling_rate_hz)
        yield f"For {how_long} the samples came more than 2% faster or slower than they should."
    yield from log.clock_jumps[:_MAX_TOLD]
    if len(log.clock_jumps) > _MAX_TOLD:
        yield f"The clock was set {len(log.clock_jumps) - _MAX_TOLD} more times."
    yield from log.damaged


_MAX_TOLD: Final = 5


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.3g} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
