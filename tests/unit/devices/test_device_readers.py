"""Axivity, GENEActiv and ActiGraph: against real files where they are at hand, and against the published formats."""

import datetime as dt
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.unit.devices import device_files as files
from tests.unit.devices.samples import trunk
from upperback.core.errors import InputError
from upperback.devices.base import ReadOptions, Recording
from upperback.devices.grid import ON_GRID, ReadingLog
from upperback.devices.opening import open_recording
from upperback.sensing.signal import G_MPS2, QualityFlag

DPS = 180 / np.pi
Opened = Callable[..., Recording]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    def opened(content: bytes, name: str, **options: Any) -> Recording:
        path = tmp_path / name
        path.write_bytes(content)
        return open_recording(path, ReadOptions(**options))

    return opened


def raw(recording: Recording) -> tuple[npt.NDArray[np.float64], tuple[npt.NDArray[np.float32], ...]]:
    """(time in s, arrays) before anything is put on a grid."""
    assert recording.imu is not None
    blocks = list(recording.imu.blocks(ReadingLog()))
    arrays = tuple(np.concatenate(parts) for parts in zip(*(block.arrays for block in blocks), strict=True))
    return np.concatenate([block.time_s for block in blocks]), arrays


def even(recording: Recording) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """(acceleration, quality) of a recording without long gaps."""
    chunks = list(recording.chunks())
    flags = [np.zeros(len(chunk), np.uint8) if chunk.quality is None else chunk.quality for chunk in chunks]
    return np.concatenate([chunk.acc_mps2 for chunk in chunks]), np.concatenate(flags)


# ---- real files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, rate_hz, true_hz", [("ax3", 200, 197.225), ("ax6", 100, 98.393)])
def test_axivity_values_are_those_of_another_reader(real_data: Path, name: str, rate_hz: float, true_hz: float) -> None:
    recording = open_recording(real_data / "devices" / f"{name}_sample.cwa")
    truth = np.load(real_data / "devices" / f"{name}_data.npz")
    time_s, arrays = raw(recording)
    assert np.abs(arrays[0] / G_MPS2 - truth["accel"]).max() < 1e-6
    if name == "ax6":
        assert np.abs(arrays[1] * DPS - truth["gyro"]).max() < 2e-4  # float32 at 1000 deg/s
    assert recording.info.sampling_rate_hz == rate_hz == truth["fs"][0]
    assert recording.info.measured_rate_hz == pytest.approx(true_hz, abs=5e-3)
    # The other reader cuts the time of each block to hundredths of a second and counts from there at the nominal rate.
    assert recording.info.start_local is not None
    start = dt.datetime.fromisoformat(recording.info.start_local + "+00:00").timestamp()
    assert np.abs(start + time_s - truth["time"]).max() < 0.015
    steps = np.diff(time_s)
    assert 0.98 / true_hz < steps.min()
    assert steps.max() < 1.02 / true_hz


def test_geneactiv_values_are_those_of_another_reader(real_data: Path) -> None:
    recording = open_recording(real_data / "devices" / "gnactv_sample.bin")
    truth = np.load(real_data / "devices" / "gnactv_data.npz")
    time_s, (acc,) = raw(recording)
    assert np.abs(acc / G_MPS2 - truth["accel"]).max() < 5.1e-5  # the other reader rounds to four digits
    assert recording.info.start_local is not None
    start = dt.datetime.fromisoformat(recording.info.start_local + "+00:00").timestamp()
    assert np.abs(start + time_s - truth["time"]).max() < 1e-6
    assert recording.info.start == dt.datetime(2019, 5, 21, 20, 16, 43, 500_000, tzinfo=dt.UTC)
    assert recording.info.place == "back"
    _, quality = even(recording)
    assert np.count_nonzero(quality & QualityFlag.GAP) == 25  # half a second between the first two pages


