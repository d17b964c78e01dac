"""GENEActiv .bin: a text header, then pages of text with a time and 300 samples in hexadecimal digits.

A sample is twelve digits: x, y, z with twelve bits each, light, button. The calibration stands in the header. The
clock was set to local time, whose distance from UTC the header names.
"""

import re
from binascii import unhexlify
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.devices import clocks
from upperback.devices.base import Channel, ReadOptions, Recording, RecordingInfo, Stream
from upperback.devices.grid import Block, ReadingLog
from upperback.devices.pages import Neighbours, page_times
from upperback.sensing.signal import G_MPS2, QualityFlag

_HEADER_BYTES: Final = 1 << 14
_READ_BYTES: Final = 1 << 20
_MAX_PAGE: Final = 1 << 16

_PAGE_MARK: Final = b"Recorded Data"
#: Lines of a page after its mark: the time, and the samples.
_TIME_LINE, _DATA_LINE = 3, 9
_TIME_MARK: Final = b"Page Time:"
_CLOCK: Final = re.compile(rb"\d{4}-(0[1-9]|1[0-2])-\d{2} \d{2}:\d{2}:\d{2}:\d{3}")
_CLOCK_LENGTH: Final = len("2026-05-01 09:30:00:500")
_SAMPLE_DIGITS, _SAMPLE_BYTES = 12, 6
_PAGE_SAMPLES: Final = 300

Float64s = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    fields: Mapping[str, str]
    rate_hz: float
    gain: Float64s  # of a hundred counts, per g
    offset: Float64s
    zone: str | None
    range_g: float
    n_pages: int


def open_geneactiv(path: Path, options: ReadOptions) -> Recording:
    """A GENEActiv file as a recording. Raises InputError where it is damaged beyond use."""
    header = _header(path)
    first = next(_pages(path, ReadingLog()), None)
    if first is None:
        raise InputError("the GENEActiv recording holds no page of samples")
    local_s = float(first.times[0])
    start = clocks.start_of(local_s, zone=header.zone or options.time_zone, zoned=False)
    fields = header.fields
    info = RecordingInfo(
        format="geneactiv",
        device=" ".join(_printable(fields.get(key, "")) for key in ("Device Type", "Device Model")).strip() or None,
        serial=_printable(fields.get("Device Unique Serial Code", "")) or None,
        start=start.start,
        start_local=start.start_local,
        time_zone=start.time_zone,
        sampling_rate_hz=header.rate_hz,
        acc_range_mps2=header.range_g * G_MPS2,
        place=_printable(fields.get("Device Location Code", "")) or None,
        channels=tuple(Channel(name=axis, role=f"acc_{axis}", unit="g") for axis in "xyz"),
    )

    def blocks(log: ReadingLog) -> Iterator[Block]:
        return _read(path, header, local_s, log)

    stream = Stream(
        sampling_rate_hz=header.rate_hz,
        origin_s=start.start.timestamp() if start.start else 0.0,
        blocks=blocks,
        n_columns=(3,),
    )
    return Recording(info, imu=stream)


def _header(path: Path) -> _Header:
    with path.open("rb") as stream:
        text = stream.read(_HEADER_BYTES).split(_PAGE_MARK + b"\r", 1)[0].split(_PAGE_MARK + b"\n", 1)[0]
    fields: dict[str, str] = {}
    for line in text.decode("latin-1").splitlines():
        key, colon, value = line.partition(":")
        if colon:
            fields.setdefault(key.strip(), value.strip())
    rate_hz = _number(fields, "Measurement Frequency")
    clocks.check_rate(rate_hz, "the header")
    gain = np.array([_number(fields, f"{axis} gain") for axis in "xyz"])
    if (np.abs(gain) < 1).any():
        raise InputError("the GENEActiv recording's calibration has a gain of zero")
    zone = re.search(r"([+-]\d{2}:?\d{2})\s*$", fields.get("Time Zone", ""))
    range_g = re.search(r"to\s*\+?(\d+(?:\.\d+)?)", fields.get("Accelerometer Range", ""))
    return _Header(
        fields=fields,
        rate_hz=rate_hz,
        gain=gain,
        offset=np.array([_number(fields, f"{axis} offset") for axis in "xyz"]),
        zone=zone.group(1) if zone else None,
        range_g=float(range_g.group(1)) if range_g else 8.0,
        n_pages=int(_number(fields, "Number of Pages")) if "Number of Pages" in fields else 0,
    )


