"""What one person does of a group's programme: by their own open plan, and never more than it allows.

The rules are those of a change of the plan by a clinician: an exercise only out of the pool that every plan is made
from, so none against a caution; a dose never above its bounds in this plan. What does not fit is swapped for one of the
same family that does, or left out. Without an open plan there is no exercise at all, whatever the group does.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal
from zoneinfo import ZoneInfo

from upperback.care.course_items import pool_of
from upperback.care.plan.build import PlannedExercise
from upperback.content.vocabulary import default_content
from upperback.core.errors import NotAllowed
from upperback.services import plans, progress
from upperback.services.actors import Actor
from upperback.services.group_places import Place
from upperback.services.group_rows import Line
from upperback.services.permissions import check_may
from upperback.services.plans import LEAVE_OUT, PlanVersion
from upperback.services.treating import Seen

__all__ = ["Fit", "OwnWeek", "fit_of", "looked_at", "own_week"]

How = Literal["own", "group", "less", "swap", "out"]

LATER: Final = "Strength work comes later in this plan."
NO_PLACE: Final = "It has no place in this part of the plan."
TAKEN_OFF: Final = "It was taken off the list."
#: A sentence on the person's page; in a flare-up or on a day of rest the plan says what is right, and not a group.
FLARE: Final = (
    "You told us that it has flared up. Do what Today says until it has settled. You can still come and do less."
)
REST: Final = "No strength work is due today. Leave it out, or do it with less."


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What a line of the programme is for one person.

    Attributes
    ----------
    how : as in their own plan, as in the group, as in the group with less, another exercise in its place, left out
    exercise : what they do; None where it is left out
    sets, reps : how much; 0 where it is as in their own plan
    notes : how a caution changes it; why : a sentence where it is swapped or left out; tags : cautions behind that
    """

    line: Line
    how: How
    exercise: str | None = None
    sets: int = 0
    reps: int = 0
    notes: tuple[str, ...] = ()
    why: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWeek:
    """The week of a group for one person. `closed`: why there is no exercise now; `rest`: why no strength is in it."""

    week: int
    fits: tuple[Fit, ...] = ()
    closed: str = ""
    rest: str = ""


def own_week(*, place: Place, by: Actor, now: dt.datetime) -> OwnWeek | None:
    """This week, or the first where it has not begun. None for somebody who is not in the group, and after its end."""
    check_may(by, "see_profile")
    rhythm = place.group.rhythm
    if place.state != "yes" or rhythm.is_over(now):
        return None
    today = now.astimezone(ZoneInfo(rhythm.zone)).date()
    week = rhythm.week_of(today) or 1
    try:
        plan = plans.open_plan(profile=place.profile, by=by)
    except NotAllowed as closed:
        return OwnWeek(week=week, closed=closed.message)
    training = progress.training_today(profile=place.profile, by=by, now=now, plan=plan)
    if training.flare is not None:
        return OwnWeek(week=week, closed=FLARE)
    fits = fit_of(plan, place.group.week(week))
    if training.rest is None and not any(one.anew for one in training.prescribed):
        return OwnWeek(week=week, fits=tuple(fits))
    content = default_content()
    moves = [fit for fit in fits if content.exercises[fit.exercise or fit.line.exercise].kind != "strength"]
    return OwnWeek(week=week, fits=tuple(moves), rest=REST if len(moves) < len(fits) else "")


def looked_at(*, seen: Seen, lines: Iterable[Line], by: Actor) -> list[Fit] | NotAllowed:
    """For a clinician, before it is offered: each exercise of the programme once, or why there is none for them now."""
    check_may(by, "propose_change")
    seen.check("plan")
    try:
        plan = plans.open_plan(profile=seen.profile, by=by)
    except NotAllowed as closed:
        return closed
    return fit_of(plan, list({line.exercise: line for line in lines}.values()))


def fit_of(plan: PlanVersion, lines: Iterable[Line]) -> list[Fit]:
    """What becomes of these lines in an open plan. Nobody is given the same exercise twice.

    Parameters
    ----------
    plan : the newest version, which may be shown now
    """
    wanted = list(lines)
    used = {line.exercise for line in wanted}
    found = []
    for line in wanted:
        fit = _fit(plan, line, used)
        if fit.exercise is not None:
            used.add(fit.exercise)
        found.append(fit)
    return found


def _fit(plan: PlanVersion, line: Line, used: set[str]) -> Fit:
    content = default_content()
    if any(item["id"] == line.exercise for item in plan.record["exercises"]):
        return Fit(line=line, how="own", exercise=line.exercise)
    if line.exercise in _taken_off(plan):
        return Fit(line=line, how="out", why=TAKEN_OFF)
    left_out = pool_of(plan.record, plan.choices, content).left_out.get(line.exercise)
    if left_out is not None:
        return _instead(plan, line, used, left_out.because, tuple(left_out.tags))
    item = _as_planned(plan, line.exercise)
    if item is None:
        is_later = content.exercises[line.exercise].kind == "strength" and not plan.record["strength_allowed"]
        return Fit(line=line, how="out", why=LATER if is_later else NO_PLACE)
    return _within(line, line.exercise, item)


def _instead(plan: PlanVersion, line: Line, used: set[str], why: str, tags: tuple[str, ...]) -> Fit:
    """One of the same family that is safe for this person; their own first. Left out where there is none."""
    content = default_content()
    family, kind = content.exercises[line.exercise].family, content.exercises[line.exercise].kind
    for id in plans.swaps(plan, line.exercise):
        other = content.exercises[id]
        if other.family != family or other.kind != kind or id in used | _taken_off(plan):
            continue
        item = _as_planned(plan, id)
        if item is not None:
            within = _within(line, id, item)
            return Fit(
                line=line, how="swap", exercise=id, sets=within.sets, reps=within.reps, notes=within.notes, why=why,
                tags=tags,
            )  # fmt: skip
    return Fit(line=line, how="out", why=why, tags=tags)


def _within(line: Line, exercise: str, item: PlannedExercise) -> Fit:
    """Never more than the plan would start with at most; what the group does where that is less."""
    sets, reps = min(line.sets, item.bounds.sets[1]), min(line.reps, item.bounds.reps[1])
    is_less = (sets, reps) != (line.sets, line.reps)
    return Fit(
        line=line, how="less" if is_less else "group", exercise=exercise, sets=sets, reps=reps, notes=tuple(item.how)
    )


def _as_planned(plan: PlanVersion, exercise: str) -> PlannedExercise | None:
    """The exercise as this plan would hold it; None where the plan would not take it in."""
    keep = [*plan.choices.get("keep", ()), exercise]
    built = plans.build(plan.findings, dict(plan.choices) | {"keep": keep})
    return next((item for item in built.exercises if item.exercise.id == exercise), None)


def _taken_off(plan: PlanVersion) -> set[str]:
    return {*plan.choices.get("drop", ()), *plan.choices.get(LEAVE_OUT, ())}
