"""The result: what to do, how soon, why, whom to call, what to say, what to watch for."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from upperback.care import intake
from upperback.content.vocabulary import default_content
from upperback.services import journey, plans, reviews, screening
from upperback.services.actors import Actor, public_id
from upperback.services.people import Profile
from upperback.services.screening import Decision
from upperback.services.today import local_day
from upperback.web.person import session
from upperback.web.person.check import last_answered, place_of
from upperback.web.person.forms import answer_lines
from upperback.web.person.page import filled, for_person, onward, services, show

#: What the results allow that need no clinician first.
_REASSURING: Final = ("gentle", "full")


@require_safe
@for_person
def result(request: HttpRequest, profile: Profile, decision_uuid: str) -> HttpResponse:
    """`/result/<id>/`: one result. An emergency one is short and loud; every other one is whole while it stands.

    One that reassured and is older than a day, or followed by another check, is told as what it was and no more.
    """
    by = session.actor_of(request)
    decision = screening.get_decision(profile=profile, decision_uuid=public_id(str(decision_uuid)), by=by)
    state = journey.current_state(profile=profile, by=by, now=session.now())
    context = _context(decision, profile, state, by)
    return show(request, f"person/{_template(decision, stands=context['current'])}.jinja", context)


def _template(decision: Decision, *, stands: bool) -> str:
    if decision.disposition == "emergency_now":
        return "emergency"
    reassures = default_content().dispositions[decision.disposition].plan in _REASSURING
    return "result_past" if reassures and not stands else "result"


@require_POST
@for_person
def correct(request: HttpRequest, profile: Profile, decision_uuid: str) -> HttpResponse:
    """A new safety check from the same answers, for somebody who tapped the wrong thing."""
    by = session.actor_of(request)
    decision = screening.get_decision(profile=profile, decision_uuid=public_id(str(decision_uuid)), by=by)
    begun = screening.correct_screening(screening=decision.screening, by=by, now=session.now())
    if decision.disposition != "emergency_now":
        return redirect(place_of(begun))
    # The check stopped at the answer that settled it: that is the page to look at again.
    return redirect(last_answered(begun))


def _context(decision: Decision, profile: Profile, state: journey.State, by: Actor) -> dict[str, Any]:
    advice = decision.record["advice"]
    newest = state.decision is not None and state.decision.pk == decision.pk
    next_href, next_text = onward(state)
    gate = plans.preview(decision, today=local_day(profile, session.now())) if newest and decision.complete else None
    return {
        "decision": decision,
        "advice": advice,
        "profile": profile,
        "you": profile.name if decision.screening.is_proxy else None,
        "contacts": services(advice["contact"]),
        "crisis": [_card(card, named=advice["contact"]) for card in advice["crisis_card"]],
        "cards": [_card(card) for card in advice["safety_net"]],
        "messages": [_card(card) for card in advice["messages"]],
        "national": [_card(card) for card in advice["national_line"]],
        "within": _within(decision),
        "said_lines": _said(advice, profile.name if decision.screening.is_proxy else None),
        "answered": _answered(decision),
        "told": _told(advice["reasons"]),
        "sources": _sources(advice["reasons"]),
        "newest": newest,
        "current": newest and state.current,
        "state": state,
        "gate": gate,
        "review_waits": newest and state.current and _review_waits(profile, state, by),
        "visit_first": newest and plans.waits_for_visit(profile),
        "next_href": next_href,
        "next_text": next_text,
        "checked_at": decision.decided_at,
    }


def _said(advice: dict[str, Any], caller_for: str | None) -> list[str]:
    """What to say. Who calls for somebody else says so, and then gives that person's words as theirs."""
    lines = [filled(line) for line in advice["say"]]
    if caller_for is None or not lines:
        return lines
    own = [filled(line) for line in advice.get("said_by_caller", [])]
    theirs = [line for line in lines if line not in own]
    if not theirs:
        return own
    return [
        _("I am calling for %(name)s.") % {"name": caller_for},
        *own,
        _("In their words: “%(words)s”") % {"words": " ".join(theirs)},
    ]


def _answered(decision: Decision) -> list[str]:
    """The answers that decided, in words that fit whoever reads them out."""
    keys = {key for reason in decision.record["advice"]["reasons"] for key in reason.get("keys", [])}
    content, answers = default_content(), intake.from_plain(decision.screening.answers)
    proxy = decision.screening.is_proxy
    return [
        line
        for id, question in content.questions.items()
        if id in answers
        for line in answer_lines(question, answers[id], keys, proxy=proxy)
    ]


def _review_waits(profile: Profile, state: journey.State, by: Actor) -> bool:
    """Whether this check was the first step of a review that is due."""
    due = reviews.review_due(profile=profile, by=by, now=session.now(), plan=state.plan)
    return due is not None and due.stage != "later"


def _told(reasons: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(phrase for reason in reasons for phrase in reason["told"]))


def _sources(reasons: list[dict[str, Any]]) -> list[str]:
    known = default_content().sources
    keys = dict.fromkeys(key for reason in reasons for key in reason["sources"])
    return [known[key].citation for key in keys if key in known]


def _card(card: dict[str, Any], *, named: list[str] | None = None) -> dict[str, Any]:
    """A card as the page shows it. named: services that stand on the page already, with their numbers."""
    more = [key for key in card["contact"] if key not in (named or [])]
    return card | {"lines": [filled(line) for line in card["lines"]], "services": services(more)}


def _within(decision: Decision) -> str | None:
    days = decision.record["triage"]["within_days"]
    if decision.disposition != "gp_soon" or days is None:
        return None
    return ngettext("Within %(days)s day", "Within %(days)s days", days) % {"days": days} if days else _("Today")
