"""What worn sensors say about a person's days: today against their usual, and whether bending and pain go together."""

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal
from zoneinfo import ZoneInfo

from upperback.care.diary import Morning, Worn
from upperback.care.sessions import mornings
from upperback.care.worn import USUAL_DAYS, WornDay, against_usual, usual_share, worn_days
from upperback.services import diary
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.services.today import local_day
from upperback.store.models import LiveMinute, Profile

__all__ = [
    "SayTogether",
    "WornDay",
    "WornToday",
    "days_worn",
    "hints_an_hour",
    "hints_since",
    "moves_together",
    "worn_today",
]

#: Whether bending and pain go together is looked at over so much time.
_LOOKS_BACK: Final = dt.timedelta(weeks=26)
_BENT_DEG: Final = 20
_SHARE_MIN: Final = 0.5
_MINUTE_S: Final = 60
_CLOCK_SET_S: Final = 12 * 3600.0
_SEED: Final = 1
#: Where hints are of little use they begin as if so much time had gone by: one an hour, and none after two weeks.
_FADED: Final = dt.timedelta(weeks=4)
#: Before so many days it is not even asked; what is asked then has its own least number.
_DAYS_MIN: Final = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class WornToday:
    """This day so far.

    Attributes
    ----------
    day : what was measured
    usual : part of the time that this person is usually bent forward; None while that is not known
    against : today against it; None without a usual, or while too little of today was measured
    """

    day: WornDay
    usual: float | None
    against: Literal["more", "less", "alike"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SayTogether:
    """Whether bending and pain went together for this person.

    Attributes
    ----------
    answer : `together`, `not_together`, `cannot_tell_yet`
    sentence : one plain sentence that says what was seen, and never why
    """

    answer: str
    sentence: str

    @property
    def is_turned_down(self) -> bool:
        """Watching how one bends is of no use to this person: it is not offered any more, and hints are rare."""
        return self.answer == "not_together"


def days_worn(*, profile: Profile, by: Actor, since: dt.date) -> dict[dt.date, WornDay]:
    """Each day since then on which a sensor was worn; sittings that are over."""
    return worn_days(diary.entries(profile=profile, by=by, since=since, kinds=[Worn]))


def worn_today(*, profile: Profile, by: Actor, now: dt.datetime) -> WornToday | None:
    """Today, also what is being measured at this moment, against the usual. None where nothing was worn today."""
    check_may(by, "see_profile")
    today = local_day(profile, now)
    days = days_worn(profile=profile, by=by, since=today - dt.timedelta(days=USUAL_DAYS))
    running = _running(profile, today)
    day = days.get(today)
    if running.measured_s:
        day = running if day is None else day.plus(running)
    if day is None:
        return None
    usual = usual_share(days, today)
    against = against_usual(day.share, usual) if usual is not None and day.counts else None
    return WornToday(day=day, usual=usual, against=against)


def _running(profile: Profile, today: dt.date) -> WornDay:
    """What sensors that are worn at this moment have measured today, in whole minutes."""
    starts = dt.datetime.combine(today, dt.time(), tzinfo=ZoneInfo(profile.time_zone)).timestamp()
    rows = LiveMinute.objects.filter(profile=profile, stream__ended_at=None)
    minutes = list(rows.values_list("stream", "stream__saved_at", "first_s", "seconds"))
    ends = {stream: first_s + _MINUTE_S for stream, _saved_at, first_s, _data in minutes}
    of_today = [
        (first_s, data)
        for stream, saved_at, first_s, data in minutes
        if first_s + _ahead_s(saved_at, ends[stream]) >= starts
    ]
    measured_s = bent_s = 0.0
    if of_today:
        from upperback.sensing.minutes import unpack_seconds  # brings the sensing along: not for every page

        for first_s, data in of_today:
            seconds = unpack_seconds(first_s, bytes(data))
            share, flexion = seconds.measured_share, seconds.flexion_deg
            told = (share >= _SHARE_MIN) & (flexion == flexion)  # noqa: PLR0124  NaN is not itself
            measured_s += float(share[told].sum())
            bent_s += float(share[told & (flexion >= _BENT_DEG)].sum())
    return WornDay(measured_s=measured_s, bent_s=bent_s)


def _ahead_s(saved_at: dt.datetime, end_s: int) -> float:
    """How far the computer's clock was put ahead since a sensor began, which counts on by itself; 0 where it was not.

    Minutes in which nothing was measured are not stored, so what is less than half a day may be just that.
    """
    ahead_s = saved_at.timestamp() - end_s
    return ahead_s if abs(ahead_s) > _CLOCK_SET_S else 0.0


def moves_together(*, profile: Profile, by: Actor, now: dt.datetime) -> SayTogether | None:
    """Whether pain in the morning went up and down with how long one was bent, that day or the day before.

    None while a sensor was worn on too few days to ask.
    """
    today = local_day(profile, now)
    told = diary.entries(profile=profile, by=by, since=today - _LOOKS_BACK, kinds=[Worn, Morning])
    days = {day: one for day, one in worn_days(told).items() if one.counts}
    if len(days) < _DAYS_MIN:
        return None
    return _together(days, {day: float(pain) for day, pain in mornings(told).items()})


def hints_since(*, profile: Profile, by: Actor, now: dt.datetime) -> dt.datetime:
    """Since when hints fade: the first sitting, if there was one; earlier where bending and pain do not go together."""
    worn_before = diary.entries(profile=profile, by=by, kinds=[Worn])
    first = min([now, *(row.at for row in worn_before)])  # not later than now, whatever a clock once said
    together = moves_together(profile=profile, by=by, now=now) if worn_before else None
    return min(first, now - _FADED) if together is not None and together.is_turned_down else first


def hints_an_hour(*, profile: Profile, by: Actor, now: dt.datetime) -> int:
    """How many hints may come in an hour by now, where they are turned on; 0 once their weeks are over."""
    from upperback.sensing.cues import CueParams

    weeks = (now - hints_since(profile=profile, by=by, now=now)) // dt.timedelta(weeks=1)
    return [an_hour for week, an_hour in CueParams().fading if weeks >= week][-1]


def _together(days: dict[dt.date, WornDay], pain: dict[dt.date, float]) -> SayTogether:
    import numpy as np

    from upperback.sensing.cues import TogetherParams, move_together

    every = sorted(days.keys() | pain.keys())
    found = move_together(
        np.array([day.toordinal() for day in every], np.int64),
        np.array([days[day].share if day in days else np.nan for day in every]),
        np.array([pain.get(day, np.nan) for day in every]),
        rng=np.random.default_rng(_SEED),
        params=TogetherParams(),
    )
    return SayTogether(answer=found.answer.value, sentence=found.sentence)
