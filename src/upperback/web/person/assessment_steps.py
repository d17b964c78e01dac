"""The steps of the assessment as forms: their words, what came back, and what is shown."""

from collections.abc import Callable
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from upperback.care.plan.tasks import AMOUNTS_READ
from upperback.content.vocabulary import default_content
from upperback.services import assessments
from upperback.services.assessments import Assessment

TITLES: Final = {
    "tasks": gettext_lazy("Which of these bring the pain on?"),
    "amounts": gettext_lazy("How much can you do before it builds up?"),
    "equipment": gettext_lazy("What do you have at home?"),
    "activities": gettext_lazy("What do you want to do more easily?"),
    "areas": gettext_lazy("Where exactly does it hurt?"),
    "day": gettext_lazy("What is a usual day like?"),
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
    "lying": gettext_lazy("Lying down"),
    "floor": gettext_lazy("Getting down to the floor"),
    "standing": gettext_lazy("Standing for long"),
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
AMOUNT_WORDS: Final = {
    "minutes_to_symptom": gettext_lazy("Minutes until it starts to hurt more"),
    "minutes_typical": gettext_lazy("Minutes on a usual day"),
    "kg_ok": gettext_lazy("A weight that is fine in one go"),
    "kg_total": gettext_lazy("The whole weight on a usual day"),
    "provocation": gettext_lazy("How much does it stir up the pain?"),
    "importance": gettext_lazy("How much does it matter to you?"),
}
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
_LIFTED: Final = gettext_lazy("The weight you usually lift")
#: Ratings only put tasks in order, so they are asked where not all of them can come first.
_RATINGS: Final = ("provocation", "importance")
_FIRST_CONTROLS: Final = {"activities": "words1", "day": "words", "tasks": "tasks"}
_TOLD_AT_MOST: Final = 40

Errors = dict[str, str]


def error_line(control: str, message: str) -> dict[str, str]:
    """A line of the error summary: what it is about, and a link to the control."""
    task, _dash, name = control.rpartition("-")
    rule = default_content().load_rules.get(task)
    if rule is not None and name in AMOUNT_WORDS:
        words = _amount_words(name, rule.arithmetic)
        return {"text": f"{rule.title}. {words}: {message}", "href": f"#{control}"}
    whole = default_content().load_rules.get(control)
    if whole is not None:
        return {"text": f"{whole.title}: {message}", "href": f"#{control}-{AMOUNTS_READ[whole.arithmetic][0]}"}
    if control in HOURS_WORDS:
        return {"text": f"{HOURS_WORDS[control]}: {message}", "href": f"#{control}"}
    return {"text": message, "href": f"#{_FIRST_CONTROLS.get(control, control)}"}


# ---- what came back ----------------------------------------------------------------------------------------------


def read(step_id: str, posted: QueryDict, current: Assessment) -> tuple[object, Errors]:
    """What was sent for a step, and what is wrong with it by control."""
    errors: Errors = {}
    return _READERS[step_id](posted, current, errors), errors


def _read_areas(posted: QueryDict, current: Assessment, errors: Errors) -> object:
    return posted.getlist("areas")


def _read_activities(posted: QueryDict, current: Assessment, errors: Errors) -> object:
    found = []
    for number in range(1, assessments.ACTIVITIES_MAX + 1):
        words = " ".join(posted.get(f"words{number}", "").split())
        score = _whole(posted.get(f"score{number}", ""), f"score{number}", errors)
        if words and score is None:
            told = words if len(words) <= _TOLD_AT_MOST else words[:_TOLD_AT_MOST].rstrip() + "…"
            errors[f"score{number}"] = _("Choose a number from 0 to 10 for “%(words)s”") % {"words": told}
        elif score is not None and not words:
            errors[f"words{number}"] = _("Say what the score is for")
        elif words:
            found.append({"words": words, "score": score})
    return found


def _read_tasks(posted: QueryDict, current: Assessment, errors: Errors) -> object:
    known = {task["category"]: task for task in current.tasks}
    return [known.get(id, {"category": id}) for id in posted.getlist("tasks")]


def _read_amounts(posted: QueryDict, current: Assessment, errors: Errors) -> object:
    tasks = []
    for task in current.tasks:
        changed = dict(task)
        for name in AMOUNT_WORDS:
            control = f"{task['category']}-{name}"
            if control in posted:
                read_one = _whole if name in _RATINGS else _decimal
                changed[name] = read_one(posted.get(control, ""), control, errors)
        tasks.append({name: value for name, value in changed.items() if value is not None})
    return tasks


def _read_day(posted: QueryDict, current: Assessment, errors: Errors) -> object:
    day: dict[str, object] = {
        "kind": posted.get("kind") or None,
        "words": " ".join(posted.get("words", "").split()),
    }
    for name in HOURS_WORDS:
        hours = _decimal(posted.get(name, ""), name, errors)
        if hours is not None and not 0 <= hours <= 24:
            errors[name] = _("Enter hours from 0 to 24")
        day[name] = hours
    return {name: value for name, value in day.items() if value is not None}


def _read_equipment(posted: QueryDict, current: Assessment, errors: Errors) -> object:
    return {"equipment": posted.getlist("equipment"), "positions_avoid": posted.getlist("positions_avoid")}


def _read_goals(posted: QueryDict, current: Assessment, errors: Errors) -> object:
    return [line for line in posted.get("goals", "").splitlines() if line.strip()]


def _whole(text: str, control: str, errors: Errors) -> int | None:
    if text and not (text.isascii() and text.isdigit() and len(text) <= 2):
        errors[control] = _("Choose a number from 0 to 10")
        return None
    return int(text) if text else None


def _decimal(text: str, control: str, errors: Errors) -> float | None:
    text = text.strip().replace(",", ".")
    try:
        return float(text) if text else None
    except ValueError:
        errors[control] = _("Enter a number, for example 20")
        return None


_READERS: Final[dict[str, Callable[[QueryDict, Assessment, Errors], object]]] = {
    "areas": _read_areas,
    "activities": _read_activities,
    "tasks": _read_tasks,
    "amounts": _read_amounts,
    "day": _read_day,
    "equipment": _read_equipment,
    "goals": _read_goals,
}


# ---- what is shown -----------------------------------------------------------------------------------------------


def shown(current: Assessment, step_id: str, posted: QueryDict | None) -> dict[str, Any]:
    """What the page of a step needs: what was just sent, else what is stored."""
    return _SHOWN[step_id](current, posted)


def _show_areas(current: Assessment, posted: QueryDict | None) -> dict[str, Any]:
    return {"areas": AREA_WORDS, "chosen": posted.getlist("areas") if posted else current.areas}


def _show_activities(current: Assessment, posted: QueryDict | None) -> dict[str, Any]:
    rows = []
    for number in range(1, assessments.ACTIVITIES_MAX + 1):
        kept = current.activities[number - 1] if number <= len(current.activities) else {}
        words = posted.get(f"words{number}", "") if posted else kept.get("words", "")
        score = posted.get(f"score{number}", "") if posted else kept.get("score")
        rows.append({"number": number, "words": words, "score": score if score != "" else None})
    return {"activities": rows}


def _show_tasks(current: Assessment, posted: QueryDict | None) -> dict[str, Any]:
    items = [{"value": rule.id, "text": rule.title} for rule in default_content().load_rules.values()]
    chosen = posted.getlist("tasks") if posted else [task["category"] for task in current.tasks]
    return {"items": items, "chosen": chosen}


def _show_amounts(current: Assessment, posted: QueryDict | None) -> dict[str, Any]:
    content = default_content()
    wanted = assessments.amounts_wanted(current, content)
    rated = _RATINGS if len(current.tasks) > content.limit("tasks_changed_first") else ()
    rows = []
    for task in current.tasks:
        id = task["category"]
        if id not in wanted:
            continue
        rule = content.load_rules[id]
        names = [*AMOUNTS_READ[rule.arithmetic], *rated]
        amounts = [
            {
                "control": f"{id}-{name}",
                "words": _amount_words(name, rule.arithmetic),
                "unit": None if name in _RATINGS else _("kg") if name.startswith("kg") else _("minutes"),
                "given": posted.get(f"{id}-{name}", "") if posted else _number(task.get(name)),
            }
            for name in names
        ]
        rows.append({"title": rule.title, "amounts": amounts})
    return {"tasks": rows}


def _show_day(current: Assessment, posted: QueryDict | None) -> dict[str, Any]:
    names = ("kind", "hours_sitting", "hours_screen", "words")
    given = {name: posted.get(name, "") for name in names} if posted else current.day
    return {"kinds": _items(DAY_WORDS), "given": given, "hours": HOURS_WORDS}


def _show_equipment(current: Assessment, posted: QueryDict | None) -> dict[str, Any]:
    return {
        "equipment": _items(EQUIPMENT_WORDS),
        "positions": _items(POSITION_WORDS),
        "chosen": posted.getlist("equipment") if posted else current.equipment,
        "avoided": posted.getlist("positions_avoid") if posted else current.positions_avoid,
    }


def _show_goals(current: Assessment, posted: QueryDict | None) -> dict[str, Any]:
    return {"goals": posted.get("goals", "") if posted else "\n".join(current.goals)}


_SHOWN: Final[dict[str, Callable[[Assessment, QueryDict | None], dict[str, Any]]]] = {
    "areas": _show_areas,
    "activities": _show_activities,
    "tasks": _show_tasks,
    "amounts": _show_amounts,
    "day": _show_day,
    "equipment": _show_equipment,
    "goals": _show_goals,
}


def _amount_words(name: str, arithmetic: str) -> str:
    return str(_LIFTED if (name, arithmetic) == ("kg_total", "start_weight") else AMOUNT_WORDS[name])


def _items(words: dict[str, Any]) -> list[dict[str, str]]:
    return [{"value": value, "text": str(text)} for value, text in words.items()]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
