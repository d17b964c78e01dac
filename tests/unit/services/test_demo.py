"""The invented people: every result is among them, and their answers went through the real use cases."""

import pytest

from tests.unit.services.conftest import NOW
from upperback.care.triage.decision import ORDER
from upperback.services import demo, people, plans
from upperback.services.actors import SYSTEM, Actor
from upperback.store.models import AuditEvent, Profile

pytestmark = pytest.mark.django_db

EXPECTED = {
    "desk": ("self_manage", "C02"),
    "strain": ("self_manage", "C03"),
    "bone": ("physio_routine", "C09"),
    "pregnant": ("physio_routine", "C16"),
    "three_weeks": ("self_manage", "C02"),
    "six_weeks": ("self_manage", "C02"),
    "inflamed": ("gp_soon", "C14"),
    "weight": ("gp_soon", None),
    "fracture": ("urgent_same_day", None),
    "cord": ("emergency_now", None),
}


def test_every_result_is_among_them() -> None:
    found = {}
    for profile in demo.reset_demo(now=NOW):
        decision = plans.latest_decision(profile)
        plan = plans.latest_plan(profile=profile, by=SYSTEM)
        assert decision is not None
        assert plan is None or plan.allowed
        found[profile.demo] = (decision.disposition, plan.record["pattern"] if plan else None)
    assert found == EXPECTED
    assert {disposition for disposition, _pattern in found.values()} == set(ORDER)
    assert AuditEvent.objects.filter(action="finish_screening").count() == len(EXPECTED)


def test_making_them_again_leaves_own_people_alone(actor: Actor) -> None:
    own = people.create_profile(name="Ana", by=actor, now=NOW)
    demo.reset_demo(now=NOW)
    demo.reset_demo(now=NOW)
    assert Profile.objects.filter(pk=own.pk).exists()
    assert Profile.objects.exclude(demo="").count() == len(demo.PEOPLE)
