"""A report in another language: said on the way out, from the same page.

Its words have a catalogue of their own, `locale/<language>/`. Amounts are written as the language writes them. What has
no translation stays, marked as English; names of files, devices and channels stay as they are.
"""

import html
import re
from functools import cache
from pathlib import Path
from typing import Final

from upperback.content.catalogue import read_folder
from upperback.content.wording import DAY, Said, Wording, translations_of, weekday_words

FOLDER: Final = Path(__file__).parent / "locale"
ENGLISH: Final = "en-GB"

_NUMBER: Final = r"\d+(?:,\d{3})*(?:\.\d+)?"
_UNIT: Final = r"(?:s|min|h|days|%|µV|Hz|ms|m/s2|Hz a minute)"
_AMOUNT: Final = re.compile(
    rf"(?P<than>under |over )?(?P<amount>[+\N{{MINUS SIGN}}-]?{_NUMBER}°?(?:[ \N{{NO-BREAK SPACE}}]?{_UNIT})?"
    rf"(?:[ \N{{NO-BREAK SPACE}}]{_NUMBER}[ \N{{NO-BREAK SPACE}}]{_UNIT})*)"
)
#: An amount, or the name of a figure, before what it is an amount of.
_FIRST: Final = re.compile(rf"(P\d+|RULA|REBA|{_AMOUNT.pattern}) (.+)", re.DOTALL)
_NUMBERS: Final = re.compile(_NUMBER)
_SHORT_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONG_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHORT_DAY: Final = re.compile(rf"({'|'.join(_SHORT_DAYS)}) (\d\d:\d\d|\d.*)")
_TAGS: Final = re.compile(r"(<[^>]*>)")
_LABEL: Final = re.compile(r'aria-label="([^"]*)"')
_LETTER: Final = re.compile(r"[^\W\d_]{2}")
_SPACES: Final = re.compile(r"[ \n]+")  # not the spaces that keep a number and its unit together


class ReportWording(Wording):
    """The words of reports in one language, with amounts, days and times."""

    def number(self, text: str) -> str:
        """With the marks of this language, and as many places as it had."""
        from babel.numbers import get_decimal_symbol, get_group_symbol

        marks = {",": get_group_symbol(self.language), ".": get_decimal_symbol(self.language)}
        return "".join(marks.get(letter, letter) for letter in text)

    def _say(self, text: str) -> Said | None:
        found = super()._say(text)
        return self._measured(text) or found if found is None or found.is_english else found

    def _measured(self, text: str) -> Said | None:
        if whole := _AMOUNT.fullmatch(text):
            return Said(self._amount(whole))
        if short := _SHORT_DAY.fullmatch(text):
            return Said(self._short_day(short[1], short[2]))
        if (counted := _FIRST.fullmatch(text)) and (rest := self.say(counted[counted.lastindex or 0])) is not None:
            return Said(f"{self._filling(counted[1])} {rest.words}", is_english=rest.is_english)
        return None

    def _amount(self, found: re.Match[str]) -> str:
        amount = _NUMBERS.sub(lambda number: self.number(number[0]), found["amount"])
        for unit in ("days", "Hz a minute"):
            amount = amount.replace(unit, self.exact(unit) or unit)
        than = found["than"] or ""
        return f"{self.exact(than.strip()) or than.strip()} {amount}" if than else amount

    def _short_day(self, name: str, rest: str) -> str:
        day = DAY.fullmatch(rest)
        return (
            f"{weekday_words(_LONG_DAYS[_SHORT_DAYS.index(name)], self.language)[:2]} {self.date(day) if day else rest}"
        )


@cache
def report_wording(tag: str) -> ReportWording | None:
    """The words of reports in a language; None for English. One without a catalogue has none: all stays English."""
    if tag == ENGLISH:
        return None
    entries = list(read_folder(FOLDER / tag).entries) if (FOLDER / tag).is_dir() else []
    known = frozenset(entry.text for entry in entries)
    return ReportWording(tag, known=known, translations=translations_of(entries))


def said_text(text: str, words: ReportWording | None) -> str:
    """One sentence or amount; the English where there is none."""
    found = words.say(text) if words is not None else None
    return found.words if found is not None else text


def said_page(page: str, words: ReportWording | None) -> str:
    """A whole report with its texts said."""
    if words is None:
        return page
    pieces, inside = list[str](), ""
    for piece in _TAGS.split(page):
        if not piece.startswith("<"):
            pieces.append(piece if inside in {"style", "kept"} else _said(piece, words, marks=inside not in _BARE))
            continue
        inside = _inside(piece, inside)
        pieces.append(_LABEL.sub(lambda label: f'aria-label="{_plain(label[1], words)}"', piece))
    return "".join(pieces)


#: Where no mark can stand within the text.
_BARE: Final = frozenset({"title", "text"})


def _inside(tag: str, before: str) -> str:
    if 'translate="no"' in tag:
        return "kept"
    name = re.match(r"<(style|title|text)\b", tag)
    return name[1] if name else "" if tag.startswith("</") else before


def _plain(text: str, words: ReportWording) -> str:
    return html.escape(said_text(html.unescape(text), words))


def _said(piece: str, words: ReportWording, *, marks: bool) -> str:
    bare = _SPACES.sub(" ", html.unescape(piece)).strip(" ")
    if not bare:
        return piece
    found = words.say(bare)
    text = html.escape(found.words if found is not None else bare, quote=False)
    if marks and _LETTER.search(bare) and (found is None or found.is_english):
        text = f'<span lang="{ENGLISH}" class="in-english">{text}</span>'
    before, after = piece[: 1 if piece[0].isspace() else 0], piece[len(piece.rstrip(" \n")) :]
    return f"{before}{text}{after}"
