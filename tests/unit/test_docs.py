"""The documentation is held to the code."""

from importlib import metadata
from pathlib import Path

from upperback import cli

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_command_is_documented_and_no_other() -> None:
    text = (DOCS / "reference" / "commands.md").read_text(encoding="utf-8")
    named = {line.split("`")[1].split()[1] for line in text.splitlines() if line.startswith("| `upperback ")}
    brought_along = {point.name for point in metadata.entry_points(group=cli.COMMAND_GROUP)}
    assert named == set(cli.COMMANDS) | brought_along


def test_every_folder_of_the_content_is_documented() -> None:
    from upperback.content.load import content_folder

    text = (DOCS / "reference" / "content.md").read_text(encoding="utf-8")
    for path in content_folder().iterdir():
        if path.suffix == ".yaml" or (path.is_dir() and not path.name.startswith("_")):
            assert f"`{path.name}{'/' if path.is_dir() else ''}`" in text, path.name


def test_every_format_and_option_of_recordings_is_documented() -> None:
    from dataclasses import fields

    from upperback.devices.base import ReadOptions
    from upperback.devices.opening import _ENDINGS

    text = (DOCS / "reference" / "recordings.md").read_text(encoding="utf-8")
    assert [ending for endings in _ENDINGS.values() for ending in endings if ending not in text] == []
    assert [option.name for option in fields(ReadOptions) if f"| `{option.name}` |" not in text] == []


def test_every_kind_of_fhir_resource_is_documented() -> None:
    from upperback.interchange.fhir.elements import Resource

    text = (DOCS / "reference" / "fhir.md").read_text(encoding="utf-8")
    kinds = [kind.__name__ for kind in Resource.__subclasses__() if kind.__name__ != "Parameters"]  # a part of another
    assert len(kinds) >= 20
    assert [kind for kind in kinds if kind not in text] == []


def test_every_statement_of_the_two_texts_has_a_room_and_a_test_that_are_there() -> None:
    text = (DOCS / "reference" / "requirements.md").read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip(): line for line in text.splitlines() if line.startswith("| S")}
    assert list(rows) == [f"S{number}" for number in range(1, 79)]
    for row in rows.values():
        room, test = (part.split("`")[1::2] for part in row.split("|")[3:5])
        assert room
        assert [path for path in (*room, *test) if not (DOCS.parent / path).exists()] == [], row
