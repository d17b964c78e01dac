"""`/clinic/people/ID/`: one person on one page, from the warning signs to what changed in the plan."""

import datetime as dt
import statistics
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from upperback.care.progression import Light
from upperback.care.story import by_week, running_middle
from upperback.care.worn import WornDay
from upperback.content.vocabulary import default_content
from upperback.services import group_places, groups, proposals, treating
from upperback.services.actors import Actor
from upperback.services.caseload import place
from upperback.services.overview import ExerciseNow, Overview, TaskSeen, overview
from upperback.web.charts import Frame, Mark, columns, dots
from upperback.web.clinician.groups import STATE_WORDS
from upperback.web.clinician.who import actor_of, for_reader
from upperback.web.clinician.words import (
    NEED_SHAPES,
    NEED_WORDS,
    OUTCOME_WORDS,
    amount,
    day_words,
    difference_words,
    plan_reason,
    reason_words,
    story_words,
)
from upperback.web.person import session
from upperback.web.person.page import show
from upperback.web.person.training import progress_words

_MOST_DAYS: Final = 4
_SESSIONS: Final = 8
_STORY: Final = 20
_WEEK: Final = dt.timedelta(days=7)


@require_safe
@for_reader
def person_page(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    """Everything that this person lets be seen, to read."""
    by, now = actor_of(request), session.now()
    seen = treating.see(profile_uuid=person_id, by=by, now=now)
    found = overview(seen=seen, by=by, now=now)
    (placed,) = place([seen], today=now.date(), by=by)
    context = {
        "profile": seen.profile,
        "person_links": _links(seen),
        "sent": "sent" in request.GET,
        "groups": _groups(seen, by, now),
        "waiting": proposals.waiting(profile=seen.profile, by=by) if seen.may("plan") else None,
        "found": found,
        "word": NEED_WORDS[placed.need],
        "need": placed.need,
        "shape_name": NEED_SHAPES[placed.need],
        "reasons": [reason_words(reason, now.date()) for reason in placed.reasons],
        "facts": _facts(found),
        "checks": _checks(found),
        "measures": _measures(found),
        "sessions": _sessions(found),
        "exercises": [_exercise(item) for item in found.exercises or ()],
        "tasks": [_task(item) for item in found.tasks or ()],
        "plans": [
            {
                "number": made.number, "day": day_words(made.day), "reason": plan_reason(made.reason),
                "lines": difference_words(made.difference),
            }
            for made in found.plans or ()
        ],
        "reviews": [
            {"day": day_words(one.day), "outcome": OUTCOME_WORDS.get(one.outcome, one.outcome), "why": one.why}
            for one in found.reviews or ()
        ],
        "story": [(day_words(day), story_words(entry)) for day, entry in (found.story or ())[:_STORY]],
    }  # fmt: skip
    return show(request, "clinician/person.jinja", context)


def _groups(seen: treating.Seen, by: Actor, now: dt.datetime) -> list[dict[str, Any]]:
    """The groups of the clinic that were offered to this person, and what they said; where messages may be seen."""
    if settings.OPENED or not seen.may("messages"):
        return []
    own = {group.id for group in groups.groups_of(by=by, now=now)}
    return [
        {
            "id": place.group.id,
            "title": place.group.title,
            "words": STATE_WORDS[place.state],
            "came": sum(group_places.came_of(group=place.group, people=[seen.profile.pk]).values()),
        }
        for place in group_places.mine(profile=seen.profile, by=by, now=now)
        if place.group.id in own
    ]


def _links(seen: treating.Seen) -> list[dict[str, str]]:
    if settings.OPENED:
        return []
    id = [seen.profile.uuid]
    found = [{"href": reverse("clinic_plan", args=id), "text": _("Change the plan")}] if seen.may("plan") else []
    if seen.may("messages"):
        found.append({"href": reverse("clinic_messages", args=id), "text": _("Messages and notes")})
        found.append({"href": reverse("clinic_tasks", args=id), "text": _("Tasks and hand-over")})
    if settings.SERVICE and seen.may("live"):
        found.append({"href": reverse("clinic_live", args=id), "text": _("What the sensor measures now")})
    if seen.may("plan") and seen.may("answers"):
        found.append({"href": reverse("clinic_cleared", args=id), "text": _("Say that exercise is fine")})
    return found


def _facts(found: Overview) -> list[tuple[str, str]]:
    """What one looks for first, in a row."""
    facts = []
    if found.checks:
        facts.append((_("Last result"), f"{_short(found.checks[0].disposition)}, {day_words(found.checks[0].day)}"))
    if found.plan is not None:
        record = found.plan.record
        phase = _("no exercises now") if not record["allowed"] else f"{record['phase']}"
        facts.append((_("Plan"), _("Version %(number)s, %(phase)s") % {"number": found.plan.number, "phase": phase}))
    if found.pain is not None:
        facts.append((_("Pain at rest, last 7 days"), _lately(found.pain, found.today)))
    if found.weeks is not None:
        counts = [sessions for _first, sessions, _bouts in found.weeks[-4:]]
        facts.append((_("Strength sessions, last 4 weeks"), ", ".join(str(count) for count in counts)))
    if found.begun_on is not None:
        weeks = (found.today - found.begun_on).days // 7
        facts.append((_("Since the first plan"), _("%(weeks)s weeks") % {"weeks": weeks}))
    return facts


def _lately(values: Mapping[dt.date, int], today: dt.date) -> str:
    last = [pain for day, pain in values.items() if today - _WEEK < day <= today]
    if not last:
        return _("not told")
    words = {"middle": f"{statistics.median(last):g}", "low": min(last), "high": max(last), "days": len(last)}
    return _("%(middle)s of 10 (%(low)s to %(high)s, %(days)s days)") % words


def _short(disposition: str) -> str:
    return default_content().dispositions[disposition].short


def _checks(found: Overview) -> list[dict[str, Any]]:
    return [
        {
            "day": day_words(check.day),
            "disposition": check.disposition,
            "short": _short(check.disposition),
            "complete": check.complete,
            "release": check.release,
            "rules": check.rules,
        }
        for check in found.checks or ()
    ]


# ---- charts with their tables ---------------------------------------------------------------------------------------


def _measures(found: Overview) -> list[dict[str, Any]]:
    if found.pain is None:
        return []
    shown = [_pain(found), _function(found), _training(found), _worn(found)]
    return [one for one in shown if one is not None]


def _frame(found: Overview, days: Sequence[dt.date], top: float) -> Frame:
    """From the first day that was told of, at most half a year."""
    start = max(found.since, min(days, default=found.today) - dt.timedelta(days=1))
    return Frame(start=min(start, found.today - 2 * _WEEK), end=found.today, top=top)


def _pain(found: Overview) -> dict[str, Any] | None:
    values: Mapping[dt.date, int] = found.pain or found.average or {}
    if not values:
        return None
    plans = [Mark(day=made.day, letter=_("P")) for made in found.plans or ()]
    weeks = by_week({day: float(pain) for day, pain in values.items()}, min(values), found.today)[-12:]
    return {
        "id": "pain",
        "title": _("Pain at rest in the morning") if found.pain else _("Pain of the check-ins"),
        "chart": dots(
            values, _frame(found, list(values), 10), title=_("Pain from 0 to 10, day by day"), marks=plans,
            middle=running_middle(values, least=_MOST_DAYS),
        ),
        "note": _("Line: middle of seven days with four or more told. P: a new version of the plan."),
        "head": [_("Week from"), _("Days told"), _("Lowest"), _("Middle"), _("Highest")],
        "rows": [
            [day_words(week.first), str(week.days), *(_gap(one) for one in (week.low, week.middle, week.high))]
            for week in weeks
        ],
    }  # fmt: skip


def _function(found: Overview) -> dict[str, Any] | None:
    values = found.function or {}
    if not values:
        return None
    return {
        "id": "function",
        "title": _("Own activities"),
        "chart": dots(
            values, _frame(found, list(values), 10), title=_("Mean of the own activities, 0 to 10"),
            joined_up_to=10, first=found.function_first,
        ),
        "note": _("10 is as well as before. Dashed: where it began.")
        + (f" {', '.join(found.activities)}." if found.activities else ""),
        "head": [_("Day"), _("Mean")],
        "rows": [[day_words(day), _gap(value)] for day, value in list(values.items())[-12:]],
    }  # fmt: skip


def _training(found: Overview) -> dict[str, Any] | None:
    weeks = found.weeks or []
    if not any(sessions or bouts for _first, sessions, bouts in weeks):
        return None
    first = next(day for day, sessions, bouts in weeks if sessions or bouts)
    shown = [week for week in weeks if week[0] >= first]
    frame = Frame(start=min(first, found.today - 2 * _WEEK), end=found.today, top=4)
    return {
        "id": "strength",
        "title": _("Strength sessions a week"),
        "chart": columns([(day, sessions) for day, sessions, _bouts in shown], frame, title=_("Sessions in each week")),
        "note": _("Short bouts of movement stand in the table."),
        "head": [_("Week from"), _("Sessions"), _("Bouts of movement")],
        "rows": [[day_words(day), str(sessions), str(bouts)] for day, sessions, bouts in shown[-12:]],
    }


def _worn(found: Overview) -> dict[str, Any] | None:
    days: Mapping[dt.date, WornDay] = found.worn or {}
    if not days:
        return None
    counted = {day: 60 * one.share for day, one in days.items() if one.counts}
    hours = sum(one.measured_s for one in days.values()) / 3600
    top = max(15.0, -(-max(counted.values(), default=0) // 15) * 15)
    return {
        "id": "load",
        "title": _("Bent forward, minutes of an hour worn"),
        "chart": dots(counted, _frame(found, list(days), top), title=_("Minutes of an hour bent forward, day by day")),
        "note": _("%(days)s days, %(hours)s hours measured; days with less than half an hour are in the table only. "
                  "A phone on the chest, forward by more than 20 degrees. Muscle activity is not kept.")
        % {"days": len(days), "hours": f"{hours:.1f}"},
        "head": [_("Day"), _("Minutes measured"), _("Bent, of an hour"), _("Quality")],
        "rows": [
            [
                day_words(day), f"{one.measured_s / 60:.0f}", f"{60 * one.share:.0f}",
                _("enough") if one.counts else _("too short to compare"),
            ]
            for day, one in list(days.items())[-12:]
        ],
    }  # fmt: skip


def _gap(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}".removesuffix(".0")


# ---- what was done ------------------------------------------------------------------------------------------------


def _sessions(found: Overview) -> list[list[str]]:
    rows = []
    strength = [one for one in found.sessions or () if one.what == "strength"]
    for one in strength[:_SESSIONS]:
        worst = [felt.worst_pain for felt in one.felt.values() if felt.worst_pain is not None]
        efforts = [felt.effort for felt in one.felt.values() if felt.effort is not None]
        done = ", ".join(
            f"{_title(exercise)} {len(sets)} × {max(item.reps for item in sets.values())}"
            for exercise, sets in one.sets.items()
        )
        how = {"finished": _("finished"), "ended_early": _("ended early"), "felt_wrong": _("stopped: felt wrong")}
        rows.append([
            day_words(one.day), done or _("nothing written down"), _gap(max(worst, default=None)),
            _gap(max(efforts, default=None)), how[one.ended.how] if one.ended is not None else _("not ended"),
        ])  # fmt: skip
    return rows


def _title(exercise: str) -> str:
    known = default_content().exercises.get(exercise)
    return known.title if known is not None else exercise


def _exercise(item: ExerciseNow) -> dict[str, Any]:
    step = item.step
    load = f", {step.load_kg:g} kg" if step.load_kg else f", {step.band}" if step.band else ""
    return {
        "title": item.title,
        "now": f"{amount(step.sets, step.reps)}{load}",
        "variant": _title(step.exercise) if step.exercise != item.id else "",
        "moves": [
            (day_words(move.day), progress_words({
                "move": move.move, "reason": move.reason, "before": _plain(move.before), "after": _plain(move.after),
            }))
            for move in item.moves
        ],
    }  # fmt: skip


def _plain(step: Any) -> dict[str, Any]:
    return {name: getattr(step, name) for name in ("exercise", "sets", "reps", "load_kg", "band")}


def _task(item: TaskSeen) -> list[str]:
    task = item.item.task
    rule = default_content().load_rules.get(task.category)
    lights = item.lights
    trial = item.trial
    return [
        task.name or (rule.title if rule is not None else task.category),
        f"{task.minutes_to_symptom:g} / {task.minutes_typical:g} min"
        if task.minutes_to_symptom and task.minutes_typical
        else f"{task.kg_ok:g} / {task.kg_total:g} kg"
        if task.kg_ok and task.kg_total
        else "–",
        f"{lights[Light.GREEN]} · {lights[Light.AMBER]} · {lights[Light.RED]}",
        trial.entry.words or trial.entry.change if trial is not None else "–",
    ]
