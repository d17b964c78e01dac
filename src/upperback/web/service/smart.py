"""SMART App Launch for apps of others: standalone, public clients with PKCE (S256), one person's own record.

The course of OAuth is oauthlib's. Here stands what this service allows: whose app, which addresses, which scopes, and
the page on which a person says yes in their own words. What a yes opens is a consent (`services.apps`).
"""

import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from oauthlib.common import Request
from oauthlib.oauth2 import (
    AuthorizationCodeGrant,
    AuthorizationEndpoint,
    BearerToken,
    FatalClientError,
    OAuth2Error,
    RefreshTokenGrant,
    RequestValidator,
    RevocationEndpoint,
    TokenEndpoint,
)
from oauthlib.oauth2.rfc6749 import errors

from upperback.core.errors import InputError
from upperback.interchange.fhir.elements import stable_id
from upperback.interchange.fhir.search import TYPES
from upperback.services import apps
from upperback.services.actors import Actor
from upperback.services.apps import App, AppCode, AppToken
from upperback.services.people import Profile
from upperback.web.front import CONTENT_SECURITY_POLICY
from upperback.web.person import session
from upperback.web.person.page import for_person, show
from upperback.web.service import visitors

#: What an app may read, in words for the person; mood stands apart.
WORDS: Final = {
    "identity": gettext_lazy("Your name"),
    "answers": gettext_lazy("Your safety checks and what came of them"),
    "plan": gettext_lazy("Your plan, and changes of it"),
    "progress": gettext_lazy("What you did, and how your back was: sessions, diary, goals, looks back"),
    "wearable": gettext_lazy("What a sensor measured, day by day"),
    "mood": gettext_lazy("Your answers about mood"),
}
_DAYS: Final = {
    "1": gettext_lazy("One day"), "30": gettext_lazy("One month"), "90": gettext_lazy("Three months"),
    "180": gettext_lazy("Six months"),
}  # fmt: skip
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_SECRET_BYTES: Final = 32
#: Of what has to be there once: twice, two programs could read it in two ways.
_ONCE: Final = ("aud", "code_challenge", "code_challenge_method")


# ---- what this service is --------------------------------------------------------------------------------------------


def addresses(request: HttpRequest) -> dict[str, str]:
    """Where an app gets its tokens, by the names that FHIR has for them."""
    names = {"authorize": "app_authorize", "token": "app_token", "revoke": "app_revoke"}
    return {name: request.build_absolute_uri(reverse(page)) for name, page in names.items()}


