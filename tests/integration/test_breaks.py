"""Breaks page by page, with a clock that the test sets: offered in time, held, answered, counted, never in a burst."""

import datetime as dt
import itertools
import re
import uuid
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.integration.test_journey import finish, hidden, me, text_of, walk, walk_assessment
from tests.once import once
from tests.unit.interchange.push_receiver import Browser
from upperback.care.diary import Morning, Moved, SessionEnded, SessionStarted, SetDone
from upperback.interchange.webpush import unpacked
from upperback.services import breaks, diary, plans, push
from upperback.services.actors import SYSTEM
from upperback.services.people import Profile
from upperback.store.models import AuditEvent, BreakHabits, BusyCalendar, CalendarFeed, DiaryEntry, PushSubscription
from upperback.web.person import session
from upperback.web.worker import Worker

__all__ = ["me"]  # a fixture

pytestmark = pytest.mark.django_db

NINE = dt.datetime(2026, 11, 27, 9, 0, tzinfo=dt.UTC)  # a Friday, winter: the wall shows the same


class Clock:
    """The one clock of the pages, moved by hand."""

    def __init__(self) -> None:
        self.now = NINE

    def to(self, hour: int, minute: int = 0) -> None:
        self.now = self.now.replace(hour=hour, minute=minute)

    def wait(self, minutes: int, client: Client) -> Any:
        """The page stays open and asks every three minutes, and at the end. The last answer."""
        answer = None
        for gone in range(0, minutes, 3):
            self.now += dt.timedelta(minutes=min(3, minutes - gone))
            answer = ask(client)
        return answer


def ask(client: Client) -> Any:
    return client.post("/breaks/card/")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(session, "now", lambda: made.now)
    return made


@pytest.fixture
def planned(me: Client, clock: Clock) -> Client:
    """Somebody with an open plan, no strength today, who has just opened Today at nine and was offered a break."""

    def begin() -> None:
        walk(me, {"pain_average": "2"})
        finish(me)
        walk_assessment(me)
        me.post("/plan/make/", follow=True)
        plan = plans.latest_plan(profile=Profile.objects.get(), by=SYSTEM)
        assert plan is not None
        plans.shape_plan(plan=plan, days=["mon"], by=SYSTEM, now=clock.now)

    once(("planned for breaks", clock.now), begin, me)
    return me


@pytest.fixture
def at_work(planned: Client, clock: Clock) -> Client:
    """The same after the first answer: skipped at nine."""
    offer = offered(ask(planned))
    reply(planned, "skipped", offer)
    return planned


def offered(page: Any) -> str:
    found = re.search(r'name="offer" value="([^"]*)"', page.content.decode())
    assert found, text_of(page)
    return found.group(1)


def reply(client: Client, said: str, offer: str = "", **more: str) -> Any:
    sent = {"answer": said, "offer": offer, "client_id": str(uuid.uuid4())} | more
    return client.post("/breaks/answer/", sent, follow=True)


def answers() -> list[str]:
    rows = DiaryEntry.objects.filter(kind="offer", replaced_by__isnull=True).order_by("at")
    return [row.data["answer"] for row in rows]


def save(client: Client, **more: Any) -> Any:
    sent = {"on": "yes", "interval_min": "", "quiet_from": "20:00", "quiet_until": "08:00", "strength_at": ""}
    return client.post("/breaks/", sent | more, follow=True)


def test_an_offer_comes_when_it_is_due_and_says_before_when_and_why(at_work: Client, clock: Clock) -> None:
    text = text_of(clock.wait(1, at_work))
    assert "Next short break: 09:30" in text
    assert "30 minutes after the last one" in text
    assert "Time for a short break" not in text_of(clock.wait(28, at_work))
    assert "Time for a short break" in text_of(clock.wait(1, at_work))
    assert "Time for a short break" in text_of(at_work.get("/today/"))


def test_a_break_done_is_a_turn_of_movement_done(at_work: Client, clock: Clock) -> None:
    offer = offered(clock.wait(30, at_work))
    page = at_work.get("/breaks/now/")
    assert offered(page) == offer
    done = reply(at_work, "done", offer, move=hidden(page, "move"))
    turns = re.findall(r'id="move-\d".*?name="done" value="(\d)"', done.content.decode(), re.DOTALL)
    assert turns[0] == "0", "the first turn is done"
    assert set(turns[1:]) == {"1"}, "the others are not"
    assert "Next longer break: 10:00" in text_of(done)
    assert answers() == ["skipped", "done"]
    assert DiaryEntry.objects.get(kind="moved").data["offered"] is True


