"""Who is at this browser of a service: somebody who is signed in, or a guest with a record of this browser."""

import datetime as dt
from typing import Final

from django.http import HttpRequest
from django.utils import timezone

from upperback.services import accounts, actors
from upperback.services.actors import Actor, public_id
from upperback.services.clinics import Account
from upperback.services.people import Profile

_GUEST: Final = "guest"


def now() -> dt.datetime:
    """The one clock of the pages."""
    return timezone.now()


def account_of(request: HttpRequest) -> Account | None:
    """Whoever is signed in here."""
    user = getattr(request, "user", None)
    return user if isinstance(user, Account) and user.is_authenticated else None


def own_record(request: HttpRequest) -> Profile | None:
    """The record of whoever is at this browser: of their account, or what a guest began here."""
    account = account_of(request)
    return account.profile if account is not None else guest_record(request)


def guest_record(request: HttpRequest) -> Profile | None:
    """What was begun at this browser without an account."""
    chosen = request.session.get(_GUEST)
    return accounts.guest_record(public_id(chosen)) if isinstance(chosen, str) else None


def too_many_guests(request: HttpRequest) -> bool:
    """Whether one address began far more checks than a household or a waiting room does."""
    from allauth.core import ratelimit

    return not ratelimit.consume(request, action="guest")


def begin_as_guest(request: HttpRequest) -> Profile:
    """A record that only this browser has, until it is kept with an account. It goes after two days."""
    profile = accounts.begin_guest(now=now())
    request.session[_GUEST] = str(profile.uuid)
    request.session.set_expiry(accounts.GUEST_LASTS)
    return profile


def was_guest(request: HttpRequest) -> bool:
    """Whether something was begun at this browser without an account."""
    return _GUEST in request.session


def forget_guest(request: HttpRequest) -> None:
    """It was kept with the account, or it stays behind and goes."""
    request.session.pop(_GUEST, None)


def at_own_record(request: HttpRequest) -> Actor:
    """Who acts on the pages of a person."""
    account = account_of(request)
    if account is not None:
        return actors.person(account.uuid)
    return actors.guest(request.session.session_key or "-")


def at_others(request: HttpRequest) -> Actor:
    """Who acts on pages about somebody else: for `access`. Nobody where nobody is signed in."""
    account = account_of(request)
    if account is None:
        return actors.NOBODY
    return actors.account(account.uuid, second_factor=used_second_factor(request))


def used_second_factor(request: HttpRequest, account: Account | None = None) -> bool:
    """Whether this sign-in was done with an app, a passkey or a spare code. `account`: of a line that is no request."""
    from allauth.account.authentication import get_authentication_records

    records = get_authentication_records(request, account or account_of(request))
    return any(record.get("method") == "mfa" for record in records)
