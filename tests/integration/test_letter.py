"""A letter on its pages: seen first, saved then, kept nowhere; and from the terminal."""

import html
import io
import json
import uuid
from pathlib import Path
from typing import Any

import pypdf
import pytest
from django.test import Client

from tests.integration.test_journey import finish, hidden, me, text_of, walk, walk_assessment
from tests.once import once
from upperback.cli import main
from upperback.services import actors, habits
from upperback.services.people import Profile
from upperback.store.models import AuditEvent
from upperback.web.person import session

__all__ = ["me"]  # fixtures

pytestmark = pytest.mark.django_db


@pytest.fixture
def checked(me: Client) -> Client:

    def check() -> None:
        walk(me, {"pain_average": "4"})
        finish(me)

    once("checked for a letter", check, me)
    return me


def sent(client: Client, **form: Any) -> Any:
    return client.post("/share/letter/", {"person": str(Profile.objects.get().uuid), "reader": "gp", **form})


def pdf_of(response: Any) -> str:
    data = b"".join(response.streaming_content)
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages).split())


def test_it_is_seen_first_and_the_file_holds_the_same(checked: Client) -> None:
    assert 'href="/share/letter/"' in checked.get("/data/").content.decode()
    form = {
        "given": "Ana",
        "family": "O’Neill",
        "day": "31",
        "month": "5",
        "year": "1985",
        "question": "May I <b>swim</b>?",
    }
    look = sent(checked, **form)
    assert "This is your letter" in text_of(look)
    assert "Ana O’Neill, born 31 May 1985" in text_of(look)
    assert "&lt;b&gt;swim" in look.content.decode()
    assert not AuditEvent.objects.filter(action="write_letter").exists()
    names = (*form, "reader", "nhs_number", "person")
    typed = {name: html.unescape(hidden(look, name)) for name in names}
    assert typed == typed | form
    saved = checked.post("/share/letter/", typed | {"save": "yes"})
    assert saved["Content-Type"] == "application/pdf"
    assert saved["Content-Disposition"].startswith('attachment; filename="letter-gp-20')
    said = pdf_of(saved)
    assert "Ana O’Neill, born 31 May 1985" in said
    assert "May I <b>swim</b>?" in said
    event = AuditEvent.objects.get(action="write_letter")
    assert event.details == {"reader": "gp", "mood": False}
    assert "O’Neill" in checked.post("/share/letter/", typed | {"change": "yes"}).content.decode()
    assert "O’Neill" not in checked.get("/share/letter/").content.decode()


@pytest.mark.parametrize(
    ("form", "words", "where"),
    [
        ({"reader": "neighbour"}, "Choose who the letter is for", "reader"),
        ({"nhs_number": "1234567890"}, "not an NHS number", "nhs_number"),
        ({"year": "9" * 30, "day": "1", "month": "1"}, "day of birth", "day"),
        ({"question": "x" * 401}, "up to 400 letters", "question"),
        ({"reader": "employer"}, "no exercise plan for you now", "reader"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_lost(
    checked: Client, form: dict[str, str], words: str, where: str
) -> None:
    response = sent(checked, **{"given": "Ana", "with": ["mood"], **form})
    page = response.content.decode()
    assert response.status_code == 422
    assert words in text_of(response)
    assert f'href="#{where}"' in page
    assert 'value="Ana"' in page


def test_the_page_of_somebody_else_and_no_check_yet(me: Client) -> None:
    assert "Do it first" in text_of(sent(me))
    response = sent(me, person=str(uuid.uuid4()))
    assert response.status_code == 409


def test_the_desk_for_an_employer(checked: Client) -> None:
    walk_assessment(checked)
    assert "Look at your desk first" in text_of(sent(checked, reader="employer"))
    profile = Profile.objects.get()
    habits.tell_desk(
        profile=profile, client_id=uuid.uuid4(), states={"W01": "to_change"}, by=actors.SYSTEM, now=session.now()
    )
    response = sent(checked, reader="employer", **{"with": ["mood"], "save": "yes"})
    said = pdf_of(response)
    assert "Height of the screen" in said
    assert "pain" not in said.lower()
    assert AuditEvent.objects.get(action="write_letter").details == {"reader": "employer", "mood": False}


def test_from_the_terminal(checked: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "letter.pdf"
    words = ["letter", str(out), "--for", "physiotherapist", "--given", "Ana", "--born", "1985-05-31", "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out) == {
        "file": str(out), "bytes": out.stat().st_size, "for": "physiotherapist",
    }  # fmt: skip
    assert "Ana, born 31 May 1985" in pypdf.PdfReader(out).pages[0].extract_text()
    assert main(words) == 2
    assert "there is something of this name already" in capsys.readouterr().err
    assert main(["letter", str(tmp_path / "b.pdf"), "--for", "employer"]) == 2
    assert not (tmp_path / "b.pdf").exists()
