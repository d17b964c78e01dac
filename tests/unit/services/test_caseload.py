"""The caseload out of the store: reasons from what was told, as many questions for all as for one, only what is let."""

import datetime as dt
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from tests.unit.services.conftest import NOW, Assess, Walk
from tests.unit.services.service_world import World, as_person, as_staff, make_world, new_person, share
from upperback.care.caseload import Placed
from upperback.care.diary import CheckIn, Entry, Morning, Warned
from upperback.core.errors import NotFound
from upperback.services import caseload, demo, diary, plans, screening, sharing, treating
from upperback.services.access_rules import USUAL
from upperback.services.actors import READER, SYSTEM
from upperback.services.people import Profile
from upperback.services.treating import EVERYTHING, Seen

pytestmark = pytest.mark.django_db

TODAY = NOW.date()


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def tell(profile: Profile, entry: Entry, days_ago: int = 0) -> None:
    at = NOW - dt.timedelta(days=days_ago)
    diary.keep_entry(profile=profile, client_id=uuid.uuid4(), day=at.date(), at=at, entry=entry, by=SYSTEM, now=NOW)


def reasons(profile: Profile, *, today: dt.date = TODAY, classes: frozenset[Any] = EVERYTHING) -> list[str]:
    (placed,) = caseload.place([Seen(profile, classes)], today=today, by=READER)
    return [reason.id for reason in placed.reasons]


def _keys(params: Any) -> set[Any]:
    """What a question asks for: single ones, and many that go as one."""
    many = [value for value in params or () if isinstance(value, list)]
    many += [json.loads(value) for value in params or () if isinstance(value, str) and value.startswith("[")]
    return {value for value in params or () if isinstance(value, int)}.union(*many)


@contextmanager
def asked() -> Iterator[list[tuple[str, Any]]]:
    found: list[tuple[str, Any]] = []

    def keep(execute: Callable[..., Any], sql: str, params: Any, *rest: Any) -> Any:
        found.append((sql, params))
        return execute(sql, params, *rest)

    with connection.execute_wrapper(keep):
        yield found


@pytest.fixture
def planned(ana: Profile, walk: Walk, assess: Assess) -> Profile:
    """Somebody with a plan of today and four mornings told."""
    screening.finish_screening(screening=walk(ana), by=SYSTEM, now=NOW)
    assess(ana)
    plans.make_plan(profile=ana, by=SYSTEM, now=NOW, today=NOW.date())
    for days_ago in range(4):
        tell(ana, Morning(pain=3), days_ago)
    return ana


def test_somebody_who_is_well_on_the_way_is_as_expected(planned: Profile) -> None:
    assert reasons(planned) == ["expected"]


def test_a_new_person_was_never_checked(ana: Profile, actor: Any) -> None:
    assert reasons(ana)[0] == "never_checked"


def test_a_warning_told_after_the_check_comes_first(planned: Profile) -> None:
    tell(planned, Warned(signs=("before_legs",)))
    assert reasons(planned)[0] == "warning_told"


def test_a_result_that_sends_to_the_doctor_is_a_red_flag_until_somebody_looked(db: None) -> None:
    amir = demo.make_person(key="inflamed", now=NOW)
    assert reasons(amir)[0] == "help_first"
    decision = plans.latest_decision(amir)
    assert decision is not None
    plans.record_clearance(
        decision=decision, cleared_on=NOW.date(), role="gp", by=SYSTEM, now=NOW, today=NOW.date()
    )  # fmt: skip
    assert "help_first" not in reasons(amir)


def test_pain_that_rose_is_seen_in_mornings_and_where_these_are_missing_in_check_ins(planned: Profile) -> None:
    for days_ago in range(7, 11):
        tell(planned, Morning(pain=1), days_ago)
    assert "clearly_up" in reasons(planned)
    later = NOW.date() + dt.timedelta(days=4)  # now only one morning is in the newest week but one: too few to say
    assert "clearly_up" not in reasons(planned, today=later + dt.timedelta(days=7))


