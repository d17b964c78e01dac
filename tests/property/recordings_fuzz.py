"""Damaged and hostile recordings by the thousand: every one is read, or refused in one sentence; nothing else.

Run with `just fuzz` or `python -m tests.property.recordings_fuzz [INPUTS] [PARSER ...]`. Each input is made from its
number, so a failure can be made again: `make(parser, number)`.
"""

import faulthandler
import re
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.unit.devices import device_files as files
from tests.unit.devices.samples import muscle, trunk
from upperback.core.errors import InputError
from upperback.devices.base import ReadOptions
from upperback.devices.grid import LONG_GAP_S
from upperback.devices.opening import open_recording
from upperback.sensing.signal import G_MPS2, Chunk

#: No input may take longer, in s. Generous: the machine may be busy.
TOO_LONG_S = 20.0

_RATE = 50
_TIME, _ACC, _GYR = trunk(12, _RATE)
_ACC_G, _GYR_DPS = _ACC / G_MPS2, np.degrees(_GYR)
_COUNTS = np.rint(_ACC_G * 256).astype(np.int64)
_EMG_UV = muscle(4, 200) * 1e6

Generator = np.random.Generator


def _csv() -> bytes:
    rows = [f"{t:.3f},{x:.5f},{y:.5f},{z:.5f}" for t, (x, y, z) in zip(_TIME, _ACC, strict=True)]
    return ("time_s,acc_x,acc_y,acc_z\n" + "\n".join(rows[:200]) + "\n").encode()


def _parquet() -> bytes:
    columns = {"time_s": _TIME} | {f"acc_{axis}": _ACC[:, n].astype(np.float32) for n, axis in enumerate("xyz")}
    out = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), out, compression="zstd", row_group_size=200)
    content: bytes = out.getvalue().to_pybytes()
    return content


def _xdf() -> bytes:
    channels = [(f"acc_{axis}", "g") for axis in "xyz"]
    header = files.xdf_header(1, "back", "IMU", channels, _RATE)
    return files.xdf(header, files.xdf_samples(1, 100 + _TIME[:200], _ACC_G, 50), files.xdf_clock(1, 100, 0.1))


def _edf(*, bdf: bool = False) -> bytes:
    signals = [("EMG", "uV", _EMG_UV, 200.0)] + [
        (f"acc {axis}", "g", _ACC_G[:200, n], 50.0) for n, axis in enumerate("xyz")
    ]
    return files.edf(signals, bdf=bdf, kind="BDF+D" if bdf else "EDF+D", onsets=[0, 1, 2, 30])


SEEDS: dict[str, Callable[[], list[bytes]]] = {
    "csv": lambda: [_csv(), _csv().replace(b",", b";").replace(b".", b","), _csv().decode().encode("utf-16")],
    "parquet": lambda: [_parquet()],
    "cwa": lambda: [files.cwa(_ACC_G, 50.0), files.cwa(_ACC_G, 50.0, gyr_dps=_GYR_DPS, pauses_s={3: 40.0})],
    "geneactiv": lambda: [files.geneactiv(_ACC_G)],
    "gt3x": lambda: [files.gt3x(_COUNTS, 50), files.gt3x(_COUNTS, 50, files.ACTIVITY)],
    "edf": lambda: [_edf()],
    "bdf": lambda: [_edf(bdf=True)],
    "xdf": lambda: [_xdf()],
}
ENDINGS = {"geneactiv": "bin"}

