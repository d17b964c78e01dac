"""A copy of many people as FHIR Bulk Data: what may be asked for, and the lines of one person in it.

One line is one resource. Of a person only those leave whose kinds of data were granted; what they point to and does not
leave is not pointed to, so that a line says nothing about what stays.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from typing import Any, Final

from upperback.core.errors import InputError, quoted
from upperback.interchange.fhir import codes
from upperback.interchange.fhir.elements import Device, Flag, Observation, QuestionnaireResponse, Resource
from upperback.interchange.fhir.search import TYPES, Params, Stamped, shown

LINES_TYPE: Final = "application/fhir+ndjson"
_FORMATS: Final = frozenset({LINES_TYPE, "application/ndjson", "ndjson"})
_HERE: Final = "urn:uuid:"

#: Kind of resource -> the kinds of data that have to be granted, all of them. What is not here goes with the person.
_NEEDS: Final[dict[str, frozenset[str]]] = {
    "CarePlan": frozenset({"plan"}),
    "Communication": frozenset({"answers"}),
    "Condition": frozenset({"answers"}),
    "DetectedIssue": frozenset({"plan"}),
    "Device": frozenset({"wearable"}),
    "Flag": frozenset({"plan"}),
    "Goal": frozenset({"progress"}),
    "GuidanceResponse": frozenset({"answers"}),
    "Observation": frozenset({"progress"}),
    "Procedure": frozenset({"progress"}),
    "QuestionnaireResponse": frozenset({"answers"}),
    # Advised by a safety check, by a look back, or followed by the person: a draft says which, and that is of both.
    "ServiceRequest": frozenset({"answers", "progress"}),
}
_OBSERVED: Final = {"triage-disposition": frozenset({"answers"}), "worn-day": frozenset({"wearable"})}
_OF_DESK: Final = "/Questionnaire/desk-check|"
_OF_ANSWERS: Final = "caution.anticoagulant"
_ANYTHING: Final[frozenset[str]] = frozenset()
_TOLD_IN_CHECK: Final = frozenset({"answers"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a copy shall hold.

    Attributes
    ----------
    types : kinds of resources; none: all
    since : None: whenever it was written
    ignored : what was asked for beside it and is passed over, in words
    """

    types: tuple[str, ...] = ()
    since: dt.datetime | None = None
    ignored: tuple[str, ...] = ()


def read_order(params: Params, *, lenient: bool) -> Order:
    """What was asked for.

    Parameters
    ----------
    lenient : what is not known is passed over, and named in the answer

    Raises
    ------
    InputError : a parameter that is not known, or that cannot be; `details` has its name.
    """
    types: list[str] = []
    since: dt.datetime | None = None
    ignored: list[str] = []
    for name, value in params:
        if len(value) > 400:
            raise InputError(f"{name[:40]}: longer than 400 characters", param=name[:40])
        match name:
            case "_outputFormat":
                if value.replace(" ", "+") not in _FORMATS:  # a plus that nobody wrote as %2B comes as a space
                    raise InputError(f"_outputFormat: only {LINES_TYPE} is made here", param=name)
            case "_since":
                since = _instant(value)
            case "_type":
                for one in filter(None, value.split(",")):
                    if one in TYPES:
                        types.append(one)
                    elif lenient:
                        ignored.append(f"_type: {quoted(one)} is no kind of resource that is here")
                    else:
                        raise InputError(f"_type: {quoted(one)} is no kind of resource that is here", param=name)
                if not types:
                    raise InputError("_type: name at least one kind of resource that is here", param=name)
            case _:
                if not lenient:
                    raise InputError(f"{quoted(name)} cannot be asked for here", param=name[:40])
                ignored.append(f"{quoted(name)} cannot be asked for here")
    return Order(types=tuple(dict.fromkeys(types)), since=since, ignored=tuple(ignored))


def _instant(text: str) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(text.replace(" ", "+")) if "T" in text else None
        if found is not None and found.tzinfo is not None:
            return found.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        pass
    raise InputError(f"_since: {quoted(text)} is no time, such as 2026-11-20T08:00:00Z", param="_since")


def lines(resources: Iterable[Stamped], *, granted: frozenset[str], order: Order) -> Iterator[dict[str, Any]]:
    """The resources of one person that leave, as plain data.

    Parameters
    ----------
    resources : all of that person's
    granted : kinds of data that this person granted; those about mood are not among `resources` without `mood`
    """
    every = list(resources)
    checks = {one.resource.id for one in every if isinstance(one.resource, QuestionnaireResponse)}
    leaving = [one for one in every if needs(one.resource, checks) <= granted]
    kinds = {one.resource.id: one.kind for one in leaving}
    for one in leaving:
        if (not order.types or one.kind in order.types) and (order.since is None or one.at > order.since):
            found = _without_lost(shown(one, kinds))
            if one.kind == "Patient":
                found = _known_as(found, granted)
            if one.kind != "Provenance" or "target" in found:
                yield found


def needs(resource: Resource, checks: Set[str]) -> frozenset[str]:
    """The kinds of data that have to be granted for a resource to leave, all of them.

    Parameters
    ----------
    checks : ids of questionnaires that were answered: what comes from them is of the answers
    """
    match resource:
        case Device(patient=None):  # this program itself
            return _ANYTHING
        case Flag(code=code) if any(coding.code == _OF_ANSWERS for coding in code.coding):
            return frozenset({"answers"})
        case QuestionnaireResponse(questionnaire=form) if _OF_DESK in form:
            return frozenset({"progress"})
        case Observation():
            return _needs_of_observation(resource, checks)
        case _:
            return _NEEDS.get(type(resource).__name__, _ANYTHING)


def _needs_of_observation(one: Observation, checks: Set[str]) -> frozenset[str]:
    is_private = one.meta is not None and codes.restricted() in one.meta.security
    mood = frozenset({"mood"}) if is_private else _ANYTHING
    if one.performer[0].display is not None:  # from outside, whatever its codes are
        return _NEEDS["Observation"] | mood
    for coding in one.code.coding:
        if coding.system == codes.LOCAL and coding.code in _OBSERVED:
            return _OBSERVED[coding.code] | mood
    if any(ref.reference is not None and ref.reference.removeprefix(_HERE) in checks for ref in one.derived_from):
        return _TOLD_IN_CHECK | mood
    return _NEEDS["Observation"] | mood


def _known_as(patient: dict[str, Any], granted: frozenset[str]) -> dict[str, Any]:
    """Without a name, or without what comes from the answers, where that was not granted."""
    needed = {"name": "identity", "gender": "answers"}
    return {key: value for key, value in patient.items() if key not in needed or needed[key] in granted}


def _without_lost(value: Any) -> Any:
    """Without what points inside the record to something that does not leave."""
    if isinstance(value, dict):
        there = value.get("reference")
        if isinstance(there, str) and there.startswith(_HERE):
            return None
        kept = {key: _without_lost(part) for key, part in value.items()}
        return {key: part for key, part in kept.items() if part is not None and part != []}
    if isinstance(value, list):
        return [part for part in map(_without_lost, value) if part is not None]
    return value
