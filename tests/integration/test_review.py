"""The six-week review page by page, for each of the four outcomes; what is due when; what it may never say."""

import datetime as dt
import re
import uuid
from typing import Any

import msgspec
import pytest
from django.test import Client
from django.utils import timezone

from tests.integration.test_journey import finish, hidden, me, text_of, walk, walk_assessment
from tests.once import once
from upperback.core.errors import NotAllowed
from upperback.services import demo, plans, reviews
from upperback.services.actors import SYSTEM
from upperback.services.people import Profile
from upperback.services.reviews import Told
from upperback.services.today import items_of
from upperback.store.models import AuditEvent, Clearance, DiaryEntry, Review, TodayMark
from upperback.web.person import session

__all__ = ["me"]  # a fixture

pytestmark = pytest.mark.django_db

BEGIN = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


class Clock:
    """The clock of the pages."""

    now = BEGIN

    def go_on(self, days: float) -> None:
        self.now += dt.timedelta(days=days)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(session, "now", lambda: made.now)
    return made


@pytest.fixture
def planned(me: Client, clock: Clock) -> Client:
    """Somebody whose plan begins today: pain 5, two activities, two changes."""

    def begin() -> None:
        walk(me, {"pain_average": "5", "trend": "same"})
        finish(me)
        walk_assessment(me, {
            "activities": {"words1": "Swim", "score1": "4", "words2": "Sit through a film", "score2": "4"},
            "tasks": {"tasks": ["LM-SIT", "LM-CARRY"]},
        })  # fmt: skip
        made = me.post("/plan/make/", follow=True)
        assert made.request["PATH_INFO"] == "/plan/"

    once(("planned for a review", clock.now), begin, me)
    return me


def check_again(client: Client, **said: str) -> Any:
    """A new safety check, from its start to its result."""
    walk(client, {"pain_average": "5", "trend": "same"} | said)
    return finish(client)


def answer(client: Client, **said: Any) -> Any:
    """The questions of the review; what is not named stays as it was at the start."""
    page = client.get("/review/")
    assert "How is your back overall" in text_of(page), text_of(page)[:600]
    told = {"pgic": "4", "activity0": "4", "activity1": "4", "changed": ["LM-SIT", "LM-CARRY"]} | said
    return client.post("/review/", told | {"client_id": hidden(page, "client_id")}, follow=True)


def do_the_plan(profile: Profile, days: int = 42) -> None:
    """Everything that the plan asked for is ticked."""
    plan = plans.latest_plan(profile=profile, by=SYSTEM)
    assert plan is not None
    TodayMark.objects.bulk_create(
        TodayMark(
            profile=profile, plan=plan, client_id=uuid.uuid4(), day=plan.starts_on + dt.timedelta(days=day),
            item=item, turn=turn, done=True, marked_at=plan.made_at, by="test",
        )
        for day in range(days)
        for item, turn in items_of(plan, plan.starts_on + dt.timedelta(days=day))
    )  # fmt: skip


# ---- the four outcomes -------------------------------------------------------------------------------------------


def test_go_on_and_the_next_block_begins(planned: Client, clock: Clock) -> None:
    clock.go_on(42)
    start = planned.get("/review/")
    assert "A new safety check" in text_of(start)
    result = check_again(planned, pain_average="3", trend="improving")
    assert 'href="/review/"' in result.content.decode()
    page = answer(planned, pgic="2", activity0="7", activity1="6")
    words = text_of(page)
    assert "Go on" in words
    assert "Go on, with changes" not in words
    assert "Clearly better" in words
    assert "may be chance" in words
    assert "Better, and neither the pain score nor the three activities are worse." in words  # the rule itself
    assert "Mood and worry are left out" in words
    made = planned.post("/plan/make/", follow=True)
    plan = plans.latest_plan(profile=Profile.objects.get(), by=SYSTEM)
    assert plan is not None
    assert (plan.starts_on, made.status_code) == (clock.now.date(), 200)
    due = reviews.review_due(profile=Profile.objects.get(), by=SYSTEM, now=clock.now)
    assert due is not None
    assert (due.stage, (due.on - plan.starts_on).days) == ("later", 42)


def test_adjust_when_little_was_done_and_look_again_sooner(planned: Client, clock: Clock) -> None:
    clock.go_on(43)
    check_again(planned)
    page = answer(planned, changed=["none"])
    words = text_of(page)
    assert "Go on, with changes" in words
    assert "life got in the way" in words
    kept = Review.objects.get()
    assert (kept.outcome, kept.record["row"], kept.record["effort"]) == ("continue_and_adjust", 9, "low")
    assert (kept.next_on, kept.inputs["load_changes_tried"]) == (clock.now.date() + dt.timedelta(days=28), 0)


