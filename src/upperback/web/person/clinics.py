"""Finding a clinic: a list to filter and a list to tick. Says nothing about anybody and needs no sign-in."""

from collections.abc import Iterable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from upperback.services import directory
from upperback.web.person.page import show
from upperback.web.places import msk_service, services_here

ACCESS_WORDS: Final = {
    "step_free": gettext_lazy("No stairs"),
    "accessible_toilet": gettext_lazy("A toilet for wheelchairs"),
    "hearing_loop": gettext_lazy("A hearing loop"),
    "parking": gettext_lazy("Parking at the door"),
    "home_visits": gettext_lazy("They come to you"),
    "online": gettext_lazy("By video"),
}
_SHOWN_MOST: Final = 100


@require_safe
def clinics(request: HttpRequest) -> HttpResponse:
    """`/clinics/`: what is looked for stands in the address and is kept nowhere; it is nothing about health."""
    every, since = directory.known_clinics()
    asked = request.GET
    within = asked.get("within", "")
    wanted = directory.Wanted(
        near=asked.get("near", ""), registered="registered" in asked.getlist("has"),
        within_km=int(within) if within in map(str, directory.DISTANCES_KM) else None,
        first_conversation="talk" in asked.getlist("has"),
        access=[one for one in directory.ACCESS if one in asked.getlist("access")], language=asked.get("language", ""),
    )  # fmt: skip
    found = directory.find_clinics(every, wanted)
    table = {item.key: item for item in services_here().services}
    context: dict[str, Any] = {
        "every": len(every),
        "since": since,
        "found": [_shown(one) for one in found[:_SHOWN_MOST]],
        "count": len(found),
        "most": _SHOWN_MOST,
        "by_distance": any(one.km is not None for one in found),
        "places": _items(one.place for one in every if one.latitude is not None),
        "languages": _items(language for one in every for language in one.languages),
        "distances": [{"value": str(km), "text": f"{km} km"} for km in directory.DISTANCES_KM],
        "access": [{"value": name, "text": str(words)} for name, words in ACCESS_WORDS.items()],
        "wanted": wanted,
        "within": within,
        "has": asked.getlist("has"),
        "service": msk_service(),
        "emergency": table.get("emergency"),
        "urgent": table.get("urgent_line"),
    }
    return show(request, "person/clinics.jinja", context)


def _items(names: Iterable[str]) -> list[dict[str, str]]:
    return [{"value": name, "text": name} for name in sorted(set(names))]


def _shown(one: directory.Found) -> dict[str, Any]:
    return {
        "clinic": one.clinic,
        "km": f"{one.km:.0f}" if one.km is not None else None,
        "access": [str(ACCESS_WORDS[name]) for name in one.clinic.access],
        "dial": one.clinic.phone.translate(str.maketrans("", "", " ()-")),
    }
