"""Breaks: the next offer and why it waits, the break itself, and when a person wants them.

The card with the next offer is drawn by the server; `breaks.js` fetches it again once a minute while a page is open.
Everything works without the script: then the card is as old as the page.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from markupsafe import Markup

from upperback.care.break_growth import Longer
from upperback.care.breaks import seconds_of, why_words
from upperback.content.models import Exercise
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError, NotAllowed
from upperback.interchange.webpush import Receiver, public_key
from upperback.services import breaks, feeds, people, push
from upperback.services.actors import public_id
from upperback.services.breaks import BusyRow, Day
from upperback.services.people import Profile
from upperback.services.plans import PlanVersion
from upperback.services.progress import Training
from upperback.services.today import local_day
from upperback.web import languages
from upperback.web.figures import moving_figure, still_figures
from upperback.web.person import session
from upperback.web.person.page import for_person, show
from upperback.web.person.plan import dose_words
from upperback.web.worker import push_key

DAY_WORDS: Final = {
    "weekdays": gettext_lazy("Monday to Friday"),
    "every_day": gettext_lazy("Every day"),
    "mon": gettext_lazy("Monday"),
    "tue": gettext_lazy("Tuesday"),
    "wed": gettext_lazy("Wednesday"),
    "thu": gettext_lazy("Thursday"),
    "fri": gettext_lazy("Friday"),
    "sat": gettext_lazy("Saturday"),
    "sun": gettext_lazy("Sunday"),
}

#: Since when and until when a page with the script has run in this browser, in seconds. Nothing else is in it.
_HERE_COOKIE: Final = "upperback_here"
_COOKIE_S: Final = 30 * 24 * 60 * 60
_EMPTY_ROWS: Final = 2
_AWAY: Final = dt.timedelta(hours=1)


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def breaks_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/breaks/`: the next offer and why, and the person's times."""
    if request.method == "POST":
        by, now = session.actor_of(request), session.now()
        try:
            breaks.save_habits(profile=profile, **_habits(request.POST), by=by, now=now)
            return redirect("breaks")
        except InputError as problem:
            return _page(request, profile, error=problem, form=_as_sent(request.POST))
    return _page(request, profile)


@require_POST
@for_person
def zone(request: HttpRequest, profile: Profile) -> HttpResponse:
    """The time zone that all times of this person are in."""
    by, now = session.actor_of(request), session.now()
    try:
        people.set_time_zone(profile=profile, time_zone=request.POST.get("time_zone", ""), by=by, now=now)
    except InputError as problem:
        return _page(request, profile, error=problem)
    return redirect(reverse("breaks") + "#times")


@require_POST
@for_person
def calendar_file(request: HttpRequest, profile: Profile) -> HttpResponse:
    """Busy times out of a calendar file, or away with them."""
    by, now = session.actor_of(request), session.now()
    if "remove" in request.POST:
        breaks.remove_calendar(profile=profile, by=by, now=now)
        return redirect(reverse("breaks") + "#calendars")
    sent = request.FILES.get("file")
    if sent is None:
        return _page(request, profile, error=InputError("Choose a calendar file first", field="file"))
    try:
        breaks.read_calendar(profile=profile, content=sent.read(breaks.CALENDAR_BYTES_MAX + 1), by=by, now=now)
    except InputError as problem:
        return _page(request, profile, error=problem)
    return redirect(reverse("breaks") + "#calendars")


@require_POST
@for_person
def feed(request: HttpRequest, profile: Profile) -> HttpResponse:
    """A secret address for calendar programs: made, made anew, or taken away. It is shown this once."""
    by, now = session.actor_of(request), session.now()
    if "remove" in request.POST:
        feeds.remove_feed(profile=profile, by=by, now=now)
        return redirect(reverse("breaks") + "#calendars")
    token = feeds.make_feed(profile=profile, by=by, now=now)
    address = request.build_absolute_uri(reverse("calendar_feed", args=[token]))
    if languages.tag() != languages.ENGLISH.tag:  # a calendar program sends no cookie that would tell
        address = f"{address}?language={languages.tag()}"
    return _page(request, profile, feed_address=address)


@require_POST
@for_person
def push_public_key(request: HttpRequest, profile: Profile) -> HttpResponse:
    """The public half of the key that signs notices; the key is made when it is asked for the first time."""
    return HttpResponse(public_key(push_key(settings.OPTIONS)), content_type="text/plain")


