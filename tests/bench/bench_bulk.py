"""How many people a second go into a copy for a clinic, and in how much memory.

    python -m tests.bench.bench_bulk [PEOPLE] [DAYS]

So many people (500), each with so many days of diary (60), a safety check and a plan, in a service with its chained
audit. Goal: ten people a second, and no more memory for 500 than for 50.
"""

import datetime as dt
import os
import platform
import resource
import sys
import tempfile
import time
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from upperback.services.clinics import Clinic
    from upperback.services.people import Profile

GOAL_A_SECOND = 10
GOAL_MB = 20


def main() -> int:
    """Prints the figures; 1 when a goal is missed."""
    people, days = (int(sys.argv[place]) if len(sys.argv) > place else usual for place, usual in ((1, 500), (2, 60)))
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        clinic = set_up(folder)
        from upperback.services import bulk

        seed = a_person(days)
        few, _ = take(clinic, clones(seed, clinic, people // 10))
        memory = _peak_mb()
        speed, much = take(clinic, clones(seed, clinic, people - people // 10))
        more = _peak_mb() - memory
        print(f"{people} people: {speed:.1f} a second, {much / 1e6:.0f} MB; {few:.1f} a second with a tenth of them")
        print(f"{more:.0f} MB more memory than with a tenth of them, {_peak_mb():.0f} MB at most")
        now = dt.datetime.now(dt.UTC)
        started = time.perf_counter()
        assert bulk._holds(bulk.BulkExport.objects.last() or bulk.BulkExport(), now)
        print(f"asked at each look whether all of them still allow it: {(time.perf_counter() - started) * 1000:.0f} ms")
        return int(speed < GOAL_A_SECOND or more > GOAL_MB)


def set_up(folder: str) -> "Clinic":
    """An empty service with a clinic."""
    os.environ |= {"UPPERBACK_DATA": folder, "DJANGO_SETTINGS_MODULE": "upperback.web.settings"}
    os.environ |= {"UPPERBACK_MODE": "service", "UPPERBACK_TRIAL": "true"}
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    from upperback.services import clinics
    from upperback.services.actors import SYSTEM

    return clinics.make_clinic(name="North Street", by=SYSTEM, now=dt.datetime.now(dt.UTC))


def a_person(days: int) -> "Profile":
    """Somebody with so many days behind them."""
    from upperback.services.demo_years import make_history

    return make_history(key="desk", days=days, seed=1, now=dt.datetime.now(dt.UTC))


def clones(seed: "Profile", clinic: "Clinic", number: int) -> int:
    """So many others with the same rows, each of whom lets the clinic have everything but mood."""
    from django.db import transaction

    from upperback.services import actors, sharing
    from upperback.services.belongings import leaving_tables, plain_rows, row_of
    from upperback.services.bulk import KINDS

    now = dt.datetime.now(dt.UTC)
    lines: Any = {}
    tables = [(table, list(plain_rows(table, seed, lines))) for table in leaving_tables()]
    for _ in range(number):
        with transaction.atomic():
            keys: dict[type, list[int]] = {}
            profile: Any = None
            for table, rows in tables:
                fresh = [_fresh(table, row) for row in rows]
                made = table.model._default_manager.bulk_create(row_of(table, row, profile, keys) for row in fresh)
                keys[table.model] = [one.pk for one in made]
                profile = made[0] if profile is None else profile
            sharing.grant(
                profile=profile, recipient=clinic, purpose="app", ends_at=now + dt.timedelta(days=30), now=now,
                data_classes=(set(KINDS) - {"mood"}) | {"identity"}, by=actors.person(uuid.uuid4()),
            )  # fmt: skip
    return number


def _fresh(table: Any, row: dict[str, Any]) -> dict[str, Any]:
    """The same row of somebody else: ids of its own, and no way to an earlier row of the same table."""
    own = {field.name for field in table.fields if field.get_internal_type() == "UUIDField" and row[field.name]}
    loops = {name for name, model in table.links.items() if model is table.model}
    return row | {name: uuid.uuid4() for name in own} | dict.fromkeys(loops)


def take(clinic: "Clinic", added: int) -> tuple[float, float]:
    """People a second of the processor (others may be at work here), and bytes."""
    from upperback.interchange.fhir.bulk import Order
    from upperback.services import bulk, clinic_systems
    from upperback.services.actors import SYSTEM

    now = dt.datetime.now(dt.UTC)
    token = clinic_systems.add_system(clinic=clinic, name=f"bench {added}", days=1, by=SYSTEM, now=now)
    by = clinic_systems.visit(token=token, now=now).actor
    export = bulk.ask(clinic=clinic.uuid, order=Order(), request="-", by=by, now=now)
    started, wall = time.process_time(), time.perf_counter()
    assert bulk.run_next(clock=lambda: dt.datetime.now(dt.UTC))
    took = time.process_time() - started
    print(f"{export.clinic}: {took:.1f} s of the processor, {time.perf_counter() - wall:.1f} s on the clock")
    export.refresh_from_db()
    assert export.state == "ready", export.state
    return export.people / took, sum(one["bytes"] for one in export.files)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    sys.exit(main())
