"""Research sensors over Lab Streaming Layer: found on the network, read by what their description says.

Needs pylsl (`pip install "upperback[live]"`). Channels and units come from the description; where that does not say the
unit, it has to be given. Times are those of the sender, put onto this machine's clock by Lab Streaming Layer.
"""

import itertools
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.devices.base import AccUnit, GyrUnit
from upperback.devices.columns import Column, Columns, find_columns, shown
from upperback.devices.grid import Block, ReadingLog, Regulariser
from upperback.devices.live.base import Marked
from upperback.devices.lsl_streams import StreamInfo, read_stream
from upperback.devices.simulate import Arrival
from upperback.devices.units import ACC_FACTOR, GYR_FACTOR
from upperback.sensing.signal import Chunk

#: How long is waited for streams to answer, and for samples of one before it counts as gone.
FIND_S: Final = 3.0
SILENT_S: Final = 10.0
#: So much of a stream waits to be taken; what is older is lost. A busy machine, or a sender faster than life, needs it.
BUFFER_S: Final = 360

_PACKETS_A_SECOND: Final = 5
_SETTINGS_OF_ALL: Final = "/etc/lsl_api/lsl_api.cfg"


@dataclass(frozen=True, slots=True, kw_only=True)
class LslSource:
    """See `LiveSource`. Somebody has to stand and bend: no stream says when."""

    about: str
    sampling_rate_hz: float
    has_gyroscope: bool
    info: Any = field(repr=False)
    columns: Columns
    acc_factor: float
    gyr_factor: float
    tasks: tuple[Marked, ...] = ()

    def packets(self) -> Iterator[Arrival]:
        """Packets as they come, until the stream is gone."""
        import pylsl

        inlet = pylsl.StreamInlet(self.info, max_buflen=BUFFER_S, processing_flags=pylsl.proc_clocksync, recover=False)
        try:
            unix_s = time.time() - pylsl.local_clock()
            numbers = itertools.count()
            for chunk in self._chunks(inlet, unix_s):
                yield Arrival(chunk.end_s, next(numbers), chunk)
        finally:
            inlet.close_stream()

    def _chunks(self, inlet: Any, unix_s: float) -> Iterator[Chunk]:
        grid = Regulariser(
            sampling_rate_hz=self.sampling_rate_hz,
            n_columns=(3, 3) if self.has_gyroscope else (3,),
            chunk_samples=max(1, round(self.sampling_rate_hz / _PACKETS_A_SECOND)),
            log=ReadingLog(),
        )
        for zero_s, times_s, values in received(inlet, 1 / _PACKETS_A_SECOND):
            arrays = [self._three(values, self.columns.acc, self.acc_factor)]
            if self.has_gyroscope:
                arrays.append(self._three(values, self.columns.gyr, self.gyr_factor))
            for piece in grid.update(Block(times_s, tuple(arrays), None, 0.0)):
                yield Chunk(
                    start_s=unix_s + zero_s + piece.index / self.sampling_rate_hz,
                    sampling_rate_hz=self.sampling_rate_hz,
                    acc_mps2=piece.arrays[0],
                    gyr_radps=piece.arrays[1] if self.has_gyroscope else None,
                    quality=piece.quality,
                )

    def _three(self, values: Any, columns: tuple[Column, Column, Column] | None, factor: float) -> Any:
        assert columns is not None
        sign = -1.0 if self.columns.acc_points_down and columns is self.columns.acc else 1.0
        return (values[:, [column.position for column in columns]] * (factor * sign)).astype(np.float32)


