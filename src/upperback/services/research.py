"""Studies of a clinic: people take part by a consent of their own, researchers get figures under a pseudonym.

Who somebody is and what somebody wrote is in none of them. A pseudonym is made for each study anew, with a key that is
not in the database: two studies cannot be laid side by side. Days are counted from the day on which the person agreed.
"""

import datetime as dt
import hashlib
import hmac
import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any, Final, Literal

from django.conf import settings
from django.db import transaction

from upperback.care.diary import CheckIn, Entry, Morning, SessionStarted, Worn
from upperback.care.worn import worn_days
from upperback.core.errors import InputError, NotFound
from upperback.interchange.tables import write_table
from upperback.services import access, audit, diary, sharing
from upperback.services.access_rules import DataClass
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.services.today import local_day
from upperback.store.models import Clinic, ConsentEvent, Decision, PlanVersion, Profile, Relation, Review, Study

__all__ = ["Study", "agree", "copy", "end_study", "make_study", "of_person", "pseudonym", "studies_of", "taking_part"]

#: What a study can ask for. Mood is not among them, whoever may consent to it.
KINDS: Final[tuple[DataClass, ...]] = ("answers", "plan", "progress", "wearable")
COLUMNS: Final = ("person", "day", "kind", "item", "value")
DAYS_MOST: Final = 3 * 365
_CONSENT_MOST: Final = dt.timedelta(days=sharing.DAYS_MAX)
_TEXTS: Final = {"name": 80, "about": 600, "approval": 80}