@require_POST
@for_person
def push_on(request: HttpRequest, profile: Profile) -> HttpResponse:
    """Notices in this browser; sent by the script once the person has agreed."""
    posted = request.POST
    receiver = Receiver(
        endpoint=posted.get("endpoint", ""), p256dh=posted.get("p256dh", ""), auth=posted.get("auth", "")
    )
    try:
        push.subscribe(profile=profile, receiver=receiver, by=session.actor_of(request), now=session.now())
    except InputError as problem:
        return HttpResponse(_(problem.message), content_type="text/plain; charset=utf-8", status=422)
    return HttpResponse(status=204)


@require_POST
@for_person
def push_off(request: HttpRequest, profile: Profile) -> HttpResponse:
    """No more notices: in one browser (its script says which), or in all of them."""
    push.unsubscribe(
        profile=profile, endpoint=request.POST.get("endpoint"), by=session.actor_of(request), now=session.now()
    )
    return redirect(reverse("breaks") + "#notices")


def _page(
    request: HttpRequest,
    profile: Profile,
    *,
    error: InputError | None = None,
    form: dict[str, Any] | None = None,
    feed_address: str | None = None,
) -> HttpResponse:
    by = session.actor_of(request)
    calendar = breaks.latest_calendar(profile=profile, by=by)
    context = card_context(request, profile) | {
        "profile": profile,
        "form": form or _as_kept(breaks.habits_of(profile=profile, by=by)),
        "days": [{"value": key, "text": str(word)} for key, word in DAY_WORDS.items()],
        "zone": profile.time_zone,
        "calendar": {"count": len(calendar.spans), "until": calendar.read_at + breaks.CALENDAR_COUNTS}
        if calendar is not None
        else None,
        "notices": push.count_of(profile=profile, by=by),
        "has_feed": feeds.feed_of(profile=profile, by=by) is not None,
        "feed_address": feed_address,
        "error": error,
        "has_errors": bool(error),
    }
    return show(request, "person/breaks.jinja", context, status=422 if error else 200)


@require_POST
@for_person
def card(request: HttpRequest, profile: Profile) -> HttpResponse:
    """The card alone, for a page that is open. This is how an offer is made: kept once, shown until it is answered."""
    by, now = session.actor_of(request), session.now()
    here_since = _here_since(request, now)
    try:
        day = breaks.offer_if_due(profile=profile, here_since=here_since, by=by, now=now)
    except NotAllowed as problem:
        return render(request, "person/_break_card.jinja", {"card": None, "waits": _(problem.message)})
    response = render(request, "person/_break_card.jinja", {"card": _card(day, now)})
    response.set_cookie(
        _HERE_COOKIE, f"{int((here_since or now).timestamp())}.{int(now.timestamp())}", max_age=_COOKIE_S,
        httponly=True, samesite="Strict", secure=request.is_secure(),
    )  # fmt: skip
    return response


