"""Opens a recording: the content decides what it is, and the file's ending has to agree."""

import stat
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Final

from upperback.core.errors import InputError
from upperback.devices.base import ReadOptions, Recording, RecordingFormat

_HEAD_BYTES: Final = 4096

#: How each kind of file begins.
_MAGIC: Final[tuple[tuple[bytes, RecordingFormat], ...]] = (
    (b"PAR1", "parquet"),
    (b"MD", "cwa"),
    (b"Device Identity", "geneactiv"),
    (b"PK\x03\x04", "gt3x"),
    (b"XDF:", "xdf"),
    (b"\xffBIOSEMI", "bdf"),
    (b"0       ", "edf"),
)

_ENDINGS: Final[dict[RecordingFormat, frozenset[str]]] = {
    "csv": frozenset({".csv", ".tsv", ".txt", ".tab", ".dat"}),
    "parquet": frozenset({".parquet", ".pq"}),
    "cwa": frozenset({".cwa"}),
    "geneactiv": frozenset({".bin"}),
    "gt3x": frozenset({".gt3x"}),
    "xdf": frozenset({".xdf"}),
    "edf": frozenset({".edf"}),
    "bdf": frozenset({".bdf"}),
}

_NAMES: Final[dict[RecordingFormat, str]] = {
    "csv": "a table (CSV)",
    "parquet": "a Parquet file",
    "cwa": "an Axivity recording",
    "geneactiv": "a GENEActiv recording",
    "gt3x": "an ActiGraph recording",
    "xdf": "a Lab Streaming Layer recording",
    "edf": "an EDF recording",
    "bdf": "a BDF recording",
}

#: Where each reader lives; imported when needed, so that a phone's CSV does not wait for the others.
_READERS: Final[dict[RecordingFormat, str]] = {
    "csv": "upperback.devices._csv:open_csv",
    "parquet": "upperback.devices._parquet:open_parquet",
    "cwa": "upperback.devices._cwa:open_cwa",
    "geneactiv": "upperback.devices._geneactiv:open_geneactiv",
    "gt3x": "upperback.devices._gt3x:open_gt3x",
    "xdf": "upperback.devices._xdf:open_xdf",
    "edf": "upperback.devices._edf:open_edf",
    "bdf": "upperback.devices._edf:open_edf",
}


def open_recording(path: Path, options: ReadOptions | None = None) -> Recording:
    """The recording in a file.

    For files from outside use `confined.run_confined`: this function parses in the process it is called in.

    Raises
    ------
    InputError : no such file; not a recording; damaged; or something about it cannot be told. The message does not
        name the file: the caller knows under which name the person knows it.
    """
    format_ = recognise(path)
    module, _, function = _READERS[format_].partition(":")
    reader: Callable[[Path, ReadOptions], Recording] = getattr(import_module(module), function)
    return reader(path, options or ReadOptions())


def recognise(path: Path) -> RecordingFormat:
    """What a file is, by its content; the ending has to agree.

    Raises
    ------
    InputError : it cannot be opened, or content and ending contradict each other.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError("this is not a file")
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError as error:
        raise InputError(f"the file cannot be opened: {error.strerror}") from error
    if not head:
        raise InputError("the file is empty")
    ending = path.suffix.lower()
    found = next((format_ for magic, format_ in _MAGIC if head.startswith(magic)), None)
    if found == "cwa" and ending in _ENDINGS["csv"]:  # a heading may begin with MD too
        found = None
    if found is None:
        found = "csv"
        other = next((format_ for format_, endings in _ENDINGS.items() if ending in endings), None)
        if other is not None and other != "csv":
            raise InputError(f"the file ends in {ending} but does not begin like {_NAMES[other]}: it is damaged")
        if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")) and not _looks_like_utf16(head):
            raise InputError("this is no recording that can be read")
        return found
    if ending and ending not in _ENDINGS[found]:
        raise InputError(f"the file begins like {_NAMES[found]} but ends in {ending[:12]}: rename it if it is one")
    return found


def _looks_like_utf16(head: bytes) -> bool:
    return any(head[first:400:2].count(0) > 0.9 * len(head[first:400:2]) for first in (0, 1))
