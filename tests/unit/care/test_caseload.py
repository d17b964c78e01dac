"""Who comes first in a caseload, and why: each reason from both sides of its limit, ties, and what is not known."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upperback.care.caseload import NEEDS, QUIET_DAYS, STALLED_SESSIONS, Stand, by_need, reasons_for
from upperback.content.vocabulary import default_content

CONTENT = default_content()
TODAY = dt.date(2026, 3, 30)


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


#: Everything about this person is known, and as expected.
FINE = Stand(
    person="a", name="Ana", disposition="self_manage", decided_on=ago(30), complete=True, starts_on=ago(30),
    pain_weeks=(2.0, 2.2, 2.4, 3.0), sessions=8, step_up_on=ago(4), review_on=ago(-12), told_on=TODAY,
)  # fmt: skip


def ids(**changed: Any) -> list[str]:
    return [reason.id for reason in reasons_for(replace(FINE, **changed), TODAY, CONTENT)]


def test_whoever_is_known_to_be_well_on_the_way_is_as_expected() -> None:
    assert ids() == ["expected"]


@pytest.mark.parametrize(
    ("reason", "changed", "just_not"),
    [
        ("warning_told", {"warned_on": ago(1)}, {}),
        ("alarming_message", {"alarming_on": ago(1)}, {}),
        ("help_first", {"disposition": "emergency_now"}, {"disposition": "physio_routine"}),
        ("help_first", {"disposition": "gp_soon"}, {"disposition": "gp_soon", "cleared": True}),
        (
            "review_help",
            {"outcome": "seek_medical_help", "reviewed_on": ago(3)},
            {"outcome": "seek_medical_help", "reviewed_on": ago(31)},
        ),
        ("check_incomplete", {"complete": False}, {}),
        ("check_begun", {"begun": True}, {}),
        ("review_physio", {"outcome": "refer_physio", "reviewed_on": ago(3)}, {"outcome": "continue"}),
        ("no_step_up", {"step_up_on": ago(21)}, {"step_up_on": ago(20)}),
        ("no_step_up", {"step_up_on": None}, {"step_up_on": None, "sessions": STALLED_SESSIONS - 1}),
        ("no_step_up", {"step_up_on": None}, {"step_up_on": None, "starts_on": ago(20)}),
        ("rising_for_weeks", {"pain_weeks": (4.0, 3.5, 3.0, 2.5)}, {"pain_weeks": (4.0, 3.5, 3.0, 2.6)}),
        ("clearly_up", {"pain_weeks": (5.0, 3.0, 3.0, 3.0)}, {"pain_weeks": (4.9, 3.0, 3.0, 3.0)}),
        ("nothing_told", {"told_on": ago(QUIET_DAYS)}, {"told_on": ago(QUIET_DAYS - 1)}),
        ("pain_not_told", {"pain_weeks": (None, 2.0)}, {"pain_weeks": (2.0, None)}),
        ("review_due", {"review_on": TODAY}, {"review_on": ago(-1)}),
        ("task_due", {"tasks": 1, "task_on": TODAY}, {"task_on": TODAY}),
        ("message", {"messages": 1, "message_on": ago(1)}, {"message_on": ago(1)}),
    ],
)
def test_each_reason_holds_on_its_side_of_the_limit_only(
    reason: str, changed: dict[str, Any], just_not: dict[str, Any]
) -> None:
    assert reason in ids(**changed)
    assert reason not in ids(**just_not)


def test_the_list_goes_from_red_flags_to_what_is_expected() -> None:
    people: dict[str, dict[str, Any]] = {
        "red_flag": {"warned_on": TODAY},
        "not_checked": {"disposition": None},
        "stalled": {"step_up_on": None},
        "pain_rising": {"pain_weeks": (5.0, 2.0)},
        "not_known": {"told_on": ago(20)},
        "review_due": {"review_on": ago(2)},
        "task_due": {"tasks": 2, "task_on": ago(1)},
        "message": {"messages": 1, "message_on": ago(1)},
        "expected": {},
    }
    stands = [replace(FINE, person=need, **changed) for need, changed in reversed(people.items())]
    order = [placed.stand.person for placed in by_need(stands, TODAY, CONTENT)]
    assert order == list(people) == list(NEEDS)


def test_among_red_flags_an_emergency_is_first_and_what_was_told_since_a_check_stands_above_a_gp_soon() -> None:
    stands = [
        replace(FINE, person="gp", disposition="gp_soon"),
        replace(FINE, person="wrote", alarming_on=TODAY),
        replace(FINE, person="told", warned_on=TODAY),
        replace(FINE, person="today", disposition="urgent_same_day"),
        replace(FINE, person="now", disposition="emergency_now"),
    ]
    order = [placed.stand.person for placed in by_need(stands, TODAY, CONTENT)]
    assert order == ["now", "today", "told", "wrote", "gp"]


def test_a_tie_goes_to_the_longer_wait_then_to_more_reasons_then_to_the_name_and_the_id() -> None:
    due = replace(FINE, review_on=ago(3))
    stands = [
        replace(due, person="4", name="zoe"),
        replace(due, person="3b", name="Ann"),
        replace(due, person="3a", name="ann"),
        replace(due, person="2", name="Zed", messages=1, message_on=TODAY),
        replace(due, person="1", name="Yan", review_on=ago(9)),
    ]
    assert [placed.stand.person for placed in by_need(stands, TODAY, CONTENT)] == ["1", "2", "3a", "3b", "4"]


def test_nobody_is_as_expected_for_what_is_not_known() -> None:
    """Each thing that makes a person fine, taken away alone, is a reason."""
    nothing = Stand(person="x", name="X")
    for name in ("disposition", "complete", "starts_on", "pain_weeks"):
        changed = {name: getattr(nothing, name)}
        assert ids(**changed) != ["expected"], name
    assert ids(told_on=None) == ["nothing_told"]
    assert next(reason.need for reason in reasons_for(nothing, TODAY, CONTENT)) == "not_checked"


@pytest.mark.parametrize("kind", ["answers", "plan", "progress"])
def test_what_a_person_does_not_share_is_not_known_and_never_fine(kind: str) -> None:
    needs = {reason.need for reason in reasons_for(replace(FINE, knows=FINE.knows - {kind}), TODAY, CONTENT)}
    assert needs == {"not_known"}


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("answers", {"warned_on": TODAY}),
        ("answers", {"disposition": "emergency_now"}),
        ("answers", {"outcome": "refer_physio", "reviewed_on": TODAY}),
        ("progress", {"pain_weeks": (9.0, 1.0)}),
        ("progress", {"step_up_on": None}),
        ("plan", {"review_on": TODAY}),
        ("messages", {"messages": 2, "message_on": TODAY, "alarming_on": TODAY}),
    ],
)
def test_what_is_not_shared_is_in_no_reason(kind: str, changed: dict[str, Any]) -> None:
    stand = replace(FINE, **changed)
    told = {reason.id for reason in reasons_for(stand, TODAY, CONTENT)}
    hidden = {reason.id for reason in reasons_for(replace(stand, knows=stand.knows - {kind}), TODAY, CONTENT)}
    assert (told - {"expected"}) & hidden == set()


_DAY = st.none() | st.integers(-20, 60).map(ago)
_STANDS = st.builds(
    Stand,
    person=st.uuids().map(str),
    name=st.sampled_from(["Ana", "ana", "Bo"]),
    disposition=st.none() | st.sampled_from(["emergency_now", "gp_soon", "self_manage"]),
    decided_on=_DAY, complete=st.booleans(), cleared=st.booleans(), begun=st.booleans(), warned_on=_DAY,
    alarming_on=_DAY, outcome=st.none() | st.sampled_from(["continue", "refer_physio", "seek_medical_help"]),
    reviewed_on=_DAY, pain_weeks=st.lists(st.none() | st.floats(0, 10), max_size=4).map(tuple), starts_on=_DAY,
    sessions=st.none() | st.integers(0, 9), step_up_on=_DAY, review_on=_DAY, messages=st.integers(0, 2),
    message_on=_DAY, told_on=_DAY,
)  # fmt: skip


@given(st.lists(_STANDS, max_size=6, unique_by=lambda stand: stand.person), st.randoms())
def test_the_order_is_one_whatever_order_people_come_in_and_loses_nobody(stands: list[Stand], dice: Any) -> None:
    shuffled = stands.copy()
    dice.shuffle(shuffled)
    found = by_need(stands, TODAY, CONTENT)
    assert found == by_need(shuffled, TODAY, CONTENT)
    assert {placed.stand.person for placed in found} == {stand.person for stand in stands}
    assert all(placed.reasons for placed in found)


@given(_STANDS, st.sampled_from([{"warned_on": TODAY}, {"disposition": "emergency_now", "cleared": False}]))
def test_a_red_flag_puts_anybody_first_whatever_else_is_known(stand: Stand, told: dict[str, Any]) -> None:
    assert reasons_for(replace(stand, **told), TODAY, CONTENT)[0].need == "red_flag"
