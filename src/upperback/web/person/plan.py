"""The plan: the whole of it, shaping it, one exercise, and what a clinician said."""

import datetime as dt
import uuid
from dataclasses import asdict
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from markupsafe import Markup

from upperback.care.reading import page_about
from upperback.content.models import Exercise
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError, NotFound
from upperback.services import journey, pictures, plans, policies, progress, screening
from upperback.services.actors import Actor, public_id
from upperback.services.people import Profile
from upperback.services.plans import LEAVE_OUT, PlanVersion
from upperback.services.today import local_day
from upperback.web import downloads
from upperback.web.figures import moving_figure, still_figures
from upperback.web.languages import said
from upperback.web.person import session
from upperback.web.person.page import filled, for_person, services, show

DAY_NAMES: Final = {
    "mon": gettext_lazy("Monday"),
    "tue": gettext_lazy("Tuesday"),
    "wed": gettext_lazy("Wednesday"),
    "thu": gettext_lazy("Thursday"),
    "fri": gettext_lazy("Friday"),
    "sat": gettext_lazy("Saturday"),
    "sun": gettext_lazy("Sunday"),
}
CLINICIAN_NAMES: Final = {
    "gp": gettext_lazy("My GP"),
    "physiotherapist": gettext_lazy("A physiotherapist"),
    "doctor": gettext_lazy("A hospital doctor"),
    "surgical_team": gettext_lazy("My surgery team"),
    "nurse": gettext_lazy("A nurse"),
    "midwife": gettext_lazy("A midwife"),
    "clinician": gettext_lazy("Somebody else who treats me"),
}
_PHASES: Final = {"CALM": "phase_calm", "BUILD-light": "phase_build_light", "BUILD": "phase_build"}
LIGHTS: Final = {"light_green": "green", "light_amber": "amber", "light_red": "red"}


