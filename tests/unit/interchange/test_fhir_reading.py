"""Bundles from outside: strict, about one person, whole or not at all, with the place that was wrong."""

import copy
import json
import re
from typing import Any

import pytest

from upperback.care.diary import ObservedValue
from upperback.core.errors import InputError
from upperback.interchange.fhir import codes
from upperback.interchange.fhir.reading import Incoming, read_bundle

PATIENT = {"resourceType": "Patient", "id": "p", "name": [{"given": ["Ana", "Maria"], "family": "Gray"}]}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation", "id": "o1", "status": "final", "code": {"text": "Grip"},
    "subject": {"reference": "urn:uuid:p"}, "effectiveDateTime": "2026-11-20T09:30:00.5+02:00",
    "valueQuantity": {"value": 31.5, "unit": "kg"},
}  # fmt: skip
PLAN: dict[str, Any] = {
    "resourceType": "CarePlan", "id": "c", "status": "active", "intent": "plan", "subject": {"reference": "Patient/p"},
    "activity": [{"detail": {"code": {"text": "Swim twice a week"}, "status": "scheduled"}}, {"reference": {}}],
}  # fmt: skip


def entry(resource: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource} | parts


def bundle(*resources: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [entry(PATIENT), *map(entry, resources)]} | parts


def read(value: Any) -> Incoming:
    return read_bundle(value if isinstance(value, bytes) else json.dumps(value).encode())


