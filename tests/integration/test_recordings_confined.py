"""Whole files through the confined child: every format, a week in bounded memory, bombs and damage (AB-27 to AB-29)."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

from tests.integration import peak_job
from tests.property import recordings_fuzz
from tests.unit.devices import device_files as files
from tests.unit.devices.samples import trunk
from upperback.core.errors import InputError
from upperback.devices import confined
from upperback.devices.confined import Limits, run_confined
from upperback.sensing.signal import G_MPS2

MB = 1 << 20


@pytest.mark.parametrize("format_", ["csv", "parquet", "cwa", "geneactiv", "gt3x", "xdf", "edf", "bdf"])
def test_every_format_is_read_in_the_child(format_: str, tmp_path: Path) -> None:
    path = tmp_path / f"mine.{recordings_fuzz.ENDINGS.get(format_, format_)}"
    path.write_bytes(recordings_fuzz.SEEDS[format_]()[0])
    shares: list[float] = []
    found = run_confined("describe", path, progress=shares.append)
    assert found["info"]["format"] == format_
    assert (found["imu"] or found["emg"])["n_samples"] > 100
    assert shares
    assert all(0 <= share <= 1 for share in shares)


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A week of an AX3 at 50 Hz: 30 million samples, 129 MB."""
    _, acc, _ = trunk(3600, 50)
    hour = np.frombuffer(files.cwa(acc / G_MPS2, 50.0)[1024:], files._BLOCK)
    path = tmp_path_factory.mktemp("week") / "week.cwa"
    with path.open("wb") as out:
        out.write(files.cwa(acc[:120] / G_MPS2, 50.0)[:1024])
        for number in range(7 * 24):
            blocks = hour.copy()
            day, clock_hour = divmod(9 + number, 24)  # the hour starts at half past nine on the first
            late = (hour["clock"] >> 12 & 31) != 9
            hours = clock_hour + late
            blocks["clock"] = (hour["clock"] & ~np.uint32(0x3FF << 12)) | (
                (1 + day + hours // 24) << 17 | hours % 24 << 12
            ).astype(np.uint32)
            out.write(files.with_checksums(blocks))
    return path


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="this system does not limit memory")
def test_a_week_takes_bounded_memory(week: Path, monkeypatch: pytest.MonkeyPatch, tell: Callable[[str], None]) -> None:
    monkeypatch.setitem(confined.JOBS, "peak", f"{peak_job.__name__}:describe_and_measure")
    monkeypatch.setitem(confined.JOBS, "keep", f"{peak_job.__name__}:keep_everything")
    limits = Limits(memory_bytes=200 * MB)
    found = run_confined("peak", week, limits=limits)
    assert found["n_samples"] == 7 * 24 * 3600 * 50
    assert found["peak_mb"] < 300
    tell(f"recordings: a week at 50 Hz was read with {found['peak_mb']:.0f} MB of resident memory at most")
    with pytest.raises(InputError, match="more than 200 MB of memory"):
        run_confined("keep", week, limits=limits)


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="this system does not limit memory")
def test_half_a_day_as_text_takes_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(confined.JOBS, "peak", f"{peak_job.__name__}:describe_and_measure")
    time_s, acc, gyr = trunk(3600, 50)
    path = tmp_path / "day.csv"
    names = ["acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y", "gyr_z"]
    columns = dict(zip(names, np.concatenate((acc, gyr), axis=1).T, strict=True))
    with path.open("wb") as out:
        for hour in range(12):
            table = pa.table({"time_s": np.round(time_s + 3600 * hour, 2)} | columns)
            pa_csv.write_csv(table, out, pa_csv.WriteOptions(include_header=hour == 0))
    found = run_confined("peak", path, limits=Limits(memory_bytes=200 * MB))
    assert found["n_samples"] == 12 * 3600 * 50
    assert found["peak_mb"] < 300


# ---- bombs -------------------------------------------------------------------------------------------------------


def _zeros(n_bytes: int) -> bytes:
    """A member of nothing but zeros, never whole in memory."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("info.txt", files.gt3x_info())
        with target.open("log.bin", "w", force_zip64=True) as member:
            for _ in range(n_bytes // MB):
                member.write(bytes(MB))
    return out.getvalue()


def _records(n_records: int) -> bytes:
    """The same second again and again."""
    one = files.gt3x_log(np.zeros((30, 3), np.int64))
    return files.archive([("info.txt", files.gt3x_info()), ("log.bin", one * n_records)])


def _lying_about_the_list() -> bytes:
    content = bytearray(files.gt3x(np.zeros((300, 3), np.int64)))
    end = content.rindex(b"PK\x05\x06")
    content[end + 8 : end + 12] = b"\xff\xff\xff\xff"
    return bytes(content)


@pytest.mark.parametrize(
    "make",
    [
        lambda: _zeros(256 * MB),
        lambda: _records(50_000),
        lambda: files.archive([("info.txt", "x" * 50 * MB), ("log.bin", b"")]),
        lambda: files.archive([("info.txt", files.gt3x_info()), ("log.bin", b"\x1e" * 20 * MB)]),
        lambda: files.archive([("info.txt", files.gt3x_info()), ("log.bin", b"\x1e\x1a" * 10 * MB)]),
        lambda: files.archive([("log.bin", files.archive([("log.bin", _records(10))]))]),
        lambda: files.archive([(f"{n}/info.txt", b"") for n in range(5000)]),
        _lying_about_the_list,
    ],
    ids=["zeros", "records", "info", "separators", "lengths", "nested", "members", "list"],
)
def test_bombs_are_refused_in_little_memory(make: Callable[[], bytes], tmp_path: Path) -> None:
    path = tmp_path / "bomb.gt3x"
    path.write_bytes(make())
    with pytest.raises(InputError, match=r"^bomb\.gt3x: "):
        run_confined("describe", path, limits=Limits(memory_bytes=200 * MB, cpu_s=30))


def test_damaged_files_leave_the_parent_alone(tmp_path: Path) -> None:
    refused: list[str] = []
    for parser in recordings_fuzz.SEEDS:
        path = tmp_path / f"input.{recordings_fuzz.ENDINGS.get(parser, parser)}"
        for number in range(3):
            path.write_bytes(recordings_fuzz.make(parser, number))
            try:
                run_confined("describe", path)
            except InputError as error:
                refused.append(error.message)
    assert refused
    assert all(message.startswith("input.") for message in refused)
