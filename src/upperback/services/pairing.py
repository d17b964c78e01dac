"""A phone that becomes the sensor of a page on another screen: offered, opened once, confirmed on both, or ended.

Nothing of an offer is stored: it lives as long as the page that shows it is open, and each code for a minute. What a
phone gets by it is the right to send readings, and nothing else: no cookie, no page, no record. The way back of a phone
that is paired stands in `live_tickets`.
"""

import datetime as dt
import secrets
from typing import Final, Literal

from upperback.core.errors import NotAllowed, NotFound
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.services.plans import open_plan
from upperback.store.models import Profile

Side = Literal["phone", "screen"]

#: How long a code on the screen can be opened.
CODE: Final = dt.timedelta(minutes=1)
#: And how long both sides have to confirm then.
CONFIRM: Final = dt.timedelta(minutes=2)

_TOKEN_BYTES: Final = 32
_NUMBER_MAX: Final = 1_000_000
_GONE: Final = "This code has run out, or was opened already. Scan the one that the screen shows now."
_ENDED: Final = "The two numbers were not confirmed as the same, so nothing was connected."


class Pairing:
    """One screen that looks for a phone.

    Attributes
    ----------
    number : six digits that both sides show once the phone has opened the link; None before
    """

    def __init__(self, *, profile: Profile, by: Actor) -> None:
        check_may(by, "wear_sensor")
        open_plan(profile=profile, by=by)
        self.profile, self.by = profile, by
        self.number: str | None = None
        self._same: set[Side] = set()
        self._ends: dt.datetime | None = None

    def opened(self, *, now: dt.datetime) -> str:
        """The phone is there: the number that both sides show."""
        self.number = f"{secrets.randbelow(_NUMBER_MAX):06d}"
        self._ends = now + CONFIRM
        return self.number

    def say(self, side: Side, *, same: bool, now: dt.datetime) -> None:
        """One side says whether the other shows the same number.

        Raises
        ------
        NotAllowed : it does not, or it took too long, or there is no number yet; this pairing is over.
        """
        if not same or self._ends is None or now >= self._ends:
            self._ends = None
            self._same.clear()
            raise NotAllowed(_ENDED)
        self._same.add(side)

    def goes_on(self) -> None:
        """Both sides had confirmed before the server was started again."""
        self._same = {"phone", "screen"}

    @property
    def is_paired(self) -> bool:
        """Both sides have confirmed."""
        return self._same == {"phone", "screen"}


class Offers:
    """What can be opened now, in this process: a secret link for each screen that waits."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[Pairing, dt.datetime]] = {}

    def offer(self, pairing: Pairing, *, now: dt.datetime) -> str:
        """A new secret for this screen, good once and for a minute; the one before is void."""
        self.withdraw(pairing)
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._open[token] = (pairing, now + CODE)
        return token

    def withdraw(self, pairing: Pairing) -> None:
        """The screen is gone, or has found its phone."""
        self._open = {token: held for token, held in self._open.items() if held[0] is not pairing}

    def take(self, token: str, *, now: dt.datetime) -> Pairing:
        """The screen that showed this secret.

        Raises
        ------
        NotFound : there is none, or not any more: the same answer for all.
        """
        found = self._open.pop(token, None)
        if found is None or now >= found[1]:
            raise NotFound(_GONE)
        return found[0]

    def __len__(self) -> int:
        return len(self._open)
