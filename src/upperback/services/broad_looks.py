"""Looks that are too broad: somebody of the staff opens unusually many records in a short time.

It may be a busy day, and it may be curiosity; the program cannot tell. So nothing is held up: it is written into the
audit, and whoever runs the clinic finds it in a list and asks. Counted are different people, not pages.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from upperback.core.errors import NotFound
from upperback.services import access, audit
from upperback.services.actors import Actor, public_id
from upperback.services.permissions import check_may
from upperback.store.models import Account, AuditEvent, Membership

__all__ = ["BroadLook", "broad_looks", "looked_into", "note"]

#: Hours, and how often the number for one hour fits into the number that counts: a day is not 24 busy hours.
WINDOWS: Final = ((1, 1), (24, 3))
#: How long the list of a clinic goes back.
LISTED: Final = dt.timedelta(days=90)
_BROAD: Final = "broad_looks"
_SEEN: Final = "broad_looks_seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadLook:
    """Somebody opened the records of `people` different people within `hours`.

    Attributes
    ----------
    id : of the event, to say that it was looked into
    who : name of the account; empty where it is gone
    seen_at, seen_by : when it was looked into and by whom; None and empty while it was not
    """

    id: int
    at: dt.datetime
    who: str
    people: int
    hours: int
    seen_at: dt.datetime | None
    seen_by: str


def note(*, by: Actor, now: dt.datetime) -> None:
    """After a look at somebody's record: writes down, once for each stretch of time, that there were too many."""
    account_uuid = public_id(by.id)
    if by.kind != "account" or account_uuid is None:
        return
    for hours, share in WINDOWS:
        since, most = now - dt.timedelta(hours=hours), settings.OPTIONS.looks_an_hour * share
        events = AuditEvent.objects.filter(actor_id=by.id, at__gt=since, at__lte=now)
        people = events.filter(action="look").order_by().values("profile_uuid").distinct().count()
        if people > most and not events.filter(action=_BROAD, details__hours=hours).exists():
            works = Membership.objects.filter(account__uuid=account_uuid, ended_at__isnull=True)
            clinics = sorted({str(one) for one in works.values_list("clinic__uuid", flat=True)})
            audit.record(
                by=by, action=_BROAD, now=now, object_kind="account", object_uuid=account_uuid, people=people,
                hours=hours, most=most, clinics=clinics,
            )  # fmt: skip


def broad_looks(*, by: Actor, now: dt.datetime) -> list[BroadLook]:
    """Those of the clinics that this actor runs, the newest first."""
    events = _of_own_clinics(by, now)
    seen = {
        event.details["event"]: event
        for event in AuditEvent.objects.filter(action=_SEEN, at__gt=now - LISTED).order_by("-id")
    }
    ids = {one for event in [*events, *seen.values()] if (one := public_id(event.actor_id)) is not None}
    names = {str(one.uuid): one.name or one.email for one in Account.objects.filter(uuid__in=ids)}
    found = []
    for event in events:
        answer = seen.get(event.pk)
        found.append(
            BroadLook(
                id=event.pk, at=event.at, who=names.get(event.actor_id, ""), people=event.details["people"],
                hours=event.details["hours"], seen_at=answer.at if answer is not None else None,
                seen_by=names.get(answer.actor_id, "") if answer is not None else "",
            )
        )  # fmt: skip
    return found


def looked_into(*, event: int, by: Actor, now: dt.datetime) -> None:
    """Whoever runs the clinic has asked about it. Said twice it is said once; nobody says it of themselves.

    Raises
    ------
    NotFound : there is no such event at a clinic of theirs.
    """
    found = next((one for one in _of_own_clinics(by, now) if one.pk == event and one.actor_id != by.id), None)
    if found is None:
        raise NotFound("there is no such look here")
    if not AuditEvent.objects.filter(action=_SEEN, details__event=event).exists():
        audit.record(
            by=by, action=_SEEN, now=now, object_kind="account", object_uuid=uuid.UUID(found.actor_id), event=event
        )


def _of_own_clinics(by: Actor, now: dt.datetime) -> list[AuditEvent]:
    check_may(by, "run_clinic")
    clinics = {str(job.clinic) for job in access.jobs_of(actor=by, now=now) if job.role == "clinic_admin"}
    events = AuditEvent.objects.filter(action=_BROAD, at__gt=now - LISTED).order_by("-id")
    return [event for event in events if clinics.intersection(event.details["clinics"])]
