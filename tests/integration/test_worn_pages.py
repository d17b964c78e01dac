"""Days with a sensor on the pages: Today and Live compare with one's own usual, progress shows them."""

import datetime as dt
import re
import uuid

import pytest
from django.test import Client

from tests.integration.test_journey import me, text_of
from tests.integration.test_progress_pages import BLAME
from tests.integration.test_review import Clock, clock, planned
from upperback.care.diary import Worn
from upperback.services import diary, worn
from upperback.services.actors import SYSTEM
from upperback.services.people import Profile
from upperback.services.worn import SayTogether

__all__ = ["clock", "me", "planned"]  # fixtures

pytestmark = pytest.mark.django_db


def wear(clock: Clock, back: int, share: float, minutes: int = 90) -> None:
    at = clock.now - dt.timedelta(days=back)
    entry = Worn(source="phone", measured_s=60 * minutes, bent_s=60 * minutes * share)
    diary.keep_entry(
        profile=Profile.objects.get(), client_id=uuid.uuid4(), day=at.date(), at=at, entry=entry, by=SYSTEM,
        now=clock.now,
    )  # fmt: skip


def test_today_and_live_tell_of_today_and_the_usual(planned: Client, clock: Clock) -> None:
    assert "sensor today" not in text_of(planned.get("/today/"))
    clock.go_on(10)
    wear(clock, 0, 0.4)
    for page in ("/today/", "/live/"):
        text = text_of(planned.get(page))
        assert "You wore the sensor for 90 minutes today." in text
        assert "of 60 minutes" not in text
    for back in range(1, 7):
        wear(clock, back, 0.2)
    for page in ("/today/", "/live/"):
        text = text_of(planned.get(page))
        assert "You were bent forward for 24 of 60 minutes. Your usual is 12." in text
        assert not BLAME.search(text)


def test_progress_shows_the_days_with_a_table_and_what_goes_together(
    planned: Client, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.go_on(10)
    assert "Bent forward" not in text_of(planned.get("/progress/"))
    wear(clock, 1, 0.1)
    wear(clock, 2, 0.3, minutes=10)
    page = planned.get("/progress/")
    assert "too few days yet" in text_of(page)
    for back in range(2, 8):
        wear(clock, back, 0.25)
    monkeypatch.setattr(
        worn, "moves_together", lambda **_: SayTogether(answer="not_together", sentence="They did not go together.")
    )
    page = planned.get("/progress/")
    html, text = page.content.decode(), text_of(page)
    assert "On your usual day you are bent forward for 15 of 60 minutes." in text
    assert "They did not go together." in text
    section = re.search(r'<section class="measure measure--worn".*?</section>', html, re.DOTALL)
    assert section is not None
    assert section.group().count("<circle") == 7
    assert "<table" in section.group()
    text = text_of(planned.get("/live/"))
    assert "They did not go together. So there is no need to watch it." in text
    assert not BLAME.search(text)
