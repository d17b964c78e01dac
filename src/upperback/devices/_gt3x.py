"""ActiGraph .gt3x: a zip with `info.txt` and, in `log.bin`, one record a second; older devices have `activity.bin`.

After ActiGraph's published descriptions of both. The clock was set to local time, whose distance from UTC newer files
name. Seconds without a record (the device sleeps when nothing moves, if it was told to) are gaps.
"""

import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.devices import clocks
from upperback.devices.base import Channel, ReadOptions, Recording, RecordingInfo, Stream
from upperback.devices.grid import Block, ReadingLog
from upperback.sensing.signal import G_MPS2, QualityFlag

Bytes = npt.NDArray[np.uint8]

#: What a device writes is a handful of members and, in half a year, a few gigabytes.
_MAX_MEMBERS: Final = 64
_MAX_INFO_BYTES: Final = 1 << 16
_MAX_LOG_BYTES: Final = 8 << 30
_READ_BYTES, _STEP_BYTES = 1 << 20, 1 << 12

_SEPARATOR: Final = 0x1E
_HEADER: Final = struct.Struct("<BBIH")
#: More bytes than this without a record are none.
_MAX_REST: Final = 1 << 20
#: Types of records that are used.
_ACTIVITY, _PARAMETERS, _ACTIVITY2 = 0x00, 0x15, 0x1A
_USED: Final = (_ACTIVITY2, _ACTIVITY)
#: Two samples. A record of one byte stands for a second in which the device was plugged in.
_LEAST_PAYLOAD: Final = 9
#: Parameters come first: no need to look for them further into the log.
_ACCEL_SCALE: Final = (0, 55)

#: Ticks of 100 ns from the year 1 to 1970.
_TICKS_1970: Final = 621_355_968_000_000_000
_TICKS_PER_S: Final = 10_000_000

#: Counts per g by the first letters of the serial number, where no parameter says it, and the range in g.
_SCALES: Final = (
    ("NEO", 341.0, 6.0),
    ("CLE", 341.0, 6.0),
    ("MRA", 341.0, 6.0),
    ("MOS", 256.0, 8.0),
    ("TAS", 256.0, 8.0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Device:
    """What `info.txt` and the parameters say."""

    rate_hz: float
    start_s: float  # of the device's clock, s since 1970
    per_g: float
    range_g: float
    zone: str | None
    fields: Mapping[str, str]
    records: bool  # `log.bin`, not `activity.bin`


def open_gt3x(path: Path, options: ReadOptions) -> Recording:
    """A .gt3x file as a recording. Raises InputError where it is damaged or is no such file."""
    with _opened(path) as archive:
        members = _members(archive)
        fields = _info(archive, members)
        _check_calibrated(archive, members)
        device = _device(archive, members, fields)
        first = next((some for some in _seconds(archive, members, device, ReadingLog()) if len(some.stamps)), None)
    if first is None:
        raise InputError("the ActiGraph recording holds no samples")
    local_s = float(first.stamps[0])
    start = clocks.start_of(local_s, zone=device.zone or options.time_zone, zoned=False)
    info = RecordingInfo(
        format="gt3x",
        device=" ".join(("ActiGraph", _printable(fields.get("Device Type", "")))).strip(),
        serial=_printable(fields.get("Serial Number", "")) or None,
        start=start.start,
        start_local=start.start_local,
        time_zone=start.time_zone,
        sampling_rate_hz=device.rate_hz,
        acc_range_mps2=device.range_g * G_MPS2,
        place=" ".join(_printable(fields.get(key, "")) for key in ("Side", "Limb")).strip().lower() or None,
        channels=tuple(Channel(name=axis, role=f"acc_{axis}", unit="g") for axis in "xyz"),
    )

    def blocks(log: ReadingLog) -> Iterator[Block]:
        with _opened(path) as archive:
            for seconds in _seconds(archive, _members(archive), device, log):
                yield seconds.block(device, local_s)

    stream = Stream(
        sampling_rate_hz=device.rate_hz,
        origin_s=start.start.timestamp() if start.start else 0.0,
        blocks=blocks,
        n_columns=(3,),
        wall_clock=True,
    )
    return Recording(info, imu=stream)


# ---- the archive -------------------------------------------------------------------------------------------------


def _opened(path: Path) -> zipfile.ZipFile:
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _MAX_INFO_BYTES - 22))
        end = stream.read()
    at = end.rfind(b"PK\x05\x06")
    if at < 0 or len(end) < at + 22:
        raise InputError("the ActiGraph recording is cut short: the list of its contents is missing")
    n_members, directory_bytes = struct.unpack_from("<HI", end, at + 10)
    # Asked before the library reads the list, whose length it would believe.
    if n_members > _MAX_MEMBERS or directory_bytes > _MAX_MEMBERS * 1024:
        raise InputError(f"the archive has more than {_MAX_MEMBERS} members: no ActiGraph recording has")
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InputError("the ActiGraph recording is damaged: the list of its contents cannot be read") from error


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    wanted = ("info.txt", "log.bin", "activity.bin", "calibration.json")
    members: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        if member.filename not in wanted:
            continue  # others are never opened, whatever they are
        if member.filename in members:
            raise InputError(f"the archive holds {member.filename} twice")
        if member.flag_bits & 1:
            raise InputError("the archive is encrypted")
        if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise InputError("the archive is packed in a way that no ActiGraph recording is")
        members[member.filename] = member
    if "info.txt" not in members or not {"log.bin", "activity.bin"} & set(members):
        raise InputError("the archive is no ActiGraph recording: info.txt and log.bin or activity.bin are missing")
    return members


