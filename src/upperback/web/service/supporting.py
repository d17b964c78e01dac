"""`/staff/support/`: in which state an account is, by a reference that its person reads out."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from upperback.core.errors import InputError
from upperback.services import support
from upperback.services.clinics import Account
from upperback.web.service import visitors


@require_http_methods(["GET", "HEAD", "POST"])
def support_page(request: HttpRequest) -> HttpResponse:
    """A form, and what came of it. The reference travels in the form, never in an address."""
    if request.method != "POST":
        return render(request, "service/support.jinja", {})
    reference = request.POST.get("reference", "")
    try:
        found = support.find(reference=reference, by=visitors.at_others(request), now=visitors.now())
    except InputError as problem:
        context = {"reference": reference, "error": _(problem.message), "has_errors": True}
        return render(request, "service/support.jinja", context, status=422)
    return render(request, "service/support.jinja", {"found": support.reference_of(found), "rows": _state(found)})


def _state(account: Account) -> list[dict[str, Any]]:
    """Yes or no, and nothing else: no address, no name, no day."""
    from allauth.account.models import EmailAddress
    from allauth.mfa.utils import is_mfa_enabled

    confirmed = EmailAddress.objects.filter(user=account, verified=True).exists()
    said = {True: _("Yes"), False: _("No")}
    return [
        {"key": _("Open: somebody can sign in"), "value": said[account.is_active]},
        {"key": _("The e-mail address is confirmed"), "value": said[confirmed]},
        {"key": _("There is a password"), "value": said[account.has_usable_password()]},
        {"key": _("A second step is set up"), "value": said[is_mfa_enabled(account)]},
    ]