def _number(fields: Mapping[str, str], key: str) -> float:
    found = re.match(r"[-+]?\d{1,9}(?:\.\d{1,9})?", fields.get(key, ""))
    if found is None:
        raise InputError(f"the GENEActiv recording's header has no number for “{key}”")
    return float(found.group())


def _printable(text: str) -> str:
    return re.sub(r"[^\x20-\x7e]", "", text)[:40]


# ---- pages -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Pages:
    """Some pages: the clock of each in s since 1970, six bytes a sample, samples a page."""

    times: Float64s
    samples: Bytes
    counts: npt.NDArray[np.int64]
    share: float

    def joined(self, after: "_Pages") -> "_Pages":
        """These pages, then those."""
        return _Pages(
            np.concatenate((self.times, after.times)),
            np.concatenate((self.samples, after.samples)),
            np.concatenate((self.counts, after.counts)),
            after.share,
        )

    def cut(self, pages: slice) -> "_Pages":
        """Some of them."""
        edges = np.concatenate(([0], np.cumsum(self.counts)))
        first, last, _ = pages.indices(len(self.counts))
        samples = self.samples[edges[first] : edges[max(first, last)]]
        return _Pages(self.times[pages], samples, self.counts[pages], self.share)


def _pages(path: Path, log: ReadingLog, n_stated: int = 0) -> Iterator[_Pages]:
    """The pages of a file, some at a time; `n_stated` is how many the header promises."""
    size = max(path.stat().st_size, 1)
    n_damaged = n_read = 0
    rest, done = b"", 0
    with path.open("rb", buffering=0) as stream:
        while True:
            got = stream.read(_READ_BYTES)
            done += len(got)
            text = rest + (got or b"\n")  # a last line may end without one
            found, used = _find_pages(text)
            pages = [page for page in (_page(text, *place) for place in found) if page is not None]
            n_damaged += len(found) - len(pages)
            n_read += len(found)
            rest = text[used:]
            if pages:
                data = b"".join(digits for _, digits in pages)
                yield _Pages(
                    times=_seconds(b"".join(time for time, _ in pages)),
                    samples=np.frombuffer(data, np.uint8).reshape(-1, _SAMPLE_BYTES),
                    counts=np.array([len(digits) // _SAMPLE_BYTES for _, digits in pages]),
                    share=done / size,
                )
            if not got:
                break
            if len(rest) > _MAX_PAGE:
                raise InputError("the GENEActiv recording holds a page that is far too long")
    if _PAGE_MARK in rest:
        log.damaged.append("The file is cut short in the middle of a page; that page was left out.")
    elif n_read < n_stated:
        log.damaged.append(f"The file is cut short: {n_read:,} of {n_stated:,} pages are there.")
    if n_damaged:
        log.damaged.append(f"{n_damaged:,} damaged pages of the file were left out.")


def _find_pages(text: bytes) -> tuple[list[tuple[int, int, int, int]], int]:
    """(start of the time, start and end of the digits, start of the page) of whole pages, and where the rest begins."""
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
    starts = np.concatenate(([0], ends[:-1] + 1)) if len(ends) else ends
    short = np.flatnonzero((ends - starts >= len(_PAGE_MARK)) & (ends - starts <= len(_PAGE_MARK) + 1))
    marks = [line for line in short.tolist() if text.startswith(_PAGE_MARK, starts[line])]
    found = [
        (
            int(starts[line + _TIME_LINE]),
            int(starts[line + _DATA_LINE]),
            int(ends[line + _DATA_LINE]),
            int(starts[line]),
        )
        for line in marks
        if line + _DATA_LINE < len(ends)
    ]
    if len(found) < len(marks):  # the last one goes on in what has not been read yet
        return found, int(starts[marks[len(found)]])
    return found, int(ends[-1]) + 1 if len(ends) else 0


def _page(text: bytes, time: int, start: int, end: int, _: int) -> tuple[bytes, bytes] | None:
    """(clock as 23 characters, samples as bytes), or None for a damaged page."""
    clock = text[time + len(_TIME_MARK) : time + len(_TIME_MARK) + _CLOCK_LENGTH]
    if text[time : time + len(_TIME_MARK)] != _TIME_MARK or not _CLOCK.fullmatch(clock):
        return None
    digits = text[start:end].rstrip(b"\r")
    whole = min(len(digits) // _SAMPLE_DIGITS, _PAGE_SAMPLES) * _SAMPLE_DIGITS
    try:
        return (clock, unhexlify(digits[:whole])) if whole else None
    except ValueError:
        return None


def _seconds(clocks_: bytes) -> Float64s:
    """`2026-05-01 09:30:00:500` again and again -> s since 1970."""
    digits = np.frombuffer(clocks_, np.uint8).reshape(-1, _CLOCK_LENGTH).astype(np.int64) - ord("0")

    def number(first: int, last: int) -> npt.NDArray[np.int64]:
        value: npt.NDArray[np.int64] = digits[:, first:last] @ (10 ** np.arange(last - first - 1, -1, -1))
        return value

    months = (number(0, 4) - 1970) * 12 + number(5, 7) - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + number(8, 10) - 1
    whole = days * 86_400 + number(11, 13) * 3600 + number(14, 16) * 60 + number(17, 19)
    seconds: Float64s = whole + number(20, 23) / 1000
    return seconds


# ---- samples -----------------------------------------------------------------------------------------------------


def _read(path: Path, header: _Header, zero_s: float, log: ReadingLog) -> Iterator[Block]:
    near: Neighbours[_Pages] = Neighbours(_Pages.joined, _Pages.cut, lambda pages: len(pages.times))
    for pages in _pages(path, log, header.n_pages):
        ready, due = near.add(pages)
        if due.stop > due.start:
            yield _block(ready, due, header, zero_s)
    if (rest := near.rest()) is not None:
        yield _block(*rest, header, zero_s)


def _block(pages: _Pages, due: slice, header: _Header, zero_s: float) -> Block:
    """The pages that are due; the others only tell how far apart the samples are."""
    marks = np.zeros(len(pages.times))
    starts, spacing = page_times(marks, pages.times - zero_s, pages.counts, header.rate_hz)
    starts, spacing, counts = starts[due], spacing[due], pages.counts[due]
    samples = pages.cut(due).samples
    within = np.arange(_PAGE_SAMPLES)
    time_s = starts[:, None] + spacing[:, None] * within
    time_s = time_s.ravel() if (counts == _PAGE_SAMPLES).all() else time_s[within < counts[:, None]]
    acc, quality = decode(samples, header.gain, header.offset)
    return Block(time_s, (acc,), quality, pages.share)


def decode(samples: Bytes, gain: Float64s, offset: Float64s) -> tuple[npt.NDArray[np.float32], Bytes | None]:
    """(acceleration in m/s2, clipped samples or None) of six bytes a sample; gain and offset as in the header."""
    byte = samples.astype(np.int16)
    acc = np.empty((len(samples), 3), np.float32)
    clipped = np.zeros(len(samples), np.bool_)
    # Twelve bits an axis, moved to the top of sixteen, where the sign belongs.
    counts = (
        (byte[:, 0] << 8) | (byte[:, 1] & 0xF0),
        (byte[:, 1] << 12) | (byte[:, 2] << 4),
        (byte[:, 3] << 8) | (byte[:, 4] & 0xF0),
    )
    for axis, top in enumerate(counts):
        scale = G_MPS2 * 100 / gain[axis] / 16
        np.multiply(top, np.float32(scale), out=acc[:, axis])
        acc[:, axis] -= np.float32(G_MPS2 * offset[axis] / gain[axis])
        clipped |= (top == _LOWEST) | (top == _HIGHEST)
    quality = np.where(clipped, np.uint8(QualityFlag.CLIPPED), np.uint8(0)) if clipped.any() else None
    return acc, quality


#: Ends of twelve bits at the top of sixteen.
_LOWEST, _HIGHEST = np.int16(-32_768), np.int16(0x7FF0)
