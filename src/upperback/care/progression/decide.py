"""After a session and the night behind it: up, stay, back, or another exercise. Progress that listens to pain.

Pure functions of what was done. What a person did not say is unknown: it never counts as "settled" and never as
"not settled", so it holds.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal

from upperback.care.progression.light import Light, has_settled, pain_light
from upperback.care.progression.step import Bounds, Step, harder, step_back, step_up
from upperback.content.vocabulary import Content


class Move(Enum):
    """What happens to an exercise."""

    UP = "up"
    HOLD = "hold"
    BACK = "back"
    BACK_TWO = "back_two"
    SWAP = "swap"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseDone:
    """One exercise as it was done in one session.

    Attributes
    ----------
    day : the person's own day
    step : what was prescribed
    reps : repetitions of each set that was done
    worst_pain : 0..10 during it, None if not said
    is_alarming : sharp, spreading or new tingling pain
    effort : RPE 0..10 of the last set, None if not said
    form_ok : False where the person or a sensor says that the movement got lost; None if nobody said
    usual_pain : usual pain at rest before the session
    next_morning : pain at rest next morning, None while not said
    """

    day: dt.date
    step: Step
    reps: tuple[int, ...]
    worst_pain: int | None
    is_alarming: bool = False
    effort: float | None = None
    form_ok: bool | None = None
    usual_pain: int = 0
    next_morning: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepChange:
    """A change of step in the past: what bounds how soon the next one may come."""

    day: dt.date
    exercise: str
    move: Move
    added_set: bool = False


Reason = Literal[
    "two_good_sessions",
    "one_good_session",
    "more_than_top",
    "at_the_top",
    "others_first",
    "set_added_lately",
    "not_all_done",
    "not_said",
    "hard_enough",
    "amber_settled",
    "green_not_settled",
    "green_not_settled_twice",
    "amber_not_settled",
    "red",
    "red_not_settled",
    "too_hard",
    "form_lost_twice",
    "steps_back_twice",
    "calm_only",
    "own_choice",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of one exercise.

    Attributes
    ----------
    move, before, step : the change, the step as it was done, and the step from now on
    reason : key of the sentence that explains it
    check_flags : whether the safety check has to be opened before the next session
    light : pain light of the session, None where pain was not said
    """

    move: Move
    before: Step
    step: Step
    reason: Reason
    light: Light | None
    check_flags: bool = False


def session_light(done: ExerciseDone, content: Content) -> Light | None:
    """The pain light of one exercise in one session; None where pain was not said and nothing was alarming."""
    if done.is_alarming:
        return Light.RED
    if done.worst_pain is None:
        return None
    return pain_light(usual=done.usual_pain, worst=done.worst_pain, is_alarming=False, content=content)


def is_good(done: ExerciseDone, content: Content) -> bool:
    """Whether a session counts towards doing more: everything done, green, settled, in form, not too hard."""
    return (
        _all_done(done)
        and session_light(done, content) is Light.GREEN
        and has_settled(usual=done.usual_pain, next_morning=done.next_morning, content=content) is True
        and done.form_ok is not False
        and done.effort is not None
        and done.effort <= content.limit("effort_top_for_more")
    )


def judge(history: Sequence[ExerciseDone], changes: Sequence[StepChange], bounds: Bounds, content: Content) -> Verdict:
    """What becomes of one exercise after its last session.

    Parameters
    ----------
    history : its sessions, oldest first; the last one is judged
    changes : its earlier changes of step, oldest first
    bounds : what no step may pass

    Returns
    -------
    the verdict for this exercise alone; `limit_session` then sees to it that not too much is added at once
    """
    last = history[-1]
    light = session_light(last, content)
    settled = has_settled(usual=last.usual_pain, next_morning=last.next_morning, content=content)
    if light is Light.RED and settled is False:
        return _back(last, "red_not_settled", Move.BACK_TWO, light, changes, bounds, content)
    if light is Light.RED:
        return _back(last, "red", Move.BACK, light, changes, bounds, content)
    if light is Light.AMBER and settled is False:
        return _back(last, "amber_not_settled", Move.BACK, light, changes, bounds, content)
    if last.effort is not None and last.effort >= content.limit("effort_too_hard"):
        return _back(last, "too_hard", Move.BACK, light, changes, bounds, content)
    if [one.form_ok for one in history[-2:]] == [False, False]:
        return _back(last, "form_lost_twice", Move.BACK, light, changes, bounds, content)
    if light is Light.GREEN and settled is False:
        if len(history) > 1 and _green_not_settled(history[-2], content):
            return _back(last, "green_not_settled_twice", Move.BACK, light, changes, bounds, content)
        return _hold(last, "green_not_settled", light)
    if last.usual_pain >= content.limit("light_baseline_calm_only"):
        return _hold(last, "calm_only", light)  # never more, and not less only for pain that was there before
    if light is Light.AMBER:
        return _hold(last, "amber_settled", light)
    return _more_or_same(history, changes, light, bounds, content)


