"""Translations as gettext catalogues (.po), with a kept form beside them so that a start need not parse them.

Catalogues because translators have tools for them, and because an entry carries the English it was made from.
"""

import hashlib
import io
import re
from pathlib import Path
from typing import Final

import msgspec

from upperback.content.kept import keep
from upperback.core.errors import ContentError

COMPILED_NAME: Final = "_compiled.json"
#: Headers that say what a catalogue was made for and who looked at it.
RELEASE_HEADER: Final = "X-Content-Release"
REVIEW_HEADER: Final = "X-Review"
_HEADER: Final = re.compile(r'^"(X-[\w-]+): (.*?)\\n"$', re.MULTILINE)
NOT_REVIEWED: Final = "not clinically reviewed"


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One text: its English, its translation (empty without one), where it stands.

    plural, forms: for a text that counts, the English plural and the forms of the language.
    """

    text: str
    words: str
    places: tuple[str, ...] = ()
    plural: str | None = None
    forms: tuple[str, ...] = ()


class Catalogue(msgspec.Struct, frozen=True):
    """All entries of one folder, and what its files say about themselves."""

    entries: tuple[Entry, ...]
    made_for: str | None
    review: str | None
    digest: str


def read_folder(folder: Path) -> Catalogue:
    """The catalogue in a folder of .po files: from the kept form when that still fits. Raises ContentError."""
    digest = _digest(folder)
    kept = folder / COMPILED_NAME
    try:
        found = msgspec.json.decode(kept.read_bytes(), type=Catalogue)
        if found.digest == digest:
            return found
    except (OSError, msgspec.DecodeError):
        pass
    catalogue = _compile(folder, digest)
    keep(kept, catalogue)
    return catalogue


def _digest(folder: Path) -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted(folder.glob("*.po")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _compile(folder: Path, digest: str) -> Catalogue:
    from babel.core import Locale, UnknownLocaleError
    from babel.messages.pofile import PoFileError, read_po

    try:
        Locale.parse(folder.name, sep="-")
    except (UnknownLocaleError, ValueError) as error:
        raise ContentError(f"“{folder.name}” is no language that is known, so nobody can choose it") from error
    entries, headers = [], dict[str, str]()
    for path in sorted(folder.glob("*.po")):
        try:
            text = path.read_text(encoding="utf-8")
            catalogue = read_po(io.StringIO(text), locale=folder.name, abort_invalid=True)
        except (PoFileError, UnicodeDecodeError, ValueError) as error:
            raise ContentError(f"{path.name}:1: not a catalogue that can be read: {error}") from error
        headers |= dict(_HEADER.findall(text))
        for message in catalogue:
            if not message.id or message.fuzzy:
                continue
            places = tuple(name for name, _ in message.locations)
            if isinstance(message.id, tuple | list):
                said = message.string if isinstance(message.string, tuple | list) else ()
                forms = tuple(said) if all(said) else ()
                entries.append(Entry(message.id[0], forms[0] if forms else "", places, message.id[1], forms))
            else:
                entries.append(Entry(message.id, str(message.string or ""), places))
    return Catalogue(tuple(entries), headers.get(RELEASE_HEADER), headers.get(REVIEW_HEADER), digest)