def test_a_physiotherapist_after_a_real_try_with_a_summary_to_take_along(planned: Client, clock: Clock) -> None:
    do_the_plan(Profile.objects.get())
    clock.go_on(42)
    check_again(planned)
    page = answer(planned)
    words = text_of(page)
    assert "Ask for a physiotherapist" in words
    assert "You gave it a real try" in words
    assert "Movement: 100 % of the turns that were planned." in words
    assert "Swim, 10 is as before: 4 then, 4 now." in words
    assert 'id="summary-text"' in page.content.decode()
    kept = Review.objects.get()
    assert (kept.outcome, kept.record["row"], kept.inputs["adherence_pct"]) == ("refer_physio", 8, 100)


def test_a_sign_in_the_check_comes_before_every_score(planned: Client, clock: Clock) -> None:
    clock.go_on(42)
    result = check_again(planned, weight_sweats="weight")
    assert "See your GP soon" in text_of(result)
    page = planned.get("/review/")
    assert "Help comes first" in text_of(page)
    assert "compared with then" not in text_of(page)
    kept = planned.post("/review/", {"client_id": hidden(page, "client_id"), "pgic": "1"}, follow=True)
    words = text_of(kept)
    assert "Have it checked" in words
    assert "See what to do now" in words
    assert "Start the next weeks" not in words
    assert Review.objects.get().record["row"] == 1
    assert "pgic" not in Review.objects.get().inputs


def test_much_worse_at_fifty_waits_for_a_visit_and_opens_once_seen(planned: Client, clock: Clock) -> None:
    clock.go_on(42)
    check_again(planned, age="52", trend="same")
    words = text_of(answer(planned, pgic="6"))
    assert "Have it checked" in words
    assert Review.objects.get().record["row"] == 2
    assert planned.post("/plan/make/").status_code == 409
    clock.go_on(3)
    result = check_again(planned, age="52")
    assert "Your last review says: have it checked first." in text_of(result)
    assert "/plan/make/" not in result.content.decode()
    assert planned.post("/plan/make/").status_code == 409  # a new check alone does not take it back
    closed = planned.get("/plan/")
    assert closed.status_code == 409
    assert "have it checked first" in text_of(closed)
    assert "/plan/make/" not in closed.content.decode()
    decision = plans.latest_decision(Profile.objects.get())
    assert decision is not None
    plans.record_clearance(
        decision=decision, cleared_on=clock.now.date(), role="gp", by=SYSTEM, now=clock.now, today=clock.now.date()
    )
    assert Clearance.objects.count() == 1
    assert planned.post("/plan/make/").status_code == 302


def test_much_better_and_done_is_the_end_that_may_be_kept(planned: Client, clock: Clock) -> None:
    clock.go_on(42)
    check_again(planned, pain_average="0", trend="improving")
    words = text_of(answer(planned, pgic="1", activity0="10", activity1="9"))
    assert "You can stop here" in words
    assert Review.objects.get().record["row"] == 4


# ---- when --------------------------------------------------------------------------------------------------------


def test_it_is_due_from_day_42_offered_three_times_then_something_safe_stands(planned: Client, clock: Clock) -> None:
    profile = Profile.objects.get()
    stages = []
    assert "nobody knows whether this plan helps you" not in text_of(planned.get("/today/"))
    for _day in range(60):
        due = reviews.review_due(profile=profile, by=SYSTEM, now=clock.now)
        assert due is not None
        stages.append(due.stage)
        clock.go_on(1)
    assert [stages.index(stage) for stage in ("due", "again", "last", "default")] == [42, 45, 49, 56]
    for path in ("/today/", "/review/"):
        assert "nobody knows whether this plan helps you" in text_of(planned.get(path))


def test_before_it_is_due_the_page_says_when_and_nothing_can_be_sent(planned: Client, clock: Clock) -> None:
    clock.go_on(20)
    page = planned.get("/review/")
    assert "13 April 2026" in text_of(page)
    check_again(planned)
    assert planned.post("/review/", {"client_id": str(uuid.uuid4()), "pgic": "1"}).status_code == 409


def test_no_new_check_puts_the_review_off(planned: Client, clock: Clock) -> None:
    clock.go_on(50)
    check_again(planned)
    planned.post("/plan/make/")
    due = reviews.review_due(profile=Profile.objects.get(), by=SYSTEM, now=clock.now)
    assert due is not None
    assert (due.on, due.stage) == (BEGIN.date() + dt.timedelta(days=42), "last")


def test_the_check_has_to_be_new(planned: Client, clock: Clock) -> None:
    clock.go_on(42)
    sent = planned.post("/review/", {"client_id": str(uuid.uuid4()), "pgic": "1"})
    assert sent.status_code == 409
    assert "begins with a new safety check" in text_of(sent)
    check_again(planned)
    clock.go_on(1.1)
    assert planned.post("/review/", {"client_id": str(uuid.uuid4()), "pgic": "1"}).status_code == 409
    assert "A new safety check" in text_of(planned.get("/review/"))