def open_lsl(
    name: str | None = None, *, acc_unit: AccUnit | None = None, gyr_unit: GyrUnit | None = None, find_s: float = FIND_S
) -> LslSource:
    """The stream of that name, or the only one with acceleration.

    Raises
    ------
    InputError : pylsl is missing; there is no such stream, or more than one; its rate or unit cannot be told.
    """
    seen: list[str] = []
    found: list[tuple[Any, str, Columns]] = []
    for info, stream in described_streams(find_s):
        seen.append(info.name())
        if stream is None or (name is not None and stream.name != name):
            continue
        columns = find_columns(stream.headings)
        if columns.acc is not None:
            found.append((info, stream.name, columns))
    if len(found) != 1:
        raise InputError(_none_or_several(name, seen, [title for _, title, _ in found], find_s))
    info, title, columns = found[0]
    rate_hz = stated_rate_hz(info, title)
    assert columns.acc is not None
    return LslSource(
        about=f"Lab Streaming Layer, {shown([title])}",
        sampling_rate_hz=rate_hz,
        has_gyroscope=columns.gyr is not None,
        info=info,
        columns=columns,
        acc_factor=ACC_FACTOR[_unit(acc_unit or columns.acc[0].unit, ACC_FACTOR, title, "acceleration", "--acc-unit")],
        gyr_factor=1.0
        if columns.gyr is None
        else GYR_FACTOR[_unit(gyr_unit or columns.gyr[0].unit, GYR_FACTOR, title, "rotation", "--gyr-unit")],
    )


def received(inlet: Any, every_s: float) -> Iterator[tuple[float, npt.NDArray[np.float64], npt.NDArray[np.float64]]]:
    """What an inlet receives until its stream is gone or silent for too long.

    When its first sample was, on the local clock of LSL, s; the times of these samples from then on, s; their values.
    """
    from pylsl.util import LostError

    zero_s: float | None = None
    heard = time.monotonic()
    while time.monotonic() - heard < SILENT_S:
        try:
            samples, stamps = inlet.pull_chunk(timeout=every_s, max_samples=20_000)
        except LostError:
            return
        if stamps:
            heard = time.monotonic()
            zero_s = stamps[0] if zero_s is None else zero_s
            yield zero_s, np.asarray(stamps, np.float64) - zero_s, np.asarray(samples, np.float64)


def described_streams(find_s: float) -> Iterator[tuple[Any, StreamInfo | None]]:
    """What answers within that time, each with what it says of its channels; None where that cannot be read.

    A stream that ends between the two, as when an amplifier is switched off, is not there. Raises InputError where
    pylsl is missing, or its library.
    """
    try:
        import pylsl
        from pylsl.util import LostError
        from pylsl.util import TimeoutError as NoAnswerError
    except ImportError:
        raise InputError('Lab Streaming Layer needs one more package: pip install "upperback[live]"') from None
    except RuntimeError:  # the package is there, and is made for a library that did not come with it
        raise InputError(
            "liblsl was not found, the library of Lab Streaming Layer: install it, or say in PYLSL_LIB where it is"
        ) from None
    _tells_only_warnings(pylsl)
    for info in pylsl.resolve_streams(find_s):
        try:
            with_channels = pylsl.StreamInlet(info, recover=False).info(timeout=find_s)
        except (LostError, NoAnswerError):
            continue
        yield info, read_stream(0, with_channels.as_xml().encode())


def _tells_only_warnings(pylsl: Any) -> None:
    """Where nobody has settings of their own for it, the library tells at each start that it has none."""
    own = (os.environ.get("LSLAPICFG", ""), "lsl_api.cfg", Path.home() / "lsl_api" / "lsl_api.cfg", _SETTINGS_OF_ALL)
    if not any(Path(path).is_file() for path in own):
        pylsl.set_config_content("[log]\nlevel = -1\n")


def stated_rate_hz(info: Any, title: str) -> float:
    """The sampling rate that a stream states. Raises InputError."""
    rate_hz = float(info.nominal_srate())
    if not rate_hz > 0:
        raise InputError(f"the stream {shown([title])} does not say its sampling rate")
    return rate_hz


def _unit(stated: str | None, known: dict[str, float], title: str, what: str, option: str) -> str:
    if stated is None or stated not in known:
        raise InputError(f"the stream {shown([title])} does not say the unit of its {what}; give {option}")
    return stated


def _none_or_several(name: str | None, seen: list[str], found: list[str], find_s: float) -> str:
    if found:
        return f"several streams hold acceleration ({shown(sorted(found))}): name one with --stream"
    there = f"; there is {shown(sorted(seen))}" if seen else ""
    wanted = "with acceleration" if name is None else f"{shown([name])} with acceleration"
    return f"no stream {wanted} answered within {find_s:g} s{there}"
