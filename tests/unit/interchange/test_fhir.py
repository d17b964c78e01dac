"""The mapping to FHIR R4 itself: what is unknown says so, what is private stays, and twice the same is the same."""

import datetime as dt
import json
import re
import uuid
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upperback.care.diary import (
    CheckIn,
    Entry,
    Morning,
    SessionEnded,
    SessionStarted,
    SetDone,
    TaskChanged,
    TaskDone,
    TaskTold,
    Warned,
    Worn,
    Written,
)
from upperback.content.vocabulary import default_content
from upperback.interchange.fhir import (
    Making,
    codes,
    definition_resources,
    document,
    person_resources,
    plain,
    transaction,
)
from upperback.interchange.fhir.elements import Questionnaire, Resource, to_json
from upperback.interchange.fhir.records import Check, Chosen, GoalKept, Identity, Person, PlanMade, Told

CONTENT = default_content()
AT = dt.datetime(2026, 11, 1, 9, 30, 15, 123456, tzinfo=dt.UTC)
EVERYTHING = Chosen(mood=True, diary=True)
FINDINGS: dict[str, Any] = {
    "age": 41, "sex": "female", "fever": False, "osteoporosis": True, "trauma": "none", "duration_weeks": "unknown",
    "rigors": "unknown", "site": ["neck", "unknown"], "worse_with": [], "surgery_weeks_ago": "never", "pain": 4.25,
    "self_harm": "passive", "phq4_nervous": 1, "phq4_worry": 2, "phq4_pleasure": 3, "phq4_low": 2, "phq4": 8,
}  # fmt: skip


def rule(id: str, state: str = "fired") -> dict[str, Any]:
    return {"id": id, "state": state, "disposition": CONTENT.rules[id].disposition, "why": f"why {id}"}


def check(**changed: Any) -> Check:
    given: dict[str, Any] = {
        "uuid": uuid.UUID(int=7), "answered_at": AT, "decided_at": AT, "is_proxy": False, "findings": FINDINGS,
        "declined": (), "disposition": "urgent_same_day", "complete": True, "title": "Get help today",
        "record": {"within_days": 1, "rules": [rule("U12"), rule("G05")]},
        "release": "upper-back 0.1.0", "release_sha256": "0" * 64,
    }  # fmt: skip
    return Check(**given | changed)


