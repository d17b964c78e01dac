"""The process that makes copies for clinics, beside the one that answers pages: `python -m` of this module.

The worker of `serve` starts it when there is something to do. It ends when there is nothing left.
"""

import os
import subprocess
import sys

#: Pages come first.
_NICE = 10


def start() -> "subprocess.Popen[bytes]":
    """Starts it with the settings of this process."""
    command = [sys.executable, "-m", __name__]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)  # noqa: S603  our own


def main() -> None:
    """Makes every copy that waits."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "upperback.web.settings")
    os.nice(_NICE)
    import django

    django.setup()
    from upperback.services import bulk
    from upperback.web.service import visitors

    while bulk.run_next(clock=visitors.now):
        pass


if __name__ == "__main__":
    main()
