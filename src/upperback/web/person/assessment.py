"""The assessment: where it hurts, what matters, what sets it off, what the day and the home allow."""

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from upperback.care import intake
from upperback.content.vocabulary import default_content
from upperback.core.errors import Conflict, InputError, NotFound
from upperback.services import assessments, plans, policies
from upperback.services.assessments import Assessment
from upperback.services.people import Profile
from upperback.services.today import local_day
from upperback.web.person import session
from upperback.web.person.check import FROM_ANSWERS, read_version
from upperback.web.person.forms import field_of, read_answer
from upperback.web.person.page import filled, for_person, show

TITLES: Final = {
    "areas": gettext_lazy("Where exactly does it hurt?"),
    "activities": gettext_lazy("What do you want to do more easily?"),
    "tasks": gettext_lazy("Which of these bring the pain on?"),
    "amounts": gettext_lazy("How much can you do before it builds up?"),
    "day": gettext_lazy("What is a usual day like?"),
    "equipment": gettext_lazy("What do you have at home?"),
    "goals": gettext_lazy("What would tell you that things are better?"),
}

EQUIPMENT_WORDS: Final = {
    "chair": gettext_lazy("A firm chair"),
    "wall": gettext_lazy("A free piece of wall"),
    "doorway": gettext_lazy("A doorway to lean into"),
    "mat": gettext_lazy("A mat, a carpet or a firm bed"),
    "band": gettext_lazy("An exercise band"),
    "weight": gettext_lazy("A small weight, or a full bottle"),
    "roller": gettext_lazy("A foam roller, or a rolled towel"),
    "stick": gettext_lazy("A stick or a broom handle"),
}
POSITION_WORDS: Final = {
    "lying": gettext_lazy("Lying down does not suit me"),
    "floor": gettext_lazy("Getting down to the floor does not suit me"),
    "standing": gettext_lazy("Standing for long does not suit me"),
}
DAY_WORDS: Final = {
    "desk": gettext_lazy("Mostly at a desk or a screen"),
    "driving": gettext_lazy("Mostly driving"),
    "manual": gettext_lazy("On my feet, lifting or carrying"),
    "caring": gettext_lazy("Looking after children or somebody else"),
    "mixed": gettext_lazy("A mix of these"),
    "none": gettext_lazy("At home, at my own pace"),
}
HOURS_WORDS: Final = {
    "hours_sitting": gettext_lazy("Hours of sitting on such a day"),
    "hours_screen": gettext_lazy("Hours at a screen, phone included"),
}
_FIRST_CONTROLS: Final = {"activities": "words1", "day": "words", "tasks": "main"}
_TOLD_AT_MOST: Final = 40
AREA_WORDS: Final = {
    "neck": gettext_lazy("Neck"),
    "left_shoulder": gettext_lazy("Left shoulder"),
    "right_shoulder": gettext_lazy("Right shoulder"),
    "left_upper": gettext_lazy("Left of the spine, high up"),
    "right_upper": gettext_lazy("Right of the spine, high up"),
    "left_blade": gettext_lazy("On the left shoulder blade"),
    "right_blade": gettext_lazy("On the right shoulder blade"),
    "left_blade_edge": gettext_lazy("Inner edge of the left shoulder blade"),
    "right_blade_edge": gettext_lazy("Inner edge of the right shoulder blade"),
    "left_middle": gettext_lazy("Left of the spine, in the middle"),
    "right_middle": gettext_lazy("Right of the spine, in the middle"),
    "left_lower": gettext_lazy("Left of the spine, just above the low back"),
    "right_lower": gettext_lazy("Right of the spine, just above the low back"),
    "left_ribs": gettext_lazy("Left ribs, at the side"),
    "right_ribs": gettext_lazy("Right ribs, at the side"),
}


@require_POST
@for_person
def begin(request: HttpRequest, profile: Profile) -> HttpResponse:
    """Starts the assessment, or goes on with the open one."""
    by, now = session.actor_of(request), session.now()
    policies.check_can_plan(plans.latest_decision(profile), plans.open_screening(profile), now)
    assessments.start_assessment(profile=profile, by=by, now=now)
    return redirect("assessment")


