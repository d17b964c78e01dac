"""An archive from outside, unpacked into a folder of our own: proved first, nothing of it believed.

For a confined process. Names in the ZIP only say which member it is; files get names of ours. What a header says of
sizes is not believed either: bytes are counted as they come.
"""

import base64
import errno
import hashlib
import shutil
import stat
import zipfile
import zlib
from itertools import pairwise
from pathlib import Path
from typing import IO, Final

import msgspec

from upperback.core.errors import InputError
from upperback.interchange.archive import sealed
from upperback.interchange.archive.base import (
    ABOUT,
    BYTES_MOST,
    CONTENTS,
    CONTENTS_BYTES_MOST,
    FORMAT,
    MEMBERS_MOST,
    SAMPLES,
    SAMPLES_MOST,
    SECONDS,
    VERSION,
    Contents,
    Member,
)
from upperback.interchange.strict_json import object_lines, parse_object

FOREIGN: Final = "this is no archive of Upperback"
DAMAGED: Final = "the archive was cut off or changed on its way; get a fresh copy of it"
NEWER: Final = "this archive was made by a newer Upperback; bring this one up to date first"
LOCKED: Final = "this archive is locked: its passphrase is needed"

_BLOCK: Final = 1 << 20
_FLAG_ENCRYPTED: Final = 1
_USUAL: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeError, ValueError, RuntimeError)


def kept_name(number: int) -> str:
    """Under what name the kept readings of a line lie in the folder."""
    return f"kept-{number}.parquet"


def unpack(path: Path, folder: Path, passphrase: str = "") -> Contents:
    """Proves an archive and writes each member of rows into the folder, as JSON Lines under its own name.

    `rows/diary_entry.jsonl` becomes `diary_entry.jsonl`; seconds become lines of packed minutes, bytes in base64.
    Kept readings get the name that `kept_name` says. Members for reading only are proved and left out.

    Raises
    ------
    InputError : locked, another passphrase, cut off, changed, foreign, newer, or more than an archive may hold.
    """
    path = _opened(path, folder, passphrase)
    try:
        with zipfile.ZipFile(path) as archive:
            found = _members(archive)
            contents = _contents(archive, found)
            for member in contents.members:
                _take_out(archive, found[member.name], member, folder)
    except InputError:
        raise
    except _BROKEN:
        raise InputError(DAMAGED if _is_zip(path) else FOREIGN) from None
    except OSError as error:
        if error.errno != errno.EINVAL:  # it says that a part begins before the file does
            raise
        raise InputError(DAMAGED) from None
    return contents


def _opened(path: Path, folder: Path, passphrase: str) -> Path:
    """The plain archive, beside the work where it was locked."""
    with path.open("rb") as file:
        locked = sealed.is_sealed(file.read(64))
        if not locked:
            return path
        if not passphrase:
            raise InputError(LOCKED)
        file.seek(0)
        plain = folder / "archive.zip"
        with plain.open("wb") as out:
            sealed.unseal(file, out, passphrase)
    return plain


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The members by name: plain files, one of each name, one after the other."""
    infos = archive.infolist()
    if len(infos) > MEMBERS_MOST + SAMPLES_MOST:
        raise InputError(f"{FOREIGN}: it holds {len(infos)} files")
    for info in infos:
        kind = info.external_attr >> 16
        plain = not info.is_dir() and (not stat.S_IFMT(kind) or stat.S_ISREG(kind))
        if not plain or info.flag_bits & _FLAG_ENCRYPTED or info.compress_type not in _USUAL:
            raise InputError(FOREIGN)
        if info.filename.startswith(SAMPLES) and info.compress_type != zipfile.ZIP_STORED:
            raise InputError(FOREIGN)  # so that they are no larger than the archive itself
    ordered = sorted(infos, key=lambda info: info.header_offset)
    if any(one.header_offset + one.compress_size > other.header_offset for one, other in pairwise(ordered)):
        raise InputError(DAMAGED)
    found = {info.filename: info for info in infos}
    if len(found) != len(infos):
        raise InputError(DAMAGED)
    return found


def _contents(archive: zipfile.ZipFile, found: dict[str, zipfile.ZipInfo]) -> Contents:
    if CONTENTS not in found:
        raise InputError(FOREIGN)
    with archive.open(found[CONTENTS]) as file:
        text = file.read(CONTENTS_BYTES_MOST + 1)
    if len(text) > CONTENTS_BYTES_MOST:
        raise InputError(FOREIGN)
    plain = parse_object(text)
    if plain.get("format") != FORMAT:
        raise InputError(FOREIGN)
    version = plain.get("version")
    if not isinstance(version, int) or version < 1:
        raise InputError(FOREIGN)
    if version > VERSION:
        raise InputError(NEWER)
    try:
        contents = msgspec.convert(plain, Contents)
    except msgspec.ValidationError:
        raise InputError(DAMAGED) from None
    names = [member.name for member in contents.members]
    if sorted([*names, CONTENTS]) != sorted(found):
        raise InputError(DAMAGED)
    packed = [member for member in contents.members if not member.name.startswith(SAMPLES)]
    if len(packed) > MEMBERS_MOST or sum(member.bytes for member in packed) > BYTES_MOST:
        raise InputError(f"the archive holds more than {BYTES_MOST >> 20} MB")
    return contents


def _take_out(archive: zipfile.ZipFile, info: zipfile.ZipInfo, member: Member, folder: Path) -> None:
    """One member, counted and hashed as it comes; then its lines or seconds."""
    raw = folder / "member"
    with archive.open(info) as source, raw.open("wb") as out:
        digest = _copied(source, out, member.bytes)
    if digest != member.sha256:
        raise InputError(DAMAGED)
    if member.name.startswith(SAMPLES):
        raw.replace(folder / kept_name(int(Path(member.name).stem)))
    elif not member.name.startswith(ABOUT):
        target = folder / f"{Path(member.name).stem}.jsonl"
        if member.name.endswith(SECONDS):
            _lines_of_seconds(raw, member.rows, target)
        else:
            _proved_lines(raw, member)
            shutil.move(raw, target)
    raw.unlink(missing_ok=True)


def _copied(source: IO[bytes], out: IO[bytes], bytes_told: int) -> str:
    digest, left = hashlib.sha256(), bytes_told
    while block := source.read(min(_BLOCK, left + 1)):
        left -= len(block)
        if left < 0:
            raise InputError(DAMAGED)
        digest.update(block)
        out.write(block)
    return digest.hexdigest()


def _proved_lines(path: Path, member: Member) -> None:
    number = 0
    with path.open("rb") as file:
        for line, text in object_lines(file):
            number += 1
            try:
                parse_object(text)
            except InputError as error:
                raise InputError(f"{member.name}, line {line}: {error.message}") from None
            if b"\\u0000" in text:  # not every database can keep it
                raise InputError(f"{member.name}, line {line}: it holds a character that no text has")
    if number != member.rows:
        raise InputError(DAMAGED)


def _lines_of_seconds(raw: Path, rows: int, target: Path) -> None:
    from upperback.interchange.archive.seconds import read_seconds  # brings the sensing along

    with target.open("wb") as out:
        for stream, first_s, data in read_seconds(raw, rows):
            row = {"stream": stream, "first_s": first_s, "seconds": base64.b64encode(data).decode("ascii")}
            out.write(msgspec.json.encode(row) + b"\n")
