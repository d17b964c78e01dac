"""Command-line arguments whose faults are one line, like every other bad input."""

import argparse
from typing import NoReturn

from upperback.core.errors import InputError


class ArgumentParser(argparse.ArgumentParser):
    """An argument parser that raises InputError instead of printing usage and leaving."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message} (see: {self.prog} --help)")
