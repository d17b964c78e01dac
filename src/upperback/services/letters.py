"""Letters about a person, or about their desk: gathered here, made and set in `interchange.letter`."""

import datetime as dt
from collections.abc import Sequence
from typing import IO, Final

from django.db import transaction

from upperback.content.vocabulary import default_content
from upperback.content.wording import Wording
from upperback.core.errors import InputError, NotAllowed
from upperback.interchange.fhir.making import Making
from upperback.interchange.fhir.records import Chosen, Identity
from upperback.interchange.letter import (
    READERS,
    Letter,
    Reader,
    clinical_letter,
    desk_letter,
    letter_wording,
    said_letter,
    to_pdf,
)
from upperback.services import audit, fhir, habits
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.services.plans import open_plan
from upperback.services.today import local_day
from upperback.store.models import Profile

__all__ = [
    "QUESTION_MOST",
    "READERS",
    "Letter",
    "Reader",
    "letter_wording",
    "make_letter",
    "said_letter",
    "write_letter",
]

#: Letters of a question in own words: it has to fit beside everything else on the first page.
QUESTION_MOST: Final = 400
NO_DESK: Final = "Look at your desk first. The letter says what would help there, and nothing else."


def make_letter(
    *,
    profile: Profile,
    reader: Reader,
    by: Actor,
    now: dt.datetime,
    mood: bool = False,
    identity: Identity | None = None,
    question: str = "",
    contact: Sequence[tuple[str, str]] = (),
) -> Letter:
    """A letter as it would leave: for looking at it first.

    Parameters
    ----------
    mood : with the answers about mood, worry and self-harm; never for an employer
    identity : what the reader knows the person by; kept nowhere
    question : own words; the usual question where they are empty
    contact : how the person can be reached, for a clinician; kept nowhere

    Raises
    ------
    InputError : the question is too long.
    NotAllowed : there is nothing yet that such a letter could tell.
    """
    check_may(by, "export_person")
    asked = " ".join(question.split())
    if len(asked) > QUESTION_MOST:
        raise InputError(f"Use up to {QUESTION_MOST} letters, so that the letter stays on one page", field="question")
    day, who = local_day(profile, now), identity or Identity()
    if reader == "employer":
        return _desk(profile, who, by, now, asked)
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        person = fhir.gather(profile, by, default_content())
    make = Making(person=person, content=default_content(), chosen=Chosen(mood=mood), identity=who)
    return clinical_letter(make, reader, day, question=asked, contact=contact)


def write_letter(
    *,
    profile: Profile,
    letter: Letter,
    mood: bool,
    out: IO[bytes],
    by: Actor,
    now: dt.datetime,
    words: Wording | None = None,
) -> int:
    """Writes a letter as PDF and notes that it was made; returns its size in bytes.

    Parameters
    ----------
    words : of the language that it is written in; English without them
    """
    check_may(by, "export_person")
    data = to_pdf(letter if words is None else said_letter(letter, words), words)
    with transaction.atomic():
        audit.record(
            by=by, action="write_letter", now=now, object_kind="profile", object_uuid=profile.uuid, profile=profile,
            reader=letter.reader, mood=mood and letter.reader != "employer",
        )  # fmt: skip
    out.write(data)
    return len(data)


def _desk(profile: Profile, who: Identity, by: Actor, now: dt.datetime, question: str) -> Letter:
    desk = habits.desk(profile=profile, by=by, now=now)
    if desk.looked is None:
        raise NotAllowed(NO_DESK)
    breaks = open_plan(profile=profile, by=by).record["breaks"]
    return desk_letter(
        name=" ".join(part for part in (who.given, who.family) if part) or profile.name, desk=desk,
        breaks_every_minutes=breaks["every_minutes"] if breaks is not None else None, content=default_content(),
        day=local_day(profile, now), question=question,
    )  # fmt: skip
