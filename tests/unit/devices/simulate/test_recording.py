"""The electronics and the way to the file: noise, bias, steps, clipping, rate, jitter, gaps, packets, and the files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from upperback.core.errors import InputError
from upperback.devices.opening import open_recording
from upperback.devices.simulate import Simulation, read_scenario, simulate
from upperback.devices.simulate.files import Units, write_simulation
from upperback.sensing.signal import G_MPS2, QualityFlag

STILL = {"breathing_deg": 0, "sway_deg": 0, "tremor_deg": 0}
QUIET = {
    "acc_noise_ug_rthz": 0,
    "gyr_noise_dps_rthz": 0,
    "acc_bias_mg": 0,
    "gyr_bias_dps": 0,
    "acc_walk_mg_rth": 0,
    "gyr_walk_dps_rth": 0,
    "scale_pct": 0,
    "misalignment_deg": 0,
    "bits": 0,
    "wobble_deg": 0,
    "skin_slip": 0,
}


def scenario(flaws: Any = "none", faults: Any = None, seconds: float = 60, **more: Any) -> Any:
    data = {
        "wearer": STILL,
        "sensors": [{"sampling_rate_hz": 100, "flaws": flaws, **more}],
        "activities": [{"do": "stand", "duration_s": seconds}],
    }
    return read_scenario(data if faults is None else {**data, "faults": faults})


def samples(made: Any, seed: int = 1) -> tuple[Any, Any]:
    pairs = list(simulate(made, seed))
    return np.concatenate([c.acc_mps2 for c, _ in pairs]), np.concatenate([c.gyr_radps for c, _ in pairs])


def test_noise_is_as_dense_as_stated() -> None:
    acc, gyr = samples(scenario({**QUIET, "acc_noise_ug_rthz": 200, "gyr_noise_dps_rthz": 0.02}, seconds=200))
    half_band = np.sqrt(50)
    assert acc.std(axis=0) == pytest.approx([200e-6 * G_MPS2 * half_band] * 3, rel=0.05)
    assert np.degrees(gyr).std(axis=0) == pytest.approx([0.02 * half_band] * 3, rel=0.05)


def test_bias_and_scale_are_the_drawn_ones() -> None:
    made = scenario({**QUIET, "acc_bias_mg": 30, "gyr_bias_dps": 2, "scale_pct": 2, "misalignment_deg": 1})
    acc, gyr = samples(made)
    drawn = Simulation(made, 1).truth.sensors[0]
    assert acc[0] == pytest.approx(np.array(drawn.acc_scale) @ [G_MPS2, 0, 0] + drawn.acc_bias_mps2, abs=1e-4)
    assert gyr[0] == pytest.approx(drawn.gyr_bias_radps, abs=1e-6)
    assert np.linalg.norm(drawn.acc_bias_mps2) > 0.05


def test_the_bias_wanders() -> None:
    acc, _ = samples(scenario({**QUIET, "acc_walk_mg_rth": 5}, seconds=3600))
    assert np.abs(acc[-1] - acc[0]).max() > 0.5 * 0.005
    assert np.abs(np.diff(acc, axis=0)).max() < 1e-4


def test_steps_and_the_end_of_the_range() -> None:
    acc, _ = samples(scenario({**QUIET, "acc_range_g": 2, "bits": 8, "acc_noise_ug_rthz": 3000}))
    step = 4 * G_MPS2 / 256
    assert np.abs(acc / step - np.round(acc / step)).max() < 1e-3
    clipped = scenario({**QUIET, "acc_range_g": 0.5})
    for chunk, _ in simulate(clipped, 1):
        assert chunk.quality is not None
        assert (chunk.quality == QualityFlag.CLIPPED).all()
        assert chunk.acc_mps2[:, 0].max() == pytest.approx(0.5 * G_MPS2)


def test_rate_error_and_jitter() -> None:
    made = scenario({**QUIET, "rate_error_pct": 2, "jitter_ms": 1}, stamps="clock")
    truth = np.concatenate([truth.time_s for _, truth in simulate(made, 1)])
    assert 1 / np.diff(truth).mean() == pytest.approx(102, rel=1e-3)
    assert np.diff(truth).std() == pytest.approx(0.001 * np.sqrt(2), rel=0.1)
    counted = scenario({**QUIET, "rate_error_pct": 2})
    pairs = list(simulate(counted, 1))
    time_s = np.concatenate([truth.time_s for _, truth in pairs])
    assert np.diff(time_s) == pytest.approx(0.01)
    assert time_s[-1] - pairs[-1][1].true_time_s[-1] == pytest.approx(0.02 * 60, rel=0.05)


def test_gaps_end_a_chunk_and_are_told() -> None:
    made = scenario(faults={"gaps": [{"at_s": 10, "duration_s": 5}, {"at_s": 12, "duration_s": 8}]})
    chunks = [chunk for chunk, _ in simulate(made, 1, block_samples=10**6)]
    assert [chunk.start_s for chunk in chunks] == [0, 20]
    assert [chunk.end_s for chunk in chunks] == pytest.approx([10, 60])
    (gap,) = Simulation(made, 1).truth.gaps
    assert (gap.start_s, gap.end_s) == (10, 20)


def test_packets_get_lost() -> None:
    made = scenario(faults={"packet_samples": 20, "packet_loss": 0.1}, seconds=600)
    received = np.concatenate([page.truth.received for page in Simulation(made, 1).pages()])
    packets = received.reshape(-1, 20)
    assert (packets.all(axis=1) | ~packets.any(axis=1)).all()
    assert 0.07 < 1 - packets.any(axis=1).mean() < 0.13
    assert sum(len(chunk) for chunk, _ in simulate(made, 1)) == received.sum()


def test_no_gyroscope() -> None:
    assert all(chunk.gyr_radps is None for chunk, _ in simulate(scenario(gyroscope=False), 1))


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_files_hold_what_the_stream_holds(suffix: str, tmp_path: Path) -> None:
    made = Simulation(scenario("typical", {"gaps": [{"at_s": 10, "duration_s": 5}]}), 4)
    done = 0

    def progress(samples: int) -> None:
        nonlocal done
        done += samples

    out = tmp_path / f"day{suffix}"
    units = Units("g", "dps") if suffix == ".csv" else Units()
    files = write_simulation(made, out, units=units, progress=progress)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in files)
    table = pa_csv.read_csv(out) if suffix == ".csv" else pq.read_table(out)
    assert table.column_names == ["time_s", "acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y", "gyr_z"]
    acc, gyr = samples(made.scenario, 4)
    to_mps2, to_radps = (G_MPS2, np.pi / 180) if suffix == ".csv" else (1, 1)
    assert table["acc_x"].to_numpy() * to_mps2 == pytest.approx(acc[:, 0], rel=1e-5)
    assert table["gyr_z"].to_numpy() * to_radps == pytest.approx(gyr[:, 2], rel=1e-4, abs=1e-7)
    truth = pq.read_table(tmp_path / "day.truth.parquet")
    assert done == truth.num_rows == 6000
    assert truth["received"].to_numpy().sum() == table.num_rows == 5500
    gravity = np.stack([truth[f"gravity_{axis}"].to_numpy() for axis in "xyz"])
    assert np.linalg.norm(gravity, axis=0) == pytest.approx(1, abs=1e-6)
    events = json.loads((tmp_path / "day.truth.json").read_text())
    assert events["gaps"] == [{"start_s": 10.0, "end_s": 15.0}]


def test_two_sensors_are_two_recordings(tmp_path: Path) -> None:
    data = {
        "sensors": [{"name": "upper", "place": "upper_back"}, {"name": "lower", "place": "lower_thoracic"}],
        "activities": [{"do": "stand", "duration_s": 3}],
    }
    write_simulation(Simulation(read_scenario(data), 1), tmp_path / "a.csv")
    assert {path.name for path in tmp_path.iterdir()} == {
        "a-upper.csv",
        "a-upper.truth.parquet",
        "a-lower.csv",
        "a-lower.truth.parquet",
        "a.truth.json",
    }


def test_nothing_is_half_written(tmp_path: Path) -> None:
    made = Simulation(scenario(), 1)

    def breaks(samples: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_simulation(made, tmp_path / "a.csv", progress=breaks)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_products_own_reader_reads_it(suffix: str, tmp_path: Path) -> None:
    data = {
        "sensors": [{"place": "upper_back"}],
        "emg": {"channels": [{"name": "left"}, {"name": "right"}]},
        "activities": [{"do": "bend", "times": 4}, {"do": "walk", "duration_s": 20}],
    }
    made = Simulation(read_scenario(data), 1)
    write_simulation(made, tmp_path / f"a{suffix}")
    motion = open_recording(tmp_path / f"a-chest{suffix}")
    assert (motion.info.sampling_rate_hz, motion.info.has_gyroscope) == (50, True)
    acc, _ = samples(made.scenario)
    assert np.concatenate([chunk.acc_mps2 for chunk in motion.chunks()]) == pytest.approx(acc, abs=1e-4)
    emg = open_recording(tmp_path / f"a-emg{suffix}")
    assert emg.info.emg_names == ("emg_left", "emg_right")
    assert sum(len(chunk) for chunk in emg.emg_chunks()) == made.n_emg_samples()
    if suffix == ".parquet":
        assert (motion.info.device, motion.info.place) == ("simulated wearer", "upper_back")


def test_parquet_is_in_si_units(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="other units are for"):
        write_simulation(Simulation(scenario(), 1), tmp_path / "a.parquet", units=Units("g"))


def test_too_short_a_day_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="too short for a recording"):
        write_simulation(Simulation(scenario(seconds=0.01), 1), tmp_path / "a.csv")
