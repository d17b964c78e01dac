"""Invented people for trying the product out: every result and the main patterns, one click each.

Their answers go through the same use cases as everybody's; nothing is written past them. Made new at each start.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import transaction

from upperback.care import intake
from upperback.care.diary import Active, CheckIn, DeskPoint, TaskDone
from upperback.care.intake import Answer
from upperback.content.models import Question
from upperback.content.vocabulary import default_content
from upperback.core.errors import NotFound
from upperback.services import assessments, people, plans, screening
from upperback.services.actors import SYSTEM
from upperback.services.demo_history import Week, live_through
from upperback.services.permissions import check_may
from upperback.services.today import local_day
from upperback.store.models import Profile, Screening


@dataclass(frozen=True, slots=True)
class Invented:
    """An invented person: what they say where it differs from a quiet answer, and how far they have come.

    `result` is what the safety check says of these answers, known before anybody has looked at this person.
    """

    key: str
    name: str
    story: str
    result: str
    says: Mapping[str, Answer]
    steps: Mapping[str, Any] = field(default_factory=dict)
    has_plan: bool = False
    is_proxy: bool = False
    began_days_ago: int = 0
    weeks: tuple[Week, ...] = ()


def _ticks(*options: str) -> Answer:
    return Answer(options=options)


def _number(value: float) -> Answer:
    return Answer(number=value)


def _told(
    average: int, worst: int, activities: tuple[int, ...], sleep: int, confidence: int, pgic: int | None = None
) -> CheckIn:
    return CheckIn(
        pain_average=average, pain_worst=worst, activities=activities, sleep=sleep, confidence=confidence, pgic=pgic,
        arm="no", movement_bearable="yes",
    )  # fmt: skip


_LOW: Final = {id: _ticks("several") for id in intake.MOOD_ITEMS}

_DESK: Final = tuple(
    DeskPoint(item=f"W{number:02}", state="to_change" if number in {1, 10} else "nearly" if number == 8 else "fine")
    for number in range(1, 18)
)


def _sat(before: int, after: int) -> TaskDone:
    return TaskDone(task="LM-SIT", before=before, after=after, minutes=60.0 if after - before < 2 else 45.0)


def _carried(before: int, after: int) -> TaskDone:
    return TaskDone(task="LM-CARRY", before=before, after=after, kg=9.0)


PEOPLE: Final[tuple[Invented, ...]] = (
    Invented(
        "desk", "Priya, 34", "Desk work. Sore between the blades after an hour of sitting.", "self_manage",
        {
            "age": _number(34), "sex": _ticks("female"), "duration": _ticks("under_six"), "trend": _ticks("same"),
            "pain_average": _number(3), "pain_now": _number(2), "pain_worst": _number(4), "psfs": _number(6),
            "site": _ticks("between_blades"), "worse_with": _ticks("sitting"),
            "eased_by": _ticks("movement", "position_change"), "stress": _number(6),
        },
        {
            "areas": ["t4", "t5", "t6", "left_blade_edge", "right_blade_edge"],
            "activities": [
                {"words": "Work at the laptop for a morning", "score": 4},
                {"words": "Carry my rucksack to the train", "score": 6},
            ],
            "tasks": [
                {"category": "LM-SIT", "minutes_to_symptom": 40.0, "minutes_typical": 360.0, "importance": 9,
                 "provocation": 7},
                {"category": "LM-CARRY", "kg_ok": 4.0, "kg_total": 10.0, "importance": 6, "provocation": 5},
            ],
            "day": {"kind": "desk", "hours_sitting": 8.0, "hours_screen": 7.0},
            "equipment": {"equipment": ["chair", "wall", "doorway", "band"], "positions_avoid": []},
            "goals": ["A film without shifting about"],
        },
        has_plan=True,
    ),
    Invented(
        "strain", "Tom, 27", "Moved house last week. Sore since, and getting better.", "self_manage",
        {
            "age": _number(27), "sex": _ticks("male"), "onset": _ticks("after_activity"), "trauma": _ticks("strain"),
            "trauma_days": _number(6), "duration": _ticks("week"), "trend": _ticks("improving"),
            "pain_average": _number(4), "pain_now": _number(3), "pain_worst": _number(5), "settle": _ticks("day"),
            "worse_with": _ticks("lifting", "twisting"), "site": _ticks("one_side"), "psfs": _number(5),
        },
        {
            "tasks": [{"category": "LM-LIFT", "kg_ok": 8.0, "kg_total": 25.0, "importance": 8, "provocation": 6}],
            "equipment": {"equipment": ["chair", "wall", "mat", "weight"], "positions_avoid": []},
        },
        has_plan=True,
    ),
    Invented(
        "bone", "Joan, 68", "Thin bones, found by a scan. A dull ache for years. No fall.", "physio_routine",
        {
            "age": _number(68), "sex": _ticks("female"), "bones": _ticks("thin"), "duration": _ticks("five_years"),
            "trend": _ticks("same"), "pain_average": _number(3), "pain_now": _number(2),
            "stiffness": _ticks("under_30"), "onset_age": _number(60), "psfs": _number(6),
            "site": _ticks("upper_midline"),
        },
        {
            "tasks": [{"category": "LM-GARDEN", "minutes_to_symptom": 15.0, "minutes_typical": 60.0, "importance": 8,
                       "provocation": 5}],
            "equipment": {"equipment": ["chair", "wall", "band"], "positions_avoid": ["floor"]},
        },
        has_plan=True,
    ),
    Invented(
        "pregnant", "Leila, 31", "24 weeks pregnant. The rib side aches when she sits.", "physio_routine",
        {
            "age": _number(31), "sex": _ticks("female"), "pregnancy": _ticks("pregnant"), "gestation": _number(24),
            "duration": _ticks("under_six"), "trend": _ticks("same"), "pain_average": _number(3),
            "pain_now": _number(3), "site": _ticks("one_side"), "worse_with": _ticks("sitting"), "psfs": _number(6),
        },
        {"equipment": {"equipment": ["chair", "wall", "band"], "positions_avoid": ["lying"]}},
        has_plan=True,
    ),
    Invented(
        "inflamed", "Amir, 29", "Seven months of stiff mornings that ease with movement.", "gp_soon",
        {
            "age": _number(29), "sex": _ticks("male"), "duration": _ticks("year"), "onset_age": _number(28),
            "night": _ticks("second_half"), "stiffness": _ticks("hour"), "eased_by": _ticks("movement"),
            "inflamed_signs": _ticks("buttock", "nsaid"), "trend": _ticks("same"), "pain_average": _number(4),
            "psfs": _number(5), "pattern": _ticks("mixed"), "flares": _number(2),
        },
        {"equipment": {"equipment": ["chair", "wall"], "positions_avoid": []}},
        has_plan=True,
    ),
    Invented(
        "three_weeks", "Marco, 38", "Three weeks in. His check-in asks how it is overall.", "self_manage",
        {
            "age": _number(38), "sex": _ticks("male"), "duration": _ticks("under_six"), "trend": _ticks("same"),
            "pain_average": _number(4), "pain_now": _number(3), "pain_worst": _number(6), "psfs": _number(6),
            "site": _ticks("between_blades"), "worse_with": _ticks("sitting"), "eased_by": _ticks("movement"),
        },
        {
            "activities": [{"words": "Lift my son", "score": 5}],
            "tasks": [{"category": "LM-SIT", "minutes_to_symptom": 40.0, "minutes_typical": 300.0}],
            "equipment": {"equipment": ["chair", "wall", "band"], "positions_avoid": []},
        },
        has_plan=True, began_days_ago=21,
        weeks=(
            Week(mornings=(4, 4, 3, 4, 4, 3, 4), turns=2, sessions=2, check_in=_told(4, 6, (5,), 3, 6)),
            Week(mornings=(4, 3, 3, None, 3, 4, 3), turns=3, sessions=2, check_in=_told(4, 5, (6,), 3, 6)),
            Week(mornings=(3, 3, 4, 3, 3, 3, 3), turns=3, sessions=3),
        ),
    ),
    Invented(
        "six_weeks", "Grace, 45", "Six weeks into her plan. Her review is due.", "self_manage",
        {
            "age": _number(45), "sex": _ticks("female"), "duration": _ticks("under_six"), "trend": _ticks("same"),
            "pain_average": _number(5), "pain_now": _number(3), "pain_worst": _number(6), "psfs": _number(5),
            "site": _ticks("between_blades"), "worse_with": _ticks("sitting", "lifting"), "sleep": _number(5),
            "confidence": _number(5), "stress": _number(4), "eased_by": _ticks("movement"), "settle": _ticks("day"),
        },
        {
            "areas": ["t5", "t6"],
            "activities": [
                {"words": "Swim ten lengths", "score": 3}, {"words": "Sit through a film", "score": 5},
                {"words": "Carry the shopping home", "score": 4},
            ],
            "tasks": [
                {"category": "LM-SIT", "minutes_to_symptom": 30.0, "minutes_typical": 300.0, "importance": 8,
                 "provocation": 6},
                {"category": "LM-CARRY", "kg_ok": 4.0, "kg_total": 9.0, "importance": 6, "provocation": 5},
            ],
            "day": {"kind": "desk", "hours_sitting": 7.0, "hours_screen": 6.0},
            "equipment": {"equipment": ["chair", "wall", "band"], "positions_avoid": []},
            "goals": ["Swim with my daughter again"],
        },
        has_plan=True, began_days_ago=43,
        weeks=(
            Week(mornings=(4, 4, 5, 4, 3, 4, 4), turns=2, sessions=2,
                 told=(_sat(2, 5), _sat(1, 3), _sat(2, 5), _carried(2, 4), *_DESK),
                 check_in=_told(5, 6, (3, 5, 4), sleep=5, confidence=5)),
            Week(mornings=(4, 3, 4, None, 3, 4, 3), turns=3, sessions=3,
                 told=(_sat(3, 7), _sat(2, 4), _sat(2, 5), _carried(2, 5), _carried(1, 3)),
                 check_in=_told(4, 6, (3, 5, 5), sleep=4, confidence=5)),
            Week(mornings=(3, 3, None, None, 4, 3, 3), turns=3, sessions=3, changed="LM-SIT",
                 told=(_sat(2, 5), _sat(2, 3), _sat(3, 4), _carried(2, 4)),
                 check_in=_told(4, 5, (4, 6, 5), sleep=4, confidence=6, pgic=3)),
            Week(mornings=(3, 5, 5, 4, 3, 3, 3), turns=2, sessions=2, flare=True, told=(_sat(3, 4), _carried(3, 6)),
                 check_in=_told(5, 7, (4, 5, 5), sleep=5, confidence=5)),
            Week(mornings=(3, 2, 3, 2, None, 3, 2), turns=3, sessions=3, changed="LM-CARRY",
                 told=(_sat(2, 2), _sat(1, 2), _sat(2, 3), _carried(2, 3), Active(minutes=60))),
            Week(mornings=(2, 3, 2, 2, 2, 2, 2), turns=3, sessions=3,
                 told=(_sat(1, 1), _sat(2, 3), _carried(1, 2), Active(minutes=45), Active(minutes=40)),
                 check_in=_told(3, 4, (5, 7, 7), sleep=3, confidence=7)),
        ),
    ),
    Invented(
        "weight", "Ken, 63", "Losing weight without trying. The pain is new.", "gp_soon",
        {
            "age": _number(63), "sex": _ticks("male"), "weight_sweats": _ticks("weight"),
            "duration": _ticks("under_six"), "trend": _ticks("same"), "pain_average": _number(4), "psfs": _number(6),
        },
    ),
    Invented(
        "fracture", "Margaret, 74", "Thin bones, and a sudden sharp pain on lifting a pan. Her son answers for her.",
        "urgent_same_day",
        {
            "age": _number(74), "sex": _ticks("female"), "bones": _ticks("thin"), "onset": _ticks("sudden"),
            "duration": _ticks("week"), "trend": _ticks("same"), "bone_signs": _ticks("tender"),
            "pain_average": _number(6), "psfs": _number(4),
        },
        is_proxy=True,
    ),
    Invented(
        "cord", "Walter, 55", "Numb between the legs since this morning.", "emergency_now",
        {"emergency_nerves": _ticks("saddle", "both_legs")},
    ),
)  # fmt: skip


def reset_demo(*, now: dt.datetime) -> list[Profile]:
    """Removes the invented people and brings them anew, by name; own people are not touched.

    Their answers and weeks are made when somebody first looks (`bring_to_life`), so that the app starts at once.
    """
    check_may(SYSTEM, "reset_demo")
    with transaction.atomic():
        Profile.objects.exclude(demo="").delete()
        return [_create(person, now) for person in PEOPLE]


def bring_to_life(*, profile: Profile, now: dt.datetime) -> None:
    """Writes what an invented person has answered and done so far; once, however often it is asked for."""
    check_may(SYSTEM, "reset_demo")
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        if not Screening.objects.filter(profile=profile).exists():
            _live(profile, _by_key(profile.demo), now)


def bring_all_to_life(*, now: dt.datetime) -> None:
    """The same for every invented person that is there: for pages about many people."""
    check_may(SYSTEM, "reset_demo")
    for profile in Profile.objects.exclude(demo="").filter(screenings__isnull=True):
        bring_to_life(profile=profile, now=now)


def make_person(*, key: str, now: dt.datetime) -> Profile:
    """One of the invented people with their life so far, beside whoever is there."""
    check_may(SYSTEM, "reset_demo")
    person = _by_key(key)
    profile = _create(person, now)
    _live(profile, person, now)
    return profile


def check_again(*, profile: Profile, now: dt.datetime) -> None:
    """An invented person does the safety check, the questions before a plan, and gets a plan, as at the start."""
    check_may(SYSTEM, "reset_demo")
    _check(profile, _by_key(profile.demo), now)


def _by_key(key: str) -> Invented:
    found = next((person for person in PEOPLE if person.key == key), None)
    if found is None:
        raise NotFound("there is no such invented person")
    return found


def _create(person: Invented, now: dt.datetime) -> Profile:
    began = _began(person, now)
    return people.create_profile(name=person.name, is_proxy=person.is_proxy, demo=person.key, by=SYSTEM, now=began)


def _live(profile: Profile, person: Invented, now: dt.datetime) -> None:
    began = _began(person, now)
    _check(profile, person, began)
    if person.has_plan:
        live_through(profile, person.weeks, began=began)


def _began(person: Invented, now: dt.datetime) -> dt.datetime:
    return now - dt.timedelta(days=person.began_days_ago)


def _check(profile: Profile, person: Invented, now: dt.datetime) -> None:
    """The safety check and what follows, each question by its own use case."""
    current = screening.start_screening(profile=profile, by=SYSTEM, now=now)
    while current.state == Screening.State.IN_PROGRESS:
        step = intake.next_question(intake.from_plain(current.answers), default_content())
        if step is None:
            break
        current = screening.record_answers(
            screening=current, answers={step.question.id: _answer(step.question, person)}, by=SYSTEM, now=now,
            version=current.version,
        )  # fmt: skip
    screening.finish_screening(screening=current, by=SYSTEM, now=now)
    if person.has_plan:
        _assess(profile, person, now)
        plans.make_plan(profile=profile, by=SYSTEM, now=now, today=local_day(profile, now))


def _assess(profile: Profile, person: Invented, now: dt.datetime) -> None:
    decision = plans.latest_decision(profile)
    current = assessments.start_assessment(profile=profile, by=SYSTEM, now=now)
    while (step := assessments.next_step(current, decision)) is not None:
        if step.questions:
            current = assessments.record_assessment_answers(
                assessment=current, answers={question.id: _answer(question, person) for question in step.questions},
                by=SYSTEM, now=now, version=current.version,
            )  # fmt: skip
        else:
            current = assessments.record_assessment(
                assessment=current, step=step.id, value=person.steps.get("tasks" if step.id == "amounts" else step.id),
                by=SYSTEM, now=now, version=current.version,
            )  # fmt: skip
    assessments.finish_assessment(assessment=current, decision=decision, by=SYSTEM, now=now)


def _answer(question: Question, person: Invented) -> Answer:
    """What this person says; else the quietest answer there is."""
    if question.id in person.says:
        return person.says[question.id]
    if question.none_label is not None:
        return Answer(none=True)
    if question.options:
        return Answer(options=(question.options[0].id,))
    limits = default_content().findings[question.covers[0]].number
    assert limits is not None, f"{question.id} has no range"
    return Answer(number=limits.minimum)
