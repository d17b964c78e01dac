"""Warning signs told outside a safety check: until there is a new one, nothing reassures and no plan is open."""

from django.db.models import Q

from upperback.care.diary import SessionEnded, Warned, kind_of
from upperback.store.models import Decision, DiaryEntry, Profile

_KINDS = (kind_of(Warned), kind_of(SessionEnded))  # for the index: years of other entries are not looked at

#: A warning sign before a session, or one that stopped it.
_ALARMS = Q(kind=kind_of(Warned)) | Q(kind=kind_of(SessionEnded), data__how="felt_wrong")


def alarmed_since(profile: Profile, decision: Decision | None) -> bool:
    """Whether a warning sign was told after a result: before a session, or as the reason why one was stopped.

    An entry that was taken back does not count. Where the clock was put back, the plan that an entry was written
    under says that it came after the result.
    """
    if decision is None:
        return False
    maybe = Q(at__gte=decision.decided_at) | Q(recorded_at__lt=decision.decided_at, plan__decision=decision)
    return DiaryEntry.objects.filter(
        maybe, _ALARMS, kind__in=_KINDS, profile=profile, replaced_by__isnull=True
    ).exists()
