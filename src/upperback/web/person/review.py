"""The six-week review: what it is, a few questions after a new safety check, and what comes next with its reason."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from upperback.care import intake
from upperback.care.scores import psfs_small_gain
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError, NotAllowed
from upperback.services import journey, plans, policies, reviews
from upperback.services.actors import public_id
from upperback.services.people import Profile
from upperback.services.reviews import Looking, Review, Told
from upperback.services.screening import Decision
from upperback.services.today import local_day
from upperback.web.person import session
from upperback.web.person.page import filled, for_person, services, show

#: Overall change in our own words, 1 to 7.
OVERALL: Final = {
    1: gettext_lazy("Very much better"),
    2: gettext_lazy("Much better"),
    3: gettext_lazy("A little better"),
    4: gettext_lazy("No change"),
    5: gettext_lazy("A little worse"),
    6: gettext_lazy("Much worse"),
    7: gettext_lazy("Very much worse"),
}
OUTCOMES: Final = {
    "continue": gettext_lazy("Go on"),
    "continue_and_adjust": gettext_lazy("Go on, with changes"),
    "refer_physio": gettext_lazy("Ask for a physiotherapist"),
    "seek_medical_help": gettext_lazy("Have it checked"),
}
#: The shape and colour of an outcome, those of the results of the safety check.
_SHAPES: Final = {"continue": "self_manage", "continue_and_adjust": "self_manage", "refer_physio": "physio_routine"}
_EFFORT: Final = {
    "committed": gettext_lazy("You really tried the plan."),
    "partly": gettext_lazy("You did part of the plan."),
    "low": gettext_lazy("Much of the plan did not fit into your days, or we do not know what you did."),
}
#: What a summary for others leaves out.
#: The row of the table that ends a course.
_FINISHED: Final = 4


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def review(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/review/`: where the review stands: not due, the safety check first, the questions, or done."""
    by, now = session.actor_of(request), session.now()
    state = journey.current_state(profile=profile, by=by, now=now)
    if state.screening is None and state.decision is not None and _is_emergency(state.decision, now):
        return redirect("result", decision_uuid=state.decision.uuid)
    newest = reviews.newest_review(profile=profile, by=by)
    again = "again" in request.GET or request.method == "POST"
    if newest is not None and not again and reviews.review_stands(newest, profile=profile, by=by):
        due = reviews.review_due(profile=profile, by=by, now=now)
        if due is None or due.stage == "later":
            return redirect("review_result", review_uuid=newest.uuid)
    try:
        looking = reviews.look_back(profile=profile, by=by, now=now)
    except NotAllowed:
        if request.method == "POST":
            raise
        return _start(request, profile, state, newest)
    if request.method == "POST":
        return _keep(request, profile, looking)
    return _ask(request, profile, looking, QueryDict(), {})


def _is_emergency(decision: Decision, now: dt.datetime) -> bool:
    """An emergency of the last day is all that is shown, also where it stopped the check half-way."""
    return decision.disposition == "emergency_now" and policies.decision_is_current(decision, now)


def _start(request: HttpRequest, profile: Profile, state: journey.State, newest: Review | None) -> HttpResponse:
    due = reviews.review_due(profile=profile, by=session.actor_of(request), now=session.now(), plan=state.plan)
    context = {"profile": profile, "state": state, "due": due, "newest": newest}
    return show(request, "person/review_start.jinja", context)


def _ask(
    request: HttpRequest, profile: Profile, looking: Looking, posted: QueryDict, errors: dict[str, str]
) -> HttpResponse:
    context = {
        "profile": profile,
        "looking": looking,
        "overall": [{"value": str(value), "text": words} for value, words in OVERALL.items()],
        "activities": list(looking.activities),
        "changes": [{"value": id, "text": name} for id, name in looking.changes],
        "tried": posted.getlist("changed") if posted else looking.tried,
        "posted": posted,
        "errors": errors,
        "has_errors": bool(errors),
        "client_id": posted.get("client_id") or uuid.uuid4(),
        "advice": looking.decision.record["advice"],
    }
    template = "review_help_first" if looking.help_first else "review_ask"
    return show(request, f"person/{template}.jinja", context, status=400 if errors else 200)


