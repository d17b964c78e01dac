"""FHIR over HTTP: a token that a person made, for one record, some kinds, some time; and nothing without it."""

import datetime as dt
import json
import re
from typing import Any

import pytest
from django.test import Client

from tests.integration.test_journey import me, text_of
from tests.once import invented_once
from upperback.care.diary import Morning
from upperback.core.tokens import stored_form
from upperback.services import actors, diary, people, programs
from upperback.services.people import Profile
from upperback.store.models import AuditEvent, ProgramToken
from upperback.web.person import session

__all__ = ["me"]  # fixtures

pytestmark = pytest.mark.django_db

PAIN = "http://loinc.org|72514-3"


@pytest.fixture
def marco(db: None) -> Profile:
    return invented_once("three_weeks", session.now())


@pytest.fixture
def priya(db: None) -> Profile:
    return invented_once("desk", session.now())


def token_for(
    profile: Profile, *scopes: str, mood: bool = False, days: int = 30, now: dt.datetime | None = None
) -> str:
    by, at = actors.household("t"), now or session.now()
    given = scopes or ("patient/*.rs",)
    return programs.let_read(profile=profile, label="App", scopes=given, days=days, mood=mood, by=by, now=at)


def get(token: str | None, path: str, **params: Any) -> Any:
    headers = {"authorization": f"Bearer {token}"} if token is not None else {}
    return Client().get(f"/fhir/{path}", params, headers=headers)


def found(token: str, path: str, **params: Any) -> dict[str, Any]:
    response = get(token, path, **params)
    assert response.status_code == 200, response.content
    assert response["Content-Type"] == "application/fhir+json; charset=utf-8"
    body: dict[str, Any] = json.loads(response.content)
    return body


def every(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in bundle["entry"]]


def test_what_the_server_can_do_is_said_to_everybody() -> None:
    body = json.loads(get(None, "metadata").content)
    assert (body["resourceType"], body["fhirVersion"]) == ("CapabilityStatement", "4.0.1")
    kinds = {one["type"]: one for one in body["rest"][0]["resource"]}
    assert {one["name"] for one in kinds["Observation"]["searchParam"]} >= {"code", "date", "category", "_lastUpdated"}
    assert {one["code"] for one in kinds["Observation"]["interaction"]} == {"read", "search-type"}


def test_search_by_code_date_and_category(marco: Profile) -> None:
    token = token_for(marco)
    pains = found(token, "Observation", code=PAIN, _count=200)
    assert pains["total"] == len(every(pains)) > 20
    assert {one["code"]["coding"][0]["code"] for one in every(pains)} == {"72514-3"}
    assert found(token, "Observation", code="72514-3")["total"] == pains["total"]
    assert found(token, "Observation", code="http://loinc.org|")["total"] >= pains["total"]
    assert found(token, "Observation", code="http://snomed.info/sct|72514-3")["total"] == 0
    day = every(pains)[5]["effectiveDateTime"][:10]
    on = found(token, "Observation", code=PAIN, date=day)
    assert {one["effectiveDateTime"][:10] for one in every(on)} == {day}
    before, after = (found(token, "Observation", code=PAIN, date=f"{how}{day}")["total"] for how in ("lt", "ge"))
    assert before + after == pains["total"]
    assert found(token, "Observation", code=PAIN, date=[f"ge{day}", f"le{day}"])["total"] == on["total"]
    survey, activity = (found(token, "Observation", category=one)["total"] for one in ("survey", "activity"))
    assert survey and activity  # noqa: PT018
    assert survey + activity == found(token, "Observation", _summary="count")["total"]
    patient = every(found(token, "Patient"))[0]["id"]
    assert found(token, "Observation", patient=f"Patient/{patient}", code=PAIN)["total"] == pains["total"]
    for other in ("somebody-else", f"Patient/{patient},somebody-else"):
        refused = get(token, "Observation", patient=other)
        assert refused.status_code == 403
        assert json.loads(refused.content)["issue"][0]["code"] == "forbidden"
    one = every(pains)[0]
    assert one["subject"] == {"reference": f"Patient/{patient}"}
    assert found(token, f"Observation/{one['id']}") == one
    assert every(found(token, "Observation", _id=one["id"])) == [one]


def test_pages_hold_everything_once_also_where_something_comes_in_between(marco: Profile) -> None:
    token = token_for(marco)
    total = found(token, "Observation", _summary="count")["total"]
    page, seen = found(token, "Observation", _count=40), []
    for number in range(40):
        seen += [one["id"] for one in every(page)]
        nexts = [link["url"] for link in page["link"] if link["relation"] == "next"]
        if not nexts:
            break
        if number == 0:
            now = session.now()
            diary.keep_entry(
                profile=marco, client_id=people.Profile().uuid, day=now.date() - dt.timedelta(days=30), at=now,
                entry=Morning(pain=2), by=actors.SYSTEM, now=now,
            )  # fmt: skip
        page = found(token, nexts[0].partition("/fhir/")[2])
    after = found(token, "Observation", _summary="count")["total"]
    assert len(seen) == len(set(seen)) == after > total


