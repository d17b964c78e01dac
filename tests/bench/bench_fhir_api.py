"""How long a search among 1,000 observations takes over the FHIR server: budget 200 ms for a page of 50."""

import datetime as dt
import os
import sys
import tempfile
import time
import uuid

BUDGET_S = 0.2
TIMES = 15
OBSERVATIONS = 1000


def main() -> int:
    """Prints the middle and the slowest of some searches; exit 1 where the middle is over the budget."""
    with tempfile.TemporaryDirectory(prefix="upperback-bench-") as folder:
        os.environ |= {"UPPERBACK_DATA": folder, "DJANGO_SETTINGS_MODULE": "upperback.web.settings"}
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import call_command
        from django.test import Client

        settings.ALLOWED_HOSTS = ["testserver"]
        call_command("migrate", interactive=False, verbosity=0)
        from upperback.care.diary import Morning
        from upperback.services import actors, demo, diary, programs

        now = dt.datetime.now(dt.UTC)
        profile = demo.make_person(key="six_weeks", now=now)
        by = actors.household("bench")
        days = [now.date() - dt.timedelta(days=back) for back in range(60, 60 + OBSERVATIONS)]
        at = {day: dt.datetime.combine(day, dt.time(8), tzinfo=dt.UTC) for day in days}
        diary.keep_many(
            profile=profile, rows=[(uuid.uuid4(), day, at[day], Morning(pain=3)) for day in days], by=by, now=now
        )
        token = programs.let_read(
            profile=profile, label="bench", scopes=["patient/*.rs"], days=1, mood=False, by=by, now=now
        )
        client, headers, slow = Client(), {"authorization": f"Bearer {token}"}, False
        for params in ({}, {"code": "72514-3"}, {"date": f"ge{days[30]}"}, {"_lastUpdated": f"ge{now:%Y-%m-%d}"}):
            total = client.get("/fhir/Observation", params, headers=headers).json()["total"]
            taken = []
            for _ in range(TIMES):
                start = time.perf_counter()
                client.get("/fhir/Observation", params, headers=headers)
                taken.append(time.perf_counter() - start)
            middle = sorted(taken)[TIMES // 2]
            slow |= middle > BUDGET_S
            print(
                f"search {params or 'all'}: {total} found, {middle * 1000:.0f} ms, slowest {max(taken) * 1000:.0f} ms"
            )
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
