"""A file from a clinic on its page: looked at, said to be mine, taken or left; and from the terminal."""

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.integration.test_journey import finish, hidden, me, text_of, walk, walk_assessment
from tests.unit.services.test_fhir_in import bundle_of, care_plan, observation
from upperback.cli import main
from upperback.services import actors, people, plans
from upperback.services.people import Profile
from upperback.store.models import DiaryEntry, PlanVersion

__all__ = ["me"]  # fixtures

pytestmark = pytest.mark.django_db

SCRIPT = "<script>alert(1)</script>"


def looked(client: Client, bundle: Any) -> Any:
    data = bundle if isinstance(bundle, bytes) else json.dumps(bundle).encode()
    form = {"person": str(Profile.objects.get(name="Me").uuid), "file": SimpleUploadedFile("b.json", data)}
    return client.post("/share/in/", form)


def answered(client: Client, page: Any, **more: str) -> Any:
    names = ("person", "incoming", "client_id")
    return client.post("/share/in/", {name: html.unescape(hidden(page, name)) for name in names} | more)


def test_looked_at_said_to_be_mine_and_taken(me: Client) -> None:
    assert 'href="/share/in/"' in me.get("/data/").content.decode()
    page = looked(me, bundle_of(observation(code={"text": SCRIPT}, performer=[{"display": SCRIPT}])))
    shown = page.content.decode()
    assert "Grace Hall, born 1981-02-03" in text_of(page)
    assert SCRIPT not in shown
    assert html.escape(SCRIPT) in shown
    assert not DiaryEntry.objects.exists()
    not_mine = answered(me, page)
    assert not_mine.status_code == 422
    assert "Tick the box if the file is about you" in text_of(not_mine)
    assert not DiaryEntry.objects.exists()
    taken = answered(me, not_mine, is_me="yes", answer="entries")
    assert "1 entry came in." in text_of(taken)
    assert "31.5 kg" in text_of(taken)
    assert SCRIPT not in taken.content.decode()
    assert "0 entries came in." in text_of(answered(me, page, is_me="yes"))  # twice is once
    assert "nothing new to take in" in text_of(
        looked(me, bundle_of(observation(code={"text": SCRIPT}, performer=[{"display": SCRIPT}])))
    )


def test_a_plan_is_accepted_on_the_same_page(me: Client) -> None:
    walk(me, {"pain_average": "3"})
    finish(me)
    walk_assessment(me)
    plan = plans.open_plan(profile=Profile.objects.get(), by=actors.SYSTEM)
    every = [(item["id"], item["sets"], item["reps"]) for item in plan.record["exercises"]]
    gone = next(item for item in plan.record["exercises"] if item["kind"] == "movement")
    page = looked(me, bundle_of(care_plan(*(one for one in every if one[0] != gone["id"]))))
    assert "Nobody signed this file" in text_of(page)
    assert gone["title"] in text_of(page)
    assert PlanVersion.objects.count() == 1
    response = answered(me, page, is_me="yes", answer="plan")
    assert response.status_code == 302
    assert response["Location"] == "/plan/"
    assert PlanVersion.objects.count() == 2


@pytest.mark.parametrize(
    ("bundle", "words"),
    [
        (b"", "Not JSON"),
        (b"%PDF-1.7", "Not JSON|It is no FHIR"),
        (bundle_of(observation(status="preliminary")), "Entry 2 .Observation.: status"),
        (bundle_of(observation(subject={"reference": "Patient/other"})), "names another person"),
    ],
)
def test_what_is_refused_is_said_in_one_sentence(me: Client, bundle: Any, words: str) -> None:
    response = looked(me, bundle)
    assert response.status_code == 422
    assert re.search(words, text_of(response)), text_of(response)[:600]
    assert not DiaryEntry.objects.exists()


def test_what_was_read_for_one_is_not_taken_for_another_and_not_changed_in_between(me: Client) -> None:
    page = looked(me, bundle_of(observation()))
    token = html.unescape(hidden(page, "incoming"))
    other = people.create_profile(name="Other", by=actors.SYSTEM, now=Profile.objects.get(name="Me").created_at)
    changed = token[:-4] + ("AAAA" if not token.endswith("AAAA") else "BBBB")
    assert "Choose the file again" in text_of(answered(me, page, incoming=changed, is_me="yes"))
    assert answered(me, page, person=str(other.uuid), is_me="yes").status_code == 409
    me.post("/people/choose/", {"person": str(other.uuid)})
    assert "Choose the file again" in text_of(answered(me, page, person=str(other.uuid), is_me="yes"))
    assert not DiaryEntry.objects.exists()


def test_from_the_terminal(me: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "b.json"
    path.write_text(json.dumps(bundle_of(observation())))
    assert main(["import", str(path), "--fhir", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["new"], told["taken"], told["about"]) == (1, 0, "Grace Hall, born 1981-02-03")
    assert main(["import", str(path), "--fhir", "--yes"]) == 0
    assert "1 taken in." in capsys.readouterr().out
    assert DiaryEntry.objects.count() == 1
    assert main(["import", str(path), "--yes"]) == 2
    assert "--fhir" in capsys.readouterr().err
    path.write_text(json.dumps(bundle_of(observation(status="x"))))
    assert main(["import", str(path), "--fhir"]) == 2
    assert "b.json: entry 2 (Observation): status" in capsys.readouterr().err
