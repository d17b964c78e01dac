"""What the person wants back, what brings the pain on, what their days and their home allow.

Every step may be skipped but the questions of the content, which have a "not sure" where it is safe to have one.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import msgspec
from django.db import transaction

from upperback.care import intake
from upperback.care.intake import Answer
from upperback.content.models import Question
from upperback.content.vocabulary import Content, default_content
from upperback.core.errors import Conflict, InputError, NotAllowed
from upperback.services import audit, policies
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.store.models import Assessment, Decision, Profile

__all__ = [
    "AREAS",
    "EQUIPMENT",
    "FOR_THE_PLAN",
    "FOR_THE_REVIEW",
    "POSITIONS",
    "STEPS",
    "Activity",
    "Assessment",
    "AssessmentStep",
    "Day",
    "Task",
    "finish_assessment",
    "latest_assessment",
    "next_step",
    "open_assessment",
    "record_assessment",
    "record_assessment_answers",
    "skip_the_rest",
    "start_assessment",
]

StepId = Literal["tasks", "amounts", "equipment", "activities", "everyday", "areas", "day", "goals"]

#: All steps, in order. The questions a safe plan needs stand between the ones for the plan and the ones for the review.
#: "everyday" is a page of questions of the content; every other step has a form of its own.
STEPS: Final[tuple[StepId, ...]] = get_args(StepId)
#: What the plan is made from.
FOR_THE_PLAN: Final = STEPS[:3]
#: What shows change at six weeks. The plan does not wait for it.
FOR_THE_REVIEW: Final = STEPS[3:]

_LEVELS: Final = tuple(f"t{number}" for number in range(1, 13))
#: Areas of the body map: the twelve levels of the upper back, both sides of each third, both blades, the ribs.
AREAS: Final = (
    *_LEVELS,
    "left_upper", "right_upper", "left_middle", "right_middle", "left_lower", "right_lower",
    "left_blade", "right_blade", "left_blade_edge", "right_blade_edge", "left_ribs", "right_ribs",
    "neck", "left_shoulder", "right_shoulder",
)  # fmt: skip
EQUIPMENT: Final = ("chair", "wall", "doorway", "mat", "band", "weight", "roller", "stick")
POSITIONS: Final = ("lying", "floor", "standing")

Score = int
ACTIVITIES_MAX: Final = 3
GOALS_MAX: Final = 3
TASKS_MAX: Final = 8
WORDS_MAX: Final = 120
MINUTES_MAX: Final = 24 * 60
KILOGRAMS_MAX: Final = 200.0


class _Plain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Plain data of one step."""


class Activity(_Plain, frozen=True):
    """Something that matters to the person, in their words, and how well it goes now: 0 not at all, 10 as before."""

    words: str
    score: Score


class Task(_Plain, frozen=True):
    """A task that brings the pain on, named by its load rule, with amounts where they are known."""

    category: str
    minutes_to_symptom: float | None = None
    minutes_typical: float | None = None
    kg_ok: float | None = None
    kg_total: float | None = None
    importance: Score | None = None
    provocation: Score | None = None


class Day(_Plain, frozen=True):
    """The day as it usually is."""

    kind: Literal["desk", "driving", "manual", "caring", "mixed", "none"] | None = None
    hours_sitting: float | None = None
    hours_screen: float | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class AssessmentStep:
    """The page to show next: one of the steps above, or questions of the content.

    id: the step; for questions the section that stands on one page, else the question.
    """

    id: str
    questions: tuple[Question, ...] = ()


def start_assessment(*, profile: Profile, by: Actor, now: dt.datetime) -> Assessment:
    """The open assessment; else a new one that starts from what was said last time. Asking twice gives the same one."""
    check_may(by, "record_assessment")
    content = default_content()
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        current = Assessment.objects.filter(profile=profile, state=Assessment.State.IN_PROGRESS).first()
        if current is not None:
            return current
        last = latest_assessment(profile=profile, by=by)
        kept = {name: getattr(last, name) for name in _CARRIED} if last is not None else {}
        assessment = Assessment.objects.create(
            profile=profile, by=str(by), started_at=now, release=content.release_id,
            release_sha256=content.sha256, **kept,
        )  # fmt: skip
        audit.record(
            by=by, action="start_assessment", now=now, object_kind="assessment", object_uuid=assessment.uuid,
            profile=profile,
        )  # fmt: skip
    return assessment


