"""Runs a command beside a PostgreSQL of its own, which is gone afterwards: `python tools/with_postgres.py COMMAND ...`.

The command finds its address in UPPERBACK_TEST_DATABASE. Needs the programs of PostgreSQL (Debian: postgresql).
"""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MISSING = "no PostgreSQL here; on Debian: apt-get install --no-install-recommends postgresql"


def _programs() -> Path:
    """The folder of `initdb` and `pg_ctl`: on the path, or the newest where Debian keeps them."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: int(one.parts[-3]))
    if not places:
        raise SystemExit(_MISSING)
    return places[-1].parent


def _as_user() -> list[str | Path]:
    """PostgreSQL does not run as root: then its own user is taken."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def _run(words: list[str | Path], folder: str) -> None:
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, cwd=folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def postgres() -> Iterator[str]:
    """The address of a server that is there until the end of the block."""
    programs, user = _programs(), _as_user()
    with tempfile.TemporaryDirectory(prefix="upperback-postgres-") as folder:
        if user:
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        data, port = Path(folder) / "data", _free_port()
        _run([*user, programs / "initdb", "-A", "trust", "-U", "upperback", "-D", data], folder)
        listen = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        control = [*user, programs / "pg_ctl", "-D", data]
        _run([*control, "-o", listen, "-l", Path(folder) / "log", "-w", "start"], folder)
        try:
            yield f"postgresql://upperback@127.0.0.1:{port}/postgres"
        finally:
            _run([*control, "-m", "immediate", "stop"], folder)


def main(words: list[str]) -> int:
    """Runs the command and returns what it returned."""
    if not words:
        raise SystemExit(__doc__)
    with postgres() as address:
        return subprocess.run(words, env=os.environ | {"UPPERBACK_TEST_DATABASE": address}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