def _open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes]:
    try:
        return archive.open(member)
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError) as error:
        raise InputError(f"the ActiGraph recording is damaged: {member.filename} cannot be opened") from error


def _read(stream: IO[bytes], n_bytes: int) -> tuple[bytes, bool]:
    """(the next bytes, whether the packing is damaged after them); no bytes at the end."""
    parts: list[bytes] = []
    n_read = 0
    try:
        # In small steps, so that what comes before a damaged place is kept.
        while n_read < n_bytes and (part := stream.read1(_STEP_BYTES)):  # type: ignore[attr-defined]
            parts.append(part)
            n_read += len(part)
    except (zlib.error, zipfile.BadZipFile, EOFError, OSError):
        return b"".join(parts), True
    return b"".join(parts), False


def _info(archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo]) -> dict[str, str]:
    with _open_member(archive, members["info.txt"]) as stream:
        text, damaged = _read(stream, _MAX_INFO_BYTES)
    if damaged or not text:
        raise InputError("the ActiGraph recording is damaged: info.txt cannot be read")
    fields: dict[str, str] = {}
    for line in text.decode("utf-8-sig", "replace").splitlines():
        key, colon, value = line.partition(":")
        if colon:
            fields.setdefault(key.strip(), value.strip())
    return fields


def _check_calibrated(archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo]) -> None:
    """Some newer devices store values that the maker's software calibrates later, by a method that is not published."""
    if "calibration.json" not in members:
        return
    with _open_member(archive, members["calibration.json"]) as stream:
        text, _ = _read(stream, _MAX_INFO_BYTES)
    try:
        calibration = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError("the ActiGraph recording is damaged: calibration.json cannot be read") from error
    if not isinstance(calibration, dict) or calibration.get("isCalibrated", True) is not True:
        raise InputError(
            "the values in this ActiGraph recording are not calibrated yet; export it as CSV with ActiGraph's software"
        )


def _device(archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], fields: Mapping[str, str]) -> _Device:
    rate_hz = _number(fields, "Sample Rate")
    if rate_hz is None:
        raise InputError("info.txt names no Sample Rate")
    clocks.check_rate(rate_hz, "info.txt")
    ticks = _number(fields, "Start Date") or 0.0
    serial = fields.get("Serial Number", "")[:3].upper()
    per_g, range_g = next(((scale, limit) for letters, scale, limit in _SCALES if serial == letters), (None, 8.0))
    per_g = _number(fields, "Acceleration Scale") or per_g
    range_g = _number(fields, "Acceleration Max") or range_g
    if "log.bin" in members:
        with _open_member(archive, members["log.bin"]) as stream:
            per_g = _scale_parameter(_read(stream, _READ_BYTES)[0]) or per_g
    if per_g is None or not 1 <= per_g <= 65_536 or not 0 < range_g <= 400:
        raise InputError("the scale of the acceleration is not known for this ActiGraph device")
    zone = re.match(r"([+-]?)(\d{2}):(\d{2})", fields.get("TimeZone", ""))
    return _Device(
        rate_hz=rate_hz,
        start_s=(ticks - _TICKS_1970) / _TICKS_PER_S,
        per_g=per_g,
        range_g=range_g,
        zone=f"{zone.group(1) or '+'}{zone.group(2)}:{zone.group(3)}" if zone else None,
        fields=fields,
        records="log.bin" in members,
    )


def _number(fields: Mapping[str, str], key: str) -> float | None:
    found = re.match(r"[-+]?\d{1,20}(?:\.\d{1,9})?", fields.get(key, ""))
    return float(found.group()) if found else None


