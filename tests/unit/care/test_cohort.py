"""Invented people: the same number is the same person, and their numbers are the stated ones."""

import datetime as dt
import itertools
from collections import Counter

import numpy as np
import pytest

from upperback.care import diary
from upperback.care.cohort import Curve, Invented, cohort_record, curve_of, invent, pain_of, plan_line, review_line
from upperback.care.plan import build_plan, read_choices
from upperback.care.review import read_review_inputs, review
from upperback.care.triage import read_findings
from upperback.content.vocabulary import default_content

CONTENT = default_content()
BEGUN = dt.date(2026, 1, 5)


def person(number: int, *, days: int = 42) -> Invented:
    return invent(np.random.default_rng([1, number]), days=days, begun=BEGUN, content=CONTENT)


@pytest.fixture(scope="module")
def people() -> list[Invented]:
    return [person(number) for number in range(60)]


def test_the_same_number_is_the_same_person(people: list[Invented]) -> None:
    assert cohort_record("a", person(7)) == cohort_record("a", people[7])
    assert cohort_record("a", person(8)) != cohort_record("a", people[7])


def test_every_question_is_answered_and_most_have_a_plan(people: list[Invented]) -> None:
    assert all(one.plan.decision.complete for one in people)
    assert sum(one.plan.allowed for one in people) > 50


def test_lines_are_read_by_the_commands_they_are_for(people: list[Invented]) -> None:
    for one in people:
        line = plan_line("a", one)
        choices = read_choices(line["choices"], CONTENT)
        facts = read_findings(line["findings"], content=CONTENT, tasks=choices.task_values)
        assert build_plan(facts, choices, CONTENT).allowed == one.plan.allowed
        inputs = read_review_inputs(review_line("a", one)["inputs"], content=CONTENT)
        assert review(inputs, CONTENT).decision.complete


def test_the_diary_is_one_that_would_be_taken(people: list[Invented]) -> None:
    for row in (row for one in people for row in cohort_record("a", one)["diary"]):
        assert diary.entry_data(diary.read_entry(row["kind"], row["data"])) == row["data"]
    kinds = Counter(diary.kind_of(row.entry) for one in people for row in one.diary)
    assert set(kinds) >= {"morning", "moved", "session_started", "set_done", "check_in", "task_done", "flare_started"}


def test_no_strength_session_follows_another_without_a_day_off(people: list[Invented]) -> None:
    for one in people:
        days = sorted({row.day for row in one.diary if isinstance(row.entry, diary.SessionStarted)})
        assert all((later - earlier).days > 1 for earlier, later in itertools.pairwise(days))


def test_exercise_in_full_takes_off_the_stated_points_in_the_stated_weeks() -> None:
    curve = Curve(kind="staying", first=5, flares=(), noise=(0.0,) * 100)
    assert pain_of(curve, 70, 1.0, CONTENT) == pytest.approx(5 - 1.9)
    assert pain_of(curve, 35, 1.0, CONTENT) == pytest.approx(5 - 0.95)
    assert pain_of(curve, 99, 0.5, CONTENT) == pytest.approx(5 - 0.95)


def test_half_of_what_goes_is_gone_after_the_half_life() -> None:
    quick = Curve(kind="quick", first=6, flares=(), noise=(0.0,) * 15)
    assert pain_of(quick, 14, 0.0, CONTENT) == pytest.approx(6 * (0.15 + 0.85 / 2))
    worse = Curve(kind="worse", first=6, flares=(7,), noise=(0.0,) * 15)
    assert pain_of(worse, 7, 0.0, CONTENT) == pytest.approx(6 + 0.15 + 3)


def test_shares_and_ups_and_downs_are_the_stated_ones() -> None:
    """Within four standard errors, from one fixed seed."""
    dice = np.random.default_rng(5)
    curves = [curve_of(4.0, 60, dice, CONTENT) for _ in range(3000)]
    kinds: Counter[str] = Counter(curve.kind for curve in curves)
    for kind, share in (("quick", 0.35), ("slow", 0.3), ("staying", 0.2), ("waves", 0.1), ("worse", 0.05)):
        assert kinds[kind] / 3000 == pytest.approx(share, abs=4 * (share * (1 - share) / 3000) ** 0.5)
    noise = np.array([curve.noise[20:] for curve in curves if curve.kind != "waves"])
    assert noise.std() == pytest.approx(0.7, rel=0.03)
    assert np.corrcoef(noise[:, :-1].ravel(), noise[:, 1:].ravel())[0, 1] == pytest.approx(0.6, abs=0.02)


def test_a_serious_case_is_one_of_the_content_and_sends_to_help() -> None:
    found = [one for number in range(400) if (one := person(number, days=1)).person.serious is not None]
    assert found
    for one in found:
        assert one.person.serious in {state.rule.id for state in one.plan.decision.fired}
        assert not one.plan.strength_allowed
