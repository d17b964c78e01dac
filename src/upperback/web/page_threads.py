"""The threads that ask the database. Each keeps its connection from one page, or question, to the next.

Django by itself starts a thread for every request, and opens and closes the database in it: on SQLite an eighth of a
page's time, on PostgreSQL more. Sockets are no requests: what they ask is asked in one thread for all of them.
"""

import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.signals import request_started
from django.db import close_old_connections, connection, connections
from django.db.backends.signals import connection_created

_P = ParamSpec("_P")
_T = TypeVar("_T")

#: So many wait for the next page; what a rush needs beyond goes when it is over.
_KEPT: Final = 4


class PageThreads:
    """Threads that make one page at a time each. The one that was used last is the next: its memory is warm."""

    def __init__(self) -> None:
        self._idle: list[ThreadPoolExecutor] = []
        connection_created.connect(_remember_file)
        request_started.connect(_leave_other_file)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Within it, the synchronous part of Django runs in one thread that nobody else uses."""
        thread = self._idle.pop() if self._idle else ThreadPoolExecutor(1, thread_name_prefix="upperback-page")
        try:
            async with ThreadSensitiveContext(executor=thread):
                yield
        finally:
            if len(self._idle) < _KEPT:
                self._idle.append(thread)
            else:
                _end(thread)

    def close(self) -> None:
        """Ends the threads that wait, and closes their connections."""
        while self._idle:
            _end(self._idle.pop())


def _end(thread: ThreadPoolExecutor) -> None:
    thread.submit(connections.close_all)
    thread.shutdown(wait=False)


async def ask(do: Callable[_P, _T], *args: _P.args, **how: _P.kwargs) -> _T:
    """What a socket asks of the database. A connection that broke meanwhile is made anew, as a request would."""

    def with_connection() -> _T:
        close_old_connections()
        return do(*args, **how)

    return await sync_to_async(with_connection)()


# ---- the file that is open -----------------------------------------------------------------------------------------

_opened = threading.local()


def _remember_file(**_: Any) -> None:
    _opened.file = _file_now()


def _leave_other_file(**_: Any) -> None:
    """A database that was put away or replaced under the running server is not written to any more."""
    if connection.connection is not None and _file_now() != getattr(_opened, "file", None):
        connection.close()


def _file_now() -> tuple[int, int] | None:
    """Which file the database is now; None where there is none, or it is no file."""
    try:
        found = Path(connection.settings_dict["NAME"]).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
