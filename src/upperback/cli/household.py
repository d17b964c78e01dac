"""The people of an installation, for commands that are about one of them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from upperback.core.errors import InputError

if TYPE_CHECKING:
    from upperback.services.people import Profile

START_FIRST: Final = "there is nothing here yet. Start the app and make a plan first: upperback serve"


def set_up(data: Path | None, *, make: bool = False) -> None:
    """Django on the data folder.

    Parameters
    ----------
    data : None for the usual one
    make : the folder and its database are made, or brought up to date, where need be
    """
    if data is not None:
        if not make and not data.expanduser().is_dir():
            raise InputError(f"--data: there is no folder {data}")
        os.environ["UPPERBACK_DATA"] = str(data.expanduser().absolute())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "upperback.web.settings")
    import django

    django.setup()
    if make:
        from django.core.management import call_command

        call_command("migrate", interactive=False, verbosity=0)


def everybody(data: Path | None) -> "list[Profile]":
    """Everybody here. Raises InputError where the app was never started with this folder."""
    set_up(data)
    from django.db import DatabaseError

    from upperback.services import actors, people

    try:
        return people.list_profiles(by=actors.household("terminal"))
    except DatabaseError as error:
        raise InputError(START_FIRST) from error


def one_person(people: "list[Profile]", name: str | None, *, what: str) -> "Profile":
    """The person of that name; without one the only one there is. `what`: what of theirs is asked for."""
    if not people:
        raise InputError(START_FIRST)
    if name is None:
        if len(people) > 1:
            raise InputError(f"--person: whose {what}? One of: {_names(people)}")
        return people[0]
    found = [one for one in people if one.name.casefold() == name.strip().casefold()]
    if len(found) != 1:
        raise InputError(f"--person: there is no single person of that name. One of: {_names(people)}")
    return found[0]


def _names(people: "list[Profile]") -> str:
    return "; ".join(one.name for one in people)
