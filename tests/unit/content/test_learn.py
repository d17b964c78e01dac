"""Pages to read: a small safe Markdown, refused with file, line and reason; what reassures waits."""

import datetime as dt
import shutil
from pathlib import Path

import msgspec
import pytest

from upperback.content.check import structural_problems
from upperback.content.learn import plain_text, read_page
from upperback.content.learn_check import reassuring_problems
from upperback.content.load import (
    COMPILED_NAME,
    Compiled,
    canonical_sha256,
    compile_release,
    content_folder,
    default_release,
    items,
)
from upperback.content.models import LearnPart
from upperback.content.vocabulary import Content, default_content
from upperback.core.errors import ContentError

HEAD = "---\nid: a-page\ntitle: A page\n---\n"
TODAY = dt.date(2026, 11, 27)


def read(tmp_path: Path, text: str, head: str = HEAD) -> list[dict[str, object]]:
    path = tmp_path / "a-page.md"
    path.write_text(head + text)
    data = read_page(path, "learn/a-page.md").data
    assert isinstance(data, dict)
    return data["parts"]  # type: ignore[return-value]


def test_a_page_is_cut_into_parts_that_wait_and_parts_that_do_not(tmp_path: Path) -> None:
    parts = read(
        tmp_path, "\nSay **what** it is.\n\n::: waits\n## Then\n\n- One\n- [Two](learn:posture)\n:::\n\nAnd *this*.\n"
    )
    assert [part["waits"] for part in parts] == [False, True, False]
    assert parts[0]["html"] == "<p>Say <strong>what</strong> it is.</p>"
    assert '<a href="learn:posture">Two</a>' in str(parts[1]["html"])


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("\nfine\n\n<script>alert(1)</script>\n", 8, "HTML is not used"),
        ("\nsome <b>bold</b> words\n", 6, "HTML is not used"),
        ("\n[away](https://example.org)\n", 6, "a link leads to learn:ID, help: or check:, not to https://example.org"),
        ("\n<https://example.org>\n", 6, "a link leads to"),
        ("\n[x](javascript:alert(1))\n", 6, "a link that cannot be read"),
        ('\n[x](help: "title")\n', 6, "a link leads to"),
        ("\n![x](a.png)\n", 6, "a picture is not used"),
        ("\n# Too high\n", 6, "headings are of the second or third level"),
        ("\n> quoted\n", 6, "a quote is not used"),
        ("\n    code\n", 6, "code is not used"),
        ("\nhard  \nbreak\n", 6, "a forced line break is not used"),
        ("\n::: waits\nnever closed\n", 6, "is never closed"),
        ("\n::: waits\n\n:::\n", 8, "nothing stands in the stretch"),
        ("\n:::\n", 6, "opens a stretch that waits"),
        ("\n::: wait\nx\n:::\n", 6, "opens a stretch that waits"),
    ],
)
def test_everything_else_is_refused_with_its_line(tmp_path: Path, text: str, line: int, reason: str) -> None:
    with pytest.raises(ContentError, match=reason) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"learn/a-page.md:{line}: ")


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("Only text\n", 1),
        ("---\nid: x\n", 1),
        ("---\nid: x\nid: y\n---\n", 3),
        ("---\n- a\n---\n", 2),
        ("---\nid: x\nparts: []\n---\n", 3),
    ],
)
def test_front_matter_is_read_strictly(tmp_path: Path, head: str, line: int) -> None:
    with pytest.raises(ContentError) as caught:
        read(tmp_path, "\ntext\n", head)
    assert str(caught.value).startswith(f"learn/a-page.md:{line}: ")


def test_plain_text_ends_headings_and_items_as_sentences() -> None:
    assert plain_text("<h2>Why</h2>\n<ul>\n<li>One &amp; two</li>\n</ul>\n<p>So.</p>") == "Why. One & two. So."


# ---- the release --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("content")
    shutil.copytree(content_folder() / "learn", copy / "learn")
    return copy


def changed(folder: Path, old: str, new: str) -> Content:
    """The content with one change in a page; the change is taken back."""
    path = folder / "learn" / "posture.md"
    before = path.read_text()
    assert old in before
    path.write_text(before.replace(old, new, 1))
    try:
        release = msgspec.structs.replace(default_release().release, learn=tuple(items(folder, "learn")))
    finally:
        path.write_text(before)
    return Content(Compiled(release, canonical_sha256(release), ""))


