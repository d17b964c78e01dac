"""Apps of others that people of a service let read: who may ask, what a person said yes to, codes and tokens.

A yes is a consent as for a clinician (`sharing`), for one app. Codes and tokens only name it: what a token opens is
asked of `access` at every use, so what is withdrawn, or has run out, is closed with the next question. What OAuth says
about how an app comes to its tokens stands in `web.service.smart`, and nothing of it here.
"""

import datetime as dt
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from django.db import transaction

from upperback.core.errors import InputError, NotFound
from upperback.core.tokens import TOKEN_CHARACTERS_MAX, stored_form
from upperback.interchange.fhir.classes import classes_of
from upperback.interchange.fhir.search import read_scope
from upperback.services import access, actors, audit, sharing
from upperback.services.actors import Actor, public_id
from upperback.services.permissions import check_may
from upperback.services.programs import NOT_THERE, Visit
from upperback.store.models import App, AppCode, AppToken, ConsentEvent, Profile

__all__ = [
    "ACCESS_LASTS",
    "DAYS",
    "KINDS",
    "LAUNCH",
    "OFFLINE",
    "App",
    "AppCode",
    "AppToken",
    "add_app",
    "agree",
    "all_apps",
    "asked_for",
    "check_choice",
    "code_of",
    "end_app",
    "ends_of",
    "exchange_code",
    "exchange_refresh",
    "open_app",
    "refresh_of",
    "revoke",
    "visit",
    "within",
]

#: What a token to read, and a code, last.
ACCESS_LASTS: Final = dt.timedelta(minutes=5)
CODE_LASTS: Final = dt.timedelta(minutes=1)
#: For how long an app that reads again and again may do so, as the page offers it.
DAYS: Final = (1, 30, 90, 180)
#: Kinds of data that an app can be given; mood only where it is chosen.
KINDS: Final = ("identity", "answers", "plan", "progress", "wearable", "mood")
LAUNCH: Final = "launch/patient"
OFFLINE: Final = "offline_access"

_NAME_MOST: Final = 60
_MAKER_MOST: Final = 80
_ADDRESS_MOST: Final = 400
_OPEN_MOST: Final = 20
#: What an exchanged token is kept for: to notice that it comes again.
_USED_KEPT: Final = dt.timedelta(days=7)
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_PRIVATE_SCHEME: Final = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)+\Z")  # a name of one's own turned round: RFC 8252


# ---- who may ask ----------------------------------------------------------------------------------------------------


def add_app(
    *, name: str, maker: str, redirect_uris: Iterable[str], scopes: Iterable[str], by: Actor, now: dt.datetime
) -> App:
    """An app that people can let read from now on.

    Raises
    ------
    InputError : a name is missing, too long or taken, an address that nobody can be sent back to, an unknown scope.
    """
    check_may(by, "run_service")
    named, made_by = _words(name, "name", _NAME_MOST), _words(maker, "maker", _MAKER_MOST)
    addresses = list(dict.fromkeys(_address(one) for one in redirect_uris))
    wanted = sorted({one if one == OFFLINE else str(read_scope(one)) for one in scopes if one != LAUNCH})
    if not addresses:
        raise InputError("Say to which address people are sent back", field="redirect")
    if not set(wanted) - {OFFLINE}:
        raise InputError("Say what the app may ask for, such as patient/Observation.rs", field="scopes")
    with transaction.atomic():
        if App.objects.filter(name__iexact=named, ended_at__isnull=True).exists():
            raise InputError(f"There is an app “{named}” already: people could not tell them apart", field="name")
        app = App.objects.create(
            name=named, maker=made_by, redirect_uris=addresses, scopes=wanted, made_at=now, by=str(by)
        )
        audit.record(by=by, action="add_app", now=now, object_kind="app", object_uuid=app.uuid)
    return app


def end_app(*, named: str, by: Actor, now: dt.datetime) -> App:
    """Nobody can let it read any more, and every token of it is closed with its next question."""
    check_may(by, "run_service")
    with transaction.atomic():
        found = [one for one in App.objects.filter(ended_at__isnull=True) if named in {one.name, str(one.uuid)}]
        if len(found) != 1:
            raise InputError(f"There is no one app “{named}” that goes on. See `upperback service app list`")
        App.objects.filter(pk=found[0].pk).update(ended_at=now)
        audit.record(by=by, action="end_app", now=now, object_kind="app", object_uuid=found[0].uuid)
    return found[0]


def all_apps(*, by: Actor) -> list[App]:
    """Every app, those that ended too."""
    check_may(by, "run_service")
    return list(App.objects.all())


def open_app(client_id: str | None) -> App | None:
    """The app of this client_id, while it goes on."""
    found = public_id(client_id or "")
    return App.objects.filter(uuid=found, ended_at__isnull=True).first() if found is not None else None


