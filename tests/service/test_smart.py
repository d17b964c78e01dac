"""An app is let in by SMART App Launch, reads what its person said yes to, and nothing once that has ended."""

import base64
import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client

from tests.service.conftest import sign_in
from tests.service.test_sharing import words
from tests.unit.services.service_world import World
from upperback.core.errors import InputError
from upperback.services import accounts, apps, demo, programs
from upperback.services.actors import SYSTEM
from upperback.services.apps import App
from upperback.services.clinics import Account
from upperback.store.models import AppCode, AppToken, AuditEvent, ConsentEvent
from upperback.web.languages import LANGUAGE_COOKIE
from upperback.web.service import running, visitors

pytestmark = pytest.mark.django_db

BACK = "https://app.example/back"
OWN_SCHEME = "org.example.app:/back"
FHIR = "http://testserver/fhir/"
VERIFIER = "v" * 43
PAIN = "http://loinc.org|72514-3"
SECOND = dt.timedelta(seconds=1)


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass
class Phone:
    """An app on somebody's phone, written from RFC 6749, 7636 and 7009 and not from the product."""

    app: App
    scope: str = "launch/patient patient/*.rs offline_access"
    http: Client = field(default_factory=Client)

    def ask(self, **other: str | None) -> str:
        """The address to which it sends the person; `other`: what it does differently, None for left out."""
        sent = {
            "response_type": "code", "client_id": str(self.app.uuid), "redirect_uri": BACK, "scope": self.scope,
            "state": "st&1", "aud": FHIR, "code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256",
        } | other  # fmt: skip
        return f"/apps/authorize/?{urlencode({name: value for name, value in sent.items() if value is not None})}"

    def launch(self, person: Client, *see: str, days: str = "30", **other: str | None) -> str:
        """The code, once the person said yes."""
        answer = person.post(self.ask(**other), {"answer": "yes", "see": list(see), "days": days})
        assert answer.status_code == 303, words(answer.content)
        got = back_with(answer)
        assert got["state"] == "st&1"
        return got["code"]

    def exchange(self, code: str | None, **other: str | None) -> Any:
        sent = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "client_id": str(self.app.uuid),
            "code_verifier": VERIFIER,
        } | other  # fmt: skip
        return self.post("/apps/token/", sent)

    def refresh(self, token: str, **other: str | None) -> Any:
        sent = {"grant_type": "refresh_token", "refresh_token": token, "client_id": str(self.app.uuid)} | other
        return self.post("/apps/token/", sent)

    def post(self, address: str, sent: dict[str, Any]) -> Any:
        body = urlencode({name: value for name, value in sent.items() if value is not None})
        answer = self.http.post(address, body, content_type="application/x-www-form-urlencoded")
        assert answer["Cache-Control"] == "no-store"
        return answer

    def get(self, token: str, path: str, **params: Any) -> Any:
        return self.http.get(f"/fhir/{path}", params, headers={"authorization": f"Bearer {token}"})

    def tokens(self, person: Client, *see: str, **more: Any) -> dict[str, Any]:
        """A launch to its end."""
        answer = self.exchange(self.launch(person, *see, **more))
        assert answer.status_code == 200, answer.content
        got: dict[str, Any] = json.loads(answer.content)
        return got


def back_with(answer: Any) -> dict[str, str]:
    """What the app is told as the person comes back."""
    assert answer["Location"].startswith(f"{BACK}?"), answer["Location"]
    return {name: values[0] for name, values in parse_qs(urlsplit(answer["Location"]).query).items()}


