"""Referring oneself to physiotherapy: the letter, whom to give it to, and where it stands."""

import tempfile
import uuid
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from upperback.core.errors import Conflict, InputError
from upperback.services import referrals
from upperback.services.actors import public_id
from upperback.services.people import Profile
from upperback.services.today import local_day
from upperback.web import languages
from upperback.web.downloads import download
from upperback.web.person import session
from upperback.web.person.page import for_person, show
from upperback.web.places import msk_service

_MEMORY_BYTES: Final = 4 << 20
_OTHER_PERSON: Final = "Somebody else was chosen in another window. Nothing was saved. Look whose page this is"
_CONTACT: Final = {"phone": "Telephone", "when": "Best time to reach", "needs": "Access needs"}
_TYPED: Final = ("family", "given", "day", "month", "year", "nhs_number", *_CONTACT)
_WORDS_MOST: Final = 120
#: Where it stands, and what the button says that leads there.
STATES: Final = {
    "made": (gettext_lazy("Begun, not sent yet"), ""),
    "sent": (gettext_lazy("Sent"), gettext_lazy("I have sent it")),
    "booked": (gettext_lazy("A visit is booked"), gettext_lazy("I have a visit")),
    "seen": (gettext_lazy("You were seen"), gettext_lazy("I was seen")),
    "let_go": (gettext_lazy("Let go"), gettext_lazy("I do not need it any more")),
}


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def referral(request: HttpRequest, profile: Profile) -> HttpResponseBase:
    """`/referral/`: what is typed for the letter is kept nowhere; only where it stands is."""
    by, now = session.actor_of(request), session.now()
    if request.method != "POST":
        found = referrals.current(profile=profile, by=by)
        if found is None or not found.nexts:
            referrals.check_can_refer(profile=profile)
        return _page(request, profile)
    if request.POST.get("person") != str(profile.uuid):
        raise Conflict(_OTHER_PERSON)
    client_id, service = public_id(request.POST.get("client_id", "")), msk_service()
    try:
        if request.POST.get("begin"):
            name = service.name if service is not None else _("Physiotherapy")
            referrals.begin(profile=profile, to=name[:80], client_id=client_id, by=by, now=now)
            return redirect("referral")
        if state := request.POST.get("state"):
            key = request.POST.get("referral", "")
            referrals.move_on(profile=profile, key=key, state=state, client_id=client_id, by=by, now=now)
            return redirect("referral")
        return _letter(request, profile)
    except InputError as problem:
        return _page(request, profile, error=problem)


def _letter(request: HttpRequest, profile: Profile) -> HttpResponseBase:
    from upperback.services import letters  # typst is large: not for every start
    from upperback.web.person.identity import posted_identity

    by, now = session.actor_of(request), session.now()
    referrals.check_can_refer(profile=profile)
    day = local_day(profile, now)
    contact = [(name, request.POST.get(field, "")) for field, name in _CONTACT.items()]
    for field in _CONTACT:
        if len(request.POST.get(field, "")) > _WORDS_MOST:
            raise InputError(f"Use up to {_WORDS_MOST} letters", field=field)
    letter = letters.make_letter(
        profile=profile, reader="physiotherapist", by=by, now=now, identity=posted_identity(request, day),
        question=request.POST.get("question", ""), contact=contact,
    )  # fmt: skip
    file = tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES)  # noqa: SIM115  closed when it is through
    words = languages.letter_words_now()
    letters.write_letter(profile=profile, letter=letter, mood=False, out=file, by=by, now=now, words=words)
    return download(request, file, name=f"self-referral-{day.isoformat()}.pdf", kind="application/pdf")


def _page(request: HttpRequest, profile: Profile, *, error: InputError | None = None) -> HttpResponse:
    found = referrals.current(profile=profile, by=session.actor_of(request))
    field = str(error.details.get("field", "phone")) if error is not None else ""
    context: dict[str, Any] = {
        "profile": profile,
        "found": found,
        "goes_on": found is not None and bool(found.nexts),
        "stands": str(STATES[found.state][0]) if found is not None else "",
        "nexts": [{"value": state, "text": str(STATES[state][1])} for state in found.nexts] if found else [],
        "service": msk_service(),
        "client_id": uuid.uuid4(),
        "given": {name: request.POST.get(name, "")[:200] for name in _TYPED}
        | {"question": request.POST.get("question", "")[:2000]},
        "wrong": {field: _(error.message)} if error is not None else {},
        "errors": [{"text": _(error.message), "href": f"#{'day' if field == 'birth_date' else field}"}]
        if error
        else [],
        "has_errors": error is not None,
    }
    return show(request, "person/referral.jinja", context, status=422 if error is not None else 200)
