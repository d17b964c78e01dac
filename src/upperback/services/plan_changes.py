"""A change of a plan that a clinician proposes in a file: made where an archive is read, answered where its person is.

Nothing of it is stored before the person agrees. It is checked against the person's own plan, by the rules as they
stand here: an exercise comes in only out of the pool that every plan is made from, so none against a caution, whoever
signs for it; a dose only within the bounds of the plan. It is taken as a whole or not at all.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction

from upperback.care.course_items import pool_of
from upperback.care.diary import PlanAccepted
from upperback.care.plan.build import Plan, PlannedExercise
from upperback.care.plan.choices import CLINICIAN_ROLES
from upperback.content.vocabulary import default_content
from upperback.core.errors import Conflict, InputError
from upperback.interchange.plan_change import (
    NAME_MOST,
    ChangedDose,
    PlanChange,
    as_change,
    public_half,
    read_change,
    write_change,
)
from upperback.interchange.plan_change import fingerprint as fingerprint_of
from upperback.services import audit, diary, plans
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.services.plans import LEAVE_OUT, PlanVersion
from upperback.services.today import local_day
from upperback.store.models import ExerciseStep, Profile

__all__ = [
    "ROLES",
    "DoseChange",
    "Editable",
    "Proposed",
    "accept_change",
    "accept_wanted",
    "look_at_change",
    "look_at_wanted",
    "propose_change",
    "refuse_change",
    "what_may_change",
]

ROLES: Final = CLINICIAN_ROLES

OTHER_PERSON: Final = "This file is for the plan of somebody else, or was made from another person's file."
OLD_PLAN: Final = "This file was made for another version of your plan. Send the newest one and ask for it again."
NOTHING: Final = "This file changes nothing."
UNDER_WAY: Final = "“%s” is under way: how much of it comes next follows from how it goes, and not from a file."
TOO_MUCH: Final = "“%s” can be %s to %s sets of %s to %s in this plan."
NO_PLACE: Final = "These exercises do not go together in this phase of the plan. Take one out for each that comes in."
#: In place of a fingerprint.
NOBODY_SIGNED: Final = "not signed"
NOT_KNOWN: Final = "This file names an exercise that is not known here."


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseChange:
    """Sets and repetitions of an exercise, before and after."""

    id: str
    title: str
    before: tuple[int, int]
    after: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A change as its person looks at it, proved and checked.

    Attributes
    ----------
    fingerprint : of the key that signed it
    known_since : the day of the first change by the same key that the person agreed to; None for a key that is new
    added, removed : exercises as they stand in a plan; choices : what the new version is made from
    """

    change: PlanChange
    fingerprint: str
    known_since: dt.date | None
    plan: PlanVersion
    added: list[Mapping[str, Any]]
    removed: list[Mapping[str, Any]]
    doses: list[DoseChange]
    choices: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Editable:
    """What a clinician may change of a plan.

    Attributes
    ----------
    exercises : of the plan, with the bounds of their doses; addable : ids of those that may come in
    under_way : strength exercises whose amount follows from how it goes
    """

    plan: PlanVersion
    exercises: tuple[PlannedExercise, ...]
    addable: tuple[str, ...]
    under_way: frozenset[str]


def what_may_change(*, profile: Profile, by: Actor) -> Editable:
    """The plan of an opened archive, for the page that changes it."""
    check_may(by, "propose_change")
    plan = plans.open_plan(profile=profile, by=by)
    built = plans.build(plan.findings, plan.choices)
    here = {item.exercise.id for item in built.exercises}
    kinds = {"movement", "strength"} if built.strength_allowed else {"movement"}
    pool = pool_of(plan.record, plan.choices, default_content())
    addable = [id for id, one in pool.allowed.items() if id not in here and one.exercise.kind in kinds]
    return Editable(plan=plan, exercises=built.exercises, addable=tuple(addable), under_way=_under_way(profile) & here)


def propose_change(
    *,
    profile: Profile,
    name: str,
    role: str,
    add: list[str],
    remove: list[str],
    doses: Mapping[str, tuple[int, int]],
    note: str,
    key: bytes,
    by: Actor,
    now: dt.datetime,
) -> bytes:
    """The signed file, checked as its person's side will check it. Doses as they are now are left out.

    Raises
    ------
    InputError : what the page shows beside the field it names.
    """
    check_may(by, "propose_change")
    plan = plans.open_plan(profile=profile, by=by)
    if not name.strip():
        raise InputError("Enter your name", field="name")
    if role not in ROLES:
        raise InputError("Choose your role", field="role")
    now_is = {item["id"]: (item["sets"], item["reps"]) for item in plan.record["exercises"]}
    wanted = {id: dose for id, dose in doses.items() if now_is.get(id) != dose and id not in remove}
    change = PlanChange(
        person=profile.uuid, plan=plan.uuid, made_at=now.astimezone(dt.UTC).isoformat(timespec="seconds"),
        name=" ".join(name.split()), role=role, add=tuple(add), remove=tuple(remove), note=note.strip(),
        doses=tuple(ChangedDose(exercise=id, sets=sets, reps=reps) for id, (sets, reps) in wanted.items()),
    )  # fmt: skip
    data = write_change(change, key)
    _proposed(profile, change, fingerprint_of(public_half(key)), by)
    return data