def _printable(text: str) -> str:
    return re.sub(r"[^\x20-\x7e]", "", text)[:40]


def _scale_parameter(log: bytes) -> float | None:
    """ACCEL_SCALE from the first record of parameters."""
    position = 0
    while position + _HEADER.size < len(log) and log[position] == _SEPARATOR:
        _, kind, _, size = _HEADER.unpack_from(log, position)
        if kind == _PARAMETERS:
            payload = log[position + _HEADER.size : position + _HEADER.size + size]
            for at in range(0, len(payload) - 7, 8):
                space, identifier, value = struct.unpack_from("<HHI", payload, at)
                if (space, identifier) == _ACCEL_SCALE:
                    return _decoded_float(value)
        position += _HEADER.size + size + 1
    return None


def _decoded_float(value: int) -> float:
    """ActiGraph's own floating point: 24 bits of fraction, 8 of exponent, both two's complement."""
    fraction, exponent = value & 0xFFFFFF, value >> 24
    fraction -= (fraction & 0x800000) << 1
    exponent -= (exponent & 0x80) << 1
    return float(fraction / (1 << 23) * 2.0**exponent)


# ---- samples -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Seconds:
    """Some seconds of samples: the clock of each, its number of samples, and all their counts, (n, 3) int16."""

    stamps: npt.NDArray[np.float64]
    n_samples: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int16]
    share: float

    def block(self, device: _Device, zero_s: float) -> Block:
        first = np.repeat(np.cumsum(self.n_samples) - self.n_samples, self.n_samples)
        within = np.arange(len(self.counts)) - first
        # A record is one second, even if it holds a sample more or less than it should.
        time_s = np.repeat(self.stamps - zero_s, self.n_samples) + within / np.repeat(self.n_samples, self.n_samples)
        acc = self.counts * np.float32(G_MPS2 / device.per_g)
        end = np.int16(min(32_767, round(device.range_g * device.per_g) - 1))
        clipped = (self.counts >= end) | (self.counts <= -end)
        quality = None
        if clipped.any():
            quality = np.where(clipped.any(axis=1), np.uint8(QualityFlag.CLIPPED), np.uint8(0))
        return Block(time_s, (acc,), quality, self.share)


def _seconds(
    archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], device: _Device, log: ReadingLog
) -> Iterator[_Seconds]:
    name = "log.bin" if device.records else "activity.bin"
    reader: _Records | _Activity = _Records(log) if device.records else _Activity(device)
    with _open_member(archive, members[name]) as stream:
        produced = 0
        size = max(members[name].file_size, 1)
        while True:
            got, damaged = _read(stream, _READ_BYTES)
            if damaged:
                log.damaged.append("The archive is damaged or cut short; what comes after that was left out.")
            produced += len(got)
            if produced > _MAX_LOG_BYTES:
                raise InputError(f"unpacked, {name} is larger than any ActiGraph recording")
            found = reader.feed(got, produced / size, last=damaged or not got)
            if found is not None:
                yield found
            if damaged or not got:
                break
    reader.finish()


