"""The safety check: the answers, what was decided from them, the advice that was given, conditions that were told."""

from collections.abc import Iterator
from typing import Any, Final, Literal

from upperback.content.models import Finding
from upperback.content.vocabulary import OPEN_EMERGENCY_RULE, Content
from upperback.interchange.fhir import codes
from upperback.interchange.fhir.codes import Code
from upperback.interchange.fhir.elements import (
    Annotation,
    Answer,
    AnsweredItem,
    CodeableConcept,
    Coding,
    Communication,
    Component,
    Condition,
    Extension,
    Flag,
    GuidanceResponse,
    Observation,
    Parameter,
    Parameters,
    Payload,
    Period,
    QuestionnaireResponse,
    Reference,
    Resource,
    ServiceRequest,
)
from upperback.interchange.fhir.making import Making, canonical, named, private, released, second
from upperback.interchange.fhir.records import Check

UNKNOWN: Final = "unknown"
#: Of a number that does not apply, such as weeks since an operation that never was.
_NEVER: Final = "never"
_OUTPUT: Final = "output"
_PRIORITY: Final[dict[str, Literal["routine", "urgent", "asap", "stat"]]] = {
    "stat": "stat", "asap": "asap", "urgent": "urgent", "routine": "routine", "none": "routine",
}  # fmt: skip
_WITHHELD: Final = (
    "Answers about mood and self-harm, and reasons that rest on them, are not part of this export: the person did not "
    "choose to share them."
)


def check_resources(make: Making, check: Check, *, is_newest: bool) -> Iterator[Resource]:
    """Everything that one safety check becomes."""
    yield _response(make, check)
    yield _disposition(make, check)
    yield _guidance(make, check)
    yield from pain_of_check(make, check)
    if make.chosen.mood:
        yield from _mood(make, check)
    if is_newest:
        yield _advice(make, check)
        yield from _conditions(make, check)
        yield from _standing_flags(make, check)
        if check.disposition == "physio_routine":
            yield to_physio(make, check.uuid, second(check.decided_at), _disposition_ref(make, check))


def _disposition_ref(make: Making, check: Check) -> Reference:
    return make.ref("Observation", "disposition", check.uuid)


# ---- the answers -------------------------------------------------------------------------------------------------


def _response(make: Making, check: Check) -> QuestionnaireResponse:
    items = (
        AnsweredItem(
            link_id=key, text=make.content.findings[key].title,
            answer=answers_for(make.content.findings[key], value, key in check.declined),
        )
        for key, value in _in_order(make.content, check)
        if make.shows_finding(key)
    )  # fmt: skip
    id = make.id("QuestionnaireResponse", "check", check.uuid)
    teller = make.teller(is_proxy=check.is_proxy)
    return QuestionnaireResponse(
        id=id, identifier=named(id)[0], questionnaire=canonical("Questionnaire", "safety-check", make.content),
        meta=private(make.chosen.mood), status="completed", subject=make.patient, authored=second(check.answered_at),
        author=teller, source=teller, item=tuple(item for item in items if item.answer),
    )  # fmt: skip


def _in_order(content: Content, check: Check) -> Iterator[tuple[str, Any]]:
    for key in content.answerable:
        if key in check.findings or key in check.declined:
            yield key, check.findings.get(key, UNKNOWN)


def answers_for(finding: Finding, value: Any, declined: bool) -> tuple[Answer, ...]:
    """One finding as the answers of its item. What is not known says so; a number that does not apply has none."""
    if value == UNKNOWN or declined:
        return (_not_known(finding, "asked-declined" if declined else "asked-unknown"),)
    match finding.kind:
        case "flag":
            return (Answer(value_coding=yes_no(bool(value))),)
        case "choice":
            return (Answer(value_coding=value_coding(finding, value)),)
        case "list":
            given = [one for one in value if one != UNKNOWN]
            part = (_not_known(finding, "asked-unknown"),) if UNKNOWN in value else ()
            return (*(Answer(value_coding=value_coding(finding, one)) for one in given), *part)
        case "number":
            if value == _NEVER:
                return ()
            if finding.number is not None and finding.number.integer:
                return (Answer(value_integer=int(value)),)
            return (Answer(value_decimal=codes.number(value, 2)),)


def _not_known(finding: Finding, why: str) -> Answer:
    if finding.kind == "number":
        return Answer(extension=(Extension(url=codes.ABSENT_EXTENSION, value_code=why),))
    return Answer(value_coding=not_known(why))


def not_known(why: str) -> Coding:
    """The answer that there is no answer."""
    return Coding(system=codes.ABSENT, code=why, display=codes.WHY_ABSENT[why])


