"""`/share/`: who can see what of one's own record, a code for a clinician or a carer, taking back, and who looked."""

import datetime as dt
import zoneinfo
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from upperback.core.errors import InputError
from upperback.services import bulk, caring, people, research, sharing
from upperback.services.access_rules import USUAL
from upperback.services.actors import public_id
from upperback.services.people import Profile
from upperback.services.sharing import Grant, Look, Waiting
from upperback.services.today import local_day
from upperback.web.person import session
from upperback.web.person.page import for_person, show

#: In the order of the page; the name goes along by itself.
WORDS: Final = {
    "answers": gettext_lazy("Your safety checks and what came of them"),
    "plan": gettext_lazy("Your plan, and changes of it"),
    "progress": gettext_lazy("What you did, and how your back was: sessions, diary, looks back"),
    "messages": gettext_lazy("Messages between you"),
    "wearable": gettext_lazy("What a sensor measured"),
    "live": gettext_lazy("What a sensor measures now, while you wear it"),
    "mood": gettext_lazy("Your answers about mood"),
}
#: What stands under some of them.
_HINTS: Final = {"live": gettext_lazy("Your live page says who looks on, by name. Nobody is there to watch over you.")}
#: What a carer can be let see. Mood and messages stay between the person and their clinician.
CARER_WORDS: Final = {name: WORDS[name] for name in ("answers", "plan", "progress")}
_KINDS: Final = {"treats": WORDS, "cares": CARER_WORDS}
_USUAL: Final = {"treats": sorted(USUAL), "cares": ["plan"]}
_AS: Final = {
    "care": gettext_lazy("treats you"),
    "caring": gettext_lazy("helps you"),
    "research": gettext_lazy("a study, without your name"),
    "app": gettext_lazy("its computer keeps a copy"),
}
_SHORT: Final = {
    "identity": gettext_lazy("your name"),
    "answers": gettext_lazy("safety checks"),
    "plan": gettext_lazy("plan"),
    "progress": gettext_lazy("what you did"),
    "messages": gettext_lazy("messages"),
    "wearable": gettext_lazy("sensor"),
    "live": gettext_lazy("live sensor"),
    "mood": gettext_lazy("mood"),
}
#: For how long it is told here that somebody who helped has ended it.
_LEFT_FOR: Final = dt.timedelta(days=60)
DAYS: Final = {"30": gettext_lazy("One month"), "90": gettext_lazy("Three months"), "180": gettext_lazy("Six months")}


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def sharing_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    """The page; sent, it makes a code, which is shown this once."""
    if request.method != "POST":
        return _page(request, profile)
    days, kind = request.POST.get("days", ""), "cares" if request.POST.get("for") == "cares" else "treats"
    name = request.POST.get("name", _own_name(profile))
    chosen = [one for one in request.POST.getlist("see") if one in _KINDS[kind]]
    try:
        people.rename(profile=profile, name=name, by=session.actor_of(request), now=session.now())
        _made, code = sharing.invite(
            profile=profile, kind=kind, data_classes=chosen, days=int(days) if days in DAYS else 0,
            by=session.actor_of(request), now=session.now(),
        )  # fmt: skip
    except InputError as problem:
        return _page(request, profile, error=problem, chosen=chosen, days=days, kind=kind, name=name)
    return _page(request, profile, code=code, kind=kind)


@require_POST
@for_person
def withdraw(request: HttpRequest, profile: Profile) -> HttpResponse:
    """Takes one back."""
    grant = public_id(request.POST.get("grant", ""))
    sharing.withdraw(profile=profile, grant_uuid=grant, by=session.actor_of(request), now=session.now())
    return redirect("sharing")


@require_POST
@for_person
def code_back(request: HttpRequest, profile: Profile) -> HttpResponse:
    """A code that nobody has used lets nobody in any more."""
    code, by = public_id(request.POST.get("code", "")), session.actor_of(request)
    try:
        sharing.take_code_back(profile=profile, invitation=code, by=by, now=session.now())
    except InputError as problem:
        return _page(request, profile, gone=_(problem.message))
    return redirect(f"{reverse('sharing')}?back")