def _more_or_same(
    history: Sequence[ExerciseDone],
    changes: Sequence[StepChange],
    light: Light | None,
    bounds: Bounds,
    content: Content,
) -> Verdict:
    """Green, or not said; nothing speaks for less."""
    last = history[-1]
    if _is_too_easy(last, light, bounds, content):
        return _up(last, harder(last.step, bounds, content), "more_than_top", light)
    if not is_good(last, content):
        return _hold(last, _why_not_good(last, light, content), light)
    needed = int(content.limit("good_sessions_for_more"))
    recent = [one for one in history[-needed:] if one.step == last.step and is_good(one, content)]
    if len(recent) < needed:
        return _hold(last, "one_good_session", light)
    added = [change.day for change in changes if change.added_set and change.exercise == last.step.exercise]
    may_add_set = not added or (last.day - added[-1]).days >= content.limit("added_set_every_days")
    upper = step_up(last.step, bounds, content, may_add_set=may_add_set)
    if upper == last.step and not may_add_set:
        return _hold(last, "set_added_lately", light)
    return _up(last, upper, "two_good_sessions", light)


def limit_session(
    verdicts: Mapping[str, Verdict], order: Sequence[str], content: Content, *, already: int = 0
) -> dict[str, Verdict]:
    """The verdicts of one session, with at most so many exercises going up; the others wait for next time.

    Parameters
    ----------
    verdicts : by exercise
    order : exercises, those that have waited longest first
    already : how many of this session went up before, where part of it was told later
    """
    left = max(int(content.limit("progressed_per_session")) - already, 0)
    limited: dict[str, Verdict] = {}
    for exercise in sorted(verdicts, key=order.index):
        verdict = verdicts[exercise]
        if verdict.move is Move.UP:
            if left == 0:
                verdict = replace(verdict, move=Move.HOLD, step=verdict.before, reason="others_first")
            else:
                left -= 1
        limited[exercise] = verdict
    return limited


def _all_done(done: ExerciseDone) -> bool:
    return len(done.reps) >= done.step.sets and all(reps >= done.step.reps for reps in done.reps[: done.step.sets])


def _is_too_easy(done: ExerciseDone, light: Light | None, bounds: Bounds, content: Content) -> bool:
    """More repetitions than the top on the last set, with little effort, in form, and green."""
    return (
        light is Light.GREEN
        and done.form_ok is not False
        and _all_done(done)
        and done.reps[-1] > bounds.reps_top
        and done.effort is not None
        and done.effort <= content.limit("effort_fast_track")
        and has_settled(usual=done.usual_pain, next_morning=done.next_morning, content=content) is not False
    )


def _green_not_settled(done: ExerciseDone, content: Content) -> bool:
    settled = has_settled(usual=done.usual_pain, next_morning=done.next_morning, content=content)
    return session_light(done, content) is Light.GREEN and settled is False


def _why_not_good(done: ExerciseDone, light: Light | None, content: Content) -> Reason:
    if not _all_done(done):
        return "not_all_done"
    if light is None or done.next_morning is None or done.effort is None:
        return "not_said"
    if done.effort > content.limit("effort_top_for_more"):
        return "hard_enough"
    return "not_all_done"  # the movement got lost once


def _hold(done: ExerciseDone, reason: Reason, light: Light | None) -> Verdict:
    return Verdict(move=Move.HOLD, before=done.step, step=done.step, reason=reason, light=light)


def _up(done: ExerciseDone, upper: Step, reason: Reason, light: Light | None) -> Verdict:
    if upper == done.step:
        return _hold(done, "at_the_top", light)
    return Verdict(move=Move.UP, before=done.step, step=upper, reason=reason, light=light)


def _back(
    done: ExerciseDone,
    reason: Reason,
    move: Literal[Move.BACK, Move.BACK_TWO],
    light: Light | None,
    changes: Sequence[StepChange],
    bounds: Bounds,
    content: Content,
) -> Verdict:
    """One or two steps back; the second time within days, another exercise of the same family."""
    window = dt.timedelta(days=int(content.limit("swap_window_days")))
    earlier = [
        change
        for change in changes
        if change.exercise == done.step.exercise
        and change.move in {Move.BACK, Move.BACK_TWO}
        and done.day - change.day < window
    ]
    lower = step_back(done.step, bounds, content)
    if move is Move.BACK_TWO:
        lower = step_back(lower, bounds, content)
    check_flags = move is Move.BACK_TWO or done.is_alarming
    if len(earlier) + 1 >= content.limit("swap_after_steps_back"):
        return Verdict(
            move=Move.SWAP,
            before=done.step,
            step=lower,
            reason="steps_back_twice",
            light=light,
            check_flags=check_flags,
        )
    return Verdict(move=move, before=done.step, step=lower, reason=reason, light=light, check_flags=check_flags)
