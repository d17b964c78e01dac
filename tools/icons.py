"""Draw the icons of the installed app from the shapes of our mark: `python tools/icons.py`.

The same mark as `static/img/mark.svg`, on its own ground (`icon-192`, `icon-512`) and smaller on a ground without
corners (`icon-maskable`), as phones cut their own shape out of that one. Written as PNG by hand: a few lines, and no
library.
"""

import struct
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np

FOLDER: Final = Path(__file__).resolve().parent.parent / "src" / "upperback" / "web" / "static" / "img"
#: Name: size in pixels, share of the picture that the mark takes, whether the ground has round corners.
ICONS: Final = {
    "icon-192.png": (192, 1.0, True),
    "icon-512.png": (512, 1.0, True),
    "icon-maskable.png": (512, 0.7, False),
}
GROUND: Final = (0x0B, 0x6B, 0x6B)
CORNER: Final = 11.0  # of a mark that is 40 wide
SAMPLES: Final = 4  # each way within a pixel

_LEFT_BLADE: Final = (
    ((14.6, 12.6), (9.2, 13.6), (7.6, 18.4), (9.6, 23.0)),
    ((9.6, 23.0), (10.8, 25.8), (12.4, 27.6), (14.2, 28.6)),
)
_SPINE: Final = (((20.0, 9.0), (19.0, 16.3), (20.6, 23.7), (20.0, 31.0)),)
_BONE_GAP: Final = 7.3

Floats = np.ndarray[Any, np.dtype[np.float64]]


def icon(size: int, share: float, *, round_corners: bool) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The picture, (size, size, 4): red, green, blue and how much it covers."""
    steps = (np.arange(size * SAMPLES) + 0.5) / (size * SAMPLES) * 40
    x, y = np.meshgrid(steps, steps)
    ground = _rounded(x, y) if round_corners else np.ones_like(x)
    x, y = (x - 20) / share + 20, (y - 20) / share + 20
    mark = np.maximum(_blades(x, y), _bones(x, y))
    covers = _shrunk(ground)
    white = _shrunk(mark * ground)
    inside = np.divide(white, covers, out=np.zeros_like(white), where=covers > 0)
    colours = [channel + (255 - channel) * inside for channel in GROUND]
    return np.round(np.stack([*colours, covers * 255], axis=-1)).astype(np.uint8)


def png(picture: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    """The picture as a PNG file."""
    height, width, _ = picture.shape
    rows = b"".join(b"\x00" + row.tobytes() for row in picture)
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")
    )


def read_png(data: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A file that `png` wrote."""
    width, height = struct.unpack(">II", data[16:24])
    length = struct.unpack(">I", data[33:37])[0]
    rows = np.frombuffer(zlib.decompress(data[41 : 41 + length]), np.uint8).reshape(height, width * 4 + 1)
    return rows[:, 1:].reshape(height, width, 4)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _rounded(x: Floats, y: Floats) -> Floats:
    out_x, out_y = np.maximum(np.abs(x - 20) - (20 - CORNER), 0), np.maximum(np.abs(y - 20) - (20 - CORNER), 0)
    return (np.hypot(out_x, out_y) <= CORNER).astype(np.float64)


def _blades(x: Floats, y: Floats) -> Floats:
    spots = np.concatenate([_curve(piece, 60) for piece in _LEFT_BLADE])
    away = np.full_like(x, np.inf)
    for spot_x, spot_y in spots:
        away = np.minimum(away, np.hypot(20 - np.abs(x - 20) - spot_x, y - spot_y))
    return (away <= 1.5).astype(np.float64)


def _bones(x: Floats, y: Floats) -> Floats:
    line = _curve(_SPINE[0], 400)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    away = np.full_like(x, np.inf)
    for way in np.arange(0.05, along[-1], _BONE_GAP):
        spot_x, spot_y = (np.interp(way, along, line[:, axis]) for axis in (0, 1))
        away = np.minimum(away, np.hypot(x - spot_x, y - spot_y))
    return (away <= 2.0).astype(np.float64)


def _curve(corners: tuple[tuple[float, float], ...], count: int) -> Floats:
    t = np.linspace(0, 1, count)[:, None]
    a, b, c, d = (np.array(corner) for corner in corners)
    spots: Floats = (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
    return spots


def _shrunk(fine: Floats) -> Floats:
    size = len(fine) // SAMPLES
    small: Floats = fine.reshape(size, SAMPLES, size, SAMPLES).mean(axis=(1, 3))
    return small


def main() -> None:
    """Writes the files."""
    for name, (size, share, round_corners) in ICONS.items():
        (FOLDER / name).write_bytes(png(icon(size, share, round_corners=round_corners)))


if __name__ == "__main__":
    main()
