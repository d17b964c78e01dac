"""Laws of cues: whatever comes in, never more than four an hour, never on bad or old data, and always a reason."""

import itertools
import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.sensing.cues.rides import RATE_HZ, desk, ride
from upperback.sensing.cues import (
    CueParams,
    CueState,
    Reading,
    RideParams,
    RideState,
    Wishes,
    decide_cue,
    start_cues,
    start_ride,
    update_ride,
)
from upperback.sensing.cues.base import WHY
from upperback.sensing.signal import Chunk
from upperback.sensing.state import from_bytes, to_bytes

any_float = st.floats(allow_nan=True, allow_infinity=True)
maybe = st.sampled_from([True, False, None])
eager = CueParams(dose_s=1, delay_s=1, apart_s=1)
settings_of_a_person = st.sampled_from(
    [CueParams(), eager, CueParams(dose_s=10, delay_s=5, apart_s=30, per_hour=2), CueParams(stale_s=0.5, dose_s=3)]
)
wishes = st.builds(
    Wishes,
    on=st.sampled_from([True, True, True, False]),
    neutral_deg=st.sampled_from([0.0, 0.0, 5.0, None, math.nan]),
    since_s=st.sampled_from([0.0, -1e6, 1e7]),
    quiet=st.sampled_from([False, False, False, True]),
    held_until_s=st.none() | any_float,
)
steps = st.lists(
    st.tuples(
        st.sampled_from([0.5, 1.0, 1.0, 1.0, 1.0, 1.9, 30.0, 700.0, 4000.0, -10.0, -5000.0]),  # time since the last
        st.sampled_from([30.0, 30.0, 30.0, 60.0, 0.0, math.nan, math.inf]),  # bent
        st.sampled_from([0.0, 0.0, 0.0, 1.0, 5.0, math.nan]),  # age of the reading
        st.booleans() | st.just(True),  # good
        st.sampled_from([True, True, None, False]),  # worn
        st.sampled_from([False, False, False, False, True, None]),  # vehicle
        st.sampled_from([False, False, False, True]),  # moving
        wishes,
    ),
    max_size=120,
)


@settings(max_examples=200, deadline=None)
@given(steps=steps, params=settings_of_a_person, saved=st.booleans())
def test_any_life(steps: list[tuple], params: CueParams, saved: bool) -> None:  # type: ignore[type-arg]
    state, now_s, given_s = start_cues(), 1000.0, list[float]()
    for step_s, flexion_deg, age_s, good, worn, vehicle, moving, wish in steps:
        now_s += step_s
        if step_s < 0:  # a clock that goes back: hours are counted afresh from there, and the first has no cue
            given_s = [now_s] * 4
        newest = Reading(
            time_s=now_s - age_s, flexion_deg=flexion_deg, good=good, worn=worn, vehicle=vehicle, moving=moving
        )
        before = to_bytes(state)
        following, decision = decide_cue(state, now_s=now_s, reading=newest, wishes=wish, params=params)
        assert to_bytes(state) == before
        state = from_bytes(CueState, to_bytes(following)) if saved else following
        assert decision.cue == (decision.silence is None)
        assert 0 <= decision.dose_share <= 1
        if decision.silence is not None:
            assert decision.why == WHY[decision.silence]
            continue
        assert good
        assert math.isfinite(flexion_deg)
        assert age_s <= 2
        assert vehicle is False
        assert worn is not False
        assert not moving
        assert wish.on
        assert not wish.quiet
        assert wish.held_until_s is None or now_s >= wish.held_until_s
        assert wish.neutral_deg is not None
        assert flexion_deg - wish.neutral_deg >= params.upright_deg
        given_s.append(now_s)
        assert sum(now_s - 3600 < at for at in given_s) <= params.per_hour <= 4


@settings(max_examples=50, deadline=None)
@given(now_s=any_float, time_s=any_float, flexion_deg=any_float, neutral_deg=st.none() | any_float, vehicle=maybe)
def test_any_numbers_are_survived(
    now_s: float, time_s: float, flexion_deg: float, neutral_deg: float | None, vehicle: bool | None
) -> None:
    newest = Reading(time_s=time_s, flexion_deg=flexion_deg, good=True, vehicle=vehicle)
    state = start_cues()
    for _ in range(3):
        state, decision = decide_cue(
            state, now_s=now_s, reading=newest, wishes=Wishes(on=True, neutral_deg=neutral_deg), params=eager
        )
        assert not decision.cue


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 100),
    cuts=st.lists(st.integers(0, 6000), max_size=10),
    gap=st.none() | st.tuples(st.integers(0, 5900), st.integers(1, 800)),
    saved=st.booleans(),
)
def test_however_a_ride_is_cut_it_is_the_same(
    seed: int, cuts: list[int], gap: tuple[int, int] | None, saved: bool
) -> None:
    rng, params = np.random.default_rng(seed), RideParams()
    acc = np.concatenate([desk(rng, 1), ride(rng, 1, 0.4)]).astype(np.float32)
    if gap is not None:
        acc[gap[0] : gap[0] + gap[1]] = np.nan
    states = []
    for places in ([], cuts):
        state = start_ride(sampling_rate_hz=RATE_HZ, params=params)
        for start, end in itertools.pairwise([0, *sorted(places), len(acc)]):
            chunk = Chunk(start_s=start / RATE_HZ, sampling_rate_hz=RATE_HZ, acc_mps2=acc[start:end])
            state, _ = update_ride(state, chunk, params)
            state = from_bytes(RideState, to_bytes(state)) if saved else state
        states.append(state)
    assert to_bytes(states[0]) == to_bytes(states[1])
