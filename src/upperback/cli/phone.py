"""A phone as the source of `upperback monitor`: paired by a code in the terminal, through the app that runs here.

The terminal comes to the app as a browser does: by a one-time link, for one person. What is measured is stored with
that person's day, as from any page; this shows it.
"""

import io
import json
import math
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, Final, Protocol

from upperback.core.errors import InputError

#: From here on what was heard last is old.
STALE_S: Final = 2.0

_WAIT_S: Final = 30.0
_SOCKET: Final = "/live/screen/socket/"
_LAN: Final = "a phone cannot reach this Upperback yet: stop it, and start it again with --lan (upperback serve --lan)"

Told = dict[str, Any]
Event = dict[str, Any]


class Line(Protocol):
    """What the app says to this screen, and this screen to the app."""

    def hear(self, timeout_s: float) -> Told | None:
        """What is told next; None when nothing comes for so long. Raises EOFError once nothing more will come."""
        ...

    def say(self, what: Told) -> None: ...


# ---- what happens ------------------------------------------------------------------------------------------------


class PhoneSession:
    """From the code to the end, as the events of a monitor."""

    def __init__(self, line: Line, *, ask: Callable[[str], bool], clock: Callable[[], float] = time.time) -> None:
        """`ask`: whether the phone shows this number; `clock`: seconds of the events."""
        self._line, self._ask, self._clock = line, ask, clock
        self._now: Told = {}
        self._is_worn = self._is_stale = False
        self._measured_s = self._hints = 0
        self._flexion_deg: list[float] = []

    def events(self) -> Iterator[Event]:
        """What there is to say. Raises InputError where no phone was paired."""
        heard_s = self._clock()
        while True:
            try:
                told = self._line.hear(STALE_S / 4)
            except EOFError:
                return
            if told is None:
                if self._is_worn and not self._is_stale and self._clock() - heard_s >= STALE_S:
                    self._is_stale, self._now = True, {}
                    yield self._sentence("stale", "nothing has come for a moment")
                continue
            heard_s, self._is_stale = self._clock(), False
            yield from self._told(told)
            if "gone" in told or "stopped" in told:
                sentence = told.get("gone") or told.get("stopped") or "The phone is gone. What was measured is kept."
                if not self._is_worn:
                    raise InputError(sentence)
                yield self._sentence("end", sentence)
                return

    def end(self) -> None:
        """Stops the phone."""
        self._line.say({"stop": True})

    def summary(self) -> Event:
        """The session as a whole. Its figures are with the person's day."""
        found: Event = {"event": "summary", "hints": self._hints, "measured_s": float(self._measured_s)}
        if self._flexion_deg:
            ordered = sorted(self._flexion_deg)
            found["figures"] = {
                "flexion_deg": {name: ordered[round(p * (len(ordered) - 1))] for name, p in _PERCENTILES.items()},
                "static": None,
            }
        return found

    def _told(self, told: Told) -> Iterator[Event]:
        if "offer" in told:
            link = str(told["offer"]["link"])
            if not link.startswith("https:"):
                raise InputError(_LAN)
            yield {"event": "offer", "link": link}
        if "number" in told:
            self._line.say({"same": self._ask(f"{told['number'][:3]} {told['number'][3:]}")})
        if "ready" in told and not self._is_worn:
            self._is_worn = True
            yield {"event": "source", "about": "phone, paired by its code", "sampling_rate_hz": 50.0}
        for key, say in _SAYS.items():
            if key in told and (sentence := say(told[key])):
                yield self._sentence(key, sentence)
        if "now" in told:
            self._now = told["now"]
        if "second" in told and self._now:
            yield self._second(told["second"])

    def _second(self, second: Told) -> Event:
        now = self._now
        self._measured_s += bool(now["measured"])
        self._hints += bool(second["hint"])
        if now["flexion_deg"] is not None:
            self._flexion_deg.append(now["flexion_deg"])
        return {
            "event": "second",
            "time_s": math.floor(self._clock()),
            "inclination_deg": now["inclination_deg"],
            "flexion_deg": now["flexion_deg"],
            "lateral_deg": now["lateral_deg"],
            "measured_share": 1.0 if now["measured"] else 0.0,
            "worn": now["worn"],
            "moving": now["moving"],
            "vehicle": None,
            "held_s": now["held_s"],
            "hint": second["hint"],
            "why": second["why"],
            "notes": now["notes"],
        }

    def _sentence(self, event: str, sentence: str) -> Event:
        return {"event": event, "time_s": self._clock(), "sentence": sentence}


