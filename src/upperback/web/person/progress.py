"""How it goes: charts with their tables, and the list of what changed and why."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe
from markupsafe import Markup

from upperback.care.diary import CheckIn, DayOff, FlareEnded, FlareStarted, TaskChanged
from upperback.care.story import by_week, running_middle
from upperback.care.worn import WornDay, usual_share
from upperback.content.vocabulary import default_content
from upperback.services import history, journey, worn
from upperback.services.history import Event, Story
from upperback.services.people import Profile
from upperback.services.today import local_day
from upperback.services.worn import SayTogether
from upperback.web.charts import Frame, Mark, columns, dots
from upperback.web.person import session
from upperback.web.person.page import filled, for_person, show
from upperback.web.person.review import OUTCOMES, OVERALL, shown
from upperback.web.person.training import progress_words

#: Spans to choose from, in weeks; 0 is everything since the start.
SPANS: Final = {6: gettext_lazy("6 weeks"), 12: gettext_lazy("12 weeks"), 0: gettext_lazy("Since the start")}
_SPAN: Final = 6
#: The list of what changed goes back this far on one page.
_PAGE: Final = dt.timedelta(weeks=6)
_MOST_DAYS: Final = 4
_WEEK: Final = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One chart with its sentence and its table."""

    id: str
    title: str
    says: str
    chart: Markup
    notes: list[str]
    head: list[str]
    rows: list[list[str]]


