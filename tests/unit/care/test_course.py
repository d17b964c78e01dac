"""The course of the strength exercises: each flaw that the invented lives of `just histories` found, as one case."""

import datetime as dt
from dataclasses import replace

import pytest

from upperback.care.course import (
    Course,
    Kept,
    Planned,
    due_on,
    first_step,
    judge_session,
    needs_check,
    own_change,
    rest_on,
    waiting,
)
from upperback.care.course_items import bounds_of, items_of
from upperback.care.diary import ExerciseEnded, SessionEnded, SetDone
from upperback.care.progression import Bounds, Move, Step, bounds_for
from upperback.care.sessions import Session
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError

CONTENT = default_content()
DAY = dt.date(2026, 11, 2)
ROW = Step(exercise="ST02", sets=3, reps=12, band="light")
PRESS = Step(exercise="ST03", sets=3, reps=12)


def on(day: int) -> dt.date:
    return DAY + dt.timedelta(days=day)


def session(day: int, step: Step = ROW, *, worst: int = 2, alarming: bool = False, ended: bool = True) -> Session:
    """A session with one exercise, everything done."""
    id = f"day{day}"
    done = Session(id=id, day=on(day), what="strength", at=dt.datetime.combine(on(day), dt.time(18), dt.UTC))
    done.sets[step.exercise] = {
        number: SetDone(session=id, exercise=step.exercise, number=number, reps=step.reps, load_kg=step.load_kg)
        for number in range(1, step.sets + 1)
    }
    done.felt[step.exercise] = ExerciseEnded(
        session=id, exercise=step.exercise, worst_pain=worst, alarming=alarming, effort=7, form_ok=True
    )
    done.ended = SessionEnded(session=id, how="finished") if ended else None
    return done


def kept(day: int, after: Step, *, before: Step = ROW, move: Move = Move.HOLD, planned: str = "ST02") -> Kept:
    return Kept(session=f"day{day}", planned=planned, day=on(day), move=move, before=before, after=after)


def planned(*ids: str, stand_ins: tuple[str, ...] = ()) -> tuple[Planned, ...]:
    return tuple(
        Planned(id=id, first=first_step(id, sets=3, reps=8, content=CONTENT), stand_ins=stand_ins) for id in ids
    )


BUILD = bounds_for((), CONTENT.exercises, CONTENT)
PLANNED = planned("ST02")


def course(
    *sessions: Session,
    kept: tuple[Kept, ...] = (),
    items: tuple[Planned, ...] = planned("ST02"),
    bounds: Bounds = BUILD,
) -> Course:
    resting = {one.day + dt.timedelta(days=1): 1 for one in sessions}
    return Course(
        items=items, bounds=bounds, sessions=sessions, kept=kept, resting=resting, usual=1, content=CONTENT
    )  # fmt: skip


# ---- coming back -------------------------------------------------------------------------------------------------


def test_after_three_weeks_the_easy_way_back_goes_on_from_there() -> None:
    """The session that is judged is the easy one that was due, and the next one is no harder than it grew."""
    away = course(kept=(kept(0, ROW),))
    (back,) = due_on(away, on(20))
    assert (back.step.exercise, back.step.sets, back.absence) == ("ST01", 2, "middle")
    done = session(20, back.step)
    here = course(done, kept=(kept(0, ROW),))
    verdict = judge_session(here, done)["ST02"]
    assert verdict.before == back.step
    after = replace(here, kept=(*here.kept, kept(20, verdict.step, before=verdict.before)))
    assert due_on(after, on(22))[0].step == back.step


def test_months_away_are_not_forgotten_because_the_diary_is_long() -> None:
    """Sessions older than what is looked at still count through their verdicts."""
    (back,) = due_on(course(kept=(kept(0, ROW),)), on(90))
    assert (back.absence, back.anew) == ("long", True)


def test_a_safety_check_after_the_long_time_away_opens_the_way() -> None:
    away = course(kept=(kept(0, ROW),))
    assert due_on(away, on(40))[0].anew
    assert due_on(replace(away, checked=on(28)), on(40))[0].anew
    (again,) = due_on(replace(away, checked=on(40)), on(40))
    assert (again.anew, again.step.sets) == (False, 1)


def test_coming_every_second_week_does_not_end_at_one_repetition() -> None:
    step = ROW
    for _ in range(6):
        (back,) = due_on(course(kept=(kept(0, step),)), on(10))
        step = back.step
    assert step.reps == 6


