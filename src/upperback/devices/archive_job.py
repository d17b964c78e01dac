"""The job of `confined` that unpacks an archive: the one place where bytes of an archive from outside are read."""

from pathlib import Path
from typing import Any

import msgspec

from upperback.devices.work import Work
from upperback.interchange.archive import unpack


def unpack_archive(path: Path, options: dict[str, Any], work: Work) -> Any:
    """Proves the archive and leaves its rows in the folder of the job; returns its list of contents.

    Options: `passphrase`, empty where there is none.
    """
    return msgspec.to_builtins(unpack(path, work.folder, options["passphrase"]))
