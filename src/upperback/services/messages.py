"""Messages between a person and whoever looks after them. Nobody watches them; words that alarm bring help first.

What is typed can make a person stand higher in the list of their clinician, and never lower. It changes no plan, no
result and no safety check.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from upperback.care.diary import (
    LONG_WORDS_MOST,
    ClinicNote,
    MessageFromClinic,
    MessageHandled,
    MessageToClinic,
    kind_of,
    only,
)
from upperback.content.learn_search import LearnSearch, Level
from upperback.content.load import content_folder
from upperback.content.search_words import search_languages
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError
from upperback.services import access, diary, sharing
from upperback.services.actors import Actor, account
from upperback.services.permissions import check_may
from upperback.services.today import local_day
from upperback.services.treating import Seen
from upperback.store.expressions import Among
from upperback.store.models import DiaryEntry, Profile

__all__ = [
    "Line",
    "Waits",
    "handled",
    "keep_note",
    "notes",
    "readers",
    "thread",
    "waiting_of",
    "write_back",
    "write_to_clinic",
]

_KINDS = (MessageToClinic, MessageFromClinic, MessageHandled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the conversation. `who`: the name of the clinician, empty for the person."""

    at: dt.datetime
    kind: Literal["person", "clinic", "handled"]
    who: str
    words: str
    alarm: Level | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """What somebody wrote that has no answer: how many, since when, and the newest day with words that alarm."""

    count: int
    since: dt.date
    alarming_on: dt.date | None


def thread(*, profile: Profile, by: Actor) -> list[Line]:
    """The conversation, oldest first."""
    check_may(by, "see_profile")
    found = []
    for row in diary.entries(profile=profile, by=by, kinds=_KINDS):
        match row.entry:
            case MessageToClinic(words=words, alarm=alarm):
                found.append(Line(at=row.at, kind="person", who="", words=words, alarm=alarm))
            case MessageFromClinic(words=words, name=name):
                found.append(Line(at=row.at, kind="clinic", who=name, words=words, alarm=None))
            case MessageHandled(name=name):
                found.append(Line(at=row.at, kind="handled", who=name, words="", alarm=None))
    return found


def readers(*, profile: Profile, by: Actor, now: dt.datetime) -> list[str]:
    """Who reads what this person writes: whoever they let see it, and who can still look."""
    if by.kind != "person":  # there is no sharing outside of a service
        return []
    return [
        grant.who
        for grant in sharing.grants_of(profile=profile, by=by)
        if "messages" in grant.data_classes
        and grant.purpose == "care"
        and grant.withdrawn_at is None
        and grant.ends_at > now
        and _can_look(grant, profile, now)
    ]


def _can_look(grant: sharing.Grant, profile: Profile, now: dt.datetime) -> bool:
    """Not an account that is gone, nor somebody who does not work there any more: nobody would read it."""
    if not grant.clinic:
        return bool(grant.who)  # a clinic as a whole, by its name
    who = account(grant.recipient, second_factor=True)
    return bool(access.may(actor=who, person=profile, purpose="care", data_class="messages", now=now))


def write_to_clinic(
    *, profile: Profile, client_id: uuid.UUID | None, words: str, by: Actor, now: dt.datetime
) -> Level | None:
    """Keeps a message of the person. Returns the loudest alarm in its words: then help is shown first."""
    check_may(by, "keep_diary")
    told = _checked(words)
    entry = MessageToClinic(words=told, alarm=_search().alarm(told))
    diary.keep_entry(
        profile=profile, client_id=client_id, day=local_day(profile, now), at=now, entry=entry, by=by, now=now
    )
    return entry.alarm


def write_back(
    *, seen: Seen, client_id: uuid.UUID | None, name: str, words: str, by: Actor, now: dt.datetime
) -> DiaryEntry:
    """Keeps a message to the person, by the name that they see."""
    seen.check("messages")
    if not name.strip():
        raise InputError("Enter your name", field="name")
    entry = MessageFromClinic(name=" ".join(name.split()), words=_checked(words))
    return diary.keep_from_clinic(profile=seen.profile, client_id=client_id, entry=entry, by=by, now=now)


def handled(*, seen: Seen, client_id: uuid.UUID | None, name: str, by: Actor, now: dt.datetime) -> DiaryEntry:
    """What the person wrote is dealt with, on the telephone for example: it does not wait any more."""
    seen.check("messages")
    entry = MessageHandled(name=" ".join(name.split()) or "-")
    return diary.keep_from_clinic(profile=seen.profile, client_id=client_id, entry=entry, by=by, now=now)


def keep_note(
    *, seen: Seen, client_id: uuid.UUID | None, name: str, words: str, by: Actor, now: dt.datetime
) -> DiaryEntry:
    """A note about the person, for whoever looks after them next. It is part of the record and leaves with it."""
    seen.check("messages")
    entry = ClinicNote(name=" ".join(name.split()) or "-", words=_checked(words))
    return diary.keep_from_clinic(profile=seen.profile, client_id=client_id, entry=entry, by=by, now=now)


def notes(*, seen: Seen, by: Actor) -> list[tuple[dt.date, ClinicNote]]:
    """The notes, the newest first."""
    seen.check("messages")
    written = diary.entries(profile=seen.profile, by=by, kinds=[ClinicNote])
    return [(row.day, entry) for row, entry in reversed(only(written, ClinicNote))]


def waiting_of(profiles: Iterable[int]) -> dict[int, Waits]:
    """Of these people who wrote something that has no answer: one question for all of them."""
    names = [kind_of(kind) for kind in _KINDS]
    rows = DiaryEntry.objects.filter(Among("profile", profiles), kind__in=names, replaced_by__isnull=True)
    found: dict[int, Waits] = {}
    for profile, kind, day, alarm in rows.order_by("id").values_list("profile", "kind", "day", "data__alarm"):
        if kind != kind_of(MessageToClinic):
            found.pop(profile, None)
            continue
        before = found.get(profile)
        found[profile] = Waits(
            count=(before.count if before else 0) + 1,
            since=before.since if before else day,
            alarming_on=day if alarm else before.alarming_on if before else None,
        )
    return found


def _checked(words: str) -> str:
    told = words.replace("\r\n", "\n").strip()
    if not told:
        raise InputError("Write something first", field="words")
    if len(told) > LONG_WORDS_MOST:
        raise InputError(f"Use up to {LONG_WORDS_MOST} letters", field="words")
    if not told.replace("\n", " ").replace("\t", " ").isprintable():
        raise InputError("Some of these characters cannot be kept. Write it in plain letters", field="words")
    return told


@cache
def _search() -> LearnSearch:
    """The alarm words of every language, as the search knows them."""
    return LearnSearch(default_content(), languages=search_languages(content_folder()))