class _Records:
    """`log.bin`: finds the records of activity and unpacks them."""

    def __init__(self, log: ReadingLog) -> None:
        self._log = log
        self._rest = b""
        self._n_damaged = 0
        self._empty = 0

    def feed(self, more: bytes, share: float, *, last: bool) -> _Seconds | None:
        """Takes the next bytes of the log; the seconds that are whole, or None. A rest after the `last` is none."""
        log = self._rest + more
        records, used = self._scan(log)
        self._rest = log[used:]
        if len(self._rest) > _MAX_REST:
            raise InputError("the ActiGraph recording's log holds no records")
        if not records:
            return None
        found = np.array(records, np.int64).reshape(-1, 4)  # start, type, stamp, payload bytes
        groups = []
        # Records of one type and size together; in time order again afterwards.
        for kind, size in {(int(row[0]), int(row[1])) for row in np.unique(found[:, (1, 3)], axis=0)}:
            rows = np.flatnonzero((found[:, 1] == kind) & (found[:, 3] == size))
            groups.append((rows, *self._unpacked(log, found[rows], kind, size)))
        order = np.argsort(np.concatenate([rows[good] for rows, good, _ in groups]), kind="stable")
        kept = np.sort(np.concatenate([rows[good] for rows, good, _ in groups]))
        if len(groups) == 1:
            counts = groups[0][2].reshape(-1, 3)
        else:
            each = [second for _, _, samples in groups for second in samples]
            counts = np.concatenate([each[place] for place in order]) if each else np.zeros((0, 3), np.int16)
        n_samples = np.concatenate([np.full(len(samples), samples.shape[1]) for _, _, samples in groups])[order]
        return _Seconds(found[kept, 2].astype(np.float64), n_samples.astype(np.int64), counts, share)

    def _scan(self, log: bytes) -> tuple[list[tuple[int, int, int, int]], int]:
        """(start, type, stamp, payload bytes) of the whole records of activity, and where the rest begins."""
        records = []
        position, end = 0, len(log)
        unpack, header = _HEADER.unpack_from, _HEADER.size
        while position + header < end:
            if log[position] != _SEPARATOR:
                position = self._next_record(log, position)
                continue
            _, kind, stamp, size = unpack(log, position)
            following = position + header + size + 1
            if following > end:
                break
            if kind in _USED and size >= _LEAST_PAYLOAD:
                records.append((position, kind, stamp, size))
            self._empty = 0
            position = following
        return records, min(position, end)

    def _next_record(self, log: bytes, position: int) -> int:
        """Zeros between records mean nothing; anything else is damage, up to the next separator."""
        following = log.find(_SEPARATOR, position)
        following = len(log) if following < 0 else following
        between = log[position:following]
        if between.strip(b"\0"):
            self._n_damaged += 1
        self._empty += len(between)
        if self._empty > _MAX_REST:
            raise InputError("the ActiGraph recording's log holds no records")
        return following

    def _unpacked(
        self, log: bytes, found: npt.NDArray[np.int64], kind: int, size: int
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int16]]:
        """(undamaged records, their counts as (records, samples, 3))."""
        length = _HEADER.size + size + 1
        whole = np.take(np.frombuffer(log, np.uint8), found[:, :1] + np.arange(length))
        good = np.bitwise_xor.reduce(whole, axis=1) == 0xFF
        self._n_damaged += int(np.count_nonzero(~good))
        payload = whole[good, _HEADER.size : -1]
        if kind == _ACTIVITY2:
            n_samples = size // 6
            return good, np.ascontiguousarray(payload[:, : n_samples * 6]).view("<i2").reshape(
                len(payload), n_samples, 3
            )
        n_samples = size * 2 // 9
        padded = np.zeros((len(payload), -(-size // 3) * 3), np.uint8)
        padded[:, :size] = payload
        return good, _twelve_bits(padded)[:, : n_samples * 3].reshape(len(payload), n_samples, 3)[:, :, [1, 0, 2]]

    def finish(self) -> None:
        """After the last bytes."""
        if self._rest.strip(b"\0"):
            self._log.damaged.append("The recording is cut short in the middle of a record, which was left out.")
        if self._n_damaged:
            self._log.damaged.append(f"{self._n_damaged:,} damaged records were left out.")


class _Activity:
    """`activity.bin` of older devices: samples without a time, from the start on."""

    def __init__(self, device: _Device) -> None:
        self._device = device
        self._rest = b""
        self._n_seconds = 0
        self._per_second = round(device.rate_hz)

    def feed(self, more: bytes, share: float, *, last: bool) -> _Seconds | None:
        """Takes the next bytes; the seconds that are whole, or None. The `last` ones need not be whole."""
        data = self._rest + more
        # Two seconds at a time are a whole number of bytes; at the end, what there is.
        block = 9 * self._per_second
        whole = len(data) // 9 * 9 if last else len(data) // block * block
        self._rest = data[whole:]
        counts = _twelve_bits(np.frombuffer(data, np.uint8, whole)[None, :]).reshape(-1, 3)[:, [1, 0, 2]]
        if not len(counts):
            return None
        n_whole, left = divmod(len(counts), self._per_second)
        n_samples = np.array([self._per_second] * n_whole + [left] * (left > 0), np.int64)
        stamps = self._device.start_s + self._n_seconds + np.arange(len(n_samples), dtype=np.float64)
        self._n_seconds += n_whole
        return _Seconds(stamps, n_samples, counts, share)

    def finish(self) -> None:
        """Nothing to say: the last bytes may be padding."""


def _twelve_bits(rows: Bytes) -> npt.NDArray[np.int16]:
    """(n, 3 k) bytes -> (n, 2 k) numbers of twelve bits, most significant first, with sign."""
    parts = rows.reshape(len(rows), rows.shape[1] // 3, 3).astype(np.int16)
    out = np.empty((*parts.shape[:2], 2), np.int16)
    # At the top of sixteen bits first, where the sign belongs.
    out[:, :, 0] = (parts[:, :, 0] << 8) | (parts[:, :, 1] & 0xF0)
    out[:, :, 1] = (parts[:, :, 1] << 12) | (parts[:, :, 2] << 4)
    return (out >> 4).reshape(len(rows), rows.shape[1] // 3 * 2)