def test_moving_without_an_offer_counts_and_moves_the_next_one(at_work: Client, clock: Clock) -> None:
    clock.wait(20, at_work)
    page = at_work.get("/breaks/now/")
    done = reply(at_work, "done", move=hidden(page, "move"))
    assert "Next longer break: 09:50" in text_of(done)
    assert DiaryEntry.objects.get(kind="moved").data["offered"] is False


def test_not_now_comes_back_in_ten_minutes(at_work: Client, clock: Clock) -> None:
    reply(at_work, "snoozed", offered(clock.wait(30, at_work)))
    waiting = text_of(ask(at_work))
    assert "Next short break: 09:40" in waiting
    assert "You asked for a little more time" in waiting
    assert "Time for a short break" in text_of(clock.wait(10, at_work))


def test_or_in_five_minutes(at_work: Client, clock: Clock) -> None:
    page = clock.wait(30, at_work)
    assert "In 5 minutes In 10 minutes Skip" in text_of(page)
    reply(at_work, "snoozed_short", offered(page))
    assert "Next short break: 09:35" in text_of(ask(at_work))
    assert "Time for a short break" in text_of(clock.wait(5, at_work))


def test_once_an_hour_the_break_is_the_longer_one(at_work: Client, clock: Clock) -> None:
    reply(at_work, "skipped", offered(clock.wait(30, at_work)))
    page = clock.wait(30, at_work)
    assert "Time for a longer break" in text_of(page)
    assert "About 5 minutes in all" in text_of(page)
    now = at_work.get("/breaks/now/")
    assert "A longer break, about 5 minutes" in text_of(now)
    reply(at_work, "snoozed_short", offered(page))
    page = clock.wait(5, at_work)
    assert "Time for a longer break" in text_of(page), "put off, it comes back as it was"
    reply(at_work, "done", offered(page), move=hidden(now, "move"))
    assert "Time for a short break" in text_of(clock.wait(30, at_work))
    rows = DiaryEntry.objects.filter(kind="offer", replaced_by__isnull=True).order_by("at")
    assert [row.data["long"] for row in rows] == [False, False, True, True, False]


def three_good_days(profile: Profile, until: dt.datetime, *, pain: int = 2, last: int | None = None) -> None:
    """A break on each of the last three days, every morning told."""
    for ago in (4, 3, 2, 1, 0):
        at = until - dt.timedelta(days=ago)
        told = Morning(pain=pain if ago or last is None else last)
        done = [told] if ago in (0, 4) else [told, Moved(exercises=())]
        for entry in done:
            diary.keep_entry(
                profile=profile, client_id=uuid.uuid4(), day=at.date(), at=at, entry=entry, by=SYSTEM, now=until
            )


def test_after_three_good_days_the_person_may_let_breaks_come_later(planned: Client, clock: Clock) -> None:
    profile = Profile.objects.get()
    clock.now += dt.timedelta(days=10)
    assert "3 good days" not in text_of(planned.get("/breaks/"))
    three_good_days(profile, clock.now)
    page = planned.get("/breaks/")
    assert "30 minutes and 10 % more are 33 minutes" in text_of(page)
    assert "your breaks can come a little later" in text_of(planned.get("/today/"))
    planned.post("/breaks/longer/", {"longer": "yes", "minutes": "33"})
    assert BreakHabits.objects.get().interval_min == 33
    assert "3 good days" not in text_of(planned.get("/breaks/")), "the count begins anew"
    again = planned.post("/breaks/longer/", {"longer": "yes", "minutes": "36"})
    assert again.status_code == 409
    assert BreakHabits.objects.count() == 1


def test_who_keeps_the_interval_is_not_asked_again_for_three_days(planned: Client, clock: Clock) -> None:
    clock.now += dt.timedelta(days=10)
    three_good_days(Profile.objects.get(), clock.now)
    planned.post("/breaks/longer/", {"longer": "no", "client_id": str(uuid.uuid4())})
    assert "3 good days" not in text_of(planned.get("/breaks/"))
    assert not BreakHabits.objects.exists()


