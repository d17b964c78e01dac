"""A clinician's people, the most pressing first: what is known of each, asked of the store for all of them at once.

However many people there are, the number of questions to the database is the same. Of each person only what they let
be seen is asked for.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.db.models import Avg, Case, Count, OuterRef, QuerySet, Subquery, Value, When

from upperback.care.caseload import STALLED_WEEKS, Placed, Stand, by_need
from upperback.care.diary import CheckIn, Morning, SessionStarted, kind_of
from upperback.care.looking_back import LastReview, review_due_on
from upperback.content.vocabulary import default_content
from upperback.services import clinic_tasks, messages, treating
from upperback.services.access_rules import DataClass
from upperback.services.actors import Actor
from upperback.services.alarms import alarms_after
from upperback.services.treating import Seen
from upperback.store.expressions import Among, NumberIn
from upperback.store.models import (
    Clearance,
    Decision,
    DiaryEntry,
    ExerciseStep,
    PlanVersion,
    Profile,
    Review,
    Screening,
)

__all__ = ["caseload"]

_Known = dict[int, dict[str, Any]]

#: Weeks of pain that the order looks at.
_WEEKS: Final = 4


def caseload(*, by: Actor, now: dt.datetime) -> list[Placed]:
    """Everybody this actor looks after, with the reason why they stand where they stand."""
    return place(treating.see_all(by=by, now=now), today=now.astimezone(dt.UTC).date(), by=by)


def place(seen: Sequence[Seen], *, today: dt.date, by: Actor) -> list[Placed]:
    """These people in the order of need; tasks that are due are those of whoever asks."""
    known: _Known = {one.profile.pk: {} for one in seen}
    _add_checks(known, _who(seen, "answers"))
    _add_plans(known, _who(seen, "plan"))
    progress = _who(seen, "progress")
    _add_pain(known, progress, today)
    _add_training(known, progress, today)
    for profile, waits in messages.waiting_of(_who(seen, "messages")).items():
        known[profile] |= {
            "messages": waits.count, "message_on": waits.since, "alarming_on": waits.alarming_on,
        }  # fmt: skip
    for profile, due in clinic_tasks.due_of(_who(seen, "messages"), by=by, today=today).items():
        known[profile] |= {"tasks": due.count, "task_on": due.since}
    stands = [
        Stand(person=str(one.profile.uuid), name=one.profile.name, knows=one.classes, **known[one.profile.pk])
        for one in seen
    ]
    return by_need(stands, today, default_content())


def _who(seen: Iterable[Seen], data_class: DataClass) -> list[int]:
    return [one.profile.pk for one in seen if one.may(data_class)]


def _newest(model: type[Any], of: str = "profile", **only: Any) -> Subquery:
    """The key of the newest row of each person: found by the index, however many there are."""
    return Subquery(model.objects.filter(**{of: OuterRef("pk")}, **only).order_by("-id").values("pk")[:1])


def _newest_of(model: type[Any], profiles: Sequence[int], of: str = "profile", **only: Any) -> QuerySet[Any]:
    """The newest row of each of these people."""
    newest = Profile.objects.filter(Among("pk", profiles)).annotate(newest=_newest(model, of, **only)).values("newest")
    return model.objects.filter(pk__in=newest)  # type: ignore[no-any-return]  # by name of the model


def _add_checks(known: _Known, profiles: Sequence[int]) -> None:
    """The newest safety check, what was told since, whether somebody has looked, and the newest review."""
    decided: dict[int, tuple[int, dt.datetime]] = {}
    columns = ("pk", "screening__profile", "disposition", "complete", "decided_at")
    newest = _newest_of(Decision, profiles, "screening__profile")
    for pk, profile, disposition, complete, decided_at in newest.values_list(*columns):
        decided[profile] = (pk, decided_at)
        known[profile] |= {"disposition": disposition, "complete": complete, "decided_on": decided_at.date()}
    for profile, day in alarms_after(decided).items():
        known[profile]["warned_on"] = day
    ids = {pk: profile for profile, (pk, _) in decided.items()}
    for pk in Clearance.objects.filter(Among("decision", ids)).values_list("decision", flat=True):
        known[ids[pk]]["cleared"] = True
    drafts = Screening.objects.filter(Among("profile", profiles), state=Screening.State.IN_PROGRESS)
    begun = drafts.exclude(answers={})
    for profile in begun.values_list("profile", flat=True):
        known[profile]["begun"] = True
    for row in _newest_of(Review, profiles).values("profile", "outcome", "day", "reviewed_at"):
        known[row["profile"]] |= {"outcome": row["outcome"], "reviewed_on": row["day"]}


def _add_plans(known: _Known, profiles: Sequence[int]) -> None:
    """Day one of an allowed plan, and the day of the next look back."""
    content = default_content()
    reviews = {
        row["profile"]: LastReview(day=row["day"], next_on=row["next_on"])
        for row in _newest_of(Review, profiles).values("profile", "day", "next_on")
    }
    plans = _newest_of(PlanVersion, profiles).filter(allowed=True)
    for profile, starts_on in plans.values_list("profile", "starts_on"):
        due_on = review_due_on(starts_on, reviews.get(profile), content)
        known[profile] |= {"starts_on": starts_on, "review_on": due_on}


def _add_pain(known: _Known, profiles: Sequence[int], today: dt.date) -> None:
    """Mean pain of the last weeks: of the mornings, or of the check-ins where too few mornings were told."""
    told = DiaryEntry.objects.filter(Among("profile", profiles), replaced_by__isnull=True, day__lte=today)
    enough = int(default_content().limit("early_days_known"))
    mornings = _means(told.filter(kind=kind_of(Morning)), "pain", today, enough)
    check_ins = _means(told.filter(kind=kind_of(CheckIn)), "pain_average", today, 1)
    for profile in profiles:
        weeks = mornings.get(profile, {})
        weeks = weeks if 0 in weeks else check_ins.get(profile, {})
        known[profile]["pain_weeks"] = tuple(weeks.get(back) for back in range(_WEEKS))
    newest = DiaryEntry.objects.filter(profile=OuterRef("pk"), day__lte=today).order_by("-day").values("day")[:1]
    told_on = Profile.objects.filter(Among("pk", profiles)).annotate(told_on=Subquery(newest))
    for profile, day in told_on.values_list("pk", "told_on"):
        known[profile]["told_on"] = day


def _means(rows: QuerySet[DiaryEntry], key: str, today: dt.date, least: int) -> dict[int, dict[int, float]]:
    """Mean of a number in each of the last weeks with enough of them: by person and weeks back, 0 is the newest."""
    firsts = [today - dt.timedelta(weeks=back + 1) for back in range(_WEEKS)]
    back = Case(*(When(day__gt=first, then=Value(number)) for number, first in enumerate(firsts)))
    inside = rows.filter(day__gt=firsts[-1]).annotate(back=back, pain=NumberIn(key))
    weeks = inside.order_by().values("profile", "back").annotate(mean=Avg("pain"), count=Count("pain"))
    found: dict[int, dict[int, float]] = {}
    for profile, number, mean in weeks.filter(count__gte=least).values_list("profile", "back", "mean"):
        found.setdefault(profile, {})[number] = mean
    return found


def _add_training(known: _Known, profiles: Sequence[int], today: dt.date) -> None:
    """Strength sessions of the last weeks, and the last day from which an exercise went up."""
    begun = DiaryEntry.objects.filter(
        Among("profile", profiles), kind=kind_of(SessionStarted), day__gt=today - dt.timedelta(weeks=STALLED_WEEKS),
        day__lte=today, data__what="strength", replaced_by__isnull=True,
    )  # fmt: skip
    counts = dict(begun.order_by().values("profile").annotate(count=Count("id")).values_list("profile", "count"))
    ups = _newest_of(ExerciseStep, profiles, move="up")
    last = dict(ups.values_list("profile", "from_day"))
    for profile in profiles:
        known[profile] |= {"sessions": counts.get(profile, 0), "step_up_on": last.get(profile)}
