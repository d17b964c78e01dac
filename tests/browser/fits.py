"""Does a page fit? Nothing sticks out or is cut, no text lies on another; in large text, in other languages.

`faults_of` looks at a page as it stands. `Twin` shows the same addresses beside it to a reader of another language.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from playwright.sync_api import Browser, Page

from upperback.web.languages import LANGUAGE_COOKIE

#: What WCAG asks for: a wide screen at 200 %, which leaves 640 px; and the smallest phone, with letters twice as large.
WAYS: Final[dict[str, tuple[tuple[int, int], str]]] = {
    "1280 px at 200 %": ((640, 450), "100%"),
    "320 px": ((320, 640), "100%"),
    "320 px, text at 200 %": ((320, 640), "200%"),
}
#: German, and the made-up language that is read from right to left.
LANGUAGES: Final = {"de": "ltr", "ar-XB": "rtl"}

#: What sticks out on either side; what is cut where nothing scrolls; texts that lie on other texts; words of a drawing
#: that stand outside it. Of a line of text its small letters count, so that tight lines may touch.
FAULTS: Final = """() => {
  const words = e => e.textContent.trim().replace(/\\s+/g, ' ').slice(0, 40);
  const named = e => `${e.tagName}.${e.getAttribute('class')} “${words(e)}”`;
  const seen = e => e.checkVisibility({visibilityProperty: true, opacityProperty: true});
  const all = [...document.querySelectorAll('body *')].filter(seen);
  const clip = e => {  // the box of what scrolls or hides around it
    for (let up = e; up && up !== document.body; up = up.parentElement)
      if (getComputedStyle(up).overflow !== 'visible' && !(up instanceof SVGElement)) return up.getBoundingClientRect();
  };
  const found = [];
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth)
    for (const e of all) {
      const box = e.getBoundingClientRect(), frame = clip(e.parentElement);
      if (frame && frame.left >= -1 && frame.right <= innerWidth + 1) continue;  // it scrolls by itself, or is cut
      if (box.right > innerWidth + 1 || box.left < -1) found.push(`wide ${named(e)}`);
    }
  const hides = (style, axis) => ['hidden', 'clip'].includes(style[axis]);
  for (const e of all) {
    if (e.closest('svg') || e.clientWidth <= 1 || e.clientHeight <= 1 || !e.textContent.trim()) continue;
    const style = getComputedStyle(e);
    if (hides(style, 'overflowX') && e.scrollWidth > e.clientWidth + 1) found.push(`cut ${named(e)}`);
    else if (hides(style, 'overflowY') && e.scrollHeight > e.clientHeight + 1) found.push(`cut below ${named(e)}`);
  }
  for (const e of document.querySelectorAll('main svg text')) {
    if (!seen(e)) continue;
    const box = e.getBoundingClientRect(), frame = e.ownerSVGElement.getBoundingClientRect();
    if (box.width && (box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1))
      found.push(`outside its drawing ${named(e)}`);
  }
  const floats = e => e && (['fixed', 'sticky'].includes(getComputedStyle(e).position) || floats(e.parentElement));
  const unread = 'option, textarea, noscript, script, style';
  const lines = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walk.nextNode());) {
    const e = node.parentElement;
    if (!node.data.trim() || !seen(e) || floats(e) || e.closest(unread)) continue;
    const frame = clip(e);
    if (frame && frame.width <= 1) continue;  // for readers of a screen only
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      const x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
      if (frame && (x < frame.left || x > frame.right || y < frame.top || y > frame.bottom)) continue;
      if (box.width > 2) lines.push([e, box.left + 1, box.right - 1, y - box.height / 4, y + box.height / 4]);
    }
  }
  lines.sort((one, other) => one[3] - other[3]);
  for (let i = 0; i < lines.length; i++)
    for (let j = i + 1; j < lines.length && lines[j][3] < lines[i][4]; j++)
      if (lines[j][1] < lines[i][2] && lines[i][1] < lines[j][2])
        found.push(`${named(lines[i][0])} lies on ${named(lines[j][0])}`);
  return found.slice(0, 4);
}"""


def faults_of(page: Page, ways: Sequence[str] = tuple(WAYS)) -> list[str]:
    """What does not fit, in each way of seeing the page. Empty is good. The page is left as it was found."""
    before = page.viewport_size
    assert before is not None
    found = []
    for way in ways:
        (width, height), text = WAYS[way]
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("size => document.documentElement.style.fontSize = size", text if text != "100%" else "")
        found += [f"{way}: {fault}" for fault in page.evaluate(FAULTS)]
        page.evaluate("() => document.documentElement.style.fontSize = ''")
    page.set_viewport_size(before)
    return found


class Twin:
    """Somebody who is let in with the same cookies, but reads another language."""

    def __init__(self, browser: Browser, page: Page, tag: str, *, turned: bool = False) -> None:
        """`turned`: from right to left, for where the made-up languages are not offered."""
        self.tag, self.turned = tag, turned
        self._of = page
        self._context = browser.new_context(
            viewport={"width": 320, "height": 640}, reduced_motion="reduce", service_workers="block"
        )
        self.page = self._context.new_page()

    def look(self, address: str) -> Iterator[str]:
        """What does not fit there; nothing where the address cannot be asked for."""
        cookies: list[Any] = [*self._of.context.cookies()]
        origin = "/".join(address.split("/")[:3])
        cookies = [cookie for cookie in cookies if cookie["name"] != LANGUAGE_COOKIE]
        self._context.clear_cookies()
        self._context.add_cookies([*cookies, {"name": LANGUAGE_COOKIE, "value": self.tag, "url": origin}])
        answer = self.page.goto(address)
        if answer is None or answer.status in {404, 405}:
            return
        if self.turned:
            self.page.evaluate("() => document.documentElement.dir = 'rtl'")
        shown = self.page.evaluate("[document.documentElement.lang, document.documentElement.dir]")
        if shown != [self.tag, "rtl" if self.turned else LANGUAGES[self.tag]]:
            yield f"{self.tag}: shown in {shown}"
        yield from (f"{self.tag}{' turned' if self.turned else ''}, {fault}" for fault in faults_of(self.page))

    def close(self) -> None:
        """Goes away."""
        self._context.close()
