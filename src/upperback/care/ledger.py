"""The load ledger: tasks that bring the pain on, what is changed about them, and whether that helped. Pure.

Tasks come from the assessment and from what is told later; the most important and most provoking stand first. A change
is tried on one task at a time until it can be told whether it helped.
"""

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from upperback.care.diary import TaskChanged, TaskDone, TaskTold, Written
from upperback.care.load_effect import Effect, Occasion, effect_of_change
from upperback.care.plan.choices import Task
from upperback.care.progression.light import Light, pain_light
from upperback.content.vocabulary import Content

#: Above this a change is too close to call for as long as anybody would log.
_MOST_MORE = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerTask:
    """One task of the ledger.

    Attributes
    ----------
    id : its name in the diary; for tasks of the assessment the category
    task : amounts and ratings as they are now
    """

    id: str
    task: Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A task done once, as the diary has it."""

    written: Written
    entry: TaskDone

    @property
    def occasion(self) -> Occasion:
        """The form in which a change is judged."""
        return Occasion(day=self.written.day, before=self.entry.before, after=self.entry.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A change that was started, and what came of it so far.

    Attributes
    ----------
    written, entry : the diary entry that started it
    before, after : occasions that count on each side
    effect : what can be told
    more_before, more_after : occasions still needed on each side; None where even many more may not tell
    is_counted : whether these numbers are needed by the rule; False where they are an estimate
    """

    written: Written
    entry: TaskChanged
    before: tuple[Done, ...]
    after: tuple[Done, ...]
    effect: Effect
    more_before: int
    more_after: int | None
    is_counted: bool

    @property
    def is_told(self) -> bool:
        """Whether it is clear what the change did."""
        return self.effect.answer != "cannot_tell"

    @property
    def waits(self) -> bool:
        """Whether writing it down some more can still tell. Without enough times before the change nothing can."""
        return not self.is_told and not self.more_before and self.more_after is not None


def light_of(entry: TaskDone, content: Content) -> Light:
    """The pain light of a task done once: how far the pain went from where it began."""
    return pain_light(usual=entry.before, worst=entry.after, is_alarming=False, content=content)


def tasks_of(assessed: Sequence[Task], written: Iterable[Written]) -> list[LedgerTask]:
    """The tasks of the ledger, importance x provocation, the highest first. What was told last about a task counts."""
    found = {task.category: LedgerTask(id=task.category, task=task) for task in assessed}
    for row in written:
        if not isinstance(row.entry, TaskTold):
            continue
        told = row.entry
        found.pop(told.task, None)
        if told.kept:
            found[told.task] = LedgerTask(id=told.task, task=_task(told))
    return sorted(found.values(), key=lambda one: -one.task.weight)


def occasions_of(task_id: str, written: Iterable[Written]) -> list[Done]:
    """Every time a task was done, oldest first."""
    return [
        Done(written=row, entry=row.entry)
        for row in written
        if isinstance(row.entry, TaskDone) and row.entry.task == task_id
    ]


def trials_of(task_id: str, written: Sequence[Written], content: Content) -> list[Trial]:
    """Every change that was started on a task, oldest first. Each is judged against what came right before it."""
    done = occasions_of(task_id, written)
    starts = [(row, row.entry) for row in written if isinstance(row.entry, TaskChanged) and row.entry.task == task_id]
    days = [row.day for row, _ in starts]
    trials = []
    for place, (row, entry) in enumerate(starts):
        since = days[place - 1] if place else dt.date.min
        until = days[place + 1] if place + 1 < len(days) else dt.date.max
        counted = [one for one in done if since <= one.written.day < until]
        effect = effect_of_change([one.occasion for one in counted], row.day, content)
        more_before, more_after, is_counted = still_needed(effect, content)
        trials.append(
            Trial(
                written=row,
                entry=entry,
                before=tuple(one for one in counted if one.written.day < row.day),
                after=tuple(one for one in counted if one.written.day >= row.day),
                effect=effect,
                more_before=more_before,
                more_after=more_after,
                is_counted=is_counted,
            )
        )
    return trials


def still_needed(effect: Effect, content: Content) -> tuple[int, int | None, bool]:
    """How many more occasions are needed before and after the change, and whether that is a rule or an estimate.

    Where both sides have enough and it is still not clear, the interval narrows with the root of the occasions: the
    estimate is how many after the change make it narrow enough, if the difference stays as it looks now.

    Returns
    -------
    more before, more after (None: even many more may not tell), and whether the rule counts them
    """
    if effect.answer != "cannot_tell":
        return 0, 0, True
    least = int(content.limit("effect_occasions"))
    before, after = max(0, least - effect.n_before), max(0, least - effect.n_after)
    if before or after:
        return before, after, True
    if effect.points is None or effect.interval is None:
        return 0, 1, True
    low, high = effect.interval
    noticed, points = content.limit("effect_points"), abs(effect.points)
    wanted = points if points >= noticed else noticed - points
    half = (high - low) / 2
    if wanted <= 0 or half <= 0:
        return 0, None, False
    # Half the interval goes with sqrt(1/before + 1/after); only the occasions after can still grow.
    scale = (1 / effect.n_before + 1 / effect.n_after) * min(1.0, (wanted / half) ** 2)
    room = scale - 1 / effect.n_before
    total = math.ceil(1 / room) if room > 0 else math.inf
    more = max(1, total - effect.n_after)
    return 0, int(more) if more <= _MOST_MORE else None, False


def has_room(trials: Iterable[Trial], content: Content) -> bool:
    """Whether another task may be changed now: not more are tried at once than can be kept apart."""
    return sum(trial.waits for trial in trials) < content.limit("tasks_changed_first")


def _task(told: TaskTold) -> Task:
    return Task(
        category=told.category,
        minutes_to_symptom=told.minutes_to_symptom,
        minutes_typical=told.minutes_typical,
        kg_ok=told.kg_ok,
        kg_total=told.kg_total,
        importance=told.importance,
        provocation=told.provocation,
        name=told.name or None,
    )
