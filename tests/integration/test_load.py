"""The load ledger page by page, without any script: logged in a minute, one change at a time, and what came of it."""

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.integration.daily import id_in_form, planned
from tests.integration.test_journey import hidden, me, shown, text_of
from upperback.care.diary import FlareStarted
from upperback.care.plan.choices import Task
from upperback.content.vocabulary import default_content
from upperback.core.errors import NotAllowed
from upperback.services import diary, ledger, plans
from upperback.services.actors import SYSTEM
from upperback.services.people import Profile
from upperback.services.plans import PlanVersion
from upperback.store.models import AuditEvent, DiaryEntry

__all__ = ["me", "planned"]  # fixtures

pytestmark = pytest.mark.django_db

TASK = "/load/task/LM-HOUSE/"
CHANGE = "/load/task/LM-HOUSE/change/"
TOLD = {
    "category": "LM-HOUSE", "name": "Hoovering the stairs", "minutes_to_symptom": "15", "minutes_typical": "40",
    "importance": "8", "provocation": "7",
}  # fmt: skip


def add_task(client: Client, **told: str) -> Any:
    page = client.get("/load/new/?category=LM-HOUSE")
    return client.post("/load/new/", TOLD | told | {"client_id": hidden(page, "client_id")}, follow=True)


def log(client: Client, **told: str) -> Any:
    data = {"before": "2", "after": "5", "minutes": "30", "client_id": id_in_form(client.get(TASK), TASK)}
    return client.post(TASK, data | told, follow=True)


def start(client: Client, change: str = "LM-HOUSE-sum-1", **more: str) -> Any:
    data = {"change": change, "client_id": id_in_form(client.get(TASK), CHANGE)}
    return client.post(CHANGE, data | more, follow=True)


def days_ago(days: int, entry: Any) -> None:
    now = timezone.now() - dt.timedelta(days=days)
    profile = Profile.objects.get()
    ledger.log_task(
        profile=profile, client_id=uuid.uuid4(), task_id="LM-HOUSE", day=now.date(), told=entry, by=SYSTEM, now=now
    )


def test_from_today_to_a_task_with_its_arithmetic(planned: Client) -> None:
    assert 'href="/load/"' in planned.get("/today/").content.decode()
    add_task(planned)
    words = text_of(planned.get("/load/"))
    assert "Hoovering the stairs" in words
    assert "Important 8 × brings it on 7 = 56" in words
    page = text_of(planned.get(TASK))
    assert "Work for 10 minutes at a time." in page
    assert "How we get there: It starts after about 15 minutes. 0.8 × 15 = 12, rounded down, and 10 at most." in page


def test_a_task_sent_twice_is_one(planned: Client) -> None:
    form = TOLD | {"client_id": hidden(planned.get("/load/new/?category=LM-HOUSE"), "client_id")}
    first, again = (planned.post("/load/new/", form)["Location"] for _time in range(2))
    assert first == again == TASK
    assert DiaryEntry.objects.filter(kind="task_told").count() == 1
    other = add_task(planned)  # another one of the same kind
    assert other.request["PATH_INFO"] != TASK


def test_a_time_is_written_down_once_and_shown(planned: Client) -> None:
    add_task(planned)
    form = {"before": "2", "after": "6", "minutes": "12,5", "client_id": id_in_form(planned.get(TASK), TASK)}
    for _again in range(2):
        assert planned.post(TASK, form).status_code == 302
    kept = DiaryEntry.objects.get(kind="task_done")
    assert (kept.data["minutes"], kept.data["after"]) == (12.5, 6)
    assert "12.5 min" in text_of(planned.get(TASK))
    assert AuditEvent.objects.filter(action="keep_diary", object_uuid=kept.uuid).count() == 1


