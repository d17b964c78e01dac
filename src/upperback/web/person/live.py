"""Live: a phone as a sensor, this one or another. What is measured comes by the sockets."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from upperback.services import live_tickets, plans
from upperback.services.people import Profile
from upperback.web.person import session
from upperback.web.person.page import for_person, show


@require_safe
@for_person
def live_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/live/`: only while a plan is open."""
    plans.open_plan(profile=profile, by=session.actor_of(request))
    return show(request, "person/live.jinja", {"profile": profile})


@require_safe
@for_person
def screen_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/live/screen/`: this screen shows what a phone measures that scans its code."""
    plans.open_plan(profile=profile, by=session.actor_of(request))
    reachable = bool(settings.PHONE_ADDRESS) or request.is_secure()
    trust = request.scope.get("upperback.trust") if hasattr(request, "scope") else None
    return show(request, "person/live_screen.jinja", {"profile": profile, "reachable": reachable, "trust": trust})


@require_POST
@for_person
def ticket(request: HttpRequest, profile: Profile) -> HttpResponse:
    """Lets one sensor in, once, within a minute."""
    token = live_tickets.make_ticket(profile=profile, by=session.actor_of(request), now=session.now())
    return JsonResponse({"ticket": token, "socket": live_tickets.SOCKET_PATH})
