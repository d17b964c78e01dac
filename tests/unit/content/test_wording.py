"""Texts in another language: whole, with gaps, in parts; what is missing or does not fit stays English."""

import pytest

from upperback.content.catalogue import Entry
from upperback.content.vocabulary import default_content
from upperback.content.wording import Said, Wording, fault_of, texts_of, translations_of

KNOWN = {
    "Back": "Rücken", "Neck": "Nacken", "and": "und", "You rest.": "Sie ruhen.", "You lift bags and boxes": "Sie heben",
    "Take {0} bags or trips.": "Nehmen Sie {0} Taschen.", "because you told us that {0}": "weil Sie sagten: {0}",
    "you are {value} years old": "Sie sind {value} Jahre alt", "slow breaths": "langsame Atemzüge",
}  # fmt: skip
GERMAN = Wording("de", known=frozenset({*KNOWN, "Not yet translated"}), translations=KNOWN)


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("Back", "Rücken"),
        ("Take 3 bags or trips.", "Nehmen Sie 3 Taschen."),
        ("because you told us that you are 74 years old", "weil Sie sagten: Sie sind 74 Jahre alt"),
        ("You rest. Take 3 bags or trips.", "Sie ruhen. Nehmen Sie 3 Taschen."),
        ("Back and Neck", "Rücken und Nacken"),
        ("Back, Neck and You lift bags and boxes", "Rücken, Nacken und Sie heben"),
        ("8 slow breaths", "8 langsame Atemzüge"),
        ("3 May", "3. Mai"),
        ("27 November 2026", "27. November 2026"),
        ("27 November 2026, 14:05 UTC", "27. November 2026, 14:05 UTC"),
        ("Monday 2 November", "Montag, 2. November"),
        ("2.5", "2,5"),
        ("1,250", "1.250"),
    ],
)
def test_text_is_said(english: str, german: str) -> None:
    assert GERMAN.say(english) == Said(german)


@pytest.mark.parametrize("own", ["Alex", "", "Back of the shed", "Neck and whatever I wrote", "12", "MV01", "today"])
def test_what_is_no_text_of_ours_stays(own: str) -> None:
    assert GERMAN.say(own) is None


def test_missing_translation_is_the_english_and_says_so() -> None:
    assert GERMAN.say("Not yet translated") == Said("Not yet translated", is_english=True)
    assert GERMAN.say("Back. Not yet translated") is None
    assert GERMAN.say("You rest. Not yet translated") == Said("Sie ruhen. Not yet translated", is_english=True)


def test_translation_that_loses_whom_to_call_is_not_used() -> None:
    good = Entry("Call {emergency} now.", "Rufen Sie jetzt {emergency}.")
    lost = Entry("Call {emergency} today.", "Rufen Sie heute an.")
    new = Entry("Rest.", "Ruhen Sie, sonst {emergency}.")
    assert translations_of([good, lost, new]) == {good.text: good.words}
    assert fault_of(good) is None
    assert fault_of(lost)
    assert fault_of(new)


def test_what_people_read_is_found_with_its_place() -> None:
    places = list(texts_of(default_content().release))
    texts = {place.text for place in places}
    for question in default_content().questions.values():
        assert {question.text, question.simpler, *(option.label for option in question.options)} <= texts
    for rule in default_content().rules.values():
        assert {rule.because, rule.say, *rule.do_not} <= texts
    assert ("messages", "core/lines/0") in {(place.part, place.path) for place in places}
    assert not any(place.text.startswith("limit.") for place in places), "rule text is for machines"
