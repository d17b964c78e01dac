"""The safety check: before it starts, the emergency page, one idea a page, check your answers."""

from collections.abc import Mapping
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from upperback.care import intake
from upperback.care.intake import Answer
from upperback.content.models import Question
from upperback.content.vocabulary import Content, default_content
from upperback.core.errors import Conflict, InputError, NotFound
from upperback.services import journey, screening
from upperback.services.people import Profile
from upperback.services.screening import Screening
from upperback.web.person import session
from upperback.web.person.forms import (
    Field,
    error_line,
    field_of,
    intro_of,
    offered_beside_none,
    read_answer,
    says_no,
    shown_answer,
)
from upperback.web.person.page import filled, for_person, onward, show

FROM_ANSWERS = "answers"


@require_safe
@for_person
def home(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/home/`: where this person goes on."""
    return redirect(onward(_state(request, profile))[0])


@require_safe
@for_person
def check(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/check/`: what this is, what it is not, and the button that starts it."""
    state = _state(request, profile)
    return show(request, "person/check_start.jinja", {"profile": profile, "state": state})


@require_POST
@for_person
def start(request: HttpRequest, profile: Profile) -> HttpResponse:
    """Starts a safety check, or goes on with the open one."""
    begun = screening.start_screening(profile=profile, by=session.actor_of(request), now=session.now())
    return redirect(place_of(begun))


@require_safe
@for_person
def next_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/check/next/`: the page that comes next in the open safety check."""
    current = _open(request, profile)
    return redirect(place_of(current) if current is not None else "check")


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def part_page(request: HttpRequest, profile: Profile, page_id: str) -> HttpResponse:
    """Questions that stand together, such as the emergency page. It stops as soon as an emergency rule fires."""
    content = default_content()
    page = intake.shared_page(page_id, content, "screen")
    current = _open(request, profile)
    if page is None:
        raise NotFound("there is no such page")
    if current is None:
        return _nothing_open(request)
    if request.method != "POST":
        return _show_part(request, profile, current, page, content)
    answers, errors = _read_part(page, request.POST, current, content)
    stops = bool(intake.fired_emergencies(_as_shown(page, answers, current), content))
    if request.headers.get("X-Upperback-Ask") == "stop":
        return JsonResponse({"stop": stops})
    stored = intake.from_plain(current.answers)
    if errors and not stops and intake.fired_emergencies(stored | answers, content):
        # Somebody takes back a tick that they made before: it is not told to them again as what they said.
        return _show_part(request, profile, current, page, content, request.POST, errors)
    try:
        after = _record(request, current, answers)
    except Conflict as error:
        return _show_part(request, profile, _again(request, profile), page, content, request.POST, {}, _(error.message))
    if errors and after.state == Screening.State.IN_PROGRESS:
        return _show_part(request, profile, after, page, content, request.POST, errors)
    return redirect(_after(request, after))


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def question_page(request: HttpRequest, profile: Profile, question_id: str) -> HttpResponse:
    """One question, one page."""
    content = default_content()
    current = _open(request, profile)
    if question_id not in content.questions:
        raise NotFound("there is no such page")
    if current is None:
        return _nothing_open(request)
    question = content.questions[question_id]
    answers = intake.from_plain(current.answers)
    if question not in intake.visible_questions(answers, content):
        return redirect(place_of(current))
    simpler = _asked_simpler(question, answers, content)
    if request.method != "POST":
        return _show_question(request, profile, current, question, content, simpler)
    given = answers.get(question.id)
    asked_before = given is not None and given.simpler
    try:
        answer = read_answer(question, request.POST, "answer", content, simpler=simpler or asked_before)
        after = _record(request, current, {question.id: answer})
    except InputError as error:
        return _show_question(request, profile, current, question, content, simpler, request.POST, _(error.message))
    except Conflict as error:
        latest = _again(request, profile)
        return _show_question(
            request, profile, latest, question, content, simpler, request.POST, conflict=_(error.message)
        )
    return redirect(_after(request, after))


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def answers_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    """All answers at a glance, each with a way to change it; then the result."""
    content = default_content()
    current = _open(request, profile)
    if current is None:
        return redirect("home")
    answers = intake.from_plain(current.answers)
    if intake.next_question(answers, content) is not None:
        return redirect(place_of(current))
    if request.method == "POST":
        if read_version(request.POST) != current.version:
            raise Conflict(screening.CHANGED_MEANWHILE)
        decision = screening.finish_screening(
            screening=current, by=session.actor_of(request), now=session.now(),
            still_hold="still_hold" in request.POST,
        )  # fmt: skip
        return redirect("result", decision.uuid)
    return show(
        request,
        "person/check_answers.jinja",
        {
            "parts_list": _answers_by_part(answers, profile),
            "version": current.version,
            "last_href": last_answered(current),
            "old_since": None if screening.answers_hold(current, session.now()) else current.answers_since,
        },
    )


def _answers_by_part(answers: Mapping[str, Answer], profile: Profile) -> list[dict[str, Any]]:
    """Each part with what was said there, and apart from it the questions that were answered with no."""
    content = default_content()
    visible = {question.id for question in intake.visible_questions(answers, content)}
    parts = []
    for section in intake.sections(content, "screen"):
        asked = [question for question in section.questions if question.id in visible]
        no = [question for question in asked if says_no(answers.get(question.id))]
        said = [question for question in asked if question not in no]
        if asked:
            parts.append({
                "id": section.id,
                "title": section.title,
                "said": [_row(question, answers, profile) for question in said],
                "no": [_row(question, answers, profile) for question in no],
            })  # fmt: skip
    return parts


# ---- the open check ----------------------------------------------------------------------------------------------


def _state(request: HttpRequest, profile: Profile) -> journey.State:
    return journey.current_state(profile=profile, by=session.actor_of(request), now=session.now())


def _open(request: HttpRequest, profile: Profile) -> Screening | None:
    """The open check. A page of the check never starts one by itself: that is what the start button is for."""
    return screening.open_screening(profile=profile, by=session.actor_of(request))


def _nothing_open(request: HttpRequest) -> HttpResponse:
    """No check is open: on to where this person stands; a form that comes too late is told so."""
    if request.method == "POST":
        raise Conflict(screening.ALREADY_FINISHED)
    return redirect("home")


def _again(request: HttpRequest, profile: Profile) -> Screening:
    """The open check as it is now, after another window wrote to it. When it is finished: a sentence says so."""
    latest = _open(request, profile)
    if latest is None:
        raise Conflict(screening.ALREADY_FINISHED)
    return latest


def _record(request: HttpRequest, current: Screening, answers: Mapping[str, Answer]) -> Screening:
    return screening.record_answers(
        screening=current,
        answers=answers,
        by=session.actor_of(request),
        now=session.now(),
        version=read_version(request.POST),
    )


def read_version(posted: QueryDict) -> int:
    """The version a page was made from; 0, which fits nothing, for anything else."""
    text = posted.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def place_of(current: Screening) -> str:
    """The address that comes next: the next question, all answers, or the result."""
    if current.state == Screening.State.FINISHED:
        return reverse("result", args=[current.decision.uuid])
    content = default_content()
    step = intake.next_question(intake.from_plain(current.answers), content)
    if step is None:
        return reverse("check_answers")
    return reverse("check_question", args=[step.question.id]) if step.simpler else _address(step.question, content)


def last_answered(current: Screening) -> str:
    """The address of the last question that has an answer."""
    content = default_content()
    answers = intake.from_plain(current.answers)
    answered = [question for question in intake.visible_questions(answers, content) if question.id in answers]
    return _address(answered[-1], content) if answered else place_of(current)


def _address(question: Question, content: Content) -> str:
    page = intake.page_of(question.id, content)
    if page.is_shared:
        return reverse("check_part", args=[page.id])
    return reverse("check_question", args=[question.id])


def _after(request: HttpRequest, current: Screening) -> str:
    place = place_of(current)
    coming_back = request.GET.get("from") == FROM_ANSWERS and place == reverse("check_answers")
    return f"{place}#{request.POST.get('row', '')}" if coming_back else place


def _asked_simpler(question: Question, answers: Mapping[str, Answer], content: Content) -> bool:
    answer = answers.get(question.id)
    return answer is not None and intake.asks_again(question, answer, content)


# ---- pages -------------------------------------------------------------------------------------------------------


def _read_part(
    page: intake.Page, posted: QueryDict, current: Screening, content: Content
) -> tuple[dict[str, Answer], dict[str, str]]:
    stored = intake.from_plain(current.answers)
    answers: dict[str, Answer] = {}
    errors: dict[str, str] = {}
    for question in page.questions:
        before = stored.get(question.id)
        try:
            answers[question.id] = read_answer(
                question, posted, question.id, content, simpler=before is not None and before.simpler
            )
        except InputError as error:
            errors[question.id] = _(error.message)
    return answers, errors


def _as_shown(page: intake.Page, answers: Mapping[str, Answer], current: Screening) -> dict[str, Answer]:
    """All answers as they are once this page is sent: what is open on it is open, whatever was said there before."""
    on_page = {question.id for question in page.questions}
    elsewhere = {id: answer for id, answer in intake.from_plain(current.answers).items() if id not in on_page}
    return elsewhere | dict(answers)


def _show_part(
    request: HttpRequest,
    profile: Profile,
    current: Screening,
    page: intake.Page,
    content: Content,
    posted: QueryDict | None = None,
    errors: Mapping[str, str] | None = None,
    conflict: str | None = None,
) -> HttpResponse:
    stored = intake.from_plain(current.answers)
    fields = [
        field_of(
            question, content, name=question.id, proxy=profile.is_proxy, answer=stored.get(question.id),
            posted=posted, error=(errors or {}).get(question.id),
        )
        for question in page.questions
    ]  # fmt: skip
    context = {
        "title": page.title,
        "intro": intro_of(page, proxy=profile.is_proxy),
        "fields": fields,
        "version": current.version,
        "back_href": _back(request, page.questions[0], stored, content),
        **_progress(page, content),
        **_errors(fields, conflict),
    }
    return show(request, "person/check_part.jinja", context, status=_status(errors, conflict))


def _show_question(
    request: HttpRequest,
    profile: Profile,
    current: Screening,
    question: Question,
    content: Content,
    simpler: bool,
    posted: QueryDict | None = None,
    error: str | None = None,
    conflict: str | None = None,
) -> HttpResponse:
    answers = intake.from_plain(current.answers)
    page = intake.page_of(question.id, content)
    given = answers.get(question.id)
    if simpler and given is not None:  # what was ticked stays ticked, or the second time would lose it
        given = msgspec.structs.replace(given, not_sure=False)
    field = field_of(
        question, content, name="answer", proxy=profile.is_proxy, simpler=simpler, answer=given, posted=posted,
        error=error,
    )  # fmt: skip
    context = {
        "field": field,
        "profile": profile,
        "simpler": simpler,
        "intro": intro_of(page, proxy=profile.is_proxy),
        "row": question.id,
        "version": current.version,
        "back_href": _back(request, question, answers, content),
        **_progress(page, content),
        **_errors([field], conflict),
    }
    return show(request, "person/check_question.jinja", context, status=_status(error, conflict))


def _status(error: object, conflict: str | None) -> int:
    return 409 if conflict else 422 if error else 200


def _errors(fields: list[Field], conflict: str | None) -> dict[str, Any]:
    errors = [error_line(field) for field in fields if field.error]
    if conflict:
        errors.insert(0, {"text": conflict, "href": "#main"})
    return {"errors": errors, "has_errors": bool(errors)}


def _progress(page: intake.Page, content: Content) -> dict[str, Any]:
    parts = intake.sections(content, "screen")
    part = parts.index(page.section) + 1
    return {"part": part, "parts": len(parts)}


def _back(request: HttpRequest, question: Question, answers: Mapping[str, Answer], content: Content) -> str:
    if request.GET.get("from") == FROM_ANSWERS:
        return reverse("check_answers") + f"#{question.id}"
    visible = intake.visible_questions(answers, content)
    place = visible.index(question)
    if place == 0:
        return reverse("check")
    return _address(visible[place - 1], content)


def _row(question: Question, answers: Mapping[str, Answer], profile: Profile) -> dict[str, Any]:
    answer = answers.get(question.id)
    content = default_content()
    # On a page with several questions the link leads to the one meant.
    control = f"#{question.id}" if intake.page_of(question.id, content).is_shared else ""
    text = question.summary or filled(question.text_proxy if profile.is_proxy else question.text)
    return {
        "id": question.id,
        "key": text,
        "value": shown_answer(question, answer, proxy=profile.is_proxy),
        "offered": offered_beside_none(question, answer, proxy=profile.is_proxy),
        "href": f"{_address(question, content)}?from={FROM_ANSWERS}{control}",
        "hidden": text,
    }
