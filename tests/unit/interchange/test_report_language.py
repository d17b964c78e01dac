"""Reports in German: every word of ours said, amounts as Germans write them, names left alone."""

import ast
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import upperback
from tests.unit.interchange.test_muscle_report import CHANNEL
from tests.unit.interchange.test_muscle_report import FIGURES as MUSCLE
from tests.unit.interchange.test_muscle_report import SOURCE as MUSCLE_SOURCE
from tests.unit.interchange.test_recording_report import FIGURES, minutes
from tests.unit.interchange.test_recording_report import SOURCE as NOTED
from upperback.interchange.report.language import ReportWording, report_wording, said_page, said_text
from upperback.interchange.report.muscle import muscle_lines, muscle_report
from upperback.interchange.report.recording import recording_lines, recording_report
from upperback.interchange.report.words import duration
from upperback.sensing.muscle import Normalisation

#: Words that no German sentence holds.
ENGLISH = re.compile(r"\b(the|and|with|this|what|of|not|were|days|percent|half|measured|worn|times|is|upright)\b")
#: Code whose sentences stand in a report as notes: those that begin with a capital and end with a full stop.
NOTES = (
    "sensing/trunk/_search.py", "sensing/trunk/_tasks.py", "sensing/posture/_figures.py", "sensing/quality/_words.py",
    "sensing/muscle/_figures.py", "devices/units.py", "devices/clocks.py", "devices/base.py", "devices/_table.py",
    "devices/_csv.py", "devices/_cwa.py", "devices/_gt3x.py", "devices/_geneactiv.py", "devices/_xdf.py",
    "devices/_edf.py", "devices/grid.py",
)  # fmt: skip


def german() -> ReportWording:
    words = report_wording("de")
    assert words is not None
    return words


def texts(page: str) -> list[str]:
    """What one reads or is read, without names and what is marked as English."""
    page = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    page = re.sub(r'<(\w+)[^>]*translate="no"[^>]*>.*?</\1>', "", page)
    return [*re.findall(r'aria-label="([^"]*)"', page), *re.sub(r"<[^>]+>", "\n", page).split("\n")]


SOURCE = replace(NOTED, notes=("This app passes on the phone's own sign, which is the other way round.",))
PLACED = "Upright was taken from standing; front and side are not told apart."


def recording_pages() -> list[str]:
    assert FIGURES.posture is not None
    figures = replace(FIGURES, alignment=replace(FIGURES.alignment, sentence=PLACED))
    upright = replace(FIGURES.posture, flexion_deg=None, static=None, histogram_of="inclination")
    bare = replace(figures, quality=replace(figures.quality, measured_s=0), posture=None, movement=None)
    return [
        recording_report(figures, minutes(480), SOURCE, german()),
        recording_report(replace(figures, posture=upright), minutes(3000), SOURCE, german()),
        recording_report(figures, minutes(3000), replace(SOURCE, clock=None), german()),
        recording_report(bare, minutes(480), SOURCE, german()),
    ]


def muscle_pages() -> list[str]:
    figures = replace(MUSCLE, notes=())
    bare = replace(figures, normalisation=Normalisation.NONE, amplitude_percent=None, rest=None, ecg="none")
    channels = [replace(CHANNEL, figures=figures), replace(CHANNEL, figures=bare, unit="uV")]
    return [muscle_report(channels, MUSCLE_SOURCE, sampling_rate_hz=1000.0, words=german())]


@pytest.mark.parametrize("make", [recording_pages, muscle_pages])
def test_nothing_of_a_report_stays_english(make: object) -> None:
    assert callable(make)
    for page in make():
        assert '<html lang="de">' in page
        assert re.findall(r'class="in-english">([^<]*)', page) == []
        assert [text for text in texts(page) if ENGLISH.search(text)] == []
        for picture in re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL):
            ET.fromstring(picture)  # noqa: S314 -- our own text


def test_control_the_english_report_is_full_of_english() -> None:
    page = recording_report(FIGURES, minutes(480), SOURCE)
    assert '<html lang="en-GB">' in page
    assert len([text for text in texts(page) if ENGLISH.search(text)]) > 30


def test_without_words_a_text_stays_and_says_that_it_is_english() -> None:
    page = said_page(
        recording_report(FIGURES, minutes(480), SOURCE), ReportWording("de", known=frozenset(), translations={})
    )
    assert '<span lang="en-GB" class="in-english">In short</span>' in page
    for picture in re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL):
        ET.fromstring(picture)  # noqa: S314 -- our own text


@pytest.mark.parametrize(
    ("english", "said"),
    [
        (duration(51 * 3600), duration(51 * 3600).replace("days", "Tage")),
        ("6,337", "6.337"),
        ("44.0", "44,0"),
        ("\N{MINUS SIGN}2.5", "\N{MINUS SIGN}2,5"),
        ("under 1\N{NO-BREAK SPACE}%", "unter 1\N{NO-BREAK SPACE}%"),
        ("Friday 27 November 2026", "Freitag, 27. November 2026"),
        ("Fri 27 Nov", "Fr 27. Nov."),
        ("Fri 14:30", "Fr 14:30"),
        ("14:30", "14:30"),
        ("1 walk", "1 Gehstrecke"),
        (
            "5,000 samples had no time stamp and were left out.",
            "5.000 Messwerte hatten keinen Zeitstempel und wurden weggelassen.",
        ),
        (
            "The acceleration looks twice as large as it should be: at rest it is 19.6 m/s2.",
            ("Die Beschleunigung sieht aus, als wäre sie doppelt so groß, wie sie sein soll: "
            "In Ruhe beträgt sie 19,6 m/s2."),
        ),
        (
            "How the sensor sits is known roughly: only one bend was seen and the bends were small, 21 degrees.",
            ("Wie der Sensor sitzt, ist ungefähr bekannt: "
            "es gab nur eine Beugung und die Beugungen waren klein, 21 Grad."),
        ),
        ("0.1.0", "0.1.0"),
        ("a name.csv", "a name.csv"),
    ],
)  # fmt: skip
def test_amounts_days_and_notes(english: str, said: str) -> None:
    assert said_text(english, german()) == said


def test_every_note_that_code_can_make_is_there() -> None:
    root = Path(upperback.__file__).parent
    found = [text for name in NOTES for text in notes_of(ast.parse((root / name).read_text(encoding="utf-8")))]
    assert len(found) > 40
    assert [text for text in found if (said := german().say(text)) is None or said.is_english] == []


def notes_of(tree: ast.AST) -> list[str]:
    """Sentences with something in their gaps; docstrings, and the pieces of sentences, are none."""
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = []
    for node in ast.walk(tree):
        if id(node) in silent:
            continue
        if isinstance(node, ast.JoinedStr):
            silent |= {id(part) for part in node.values}
            parts = [part.value if isinstance(part, ast.Constant) else "were" for part in node.values]
            text = "".join(str(part) for part in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if re.fullmatch(r"(?:[A-Z]|were).* .*\.", text) and "clock was set were" not in text and "evenwere" not in text:
            found.append(text.replace("even timeswere:", "even times:"))
    return found


def test_the_terminal_is_told_in_german() -> None:
    lines = recording_lines(replace(FIGURES, alignment=replace(FIGURES.alignment, sentence=PLACED)), SOURCE, german())
    lines += muscle_lines(
        [replace(CHANNEL, figures=replace(MUSCLE, notes=()))], MUSCLE_SOURCE, sampling_rate_hz=1000.0, words=german()
    )
    assert [line for line in lines if ENGLISH.search(line)] == []
    assert any("6.337  Schritte" in line for line in lines)