def test_the_serial_number_stays_out_of_logs(opened: Opened) -> None:
    recording = opened(files.cwa(np.tile([0.0, 0.0, 1.0], (300, 1))), "a.cwa")
    assert recording.info.serial == "4711"
    assert "4711" not in repr(recording.info)


# ---- Axivity -----------------------------------------------------------------------------------------------------

TIME, ACC, GYR = trunk(130, 100)
ACC_G, GYR_DPS = ACC / G_MPS2, GYR * DPS


def test_ax3(opened: Opened) -> None:
    recording = opened(files.cwa(ACC_G), "a.cwa")
    info = recording.info
    assert (info.device, info.sampling_rate_hz, info.has_gyroscope) == ("Axivity AX3", 100, False)
    assert info.acc_range_mps2 == pytest.approx(8 * G_MPS2)
    assert (info.start, info.start_local) == (None, "2026-05-01T09:30:00")
    acc, quality = even(recording)
    assert len(acc) == len(ACC)
    assert np.abs(acc - ACC).max() < 2.1 * G_MPS2 / 256
    assert not quality.any()


def test_ax6(opened: Opened) -> None:
    recording = opened(files.cwa(ACC_G, gyr_dps=GYR_DPS), "a.cwa", time_zone="Europe/London")
    info = recording.info
    assert (info.device, info.has_gyroscope) == ("Axivity AX6", True)
    assert info.start == dt.datetime(2026, 5, 1, 8, 30, tzinfo=dt.UTC)
    chunks = list(recording.chunks())
    assert chunks[0].start_s == pytest.approx(info.start.timestamp(), abs=1e-6)
    gyr = np.concatenate([chunk.gyr_radps for chunk in chunks if chunk.gyr_radps is not None])
    assert np.abs(gyr - GYR).max() < 0.002
    assert np.abs(np.concatenate([chunk.acc_mps2 for chunk in chunks]) - ACC).max() < 0.006


@pytest.mark.parametrize("true_hz", [97.5, 99.99, 101.9])
def test_the_sensors_own_rate_is_followed(opened: Opened, true_hz: float) -> None:
    slow = np.stack([np.zeros(13_000), np.zeros(13_000), 1 + 0.5 * np.sin(np.arange(13_000) / 2000)], axis=1)
    recording = opened(files.cwa(slow, gyr_dps=slow * 0, true_rate_hz=true_hz), "a.cwa")
    assert recording.info.measured_rate_hz == pytest.approx(true_hz, rel=1e-4)
    acc, _ = even(recording)
    expected = 1 + 0.5 * np.sin(np.arange(len(acc)) / 100 * true_hz / 2000)
    assert np.abs(acc[:, 2] / G_MPS2 - expected).max() < 0.001


def test_a_pause_and_a_lost_block(opened: Opened) -> None:
    content = files.cwa(ACC_G, pauses_s={20: 3600.0})
    block = 1024 + 512 * 50
    recording = opened(content[:block] + content[block + 512 :], "a.cwa")
    first, second = recording.chunks()
    assert second.start_s - first.end_s == pytest.approx(3600, abs=0.02)
    assert second.quality is not None
    assert np.count_nonzero(second.quality & QualityFlag.GAP) == pytest.approx(120, abs=2)
    assert recording.summary().n_gaps == 2


def test_ends_of_the_range_are_marked(opened: Opened) -> None:
    acc = ACC_G.copy()
    acc[1000:1010, 0], acc[2000:2005, 2] = 9.0, -9.0
    _, quality = even(opened(files.cwa(acc), "a.cwa"))
    assert np.array_equal(np.flatnonzero(quality & QualityFlag.CLIPPED), [*range(1000, 1010), *range(2000, 2005)])


def test_a_damaged_block_is_left_out_and_told(opened: Opened) -> None:
    content = bytearray(files.cwa(ACC_G))
    content[1024 + 512 * 10 + 200] ^= 0x04  # one bit of one sample
    recording = opened(bytes(content), "a.cwa")
    _, quality = even(recording)
    assert np.count_nonzero(quality & QualityFlag.GAP) == 120
    assert recording.summary().damaged
    assert any("1 damaged" in note for note in recording.summary().notes)


