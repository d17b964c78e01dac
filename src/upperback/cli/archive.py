"""`upperback export` and `upperback import`: everything of a person into one file, and out of it."""

import argparse
import datetime as dt
import getpass
import json
import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from upperback.cli.command import DONE, Command
from upperback.cli.fhir import (
    add_fhir_arguments,
    add_fhir_in_arguments,
    check_fhir_arguments,
    export_fhir,
    import_fhir,
)
from upperback.cli.household import everybody, one_person, set_up
from upperback.core.errors import InputError

_PASSPHRASE_LINE_MOST: Final = 4096


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "out", metavar="FILE", type=Path, help="the file to write, for example me.zip; with --tables a folder"
    )
    parser.add_argument("--person", metavar="NAME", help="whose data; not needed where only one person lives here")
    parser.add_argument(
        "--tables", action="store_true", help="diary.csv and figures.csv for a spreadsheet, into a folder"
    )
    passphrase_arguments(parser, "lock the file with a passphrase, asked for twice")
    add_fhir_arguments(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--data", type=Path, help="the data folder that the app is started with")


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="a file that `upperback export` or the app made")
    passphrase_arguments(parser, "ask for the passphrase of a locked file")
    add_fhir_in_arguments(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--data", type=Path, help="the data folder; made where there is none")


def passphrase_arguments(parser: argparse.ArgumentParser, words: str) -> None:
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--passphrase", action="store_true", help=words)
    choice.add_argument("--passphrase-file", type=Path, metavar="FILE", help="its first line is the passphrase")


def _export(chosen: argparse.Namespace) -> int:
    check_fhir_arguments(chosen)
    if not chosen.tables:
        check_free(chosen.out)
    if chosen.fhir is not None:
        return export_fhir(chosen, now=_now(), write=written)
    profile = one_person(everybody(chosen.data), chosen.person, what="data")
    passphrase = read_passphrase(chosen, twice=True)
    from upperback.services import actors, archive, own_tables

    by = actors.household("terminal")
    if chosen.tables:
        if passphrase:
            raise InputError("--tables: a spreadsheet cannot open a locked file")
        chosen.out.mkdir(parents=True, exist_ok=True, mode=0o700)
        paths = {name: chosen.out / f"{name}.csv" for name in own_tables.TABLES}
        for path in paths.values():
            check_free(path)
        for name, path in paths.items():
            written(path, partial(own_tables.write_own_table, profile=profile, table=name, by=by, now=_now()))
        _say(
            chosen, {"files": [str(path) for path in paths.values()]}, f"Written: {', '.join(map(str, paths.values()))}"
        )
        return DONE
    contents = written(
        chosen.out,
        partial(archive.write_archive, profile=profile, by=by, now=_now(), passphrase=passphrase),
    )
    rows = sum(member.rows for member in contents.members)
    found = {"file": str(chosen.out), "bytes": chosen.out.stat().st_size, "rows": rows, "locked": bool(passphrase)}
    lock = "It is locked: without the passphrase nobody can open it, we cannot either." if passphrase else (
        "It is not locked: whoever has the file can read it."
    )  # fmt: skip
    _say(chosen, found, f"Written: {chosen.out}, everything of {profile.name}, {rows} entries.\n{lock}")
    return DONE


def _import(chosen: argparse.Namespace) -> int:
    if not chosen.file.is_file():
        raise InputError(f"{chosen.file}: there is no such file")
    if chosen.fhir or chosen.person or chosen.yes:
        return import_fhir(chosen, now=_now())
    set_up(chosen.data, make=True)
    from upperback.services import actors
    from upperback.services.bring_in import bring_in

    profile = bring_in(
        path=chosen.file, name=chosen.file.name, passphrase=read_passphrase(chosen, twice=False),
        by=actors.household("terminal"), now=_now(),
    )  # fmt: skip
    _say(
        chosen,
        {"person": str(profile.uuid), "name": profile.name},
        f"{profile.name} is here now. To go on: upperback serve",
    )
    return DONE


def check_free(path: Path) -> None:
    if path.exists():
        raise InputError(f"{path}: there is something of this name already; choose another name")


def written(path: Path, write: Callable[..., Any]) -> Any:
    """A file for the owner only, whole or not there at all."""
    try:
        handle, name = tempfile.mkstemp(prefix=".upperback-", dir=path.parent)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or 'cannot be written'}") from error
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            found = write(out=out)
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or 'cannot be written'}") from error
    finally:
        part.unlink(missing_ok=True)
    return found


def read_passphrase(chosen: argparse.Namespace, *, twice: bool) -> str:
    """Never from the command line, where other users of the machine can see it."""
    if chosen.passphrase_file is not None:
        try:
            with chosen.passphrase_file.open("rb") as file:
                text: str = file.readline(_PASSPHRASE_LINE_MOST).decode("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"--passphrase-file: {chosen.passphrase_file} cannot be read") from error
        if not text:
            raise InputError(f"--passphrase-file: {chosen.passphrase_file} begins with an empty line")
    elif chosen.passphrase:
        text = getpass.getpass("Passphrase: ")
        if twice and getpass.getpass("Once more: ") != text:
            raise InputError("the two passphrases are not the same")
    else:
        return ""
    if twice:
        from upperback.interchange.archive import check_passphrase

        check_passphrase(text)
    return text


def _say(chosen: argparse.Namespace, found: dict[str, Any], words: str) -> None:
    sys.stdout.write((json.dumps(found) if chosen.json else words) + "\n")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


COMMANDS: Final = {
    "export": Command(_export_arguments, _export, "everything of a person in one file, to take along or to keep"),
    "import": Command(
        _import_arguments, _import, "bring in a person from a file that export made; all of it or nothing"
    ),
}
