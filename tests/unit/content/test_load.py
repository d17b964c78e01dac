"""From files to one frozen release: form errors with file and line, one canonical form, one hash."""

import shutil
import tempfile
from pathlib import Path

import pytest

from upperback.content import load
from upperback.content.load import (
    COMPILED_NAME,
    canonical_form,
    canonical_sha256,
    compile_release,
    content_folder,
    load_release,
)
from upperback.core.errors import ContentError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the content to break."""
    copy = tmp_path / "content"
    shutil.copytree(content_folder(), copy, ignore=shutil.ignore_patterns("__pycache__", COMPILED_NAME))
    return copy


def edit(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text()
    assert old in text, f"{name} no longer holds {old!r}"
    path.write_text(text.replace(old, new, 1))


def test_the_hash_is_of_the_meaning_not_of_the_layout(folder: Path) -> None:
    before = compile_release(folder).sha256
    path = folder / "rules" / "E01.yaml"
    path.write_text("# a comment changes nothing\n" + path.read_text())
    assert compile_release(folder).sha256 == before
    edit(folder, "rules/E01.yaml", "title: ", "title: Changed ")
    assert compile_release(folder).sha256 != before


def test_the_canonical_form_reads_back_the_same() -> None:
    import msgspec

    from upperback.content.models import Release

    release = load.default_release().release
    again = msgspec.json.decode(canonical_form(release), type=Release)
    assert again == release
    assert canonical_sha256(again) == canonical_sha256(release)


def test_the_kept_form_is_used_and_never_trusted_blindly(folder: Path) -> None:
    first = load_release(folder)
    kept = folder / COMPILED_NAME
    assert kept.is_file()
    assert load_release(folder) == first
    kept.write_bytes(kept.read_bytes().replace(b"emergency_now", b"self_manage__", 1))
    assert load_release(folder).sha256 == first.sha256
    kept.write_bytes(b"not json")
    assert load_release(folder).sha256 == first.sha256


def test_a_changed_file_makes_a_new_kept_form(folder: Path) -> None:
    before = load_release(folder)
    edit(folder, "rules/E01.yaml", "title: ", "title: Changed ")
    after = load_release(folder)
    assert after.sha256 != before.sha256
    assert after.files_digest != before.files_digest


def test_a_tampered_kept_form_is_refused_even_with_the_right_digest(folder: Path) -> None:
    """Someone lowers a rule in the kept form: its own hash no longer fits, so the files are read again."""
    first = load_release(folder)
    kept = folder / COMPILED_NAME
    text = kept.read_text()
    lowered = text.replace('"disposition":"emergency_now"', '"disposition":"self_manage"', 1)
    assert lowered != text
    kept.write_text(lowered)
    assert load_release(folder) == first


def test_a_read_only_installation_goes_without(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    assert load_release(folder).release.rules
    assert not (folder / COMPILED_NAME).exists()


@pytest.mark.parametrize(
    "name,old,new,place,reason",
    [
        ("rules/E01.yaml", "status: draft", "status: ready", "rules/E01.yaml:3", "Invalid enum value"),
        ("rules/E01.yaml", "status: draft", "state: draft", "rules/E01.yaml:3", "unknown field"),
        ("rules/E01.yaml", "status: draft\n", "", "rules/E01.yaml:1", "missing required field"),
        ("rules/E01.yaml", "id: E01", "id: E14", "rules/E01.yaml:1", "says E14"),
        ("terms.yaml", "- id: pleuritic", "- id: Pleuritic", "terms.yaml:", "matching regex"),
        ("release.yaml", "status: draft", "status: on", "release.yaml:", "truth value"),
    ],
)
def test_form_errors_name_file_line_and_reason(
    folder: Path, name: str, old: str, new: str, place: str, reason: str
) -> None:
    edit(folder, name, old, new)
    with pytest.raises(ContentError) as refused:
        compile_release(folder)
    assert refused.value.message.startswith(place)
    assert reason in refused.value.message


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "terms.yaml").unlink()
    with pytest.raises(ContentError, match=r"terms\.yaml:1: the file is missing"):
        compile_release(folder)


def test_an_empty_folder_is_named(folder: Path) -> None:
    shutil.rmtree(folder / "exercises")
    with pytest.raises(ContentError, match="exercises:1"):
        compile_release(folder)


def test_the_schema_describes_a_release() -> None:
    schema = load.json_schema()
    assert {"Rule", "Finding", "Exercise"} <= set(schema["$defs"])