@require_safe
@for_person
def break_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/breaks/now/`: one movement of the plan, one to three minutes."""
    by, now = session.actor_of(request), session.now()
    day = breaks.day_of(profile=profile, here_since=_here_since(request, now), by=by, now=now)
    content = default_content()
    item = next((one for one in day.moves if one["id"] == request.GET.get("move")), day.item)
    shared = {
        "profile": profile,
        "offer": day.offer.uuid if day.offer is not None else None,
        "client_id": uuid.uuid4(),
        "day": local_day(profile, now).isoformat(),
        "long": day.next.is_long,
        "snooze": breaks.snooze_minutes(),
        "stops": [text for text in content.dose_texts.values() if text.group == "stop_sign"],
    }
    if item is None:
        minutes = _break_minutes(None, None, is_long=day.next.is_long)
        return show(request, "person/break_walk.jinja", shared | {"minutes": minutes})
    exercise = content.exercises[item["id"]]
    at = next(place for place, one in enumerate(day.moves) if one["id"] == item["id"])
    context = shared | {
        "item": item,
        "exercise": exercise,
        "dose": dose_words(dict(item), once=True),
        "minutes": _break_minutes(item, exercise, is_long=day.next.is_long),
        "move": Markup(moving_figure(exercise)),  # noqa: S704  our own drawing, escaped where it is made
        "still": Markup(still_figures(exercise)),  # noqa: S704
        "other": day.moves[(at + 1) % len(day.moves)]["id"] if len(day.moves) > 1 else None,
    }
    return show(request, "person/break_now.jinja", context)


@require_POST
@for_person
def answer(request: HttpRequest, profile: Profile) -> HttpResponse:
    """Done, not now, or skip. Nobody asks why."""
    posted, by, now = request.POST, session.actor_of(request), session.now()
    offer, client_id = public_id(posted.get("offer", "")), public_id(posted.get("client_id", ""))
    said = posted.get("answer")
    if said == "done":
        breaks.finish_break(
            profile=profile, offer_uuid=offer, exercise=posted.get("move", ""), client_id=client_id, by=by, now=now
        )
    elif said in {"skipped", "snoozed", "snoozed_short"}:
        breaks.answer_offer(
            profile=profile, offer_uuid=offer, answer="skipped" if said == "skipped" else "snoozed",
            soon=said == "snoozed_short", client_id=client_id, by=by, now=now,
        )  # fmt: skip
    else:
        raise InputError("This page is too old to be used. Open Today again")
    return redirect("breaks" if posted.get("back") == "breaks" else "today")


@require_POST
@for_person
def longer(request: HttpRequest, profile: Profile) -> HttpResponse:
    """A longer time between breaks, or as it is: the person's own choice."""
    posted, by, now = request.POST, session.actor_of(request), session.now()
    minutes = posted.get("minutes", "")
    if posted.get("longer") == "yes":
        asked = int(minutes) if minutes.isascii() and minutes.isdigit() and len(minutes) < 4 else None
        breaks.agree_longer(profile=profile, minutes=asked, by=by, now=now)
    else:
        breaks.put_off_longer(profile=profile, client_id=public_id(posted.get("client_id", "")), by=by, now=now)
    return redirect("breaks")


@require_POST
@for_person
def hold(request: HttpRequest, profile: Profile) -> HttpResponse:
    """In a call, away for an hour, no more today; and back again."""
    by, now = session.actor_of(request), session.now()
    until = {"away": now + _AWAY, "today": _midnight(profile, now)}.get(request.POST.get("hold", ""))
    why: Literal["in_call", "away", "back"] = "back"
    if request.POST.get("hold") == "in_call":
        why = "in_call"
    elif until is not None:
        why = "away"
    client_id = public_id(request.POST.get("client_id", ""))
    breaks.hold_offers(profile=profile, why=why, until=until, client_id=client_id, by=by, now=now)
    return redirect("breaks")


def card_context(
    request: HttpRequest, profile: Profile, plan: PlanVersion | None = None, training: Training | None = None
) -> dict[str, Any]:
    """What a page needs to draw the card of the next offer, as it is when the page is drawn.

    `plan` and `training` as for `breaks.day_of`.
    """
    by, now = session.actor_of(request), session.now()
    here_since = _here_since(request, now)
    try:
        day = breaks.day_of(profile=profile, here_since=here_since, by=by, now=now, plan=plan, training=training)
    except NotAllowed as problem:
        usual = int(default_content().limit("break_minutes_most"))
        return {"card": None, "waits": _(problem.message), "planned": {"minutes": usual, "own": False}, "longer": None}
    planned = {"minutes": day.planned_min, "own": day.from_tasks}
    longer_by = breaks.longer_now(profile=profile, by=by, now=now, day=day)
    return {"card": _card(day, now), "waits": None, "planned": planned, "longer": _longer(longer_by)}


def _longer(found: Longer | None) -> dict[str, Any] | None:
    """The longer time between breaks in words, with its sum."""
    if found is None:
        return None
    limit = default_content().limit
    grown = found.now_min * (1 + limit("break_growth"))
    exact = abs(found.minutes - grown) < 1e-9
    words = {"now": found.now_min, "tenth": f"{100 * limit('break_growth'):.0f}", "then": found.minutes}
    return {
        "minutes": found.minutes,
        "now": found.now_min,
        "days": len(found.days),
        "sum": (
            _("%(now)s minutes and %(tenth)s %% more are %(then)s minutes.")
            if exact
            else _("%(now)s minutes and about %(tenth)s %% more are %(then)s minutes.")
        )
        % words,
        "most": int(limit("break_minutes_cap")),
        "client_id": uuid.uuid4(),
    }


def _card(day: Day, now: dt.datetime) -> dict[str, Any]:
    found = day.next
    content = default_content()
    exercise = content.exercises[day.item["id"]] if day.item is not None else None
    return {
        "kind": found.kind,
        "due": found.offer_now,
        "at": _clock(found.at, day, now) if found.at is not None and not found.offer_now else None,
        "why": _(why_words(found)) % {"minutes": day.habits.interval_min},
        "held": day.held,
        "off": found.why == "switched_off",
        "ask_interval": found.ask_interval,
        "offer": day.offer.uuid if day.offer is not None else None,
        "title": exercise.title if exercise is not None else None,
        "minutes": _break_minutes(day.item, exercise, is_long=found.is_long),
        "long": found.is_long,
        "snooze": breaks.snooze_minutes(),
        "client_id": uuid.uuid4(),
    }


def _clock(at: dt.datetime, day: Day, now: dt.datetime) -> str:
    zone = day.habits.time_zone
    local = at.astimezone(zone)
    days = (local.date() - now.astimezone(zone).date()).days
    if days == 0:
        return f"{local:%H:%M}"
    return _("tomorrow at %(time)s") % {"time": f"{local:%H:%M}"} if days == 1 else f"{local:%d.%m. %H:%M}"


def _here_since(request: HttpRequest, now: dt.datetime) -> dt.datetime | None:
    """Since when somebody is at this browser: its pages ask once a minute, and a longer gap means that it slept.

    None where no page of this browser has asked yet: without the script, or the very first time.
    """
    since_s, _dot, last_s = request.COOKIES.get(_HERE_COOKIE, "").partition(".")
    if not all(text.isascii() and text.isdigit() and len(text) < 12 for text in (since_s, last_s)):
        return None
    gap = dt.timedelta(minutes=default_content().limit("schedule_gap_minutes"))
    since, last = (dt.datetime.fromtimestamp(int(text), dt.UTC) for text in (since_s, last_s))
    return since if since <= last <= now and now - last <= gap else now


def _break_minutes(item: Mapping[str, Any] | None, exercise: Exercise | None, *, is_long: bool) -> int:
    """How long a break is: the longer one of the hour, or about as long as its movement."""
    if is_long:
        return int(default_content().limit("break_long_minutes"))
    return max(1, round(seconds_of(item, exercise) / 60)) if item is not None and exercise is not None else 2


def _midnight(profile: Profile, now: dt.datetime) -> dt.datetime:
    day = local_day(profile, now) + dt.timedelta(days=1)
    return dt.datetime.combine(day, dt.time(), ZoneInfo(profile.time_zone)).astimezone(dt.UTC)


def _as_kept(chosen: breaks.BreakHabits) -> dict[str, Any]:
    rows = [
        {"days": row.days, "start": f"{row.start:%H:%M}", "end": f"{row.end:%H:%M}"} for row in breaks.busy_rows(chosen)
    ]
    return {
        "breaks_on": chosen.breaks_on,
        "interval_min": chosen.interval_min,
        "quiet_from": f"{chosen.quiet_from:%H:%M}",
        "quiet_until": f"{chosen.quiet_until:%H:%M}",
        "strength_at": f"{chosen.strength_at:%H:%M}" if chosen.strength_at else "",
        "busy": rows + [{"days": "weekdays", "start": "", "end": ""}] * _EMPTY_ROWS,
    }


def _as_sent(posted: QueryDict) -> dict[str, Any]:
    names = ("interval_min", "quiet_from", "quiet_until", "strength_at")
    rows = zip(posted.getlist("days"), posted.getlist("start"), posted.getlist("end"), strict=False)
    busy = [{"days": days, "start": start, "end": end} for days, start, end in rows]
    return {name: posted.get(name, "") for name in names} | {"breaks_on": posted.get("on") != "no", "busy": busy}


def _habits(posted: QueryDict) -> dict[str, Any]:
    """The form as arguments. Raises InputError with the field and a sentence for the person."""
    minutes = posted.get("interval_min", "").strip()
    if minutes and not (minutes.isascii() and minutes.isdigit() and len(minutes) < 4):
        raise InputError("Enter whole minutes, for example 25, or leave it empty", field="interval_min")
    busy = []
    for days, start, end in zip(posted.getlist("days"), posted.getlist("start"), posted.getlist("end"), strict=False):
        if start or end:
            busy.append(BusyRow(days=days, start=_time(start, "busy"), end=_time(end, "busy")))
    return {
        "breaks_on": posted.get("on") != "no",
        "interval_min": int(minutes) if minutes else None,
        "quiet_from": _time(posted.get("quiet_from", ""), "quiet_from"),
        "quiet_until": _time(posted.get("quiet_until", ""), "quiet_until"),
        "strength_at": _time(strength, "strength_at") if (strength := posted.get("strength_at")) else None,
        "busy": busy,
    }


def _time(text: str, field: str) -> dt.time:
    """A time as browsers send it, or as people type it where there is no time control."""
    parts = text.strip().replace(".", ":").split(":")
    if 1 <= len(parts) <= 3 and all(part.isascii() and part.isdigit() and len(part) <= 2 for part in parts):
        hour, minute = int(parts[0]), int(parts[1]) if len(parts) > 1 else 0
        if hour < 24 and minute < 60:
            return dt.time(hour, minute)
    raise InputError("Enter a time, for example 9:30", field=field)
