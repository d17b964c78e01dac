"""Files beside the database: samples that a person keeps, one folder for each person."""

import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from django.conf import settings

_Found = TypeVar("_Found")


def samples_folder(profile: uuid.UUID) -> Path:
    """Where the samples of this person are, whether it is there yet or not."""
    return Path(settings.OPTIONS.data) / "samples" / str(profile)


def exports_folder() -> Path:
    """Where copies for clinics are, each in a folder of its own."""
    return Path(settings.OPTIONS.data) / "exports"


def export_folder(export: uuid.UUID) -> Path:
    """Where the files of this export are, once they are whole."""
    return exports_folder() / str(export)


def write_whole(path: Path, write: Callable[[Path], _Found]) -> _Found:
    """Lets `write` make a file beside its place and puts it there when it is whole and on the disk.

    It is open to its owner only. Where `write` makes none, none is put.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        found = write(part)
        if part.exists():
            part.chmod(0o600)
            with part.open("rb") as written:
                os.fsync(written.fileno())
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return found
