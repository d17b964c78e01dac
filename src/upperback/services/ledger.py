"""The load ledger: tasks, every time they were done, one change at a time, and a ladder for feared tasks."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import msgspec
from django.db import transaction

from upperback.care.diary import (
    SHORT_WORDS_MOST,
    WORDS_MOST,
    Entry,
    FearedDone,
    FearedTold,
    Morning,
    TaskChanged,
    TaskDone,
    TaskTold,
    Written,
    kind_of,
    read_entry,
)
from upperback.care.exposure import Rung, ladder_of
from upperback.care.ledger import Done, LedgerTask, Trial, has_room, light_of, occasions_of, tasks_of, trials_of
from upperback.care.load_follow import Measured, measured
from upperback.care.pacing import Pace, pace_of
from upperback.care.plan import read_choices
from upperback.care.plan.choices import Task
from upperback.care.plan.tasks import AMOUNTS_READ, Line, sums_of_task
from upperback.care.progression import Light
from upperback.care.sessions import mornings
from upperback.content.vocabulary import default_content
from upperback.core.errors import Conflict, InputError, NotFound
from upperback.services import plans, policies
from upperback.services.actors import Actor
from upperback.services.diary import DiaryEntry, correct_entry, entries, get_entry, keep_entry, take_back
from upperback.services.flares import current_flare
from upperback.services.permissions import check_may
from upperback.services.plans import LEAVE_OUT, PlanVersion, open_plan, told_tasks
from upperback.services.today import local_day
from upperback.store.models import Profile

__all__ = [
    "BACK_DAYS",
    "Change",
    "Followed",
    "Following",
    "LedgerRow",
    "amounts_read",
    "correct_occasion",
    "drop_feared",
    "drop_task",
    "get_own_entry",
    "ladder",
    "ledger",
    "ledger_task",
    "let_plan_follow",
    "log_task",
    "plan_can_follow",
    "start_change",
    "take_back_own",
    "tell_feared",
    "tell_task",
    "try_feared",
]

#: How many days back a page offers for what is written up later.
BACK_DAYS: Final = 7

#: Arithmetic whose tasks are built up in minutes. Breaks are lengthened by their own rule.
_PACED: Final = frozenset({"time_slots", "cut_volume"})
_KINDS: Final = (TaskTold, TaskDone, TaskChanged, Morning)
#: What may be corrected or taken back on the pages of the ledger.
_OWN: Final = frozenset(kind_of(kind) for kind in (TaskTold, TaskDone, TaskChanged, FearedTold, FearedDone))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change that is offered for a task: the result of a sum, or a line of its rule; `how` is the arithmetic."""

    id: str
    words: str
    how: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One task with everything the ledger knows about it.

    Attributes
    ----------
    item : the task
    done : every time it was done, oldest first
    trials : changes that were started, oldest first
    changes : changes that can be started, those that were tried left out
    may_change : whether one may be started now: not while another waits for its answer, and not too many at once
    pace : pacing, for tasks of minutes
    """

    item: LedgerTask
    done: Sequence[Done]
    trials: Sequence[Trial]
    changes: Sequence[Change]
    may_change: bool
    pace: Pace | None

    @property
    def trial(self) -> Trial | None:
        """The newest change."""
        return self.trials[-1] if self.trials else None


def ledger(*, profile: Profile, by: Actor) -> list[LedgerRow]:
    """The tasks, the most important and most provoking first."""
    plan = open_plan(profile=profile, by=by)
    content = default_content()
    written = entries(profile=profile, by=by, kinds=_KINDS)
    items = tasks_of(_assessed(plan), written)
    trials = {item.id: trials_of(item.id, written, content) for item in items}
    room = has_room([mine[-1] for mine in trials.values() if mine], content)
    return [_row(item, written, trials[item.id], room=room) for item in items]


def ledger_task(*, profile: Profile, task_id: str, by: Actor) -> LedgerRow:
    """One task of the ledger."""
    found = next((row for row in ledger(profile=profile, by=by) if row.item.id == task_id), None)
    if found is None:
        raise NotFound("there is no such task here")
    return found


def amounts_read(category: str) -> tuple[str, ...]:
    """The amounts that the arithmetic of a category reads."""
    return AMOUNTS_READ[default_content().load_rules[category].arithmetic]


def tell_task(
    *,
    profile: Profile,
    client_id: uuid.UUID | None,
    task_id: str | None,
    category: str,
    told: Mapping[str, Any],
    by: Actor,
    now: dt.datetime,
) -> str:
    """A task of one's own, or other amounts and ratings for one that is there. Returns its id.

    Parameters
    ----------
    task_id : None for a new task
    told : name, amounts and ratings; what is left out is not known
    """
    check_may(by, "keep_diary")
    content = default_content()
    if category not in content.load_rules:
        raise InputError("Choose from the list", field="category")
    if client_id is None:
        raise InputError(policies.PAGE_IS_OLD)
    same = DiaryEntry.objects.filter(profile=profile, client_id=client_id, kind=kind_of(TaskTold)).first()
    if same is not None:  # sent twice: a new task has its name from the first time
        return str(same.data["task"])
    _check_short(str(told.get("name", "")))
    rows = ledger(profile=profile, by=by)
    known = {row.item.id for row in rows}
    if task_id is None:
        task_id = category if category not in known else f"{category}-{client_id.hex[:8]}"
        most = int(content.limit("ledger_tasks_most"))
        if len(rows) >= most:
            raise InputError(f"Up to {most} tasks fit here. Take one off the list first", field="category")
    data = {name: value for name, value in told.items() if value is not None}
    entry = read_entry(kind_of(TaskTold), {"task": task_id, "category": category} | data)
    _keep(profile, client_id, entry, local_day(profile, now), by, now)
    return task_id


def drop_task(*, profile: Profile, client_id: uuid.UUID | None, task_id: str, by: Actor, now: dt.datetime) -> None:
    """Takes a task off the list. What was written about it stays."""
    check_may(by, "keep_diary")
    if _is_kept(profile, client_id):
        return
    item = ledger_task(profile=profile, task_id=task_id, by=by).item
    entry = TaskTold(task=item.id, category=item.task.category, name=item.task.name or "", kept=False)
    _keep(profile, client_id, entry, local_day(profile, now), by, now)


def log_task(
    *,
    profile: Profile,
    client_id: uuid.UUID | None,
    task_id: str,
    day: dt.date,
    told: Mapping[str, Any],
    by: Actor,
    now: dt.datetime,
) -> Light:
    """A task done once: pain before and after, and how much. Returns the pain light of this time."""
    check_may(by, "keep_diary")
    ledger_task(profile=profile, task_id=task_id, by=by)
    entry = _occasion(task_id, told)
    _keep(profile, client_id, entry, day, by, now)
    return light_of(entry, default_content())


def correct_occasion(
    *, kept: DiaryEntry, client_id: uuid.UUID | None, told: Mapping[str, Any], by: Actor, now: dt.datetime
) -> None:
    """Other values for a time that was written down."""
    check_may(by, "keep_diary")
    if kept.kind != kind_of(TaskDone):
        raise NotFound("there is no such entry here")
    correct_entry(kept=kept, client_id=client_id, entry=_occasion(kept.data["task"], told), by=by, now=now)


def start_change(
    *,
    profile: Profile,
    client_id: uuid.UUID | None,
    task_id: str,
    change_id: str,
    day: dt.date,
    by: Actor,
    now: dt.datetime,
) -> None:
    """From this day on the task is done in a changed way. One change at a time, and only a few tasks at once.

    Raises
    ------
    NotAllowed : another change of this task waits for its answer, or too many tasks are being changed.
    """
    check_may(by, "keep_diary")
    if _is_kept(profile, client_id):
        return
    row = ledger_task(profile=profile, task_id=task_id, by=by)
    change = next((one for one in row.changes if one.id == change_id), None)
    if change is None:
        raise InputError("Choose one of the changes", field="change")
    policies.check_can_change_task(row.trial, may_change=row.may_change)
    entry = TaskChanged(task=task_id, change=change.id, words=change.words[:WORDS_MOST])
    _keep(profile, client_id, entry, day, by, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A task whose amounts the plan does not have yet.

    Attributes
    ----------
    item : the task as it would be in the plan
    before, after : what the plan says now and would say, with its sums; None for a new task, or for one that was taken
        off the list
    measured : where minutes were found out, how; None where amounts were told
    """

    item: LedgerTask
    before: tuple[Line, ...] | None
    after: tuple[Line, ...] | None
    measured: Measured | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What the plan would follow. `mark` tells whether it is still what a page has shown."""

    plan: PlanVersion
    changed: Sequence[Followed]
    tasks: Sequence[Task]
    mark: str


def plan_can_follow(*, profile: Profile, by: Actor, now: dt.datetime) -> Following:
    """The tasks of the ledger whose amounts the plan does not have yet. Nothing is changed.

    In a flare-up nothing follows: its days are no measure. Where the whole list would bring other exercises, only the
    amounts of tasks that the plan has already follow; the rest comes with the next questions for a plan.
    """
    check_may(by, "see_profile")
    plan, content = open_plan(profile=profile, by=by), default_content()
    if current_flare(profile=profile, by=by, now=now) is not None:
        return Following(plan=plan, changed=(), tasks=(), mark="")
    written = entries(profile=profile, by=by, kinds=_KINDS)
    items = tasks_of(_assessed(plan), written)
    found = {item.id: measured(item.id, item.task, occasions_of(item.id, written), written, content) for item in items}
    was, then = _tasks_of_plan(plan, items), _as_found(items, found)
    if not plans.only_tasks_move(plan, list(then.values())):
        then = {id: then.get(id, task) for id, task in was.items()}
    before, after = ({id: sums_of_task(task, content) for id, task in side.items()} for side in (was, then))
    changed = [
        Followed(
            item=LedgerTask(id=id, task=then.get(id) or was[id]),
            before=before.get(id),
            after=after.get(id),
            measured=found.get(id),
        )
        for id in dict.fromkeys([*after, *before])
        if before.get(id) != after.get(id)
    ]
    tasks = list(then.values())
    return Following(plan=plan, changed=changed, tasks=tasks, mark=_mark(plan, tasks))


def let_plan_follow(
    *, profile: Profile, client_id: uuid.UUID | None, mark: str, by: Actor, now: dt.datetime
) -> PlanVersion:
    """The person agrees: the amounts that were found out are told from now on, and a new version of the plan has them.

    Raises
    ------
    Conflict : it is not any more what the page has shown.
    """
    check_may(by, "keep_diary")
    if client_id is None:
        raise InputError(policies.PAGE_IS_OLD)
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        found = plan_can_follow(profile=profile, by=by, now=now)
        if not found.changed:
            return found.plan
        if mark != found.mark:
            raise Conflict("This is not as it was when the page was opened. Look at it as it is now")
        for one in found.changed:
            if one.measured is not None:
                entry = TaskTold(
                    task=one.item.id,
                    **{name: value for name, value in asdict(one.item.task).items() if value is not None},
                )
                _keep(profile, uuid.uuid5(client_id, one.item.id), entry, local_day(profile, now), by, now)
        return plans.follow_tasks(plan=found.plan, tasks=found.tasks, by=by, now=now)


def _as_found(items: Sequence[LedgerTask], found: Mapping[str, Measured | None]) -> dict[str, Task]:
    """The tasks with the minutes that were found out, as many as a plan holds."""
    most = int(default_content().limit("tasks_most"))
    then = {item.id: one.task if (one := found[item.id]) is not None else item.task for item in items}
    return dict(list(then.items())[:most])


def _tasks_of_plan(plan: PlanVersion, items: Sequence[LedgerTask]) -> dict[str, Task]:
    """The tasks that the plan has, by their ids in the ledger: by words where these are one's own, else by kind."""
    own = {(item.task.category, item.task.name): item.id for item in items}
    return {own.get((task.category, task.name), task.category): task for task in _chosen(plan)}


