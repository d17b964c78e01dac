"""The load ledger: order of the tasks, one change at a time, what came of it, pacing, and the ladder."""

import datetime as dt

import pytest

from upperback.care.diary import Entry, FearedDone, FearedTold, TaskChanged, TaskDone, TaskTold, Written
from upperback.care.exposure import ladder_of
from upperback.care.ledger import has_room, occasions_of, still_needed, tasks_of, trials_of
from upperback.care.load_effect import Effect
from upperback.care.pacing import pace_of, tolerance
from upperback.care.plan.choices import Task
from upperback.content.vocabulary import default_content

CONTENT = default_content()
START = dt.date(2026, 11, 2)


def told(*entries: tuple[int, Entry]) -> list[Written]:
    at = dt.datetime(2026, 11, 2, 9, tzinfo=dt.UTC)
    return [
        Written(id=id, day=START + dt.timedelta(days=day), at=at + dt.timedelta(days=day), entry=entry)
        for id, (day, entry) in enumerate(entries, start=1)
    ]


def done(before: int, after: int, minutes: float | None = None, rose_after: float | None = None) -> TaskDone:
    return TaskDone(task="LM-HOUSE", before=before, after=after, minutes=minutes, rose_after=rose_after)


CHANGE = TaskChanged(task="LM-HOUSE", change="LM-HOUSE-1", words="Shorter")


def test_the_most_important_and_most_provoking_comes_first() -> None:
    assessed = [Task(category="LM-SIT", importance=9, provocation=2), Task(category="LM-LIFT")]
    written = told((0, TaskTold(task="x1", category="LM-HOUSE", name="Hoovering", importance=8, provocation=8)))
    assert [one.id for one in tasks_of(assessed, written)] == ["x1", "LM-LIFT", "LM-SIT"]


def test_what_was_told_last_counts_and_a_task_can_come_off_the_list() -> None:
    assessed = [Task(category="LM-SIT", importance=1)]
    written = told((0, TaskTold(task="LM-SIT", category="LM-SIT", minutes_to_symptom=25)))
    (sitting,) = tasks_of(assessed, written)
    assert (sitting.task.minutes_to_symptom, sitting.task.importance) == (25, None)
    off = told((0, TaskTold(task="LM-SIT", category="LM-SIT", kept=False)))
    assert tasks_of(assessed, off) == []


def test_a_change_is_judged_against_what_came_before_it() -> None:
    before, after = [(day, done(2, 6)) for day in range(6)], [(day, done(2, 3)) for day in range(7, 13)]
    (trial,) = trials_of("LM-HOUSE", told(*before, (6, CHANGE), *after), CONTENT)
    assert trial.effect.answer == "helped"
    assert trial.is_told
    assert not trial.waits
    (worse,) = trials_of("LM-HOUSE", told(*((d, done(2, 2)) for d in range(6)), (6, CHANGE), *after), CONTENT)
    assert worse.effect.answer == "worse"


def test_until_there_is_enough_it_says_how_many_more() -> None:
    before, after = [(day, done(2, 6)) for day in range(5)], [(day, done(2, 3)) for day in (7, 8)]
    (trial,) = trials_of("LM-HOUSE", told(*before, (6, CHANGE), *after), CONTENT)
    assert (trial.more_before, trial.more_after, trial.is_counted) == (0, 3, True)
    assert trial.waits


def test_too_little_before_a_change_cannot_be_made_up_afterwards() -> None:
    (trial,) = trials_of(
        "LM-HOUSE", told((0, done(2, 6)), (1, CHANGE), *((d, done(2, 3)) for d in range(2, 9))), CONTENT
    )
    assert trial.more_before == 4
    assert not trial.waits  # so that the next change may begin, compared with this one


def test_the_second_change_is_compared_with_the_first_and_not_with_the_start() -> None:
    entries = [(d, done(0, 8)) for d in range(5)] + [(d, done(2, 4)) for d in range(6, 12)]
    entries += [(d, done(2, 4)) for d in range(13, 19)]
    changes = [(5, CHANGE), (12, TaskChanged(task="LM-HOUSE", change="LM-HOUSE-2"))]
    written = told(*sorted([*entries, *changes], key=lambda one: one[0]))
    first, second = trials_of("LM-HOUSE", written, CONTENT)
    assert first.effect.answer == "helped"
    assert second.effect.n_before == 6
    assert second.effect.answer == "no_difference"


