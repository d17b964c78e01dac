"""Axivity .cwa, as AX3 (acceleration) and AX6 (acceleration and rotation) write it: blocks of 512 bytes with
a time each.

Layout after Open Movement's technical description of the AX3 and AX6. The device's clock says at which sample of a
block a second, or a fraction of it, stood; between those marks samples are taken as evenly spaced, so the sensor's own
rate, which may be off by per cents, is followed. The clock was set to local time and carries no zone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.devices import clocks
from upperback.devices._compiled import Pages, axivity_heads, counts_to_rows, packed_to_rows, times_in_pages
from upperback.devices.base import Channel, ReadOptions, Recording, RecordingInfo, Stream
from upperback.devices.grid import Block, ReadingLog
from upperback.devices.pages import Neighbours, page_times
from upperback.sensing.signal import G_MPS2, QualityFlag

Bytes = npt.NDArray[np.uint8]
Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]

_HEADER_BYTES: Final = 1024
_BLOCK_BYTES: Final = 512
#: Blocks read at a time: a megabyte, which stays in the processor's cache.
_BLOCKS: Final = 2048
_DATA_BYTES: Final = 480

_BLOCK: Final = np.dtype(
    [
        ("header", "<u2"),
        ("length", "<u2"),
        ("fraction", "<u2"),
        ("session", "<u4"),
        ("sequence", "<u4"),
        ("clock", "<u4"),
        ("scale", "<u2"),
        ("temperature", "<u2"),
        ("events", "u1"),
        ("battery", "u1"),
        ("rate", "u1"),
        ("packing", "u1"),
        ("offset", "<i2"),
        ("count", "<u2"),
        ("data", "u1", _DATA_BYTES),
        ("checksum", "<u2"),
    ]
)
_RATE, _PACKING, _DATA = (_BLOCK.fields[name][1] for name in ("rate", "packing", "data"))  # type: ignore[index]
_BLOCK_MARK: Final = 0x5841  # "AX"
_DATA_LENGTH: Final = 508

#: Fraction of a second in a block's own count, and the bit that says there is one.
_HAS_FRACTION: Final = 0x8000
_FRACTIONS: Final = 65_536

#: What a block can be; the same numbers stand in kernel/pages.c. Unused ones were never written.
_DAMAGED: Final = 0
_GOOD: Final = 1
_UNUSED: Final = 2

#: Columns of heads, (n_blocks, 3): the sample within the block at which the clock was read, s since 1970 by that clock,
#: samples of the block.
_MARK, _TIME, _COUNT = range(3)

_DEVICES: Final = {0x00: "Axivity AX3", 0x17: "Axivity AX3", 0xFF: "Axivity AX3", 0x64: "Axivity AX6"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the samples of a file are stored; the same in every block.

    `acc_per_g` and `gyr_per_dps` are counts; `gyr_per_dps` is 0 without a gyroscope.
    """

    rate_hz: float
    samples: int
    packed: bool
    acc_column: int
    n_columns: int
    acc_per_g: float
    gyr_per_dps: float
    acc_range_g: float
    gyr_range_dps: float


