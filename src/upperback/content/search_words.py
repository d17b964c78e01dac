"""What a language brings to the search in the pages to read: its everyday words, its alarms, and how it is spelled.

`languages/<language>/search.yaml` beside the translations. Its alarms carry the ids of `alarm_words.yaml`, so that each
language is as loud about the same things. Not part of the release: no decision reads any of it.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Final

import msgspec

from upperback.content.models import Model, Text
from upperback.content.strict_yaml import read_document
from upperback.content.vocabulary import Content
from upperback.core.errors import ContentError

FILE_NAME: Final = "search.yaml"
_STEM_LETTERS_LEAST: Final = 4

_Words = Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]


class SearchWords(Model, frozen=True):
    """The words of one language.

    spelled: letters that are read as others. stop_words: words that tell nothing of what is meant.
    endings: what is cut off a word, the longest that fits. alarms, pages: by the ids of the English.
    """

    spelled: Mapping[str, str]
    stop_words: Text
    endings: Text
    alarms: Mapping[str, _Words]
    pages: Mapping[str, _Words]


@dataclass(frozen=True, slots=True, eq=False)
class SearchLanguage:
    """One language of the search, ready to read what is typed in it."""

    tag: str
    words: SearchWords

    def words_of(self, text: str) -> list[str]:
        """Lower-case words and numbers in the one way in which they are looked up."""
        words = self.written(text)
        read = {word: self.read(word) for word in dict.fromkeys(words)}
        return [read[word] for word in words if read[word]]

    def written(self, text: str) -> list[str]:
        """The words as they stand, for telling them again."""
        return re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text).replace("’", "").replace("'", ""))

    def read(self, word: str) -> str:
        """One word, however it is spelled."""
        low = word.lower()
        for written, read in self.words.spelled.items():
            low = low.replace(written, read)
        plain = "".join(letter for letter in unicodedata.normalize("NFKD", low) if not unicodedata.combining(letter))
        return re.sub(r"[^a-z0-9]", "", plain)

    def stem_of(self, word: str) -> str:
        """A word without its ending."""
        for ending in self.words.endings.split():
            if word.endswith(ending) and len(word) - len(ending) >= _STEM_LETTERS_LEAST and not word.endswith("ss"):
                return word[: len(word) - len(ending)]
        return word

    def vocabulary(self) -> frozenset[str]:
        """Words that are spelled right: those of this file."""
        return _vocabulary(self)

    def stop_stems(self) -> frozenset[str]:
        """The stems of the words that tell nothing."""
        return frozenset(self.stem_of(word) for word in self.words_of(self.words.stop_words))


@cache
def _vocabulary(language: SearchLanguage) -> frozenset[str]:
    words = language.words
    phrases = [phrase for named in (*words.pages.values(), *words.alarms.values()) for phrase in named]
    return frozenset(language.words_of(" ".join((words.stop_words, *phrases))))


@cache
def search_languages(folder: Path) -> tuple[SearchLanguage, ...]:
    """Every language of a release that brings words for the search. Raises ContentError."""
    return tuple(_read(path) for path in sorted(folder.glob(f"languages/*/{FILE_NAME}")))


def _read(path: Path) -> SearchLanguage:
    tag = path.parent.name
    document = read_document(path, f"languages/{tag}/{FILE_NAME}")
    try:
        return SearchLanguage(tag, msgspec.convert(document.data, SearchWords, strict=True))
    except msgspec.ValidationError as error:
        place = document.place(str(error).rpartition("`$.")[2].rstrip("`").replace(".", "/").split("[")[0])
        raise ContentError(f"{place}: {error}") from error


def search_problems(language: SearchLanguage, content: Content) -> Iterator[str]:
    """An alarm or a page that this language has no words for, or that there is not."""
    place = f"languages/{language.tag}/{FILE_NAME}"
    alarms = {entry.id for entry in content.release.alarm_words}
    for kind, known, found in (
        ("alarm", alarms, set(language.words.alarms)),
        ("page", set(content.learn_pages), set(language.words.pages)),
    ):
        yield from (f"{place}: there is no {kind} {name}" for name in sorted(found - known))
        yield from (f"{place}: no words for the {kind} {name}" for name in sorted(known - found))
    for name, phrases in language.words.alarms.items():
        for phrase in phrases:
            if not all(language.read(part) for part in phrase.split()):
                yield f"{place}: “{phrase}” of {name} holds a part without letters"
