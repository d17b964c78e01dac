"""`/clinic/people/ID/live/`: what a sensor measures while it is worn, for a clinician whom the person lets look on.

Only in a service. What is measured comes by a socket (`live.clinic`); this is the page around it, and its ticket.
"""

import uuid

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from upperback.services import live_watching, treating
from upperback.web.clinician.who import actor_of, for_clinician
from upperback.web.person import session
from upperback.web.person.page import show


@require_safe
@for_clinician
def live_page(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    """To look at, and for nothing else."""
    seen = treating.see(profile_uuid=person_id, by=actor_of(request), now=session.now(), shows=live_watching.NEEDED)
    context = {"profile": seen.profile, "back": reverse("clinic_person", args=[person_id])}
    return show(request, "clinician/live.jinja", context)


@require_POST
@for_clinician
def ticket(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    """Lets one page look on, once, within a minute."""
    token = live_watching.make_ticket(person_uuid=person_id, by=actor_of(request), now=session.now())
    return JsonResponse({"ticket": token})
