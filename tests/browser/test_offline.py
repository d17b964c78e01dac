"""Without a connection: pages to read, plan, exercises, help; what is personal is sealed, and all of it is dated."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage

#: As a page does that stood open for a while.
KEEP_THE_BOOK = """async () => {
  const wait = () => new Promise((done) => setTimeout(done, 50));
  const { active } = await navigator.serviceWorker.ready;
  for (let times = 0; times < 500 && !(await caches.match("/learn/book/")); times += 1) {
    active.postMessage("keep the book");
    await wait();
  }
}"""
#: What is kept in the caches of this browser, as text.
IN_CACHES = """async () => {
  let all = "";
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      all += request.url + "\\n" + (await (await cache.match(request)).text()) + "\\n";
    }
  }
  return all;
}"""
#: Every record of every database of this browser, sealed ones as the bytes they are.
IN_DATABASES = """async () => {
  const wait = (request) => new Promise((done) => { request.onsuccess = () => done(request.result); });
  let all = "";
  for (const { name } of await indexedDB.databases()) {
    const base = await wait(indexedDB.open(name));
    for (const store of base.objectStoreNames) {
      for (const row of await wait(base.transaction(store).objectStore(store).getAll())) {
        all += JSON.stringify(row, (_, value) => value instanceof ArrayBuffer || ArrayBuffer.isView(value)
          ? new TextDecoder("utf-8", { fatal: false }).decode(value) : value) + "\\n";
      }
    }
    base.close();
  }
  return all;
}"""
AGED = """async (days) => {
  const name = (await caches.keys()).find((one) => one.startsWith("upperback-book-"));
  const cache = await caches.open(name);
  const found = await cache.match("/learn/book/");
  const headers = new Headers(found.headers);
  headers.set("x-kept-ms", String(Date.now() - days * 86400000));
  await cache.put("/learn/book/", new Response(await found.blob(), { headers }));
}"""


def prepared(open_page: OpenPage) -> Page:
    """Priya's browser, with the pages to read kept."""
    page = open_page("/people/")
    page.get_by_role("button", name="Priya").click()
    page.wait_for_url("**/today/")
    page.evaluate(KEEP_THE_BOOK)
    return page


def test_plan_exercises_and_reading_without_a_connection(open_page: OpenPage) -> None:
    page = prepared(open_page)
    page.goto("/plan/")
    page.get_by_role("button", name="Keep my plan on this device").click()
    expect(page.get_by_text("Your plan is kept on this device.")).to_be_visible()
    first = page.locator("main .plan-item__name[href^='/exercise/']").first
    exercise, name = first.get_attribute("href"), first.inner_text()
    assert exercise is not None
    kept = page.evaluate(IN_CACHES) + page.evaluate(IN_DATABASES) + page.evaluate("JSON.stringify(localStorage)")
    assert "learn/book" in kept
    for personal in ("Priya", "Because you told us", "data-person", "Without a connection"):
        assert personal not in kept, personal

    page.context.set_offline(True)
    page.goto("/plan/")
    expect(page.get_by_text("This copy is from")).to_be_visible()
    expect(page.get_by_role("heading", name="Stop at once and get help")).to_be_visible()
    assert page.locator("main form").count() == 0
    page.get_by_role("link", name=name, exact=True).first.click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    assert page.locator("main svg.fig").count() > 0

    page.goto("/learn/rib-joint/")
    expect(page.get_by_text("This page was kept on this device on")).to_be_visible()
    expect(page.get_by_role("heading", level=1, name="A sharp catch near a rib")).to_be_visible()
    expect(page.locator("#from-above-4")).to_be_visible()
    assert "If the check is clear" not in page.content()  # what reassures waits for a check
    expect(page.locator(".kept__old")).to_be_hidden()
    page.evaluate(AGED, 40)
    page.goto("/learn/rib-joint/")
    expect(page.locator(".kept__old")).to_be_visible()

    page.goto("/today/")
    expect(page.get_by_role("link", name="Your plan, as it is kept on this device")).to_be_visible()
    expect(page.get_by_role("link", name="Pages to read, as they are kept on this device")).to_be_visible()
    page.goto("/help/")
    expect(page.get_by_role("heading", level=1, name="Help now")).to_be_visible()

    page.goto("/plan/")
    page.get_by_role("button", name="Take this copy off this device").click()
    expect(page.get_by_text("This page opens without one only where")).to_be_visible()


def test_control_nothing_is_kept_of_a_plan_until_somebody_says_so(open_page: OpenPage) -> None:
    page = prepared(open_page)
    page.goto("/plan/")
    page.get_by_role("button", name="Keep my plan on this device").wait_for()
    page.context.set_offline(True)
    page.goto("/plan/")
    expect(page.get_by_role("heading", level=1, name="There is no connection")).to_be_visible()
    assert page.evaluate("localStorage.getItem('upperback.plan')") is None
