"""Progress, history and goals: what was told is shown as it is, in charts and tables, and nobody is blamed."""

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.test import Client

from tests.integration.test_checkin import tell as check_in
from tests.integration.test_journey import hidden, me, text_of
from tests.integration.test_review import Clock, answer, check_again, clock, planned
from upperback.care.diary import Entry, FlareEnded, FlareStarted, GoalTold, Morning, Moved
from upperback.core.errors import InputError, NotFound
from upperback.services import diary, goals
from upperback.services.actors import SYSTEM
from upperback.services.people import Profile
from upperback.store.models import DiaryEntry

__all__ = ["clock", "me", "planned"]  # fixtures

pytestmark = pytest.mark.django_db

BLAME = re.compile(r"\b(streak|missed|fail\w*|only \d|behind|should have)\b", re.IGNORECASE)


def keep(clock: Clock, entry: Entry, *, back: int = 0) -> None:
    at = clock.now - dt.timedelta(days=back)
    diary.keep_entry(
        profile=Profile.objects.get(), client_id=uuid.uuid4(), day=at.date(), at=at, entry=entry, by=SYSTEM,
        now=clock.now,
    )  # fmt: skip


@pytest.fixture
def lived(planned: Client, clock: Clock) -> Client:
    """Three weeks of a plan: mornings with gaps, movement, a flare-up, two check-ins."""
    clock.go_on(20)
    for back, pain in ((19, 5), (18, 5), (17, 4), (16, 5), (9, 4), (8, 3), (3, 2), (2, 2), (1, 3), (0, 2)):
        keep(clock, Morning(pain=pain), back=back)
    for back in (15, 15, 10, 4, 4, 4):
        keep(clock, Moved(exercises=()), back=back)
    keep(clock, FlareStarted(trigger="load"), back=12)
    keep(clock, FlareEnded(helped="Heat & a walk"), back=9)
    check_in(planned, pain_average="3", activity0="5", activity1="6", sleep="3", confidence="6")
    return planned


def test_charts_with_tables_and_gaps_that_stay_gaps(lived: Client) -> None:
    page = lived.get("/progress/")
    html, words = page.content.decode(), text_of(page)
    assert html.count('class="chart"') == html.count("The numbers as a table") >= 4
    assert html.count('class="dot"') >= 10
    assert "You moved 6 times." in words
    assert "Every one of them counts." in words
    assert "F: a flare-up began." in words
    assert not BLAME.search(words)
    assert "9 Mar 2026 1 5" not in words
    assert re.search(r"2 Mar 2026\D+4 4 5 5", words)  # four mornings: lowest 4, middle 5, highest 5


def test_a_small_difference_is_not_called_a_change_and_a_clear_one_is(lived: Client) -> None:
    words = text_of(lived.get("/progress/"))
    assert "5 at first, 2 now. That is clearly better." in words  # mornings
    assert "4 at first, 5.5 now. A difference this small may be chance." in words  # activities


def test_nothing_told_yet_and_no_plan_yet(me: Client, clock: Clock) -> None:
    assert "There is nothing to show yet" in text_of(me.get("/progress/"))
    assert me.get("/history/").status_code == 200
    assert me.get("/goals/").status_code == 200


@pytest.mark.parametrize("weeks", ["6", "12", "0", "-1", "x", "99999999999"])
def test_any_span_is_a_page(lived: Client, weeks: str) -> None:
    assert lived.get(f"/progress/?weeks={weeks}").status_code == 200


def test_what_changed_and_why_the_newest_first(lived: Client, clock: Clock) -> None:
    clock.go_on(22)
    check_again(lived)
    answer(lived, pgic="3")
    words = text_of(lived.get("/history/"))
    for said in (
        "Review : Go on.",
        "Check-in : Pain 3 of 10 on average.",
        "What helped: Heat &amp; a walk",
        "Safety check : It was done.",
    ):
        assert said in words, words
    assert words.index("Review :") < words.index("Check-in :") < words.index("A flare-up began")
    older = lived.get("/history/?until=2026-03-01")
    assert "Nothing changed in these weeks." in text_of(older)
    assert lived.get("/history/?until=nonsense").status_code == 200


