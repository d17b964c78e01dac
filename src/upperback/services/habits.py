"""The desk and the habits around it: points of the desk check, and minutes of activity."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Final, get_args

from upperback.care.activity import ActivityWeeks, activity_weeks
from upperback.care.desk import DeskNow, desk_now
from upperback.care.diary import Active, DeskPoint, DeskState
from upperback.care.intake import MOOD
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError
from upperback.services import policies
from upperback.services.actors import Actor
from upperback.services.diary import entries, keep_entry
from upperback.services.permissions import check_may
from upperback.services.plans import latest_decision, open_plan
from upperback.services.today import local_day
from upperback.store.models import Profile

__all__ = ["DESK_STATES", "activity", "answered_nothing_on_mood", "desk", "keep_active", "tell_desk"]

DESK_STATES: Final = get_args(DeskState)


def desk(*, profile: Profile, by: Actor, now: dt.datetime) -> DeskNow:
    """The desk as it is now. Only with an open plan: nothing to try where help comes first."""
    open_plan(profile=profile, by=by)
    written = entries(profile=profile, by=by, kinds=[DeskPoint])
    return desk_now(written, local_day(profile, now), default_content())


def tell_desk(
    *,
    profile: Profile,
    client_id: uuid.UUID | None,
    states: Mapping[str, str],
    by: Actor,
    now: dt.datetime,
) -> None:
    """Points of the desk check as they are now. What is left out stays as it was."""
    check_may(by, "keep_diary")
    if client_id is None:
        raise InputError(policies.PAGE_IS_OLD)
    if any(item not in default_content().workstation or state not in DESK_STATES for item, state in states.items()):
        raise InputError("Choose from the answers on the page")
    day = local_day(profile, now)
    for item, state in states.items():
        told: DeskState = next(one for one in DESK_STATES if one == state)
        keep_entry(
            profile=profile, client_id=uuid.uuid5(client_id, item), day=day, at=now,
            entry=DeskPoint(item=item, state=told), by=by, now=now,
        )  # fmt: skip


def activity(*, profile: Profile, by: Actor, now: dt.datetime) -> ActivityWeeks:
    """Minutes of activity of this week and the last one."""
    open_plan(profile=profile, by=by)
    today = local_day(profile, now)
    written = entries(profile=profile, by=by, since=today - dt.timedelta(days=14), kinds=[Active])
    return activity_weeks(written, today, default_content())


def keep_active(
    *, profile: Profile, client_id: uuid.UUID | None, minutes: float | None, day: dt.date, by: Actor, now: dt.datetime
) -> None:
    """Minutes of activity on a day."""
    check_may(by, "keep_diary")
    if minutes is None:
        raise InputError("Enter how many minutes it was", field="minutes")
    at = now - (local_day(profile, now) - day)
    entry = Active(minutes=minutes)
    keep_entry(profile=profile, client_id=client_id, day=day, at=at, entry=entry, by=by, now=now)


def answered_nothing_on_mood(*, profile: Profile, by: Actor) -> bool:
    """Whether a question about mood was rather not answered at the last safety check: the crisis card stands open."""
    check_may(by, "see_profile")
    decision = latest_decision(profile)
    return decision is not None and not MOOD.isdisjoint(decision.declined)
