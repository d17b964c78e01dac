"""A change of a plan that a clinician proposes in a file: made where an archive is read, answered where its person is.

Nothing of it is stored before the person agrees, or, in a service, but the file as it was sent (see `proposals`). It is
checked against the person's own plan, by the rules as they stand here: an exercise comes in only out of the pool that
every plan is made from, so none against a caution, whoever signs for it; a dose only within the bounds of the plan, or
with a reason within those of a clinician. It is taken as a whole or not at all.
"""

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction

from upperback.care.course_items import pool_of
from upperback.care.diary import PlanAccepted
from upperback.care.plan.build import Plan, PlannedExercise
from upperback.care.plan.choices import CLINICIAN_ROLES, OwnExercise
from upperback.content.vocabulary import default_content
from upperback.core.errors import Conflict, InputError, NotAllowed
from upperback.interchange.plan_change import (
    NAME_MOST,
    AddedCaution,
    ChangedDose,
    Cleared,
    OwnWords,
    PlanChange,
    as_change,
    public_half,
    read_change,
    without_pictures,
    write_change,
)
from upperback.interchange.plan_change import fingerprint as fingerprint_of
from upperback.services import audit, diary, pictures, plans
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.services.plans import LEAVE_OUT, PlanVersion
from upperback.services.today import local_day
from upperback.store.models import Decision, ExerciseStep, Profile

__all__ = [
    "ROLES",
    "DoseChange",
    "Editable",
    "Proposed",
    "accept_change",
    "accept_wanted",
    "look_at_change",
    "look_at_wanted",
    "person_of",
    "propose_change",
    "propose_clearance",
    "put_pictures_aside",
    "refuse_change",
    "what_may_change",
    "what_waits",
]

ROLES: Final = CLINICIAN_ROLES

OTHER_PERSON: Final = "This file is for the plan of somebody else, or was made from another person's file."
OLD_PLAN: Final = "This file was made for another version of your plan. Send the newest one and ask for it again."
NOTHING: Final = "This file changes nothing."
UNDER_WAY: Final = "“%s” is under way: how much of it comes next follows from how it goes, and not from a file."
TOO_MUCH: Final = "“%s” can be %s to %s sets of %s to %s in this plan."
SAY_WHY: Final = "Outside of that, say why."
OLD_CHECK: Final = "There is a newer safety check than the one this file is about. Ask for it again."
NOTHING_WAITS: Final = "Nothing of this person waits for a clinician to say that exercise is fine."
NO_PLACE: Final = "These exercises do not go together in this phase of the plan. Take one out for each that comes in."
NO_PICTURE: Final = "The picture of this change is missing. Ask for the file again."
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
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A change as its person looks at it, proved and checked.

    Attributes
    ----------
    fingerprint : of the key that signed it
    known_since : the day of the first change by the same key that the person agreed to; None for a key that is new
    added, removed : exercises as they stand in a plan; choices : what the new version is made from
    cautions, cautions_off : titles, with the reason; own, own_off : exercises in the clinician's own words
    reasons : what the clinician takes responsibility for, in their words
    clears : the safety check after which they say that exercise is fine
    """

    change: PlanChange
    fingerprint: str
    known_since: dt.date | None
    plan: PlanVersion | None
    added: list[Mapping[str, Any]]
    removed: list[Mapping[str, Any]]
    doses: list[DoseChange]
    choices: dict[str, Any]
    cautions: list[tuple[str, str]]
    cautions_off: list[str]
    own: list[OwnWords]
    own_off: list[str]
    reasons: tuple[str, ...]
    clears: Decision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Editable:
    """What a clinician may change of a plan.

    Attributes
    ----------
    exercises : of the plan, with the bounds of their doses; addable : ids of those that may come in
    under_way : strength exercises whose amount follows from how it goes
    cautions : tags that the plan carries; of those by a clinician in `own_cautions`
    own : exercises in a clinician's own words
    """

    plan: PlanVersion
    exercises: tuple[PlannedExercise, ...]
    addable: tuple[str, ...]
    under_way: frozenset[str]
    cautions: tuple[str, ...]
    own_cautions: tuple[str, ...]
    own: tuple[OwnExercise, ...]


def what_may_change(*, profile: Profile, by: Actor) -> Editable:
    """The plan of an opened archive, for the page that changes it."""
    check_may(by, "propose_change")
    plan = plans.open_plan(profile=profile, by=by)
    built = plans.build(plan.findings, plan.choices)
    here = {item.exercise.id for item in built.exercises}
    kinds = {"movement", "strength"} if built.strength_allowed else {"movement"}
    pool = pool_of(plan.record, plan.choices, default_content())
    addable = [id for id, one in pool.allowed.items() if id not in here and one.exercise.kind in kinds]
    return Editable(
        plan=plan, exercises=built.exercises, addable=tuple(addable), under_way=_under_way(profile) & here,
        cautions=tuple(item.tag for item in built.cautions), own_cautions=tuple(plan.choices.get("cautions", ())),
        own=built.own,
    )  # fmt: skip


def what_waits(*, profile: Profile, by: Actor, now: dt.datetime) -> Decision | None:
    """The safety check after which a clinician may say that exercise is fine; None where nothing waits for that."""
    check_may(by, "propose_change")
    decision = plans.latest_decision(profile)
    if decision is None or not plans.can_be_cleared(decision) or decision.clearances.exists():
        return None
    plan = plans.latest_plan(profile=profile, by=by)
    is_locked = plan is not None and plan.decision_id == decision.pk and not plan.allowed
    shut = is_locked or not plans.preview(decision, today=local_day(profile, now))["allowed"]
    return decision if shut else None


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
    reasons: Mapping[str, str] | None = None,
    cautions: Mapping[str, str] | None = None,
    cautions_off: list[str] | None = None,
    own: list[OwnWords] | None = None,
    own_off: list[str] | None = None,
    pictures_by_sha256: Mapping[str, bytes] | None = None,
    by: Actor,
    now: dt.datetime,
) -> bytes:
    """The signed file, checked as its person's side will check it. Doses as they are now are left out.

    Parameters
    ----------
    reasons : why a dose is outside of the usual bounds, by exercise; cautions : tags with the reason
    pictures_by_sha256 : those that `own` names, made clean

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
        doses=tuple(
            ChangedDose(exercise=id, sets=sets, reps=reps, reason=" ".join((reasons or {}).get(id, "").split()))
            for id, (sets, reps) in wanted.items()
        ),
        cautions=tuple(AddedCaution(tag=tag, reason=why.strip()) for tag, why in (cautions or {}).items()),
        cautions_off=tuple(cautions_off or ()), own=tuple(own or ()), own_off=tuple(own_off or ()),
    )  # fmt: skip
    data = write_change(change, key, pictures_by_sha256)
    _proposed(profile, change, fingerprint_of(public_half(key)), by, pictures_by_sha256)
    return data


