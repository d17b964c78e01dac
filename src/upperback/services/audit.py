"""One row per change: who, what, when, to which record. Codes, ids and counts; never an answer, a name or a signal."""

import datetime as dt
import uuid
from contextlib import nullcontext
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from upperback.services import audit_chain
from upperback.services.actors import Actor
from upperback.store.models import AuditEvent, Profile


def record(
    *,
    by: Actor,
    action: str,
    now: dt.datetime,
    object_kind: str,
    object_uuid: uuid.UUID | None = None,
    profile: Profile | None = None,
    **details: Any,
) -> None:
    """Writes the audit row. Called inside the transaction of the change it tells of. In a service it is chained."""
    with nullcontext() if connection.in_atomic_block else transaction.atomic():
        event = _written(by, action, now, object_kind, object_uuid, profile, details)
        if settings.SERVICE:
            audit_chain.add(event)


def _written(
    by: Actor,
    action: str,
    now: dt.datetime,
    object_kind: str,
    object_uuid: uuid.UUID | None,
    profile: Profile | None,
    details: dict[str, Any],
) -> AuditEvent:
    return AuditEvent.objects.create(
        at=now,
        actor_kind=by.kind,
        actor_id=by.id,
        action=action,
        object_kind=object_kind,
        object_uuid=object_uuid,
        profile_uuid=profile.uuid if profile is not None else None,
        details=details,
    )


def changed_since(event: int | None, *, but: str) -> tuple[int, frozenset[uuid.UUID]]:
    """Whose records were changed after an event, and the newest event now. None: nobody's, from now on.

    `but`: an action that does not count.
    """
    rows = AuditEvent.objects.order_by("id")
    if event is None:
        newest = rows.last()
        return (newest.pk if newest is not None else 0), frozenset()
    found = list(rows.filter(pk__gt=event).values_list("pk", "profile_uuid", "action"))
    changed = frozenset(who for _, who, action in found if who is not None and action != but)
    return (found[-1][0] if found else event), changed
