"""Daily care: who was not let in gets the answer for nothing there, from every use case (one row per function)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.services.conftest import NOW
from upperback.core.errors import NotFound
from upperback.services import flares, habits, ledger
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
        lambda: ledger.ledger(**who),
        lambda: ledger.ledger_task(task_id="LM-SIT", **who),
        lambda: ledger.tell_task(task_id=None, category="LM-SIT", told={}, **kept),
        lambda: ledger.drop_task(task_id="LM-SIT", **kept),
        lambda: ledger.log_task(task_id="LM-SIT", day=NOW.date(), told={}, **kept),
        lambda: ledger.start_change(task_id="LM-SIT", change_id="x", day=NOW.date(), **kept),
        lambda: ledger.get_own_entry(entry_uuid=ana.uuid, **who),
        lambda: ledger.ladder(**who),
        lambda: ledger.tell_feared(name="x", worry=3, **kept),
        lambda: ledger.try_feared(step="x", worry=3, expected="", happened="", **kept),
        lambda: ledger.drop_feared(step="x", **kept),
        lambda: habits.desk(**when),
        lambda: habits.tell_desk(states={"W01": "fine"}, **kept),
        lambda: habits.activity(**when),
        lambda: habits.keep_active(minutes=20, day=NOW.date(), **kept),
        lambda: habits.answered_nothing_on_mood(**who),
    ]
    for call in calls:
        with pytest.raises(NotFound):
            call()
    assert not DiaryEntry.objects.exists()
