"""Our words for Django's `gettext`, which Python code of pages calls."""

import gettext as standard
from functools import cache
from typing import Any

from django.utils.translation import trans_real

from upperback.web import languages
from upperback.web.languages import ENGLISH, Language


@cache
def in_django(language: Language) -> str:
    """Django's name of a language, its words given to Django once per process."""
    if language is not ENGLISH and (words := languages.wording(language.tag)) is not None:
        texts = _Accented() if language.is_pseudo else _texts(language, words)
        trans_real.translation(language.tag.lower()).merge(_Words(texts))
    return language.tag.lower()


def _texts(language: Language, words: Any) -> dict[Any, str]:
    single = {
        entry.text: said
        for entry in languages.interface_entries(language.tag)
        if not entry.forms and (said := words.exact(entry.text)) is not None
    }
    return {key: _Gapped(text) for key, text in (single | dict(languages.plural_forms(language.tag))).items()}


class _Gapped(str):
    """A text whose gaps are filled with texts in its language."""

    __slots__ = ()

    def __mod__(self, gaps: Any) -> str:
        match gaps:
            case dict():
                return str.__mod__(self, {name: _said(value) for name, value in gaps.items()})
            case tuple():
                return str.__mod__(self, tuple(_said(value) for value in gaps))
        return str.__mod__(self, _said(gaps))


def _said(value: Any) -> Any:
    return languages.said(value) if type(value) is str else value


class _Words(standard.NullTranslations):
    """What Django takes over from: a catalogue, and which form counts."""

    def __init__(self, texts: "dict[Any, str] | _Accented") -> None:
        super().__init__()
        self._catalog = texts

    @staticmethod
    def plural(count: int) -> int:
        """English and German: one, and all others."""
        return 0 if count == 1 else 1


class _Accented:
    """A made-up language has words for everything."""

    def get(self, text: Any, default: Any = None) -> Any:
        """The text, accented; of one that counts, its form for one."""
        return _Gapped(languages.pseudo(text if isinstance(text, str) else text[0]))

    def copy(self) -> "_Accented":
        """Itself: it never changes."""
        return self

    def __len__(self) -> int:
        return 1
