"""Pages to read, by topic, without any script. What waits for the safety check is proved in test_reassurance.py."""

import datetime as dt
import re
import uuid

import pytest
from django.db import OperationalError
from django.test import Client
from markupsafe import escape

from tests.integration.daily import planned
from tests.integration.test_journey import me, text_of
from upperback.content.learn import plain_text
from upperback.content.vocabulary import default_content
from upperback.store.models import DiaryEntry
from upperback.web.person import learn, session

__all__ = ["me", "planned"]  # fixtures

pytestmark = pytest.mark.django_db

PAGES = default_content().learn_pages


def _words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_every_page_stands_under_its_topic(client: Client) -> None:
    page = client.get("/learn/").content.decode()
    for topic in default_content().release.learn_topics:
        assert topic.title in page
    assert re.findall(r'href="/learn/([a-z0-9-]+)/"', page.split("<main", 1)[1]) == list(PAGES)


def test_every_page_opens_to_everybody_with_sources_and_a_way_on(client: Client) -> None:
    for found in PAGES.values():
        page = client.get(f"/learn/{found.id}/")
        body = page.content.decode()
        assert page.status_code == 200
        assert "{" not in body.split("<main", 1)[1].split("</main>")[0], found.id
        assert "learn:" not in body
        for key in found.sources:
            assert str(escape(default_content().sources[key].citation)) in body
        assert all(f'href="/learn/{id}/"' in body for id in found.next)
        assert 'href="/help/"' in body
        for part in found.parts:
            if part.waits:  # nobody has done a check here
                assert all(_words(line) not in text_of(page) for line in part.html.split("\n") if len(line) > 60)
        waits = any(part.waits for part in found.parts)
        assert ("The rest of this page waits" in body) == waits
        assert not waits or "Start the safety check" in body


def test_with_a_plan_everything_is_there_and_leads_to_its_exercises(planned: Client) -> None:
    for found in PAGES.values():
        page = planned.get(f"/learn/{found.id}/")
        assert "The rest of this page waits" not in page.content.decode()
        for part in found.parts:
            first = plain_text(part.html).split(". ")[-1][:25]
            assert "{" in first or first in text_of(page), (found.id, first)
    body = planned.get("/learn/posture/").content.decode()
    offered = set(re.findall(r'href="/exercise/(\w+)/"', body))
    assert offered
    assert all(planned.get(f"/exercise/{id}/").status_code == 200 for id in offered)


def test_services_are_named_with_a_capital_where_a_sentence_begins(client: Client) -> None:
    words = text_of(client.get("/learn/medicines/"))
    assert "A pharmacist can help, without an appointment. So can your GP." in words


def test_a_drawing_is_told_in_words_too(client: Client) -> None:
    body = client.get("/learn/upper-back-pain/").content.decode()
    assert "twelve bones sit one on top of the other" in body.split("<desc", 1)[1].split("</desc>")[0]
    assert body.count('<svg viewBox="0 0 412 372" role="img"') == 2  # its bones, and its muscles
    assert '<a href="#bones-2" data-number="2">' in body
    assert 'id="bones-2"' in body
    assert 'class="picture' not in client.get("/learn/scans/").content.decode()


def test_a_drawing_that_offers_something_to_try_waits(client: Client, planned: Client) -> None:
    assert 'id="desk-set-up-1"' not in Client().get("/learn/desk/").content.decode()
    assert 'id="desk-set-up-1"' in planned.get("/learn/desk/").content.decode()


def test_pins_and_needles_lead_to_the_safety_check_first(client: Client) -> None:
    body = client.get("/learn/search/", {"q": "pins and needles in my arm"}).content.decode()
    assert body.index("Do the safety check first") < body.index('id="found"')
    assert body.index("/learn/when-to-get-help/") < body.index("/learn/discs-and-nerves/")


def test_a_question_shows_where_the_rest_does_and_says_kindly_what_is_so(client: Client, planned: Client) -> None:
    asking = [page for page in PAGES.values() if page.ask]
    assert len(asking) >= 10
    for page in asking:
        assert page.ask is not None
        assert page.ask.question not in text_of(Client().get(f"/learn/{page.id}/"))
        body = text_of(planned.get(f"/learn/{page.id}/"))
        assert page.ask.question in body
        assert all(answer.told in body for answer in page.ask.answers)


