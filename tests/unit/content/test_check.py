"""What `check-content` refuses: each broken release is found, with the place and the reason."""

import datetime as dt
import shutil
from pathlib import Path

import pytest

from upperback.care.check import ContentReport, check_release
from upperback.content.load import COMPILED_NAME, content_folder

TODAY = dt.date(2026, 11, 22)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the content to break."""
    copy = tmp_path / "content"
    shutil.copytree(content_folder(), copy, ignore=shutil.ignore_patterns("__pycache__", COMPILED_NAME))
    return copy


def broken(folder: Path, name: str, old: str, new: str) -> ContentReport:
    path = folder / name
    text = path.read_text()
    assert old in text, f"{name} no longer holds {old!r}"
    path.write_text(text.replace(old, new, 1))
    return check_release(folder, today=TODAY)


def test_the_release_that_comes_along_is_whole() -> None:
    report = check_release(content_folder(), today=TODAY)
    assert report.problems == ()
    assert "not clinically approved" in report.status
    assert report.counts["rules"] == 62
    assert report.counts["exercises"] == 36
    assert "The content is whole." in report.text()
    assert "numbers to call: 15 read on a page, 1 not checked: ie crisis_text" in report.text()
    assert report.record()["cases"]["emergency_now"]["rules"] == 13


@pytest.mark.parametrize(
    "name,old,new,problem",
    [
        ("rules/E05.yaml", "saddle_numbness or", "saddle_numb or", "there is no finding or term called saddle_numb"),
        ("rules/E05.yaml", "bladder_bowel == new", "bladder_bowel == fresh", "bladder_bowel has no value fresh"),
        ("rules/E05.yaml", "saddle_numbness or", "pain or", "pain is a number, not a flag"),
        ("rules/E03.yaml", "limit.severe_pain", "limit.sever_pain", "there is no parameter sever_pain"),
        ("rules/E03.yaml", "limit.severe_pain", "7", "has to become a parameter"),
        ("rules/E01.yaml", "disposition: emergency_now", "disposition: gp_soon", "the letter says emergency_now"),
        ("rules/E01.yaml", "due: 2027-11-21", "due: 2026-11-21", "its review was due on 2026-11-21"),
        ("rules/U14.yaml", "jaundice", "not jaundice", "the case says"),
        ("terms.yaml", "- id: clot_sign", "- id: fever", "“fever” stands there 2 times"),
        ("rules/E01.yaml", "in_own_words: [wait", "in_own_words: [weight", "emergency_now has no line on weight"),
        ("rules/U02.yaml", "in_own_words: [drive]", "in_own_words: [drive, fall]", "says fall in its own words"),
        ("questions/pain.yaml", "sets: {site: neck}", "sets: {site: neck, psfs: 3}", "psfs may be said twice"),
        ("questions/nerves.yaml", "sets: {gait: limp}", "sets: {cough_weeks: 3}", "cough_weeks may be said twice"),
        (
            "services/us.yaml",
            (
                'number_shown: "911"\n    hours: Day and night\n    sources: [US911, PD]\n    read_at:\n'
                "      - https://fcc.gov/encyclopedia/9-1-1-and-e9-1-1-services\n    read_on: 2026-11-28"
            ),
            "sources: [US911, PD]",
            "us emergency: a number needs the page on which it was read",
        ),
        ("services/us.yaml", "    read_on: 2026-11-28", "", "read_at and read_on belong together"),
        ("cautions.yaml", "tag: neck_ext", "tag: neck_extension", "there is no caution neck_ext"),
    ],
)
def test_a_broken_release_is_refused(folder: Path, name: str, old: str, new: str, problem: str) -> None:
    report = broken(folder, name, old, new)
    assert any(problem in found for found in report.problems), report.problems[:5]
    assert "refused" in report.text()


def test_a_rule_that_never_decides_is_found(folder: Path) -> None:
    """With jaundice alone made an emergency, U14 can fire but never decides any more."""
    report = broken(folder, "rules/E12.yaml", "when: ", "when: jaundice or ")
    assert any(found.startswith("rules/U14: no case where it decides") for found in report.problems)


def test_banned_words_are_found(folder: Path) -> None:
    report = broken(folder, "rules/E01.yaml", "because: ", "because: Bad posture. ")
    assert any("not a phrase we use" in found for found in report.problems)


def test_a_form_error_is_a_problem_not_a_crash(folder: Path) -> None:
    report = broken(folder, "rules/E01.yaml", "status: draft", "status: maybe")
    assert len(report.problems) == 1
    assert report.problems[0].startswith("rules/E01.yaml:3")
