"""In which language and for which country a page is shown. Needs no Django, for the pages made before it.

Everything is written, decided and stored in British English. On the way out of a template each text of ours is said in
the language of the reader: `marked` notes where such a text stands, and `in_language` says it once the page is whole,
because only then is it known whether it stands in a sentence, in a label, or in the value of a form, which stays as it
is. Where a translation is missing, the English stands there, marked as English; nothing is ever left out.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from html import escape, unescape
from pathlib import Path
from typing import Any, Final

import msgspec
from markupsafe import Markup

from upperback.care.plan.words import fill
from upperback.content.models import ServiceTable
from upperback.content.wording import Wording

_log = logging.getLogger(__name__)

LOCALE_FOLDER: Final = Path(__file__).parent / "locale"
LANGUAGE_COOKIE: Final = "upperback_language"
REGION_COOKIE: Final = "upperback_region"
COOKIE_S: Final = 400 * 24 * 60 * 60  # as long as browsers keep one

#: Around a text of ours until the page is whole. Private characters: no text that is typed survives with them.
_OPEN, _ENGLISH_OPEN, _CLOSE = "\ue000", "\ue002", "\ue001"


@dataclass(frozen=True, slots=True)
class Language:
    """A language one can choose. `name`: as its speakers call it. `reviewed`: whether a clinician has looked at it."""

    tag: str
    name: str
    direction: str = "ltr"
    reviewed: bool = False
    is_pseudo: bool = False


ENGLISH: Final = Language("en-GB", "English", reviewed=True)
LANGUAGES: Final[dict[str, Language]] = {
    language.tag: language
    for language in (
        ENGLISH,
        Language("de", "Deutsch"),
        # Made by code, for whoever builds pages: longer words, and words from right to left.
        Language("en-XA", "Þšéúđó", is_pseudo=True),
        Language("ar-XB", "Þšéúđó 2", direction="rtl", is_pseudo=True),
    )
}

_current: ContextVar[Language] = ContextVar("upperback_language", default=ENGLISH)
_region: ContextVar[str | None] = ContextVar("upperback_region", default=None)


# ---- which one -----------------------------------------------------------------------------------------------------


def current() -> Language:
    """The language of the page that is being made."""
    return _current.get()


def region_of_page() -> str | None:
    """The country the reader chose; None where nobody chose one and the one of the installation counts."""
    return _region.get()


@contextmanager
def reading(language: Language, region: str | None = None) -> Iterator[None]:
    """Makes pages for a reader of this language, in this country."""
    before, before_region = _current.set(language), _region.set(region)
    try:
        yield
    finally:
        _current.reset(before)
        _region.reset(before_region)


def offered(*, pseudo: bool = False) -> list[Language]:
    """The languages one can choose; the made-up ones only where somebody builds pages."""
    return [language for language in LANGUAGES.values() if pseudo or not language.is_pseudo]


def chosen(cookie: str | None, accepts: str, *, pseudo: bool = False) -> Language:
    """What the reader chose, else the first language of their browser that there is, else English. Never fails."""
    tags = {language.tag.lower(): language for language in offered(pseudo=pseudo)}
    if cookie and cookie.lower() in tags:
        return tags[cookie.lower()]
    for wanted in _accepted(accepts[:_HEADER_MOST]):
        if wanted in tags and not tags[wanted].is_pseudo:
            return tags[wanted]
        if (language := wanted.split("-")[0]) in tags or language == "en":
            return tags.get(language, ENGLISH)
    return ENGLISH


_HEADER_MOST: Final = 500


def _accepted(header: str) -> list[str]:
    """The languages of an Accept-Language header, the most wanted first."""
    wanted = []
    for place, part in enumerate(header.split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            share = float(weight or 1)
        except ValueError:
            continue
        if tag and 0 < share <= 1:
            wanted.append((-share, place, tag.strip().lower()))
    return [tag for _, _, tag in sorted(wanted)]


def chosen_region(cookie: str | None) -> str | None:
    """The country of a cookie, where there is a table of services for it."""
    return cookie if cookie in regions() else None


@cache
def regions() -> Mapping[str, str]:
    """Every country with a table of services: its key and its name. Empty when the content cannot be read."""
    try:
        from upperback.content.load import default_release

        return {table.region: table.title for table in default_release().release.services}
    except Exception:  # noqa: BLE001  help has to be there whatever is wrong with the content
        return {}


# ---- words of a language -------------------------------------------------------------------------------------------


@cache
def wording(tag: str) -> Wording | None:
    """The words of a language, read once per process; None for English, and where they cannot be read."""
    language = LANGUAGES[tag]
    if language is ENGLISH:
        return None
    try:
        return _pseudo(language) if language.is_pseudo else _read(tag)
    except Exception:  # noqa: BLE001  a page in English is better than none
        _log.exception("the words of a language could not be read; its pages are in English")
        return None


def words_now() -> Wording | None:
    """The words of the language of this page; None for English."""
    language = _current.get()
    return None if language is ENGLISH else wording(language.tag)


@cache
def _known() -> frozenset[str]:
    """Every text of the release that people read."""
    from upperback.content.load import default_release
    from upperback.content.wording import texts_of

    return frozenset(place.text for place in texts_of(default_release().release))


@cache
def interface_entries(tag: str) -> tuple[Any, ...]:
    """The catalogue of pages and of sentences that code makes."""
    from upperback.content.catalogue import read_folder

    return read_folder(LOCALE_FOLDER / tag).entries


def _read(tag: str) -> Wording:
    from upperback.content.catalogue import read_folder
    from upperback.content.load import content_folder
    from upperback.content.wording import translations_of

    content = read_folder(content_folder() / "languages" / tag).entries
    interface = interface_entries(tag)
    translations = translations_of([*content, *interface])
    return Wording(tag, known=_known() | {entry.text for entry in interface}, translations=translations)


def letter_words_now() -> Wording | None:
    """The words of letters in the language of this page; None for English and where nobody wrote them."""
    language = _current.get()
    return None if language is ENGLISH or language.is_pseudo else _letter_words(language.tag)


@cache
def _letter_words(tag: str) -> Wording | None:
    from upperback.content.catalogue import read_folder
    from upperback.content.load import content_folder
    from upperback.services.letters import letter_wording

    try:
        content = read_folder(content_folder() / "languages" / tag).entries
        return letter_wording(tag, [*content, *interface_entries(tag)])
    except Exception:  # noqa: BLE001  a letter in English is better than none
        _log.exception("the words of letters could not be read; they are in English")
        return None


def plural_forms(tag: str) -> Mapping[tuple[str, int], str]:
    """Sentences that count: by their English and the number of the form."""
    return {
        (entry.text, number): form
        for entry in interface_entries(tag)
        for number, form in enumerate(entry.forms)
        if form
    }


#: Where code stands whose sentences come to a page over a socket; `live`: those that only `live.po` has.
_LIVE_PLACES: Final = (
    "live",
    "web/live/",
    "services/live",
    "services/pairing",
    "services/counting",
    "care/counted_sets",
)


def live_sentences() -> list[tuple[str, str]]:
    """What comes to an open page over a socket: its English, gaps as {0}, and how it is said. None in English."""
    language, words = _current.get(), words_now()
    if words is None:
        return []
    tags = _written() if language.is_pseudo else (language.tag,)
    texts = {
        entry.text for tag in tags for entry in interface_entries(tag) if _is_live(entry.places) and not entry.plural
    }
    return [(text, said) for text in sorted(texts) if (said := words.exact(text)) is not None]


def _is_live(places: Iterable[str]) -> bool:
    return any(place.startswith(_LIVE_PLACES) for place in places)


def direction() -> str:
    """`ltr` or `rtl`."""
    return _current.get().direction


def tag() -> str:
    """The language of this page, as HTML names it."""
    return _current.get().tag


def is_unreviewed() -> bool:
    """Whether to say that no clinician has looked at the words."""
    return not _current.get().reviewed


# ---- into a page ---------------------------------------------------------------------------------------------------


def gettext(text: str) -> str:
    """A text of a template, as pages say it. Without a translation it is marked, and shown as English."""
    if (words := words_now()) is None:
        return text
    return _of_pages(_current.get().tag).get(text) or words.exact(text) or f"{_ENGLISH_OPEN}{text}{_CLOSE}"


@cache
def _of_pages(tag: str) -> Mapping[str, str]:
    """What pages say. The same English may mean something else in the content: a way back, and a part of the body."""
    from upperback.content.wording import translations_of

    return {} if LANGUAGES[tag].is_pseudo else translations_of(list(interface_entries(tag)))


def ngettext(one: str, many: str, count: int) -> str:
    """A text of a template that counts."""
    words, english = words_now(), one if count == 1 else many
    if words is None:
        return english
    if _current.get().is_pseudo:
        return words.exact(english) or english
    form = 0 if count == 1 else 1  # German, as English; a language that counts otherwise brings its rule here
    return plural_forms_now().get((one, form)) or f"{_ENGLISH_OPEN}{english}{_CLOSE}"


def plural_forms_now() -> Mapping[tuple[str, int], str]:
    """Those of the language of this page."""
    return _plural_forms(_current.get().tag)


_plural_forms = cache(plural_forms)


def marked(value: Any) -> Any:
    """What a template puts out: a text of ours is noted, so that it is said once the page is whole."""
    if _current.get() is ENGLISH:
        return value
    if type(value) is float:
        value = str(value)
    if type(value) is not str or not value or _ANY_MARK.search(value):
        return value
    words = words_now()
    return value if words is None or words.say(value) is None else f"{_OPEN}{value}{_CLOSE}"


def said(text: str) -> str:
    """A text of ours in the language of this page, to be put into another one; its English where there is none."""
    words = words_now()
    found = words.say(text) if words is not None and not _ANY_MARK.search(text) else None
    return found.words if found is not None else text


def filled(text: str, services: ServiceTable) -> str:
    """A sentence of the content in the language of this page, with the services of a country in it."""
    words = words_now()
    if words is None:
        return fill(text, services)
    found = words.say(text)
    here = msgspec.structs.replace(
        services,
        services=tuple(msgspec.structs.replace(one, phrase=said(one.phrase)) for one in services.services),
    )
    whole = fill(found.words if found is not None else text, here)
    return f"{_ENGLISH_OPEN}{whole}{_CLOSE}" if found is not None and found.is_english else whole


def said_html(html: str) -> str:
    """A stretch of a page to read, paragraph by paragraph; one without a translation says that it is English."""
    from upperback.content.wording import PARAGRAPH

    words = words_now()
    if words is None:
        return html

    def block(match: re.Match[str]) -> str:
        if (inner := words.exact(match[3])) is not None:
            return f"{match[1]}{inner}{match[4]}"
        if PARAGRAPH.search(match[3]):
            return f"{match[1]}{PARAGRAPH.sub(block, match[3])}{match[4]}"
        return f"{match[1]}{_as_english(match[3])}{match[4]}"

    return PARAGRAPH.sub(block, html)


def said_in(value: Any) -> Any:
    """The texts of ours in what goes to a script; short lower-case words are keys there and stay."""
    words = words_now()
    if words is None:
        return value
    match value:
        case Markup():
            return value
        case str():
            return value if _KEY.fullmatch(value) else _plain(said(value))
        case dict():
            return {key: said_in(item) for key, item in value.items()}
        case list() | tuple():
            return [said_in(item) for item in value]
    return value


_KEY = re.compile(r"[\w./:#?=&%~-]*")
_TAGS = re.compile(r"(<[^>]*>)")
_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
_MARKED = re.compile(f"({_OPEN}|{_ENGLISH_OPEN})([^{_OPEN}{_CLOSE}{_ENGLISH_OPEN}]*){_CLOSE}")
_ANY_MARK = re.compile(f"[{_OPEN}{_CLOSE}{_ENGLISH_OPEN}]")
_RAW_BEGINS = re.compile(r"<(script|style|textarea|title|option|text|desc)\b")
_SAID_ATTRIBUTES = frozenset(
    {"aria-label", "aria-description", "aria-valuetext", "alt", "title", "placeholder", "label"}
)


def in_language(html: str) -> str:
    """A whole page with its marked texts said."""
    if not _ANY_MARK.search(html):
        return html
    words = words_now()
    pieces, inside = [], ""
    for piece in _TAGS.split(html):
        if piece.startswith("<"):
            if begins := _RAW_BEGINS.match(piece):
                inside = begins[1]
            elif inside and piece.startswith(f"</{inside}"):
                inside = ""
            pieces.append(_ATTRIBUTE.sub(_attribute, piece) if _CLOSE in piece else piece)
        elif _CLOSE in piece:
            pieces.append(_MARKED.sub(lambda found: _text(found, words, inside), piece))  # noqa: B023
        else:
            pieces.append(piece)
    return _plain("".join(pieces))


def _text(mark: re.Match[str], words: Wording | None, inside: str) -> str:
    original = mark[2]
    if mark[1] == _ENGLISH_OPEN:
        return original if inside else _as_english(original)
    found = words.say(unescape(original)) if words is not None else None
    if found is None or inside in {"textarea", "style", "script"}:
        return original
    text = escape(found.words, quote=False)
    return _as_english(text) if found.is_english and not inside else text


def _as_english(html: str) -> str:
    return f'<span lang="en-GB" dir="ltr" class="in-english">{html}</span>'


def _attribute(found: re.Match[str]) -> str:
    name, value = found[1], found[2]
    if name in _SAID_ATTRIBUTES or (name.startswith("data-") and " " in value):
        value = _MARKED.sub(lambda mark: escape(said(unescape(mark[2]))), value)
    return f'{name}="{_plain(value)}"'


def _plain(text: str) -> str:
    return _ANY_MARK.sub("", text)


# ---- made-up languages ---------------------------------------------------------------------------------------------


class _Pseudo(Wording):
    """English made strange and longer: what is not strange on a page did not pass through translation."""

    def exact(self, text: str) -> str | None:
        return pseudo(text)

    def number(self, text: str) -> str:
        return text

    def date(self, match: re.Match[str]) -> str:
        return pseudo(match[0])


def _pseudo(language: Language) -> Wording:
    known = _known() | {entry.text for tag in _written() for entry in interface_entries(tag)}
    return _Pseudo(language.tag, known=known, translations={})


def _written() -> Iterable[str]:
    return (language.tag for language in LANGUAGES.values() if language is not ENGLISH and not language.is_pseudo)


_ACCENTS: Final = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "áƀçđéƒğĥíĵķĺɱñóþɋŕšţúṽŵẋýžÅƁÇĐÉƑĞĤÎĴĶĻṀÑÓÞǪŔŠŢÛṼŴẊÝŽ",
)
_UNTOUCHED: Final = re.compile(r"(\{\w*\}|%\(\w+\)[.\d]*[a-z]|%[sd%]|</?[a-z][^>]*>|&\w+;)")
_LONGER: Final = 0.4


def pseudo(text: str) -> str:
    """The text with accents on every letter, and 40 % longer; gaps and marks stay."""
    pieces = [piece if index % 2 else piece.translate(_ACCENTS) for index, piece in enumerate(_UNTOUCHED.split(text))]
    more = round(len(_UNTOUCHED.sub("", text)) * _LONGER)
    filling = " ".join("~" * min(6, more - start) for start in range(0, more, 6))
    return f"{''.join(pieces)}{' ' if more > 6 else ''}{filling}"
