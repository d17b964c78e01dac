"""The `upperback` command. Reads, calls the pure functions or a service, prints; decides nothing itself.

Exit codes: 0 done, 2 bad input (one line on stderr that names line, key and value), 1 internal error.
"""

import argparse
import datetime as dt
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from importlib import metadata
from pathlib import Path
from typing import IO, Any

import msgspec

from upperback import __version__
from upperback.core.arguments import ArgumentParser
from upperback.core.errors import InputError, UpperbackError
from upperback.interchange.strict_json import object_lines, parse_object

#: Commands that other rooms bring along: `name = module:function(arguments) -> exit code`.
COMMAND_GROUP = "upperback.commands"

BAD_INPUT = 2
INTERNAL_ERROR = 1

_MEMORY_BYTES = 16 * 1024 * 1024

Decide = Callable[[Mapping[str, Any]], dict[str, Any]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    command = _brought_along(words[0]) if words else None
    try:
        return command(words[1:]) if command else _own(words)
    except InputError as error:
        return _refuse(error.message)
    except UpperbackError as error:
        return _refuse(error.message, code=INTERNAL_ERROR)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has enough
        return 0


def _refuse(message: str, code: int = BAD_INPUT) -> int:
    print(f"upperback: {message}", file=sys.stderr)
    return code


def _brought_along(name: str) -> Callable[[list[str]], int] | None:
    if name in _OWN_COMMANDS or name.startswith("-"):
        return None
    for point in metadata.entry_points(group=COMMAND_GROUP, name=name):
        command: Callable[[list[str]], int] = point.load()
        return command
    return None


def _own(words: list[str]) -> int:
    parser = ArgumentParser(prog="upperback", description="Safe, plain, personal help for upper back pain.")
    parser.add_argument("--version", action="version", version=f"upperback {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=ArgumentParser)
    for name, (add_arguments, _, help_text) in _OWN_COMMANDS.items():
        add_arguments(commands.add_parser(name, help=help_text, description=help_text))
    for point in sorted(metadata.entry_points(group=COMMAND_GROUP), key=lambda point: point.name):
        commands.add_parser(point.name, help=f"see: upperback {point.name} --help")
    chosen = parser.parse_args(words)
    return _OWN_COMMANDS[chosen.command][1](chosen)


# ---- triage, plan, review: JSON Lines in, JSON Lines out ---------------------------------------------------------


def _line_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE|-", help="JSON Lines, one person per line; - reads standard input")
    parser.add_argument(
        "--absent",
        choices=("unknown", "no"),
        default="unknown",
        help="what a missing key means: not answered (unknown), or asked and answered no / none / normal",
    )
    parser.add_argument("--keep-going", action="store_true", help="report a bad line and go on with the next")
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
    with _opened(chosen.file) as stream, tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES) as held:
        out: IO[bytes] = sys.stdout.buffer if chosen.keep_going else held
        number = 0
        for number, text in object_lines(stream):
            try:
                out.write(msgspec.json.encode(_answer(text, one, keys, number)) + b"\n")
            except InputError as error:
                if not chosen.keep_going:
                    raise InputError(f"line {number}: {error.message}") from error
                problems = _refuse(f"line {number}: {error.message}")
        if number == 0:
            raise InputError(f"{chosen.file}: there is no line to read")
        if out is held:
            _copy(held, sys.stdout.buffer)
    sys.stdout.buffer.flush()
    return problems


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


# ---- content -----------------------------------------------------------------------------------------------------


def _content_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--folder", type=Path, help="another release to check (default: the one that comes along)")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of a release and stop")


def _check_content(chosen: argparse.Namespace) -> int:
    from upperback.content.load import content_folder, json_schema

    if chosen.schema:
        print(msgspec.json.format(msgspec.json.encode(json_schema())).decode())
        return 0
    from upperback.care.check import check_release

    report = check_release(chosen.folder or content_folder(), today=dt.datetime.now(dt.UTC).date())
    print(msgspec.json.encode(report.record()).decode() if chosen.json else report.text())
    for problem in report.problems:
        print(f"upperback: {problem}", file=sys.stderr)
    return BAD_INPUT if report.problems else 0


def _changes_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("old", type=Path, help="folder of the older release")
    parser.add_argument("new", type=Path, help="folder of the newer release")
    parser.add_argument("--states", type=int, default=1_000_000, help="how many generated states to compare")
    parser.add_argument("--seed", type=int, default=1, help="other dice, other states")
    parser.add_argument("--json", action="store_true", help="every moved state as a JSON line")


def _content_changes(chosen: argparse.Namespace) -> int:
    import numpy as np

    from upperback.care.changes import moved_states, report_text
    from upperback.content.load import compile_release
    from upperback.content.vocabulary import Content

    old, new = Content(compile_release(chosen.old)), Content(compile_release(chosen.new))
    moved = moved_states(old, new, states=chosen.states, dice=np.random.default_rng(chosen.seed))
    if chosen.json:
        for state in moved:
            print(msgspec.json.encode(state.record()).decode())
    else:
        print(report_text(moved, looked_at=chosen.states))
    return 0


_OWN_COMMANDS: dict[str, tuple[Callable[[Any], None], Callable[[argparse.Namespace], int], str]] = {
    "triage": (_line_arguments, _triage, "the safest fitting disposition for each person, with the reasons"),
    "plan": (_line_arguments, _plan, "a personal plan for each person, or why there is none"),
    "review": (_line_arguments, _review, "the six-week review for each person"),
    "check-content": (_content_arguments, _check_content, "prove that the clinical content is whole"),
    "content-changes": (
        _changes_arguments,
        _content_changes,
        "which states moved between two content releases",
    ),
}


if __name__ == "__main__":
    sys.exit(main())
