"""`upperback export --fhir`: a person for the computer system of a clinic, or what such a system needs first."""

import argparse
import datetime as dt
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from upperback.cli.command import DONE
from upperback.cli.household import everybody, one_person, set_up
from upperback.core.errors import InputError

_KINDS: Final = ("document", "transaction", "definitions")
_ONLY_WITH_FHIR: Final = ("mood", "diary", "family", "given", "born", "nhs_number")


def add_fhir_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be said of it."""
    group = parser.add_argument_group("FHIR R4, for the computer system of a clinic")
    group.add_argument(
        "--fhir", choices=_KINDS,
        help="a summary for reading; everything for a server; or the forms, exercises and codes that both speak of",
    )  # fmt: skip
    group.add_argument("--diary", action="store_true", help="day by day, and not only the summary")
    group.add_argument("--mood", action="store_true", help="with the answers about mood, worry and self-harm")
    group.add_argument("--family", metavar="NAME", help="the family name the clinic knows; kept nowhere")
    group.add_argument("--given", metavar="NAMES", help="the given names the clinic knows; kept nowhere")
    group.add_argument("--born", metavar="DATE", help="the day of birth, as 1980-05-31; kept nowhere")
    group.add_argument("--nhs-number", metavar="NUMBER", help="kept nowhere")


def add_fhir_in_arguments(parser: argparse.ArgumentParser) -> None:
    """The same for a file that comes in."""
    group = parser.add_argument_group("FHIR R4, from the computer system of a clinic")
    group.add_argument(
        "--fhir", action="store_true", help="entries for somebody who is here; without --yes only looked at"
    )
    group.add_argument("--person", metavar="NAME", help="who it is about; not needed where only one person lives here")
    group.add_argument("--yes", action="store_true", help="it is about this person, and its entries are taken in")


def import_fhir(chosen: argparse.Namespace, *, now: dt.datetime) -> int:
    """Says what a bundle would bring, and takes its entries with `--yes`. A plan in it is answered on the page."""
    if not chosen.fhir:
        raise InputError("--person and --yes: go with --fhir only")
    if chosen.passphrase or chosen.passphrase_file is not None:
        raise InputError("--fhir: goes with no passphrase")
    profile = one_person(everybody(chosen.data), chosen.person, what="record")
    from upperback.services import actors, fhir_in

    by = actors.household("terminal")
    found = fhir_in.look_at_file(profile=profile, path=chosen.file, name=chosen.file.name, by=by, now=now)
    told: dict[str, Any] = {
        "about": found.incoming.person, "source": found.incoming.source, "new": len(found.new),
        "changed": len(found.changed), "known": found.known, "plan": found.incoming.plan is not None,
        "not_used": found.incoming.others, "taken": 0,
    }  # fmt: skip
    if chosen.yes:
        told["taken"] = fhir_in.take_in(profile=profile, incoming=found.incoming, by=by, now=now)
    words = (
        f"It says that it is about {told['about'] or 'nobody by name'} and comes from {told['source']}: {told['new']} "
        f"new entries, {told['changed']} changed, {told['known']} here already."
    )
    plan = " A plan in it is shown on the page “From a clinic”." if told["plan"] else ""
    what = f" {told['taken']} taken in." if chosen.yes else " Nothing was taken in; --yes takes them."
    sys.stdout.write((json.dumps(told, ensure_ascii=False) if chosen.json else f"{words}{plan}{what}") + "\n")
    return DONE


def check_fhir_arguments(chosen: argparse.Namespace) -> None:
    """Refuses what does not go together, before anything is written."""
    if chosen.fhir is None:
        for name in _ONLY_WITH_FHIR:
            if getattr(chosen, name):
                raise InputError(f"--{name.replace('_', '-')}: goes with --fhir only")
    elif chosen.tables or chosen.passphrase or chosen.passphrase_file is not None:
        raise InputError("--fhir: no tables and no lock go with it; the computer of a clinic could not open the file")


def export_fhir(chosen: argparse.Namespace, *, now: dt.datetime, write: Callable[..., Any]) -> int:
    """Writes what was asked for. `write`: a whole file or none, from a function that takes `out`."""
    if chosen.fhir == "definitions":
        set_up(chosen.data)
        from upperback.services import fhir

        entries = write(chosen.out, fhir.write_definitions)
        return _say(chosen, entries, "forms, exercises, rules and codes; nobody's data")
    profile = one_person(everybody(chosen.data), chosen.person, what="data")
    from upperback.services import actors, fhir

    identity = fhir.read_identity(
        family=chosen.family or "", given=chosen.given or "", birth_date=day_of(chosen.born),
        nhs_number=chosen.nhs_number or "", today=now.date(),
    )  # fmt: skip
    entries = write(
        chosen.out,
        partial(
            fhir.write_fhir, profile=profile, kind=chosen.fhir, by=actors.household("terminal"), now=now,
            chosen=fhir.Chosen(mood=chosen.mood, diary=chosen.diary), identity=identity,
        ),
    )  # fmt: skip
    left_out = " and ".join(
        what for what, there in (("the diary", chosen.diary), ("answers about mood", chosen.mood)) if not there
    )
    words = f"{profile.name}, without {left_out}" if left_out else f"everything of {profile.name}"
    return _say(chosen, entries, f"{words}. It is not locked: whoever has the file can read it")


def _say(chosen: argparse.Namespace, entries: int, words: str) -> int:
    found = {"file": str(chosen.out), "bytes": _size(chosen.out), "fhir": chosen.fhir, "resources": entries}
    told = f"Written: {chosen.out}, {entries} resources: {words}."
    sys.stdout.write((json.dumps(found) if chosen.json else told) + "\n")
    return DONE


def _size(path: Path) -> int:
    return path.stat().st_size


def day_of(text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise InputError(f"--born: “{text[:40]}” is no day; write it as 1980-05-31") from None
