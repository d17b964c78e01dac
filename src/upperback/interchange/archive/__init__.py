"""Everything of a person in one file, which another installation can read: see docs/reference/archive.md."""

from upperback.interchange.archive.base import ABOUT, ROWS, SAMPLES, VERSION, Contents, Member
from upperback.interchange.archive.reading import kept_name, unpack
from upperback.interchange.archive.sealed import PASSPHRASE_LEAST, Sealing, check_passphrase, is_sealed
from upperback.interchange.archive.writing import ArchiveWriter

__all__ = [
    "ABOUT",
    "PASSPHRASE_LEAST",
    "ROWS",
    "SAMPLES",
    "VERSION",
    "ArchiveWriter",
    "Contents",
    "Member",
    "Sealing",
    "check_passphrase",
    "is_sealed",
    "kept_name",
    "unpack",
]
