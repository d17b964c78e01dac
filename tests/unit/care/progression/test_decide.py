"""Up, stay or back: every line of the progression sheet with a case, and its near miss."""

import datetime as dt
from dataclasses import replace

import pytest

from upperback.care.progression import (
    Bounds,
    ExerciseDone,
    Light,
    Move,
    Step,
    StepChange,
    Verdict,
    after_absence,
    bounds_for,
    harder,
    judge,
    limit_session,
    step_back,
    step_up,
)
from upperback.content.vocabulary import default_content

CONTENT = default_content()
BOUNDS = bounds_for((), CONTENT.exercises, CONTENT)
BONE = bounds_for(("osteoporosis_vf",), CONTENT.exercises, CONTENT)
DAY = dt.date(2026, 11, 2)
STEP = Step(exercise="ST02", sets=3, reps=8, band="light")


def done(day: int = 0, **changes: object) -> ExerciseDone:
    """A good session: all done, green, settled, with some effort."""
    step = changes.get("step", STEP)
    assert isinstance(step, Step)
    base = ExerciseDone(
        day=DAY + dt.timedelta(days=day),
        step=step,
        reps=(step.reps,) * step.sets,
        worst_pain=2,
        effort=7,
        form_ok=True,
        usual_pain=2,
        next_morning=2,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def verdict(*history: ExerciseDone, changes: tuple[StepChange, ...] = (), bounds: Bounds = BOUNDS) -> Verdict:
    return judge(history, changes, bounds, CONTENT)


# ---- up ----------------------------------------------------------------------------------------------------------


def test_two_good_sessions_in_a_row_go_up_and_one_does_not() -> None:
    assert verdict(done(0)).reason == "one_good_session"
    found = verdict(done(0), done(2))
    assert (found.move, found.reason, found.step) == (Move.UP, "two_good_sessions", replace(STEP, reps=10))


def test_good_sessions_count_only_at_the_same_step_and_in_a_row() -> None:
    assert verdict(done(0, step=replace(STEP, reps=10)), done(2)).move is Move.HOLD
    assert verdict(done(0), done(2, worst_pain=4), done(4)).reason == "one_good_session"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"reps": (8, 8)}, "not_all_done"),
        ({"reps": (8, 8, 7)}, "not_all_done"),
        ({"reps": ()}, "not_all_done"),
        ({"worst_pain": None}, "not_said"),
        ({"next_morning": None}, "not_said"),
        ({"effort": None}, "not_said"),
        ({"effort": 8.5}, "hard_enough"),
        ({"worst_pain": 4}, "amber_settled"),
        ({"next_morning": 4}, "green_not_settled"),
        ({"usual_pain": 6, "worst_pain": 6, "next_morning": 6}, "calm_only"),
    ],
)
def test_what_is_missing_holds(changes: dict[str, object], reason: str) -> None:
    found = verdict(done(0), done(2, **changes))
    assert (found.move, found.reason, found.step) == (Move.HOLD, reason, STEP)


def test_more_than_the_top_with_little_effort_takes_the_next_step_now() -> None:
    step = Step(exercise="ST08", sets=3, reps=12, load_kg=4.0)
    easy = done(step=step, reps=(12, 12, 13), effort=6)
    assert verdict(easy).step == Step(exercise="ST08", sets=3, reps=8, load_kg=4.5)
    assert verdict(replace(easy, effort=7)).move is Move.HOLD
    assert verdict(replace(easy, reps=(12, 12, 12))).move is Move.HOLD
    assert verdict(replace(easy, worst_pain=4)).move is Move.HOLD
    assert verdict(replace(easy, form_ok=False)).move is Move.HOLD
    assert verdict(replace(easy, reps=(12, 11, 13))).move is Move.HOLD


def test_at_most_one_added_set_in_a_week() -> None:
    step = replace(STEP, sets=1)
    added = StepChange(day=DAY, exercise="ST02", move=Move.UP, added_set=True)
    sessions = done(2, step=step), done(4, step=step)
    assert verdict(*sessions).step.sets == 2
    assert verdict(*sessions, changes=(added,)).reason == "set_added_lately"
    later = done(5, step=step), done(7, step=step)
    assert verdict(*later, changes=(added,)).step.sets == 2


