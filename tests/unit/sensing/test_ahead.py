"""Work done ahead gives the same items, and leaves no thread behind."""

import threading
from collections.abc import Iterator

import pytest

from upperback.sensing.ahead import ahead


def n_threads() -> int:
    return threading.active_count()


def test_the_same_items_in_the_same_order() -> None:
    before = n_threads()
    assert list(ahead(range(1000))) == list(range(1000))
    assert list(ahead([])) == []
    assert n_threads() == before


def test_an_error_comes_where_the_item_would_have() -> None:
    def two_and_a_fall() -> Iterator[int]:
        yield 1
        yield 2
        raise KeyError("three")

    taken: list[int] = []
    with pytest.raises(KeyError, match="three"):
        taken.extend(ahead(two_and_a_fall()))
    before = n_threads()
    items = ahead(two_and_a_fall())
    assert next(items) == 1
    items.close()  # type: ignore[attr-defined]
    assert n_threads() == before


def test_it_is_never_further_ahead_than_asked() -> None:
    made: list[int] = []

    def count() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    for taken in ahead(count(), n=2):
        assert len(made) <= taken + 5


def test_who_stops_early_ends_the_thread() -> None:
    before = n_threads()
    for item in ahead(iter(int, 1)):  # zeros for ever
        assert item == 0
        break
    assert n_threads() <= before + 1
