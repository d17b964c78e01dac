"""A group of a clinic as it is kept: the newest version of it, for whoever leads it and whoever takes part."""

import datetime as dt
import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from upperback.care.group_meetings import Meeting, Rhythm
from upperback.store.models import Clinic, ClinicGroup

__all__ = ["CHANGED_MEANWHILE", "OVER", "Group", "Line", "as_group", "newest"]

CHANGED_MEANWHILE: Final = "This group was changed meanwhile. Look at it as it is now, and send it again if you want to"
OVER: Final = "This group is over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An exercise of the programme, from a week to a week, both of them with it."""

    exercise: str
    first_week: int
    last_week: int
    sets: int
    reps: int


@dataclass(frozen=True, kw_only=True)
class Group:
    """A group as it is now. `off`: day and reason of the meetings that are called off."""

    id: uuid.UUID
    version: int
    title: str
    words: str
    leader: str
    rhythm: Rhythm
    place: str
    link: str
    places: int
    programme: tuple[Line, ...]
    off: dict[dt.date, str]
    ended_because: str
    clinic: Clinic | None

    @cached_property
    def meetings(self) -> list[Meeting]:
        """Every meeting in order."""
        return self.rhythm.meetings()

    def week(self, number: int) -> list[Line]:
        """What is done in a week."""
        return [line for line in self.programme if line.first_week <= number <= line.last_week]


def as_group(row: ClinicGroup) -> Group:
    """A row as everybody else reads it."""
    off = {dt.date.fromisoformat(one["day"]): one["reason"] for one in row.off}
    return Group(
        id=row.group, version=row.version, title=row.title, words=row.words, leader=row.leader, place=row.place,
        link=row.link, places=row.places, programme=tuple(Line(**one) for one in row.programme), off=off,
        ended_because=row.ended_because, clinic=row.clinic,
        rhythm=Rhythm(
            starts_on=row.starts_on, weeks=row.weeks, weekday=row.weekday, at=row.at, minutes=row.minutes,
            zone=row.time_zone, off=frozenset(off), ended_on=row.ended_on,
        ),
    )  # fmt: skip


def newest(group: uuid.UUID) -> ClinicGroup | None:
    """The newest version. Inside a transaction; until its end nobody else changes this group."""
    ClinicGroup.objects.select_for_update().filter(group=group, version=1).first()
    return ClinicGroup.objects.filter(group=group).select_related("clinic").last()
