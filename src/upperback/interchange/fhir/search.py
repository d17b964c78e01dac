"""Reading and searching a person's resources as FHIR R4 over HTTP does it: what may be asked, and what comes back.

Everything here is about one person's resources, which the caller has. A parameter that is not known is refused and not
passed over: a search that leaves out a condition would show more than was asked for.
"""

import base64
import binascii
import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from upperback.core.errors import InputError, NotAllowed, quoted
from upperback.interchange.fhir import codes
from upperback.interchange.fhir.elements import CodeableConcept, Coding, Observation, Period, Resource, plain

MEDIA_TYPE: Final = "application/fhir+json"
#: What can be asked for; bundles, definitions and parts of others cannot.
TYPES: Final = (
    "CarePlan", "Communication", "Condition", "DetectedIssue", "Device", "Flag", "Goal", "GuidanceResponse",
    "Observation", "Patient", "Procedure", "Provenance", "QuestionnaireResponse", "ServiceRequest",
)  # fmt: skip
COUNT_USUAL: Final = 50
COUNT_MOST: Final = 200
#: Parameters that may be given, by kind; the first line for all.
_FOR_ALL: Final = ("_id", "_lastUpdated", "_count", "_cursor", "_summary", "_format", "patient")
_FOR_KIND: Final = {
    "Observation": ("code", "category", "date", "subject"),
    "Condition": ("code", "category", "subject"),
    "CarePlan": ("category", "date", "subject"),
    "Procedure": ("code", "category", "date", "subject"),
}
_FORMATS: Final = ("json", "application/json", MEDIA_TYPE)
_SCOPE: Final = re.compile(r"patient/([A-Z][A-Za-z]{1,40}|\*)\.(rs|r|s|read)\Z")
_INSTANT: Final = re.compile(
    r"(eq|ne|gt|lt|ge|le|sa|eb)?(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:\d\d))?)?)?\Z"
)
_SECOND: Final = dt.timedelta(seconds=1)
_EVER: Final = dt.datetime.max.replace(tzinfo=dt.UTC)

Params = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Scope:
    """A right to read one kind of resource, or every kind: by its name (`r`), by searching (`s`)."""

    kind: str
    by_name: bool
    by_search: bool

    def __str__(self) -> str:
        return f"patient/{self.kind}.{'r' if self.by_name else ''}{'s' if self.by_search else ''}"


def read_scope(text: str) -> Scope:
    """A scope as SMART writes it. Raises InputError for one that is not known, or that would write."""
    found = _SCOPE.match(text)
    if found is None or found[1] not in {*TYPES, "*"}:
        raise InputError(f"{quoted(text)} is no scope that can be given here")
    how = "rs" if found[2] == "read" else found[2]
    return Scope(found[1], by_name="r" in how, by_search="s" in how)


