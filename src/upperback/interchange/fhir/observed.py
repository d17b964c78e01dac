"""What came from outside, handed on as it came, with who made it: never as something told or decided here."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from upperback.care.diary import Coded, Observed, ObservedPart, ObservedValue, only
from upperback.interchange.fhir.elements import (
    CodeableConcept,
    Coding,
    Component,
    Moment,
    Observation,
    Period,
    Quantity,
    Reference,
)
from upperback.interchange.fhir.making import Making, named, private


def observed_resources(make: Making) -> Iterator[Observation]:
    """Each observation from outside; those about mood only where the person chose so."""
    for row, entry in only(make.person.observed, Observed):
        if entry.private and not make.chosen.mood:
            continue
        id = make.id("Observation", "observed", row.uuid)
        starts, ends = _moment(entry.starts), _moment(entry.ends) if entry.ends else None
        yield Observation(
            id=id, identifier=named(id), meta=private(entry.private), status="final", code=_concept(entry),
            category=tuple(CodeableConcept(coding=(_coding(code),)) for code in entry.category), subject=make.patient,
            performer=(Reference(display=entry.came_from),),
            effective_date_time=None if entry.is_period else starts,
            effective_period=Period(start=starts, end=ends) if entry.is_period else None,
            component=tuple(Component(code=_concept(part), **_value(part.value)) for part in entry.parts),
            **_value(entry.value),
        )  # fmt: skip


def _moment(text: str) -> Moment:
    return dt.date.fromisoformat(text) if "T" not in text else dt.datetime.fromisoformat(text)


def _coding(code: Coded) -> Coding:
    return Coding(system=code.system, code=code.code)


def _concept(what: Observed | ObservedPart | ObservedValue) -> CodeableConcept:
    return CodeableConcept(coding=tuple(_coding(code) for code in what.codes), text=what.words)


def _value(value: ObservedValue | None) -> dict[str, Any]:
    match value:
        case None:
            return {}
        case ObservedValue(kind="amount"):
            number = int(value.number) if value.number.is_integer() else value.number
            system = "http://unitsofmeasure.org" if value.unit_code else None
            unit, code = value.unit or None, value.unit_code or None
            return {"value_quantity": Quantity(value=number, unit=unit, system=system, code=code)}
        case ObservedValue(kind="whole"):
            return {"value_integer": int(value.number)}
        case ObservedValue(kind="coded"):
            return {"value_codeable_concept": _concept(value)}
        case ObservedValue(kind="words"):
            return {"value_string": value.words or "-"}
        case _:
            return {"value_boolean": value.yes}
