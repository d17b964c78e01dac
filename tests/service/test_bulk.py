"""Copies for a clinic: only of who lets it, only what was granted, whole, told of, and gone when taken back."""

import datetime as dt
import json
import shutil
import stat
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils.http import http_date

from tests.service.conftest import sign_in
from tests.service.test_sharing import words
from tests.unit.services.service_world import World, as_person, new_staff, share
from upperback.care.diary import Entry, Morning, SessionStarted, Worn
from upperback.core.errors import InputError, NotFound
from upperback.interchange.fhir.making import MOOD
from upperback.services import bulk, clinic_systems, demo, diary, erasure, sharing
from upperback.services.actors import SYSTEM
from upperback.services.clinics import Account, Clinic
from upperback.store.files import export_folder, exports_folder
from upperback.store.models import AuditEvent, BulkExport, BulkExportPerson, ClinicSystem, ConsentEvent
from upperback.web.service import bulk_api, running, visitors

pytestmark = pytest.mark.django_db

ASYNC = {"Prefer": "respond-async"}
Plain = dict[str, Any]


@pytest.fixture
def people(world: World) -> dict[str, Account]:
    """Two with a diary, treated at the clinic."""
    shutil.rmtree(exports_folder(), ignore_errors=True)
    share(world.bo, world.mina, now=visitors.now())
    for account in (world.ana, world.bo):
        for entry in (Morning(pain=3), Worn(source="phone", measured_s=4000, bent_s=900)):
            keep(account, entry)
    return {"ana": world.ana, "bo": world.bo}


@pytest.fixture
def dana(world: World) -> Account:
    """With a safety check and a plan, too."""
    shutil.rmtree(exports_folder(), ignore_errors=True)
    account = Account.objects.create(
        email="dana@people.invalid", profile=demo.make_person(key="strain", now=visitors.now())
    )
    share(account, world.mina, now=visitors.now())
    keep(account, SessionStarted(session="s1", what="strength", pain_now=3))
    return account


def keep(account: Account, entry: Entry) -> None:
    assert account.profile is not None
    now = visitors.now()
    diary.keep_entry(
        profile=account.profile, client_id=uuid.uuid4(), day=now.date(), at=now, entry=entry, by=SYSTEM, now=now
    )


def let(account: Account, clinic: Clinic, *kinds: str, days: int = 30) -> uuid.UUID:
    assert account.profile is not None
    return bulk.agree(
        profile=account.profile, clinic=clinic.uuid, kinds=list(kinds), days=days, by=as_person(account),
        now=visitors.now(),
    )  # fmt: skip


def token_of(clinic: Clinic, name: str = "Records") -> str:
    return clinic_systems.add_system(clinic=clinic, name=name, days=30, by=SYSTEM, now=visitors.now())


class System:
    """A system of a clinic, as a client of Bulk Data does it."""

    def __init__(self, clinic: Clinic, name: str = "Records") -> None:
        self.token, self.group = token_of(clinic, name), f"/fhir/Group/{clinic.uuid}/$export"

    def get(self, path: str, method: str = "GET", **headers: str) -> Any:
        given = {"Authorization": f"Bearer {self.token}"} | headers
        return Client().generic(method, path.removeprefix("http://testserver"), headers=given)

    def ask(self, query: str = "", **headers: str) -> str:
        answer = self.get(self.group + query, **(ASYNC | headers))
        assert answer.status_code == 202, answer.content
        return str(answer["Content-Location"])

    def whole(self, query: str = "", **headers: str) -> tuple[str, Plain]:
        """Where it is, and what is in it."""
        at = self.ask(query, **headers)
        assert self.get(at).status_code == 202
        assert bulk.run_next(clock=visitors.now)
        answer = self.get(at)
        assert answer.status_code == 200, answer.content
        return at, json.loads(answer.content)

    def lines(self, manifest: Plain) -> Iterator[Plain]:
        for one in manifest["output"]:
            answer = self.get(one["url"])
            assert answer["Content-Type"] == "application/fhir+ndjson"
            found = [json.loads(line) for line in b"".join(answer).decode().splitlines()]
            assert len(found) == one["count"]
            assert {resource["resourceType"] for resource in found} == {one["type"]}
            yield from found


