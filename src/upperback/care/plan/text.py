"""The whole plan in plain words, ready to print."""

from collections.abc import Callable, Iterable, Iterator

from upperback.care.plan.build import Plan, PlannedExercise
from upperback.care.plan.tasks import Breaks, LoadChange
from upperback.care.plan.words import fill, listed
from upperback.content.models import Message

DAY_NAMES = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
_PHASE_TEXT = {"CALM": "phase_calm", "BUILD-light": "phase_build_light", "BUILD": "phase_build"}
_LIGHTS = ("light_green", "light_amber", "light_red", "light_settled")


def filler(plan: Plan, region: str | None = None) -> Callable[[str], str]:
    """Fills the names of services into a text, as they are called in the region."""
    services = plan.content.service_table(region)
    return lambda text: fill(text, services)


def plan_text(plan: Plan, region: str | None = None) -> str:
    """The plan as text with headings; the safety net is in it whatever else is."""
    sections = _open_plan(plan) if plan.allowed else _locked_plan(plan)
    blocks = ["\n".join([title, *lines]) for title, lines in sections if lines]
    return filler(plan, region)("\n\n".join(blocks))


def _locked_plan(plan: Plan) -> Iterator[tuple[str, list[str]]]:
    disposition = plan.content.dispositions[plan.decision.disposition]
    yield "No exercise plan yet", [plan.gate.locked_because or ""]
    if "incomplete" not in plan.gate.locked_by:
        yield disposition.title, [disposition.action, disposition.when_text]
        yield "Until then", _points(disposition.comfort.values())
        yield "Please do not", _points(disposition.do_not.values())
    yield from _messages(plan.safety_net)


def _open_plan(plan: Plan) -> Iterator[tuple[str, list[str]]]:
    yield "Your plan", _intro(plan)
    yield "First change what stirs it up", [line for change in plan.load_changes for line in _change(change)]
    yield "Breaks", _breaks(plan.breaks)
    yield from _desk(plan)
    yield "Movement, little and often", [line for item in _kind(plan, "movement") for line in _exercise(item)]
    yield _strength_title(plan), [line for item in _kind(plan, "strength") for line in _exercise(item)]
    yield "How much pain is all right", _points([plan.content.dose_texts[id].text for id in _LIGHTS])
    yield "What fits you", _points(_advice(plan))
    yield "Not in your plan", _points(_left_out(plan))
    yield "If it flares up", _points(_group(plan, "flare"))
    yield "Stop at once", _points(_group(plan, "stop_sign"))
    yield from _messages(tuple(message for message in plan.messages if message.id != "review_date"))
    yield from _messages(plan.safety_net)
    yield "Your review", [f"We look back together on day {plan.review_day}. You can ask for help before, at any time."]


def _intro(plan: Plan) -> list[str]:
    assert plan.phase is not None, "an open plan has a phase"
    gently = plan.phase == "BUILD" and plan.gate.level == "gentle"
    phase = plan.content.dose_texts[_PHASE_TEXT["BUILD-light" if gently else plan.phase]]
    level = plan.content.dose_texts[f"irritability_{plan.irritability}"]
    lines = [f"{phase.title}. {phase.text}", *([] if gently else [level.text])]
    if plan.gate.level == "movement_only":
        waiting = "Until you have been seen: these movements only, inside what is comfortable. No strength work yet."
        disposition = plan.content.dispositions[plan.decision.disposition]
        return [waiting, disposition.action, *lines[1:]]
    if plan.gate.level == "gentle":
        lines.append("Your plan begins gently until you have been seen." if plan.cleared_by is None else _CLEARED)
    return [plan.because, plan.pattern.told, plan.pattern.route, *lines]


_CLEARED = "Your plan begins gently, now that you have been checked."


def _change(change: LoadChange) -> list[str]:
    title = f"{change.name}. {change.why}" if change.first else f"{change.name}, later. {change.why}"
    later = [f"Later: {text}" for text in change.rule.build_back]
    sums = [f"{line.result} How we get there: {line.how}" if line.how else line.result for line in change.sums]
    return [title, *_points([*sums, *change.rule.change_now, *later])]


def _breaks(breaks: Breaks | None) -> list[str]:
    assert breaks is not None, "an open plan has breaks"
    return _points(
        [
            f"When you sit, move for up to {breaks.micro_s} seconds every {breaks.every_minutes} minutes.",
            f"Every {breaks.long_every_minutes} minutes, leave the screen for {breaks.long_minutes} minutes.",
            "Skipping one is fine. It is about variety, not about one right way to sit.",
        ]
    )


def _desk(plan: Plan) -> Iterator[tuple[str, list[str]]]:
    points = [plan.content.workstation[id] for id in plan.desk_points if plan.desk_named]
    yield "Your desk check", _points([f"{point.title}. {point.check} If not: {point.fix}" for point in points])


def _kind(plan: Plan, kind: str) -> list[PlannedExercise]:
    return [item for item in plan.exercises if item.exercise.kind == kind]


def _strength_title(plan: Plan) -> str:
    days = listed([DAY_NAMES[day] for day in plan.strength_days]) if plan.strength_days else ""
    return f"Strength, on {days}"


def _exercise(item: PlannedExercise) -> list[str]:
    steps = [f"{place}. {step}" for place, step in enumerate(item.exercise.steps, start=1)]
    changes = [f"For you: {how}" for how in item.how]
    title = f"{item.exercise.title}: {_dose(item)}"
    return [title, *(f"  {line}" for line in [item.why_short, *changes, *steps])]


def _dose(item: PlannedExercise) -> str:
    dose = item.dose
    held = f" of {dose.hold_s:g} seconds" if dose.hold_s is not None else ""
    if item.exercise.kind == "movement":
        return f"{dose.reps} {dose.unit}{held}, {dose.per_day} times a day."
    sets = "1 set" if dose.sets == 1 else f"{dose.sets} sets"
    days = "1 day" if dose.days_per_week == 1 else f"{dose.days_per_week} days"
    return f"{sets} of {dose.reps} {dose.unit}{held}, {dose.rest_s} seconds of rest between sets, {days} a week."


def _advice(plan: Plan) -> list[str]:
    pattern = list(plan.pattern.advice) if plan.gate.level != "movement_only" else []
    return pattern + [f"{item.caution.title}. {item.caution.advice}" for item in plan.cautions]


def _left_out(plan: Plan) -> list[str]:
    return [f"{plan.content.exercises[item.id].title}. {item.because}" for item in plan.left_out]


def _group(plan: Plan, group: str) -> list[str]:
    return [f"{item.title}. {item.text}" for item in plan.content.dose_texts.values() if item.group == group]


def _messages(messages: tuple[Message, ...]) -> Iterator[tuple[str, list[str]]]:
    for message in messages:
        yield message.title, _points(list(message.lines))


def _points(lines: Iterable[str]) -> list[str]:
    return [f"- {line}" for line in lines]
