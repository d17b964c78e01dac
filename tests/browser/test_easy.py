"""Easy read, read aloud: sentence by sentence with a voice of the device, and plain where there is none."""

from tests.browser.conftest import OpenPage

VOICE = """
  window.spoken = [];
  const voice = {lang: "en-GB", localService: true, name: "Test"};
  Object.defineProperty(window, "speechSynthesis", {value: {
    getVoices: () => window.voices ?? [voice], addEventListener() {}, cancel() {},
    speak(words) { window.spoken.push(words.text); words.onstart(); setTimeout(() => words.onend(), 5); },
  }});
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
"""
FAR = "window.voices = [{lang: 'en-GB', localService: false, name: 'Far away'}];"


def test_it_reads_every_sentence_and_stops(open_page: OpenPage) -> None:
    page = open_page("/")
    page.context.add_init_script(VOICE)
    page.goto("/easy/safety-check/")
    page.get_by_role("button", name="Read it to me").click()
    page.get_by_role("button", name="Read it to me").wait_for()
    assert page.evaluate("window.spoken") == page.locator("[data-aloud]").all_inner_texts()
    assert page.locator(".easy-now").count() == 0


def test_a_voice_that_is_not_on_the_device_is_not_used(open_page: OpenPage) -> None:
    page = open_page("/")
    page.context.add_init_script(FAR + VOICE)
    page.goto("/easy/safety-check/")
    assert page.get_by_role("button", name="Read it to me").count() == 0
    page.get_by_text("Your device may read this page to you.").wait_for()
