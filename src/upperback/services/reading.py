"""How much of the pages to read somebody may see: what reassures waits for a safety check that allows it."""

import datetime as dt
from dataclasses import dataclass

from upperback.care.reading import PlanFacts, Suggested, for_today
from upperback.content.vocabulary import default_content
from upperback.core.errors import NotAllowed
from upperback.services import journey, plans
from upperback.services.actors import Actor
from upperback.services.journey import State
from upperback.services.today import local_day
from upperback.store.models import Profile


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
            today=for_today(facts, day=day.days, content=default_content()),
        )  # fmt: skip
    return Reading(state, everything=_cares_for_itself(state, profile, by, now))


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
