"""What Django's queries cannot say, or only dearly: many keys at once, and what an entry says inside.

The same on SQLite and on PostgreSQL. Words of SQL stand here as they are, not as parameters: SQLite uses a partial
index only where a question repeats its condition literally. None of them comes from outside.
"""

import json
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import BooleanField, FloatField, Func

__all__ = ["Alarming", "Among", "NumberIn"]


class Among(Func):
    """Whether a key is one of many. They go as one parameter: 500 single ones cost more than the answer."""

    output_field = BooleanField()
    arity = 1

    def __init__(self, name: str, keys: Iterable[int]) -> None:
        super().__init__(name)
        self.keys = tuple(keys)

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> Any:
        """`key IN (SELECT value FROM JSON_EACH('[1, 2]'))`."""
        return self._in(compiler, "%s IN (SELECT value FROM JSON_EACH(%%s))", json.dumps(self.keys))

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> Any:
        """`key = ANY('{1,2}')`."""
        return self._in(compiler, "%s = ANY(%%s::bigint[])", list(self.keys))

    def _in(self, compiler: Any, words: str, keys: object) -> tuple[str, list[object]]:
        if not self.keys:
            raise EmptyResultSet  # nobody is asked about
        (name,) = self.get_source_expressions()
        sql, params = compiler.compile(name)
        return words % sql, [*params, keys]


class Alarming(Func):
    """Whether an entry of the diary tells a warning sign: before a session, or as what stopped one."""

    output_field = BooleanField()
    arity = 2

    def __init__(self, kind: str = "kind", data: str = "data") -> None:
        super().__init__(kind, data)

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> Any:
        """By the function: the arrow of JSON is younger than the oldest SQLite that serves."""
        words = "(%s = 'warned' OR (%s = 'session_ended' AND JSON_EXTRACT(%s, '$.how') = 'felt_wrong'))"
        return self._is(compiler, words)

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> Any:
        """By the arrow."""
        return self._is(compiler, "(%s = 'warned' OR (%s = 'session_ended' AND %s ->> 'how' = 'felt_wrong'))")

    def _is(self, compiler: Any, words: str) -> tuple[str, list[object]]:
        kind, data = (compiler.compile(name)[0] for name in self.get_source_expressions())
        return words % (kind, kind, data), []


class NumberIn(Func):
    """A number inside of an entry; nothing where it was not told, which is not the same as 0."""

    output_field = FloatField()
    arity = 1

    def __init__(self, key: str, data: str = "data") -> None:
        super().__init__(data)
        self.key = key

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> Any:
        """Null of JSON is read as null."""
        return self._read(compiler, "CAST(JSON_EXTRACT(%s, %%s) AS REAL)", f"$.{self.key}")

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> Any:
        """By the arrow, which reads null of JSON as null, too."""
        return self._read(compiler, "(%s ->> %%s)::double precision", self.key)

    def _read(self, compiler: Any, words: str, key: str) -> tuple[str, list[object]]:
        (data,) = self.get_source_expressions()
        return words % compiler.compile(data)[0], [key]
