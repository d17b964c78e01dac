"""Search in the pages to read: everyday words, forgiving of spelling, the same on every database.

The index is made from the release in memory, so nothing of it is stored and nothing has to be kept in step. Pages are
weighed as in BM25, field by field [1]_; a word that no page holds is taken for the nearest ones that pages do hold.
Alarm words of the release are looked for first, in everything that was typed. They bring help to the top; nothing that
is typed lowers anything, and nothing of it is kept.

.. [1] Robertson S, Zaragoza H. The Probabilistic Relevance Framework: BM25 and Beyond. Foundations and Trends in
   Information Retrieval, 2009. doi:10.1561/1500000019
"""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from upperback.content.learn import plain_text
from upperback.content.models import LearnPage
from upperback.content.search_words import SearchLanguage
from upperback.content.vocabulary import Content
from upperback.content.wording import PARAGRAPH

Level = Literal["emergency", "crisis", "today", "check"]

#: How loud an alarm is; the loudest that is met is shown.
LEVELS: Final[tuple[Level, ...]] = ("emergency", "crisis", "today", "check")

#: Pages that come first when an alarm is met.
FIRST_PAGES: Final[dict[Level, tuple[str, ...]]] = {
    "emergency": ("when-to-get-help", "not-the-back"),
    "crisis": ("mood", "when-to-get-help"),
    "today": ("when-to-get-help",),
    "check": ("when-to-get-help",),
}

_ALARM_CHARACTERS_MOST: Final = 200_000
_CHARACTERS_MOST: Final = 300
_WORDS_MOST: Final = 24
_WINDOW: Final = 7  # words within which the parts of an alarm have to stand
_EXACT_LETTERS: Final = 4  # a word that short is an alarm only as it is
_EXACT_ELSEWHERE: Final = 5  # the same in other languages, whose short words are closer to each other
_FORGIVEN_WORDS: Final = 300  # beyond these the words of an alarm have to be spelled right: looking takes time

_WEIGHTS: Final = {"words": 4.0, "title": 4.0, "summary": 1.5, "headings": 1.0, "body": 0.6}
_SATURATION: Final = 1.2  # k1 of BM25: the second time a word stands in a page counts for less
_PHRASE: Final = 3.0  # for all of a phrase that people may call a page by
_NEAR: Final = 0.6  # for a word that is only the nearest one
_BEGINS: Final = 0.7  # for a word that goes on
_INSIDE: Final = 0.65  # for a word that is part of a longer one: German writes many as one
_INSIDE_LETTERS: Final = 4

#: Words that tell nothing of what is meant; all pages are about a back that hurts.
_STOP_WORDS: Final = (
    "a an the and or of to in on at for with from by as is are was were be been it its this that these those i im ive "
    "me you your he she they we our my do does did can could should would will have has had am get gets got if so then "
    "than there what which who when where how why not no any some about into up down out just very really much many go "
    "going hurt hurts hurting pain pains painful ache aches aching back upper sore"
)
_CANNOT: Final = re.compile(r"\bcan ?not\b", re.IGNORECASE)
_STOP: Final = frozenset(_STOP_WORDS.split())
_SUFFIXES: Final = (
    ("ies", "y"),
    ("sses", "ss"),
    ("ings", ""),
    ("ing", ""),
    ("edly", ""),
    ("ed", ""),
    ("ly", ""),
    ("es", ""),
    ("s", ""),
)


@dataclass(frozen=True, slots=True)
class Found:
    """An answer. alarm: the loudest one met. pages: best first. instead: words taken for others, as typed and meant."""

    pages: tuple[LearnPage, ...]
    alarm: Level | None
    instead: tuple[tuple[str, str], ...] = ()


