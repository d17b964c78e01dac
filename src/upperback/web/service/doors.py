"""What stands before every page of a service: a session that ran out ends, and the rule of the page decides."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from django.contrib.auth import logout
from django.contrib.sessions.backends.base import SessionBase
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from upperback.services import access, accounts
from upperback.web.rules import Rule, rule_of
from upperback.web.service import visitors
from upperback.web.service.settings import SHARED_IDLE_S, STAFF_DAY_S, STAFF_IDLE_S

Next = Callable[[HttpRequest], HttpResponseBase]

_SEEN: Final = "seen"
_CAME: Final = "came"
#: How exact the last sign of life is kept.
_SEEN_EVERY_S: Final = 30


class Idle:
    """Ends the session of somebody who has not been seen for too long; of staff at the end of a working day, too."""

    def __init__(self, get_response: Next) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        account = visitors.account_of(request)
        if account is not None:
            now_s = int(visitors.now().timestamp())
            if request.session.get(_SEEN) is None or request.session.get(_CAME) is None:
                request.session[_SEEN] = request.session[_CAME] = now_s
            elif has_run_out(request.session, now_s, is_staff=accounts.is_staff(account)):
                logout(request)
        return self._get_response(request)


class Rules:
    """Asks the rule of the page before its view is called. A page without a rule is not there."""

    def __init__(self, get_response: Next) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], named: dict[str, Any]
    ) -> HttpResponseBase | None:
        """None lets the view answer."""
        match = request.resolver_match
        rule = rule_of(match.view_name if match is not None else None)
        if rule is None or rule.who == "shut":
            raise Http404
        if not rule.is_passive:
            _is_here(request)
        return _DOORS[rule.who](request, rule)


def _is_here(request: HttpRequest) -> None:
    now_s = int(visitors.now().timestamp())
    if _SEEN in request.session and now_s - request.session[_SEEN] >= _SEEN_EVERY_S:
        request.session[_SEEN] = now_s


def has_run_out(session: SessionBase, now_s: int, *, is_staff: bool) -> bool:
    """Whether nobody has been seen in this session for too long. One that has just begun says nothing of it yet."""
    seen_s, came_s = session.get(_SEEN), session.get(_CAME)
    if seen_s is None or came_s is None:
        return False
    idle_s = now_s - seen_s
    if is_staff:
        return bool(idle_s >= STAFF_IDLE_S or now_s - came_s >= STAFF_DAY_S or idle_s < 0)
    return session.get_expire_at_browser_close() and (idle_s >= SHARED_IDLE_S or idle_s < 0)


def _pass(request: HttpRequest, rule: Rule) -> None:
    """Anybody, or a page that looks after itself."""


def _check(request: HttpRequest, rule: Rule) -> HttpResponseBase | None:
    """The safety check: never behind a sign-in. Staff have no record to do it for."""
    account = visitors.account_of(request)
    return redirect("staff") if account is not None and account.profile is None else None


def _own(request: HttpRequest, rule: Rule) -> HttpResponseBase | None:
    account = visitors.account_of(request)
    if account is None:
        return _to_sign_in(request)
    return redirect("staff") if account.profile is None else None


def _work(request: HttpRequest, rule: Rule) -> HttpResponseBase | None:
    account = visitors.account_of(request)
    if account is None:
        return _to_sign_in(request)
    if not accounts.is_staff(account):
        raise Http404
    if (turned := _second_factor(request)) is not None:
        return turned
    jobs = access.jobs_of(actor=visitors.at_others(request), now=visitors.now())
    if not any(job.role in rule.roles for job in jobs):
        raise Http404
    return None


def _second_factor(request: HttpRequest) -> HttpResponseBase | None:
    """Staff without it set it up, or use it, before anything else."""
    from allauth.mfa.utils import is_mfa_enabled

    if visitors.used_second_factor(request):
        return None
    if not is_mfa_enabled(request.user):
        return redirect("mfa_index")
    return redirect(f"{resolve_url('second_step')}?{urlencode({'next': resolve_url('staff')})}")


def _to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """To the way in. Whoever has done the safety check here is asked to keep it with an account."""
    name = "account_signup" if visitors.guest_record(request) is not None else "account_login"
    ahead = request.get_full_path() if request.method in {"GET", "HEAD"} else _form_of(request)
    return redirect(f"{resolve_url(name)}?{urlencode({'next': ahead})}")


def _form_of(request: HttpRequest) -> str:
    """The page on which a form stood that was sent: what was typed there is put back when it opens again."""
    came_from = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure()):
        return resolve_url("home")
    parts = urlsplit(came_from)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path or resolve_url("home")


_DOORS: Final[dict[str, Callable[[HttpRequest, Rule], HttpResponseBase | None]]] = {
    "anyone": _pass,
    "entrance": _pass,
    "check": _check,
    "own": _own,
    "work": _work,
}
