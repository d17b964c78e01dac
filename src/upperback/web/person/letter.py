"""A letter for somebody who helps: whom it is for, what will be in it, and the file."""

import tempfile
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from upperback.core.errors import Conflict, InputError, NotAllowed
from upperback.services.people import Profile
from upperback.services.today import local_day
from upperback.web import languages
from upperback.web.downloads import download
from upperback.web.person import session
from upperback.web.person.page import for_person, show

if TYPE_CHECKING:
    from upperback.services.letters import Reader

_MEMORY_BYTES: Final = 4 << 20
_OTHER_PERSON: Final = "Somebody else was chosen in another window. Nothing was saved. Look whose page this is"
_QUESTION_SHOWN: Final = 2000


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def letter_page(request: HttpRequest, profile: Profile) -> HttpResponseBase:
    """`/share/letter/`: the form, then the letter to look at, then the file. What was typed is kept nowhere."""
    if request.method != "POST":
        return _form(request, profile)
    if request.POST.get("person") != str(profile.uuid):
        raise Conflict(_OTHER_PERSON)
    if request.POST.get("change"):
        return _form(request, profile)
    from upperback.services import letters  # typst is large: not for every start
    from upperback.web.person.identity import posted_identity

    by, now = session.actor_of(request), session.now()
    day, mood = local_day(profile, now), "mood" in request.POST.getlist("with")
    try:
        reader = _reader(request)
        identity = posted_identity(request, day)
        made = letters.make_letter(
            profile=profile, reader=reader, by=by, now=now, mood=mood, identity=identity,
            question=request.POST.get("question", ""),
        )  # fmt: skip
    except (InputError, NotAllowed) as problem:
        return _form(request, profile, error=problem)
    words = languages.letter_words_now()
    if not request.POST.get("save"):
        shown = made if words is None else letters.said_letter(made, words)
        tag = languages.ENGLISH.tag if words is None else words.language
        context = {
            "profile": profile,
            "letter": shown,
            "letter_language": tag,
            "given": _given(request),
            "mood": mood,
            "reader": reader,
        }
        return show(request, "person/letter_look.jinja", context)
    file = tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES)  # noqa: SIM115  closed when it is through
    letters.write_letter(profile=profile, letter=made, mood=mood, out=file, by=by, now=now, words=words)
    return download(request, file, name=f"letter-{reader}-{day.isoformat()}.pdf", kind="application/pdf")


def _reader(request: HttpRequest) -> "Reader":
    from upperback.services import letters

    for reader in letters.READERS:
        if reader == request.POST.get("reader"):
            return reader
    raise InputError("Choose who the letter is for", field="reader")


def _given(request: HttpRequest) -> dict[str, str]:
    names = ("family", "given", "day", "month", "year", "nhs_number", "reader")
    typed = {name: request.POST.get(name, "")[:100] for name in names}
    return typed | {"question": request.POST.get("question", "")[:_QUESTION_SHOWN]}


def _form(request: HttpRequest, profile: Profile, *, error: InputError | NotAllowed | None = None) -> HttpResponse:
    field = str(error.details.get("field", "reader")) if error is not None else ""
    href = "#day" if field == "birth_date" else f"#{field}"
    context: dict[str, Any] = {
        "profile": profile,
        "given": _given(request),
        "ticked": [name for name in request.POST.getlist("with") if name == "mood"],
        "wrong": {field: _(error.message)} if error is not None else {},
        "errors": [{"text": _(error.message), "href": href}] if error is not None else [],
        "has_errors": error is not None,
    }
    return show(request, "person/letter.jinja", context, status=422 if error is not None else 200)
