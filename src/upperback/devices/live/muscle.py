"""Live sources of surface EMG, one channel: a simulated wearer, or a stream of Lab Streaming Layer."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from upperback.core.errors import InputError
from upperback.devices.base import EmgUnit
from upperback.devices.columns import Column, find_columns, shown
from upperback.devices.grid import Block, ReadingLog, Regulariser
from upperback.devices.live import lsl
from upperback.devices.simulate import load_scenario, simulate_emg
from upperback.devices.units import EMG_FACTOR
from upperback.sensing.signal import EmgChunk

_CHUNKS_A_SECOND: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class MuscleSource:
    """One channel of a muscle.

    Attributes
    ----------
    about : what it is, in words for a person
    sampling_rate_hz : of every chunk
    """

    about: str
    sampling_rate_hz: float
    _chunks: Any = field(repr=False)

    def chunks(self) -> Iterator[EmgChunk]:
        """Chunks in their order; ends when the source does."""
        yield from self._chunks()


def simulated_muscle(scenario: str, *, seed: int = 1) -> MuscleSource:
    """The first muscle of a simulated wearer.

    Raises
    ------
    InputError : there is no such scenario, or no muscle in it.
    """
    stated = load_scenario(scenario)
    if stated.emg is None:
        raise InputError(f"{scenario}: no muscle is simulated in this scenario")
    rate_hz = stated.emg.sampling_rate_hz

    def chunks() -> Iterator[EmgChunk]:
        for chunk, _ in simulate_emg(stated, seed, block_samples=round(rate_hz / _CHUNKS_A_SECOND)):
            yield EmgChunk(
                start_s=chunk.start_s,
                sampling_rate_hz=rate_hz,
                emg_v=np.ascontiguousarray(chunk.emg_v[:, :1]),
                quality=chunk.quality,
            )

    about = f"simulated wearer: {stated.about.rstrip('.')}"
    return MuscleSource(about=about, sampling_rate_hz=rate_hz, _chunks=chunks)


def lsl_muscle(
    name: str | None = None, *, channel: str | None = None, unit: EmgUnit | None = None, find_s: float = lsl.FIND_S
) -> MuscleSource:
    """A channel of the stream of that name, or of the only one with EMG; the first one unless it is named.

    Raises
    ------
    InputError : pylsl is missing; there is no such stream, or more than one; its rate or unit cannot be told.
    """
    found: list[tuple[Any, str, Column]] = []
    for info, stream in lsl.described_streams(find_s):
        if stream is None or (name is not None and stream.name != name):
            continue
        columns = find_columns(stream.headings, [channel] if channel else []).emg
        if columns:
            found.append((info, stream.name, columns[0]))
    if not found:
        raise InputError(f"no stream {shown([name]) + ' ' if name else ''}with EMG answered within {find_s:g} s")
    if len(found) > 1:
        raise InputError(f"several streams hold EMG ({shown(sorted(one[1] for one in found))}): name one with --stream")
    info, title, column = found[0]
    rate_hz, stated = lsl.stated_rate_hz(info, title), unit or column.unit
    if stated not in EMG_FACTOR:
        raise InputError(f"the stream {shown([title])} does not say the unit of its EMG; give --emg-unit")
    about = f"Lab Streaming Layer, {shown([title])}, {column.heading}"
    factor = EMG_FACTOR[stated]
    return MuscleSource(
        about=about, sampling_rate_hz=rate_hz, _chunks=lambda: _pulled(info, column.position, factor, rate_hz)
    )


def _pulled(info: Any, position: int, factor: float, rate_hz: float) -> Iterator[EmgChunk]:
    """Until the stream is gone, or silent for too long."""
    import pylsl

    inlet = pylsl.StreamInlet(info, max_buflen=lsl.BUFFER_S, processing_flags=pylsl.proc_clocksync, recover=False)
    grid = Regulariser(
        sampling_rate_hz=rate_hz, n_columns=(1,), chunk_samples=round(rate_hz / _CHUNKS_A_SECOND), log=ReadingLog()
    )
    try:
        for _zero_s, times_s, values in lsl.received(inlet, 1 / _CHUNKS_A_SECOND):
            volts = (values[:, position : position + 1] * factor).astype(np.float32)
            for piece in grid.update(Block(times_s, (volts,), None, 0.0)):
                yield EmgChunk(
                    start_s=piece.index / rate_hz,
                    sampling_rate_hz=rate_hz,
                    emg_v=piece.arrays[0],
                    quality=piece.quality,
                )
    finally:
        inlet.close_stream()
