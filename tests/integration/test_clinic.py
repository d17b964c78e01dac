"""Pages for whoever looks after people: who is let in, what stands there, and that nothing typed runs."""

import datetime as dt
import html.parser
import random
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from tests.integration.payloads import PAYLOADS
from tests.once import invented_once
from tests.unit.interchange.test_pictures import exif, jpeg, segment
from upperback.care.diary import (
    ClinicNote,
    Entry,
    FlareEnded,
    FlareStarted,
    MessageFromClinic,
    MessageToClinic,
    Morning,
    PlanAccepted,
    TaskChanged,
    TaskDone,
    TaskTold,
)
from upperback.content.vocabulary import default_content
from upperback.services import diary, plan_changes, plans, treating
from upperback.services.actors import READER, SYSTEM
from upperback.services.people import Profile
from upperback.services.treating import Seen
from upperback.store.models import Assessment

pytestmark = pytest.mark.django_db


@pytest.fixture
def tried_out(settings: Any) -> None:
    """As with `serve --demo`."""
    settings.DEMO = True


@pytest.fixture
def priya(db: None) -> Profile:
    return invented_once("desk", timezone.now())


def tell(profile: Profile, entry: Entry, days_ago: int = 0) -> None:
    now = timezone.now()
    at = now - dt.timedelta(days=days_ago)
    diary.keep_entry(profile=profile, client_id=uuid.uuid4(), day=at.date(), at=at, entry=entry, by=SYSTEM, now=now)


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_on_ones_own_machine_there_are_no_such_pages(client: Client, priya: Profile) -> None:
    for address in ("/clinic/", f"/clinic/people/{priya.uuid}/"):
        assert client.get(address).status_code == 404


@pytest.mark.usefixtures("tried_out")
def test_the_list_gives_the_reason_in_words_and_leads_to_the_person(client: Client, priya: Profile) -> None:
    page = text_of(client, "/clinic/")
    assert "Pain was told on too few days of this week to say how it goes." in page
    assert f'href="/clinic/people/{priya.uuid}/"' in page
    assert "Nobody here for this choice." in text_of(client, "/clinic/?name=zzz")
    assert "Priya" in text_of(client, "/clinic/?name=PRI&need=not_known&page=99")
    assert "Priya" not in text_of(client, "/clinic/?need=red_flag")


@pytest.mark.usefixtures("tried_out")
def test_one_page_holds_the_story_safety_course_plan_and_ledger(client: Client, priya: Profile) -> None:
    for days_ago in range(5):
        tell(priya, Morning(pain=4), days_ago)
    tell(priya, TaskDone(task="LM-SIT", before=2, after=5))
    page = text_of(client, f"/clinic/people/{priya.uuid}/")
    for words in ("4 of 10 (4 to 4, 5 days)", "Safety checks", "Version 1", "Sitting for long stretches", "<svg"):
        assert words in page, words
    assert client.get(f"/clinic/people/{uuid.uuid4()}/").status_code == 404


