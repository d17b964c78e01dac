"""The content release in FHIR: our codes, the forms, the exercises, the programme and the rules of the look back."""

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Final, Literal

from upperback.content.models import Exercise, Finding
from upperback.content.vocabulary import Content
from upperback.interchange.fhir import codes, course
from upperback.interchange.fhir.elements import (
    ActivityDefinition,
    AnswerOption,
    Bundle,
    CodeSystem,
    Coding,
    Concept,
    Entry,
    Identifier,
    PlanAction,
    PlanDefinition,
    Question,
    Questionnaire,
    Request,
    Resource,
    address,
    stable_id,
)
from upperback.interchange.fhir.making import canonical, named, released
from upperback.interchange.fhir.plan import exercise_code
from upperback.interchange.fhir.screening import not_known, value_coding, yes_no

#: Definitions are of nobody: their ids are made from their address and version.
_SPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, codes.BASE)
_TRIGGERS: Final = ("load", "sleep", "stress", "illness", "unknown")
_SIGNS: Final = ("stop_sign", "session_check")
_DESK_STATES: Final = ("fine", "nearly", "to_change", "changed", "cannot")


def definition_resources(content: Content) -> list[Resource]:
    """Everything that a person's export refers to by its address."""
    return [
        _code_system(content),
        _safety_check(content),
        _desk_check(content),
        _clearance(content),
        *(_exercise(exercise, content) for exercise in content.exercises.values()),
        _programme(content),
        _check_rules(content),
        _review_rules(content),
    ]


def definitions_bundle(content: Content) -> Bundle:
    """All of them to be put into a server at once. Nobody's data is in it."""
    resources = definition_resources(content)
    id = _id(content, "Bundle", "definitions")
    return Bundle(
        id=id, identifier=Identifier(system=codes.IDS, value=id), type="transaction",
        timestamp=dt.datetime.combine(content.release.info.released, dt.time(), tzinfo=dt.UTC),
        entry=tuple(put(resource) for resource in resources),
    )  # fmt: skip


def put(resource: Resource) -> Entry:
    """An entry that creates a resource, or brings the one that is there up to date: sent twice is there once."""
    kind = type(resource).__name__
    return Entry(
        full_url=address(resource.id), resource=resource, request=Request(method="PUT", url=f"{kind}/{resource.id}")
    )


def _id(content: Content, kind: str, name: str) -> str:
    return stable_id(_SPACE, kind, name, content.sha256)


def _status(content: Content) -> Literal["draft", "active"]:
    return "active" if content.release.info.status == "approved" else "draft"


def _title(name: str) -> str:
    """A name that machines can use."""
    return "".join(word.capitalize() for word in name.split("-"))


# ---- codes -------------------------------------------------------------------------------------------------------


def _code_system(content: Content) -> CodeSystem:
    concepts = tuple(Concept(code=code, display=words) for code, words in _concepts(content))
    id = _id(content, "CodeSystem", "upper-back")
    info = content.release.info
    return CodeSystem(
        id=id, url=codes.LOCAL, identifier=named(id), version=info.version, name="UpperBack", title="Upper back care",
        status=_status(content), date=info.released, description="Codes of the upper back content release.",
        case_sensitive=True, content="complete", count=len(concepts), concept=concepts,
    )  # fmt: skip


def _concepts(content: Content) -> Iterator[tuple[str, str]]:
    yield from codes.OWN.items()
    for finding in content.answerable.values():
        for value in finding.values:
            coding = value_coding(finding, value)
            yield coding.code or "", coding.display or ""
    for id, disposition in content.dispositions.items():
        yield f"disposition.{id}", disposition.title
    for tag, caution in content.cautions.items():
        yield f"caution.{tag}", caution.title
    yield "caution.anticoagulant", content.findings["anticoagulant"].title
    for id, exercise in content.exercises.items():
        yield f"exercise.{id}", exercise.title
    for id, rule in content.load_rules.items():
        yield f"load.{id}", rule.title
    for outcome in dict.fromkeys(row.outcome for row in content.release.review):
        yield f"outcome.{outcome}", outcome.replace("_", " ")
    for id, sign in content.dose_texts.items():
        if sign.group in _SIGNS:
            yield f"sign.{id}", sign.title
    for trigger in _TRIGGERS:
        yield f"trigger.{trigger}", trigger
    for state in _DESK_STATES:
        yield f"desk.{state}", state.replace("_", " ")


# ---- forms -------------------------------------------------------------------------------------------------------


