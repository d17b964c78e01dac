"""A cue, or why not."""

import math
from dataclasses import replace

import numpy as np

from upperback.sensing.cues.base import (
    CUES_PER_HOUR_MAX,
    HOUR_S,
    WEEK_S,
    WHY,
    CueParams,
    CueState,
    Decision,
    Reading,
    Silence,
    Wishes,
)


def start_cues() -> CueState:
    """The state before the first reading."""
    return CueState(
        now_s=math.nan,
        read_s=math.nan,
        added_until_s=math.nan,
        bent=False,
        bent_since_s=math.nan,
        dose_s=0.0,
        given_s=np.zeros(0),
        blocked_until_s=-math.inf,
    )


def decide_cue(
    state: CueState, *, now_s: float, reading: Reading | None, wishes: Wishes, params: CueParams
) -> tuple[CueState, Decision]:
    """Is this the moment for a cue? To be asked about once a second; asking more or less often does no harm.

    Parameters
    ----------
    state : what earlier answers left; it is not changed
    now_s : the time, s; readings are on the same clock
    reading : the newest one, or None if there is none
    wishes : what the person wants
    params : tuning
    """
    if not math.isfinite(now_s):
        return state, _silent(state, Silence.CLOCK, params)
    state = _at(state, now_s)
    usable = _trouble(now_s, reading, wishes, params) is None
    state = _add_up(state, now_s, reading if usable else None, wishes, params)
    silence = _silence(state, now_s, reading, wishes, params)
    if silence is not None:
        return state, _silent(state, silence, params)
    state = replace(state, dose_s=0.0, given_s=np.append(state.given_s, now_s)[-CUES_PER_HOUR_MAX:])
    return state, Decision(cue=True, silence=None, why=_WORDS, dose_share=1.0)


_WORDS = "You have been bent forward for a while. This is a good moment to move a little."


def _silent(state: CueState, silence: Silence, params: CueParams) -> Decision:
    return Decision(cue=False, silence=silence, why=WHY[silence], dose_share=min(1.0, state.dose_s / params.dose_s))


def _at(state: CueState, now_s: float) -> CueState:
    """The state at this time. A clock that goes back would make old cues unknown, so it costs an hour."""
    if now_s < state.now_s:
        fresh = replace(start_cues(), given_s=np.minimum(state.given_s, now_s))
        return replace(fresh, now_s=now_s, blocked_until_s=now_s + HOUR_S)
    return replace(state, now_s=now_s)


def _trouble(now_s: float, reading: Reading | None, wishes: Wishes, params: CueParams) -> Silence | None:
    """Why this reading says nothing, or is none to act on."""
    if wishes.neutral_deg is None or not math.isfinite(wishes.neutral_deg):
        return Silence.NO_NEUTRAL
    if reading is None:
        return Silence.NO_DATA
    if not abs(now_s - reading.time_s) <= params.stale_s:  # also from the future, also NaN
        return Silence.STALE
    if not reading.good or not math.isfinite(reading.flexion_deg):
        return Silence.BAD_DATA
    if reading.worn is False:
        return Silence.NOT_WORN
    if reading.vehicle is not False:
        return Silence.VEHICLE_UNKNOWN if reading.vehicle is None else Silence.VEHICLE
    return None


def _add_up(state: CueState, now_s: float, reading: Reading | None, wishes: Wishes, params: CueParams) -> CueState:
    """Bending adds up; being upright takes away, and so do moving about and time that nothing is known of."""
    if reading is None or wishes.neutral_deg is None:
        return _unknown(state, now_s, params)
    if reading.time_s <= state.read_s:  # seen before
        return state
    beyond_deg = reading.flexion_deg - wishes.neutral_deg
    bent = beyond_deg >= (params.upright_deg if state.bent else params.bent_deg) and not reading.moving
    state = _unknown(state, reading.time_s, params)
    passed_s = reading.time_s - state.added_until_s
    if math.isnan(passed_s):
        passed_s = 0.0
    if bent and state.bent:
        dose_s = min(params.dose_s, state.dose_s + passed_s * min(2.0, beyond_deg / params.usual_deg))
    else:
        dose_s = max(0.0, state.dose_s - passed_s * params.recovery)
    return replace(
        state,
        read_s=reading.time_s,
        added_until_s=reading.time_s,
        bent=bent,
        bent_since_s=state.bent_since_s if state.bent else reading.time_s,
        dose_s=dose_s,
    )


def _unknown(state: CueState, now_s: float, params: CueParams) -> CueState:
    """Take away for the time up to now, if the last reading is too old to speak for it."""
    silent_s = now_s - state.read_s
    if not silent_s > params.stale_s:
        return state
    left_s = state.dose_s - (now_s - state.added_until_s) * params.recovery
    dose_s = 0.0 if silent_s > params.unknown_s_max else max(0.0, left_s)
    return replace(state, added_until_s=now_s, bent=False, dose_s=dose_s)


def _silence(
    state: CueState, now_s: float, reading: Reading | None, wishes: Wishes, params: CueParams
) -> Silence | None:
    """The first reason to be silent, or None."""
    if not wishes.on:
        return Silence.OFF
    if wishes.quiet:
        return Silence.QUIET
    if wishes.held_until_s is not None and not now_s >= wishes.held_until_s:
        return Silence.HELD
    trouble = _trouble(now_s, reading, wishes, params)
    if trouble is not None:
        return trouble
    if reading is not None and reading.moving:
        return Silence.MOVING
    if now_s < state.blocked_until_s:
        return Silence.CLOCK
    limit = _limit(now_s, wishes, params)
    if not limit:
        return Silence.ENDED
    if not state.bent:
        return Silence.UPRIGHT
    if state.dose_s < params.dose_s or now_s - state.bent_since_s < params.delay_s:
        return Silence.NOT_YET
    if len(state.given_s) and now_s - state.given_s[-1] < params.apart_s:
        return Silence.JUST_NOW
    given = np.count_nonzero(state.given_s > now_s - HOUR_S)
    if given >= params.per_hour:
        return Silence.ENOUGH
    return Silence.FADED if given >= limit else None


def _limit(now_s: float, wishes: Wishes, params: CueParams) -> int:
    """Cues an hour in this week; 0: none any more."""
    week = math.floor((now_s - wishes.since_s) / WEEK_S)
    limits = [limit for first, limit in params.fading if week >= first]
    return limits[-1] if limits else 0
