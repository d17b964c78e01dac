"""The page of kept readings: what is there, a copy of it, and a touch that deletes it; never somebody else's."""

import datetime as dt
import uuid
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from tests.integration.daily import planned
from tests.integration.test_live_socket import BROWSER, talk, ticket
from tests.unit.services.test_live import Phone
from upperback.devices.base import ReadOptions
from upperback.devices.opening import open_recording
from upperback.services import actors, kept_samples, live_store, people
from upperback.services.people import Profile
from upperback.store.models import LiveStream

__all__ = ["planned"]  # fixture

pytestmark = pytest.mark.django_db(transaction=True)
BY = actors.household(BROWSER)


@pytest.fixture
def ana(planned: Client) -> Profile:
    """Somebody with an open plan."""
    return people.list_profiles(by=actors.SYSTEM)[0]


def wears(ana: Profile, *, leaves: int = 1001) -> None:
    phone = Phone()
    frames = [*phone.lies(2), *phone.leans((0, 12))]
    heard, _ = talk([{"ticket": ticket(ana)}, {"keep": True, "n": 1}, *frames], leaves=leaves)
    assert {"keep": True, "n": 1}.items() <= next(one for one in heard if "keep" in one).items()


def test_a_wearing_is_kept_shown_taken_along_and_deleted(planned: Client, ana: Profile, tmp_path: Path) -> None:
    assert "Nothing is kept." in planned.get("/live/kept/").content.decode()
    wears(ana)
    (one,) = kept_samples.files(profile=ana, by=BY)
    page = planned.get("/live/kept/").content.decode()
    assert f"/live/kept/{one.uuid}/" in page
    assert str(kept_samples.folder(profile=ana, by=BY)) in page
    answer = planned.get(f"/live/kept/{one.uuid}/")
    copy = tmp_path / "copy.parquet"
    copy.write_bytes(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    assert sum(map(len, open_recording(copy, ReadOptions()).chunks())) > 500
    ben = people.create_profile(name="Ben", by=actors.SYSTEM, now=timezone.now())
    planned.post("/people/choose/", {"person": str(ben.uuid)})
    assert str(one.uuid) not in planned.get("/live/kept/").content.decode()
    assert planned.get(f"/live/kept/{one.uuid}/").status_code == 404
    assert planned.post("/live/kept/delete/", {"kept": str(one.uuid)}).status_code == 404
    planned.post("/live/kept/delete/", {"kept": "all"})
    assert len(kept_samples.files(profile=ana, by=BY)) == 1
    planned.post("/people/choose/", {"person": str(ana.uuid)})
    gone = planned.post("/live/kept/delete/", {"kept": str(one.uuid)}, follow=True).content.decode()
    assert "Deleted." in gone
    assert not list(kept_samples.folder(profile=ana, by=BY).glob("*"))
    for odd in ("", "x", str(uuid.uuid4())):
        assert planned.post("/live/kept/delete/", {"kept": odd}).status_code == 404


def test_what_a_phone_left_behind_can_be_made_a_file(planned: Client, ana: Profile) -> None:
    wears(ana, leaves=1006)
    assert "One is not a file yet" in planned.get("/live/kept/").content.decode()
    planned.post("/live/kept/finish/")
    assert not kept_samples.files(profile=ana, by=BY)  # it may come back yet
    LiveStream.objects.update(saved_at=timezone.now() - live_store.LEFT_AFTER - dt.timedelta(seconds=1))
    page = planned.post("/live/kept/finish/", follow=True).content.decode()
    assert "One is not a file yet" not in page
    assert len(kept_samples.files(profile=ana, by=BY)) == 1
    planned.post("/live/kept/delete/", {"kept": "all"})
    assert not kept_samples.files(profile=ana, by=BY)
