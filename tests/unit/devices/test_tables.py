"""CSV and Parquet as people, apps and programs write them."""

import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.devices.samples import muscle, trunk
from upperback.core.errors import InputError
from upperback.devices._parquet import METADATA_KEY, write_recording
from upperback.devices.base import ReadOptions, Recording
from upperback.devices.opening import open_recording
from upperback.sensing.signal import G_MPS2, Chunk, EmgChunk, QualityFlag

TIME, ACC, GYR = trunk(60, 50)
DPS = 180 / np.pi

Columns = Mapping[str, npt.ArrayLike]


def clock(start: dt.datetime, form: str) -> list[str]:
    """`TIME` as a clock would show it, to the millisecond."""
    return [(start + dt.timedelta(seconds=float(second))).strftime(form)[:-3] for second in TIME]


def table(columns: Mapping[str, Any], separator: str = ",", decimal: str = ".", digits: int = 6) -> str:
    """A CSV text."""
    out = io.StringIO()
    out.write(separator.join(columns) + "\n")
    for row in zip(*columns.values(), strict=True):
        fields = [value if isinstance(value, str) else f"{value:.{digits}f}" for value in row]
        out.write(separator.join(field.replace(".", decimal) if decimal != "." else field for field in fields) + "\n")
    return out.getvalue()


def xyz(names: Sequence[str], values: npt.NDArray[np.float64]) -> dict[str, Any]:
    return {name: values[:, place] for place, name in enumerate(names)}


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., Recording]:
    def opened(text: str | bytes, name: str = "mine.csv", **options: Any) -> Recording:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return open_recording(path, ReadOptions(**options))

    return opened


def samples(recording: Recording) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32] | None]:
    chunks = list(recording.chunks())
    gyr = [chunk.gyr_radps for chunk in chunks if chunk.gyr_radps is not None]
    return np.concatenate([chunk.acc_mps2 for chunk in chunks]), np.concatenate(gyr) if gyr else None


def holds_the_trunk(recording: Recording, *, gyr: bool = True) -> bool:
    acc, rotation = samples(recording)
    same = len(acc) == len(ACC) and np.abs(acc - ACC).max() < 1e-3
    return bool(same and (not gyr or (rotation is not None and np.abs(rotation - GYR).max() < 1e-3)))


PLAIN = {"time_s": TIME} | xyz(["acc_x", "acc_y", "acc_z"], ACC) | xyz(["gyr_x", "gyr_y", "gyr_z"], GYR)
IN_G = {"time_s": TIME} | xyz(["acc_x", "acc_y", "acc_z"], ACC / G_MPS2)
NANOSECONDS = 1_750_000_000_000_000_000 + np.rint(TIME * 1e9).astype(np.int64)
STAMPS = clock(dt.datetime(2026, 5, 1, 9, 30, tzinfo=dt.UTC), "%Y-%m-%d %H:%M:%S.%f")

