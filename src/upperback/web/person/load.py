"""The load ledger: tasks that bring the pain on, a quick log, one change at a time, and a ladder for feared tasks."""

import uuid
from statistics import median
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from upperback.care.diary import TaskDone, kind_of
from upperback.care.ledger import Done, Trial
from upperback.care.load_follow import Measured
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError, NotFound
from upperback.services import ledger
from upperback.services.actors import public_id
from upperback.services.ledger import Followed, LedgerRow
from upperback.services.people import Profile
from upperback.services.today import local_day
from upperback.web.person import posted as sent
from upperback.web.person import session
from upperback.web.person.page import filled, for_person, show

_MINUTES_MOST: Final = 1440
_KILOGRAMS_MOST: Final = 200
_ROWS: Final = 30

#: What the time that was just written down says about the next one, by its light.
_SAVED: Final = {
    "green": {"colour": "green", "title": gettext_lazy("Saved. Fine, carry on like this.")},
    "amber": {"colour": "amber", "title": gettext_lazy("Saved. Keep an eye on it: no more than this next time.")},
    "red": {"colour": "red", "title": gettext_lazy("Saved. That was a lot. Do less next time, or split it.")},
}

_AMOUNTS: Final = {
    "minutes_to_symptom": (
        gettext_lazy("How long until the pain rises by 2 points?"), gettext_lazy("minutes"), _MINUTES_MOST,
    ),
    "minutes_typical": (gettext_lazy("How long do you do it on a usual day?"), gettext_lazy("minutes"), _MINUTES_MOST),
    "kg_ok": (gettext_lazy("How much can you carry at a time and be fine?"), "kg", _KILOGRAMS_MOST),
    "kg_total": (gettext_lazy("How much is it in all?"), "kg", _KILOGRAMS_MOST),
}  # fmt: skip


