"""A picture from outside: what draws it stays, everything else goes, and what is no picture is refused."""

import struct
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upperback.core.errors import InputError
from upperback.interchange.pictures import BYTES_MOST, clean_picture, is_clean, kind_of_picture

SIGN = b"\x89PNG\r\n\x1a\n"
#: Of a place, as a camera writes it; stands in what is never kept.
SECRET = b"51.5007N 0.1246W"


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), name) + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int = 3, height: int = 2, *, colour: int = 2, bits: int = 8, interlace: int = 0, **more: Any) -> bytes:
    """A PNG as a program might write it. `rows`: unpacked; `before`, `after`: chunks around the rows."""
    values = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    rows = more.get("rows", (b"\0" + bytes((width * values * bits + 7) // 8)) * height)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlace))
    palette = chunk(b"PLTE", bytes(6)) if colour == 3 else b""
    packed = zlib.compress(rows)
    half = len(packed) // 2
    data = chunk(b"IDAT", packed[:half]) + chunk(b"IDAT", packed[half:])
    before: bytes = more.get("before", b"")
    return SIGN + head + before + palette + data + bytes(more.get("after", b"")) + chunk(b"IEND", b"")


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def exif(way_up: int, order: str = "<") -> bytes:
    """As a camera writes it: the way up among other things, and where it was."""
    entries = [(0x010F, 2, 16, 8), (0x0112, 3, 1, way_up)]
    mark = b"II*\0" if order == "<" else b"MM\0*"
    table = struct.pack(f"{order}H", len(entries))
    for tag, kind, count, value in entries:
        table += struct.pack(f"{order}HHI", tag, kind, count)
        table += struct.pack(f"{order}H2x" if kind == 3 else f"{order}I", value)
    return b"Exif\0\0" + mark + struct.pack(f"{order}I", 8) + table + SECRET


def jpeg(
    *parts: bytes, width: int = 8, height: int = 8, frame: int = 0xC0, colours: int = 3, end: bytes = b""
) -> bytes:
    sof = struct.pack(">BHHB", 8, height, width, colours) + bytes(3 * colours)
    scan = segment(0xDA, bytes(10)) + b"\x12\xff\x00\x34\xff\xd0\x56"
    return (
        b"\xff\xd8" + b"".join(parts) + segment(0xDB, bytes(65)) + segment(frame, sof) + segment(0xC4, bytes(20))
        + scan + b"\xff\xd9" + end
    )  # fmt: skip


def interlaced(side: int) -> bytes:
    """Empty rows of the seven passes, each with the byte before it."""
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    sizes = [(len(range(left, side, over)), len(range(top, side, down))) for left, top, over, down in passes]
    return b"".join((b"\0" + bytes(3 * columns)) * rows for columns, rows in sizes if columns)


@pytest.mark.parametrize(
    "picture",
    [
        png(), png(colour=6), png(colour=0, bits=1), png(colour=4, bits=16), png(colour=3, bits=4),
        png(8, 8, interlace=1, rows=interlaced(8)),
        jpeg(), jpeg(frame=0xC2), jpeg(colours=1), jpeg(segment(0xE0, b"JFIF\0" + bytes(9))),
    ],
)  # fmt: skip
def test_a_picture_stays_a_picture(picture: bytes) -> None:
    clean = clean_picture(picture)
    assert kind_of_picture(clean) == kind_of_picture(picture)
    assert is_clean(clean)
    assert clean_picture(clean) == clean


@pytest.mark.parametrize(
    "picture",
    [
        png(before=chunk(b"tEXt", b"Comment\0" + SECRET)), png(after=chunk(b"eXIf", SECRET)),
        png(before=chunk(b"iCCP", SECRET)), png(after=chunk(b"zzZz", SECRET)), png() + SECRET,
        png(before=chunk(b"tRNS", SECRET)),  # not what these colours have
        jpeg(segment(0xE1, exif(6))), jpeg(segment(0xE1, exif(1, ">"))), jpeg(segment(0xFE, SECRET)),
        jpeg(segment(0xE2, b"ICC_PROFILE\0" + SECRET)), jpeg(segment(0xED, SECRET)), jpeg(end=SECRET),
        jpeg(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + SECRET)),
    ],
)  # fmt: skip
def test_what_does_not_draw_it_is_left_out(picture: bytes) -> None:
    assert SECRET in picture  # the control
    assert not is_clean(picture)
    clean = clean_picture(picture)
    assert SECRET not in clean
    assert is_clean(clean)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("way_up", range(1, 9))
def test_which_way_up_it_is_stays(way_up: int, order: str) -> None:
    clean = clean_picture(jpeg(segment(0xE1, exif(way_up, order))))
    assert (b"Exif" in clean) is (way_up != 1)
    if way_up != 1:
        assert clean[2 + 4 :].startswith(b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01" + bytes([0, way_up]))


SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"


@pytest.mark.parametrize(
    "data",
    [
        b"", SVG, b"GIF89a" + bytes(40), b"RIFF0000WEBPVP8 ", b"%PDF-1.7", b"<!doctype html>", SIGN, SIGN + SVG,
        b"\xff\xd8\xff" + SVG, b"\xff\xd8\xff\xd9", png()[:-4], png()[:40], jpeg()[:-2], jpeg()[:30],
        png(rows=bytes(5)), png(rows=bytes(500)), png(8001, 1), png(5000, 5000, rows=b""), png(0, 2, rows=b""),
        png(before=chunk(b"IHDR", bytes(13))), png().replace(b"IDAT", b"IDAX"), png(colour=2, bits=4, rows=b""),
        jpeg(width=0), jpeg(width=9000), jpeg(colours=4), jpeg(frame=0xC9), jpeg(segment(0xDC, bytes(2))),
        jpeg(segment(0xEE, b"Adobe" + bytes(7))), png()[:60] + b"x" + png()[61:], bytes(BYTES_MOST + 1),
    ],
)  # fmt: skip
def test_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        clean_picture(data)
    assert not is_clean(data)


def test_a_small_file_that_unpacks_to_much_is_refused() -> None:
    bomb = png(7000, 2000, colour=6, bits=16, rows=b"")
    with pytest.raises(InputError, match="too many pixels"):
        clean_picture(bomb)
    hidden = png(2, 2, rows=bytes(50_000_000))  # told to be small
    assert len(hidden) < 100_000
    with pytest.raises(InputError, match="damaged"):
        clean_picture(hidden)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([png(), png(colour=3), jpeg(segment(0xE1, exif(6)))]), st.data())
def test_whatever_is_changed_is_refused_or_comes_out_clean(picture: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(picture) - 1))
    changed = picture[:place] + data.draw(st.binary(max_size=6)) + picture[place + data.draw(st.integers(0, 4)) :]
    try:
        clean = clean_picture(changed)
    except InputError:
        return
    assert is_clean(clean)
    assert clean_picture(clean) == clean