# ---- kept as it was ----------------------------------------------------------------------------------------------


def test_sent_twice_is_one_and_a_correction_is_a_new_one(planned: Client, clock: Clock) -> None:
    clock.go_on(42)
    check_again(planned)
    page = planned.get("/review/")
    form = {"pgic": "7", "changed": "none", "client_id": hidden(page, "client_id")}
    first, again = (planned.post("/review/", form) for _ in range(2))
    assert first["Location"] == again["Location"]
    wrong = Review.objects.get()
    assert wrong.outcome == "refer_physio"
    assert "answer the questions again" in text_of(planned.get(first["Location"]))
    page = planned.get("/review/?again=1")
    planned.post("/review/", form | {"pgic": "3", "client_id": hidden(page, "client_id")})
    old, new = Review.objects.order_by("pk")
    assert (old.inputs["pgic"], new.inputs["pgic"], new.replaces_id) == (7, 3, old.pk)
    assert (old.record, old.outcome) == (wrong.record, "refer_physio")
    assert reviews.list_reviews(profile=old.profile, by=SYSTEM) == [new]
    assert "It is not what counts today" in text_of(planned.get(f"/review/{old.uuid}/"))
    assert AuditEvent.objects.filter(action="record_review").count() == 2


def test_every_kept_review_replays_to_the_same_bytes(planned: Client, clock: Clock) -> None:
    clock.go_on(42)
    check_again(planned)
    answer(planned, pgic="3", activity0="6")
    kept = Review.objects.get()
    assert msgspec.json.encode(reviews.record_again(kept)) == msgspec.json.encode(kept.record)
    kept.inputs["pgic"] = 6  # or the comparison would be blind
    assert reviews.record_again(kept) != kept.record
    with pytest.raises(Exception, match="kept as it was written"):
        kept.save()


def test_a_warning_sign_afterwards_takes_the_words_away(planned: Client, clock: Clock) -> None:
    clock.go_on(42)
    check_again(planned)
    page = answer(planned, pgic="3")
    kept = Review.objects.get()
    assert "We look back again then" in text_of(page)
    clock.go_on(0.1)
    DiaryEntry.objects.create(
        profile=kept.profile, client_id=uuid.uuid4(), kind="warned", day=clock.now.date(), at=clock.now,
        data={"signs": ["before_legs"]}, recorded_at=clock.now, by="test",
    )  # fmt: skip
    words = text_of(planned.get(f"/review/{kept.uuid}/"))
    assert "We look back again then" not in words
    assert "It is not what counts today" in words


def test_an_emergency_in_the_check_is_all_that_is_shown(planned: Client, clock: Clock) -> None:
    clock.go_on(42)
    page = planned.post("/check/start/", follow=True)
    form = {"version": hidden(page, "version"), "emergency_nerves": "saddle", "emergency_chest": "none"}
    planned.post("/check/part/emergency/", form)
    sent = planned.get("/review/")
    assert sent.status_code == 302
    assert sent["Location"].startswith("/result/")
    assert planned.post("/review/", {"client_id": str(uuid.uuid4()), "pgic": "1"})["Location"].startswith("/result/")
    assert not Review.objects.exists()


def test_the_same_adjustment_again_after_twelve_weeks_leads_to_a_physiotherapist(planned: Client, clock: Clock) -> None:
    """Each time looked at again when the last review said, from the start of the course."""
    outcomes = []
    for days in (42, 28, 28):
        clock.go_on(days)
        assert "Look back at your plan" in text_of(planned.get("/today/"))
        check_again(planned)
        answer(planned, changed=["none"])
        outcomes.append(Review.objects.last())
        planned.post("/plan/make/")
    assert [one.outcome for one in outcomes if one] == ["continue_and_adjust", "continue_and_adjust", "refer_physio"]
    assert [one.inputs["week"] for one in outcomes if one] == [6, 10, 14]
    assert {one.inputs["nprs_baseline"] for one in outcomes if one} == {5}
    assert all(
        msgspec.json.encode(reviews.record_again(one)) == msgspec.json.encode(one.record) for one in outcomes if one
    )


def test_the_summary_for_others_says_nothing_about_mood(planned: Client, clock: Clock) -> None:
    clock.go_on(42)
    low = {"phq4_pleasure": "nearly_every", "phq4_low": "nearly_every", "self_harm": "passive"}
    check_again(planned, **low)
    page = planned.get("/review/")
    kept = planned.post("/review/", {"client_id": hidden(page, "client_id")}, follow=True)
    told = [words for reason in Review.objects.get().decision.record["advice"]["reasons"] for words in reason["told"]]
    assert told  # or nothing could be left out
    html = kept.content.decode()
    summary = html[html.index('id="summary-text"') :]
    assert not [words for words in told if words in summary]
    assert "Told in the safety check" not in summary