def told(*entries: Entry, every: int = 1) -> list[Written]:
    return [
        Written(
            id=number, day=AT.date() + dt.timedelta(days=number // every), entry=entry,
            at=AT + dt.timedelta(days=number // every, minutes=number), uuid=uuid.UUID(int=100 + number),
        )
        for number, entry in enumerate(entries)
    ]  # fmt: skip


def person(**changed: Any) -> Person:
    given: dict[str, Any] = {
        "uuid": uuid.UUID(int=1), "name": "Ana & <Co>", "created_at": AT, "software": "1", "checks": [check()],
        "told": [], "plans": [], "plan_is_open": True, "cleared": [], "reviews": [], "goals": [], "diary": [],
    }  # fmt: skip
    return Person(**given | changed)


def made(who: Person, chosen: Chosen | None = None) -> list[dict[str, Any]]:
    return [plain(one) for one in person_resources(making(who, chosen))]


def making(who: Person, chosen: Chosen | None = None, **more: Any) -> Making:
    return Making(person=who, content=CONTENT, chosen=chosen or Chosen(), **more)


def of(kind: str, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in found if one["resourceType"] == kind]


def coded(found: list[dict[str, Any]], code: str) -> list[dict[str, Any]]:
    return [one for one in of("Observation", found) if any(part["code"] == code for part in one["code"]["coding"])]


def items(found: list[dict[str, Any]]) -> dict[str, Any]:
    return {item["linkId"]: item["answer"] for item in of("QuestionnaireResponse", found)[0]["item"]}


def test_an_answer_stands_under_its_finding_and_what_is_unknown_says_so() -> None:
    answers = items(made(person()))
    assert answers["fever"] == [{"valueCoding": {"system": codes.YES_NO, "code": "N", "display": "No"}}]
    assert answers["age"] == [{"valueInteger": 41}]
    unknown = {"system": codes.ABSENT, "code": "asked-unknown", "display": "Asked But Unknown"}
    assert answers["rigors"] == [{"valueCoding": unknown}]
    assert answers["site"][1] == {"valueCoding": unknown}
    assert answers["duration_weeks"] == [{"extension": [{"url": codes.ABSENT_EXTENSION, "valueCode": "asked-unknown"}]}]
    assert "worse_with" not in answers  # nothing of the list; FHIR has no empty answer
    assert "surgery_weeks_ago" not in answers  # does not apply
    assert "weight_loss" not in answers  # was not asked
    assert set(answers) <= {item.link_id for item in forms()["SafetyCheck"].item}


def forms() -> dict[str, Questionnaire]:
    return {one.name: one for one in definition_resources(CONTENT) if isinstance(one, Questionnaire)}


def test_what_somebody_would_rather_not_say_is_no_gap() -> None:
    findings = {key: value for key, value in FINDINGS.items() if key != "self_harm"}
    declined = check(findings=findings, declined=["self_harm"])
    answers = items(made(person(checks=[declined]), EVERYTHING))
    assert answers["self_harm"] == [
        {"valueCoding": {"system": codes.ABSENT, "code": "asked-declined", "display": "Asked But Declined"}}
    ]


def test_mood_leaves_only_where_it_is_chosen() -> None:
    who = person()
    least = [*made(who), plain(document(making(who), AT))]
    text = json.dumps(least)
    for word in ("self_harm", "phq4", "70272-0", "U12", "why U12", "passive"):
        assert word not in text
    assert "why G05" in text
    assert "did not choose to share" in text
    everything = made(who, EVERYTHING)
    assert coded(everything, "70272-0")[0]["valueInteger"] == 8
    assert coded(everything, "55758-7")[0]["valueInteger"] == 5
    assert all(one["meta"]["security"][0]["code"] == "R" for one in coded(everything, "70272-0"))
    assert "why U12" in json.dumps(everything)


def test_no_sum_of_mood_where_an_item_is_missing() -> None:
    findings = FINDINGS | {"phq4_low": "unknown"}
    found = made(person(checks=[check(findings=findings)]), EVERYTHING)
    assert not coded(found, "70272-0")
    assert not coded(found, "55758-7")
    assert len(coded(found, "69724-3")[0]["component"]) == 3


def test_the_rule_about_open_emergencies_does_not_tell_of_one_that_stays() -> None:
    for others, shown in ((["E11"], False), (["E01"], True)):
        record = {"within_days": None, "rules": [rule("U19"), *(rule(id, "open") for id in others)]}
        text = json.dumps(made(person(checks=[check(record=record)])))
        assert ("why U19" in text) is shown


def test_a_condition_is_only_what_was_told_and_never_what_was_worked_out() -> None:
    found = of("Condition", made(person()))
    assert {one["code"]["text"] for one in found} == {"Upper back pain", "Osteoporosis", "Neck pain"}
    assert {one["verificationStatus"]["coding"][0]["code"] for one in found} == {"unconfirmed"}
    assert not any("display" in coding for one in found for coding in one["code"]["coding"])


def test_what_somebody_else_told_is_not_told_by_the_person() -> None:
    found = made(person(checks=[check(is_proxy=True)]))
    somebody = {"display": "Somebody who answers for the person"}
    assert of("QuestionnaireResponse", found)[0]["source"] == somebody
    assert of("Condition", found)[0]["asserter"] == somebody
    told = of("Provenance", found)[0]
    assert told["agent"][0]["who"] == somebody
    assert told["agent"][0]["type"]["coding"][0]["code"] == "informant"


def test_what_only_a_hidden_pattern_brings_stays_too() -> None:
    change = {"id": "LM-STRESS", "name": "Stress", "sums": []}
    one = plan(1)
    hidden = replace(one, record={**one.record, "pattern": "C12", "load_changes": [change]})
    text = json.dumps(made(person(plans=[hidden])))
    assert "Stress" not in text
    text = json.dumps(made(person(plans=[hidden]), EVERYTHING))
    assert "Stress and tension" in text


def test_the_course_is_told_in_the_order_of_its_days() -> None:
    diary = told(*(CheckIn(pain_average=number % 10) for number in range(60)))
    found = plain(document(making(person(diary=diary)), AT))
    course = next(one for one in found["entry"][0]["resource"]["section"] if one["title"] == "How it goes")
    lines = re.findall(r"<li>(20[0-9-]+):", course["text"]["div"])
    assert lines == sorted(lines)
    assert lines[-1] == str(AT.date() + dt.timedelta(days=59))
    assert "And 21 more." in course["text"]["div"]


def test_twice_the_same_is_the_same_and_an_id_is_there_once() -> None:
    who = person(diary=told(Morning(pain=3), CheckIn(pain_average=4)))
    first, second = (to_json(transaction(making(who, EVERYTHING), AT)) for _ in range(2))
    assert first == second
    later = transaction(making(who, EVERYTHING), AT + dt.timedelta(days=9))
    assert [entry["resource"] for entry in plain(later)["entry"]] == [
        one["resource"] for one in json.loads(first)["entry"]
    ]
    ids = [one["id"] for one in made(who, EVERYTHING)]
    assert len(set(ids)) == len(ids)
    other = {one["id"] for one in made(replace(who, uuid=uuid.UUID(int=2)), EVERYTHING)}
    assert not other & set(ids)


def test_a_new_entry_changes_no_id_of_what_was_there() -> None:
    before = {one["id"] for one in made(person(diary=told(Morning(pain=3))), EVERYTHING)}
    after = {one["id"] for one in made(person(diary=told(Morning(pain=3), Morning(pain=2))), EVERYTHING)}
    assert before < after


def test_numbers_are_rounded_before_they_are_written() -> None:
    worn = Worn(source="phone", measured_s=100.0 / 3, bent_s=0.1 + 0.2)
    done = SetDone(session="s", exercise="ST01", number=1, reps=8, load_kg=0.1 + 0.2)
    text = to_json(transaction(making(person(diary=told(worn, done)), EVERYTHING), AT)).decode()
    assert '"value":0.6' in text
    assert '"value":0.3,' in text
    assert "0000000" not in text.replace("0" * 64, "").replace("00000000-", "")
    assert codes.number(3.0) == 3
    assert isinstance(codes.number(3.0), int)
    assert coded(made(person()), "72514-3")[0]["valueQuantity"]["value"] == 4.2


def plan(number: int, *, allowed: bool = True) -> PlanMade:
    record = {
        "pattern": "C02", "strength_days": ["mon"],
        "caution_notes": [{"tag": "osteoporosis_vf", "title": "Bones", "sure": False}],
        "left_out": [{"id": "ST13", "because": "Bones.", "tags": ["osteoporosis_vf"]}], "load_changes": [],
        "breaks": {"every_minutes": 30}, "exercises": [
            {"id": "ST01", "kind": "strength", "sets": 2, "reps": 8, "rest_s": 60, "per_day": 1, "unit": "slow",
             "title": "Pull", "why_short": "Strong.", "how": [], "hold_s": None, "instead_of": None},
        ],
    }  # fmt: skip
    return PlanMade(
        uuid=uuid.UUID(int=50 + number), number=number, made_at=AT + dt.timedelta(days=number), starts_on=AT.date(),
        allowed=allowed, check=uuid.UUID(int=7), record=record,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("allowed", "is_open", "status", "activities"),
    [(True, True, "active", 2), (True, False, "on-hold", 2), (False, False, "on-hold", 0)],
)
def test_a_plan_takes_the_place_of_the_one_before_and_is_active_only_while_it_may_be_followed(
    allowed: bool, is_open: bool, status: str, activities: int
) -> None:
    plans = [plan(1), plan(2, allowed=allowed)]
    found = made(person(plans=plans, plan_is_open=is_open))
    first, second = of("CarePlan", found)
    assert (first["status"], second["status"]) == ("revoked", status)
    assert second["replaces"] == [{"reference": f"urn:uuid:{first['id']}"}]
    assert len(second.get("activity", [])) == activities
    assert is_open == ("note" not in second)
    assert [one["detail"]["status"] for one in second.get("activity", [])] == activities * [
        "scheduled" if is_open else "stopped"
    ]


def test_an_exercise_that_does_not_fit_names_it_and_the_caution() -> None:
    found = made(person(plans=[plan(1)]))
    issue = of("DetectedIssue", found)[0]
    assert issue["implicated"][0]["display"] == CONTENT.exercises["ST13"].title
    flag = of("Flag", found)[0]
    assert issue["implicated"][1]["reference"] == f"urn:uuid:{flag['id']}"
    assert flag["code"]["text"] == "Bones (the person is not sure; taken as if it were so)"
    assert issue["mitigation"][0]["action"]["text"] == "Left out of the plan"


def test_a_warning_sign_is_always_told_and_stands_near_the_beginning() -> None:
    diary = told(
        Warned(signs=("before_legs", "before_chest", "pain_rise")),
        SessionEnded(session="s", how="felt_wrong", sign="stop_faint"),
        SessionEnded(session="t", how="felt_wrong"), CheckIn(arm="yes"), CheckIn(arm="no"),
        SessionEnded(session="u", how="finished"),
    )  # fmt: skip
    found = plain(document(making(person(diary=diary)), AT))
    section = found["entry"][0]["resource"]["section"][1]
    assert section["title"] == "Warning signs told outside a safety check"
    words = [
        "Legs, bladder or bowels", "Chest, breath or fever", "Feeling faint", "Something felt wrong",
        "The pain has clearly risen",
        "New tingling, numbness or less strength in an arm",
    ]  # fmt: skip
    assert [word for word in words if word not in section["text"]["div"]] == []
    assert len(section["entry"]) == len(words)


def test_days_with_strength_exercise_are_counted_week_by_week() -> None:
    started = [SessionStarted(session=id, what="strength") for id in "abc"]
    diary = told(
        started[0], SessionEnded(session="a", how="finished"),  # on a Sunday
        started[1], SessionEnded(session="b", how="ended_early"),  # on the Monday after it
        *(Morning(pain=1) for _ in range(26)),
        started[2], SessionEnded(session="c", how="finished"),  # two weeks later
        every=2,
    )  # fmt: skip
    found = coded(made(person(diary=diary)), "82291-6")
    counted = {one["effectivePeriod"]["start"]: one["valueQuantity"]["value"] for one in found}
    assert counted == {"2026-10-26": 1, "2026-11-02": 0, "2026-11-09": 0, "2026-11-16": 1}
    assert len({one["id"] for one in found}) == len(found)


def test_the_diary_leaves_only_where_it_is_chosen() -> None:
    diary = told(
        SessionStarted(session="s", what="strength"), SetDone(session="s", exercise="ST01", number=1, reps=8),
        SessionEnded(session="s", how="finished"), Morning(pain=3), CheckIn(pain_average=4), every=9,
    )  # fmt: skip
    least, everything = made(person(diary=diary)), made(person(diary=diary), EVERYTHING)
    assert not of("Procedure", least)
    assert of("Procedure", everything)[0]["status"] == "completed"
    assert coded(everything, "55411-3")[0]["valueQuantity"]["value"] == 2
    assert len(coded(least, "72514-3")) == 2  # of the check and of the check-in
    assert len(coded(everything, "72514-3")) == 3


def test_no_mean_of_activities_where_one_is_missing() -> None:
    activities = [{"words": "Swim", "score": 3}, {"words": "Sit", "score": 4}]
    named = [Told(uuid=uuid.UUID(int=9), at=AT, activities=activities, measures={"stress": 4})]
    for scores, means in (((5, 6), [3.5, 5.5]), ((5, None), [3.5])):
        found = made(person(told=named, diary=told(CheckIn(activities=scores))))
        assert [one["valueQuantity"]["value"] for one in coded(found, "psfs-mean")] == means


def test_own_words_are_text_in_the_summary() -> None:
    words = "Lift <script>alert(1)</script> & go\x07"
    goal = GoalKept(id="g", words=words, activity="", aim=None, reached=False, reached_on=None)
    found = plain(document(making(person(goals=[goal])), AT))
    composition = found["entry"][0]["resource"]
    text = next(one for one in composition["section"] if one["title"] == "Goals")["text"]["div"]
    assert "Lift &lt;script&gt;alert(1)&lt;/script&gt; &amp; go (" in text
    assert "LOINC" in composition["section"][-1]["text"]["div"]


@given(st.text(max_size=30), st.text(max_size=30))
@settings(max_examples=60, deadline=None)
def test_whatever_somebody_types_is_a_text_of_fhir(one: str, other: str) -> None:
    diary = told(
        TaskTold(task="t", category="LM-LIFT", name=one), TaskDone(task="t", before=1, after=2),
        TaskChanged(task="t", change="c", words=other), CheckIn(activities=(3, 4)),
    )  # fmt: skip
    goal = GoalKept(id="g", words=one, activity=other, aim=8, reached=False, reached_on=None)
    activities = [{"words": one, "score": 3}, {"words": other, "score": 4}]
    named = [Told(uuid=uuid.UUID(int=9), at=AT, activities=activities, measures={})]
    who = person(name=one, diary=diary, goals=[goal], told=named)
    found = plain(document(making(who, EVERYTHING), AT))
    addresses = [entry["fullUrl"] for entry in found["entry"]]
    assert len(set(addresses)) == len(addresses)
    for text in texts(found):
        assert re.fullmatch(r"[ \r\n\t\S]+", text)
        assert text.strip() == text
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]", text)


def texts(value: Any) -> list[str]:
    parts = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    return [value] if isinstance(value, str) else [text for part in parts for text in texts(part)]


def test_a_clinic_finds_the_person_by_what_was_typed_in() -> None:
    identity = Identity(family="Gray", given="Ana Maria", birth_date=dt.date(1980, 5, 31), nhs_number="9434765919")
    patient = plain(person_resources(making(person(), identity=identity))[0])
    assert patient["name"][0] == {
        "use": "official", "text": "Ana Maria Gray", "family": "Gray", "given": ["Ana", "Maria"],
    }  # fmt: skip
    assert patient["birthDate"] == "1980-05-31"
    assert patient["identifier"][0] == {"system": codes.NHS_NUMBER, "value": "9434765919"}
    nameless = plain(person_resources(making(person()))[0])
    assert nameless["name"] == [{"use": "usual", "text": "Ana & <Co>"}]
    assert len(nameless["identifier"]) == 1


def test_every_own_code_is_defined() -> None:
    who = person(plans=[plan(1)], diary=told(CheckIn(pgic=3, sleep=2), Worn(source="phone", measured_s=9, bent_s=1)))
    defined = {
        one.code for one in next(one for one in definition_resources(CONTENT) if hasattr(one, "concept")).concept
    }
    for one in [*person_resources(making(who, EVERYTHING)), *definition_resources(CONTENT), document(making(who), AT)]:
        assert own_codes(one) <= defined


def own_codes(resource: Resource) -> set[str]:
    def walk(value: Any) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(walk, value))
        if not isinstance(value, dict):
            return set()
        own = {value["code"]} if value.get("system") == codes.LOCAL and "code" in value else set()
        return own.union(*map(walk, value.values()))

    return walk(plain(resource))