def test_after_a_sore_morning_nothing_gets_longer(planned: Client, clock: Clock) -> None:
    clock.now += dt.timedelta(days=10)
    three_good_days(Profile.objects.get(), clock.now, last=5)
    assert "3 good days" not in text_of(planned.get("/breaks/"))


def test_two_not_answered_in_a_row_ask_about_the_interval_and_say_nothing_else(at_work: Client, clock: Clock) -> None:
    clock.wait(30 + 30, at_work)
    text = text_of(clock.wait(12, at_work))
    assert answers() == ["skipped", "ignored", "ignored"]
    assert "Would another gap suit you better?" in text
    assert not re.search(r"missed|ignored|again!|should", text)
    reply(at_work, "skipped", offered(clock.wait(18, at_work)))
    assert "Would another gap" not in text_of(ask(at_work))


def test_asking_again_or_from_two_windows_makes_one_offer(at_work: Client, clock: Clock) -> None:
    first = offered(clock.wait(30, at_work))
    assert offered(ask(at_work)) == first
    assert answers() == ["skipped", "ignored"]
    reply(at_work, "skipped", first)
    reply(at_work, "snoozed", first)
    assert answers() == ["skipped", "skipped"], "the first answer counts"


def test_after_sleep_there_is_no_burst(at_work: Client, clock: Clock) -> None:
    clock.wait(5, at_work)
    clock.to(14)  # the computer slept for five hours: ten offers would have been due
    text = text_of(ask(at_work))
    assert "Next short break: 14:30" in text
    assert "30 minutes after you came" in text
    assert answers() == ["skipped"]
    assert "Time for a short break" in text_of(clock.wait(30, at_work))


def test_a_call_holds_and_the_offer_comes_a_moment_after(at_work: Client, clock: Clock) -> None:
    clock.wait(25, at_work)
    page = at_work.post("/breaks/hold/", {"hold": "in_call", "client_id": str(uuid.uuid4())}, follow=True)
    assert "You said you are in a call" in text_of(page)
    assert "until your call is over" in text_of(clock.wait(15, at_work))
    at_work.post("/breaks/hold/", {"hold": "back", "client_id": str(uuid.uuid4())}, follow=True)
    assert "a moment to yourself first" in text_of(clock.wait(1, at_work))
    assert "Time for a short break" in text_of(clock.wait(1, at_work))


def test_no_more_today_holds_until_tomorrow(at_work: Client, clock: Clock) -> None:
    at_work.post("/breaks/hold/", {"hold": "today", "client_id": str(uuid.uuid4())})
    clock.to(19)
    assert "waits until you are back" in text_of(ask(at_work))
    clock.now = NINE + dt.timedelta(days=1)
    assert "Next short break: 09:30" in text_of(ask(at_work))


def test_quiet_hours_and_busy_times_hold(at_work: Client, clock: Clock) -> None:
    text = text_of(save(at_work, days=["fri"], start=["9:20"], end=["10:45"]))
    assert "Next short break: 10:47" in text
    assert "You are busy until then" in text
    assert "Time for a" not in text_of(clock.wait(106, at_work))
    assert "Time for a longer break" in text_of(clock.wait(1, at_work))
    clock.to(20, 30)
    clock.wait(40, at_work)
    late = text_of(ask(at_work))
    assert "tomorrow at 08:02" in late
    assert "Your quiet hours come first" in late


def test_strength_is_offered_at_its_time(at_work: Client, clock: Clock) -> None:
    plan = plans.latest_plan(profile=Profile.objects.get(), by=SYSTEM)
    assert plan is not None
    plans.shape_plan(plan=plan, days=["fri"], by=SYSTEM, now=clock.now)
    save(at_work, strength_at="9:15")
    clock.wait(14, at_work)
    page = clock.wait(1, at_work)
    assert "Time for your strength session" in text_of(page)
    assert 'href="/training/"' in page.content.decode()
    yesterday = clock.now - dt.timedelta(days=1)
    session_of_yesterday = (
        SessionStarted(session="s1", what="strength"),
        SetDone(session="s1", exercise="ST01", number=1, reps=8),
        SessionEnded(session="s1", how="finished"),
    )
    for entry in session_of_yesterday:
        diary.keep_entry(
            profile=Profile.objects.get(), client_id=uuid.uuid4(), day=yesterday.date(), at=yesterday, entry=entry,
            by=SYSTEM, now=clock.now,
        )  # fmt: skip
    assert "strength session" not in text_of(ask(at_work)), "a day of rest comes after a session"


