"""Diary entries: what they may hold, and which of them count."""

import datetime as dt
from typing import Any

import pytest

from upperback.care.diary import (
    KINDS,
    Entry,
    Morning,
    SetDone,
    Undone,
    Written,
    entry_data,
    in_force,
    kind_of,
    only,
    read_entry,
)
from upperback.core.errors import InputError

DAY = dt.date(2026, 11, 2)
SET: dict[str, Any] = {"session": "a1", "exercise": "ST01", "number": 1, "reps": 8}


def written(id: int, entry: Entry, *, day: int = 0, minute: int = 0, replaces: int | None = None) -> Written:
    at = dt.datetime(2026, 11, 2 + day, 9, minute, tzinfo=dt.UTC)
    return Written(id=id, day=DAY + dt.timedelta(days=day), at=at, entry=entry, replaces=replaces)


def test_an_entry_comes_back_from_its_plain_data() -> None:
    entry = read_entry("set_done", SET | {"load_kg": 2.5})
    assert entry == SetDone(session="a1", exercise="ST01", number=1, reps=8, load_kg=2.5)
    assert read_entry(kind_of(entry), entry_data(entry)) == entry


def test_every_kind_has_one_name() -> None:
    assert len(set(KINDS.values())) == len(KINDS)
    assert all(kind_of(entry) == kind for kind, entry in KINDS.items())


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("set_done", SET | {"reps": 101}, "reps"),
        ("set_done", SET | {"reps": -1}, "reps"),
        ("set_done", SET | {"reps": 8.5}, "reps"),
        ("set_done", SET | {"reps": True}, "reps"),
        ("set_done", SET | {"load_kg": 0}, "load_kg"),
        ("set_done", SET | {"load_kg": 900}, "load_kg"),
        ("set_done", SET | {"number": 0}, "number"),
        ("set_done", SET | {"exercise": "../x"}, "exercise"),
        ("set_done", {"session": "a1"}, "exercise"),
        ("set_done", SET | {"extra": 1}, "extra"),
        ("morning", {"pain": 11}, "pain"),
        ("morning", {"pain": "3"}, "pain"),
        ("check_in", {"pgic": 0}, "pgic"),
        ("check_in", {"activities": [3, 11]}, "activities"),
        ("flare_ended", {"helped": "x" * 401}, "helped"),
        ("party", {}, "party"),
    ],
)
def test_what_cannot_be_is_refused_by_name(kind: str, data: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as refused:
        read_entry(kind, data)
    assert words in refused.value.message
    assert "$" not in refused.value.message


def test_a_correction_takes_the_place_of_what_it_corrects() -> None:
    rows = [written(1, Morning(pain=7)), written(2, Morning(pain=3), replaces=1)]
    assert [row.entry for row in in_force(rows)] == [Morning(pain=3)]


def test_taking_back_a_correction_leaves_nothing_of_either() -> None:
    rows = [written(1, Morning(pain=7)), written(2, Morning(pain=3), replaces=1), written(3, Undone(), replaces=2)]
    assert in_force(rows) == []


def test_what_came_late_stands_where_it_belongs() -> None:
    rows = [
        written(1, Morning(pain=2), day=1),
        written(2, Morning(pain=5), day=0),
        written(3, Morning(pain=4), day=0, minute=5),
    ]
    assert [entry.pain for _, entry in only(in_force(rows), Morning)] == [5, 4, 2]