def propose_clearance(
    *,
    profile: Profile,
    name: str,
    role: str,
    has_seen: bool,
    reason: str,
    key: bytes,
    by: Actor,
    now: dt.datetime,
) -> bytes:
    """The signed file of a clinician who has seen somebody whose plan waits for that."""
    check_may(by, "propose_change")
    decision = what_waits(profile=profile, by=by, now=now)
    if decision is None:
        raise NotAllowed(NOTHING_WAITS)
    if not has_seen:
        raise InputError("Say that you have seen this person", field="seen")
    if not name.strip():
        raise InputError("Enter your name", field="name")
    if role not in ROLES:
        raise InputError("Choose your role", field="role")
    if not reason.strip():
        raise InputError("Say what you found, and why exercise is fine", field="reason")
    change = PlanChange(
        person=profile.uuid, plan=decision.uuid, made_at=now.astimezone(dt.UTC).isoformat(timespec="seconds"),
        name=" ".join(name.split()), role=role, cleared=Cleared(decision=decision.uuid, reason=reason.strip()),
    )  # fmt: skip
    return write_change(change, key)


def person_of(data: bytes) -> uuid.UUID:
    """Whose plan a signed file is about."""
    return read_change(data).change.person


def put_pictures_aside(*, profile: Profile, data: bytes, by: Actor, now: dt.datetime) -> bytes:
    """Keeps the pictures of a file with its person, and gives the file without them: small, and signed as before."""
    signed = read_change(data)
    if signed.change.person != profile.uuid:
        raise InputError(OTHER_PERSON)
    pictures.keep(profile=profile, pictures=signed.pictures, by=by, now=now)
    return without_pictures(data)


def look_at_change(*, profile: Profile, data: bytes, by: Actor) -> Proposed:
    """What a file would change, for the page that asks.

    Raises
    ------
    InputError : no such file, not as it was signed, of somebody else, or more than the plan allows.
    Conflict : made for another version of the plan. NotAllowed : no plan is open.
    """
    check_may(by, "answer_change")
    signed = read_change(data)
    return _proposed(profile, signed.change, signed.fingerprint, by, signed.pictures)


