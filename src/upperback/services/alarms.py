"""Warning signs told outside a safety check: until there is a new one, nothing reassures and no plan is open."""

import datetime as dt
from collections.abc import Iterable, Mapping

from django.db.models import Q, QuerySet

from upperback.store.expressions import Alarming, Among
from upperback.store.models import Decision, DiaryEntry, Profile


def alarmed_since(profile: Profile, decision: Decision | None) -> bool:
    """Whether a warning sign was told after a result: before a session, or as the reason why one was stopped.

    An entry that was taken back does not count. Where the clock was put back, the plan that an entry was written
    under says that it came after the result.
    """
    return decision is not None and _after(profile.pk, decision).exists()


def alarmed_after(decisions: Mapping[int, Decision]) -> frozenset[int]:
    """The same for many: of people by their keys, each with their newest result, those who told a sign after it."""
    return frozenset(alarms_after({profile: (row.pk, row.decided_at) for profile, row in decisions.items()}))


def alarms_after(decisions: Mapping[int, tuple[int, dt.datetime]]) -> dict[int, dt.date]:
    """The newest day on which somebody told a sign after their newest result, with one question for all of them.

    Parameters
    ----------
    decisions : key and time of the newest result, by key of the person
    """
    columns = ("profile", "day", "at", "recorded_at", "plan__decision")
    found: dict[int, dt.date] = {}
    for profile, day, at, recorded_at, under in _told(decisions).values_list(*columns):
        decision, decided_at = decisions[profile]
        if at >= decided_at or (recorded_at < decided_at and under == decision):
            found[profile] = max(day, found.get(profile, day))
    return found


def _after(profile: int, decision: Decision) -> QuerySet[DiaryEntry]:
    late = Q(at__gte=decision.decided_at) | Q(recorded_at__lt=decision.decided_at, plan__decision=decision)
    return _told([profile]).filter(late)


def _told(profiles: Iterable[int]) -> QuerySet[DiaryEntry]:
    return DiaryEntry.objects.filter(Alarming(), Among("profile", profiles), replaced_by__isnull=True)