def yes_no(value: bool) -> Coding:
    """Yes or no."""
    return Coding(system=codes.YES_NO, code="Y" if value else "N", display="Yes" if value else "No")


def value_coding(finding: Finding, value: str) -> Coding:
    """One value of a finding."""
    return Coding(system=codes.LOCAL, code=f"finding.{finding.key}.{value}", display=value.replace("_", " "))


# ---- the decision ------------------------------------------------------------------------------------------------


def _disposition(make: Making, check: Check) -> Observation:
    id = make.id("Observation", "disposition", check.uuid)
    notes = [f"Content release {check.release}, SHA-256 {check.release_sha256}."]
    if not check.complete:
        notes.append("Not every question was answered: an emergency was told before.")
    return Observation(
        id=id, identifier=named(id), status="final", category=codes.SURVEY, code=codes.own("triage-disposition"),
        subject=make.patient, effective_date_time=second(check.decided_at), issued=second(check.decided_at),
        performer=make.by_person, value_codeable_concept=disposition_code(make.content, check.disposition),
        method=codes.own("ruleset"), device=make.software, note=tuple(Annotation(text=note) for note in notes),
        derived_from=(make.ref("QuestionnaireResponse", "check", check.uuid),),
    )  # fmt: skip


def disposition_code(content: Content, disposition: str) -> CodeableConcept:
    """What to do, as a code."""
    return released("disposition", disposition, content.dispositions[disposition].title)


def _guidance(make: Making, check: Check) -> GuidanceResponse:
    id = make.id("GuidanceResponse", check.uuid)
    within = check.record["within_days"]
    given = [Parameter(name="disposition", value_code=check.disposition)]
    given += [] if within is None else [Parameter(name="withinDays", value_integer=int(within))]
    given += [_rule(rule) for rule in check.record["rules"] if _is_shown(make, rule["id"], check)]
    return GuidanceResponse(
        id=id, identifier=named(id), contained=(Parameters(id=_OUTPUT, parameter=tuple(given)),),
        module_canonical=canonical("PlanDefinition", "safety-check-rules", make.content),
        status="success" if check.complete else "data-required", subject=make.patient,
        occurrence_date_time=second(check.decided_at), performer=make.software,
        note=() if make.chosen.mood else (Annotation(text=_WITHHELD),),
        output_parameters=Reference(reference=f"#{_OUTPUT}"),
    )  # fmt: skip


def _is_shown(make: Making, rule_id: str, check: Check) -> bool:
    """Whether a rule may leave. The one about open emergencies names them: it stays with the one it must not name."""
    ids = [rule["id"] for rule in check.record["rules"]] if rule_id == OPEN_EMERGENCY_RULE else [rule_id]
    known = [make.content.rules.get(id) for id in ids]
    return make.chosen.mood or all(rule is not None and make.is_shown(rule.when) for rule in known)


def _rule(rule: dict[str, Any]) -> Parameter:
    return Parameter(
        name="rule",
        part=(
            Parameter(name="id", value_code=rule["id"]),
            Parameter(name="state", value_code=rule["state"]),
            Parameter(name="disposition", value_code=rule["disposition"]),
            Parameter(name="why", value_string=rule["why"]),
        ),
    )


def _advice(make: Making, check: Check) -> Communication:
    id = make.id("Communication", check.uuid)
    shown = make.content.dispositions[check.disposition]
    return Communication(
        id=id, identifier=named(id), status="completed", priority=_PRIORITY[shown.fhir_priority],
        category=(codes.own("triage-disposition"),), subject=make.patient, about=(_disposition_ref(make, check),),
        sent=second(check.decided_at), recipient=make.by_person, sender=make.software,
        payload=(Payload(content_string=check.title),),
    )  # fmt: skip


def to_physio(make: Making, source: object, at: Any, reason: Reference) -> ServiceRequest:
    """A referral that the person can make for themselves: a draft, as nobody has sent it."""
    id = make.id("ServiceRequest", source)
    return ServiceRequest(
        id=id, identifier=named(id), status="draft", intent="proposal", priority="routine",
        code=codes.concept(codes.TO_PHYSIO), subject=make.patient, authored_on=at, requester=make.patient,
        reason_reference=(reason,),
        note=(Annotation(text="Advice for the person to refer themselves. Nothing has been sent to a service yet."),),
    )  # fmt: skip


# ---- scores ------------------------------------------------------------------------------------------------------


def pain_of_check(make: Making, check: Check) -> Iterator[Observation]:
    """Pain and function as they were said in the safety check."""
    pain, function = _number(check.findings.get("pain")), _number(check.findings.get("psfs"))
    source = (make.ref("QuestionnaireResponse", "check", check.uuid),)
    if pain is not None:
        yield _score(make, check, "pain", codes.PAIN, pain, component=(timeframe("average-24h"),), derived_from=source)
    if function is not None:
        yield _score(make, check, "psfs", "function-single", function, derived_from=source)


