"""Inviting staff: `/staff/team/invite/` for whoever runs the clinic, `/join/LINK/` for whoever was invited.

Opening the link changes nothing: programs that look through mails open it, too. It leads to `/join/`, so that no log
and no other page gets to know it; sending that page is what counts.
"""

from typing import Any, Final

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from upperback.core.errors import Conflict, InputError
from upperback.services import actors, joining
from upperback.services.actors import public_id
from upperback.services.clinics import Account
from upperback.services.joining import StaffInvitation
from upperback.web.service import mails, visitors
from upperback.web.service.clinic_admin import show_team
from upperback.web.service.pages import ROLE_WORDS

_LINK: Final = "joining"


@require_POST
def team_invite(request: HttpRequest) -> HttpResponse:
    """A mail with a link goes to somebody. The answer is the same whether they have an account or not."""
    posted = request.POST
    try:
        made, secret = joining.invite(
            clinic=public_id(posted.get("clinic", "")), email=posted.get("email", ""), name=posted.get("name", ""),
            role=posted.get("role", ""), by=visitors.at_others(request), now=visitors.now(),
        )  # fmt: skip
    except InputError as problem:
        return show_team(request, error=problem)
    context = {
        "clinic": made.clinic.name, "role": str(ROLE_WORDS[made.role]), "until": _until(made),
        "link": request.build_absolute_uri(reverse("staff_join_link", args=[secret])),
    }  # fmt: skip
    try:
        mails.send("upperback/staff_invited", made.email, context)
    except OSError:  # the server of mails refuses, or is not there; smtplib's own errors are of this kind, too
        joining.take_back(invitation=made.uuid, by=visitors.at_others(request), now=visitors.now())
        return show_team(request, error=InputError("The mail could not be sent. Try again later", field="email"))
    return redirect(f"{reverse('staff_team')}?asked#invited")


@require_POST
def team_invite_back(request: HttpRequest) -> HttpResponse:
    """An invitation works no more."""
    invitation = public_id(request.POST.get("invitation", ""))
    done = joining.take_back(invitation=invitation, by=visitors.at_others(request), now=visitors.now())
    return redirect(f"{reverse('staff_team')}?back={'yes' if done else 'late'}#invited")


@never_cache
@require_safe
def join_link(request: HttpRequest, secret: str) -> HttpResponse:
    """The link of the mail: kept in the session, and on to the page."""
    request.session[_LINK] = secret
    return redirect("staff_join")


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """Whoever was invited sets a password, or says yes with the account for work that they have."""
    secret = str(request.session.get(_LINK, ""))
    found = joining.invitation_of(secret=secret, now=visitors.now())
    if found is None:
        return render(request, "service/join.jinja", {"what": "gone"}, status=404)
    signed_in, holder = visitors.account_of(request), Account.objects.filter(email=found.email).first()
    what = _what_first(found, signed_in, holder)
    if request.method != "POST" or what not in {"accept", "new"}:
        return _page(request, found, what)
    try:
        if what == "accept" and signed_in is not None:
            _accept(secret, signed_in)
            return redirect("staff")
        return _begin(request, found, secret, holder)
    except Conflict:
        return redirect("staff")  # they have that role already
    except InputError:  # used in another window at the same moment
        return render(request, "service/join.jinja", {"what": "gone"}, status=404)
    except ValidationError as problem:
        return _page(request, found, what, error=" ".join(problem.messages))


def _what_first(found: StaffInvitation, signed_in: Account | None, holder: Account | None) -> str:
    """What whoever holds the link has to do. Only the owner of the address reads it."""
    from allauth.mfa.utils import is_mfa_enabled

    if signed_in is not None and signed_in.email.lower() != found.email:
        return "somebody_else"
    if holder is None:
        return "new"
    if not holder.is_active:
        return "closed"
    if holder.profile_id is not None:
        return "own_record"
    if signed_in is not None:
        return "accept"
    # Made by whoever runs the service, and never used: a password can be set as for a new one.
    return "sign_in" if holder.has_usable_password() or is_mfa_enabled(holder) else "new"


def _begin(request: HttpRequest, found: StaffInvitation, secret: str, holder: Account | None) -> HttpResponse:
    """The account with its password, the work, and signed in: on to the second step, without which nothing is seen."""
    from allauth.account.internal.flows.login import perform_password_login, record_authentication
    from allauth.account.models import Login

    account = holder or Account(email=found.email, name=found.name)
    password = request.POST.get("password", "")
    validate_password(password, account)
    with transaction.atomic():
        account.set_password(password)
        account.save()
        EmailAddress.objects.update_or_create(
            user=account, email=account.email, defaults={"verified": True, "primary": True}
        )
        _accept(secret, account)
    login = Login(user=account, email=account.email, redirect_url=reverse("mfa_index"))
    response: HttpResponse = perform_password_login(request, {"email": account.email}, login)
    request.session.pop(_LINK, None)
    # The password was typed in this moment: the page of the second step does not ask for it again.
    record_authentication(request, account, method="password", reauthenticated=True)
    return response


def _accept(secret: str, account: Account) -> None:
    joining.accept(secret=secret, account=account, by=actors.account(account.uuid), now=visitors.now())


def _page(request: HttpRequest, found: StaffInvitation, what: str, *, error: str = "") -> HttpResponse:
    context: dict[str, Any] = {
        "what": what,
        "clinic": found.clinic.name,
        "role": ROLE_WORDS[found.role],
        "name": found.name,
        "email": found.email,
        "until": _until(found),
        "here": request.path,
        "error": error,
        "has_errors": bool(error),
    }
    return render(request, "service/join.jinja", context, status=422 if error else 200)


def _until(found: StaffInvitation) -> str:
    return f"{found.ends_at.day} {found.ends_at:%B %Y}"
