"""The clinics that an installation knows: brought along by whoever runs it, filtered by whoever looks. No ranks."""

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from django.db import transaction

from upperback.interchange.clinics import ACCESS, ClinicEntry, read_clinics
from upperback.services import audit
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.store.models import Setting

__all__ = ["ACCESS", "DISTANCES_KM", "ClinicEntry", "Found", "Wanted", "bring_clinics", "find_clinics", "known_clinics"]

DISTANCES_KM: Final = (5, 10, 25, 50)
_KEY: Final = "clinics"
_EARTH_KM: Final = 6371.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody looks for. Nothing of it is kept."""

    near: str = ""
    within_km: int | None = None
    registered: bool = False
    first_conversation: bool = False
    access: Sequence[str] = ()
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A clinic, and how far it is from the chosen place; None where nobody can say."""

    clinic: ClinicEntry
    km: float | None


def bring_clinics(*, data: bytes, by: Actor, now: dt.datetime) -> int:
    """Puts a new list in the place of the old one, whole or not at all. Returns how many clinics it has."""
    check_may(by, "run_service")
    rows = read_clinics(data)
    with transaction.atomic():
        value = {"clinics": msgspec.to_builtins(rows)}
        Setting.objects.update_or_create(key=_KEY, defaults={"value": value, "changed_at": now})
        audit.record(by=by, action="bring_clinics", now=now, object_kind="setting", clinics=len(rows))
    return len(rows)


def known_clinics() -> tuple[list[ClinicEntry], dt.datetime | None]:
    """Every clinic, by name, and since when the list is this one. Nothing about anybody: whoever asks may know."""
    row = Setting.objects.filter(key=_KEY).first()
    if row is None:
        return [], None
    rows = msgspec.convert(row.value["clinics"], list[ClinicEntry])
    return sorted(rows, key=lambda one: (one.name.casefold(), one.place)), row.changed_at


def find_clinics(clinics: Sequence[ClinicEntry], wanted: Wanted) -> list[Found]:
    """Those that fit: the nearest first where a place was chosen, else by name. What is not said is no yes."""
    centre = _centre(clinics, wanted.near)
    found = [Found(clinic=one, km=_km(centre, one)) for one in clinics if _fits(one, wanted)]
    if wanted.within_km is not None and centre is not None:
        found = [one for one in found if one.km is not None and one.km <= wanted.within_km]
    if centre is not None:
        found.sort(key=lambda one: (math.inf if one.km is None else one.km, one.clinic.name.casefold()))
    return found


def _fits(one: ClinicEntry, wanted: Wanted) -> bool:
    spoken = {language.casefold() for language in one.languages}
    return (
        (not wanted.registered or bool(one.registration))
        and (not wanted.first_conversation or one.first_conversation is True)
        and set(wanted.access) <= set(one.access)
        and (not wanted.language or wanted.language.casefold() in spoken)
    )


def _centre(clinics: Sequence[ClinicEntry], place: str) -> tuple[float, float] | None:
    """The middle of the clinics of a place."""
    points: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for one in clinics:
        if one.latitude is not None and one.longitude is not None:
            points[one.place.casefold()].append((one.latitude, one.longitude))
    here = points.get(place.casefold(), [])
    if not here:
        return None
    return sum(lat for lat, _ in here) / len(here), sum(lon for _, lon in here) / len(here)


def _km(centre: tuple[float, float] | None, one: ClinicEntry) -> float | None:
    """Along the surface of a round earth."""
    if centre is None or one.latitude is None or one.longitude is None:
        return None
    lat1, lon1, lat2, lon2 = map(math.radians, (*centre, one.latitude, one.longitude))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(math.sqrt(half), 1.0))
