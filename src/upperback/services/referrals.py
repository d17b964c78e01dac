"""A person refers themselves to physiotherapy: whether that fits, and where it stands. Nothing is sent from here."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Final

from upperback.care.diary import ReferralState, Referred, only
from upperback.core.errors import Conflict, InputError, NotAllowed
from upperback.services import diary
from upperback.services.actors import Actor
from upperback.services.plans import latest_decision, open_screening
from upperback.services.today import local_day
from upperback.store.models import Profile

__all__ = ["NEXT", "Referral", "begin", "check_can_refer", "current", "move_on"]

#: From where to where. What was seen or let go is over; a new one can be begun.
NEXT: Final[dict[ReferralState, tuple[ReferralState, ...]]] = {
    "made": ("sent", "let_go"),
    "sent": ("booked", "seen", "let_go"),
    "booked": ("seen", "let_go"),
    "seen": (),
    "let_go": (),
}
HELP_FIRST: Final = "Your answers need attention first. A physiotherapist is not the first place to go now."
CHECK_FIRST: Final = "Do the safety check first, so that you go to the right place."
_FIRST: Final = frozenset({"emergency_now", "urgent_same_day", "gp_soon"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """A referral as it stands: since which day, and what may come next."""

    key: str
    to: str
    state: ReferralState
    since: dt.date

    @property
    def nexts(self) -> tuple[ReferralState, ...]:
        """What may come next."""
        return NEXT[self.state]


def check_can_refer(*, profile: Profile) -> None:
    """Raises NotAllowed while a check is missing or open, or its result sends somewhere else first."""
    decision = latest_decision(profile)
    if decision is None or not decision.complete or open_screening(profile) is not None:
        raise NotAllowed(CHECK_FIRST)
    if decision.disposition in _FIRST:
        raise NotAllowed(HELP_FIRST)


def current(*, profile: Profile, by: Actor) -> Referral | None:
    """The newest referral; None before the first."""
    rows = only(diary.entries(profile=profile, by=by, kinds=[Referred]), Referred)
    if not rows:
        return None
    row, entry = rows[-1]
    return Referral(key=entry.referral, to=entry.to, state=entry.state, since=row.day)


def begin(*, profile: Profile, to: str, client_id: uuid.UUID | None, by: Actor, now: dt.datetime) -> Referral:
    """A new referral, or the one that goes on: there is one at a time."""
    check_can_refer(profile=profile)
    found = current(profile=profile, by=by)
    if found is not None and found.nexts:
        return found
    if client_id is None:
        raise InputError("This page is too old to be used. Open it again")
    return _keep(profile, Referred(referral=client_id.hex, to=to, state="made"), client_id, by, now)


def move_on(
    *, profile: Profile, key: str, state: str, client_id: uuid.UUID | None, by: Actor, now: dt.datetime
) -> Referral:
    """The next state, as the person tells it. Raises Conflict where it does not follow from the one there is."""
    found = current(profile=profile, by=by)
    if found is not None and (found.key, found.state) == (key, state):
        return found  # sent twice
    wanted = next((one for one in found.nexts if one == state), None) if found is not None else None
    if found is None or found.key != key or wanted is None:
        raise Conflict("This was changed in another window. Look at the page as it is now.")
    return _keep(profile, Referred(referral=key, to=found.to, state=wanted), client_id, by, now)


def _keep(profile: Profile, entry: Referred, client_id: uuid.UUID | None, by: Actor, now: dt.datetime) -> Referral:
    day = local_day(profile, now)
    diary.keep_entry(profile=profile, client_id=client_id, day=day, at=now, entry=entry, by=by, now=now)
    return Referral(key=entry.referral, to=entry.to, state=entry.state, since=day)
