"""Finding a clinic, and referring oneself: no ranks, nothing sent, help first."""

import io
import json
import re
import uuid
from pathlib import Path
from typing import Any

import pypdf
import pytest
from django.conf import LazySettings
from django.test import Client

from tests.integration.test_journey import finish, me, text_of, walk
from upperback.cli import main
from upperback.core.errors import InputError, NotFound
from upperback.services import actors, directory, fhir
from upperback.services.people import Profile
from upperback.store.models import DiaryEntry, Setting
from upperback.web.options import read_options
from upperback.web.person import session

__all__ = ["me"]  # fixtures

pytestmark = pytest.mark.django_db

TABLE = """name,place,latitude,longitude,registration,phone,link,price,first_conversation,access,languages,note
Zeta Physio,Leeds,53.80,-1.55,HCPC PH1,0113 4960000,,£60,yes,step_free;online,English;Polski,<script>alert(1)</script>
Alpha Physio,York,53.96,-1.08,,01904 000000,https://alpha.example,,,parking,English,
Mid Physio,Leeds,53.81,-1.50,HCPC PH2,0113 4960001,,£40,no,step_free,English,
Nowhere Physio,Hull,,,HCPC PH3,01482 000000,,,yes,,,
"""


@pytest.fixture
def listed(db: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Client:
    path = tmp_path / "clinics.csv"
    path.write_text(TABLE, encoding="utf-8")
    assert main(["clinics", str(path)]) == 0
    assert "4 clinics are shown now." in capsys.readouterr().out
    return Client()


def names(client: Client, **asked: Any) -> list[str]:
    page = client.get("/clinics/", asked)
    assert page.status_code == 200
    return re.findall(r"<h3>([^<]+)</h3>", page.content.decode())


def test_filters_and_orders_without_ranks(listed: Client) -> None:
    assert names(listed) == ["Alpha Physio", "Mid Physio", "Nowhere Physio", "Zeta Physio"]
    assert names(listed, near="York") == ["Alpha Physio", "Mid Physio", "Zeta Physio", "Nowhere Physio"]
    assert names(listed, near="York", within="25") == ["Alpha Physio"]
    assert names(listed, near="Leeds", within="5") == ["Mid Physio", "Zeta Physio"]
    assert names(listed, has="registered") == ["Mid Physio", "Nowhere Physio", "Zeta Physio"]
    assert names(listed, has=["registered", "talk"]) == ["Nowhere Physio", "Zeta Physio"]
    assert names(listed, access=["step_free", "online"]) == ["Zeta Physio"]
    assert names(listed, language="polski") == ["Zeta Physio"]
    assert names(listed, near="x" * 999, within="nonsense", access="nonsense") == names(listed)
    page = listed.get("/clinics/", {"near": "York"})
    assert "about 34 km" in text_of(page) or "about 36 km" in text_of(page)
    assert "They do not say" in text_of(page)
    assert "<script>alert" not in page.content.decode()
    assert 'href="/help/"' in page.content.decode()


def test_without_a_list_there_is_still_the_way_to_choose(db: None) -> None:
    page = text_of(Client().get("/clinics/"))
    assert "on the public register" in page
    assert "No list of clinics is here" in page


def test_a_list_that_is_wrong_leaves_the_old_one(
    listed: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(TABLE + "X,Y,,,,,,,,,,\n", encoding="utf-8")
    assert main(["clinics", str(path)]) == 2
    assert "line 6: name" in capsys.readouterr().err
    assert len(names(listed)) == 4
    assert Setting.objects.get(key="clinics").value["clinics"][0]["name"] == "Zeta Physio"
    with pytest.raises(NotFound):
        directory.bring_clinics(data=TABLE.encode(), by=actors.household("t"), now=session.now())


# ---- referring oneself -------------------------------------------------------------------------------------------


def post(client: Client, **form: Any) -> Any:
    sent = {"person": str(Profile.objects.get().uuid), "client_id": str(uuid.uuid4()), **form}
    return client.post("/referral/", sent)


def request_in_fhir() -> dict[str, Any]:
    out = io.BytesIO()
    profile = Profile.objects.get()
    fhir.write_fhir(profile=profile, kind="transaction", out=out, by=actors.SYSTEM, now=session.now())
    every = [entry["resource"] for entry in json.loads(out.getvalue())["entry"]]
    (found,) = (one for one in every if one["resourceType"] == "ServiceRequest" and "To " in one["note"][0]["text"])
    assert found["code"]["coding"][0]["code"] == "308447003"
    return dict(found)


def test_from_the_letter_to_the_visit(me: Client, settings: LazySettings) -> None:
    settings.MSK_SERVICE = ("City MSK", "https://msk.example/refer", "01234 567890")
    walk(me, {"pain_average": "4"})
    finish(me)
    assert "We send nothing" in text_of(me.get("/referral/"))
    assert post(me, begin="yes").status_code == 302
    page = me.get("/referral/")
    assert "To City MSK: Begun, not sent yet" in text_of(page)
    assert 'href="tel:01234567890"' in page.content.decode()
    assert post(me, begin="yes").status_code == 302  # there is one at a time
    assert DiaryEntry.objects.filter(kind="referred").count() == 1
    saved = post(me, phone="07700 900123", when="after <b>four</b>", needs="No stairs", given="Ana")
    said = pypdf.PdfReader(io.BytesIO(b"".join(saved.streaming_content))).pages[0].extract_text()
    for words in ("07700 900123", "after <b>four</b>", "No stairs", "Ana"):
        assert words in said
    assert "07700" not in str(list(DiaryEntry.objects.values()))
    assert request_in_fhir()["status"] == "draft"
    key = DiaryEntry.objects.get(kind="referred").data["referral"]
    for state, status in (("sent", "active"), ("booked", "active"), ("seen", "completed")):
        assert post(me, referral=key, state=state).status_code == 302
        assert post(me, referral=key, state=state).status_code == 302  # sent twice
        assert request_in_fhir()["status"] == status
    assert post(me, referral=key, state="sent").status_code == 409
    assert "You were seen" in text_of(me.get("/referral/"))
    assert post(me, begin="yes").status_code == 302
    assert "Begun, not sent yet" in text_of(me.get("/referral/"))


def test_help_comes_first_and_a_check_before_all(me: Client) -> None:
    assert me.get("/referral/").status_code == 409
    walk(me, {"age": "63", "weight_sweats": "weight"})
    finish(me)
    page = me.get("/referral/")
    assert page.status_code == 409
    assert "not the first place to go now" in text_of(page)
    assert post(me, begin="yes").status_code == 409
    assert not DiaryEntry.objects.filter(kind="referred").exists()


@pytest.mark.parametrize("form", [{"phone": "1" * 121}, {"nhs_number": "1"}, {"question": "x" * 401}])
def test_what_cannot_be_is_said(me: Client, form: dict[str, str]) -> None:
    walk(me, {"pain_average": "4"})
    finish(me)
    post(me, begin="yes")
    response = post(me, **form)
    assert response.status_code == 422
    assert 'class="nhsuk-error-summary' in response.content.decode()


@pytest.mark.parametrize("text", ["City MSK; https://msk.example; 01234 567890", "City MSK;;01234 567890"])
def test_the_service_of_an_installation(text: str) -> None:
    found = read_options({"UPPERBACK_MSK_SERVICE": text}).msk_service
    assert found is not None
    assert found[0] == "City MSK"
    assert read_options({}).msk_service is None


@pytest.mark.parametrize("text", ["City MSK", "; https://x.example", "A; http://x.example", "A;;call"])
def test_a_service_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="MSK_SERVICE"):
        read_options({"UPPERBACK_MSK_SERVICE": text})