def test_cut_short_in_the_middle_of_a_block(opened: Opened) -> None:
    content = files.cwa(ACC_G)
    recording = opened(content[:-700], "a.cwa")
    acc, _ = even(recording)
    assert len(acc) == len(ACC) // 120 * 120 - 120
    assert recording.summary().damaged


def test_space_that_was_never_written_is_no_damage(opened: Opened) -> None:
    recording = opened(files.cwa(ACC_G) + b"\xff" * 5120 + bytes(5120), "a.cwa")
    even(recording)
    assert not recording.summary().damaged


@pytest.mark.parametrize(
    "content, message",
    [
        (b"MD", "cut short within its header"),
        (b"MD" + bytes(1022), "no undamaged block"),
        (b"MD" + bytes(1022) + b"AX" + bytes(510), "no undamaged block"),
        (b"MD" + bytes(5000), "no undamaged block"),
    ],
)
def test_what_is_no_axivity_recording(opened: Opened, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        opened(content, "a.cwa")


@pytest.mark.parametrize(
    "field, value", [("count", 60_000), ("packing", 0x92), ("packing", 0x42), ("rate", 0), ("clock", 0)]
)
def test_blocks_that_lie_are_left_out(opened: Opened, field: str, value: int) -> None:
    content = files.cwa(ACC_G)
    blocks = np.frombuffer(content[1024:], files._BLOCK).copy()
    blocks[field][3:6] = value
    if (field, value) == ("packing", 0x92):
        blocks["count"][3:6] = 100  # more than fit
    recording = opened(content[:1024] + files.with_checksums(blocks), "a.cwa")
    acc, quality = even(recording)
    assert np.count_nonzero(quality & QualityFlag.GAP) == 360
    assert len(acc) == len(ACC)


def test_a_change_of_rate_in_the_middle_is_refused(opened: Opened) -> None:
    content = files.cwa(ACC_G)
    blocks = np.frombuffer(content[1024:], files._BLOCK).copy()
    blocks["rate"][20:] = 0x49
    with pytest.raises(InputError, match="changes its rate or its range"):
        even(opened(content[:1024] + files.with_checksums(blocks), "a.cwa"))


def test_a_clock_that_was_set_while_recording(opened: Opened) -> None:
    content = files.cwa(ACC_G, pauses_s={40: -3600.0})
    recording = opened(content, "a.cwa")
    acc, _ = even(recording)
    assert len(acc) == pytest.approx(len(ACC), abs=1)
    assert recording.summary().n_clock_jumps == 1


# ---- GENEActiv ---------------------------------------------------------------------------------------------------

SLOW_TIME, SLOW_ACC, _ = trunk(100, 50)


@pytest.mark.parametrize("newline", ["\r\n", "\n"])
def test_geneactiv(opened: Opened, newline: str) -> None:
    recording = opened(files.geneactiv(SLOW_ACC / G_MPS2, newline=newline), "a.bin")
    info = recording.info
    assert (info.device, info.place, info.serial) == ("GENEActiv 1.2", "upper back", "012345")
    assert info.start == dt.datetime(2026, 5, 1, 8, 30, tzinfo=dt.UTC)
    acc, quality = even(recording)
    assert len(acc) == len(SLOW_ACC)
    assert np.abs(acc - SLOW_ACC).max() < 0.6 * 100 / files.GAIN.min() * G_MPS2
    assert not quality.any()
    assert "SECRET" not in repr(info)


def test_geneactiv_cut_short(opened: Opened) -> None:
    content = files.geneactiv(SLOW_ACC / G_MPS2)
    recording = opened(content[:-2000], "a.bin")
    acc, _ = even(recording)
    # The digits up to the cut are whole samples and are kept.
    assert len(SLOW_ACC) - 300 < len(acc) < len(SLOW_ACC)
    recording = opened(content[:-3650], "a.bin")
    even(recording)
    assert recording.summary().damaged


@pytest.mark.parametrize(
    "old, new",
    [
        (b"Page Time:2026-05-01 09:30:06:000", b"Page Time:2026-13-01 09:30:06:000"),
        (b"Page Time:2026-05-01 09:30:06:000", b"Page Time:yesterday in the after"),
        (b"Page Time:2026-05-01 09:30:06:000", b"Wage Time:2026-05-01 09:30:06:000"),
    ],
)
def test_geneactiv_pages_that_lie_are_left_out(opened: Opened, old: bytes, new: bytes) -> None:
    content = files.geneactiv(SLOW_ACC / G_MPS2)
    assert old in content
    recording = opened(content.replace(old, new), "a.bin")
    _, quality = even(recording)
    assert np.count_nonzero(quality & QualityFlag.GAP) == 300
    assert recording.summary().damaged


def test_geneactiv_digits_that_are_none(opened: Opened) -> None:
    content = bytearray(files.geneactiv(SLOW_ACC / G_MPS2))
    content[content.rindex(b"Frequency:50.0") + 100] = ord("G")
    recording = opened(bytes(content), "a.bin")
    even(recording)
    assert recording.summary().damaged


@pytest.mark.parametrize(
    "old, new, message",
    [
        (b"x gain:25522", b"x gain:0", "gain of zero"),
        (b"x gain:25522", b"x gain:nan", "no number for “x gain”"),
        (b"y offset", b"w offset", "no number for “y offset”"),
        (b"Measurement Frequency:50 Hz", b"Measurement Frequency:0 Hz", "samples a second"),
        (b"Measurement Frequency:50 Hz", b"Measurement Frequency:1000000 Hz", "samples a second"),
        (b"Recorded Data", b"Recorded Dada", "no page of samples"),
    ],
)
def test_geneactiv_headers_that_lie(opened: Opened, old: bytes, new: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        opened(files.geneactiv(SLOW_ACC / G_MPS2).replace(old, new), "a.bin")


def test_geneactiv_with_an_endless_line(opened: Opened) -> None:
    content = files.geneactiv(SLOW_ACC / G_MPS2)
    at = content.rindex(b"Recorded Data")
    with pytest.raises(InputError, match="far too long"):
        even(opened(content[:at] + b"Recorded Data\r\n" + b"F" * (3 << 20), "a.bin"))


def test_geneactiv_clipped(opened: Opened) -> None:
    acc = SLOW_ACC / G_MPS2
    acc[700:705, 1] = 20
    _, quality = even(opened(files.geneactiv(acc), "a.bin"))
    assert np.array_equal(np.flatnonzero(quality), range(700, 705))


# ---- ActiGraph ---------------------------------------------------------------------------------------------------

COUNTS = np.random.default_rng(1).integers(-1500, 1500, (30 * 130, 3))


@pytest.mark.parametrize("kind", [files.ACTIVITY, files.ACTIVITY2])
@pytest.mark.parametrize("rate_hz", [30, 31, 100])
def test_gt3x(opened: Opened, kind: int, rate_hz: int) -> None:
    recording = opened(files.gt3x(COUNTS, rate_hz, kind), "a.gt3x")
    info = recording.info
    assert (info.device, info.serial, info.place) == ("ActiGraph wGT3XBT", "MOS2D12345678", "right waist")
    assert info.start == dt.datetime(2026, 5, 1, 8, 30, tzinfo=dt.UTC)
    acc, quality = even(recording)
    whole = len(COUNTS) // rate_hz * rate_hz
    assert len(acc) == whole
    assert np.abs(acc / G_MPS2 * 256 - COUNTS[:whole]).max() < 1e-3
    assert not quality.any()
    assert not recording.summary().damaged


def test_gt3x_examples_of_the_published_format(opened: Opened) -> None:
    """ActiGraph's own worked examples: twelve bits, and the encoding of parameters."""
    from upperback.devices._gt3x import _decoded_float, _twelve_bits

    text = bytes.fromhex("00 60 08 EB D0 07 00 9E BF 00 70 08 EB F0")
    numbers = _twelve_bits(np.frombuffer(text + b"\0", np.uint8)[None, :])[0, :9]
    assert numbers.tolist() == [6, 8, -323, 7, 9, -321, 7, 8, -321]  # y, x, z
    assert _decoded_float(0x09400000) == 256
    assert _decoded_float(0x0C400000) == 2048
    assert _decoded_float(0x05418937) == pytest.approx(16.384, abs=1e-5)
    assert _decoded_float(0) == 0


def test_gt3x_seconds_asleep_are_gaps(opened: Opened) -> None:
    log = files.gt3x_log(COUNTS, missing=[10, 11, *range(50, 75)])
    recording = opened(files.archive([("info.txt", files.gt3x_info()), ("log.bin", log)]), "a.gt3x")
    first, second = recording.chunks()
    assert np.count_nonzero(np.isnan(first.acc_mps2[:, 0])) == 60
    assert second.start_s - first.end_s == pytest.approx(25)
    docked = files.record(files.ACTIVITY2, int(files.START.timestamp()) + 130, b"\0")
    recording = opened(files.archive([("info.txt", files.gt3x_info()), ("log.bin", log + docked)]), "a.gt3x")
    list(recording.chunks())
    assert not recording.summary().damaged


def test_gt3x_seconds_of_different_lengths(opened: Opened) -> None:
    first = int(files.START.timestamp())
    parts = [COUNTS[:30], COUNTS[30:59], COUNTS[59:90], COUNTS[90:120]]
    log = b"".join(
        files.record(files.ACTIVITY2, first + n, files.activity(part, files.ACTIVITY2)) for n, part in enumerate(parts)
    )
    recording = opened(files.archive([("info.txt", files.gt3x_info()), ("log.bin", log)]), "a.gt3x")
    time_s, (acc,) = raw(recording)
    assert np.abs(acc / G_MPS2 * 256 - COUNTS[:120]).max() < 1e-3
    assert (np.diff(time_s) > 0).all()
    assert np.searchsorted(time_s, [1, 2, 3]).tolist() == [30, 59, 90]


def test_gt3x_scale_by_parameter_by_info_and_by_serial(opened: Opened) -> None:
    def scaled(log: bytes, info: str) -> float:
        acc, _ = even(opened(files.archive([("info.txt", info), ("log.bin", log)]), "a.gt3x"))
        return float(np.median(np.abs(COUNTS[COUNTS != 0]) / np.abs(acc[COUNTS[: len(acc)] != 0] / G_MPS2)))

    bare = files.gt3x_info(serial="NEO1C16110020").replace("Acceleration Scale", "Some Scale")
    assert scaled(files.gt3x_log(COUNTS, accel_scale=512.0), bare) == pytest.approx(512, rel=1e-3)
    assert scaled(files.gt3x_log(COUNTS, accel_scale=None), bare) == pytest.approx(341, rel=1e-3)
    assert scaled(files.gt3x_log(COUNTS, accel_scale=None), files.gt3x_info()) == pytest.approx(256, rel=1e-3)
    with pytest.raises(InputError, match="scale of the acceleration is not known"):
        scaled(files.gt3x_log(COUNTS, accel_scale=None), bare.replace("NEO", "XYZ"))


def test_gt3x_of_older_devices(opened: Opened) -> None:
    content = files.twelve_bits(COUNTS[:, [1, 0, 2]])
    info = files.gt3x_info(serial="NEO1C16110020", zone=None).replace("Acceleration", "Some")
    recording = opened(files.archive([("info.txt", info), ("activity.bin", content), ("lux.bin", b"")]), "a.gt3x")
    acc, _ = even(recording)
    assert np.abs(acc / G_MPS2 * 341 - COUNTS).max() < 1e-3
    assert recording.info.start_local == "2026-05-01T09:30:00"


def test_gt3x_with_damaged_records(opened: Opened) -> None:
    log = bytearray(files.gt3x_log(COUNTS))
    middle = log.index(struct.pack("<BBI", 0x1E, files.ACTIVITY2, int(files.START.timestamp()) + 20))
    log[middle + 30] ^= 1
    recording = opened(files.archive([("info.txt", files.gt3x_info()), ("log.bin", bytes(log[:-20]))]), "a.gt3x")
    acc, quality = even(recording)
    assert np.count_nonzero(quality & QualityFlag.GAP) == 30
    assert len(acc) == len(COUNTS) - 30
    assert recording.summary().damaged


def test_gt3x_that_is_packed_badly(opened: Opened) -> None:
    content = bytearray(files.archive([("log.bin", files.gt3x_log(COUNTS)), ("info.txt", files.gt3x_info())]))
    content[5000:5100] = bytes(100)
    recording = opened(bytes(content), "a.gt3x")
    list(recording.chunks())
    assert recording.summary().damaged


INFO = ("info.txt", files.gt3x_info())
LOG = ("log.bin", files.gt3x_log(COUNTS))


def _encrypted() -> bytes:
    content = bytearray(files.archive([INFO, LOG], zipfile.ZIP_STORED))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(mark, at + 4)
    return bytes(content)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: b"PK\x03\x04", "list of its contents is missing"),
        (lambda: files.gt3x(COUNTS)[:-60], "list of its contents is missing"),
        (lambda: files.archive([INFO]), "are missing"),
        (lambda: files.archive([LOG]), "are missing"),
        (lambda: files.archive([("x.gt3x", files.gt3x(COUNTS))]), "are missing"),  # never looked into
        (lambda: files.archive([("../info.txt", "x"), ("/log.bin", b"x")]), "are missing"),
        (lambda: files.archive([INFO, LOG, LOG]), r"log\.bin twice"),
        (lambda: files.archive([INFO, LOG, *[(str(n), b"") for n in range(100)]]), "more than 64 members"),
        (lambda: files.archive([INFO, LOG], zipfile.ZIP_BZIP2), "packed in a way"),
        (_encrypted, "encrypted"),
        (lambda: files.archive([INFO, ("log.bin", b"")]), "holds no samples"),
        (lambda: files.archive([INFO, ("log.bin", bytes(4 << 20))]), "holds no records"),
        (lambda: files.archive([INFO, ("log.bin", b"\x1e\x1a\0\0\0\0\xff\xff" * 10)]), "holds no samples"),
        (lambda: files.archive([("info.txt", "Serial Number: MOS"), LOG]), "names no Sample Rate"),
        (lambda: files.archive([("info.txt", files.gt3x_info(0)), LOG]), "samples a second"),
        (lambda: files.archive([("info.txt", files.gt3x_info(1_000_000)), LOG]), "samples a second"),
        (lambda: files.archive([INFO, LOG, ("calibration.json", '{"isCalibrated": false}')]), "not calibrated yet"),
        (lambda: files.archive([INFO, LOG, ("calibration.json", "[" * 50_000)]), "calibration.json cannot be read"),
    ],
)  # fmt: skip
def test_what_is_no_actigraph_recording(opened: Opened, make: Callable[[], bytes], message: str) -> None:
    with pytest.raises(InputError, match=message):
        list(opened(make(), "a.gt3x").chunks())


def test_gt3x_that_grows_without_end(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upperback.devices._gt3x._MAX_LOG_BYTES", 10_000)
    with pytest.raises(InputError, match="larger than any ActiGraph recording"):
        list(opened(files.gt3x(COUNTS), "a.gt3x").chunks())


def test_positions_are_on_the_grid(opened: Opened) -> None:
    """What the readers say of time and what the grid makes of it agree."""
    recording = opened(files.cwa(ACC_G), "a.cwa")
    time_s, _ = raw(recording)
    assert np.abs(time_s * 100 - np.arange(len(time_s))).max() < ON_GRID