def _mark(plan: PlanVersion, tasks: Sequence[Task]) -> str:
    plain = msgspec.json.encode([str(plan.uuid), *(asdict(task) for task in tasks)])
    return hashlib.sha256(plain).hexdigest()[:16]


def get_own_entry(*, profile: Profile, entry_uuid: uuid.UUID | None, by: Actor) -> DiaryEntry:
    """An entry of the ledger or the ladder that still counts, for correcting it or taking it back."""
    kept = get_entry(profile=profile, entry_uuid=entry_uuid, by=by)
    if kept.kind not in _OWN:
        raise NotFound("there is no such entry here")
    return kept


def take_back_own(*, kept: DiaryEntry, client_id: uuid.UUID | None, by: Actor, now: dt.datetime) -> None:
    """The entry does not count any more."""
    take_back(kept=kept, client_id=client_id, by=by, now=now)


# ---- the ladder --------------------------------------------------------------------------------------------------


def ladder(*, profile: Profile, by: Actor) -> list[Rung]:
    """The feared tasks, least worry first."""
    open_plan(profile=profile, by=by)
    return ladder_of(entries(profile=profile, by=by, kinds=[FearedTold, FearedDone]), default_content())


def tell_feared(
    *, profile: Profile, client_id: uuid.UUID | None, name: str, worry: int | None, by: Actor, now: dt.datetime
) -> None:
    """A task for the ladder and how much it worries."""
    check_may(by, "keep_diary")
    if not name.strip():
        raise InputError("Say in a few words what you would like to dare", field="name")
    if worry is None:
        raise InputError("Choose how much it worries you", field="worry")
    if client_id is None:
        raise InputError(policies.PAGE_IS_OLD)
    _check_short(name)
    most = int(default_content().limit("exposure_tasks_most"))
    if len(ladder(profile=profile, by=by)) >= most and not _is_kept(profile, client_id):
        raise InputError(f"Up to {most} tasks fit on the ladder. Take one off first", field="name")
    entry = FearedTold(step=client_id.hex, name=name.strip(), worry=worry)
    _keep(profile, client_id, entry, local_day(profile, now), by, now)


