"""Our forms in a reader of others: LHC-Forms shows every item, and what is answered there comes in here.

Run by `just forms-elsewhere`, with the package unpacked somewhere: `UPPERBACK_LFORMS` names the folder. Only its built
files are needed, none of its dependencies.
"""

import json
import os
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route

from upperback.content.vocabulary import default_content
from upperback.interchange.fhir import definition_resources, plain
from upperback.interchange.fhir.reading import Incoming, read_bundle

pytestmark = pytest.mark.long

HOW: Final = "npm pack lforms@40.1.3 && tar -xzf lforms-40.1.3.tgz, then UPPERBACK_LFORMS=$PWD/package"
PATIENT: Final = {"resourceType": "Patient", "id": "ana", "name": [{"given": ["Ana"], "family": "Gray"}]}
#: Its scripts hold tables as letters beyond ASCII: read as anything but UTF-8 the page stays empty.
READER: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A reader of others</title>
<link rel="stylesheet" href="/webcomponent/styles.css"></head><body><div id="form"></div>
<script src="/webcomponent/assets/lib/zone.min.js"></script><script src="/webcomponent/lhc-forms.js"></script>
<script src="/fhir/R4/lformsFHIR.min.js"></script></body></html>"""
SHOW: Final = "form => LForms.Util.addFormToPage(form, 'form', {fhirVersion: 'R4'})"
#: Of each form: the item that is answered, and how.
ANSWERED: Final = {
    "SafetyCheck": {"age": "44", "sex": "female", "self_harm": "none"},
    "DeskCheck": {"W01": "to change"},
    "Clearance": {"role": "my physiotherapist"},
}
Plain = dict[str, Any]
FORMS: Final[dict[str, Plain]] = {
    form["name"]: form
    for form in map(plain, definition_resources(default_content()))
    if form["resourceType"] == "Questionnaire"
}


@pytest.fixture(scope="module")
def reader() -> Path:
    """The built files of LHC-Forms."""
    folder = Path(os.environ.get("UPPERBACK_LFORMS", "node_modules/lforms")) / "dist" / "lforms"
    if not (folder / "webcomponent" / "lhc-forms.js").is_file():
        pytest.skip(f"no LHC-Forms: {HOW}")
    return folder


@pytest.fixture
def page(browser: Browser, reader: Path) -> Page:
    """An empty page of the reader; nothing is asked of anybody else."""

    def serve(route: Route) -> None:
        file = reader / urlsplit(route.request.url).path[1:]
        if not route.request.url.startswith("http://forms.test/"):
            route.abort()
        elif file.is_file():
            route.fulfill(path=file)
        else:
            route.fulfill(body=READER, content_type="text/html")

    page = browser.new_page()
    page.set_default_timeout(60_000)
    page.route("**/*", serve)
    page.goto("http://forms.test/")
    return page


def shown(page: Page, form: Plain) -> str:
    page.evaluate(SHOW, form)
    page.locator(f"[id='item-{form['item'][-1]['linkId']}/1']").wait_for()
    return page.locator("#form").inner_text()


def brought(page: Page) -> Incoming:
    """What the reader gives out, through our import."""
    ask = "person => LForms.Util.getFormFHIRData('QuestionnaireResponse', 'R4', null, {subject: person})"
    response = page.evaluate(ask, PATIENT)
    entries = [{"resource": PATIENT}, {"fullUrl": "urn:uuid:form", "resource": response}]
    return read_bundle(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode())


@pytest.mark.parametrize("name", FORMS)
def test_every_item_is_there_and_an_answer_comes_in(page: Page, name: str) -> None:
    form = FORMS[name]
    text = shown(page, form)
    assert [item["text"] for item in form["item"] if item["text"] not in text] == []
    for key, answer in ANSWERED[name].items():
        field = page.locator(f"[id='{key}/1']")
        field.click()
        field.fill(answer)
        field.press("Tab")
    found = brought(page).observations
    by_key = {one.there.rpartition("/")[2]: one for one in found}
    words = {item["linkId"]: item["text"] for item in form["item"]}
    assert {key: one.words for key, one in by_key.items()} == {key: words[key] for key in ANSWERED[name]}
    said = {key: one.value and (one.value.words or f"{one.value.number:g}") for key, one in by_key.items()}
    assert said == ANSWERED[name]
    assert {key for key, one in by_key.items() if one.private} == set(by_key) & {"self_harm"}


def test_every_answer_to_choose_has_words() -> None:
    options = [option for form in FORMS.values() for item in form["item"] for option in item.get("answerOption", ())]
    assert len(options) > 400
    assert [option for option in options if not option["valueCoding"].get("display")] == []


def test_an_item_without_words_is_missed(page: Page) -> None:
    form = json.loads(json.dumps(FORMS["DeskCheck"]))
    lost = form["item"][0].pop("text")
    assert lost not in shown(page, form)