# ---- red is never lost -------------------------------------------------------------------------------------------


def test_a_session_that_was_never_ended_is_judged_with_its_day() -> None:
    open_one = session(0, worst=9, ended=False)
    here = course(open_one)
    assert waiting(here, on(0)) == []
    assert waiting(here, on(1)) == [open_one]
    assert judge_session(here, open_one)["ST02"].move is Move.BACK


def test_red_counts_with_strong_pain_at_rest_too() -> None:
    done = session(0, worst=10, alarming=True)
    verdict = judge_session(replace(course(done), resting={on(0): 6, on(1): 6}), done)["ST02"]
    assert (verdict.move, verdict.check_flags) == (Move.BACK, True)


def test_red_on_a_variant_that_is_not_due_any_more_counts() -> None:
    """An old page on another device still showed the exercise of before."""
    done = session(4, Step(exercise="ST01", sets=3, reps=8), worst=9)
    verdict = judge_session(course(done, kept=(kept(0, ROW, before=Step(exercise="ST01", sets=3, reps=12)),)), done)
    assert verdict["ST02"].move is Move.BACK
    assert verdict["ST02"].before == ROW


def test_a_session_that_comes_late_takes_away_from_where_things_stand_and_adds_nothing() -> None:
    newest = kept(6, ROW)
    red, good = session(2, worst=9), session(3)
    assert judge_session(course(red, session(6), kept=(newest,)), red)["ST02"].step.reps == ROW.reps - 2
    assert judge_session(course(good, session(6), kept=(newest,)), good)["ST02"].step == ROW


def test_red_that_is_told_after_the_verdict_counts_from_then_on_and_once() -> None:
    """The sets came, the morning came, and how it felt only a day later from a device that was away."""
    done = session(0, worst=9)
    late = course(done, kept=(kept(0, ROW),))
    assert due_on(late, on(2))[0].step == replace(ROW, reps=10)
    in_time = course(done, kept=(kept(0, replace(ROW, reps=10), move=Move.BACK),))
    assert due_on(in_time, on(2))[0].step == replace(ROW, reps=10)
    next_one = session(2, replace(ROW, reps=10))
    verdict = judge_session(course(done, next_one, kept=(kept(0, ROW),)), next_one)["ST02"]
    assert (verdict.before.reps, verdict.step.reps) == (10, 10)


def test_alarming_pain_asks_for_a_check_at_once_and_until_there_is_one() -> None:
    here = course(session(0, alarming=True))
    assert needs_check(here)
    assert not needs_check(replace(here, answered=frozenset({"day0"})))


def test_a_step_back_is_not_forgotten_when_the_plan_changes() -> None:
    """The exercise that took its place is not allowed any more: no more sets and repetitions than there were."""
    small = Step(exercise="ST08", sets=1, reps=8)
    bounds = replace(BUILD, allowed=frozenset({"ST02"}))
    (due,) = due_on(course(kept=(kept(0, small, move=Move.SWAP),), bounds=bounds), on(2))
    assert (due.step.exercise, due.step.sets, due.step.reps) == ("ST02", 1, 8)


def test_a_step_back_to_an_easier_exercise_is_not_forgotten_either() -> None:
    """Pressing back while lying is not allowed any more: the lift face down, which is harder, does not come for it."""
    lying = Step(exercise="ST14", sets=1, reps=8)
    bounds = replace(BUILD, allowed=frozenset({"ST06", "MV09"}))
    here = course(kept=(kept(0, lying, before=lying, planned="ST06"),), items=planned("ST06"), bounds=bounds)
    (due,) = due_on(here, on(2))
    assert (due.step.exercise, due.step.sets, due.step.reps) == ("MV09", 1, 8)


def test_nothing_harder_takes_the_place_of_what_was_red_twice() -> None:
    """Leaning on a table does not stand in for leaning on a wall."""
    items = planned("ST03", stand_ins=("ST04",))
    done = session(3, PRESS, worst=9)
    earlier = kept(0, PRESS, before=PRESS, move=Move.BACK, planned="ST03")
    verdict = judge_session(course(done, kept=(earlier,), items=items), done)["ST03"]
    assert (verdict.move, verdict.step.exercise) == (Move.BACK, "ST03")


# ---- nothing twice, nothing too often ----------------------------------------------------------------------------


