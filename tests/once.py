"""What many tests begin with, made once in each process and put back for each further test.

Somebody with an open plan is a hundred pages of questions, or a second and a half. The road itself is walked in the
first test that asks for it and in the tests about the road; the others get the same rows and cookies again.
"""

import copy
import datetime as dt
import sqlite3
from collections.abc import Callable, Hashable
from http.cookies import SimpleCookie
from typing import Any, NamedTuple, TypeVar

from django.db import connection, models, transaction
from django.test import Client

from upperback.services import demo
from upperback.services.people import Profile

T = TypeVar("T")

#: The rows of each table.
Rows = dict[str, list[tuple[Any, ...]]]


class _Kept(NamedTuple):
    before: Rows
    after: Rows
    cookies: "SimpleCookie | None"
    made: Any


_KEPT: dict[Hashable, list[_Kept]] = {}


def once(name: Hashable, make: Callable[[], T], client: Client | None = None) -> T:
    """What `make` gives: made where it never was, put back where it was made from the same rows on the same day.

    `name` has to say everything that `make` depends on beside the database, such as the time. Of what it returns, a row
    of the database is read anew; anything else must never be changed.
    """
    if connection.vendor != "sqlite":
        return make()
    before = _rows()
    known = _KEPT.setdefault((name, dt.datetime.now(dt.UTC).date(), _said(client)), [])
    kept = next((kept for kept in known if kept.before == before), None)
    if kept is None:
        made = make()
        known.append(_Kept(before, _rows(), copy.deepcopy(client.cookies) if client else None, made))
        return made
    with transaction.atomic():  # what belongs together may come in any order
        _put_back(kept)
    if client is not None and kept.cookies is not None:
        client.cookies = copy.deepcopy(kept.cookies)
    made = kept.made
    return type(made)._default_manager.get(pk=made.pk) if isinstance(made, models.Model) else made


def invented_once(key: str, now: dt.datetime) -> Profile:
    """`demo.make_person`, once on each day."""
    return once(("invented", key, now.date()), lambda: demo.make_person(key=key, now=now))


def _said(client: Client | None) -> str:
    return client.cookies.output() if client is not None else ""


def _database() -> sqlite3.Connection:
    connection.ensure_connection()
    found: sqlite3.Connection = connection.connection
    return found


def _columns(table: str) -> list[str]:
    return [f'"{row[1]}"' for row in _database().execute(f'PRAGMA table_info("{table}")')]


def _rows() -> Rows:
    """Every row, as it is stored: a column behind a plus has no type that Python would read into it."""
    names = _database().execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return {
        name: _database().execute(f'SELECT {", ".join(f"+{one}" for one in _columns(name))} FROM "{name}"').fetchall()
        for (name,) in names.fetchall()
    }


def _put_back(kept: _Kept) -> None:
    for table, rows in kept.after.items():
        before = kept.before[table]
        if rows == before:
            continue
        if rows[: len(before)] != before:
            _database().execute(f'DELETE FROM "{table}"')
            before = []
        places = ", ".join("?" * len(rows[0])) if rows else ""
        _database().executemany(f'INSERT INTO "{table}" VALUES ({places})', rows[len(before) :])
