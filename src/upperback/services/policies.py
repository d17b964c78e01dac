"""What the state of things allows. `check_can_...` raises, `can_...` tells, from the same code.

The way through the product, held by the server whatever page is asked for:

    no screening -> screening open -> decision -> (assessment) -> plan -> today
"""

import datetime as dt
from collections.abc import Callable
from typing import Final, ParamSpec

from upperback.care import intake
from upperback.care.ledger import Trial
from upperback.care.looking_back import Stage
from upperback.care.plan.gate import NEVER_CLEARED
from upperback.content.vocabulary import Content, default_content
from upperback.core.errors import Conflict, NotAllowed
from upperback.store.models import Assessment, Decision, PlanVersion, Screening

P = ParamSpec("P")

#: A plan is only made from a safety check that is not older than this, and a result only from such answers.
SCREEN_IS_CURRENT: Final = dt.timedelta(hours=24)

CHANGED_MEANWHILE: Final = (
    "Your answers were changed in another window, or this page was open for a long time. "
    "Nothing is lost. Look at the page as it is now and answer again if you need to."
)
ALREADY_FINISHED: Final = "This safety check is finished. You can start a new one at any time."
ANSWERS_ARE_OLD: Final = (
    "You gave some of these answers more than a day ago. Look at them again, change what is different now, and say "
    "that all of them hold today."
)
SOMETHING_NEW: Final = "Something felt wrong or was new. Do the safety check first; your plan waits for you."
LONG_AWAY: Final = "You were away for more than four weeks. Do the safety check first, then start gently again."
FELT_WRONG: Final = "Something felt wrong the last time. Do the safety check first; your plan waits for you."
VISIT_FIRST: Final = (
    "Your last review says: have it checked first. Once you have been seen, say so on the page of your result, and the "
    "plan opens again."
)
REVIEW_NOT_DUE: Final = "Your next look back is not due yet. If something is new or worse, do the safety check now."
CHECK_FIRST: Final = "A look back begins with a new safety check, so that what comes next is safe for you."
ONE_CHANGE: Final = (
    "You are trying one change of this task. See first what it does, or take it back. Two at once cannot be told apart."
)
FEW_CHANGES: Final = "You are changing enough tasks for now. See first what that does, then take the next one."
PAGE_IS_OLD: Final = "This page is too old to be used. Open it again"
HELP_FIRST: Final = "Your answers need attention first. There is no exercise plan until then."
#: With these the next step is a safety check, although the plan is open.
CHECK_BEFORE_TRAINING: Final = frozenset({LONG_AWAY, FELT_WRONG})


def _tells(check: Callable[P, None]) -> Callable[P, bool]:
    def can(*args: P.args, **kwargs: P.kwargs) -> bool:
        try:
            check(*args, **kwargs)
        except (Conflict, NotAllowed):
            return False
        return True

    return can


def check_can_answer(screening: Screening, version: int) -> None:
    """Answers go into an open screening, and only on top of what the page showed."""
    if screening.state != Screening.State.IN_PROGRESS:
        raise Conflict(ALREADY_FINISHED)
    if screening.version != version:
        raise Conflict(CHANGED_MEANWHILE)


def check_can_finish(screening: Screening, content: Content, now: dt.datetime, *, still_hold: bool) -> None:
    """A result needs every question that applies, answered within a day or said to hold still.

    A fired emergency rule stops at once, however old it is.
    """
    if screening.state != Screening.State.IN_PROGRESS:
        raise Conflict(ALREADY_FINISHED)
    answers = intake.from_plain(screening.answers)
    if intake.fired_emergencies(answers, content):
        return
    if intake.next_question(answers, content) is not None:
        raise NotAllowed("Some questions are still open. A result needs all of them.")
    if not still_hold and not answers_are_current(screening, now):
        raise NotAllowed(ANSWERS_ARE_OLD)


def check_can_plan(
    decision: Decision | None, open_screening: Screening | None, now: dt.datetime, *, alarmed: bool
) -> None:
    """A plan needs a complete safety check of the last 24 hours that does not send to help first.

    And none that is half-way, and no warning sign told since (`alarmed`).
    """
    if decision is None or not decision.complete:
        raise NotAllowed("Before a plan you need a whole safety check. It takes about five minutes.")
    if open_screening is not None:
        raise NotAllowed("You have started a new safety check. Finish it first, so that the plan is safe for you.")
    if alarmed:
        raise NotAllowed(SOMETHING_NEW)
    if not decision_is_current(decision, now):
        raise NotAllowed("Your safety check is more than a day old. Do it again first, so that the plan is safe now.")
    if decision.disposition in NEVER_CLEARED:
        raise NotAllowed(HELP_FIRST)


