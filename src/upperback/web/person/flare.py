"""A flare-up: the quick check, what to do now, the way back day by day, and what helped."""

import datetime as dt
import uuid
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from upperback.care.diary import WORDS_MOST
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError
from upperback.services import flares, plans
from upperback.services.actors import public_id
from upperback.services.flares import FlareNow
from upperback.services.people import Profile
from upperback.services.plans import PlanVersion
from upperback.services.today import local_day
from upperback.web.person import session
from upperback.web.person.page import for_person, services, show
from upperback.web.person.posted import score

_TRIGGER_WORDS: Final = {
    "load": gettext_lazy("More load than usual"),
    "sleep": gettext_lazy("Less sleep"),
    "stress": gettext_lazy("More stress"),
    "illness": gettext_lazy("A cold or another illness"),
    "unknown": gettext_lazy("No clear reason"),
}
_SHARE_WORDS: Final = {0.5: gettext_lazy("about half"), 0.75: gettext_lazy("about three quarters")}
_DAYS_SHOWN: Final = 21
#: Messages of a plan that speak of medicines.
_MEDICINES: Final = ("nsaid_anticoagulant_warning", "nsaid_caution")


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def flare_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/flare/`: three questions first; then what to do, as far as the flare-up has come."""
    by, now = session.actor_of(request), session.now()
    if request.method == "POST":
        return _begin(request, profile)
    plan = plans.open_plan(profile=profile, by=by)
    flare = flares.current_flare(profile=profile, by=by, now=now)
    if flare is None:
        return _ask(request, profile)
    return show(request, "person/flare.jinja", _context(request, profile, plan, flare))


@require_POST
@for_person
def about(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/flare/about/`: what set it off, and which movements to keep going."""
    try:
        flares.describe_flare(
            profile=profile, client_id=public_id(request.POST.get("client_id", "")),
            trigger=request.POST.get("trigger", "unknown"), favourites=tuple(request.POST.getlist("favourites")),
            by=session.actor_of(request), now=session.now(),
        )  # fmt: skip
    except InputError as problem:
        return _again(request, profile, problem)
    return redirect("flare")


@require_POST
@for_person
def mistake(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/flare/mistake/`: it was begun by mistake."""
    client_id = public_id(request.POST.get("client_id", ""))
    flares.take_back_flare(profile=profile, client_id=client_id, by=session.actor_of(request), now=session.now())
    return redirect("today")


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def end(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/flare/over/`: it is over; what helped, in the person's own words. Also to change the card afterwards."""
    by, now = session.actor_of(request), session.now()
    going_on = flares.current_flare(profile=profile, by=by, now=now) is not None
    past = flares.past_flares(profile=profile, by=by)
    if not going_on and not past:
        return redirect("flare")
    error = None
    if request.method == "POST":
        keep = flares.end_flare if request.POST.get("what") == "end" else flares.write_card
        client_id = public_id(request.POST.get("client_id", ""))
        try:
            keep(profile=profile, client_id=client_id, helped=request.POST.get("helped", ""), by=by, now=now)
            return redirect("today")
        except InputError as problem:
            error = _(problem.message)
    context = {
        "profile": profile,
        "going_on": going_on,
        "helped": request.POST.get("helped", _last_words(past)),
        "most": WORDS_MOST,
        "client_id": uuid.uuid4(),
        "error": error,
        "has_errors": bool(error),
    }
    return show(request, "person/flare_over.jinja", context, status=400 if error else 200)


def _begin(request: HttpRequest, profile: Profile) -> HttpResponse:
    posted = request.POST
    answers = {check: posted[check] for check in flares.CHECKS if check in posted}
    try:
        sign = flares.begin_flare(
            profile=profile, client_id=public_id(posted.get("client_id", "")), answers=answers,
            pain=score(posted, "pain"), by=session.actor_of(request), now=session.now(),
        )  # fmt: skip
    except InputError as problem:
        return _ask(request, profile, problem)
    if sign is not None:
        context = {"profile": profile, "sign": sign, "contacts": services(["emergency", "urgent_line"])}
        return show(request, "person/flare_stopped.jinja", context)
    return redirect("flare")


def _ask(request: HttpRequest, profile: Profile, problem: InputError | None = None) -> HttpResponse:
    posted = request.POST
    content = default_content()
    past = flares.past_flares(profile=profile, by=session.actor_of(request))
    context = {
        "profile": profile,
        "checks": [content.dose_texts[id] for id in flares.CHECKS],
        "answers": {check: posted.get(check) for check in flares.CHECKS},
        "pain": posted.get("pain"),
        "error": _(problem.message) if problem is not None else None,
        "field": problem.details.get("field") if problem is not None else None,
        "has_errors": problem is not None,
        "has_card": bool(_last_words(past)),
        "client_id": posted.get("client_id") or uuid.uuid4(),
    }
    return show(request, "person/flare_start.jinja", context, status=400 if problem is not None else 200)


def _again(request: HttpRequest, profile: Profile, problem: InputError) -> HttpResponse:
    """The page of the flare-up with what was wrong in its form."""
    by, now = session.actor_of(request), session.now()
    plan = plans.open_plan(profile=profile, by=by)
    flare = flares.current_flare(profile=profile, by=by, now=now)
    if flare is None:
        return redirect("flare")
    context = _context(request, profile, plan, flare) | {"error": _(problem.message), "has_errors": True}
    return show(request, "person/flare.jinja", context, status=400)


def _context(request: HttpRequest, profile: Profile, plan: PlanVersion, flare: FlareNow) -> dict[str, Any]:
    by, now = session.actor_of(request), session.now()
    content = default_content()
    texts = {text.id: text for text in content.dose_texts.values() if text.group == "flare"}
    movement = [item for item in plan.record["exercises"] if item["kind"] == "movement"]
    return {
        "profile": profile,
        "flare": flare,
        "day": local_day(profile, now),
        "share": share_words(flare.today.share),
        "texts": texts,
        "helped": _last_words(flares.past_flares(profile=profile, by=by)),
        "move": [
            {"id": item["id"], "title": item["title"], "dose": f"{item['reps']} {item['unit']}"}
            for item in flares.movement_today(plan, flare)
        ],
        "has_strength": any(item["kind"] == "strength" for item in plan.record["exercises"]),
        "change": next((change["name"] for change in plan.record["load_changes"]), None),
        "warmth": content.messages["heat_card"],
        "medicines": [content.messages[id] for id in _MEDICINES if id in plan.record["messages"]],
        "help": content.messages["core"],
        "physio": services(["msk_self_referral", "gp"]),
        "triggers": [{"value": id, "text": str(words)} for id, words in _TRIGGER_WORDS.items()],
        "trigger": str(_TRIGGER_WORDS[flare.episode.begun.trigger]),
        "favourites": [{"value": item["id"], "text": item["title"]} for item in movement],
        "days": _days(flare, local_day(profile, now)),
        "client_id": uuid.uuid4(),
        "undo_id": uuid.uuid4(),
    }


def share_words(share: float) -> str:
    """How much of the usual amount, in words."""
    if share >= 1:
        return _("your usual amount")
    words = _SHARE_WORDS.get(share)
    return str(words) if words else _("about %(tenths)s tenths") % {"tenths": f"{share * 10:g}"}


def _days(flare: FlareNow, day: dt.date) -> list[list[str]]:
    """The last days of the flare-up, the newest first: how much, and the morning."""
    rows = []
    for number in reversed(range(max(0, flare.number - _DAYS_SHOWN), flare.number)):
        one = flare.episode.started + dt.timedelta(days=number)
        pain = flare.resting.get(one)
        told = _("%(pain)s out of 10") % {"pain": pain} if pain is not None else _("not told")
        when = _("today") if one == day else f"{one:%-d %b}"
        rows.append([f"{number + 1}, {when}", share_words(flare.so_far[number].share), told])
    return rows


def _last_words(past: list[Any]) -> str:
    """What helped at the last flare-up for which it was written down."""
    return next((one.helped for one in past if one.helped), "")