class LearnSearch:
    """An index over the pages of one release. Made once; looking something up changes nothing.

    Parameters
    ----------
    languages : whose alarms count beside the English ones, whatever the language of the page is
    read_in : the language of the pages; English without one
    said : a text of the release in that language
    """

    def __init__(
        self,
        content: Content,
        *,
        languages: Iterable[SearchLanguage] = (),
        read_in: SearchLanguage | None = None,
        said: Callable[[str], str] = str,
    ) -> None:
        self._content = content
        self._languages = tuple(languages)
        self._read_in, self._said = read_in, said
        self._words_of = read_in.words_of if read_in else words_of
        self._stem_of = read_in.stem_of if read_in else stem_of
        self._stop = read_in.stop_stems() if read_in else _STOP
        self._pages = tuple(content.learn_pages.values())
        self._weights: dict[str, dict[int, float]] = defaultdict(dict)
        self._phrases: list[tuple[int, tuple[str, ...]]] = []
        self._spelled: dict[str, str] = {}
        for number, page in enumerate(self._pages):
            self._add(number, page)
        self._by_letters: dict[str, set[str]] = defaultdict(set)
        for stem in self._weights:
            for pair in _pairs(sound_of(stem)):
                self._by_letters[pair].add(stem)

    def find(self, typed: str, *, most: int = 8) -> Found:
        """Pages for what was typed, best first."""
        alarm = self.alarm(typed)
        words = self._words_of(typed[:_CHARACTERS_MOST])[:_WORDS_MOST]
        scores, instead = self._scores(words)
        order = sorted(scores, key=lambda number: (-scores[number], number))
        pages = [self._pages[number] for number in order]
        if alarm is not None:
            first = [self._content.learn_pages[id] for id in FIRST_PAGES[alarm]]
            pages = [*first, *(page for page in pages if page not in first)]
        return Found(tuple(pages[:most]), alarm, instead)

    def alarm(self, typed: str) -> Level | None:
        """The loudest alarm in everything that was typed."""
        looked_at = typed[:_ALARM_CHARACTERS_MOST]
        ways = dict.fromkeys((looked_at, _CANNOT.sub("can't", looked_at)))  # written either way, it says the same
        own = self._read_in.vocabulary() if self._read_in else frozenset[str]()
        met = {level for way in ways for level in _Typed(words_of(way), correct=own).met(self._alarms)}
        for language, alarms in self._other_alarms:
            words = _Typed(language.words_of(looked_at), correct=language.vocabulary(), exact_letters=_EXACT_ELSEWHERE)
            met |= words.met(alarms)
        return next((level for level in LEVELS if level in met), None)

    @cached_property
    def _alarms(self) -> "_Alarms":
        entries = self._content.release.alarm_words
        return _by_letter(((entry.level, entry.words) for entry in entries), words_of)

    @cached_property
    def _other_alarms(self) -> tuple[tuple[SearchLanguage, "_Alarms"], ...]:
        levels: dict[str, Level] = {entry.id: entry.level for entry in self._content.release.alarm_words}

        def alarms_of(language: SearchLanguage) -> "_Alarms":
            alarms = language.words.alarms.items()
            return _by_letter(((levels[id], phrases) for id, phrases in alarms if id in levels), language.words_of)

        return tuple((language, alarms_of(language)) for language in self._languages)

    def _add(self, number: int, page: LearnPage) -> None:
        html = " ".join(self._block_said(part.html) for part in page.parts)
        names = self._read_in.words.pages.get(page.id, ()) if self._read_in else page.words
        fields = {
            "words": " ".join(names),
            "title": self._said(page.title),
            "summary": self._said(page.summary),
            "headings": " ".join(re.findall(r"<h[23]>(.*?)</h[23]>", html)),
            "body": plain_text(html),
        }
        for field, text in fields.items():
            for word, (times, written) in self._counted(text).items():
                stem = self._stem_of(word)
                self._spelled.setdefault(stem, written)
                weights = self._weights[stem]
                weights[number] = weights.get(number, 0.0) + _WEIGHTS[field] * min(times, 3)
        for phrase in (*names, fields["title"]):
            stems = tuple(self._stem_of(word) for word in self._words_of(phrase))
            self._phrases.append((number, stems))

    def _block_said(self, html: str) -> str:
        if self._read_in is None:
            return html

        def said(block: re.Match[str]) -> str:
            inner = PARAGRAPH.sub(said, block[3]) if PARAGRAPH.search(block[3]) else self._said(block[3])
            return f"{block[1]}{inner}{block[4]}"

        return PARAGRAPH.sub(said, html)

    def _counted(self, text: str) -> dict[str, tuple[int, str]]:
        """How often each word stands in a text, and how it is written there."""
        if self._read_in is None:
            return {word: (times, word) for word, times in Counter(words_of(text)).items()}
        written = {self._read_in.read(word): word for word in reversed(self._read_in.written(text))}
        return {word: (times, written[word]) for word, times in Counter(self._words_of(text)).items() if word}

    def _scores(self, words: list[str]) -> tuple[dict[int, float], tuple[tuple[str, str], ...]]:
        stems = [(word, self._stem_of(word)) for word in words]
        telling = [(word, stem) for word, stem in stems if (stem if self._read_in else word) not in self._stop] or stems
        scores: dict[int, float] = defaultdict(float)
        instead: list[tuple[str, str]] = []
        meant: set[str] = {stem for _, stem in stems}
        for word, stem in telling:
            for near, share in self._nearest(stem):
                if share == _NEAR:
                    instead.append((word, self._spelled[near]))
                    meant.add(near)
                for number, weight in self._weights[near].items():
                    scores[number] += share * self._rarity(near) * weight * (_SATURATION + 1) / (weight + _SATURATION)
        told = {stem for _, stem in telling} | meant.difference(stem for _, stem in stems)
        for number, phrase in self._phrases:
            if len(phrase) > 1 and meant.issuperset(phrase):
                scores[number] += _PHRASE * len(told.intersection(phrase))
        return scores, tuple(instead)

    def _rarity(self, stem: str) -> float:
        holding = len(self._weights[stem])
        return math.log(1 + (len(self._pages) - holding + 0.5) / (holding + 0.5))

    def _nearest(self, stem: str) -> Iterator[tuple[str, float]]:
        """The word itself where pages hold it; else words that go on from it; else the nearest by letters."""
        if stem in self._weights:
            yield stem, 1.0
            return
        longer = [known for known in self._weights if len(stem) > 3 and known.startswith(stem)]
        if longer:
            yield from ((known, _BEGINS) for known in longer[:4])
            return
        alike = self._alike(stem)
        is_close = bool(alike) and distance(sound_of(stem), sound_of(alike[0])) == 1
        if self._read_in and not is_close and (inside := self._inside(stem)):
            yield from ((known, _INSIDE) for known in inside)
            return
        yield from ((known, _NEAR) for known in alike)

    def _inside(self, stem: str) -> list[str]:
        """Words that this one begins or ends with, and words that end with this one."""
        long = [known for known in self._weights if len(known) >= _INSIDE_LETTERS and known not in self._stop]
        begins = max((known for known in long if stem.startswith(known)), key=len, default=None)
        ends = max((known for known in long if stem.endswith(known)), key=len, default=None)
        around = [known for known in long if len(stem) >= _INSIDE_LETTERS and known.endswith(stem)]
        return [known for known in (begins, ends, *around[:3]) if known is not None]

    def _alike(self, stem: str) -> list[str]:
        allowed = 0 if len(stem) < 4 else 1 if len(stem) < 7 else 2
        if allowed == 0:
            return []
        sound = sound_of(stem)
        shared = Counter(known for pair in _pairs(sound) for known in self._by_letters.get(pair, ()))
        likely = [(known, sound_of(known)) for known, _ in shared.most_common(40)]
        steps = {known: distance(sound, other) for known, other in likely if abs(len(other) - len(sound)) <= allowed}
        best = min(steps.values(), default=allowed + 1)
        return [known for known in steps if steps[known] == best][:2] if best <= allowed else []