def allows(scopes: Iterable[Scope], kind: str, *, by_search: bool) -> bool:
    """Whether one of them gives this right."""
    return any(one.kind in (kind, "*") and (one.by_search if by_search else one.by_name) for one in scopes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """A resource with when it was written last."""

    resource: Resource
    at: dt.datetime

    @property
    def kind(self) -> str:
        """Its `resourceType`."""
        return type(self.resource).__name__


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A search that was read."""

    kind: str
    tests: list[Callable[[Stamped], bool]] = field(default_factory=list)
    count: int = COUNT_USUAL
    after: tuple[str, str] | None = None
    only_total: bool = False


def read_query(kind: str, params: Params, patient: str) -> Query:
    """A search from its parameters.

    Parameters
    ----------
    patient : id of the one person whose resources there are

    Raises
    ------
    InputError : a parameter that is not known, or that cannot be; `details` has its name.
    NotAllowed : another person is asked for.
    """
    known = {*_FOR_ALL, *_FOR_KIND.get(kind, ())}
    tests: list[Callable[[Stamped], bool]] = []
    count, after, only_total = COUNT_USUAL, None, False
    for name, value in params:
        if name not in known:
            raise InputError(f"{quoted(name)} cannot be asked for {kind}", param=name)
        if len(value) > 400:
            raise InputError(f"{name}: longer than 400 characters", param=name)
        match name:
            case "_count":
                if not (value.isascii() and value.isdigit()):
                    raise InputError("_count: a whole number is expected", param=name)
                count = min(int(value[:6]), COUNT_MOST)
            case "_cursor":
                after = _place(value)
            case "_summary":
                if value not in ("count", "false"):
                    raise InputError("_summary: only count and false are known", param=name)
                only_total = value == "count"
            case "_format":
                if value not in _FORMATS:
                    raise InputError("_format: only json is known", param=name)
            case "_id":
                tests.append(_named(value))
            case "patient" | "subject":
                tests.append(_of_patient(value, patient))
            case "_lastUpdated":
                tests.append(_dated(value, name, lambda one: (one.at, one.at + _SECOND)))
            case "date":
                tests.append(_dated(value, name, _span))
            case _:
                tests.append(_coded(value, name))
    return Query(kind=kind, tests=tests, count=count, after=after, only_total=only_total)


def answer(
    query: Query,
    resources: Iterable[Stamped],
    *,
    base: str,
    params: Params,
    show: Callable[[Stamped], dict[str, Any]],
) -> dict[str, Any]:
    """A `searchset` with one page, oldest writing first, and the way to the next.

    Parameters
    ----------
    base : address of this server, with a slash at its end
    show : how one is given, such as `shown` with the kinds of all that may be pointed to
    """
    found = [one for one in resources if one.kind == query.kind and all(test(one) for test in query.tests)]
    found.sort(key=_order)
    rest = [one for one in found if query.after is None or _order(one) > query.after]
    page = [] if query.only_total else rest[: query.count]
    links = [{"relation": "self", "url": _address(base, query.kind, params)}]
    if page and len(rest) > len(page):
        others = [(name, value) for name, value in params if name != "_cursor"]
        links.append({"relation": "next", "url": _address(base, query.kind, [*others, ("_cursor", _mark(page[-1]))])})
    return {
        "resourceType": "Bundle", "type": "searchset", "total": len(found), "link": links,
        "entry": [
            {
                "fullUrl": f"{base}{one.kind}/{one.resource.id}", "resource": show(one),
                "search": {"mode": "match"},
            }
            for one in page
        ],
    }  # fmt: skip


def shown(one: Stamped, kinds: Mapping[str, str]) -> dict[str, Any]:
    """A resource as this server gives it: references by kind and id, and when it was written last."""
    found = plain(one.resource)
    found["meta"] = {**found.get("meta", {}), "lastUpdated": _written(one.at)}
    _point(found, kinds)
    return found


def outcome(message: str, *, code: str, severity: str = "error") -> dict[str, Any]:
    """What went wrong, as FHIR says it."""
    issue = {"severity": severity, "code": code, "diagnostics": message}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def capability(
    *, base: str, software: str, released: dt.date, oauth: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What this server can do. Says nothing about anybody.

    Parameters
    ----------
    oauth : where an app of a service gets its token: `authorize`, `token`, `revoke` and their addresses. None on one's
        own machine
    """
    resources = [
        {
            "type": kind,
            "interaction": [{"code": "read"}, {"code": "search-type"}],
            "searchParam": [
                {"name": name, "type": _TYPE_OF.get(name, "token")}
                for name in ("_id", "_lastUpdated", "patient", *_FOR_KIND.get(kind, ()))
            ],
        }
        for kind in TYPES
    ]
    return {
        "resourceType": "CapabilityStatement", "status": "active", "date": released.isoformat(), "kind": "instance",
        "fhirVersion": "4.0.1", "format": [MEDIA_TYPE, "json"],
        "software": {"name": "upperback", "version": software},
        "implementation": {"description": "One person's own record, to read", "url": base.rstrip("/")},
        "rest": [
            {
                "mode": "server",
                "security": _by_token() if oauth is None else _by_smart(oauth),
                "resource": resources if oauth is None else [*resources, _COPIES],
            }
        ],
    }  # fmt: skip


#: Of a service only: `interchange.fhir.bulk`.
_COPIES: Final[dict[str, Any]] = {
    "type": "Group",
    "operation": [{"name": "export", "definition": "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/group-export"}],
}


def _by_token() -> dict[str, Any]:
    return {
        "description": "A bearer token that the person makes on the page “Programs that may read”, for one record, "
        "with scopes such as patient/Observation.rs, for a time, and takes away again."
    }


def _by_smart(oauth: Mapping[str, str]) -> dict[str, Any]:
    coding = {"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "SMART-on-FHIR"}
    addresses = [{"url": name, "valueUri": where} for name, where in oauth.items()]
    return {
        "extension": [
            {"url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris", "extension": addresses}
        ],
        "service": [{"coding": [coding]}],
        "description": "A bearer token that an app known to this service gets by SMART App Launch (standalone, public, "
        "PKCE with S256), for one record and what its person said yes to.",
    }


_TYPE_OF: Final = {"_lastUpdated": "date", "date": "date", "patient": "reference", "subject": "reference"}


# ---- one parameter -----------------------------------------------------------------------------------------------


def _named(value: str) -> Callable[[Stamped], bool]:
    wanted = frozenset(value.split(","))
    return lambda one: one.resource.id in wanted


def _of_patient(value: str, patient: str) -> Callable[[Stamped], bool]:
    """All of it: there is one person, and whoever asks for another one is told that they may not."""
    if {part.removeprefix("Patient/") for part in value.split(",")} != {patient}:
        raise NotAllowed("the token is for one person, and not for this one")
    return lambda one: True


def _coded(value: str, name: str) -> Callable[[Stamped], bool]:
    wanted = [part.partition("|") if "|" in part else ("*", "|", part) for part in value.split(",")]
    if any(not code and system in ("", "*") for system, _, code in wanted):
        raise InputError(f"{name}: a code is expected, such as {codes.LOINC}|72514-3", param=name)

    def is_wanted(one: Stamped) -> bool:
        found = getattr(one.resource, name, None)
        concepts: Sequence[CodeableConcept] = (
            found if isinstance(found, tuple) else [found] if found is not None else []
        )
        return any(_is(coding, *part) for concept in concepts for coding in concept.coding for part in wanted)

    return is_wanted


def _is(coding: Coding, system: str, _: str, code: str) -> bool:
    return system in ("*", coding.system or "") and (not code or coding.code == code)


Span = tuple[dt.datetime, dt.datetime]


def _dated(value: str, name: str, span_of: Callable[[Stamped], Span | None]) -> Callable[[Stamped], bool]:
    wanted = [_read_span(part, name) for part in value.split(",")]

    def is_inside(one: Stamped) -> bool:
        found = span_of(one)
        return found is not None and any(_compares(how, found, span) for how, span in wanted)

    return is_inside


def _compares(how: str, found: Span, wanted: Span) -> bool:
    (low, high), (first, last) = found, wanted
    match how:
        case "eq":
            return first <= low and high <= last
        case "ne":
            return not (first <= low and high <= last)
        case "gt":
            return high > last
        case "ge":
            return high > first
        case "lt":
            return low < first
        case "le":
            return low < last
        case "sa":
            return low >= last
        case _:
            return high <= first


def _read_span(text: str, name: str) -> tuple[str, Span]:
    """The prefix, and the time that a date stands for: 2026-11 is all of November."""
    found = _INSTANT.match(text)
    if found is None:
        raise InputError(f"{name}: {quoted(text)} is no date, such as ge2026-11-01", param=name)
    how, year, month, day, hour, minute, second, zone = found.groups()
    try:
        if hour is not None:
            seconds = second or "00"
            start = dt.datetime.fromisoformat(f"{year}-{month}-{day}T{hour}:{minute}:{seconds}{zone}").astimezone(
                dt.UTC
            )
            return how or "eq", (start, start + (_SECOND if second else 60 * _SECOND))
        start = dt.datetime(int(year), int(month or 1), int(day or 1), tzinfo=dt.UTC)
        if day:
            return how or "eq", (start, start + dt.timedelta(days=1))
        after = (start.replace(day=1) + dt.timedelta(days=32 if month else 366)).replace(day=1)
        return how or "eq", (start, after if month else start.replace(year=start.year + 1))
    except (ValueError, OverflowError):
        raise InputError(f"{name}: {quoted(text)} is no date", param=name) from None


def _span(one: Stamped) -> Span | None:
    resource = one.resource
    if isinstance(resource, Observation) and resource.effective_date_time is not None:
        return _whole(resource.effective_date_time)
    period = getattr(resource, "effective_period", None) or getattr(resource, "period", None)
    period = period or getattr(resource, "performed_period", None)
    if not isinstance(period, Period) or period.start is None:
        return None
    return _whole(period.start)[0], _EVER if period.end is None else _whole(period.end)[1]


def _whole(at: dt.datetime | dt.date) -> Span:
    if isinstance(at, dt.datetime):
        return at, at + _SECOND
    start = dt.datetime.combine(at, dt.time(), tzinfo=dt.UTC)
    return start, start + dt.timedelta(days=1)


# ---- pages and references ----------------------------------------------------------------------------------------


def _order(one: Stamped) -> tuple[str, str]:
    return _written(one.at), one.resource.id


def _written(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _mark(one: Stamped) -> str:
    return base64.urlsafe_b64encode("|".join(_order(one)).encode()).decode().rstrip("=")


def _place(text: str) -> tuple[str, str]:
    try:
        padded = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
        at, _, id = base64.b64decode(padded, validate=True).decode("ascii").partition("|")
    except (ValueError, binascii.Error):
        raise InputError("_cursor: follow the link to the next page as it is", param="_cursor") from None
    return at, id


def _address(base: str, kind: str, params: Params) -> str:
    from urllib.parse import urlencode

    return f"{base}{kind}?{urlencode(list(params))}" if params else f"{base}{kind}"


def _point(value: Any, kinds: Mapping[str, str]) -> None:
    """References inside a bundle become references to this server."""
    if isinstance(value, dict):
        there = value.get("reference")
        if isinstance(there, str) and (id := there.removeprefix("urn:uuid:")) in kinds:
            value["reference"] = f"{kinds[id]}/{id}"
        for one in value.values():
            _point(one, kinds)
    elif isinstance(value, list):
        for one in value:
            _point(one, kinds)
