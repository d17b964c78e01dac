"""The assessment: first what the plan is made from, then what shows change at six weeks and can wait."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from upperback.care import intake
from upperback.care.intake import Answer
from upperback.content.models import Question
from upperback.content.vocabulary import default_content
from upperback.core.errors import Conflict, InputError, NotFound
from upperback.services import assessments, plans
from upperback.services.actors import Actor
from upperback.services.assessments import Assessment
from upperback.services.people import Profile
from upperback.services.screening import Decision
from upperback.services.today import local_day
from upperback.web.person import assessment_steps as steps
from upperback.web.person import session
from upperback.web.person.check import read_version
from upperback.web.person.forms import error_line, field_of, intro_of, read_answer
from upperback.web.person.page import for_person, show


@require_POST
@for_person
def begin(request: HttpRequest, profile: Profile) -> HttpResponse:
    """Starts the assessment, or goes on with the open one."""
    by, now = session.actor_of(request), session.now()
    _check_road(profile, by)
    assessments.start_assessment(profile=profile, by=by, now=now)
    return redirect("assessment")


@require_safe
@for_person
def assessment(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/assessment/`: on to the next page; without an open assessment to the page that can start one."""
    by = session.actor_of(request)
    decision = _check_road(profile, by)
    current = assessments.open_assessment(profile=profile, by=by)
    if current is None:
        return redirect("plan")
    step = assessments.next_step(current, decision)
    return redirect("assessment_step", step.id if step is not None else assessments.STEPS[-1])


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def step_page(request: HttpRequest, profile: Profile, step_id: str) -> HttpResponse:
    """One page: a step, or questions of the content. After the last one the plan is made."""
    by = session.actor_of(request)
    decision = _check_road(profile, by)
    current = assessments.open_assessment(profile=profile, by=by)
    if current is None:
        return redirect("assessment")
    answers = assessments.all_answers(current, decision)
    questions = assessments.questions_on(step_id, answers, default_content())
    if step_id not in assessments.STEPS and not questions:
        raise NotFound("there is no such page")
    if step_id == "amounts" and not assessments.amounts_wanted(current, default_content()):
        return redirect("assessment")
    errors: dict[str, str] = {}
    status = 200
    if request.method == "POST":
        try:
            saved, errors = _save(request, current, step_id, questions)
            if not errors:
                return redirect(_ahead(request, saved, decision, profile))
            status, current = 422, saved
        except InputError as problem:
            errors, status = {str(problem.details.get("field", "main")): _(problem.message)}, 422
        except Conflict as problem:
            errors, status = {"main": _(problem.message)}, 409
            current = assessments.open_assessment(profile=profile, by=by) or current
    posted = request.POST if request.method == "POST" else None
    context = _frame(current, step_id, decision) | {"profile": profile}
    if questions:
        context |= _questions(current, step_id, questions, profile, posted, errors)
    else:
        context |= steps.shown(current, step_id, posted) | {"errors_by_control": errors}
        context["errors"] = [steps.error_line(control, message) for control, message in errors.items()]
    context["has_errors"] = bool(errors)
    template = "questions" if questions else step_id
    return show(request, f"person/assessment_{template}.jinja", context, status=status)


def _check_road(profile: Profile, by: Actor) -> Decision:
    """The result these questions build upon. Raises NotAllowed where no plan can come of them."""
    now = session.now()
    return plans.check_plan_may_come(profile=profile, by=by, now=now, today=local_day(profile, now))


def _save(
    request: HttpRequest, current: Assessment, step_id: str, questions: tuple[Question, ...]
) -> tuple[Assessment, dict[str, str]]:
    """Saves what is right on the page; what is wrong by control."""
    by, now, version = session.actor_of(request), session.now(), read_version(request.POST)
    if questions:
        step = next((id for id in assessments.FOR_THE_REVIEW if id == step_id), None)
        # The plan does not wait for the review: what is left open there is skipped.
        asked = tuple(item for item in questions if step is None or any(request.POST.getlist(item.id)))
        answers, errors = _read_questions(request, asked)
        saved = assessments.record_assessment_answers(
            assessment=current, answers=answers, by=by, now=now, version=version, step=None if errors else step
        )
        return (saved, errors) if errors else (_finished_early(request, saved), {})
    value, errors = (None, {}) if "skip" in request.POST else steps.read(step_id, request.POST, current)
    if errors:
        return current, errors
    saved = assessments.record_assessment(
        assessment=current, step=step_id, value=value, by=by, now=now, version=version
    )
    return _finished_early(request, saved), {}


