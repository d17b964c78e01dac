"""An archive from front to back: one member after the other, hashed on the way, in bounded memory."""

import hashlib
import zipfile
from collections.abc import Iterable
from typing import IO, Any, Final, Self, cast

import msgspec

from upperback.interchange.archive.base import CONTENTS, FORMAT, SAMPLES, VERSION, Contents, Member, Packed

_LEVEL: Final = 6
_HANDED_ON: Final = 256 * 1024


class ArchiveWriter:
    """Writes members and, at the end, the list of contents. The same rows give the same bytes.

    Left without `close`, as by an error, nothing more is written and the result is no archive.

    Parameters
    ----------
    out : written from front to back, a file or a `sealed.Sealing`
    """

    def __init__(self, out: IO[bytes] | Any) -> None:
        self._out = _Forward(out)
        self._zip = zipfile.ZipFile(self._out, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        self._members: list[Member] = []
        self._encode = msgspec.json.Encoder(order="sorted").encode

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._out.is_open = False
        self._zip.close()

    def rows(self, name: str, rows: Iterable[dict[str, Any]]) -> None:
        """A member of JSON Lines."""
        with self._opened(name) as member:
            count, waiting = 0, bytearray()
            for row in rows:
                waiting += self._encode(row) + b"\n"
                count += 1
                if len(waiting) > _HANDED_ON:
                    member.write(waiting)
                    waiting.clear()
            member.write(waiting)
        self._members.append(member.told(name, count))

    def seconds(self, name: str, minutes: Iterable[Packed]) -> None:
        """A member of seconds of sensors."""
        from upperback.interchange.archive.seconds import write_seconds  # brings the sensing along

        with self._opened(name, zipfile.ZIP_STORED) as member:
            count = write_seconds(cast("IO[bytes]", member), minutes)
        self._members.append(member.told(name, count))

    def samples(self, number: int, file: IO[bytes]) -> None:
        """A file of kept readings, as it is; `number`: its line among the rows."""
        name = f"{SAMPLES}{number}.parquet"
        with self._opened(name, zipfile.ZIP_STORED) as member:
            while piece := file.read(_HANDED_ON):
                member.write(piece)
        self._members.append(member.told(name, 0))

    def close(self, *, made_at: str, name: str, made_by: str, release: str, release_sha256: str) -> Contents:
        """Writes the list of contents; the archive is whole."""
        contents = Contents(
            format=FORMAT, version=VERSION, made_at=made_at, name=name, made_by=made_by, release=release,
            release_sha256=release_sha256, members=tuple(self._members),
        )  # fmt: skip
        with self._opened(CONTENTS) as member:
            member.write(msgspec.json.format(msgspec.json.encode(contents), indent=1) + b"\n")
        self._zip.close()
        return contents

    def _opened(self, name: str, compression: int = zipfile.ZIP_DEFLATED) -> "_Hashed":
        # The first day that a ZIP can tell: the same rows are the same bytes, whenever they are written.
        info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        info.compress_type = compression
        info.external_attr = 0o600 << 16
        return _Hashed(self._zip.open(info, "w", force_zip64=True))


class _Forward:
    """A file that is only written to: no way back, and no place in it is asked for."""

    def __init__(self, out: IO[bytes] | Any) -> None:
        self._out = out
        self.is_open = True

    def write(self, data: bytes, /) -> int:
        return int(self._out.write(data)) if self.is_open else len(data)

    def flush(self) -> None:
        if self.is_open:
            self._out.flush()

    def close(self) -> None:
        """Closed by whoever opened it."""


class _Hashed:
    """A member that is being written, with its hash."""

    def __init__(self, member: IO[bytes]) -> None:
        self._member = member
        self._hash = hashlib.sha256()
        self._bytes = 0
        self.closed = False

    def __enter__(self) -> "_Hashed":
        return self

    def __exit__(self, *_: object) -> None:
        self._member.close()

    def write(self, data: Any) -> int:
        self._hash.update(data)
        self._bytes += len(data)
        return self._member.write(data)

    def tell(self) -> int:
        return self._bytes

    def flush(self) -> None:
        pass

    def close(self) -> None:
        """Closed by whoever opened it."""

    def told(self, name: str, rows: int) -> Member:
        return Member(name=name, rows=rows, bytes=self._bytes, sha256=self._hash.hexdigest())
