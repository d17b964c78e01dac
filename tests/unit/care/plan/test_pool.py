"""The pool of safe exercises: nothing a caution forbids gets in, and adding a condition adds nothing."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.care.plan.people import CONTENT, exercise_ids, plan_of
from upperback.care.plan.choices import EQUIPMENT, POSITIONS, Choices
from upperback.care.plan.choose import choose_exercises
from upperback.care.plan.dose import Amount, dose_of
from upperback.care.plan.pool import exercise_pool
from upperback.content.models import Exercise

TAGS = tuple(CONTENT.cautions)
PHASES = ("CALM", "BUILD-light", "BUILD")
LEVELS = ("movement_only", "gentle", "full")


def forbidden(exercise: Exercise, tags: frozenset[str]) -> bool:
    """Written straight from the content, so that it can contradict the pool."""
    return any(item.effect == "hide" and item.tag in tags for item in exercise.cautions)


def small_tag_sets() -> list[frozenset[str]]:
    """Every set of up to three tags."""
    return [frozenset(some) for size in range(4) for some in itertools.combinations(TAGS, size)]


def pool_ids(tags: frozenset[str], choices: Choices | None = None) -> set[str]:
    return set(exercise_pool(tags, choices or Choices(), CONTENT).allowed)


def amount_of(tags: frozenset[str], phase: str = "BUILD", level: str = "full", fraction: float = 1.0) -> Amount:
    return Amount(phase=phase, level=level, tags=tags, fraction=fraction, strength_days=3)  # type: ignore[arg-type]


tag_sets = st.frozensets(st.sampled_from(TAGS))
choice_sets = st.builds(
    Choices,
    equipment=st.none() | st.frozensets(st.sampled_from(EQUIPMENT)),
    drop=st.lists(st.sampled_from(tuple(CONTENT.exercises)), max_size=5).map(tuple),
    keep=st.lists(st.sampled_from(tuple(CONTENT.exercises)), max_size=5, unique=True).map(tuple),
    positions_avoid=st.frozensets(st.sampled_from(POSITIONS)),
)


def test_without_cautions_everything_is_possible() -> None:
    assert pool_ids(frozenset()) == set(CONTENT.exercises)


def test_every_set_of_cautions_leaves_only_what_it_allows() -> None:
    """All 131 072 sets: an exercise is in the pool exactly where none of its forbidding tags is carried.

    The pool looks at one exercise at a time, so its answer for a set is worked out from its answers for single
    tags; the next test shows for small and for random sets that the pool itself says the same.
    """
    alone = {tag: pool_ids(frozenset({tag})) for tag in TAGS}
    carried = (np.arange(2 ** len(TAGS))[:, None] >> np.arange(len(TAGS))) & 1 == 1
    for exercise in CONTENT.exercises.values():
        hides = np.array([exercise.id not in alone[tag] for tag in TAGS])
        said = np.array([any(c.tag == tag and c.effect == "hide" for c in exercise.cautions) for tag in TAGS])
        assert ((carried & hides).any(axis=1) == (carried & said).any(axis=1)).all(), exercise.id


def test_all_small_sets_of_cautions() -> None:
    for tags in small_tag_sets():
        expected = {exercise.id for exercise in CONTENT.exercises.values() if not forbidden(exercise, tags)}
        assert pool_ids(tags) == expected


@given(tags=tag_sets, more=tag_sets, choices=choice_sets)
def test_adding_a_condition_never_adds_an_exercise(
    tags: frozenset[str], more: frozenset[str], choices: Choices
) -> None:
    assert pool_ids(tags | more, choices) <= pool_ids(tags, choices) <= pool_ids(frozenset(), choices)


@given(choices=choice_sets, tags=tag_sets)
def test_the_pool_respects_equipment_positions_and_wishes(choices: Choices, tags: frozenset[str]) -> None:
    pool = exercise_pool(tags, choices, CONTENT)
    for id, item in pool.allowed.items():
        assert id not in choices.drop
        assert choices.equipment is None or set(item.exercise.equipment) <= choices.equipment
        assert set(item.exercise.positions) - choices.positions_avoid
        assert not forbidden(item.exercise, tags)
        assert {tag for tag, _ in item.how} <= tags
    assert set(pool.allowed) | set(pool.left_out) == set(CONTENT.exercises)
    assert not set(pool.allowed) & set(pool.left_out)


def check_choice(tags: frozenset[str], pattern_id: str, amount: Amount, choices: Choices) -> None:
    pattern = CONTENT.patterns[pattern_id]
    pool = exercise_pool(tags, choices, CONTENT)
    chosen = choose_exercises(pool, pattern, amount, choices.keep, CONTENT)
    ids = [item.id for item in chosen]
    assert len(ids) == len(set(ids))
    movement = [item for item in chosen if item.allowed.exercise.kind == "movement"]
    strength = [item for item in chosen if item.allowed.exercise.kind == "strength"]
    kept = set(choices.keep)
    assert len(movement) <= (2 if amount.phase == "CALM" else max(4, len(kept)))
    assert len(strength) <= max(4, len(kept))
    if not amount.strength_allowed:
        assert not strength
    for item in chosen:
        exercise = item.allowed.exercise
        assert item.id in pool.allowed
        assert not forbidden(exercise, tags), (pattern_id, sorted(tags), item.id)
        if item.reason in ("completes", "instead"):
            assert exercise.level <= 2
        check_dose(exercise, amount)


def check_dose(exercise: Exercise, amount: Amount) -> None:
    dose = dose_of(exercise, amount, CONTENT)
    assert 1 <= dose.sets <= dose.sets_top <= 4
    assert dose.reps <= dose.reps_top <= 12
    if "osteoporosis_vf" in amount.tags:
        assert dose.sets_top <= 3
    if exercise.kind == "strength":
        assert dose.reps == 8
        assert dose.rest_s == 60
        assert 1 <= dose.days_per_week <= 4
        assert dose.sets <= (3 if amount.is_full else 2)
    else:
        assert dose.sets == 1
        assert dose.days_per_week == 7
        assert 1 <= dose.per_day <= 6
        if amount.phase == "CALM":
            assert dose.reps <= 8


def test_every_pattern_with_every_pair_of_cautions() -> None:
    pairs = [frozenset(some) for size in range(3) for some in itertools.combinations(TAGS, size)]
    for tags in pairs:
        for pattern in CONTENT.patterns:
            for phase in PHASES:
                check_choice(tags, pattern, amount_of(tags, phase), Choices())


@settings(max_examples=400)
@given(
    tags=tag_sets,
    choices=choice_sets,
    pattern=st.sampled_from(tuple(CONTENT.patterns)),
    phase=st.sampled_from(PHASES),
    level=st.sampled_from(LEVELS),
    fraction=st.sampled_from((1.0, 0.5)),
)
def test_no_plan_holds_what_a_caution_forbids(
    tags: frozenset[str], choices: Choices, pattern: str, phase: str, level: str, fraction: float
) -> None:
    check_choice(tags, pattern, amount_of(tags, phase, level, fraction), choices)


@pytest.mark.long
def test_every_pattern_with_every_set_of_cautions() -> None:
    """All 2^17 sets of cautions with every pattern, about three minutes."""
    for bits in range(2 ** len(TAGS)):
        tags = frozenset(tag for place, tag in enumerate(TAGS) if bits >> place & 1)
        pool = exercise_pool(tags, Choices(), CONTENT)
        for pattern in CONTENT.patterns.values():
            for item in choose_exercises(pool, pattern, amount_of(tags), (), CONTENT):
                assert not forbidden(item.allowed.exercise, tags)


def test_even_somebody_with_every_caution_has_something_to_do() -> None:
    pool = exercise_pool(frozenset(TAGS), Choices(), CONTENT)
    assert {"MV09", "MV13", "MV08"} <= set(pool.allowed)


def test_a_swap_keeps_the_exercise_with_its_words() -> None:
    pool = exercise_pool({"osteoporosis_vf"}, Choices(), CONTENT)
    (change,) = [how for tag, how in pool.allowed["MV02"].how if tag == "osteoporosis_vf"]
    assert change


def test_what_is_left_out_says_why() -> None:
    pool = exercise_pool({"recent_strain"}, Choices(equipment=frozenset({"wall"}), drop=("MV08",)), CONTENT)
    assert pool.left_out["MV02"].tags == ("recent_strain",)
    assert "band" in pool.left_out["ST12"].because or pool.left_out["ST12"].tags
    assert "off your list" in pool.left_out["MV08"].because
    assert "chair" in pool.left_out["MV14"].because
    standing = exercise_pool((), Choices(positions_avoid=frozenset({"standing"})), CONTENT)
    assert "position" in standing.left_out["MV10"].because
    assert "MV12" in standing.allowed


def test_starter_sets() -> None:
    assert exercise_ids(plan_of(worse_with=["sitting"])) == ["MV02", "MV01", "MV11", "ST01", "ST02", "ST03"]
    bone = plan_of(osteoporosis=True, age=70, duration_weeks=20)
    assert exercise_ids(bone) == ["MV09", "MV13", "MV12", "ST14", "ST03", "ST10", "ST13"]
    pregnant = plan_of(pregnancy="pregnant", gestation_weeks=20)
    assert exercise_ids(pregnant) == ["MV02", "MV12", "MV09", "ST01", "ST03"]  # ST01 for ST02, which invites straining
    assert exercise_ids(plan_of(numbness_arms="one_side")) == ["MV09", "MV08", "MV13", "ST02", "ST03"]
    sport = plan_of({"tasks": [{"category": "LM-GYM"}]}, onset="after_activity", trend="same", pain=2)
    assert exercise_ids(sport) == ["MV05", "MV06", "MV15", "ST07", "ST08", "ST17", "ST19"]


def test_a_sore_rower_starts_with_gentler_ones_of_the_same_family() -> None:
    sport = plan_of({"tasks": [{"category": "LM-GYM"}]}, onset="after_activity", trend="same", pain=5)
    assert sport.pattern.id == "C19"
    assert "MV15" not in exercise_ids(sport)
    assert {item.id for item in sport.left_out} == {"MV15", "ST08", "ST17"}
    stand_in = next(item for item in sport.exercises if item.instead_of == "ST08")
    assert stand_in.exercise.family == "pull"
    assert "stands in" in stand_in.why


def test_the_person_decides_within_what_is_safe() -> None:
    plan = plan_of({"keep": ["MV15", "ST20"], "drop": ["ST03"]})
    ids = exercise_ids(plan)
    assert {"MV15", "ST20"} <= set(ids)
    assert "ST03" not in ids
    assert {item.id for item in plan.left_out} >= {"ST03"}
    bone = plan_of({"keep": ["MV15", "MV06"]}, osteoporosis=True, duration_weeks=20)
    assert not {"MV15", "MV06"} & set(exercise_ids(bone))
    assert {item.id: item.tags for item in bone.left_out}["MV06"] == ("osteoporosis_vf",)


def test_more_kept_than_usual_stays() -> None:
    keep = ["MV01", "MV02", "MV08", "MV09", "MV13", "MV14"]
    assert exercise_ids(plan_of({"keep": keep}), "movement") == keep


def test_without_anything_at_home_there_is_still_a_plan() -> None:
    plan = plan_of({"equipment": []})
    assert len(exercise_ids(plan, "movement")) >= 3
    assert len(exercise_ids(plan, "strength")) >= 2
    assert all(item.exercise.equipment == () for item in plan.exercises)


def test_a_family_with_several_gentle_ones_fills_up() -> None:
    """Seated only, no lying, no floor: few families are left and one of them has to give two."""
    plan = plan_of({"equipment": [], "positions_avoid": ["standing", "floor"], "drop": ["MV02", "MV01"]})
    assert len(exercise_ids(plan, "movement")) >= 3


def test_lying_on_a_mat_is_on_the_floor() -> None:
    pool = exercise_pool((), Choices(positions_avoid=frozenset({"floor"})), CONTENT)
    assert not {"MV06", "ST15", "ST16", "ST17"} & set(pool.allowed)
    assert {"MV05", "ST14"} <= set(pool.allowed)  # these two also go on a bed
