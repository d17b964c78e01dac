"""Live: this phone as a sensor. The page connects, aligns and shows; what is measured comes by the socket."""

from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from upperback.services import live_tickets, plans
from upperback.services.people import Profile
from upperback.web.person import session
from upperback.web.person.page import for_person, show

#: Seconds of the parts of the calibration. Three slow bends take 15.
_STEPS_S: Final = {"put_on": 10, "stand": 6, "bend": 18}


@require_safe
@for_person
def live_page(request: HttpRequest, profile: Profile) -> HttpResponse:
    """`/live/`: only while a plan is open."""
    plans.open_plan(profile=profile, by=session.actor_of(request))
    return show(request, "person/live.jinja", {"profile": profile, "steps_s": _STEPS_S, "words": _words()})


@require_POST
@for_person
def ticket(request: HttpRequest, profile: Profile) -> HttpResponse:
    """Lets one sensor in, once, within a minute."""
    token = live_tickets.make_ticket(profile=profile, by=session.actor_of(request), now=session.now())
    return JsonResponse({"ticket": token, "socket": live_tickets.SOCKET_PATH})


def _words() -> dict[str, str]:
    """What the script says."""
    return {
        "missing": _("This device has no motion sensor, or does not give it to this page. Open this page on a phone."),
        "refused": _("The page may not use the motion sensor. You can allow it in the settings of your browser."),
        "closed": _("This page has waited for too long. Open it again."),
        "gone": _("The line is gone. What was measured so far is kept."),
        "put_on": _("Now put the phone in a chest pocket or under a strap. Screen outwards, top up."),
        "stand": _("Stand tall and still."),
        "bend": _("Bend forward slowly and come up again. Three times."),
        "aligned": _("Done. It goes on now."),
        "not_measured": _("Not measured right now"),
        "stale": _("Nothing has come for a moment"),
        "upright": _("Upright"),
        "forward": _("Leaning forward"),
        "far": _("Far forward"),
        "back": _("Leaning back"),
        "held": _("In this position for % min"),
        "held_short": _("Moved a moment ago"),
    }
