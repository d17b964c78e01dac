"""Every text of a release that people read, by the id of where it stands, and the same texts in another language.

A translation holds for exactly the British English it was made from: texts are looked up by their English, so one that
was changed since is not found and the English is shown. What is stored, decided and hashed is English throughout;
languages are a matter of showing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import msgspec

from upperback.content import models
from upperback.content.catalogue import Entry

#: What people read of each kind of thing. Fields that hold other things are walked into; the rest is for machines.
_READ: Final[dict[type, tuple[str, ...]]] = {
    models.Finding: ("said",),
    models.FindingGroup: ("findings",),
    models.Option: ("label", "hint", "label_proxy"),
    models.Question: (
        "text", "text_proxy", "simpler", "summary", "options", "help", "examples", "not_examples", "none_label",
        "unit_label", "unit_label_one", "low_label", "high_label",
    ),
    models.Together: ("title",),
    models.Section: ("title", "intro", "intro_proxy", "together", "questions"),
    models.Rule: ("because", "say", "say_proxy", "say_unknown", "do_not", "meanwhile"),
    models.Message: ("title", "lines"),
    models.Service: ("name", "phrase", "number_shown", "hours", "note"),
    models.ServiceTable: ("title", "services"),
    models.DispositionText: ("title", "short", "action", "when_text", "do_not", "comfort"),
    models.Caution: ("title", "meaning", "advice", "lock_text"),
    models.Pattern: ("title", "told", "because", "advice", "route", "lock_text"),
    models.ExerciseCaution: ("how",),
    models.Variant: ("how",),
    models.Figure: ("words",),
    models.Sensor: ("signal",),
    models.Exercise: (
        "title", "purpose", "feel", "muscles", "equipment_instead", "steps", "mistakes", "breathing", "cautions",
        "easier", "harder", "figure", "sensor",
    ),
    models.LoadRule: ("title", "tasks", "change_now", "build_back"),
    models.WorkstationItem: ("title", "check", "fix"),
    models.ReviewRow: ("when_text", "why", "next"),
    models.DoseText: ("title", "text"),
    models.LearnTopic: ("title", "summary"),
    models.LearnPage: ("title", "summary", "parts", "ask"),
    models.LearnAsk: ("question", "answers"),
    models.LearnAnswer: ("text", "told"),
    models.LearnPart: ("html",),
}  # fmt: skip

#: Parts of a release that people read, the safety of somebody first.
PARTS: Final = (
    "questions", "findings", "rules", "dispositions", "messages", "services", "cautions", "patterns", "exercises",
    "load_rules", "workstation", "review", "dose", "learn_topics", "learn",
)  # fmt: skip

#: What nobody may have to do without: a missing translation here is told louder by `check-content`.
SAFETY_PARTS: Final = frozenset({"questions", "findings", "rules", "dispositions", "messages", "services"})

_MANY = re.compile(r"\{value\} (week|day|hour|minute|fall|flare-up)s\b")
#: A stretch of a page to read that is translated as a whole.
PARAGRAPH = re.compile(r"(<(p|li|h[1-6]|td|th|dt|dd|summary)(?: [^>]*)?>)(.*?)(</\2>)", re.DOTALL)
_LETTER = re.compile(r"[^\W\d_]")
_PLACEHOLDER = re.compile(r"\{\w*\}|%\(\w+\)[.\d]*[a-z]|%[sd]|</?[a-z][^>]*>")


@dataclass(frozen=True, slots=True)
class Place:
    """One text and where it stands: the part, and the way to it by ids and fields, e.g. `core/lines/0`."""

    part: str
    path: str
    text: str


def texts_of(release: models.Release) -> Iterator[Place]:
    """Every text of a release that people read."""
    for part in PARTS:
        for item in getattr(release, part):
            yield from (Place(part, path, text) for path, text in _walk(item, _name_of(item)) if _LETTER.search(text))


def _walk(value: Any, path: str) -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield from ((path, text) for text in (value, *_told_otherwise(value)))
        case models.LearnPart():
            yield from ((f"{path}/{index}", words) for index, words in enumerate(blocks_of(value.html)))
        case msgspec.Struct():
            for field in _READ.get(type(value), ()):
                yield from _walk(getattr(value, field), f"{path}/{field}")
        case dict():
            for key, inner in value.items():
                yield from _walk(inner, f"{path}/{key}")
        case tuple():
            for index, inner in enumerate(value):
                yield from _walk(inner, f"{path}/{_name_of(inner) or index}")


def _told_otherwise(said: str) -> Iterator[str]:
    """How an answer with a number is told where the number is one, or so many weeks that it is told without."""
    if "about {value} weeks" in said:
        yield said.replace("about {value} weeks", "months")
        yield said.replace("about {value} weeks", "years")
    if one := _MANY.search(said):
        yield f"{said[: one.start()]}1 {one[1]}{said[one.end() :]}"


def _name_of(item: Any) -> str:
    names = ("id", "key", "tag", "region", "group", "row", "exercise")
    return next((str(found) for name in names if (found := getattr(item, name, None)) is not None), "")


def blocks_of(html: str) -> list[str]:
    """The paragraphs, points and headings of a page to read: what one translates at a time."""
    return [block[3] for block in PARAGRAPH.finditer(html) if not PARAGRAPH.search(block[3])]


# ---- saying it in another language ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """A text in the language of the reader. `is_english`: there is no translation, so it is the British English."""

    words: str
    is_english: bool = False


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A sentence with gaps, as code writes it, and how it is said."""

    begins: str
    match: re.Pattern[str]
    said: str | None