def accept_change(
    *, profile: Profile, data: bytes, client_id: uuid.UUID | None, by: Actor, now: dt.datetime
) -> PlanVersion | None:
    """A new version of the plan, and a line in the diary that says who proposed it.

    None where somebody said that exercise is fine and a new safety check, or questions before a plan, come next; and
    where the same answer is there already: a button that is pressed twice says yes once.
    """
    check_may(by, "answer_change")
    with transaction.atomic():
        if diary.is_kept(profile=profile, client_id=client_id, by=by):
            return None
        found = look_at_change(profile=profile, data=data, by=by)
        put_pictures_aside(profile=profile, data=data, by=by, now=now)
        return _accepted(profile, found, client_id, by, now)


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
) -> PlanVersion | None:
    with transaction.atomic():
        change = found.change
        if found.clears is not None:
            plan = _clear(found, found.clears, profile, by, now)
        else:
            assert found.plan is not None, "only a clearance is without a plan"
            plan = plans.follow_clinician(plan=found.plan, choices=found.choices, by=by, now=now)
        diary.keep_entry(
            profile=profile, client_id=client_id, day=local_day(profile, now), at=now, by=by, now=now,
            entry=PlanAccepted(
                name=change.name, role=change.role, fingerprint=found.fingerprint, note=change.note, added=change.add,
                removed=change.remove, doses=tuple(dose.exercise for dose in change.doses), reasons=found.reasons,
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
        by=by, action=action, now=now, object_kind="plan", object_uuid=found.change.plan, profile=profile,
        key=found.fingerprint, added=len(found.added), removed=len(found.removed), doses=len(found.doses),
        cautions=len(found.cautions), own=len(found.own), clears=bool(found.clears),
    )  # fmt: skip


def _proposed(
    profile: Profile, change: PlanChange, fingerprint: str, by: Actor, brought: Mapping[str, bytes] | None = None
) -> Proposed:
    """`brought`: pictures that came with it; others are with the person already."""
    if change.person != profile.uuid:
        raise InputError(OTHER_PERSON)
    if pictures.missing(profile=profile, wanted=set(change.pictures) - set(brought or ())):
        raise InputError(NO_PICTURE)
    if change.role not in ROLES:
        raise InputError("The role in this file is not known here.")
    if change.is_empty:
        raise InputError(NOTHING)
    if change.cleared is not None:
        return _clearing(profile, change, change.cleared, fingerprint, by)
    plan = plans.open_plan(profile=profile, by=by)
    if change.plan != plan.uuid:
        raise Conflict(OLD_PLAN)
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
        added=[item for id, item in new.items() if id not in old],
        removed=[item for id, item in old.items() if id not in new],
        doses=[
            DoseChange(
                id=one.exercise,
                title=new[one.exercise]["title"],
                after=(one.sets, one.reps),
                before=_amount(old[one.exercise]),
                reason=one.reason,
            )
            for one in change.doses
            if one.exercise in old
        ],
        choices=choices,
        cautions=[(_caution_title(one.tag), one.reason) for one in change.cautions],
        cautions_off=[_caution_title(tag) for tag in change.cautions_off],
        own=list(change.own),
        own_off=[item.title for item in before.own if item.id in change.own_off],
        reasons=_reasons(change),
    )


def _clearing(profile: Profile, change: PlanChange, cleared: Cleared, fingerprint: str, by: Actor) -> Proposed:
    """Exercise is fine, says a clinician who has seen the person: for the newest safety check, and nothing else."""
    decision = plans.latest_decision(profile)
    if decision is None or decision.uuid != cleared.decision or change.plan != decision.uuid:
        raise Conflict(OLD_CHECK)
    if not plans.can_be_cleared(decision):
        raise NotAllowed("Once you have been seen, start a new safety check.")
    alone = PlanChange(
        person=change.person, plan=change.plan, made_at=change.made_at, name=change.name, role=change.role,
        note=change.note, cleared=cleared,
    )  # fmt: skip
    if alone != change:
        raise InputError("Who says that exercise is fine changes nothing else with it.")
    return Proposed(
        change=change, fingerprint=fingerprint, known_since=_known_since(profile, fingerprint, by), plan=None,
        added=[], removed=[], doses=[], choices={}, cautions=[], cautions_off=[], own=[], own_off=[],
        reasons=(cleared.reason,), clears=decision,
    )  # fmt: skip


def _clear(found: Proposed, decision: Decision, profile: Profile, by: Actor, now: dt.datetime) -> PlanVersion | None:
    today = local_day(profile, now)
    role = found.change.role if found.change.role in plans.CLINICIANS else "clinician"
    plans.record_clearance(decision=decision, cleared_on=today, role=role, by=by, now=now, today=today)
    try:
        return plans.make_plan(profile=profile, by=by, now=now, today=today)
    except NotAllowed:
        return None  # a new safety check, or the questions before a plan, come next; the clearance stays


def _reasons(change: PlanChange) -> tuple[str, ...]:
    """What the clinician stands for, beside what every plan may be."""
    content = default_content()
    doses = [f"{content.exercises[one.exercise].title}: {one.reason}" for one in change.doses if one.reason]
    cautions = [f"{_caution_title(one.tag)}: {one.reason}" for one in change.cautions]
    return (*doses, *cautions, *(f"{one.title}: checked for this person" for one in change.own))