@require_safe
@for_person
def load_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/load/`: the tasks in the order in which to change them."""
    by = session.actor_of(request)
    rows = ledger.ledger(profile=profile, by=by)
    follows = ledger.plan_can_follow(profile=profile, by=by, now=session.now())
    context = {"profile": profile, "tasks": [_card(row) for row in rows], "follows": len(follows.changed)}
    return show(request, "person/load.jinja", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def follow(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/load/plan/`: amounts that the plan does not have yet, with their sums; they come in when the person agrees."""
    by, now = session.actor_of(request), session.now()
    if request.method == "POST":
        ledger.let_plan_follow(
            profile=profile, client_id=public_id(request.POST.get("client_id", "")), mark=request.POST.get("mark", ""),
            by=by, now=now,
        )  # fmt: skip
        return redirect(reverse("load_plan") + "?saved=1")
    found = ledger.plan_can_follow(profile=profile, by=by, now=now)
    context = {
        "profile": profile,
        "changed": [_followed(one) for one in found.changed],
        "shown": found.mark,
        "saved": "saved" in request.GET,
        "client_id": uuid.uuid4(),
    }
    return show(request, "person/load_plan.jinja", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def task(request: HttpRequest, profile: Profile, task_id: str) -> HttpResponse:
    """`/load/task/ID/`: the quick log, what was changed and whether it helped, every time it was done."""
    by, now = session.actor_of(request), session.now()
    row = next((one for one in ledger.ledger(profile=profile, by=by) if one.item.id == task_id), None)
    if row is None and task_id in default_content().load_rules:
        return redirect("load")  # a task of the plan that was taken off the list: Today still names it
    if row is None:
        raise NotFound("there is no such task here")
    problem = None
    if request.method == "POST":
        try:
            light = ledger.log_task(
                profile=profile, client_id=public_id(request.POST.get("client_id", "")), task_id=task_id,
                day=sent.past_day(request.POST, "day", local_day(profile, now), ledger.BACK_DAYS),
                told=_occasion(request.POST), by=by, now=now,
            )  # fmt: skip
            return redirect(reverse("load_task", args=[task_id]) + f"?saved={light.name.lower()}")
        except InputError as error:
            problem = error
    context = _task_context(profile, row, request.POST, problem)
    context["saved"] = _SAVED.get(request.GET.get("saved", "")) if problem is None else None
    return show(request, "person/load_task.jinja", context, status=400 if problem else 200)


@require_POST
@for_person
def change(request: HttpRequest, profile: Profile, task_id: str) -> HttpResponse:
    """`/load/task/ID/change/`: one change is started on a day."""
    by, now = session.actor_of(request), session.now()
    try:
        ledger.start_change(
            profile=profile, client_id=public_id(request.POST.get("client_id", "")), task_id=task_id,
            change_id=request.POST.get("change", ""),
            day=sent.past_day(request.POST, "since", local_day(profile, now), ledger.BACK_DAYS), by=by, now=now,
        )  # fmt: skip
    except InputError as problem:
        row = ledger.ledger_task(profile=profile, task_id=task_id, by=by)
        return show(request, "person/load_task.jinja", _task_context(profile, row, request.POST, problem), status=400)
    return redirect("load_task", task_id=task_id)


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def amounts(request: HttpRequest, profile: Profile, task_id: str | None = None) -> HttpResponse:
    """`/load/new/` and `/load/task/ID/amounts/`: a task with its amounts and ratings."""
    by = session.actor_of(request)
    rows = ledger.ledger(profile=profile, by=by)
    row = next((one for one in rows if one.item.id == task_id), None)
    if task_id is not None and row is None:
        raise NotFound("there is no such task here")
    category = row.item.task.category if row else request.GET.get("category") or request.POST.get("category", "")
    if category not in default_content().load_rules:
        return show(request, "person/load_new.jinja", {"profile": profile, "categories": _categories()})
    problem = None
    if request.method == "POST":
        try:
            return _tell(request, profile, task_id, category)
        except InputError as error:
            problem = error
    context = _amounts_context(profile, row, category, request.POST, problem)
    return show(request, "person/load_amounts.jinja", context, status=400 if problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def entry(request: HttpRequest, profile: Profile, entry_uuid: uuid.UUID) -> HttpResponse:
    """`/load/entry/ID/`: one entry; other values, or taken back."""
    by, now = session.actor_of(request), session.now()
    kept = ledger.get_own_entry(profile=profile, entry_uuid=public_id(str(entry_uuid)), by=by)
    task_id = kept.data.get("task")
    problem = None
    if request.method == "POST":
        client_id = public_id(request.POST.get("client_id", ""))
        try:
            if request.POST.get("what") == "undo":
                ledger.take_back_own(kept=kept, client_id=client_id, by=by, now=now)
            else:
                told = _occasion(request.POST)
                ledger.correct_occasion(kept=kept, client_id=client_id, told=told, by=by, now=now)
            return redirect("load_task", task_id=task_id) if task_id else redirect("load_ladder")
        except InputError as error:
            problem = error
    values = {name: request.POST.get(name, kept.data.get(name)) for name in _LOGGED}
    rule = _rule_of(profile, task_id, by) if task_id else None
    context = {
        "profile": profile,
        "kept": kept,
        "day": kept.day,
        "is_occasion": kept.kind == kind_of(TaskDone),
        "words": kept.data.get("words") or kept.data.get("name") or "",
        "task_id": task_id,
        "values": values,
        "asks": rule.amounts if rule is not None else (),
        "client_id": uuid.uuid4(),
        "undo_id": uuid.uuid4(),
        **_problem(problem),
    }
    return show(request, "person/load_entry.jinja", context, status=400 if problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def ladder(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/load/ladder/`: tasks that are dared only with worry, the least first."""
    by, now = session.actor_of(request), session.now()
    rungs = ledger.ladder(profile=profile, by=by)
    problem = None
    if request.method == "POST":
        try:
            ledger.tell_feared(
                profile=profile, client_id=public_id(request.POST.get("client_id", "")),
                name=request.POST.get("name", ""), worry=sent.score(request.POST, "worry"), by=by, now=now,
            )  # fmt: skip
            return redirect("load_ladder")
        except InputError as error:
            problem = error
    context = {
        "profile": profile, "rungs": rungs, "posted": request.POST, "client_id": uuid.uuid4(), **_problem(problem),
    }  # fmt: skip
    return show(request, "person/load_ladder.jinja", context, status=400 if problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def rung(request: HttpRequest, profile: Profile, rung_id: str) -> HttpResponse:
    """`/load/ladder/ID/`: what you expect, what happened, and the worry now."""
    by, now = session.actor_of(request), session.now()
    found = next((one for one in ledger.ladder(profile=profile, by=by) if one.id == rung_id), None)
    if found is None:
        raise NotFound("there is no such task here")
    problem = None
    if request.method == "POST":
        client_id = public_id(request.POST.get("client_id", ""))
        try:
            if request.POST.get("what") == "drop":
                ledger.drop_feared(profile=profile, client_id=client_id, step=rung_id, by=by, now=now)
            else:
                ledger.try_feared(
                    profile=profile, client_id=client_id, step=rung_id, worry=sent.score(request.POST, "worry"),
                    expected=request.POST.get("expected", ""), happened=request.POST.get("happened", ""),
                    by=by, now=now,
                )  # fmt: skip
            return redirect("load_ladder")
        except InputError as error:
            problem = error
    context = {
        "profile": profile, "rung": found, "posted": request.POST, "client_id": uuid.uuid4(), "drop_id": uuid.uuid4(),
        **_problem(problem),
    }  # fmt: skip
    return show(request, "person/load_rung.jinja", context, status=400 if problem else 200)


# ---- what is read out of forms -----------------------------------------------------------------------------------

_LOGGED: Final = ("before", "after", "minutes", "kg", "rose_after")


def _occasion(posted: QueryDict) -> dict[str, Any]:
    return {
        "before": sent.score(posted, "before"),
        "after": sent.score(posted, "after"),
        "minutes": sent.amount(posted, "minutes", _MINUTES_MOST),
        "kg": sent.amount(posted, "kg", _KILOGRAMS_MOST),
        "rose_after": sent.amount(posted, "rose_after", _MINUTES_MOST),
    }


def _tell(request: HttpRequest, profile: Profile, task_id: str | None, category: str) -> HttpResponse:
    by, now, posted = session.actor_of(request), session.now(), request.POST
    client_id = public_id(posted.get("client_id", ""))
    if posted.get("what") == "drop" and task_id is not None:
        ledger.drop_task(profile=profile, client_id=client_id, task_id=task_id, by=by, now=now)
        return redirect("load")
    told: dict[str, Any] = {name: sent.amount(posted, name, most) for name, (_l, _u, most) in _AMOUNTS.items()}
    told |= {name: sent.score(posted, name) for name in ("importance", "provocation")}
    told["name"] = posted.get("name", "").strip()
    id = ledger.tell_task(
        profile=profile, client_id=client_id, task_id=task_id, category=category, told=told, by=by, now=now
    )
    return redirect("load_task", task_id=id)


def _problem(problem: InputError | None) -> dict[str, Any]:
    return {
        "error": _(problem.message) if problem is not None else None,
        "field": problem.details.get("field", "before") if problem is not None else None,
        "has_errors": problem is not None,
    }


# ---- what is shown -----------------------------------------------------------------------------------------------


def _name(row: LedgerRow) -> str:
    return row.item.task.name or default_content().load_rules[row.item.task.category].title


def _followed(one: Followed) -> dict[str, Any]:
    task = one.item.task
    return {
        "id": one.item.id,
        "name": task.name or default_content().load_rules[task.category].title,
        "before": [line.result for line in one.before] if one.before is not None else None,
        "after": one.after,
        "found": _found_out(one.measured) if one.measured is not None else None,
    }


def _found_out(found: Measured) -> str:
    """How the minutes came out of what was written down."""
    days = ", ".join(f"{minutes:g}" for minutes in found.tolerances)
    words = _("Your days: %(days)s minutes until it rose. The middle one is %(middle)s.") % {
        "days": days, "middle": f"{found.middle:g}",
    }  # fmt: skip
    if found.is_step:
        words += " " + _("From %(told)s it goes up one step at a time: %(then)s.") % {
            "told": f"{found.told:g}", "then": f"{found.task.minutes_to_symptom:g}",
        }  # fmt: skip
    return words


def _rule_of(profile: Profile, task_id: str, by: Any) -> Any:
    row = next((one for one in ledger.ledger(profile=profile, by=by) if one.item.id == task_id), None)
    return default_content().load_rules[row.item.task.category] if row is not None else None


def _card(row: LedgerRow) -> dict[str, Any]:
    task = row.item.task
    rank = None
    if task.importance is not None and task.provocation is not None:
        rank = _("Important %(a)g × brings it on %(b)g = %(product)g") % {
            "a": task.importance, "b": task.provocation, "product": task.weight,
        }  # fmt: skip
    times = ngettext("written down %(n)s time", "written down %(n)s times", len(row.done)) % {"n": len(row.done)}
    return {
        "id": row.item.id,
        "name": _name(row),
        "rank": rank,
        "times": times,
        "state": _state(row.trial) if row.trial is not None else None,
        "change": _words(row.trial) if row.trial is not None else None,
    }


def _task_context(profile: Profile, row: LedgerRow, posted: QueryDict, problem: InputError | None) -> dict[str, Any]:
    rule = default_content().load_rules[row.item.task.category]
    today = local_day(profile, session.now())
    return {
        "profile": profile,
        "row": row,
        "name": _name(row),
        "asks": rule.amounts,
        "day": today.isoformat(),
        "days": sent.past_days(today, ledger.BACK_DAYS),
        "trial": _trial(row.trial) if row.trial is not None else None,
        "earlier": [_trial(trial) for trial in row.trials[:-1]],
        "changes": [
            {"value": change.id, "text": change.words, "hint": _("How we get there: %(how)s") % {"how": change.how}
             if change.how else None}
            for change in row.changes
        ],
        "first": max(0, int(default_content().limit("effect_occasions")) - len(_since_change(row))),
        "later": [filled(line) for line in rule.build_back],
        "occasions": _occasions(row)[:_ROWS],
        "pace": row.pace,
        "posted": posted,
        "client_id": uuid.uuid4(),
        "change_id": uuid.uuid4(),
        **_problem(problem),
    }  # fmt: skip


def _since_change(row: LedgerRow) -> list[Done]:
    """The times that the next change will be compared with."""
    return list(row.done if row.trial is None else row.trial.after)


def _categories() -> list[dict[str, str]]:
    return [
        {"value": rule.id, "text": rule.title, "hint": ", ".join(rule.tasks)}
        for rule in default_content().load_rules.values()
    ]


def _amounts_context(
    profile: Profile, row: LedgerRow | None, category: str, posted: QueryDict, problem: InputError | None
) -> dict[str, Any]:
    task = row.item.task if row is not None else None
    known = {name: getattr(task, name, None) for name in (*_AMOUNTS, "importance", "provocation", "name")}
    rule = default_content().load_rules[category]
    reads = ledger.amounts_read(category)
    return {
        "profile": profile,
        "row": row,
        "rule": rule,
        "category": category,
        "heading": _name(row) if row is not None else rule.title,
        "values": {name: posted.get(name, _plain(value)) for name, value in known.items()},
        "asked": [
            {"name": name, "label": str(label), "unit": str(unit)}
            for name, (label, unit, _most) in _AMOUNTS.items()
            if name in reads or (name == "minutes_typical" and "minutes" in rule.amounts)
        ],
        "client_id": uuid.uuid4(),
        "drop_id": uuid.uuid4(),
        **_problem(problem),
    }


def _plain(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else f"{value:g}"


def _occasions(row: LedgerRow) -> list[dict[str, Any]]:
    """Every time, the newest first; a line of its own says where the newest change begins."""
    rows, was = [], None
    for done in reversed(row.done):
        group = None
        if row.trial is not None:
            group = _("With the change") if done.written.day >= row.trial.written.day else _("Before the change")
        rows.append(_occasion_row(done) | {"group": group if group != was else None})
        was = group
    return rows


def _occasion_row(done: Done) -> dict[str, Any]:
    one = done.entry
    amount = [
        _("%(n)s min") % {"n": f"{one.minutes:g}"} if one.minutes is not None else "",
        f"{one.kg:g} kg" if one.kg is not None else "",
    ]
    return {
        "uuid": done.written.uuid,
        "day": f"{done.written.day:%-d %b}",
        "before": one.before,
        "after": one.after,
        "amount": ", ".join(part for part in amount if part) or "–",
    }


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "words": _words(trial),
        "uuid": trial.written.uuid,
        "since": trial.written.day,
        "answer": trial.effect.answer,
        "state": _state(trial),
        "more": _more(trial),
        "unsure": _unsure(trial),
        "picture": _picture(trial),
        "is_told": trial.is_told,
    }


def _words(trial: Trial) -> str:
    """How the task is done now; changes from before it was kept in words are told by their rule."""
    rule = default_content().load_rules.get(trial.entry.task)
    return trial.entry.words or (filled(rule.change_now[0]) if rule is not None else "")


def _state(trial: Trial) -> str:
    """What can be told about a change, in one plain sentence."""
    points = _points(trial.effect.points)
    match trial.effect.answer:
        case "helped":
            return _("It helped. The pain rises %(points)s than before.") % {"points": points}
        case "worse":
            return _("It did not help. The pain rises %(points)s than before.") % {"points": points}
        case "no_difference":
            return _("It made no difference that you would notice.")
        case _:
            return _("It is too early to tell whether it helps.")


def _unsure(trial: Trial) -> str | None:
    """How sure that is, in words."""
    if trial.effect.interval is None:
        return None
    low, high = trial.effect.interval
    if low == high:
        return _("From what is written down: %(points)s, each time alike.") % {"points": _points(low)}
    return _("It could be anything from %(low)s to %(high)s. More times would make that clearer.") % {
        "low": _points(low), "high": _points(high),
    }  # fmt: skip


def _points(points: float | None) -> str:
    if points is None or points == 0:
        return _("no more and no less")
    size = ngettext("%(n)s point", "%(n)s points", 1 if abs(points) == 1 else 2) % {"n": f"{abs(points):g}"}
    return _("%(points)s less") % {"points": size} if points < 0 else _("%(points)s more") % {"points": size}


def _more(trial: Trial) -> str | None:
    """How many more times are needed."""
    if trial.is_told:
        return None
    if trial.more_after is None:
        return _("What you have so far is close to no difference. It may stay too close to tell. You can try another.")
    if trial.more_before:
        return ngettext(
            "The task was written down %(n)s time before this change. That is too little to compare with.",
            "The task was written down %(n)s times before this change. That is too little to compare with.",
            trial.effect.n_before,
        ) % {"n": trial.effect.n_before}
    if trial.is_counted:
        return ngettext(
            "Write it down %(n)s more time to see.", "Write it down %(n)s more times to see.", trial.more_after
        ) % {"n": trial.more_after}
    return ngettext(
        "About %(n)s more time may make it clear.", "About %(n)s more times may make it clear.", trial.more_after
    ) % {"n": trial.more_after}


#: The picture: 320 x 150, the rise of the pain upwards, one column for before and one for after.
_WIDE: Final = 320
_TOP, _BOTTOM = 14, 122
_LEFT: Final = 40


def _picture(trial: Trial) -> dict[str, Any] | None:
    """Dots of how much the pain rose each time, before and after the change; None where there is nothing to draw."""
    before = [one.occasion.rise for one in trial.before]
    after = [one.occasion.rise for one in trial.after]
    if not before and not after:
        return None
    low, high = min(0, *before, *after), max(4, *before, *after)

    def height(rise: float) -> float:
        return round(_BOTTOM - (rise - low) / (high - low) * (_BOTTOM - _TOP), 1)

    middle = _LEFT + (_WIDE - _LEFT) / 2
    sides = ((before, _LEFT + 12, middle - 12), (after, middle + 12, _WIDE - 10))
    columns = []
    for rises, left, right in sides:
        step = (right - left) / max(len(rises) - 1, 1)
        columns.append({
            "dots": [
                {"x": round(left + step * place if len(rises) > 1 else (left + right) / 2, 1), "y": height(rise)}
                for place, rise in enumerate(rises)
            ],
            "left": left, "right": right,
            "middle": height(median(rises)) if rises else None,
        })  # fmt: skip
    return {
        "before": columns[0], "after": columns[1], "middle": middle, "zero": height(0),
        "ticks": [{"value": rise, "y": height(rise)} for rise in range(low, high + 1, 2)],
        "n_before": len(before), "n_after": len(after),
        "median_before": median(before) if before else None, "median_after": median(after) if after else None,
    }  # fmt: skip