def try_feared(
    *,
    profile: Profile,
    client_id: uuid.UUID | None,
    step: str,
    worry: int | None,
    expected: str,
    happened: str,
    by: Actor,
    now: dt.datetime,
) -> None:
    """A feared task was tried: what was expected, what happened, and the worry about it now."""
    check_may(by, "keep_diary")
    if step not in {rung.id for rung in ladder(profile=profile, by=by)}:
        raise NotFound("there is no such task here")
    if worry is None:
        raise InputError("Choose how much it worries you now", field="worry")
    for name, words in (("expected", expected), ("happened", happened)):
        if len(words) > WORDS_MOST:
            raise InputError(f"Use {WORDS_MOST} characters at most", field=name)
    entry = FearedDone(step=step, worry=worry, expected=expected.strip(), happened=happened.strip())
    _keep(profile, client_id, entry, local_day(profile, now), by, now)


def drop_feared(*, profile: Profile, client_id: uuid.UUID | None, step: str, by: Actor, now: dt.datetime) -> None:
    """Takes a task off the ladder."""
    check_may(by, "keep_diary")
    if _is_kept(profile, client_id):
        return
    rung = next((one for one in ladder(profile=profile, by=by) if one.id == step), None)
    if rung is None:
        raise NotFound("there is no such task here")
    entry = FearedTold(step=step, name=rung.name, worry=rung.worry, kept=False)
    _keep(profile, client_id, entry, local_day(profile, now), by, now)


