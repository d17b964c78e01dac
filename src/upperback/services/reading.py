"""How much of the pages to read somebody may see: what reassures waits for a safety check that allows it."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Final, Literal

from upperback.care.diary import PageWanted, in_force, only
from upperback.care.reading import PlanFacts, Suggested, Told, for_today
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError, NotAllowed
from upperback.services import journey, plans
from upperback.services.actors import Actor
from upperback.services.diary import entries, keep_entry
from upperback.services.journey import State
from upperback.services.permissions import check_may
from upperback.services.today import local_day
from upperback.store.models import Decision, Profile

_WISHES: Final[tuple[Literal["more", "known"], ...]] = ("more", "known")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a page to read may show.

    everything: also what reassures and what is offered to try. exercises: ids in the plan that is open.
    today: the page of the day, with an open plan.
    """

    state: State
    everything: bool
    exercises: tuple[str, ...] = ()
    today: Suggested | None = None


def reading(*, profile: Profile, by: Actor, now: dt.datetime) -> Reading:
    """What this person may read now: everything with an open plan, or with a result that lets them care for themselves.

    A result does so while it is of the last day, nothing came after it, and nothing keeps a plan from being made of it.
    """
    state = journey.current_state(profile=profile, by=by, now=now)
    if state.plan_open and state.plan is not None and state.decision is not None:
        plan = state.plan.record
        day = local_day(profile, now) - local_day(profile, state.decision.decided_at)
        facts = PlanFacts(
            pattern=plan["pattern"], phase=plan["phase"], load_rules=tuple(plan["load_rules"]),
            cautions=tuple(plan["cautions"]),
        )  # fmt: skip
        return Reading(
            state, everything=True, exercises=tuple(item["id"] for item in plan["exercises"]),
            today=for_today(facts, day=day.days, content=default_content(), told=_told(profile, state.decision, by)),
        )  # fmt: skip
    return Reading(state, everything=_cares_for_itself(state, profile, by, now))


def want(*, profile: Profile, client_id: uuid.UUID | None, page: str, wanted: str, by: Actor, now: dt.datetime) -> None:
    """More of a page, or nothing new in it: what is offered from tomorrow on follows. Only with an open plan."""
    check_may(by, "keep_diary")
    plans.open_plan(profile=profile, by=by)
    chosen: Literal["more", "known"] | None = next((one for one in _WISHES if one == wanted), None)
    if chosen is None or page not in default_content().learn_pages:
        raise InputError("Choose from the answers on the page")
    keep_entry(
        profile=profile, client_id=client_id, day=local_day(profile, now), at=now,
        entry=PageWanted(page=page, wanted=chosen), by=by, now=now,
    )  # fmt: skip


def _told(profile: Profile, decision: Decision, by: Actor) -> list[Told]:
    first = local_day(profile, decision.decided_at)
    written = entries(profile=profile, by=by, since=first, kinds=[PageWanted])
    return [
        Told((row.day - first).days, entry.page, entry.wanted) for row, entry in only(in_force(written), PageWanted)
    ]


def _cares_for_itself(state: State, profile: Profile, by: Actor, now: dt.datetime) -> bool:
    decision = state.decision
    if decision is None or not state.current:
        return False
    if default_content().dispositions[decision.disposition].plan not in {"gentle", "full"}:
        return False
    if state.plan is not None and state.plan.decision_id == decision.pk:
        return False  # its plan is there, and locked
    try:
        plans.check_plan_may_come(profile=profile, by=by, now=now, today=local_day(profile, now))
    except NotAllowed:
        return False
    return True