@require_safe
@for_person
def progress_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/progress/`: pain, function, sleep, strength, movement and tasks over the weeks."""
    by, now = session.actor_of(request), session.now()
    asked = request.GET.get("weeks", "")
    weeks = next((span for span in SPANS if str(span) == asked), _SPAN)
    told = history.story(profile=profile, by=by, now=now, weeks=weeks)
    state = journey.current_state(profile=profile, by=by, now=now)
    measures = _measures(told, state) if told is not None else []
    if told is not None:
        days = worn.days_worn(profile=profile, by=by, since=told.start)
        measures += worn_measure(told, days, worn.moves_together(profile=profile, by=by, now=now) if days else None)
    context = {
        "profile": profile,
        "state": state,
        "story": told,
        "measures": measures,
        "kept_up": _kept_up(told) if told is not None else [],
        "spans": [{"weeks": span, "text": str(text), "here": span == weeks} for span, text in SPANS.items()],
    }
    return show(request, "person/progress.jinja", context)


def _kept_up(told: Story) -> list[str]:
    """What was done, counted and said kindly. Nothing counts what was not done."""
    turns = sum(day.turns_done for day in told.days.values())
    sessions = len({one.id for one in told.sessions})
    days = sum(day.turns_done > 0 or day.strength_done > 0 for day in told.days.values())
    lines = []
    if turns:
        lines.append(ngettext("You moved %(num)s time.", "You moved %(num)s times.", turns) % {"num": turns})
    if sessions:
        words = ngettext("You did %(num)s strength session.", "You did %(num)s strength sessions.", sessions)
        lines.append(words % {"num": sessions})
    if days:
        words = ngettext("You did something for your back on %(num)s day.",
                         "You did something for your back on %(num)s days.", days)  # fmt: skip
        lines.append(words % {"num": days})
    return lines


def _measures(told: Story, state: journey.State) -> list[Measure]:
    found = [_pain(told), _function(told), _sleep(told)]
    if state.plan_open:  # exercises are named from an open plan only
        found.append(_strength(told))
    found += [_movement(told), _load(told)]
    return [measure for measure in found if measure is not None]


def worn_measure(told: Story, days: Mapping[dt.date, WornDay], together: SayTogether | None) -> list[Measure]:
    """How long one was bent forward, in minutes of an hour, on days of which enough was measured."""
    values = {day: 60 * one.share for day, one in days.items() if one.counts and told.start <= day <= told.end}
    if not values:
        return []
    usual = usual_share(days, told.end + dt.timedelta(days=1))
    if usual is None:
        says = _("There are too few days yet to say what is usual for you.")
    else:
        says = _("On your usual day you are bent forward for %(num)s of 60 minutes.") % {"num": round(60 * usual)}
    weeks = by_week(values, told.start, told.end)
    top = max(15.0, -(-max(values.values()) // 15) * 15)
    notes = [_("Each dot is one day with a sensor, with half an hour or more measured. There is no right number.")]
    return [
        Measure(
            id="worn",
            title=_("Bent forward"),
            says=says,
            chart=dots(values, _frame(told, top), title=_("Minutes of an hour that you were bent forward, day by day")),
            notes=[*notes, together.sentence] if together is not None else notes,
            head=[_("Week from"), _("Days worn"), _("Lowest"), _("Middle"), _("Highest")],
            rows=[
                [_date(week.first), str(week.days), _whole(week.low), _whole(week.middle), _whole(week.high)]
                for week in weeks
            ],
        )
    ]


def _whole(value: float | None) -> str:
    return _gap(None if value is None else round(value))


def _frame(told: Story, top: float, bottom: float = 0) -> Frame:
    return Frame(start=told.start, end=max(told.end, told.start + _WEEK), top=top, bottom=bottom)


def _pain(told: Story) -> Measure | None:
    if not told.resting and not told.average:
        return None
    values: Mapping[dt.date, float] = told.resting or told.average
    marks, notes = _marks(told)
    middle = running_middle(values, least=_MOST_DAYS)
    weeks = by_week(values, told.start, told.end)
    notes = [
        _("Each dot is one morning. The line is the middle of seven days, where at least four were told. A day without "
          "a dot was not told.") if told.resting else _("Each dot is one check-in."),
        *notes,
    ]  # fmt: skip
    return Measure(
        id="pain",
        title=_("Pain at rest in the morning") if told.resting else _("Pain of the check-ins"),
        says=_compared([(week.first, week.middle) for week in weeks], lower_is_better=True),
        chart=dots(values, _frame(told, 10), title=_("Pain from 0 to 10, day by day"), middle=middle, marks=marks),
        notes=notes,
        head=[_("Week from"), _("Days told"), _("Lowest"), _("Middle"), _("Highest")],
        rows=[
            [_date(week.first), str(week.days), _gap(week.low), _gap(week.middle), _gap(week.high)] for week in weeks
        ],
    )


def _marks(told: Story) -> tuple[list[Mark], list[str]]:
    """Letters for what happened: F a flare-up, P a new plan. With their words for below the chart."""
    marks = [Mark(day=day, letter=_("F")) for day in told.flares] + [
        Mark(day=day, letter=_("P")) for day in told.plan_days
    ]
    notes = []
    if told.flares:
        notes.append(_("F: a flare-up began."))
    if any(told.start <= day <= told.end for day in told.plan_days):
        notes.append(_("P: the plan was changed."))
    return marks, notes


def _function(told: Story) -> Measure | None:
    rated = {day for scores in told.activities.values() for day in scores}
    if not told.activities or not rated:
        return None
    means = {
        day: sum(scores[day] for scores in told.activities.values()) / len(told.activities)
        for day in sorted(rated)
        if all(day in scores for scores in told.activities.values())
    }
    first = sum(told.activities_first.values()) / len(told.activities_first)
    chart = dots(
        means, _frame(told, 10), title=_("The middle of your activities from 0 to 10, at each check-in"),
        joined_up_to=10, first=first,
    )  # fmt: skip
    return Measure(
        id="function",
        title=_("What you want to do"),
        says=_compared([(told.start, first), *means.items()], lower_is_better=False),
        chart=chart,
        notes=[
            _("Each dot is the mean of your activities; 10 is as well as before. The dashed line is where you began."),
        ],
        head=[_("Day"), *told.activities],
        rows=[[_("At the start"), *(str(score) for score in told.activities_first.values())]]
        + [[_date(day), *(_gap(scores.get(day)) for scores in told.activities.values())] for day in sorted(rated)],
    )


def _sleep(told: Story) -> Measure | None:
    if not told.sleep and not told.confidence:
        return None
    chart = dots(
        told.sleep, _frame(told, 10), title=_("How much the back spoiled sleep, from 0 to 10, at each check-in"),
        joined_up_to=10, first=told.sleep_first,
    )  # fmt: skip
    first = [(told.start, told.sleep_first)] if told.sleep_first is not None else []
    days = sorted({*told.sleep, *told.confidence})
    return Measure(
        id="sleep",
        title=_("Sleep, and how sure you are"),
        says=_compared([*first, *told.sleep.items()], lower_is_better=True),
        chart=chart,
        notes=[_("Each dot says how much your back spoiled your sleep. 0 is not at all.")],
        head=[_("Day"), _("Sleep spoiled"), _("Sure of yourself")],
        rows=[[_date(day), _gap(told.sleep.get(day)), _gap(told.confidence.get(day))] for day in days],
    )


def _strength(told: Story) -> Measure | None:
    if not told.sessions:
        return None
    work: dict[dt.date, float] = defaultdict(float)
    of_each: dict[str, dict[dt.date, str]] = defaultdict(dict)
    for one in told.sessions:
        for exercise, sets in one.sets.items():
            reps = [sets[number].reps for number in sorted(sets)]
            work[one.day] += sum(reps)
            kg = next((done.load_kg for done in sets.values() if done.load_kg), None)
            of_each[exercise][one.day] = "+".join(map(str, reps)) + (f", {kg:g} kg" if kg else "")
    top = max(20.0, -(-max(work.values()) // 20) * 20)
    content = default_content()
    days = sorted(work)
    return Measure(
        id="strength",
        title=_("Strength"),
        says=_("In the last session: %(reps)s repetitions. In the first one shown: %(first)s.")
        % {"reps": f"{work[days[-1]]:g}", "first": f"{work[days[0]]:g}"},
        chart=dots(work, _frame(told, top), title=_("All repetitions of each strength session"), joined_up_to=10),
        notes=[_("Each dot is one session: all repetitions of all exercises together.")],
        head=[_("Exercise"), _("First"), _("Last"), _("Sessions")],
        rows=[
            [content.exercises[id].title, done[min(done)], done[max(done)], str(len(done))]
            for id, done in of_each.items()
            if id in content.exercises
        ],
    )


def _movement(told: Story) -> Measure | None:
    weeks = _weeks(told)
    turns = [(first, float(sum(told.days[day].turns_done for day in days))) for first, days in weeks]
    if not any(value for _first, value in turns):
        return None
    top = max(14.0, -(-max(value for _first, value in turns) // 14) * 14)
    return Measure(
        id="movement",
        title=_("Movement"),
        says=ngettext("%(num)s turn in the last seven days.", "%(num)s turns in the last seven days.", _lately(told))
        % {"num": _lately(told)},
        chart=columns(turns, _frame(told, top), title=_("Turns of movement in each week")),
        notes=[_("Each column is one week. A low one is a week like others: nothing has to be made up for.")],
        head=[_("Week from"), _("Turns"), _("Strength sessions")],
        rows=[
            [_date(first), f"{value:g}", str(sum(first <= one.day < first + _WEEK for one in told.sessions))]
            for first, value in turns
        ],
    )


def _lately(told: Story) -> int:
    return sum(day.turns_done for date, day in told.days.items() if date > told.end - _WEEK)


def _weeks(told: Story) -> list[tuple[dt.date, list[dt.date]]]:
    weeks, first = [], told.start
    while first <= told.end:
        weeks.append((first, [day for day in told.days if first <= day < first + _WEEK]))
        first += _WEEK
    return weeks


def _load(told: Story) -> Measure | None:
    if not told.tasks:
        return None
    worst: dict[dt.date, float] = {}
    for day, _task, rise in told.tasks:
        worst[day] = max(float(rise), worst.get(day, -10.0))
    of_each: dict[str, list[int]] = defaultdict(list)
    for _day, task, rise in told.tasks:
        of_each[task].append(rise)
    rules = default_content().load_rules
    return Measure(
        id="load",
        title=_("Your tasks"),
        says=ngettext("You wrote down a task %(num)s time.", "You wrote down tasks %(num)s times.", len(told.tasks))
        % {"num": len(told.tasks)},
        chart=dots(
            worst,
            _frame(told, 10 if max(worst.values()) > 6 else 6, -2),
            first=0,
            title=_("How far the pain rose in a task, day by day"),
        ),
        notes=[_("Each dot is a day: the most that the pain rose in one of your tasks. The dashed line is no rise.")],
        head=[_("Task"), _("Times"), _("Least rise"), _("Most rise")],
        rows=[
            [
                rules[task].title if task in rules else _("An own task"),
                str(len(rises)),
                str(min(rises)),
                str(max(rises)),
            ]
            for task, rises in of_each.items()
        ],
    )


def _compared(values: list[tuple[dt.date, float | None]], *, lower_is_better: bool) -> str:
    """First and last number in words, with what the difference is worth; small ones are not called a change."""
    known = [value for _day, value in values if value is not None]
    if len(known) < 2:
        return _("Not told often enough to compare yet.")
    first, last = known[0], known[-1]
    clear = abs(last - first) >= default_content().limit("review_nprs_points") - 1e-9
    better = (last < first) == lower_is_better
    change = (
        _("That is clearly better.") if clear and better
        else _("That is clearly worse. One hard week can be enough; if it stays, ask for help.") if clear
        else _("A difference this small may be chance.") if first != last
        else _("That is the same.")
    )  # fmt: skip
    return _("%(first)s at first, %(last)s now. %(change)s") % {
        "first": shown(first), "last": shown(last), "change": change
    }  # fmt: skip


def _gap(value: float | None) -> str:
    """A number; a gap is said, never drawn as zero."""
    return f"{round(value, 1):g}" if value is not None else _("not told")


def _date(day: dt.date) -> str:
    return day.strftime("%-d %b %Y")


# ---- what changed and why ----------------------------------------------------------------------------------------


@require_safe
@for_person
def history_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/history/`: what changed and why, the newest first, six weeks a page."""
    by, now = session.actor_of(request), session.now()
    today = local_day(profile, now)
    try:
        until = min(dt.date.fromisoformat(request.GET.get("until", "")), today)
    except ValueError:
        until = today
    since = until - _PAGE
    first = history.first_day(profile=profile, by=by)
    state = journey.current_state(profile=profile, by=by, now=now)
    found = history.events(profile=profile, by=by, now=now, since=since, until=until)
    days: dict[dt.date, list[dict[str, Any]]] = {}
    for event in found:
        line = _line(event, state)
        if line is not None:
            days.setdefault(event.day, []).append(line)
    context = {
        "profile": profile,
        "days": list(days.items()),
        "since": since,
        "until": until,
        "older": since - dt.timedelta(days=1) if first is not None and since > first else None,
        "is_now": until == today,
    }
    return show(request, "person/history.jinja", context)


def _line(event: Event, state: journey.State) -> dict[str, Any] | None:
    """One event in words: what, why, and a way to it. Exercises are named only while the plan is open."""
    data = event.data
    match event.kind:
        case "check":
            return _as(_("Safety check"), _CHECKED[data["disposition"]], reverse("result", args=[data["uuid"]]))
        case "plan":
            return _as(_("Your plan"), str(_PLANNED.get(data["reason"], _PLANNED["made"])) if data["allowed"]
                       else _("Nothing to do for now: the check came first."))  # fmt: skip
        case "step" if state.plan_open:
            words = progress_words(data["record"])
            return _as(words["title"], f"{words['text']} {words['why']}")
        case "review":
            return _as(_("Review"), f"{OUTCOMES[data['outcome']]}.", reverse("review_result", args=[data["uuid"]]))
        case "step":
            return None
        case _:
            return _told(event)


def _told(event: Event) -> dict[str, Any] | None:
    entry = event.data["entry"]
    if isinstance(entry, CheckIn):
        return _as(_("Check-in"), _check_in_words(entry))
    if isinstance(entry, FlareStarted):
        return _as(_("A flare-up began"), _("Less for some days, then back step by step."))
    if isinstance(entry, FlareEnded):
        helped = _("What helped: %(words)s") % {"words": entry.helped} if entry.helped else ""
        return _as(_("The flare-up was over"), helped)
    if isinstance(entry, TaskChanged):
        rule = default_content().load_rules.get(entry.task)
        return _as(_("A task changed"), entry.words or (rule.title if rule else ""))
    if isinstance(entry, DayOff):
        return _as(_("A day off"), "")
    return _as(_("Something new was told"), _("A safety check came first."))


def _check_in_words(entry: CheckIn) -> str:
    parts = []
    if entry.pain_average is not None:
        parts.append(_("Pain %(n)s of 10 on average.") % {"n": entry.pain_average})
    if entry.pgic is not None:
        parts.append(_("Overall: %(words)s.") % {"words": str(OVERALL[entry.pgic]).lower()})
    return " ".join(parts)


def _as(what: str, why: object, href: str | None = None) -> dict[str, Any]:
    return {"what": what, "why": filled(str(why)), "href": href}


_CHECKED: Final = {
    "emergency_now": gettext_lazy("It said: get help now."),
    "urgent_same_day": gettext_lazy("It said: get advice today."),
    "gp_soon": gettext_lazy("It said: a visit to the GP first."),
    "physio_routine": gettext_lazy("It came out as: a physiotherapist is worth asking."),
    "self_manage": gettext_lazy("It was done."),
}
_PLANNED: Final = {
    "made": gettext_lazy("Made from your safety check and what you told us."),
    "shaped": gettext_lazy("You changed it."),
    "clinician": gettext_lazy("A clinician proposed it and you agreed."),
    "cleared": gettext_lazy("Opened after a clinician had looked."),
}
