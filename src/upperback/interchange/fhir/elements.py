"""The parts of FHIR R4 (4.0.1) that this product writes, as plain typed structures.

Only what is used is here, under FHIR's own names (in Python's spelling; `valueInteger` is `value_integer`). A resource
is turned into JSON by `to_json`; what is not given is not written. That a code is one of FHIR's required ones is seen
by the type checker; that a whole resource is right is proved by two validators in the tests.
"""

import datetime as dt
import uuid
from typing import Any, Literal, TypeAlias

import msgspec

Moment: TypeAlias = dt.datetime | dt.date


class Element(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Base: immutable, keyword-only, empty parts left out."""


class Resource(Element, frozen=True, kw_only=True, tag_field="resourceType", tag=True):
    """Base of what has a `resourceType`. `id` is made from the person and the record: twice the same is the same."""

    id: str
    meta: "Meta | None" = None


def to_json(resource: Resource) -> bytes:
    """A resource as FHIR JSON."""
    return msgspec.json.encode(resource)


def plain(resource: Resource) -> dict[str, Any]:
    """A resource as the data that its JSON holds."""
    found: dict[str, Any] = msgspec.json.decode(to_json(resource))
    return found


def address(resource_id: str) -> str:
    """How a resource is named inside a bundle."""
    return f"urn:uuid:{resource_id}"


def stable_id(space: uuid.UUID, *parts: object) -> str:
    """An id that is the same whenever it is made from the same."""
    return str(uuid.uuid5(space, "/".join(str(part) for part in parts)))


# ---- data types --------------------------------------------------------------------------------------------------


class Coding(Element, frozen=True, kw_only=True):
    system: str | None = None
    version: str | None = None
    code: str | None = None
    display: str | None = None


class Meta(Element, frozen=True, kw_only=True):
    security: tuple[Coding, ...] = ()


class CodeableConcept(Element, frozen=True, kw_only=True):
    coding: tuple[Coding, ...] = ()
    text: str | None = None


class Quantity(Element, frozen=True, kw_only=True):
    value: float | int
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Identifier(Element, frozen=True, kw_only=True):
    system: str
    value: str


class Reference(Element, frozen=True, kw_only=True):
    reference: str | None = None
    type: str | None = None
    identifier: Identifier | None = None
    display: str | None = None


class Period(Element, frozen=True, kw_only=True):
    start: Moment | None = None
    end: Moment | None = None


class Extension(Element, frozen=True, kw_only=True):
    url: str
    value_code: str | None = None
    value_integer: int | None = None
    value_quantity: Quantity | None = None


class Annotation(Element, frozen=True, kw_only=True):
    text: str


class HumanName(Element, frozen=True, kw_only=True):
    use: Literal["usual", "official"]
    text: str | None = None
    family: str | None = None
    given: tuple[str, ...] = ()


class Narrative(Element, frozen=True, kw_only=True):
    status: Literal["generated"]
    div: str


class Repeat(Element, frozen=True, kw_only=True):
    bounds_period: Period | None = None
    frequency: int | None = None
    period: int | None = None
    period_unit: Literal["d", "wk", "h", "min"] | None = None
    day_of_week: tuple[str, ...] = ()


class Timing(Element, frozen=True, kw_only=True):
    repeat: Repeat


# ---- person, software, sensor ------------------------------------------------------------------------------------


class Patient(Resource, frozen=True, kw_only=True):
    identifier: tuple[Identifier, ...]
    active: bool
    name: tuple[HumanName, ...]
    gender: Literal["male", "female", "other", "unknown"]
    birth_date: dt.date | None = None


class DeviceName(Element, frozen=True, kw_only=True):
    name: str
    type: Literal["user-friendly-name"]


class DeviceVersion(Element, frozen=True, kw_only=True):
    value: str


class Device(Resource, frozen=True, kw_only=True):
    identifier: tuple[Identifier, ...]
    status: Literal["active"]
    device_name: tuple[DeviceName, ...]
    type: CodeableConcept
    version: tuple[DeviceVersion, ...] = ()
    patient: Reference | None = None


# ---- questions and answers ---------------------------------------------------------------------------------------


class AnswerOption(Element, frozen=True, kw_only=True):
    value_coding: Coding


class Question(Element, frozen=True, kw_only=True):
    link_id: str
    text: str
    type: Literal["group", "choice", "integer", "decimal", "string", "date", "display"]
    required: bool | None = None
    repeats: bool | None = None
    answer_option: tuple[AnswerOption, ...] = ()
    item: "tuple[Question, ...]" = ()


class Questionnaire(Resource, frozen=True, kw_only=True):
    url: str
    identifier: tuple[Identifier, ...]
    version: str
    name: str
    title: str
    status: Literal["draft", "active"]
    subject_type: tuple[str, ...]
    date: dt.date
    description: str
    copyright: str | None = None
    item: tuple[Question, ...]


class Answer(Element, frozen=True, kw_only=True):
    extension: tuple[Extension, ...] = ()
    value_integer: int | None = None
    value_decimal: float | int | None = None
    value_date: dt.date | None = None
    value_string: str | None = None
    value_coding: Coding | None = None


class AnsweredItem(Element, frozen=True, kw_only=True):
    link_id: str
    text: str
    answer: tuple[Answer, ...]


class QuestionnaireResponse(Resource, frozen=True, kw_only=True):
    identifier: Identifier
    questionnaire: str
    status: Literal["completed"]
    subject: Reference
    authored: Moment
    author: Reference
    source: Reference
    item: tuple[AnsweredItem, ...]


# ---- what was seen, told, worked out -----------------------------------------------------------------------------


class Component(Element, frozen=True, kw_only=True):
    code: CodeableConcept
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_integer: int | None = None
    value_boolean: bool | None = None
    value_string: str | None = None


class Observation(Resource, frozen=True, kw_only=True):
    identifier: tuple[Identifier, ...]
    based_on: tuple[Reference, ...] = ()
    part_of: tuple[Reference, ...] = ()
    status: Literal["final"]
    category: tuple[CodeableConcept, ...]
    code: CodeableConcept
    subject: Reference
    effective_date_time: Moment | None = None
    effective_period: Period | None = None
    issued: dt.datetime | None = None
    performer: tuple[Reference, ...]
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_string: str | None = None
    value_integer: int | None = None
    value_boolean: bool | None = None
    note: tuple[Annotation, ...] = ()
    method: CodeableConcept | None = None
    device: Reference | None = None
    derived_from: tuple[Reference, ...] = ()
    component: tuple[Component, ...] = ()


class Parameter(Element, frozen=True, kw_only=True):
    name: str
    value_code: str | None = None
    value_string: str | None = None
    value_integer: int | None = None
    part: "tuple[Parameter, ...]" = ()


class Parameters(Resource, frozen=True, kw_only=True):
    parameter: tuple[Parameter, ...]


class GuidanceResponse(Resource, frozen=True, kw_only=True):
    contained: tuple[Parameters, ...] = ()
    identifier: tuple[Identifier, ...]
    module_canonical: str
    status: Literal["success", "data-required"]
    subject: Reference
    occurrence_date_time: dt.datetime
    performer: Reference
    note: tuple[Annotation, ...] = ()
    output_parameters: Reference | None = None


class Flag(Resource, frozen=True, kw_only=True):
    identifier: tuple[Identifier, ...]
    status: Literal["active"]
    category: tuple[CodeableConcept, ...]
    code: CodeableConcept
    subject: Reference
    period: Period
    author: Reference


class Condition(Resource, frozen=True, kw_only=True):
    identifier: tuple[Identifier, ...]
    clinical_status: CodeableConcept
    verification_status: CodeableConcept
    category: tuple[CodeableConcept, ...]
    code: CodeableConcept
    subject: Reference
    recorded_date: dt.datetime
    recorder: Reference
    asserter: Reference


class Mitigation(Element, frozen=True, kw_only=True):
    action: CodeableConcept


class DetectedIssue(Resource, frozen=True, kw_only=True):
    identifier: tuple[Identifier, ...]
    status: Literal["final"]
    code: CodeableConcept
    severity: Literal["high", "moderate", "low"]
    patient: Reference
    identified_date_time: dt.datetime
    author: Reference
    implicated: tuple[Reference, ...]
    detail: str
    mitigation: tuple[Mitigation, ...]


# ---- plan, goals, what is done -----------------------------------------------------------------------------------


class Target(Element, frozen=True, kw_only=True):
    measure: CodeableConcept
    detail_quantity: Quantity | None = None
    due_date: dt.date | None = None


class Goal(Resource, frozen=True, kw_only=True):
    identifier: tuple[Identifier, ...]
    lifecycle_status: Literal["active", "completed"]
    achievement_status: CodeableConcept
    description: CodeableConcept
    subject: Reference
    start_date: dt.date | None = None
    target: tuple[Target, ...] = ()
    status_date: dt.date | None = None
    expressed_by: Reference


class ActivityDetail(Element, frozen=True, kw_only=True):
    extension: tuple[Extension, ...] = ()
    kind: Literal["ServiceRequest"] | None = None
    instantiates_canonical: tuple[str, ...] = ()
    code: CodeableConcept
    goal: tuple[Reference, ...] = ()
    status: Literal["scheduled", "on-hold", "stopped"]
    scheduled_timing: Timing | None = None
    performer: tuple[Reference, ...] = ()
    description: str | None = None


class Activity(Element, frozen=True, kw_only=True):
    detail: ActivityDetail


class CarePlan(Resource, frozen=True, kw_only=True):
    identifier: tuple[Identifier, ...]
    instantiates_canonical: tuple[str, ...] = ()
    replaces: tuple[Reference, ...] = ()
    status: Literal["active", "on-hold", "revoked"]
    intent: Literal["plan"]
    category: tuple[CodeableConcept, ...]
    title: str
    description: str | None = None
    subject: Reference
    period: Period
    created: dt.datetime
    author: Reference
    addresses: tuple[Reference, ...] = ()
    supporting_info: tuple[Reference, ...] = ()
    goal: tuple[Reference, ...] = ()
    activity: tuple[Activity, ...] = ()
    note: tuple[Annotation, ...] = ()


class Procedure(Resource, frozen=True, kw_only=True):
    identifier: tuple[Identifier, ...]
    based_on: tuple[Reference, ...] = ()
    status: Literal["completed", "stopped", "in-progress"]
    category: CodeableConcept
    code: CodeableConcept
    subject: Reference
    performed_period: Period
    recorder: Reference
    note: tuple[Annotation, ...] = ()


class ServiceRequest(Resource, frozen=True, kw_only=True):
    identifier: tuple[Identifier, ...]
    status: Literal["draft", "active", "completed", "revoked"]
    intent: Literal["proposal"]
    priority: Literal["routine", "urgent", "asap", "stat"]
    code: CodeableConcept
    subject: Reference
    authored_on: dt.datetime
    requester: Reference
    reason_reference: tuple[Reference, ...]
    supporting_info: tuple[Reference, ...] = ()
    note: tuple[Annotation, ...] = ()


class Payload(Element, frozen=True, kw_only=True):
    content_string: str


class Communication(Resource, frozen=True, kw_only=True):
    identifier: tuple[Identifier, ...]
    status: Literal["completed"]
    category: tuple[CodeableConcept, ...]
    priority: Literal["routine", "urgent", "asap", "stat"]
    subject: Reference
    about: tuple[Reference, ...]
    sent: dt.datetime
    recipient: tuple[Reference, ...]
    sender: Reference
    payload: tuple[Payload, ...]


# ---- where it comes from, and what holds it together -------------------------------------------------------------


class Agent(Element, frozen=True, kw_only=True):
    type: CodeableConcept
    who: Reference


class Provenance(Resource, frozen=True, kw_only=True):
    target: tuple[Reference, ...]
    recorded: dt.datetime
    activity: CodeableConcept
    agent: tuple[Agent, ...]


class Section(Element, frozen=True, kw_only=True):
    title: str
    code: CodeableConcept
    text: Narrative
    entry: tuple[Reference, ...] = ()


class Composition(Resource, frozen=True, kw_only=True):
    identifier: Identifier
    status: Literal["final"]
    type: CodeableConcept
    subject: Reference
    date: dt.datetime
    author: tuple[Reference, ...]
    title: str
    confidentiality: Literal["N", "R"]
    section: tuple[Section, ...]


class Request(Element, frozen=True, kw_only=True):
    method: Literal["PUT"]
    url: str


class Entry(Element, frozen=True, kw_only=True):
    full_url: str
    resource: Resource
    request: Request | None = None


class Bundle(Resource, frozen=True, kw_only=True):
    identifier: Identifier
    type: Literal["document", "transaction"]
    timestamp: dt.datetime
    entry: tuple[Entry, ...]


# ---- a content release -------------------------------------------------------------------------------------------


class Concept(Element, frozen=True, kw_only=True):
    code: str
    display: str


class CodeSystem(Resource, frozen=True, kw_only=True):
    url: str
    identifier: tuple[Identifier, ...]
    version: str
    name: str
    title: str
    status: Literal["draft", "active"]
    date: dt.date
    description: str
    case_sensitive: bool
    content: Literal["complete"]
    count: int
    concept: tuple[Concept, ...]


class ActivityDefinition(Resource, frozen=True, kw_only=True):
    url: str
    identifier: tuple[Identifier, ...]
    version: str
    name: str
    title: str
    status: Literal["draft", "active", "retired"]
    date: dt.date
    description: str
    purpose: str
    usage: str
    kind: Literal["ServiceRequest"]
    code: CodeableConcept


class PlanAction(Element, frozen=True, kw_only=True):
    title: str
    description: str
    definition_canonical: str | None = None


class PlanDefinition(Resource, frozen=True, kw_only=True):
    url: str
    identifier: tuple[Identifier, ...]
    version: str
    name: str
    title: str
    type: CodeableConcept
    status: Literal["draft", "active"]
    date: dt.date
    description: str
    action: tuple[PlanAction, ...]