APPS: dict[str, tuple[Mapping[str, Any], dict[str, Any]]] = {
    "ours": (PLAIN, {}),
    "units in the headings": (
        {"time_ms": TIME * 1e3} | xyz(["acc_x_g", "acc_y_g", "acc_z_g"], ACC / G_MPS2)
        | xyz(["gyr_x_dps", "gyr_y_dps", "gyr_z_dps"], GYR * DPS), {},
    ),
    "phyphox, acceleration with g": (
        {"Time (s)": TIME} | xyz([f"Acceleration {axis} (m/s^2)" for axis in "xyz"], ACC)
        | {"Absolute acceleration (m/s^2)": np.linalg.norm(ACC, axis=1)}, {"gyr": False},
    ),
    "Sensor Logger, total acceleration": (
        {"time": [str(n) for n in NANOSECONDS], "seconds_elapsed": TIME} | xyz("zyx", ACC[:, ::-1]),
        {"gyr": False},
    ),
    "Physics Toolbox, g-force and gyroscope": (
        {"time": TIME} | xyz(["gFx", "gFy", "gFz"], ACC / G_MPS2) | {"TgF": np.linalg.norm(ACC, axis=1)}
        | xyz(["wx", "wy", "wz"], GYR), {},
    ),
    "Physics Toolbox, clock": (
        {"time": [text[11:].replace(".", ":") for text in STAMPS]} | xyz(["gFx", "gFy", "gFz"], ACC / G_MPS2),
        {"gyr": False},
    ),
    "SensorLog on an iPhone": (
        {"loggingTime(txt)": [f"{text} +0200" for text in STAMPS], "loggingSample(N)": np.arange(len(TIME)),
         "accelerometerTimestamp_sinceReboot(s)": TIME + 4711}
        | xyz([f"accelerometerAcceleration{axis}(G)" for axis in "XYZ"], -ACC / G_MPS2)
        | xyz([f"gyroRotation{axis}(rad/s)" for axis in "XYZ"], GYR)
        | xyz([f"motionUserAcceleration{axis}(G)" for axis in "XYZ"], ACC * 0)
        | xyz([f"motionGravity{axis}(G)" for axis in "XYZ"], -ACC / G_MPS2), {},
    ),
    "AndroSensor": (
        xyz([f"ACCELEROMETER {axis} (m/s²)" for axis in "XYZ"], ACC)
        | xyz([f"GYROSCOPE {axis} (rad/s)" for axis in "XYZ"], GYR)
        | {"Time since start in ms ": np.rint(TIME * 1e3)}, {},
    ),
    "Shimmer": (
        {"Timestamp_Unix (ms)": 1.75e12 + TIME * 1e3}
        | xyz([f"Shimmer_3C5D_Accel_LN_{axis}_CAL (m/(s^2))" for axis in "XYZ"], ACC)
        | xyz([f"Shimmer_3C5D_Gyro_{axis}_CAL (deg/s)" for axis in "XYZ"], GYR * DPS), {"rate_hz": 50.0},
    ),
    "MetaMotion": (
        {"epoch (ms)": 1.75e12 + TIME * 1e3, "time (01:00)": STAMPS, "elapsed (s)": TIME}
        | xyz([f"{axis}-axis (g)" for axis in "xyz"], ACC / G_MPS2), {"gyr": False},
    ),
    "Polar chest strap": (
        {"Phone timestamp": STAMPS, "sensor timestamp [ns]": [str(n - 1_150_384_000_000_000_000) for n in NANOSECONDS]}
        | xyz([f"{axis} [mg]" for axis in "XYZ"], ACC / G_MPS2 * 1e3), {"gyr": False},
    ),
}  # fmt: skip


@pytest.mark.parametrize("separator, decimal", [(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ",")])
@pytest.mark.parametrize("app", APPS)
def test_headings_and_separators_of_apps(
    opened: Callable[..., Recording], app: str, separator: str, decimal: str
) -> None:
    columns, expected = APPS[app]
    gyr = expected.get("gyr", True)
    options = {"rate_hz": expected["rate_hz"]} if "rate_hz" in expected else {}
    recording = opened(table(columns, separator, decimal), **options)
    assert recording.info.sampling_rate_hz == 50
    assert recording.info.has_gyroscope == gyr
    assert holds_the_trunk(recording, gyr=gyr)
    assert recording.summary().n_clock_jumps == 0


