"""Pages that show what another device measures, while the server is stopped and started again: nobody reloads them."""

import contextlib
import json
import re
import threading
from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.browser.conftest import PHONE, Live, start_live
from tests.browser.emulated_phone import part
from tests.browser.test_live import free_port
from tests.unit.services.test_live import Phone

LOST: Final = "The line is lost. It goes on by itself when it is back."
OFF: Final = "No sensor is heard now. It goes on here when one is back."
LEANS: Final = re.compile("^(28|29|30|31|32)°$")


class Remembers(Phone):
    """Keeps what it has sent: what the server had not stored when it stopped has to be sent again."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def leans(self, *poses: tuple[float, float]) -> list[bytes]:
        found = super().leans(*poses)
        self.sent += found
        return found

    def from_number(self, number: int) -> list[bytes]:
        return [frame for frame in self.sent if int.from_bytes(frame[4:8], "little") >= number]


@contextlib.contextmanager
def worn(page: Page, live: Live, told: Remembers, stream: str | None = None) -> Iterator[dict[str, Any]]:
    """A sensor of software beside the pages of this browser, let in by their ticket; it leans by 30 degrees."""
    ticket = page.evaluate(
        "async () => (await (await fetch('/live/ticket/', {method: 'POST', headers: "
        "{'X-CSRFToken': document.querySelector('[name=csrfmiddlewaretoken]').value}})).json()).ticket"
    )
    headers = {"Cookie": "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies())}
    address = live.address.replace("http", "ws", 1)
    over = threading.Event()
    with connect(f"{address}/live/socket/", additional_headers=headers | {"Origin": live.address}) as line:

        def say(*messages: bytes | dict[str, Any]) -> None:
            for one in messages:
                line.send(one if isinstance(one, bytes) else json.dumps(one))

        def leans() -> None:
            with contextlib.suppress(ConnectionClosed):
                while not over.wait(0.2):
                    say(*told.leans((30, 0.2)))
                    with contextlib.suppress(TimeoutError):
                        while True:
                            line.recv(timeout=0)

        say({"ticket": ticket} | ({"stream": stream} if stream else {}))
        ready = json.loads(line.recv(timeout=20))
        if stream is None:
            say(*told.lies(2), {"task": "stand", "n": 1}, *told.leans((0, 8)), {"task": "bend", "n": 2})
            bends = told.leans((0, 1), (60, 1), (0, 1), (60, 1), (0, 1))
            say(*bends, {"task": None, "n": 3}, {"align": True, "n": 4})
        else:
            say(*told.from_number(ready["next"]))
        leaning = threading.Thread(target=leans)
        leaning.start()
        try:
            yield ready
        finally:
            over.set()
            leaning.join()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]})
    yield context.new_page()
    context.close()


def test_pages_that_look_on_go_on_after_a_restart(page: Page, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The values are old while the line is gone, and current again once the sensor is back."""
    data, port, told = tmp_path_factory.mktemp("live-again"), free_port(), Remembers()
    open_ends = contextlib.ExitStack()
    with start_live(data, "demo=True", port=port) as live:
        page.goto(live.first_link)
        page.goto(f"{live.address}/people/")
        page.get_by_role("button", name="Priya").click()
        page.goto(f"{live.address}/live/")
        muscle = page.context.new_page()
        muscle.goto(f"{live.address}/live/muscle/")
        sensor = open_ends.enter_context(worn(page, live, told))
        muscle.get_by_role("button", name="Try it with a made-up muscle").click()
        expect(part(page, "degrees")).to_have_text(LEANS, timeout=15_000)
        expect(part(muscle, "ask")).to_contain_text("Rest for twelve seconds")
    open_ends.close()
    expect(part(page, "lean")).to_have_text(LOST)
    expect(part(page, "degrees")).to_have_text("")
    expect(page.locator(".live--stale.live--unknown")).to_be_visible()
    expect(part(muscle, "ask")).to_have_text("The line is lost. It begins again with rest when it is back.")
    expect(part(muscle, "level")).to_have_text("Not measured right now")
    with start_live(data, "demo=False", port=port) as live:  # a demo would be made anew
        expect(part(page, "lean")).to_have_text(OFF, timeout=20_000)
        with worn(page, live, told, stream=sensor["stream"]) as again:
            assert again["is_aligned"], "what was stored is gone on with"
            expect(part(page, "degrees")).to_have_text(LEANS, timeout=15_000)
            expect(page.locator(".live--stale")).to_have_count(0)
            expect(part(muscle, "source")).to_contain_text("It has begun again.", timeout=20_000)
        expect(page.get_by_role("heading", name="Stopped")).to_be_visible(timeout=10_000)