def _page(
    request: HttpRequest,
    profile: Profile,
    *,
    code: str = "",
    gone: str = "",
    error: InputError | None = None,
    chosen: list[str] | None = None,
    days: str = "90",
    name: str | None = None,
    kind: str = "treats",
) -> HttpResponse:
    by, now, zone = session.actor_of(request), session.now(), zoneinfo.ZoneInfo(profile.time_zone)
    grants = sharing.grants_of(profile=profile, by=by)
    left_since = local_day(profile, now) - _LEFT_FOR
    field = str(error.details.get("field", "")) if error is not None else ""
    context = {
        "profile": profile,
        "open": [_grant(grant, zone) for grant in grants if grant.holds(now)],
        "closed": [_grant(grant, zone) for grant in grants if not grant.holds(now)],
        "waiting": [_waiting(one, zone) for one in sharing.waiting(profile=profile, by=by, now=now)],
        "taken_back": "back" in request.GET,
        "gone": gone,
        "left": [
            {"who": entry.name, "day": f"{day.day} {day:%B %Y}", "words": entry.words}
            for day, entry in caring.who_left(profile=profile, by=by, since=left_since)
        ],
        "looks": [_look(look, zone) for look in sharing.looks_of(profile=profile, by=by)],
        "name": _own_name(profile) if name is None else name,
        "ways": {
            way: {
                "kinds": [_choice(name, text) for name, text in words.items() if name != "mood"],
                "chosen": chosen if chosen is not None and way == kind else _USUAL[way],
                "day": days if way == kind else "90",
                "error": _(error.message) if error is not None and way == kind else None,
            }
            for way, words in _KINDS.items()
        },
        "mood": WORDS["mood"],
        "clinics": bulk.clinics_of_person(profile=profile, by=by, now=now),
        "studies": research.of_person(profile=profile, by=by, now=now),
        "days": [{"value": value, "text": text} for value, text in DAYS.items()],
        "code": code,
        "kind": kind,
        "caring_address": request.build_absolute_uri(reverse("caring")),
        "code_ends": _when(now + sharing.INVITATION_LASTS, zone),
        "error": _(error.message) if error is not None else None,
        "field": {"data_classes": "see"}.get(field, field),
        "form": {"treats": "", "cares": "carer-"}[kind],
        "has_errors": error is not None or bool(gone),
    }
    return show(request, "service/sharing.jinja", context, status=422 if error or gone else 200)


def _choice(name: str, text: Any) -> dict[str, Any]:
    return {"value": name, "text": text} | ({"hint": _HINTS[name]} if name in _HINTS else {})


def _own_name(profile: Profile) -> str:
    """What somebody is called; empty where they never said: a clinician cannot tell one “Me” from another."""
    return "" if profile.name in {"Me", _("Me")} else profile.name


def _grant(grant: Grant, zone: dt.tzinfo) -> dict[str, Any]:
    return {
        "id": grant.id,
        "who": _named(grant.who, grant.clinic),
        "as": _("an app") if grant.is_app else _AS.get(grant.purpose, ""),
        "what": _in_words(grant.data_classes),
        "since": _day(grant.given_at, zone),
        "until": _day(grant.ends_at, zone),
        "withdrawn": _day(grant.withdrawn_at, zone) if grant.withdrawn_at is not None else "",
        "left": grant.left,
    }


def _waiting(one: Waiting, zone: dt.tzinfo) -> dict[str, Any]:
    return {
        "id": one.id,
        "who": _("For a clinician") if one.kind == "treats" else _("For somebody who helps you"),
        "what": _in_words(one.data_classes),
        "made": _when(one.made_at, zone),
        "until": _when(one.ends_at, zone),
    }


def _look(look: Look, zone: dt.tzinfo) -> dict[str, str]:
    who = _named(look.who, look.clinic)
    match look.action:
        case "look" if look.times > 1:
            text = _("%(who)s looked %(times)s times that day at: %(what)s")
            text %= {"who": who, "times": look.times, "what": _in_words(look.what)}
        case "look":
            text = _("%(who)s looked at: %(what)s") % {"who": who, "what": _in_words(look.what)}
        case "watch_live":
            text = _("%(who)s watched what your sensor measured while you wore it") % {"who": who}
        case "research_copy":
            text = _("%(who)s took a copy for a study, without your name: %(what)s")
            text %= {"who": who, "what": _in_words(look.what)}
        case "clinic_copy":
            text = _("%(who)s made a copy: %(what)s") % {"who": who, "what": _in_words(look.what)}
        case "fetch_copy":
            text = _("%(who)s fetched the copy: %(what)s") % {"who": who, "what": _in_words(look.what)}
        case "support_look":
            text = _("%(who)s looked whether your account is open, and saw nothing else") % {"who": who}
        case "leave":
            text = _("%(who)s does not help you here any more: they ended it themselves") % {"who": who}
        case "give_back" if look.why == "given_back":
            text = _("%(who)s gave back what you let it see") % {"who": who}
        case "give_back":
            text = _("We closed %(who)s to be safe: its key came to us twice. You can let it in again") % {"who": who}
        case "grant":
            text = _("You let in %(who)s") % {"who": who}
        case _:
            text = _("You took it back from %(who)s") % {"who": who}
    return {"when": _when(look.at, zone), "text": text}


def _named(who: str, clinic: str) -> str:
    if not who:
        return _("somebody whose account is gone")
    return f"{who}, {clinic}" if clinic and clinic != who else who


def _in_words(classes: tuple[str, ...]) -> str:
    return ", ".join(str(_SHORT[name]) for name in _SHORT if name in classes)


def _day(at: dt.datetime, zone: dt.tzinfo) -> str:
    local = at.astimezone(zone)
    return f"{local.day} {local:%B %Y}"


def _when(at: dt.datetime, zone: dt.tzinfo) -> str:
    return f"{_day(at, zone)}, {at.astimezone(zone):%H:%M}"