def _keep(request: HttpRequest, profile: Profile, looking: Looking) -> HttpResponse:
    posted = request.POST
    told = Told()
    errors: dict[str, str] = {}
    if not looking.help_first:
        told, errors = _read(posted, looking)
    if errors:
        return _ask(request, profile, looking, posted, errors)
    try:
        kept = reviews.record_review(
            profile=profile, client_id=public_id(posted.get("client_id", "")), told=told, region=settings.REGION,
            by=session.actor_of(request), now=session.now(),
        )  # fmt: skip
    except InputError as problem:
        field = str(problem.details.get("field") or "pgic")
        return _ask(request, profile, looking, posted, {field: _(problem.message)})
    return redirect("review_result", review_uuid=kept.uuid)


def _read(posted: QueryDict, looking: Looking) -> tuple[Told, dict[str, str]]:
    errors: dict[str, str] = {}
    overall = posted.get("pgic", "")
    if overall not in {"rather_not", *map(str, OVERALL)}:
        errors["pgic"] = _("Choose an answer, or “I would rather not say”")
    if looking.changes and not posted.getlist("changed"):
        errors["changed"] = _("Tick what you changed, or “None of these”")
    numbers = {}
    for name, most in (("activity_minutes", 10080), ("days_off_work", 7)):
        try:
            numbers[name] = _whole(posted, name, most)
        except InputError as problem:
            errors[name] = problem.message
    scores = {words: score(posted, f"activity{index}") for index, words in enumerate(looking.activities)}
    told = Told(
        pgic=int(overall) if overall in map(str, OVERALL) else None,
        activities={words: value for words, value in scores.items() if value is not None} or None,
        sleep=score(posted, "sleep"),
        confidence=score(posted, "confidence"),
        changed=[id for id, _name in looking.changes if id in posted.getlist("changed")],
        got_in_the_way=" ".join(posted.get("got_in_the_way", "").split())[: reviews.WORDS_MAX],
        **numbers,
    )
    return told, errors


def score(posted: QueryDict, name: str) -> int | None:
    """A number of a 0 to 10 scale; None where nothing was chosen."""
    text = posted.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 2 and int(text) <= 10 else None


def _whole(posted: QueryDict, name: str, most: int) -> int | None:
    text = posted.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= most):
        raise InputError(_("Enter a whole number from 0 to %(most)s, or leave it empty") % {"most": most}, field=name)
    return int(text)


# ---- the outcome -------------------------------------------------------------------------------------------------


@require_safe
@for_person
def review_result(request: HttpRequest, profile: Profile, review_uuid: str) -> HttpResponse:
    """`/review/<id>/`: one review. What it says comes next is told while it stands; later, only what was."""
    by, now = session.actor_of(request), session.now()
    kept = reviews.get_review(profile=profile, review_uuid=public_id(str(review_uuid)), by=by)
    state = journey.current_state(profile=profile, by=by, now=now)
    stands = reviews.review_stands(kept, profile=profile, by=by)
    context = {
        "profile": profile,
        "review": kept,
        "state": state,
        "stands": stands,
        "today": local_day(profile, now),
        "title": str(OUTCOMES[kept.outcome]),
        "kind_of_card": _shape(kept),
        "row": _row(kept),
        "effort": _effort(kept),
        "finished": kept.record["row"] == _FINISHED,
        "overall": str(OVERALL[kept.inputs["pgic"]]) if kept.inputs.get("pgic") else None,
        "measures": measures(kept),
        "notes": _notes(kept),
        "done": _done(kept),
        "contacts": _contacts(kept),
        "summary": _summary(kept, stands=stands),
        "may_correct": reviews.may_correct(kept, profile=profile, by=by, now=now),
        "fresh_plan": state.plan_open and state.plan is not None and state.plan.made_at >= kept.reviewed_at,
        "waits": plans.waits_for_visit(profile),
        "sources": [
            default_content().sources[key].citation for key in kept.record["source"] if key in default_content().sources
        ],
    }
    return show(request, "person/review_result.jinja", context)