@pytest.mark.usefixtures("tried_out")
def test_what_is_not_shared_is_said_and_not_shown(
    client: Client, priya: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(priya, Morning(pain=9))
    address = f"/clinic/people/{priya.uuid}/"
    assert "does not share" not in text_of(client, address)
    monkeypatch.setattr(treating, "see", lambda **_: Seen(priya, frozenset({"identity"})))
    page = text_of(client, address)
    assert page.count("does not share this with you") == 8
    assert "Safety check, " not in page
    assert "9 of 10" not in page


def form_of(page: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', page))


@pytest.mark.usefixtures("tried_out")
def test_a_change_goes_to_the_person_who_sees_each_part_and_says_yes(client: Client, priya: Profile) -> None:
    address = f"/clinic/people/{priya.uuid}/plan/"
    page = text_of(client, address)
    plan = plans.open_plan(profile=priya, by=SYSTEM)
    strength = next(item for item in plan.record["exercises"] if item["kind"] == "strength")
    sent = form_of(page) | {
        f"sets-{strength['id']}": "5", f"reps-{strength['id']}": "14", "name": "Mina Patel", "role": "physiotherapist",
        "own_title": "Towel <b>roll</b>", "own_words": "Lie on it", "own_sets": "1", "own_reps": "5",
        "own_per_day": "2", "own_checked": "yes", "note": "Go slowly",
    }  # fmt: skip
    refused = client.post(address, sent)
    assert refused.status_code == 422
    assert "say why" in refused.content.decode()
    assert "Towel &lt;b&gt;roll" in refused.content.decode()
    sent[f"reason-{strength['id']}"] = "She lifts at work"
    assert client.post(address, sent).status_code == 302
    assert plans.open_plan(profile=priya, by=SYSTEM) == plan
    assert "waits for an answer" in text_of(client, f"/clinic/people/{priya.uuid}/?sent=1")
    client.post("/people/choose/", {"person": str(priya.uuid)})
    assert "proposes a change of your plan" in text_of(client, "/today/")
    page = text_of(client, "/data/change/")
    for words in ("Mina Patel proposes this", "She lifts at work", "Towel &lt;b&gt;roll&lt;/b&gt;", "Go slowly"):
        assert words in page, words
    answered = client.post("/data/change/", form_of(page) | {"answer": "yes"})
    assert answered.status_code == 302
    for there in ("/plan/", "/today/"):
        assert "Towel &lt;b&gt;roll&lt;/b&gt;" in text_of(client, there)
    assert "proposes a change" not in text_of(client, "/today/")


@pytest.mark.usefixtures("tried_out")
def test_where_the_plan_waits_a_clinician_says_what_they_found(client: Client, db: None) -> None:
    ken = invented_once("weight", timezone.now())
    assert "Say that exercise is fine" in client.get(f"/clinic/people/{ken.uuid}/plan/").content.decode()
    address = f"/clinic/people/{ken.uuid}/fine/"
    sent = form_of(text_of(client, address)) | {"name": "Mina", "role": "gp", "reason": "Seen and fine"}
    assert client.post(address, sent).status_code == 422
    assert client.post(address, sent | {"seen": "yes"}).status_code == 302
    client.post("/people/choose/", {"person": str(ken.uuid)})
    page = text_of(client, "/data/change/")
    assert "They say that exercise is fine for you" in page
    assert client.post("/data/change/", form_of(page) | {"answer": "yes"}).status_code == 302
    late = client.post("/data/change/", form_of(page) | {"answer": "no", "client_id": str(uuid.uuid4())})
    assert late.status_code == 409
    assert "answered already" in late.content.decode()
    assert 'id="file"' not in late.content.decode()
    assert "Nothing of this person waits" in text_of(client, address)


@pytest.mark.usefixtures("tried_out")
def test_words_that_alarm_bring_help_first_and_the_message_is_kept(client: Client, priya: Profile) -> None:
    client.post("/people/choose/", {"person": str(priya.uuid)})
    page = text_of(client, "/messages/")
    assert "Nobody watches these messages" in page
    quiet = client.post("/messages/", form_of(page) | {"words": "The band is too light"}, follow=True)
    assert "Your message is kept" in quiet.content.decode()
    loud = client.post(
        "/messages/", form_of(text_of(client, "/messages/")) | {"words": "I have crushing chest pain"}, follow=True
    )
    shown = loud.content.decode()
    assert "Do not wait for an answer" in shown
    assert shown.index("Do not wait for an answer") < shown.index("I have crushing chest pain")
    assert client.post("/messages/", {"words": ""}).status_code == 422
    address = f"/clinic/people/{priya.uuid}/messages/"
    page = text_of(client, address)
    assert "alarming words" in page
    assert "Warning sign" in text_of(client, "/clinic/")
    ids = re.findall(r'name="client_id" value="([^"]*)"', page)
    for what, id, words in (("message", ids[1], "Ring 111 now"), ("note", ids[2], "Rang her"), ("handled", ids[0], "")):
        sent = client.post(address, {"what": what, "client_id": id, "words": words, "name": "Mina"})
        assert sent.status_code == 302, what
    assert client.post(address, {"what": "message", "client_id": ids[1], "words": "x", "name": ""}).status_code == 422
    page = text_of(client, address)
    assert "Rang her" in page
    assert "alarming words" not in page
    assert "Ring 111 now" in text_of(client, "/messages/")


@pytest.mark.usefixtures("tried_out")
def test_an_appointment_is_made_seen_taken_along_and_called_off(client: Client, priya: Profile) -> None:
    address = f"/clinic/people/{priya.uuid}/messages/"
    about = {"what": "appointment", "minutes": "30", "where": "Room <b>2</b>", "name": "Mina"}
    ids = re.findall(r'name="client_id" value="([^"]*)"', text_of(client, address))
    for wrong in ({"at": ""}, {"at": "2020-01-01T10:00"}, {"at": "2099-01-01T10:00"}):
        assert client.post(address, about | wrong | {"client_id": ids[-1]}).status_code == 422
    at = (timezone.now() + dt.timedelta(days=9)).strftime("%Y-%m-%dT10:00")
    assert client.post(address, about | {"at": at, "client_id": ids[-1]}).status_code == 302
    client.post("/people/choose/", {"person": str(priya.uuid)})
    assert "You have an appointment with Mina" in text_of(client, "/today/")
    page = text_of(client, "/messages/")
    assert "Room &lt;b&gt;2&lt;/b&gt;" in page
    file = re.search(r'href="(/messages/appointment/[^"]*)"', page)
    assert file
    taken = client.get(file[1])
    assert (taken["Content-Type"], b"BEGIN:VEVENT" in taken.content) == ("text/calendar; charset=utf-8", True)
    page = text_of(client, address)
    form = page.split('value="off">', maxsplit=1)[1]
    off = re.search(r'name="client_id" value="([^"]*)"><input type="hidden" name="appointment" value="([^"]*)"', form)
    assert off
    sent = {"what": "off", "client_id": off[1], "appointment": off[2], "name": "Mina"}
    assert client.post(address, sent).status_code == 302
    assert client.get(file[1]).status_code == 404


def test_messages_are_for_where_somebody_reads(client: Client, priya: Profile) -> None:
    client.post("/people/choose/", {"person": str(priya.uuid)})
    assert client.get("/messages/").status_code == 404


# ---- nothing that somebody typed runs --------------------------------------------------------------------------------


class Scripts(html.parser.HTMLParser):
    """Elements and attributes by which a page could run something that was typed."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag in {"iframe", "object", "embed", "base", "math", "template", "marquee"}:
            self.found.append(tag)
        if tag == "script" and not (named.get("src") or "").startswith("/static/"):
            self.found.append("script")
        for name, value in attrs:
            if name.startswith("on") or name in {"srcdoc", "formaction", "xlink:href", "style"}:
                self.found.append(f"{tag} {name}")
            if name in {"href", "src", "action"} and not (value or "").startswith(("/", "#", "?", "https://")):
                self.found.append(f"{tag} {name}={value}")


def scripts_in(page: str) -> list[str]:
    reader = Scripts()
    reader.feed(page)
    return reader.found


def told(words: str) -> Iterator[Entry]:
    """Every text that a person or a clinician can type and that these pages show."""
    yield TaskTold(task="LM-SIT", category="LM-SIT", name=words[:80], minutes_to_symptom=10, minutes_typical=20)
    yield TaskChanged(task="LM-SIT", change="own", words=words[:400])
    yield FlareStarted(trigger="load")
    yield FlareEnded(helped=words[:400])
    yield PlanAccepted(name=words[:80], role="physiotherapist", fingerprint="X", note=words[:400])
    yield MessageToClinic(words=words)
    yield MessageFromClinic(name=words[:80], words=words)
    yield ClinicNote(name=words[:80], words=words)


@pytest.mark.usefixtures("tried_out")
def test_nothing_that_was_typed_runs_on_a_page_of_a_clinician(client: Client, priya: Profile, settings: Any) -> None:
    """Payloads in every field; the pages hold each as text, and no element or attribute of it. An opened file too."""
    base = scripts_in(text_of(client, f"/clinic/people/{priya.uuid}/")) + scripts_in(text_of(client, "/clinic/"))
    assert base == []
    client.post("/people/choose/", {"person": str(priya.uuid)})
    dice = random.Random(1)
    shuffled = dice.sample(PAYLOADS, len(PAYLOADS))
    now = timezone.now()
    for start in range(0, len(shuffled), 70):
        some = shuffled[start : start + 70]
        Profile.objects.filter(pk=priya.pk).update(name=some[0][:60])
        Assessment.objects.filter(profile=priya).update(
            goals=some, activities=[{"words": words, "score": 3} for words in some]
        )
        rows = [(uuid.uuid4(), now.date(), now, entry) for words in some for entry in told(words)]
        diary.keep_many(profile=priya, rows=rows, by=SYSTEM, now=now)
        about = f"/clinic/people/{priya.uuid}/"
        addresses = (about, f"{about}messages/", f"{about}plan/", "/messages/", "/clinic/", f"/clinic/?name={some[0]}")
        for address in addresses:
            assert scripts_in(text_of(client, address)) == [], some
        letter = {"person": str(priya.uuid), "reader": "gp", "question": some[0][:200], "given": some[1][:60]}
        looked_at = client.post("/share/letter/", letter)
        assert looked_at.status_code == 200
        assert scripts_in(looked_at.content.decode()) == [], some
        settings.OPENED = True  # the same record as a file that somebody else reads
        for address in ("/opened/", "/opened/change/", "/today/", "/plan/", "/goals/", "/history/", "/progress/"):
            assert scripts_in(text_of(client, address)) == [], some
        settings.OPENED = False
        diary.DiaryEntry.objects.filter(profile=priya).delete()
    assert len(PAYLOADS) >= 200


def test_the_reader_of_pages_finds_what_would_run() -> None:
    assert scripts_in("<p>&lt;script&gt;</p><script src='/static/js/main.js'></script>") == []
    for bad in ("<script>x</script>", "<img src=x onerror=y>", "<a href='javascript:x'>", "<iframe>", "<p style=x>"):
        assert scripts_in(bad), bad


@pytest.mark.usefixtures("tried_out")
def test_a_picture_of_an_own_exercise_is_shown_with_its_words_and_never_runs(client: Client, priya: Profile) -> None:
    address = f"/clinic/people/{priya.uuid}/plan/"
    sent = form_of(text_of(client, address)) | {
        "name": "Mina", "role": "physiotherapist", "own_title": "Towel", "own_words": "Lie on it", "own_sets": "1",
        "own_reps": "5", "own_per_day": "2", "own_checked": "yes", "own_alt": 'A "towel" <b>',
    }  # fmt: skip

    def with_picture(data: bytes, **more: str) -> Any:
        return client.post(address, sent | more | {"own_picture": SimpleUploadedFile("x.svg", data, "image/svg+xml")})

    place = b"51.5007N"
    photo = jpeg(segment(0xE1, exif(6)), segment(0xFE, place))
    for data, more, words in (
        (b"<svg onload='alert(1)'>", {}, "no picture that can be used"), (bytes(1_000_001), {}, "larger than 1 MB"),
        (photo, {"own_alt": " "}, "what the picture shows"), (photo, {"own_title": "", "own_words": ""}, "a name"),
    ):  # fmt: skip
        refused = with_picture(data, **more)
        assert (refused.status_code, words in refused.content.decode()) == (422, True), words
    assert with_picture(photo).status_code == 302
    client.post("/people/choose/", {"person": str(priya.uuid)})
    page = text_of(client, "/data/change/")
    client.post("/data/change/", form_of(page) | {"answer": "yes"})
    source = ""
    for there in (page, text_of(client, "/plan/"), text_of(client, "/today/"), text_of(client, address)):
        assert scripts_in(there) == []
        ((source, alt),) = re.findall(r'<img class="own-picture" src="([^"]+)" alt="([^"]+)"', there)
        assert alt == "A &#34;towel&#34; &lt;b&gt;"
        found = client.get(source)
        assert found["Content-Type"] == "image/jpeg"
        assert found["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in found["Content-Security-Policy"]
        assert place in photo
        assert place not in found.content
    assert client.get("/plan/picture/none/").status_code == 404
    assert client.get(source.replace(str(priya.uuid), str(uuid.uuid4()))).status_code == 404


@pytest.mark.usefixtures("tried_out")
def test_a_task_is_noted_due_and_ticked_off(client: Client, priya: Profile) -> None:
    address = f"/clinic/people/{priya.uuid}/tasks/"
    page = text_of(client, address)
    assert "Hand over to a colleague" not in page  # there are none without a service
    sent = form_of(page.split('id="new"')[1]) | {"name": "Mina", "until": timezone.localdate().isoformat()}
    assert client.post(address, sent | {"words": ""}).status_code == 422
    assert client.post(address, sent | {"words": "Ring <b>her</b>", "until": "x"}).status_code == 422
    assert client.post(address, sent | {"words": "Ring <b>her</b>"}).status_code == 302
    page = text_of(client, address)
    assert "Ring &lt;b&gt;her&lt;/b&gt;" in page
    assert scripts_in(page) == []
    assert "Priya" in text_of(client, "/clinic/?name=Priya")
    assert "1 task of yours is due, today." in text_of(client, f"/clinic/people/{priya.uuid}/")
    assert client.post(address, form_of(page.split('id="tasks"')[1].split("</form>")[0])).status_code == 302
    assert "Done on" in text_of(client, address)
    assert "task of yours" not in text_of(client, f"/clinic/people/{priya.uuid}/")
    client.post("/people/choose/", {"person": str(priya.uuid)})
    assert client.get("/messages/hand-over/").status_code == 404


@pytest.mark.usefixtures("tried_out")
def test_a_template_fills_a_form_that_is_read_before_it_is_sent(client: Client, priya: Profile) -> None:
    page = text_of(client, "/clinic/templates/")
    sent = {"client_id": form_of(page)["client_id"], "kind": "message", "name": "First <b>week</b>"}
    assert client.post("/clinic/templates/", sent | {"words": f"Hello {priya.name}!"}).status_code == 422
    assert client.post("/clinic/templates/", sent | {"words": "How is <i>it</i>?"}).status_code == 302
    about = f"/clinic/people/{priya.uuid}/"
    editable = plan_changes.what_may_change(profile=priya, by=READER)
    here, fits = editable.exercises[0].exercise.id, editable.addable[0]
    away = next(id for id in default_content().exercises if id not in {here, *editable.addable} and not any(
        item.exercise.id == id for item in editable.exercises
    ))  # fmt: skip
    desk = {"client_id": str(uuid.uuid4()), "kind": "exercises", "name": "Desk", "exercises": [here, fits, away]}
    assert client.post("/clinic/templates/", desk).status_code == 302
    page = text_of(client, "/clinic/templates/")
    assert "First &lt;b&gt;week" in page
    assert scripts_in(page) == []
    used = re.search(r'href="([^"]*)">First', text_of(client, f"{about}messages/"))
    assert used is not None
    assert "How is &lt;i&gt;it&lt;/i&gt;?</textarea>" in text_of(client, f"{about}messages/{used[1].split('#')[0]}")
    used = re.search(r'href="([^"]*)">Desk', text_of(client, f"{about}plan/"))
    assert used is not None
    page = text_of(client, f"{about}plan/{used[1]}")
    assert "Of “Desk”, 1 are ticked below, 1 are in the plan already, and 1 do not fit this person." in page
    assert re.search(rf'value="{fits}"[^>]* checked', page)
    away_form = {"what": "away", "template": sent["client_id"]}
    assert client.post("/clinic/templates/", away_form).status_code == 302
    assert "First" not in text_of(client, "/clinic/templates/")