def owners(resources: list[Plain]) -> set[str]:
    return {one["id"] for one in resources if one["resourceType"] == "Patient"}


def references(value: Any) -> set[str]:
    """Everything that is pointed to, but for what is inside."""
    if isinstance(value, list):
        return set().union(*map(references, value))
    if not isinstance(value, dict):
        return set()
    own = {value["reference"]} if str(value.get("reference", "#")).startswith("#") is False else set()
    return own.union(*map(references, value.values()))


def kinds(resources: list[Plain]) -> set[str]:
    return {str(one["resourceType"]) for one in resources}


def test_only_who_lets_the_clinic_is_in_it_and_only_with_what_was_granted(
    world: World, people: dict[str, Account], dana: Account
) -> None:
    system = System(world.north)
    assert list(system.lines(system.whole()[1])) == []  # treated there, shared with a clinician: that is not enough
    let(dana, world.north, "plan")
    at, manifest = system.whole()
    assert manifest["requiresAccessToken"] is True
    assert manifest["request"] == f"http://testserver{system.group}"
    assert manifest["error"] == []
    found = list(system.lines(manifest))
    assert len(owners(found)) == 1
    assert (
        {"Patient", "CarePlan"}
        <= kinds(found)
        <= {"Patient", "CarePlan", "DetectedIssue", "Device", "Flag", "Provenance"}
    )
    (patient,) = (one for one in found if one["resourceType"] == "Patient")
    assert "gender" not in patient
    assert references(found) <= {f"{one['resourceType']}/{one['id']}" for one in found}
    let(people["bo"], world.north, "wearable")
    both = list(system.lines(system.whole()[1]))
    assert len(owners(both)) == 2
    days = [one for one in both if one["resourceType"] == "Observation"]
    assert [one["code"]["coding"][0]["code"] for one in days] == ["worn-day"]  # and not the pain of the morning
    assert patient["id"] not in days[0]["subject"]["reference"]
    let(dana, world.north, *(kind for kind in bulk.KINDS if kind != "mood"))
    without = list(system.lines(system.whole()[1]))
    assert {"QuestionnaireResponse", "Procedure", "Condition"} <= kinds(without)
    assert [word for word in MOOD if word in json.dumps(without)] == []
    let(dana, world.north, *bulk.KINDS)
    assert "phq4_low" in json.dumps(list(system.lines(system.whole()[1])))
    folder = export_folder(uuid.UUID(at.rstrip("/").rpartition("/")[2]))
    assert stat.S_IMODE(exports_folder().stat().st_mode) == 0o700
    assert not folder.exists()  # taken back and given anew, the old one is gone
    newest = max(exports_folder().iterdir(), key=lambda one: len(list(one.iterdir())))
    assert stat.S_IMODE(newest.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in newest.iterdir()} == {0o600}


def test_what_was_asked_for_is_what_comes_and_nothing_is_passed_over(world: World, people: dict[str, Account]) -> None:
    let(people["ana"], world.north, "progress")
    system = System(world.north)
    only = list(system.lines(system.whole("?_type=Patient,Goal&_outputFormat=application/fhir%2Bndjson")[1]))
    assert kinds(only) == {"Patient"}
    for wrong in (
        "?_type=Parcel", "?_type=", "?_outputFormat=csv", "?_since=yesterday", "?_since=2026-11-20", "?patient=x",
        "?_typeFilter=Observation%3Fcode%3D1", "?_elements=id", "?_since=" + "1" * 500,
    ):  # fmt: skip
        answer = system.get(system.group + wrong, **ASYNC)
        assert answer.status_code == 400, wrong
        assert json.loads(answer.content)["resourceType"] == "OperationOutcome"
    assert system.get(system.group).status_code == 400  # without the header
    (able,) = json.loads(Client().get("/fhir/metadata").content)["rest"]
    assert [one["operation"][0]["name"] for one in able["resource"] if one["type"] == "Group"] == ["export"]
    assert system.get(system.group, "POST", **ASYNC).status_code == 405
    _, manifest = system.whole("?patient=x&_type=Observation,Parcel", Prefer="respond-async, handling=lenient")
    (told,) = manifest["error"]
    assert told["count"] == 2
    assert {one["type"] for one in manifest["output"]} == {"Observation"}
    later = visitors.now().isoformat().replace("+00:00", "Z")
    assert list(system.lines(system.whole(f"?_since={later}")[1])) == []
    let(people["bo"], world.north, "progress")  # let in since: nothing of theirs was in an earlier one
    assert len(owners(list(system.lines(system.whole(f"?_since={later}")[1])))) == 1