def within(app: App, scopes: Iterable[str]) -> bool:
    """Whether an app may ask for these: all of them, and at least one that reads something."""
    given = {one if one == OFFLINE else read_scope(one) for one in app.scopes}
    reads = False
    for text in scopes:
        if text in {LAUNCH, OFFLINE}:
            if text == OFFLINE and OFFLINE not in given:
                return False
            continue
        try:
            asked = read_scope(text)
        except InputError:
            return False
        allowed = [one for one in given if not isinstance(one, str) and one.kind in (asked.kind, "*")]
        by_name, by_search = any(one.by_name for one in allowed), any(one.by_search for one in allowed)
        if (asked.by_name and not by_name) or (asked.by_search and not by_search):
            return False
        reads = True
    return reads


def asked_for(scopes: Iterable[str]) -> list[str]:
    """The kinds of data that scopes reach, in the order of the page."""
    reached = classes_of(read_scope(one).kind for one in scopes if one not in {LAUNCH, OFFLINE})
    return [kind for kind in KINDS if kind in reached]


# ---- a yes ----------------------------------------------------------------------------------------------------------


def agree(
    *,
    profile: Profile,
    app: App,
    scopes: Iterable[str],
    kinds: Iterable[str],
    days: int | None,
    redirect_uri: str,
    challenge: str,
    code: str,
    by: Actor,
    now: dt.datetime,
) -> list[str]:
    """A person lets an app read; the code stands for it until it is exchanged. Returns the scopes that are given.

    Parameters
    ----------
    days : one of `DAYS`; None for an app that did not ask to come again: then it is this once
    code : made by whoever calls; kept only as its hash

    Raises
    ------
    InputError : nothing was chosen, or no time.
    """
    check_may(by, "share")
    chosen, given = check_choice(scopes=scopes, kinds=kinds, days=days)
    lasts = CODE_LASTS + ACCESS_LASTS if days is None else dt.timedelta(days=days)
    with transaction.atomic():
        Profile.objects.select_for_update().get(pk=profile.pk)
        for left in AppCode.objects.filter(profile=profile, app=app, used_at__isnull=True):
            # Sent twice, or the app never came for it: there is one yes, and the newest counts.
            sharing.withdraw(profile=profile, grant_uuid=left.grant, by=by, now=now)
        grants = sharing.grants_of(profile=profile, by=by)
        if sum(one.is_app and one.holds(now) for one in grants) >= _OPEN_MOST:
            raise InputError(f"There are {_OPEN_MOST} apps already. Take one back first", field="see")
        grant = sharing.grant(
            profile=profile, recipient=app, purpose="app", data_classes=chosen, ends_at=now + lasts, by=by, now=now
        )
        for kept in (AppCode, AppToken):
            kept.objects.filter(profile=profile, ends_at__lt=now - _USED_KEPT).delete()
        AppCode.objects.create(
            profile=profile, app=app, grant=grant, code_sha256=stored_form(code), challenge=challenge,
            redirect_uri=redirect_uri, scopes=given, made_at=now, ends_at=now + CODE_LASTS,
        )  # fmt: skip
    return given


def check_choice(*, scopes: Iterable[str], kinds: Iterable[str], days: int | None) -> tuple[list[str], list[str]]:
    """What was chosen, and the scopes that still reach some of it. Raises InputError."""
    asked = list(dict.fromkeys(scopes))
    chosen = [kind for kind in asked_for(asked) if kind in set(kinds)]
    if not set(chosen) - {"mood"}:
        raise InputError("Choose what it may read", field="see")
    if (days is None) is (OFFLINE in asked) or (days is not None and days not in DAYS):
        raise InputError("Choose for how long", field="days")
    plain = {LAUNCH, OFFLINE}
    return chosen, [one for one in asked if one in plain or classes_of([read_scope(one).kind]) & set(chosen)]


# ---- codes and tokens -----------------------------------------------------------------------------------------------


def code_of(*, code: str, app: App, now: dt.datetime) -> AppCode | None:
    """The code of this app that can be exchanged now. One that was exchanged before closes its grant."""
    row = AppCode.objects.select_related("profile", "app").filter(code_sha256=stored_form(code), app=app).first()
    if row is None:
        return None
    if row.used_at is not None:
        _close(row, "code_twice", now)
        return None
    return row if row.made_at <= now < row.ends_at and _sees(row, now) else None


def exchange_code(*, row: AppCode, token: str, refresh: str, now: dt.datetime) -> bool:
    """The first tokens; `refresh` is empty where there is none. False, and closed, where somebody was quicker."""
    with transaction.atomic():
        if not AppCode.objects.filter(pk=row.pk, used_at__isnull=True).update(used_at=now):
            _close(row, "code_twice", now)
            return False
        _keep(row, row.scopes, token, refresh, now)
    return True


def refresh_of(*, refresh: str, app: App, now: dt.datetime) -> AppToken | None:
    """The refresh token of this app that can be exchanged now. One that was exchanged before closes its grant."""
    row = _token(refresh, AppToken.Kind.REFRESH, app)
    if row is None:
        return None
    if row.used_at is not None:
        _close(row, "refresh_twice", now)
        return None
    return row if now < row.ends_at and _sees(row, now) else None


