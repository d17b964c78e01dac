"""The invented people: every result is among them, and their answers went through the real use cases."""

import pytest

from tests.unit.services.conftest import NOW
from upperback.care.triage.decision import ORDER
from upperback.services import demo, people, plans
from upperback.services.actors import SYSTEM, Actor
from upperback.store.models import AuditEvent, DiaryEntry, Profile, Screening

pytestmark = pytest.mark.django_db

PATTERNS = {
    "desk": "C02", "strain": "C03", "bone": "C09", "pregnant": "C16", "three_weeks": "C02", "six_weeks": "C02",
    "inflamed": "C14",
}  # fmt: skip


def test_every_result_is_among_them_and_is_what_their_check_says() -> None:
    said = {person.key: person.result for person in demo.PEOPLE}
    for profile in demo.reset_demo(now=NOW):
        assert plans.latest_decision(profile) is None, "nobody has looked at this person yet"
        demo.bring_to_life(profile=profile, now=NOW)
        decision = plans.latest_decision(profile)
        plan = plans.latest_plan(profile=profile, by=SYSTEM)
        assert decision is not None
        assert plan is None or plan.allowed
        assert decision.disposition == said[profile.demo]
        assert (plan.record["pattern"] if plan else None) == PATTERNS.get(profile.demo)
    assert set(said.values()) == set(ORDER)
    assert AuditEvent.objects.filter(action="finish_screening").count() == len(demo.PEOPLE)


def test_a_life_is_written_once() -> None:
    grace = next(profile for profile in demo.reset_demo(now=NOW) if profile.demo == "six_weeks")
    demo.bring_to_life(profile=grace, now=NOW)
    written = DiaryEntry.objects.filter(profile=grace).count()
    demo.bring_to_life(profile=grace, now=NOW)
    assert DiaryEntry.objects.filter(profile=grace).count() == written > 0
    assert Screening.objects.filter(profile=grace).count() == 1


def test_making_them_again_leaves_own_people_alone(actor: Actor) -> None:
    own = people.create_profile(name="Ana", by=actor, now=NOW)
    demo.reset_demo(now=NOW)
    demo.reset_demo(now=NOW)
    assert Profile.objects.filter(pk=own.pk).exists()
    assert Profile.objects.exclude(demo="").count() == len(demo.PEOPLE)
