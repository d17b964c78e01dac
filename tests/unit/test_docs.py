"""The documentation is held to the code."""

import re
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


def _rows(text: str, letter: str) -> dict[str, list[str]]:
    """The cells of each row of a table, by the number at its beginning."""
    lines = [line for line in text.splitlines() if re.match(rf"\| {letter}\d", line)]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert all(len(row) == len(cells[0]) for row in cells)
    return {row[0].split()[0]: row[1:] for row in cells}


def _not_there(named: list[str]) -> list[str]:
    """Files, and tests in files (`tests/x.py::test_y`), that are not in the tree."""
    missing = []
    for name in named:
        path, _, test = name.partition("::")
        file = DOCS.parent / path
        if not file.exists() or (test and f"def {test}(" not in file.read_text(encoding="utf-8")):
            missing.append(name)
    return missing


def _check_shown(id: str, rooms: str, tests: str) -> None:
    """A row names at least one room and one test, and each of them is there."""
    room, test = rooms.split("`")[1::2], tests.split("`")[1::2]
    assert room, id
    assert test, id
    assert all("::test_" in name for name in test), id
    assert _not_there([*room, *test]) == [], id


def test_every_statement_of_the_two_texts_has_a_room_and_a_test_that_are_there() -> None:
    rows = _rows((DOCS / "reference" / "requirements.md").read_text(encoding="utf-8"), "S")
    assert list(rows) == [f"S{number}" for number in range(1, 79)]
    for id, (_asked, rooms, tests) in rows.items():
        _check_shown(id, rooms, tests)


def test_every_hazard_has_a_control_and_a_test_that_are_there() -> None:
    rows = _rows((DOCS / "safety" / "hazards.md").read_text(encoding="utf-8"), "H")
    assert list(rows) == [f"H{number:02}" for number in range(1, 31)]
    for id, (control, rooms, tests) in rows.items():
        assert control, id
        _check_shown(id, rooms, tests)


def test_a_test_that_is_gone_is_noticed() -> None:
    assert _not_there(["tests/unit/test_docs.py::test_of_nothing", "tests/unit/none.py"]) != []
    assert _not_there(["tests/unit/test_docs.py::test_a_test_that_is_gone_is_noticed"]) == []
