"""triage, plan, review: JSON Lines in, JSON Lines out."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import msgspec

from upperback.cli.command import Command, refuse
from upperback.core.errors import InputError
from upperback.interchange.strict_json import object_lines, parse_object

if TYPE_CHECKING:
    from upperback.content.wording import Wording

_MEMORY_BYTES: Final = 16 * 1024 * 1024

Decide = Callable[[Mapping[str, Any]], dict[str, Any]]


def _line_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE|-", help="JSON Lines, one person per line; - reads standard input")
    parser.add_argument(
        "--absent",
        choices=("unknown", "no"),
        default="unknown",
        help="what a missing key means: not answered (unknown), or asked and answered no / none / normal",
    )
    parser.add_argument("--keep-going", action="store_true", help="report a bad line and go on with the next")
    parser.add_argument(
        "--language", metavar="TAG", default="en-GB", help="what a person reads in it is in this language, e.g. de"
    )
    parser.add_argument("--json", action="store_true", help="JSON Lines, which is what comes out anyway")


def _triage(chosen: argparse.Namespace) -> int:
    from upperback.care.triage import decide, read_findings
    from upperback.care.triage.record import decision_record
    from upperback.content.vocabulary import default_content

    content = default_content()

    def one(line: Mapping[str, Any]) -> dict[str, Any]:
        facts = read_findings(_object(line, "findings"), content=content, absent=chosen.absent)
        return decision_record(decide(facts, content), facts, content)

    return _per_line(chosen, one, keys=("id", "findings"))


def _plan(chosen: argparse.Namespace) -> int:
    from upperback.care.plan import build_plan, plan_record, read_choices
    from upperback.care.triage import read_findings
    from upperback.content.vocabulary import default_content

    content = default_content()

    def one(line: Mapping[str, Any]) -> dict[str, Any]:
        choices = read_choices(_object(line, "choices") if "choices" in line else {}, content)
        facts = read_findings(
            _object(line, "findings"), content=content, absent=chosen.absent, tasks=choices.task_values
        )
        return plan_record(build_plan(facts, choices, content))

    return _per_line(chosen, one, keys=("id", "findings", "choices"))


def _review(chosen: argparse.Namespace) -> int:
    from upperback.care.review import read_review_inputs, review, review_record
    from upperback.content.vocabulary import default_content

    content = default_content()

    def one(line: Mapping[str, Any]) -> dict[str, Any]:
        inputs = read_review_inputs(_object(line, "inputs"), content=content, absent=chosen.absent)
        return review_record(review(inputs, content), content)

    return _per_line(chosen, one, keys=("id", "inputs"))


def _object(line: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = line.get(key)
    if not isinstance(value, dict):
        raise InputError(f"the key {key} has to hold an object")
    return value


def _per_line(chosen: argparse.Namespace, one: Decide, keys: tuple[str, ...]) -> int:
    """Every line through `one`. Without --keep-going nothing is printed unless every line is good."""
    problems = 0
    words = _words(chosen.language)
    with _opened(chosen.file) as stream, tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES) as held:
        out: IO[bytes] = sys.stdout.buffer if chosen.keep_going else held
        number = 0
        for number, text in object_lines(stream):
            try:
                out.write(msgspec.json.encode(_said(_answer(text, one, keys, number), words)) + b"\n")
            except InputError as error:
                if not chosen.keep_going:
                    raise InputError(f"line {number}: {error.message}") from error
                problems = refuse(f"line {number}: {error.message}")
        if number == 0:
            raise InputError(f"{chosen.file}: there is no line to read")
        if out is held:
            _copy(held, sys.stdout.buffer)
    sys.stdout.buffer.flush()
    return problems


def _words(language: str) -> "Wording | None":
    if language == "en-GB":
        return None
    from upperback.cli.spoken import wording_of

    return wording_of(language)


def _said(record: dict[str, Any], words: "Wording | None") -> dict[str, Any]:
    """What is decided is decided in English; its texts are said on the way out, and the record says in what."""
    if words is None:
        return record
    from upperback.cli.spoken import said_record

    return {"id": record.pop("id"), "language": words.language, **said_record(record, words)}


def _answer(text: bytes, one: Decide, keys: tuple[str, ...], number: int) -> dict[str, Any]:
    line = parse_object(text)
    for key in line:
        if key not in keys:
            raise InputError(f"the key “{key[:60]}” is not known here; expected {', '.join(keys)}")
    id = line.get("id", number)
    if not isinstance(id, str | int) or isinstance(id, bool):
        raise InputError("id: a text or a whole number is expected")
    return {"id": id, **one(line)}


def _opened(name: str) -> Any:
    if name == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise InputError(f"{name}: {error.strerror or 'cannot be opened'}") from error


def _copy(source: Any, target: IO[bytes]) -> None:
    source.seek(0)
    while block := source.read(1 << 20):
        target.write(block)


COMMANDS: Final = {
    "triage": Command(_line_arguments, _triage, "the safest fitting disposition for each person, with the reasons"),
    "plan": Command(_line_arguments, _plan, "a personal plan for each person, or why there is none"),
    "review": Command(_line_arguments, _review, "the six-week review for each person"),
}
