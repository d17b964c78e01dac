"""Samples that a person wants kept: stored with what is acknowledged, a file at the end, gone when they say so."""

import datetime as dt
import uuid
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.unit.services.conftest import NOW
from tests.unit.services.test_live import Phone, ended, planned, sits, told, worn
from upperback.core.errors import InputError, NotFound, Unavailable
from upperback.devices.base import ReadOptions
from upperback.devices.live.phone import PhoneFrame
from upperback.devices.opening import open_recording
from upperback.sensing.signal import G_MPS2
from upperback.services import kept_samples, live, live_store, people
from upperback.services.actors import NOBODY, Actor
from upperback.services.live import Sitting
from upperback.services.people import Profile
from upperback.store import files
from upperback.store.models import AuditEvent, KeptSamples, LiveSamples

__all__ = ["planned"]  # fixture

LATER = NOW + dt.timedelta(minutes=2)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "samples_folder", lambda profile: tmp_path / str(profile))
    monkeypatch.setattr(kept_samples, "samples_folder", files.samples_folder)


def keeps(planned: Profile, actor: Actor, *, sign: float = 1.0) -> tuple[Sitting, list[bytes]]:
    """A sitting that keeps, and the frames that it was sent once the phone had lain."""
    sitting, phone = sits(planned, actor), Phone(sign=sign)
    list(sitting.command({"keep": True}))
    told(sitting, phone.lies(2))
    frames = phone.leans((0, 5), (40, 20))
    told(sitting, frames)
    return sitting, frames


def kept_path(profile: Profile, actor: Actor) -> Path:
    (one,) = kept_samples.files(profile=profile, by=actor)
    return kept_samples.file_of(profile=profile, kept=one.uuid, by=actor)


def test_nothing_is_kept_unless_it_is_asked_for(planned: Profile, actor: Actor) -> None:
    sitting, phone = worn(planned, actor)
    told(sitting, phone.leans((0, 20)))
    assert sitting.saving().samples is None
    ended(sitting, actor, LATER)
    assert not kept_samples.files(profile=planned, by=actor)
    assert not kept_samples.folder(profile=planned, by=actor).exists()


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_file_holds_what_was_sent_and_is_read_as_a_recording(sign: float, planned: Profile, actor: Actor) -> None:
    sitting, frames = keeps(planned, actor, sign=sign)
    ended(sitting, actor, LATER)
    path = kept_path(planned, actor)
    assert path.stat().st_mode & 0o077 == 0
    table = pq.read_table(path)
    sent = [PhoneFrame.read(data) for data in frames]
    acc = np.concatenate([frame.acc_mps2 for frame in sent]) * np.float32(sign)
    assert np.array_equal(np.column_stack([table[f"acc_{axis}"] for axis in "xyz"])[-len(acc) :], acc)
    turn = np.radians(np.concatenate([frame.rotation_dps for frame in sent if frame.rotation_dps is not None]))
    assert np.array_equal(np.column_stack([table[f"gyr_{axis}"] for axis in "xyz"])[-len(turn) :], turn)
    times = np.concatenate([frame.time_ms for frame in sent]) / 1000
    assert np.diff(table["time_s"].to_numpy()[-len(times) :]) == pytest.approx(np.diff(times), abs=1e-6)
    recording = open_recording(path, ReadOptions())
    assert recording.info.start is not None
    assert abs(recording.info.start - NOW) < dt.timedelta(seconds=1)
    assert recording.info.sampling_rate_hz == 60
    assert recording.info.has_gyroscope
    read = np.concatenate([chunk.acc_mps2 for chunk in recording.chunks()])
    assert np.linalg.norm(read, axis=1) == pytest.approx(G_MPS2, abs=0.3)
    assert read[-1] == pytest.approx(acc[-1], abs=0.3)
    (row,) = KeptSamples.objects.all()
    assert (row.samples, row.size) == (len(table), path.stat().st_size)
    assert not LiveSamples.objects.exists()


def test_it_begins_and_ends_when_the_person_says_so(planned: Profile, actor: Actor) -> None:
    sitting, phone = worn(planned, actor)
    told(sitting, phone.leans((0, 10)))
    (answer,) = sitting.command({"keep": True})
    assert answer == {"keep": True}
    told(sitting, phone.leans((0, 10)))
    list(sitting.command({"keep": False}))
    told(sitting, phone.leans((0, 10)))
    ended(sitting, actor, LATER)
    (one,) = kept_samples.files(profile=planned, by=actor)
    assert one.seconds == pytest.approx(10, abs=0.2)
    assert one.starts_at > NOW + dt.timedelta(seconds=20)


