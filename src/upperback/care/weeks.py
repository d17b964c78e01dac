"""What the diary of the last weeks says about signs that call for help early, and when a check-in is due. Pure."""

import datetime as dt
import itertools
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from upperback.care.diary import CheckIn, FlareStarted, Morning, Written, only
from upperback.care.early import SoFar
from upperback.content.vocabulary import Content

_WEEK = 7
_LAST_MORNINGS = 3  # what counts as the usual pain at rest: the middle one of these


@dataclass(frozen=True, slots=True, kw_only=True)
class LastCheck:
    """The safety check that the plan stands on.

    Attributes
    ----------
    at : when it was decided, aware
    pain : as it was read then, None where it was not told
    phq4 : total, complete
    """

    at: dt.datetime
    pain: float | None
    phq4: int | None


def so_far(
    written: Sequence[Written], *, starts_on: dt.date, check: LastCheck, today: dt.date, content: Content
) -> SoFar:
    """The weeks since the plan began, as the early signs read them. What was not told stays None.

    Parameters
    ----------
    written : diary entries in force: check-ins, mornings, flare-ups; of at least the last three months
    """
    told = [(row, entry) for row, entry in only(written, CheckIn) if row.day <= today]
    resting = {row.day: entry.pain for row, entry in only(written, Morning) if row.day <= today}
    since = [entry for row, entry in told if row.at >= check.at]
    return SoFar(
        week=(today - starts_on).days / _WEEK,
        strong_pain_most_days=_strong_most_days(told, resting, today, content),
        any_movement_tolerated=_tolerated(told, starts_on),
        weeks_of_rising_pain=_rising(told, resting, today, content),
        flares=_flares(written, today, content),
        weeks_off_work=_weeks_off(told, content),
        pain_rise=_rise(since, _mornings_since(written, check, today), check.pain),
        new_arm_symptoms=_new_arm(since),
        pgic=next((entry.pgic for row, entry in reversed(told) if entry.pgic and row.day >= starts_on), None),
        phq4=check.phq4,
    )


def check_in_due(starts_on: dt.date, told: Sequence[Written], today: dt.date, content: Content) -> bool:
    """Whether a week has gone by since the last check-in, or since day one."""
    last = max((row.day for row, _ in only(told, CheckIn) if row.day <= today), default=starts_on)
    return (today - max(last, starts_on)).days >= content.limit("check_in_days")


def small_review_due(starts_on: dt.date, told: Sequence[Written], today: dt.date, content: Content) -> bool:
    """Whether this check-in also asks how it is overall: once, from the third week on."""
    begins = starts_on + dt.timedelta(weeks=content.limit("early_check_week"))
    return today >= begins and not any(entry.pgic for row, entry in only(told, CheckIn) if row.day >= starts_on)


def _pains(told: Sequence[tuple[Written, CheckIn]], resting: Mapping[dt.date, int]) -> dict[dt.date, int]:
    """The pain of each day that has one: the higher of what was told in the morning and in a check-in."""
    pains = dict(resting)
    for row, entry in told:
        if entry.pain_average is not None:
            pains[row.day] = max(entry.pain_average, pains.get(row.day, 0))
    return pains


def _strong_most_days(
    told: Sequence[tuple[Written, CheckIn]], resting: Mapping[dt.date, int], today: dt.date, content: Content
) -> bool | None:
    """On most days of the last week that were told of. Few days known: what the check-in said counts."""
    strong, first = content.limit("early_strong_pain"), today - dt.timedelta(days=_WEEK - 1)
    known = [pain for day, pain in _pains(told, resting).items() if first <= day <= today]
    if len(known) >= content.limit("early_days_known"):
        return sum(pain >= strong for pain in known) * 2 > len(known)
    averages = [e.pain_average for row, e in told if row.day >= first and e.pain_average is not None]
    return averages[-1] >= strong if averages else None


def _tolerated(told: Sequence[tuple[Written, CheckIn]], starts_on: dt.date) -> bool | None:
    said = [e.movement_bearable for row, e in told if row.day >= starts_on and e.movement_bearable in {"yes", "no"}]
    return said[-1] == "yes" if said else None


def _rising(
    told: Sequence[tuple[Written, CheckIn]], resting: Mapping[dt.date, int], today: dt.date, content: Content
) -> int | None:
    """Weeks in a row, counted back from today, each clearly above the one before. Like is compared with like."""
    averages = {row.day: e.pain_average for row, e in told if e.pain_average is not None}
    enough, far = int(content.limit("early_days_known")), int(content.limit("early_rising_weeks")) + 1
    found = [
        rising_weeks(_weekly_means(pains, today, count, far), content)
        for pains, count in ((resting, enough), (averages, 1))
    ]
    return max((run for run in found if run is not None), default=None)


def rising_weeks(means: Sequence[float | None], content: Content) -> int | None:
    """How many weeks in a row, counted back from the newest, are clearly above the one before.

    Parameters
    ----------
    means : of the pain of each week, the newest first; None for a week of which too little was told

    Returns
    -------
    None where one of the last two weeks is not known: then nothing can be said
    """
    if len(means) < 2 or means[0] is None or means[1] is None:
        return None
    least, run = content.limit("early_rising_least"), 0
    for later, earlier in itertools.pairwise(means):
        if later is None or earlier is None or later - earlier < least:
            break
        run += 1
    return run


def _weekly_means(pains: Mapping[dt.date, int], today: dt.date, least: int, weeks: int) -> list[float | None]:
    """Means of the last weeks, the newest first; None for a week with too few days."""
    means: list[float | None] = []
    for back in range(weeks):
        last = today - dt.timedelta(days=_WEEK * back)
        values = [pain for day, pain in pains.items() if last - dt.timedelta(days=_WEEK) < day <= last]
        means.append(statistics.fmean(values) if len(values) >= least else None)
    return means


def _flares(written: Sequence[Written], today: dt.date, content: Content) -> int:
    first = today - dt.timedelta(weeks=content.limit("early_flares_weeks"))
    return sum(first < row.day <= today for row, _ in only(written, FlareStarted))


def _weeks_off(told: Sequence[tuple[Written, CheckIn]], content: Content) -> float | None:
    """Weeks away from work in a row, as the last check-ins tell it; a week of seven days counts once, too."""
    whole, weeks, known = content.limit("early_working_days"), 0.0, False
    for _row, entry in reversed(told):
        if entry.days_off_work is None:
            break
        known = True
        if entry.days_off_work == 0:
            break
        weeks += min(1.0, entry.days_off_work / whole)
    return weeks if known else None


def _mornings_since(written: Sequence[Written], check: LastCheck, today: dt.date) -> list[int]:
    return [entry.pain for row, entry in only(written, Morning) if row.at >= check.at and row.day <= today]


def _rise(since: Sequence[CheckIn], mornings: Sequence[int], pain: float | None) -> float | None:
    """How far the newest pain is above that of the safety check: of the check-in, or of the last mornings."""
    now: list[float] = []
    if since:
        now += [value for value in (since[-1].pain_now, since[-1].pain_average) if value is not None]
    if len(mornings) >= _LAST_MORNINGS:
        now.append(statistics.median(mornings[-_LAST_MORNINGS:]))
    return max(now) - pain if now and pain is not None else None


def _new_arm(since: Sequence[CheckIn]) -> bool | None:
    """Not sure is not no."""
    said = [entry.arm for entry in since if entry.arm is not None]
    return said[-1] != "no" if said else None