def _shape(kept: Review) -> str:
    """Help is marked as the safety check marks it; by the review alone it is a visit to the GP."""
    return _SHAPES.get(kept.outcome) or str(kept.record["disposition"])


def _effort(kept: Review) -> str:
    """How much was really tried, in words; who trained and changed no task hears just that."""
    pct = kept.inputs.get("adherence_pct")
    trained = pct is not None and pct >= default_content().limit("review_committed_pct")
    if trained and kept.record["effort"] != "committed":
        return _("You trained as the plan has it. To call it a real try, tasks have to change as well.")
    return str(_EFFORT[kept.record["effort"]])


def _row(kept: Review) -> str | None:
    """The rule in words, of the release that decided; not of another one."""
    content = default_content()
    if kept.release_sha256 != content.sha256:
        return None
    return next(row.when_text for row in content.release.review if row.row == kept.record["row"])


def measures(kept: Review) -> list[list[str]]:
    """Each measure then and now, and what the difference means: name, then, now, change in words."""
    inputs, told = kept.inputs, kept.told
    return [
        [_("Pain, 0 to 10"), *_pair(inputs.get("nprs_baseline"), inputs.get("nprs_now")), _pain_words(kept)],
        [
            _("What you want to do, 10 is as before"),
            *_pair(inputs.get("psfs_baseline") or _mean(told["activities_first"]), inputs.get("psfs_now")),
            _function_words(kept),
        ],
        [_("Sleep spoiled, 0 to 10"), *_pair(*told["sleep"]), _small_words(told["sleep"], lower_is_better=True)],
        [_("Sure of yourself, 0 to 10"), *_pair(*told["confidence"]), _small_words(told["confidence"])],
        [_("Low mood and worry, 0 to 12"), *_pair(*told["mood"]), _mood_words(told["mood"])],
    ]


def _mean(ratings: Mapping[str, int]) -> float | None:
    return sum(ratings.values()) / len(ratings) if ratings else None


def _pair(then: float | None, now: float | None) -> tuple[str, str]:
    return shown(then), shown(now)


def shown(value: float | None) -> str:
    """A score as people write it; a gap in words."""
    return f"{round(value, 1):g}" if value is not None else _("not told")


def _pain_words(kept: Review) -> str:
    return _words_of(kept.inputs.get("nprs_baseline"), kept.inputs.get("nprs_now"), "review_nprs_points", -1)


def _function_words(kept: Review) -> str:
    content = default_content()
    then, now = kept.inputs.get("psfs_baseline"), kept.inputs.get("psfs_now")
    small, clear = content.limit("review_psfs_small"), content.limit("review_psfs_points")
    if psfs_small_gain(then, now, small=small, points=clear):
        return _("A little better")
    return _words_of(then, now, "review_psfs_points", 1)


def _small_words(pair: list[float | None], *, lower_is_better: bool = False) -> str:
    return _words_of(pair[0], pair[1], "review_nprs_points", -1 if lower_is_better else 1)


def _words_of(then: float | None, now: float | None, limit: str, better: int) -> str:
    """Clearly better or worse from the threshold on; below it, no change that one can be sure of."""
    if then is None or now is None:
        return _("Cannot be compared")
    points = default_content().limit(limit)
    gain = (now - then) * better
    if limit == "review_nprs_points" and better < 0 and then > 0 and gain > 0:
        points = min(points, default_content().limit("review_nprs_share") * then)
    if gain >= points - 1e-9:
        return _("Clearly better")
    if -gain >= default_content().limit(limit) - 1e-9:
        return _("Clearly worse")
    return _("No sure change") if gain else _("The same")


def _mood_words(pair: list[float | None]) -> str:
    if pair[0] is None or pair[1] is None:
        return _("Cannot be compared")
    if pair[0] == pair[1]:
        return _("The same")
    return _("Lower") if pair[1] < pair[0] else _("Higher")