def test_sets_then_repetitions_then_the_fourth_set_then_load() -> None:
    step, seen = Step(exercise="ST02", sets=1, reps=8, band="light"), []
    for _ in range(10):
        seen.append((step.sets, step.reps, step.band))
        step = step_up(step, BOUNDS, CONTENT)
    assert seen[:7] == [
        (1, 8, "light"),
        (2, 8, "light"),
        (3, 8, "light"),
        (3, 10, "light"),
        (3, 12, "light"),
        (4, 12, "light"),
        (3, 8, "medium"),
    ]


def test_with_bone_care_there_is_no_fourth_set() -> None:
    assert step_up(replace(STEP, reps=12), BONE, CONTENT) == replace(STEP, band="medium")
    assert step_up(replace(STEP, reps=12), BOUNDS, CONTENT).sets == 4


def test_a_harder_variant_only_where_nothing_speaks_against_it() -> None:
    top = Step(exercise="ST03", sets=4, reps=12)
    assert step_up(top, BOUNDS, CONTENT) == Step(exercise="ST04", sets=3, reps=8)
    barred = replace(BOUNDS, allowed=BOUNDS.allowed - {"ST04"})
    assert step_up(top, barred, CONTENT) == top
    found = verdict(done(0, step=top), done(2, step=top), bounds=barred)
    assert (found.move, found.reason) == (Move.HOLD, "at_the_top")


@pytest.mark.parametrize(("kg", "more"), [(2.0, 2.5), (10.0, 10.5), (20.0, 21.0)])
def test_weight_goes_up_by_a_twentieth_and_at_least_half_a_kilogram(kg: float, more: float) -> None:
    assert harder(Step(exercise="ST08", sets=4, reps=12, load_kg=kg), BOUNDS, CONTENT).load_kg == more


def test_at_most_two_exercises_go_up_after_one_session() -> None:
    up = {
        name: verdict(done(0, step=replace(STEP, exercise=name)), done(2, step=replace(STEP, exercise=name)))
        for name in ("ST01", "ST02", "ST03")
    }
    assert all(one.move is Move.UP for one in up.values())
    limited = limit_session(up, ["ST03", "ST01", "ST02"], CONTENT)
    assert {name for name, one in limited.items() if one.move is Move.UP} == {"ST03", "ST01"}
    assert limited["ST02"].reason == "others_first"
    assert limited["ST02"].step == replace(STEP, exercise="ST02")


# ---- back --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason", "steps"),
    [
        ({"worst_pain": 6}, "red", 1),
        ({"worst_pain": 6, "next_morning": None}, "red", 1),
        ({"worst_pain": 6, "next_morning": 4}, "red_not_settled", 2),
        ({"worst_pain": 4, "next_morning": 4}, "amber_not_settled", 1),
        ({"effort": 9.5}, "too_hard", 1),
        ({"worst_pain": 1, "is_alarming": True}, "red", 1),
        ({"worst_pain": None, "is_alarming": True}, "red", 1),
    ],
)
def test_what_goes_back(changes: dict[str, object], reason: str, steps: int) -> None:
    step = replace(STEP, reps=12)
    found = verdict(done(0, step=step), done(2, step=step, **changes))
    assert (found.reason, found.step.reps) == (reason, 12 - 2 * steps)
    assert found.move is (Move.BACK if steps == 1 else Move.BACK_TWO)
    assert found.check_flags is (steps == 2 or bool(changes.get("is_alarming")))


SORE: dict[str, object] = {"usual_pain": 6, "worst_pain": 6, "next_morning": 7}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"effort": 9.5}, "too_hard"),
        ({"form_ok": False}, "form_lost_twice"),
        ({"next_morning": 8}, "green_not_settled_twice"),
    ],
)
def test_strong_pain_at_rest_takes_no_step_back_away(changes: dict[str, object], reason: str) -> None:
    step = replace(STEP, reps=12)
    found = verdict(done(0, step=step, **SORE | changes), done(2, step=step, **SORE | changes))
    assert (found.move, found.reason, found.step.reps) == (Move.BACK, reason, 10)


