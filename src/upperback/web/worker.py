"""What happens without anybody asking: notices about breaks, and the end of measurements that nobody has ended.

A thread of `serve` that looks three times a minute. It is the only thing here that may reach another machine, and it
does so only for people who turned notices on.
Why a thread and not a process: docs/decisions/0016-breaks-and-notices.md.
"""

import datetime as dt
import logging
import subprocess
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from upperback.web.options import Options, kept_secret

if TYPE_CHECKING:
    from upperback.services.push import Sender

_log = logging.getLogger(__name__)

_LOOKS_EVERY_S: Final = 20
#: A sensor that is worn is stored more often than this, or given up. Where a clock is put ahead by an hour it looks as
#: if nobody had heard of it for an hour, until it is stored again.
_STAYS_LEFT_S: Final = 90

#: What it does, in this order; each has its rule in `rules.JOBS`.
JOBS: Final = ("make_copies", "look", "finish_left", "sweep_guests")

#: Somebody waits: the next look is now. Of this process only; elsewhere it is seen at the next look.
_hurry: Final = threading.Event()


def hurry() -> None:
    """Asks for a look now."""
    _hurry.set()


def push_key(options: Options) -> bytes:
    """The key that signs notices: made when it is first needed, kept in the data folder, readable by the owner only."""
    from upperback.interchange.webpush import new_key

    return kept_secret(options.data, "push.key", lambda: new_key().decode("ascii")).encode("ascii")


class Worker(threading.Thread):
    """Runs until it is stopped. Whatever fails is logged by its kind and tried again; the pages never notice."""

    def __init__(self, options: Options, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(name="upperback-worker", daemon=True)
        self._options, self._clock = options, clock
        self._stop_asked = threading.Event()
        self._here_since: dt.datetime | None = None
        self._last: dt.datetime | None = None
        self._copying: subprocess.Popen[bytes] | None = None
        self._left: dict[tuple[int, dt.datetime], float] = {}

    def run(self) -> None:
        """Looks, waits, looks again."""
        while not self._stop_asked.is_set():
            self._once()
            _hurry.wait(_LOOKS_EVERY_S)
            _hurry.clear()

    def stop(self) -> None:
        """Asks it to end; what is being sent is sent. A copy that is being made is made again at the next start."""
        self._stop_asked.set()
        _hurry.set()
        if self._copying is not None:
            self._copying.terminate()

    def look(self, now: dt.datetime) -> int:
        """One look at everybody whose turn it is. Returns how many notices were delivered."""
        from upperback.content.vocabulary import default_content
        from upperback.services import erasure, push

        gap = dt.timedelta(minutes=default_content().limit("schedule_gap_minutes"))
        if self._here_since is None or self._last is None or not dt.timedelta(0) <= now - self._last <= gap:
            self._here_since = now  # started, woken from sleep, or the clock was put: nothing is made up for
        self._last = now
        erasure.sweep_if_due()
        return push.send_due(sender=self._sender, here_since=self._here_since, now=now, deliver=push.deliver)

    def finish_left(self, now: dt.datetime) -> int:
        """What a sensor measured whose line was lost for good comes to its end. Returns how many there were."""
        from upperback.services import live_store
        from upperback.services.actors import SYSTEM

        seen_s = self._clock()
        all_left = {(one.pk, one.saved_at): one for one in live_store.left_by_all(by=SYSTEM, now=now)}
        self._left = {one: self._left.get(one, seen_s) for one in all_left}
        left = [all_left[one] for one, since_s in self._left.items() if seen_s - since_s >= _STAYS_LEFT_S]
        if left:
            from upperback.services import live  # brings the sensing along: only where there is something to do

            for stream in left:
                live.finish(stream=stream, by=SYSTEM, now=now)
        return len(left)

    def make_copies(self, now: dt.datetime) -> int:
        """Copies for clinics: old ones go, and a process of its own makes those that wait. Returns how many went."""
        if self._options.mode != "service":
            return 0
        from upperback.services import bulk

        gone = bulk.sweep(now=now)
        if (self._copying is None or self._copying.poll() is not None) and bulk.waits(now=now):
            from upperback.web.service import copying

            self._copying = copying.start()
        return gone

    def sweep_guests(self, now: dt.datetime) -> int:
        """What was begun at a service without an account and not kept goes, and invitations that ran out; how many."""
        if self._options.mode != "service":
            return 0
        from upperback.services import accounts, joining

        return accounts.sweep_guests(now=now) + joining.sweep(now=now)

    def _sender(self) -> "Sender":
        from upperback.services.push import Sender

        return Sender(key=push_key(self._options), contact=self._options.push_contact)

    def _once(self) -> None:
        from django.db import connection
        from django.utils import timezone

        try:
            for job in JOBS:
                getattr(self, job)(timezone.now())
        except Exception as error:  # noqa: BLE001  a locked database or a bug here must not end the looking
            _log.warning("worker failed kind=%s", type(error).__name__)
        finally:
            connection.close()  # nothing stays open between two looks
