"""How long the pages of every day take somebody who has been here for two years, and how much they ask of the database.

    python -m tests.bench.bench_today [DAYS]

One invented person with so many days of diary (730), sessions with steps, and a safety check of this morning. Each
page is asked for 100 times in this process, then Today 100 times of `serve` as a process of its own. The same pages of
somebody with one week stand beside it: what grows with the years shows.
Goal: 95 of 100 Today pages within 50 ms.
"""

import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable

import django

PAGES = ("/today/", "/plan/", "/training/", "/progress/", "/history/", "/breaks/")
TIMES = 100
GOAL_MS = 50.0
SHORT_DAYS = 7


def main() -> int:
    """Prints the figures; 1 when the goal is missed."""
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 730
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["UPPERBACK_DATA"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "upperback.web.settings"
        django.setup()
        return int(_measure(days))


def _measure(days: int) -> bool:
    from django.core.management import call_command
    from django.utils import timezone

    from upperback.services.demo_years import make_history
    from upperback.store.models import DiaryEntry, ExerciseStep

    call_command("migrate", verbosity=0)
    found: dict[int, dict[str, tuple[float, float, int]]] = {}
    for length in (SHORT_DAYS, days):
        began = time.perf_counter()
        profile = make_history(key="desk", days=length, seed=1, now=timezone.now())
        took = time.perf_counter() - began
        entries = DiaryEntry.objects.filter(profile=profile).count()
        steps = ExerciseStep.objects.filter(profile=profile).count()
        print(f"{length} days: {entries:,} entries and {steps:,} steps written in {took:.1f} s")
        found[length] = _pages(str(profile.uuid))
    print(f"\n{'page':12} {'':4}days   p50 ms   p95 ms   queries")
    for page in found[days]:
        for length, rows in found.items():
            p50, p95, queries = rows[page]
            print(f"{page:12} {length:8} {p50:8.1f} {p95:8.1f} {queries:9}")
    served = _served(os.environ["UPPERBACK_DATA"])
    print(f"\n/today/ of a server process: p50 {served[0]:.1f} ms, p95 {served[1]:.1f} ms")
    missed = max(found[days]["/today/"][1], served[1]) > GOAL_MS
    print(f"goal: p95 of Today within {GOAL_MS:.0f} ms: {'MISSED' if missed else 'reached'}")
    return missed


def _pages(person: str) -> dict[str, tuple[float, float, int]]:
    """p50, p95 and queries of each page there is."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"host": "127.0.0.1"})
    assert client.post("/people/choose/", {"person": person}).status_code == 302
    found = {}
    for page in PAGES:
        with CaptureQueriesContext(connection) as asked:
            status = client.get(page).status_code
        if status == 200:
            found[page] = (*_times(lambda page=page: client.get(page)), len(asked))  # type: ignore[misc]
        else:
            print(f"{page} answers {status}")
    return found


def _times(ask: Callable[[], object]) -> tuple[float, float]:
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    return taken[TIMES // 2], taken[TIMES * 95 // 100]


def _served(folder: str) -> tuple[float, float]:
    from tests.bench.bench_pages import Running

    running = Running(folder, "real")
    try:
        running.go_on_as(-1)
        return _times(lambda: running.opener.open(f"{running.base}/today/").read())
    finally:
        running.stop()


if __name__ == "__main__":
    sys.exit(main())
