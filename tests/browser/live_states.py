"""The states of the live pages, as a server and a phone would bring them about: `tour` walks them."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from playwright.sync_api import Page, WebSocketRoute

#: A phone that lies or is worn, for pages that ask whether there is a sensor at all.
_MOVES: Final = """() => {
    const acc = { x: 0, y: 0, z: 9.8 };
    setInterval(() => dispatchEvent(new DeviceMotionEvent('devicemotion', { accelerationIncludingGravity: acc })), 20);
}"""
_READY: Final[dict[str, Any]] = {"ready": True, "stream": "s", "next": 0, "is_aligned": False}
_RUNS: Final[dict[str, Any]] = {"running": True, "is_aligned": True}
_HINT: Final = "You have been bent forward for a while. Sit back or stand up, if you like."


def now(flexion_deg: float | None, held_s: float = 20, *notes: str) -> dict[str, Any]:
    """How the trunk is."""
    lateral_deg = None if flexion_deg is None else 3
    return {"now": {"flexion_deg": flexion_deg, "lateral_deg": lateral_deg, "held_s": held_s, "notes": list(notes)}}


#: What a page that looks on is told until each state of it.
LOOKS_ON: Final[dict[str, tuple[dict[str, Any], ...]]] = {
    "put-on": ({"running": True, "is_aligned": False},),
    "upright": (_RUNS, now(4)),
    "hint": (_RUNS, now(38, 700), {"second": {"hint": True, "why": _HINT}}),
    "not-measured": (_RUNS, now(None, 0, "The sensor moves too fast to tell.")),
    "off": (_RUNS, now(12), {"running": False, "is_aligned": False}),
    "over": (_RUNS, now(12), {"over": True}),
    "not-let-in": (_RUNS, now(12), {"stopped": "This browser is not let in any more"}),
}
#: What a phone that is worn itself is told.
WEARS: Final[dict[str, tuple[dict[str, Any], ...]]] = {
    "lay-down": (_READY,),
    "get-ready": (_READY, {"sign": "up"}),
    "once-more": (_READY, {"not_aligned": "It was not clear what is forward. Bend forward three times, slowly."}),
    "worn": (_READY, {"aligned": "It knows what is up and what is forward."}, now(24, 200)),
}
#: What a phone of another screen is told.
PHONE: Final[dict[str, tuple[dict[str, Any], ...]]] = {
    "compare": ({"number": "482913"},),
    "worn": ({"number": "482913"}, _READY, {"aligned": ""}, now(24, 200) | {"watched": True}),
    "stopped": ({"number": "482913"}, _READY, {"aligned": ""}, {"stopped": "Stopped on the other screen."}),
}
#: What the screen of a phone is told.
_CODE: Final = {"offer": {"link": "", "picture": "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E"}}
SCREEN: Final[dict[str, tuple[dict[str, Any], ...]]] = {
    "compare": (_CODE, {"number": "482913"}, {"waits": True}),
    "get-ready": (_CODE, {"number": "482913"}, _READY, {"task": "stand"}),
    "shows": (_CODE, _READY, {"aligned": ""}, now(24, 200)),
    "gone": (_CODE, _READY, {"aligned": ""}, now(24, 200), {"gone": ""}),
}


@contextmanager
def lines_of(page: Page, socket: str) -> Iterator[Callable[..., WebSocketRoute]]:
    """`tell(...)` says it on the newest line to this socket, which leads nowhere else."""
    lines: list[WebSocketRoute] = []

    def opened(line: WebSocketRoute) -> None:
        lines.append(line)

    page.route_web_socket(f"**{socket}", opened)

    def tell(*told: dict[str, Any]) -> WebSocketRoute:
        while not lines:
            page.wait_for_timeout(20)
        for one in told:
            lines[-1].send(json.dumps(one))
        page.wait_for_timeout(80)
        return lines[-1]

    yield tell


@contextmanager
def lost(page: Page, line: WebSocketRoute) -> Iterator[None]:
    """This line is gone, and there is no way back until the end of the block."""
    page.route("**/live/ticket/", lambda route: route.abort())
    line.close()
    page.get_by_text("The line is lost.").locator("visible=true").wait_for()
    yield
    page.unroute("**/live/ticket/")


def live_states(page: Page) -> Iterator[str]:
    """The live page of somebody who looks on and of somebody who wears this device, and the page of a phone."""
    for name, told in LOOKS_ON.items():
        with lines_of(page, "/live/view/socket/") as tell:
            page.goto("/live/")
            tell(*told)
            yield f"live-{name}"
    with lines_of(page, "/live/view/socket/") as tell:
        page.goto("/live/")
        with lost(page, tell(_RUNS, now(24))):
            yield "live-lost"
    for name, told in WEARS.items():
        with lines_of(page, "/live/socket/") as tell:
            page.goto("/live/")
            page.evaluate(_MOVES)
            page.get_by_role("button", name="Start").click()
            tell(*told)
            yield f"live-{name}"
    for name, told in PHONE.items():
        with lines_of(page, "/live/phone/socket/") as tell:
            page.goto("about:blank")
            page.goto("/live/phone/#code")
            tell(*told)
            yield f"live-phone-{name}"
    page.goto("/live/phone/")
    yield "live-phone-no-code"


def screen_states(page: Page) -> Iterator[str]:
    """The screen of a phone, where a phone can reach the server."""
    for name, told in SCREEN.items():
        with lines_of(page, "/live/screen/socket/") as tell:
            page.goto("/live/screen/")
            tell(*told)
            yield f"live-screen-{name}"
