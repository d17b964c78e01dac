"""How fast somebody may send: some messages and bytes at once, and so many a second.

Nobody is closed for a burst: while there is no room the line is not read, so the sender waits, and nobody else does.
Who still sends all that goes after a while does not mean to stop.
"""

import math
from typing import Final

_MESSAGES_A_SECOND: Final = 25.0
_MESSAGES_AT_ONCE: Final = 250.0
#: A phone sends 3 kB a second, and five minutes of it, that waited for a lost line, at once.
_BYTES_A_SECOND: Final = 75_000.0
_BYTES_AT_ONCE: Final = 1_000_000.0
#: Who has used more than this of it sends faster than a sensor does, or a lot that has waited.
_FAST_SHARE: Final = 0.05
#: Once there was no room there has to be some of it again, so that not each message is a stop and a start.
_ROOM_SHARE: Final = 0.02
_CALM_AGAIN_SHARE: Final = 0.8
_TOO_FAST_S: Final = 20.0


class Pace:
    """Of one line."""

    __slots__ = ("_bytes", "_filled_s", "_full_since_s", "_messages", "_used")

    def __init__(self, now_s: float) -> None:
        self._messages = self._bytes = self._used = 0.0
        """Used up of what may come at once; 1 is all of it."""
        self._filled_s, self._full_since_s = now_s, math.inf

    def take(self, now_s: float, n_bytes: int) -> bool:
        """A message that has come; whether more may."""
        return self._count(now_s, 1, n_bytes)

    def has_room(self, now_s: float) -> bool:
        """More may come."""
        return self._count(now_s, 0, 0)

    @property
    def is_fast(self) -> bool:
        """Faster than a sensor: what it sent is worked on after that of the others."""
        return self._used > _FAST_SHARE

    def is_too_fast(self, now_s: float) -> bool:
        """For so long that it will not stop."""
        return now_s - self._full_since_s > _TOO_FAST_S

    def _count(self, now_s: float, n: int, n_bytes: int) -> bool:
        since_s, self._filled_s = now_s - self._filled_s, now_s
        messages = self._messages - since_s * _MESSAGES_A_SECOND
        size = self._bytes - since_s * _BYTES_A_SECOND
        self._messages = (messages if messages > 0 else 0.0) + n
        self._bytes = (size if size > 0 else 0.0) + n_bytes
        self._used = used = max(self._messages / _MESSAGES_AT_ONCE, self._bytes / _BYTES_AT_ONCE)
        if self._full_since_s == math.inf:
            if used >= 1:
                self._full_since_s = now_s
            return used < 1
        if used < _CALM_AGAIN_SHARE:
            self._full_since_s = math.inf
        return used < 1 - _ROOM_SHARE
