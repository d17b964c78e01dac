"""What a carer sees of a person: the parts that were shared, and never more than the safety of the person allows.

Nothing can be done here for anybody; whoever helps can end it, with a word to the person. What is not shared is not
loaded, apart from one thing: whether the plan may be shown today, which the safety check decides and of which only the
yes or no is used.
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from upperback.care.diary import SHORT_WORDS_MOST, WORDS_MOST, HelperLeft, only
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError, NotFound
from upperback.services import diary, flares, journey, policies, progress, sharing, today, treating
from upperback.services.actors import Actor
from upperback.services.overview import Overview, overview
from upperback.services.plans import PlanVersion
from upperback.services.today import MOVE, STRENGTH, local_day
from upperback.services.treating import Seen
from upperback.store.models import DiaryEntry, Profile

__all__ = ["Cared", "Due", "cared_for", "look", "stop", "who_left"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One kind of thing for today. Whether it was done is not told: nobody is watched day by day.

    Attributes
    ----------
    item : the load change by its id, movement or strength
    exercises : items of the plan, with the amounts of today
    turns : how often today
    """

    item: str
    exercises: tuple[dict[str, Any], ...]
    turns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cared:
    """A person as their carer sees them.

    Attributes
    ----------
    found : what was told and done; a part is None where it is not shared
    result_stands : the newest result counts today; False where answers are not shared
    plan_open : the plan may be done now; False where the plan is not shared
    due : what the plan has for today; empty where it may not be done
    """

    seen: Seen
    found: Overview
    result_stands: bool
    plan_open: bool
    due: tuple[Due, ...]


def cared_for(*, by: Actor, now: dt.datetime) -> list[Seen]:
    """Everybody who lets this actor help them, by name."""
    return treating.see_all(by=by, now=now, purpose="caring")


def look(*, profile_uuid: uuid.UUID | None, by: Actor, now: dt.datetime) -> Cared:
    """One of them. The look is written into their record.

    Raises
    ------
    NotFound : not there, or not for this actor: the same answer.
    """
    seen = treating.see(profile_uuid=profile_uuid, by=by, now=now, purpose="caring")
    state = journey.current_state(profile=seen.profile, by=by, now=now)
    plan = state.plan if seen.may("plan") and state.plan_open else None
    return Cared(
        seen=seen,
        found=overview(seen=seen, by=by, now=now),
        result_stands=seen.may("answers") and state.current,
        plan_open=plan is not None,
        due=tuple(_due(seen, plan, by, now)) if plan is not None else (),
    )


def stop(
    *, profile_uuid: uuid.UUID | None, words: str, client_id: uuid.UUID | None, by: Actor, now: dt.datetime
) -> None:
    """Whoever helps a person ends it themselves, with a word to them if they like. Sent twice it is done once.

    Raises
    ------
    InputError : the words are too long, or hold what cannot be kept.
    NotFound : they do not help this person.
    """
    told = words.replace("\r\n", "\n").strip()
    if len(told) > WORDS_MOST:
        raise InputError(f"Use up to {WORDS_MOST} letters", field="words")
    if not told.replace("\n", " ").replace("\t", " ").isprintable():
        raise InputError("Some of these characters cannot be kept. Write it in plain letters", field="words")
    person = Profile.objects.filter(uuid=profile_uuid).first() if profile_uuid else None
    if person is None:
        raise NotFound("there is no such person here")
    if client_id is None:
        raise InputError(policies.PAGE_IS_OLD)
    if DiaryEntry.objects.filter(profile=person, client_id=client_id, by=str(by)).exists():
        return
    with transaction.atomic():
        account = sharing.leave(profile=person, by=by, now=now)
        entry = HelperLeft(name=(account.name or account.email)[:SHORT_WORDS_MOST], words=told)
        diary.keep_from_clinic(profile=person, client_id=client_id, entry=entry, by=by, now=now)


def who_left(*, profile: Profile, by: Actor, since: dt.date) -> list[tuple[dt.date, HelperLeft]]:
    """For the person: who has ended it themselves since a day, and what they said; the newest first."""
    written = diary.entries(profile=profile, by=by, since=since, kinds=[HelperLeft])
    return [(row.day, entry) for row, entry in reversed(only(written, HelperLeft))]


def _due(seen: Seen, plan: PlanVersion, by: Actor, now: dt.datetime) -> Iterator[Due]:
    """As on the person's own page of the day: less in a flare-up, no strength where a check or a rest comes first."""
    training = progress.training_today(profile=seen.profile, by=by, now=now, plan=plan)
    day = local_day(seen.profile, now)
    items = today.items_of(plan, day)
    exercises = {
        MOVE: flares.movement_today(plan, training.flare),
        STRENGTH: list(_strength(today.strength_today(plan, day), training)),
    }
    for item in dict.fromkeys(item for item, _turn in items):
        if item not in exercises or exercises[item]:
            turns = sum(other == item for other, _turn in items)
            yield Due(item=item, exercises=tuple(exercises.get(item, ())), turns=turns)


def _strength(planned: list[dict[str, Any]], training: progress.Training) -> Iterator[dict[str, Any]]:
    if training.rest is not None or any(one.anew for one in training.prescribed):
        return
    now = {one.planned: one.step for one in training.prescribed}
    for item in planned:
        step = now.get(item["id"])
        if step is not None:
            title = default_content().exercises[step.exercise].title
            yield item | {"title": title, "sets": step.sets, "reps": step.reps}
