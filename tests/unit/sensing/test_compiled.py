"""The compiled kernel: fresh, loadable for every instruction set here, and not needed."""

import pytest

import hatch_build
from upperback.sensing import compiled


def test_the_library_is_compiled_from_the_files_that_are_here() -> None:
    if not compiled.available():
        pytest.skip("no C compiler here: run `just kernel` where there is one")
    assert compiled.source_sha256() == hatch_build.source_sha256(), "stale: run `just kernel`"


def test_each_instruction_set_can_be_asked_for() -> None:
    for name in compiled.available():
        kernel = compiled.load(name)
        assert kernel is not None
        assert kernel.instruction_set == name


def test_an_instruction_set_that_is_not_here_is_refused() -> None:
    with pytest.raises(ValueError, match="only for"):
        compiled.load("abacus")


def test_room_begins_with_a_line_of_memory() -> None:
    for n_lanes in (1, 16, 19):
        room = compiled.aligned((7, 3, n_lanes))
        assert room.shape == (7, 3, n_lanes)
        assert room.flags.c_contiguous
        assert compiled.address(room) % 64 == 0
