"""A progress bar on one line of the terminal; nothing where nobody watches."""

import sys
from types import TracebackType
from typing import Self


class Bar:
    """How far something long has come.

    Parameters
    ----------
    total : what it counts to
    shown : False where standard error is no terminal, or where it was asked to be quiet
    """

    _WIDTH = 40

    def __init__(self, total: float = 1.0, *, shown: bool) -> None:
        self._total, self._shown = max(total, 1e-9), shown
        self._done, self._drawn = 0.0, -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finish()

    def more(self, amount: float) -> None:
        """So much more is done."""
        self.at(self._done + amount)

    def at(self, done: float) -> None:
        """So much is done in all."""
        self._done = done
        percent = min(100, int(100 * done / self._total))
        if self._shown and percent != self._drawn:
            self._drawn = percent
            bar = "#" * (percent * self._WIDTH // 100)
            sys.stderr.write(f"\r[{bar:{self._WIDTH}}] {percent:3d} %")
            sys.stderr.flush()

    def finish(self) -> None:
        """Clears the line."""
        if self._shown:
            sys.stderr.write("\r" + " " * (self._WIDTH + 10) + "\r")