#: What a new assessment starts from. The questions of the content, pain among them, are asked again.
_CARRIED: Final = ("areas", "activities", "tasks", "day", "equipment", "positions_avoid", "goals")


def open_assessment(*, profile: Profile, by: Actor) -> Assessment | None:
    """The assessment that was begun and not finished."""
    check_may(by, "see_profile")
    return Assessment.objects.filter(profile=profile, state=Assessment.State.IN_PROGRESS).first()


def latest_assessment(*, profile: Profile, by: Actor) -> Assessment | None:
    """The newest finished assessment."""
    check_may(by, "see_profile")
    return Assessment.objects.filter(profile=profile, state=Assessment.State.FINISHED).last()


def next_step(assessment: Assessment, decision: Decision | None) -> AssessmentStep | None:
    """What to show next; None when all is done."""
    content = default_content()
    for id in FOR_THE_PLAN:
        if id not in assessment.done and not (id == "amounts" and not amounts_wanted(assessment, content)):
            return AssessmentStep(id)
    asked = next_questions(all_answers(assessment, decision), content)
    if asked is not None:
        return asked
    for id in _open_for_the_review(assessment, content):
        return AssessmentStep(id, questions_on(id, all_answers(assessment, decision), content))
    return None


def _open_for_the_review(assessment: Assessment, content: Content) -> list[StepId]:
    def answered(id: StepId) -> bool:
        page = intake.shared_page(id, content, "baseline")
        return page is not None and all(question.id in assessment.answers for question in page.questions)

    return [id for id in FOR_THE_REVIEW if id not in assessment.done and not answered(id)]


def next_questions(answers: intake.Answers, content: Content) -> AssessmentStep | None:
    """The next page of questions: a section that stands on one page, or one question.

    A question that an answer on its page has called for comes alone.
    """
    step = intake.next_question(answers, content, "assessment")
    if step is None:
        return None
    page = intake.page_of(step.question.id, content)
    together = questions_on(page.id, answers, content)
    if step.question in together and not any(question.id in answers for question in together):
        return AssessmentStep(page.id, together)
    return AssessmentStep(step.question.id, (step.question,))


def question_pages(answers: intake.Answers, content: Content) -> list[str]:
    """The ids of all pages of questions that apply, in order."""
    pages: list[str] = []
    for question in intake.visible_questions(answers, content, "assessment"):
        page = intake.page_of(question.id, content)
        pages.append(question.id if intake.follows(question, page, content) else page.id)
    return list(dict.fromkeys(pages))


def questions_on(page_id: str, answers: intake.Answers, content: Content) -> tuple[Question, ...]:
    """The questions of a page, by its id or that of its one question; empty where there is no such page."""
    page = intake.shared_page(page_id, content, "assessment") or intake.shared_page(page_id, content, "baseline")
    if page is None:
        visible = intake.visible_questions(answers, content, "assessment")
        return tuple(question for question in visible if question.id == page_id)
    visible = intake.visible_questions(answers, content, page.section.part)
    return tuple(item for item in page.questions if item in visible and not intake.follows(item, page, content))


def all_answers(assessment: Assessment | None, decision: Decision | None) -> dict[str, Answer]:
    """The answers of the safety check that was decided and of the assessment together."""
    plain: dict[str, Any] = {}
    if decision is not None:
        plain |= decision.screening.answers
    if assessment is not None:
        plain |= assessment.answers
    return intake.from_plain(plain)


def amounts_wanted(assessment: Assessment, content: Content) -> list[str]:
    """The ticked tasks whose load rule works with minutes or kilograms."""
    ticked = [task["category"] for task in assessment.tasks]
    return [id for id in ticked if id in content.load_rules and content.load_rules[id].amounts]