def look_at_change(*, profile: Profile, data: bytes, by: Actor) -> Proposed:
    """What a file would change, for the page that asks.

    Raises
    ------
    InputError : no such file, not as it was signed, of somebody else, or more than the plan allows.
    Conflict : made for another version of the plan. NotAllowed : no plan is open.
    """
    check_may(by, "answer_change")
    signed = read_change(data)
    return _proposed(profile, signed.change, signed.fingerprint, by)


def accept_change(
    *, profile: Profile, data: bytes, client_id: uuid.UUID | None, by: Actor, now: dt.datetime
) -> PlanVersion:
    """A new version of the plan, and a line in the diary that says who proposed it."""
    check_may(by, "answer_change")
    with transaction.atomic():
        return _accepted(profile, look_at_change(profile=profile, data=data, by=by), client_id, by, now)


def look_at_wanted(
    *, profile: Profile, wanted: Mapping[str, tuple[int, int] | None], source: str, by: Actor, now: dt.datetime
) -> Proposed | None:
    """What a plan from a file that nobody signed would change; None where it is the same plan.

    Parameters
    ----------
    wanted : every exercise of that plan, with sets and repetitions where it says them
    source : who made it, as the file says

    Raises
    ------
    InputError : it wants what this plan does not allow. NotAllowed : no plan is open.
    """
    check_may(by, "answer_change")
    plan = plans.open_plan(profile=profile, by=by)
    here = {item["id"]: (item["sets"], item["reps"]) for item in plan.record["exercises"]}
    if not wanted:
        raise InputError("The plan in this file has no exercise that is known here.")
    if set(wanted) - set(default_content().exercises):
        raise InputError(NOT_KNOWN)
    doses = {id: dose for id, dose in wanted.items() if dose is not None and here.get(id) != dose}
    add, remove = [id for id in wanted if id not in here], [id for id in here if id not in wanted]
    if not (add or remove or doses):
        return None
    change = as_change(
        {
            "person": str(profile.uuid), "plan": str(plan.uuid),
            "made_at": now.astimezone(dt.UTC).isoformat(timespec="seconds"), "name": source[:NAME_MOST] or "-",
            "role": "clinician", "add": add, "remove": remove,
            "doses": [{"exercise": id, "sets": sets, "reps": reps} for id, (sets, reps) in doses.items()],
        }
    )  # fmt: skip
    return _proposed(profile, change, NOBODY_SIGNED, by)


def accept_wanted(
    *,
    profile: Profile,
    wanted: Mapping[str, tuple[int, int] | None],
    source: str,
    client_id: uuid.UUID | None,
    by: Actor,
    now: dt.datetime,
) -> PlanVersion | None:
    """The same, taken; None where there was nothing to change."""
    check_may(by, "answer_change")
    with transaction.atomic():
        found = look_at_wanted(profile=profile, wanted=wanted, source=source, by=by, now=now)
        return None if found is None else _accepted(profile, found, client_id, by, now)


def _accepted(
    profile: Profile, found: Proposed, client_id: uuid.UUID | None, by: Actor, now: dt.datetime
) -> PlanVersion:
    with transaction.atomic():
        change = found.change
        plan = plans.follow_clinician(plan=found.plan, choices=found.choices, by=by, now=now)
        diary.keep_entry(
            profile=profile, client_id=client_id, day=local_day(profile, now), at=now, by=by, now=now,
            entry=PlanAccepted(
                name=change.name, role=change.role, fingerprint=found.fingerprint, note=change.note, added=change.add,
                removed=change.remove, doses=tuple(dose.exercise for dose in change.doses),
            ),
        )  # fmt: skip
        _answered("accept_change", profile, found, by, now)
    return plan


def refuse_change(*, profile: Profile, data: bytes, by: Actor, now: dt.datetime) -> None:
    """Nothing changes; that it was refused is in the audit."""
    check_may(by, "answer_change")
    found = look_at_change(profile=profile, data=data, by=by)
    _answered("refuse_change", profile, found, by, now)


def _answered(action: str, profile: Profile, found: Proposed, by: Actor, now: dt.datetime) -> None:
    audit.record(
        by=by, action=action, now=now, object_kind="plan", object_uuid=found.plan.uuid, profile=profile,
        key=found.fingerprint, added=len(found.added), removed=len(found.removed), doses=len(found.doses),
    )  # fmt: skip


