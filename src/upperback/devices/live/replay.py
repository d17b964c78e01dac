"""A recording as a live source, at any speed. The confined child reads the file; only even samples come back."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from upperback.core.errors import InputError
from upperback.devices.base import ReadOptions
from upperback.devices.confined import Limits, run_confined
from upperback.devices.live.base import Marked
from upperback.devices.live.muscle import MuscleSource
from upperback.devices.opening import open_recording
from upperback.devices.simulate import Arrival
from upperback.devices.work import Work
from upperback.sensing.orientation import track_vertical
from upperback.sensing.signal import Chunk, EmgChunk
from upperback.sensing.trunk import SearchParams, find_alignment

#: Samples of one packet: five a second from a phone.
PACKET_S: Final = 0.2


class _Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of `write_pages`."""

    read: ReadOptions


class _Page(msgspec.Struct, frozen=True):
    """One file of samples: (n, 3 or 6) float32, and the flags of each."""

    start_s: float
    samples: str
    quality: str | None


class _Pages(msgspec.Struct, frozen=True):
    """What the child wrote."""

    sampling_rate_hz: float
    has_gyroscope: bool
    tasks: tuple[Marked, ...]
    pages: tuple[_Page, ...]


def write_pages(path: Path, options: dict[str, Any], work: Work) -> dict[str, Any]:
    """The job: every even sample of the recording into arrays in the job's folder, and where the wearer calibrates."""
    chosen = msgspec.convert(options, _Options)
    recording = open_recording(path, chosen.read)
    if not recording.has_imu:
        raise InputError("there is no accelerometer in it, so there is no posture to play")
    pages: list[_Page] = []
    first: list[Chunk] = []
    for number, chunk in enumerate(recording.chunks(work.progress)):
        arrays = [chunk.acc_mps2] if chunk.gyr_radps is None else [chunk.acc_mps2, chunk.gyr_radps]
        np.save(work.folder / f"{number}.npy", np.hstack(arrays))
        if chunk.quality is not None:
            np.save(work.folder / f"{number}.quality.npy", chunk.quality)
        pages.append(_Page(chunk.start_s, f"{number}.npy", None if chunk.quality is None else f"{number}.quality.npy"))
        if not first:
            first.append(chunk)
    if not first:
        raise InputError("it holds no sample")
    return {
        "sampling_rate_hz": first[0].sampling_rate_hz,
        "has_gyroscope": first[0].gyr_radps is not None,
        "tasks": [{"kind": task.kind, "start_s": task.start_s, "end_s": task.end_s} for task in _tasks_in(first[0])],
        "pages": [msgspec.to_builtins(page) for page in pages],
    }