@pytest.mark.parametrize(
    ("after", "words"), [("3", "Fine, carry on"), ("5", "Keep an eye on it"), ("7", "Do less next time")]
)
def test_after_writing_it_down_the_light_says_what_it_means(planned: Client, after: str, words: str) -> None:
    add_task(planned)
    page = log(planned, after=after)
    assert words in text_of(page)
    assert ("new tingling" in shown(page)) is (after == "7")
    assert "Saved." not in text_of(planned.get(TASK))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("before", "", "Choose a number from 0 to 10"),
        ("after", "11", "Choose a number from 0 to 10"),
        ("minutes", "ages", "How long did it take? Enter a number above 0"),
        ("minutes", "-3", "Enter a number above 0"),
        ("minutes", "nan", "Enter a number above 0"),
        ("rose_after", "31", "cannot be later than the end"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_typed_is_lost(planned: Client, field: str, value: str, words: str) -> None:
    add_task(planned)
    sent = log(planned, **{field: value})
    assert sent.status_code == 400
    assert words in text_of(sent)
    assert re.search(r'name="kg"|value="30"|checked', sent.content.decode())
    assert not DiaryEntry.objects.filter(kind="task_done").exists()


def test_an_entry_is_corrected_and_taken_back(planned: Client) -> None:
    add_task(planned)
    page = log(planned)
    link = re.search(r'href="(/load/entry/[^"]*)"', page.content.decode())
    assert link
    form = planned.get(link.group(1))
    told = {"before": "1", "after": "3", "minutes": "20", "client_id": hidden(form, "client_id")}
    page = planned.post(link.group(1), told, follow=True)
    assert "20 min" in text_of(page)
    assert "30 min" not in text_of(page)
    assert planned.post(link.group(1), told | {"client_id": str(uuid.uuid4())}).status_code == 409  # it was changed
    newer = re.search(r'href="(/load/entry/[^"]*)"', page.content.decode())
    assert newer
    undo = {"what": "undo", "client_id": hidden(planned.get(newer.group(1)), "client_id")}
    for _again in range(2):
        assert planned.post(newer.group(1), undo).status_code == 302
    assert "20 min" not in text_of(planned.get(TASK))
    assert DiaryEntry.objects.count() == 4  # nothing is ever lost


def plan_now() -> PlanVersion:
    plan = plans.latest_plan(profile=Profile.objects.get(), by=SYSTEM)
    assert plan is not None
    return plan


def follow(client: Client, **other: str) -> Any:
    page = client.get("/load/plan/")
    form = {"client_id": hidden(page, "client_id"), "mark": hidden(page, "mark")} | other
    return client.post("/load/plan/", form, follow=True)


def house_in_plan() -> dict[str, Any]:
    (found,) = [one for one in plan_now().record["load_changes"] if one["id"] == "LM-HOUSE"]
    return dict(found["numbers"])


def test_what_was_found_out_comes_into_the_plan_when_the_person_agrees(planned: Client) -> None:
    before = plan_now()
    add_task(planned, minutes_to_symptom="10")
    assert "Your plan can follow" in text_of(planned.get("/load/"))
    page = text_of(planned.get("/load/plan/"))
    assert "Not in your plan yet. Work for 8 minutes at a time. It starts after about 10 minutes." in page
    assert "Your plan has these amounts now" in text_of(follow(planned))
    assert house_in_plan()["slot_minutes"] == 8
    assert plan_now().number == before.number + 1
    assert plan_now().record["exercises"] == before.record["exercises"]
    assert plan_now().starts_on == before.starts_on
    assert "Your plan can follow" not in text_of(planned.get("/load/"))


def test_days_that_were_written_down_move_the_plan_down_at_once_and_up_by_a_step(planned: Client) -> None:
    add_task(planned, minutes_to_symptom="10")
    DiaryEntry.objects.update(day=timezone.now().date() - dt.timedelta(days=7))
    follow(planned)
    for day, minutes in ((6, 4), (5, 6), (4, 5)):
        days_ago(day, {"before": 2, "after": 5, "minutes": 20, "rose_after": minutes})
    page = text_of(planned.get("/load/plan/"))
    assert "In your plan now: Work for 8 minutes at a time." in page
    assert "Work for 4 minutes at a time. It starts after about 5 minutes." in page
    assert "Your days: 4, 6, 5 minutes until it rose. The middle one is 5." in page
    follow(planned)
    assert house_in_plan()["slot_minutes"] == 4
    DiaryEntry.objects.filter(kind="task_told").update(day=timezone.now().date() - dt.timedelta(days=4))
    for day in (3, 2, 1):
        days_ago(day, {"before": 2, "after": 3, "minutes": 20})
    page = text_of(planned.get("/load/plan/"))
    assert "From 5 it goes up one step at a time: 6." in page
    follow(planned)
    assert house_in_plan()["slot_minutes"] == 4  # 0.8 x 6 = 4.8, rounded down
    assert "has all that you found out so far" in text_of(planned.get("/load/plan/")), "a step takes new days"


def test_the_plan_follows_once_and_only_what_was_shown(planned: Client) -> None:
    add_task(planned, minutes_to_symptom="10")
    page = planned.get("/load/plan/")
    form = {"client_id": hidden(page, "client_id"), "mark": hidden(page, "mark")}
    add_task(planned, category="LM-GARDEN")  # in another window
    number = plan_now().number
    assert planned.post("/load/plan/", form).status_code == 409
    assert plan_now().number == number
    page = planned.get("/load/plan/")
    form = {"client_id": hidden(page, "client_id"), "mark": hidden(page, "mark")}
    for _again in range(2):
        assert planned.post("/load/plan/", form).status_code == 302
    assert plan_now().number == number + 1


def test_a_task_that_would_bring_other_exercises_waits_for_the_next_questions(planned: Client) -> None:
    before = plan_now()
    kinds = default_content().load_rules
    moving = [id for id in kinds if not plans.only_tasks_move(before, [Task(category=id)])]
    assert moving, "a task that would bring other exercises"
    page = planned.get(f"/load/new/?category={moving[0]}")
    planned.post("/load/new/", {"category": moving[0], "client_id": hidden(page, "client_id")})
    follows = ledger.plan_can_follow(profile=Profile.objects.get(), by=SYSTEM, now=timezone.now())
    assert moving[0] not in {task.category for task in follows.tasks}
    with pytest.raises(NotAllowed, match="other exercises would come"):
        plans.follow_tasks(plan=before, tasks=[Task(category=moving[0])], by=SYSTEM, now=timezone.now())
    assert plan_now() == before


def test_in_a_flare_up_nothing_follows(planned: Client) -> None:
    add_task(planned, minutes_to_symptom="10")
    now = timezone.now()
    diary.keep_entry(
        profile=Profile.objects.get(), client_id=uuid.uuid4(), day=now.date(), at=now,
        entry=FlareStarted(pain=5, usual=3), by=SYSTEM, now=now,
    )  # fmt: skip
    assert "Your plan can follow" not in text_of(planned.get("/load/"))


def test_a_change_is_started_and_says_how_many_more(planned: Client) -> None:
    add_task(planned)
    for day in range(5, 0, -1):
        days_ago(day, {"before": 2, "after": 6})
    page = start(planned)
    words = text_of(page)
    assert "Work for 10 minutes at a time." in words
    assert "It is too early to tell" in words
    assert "Write it down 5 more times to see" in words
    assert "<svg" in page.content.decode()
    assert CHANGE not in page.content.decode()  # one at a time


def test_it_says_whether_the_change_helped_and_how_sure_that_is(planned: Client) -> None:
    add_task(planned)
    for day in range(7, 1, -1):
        days_ago(day, {"before": 2, "after": 6})
    start(planned, since=(timezone.now().date() - dt.timedelta(days=1)).isoformat())
    for _time in range(6):
        log(planned, after="3", rose_after="")
    words = text_of(planned.get(TASK))
    assert "It helped. The pain rises 3 points less than before." in words
    assert "each time alike" in words
    assert words.index("With the change") < words.index("Before the change")
    assert "Change one thing" in words  # the next may begin


def test_a_second_change_waits_for_the_answer_of_the_first(planned: Client) -> None:
    add_task(planned)
    for day in range(5, 0, -1):
        days_ago(day, {"before": 2, "after": 6})
    open_page = planned.get(TASK)
    start(planned)
    data = {"change": "LM-HOUSE-1", "client_id": id_in_form(open_page, CHANGE)}
    sent = planned.post(CHANGE, data)
    assert sent.status_code == 409
    assert "Two at once cannot be told apart" in text_of(sent)
    assert DiaryEntry.objects.filter(kind="task_changed").count() == 1


def test_a_change_that_was_not_started_is_taken_back(planned: Client) -> None:
    add_task(planned)
    page = start(planned)
    link = re.search(r'href="(/load/entry/[^"]*)"', page.content.decode())
    assert link
    undo = {"what": "undo", "client_id": hidden(planned.get(link.group(1)), "client_id")}
    page = planned.post(link.group(1), undo, follow=True)
    assert "Your change" not in text_of(page)


def test_no_change_chosen(planned: Client) -> None:
    add_task(planned)
    sent = start(planned, change="")
    assert sent.status_code == 400
    assert "Choose one of the changes" in text_of(sent)


def test_other_amounts_and_off_the_list(planned: Client) -> None:
    add_task(planned)
    page = planned.get(TASK + "amounts/")
    assert 'value="Hoovering the stairs"' in page.content.decode()
    told = TOLD | {"minutes_to_symptom": "5", "client_id": hidden(page, "client_id")}
    assert "Work for 4 minutes" in text_of(planned.post(TASK + "amounts/", told, follow=True))
    page = planned.get(TASK + "amounts/")
    drop = {"what": "drop", "client_id": str(uuid.uuid4())}
    page = planned.post(TASK + "amounts/", drop, follow=True)
    assert "Hoovering" not in text_of(page)
    assert planned.get(TASK)["Location"] == "/load/"
    assert planned.get("/load/task/nothing/").status_code == 404


def test_a_list_that_is_full_says_so(planned: Client) -> None:
    for _task in range(8):
        add_task(planned)
    sent = add_task(planned)
    assert sent.status_code == 400
    assert "Up to 8 tasks fit here" in text_of(sent)


def test_pacing_shows_the_amount_to_plan(planned: Client) -> None:
    add_task(planned)
    for day, minutes in ((6, 12), (5, 20), (4, 9), (3, 15), (2, 16)):
        days_ago(day, {"before": 2, "after": 4, "minutes": 40, "rose_after": minutes})
    words = text_of(planned.get(TASK))
    assert "Plan 12 minutes now" in words or "Plan 13 minutes now" in words
    assert "rounded down, is 12 minutes" in words


def test_the_ladder_from_the_first_task_to_the_next(planned: Client) -> None:
    for name, worry in (("Carry a basket", "4"), ("Swim", "8")):
        id = hidden(planned.get("/load/ladder/"), "client_id")
        planned.post("/load/ladder/", {"name": name, "worry": worry, "client_id": id})
    page = planned.get("/load/ladder/")
    assert "This one now." in text_of(page)
    rung = re.search(r'href="(/load/ladder/[^"]+/)"', page.content.decode())
    assert rung
    for _time in range(2):
        page = planned.get(rung.group(1))
        tried = {"expected": "It pulls", "happened": "It was fine", "worry": "2"}
        page = planned.post(rung.group(1), tried | {"client_id": hidden(page, "client_id")}, follow=True)
    assert "The worry has fallen twice." in text_of(page)
    sent = planned.post(rung.group(1), {"client_id": str(uuid.uuid4())})
    assert sent.status_code == 400
    drop = planned.post(rung.group(1), {"what": "drop", "client_id": str(uuid.uuid4())}, follow=True)
    assert "Carry a basket" not in text_of(drop)


def test_somebody_elses_entries_are_not_there(planned: Client) -> None:
    add_task(planned)
    log(planned)
    kept = DiaryEntry.objects.get(kind="task_done")
    planned.post("/people/", {"name": "Ben", "whom": "self"})
    assert planned.get(f"/load/entry/{kept.uuid}/").status_code == 404
    assert (
        planned.post(f"/load/entry/{kept.uuid}/", {"what": "undo", "client_id": str(uuid.uuid4())}).status_code == 404
    )


@pytest.mark.parametrize("path", ["/load/", "/load/new/", "/load/task/LM-SIT/", "/load/ladder/", "/load/ladder/x/"])
def test_without_an_open_plan_nothing_is_shown(me: Client, path: str) -> None:
    assert me.get(path).status_code == 409