# ---- what is not said is not made up -----------------------------------------------------------------------------


def test_nothing_said_overall_never_goes_on_unchanged(planned: Client, clock: Clock) -> None:
    clock.go_on(42)
    check_again(planned, pain_average="1", trend="improving")
    answer(planned, pgic="rather_not", activity0="10", activity1="")
    kept = Review.objects.get()
    assert kept.outcome == "continue_and_adjust"
    assert "pgic" not in kept.inputs
    assert "psfs_now" not in kept.inputs  # one of two activities is no mean


def test_an_empty_form_is_asked_again_and_what_was_chosen_stays(planned: Client, clock: Clock) -> None:
    clock.go_on(42)
    check_again(planned)
    page = planned.get("/review/")
    sent = planned.post("/review/", {"client_id": hidden(page, "client_id"), "activity0": "7", "days_off_work": "nine"})
    assert sent.status_code == 400
    words = text_of(sent)
    for said in ("Choose an answer, or", "Tick what you changed", "Enter a whole number from 0 to 7"):
        assert said in words
    assert re.search(r'name="activity0"[^>]*value="7" checked', sent.content.decode())
    assert not Review.objects.exists()


def test_another_persons_review_is_not_there(planned: Client, clock: Clock) -> None:
    clock.go_on(42)
    check_again(planned)
    answer(planned, pgic="3")
    kept = Review.objects.get()
    planned.post("/people/", {"name": "Somebody else"})
    assert planned.get(f"/review/{kept.uuid}/").status_code == 404


@pytest.mark.parametrize(
    "told",
    [Told(pgic=8), Told(pgic=0), Told(sleep=11), Told(activities={"Swim": 11}), Told(activities={"Fly": 3}),
     Told(changed=["LM-NOT"]), Told(days_off_work=8), Told(activity_minutes=-1), Told(got_in_the_way="x" * 401)],
)  # fmt: skip
def test_what_cannot_be_is_refused(planned: Client, clock: Clock, told: Told) -> None:
    clock.go_on(42)
    check_again(planned)
    with pytest.raises(Exception, match=r"Choose|Use up to|changed meanwhile"):
        reviews.record_review(
            profile=Profile.objects.get(), client_id=uuid.uuid4(), told=told, region=None, by=SYSTEM, now=clock.now
        )
    assert not Review.objects.exists()


def test_none_is_recorded_where_none_is_due(planned: Client, clock: Clock) -> None:
    with pytest.raises(NotAllowed):
        reviews.record_review(
            profile=Profile.objects.get(), client_id=uuid.uuid4(), told=Told(), region=None, by=SYSTEM, now=clock.now
        )


# ---- the invented person whose review is due ---------------------------------------------------------------------

#: What to answer as Grace (`--demo`) to meet each outcome by hand, as docs/reference/review.md has it.
GRACE: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "continue": (
        {"pain_average": "3", "trend": "improving"},
        {"pgic": "2", "activity0": "6", "activity1": "7", "activity2": "7"},
    ),
    "continue_and_adjust": (
        {"pain_average": "5"},
        {"pgic": "4", "activity0": "3", "activity1": "5", "activity2": "4", "changed": ["none"]},
    ),
    "refer_physio": ({"pain_average": "5"}, {"pgic": "4", "activity0": "3", "activity1": "5", "activity2": "4"}),
    "seek_medical_help": ({"pain_average": "6", "night": "second_half"}, {"pgic": "6"}),
}


SHAPES = {
    "continue": "self_manage", "continue_and_adjust": "self_manage", "refer_physio": "physio_routine",
    "seek_medical_help": "gp_soon",
}  # fmt: skip


@pytest.mark.parametrize("outcome", GRACE)
def test_each_outcome_can_be_walked_as_the_invented_person(client: Client, outcome: str) -> None:
    grace = demo.make_person(key="six_weeks", now=timezone.now())
    client.post("/people/choose/", {"person": str(grace.uuid)})
    assert "Look back at your plan" in text_of(client.get("/today/"))
    said, told = GRACE[outcome]
    walk(client, {"age": "45", "trend": "same"} | said)
    finish(client)
    page = client.get("/review/")
    form = {"changed": ["LM-SIT", "LM-CARRY"]} | told | {"client_id": hidden(page, "client_id")}
    page = client.post("/review/", form, follow=True)
    kept = Review.objects.get()
    assert kept.outcome == outcome
    # Help never comes in the colour and shape of "carry on".
    assert re.findall(r"care-card--(\w+)", page.content.decode()) == [SHAPES[outcome]]
    assert f"shape--{SHAPES[outcome]}" in page.content.decode()
    assert kept.inputs["adherence_pct"] >= 70
