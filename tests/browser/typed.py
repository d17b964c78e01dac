"""Texts that try to run, typed into the forms of a page in a real browser, and whether anything came of it."""

from typing import Any, Final

from playwright.sync_api import Page

#: Fills each text field of a form, takes the first of what is to be chosen, and sends it past any script.
_SEND: Final = """([number, payloads]) => {
  const texts = (form) => [...form.elements].filter((one) => one.name && one.matches(
    "textarea, input[type=text], input[type=search], input[type=tel], input[type=email], input[type=password]"));
  const form = [...document.querySelectorAll("main form")].filter((one) => texts(one).length)[number];
  if (!form) return 0;
  const typed = texts(form);
  typed.forEach((one, at) => { one.removeAttribute("maxlength"); one.value = payloads[at % payloads.length]; });
  const chosen = new Set();
  for (const one of form.elements) {
    if (one.type === "radio" && !chosen.has(one.name)) { one.checked = true; chosen.add(one.name); }
    if (one.tagName === "SELECT" && one.options.length > 1) one.selectedIndex = 1;
  }
  const button = [...form.querySelectorAll("button")].find((one) => one.type === "submit" && one.name);
  if (button) {
    const named = document.createElement("input");
    Object.assign(named, { type: "hidden", name: button.name, value: button.value });
    form.append(named);
  }
  HTMLFormElement.prototype.submit.call(form);
  return typed.length;
}"""
FORMS: Final = """() => [...document.querySelectorAll("main form")].filter((form) => form.querySelector(
  "textarea[name], :is([type=text], [type=search], [type=tel], [type=email], [type=password])[name]")).length"""
#: What a payload becomes where it is not text: elements that no page of ours has.
STRANGE: Final = """() => [...document.querySelectorAll(
  "iframe, object, embed, base, math, body style, body [onload], [onerror], [onfocus], [ontoggle], [onpageshow]," +
  "[onanimationstart], [srcdoc], a[href^='javascript'], form[action^='javascript']," +
  "script:not([src]):not([type='application/json'])")].map((one) => one.outerHTML.slice(0, 120))"""


def send(page: Page, address: str, number: int, some: list[str]) -> int:
    """Sends one form of a page; how many fields it had. What comes back is looked at like any page."""
    page.goto(address)
    assert page.evaluate(FORMS) > number, f"{address} has no form {number} with a text field"
    return _send(page, address, number, some)


def _send(page: Page, address: str, number: int, some: list[str]) -> int:
    with page.expect_navigation():
        fields: int = page.evaluate(_SEND, [number, some])
    assert page.evaluate(STRANGE) == [], (address, some)
    return fields


def send_if_there(page: Page, address: str, number: int, some: list[str]) -> int:
    """The same, or 0 where what was sent before has taken the form off the page, as a choice that is made does."""
    page.goto(address)
    return _send(page, address, number, some) if page.evaluate(FORMS) > number else 0


def look(page: Page, address: str) -> None:
    page.goto(address)
    assert page.evaluate(STRANGE) == [], address


def watched(page: Page) -> list[str]:
    """What ran: fills by itself. A script that the policy of a page stopped is one that was there."""
    ran: list[str] = []

    def asked(dialog: Any) -> None:
        ran.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", asked)
    return ran