def with_(base: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return copy.deepcopy(base) | parts


def test_what_is_taken() -> None:
    found = read(bundle(OBSERVATION, PLAN))
    (one,) = found.observations
    assert (found.person, found.patient, found.source) == ("Ana Maria Gray", "p", "a file without a name")
    assert (one.starts, one.words, one.there) == ("2026-11-20T07:30:00Z", "Grip", "o1")
    assert found.plan is not None
    assert found.plan.exercises == ()
    assert found.plan.also == ("Swim twice a week", "an activity that is written elsewhere")


def test_scripts_and_marks_come_out_as_one_line_of_text() -> None:
    words = "<script>alert(1)</script>\u202e\n{{ 7*7 }} \x00'; DROP TABLE"
    told = with_(without("valueQuantity"), code={"text": words}, performer=[{"display": words}], valueString=words)
    (one,) = read(bundle(told)).observations
    for text in (one.words, one.came_from, one.value.words if one.value else ""):
        assert text.isprintable()
        assert text.startswith("<script>alert(1)</script>")


FORM: dict[str, Any] = {
    "resourceType": "QuestionnaireResponse", "id": "f", "status": "completed", "subject": {"reference": "Patient/p"},
    "questionnaire": "https://upperback.example/fhir/Questionnaire/safety-check|1", "authored": "2026-11-20T09:30:00Z",
    "item": [
        {"linkId": "age", "text": "Age in completed years", "answer": [{"valueInteger": 44}]},
        {"linkId": "sex", "text": "Recorded sex", "answer": [{"valueCoding": {"system": "s", "code": "sex.x"}}]},
        {"linkId": "site", "text": "Where", "answer": [{"valueString": "ribs"}, {"valueString": "neck"}]},
        {"linkId": "psfs", "answer": [{"valueDecimal": 2.5}]},
        {"linkId": "self_harm", "text": "Safe", "answer": [{"valueBoolean": False}]},
        {"linkId": "cleared_on", "answer": [{"valueDate": "2026-11-19"}]},
        {"linkId": "pain", "text": "Not answered"},
    ],
}  # fmt: skip


def test_answers_to_a_form_of_ours_that_was_filled_in_elsewhere() -> None:
    found = read(bundle(FORM)).observations
    told = {one.there: one for one in found}
    assert list(told) == ["f/age", "f/sex", "f/site", "f/psfs", "f/self_harm", "f/cleared_on"]
    assert {one.starts for one in found} == {"2026-11-20T09:30:00Z"}
    age, words, psfs = told["f/age"], told["f/sex"].value, told["f/psfs"]
    assert (age.words, age.value and age.value.number) == ("Age in completed years", 44)
    assert words is not None
    assert (words.kind, words.words, words.codes[0].code) == ("coded", "sex.x", "sex.x")
    assert [part.value and part.value.words for part in told["f/site"].parts] == ["ribs", "neck"]
    assert (psfs.words, psfs.value and psfs.value.number) == ("psfs", 2.5)
    assert [one.there for one in found if one.private] == ["f/self_harm"]
    assert told["f/cleared_on"].value == ObservedValue(kind="words", words="2026-11-19")


def test_forms_of_others_and_those_that_an_upperback_wrote_are_left_out() -> None:
    for parts in ({"questionnaire": "https://x.org/Questionnaire/1"}, {"identifier": {"system": codes.IDS}}):
        found = read(bundle(with_(FORM, **parts)))
        assert (found.observations, found.others) == ((), {"QuestionnaireResponse": 1})


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"status": "in-progress"}, "status: “in-progress” is not taken"),
        ({"subject": None}, "subject: is missing"),
        ({"subject": {"reference": "Patient/q"}}, "another person"),
        ({"authored": None}, "authored: .* is no day"),
        ({"id": "x" * 121}, "id: is missing, or is no name"),
        ({"modifierExtension": []}, "modifierExtension"),
        ({"item": [{"text": "Age"}]}, "item 1: a linkId"),
        ({"item": [{"linkId": "age", "item": []}]}, "item 1: item: is not taken"),
        ({"item": [{"linkId": "age", "answer": [{}]}]}, "one value is expected"),
        ({"item": [{"linkId": "age", "answer": [{"valueInteger": 1, "valueString": "1"}]}]}, "one value is expected"),
        ({"item": [{"linkId": "age", "answer": [{"valueReference": {}}]}]}, "one value is expected"),
        ({"item": [{"linkId": "age", "answer": [{"valueInteger": True}]}]}, "cannot be"),
        ({"item": [{"linkId": "age", "answer": [{"valueDecimal": "1"}]}]}, "cannot be"),
        ({"item": [{"linkId": "age", "answer": [{"valueDate": "2026"}]}]}, "is no day"),
        ({"item": [{"linkId": "age", "answer": [{"valueInteger": 1}]}] * 2}, "the same name"),
    ],
)
def test_a_form_that_is_wrong_is_refused_with_its_place(parts: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        read(bundle(with_(FORM, **parts)))


OTHERS: dict[str, Any] = {
    "another subject": with_(OBSERVATION, subject={"reference": "Patient/q"}),
    "another server's person of the same number": with_(OBSERVATION, subject={"reference": "https://x.org/Patient/p"}),
    "a subject by identifier": with_(OBSERVATION, subject={"reference": "Patient/p", "identifier": {"value": "1"}}),
    "a subject in words only": with_(OBSERVATION, subject={"display": "Somebody"}),
    "a person inside": with_(OBSERVATION, contained=[{"resourceType": "Patient", "id": "x"}]),
    "a person inside as subject": with_(OBSERVATION, subject={"reference": "#x"}),
    "a performer who is another person": with_(OBSERVATION, performer=[{"reference": "Patient/q"}]),
    "a search for a person": with_(OBSERVATION, performer=[{"reference": "Patient?name=q"}]),
    "deep in an extension": with_(OBSERVATION, extension=[{"url": "x", "valueReference": {"reference": "Patient/q"}}]),
    "in a kind that is not taken": {"resourceType": "Encounter", "id": "e", "subject": {"reference": "Patient/q"}},
    "by `patient`": {"resourceType": "Immunization", "id": "i", "patient": {"reference": "Patient/q"}},
    "a second person": {"resourceType": "Patient", "id": "q"},
    "a person as such": {"resourceType": "Encounter", "id": "e", "x": {"resourceType": "Person"}},
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_a_reference_to_another_person_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"another person|more than one person"):
        read(bundle(OTHERS[name]))


def test_a_joined_person_and_a_file_without_one() -> None:
    joined = bundle(OBSERVATION)
    joined["entry"][0]["resource"] = PATIENT | {"link": [{"other": {"reference": "Patient/q"}, "type": "replaces"}]}
    with pytest.raises(InputError, match="joined"):
        read(joined)
    alone = bundle(OBSERVATION, with_(OBSERVATION, id="o2"))
    del alone["entry"][0]
    assert (read(alone).person, len(read(alone).observations)) == ("", 2)
    alone["entry"][1]["resource"]["subject"] = {"reference": "Patient/q"}
    with pytest.raises(InputError, match=r"entry 2 .*another person"):
        read(alone)


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in OBSERVATION.items() if name not in names}


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "not final": (with_(OBSERVATION, status="entered-in-error"), "status: “entered-in-error”"),
    "no status": (without("status"), "status"),
    "no code": (without("code"), "code: is missing"),
    "an empty code": (with_(OBSERVATION, code={"coding": []}), "neither code nor words"),
    "no subject": (without("subject"), "subject: is missing"),
    "no time": (without("effectiveDateTime"), "one time"),
    "two times": (with_(OBSERVATION, effectivePeriod={"start": "2026-11-20"}), "one time"),
    "a time without a zone": (with_(OBSERVATION, effectiveDateTime="2026-11-20T09:30:00"), "no time with"),
    "a month": (with_(OBSERVATION, effectiveDateTime="2026-11"), "is no day"),
    "the 31st of February": (with_(OBSERVATION, effectiveDateTime="2026-02-31"), "is no day"),
    "a time before time": (with_(OBSERVATION, effectiveDateTime="0001-01-01T00:00:00+23:00"), "is no day"),
    "an end before the start": (
        without("effectiveDateTime") | {"effectivePeriod": {"start": "2026-11-20", "end": "2026-11-19"}}, "ends before",
    ),
    "no value": (without("valueQuantity"), "no value"),
    "two values": (with_(OBSERVATION, valueInteger=3), "two values"),
    "a value that is a word": (with_(OBSERVATION, valueQuantity={"value": "31"}), "a number is expected"),
    "more than": (with_(OBSERVATION, valueQuantity={"value": 3, "comparator": ">"}), "comparator"),
    "a yes as a number": (with_(OBSERVATION, valueQuantity={"value": True}), "a number is expected"),
    "a number without end": (with_(OBSERVATION, valueQuantity={"value": 1e308}), "no amount"),
    "an unknown part": (with_(OBSERVATION, grip=3), "grip: is not taken"),
    "a modifier": (with_(OBSERVATION, modifierExtension=[]), "changes what the rest means"),
    "about something else": (with_(OBSERVATION, focus=[]), "focus: is not taken"),
    "no name": (with_(OBSERVATION, id="x" * 201), "id: is missing"),
    "a component without a value": (with_(OBSERVATION, component=[{"code": {"text": "a"}}]), "component 1"),
    "a component that is none": (with_(OBSERVATION, component=["a"]), "component 1"),
    "a component of another kind": (
        with_(OBSERVATION, component=[{"code": {"text": "a"}, "valueInteger": 1, "valueTime": "1"}]), "valueTime"
    ),
    "too many components": (
        with_(OBSERVATION, component=[{"code": {"text": "a"}, "valueInteger": 1}] * 101), "entry 2 .*parts"
    ),
    "a long code": (with_(OBSERVATION, code={"coding": [{"system": "x", "code": "y" * 101}]}), "entry 2 .*code"),
    "a plan with a modifier": (with_(PLAN, modifierExtension=[]), "entry 2 .CarePlan."),
    "a plan without a person": ({key: value for key, value in PLAN.items() if key != "subject"}, "subject: is missing"),
    "a list that is none": (with_(PLAN, activity={}), "activity: a list"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_is_refused_with_its_place(name: str) -> None:
    resource, words = WRONG[name]
    with pytest.raises(InputError, match="entry 2") as refused:
        read(bundle(resource))
    assert re.search(words, refused.value.message), refused.value.message
    assert "\n" not in refused.value.message


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"resourceType": "Patient"}, "no FHIR bundle but “Patient”"),
        ({"type": "batch"}, "a bundle of the type “batch” is not taken"),
        ({"type": "history"}, "is not taken"),
        ({"implicitRules": "x"}, "implicitRules"),
        ({"entry": {}}, "entry: a list|no FHIR"),
        ({"entry": [{}]}, "entry 1: a resource"),
        ({"entry": [{"resource": {"resourceType": "a b"}}]}, "entry 1: resourceType"),
        ({"entry": [{"resource": {"resourceType": "Flag"}, "fullUrl": 3}]}, "entry 1: fullUrl"),
    ],
)
def test_another_file_is_refused(parts: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(bundle(OBSERVATION, **parts))


@pytest.mark.parametrize(
    "request_",
    [
        None, {"method": "DELETE", "url": "Observation/o1"}, {"method": "GET", "url": "Patient"},
        {"method": "PUT", "url": "Observation?identifier=1"},
        {"method": "POST", "url": "Observation", "ifNoneExist": "x"}, {"method": "PATCH", "url": "Observation/o1"},
    ],
)  # fmt: skip
def test_a_transaction_only_puts(request_: Any) -> None:
    put = {"method": "PUT", "url": "X/1"}
    entries = [entry(PATIENT, request=put), entry(OBSERVATION, request=request_)]
    with pytest.raises(InputError, match=r"entry 2 .Observation.: request"):
        read({"resourceType": "Bundle", "type": "transaction", "entry": entries})
    entries[1] = entry(OBSERVATION, request=put)
    assert len(read({"resourceType": "Bundle", "type": "transaction", "entry": entries}).observations) == 1


def test_names_and_plans_stand_once() -> None:
    with pytest.raises(InputError, match="the same name"):
        read(bundle(OBSERVATION, OBSERVATION))
    with pytest.raises(InputError, match="more than one plan"):
        read(bundle(PLAN, with_(PLAN, id="c2")))
    assert read(bundle(PLAN, with_(PLAN, id="c2", status="revoked"))).plan is not None
    with pytest.raises(InputError, match="two values"):
        read(b'{"resourceType":"Bundle","resourceType":"Bundle"}')
    with pytest.raises(InputError, match="nested too deeply"):
        read(bundle({"resourceType": "Encounter", "id": "e", "x": [[[[{"a": [json.loads("[" * 70 + "]" * 70)]}]]]]}))
