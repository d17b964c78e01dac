"""Easy-read pages: short sentences, a picture each, help with its numbers, and no comfort before a check allows it."""

import re

import pytest
from django.test import Client

from tests.integration.daily import planned
from tests.integration.test_journey import me, text_of
from upperback.content.learn_check import REASSURING
from upperback.web.person import easy
from upperback.web.pictures.easy import NAMES, easy_svg

__all__ = ["me", "planned"]  # fixtures

pytestmark = pytest.mark.django_db

WORDS_MOST = 16
ALL = pytest.mark.parametrize("page", easy.PAGES, ids=[page.id for page in easy.PAGES])


@ALL
def test_sentences_are_short_and_each_has_its_picture(page: easy.EasyPage) -> None:
    for one in (*page.say, *page.until, *page.then):
        assert one.picture in NAMES
        for sentence in re.split(r"(?<=[.?!]) ", str(one.words)):
            assert len(sentence.split()) <= WORDS_MOST, sentence
    assert 2 <= len(page.say) + len(page.until) + len(page.then) <= 11


@ALL
def test_who_was_not_checked_reads_nothing_that_calms(page: easy.EasyPage, client: Client) -> None:
    answer = client.get(f"/easy/{page.id}/")
    assert answer.status_code == 200
    read = text_of(answer)
    assert all(str(one.words) not in read for one in page.then)
    shown = (*page.say, *page.until)
    assert all(not REASSURING.search(re.sub("safety check|dangerous", "", str(one.words))) for one in shown)
    assert answer.content.decode().count("easy-picture") == len(shown)
    assert 'href="/help/"' in answer.content.decode()


def test_control_with_a_plan_the_rest_shows_and_the_exercises_of_the_plan(planned: Client) -> None:
    assert "It often gets better with time." in text_of(planned.get("/easy/is-it-dangerous/"))
    exercises = planned.get("/easy/exercises/").content.decode()
    assert exercises.count("easy-exercise") >= 3
    assert "Do the safety check first" not in exercises


def test_help_says_the_signs_of_the_help_page_and_calls(client: Client) -> None:
    page = client.get("/easy/help/").content.decode()
    assert 'href="tel:999"' in page
    assert 'href="tel:116123"' in page
    for sign in (
        "chest",
        "ripping",
        "breathe",
        "legs are weak",
        "numb between your legs",
        "pee or poo",
        "stiff neck",
        "crash",
    ):
        assert sign in page, sign


def test_the_index_leads_to_all_and_nothing_else_is_there(client: Client) -> None:
    page = client.get("/easy/").content.decode()
    assert re.findall(r'href="/easy/([a-z-]+)/"', page) == [one.id for one in easy.PAGES]
    assert client.get("/easy/nothing/").status_code == 404
    assert {easy_svg(name) for name in NAMES}