Form = Literal["csv", "jsonl"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure of one person. `day`: 0 is the day on which they agreed; `value`: a number, or a word of ours."""

    person: str
    day: int
    kind: str
    item: str
    value: float | int | str


# ---- for researchers ------------------------------------------------------------------------------------------------


def studies_of(*, by: Actor, now: dt.datetime) -> list[Study]:
    """Those of the clinics that this actor does research for, the newest first, ended ones too."""
    return list(Study.objects.filter(clinic__in=_clinics(by, now)).select_related("clinic").order_by("-id"))


def make_study(
    *, name: str, about: str, approval: str, kinds: Iterable[str], days: int, by: Actor, now: dt.datetime
) -> Study:
    """A new study that people can take part in.

    Raises
    ------
    InputError : a text is missing or too long, no kind of data, or an end that is too far.
    """
    clinic = next(iter(_clinics(by, now)))
    texts = {
        field: _checked(field, words)
        for field, words in {"name": name, "about": about, "approval": approval}.items()
    }  # fmt: skip
    chosen = sorted(set(kinds))
    if not chosen or not set(KINDS).issuperset(chosen):
        raise InputError("Choose what the study needs", field="kinds")
    if not 1 <= days <= DAYS_MOST:
        raise InputError(f"Choose a time of up to {DAYS_MOST} days", field="days")
    with transaction.atomic():
        made = Study.objects.create(
            clinic=clinic, data_classes=chosen, ends_at=now + dt.timedelta(days=days), made_at=now, by=str(by), **texts
        )
        audit.record(by=by, action="make_study", now=now, object_kind="study", object_uuid=made.uuid)
    return made


def end_study(*, study: uuid.UUID, by: Actor, now: dt.datetime) -> None:
    """Nobody joins it any more, and nothing more is taken from it."""
    found = _own_study(study, by, now)
    with transaction.atomic():
        if Study.objects.filter(pk=found.pk, ended_at__isnull=True).update(ended_at=now):
            audit.record(by=by, action="end_study", now=now, object_kind="study", object_uuid=found.uuid)


def taking_part(*, study: Study, by: Actor, now: dt.datetime) -> int:
    """How many people take part now."""
    check_may(by, "do_research")
    return len(access.in_study(actor=by, study=study, now=now))


def copy(*, study: uuid.UUID, form: Form, out: IO[bytes], by: Actor, now: dt.datetime) -> int:
    """Writes the figures of everybody who takes part now; returns how many people. Each of them is told.

    Raises
    ------
    NotFound : no such study of a clinic that this actor does research for, or it is over.
    """
    found = _own_study(study, by, now)
    if found.ended_at is not None or found.ends_at <= now:
        raise NotFound("there is no such study here")
    with transaction.atomic():
        people = access.in_study(actor=by, study=found, now=now)
        rows = (row for person, classes in people for row in _rows(found, person, classes, by))
        _write(rows, form, out)
        for person, classes in people:
            audit.record(
                by=by, action="research_copy", now=now, object_kind="study", object_uuid=found.uuid, profile=person,
                purpose="research", data_class=", ".join(sorted(classes)),
            )  # fmt: skip
        audit.record(
            by=by, action="research_download", now=now, object_kind="study", object_uuid=found.uuid,
            people=len(people), form=form,
        )  # fmt: skip
    return len(people)


def pseudonym(study: Study, person: Profile) -> str:
    """The same for a person within a study, another one in every other, and nobody works it out without the key."""
    key = hashlib.sha256(b"upperback.study:" + settings.SECRET_KEY.encode()).digest()
    return "p" + hmac.new(key, study.uuid.bytes + person.uuid.bytes, hashlib.sha256).hexdigest()[:16]


# ---- for the person -------------------------------------------------------------------------------------------------


def of_person(*, profile: Profile, by: Actor, now: dt.datetime) -> list[Study]:
    """Studies that somebody can take part in: those that go on, of the clinics where they are treated."""
    check_may(by, "share")
    treated = Relation.objects.filter(
        profile=profile, kind=Relation.Kind.TREATS, ended_at__isnull=True, ends_at__gt=now
    ).values("clinic")
    return list(
        Study.objects.filter(clinic__in=treated, ended_at__isnull=True, ends_at__gt=now).select_related("clinic")
    )


def agree(*, profile: Profile, study: uuid.UUID | None, kinds: Iterable[str], by: Actor, now: dt.datetime) -> uuid.UUID:
    """Takes part, with what was chosen, until the study ends or a year is over. Agreed twice, the newest counts.

    Raises
    ------
    NotFound : no such study for this person. InputError : nothing was chosen, or something the study does not ask for.
    """
    found = next((one for one in of_person(profile=profile, by=by, now=now) if one.uuid == study), None)
    if found is None:
        raise NotFound("there is no such study here")
    chosen = set(kinds)
    if not chosen or not chosen.issubset(found.data_classes):
        raise InputError("Choose what may be seen", field="data_classes")
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        for grant in sharing.grants_of(profile=profile, by=by):
            if grant.recipient == found.uuid and grant.holds(now):
                sharing.withdraw(profile=profile, grant_uuid=grant.id, by=by, now=now)
        return sharing.grant(
            profile=profile, recipient=found, purpose="research", data_classes=chosen,
            ends_at=min(found.ends_at, now + _CONSENT_MOST), by=by, now=now,
        )  # fmt: skip


# ---- the figures ----------------------------------------------------------------------------------------------------


def _rows(study: Study, person: Profile, classes: frozenset[DataClass], by: Actor) -> Iterator[Row]:
    joined = ConsentEvent.objects.filter(profile=person, recipient=study.uuid).order_by("id").first()
    assert joined is not None, "whoever takes part has agreed"
    first, name = local_day(person, joined.at), pseudonym(study, person)
    for data_class, figures in _FIGURES.items():
        if data_class in classes:
            for day, kind, item, value in figures(person, by):
                yield Row(person=name, day=(day - first).days, kind=kind, item=item, value=value)


Figure = tuple[dt.date, str, str, float | int | str]


def _checks(person: Profile, by: Actor) -> Iterator[Figure]:
    """What came of finished checks, and no answer."""
    rows = Decision.objects.filter(screening__profile=person, complete=True).order_by("id")
    for at, disposition in rows.values_list("decided_at", "disposition"):
        yield local_day(person, at), "safety_check", "disposition", disposition


def _plans(person: Profile, by: Actor) -> Iterator[Figure]:
    """Exercises of our library with their amounts; what a clinician wrote in their own words is left out."""
    for plan in PlanVersion.objects.filter(profile=person).only("made_at", "allowed", "record").order_by("number"):
        day = local_day(person, plan.made_at)
        yield day, "plan", "allowed", int(plan.allowed)
        for item in plan.record["exercises"] if plan.allowed else ():
            yield day, "plan", f"{item['id']}.repetitions", item["reps"] * (item["sets"] or 1)


def _progress(person: Profile, by: Actor) -> Iterator[Figure]:
    kinds: list[type[Entry]] = [Morning, CheckIn, SessionStarted]
    for row in diary.entries(profile=person, by=by, kinds=kinds):
        match row.entry:
            case Morning(pain=pain):
                yield row.day, "diary", "pain_morning", pain
            case CheckIn(pain_average=average, activities=activities):
                if average is not None:
                    yield row.day, "diary", "pain_average", average
                told = [score for score in activities if score is not None]
                if told:
                    yield row.day, "diary", "own_activities_mean", round(sum(told) / len(told), 2)
            case SessionStarted(what=what):
                yield row.day, "diary", "session_begun", what
    reviews = Review.objects.filter(profile=person, replaced_by__isnull=True).order_by("id")
    for day, outcome in reviews.values_list("day", "outcome"):
        yield day, "review", "outcome", outcome


def _worn(person: Profile, by: Actor) -> Iterator[Figure]:
    for day, worn in worn_days(diary.entries(profile=person, by=by, kinds=[Worn])).items():
        yield day, "sensor", "measured_s", round(worn.measured_s)
        if worn.counts:
            yield day, "sensor", "share_bent_forward", round(worn.share, 4)


_FIGURES: Final[dict[DataClass, Any]] = {
    "answers": _checks, "plan": _plans, "progress": _progress, "wearable": _worn,
}  # fmt: skip


def _write(rows: Iterable[Row], form: Form, out: IO[bytes]) -> None:
    plain = ({name: getattr(row, name) for name in COLUMNS} for row in rows)
    if form == "csv":
        write_table(out, COLUMNS, ([row[name] for name in COLUMNS] for row in plain))
        return
    for row in plain:
        out.write(json.dumps(row).encode() + b"\n")


def _clinics(by: Actor, now: dt.datetime) -> list[Clinic]:
    check_may(by, "do_research")
    own = [job.clinic for job in access.jobs_of(actor=by, now=now) if job.role == "researcher"]
    found = list(Clinic.objects.filter(uuid__in=own).order_by("id"))
    if not found:
        raise NotFound("there is no such page")
    return found


def _own_study(study: uuid.UUID, by: Actor, now: dt.datetime) -> Study:
    found = Study.objects.filter(uuid=study, clinic__in=_clinics(by, now)).first()
    if found is None:
        raise NotFound("there is no such study here")
    return found


def _checked(field: str, words: str) -> str:
    told = " ".join(words.split())
    if not 0 < len(told) <= _TEXTS[field] or not told.isprintable():
        raise InputError(f"Write something here, of up to {_TEXTS[field]} letters", field=field)
    return told