class Wording:
    """Texts in one language. Immutable; shared by the whole process.

    known: every English text that has to be said. sentences: those with gaps, `{0}`. translations: English to the
    language. A stored sentence is found by its pattern, and what fills its gaps is said as well.
    """

    def __init__(self, language: str, *, known: frozenset[str], translations: Mapping[str, str]) -> None:
        self.language = language
        self._known = known
        self._translations = translations
        gapped = sorted(
            (text for text in known if _GAP.search(text)), key=lambda text: -len(_PLACEHOLDER.sub("", text))
        )
        self._patterns = [_pattern(text, self.exact(text)) for text in gapped]
        self.say = lru_cache(maxsize=20_000)(self._say)

    def exact(self, text: str) -> str | None:
        """The translation of a whole text; None without one."""
        return self._translations.get(text)

    def knows(self, text: str) -> bool:
        """Whether this is one of the texts that have to be said."""
        return text in self._known

    def date(self, match: re.Match[str]) -> str:
        """A day as this language writes it."""
        return local_day_words(match, self.language)

    def number(self, text: str) -> str:
        """A number as this language writes it."""
        from babel.numbers import format_decimal

        plain = text.replace(",", "")
        return str(format_decimal(plain, format=None, locale=self.language, decimal_quantization=False))

    def _say(self, text: str) -> Said | None:
        """The text in this language; None for what is no text of ours: a name, somebody's own words."""
        found = self._whole(text) or self._gapped(text)
        if found is not None:
            return found
        return self._in_parts(text)

    def _whole(self, text: str) -> Said | None:
        if text in self._known:
            words = self.exact(text)
            return Said(text, is_english=True) if words is None else Said(words)
        if _NUMBER.fullmatch(text):
            return Said(self.number(text))
        if day := DAY.fullmatch(text):
            return Said(self.date(day))
        return None

    def _gapped(self, text: str) -> Said | None:
        for pattern in self._patterns:
            if not text.startswith(pattern.begins) or not (match := pattern.match.fullmatch(text)):
                continue
            if pattern.said is None:
                return Said(text, is_english=True)
            return Said(_GAP.sub(lambda gap: self._filling(match.group(f"g{gap[1]}")), pattern.said))
        return None

    def _filling(self, text: str) -> str:
        said = self.say(text)
        return said.words if said is not None else text

    def _in_parts(self, text: str) -> Said | None:
        """A number of things, sentences in a row, items in a row: only where each part is known."""
        if counted := _COUNTED.fullmatch(text):
            found = self.say(counted[2])
            return found and Said(f"{self._filling(counted[1])} {found.words}", is_english=found.is_english)
        for split, join in ((_SENTENCES, " "), (_COLON, ": "), (_DOT, " · "), (_SEMICOLON, "; "), (_COMMA, ", ")):
            if len(parts := split.split(text)) > 1 and (found := self._each(parts, join)) is not None:
                return found
        for place in _AND.finditer(text):
            pair = [text[: place.start()], text[place.end() :]]
            if (found := self._each(pair, f" {self.exact('and') or 'and'} ")) is not None:
                return found
        return None

    def _each(self, parts: list[str], join: str) -> Said | None:
        said = [Said(part) if _DIGITS.fullmatch(part) else self.say(part) if part else None for part in parts]
        known = [item for item in said if item is not None]
        if len(known) < len(parts):
            return None
        return Said(join.join(item.words for item in known), is_english=any(item.is_english for item in known))


