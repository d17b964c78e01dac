"""The words are our own: no run of words from the documents the product comes from stands in a text for people."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from upperback.content.check import person_facing
from upperback.content.vocabulary import default_content

#: Where the source documents lie beside a checkout; they are not part of the project.
SHARED = Path(__file__).resolve().parents[4] / "shared"

#: Runs this long are no accident. Short everyday phrases ("sit tall with your feet flat") are nobody's.
MISSION_RUN = 7
REFERENCE_RUN = 11


def runs(text: str, length: int) -> Iterator[tuple[str, ...]]:
    words = re.findall(r"[a-z']+|\d+", text.lower().replace("’", "'"))
    return zip(*[words[shift:] for shift in range(length)], strict=False)


def copied(documents: list[Path], length: int) -> list[str]:
    known = {run for path in documents for run in runs(path.read_text(errors="replace"), length)}
    return [
        f"{place}: {' '.join(run)}"
        for place, text in person_facing(default_content())
        for run in runs(text, length)
        if run in known
    ]


@pytest.mark.skipif(not (SHARED / "mission").is_dir(), reason="the source documents are not beside this checkout")
def test_no_run_of_words_from_the_source_documents() -> None:
    documents = sorted((SHARED / "mission").glob("*.txt"))
    assert documents
    assert copied(documents, MISSION_RUN) == []


@pytest.mark.skipif(not (SHARED / "clinical").is_dir(), reason="the reference sheet is not beside this checkout")
def test_no_run_of_words_from_the_reference_sheet() -> None:
    assert copied([SHARED / "clinical" / "facts.md"], REFERENCE_RUN) == []


def test_the_check_can_fail(tmp_path: Path) -> None:
    """Control: a document made of one of our own sentences is found."""
    _, text = max(person_facing(default_content()), key=lambda item: len(item[1].split()))
    document = tmp_path / "source.txt"
    document.write_text(text)
    assert copied([document], MISSION_RUN)
