"""Templates are kept as byte code: nothing of a page changes by it, and nothing hangs on it."""

from pathlib import Path

import pytest

from upperback.web import jinja

PAGE = "help.jinja"


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with one template, which can be written to."""
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / PAGE).write_text("{% if who %}Hello {{ who }}{% endif %}", encoding="utf-8")
    monkeypatch.setattr(jinja, "FOLDER", tmp_path)
    return folder


def rendered() -> str:
    jinja.offline_environment.cache_clear()
    try:
        return jinja.offline_environment().get_template(PAGE).render(who="<Ana>")
    finally:
        jinja.offline_environment.cache_clear()


def kept(templates: Path) -> list[Path]:
    return list((templates / "__pycache__").glob("*.cache"))


def test_a_page_is_the_same_from_byte_code(templates: Path) -> None:
    first = rendered()
    (code,) = kept(templates)
    written = code.stat().st_mtime_ns
    assert rendered() == first == "Hello &lt;Ana&gt;"
    assert code.stat().st_mtime_ns == written, "read, and not made again"


def test_a_template_that_changed_is_compiled_again(templates: Path) -> None:
    rendered()
    (templates / PAGE).write_text("Good day {{ who }}", encoding="utf-8")
    assert rendered() == "Good day &lt;Ana&gt;"


@pytest.mark.parametrize("broken", [b"", b"j2", b"not code at all", None])
def test_broken_byte_code_is_made_again(templates: Path, broken: bytes | None) -> None:
    rendered()
    (code,) = kept(templates)
    code.write_bytes(code.read_bytes()[:-20] if broken is None else broken)
    assert rendered() == "Hello &lt;Ana&gt;"


def test_without_a_place_to_write_pages_come_all_the_same(templates: Path) -> None:
    (templates / "__pycache__").write_text("a file in its place", encoding="utf-8")
    assert rendered() == "Hello &lt;Ana&gt;"
