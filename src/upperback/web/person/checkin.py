"""The weekly check-in of two minutes, and what the weeks say: signs that call for help before the review."""

import uuid
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from upperback.care.diary import CheckIn, kind_of, read_entry
from upperback.care.early import EarlySign
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError
from upperback.services import lookout, plans, reviews, sessions
from upperback.services.actors import public_id
from upperback.services.people import Profile
from upperback.services.plans import PlanVersion
from upperback.web.person import session
from upperback.web.person.page import filled, for_person, services, show
from upperback.web.person.review import OVERALL, score

#: Days for which a card is put off, by what is said to it.
_NOT_NOW: Final = {"check_in": 2, "review_due": 3, "review_again": 4, "review_last": 7, "review_default": 28}
_ASKED: Final = 28
_UNSURE: Final = {"no", "yes", "not_sure"}


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def check_in(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/checkin/`: four safety questions, then how the week was; then what that means."""
    by, now = session.actor_of(request), session.now()
    plan = plans.open_plan(profile=profile, by=by)
    ahead = lookout.ahead(profile=profile, by=by, now=now, plan=plan)
    words = list(reviews.first_activities(profile=profile, by=by))
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            told = _read(request.POST, len(words))
            answers = {name: request.POST[name] for name in lookout.QUESTIONS if name in request.POST}
            if lookout.check_in(
                profile=profile, client_id=public_id(request.POST.get("client_id", "")), told=told, answers=answers,
                by=by, now=now,
            ):  # fmt: skip
                return redirect(reverse("check") + "?from=checkin")
            return _done(request, profile, told)
        except InputError as problem:
            errors = _errors(problem, request.POST)
    return _ask(request, profile, words, errors, small_review=ahead.small_review, plan=plan)


def _ask(
    request: HttpRequest, profile: Profile, words: list[str], errors: dict[str, str], *, small_review: bool,
    plan: PlanVersion,
) -> HttpResponse:  # fmt: skip
    content = default_content()
    context = {
        "profile": profile,
        "checks": [content.dose_texts[id] for id in sessions.CHECKS],
        "activities": words,
        "small_review": small_review,
        "moves": any(item["kind"] == "movement" for item in plan.record["exercises"]),
        "overall": [{"value": str(value), "text": text} for value, text in OVERALL.items()],
        "posted": request.POST if request.method == "POST" else QueryDict(),
        "errors": errors,
        "has_errors": bool(errors),
        "client_id": request.POST.get("client_id") or uuid.uuid4(),
    }
    return show(request, "person/checkin.jinja", context, status=400 if errors else 200)


def _errors(problem: InputError, posted: QueryDict) -> dict[str, str]:
    if problem.details.get("field") != "checks":
        return {str(problem.details.get("field") or "days_off_work"): _(problem.message)}
    return {name: _("Choose an answer") for name in lookout.QUESTIONS if name not in posted}


def _read(posted: QueryDict, activities: int) -> CheckIn:
    """What the form says; what was left out stays untold."""
    days = posted.get("days_off_work", "").strip()
    if days and days not in set("01234567"):
        raise InputError(_("Enter a whole number from 0 to 7, or leave it empty"), field="days_off_work")
    scores = ("pain_now", "pain_average", "pain_worst", "sleep", "confidence")
    told: dict[str, Any] = {name: score(posted, name) for name in scores}
    told["activities"] = [score(posted, f"activity{index}") for index in range(activities)]
    told["days_off_work"] = int(days) if days else None
    told["pgic"] = next((value for value in OVERALL if str(value) == posted.get("pgic")), None)
    for name, offered in (("arm", _UNSURE), ("movement_bearable", {"yes", "no", "not_tried"})):
        if posted.get(name) in offered:
            told[name] = posted[name]
    entry = read_entry(kind_of(CheckIn), told)
    assert isinstance(entry, CheckIn), "the kind says so"
    return entry


def _done(request: HttpRequest, profile: Profile, told: CheckIn) -> HttpResponse:
    by, now = session.actor_of(request), session.now()
    signs = lookout.signs_now(profile=profile, by=by, now=now)
    context = {"profile": profile, "told": told, "signs": sign_lines(signs)}
    return show(request, "person/checkin_done.jinja", context)


def sign_lines(signs: tuple[EarlySign, ...]) -> list[dict[str, str]]:
    """Early signs in words, each with what it leads to."""
    return [{"id": sign.id, "step": sign.step, "why": filled(sign.why)} for sign in signs]


@require_safe
@for_person
def sooner(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/sooner/`: what the weeks say, whom to ask now, and what to take along. Nobody has to wait for the review."""
    by, now = session.actor_of(request), session.now()
    signs = lookout.signs_now(profile=profile, by=by, now=now)
    steps = {sign.step for sign in signs}
    keys = ["gp", "crisis_line", "listening_line", "crisis_text"] if "seek_medical_help" in steps else []
    keys += ["msk_self_referral", "gp"] if steps & {"refer_physio", "check_again"} else []
    context = {
        "profile": profile,
        "signs": sign_lines(signs),
        "check_again": "check_again" in steps,
        "contacts": services(list(dict.fromkeys(keys))),
        "summary": _summary(profile, signs, request),
        "client_id": uuid.uuid4(),
        "card": f"sign_{signs[0].id}" if signs else None,
    }
    return show(request, "person/sooner.jinja", context)


def _summary(profile: Profile, signs: tuple[EarlySign, ...], request: HttpRequest) -> list[str]:
    """What to take along or read out. Mood stays out of it."""
    by = session.actor_of(request)
    plan = plans.open_plan(profile=profile, by=by)
    lines = [_("Upper back pain. Self-care plan since %(date)s.") % {"date": plan.starts_on.strftime("%-d %B %Y")}]
    # The first sentence says what is so; the second one speaks to the person.
    lines += [f"{filled(sign.why).split('. ')[0].rstrip('.')}." for sign in signs if sign.id != "low_mood"]
    told = lookout.check_ins(profile=profile, by=by, since=plan.starts_on)[-4:]
    for row in told:
        if isinstance(row.entry, CheckIn) and row.entry.pain_average is not None:
            lines.append(
                _("Pain on %(day)s: %(pain)s of 10 on average.")
                % {"day": row.day.strftime("%-d %B"), "pain": row.entry.pain_average}
            )
    lines.append(_("Safety check of %(date)s.") % {"date": plan.decision.decided_at.strftime("%-d %B %Y")})
    return lines


@require_POST
@for_person
def later(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/later/`: puts the one card of Today away for some days. It comes back while it still holds."""
    by, now = session.actor_of(request), session.now()
    card = request.POST.get("card", "")
    days = _NOT_NOW.get(card, int(default_content().limit("early_put_off_days")))
    if request.POST.get("asked"):
        days = _ASKED
    lookout.put_off(
        profile=profile, client_id=public_id(request.POST.get("client_id", "")), card=card, days=days, by=by, now=now
    )
    return redirect("today")
