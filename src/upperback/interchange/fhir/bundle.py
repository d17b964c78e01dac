"""One person as a document for reading, or as a transaction for a server."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final, Literal, TypeAlias

from upperback.interchange.fhir import codes
from upperback.interchange.fhir.course import course_resources
from upperback.interchange.fhir.definitions import put
from upperback.interchange.fhir.elements import (
    Agent,
    Bundle,
    CarePlan,
    CodeableConcept,
    Communication,
    Composition,
    Condition,
    DetectedIssue,
    Device,
    DeviceName,
    DeviceVersion,
    Entry,
    Flag,
    Goal,
    GuidanceResponse,
    HumanName,
    Identifier,
    Narrative,
    Observation,
    Patient,
    Procedure,
    Provenance,
    QuestionnaireResponse,
    Reference,
    Resource,
    Section,
    ServiceRequest,
    address,
    to_json,
)
from upperback.interchange.fhir.making import Making, named, own_words, second
from upperback.interchange.fhir.plan import plan_resources
from upperback.interchange.fhir.screening import check_resources

_Gender: TypeAlias = Literal["male", "female", "other", "unknown"]
_GENDERS: Final[dict[str, _Gender]] = {"female": "female", "male": "male", "other": "other"}
_TITLE: Final = "Upper back self-management summary"
#: Lines of one section; a document is for reading.
_LINES_MOST: Final = 40
#: Observations that stand elsewhere than in the course, by their code.
_OF_ITS_OWN: Final = {"triage-disposition": "safety-check", "warning-sign": "warning-signs", "worn-day": "sensors"}
#: Sections whose lines begin with their day: the oldest first, and the newest are shown where there are too many.
_BY_DAY: Final = ("warning-signs", "course", "sensors")
#: What a referral's state says to a reader.
_SENT: Final = {
    "draft": "a draft; nothing has been sent", "active": "sent by the person", "completed": "done, says the person",
    "revoked": "let go by the person",
}  # fmt: skip
#: Worked out by rules; everything else was told by the person.
_WORKED_OUT: Final = (GuidanceResponse, CarePlan, Flag, DetectedIssue, Communication, ServiceRequest)
_SECTIONS: Final[tuple[tuple[str, tuple[type[Resource], ...]], ...]] = (
    ("safety-check", (GuidanceResponse, QuestionnaireResponse, Communication, ServiceRequest)),
    ("warning-signs", ()),
    ("conditions", (Condition, Flag, DetectedIssue)),
    ("plan", (CarePlan,)),
    ("goals", (Goal,)),
    ("course", (Observation, Procedure)),
    ("sensors", ()),
)


def person_resources(make: Making) -> list[Resource]:
    """Everything of one person, in an order in which what is pointed to comes first where it can."""
    return [_patient(make), _software(make), *_recorded(make)]


def _recorded(make: Making) -> Iterator[Resource]:
    found: list[Resource] = []
    for check in make.person.checks:
        found += check_resources(make, check, is_newest=check is make.person.checks[-1])
    found += plan_resources(make)
    found += course_resources(make)
    yield from found
    yield from _provenance(make, found)


def transaction(make: Making, now: dt.datetime) -> Bundle:
    """Everything to be put into a server at once; sent twice it is there once."""
    resources = person_resources(make)
    return _bundle(make, "transaction", [put(resource) for resource in resources], now)


def document(make: Making, now: dt.datetime) -> Bundle:
    """A summary for reading, with everything it speaks of."""
    resources = person_resources(make)
    every = [_composition(make, resources, now), *resources]
    entries = [Entry(full_url=address(resource.id), resource=resource) for resource in every]
    return _bundle(make, "document", entries, now)


def _bundle(make: Making, kind: str, entries: Sequence[Entry], now: dt.datetime) -> Bundle:
    digest = hashlib.sha256(b"\n".join(to_json(entry.resource) for entry in entries)).hexdigest()
    id = make.id("Bundle", kind, digest)
    return Bundle(
        id=id, identifier=Identifier(system=codes.IDS, value=id), timestamp=second(now), entry=tuple(entries),
        type="document" if kind == "document" else "transaction",
    )  # fmt: skip


# ---- who ---------------------------------------------------------------------------------------------------------


def _patient(make: Making) -> Patient:
    identity = make.identity
    id = make.id("Patient")
    numbers = (Identifier(system=codes.NHS_NUMBER, value=identity.nhs_number),) if identity.nhs_number else ()
    names = [HumanName(use="usual", text=own_words(make.person.name) or "-")]
    if identity.family or identity.given:
        given = tuple(identity.given.split())
        words = " ".join([*given, identity.family]).strip()
        names.insert(0, HumanName(use="official", text=words, family=identity.family or None, given=given))
    return Patient(
        id=id, identifier=(*numbers, *named(id)), active=True, name=tuple(names), gender=_gender(make),
        birth_date=identity.birth_date,
    )  # fmt: skip


def _gender(make: Making) -> _Gender:
    told = make.person.checks[-1].findings.get("sex") if make.person.checks else None
    return _GENDERS.get(str(told), "unknown")


def _software(make: Making) -> Device:
    id = make.id("Device", "software", make.person.software)
    return Device(
        id=id, identifier=named(id), status="active", type=codes.own("software"),
        device_name=(DeviceName(name="upperback", type="user-friendly-name"),),
        version=(DeviceVersion(value=make.person.software),),
    )  # fmt: skip


def _provenance(make: Making, resources: Sequence[Resource]) -> Iterator[Provenance]:
    """Who says so: the person, or fixed rules."""
    newest = max(_newest(make), default=make.person.created_at)
    decided = {make.id("Observation", "disposition", check.uuid) for check in make.person.checks} | {
        make.id("Observation", "review", review.uuid) for review in make.person.reviews
    }
    sorted_out: dict[bool, list[Resource]] = {True: [], False: []}
    for one in resources:
        if not (isinstance(one, Observation) and one.performer[0].display is not None):  # another's, who says so itself
            sorted_out[isinstance(one, _WORKED_OUT) or one.id in decided].append(one)
    is_proxy = bool(make.person.checks) and make.person.checks[-1].is_proxy
    sides = (
        (
            "told-by-person",
            sorted_out[False],
            make.teller(is_proxy=is_proxy),
            "informant" if is_proxy else "author",
        ),
        ("worked-out", sorted_out[True], make.software, "assembler"),
    )
    for what, targets, who, role in sides:
        if targets:
            yield Provenance(
                id=make.id("Provenance", what), target=tuple(Reference(reference=address(one.id)) for one in targets),
                recorded=second(newest), activity=codes.own(what),
                agent=(Agent(type=codes.terminology("provenance-participant-type", role), who=who),),
            )  # fmt: skip


def _newest(make: Making) -> Iterator[dt.datetime]:
    person = make.person
    yield from (check.decided_at for check in person.checks)
    yield from (plan.made_at for plan in person.plans)
    yield from (review.at for review in person.reviews)
    yield from (row.at for row in person.diary)


# ---- the summary -------------------------------------------------------------------------------------------------


def _composition(make: Making, resources: Sequence[Resource], now: dt.datetime) -> Composition:
    id = make.id("Composition")
    return Composition(
        id=id, identifier=named(id)[0], status="final", type=codes.own("self-management-summary"),
        subject=make.patient, date=second(now), author=(make.software, make.patient), title=_TITLE,
        confidentiality="R" if make.chosen.mood else "N", section=tuple(_sections(resources)),
    )  # fmt: skip


def _sections(resources: Sequence[Resource]) -> Iterator[Section]:
    for code, kinds in _SECTIONS:
        inside = [one for one in resources if _belongs(one, code, kinds)]
        if inside:
            lines = [_line(one) for one in inside]
            yield Section(
                title=codes.OWN[code], code=codes.own(code), text=_told(sorted(lines) if code in _BY_DAY else lines),
                entry=tuple(Reference(reference=address(one.id)) for one in inside),
            )  # fmt: skip
    about = [
        "Told by the person, and worked out from that by fixed rules. No clinician has confirmed it.",
        "It names no diagnosis. What is missing was not told, or was not chosen to be shared.",
        codes.LOINC_NOTICE,
    ]
    yield Section(title=codes.OWN["about"], code=codes.own("about"), text=_told(about))


def _belongs(resource: Resource, code: str, kinds: tuple[type[Resource], ...]) -> bool:
    if isinstance(resource, Device):
        return code == "sensors" and _first_code(resource.type) != "software"
    if isinstance(resource, Observation) and (own := _OF_ITS_OWN.get(_first_code(resource.code) or "")):
        return code == own
    return isinstance(resource, kinds)


def _first_code(concept: CodeableConcept) -> str | None:
    return concept.coding[0].code if concept.coding else None


def _told(lines: Iterable[str]) -> Narrative:
    every = [line for line in lines if line]
    shown = every if len(every) <= _LINES_MOST else [*every[-_LINES_MOST:], f"And {len(every) - _LINES_MOST} more."]
    items = "".join(f"<li>{escape(line, quote=False)}</li>" for line in shown)
    return Narrative(status="generated", div=f'<div xmlns="http://www.w3.org/1999/xhtml"><ul>{items}</ul></div>')


def _line(resource: Resource) -> str:
    match resource:
        case Observation():
            return _observed(resource)
        case CarePlan():
            exercises = ", ".join(one.detail.code.text or "" for one in resource.activity if one.detail.kind)
            holds = f": {exercises}" if exercises else ""
            return f"{resource.title}, {resource.status}, from {resource.period.start}{holds}"
        case Goal():
            return f"{resource.description.text} ({resource.lifecycle_status})"
        case Condition():
            return f"{resource.code.text} (told by the person, not confirmed)"
        case Flag():
            return f"Caution: {resource.code.text}"
        case DetectedIssue():
            return f"Left out: {resource.implicated[0].display}. {resource.detail}"
        case Procedure():
            return f"{_day(resource.performed_period.start)}: {resource.code.text}, {resource.status}"
        case ServiceRequest():
            return f"{resource.code.text} ({_SENT[resource.status]})"
        case GuidanceResponse():
            return f"{_day(resource.occurrence_date_time)}: {_rules(resource)}"
        case Device():
            return resource.device_name[0].name
        case _:
            return ""


def _rules(resource: GuidanceResponse) -> str:
    fired = [
        next(part.value_code or "" for part in rule.part if part.name == "id")
        for rule in resource.contained[0].parameter
        if rule.name == "rule"
    ]
    return f"rules that count: {', '.join(fired)}" if fired else "no rule fired that is shared here"


def _observed(one: Observation) -> str:
    at = one.effective_date_time or (one.effective_period.start if one.effective_period is not None else None)
    about = next(
        (part.value_string for part in one.component if part.value_string), None
    ) or next(
        (part.value_codeable_concept.text for part in one.component if part.value_codeable_concept is not None), None
    )  # fmt: skip
    name = f"{one.code.text} ({about})" if about else one.code.text
    elsewhere = "" if one.performer[0].display is None else f" (from: {one.performer[0].display})"
    return f"{_day(at)}: {name}: {_value(one)}{elsewhere}"


def _value(one: Observation) -> str:
    if one.value_integer is not None:
        return str(one.value_integer)
    if one.value_quantity is not None:
        return f"{one.value_quantity.value} {one.value_quantity.unit}"
    if one.value_codeable_concept is not None:
        return one.value_codeable_concept.text or ""
    if one.value_string is not None:
        return one.value_string
    if one.value_boolean is not None:
        return "yes" if one.value_boolean else "no"
    amounts = (
        f"{part.code.text} {part.value_quantity.value if part.value_quantity is not None else part.value_integer}"
        for part in one.component
    )
    return ", ".join(amounts)


def _day(at: dt.datetime | dt.date | None) -> str:
    return "" if at is None else at.strftime("%Y-%m-%d")
