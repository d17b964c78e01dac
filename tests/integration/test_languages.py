"""Every page in a made-up language: what is not strange there did not pass through translation."""

import datetime as dt
import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from tests.once import invented_once
from upperback.care.triage import decide, read_findings
from upperback.care.triage.record import decision_record
from upperback.content.models import Case
from upperback.content.vocabulary import default_content
from upperback.services import plans
from upperback.services.actors import SYSTEM
from upperback.services.people import Profile
from upperback.store.models import Decision, Review
from upperback.web import languages
from upperback.web.offline import render_offline_pages
from upperback.web.person import session, urls

CONTENT: Final = default_content()
NOW: Final = dt.datetime(2026, 11, 24, 9, 30, tzinfo=dt.UTC)
PEOPLE: Final = ("desk", "six_weeks", "fracture", "cord")

#: Two letters of the plain alphabet next to each other: a word that nobody has said in another language.
_WORD: Final = re.compile(r"[A-Za-z]{2,}")
_UNSEEN: Final = re.compile(
    r"<!--.*?-->|<(script|style|textarea)\b.*?</\1>|<(\w+)[^>]*\btranslate=\"no\".*?</\2>", re.DOTALL
)
_LABELS: Final = re.compile(r'\b(?:aria-label|alt|title|placeholder)="([^"]*)"')
#: What has the same name everywhere: the product, units, names of people, addresses, what a person wrote.
_NAMES: Final = re.compile(
    r"\b(Upperback|kg|cm|min|UTC|JSON|FHIR|CSV|Bluetooth|WiFi|English|Deutsch)\b|10\.\d+/\S+|/tmp/\S+|Europe/London"
)
_OWN_WORDS: Final = (CONTENT.release_id, "Heat, and shorter times at the desk", "upperback analyse FILE")


def plain_words(page: str, own: frozenset[str] = frozenset()) -> set[str]:
    """Texts of a page that are in plain English; `own`: what people wrote, and titles of papers."""
    body = _UNSEEN.sub(" ", page[page.index("<body") :])
    texts = [*re.split(r"<[^>]+>", body), *_LABELS.findall(body)]
    found = {" ".join(html.unescape(text).split()) for text in texts}
    return {text for text in found if _WORD.search(_without(text, own))}


def _without(text: str, own: frozenset[str]) -> str:
    for words in own:
        text = text.replace(words, " ")
    return _NAMES.sub(" ", text)


def addresses(profile: Profile) -> Iterator[str]:
    """Every page of this person that can be looked at."""
    plan = plans.latest_plan(profile=profile, by=SYSTEM)
    planned = [item["id"] for item in plan.record["exercises"]] if plan is not None else []
    of_each: dict[str, list[Any]] = {
        "page_id": [page.id for section in CONTENT.release.questions for page in section.together],
        "question_id": list(CONTENT.questions)[::9],
        "step_id": ["areas", "tasks", "amounts", "goals", "day", "equipment"],
        "task_id": ["LM-SIT"],
        "rung_id": [],
        "part_id": ["screen", "around", "seat", "day"],
        "learn_id": ["posture"],
        "kept": [],
        "entry_uuid": [],
        "exercise_id": planned[:2],
        "session_id": [],
        "decision_uuid": list(Decision.objects.filter(screening__profile=profile).values_list("uuid", flat=True)),
        "review_uuid": list(Review.objects.filter(profile=profile).values_list("uuid", flat=True)),
    }
    yield from ("/", "/about/", "/language/")
    for pattern in urls.urlpatterns:
        match list(pattern.pattern.converters):
            case []:
                yield reverse(str(pattern.name))
            case [argument]:
                yield from (reverse(str(pattern.name), args=[id]) for id in of_each.get(argument, []))


@pytest.fixture
def pseudo(settings: Any) -> None:
    """The made-up languages are offered, and every sentence that code makes is known, in a catalogue or not yet."""
    settings.PSEUDO_LANGUAGES = True


