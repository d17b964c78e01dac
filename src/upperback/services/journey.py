"""Where a person stands, and so which page comes next. Every page asks here; no page decides for itself."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from upperback.services import plans, policies
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.store.models import Assessment, Decision, PlanVersion, Profile, Screening

Place = Literal["nothing", "screening", "result", "assessment", "plan", "today"]


@dataclass(frozen=True, slots=True)
class State:
    """Where a person stands.

    screening: open safety check with answers. decision: the newest result. current: that result may still be the
    ground for a new plan. plan: the newest version; plan_open: it may be shown.
    """

    place: Place
    screening: Screening | None
    decision: Decision | None
    current: bool
    assessment: Assessment | None
    open_assessment: Assessment | None
    plan: PlanVersion | None
    plan_open: bool


def current_state(*, profile: Profile, by: Actor, now: dt.datetime) -> State:
    """Everything a page needs to know about where this person stands."""
    check_may(by, "see_profile")
    screening = plans.open_screening(profile)
    decision = plans.latest_decision(profile)
    plan = plans.latest_plan(profile=profile, by=by)
    rows = Assessment.objects.filter(profile=profile)
    assessment = rows.filter(state=Assessment.State.FINISHED).last()
    open_assessment = rows.filter(state=Assessment.State.IN_PROGRESS).first()
    plan_open = policies.plan_is_open(plan, decision, screening)
    place: Place = "nothing"
    if screening is not None:
        place = "screening"
    elif plan_open:
        place = "today"
    elif open_assessment is not None and decision is not None and policies.can_plan(decision, None, now):
        place = "assessment"
    elif plan is not None and decision is not None and plan.decision_id == decision.pk:
        place = "plan"
    elif decision is not None:
        place = "result"
    return State(
        place=place,
        screening=screening,
        decision=decision,
        current=decision is not None and decision.complete and policies.decision_is_current(decision, now),
        assessment=assessment,
        open_assessment=open_assessment,
        plan=plan,
        plan_open=plan_open,
    )
