"""How long a letter takes, from somebody's whole history to the file: budget 0.5 s each."""

import datetime as dt
import io
import os
import sys
import tempfile
import time

BUDGET_S = 0.5
TIMES = 5


def main() -> int:
    """Prints each reader's letter; exit 1 where one takes longer than it may."""
    with tempfile.TemporaryDirectory(prefix="upperback-bench-") as folder:
        os.environ |= {"UPPERBACK_DATA": folder, "DJANGO_SETTINGS_MODULE": "upperback.web.settings"}
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", interactive=False, verbosity=0)
        from upperback.services import actors, demo, letters

        now = dt.datetime.now(dt.UTC)
        profile = demo.make_person(key="six_weeks", now=now)
        by, slow, size = actors.SYSTEM, False, 0
        for reader in letters.READERS:
            taken = []
            for _ in range(TIMES):
                start = time.perf_counter()
                letter = letters.make_letter(profile=profile, reader=reader, by=by, now=now)
                size = letters.write_letter(
                    profile=profile, letter=letter, mood=False, out=io.BytesIO(), by=by, now=now
                )
                taken.append(time.perf_counter() - start)
            first, middle = taken[0], sorted(taken)[TIMES // 2]
            slow |= middle > BUDGET_S
            print(f"letter for {reader}: {middle:.3f} s, the first one {first:.3f} s, {size / 1000:.0f} kB")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