def test_exercises_are_named_from_an_open_plan_only(lived: Client, clock: Clock) -> None:
    keep(clock, Moved(exercises=()))
    lived.post("/check/start/")
    page = lived.get("/check/next/", follow=True)
    lived.post("/check/part/emergency/", {"version": hidden(page, "version"), "emergency_nerves": "none"})
    assert lived.get("/today/").status_code == 409
    assert "Strength" not in re.findall(r"<h2[^>]*>([^<]*)", lived.get("/progress/").content.decode())


# ---- goals -------------------------------------------------------------------------------------------------------


def send(client: Client, **fields: Any) -> Any:
    page = client.get("/goals/")
    return client.post("/goals/", {"client_id": str(uuid.uuid4())} | fields | {"_": hidden(page, "goal")}, follow=True)


def test_a_goal_is_added_tied_changed_reached_and_taken_back(lived: Client) -> None:
    page = send(lived, goal="own-1", words="Swim with my daughter", activity="Swim", aim="8")
    words = text_of(page)
    assert "Swim: 4 of 10 at the start, 5 in the last check-in, 8 would be good enough." in words
    send(lived, goal="own-1", words="Swim ten lengths", activity="Swim")
    assert "Swim with my daughter" not in text_of(lived.get("/goals/"))
    reached = text_of(send(lived, goal="own-1", words="Swim ten lengths", activity="Swim", state="reached"))
    assert "What you can do again" in reached
    assert "since 22 March 2026" in reached
    again = text_of(send(lived, goal="own-1", words="Swim ten lengths", activity="Swim", state="open"))
    assert "What you can do again" not in again
    gone = text_of(send(lived, goal="own-1", words="Swim ten lengths", state="let_go"))
    assert "Swim ten lengths" not in gone
    assert DiaryEntry.objects.filter(kind="goal_told").count() == 5  # nothing was overwritten


def test_a_goal_without_words_is_asked_again(lived: Client) -> None:
    page = lived.post("/goals/", {"client_id": str(uuid.uuid4()), "goal": "own-2", "words": "  "})
    assert page.status_code == 400
    assert "Write down what you want to do" in text_of(page)


@pytest.mark.parametrize(
    "fields",
    [{"words": "x" * 121}, {"words": "Fly", "activity": "Flying"}, {"words": "a\x00b"}, {"words": "Go", "state": "won"},
     {"words": "Go", "goal": "no such key!"}],
)  # fmt: skip
def test_what_cannot_be_is_refused(lived: Client, fields: dict[str, str]) -> None:
    form = {"client_id": str(uuid.uuid4()), "goal": "own-3"} | fields
    assert lived.post("/goals/", form).status_code == 400
    assert not DiaryEntry.objects.filter(kind="goal_told").exists()


def test_five_goals_at_a_time_and_none_that_is_not_there(lived: Client, clock: Clock) -> None:
    profile = Profile.objects.get()

    def told(id: str, state: Any = "open") -> None:
        goals.tell_goal(
            profile=profile, client_id=uuid.uuid4(), told=GoalTold(goal=id, words=id, state=state), by=SYSTEM,
            now=clock.now,
        )  # fmt: skip

    for number in range(goals.OPEN_MOST):
        told(f"own-{number}")
    with pytest.raises(InputError, match="at a time"):
        told("own-9")
    told("own-0", "reached")
    told("own-9")
    with pytest.raises(NotFound):
        told("own-77", "reached")


# ---- the card ----------------------------------------------------------------------------------------------------


def test_the_card_holds_own_words_what_to_do_and_when_to_get_help(lived: Client) -> None:
    words = text_of(lived.get("/card/"))
    assert "Heat &amp; a walk" in words  # from the flare-up
    assert "For three days I do about half" in words
    assert "When to get help" in words
    page = lived.get("/card/")
    lived.post("/card/", {"client_id": hidden(page, "client_id"), "words": "A walk <before> work"})
    words = text_of(lived.get("/card/"))
    assert "A walk &lt;before&gt; work" in words
    assert lived.post("/card/", {"client_id": str(uuid.uuid4()), "words": "x" * 401}).status_code == 400


def test_what_to_do_is_on_the_card_only_while_nothing_speaks_against_it(lived: Client, clock: Clock) -> None:
    check_in(lived, before_legs="not_sure")
    words = text_of(lived.get("/card/"))
    assert "For three days I do about half" not in words
    assert "When to get help" in words
