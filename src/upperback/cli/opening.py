"""`upperback open`: an archive that somebody was given, to read; nothing of it stays."""

import argparse
import datetime as dt
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

from upperback.cli.archive import passphrase_arguments, read_passphrase
from upperback.cli.command import Command
from upperback.cli.household import set_up
from upperback.core.errors import InputError

_KEPT: Final = frozenset({"UPPERBACK_REGION", "UPPERBACK_DEVICE_NOTICE", "UPPERBACK_LOG_LEVEL"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, and where it is shown."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a file that a person took along and gave you")
    passphrase_arguments(parser, "ask for the passphrase of a locked file")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; picks a free one if left out")
    parser.add_argument("--no-browser", action="store_true", help="print the link, open nothing")


def run(chosen: argparse.Namespace) -> int:
    """Unpacks it into a folder of its own, shows it until Ctrl-C, and takes the folder away."""
    if not chosen.file.is_file():
        raise InputError(f"{chosen.file}: there is no such file")
    passphrase = read_passphrase(chosen, twice=False)
    keys = os.environ.get("UPPERBACK_KEYS") or os.environ.get("UPPERBACK_DATA") or ""
    _forget_settings()
    signal.signal(signal.SIGTERM, _stop)
    folder = Path(tempfile.mkdtemp(prefix="upperback-open-"))
    try:
        set_up(folder, make=True)
        from django.db import connection

        from upperback.services import actors
        from upperback.services.bring_in import bring_in

        profile = bring_in(
            path=chosen.file, name=chosen.file.name, passphrase=passphrase, by=actors.household("terminal"),
            now=dt.datetime.now(dt.UTC), to_read=True,
        )  # fmt: skip
        connection.close()
        print(f"The file of {profile.name}, to read only. It is gone from here when you stop.", flush=True)
        return _show(folder, keys, chosen)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _forget_settings() -> None:
    """What is set for one's own installation, its database above all, has no part in this."""
    for name in [name for name in os.environ if name.startswith("UPPERBACK_") and name not in _KEPT]:
        del os.environ[name]


def _stop(number: int, frame: object) -> NoReturn:
    """So that the folder goes also where this is ended by another program."""
    sys.exit(1)


def _show(folder: Path, keys: str, chosen: argparse.Namespace) -> int:
    """The app as a process of its own on that folder: this one is set up to write, that one is not."""
    words = [sys.executable, "-m", "upperback.cli", "serve", "--data", str(folder), "--port", str(chosen.port)]
    words += ["--host", "localhost"]  # another name than one's own app has: its cookies are not touched
    words += ["--no-browser"] if chosen.no_browser else []
    told = {"UPPERBACK_OPENED": "true", "UPPERBACK_KEYS": keys}
    with subprocess.Popen(words, env=os.environ | told) as child:  # noqa: S603  our own program
        try:
            return child.wait()
        except KeyboardInterrupt:
            with suppress(KeyboardInterrupt):  # it hears the same Ctrl-C and stops by itself
                return child.wait()
            child.kill()
            return 1
        except BaseException:
            child.terminate()
            raise


COMMANDS: Final = {
    "open": Command(add_arguments, run, "show a file that somebody gave you, to read; nothing of it stays")
}
