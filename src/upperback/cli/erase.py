"""`upperback erase`: everything of a person goes for good."""

import argparse
import datetime as dt
import json
import sys
from pathlib import Path
from typing import Final

from upperback.cli.command import DONE, Command
from upperback.cli.household import everybody, one_person
from upperback.core.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Who, and whether it was thought about."""
    parser.add_argument("--person", metavar="NAME", help="who; not needed where only one person lives here")
    parser.add_argument("--yes", action="store_true", help="do not ask for the name once more")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--data", type=Path, help="the data folder that the app is started with")


def run(chosen: argparse.Namespace) -> int:
    """Erases after the name was typed, or with `--yes`."""
    profile = one_person(everybody(chosen.data), chosen.person, what="data")
    name, uuid = profile.name, str(profile.uuid)
    if not chosen.yes:
        if not sys.stdin.isatty():
            raise InputError("this cannot be taken back: say --yes")
        print(f"Everything of {name} goes for good. To keep a copy first: upperback export FILE")
        if input("Type the name to go on: ").strip() != name:
            raise InputError("that is not the name; nothing was erased")
    from upperback.services import actors, erasure

    found = erasure.erase_person(profile=profile, by=actors.household("terminal"), now=dt.datetime.now(dt.UTC))
    if chosen.json:
        print(json.dumps({"person": uuid, "rows": found.rows, "swept": found.swept}))
    else:
        print(f"Everything of {name} is erased.")
        if not found.swept:
            print("The app was busy. What is left in free space of its file goes as soon as it is not.")
    return DONE


COMMANDS: Final = {"erase": Command(add_arguments, run, "everything of a person goes for good; there is no way back")}