@require_safe
@for_person
def plan_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/plan/`: the whole plan; or, where there is none, why, and what to do."""
    by, now = session.actor_of(request), session.now()
    state = journey.current_state(profile=profile, by=by, now=now)
    if state.plan_open and state.plan is not None:
        context = _open_context(state.plan, profile) | {"now": _moved_on(state.plan, profile, by, now)}
        return show(request, "person/plan.jinja", context)
    if state.decision is None or state.screening is not None or state.alarmed:
        policies.check_can_plan(state.decision, state.screening, now, alarmed=state.alarmed)
    decision = state.decision
    today = local_day(profile, now)
    locked = plans.locked_plan(profile=profile, by=by, today=today)
    gate = locked.record if locked is not None else None
    if gate is None and decision is not None and decision.complete:
        gate = plans.preview(decision, today=today)
    if gate is not None and gate["allowed"] and not state.current:
        policies.check_can_plan(
            decision, state.screening, now, alarmed=state.alarmed
        )  # too old: a sentence and a new check
    if gate is not None and gate["allowed"]:
        policies.check_review_allows(waits=plans.waits_for_visit(profile))
    context = {
        "state": state,
        "gate": gate,
        "locked_plan": locked,
        "advice": decision.record["advice"] if decision is not None else None,
        "decision": decision,
        "contacts": services(decision.record["advice"]["contact"]) if decision is not None else [],
        "can_clear": decision is not None and plans.can_be_cleared(decision),
        "profile": profile,
    }
    return show(request, "person/plan_locked.jinja", context)


@require_safe
@for_person
def picture(request: HttpRequest, profile: Profile, sha256: str) -> HttpResponse:
    """`/plan/picture/SHA256/`: beside an exercise that a clinician wrote, or proposes."""
    return downloads.picture(pictures.picture_of(profile=profile, sha256=sha256, by=session.actor_of(request)))


@require_safe
@for_person
def pack(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/plan/pack/`: plan, exercises with their pictures, and when to get help, as one document for paper."""
    plan = plans.open_plan(profile=profile, by=session.actor_of(request))
    context = _open_context(plan, profile)
    exercises = default_content().exercises
    items = [*context["movement"], *context["strength"]]
    drawn = {item["id"]: Markup(still_figures(exercises[item["id"]])) for item in items}  # noqa: S704  our own drawing
    steps = {item["id"]: exercises[item["id"]].steps for item in items}
    days = [str(name) for name in DAY_NAMES.values()]
    more = {"drawn": drawn, "steps": steps, "days": days, "contacts": services(("emergency", "urgent_line"))}
    return show(request, "person/plan_pack.jinja", context | more)


@require_POST
@for_person
def make(request: HttpRequest, profile: Profile) -> HttpResponse:
    """Makes the plan from what is known now."""
    now = session.now()
    plans.make_plan(profile=profile, by=session.actor_of(request), now=now, today=local_day(profile, now))
    return redirect("plan")


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def shape(request: HttpRequest, profile: Profile) -> HttpResponse:
    """Keep, leave out, choose days. Nothing has to be kept and nothing is held back for it."""
    by = session.actor_of(request)
    plan = plans.open_plan(profile=profile, by=by)
    error = None
    if request.method == "POST":
        shown = plans.get_plan(profile=profile, plan_uuid=public_id(request.POST.get("plan", "")), by=by)
        ticked, had = request.POST.getlist("exercises"), request.POST.getlist("had")
        left_out = [*shown.choices.get(LEAVE_OUT, []), *(id for id in had if id not in ticked)]
        try:
            plans.shape_plan(
                plan=shown,
                keep=shown.choices.get("keep", []),
                drop=shown.choices.get("drop", []),
                leave_out=[id for id in left_out if id not in ticked],
                days=request.POST.getlist("days"),
                by=by,
                now=session.now(),
            )
            return redirect("plan")
        except InputError as problem:
            error = _(problem.message)
    context = _shape_context(plan, error) | {"profile": profile}
    return show(request, "person/plan_shape.jinja", context, status=422 if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def swap(request: HttpRequest, profile: Profile, exercise_id: str) -> HttpResponse:
    """Another exercise in its place: only ones that are safe for this person are offered."""
    by = session.actor_of(request)
    plan = plans.open_plan(profile=profile, by=by)
    if exercise_id not in {item["id"] for item in plan.record["exercises"]}:
        return redirect("plan")
    content = default_content()
    offered = plans.swaps(plan, exercise_id)
    error = None
    if request.method == "POST":
        chosen = request.POST.get("instead", "")
        if chosen in offered:
            shown = plans.get_plan(profile=profile, plan_uuid=public_id(request.POST.get("plan", "")), by=by)
            choices = shown.choices
            plans.shape_plan(
                plan=shown,
                keep=[id for id in choices.get("keep", []) if id != exercise_id] + [chosen],
                drop=[id for id in choices.get("drop", []) if id != chosen] + [exercise_id],
                leave_out=[id for id in choices.get(LEAVE_OUT, []) if id != chosen],
                days=choices.get("days", []),
                by=by,
                now=session.now(),
            )
            return redirect("plan")
        error = _("Choose one of the exercises")
    context = {
        "plan": plan,
        "exercise": content.exercises[exercise_id],
        "items": [
            {"value": id, "text": content.exercises[id].title, "hint": content.exercises[id].purpose} for id in offered
        ],
        "error": error,
        "errors": [{"text": error, "href": "#instead"}] if error else [],
        "has_errors": bool(error),
    }
    return show(request, "person/plan_swap.jinja", context, status=422 if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def exercise_page(request: HttpRequest, profile: Profile, exercise_id: str) -> HttpResponse:
    """One exercise of the plan: steps, figure, words. Only while the plan is open, and only what is in it.

    Sent back, it is the person's own step with a strength exercise: easier, or harder where the last session allows.
    """
    by, now = session.actor_of(request), session.now()
    plan = plans.open_plan(profile=profile, by=by)
    error = None
    if request.method == "POST":
        try:
            progress.change_step(
                profile=profile, planned=exercise_id, direction="harder" if "harder" in request.POST else "easier",
                client_id=public_id(request.POST.get("client_id", "")), by=by, now=now,
            )  # fmt: skip
            return redirect(reverse("exercise", args=[exercise_id]) + "#amount")
        except InputError as problem:
            error = _(problem.message)
    item = next((item for item in plan.record["exercises"] if item["id"] == exercise_id), None)
    content = default_content()
    if item is None or exercise_id not in content.exercises:
        raise NotFound("this exercise is not in the plan")
    exercise = content.exercises[exercise_id]
    context = {
        "profile": profile,
        "item": item,
        "exercise": exercise,
        "dose": dose_words(item),
        "amount": _amount_now(profile, exercise_id, by, now) if item["kind"] == "strength" else None,
        "error": error,
        "has_errors": bool(error),
        "client_id": uuid.uuid4(),
        "move": Markup(moving_figure(exercise)),  # noqa: S704  our own drawing, escaped where it is made
        "still": Markup(still_figures(exercise)),  # noqa: S704
        "easier": [_variant(variant) for variant in exercise.easier],
        "harder": [_variant(variant) for variant in exercise.harder],
        "sources": cited(item["source"]),
        "lights": _lights(),
        "stops": _group("stop_sign"),
    }
    return show(request, "person/exercise.jinja", context, status=422 if error else 200)


def _moved_on(plan: PlanVersion, profile: Profile, by: Actor, now: dt.datetime) -> dict[str, str]:
    """By exercise: where it stands today, in words, if that is not where the plan began."""
    began = {item["id"]: (item["sets"], item["reps"]) for item in plan.record["exercises"]}
    found = {}
    for one in progress.training_today(profile=profile, by=by, now=now, plan=plan).prescribed:
        amount = amount_words(asdict(one.step))
        if one.step.exercise != one.planned:
            found[one.planned] = f"{default_content().exercises[one.step.exercise].title}, {amount}"
        elif (one.step.sets, one.step.reps) != began.get(one.planned):
            found[one.planned] = amount
    return found


def _amount_now(profile: Profile, planned: str, by: Actor, now: dt.datetime) -> str | None:
    """Where a strength exercise of the plan stands today, in words; None where it waits."""
    steps = {one.planned: one.step for one in progress.prescribed_today(profile=profile, by=by, now=now)}
    return amount_words(asdict(steps[planned])) if planned in steps else None


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def clearance(request: HttpRequest, profile: Profile, decision_uuid: str) -> HttpResponse:
    """ "A clinician has checked this and is happy for me to exercise": the day and who it was."""
    by, now = session.actor_of(request), session.now()
    decision = screening.get_decision(profile=profile, decision_uuid=public_id(str(decision_uuid)), by=by)
    today = local_day(profile, now)
    error, field = None, ""
    if request.method == "POST":
        try:
            cleared_on = _cleared_on(request.POST)
            plans.record_clearance(
                decision=decision, cleared_on=cleared_on, role=request.POST.get("role", ""), by=by, now=now, today=today
            )
            return redirect("plan")
        except InputError as problem:
            error, field = _(problem.message), problem.details.get("field", "role")
    posted = request.POST
    context = {
        "profile": profile,
        "decision": decision,
        "roles": [{"value": id, "text": str(name)} for id, name in CLINICIAN_NAMES.items()],
        "given": {
            "role": posted.get("role"),
            "day": posted.get("day", ""),
            "month": posted.get("month", ""),
            "year": posted.get("year", ""),
            "agreed": "agreed" in posted,
        },
        "error": error,
        "field": field,
        "errors": [_clearance_line(field, error)] if error else [],
        "has_errors": bool(error),
        "can_clear": plans.can_be_cleared(decision),
        "example": today,
    }
    return show(request, "person/clearance.jinja", context, status=422 if error else 200)


def _clearance_line(field: str, error: str) -> dict[str, str]:
    """A line of the error summary: the question, what to do, and a link to its first control."""
    asked = {"role": _("Who has seen you?"), "date": _("On which day?")}.get(field)
    return {"text": f"{asked} {error}" if asked else error, "href": f"#{'day' if field == 'date' else field}"}


def _cleared_on(posted: Any) -> dt.date:
    if "agreed" not in posted:
        raise InputError(_("Tick the box if this is what they said"), field="agreed")
    try:
        return dt.date(*(int(posted.get(name, "")) for name in ("year", "month", "day")))
    except (ValueError, OverflowError):
        raise InputError(_("Enter a day, month and year"), field="date") from None


# ---- what is shown -----------------------------------------------------------------------------------------------


def dose_words(item: dict[str, Any], *, once: bool = False, rest: bool = True) -> str:
    """How much, in words: "3 sets of 8 slow repetitions, 60 seconds of rest between sets, 3 days a week".

    once: for one turn; how often is left out. rest: whether the rest between sets is named.
    """
    held = _(" of %(seconds)s seconds") % {"seconds": f"{item['hold_s']:g}"} if item["hold_s"] else ""
    amount = f"{item['reps']} {said(item['unit'])}{held}"
    if item["kind"] == "movement" and once:
        return amount
    if item["kind"] == "movement":
        times = ngettext("%(n)s time a day", "%(n)s times a day", item["per_day"]) % {"n": item["per_day"]}
        return f"{amount}, {times}"
    sets = ngettext("%(n)s set of", "%(n)s sets of", item["sets"]) % {"n": item["sets"]}
    days = ngettext("%(n)s day a week", "%(n)s days a week", item["days_per_week"]) % {"n": item["days_per_week"]}
    resting = _("%(seconds)s seconds of rest between sets") % {"seconds": item["rest_s"]}
    pause = resting if rest and item["sets"] > 1 else ""
    return ", ".join(part for part in (f"{sets} {amount}", pause, "" if once else days) if part)


def amount_words(step: dict[str, Any]) -> str:
    """How much a step is, in short: "3 × 10, light band"."""
    words = _("%(sets)s × %(reps)s") % {"sets": step["sets"], "reps": step["reps"]}
    words = words.replace(" ", "\N{NO-BREAK SPACE}")  # a line does not end inside it
    if step["load_kg"]:
        words += _(", %(kg)s kg") % {"kg": f"{step['load_kg']:g}"}
    if step["band"]:
        bands = {"light": _("light band"), "medium": _("medium band"), "strong": _("strong band")}
        words += f", {bands[step['band']]}"
    return words


def cited(keys: list[str]) -> list[str]:
    """Sources as people can look them up."""
    known = default_content().sources
    return [known[key].citation for key in dict.fromkeys(keys) if key in known]


def _open_context(plan: PlanVersion, profile: Profile) -> dict[str, Any]:
    content = default_content()
    record = plan.record
    pattern = content.patterns[record["pattern"]]
    waits = record["level"] == "movement_only"
    exercises = [_exercise(item) for item in record["exercises"] if item["id"] in content.exercises]
    movement = [item for item in exercises if item["kind"] == "movement"]
    strength = [item for item in exercises if item["kind"] == "strength"]
    changes = [_change(change) for change in record["load_changes"] if change["id"] in content.load_rules]
    return {
        "plan": plan,
        "record": record,
        "profile": profile,
        "pattern": pattern,
        "pattern_page": page_about(pattern.id, content),
        "because": record.get("because") or pattern.because,
        "pattern_sources": cited(list(pattern.sources)),
        "advice": [] if waits else [filled(line) for line in pattern.advice],
        "phase": None if waits else _phase(record),
        "movement": movement,
        "times_a_day": _shared(movement, "per_day"),
        "strength": strength,
        "rest_s": _shared(strength, "rest_s"),
        "strength_days": [str(DAY_NAMES[day]) for day in record["strength_days"]],
        "is_left_a_day": not set(plan.choices.get("days", ())) <= set(record["strength_days"]),
        "changes": [change for change in changes if change["first"]],
        "changes_later": [change for change in changes if not change["first"]],
        "changes_why": _shared(changes, "why"),
        "breaks": record["breaks"],
        "desk": [content.workstation[id] for id in record["workstation"] if id in content.workstation],
        "cautions": record["caution_notes"],
        "left_out": [
            {"title": content.exercises[item["id"]].title, "because": item["because"]}
            for item in record["left_out"]
            if item["id"] in content.exercises
        ],
        "messages": _messages([id for id in record["messages"] if id != "review_date"]),
        "safety_net": _messages(record["safety_net"]),
        "review_on": plan.starts_on + dt.timedelta(days=record["review_day"]),
        "lights": _lights(),
        "flare": _group("flare"),
        "stops": _stops(),
    }


def _phase(record: dict[str, Any]) -> Any:
    """Words for where the plan starts; one that begins gently reads as the lighter phase."""
    gently = record["level"] == "gentle" and record["phase"] == "BUILD"
    return default_content().dose_texts["phase_build_light" if gently else _PHASES[record["phase"]]]


def _exercise(item: dict[str, Any]) -> dict[str, Any]:
    exercise: Exercise = default_content().exercises[item["id"]]
    return item | {
        "dose": dose_words(item),
        "dose_once": dose_words(item, once=True),
        "dose_short": dose_words(item, once=True, rest=False),
        "purpose": exercise.purpose,
        "sources": cited(item["source"]),
        "why": item.get("why_short") or item["why"],
    }


def _change(change: dict[str, Any]) -> dict[str, Any]:
    """A task: first what to do, then how it was worked out and what else helps."""
    rule = default_content().load_rules[change["id"]]
    now = [filled(line) for line in rule.change_now]
    sums = sums_of(change)
    return change | {
        "lead": [line["result"] for line in sums] or now[:1],
        "now": now if sums else now[1:],
        "how": [line["how"] for line in sums if line["how"]],
        "later": [filled(line) for line in rule.build_back],
        "sources": cited(change["source"]),
    }


def sums_of(change: dict[str, Any]) -> list[dict[str, str | None]]:
    """The sums of a change. Plans made before they came apart hold each as one sentence."""
    return [line if isinstance(line, dict) else {"result": line, "how": None} for line in change["sums"]]


def _shared(items: list[dict[str, Any]], key: str) -> Any:
    """What all of them have in common, else None: it is said once, above them."""
    values = {item[key] for item in items}
    return values.pop() if len(values) == 1 else None


def _stops() -> list[tuple[str, list[str]]]:
    """The stop signs by what to do about them."""
    found: dict[str, list[str]] = {}
    for sign in _group("stop_sign"):
        found.setdefault(filled(sign.text), []).append(sign.title)
    return list(found.items())


def _messages(ids: list[str]) -> list[dict[str, Any]]:
    known = default_content().messages
    return [
        {"id": id, "title": known[id].title, "lines": [filled(line) for line in known[id].lines],
         "services": services(known[id].contact)}
        for id in ids
        if id in known
    ]  # fmt: skip


def _variant(variant: Any) -> dict[str, Any]:
    other = default_content().exercises.get(variant.exercise) if variant.exercise else None
    return {"how": variant.how, "title": other.title if other else None}


def _lights() -> list[dict[str, str]]:
    known = default_content().dose_texts
    return [
        {"colour": colour, "title": known[id].title, "text": known[id].text}
        for id, colour in LIGHTS.items()
        if id in known
    ]


def _group(group: str) -> list[Any]:
    return [item for item in default_content().dose_texts.values() if item.group == group]


def _shape_context(plan: PlanVersion, error: str | None) -> dict[str, Any]:
    content = default_content()
    planned = [item["id"] for item in plan.record["exercises"]]
    left_out = plan.choices.get(LEAVE_OUT, [])
    return {
        "plan": plan,
        "items": [
            {"value": id, "text": content.exercises[id].title, "hint": content.exercises[id].purpose}
            for id in [*planned, *left_out]
            if id in content.exercises
        ],
        "planned": planned,
        "has_strength": any(item["kind"] == "strength" for item in plan.record["exercises"]),
        "days": [{"value": day, "text": str(name)} for day, name in DAY_NAMES.items()],
        "chosen_days": plan.choices.get("days") or plan.record["strength_days"],
        "error": error,
        "errors": [{"text": error, "href": "#exercises"}] if error else [],
        "has_errors": bool(error),
    }