def test_check_ins_stand_in_for_mornings(db: None) -> None:
    other = Profile.objects.create(name="Bo", created_at=NOW)
    for days_ago, pain in ((0, 6), (7, 3)):
        tell(other, CheckIn(pain_average=pain), days_ago)
    assert "clearly_up" in reasons(other)


def test_a_morning_that_was_taken_back_does_not_count(planned: Profile) -> None:
    rows = diary.DiaryEntry.objects.filter(profile=planned, kind="morning")
    diary.take_back(kept=rows[0], client_id=uuid.uuid4(), by=SYSTEM, now=NOW)
    assert "pain_not_told" in reasons(planned)


def test_the_review_comes_due_and_whoever_is_silent_is_asked(planned: Profile) -> None:
    plan = plans.latest_plan(profile=planned, by=SYSTEM)
    assert plan is not None
    day = plan.starts_on + dt.timedelta(days=plan.record["review_day"])
    assert "review_due" not in reasons(planned, today=day - dt.timedelta(days=1))
    assert {"review_due", "nothing_told"} <= set(reasons(planned, today=day))


def test_however_many_people_there_are_the_questions_are_the_same(planned: Profile) -> None:
    others = [Profile.objects.create(name=f"P{number}", created_at=NOW) for number in range(9)]
    for other in others:
        tell(other, Warned(signs=("before_legs",)))
    with asked() as few:
        caseload.place([Seen(planned, EVERYTHING)], today=NOW.date(), by=READER)
    with asked() as many:
        caseload.place([Seen(one, EVERYTHING) for one in (planned, *others)], today=NOW.date(), by=READER)
    assert len(many) == len(few) <= 14


@pytest.mark.parametrize(
    ("missing", "table"),
    [("answers", "store_decision"), ("plan", "store_planversion"), ("progress", "store_exercisestep")],
)
def test_what_is_not_let_is_not_even_asked_for(planned: Profile, missing: Any, table: str) -> None:
    """Their key is in no question about a table of that kind; with the consent it is."""
    for classes, there in ((EVERYTHING, True), (EVERYTHING - {missing}, False)):
        with asked() as found:
            caseload.place([Seen(planned, classes)], today=NOW.date(), by=READER)
        sent = [params for sql, params in found if f'FROM "{table}"' in sql]
        assert any(planned.pk in _keys(params) for params in sent) is there
    assert "expected" not in reasons(planned, classes=EVERYTHING - {missing})


def test_a_clinician_sees_those_who_agreed_and_a_stranger_sees_nobody(world: World) -> None:
    def names(of: Any) -> list[str]:
        found: list[Placed] = caseload.caseload(by=as_staff(of), now=NOW)
        return [placed.stand.name for placed in found]

    assert names(world.mina) == ["Ana"]
    assert names(world.stranger) == []
    assert names(world.ana) == []


def test_what_a_person_takes_back_is_gone_at_once(world: World) -> None:
    bo = new_person("Bea")
    relation = share(bo, world.mina, data_classes=USUAL)
    assert len(caseload.caseload(by=as_staff(world.mina), now=NOW)) == 2
    assert relation.kind == "treats"
    assert bo.profile is not None
    seen = treating.see(profile_uuid=bo.profile.uuid, by=as_staff(world.mina), now=NOW)
    assert seen.classes == USUAL
    assert not seen.may("mood")
    for grant in sharing.grants_of(profile=bo.profile, by=as_person(bo)):
        sharing.withdraw(profile=bo.profile, grant_uuid=grant.id, by=as_person(bo), now=NOW)
    with pytest.raises(NotFound):
        treating.see(profile_uuid=bo.profile.uuid, by=as_staff(world.mina), now=NOW)
    assert [one.stand.name for one in caseload.caseload(by=as_staff(world.mina), now=NOW)] == ["Ana"]
