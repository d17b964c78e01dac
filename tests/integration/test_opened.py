"""An archive that is opened to read, as a process of its own: nothing written, a signed file, and nothing left."""

import http.cookiejar
import io
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.integration.test_journey import text_of
from tests.once import invented_once
from tests.unit.services.conftest import NOW
from upperback.services import archive, plans
from upperback.services.actors import Actor
from upperback.services.people import Profile
from upperback.store.models import AuditEvent, PlanVersion
from upperback.web.clinician import urls as clinician
from upperback.web.person import session, urls

pytestmark = pytest.mark.django_db


class Reader:
    """A browser at the opened archive."""

    def __init__(self, program: subprocess.Popen[bytes], folder: Path) -> None:
        self.program, self.folder = program, folder
        self._open = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )
        assert program.stdout is not None
        for line in program.stdout:
            if found := re.search(rb"http://\S+/open/\S+", line):
                self.base = found[0].decode().split("/open/")[0]
                self.get(found[0].decode())
                return
        raise AssertionError("no link was printed")

    def get(self, address: str, form: list[tuple[str, str]] | None = None) -> tuple[int, str]:
        """Status and text of a page; with a form it is sent."""
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(
            urllib.parse.urljoin(self.base if hasattr(self, "base") else "", address), data
        )
        if data is not None:
            request.add_header("Origin", self.base)
        try:
            with self._open.open(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def send(self, address: str, form: list[tuple[str, str]]) -> tuple[int, str]:
        """A form with its token."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(address)[1])
        assert token is not None
        return self.get(address, [("csrfmiddlewaretoken", token[1]), *form])


@pytest.fixture
def joan(monkeypatch: pytest.MonkeyPatch) -> Profile:
    monkeypatch.setattr(session, "now", lambda: NOW)
    return invented_once("bone", NOW)


@pytest.fixture
def reader(joan: Profile, tmp_path: Path) -> Iterator[Reader]:
    path = tmp_path / "joan.zip"
    with path.open("wb") as out:
        archive.write_archive(profile=joan, out=out, by=Actor(kind="household", id="t"), now=NOW)
    (tmp_path / "tmp").mkdir()
    (tmp_path / "own").mkdir()
    words = [sys.executable, "-m", "upperback.cli", "open", str(path), "--no-browser"]
    told = {"TMPDIR": str(tmp_path / "tmp"), "UPPERBACK_DATA": str(tmp_path / "own")}
    with subprocess.Popen(words, env=os.environ | told, stdout=subprocess.PIPE) as program:
        try:
            yield Reader(program, tmp_path)
        finally:
            program.send_signal(signal.SIGTERM)
            program.wait(30)


def changed_by(reader: Reader) -> dict[str, bytes]:
    """Everything that is there of the archive, but for links, which are taken."""
    (folder,) = (reader.folder / "tmp").glob("upperback-open-*")
    return {str(one): one.read_bytes() for one in folder.rglob("*") if one.is_file() and one.parent.name != "links"}


def test_read_and_sent_back_and_accepted(reader: Reader, joan: Profile, client: Client) -> None:
    before = changed_by(reader)
    assert any(b"Joan" in data for data in before.values())
    addresses = [
        reverse(str(one.name)) for one in (*urls.urlpatterns, *clinician.urlpatterns) if not one.pattern.converters
    ]
    pages: dict[int, list[str]] = {}
    for address in addresses:
        status, body = reader.get(address)
        pages[status] = [*pages.get(status, []), address]
        is_for_all = address == reverse("learn_book")  # the same for whoever asks, for browsers to keep
        assert is_for_all or "<html" not in body or "The file of Joan, 68." in body, address
        status, _ = reader.get(address, [("just_me", "1"), ("person", str(joan.uuid)), ("sure", "yes")])
        assert status in {403, 405}, address
    assert max(pages) < 500, pages
    plan = plans.latest_plan(profile=joan, by=Actor(kind="household", id="t"))
    assert plan is not None
    gone = plan.record["exercises"][0]
    wish = [("remove", gone["id"]), ("note", "Slowly."), ("name", "Sam Lee"), ("role", "physiotherapist")]
    status, body = reader.send("/opened/change/", wish[:2])
    assert (status, "Enter your name" in body) == (422, True)
    status, body = reader.send("/opened/change/", wish)
    assert status == 200
    assert json.loads(body)["format"] == "upperback-plan-change"
    assert changed_by(reader) == before
    assert [one.name for one in (reader.folder / "own").iterdir()] == ["clinician.key"]
    assert (reader.folder / "own" / "clinician.key").stat().st_mode & 0o077 == 0
    reader.program.send_signal(signal.SIGTERM)
    reader.program.wait(30)
    assert not list((reader.folder / "tmp").iterdir())
    _answered(client, joan, body.encode(), gone["title"])


def _answered(client: Client, joan: Profile, data: bytes, gone: str) -> None:
    """The person's side: looked at, refused, accepted, and not twice."""
    client.post("/people/choose/", {"person": str(joan.uuid)})

    def bring() -> Any:
        return client.post("/data/change/", {"file": SimpleUploadedFile("change.json", data)})

    page = bring()
    words = text_of(page)
    for part in ("Sam Lee proposes this", "Physiotherapist", "This key is new to you", "Slowly.", f"Goes out {gone}"):
        assert part in words
    assert PlanVersion.objects.count() == 1
    hidden = {
        name: re.search(rf'name="{name}" value="([^"]+)"', page.content.decode())[1]  # type: ignore[index]
        for name in ("change", "person", "client_id")
    }
    assert "Your plan stays as it is" in text_of(client.post("/data/change/", hidden | {"answer": "no"}))
    assert PlanVersion.objects.count() == 1
    assert client.post("/data/change/", hidden | {"answer": "yes", "person": "x"}).status_code == 409
    assert PlanVersion.objects.count() == 1
    assert client.post("/data/change/", hidden | {"answer": "yes"})["Location"] == "/plan/"
    assert PlanVersion.objects.count() == 2
    assert gone not in [item["title"] for item in PlanVersion.objects.latest("pk").record["exercises"]]
    late = bring()
    assert late.status_code == 409
    assert "There is a problem This file was made for another version of your plan" in text_of(late)
    assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))[-4:] == [
        "refuse_change", "shape_plan", "keep_diary", "accept_change",
    ]  # fmt: skip


def test_what_is_no_change(joan: Profile, client: Client) -> None:
    client.post("/people/choose/", {"person": str(joan.uuid)})
    assert "Choose a file first" in text_of(client.post("/data/change/", {}))
    response = client.post("/data/change/", {"file": io.BytesIO(b"<script>")})
    assert response.status_code == 422
    assert "This file is no change of a plan" in text_of(response)


def test_elsewhere_its_pages_lead_nowhere(joan: Profile, client: Client) -> None:
    client.post("/people/choose/", {"person": str(joan.uuid)})
    for address in ("/opened/", "/opened/change/"):
        assert client.get(address).status_code == 404
        assert client.post(address, {"name": "Sam"}).status_code in {404, 405}