def check_review_allows(*, waits: bool) -> None:
    """No plan while the newest review sends to a doctor and nobody has looked."""
    if waits:
        raise NotAllowed(VISIT_FIRST)


def check_can_review(
    stage: Stage | None,
    decision: Decision | None,
    open_screening: Screening | None,
    now: dt.datetime,
    *,
    alarmed: bool,
    since: dt.datetime | None,
) -> None:
    """A review is due, and its check is new: of the last day, after the last review (`since`), nothing after it."""
    if stage in {None, "later"}:
        raise NotAllowed(REVIEW_NOT_DUE)
    if decision is None or open_screening is not None or alarmed or not decision_is_current(decision, now):
        raise NotAllowed(CHECK_FIRST)
    if not decision.complete or (since is not None and decision.decided_at <= since):
        raise NotAllowed(CHECK_FIRST)


def decision_is_current(decision: Decision, now: dt.datetime) -> bool:
    """Whether a decision may still be the ground for a new plan."""
    return _within_a_day(decision.decided_at, now)


def result_is_current(decision: Decision | None, now: dt.datetime) -> bool:
    """Whether a result is whole and of the last day."""
    return decision is not None and decision.complete and decision_is_current(decision, now)


def answers_are_current(screening: Screening, now: dt.datetime) -> bool:
    """Whether the answers of an open check are of today: none was given more than 24 hours ago."""
    return _within_a_day(screening.answers_since, now)


def _within_a_day(then: dt.datetime, now: dt.datetime) -> bool:
    """Not longer ago, and not in the future: a clock may be put back."""
    return dt.timedelta(0) <= now - then <= SCREEN_IS_CURRENT


def check_assessment_fits(assessment: Assessment | None, decision: Decision) -> None:
    """A plan needs the questions about moving safely, an operation or a pacemaker among them, for this very check."""
    if assessment is None or missing_for_plan(assessment, decision):
        raise NotAllowed("A few questions come first, so that the exercises suit you. You can skip most of them.")


def missing_for_plan(assessment: Assessment, decision: Decision) -> bool:
    """Whether this check opens a question that the assessment has not answered."""
    answers = intake.from_plain(decision.screening.answers | assessment.answers)
    return intake.next_question(answers, default_content(), "assessment") is not None


def check_can_assess(assessment: Assessment, version: int) -> None:
    """Like answers: open, and on top of what the page showed."""
    if assessment.state != Assessment.State.IN_PROGRESS:
        raise Conflict("This part is finished already.")
    if assessment.version != version:
        raise Conflict(CHANGED_MEANWHILE)


def check_plan_is_open(
    plan: PlanVersion | None, decision: Decision | None, open_screening: Screening | None, *, alarmed: bool
) -> None:
    """Exercises are shown only from the newest plan, made from the newest decision, with nothing new since then."""
    if plan is None or decision is None or not plan.allowed:
        raise NotAllowed("There is no exercise plan for you now. A safety check says what comes first.")
    if plan.decision_id != decision.pk:
        raise NotAllowed("You did a new safety check after this plan was made. Make the plan again from it.")
    if open_screening is not None:
        raise NotAllowed("You have started a new safety check. Your plan waits until it is finished.")
    if alarmed:
        raise NotAllowed(SOMETHING_NEW)


def check_can_change_task(trial: Trial | None, *, may_change: bool) -> None:
    """One change of a task at a time, until it is told what it did; and only a few tasks at once."""
    if trial is not None and trial.waits:
        raise NotAllowed(ONE_CHANGE)
    if not may_change:
        raise NotAllowed(FEW_CHANGES)


can_answer = _tells(check_can_answer)
can_finish = _tells(check_can_finish)
can_plan = _tells(check_can_plan)
can_assess = _tells(check_can_assess)
can_review = _tells(check_can_review)
assessment_fits = _tells(check_assessment_fits)
plan_is_open = _tells(check_plan_is_open)