@pytest.mark.django_db
@pytest.mark.parametrize("key", PEOPLE)
def test_every_text_of_every_page_passed_through_translation(
    key: str, pseudo: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "now", lambda: NOW)
    profile = invented_once(key, NOW)
    client = Client()
    client.post("/people/choose/", {"person": str(profile.uuid)})
    client.cookies[languages.LANGUAGE_COOKIE] = "en-XA"
    own = frozenset({profile.name, *_OWN_WORDS, *(source.citation for source in CONTENT.release.bibliography)})
    seen, loose = 0, dict[str, str]()
    for path in addresses(profile):
        answer: Any = client.get(path)
        if answer.status_code in {301, 302, 303, 405} or not answer.get("Content-Type", "").startswith("text/html"):
            continue
        seen += 1
        assert int(answer.get("Content-Length", len(answer.content))) == len(answer.content)
        for text in plain_words(answer.content.decode(), own):
            loose.setdefault(text, path)
    assert seen > 20
    assert loose == {}, "\n".join(f"{path}: {text}" for text, path in loose.items())


# ---- countries -----------------------------------------------------------------------------------------------------

#: How the emergency service is called by phone where there is a table; everywhere else, 112.
EMERGENCY: Final = {"uk": "999", "ie": "112", "de": "112", "us": "911", "fallback": "112"}
TABLES: Final = {table.region: table for table in CONTENT.release.services}
NUMBERS: Final = frozenset(
    service.number for table in TABLES.values() for service in table.services if service.number is not None
)
_NUMBER: Final = re.compile(rf"(?<![\w.,-])(?:{'|'.join(sorted(NUMBERS, key=len, reverse=True))})(?![\w,-])")
#: Comments, what people may type into a search, the angles of a figure.
_ASIDE: Final = re.compile(r"\{#.*?#\}|^words: [^\n]*|^figure:.*?^sensor:", re.DOTALL | re.MULTILINE)
ROOT: Final = Path(__file__).resolve().parents[2] / "src"


def test_every_country_has_an_emergency_number() -> None:
    found = {region: {one.key: one.number for one in table.services}["emergency"] for region, table in TABLES.items()}
    assert found == EMERGENCY


@pytest.mark.parametrize("region", [*TABLES, "nowhere"])
def test_help_names_the_numbers_of_its_country_and_of_no_other(region: str) -> None:
    page = render_offline_pages(region=region).help.decode()
    called = set(re.findall(r'href="(?:tel|sms):(\d+)"', page))
    own = {one.number for one in TABLES[region].services} if region in TABLES else {"112"}
    assert EMERGENCY.get(region, "112") in called
    assert called <= own
    unchecked = region in TABLES and any(one.status == "verify" and one.name in page for one in TABLES[region].services)
    assert ("not checked this entry yet" in page) == unchecked


def test_no_number_stands_outside_the_tables() -> None:
    """Templates and content name a service, `{emergency}`, and the table of the country says its number."""
    files = [*ROOT.glob("upperback/web/templates/**/*.jinja"), *ROOT.glob("upperback_content/**/*.md")]
    files += [path for path in ROOT.glob("upperback_content/**/*.yaml") if path.parent.name != "services"]
    beside = {"styleguide.jinja", "bibliography.yaml", "alarm_words.yaml"}
    found = []
    for path in files:
        text = _ASIDE.sub("", path.read_text("utf-8"))
        numbers = set(_NUMBER.findall(text)) - ({"112"} if path.suffix == ".jinja" else set())  # a last resort
        found += [f"{path.name}: {number}" for number in numbers if path.name not in beside]
    assert found == []


# ---- decisions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", [tag for tag in languages.LANGUAGES if tag != "en-GB"])
def test_no_decision_depends_on_the_language(tag: str) -> None:
    in_english = [_decided(case) for rule in CONTENT.rules.values() for case in rule.cases[::3]]
    with languages.reading(languages.LANGUAGES[tag], "de"), translation.override(tag.lower()):
        assert [_decided(case) for rule in CONTENT.rules.values() for case in rule.cases[::3]] == in_english


def _decided(case: Case) -> Any:
    said = {key: list(value) if isinstance(value, tuple) else value for key, value in case.findings.items()}
    facts = read_findings(said, content=CONTENT, absent="no")
    return decision_record(decide(facts, CONTENT), facts, CONTENT)


@pytest.mark.django_db
def test_titles_of_sources_stay_english_and_say_so(client: Client) -> None:
    source = CONTENT.sources[next(page for page in CONTENT.release.learn if page.id == "posture").sources[0]].citation
    page = client.get("/learn/posture/", headers={"accept-language": "de"}).content.decode()
    assert f'<cite lang="en-GB" dir="ltr" translate="no">{html.escape(source, quote=False)}</cite>' in page
    assert "Das sind die Titel der Quellen. Sie bleiben auf Englisch" in page
    assert "titles of the sources" not in client.get("/learn/posture/").content.decode()
