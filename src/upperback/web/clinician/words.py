"""Reasons, moves and differences in words for somebody who looks after people. Facts, and never a judgement."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from upperback.care.caseload import Need, Reason
from upperback.care.diary import DayOff, Entry, FlareEnded, FlareStarted, SessionEnded, TaskChanged, Warned
from upperback.care.plan.difference import PlanDifference
from upperback.content.vocabulary import default_content

#: What somebody stands in the list for, in two or three words.
NEED_WORDS: Final[Mapping[Need, Any]] = {
    "red_flag": gettext_lazy("Warning sign"),
    "not_checked": gettext_lazy("Not checked"),
    "stalled": gettext_lazy("Stalled"),
    "pain_rising": gettext_lazy("Pain rising"),
    "not_known": gettext_lazy("Not known"),
    "review_due": gettext_lazy("Review due"),
    "task_due": gettext_lazy("Task due"),
    "message": gettext_lazy("Message"),
    "expected": gettext_lazy("As expected"),
}

#: Shape of a need: one of the drawn signs, so that colour never stands alone.
NEED_SHAPES: Final[Mapping[Need, str]] = {
    "red_flag": "emergency_now",
    "not_checked": "urgent_same_day",
    "stalled": "gp_soon",
    "pain_rising": "urgent_same_day",
    "not_known": "gp_soon",
    "review_due": "physio_routine",
    "task_due": "physio_routine",
    "message": "physio_routine",
    "expected": "self_manage",
}

_PLAN_REASONS: Final = {
    "made": gettext_lazy("made from a safety check"),
    "shaped": gettext_lazy("shaped by the person"),
    "cleared": gettext_lazy("after a clinician's yes"),
    "clinician": gettext_lazy("proposed by a clinician, accepted by the person"),
}

OUTCOME_WORDS: Final = {
    "continue": gettext_lazy("Go on"),
    "continue_and_adjust": gettext_lazy("Go on, and change something"),
    "refer_physio": gettext_lazy("Physiotherapist next"),
    "seek_medical_help": gettext_lazy("Medical help first"),
}


def plan_reason(reason: str) -> str:
    """Why there is a version."""
    return str(_PLAN_REASONS.get(reason, reason))


def day_words(day: dt.date) -> str:
    """A day, with its year."""
    return day.strftime("%-d %b %Y")


def reason_words(reason: Reason, today: dt.date) -> str:
    """Why somebody stands where they stand, in one sentence."""
    facts = reason.facts
    since = _since(reason.since, today)
    match reason.id:
        case "warning_told":
            return _("Told a warning sign %(since)s. No new safety check since.") % {"since": since}
        case "alarming_message":
            return _("A message that waits holds alarming words, %(since)s.") % {"since": since}
        case "help_first":
            short = default_content().dispositions[facts["disposition"]].short  # type: ignore[index]  # as decided
            words = _("The safety check %(since)s says “%(result)s”. Nobody has said yet that they were seen.")
            return words % {"since": since, "result": short}
        case "review_help":
            return _("The review %(since)s sent to medical help first.") % {"since": since}
        case "never_checked":
            return _("No safety check yet. Nothing is known.")
        case "check_incomplete":
            return _("The safety check %(since)s was not answered to its end.") % {"since": since}
        case "check_begun":
            return _("A new safety check was begun and not finished.")
        case "review_physio":
            return _("The review %(since)s: a physiotherapist is the next step.") % {"since": since}
        case "no_step_up":
            return _("%(sessions)s sessions in %(weeks)s weeks, and no exercise went up.") % dict(facts)
        case "rising_for_weeks":
            return _("Pain at rest has risen %(weeks)s weeks in a row: from %(before)s to %(now)s of 10.") % _rounded(
                facts
            )
        case "clearly_up":
            return _("Pain at rest is up this week: from %(before)s to %(now)s of 10.") % _rounded(facts)
        case "nothing_told":
            return _("Nothing told for %(days)s days.") % dict(facts)
        case "pain_not_told":
            return _("Pain was told on too few days of this week to say how it goes.")
        case "no_plan":
            return _("There is no plan.")
        case "check_not_shared":
            return _("Does not share the answers of the safety check with you.")
        case "progress_not_shared":
            return _("Does not share pain and exercise with you.")
        case "plan_not_shared":
            return _("Does not share the plan with you.")
        case "review_due":
            return _due(int(str(facts["days"])))
        case "task_due":
            count = int(str(facts["count"]))
            words = ngettext("%(count)s task of yours is due", "%(count)s tasks of yours are due", count)
            return (words + ", %(since)s.") % {"count": count, "since": since}
        case "message":
            count = int(str(facts["count"]))
            words = ngettext("%(count)s message waits for an answer", "%(count)s messages wait for an answer", count)
            return (words + ", %(since)s.") % {"count": count, "since": since}
        case "expected":
            return _("Told last %(since)s.") % {"since": since} if reason.since else _("Nothing stands out.")


def _due(days: int) -> str:
    if not days:
        return _("The six-week review is due today.")
    words = ngettext("The review has been due for %(days)s day.", "The review has been due for %(days)s days.", days)
    return words % {"days": days}


def _rounded(facts: Mapping[str, object]) -> dict[str, str]:
    return {name: f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
            for name, value in facts.items()}  # fmt: skip


def _since(day: dt.date | None, today: dt.date) -> str:
    if day is None:
        return _("some time ago")
    days = (today - day).days
    if days <= 0:
        return _("today")
    if days == 1:
        return _("yesterday")
    return _("on %(day)s") % {"day": day.strftime("%-d %B") if days < 300 else day.strftime("%-d %B %Y")}


def difference_words(found: PlanDifference | None) -> list[str]:
    """What a version of a plan changed, line by line."""
    if found is None:
        return []
    lines = []
    if found.allowed is not None:
        lines.append(
            _("Exercises are open.") if found.allowed[1] else _("Exercises are closed until somebody has looked.")
        )
    if found.phase is not None:
        lines.append(_("Phase from %(before)s to %(after)s.") % {"before": found.phase[0], "after": found.phase[1]})
    lines += [_("In: %(title)s") % {"title": title} for title in found.added]
    lines += [_("Out: %(title)s") % {"title": title} for title in found.removed]
    lines += [
        _("%(title)s: from %(before)s to %(after)s")
        % {"title": dose.title, "before": amount(*dose.before), "after": amount(*dose.after)}
        for dose in found.doses
    ]
    lines += [_("Caution added: %(title)s") % {"title": title} for title in found.cautions_added]
    lines += [_("Caution gone: %(title)s") % {"title": title} for title in found.cautions_removed]
    lines += [_("Task added: %(title)s") % {"title": title} for title in found.tasks_added]
    lines += [_("Task gone: %(title)s") % {"title": title} for title in found.tasks_removed]
    return lines or [_("The same exercises.")]


def amount(sets: int, reps: int) -> str:
    """Sets and repetitions, short."""
    return f"{sets} × {reps}"


def story_words(entry: Entry) -> str:
    """A turning point of the person's own story."""
    match entry:
        case Warned(signs=signs):
            return _("Told a warning sign, or could not rule one out (%(count)s).") % {"count": len(signs)}
        case SessionEnded():
            return _("Stopped a session because something felt wrong.")
        case FlareStarted(pain=pain):
            return _("A flare-up began.") if pain is None else _("A flare-up began, pain %(pain)s.") % {"pain": pain}
        case FlareEnded(helped=helped):
            return (
                _("The flare-up was over. What helped: %(words)s") % {"words": helped}
                if helped
                else _("The flare-up was over.")
            )
        case TaskChanged(words=words, task=task):
            return _("Changed a task: %(words)s") % {"words": words or task}
        case DayOff(reason=reason):
            return {"holiday": _("A day off: holiday."), "illness": _("A day off: illness.")}.get(
                reason, _("A day off.")
            )
        case _:
            raise AssertionError(type(entry))
