"""The weekly check-in, the early signs and the one card of Today; two years of history make Today no slower."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.integration.test_journey import hidden, me, text_of
from tests.integration.test_review import Clock, check_again, clock, planned
from upperback.services import plans
from upperback.services.actors import SYSTEM
from upperback.services.people import Profile
from upperback.store.models import DiaryEntry, ExerciseStep, TodayMark

__all__ = ["clock", "me", "planned"]  # fixtures

pytestmark = pytest.mark.django_db

CALM = {"before_legs": "no", "before_chest": "no", "before_change": "no", "arm": "no"}


def tell(client: Client, **said: str) -> Any:
    page = client.get("/checkin/")
    return client.post("/checkin/", CALM | said | {"client_id": hidden(page, "client_id")}, follow=True)


def test_a_quiet_card_after_a_week_and_two_minutes_later_it_is_gone(planned: Client, clock: Clock) -> None:
    assert "How was your week?" not in text_of(planned.get("/today/"))
    clock.go_on(7)
    today = planned.get("/today/")
    assert "How was your week?" in text_of(today)
    done = tell(planned, pain_now="3", pain_average="4", pain_worst="6", activity0="5", sleep="2", days_off_work="0")
    assert "Nothing in it calls for a change now" in text_of(done)
    assert "How was your week?" not in text_of(planned.get("/today/"))
    kept = DiaryEntry.objects.get(kind="check_in").data
    assert (kept["pain_average"], kept["activities"], kept["pgic"]) == (4, [5, None], None)


def test_week_three_asks_how_it_is_overall_and_clearly_worse_leads_to_help(planned: Client, clock: Clock) -> None:
    clock.go_on(14)
    assert 'name="pgic"' not in planned.get("/checkin/").content.decode()
    clock.go_on(7)
    assert "it also asks how it is overall" in text_of(planned.get("/today/"))
    done = tell(planned, pgic="6", pain_average="5")
    assert "You told us that it is clearly worse overall." in text_of(done)
    assert "Something to look at" in text_of(planned.get("/today/"))
    page = planned.get("/sooner/")
    words = text_of(page)
    assert "Whom to ask" in words
    assert "Pain on 23 March: 5 of 10 on average." in words
    planned.post("/later/", {"card": "sign_worse_overall", "client_id": hidden(page, "client_id"), "asked": "1"})
    assert "Something to look at" not in text_of(planned.get("/today/"))
    clock.go_on(29)
    tell(planned)
    assert "Something to look at" in text_of(planned.get("/today/"))  # it comes back while it holds


@pytest.mark.parametrize("answer", ["yes", "not_sure"])
@pytest.mark.parametrize("question", [*CALM])
def test_a_yes_or_not_sure_leads_to_the_safety_check_and_nothing_told_is_lost(
    planned: Client, clock: Clock, question: str, answer: str
) -> None:
    clock.go_on(7)
    page = planned.get("/checkin/")
    form = CALM | {question: answer, "pain_average": "6", "client_id": hidden(page, "client_id")}
    sent = planned.post("/checkin/", form)
    assert sent["Location"].startswith("/check/")
    assert DiaryEntry.objects.get(kind="check_in").data["pain_average"] == 6
    assert DiaryEntry.objects.get(kind="warned").data == {"signs": [question]}
    assert planned.get("/today/").status_code == 409


def test_the_safety_questions_are_needed_and_the_rest_is_not(planned: Client, clock: Clock) -> None:
    clock.go_on(7)
    page = planned.get("/checkin/")
    form = {"pain_now": "4", "client_id": hidden(page, "client_id")}
    sent = planned.post("/checkin/", form | {"arm": "no"})
    assert sent.status_code == 400
    assert text_of(sent).count("Choose an answer") == 6  # three questions, above and beside each
    assert 'name="pain_now" id="pain_now-4" value="4" checked' in sent.content.decode()
    assert not DiaryEntry.objects.exists()
    assert planned.post("/checkin/", form | CALM).status_code == 200
    assert planned.post("/checkin/", form | CALM).status_code == 200  # sent twice is one
    assert DiaryEntry.objects.count() == 1


def test_days_off_that_cannot_be_are_named(planned: Client, clock: Clock) -> None:
    page = planned.get("/checkin/")
    sent = planned.post("/checkin/", CALM | {"days_off_work": "9", "client_id": hidden(page, "client_id")})
    assert sent.status_code == 400
    assert "Days off work in the last week because of your back: Enter a whole number from 0 to 7" in text_of(sent)


def test_a_rise_of_three_points_leads_to_a_new_check_and_the_check_answers_it(planned: Client, clock: Clock) -> None:
    clock.go_on(8)
    done = tell(planned, pain_now="8")
    assert "Your pain has risen clearly. Please do the safety check again." in text_of(done)
    assert 'href="/check/"' in done.content.decode()
    assert "Something to look at" in text_of(planned.get("/today/"))
    clock.go_on(0.1)
    check_again(planned, pain_average="6")
    planned.post("/plan/make/")
    clock.go_on(0.1)
    assert "Something to look at" not in text_of(planned.get("/today/"))


def test_without_an_open_plan_there_is_no_check_in(me: Client) -> None:
    assert me.get("/checkin/").status_code == 409
    assert me.get("/sooner/").status_code == 409
    assert me.post("/checkin/", CALM).status_code == 409


def test_a_card_put_off_comes_back(planned: Client, clock: Clock) -> None:
    clock.go_on(7)
    page = planned.get("/today/")
    planned.post("/later/", {"card": "check_in", "client_id": hidden(page, "client_id")})
    assert "How was your week?" not in text_of(planned.get("/today/"))
    clock.go_on(2)
    assert "How was your week?" in text_of(planned.get("/today/"))


def test_the_review_is_offered_three_times_and_put_off_each_time(planned: Client, clock: Clock) -> None:
    shown = []
    clock.go_on(42)
    for day in range(42, 60):
        page = planned.get("/today/")
        if "Look back at your plan" in text_of(page):
            shown.append(day)
            html = page.content.decode()
            card = html[html.index('action="/later/"') :]
            id = card[card.index('name="client_id" value="') :].split('"')[3]
            name = card[card.index('name="card" value="') :].split('"')[3]
            planned.post("/later/", {"card": name, "client_id": id})
        clock.go_on(1)
    assert shown == [42, 45, 49, 56]


@pytest.mark.parametrize("card", ["no such key!", "x" * 41, "", "\x00"])
def test_a_card_with_an_odd_name_is_refused_and_the_diary_can_still_be_read(
    planned: Client, clock: Clock, card: str
) -> None:
    clock.go_on(7)
    sent = planned.post("/later/", {"card": card, "client_id": str(uuid.uuid4())})
    assert sent.status_code == 400
    assert not DiaryEntry.objects.exists()
    assert planned.get("/today/").status_code == 200


# ---- two years ---------------------------------------------------------------------------------------------------


def two_years(profile: Profile, end: dt.date) -> int:
    """Rows of two years before a plan: mornings, sets, steps, ticks, sessions that ended."""
    plan = plans.latest_plan(profile=profile, by=SYSTEM)
    assert plan is not None
    entries: list[DiaryEntry] = []
    steps: list[ExerciseStep] = []
    marks: list[TodayMark] = []
    for back in range(1, 730):
        day = end - dt.timedelta(days=back)
        at = dt.datetime.combine(day, dt.time(8), dt.UTC)
        data: list[tuple[str, dict[str, Any]]] = [("morning", {"pain": back % 5})]
        if back % 2 == 0:
            session = uuid.uuid4().hex
            data += [("session_started", {"session": session, "what": "strength"})]
            data += [("set_done", {"session": session, "exercise": "ST01", "number": n, "reps": 8}) for n in (1, 2, 3)]
            data += [("session_ended", {"session": session, "how": "finished"})]
            steps.append(ExerciseStep(
                profile=profile, plan=plan, session=session, planned="ST01", exercise="ST01", from_day=day, move="hold",
                reason="one_good_session", decided_at=at, by="test", release="x", release_sha256="x",
                record={"after": {"exercise": "ST01", "sets": 2, "reps": 8, "load_kg": None, "band": "light"},
                        "before": {"exercise": "ST01", "sets": 2, "reps": 8, "load_kg": None, "band": "light"},
                        "check_flags": False},
            ))  # fmt: skip
        if back % 7 == 0:
            data += [("check_in", {"pain_average": back % 4})]
        entries += [
            DiaryEntry(
                profile=profile, plan=None, client_id=uuid.uuid4(), kind=kind, day=day, at=at, data=held,
                recorded_at=at, by="test",
            )
            for kind, held in data
        ]  # fmt: skip
        marks += [
            TodayMark(
                profile=profile, plan=plan, client_id=uuid.uuid4(), day=day, item="move", turn=turn, done=True,
                marked_at=at, by="test",
            )
            for turn in (1, 2, 3)
        ]  # fmt: skip
    DiaryEntry.objects.bulk_create(entries)
    ExerciseStep.objects.bulk_create(steps)
    TodayMark.objects.bulk_create(marks)
    return len(entries) + len(steps) + len(marks)


def queries_of_today(client: Client) -> tuple[int, int]:
    """How many questions Today asks the database, and how many rows of the person's history it reads in all."""
    with CaptureQueriesContext(
        connection,
    ) as asked:
        page = client.get("/today/")
    assert page.status_code == 200
    rows = 0
    with connection.cursor() as cursor:
        for query in asked.captured_queries:
            sql = query["sql"]
            if sql.startswith("SELECT") and any(
                f'FROM "store_{t}"' in sql for t in ("diaryentry", "exercisestep", "todaymark")
            ):
                cursor.execute(f"SELECT COUNT(*) FROM ({sql})")
                rows += cursor.fetchone()[0]
    return len(asked), rows


def test_two_years_make_today_no_slower(planned: Client, clock: Clock, tell: Any) -> None:
    """The same number of queries, and no row older than the last months."""
    clock.go_on(8)
    before, _ = queries_of_today(planned)
    kept = two_years(Profile.objects.get(), clock.now.date())
    after, read = queries_of_today(planned)
    assert after == before
    assert after <= 40
    assert read < kept / 5
    tell(f"Today after two years: {after} queries (a new person: {before}), {read:,} of {kept:,} rows read")
