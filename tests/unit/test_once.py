"""What is put back is what was made, and nothing is put back where something else was there before."""

import datetime as dt

import pytest
from django.test import Client

from tests.once import _rows, once
from upperback.services import people
from upperback.services.actors import SYSTEM
from upperback.services.people import Profile

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
MADE: list[object] = []


def begin(client: Client) -> Profile:
    def make() -> Profile:
        ana = people.create_profile(name="Ana", by=SYSTEM, now=NOW)
        client.post("/people/choose/", {"person": str(ana.uuid)})
        MADE.append((_rows(), client.cookies.output()))
        return ana

    return once("test_once", make, client)


@pytest.mark.parametrize("time", [1, 2, 3])
def test_the_same_rows_and_cookies_again(client: Client, time: int) -> None:
    ana = begin(client)
    assert (Profile.objects.get(), ana.name) == (ana, "Ana")
    assert MADE[-1] == (_rows(), client.cookies.output())
    assert len(MADE) == 1


def test_after_something_else_it_is_made_again(client: Client) -> None:
    begin(client)
    made = len(MADE)
    Profile.objects.all().delete()
    people.create_profile(name="Ben", by=SYSTEM, now=NOW)
    begin(Client())
    assert len(MADE) == made + 1
    assert {profile.name for profile in Profile.objects.all()} == {"Ana", "Ben"}