def said(answer: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(answer.content)
    return body


def kinds_in(bundle: dict[str, Any]) -> set[str]:
    return {coding["code"] for one in bundle["entry"] for coding in one["resource"]["code"]["coding"]}


@pytest.fixture
def dana(world: World) -> Account:
    """Somebody with a plan, weeks of diary and an account."""
    profile = demo.make_person(key="three_weeks", now=visitors.now())
    return Account.objects.create(email="dana@people.invalid", profile=profile)


@pytest.fixture
def phone(world: World) -> Phone:
    app = apps.add_app(
        name="Stretch <b>Log", maker="Example Ltd", redirect_uris=[BACK, OWN_SCHEME],
        scopes=["patient/*.rs", "offline_access"], by=SYSTEM, now=visitors.now(),
    )  # fmt: skip
    return Phone(app)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[dt.timedelta], None]:
    """Puts the clock of the service on."""
    real = visitors.now

    def put_on(by: dt.timedelta) -> None:
        monkeypatch.setattr(visitors, "now", lambda: real() + by)
        monkeypatch.setattr("upperback.web.person.session.now", lambda: real() + by)

    return put_on


def closed(phone: Phone, token: str) -> bool:
    """Whether a token opens nothing, and says so as one that never was."""
    answer, never = phone.get(token, "Observation"), phone.get("x" * 43, "Observation")
    assert answer.status_code in {200, 401}
    return bool(answer.status_code == 401 and answer.content == never.content)


# ---- a launch -------------------------------------------------------------------------------------------------------


def test_a_launch_from_its_beginning_to_an_observation(phone: Phone, dana: Account) -> None:
    about = said(phone.http.get("/fhir/.well-known/smart-configuration"))
    assert about["code_challenge_methods_supported"] == ["S256"]
    assert about["token_endpoint_auth_methods_supported"] == ["none"]
    assert {"launch-standalone", "client-public"} <= set(about["capabilities"])
    security = said(phone.http.get("/fhir/metadata"))["rest"][0]["security"]
    (uris,) = (one for one in security["extension"] if one["url"].endswith("/oauth-uris"))
    told = {one["url"]: one["valueUri"] for one in uris["extension"]}
    assert told["token"] == about["token_endpoint"] == "http://testserver/apps/token/"
    assert told["authorize"] == about["authorization_endpoint"]

    person = sign_in(dana)
    asked = person.get(phone.ask())
    page = words(asked.content)
    assert "Let Stretch &lt;b&gt;Log read your record?" in page
    assert "made by Example Ltd" in page
    assert "checked" not in asked.content.decode().split("For how long?")[0]  # nothing is ticked for anybody
    assert "form-action 'self' https://app.example;" in asked["Content-Security-Policy"]
    german = sign_in(dana)
    german.cookies[LANGUAGE_COOKIE] = "de"
    for address in (phone.ask(), "/apps/authorize/"):
        assert "in-english" not in german.get(address).content.decode()
    got = phone.tokens(person, "progress", "identity")
    assert got["token_type"] == "Bearer"
    assert 290 <= got["expires_in"] <= 300
    assert "patient/*.rs" in got["scope"].split()

    patient = said(phone.get(got["access_token"], f"Patient/{got['patient']}"))
    assert dana.profile is not None
    assert patient["name"][0]["text"] == dana.profile.name
    pains = phone.get(got["access_token"], "Observation", code=PAIN, patient=got["patient"])
    assert pains.status_code == 200
    assert said(pains)["total"] > 20
    person_page = words(person.get("/share/").content)
    assert "Stretch &lt;b&gt;Log an app" in person_page
    assert "You let in Stretch &lt;b&gt;Log" in person_page
    assert "Stretch &lt;b&gt;Log looked 2 times that day at: your name" in person_page
    looks = AuditEvent.objects.filter(action="look", actor_kind="app")
    assert {one.details["data_class"] for one in looks} == {"identity", "progress"}
    assert got["access_token"] not in str(list(AppToken.objects.values())) + str(list(AuditEvent.objects.values()))


