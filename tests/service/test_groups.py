"""Groups over the pages of a service: whose they are, who reads whose name, and taking consent back."""

import datetime as dt
import re
import uuid

import pytest
from django.utils import timezone

from tests.service.conftest import sign_in
from tests.service.test_sharing import words
from tests.unit.services.service_world import World, new_staff
from upperback.services import sharing
from upperback.services.actors import person as at_own_record

pytestmark = pytest.mark.django_db


def test_a_group_is_the_clinics_a_name_is_whoever_looks_after_them_and_consent_taken_back_ends_it(
    world: World,
) -> None:
    mina, olu = sign_in(world.mina, second_factor=True), new_staff("Olu Ade", world.north)
    colleague, elsewhere = sign_in(olu, second_factor=True), sign_in(world.stranger, second_factor=True)
    ana, record = sign_in(world.ana), world.record(world.ana)
    day = timezone.now().date() + dt.timedelta(days=1)
    form = {
        "group": str(uuid.uuid4()), "title": "Backs together", "words": "Gentle exercise.", "weeks": "6",
        "starts_on": day.isoformat(), "weekday": str(day.weekday()), "at": "18:30", "minutes": "60", "places": "8",
        "time_zone": "Europe/London", "link": "https://meet.example/room",
    }  # fmt: skip
    page = mina.post("/clinic/groups/", form)["Location"]
    assert "Led by Mina Patel." in words(mina.get(page).content)
    assert elsewhere.get(page).status_code == 404
    assert elsewhere.post("/clinic/groups/", form).status_code == 404
    assert mina.post(f"{page}offer/", {"person": str(world.record(world.bo).uuid)}).status_code == 404
    assert colleague.get(f"{page}offer/?person={record.uuid}").status_code == 404
    assert mina.post(f"{page}offer/", {"person": str(record.uuid)}).status_code == 302
    own = page.replace("/clinic", "")
    assert sign_in(world.bo).get(own).status_code == 404
    asked = ana.get(own).content.decode()
    assert "North Street" in asked
    assert "meet.example" not in asked  # only who says yes
    sent = dict(re.findall(r'name="(version|client_id)" value="([^"]+)"', asked)) | {"person": str(record.uuid)}
    assert ana.post(own, sent | {"answer": "yes"}).status_code == 302
    assert "meet.example" in ana.get(own).content.decode()
    assert record.name in words(mina.get(page).content)
    seen = words(colleague.get(page).content)
    assert record.name not in seen
    assert "1 of 8 places are taken." in seen
    assert "people your colleagues look after: 1." in seen
    still = re.search(r'data-still="([^"]+)"', mina.get(page).content.decode())
    assert still is not None
    asks = still[1].replace("&amp;", "&")
    assert (mina.get(asks).status_code, elsewhere.get(asks).status_code) == (204, 410)
    by = at_own_record(world.ana.uuid)
    for grant in sharing.grants_of(profile=record, by=by):
        ana.post("/share/withdraw/", {"grant": str(grant.id)})
    assert mina.get(asks).status_code == 410
    assert "0 of 8 places are taken." in words(mina.get(page).content)
    assert record.name not in words(mina.get(page).content)
    gone = ana.get(own).content.decode()
    assert "You are not in this group." in words(gone.encode())
    assert "meet.example" not in gone
