"""When a cue is given, and why it is not."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from upperback.core.errors import InputError
from upperback.sensing.cues import CueParams, CueState, Decision, Reading, Silence, Wishes, decide_cue, start_cues
from upperback.sensing.cues.base import WHY

PARAMS = CueParams()
WISHES = Wishes(on=True, neutral_deg=5.0)
WEEK_S = 7 * 86_400.0


def reading(time_s: float, flexion_deg: float = 30.0, **changes: object) -> Reading:
    usual = Reading(time_s=time_s, flexion_deg=flexion_deg, good=True, worn=True, vehicle=False)
    return dataclasses.replace(usual, **changes)  # type: ignore[arg-type]


def ask(
    seconds: range,
    *,
    flexion_deg: Callable[[float], float] = lambda _: 30.0,
    state: CueState | None = None,
    wishes: Wishes = WISHES,
    params: CueParams = PARAMS,
) -> tuple[CueState, list[Decision]]:
    """Once a second."""
    state, found = state or start_cues(), []
    for now_s in seconds:
        state, decision = decide_cue(
            state,
            now_s=float(now_s),
            reading=reading(now_s, flexion_deg(now_s)),
            wishes=wishes,
            params=params,
        )
        found.append(decision)
    return state, found


def cues(decisions: list[Decision], start_s: int = 0) -> list[int]:
    return [start_s + k for k, decision in enumerate(decisions) if decision.cue]


def silences(decisions: list[Decision]) -> set[Silence | None]:
    return {decision.silence for decision in decisions}


def test_bending_adds_up_to_a_cue() -> None:
    _, found = ask(range(2000))
    assert cues(found) == [240, 840, 1440]  # 25 deg beyond neutral: 1.25 s a second; then ten minutes apart
    assert found[240].why.startswith("You have been bent forward")
    assert found[100].silence is Silence.NOT_YET
    assert found[100].dose_share == pytest.approx(100 * 1.25 / 300)
    assert found[600].silence is Silence.JUST_NOW


def test_deeper_counts_for_more_but_never_more_than_double() -> None:
    assert cues(ask(range(700), flexion_deg=lambda _: 21.0)[1]) == [375]  # 16 beyond: 0.8
    assert cues(ask(range(700), flexion_deg=lambda _: 45.0)[1])[0] == 150
    assert cues(ask(range(700), flexion_deg=lambda _: 170.0)[1])[0] == 150


def test_it_is_not_the_moment_that_counts() -> None:
    _, short = ask(range(1000), flexion_deg=lambda now_s: 60.0 if now_s % 60 < 20 else 5.0)
    assert not cues(short)
    _, slightly = ask(range(4000), flexion_deg=lambda _: 19.0)
    assert not cues(slightly)
    assert silences(slightly) == {Silence.UPRIGHT}


def test_a_wobble_around_the_threshold_is_still_bent() -> None:
    wobbling = ask(range(1000), flexion_deg=lambda now_s: 21.0 if now_s % 2 else 17.0)[1]
    assert len(cues(wobbling)) == 1


def test_after_sitting_up_it_takes_a_while_again() -> None:
    _, found = ask(range(700), flexion_deg=lambda now_s: 5.0 if 200 <= now_s < 260 else 30.0)
    (first,) = cues(found)
    assert first > 260 + 60  # dose was taken away, and bent again for the delay
    assert found[230].silence is Silence.UPRIGHT


def test_at_most_four_an_hour_even_if_more_are_wanted() -> None:
    params = CueParams(apart_s=60, dose_s=60, delay_s=10)
    _, found = ask(range(4 * 3600), params=params)
    given = cues(found)
    assert max(sum(1 for at in given if start <= at < start + 3600) for start in given) == 4
    assert Silence.ENOUGH in silences(found)
    with pytest.raises(InputError, match="per_hour"):
        CueParams(per_hour=5)


@pytest.mark.parametrize(
    ("week", "expected"), [(0, 4), (1, 4), (2, 2), (3, 2), (4, 1), (5, 1), (6, 0), (30, 0), (-1, 0)]
)
def test_cues_fade_over_six_weeks(week: int, expected: int) -> None:
    params = CueParams(apart_s=300, delay_s=10)  # twelve cues an hour would be due
    start = round(week * WEEK_S)
    _, found = ask(range(start, start + 3600), params=params)
    assert len(cues(found)) == expected
    assert (Silence.ENDED in silences(found)) == (not 0 <= week < 6)
    assert (Silence.FADED in silences(found)) == (2 <= week < 6)


@pytest.mark.parametrize(
    ("wishes", "changes", "silence"),
    [
        (Wishes(), {}, Silence.OFF),
        (dataclasses.replace(WISHES, quiet=True), {}, Silence.QUIET),
        (dataclasses.replace(WISHES, held_until_s=1e9), {}, Silence.HELD),
        (dataclasses.replace(WISHES, neutral_deg=None), {}, Silence.NO_NEUTRAL),
        (dataclasses.replace(WISHES, neutral_deg=float("nan")), {}, Silence.NO_NEUTRAL),
        (WISHES, {"good": False}, Silence.BAD_DATA),
        (WISHES, {"worn": False}, Silence.NOT_WORN),
        (WISHES, {"vehicle": True}, Silence.VEHICLE),
        (WISHES, {"vehicle": None}, Silence.VEHICLE_UNKNOWN),
        (WISHES, {"moving": True}, Silence.MOVING),
    ],
)
def test_silent_and_says_why(wishes: Wishes, changes: dict[str, Any], silence: Silence) -> None:
    state, _ = ask(range(200))  # nearly due
    for now_s in range(200, 900):
        newest = reading(now_s, **changes)
        state, decision = decide_cue(state, now_s=now_s, reading=newest, wishes=wishes, params=PARAMS)
        assert (decision.silence, decision.why) == (silence, WHY[silence])


@pytest.mark.parametrize(
    ("time_s", "flexion_deg", "silence"),
    [
        (236.9, 30.0, Silence.STALE),
        (243.1, 30.0, Silence.STALE),  # from the future: the clocks are not the same
        (float("nan"), 30.0, Silence.STALE),
        (240.0, float("nan"), Silence.BAD_DATA),
        (240.0, float("inf"), Silence.BAD_DATA),
    ],
)
def test_one_odd_reading_at_the_very_moment(time_s: float, flexion_deg: float, silence: Silence) -> None:
    state, _ = ask(range(240))
    newest = reading(time_s, flexion_deg)
    assert decide_cue(state, now_s=240, reading=newest, wishes=WISHES, params=PARAMS)[1].silence is silence
    assert decide_cue(state, now_s=240, reading=reading(240), wishes=WISHES, params=PARAMS)[1].cue


def test_without_a_reading_it_is_silent_and_forgets() -> None:
    state, _ = ask(range(200))
    for now_s in range(200, 1000):
        state, decision = decide_cue(state, now_s=now_s, reading=None, wishes=WISHES, params=PARAMS)
        assert decision.silence is Silence.NO_DATA
    assert state.dose_s == 0
    assert cues(ask(range(1000, 1400), state=state)[1], 1000) == [1240]


def test_a_frozen_reading_is_stale_after_two_seconds() -> None:
    state, frozen = ask(range(239))[0], reading(238)
    answers = []
    for now_s in range(239, 300):
        state, decision = decide_cue(state, now_s=now_s, reading=frozen, wishes=WISHES, params=PARAMS)
        answers.append(decision.silence)
    assert answers[:2] == [Silence.NOT_YET] * 2
    assert set(answers[2:]) == {Silence.STALE}


def test_asking_more_often_changes_nothing() -> None:
    state, times = start_cues(), []
    for step in range(8000):
        now_s = step / 10
        newest = reading(float(int(now_s)))
        state, decision = decide_cue(state, now_s=now_s, reading=newest, wishes=WISHES, params=PARAMS)
        if decision.cue:
            times.append(now_s)
    assert times == [240.0]


def test_a_clock_that_goes_back_costs_an_hour() -> None:
    state, first = ask(range(10_000, 11_000))
    assert cues(first)
    state, again = ask(range(5_000, 8_590), state=state)
    assert not cues(again)
    assert again[-1].silence is Silence.CLOCK
    assert cues(ask(range(8_590, 10_000), state=state)[1])
    state, decision = decide_cue(state, now_s=float("nan"), reading=reading(0), wishes=WISHES, params=PARAMS)
    assert decision.silence is Silence.CLOCK


def test_every_silence_has_words_and_none_blames() -> None:
    assert set(WHY) == set(Silence)
    for sentence in WHY.values():
        assert not any(word in sentence.lower() for word in ("bad posture", "wrong", "should", "must"))


@pytest.mark.parametrize(
    "broken",
    [
        {"bent_deg": 5.0},
        {"usual_deg": 12.0},
        {"dose_s": 0.0},
        {"delay_s": -1.0},
        {"stale_s": 5.0},
        {"per_hour": 0},
        {"recovery": float("nan")},
    ],
)
def test_impossible_settings_are_refused(broken: dict[str, float]) -> None:
    with pytest.raises(InputError):
        CueParams(**broken)  # type: ignore[arg-type]
