"""What a person reads at a terminal, in their language: the words of the content and of sentences that code makes."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from msgspec import structs

from upperback.care.plan.words import fill
from upperback.content.catalogue import Entry, read_folder
from upperback.content.load import content_folder, default_release
from upperback.content.wording import Wording, texts_of, translations_of
from upperback.core.errors import InputError

#: Catalogues of pages and of sentences. They lie beside the pages, which most of them are for.
LOCALE_FOLDER: Final = Path(__file__).parents[1] / "web" / "locale"
ENGLISH: Final = "en-GB"
_ENGLISH_MARK: Final = "(English)"
_SERVICE: Final = re.compile(r"\{[a-z_]+\}")
#: What a line of a list begins with.
_BEGINS: Final = re.compile(r"\s*(?:[-•] |\d+\. )?")


def languages() -> tuple[str, ...]:
    """English, and every language that there are words of."""
    found = {path.name for path in (content_folder() / "languages").iterdir() if path.is_dir()}
    return (ENGLISH, *sorted(found))


def check_language(tag: str) -> None:
    """Raises InputError where there is no such language."""
    if tag not in languages():
        raise InputError(f"There is no language “{tag}” here; there are {', '.join(languages())}")


@cache
def entries_of(tag: str) -> tuple[Entry, ...]:
    """All entries of a language. Raises InputError where there is none."""
    check_language(tag)
    return (*read_folder(content_folder() / "languages" / tag).entries, *read_folder(LOCALE_FOLDER / tag).entries)


@cache
def wording_of(tag: str) -> Wording | None:
    """The words of a language; None for English. Raises InputError where there is no such language."""
    if tag == ENGLISH:
        return None
    entries = entries_of(tag)
    known = {place.text for place in texts_of(default_release().release)} | {entry.text for entry in entries}
    translations = translations_of(list(entries))
    translations |= _filled(translations)
    return Wording(tag, known=frozenset(known | set(translations)), translations=translations)


def _filled(translations: Mapping[str, str]) -> dict[str, str]:
    """Sentences that name a service, as they leave: with the services of each country."""
    found: dict[str, str] = {}
    for table in default_release().release.services:
        said = [structs.replace(one, phrase=translations.get(one.phrase, one.phrase)) for one in table.services]
        there = structs.replace(table, services=tuple(said))
        for english, words in translations.items():
            if _SERVICE.search(english):
                found.setdefault(fill(english, table), fill(words, there))
    return found


def said_record(value: Any, words: Wording) -> Any:
    """A record with its texts said; keys stay, and so does what reads as one. English says that it is English."""
    match value:
        case str():
            return "\n".join(_line(line, words) for line in value.split("\n")) if " " in value else value
        case dict():
            return {key: _field(key, item, words) for key, item in value.items()}
        case list() | tuple():
            return [said_record(item, words) for item in value]
    return value


def _field(key: str, value: Any, words: Wording) -> Any:
    """A title may be one word; elsewhere a text without a space is a key for a program."""
    if key == "title" and isinstance(value, str):
        return _line(value, words)
    return value if key == "release" else said_record(value, words)


def _line(text: str, words: Wording) -> str:
    begins = _BEGINS.match(text)
    mark = begins[0] if begins else ""
    bare = text[len(mark) :]
    if not any(letter.isalpha() for letter in bare):
        return text
    return f"{mark}{_said(bare, words) or f'{bare} {_ENGLISH_MARK}'}"


def _said(text: str, words: Wording) -> str | None:
    """A text, a name with what is said of it, or a heading with its sentences; None where a part is not known."""
    for split in (": ", ". "):
        name, found, rest = text.partition(split)
        if found and (named := words.exact(name)) is not None and (said := _said(rest, words)) is not None:
            return f"{named}{split}{said}"
    whole = words.say(text)
    return whole.words if whole is not None and not whole.is_english else None
