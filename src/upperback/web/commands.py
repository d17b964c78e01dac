"""The commands that bring the app up. `pyproject.toml` registers them, so the command line never imports the web."""

import sys
from pathlib import Path

from upperback.core.arguments import ArgumentParser


def serve_command(words: list[str]) -> int:
    """`upperback serve`: the app, on this machine only unless it is set up as a service."""
    parser = ArgumentParser(prog="upperback serve", description="Start the app and print a link that opens it once.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on; 0 picks a free one")
    parser.add_argument("--data", type=Path, help="folder that holds everything (default: in your home folder)")
    parser.add_argument("--demo", action="store_true", help="invented people to look around with")
    parser.add_argument("--service", action="store_true", help="for many people, with accounts")
    parser.add_argument("--trial", action="store_true", help="with --service: try it out on this machine, without TLS")
    parser.add_argument("--database", metavar="ADDRESS", help="postgresql://user@host:5432/name (default: SQLite)")
    parser.add_argument("--no-browser", action="store_true", help="print the link, open nothing")
    parser.add_argument(
        "--lan", nargs="?", const="", metavar="ADDRESS",
        help="also open to phones in the home network, over TLS with a certificate authority of this computer's own",
    )  # fmt: skip
    parser.add_argument("--lan-port", type=int, default=8443, help="port for --lan; 0 picks a free one")
    chosen = parser.parse_args(words)

    from upperback.web.serve import serve, settle

    settle(service=chosen.service, trial=chosen.trial, database=chosen.database)
    return serve(
        chosen.host, chosen.port, chosen.data, demo=chosen.demo, browser=not chosen.no_browser,
        lan=chosen.lan, lan_port=chosen.lan_port,
    )  # fmt: skip


def service_command(words: list[str]) -> int:
    """`upperback service`: clinics, and who works there."""
    from upperback.web.service.command import service_command as run

    return run(words)


def audit_command(words: list[str]) -> int:
    """`upperback audit`: whether the record of who did what is as it was written."""
    from upperback.web.service.command import audit_command as run

    return run(words)


def link_command(words: list[str]) -> int:
    """`upperback link`: a new one-time link for an app that is already running."""
    parser = ArgumentParser(prog="upperback link", description="Print a new one-time link for the running app.")
    parser.add_argument("--data", type=Path, help="the data folder that the app was started with")
    parser.add_argument("--address", help="where the app listens, if another way leads there")
    chosen = parser.parse_args(words)

    from upperback.web.serve import new_link

    sys.stdout.write(f"{new_link(chosen.data, address=chosen.address)}\n")
    return 0