def test_two_clinics_never_share_a_copy(world: World, people: dict[str, Account]) -> None:
    share(people["bo"], world.stranger, now=visitors.now())
    let(people["ana"], world.north, "progress")
    let(people["bo"], world.south, "progress")
    north, south = System(world.north), System(world.south)
    (at, ours), (_, theirs) = north.whole(), south.whole()
    assert owners(list(north.lines(ours))) & owners(list(south.lines(theirs))) == set()
    for path, method in ((at, "GET"), (at, "DELETE"), (ours["output"][0]["url"], "GET"), (south.group, "GET")):
        asker = south if path != south.group else north
        assert asker.get(path, method, **ASYNC).status_code == 404, path
    assert north.get(at).status_code == 200


def test_a_token_opens_what_it_is_for_until_it_ends(world: World, people: dict[str, Account]) -> None:
    system = System(world.north)
    at, _ = system.whole()
    other = System.__new__(System)
    for token in ("", "x", system.token[:-1], system.token + "A", "x" * 500):
        other.token = token
        answers = [other.get(path, **ASYNC) for path in (system.group, at)]
        assert {(one.status_code, one["WWW-Authenticate"]) for one in answers} == {(401, 'Bearer realm="fhir"')}
    admin = sign_in(new_staff("Ada", world.north, "clinic_admin", visitors.now()), second_factor=True)
    assert admin.get(at).status_code == 401  # a cookie opens nothing here
    assert system.token not in json.dumps(list(ClinicSystem.objects.values()), default=str)
    clinic_systems.end_system(clinic=world.north, name="Records", by=SYSTEM, now=visitors.now())
    assert system.get(at).status_code == 401
    told = running.system("add", world.north.name, "Another", 30)
    other.token = told.partition("\n")[0]
    assert other.get(at).status_code == 200
    assert "Another  until" in running.system("list", world.north.name, "", 0)
    running.system("end", world.north.name, "Another", 0)
    assert other.get(at).status_code == 401
    for name, days in (("", 30), ("x", 0), ("x", 366)):
        with pytest.raises(InputError):
            running.system("add", world.north.name, name, days)


def test_one_after_the_other_and_deleted_is_gone(world: World, people: dict[str, Account]) -> None:
    let(people["ana"], world.north, "progress")
    system = System(world.north)
    at = system.ask()
    again = system.get(system.group, **ASYNC)
    assert (again.status_code, again["Retry-After"]) == (429, "60")
    assert system.get(at)["X-Progress"] == "waits"
    assert system.get(at, "DELETE").status_code == 202
    assert not bulk.run_next(clock=visitors.now)
    at, manifest = system.whole()
    assert system.get(at, "DELETE").status_code == 202
    assert system.get(at).status_code == system.get(manifest["output"][0]["url"]).status_code == 410
    assert system.get(f"/fhir/bulk/{uuid.uuid4()}/").status_code == 404
    assert list(exports_folder().iterdir()) == []


