"""A picture from outside: a PNG or a JPEG, checked part by part, with nothing left in it but what draws it.

No image library is among the dependencies, and one would bring decoders in C, which are what a made picture is made
against. So nothing is decoded here but the packed rows of a PNG, up to the size that its head tells. What is kept is
made of the parts that a picture needs, in the order in which it needs them; everything else is left out: place, time,
camera, thumbnails, words, colour profiles, and whatever stands behind the end. A JPEG keeps which way up it is, in a
part that is written here. A picture that is clean comes out as it went in.
"""

import struct
import zlib
from dataclasses import dataclass
from typing import Final, Literal

from upperback.core.errors import InputError

__all__ = ["BYTES_MOST", "clean_picture", "is_clean", "kind_of_picture"]

Kind = Literal["image/png", "image/jpeg"]

BYTES_MOST: Final = 1_000_000
_SIDE_MOST: Final = 8000
_PIXELS_MOST: Final = 16_000_000
#: Of a PNG when unpacked: packed, a picture of one colour takes a thousandth of it.
_ROWS_BYTES_MOST: Final = 64 << 20

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
#: Colour type of a PNG -> values of a pixel, and how many bits each may have.
_COLOURS: Final = {0: (1, {1, 2, 4, 8, 16}), 2: (3, {8, 16}), 3: (1, {1, 2, 4, 8}), 4: (2, {8, 16}), 6: (4, {8, 16})}
_PALETTE: Final = 3
#: First column and row, and steps, of the seven passes of an interlaced PNG.
_PASSES: Final = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))

_SOF_BASELINE, _SOF_EXTENDED, _SOF_PROGRESSIVE = 0xC0, 0xC1, 0xC2
_DHT, _EOI, _SOS, _DQT, _DRI = 0xC4, 0xD9, 0xDA, 0xDB, 0xDD
_APP1, _APP14, _COM = 0xE1, 0xEE, 0xFE
_KEPT: Final = frozenset({_SOF_BASELINE, _SOF_EXTENDED, _SOF_PROGRESSIVE, _DHT, _DQT, _DRI})
_LEFT_OUT: Final = frozenset({*range(0xE0, 0xF0), _COM})
_ORIENTATION: Final = 0x0112

_NO_PICTURE: Final = "This is no picture that can be used. Choose a PNG or a JPEG"
_TOO_LARGE: Final = "The picture is larger than 1 MB. Make it smaller first"
_DAMAGED: Final = "This picture is damaged. Save it again, as PNG or JPEG"
_TOO_MANY: Final = "This picture has too many pixels. Make it smaller first"
_COLOURS_UNKNOWN: Final = "The colours of this picture are stored in a way that not every screen shows. Save it as PNG"


def kind_of_picture(data: bytes) -> Kind | None:
    """What a picture is, by its first bytes."""
    if data.startswith(_PNG):
        return "image/png"
    return "image/jpeg" if data.startswith(_JPEG) else None


def clean_picture(data: bytes) -> bytes:
    """The same picture without anything that does not draw it.

    Raises
    ------
    InputError : neither PNG nor JPEG, damaged, or too large.
    """
    if len(data) > BYTES_MOST:
        raise InputError(_TOO_LARGE, field="own_picture")
    kind = kind_of_picture(data)
    if kind is None:
        raise InputError(_NO_PICTURE, field="own_picture")
    try:
        return _clean_png(data) if kind == "image/png" else _clean_jpeg(data)
    except (struct.error, IndexError, zlib.error):
        raise InputError(_DAMAGED, field="own_picture") from None


def is_clean(data: bytes) -> bool:
    """Whether a picture holds nothing but what draws it."""
    try:
        return clean_picture(data) == data
    except InputError:
        return False


def _check(holds: bool, words: str = _DAMAGED) -> None:
    if not holds:
        raise InputError(words, field="own_picture")


def _check_size(width: int, height: int) -> None:
    _check(width > 0 and height > 0)
    _check(max(width, height) <= _SIDE_MOST and width * height <= _PIXELS_MOST, _TOO_MANY)


# ---- PNG -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Head:
    width: int
    height: int
    bits: int
    colour: int
    interlaced: bool

    def rows_bytes(self) -> int:
        """Of the picture when unpacked, with the byte before each row."""
        passes = _PASSES if self.interlaced else ((0, 0, 1, 1),)
        return sum(self._pass_bytes(*one) for one in passes)

    def _pass_bytes(self, left: int, top: int, over: int, down: int) -> int:
        columns, rows = -(-(self.width - left) // over), -(-(self.height - top) // down)
        if columns <= 0 or rows <= 0:
            return 0
        values, _ = _COLOURS[self.colour]
        return rows * (1 + (columns * values * self.bits + 7) // 8)


def _clean_png(data: bytes) -> bytes:
    """Head, palette, transparency, rows, end: each with its own sum; the rows unpack to what the head tells."""
    chunks = _chunks(data)
    _check(bool(chunks) and chunks[0][0] == b"IHDR" and [name for name, _ in chunks].count(b"IHDR") == 1)
    head = _head(chunks[0][1])
    first: dict[bytes, bytes] = {}
    for name, body in chunks:
        if name in {b"PLTE", b"tRNS"}:
            _check(name not in first and len(body) <= 768)
            first[name] = body
    palette = first.get(b"PLTE", b"")
    _check(len(palette) % 3 == 0 and (head.colour != _PALETTE or 0 < len(palette) <= 3 << head.bits))
    packed = b"".join(body for name, body in chunks if name == b"IDAT")
    _check_rows(packed, head)
    kept = [(b"IHDR", chunks[0][1])]
    if head.colour == _PALETTE:
        kept.append((b"PLTE", palette))
    if b"tRNS" in first and _is_transparency(first[b"tRNS"], head, palette):
        kept.append((b"tRNS", first[b"tRNS"]))
    return _PNG + b"".join(_chunk(*one) for one in [*kept, (b"IDAT", packed), (b"IEND", b"")])


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], len(_PNG)
    while True:
        length, name = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        (told,) = struct.unpack_from(">I", data, at + 8 + length)
        _check(zlib.crc32(name + body) == told)
        found.append((name, body))
        if name == b"IEND":
            return found
        at += 12 + length


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), name) + body + struct.pack(">I", zlib.crc32(name + body))


