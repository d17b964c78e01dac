"""What the pages of a session show to everybody. Needs no Django: a part of it is shown without a connection, too."""

from dataclasses import dataclass
from typing import Any, Final

from upperback.content.models import Service
from upperback.content.vocabulary import default_content
from upperback.web.languages import filled

#: Modules of `static/js/session/`, fetched ahead and kept in the browser; each that imports another comes first.
MODULES: Final = (
    "player", "drawing", "screen", "machine", "pacer", "aids", "sensor", "exercises", "keeping", "outbox", "vault",
    "post",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StopSign:
    """Something felt that ends a session. `is_emergency`: help is called before anything else."""

    id: str
    title: str
    text: str
    is_emergency: bool


@dataclass(frozen=True, slots=True)
class LightWords:
    """The pain light of one colour in words."""

    colour: str
    title: str


def stop_signs(region: str) -> list[StopSign]:
    """All of them, with the numbers of this region filled in."""
    content = default_content()
    table = content.service_table(region)
    return [
        StopSign(text.id, text.title, filled(text.text, table), "{emergency}" in text.text)
        for text in content.dose_texts.values()
        if text.group == "stop_sign"
    ]


def emergency_service(region: str) -> Service:
    """Whom to call at once."""
    table = default_content().service_table(region)
    return next(service for service in table.services if service.key == "emergency")


def light_words() -> list[LightWords]:
    """Green, amber and red."""
    texts = default_content().dose_texts
    return [LightWords(colour, texts[f"light_{colour}"].title) for colour in ("green", "amber", "red")]


def player_words(region: str) -> dict[str, Any]:
    """What `person/_player.jinja` needs."""
    return {
        "signs": stop_signs(region),
        "lights": light_words(),
        "emergency": emergency_service(region),
        "session_modules": MODULES,
    }
