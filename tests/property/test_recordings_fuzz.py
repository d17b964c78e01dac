"""A few of the damaged and hostile recordings of `just fuzz`, with each change (AB-28, AB-29)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.property import recordings_fuzz
from upperback.devices.base import ReadOptions

INPUTS = 250


@pytest.mark.parametrize("parser", recordings_fuzz.SEEDS)
def test_damaged_recordings_are_read_or_refused(parser: str, tmp_path: Path, tell: Callable[[str], None]) -> None:
    outcome = recordings_fuzz.fuzz(parser, range(INPUTS), tmp_path)
    assert outcome.inputs == INPUTS
    tell(f"recordings: {outcome.inputs} damaged {parser} files, {outcome.read} read, the others refused")


def test_the_seeds_themselves_are_read(tmp_path: Path) -> None:
    for parser, seeds in recordings_fuzz.SEEDS.items():
        for content in seeds():
            path = tmp_path / f"seed.{recordings_fuzz.ENDINGS.get(parser, parser)}"
            path.write_bytes(content)
            recordings_fuzz.check(path, ReadOptions())
