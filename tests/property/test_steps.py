"""Every order of steps through the services, and long random ones: no plan and no self-care result by another road.

The quick run goes through all orders of four main steps, and of any two once there is a plan; `just proofs-long`
through all orders of six.
Whatever is decided or planned on the way is made again from what was kept, and has to be the same to the byte.
"""

import datetime as dt
import uuid
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.property.steps import (
    ELSEWHERE,
    MAIN,
    ROAD,
    STEPS,
    all_orders,
    check,
    check_replay,
    new_world,
    state_of,
    take,
    undone,
)
from upperback.core.errors import Unavailable
from upperback.services import plans, policies
from upperback.store.models import Decision

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("after", "length", "steps"),
    [
        ((), 4, MAIN),
        (ROAD, 2, tuple(STEPS)),
        pytest.param((), 6, tuple(STEPS), marks=pytest.mark.long),
        pytest.param(ROAD, 4, tuple(STEPS), marks=pytest.mark.long),
    ],
    ids=["from the start", "from a plan", "from the start, long", "from a plan, long"],
)
def test_no_order_of_steps_leads_round_the_check(
    after: tuple[str, ...], length: int, steps: tuple[str, ...], tell: Callable[[str], None]
) -> None:
    walked = all_orders(length, steps, after=after)
    orders = f"{walked.orders(length):,} orders of up to {length} of {len(steps)} steps"
    states = f"{len(walked.seen):,} states, {walked.plans:,} with an open plan"
    begun = "from a plan" if after else "from the start"
    tell(f"{orders} {begun}, through {states}; {walked.again:,} decisions and plans made again, the same bytes")
    assert walked.plans > 0


class Journey(RuleBasedStateMachine):
    """Long random journeys: the same steps, two people, any hour; a failing one is made short by hypothesis."""

    def __init__(self) -> None:
        super().__init__()
        self._undone = undone()
        self._undone.__enter__()
        self.world = new_world()
        self.known: set[uuid.UUID] = set()

    @rule(name=st.sampled_from(tuple(STEPS)))
    def step(self, name: str) -> None:
        """One step, and then everything has to hold."""
        if take(self.world, name, state_of(self.world)):
            check(self.world)
            check_replay(self.world, self.known)

    @rule()
    def the_whole_road(self) -> None:
        """As far as it goes, so that journeys with a plan are not rare."""
        for name in ROAD:
            self.step(name)

    @rule(name=st.sampled_from(tuple(ELSEWHERE)))
    def elsewhere(self, name: str) -> None:
        """Somebody else of the household does something: nothing changes here."""
        before = state_of(self.world)
        ELSEWHERE[name](self.world)
        assert state_of(self.world) == before

    @rule(hours=st.integers(1, 24 * 50))
    def wait(self, hours: int) -> None:
        """Time goes by, and nothing is written because of it."""
        self.world.now += dt.timedelta(hours=hours)
        check(self.world)

    def teardown(self) -> None:
        """The next journey starts from nothing."""
        self._undone.__exit__(None, None, None)


@pytest.mark.parametrize("journeys", [8, pytest.param(400, marks=pytest.mark.long)])
def test_long_journeys(journeys: int) -> None:
    run_state_machine_as_test(
        Journey,
        settings=settings(
            max_examples=journeys, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


# ---- controls --------------------------------------------------------------------------------------------------------


def no_check(*_about: object, **_more: object) -> None:
    """A policy that refuses nothing."""


#: Policies that answer instead of refusing.
BROKEN: dict[str, Callable[..., object]] = {
    "answers_are_current": lambda screening, now: True,
    "alarmed_since": lambda profile, decision: False,
}


@pytest.mark.parametrize(
    ("policy", "seen", "after", "steps"),
    [
        ("check_plan_is_open", "a new check is half-way", ROAD, ("answer", "finish")),
        ("check_can_plan", "a plan from an old check", ROAD[:3], ("a day and an hour", "plan")),
        ("alarmed_since", "open after a warning sign", ROAD, ("begin a session", "something feels wrong")),
        ("alarmed_since", "open after a warning sign", ROAD, ("not sure before a session",)),
        ("check_assessment_fits", "nobody asked", ROAD[:2], ("plan", "assess")),
        ("check_can_finish", "could not be worked out", (), ("answer all but one", "finish")),
        ("answers_are_current", "a result from old answers", (), ("answer", "a day and an hour", "finish")),
    ],
)
def test_control_with_a_policy_switched_off_the_search_finds_the_road(
    policy: str, seen: str, after: tuple[str, ...], steps: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps are those that it takes, in any order."""
    where = plans if policy == "alarmed_since" else policies
    monkeypatch.setattr(where, policy, BROKEN.get(policy, no_check))
    with pytest.raises((AssertionError, Unavailable), match=seen):
        all_orders(len(steps), steps, after=after)


def test_control_an_order_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the newest result taken by time, a clock that was put back hides an emergency."""
    monkeypatch.setattr(
        plans,
        "latest_decision",
        lambda profile: Decision.objects.filter(screening__profile=profile).latest("decided_at"),
    )
    steps = ("the clock goes back", "tick an emergency")
    with pytest.raises((AssertionError, Decision.DoesNotExist)):
        all_orders(2, steps, after=ROAD)


def test_control_a_record_that_is_not_what_its_inputs_give() -> None:
    world = new_world()
    for name in ROAD:
        assert take(world, name, state_of(world))
    assert check_replay(world, set()) == 2
    Decision.objects.update(disposition="physio_routine")
    with pytest.raises(AssertionError, match="decision disposition"):
        check_replay(world, set())
