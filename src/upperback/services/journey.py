"""Where a person stands, and so which page comes next. Every page asks here; no page decides for itself."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from upperback.care.plan.gate import NEVER_CLEARED
from upperback.core.errors import NotAllowed
from upperback.services import assessments, plans, policies
from upperback.services.actors import Actor
from upperback.services.alarms import alarmed_since
from upperback.services.permissions import check_may
from upperback.services.today import local_day
from upperback.store.models import Assessment, Decision, PlanVersion, Profile, Screening

Place = Literal["nothing", "screening", "result", "assessment", "plan", "today"]


@dataclass(frozen=True, slots=True)
class State:
    """Where a person stands.

    screening: open safety check with answers. decision: the newest result. current: it is whole, of the last day, and
    nothing came after it. alarmed: a warning sign was told since then. assessment: the newest finished one;
    assessment_fits: a plan can be made from it as it is. plan: the newest version; plan_open: it may be shown.
    """

    place: Place
    screening: Screening | None
    decision: Decision | None
    current: bool
    alarmed: bool
    assessment: Assessment | None
    assessment_fits: bool
    open_assessment: Assessment | None
    plan: PlanVersion | None
    plan_open: bool


def current_state(*, profile: Profile, by: Actor, now: dt.datetime) -> State:
    """Everything a page needs to know about where this person stands."""
    check_may(by, "see_profile")
    screening = plans.open_screening(profile)
    decision = plans.latest_decision(profile)
    plan = plans.latest_plan(profile=profile, by=by)
    assessment = assessments.latest_assessment(profile=profile, by=by)
    open_assessment = assessments.open_assessment(profile=profile, by=by)
    alarmed = alarmed_since(profile, decision)
    plan_open = policies.plan_is_open(plan, decision, screening, alarmed=alarmed)
    place: Place = "nothing"
    if screening is not None:
        place = "screening"
    elif plan_open:
        place = "today"
    elif alarmed and decision is not None and decision.disposition not in NEVER_CLEARED:
        place = "nothing"  # a new check comes first; a result that sends to help stays the place to go on
    elif open_assessment is not None and _plan_may_come(profile, by, now):
        place = "assessment"
    elif plan is not None and decision is not None and plan.decision_id == decision.pk:
        place = "plan"
    elif decision is not None:
        place = "result"
    return State(
        place=place,
        screening=screening,
        decision=decision,
        current=screening is None and not alarmed and policies.result_is_current(decision, now),
        alarmed=alarmed,
        assessment=assessment,
        assessment_fits=decision is not None and policies.assessment_fits(assessment, decision),
        open_assessment=open_assessment,
        plan=plan,
        plan_open=plan_open,
    )


def _plan_may_come(profile: Profile, by: Actor, now: dt.datetime) -> bool:
    try:
        plans.check_plan_may_come(profile=profile, by=by, now=now, today=local_day(profile, now))
    except NotAllowed:
        return False
    return True
