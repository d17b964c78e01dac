"""`/caring/`: what somebody who helps a person at home sees of them: to read, and only what was shared; and the end."""

import datetime as dt
import uuid
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from upperback.care.story import by_week
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError
from upperback.services import caring, sharing
from upperback.services.actors import public_id
from upperback.services.caring import Cared, Due
from upperback.services.overview import Check, Overview
from upperback.services.today import MOVE, STRENGTH
from upperback.web.clinician.words import day_words
from upperback.web.person.page import filled, services, show
from upperback.web.person.plan import DAY_NAMES, dose_words
from upperback.web.service import visitors

_SHORT: Final = {
    "answers": gettext_lazy("the safety check"),
    "plan": gettext_lazy("the plan"),
    "progress": gettext_lazy("what was done, and the pain"),
}
_HELP: Final = ("emergency", "urgent_line")
_WEEKS: Final = 6
#: What the results allow that need no clinician first.
_REASSURING: Final = ("gentle", "full")


@require_safe
def caring_page(request: HttpRequest) -> HttpResponse:
    """`/caring/`: those who let whoever is signed in help them."""
    people = [
        {
            "id": seen.profile.uuid, "name": seen.profile.name,
            "what": ", ".join(str(_SHORT[kind]) for kind in _SHORT if kind in seen.classes) or _("their name"),
        }
        for seen in caring.cared_for(by=visitors.at_others(request), now=visitors.now())
    ]  # fmt: skip
    context = {"people": people, "contacts": services(_HELP), "ended": "ended" in request.GET}
    return show(request, "service/caring.jinja", context)


@require_http_methods(["GET", "HEAD", "POST"])
def caring_code(request: HttpRequest) -> HttpResponse:
    """`/caring/code/`: the code that somebody gave to whoever helps them."""
    if request.method != "POST":
        return render(request, "service/code.jinja", {})
    code = request.POST.get("code", "")
    try:
        sharing.accept(code=code, by=visitors.at_others(request), now=visitors.now())
    except InputError as problem:
        context = {"code": code, "error": _(problem.message), "has_errors": True}
        return render(request, "service/code.jinja", context, status=422)
    return redirect("caring")


@require_safe
def caring_person(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    """One of them, on one page."""
    return _person_page(request, person_id)


@require_POST
def caring_end(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    """Whoever helps ends it, with a word to the person."""
    words = request.POST.get("words", "")
    try:
        caring.stop(
            profile_uuid=person_id, words=words, client_id=public_id(request.POST.get("client_id", "")),
            by=visitors.at_others(request), now=visitors.now(),
        )  # fmt: skip
    except InputError as problem:
        return _person_page(request, person_id, error=_(problem.message), words=words)
    return redirect(f"{reverse('caring')}?ended")


def _person_page(request: HttpRequest, person_id: uuid.UUID, *, error: str = "", words: str = "") -> HttpResponse:
    found = caring.look(profile_uuid=person_id, by=visitors.at_others(request), now=visitors.now())
    context = {
        "profile": found.seen.profile,
        "result": _result(found),
        "plan": _plan(found),
        "plan_open": found.plan_open,
        "due": [_due(part, found) for part in found.due],
        "weeks": _weeks(found.found),
        "contacts": services(_HELP),
        "client_id": uuid.uuid4(),
        "words": words,
        "error": error,
        "has_errors": bool(error),
    }
    return show(request, "service/caring_person.jinja", context, status=422 if error else 200)


def _result(found: Cared) -> dict[str, Any] | None:
    """The newest result in its own general words; reasons that are about mood are left out. None: not shared."""
    checks = found.found.checks
    if checks is None or not checks:
        return None if checks is None else {}
    newest: Check = checks[0]
    words = default_content().dispositions[newest.disposition]
    return {
        "disposition": newest.disposition,
        "short": words.short,
        "title": filled(words.title),
        "action": filled(words.action),
        "when": filled(words.when_text),
        "day": day_words(newest.day),
        "stands": found.result_stands,
        "reassures": words.plan in _REASSURING,
        "told": list(dict.fromkeys(told for rule in newest.rules for told in rule.told)),
        "hidden": any(rule.hidden for rule in newest.rules),
        "contacts": [one for one in services(words.contact) if one.key not in _HELP],
    }


def _plan(found: Cared) -> dict[str, Any] | None:
    """The plan in short. None: not shared; empty: there is none."""
    if not found.seen.may("plan"):
        return None
    plan = found.found.plan
    if plan is None or not found.plan_open:
        return {}
    record = plan.record
    by_kind = {
        kind: [_line(item) for item in record["exercises"] if item["kind"] == kind] for kind in ("movement", "strength")
    }
    return {
        "day": (found.found.today - plan.starts_on).days + 1,
        "days": ", ".join(str(DAY_NAMES[day]) for day in record["strength_days"]) if by_kind["strength"] else "",
        "changes": [change["name"] for change in record["load_changes"]],
        **by_kind,
    }


def _line(item: dict[str, Any], *, once: bool = False) -> dict[str, str]:
    return {"title": item["title"], "dose": dose_words(item, once=once, rest=False)}


def _due(part: Due, found: Cared) -> dict[str, Any]:
    times = ngettext("%(n)s time today", "%(n)s times today", part.turns) % {"n": part.turns}
    lines = [_line(item, once=True) for item in part.exercises]
    if part.item == MOVE:
        return {"title": _("Move"), "times": times, "exercises": lines}
    if part.item == STRENGTH:
        return {"title": _("Strength"), "exercises": lines}
    plan = found.found.plan
    changes = plan.record["load_changes"] if plan is not None else []
    name = next((change["name"] for change in changes if change["id"] == part.item), part.item)
    rule = default_content().load_rules.get(part.item)
    return {"title": name, "words": filled(rule.change_now[0]) if rule is not None and rule.change_now else ""}


def _weeks(found: Overview) -> list[list[str]] | None:
    """Pain and sessions of the last weeks, the newest first. None: not shared."""
    if found.weeks is None:
        return None
    pain = found.pain or found.average or {}
    rows = []
    for first, sessions, _bouts in reversed(found.weeks[-_WEEKS:]):
        (told,) = by_week({day: float(value) for day, value in pain.items()}, first, first + dt.timedelta(days=6))
        middle = _("not told") if told.middle is None else f"{told.middle:g}"
        rows.append(([day_words(first), middle, str(told.days), str(sessions)], bool(told.days or sessions)))
    return [row for row, _known in rows] if any(known for _row, known in rows) else []