@require_safe
def configuration(request: HttpRequest) -> HttpResponse:
    """`/fhir/.well-known/smart-configuration`"""
    where = addresses(request)
    return _json(
        {
            "authorization_endpoint": where["authorize"],
            "token_endpoint": where["token"],
            "revocation_endpoint": where["revoke"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "response_types_supported": ["code"],
            "token_endpoint_auth_methods_supported": ["none"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": [
                apps.LAUNCH, apps.OFFLINE, "patient/*.rs", *(f"patient/{kind}.rs" for kind in TYPES),
            ],
            "capabilities": [
                "launch-standalone", "client-public", "context-standalone-patient", "permission-patient",
                "permission-offline", "permission-v1", "permission-v2",
            ],
        }
    )  # fmt: skip


def _json(body: dict[str, Any]) -> HttpResponse:
    return HttpResponse(json.dumps(body), content_type="application/json")


# ---- the course of OAuth ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Yes:
    """What a person chose on the page."""

    profile: Profile
    kinds: list[str]
    days: int | None
    by: Actor


class _Allowed(RequestValidator):  # type: ignore[misc]  # comes without types
    """oauthlib's questions. `request.client` is the `App`, `request.row` the code or token that is exchanged."""

    def validate_client_id(self, client_id: str, request: Request, *args: Any, **named: Any) -> bool:
        request.client = apps.open_app(client_id)
        return request.client is not None

    def validate_redirect_uri(self, client_id: str, redirect_uri: str, request: Request, *args: Any, **n: Any) -> bool:
        return redirect_uri in request.client.redirect_uris

    def get_default_redirect_uri(self, client_id: str, request: Request, *args: Any, **named: Any) -> None:
        return None  # it has to be said, every time

    def validate_response_type(
        self, client_id: str, kind: str, client: App, request: Request, *a: Any, **n: Any
    ) -> bool:
        return kind == "code"

    def get_default_scopes(self, client_id: str, request: Request, *args: Any, **named: Any) -> list[str]:
        return []

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: App, request: Request, *a: Any, **n: Any
    ) -> bool:
        return apps.within(client, scopes)

    def is_pkce_required(self, client_id: str, request: Request) -> bool:
        return True

    def save_authorization_code(
        self, client_id: str, code: dict[str, str], request: Request, *a: Any, **n: Any
    ) -> None:
        yes: _Yes = request.yes
        apps.agree(
            profile=yes.profile, app=request.client, scopes=request.scopes, kinds=yes.kinds, days=yes.days,
            redirect_uri=request.redirect_uri, challenge=request.code_challenge, code=code["code"], by=yes.by,
            now=visitors.now(),
        )  # fmt: skip

    def client_authentication_required(self, request: Request, *args: Any, **named: Any) -> bool:
        return False  # apps on somebody's own device keep no secret: the verifier stands for it

    def authenticate_client_id(self, client_id: str, request: Request, *args: Any, **named: Any) -> bool:
        return self.validate_client_id(client_id, request)

    def validate_grant_type(self, client_id: str, kind: str, client: App, request: Request, *a: Any, **n: Any) -> bool:
        return kind in {"authorization_code", "refresh_token"}

    def validate_code(self, client_id: str, code: str, client: App, request: Request, *a: Any, **n: Any) -> bool:
        request.row = apps.code_of(code=code, app=client, now=visitors.now())
        if request.row is not None:
            request.user, request.scopes = request.row.profile, request.row.scopes
        return request.row is not None

    def get_code_challenge(self, code: str, request: Request) -> str:
        return str(request.row.challenge)

    def get_code_challenge_method(self, code: str, request: Request) -> str:
        return "S256"

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: App, request: Request, *args: Any, **named: Any
    ) -> bool:
        return bool(redirect_uri == request.row.redirect_uri)

    def validate_refresh_token(self, refresh: str, client: App, request: Request, *args: Any, **named: Any) -> bool:
        request.row = apps.refresh_of(refresh=refresh, app=client, now=visitors.now())
        if request.row is not None:
            request.user = request.row.profile
        return request.row is not None

    def get_original_scopes(self, refresh: str, request: Request, *args: Any, **named: Any) -> list[str]:
        return list(request.row.scopes)

    def save_token(self, token: dict[str, Any], request: Request, *args: Any, **named: Any) -> None:
        row: AppCode | AppToken = request.row
        fresh = {"token": token["access_token"], "refresh": token.get("refresh_token", ""), "now": visitors.now()}
        if isinstance(row, AppCode):
            is_first = apps.exchange_code(row=row, **fresh)
        else:
            is_first = apps.exchange_refresh(row=row, scopes=request.scopes, **fresh)
        if not is_first:
            raise errors.InvalidGrantError(request=request)

    def invalidate_authorization_code(self, client_id: str, code: str, request: Request, *a: Any, **n: Any) -> None:
        """Done with the tokens, in one transaction."""

    def revoke_token(self, token: str, hint: str, request: Request, *args: Any, **named: Any) -> None:
        apps.revoke(token=token, app=request.client, now=visitors.now())


class _Server(AuthorizationEndpoint, TokenEndpoint, RevocationEndpoint):  # type: ignore[misc]  # comes without types
    """Codes, tokens and taking back, for this address."""

    def __init__(self, base: str) -> None:
        rules = _Allowed()
        code = AuthorizationCodeGrant(rules, pre_auth=[_launch_of(base)])
        refresh = RefreshTokenGrant(rules)
        for grant in (code, refresh):
            grant.register_token_modifier(_finished)
        bearer = BearerToken(rules, token_generator=_secret, expires_in=_lasts_s)
        AuthorizationEndpoint.__init__(self, "code", bearer, {"code": code})
        TokenEndpoint.__init__(
            self, "authorization_code", bearer, {"authorization_code": code, "refresh_token": refresh}
        )
        RevocationEndpoint.__init__(self, rules)


def _launch_of(base: str) -> Callable[[Request], dict[str, Any]]:
    """What SMART asks of a launch beyond OAuth."""

    def check(request: Request) -> dict[str, Any]:
        if twice := [name for name in _ONCE if name in request.duplicate_params]:
            raise errors.InvalidRequestError(description=f"Duplicate {twice[0]} parameter.", request=request)
        if not request.state:
            raise errors.InvalidRequestError(description="Missing state parameter.", request=request)
        if (getattr(request, "aud", None) or "").rstrip("/") != base.rstrip("/"):
            raise errors.InvalidRequestError(description="aud has to be the address of this server.", request=request)
        if request.code_challenge_method != "S256" or not _CHALLENGE.match(request.code_challenge or ""):
            raise errors.InvalidRequestError(description="PKCE with S256 is needed.", request=request)
        return {}

    return check


def _secret(request: Request, refresh_token: bool = False) -> str:
    return secrets.token_urlsafe(_SECRET_BYTES)


def _lasts_s(request: Request) -> int:
    rest = apps.ends_of(request.row) - visitors.now()
    return max(1, int(min(apps.ACCESS_LASTS, rest).total_seconds()))


def _finished(token: dict[str, Any], handler: Any, request: Request) -> dict[str, Any]:
    """Whose record it is for; and no way to come again for an app that did not ask for it."""
    token["patient"] = stable_id(request.user.uuid, "Patient")
    if apps.OFFLINE not in request.row.scopes:
        token.pop("refresh_token", None)
    return token