_PERCENTILES: Final = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
_TASKS: Final = {
    "stand": "Stand tall and still.",
    "bend": "Bend forward slowly and come up again, three times.",
}
_SAYS: Final[dict[str, Callable[[Any], str]]] = {
    "waits": lambda _: "The phone has said yes.",
    "sign": lambda _: "Now put the phone in a chest pocket or under a strap. Screen outwards, top up.",
    "task": lambda kind: _TASKS.get(kind, ""),
    "aligned": str,
    "not_aligned": str,
    "shift": str,
    "keep": lambda on: "The plain readings are kept as well." if on else "The plain readings are not kept any more.",
    "away": lambda _: "The phone has lost its line. It comes back by itself.",
}


def code_of(link: str) -> str:
    """The link as blocks of text, for the camera of a phone; light on dark, as most terminals are."""
    import segno

    out = io.StringIO()
    segno.make(link, error="l", micro=False).terminal(out=out, compact=True, border=2)
    return out.getvalue().rstrip("\n")


# ---- the app -----------------------------------------------------------------------------------------------------


class AppLine:
    """A screen of the app that runs here. Raises InputError where there is none, or no plan is open."""

    def __init__(self, *, address: str, data: Path | None, person: str | None) -> None:
        from websockets.sync.client import connect

        self._jar = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))
        self._address = address.rstrip("/")
        self._come_in(data)
        self._choose(data, person)
        ticket = json.loads(self._post("/live/ticket/", {}, refused="no plan is open for this person"))["ticket"]
        origin = urllib.parse.urlsplit(self._address)
        scheme = "wss" if origin.scheme == "https" else "ws"
        cookies = "; ".join(f"{one.name}={one.value}" for one in self._jar)
        self._socket = connect(
            f"{scheme}://{origin.netloc}{_SOCKET}",
            additional_headers={"Cookie": cookies, "Origin": self._address},
            open_timeout=_WAIT_S,
        )
        self.say({"ticket": ticket})

    def hear(self, timeout_s: float) -> Told | None:
        from websockets.exceptions import ConnectionClosed

        try:
            told: Told = json.loads(self._socket.recv(timeout=timeout_s))
        except TimeoutError:
            return None
        except ConnectionClosed:
            raise EOFError from None
        return told

    def say(self, what: Told) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            self._socket.send(json.dumps(what))
        except ConnectionClosed:
            return

    def close(self) -> None:
        """Nobody looks on any more. A phone that is worn goes on."""
        self._socket.close()

    def _come_in(self, data: Path | None) -> None:
        words = [sys.executable, "-m", "upperback.cli", "link", "--address", self._address]
        made = subprocess.run(  # noqa: S603  our own command: links are the web's, which the command line never imports
            [*words, *(["--data", str(data)] if data is not None else [])], capture_output=True, text=True, check=False
        )
        if made.returncode:
            raise InputError(made.stderr.strip().rpartition("\n")[2].removeprefix("upperback: "))
        self._get(made.stdout.strip())

    def _choose(self, data: Path | None, name: str | None) -> None:
        from upperback.cli.household import everybody, one_person

        person = one_person(everybody(data), name, what="phone")
        self._get(f"{self._address}/people/")
        self._post("/people/choose/", {"person": str(person.uuid)}, refused="this person cannot be chosen")

    def _get(self, address: str) -> str:
        return self._open(urllib.request.Request(address), refused="it does not let this terminal in: check --data")  # noqa: S310  http(s) of the app that was named

    def _post(self, path: str, form: dict[str, str], *, refused: str) -> str:
        token = next((one.value or "" for one in self._jar if one.name == "upperback_form"), "")
        request = urllib.request.Request(  # noqa: S310
            self._address + path,
            data=urllib.parse.urlencode(form).encode(),
            headers={"X-CSRFToken": token, "Origin": self._address},
        )
        return self._open(request, refused=refused)

    def _open(self, request: urllib.request.Request, *, refused: str) -> str:
        try:
            with self._opener.open(request, timeout=_WAIT_S) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError:
            raise InputError(f"the Upperback at {self._address} refuses: {refused}") from None
        except (OSError, ValueError):
            raise InputError(
                f"no Upperback answers at {self._address}: start it first, with upperback serve --lan"
            ) from None
