"""Warning signs told outside a safety check: until there is a new one, nothing reassures and no plan is open."""

from django.db.models import Q

from upperback.care.diary import SessionEnded, Warned, kind_of, read_entry
from upperback.store.models import Decision, DiaryEntry, Profile

_KINDS = (kind_of(Warned), kind_of(SessionEnded))


def alarmed_since(profile: Profile, decision: Decision | None) -> bool:
    """Whether a warning sign was told after a result: before a session, or as the reason why one was stopped.

    An entry that was taken back does not count. Where the clock was put back, the plan that an entry was written
    under says that it came after the result.
    """
    if decision is None:
        return False
    maybe = Q(at__gte=decision.decided_at) | Q(recorded_at__lt=decision.decided_at, plan__decision=decision)
    told = DiaryEntry.objects.filter(maybe, profile=profile, kind__in=_KINDS, replaced_by__isnull=True)
    rows = told.select_related("plan").defer("plan__record", "plan__findings", "plan__choices")
    return any(_alarms(row) and _after(row, decision) for row in rows)


def _alarms(row: DiaryEntry) -> bool:
    entry = read_entry(row.kind, row.data)
    return isinstance(entry, Warned) or (isinstance(entry, SessionEnded) and entry.how == "felt_wrong")


def _after(row: DiaryEntry, decision: Decision) -> bool:
    if row.at >= decision.decided_at:
        return True
    under_it = row.plan is not None and row.plan.decision_id == decision.pk
    return under_it and row.recorded_at < decision.decided_at
