"""Whatever a line and a server do to a stream, what is stored is what a line without faults gives."""

import dataclasses
import math
import os
import random
import sys
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import pytest

from tests.property import live_faults
from tests.unit.services.conftest import NOW
from upperback.services import actors, people
from upperback.services.live import Sitting
from upperback.services.people import Profile
from upperback.store.models import LiveMinute

pytestmark = pytest.mark.django_db

RUNS_SHORT, RUNS_LONG = 25, int(os.environ.get("UPPERBACK_LIVE_RUNS", "10000"))
_STEP = 100
"""Runs after which it is said how far it is; shown with `pytest -s`."""
BY = actors.household("browser-of-the-test")
_Found = TypeVar("_Found")


def _people() -> list[Profile]:
    return [people.create_profile(name=name, by=BY, now=NOW) for name in ("Ana", "Ben")]


def _of_run(seed: int, found: Iterator[_Found]) -> Iterator[_Found]:
    """What goes wrong on the way says in which run."""
    try:
        yield from found
    except Exception as problem:
        problem.add_note(f"seed {seed}")
        raise


def _check(runs: int, first_seed: int) -> tuple[int, int]:
    """Two phones of Ana and one of Ben in every run; returns how many streams and seconds were compared."""
    ana, ben = _people()
    streams = seconds = 0
    for seed in range(first_seed, first_seed + runs):
        dice = random.Random(seed)
        who = [(ana, BY), (ana, BY), (ben, BY)][: dice.choice([1, 1, 2, 3])]
        for profile, expected, stored, frames, kept in _of_run(seed, live_faults.run(dice, who, NOW)):
            same = stored.first_s == expected.first_s and np.array_equal(stored.rows, expected.rows, equal_nan=True)
            assert same, f"seed {seed}: what is stored is not what a line without faults gives"
            assert kept == frames, f"seed {seed}: what is kept is not what was sent"
            assert set(LiveMinute.objects.filter(profile=profile).values_list("stream__profile", flat=True)) <= {
                profile.pk
            }, f"seed {seed}"
            streams, seconds = streams + 1, seconds + len(stored)
        LiveMinute.objects.all().delete()
    return streams, seconds


def test_faults_of_line_and_server_change_nothing(tell: Callable[[str], None]) -> None:
    streams, seconds = _check(RUNS_SHORT, 1)
    assert seconds > 20 * streams
    tell(f"live faults: {RUNS_SHORT} runs, {streams} streams, {seconds:,} seconds, 0 differ")


@pytest.mark.long
def test_faults_of_line_and_server_change_nothing_in_many_runs(tell: Callable[[str], None]) -> None:
    streams = seconds = 0
    for done in range(0, RUNS_LONG, _STEP):
        more_streams, more_seconds = _check(min(_STEP, RUNS_LONG - done), 1_000_000 + done)
        streams, seconds = streams + more_streams, seconds + more_seconds
        sys.stderr.write(f"{min(done + _STEP, RUNS_LONG):,} runs, {streams:,} streams, {seconds:,} seconds, 0 differ\n")
    tell(f"live faults: {RUNS_LONG:,} runs, {streams:,} streams, {seconds:,} seconds, 0 differ")


def test_a_server_that_stores_too_little_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the control: a state that forgets the seconds of the minute that is not whole."""
    saving = Sitting.saving

    def forgets(sitting: Sitting) -> object:
        if sitting._state.wearer is not None:
            sitting._state.wearer.minute[:, :-2] = math.nan
        return saving(sitting)

    monkeypatch.setattr(Sitting, "saving", forgets)
    with pytest.raises(AssertionError, match="not what a line without faults"):
        _check(10, 1)


def test_a_server_that_keeps_samples_twice_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the control: samples that were given away to be stored and are still there."""
    samples = Sitting._samples

    def twice(sitting: Sitting) -> object:
        found = samples(sitting)
        return None if found is None else dataclasses.replace(found, frames=[*found.frames, found.frames[-1]])

    monkeypatch.setattr(Sitting, "_samples", twice)
    with pytest.raises(AssertionError, match="not what was sent"):
        _check(10, 1)
