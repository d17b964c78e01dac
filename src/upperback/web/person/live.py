"""Live: a phone as a sensor, this one or another. What is measured comes by the sockets."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from upperback.services import live_tickets, plans, worn
from upperback.services.people import Profile
from upperback.web.live.paths import FILE_BYTES_MAX
from upperback.web.person import session
from upperback.web.person.page import for_person, show
from upperback.web.person.worn import today_words


@require_safe
@for_person
def live_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/live/`: only while a plan is open."""
    by, now = session.actor_of(request), session.now()
    plans.open_plan(profile=profile, by=by)
    context = {
        "profile": profile,
        "worn_today": today_words(worn.worn_today(profile=profile, by=by, now=now)),
        "hints_an_hour": worn.hints_an_hour(profile=profile, by=by, now=now),
        "together": worn.moves_together(profile=profile, by=by, now=now),
    }
    return show(request, "person/live.jinja", context)


@require_safe
@for_person
def screen_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/live/screen/`: this screen shows what a phone measures that scans its code."""
    plans.open_plan(profile=profile, by=session.actor_of(request))
    reachable = bool(settings.PHONE_ADDRESS) or request.is_secure()
    trust = request.scope.get("upperback.trust") if hasattr(request, "scope") else None
    return show(request, "person/live_screen.jinja", {"profile": profile, "reachable": reachable, "trust": trust})


@require_safe
@for_person
def muscle_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/live/muscle/`: electrodes of one's own, or a recording, at home; a made-up muscle anywhere."""
    plans.open_plan(profile=profile, by=session.actor_of(request))
    context = {"profile": profile, "lsl": settings.OPTIONS.mode != "service", "file_mb": FILE_BYTES_MAX >> 20}
    return show(request, "person/live_muscle.jinja", context)


@require_POST
@for_person
def ticket(request: HttpRequest, profile: Profile) -> HttpResponse:
    """Lets one sensor in, once, within a minute."""
    token = live_tickets.make_ticket(profile=profile, by=session.actor_of(request), now=session.now())
    return JsonResponse({"ticket": token, "socket": live_tickets.SOCKET_PATH})
