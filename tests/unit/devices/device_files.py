"""Files as devices write them, made from the published formats and a known signal."""

import datetime as dt
import io
import struct
import zipfile
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

START = dt.datetime(2026, 5, 1, 9, 30, tzinfo=dt.UTC)


# ---- Axivity -----------------------------------------------------------------------------------------------------

_BLOCK = np.dtype("S2,<u2,<u2,<u4,<u4,<u4,<u2,<u2,u1,u1,u1,u1,<i2,<u2,480u1,<u2")
_BLOCK.names = (
    "mark", "length", "fraction", "session", "sequence", "clock", "scale", "temperature", "events", "battery", "rate",
    "packing", "offset", "count", "data", "checksum",
)  # fmt: skip
_RATE_CODES = {12.5: 7, 25.0: 8, 50.0: 9, 100.0: 10, 200.0: 11}


def cwa(
    acc_g: Floats,
    rate_hz: float = 100.0,
    *,
    gyr_dps: Floats | None = None,
    true_rate_hz: float | None = None,
    start: dt.datetime = START,
    pauses_s: Mapping[int, float] | None = None,
) -> bytes:
    """AX3 (packed, 8 g) without rotation, AX6 (16 g, 2000 deg/s) with it.

    `pauses_s` : number of a block -> seconds that the recording stops before it.
    """
    header = bytearray(b"\xff" * 1024)
    header[0:4] = b"MD" + struct.pack("<H", 1020)
    header[4] = 0x64 if gyr_dps is not None else 0x17
    header[35] = 0x02 if gyr_dps is not None else 0x00  # 2000 deg/s, or no gyroscope
    header[5:13] = struct.pack("<HIH", 4711, 0, 0xFFFF)
    header[35:37] = bytes([0x02 if gyr_dps is not None else 0, _RATE_CODES[rate_hz]])
    header[64:512] = b" " * 448
    if gyr_dps is None:
        words = _packed(np.rint(acc_g * 256).astype(np.int64))
        per_block, data = 120, words.astype("<u4").view(np.uint8).reshape(-1, 4)
    else:
        counts = np.concatenate((np.rint(gyr_dps * 32768 / 2000), np.rint(acc_g * 2048)), axis=1)
        per_block, data = 40, np.clip(counts, -32768, 32767).astype("<i2").view(np.uint8).reshape(-1, 12)
    n_blocks = -(-len(data) // per_block)
    blocks = np.zeros(n_blocks, _BLOCK)
    blocks["mark"], blocks["length"], blocks["sequence"] = b"AX", 508, np.arange(n_blocks)
    blocks["rate"] = _RATE_CODES[rate_hz] | (0x40 if gyr_dps is None else 0)
    blocks["packing"] = 0x30 if gyr_dps is None else 0x62
    blocks["scale"] = 0 if gyr_dps is None else (3 << 13) | (2 << 10)
    blocks["count"] = np.minimum(per_block, len(data) - np.arange(n_blocks) * per_block)
    padded = np.zeros((n_blocks * per_block, data.shape[1]), np.uint8)
    padded[: len(data)] = data
    blocks["data"][:, : per_block * data.shape[1]] = padded.reshape(n_blocks, -1)
    pauses = np.zeros(n_blocks)
    for block, seconds in (pauses_s or {}).items():
        pauses[block:] += seconds
    times = start.timestamp() + np.arange(n_blocks) * per_block / (true_rate_hz or rate_hz) + pauses
    _set_clock(blocks, times, rate_hz)
    return bytes(header) + with_checksums(blocks)


def _packed(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    size = np.abs(counts).max(axis=1)
    exponent = np.select([size < 512, size < 1024, size < 2048], [0, 1, 2], 3)
    ten_bits = np.clip(counts >> exponent[:, None], -512, 511) & 0x3FF
    words: npt.NDArray[np.int64] = ten_bits[:, 0] | ten_bits[:, 1] << 10 | ten_bits[:, 2] << 20 | exponent << 30
    return words


def _set_clock(blocks: np.ndarray, times: Floats, rate_hz: float) -> None:
    """Clock and fraction as of each block's first sample; the mark is moved back to the whole second, as devices do."""
    whole = np.floor(times).astype(np.int64)
    fraction = ((times - whole) * 32768).astype(np.int64)
    for number, second in enumerate(whole):
        at = dt.datetime.fromtimestamp(int(second), tz=dt.UTC)
        packed = (at.year - 2000) << 26 | at.month << 22 | at.day << 17 | at.hour << 12 | at.minute << 6 | at.second
        blocks["clock"][number] = packed
    blocks["fraction"] = 0x8000 | fraction
    blocks["offset"] = -((fraction << 1) * int(rate_hz) >> 16)


def with_checksums(blocks: np.ndarray) -> bytes:
    """The blocks' bytes; the words of each then sum to nothing."""
    blocks["checksum"] = 0
    words = blocks.view("<u2").reshape(len(blocks), -1)
    blocks["checksum"] = -np.add.reduce(words, axis=1, dtype=np.uint16)
    return blocks.tobytes()


# ---- GENEActiv ---------------------------------------------------------------------------------------------------

GAIN, OFFSET = np.array([25522, 25457, 24829]), np.array([272, -1129, 101])


def geneactiv(
    acc_g: Floats, rate_hz: float = 50.0, *, start: dt.datetime = START, newline: str = "\r\n", zone: str = "GMT +01:00"
) -> bytes:
    """Pages of 300 samples with the calibration above."""
    # The order of the lines is that of real files: other readers count them.
    lines = [
        "Device Identity", "Device Unique Serial Code:012345", "Device Type:GENEActiv", "Device Model:1.2",
        "Device Firmware Version:Ver1", "Calibration Date:2026-01-01 00:00:00:000", "", "Device Capabilities",
        "Accelerometer Range:-8 to 8", "Accelerometer Resolution:0.0039", "Accelerometer Units:g",
        "Light Meter Range:0 to 5000", "Light Meter Resolution:5", "Light Meter Units:lux",
        "Temperature Sensor Range:0 to 70", "Temperature Sensor Resolution:0.1", "Temperature Sensor Units:deg. C", "",
        "Configuration Info", f"Measurement Frequency:{rate_hz:g} Hz", "Measurement Period:360 Hours",
        "Start Time:2026-05-01 09:30:00:000", f"Time Zone:{zone}", "", "Trial Info", "Study Centre:", "Study Code:",
        "Investigator ID:", "Exercise Type:", "Config Operator ID:", "Config Time:2026-05-01 09:00:00:000",
        "Config Notes:", "Extract Operator ID:", "Extract Time:2026-05-09 09:00:00:000", "Extract Notes:", "",
        "Subject Info", "Device Location Code:upper back", "Subject Code:SECRET", "Date of Birth:1900-1-1", "Sex:",
        "Height:", "Weight:", "Handedness Code:", "Subject Notes:", "", "Calibration Data",
    ]  # fmt: skip
    for axis, gain, offset in zip("xyz", GAIN, OFFSET, strict=True):
        lines += [f"{axis} gain:{gain}", f"{axis} offset:{offset}"]
    n_pages = -(-len(acc_g) // 300)
    lines += ["Volts:42", "Lux:886", "", "Memory Status", f"Number of Pages:{n_pages}", ""]
    counts = np.clip(np.rint((acc_g * GAIN + OFFSET) / 100), -2048, 2047).astype(np.int64) & 0xFFF
    for page in range(n_pages):
        at = start + dt.timedelta(seconds=page * 300 / rate_hz)
        rows = counts[page * 300 : (page + 1) * 300]
        lines += [
            "Recorded Data", "Device Unique Serial Code:012345", f"Sequence Number:{page}",
            f"Page Time:{at:%Y-%m-%d %H:%M:%S}:{at.microsecond // 1000:03d}", "Unassigned:", "Temperature:28.2",
            "Battery voltage:4.1642", "Device Status:Recording", f"Measurement Frequency:{rate_hz:.1f}",
            "".join(f"{x:03X}{y:03X}{z:03X}000" for x, y, z in rows),
        ]  # fmt: skip
    return (newline.join(lines) + newline).encode()


# ---- ActiGraph ---------------------------------------------------------------------------------------------------

ACTIVITY, BATTERY, METADATA, PARAMETERS, ACTIVITY2 = 0x00, 0x02, 0x06, 0x15, 0x1A


def record(kind: int, stamp: int, payload: bytes) -> bytes:
    """One record of log.bin."""
    text = struct.pack("<BBIH", 0x1E, kind, stamp, len(payload)) + payload
    checksum = 0
    for byte in text:
        checksum ^= byte
    return text + bytes([~checksum & 0xFF])


def twelve_bits(counts: npt.NDArray[np.int64]) -> bytes:
    """Numbers of twelve bits in a row, most significant first, filled up with a half byte."""
    digits = "".join(f"{int(value) & 0xFFF:03x}" for value in counts.ravel())
    return bytes.fromhex(digits + "0" * (len(digits) % 2))


def activity(counts: npt.NDArray[np.int64], kind: int) -> bytes:
    """The payload of one second, (n, 3) counts."""
    return counts.astype("<i2").tobytes() if kind == ACTIVITY2 else twelve_bits(counts[:, [1, 0, 2]])


def parameters(accel_scale: float) -> bytes:
    """A payload with one other parameter and ACCEL_SCALE, a power of two."""
    exponent = int(np.log2(accel_scale)) + 1
    return struct.pack("<HHI", 1, 10, 30) + struct.pack("<HHI", 0, 55, (exponent & 0xFF) << 24 | 0x400000)


def gt3x_log(
    counts: npt.NDArray[np.int64],
    rate_hz: int = 30,
    kind: int = ACTIVITY2,
    *,
    start: dt.datetime = START,
    accel_scale: float | None = 256.0,
    missing: Sequence[int] = (),
) -> bytes:
    """A log with a second a record, a battery record a minute, and without the `missing` seconds."""
    first = int(start.timestamp())
    log = record(METADATA, first, b'{"JSON": "SECRET"}')
    if accel_scale is not None:
        log += record(PARAMETERS, first, parameters(accel_scale))
    for second in range(len(counts) // rate_hz):
        if second in missing:
            continue
        log += record(kind, first + second, activity(counts[second * rate_hz : (second + 1) * rate_hz], kind))
        if second % 60 == 0:
            log += record(BATTERY, first + second, b"\x10\x10") + bytes(3)
    return log


def gt3x_info(rate_hz: int = 30, *, serial: str = "MOS2D12345678", zone: str | None = "01:00:00") -> str:
    """info.txt."""
    ticks = 621_355_968_000_000_000 + int(START.timestamp()) * 10_000_000
    lines = [f"Serial Number: {serial}", "Device Type: wGT3XBT", f"Sample Rate: {rate_hz}", f"Start Date: {ticks}"]
    lines += [f"TimeZone: {zone}"] if zone else []
    lines += ["Acceleration Scale: 256.0", "Acceleration Min: -8.0", "Acceleration Max: 8.0"]
    return "\r\n".join([*lines, "Subject Name: SECRET", "Limb: Waist", "Side: Right", ""])


def archive(members: Sequence[tuple[str, bytes | str]], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as target:
        for name, content in members:
            target.writestr(name, content)
    return out.getvalue()


def gt3x(counts: npt.NDArray[np.int64], rate_hz: int = 30, kind: int = ACTIVITY2) -> bytes:
    """A whole .gt3x file."""
    return archive([("info.txt", gt3x_info(rate_hz)), ("log.bin", gt3x_log(counts, rate_hz, kind))])


# ---- EDF and BDF ---------------------------------------------------------------------------------------------------


def edf(
    signals: Sequence[tuple[str, str, Floats, float]],
    *,
    record_s: float = 1.0,
    bdf: bool = False,
    kind: str = "",
    n_records: int | None = None,
    onsets: Sequence[float] | None = None,
    changes: Mapping[str, bytes] | None = None,
) -> bytes:
    """Signals of (label, unit, values, rate in Hz), scaled to their own range.

    `onsets` : times of the records, as EDF+D has them; `changes` : parts of the fixed header that say something else
    """
    lowest, highest = (-(1 << 23), (1 << 23) - 1) if bdf else (-(1 << 15), (1 << 15) - 1)
    rows, labels = [], []
    for label, unit, values, rate_hz in signals:
        per_record = round(rate_hz * record_s)
        low, high = float(f"{values.min() - 1e-9:.6g}"), float(f"{values.max() + 1e-9:.6g}")
        counts = np.rint((values - low) / (high - low) * (highest - lowest) + lowest).clip(lowest, highest)
        rows.append(counts.astype("<i4").reshape(-1, per_record))
        labels.append((label, unit, low, high, per_record))
    n = len(rows[0])
    size = 3 if bdf else 2
    records = b""
    for record in range(n):
        for values_ in rows:
            raw = values_[record].astype("<i4").view(np.uint8).reshape(-1, 4)
            records += raw[:, :size].tobytes()
        if onsets is not None:
            records += f"+{onsets[record]:g}\x14\x14\x00".encode().ljust(15 * size, b"\0")
    if onsets is not None:
        labels.append(("BDF Annotations" if bdf else "EDF Annotations", "", -1.0, 1.0, 15))

    def field(value: object, width: int) -> bytes:
        return str(value).encode("latin-1")[:width].ljust(width)

    fixed = {
        "version": b"\xffBIOSEMI" if bdf else field("0", 8),
        "patient": field("SECRET", 80),
        "recording": field("Startdate 01-MAY-2026", 80),
        "date": b"01.05.26",
        "time": b"09.30.00",
        "header_bytes": field(256 * (len(labels) + 1), 8),
        "reserved": field(kind, 44),
        "n_records": field(n if n_records is None else n_records, 8),
        "record_s": field(f"{record_s:g}", 8),
        "n_signals": field(len(labels), 4),
    } | dict(changes or {})
    columns = [
        [field(label, 16) for label, *_ in labels],
        [field("", 80) for _ in labels],
        [field(unit, 8) for _, unit, *_ in labels],
        [field(f"{low:.6g}", 8) for *_, low, _, _ in labels],
        [field(f"{high:.6g}", 8) for *_, high, _ in labels],
        [field(lowest, 8) for _ in labels],
        [field(highest, 8) for _ in labels],
        [field("", 80) for _ in labels],
        [field(per_record, 8) for *_, per_record in labels],
        [field("", 32) for _ in labels],
    ]
    return b"".join(fixed.values()) + b"".join(b"".join(column) for column in columns) + records


# ---- Lab Streaming Layer -------------------------------------------------------------------------------------------


def xdf_chunk(tag: int, content: bytes) -> bytes:
    """One chunk."""
    return b"\x04" + struct.pack("<IH", len(content) + 2, tag) + content


def xdf_header(
    number: int, name: str, kind: str, channels: Sequence[tuple[str, str]], rate_hz: float, n: int = 0
) -> bytes:
    """The announcement of a stream; without `channels` it has `n` of them and no labels."""
    labels = "".join(f"<channel><label>{label}</label><unit>{unit}</unit></channel>" for label, unit in channels)
    text = (
        f"<?xml version='1.0'?><info><name>{name}</name><type>{kind}</type>"
        f"<channel_count>{len(channels) or n}</channel_count><nominal_srate>{rate_hz}</nominal_srate>"
        "<channel_format>float32</channel_format><created_at>1</created_at>"
        f"<desc><channels>{labels}</channels></desc></info>"
    )
    return xdf_chunk(2, struct.pack("<I", number) + text.encode())


def xdf_samples(number: int, times: Floats, values: Floats, per_chunk: int = 100) -> bytes:
    """Samples, each with its time."""
    out = b""
    for start in range(0, len(times), per_chunk):
        part = times[start : start + per_chunk]
        rows = values[start : start + per_chunk].astype("<f4")
        body = b"".join(b"\x08" + struct.pack("<d", t) + row.tobytes() for t, row in zip(part, rows, strict=True))
        out += xdf_chunk(3, struct.pack("<I", number) + b"\x04" + struct.pack("<I", len(part)) + body)
    return out


def xdf_clock(number: int, time_s: float, offset_s: float) -> bytes:
    """A measured difference of clocks."""
    return xdf_chunk(4, struct.pack("<Idd", number, time_s, offset_s))


def xdf(*chunks: bytes) -> bytes:
    """A whole file."""
    return b"XDF:" + xdf_chunk(1, b"<?xml version='1.0'?><info><version>1.0</version></info>") + b"".join(chunks)