def timeframe(what: str) -> Component:
    """The time that a pain score is about."""
    return Component(code=codes.own("timeframe"), value_codeable_concept=codes.own(what))


def _score(make: Making, check: Check, what: str, code: Code | str, value: float, **more: Any) -> Observation:
    id = make.id("Observation", what, check.uuid)
    return Observation(
        id=id, identifier=named(id), status="final", category=codes.SURVEY,
        code=codes.own(code) if isinstance(code, str) else codes.concept(code), subject=make.patient,
        effective_date_time=second(check.answered_at), performer=make.by_person, **score_value(value), **more,
    )  # fmt: skip


def score_value(value: float) -> dict[str, Any]:
    """A score, as a whole number where it is one."""
    rounded = codes.number(value)
    return (
        {"value_integer": rounded}
        if isinstance(rounded, int)
        else {"value_quantity": codes.quantity(value, "{score}", "score")}
    )


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _mood(make: Making, check: Check) -> Iterator[Observation]:
    """PHQ-4. No total where an item is missing."""
    items = {key: check.findings.get(key) for key in codes.PHQ4_ITEMS}
    known = {key: int(value) for key, value in items.items() if isinstance(value, int) and not isinstance(value, bool)}
    if not known:
        return
    source = (make.ref("QuestionnaireResponse", "check", check.uuid),)
    yield _score_of_mood(
        make, check, "phq4-items", codes.PHQ4_PANEL, derived_from=source,
        component=tuple(
            Component(code=codes.concept(codes.PHQ4_ITEMS[key]), value_integer=value) for key, value in known.items()
        ),
    )  # fmt: skip
    panel = (make.ref("Observation", "phq4-items", check.uuid),)
    if len(known) == len(codes.PHQ4_ITEMS):
        total, mood = sum(known.values()), known["phq4_pleasure"] + known["phq4_low"]
        yield _score_of_mood(make, check, "phq4", codes.PHQ4_TOTAL, value_integer=total, derived_from=panel)
        yield _score_of_mood(make, check, "phq2", codes.PHQ2_TOTAL, value_integer=mood, derived_from=panel)


def _score_of_mood(make: Making, check: Check, what: str, code: Code, **more: Any) -> Observation:
    id = make.id("Observation", what, check.uuid)
    return Observation(
        id=id, identifier=named(id), meta=private(is_private=True), status="final", category=codes.SURVEY,
        code=codes.concept(code), subject=make.patient, effective_date_time=second(check.answered_at),
        performer=make.by_person, **more,
    )  # fmt: skip


# ---- what stands ------------------------------------------------------------------------------------------------


def condition_refs(make: Making, check: Check) -> tuple[Reference, ...]:
    """The conditions of the newest check."""
    return tuple(make.ref("Condition", code.text) for code in _told_conditions(check))


def _told_conditions(check: Check) -> list[Code]:
    found = [codes.UPPER_BACK_PAIN]
    for (key, value), code in codes.CONDITIONS.items():
        given = check.findings.get(key)
        has = value in given if isinstance(given, list | tuple) else str(given).lower() == value
        if has and code not in found:
            found.append(code)
    return found


def _conditions(make: Making, check: Check) -> Iterator[Condition]:
    """What the person says they have. Nobody has confirmed it here."""
    teller = make.teller(is_proxy=check.is_proxy)
    for code in _told_conditions(check):
        id = make.id("Condition", code.text)
        yield Condition(
            id=id, identifier=named(id), clinical_status=codes.terminology("condition-clinical", "active"),
            verification_status=codes.terminology("condition-ver-status", "unconfirmed"),
            category=(codes.terminology("condition-category", "problem-list-item"),), code=codes.concept(code),
            subject=make.patient, recorded_date=second(check.answered_at), recorder=teller, asserter=teller,
        )  # fmt: skip


def _standing_flags(make: Making, check: Check) -> Iterator[Flag]:
    if check.findings.get("anticoagulant") is True:
        yield safety_flag(make, "anticoagulant", make.content.findings["anticoagulant"].title, check)


def safety_flag(make: Making, tag: str, title: str, check: Check) -> Flag:
    """A caution that whoever treats the person should see first."""
    id = make.id("Flag", tag)
    return Flag(
        id=id, identifier=named(id), status="active", category=(codes.terminology("flag-category", "safety"),),
        code=released("caution", tag, title), subject=make.patient, period=Period(start=second(check.decided_at)),
        author=make.software,
    )  # fmt: skip
