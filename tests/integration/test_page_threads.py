"""Pages one after the other are made in the same thread, over the same connection; at the same time, in two."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from asgiref.sync import sync_to_async
from django.core.signals import request_started
from django.db import connection, connections
from pytest_django.plugin import DjangoDbBlocker

from upperback.web.page_threads import PageThreads, ask

T = TypeVar("T")


@pytest.fixture
def threads() -> Iterator[PageThreads]:
    made = PageThreads()
    yield made
    made.close()


async def _page(threads: PageThreads, work: Callable[[], T]) -> T:
    async with threads.one():
        return await sync_to_async(work)()


def test_pages_one_after_the_other_share_a_thread(threads: PageThreads) -> None:
    async def two() -> list[int]:
        return [await _page(threads, threading.get_ident) for _ in range(2)]

    first, second = asyncio.run(two())
    assert first == second != threading.get_ident()


def test_pages_at_the_same_time_do_not_wait_for_each_other(threads: PageThreads) -> None:
    meet = threading.Barrier(6, timeout=10)

    async def all_at_once() -> None:
        await asyncio.gather(*(_page(threads, meet.wait) for _ in range(6)))

    asyncio.run(all_at_once())


def test_what_fails_gives_its_thread_back(threads: PageThreads) -> None:
    def fail() -> None:
        raise OSError("this page cannot be made")

    async def after_a_failure() -> tuple[int, int]:
        before = await _page(threads, threading.get_ident)
        with pytest.raises(OSError, match="cannot be made"):
            await _page(threads, fail)
        return before, await _page(threads, threading.get_ident)

    before, after = asyncio.run(after_a_failure())
    assert before == after


def test_closing_ends_the_threads_that_wait() -> None:
    threads = PageThreads()
    thread = asyncio.run(_page(threads, threading.current_thread))
    threads.close()
    thread.join(timeout=10)
    assert not thread.is_alive()


def test_the_connection_stays_until_the_file_is_another(
    threads: PageThreads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker
) -> None:
    file = tmp_path / "one.sqlite3"
    monkeypatch.setitem(connections.settings["default"], "NAME", str(file))
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 60)

    def ask() -> tuple[int, list[str]]:
        with django_db_blocker.unblock():
            request_started.send(None)
            with connection.cursor() as cursor:
                tables = cursor.execute("SELECT name FROM sqlite_master").fetchall()
                cursor.execute("CREATE TABLE IF NOT EXISTS kept (id INTEGER)")
        return id(connection.connection), [name for (name,) in tables]

    async def pages() -> list[tuple[int, list[str]]]:
        found = [await _page(threads, ask) for _ in range(2)]
        file.rename(tmp_path / "put-away.sqlite3")
        return [*found, await _page(threads, ask)]

    first, second, after = asyncio.run(pages())
    assert first[0] == second[0]
    assert (first[1], second[1]) == ([], ["kept"])
    assert after[1] == []  # a fresh file, not the one that was put away


def test_what_a_socket_asks_leaves_a_connection_that_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker
) -> None:
    monkeypatch.setitem(connections.settings["default"], "NAME", str(tmp_path / "one.sqlite3"))

    def connected() -> object:
        connection.ensure_connection()
        return connection.connection

    def close() -> None:  # of the thread that it is called in
        connection.close()

    async def asked(keep_s: int) -> list[object]:
        monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", keep_s)
        await sync_to_async(close)()
        try:
            return [await ask(connected) for _ in range(2)]
        finally:
            await sync_to_async(close)()

    with django_db_blocker.unblock():
        kept, over = asyncio.run(asked(60)), asyncio.run(asked(0))
    assert kept[0] is kept[1]
    assert over[0] is not over[1]
