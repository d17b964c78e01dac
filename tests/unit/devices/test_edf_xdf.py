"""EDF and BDF, with pyedflib as another writer and reader; Lab Streaming Layer recordings."""

import datetime as dt
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.unit.devices import device_files as files
from tests.unit.devices.samples import muscle, trunk
from upperback.core.errors import InputError
from upperback.devices.base import ReadOptions, Recording
from upperback.devices.opening import open_recording
from upperback.sensing.signal import G_MPS2, QualityFlag

Opened = Callable[..., Recording]
TIME, ACC, GYR = trunk(60, 100)
EMG = np.stack((muscle(60, 1000, seed=1), muscle(60, 1000, seed=2)), axis=1)
UV = EMG * 1e6


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    def opened(content: bytes, name: str = "a.edf", **options: Any) -> Recording:
        path = tmp_path / name
        path.write_bytes(content)
        return open_recording(path, ReadOptions(**options))

    return opened


def emg_of(recording: Recording) -> npt.NDArray[np.float32]:
    return np.concatenate([chunk.emg_v for chunk in recording.emg_chunks()])


def acc_of(recording: Recording) -> npt.NDArray[np.float32]:
    return np.concatenate([chunk.acc_mps2 for chunk in recording.chunks()])


def both(**options: Any) -> bytes:
    signals = [("EMG left", "uV", UV[:, 0], 1000), ("EMG right", "uV", UV[:, 1], 1000)]
    signals += [(f"ACC {axis}", "g", ACC[:, n] / G_MPS2, 100) for n, axis in enumerate("XYZ")]
    return files.edf([*signals, ("ECG", "mV", EMG[:, 0] * 1e3, 1000)], **options)


# ---- EDF ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bdf", [False, True])
def test_emg_and_acceleration_in_one_file(opened: Opened, bdf: bool) -> None:
    recording = opened(both(bdf=bdf), "a.bdf" if bdf else "a.edf", time_zone="Europe/London")
    info = recording.info
    assert info.format == ("bdf" if bdf else "edf")
    assert (info.emg_rate_hz, info.sampling_rate_hz) == (1000, 100)
    assert info.emg_names == ("EMG left (uV)", "EMG right (uV)")
    assert info.start == dt.datetime(2026, 5, 1, 8, 30, tzinfo=dt.UTC)
    assert "SECRET" not in repr(info)
    step = (UV.max() - UV.min()) * 1e-6 / (1 << (23 if bdf else 15))
    assert np.abs(emg_of(recording) - EMG).max() < max(step, 1e-9)
    assert np.abs(acc_of(recording) - ACC).max() < 0.001
    assert next(recording.chunks()).start_s == info.start.timestamp()


def test_channels_by_name(opened: Opened) -> None:
    recording = opened(both(), emg_channels=("ECG",))
    assert recording.info.emg_names == ("ECG (mV)",)
    with pytest.raises(InputError, match="there is no signal CH9; the signals are EMG left, EMG right"):
        opened(both(), emg_channels=("CH9",))


@pytest.mark.parametrize("record_s", [0.1, 2.0])
def test_other_lengths_of_records(opened: Opened, record_s: float) -> None:
    recording = opened(files.edf([("EMG", "mV", UV[:, 0] / 1e3, 1000)], record_s=record_s))
    assert np.abs(emg_of(recording)[:, 0] - EMG[:, 0]).max() < 1e-7


def test_records_that_do_not_follow_each_other(opened: Opened) -> None:
    onsets = np.arange(60.0)
    onsets[20:] += 3
    onsets[40:] += 600
    recording = opened(files.edf([("EMG", "uV", UV[:, 0], 1000)], kind="EDF+D", onsets=onsets.tolist()))
    first, second = recording.emg_chunks()
    assert second.start_s == 643
    assert first.quality is not None
    assert np.count_nonzero(first.quality & QualityFlag.GAP) == 3000
    plain = opened(files.edf([("EMG", "uV", UV[:, 0], 1000)], kind="EDF+C", onsets=onsets.tolist()))
    assert len(list(plain.emg_chunks())) == 1


