"""How it went, for a letter: measures then and now, what was done, and the charts of the appendix."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from upperback.care.diary import CheckIn, FlareStarted, Helped, Moved, TaskChanged, TaskTold, only
from upperback.care.sessions import mornings, sessions_of
from upperback.care.story import by_week
from upperback.content.vocabulary import Content
from upperback.interchange.fhir.making import Making, own_words
from upperback.interchange.fhir.records import Person, PlanMade, Reviewed
from upperback.interchange.letter.records import Block, Chart, Dot, Line, Table, said_day

PGIC: Final = (
    "very much better", "much better", "a little better", "no change", "a little worse", "much worse",
    "very much worse",
)  # fmt: skip
_OUTCOMES: Final = {
    "continue": "go on as it is", "continue_and_adjust": "go on, with changes of the plan",
    "refer_physio": "physiotherapy, by self-referral", "seek_medical_help": "to be seen by a doctor first",
}  # fmt: skip
#: Words of the person's own that stand on the first page; all of them are in the appendix.
_WORDS_MOST: Final = 140
_DAY: Final = dt.timedelta(days=1)
_NOTHING: Final = "–"
_PAIN_TOP: Final = 10.0


def clipped(text: str, most: int = _WORDS_MOST) -> str:
    """The beginning of what somebody typed, on one line."""
    line = " ".join(own_words(text).split())
    return line if len(line) <= most else f"{line[: most - 2].rstrip()} …"


def measures(person: Person) -> Block | None:
    """Pain, function, sleep and confidence at the start and as told last, side by side."""
    first = person.checks[0] if len(person.plans) < 2 else _check_of(person, person.plans[0])
    checkins = [(row.day, entry) for row, entry in only(person.diary, CheckIn)]
    told = person.told[0].measures if person.told else {}
    latest_check = person.checks[-1]
    rows: list[tuple[str, str, str]] = []

    def add(name: str, start: object, now: object, on: dt.date | None = None) -> None:
        if start is None and now is None:
            return
        rows.append((name, _number(start), _number(now) + (f" ({said_day(on)})" if on is not None else "")))

    for name, key, field in (
        ("Average pain in 24 hours, 0 to 10", "pain", "pain_average"),
        ("Worst pain in 24 hours, 0 to 10", "pain_worst", "pain_worst"),
    ):
        on, value = _last(checkins, field)
        if value is None and latest_check is not first:
            on, value = latest_check.answered_at.date(), _known(latest_check.findings.get(key))
        add(name, _known(first.findings.get(key, told.get(key))), value, on)
    for words, start in _first_activities(person).items():
        on, value = _last_activity(person, checkins, words)
        add(f"“{clipped(words, 60)}”, 0 not at all to 10 as before", start, value, on)
    if not _first_activities(person):
        add("Own activities, 0 not at all to 10 as before", _known(first.findings.get("psfs")), None)
    for name, key, field in (
        ("Sleep disturbed by the back, 0 to 10", "sleep_disturbed", "sleep"),
        ("Confidence to do things, 0 to 10", "confidence", "confidence"),
    ):
        on, value = _last(checkins, field)
        add(name, told.get(key), value, on)
    if not rows:
        return None
    lines = []
    on, overall = _last(checkins, "pgic")
    newest = person.reviews[-1] if person.reviews else None
    if newest is not None and newest.inputs.get("pgic"):
        on, overall = newest.at.date(), newest.inputs["pgic"]
    if isinstance(overall, int) and on is not None:
        lines.append(f"Overall since the start (PGIC), on {said_day(on)}: {PGIC[overall - 1]}.")
    start_on = said_day(first.answered_at.date())
    if all(now == _NOTHING for _, _, now in rows):
        table = Table(columns=("Measure", start_on), rows=[row[:2] for row in rows], wide=(5, 3))
    else:
        table = Table(columns=("Measure", f"Start, {start_on}", "Last told"), rows=rows, wide=(5, 3, 3))
    return Block(title="Pain and function", lines=lines, table=table)


def done(make: Making) -> list[str]:
    """What has been tried, as points: the plan, the sessions, the tasks, sore spells, clearance, reviews."""
    person, content = make.person, make.content
    found = []
    plan = person.plans[-1] if person.plans else None
    if plan is None:
        found.append("No exercise plan has been made.")
    elif not plan.allowed:
        found.append("No exercises: the answers call for somebody to look first.")
    else:
        found.append(_plan_words(plan, is_open=person.plan_is_open))
    sessions = [one for one in sessions_of(person.diary) if one.what == "strength" and one.sets]
    turns = sum(1 for _ in only(person.diary, Moved))
    if sessions or turns:
        since = person.plans[0].starts_on if person.plans else None
        from_day = f" since {said_day(since)}" if since is not None else ""
        parts = [f"{_count(len(sessions), 'strength session')}", f"{_count(turns, 'short bout')} of movement"]
        found.append(f"Done{from_day}: {' and '.join(parts)}.")
    if tasks := changed_tasks(person, content):
        found.append(f"Everyday tasks done in a changed way: {'; '.join(tasks)}.")
    flares = [row.day for row, _ in only(person.diary, FlareStarted)]
    if flares:
        found.append(f"{_count(len(flares), 'flare-up')}, the last one from {said_day(flares[-1])}.")
    found += [
        f"The person says that a {cleared.role.replace('_', ' ')} was happy for them to exercise, on "
        f"{said_day(cleared.cleared_on)}."
        for cleared in person.cleared[-1:]
    ]
    found += [_review_words(review) for review in person.reviews[-1:]]
    return found


def changed_tasks(person: Person, content: Content) -> list[str]:
    """Names of the tasks that were changed, each once."""
    own = {entry.task: (entry.name, entry.category) for _, entry in only(person.diary, TaskTold)}
    names: dict[str, None] = {}
    for _, entry in only(person.diary, TaskChanged):
        name, category = own.get(entry.task, ("", entry.task))
        rule = content.load_rules.get(category)
        names[clipped(name, 60) or (rule.title if rule is not None else "a task of their own")] = None
    return list(names)


def _plan_words(plan: PlanMade, *, is_open: bool) -> str:
    kinds = [item["kind"] for item in plan.record["exercises"]]
    parts = [
        f"{kinds.count(kind)} {word}" for kind, word in (("movement", "for movement"), ("strength", "for strength"))
        if kind in kinds
    ]  # fmt: skip
    state = "" if is_open else ". It waits: a safety check, or a visit, comes first"
    return (
        f"Exercise plan since {said_day(plan.starts_on)}, version {plan.number}: "
        f"{_count(len(kinds), 'exercise')} ({', '.join(parts)}), listed in the appendix{state}."
    )


def _review_words(review: Reviewed) -> str:
    amount = review.inputs.get("adherence_pct")
    share = f" About {amount:.0f} % of what was planned was done." if isinstance(amount, int | float) else ""
    return f"Review on {said_day(review.at.date())}: {_OUTCOMES.get(review.outcome, review.outcome)}.{share}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


# ---- appendix ----------------------------------------------------------------------------------------------------


def charts(person: Person, today: dt.date) -> Iterator[Block]:
    """Pain at rest and own activities over the weeks, each with its numbers in a table."""
    resting = {day: float(value) for day, value in mornings(person.diary).items()}
    start = min([*resting, *(plan.starts_on for plan in person.plans[:1])], default=today)
    if resting:
        weeks = by_week(resting, start, max(resting))
        middles = {week.first + 3 * _DAY: week.middle for week in weeks if week.middle is not None}
        lines = {"each morning": resting, "middle of the week": middles}
        rows = [
            (said_day(week.first), str(week.days), _number(week.middle), _spread(week.low, week.high)) for week in weeks
        ]
        yield Block(
            title="Pain at rest in the morning, 0 to 10",
            chart=_chart(lines, start, max(resting), told="Pain at rest each morning, from 0 to 10; table below.",
                         joined=("middle of the week",)),
            table=Table(
                columns=("Week from", "Mornings told", "Middle", "Lowest to highest"), rows=rows, wide=(3, 2, 2, 3)
            ),
        )  # fmt: skip
    activities = _activities(person)
    told_on = sorted({day for values in activities.values() for day in values})
    if len(told_on) > 1:
        named = {
            f"{number}. {clipped(words, 40)}": values for number, (words, values) in enumerate(activities.items(), 1)
        }
        ratings = [(said_day(day), *(_number(values.get(day)) for values in named.values())) for day in told_on]
        yield Block(
            title="Own activities, 0 not at all to 10 as before",
            chart=_chart(named, told_on[0], told_on[-1], told="Ratings of the person's own activities; table below.",
                         joined=tuple(named)),
            table=Table(columns=("Day", *named), rows=ratings, wide=(2, *[3] * len(named))),
        )  # fmt: skip


def plan_table(make: Making) -> Block | None:
    """Exercises with their dose."""
    plan = make.person.plans[-1] if make.person.plans else None
    if plan is None or not plan.allowed:
        return None
    rows = [(item["title"], _dose(item), item["kind"]) for item in plan.record["exercises"]]
    lines = [f"Version {plan.number}, made on {said_day(plan.made_at.date())}."]
    if plan.record["cautions"]:
        titles = (make.content.cautions[tag].title for tag in plan.record["cautions"] if tag in make.content.cautions)
        lines.append(f"Cautions that were kept to: {', '.join(titles)}.")
    pattern = make.content.patterns.get(plan.record["pattern"] or "")
    if pattern is not None and make.is_shown(pattern.when):
        lines.append(f"The answers are consistent with: {pattern.title}. This is no diagnosis.")
    breaks = plan.record["breaks"]
    if breaks is not None:
        lines.append(f"A change of position every {breaks['every_minutes']} minutes.")
    table = Table(columns=("Exercise", "Dose in the plan", "Kind"), rows=rows, wide=(4, 5, 2))
    return Block(title="The exercise plan", lines=lines, table=table)


def own_words_of(person: Person) -> Block | None:
    """Everything that was typed, whole."""
    rows = [
        (f"Activity, at the start {_number(one.get('score'))} of 10", str(one["words"])) for one in _assessed(person)
    ]
    rows += [("Goal" + (", reached" if goal.reached else ""), goal.words) for goal in person.goals]
    rows += [("What helped", entry.words) for _, entry in only(person.diary, Helped)][-1:]
    rows += [("What got in the way", review.told["got_in_the_way"]) for review in person.reviews]
    table_rows = [(name, told) for name, words in rows if (told := own_words(words))]
    if not table_rows:
        return None
    return Block(
        title="In the person's own words", table=Table(columns=("What", "Words"), rows=table_rows, wide=(2, 5))
    )


def _dose(item: Mapping[str, Any]) -> str:
    hold = f", held {item['hold_s']:g} s" if item["hold_s"] else ""
    often = f"{item['per_day']} times a day" if item["per_day"] > 1 else f"{item['days_per_week']} days a week"
    return f"{_count(item['sets'], 'set')} of {item['reps']} {item['unit']}{hold}, {often}"


def _chart(
    lines: Mapping[str, Mapping[dt.date, float | None]],
    start: dt.date,
    end: dt.date,
    *,
    told: str,
    joined: Sequence[str],
) -> Chart:
    days = max((end - start).days, 1)
    made = []
    for name, values in lines.items():
        dots = [
            Dot(x=(day - start).days / days, y=value / _PAIN_TOP)
            for day, value in sorted(values.items())
            if value is not None
        ]
        made.append((name, dots))
    heights = _apart([dots[-1].y if dots else 0.0 for _, dots in made])
    step = max(days // 42, 1) * 7
    across = [(at / days, f"{start + at * _DAY:%-d %b}") for at in range(0, days + 1, step)]
    return Chart(
        told=told,
        lines=[
            Line(name=name, at=at, dots=dots, joined=name in joined)
            for (name, dots), at in zip(made, heights, strict=True)
        ],
        across=across,
        up=[(value / _PAIN_TOP, str(value)) for value in (0, 5, 10)],
    )  # fmt: skip


def _apart(heights: Sequence[float], least: float = 0.24) -> list[float]:
    """Places of names beside a chart: near where they belong, and not one on the other."""
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    placed = list(heights)
    for before, index in pairwise(order):
        placed[index] = max(placed[index], placed[before] + least)
    above = max(placed, default=0.0) - 1.0
    return [height - above if above > 0 else height for height in placed]


def _activities(person: Person) -> dict[str, dict[dt.date, float]]:
    """Of each own activity, by its words: what it was rated, by day."""
    found: dict[str, dict[dt.date, float]] = {}
    names = list(_first_activities(person))
    for told in person.told[:1]:
        for one in told.activities:
            found.setdefault(one["words"], {})[told.at.date()] = float(one["score"])
    for row, entry in only(person.diary, CheckIn):
        for words, score in zip(names, entry.activities, strict=False):
            if score is not None and words in found:
                found[words][row.day] = float(score)
    for review in person.reviews:
        for words, score in review.told["activities"].items():
            if words in found:
                found[words][review.at.date()] = float(score)
    return found


def _assessed(person: Person) -> Sequence[Mapping[str, Any]]:
    return person.told[-1].activities if person.told else ()


def _first_activities(person: Person) -> dict[str, float]:
    return {one["words"]: one["score"] for one in person.told[0].activities} if person.told else {}


def _last_activity(
    person: Person, checkins: Sequence[tuple[dt.date, CheckIn]], words: str
) -> tuple[dt.date | None, float | None]:
    values = _activities(person).get(words, {})
    first = person.told[0].at.date() if person.told else None
    later = [day for day in values if day != first]
    return (max(later), values[max(later)]) if later else (None, None)


def _check_of(person: Person, plan: PlanMade) -> Any:
    return next((check for check in person.checks if check.uuid == plan.check), person.checks[0])


def _last(checkins: Sequence[tuple[dt.date, CheckIn]], field: str) -> tuple[dt.date | None, Any]:
    told = [(day, getattr(entry, field)) for day, entry in checkins if getattr(entry, field) is not None]
    return told[-1] if told else (None, None)


def _known(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _number(value: object) -> str:
    known = _known(value)
    return _NOTHING if known is None else f"{known:g}"


def _spread(low: float | None, high: float | None) -> str:
    return _NOTHING if low is None or high is None else f"{low:g} to {high:g}"