def problems(folder: Path, old: str, new: str, *, today: dt.date = TODAY) -> list[str]:
    """What is wrong after one change of a page."""
    try:
        return structural_problems(changed(folder, old, new), today=today)
    except ContentError as error:
        return [error.message]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("topic: life", "topic: life\nmood: good", "learn/posture.md:6: Object contains unknown field `mood`"),
        ("sources: [", "sources: [Nobody1999, ", "there is no source Nobody1999"),
        ("exercises: [", "exercises: [MV99, ", "there is no exercise MV99"),
        ("patterns: [", "patterns: [C99, ", "there is no pattern C99"),
        ("next: [", "rules: [E99]\nnext: [", "there is no rule E99"),
        ("load_rules: [", "load_rules: [LM-NO, ", "there is no load rule LM-NO"),
        ("next: [", "cautions: [nobody]\nnext: [", "there is no caution nobody"),
        ("next: [", "next: [no-such-page, ", "there is no page no-such-page"),
        ("next: [", "next: [posture, ", "leads on to itself"),
        ("topic: life", "topic: nothing", "there is no topic nothing"),
        ("right: true", "right: false", "of the answers to its question, one is right"),
        ("right: false", "right: true", "of the answers to its question, one is right"),
        ("pictures: [", "pictures: [skull, ", "Invalid enum value 'skull'"),
        ("id: posture", "id: postures", "the file is called posture but says postures"),
        ("Many of us", "[Many](learn:gone) of us", "there is no page gone"),
        ("Many of us", "{nobody_there} and many of us", "there is no service nobody_there"),
        ("Many of us", "With bad posture many of us", "is not a phrase we use"),
        ("Many of us", "Your spine is strong. Many of us", "may reassure"),
        ("Many of us", "Stretch every hour. Many of us", "may reassure or offer something to try"),
    ],
)
def test_a_page_that_leads_nowhere_or_reassures_too_early_is_refused(
    folder: Path, old: str, new: str, reason: str
) -> None:
    assert any(reason in problem for problem in problems(folder, old, new))


def test_an_overdue_review_is_told(folder: Path) -> None:
    overdue = problems(folder, "due: 2027-11-27", "due: 2026-11-26")
    assert overdue == ["learn/posture: its review was due on 2026-11-26"]
    assert problems(folder, "due: 2027-11-27", "due: 2026-11-27") == []


def test_a_changed_word_changes_the_hash(folder: Path) -> None:
    assert changed(folder, "Many of us", "Some of us").sha256 != changed(folder, "Many of us", "Many of us").sha256


def test_a_release_from_before_there_were_pages_is_read_and_told(tmp_path: Path) -> None:
    skip = shutil.ignore_patterns("__pycache__", COMPILED_NAME, "learn", "learn_topics.yaml", "alarm_words.yaml")
    shutil.copytree(content_folder(), tmp_path / "content", ignore=skip)
    before = compile_release(tmp_path / "content")
    assert before.release.learn == ()
    found = structural_problems(Content(before), today=TODAY)
    assert "learn: there is no page mood, which comes first at the alarm crisis" in found
    assert "alarm_words: no words for today" in found


def test_pages_come_in_the_order_of_topics_and_places() -> None:
    content = default_content()
    order = [topic.id for topic in content.release.learn_topics]
    pages = [(order.index(page.topic), page.place) for page in content.learn_pages.values()]
    assert pages == sorted(pages)


def test_every_page_says_something_to_everybody() -> None:
    for page in default_content().learn_pages.values():
        assert any(not part.waits for part in page.parts), page.id
        assert list(reassuring_problems(page)) == []


def test_control_a_part_that_no_longer_waits_is_seen() -> None:
    """Were nothing held back, nearly every page that holds something back would be refused."""
    seen, held = 0, 0
    for page in default_content().learn_pages.values():
        if any(part.waits for part in page.parts):
            held += 1
            bare = msgspec.structs.replace(page, parts=tuple(LearnPart(html=part.html) for part in page.parts))
            seen += bool(list(reassuring_problems(bare)))
    assert seen >= 0.95 * held
