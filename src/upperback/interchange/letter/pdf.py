"""A letter set by typst: tagged for screen readers (PDF/UA-1), with its title and its language.

The template is fixed; everything about the person goes in as JSON and comes out as text, whatever stands in it.
"""

import datetime as dt
import re
import unicodedata
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import msgspec

from upperback.content.wording import Wording
from upperback.interchange.letter.language import PAGE_WORDS
from upperback.interchange.letter.records import Letter, said_day

if TYPE_CHECKING:
    import typst

_STANDARD: Final = "ua-1"
#: What the fonts that come with typst can always show: Latin, Greek, Cyrillic, Hebrew and usual signs.
_ALWAYS: Final = re.compile(
    r"[\n -~\u00a0-\u017f\u0391-\u03a1\u03a3-\u03c9\u0410-\u044f\u05d0-\u05ea\u2013\u2014\u2018-\u201e\u2022"
    r"\u2026\u20ac\u2212\u00d7]"
)
_NO_GLYPH: Final = "could not be displayed"
#: Joins, picks a form or a colour; says nothing by itself.
_SILENT: Final = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0000-\U000e007f\ufeff]"
)


def to_pdf(letter: Letter, words: Wording | None = None) -> bytes:
    """The letter as one file. The same letter gives the same bytes.

    Parameters
    ----------
    words : those of the language that the letter is in; English without them
    """
    found = _compiled(letter, words, format="pdf", pdf_standards=[_STANDARD], timestamp=_at(letter.day))
    assert isinstance(found, bytes)
    return found


def to_pictures(letter: Letter, words: Wording | None = None, *, ppi: float = 96.0) -> list[bytes]:
    """Its pages as PNG, for looking at them."""
    found = _compiled(letter, words, format="png", ppi=ppi)
    return found if isinstance(found, list) else [found]


def _compiled(letter: Letter, words: Wording | None, **how: Any) -> Any:
    """Set as it is; where no font here has one of its signs, those are told by their names."""
    import typst

    plain = _cleaned(msgspec.to_builtins(letter) | _around(letter, words))
    template, fonts = _template(), _fonts()
    try:
        return typst.compile(template, sys_inputs={"data": _json(plain)}, font_paths=fonts, **how)
    except typst.TypstError as error:
        if _NO_GLYPH not in error.message:
            raise
    return typst.compile(template, sys_inputs={"data": _json(_spelled(plain))}, font_paths=fonts, **how)


def _around(letter: Letter, words: Wording | None) -> dict[str, Any]:
    """What the template says besides, and in which language it is."""
    day = said_day(letter.day)
    if words is None:
        return {"day": day, "language": "en", "region": "GB", "page_words": PAGE_WORDS}
    found = words.say(day)
    said = [words.exact(word) or word for word in PAGE_WORDS]
    return {
        "day": found.words if found is not None else day,
        "language": words.language.split("-")[0],
        "region": None,
        "page_words": said,
    }


@cache
def _template() -> bytes:
    return resources.files("upperback.interchange.letter").joinpath("letter.typ").read_bytes()


@cache
def _fonts() -> "typst.Fonts":
    """Looked for once. The letter is in a font of typst's own; others stand in for signs that it has not."""
    import typst

    return typst.Fonts(True, True, [])


def _json(plain: Any) -> str:
    return msgspec.json.encode(plain).decode("utf-8")


def _at(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)


def _cleaned(value: Any) -> Any:
    """Every text in it without control signs and marks that turn the direction of what follows."""
    return _mapped(
        value, lambda text: _SILENT.sub("", "".join(one if one.isprintable() or one == "\n" else " " for one in text))
    )


def _spelled(value: Any) -> Any:
    """Every text in it with names in place of signs that not every font has."""
    return _mapped(value, lambda text: "".join(one if _ALWAYS.match(one) else _named(one) for one in text))


def _named(sign: str) -> str:
    try:
        return f"[{unicodedata.name(sign).lower()}]"
    except ValueError:
        return f"[U+{ord(sign):04X}]"


def _mapped(value: Any, change: Any) -> Any:
    match value:
        case str():
            return change(value)
        case dict():
            return {name: _mapped(one, change) for name, one in value.items()}
        case list() | tuple():
            return [_mapped(one, change) for one in value]
        case _:
            return value