def test_ends_of_the_range_are_marked(opened: Opened) -> None:
    values = np.clip(UV[:, 0], -150, 150)
    recording = opened(files.edf([("EMG", "uV", values, 1000)]))
    (chunk,) = recording.emg_chunks()
    assert chunk.quality is not None
    assert np.array_equal(np.flatnonzero(chunk.quality & QualityFlag.CLIPPED), np.flatnonzero(np.abs(values) > 149.998))


def test_cut_short_and_open_ended(opened: Opened) -> None:
    whole = both()
    recording = opened(whole[:-5000])
    assert len(emg_of(recording)) == 59_000
    assert any("59 of 60 records" in note for note in recording.summary("emg").notes)
    recording = opened(both(n_records=-1))
    assert len(emg_of(recording)) == 60_000
    assert not recording.summary("emg").damaged
    recording = opened(both(n_records=90))
    emg_of(recording)
    assert any("60 of 90 records" in note for note in recording.summary("emg").notes)


def test_a_date_that_stands_for_none(opened: Opened) -> None:
    recording = opened(both(changes={"date": b"01.01.85"}))
    assert (recording.info.start, recording.info.start_local) == (None, None)
    assert opened(both(changes={"date": b"99.99.99"})).info.start_local is None


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="pyedflib has no wheels for this Python")
@pytest.mark.parametrize("bdf", [False, True])
def test_another_writer_and_another_reader(opened: Opened, tmp_path: Path, bdf: bool) -> None:
    pyedflib = pytest.importorskip("pyedflib")
    path = tmp_path / ("theirs.bdf" if bdf else "theirs.edf")
    kind = pyedflib.FILETYPE_BDFPLUS if bdf else pyedflib.FILETYPE_EDFPLUS
    highest = (1 << 23) - 1 if bdf else (1 << 15) - 1
    with pyedflib.EdfWriter(str(path), 5, file_type=kind) as writer:
        writer.setSignalHeaders(
            [
                {
                    "label": label, "dimension": unit, "sample_frequency": rate, "physical_min": -limit,
                    "physical_max": limit, "digital_min": -highest - 1, "digital_max": highest, "transducer": "",
                    "prefilter": "",
                }
                for label, unit, rate, limit in [("EMG L", "uV", 1000, 1000.0), ("EMG R", "uV", 1000, 1000.0)]
                + [(f"Acc {axis}", "g", 100, 8.0) for axis in "xyz"]
            ]
        )  # fmt: skip
        writer.writeSamples([np.ascontiguousarray(x) for x in (*UV.T, *(ACC.T / G_MPS2))])
        writer.writeAnnotation(1.5, 0.1, "a word")
    recording = open_recording(path)
    with pyedflib.EdfReader(str(path)) as reader:
        theirs = np.stack([reader.readSignal(n) for n in range(2)], axis=1)
        their_acc = np.stack([reader.readSignal(n) for n in (2, 3, 4)], axis=1)
    assert np.abs(emg_of(recording) * 1e6 - theirs).max() < 1e-3 * 1e-1
    assert np.abs(acc_of(recording) / G_MPS2 - their_acc).max() < 1e-5
    ours = tmp_path / "ours.edf"
    ours.write_bytes(both())
    with pyedflib.EdfReader(str(ours)) as reader:
        assert reader.getSignalLabels()[:2] == ["EMG left", "EMG right"]
        assert np.abs(reader.readSignal(0) - UV[:, 0]).max() < 0.1


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"n_signals": b"-1  "}, "promises -1 signals"),
        ({"n_signals": b"0   "}, "promises 0 signals"),
        ({"n_signals": b"9999"}, "promises 9999 signals"),
        ({"n_signals": b"5   "}, "does not fit its 5 signals"),
        ({"n_signals": b"x   "}, "number of signals is not a number"),
        ({"n_signals": b"1e3 "}, "does not fit its 1000 signals"),
        ({"n_signals": b"6.5 "}, "not a whole number"),
        ({"header_bytes": b"-256    "}, "does not fit its 6 signals"),
        ({"header_bytes": b"99999999"}, "does not fit its 6 signals"),
        ({"header_bytes": b"nan     "}, "is not a number"),
        ({"record_s": b"-1      "}, "no length"),
        ({"record_s": b"inf     "}, "is not a number"),
        ({"record_s": b"1e999   "}, "is not a number"),
        ({"record_s": b"0       "}, "have no rate"),
        ({"record_s": b"0.000001"}, "samples a second"),
        ({"n_records": b"-2      "}, "promises -2 records"),
        ({"n_records": b"99999999"}, "promises 99999999 records"),
        ({"n_records": b"\xff\xff\xff\xff    "}, "is not a number"),
    ],
)  # fmt: skip
def test_headers_that_lie(opened: Opened, changes: dict[str, bytes], message: str) -> None:
    with pytest.raises(InputError, match=message):
        opened(both(changes=changes))