def exchange_refresh(*, row: AppToken, scopes: list[str], token: str, refresh: str, now: dt.datetime) -> bool:
    """New tokens for the old one: the new refresh token is for all that the old one was. False where closed."""
    with transaction.atomic():
        if not AppToken.objects.filter(pk=row.pk, used_at__isnull=True).update(used_at=now):
            _close(row, "refresh_twice", now)
            return False
        AppToken.objects.filter(grant=row.grant, kind=AppToken.Kind.ACCESS, ends_at__lte=now).delete()
        AppToken.objects.filter(grant=row.grant, used_at__lt=now - _USED_KEPT).delete()
        _keep(row, scopes, token, refresh, now)
    return True


def ends_of(row: AppCode | AppToken) -> dt.datetime:
    """When the consent behind a code or a token ends by itself."""
    return ConsentEvent.objects.get(grant=row.grant, kind=ConsentEvent.Kind.GRANTED).ends_at


def revoke(*, token: str, app: App, now: dt.datetime) -> None:
    """The app gives a token back: with the one to read that one goes, with the one to refresh the whole grant."""
    row = _token(token, None, app)
    if row is None:
        return
    if row.kind == AppToken.Kind.REFRESH:
        _close(row, "given_back", now)
    else:
        row.delete()


def visit(*, token: str, now: dt.datetime) -> Visit:
    """Who comes with this token, and what of whom it opens now; asked at every use.

    Raises
    ------
    NotFound : it opens nothing: the same answer for every reason.
    """
    row = _token(token, AppToken.Kind.ACCESS, None)
    seen = _sees(row, now) if row is not None and row.made_at <= now < row.ends_at else frozenset()
    if row is None or not seen:
        raise NotFound(NOT_THERE)
    scopes = tuple(read_scope(one) for one in row.scopes if one not in {LAUNCH, OFFLINE})
    return Visit(actor=actors.app(row.app.uuid), profile=row.profile, scopes=scopes, classes=seen, grant=row.grant)


def _token(token: str, kind: str | None, app: App | None) -> AppToken | None:
    if not 0 < len(token) <= TOKEN_CHARACTERS_MAX:
        return None
    rows = AppToken.objects.select_related("profile", "app").filter(token_sha256=stored_form(token))
    rows = rows.filter(kind=kind) if kind is not None else rows
    return (rows.filter(app=app) if app is not None else rows).first()


def _keep(row: AppCode | AppToken, scopes: list[str], token: str, refresh: str, now: dt.datetime) -> None:
    ends_at = ends_of(row)
    kept = {"profile": row.profile, "app": row.app, "grant": row.grant, "made_at": now}
    AppToken.objects.create(
        **kept, kind=AppToken.Kind.ACCESS, token_sha256=stored_form(token), scopes=scopes,
        ends_at=min(now + ACCESS_LASTS, ends_at),
    )  # fmt: skip
    if refresh:
        AppToken.objects.create(
            **kept, kind=AppToken.Kind.REFRESH, token_sha256=stored_form(refresh), scopes=row.scopes, ends_at=ends_at
        )


def _sees(row: AppCode | AppToken, now: dt.datetime) -> frozenset[str]:
    return access.by_app(app=row.app, person=row.profile, grant=row.grant, now=now)


def _close(row: AppCode | AppToken, why: str, now: dt.datetime) -> None:
    sharing.give_back(profile=row.profile, grant_uuid=row.grant, why=why, by=actors.app(row.app.uuid), now=now)


# ---- what was typed in ----------------------------------------------------------------------------------------------


def _words(text: str, field: str, most: int) -> str:
    words = " ".join(text.split())
    if not words or len(words) > most or not words.isprintable():
        raise InputError(f"Write the {field} in up to {most} letters", field=field)
    return words


def _address(text: str) -> str:
    """An address to send people back to: TLS, this machine, or an app's own scheme; compared letter by letter."""
    try:
        parts = urlsplit(text)
        is_sealed = parts.scheme == "https" and bool(parts.hostname)
        is_here = parts.scheme == "http" and parts.hostname in _LOOPBACK
        is_own = _PRIVATE_SCHEME.match(parts.scheme) is not None and not parts.netloc and parts.path.startswith("/")
        plain = text.isascii() and text.isprintable() and not set(text) & set(" \"'<>\\^`{|}#*;,")
        fits = len(text) <= _ADDRESS_MOST and parts.username is None and parts.password is None
    except ValueError:
        is_sealed = is_here = is_own = plain = fits = False
    if not (plain and fits and (is_sealed or is_here or is_own)):
        raise InputError(
            f"“{text}” is no address to send people back to: https://..., http://127.0.0.1/... or org.example.app:/...",
            field="redirect",
        )
    return text
