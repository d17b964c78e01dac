"""`/easy/`: the core pages in easy read: short sentences, one picture each. What reassures waits for a safety check."""

from dataclasses import dataclass
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from markupsafe import Markup

from upperback.content.vocabulary import default_content
from upperback.web.figures import still_figures
from upperback.web.person.learn import Reader, reader_of
from upperback.web.person.page import services, show
from upperback.web.pictures.easy import easy_svg


@dataclass(frozen=True, slots=True)
class Say:
    """One sentence with its picture. Services stand in it as `{emergency}`."""

    picture: str
    words: object


@dataclass(frozen=True, slots=True)
class EasyPage:
    """One page. say: for everybody. until, then: before a safety check allows more, and where it does.

    button: address and words.
    """

    id: str
    title: object
    picture: str
    say: tuple[Say, ...] = ()
    until: tuple[Say, ...] = ()
    then: tuple[Say, ...] = ()
    button: tuple[str, object] | None = None
    exercises: bool = False


PAGES: Final = (
    EasyPage("safety-check", _("The safety check"), "asks", (
        Say("asks", _("First we ask you some questions.")),
        Say("doctor", _("We look for signs that a doctor needs to see.")),
        Say("helper", _("You can do it with somebody you trust.")),
        Say("unsure", _("You do not know? Then say: I am not sure. That is a good answer.")),
        Say("call", _("Do you need help? Then we tell you who to call.")),
    ), button=("check", _("Start the safety check"))),
    EasyPage("what-it-is", _("What is upper back pain?"), "back", (
        Say("back", _("Your upper back is below your neck. It is above your low back.")),
        Say("bones", _("It has twelve bones.")),
        Say("ribs", _("Your ribs join these bones.")),
        Say("muscles", _("Muscles hold your back and move it.")),
        Say("bag", _("Pain can come when you sit, turn, reach or carry.")),
    )),
    EasyPage("is-it-dangerous", _("Is it dangerous?"), "stop", (
        Say("stop", _("Some back pain needs help fast. Know the signs.")),
    ), until=(
        Say("asks", _("Do the safety check first. It asks about the signs.")),
    ), then=(
        Say("muscles", _("Most upper back pain comes from muscles and joints.")),
        Say("back", _("Sore does not mean that something is broken.")),
        Say("better", _("It often gets better with time.")),
        Say("walk", _("Moving is good for your back.")),
    ), button=("easy-help", _("See when to get help"))),
    EasyPage("today", _("What can I do today?"), "walk", until=(
        Say("asks", _("Do the safety check first. Then this page tells you what to do.")),
    ), then=(
        Say("walk", _("Move a little. Do it often.")),
        Say("desk", _("You sit a lot? Stand up now and then.")),
        Say("bags", _("Carry less at a time. Use two bags.")),
        Say("bed", _("Find a way to lie that feels good. Pillows can help.")),
        Say("reach", _("Do your exercises. Stop if it hurts much more.")),
    )),
    EasyPage("help", _("When to get help"), "call", (
        Say("call", _("Call {emergency} now if you have one of these. Do not drive.")),
        Say("chest", _("Your chest feels tight, heavy or crushed.")),
        Say("stop", _("The pain is like ripping, or came all at once and very bad.")),
        Say("breath", _("It is hard to breathe.")),
        Say("legs", _("Your legs are weak. Or both legs tingle or feel numb.")),
        Say("pelvis", _("You are numb between your legs. Or you pee or poo in a new way.")),
        Say("hot", _("You have a fever and a stiff neck, or you are mixed up.")),
        Say("fall", _("You had a bad crash or a bad fall.")),
        Say("doctor", _("Ask {urgent_line} today if you have a fever, had a fall, or feel very ill.")),
        Say("helper", _("Do you want to die, or hurt yourself? Call now. You are not alone.")),
    ), button=("/help/", _("See all signs and numbers"))),
    EasyPage("exercises", _("Your exercises"), "reach", until=(
        Say("asks", _("Do the safety check first. Then make your plan. Your exercises show here.")),
    ), then=(
        Say("clock", _("Do a few at a time. Go slowly.")),
        Say("stop", _("Stop if the pain gets much worse, or if you feel ill.")),
    ), exercises=True),
)  # fmt: skip
_BY_ID: Final = {page.id: page for page in PAGES}


@require_safe
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """`/easy/`: the six pages."""
    return show(request, "person/easy.jinja", {"pages": [(page, easy_svg(page.picture)) for page in PAGES]})


@require_safe
@never_cache
def page(request: HttpRequest, easy_id: str) -> HttpResponse:
    """`/easy/ID/`: one of them."""
    found = _BY_ID.get(easy_id)
    if found is None:
        raise Http404
    reader = reader_of(request)
    said = (*found.say, *(found.then if reader.everything else found.until))
    number = PAGES.index(found)
    context: dict[str, Any] = {
        "page": found,
        "said": [(str(one.words), easy_svg(one.picture)) for one in said],
        "button": _button(found, reader) if not (reader.everything and found.exercises) else None,
        "exercises": _exercises(reader.exercises) if found.exercises and reader.everything else [],
        "reader": reader,
        "call_first": services(("emergency",)) if found.id == "help" else [],
        "call_also": services(("crisis_line", "listening_line", "urgent_line")) if found.id == "help" else [],
        "before": PAGES[number - 1] if number else None,
        "after": PAGES[number + 1] if number + 1 < len(PAGES) else None,
    }
    return show(request, "person/easy_page.jinja", context)


def _button(found: EasyPage, reader: Reader) -> tuple[str, object] | None:
    if found.button is None:
        return None if reader.everything else (reader.next_href, reader.next_text)
    where, words = found.button
    if where == "easy-help":
        return reverse("easy_page", args=["help"]), words
    return (where if where.startswith("/") else reverse(where)), words


def _exercises(ids: tuple[str, ...]) -> list[dict[str, Any]]:
    exercises = default_content().exercises
    return [
        {"title": exercises[id].title, "steps": exercises[id].steps, "still": Markup(still_figures(exercises[id]))}  # noqa: S704  our own drawing
        for id in ids
        if id in exercises
    ]