def test_off_is_off(at_work: Client, clock: Clock) -> None:
    assert "Short breaks are off" in text_of(save(at_work, on="no"))
    assert "Time for" not in text_of(clock.wait(120, at_work))
    assert answers() == ["skipped"]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"interval_min": "2"}, "Choose from 5 to 120 minutes"),
        ({"interval_min": "soon"}, "Enter whole minutes"),
        ({"quiet_from": "late"}, "Enter a time, for example 9:30"),
        ({"quiet_until": "25:00"}, "Enter a time, for example 9:30"),
        ({"days": ["mon"], "start": ["9:00"], "end": [""]}, "Enter a time, for example 9:30"),
        ({"days": ["mon"], "start": ["9:00"], "end": ["9:00"]}, "A busy time needs"),
        ({"days": ["someday"], "start": ["9:00"], "end": ["9:30"]}, "A busy time needs"),
    ],
)
def test_times_that_cannot_be_are_said_and_nothing_is_kept(planned: Client, sent: dict[str, Any], said: str) -> None:
    page = save(planned, **sent)
    assert page.status_code == 422
    assert said in text_of(page)
    assert not BreakHabits.objects.exists()


def test_habits_are_rows_and_the_same_once_more_is_none(planned: Client) -> None:
    for minutes in ("25", "25", "40"):
        save(planned, interval_min=minutes)
    assert [row.interval_min for row in BreakHabits.objects.all()] == [25, 40]
    assert AuditEvent.objects.filter(action="set_breaks").count() == 2
    assert 'value="40"' in planned.get("/breaks/").content.decode()


def test_without_an_open_plan_nothing_is_offered_and_no_exercise_shown(planned: Client, clock: Clock) -> None:
    sent = {"before_legs": "yes", "before_chest": "no", "before_change": "no", "client_id": str(uuid.uuid4())}
    planned.post("/training/", sent)
    clock.to(15)
    assert "Do the safety check first" in text_of(ask(planned))
    assert not DiaryEntry.objects.filter(kind="offer").exists()
    assert planned.get("/breaks/now/").status_code == 409
    page = planned.get("/breaks/")
    assert "Do the safety check first" in text_of(page)
    assert save(planned, on="no").status_code == 200, "times can be changed all the same"


def test_somebody_else_s_offer_is_not_there(at_work: Client, clock: Clock) -> None:
    offer = offered(clock.wait(30, at_work))
    other = Client()
    other.post("/people/", {"name": "Bo", "whom": "self"})
    assert reply(other, "skipped", offer).status_code == 404
    assert answers() == ["skipped", "ignored"]


def test_a_page_without_script_answers_too(planned: Client) -> None:
    page = planned.get("/today/")
    assert "Time for a short break" in text_of(page)
    assert 'name="offer"' not in page.content.decode(), "looking at a page makes no offer"
    reply(planned, "snoozed")
    assert answers() == ["snoozed"]


def test_a_day_with_no_answers_stays_a_day_of_reasonable_offers(planned: Client, clock: Clock) -> None:
    """Nine to eight in the evening with the page open all the time: one every half hour, none after."""
    clock.wait(13 * 60, planned)
    rows = DiaryEntry.objects.filter(kind="offer").order_by("at")
    times = [row.at for row in rows]
    assert times[0] == NINE + dt.timedelta(minutes=3)
    assert {later - earlier for earlier, later in itertools.pairwise(times)} == {dt.timedelta(minutes=30)}
    assert times[-1] < NINE.replace(hour=20)


def test_midnight_begins_no_new_interval(planned: Client, clock: Clock) -> None:
    save(planned, quiet_from="03:00", quiet_until="03:00")
    clock.to(23, 50)
    offer = offered(ask(planned))
    reply(planned, "skipped", offer)
    assert "00:20" in text_of(clock.wait(15, planned))


def test_offers_are_made_by_the_service_once(planned: Client, clock: Clock) -> None:
    profile = Profile.objects.get()
    first = breaks.offer_if_due(profile=profile, by=SYSTEM, now=clock.now)
    second = breaks.offer_if_due(profile=profile, by=SYSTEM, now=clock.now + dt.timedelta(seconds=20))
    assert first.offer is not None
    assert second.offer == first.offer


