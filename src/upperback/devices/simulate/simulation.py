"""A simulated recording: samples and truth in blocks, the same whatever the size of the blocks.

Inside, the day is made in pages of a fixed length, each with its own named chance. Blocks are cut from the pages.
"""

import heapq
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.devices.simulate.emg import EmgMotion, clipped
from upperback.devices.simulate.imu import Imu
from upperback.devices.simulate.jets import dice
from upperback.devices.simulate.motion import Motion
from upperback.devices.simulate.plan import make_plan
from upperback.devices.simulate.quaternions import Array, chain, exponential, matrix, product, turn
from upperback.devices.simulate.scenario import Emg, Scenario, Sensor
from upperback.devices.simulate.truth import (
    EmgTruth,
    EmgTruthBlock,
    Mounting,
    Repetition,
    Segment,
    SensorTruth,
    Span,
    Task,
    Truth,
    TruthBlock,
)
from upperback.sensing.signal import Chunk, EmgChunk, QualityFlag

_PAGE_SAMPLES = 4096
_EMG_PAGE_SAMPLES = 16_384


@dataclass(frozen=True, slots=True)
class Page:
    """Samples in a row, also those that were lost."""

    acc_mps2: npt.NDArray[np.float32]  # (n, 3)
    gyr_radps: npt.NDArray[np.float32] | None
    quality: npt.NDArray[np.uint8]
    truth: TruthBlock

    def cut(self, start: int, end: int) -> "Page":
        """The samples from start to before end."""
        gyr = None if self.gyr_radps is None else self.gyr_radps[start:end]
        return Page(self.acc_mps2[start:end], gyr, self.quality[start:end], self.truth.cut(start, end))


@dataclass(frozen=True, slots=True)
class EmgPage:
    """EMG in a row, also what was lost."""

    emg_v: npt.NDArray[np.float32]  # (n, channels)
    quality: npt.NDArray[np.uint8]
    truth: EmgTruthBlock

    def cut(self, start: int, end: int) -> "EmgPage":
        """The samples from start to before end."""
        return EmgPage(self.emg_v[start:end], self.quality[start:end], self.truth.cut(start, end))


