"""What kind of data a field holds, and what happens to a table when a person takes their data or wants it gone.

Every model says both in its own words; `unregistered()` finds a field or model that does not, and a test asks for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.apps import apps
from django.db import models


class Privacy(StrEnum):
    """The privacy class of a field, from harmless to most sensitive."""

    TECHNICAL = "technical"  # keys, versions, states, times of writing
    PREFERENCE = "preference"  # language, theme: about a person, not about their health
    IDENTITY = "identity"  # says who somebody is
    HEALTH = "health"  # special category data
    SENSITIVE = "sensitive"  # mood and self-harm: left out of every share unless chosen


class Export(StrEnum):
    """How the rows of a model leave with the person."""

    WHOLE = "whole"  # every row that belongs to the person, every field but those that stay
    ABOUT_PERSON = "about_person"  # the rows that name the person, found by their public id
    NEVER = "never"  # belongs to the installation, not to a person


class Erase(StrEnum):
    """What happens to the rows of a model when a person is erased."""

    ROW = "row"  # the person's own row goes
    WITH_PERSON = "with_person"  # goes with the person's row
    BUT_ONE = "but_one"  # rows that name the person go; a new one says that somebody was erased
    KEEP = "keep"  # belongs to the installation


@dataclass(frozen=True, slots=True)
class Handling:
    """Declared once per model. `stays`: fields that are of use to this installation only and do not leave it."""

    fields: dict[str, Privacy]
    export: Export
    erase: Erase
    stays: frozenset[str] = frozenset()


def unregistered() -> Iterator[str]:
    """Fields and models of the store that declare no privacy class, export or erasure; and declared ghosts."""
    for model in apps.get_app_config("store").get_models():
        handling = getattr(model, "handling", None)
        if not isinstance(handling, Handling):
            yield model.__name__
            continue
        existing = {field.name for field in model._meta.get_fields() if _is_own(field)}  # noqa: SLF001
        yield from (f"{model.__name__}.{name}" for name in sorted(existing - handling.fields.keys()))
        ghosts = (handling.fields.keys() | handling.stays) - existing
        yield from (f"{model.__name__}.{name} (gone)" for name in sorted(ghosts))


def _is_own(field: Any) -> bool:
    return isinstance(field, models.Field)