@pytest.mark.parametrize(
    "part, value, message",
    [
        (8, b"-5      ", "promises -5 samples"),
        (8, b"99999999", "promises 99999999 samples"),
        (8, b"0       ", "would have 0 samples"),
        (5, b"32767   ", "range of signal 1 is empty"),
        (6, b"-32769  ", "range of signal 1 is empty"),
        (5, b"-9999999", "range of signal 1 is empty"),
        (3, b"nan     ", "physical range is not a number"),
        (4, b"1e309   ", "physical range is not a number"),
    ],
)  # fmt: skip
def test_signals_that_lie(opened: Opened, part: int, value: bytes, message: str) -> None:
    content = bytearray(files.edf([("EMG", "uV", UV[:, 0], 1000)]))
    at = 256 + sum((16, 80, 8, 8, 8, 8, 8, 80, 8, 32)[:part])
    content[at : at + 8] = value
    with pytest.raises(InputError, match=message):
        opened(bytes(content))


def test_what_is_no_edf(opened: Opened) -> None:
    for content, message in [
        (b"0       ", "cut short within its header"),
        (both()[:300], "cut short within its header"),
        (both()[: 256 * 7], "no whole record"),
        (files.edf([("ECG", "mV", UV[:, 0], 1000)]), "no signals of acceleration or EMG"),
        (files.edf([("EMG", "uV", UV[:, 0], 1000), ("EMG 2", "uV", UV[::2, 0], 500)]), "different rates"),
    ]:
        with pytest.raises(InputError, match=message):
            opened(content)


# ---- Lab Streaming Layer -----------------------------------------------------------------------------------------

AXES = [(f"acc_{axis}", "g") for axis in "xyz"]
TURNS = [(f"gyr_{axis}", "deg/s") for axis in "xyz"]
BOOT = 5000.0


def imu_stream(number: int = 1, name: str = "back") -> bytes:
    values = np.concatenate((ACC / G_MPS2, np.degrees(GYR)), axis=1)
    return files.xdf_header(number, name, "IMU", [*AXES, *TURNS], 100) + files.xdf_samples(number, BOOT + TIME, values)


def emg_stream(number: int = 2, channels: Sequence[tuple[str, str]] = (("left", "microvolts"),)) -> bytes:
    times = BOOT + np.arange(10_000) / 1000
    header = files.xdf_header(number, "amplifier", "EMG", channels, 1000, n=1)
    return header + files.xdf_samples(number, times, UV[:10_000, :1])


def test_streams_are_chosen_by_what_they_say(opened: Opened) -> None:
    marker = files.xdf_header(9, "clicks", "Markers", [], 0, n=1).replace(b"float32", b"string ")
    recording = opened(files.xdf(imu_stream(), emg_stream(), marker.replace(b"string ", b"string")), "a.xdf")
    info = recording.info
    assert (info.format, info.sampling_rate_hz, info.emg_rate_hz, info.has_gyroscope) == ("xdf", 100, 1000, True)
    assert np.abs(acc_of(recording) - ACC).max() < 1e-3
    assert np.abs(emg_of(recording)[:, 0] - EMG[:10_000, 0]).max() < 1e-9
    assert next(recording.chunks()).start_s == pytest.approx(BOOT, abs=1e-3)


def test_emg_without_labels(opened: Opened) -> None:
    recording = opened(files.xdf(emg_stream(channels=())), "a.xdf", emg_unit="uV")
    assert recording.info.emg_names == ("emg_1",)