def _form(content: Content, name: str, title: str, description: str, items: tuple[Question, ...]) -> Questionnaire:
    id = _id(content, "Questionnaire", name)
    info = content.release.info
    return Questionnaire(
        id=id, url=f"{codes.BASE}/Questionnaire/{name}", identifier=named(id), version=info.version, name=_title(name),
        title=title, status=_status(content), subject_type=("Patient",), date=info.released, description=description,
        copyright=codes.LOINC_NOTICE if name == "safety-check" else None, item=items,
    )  # fmt: skip


def _safety_check(content: Content) -> Questionnaire:
    items = tuple(_question(finding) for finding in content.answerable.values())
    words = "One item for each finding that the rules read, not in the words or the order in which people are asked."
    return _form(content, "safety-check", "Safety check for upper back pain", words, items)


def _question(finding: Finding) -> Question:
    if finding.kind == "number":
        whole = finding.number is not None and finding.number.integer
        return Question(link_id=finding.key, text=finding.title, type="integer" if whole else "decimal")
    told = [yes_no(True), yes_no(False)] if finding.kind == "flag" else [
        value_coding(finding, value) for value in finding.values
    ]  # fmt: skip
    options = (*told, not_known("asked-unknown"), not_known("asked-declined"))
    return Question(
        link_id=finding.key, text=finding.title, type="choice", repeats=True if finding.kind == "list" else None,
        answer_option=_options(options),
    )  # fmt: skip


def _options(codings: tuple[Coding, ...]) -> tuple[AnswerOption, ...]:
    return tuple(AnswerOption(value_coding=coding) for coding in codings)


def _desk_check(content: Content) -> Questionnaire:
    states = tuple(released("desk", state, state.replace("_", " ")).coding[0] for state in _DESK_STATES)
    items = tuple(
        Question(link_id=id, text=point.title, type="choice", answer_option=_options(states))
        for id, point in content.workstation.items()
    )
    return _form(content, "desk-check", "Desk check", "The place of work, point by point.", items)


def _clearance(content: Content) -> Questionnaire:
    items = (
        Question(link_id="cleared_on", text=course.CLEARED_ON, type="date"),
        Question(link_id="role", text=course.CLEARED_BY, type="string"),
    )
    words = "What a person was told by a clinician about exercise."
    return _form(content, "clearance", "Cleared for exercise", words, items)


# ---- exercises, programme, rules ---------------------------------------------------------------------------------


def _exercise(exercise: Exercise, content: Content) -> ActivityDefinition:
    id = _id(content, "ActivityDefinition", exercise.id)
    info = content.release.info
    return ActivityDefinition(
        id=id, url=f"{codes.BASE}/ActivityDefinition/{exercise.id.lower()}", identifier=named(id), version=info.version,
        name=f"Exercise{exercise.id}", title=exercise.title, date=info.released, kind="ServiceRequest",
        status="active" if exercise.status == "approved" else exercise.status,
        description=" ".join(exercise.steps), purpose=exercise.purpose, usage=exercise.breathing,
        code=exercise_code(exercise.id, exercise.title),
    )  # fmt: skip


def _programme(content: Content) -> PlanDefinition:
    actions = tuple(
        PlanAction(
            title=exercise.title, description=exercise.purpose,
            definition_canonical=canonical("ActivityDefinition", id.lower(), content),
        )
        for id, exercise in content.exercises.items()
    )  # fmt: skip
    words = "Exercises that a plan may hold. Which of them, and how much, is worked out for each person."
    return _plan(content, "programme", "Upper back programme", words, "clinical-protocol", actions)


def _check_rules(content: Content) -> PlanDefinition:
    actions = tuple(
        PlanAction(title=f"{id}: {rule.title}", description=rule.because) for id, rule in content.rules.items()
    )
    words = "Rules of the safety check. The most urgent one that fires says what to do."
    return _plan(content, "safety-check-rules", "Rules of the safety check", words, "eca-rule", actions)


def _review_rules(content: Content) -> PlanDefinition:
    actions = tuple(
        PlanAction(title=f"Row {row.row}: {row.outcome.replace('_', ' ')}", description=row.when_text)
        for row in content.release.review
    )
    words = "Rules of the look back at six weeks. The first row that fits counts."
    return _plan(content, "six-week-review", "Look back at six weeks", words, "eca-rule", actions)


def _plan(
    content: Content, name: str, title: str, description: str, kind: str, actions: tuple[PlanAction, ...]
) -> PlanDefinition:
    id = _id(content, "PlanDefinition", name)
    info = content.release.info
    return PlanDefinition(
        id=id, url=f"{codes.BASE}/PlanDefinition/{name}", identifier=named(id), version=info.version, name=_title(name),
        title=title, type=codes.terminology("plan-definition-type", kind), status=_status(content), date=info.released,
        description=description, action=actions,
    )  # fmt: skip
