"""Who of many people needs a clinician first, and why. Pure: what is known of each goes in, an order comes out.

Nobody is ranked as fine for what is not known: whoever has no safety check, whose pain nobody knows or who told nothing
for a while has that as a reason, and stands before everybody who is known to be as expected.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from upperback.care.review import HELP_FIRST, Outcome
from upperback.care.scores import nprs_has_worsened
from upperback.care.weeks import rising_weeks
from upperback.content.models import Disposition
from upperback.content.vocabulary import Content

#: What a reason is about, the most pressing first. It decides the order of the list.
Need = Literal[
    "red_flag", "not_checked", "stalled", "pain_rising", "not_known", "review_due", "task_due", "message", "expected"
]  # fmt: skip

NEEDS: Final[tuple[Need, ...]] = get_args(Need)

#: Each sentence that may stand beside a name.
ReasonId = Literal[
    "warning_told", "alarming_message", "help_first", "review_help",
    "never_checked", "check_begun", "check_incomplete", "check_not_shared",
    "review_physio", "no_step_up",
    "rising_for_weeks", "clearly_up",
    "nothing_told", "pain_not_told", "progress_not_shared", "plan_not_shared", "no_plan",
    "review_due",
    "task_due",
    "message",
    "expected",
]  # fmt: skip

#: Weeks over which training is looked at. How this list works, not a clinical limit: nothing is decided from it.
STALLED_WEEKS: Final = 3
#: Strength sessions in these weeks, at least, before "no exercise went up" says anything.
STALLED_SESSIONS: Final = 5
#: Days without a word from somebody who has a plan.
QUIET_DAYS: Final = 14

#: How heavy a result weighs among red flags: what was told since (3) and written since (2) stands between them.
_URGENCY: Final[Mapping[Disposition, int]] = {"emergency_now": 5, "urgent_same_day": 4, "gp_soon": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """What is known of one person. None, or nothing in a list, is "not known" and never counts as fine.

    Attributes
    ----------
    person, name : public id, and the name they chose
    knows : what the person lets this clinician see of it; what is not in here is not known, whatever it says
    disposition, decided_on : of the newest safety check; complete: every question was answered
    cleared : a clinician has looked since and is happy for the person to exercise
    begun : a new check was begun and is not finished
    warned_on : the newest day since the check on which a warning sign was told
    alarming_on : the newest message that waits and holds alarming words
    outcome, reviewed_on : of the newest review
    pain_weeks : mean pain at rest, 0..10, of the last weeks, the newest first; None for a week with too few days
    starts_on : day one of an open plan; None without one
    sessions : strength sessions in the last `STALLED_WEEKS`
    step_up_on : the last day from which an exercise went up
    review_on : day of the next look back
    messages, message_on : how many wait for an answer, and since when
    told_on : the last day of which anything was told
    tasks, task_on : how many that whoever asks noted, or was given, are due, and the day of the first
    """

    person: str
    name: str
    knows: frozenset[str] = frozenset({"answers", "plan", "progress", "messages"})
    disposition: Disposition | None = None
    decided_on: dt.date | None = None
    complete: bool = False
    cleared: bool = False
    begun: bool = False
    warned_on: dt.date | None = None
    alarming_on: dt.date | None = None
    outcome: Outcome | None = None
    reviewed_on: dt.date | None = None
    pain_weeks: tuple[float | None, ...] = ()
    starts_on: dt.date | None = None
    sessions: int | None = None
    step_up_on: dt.date | None = None
    review_on: dt.date | None = None
    messages: int = 0
    message_on: dt.date | None = None
    told_on: dt.date | None = None
    tasks: int = 0
    task_on: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason to look at somebody.

    Attributes
    ----------
    since : the day it holds from; None where it has no day
    facts : the numbers and words its sentence is made of
    weight : among reasons of one need, the higher one comes first
    """

    id: ReasonId
    need: Need
    since: dt.date | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    weight: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A person in the list. `reasons`: at least one, the most pressing first."""

    stand: Stand
    reasons: tuple[Reason, ...]

    @property
    def need(self) -> Need:
        """What the person stands in the list for."""
        return self.reasons[0].need


def by_need(stands: Iterable[Stand], today: dt.date, content: Content) -> list[Placed]:
    """Everybody, the most pressing first.

    By the need of the first reason; then the heavier one, the one that holds longer (an unknown day counts as the
    longest), more reasons, the name, the id. The order of what comes in does not matter.
    """
    placed = [Placed(stand=stand, reasons=reasons_for(stand, today, content)) for stand in stands]
    return sorted(placed, key=_order)


def reasons_for(stand: Stand, today: dt.date, content: Content) -> tuple[Reason, ...]:
    """Every reason to look at a person; `expected` alone where there is none and everything is known."""
    found = [reason for reasons in _RULES for reason in reasons(stand, today, content)]
    if not found:
        found = [Reason(id="expected", need="expected", since=stand.told_on)]
    return tuple(sorted(found, key=lambda reason: (NEEDS.index(reason.need), -reason.weight)))


def _order(placed: Placed) -> tuple[object, ...]:
    first = placed.reasons[0]
    return (
        NEEDS.index(first.need), -first.weight, first.since or dt.date.min, -len(placed.reasons),
        placed.stand.name.casefold(), placed.stand.person,
    )  # fmt: skip


def _red_flags(stand: Stand, _today: dt.date, _content: Content) -> Iterable[Reason]:
    if stand.alarming_on is not None and "messages" in stand.knows:
        yield Reason(id="alarming_message", need="red_flag", since=stand.alarming_on, weight=2)
    if "answers" not in stand.knows:
        return
    if stand.warned_on is not None:
        yield Reason(id="warning_told", need="red_flag", since=stand.warned_on, weight=3)
    if stand.disposition in HELP_FIRST and not stand.cleared:
        facts = {"disposition": stand.disposition}
        weight = _URGENCY[stand.disposition]
        yield Reason(id="help_first", need="red_flag", since=stand.decided_on, facts=facts, weight=weight)
    if stand.outcome == "seek_medical_help" and not stand.cleared and not _checked_since(stand):
        yield Reason(id="review_help", need="red_flag", since=stand.reviewed_on)


def _checked_since(stand: Stand) -> bool:
    return stand.decided_on is not None and stand.reviewed_on is not None and stand.decided_on > stand.reviewed_on


def _unchecked(stand: Stand, _today: dt.date, _content: Content) -> Iterable[Reason]:
    """No whole and newest safety check: it may be anything, so it stands right behind what is known to be urgent."""
    if "answers" not in stand.knows:
        yield Reason(id="check_not_shared", need="not_known")
    elif stand.disposition is None:
        yield Reason(id="never_checked", need="not_checked", weight=2)
    elif not stand.complete:
        yield Reason(id="check_incomplete", need="not_checked", since=stand.decided_on, weight=1)
    if "answers" in stand.knows and stand.begun:
        yield Reason(id="check_begun", need="not_checked", since=stand.decided_on)


def _stalled(stand: Stand, today: dt.date, _content: Content) -> Iterable[Reason]:
    if stand.outcome == "refer_physio" and "answers" in stand.knows:
        yield Reason(id="review_physio", need="stalled", since=stand.reviewed_on, weight=1)
    if not {"progress", "plan"} <= stand.knows or stand.starts_on is None or stand.sessions is None:
        return
    first = today - dt.timedelta(weeks=STALLED_WEEKS)
    went_up = stand.step_up_on is not None and stand.step_up_on > first
    if stand.starts_on <= first and stand.sessions >= STALLED_SESSIONS and not went_up:
        facts = {"sessions": stand.sessions, "weeks": STALLED_WEEKS}
        yield Reason(id="no_step_up", need="stalled", since=stand.step_up_on or stand.starts_on, facts=facts)


def _rising(stand: Stand, today: dt.date, content: Content) -> Iterable[Reason]:
    if "progress" not in stand.knows:
        return
    weeks = stand.pain_weeks
    run = rising_weeks(weeks, content)
    if run is not None and run >= content.limit("early_rising_weeks"):
        yield Reason(
            id="rising_for_weeks", need="pain_rising", since=today - dt.timedelta(weeks=run),
            facts={"weeks": run, "before": weeks[run], "now": weeks[0]}, weight=2,
        )  # fmt: skip
        return
    before, now = min((mean for mean in weeks[1:] if mean is not None), default=None), weeks[0] if weeks else None
    if nprs_has_worsened(before, now, points=content.limit("review_nprs_points")):
        facts = {"before": before, "now": now}
        yield Reason(id="clearly_up", need="pain_rising", since=today - dt.timedelta(weeks=1), facts=facts, weight=1)


def _unknown(stand: Stand, today: dt.date, _content: Content) -> Iterable[Reason]:
    """What nobody knows is a reason to ask."""
    if "progress" not in stand.knows:
        yield Reason(id="progress_not_shared", need="not_known")
    if "plan" not in stand.knows:
        yield Reason(id="plan_not_shared", need="not_known")
        return
    if stand.starts_on is None:
        if stand.disposition not in HELP_FIRST:  # no plan is as it should be while help comes first
            yield Reason(id="no_plan", need="not_known", since=stand.decided_on)
        return
    if "progress" not in stand.knows:
        return
    heard = max(day for day in (stand.told_on, stand.starts_on) if day is not None)
    if (today - heard).days >= QUIET_DAYS:
        yield Reason(
            id="nothing_told", need="not_known", since=heard, facts={"days": (today - heard).days}, weight=1
        )  # fmt: skip
    elif not any(mean is not None for mean in stand.pain_weeks[:1]):
        yield Reason(id="pain_not_told", need="not_known", since=heard)


def _review(stand: Stand, today: dt.date, _content: Content) -> Iterable[Reason]:
    if "plan" in stand.knows and stand.review_on is not None and stand.review_on <= today:
        facts = {"days": (today - stand.review_on).days}
        yield Reason(id="review_due", need="review_due", since=stand.review_on, facts=facts)


def _task(stand: Stand, _today: dt.date, _content: Content) -> Iterable[Reason]:
    if "messages" in stand.knows and stand.tasks:
        yield Reason(id="task_due", need="task_due", since=stand.task_on, facts={"count": stand.tasks})


def _message(stand: Stand, _today: dt.date, _content: Content) -> Iterable[Reason]:
    if "messages" in stand.knows and stand.messages:
        yield Reason(id="message", need="message", since=stand.message_on, facts={"count": stand.messages})


_RULES: Final[Sequence[Callable[[Stand, dt.date, Content], Iterable[Reason]]]] = (
    _red_flags, _unchecked, _stalled, _rising, _unknown, _review, _task, _message,
)  # fmt: skip
