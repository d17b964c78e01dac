"""Pacing of one task: where to start, the amount planned now, and the steps to the goal. Pure.

The planned amount is a ceiling as well as a floor: no day, however good, goes more than one step forward.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from upperback.care.diary import TaskDone
from upperback.care.ledger import Done, light_of
from upperback.care.load import pacing_baseline, pacing_steps, pacing_target, round_down
from upperback.care.progression.light import Light, has_settled
from upperback.content.vocabulary import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The pacing of a task.

    Attributes
    ----------
    tolerances : minutes of each day that makes the start, good and bad days
    baseline : minutes to start with; None while there are too few days
    step : steps taken so far
    target : minutes planned now, whole
    steps_left : steps to the goal, None where no goal is known
    days_needed : days with a known tolerance that are still missing
    """

    tolerances: tuple[float, ...]
    baseline: float | None = None
    step: int = 0
    target: float | None = None
    steps_left: int | None = None
    days_needed: int = 0


def tolerance(done: TaskDone, content: Content) -> float | None:
    """Minutes until the pain had clearly risen; all the minutes where it had not. None where nobody knows."""
    if done.rose_after is not None:
        return done.rose_after
    return done.minutes if done.after - done.before < content.limit("tolerance_rise") else None


def pace_of(occasions: Sequence[Done], resting: Mapping[dt.date, int], goal: float | None, content: Content) -> Pace:
    """The pacing of a task from every time it was done.

    Parameters
    ----------
    occasions : oldest first
    resting : pain at rest of each morning that was told
    goal : minutes that are wanted; None where that was not told
    """
    days: dict[dt.date, float] = {}
    for one in occasions:
        minutes = tolerance(one.entry, content)
        if minutes is not None and (one.written.day in days or len(days) < content.limit("pacing_days_most")):
            days[one.written.day] = min(minutes, days.get(one.written.day, minutes))
    least = int(content.limit("pacing_days_least"))
    if len(days) < least:
        return Pace(tolerances=tuple(days.values()), days_needed=least - len(days))
    growth = content.limit("pacing_growth")
    baseline = pacing_baseline(list(days.values()), share=content.limit("pacing_share_of_median"))
    started = sorted(days)[least - 1]
    step = _steps_taken([one for one in occasions if one.written.day > started], started, resting, content)
    target = max(1.0, round_down(pacing_target(baseline, growth, step), 1.0))
    if goal is not None:
        step = min(step, pacing_steps(baseline, goal, growth))
        target = min(max(1.0, round_down(pacing_target(baseline, growth, step), 1.0)), max(goal, 1.0))
    left = None if goal is None else pacing_steps(baseline, goal, growth) - step
    return Pace(tolerances=tuple(days.values()), baseline=baseline, step=step, target=target, steps_left=left)


def _steps_taken(occasions: Sequence[Done], started: dt.date, resting: Mapping[dt.date, int], content: Content) -> int:
    """One step after two good occasions, or after one once the days have passed; two ambers repeat, red goes back."""
    step, good, since = 0, 0, started
    for one in occasions:
        done, day = one.entry, one.written.day
        light = light_of(done, content)
        next_morning = resting.get(day + dt.timedelta(days=1))
        settled = has_settled(usual=done.before, next_morning=next_morning, content=content)
        if light is Light.RED:
            step, good, since = max(0, step - int(content.limit("pacing_steps_back"))), 0, day
        elif light is Light.AMBER and settled is not True:
            good = 0
        else:
            good += 1
            waited = (day - since).days >= content.limit("pacing_step_days")
            if good >= content.limit("pacing_exposures") or waited:
                step, good, since = step + 1, 0, day
    return step
