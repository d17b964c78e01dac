"""What is known of one person, as plain frozen records: all that the mapping to FHIR ever sees."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from upperback.care.diary import Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who this is for a clinic: only what the person types in for one export, kept nowhere.

    Attributes
    ----------
    nhs_number : ten digits, checked
    """

    family: str = ""
    given: str = ""
    birth_date: dt.date | None = None
    nhs_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What the person wants in it.

    Attributes
    ----------
    mood : the answers about mood, worry and self-harm, and what was decided from them
    diary : day by day, and not only the summary
    """

    mood: bool = False
    diary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finished safety check with its result.

    Attributes
    ----------
    findings, declined : as they were decided from; keys the person would rather not answer
    record : the decision as plain data, as the command line prints it
    title : the result in words
    """

    uuid: UUID
    answered_at: dt.datetime
    decided_at: dt.datetime
    is_proxy: bool
    findings: Mapping[str, Any]
    declined: Sequence[str]
    disposition: str
    complete: bool
    record: Mapping[str, Any]
    title: str
    release: str
    release_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The questions before a plan: the person's activities and the small measures, as they were then."""

    uuid: UUID
    at: dt.datetime
    activities: Sequence[Mapping[str, Any]]
    measures: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMade:
    """One version of a plan; `record` is the whole plan as plain data."""

    uuid: UUID
    number: int
    made_at: dt.datetime
    starts_on: dt.date
    allowed: bool
    check: UUID
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """A clinician has said that exercise is fine, as the person told it."""

    uuid: UUID
    recorded_at: dt.datetime
    cleared_on: dt.date
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """One look back."""

    uuid: UUID
    at: dt.datetime
    check: UUID
    inputs: Mapping[str, Any]
    told: Mapping[str, Any]
    outcome: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalKept:
    """A goal as it stands."""

    id: str
    words: str
    activity: str
    aim: int | None
    reached: bool
    reached_on: dt.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Everything of one person that can be told in FHIR, oldest first.

    Attributes
    ----------
    uuid : all ids are made from it
    plan_is_open : whether the newest plan may be followed now; not while a safety check or a sign stands before it
    diary : entries in force, but for those from outside; observed : those
    """

    uuid: UUID
    name: str
    created_at: dt.datetime
    software: str
    checks: Sequence[Check]
    told: Sequence[Told]
    plans: Sequence[PlanMade]
    plan_is_open: bool
    cleared: Sequence[Cleared]
    reviews: Sequence[Reviewed]
    goals: Sequence[GoalKept]
    diary: Sequence[Written]
    observed: Sequence[Written] = ()
