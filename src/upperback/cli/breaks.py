"""`upperback breaks`: the next short break in a terminal, and why it waits; stays and rings when one is due."""

import argparse
import datetime as dt
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from upperback.cli.command import DONE, Command
from upperback.cli.household import everybody, one_person
from upperback.core.errors import NotAllowed

if TYPE_CHECKING:
    from upperback.services.breaks import Day
    from upperback.services.people import Profile

_LOOKS_EVERY_S: Final = 20
_NOTICE_S: Final = 5
#: What a notice says on a screen that others may see.
_SAYS: Final = {"strength": "Time for your session"}
_SAYS_ELSE: Final = "Time for a short break"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose breaks, and whether to stay."""
    parser.add_argument("--person", metavar="NAME", help="whose breaks; not needed where only one person lives here")
    parser.add_argument("--once", action="store_true", help="say what comes next and end; offers nothing")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("--data", type=Path, help="the data folder that the app is started with")


def run(chosen: argparse.Namespace) -> int:
    """Says what comes next; without `--once` it stays until Ctrl-C."""
    profile = one_person(everybody(chosen.data), chosen.person, what="breaks")
    watch = Watch(profile=profile, say=_json_line if chosen.json else _plain_line, notify=_notify)
    if chosen.once:
        watch.look(_now(), offer=False)
        return DONE
    try:
        while True:
            _look_or_wait(watch)
            time.sleep(_LOOKS_EVERY_S)
    except KeyboardInterrupt:
        return DONE


def _look_or_wait(watch: "Watch") -> None:
    """One look; a database that is busy is asked again the next time. Nothing stays open in between."""
    from django.db import OperationalError, connection

    try:
        watch.look(_now(), offer=True)
    except OperationalError:
        print("upperback: the database is busy; trying again", file=sys.stderr)
    finally:
        connection.close()


@dataclass(slots=True, kw_only=True)
class Watch:
    """One person's breaks, looked at again and again.

    Attributes
    ----------
    say : is given what comes next whenever that has changed
    notify : is called once for every offer
    """

    profile: "Profile"
    say: Callable[[dict[str, Any]], None]
    notify: Callable[[str], None]
    _here_since: dt.datetime | None = field(default=None, init=False)
    _last: dt.datetime | None = field(default=None, init=False)
    _said: dict[str, Any] | None = field(default=None, init=False)

    def look(self, now: dt.datetime, *, offer: bool) -> None:
        """What comes next; `offer`: where a break is due it is offered."""
        from upperback.services import actors, breaks

        ask = breaks.offer_if_due if offer else breaks.day_of
        try:
            day = ask(profile=self.profile, here_since=self._here(now), by=actors.household("terminal"), now=now)
            found = told(day)
        except NotAllowed as refused:
            found = {"kind": None, "offer_now": False, "at": None, "why": "no_plan", "words": refused.message}
        if found == self._said:
            return
        before = self._said or {"offer_now": False}
        is_new = found["offer_now"] and not (before["offer_now"] and before["at"] == found["at"])
        self._said = found
        self.say({"person": str(self.profile.uuid), **found})
        if offer and is_new:
            self.notify(_SAYS.get(str(found["kind"]), _SAYS_ELSE))

    def _here(self, now: dt.datetime) -> dt.datetime | None:
        """None at first: it is not known since when somebody is at this computer. After a sleep: since now."""
        from upperback.content.vocabulary import default_content

        gap = dt.timedelta(minutes=default_content().limit("schedule_gap_minutes"))
        if self._last is not None and not dt.timedelta(0) <= now - self._last <= gap:
            self._here_since = now
        self._last = now
        return self._here_since


def told(day: "Day") -> dict[str, Any]:
    """A person's next offer as plain data. `at` is in their own time."""
    from upperback.care.breaks import why_words

    found = day.next
    return {
        "kind": found.kind,
        "offer_now": found.offer_now,
        "at": found.at.astimezone(day.habits.time_zone).isoformat(timespec="minutes") if found.at else None,
        "why": found.why,
        "words": why_words(found) % {"minutes": day.habits.interval_min},
        "interval_min": day.habits.interval_min,
        "ask_interval": found.ask_interval,
        "is_long": found.is_long,
    }


def _plain_line(found: dict[str, Any]) -> None:
    what = "strength session" if found["kind"] == "strength" else "short break"
    if found["offer_now"]:
        line = f"Time for a {what}. Open Today to do it, or to put it off."
    elif found["why"] in {"no_plan", "switched_off"}:
        line = found["words"]
    elif found["at"] is None:
        line = f"Your next {what} waits. {found['words']}"
    else:
        at = dt.datetime.fromisoformat(found["at"])
        line = f"Next {what}: {at:%a %H:%M}. {found['words']}"
    print(line, flush=True)


def _json_line(found: dict[str, Any]) -> None:
    print(json.dumps(found), flush=True)


def _notify(text: str) -> None:
    """Rings where somebody watches, and shows a notice where the desktop has a program for that."""
    if sys.stderr.isatty():
        sys.stderr.write("\a")
        sys.stderr.flush()
    program = shutil.which("notify-send")
    if program is not None:
        try:
            subprocess.run([program, "--app-name=Upperback", text], check=False, timeout=_NOTICE_S, capture_output=True)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired):
            return  # the line in the terminal is there


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


COMMANDS: Final = {
    "breaks": Command(add_arguments, run, "when the next short break comes, and why; rings when it is due")
}
