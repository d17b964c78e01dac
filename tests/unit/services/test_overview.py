"""One person on one page: what is on it, in as many questions for two years as for a week, and what is not let."""

import datetime as dt
import uuid
from typing import Any

import pytest

from tests.once import invented_once
from tests.unit.services.conftest import NOW, Walk
from tests.unit.services.test_caseload import asked
from upperback.care import intake
from upperback.care.diary import Entry, PlanAccepted, TaskDone, Warned, Worn
from upperback.care.intake import Answer
from upperback.care.progression import Light
from upperback.services import diary, plans, screening
from upperback.services.actors import SYSTEM
from upperback.services.overview import overview
from upperback.services.people import Profile
from upperback.services.treating import EVERYTHING, Seen

pytestmark = pytest.mark.django_db


def page(profile: Profile, without: frozenset[Any] = frozenset()) -> Any:
    return overview(seen=Seen(profile, EVERYTHING - without), by=SYSTEM, now=NOW)


def tell(profile: Profile, entry: Entry) -> None:
    diary.keep_entry(
        profile=profile, client_id=uuid.uuid4(), day=NOW.date(), at=NOW, entry=entry, by=SYSTEM, now=NOW
    )  # fmt: skip


def test_the_rules_behind_a_result_stand_there_by_id_with_what_was_told(db: None) -> None:
    found = page(invented_once("inflamed", NOW))
    rules = {rule.id: rule for rule in found.checks[0].rules}
    assert any(rule.told for rule in rules.values())
    assert all(rule.state in {"fired", "open"} for rule in rules.values())


def test_what_was_said_about_mood_is_there_only_where_it_is_chosen(ana: Profile, walk: Walk) -> None:
    low = {item: Answer(options=("nearly_every",)) for item in intake.MOOD_ITEMS}
    screening.finish_screening(screening=walk(ana, self_harm=Answer(options=("passive",)), **low), by=SYSTEM, now=NOW)
    with_mood, without = page(ana), page(ana, frozenset({"mood"}))
    shown = {rule.id: rule for rule in with_mood.checks[0].rules}
    hidden = {rule.id: rule for rule in without.checks[0].rules}
    assert shown.keys() == hidden.keys()
    about_mood = [id for id, rule in hidden.items() if rule.hidden]
    assert about_mood
    assert all(shown[id].told and not hidden[id].told and not hidden[id].because for id in about_mood)
    assert not any(rule.hidden for rule in shown.values())


def test_the_page_of_somebody_with_weeks_behind_them(db: None) -> None:
    """Grace lives through six weeks once; making her is what takes the time."""
    grace = invented_once("six_weeks", NOW)
    for check in (_story, _exercises, _ledger, _only_what_is_let, _only_the_last_half_year, _versions):
        check(grace)


def _story(grace: Profile) -> None:
    tell(grace, Warned(signs=("before_legs",)))
    warned = diary.DiaryEntry.objects.get(profile=grace, kind="warned")
    tell(grace, Worn(source="phone", measured_s=3600, flexion_deg=12, bent_s=900))
    found = page(grace)
    assert found.checks[0].disposition == "self_manage"
    assert found.pain
    assert all(0 <= pain <= 10 for pain in found.pain.values())
    assert sum(sessions for _, sessions, _ in found.weeks) > 0
    assert sum(bouts for _, _, bouts in found.weeks) == diary.DiaryEntry.objects.filter(kind="moved").count()
    assert [day for day, _ in found.story] == sorted([day for day, _ in found.story], reverse=True)
    assert isinstance(found.story[0][1], Warned)
    assert found.worn[NOW.date()].share == 0.25
    diary.take_back(kept=warned, client_id=uuid.uuid4(), by=SYSTEM, now=NOW)
    assert not any(isinstance(entry, Warned) for _, entry in page(grace).story)


def _exercises(grace: Profile) -> None:
    """Each stands where its steps led."""
    found = page(grace)
    strength = [item["id"] for item in found.plan.record["exercises"] if item["kind"] == "strength"]
    assert [item.id for item in found.exercises] == strength
    moved = [item for item in found.exercises if item.moves]
    assert moved
    for item in moved:
        assert item.moves[0].after.exercise == item.step.exercise


def _ledger(grace: Profile) -> None:
    before = {task.item.id: len(task.done) for task in page(grace).tasks}
    task = next(iter(before))
    tell(grace, TaskDone(task=task, before=2, after=9))
    seen = next(one for one in page(grace).tasks if one.item.id == task)
    assert len(seen.done) == before[task] + 1
    assert seen.lights[Light.RED] >= 1
    assert sum(seen.lights.values()) == len(seen.done)


def _only_what_is_let(grace: Profile) -> None:
    """A part that is not let is None and its tables are not asked; with the consent they are."""
    for missing, parts, tables in (
        ("answers", ("checks", "goals", "activities"), ("store_decision", "store_assessment")),
        ("plan", ("plan", "plans", "exercises", "tasks"), ("store_planversion", "store_exercisestep")),
        ("progress", ("pain", "sessions", "story", "reviews", "tasks"), ("store_review", "store_exercisestep")),
        ("wearable", ("worn",), ()),
    ):
        for without, there in ((frozenset[str](), True), (frozenset({missing}), False)):
            with asked() as found:
                seen = page(grace, without)
            assert all((getattr(seen, part) is not None) is there for part in parts), missing
            for table in tables:
                assert any(f'FROM "{table}"' in sql for sql, _ in found) is there, table


def _only_the_last_half_year(grace: Profile) -> None:
    found = overview(seen=Seen(grace, EVERYTHING), by=SYSTEM, now=NOW + dt.timedelta(weeks=40))
    assert found.pain == {}
    assert found.sessions == []
    assert found.plans


def _versions(grace: Profile) -> None:
    """As differences; and as many questions for somebody with weeks as for somebody new."""
    plan = plans.open_plan(profile=grace, by=SYSTEM)
    gone = plan.record["exercises"][0]
    plans.shape_plan(plan=plan, leave_out=[gone["id"]], by=SYSTEM, now=NOW)
    tell(grace, PlanAccepted(name="Mina", role="physiotherapist", fingerprint="X", added=("MV01",)))
    with asked() as many:
        found = page(grace)
    assert found.plans[0].difference.removed == (gone["title"],)
    assert found.plans[0].difference.added == ()
    assert found.plans[-1].difference is None
    assert found.accepted[0][1].name == "Mina"
    new = invented_once("desk", NOW)
    with asked() as few:
        page(new)
    assert len(few) == len(many) <= 20