def record_assessment(
    *, assessment: Assessment, step: str, value: object, by: Actor, now: dt.datetime, version: int
) -> Assessment:
    """Writes one step; `None` skips it. The same step sent twice is one step."""
    check_may(by, "record_assessment")
    if step not in STEPS:
        raise InputError("there is no such step")
    fields: dict[str, Any] = {} if value is None else _CHECKS[step](value)
    with transaction.atomic():
        current = _locked(assessment)
        fields |= _done(current, step, skipped=value is None)
        return _write(current, fields, step, by, now, version)


def _done(current: Assessment, step: str, *, skipped: bool) -> dict[str, list[str]]:
    others = [item for item in current.skipped if item != step]
    return {
        "done": [*current.done, *([] if step in current.done else [step])],
        "skipped": [*others, step] if skipped else others,
    }


def skip_the_rest(*, assessment: Assessment, by: Actor, now: dt.datetime, version: int) -> Assessment:
    """Skips what only the review needs, so that the plan can be made now. It can be told later."""
    check_may(by, "record_assessment")
    with transaction.atomic():
        current = _locked(assessment)
        left = _open_for_the_review(current, default_content())
        fields = {"done": [*current.done, *left], "skipped": [*current.skipped, *left]}
        return _write(current, fields, "the_rest", by, now, version) if left else current


def record_assessment_answers(
    *,
    assessment: Assessment,
    answers: Mapping[str, Answer],
    by: Actor,
    now: dt.datetime,
    version: int,
    step: StepId | None = None,
) -> Assessment:
    """Writes answers to questions of the content; with `step`, also that this step is done, answered in full or not."""
    check_may(by, "record_assessment")
    content = default_content()
    for question, answer in answers.items():
        if question not in content.questions or intake.section_of(question, content).part == "screen":
            raise InputError("there is no such question", question=question)
        intake.check_answer(content.questions[question], answer, content)
    with transaction.atomic():
        current = _locked(assessment)
        after = intake.answers_after(intake.from_plain(current.answers), answers, content)
        fields: dict[str, Any] = {"answers": {id: intake.to_plain(answer) for id, answer in after.items()}}
        if step is not None:
            fields |= _done(current, step, skipped=not answers)
        return _write(current, fields, " ".join(sorted(answers)), by, now, version)


def finish_assessment(*, assessment: Assessment, decision: Decision | None, by: Actor, now: dt.datetime) -> Assessment:
    """Closes it. From then on it never changes. Finishing twice is finishing once."""
    check_may(by, "record_assessment")
    with transaction.atomic():
        current = _locked(assessment)
        if current.state == Assessment.State.FINISHED:
            return current
        if next_step(current, decision) is not None:
            raise NotAllowed("Some steps are still open. You can skip most of them.")
        _update_open(current, state=Assessment.State.FINISHED, finished_at=now)
        audit.record(
            by=by, action="finish_assessment", now=now, object_kind="assessment", object_uuid=current.uuid,
            profile=current.profile, tasks=len(current.tasks),
        )  # fmt: skip
    return current


def _locked(assessment: Assessment) -> Assessment:
    Profile.objects.select_for_update().get(pk=assessment.profile_id)
    return Assessment.objects.select_related("profile").get(pk=assessment.pk)


def _write(
    current: Assessment, fields: dict[str, Any], step: str, by: Actor, now: dt.datetime, version: int
) -> Assessment:
    if all(getattr(current, name) == value for name, value in fields.items()):
        return current
    policies.check_can_assess(current, version)
    _update_open(current, **fields)
    audit.record(
        by=by, action="record_assessment", now=now, object_kind="assessment", object_uuid=current.uuid,
        profile=current.profile, step=step, version=current.version,
    )  # fmt: skip
    return current


