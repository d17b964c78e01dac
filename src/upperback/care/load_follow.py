"""The amounts of a task as the ledger found them out, for the plan to follow when the person agrees. Pure.

Down at once, up by one step: what hurts sooner than was thought counts as it is, and a good week moves the amount no
further than pacing would. Days before the amounts were last told do not count again, so a step takes some new days.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from upperback.care.diary import TaskTold, Written
from upperback.care.ledger import Done, light_of
from upperback.care.load import MINUTE_STEP, round_down
from upperback.care.pacing import tolerance
from upperback.care.plan.choices import Task
from upperback.care.plan.tasks import AMOUNTS_READ
from upperback.care.progression.light import Light
from upperback.content.vocabulary import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Minutes to symptoms out of what was written down.

    Attributes
    ----------
    task : with these minutes
    told : minutes that were told; None where nobody knew
    tolerances : minutes of each day that counts, good and bad, oldest first
    middle : their median
    is_step : whether it goes up by one step only, and not to the middle at once
    """

    task: Task
    told: float | None
    tolerances: tuple[float, ...]
    middle: float
    is_step: bool


def measured(
    task_id: str, task: Task, done: Sequence[Done], written: Sequence[Written], content: Content
) -> Measured | None:
    """What the newest days tell about one task; None where they are too few, or tell nothing else than was told.

    Parameters
    ----------
    task : amounts as they were told last
    done : every time it was done, oldest first
    written : the diary, for the day on which the amounts were told
    """
    if "minutes_to_symptom" not in AMOUNTS_READ[content.load_rules[task.category].arithmetic]:
        return None
    told_on = max(
        (row.day for row in written if isinstance(row.entry, TaskTold) and row.entry.task == task_id),
        default=dt.date.min,
    )
    days: dict[dt.date, float] = {}
    for one in done:
        minutes, day = tolerance(one.entry, content), one.written.day
        if minutes is not None and day > told_on:
            days[day] = min(minutes, days.get(day, minutes))
    newest = [days[day] for day in sorted(days)][-int(content.limit("pacing_days_most")) :]
    if len(newest) < content.limit("pacing_days_least"):
        return None
    middle, told = median(newest), task.minutes_to_symptom
    is_up = told is not None and middle > told
    if is_up and light_of(done[-1].entry, content) is Light.RED:
        return None
    most = middle if told is None else max(told * (1 + content.limit("pacing_growth")), told + MINUTE_STEP)
    then = max(MINUTE_STEP, round_down(min(middle, most), MINUTE_STEP))
    if told is not None and (then == told or (is_up and then < told)):
        return None
    return Measured(
        task=replace(task, minutes_to_symptom=then),
        told=told,
        tolerances=tuple(newest),
        middle=middle,
        is_step=is_up and middle > most,
    )