def _tasks_in(chunk: Chunk) -> Iterator[Marked]:
    """Standing and bending in the first minutes, if somebody did."""
    n = int(SearchParams().within_s * chunk.sampling_rate_hz)
    gyr = None if chunk.gyr_radps is None else chunk.gyr_radps[:n]
    quality = None if chunk.quality is None else chunk.quality[:n]
    up = track_vertical(chunk.acc_mps2[:n], gyr, chunk.sampling_rate_hz, quality=quality)
    tasks = find_alignment(up, sampling_rate_hz=chunk.sampling_rate_hz).tasks
    leans_until = max((task.end for task in tasks if task.kind != "stand"), default=0)
    for task in tasks:
        if task.end <= leans_until:  # whoever goes on standing is not waited for
            yield Marked(
                kind=task.kind,
                start_s=chunk.start_s + task.start / chunk.sampling_rate_hz,
                end_s=chunk.start_s + task.end / chunk.sampling_rate_hz,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """See `LiveSource`. Needs its folder for as long as it is played."""

    about: str
    sampling_rate_hz: float
    has_gyroscope: bool
    tasks: tuple[Marked, ...]
    folder: Path
    pages: tuple[_Page, ...]

    def packets(self) -> Iterator[Arrival]:
        """The recording in packets of a fifth of a second, each as soon as its last sample was taken."""
        n_packet = max(1, round(PACKET_S * self.sampling_rate_hz))
        numbers = itertools.count()
        for page in self.pages:
            samples = np.load(self.folder / page.samples, mmap_mode="r")
            quality = None if page.quality is None else np.load(self.folder / page.quality)
            for first in range(0, len(samples), n_packet):
                rows = np.ascontiguousarray(samples[first : first + n_packet])
                chunk = Chunk(
                    start_s=page.start_s + first / self.sampling_rate_hz,
                    sampling_rate_hz=self.sampling_rate_hz,
                    acc_mps2=np.ascontiguousarray(rows[:, :3]),
                    gyr_radps=np.ascontiguousarray(rows[:, 3:]) if self.has_gyroscope else None,
                    quality=None if quality is None else quality[first : first + n_packet],
                )
                yield Arrival(chunk.end_s, next(numbers), chunk)


def open_replay(
    path: Path, folder: Path, options: ReadOptions | None = None, *, progress: Callable[[float], None] | None = None
) -> Replay:
    """A recording, read once into `folder`, to be played.

    Raises
    ------
    InputError : it cannot be read, or holds no acceleration.
    """
    read = msgspec.to_builtins(options or ReadOptions())
    found = msgspec.convert(run_confined("replay", path, {"read": read}, progress=progress, folder=folder), _Pages)
    return Replay(
        about=f"recording {path.name}",
        sampling_rate_hz=found.sampling_rate_hz,
        has_gyroscope=found.has_gyroscope,
        tasks=found.tasks,
        folder=folder,
        pages=found.pages,
    )


# ---- a muscle ----------------------------------------------------------------------------------------------------


class _MusclePages(msgspec.Struct, frozen=True):
    """What the child wrote: the samples of one channel, and the flags of each."""

    sampling_rate_hz: float
    channel: str
    pages: tuple[_Page, ...]


def write_muscle_pages(path: Path, options: dict[str, Any], work: Work) -> dict[str, Any]:
    """The job: every even sample of the first chosen EMG channel of the recording into arrays in the job's folder."""
    recording = open_recording(path, msgspec.convert(options, _Options).read)
    if not recording.has_emg:
        raise InputError("there is no EMG channel in it, so there is no muscle to play")
    pages: list[_Page] = []
    rate_hz = 0.0
    for number, chunk in enumerate(recording.emg_chunks(work.progress)):
        rate_hz = chunk.sampling_rate_hz
        np.save(work.folder / f"{number}.npy", chunk.emg_v[:, :1])
        if chunk.quality is not None:
            np.save(work.folder / f"{number}.quality.npy", chunk.quality)
        pages.append(_Page(chunk.start_s, f"{number}.npy", None if chunk.quality is None else f"{number}.quality.npy"))
    if not pages:
        raise InputError("it holds no sample")
    channel = next(iter(recording.info.emg_names), "Channel 1")
    return {"sampling_rate_hz": rate_hz, "channel": channel, "pages": [msgspec.to_builtins(page) for page in pages]}


def open_muscle_replay(
    path: Path,
    folder: Path,
    options: ReadOptions | None = None,
    *,
    limits: Limits | None = None,
    progress: Callable[[float], None] | None = None,
) -> MuscleSource:
    """One EMG channel of a recording, read once into `folder`, to be played from there.

    Parameters
    ----------
    limits, progress : see `run_confined`

    Raises
    ------
    InputError : it cannot be read, or holds no EMG.
    """
    read = msgspec.to_builtins(options or ReadOptions())
    told = run_confined("replay_muscle", path, {"read": read}, folder=folder, limits=limits, progress=progress)
    found = msgspec.convert(told, _MusclePages)
    rate_hz = found.sampling_rate_hz
    n_chunk = max(1, round(PACKET_S * rate_hz))

    def chunks() -> Iterator[EmgChunk]:
        for page in found.pages:
            samples = np.load(folder / page.samples, mmap_mode="r")
            quality = None if page.quality is None else np.load(folder / page.quality)
            for first in range(0, len(samples), n_chunk):
                yield EmgChunk(
                    start_s=page.start_s + first / rate_hz,
                    sampling_rate_hz=rate_hz,
                    emg_v=np.ascontiguousarray(samples[first : first + n_chunk]),
                    quality=None if quality is None else quality[first : first + n_chunk],
                )

    about = f"recording {path.name}, {found.channel}"
    return MuscleSource(about=about, sampling_rate_hz=rate_hz, _chunks=chunks)