def words_of(text: str) -> list[str]:
    """Lower-case words and numbers, without accents, apostrophes or marks."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("’", "'")).replace("'", "")
    return re.findall(r"[a-z0-9]+", "".join(letter for letter in plain if not unicodedata.combining(letter)))


def stem_of(word: str) -> str:
    """A word without its commonest endings: enough to find “bags” by “bag”."""
    for ending, rest in _SUFFIXES:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith(("ss", "us", "is")):
            bare = word[: len(word) - len(ending)] + rest
            return (
                bare[:-1]
                if len(bare) > 3 and bare[-1] == bare[-2] and bare[-1] not in "lsz"
                else bare.rstrip("e") or bare
            )
    return word.rstrip("e") if len(word) > 4 else word


def sound_of(word: str) -> str:
    """How a word sounds, roughly: for spelling by ear."""
    for letters, sound in (("ph", "f"), ("ck", "k"), ("gh", ""), ("kn", "n"), ("y", "i"), ("z", "s"), ("x", "ks")):
        word = word.replace(letters, sound)
    return re.sub(r"(.)\1", r"\1", word)


def distance(one: str, other: str) -> int:
    """Letters to add, drop, change, or swap with their neighbour, to come from one word to the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        above, before_above, before = row, before, row
        row = [i]
        for j, mate in enumerate(other, 1):
            steps = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != mate))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == mate:
                steps = min(steps, before_above[j - 2] + 1)
            row.append(steps)
    return row[-1]