def _head(body: bytes) -> _Head:
    _check(len(body) == 13)
    width, height, bits, colour, packing, filtering, interlace = struct.unpack(">IIBBBBB", body)
    _check(colour in _COLOURS and bits in _COLOURS[colour][1] and (packing, filtering) == (0, 0) and interlace < 2)
    _check_size(width, height)
    return _Head(width, height, bits, colour, interlace == 1)


def _check_rows(packed: bytes, head: _Head) -> None:
    told = head.rows_bytes()
    _check(told <= _ROWS_BYTES_MOST, _TOO_MANY)
    unpacker, found, rest = zlib.decompressobj(), 0, packed
    while rest and not unpacker.eof and found <= told:
        found += len(unpacker.decompress(rest, 1 << 16))
        rest = unpacker.unconsumed_tail
    _check(unpacker.eof and found == told and not unpacker.unused_data and not rest)


def _is_transparency(body: bytes, head: _Head, palette: bytes) -> bool:
    """Whether a part about transparency is one for these colours; of others it says nothing."""
    if head.colour == _PALETTE:
        return 0 < len(body) <= len(palette) // 3
    return len(body) == {0: 2, 2: 6}.get(head.colour, -1)


# ---- JPEG ------------------------------------------------------------------------------------------------------------


def _clean_jpeg(data: bytes) -> bytes:
    """Tables, frame and scans; which way up is written anew."""
    kept, at, frames, scans, way_up = [b""], 2, 0, 0, 1
    while True:
        _check(data[at] == 0xFF)
        while data[at] == 0xFF:  # fill bytes
            at += 1
        marker = data[at]
        at += 1
        if marker == _EOI:
            break
        (length,) = struct.unpack_from(">H", data, at)
        body = data[at + 2 : at + length]
        _check(length >= 2 and len(body) == length - 2)
        at += length
        if marker in _LEFT_OUT:
            way_up = _way_up(body) if marker == _APP1 and way_up == 1 else way_up
            _check(marker != _APP14 or _is_usual(body), _COLOURS_UNKNOWN)
            continue
        _check(marker in _KEPT or marker == _SOS, _COLOURS_UNKNOWN)
        if marker in {_SOF_BASELINE, _SOF_EXTENDED, _SOF_PROGRESSIVE}:
            frames += 1
            _check_frame(body)
        kept.append(_segment(marker, body))
        if marker == _SOS:
            _check(frames == 1)
            end = _end_of_scan(data, at)
            kept.append(data[at:end])
            at, scans = end, scans + 1
    _check(frames == 1 and scans > 0)
    kept[0] = b"" if way_up == 1 else _segment(_APP1, _exif(way_up))
    return b"\xff\xd8" + b"".join(kept) + b"\xff\xd9"


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _check_frame(body: bytes) -> None:
    bits, height, width, parts = struct.unpack_from(">BHHB", body)
    _check(bits == 8 and parts in {1, 3}, _COLOURS_UNKNOWN)
    _check(len(body) == 6 + 3 * parts)
    _check_size(width, height)


def _end_of_scan(data: bytes, at: int) -> int:
    """Where the next marker begins that does not belong to the scan."""
    while True:
        at = data.find(b"\xff", at)
        _check(0 <= at < len(data) - 1)
        if data[at + 1] != 0x00 and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 2


def _is_usual(body: bytes) -> bool:
    """Whether what one well-known program says of the colours is what is taken without it, too."""
    return not body.startswith(b"Adobe") or (len(body) >= 12 and body[11] == 1)


def _exif(way_up: int) -> bytes:
    """One entry: the way up."""
    return b"Exif\0\0" + b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, way_up, 0, 0)


def _way_up(body: bytes) -> int:
    """The way up out of what a camera wrote, 1 to 8; 1 where it says nothing that can be read."""
    if body[:6] != b"Exif\0\0" or (order := {b"II": "<", b"MM": ">"}.get(body[6:8])) is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", body, 10)
        (count,) = struct.unpack_from(f"{order}H", body, 6 + start)
        for number in range(min(count, 200)):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", body, 8 + start + 12 * number)
            if (tag, kind) == (_ORIENTATION, 3):
                return value if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1