def test_an_easier_variant_that_is_in_the_plan_itself_is_not_done_twice() -> None:
    """The row goes back to pulling a band apart, which is an exercise of this plan: it stays where it is."""
    least = Step(exercise="ST02", sets=1, reps=8, band="light")
    done = session(3, least, worst=9)
    both = planned("ST01", "ST02")
    verdict = judge_session(course(done, kept=(kept(0, least, before=least),), items=both), done)["ST02"]
    assert verdict.step == least


def test_a_day_off_comes_after_a_session_and_before_one() -> None:
    here = course(session(4))
    assert [rest_on(here, on(day)) for day in range(2, 7)] == [None, "rest_day", "rest_day", "rest_day", None]
    assert rest_on(here, on(4), session="day4") is None


def test_no_strength_work_while_pain_at_rest_is_strong() -> None:
    here = replace(course(), resting={on(0): 6, on(1): 7, on(2): 5})
    assert rest_on(here, on(2)) == "calm_only"
    assert rest_on(replace(here, resting={on(0): 6, on(1): 5, on(2): 5}), on(2)) is None


def test_the_weight_and_band_of_the_person_are_where_progress_goes_on() -> None:
    items = planned("ST08")
    step = due_on(course(items=items), on(0))[0].step
    assert step.load_kg is None
    done = session(0, replace(step, load_kg=4.0))
    verdict = judge_session(course(done, items=items), done)["ST08"]
    assert verdict.step.load_kg == 4.0


def test_red_with_more_than_was_due_ends_at_no_more_than_was_due() -> None:
    """Due were 2 kg and a light band; they took 4 kg and a strong one, and it hurt."""
    due = Step(exercise="ST08", sets=1, reps=8, load_kg=2.0)
    done = session(2, replace(due, load_kg=4.0), worst=9)
    here = course(done, kept=(kept(0, due, before=due, planned="ST08"),), items=planned("ST08"))
    assert judge_session(here, done)["ST08"].step.load_kg == 2.0
    light = replace(ROW, band="light")
    strong = session(2, light, worst=9)
    strong.sets["ST02"] = {1: SetDone(session="day2", exercise="ST02", number=1, reps=12, band="strong")}
    assert judge_session(course(strong, kept=(kept(0, light),)), strong)["ST02"].step.band == "light"


# ---- out of a plan -----------------------------------------------------------------------------------------------

RECORD = {
    "phase": "BUILD-light",
    "cautions": [],
    "exercises": [
        {"id": "ST02", "kind": "strength", "sets": 2, "reps": 8},
        {"id": "MV02", "kind": "movement", "sets": 1, "reps": 8},
    ],
}


def test_while_the_pain_is_easily_stirred_up_only_easier_variants_are_open() -> None:
    bounds = bounds_of(RECORD, {}, CONTENT)
    assert {"ST02", "ST01", "MV09"} <= bounds.allowed
    assert "ST08" not in bounds.allowed
    assert bounds.sets_top == 2


def test_what_was_taken_off_the_list_stands_in_for_nothing() -> None:
    (item,) = items_of(RECORD, {}, CONTENT)
    (without,) = items_of(RECORD, {"drop": list(item.stand_ins[:1])}, CONTENT)
    assert item.stand_ins[:1]
    assert without.stand_ins == item.stand_ins[1:]


# ---- the person's own step ---------------------------------------------------------------------------------------


def own(day: int, after: Step, *, before: Step = ROW, move: Move = Move.BACK) -> Kept:
    return replace(kept(day, after, before=before, move=move), session=f"own-day{day}")


def test_easier_is_there_at_any_time() -> None:
    fresh = own_change(course(), "ST02", on(0), "easier")
    assert (fresh.move, fresh.reason, fresh.step.sets) == (Move.BACK, "own_choice", 2)
    after_red = course(session(0, worst=9), kept=(kept(0, replace(ROW, reps=8), move=Move.BACK),))
    assert own_change(after_red, "ST02", on(1), "easier").step.sets == 2


def test_easier_ends_where_it_is_as_easy_as_it_gets() -> None:
    def go_down() -> None:
        here = course()
        for _ in range(20):
            verdict = own_change(here, "ST02", on(0), "easier")
            here = course(kept=(own(-1, verdict.step, before=verdict.before),))

    with pytest.raises(InputError, match="as easy as it gets"):
        go_down()


