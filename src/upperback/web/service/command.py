"""`upperback service`: clinics, and who works there. For whoever runs the service, at the machine that runs it."""

import os
import sys
from pathlib import Path

from upperback.core.arguments import ArgumentParser
from upperback.core.errors import InputError


def service_command(words: list[str]) -> int:
    """Runs one of `clinic`, `staff`, `end`, `list`."""
    parser = ArgumentParser(prog="upperback service", description="Clinics of a service, and who works there.")
    parser.add_argument("--data", type=Path, help="the data folder of the service")
    parser.add_argument("--database", metavar="ADDRESS", help="postgresql://user@host:5432/name (default: SQLite)")
    parser.add_argument("--trial", action="store_true", help="of a service that was started with --trial")
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
        case "close":
            said = running.close(chosen.email)
        case _:
            said = running.everybody()
    sys.stdout.write(f"{said}\n")
    return 0


def _settle(data: Path | None, database: str | None, *, trial: bool) -> None:
    from upperback.web.serve import settle

    settle(service=True, trial=trial or os.environ.get("UPPERBACK_TRIAL") == "true", database=database)
    if data is not None:
        if not data.expanduser().is_dir():
            raise InputError(f"There is no folder {data}")
        os.environ["UPPERBACK_DATA"] = str(data.expanduser().absolute())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "upperback.web.settings")
