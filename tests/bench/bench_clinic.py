"""How long a clinician waits: the caseload of 500 people, and one person with two years of data on one page.

    python -m tests.bench.bench_clinic [PEOPLE] [DAYS] [--database postgresql://user@host:5432/name]

A few invented people live through twelve weeks; their rows are copied until there are so many people, who all share
with one clinician: who sees what of whom is asked each time, and is in the figures. `--database`: an empty one.
List and record are asked for 50 times in this process; time of the processor is the one to compare on a machine with
other work.
Goals: 95 of 100 lists within 150 ms, 95 of 100 records within 100 ms, and as many questions to the database for ten
people as for all.
"""

import argparse
import datetime as dt
import os
import platform
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import django

TIMES = 50
CASELOAD_MS, RECORD_MS = 150.0, 100.0
KEYS = ("desk", "strain", "bone", "pregnant")
WEEKS = 12


def main() -> int:
    """Prints the figures; 1 when a goal is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("people", nargs="?", type=int, default=500)
    parser.add_argument("days", nargs="?", type=int, default=730)
    parser.add_argument("--database", default=None)
    asked = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["UPPERBACK_DATA"] = folder
        if asked.database is not None:
            os.environ["UPPERBACK_DATABASE_URL"] = asked.database
        os.environ["DJANGO_SETTINGS_MODULE"] = "upperback.web.settings"
        django.setup()
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        print(connection.vendor)
        return int(_caseload(asked.people) | _record(asked.days))


def _caseload(people: int) -> bool:
    from django.utils import timezone

    from upperback.services.caseload import caseload
    from upperback.services.demo_years import make_history
    from upperback.store.models import DiaryEntry, Profile

    now = timezone.now()
    lived = [make_history(key=key, days=WEEKS * 7, seed=seed, now=now) for seed, key in enumerate(KEYS)]
    for number in range(people - len(lived)):
        _copy(lived[number % len(lived)])
    profiles = list(Profile.objects.all())
    one, other = _clinician(profiles[:10]), _clinician(profiles)
    now = timezone.now()
    found = caseload(by=other, now=now)
    print(f"{len(found)} people, {DiaryEntry.objects.count():,} entries of {WEEKS} weeks")
    few, many = _queries(lambda: caseload(by=one, now=now)), _queries(lambda: caseload(by=other, now=now))
    p50, p95, cpu = _times(lambda: caseload(by=other, now=now))
    print(f"caseload  p50 {p50:6.1f} ms  p95 {p95:6.1f} ms  processor {cpu:6.1f} ms  questions {many} (of ten: {few})")
    Profile.objects.all().delete()
    return p95 > CASELOAD_MS or many != few


def _clinician(profiles: list[Any]) -> Any:
    """Somebody who treats these people, and whom they let see what is usual."""
    from django.utils import timezone

    from upperback.services import actors, clinics
    from upperback.services.access_rules import USUAL
    from upperback.store.models import Account, ConsentEvent, Relation

    since = timezone.now()
    until = since + dt.timedelta(days=90)
    clinic = clinics.make_clinic(name=f"Of {len(profiles)}", by=actors.SYSTEM, now=since)
    account = Account.objects.create(email=f"of{len(profiles)}@clinic.invalid", name="Mina")
    clinics.add_member(account=account, clinic=clinic, role="clinician", by=actors.SYSTEM, now=since)
    Relation.objects.bulk_create(
        Relation(profile=one, account=account, clinic=clinic, kind="treats", since=since, ends_at=until, by="bench")
        for one in profiles
    )
    ConsentEvent.objects.bulk_create(
        ConsentEvent(
            profile=one, grant=uuid.uuid4(), kind="granted", recipient_kind="account", recipient=account.uuid,
            purpose="care", data_classes=sorted(USUAL), ends_at=until, at=since, by="bench",
        )
        for one in profiles
    )  # fmt: skip
    return actors.account(account.uuid, second_factor=True)


def _copy(profile: Any) -> None:
    """The same rows for one more person."""
    from upperback.store.models import Assessment, Decision, DiaryEntry, ExerciseStep, PlanVersion, Screening

    def again(model: type[Any], **changed: Any) -> dict[int, int]:
        rows, old = list(model.objects.filter(**{_of(model): profile}).order_by("pk")), []
        for row in rows:
            old.append(row.pk)
            row.pk = None
            row.uuid = uuid.uuid4()
            for name, value in changed.items():
                setattr(row, name, value[getattr(row, name)] if isinstance(value, dict) else value)
        made = model.objects.bulk_create(rows, batch_size=500)
        return dict(zip(old, (row.pk for row in made), strict=True))

    new = type(profile).objects.create(name=profile.name, demo=profile.demo, created_at=profile.created_at)
    screenings = again(Screening, profile=new)
    decisions = again(Decision, screening_id=screenings)
    again(Assessment, profile=new)
    plans = again(PlanVersion, profile=new, decision_id=decisions, assessment=None)
    plans[None] = None  # type: ignore[index, assignment]
    again(DiaryEntry, profile=new, plan_id=plans)
    again(ExerciseStep, profile=new, plan_id=plans)


def _of(model: type[Any]) -> str:
    return "screening__profile" if model.__name__ == "Decision" else "profile"


def _record(days: int) -> bool:
    from django.utils import timezone

    from upperback.services.actors import SYSTEM
    from upperback.services.demo_years import make_history
    from upperback.services.overview import overview
    from upperback.services.treating import EVERYTHING, Seen
    from upperback.store.models import DiaryEntry

    found, p95 = {}, 0.0
    for length in (7, days):
        profile = make_history(key="desk", days=length, seed=1, now=timezone.now())
        seen, now = Seen(profile, EVERYTHING), timezone.now()

        def load(seen: Seen = seen, now: Any = now) -> object:
            return overview(seen=seen, by=SYSTEM, now=now)

        found[length] = _queries(load)
        p50, p95, cpu = _times(load)
        rows = DiaryEntry.objects.filter(profile=profile).count()
        print(
            f"record    p50 {p50:6.1f} ms  p95 {p95:6.1f} ms  processor {cpu:6.1f} ms  questions {found[length]}  "
            f"({length} days, {rows:,} entries)"
        )
    return p95 > RECORD_MS or found[7] != found[days]


@contextmanager
def _counted() -> Iterator[list[str]]:
    from django.db import connection

    asked: list[str] = []

    def count(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        yield asked


def _queries(work: Callable[[], object]) -> int:
    with _counted() as asked:
        work()
    return len(asked)


def _times(work: Callable[[], object]) -> tuple[float, float, float]:
    """Middle and 95th of the time of the clock, middle of that of the processor; ms."""
    clock, processor = [], []
    for _ in range(TIMES):
        began, worked = time.perf_counter(), time.process_time()
        work()
        clock.append((time.perf_counter() - began) * 1000)
        processor.append((time.process_time() - worked) * 1000)
    clock.sort()
    return clock[TIMES // 2], clock[TIMES * 95 // 100], sorted(processor)[TIMES // 2]


if __name__ == "__main__":
    sys.exit(main())