def test_taken_back_its_files_are_gone_with_the_next_byte(
    world: World, people: dict[str, Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_api, "_PIECE", 100)
    monkeypatch.setattr(bulk_api, "_ASKS_EVERY_S", 0)
    grant = let(people["ana"], world.north, "progress")
    let(people["bo"], world.north, "progress")
    system = System(world.north)
    at, manifest = system.whole()
    urls = [one["url"] for one in manifest["output"]]
    on_its_way = iter(system.get(urls[0]))
    assert next(on_its_way)
    assert next(on_its_way)
    assert people["ana"].profile is not None
    sharing.withdraw(profile=people["ana"].profile, grant_uuid=grant, by=as_person(people["ana"]), now=visitors.now())
    with pytest.raises(bulk_api.CutError):
        next(on_its_way)
    assert list(exports_folder().iterdir()) == []
    answer = system.get(at)
    assert answer.status_code == 410
    assert "took their consent back" in json.loads(answer.content)["issue"][0]["diagnostics"]
    assert {system.get(url).status_code for url in urls} == {410}
    assert len(owners(list(system.lines(system.whole()[1])))) == 1


def test_taken_back_while_it_is_made_it_is_made_again_without(
    world: World, people: dict[str, Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = let(people["ana"], world.north, "progress")
    let(people["bo"], world.north, "progress")
    system = System(world.north)
    at, made = system.ask(), bulk._lines
    ana = people["ana"].profile
    assert ana is not None

    def takes_back(*args: Any) -> Any:
        found = made(*args)
        sharing.withdraw(profile=ana, grant_uuid=grant, by=as_person(people["ana"]), now=visitors.now())
        return found

    monkeypatch.setattr(bulk, "_lines", takes_back)
    assert bulk.run_next(clock=visitors.now)
    assert list(exports_folder().iterdir()) == []
    assert system.get(at).status_code == 202
    monkeypatch.undo()
    assert bulk.run_next(clock=visitors.now)
    assert len(owners(list(system.lines(json.loads(system.get(at).content))))) == 1


def test_erased_their_copies_are_gone(world: World, people: dict[str, Account]) -> None:
    let(people["ana"], world.north, "progress")
    system = System(world.north)
    at, _ = system.whole()
    assert people["ana"].profile is not None
    erasure.erase_person(profile=people["ana"].profile, by=SYSTEM, now=visitors.now())
    assert list(exports_folder().iterdir()) == []
    assert system.get(at).status_code == 410
    assert not BulkExportPerson.objects.exists()


def test_a_consent_that_runs_out_ends_it_and_an_old_copy_goes(
    world: World, people: dict[str, Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    let(people["ana"], world.north, "progress", days=1)
    let(people["bo"], world.north, "progress")
    system, now = System(world.north), visitors.now()
    first = now + dt.timedelta(hours=23)
    ConsentEvent.objects.filter(profile=people["ana"].profile, purpose="app").update(ends_at=first)
    at, manifest = system.whole()
    assert system.get(at)["Expires"] == http_date(first.timestamp())
    monkeypatch.setattr(visitors, "now", lambda: first)
    assert system.get(manifest["output"][0]["url"]).status_code == 410
    assert "consent" in system.get(at).content.decode()
    at, manifest = system.whole()
    assert len(owners(list(system.lines(manifest)))) == 1
    monkeypatch.setattr(visitors, "now", lambda: first + bulk.KEPT)
    assert bulk.sweep(now=visitors.now()) == 1
    assert list(exports_folder().iterdir()) == []
    assert "for a day" in system.get(at).content.decode()


def test_a_worker_that_is_gone_is_made_up_for(
    world: World, people: dict[str, Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    let(people["ana"], world.north, "progress")
    let(people["bo"], world.north, "progress")
    system = System(world.north)
    at, made, now = system.ask(), bulk._lines, visitors.now()

    def dies(*args: Any) -> Any:
        raise KeyboardInterrupt if made(*args) else AssertionError

    monkeypatch.setattr(bulk, "_lines", dies)
    monkeypatch.setattr("shutil.rmtree", lambda *_, **__: None)  # killed, it tidies nothing up
    with pytest.raises(KeyboardInterrupt):
        bulk.run_next(clock=lambda: now)
    monkeypatch.undo()
    assert len(list(exports_folder().glob(".*.part"))) == 1
    assert not bulk.run_next(clock=lambda: now)  # it may be alive
    assert system.get(at).status_code == 202
    assert bulk.run_next(clock=lambda: now + bulk._LEASE)
    assert [one.name for one in exports_folder().iterdir()] == [at.rstrip("/").rpartition("/")[2]]
    assert len(owners(list(system.lines(json.loads(system.get(at).content))))) == 2


def test_what_cannot_be_made_is_given_up_and_said(
    world: World, people: dict[str, Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    let(people["ana"], world.north, "progress")
    system = System(world.north)
    at = system.ask()
    monkeypatch.setattr(bulk, "_lines", lambda *_: 1 / 0)
    for _ in range(bulk._TRIES_MOST):
        assert bulk.run_next(clock=visitors.now)
    assert not bulk.run_next(clock=visitors.now)
    assert system.get(at).status_code == 500
    assert list(exports_folder().iterdir()) == []


def test_everybody_in_it_is_told_of_the_copy_and_of_each_time_it_was_fetched(
    world: World, people: dict[str, Account]
) -> None:
    let(people["ana"], world.north, "progress")
    system = System(world.north)
    list(system.lines(system.whole()[1]))
    told = words(sign_in(people["ana"]).get("/share/").content)
    assert "Records, North Street made a copy: your name, what you did" in told
    assert told.count("Records, North Street fetched the copy: your name, what you did") == 1
    assert "North Street its computer keeps a copy" in told
    assert "made a copy" not in words(sign_in(people["bo"]).get("/share/").content)
    assert AuditEvent.objects.filter(action="ask_copy").count() == 1
    assert AuditEvent.objects.filter(action="fetch_copy").count() >= 2


def test_nobody_lets_a_clinic_that_does_not_treat_them(world: World) -> None:
    with pytest.raises(NotFound):
        let(world.bo, world.north, "progress")
    with pytest.raises(NotFound):
        let(world.ana, world.south, "progress")


def test_a_person_says_yes_on_a_page_and_whoever_runs_the_clinic_makes_fetches_and_deletes(
    world: World, people: dict[str, Account]
) -> None:
    ana, address = sign_in(people["ana"]), f"/share/copy/{world.north.uuid}/"
    assert "A copy for North Street" in words(ana.get("/share/").content)
    assert ana.post(address, {"see": [], "days": "30"}).status_code == 422
    assert ana.post(address, {"see": ["progress"], "days": "7"}).status_code == 422
    assert ana.get(f"/share/copy/{world.south.uuid}/").status_code == 404
    assert ana.post(address, {"see": ["progress"], "days": "30"}).status_code == 302
    admin = sign_in(new_staff("Ada", world.north, "clinic_admin", visitors.now()), second_factor=True)
    far = sign_in(new_staff("Flo", world.south, "clinic_admin", visitors.now()), second_factor=True)
    assert "1 person lets your clinic have a copy now" in words(admin.get("/staff/copies/").content)
    assert far.post("/staff/copies/", {"clinic": str(world.north.uuid)}).status_code == 404
    assert admin.post("/staff/copies/", {"clinic": str(world.north.uuid)}).status_code == 302
    assert admin.post("/staff/copies/", {"clinic": str(world.north.uuid)}).status_code == 409
    export = BulkExport.objects.get()
    progress = f"/staff/copies/{export.uuid}/far/"
    assert admin.get(progress).json()["state"] == "waiting"
    assert bulk.run_next(clock=visitors.now)
    assert admin.get(progress).json() == {"state": "ready", "done": 1, "of": 1, "words": "1 of 1 people"}
    file = f"/staff/copies/{export.uuid}/Observation.ndjson"
    assert f'href="{file}"' in admin.get("/staff/copies/").content.decode()
    assert b"72514-3" in b"".join(admin.get(file))
    assert {far.get(path).status_code for path in (progress, file)} == {404}
    assert sign_in(world.mina, second_factor=True).get(file).status_code == 404  # she treats her; this is not for her
    assert far.post("/staff/copies/delete/", {"copy": str(export.uuid)}).status_code == 404
    told = words(ana.get("/share/").content)
    assert "Ada, North Street made a copy: your name, what you did" in told
    assert "Ada, North Street fetched the copy: your name, what you did" in told
    assert admin.post("/staff/copies/delete/", {"copy": str(export.uuid)}).status_code == 302
    assert admin.get(file).status_code == 404
    assert "It was deleted" in words(admin.get("/staff/copies/").content)
    assert admin.post("/staff/copies/", {"clinic": str(world.north.uuid), "what": "new"}).status_code == 302
    assert BulkExport.objects.last().since == export.requested_at  # type: ignore[union-attr]
