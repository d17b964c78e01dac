"""Pages to read, by topic. What reassures on them waits for a safety check that allows it."""

import re
import uuid
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import msgspec
from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from markupsafe import Markup, escape

from upperback.care.reading import Suggested
from upperback.content.learn import LINK
from upperback.content.learn_search import LearnSearch, Level
from upperback.content.load import content_folder
from upperback.content.models import LearnPage
from upperback.content.search_words import search_languages
from upperback.content.vocabulary import default_content
from upperback.services.actors import public_id
from upperback.services.people import Profile
from upperback.services.reading import reading
from upperback.services.reading import want as wish
from upperback.web import languages
from upperback.web.person import session
from upperback.web.person.page import filled, for_person, onward, services, show
from upperback.web.pictures import PICTURES, picture_svg
from upperback.web.places import region, services_here

#: How far a source was read, in words for everybody.
_CHECKED: Final = {
    "full": "read in full",
    "abstract": "its summary was read",
    "secondary": "seen through others who report it",
    "title": "known to exist, not read again",
    "not_reread": "not read again for this page",
    "own": "our own choice",
}
#: Of a search: how much of it is shown again, and whom to turn to at each alarm.
_SHOWN_MOST: Final = 200
CONTACTS: Final[dict[Level, tuple[str, ...]]] = {
    "emergency": ("emergency", "urgent_line"),
    "crisis": ("crisis_line", "listening_line", "crisis_text", "emergency"),
    "today": ("urgent_line", "gp"),
    "check": (),
}
_HREF: Final = re.compile(r'href="([^"]*)"')
_SERVICE: Final = re.compile(r"\{([a-z_]+)\}")
_SENTENCE_BEGINS: Final = re.compile(r"(<(p|li|h2|h3)>|[.!?] )(<(strong|em)>)*$")


@dataclass(frozen=True, slots=True)
class Reader:
    """What this browser may see: `everything`, exercises and page of the day of an open plan, and where to go on."""

    everything: bool
    exercises: tuple[str, ...]
    next_href: str
    next_text: str
    help_first: bool = False
    today: Suggested | None = None
    plan_open: bool = False


@require_safe
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """`/learn/`: every page, by topic."""
    today = reader_of(request).today
    because = _because(today) if today else None
    return show(request, "person/learn.jinja", {"topics": _topics(), "today": today, "because": because})


@require_safe
@never_cache
def page(request: HttpRequest, learn_id: str) -> HttpResponse:
    """`/learn/ID/`: one page, where it comes from, and where to read on."""
    content = default_content()
    found = content.learn_pages.get(learn_id)
    if found is None:
        raise Http404
    told = {"client_id": uuid.uuid4(), "told": request.GET.get("told") == "1"}
    return show(request, "person/learn_page.jinja", _page_context(found, reader_of(request)) | told)


def _page_context(found: LearnPage, reader: Reader) -> dict[str, Any]:
    content = default_content()
    parts = [_html(part.html) for part in found.parts if reader.everything or not part.waits]
    exercises = [content.exercises[id] for id in found.exercises if id in reader.exercises and id in content.exercises]
    shown = [PICTURES[id] for id in found.pictures]
    return {
        "page": found,
        "topic": next(topic for topic in content.release.learn_topics if topic.id == found.topic),
        "parts": parts,
        "pictures": [(one, picture_svg(one)) for one in shown if reader.everything or not one.waits],
        "waiting": len(parts) < len(found.parts),
        "reader": reader,
        "exercises": exercises,
        "sources": [(content.sources[key], _(_CHECKED[content.sources[key].checked])) for key in found.sources],
        "onward": [content.learn_pages[id] for id in found.next],
    }


@require_POST
@for_person
def want(request: HttpRequest, profile: Profile, learn_id: str) -> HttpResponse:
    """More of this, or nothing new: what is offered from tomorrow on follows."""
    wish(
        profile=profile, client_id=public_id(request.POST.get("client_id", "")), page=learn_id,
        wanted=request.POST.get("wanted", ""), by=session.actor_of(request), now=session.now(),
    )  # fmt: skip
    return redirect(f"{reverse('learn_page', args=[learn_id])}?told=1#told")


@require_safe
@never_cache
def book(request: HttpRequest) -> HttpResponse:
    """`/learn/book/`: every page as everybody may see it, for browsers to keep; the same for whoever asks."""
    return HttpResponse(_book(languages.tag(), region()), content_type="application/json")


