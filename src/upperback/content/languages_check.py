"""Whether the translations of a release hold: readable, made for this release, whole, and with all their marks.

What is missing or older is told and shows in English; what cannot be used is a problem.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from upperback.content.catalogue import Catalogue, Entry, read_folder
from upperback.content.search_words import search_languages, search_problems
from upperback.content.vocabulary import Content
from upperback.content.wording import SAFETY_PARTS, Place, fault_of, texts_of
from upperback.core.errors import ContentError


@dataclass(frozen=True, slots=True)
class LanguageReport:
    """One language of a release: how much of it there is, and what speaks against it.

    warnings: what shows in English. problems: what has to be mended.
    """

    language: str
    texts: int = 0
    translated: int = 0
    made_for: str | None = None
    review: str | None = None
    warnings: tuple[str, ...] = field(default=())
    problems: tuple[str, ...] = field(default=())

    def record(self) -> dict[str, Any]:
        """As plain data, without the sentences."""
        return {"texts": self.texts, "translated": self.translated, "made_for": self.made_for, "review": self.review}


def check_languages(folder: Path, content: Content) -> list[LanguageReport]:
    """Every language in the folder of a release."""
    places = list(texts_of(content.release))
    return [_check(path, places, content) for path in sorted((folder / "languages").glob("*")) if path.is_dir()]


def _check(folder: Path, places: list[Place], content: Content) -> LanguageReport:
    name = folder.name
    try:
        catalogue = read_folder(folder)
    except ContentError as error:
        return LanguageReport(name, problems=(f"languages/{name}: {error.message}",))
    english = {place.text for place in places}
    usable = {entry.text for entry in catalogue.entries if entry.words and fault_of(entry) is None}
    return LanguageReport(
        name,
        texts=len(english),
        translated=len(english & usable),
        made_for=catalogue.made_for,
        review=catalogue.review,
        warnings=tuple(_warnings(name, catalogue, places, usable, content)),
        problems=(*_problems(name, catalogue.entries), *_search_problems(folder, content)),
    )


def _warnings(
    name: str, catalogue: Catalogue, places: list[Place], usable: set[str], content: Content
) -> Iterator[str]:
    if catalogue.made_for != content.release_id:
        yield (
            f"languages/{name}: made for {catalogue.made_for or 'no release that it names'}, and this is "
            f"{content.release_id}; texts that were changed since show in English"
        )
    stale = {entry.text for entry in catalogue.entries if entry.words} - {place.text for place in places}
    if stale:
        yield f"languages/{name}: translations of texts that this release does not have: {len(stale)}"
    said: dict[str, str] = {}
    for entry in catalogue.entries:
        if entry.words and said.setdefault(entry.text, entry.words) != entry.words:
            yield f"languages/{name}: the same English has two translations, the first one counts: “{entry.text[:60]}”"
    missing = [place for place in places if place.text not in usable]
    for is_safety, about in ((True, " that people need to be safe"), (False, "")):
        texts = [place for place in missing if (place.part in SAFETY_PARTS) is is_safety]
        if texts:
            first = f"{texts[0].part}/{texts[0].path}"
            count = len({place.text for place in texts})
            yield f"languages/{name}: texts{about} without a translation, which show in English: {count}, {first} first"


def _search_problems(folder: Path, content: Content) -> Iterator[str]:
    try:
        languages = [one for one in search_languages(folder.parent.parent) if one.tag == folder.name]
    except ContentError as error:
        yield error.message
        return
    for language in languages:
        yield from search_problems(language, content)


def _problems(name: str, entries: tuple[Entry, ...]) -> Iterator[str]:
    for entry in entries:
        place = entry.places[0] if entry.places else "a text"
        if fault := fault_of(entry):
            yield f"languages/{name} {place}: this translation is not used: {fault}"