_TOKENS = (
    b"nan", b"inf", b"-1", b"0", b"1e999", b"-0", b"99999999999999999999", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b'"',
    b",", b";", b"\t", b"\r", b"\n", b"\r\n", b"time_s", b"acc_x", b"2026-02-30T25:61:61", b"\xe2\x80\xae", b"=1+1",
    b"1,5", b"Recorded Data\n", b"Page Time:", b"PK\x03\x04", b"PK\x05\x06", b"PAR1", b"AX", b"MD", b"\x1e\x1a",
)  # fmt: skip
#: What the cells of an invented table hold.
_CELLS = (
    "", "0", "1", "-1", "9.81", "-9.81", "0,5", "1e3", "1e-300", "1e300", "nan", "inf", "-inf", "0x10", "1_0", "x",
    "NaN", "+5", ".5", "5.", "1.234.567", "٣", "2026-05-01 09:30:00", "2026-05-01T09:30:00.5Z",
    "2026-05-01T09:30:00+0200", "09:30:00.5", "1777627800000", "1777627800000000000", '"', '"1', "\0", " 7 ",
    "-", "null", "=1",
)  # fmt: skip
_HEADINGS = (
    "time_s", "time", "t", "timestamp", "seconds_elapsed", "datetime", "acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y",
    "gyr_z", "x", "y", "z", "ax", "ay", "az", "emg", "emg_1 (uV)", "quality", "Acceleration x (m/s^2)", "acc_x (g)", "",
)  # fmt: skip
_NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def make(parser: str, number: int) -> bytes:
    """The input of that number."""
    generator = np.random.default_rng([zlib.crc32(parser.encode()), number])
    if parser == "csv" and generator.random() < 0.5:
        return _invented_table(generator)
    seeds = SEEDS[parser]()
    content = seeds[int(generator.integers(len(seeds)))]
    if parser == "gt3x" and generator.random() < 0.6:
        return _archive_of_mutants(generator)
    mutant = _mutant(content, generator)
    if parser == "cwa" and generator.random() < 0.7:
        mutant = _with_good_checksums(mutant)
    return mutant


def _invented_table(generator: Generator) -> bytes:
    """Sound columns and mad ones, under headings that may or may not fit, in rows that may or may not be whole."""
    separator = str(generator.choice([",", ";", "\t", "|"]))
    n_columns, n_rows = int(generator.integers(1, 12)), int(generator.integers(0, 120))
    headings = [str(heading) for heading in generator.choice(_HEADINGS, n_columns)]
    if generator.random() < 0.7:
        headings[:4] = ["time_s", "acc_x", "acc_y", "acc_z"]
    madness = float(generator.choice([0.0, 0.01, 0.3]))
    lines = [separator.join(headings)]
    for row in range(n_rows):
        cells = [f"{row / 50:.3f}", "0.1", "-0.2", "9.79"] + ["0.01"] * max(0, len(headings) - 4)
        cells = [str(generator.choice(_CELLS)) if generator.random() < madness else cell for cell in cells]
        if generator.random() < madness / 10:
            cells = cells[: int(generator.integers(len(cells)))]
        lines.append(separator.join(cells[: len(headings)]))
    text = str(generator.choice(["\n", "\r\n"])).join(lines)
    return text.encode(str(generator.choice(["utf-8", "utf-8-sig", "utf-16"])))


def _mutant(content: bytes, generator: Generator) -> bytes:
    out = bytearray(content)
    for _ in range(int(generator.integers(1, 9))):
        if not out:
            break
        # Near the beginning half of the time: that is where the headers are.
        limit = len(out) if generator.random() < 0.5 else min(len(out), 600)
        at = int(generator.integers(limit))
        length = int(min(generator.geometric(0.02), len(out) - at))
        match int(generator.integers(11)):
            case 0:
                out[at] ^= 1 << int(generator.integers(8))
            case 1:
                out[at] = int(generator.integers(256))
            case 2:
                value = int(generator.choice(_NUMBERS)).to_bytes(4, str(generator.choice(["little", "big"])))  # type: ignore[arg-type]
                width = int(generator.integers(1, 5))
                out[at : at + width] = value[:width]
            case 3:
                out[at : at + length] = bytes(length)
            case 4:
                del out[at : at + length]
            case 5:
                out[at:at] = out[at : at + length]
            case 6:
                out[at:at] = generator.integers(0, 256, length, np.uint8).tobytes()
            case 7:
                token = _TOKENS[int(generator.integers(len(_TOKENS)))]
                out[at : at + len(token)] = token
            case 8:
                out[at:at] = _TOKENS[int(generator.integers(len(_TOKENS)))]
            case 9:
                del out[at:]
            case _:
                other = int(generator.integers(len(out)))
                out[at : at + length] = out[other : other + length]
    return bytes(out)