def test_only_what_was_chosen_is_there_in_searches_too(phone: Phone, dana: Account) -> None:
    person = sign_in(dana)
    plan = phone.tokens(person, "plan")["access_token"]
    assert said(phone.get(plan, "CarePlan"))["total"] >= 1
    for kind in ("Patient", "Observation", "QuestionnaireResponse", "Condition", "Procedure", "Goal"):
        refused = phone.get(plan, kind)
        assert (refused.status_code, said(refused)["issue"][0]["code"]) == (403, "forbidden"), kind
    # It rests on a check, which is not shared: so it does not point there.
    assert not {"supportingInfo", "addresses"} & said(phone.get(plan, "CarePlan"))["entry"][0]["resource"].keys()
    progress = phone.tokens(person, "progress")["access_token"]
    seen = kinds_in(said(phone.get(progress, "Observation", _count=200)))
    assert "72514-3" in seen
    assert not seen & {"triage-disposition", "worn-day", "69724-3"}
    assert said(phone.get(progress, "Observation", code="triage-disposition"))["total"] == 0
    answers = phone.tokens(person, "answers")["access_token"]
    assert said(phone.get(answers, "ServiceRequest"))["total"] == 0  # says what came of a look back, too
    decided = said(phone.get(answers, "Observation", code="triage-disposition"))
    one = decided["entry"][0]["resource"]["id"]
    assert phone.get(answers, f"Observation/{one}").status_code == 200
    assert phone.get(progress, f"Observation/{one}").status_code == 404
    # Mood is left out of everything that was chosen, unless it was chosen by its name.
    kinds, most = ("Observation", "QuestionnaireResponse"), ("answers", "progress", "plan", "identity", "wearable")
    without, with_it = (phone.tokens(person, *see)["access_token"] for see in (most, (*most, "mood")))
    whole, left = (
        json.dumps([said(phone.get(token, kind, _count=200)) for kind in kinds]) for token in (with_it, without)
    )
    assert "phq4" in whole
    assert "phq4" not in left
    assert "self_harm" not in left
    assert person.post(phone.ask(), {"answer": "yes", "see": ["mood"], "days": "30"}).status_code == 422


def test_somebody_else_is_never_there(phone: Phone, world: World) -> None:
    mine, theirs = phone.tokens(sign_in(world.bo), "identity", "progress"), phone.tokens(sign_in(world.ana), "identity")
    assert mine["patient"] != theirs["patient"]
    for answer, status in (
        (phone.get(mine["access_token"], f"Patient/{theirs['patient']}"), 404),
        (phone.get(mine["access_token"], "Patient", patient=theirs["patient"]), 403),
        (phone.get(mine["access_token"], "Observation", subject=f"Patient/{theirs['patient']}"), 403),
        (phone.get(mine["access_token"], "Observation", patient=f"{mine['patient']},{theirs['patient']}"), 403),
    ):
        assert answer.status_code == status
        assert said(answer)["resourceType"] == "OperationOutcome"
    assert said(phone.get(mine["access_token"], "Patient", _id=theirs["patient"]))["total"] == 0


# ---- what is refused ------------------------------------------------------------------------------------------------


def test_whoever_is_not_known_is_never_sent_people_back(phone: Phone, world: World) -> None:
    person = sign_in(world.ana)
    for other in (
        {"redirect_uri": "https://app.example/back/"}, {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": f"{BACK}?x=1"}, {"redirect_uri": None}, {"client_id": None}, {"client_id": "x"},
        {"client_id": "00000000-0000-0000-0000-000000000000"}, {"redirect_uri": "javascript:alert(1)"},
    ):  # fmt: skip
        for answer in (person.get(phone.ask(**other)), person.post(phone.ask(**other), {"answer": "yes"})):
            assert answer.status_code == 400, other
            assert "Location" not in answer
            assert "This app cannot be let in" in words(answer.content)
    assert person.get(phone.ask() + "&client_id=x").status_code == 400
    assert person.get("/apps/authorize/?%zz=\x00").status_code == 400
    apps.end_app(named=phone.app.name, by=SYSTEM, now=visitors.now())
    assert person.get(phone.ask()).status_code == 400
    assert not ConsentEvent.objects.filter(recipient_kind="app").exists()


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"aud": "https://evil.example/fhir"}, "invalid_request"),
        ({"aud": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "patient/Observation.cruds"}, "invalid_scope"),
        ({"scope": "user/Observation.rs"}, "invalid_scope"),
        ({"scope": "launch/patient offline_access"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
    ],
)
def test_a_launch_that_is_not_allowed_goes_back_with_its_reason(
    phone: Phone, world: World, other: dict[str, str | None], error: str
) -> None:
    answer = sign_in(world.ana).get(phone.ask(**other))
    assert answer.status_code == 303
    assert (back_with(answer)["error"], back_with(answer)["state"]) == (error, "st&1")
    assert not AppCode.objects.exists()


