"""The six-week review: every row of the table with its edges."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upperback.care.review import ReviewOutcome, effort_of, read_review_inputs, review, review_record
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError

CONTENT = default_content()

#: Six weeks on: no warning sign, no change at all, plan really tried.
TRIED: dict[str, Any] = {
    "week": 6,
    "age": 40,
    "pgic": 4,
    "nprs_baseline": 5,
    "nprs_now": 5,
    "psfs_baseline": 5,
    "psfs_now": 5,
    "adherence_pct": 80,
    "load_changes_tried": True,
    "findings": {"duration_weeks": 8, "pattern": "mechanical", "trend": "same"},
}
HARDLY_TRIED = {"adherence_pct": 30, "load_changes_tried": False}


def reviewed(findings: dict[str, Any] | None = None, absent: Any = "no", **changes: Any) -> ReviewOutcome:
    raw = {**TRIED, **changes, "findings": {**TRIED["findings"], **(findings or {})}}
    return review(read_review_inputs(raw, content=CONTENT, absent=absent), CONTENT)


def row_of(findings: dict[str, Any] | None = None, **changes: Any) -> tuple[int, str]:
    result = reviewed(findings, **changes)
    return result.row, result.outcome


ROWS: list[tuple[int, str, dict[str, Any], dict[str, Any]]] = [
    # 1: safety first, however good the rest is
    (1, "seek_medical_help", {"saddle_numbness": True}, {"pgic": 1}),
    (1, "seek_medical_help", {"fever": True}, {"pgic": 1}),
    (1, "seek_medical_help", {"weight_loss": True}, {"pgic": 1}),
    (1, "seek_medical_help", {"night_pain": "unrelieved"}, {"pgic": 6}),
    (1, "seek_medical_help", {"chest_pain": "unknown"}, {"pgic": 1}),  # an open emergency rule
    (1, "seek_medical_help", {"rigors": "unknown"}, {"pgic": 1}),  # an open same-day rule
    (1, "seek_medical_help", {"max_at_onset": True, "pattern": "mixed", "duration_weeks": 3}, {"nprs_now": 7}),
    # 2: worse, and a reason to see a doctor
    (2, "seek_medical_help", {}, {"pgic": 6, "age": 50}),
    (2, "seek_medical_help", {"night_pain": "second_half"}, {"pgic": 6}),
    (2, "seek_medical_help", {"pattern": "non_mechanical", "duration_weeks": 1}, {"pgic": 7}),
    (2, "seek_medical_help", {"trigger_known": False}, {"pgic": 6}),
    (2, "seek_medical_help", {}, {"pgic": 4, "nprs_now": 7, "age": 60}),
    (2, "seek_medical_help", {"night_pain": "unknown"}, {"pgic": 7}),
    # 3: worse, otherwise
    (3, "refer_physio", {}, {"pgic": 6}),
    (3, "refer_physio", {}, {"pgic": 7, "age": 49}),
    (3, "refer_physio", {"trigger_known": True}, {"pgic": 6}),
    (3, "refer_physio", {"trigger_known": "unknown"}, {"pgic": 6}),
    (3, "refer_physio", {"night_pain": "position_related"}, {"pgic": 6}),
    (3, "refer_physio", {}, {"pgic": 5, "nprs_now": 7}),
    (3, "refer_physio", {}, {"pgic": 4, "nprs_now": 7}),
    (3, "refer_physio", {}, {"pgic": 4, "psfs_now": 3}),
    (3, "refer_physio", {}, {"pgic": 4, "nprs_now": 3, "psfs_now": 3}),  # a gain does not outweigh a drop
    # 4: finished
    (4, "continue", {}, {"pgic": 2, "nprs_now": 1, "psfs_now": 9}),
    (4, "continue", {}, {"pgic": 1, "nprs_now": 0, "psfs_now": 10}),
    # 5: better
    (5, "continue", {}, {"pgic": 2, "nprs_now": 1.5, "psfs_now": 9}),
    (5, "continue", {}, {"pgic": 2, "nprs_now": 1, "psfs_now": 8.9}),
    (5, "continue", {}, {"pgic": 3, "nprs_now": 1, "psfs_now": 9}),
    (5, "continue", {}, {"pgic": 3}),
    (5, "continue", {}, {"pgic": 3, "nprs_now": 6.9}),
    (5, "continue", {}, {"pgic": 1, "nprs_now": None, "psfs_now": None}),
    (5, "continue", {}, {"pgic": 3, **HARDLY_TRIED}),
    # 6: better, but a score is worse
    (6, "continue_and_adjust", {}, {"pgic": 3, "nprs_now": 7}),
    (6, "continue_and_adjust", {}, {"pgic": 1, "psfs_now": 3}),
    # 7: no change felt, but a clear gain
    (7, "continue_and_adjust", {}, {"nprs_now": 3}),
    (7, "continue_and_adjust", {}, {"psfs_now": 7}),
    (7, "continue_and_adjust", {}, {"nprs_baseline": 3, "nprs_now": 2}),
    # 8: no change despite a real try
    (8, "refer_physio", {}, {}),
    (8, "refer_physio", {}, {"adherence_pct": 70}),
    (8, "refer_physio", {}, {"psfs_now": 6.9}),
    (8, "refer_physio", {}, {"nprs_now": 4}),
    (8, "refer_physio", {}, {"nprs_now": None, "psfs_now": None}),
    # 9: no change, not really tried
    (9, "continue_and_adjust", {}, {"adherence_pct": 69}),
    (9, "continue_and_adjust", {}, {"load_changes_tried": False}),
    (9, "continue_and_adjust", {}, {"load_changes_tried": 1}),
    (9, "continue_and_adjust", {}, {"load_changes_tried": None}),
    (9, "continue_and_adjust", {}, {"adherence_pct": None}),
    # 10 and 11: slightly worse
    (10, "refer_physio", {}, {"pgic": 5}),
    (10, "refer_physio", {}, {"pgic": 5, "nprs_now": 6.9}),
    (11, "continue_and_adjust", {}, {"pgic": 5, **HARDLY_TRIED}),
]


@pytest.mark.parametrize("row, outcome, findings, changes", ROWS)
def test_rows(row: int, outcome: str, findings: dict[str, Any], changes: dict[str, Any]) -> None:
    assert row_of(findings, **changes) == (row, outcome)


def test_every_row_is_met_and_written() -> None:
    assert {row for row, _, _, _ in ROWS} == set(range(1, 12)) == {row.row for row in CONTENT.release.review}


def test_pain_now_is_what_the_safety_check_reads() -> None:
    alarming = {"pain": 2, "pattern": "non_mechanical", "duration_weeks": 1}
    result = reviewed(alarming, nprs_baseline=8, nprs_now=8)
    assert result.row == 1
    assert "U17" in {state.rule.id for state in result.decision.fired}


def test_an_open_gp_rule_alone_does_not_stop_the_review() -> None:
    assert row_of({"after_meals": "unknown", "pattern": "mixed"}, pgic=3)[0] == 5


@pytest.mark.parametrize(
    "changes, row",
    [({"nprs_now": 2}, 7), ({"psfs_now": 8}, 7), ({}, 9), ({"nprs_now": 8}, 11), ({"nprs_now": 2, "psfs_now": 2}, 11)],
)
@pytest.mark.parametrize("week", [6, 12])
def test_without_an_overall_answer_the_scores_decide_and_never_close_it(
    changes: dict[str, Any], row: int, week: int
) -> None:
    result = reviewed(pgic=None, week=week, previous_outcome="continue_and_adjust", **changes)
    assert (result.row, result.outcome) == (row, "continue_and_adjust")
    assert "overall" in result.why


def test_without_an_overall_answer_safety_still_comes_first() -> None:
    assert row_of({"fever": True}, pgic=None) == (1, "seek_medical_help")


@pytest.mark.parametrize("row, changes", [(7, {"nprs_now": 3}), (9, HARDLY_TRIED), (11, {"pgic": 5, **HARDLY_TRIED})])
def test_the_same_adjustment_twice_leads_to_a_physiotherapist(row: int, changes: dict[str, Any]) -> None:
    second = reviewed(week=12, previous_outcome="continue_and_adjust", **changes)
    assert (second.row, second.outcome) == (row, "refer_physio")
    assert second.next == CONTENT.release.review[7].next
    assert second.recheck_days is None
    for other in (
        {"week": 12, "previous_outcome": "continue"},
        {"week": 12},
        {"week": 11, "previous_outcome": "continue_and_adjust"},
        {"week": None, "previous_outcome": "continue_and_adjust"},
    ):
        assert reviewed(**{**changes, **other}).outcome == "continue_and_adjust"


def test_row_6_may_come_twice() -> None:
    twice = reviewed(week=12, previous_outcome="continue_and_adjust", pgic=3, nprs_now=7)
    assert (twice.row, twice.outcome) == (6, "continue_and_adjust")


@pytest.mark.parametrize(
    "adherence, changes, effort",
    [
        (70, True, "committed"),
        (100, True, "committed"),
        (69.9, True, "partly"),
        (100, False, "partly"),
        (40, False, "partly"),
        (39.9, True, "low"),
        (None, True, "low"),
    ],
)
def test_effort(adherence: float | None, changes: bool, effort: str) -> None:
    raw = {**TRIED, "adherence_pct": adherence, "load_changes_tried": changes}
    assert effort_of(read_review_inputs(raw, content=CONTENT, absent="no"), CONTENT) == effort


def test_the_next_look() -> None:
    assert reviewed(pgic=3).recheck_days == 42
    assert reviewed(pgic=3, nprs_now=7).recheck_days == 14
    assert reviewed(nprs_now=3).recheck_days == 21
    assert reviewed().recheck_days is None


def test_an_unfinished_safety_check_never_reassures() -> None:
    assert reviewed(absent="unknown", pgic=1).outcome == "seek_medical_help"


def test_the_record_keeps_the_contract() -> None:
    record = review_record(reviewed(), CONTENT)
    assert list(record)[:4] == ["outcome", "row", "why", "next"]
    assert record["next"]
    assert msgspec.json.decode(msgspec.json.encode(record)) == record


def test_the_record_names_services_as_people_call_them() -> None:
    record = review_record(reviewed(pgic=6, age=60), CONTENT)
    assert record["disposition"] == "gp_soon"
    assert "{" not in record["why"] + "".join(record["next"])


def test_without_a_feeling_the_words_speak_of_the_scores_only() -> None:
    assert "You feel" not in reviewed(pgic=None, nprs_now=1).why


def test_the_age_may_stand_among_the_findings() -> None:
    raw = {"pgic": 3, "findings": {"age": 40, "duration_weeks": 8, "pattern": "mechanical"}}
    assert review(read_review_inputs(raw, content=CONTENT, absent="no"), CONTENT).row == 5
    same = {"pgic": 3, "age": 40, "findings": {"age": 40}}
    assert read_review_inputs(same, content=CONTENT, absent="no").facts.values["age"] == 40


WRONG = [
    ({"mood": 3}, "mood"),
    ({"pgic": 0}, "inputs.pgic"),
    ({"pgic": 8}, "inputs.pgic"),
    ({"pgic": 3.5}, "inputs.pgic"),
    ({"pgic": True}, "inputs.pgic"),
    ({"pgic": "4"}, "inputs.pgic"),
    ({"nprs_now": 11}, "inputs.nprs_now"),
    ({"nprs_baseline": -1}, "inputs.nprs_baseline"),
    ({"psfs_now": float("nan")}, "inputs.psfs_now"),
    ({"psfs_baseline": "5"}, "inputs.psfs_baseline"),
    ({"adherence_pct": 101}, "inputs.adherence_pct"),
    ({"adherence_pct": True}, "inputs.adherence_pct"),
    ({"week": -1}, "inputs.week"),
    ({"previous_outcome": "better"}, "inputs.previous_outcome"),
    ({"load_changes_tried": "yes"}, "inputs.load_changes_tried"),
    ({"load_changes_tried": -1}, "inputs.load_changes_tried"),
    ({"load_changes_tried": 1.5}, "inputs.load_changes_tried"),
    ({"pgic": float("inf")}, "inputs.pgic"),
    ({"age": "forty"}, "age"),
    ({"age": None}, "age"),
    ({"findings": []}, "inputs.findings"),
    ({"findings": {"age": 41}}, "inputs.age"),
    ({"findings": {"fevre": True}}, "fevre"),
]


@pytest.mark.parametrize("changes, key", WRONG)
def test_inputs_are_read_strictly(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(InputError) as caught:
        read_review_inputs({**TRIED, **changes}, content=CONTENT, absent="no")
    assert key in caught.value.message


def test_a_whole_number_may_be_written_with_a_point() -> None:
    raw = {**TRIED, "pgic": 3.0, "load_changes_tried": 2.0}
    inputs = read_review_inputs(raw, content=CONTENT, absent="no")
    assert (inputs.pgic, inputs.load_changes_tried) == (3, True)
    assert isinstance(inputs.pgic, int)


def test_the_age_is_always_needed() -> None:
    with pytest.raises(InputError, match="age"):
        read_review_inputs({"pgic": 3, "findings": {}}, content=CONTENT)


scores = st.none() | st.integers(0, 20).map(lambda half: half / 2)


@settings(max_examples=300, deadline=None)
@given(
    pgic=st.none() | st.integers(1, 7),
    nprs=st.tuples(scores, scores),
    psfs=st.tuples(scores, scores),
    adherence=st.none() | st.integers(0, 100),
    tried=st.none() | st.booleans(),
    age=st.integers(18, 90),
)
def test_laws(
    pgic: int | None,
    nprs: tuple[float | None, float | None],
    psfs: tuple[float | None, float | None],
    adherence: int | None,
    tried: bool | None,
    age: int,
) -> None:
    values: dict[str, Any] = {
        "pgic": pgic,
        "nprs_baseline": nprs[0],
        "nprs_now": nprs[1],
        "psfs_baseline": psfs[0],
        "psfs_now": psfs[1],
        "adherence_pct": adherence,
        "load_changes_tried": tried,
        "age": age,
    }
    result = reviewed(**values)
    assert result.why
    assert result.next
    if result.outcome == "continue":
        assert pgic is not None
        assert pgic <= 3
        assert not result.measure_drop
    if pgic is not None and pgic >= 6:
        assert result.outcome in ("seek_medical_help", "refer_physio")
    worse = reviewed(**{**values, "age": max(age, 50)})
    order = ["continue", "continue_and_adjust", "refer_physio", "seek_medical_help"]
    assert order.index(worse.outcome) >= order.index(result.outcome)