@require_safe
@never_cache
def search(request: HttpRequest) -> HttpResponse:
    """`/learn/search/?q=`: pages for everyday words. Words that alarm bring help to the top; nothing typed is kept."""
    typed = request.GET.get("q", "")
    found = _index(languages.tag()).find(typed)
    context = {
        "typed": typed[:_SHOWN_MOST],
        "asked": bool(typed.strip()),
        "long": len(typed) > _SHOWN_MOST,
        "found": found,
        "contacts": services(CONTACTS[found.alarm]) if found.alarm else [],
    }
    return show(request, "person/learn_search.jinja", context)


@cache
def _index(language: str) -> LearnSearch:
    """Made with the first search in a language; a process has one release. Alarms of every language count in each."""
    all_languages = search_languages(content_folder())
    read_in = next((one for one in all_languages if one.tag == language), None)
    words = languages.wording(language) if read_in is not None else None

    def said(text: str) -> str:
        return text if words is None else words.exact(text) or text

    return LearnSearch(default_content(), languages=all_languages, read_in=read_in, said=said)


def reader_of(request: HttpRequest) -> Reader:
    """Nobody yet, or a database that does not answer, sees what everybody may see."""
    nobody = _nobody()
    try:
        profile = session.profile_or_none(request)
        if profile is None:
            return nobody
        may = reading(profile=profile, by=session.actor_of(request), now=session.now())
    except DatabaseError:
        return nobody
    href, text = onward(may.state)
    decision = may.state.decision
    first = decision is not None and decision.disposition in {"emergency_now", "urgent_same_day"}
    return Reader(
        may.everything,
        may.exercises,
        href,
        text,
        help_first=first and not may.everything,
        today=may.today,
        plan_open=may.state.plan_open,
    )


def _nobody() -> Reader:
    return Reader(everything=False, exercises=(), next_href=reverse("check"), next_text=_("Start the safety check"))


def _topics() -> list[dict[str, Any]]:
    content = default_content()
    return [
        {"topic": topic, "pages": [page for page in content.learn_pages.values() if page.topic == topic.id]}
        for topic in content.release.learn_topics
    ]


@cache
def _book(_language: str, _region: str) -> bytes:
    """Frame and pages, each with its title and the inside of its `main`. Made once for a language and a country."""
    nobody = _nobody()
    pages = {reverse("learn"): _kept(_("Learn"), "person/learn.jinja", {"topics": _topics(), "kept": True})}
    for found in default_content().learn_pages.values():
        context = _page_context(found, nobody)
        pages[reverse("learn_page", args=[found.id])] = _kept(found.title, "person/learn_page.jinja", context)
    whole = _whole("person/learn_kept.jinja", {})
    return msgspec.json.encode({"language": languages.tag(), "frame": whole, "pages": pages})


def _kept(title: str, template: str, context: dict[str, Any]) -> dict[str, str]:
    _before, inside = _whole(template, context).split('<main id="main" class="main">')
    return {"title": str(escape(languages.said(title))), "main": inside.split("</main>")[0]}


def _whole(template: str, context: dict[str, Any]) -> str:
    shared = {"fill": filled, "nav_items": [], "device_notice": settings.DEVICE_NOTICE, "demo": settings.DEMO}
    return languages.in_language(render_to_string(template, shared | context))


def _because(today: Suggested) -> str:
    """Why this page is offered today."""
    match today.because:
        case "pattern":
            return _("Because your answers fit the pattern “%(name)s”.") % {"name": today.about}
        case "task":
            return _("Because your plan changes this: %(name)s.") % {"name": today.about}
        case "caution":
            return _("Because your plan takes this into account: %(name)s.") % {"name": today.about}
        case "asked":
            return _("Because you asked for more about “%(name)s”.") % {"name": languages.said(today.about)}
        case "phase" if today.about == "CALM":
            return _("Because your plan calms things down first.")
        case "phase":
            return _("Because your plan builds up now.")
        case _:
            return _("Because everybody needs to know this.")


def _html(html: str) -> Markup:
    """A part with the services of the region in it, and its links as addresses. Made by `content/learn.py`, so safe."""
    return Markup(_HREF.sub(lambda found: f'href="{_address(found[1])}"', _filled(languages.said_html(html))))  # noqa: S704


def _filled(html: str) -> str:
    """With each `{service}` as it is called in a sentence of this region; a capital where it begins one."""
    phrases = {item.key: languages.said(item.phrase) for item in services_here().services}

    def phrase(found: re.Match[str]) -> str:
        words = phrases[found[1]]
        begins = _SENTENCE_BEGINS.search(html[: found.start()])
        return str(escape(words[:1].upper() + words[1:] if begins else words))

    return _SERVICE.sub(phrase, html)


def _address(target: str) -> str:
    if target == "help:":
        return "/help/"
    found = LINK.fullmatch(target)
    return reverse("learn_page", args=[found[1]]) if found and found[1] else reverse("check")