def test_an_app_asks_for_no_more_than_it_was_let_ask_for(world: World) -> None:
    narrow = Phone(
        apps.add_app(
            name="Narrow", maker="M", redirect_uris=[BACK], scopes=["patient/Observation.r", "patient/CarePlan.rs"],
            by=SYSTEM, now=visitors.now(),
        )
    )  # fmt: skip
    person = sign_in(world.ana)
    for scope in ("patient/*.r", "patient/Observation.rs", "patient/Goal.r", "patient/CarePlan.r offline_access"):
        assert back_with(person.get(narrow.ask(scope=scope)))["error"] == "invalid_scope", scope
    assert back_with(person.get(narrow.ask(scope="patient/CarePlan.r", state=None)))["error"] == "invalid_request"
    scope = "patient/CarePlan.s patient/Observation.r"
    page = words(person.get(narrow.ask(scope=scope)).content)
    assert "for five minutes" in page
    assert "Your name" not in page  # nothing that it cannot read is asked
    # Of two kinds one was chosen: the scope of the other is not given, and nothing comes again.
    got = said(narrow.exchange(narrow.launch(person, "plan", scope=scope)))
    assert got["scope"] == "patient/CarePlan.s"
    assert "refresh_token" not in got
    assert narrow.get(got["access_token"], "CarePlan").status_code == 200
    assert narrow.get(got["access_token"], "CarePlan/x").status_code == 403
    assert narrow.get(got["access_token"], "Observation/x").status_code == 403


def test_a_no_goes_back_as_a_no(phone: Phone, world: World) -> None:
    answer = sign_in(world.ana).post(phone.ask(), {"answer": "no", "see": ["plan"], "days": "30"})
    assert back_with(answer)["error"] == "access_denied"
    assert not ConsentEvent.objects.filter(recipient_kind="app").exists()


@pytest.mark.parametrize("form", [{"days": "30"}, {"see": ["plan"]}, {"see": ["plan"], "days": "9999"}, {"see": ["x"]}])
def test_a_yes_that_is_not_whole_asks_again(phone: Phone, world: World, form: dict[str, Any]) -> None:
    answer = sign_in(world.ana).post(phone.ask(), {"answer": "yes"} | form)
    assert answer.status_code == 422
    assert "There is a problem" in words(answer.content)
    assert not AppCode.objects.exists()


def test_without_a_sign_in_the_way_leads_through_it_and_on(phone: Phone, world: World) -> None:
    asked = phone.ask()
    way = Client().get(asked)["Location"]
    assert way.startswith("/account/login/")
    assert parse_qs(urlsplit(way).query)["next"] == [asked]
    assert sign_in(world.mina, second_factor=True).get(asked)["Location"] == "/staff/"
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = sign_in(world.ana).cookies
    assert strict.post(asked, {"answer": "yes", "see": ["plan"], "days": "30"}).status_code == 403


# ---- codes and tokens -----------------------------------------------------------------------------------------------


