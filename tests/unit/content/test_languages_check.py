"""What `check-content` says of translations: unreadable, older, missing, without their marks, in two ways."""

from pathlib import Path

import pytest

from upperback.content.languages_check import LanguageReport, check_languages
from upperback.content.load import content_folder
from upperback.content.vocabulary import default_content

CONTENT = default_content()
FIRST = CONTENT.messages["core"].lines[0]  # holds {emergency}
TITLE = CONTENT.messages["core"].title


def _report(folder: Path, *entries: tuple[str, str], made_for: str = CONTENT.release_id) -> LanguageReport:
    header = f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"X-Content-Release: {made_for}\\n"\n'
    body = "".join(f'\n#: messages/core\nmsgid "{english}"\nmsgstr "{words}"\n' for english, words in entries)
    path = folder / "languages" / "de" / "messages.po"
    path.parent.mkdir(parents=True)
    path.write_text(header + body, encoding="utf-8")
    (report,) = check_languages(folder, CONTENT)
    return report


def test_good_translation_counts_and_the_missing_ones_are_told(tmp_path: Path) -> None:
    report = _report(tmp_path, (TITLE, "Wann Sie Hilfe holen"))
    assert (report.translated, report.problems) == (1, ())
    assert any(
        "that people need to be safe without a translation, which show in English: " in line for line in report.warnings
    )


def test_older_translations_and_texts_that_are_gone_are_told(tmp_path: Path) -> None:
    report = _report(tmp_path, ("A text of long ago", "Ein alter Text"), made_for="upper-back 0.0.9")
    assert any("made for upper-back 0.0.9, and this is" in line for line in report.warnings)
    assert any("translations of texts that this release does not have: 1" in line for line in report.warnings)
    assert report.translated == 0


def test_translation_that_loses_whom_to_call_is_a_problem_and_not_used(tmp_path: Path) -> None:
    report = _report(tmp_path, (FIRST, "Rufen Sie jetzt an."))
    assert report.translated == 0
    assert "this translation is not used" in report.problems[0]


@pytest.mark.parametrize("data", [b"not a catalogue {", b'msgid "a"\nmsgstr "\xff"\n'])
def test_file_that_cannot_be_read_is_a_problem(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "languages" / "de" / "messages.po"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    (report,) = check_languages(tmp_path, CONTENT)
    assert "not a catalogue that can be read" in report.problems[0]


def test_unknown_language_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "languages" / "klingon" / "messages.po"
    path.parent.mkdir(parents=True)
    path.write_text('msgid "a"\nmsgstr "b"\n', encoding="utf-8")
    (report,) = check_languages(tmp_path, CONTENT)
    assert "no language that is known" in report.problems[0]


def test_release_without_other_languages_has_nothing_to_tell(tmp_path: Path) -> None:
    assert check_languages(tmp_path, CONTENT) == []


def test_german_can_be_used_and_says_that_nobody_reviewed_it() -> None:
    """A text that was changed today may be English until somebody translates it: that is a warning."""
    (german,) = [one for one in check_languages(content_folder(), CONTENT) if one.language == "de"]
    assert german.problems == ()
    assert german.translated > 0.6 * german.texts
    assert german.review == "not clinically reviewed"