def test_harder_comes_after_a_session_that_stayed_green() -> None:
    held = kept(0, replace(ROW, reps=10), before=replace(ROW, reps=10))
    done = session(0, replace(ROW, reps=10))
    verdict = own_change(course(done, kept=(held,)), "ST02", on(2), "harder")
    assert (verdict.move, verdict.step.reps) == (Move.UP, 12)


@pytest.mark.parametrize(
    "here",
    [
        course(),
        course(session(0, worst=6), kept=(kept(0, ROW),)),
        course(session(0, alarming=True), kept=(kept(0, ROW),)),
        course(session(0), kept=(kept(0, replace(ROW, reps=10), move=Move.BACK),)),
        course(session(0), kept=(kept(0, ROW, before=replace(ROW, reps=10), move=Move.UP),)),
        course(session(0), kept=(kept(0, replace(ROW, reps=10)), own(1, replace(ROW, reps=12), move=Move.UP))),
    ],
    ids=["nothing done", "amber", "alarming", "went back", "went up", "own step already"],
)
def test_harder_is_refused(here: Course) -> None:
    with pytest.raises(InputError, match="More comes after a session that went well"):
        own_change(here, "ST02", on(2), "harder")


def test_harder_waits_after_days_off_and_at_the_top() -> None:
    with pytest.raises(InputError, match="More comes after"):
        own_change(course(session(0), kept=(kept(0, ROW),)), "ST02", on(12), "harder")
    only_this = replace(BUILD, sets_top=3, allowed=frozenset({"ST02"}))
    top = replace(ROW, band="strong")
    with pytest.raises(InputError, match="as far as it goes"):
        own_change(course(session(0, top), kept=(kept(0, top, before=top),), bounds=only_this), "ST02", on(2), "harder")


def test_no_more_than_two_exercises_go_up_between_sessions() -> None:
    items = planned("ST02", "ST03", "ST01")
    done = session(0, replace(ROW, reps=8))
    eight, ten = (
        {id: first_step(id, sets=3, reps=reps, content=CONTENT) for id in ("ST03", "ST01")} for reps in (8, 10)
    )
    ups = tuple(kept(0, ten[id], before=eight[id], move=Move.UP, planned=id) for id in eight)
    here = course(done, kept=(*ups, kept(0, replace(ROW, reps=8), before=replace(ROW, reps=8))), items=items)
    with pytest.raises(InputError, match="one step at a time"):
        own_change(here, "ST02", on(2), "harder")


def test_an_own_step_back_outlives_the_morning_of_the_session_before() -> None:
    easier = replace(ROW, reps=10)
    here = course(session(0), kept=(own(0, easier),))
    (verdict,) = judge_session(here, here.sessions[0]).values()
    assert verdict.step == easier
    assert verdict.move is not Move.UP


def test_what_is_not_in_the_plan_has_no_step() -> None:
    with pytest.raises(InputError, match="not part of today"):
        own_change(course(), "ST03", on(0), "easier")


def test_what_waits_and_was_done_all_the_same_is_judged() -> None:
    """Another exercise holds its place; an old page offered it, and it hurt."""
    easy = Step(exercise="MV09", sets=1, reps=8)
    items = planned("ST01", "ST06")
    holds = (
        kept(-9, easy, before=easy, move=Move.BACK, planned="ST01"),
        kept(-9, easy, before=easy, move=Move.BACK, planned="ST06"),
    )
    both = session(0, easy)
    other = session(0, Step(exercise="ST06", sets=2, reps=10), worst=9)
    both.sets |= other.sets
    both.felt |= other.felt
    here = course(both, kept=holds, items=items)
    assert [one.planned for one in due_on(here, on(0))] == ["ST01"]
    verdicts = judge_session(here, both)
    assert set(verdicts) == {"ST01", "ST06"}
    assert verdicts["ST06"].move in {Move.BACK, Move.BACK_TWO, Move.SWAP}


# ---- whose an easy exercise is, and what came of the same moment --------------------------------------------------

SQUEEZE = Step(exercise="MV09", sets=1, reps=8)


