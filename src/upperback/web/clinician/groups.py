"""`/clinic/groups/`: the group programmes of a clinic, who is offered one, and who came."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError, NotAllowed
from upperback.services import group_places, group_weeks, groups, treating
from upperback.services.actors import Actor, public_id
from upperback.services.group_places import Place
from upperback.services.groups import Form, Group, Line
from upperback.services.people import Profile
from upperback.services.treating import Seen
from upperback.web.clinician.who import actor_of, for_clinician, name_of
from upperback.web.clinician.words import amount
from upperback.web.person import session
from upperback.web.person.page import show

METHODS: Final = ["GET", "HEAD", "POST"]
WEEKDAYS: Final = (
    gettext_lazy("Monday"), gettext_lazy("Tuesday"), gettext_lazy("Wednesday"), gettext_lazy("Thursday"),
    gettext_lazy("Friday"), gettext_lazy("Saturday"), gettext_lazy("Sunday"),
)  # fmt: skip
STATE_WORDS: Final = {
    "yes": gettext_lazy("in the group"),
    "waits": gettext_lazy("has not answered"),
    "no": gettext_lazy("said no"),
    "left": gettext_lazy("has left"),
    "gone": gettext_lazy("does not share enough now"),
}
_ZONE: Final = "Europe/London"
_DIGITS_MOST: Final = 4


@require_http_methods(METHODS)
@for_clinician
def groups_page(request: HttpRequest) -> HttpResponse:
    """The list; sent, a new group."""
    by, now, posted, error = actor_of(request), session.now(), request.POST, None
    if request.method == "POST":
        try:
            kept = groups.keep_group(
                group=public_id(posted.get("group", "")), version=0, form=_form(request), room=_room(posted), by=by,
                now=now,
            )  # fmt: skip
            return redirect("clinic_group", kept.id)
        except InputError as problem:
            error = problem
    found = groups.groups_of(by=by, now=now)
    context = {
        "groups": [_summary(one, now) for one in found],
        "form": posted if request.method == "POST" else _empty_form(request),
        "own_name": name_of(request),
        "new_id": posted.get("group") or uuid.uuid4(),
        **_choices(),
        **_error(error, "title"),
    }
    return show(request, "clinician/groups.jinja", context, status=422 if error else 200)


@require_http_methods(METHODS)
@for_clinician
def group_page(request: HttpRequest, group_id: uuid.UUID) -> HttpResponse:
    """One group: what it is, week by week, who is in it, its meetings. Several forms, one `what`."""
    by, now, posted, error = actor_of(request), session.now(), request.POST, None
    group = groups.group_of(group=group_id, by=by, now=now)
    what = posted.get("what", "")
    if request.method == "POST":
        try:
            _FORMS.get(what, _changed)(request, group)
            return redirect(f"{request.path}{_PARTS.get(what, '')}")
        except InputError as problem:
            error, group = problem, groups.group_of(group=group_id, by=by, now=now)
    places = group_places.places_of(group=group, now=now)
    seen = {one.profile.pk: one for one in treating.see_all(by=by, now=now) if one.may("messages")}
    known = [place for place in places if place.profile.pk in seen]
    context = {
        "group": group,
        "summary": _summary(group, now),
        "weeks": _weeks(group),
        "lines": [(line, _title(line.exercise)) for line in group.programme],
        "places": [{"name": one.profile.name, "state": one.state, "words": STATE_WORDS[one.state]} for one in known],
        "others": len(places) - len(known),
        "count": sum(place.state == "yes" for place in places),
        "meetings": _meetings(group, known, now),
        "form": posted if error is not None and what == "change" else _form_of(group),
        "posted": posted,
        "what": what,
        "own_name": name_of(request),
        "exercises": [{"value": "", "text": _("Choose")}]
        + [{"value": id, "text": one.title} for id, one in default_content().exercises.items()],
        "client_id": uuid.uuid4(),
        **_asked_again([place.profile for place in known], "messages"),
        **_choices(),
        **_error(error, "title"),
    }
    return show(request, "clinician/group.jinja", context, status=422 if error else 200)


@require_http_methods(METHODS)
@for_clinician
def offer_page(request: HttpRequest, group_id: uuid.UUID) -> HttpResponse:
    """Whom to offer it to, first chosen and then looked at one by one: what of it each would do, and what not."""
    by, now, error = actor_of(request), session.now(), None
    group = groups.group_of(group=group_id, by=by, now=now)
    asked = request.POST if request.method == "POST" else request.GET
    ids = [found for text in asked.getlist("person") if (found := public_id(text)) is not None]
    chosen = [treating.see(profile_uuid=one, by=by, now=now) for one in dict.fromkeys(ids)]
    if request.method == "POST":
        try:
            group_places.offer(group=group, people=chosen, by=by, now=now)
            return redirect(f"{reverse('clinic_group', args=[group_id])}#people")
        except InputError as problem:
            error = problem
    here = {place.profile.pk for place in group_places.places_of(group=group, now=now)}
    may_be = [
        one
        for one in treating.see_all(by=by, now=now)
        if one.classes >= group_places.NEEDED and one.profile.pk not in here
    ]
    context = {
        "group": group,
        "summary": _summary(group, now),
        "people": [{"value": str(one.profile.uuid), "text": one.profile.name} for one in may_be],
        "chosen": [_looked_at(group, one, by) for one in chosen if one.classes >= group_places.NEEDED],
        "values": [str(one) for one in ids],
        "back": reverse("clinic_group", args=[group_id]),
        **_asked_again([one.profile for one in chosen], "plan"),
        **_error(error, "person"),
    }
    return show(request, "clinician/group_offer.jinja", context, status=422 if error else 200)


# ---- what is sent ----------------------------------------------------------------------------------------------------


def _changed(request: HttpRequest, group: Group) -> None:
    posted = request.POST
    groups.keep_group(
        group=group.id, version=_number(posted.get("version", "")) or 0, form=_form(request), room=_room(posted),
        by=actor_of(request), now=session.now(),
    )  # fmt: skip


def _line_added(request: HttpRequest, group: Group) -> None:
    groups.add_line(
        group=group, version=_number(request.POST.get("version", "")) or 0, line=_line(request.POST),
        by=actor_of(request), now=session.now(),
    )  # fmt: skip


def _line_out(request: HttpRequest, group: Group) -> None:
    groups.take_out(group=group, line=_line(request.POST), by=actor_of(request), now=session.now())


def _called_off(request: HttpRequest, group: Group) -> None:
    day, reason = _day(request.POST.get("day", "")), request.POST.get("reason", "")
    groups.call_off(group=group, day=day, reason=reason, by=actor_of(request), now=session.now())


def _ended(request: HttpRequest, group: Group) -> None:
    groups.end(group=group, reason=request.POST.get("reason", ""), by=actor_of(request), now=session.now())


def _ticked(request: HttpRequest, group: Group) -> None:
    by, now, posted = actor_of(request), session.now(), request.POST
    said = {public_id(name.removeprefix("came-")): value for name, value in posted.items() if name.startswith("came-")}
    group_places.tick(
        group=group, day=_day(posted.get("day", "")), people=treating.see_all(by=by, now=now),
        came={id: value == "yes" for id, value in said.items() if id is not None and value in {"yes", "no"}},
        name=name_of(request), client_id=public_id(posted.get("client_id", "")), by=by, now=now,
    )  # fmt: skip


_FORMS: Final[dict[str, Callable[[HttpRequest, Group], None]]] = {
    "change": _changed, "line": _line_added, "line_out": _line_out, "off": _called_off, "end": _ended, "came": _ticked,
}  # fmt: skip
#: Where the page is shown again.
_PARTS: Final = {"line": "#weeks", "line_out": "#weeks", "off": "#meetings", "came": "#meetings"}


def _form(request: HttpRequest) -> Form:
    posted = request.POST
    return Form(
        title=posted.get("title", ""), words=posted.get("words", ""),
        leader=posted.get("leader", "") or name_of(request), starts_on=_day(posted.get("starts_on", "")),
        weeks=_number(posted.get("weeks", "")), weekday=_number(posted.get("weekday", "")),
        at=_time(posted.get("at", "")), minutes=_number(posted.get("minutes", "")),
        time_zone=posted.get("time_zone", ""), place=posted.get("place", ""), link=posted.get("link", ""),
        places=_number(posted.get("places", "")),
    )  # fmt: skip


def _line(posted: QueryDict) -> Line:
    number = {name: _number(posted.get(name, "")) or 0 for name in ("first_week", "last_week", "sets", "reps")}
    return Line(exercise=posted.get("exercise", ""), **number)


def _room(posted: QueryDict) -> str:
    return settings.OPTIONS.video_url if posted.get("room") == "yes" else ""


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MOST else None


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        return None


def _time(text: str) -> dt.time | None:
    try:
        found = dt.time.fromisoformat(text.strip())
    except ValueError:
        return None
    return found.replace(second=0, microsecond=0) if found.tzinfo is None else None


# ---- what is shown ---------------------------------------------------------------------------------------------------


def _empty_form(request: HttpRequest) -> dict[str, Any]:
    people = treating.see_all(by=actor_of(request), now=session.now())
    zone = people[0].profile.time_zone if people else _ZONE
    return {
        "weeks": 6, "minutes": 60, "places": 8, "weekday": "", "time_zone": zone, "leader": name_of(request),
    }  # fmt: skip


def _form_of(group: Group) -> dict[str, Any]:
    rhythm = group.rhythm
    return {
        "title": group.title, "words": group.words, "leader": group.leader, "starts_on": rhythm.starts_on.isoformat(),
        "weeks": rhythm.weeks, "weekday": str(rhythm.weekday), "at": f"{rhythm.at:%H:%M}", "minutes": rhythm.minutes,
        "time_zone": rhythm.zone, "place": group.place, "link": group.link, "places": group.places,
    }  # fmt: skip


def _choices() -> dict[str, Any]:
    days = [{"value": str(number), "text": str(name)} for number, name in enumerate(WEEKDAYS)]
    return {
        "weekdays": [{"value": "", "text": _("Choose")}, *days],
        "has_rooms": bool(settings.OPTIONS.video_url),
        "bounds": {"weeks": groups.WEEKS, "places": groups.PLACES, "minutes": groups.MINUTES},
    }


def _error(error: InputError | None, first: str) -> dict[str, Any]:
    return {
        "error": _(error.message) if error is not None else None,
        "where": error.details.get("field", first) if error is not None else "",
        "has_errors": error is not None,
    }


def _asked_again(people: list[Profile], see: str) -> dict[str, Any]:
    """In a service a page that names people asks twice a second whether it may, and goes dark when it may not."""
    if not (settings.SERVICE and people):
        return {}
    ids = ".".join(person.uuid.hex for person in people)
    return {
        "still_href": f"{reverse('group_still')}?see={see}&people={ids}",
        "still_back": reverse("clinic_groups"),
        "still_back_words": _("Groups"),
    }


def _summary(group: Group, now: dt.datetime) -> dict[str, Any]:
    rhythm = group.rhythm
    coming = next((one for one in group.meetings if not one.is_off and one.ends_at > now), None)
    return {
        "id": group.id,
        "title": group.title,
        "weekday": WEEKDAYS[rhythm.weekday],
        "at": f"{rhythm.at:%H:%M}",
        "first": group.meetings[0].day if group.meetings else rhythm.starts_on,
        "weeks": rhythm.weeks,
        "leader": group.leader,
        "place": group.place,
        "next": coming.day if coming is not None else None,
        "is_over": rhythm.is_over(now),
    }


def _title(exercise: str) -> str:
    known = default_content().exercises.get(exercise)
    return known.title if known is not None else exercise


def _weeks(group: Group) -> list[dict[str, Any]]:
    """What is done, weeks in which it is the same as one."""
    found: list[dict[str, Any]] = []
    for number in range(1, group.rhythm.weeks + 1):
        lines = group.week(number)
        if found and found[-1]["lines"] == lines:
            found[-1]["last"] = number
        else:
            found.append({"first": number, "last": number, "lines": lines})
    for one in found:
        one["exercises"] = [(_title(line.exercise), amount(line.sets, line.reps)) for line in one["lines"]]
    return found if group.programme else []


def _looked_at(group: Group, seen: Seen, by: Actor) -> dict[str, Any]:
    """What of the programme this person would do, swap and leave out, and why."""
    found = group_weeks.looked_at(seen=seen, lines=group.programme, by=by)
    closed = found if isinstance(found, NotAllowed) else None
    fits = [] if isinstance(found, NotAllowed) else found
    return {
        "profile": seen.profile,
        "closed": _(closed.message) if closed is not None else "",
        "same": sum(fit.how in {"own", "group"} for fit in fits),
        "fits": [
            {
                "title": _title(fit.line.exercise),
                "how": fit.how,
                "instead": _title(fit.exercise) if fit.exercise is not None else "",
                "amount": amount(fit.sets, fit.reps),
                "why": fit.why,
                "notes": fit.notes,
                "cautions": [default_content().cautions[tag].title for tag in fit.tags],
            }
            for fit in fits
            if fit.how not in {"own", "group"} or fit.notes
        ],
    }


def _meetings(group: Group, known: list[Place], now: dt.datetime) -> list[dict[str, Any]]:
    """Each with who was in the group then and who came; of people whom this clinician looks after."""
    came = group_places.came_of(group=group, people=[place.profile.pk for place in known])
    zone = ZoneInfo(group.rhythm.zone)
    found = []
    for one in group.meetings:
        begun = one.starts_at <= now and not one.is_off
        ticks = [
            {"id": place.profile.uuid, "name": place.profile.name, "came": came.get((place.profile.pk, one.day))}
            for place in known
            if begun and (group_places.was_in(place, one.starts_at) or (place.profile.pk, one.day) in came)
        ]
        found.append(
            {
                "meeting": one,
                "at": one.starts_at.astimezone(zone),
                "begun": begun,
                "why_off": group.off.get(one.day, ""),
                "may_be_off": one.ends_at > now and not one.is_off,
                "ticks": ticks,
                "came": sum(bool(tick["came"]) for tick in ticks),
                "open": any(tick["came"] is None for tick in ticks),
            }
        )
    return found
