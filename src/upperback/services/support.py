"""Support: whether there is an account, and its state, by a reference that its person reads out. No data of anybody.

The reference is part of the account's public id. It opens nothing; it names an account to whoever may ask.
"""

import datetime as dt
import re
import uuid
from typing import Final

from upperback.core.errors import InputError, NotFound
from upperback.services import access, audit
from upperback.services.actors import Actor
from upperback.store.models import Account, AuditEvent

__all__ = ["find", "reference_of"]

_LETTERS: Final = 12
_REST: Final = 32 - _LETTERS
#: References of one account of support that led nowhere, in an hour.
TRIES: Final = 10
_NO_SUCH: Final = "There is no account with this reference. Ask for it again: twelve letters and numbers."
_TOO_MANY: Final = "Too many references led nowhere. Wait an hour, then try again."


def reference_of(account: Account) -> str:
    """What somebody reads out: three groups of four."""
    letters = account.uuid.hex[:_LETTERS].upper()
    return "-".join(letters[at : at + 4] for at in range(0, _LETTERS, 4))


def find(*, reference: str, by: Actor, now: dt.datetime) -> Account:
    """The account behind a reference. Its person is told that support looked.

    Raises
    ------
    NotFound : whoever asks is no support.
    InputError : there is none, or too many led nowhere.
    """
    if not any(job.role == "support" for job in access.jobs_of(actor=by, now=now)):
        raise NotFound("there is no such page")
    wrong = AuditEvent.objects.filter(action="wrong_reference", actor_id=by.id, at__gt=now - dt.timedelta(hours=1))
    if wrong.count() >= TRIES:
        raise InputError(_TOO_MANY, field="reference")
    letters = re.sub(r"[\s-]", "", reference).lower()
    found = None
    if re.fullmatch(rf"[0-9a-f]{{{_LETTERS}}}", letters):
        between = (uuid.UUID(letters + "0" * _REST), uuid.UUID(letters + "f" * _REST))
        found = Account.objects.filter(uuid__range=between).select_related("profile").first()
    if found is None:
        audit.record(by=by, action="wrong_reference", now=now, object_kind="account")
        raise InputError(_NO_SUCH, field="reference")
    audit.record(
        by=by, action="support_look", now=now, object_kind="account", object_uuid=found.uuid, profile=found.profile
    )
    return found
