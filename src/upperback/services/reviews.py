"""The look back: what it is made from, the decision, and the day of the next one."""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction

from upperback.care.diary import (
    DayOff,
    Moved,
    SessionEnded,
    SessionStarted,
    SetDone,
    TaskChanged,
    TaskTold,
    Written,
    only,
)
from upperback.care.looking_back import (
    DayDone,
    Done,
    Stage,
    amount_done,
    course_starts_on,
    next_look,
    review_due_on,
    review_stage,
)
from upperback.care.review import HELP_FIRST, read_review_inputs, review, review_record
from upperback.care.scores import psfs_mean
from upperback.care.sessions import ONE_DAY, sessions_of
from upperback.content.vocabulary import default_content
from upperback.core.errors import Conflict, InputError, NotFound
from upperback.services import audit, policies
from upperback.services.actors import Actor
from upperback.services.alarms import alarmed_since
from upperback.services.diary import entries
from upperback.services.permissions import check_may
from upperback.services.plans import (
    as_last,
    latest_decision,
    latest_plan,
    latest_review,
    open_screening,
)
from upperback.services.today import MOVE, STRENGTH, items_of, local_day
from upperback.store.models import Decision, PlanVersion, Profile, Review, TodayMark

__all__ = [
    "Due",
    "Looking",
    "Review",
    "Told",
    "course_of",
    "first_activities",
    "get_review",
    "list_reviews",
    "look_back",
    "may_correct",
    "newest_review",
    "record_again",
    "record_review",
    "review_due",
    "review_stands",
]

