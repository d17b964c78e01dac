"""Which kinds of data of a record a resource is made from, in the words of a consent, and what of it leaves by one."""

from collections.abc import Iterable, Mapping, Set
from typing import Any, Final

from upperback.interchange.fhir import codes
from upperback.interchange.fhir.elements import Device, Flag, Observation, QuestionnaireResponse, Resource
from upperback.interchange.fhir.search import TYPES, Stamped, shown

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
#: Beside these: what a kind of resource may be made from, for whoever asks before there is one.
_MAY_NEED: Final[dict[str, frozenset[str]]] = {
    "Flag": frozenset({"answers"}),
    "Observation": frozenset({"answers", "wearable", "mood"}),
    "Patient": frozenset({"identity"}),
    "Provenance": frozenset({"answers", "plan", "progress"}),
    "QuestionnaireResponse": frozenset({"progress", "mood"}),
}
#: Kind of resource -> every kind of data that one of it may be made from.
CLASSES: Final[dict[str, frozenset[str]]] = {
    kind: _NEEDS.get(kind, _ANYTHING) | _MAY_NEED.get(kind, _ANYTHING) for kind in TYPES
}


def classes_of(scope_kinds: Iterable[str]) -> frozenset[str]:
    """What may be asked for with these kinds of resource; `*` is every kind."""
    kinds = set(scope_kinds)
    return frozenset[str]().union(*(CLASSES[kind] for kind in (TYPES if "*" in kinds else kinds)))


def leaving(resources: Iterable[Stamped], granted: frozenset[str]) -> list[Stamped]:
    """The resources of one person that leave by what was granted.

    Parameters
    ----------
    resources : all of that person's; those about mood are not among them without `mood`
    granted : kinds of data, as a consent names them
    """
    every = list(resources)
    checks = {one.resource.id for one in every if isinstance(one.resource, QuestionnaireResponse)}
    return [one for one in every if needs(one.resource, checks) <= granted]


def shown_as_granted(one: Stamped, kinds: Mapping[str, str], granted: frozenset[str]) -> dict[str, Any]:
    """A resource that leaves, without what points to something that does not, nor a name that was not granted.

    Parameters
    ----------
    kinds : the kind of everything that leaves, by id
    """
    found = _without_lost(shown(one, kinds))
    return _known_as(found, granted) if one.kind == "Patient" else found


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
