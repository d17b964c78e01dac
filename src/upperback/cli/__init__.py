"""The `upperback` command. Reads, calls the pure functions or a service, prints; decides nothing itself.

Exit codes: 0 done, 2 bad input (one line on stderr that names line, key and value), 1 internal error.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from upperback import __version__
from upperback.cli import (
    archive,
    breaks,
    clinics,
    content,
    erase,
    letter,
    lines,
    monitor,
    opening,
    recordings,
    relax,
    service_plan,
    simulate,
)
from upperback.cli.command import INTERNAL_ERROR, refuse
from upperback.core.arguments import ArgumentParser
from upperback.core.errors import Conflict, InputError, NotAllowed, NotFound, UpperbackError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

#: Commands that other rooms bring along: `name = module:function(arguments) -> exit code`.
COMMAND_GROUP: Final = "upperback.commands"

COMMANDS: Final = (
    lines.COMMANDS
    | content.COMMANDS
    | recordings.COMMANDS
    | simulate.COMMANDS
    | breaks.COMMANDS
    | archive.COMMANDS
    | erase.COMMANDS
    | opening.COMMANDS
    | letter.COMMANDS
    | clinics.COMMANDS
    | monitor.COMMANDS
    | relax.COMMANDS
    | service_plan.COMMANDS
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    command = _brought_along(words[0]) if words else None
    try:
        return command(words[1:]) if command else _own(words)
    except InputError as error:
        return refuse(error.message)
    except (Conflict, NotAllowed, NotFound) as error:
        return refuse(error.message)
    except UpperbackError as error:
        return refuse(error.message, code=INTERNAL_ERROR)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has enough
        return 0


def _brought_along(name: str) -> Callable[[list[str]], int] | None:
    if name in COMMANDS or name.startswith("-"):
        return None
    for point in _points():
        if point.name == name:
            command: Callable[[list[str]], int] = point.load()
            return command
    return None


def _points() -> "Iterable[EntryPoint]":
    """The commands of other rooms. Looking for them goes through every package that is installed."""
    from importlib import metadata

    return metadata.entry_points(group=COMMAND_GROUP)


def _own(words: list[str]) -> int:
    parser = ArgumentParser(prog="upperback", description="Safe, plain, personal help for upper back pain.")
    parser.add_argument("--version", action="version", version=f"upperback {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=ArgumentParser)
    for name, command in COMMANDS.items():
        command.add_arguments(commands.add_parser(name, help=command.help_text, description=command.help_text))
    if not words or words[0] not in COMMANDS:
        for point in sorted(_points(), key=lambda point: point.name):
            commands.add_parser(point.name, help=f"see: upperback {point.name} --help")
    chosen = parser.parse_args(words)
    return COMMANDS[chosen.command].run(chosen)
