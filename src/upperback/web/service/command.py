"""`upperback service` and `upperback audit`: for whoever runs the service, at the machine that runs it."""

import argparse
import json
import os
import sys
from pathlib import Path

from upperback.core.arguments import ArgumentParser
from upperback.core.errors import InputError


def service_command(words: list[str]) -> int:
    """Runs one of `clinic`, `staff`, `end`, `close`, `list`, `system`, `app`."""
    parser = ArgumentParser(prog="upperback service", description="Clinics of a service, and who works there.")
    _of_which(parser)
    parts = parser.add_subparsers(dest="what", required=True)
    clinic = parts.add_parser("clinic", help="a new clinic")
    clinic.add_argument("name")
    staff = parts.add_parser("staff", help="somebody works for a clinic; they set their password under “Forgotten?”")
    staff.add_argument("email")
    staff.add_argument("--name", required=True, help="as people see it")
    staff.add_argument("--clinic", required=True, help="its name, or its id")
    staff.add_argument("--role", default="clinician", help="clinician, clinic_admin, researcher, support or app")
    end = parts.add_parser("end", help="somebody does not work for a clinic any more")
    end.add_argument("email")
    end.add_argument("--clinic", required=True)
    close = parts.add_parser("close", help="nobody signs in with an account any more")
    close.add_argument("email")
    parts.add_parser("list", help="clinics, and who works there")
    _system_parts(parts.add_parser("system", help="computer systems of a clinic that may fetch copies (FHIR)"))
    _of_apps(parts.add_parser("app", help="apps of others that people may let read over FHIR"))
    chosen = parser.parse_args(words)

    _settle(chosen.data, chosen.database, trial=chosen.trial)
    import django

    django.setup()
    from upperback.web.service import running

    match chosen.what:
        case "clinic":
            said = running.new_clinic(chosen.name)
        case "staff":
            said = running.new_staff(chosen.email, chosen.name, chosen.clinic, chosen.role)
        case "end":
            said = running.end_staff(chosen.email, chosen.clinic)
        case "system":
            said = running.system(chosen.how, chosen.clinic, getattr(chosen, "name", ""), getattr(chosen, "days", 0))
        case "close":
            said = running.close(chosen.email)
        case "app" if chosen.app == "add":
            said = running.new_app(chosen.name, chosen.maker, chosen.redirect, chosen.scopes)
        case "app" if chosen.app == "end":
            said = running.end_app(chosen.name)
        case "app":
            said = running.every_app()
        case _:
            said = running.everybody()
    sys.stdout.write(f"{said}\n")
    return 0


def _system_parts(parser: argparse.ArgumentParser) -> None:
    hows = parser.add_subparsers(dest="how", required=True)
    for how, told in (
        ("add", "a token for one; it is shown this once"),
        ("list", "those that may fetch copies"),
        ("end", "one may fetch nothing any more"),
    ):
        part = hows.add_parser(how, help=told)
        part.add_argument("clinic", help="its name, or its id")
        if how != "list":
            part.add_argument("name", help="of the system, as people read it")
        if how == "add":
            part.add_argument("--days", type=int, default=90, help="how long the token lasts (default: 90)")


def audit_command(words: list[str]) -> int:
    """Runs `verify` or `head`."""
    parser = ArgumentParser(prog="upperback audit", description="Is the record of who did what as it was written?")
    _of_which(parser)
    parts = parser.add_subparsers(dest="what", required=True)
    check = parts.add_parser("verify", help="check the whole chain")
    check.add_argument("--noted", metavar="NUMBER:CHAIN", help="what `audit head` printed once, kept somewhere else")
    check.add_argument("--json", action="store_true")
    parts.add_parser("head", help="print how far the chain goes, to be kept on another machine")
    chosen = parser.parse_args(words)

    _settle(chosen.data, chosen.database, trial=chosen.trial)
    import django

    django.setup()
    from upperback.services import audit_chain

    if chosen.what == "head":
        sys.stdout.write(f"{audit_chain.head()}\n")
        return 0
    found = audit_chain.verify(noted=chosen.noted)
    if chosen.json:
        told = {"links": found.links, "erased": found.erased, "older": found.older, "faults": list(found.faults)}
        sys.stdout.write(json.dumps(told) + "\n")
    elif not found.faults:
        older = f" {found.older} from before the chain are not covered." if found.older else ""
        sys.stdout.write(f"All {found.links} events are as they were written; {found.erased} were erased.{older}\n")
    if found.faults:
        raise InputError("The record was changed: " + "; ".join(found.faults))
    return 0


def _of_apps(parser: ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="app", required=True)
    add = parts.add_parser("add", help="people can let it read from now on")
    add.add_argument("name", help="as people see it")
    add.add_argument("--maker", required=True, help="who makes it, as people see it")
    add.add_argument("--redirect", required=True, action="append", metavar="ADDRESS", help="where people are sent back")
    add.add_argument("--scopes", required=True, help='the most it may ask for: "patient/Observation.rs offline_access"')
    end = parts.add_parser("end", help="it reads nothing any more, whoever let it in")
    end.add_argument("name", help="its name, or its client_id")
    parts.add_parser("list", help="every app")


def _of_which(parser: ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, help="the data folder of the service")
    parser.add_argument("--database", metavar="ADDRESS", help="postgresql://user@host:5432/name (default: SQLite)")
    parser.add_argument("--trial", action="store_true", help="of a service that was started with --trial")


def _settle(data: Path | None, database: str | None, *, trial: bool) -> None:
    from upperback.web.serve import settle

    settle(service=True, trial=trial or os.environ.get("UPPERBACK_TRIAL") == "true", database=database)
    if data is not None:
        if not data.expanduser().is_dir():
            raise InputError(f"There is no folder {data}")
        os.environ["UPPERBACK_DATA"] = str(data.expanduser().absolute())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "upperback.web.settings")
