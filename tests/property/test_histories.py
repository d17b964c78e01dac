"""A few of the lives of `just histories`, and that each law would notice: with a planted defect it has to be broken."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.property import histories
from tests.property.histories import SETS, Product, Tally, lives
from upperback.care import course, early, flare, load_effect, review, schedule
from upperback.care.diary import Morning
from upperback.care.progression import Light, Move, Verdict

PEOPLE = 60


@pytest.fixture(scope="module")
def tally() -> Tally:
    return lives(range(PEOPLE))


def test_no_law_is_broken_in_any_of_the_lives(tally: Tally, tell: Callable[[str], None]) -> None:
    tell(f"histories: {histories.months(tally):,.0f} person-months, {sum(tally.looked_at.values()):,} looks, 0 broken")
    assert not tally.broken, tally.examples


def test_the_lives_hold_what_they_are_for(tally: Tally) -> None:
    """Control: people to whom nothing happens would prove nothing."""
    for what in (
        "red answers", "clock set back", "sessions nobody offered", "sessions that came late", "answers that came late",
        "times away",
        "plan changes", "flare-up: over", "flare-up: refer_physio", "step: swap", "step: up", "step: back_two",
        "next: check", "next: clinician", "next: review", "review: continue", "review: refer_physio",
        "review: seek_medical_help", "review: continue_and_adjust", "early: refer_physio",
    ):  # fmt: skip
        assert tally.happened[what] > 0, what


def test_the_same_number_is_the_same_life() -> None:
    assert lives([7]) == lives([7])


# ---- each law with a defect --------------------------------------------------------------------------------------


def with_due(change: Callable[[course.Due], course.Due]) -> Product:
    return Product(due_on=lambda now, day: [change(one) for one in course.due_on(now, day)])


def with_verdict(change: Callable[[Verdict], Verdict]) -> Product:
    return Product(
        judge_session=lambda now, session: {
            planned: change(one) for planned, one in course.judge_session(now, session).items()
        }
    )


def one_set_more(due: course.Due) -> course.Due:
    return replace(due, step=replace(due.step, sets=due.step.sets + 1))


def never_back(verdict: Verdict) -> Verdict:
    return replace(verdict, move=Move.HOLD, step=verdict.before)


def as_if_told_in_time(now: course.Course, day: Any) -> list[course.Due]:
    """The flaw: what was judged is never looked at again."""
    open_ones = [one for one in now.sessions if one.id not in now.judged]
    return course.due_on(replace(now, sessions=open_ones), day)


def up_after_red(verdict: Verdict) -> Verdict:
    return up(verdict) if verdict.light is Light.RED else verdict


def up(verdict: Verdict) -> Verdict:
    before = verdict.before
    sets = min(before.sets + 1, SETS)
    heavier = before.load_kg * 1.2 if before.load_kg else None
    return replace(verdict, move=Move.UP, step=replace(before, sets=sets, load_kg=heavier))


def only_rest_days(now: course.Course, day: Any) -> course.Rest | None:
    rest = course.rest_on(now, day)
    return rest if rest == "rest_day" else None


def only_ended(now: course.Course, today: Any) -> list[Any]:
    return [session for session in course.waiting(now, today) if session.ended is not None]


def forgets_the_last_review(inputs: review.ReviewInputs, content: Any) -> review.ReviewOutcome:
    return review.review(replace(inputs, previous_outcome=None), content)


def says_nothing_next(inputs: review.ReviewInputs, content: Any) -> review.ReviewOutcome:
    return replace(review.review(inputs, content), next=())


def carries_on(*facts: Any) -> flare.FlareDay:
    found = flare.flare_day(*facts)
    return found if found.stage == "over" else replace(found, advice="carry_on")


def at_once(*facts: Any) -> schedule.Next:
    return replace(schedule.next_offer(*facts), offer_now=True)


def never(*facts: Any) -> schedule.Next:
    return replace(schedule.next_offer(*facts), offer_now=False)


def helped(*facts: Any) -> load_effect.Effect:
    return replace(load_effect.effect_of_change(*facts), answer="helped")


def no_signs(*_facts: Any) -> tuple[early.EarlySign, ...]:
    return ()


DEFECTS: dict[str, Product] = {
    "dose within its caps": with_due(one_set_more),
    "a day off between strength sessions, four a week": Product(rest_on=lambda *_: None),
    "no strength work while pain at rest is strong": Product(rest_on=only_rest_days),
    "no exercise against a caution or a wish": with_due(
        lambda due: replace(due, step=replace(due.step, exercise="ST17"))
    ),
    "no exercise twice in a session": Product(due_on=lambda now, day: 2 * course.due_on(now, day)),
    "red goes back": with_verdict(never_back),
    "after red, what comes next is not more": with_verdict(up_after_red),
    "red that is told late counts": Product(due_on=as_if_told_in_time),
    "at most two go up in a session": with_verdict(up),
    "one set a week at most is added": with_verdict(up),
    "weight grows a tenth at most": with_verdict(up),
    "alarming pain asks for a check": Product(needs_check=lambda _: False),
    "what hurt is judged": Product(waiting=only_ended),
    "judged twice is judged once": Product(
        judge_session=lambda now, session: course.judge_session(replace(now, kept=[]), session)
    ),
    "after four weeks a check comes first": with_due(lambda due: replace(due, anew=False)),
    "the way back is not harder": with_due(one_set_more),
    "there is a next thing": Product(says_whom_to_ask=lambda _: False),
    "a check that was asked for opens the way": Product(needs_check=lambda _: True),
    "the review is reached": Product(review_is_due=lambda *_: False),
    "a review says what comes next": Product(review=says_nothing_next),
    "adjusting without getting better ends": Product(review=forgets_the_last_review),
    "a flare-up ends or somebody looks": Product(flare_day=carries_on),
    "the third flare-up is looked at": Product(flare_day=carries_on),
    "a flare-up never asks for more than usual": Product(
        flare_day=lambda *facts: replace(flare.flare_day(*facts), share=1.1)
    ),
    "early signs are seen": Product(early_signs=no_signs),
    "offers keep quiet hours, calls and absence": Product(next_offer=at_once),
    "an offer always comes again": Product(next_offer=never),
    "no effect is told from too little": Product(effect_of_change=helped),
    "what cannot be is refused": Product(read_entry=lambda *_: Morning(pain=0)),
}


def test_every_law_was_looked_at_and_has_a_defect(tally: Tally) -> None:
    assert set(tally.looked_at) == set(DEFECTS)


@pytest.mark.parametrize("law", DEFECTS)
def test_a_planted_defect_breaks_the_law(law: str) -> None:
    found = Tally()
    for seed in range(PEOPLE):
        histories.live(seed, product=DEFECTS[law], tally=found)
        if found.broken[law]:
            return
    pytest.fail(f"{law}: {PEOPLE} people, and nobody noticed")
