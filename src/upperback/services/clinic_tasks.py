"""What clinicians mean to do about a person: who, what, until when. Part of the record: the person can read it.

A task is for whoever notes it, or for a colleague of the clinic whom the person lets in, too: nobody else would see it.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from upperback.care.diary import WORDS_MOST, ClinicTask, ClinicTaskDone, kind_of, only
from upperback.core.errors import InputError
from upperback.services import diary
from upperback.services.actors import Actor, public_id
from upperback.services.handing_over import Colleague, colleagues_of
from upperback.services.permissions import check_may
from upperback.services.today import local_day
from upperback.services.treating import Seen
from upperback.store.expressions import Among
from upperback.store.models import DiaryEntry, Relation

__all__ = ["Due", "Task", "due_of", "for_whom", "note_task", "tasks_of", "tick_off"]

#: No task is noted for longer ahead.
_AHEAD = dt.timedelta(days=370)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task as it stands. `done`: by whom, empty while it is open."""

    id: uuid.UUID
    entry: ClinicTask
    day: dt.date
    done: str = ""
    done_on: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Of one person: how many tasks are due, and the day of the first."""

    count: int
    since: dt.date


def for_whom(*, seen: Seen, by: Actor, now: dt.datetime) -> list[Colleague]:
    """Colleagues who look after this person, too."""
    inside = Relation.objects.filter(
        profile=seen.profile, kind=Relation.Kind.TREATS, ended_at__isnull=True, ends_at__gt=now
    )
    known = set(inside.values_list("account__uuid", flat=True))
    return [one for one in colleagues_of(seen=seen, by=by, now=now) if one.id in known]


def note_task(
    *,
    seen: Seen,
    client_id: uuid.UUID | None,
    name: str,
    words: str,
    until: dt.date | None,
    account: uuid.UUID | None,
    by: Actor,
    now: dt.datetime,
) -> DiaryEntry:
    """Keeps a task. `account`: of whom it is for; None for whoever notes it."""
    check_may(by, "propose_change")
    seen.check("messages")
    own, told, today = " ".join(name.split())[:80], " ".join(words.split()), local_day(seen.profile, now)
    if not own:
        raise InputError("Enter your name", field="name")
    if not told or len(told) > WORDS_MOST or not told.isprintable():
        raise InputError(f"Say what is to be done, in up to {WORDS_MOST} letters", field="words")
    if until is None or not today <= until <= today + _AHEAD:
        raise InputError("Choose a day from today on, within a year", field="until")
    whose = own
    if account is not None and account != public_id(by.id):
        found = next((one for one in for_whom(seen=seen, by=by, now=now) if one.id == account), None)
        if found is None:
            raise InputError("Choose somebody of your clinic who looks after this person", field="account")
        whose = found.name[:80]
    elif by.kind == "account":
        account = public_id(by.id)
    entry = ClinicTask(name=own, words=told, until=until, whose=whose, account=account)
    return diary.keep_from_clinic(profile=seen.profile, client_id=client_id, entry=entry, by=by, now=now)


def tick_off(
    *, seen: Seen, task_id: uuid.UUID | None, client_id: uuid.UUID | None, name: str, by: Actor, now: dt.datetime
) -> DiaryEntry:
    """The task is done."""
    seen.check("messages")
    with transaction.atomic():
        sent_again = diary.is_kept(profile=seen.profile, client_id=client_id, by=by)
        open_ones = {task.id for task in tasks_of(seen=seen, by=by) if not task.done}
        if task_id is None or not (sent_again or task_id in open_ones):
            raise InputError("This task was ticked off already", field="tasks")
        entry = ClinicTaskDone(name=" ".join(name.split())[:80] or "-", task=task_id)
        return diary.keep_from_clinic(profile=seen.profile, client_id=client_id, entry=entry, by=by, now=now)


def tasks_of(*, seen: Seen, by: Actor) -> list[Task]:
    """Open ones first, what is due first before the others; then those that are done, the newest first."""
    seen.check("messages")
    written = diary.entries(profile=seen.profile, by=by, kinds=[ClinicTask, ClinicTaskDone])
    done = {entry.task: (row, entry) for row, entry in only(written, ClinicTaskDone)}
    found = []
    for row, entry in only(written, ClinicTask):
        assert row.uuid is not None, "a kept entry has its name"
        ticked = done.get(row.uuid)
        found.append(
            Task(
                id=row.uuid, entry=entry, day=row.day, done=ticked[1].name if ticked else "",
                done_on=ticked[0].day if ticked else None,
            )
        )  # fmt: skip
    waiting = sorted((task for task in found if not task.done), key=lambda task: (task.entry.until, task.day))
    return waiting + [task for task in reversed(found) if task.done]


def due_of(profiles: Iterable[int], *, by: Actor, today: dt.date) -> dict[int, Due]:
    """What is due of these people for whoever asks: one question for all of them."""
    names = [kind_of(ClinicTask), kind_of(ClinicTaskDone)]
    rows = DiaryEntry.objects.filter(Among("profile", profiles), kind__in=names, replaced_by__isnull=True)
    own = str(public_id(by.id)) if by.kind == "account" else None
    waiting: dict[str, tuple[int, dt.date]] = {}
    for profile, kind, name, data in rows.order_by("id").values_list("profile", "kind", "uuid", "data"):
        if kind == kind_of(ClinicTaskDone):
            waiting.pop(str(data["task"]), None)
        elif data["account"] == own and dt.date.fromisoformat(data["until"]) <= today:
            waiting[str(name)] = (profile, dt.date.fromisoformat(data["until"]))
    found: dict[int, Due] = {}
    for profile, until in waiting.values():
        before = found.get(profile)
        found[profile] = Due(
            count=(before.count if before else 0) + 1, since=min(until, before.since) if before else until
        )
    return found