def test_enough_and_still_unclear_gives_an_estimate_or_says_that_it_may_stay_so() -> None:
    unclear = Effect(answer="cannot_tell", points=-2, interval=(-4.0, 0.0), n_before=8, n_after=8)
    before, after, is_counted = still_needed(unclear, CONTENT)
    assert (before, is_counted) == (0, False)
    assert after is not None
    assert after >= 1
    hopeless = Effect(answer="cannot_tell", points=-0.5, interval=(-4.0, 3.0), n_before=5, n_after=20)
    assert still_needed(hopeless, CONTENT)[1] is None


def test_only_a_few_tasks_are_changed_at_once() -> None:
    most = int(CONTENT.limit("tasks_changed_first"))
    before = [(day, done(2, 6)) for day in range(5)]
    (waiting,) = trials_of("LM-HOUSE", told(*before, (6, CHANGE)), CONTENT)
    assert has_room([waiting] * (most - 1), CONTENT)
    assert not has_room([waiting] * most, CONTENT)


@pytest.mark.parametrize(
    ("entry", "minutes"),
    [(done(2, 3, 30), 30), (done(2, 4, 30, 12), 12), (done(2, 5, 30), None), (done(2, 3), None), (done(2, 4), None)],
)
def test_what_is_tolerated(entry: TaskDone, minutes: float | None) -> None:
    assert tolerance(entry, CONTENT) == minutes


def paced(*entries: tuple[int, TaskDone], goal: float | None = 45) -> tuple[float | None, int, float | None]:
    pace = pace_of(occasions_of("LM-HOUSE", told(*entries)), {}, goal, CONTENT)
    return pace.baseline, pace.step, pace.target


FIRST = tuple((day, done(2, 4, 60, minutes)) for day, minutes in enumerate((12, 20, 9, 15, 16)))


def test_pacing_starts_from_four_fifths_of_the_median_of_good_and_bad_days() -> None:
    baseline, _step, _target = paced(*FIRST)
    assert baseline == 12  # 12, 20, 9, 15, 16: median 15
    assert paced(*FIRST[:2]) == (None, 0, None)
    assert pace_of(occasions_of("LM-HOUSE", told(*FIRST[:2])), {}, 45, CONTENT).days_needed == 1


def test_one_step_after_two_good_occasions_and_never_more_than_one_on_a_day() -> None:
    days = ((0, done(2, 2, 20)), (1, done(2, 2, 20)), (2, done(2, 2, 20)))  # 16 minutes to start with
    assert paced(*days)[:2] == (16, 0)
    assert paced(*days, (3, done(2, 2, 16)), (4, done(2, 2, 16)))[1:] == (1, 17)
    assert paced(*days, *((3, done(2, 2, 90)) for _ in range(2)))[1] == 1


def test_amber_that_did_not_settle_repeats_and_red_goes_back() -> None:
    days = ((0, done(2, 2, 20)), (1, done(2, 2, 20)), (2, done(2, 2, 20)))
    good = tuple((day, done(2, 2, 16)) for day in range(3, 9))
    assert paced(*days, *good)[1] == 3
    assert paced(*days, *good, (9, done(2, 5, 16)), (10, done(2, 5, 16)))[1] == 3
    assert paced(*days, *good, (9, done(2, 7, 16)))[1] == 1


def test_the_plan_never_passes_the_goal() -> None:
    days = ((0, done(2, 2, 20)), (1, done(2, 2, 20)), (2, done(2, 2, 20)))
    good = tuple((day, done(2, 2, 16)) for day in range(3, 23))
    assert paced(*days, *good, goal=18)[2] == 18


def feared(step: str, worry: int) -> FearedTold:
    return FearedTold(step=step, name=step, worry=worry)


def test_the_ladder_starts_in_the_lower_middle() -> None:
    rungs = ladder_of(told((0, feared("high", 8)), (0, feared("low", 1)), (0, feared("mid", 4))), CONTENT)
    assert [rung.id for rung in rungs] == ["low", "mid", "high"]
    assert [rung.id for rung in rungs if rung.is_now] == ["mid"]


@pytest.mark.parametrize(
    ("worries", "is_done"), [((6,), False), ((6, 6), True), ((4, 8, 4), True), ((7, 7, 7), False), ((8, 6), False)]
)
def test_a_rung_is_done_when_the_worry_has_fallen_twice(worries: tuple[int, ...], is_done: bool) -> None:
    tries = ((day, FearedDone(step="high", worry=worry)) for day, worry in enumerate(worries, start=1))
    (rung,) = ladder_of(told((0, feared("high", 8)), *tries), CONTENT)
    assert rung.is_done is is_done
    assert rung.is_now is not is_done


def test_a_rung_taken_off_is_gone() -> None:
    off = FearedTold(step="high", name="high", worry=8, kept=False)
    assert ladder_of(told((0, feared("high", 8)), (1, off)), CONTENT) == []
