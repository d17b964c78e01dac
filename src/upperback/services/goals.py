"""Goals in the person's own words, each tied to an own activity where it belongs to one."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Final

from upperback.care.diary import CheckIn, GoalTold, only
from upperback.core.errors import InputError, NotFound
from upperback.services import history, reviews
from upperback.services.actors import Actor
from upperback.services.diary import DiaryEntry, entries, keep_entry
from upperback.services.permissions import check_may
from upperback.services.today import local_day
from upperback.store.models import Profile

__all__ = ["Goal", "list_goals", "tell_goal"]

OPEN_MOST: Final = 5
WORDS_MAX: Final = 120
_FROM_ASSESSMENT: Final = "assessed-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A goal as it stands.

    Attributes
    ----------
    first, now : rating of its activity at the start and in the last check-in; None where it has none
    reached_on : the day it was marked as reached
    """

    id: str
    words: str
    activity: str
    aim: int | None
    state: str
    first: int | None
    now: int | None
    reached_on: dt.date | None


def list_goals(*, profile: Profile, by: Actor) -> list[Goal]:
    """Open goals first, then those reached. The wishes of the assessment are goals until they are changed."""
    check_may(by, "see_profile")
    told: dict[str, GoalTold] = {
        f"{_FROM_ASSESSMENT}{index}": GoalTold(goal=f"{_FROM_ASSESSMENT}{index}", words=words)
        for index, words in enumerate(history.assessed_goals(profile=profile, by=by))
    }
    days: dict[str, dt.date] = {}
    written = entries(profile=profile, by=by, kinds=[GoalTold])
    for row, entry in only(written, GoalTold):
        if entry.state == "reached" and entry.goal not in days:
            days[entry.goal] = row.day
        elif entry.state != "reached":
            days.pop(entry.goal, None)
        told[entry.goal] = entry
    first = reviews.first_activities(profile=profile, by=by)
    now = _newest(profile, by, list(first))
    found = [
        Goal(
            id=id, words=entry.words, activity=entry.activity, aim=entry.aim, state=entry.state,
            first=first.get(entry.activity), now=now.get(entry.activity), reached_on=days.get(id),
        )
        for id, entry in told.items()
        if entry.state != "let_go"
    ]  # fmt: skip
    return sorted(found, key=lambda goal: goal.state == "reached")


def tell_goal(
    *, profile: Profile, client_id: uuid.UUID | None, told: GoalTold, by: Actor, now: dt.datetime
) -> DiaryEntry:
    """Adds a goal, changes it, marks it as reached, or lets it go. Nothing is ever counted against anybody."""
    check_may(by, "keep_diary")
    words = " ".join(told.words.split())
    if len(words) > WORDS_MAX:
        raise InputError(f"Use up to {WORDS_MAX} letters", field="words")
    if not words or not words.isprintable():
        raise InputError("Write down what you want to do, in a few words", field="words")
    goals = list_goals(profile=profile, by=by)
    is_new = all(goal.id != told.goal for goal in goals)
    if is_new and told.state != "open":
        raise NotFound("there is no such goal here")
    if is_new and sum(goal.state == "open" for goal in goals) >= OPEN_MOST:
        raise InputError(f"Keep to {OPEN_MOST} goals at a time. Let one go, or mark one as reached", field="words")
    if told.activity and told.activity not in reviews.first_activities(profile=profile, by=by):
        raise InputError("Choose one of your activities, or none", field="activity")
    entry = GoalTold(goal=told.goal, words=words, activity=told.activity, aim=told.aim, state=told.state)
    day = local_day(profile, now)
    return keep_entry(profile=profile, client_id=client_id, day=day, at=now, entry=entry, by=by, now=now)


def _newest(profile: Profile, by: Actor, words: list[str]) -> dict[str, int]:
    newest: dict[str, int] = {}
    for _row, entry in only(entries(profile=profile, by=by, kinds=[CheckIn]), CheckIn):
        newest |= {one: score for one, score in zip(words, entry.activities, strict=False) if score is not None}
    return newest
