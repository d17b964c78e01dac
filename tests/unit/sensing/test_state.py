"""States come back bit for bit, and bytes that are not one are refused."""

import contextlib
import dataclasses
import math
from enum import IntEnum
from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upperback.sensing.state import StateError, from_bytes, to_bytes


class Phase(IntEnum):
    REST = 0
    OUT = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Inner:
    values: npt.NDArray[np.float32]
    phase: Phase


@dataclasses.dataclass(slots=True)
class Outer:
    count: int
    level: float
    name: str | None
    on: bool
    inner: Inner | None
    many: list[Inner]
    pair: tuple[int, float]
    by_name: dict[str, npt.NDArray[np.int64]]


@dataclasses.dataclass
class Other:
    count: int


def outer(level: float = 1.5) -> Outer:
    inner = Inner(np.array([[1.0, math.nan], [math.inf, -0.0]], np.float32), Phase.OUT)
    return Outer(3, level, None, True, inner, [inner, inner], (1, 2.0), {"a": np.arange(4)})


@given(st.floats(), st.binary(max_size=400))
def test_a_state_comes_back_bit_for_bit(level: float, raw: bytes) -> None:
    state = outer(level)
    state.by_name["raw"] = np.frombuffer(raw + bytes(-len(raw) % 8), np.int64)
    back = from_bytes(Outer, to_bytes(state))
    assert to_bytes(back) == to_bytes(state)
    assert math.isnan(back.level) if math.isnan(level) else back.level == level
    assert back.inner is not None
    assert state.inner is not None
    assert back.inner.values.tobytes() == state.inner.values.tobytes()
    assert back.inner.phase is Phase.OUT
    assert back.inner.values.flags.writeable


def test_another_kind_is_refused() -> None:
    with pytest.raises(StateError, match="a saved Other, not a saved Outer"):
        from_bytes(Outer, to_bytes(Other(1)))


def test_another_version_is_refused() -> None:
    data = to_bytes(Other(1)).replace(b'"count"', b'"cound"')
    with pytest.raises(StateError, match="another version"):
        from_bytes(Other, data)


@given(st.data())
def test_damaged_bytes_are_refused_or_read_but_never_harm(data: st.DataObject) -> None:
    good = to_bytes(outer())
    bad = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        bad[data.draw(st.integers(0, len(bad) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(bad[: data.draw(st.integers(0, len(bad)))])
    with contextlib.suppress(StateError):
        from_bytes(Outer, damaged)


@pytest.mark.parametrize(
    "array",
    ['["f4",[1000000000,8],0]', '["f4",[-1],0]', '["O",[1],0]', '["f4",[true],0]', '["f4",[1],-4]', '["f4",[1]]'],
)
def test_arrays_that_cannot_be_are_refused(array: str) -> None:
    good = to_bytes(Inner(np.zeros(1, np.float32), Phase.REST))
    header = f'["Inner",{{"values":{{"array":{array}}},"phase":0}}]'.encode()
    start = good.index(b"\n") + 1
    data = good[:start] + len(header).to_bytes(8, "little") + header + bytes(256)
    with pytest.raises(StateError):
        from_bytes(Inner, data)


def test_what_cannot_be_kept_is_noticed_when_it_is_saved() -> None:
    with pytest.raises(TypeError, match="cannot hold object"):
        to_bytes(Other(object()))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="arrays of complex128"):
        to_bytes(Inner(np.zeros(1, np.complex128), Phase.REST))


@dataclasses.dataclass
class Chosen:
    """A choice of words."""

    side: Literal["left", "right"]


def test_a_word_is_one_of_those_that_can_be_chosen() -> None:
    saved = to_bytes(Chosen("left"))
    assert from_bytes(Chosen, saved) == Chosen("left")
    with pytest.raises(StateError, match="another kind"):
        from_bytes(Chosen, saved.replace(b'"left"', b'"most"'))