_GAP = re.compile(r"\{(\d+|value)\}")
_SENTENCES = re.compile(r"(?<=[.!?])\s+")
_DIGITS = re.compile(r"[\d.]+")
_SEMICOLON = re.compile(r"; ")
_COMMA = re.compile(r", (?:and )?")
_AND = re.compile(r" and ")
_COUNTED = re.compile(r"(\d+(?:\.\d+)?(?: × \d+)?) ([^\d\W].*)", re.DOTALL)
_COLON = re.compile(r": ")
_DOT = re.compile(r" · ")
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_WEEKDAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
#: A day as our pages write it in English: 3 May, Monday 3 May 2027, 3 Jan.
DAY = re.compile(
    rf"(?:(?P<weekday>{_WEEKDAYS}) )?(?P<day>\d{{1,2}}) (?P<month>{'|'.join(f'{m}|{m[:3]}' for m in _MONTHS)})"
    r"(?: (?P<year>\d{4}))?(?P<clock>, \d\d:\d\d(?: UTC)?)?"
)


def local_day_words(match: re.Match[str], language: str) -> str:
    """A day written in English, as a language writes it; the clock stays."""
    import datetime as dt

    from babel.dates import format_date, format_skeleton

    month = next(index for index, name in enumerate(_MONTHS, start=1) if name[:3] == match["month"][:3])
    day = dt.date(int(match["year"] or 2000), month, int(match["day"]))  # 2000 has every day of a year
    is_short = match["month"] not in _MONTHS
    if match["year"]:
        words = format_date(day, "medium" if is_short else "long", locale=language)
    else:
        words = format_skeleton("MMMd" if is_short else "MMMMd", day, locale=language)
    if match["weekday"]:
        words = f"{weekday_words(match['weekday'], language)}, {words}"
    return f"{words}{match['clock'] or ''}"


def weekday_words(name: str, language: str) -> str:
    """The name of a weekday."""
    from babel.dates import get_day_names

    return str(get_day_names("wide", locale=language)[_WEEKDAYS.split("|").index(name)])


def _filled_by(pieces: list[str], index: int) -> str:
    """What may fill a gap. One that stands right behind another is an addition, such as “ of 5 seconds”, or empty."""
    return r"(?:(?:[,.;:(]| of | for ).*?)?" if index > 1 and not pieces[index - 1] else ".+?"


def _pattern(text: str, said: str | None) -> _Pattern:
    pieces = _GAP.split(text)  # literal, number, literal, ...
    expression = "".join(
        re.escape(piece) if index % 2 == 0 else f"(?P<g{piece}>{_filled_by(pieces, index)})"
        for index, piece in enumerate(pieces)
    )
    return _Pattern(pieces[0], re.compile(expression, re.DOTALL), said)


# ---- what speaks against a translation -----------------------------------------------------------------------------


def translations_of(entries: list[Entry]) -> dict[str, str]:
    """English to the language, of all entries that may be used. The first of two translations counts."""
    found: dict[str, str] = {}
    for entry in entries:
        if entry.words and not entry.forms and fault_of(entry) is None:
            found.setdefault(entry.text, entry.words)
    return found


def fault_of(entry: Entry) -> str | None:
    """Why a translation cannot be used: a service, a number or a mark of the English is lost or new in it."""
    for words in entry.forms or (entry.words,):
        if words and set(_PLACEHOLDER.findall(words)) != set(_PLACEHOLDER.findall(entry.text)):
            return f"the marks in {{}} or %() or <> differ from the English: “{entry.text[:60]}”"
    return None