def _finished_early(request: HttpRequest, saved: Assessment) -> Assessment:
    """The rest skipped, where the person wants the plan now."""
    if "finish" not in request.POST:
        return saved
    return assessments.skip_the_rest(
        assessment=saved, by=session.actor_of(request), now=session.now(), version=saved.version
    )


def _ahead(request: HttpRequest, current: Assessment, decision: Decision | None, profile: Profile) -> str:
    """The address that comes next. After the last step the assessment is closed and the plan is made."""
    step = assessments.next_step(current, decision)
    if step is not None:
        return reverse("assessment_step", args=[step.id])
    by, now = session.actor_of(request), session.now()
    assessments.finish_assessment(assessment=current, decision=decision, by=by, now=now)
    plans.make_plan(profile=profile, by=by, now=now, today=local_day(profile, now))
    return reverse("plan")


def _read_questions(request: HttpRequest, questions: tuple[Question, ...]) -> tuple[dict[str, Answer], dict[str, str]]:
    content = default_content()
    answers: dict[str, Answer] = {}
    errors: dict[str, str] = {}
    for question in questions:
        try:
            answers[question.id] = read_answer(question, request.POST, question.id, content)
        except InputError as problem:
            errors[question.id] = _(problem.message)
    return answers, errors


# ---- what is shown -----------------------------------------------------------------------------------------------


def _frame(current: Assessment, step_id: str, decision: Decision | None) -> dict[str, Any]:
    road = _road(current, decision)
    for_review = step_id in assessments.FOR_THE_REVIEW
    part = [id for id in road if (id in assessments.FOR_THE_REVIEW) == for_review]
    place = part.index(step_id) + 1 if step_id in part else 1
    words = _("For your review: %(step)s of %(steps)s") if for_review else _("Step %(step)s of %(steps)s")
    return {
        "version": current.version,
        "title": steps.TITLES.get(step_id),
        "can_skip": step_id in assessments.FOR_THE_PLAN,
        "can_finish": for_review and step_id != assessments.STEPS[-1],
        "submit_text": _("Make my plan") if step_id == assessments.STEPS[-1] else None,
        "back_href": _back(road, step_id),
        "part": place,
        "parts": len(part),
        "progress_words": words % {"step": place, "steps": len(part)},
    }


def _road(current: Assessment, decision: Decision | None) -> list[str]:
    """All pages from here to the plan, in order."""
    content = default_content()
    wanted = assessments.amounts_wanted(current, content)
    first = [id for id in assessments.FOR_THE_PLAN if id != "amounts" or wanted]
    pages = assessments.question_pages(assessments.all_answers(current, decision), content)
    return [*first, *pages, *assessments.FOR_THE_REVIEW]


def _back(road: list[str], step_id: str) -> str:
    place = road.index(step_id) if step_id in road else 0
    return reverse("assessment_step", args=[road[place - 1]]) if place else reverse("home")


def _questions(
    current: Assessment,
    step_id: str,
    questions: tuple[Question, ...],
    profile: Profile,
    posted: Any,
    errors: dict[str, str],
) -> dict[str, Any]:
    content = default_content()
    stored = intake.from_plain(current.answers)
    page = intake.page_of(questions[0].id, content)
    fields = [
        field_of(
            question, content, name=question.id, proxy=profile.is_proxy, answer=stored.get(question.id),
            posted=posted, error=errors.get(question.id),
        )
        for question in questions
    ]  # fmt: skip
    lines = [error_line(field) for field in fields if field.error]
    if "main" in errors:
        lines.insert(0, {"text": errors["main"], "href": "#main"})
    together = step_id == page.id and page.is_shared
    return {
        "fields": fields,
        "title": page.title if together else fields[0].label,
        "together": together,
        "intro": intro_of(page, proxy=profile.is_proxy) if together else None,
        "errors": lines,
    }
