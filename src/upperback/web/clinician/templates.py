"""`/clinic/templates/`: words for messages and sets of exercises that a clinic keeps."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError
from upperback.services import templates
from upperback.services.actors import public_id
from upperback.web.clinician.who import actor_of, for_clinician
from upperback.web.person import session
from upperback.web.person.page import show


@require_http_methods(["GET", "HEAD", "POST"])
@for_clinician
def templates_page(request: HttpRequest) -> HttpResponse:
    """The list; sent, a template comes or goes."""
    by, now, posted, error = actor_of(request), session.now(), request.POST, None
    if request.method == "POST":
        try:
            if posted.get("what") == "away":
                templates.take_away(template=public_id(posted.get("template", "")), by=by, now=now)
            else:
                templates.keep_template(
                    client_id=public_id(posted.get("client_id", "")), kind=posted.get("kind", ""),
                    name=posted.get("name", ""), words=posted.get("words", ""),
                    exercises=posted.getlist("exercises"), by=by, now=now,
                )  # fmt: skip
            return redirect(request.path)
        except InputError as problem:
            error = problem
    exercises = default_content().exercises
    found = templates.templates_of(by=by, now=now)
    context = {
        "templates": [(one, [exercises[id].title for id in one.exercises if id in exercises]) for one in found],
        "exercises": [{"value": id, "text": one.title} for id, one in exercises.items()],
        "posted": posted,
        "kind": posted.get("kind", "message"),
        "chosen": posted.getlist("exercises"),
        "error": _(error.message) if error is not None else None,
        "where": error.details.get("field", "name") if error is not None else "",
        "has_errors": error is not None,
        "client_id": posted.get("client_id") or uuid.uuid4(),
    }
    return show(request, "clinician/templates.jinja", context, status=422 if error else 200)
