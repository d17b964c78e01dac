"""A calendar that other programs can read: a person's own times under a secret address that can be taken away."""

import datetime as dt
import secrets
from collections.abc import Callable
from typing import Final

from django.db import transaction

from upperback.care.breaks import turn_times
from upperback.core.errors import NotAllowed, NotFound
from upperback.core.tokens import TOKEN_CHARACTERS_MAX, stored_form
from upperback.interchange.calendar import Once, Repeated, write_feed
from upperback.services import audit, group_places
from upperback.services.actors import SYSTEM, Actor
from upperback.services.breaks import habits_of, schedule_habits, weekly_busy
from upperback.services.group_places import Place
from upperback.services.permissions import check_may
from upperback.services.plans import DAYS, open_plan
from upperback.services.reviews import review_due
from upperback.services.today import MOVE, items_of, local_day
from upperback.store.models import CalendarFeed, Profile

__all__ = ["CalendarFeed", "feed_of", "group_file", "make_feed", "read_feed", "remove_feed"]

_TOKEN_BYTES: Final = 32
# Others may look at a shared calendar: the words say nothing about health.
_BREAK: Final = "Short break"
_SESSION: Final = "Time for yourself"
_REVIEW: Final = "Look back"
_MEETING: Final = "Appointment"
_BREAK_MINUTES: Final = 5
_SESSION_MINUTES: Final = 20
_AHEAD: Final = dt.timedelta(days=14)


def feed_of(*, profile: Profile, by: Actor) -> CalendarFeed | None:
    """Whether there is an address. The address itself is not kept anywhere."""
    check_may(by, "see_profile")
    return CalendarFeed.objects.filter(profile=profile).first()


def make_feed(*, profile: Profile, by: Actor, now: dt.datetime) -> str:
    """A new secret address in place of the old one. Returned once; only its hash is kept."""
    check_may(by, "share_calendar")
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        CalendarFeed.objects.filter(profile=profile).delete()
        feed = CalendarFeed.objects.create(profile=profile, token_sha256=stored_form(token), made_at=now, by=str(by))
        audit.record(
            by=by, action="share_calendar", now=now, object_kind="calendar_feed", object_uuid=feed.uuid, profile=profile
        )
    return token


def remove_feed(*, profile: Profile, by: Actor, now: dt.datetime) -> bool:
    """The address leads nowhere from now on. False where there was none."""
    check_may(by, "share_calendar")
    with transaction.atomic():
        feed = CalendarFeed.objects.filter(profile=profile).first()
        if feed is None:
            return False
        feed.delete()
        audit.record(
            by=by, action="stop_calendar", now=now, object_kind="calendar_feed", object_uuid=feed.uuid, profile=profile
        )
    return True


def read_feed(*, token: str, now: dt.datetime, say: Callable[[str], str] = str) -> bytes:
    """The calendar under an address: whoever knows it may read it. While no plan is open only meetings of groups.

    Parameters
    ----------
    say : a title in the language of the reader

    Raises
    ------
    NotFound : there is no such address, or not any more.
    """
    feed = None
    if 0 < len(token) <= TOKEN_CHARACTERS_MAX:
        feed = CalendarFeed.objects.select_related("profile").filter(token_sha256=stored_form(token)).first()
    if feed is None:
        raise NotFound("there is no such calendar")
    profile = feed.profile
    meetings = _meetings(group_places.mine(profile=profile, by=SYSTEM, now=now), now, say)
    try:
        plan = open_plan(profile=profile, by=SYSTEM)
    except NotAllowed:
        return write_feed([], zone=profile.time_zone, now=now, once=meetings)
    chosen = habits_of(profile=profile, by=SYSTEM)
    habits = schedule_habits(profile=profile, plan=plan, by=SYSTEM)
    first, last = plan.starts_on, plan.starts_on + dt.timedelta(days=plan.record["review_day"])
    review = review_due(profile=profile, by=SYSTEM, now=now, plan=plan)
    if review is not None:  # a plan holds until it is looked back on, however late that is
        last = max(review.on, local_day(profile, now) + _AHEAD)
    times = []
    if habits.breaks_on:
        turns = sum(item == MOVE for item, _turn in items_of(plan, first))
        times = [
            Repeated(
                uid=f"{feed.uuid}-{turn}-{at:%H%M}@upperback.invalid", title=say(_BREAK), first=first, last=last,
                days=days, at=at, minutes=_BREAK_MINUTES,
            )
            for (turn, at), days in turn_times(turns, habits, weekly_busy(chosen)).items()
        ]  # fmt: skip
    strength_days = frozenset(DAYS.index(day) for day in plan.record["strength_days"])
    if habits.strength_at is not None and strength_days:
        times.append(
            Repeated(
                uid=f"{feed.uuid}-session@upperback.invalid", title=say(_SESSION), first=first, last=last,
                days=strength_days, at=habits.strength_at, minutes=_SESSION_MINUTES,
            )
        )  # fmt: skip
    whole_days = [(review.on, say(_REVIEW))] if review is not None else []
    return write_feed(times, zone=profile.time_zone, now=now, whole_days=whole_days, once=meetings)


def group_file(*, place: Place, by: Actor, now: dt.datetime, say: Callable[[str], str] = str) -> bytes:
    """The meetings of one group that are still to come, to be taken into a calendar. Empty for who is not in it."""
    check_may(by, "see_profile")
    return write_feed([], zone=place.profile.time_zone, now=now, once=_meetings([place], now, say, with_room=True))


def _meetings(
    places: list[Place], now: dt.datetime, say: Callable[[str], str], *, with_room: bool = False
) -> list[Once]:
    """Of groups that somebody is in; what is called off is gone. An address that others know holds no room."""
    return [
        Once(
            uid=f"{place.group.id}-{one.day.isoformat()}@upperback.invalid", title=say(_MEETING),
            starts_at=one.starts_at, minutes=one.minutes, link=place.group.link if with_room else "",
            place=place.group.place if with_room else "",
        )
        for place in places
        if place.state == "yes"
        for one in place.group.meetings
        if not one.is_off and one.ends_at > now
    ]  # fmt: skip