def test_what_was_done_as_another_exercise_s_is_no_training_of_this_one() -> None:
    """Two come down to the same easy one. It was judged as one of them, and the other one was left out for ten days."""
    easy = session(8, SQUEEZE)
    lies = Step(exercise="ST14", sets=1, reps=8)
    holds = (
        kept(0, lies, before=lies, planned="ST14"),
        kept(0, SQUEEZE, before=SQUEEZE, planned="ST01"),
        kept(8, SQUEEZE, before=SQUEEZE, planned="ST01"),
    )
    here = course(easy, kept=holds, items=planned("ST14", "ST01"))
    due = {one.planned: one for one in due_on(here, on(10))}
    assert (due["ST14"].absence, due["ST14"].step.reps) == ("short", 6)
    assert due["ST01"].absence == "none"
    assert waiting(here, on(10)) == []


def test_what_hurt_in_the_exercise_itself_counts_for_it_whatever_it_stood_for() -> None:
    """It took the place of another one in an earlier plan; now it is in the plan itself."""
    lies = Step(exercise="ST14", sets=2, reps=8)
    hurt = session(0, lies, worst=9)
    here = course(hurt, kept=(kept(0, lies, before=lies, planned="ST18"),), items=planned("ST14"))
    assert waiting(here, on(2)) == [hurt]
    assert judge_session(here, hurt)["ST14"].move in {Move.BACK, Move.BACK_TWO}


def test_a_way_back_that_is_taken_is_waited_for_and_nothing_harder_stands_in() -> None:
    lies = Step(exercise="ST14", sets=1, reps=8)
    presses = Step(exercise="ST15", sets=2, reps=8)
    away = kept(0, presses, before=presses, planned="ST15")
    items = planned("ST18", "ST15")
    assert [one.step.exercise for one in due_on(course(kept=(away,), items=items), on(20))] == ["ST18", "ST14"]
    swapped = kept(18, lies, before=Step(exercise="ST18", sets=1, reps=8), move=Move.SWAP, planned="ST18")
    assert [one.step for one in due_on(course(kept=(away, swapped), items=items), on(20))] == [lies]


def test_of_two_sessions_of_one_moment_the_one_that_is_judged_is_the_last() -> None:
    """Two devices, one clock: what hurt in the first one is not hidden behind the second."""
    hurt = session(0, alarming=True)
    hurt.id = "first"
    fine = session(0)
    here = course(hurt, fine, kept=(kept(0, ROW),))
    assert hurt.at == fine.at
    verdict = judge_session(here, hurt)["ST02"]
    assert verdict.move in {Move.BACK, Move.BACK_TWO}
    assert verdict.check_flags


def test_after_days_off_a_stand_in_is_no_harder_than_the_way_back_of_what_it_stands_for() -> None:
    """Told months late: nobody has done the stand-in yet, and what was due by then was easier."""
    pain = Step(exercise="ST06", sets=1, reps=8)
    stand_in = Step(exercise="ST15", sets=1, reps=8)
    items = planned("ST06", "ST14", "ST01", stand_ins=("ST15",))
    without_easier = replace(BUILD, allowed=BUILD.allowed - {"MV01"})
    late = kept(0, stand_in, before=pain, move=Move.SWAP, planned="ST06")

    def due(day: int, last: Kept) -> Step:
        return due_on(course(kept=(last,), items=items, bounds=without_easier), on(day))[0].step

    before = due(77, kept(0, pain, before=pain, planned="ST06"))
    assert (before.exercise, before.sets) == ("MV09", 1)
    assert due(77, late) == before
    assert due(2, late) == stand_in


def test_an_easier_form_of_the_stand_in_is_no_training_of_what_it_stands_for() -> None:
    """Ten days off stay ten days off, though the easier form of the stand-in was done yesterday."""
    pain = Step(exercise="ST18", sets=1, reps=8)
    stand_in = Step(exercise="ST14", sets=1, reps=8)
    late = kept(0, stand_in, before=pain, move=Move.SWAP, planned="ST18")
    items = planned("ST18", stand_ins=("ST14",))
    easier = session(9, Step(exercise="MV09", sets=1, reps=8))
    (due,) = due_on(course(easier, kept=(late,), items=items), on(10))
    assert (due.step.exercise, due.step.reps, due.absence) == ("ST14", 6, "short")
    own = kept(9, stand_in, before=stand_in, planned="ST18")
    (due,) = due_on(course(session(9, stand_in), kept=(late, own), items=items), on(10))
    assert (due.step.reps, due.absence) == (8, "none")
    (due,) = due_on(course(session(5, stand_in), kept=(late,), items=items), on(10))  # not judged yet, but done
    assert (due.step.reps, due.absence) == (8, "none")
