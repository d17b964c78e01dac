"""A simulation written down: the recording as CSV or Parquet, its truth beside it."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from upperback.core.errors import InputError
from upperback.devices._parquet import METADATA_KEY
from upperback.devices.simulate.simulation import EmgPage, Page, Simulation
from upperback.sensing.signal import G_MPS2

AccUnit = Literal["mps2", "g"]
GyrUnit = Literal["radps", "dps"]

#: Called with how many samples have been written since the last call.
Progress = Callable[[int], None]

_EMG = "emg"  # name of the file with the muscles

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
    if simulation.scenario.emg is not None:
        names.append(_EMG)
    if len(names) == 1:
        return {names[0]: out}
    return {name: out.with_name(f"{out.stem}-{name}{out.suffix}") for name in names}


def write_simulation(
    simulation: Simulation, out: Path, *, units: Units = Units(), progress: Progress = lambda _: None
) -> list[Path]:
    """Writes every sensor's recording and its truth; returns the files. At the end all of them are there, or none.

    A Parquet file is in SI units and says that its wearer was simulated; readers of it can say so too.
    """
    if out.suffix == ".parquet" and units != Units():
        raise InputError(f"{out}: Parquet is always in m/s2 and rad/s; other units are for .csv")
    rates_hz = [sensor.sampling_rate_hz for sensor in simulation.scenario.sensors]
    if any(simulation.duration_s * rate_hz < 2 for rate_hz in rates_hz):
        raise InputError(f"activities: {simulation.duration_s:g} s are too short for a recording")
    written: list[Path] = []
    with ExitStack() as finished:
        for name, path in recording_paths(simulation, out).items():
            truth_path = path.with_name(f"{path.stem}.truth.parquet")
            recording = finished.enter_context(_table_file(path, _description(simulation, name)))
            truth = finished.enter_context(_table_file(truth_path))
            with _Behind() as writing:
                for columns, true_columns in _columns(simulation, name, units):
                    writing.do(recording, columns)
                    writing.do(truth, true_columns)
                    progress(len(true_columns["time_s"]))
            written += [path, truth_path]
        events = out.with_name(f"{out.stem}.truth.json")
        with _replacing(events) as part:
            part.write_bytes(msgspec.json.encode(simulation.truth) + b"\n")
        written.append(events)
    return written


def _description(simulation: Simulation, name: str) -> dict[str, Any] | None:
    """What the product's own Parquet files say about themselves; nothing where the rate is not the stated one."""
    said = {"version": 1, "device": "simulated wearer", "axes": None, "time_zone": None}
    if name == _EMG:
        return said | {"sampling_rate_hz": simulation.emg.sampling_rate_hz, "place": None}
    sensor = simulation.scenario.sensor(name)
    if sensor.stamps == "clock":
        return None
    return said | {"sampling_rate_hz": sensor.sampling_rate_hz, "place": sensor.place}


class _Behind:
    """Calls in a thread of their own, in order, a few at most waiting: compressing overlaps with simulating."""

    _WAITING = 6

    def __enter__(self) -> Self:
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._waiting: deque[Future[None]] = deque()
        return self

    def do(self, call: Callable[[dict[str, Any]], None], columns: dict[str, Any]) -> None:
        """Hands over one page of columns."""
        self._waiting.append(self._thread.submit(call, columns))
        if len(self._waiting) > self._WAITING:
            self._waiting.popleft().result()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._thread.shutdown(wait=True, cancel_futures=kind is not None)
        if kind is None:
            for each in self._waiting:
                each.result()


def _columns(simulation: Simulation, name: str, units: Units) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Recording and truth, page by page."""
    if name == _EMG and simulation.scenario.emg is not None:
        channels = [channel.name for channel in simulation.scenario.emg.channels]
        for emg_page in simulation.emg_pages():
            yield _emg_columns(emg_page, channels), _emg_truth_columns(emg_page, channels)
    else:
        for page in simulation.pages(name):
            yield _recording_columns(page, units), _truth_columns(page)


def _emg_columns(page: EmgPage, channels: list[str]) -> dict[str, Any]:
    received = page.truth.received
    columns: dict[str, Any] = {"time_s": np.round(page.truth.time_s[received], 6)}
    return columns | {f"emg_{channel}": page.emg_v[received, k] for k, channel in enumerate(channels)}


def _emg_truth_columns(page: EmgPage, channels: list[str]) -> dict[str, Any]:
    truth = page.truth
    columns: dict[str, Any] = {"time_s": np.round(truth.time_s, 6)}
    for k, channel in enumerate(channels):
        columns[f"amplitude_v_{channel}"] = truth.amplitude_v[:, k].astype(np.float32)
        columns[f"effort_pct_{channel}"] = truth.effort_pct[:, k].astype(np.float32)
    return columns | {"median_hz": truth.median_hz.astype(np.float32), "received": truth.received}


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
def _table_file(path: Path, description: dict[str, Any] | None = None) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Takes columns and appends them as rows."""
    with _replacing(path) as part:
        table = _Table(part, description, is_csv=path.suffix == ".csv")
        try:
            yield table.append
        finally:
            table.close()


class _Table:
    """Rows on their way into a file. Parquet gets large groups of them, which readers like better."""

    _GROUP_ROWS = 1 << 18

    def __init__(self, path: Path, description: dict[str, Any] | None, *, is_csv: bool) -> None:
        self._path, self._description, self._is_csv = path, description, is_csv
        self._writer: Any = None
        self._schema: Any = None
        self._held: list[Any] = []
        self._n_held = 0

    def append(self, columns: dict[str, Any]) -> None:
        batch = pa.record_batch({name: pa.array(values) for name, values in columns.items()})
        if self._writer is None:
            self._schema = batch.schema
            if self._description is not None:
                self._schema = batch.schema.with_metadata({METADATA_KEY: msgspec.json.encode(self._description)})
            self._writer = (_csv if self._is_csv else _parquet)(self._path, self._schema)
        self._held.append(batch.replace_schema_metadata(self._schema.metadata))
        self._n_held += batch.num_rows
        if self._n_held >= self._GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        if self._writer is not None:
            self._flush()
            self._writer.close()

    def _flush(self) -> None:
        self._writer.write_table(pa.Table.from_batches(self._held))
        self._held, self._n_held = [], 0


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
