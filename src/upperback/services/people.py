"""The people of the household."""

import datetime as dt
import uuid
import zoneinfo

from django.db import transaction

from upperback.core.errors import InputError, NotFound
from upperback.services import audit
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.store.models import Profile

__all__ = ["Profile", "create_profile", "get_profile", "list_profiles", "rename", "set_time_zone"]

NAME_CHARACTERS_MAX = 60


def create_profile(
    *, name: str, is_proxy: bool = False, language: str = "en-gb", demo: str = "", by: Actor, now: dt.datetime
) -> Profile:
    """A new person, by whatever name they like to be called here."""
    check_may(by, "create_profile")
    name = _checked_name(name, missing="Enter a name, or choose “Just me”")
    with transaction.atomic():
        profile = Profile.objects.create(name=name, is_proxy=is_proxy, language=language, demo=demo, created_at=now)
        audit.record(
            by=by, action="create_profile", now=now, object_kind="profile", object_uuid=profile.uuid, profile=profile
        )
    return profile


def rename(*, profile: Profile, name: str, by: Actor, now: dt.datetime) -> Profile:
    """Another name for somebody: in a service, the one that their clinician knows them by."""
    check_may(by, "change_profile")
    name = _checked_name(name, missing="Write your name as your clinician knows it")
    if name == profile.name:
        return profile
    with transaction.atomic():
        Profile.objects.filter(pk=profile.pk).update(name=name)
        audit.record(
            by=by, action="change_profile", now=now, object_kind="profile", object_uuid=profile.uuid, profile=profile
        )
    profile.refresh_from_db()
    return profile


def _checked_name(name: str, *, missing: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise InputError(missing, field="name")
    if len(name) > NAME_CHARACTERS_MAX or not name.isprintable():
        raise InputError(f"Use a name of up to {NAME_CHARACTERS_MAX} letters", field="name")
    return name


def set_time_zone(*, profile: Profile, time_zone: str, by: Actor, now: dt.datetime) -> Profile:
    """Where the person lives, as far as the clock is concerned: decides which day it is and when it is quiet.

    Parameters
    ----------
    time_zone : IANA name
    """
    check_may(by, "change_profile")
    name = "_".join(time_zone.split())
    if name not in zoneinfo.available_timezones():
        raise InputError("Enter a time zone by its place, for example Europe/Dublin", field="time_zone")
    with transaction.atomic():
        Profile.objects.filter(pk=profile.pk).update(time_zone=name)
        audit.record(
            by=by, action="change_profile", now=now, object_kind="profile", object_uuid=profile.uuid, profile=profile
        )
    profile.refresh_from_db()
    return profile


def list_profiles(*, by: Actor) -> list[Profile]:
    """Everybody at this installation, in the order they came."""
    check_may(by, "list_profiles")
    return list(Profile.objects.all())


def get_profile(*, profile_uuid: uuid.UUID | None, by: Actor) -> Profile:
    """One person of the household. The same answer for "not yours" and "not there".

    In a service a record is reached by its account, or by `access`, and never by its id alone.
    """
    check_may(by, "list_profiles")
    profile = Profile.objects.filter(uuid=profile_uuid).first() if profile_uuid else None
    if profile is None:
        raise NotFound("there is no such person here")
    return profile
