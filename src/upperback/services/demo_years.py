"""Years of an invented person in the store: for demonstrations, and to see that pages stay fast."""

import datetime as dt
import uuid
from typing import Final

import numpy as np
from django.db import transaction

from upperback.care.cohort import Invented, Person, live
from upperback.content.vocabulary import default_content
from upperback.core.errors import NotAllowed
from upperback.services import demo, diary, plans, progress
from upperback.services.actors import SYSTEM
from upperback.services.permissions import check_may
from upperback.services.today import local_day
from upperback.store.models import ExerciseStep, Profile

__all__ = ["make_history"]

#: How much of their exercise these people do.
_ADHERENCE: Final = 0.75


def make_history(*, key: str, days: int, seed: int, now: dt.datetime) -> Profile:
    """One of the invented people with so many days behind them, and a safety check of this morning.

    Parameters
    ----------
    key : of the invented person, such as `desk`
    days : up to yesterday
    seed : other days of the same person
    """
    check_may(SYSTEM, "reset_demo")
    with transaction.atomic():
        profile = demo.make_person(key=key, now=now - dt.timedelta(days=days))
        write_days(profile=profile, days=days, seed=seed, now=now)
        demo.check_again(profile=profile, now=now)
    return profile


def write_days(*, profile: Profile, days: int, seed: int, now: dt.datetime) -> int:
    """Writes invented days into the diary of an invented person, up to yesterday; returns how many entries.

    Raises
    ------
    NotAllowed : the person is not an invented one.
    """
    check_may(SYSTEM, "reset_demo")
    if not profile.demo:
        raise NotAllowed("Invented days are written for invented people only.")
    plan = plans.open_plan(profile=profile, by=SYSTEM)
    asked = {name: value for name, value in plan.choices.items() if name != plans.LEAVE_OUT}
    person = Person(findings=plan.findings, choices=asked, adherence=_ADHERENCE, serious=None)
    begun = local_day(profile, now) - dt.timedelta(days=days)
    lived = live(person, np.random.default_rng([seed, 0]), days=days, begun=begun, content=default_content())
    rows = ((uuid.uuid5(profile.uuid, f"{seed}/{row.id}"), row.day, row.at, row.entry) for row in lived.diary)
    with transaction.atomic():
        kept = diary.keep_many(profile=profile, rows=rows, by=SYSTEM, now=now)
        _keep_verdicts(lived, plan)
    return kept


def _keep_verdicts(lived: Invented, plan: plans.PlanVersion) -> None:
    """The steps as they were decided each morning: what `decide_progress` would have kept day by day."""
    rows = []
    for one in lived.verdicts:
        decided = dt.datetime.combine(one.morning, dt.time(8), dt.UTC)
        rows.append(progress.step_row(one.verdict, one.planned, one.session, plan, SYSTEM, decided))
    ExerciseStep.objects.bulk_create(rows, batch_size=500)
