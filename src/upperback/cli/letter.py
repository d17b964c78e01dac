"""`upperback letter`: a PDF for a GP, a physiotherapist or an employer."""

import argparse
import datetime as dt
import json
import sys
from functools import partial
from pathlib import Path
from typing import Final

from upperback.cli.archive import check_free, written
from upperback.cli.command import DONE, Command
from upperback.cli.fhir import day_of
from upperback.cli.household import everybody, one_person

_READERS: Final = ("gp", "physiotherapist", "employer")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Who it is for, and what may be in it."""
    parser.add_argument("out", metavar="FILE", type=Path, help="the file to write, for example letter.pdf")
    parser.add_argument(
        "--for",
        dest="reader",
        choices=_READERS,
        required=True,
        help="an employer reads of the desk and of nothing else",
    )
    parser.add_argument("--person", metavar="NAME", help="whose letter; not needed where only one person lives here")
    parser.add_argument("--mood", action="store_true", help="with the answers about mood, worry and self-harm")
    parser.add_argument("--question", metavar="WORDS", default="", help="what you want to ask the reader")
    parser.add_argument("--family", metavar="NAME", default="", help="the family name the reader knows; kept nowhere")
    parser.add_argument("--given", metavar="NAMES", default="", help="the given names the reader knows; kept nowhere")
    parser.add_argument("--born", metavar="DATE", help="the day of birth, as 1980-05-31; kept nowhere")
    parser.add_argument("--nhs-number", metavar="NUMBER", default="", help="kept nowhere")
    parser.add_argument("--language", metavar="TAG", default="en-GB", help="what the letter is written in, e.g. de")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--data", type=Path, help="the data folder that the app is started with")


def run(chosen: argparse.Namespace) -> int:
    """Writes the whole letter or nothing."""
    check_free(chosen.out)
    profile = one_person(everybody(chosen.data), chosen.person, what="letter")
    from upperback.cli.spoken import ENGLISH, entries_of  # reads the content: not for every start
    from upperback.services import actors, fhir, letters

    entries = () if chosen.language == ENGLISH else entries_of(chosen.language)
    spoken = letters.letter_wording(chosen.language, entries) if entries else None
    by, now = actors.household("terminal"), dt.datetime.now(dt.UTC)
    identity = fhir.read_identity(
        family=chosen.family, given=chosen.given, birth_date=day_of(chosen.born), nhs_number=chosen.nhs_number,
        today=now.date(),
    )  # fmt: skip
    letter = letters.make_letter(
        profile=profile, reader=chosen.reader, by=by, now=now, mood=chosen.mood, identity=identity,
        question=chosen.question,
    )  # fmt: skip
    size = written(
        chosen.out,
        partial(letters.write_letter, profile=profile, letter=letter, mood=chosen.mood, by=by, now=now, words=spoken),
    )
    found = {"file": str(chosen.out), "bytes": size, "for": chosen.reader}
    words = f"Written: {chosen.out}. It is not locked: whoever has the file can read it."
    sys.stdout.write((json.dumps(found) if chosen.json else words) + "\n")
    return DONE


COMMANDS: Final = {"letter": Command(add_arguments, run, "a PDF for a GP, a physiotherapist or an employer")}
