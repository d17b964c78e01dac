"""What leaves the pages, in the language of who reads it: letters, mails, notices, calendars."""

import io
import re
from typing import Any

import pypdf
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from tests.integration.test_journey import finish, me, walk, walk_assessment
from upperback.services import push
from upperback.services.people import Profile
from upperback.web import languages, offline
from upperback.web.catalogues import in_django
from upperback.web.service import mails

__all__ = ["me"]  # fixtures

GERMAN = languages.LANGUAGES["de"]


@pytest.mark.parametrize("kind", sorted(mails._MAILS))
def test_every_mail_of_a_service_is_german_to_a_german(kind: str) -> None:
    gaps = {"code": "AB12-CD34", "clinic": "12", "role": "34", "until": "56", "link": "78"}
    english = " ".join(mails.mail_of(kind, gaps))
    with languages.reading(GERMAN), translation.override(in_django(GERMAN)):
        subject, text = mails.mail_of(kind, gaps)
    assert "Upperback" in text
    assert ("AB12-CD34" in text) == ("AB12-CD34" in english)
    kept = [part for part in text.split("\n\n") if part not in {"", gaps["link"]} and part in english]
    assert (kept, subject in english) == ([], False)


def test_notices_are_said_by_the_worker_in_its_language() -> None:
    assert {*push._WORDS.values(), push._WORDS_ELSE} == set(offline.NOTICES)
    english = offline.pages_in(languages.ENGLISH, region="uk", device_notice=True, demo=False).worker.decode()
    german = offline.pages_in(GERMAN, region="de", device_notice=True, demo=False).worker.decode()
    assert "const NOTICES = {};" in english
    assert '"Time for a short break": "Zeit f\\u00fcr eine kurze Pause"' in german


@pytest.mark.django_db
def test_a_letter_and_a_calendar_are_in_the_language_of_the_page(me: Client) -> None:
    walk(me, {"pain_average": "4"})
    finish(me)
    walk_assessment(me)
    me.post("/plan/make/")
    me.cookies[languages.LANGUAGE_COOKIE] = "de"
    form = {"person": str(Profile.objects.get().uuid), "reader": "gp", "given": "Ana", "family": "Weiß"}
    look = me.post("/share/letter/", form).content.decode()
    assert 'lang="de"' in look
    assert "Warum dieser Brief" in look
    saved: Any = me.post("/share/letter/", form | {"save": "yes"})
    text = " ".join(
        page.extract_text() for page in pypdf.PdfReader(io.BytesIO(b"".join(saved.streaming_content))).pages
    )
    assert "Warum dieser Brief" in text
    assert "Why this letter" not in text
    shown = me.post(reverse("break_feed")).content.decode()
    found = re.search(r"/calendar/([\w-]+\.ics[^\"<]*)", shown)
    assert found is not None
    address = found[1]
    assert address.endswith(".ics?language=de")
    assert b"SUMMARY:Kurze Pause" in Client().get(f"/calendar/{address}").content
    assert b"SUMMARY:Short break" in Client().get(f"/calendar/{address.partition('?')[0]}").content
