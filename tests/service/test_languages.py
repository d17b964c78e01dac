"""Every page of a service in a made-up language and in German, for a person, for staff and for nobody yet."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from tests.integration.test_languages import plain_words
from tests.service.conftest import sign_in
from tests.unit.services.service_world import World, share
from upperback.services.clinics import Account
from upperback.web import languages
from upperback.web.clinician import urls as of_clinicians
from upperback.web.service import urls

pytestmark = pytest.mark.django_db
#: What has the same name everywhere, and what is only for a program to read.
OWN = frozenset({"ana", "bo", "mina", "north", "south", "people.invalid", "clinic.invalid", "upperback"})

#: An account as support knows it: letters that are no words.
_REFERENCE = re.compile(r"[0-9A-F]{4}(?:-[0-9A-F]{4})+")


def addresses(person: str) -> Iterator[str]:
    patterns = [one for one in (*urls.urlpatterns, *of_clinicians.urlpatterns) if isinstance(one, URLPattern)]
    for pattern in patterns:
        match list(pattern.pattern.converters):
            case []:
                yield reverse(str(pattern.name))
            case ["person_id"]:
                yield reverse(str(pattern.name), args=[person])


def loose_words(client: Client, tag: str, person: str) -> tuple[int, dict[str, str]]:
    client.cookies[languages.LANGUAGE_COOKIE] = tag
    seen, loose = 0, dict[str, str]()
    for path in addresses(person):
        answer: Any = client.get(path)
        kind = answer.get("Content-Type", "")
        if answer.status_code != 200 or not kind.startswith("text/html"):
            continue
        page = answer.content.decode()
        if "<body" not in page:  # a piece of a page, which a page that is walked holds
            continue
        seen += 1
        texts = plain_words(page) if tag == "en-XA" else set(re.findall(r'class="in-english">([^<]+)<', page))
        for text in texts:
            if not any(own in text.lower() for own in OWN) and not _REFERENCE.fullmatch(text):
                loose.setdefault(text, path)
    return seen, loose


@pytest.mark.parametrize("tag", ["en-XA", "de"])
def test_every_text_of_a_service_is_in_the_language_of_its_reader(world: World, settings: Any, tag: str) -> None:
    settings.PSEUDO_LANGUAGES = True
    share(world.ana, world.mina)
    person = str(world.record(world.ana).uuid)
    admin = Account.objects.get(email__startswith="mina")
    readers = [Client(), sign_in(world.ana), sign_in(admin, second_factor=True)]
    found = [loose_words(client, tag, person) for client in readers]
    assert [seen > least for (seen, _), least in zip(found, (3, 8, 8), strict=True)] == [True] * 3, found
    loose = {text: path for _, texts in found for text, path in texts.items()}
    assert loose == {}, "\n".join(f"{path}: {text}" for text, path in loose.items())
