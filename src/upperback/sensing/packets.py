"""Packets as they arrive, samples in order: late ones are waited for, lost ones are gaps, old ones are dropped."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from upperback.sensing.signal import Chunk

#: A packet may come so much later than those after it, in the time of the samples, before it counts as lost.
LATE_S_MAX: Final = 0.5

#: How many samples are missing, and the samples that follow.
Run: TypeAlias = tuple[int, Chunk]


@dataclass(slots=True, kw_only=True)
class Packet:
    """Samples that wait for their turn, in a saved state."""

    start_s: float
    acc: npt.NDArray[np.float32]
    gyr: npt.NDArray[np.float32] | None
    quality: npt.NDArray[np.uint8] | None

    @classmethod
    def of(cls, chunk: Chunk) -> Self:
        """As it is saved."""
        return cls(start_s=chunk.start_s, acc=chunk.acc_mps2, gyr=chunk.gyr_radps, quality=chunk.quality)

    def chunk(self, sampling_rate_hz: float) -> Chunk:
        """As it came."""
        return Chunk(
            start_s=self.start_s,
            sampling_rate_hz=sampling_rate_hz,
            acc_mps2=self.acc,
            gyr_radps=self.gyr,
            quality=self.quality,
        )


class InOrder:
    """Packets of one stream: put in as they arrive, taken out in their order.

    Attributes
    ----------
    next_s : time at which the next sample is due, None before the first
    waiting : packets whose turn has not come, by their start
    n_dropped : samples that came too late or twice
    """

    __slots__ = ("_late_s_max", "_sampling_rate_hz", "n_dropped", "next_s", "waiting")

    def __init__(
        self,
        *,
        sampling_rate_hz: float,
        late_s_max: float = LATE_S_MAX,
        next_s: float | None = None,
        waiting: Iterable[Packet] = (),
        n_dropped: int = 0,
    ) -> None:
        self._sampling_rate_hz, self._late_s_max = sampling_rate_hz, late_s_max
        self.next_s, self.n_dropped = next_s, n_dropped
        self.waiting = [packet.chunk(sampling_rate_hz) for packet in waiting]

    def put(self, chunk: Chunk) -> None:
        """A packet: in turn, after a gap, late, or twice."""
        if not len(chunk):
            return
        place = len(self.waiting)
        while place and self.waiting[place - 1].start_s > chunk.start_s:
            place -= 1
        self.waiting.insert(place, chunk)

    def take(self) -> list[Run]:
        """Packets whose turn it is, in order; a gap is held open until what comes after it is `late_s_max` long."""
        runs: list[Run] = []
        while self.waiting:
            chunk = self.waiting[0]
            offset = 0 if self.next_s is None else round((chunk.start_s - self.next_s) * self._sampling_rate_hz)
            if offset > 0 and self.next_s is not None:
                newest_s = max(waiting.end_s for waiting in self.waiting)
                if newest_s - self.next_s < self._late_s_max:
                    break
            del self.waiting[0]
            if offset < 0:  # some of it came before, or all of it too late
                n_old = min(-offset, len(chunk))
                self.n_dropped += n_old
                chunk = _without_first(chunk, n_old)
            if len(chunk):
                runs.append((max(0, offset), chunk))
                self.next_s = chunk.end_s
        return runs


def _without_first(chunk: Chunk, n_samples: int) -> Chunk:
    return replace(
        chunk,
        start_s=chunk.start_s + n_samples / chunk.sampling_rate_hz,
        acc_mps2=chunk.acc_mps2[n_samples:],
        gyr_radps=None if chunk.gyr_radps is None else chunk.gyr_radps[n_samples:],
        quality=None if chunk.quality is None else chunk.quality[n_samples:],
    )