def _update_open(assessment: Assessment, **fields: Any) -> None:
    new_version = assessment.version + 1
    rows = Assessment.objects.filter(
        pk=assessment.pk, version=assessment.version, state=Assessment.State.IN_PROGRESS
    ).update(version=new_version, **fields)  # fmt: skip
    if rows != 1:
        raise Conflict(policies.CHANGED_MEANWHILE)
    for name, value in fields.items():
        setattr(assessment, name, value)
    assessment.version = new_version


# ---- what a step may hold ----------------------------------------------------------------------------------------


def _areas(value: Any) -> dict[str, Any]:
    return {"areas": _chosen(value, AREAS)}


def _equipment(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError("Choose from the list")
    return {
        "equipment": _chosen(value.get("equipment", []), EQUIPMENT),
        "positions_avoid": _chosen(value.get("positions_avoid", []), POSITIONS),
    }


def _chosen(value: Any, offered: tuple[str, ...]) -> list[str]:
    if not isinstance(value, list | tuple) or not set(value) <= set(offered):
        raise InputError("Choose from the list")
    return [item for item in offered if item in value]


def _activities(value: Any) -> dict[str, Any]:
    items = _read(value, tuple[Activity, ...])
    if len(items) > ACTIVITIES_MAX:
        raise InputError(f"Name up to {ACTIVITIES_MAX} activities", field="activities")
    for item in items:
        _check_words(item.words, "activities")
        _check_score(item.score, "activities")
    return {"activities": _plain(items)}


def _tasks(value: Any) -> dict[str, Any]:
    items = _read(value, tuple[Task, ...])
    known = default_content().load_rules
    categories = [item.category for item in items]
    if len(set(categories)) != len(categories) or not set(categories) <= set(known):
        raise InputError("Choose from the list", field="tasks")
    if len(items) > TASKS_MAX:
        raise InputError(f"Choose up to {TASKS_MAX} tasks. You can change them later", field="tasks")
    for item in items:
        _check_task(item)
    return {"tasks": _plain(items)}


def _check_task(task: Task) -> None:
    for minutes in (task.minutes_to_symptom, task.minutes_typical):
        _check_amount(minutes, MINUTES_MAX, "minutes", task.category)
    for kilograms in (task.kg_ok, task.kg_total):
        _check_amount(kilograms, KILOGRAMS_MAX, "kilograms", task.category)
    for score in (task.importance, task.provocation):
        _check_score(score, task.category)


def _day(value: Any) -> dict[str, Any]:
    day = _read(value, Day)
    for hours in (day.hours_sitting, day.hours_screen):
        if hours is not None and not 0 <= hours <= 24:
            raise InputError("Enter hours from 0 to 24", field="day")
    if day.words:
        _check_words(day.words, "day")
    return {"day": _plain(day)}


def _goals(value: Any) -> dict[str, Any]:
    goals = [" ".join(item.split()) for item in _read(value, tuple[str, ...])]
    if len(goals) > GOALS_MAX:
        raise InputError("Up to three things, one on each line. Take one away, or put two together", field="goals")
    for goal in goals:
        _check_words(goal, "goals")
    return {"goals": goals}


def _read(value: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise InputError("Something on this page could not be read") from error


def _plain(value: Any) -> Any:
    """As the store gives it back: lists, not tuples, or the same step sent twice would be two."""
    return msgspec.json.decode(msgspec.json.encode(value))


def _check_words(words: str, field: str) -> None:
    if not words.strip() or len(words) > WORDS_MAX or not words.isprintable():
        raise InputError(f"Use up to {WORDS_MAX} letters", field=field)


def _check_score(score: int | None, field: str) -> None:
    if score is not None and not 0 <= score <= 10:
        raise InputError("Choose a number from 0 to 10", field=field)


def _check_amount(amount: float | None, most: float, unit: str, field: str) -> None:
    if amount is not None and not 0 < amount <= most:
        raise InputError(f"Enter {unit} above 0, up to {most:g}", field=field)


_CHECKS: Final = {
    "areas": _areas,
    "activities": _activities,
    "tasks": _tasks,
    "amounts": _tasks,
    "day": _day,
    "equipment": _equipment,
    "goals": _goals,
}