def _proposed(profile: Profile, change: PlanChange, fingerprint: str, by: Actor) -> Proposed:
    if change.person != profile.uuid:
        raise InputError(OTHER_PERSON)
    plan = plans.open_plan(profile=profile, by=by)
    if change.plan != plan.uuid:
        raise Conflict(OLD_PLAN)
    if change.role not in ROLES:
        raise InputError("The role in this file is not known here.")
    if not (change.add or change.remove or change.doses or change.note):
        raise InputError(NOTHING)
    choices = _new_choices(plan, change)
    before, after = plans.build(plan.findings, plan.choices), plans.build(plan.findings, choices)
    _check_exercises(plan, change, before, after)
    _check_doses(profile, change, after)
    record = plans.build_record(plan.findings, choices)
    new = {item["id"]: item for item in record["exercises"]}
    old = {item["id"]: item for item in plan.record["exercises"]}
    return Proposed(
        change=change,
        fingerprint=fingerprint,
        known_since=_known_since(profile, fingerprint, by),
        plan=plan,
        added=[new[id] for id in change.add],
        removed=[old[id] for id in change.remove],
        doses=[
            DoseChange(
                id=one.exercise,
                title=new[one.exercise]["title"],
                after=(one.sets, one.reps),
                before=_amount(old[one.exercise]),
            )
            for one in change.doses
            if one.exercise in old
        ],
        choices=choices,
    )


def _amount(item: Mapping[str, Any]) -> tuple[int, int]:
    return item["sets"], item["reps"]


def _new_choices(plan: PlanVersion, change: PlanChange) -> dict[str, Any]:
    """The choices of the plan with the change: out is simply out, in is kept, doses are wished for."""
    choices: dict[str, Any] = dict(plan.choices)
    if {*change.add, *(dose.exercise for dose in change.doses)} - set(default_content().exercises):
        raise InputError(NOT_KNOWN)
    out = [id for id in choices.get(LEAVE_OUT, []) if id not in change.add] + list(change.remove)
    doses = {dose["exercise"]: dose for dose in choices.get("doses", [])}
    doses |= {one.exercise: {"exercise": one.exercise, "sets": one.sets, "reps": one.reps} for one in change.doses}
    return choices | {
        "keep": [id for id in choices.get("keep", []) if id not in change.remove] + list(change.add),
        "drop": [id for id in choices.get("drop", []) if id not in change.add],
        LEAVE_OUT: list(dict.fromkeys(out)),
        "doses": [doses[id] for id in sorted(doses) if id not in change.remove],
    }


def _check_exercises(plan: PlanVersion, change: PlanChange, before: Plan, after: Plan) -> None:
    """What comes in is safe for this person, and nothing moves but what was named."""
    here = {item["id"] for item in plan.record["exercises"]}
    if set(change.remove) - here or set(change.add) & here:
        raise Conflict(OLD_PLAN)
    content = default_content()
    pool = pool_of(plan.record, plan.choices, content)
    for id in change.add:
        left_out = pool.left_out.get(id)
        if left_out is not None:
            tags = ", ".join(content.cautions[tag].title.lower() for tag in left_out.tags)
            why = f"It does not go with: {tags}." if tags else left_out.because
            raise InputError(f"“{content.exercises[id].title}” cannot come in. {why}", exercise=id)
        if content.exercises[id].kind == "strength" and not after.strength_allowed:
            raise InputError(NO_PLACE)
    gone = set(plan.choices.get(LEAVE_OUT, ())) | set(change.remove)
    new = {item.exercise.id for item in after.exercises} - (gone - set(change.add))
    if new != (here - set(change.remove)) | set(change.add) or not new:
        raise InputError(NO_PLACE)
    same = (before.gate, before.pattern.id, before.phase, before.cautions)
    assert (after.gate, after.pattern.id, after.phase, after.cautions) == same, "choices decide none of these"


def _check_doses(profile: Profile, change: PlanChange, after: Plan) -> None:
    planned = {item.exercise.id: item for item in after.exercises}
    under_way = _under_way(profile)
    for one in change.doses:
        item = planned.get(one.exercise)
        if item is None:
            raise Conflict(OLD_PLAN)
        if one.exercise in under_way:
            raise InputError(UNDER_WAY % item.exercise.title, exercise=one.exercise)
        if (item.dose.sets, item.dose.reps) != (one.sets, one.reps):
            raise InputError(
                TOO_MUCH % (item.exercise.title, *item.bounds.sets, *item.bounds.reps), exercise=one.exercise
            )


def _under_way(profile: Profile) -> frozenset[str]:
    return frozenset(ExerciseStep.objects.filter(profile=profile).values_list("planned", flat=True))


def _known_since(profile: Profile, fingerprint: str, by: Actor) -> dt.date | None:
    told = diary.entries(profile=profile, by=by, kinds=[PlanAccepted])
    days = [row.day for row in told if isinstance(row.entry, PlanAccepted) and row.entry.fingerprint == fingerprint]
    return min(days, default=None)