def test_more_of_a_page_is_kept_once_and_only_with_a_plan(client: Client, planned: Client) -> None:
    told = {"client_id": str(uuid.uuid4()), "wanted": "more"}
    assert "Your next page" in text_of(planned.get("/learn/sleep/"))
    for _ in range(2):
        assert planned.post("/plan/reading/sleep/", told).status_code == 302
    assert DiaryEntry.objects.filter(kind="page_wanted").count() == 1
    assert "It counts from tomorrow" in text_of(planned.get("/learn/sleep/?told=1"))
    assert planned.post("/plan/reading/sleep/", told | {"wanted": "never"}).status_code == 400
    stranger = Client()
    assert "Your next page" not in text_of(stranger.get("/learn/sleep/"))
    stranger.post("/plan/reading/sleep/", told | {"client_id": str(uuid.uuid4())})
    assert DiaryEntry.objects.filter(kind="page_wanted").count() == 1


def test_an_unknown_page_is_not_found(client: Client) -> None:
    assert client.get("/learn/nothing-here/").status_code == 404


def test_a_database_that_does_not_answer_shows_what_everybody_may_see(
    planned: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(**about: object) -> None:
        raise OperationalError("locked")

    monkeypatch.setattr(learn, "reading", locked)
    page = planned.get("/learn/posture/")
    assert page.status_code == 200
    assert "The rest of this page waits" in page.content.decode()


def test_a_day_later_a_plan_that_stands_still_shows_everything(
    planned: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = session.now() + dt.timedelta(days=2)
    monkeypatch.setattr(session, "now", lambda: later)
    assert "The rest of this page waits" not in planned.get("/learn/posture/").content.decode()


def test_nothing_of_a_page_is_kept_by_the_browser(client: Client) -> None:
    """What may be read hangs on the newest check, so a page of yesterday must not come back."""
    assert "no-store" in client.get("/learn/posture/").headers["Cache-Control"]


# ---- search -------------------------------------------------------------------------------------------------------


def test_search_finds_by_everyday_words_without_any_script(client: Client) -> None:
    page = client.get("/learn/search/", {"q": "pins and neddles"})
    assert 'href="/learn/discs-and-nerves/"' in page.content.decode()
    assert "We also looked for: needles." in text_of(page)
    assert "Emergency" not in text_of(page)


@pytest.mark.parametrize(
    ("typed", "says", "calls"),
    [
        ("chest pain", "Is this happening to you? Call now", "tel:999"),
        ("i want to die", "You do not have to be alone with this", "tel:111"),
        ("fever and back pain", "Is this happening to you? Ask today", "tel:111"),
    ],
)
def test_alarming_words_put_help_above_every_page(client: Client, typed: str, says: str, calls: str) -> None:
    body = client.get("/learn/search/", {"q": typed}).content.decode()
    main = body.split("<main", 1)[1]
    assert main.index(says) < main.index(calls) < main.index('href="/help/"') < main.index('href="/learn/')


@pytest.mark.parametrize(
    "typed", ["", "   ", "zzzz", "<script>alert(1)</script>", "'; drop table x; --", "\x00", "a" * 100_000]
)
def test_any_search_gets_a_calm_answer(client: Client, typed: str) -> None:
    page = client.get("/learn/search/", {"q": typed})
    assert page.status_code == 200
    assert len(page.content) < 40_000
    assert "<script>alert" not in page.content.decode()


def test_a_search_shows_nothing_that_waits(client: Client) -> None:
    waiting = [part.html for found in PAGES.values() for part in found.parts if part.waits]
    lines = {_words(line) for html in waiting for line in html.split("\n") if len(line) > 60}
    for typed in ("is it safe to move", "will it get better", "hurt and harm", "posture"):
        assert not any(line in text_of(client.get("/learn/search/", {"q": typed})) for line in lines)


# ---- for you ------------------------------------------------------------------------------------------------------


def test_with_a_plan_there_is_one_page_for_today_and_another_tomorrow(
    planned: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "For you today" not in Client().get("/learn/").content.decode()
    first, again = (_page_of_today(planned) for _ in range(2))
    assert first == again
    later = session.now() + dt.timedelta(days=1)
    monkeypatch.setattr(session, "now", lambda: later)
    assert _page_of_today(planned) not in {None, first}
    years = session.now() + dt.timedelta(days=400)
    monkeypatch.setattr(session, "now", lambda: years)
    assert _page_of_today(planned) is None


def _page_of_today(client: Client) -> str | None:
    found = re.search(
        r'For you today.*?href="/learn/([a-z-]+)/".*?Because', client.get("/learn/").content.decode(), re.DOTALL
    )
    return found[1] if found else None
