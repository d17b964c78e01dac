"""What `upperback service` does. Sign-in belongs to allauth, so its rows are made here and not in the services."""

import datetime as dt
import re

from allauth.account.models import EmailAddress
from django.db import transaction

from upperback.core.errors import InputError
from upperback.services import accounts, apps, clinic_systems, clinics
from upperback.services.actors import SYSTEM
from upperback.services.clinics import Account, Clinic, Membership
from upperback.web.service import visitors


def new_clinic(name: str) -> str:
    """A clinic, and what was made in words."""
    made = clinics.make_clinic(name=name, by=SYSTEM, now=visitors.now())
    return f"Made the clinic {made.name}, {made.uuid}"


def new_staff(email: str, name: str, clinic: str, role: str) -> str:
    """An account for somebody's work, without a password: they set it with a code that goes to their address."""
    email = email.strip().lower()
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        raise InputError("Write an e-mail address", field="email")
    where = _clinic(clinic)
    with transaction.atomic():
        account = Account.objects.filter(email=email).first()
        if account is None:
            account = Account(email=email, name=name)
            account.set_unusable_password()
            account.save()
            EmailAddress.objects.create(user=account, email=email, verified=True, primary=True)
        clinics.add_member(account=account, clinic=where, role=role, by=SYSTEM, now=visitors.now())  # type: ignore[arg-type]
    return f"{email} works for {where.name} as {role}. They set a password under “Forgotten?” on the page to sign in."


def end_staff(email: str, clinic: str) -> str:
    """Ends every role at that clinic."""
    where, open_ones = _clinic(clinic), list(_account(email).memberships.filter(ended_at__isnull=True))
    ended = [member for member in open_ones if member.clinic_id == where.pk]
    if not ended:
        raise InputError(f"{email} does not work for {where.name}")
    for member in ended:
        clinics.end_membership(member=member, by=SYSTEM, now=visitors.now())
    return f"{email} does not work for {where.name} any more."


def close(email: str) -> str:
    """Closes an account."""
    accounts.close_account(account=_account(email), now=visitors.now())
    return f"Nobody signs in with {email} any more."


def everybody() -> str:
    """Clinics, and who works there now."""
    lines = []
    for clinic in Clinic.objects.order_by("name"):
        lines.append(f"{clinic.name}  {clinic.uuid}")
        members = Membership.objects.filter(clinic=clinic, ended_at__isnull=True).select_related("account")
        lines += [f"    {member.account.email}  {member.account.name}  {member.role}" for member in members]
    return "\n".join(lines) or "There is no clinic yet."


def system(how: str, clinic: str, name: str, days: int) -> str:
    """A computer system of a clinic: `add`, `list` or `end`."""
    where, now = _clinic(clinic), visitors.now()
    if how == "add":
        token = clinic_systems.add_system(clinic=where, name=name, days=days, by=SYSTEM, now=now)
        return (
            f"{token}\n\nThis token is for {name} of {where.name}, for {days} days. It is shown this once.\n"
            f"It fetches copies at /fhir/Group/{where.uuid}/$export"
        )
    if how == "end":
        clinic_systems.end_system(clinic=where, name=name, by=SYSTEM, now=now)
        return f"{name} of {where.name} fetches nothing any more."
    found = clinic_systems.list_systems(clinic=where, by=SYSTEM, now=now)
    lines = [f"{one.name}  until {one.ends_at:%Y-%m-%d}  {_used(one.used_at)}" for one in found]
    return "\n".join(lines) or f"{where.name} has no system that fetches copies."


def _used(at: dt.datetime | None) -> str:
    return f"last used {at:%Y-%m-%d %H:%M} UTC" if at is not None else "not used yet"


def new_app(name: str, maker: str, redirect_uris: list[str], scopes: str) -> str:
    """An app that people can let read, and what its makers need to know."""
    app = apps.add_app(
        name=name, maker=maker, redirect_uris=redirect_uris, scopes=scopes.split(), by=SYSTEM, now=visitors.now()
    )
    return f"People can let {app.name} read now. Its client_id: {app.uuid}"


def end_app(named: str) -> str:
    """Ends one."""
    app = apps.end_app(named=named, by=SYSTEM, now=visitors.now())
    return f"{app.name} reads nothing any more, whoever let it in."


def every_app() -> str:
    """Apps, with what they may ask for and where they send people."""
    lines = []
    for app in apps.all_apps(by=SYSTEM):
        over = f"  ended {app.ended_at:%Y-%m-%d}" if app.ended_at is not None else ""
        lines += [f"{app.name}  {app.maker}  {app.uuid}{over}", f"    {' '.join(app.scopes)}"]
        lines += [f"    {address}" for address in app.redirect_uris]
    return "\n".join(lines) or "There is no app yet."


def _clinic(named: str) -> Clinic:
    found = [one for one in Clinic.objects.all() if named in {one.name, str(one.uuid)}]
    if len(found) != 1:
        raise InputError(f"There is no one clinic “{named}”. See `upperback service list`")
    return found[0]


def _account(email: str) -> Account:
    found = Account.objects.filter(email=email.strip().lower()).first()
    if found is None:
        raise InputError(f"There is no account {email}")
    return found
