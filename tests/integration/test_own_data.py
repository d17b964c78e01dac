"""Take your data with you, bring data in: pages that need no script and refuse in a sentence."""

import io
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.integration.test_journey import me, text_of
from upperback.interchange.archive import sealed
from upperback.services.people import Profile
from upperback.store.models import AuditEvent
from upperback.web import uploads

__all__ = ["me"]  # fixtures

pytestmark = pytest.mark.django_db

PHRASE = "a red kite over the hill"


@pytest.fixture(autouse=True)
def _cheap_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "_WORK", 4)


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def bring(client: Client, data: bytes, **more: str) -> Any:
    return client.post("/data/bring/", {"file": SimpleUploadedFile("me.zip", data), **more})


def test_out_on_one_page_and_in_on_the_other(me: Client) -> None:
    response = me.post("/data/take/", {"passphrase": "", "again": ""})
    data = body(response)
    assert response["Content-Disposition"].startswith('attachment; filename="upperback-20')
    assert response["Content-Disposition"].endswith('.zip"')
    assert int(response["Content-Length"]) == len(data)
    assert "upperback.json" in zipfile.ZipFile(io.BytesIO(data)).namelist()
    response = bring(me, data)
    assert response.status_code == 422
    assert "Me is here already." in text_of(response)
    Profile.objects.all().delete()
    somebody_new = Client()
    response = bring(somebody_new, data)
    assert (response.status_code, response["Location"]) == (302, "/home/")
    assert somebody_new.get("/data/").status_code == 200
    assert Profile.objects.get().name == "Me"


def test_locked(me: Client) -> None:
    response = me.post("/data/take/", {"passphrase": PHRASE, "again": PHRASE})
    assert response["Content-Disposition"].endswith('.zip.age"')
    data = body(response)
    Profile.objects.all().delete()
    for phrase, words in (("", "its passphrase is needed"), ("something else", "does not open the file")):
        response = bring(Client(), data, passphrase=phrase)
        assert response.status_code == 422
        assert words in text_of(response)
        assert 'href="#passphrase"' in response.content.decode()
    assert not Profile.objects.exists()
    assert bring(Client(), data, passphrase=PHRASE).status_code == 302


@pytest.mark.parametrize(
    ("passphrase", "again", "words", "where"),
    [
        ("short", "short", "at least 10 letters", "passphrase"),
        (PHRASE, "", "same passphrase", "again"),
        ("", PHRASE, "at least 10 letters", "passphrase"),
    ],
)
def test_a_passphrase_that_does_not_protect(me: Client, passphrase: str, again: str, words: str, where: str) -> None:
    response = me.post("/data/take/", {"passphrase": passphrase, "again": again})
    assert response.status_code == 422
    assert words in text_of(response)
    assert f'href="#{where}"' in response.content.decode()
    assert PHRASE not in response.content.decode()


@pytest.mark.parametrize("name", ["diary", "figures"])
def test_tables(me: Client, name: str) -> None:
    response = me.post("/data/take/", {"table": name})
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert body(response).startswith("\ufeffday,".encode())
    assert AuditEvent.objects.get(action="export_tables").details == {"table": name}


def test_what_is_no_archive(me: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    response = bring(me, b"<script>alert(1)</script>")
    assert response.status_code == 422
    assert "This is no archive of Upperback" in text_of(response)
    assert "Choose a file first" in text_of(me.post("/data/bring/", {}))
    monkeypatch.setattr(uploads, "ARCHIVE_BYTES_MAX", 100)
    assert bring(me, bytes(2000)).status_code == 400


def test_a_form_of_another_site_brings_nothing(me: Client) -> None:
    """The token is still asked for, though the form is read late."""
    data = body(me.post("/data/take/", {}))
    Profile.objects.all().delete()
    assert bring(Client(enforce_csrf_checks=True), data).status_code == 403
    assert not Profile.objects.exists()


def test_deleted_after_one_more_question(me: Client) -> None:
    profile = Profile.objects.get()
    assert "delete all data of Me" in text_of(me.get("/data/delete/"))
    response = me.post("/data/delete/", {"person": str(profile.uuid)})
    assert response.status_code == 422
    assert "Tick the box" in text_of(response)
    response = me.post("/data/delete/", {"person": str(profile.uuid), "sure": "yes"})
    assert response.status_code == 200
    assert response["Clear-Site-Data"] == '"cache", "storage"'
    assert not Profile.objects.exists()
    assert [row.action for row in AuditEvent.objects.all()] == ["erase_person"]
    assert me.get("/data/")["Location"] == "/people/"


def test_a_page_for_somebody_else_deletes_nobody(me: Client) -> None:
    """Two windows: in the other one somebody else was chosen meanwhile."""
    mine = Profile.objects.get()
    me.post("/people/", {"name": "Bo", "whom": "self"})
    response = me.post("/data/delete/", {"person": str(mine.uuid), "sure": "yes"})
    assert response.status_code == 409
    assert "Nothing was deleted" in text_of(response)
    assert Profile.objects.count() == 2
    bo = Profile.objects.get(name="Bo")
    response = me.post("/data/delete/", {"person": str(bo.uuid), "sure": "yes"})
    assert "Clear-Site-Data" not in response
    assert list(Profile.objects.all()) == [mine]


def test_nobody_chosen(client: Client) -> None:
    for address in ("/data/", "/data/take/", "/data/clinic/", "/data/delete/"):
        assert client.get(address)["Location"] == "/people/"
    assert client.get("/data/bring/").status_code == 200
