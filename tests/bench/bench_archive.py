"""How long everything of a person takes out and in again, and how much memory it needs.

    python -m tests.bench.bench_archive [DAYS] [HOURS]

One invented person with so many days of diary (365) and so many hours with a sensor on each of them (1). Goal: a year
is written within 5 seconds.
"""

import datetime as dt
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from upperback.services.people import Profile

GOAL_S = 5.0
PHRASE = "a red kite over the hill"


def main() -> int:
    """Prints the figures; 1 when the goal is missed."""
    days, hours = (float(sys.argv[place]) if len(sys.argv) > place else usual for place, usual in ((1, 365), (2, 1)))
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["UPPERBACK_DATA"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "upperback.web.settings"
        django.setup()
        return int(_measure(int(days), hours, Path(folder)))


def _measure(days: int, hours: float, folder: Path) -> bool:
    from django.core.management import call_command

    from upperback.services import archive, bring_in
    from upperback.services.actors import SYSTEM
    from upperback.services.demo_years import make_history

    call_command("migrate", verbosity=0)
    now = dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC)
    profile = make_history(key="desk", days=days, seed=1, now=now)
    minutes = _wear(profile, days, hours)
    before = _peak_mb()
    took, rows = {}, 0
    for name, phrase in (("plain", ""), ("locked", PHRASE)):
        path = folder / name
        wall, work = time.perf_counter(), time.process_time()
        with path.open("wb") as out:
            contents = archive.write_archive(profile=profile, out=out, by=SYSTEM, now=now, passphrase=phrase)
        took[name] = time.perf_counter() - wall
        rows = sum(member.rows for member in contents.members)
        size = path.stat().st_size / 1e6
        print(f"{name}: {took[name]:.2f} s ({time.process_time() - work:.2f} s of the processor), {size:.1f} MB")
    print(f"{days} days, {minutes} minutes of a sensor, {rows} rows; {_peak_mb() - before:.0f} MB more memory")
    profile.delete()
    wall = time.perf_counter()
    bring_in.bring_in(path=folder / "plain", name="plain", by=SYSTEM, now=now)
    print(f"in again: {time.perf_counter() - wall:.2f} s")
    return took["plain"] > GOAL_S


def _wear(profile: "Profile", days: int, hours: float) -> int:
    """A sitting each day; the same hour of seconds again and again."""
    import numpy as np

    from upperback.sensing.epochs import COLUMNS, Epochs
    from upperback.sensing.minutes import MINUTE_S, pack_seconds
    from upperback.store.models import LiveMinute, LiveStream

    dice = np.random.default_rng(1)
    shape = (MINUTE_S, len(COLUMNS))
    packed = [pack_seconds(Epochs(first_s=0, rows=dice.normal(size=shape).astype(np.float32))) for _ in range(60)]
    count = 0
    for day in range(days):
        first_s = 1_764_000_000 + day * 86_400
        at = dt.datetime.fromtimestamp(first_s, dt.UTC)
        stream = LiveStream.objects.create(profile=profile, by="b", started_at=at, saved_at=at, ended_at=at)
        rows = [
            LiveMinute(profile=profile, stream=stream, first_s=first_s + k * MINUTE_S, seconds=packed[k % 60])
            for k in range(int(hours * 60))
        ]
        LiveMinute.objects.bulk_create(rows, batch_size=500)
        count += len(rows)
    return count


def _peak_mb() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
