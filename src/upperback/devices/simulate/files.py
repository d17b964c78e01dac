"""A simulation written down: the recording as CSV or Parquet, its truth beside it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from upperback.core.errors import InputError
from upperback.devices.simulate.simulation import Page, Simulation
from upperback.sensing.signal import G_MPS2

AccUnit = Literal["mps2", "g"]
GyrUnit = Literal["radps", "dps"]

#: Called with how many samples have been written since the last call.
Progress = Callable[[int], None]

SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True)
class Units:
    """The units of the recording. Its truth is always in degrees."""

    acc: AccUnit = "mps2"
    gyr: GyrUnit = "radps"


def recording_paths(simulation: Simulation, out: Path) -> dict[str, Path]:
    """Where each sensor's recording goes: to `out`, or to `out` with the sensor's name where there are several."""
    if out.suffix not in SUFFIXES:
        raise InputError(f"{out}: a name that ends in .csv or .parquet is expected")
    if not out.parent.is_dir():
        raise InputError(f"{out.parent}: there is no such folder")
    names = [sensor.name for sensor in simulation.scenario.sensors]
    if len(names) == 1:
        return {names[0]: out}
    return {name: out.with_name(f"{out.stem}-{name}{out.suffix}") for name in names}


def write_simulation(
    simulation: Simulation, out: Path, *, units: Units = Units(), progress: Progress = lambda _: None
) -> list[Path]:
    """Writes every sensor's recording and its truth; returns the files. At the end all of them are there, or none."""
    written: list[Path] = []
    with ExitStack() as finished:
        for name, path in recording_paths(simulation, out).items():
            truth_path = path.with_name(f"{path.stem}.truth.parquet")
            recording = finished.enter_context(_table_file(path))
            truth = finished.enter_context(_table_file(truth_path))
            for page in simulation.pages(name):
                recording(_recording_columns(page, units))
                truth(_truth_columns(page))
                progress(len(page.quality))
            written += [path, truth_path]
        events = out.with_name(f"{out.stem}.truth.json")
        with _replacing(events) as part:
            part.write_bytes(msgspec.json.encode(simulation.truth) + b"\n")
        written.append(events)
    return written


def _recording_columns(page: Page, units: Units) -> dict[str, Any]:
    received = page.truth.received
    columns: dict[str, Any] = {"time_s": np.round(page.truth.time_s[received], 6)}
    acc = page.acc_mps2[received] / np.float32(G_MPS2 if units.acc == "g" else 1)
    columns |= {f"acc_{axis}": acc[:, i] for i, axis in enumerate("xyz")}
    if page.gyr_radps is not None:
        gyr = page.gyr_radps[received] * np.float32(180 / np.pi if units.gyr == "dps" else 1)
        columns |= {f"gyr_{axis}": gyr[:, i] for i, axis in enumerate("xyz")}
    return columns


def _truth_columns(page: Page) -> dict[str, Any]:
    truth = page.truth
    columns: dict[str, Any] = {"time_s": np.round(truth.time_s, 6), "true_time_s": truth.true_time_s}
    for name in ("inclination", "flexion", "lateral", "curve"):
        columns[f"{name}_deg"] = np.degrees(getattr(truth, f"{name}_rad")).astype(np.float32)
    columns |= {f"gravity_{axis}": truth.vertical[:, i].astype(np.float32) for i, axis in enumerate("xyz")}
    columns |= {f"q_{part}": truth.orientation[:, i].astype(np.float32) for i, part in enumerate("wxyz")}
    return columns | {"worn": truth.worn, "received": truth.received, "segment": truth.segment}


@contextmanager
def _table_file(path: Path) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Takes columns and appends them as rows."""
    with _replacing(path) as part:
        writer: Any = None

        def append(columns: dict[str, Any]) -> None:
            nonlocal writer
            batch = pa.record_batch({name: pa.array(values) for name, values in columns.items()})
            if writer is None:
                writer = _csv(part, batch.schema) if path.suffix == ".csv" else _parquet(part, batch.schema)
            writer.write_batch(batch)

        try:
            yield append
        finally:
            if writer is not None:
                writer.close()


def _csv(path: Path, schema: Any) -> Any:
    return pa_csv.CSVWriter(
        path, schema, write_options=pa_csv.WriteOptions(quoting_style="none", quoting_header="none")
    )


def _parquet(path: Path, schema: Any) -> Any:
    floats = [field.name for field in schema if pa.types.is_floating(field.type)]
    dictionary = [field.name for field in schema if field.name not in floats]
    # Bytes of a kind together: half the size of a recording full of noise.
    return pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=dictionary, use_byte_stream_split=floats)


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A file to write to that takes the place of `path` only when all went well."""
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or 'cannot be written'}") from error
    finally:
        part.unlink(missing_ok=True)