def test_a_gyroscope_in_a_stream_of_its_own(opened: Opened) -> None:
    late = TIME[7:-9] + 0.0037
    turns = np.stack([np.interp(late, TIME, GYR[:, n]) for n in range(3)], axis=1)
    content = files.xdf(
        files.xdf_header(1, "acc", "Accelerometer", [], 100, n=3),
        files.xdf_header(2, "gyr", "Gyroscope", TURNS, 100),
        files.xdf_samples(1, BOOT + TIME, ACC),
        files.xdf_samples(2, BOOT + late, np.degrees(turns)),
    )
    recording = opened(content, "a.xdf")
    (chunk,) = recording.chunks()
    assert chunk.gyr_radps is not None
    good = ~np.isnan(chunk.gyr_radps[:, 0])
    assert 5980 < np.count_nonzero(good) < 5990
    assert np.abs(chunk.gyr_radps[good] - GYR[good]).max() < 0.02


def test_clocks_that_run_apart_are_brought_together(opened: Opened) -> None:
    clocks = b"".join(files.xdf_clock(1, BOOT + t, 100 + 1e-3 * t) for t in range(0, 60, 5))
    recording = opened(files.xdf(imu_stream(), clocks), "a.xdf")
    (chunk,) = recording.chunks()
    assert chunk.start_s == pytest.approx(BOOT + 100, abs=0.01)
    assert recording.summary().measured_rate_hz == pytest.approx(100 / 1.001, rel=1e-4)


def test_a_cut_and_a_damaged_file(opened: Opened) -> None:
    content = files.xdf(imu_stream())
    recording = opened(content[:-1000], "a.xdf")
    assert len(acc_of(recording)) == 5900
    assert recording.summary().damaged
    with pytest.raises(InputError):
        opened(content[:200], "a.xdf")
    with pytest.raises(InputError):
        opened(b"XDF:", "a.xdf")


@pytest.mark.parametrize(
    "chunks, message",
    [
        ([], "no stream with acceleration or EMG"),
        ([files.xdf_header(1, "x", "EEG", [("Cz", "uV")], 100)], "no stream with acceleration or EMG"),
        ([files.xdf_header(1, "back", "IMU", AXES, 100)], "the stream back is empty"),
        ([imu_stream(1), imu_stream(2, "leg")], r"several streams hold acceleration \(back, leg\)"),
        ([files.xdf_chunk(2, b"\1\0\0\0<info><name>")], "description of a stream is damaged"),
        (
            [files.xdf_chunk(2, b"\1\0\0\0<!DOCTYPE x [<!ENTITY a 'aaaa'>]><info/>")],
            "not one that Lab Streaming Layer writes",
        ),
        ([files.xdf_header(n, "x", "EEG", [("Cz", "uV")], 100) for n in range(300)], "more than 256 streams"),
    ],
)
def test_what_is_no_lsl_recording(opened: Opened, chunks: list[bytes], message: str) -> None:
    with pytest.raises(InputError, match=message):
        opened(files.xdf(*chunks), "a.xdf")


def test_too_long_for_memory(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upperback.devices._xdf._MAX_BYTES", 10_000)
    with pytest.raises(InputError, match=r"too long for \.xdf"):
        opened(files.xdf(imu_stream()), "a.xdf")


def test_without_the_extra_one_sentence_says_what_to_do(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyxdf", None)
    with pytest.raises(InputError, match=r"needs the extra “recordings”: pip install 'upperback\[recordings\]'"):
        opened(files.xdf(imu_stream()), "a.xdf")


@pytest.mark.parametrize(
    "name, channel, n_samples", [("minimal", "channel 1", 9), ("clock_resets", "channel 1", 27_815)]
)
def test_real_files(real_data: Path, name: str, channel: str, n_samples: int) -> None:
    options = ReadOptions(emg_channels=(channel,), emg_unit="uV")
    recording = open_recording(real_data / "xdf" / f"{name}.xdf", options)
    chunks = list(recording.emg_chunks())
    assert sum(map(len, chunks)) == pytest.approx(n_samples, rel=1e-3)
    assert len(chunks) == (2 if name == "clock_resets" else 1)


def test_real_file_with_empty_streams(real_data: Path) -> None:
    with pytest.raises(InputError, match="no stream with acceleration or EMG"):
        open_recording(real_data / "xdf" / "empty_streams.xdf")