def _pairs(word: str) -> set[str]:
    padded = f"^{word}$"
    return {padded[index : index + 2] for index in range(len(padded) - 1)}


#: Alarms by the first letter of their first part.
_Alarms = Mapping[str, Sequence[tuple[Level, tuple[str, ...]]]]


def _by_letter(entries: Iterable[tuple[Level, tuple[str, ...]]], read: Callable[[str], list[str]]) -> _Alarms:
    found: dict[str, list[tuple[Level, tuple[str, ...]]]] = defaultdict(list)
    for level, phrases in entries:
        for phrase in phrases:
            parts = tuple(_parts(phrase, read))
            found[parts[0][0]].append((level, parts))
    return found


def _parts(phrase: str, read: Callable[[str], list[str]]) -> Iterable[str]:
    """The parts of an alarm as words; one that may go on keeps its star."""
    for part in phrase.split():
        star = "*" if part.endswith("*") else ""
        yield "".join(read(part)) + star


class _Typed:
    """What was typed, for looking whether an alarm stands in it: where each word stands, and words by first letter.

    correct: words that are spelled right in the language of the reader, so that none is taken for another one.
    """

    def __init__(self, words: list[str], *, correct: frozenset[str], exact_letters: int = _EXACT_LETTERS) -> None:
        self._correct, self._exact_letters = correct, exact_letters
        self._places: dict[str, list[int]] = defaultdict(list)
        for index, word in enumerate(words):
            self._places[word].append(index)
        self._by_letter: dict[str, list[str]] = defaultdict(list)
        for word in self._places:
            self._by_letter[word[0]].append(word)
        self._found: dict[str, list[int]] = {}

    def met(self, alarms: _Alarms) -> set[Level]:
        """How loud each alarm is that stands in it."""
        likely = (alarm for letter in self._by_letter for alarm in alarms.get(letter, ()))
        return {level for level, phrase in likely if self.hold(phrase)}

    def hold(self, phrase: tuple[str, ...]) -> bool:
        """Whether all parts stand within a few words of each other, or written as one word."""
        if len(phrase) == 2 and self._at("".join(phrase)):
            return True
        found = []
        for part in phrase:
            if not (places := self._at(part)):
                return False
            found.append(places)
        return any(
            all(any(start <= index < start + _WINDOW for index in places) for places in found)
            for start in {index for places in found for index in places}
        )

    def _at(self, part: str) -> list[int]:
        if part not in self._found:
            found = [word for word in self._by_letter.get(part[0], ()) if self._is(part, word)]
            self._found[part] = [index for word in found for index in self._places[word]]
        return self._found[part]

    def _is(self, part: str, word: str) -> bool:
        """Whether a typed word is that part: as it is, going on from it, or a letter away where it is long enough."""
        if part.endswith("*"):
            return word.startswith(part[:-1])
        if word == part or len(part) <= self._exact_letters or abs(len(word) - len(part)) > 1 or word in self._correct:
            return word == part
        if len(set(word) ^ set(part)) > 2:  # more than one step can change
            return False
        return self._places[word][0] < _FORGIVEN_WORDS and distance(word, part) == 1