def _notes(kept: Review) -> list[str]:
    """What is not sure about it, in words."""
    content = default_content()
    notes = [
        _(
            "Scores go up and down by themselves. A change of less than %(pain)s points of pain, or %(function)s "
            "points in what you want to do, may be chance."
        )
        % {"pain": f"{content.limit('review_nprs_points'):g}", "function": f"{content.limit('review_psfs_points'):g}"}
    ]
    if kept.record["rules"]:  # the safety check decided; the scores only stand beside it
        return notes
    if kept.inputs.get("pgic") is None:
        notes.append(_("You did not say how it is overall. So the scores decided alone."))
    if kept.inputs.get("psfs_now") is None:
        notes.append(_("Your activities cannot be compared, because not all were rated both times."))
    if kept.inputs.get("adherence_pct") is None:
        notes.append(_("We do not know how much of the plan you did."))
    notes.append(_("Backs also get better by themselves. Nobody can say how it would have gone without the plan."))
    return notes


def _done(kept: Review) -> list[str]:
    """How much was done, as it is: no marks out of ten."""
    told = kept.told
    lines = []
    for share, words in (
        (told["movement"], _("Movement: %(pct)s %% of the turns that were planned.")),
        (told["strength"], _("Strength: %(pct)s %% of the sessions that were planned.")),
    ):
        if share is not None:
            lines.append(words % {"pct": round(100 * share)})
    if told["changed"] is not None:
        lines.append(_("Tasks you changed: %(n)s.") % {"n": len(told["changed"])})
    return lines


def _contacts(kept: Review) -> list[Any]:
    keys = {
        "refer_physio": ["msk_self_referral", "gp"],
        "seek_medical_help": kept.decision.record["advice"]["contact"]
        if kept.record["rules"]
        else ["gp", "urgent_line"],
    }
    return services(keys.get(kept.outcome, []))


def _is_about_mood(rule_id: str) -> bool:
    """Whether a rule reads what was said about mood or self-harm. One that is not known any more may have."""
    content = default_content()
    rule = content.rules.get(rule_id)
    return rule is None or bool(intake.MOOD & content.keys_read(content.condition(rule.when)))


def _date(text: str) -> str:
    return dt.date.fromisoformat(text).strftime("%-d %B %Y")


def _summary(kept: Review, *, stands: bool) -> list[str]:
    """What to take along or read out: facts only, and nothing about mood. No exercise is named where none is fine."""
    inputs, told = kept.inputs, kept.told
    lines = [
        _("Upper back pain. Self-care plan since %(date)s (%(weeks)s weeks).")
        % {"date": _date(told["started_on"]), "weeks": inputs["week"]}
    ]
    if inputs.get("age"):
        lines.append(_("Age %(age)s.") % {"age": f"{inputs['age']:g}"})
    if inputs.get("pgic"):
        lines.append(_("Overall since the start: %(words)s.") % {"words": str(OVERALL[inputs["pgic"]]).lower()})
    lines.append(
        _("Pain, 0 to 10: %(then)s then, %(now)s now.")
        % {"then": shown(inputs.get("nprs_baseline")), "now": shown(inputs.get("nprs_now"))}
    )
    for words, then in told["activities_first"].items():
        lines.append(
            _("%(activity)s, 10 is as before: %(then)s then, %(now)s now.")
            % {"activity": words, "then": then, "now": shown(told["activities"].get(words))}
        )
    lines += _done(kept)
    exercises = [item["title"] for item in kept.plan.record["exercises"]]
    if exercises and stands and kept.outcome != "seek_medical_help":
        lines.append(_("Exercises: %(list)s.") % {"list": "; ".join(exercises)})
    for reason in kept.decision.record["advice"]["reasons"]:
        told_then = [] if _is_about_mood(reason["rule"]) else reason["told"]
        lines += [_("Told in the safety check: %(words)s") % {"words": words} for words in told_then]
    lines.append(_("Safety check of %(date)s.") % {"date": kept.decision.decided_at.strftime("%-d %B %Y")})
    return [filled(line) for line in lines]
