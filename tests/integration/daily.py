"""What the tests of daily care share: somebody with an open plan, made through the services."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.once import once
from tests.property.steps import ROAD, STEPS, World
from upperback.services import people, plans
from upperback.services.actors import SYSTEM


@pytest.fixture
def planned(client: Client) -> Client:
    """Somebody with an open plan and pain of 3 at the safety check, on a day with strength."""

    def begin() -> None:
        now = timezone.now()
        ana = people.create_profile(name="Ana", by=SYSTEM, now=now)
        for name in ROAD:
            STEPS[name](World(now, ana, ana))
        plan = plans.latest_plan(profile=ana, by=SYSTEM)
        assert plan is not None
        plans.shape_plan(plan=plan, days=[plans.DAYS[now.weekday()]], by=SYSTEM, now=now)
        client.post("/people/choose/", {"person": str(ana.uuid)})

    once("planned for daily care", begin, client)
    return client


def id_in_form(response: Any, action: str) -> str:
    """The id that the page made for the form with this address."""
    form = response.content.decode().split(f'action="{action}"', maxsplit=1)[1]
    found = re.search(r'name="client_id" value="([^"]*)"', form)
    assert found, f"no client_id in the form of {action}"
    return found.group(1)
