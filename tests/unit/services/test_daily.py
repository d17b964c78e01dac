"""Daily care: who was not let in gets the answer for nothing there, from every use case (one row per function)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.services.conftest import NOW
from upperback.core.errors import NotFound
from upperback.services import flares
from upperback.services.actors import NOBODY
from upperback.services.people import Profile
from upperback.store.models import DiaryEntry

pytestmark = pytest.mark.django_db


def test_every_use_case_refuses_nobody(ana: Profile) -> None:
    who: dict[str, Any] = {"profile": ana, "by": NOBODY}
    when: dict[str, Any] = who | {"now": NOW}
    kept: dict[str, Any] = when | {"client_id": ana.uuid}
    calls: list[Callable[[], object]] = [
        lambda: flares.begin_flare(answers={}, pain=3, **kept),
        lambda: flares.current_flare(**when),
        lambda: flares.past_flares(**who),
        lambda: flares.describe_flare(trigger="sleep", favourites=(), **kept),
        lambda: flares.take_back_flare(**kept),
        lambda: flares.end_flare(helped="", **kept),
        lambda: flares.write_card(helped="", **kept),
    ]
    for call in calls:
        with pytest.raises(NotFound):
            call()
    assert not DiaryEntry.objects.exists()
