"""Which language a page is in, and how marked texts become words: in sentences, labels, values of forms, scripts."""

import ast
import re
from pathlib import Path

import pytest

import upperback
from upperback.content.wording import Wording
from upperback.web import languages
from upperback.web.languages import ENGLISH, LANGUAGES, chosen, in_language, marked, pseudo, reading, said_in

GERMAN = LANGUAGES["de"]


@pytest.mark.parametrize(
    ("cookie", "accepts", "tag"),
    [
        (None, "", "en-GB"),
        (None, "de-AT,de;q=0.9,en;q=0.5", "de"),
        (None, "fr,de;q=0.4", "de"),
        (None, "en-US,de;q=0.9", "en-GB"),
        (None, "fr", "en-GB"),
        (None, "de;q=0, en;q=0.1", "en-GB"),
        ("de", "en", "de"),
        ("en-GB", "de", "en-GB"),
        ("xx", "de", "de"),
        ("../de", "", "en-GB"),
        (None, "de;q=nonsense,;;,,=", "en-GB"),
        ("en-XA", "en-XA", "en-GB"),
        (None, "de," * 10_000, "de"),
    ],
)
def test_language_is_the_choice_then_the_browsers_then_english(cookie: str | None, accepts: str, tag: str) -> None:
    assert chosen(cookie, accepts).tag == tag


def test_made_up_languages_are_offered_to_builders_only() -> None:
    assert chosen("en-XA", "", pseudo=True).is_pseudo
    assert chosen(None, "en-XA", pseudo=True) is ENGLISH, "only by choice"


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> None:
    words = {"Ribs & back": "Rippen & Rücken", "today": "heute", "Go on": "Weiter"}
    made = Wording("de", known=frozenset({*words, "Only English"}), translations=words)
    monkeypatch.setattr(languages, "wording", lambda tag: made if tag == "de" else None)


def test_marked_text_is_said_where_people_read_and_kept_where_a_form_reads(german: None) -> None:
    with reading(GERMAN):
        text = str(marked("Ribs & back")).replace("&", "&amp;")
        only = marked("Only English")
        page = (
            f'<title>{text}</title><p aria-label="{text}" class="{marked("today")}">{text}: {marked("today")}</p>'
            f'<input value="{text}"><textarea>{text}</textarea><p>{only}</p><option>{only}</option>'
        )
        assert in_language(page) == (
            "<title>Rippen &amp; Rücken</title>"
            '<p aria-label="Rippen &amp; Rücken" class="today">Rippen &amp; Rücken: heute</p>'
            '<input value="Ribs &amp; back"><textarea>Ribs &amp; back</textarea>'
            '<p><span lang="en-GB" dir="ltr" class="in-english">Only English</span></p><option>Only English</option>'
        )


def test_english_pages_are_not_touched(german: None) -> None:
    assert marked("Ribs & back") == "Ribs & back"
    assert in_language("<p>Ribs</p>") == "<p>Ribs</p>"


def test_names_of_people_and_words_they_wrote_are_not_marked(german: None) -> None:
    with reading(GERMAN):
        assert marked("Alex") == "Alex"


def test_scripts_get_words_and_keep_their_keys(german: None) -> None:
    with reading(GERMAN):
        assert said_in({"when": "today", "words": ["Go on", 3, None]}) == {
            "when": "today",
            "words": ["Weiter", 3, None],
        }


def test_language_whose_words_cannot_be_read_is_english(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(tag: str) -> Wording:
        raise OSError(tag)

    languages.wording.cache_clear()
    monkeypatch.setattr(languages, "_read", broken)
    with reading(GERMAN):
        assert languages.gettext("Go on") == "Go on"
    languages.wording.cache_clear()


def test_made_up_words_are_longer_and_keep_gaps_and_marks() -> None:
    strange = pseudo('Call {emergency} or <a href="x">%(name)s</a> now')
    assert "{emergency}" in strange
    assert '<a href="x">%(name)s</a>' in strange
    assert "Call" not in strange
    assert len(pseudo("Ten letters")) == pytest.approx(1.4 * len("Ten letters"), abs=2)


#: Code whose sentences come to a page over a socket.
LIVE_CODE = (
    "web/live", "services/live.py", "services/live_store.py", "services/live_tickets.py", "services/pairing.py",
    "services/counting.py", "care/counted_sets.py", "sensing/repetitions/base.py", "sensing/quality/_words.py",
    "sensing/trunk/_watch.py", "sensing/trunk/_tasks.py", "sensing/cues/_decide.py",
)  # fmt: skip


def test_every_sentence_that_comes_over_a_socket_comes_along_with_a_german_page() -> None:
    root = Path(upperback.__file__).parent
    files = [
        path for name in LIVE_CODE for path in ([root / name] if name.endswith(".py") else (root / name).glob("*.py"))
    ]
    texts = {text for path in files for text in _sentences(path.read_text(encoding="utf-8"))}
    assert len(texts) > 50
    with reading(GERMAN):
        there = {english for english, _ in languages.live_sentences()}
    with reading(ENGLISH):
        assert languages.live_sentences() == []
    assert sorted(texts - there) == []


def _sentences(code: str) -> set[str]:
    """Whole sentences with their gaps as {0}, without docstrings and what only a log reads."""
    tree = ast.parse(code)
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    logs = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("_log")]
    silent |= {id(inner) for call in logs for inner in ast.walk(call)}
    found = set()
    for node in ast.walk(tree):
        if id(node) in silent:
            continue
        if isinstance(node, ast.JoinedStr):
            silent |= {id(inner) for part in node.values for inner in ast.walk(part)}
            gaps = iter(range(len(node.values)))
            parts = [part.value if isinstance(part, ast.Constant) else f"{{{next(gaps)}}}" for part in node.values]
            found.add("".join(str(part) for part in parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return {text for text in found if re.match(r"[A-Z][a-z']* [a-z{]", text)}


def test_a_way_back_is_no_part_of_the_body() -> None:
    with reading(GERMAN):
        assert languages.gettext("Back") == "Zurück"
        assert languages.gettext("Leaning forward") == "Nach vorn geneigt", "in the content it is something one does"