@require_safe
@for_person
def assessment(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/assessment/`: on to the next step; without an open assessment to the page that can start one."""
    by = session.actor_of(request)
    decision = plans.latest_decision(profile)
    policies.check_can_plan(decision, plans.open_screening(profile), session.now())
    current = assessments.open_assessment(profile=profile, by=by)
    if current is None:
        return redirect("plan")
    step = assessments.next_step(current, decision)
    return redirect("assessment_step", step.id) if step is not None else redirect("assessment_done")


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def done_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    """All steps at a glance; then the plan."""
    by, now = session.actor_of(request), session.now()
    decision = plans.latest_decision(profile)
    policies.check_can_plan(decision, plans.open_screening(profile), now)
    current = assessments.open_assessment(profile=profile, by=by)
    if current is None:
        return redirect("plan")
    if assessments.next_step(current, decision) is not None:
        return redirect("assessment")
    if request.method == "POST":
        assessments.finish_assessment(assessment=current, decision=decision, by=by, now=now)
        plans.make_plan(profile=profile, by=by, now=now, today=local_day(profile, now))
        return redirect("plan")
    return show(request, "person/assessment_done.jinja", {"rows": _rows(current, profile), "profile": profile})


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def step_page(request: HttpRequest, profile: Profile, step_id: str) -> HttpResponse:
    """One step, or one question of the content."""
    by = session.actor_of(request)
    decision = plans.latest_decision(profile)
    policies.check_can_plan(decision, plans.open_screening(profile), session.now())
    current = assessments.open_assessment(profile=profile, by=by)
    if current is None:
        return redirect("assessment")
    if step_id not in assessments.STEPS and step_id not in default_content().questions:
        raise NotFound("there is no such page")
    if step_id == "amounts" and not assessments.amounts_wanted(current, default_content()):
        return redirect("assessment")
    error: str | None = None
    field = ""
    status = 200
    if request.method == "POST":
        try:
            _save(request, current, step_id)
            return redirect("assessment")
        except InputError as problem:
            error, status, field = _(problem.message), 422, str(problem.details.get("field", ""))
        except Conflict as problem:
            error, status = _(problem.message), 409
            current = assessments.open_assessment(profile=profile, by=by) or current
    posted = request.POST if request.method == "POST" else None
    context = _frame(current, step_id, error, request, decision) | _filled_in(current, profile, step_id, posted, error)
    context["profile"] = profile
    if error and field and step_id in assessments.STEPS:
        context["errors"] = [_named(error, field)]
    return show(request, f"person/assessment_{_template(step_id)}.jinja", context, status=status)


def _named(error: str, field: str) -> dict[str, str]:
    """The line of the error summary: what it is about, and a link to the control."""
    rules = default_content().load_rules
    rule = next((rule for id, rule in rules.items() if field == id or field.startswith(f"{id}-")), None)
    if rule is not None:
        control = f"{field}-{'minutes_to_symptom' if 'minutes' in rule.amounts else 'kg_ok'}"
        return {"text": f"{rule.title}: {error}", "href": f"#{control if field == rule.id else field}"}
    if field in HOURS_WORDS:
        return {"text": f"{HOURS_WORDS[field]}: {error}", "href": f"#{field}"}
    return {"text": error, "href": f"#{_FIRST_CONTROLS.get(field, field)}"}


def _template(step_id: str) -> str:
    return step_id if step_id in assessments.STEPS else "question"


def _save(request: HttpRequest, current: Assessment, step_id: str) -> None:
    by, now, version = session.actor_of(request), session.now(), read_version(request.POST)
    if step_id not in assessments.STEPS:
        content = default_content()
        question = content.questions[step_id]
        answer = read_answer(question, request.POST, "answer", content)
        assessments.record_assessment_answer(
            assessment=current, question=step_id, answer=answer, by=by, now=now, version=version
        )
        return
    value = None if "skip" in request.POST else _READERS[step_id](request.POST, current)
    assessments.record_assessment(assessment=current, step=step_id, value=value, by=by, now=now, version=version)


# ---- what came back ----------------------------------------------------------------------------------------------


def _read_areas(posted: QueryDict, current: Assessment) -> object:
    return posted.getlist("areas")


def _read_activities(posted: QueryDict, current: Assessment) -> object:
    found = []
    for number in range(1, assessments.ACTIVITIES_MAX + 1):
        words = " ".join(posted.get(f"words{number}", "").split())
        score = posted.get(f"score{number}", "")
        if words and not score:
            raise InputError(
                _("Choose a number from 0 to 10 for “%(words)s”")
                % {"words": words if len(words) <= _TOLD_AT_MOST else words[:_TOLD_AT_MOST].rstrip() + "…"},
                field=f"score{number}",
            )
        if score and not words:
            raise InputError(_("Say what the score is for"), field=f"words{number}")
        if words:
            found.append({"words": words, "score": _whole(score)})
    return found


def _read_tasks(posted: QueryDict, current: Assessment) -> object:
    known = {task["category"]: task for task in current.tasks}
    return [known.get(id, {"category": id}) for id in posted.getlist("tasks")]


def _read_amounts(posted: QueryDict, current: Assessment) -> object:
    tasks = []
    for task in current.tasks:
        changed = dict(task)
        for name in ("minutes_to_symptom", "minutes_typical", "kg_ok", "kg_total"):
            key = f"{task['category']}-{name}"
            if key in posted:
                changed[name] = _decimal(posted.get(key, ""), key)
        for name in ("importance", "provocation"):
            key = f"{task['category']}-{name}"
            if posted.get(key):
                changed[name] = _whole(posted.get(key, ""))
        tasks.append({name: value for name, value in changed.items() if value is not None})
    return tasks


def _read_day(posted: QueryDict, current: Assessment) -> object:
    for name in HOURS_WORDS:
        hours = _decimal(posted.get(name, ""), name)
        if hours is not None and not 0 <= hours <= 24:
            raise InputError(_("Enter hours from 0 to 24"), field=name)
    return {
        name: value
        for name, value in {
            "kind": posted.get("kind") or None,
            "hours_sitting": _decimal(posted.get("hours_sitting", ""), "hours_sitting"),
            "hours_screen": _decimal(posted.get("hours_screen", ""), "hours_screen"),
            "words": " ".join(posted.get("words", "").split()),
        }.items()
        if value is not None
    }


def _read_equipment(posted: QueryDict, current: Assessment) -> object:
    return {"equipment": posted.getlist("equipment"), "positions_avoid": posted.getlist("positions_avoid")}


def _read_goals(posted: QueryDict, current: Assessment) -> object:
    return [line for line in posted.get("goals", "").splitlines() if line.strip()]


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 2):
        raise InputError(_("Choose a number from 0 to 10"))
    return int(text)


def _decimal(text: str, field: str) -> float | None:
    text = text.strip().replace(",", ".")
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise InputError(_("Enter a number, for example 20"), field=field) from None


_READERS: Final[dict[str, Callable[[QueryDict, Assessment], object]]] = {
    "areas": _read_areas,
    "activities": _read_activities,
    "tasks": _read_tasks,
    "amounts": _read_amounts,
    "day": _read_day,
    "equipment": _read_equipment,
    "goals": _read_goals,
}


# ---- what is shown -----------------------------------------------------------------------------------------------


def _frame(current: Assessment, step_id: str, error: str | None, request: HttpRequest, decision: Any) -> dict[str, Any]:
    total = _road(current, decision)
    place = total.index(step_id) + 1 if step_id in total else 1
    return {
        "version": current.version,
        "title": TITLES.get(step_id),
        "can_skip": step_id in assessments.STEPS,
        "back_href": _back(total, step_id, request),
        "error": error,
        "errors": [{"text": error, "href": "#main"}] if error else [],
        "has_errors": bool(error),
        "part": place,
        "parts": len(total),
        "progress_words": _("Step %(step)s of %(steps)s") % {"step": place, "steps": len(total)},
    }


def _road(current: Assessment, decision: Any) -> list[str]:
    content = default_content()
    answers = assessments.all_answers(current, decision)
    questions = [question.id for question in intake.visible_questions(answers, content, "assessment")]
    wanted = assessments.amounts_wanted(current, content)
    steps = [id for id in assessments.STEPS if id != "amounts" or wanted]
    return [*steps[:-1], *questions, steps[-1]]


def _back(road: list[str], step_id: str, request: HttpRequest) -> str:
    if request.GET.get("from") == FROM_ANSWERS:
        return reverse("assessment_done")
    place = road.index(step_id) if step_id in road else 0
    return reverse("assessment_step", args=[road[place - 1]]) if place else reverse("home")


def _filled_in(
    current: Assessment, profile: Profile, step_id: str, posted: QueryDict | None, error: str | None
) -> dict[str, Any]:
    content = default_content()
    match step_id:
        case "areas":
            return {"areas": AREA_WORDS, "chosen": posted.getlist("areas") if posted else current.areas}
        case "activities":
            return {"activities": _activity_rows(current, posted)}
        case "tasks":
            items = [
                {"value": rule.id, "text": rule.title, "hint": ", ".join(rule.tasks)}
                for rule in content.load_rules.values()
            ]
            chosen = posted.getlist("tasks") if posted else [task["category"] for task in current.tasks]
            return {"items": items, "chosen": chosen}
        case "amounts":
            return {"tasks": _amount_rows(current, posted)}
        case "day":
            given = (
                {name: posted.get(name, "") for name in ("kind", "hours_sitting", "hours_screen", "words")}
                if posted
                else current.day
            )
            return {"kinds": _items(DAY_WORDS), "given": given}
        case "equipment":
            return {
                "equipment": _items(EQUIPMENT_WORDS),
                "positions": _items(POSITION_WORDS),
                "chosen": posted.getlist("equipment") if posted else current.equipment,
                "avoided": posted.getlist("positions_avoid") if posted else current.positions_avoid,
            }
        case "goals":
            return {"goals": posted.get("goals", "") if posted else "\n".join(current.goals)}
    question = content.questions[step_id]
    field = field_of(
        question, content, name="answer", proxy=profile.is_proxy,
        answer=intake.from_plain(current.answers).get(question.id), posted=posted, error=error,
    )  # fmt: skip
    section = intake.section_of(question.id, content)
    intro = filled(section.intro) if section.intro and section.questions[0].id == question.id else None
    errors = {"errors": [{"text": error, "href": field.href}]} if error else {}
    return {"field": field, "title": field.label, "intro": intro} | errors


def _items(words: dict[str, Any]) -> list[dict[str, str]]:
    return [{"value": value, "text": str(text)} for value, text in words.items()]


def _activity_rows(current: Assessment, posted: QueryDict | None) -> list[dict[str, Any]]:
    rows = []
    for number in range(1, assessments.ACTIVITIES_MAX + 1):
        kept = current.activities[number - 1] if number <= len(current.activities) else {}
        words = posted.get(f"words{number}", "") if posted else kept.get("words", "")
        score = posted.get(f"score{number}", "") if posted else kept.get("score")
        rows.append({"number": number, "words": words, "score": score if score != "" else None})
    return rows


def _amount_rows(current: Assessment, posted: QueryDict | None) -> list[dict[str, Any]]:
    content = default_content()
    wanted = assessments.amounts_wanted(current, content)
    rows = []
    for task in current.tasks:
        id = task["category"]
        if id not in wanted:
            continue
        rule = content.load_rules[id]
        names = [*(["minutes_to_symptom", "minutes_typical"] if "minutes" in rule.amounts else []),
                 *(["kg_ok", "kg_total"] if "kg" in rule.amounts else []), "provocation", "importance"]  # fmt: skip
        given = {name: posted.get(f"{id}-{name}", "") if posted else _number(task.get(name)) for name in names}
        rows.append({"id": id, "title": rule.title, "names": names, "given": given})
    return rows


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _rows(current: Assessment, profile: Profile) -> list[dict[str, str]]:
    content = default_content()

    def listed(words: dict[str, Any], ids: list[str]) -> str:
        return "; ".join(str(words[id]) for id in ids if id in words)

    shown = {
        "areas": listed(_all_areas(), current.areas),
        "activities": "; ".join(
            _("%(words)s: %(score)s of 10") % {"words": item["words"], "score": item["score"]}
            for item in current.activities
        ),
        "tasks": "; ".join(
            content.load_rules[task["category"]].title
            for task in current.tasks
            if task["category"] in content.load_rules
        ),
        "day": str(DAY_WORDS.get(current.day.get("kind"), "")),
        "equipment": listed(EQUIPMENT_WORDS, current.equipment),
        "goals": "; ".join(current.goals),
    }
    return [
        {
            "key": str(TITLES[id]),
            "value": text or (_("Skipped") if id in current.skipped else _("Nothing named")),
            "href": reverse("assessment_step", args=[id]) + f"?from={FROM_ANSWERS}",
        }
        for id, text in shown.items()
    ]


def _all_areas() -> dict[str, Any]:
    levels = {f"t{number}": _("Spine, level %(number)s") % {"number": number} for number in range(1, 13)}
    return {**AREA_WORDS, **levels}
