"""The job of `confined` that reads a FHIR bundle: the one place where bytes of one from outside are read."""

from pathlib import Path
from typing import Any

import msgspec

from upperback.core.errors import InputError
from upperback.devices.work import Work
from upperback.interchange.fhir.reading import BYTES_MOST, read_bundle


def read_fhir(path: Path, options: dict[str, Any], work: Work) -> Any:
    """Proves the bundle and returns what it brings. No options."""
    if path.stat().st_size > BYTES_MOST:
        raise InputError(f"it is larger than {BYTES_MOST >> 20} MB")
    return msgspec.to_builtins(read_bundle(path.read_bytes()))
