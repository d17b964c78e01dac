"""Letters in German: all of ours said, what somebody typed left alone, days and numbers as Germans write them."""

import io
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pypdf
import pytest

from tests.unit.interchange.test_fhir import CONTENT, making
from tests.unit.interchange.test_letter import DAY, DESK, gp, grace
from upperback.content.catalogue import read_folder
from upperback.content.load import content_folder
from upperback.content.wording import Wording
from upperback.interchange.fhir.records import Identity
from upperback.interchange.letter import (
    Letter,
    clinical_letter,
    desk_letter,
    letter_wording,
    said_letter,
    to_pdf,
)
from upperback.interchange.letter.answers import short, words
from upperback.interchange.letter.language import PAGE_WORDS
from upperback.interchange.letter.records import Block, Table
from upperback.web.languages import interface_entries

TEXTS = [*read_folder(content_folder() / "languages" / "de").entries, *interface_entries("de")]
GERMAN = letter_wording("de", TEXTS)
#: Words that no German sentence holds.
ENGLISH = re.compile(
    r"\b(the|and|with|this|what|told|not|were|weeks|days|pain|sets|every|from|yes|no|or|neck|unknown)\b"
)


def gp_letter() -> Letter:
    who = Identity(given="Ana", family="May Rest")
    return clinical_letter(making(grace(), identity=who), "gp", DAY, question="rest and the pain", contact=[])


def pieces(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from pieces(inner)
        case list() | tuple():
            for inner in value:
                yield from pieces(inner)


@pytest.mark.parametrize(
    "letter",
    [gp(), desk_letter(name="Ana", desk=DESK, breaks_every_minutes=30, content=CONTENT, day=DAY)],
    ids=["gp", "employer"],
)
def test_nothing_of_a_letter_stays_english(letter: Letter) -> None:
    plain = msgspec.to_builtins(said_letter(letter, GERMAN))
    typed = {"Swim ten lengths", "Sit through a film"}
    left = [text for text in pieces(plain) if text not in typed and ENGLISH.search(text)]
    assert [text for text in left if not any(one in text for one in typed)] == []


def test_control_the_english_letter_is_full_of_english() -> None:
    assert len([text for text in pieces(msgspec.to_builtins(gp())) if ENGLISH.search(text)]) > 20


def test_every_name_that_a_letter_can_hold_is_there() -> None:
    findings = [finding for group in CONTENT.release.findings for finding in group.findings]
    names = [group.title for group in CONTENT.release.findings]
    names += [text for finding in findings for text in (finding.title, short(finding), *map(words, finding.values))]
    names += [rule.title for rule in CONTENT.rules.values()]
    names += [caution.title for caution in CONTENT.cautions.values()]
    names += [pattern.title for pattern in CONTENT.patterns.values()]
    assert [name for name in names if (said := GERMAN.say(name)) is None or said.is_english] == []


def test_what_somebody_typed_stays_and_days_and_numbers_are_german() -> None:
    said = said_letter(gp_letter(), GERMAN)
    assert said.question == "rest and the pain"
    who = dict(said.who)
    assert who["Person"].startswith("Ana May Rest, Alter ")
    assert who["Datum"] == "27. November 2026"
    assert "1. Swim ten lengths" in str(said)
    assert "(English)" not in str(said)
    assert "„Swim ten lengths“, 0 gar nicht bis 10 wie vorher" in str(said)


def test_the_file_is_german_to_its_reader_and_the_same_again() -> None:
    said = said_letter(gp_letter(), GERMAN)
    data = to_pdf(said, GERMAN)
    reader = pypdf.PdfReader(io.BytesIO(data))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    root: Any = reader.trailer["/Root"]
    assert root["/Lang"] == "de"
    assert f"Seite 1 von {len(reader.pages)}" in text
    assert "Anhang" in text
    assert to_pdf(said, GERMAN) == data


def test_what_has_no_translation_says_that_it_is_english() -> None:
    bare = Wording("de", known=frozenset({*PAGE_WORDS, "Why this letter"}), translations={})
    assert "Why this letter (English)" in [block.title for block in said_letter(gp(), bare).blocks]


def test_every_sign_that_was_denied_is_said_in_one_long_list() -> None:
    """Names hold commas, and so does the list of them."""
    for group in CONTENT.release.findings:
        names = [short(finding) for finding in group.findings]
        told = ", ".join(names)
        table = Table(
            columns=("Topic", "Asked and denied"), rows=[(group.title, told[:1].upper() + told[1:])], wide=(1, 4)
        )
        letter = msgspec.structs.replace(gp(), blocks=[Block(title="Warning signs", table=table)])
        ((said,),) = [block.table.rows for block in said_letter(letter, GERMAN).blocks if block.table is not None]
        assert said[1].lower() == ", ".join(GERMAN.exact(name) or "?" for name in names).lower()