def _server(request: HttpRequest) -> _Server:
    return _Server(request.build_absolute_uri("/fhir/"))


# ---- a person says yes -----------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@for_person
def authorize(request: HttpRequest, profile: Profile) -> HttpResponse:
    """What an app asks for; sent, the person goes back to it with a code, or with their no."""
    server, asked = _server(request), request.build_absolute_uri()
    try:
        scopes, launch = server.validate_authorization_request(asked)
        if request.method != "POST":
            return _page(request, profile, scopes, launch)
        if request.POST.get("answer") != "yes":
            raise errors.AccessDeniedError(request=launch["request"])
        try:
            yes, given = _said(request, profile, scopes)
            headers, *_rest = server.create_authorization_response(asked, scopes=given, credentials={"yes": yes})
        except InputError as problem:
            return _page(request, profile, scopes, launch, error=problem)
        return _away(headers["Location"])
    except FatalClientError:
        return _unknown(request, profile)
    except OAuth2Error as error:
        return _away(error.in_uri(error.redirect_uri))
    except ValueError:  # what is no address at all
        return _unknown(request, profile)


def _said(request: HttpRequest, profile: Profile, scopes: list[str]) -> tuple[_Yes, list[str]]:
    """The yes, and the scopes that are left where less was chosen."""
    posted = request.POST.get("days", "")
    days = None if apps.OFFLINE not in scopes else int(posted) if posted in _DAYS else 0
    kinds, given = apps.check_choice(scopes=scopes, kinds=request.POST.getlist("see"), days=days)
    return _Yes(profile=profile, kinds=kinds, days=days, by=session.actor_of(request)), given


def _page(
    request: HttpRequest,
    profile: Profile,
    scopes: list[str],
    launch: dict[str, Any],
    *,
    error: InputError | None = None,
) -> HttpResponse:
    app: App = launch["request"].client
    kinds = apps.asked_for(scopes)
    context = {
        "profile": profile, "app": app, "back_to": _shown(launch["redirect_uri"]),
        "kinds": [{"value": kind, "text": WORDS[kind]} for kind in kinds if kind != "mood"],
        "mood": WORDS["mood"] if "mood" in kinds else None,
        "chosen": request.POST.getlist("see"),
        "comes_again": apps.OFFLINE in scopes,
        "days": [{"value": value, "text": text} for value, text in _DAYS.items()],
        "day": request.POST.get("days", "30"),
        "error": _(error.message) if error is not None else None,
        "field": error.details.get("field", "see") if error is not None else "",
        "has_errors": error is not None,
    }  # fmt: skip
    response = show(request, "service/app.jinja", context, status=422 if error is not None else 200)
    # The answer to this form leads away, to the app and nowhere else.
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.replace(
        "form-action 'self'", f"form-action 'self' {_origin(launch['redirect_uri'])}"
    )
    return response


def _unknown(request: HttpRequest, profile: Profile) -> HttpResponse:
    """Whoever asks is not known, or wants people sent where nobody said: they stay here."""
    return show(request, "service/app_unknown.jinja", {"profile": profile}, status=400)


def _away(address: str) -> HttpResponse:
    response = HttpResponse(status=303)
    response["Location"] = address
    response["Cache-Control"] = "no-store"
    return response


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"


def _shown(address: str) -> str:
    parts = urlsplit(address)
    return parts.netloc or parts.scheme


# ---- what an app brings ----------------------------------------------------------------------------------------------


@csrf_exempt
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """`/apps/token/`: a code, or a token to refresh, for new tokens."""
    return _told(request, _server(request).create_token_response)


@csrf_exempt
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    """`/apps/revoke/`: a token that the app gives back."""
    return _told(request, _server(request).create_revocation_response)


def _told(request: HttpRequest, ask: Callable[..., tuple[dict[str, str], str | None, int]]) -> HttpResponse:
    from allauth.core import ratelimit

    if not ratelimit.consume(request, action="app_token"):
        response = _json({"error": "temporarily_unavailable"})
        response.status_code, response["Retry-After"] = 429, "60"
    else:
        headers, body, status = _answered(request, ask)
        response = HttpResponse(body or "", status=status, content_type="application/json")
        if "WWW-Authenticate" in headers:
            response["WWW-Authenticate"] = headers["WWW-Authenticate"]
    response["Cache-Control"], response["Pragma"] = "no-store", "no-cache"
    return response


def _answered(
    request: HttpRequest, ask: Callable[..., tuple[dict[str, str], str | None, int]]
) -> tuple[dict[str, str], str | None, int]:
    try:
        body = request.body.decode("ascii") if request.content_type == "application/x-www-form-urlencoded" else ""
        return ask(request.build_absolute_uri(), http_method="POST", body=body, headers={})
    except OAuth2Error as error:
        return error.headers, error.json, error.status_code
    except ValueError:  # neither letters nor an address
        wrong = errors.InvalidRequestError()
        return wrong.headers, wrong.json, wrong.status_code
