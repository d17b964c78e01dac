"""A compiled form that is kept beside what it was made from, so that a start need not make it again."""

import tempfile
from pathlib import Path

import msgspec


def keep(path: Path, compiled: msgspec.Struct) -> None:
    """Writes the kept form whole or not at all; an installation that is read-only goes without."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".json", delete=False) as handle:
            handle.write(msgspec.json.encode(compiled))
        Path(handle.name).replace(path)
    except OSError:
        return
