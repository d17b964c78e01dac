"""The whole plan: its record, its text, its reasons."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.care.plan.people import CALM_PERSON, CONTENT, facts_of, plan_of, record_of
from upperback.care.plan import Choices, build_plan, plan_record, plan_text, read_choices
from upperback.care.plan.words import fill, listed, told
from upperback.care.triage import read_findings
from upperback.content.models import Finding

CONTRACT = [
    "allowed",
    "locked_because",
    "pattern",
    "phase",
    "irritability",
    "cautions",
    "strength_allowed",
    "exercises",
    "load_rules",
    "messages",
    "safety_net",
    "review_day",
    "text",
]
EXERCISE_CONTRACT = ["id", "kind", "sets", "reps", "rest_s", "per_day", "days_per_week", "why"]


def values_of(finding: Finding) -> st.SearchStrategy[object]:
    """Any value the finding can have, and not knowing."""
    unknown = st.just("unknown")
    match finding.kind:
        case "flag":
            return st.booleans() | unknown
        case "choice":
            return st.sampled_from(finding.values) | unknown
        case "list":
            return st.lists(st.sampled_from(finding.values), max_size=3, unique=True) | unknown
        case _:
            limits = finding.number
            assert limits is not None
            return st.integers(int(limits.minimum), int(limits.maximum)) | unknown


QUIET_KEYS = sorted(set(CONTENT.answerable) - {"age"})
PLAN_KEYS = sorted(key for key, finding in CONTENT.answerable.items() if finding.read_by == "plan")


def anyone(keys: list[str], *, most: int) -> st.SearchStrategy[dict[str, object]]:
    """Somebody with some answers out of `keys`."""
    some = st.lists(st.sampled_from(keys), max_size=most, unique=True)
    filled = some.flatmap(
        lambda chosen: st.fixed_dictionaries({key: values_of(CONTENT.findings[key]) for key in chosen})
    )
    return st.tuples(filled, st.integers(0, 100)).map(lambda both: {**both[0], "age": both[1]})


def test_the_record_keeps_the_contract() -> None:
    for record in (record_of(), record_of(saddle_numbness=True), record_of(cancer_history="past"), record_of(pain=9)):
        assert list(record)[: len(CONTRACT)] == CONTRACT
        assert msgspec.json.decode(msgspec.json.encode(record)) == record
        for exercise in record["exercises"]:
            assert list(exercise)[: len(EXERCISE_CONTRACT)] == EXERCISE_CONTRACT
            assert exercise["why"].endswith(".")
            assert exercise["source"]


def test_why_speaks_with_the_persons_own_answers() -> None:
    why = record_of(worse_with=["sitting"])["exercises"][0]["why"]
    assert why.startswith("Because you told us that sitting makes the pain worse.")
    assert "part of the plan" in record_of()["exercises"][0]["why"]
    assert record_of({"keep": ["MV08"]})["exercises"][0]["why"].startswith("Because you chose it.")


def test_what_rounds_off_a_set_says_so() -> None:
    record = record_of({"drop": ["MV02", "MV04", "MV05", "MV15"]})
    assert any("rounds off" in exercise["why"] for exercise in record["exercises"])


def test_the_text_holds_everything_that_matters() -> None:
    text = record_of(
        {"tasks": [{"category": "LM-SIT", "minutes_to_symptom": 20}]}, osteoporosis=True, duration_weeks=20
    )["text"]
    for part in (
        "0.7 × 20 = 14",
        "Shoulder-blade squeeze",
        "Stop at once",
        "999",
        "day 42",
        "For you:",
        "Strength, on Monday, Wednesday and Friday",
        "When to get help",
    ):
        assert part in text
    assert "{" not in text


def test_reassurance_only_comes_with_a_clear_check() -> None:
    told_text = CONTENT.patterns["C01"].told
    assert told_text in record_of()["text"]
    assert told_text not in record_of(cancer_history="past")["text"]
    assert told_text not in record_of(saddle_numbness=True)["text"]


def test_a_cleared_person_reads_that_the_plan_begins_gently() -> None:
    assert "now that you have been checked" in record_of({"cleared_by": "gp"}, weight_loss=True)["text"]
    waiting = record_of(flares_past_year=3)["text"]
    assert "until you have been seen" in waiting
    assert "Move fully, build lightly" in waiting


def test_the_text_speaks_the_language_of_the_region() -> None:
    plan = plan_of()
    assert "999" in plan_text(plan)
    assert "112" in plan_text(plan, region="fallback")


def test_one_of_everything_reads_well() -> None:
    half = record_of({"days": ["mon"]}, duration_weeks=30, phq4=7, sleep_disturbed=6)["text"]
    assert "1 set of 8" in half
    assert "1 day a week" in half
    assert "Strength, on Monday\n" in half


def test_building_twice_gives_the_same() -> None:
    facts = facts_of(worse_with=["sitting"])
    first = plan_record(build_plan(facts, Choices(), CONTENT))
    assert first == plan_record(build_plan(facts, Choices(), CONTENT))


def test_a_locked_plan_shows_no_pattern_that_reassures() -> None:
    assert record_of(saddle_numbness=True)["pattern"] is None
    assert record_of(weight_loss=True)["pattern"] is None
    assert record_of(osteoporosis=True, onset="sudden")["pattern"] == "C07"


def test_tasks_count_however_the_facts_were_read() -> None:
    choices = read_choices({"tasks": [{"category": "LM-PHONE"}]}, CONTENT)
    bare = build_plan(facts_of(), choices, CONTENT)
    told_before = read_findings(CALM_PERSON, content=CONTENT, absent="no", tasks=["lm_phone"])
    assert bare.pattern.id == build_plan(told_before, choices, CONTENT).pattern.id == "C02"


def test_small_words() -> None:
    services = CONTENT.service_table()
    assert fill("Call {emergency} about {nothing}.", services) == "Call 999 about {nothing}."
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert told("osteoporosis", facts_of(), CONTENT) == ""
    assert told("always", facts_of(), CONTENT) == ""


@settings(max_examples=300, deadline=None)
@given(person=anyone(QUIET_KEYS, most=8), absent=st.sampled_from(["no", "unknown"]), cleared=st.booleans())
def test_laws_of_every_plan(person: dict[str, object], absent: str, cleared: bool) -> None:
    choices = Choices(cleared_by="gp" if cleared else None)
    plan = build_plan(read_findings(person, content=CONTENT, absent=absent), choices, CONTENT)  # type: ignore[arg-type]
    record = plan_record(plan)
    tags = set(record["cautions"])
    if plan.decision.disposition in ("emergency_now", "urgent_same_day"):
        assert not plan.allowed
    if not plan.decision.complete or int(str(person["age"])) < 16:
        assert not plan.allowed
    if any(state.rule.disposition != "physio_routine" for state in plan.decision.open) and not cleared:
        assert not plan.allowed
    if plan.decision.disposition == "gp_soon" and not cleared:
        assert not plan.strength_allowed
    if not plan.allowed:
        assert record["exercises"] == record["load_rules"] == []
        assert record["locked_because"]
    for item in plan.exercises:
        assert not any(c.effect == "hide" and c.tag in tags for c in item.exercise.cautions)
        assert item.exercise.kind == "movement" or plan.strength_allowed
    assert "core" in record["safety_net"]
    assert "{" not in record["text"]


@settings(max_examples=200, deadline=None)
@given(person=anyone(PLAN_KEYS, most=4), key=st.sampled_from(PLAN_KEYS), data=st.data())
def test_an_unknown_caution_never_opens_more_than_a_no(
    person: dict[str, object], key: str, data: st.DataObject
) -> None:
    """What nobody knows is treated as carefully as a yes."""
    base = {**CALM_PERSON, **person, "age": 45}
    base.pop(key, None)
    no = build_plan(read_findings(base, content=CONTENT, absent="no"), Choices(), CONTENT)
    unsure = build_plan(read_findings({**base, key: "unknown"}, content=CONTENT, absent="no"), Choices(), CONTENT)
    assert {item.tag for item in no.cautions} <= {item.tag for item in unsure.cautions}


@pytest.mark.parametrize("absent", ["no", "unknown"])
def test_a_plan_is_never_a_diagnosis(absent: str) -> None:
    for pattern in CONTENT.patterns.values():
        assert "you have " not in f"{pattern.told} {pattern.because}".lower().replace("you have plenty", "")