class Simulation:
    """A scenario come true for one seed. `truth` is known at once; samples are made when they are asked for."""

    def __init__(self, scenario: Scenario, seed: int = 1) -> None:
        self.scenario, self.seed = scenario, seed
        self._plan = make_plan(scenario, seed)

    @property
    def duration_s(self) -> float:
        """Length of the day."""
        return self._plan.duration_s

    @property
    def emg(self) -> Emg:
        """The EMG of the scenario. Raises InputError where it has none."""
        if self.scenario.emg is None:
            raise InputError("emg: the scenario has none")
        return self.scenario.emg

    def n_emg_samples(self) -> int:
        """How many samples each EMG channel takes; 0 without EMG."""
        return 0 if self.scenario.emg is None else int(self.duration_s * self.scenario.emg.sampling_rate_hz)

    def n_samples(self, sensor: str | None = None) -> int:
        """How many samples that sensor takes, lost ones too."""
        return int(self.duration_s * self._true_rate_hz(self.scenario.sensor(sensor)))

    @cached_property
    def truth(self) -> Truth:
        """Every event of the day and what was drawn for each sensor."""
        start_s = self.scenario.start_s
        return Truth(
            seed=self.seed,
            start_s=start_s,
            duration_s=self.duration_s,
            segments=_later(self._plan.segments, start_s),
            steps_s=[step + start_s for step in self._plan.steps_s()],
            repetitions=_later(self._plan.repetitions, start_s),
            tasks=_later(self._plan.tasks, start_s),
            not_worn=_later(self._plan.not_worn, start_s),
            gaps=[Span(start_s=a + start_s, end_s=b + start_s) for a, b in self._gaps],
            rests=_later(self._plan.rests, start_s),
            emg=self._emg_truth,
            sensors=[self._sensor_truth(sensor) for sensor in self.scenario.sensors],
        )

    # ---- samples ----

    def pages(self, sensor: str | None = None) -> Iterator[Page]:
        """The whole recording of one sensor in pages, lost samples too."""
        chosen = self.scenario.sensor(sensor)
        motion, imu = self._motion(chosen), Imu(chosen, self.duration_s, self.seed)
        end = self.n_samples(sensor)
        for number, start in enumerate(range(0, end, _PAGE_SAMPLES)):
            yield self._page(chosen, motion, imu, number, start, min(start + _PAGE_SAMPLES, end))

    def _page(self, sensor: Sensor, motion: Motion, imu: Imu, number: int, start: int, end: int) -> Page:
        i = np.arange(start, end)
        true_s = i / self._true_rate_hz(sensor)
        if sensor.known_flaws.jitter_ms:
            late = dice(self.seed, "jitter", sensor.name, number).standard_normal(len(i))
            limit_s = 0.45 / sensor.sampling_rate_hz  # samples stay in order
            true_s = np.maximum(0.0, true_s + np.clip(late * sensor.known_flaws.jitter_ms / 1000, -limit_s, limit_s))
        counted_s = i / sensor.sampling_rate_hz
        moment = motion.at(true_s)
        acc, gyr = imu.measured(number, true_s, moment.specific_force_mps2, moment.rate_radps)
        up = moment.part_vertical
        starts = self._segment_starts
        truth = TruthBlock(
            time_s=(true_s if sensor.stamps == "clock" else counted_s) + self.scenario.start_s,
            true_time_s=true_s + self.scenario.start_s,
            vertical=moment.vertical.T,
            orientation=moment.orientation.T,
            inclination_rad=np.arctan2(np.hypot(up[0], up[1]), up[2]),
            flexion_rad=np.arctan2(-up[0], up[2]),
            lateral_rad=np.arcsin(np.clip(up[1], -1, 1)),
            curve_rad=moment.curve_rad,
            worn=moment.worn,
            received=self._received(sensor.name, true_s, start),
            segment=(np.searchsorted(starts, true_s, side="right") - 1).clip(0).astype(np.int32),
        )
        quality = np.zeros(len(i), np.uint8)
        clipped = (np.abs(acc) >= imu.acc.limit * (1 - 1e-9)).any(axis=0)
        if gyr is not None:
            clipped |= (np.abs(gyr) >= imu.gyr.limit * (1 - 1e-9)).any(axis=0)
        quality[clipped] = QualityFlag.CLIPPED
        return Page(
            np.ascontiguousarray(acc.T, dtype=np.float32),
            None if gyr is None else np.ascontiguousarray(gyr.T, dtype=np.float32),
            quality,
            truth,
        )

    def emg_pages(self) -> Iterator[EmgPage]:
        """The whole EMG in pages, lost samples too."""
        emg, end = self.emg, self.n_emg_samples()
        motion = EmgMotion(self._plan, emg, self.seed)
        for number, start in enumerate(range(0, end, _EMG_PAGE_SAMPLES)):
            t = np.arange(start, min(start + _EMG_PAGE_SAMPLES, end)) / emg.sampling_rate_hz
            value_v, effort = motion.at(t, number)
            emg_v, at_rail = clipped(value_v, emg)
            truth = EmgTruthBlock(
                time_s=t + self.scenario.start_s,
                amplitude_v=effort.amplitude_v,
                effort_pct=effort.effort_pct,
                median_hz=effort.median_hz,
                received=self._received("emg", t, start),
            )
            yield EmgPage(emg_v, np.where(at_rail, np.uint8(QualityFlag.CLIPPED), np.uint8(0)), truth)

    # ---- what is lost ----

    @cached_property
    def _gaps(self) -> list[tuple[float, float]]:
        faults = self.scenario.faults
        spans = [(gap.at_s, gap.at_s + gap.duration_s) for gap in faults.gaps]
        if faults.gaps_per_hour:
            drawn = dice(self.seed, "gaps")
            t, low, high = 0.0, *faults.gap_s
            while (t := t + 3600 / faults.gaps_per_hour * float(drawn.exponential())) < self.duration_s:
                spans.append((t, t := t + low + (high - low) * float(drawn.random())))
        return _united(sorted(spans))

    def _received(self, name: str, true_s: Array, start: int) -> npt.NDArray[np.bool_]:
        faults = self.scenario.faults
        received = np.ones(len(true_s), bool)
        for gap_start_s, gap_end_s in self._gaps:
            first, last = np.searchsorted(true_s, (gap_start_s, gap_end_s))
            received[first:last] = False
        if faults.packet_loss:
            packet = np.arange(start, start + len(true_s)) // faults.packet_samples
            lost = packet_chances(self.seed, f"lost {name}", packet) < faults.packet_loss
            received &= ~lost
        return received

    # ---- what was drawn ----

    def _motion(self, sensor: Sensor) -> Motion:
        about_x, about_y, about_z = np.radians(sensor.mount_deg)
        first = chain(turn(2, about_z), turn(1, about_y), turn(0, about_x))
        mounts = [first]
        drawn = dice(self.seed, "rewear", sensor.name)
        for _ in self._plan.not_worn:
            shift = np.radians(sensor.known_flaws.rewear_deg) * drawn.standard_normal(3)
            mounts.append(product(exponential(shift), first))
        return Motion(self._plan, sensor, self.scenario.wearer, self.seed, mounts)

    def _sensor_truth(self, sensor: Sensor) -> SensorTruth:
        imu = Imu(sensor, self.duration_s, self.seed)
        mountings = [
            Mounting(from_s=t + self.scenario.start_s, to_trunk=matrix(q).tolist())
            for t, q in self._motion(sensor).alignments
        ]
        return SensorTruth(
            name=sensor.name,
            place=sensor.place,
            sampling_rate_hz=sensor.sampling_rate_hz,
            true_rate_hz=self._true_rate_hz(sensor),
            mountings=mountings,
            acc_bias_mps2=imu.acc.bias.tolist(),
            gyr_bias_radps=imu.gyr.bias.tolist(),
            acc_scale=imu.acc.scale.tolist(),
            gyr_scale=imu.gyr.scale.tolist(),
        )

    @property
    def _emg_truth(self) -> EmgTruth | None:
        if self.scenario.emg is None:
            return None
        emg = self.scenario.emg
        return EmgTruth(
            sampling_rate_hz=emg.sampling_rate_hz,
            channels=[channel.name for channel in emg.channels],
            reference_v=[channel.reference_uv * 1e-6 for channel in emg.channels],
            median_hz=EmgMotion(self._plan, emg, self.seed).fresh_median_hz,
        )

    def _true_rate_hz(self, sensor: Sensor) -> float:
        return sensor.sampling_rate_hz * (1 + sensor.known_flaws.rate_error_pct / 100)

    @cached_property
    def _segment_starts(self) -> Array:
        return np.array([segment.start_s for segment in self._plan.segments])