@pytest.mark.parametrize(
    "encoding, start",
    [("utf-8", ""), ("utf-8", "\ufeff"), ("utf-16", ""), ("utf-16-le", ""), ("utf-16-be", "\ufeff"), ("cp1252", "")],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encodings_and_line_ends(opened: Callable[..., Recording], encoding: str, start: str, newline: str) -> None:
    columns = (
        {"time_s": TIME}
        | xyz([f"acc_{a} (m/s²)" for a in "xyz"], ACC)
        | xyz([f"gyr_{a} (°/s)" for a in "xyz"], GYR * DPS)
    )
    text = start + table(columns).replace("\n", newline)
    assert holds_the_trunk(opened(text.encode(encoding)))


def test_lines_above_the_heading(opened: Callable[..., Recording]) -> None:
    assert holds_the_trunk(opened("Device: X\nRecorded by somebody, somewhere\n\n" + table(PLAIN)))


def test_times_without_zone_with_zone_and_with_a_given_zone(opened: Callable[..., Recording]) -> None:
    acc = xyz(["acc_x", "acc_y", "acc_z"], ACC)
    local = opened(table({"timestamp": STAMPS} | acc))
    assert local.info.start is None
    assert local.info.start_local == "2026-05-01T09:30:00"
    assert next(local.chunks()).start_s == 0
    utc = opened(table({"timestamp": [f"{text.replace(' ', 'T')}Z" for text in STAMPS]} | acc))
    assert utc.info.start == dt.datetime(2026, 5, 1, 9, 30, tzinfo=dt.UTC)
    assert next(utc.chunks()).start_s == dt.datetime(2026, 5, 1, 9, 30, tzinfo=dt.UTC).timestamp()
    zoned = opened(table({"timestamp": [f"{text}+02:00" for text in STAMPS]} | acc))
    assert zoned.info.start == dt.datetime(2026, 5, 1, 7, 30, tzinfo=dt.UTC)
    given = opened(table({"timestamp": STAMPS} | acc), time_zone="Europe/London")
    assert given.info.start == dt.datetime(2026, 5, 1, 8, 30, tzinfo=dt.UTC)
    assert all(holds_the_trunk(recording, gyr=False) for recording in (local, utc, zoned, given))
    with pytest.raises(InputError, match="no such time zone"):
        opened(table({"timestamp": STAMPS} | acc), time_zone="Europe/Nowhere")


def test_a_time_of_its_own_keeps_its_zero(opened: Callable[..., Recording]) -> None:
    recording = opened(table(PLAIN | {"time_s": TIME + 12.5}))
    assert recording.info.start is None
    assert next(recording.chunks()).start_s == 12.5


def test_summer_time_ends_in_a_local_clock(opened: Callable[..., Recording]) -> None:
    begin = dt.datetime(2026, 10, 25, 1, 59, 30, tzinfo=dt.UTC)
    local = [begin + dt.timedelta(seconds=float(t)) - dt.timedelta(hours=1 if t >= 30 else 0) for t in TIME]
    stamps = [stamp.strftime("%Y-%m-%dT%H:%M:%S.%f") for stamp in local]
    recording = opened(table({"timestamp": stamps} | xyz(["acc_x", "acc_y", "acc_z"], ACC)))
    assert holds_the_trunk(recording, gyr=False)
    assert any("summer time" in note for note in recording.summary().notes)


def test_midnight_on_a_clock_without_dates(opened: Callable[..., Recording]) -> None:
    night = clock(dt.datetime(2026, 5, 1, 23, 59, 30, tzinfo=dt.UTC), "%H:%M:%S.%f")
    recording = opened(table({"time": night} | xyz(["acc_x", "acc_y", "acc_z"], ACC)))
    assert holds_the_trunk(recording, gyr=False)


def test_no_times_and_a_rate(opened: Callable[..., Recording]) -> None:
    columns = {"samples": np.arange(len(TIME))} | xyz(["acc_x", "acc_y", "acc_z"], ACC)
    assert holds_the_trunk(opened(table(columns), rate_hz=50.0), gyr=False)
    with pytest.raises(InputError, match="give the samples per second with --rate-hz"):
        opened(table(columns))


def test_times_in_whole_seconds_need_a_rate(opened: Callable[..., Recording]) -> None:
    columns = PLAIN | {"time_s": np.floor(TIME)}
    with pytest.raises(InputError, match="share a time stamp"):
        opened(table(columns))
    recording = opened(table(columns), rate_hz=50.0)
    assert holds_the_trunk(recording)
    assert any("gaps cannot be seen" in note for note in recording.info.notes)


def test_a_rate_that_contradicts_the_times(opened: Callable[..., Recording]) -> None:
    with pytest.raises(InputError, match=r"the time stamps say 50 Hz and --rate-hz says 100"):
        opened(table(PLAIN), rate_hz=100.0)


@pytest.mark.parametrize("rate", [0.0, -1.0, 1e6, float("nan"), float("inf")])
def test_impossible_rates(opened: Callable[..., Recording], rate: float) -> None:
    columns = xyz(["acc_x", "acc_y", "acc_z"], ACC)
    with pytest.raises(InputError, match="samples a second"):
        opened(table(columns), rate_hz=rate)


@pytest.mark.parametrize("step", [1e-6, 10.0])
def test_impossible_rates_in_the_times(opened: Callable[..., Recording], step: float) -> None:
    with pytest.raises(InputError, match="samples a second"):
        opened(table(PLAIN | {"time_s": TIME * 50 * step}, digits=9))


# ---- units -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("acc_unit, acc_factor", [("g", 1 / G_MPS2), ("mps2", 1.0)])
@pytest.mark.parametrize("gyr_unit, gyr_factor", [("dps", DPS), ("radps", 1.0)])
def test_units_are_guessed_without_doubt_and_said(
    opened: Callable[..., Recording], acc_unit: str, acc_factor: float, gyr_unit: str, gyr_factor: float
) -> None:
    columns = (
        {"time_s": TIME}
        | xyz(["acc_x", "acc_y", "acc_z"], ACC * acc_factor)
        | xyz(["gyr_x", "gyr_y", "gyr_z"], GYR * gyr_factor)
    )
    recording = opened(table(columns))
    assert {guess.what: guess.value for guess in recording.info.guesses} == {"acc_unit": acc_unit, "gyr_unit": gyr_unit}
    assert all(guess.why.endswith(".") for guess in recording.info.guesses)
    assert holds_the_trunk(recording)
    stated = opened(table(columns), acc_unit=acc_unit, gyr_unit=gyr_unit)
    assert stated.info.guesses == ()
    assert holds_the_trunk(stated)


@pytest.mark.parametrize("said, factor", [("g", 1.0), ("mps2", 1 / G_MPS2)])
def test_a_wrong_acceleration_unit_is_refused(opened: Callable[..., Recording], said: str, factor: float) -> None:
    with pytest.raises(InputError, match=r"gravity would be .* times too large or small"):
        opened(table({"time_s": TIME} | xyz(["acc_x", "acc_y", "acc_z"], ACC * factor)), acc_unit=said)


@pytest.mark.parametrize("said, factor", [("radps", DPS), ("dps", 1.0)])
def test_a_wrong_rotation_unit_is_refused(opened: Callable[..., Recording], said: str, factor: float) -> None:
    columns = PLAIN | xyz(["gyr_x", "gyr_y", "gyr_z"], GYR * factor)
    with pytest.raises(InputError, match="does not fit the turning of gravity"):
        opened(table(columns), gyr_unit=said)


def test_doubtful_units_are_asked_for(opened: Callable[..., Recording]) -> None:
    still = {"time_s": TIME} | xyz(["acc_x", "acc_y", "acc_z"], np.tile([0.0, 0.0, G_MPS2], (len(TIME), 1)))
    with pytest.raises(InputError, match="give --gyr-unit dps or radps"):
        opened(table(still | xyz(["gyr_x", "gyr_y", "gyr_z"], GYR * 0)))
    with pytest.raises(InputError, match="give --acc-unit g or mps2"):
        opened(table(still | xyz(["acc_x", "acc_y", "acc_z"], np.tile([0.0, 0.0, 3.1], (len(TIME), 1)))))


def test_acceleration_without_gravity_is_no_posture(opened: Callable[..., Recording]) -> None:
    shaken = np.random.default_rng(1).normal(0, 1, ACC.shape)
    for options in ({}, {"acc_unit": "mps2"}):
        with pytest.raises(InputError, match="holds no gravity"):
            opened(table({"time_s": TIME} | xyz(["acc_x", "acc_y", "acc_z"], shaken)), **options)


def test_swapped_and_mirrored_axes_are_told(opened: Callable[..., Recording]) -> None:
    for turned in (GYR[:, [2, 1, 0]], GYR * [1, -1, 1]):
        recording = opened(table(PLAIN | xyz(["gyr_x", "gyr_y", "gyr_z"], turned)), gyr_unit="radps")
        assert any("swapped or mirrored" in note for note in recording.info.notes)
    assert not opened(table(PLAIN), gyr_unit="radps").info.notes


def test_acceleration_without_one_number_is_called_so(opened: Callable[..., Recording]) -> None:
    with pytest.raises(InputError, match="begins without any number"):
        opened(table({"time_s": TIME} | xyz(["acc_x", "acc_y", "acc_z"], ACC * np.nan)))


def test_gravity_the_other_way_round(opened: Callable[..., Recording]) -> None:
    columns = PLAIN | xyz(["acc_x", "acc_y", "acc_z"], -ACC)
    assert holds_the_trunk(opened(table(columns), acc_points="down"))


# ---- bad input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "the file is empty"),
        ("\n\n\n", "the file is empty"),
        ("hello", "no heading"),
        ("a,b,c\n1,2,3\n", "no heading"),
        ("1,2,3\n4,5,6\n", "no heading"),
        ("time_s,acc_x,acc_y,acc_z\n", "a heading and no rows"),
        ("time_s,acc_x,acc_y,acc_z\n0,0,0,9.8\n", "only one sample"),
        ("time_s,acc_x,acc_y,acc_z\n0,0,0,0\n0.02,0,0,0\n", "zero throughout"),
        ("time_s,acc_x,acc_y,acc_z\n0,0,0,9.8\n0.02,SECRET,0,9.8\n", "line 3, column acc_x: not a number"),
        ("time_s,acc_x,acc_y,acc_z\n0,0,0,9.8\n0.02,0x10,0,9.8\n", "line 3, column acc_x: not a number"),
        ("time_s,acc_x,acc_y,acc_z\n0,0,0,9.8\n0.02,1_0,0,9.8\n", "line 3, column acc_x: not a number"),
        ("time_s,acc_x,acc_y,acc_z\n0,0,0,9.8\n0.02,1.234.567,0,9.8\n", "line 3, column acc_x: not a number"),
        ("time_s,acc_x,acc_y,acc_z\n0,0,0,9,8\n0,02,0,0,9,8\n", "the decimal comma may also be the separator"),
        ("time_s,acc_x,acc_x,acc_y,acc_z\n0,0,0,0,9.8\n", "two columns are headed acc_x"),
        ("a_acc_x,a_acc_y,a_acc_z,b_acc_x,b_acc_y,b_acc_z\n0,0,9.8,0,0,9.8\n", "several accelerometers"),
        ("time_s,acc_x,acc_y,acc_z\n0,0,0,9.8\n0.02,0,0\n0.04,0,0\n0.06,0,0,9.8\n", "fields where the heading has"),
        ("time_s,acc_x (g),acc_y (m/s^2),acc_z\n0,0,0,9.8\n0.02,0,0,9.8\n", "different units"),
        ("when,acc_x,acc_y,acc_z\n0,0,0,9.8\n0.02,0,0,9.8\n", "no column of times"),
        ("time,acc_x,acc_y,acc_z\nyesterday,0,0,9.8\ntoday,0,0,9.8\n", "time stamps cannot be read"),
        ("time,acc_x,acc_y,acc_z\n01/02/2026 10:00:00,0,0,9.8\n", "time stamps cannot be read"),
        ("time,acc_x,acc_y,acc_z\n2026-13-45 10:00:00,0,0,9.8\n", "time stamp cannot be read"),
        ("time_s,acc_x,acc_y,acc_z\nnan,0,0,9.8\nnan,0,0,9.8\n", "column of times is empty"),
    ],
)  # fmt: skip
def test_what_is_no_recording_is_refused_in_one_sentence(
    opened: Callable[..., Recording], text: str, message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        list(opened(text).chunks())
    assert "\n" not in caught.value.message
    assert "SECRET" not in caught.value.message
    assert len(caught.value.message) < 300


def test_two_samples_are_a_recording(opened: Callable[..., Recording]) -> None:
    recording = opened("time_s,acc_x,acc_y,acc_z\n0,0,0,9.8\n0.02,0,0,9.8\n")
    assert len(samples(recording)[0]) == 2


def test_a_constant_signal_is_not_clipped(opened: Callable[..., Recording]) -> None:
    recording = opened(
        table({"time_s": TIME} | xyz(["acc_x", "acc_y", "acc_z"], np.tile([0, 0, G_MPS2], (len(TIME), 1))))
    )
    assert next(recording.chunks()).quality is None


def test_nan_inf_and_empty_fields(opened: Callable[..., Recording]) -> None:
    lines = table(PLAIN).splitlines()
    for number, text in {11: "NaN", 21: "inf", 31: "", 41: "1e999", 51: "-Infinity"}.items():
        fields = lines[number].split(",")
        lines[number] = ",".join([fields[0], text, *fields[2:]])
    recording = opened("\n".join(lines))
    (chunk,) = recording.chunks()
    assert chunk.quality is not None
    assert {int(place): int(chunk.quality[place]) for place in np.flatnonzero(chunk.quality)} == {
        10: QualityFlag.GAP, 20: QualityFlag.IMPLAUSIBLE, 30: QualityFlag.GAP, 40: QualityFlag.IMPLAUSIBLE,
        50: QualityFlag.IMPLAUSIBLE,
    }  # fmt: skip
    assert np.isnan(chunk.acc_mps2[[10, 20, 30, 40, 50]]).all()
    assert recording.summary().n_not_finite == 5


def test_clipped_samples_are_marked(opened: Callable[..., Recording]) -> None:
    acc = ACC.copy()
    acc[500:540, 1] = np.clip(60 * np.sin(np.linspace(0, np.pi, 40)), -40, 40)
    recording = opened(table(PLAIN | xyz(["acc_x", "acc_y", "acc_z"], acc)))
    (chunk,) = recording.chunks()
    assert chunk.quality is not None
    assert np.array_equal(np.flatnonzero(chunk.quality & QualityFlag.CLIPPED), np.flatnonzero(acc[:, 1] == 40))


def test_gaps_of_hours(opened: Callable[..., Recording]) -> None:
    times = TIME + np.where(TIME >= 30, 5 * 3600.0, 0)
    recording = opened(table(PLAIN | {"time_s": times}))
    first, second = recording.chunks()
    assert second.start_s == pytest.approx(first.end_s + 5 * 3600)
    assert any("stops and goes on 1 time; 5.0 h" in note for note in recording.summary().notes)


def test_a_last_line_that_broke_off_is_left_out_and_told(opened: Callable[..., Recording]) -> None:
    text = table(PLAIN)
    recording = opened(text[: text.rindex(",") - 20])
    assert len(samples(recording)[0]) == len(TIME) - 1
    assert recording.summary().damaged
    assert any("last line" in note for note in recording.summary().notes)


def test_nul_bytes(opened: Callable[..., Recording]) -> None:
    with pytest.raises(InputError):
        opened(table(PLAIN).encode()[:200] + bytes(1000))
    with pytest.raises(InputError):
        list(opened(table(PLAIN).encode() + bytes(100_000)).chunks())


def test_a_heading_of_ten_million_columns(opened: Callable[..., Recording]) -> None:
    with pytest.raises(InputError, match="longer than"):
        opened("acc_x," * 10_000_000 + "\n")
    with pytest.raises(InputError, match="1,501 columns"):
        opened("a," * 1500 + "\n0\n")


def test_one_line_of_a_gigabyte(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("wb") as stream:  # sparse: it takes no room on the disk
        stream.write(b"9")
        stream.truncate(1 << 30)
    with pytest.raises(InputError):
        open_recording(path)
    text = table(PLAIN).encode()
    with path.open("wb") as stream:
        stream.write(text)
        stream.write(b"1" * (10 << 20))
    with pytest.raises(InputError, match=r"longer than 1,048,576 bytes"):
        list(open_recording(path).chunks())


def test_text_that_turns_out_not_to_be_utf8(opened: Callable[..., Recording]) -> None:
    rows = table(
        {"time_s": np.arange(40_000) / 50} | xyz(["acc_x", "acc_y", "acc_z"], np.tile([0, 0, 9.8], (40_000, 1)))
    )
    with pytest.raises(InputError, match="line 40,002, column acc_x: not a number"):
        list(opened(rows.encode() + b"800.0,\xff\xfe,0,9.8\n").chunks())


# ---- EMG ---------------------------------------------------------------------------------------------------------

EMG = muscle(20, 1000)
EMG_TIME = np.arange(len(EMG)) / 1000


@pytest.mark.parametrize(
    "heading, factor", [("emg_left (uV)", 1e6), ("EMG1 [mV]", 1e3), ("emg", 1.0), ("sEMG trapezius (V)", 1.0)]
)
def test_emg_columns(opened: Callable[..., Recording], heading: str, factor: float) -> None:
    recording = opened(table({"time_s": EMG_TIME, heading: EMG * factor}, digits=12))
    assert recording.info.emg_names == (heading,)
    assert recording.info.emg_rate_hz == 1000
    assert not recording.has_imu
    emg = np.concatenate([chunk.emg_v for chunk in recording.emg_chunks()])
    assert np.abs(emg[:, 0] - EMG).max() < 1e-9
    with pytest.raises(InputError, match="holds no accelerometer"):
        list(recording.chunks())


def test_emg_in_doubt(opened: Callable[..., Recording]) -> None:
    with pytest.raises(InputError, match="give --emg-unit"):
        opened(table({"time_s": EMG_TIME, "emg": EMG * 1e3}, digits=12))
    counts = np.rint(512 + EMG * 1e6)
    with pytest.raises(InputError, match="give --emg-unit"):
        opened(table({"time_s": EMG_TIME, "emg": counts}))
    named = opened(table({"time_s": EMG_TIME, "CH1": EMG * 1e3}, digits=12), emg_channels=("CH1",), emg_unit="mV")
    assert np.abs(np.concatenate([chunk.emg_v for chunk in named.emg_chunks()])[:, 0] - EMG).max() < 1e-9
    with pytest.raises(InputError, match="no heading"):
        opened(table({"time_s": EMG_TIME, "CH1": EMG}), emg_channels=("CH2",))


# ---- Parquet -----------------------------------------------------------------------------------------------------


def written(path: Path, columns: Mapping[str, Any], **options: Any) -> Path:
    pq.write_table(pa.table(dict(columns)), path, **options)
    return path


def test_parquet_counts_in_si(tmp_path: Path) -> None:
    recording = open_recording(written(tmp_path / "mine.parquet", PLAIN))
    assert recording.info.format == "parquet"
    assert recording.info.guesses == ()
    assert holds_the_trunk(recording)
    with pytest.raises(InputError, match="give --acc-unit g"):
        open_recording(written(tmp_path / "g.parquet", IN_G))
    in_g = open_recording(tmp_path / "g.parquet", ReadOptions(acc_unit="g"))
    assert holds_the_trunk(in_g, gyr=False)


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_parquet_times(tmp_path: Path, unit: str) -> None:
    columns = PLAIN | {"time_s": None}
    del columns["time_s"]
    stamps = pa.array(NANOSECONDS).cast(pa.timestamp("ns")).cast(pa.timestamp(unit))
    for zone in (None, "Europe/Berlin"):
        recording = open_recording(
            written(tmp_path / "t.parquet", {"timestamp": stamps.cast(pa.timestamp(unit, zone))} | columns)
        )
        assert (recording.info.start is None) == (zone is None)
        assert holds_the_trunk(recording)


def test_what_we_write_we_read(tmp_path: Path) -> None:
    acc = ACC.astype(np.float32)
    quality = np.zeros(len(acc), np.uint8)
    quality[7] = QualityFlag.CLIPPED
    acc[20:30] = np.nan
    quality[20:30] = QualityFlag.GAP
    start = 1_750_000_000.25
    chunks = [
        Chunk(start_s=start, sampling_rate_hz=50.0, acc_mps2=acc, gyr_radps=GYR.astype(np.float32), quality=quality),
        Chunk(start_s=start + 3600, sampling_rate_hz=50.0, acc_mps2=acc, gyr_radps=GYR.astype(np.float32)),
    ]
    path = tmp_path / "out.parquet"
    assert write_recording(
        path, chunks, device="a sensor", place="between the shoulder blades", axes="x up"
    ) == 2 * len(acc)
    recording = open_recording(path)
    info = recording.info
    assert (info.device, info.place, info.axes) == ("a sensor", "between the shoulder blades", "x up")
    assert info.start is not None
    assert info.start.timestamp() == start
    back = list(recording.chunks())
    assert [chunk.start_s for chunk in back] == [chunk.start_s for chunk in chunks]
    assert np.array_equal(back[0].acc_mps2, acc, equal_nan=True)
    assert back[0].quality is not None
    assert np.array_equal(back[0].quality, quality)


def test_emg_that_we_write_we_read(tmp_path: Path) -> None:
    emg = np.stack((EMG, -EMG), axis=1).astype(np.float32)
    path = tmp_path / "out.parquet"
    write_recording(path, [EmgChunk(start_s=3.0, sampling_rate_hz=1000.0, emg_v=emg)])
    recording = open_recording(path)
    assert recording.info.emg_names == ("emg_1", "emg_2")
    (chunk,) = recording.emg_chunks()
    assert chunk.start_s == 3.0
    assert np.array_equal(chunk.emg_v, emg)


def test_bad_parquet(tmp_path: Path) -> None:
    path = written(tmp_path / "ok.parquet", PLAIN)
    content = path.read_bytes()
    for name, bad in {
        "cut": content[: len(content) // 2],
        "magic": b"PAR1",
        "both": b"PAR1PAR1",
        "zeros": b"PAR1" + bytes(1000) + b"PAR1",
    }.items():
        (tmp_path / f"{name}.parquet").write_bytes(bad)
        with pytest.raises(InputError, match="damaged or cut short"):
            open_recording(tmp_path / f"{name}.parquet")
    torn = bytearray(content)
    torn[1000:1200] = bytes(200)
    (tmp_path / "torn.parquet").write_bytes(torn)
    with pytest.raises(InputError):
        list(open_recording(tmp_path / "torn.parquet").chunks())


@pytest.mark.parametrize(
    "column",
    [["a", "b"], [[1.0], [2.0]], [{"a": 1.0}, {"a": 2.0}], [True, False], [b"1", b"2"], [None, None]],
    ids=["text", "list", "struct", "truth", "bytes", "nothing"],
)
def test_parquet_columns_of_wrong_types(tmp_path: Path, column: list[Any]) -> None:
    path = written(
        tmp_path / "x.parquet", {"time_s": [0.0, 0.02], "acc_x": column, "acc_y": [0.0, 0.0], "acc_z": [9.8, 9.8]}
    )
    with pytest.raises(InputError, match="column acc_x holds"):
        open_recording(path)


def test_nested_columns_that_are_not_used_do_no_harm(tmp_path: Path) -> None:
    nested = {"extra": pa.array([{"a": [1, 2]}] * len(TIME)), "word": pa.array(["x"] * len(TIME)).dictionary_encode()}
    assert holds_the_trunk(open_recording(written(tmp_path / "x.parquet", nested | dict(PLAIN))))


@pytest.mark.parametrize("own", [b"{", b"[]", b'{"sampling_rate_hz": "50"}', b'{"sampling_rate_hz": 50, "device": 7}'])
def test_a_description_that_lies(tmp_path: Path, own: bytes) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table(dict(PLAIN)).replace_schema_metadata({METADATA_KEY: own}), path)
    with pytest.raises(InputError, match=r"description of the recording .* is damaged"):
        open_recording(path)


# ---- which kind of file -------------------------------------------------------------------------------------------


def test_content_decides_and_the_ending_has_to_agree(tmp_path: Path) -> None:
    parquet = written(tmp_path / "x.parquet", PLAIN)
    as_csv = tmp_path / "x.csv"
    as_csv.write_bytes(parquet.read_bytes())
    with pytest.raises(InputError, match=r"begins like a Parquet file but ends in \.csv"):
        open_recording(as_csv)
    text = tmp_path / "y.parquet"
    text.write_text(table(PLAIN))
    with pytest.raises(InputError, match=r"ends in \.parquet but does not begin like a Parquet file"):
        open_recording(text)
    without = tmp_path / "recording"
    without.write_text(table(PLAIN))
    assert open_recording(without).info.format == "csv"


def test_what_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a file"):
        open_recording(tmp_path)
    with pytest.raises(InputError, match="cannot be opened"):
        open_recording(tmp_path / "absent.csv")
    if hasattr(__import__("os"), "mkfifo"):
        import os

        os.mkfifo(tmp_path / "pipe.csv")
        with pytest.raises(InputError, match="not a file"):
            open_recording(tmp_path / "pipe.csv")
