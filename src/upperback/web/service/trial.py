"""A service with people in it, to try it out: a clinic, a physiotherapist, and the invented people who share with her.

`upperback serve --service --trial --demo`: made anew at each start, with a new password and spare codes that only the
terminal shows.
"""

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Final

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import transaction

from upperback.services import actors, apps, bulk, clinics, demo, sharing
from upperback.services.access_rules import USUAL, DataClass, Role
from upperback.services.actors import SYSTEM
from upperback.services.clinics import Account, Clinic
from upperback.services.people import Profile

CLINIC: Final = "North Street Physiotherapy"
STAFF: Final = ("mina@clinic.example", "Mina Patel")
#: Others who work there, with their role: they see nobody's record.
OTHERS: Final[dict[str, tuple[str, Role]]] = {
    "ade@clinic.example": ("Ade Oni", "clinic_admin"),
    "sue@clinic.example": ("Sue Hale", "support"),
    "rae@clinic.example": ("Rae Moss", "researcher"),
}
#: Somebody who helps the first of the invented people at home.
CARER: Final = "robin@people.example"
#: An app that anybody on this machine can play: nobody is at the address to which it sends people back.
APP: Final = ("Stretch Log (invented)", "Example Ltd", "http://127.0.0.1:8123/back")
#: Who lets less, or more, be seen than most: so that it can be looked at.
SHARES: Final[dict[str, frozenset[DataClass]]] = {
    "strain": frozenset({"identity", "plan"}),
    "six_weeks": USUAL | {"mood", "wearable", "live"},
}
_DAYS: Final = 90
_SPARE_SHOWN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How to get in: one password for all, spare codes for the physiotherapist, addresses of the people.

    `carer` helps the first of them; `others` work at the clinic, each with a spare code; `app` is a client_id.
    """

    staff: str
    carer: str
    password: str
    spare_codes: tuple[str, ...]
    others: dict[str, str]
    people: tuple[str, ...]
    app: str

    def words(self) -> str:
        """For the terminal."""
        return (
            f"To try it out, sign in as the physiotherapist, {self.staff}, or as one of the invented people:\n"
            f"  {', '.join(self.people)}\n"
            f"  {self.carer} helps {self.people[0]} at home.\n"
            f"  Password of all of them: {self.password}\n"
            f"  Second step of the physiotherapist, each once: {'  '.join(self.spare_codes)}\n"
            "  Others who work there, each with a second step: "
            + ", ".join(f"{email} ({OTHERS[email][1]}) {code}" for email, code in self.others.items())
            + f"\n  {APP[0]} asks to read, sends people back to {APP[2]}, and has the client_id: {self.app}"
        )


def make_trial(now: dt.datetime) -> Trial:
    """Makes the clinic and its staff, if they are not there, and the invented people anew.

    Own people and other staff are not touched, and what they shared with the staff of the trial goes on.
    """
    password = secrets.token_urlsafe(9)
    with transaction.atomic():
        profiles = demo.reset_demo(now=now)
        demo.bring_all_to_life(now=now)
        clinic = Clinic.objects.filter(name=CLINIC).first() or clinics.make_clinic(name=CLINIC, by=SYSTEM, now=now)
        staff, codes = _works(STAFF[0], STAFF[1], "clinician", clinic, password, now)
        others = {
            email: _works(email, name, role, clinic, password, now)[1][0] for email, (name, role) in OTHERS.items()
        }
        people = [_shares(profile, staff, password, now) for profile in profiles]
        _cares(profiles[0], password, now)
        app = _app(now)
    return Trial(
        staff=STAFF[0],
        carer=CARER,
        password=password,
        spare_codes=tuple(codes[:_SPARE_SHOWN]),
        people=tuple(people),
        others=others,
        app=app.client_id,
    )


def _works(
    email: str, name: str, role: Role, clinic: Clinic, password: str, now: dt.datetime
) -> tuple[Account, list[str]]:
    """Somebody of the staff, with a new password, a new second step and the spare codes of it."""
    account = Account.objects.filter(email=email).first() or _account(email, password, name=name)
    account.set_password(password)
    account.save()
    Authenticator.objects.filter(user=account).delete()
    if not account.memberships.filter(clinic=clinic, role=role, ended_at__isnull=True).exists():
        clinics.add_member(account=account, clinic=clinic, role=role, by=SYSTEM, now=now)
    TOTP.activate(account, generate_totp_secret())
    return account, list(RecoveryCodes.activate(account).get_unused_codes())


def _shares(profile: Profile, staff: Account, password: str, now: dt.datetime) -> str:
    """An invented person with an account, by the way that people go: an invitation, and its code typed in."""
    email = f"{profile.name.split(',')[0].lower()}@people.example"
    account = _account(email, password, profile=profile)
    _, code = sharing.invite(
        profile=profile, kind="treats", data_classes=SHARES.get(profile.demo, USUAL), days=_DAYS,
        by=actors.person(account.uuid), now=now,
    )  # fmt: skip
    relation = sharing.accept(code=code, by=actors.account(staff.uuid, second_factor=True), now=now)
    if relation.clinic is not None:
        bulk.agree(
            profile=profile, clinic=relation.clinic.uuid, kinds=["answers", "plan", "progress"], days=_DAYS,
            by=actors.person(account.uuid), now=now,
        )  # fmt: skip
    return email


def _cares(profile: Profile, password: str, now: dt.datetime) -> None:
    """Somebody whom an invented person lets help them."""
    Profile.objects.filter(account__email=CARER).delete()
    own = Profile.objects.create(name="Robin", created_at=now)
    carer, person = _account(CARER, password, profile=own), Account.objects.get(profile=profile)
    _, code = sharing.invite(
        profile=profile, kind="cares", data_classes={"answers", "plan", "progress"}, days=_DAYS,
        by=actors.person(person.uuid), now=now,
    )  # fmt: skip
    sharing.accept(code=code, by=actors.account(carer.uuid), now=now)


def _app(now: dt.datetime) -> apps.App:
    """The one that is there already, or a new one."""
    known = [one for one in apps.all_apps(by=SYSTEM) if one.name == APP[0] and one.ended_at is None]
    if known:
        return known[0]
    return apps.add_app(
        name=APP[0], maker=APP[1], redirect_uris=[APP[2]], scopes=["patient/*.rs", apps.OFFLINE], by=SYSTEM, now=now
    )


def _account(email: str, password: str, *, name: str = "", profile: Profile | None = None) -> Account:
    Account.objects.filter(email=email).delete()
    account = Account(email=email, name=name, profile=profile)
    account.set_password(password)
    account.save()
    EmailAddress.objects.create(user=account, email=email, verified=True, primary=True)
    return account