def test_what_changed_since_is_found_and_only_that(marco: Profile) -> None:
    token, now = token_for(marco), session.now()
    later = (now + dt.timedelta(minutes=1)).isoformat(timespec="seconds").replace("+00:00", "Z")
    assert found(token, "Observation", code=PAIN, _lastUpdated=f"gt{later}")["total"] == 0
    at = now + dt.timedelta(hours=1)
    diary.keep_entry(
        profile=marco, client_id=people.Profile().uuid, day=now.date() - dt.timedelta(days=29), at=now,
        entry=Morning(pain=2), by=actors.SYSTEM, now=at,
    )  # fmt: skip
    (one,) = every(found(token, "Observation", code=PAIN, _lastUpdated=f"gt{later}"))
    assert one["valueInteger"] == 2
    assert one["meta"]["lastUpdated"].startswith(at.isoformat(timespec="seconds")[:19])


def test_nothing_without_a_token_that_holds(priya: Profile, me: Client) -> None:
    token, now = token_for(priya, days=1), session.now()
    old = token_for(priya, days=1, now=now - dt.timedelta(days=2))
    assert get(token, "Patient").status_code == 200
    answers = [get(one, "Patient") for one in (None, "", "x", "x" * 500, token[:-1], token + "A", old)]
    assert me.get("/fhir/Patient").status_code == 401  # a cookie opens nothing
    assert {(one.status_code, one["WWW-Authenticate"], one.content) for one in answers} == {
        (401, 'Bearer realm="fhir"', answers[0].content)
    }
    programs.stop_reading(
        profile=priya,
        token_uuid=ProgramToken.objects.get(token_sha256=stored_form(token)).uuid,
        by=actors.household("t"),
        now=now,
    )
    assert get(token, "Patient").status_code == 401
    assert Client().post("/fhir/Patient", headers={"authorization": f"Bearer {token}"}).status_code == 405
    priya.delete()
    assert not ProgramToken.objects.exists()


def test_a_scope_gives_what_it_says(priya: Profile) -> None:
    token = token_for(priya, "patient/Observation.s", "patient/Goal.r")
    assert get(token, "Observation").status_code == 200
    one = every(found(token, "Observation", _count=1))[0]["id"]
    for path in (f"Observation/{one}", "Goal", "Patient", "CarePlan"):
        response = get(token, path)
        assert response.status_code == 403, path
        assert json.loads(response.content)["resourceType"] == "OperationOutcome"
    assert get(token, "Goal/x").status_code == 404
    for path in ("Bundle", "AuditEvent", "Observation/x/y", "../x", "Observation/$everything"):
        assert get(token_for(priya), path).status_code == 404, path


def test_mood_is_there_only_where_it_was_chosen(priya: Profile) -> None:
    usual, chosen = (
        json.dumps(found(token_for(priya), "QuestionnaireResponse", _count=200)),
        token_for(priya, mood=True),
    )
    assert "phq4" not in usual
    assert "phq4" in json.dumps(found(chosen, "QuestionnaireResponse", _count=200))


def test_each_record_has_its_own(priya: Profile) -> None:
    tom = invented_once("strain", session.now())
    mine, theirs = token_for(tom), token_for(priya)
    for kind in ("Patient", "Observation", "CarePlan", "QuestionnaireResponse"):
        own = {one["id"] for one in every(found(mine, kind, _count=200))}
        others = {one["id"] for one in every(found(theirs, kind, _count=200))}
        assert own
        assert others
        assert not own & others
        assert get(mine, f"{kind}/{others.pop()}").status_code == 404


def test_what_is_not_known_is_refused_and_not_passed_over(priya: Profile) -> None:
    for params in ({"nonsense": "1"}, {"_has:Patient:name": "x"}, {"date": "yesterday"}):
        response = get(token_for(priya), "Observation", **params)
        assert response.status_code == 400
        assert json.loads(response.content)["issue"][0]["code"] == "invalid"


def test_a_key_is_made_shown_once_and_taken_away_on_the_page(me: Client) -> None:
    assert 'href="/share/programs/"' in me.get("/data/").content.decode()
    person = str(Profile.objects.get().uuid)
    for form, words in (
        ({"label": "", "reads": "all", "days": "30"}, "which program"),
        ({"label": "App", "days": "30"}, "what it may read"),
        ({"label": "App", "reads": "mood", "days": "30"}, "what it may read"),
        ({"label": "App", "reads": "all", "days": "3"}, "for how long"),
    ):  # fmt: skip
        response = me.post("/share/programs/", {"person": person, **form})
        assert response.status_code == 422
        assert words in text_of(response)
    page = me.post("/share/programs/", {"person": person, "label": "<b>App</b>", "reads": ["measures"], "days": "30"})
    (token,) = re.findall(r'<p class="key">([A-Za-z0-9_-]{40,})</p>', page.content.decode())
    assert "<b>App" not in page.content.decode()
    assert token not in me.get("/share/programs/").content.decode()
    assert token not in json.dumps([row.details for row in AuditEvent.objects.all()])
    assert get(token, "Observation").status_code == 200
    assert get(token, "CarePlan").status_code == 403
    assert AuditEvent.objects.filter(action="read_fhir").count() == 1
    uuid_of = str(ProgramToken.objects.get().uuid)
    assert me.post("/share/programs/", {"person": person, "stop": uuid_of}).status_code == 302
    assert get(token, "Observation").status_code == 401
    assert me.post("/share/programs/", {"person": person, "stop": uuid_of}).status_code == 404