@pytest.mark.parametrize("changes", [{}, {"effort": 9}, {"form_ok": False}])
def test_strong_pain_at_rest_alone_is_no_reason_for_less(changes: dict[str, object]) -> None:
    found = verdict(done(0, **SORE), done(2, **SORE | changes))
    assert (found.move, found.reason, found.step) == (Move.HOLD, "calm_only", STEP)


def test_green_that_does_not_settle_holds_once_and_goes_back_the_second_time() -> None:
    restless = {"next_morning": 4}
    assert verdict(done(0), done(2, **restless)).move is Move.HOLD
    assert verdict(done(0, **restless), done(2, **restless)).reason == "green_not_settled_twice"


def test_form_lost_twice_in_a_row_goes_back() -> None:
    lost = {"form_ok": False}
    assert verdict(done(0), done(2, **lost)).move is Move.HOLD
    assert verdict(done(0, **lost), done(2, **lost)).reason == "form_lost_twice"
    assert verdict(done(0, **lost), done(2), done(4, **lost)).move is Move.HOLD


def test_two_steps_back_within_a_week_ask_for_another_exercise() -> None:
    earlier = StepChange(day=DAY, exercise="ST02", move=Move.BACK)
    assert verdict(done(6, worst_pain=7), changes=(earlier,)).move is Move.SWAP
    assert verdict(done(7, worst_pain=7), changes=(earlier,)).move is Move.BACK
    assert verdict(done(6, worst_pain=7), changes=(replace(earlier, exercise="ST01"),)).move is Move.BACK
    assert verdict(done(6, worst_pain=7), changes=(replace(earlier, move=Move.UP),)).move is Move.BACK


def test_the_way_back_repetitions_sets_load_variant_and_then_no_further() -> None:
    step, seen = Step(exercise="ST02", sets=2, reps=10, band="medium"), []
    for _ in range(6):
        seen.append((step.exercise, step.sets, step.reps, step.band))
        step = step_back(step, BOUNDS, CONTENT)
    assert seen == [
        ("ST02", 2, 10, "medium"),
        ("ST02", 2, 8, "medium"),
        ("ST02", 1, 8, "medium"),
        ("ST02", 1, 8, "light"),
        ("ST01", 1, 8, "light"),
        ("MV09", 1, 8, None),
    ]
    assert step_back(Step(exercise="ST08", sets=1, reps=8, load_kg=5.0), BOUNDS, CONTENT).load_kg == 4.0


# ---- laws --------------------------------------------------------------------------------------------------------


def test_red_never_goes_up_and_never_stays() -> None:
    for step in (STEP, replace(STEP, reps=12), replace(STEP, sets=1), replace(STEP, sets=4, reps=12)):
        for morning in (None, 0, 3, 9):
            for effort in (None, 1, 10):
                found = verdict(
                    done(0, step=step), done(2, step=step, worst_pain=8, next_morning=morning, effort=effort)
                )
                assert found.light is Light.RED
                assert found.move in {Move.BACK, Move.BACK_TWO}
                assert found.step != step


# ---- days off ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "absence", "step"),
    [
        (7, "none", Step(exercise="ST08", sets=3, reps=10, load_kg=5.0)),
        (8, "short", Step(exercise="ST08", sets=3, reps=10, load_kg=4.0)),
        (14, "short", Step(exercise="ST08", sets=3, reps=10, load_kg=4.0)),
        (15, "middle", Step(exercise="ST02", sets=2, reps=10, band="light")),
        (28, "middle", Step(exercise="ST02", sets=2, reps=10, band="light")),
        (29, "long", Step(exercise="ST02", sets=1, reps=10, band="light")),
    ],
)
def test_coming_back_after_days_off(days: int, absence: str, step: Step) -> None:
    found = after_absence(Step(exercise="ST08", sets=3, reps=10, load_kg=5.0), days, BOUNDS, CONTENT)
    assert (found.absence, found.step, found.anew) == (absence, step, absence == "long")


def test_without_a_weight_the_repetitions_are_fewer() -> None:
    assert after_absence(replace(STEP, reps=10), 10, BOUNDS, CONTENT).step.reps == 8
