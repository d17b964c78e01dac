"""The obvious engine: one wearer after the other through the stages that recordings go through."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from upperback.sensing.crowd.base import BODY_COLUMNS, Moment, RawFrame, Turn
from upperback.sensing.cues import Ride, RideState, start_ride, update_ride
from upperback.sensing.epochs import Epochs
from upperback.sensing.even import EvenPiece, EvenState, EvenStream
from upperback.sensing.monitor.base import MonitorParams
from upperback.sensing.orientation import LaneGroups, Vertical, WearerState
from upperback.sensing.posture import PostureState, PostureSummary, PostureTracker, VerticalBlock
from upperback.sensing.quality import QualityState, check_quality, start_quality
from upperback.sensing.signal import Chunk, Signal3
from upperback.sensing.state import from_bytes, to_bytes
from upperback.sensing.trunk import TrunkAlignment

_ALONE = ""


@dataclass(slots=True, kw_only=True)
class _Record:
    """Everything of a wearer."""

    starts_s: float
    points_up: bool
    even: EvenState
    quality: QualityState
    ride: RideState
    lane: WearerState | None = None
    posture: PostureState = field(default_factory=PostureState)
    alignment: TrunkAlignment | None = None
    second: npt.NDArray[np.float32]
    recent: npt.NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 3), np.float32))
    until_s: float
    measured_share: float = 0.0
    good: bool = False
    moving: bool = False
    vehicle: bool | None = None


class ReferenceEngine:
    """See `Engine`."""

    def __init__(self, *, sampling_rate_hz: float, has_gyroscope: bool, params: MonitorParams) -> None:
        self.name = f"reference {sampling_rate_hz:g} {has_gyroscope}"
        self._rate_hz, self._has_gyroscope, self._params = sampling_rate_hz, has_gyroscope, params
        self._records: dict[int, _Record] = {}

    def add(self, *, starts_s: float, points_up: bool, record: npt.NDArray[np.uint8] | None) -> int:
        slot = next(number for number in range(len(self._records) + 1) if number not in self._records)
        if record is None:
            self._records[slot] = _Record(
                starts_s=starts_s,
                points_up=points_up,
                even=EvenState(),
                quality=start_quality(sampling_rate_hz=self._rate_hz),
                ride=start_ride(sampling_rate_hz=self._rate_hz, params=self._params.ride),
                second=np.empty((0, 6), np.float32),
                until_s=starts_s,
            )
        else:
            self._records[slot] = from_bytes(_Record, record.tobytes())
        return slot

    def remove(self, slot: int) -> None:
        del self._records[slot]

    def record(self, slot: int) -> npt.NDArray[np.uint8]:
        return np.frombuffer(to_bytes(self._records[slot]), np.uint8)

    def align(self, slot: int, alignment: TrunkAlignment | None) -> None:
        record = self._records[slot]
        record.alignment = alignment
        if record.posture.summary is not None:  # nobody asks for it, and with another alignment it would not add up
            record.posture.summary = PostureSummary.empty(record.posture.summary.method)
        if record.posture.lane is not None:
            record.posture.lane.posture[2:] = 0

    def work(self, frames: Sequence[tuple[int, RawFrame]]) -> Iterator[Turn]:
        for slot, frame in frames:
            record = self._records[slot]
            stream = EvenStream(sampling_rate_hz=self._rate_hz, state=record.even)
            for piece in stream.update(*self._read(record, frame)):
                yield self._piece(slot, record, piece)

    def _read(self, record: _Record, frame: RawFrame) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]:
        def numbers(at: int, n: int) -> npt.NDArray[np.float32]:
            return np.frombuffer(frame.data, "<f4", count=n, offset=at).astype(np.float32)

        time_ms = frame.first_ms + numbers(frame.times_at, frame.n).astype(np.float64)
        acc = numbers(frame.acc_at, 3 * frame.n).reshape(-1, 3) * np.float32(1 if record.points_up else -1)
        if not self._has_gyroscope:
            return time_ms, acc
        return time_ms, np.hstack([acc, np.radians(numbers(frame.gyr_at, 3 * frame.n).reshape(-1, 3))])

    def _piece(self, slot: int, record: _Record, piece: EvenPiece) -> Turn:
        chunk = Chunk(
            start_s=record.starts_s + piece.index / self._rate_hz,
            sampling_rate_hz=self._rate_hz,
            acc_mps2=np.ascontiguousarray(piece.values[:, :3]),
            gyr_radps=np.ascontiguousarray(piece.values[:, 3:]) if self._has_gyroscope else None,
            quality=piece.quality,
        )
        missing = round((chunk.start_s - record.until_s) * self._rate_hz)
        record.quality, flags = check_quality(record.quality, chunk, self._params.quality)
        chunk = replace(chunk, quality=flags)
        record.good = not np.any(flags)
        record.ride, ride = update_ride(record.ride, chunk, self._params.ride)
        self._moves(record, ride)
        vertical = self._vertical(record, chunk)
        seconds = self._seconds(record, vertical, chunk)
        if len(seconds):
            record.measured_share = float(seconds.measured_share[-1])
        most = max(1, round(self._params.now_s * self._rate_hz))
        record.recent = np.concatenate([record.recent[:0] if missing else record.recent, vertical.up])[-most:]
        record.until_s = chunk.end_s
        return Turn(
            slot=slot,
            epoch_s=range(seconds.first_s, seconds.end_s),
            epochs=seconds.rows,
            body=self._body(record, piece, missing),
            missing_s=int(missing // self._rate_hz),
            up=vertical.up,
            doubtful=True,
        )

    def _moves(self, record: _Record, ride: Ride) -> None:
        record.moving, record.vehicle = ride.moving, ride.vehicle

    def _vertical(self, record: _Record, chunk: Chunk) -> Vertical:
        lanes = LaneGroups(
            params=self._params.posture.orientation, tilt_params=self._params.posture.tilt, late_s_max=0.0
        )
        lanes.add(_ALONE, sampling_rate_hz=self._rate_hz, has_gyroscope=self._has_gyroscope, state=record.lane)
        lanes.put(_ALONE, chunk)
        (vertical,) = lanes.tick()[_ALONE]
        record.lane = lanes.state(_ALONE)
        return vertical

    def _seconds(self, record: _Record, vertical: Vertical, chunk: Chunk) -> Epochs:
        tracker = PostureTracker(
            sampling_rate_hz=self._rate_hz,
            alignment=record.alignment,
            params=self._params.posture,
            state=record.posture,
        )
        found = tracker.update(
            VerticalBlock(
                start_s=vertical.start_s,
                sampling_rate_hz=self._rate_hz,
                up=vertical.up,
                acc_mps2=chunk.acc_mps2,
                quality=vertical.quality,
                sensor="accelerometer and gyroscope" if self._has_gyroscope else "accelerometer",
                smoothing="live",
            )
        )
        record.posture = tracker.state
        return found

    def _body(self, record: _Record, piece: EvenPiece, missing: int) -> npt.NDArray[np.float32]:
        """Means and tremor of whole seconds of the stream, in pairs of samples."""
        n = round(self._rate_hz)
        width = 6 - piece.values.shape[1]
        values = np.hstack([piece.values, np.full((len(piece.values), width), np.nan, np.float32)])
        second = np.concatenate([record.second[:0] if missing else record.second, values])
        n_whole = len(second) // n
        record.second = second[n_whole * n :].copy()
        rows = np.full((n_whole, BODY_COLUMNS + 1), np.nan, np.float32)
        for k in range(n_whole):
            slots = second[k * n : k * n + n // 2 * 2].reshape(-1, 2, 6).mean(axis=1)
            for part in (0, 1):
                rows[k, 4 * part : 4 * part + 4] = _mean_and_spread(slots[:, 3 * part : 3 * part + 3])
            length = np.linalg.norm(slots[:, :3], axis=1)
            rows[k, 8] = np.abs(length - length.mean()).mean()
        return rows

    def moments(self, slots: Sequence[int]) -> list[Moment]:
        found = []
        for slot in slots:
            record = self._records[slot]
            numbers = record.posture.holds.numbers
            up = _mean(record.recent)
            found.append(
                Moment(
                    until_s=record.until_s,
                    measured_share=record.measured_share,
                    held_s=int(numbers[3] + numbers[5]) if numbers[3] else 0,
                    good=record.good,
                    moving=record.moving,
                    vehicle=record.vehicle,
                    up=(float(up[0]), float(up[1]), float(up[2])),
                )
            )
        return found

    def quality(self, slot: int) -> QualityState | None:
        return self._records[slot].quality


def _mean_and_spread(slots: Signal3) -> npt.NDArray[np.float32]:
    mean = slots.mean(axis=0)
    return np.append(mean, np.sqrt(((slots - mean) ** 2).sum(axis=1).mean()))


def _mean(up: Signal3) -> npt.NDArray[np.float64]:
    """The mean direction; NaN where one of them is not known."""
    if not len(up) or np.isnan(up).any():
        return np.full(3, np.nan)
    mean: npt.NDArray[np.float64] = up.mean(axis=0, dtype=np.float64)
    return mean / max(float(np.linalg.norm(mean)), 1e-6)