def test_a_code_works_once_with_its_verifier_for_its_app(
    phone: Phone, world: World, later: Callable[[dt.timedelta], None]
) -> None:
    person = sign_in(world.ana)
    code = phone.launch(person, "plan")
    other = Phone(
        apps.add_app(
            name="Other", maker="M", redirect_uris=[BACK], scopes=["patient/*.rs"], by=SYSTEM, now=visitors.now()
        )
    )
    for wrong in (
        phone.exchange(code, code_verifier="w" * 43), phone.exchange(code, code_verifier=challenge_of(VERIFIER)),
        phone.exchange(code, redirect_uri=OWN_SCHEME), phone.exchange(code, code_verifier=None), other.exchange(code),
        phone.exchange("x" * 43), phone.exchange(code, grant_type="password"), phone.exchange(None),
    ):  # fmt: skip
        assert wrong.status_code == 400, wrong.content
        assert "access_token" not in said(wrong)
    assert phone.exchange(code, client_id="x").status_code == 401
    assert phone.http.post("/apps/token/?code=x", {"grant_type": "authorization_code"}).status_code == 400
    assert (
        phone.http.post("/apps/token/", b"\xff%zz", content_type="application/x-www-form-urlencoded").status_code == 400
    )
    assert phone.http.get("/apps/token/").status_code == 405
    got = said(phone.exchange(code))
    assert phone.get(got["access_token"], "CarePlan").status_code == 200
    # It comes a second time: somebody else has it, so nothing that came of it goes on.
    assert said(phone.exchange(code))["error"] == "invalid_grant"
    assert closed(phone, got["access_token"])
    assert said(phone.refresh(got["refresh_token"]))["error"] == "invalid_grant"
    assert "We closed Stretch &lt;b&gt;Log to be safe" in words(person.get("/share/").content)
    code = phone.launch(person, "plan")
    later(apps.CODE_LASTS)
    assert said(phone.exchange(code))["error"] == "invalid_grant"


def test_a_refresh_token_works_once_and_a_second_time_closes_everything(
    phone: Phone, world: World, later: Callable[[dt.timedelta], None]
) -> None:
    person = sign_in(world.ana)
    first = phone.tokens(person, "progress", "plan")
    wider = phone.refresh(first["refresh_token"], scope="patient/*.rs patient/Goal.cruds")
    assert said(wider)["error"] == "invalid_scope"
    second = said(phone.refresh(first["refresh_token"], scope="patient/*.rs"))
    assert second["patient"] == first["patient"]
    assert phone.get(second["access_token"], "Observation").status_code == 200
    later(apps.ACCESS_LASTS)
    assert closed(phone, second["access_token"])
    third = said(phone.refresh(second["refresh_token"]))
    assert set(third["scope"].split()) == set(first["scope"].split())
    assert not closed(phone, third["access_token"])
    other = Phone(
        apps.add_app(
            name="Other", maker="M", redirect_uris=[BACK], scopes=["patient/*.rs"], by=SYSTEM, now=visitors.now()
        )
    )
    assert said(other.refresh(third["refresh_token"]))["error"] == "invalid_grant"
    assert said(phone.refresh(third["access_token"]))["error"] == "invalid_grant"
    assert phone.get(third["refresh_token"], "Observation").status_code == 401
    assert said(phone.refresh(first["refresh_token"]))["error"] == "invalid_grant"  # used before
    assert closed(phone, third["access_token"])
    assert said(phone.refresh(third["refresh_token"]))["error"] == "invalid_grant"


def test_everything_ends_with_the_consent(phone: Phone, world: World, later: Callable[[dt.timedelta], None]) -> None:
    person = sign_in(world.ana)
    got, kept = phone.tokens(person, "progress"), phone.tokens(person, "progress", days="180")
    assert not closed(phone, got["access_token"])
    page = person.get("/share/").content.decode()
    grant = re.findall(r'name="grant" value="([^"]+)"', page)[1]  # the older one stands behind
    assert person.post("/share/withdraw/", {"grant": grant}).status_code == 302
    assert closed(phone, got["access_token"])
    assert said(phone.refresh(got["refresh_token"]))["error"] == "invalid_grant"
    assert not closed(phone, kept["access_token"])  # a yes for another phone is another yes
    later(dt.timedelta(days=179))
    fresh = said(phone.refresh(kept["refresh_token"]))
    later(dt.timedelta(days=180) - 3 * SECOND)
    assert closed(phone, fresh["access_token"])
    assert said(phone.refresh(fresh["refresh_token"]))["expires_in"] <= 3
    later(dt.timedelta(days=180))
    assert said(phone.refresh(kept["refresh_token"]))["error"] == "invalid_grant"
    later(dt.timedelta(days=188))
    phone.launch(sign_in(world.ana), "progress")  # what has long run out is swept away with the next yes
    assert (AppCode.objects.count(), AppToken.objects.count()) == (1, 0)