_Event = TypeVar("_Event", Segment, Repetition, Task, Span)


def _later(events: Iterable[_Event], by_s: float) -> list[_Event]:
    """The same events by the recording's clock."""
    moved = []
    for event in events:
        moments = [name for name in event.__struct_fields__ if name.endswith("_s")]
        moved.append(msgspec.structs.replace(event, **{name: getattr(event, name) + by_s for name in moments}))
    return moved


def _united(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    united: list[tuple[float, float]] = []
    for start_s, end_s in spans:
        if united and start_s <= united[-1][1]:
            united[-1] = (united[-1][0], max(united[-1][1], end_s))
        else:
            united.append((start_s, end_s))
    return united


def packet_chances(seed: int, name: str, packets: npt.NDArray[np.intp]) -> Array:
    """A number between 0 and 1 for each packet, the same however often it is asked for."""
    block = 4096
    first, last = int(packets[0]) // block, int(packets[-1]) // block
    chances = np.concatenate([dice(seed, name, each).random(block) for each in range(first, last + 1)])
    return chances[packets - first * block]


def simulate(
    scenario: Scenario, seed: int = 1, *, sensor: str | None = None, block_samples: int = 4096
) -> Iterator[tuple[Chunk, TruthBlock]]:
    """A recording of one sensor as chunks with their truth, in order; gaps and lost packets are left out.

    Chunks are at most `block_samples` long; a gap always ends one. The samples do not depend on it.
    """
    chosen = scenario.sensor(sensor)

    def joined(pieces: list[Page]) -> tuple[Chunk, TruthBlock]:
        truth = _truth_joined(TruthBlock, [piece.truth for piece in pieces])
        gyr = [piece.gyr_radps for piece in pieces if piece.gyr_radps is not None]
        chunk = Chunk(
            start_s=float(truth.time_s[0]),
            sampling_rate_hz=chosen.sampling_rate_hz,
            acc_mps2=np.concatenate([piece.acc_mps2 for piece in pieces]),
            gyr_radps=np.concatenate(gyr) if gyr else None,
            quality=np.concatenate([piece.quality for piece in pieces]),
        )
        return chunk, truth

    return map(joined, _blocks(Simulation(scenario, seed).pages(chosen.name), block_samples))


def simulate_emg(
    scenario: Scenario, seed: int = 1, *, block_samples: int = 16_384
) -> Iterator[tuple[EmgChunk, EmgTruthBlock]]:
    """The EMG of the same day, as `simulate` gives the motion. Raises InputError where the scenario has none."""
    simulation = Simulation(scenario, seed)

    def joined(pieces: list[EmgPage]) -> tuple[EmgChunk, EmgTruthBlock]:
        truth = _truth_joined(EmgTruthBlock, [piece.truth for piece in pieces])
        chunk = EmgChunk(
            start_s=float(truth.time_s[0]),
            sampling_rate_hz=simulation.emg.sampling_rate_hz,
            emg_v=np.concatenate([piece.emg_v for piece in pieces]),
            quality=np.concatenate([piece.quality for piece in pieces]),
        )
        return chunk, truth

    return map(joined, _blocks(simulation.emg_pages(), block_samples))


@dataclass(frozen=True, slots=True, order=True)
class Arrival:
    """A packet that reaches the receiver."""

    at_s: float
    number: int
    chunk: Chunk = field(compare=False)


def arrivals(scenario: Scenario, seed: int = 1, *, sensor: str | None = None) -> Iterator[Arrival]:
    """The packets of a live sensor in the order in which they arrive: late ones come after their successors.

    A packet that is not late arrives with its last sample. At most the packets on their way are held.
    """
    faults = scenario.faults
    delays = dice(seed, "late", scenario.sensor(sensor).name)
    waiting: list[Arrival] = []
    packets = simulate(scenario, seed, sensor=sensor, block_samples=faults.packet_samples)
    for number, (chunk, _) in enumerate(packets):
        is_late, delay = delays.random() < faults.late_share, float(delays.exponential())
        while waiting and waiting[0].at_s <= chunk.end_s:
            yield heapq.heappop(waiting)
        heapq.heappush(waiting, Arrival(chunk.end_s + is_late * delay * faults.late_s, number, chunk))
    while waiting:
        yield heapq.heappop(waiting)


_AnyTruth = TypeVar("_AnyTruth", TruthBlock, EmgTruthBlock)
_AnyPage = TypeVar("_AnyPage", Page, EmgPage)


def _truth_joined(kind: type[_AnyTruth], pieces: list[_AnyTruth]) -> _AnyTruth:
    names = [field.name for field in fields(kind)]
    return kind(**{name: np.concatenate([getattr(piece, name) for piece in pieces]) for name in names})


def _blocks(pages: Iterator[_AnyPage], block_samples: int) -> Iterator[list[_AnyPage]]:
    """The received samples as lists of pieces that belong together: at most `block_samples`, nothing lost between."""
    held: list[_AnyPage] = []
    n_held = 0
    for page in pages:
        received = page.truth.received
        edges: list[int] = (np.flatnonzero(np.diff(received)) + 1).tolist()
        for start, end in itertools.pairwise([0, *edges, len(received)]):
            if not received[start]:
                if held:
                    yield held
                held, n_held = [], 0
                continue
            at = start
            while at < end:
                take = min(end - at, block_samples - n_held)
                held.append(page.cut(at, at + take))
                n_held, at = n_held + take, at + take
                if n_held == block_samples:
                    yield held
                    held, n_held = [], 0
    if held:
        yield held