# ---- what is worked out ------------------------------------------------------------------------------------------


def _row(item: LedgerTask, written: list[Written], trials: list[Trial], *, room: bool) -> LedgerRow:
    content = default_content()
    done = occasions_of(item.id, written)
    waits = bool(trials) and trials[-1].waits
    tried = {trial.entry.change for trial in trials}
    paced = content.load_rules[item.task.category].arithmetic in _PACED
    pace = pace_of(done, mornings(written), item.task.minutes_typical, content) if paced else None
    return LedgerRow(
        item=item,
        done=done,
        trials=trials,
        changes=[change for change in _changes(item.task) if change.id not in tried],
        may_change=not waits and room,
        pace=pace,
    )


def _changes(task: Task) -> list[Change]:
    content = default_content()
    sums = [
        Change(id=f"{task.category}-sum-{number}", words=line.result, how=line.how)
        for number, line in enumerate(sums_of_task(task, content), start=1)
    ]
    lines = [
        Change(id=f"{task.category}-{number}", words=words)
        for number, words in enumerate(content.load_rules[task.category].change_now, start=1)
    ]
    return sums + lines


def _assessed(plan: PlanVersion) -> tuple[Task, ...]:
    """The tasks behind a plan as they were told before it, else those that the answers point to."""
    if plan.assessment is not None and plan.assessment.tasks:
        return read_choices({"tasks": told_tasks(plan.assessment)}, default_content()).tasks
    return tuple(Task(category=id) for id in dict.fromkeys(task.category for task in _chosen(plan)))


def _chosen(plan: PlanVersion) -> tuple[Task, ...]:
    """The tasks of a plan: the person's own, else those that their answers point to."""
    content = default_content()
    own = read_choices({name: value for name, value in plan.choices.items() if name != LEAVE_OUT}, content).tasks
    changes = (change["id"] for change in plan.record["load_changes"])
    return own or tuple(Task(category=id) for id in changes if id in content.load_rules)


def _occasion(task_id: str, told: Mapping[str, Any]) -> TaskDone:
    for name in ("before", "after"):
        if told.get(name) is None:
            raise InputError("Choose a number from 0 to 10", field=name)
    minutes, rose_after = told.get("minutes"), told.get("rose_after")
    if minutes is not None and rose_after is not None and rose_after > minutes:
        raise InputError("This cannot be later than the end of the task", field="rose_after")
    data = {name: value for name, value in told.items() if value is not None}
    entry = read_entry(kind_of(TaskDone), {"task": task_id} | data)
    assert isinstance(entry, TaskDone), "the kind that was asked for"
    return entry


def _check_short(name: str) -> None:
    if len(name) > SHORT_WORDS_MOST:
        raise InputError(f"Use {SHORT_WORDS_MOST} characters at most", field="name")


def _keep(
    profile: Profile, client_id: uuid.UUID | None, entry: Entry, day: dt.date, by: Actor, now: dt.datetime
) -> None:
    keep_entry(profile=profile, client_id=client_id, day=day, at=_at(profile, day, now), entry=entry, by=by, now=now)


def _at(profile: Profile, day: dt.date, now: dt.datetime) -> dt.datetime:
    """Now for today; for an earlier day the same time of that day, so that entries stand in their order."""
    return now - (local_day(profile, now) - day)


def _is_kept(profile: Profile, client_id: uuid.UUID | None) -> bool:
    if client_id is None:
        raise InputError(policies.PAGE_IS_OLD)
    return DiaryEntry.objects.filter(profile=profile, client_id=client_id).exists()
