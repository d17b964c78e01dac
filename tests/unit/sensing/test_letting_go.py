"""Relax and find the gap: what is found is when the simulated muscle truly rested, however the signal is cut."""

import math
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest

from upperback.core.errors import InputError
from upperback.devices.simulate import load_scenario, simulate_emg
from upperback.sensing.letting_go import LettingGo, LettingGoParams, Round
from upperback.sensing.signal import EmgChunk


@cache
def day(changes: tuple[str, ...] = ()) -> tuple[EmgChunk, np.ndarray]:
    """The whole signal, and the effort behind it."""
    pieces = list(simulate_emg(load_scenario("letting-go", list(changes)), 3))
    emg_v = np.concatenate([chunk.emg_v for chunk, _ in pieces])
    chunk = EmgChunk(start_s=0.0, sampling_rate_hz=1000.0, emg_v=emg_v)
    return chunk, np.concatenate([truth.effort_pct[:, 0] for _, truth in pieces])


def cut(whole: EmgChunk, n: int) -> Iterator[EmgChunk]:
    for at in range(0, len(whole), n):
        yield EmgChunk(start_s=at / 1000, sampling_rate_hz=1000.0, emg_v=whole.emg_v[at : at + n])


def trained(whole: EmgChunk, n: int = 200, rounds: int = 5) -> tuple[list[Round], list[tuple[float, str]]]:
    """The rounds, and when something else was asked for."""
    training, asked = LettingGo(sampling_rate_hz=1000.0, rounds=rounds), [(0.0, "rest")]
    found: list[Round] = []
    for chunk in cut(whole, n):
        said = training.update(chunk)
        found += said.rounds
        if said.stage != asked[-1][1]:
            asked.append((chunk.end_s, said.stage))
    return found, asked


def test_rest_is_found_when_the_muscle_truly_rests() -> None:
    whole, effort = day()
    rounds, asked = trained(whole)
    assert [one.number for one in rounds] == [1, 2, 3, 4, 5]
    assert asked[-1][1] == "done"
    let_go = [at_s for at_s, stage in asked if stage == "let_go"]
    resting = effort < 0.3
    for one, at_s in zip(rounds, let_go, strict=True):
        assert one.after_s is not None
        truly = int(np.argmax(resting[int(at_s * 1000) :])) / 1000
        assert one.after_s == pytest.approx(truly, abs=1.5)  # a chunk, and the muscle stage's own delay


def test_how_the_signal_is_cut_changes_nothing_but_when_it_is_told() -> None:
    whole, _ = day()
    at_200, _ = trained(whole, 200)
    for n in (37, 1000):
        other, _ = trained(whole, n)
        assert [one.number for one in other] == [one.number for one in at_200]
        for here, there in zip(at_200, other, strict=True):
            assert here.after_s == pytest.approx(there.after_s, abs=1.1)


def test_a_muscle_that_never_lets_go_ends_its_round_without_a_gap() -> None:
    whole, effort = day()
    first = int(np.argmax(effort > 10)) + 1500
    emg_v = whole.emg_v.copy()
    rng = np.random.default_rng(1)
    emg_v[first:] = rng.normal(0, 60e-6, (len(emg_v) - first, 1)).astype(np.float32)
    tense = EmgChunk(start_s=0.0, sampling_rate_hz=1000.0, emg_v=emg_v)
    rounds, _ = trained(tense, rounds=2)
    assert [one.after_s for one in rounds] == [None, None]


def test_what_is_not_measured_is_neither_pressing_nor_rest() -> None:
    whole, effort = day()
    emg_v = whole.emg_v.copy()
    emg_v[int(np.argmax(effort > 10)) :] = math.nan
    rounds, asked = trained(EmgChunk(start_s=0.0, sampling_rate_hz=1000.0, emg_v=emg_v))
    assert rounds == []
    assert [stage for _, stage in asked] == ["rest", "press"]


def test_without_a_round_there_is_no_training() -> None:
    with pytest.raises(InputError, match="0 rounds"):
        LettingGo(sampling_rate_hz=1000.0, rounds=0)
    with pytest.raises(InputError):
        LettingGo(sampling_rate_hz=50.0)
    assert LettingGoParams().gap_s == 0.2
