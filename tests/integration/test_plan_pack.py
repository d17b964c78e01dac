"""Plan, exercises and help as one document for paper."""

import pytest
from django.test import Client

from tests.integration.daily import planned
from tests.integration.test_journey import me, text_of

__all__ = ["me", "planned"]  # fixtures

pytestmark = pytest.mark.django_db


def test_help_comes_first_then_every_exercise_with_its_picture_and_steps(planned: Client) -> None:
    plan = planned.get("/plan/").content.decode()
    assert 'href="/plan/pack/"' in plan
    pack = planned.get("/plan/pack/").content.decode()
    assert pack.index('href="tel:999"') < pack.index('id="movement"')
    in_plan = {part.split("/")[0] for part in plan.split('href="/exercise/')[1:]}
    assert in_plan
    for id in in_plan:
        assert f'id="x-{id}"' in pack
        assert f'id="fig-{id.lower()}-still-title"' in pack
    assert "Stop" in text_of(planned.get("/plan/pack/"))


def test_control_without_an_open_plan_there_is_nothing_to_print(client: Client, me: object) -> None:
    answer = client.get("/plan/pack/")
    assert "pack-exercise" not in answer.content.decode()