def _with_good_checksums(content: bytes) -> bytes:
    """Blocks whose checksum fits, so that what they say is looked at."""
    n_blocks = max(0, len(content) - 1024) // 512
    if not n_blocks:
        return content
    blocks = np.frombuffer(content, files._BLOCK, n_blocks, 1024).copy()
    return content[:1024] + files.with_checksums(blocks) + content[1024 + n_blocks * 512 :]


def _archive_of_mutants(generator: Generator) -> bytes:
    """A sound archive of damaged members, whose records have good checksums and anything else in them."""
    first = int(files.START.timestamp())
    log = b""
    for second in range(12):
        kind = int(generator.choice([files.ACTIVITY, files.ACTIVITY2, files.PARAMETERS, files.BATTERY, 0x55]))
        payload = files.activity(_COUNTS[second * 50 : second * 50 + 50], files.ACTIVITY2)
        payload = payload[: int(generator.integers(len(payload) + 1))] if generator.random() < 0.4 else payload
        stamp = first + second if generator.random() < 0.8 else int(generator.integers(1 << 32))
        log += files.record(kind, stamp, payload)
    info = files.gt3x_info(50).encode()
    return files.archive(
        [
            ("info.txt", _mutant(info, generator) if generator.random() < 0.5 else info),
            ("log.bin", _mutant(log, generator) if generator.random() < 0.5 else log),
        ]
    )


# ---- what has to hold --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Outcome:
    """Counts of what came of the inputs of one parser."""

    parser: str
    inputs: int = 0
    read: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.parser:<10} {self.inputs:>7,} inputs: {self.read:,} read, {sum(self.refused.values()):,} refused "
            f"in {len(self.refused)} different sentences, 0 others; slowest {self.slowest_s:.2f} s"
        )


def check(path: Path, options: ReadOptions) -> None:
    """Reads everything and looks at what came out. InputError is fine, anything else is not."""
    recording = open_recording(path, options)
    size = path.stat().st_size
    for chunks in (
        recording.chunks() if recording.has_imu else (),
        recording.emg_chunks() if recording.has_emg else (),
    ):
        end_s, n_samples = -np.inf, 0
        for chunk in chunks:
            values = chunk.acc_mps2 if isinstance(chunk, Chunk) else chunk.emg_v
            assert len(values) == len(chunk) > 0
            assert not np.isinf(values).any()
            assert chunk.start_s > end_s - 0.5 / chunk.sampling_rate_hz
            assert np.isfinite(chunk.start_s)
            end_s = chunk.end_s
            n_samples += len(chunk)
        rate = recording.info.sampling_rate_hz or recording.info.emg_rate_hz or 0.0
        # A sample for every half byte, and as many again in gaps, is more than any format can hold.
        assert n_samples <= 2 * size * (1 + LONG_GAP_S * rate)


def fuzz(parser: str, numbers: range, folder: Path) -> Outcome:
    """Makes and reads the inputs of these numbers."""
    outcome = Outcome(parser)
    path = folder / f"input.{ENDINGS.get(parser, parser)}"
    for number in numbers:
        path.write_bytes(make(parser, number))
        options = ReadOptions(
            acc_unit=None if parser in {"cwa", "geneactiv", "gt3x"} else "mps2" if number % 2 else None
        )
        faulthandler.dump_traceback_later(TOO_LONG_S, exit=True)
        begun = time.perf_counter()
        try:
            check(path, options)
            outcome.read += 1
        except InputError as error:
            outcome.refused[_one_sentence(error.message)] += 1
        except BaseException:
            print(f"{parser} number {number}", file=sys.stderr)
            raise
        finally:
            faulthandler.cancel_dump_traceback_later()
        outcome.slowest_s = max(outcome.slowest_s, time.perf_counter() - begun)
        outcome.inputs += 1
    return outcome


def _one_sentence(message: str) -> str:
    """The message without its numbers."""
    assert message.isprintable(), repr(message)
    assert 5 < len(message) < 600, message
    return re.sub(r"[\d,.]+", "#", message)


def main() -> None:
    arguments = sys.argv[1:]
    inputs = int(arguments[0]) if arguments else 10_000
    for parser in arguments[1:] or SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            print(fuzz(parser, range(inputs), Path(folder)), flush=True)


if __name__ == "__main__":
    main()