def test_what_is_acknowledged_is_there_after_a_kill_at_any_moment(planned: Profile, actor: Actor) -> None:
    sitting, frames = keeps(planned, actor)
    assert not live_store.save(savings=[sitting.saving()], now=NOW)
    acknowledged = sitting.next_number
    rest = Phone().leans((40, 5))  # worked on, and lost with the process: never acknowledged
    told(sitting, [PhoneFrame.read(data).write() for data in rest])
    later = live_store.resume_stream(stream=sitting.stream.uuid, profile=planned, by=actor, now=NOW)
    again = Sitting(stream=later, by=actor)
    assert again.next_number == acknowledged
    told(again, frames)  # sent once more: none counts twice
    assert not live_store.save(savings=[again.saving()], now=NOW)
    stored = b"".join(bytes(row.frames) for row in LiveSamples.objects.all())
    assert stored.endswith(b"".join(frames))
    assert stored.count(frames[3]) == 1
    assert live_store.save(savings=[sitting.saving()], now=NOW), "who was killed comes back and must not write"
    assert b"".join(bytes(row.frames) for row in LiveSamples.objects.all()) == stored


def test_a_file_that_cannot_be_written_loses_nothing(
    planned: Profile, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, write: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept_samples, "write_whole", full)
    sitting, _ = keeps(planned, actor)
    assert ended(sitting, actor, LATER) is not None
    assert kept_samples.waiting(profile=planned, by=actor)
    with pytest.raises(Unavailable, match="No space"):
        kept_samples.put_together(stream=sitting.stream, by=actor, now=LATER)
    monkeypatch.setattr(kept_samples, "write_whole", files.write_whole)
    live.finish_left(profile=planned, by=actor, now=LATER)
    assert not kept_samples.waiting(profile=planned, by=actor)
    assert len(kept_samples.files(profile=planned, by=actor)) == 1


def test_half_a_file_is_none(planned: Profile, tmp_path: Path) -> None:
    def breaks(path: Path) -> None:
        path.write_bytes(b"half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        files.write_whole(tmp_path / "whole", breaks)
    assert not list(tmp_path.iterdir())


def test_memory_is_bounded_where_nothing_can_be_stored(
    planned: Profile, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_KEPT_BYTES_MAX", 10_000)
    sitting, phone = sits(planned, actor), Phone()
    list(sitting.command({"keep": True}))
    told(sitting, phone.lies(2))
    with pytest.raises(InputError, match="cannot be stored"):
        told(sitting, phone.leans((0, 60)))


def test_deleting_takes_the_file_and_the_row_and_says_so_in_the_audit(planned: Profile, actor: Actor) -> None:
    for _ in range(2):
        sitting, _ = keeps(planned, actor)
        ended(sitting, actor, LATER)
    first, second = kept_samples.files(profile=planned, by=actor)
    path = kept_samples.file_of(profile=planned, kept=first.uuid, by=actor)
    kept_samples.delete(profile=planned, kept=first.uuid, by=actor, now=LATER)
    assert not path.exists()
    assert [one.uuid for one in kept_samples.files(profile=planned, by=actor)] == [second.uuid]
    waits, _ = keeps(planned, actor)
    assert not live_store.save(savings=[waits.saving()], now=NOW)
    assert kept_samples.delete_all(profile=planned, by=actor, now=LATER) == 1
    assert not list(kept_samples.folder(profile=planned, by=actor).glob("*"))
    assert not kept_samples.waiting(profile=planned, by=actor)
    assert AuditEvent.objects.filter(action="delete_samples").count() == 2


def test_another_person_has_none_of_it(planned: Profile, actor: Actor) -> None:
    sitting, _ = keeps(planned, actor)
    ended(sitting, actor, LATER)
    (one,) = kept_samples.files(profile=planned, by=actor)
    ben = people.create_profile(name="Ben", by=actor, now=NOW)
    assert not kept_samples.files(profile=ben, by=actor)
    for refused in (
        lambda: kept_samples.file_of(profile=ben, kept=one.uuid, by=actor),
        lambda: kept_samples.delete(profile=ben, kept=one.uuid, by=actor, now=LATER),
        lambda: kept_samples.file_of(profile=planned, kept=uuid.uuid4(), by=actor),
        lambda: kept_samples.files(profile=planned, by=NOBODY),
        lambda: kept_samples.folder(profile=planned, by=NOBODY),
        lambda: kept_samples.waiting(profile=planned, by=NOBODY),
        lambda: kept_samples.delete_all(profile=planned, by=NOBODY, now=LATER),
        lambda: kept_samples.put_together(stream=sitting.stream, by=NOBODY, now=LATER),
    ):
        with pytest.raises(NotFound):
            refused()
    kept_samples.delete_all(profile=ben, by=actor, now=LATER)
    assert kept_path(planned, actor).exists()


def test_a_clock_that_was_set_runs_on(planned: Profile, actor: Actor) -> None:
    sitting, phone = sits(planned, actor), Phone()
    list(sitting.command({"keep": True}))
    told(sitting, phone.lies(2))
    told(sitting, phone.leans((0, 5)))
    phone._ms += 24 * 3.6e6
    told(sitting, phone.leans((0, 5)))
    phone._ms -= 5000
    told(sitting, phone.leans((0, 5)))
    ended(sitting, actor, LATER)
    times = pq.read_table(kept_path(planned, actor))["time_s"].to_numpy()
    assert np.diff(times).min() > 0
    assert np.diff(times).max() < 0.05
