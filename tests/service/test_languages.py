"""Every page of a service in a made-up language and in German, for a person, for staff and for nobody yet."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from tests.integration.test_languages import plain_words
from tests.service.conftest import sign_in
from tests.unit.services.service_world import World, new_staff, share
from upperback.services.clinics import Account
from upperback.store.models import Study
from upperback.web import languages
from upperback.web.clinician import urls as of_clinicians
from upperback.web.service import urls, visitors

pytestmark = pytest.mark.django_db
#: What has the same name everywhere, and what is only for a program to read.
OWN = frozenset(
    {"ana", "rae search", "1234", "bo", "mina", "north", "south", "people.invalid", "clinic.invalid", "upperback"}
)

STUDY = {"name": "1234", "about": "1234", "approval": "1234", "kinds": ["plan"], "days": "90"}

#: An account as support knows it: letters that are no words.
_REFERENCE = re.compile(r"[0-9A-F]{4}(?:-[0-9A-F]{4})+")


def addresses(person: str, study: str) -> Iterator[str]:
    patterns = [one for one in (*urls.urlpatterns, *of_clinicians.urlpatterns) if isinstance(one, URLPattern)]
    for pattern in patterns:
        match list(pattern.pattern.converters):
            case []:
                yield reverse(str(pattern.name))
            case ["person_id"]:
                yield reverse(str(pattern.name), args=[person])
            case ["study_id"]:
                yield reverse(str(pattern.name), args=[study])


def loose_words(client: Client, tag: str, person: str, study: str) -> tuple[int, dict[str, str]]:
    """How many pages there are, refusals of an empty form among them, and texts in no language of the reader."""
    client.cookies[languages.LANGUAGE_COOKIE] = tag
    seen, loose = 0, dict[str, str]()
    paths = list(addresses(person, study))
    asked = [(client.get, path) for path in paths] + [(client.post, path) for path in paths if "/out/" not in path]
    for ask, path in asked:
        answer: Any = ask(path)
        kind = answer.get("Content-Type", "")
        if answer.status_code in {301, 302} or not kind.startswith("text/html"):
            continue
        page = answer.content.decode()
        if "<body" not in page:  # a piece of a page, which a page that is walked holds
            continue
        seen += 1
        texts = plain_words(page) if tag == "en-XA" else set(re.findall(r'class="in-english">([^<]+)<', page))
        for text in texts:
            if not any(own in text.lower() for own in OWN) and not _REFERENCE.fullmatch(text):
                loose.setdefault(text, f"{answer.status_code} {path}")
    return seen, loose


@pytest.mark.parametrize("tag", ["en-XA", "de"])
def test_every_text_of_a_service_is_in_the_language_of_its_reader(world: World, settings: Any, tag: str) -> None:
    settings.PSEUDO_LANGUAGES = True
    share(world.ana, world.mina)
    person = str(world.record(world.ana).uuid)
    admin = Account.objects.get(email__startswith="mina")
    researcher = sign_in(new_staff("Rae Search", world.north, "researcher", visitors.now()), second_factor=True)
    assert researcher.post("/staff/studies/", STUDY).status_code == 302
    study = str(Study.objects.get().uuid)
    readers = [Client(), sign_in(world.ana), sign_in(admin, second_factor=True), researcher]
    found = [loose_words(client, tag, person, study) for client in readers]
    assert [seen > least for (seen, _), least in zip(found, (3, 8, 8, 3), strict=True)] == [True] * 4, found
    loose = {text: path for _, texts in found for text, path in texts.items()}
    assert loose == {}, "\n".join(f"{path}: {text}" for text, path in loose.items())
