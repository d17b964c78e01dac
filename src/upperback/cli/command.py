"""What a command of `upperback` is, and how it tells that something is wrong."""

import argparse
import sys
from collections.abc import Callable
from typing import Final, NamedTuple

DONE: Final = 0
INTERNAL_ERROR: Final = 1
BAD_INPUT: Final = 2


class Command(NamedTuple):
    """One command: its arguments, what it does (-> exit code), and a line of help."""

    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    help_text: str


def refuse(message: str, code: int = BAD_INPUT) -> int:
    """One line on standard error; returns the exit code."""
    print(f"upperback: {message}", file=sys.stderr)
    return code