WORDS_MAX: Final = 400
_KINDS: Final = (Moved, SessionStarted, SetDone, SessionEnded, DayOff)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """When the next look back is, and how often it has been offered by now."""

    on: dt.date
    stage: Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the person says in a review. None is "not said"; no total is ever made from what is missing.

    Attributes
    ----------
    pgic : 1 very much better .. 7 very much worse, since the start
    activities : of each own activity, by its words, 0 not at all .. 10 as before
    changed : ids of the load changes that were really tried
    got_in_the_way : own words
    """

    pgic: int | None = None
    activities: Mapping[str, int] | None = None
    sleep: int | None = None
    confidence: int | None = None
    activity_minutes: int | None = None
    days_off_work: int | None = None
    changed: Sequence[str] | None = None
    got_in_the_way: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """Everything a review looks at, before the person says a word.

    Attributes
    ----------
    decision : the new safety check
    started_on, week : first day of the course, whole weeks since then
    first : the first plan of the course: pain, sleep and confidence then
    activities : the own activities with their first rating, by their words
    changes : load changes that were part of a plan, id and name
    tried : ids of those that were told as tried
    done : since the block began
    corrects : the review that this one would take the place of
    """

    decision: Decision
    plan: PlanVersion
    first: PlanVersion
    started_on: dt.date
    week: int
    activities: Mapping[str, int]
    changes: Sequence[tuple[str, str]]
    tried: Sequence[str]
    done: Done
    previous: Review | None
    corrects: Review | None

    @property
    def help_first(self) -> bool:
        """Whether the safety check alone decides; then nothing else is asked."""
        return self.decision.disposition in HELP_FIRST


def review_due(*, profile: Profile, by: Actor, now: dt.datetime, plan: PlanVersion | None = None) -> Due | None:
    """When the next look back is; None before the first plan, and after a review that sent to a doctor.

    plan: the newest version, where the caller has it already.
    """
    check_may(by, "see_profile")
    plan = plan or latest_plan(profile=profile, by=by)
    if plan is None or not plan.allowed:
        return None
    return _due(plan, latest_review(profile), local_day(profile, now))


def look_back(*, profile: Profile, by: Actor, now: dt.datetime) -> Looking:
    """What a review of today looks at. Raises NotAllowed where none is due or the safety check is not new."""
    check_may(by, "see_profile")
    today = local_day(profile, now)
    plan, last, decision = latest_plan(profile=profile, by=by), latest_review(profile), latest_decision(profile)
    corrects = last if last is not None and _may_correct(last, decision, now) else None
    previous = _before(corrects) if corrects is not None else last
    due = _due(plan, previous, today) if plan is not None and plan.allowed else None
    policies.check_can_review(
        due.stage if due else None, decision, open_screening(profile), now,
        alarmed=alarmed_since(profile, decision), since=previous.reviewed_at if previous else None,
    )  # fmt: skip
    assert plan is not None, "nothing is due without a plan"
    assert decision is not None, "check_can_review refuses a missing decision"
    course = _course(profile)
    block = [version for version in course if version.starts_on >= plan.starts_on]
    changes = {change["id"]: change["name"] for version in course for change in version.record["load_changes"]}
    return Looking(
        decision=decision,
        plan=plan,
        first=course[0],
        started_on=course[0].starts_on,
        week=(today - course[0].starts_on).days // 7,
        activities=_first_activities(course),
        changes=list(changes.items()),
        tried=_tried(profile, by, course[0].starts_on, changes),
        done=done_between(profile=profile, by=by, versions=block, start=plan.starts_on, end=today),
        previous=previous,
        corrects=corrects,
    )


def record_review(
    *, profile: Profile, client_id: uuid.UUID | None, told: Told, region: str | None, by: Actor, now: dt.datetime
) -> Review:
    """Decides and keeps a review. The same one sent twice is one; a later one from the same check corrects it.

    Raises
    ------
    NotAllowed : none is due, or its safety check is not new.
    """
    check_may(by, "record_review")
    if client_id is None:
        raise InputError("This page is too old to be used. Open it again")
    content = default_content()
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        same = Review.objects.filter(profile=profile, client_id=client_id).first()
        if same is not None:
            return same
        looking = look_back(profile=profile, by=by, now=now)
        _check_told(told, looking)
        inputs = _inputs(looking, told)
        result = review(read_review_inputs(inputs, content=content), content)
        if result.decision.disposition != looking.decision.disposition:
            raise Conflict("The rules have changed since your safety check. Do it again, then look back")
        day = local_day(profile, now)
        kept = Review.objects.create(
            profile=profile, plan=looking.plan, decision=looking.decision, replaces=looking.corrects,
            client_id=client_id, day=day, reviewed_at=now, by=str(by), inputs=inputs,
            told=_beside(looking, told, region), record=review_record(result, content, region),
            outcome=result.outcome, next_on=next_look(day, result.outcome, result.recheck_days, content),
            release=content.release_id, release_sha256=content.sha256,
        )  # fmt: skip
        audit.record(
            by=by, action="record_review", now=now, object_kind="review", object_uuid=kept.uuid, profile=profile,
            release_sha256=content.sha256, corrects=looking.corrects is not None,
        )  # fmt: skip
    return kept


def get_review(*, profile: Profile, review_uuid: uuid.UUID | None, by: Actor) -> Review:
    """One review of this person."""
    check_may(by, "see_profile")
    rows = Review.objects.select_related("decision", "decision__screening", "plan")
    found = rows.filter(profile=profile, uuid=review_uuid).first() if review_uuid else None
    if found is None:
        raise NotFound("there is no such review here")
    return found


def list_reviews(*, profile: Profile, by: Actor) -> list[Review]:
    """The reviews that count, oldest first."""
    check_may(by, "see_profile")
    return list(Review.objects.filter(profile=profile, replaced_by__isnull=True))


def newest_review(*, profile: Profile, by: Actor) -> Review | None:
    """The review that counts now."""
    check_may(by, "see_profile")
    return latest_review(profile)


def review_stands(kept: Review, *, profile: Profile, by: Actor) -> bool:
    """Whether a review still says what comes next: the newest, from the newest check, with nothing new since then."""
    check_may(by, "see_profile")
    newest, decision = latest_review(profile), latest_decision(profile)
    if newest is None or newest.pk != kept.pk or decision is None or decision.pk != kept.decision_id:
        return False
    return open_screening(profile) is None and not alarmed_since(profile, decision)


def may_correct(kept: Review, *, profile: Profile, by: Actor, now: dt.datetime) -> bool:
    """Whether the questions of a review may be answered again from the same safety check."""
    stands = review_stands(kept, profile=profile, by=by)
    return stands and _may_correct(kept, kept.decision, now)


def record_again(kept: Review) -> dict[str, Any]:
    """What the stored inputs give today. The same as the stored record while the release is the same."""
    content = default_content()
    result = review(read_review_inputs(kept.inputs, content=content), content)
    return review_record(result, content, kept.told["region"])


def done_between(*, profile: Profile, by: Actor, versions: Sequence[PlanVersion], start: dt.date, end: dt.date) -> Done:
    """How much was done from a day up to, not with, another; by the plan of each day, days off left out."""
    return amount_done(list(days_done(profile=profile, by=by, versions=versions, start=start, end=end).values()))


def days_done(
    *, profile: Profile, by: Actor, versions: Sequence[PlanVersion], start: dt.date, end: dt.date
) -> dict[dt.date, DayDone]:
    """What was planned and done on each day, by the plan that held on it."""
    written = [row for row in entries(profile=profile, by=by, since=start, kinds=_KINDS) if row.day < end]
    marks = _marks(profile, start, end)
    moved = Counter(row.day for row in written if isinstance(row.entry, Moved))
    trained: dict[str, Counter[dt.date]] = {"movement": Counter(), "strength": Counter()}
    for one in sessions_of(written):
        if one.is_finished or one.sets:
            trained[one.what][one.day] += 1
    off = {row.day for row in written if isinstance(row.entry, DayOff)}
    found: dict[dt.date, DayDone] = {}
    day = start
    while day < end:
        version = _version_on(versions, profile, day)
        if version is not None and version.allowed and day not in off:
            items = Counter(item for item, _ in items_of(version, day))
            ticked = marks.get(day, Counter())
            found[day] = DayDone(
                day=day, turns=items[MOVE], turns_done=max(ticked[MOVE], moved[day] + trained["movement"][day]),
                strength=items[STRENGTH], strength_done=max(ticked[STRENGTH], min(1, trained["strength"][day])),
            )  # fmt: skip
        day += ONE_DAY
    return found


def _marks(profile: Profile, start: dt.date, end: dt.date) -> dict[dt.date, Counter[str]]:
    """How many turns of each item are ticked, by day; the last mark of a turn counts."""
    last: dict[tuple[dt.date, str, int], bool] = {}
    rows = TodayMark.objects.filter(profile=profile, day__gte=start, day__lt=end).order_by("id")
    for day, item, turn, done in rows.values_list("day", "item", "turn", "done"):
        last[day, item, turn] = done
    found: dict[dt.date, Counter[str]] = {}
    for (day, item, _turn), done in last.items():
        if done:
            found.setdefault(day, Counter())[item] += 1
    return found


def _version_on(versions: Sequence[PlanVersion], profile: Profile, day: dt.date) -> PlanVersion | None:
    """The version that held at the end of that day; the first one also before it was made, on day one."""
    held = [version for version in versions if local_day(profile, version.made_at) <= day]
    return held[-1] if held else None


def _due(plan: PlanVersion, last: Review | None, today: dt.date) -> Due | None:
    content = default_content()
    on = review_due_on(plan.starts_on, as_last(last), content)
    return Due(on=on, stage=review_stage(on, today, content)) if on is not None else None


def _may_correct(last: Review, decision: Decision | None, now: dt.datetime) -> bool:
    """For a day, and only from the very safety check it was made from, before a new plan builds on it."""
    hours = default_content().limit("review_correct_hours")
    young = dt.timedelta(0) <= now - last.reviewed_at <= dt.timedelta(hours=hours)
    if decision is None or decision.pk != last.decision_id or not young:
        return False
    return not PlanVersion.objects.filter(profile=last.profile_id, made_at__gte=last.reviewed_at).exists()


def _before(kept: Review) -> Review | None:
    """The review that counted before this one and everything it took the place of."""
    first = kept
    while first.replaces is not None:
        first = first.replaces
    return Review.objects.filter(profile=kept.profile_id, pk__lt=first.pk).last()


def _course(profile: Profile) -> list[PlanVersion]:
    """The versions of the running course, oldest first; the first one is the one it began with."""
    rows = PlanVersion.objects.filter(profile=profile).select_related("decision", "assessment")
    allowed = rows.filter(allowed=True).values_list("starts_on", flat=True)
    if not allowed:
        return []
    start = course_starts_on(list(allowed), default_content())
    versions = list(rows.filter(starts_on__gte=start).order_by("number"))
    first = next(index for index, version in enumerate(versions) if version.allowed)
    return versions[first:]


def course_of(*, profile: Profile, by: Actor) -> list[PlanVersion]:
    """The versions of the running course, oldest first; empty before the first plan."""
    check_may(by, "see_profile")
    return _course(profile)


def first_activities(*, profile: Profile, by: Actor) -> dict[str, int]:
    """The own activities of the running course, by their words, with their first rating; empty before a plan."""
    check_may(by, "see_profile")
    return _first_activities(_course(profile))


def _first_activities(course: Sequence[PlanVersion]) -> dict[str, int]:
    told = (version.assessment.activities for version in course if version.assessment is not None)
    return {item["words"]: item["score"] for item in next((items for items in told if items), [])}


def _tried(profile: Profile, by: Actor, since: dt.date, changes: Mapping[str, str]) -> list[str]:
    """Changes that were told as made, or ticked on the page of a day at least twice."""
    written: Sequence[Written] = entries(profile=profile, by=by, kinds=[TaskTold, TaskChanged])
    category = {entry.task: entry.category for _, entry in only(written, TaskTold)}
    told = {category.get(entry.task, entry.task) for row, entry in only(written, TaskChanged) if row.day >= since}
    rows = TodayMark.objects.filter(profile=profile, day__gte=since, done=True, item__in=list(changes))
    ticked = Counter(rows.values_list("item", flat=True))
    return [id for id in changes if id in told or ticked[id] > 1]


def _check_told(told: Told, looking: Looking) -> None:
    for name in ("sleep", "confidence"):
        _check_range(getattr(told, name), 0, 10, name)
    _check_range(told.pgic, 1, 7, "pgic")
    _check_range(told.activity_minutes, 0, 10080, "activity_minutes")
    _check_range(told.days_off_work, 0, 7, "days_off_work")
    for score in (told.activities or {}).values():
        _check_range(score, 0, 10, "activities")
    if set(told.activities or {}) - set(looking.activities):
        raise InputError("Your activities were changed meanwhile. Open this page again", field="activities")
    if set(told.changed or ()) - {id for id, _ in looking.changes}:
        raise InputError("Choose from the list", field="changed")
    if len(told.got_in_the_way) > WORDS_MAX:
        raise InputError(f"Use up to {WORDS_MAX} letters", field="got_in_the_way")


def _check_range(value: int | None, least: int, most: int, field: str) -> None:
    if value is not None and not least <= value <= most:
        raise InputError(f"Choose a number from {least} to {most}", field=field)


def _inputs(looking: Looking, told: Told) -> dict[str, Any]:
    """As `upperback review` reads them. Where help comes first, nothing else was asked and nothing else is given."""
    findings = dict(looking.decision.findings)
    inputs: dict[str, Any] = {"week": looking.week, "findings": findings}
    if looking.previous is not None:
        inputs["previous_outcome"] = looking.previous.outcome
    first, now = _function(looking, told)
    given = {
        "age": findings.get("age"),
        "pgic": told.pgic,
        "nprs_baseline": _number(looking.first.decision.findings.get("pain")),
        "nprs_now": _number(findings.get("pain")),
        "psfs_baseline": first,
        "psfs_now": now,
        "adherence_pct": looking.done.pct,
        "load_changes_tried": len(set(told.changed)) if told.changed is not None else None,
    }
    return inputs | {name: value for name, value in given.items() if value is not None}


def _function(looking: Looking, told: Told) -> tuple[float | None, float | None]:
    """Means of the same activities then and now; where none were named, the one question of the safety check."""
    if looking.activities:
        means = psfs_mean(dict(looking.activities), dict(told.activities or {}))
        return means or (None, None)
    first, now = looking.first.decision.findings.get("psfs"), looking.decision.findings.get("psfs")
    return _number(first), _number(now)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _beside(looking: Looking, told: Told, region: str | None) -> dict[str, Any]:
    """What is shown beside the outcome: the small measures then and now, and what was done."""
    then = looking.first.findings
    return {
        "region": region,
        "started_on": looking.started_on.isoformat(),
        "activities_first": dict(looking.activities),
        "activities": dict(told.activities or {}),
        "sleep": [_number(then.get("sleep_disturbed")), told.sleep],
        "confidence": [_number(then.get("confidence")), told.confidence],
        "mood": [_number(looking.first.decision.findings.get("phq4")), _number(looking.decision.findings.get("phq4"))],
        "activity_minutes": told.activity_minutes,
        "days_off_work": told.days_off_work,
        "changed": list(told.changed) if told.changed is not None else None,
        "got_in_the_way": told.got_in_the_way,
        "movement": looking.done.movement,
        "strength": looking.done.strength,
        "strength_done": looking.done.strength_done,
    }