def open_cwa(path: Path, options: ReadOptions) -> Recording:
    """A .cwa file as a recording. Raises InputError where it is damaged beyond use."""
    with path.open("rb") as stream:
        header = stream.read(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES:
            raise InputError("the Axivity recording is cut short within its header")
        found = next(((layout_of(blocks[0]), heads) for blocks, heads, _ in _good_blocks(stream, ReadingLog())), None)
    if found is None:
        raise InputError("the Axivity recording holds no undamaged block of samples")
    layout, heads = found
    rate_hz = layout.rate_hz
    clocks.check_rate(rate_hz, "the first block")
    starts, spacing = page_times(heads[:, _MARK], heads[:, _TIME], heads[:, _COUNT].astype(np.int64), rate_hz)
    measured = 1 / float(np.median(spacing))
    local_s = float(starts[0])
    start = clocks.start_of(local_s, zone=options.time_zone, zoned=False)
    info = RecordingInfo(
        format="cwa",
        device=_DEVICES.get(header[4], "Axivity"),
        serial=str(int.from_bytes(header[5:7], "little") | _high_word(header) << 16),
        start=start.start,
        start_local=start.start_local,
        time_zone=start.time_zone,
        sampling_rate_hz=rate_hz,
        measured_rate_hz=measured,
        has_gyroscope=layout.gyr_per_dps > 0,
        acc_range_mps2=layout.acc_range_g * G_MPS2,
        gyr_range_radps=float(np.radians(layout.gyr_range_dps)) if layout.gyr_per_dps else None,
        channels=tuple(
            Channel(name=f"{name}_{axis}", role=f"{name}_{axis}", unit=unit)
            for name, unit in (("acc", "g"), ("gyr", "dps"))[: 1 + (layout.gyr_per_dps > 0)]
            for axis in "xyz"
        ),
    )

    def blocks(log: ReadingLog) -> Iterator[Block]:
        return _read(path, layout, local_s, log)

    stream_ = Stream(
        sampling_rate_hz=rate_hz,
        origin_s=start.start.timestamp() if start.start else 0.0,
        blocks=blocks,
        n_columns=(3, 3) if layout.gyr_per_dps else (3,),
    )
    return Recording(info, imu=stream_)


def _high_word(header: bytes) -> int:
    high = int.from_bytes(header[11:13], "little")
    return 0 if high == 0xFFFF else high


# ---- blocks ------------------------------------------------------------------------------------------------------


def _good_blocks(stream: Any, log: ReadingLog) -> Iterator[tuple[Bytes, Float64s, float]]:
    """Batches of undamaged blocks with samples, their heads, and the share of the file behind them.

    The bytes of a batch, (n, 512), are written over by the next one.
    """
    size = stream.seek(0, 2)
    stream.seek(_HEADER_BYTES)
    buffer = bytearray(_BLOCKS * _BLOCK_BYTES)
    n_damaged = 0
    done = _HEADER_BYTES
    while got := stream.readinto(buffer):
        done += got
        n_whole, rest = divmod(got, _BLOCK_BYTES)
        if rest:
            log.damaged.append("The file is cut short in the middle of a block; the rest of that block was left out.")
        blocks = np.frombuffer(buffer, np.uint8, n_whole * _BLOCK_BYTES).reshape(n_whole, _BLOCK_BYTES)
        kinds, heads = axivity_heads(blocks) or _heads(blocks)
        good = kinds == _GOOD
        if not good.all():
            n_damaged += int(np.count_nonzero(kinds == _DAMAGED))
            blocks, heads = blocks[good], heads[good]
        if len(blocks):
            yield blocks, heads, done / size
    if n_damaged:
        log.damaged.append(f"{n_damaged:,} damaged blocks of the file were left out.")


def _heads(raw: Bytes) -> tuple[Bytes, Float64s]:
    """What each block is, and the heads of the good ones: the reference of `axivity_heads` in kernel/pages.c."""
    blocks, words = raw.view(_BLOCK)[:, 0], raw.view("<u2")
    good = (blocks["header"] == _BLOCK_MARK) & (blocks["length"] == _DATA_LENGTH)
    good &= (np.add.reduce(words, axis=1, dtype=np.uint16) == 0) | (blocks["checksum"] == 0)
    good &= _plausible(blocks)
    unused = ((blocks["header"] == 0xFFFF) & (blocks["length"] == 0xFFFF)) | (
        (blocks["header"] == 0) & (blocks["length"] == 0)
    )
    kinds = np.where(good, _GOOD, np.where(unused, _UNUSED, _DAMAGED)).astype(np.uint8)
    heads = np.zeros((len(raw), 3))
    heads[good, _MARK], heads[good, _TIME] = _marks(blocks[good])
    heads[good, _COUNT] = blocks["count"][good]
    return kinds, heads


def _plausible(blocks: Any) -> npt.NDArray[np.bool_]:
    """A date that exists, a packing that is known, and not more samples than fit."""
    clock = blocks["clock"]
    month, day = clock >> 22 & 15, clock >> 17 & 31
    hour, minute, second = clock >> 12 & 31, clock >> 6 & 63, clock & 63
    good = (month >= 1) & (month <= 12) & (day >= 1) & (hour < 24) & (minute < 60) & (second < 60)
    axes, packing = blocks["packing"] >> 4, blocks["packing"] & 15
    size = np.where(packing == 0, 4, 2 * axes)
    good &= ((packing == 0) & (axes == 3)) | ((packing == 2) & ((axes == 3) | (axes == 6) | (axes == 9)))
    good &= (blocks["count"] > 0) & (blocks["count"].astype(np.int64) * size <= _DATA_BYTES) & (blocks["rate"] != 0)
    result: npt.NDArray[np.bool_] = good
    return result


def layout_of(raw: Bytes) -> Layout:
    """As a block, (512,), says."""
    block = raw.view(_BLOCK)[0]
    rate, axes, packed = int(block["rate"]), int(block["packing"]) >> 4, int(block["packing"]) & 15 == 0
    acc_power, gyr_power = int(block["scale"]) >> 13, int(block["scale"]) >> 10 & 7
    gyr_range = 8000.0 / (1 << gyr_power)
    return Layout(
        rate_hz=3200.0 / (1 << (15 - (rate & 15))),
        samples=_DATA_BYTES // (4 if packed else 2 * axes),
        packed=packed,
        acc_column=0 if axes == 3 else 3,
        n_columns=axes,
        acc_per_g=256.0 if packed else float(1 << (8 + acc_power)),
        gyr_per_dps=32_768.0 / gyr_range if axes >= 6 else 0.0,
        acc_range_g=float(16 >> (rate >> 6)),
        gyr_range_dps=gyr_range,
    )


# ---- samples -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Batch:
    """Blocks in a row, as parts that lie apart in memory, each (n, 512), and the heads of all."""

    parts: tuple[Bytes, ...]
    heads: Float64s

    def joined(self, other: "_Batch") -> "_Batch":
        return _Batch(self.parts + other.parts, np.concatenate((self.heads, other.heads)))

    def cut(self, rows: slice) -> "_Batch":
        """Copies, so that what they were cut from can go."""
        return _Batch((np.concatenate(self.part(rows)),), self.heads[rows].copy())

    def part(self, rows: slice) -> list[Bytes]:
        """Blocks in a row."""
        found, first = [], 0
        start, stop, _ = rows.indices(len(self.heads))
        for part in self.parts:
            piece = part[max(start - first, 0) : max(stop - first, 0)]
            found += [piece] if len(piece) else []
            first += len(part)
        return found


def _read(path: Path, layout: Layout, zero_s: float, log: ReadingLog) -> Iterator[Block]:
    """Raw samples with times in s after `zero_s` of the device's clock."""
    near: Neighbours[_Batch] = Neighbours(_Batch.joined, _Batch.cut, lambda batch: len(batch.heads))
    share = 1.0
    with path.open("rb", buffering=0) as stream:
        for blocks, heads, share in _good_blocks(stream, log):
            _check_same(blocks, layout)
            ready, due = near.add(_Batch((blocks,), heads))
            if due.stop > due.start:
                yield _samples(ready, due, layout, zero_s, share)
    if (rest := near.rest()) is not None:
        yield _samples(*rest, layout, zero_s, share)


def _check_same(blocks: Bytes, layout: Layout) -> None:
    how = blocks[:, _RATE : _PACKING + 1]
    if layout_of(blocks[0]) != layout or (how != how[0]).any():
        raise InputError("the Axivity recording changes its rate or its range in the middle")


def _samples(batch: _Batch, due: slice, layout: Layout, zero_s: float, share: float) -> Block:
    """The blocks that are due; the others only tell how far apart the samples are."""
    counts = batch.heads[:, _COUNT].astype(np.int64)
    starts, spacing = page_times(batch.heads[:, _MARK], batch.heads[:, _TIME] - zero_s, counts, layout.rate_hz)
    counts, starts, spacing = counts[due], starts[due], spacing[due]
    acc, gyr, quality = decode(batch.part(due), layout)
    time_s = times_in_pages(starts, spacing, layout.samples)
    if (counts != layout.samples).any():
        kept = (np.arange(layout.samples) < counts[:, None]).ravel()
        acc, gyr = acc[kept], None if gyr is None else gyr[kept]
        quality = None if quality is None else quality[kept]
        time_s = time_s[kept]
    return Block(time_s, (acc,) if gyr is None else (acc, gyr), quality, share)


def decode(parts: Sequence[Bytes], layout: Layout) -> tuple[Float32s, Float32s | None, Bytes | None]:
    """Acceleration in m/s2, rotation in rad/s or None, (blocks * samples, 3); and quality, if anything is clipped.

    Unused places at the end of blocks are included.
    """
    n_samples = layout.samples * sum(map(len, parts))
    acc = np.empty((n_samples, 3), np.float32)
    gyr = np.empty((n_samples, 3), np.float32) if layout.gyr_per_dps else None
    acc_most = gyr_most = 0.0
    done = 0
    for part in parts:
        rows = slice(done, done + layout.samples * len(part))
        done = rows.stop
        pages = Pages(part[:, _DATA : _DATA + _DATA_BYTES], layout.samples)
        if layout.packed:
            acc_most = max(acc_most, packed_to_rows(pages, _PACKED_SCALE, acc[rows]))
            continue
        wanted = [(layout.acc_column, np.float32(G_MPS2 / layout.acc_per_g), acc[rows])]
        if gyr is not None:
            wanted.append((0, np.float32(np.pi / 180 / layout.gyr_per_dps), gyr[rows]))
        most = counts_to_rows(pages, layout.n_columns, wanted)
        acc_most, gyr_most = max(acc_most, most[0]), max(gyr_most, most[-1])
    acc_end = np.float32((layout.acc_range_g - (0.04 if layout.packed else 0.005)) * G_MPS2)
    quality = _clipped(acc, acc_most, acc_end, None)
    if gyr is None:
        return acc, None, quality
    return acc, gyr, _clipped(gyr, gyr_most, np.float32(np.radians(0.999 * layout.gyr_range_dps)), quality)


#: m/s2 per count of a ten-bit value at the top of 32 bits, by exponent.
_PACKED_SCALE: Final = (np.float64(G_MPS2) / 256 / (1 << 22) * (1 << np.arange(4))).astype(np.float32)


def _clipped(
    rows: npt.NDArray[np.float32], most: float, end: np.float32, quality: npt.NDArray[np.uint8] | None
) -> npt.NDArray[np.uint8] | None:
    if most < end:
        return quality
    quality = np.zeros(len(rows), np.uint8) if quality is None else quality
    quality[(np.abs(rows) >= end).any(axis=1)] |= np.uint8(QualityFlag.CLIPPED)
    return quality


# ---- time --------------------------------------------------------------------------------------------------------


def _marks(blocks: Any) -> tuple[Float64s, Float64s]:
    """(sample within the block, s since 1970 by the device's clock) where each block's clock was read."""
    has = (blocks["fraction"] & _HAS_FRACTION) != 0
    fraction = np.where(has, (blocks["fraction"] & 0x7FFF).astype(np.int64) << 1, 0)
    # The device moved the mark back to where the whole second would stand, for readers that know no fractions.
    moved = fraction * (3200 >> (15 - (blocks["rate"] & 15).astype(np.int64))) >> 16
    return (blocks["offset"] + moved).astype(np.float64), _unix(blocks["clock"]) + fraction / _FRACTIONS


def _unix(clock: npt.NDArray[np.uint32]) -> Float64s:
    """Packed date and time -> s since 1970."""
    clock = clock.astype(np.int64)
    months = ((clock >> 26) + (2000 - 1970)) * 12 + (clock >> 22 & 15) - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + (clock >> 17 & 31) - 1
    seconds: Float64s = (days * 86_400 + (clock >> 12 & 31) * 3600 + (clock >> 6 & 63) * 60 + (clock & 63)).astype(
        float
    )
    return seconds
