"""`upperback clinics`: the list of clinics that people here can look through."""

import argparse
import datetime as dt
import json
import sys
from pathlib import Path
from typing import Final

from upperback.cli.command import DONE, Command
from upperback.cli.household import set_up
from upperback.core.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file."""
    parser.add_argument("file", metavar="FILE", type=Path, help="CSV, or a FHIR bundle with HealthcareService")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--data", type=Path, help="the data folder that the app is started with")


def run(chosen: argparse.Namespace) -> int:
    """Puts the list in the place of the one before."""
    if not chosen.file.is_file():
        raise InputError(f"{chosen.file}: there is no such file")
    set_up(chosen.data, make=True)
    from upperback.interchange.clinics import BYTES_MOST
    from upperback.services import actors, directory

    with chosen.file.open("rb") as file:
        data = file.read(BYTES_MOST + 1)
    try:
        count = directory.bring_clinics(data=data, by=actors.SYSTEM, now=dt.datetime.now(dt.UTC))
    except InputError as error:
        raise InputError(f"{chosen.file}: {error.message}") from None
    sys.stdout.write(
        (
            json.dumps({"clinics": count})
            if chosen.json
            else f"{count} {'clinic is' if count == 1 else 'clinics are'} shown now."
        )
        + "\n"
    )
    return DONE


COMMANDS: Final = {"clinics": Command(add_arguments, run, "the list of clinics that people can look through")}