MEETING = b"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//x//EN
BEGIN:VEVENT
UID:1@x
SUMMARY:Talk with the doctor about Ana
DTSTART;TZID=Europe/London:20261127T091500
DTEND;TZID=Europe/London:20261127T101500
END:VEVENT
END:VCALENDAR
""".replace(b"\n", b"\r\n")


def upload(client: Client, content: bytes) -> Any:
    file = SimpleUploadedFile("busy.ics", content, content_type="text/calendar")
    return client.post("/breaks/calendar/", {"file": file}, follow=True)


def test_a_calendar_file_keeps_its_times_free_and_nothing_else_of_it_is_kept(at_work: Client, clock: Clock) -> None:
    text = text_of(upload(at_work, MEETING))
    assert "1 busy time from your file counts, up to 26.01.2027" in text
    assert "Next short break: 10:17 You are busy until then" in text
    row = BusyCalendar.objects.get()
    assert row.spans == [["2026-11-27T09:15:00+00:00", "2026-11-27T10:15:00+00:00"]]
    assert "doctor" not in str(list(AuditEvent.objects.values_list("details", flat=True)))
    gone = at_work.post("/breaks/calendar/", {"remove": "1"}, follow=True)
    assert "Next short break: 09:30" in text_of(gone)


@pytest.mark.parametrize("content", [b"hello", b"x" * (1024 * 1024 + 1)])
def test_what_is_no_calendar_is_said_and_the_one_before_stays(at_work: Client, content: bytes) -> None:
    upload(at_work, MEETING)
    page = upload(at_work, content)
    assert page.status_code == 422
    assert re.search("This file (is too large|cannot be read as a calendar)", text_of(page))
    assert BusyCalendar.objects.count() == 1
    assert at_work.post("/breaks/calendar/", {}).status_code == 422


def test_a_form_that_is_far_too_large_is_not_read(at_work: Client) -> None:
    assert upload(at_work, b"x" * (2 * 1024 * 1024 + 1)).status_code == 400
    assert not BusyCalendar.objects.exists()


def address(page: Any) -> str:
    found = re.search(r"http://testserver(/calendar/[^<]+\.ics)", page.content.decode())
    assert found, text_of(page)
    return found.group(1)


def test_the_feed_is_read_by_its_secret_alone_until_it_is_taken_away(at_work: Client, clock: Clock) -> None:
    save(at_work, strength_at="17:30")
    made = address(at_work.post("/breaks/feed/", {"make": "1"}))
    assert made not in at_work.get("/breaks/").content.decode(), "shown once"
    stranger = Client()
    answer = stranger.get(made)
    assert answer["Content-Type"].startswith("text/calendar")
    assert not answer.cookies
    text = answer.content.decode()
    assert "SUMMARY:Short break" in text
    assert "DTSTART;TZID=Europe/London:20261130T173000" in text, "the first day of strength, at its time"
    token = made.removeprefix("/calendar/").removesuffix(".ics")
    assert token not in str(list(CalendarFeed.objects.values()) + list(AuditEvent.objects.values()))
    again = address(at_work.post("/breaks/feed/", {"make": "1"}))
    assert stranger.get(made).status_code == 404, "a new address ends the old one"
    assert stranger.get(again).status_code == 200
    at_work.post("/breaks/feed/", {"remove": "1"})
    assert stranger.get(again).status_code == 404
    assert stranger.post(again).status_code == 405


def test_the_feed_goes_on_until_somebody_looks_back(at_work: Client, clock: Clock) -> None:
    made = address(at_work.post("/breaks/feed/", {"make": "1"}))
    early = at_work.get(made).content.decode()
    clock.now += dt.timedelta(days=50)
    late = at_work.get(made).content.decode()
    assert max(re.findall(r"UNTIL=(\d{8})", early)) < f"{clock.now:%Y%m%d}" < max(re.findall(r"UNTIL=(\d{8})", late))
    look_back = re.findall(r"DTSTART;VALUE=DATE:(\d{8})", early)
    assert look_back == re.findall(r"DTSTART;VALUE=DATE:(\d{8})", late) != [], "the day to look back stays what it was"


@pytest.mark.parametrize("token", ["x", "0" * 43, "%00", "a" * 500])
def test_no_other_address_leads_to_a_calendar(at_work: Client, token: str) -> None:
    at_work.post("/breaks/feed/", {"make": "1"})
    assert Client().get(f"/calendar/{token}.ics").status_code == 404


def test_without_an_open_plan_the_feed_is_empty(at_work: Client) -> None:
    made = address(at_work.post("/breaks/feed/", {"make": "1"}))
    sent = {"before_legs": "yes", "before_chest": "no", "before_change": "no", "client_id": str(uuid.uuid4())}
    at_work.post("/training/", sent)
    text = at_work.get(made).content.decode()
    assert "BEGIN:VCALENDAR" in text
    assert "VEVENT" not in text


def test_notices_are_turned_on_by_the_person_s_browser_and_off_without_script(at_work: Client) -> None:
    browser = Browser("https://push.example.net/a")
    key = at_work.post("/breaks/push/key/").content.decode()
    assert len(unpacked(key)) == 65
    assert at_work.post("/breaks/push/key/").content.decode() == key
    path = settings.OPTIONS.data / "push.key"
    assert path.stat().st_mode & 0o077 == 0, "readable by the owner only"
    assert "PRIVATE KEY" in path.read_text(encoding="ascii")
    receiver = browser.receiver
    sent = {"endpoint": receiver.endpoint, "p256dh": receiver.p256dh, "auth": receiver.auth}
    assert at_work.post("/breaks/push/", sent).status_code == 204
    page = at_work.get("/breaks/")
    assert "Notices are on in 1 browser." in text_of(page)
    assert receiver.endpoint not in page.content.decode()
    assert "Notices are on" not in text_of(at_work.post("/breaks/push/off/", follow=True)).split("closed")[-1]
    assert not PushSubscription.objects.exists()


@pytest.mark.parametrize("change", [{"endpoint": "http://push.example.net/a"}, {"p256dh": "x"}, {"auth": ""}])
def test_what_no_browser_sends_turns_nothing_on(at_work: Client, change: dict[str, str]) -> None:
    receiver = Browser("https://push.example.net/a").receiver
    sent = {"endpoint": receiver.endpoint, "p256dh": receiver.p256dh, "auth": receiver.auth} | change
    answer = at_work.post("/breaks/push/", sent)
    assert answer.status_code == 422
    assert "cannot be turned on" in answer.content.decode()
    assert not PushSubscription.objects.exists()


def test_the_worker_of_serve_looks_and_makes_up_for_nothing(
    at_work: Client, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = Browser("https://push.example.net/a").receiver
    at_work.post("/breaks/push/", {"endpoint": receiver.endpoint, "p256dh": receiver.p256dh, "auth": receiver.auth})
    sent: list[str] = []

    def deliver(endpoint: str, *_: object) -> int:
        sent.append(endpoint)
        return 201

    monkeypatch.setattr(push, "deliver", deliver)
    worker = Worker(settings.OPTIONS)

    def until(hour: int, minute: int) -> int:
        while clock.now < NINE.replace(hour=hour, minute=minute):
            clock.now += dt.timedelta(minutes=2)
            worker.look(clock.now)
        return len(sent)

    assert until(9, 28) == 0
    assert until(9, 40) == 1
    clock.to(15)  # five hours asleep
    worker.look(clock.now)
    assert until(15, 28) == 1
    assert until(15, 40) == 2
    assert set(sent) == {receiver.endpoint}


def test_another_time_zone_moves_all_times(at_work: Client, clock: Clock) -> None:
    page = at_work.post("/breaks/zone/", {"time_zone": "Europe/Berlin"}, follow=True)
    assert "All times are for Europe/Berlin." in text_of(page)
    assert "Next short break: 10:30" in text_of(page)
    clock.to(19, 30)  # half past eight in the evening there
    assert "Your quiet hours come first" in text_of(ask(at_work))
    for wrong in ("", "Mars/Base", "../../etc/passwd", "Europe/"):
        page = at_work.post("/breaks/zone/", {"time_zone": wrong})
        assert page.status_code == 422
        assert "Enter a time zone by its place" in text_of(page)
    assert Profile.objects.get().time_zone == "Europe/Berlin"
