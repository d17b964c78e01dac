"""A letter in another language: said on the way out, from the same parts.

Its words have a catalogue of their own, `locale/<language>/`, beside those of the content and the pages: short names
such as “new” or “rest” mean in a letter what they need not mean elsewhere. What a person typed stays as it is.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from upperback.content.catalogue import Entry, read_folder
from upperback.content.wording import DAY, Wording, translations_of
from upperback.interchange.letter.records import Block, Chart, Letter, Table

FOLDER: Final = Path(__file__).parent / "locale"
#: What stands on the paper besides the letter: of the template.
PAGE_WORDS: Final = ("Page", "of", "Appendix")
_OWN_WORDS: Final = "In the person's own words"
_PARTS: Final = re.compile(r"(?<=[.!?]) |\. ")
_NUMBERED: Final = re.compile(r"\d+\. ")
_SPREAD: Final = re.compile(r"([\d.]+) to ([\d.]+)")
_DECIMAL: Final = re.compile(r"(?<![\d.])\d+\.\d+(?![\d.])")


def letter_wording(tag: str, texts: Iterable[Entry]) -> Wording:
    """The words of letters in a language: those of the letters first, then those of content and pages."""
    own = read_folder(FOLDER / tag).entries if (FOLDER / tag).is_dir() else ()
    entries = [*own, *texts]
    return Wording(tag, known=frozenset(entry.text for entry in entries), translations=translations_of(entries))


def said_letter(letter: Letter, words: Wording) -> Letter:
    """The letter in that language. A text of ours without a translation stays, and says that it is English."""
    say = _Say(words)
    return msgspec.structs.replace(
        letter,
        title=say.text(letter.title),
        who=[(say.text(name), say.row(value)) for name, value in letter.who],
        blocks=[say.block(block) for block in letter.blocks],
        question=say.whole(letter.question),
        asks=say.text(letter.asks),
        about=say.text(letter.about),
        appendix=[say.block(block) for block in letter.appendix],
    )


class _Say:
    def __init__(self, words: Wording) -> None:
        self._words = words

    def whole(self, text: str) -> str:
        """A text that may be somebody's own: said only where the whole of it is ours."""
        return self._words.exact(text) or text

    def text(self, text: str) -> str:
        """A sentence, a list of things, or some of them in a row."""
        if _NUMBERED.match(text):  # what somebody typed, as one of a chart
            return text
        if (listed := self._listed(text)) is not None:
            return listed
        found = self._words.say(text)
        if found is not None and not found.is_english:
            return found.words
        if self._words.knows(text):
            return f"{text} (English)"
        pieces = _PARTS.split(text)
        if len(pieces) > 1:
            return ". ".join(self._piece(piece) for piece in pieces)
        return self._piece(text) if text.endswith(".") else self._rest(text)

    def _listed(self, text: str) -> str | None:
        """Names with commas between, where a name may hold commas too: the longest names that fit; None for others."""
        parts, said = text.split(", "), list[str]()
        while parts:
            names = ((size, self._words.exact(", ".join(parts[:size]))) for size in range(len(parts), 0, -1))
            size, found = next(((size, words) for size, words in names if words is not None), (0, None))
            if found is None:
                return None
            said.append(found)
            del parts[:size]
        return ", ".join(said)

    def row(self, text: str) -> str:
        """Things with commas between, each for itself: one of them may be a name."""
        found = self._words.say(text)
        return found.words if found is not None else ", ".join(self.text(part) for part in text.split(", "))

    def block(self, block: Block) -> Block:
        """A part of the letter; the second column of what was typed stays."""
        is_own = block.title == _OWN_WORDS
        return msgspec.structs.replace(
            block,
            title=self.text(block.title),
            lines=[self.text(line) for line in block.lines],
            points=[self.text(point) for point in block.points],
            chart=self._chart(block.chart) if block.chart is not None else None,
            table=self._table(block.table, is_own=is_own) if block.table is not None else None,
        )

    def _table(self, table: Table, *, is_own: bool) -> Table:
        def cells(row: Sequence[str]) -> list[str]:
            return [self.text(cell) if index == 0 or not is_own else cell for index, cell in enumerate(row)]

        return msgspec.structs.replace(
            table, columns=[self.text(name) for name in table.columns], rows=[cells(row) for row in table.rows]
        )

    def _chart(self, chart: Chart) -> Chart:
        return msgspec.structs.replace(
            chart,
            told=self.text(chart.told),
            lines=[msgspec.structs.replace(line, name=self.text(line.name)) for line in chart.lines],
            across=[(at, self.text(day)) for at, day in chart.across],
        )

    def _piece(self, piece: str) -> str:
        bare = piece.removesuffix(".")
        return f"{self.text(bare)}{piece[len(bare) :]}"

    def _rest(self, text: str) -> str:
        """What is no text of ours as a whole: its days and its numbers, as this language writes them."""
        if spread := _SPREAD.fullmatch(text):
            return f"{self._rest(spread[1])} {self._words.exact('to') or 'to'} {self._rest(spread[2])}"
        days = DAY.sub(self._words.date, text)
        return _DECIMAL.sub(lambda number: self._words.number(number[0]), days)
