"""The page of the day: what, when, why; and what was ticked."""

import datetime as dt
import uuid
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import transaction

from upperback.core.errors import InputError
from upperback.services import audit
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.services.plans import DAYS, PlanVersion, open_plan
from upperback.store.models import Profile, TodayMark

__all__ = ["TodayMark", "items_of", "local_day", "mark_today", "marks_of"]

#: A page may stay open past midnight; a tick for yesterday still counts for yesterday.
_LATE: Final = dt.timedelta(days=1)

MOVE: Final = "move"
STRENGTH: Final = "strength"


def local_day(profile: Profile, now: dt.datetime) -> dt.date:
    """Which day it is for this person."""
    return now.astimezone(ZoneInfo(profile.time_zone)).date()


def items_of(plan: PlanVersion, day: dt.date) -> list[tuple[str, int]]:
    """What the plan holds for a day, in order, as item and turn."""
    record = plan.record
    items: list[tuple[str, int]] = [(id, 1) for id in record["load_rules"]]
    movement = [item for item in record["exercises"] if item["kind"] == "movement"]
    turns = max((item["per_day"] or 1 for item in movement), default=0)
    items += [(MOVE, turn) for turn in range(1, turns + 1)]
    if strength_today(plan, day):
        items.append((STRENGTH, 1))
    return items


def strength_today(plan: PlanVersion, day: dt.date) -> list[dict[str, Any]]:
    """The strength exercises of that day; none on a day of rest."""
    strength = [item for item in plan.record["exercises"] if item["kind"] == "strength"]
    if not strength or DAYS[day.weekday()] not in plan.record["strength_days"]:
        return []
    return strength


def marks_of(profile: Profile, day: dt.date) -> dict[tuple[str, int], bool]:
    """What is ticked on a day. The last mark for an item counts."""
    rows = TodayMark.objects.filter(profile=profile, day=day).order_by("id")
    return {(row.item, row.turn): row.done for row in rows}


def mark_today(
    *,
    profile: Profile,
    client_id: uuid.UUID | None,
    day: dt.date,
    item: str,
    turn: int,
    done: bool,
    by: Actor,
    now: dt.datetime,
) -> bool:
    """Ticks, or takes a tick back. The same tick sent twice is one. Returns whether the item is ticked now."""
    check_may(by, "mark_today")
    if client_id is None:
        raise InputError("This page is too old to be used. Open Today again")
    with transaction.atomic():
        # One writer per person, so that two sendings of one tick meet here and not in the index.
        Profile.objects.select_for_update().get(pk=profile.pk)
        same = TodayMark.objects.filter(profile=profile, client_id=client_id).first()
        if same is not None:
            return same.done
        plan = open_plan(profile=profile, by=by)
        today = local_day(profile, now)
        if not today - _LATE <= day <= today or (item, turn) not in items_of(plan, day):
            raise InputError("This is not part of today. Open Today again")
        TodayMark.objects.create(
            profile=profile, plan=plan, client_id=client_id, day=day, item=item, turn=turn, done=done,
            marked_at=now, by=str(by),
        )  # fmt: skip
        audit.record(by=by, action="mark_today", now=now, object_kind="plan", object_uuid=plan.uuid, profile=profile)
    return done