def _caution_title(tag: str) -> str:
    known = default_content().cautions.get(tag)
    if known is None:
        raise InputError("This file names a caution that is not known here.")
    return known.title


def _amount(item: Mapping[str, Any]) -> tuple[int, int]:
    return item["sets"], item["reps"]


def _new_choices(plan: PlanVersion, change: PlanChange) -> dict[str, Any]:
    """The choices of the plan with the change: out is simply out, in is kept, doses are wished for."""
    choices: dict[str, Any] = dict(plan.choices)
    if {*change.add, *(dose.exercise for dose in change.doses)} - set(default_content().exercises):
        raise InputError(NOT_KNOWN)
    out = [id for id in choices.get(LEAVE_OUT, []) if id not in change.add] + list(change.remove)
    doses = {dose["exercise"]: dose for dose in choices.get("doses", [])}
    doses |= {
        one.exercise: {"exercise": one.exercise, "sets": one.sets, "reps": one.reps}
        | ({"beyond": True} if one.reason else {})
        for one in change.doses
    }
    return _with_clinicians(choices, change) | {
        "keep": [id for id in choices.get("keep", []) if id not in change.remove] + list(change.add),
        "drop": [id for id in choices.get("drop", []) if id not in change.add],
        LEAVE_OUT: list(dict.fromkeys(out)),
        "doses": [doses[id] for id in sorted(doses) if id not in change.remove],
    }


def _with_clinicians(choices: dict[str, Any], change: PlanChange) -> dict[str, Any]:
    """Cautions and exercises in own words that come and go; nobody takes away what the answers themselves bring."""
    tags, own = list(choices.get("cautions", ())), list(choices.get("own", ()))
    if set(change.cautions_off) - set(tags) or set(change.own_off) - {item["id"] for item in own}:
        raise Conflict(OLD_PLAN)
    tags = [tag for tag in tags if tag not in change.cautions_off] + [one.tag for one in change.cautions]
    own = [item for item in own if item["id"] not in change.own_off] + [_own(one) for one in change.own]
    if len({item["id"] for item in own}) != len(own):
        raise InputError("An exercise of your own with these words is there already", field="own_title")
    found = {"cautions": list(dict.fromkeys(tags))} if tags or "cautions" in choices else {}
    return choices | found | ({"own": own} if own or "own" in choices else {})


def _own(one: OwnWords) -> dict[str, Any]:
    """As the choices of a plan hold it; its id follows from its words."""
    id = (
        "own-"
        + hashlib.sha256("\n".join(part for part in (one.title, one.words, one.picture) if part).encode()).hexdigest()[
            :12
        ]
    )
    return {
        "id": id, "title": one.title, "words": one.words, "sets": one.sets, "reps": one.reps, "per_day": one.per_day,
    } | ({"picture": one.picture, "alt": one.alt} if one.picture else {})  # fmt: skip


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
    out = set(plan.choices.get(LEAVE_OUT, ())) | set(change.remove)
    new = {item.exercise.id for item in after.exercises} - (out - set(change.add))
    wanted = (here - set(change.remove)) | set(change.add)
    if change.cautions or change.cautions_off:  # what a caution hides goes, and what stands in for it may come
        if not new or set(change.add) - new or set(change.remove) & new:
            raise InputError(NO_PLACE)
    elif new != wanted or not new:
        raise InputError(NO_PLACE)
    gone = {item.tag for item in before.cautions} - {item.tag for item in after.cautions}
    same = (before.gate, before.pattern.id, before.phase)
    assert (after.gate, after.pattern.id, after.phase) == same, "choices decide none of these"
    assert gone <= set(change.cautions_off) | _brought_by(change.cautions_off), "a caution of the answers stays"


def _brought_by(tags: Iterable[str]) -> set[str]:
    """What these cautions bring with them."""
    content = default_content()
    return {other for tag in tags for other in content.cautions[tag].adds}


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
            bounds = item.clinician_bounds if one.reason else item.bounds
            words = TOO_MUCH if one.reason or bounds == item.clinician_bounds else f"{TOO_MUCH} {SAY_WHY}"
            raise InputError(words % (item.exercise.title, *bounds.sets, *bounds.reps), exercise=one.exercise)


def _under_way(profile: Profile) -> frozenset[str]:
    return frozenset(ExerciseStep.objects.filter(profile=profile).values_list("planned", flat=True))


def _known_since(profile: Profile, fingerprint: str, by: Actor) -> dt.date | None:
    told = diary.entries(profile=profile, by=by, kinds=[PlanAccepted])
    days = [row.day for row in told if isinstance(row.entry, PlanAccepted) and row.entry.fingerprint == fingerprint]
    return min(days, default=None)