def test_everything_ends_with_the_app_or_the_account(phone: Phone, world: World) -> None:
    mine, theirs = phone.tokens(sign_in(world.bo), "progress"), phone.tokens(sign_in(world.ana), "plan")
    accounts.close_account(account=world.bo, now=visitors.now())
    assert closed(phone, mine["access_token"])
    assert said(phone.refresh(mine["refresh_token"]))["error"] == "invalid_grant"
    assert phone.get(theirs["access_token"], "CarePlan").status_code == 200
    assert "reads nothing any more" in running.end_app(str(phone.app.uuid))
    assert phone.get(theirs["access_token"], "CarePlan").status_code == 401
    assert phone.refresh(theirs["refresh_token"]).status_code == 401


def test_an_app_gives_back_what_it_has(phone: Phone, world: World) -> None:
    person = sign_in(world.bo)
    got = phone.tokens(person, "progress")

    def give_back(token: str, **other: str) -> int:
        sent = {"token": token, "client_id": str(phone.app.uuid)} | other
        return int(phone.post("/apps/revoke/", sent).status_code)

    assert give_back("x" * 43) == 200  # nothing to take back is nothing wrong: RFC 7009
    assert give_back(got["access_token"], client_id="x") == 401
    assert not closed(phone, got["access_token"])
    assert give_back(got["access_token"], token_type_hint="refresh_token") == 200
    assert closed(phone, got["access_token"])
    second = said(phone.refresh(got["refresh_token"]))
    assert give_back(second["refresh_token"]) == 200
    assert closed(phone, second["access_token"])
    assert "Stretch &lt;b&gt;Log gave back what you let it see" in words(person.get("/share/").content)


def test_a_yes_is_for_its_own_token_and_one_that_was_never_fetched_goes(phone: Phone, world: World) -> None:
    person = sign_in(world.ana)
    small, large = phone.tokens(person, "plan"), phone.tokens(person, "plan", "progress")
    assert phone.get(small["access_token"], "Observation").status_code == 403
    assert phone.get(large["access_token"], "Observation").status_code == 200
    left = phone.launch(person, "progress")
    phone.launch(person, "progress")
    assert said(phone.exchange(left))["error"] == "invalid_grant"


def test_cookies_open_nothing_and_too_many_questions_wait(
    phone: Phone, world: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = sign_in(world.ana)
    assert person.get("/fhir/Patient").status_code == 401
    assert person.get("/share/programs/").status_code == 404
    token = phone.tokens(person, "identity")["access_token"]
    monkeypatch.setattr(programs, "READS_A_MINUTE", 2)
    assert [phone.get(token, "Patient").status_code for _ in range(3)] == [200, 200, 429]
    cache.clear()
    settings.ACCOUNT_RATE_LIMITS = {"app_token": "1/m/ip"}
    assert [phone.exchange("x" * 43).status_code for _ in range(2)] == [400, 429]


def test_what_is_no_app_is_refused(world: World) -> None:
    here = "http://127.0.0.1:9/x"
    good: dict[str, Any] = {
        "name": "A",
        "maker": "M",
        "redirect_uris": [here],
        "scopes": "patient/Goal.rs",
    }
    assert "Its client_id: " in running.new_app(**good)
    assert here in running.every_app()
    wrongs: tuple[dict[str, Any], ...] = (
        {}, {"name": " "}, {"maker": ""}, {"scopes": "patient/Goal.cud"}, {"scopes": "offline_access"},
        *({"redirect_uris": [one]} for one in (
            "http://app.example/", "https://", "https://a.example/#x", "https://*.example/", "javascript:alert(1)",
            "data:x", "myapp:/x", "https://a@b.example/", "//x.example/", "https://a.example/ x", "https://[::1",
        )),
        {"redirect_uris": []},
    )  # fmt: skip
    for wrong in wrongs:
        with pytest.raises(InputError):
            running.new_app(**(good | ({"name": "B"} if wrong else {}) | wrong))
    assert App.objects.count() == 1
