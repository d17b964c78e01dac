"""What belongs to a person: the tables, in an order in which they can be filled, and their rows as plain data.

Made from what every model declares of itself (`store.privacy`), so that a new table is taken along and erased without
anybody thinking of it here. In plain data a row has no key of the database: what points to another row holds the line
of that row in its own table, from 1.
"""

import datetime as dt
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, Literal

import msgspec
from django.apps import apps
from django.db import models

from upperback.core.errors import InputError
from upperback.store.models import LiveStream, Profile
from upperback.store.privacy import Export, Handling

__all__ = ["Lines", "Table", "all_tables", "leaving_tables", "owner_of", "plain_rows", "read_row", "row_of"]

#: pk of a row -> its line, for each table that others point to.
Lines = dict[type[models.Model], dict[int, int]]

_AT_ONCE: Final = 1000
_INTEGERS: Final = {
    "PositiveSmallIntegerField": (0, 32_767),
    "PositiveIntegerField": (0, 2_147_483_647),
    "BigIntegerField": (-(1 << 63), (1 << 63) - 1),
}
_PLAIN: Final[dict[str, Any]] = {
    "BooleanField": bool,
    "FloatField": float,
    "BinaryField": bytes,
    "DateField": dt.date,
    "TimeField": dt.time,
    "UUIDField": uuid.UUID,
    "DateTimeField": Annotated[dt.datetime, msgspec.Meta(tz=True)],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of a person.

    Attributes
    ----------
    name : as in an archive
    owner : the way to the person's row, as Django writes it; empty for that row itself
    fields : what leaves, in the order of the model
    links : those of them that point to other rows of the person, and to which table
    row : a row as plain data, with the type of every field
    """

    model: type[models.Model]
    name: str
    owner: str
    fields: "tuple[models.Field[Any, Any], ...]"
    links: Mapping[str, type[models.Model]]
    row: type[msgspec.Struct]

    def of(self, profile: Profile) -> "models.QuerySet[Any]":
        """The rows of a person, in the order in which they were written."""
        owned = {self.owner: profile} if self.owner else {"pk": profile.pk}
        return self.model._default_manager.filter(**owned).order_by("pk")  # noqa: SLF001


@cache
def leaving_tables() -> tuple[Table, ...]:
    """The tables whose rows leave with a person; what a row points to stands before it."""
    return tuple(_table(model) for model in _in_order() if _handling(model).export is Export.WHOLE)


def all_tables() -> Iterator[tuple[type[models.Model], str]]:
    """Every table with rows of a person, and the way to the person's row."""
    for model in _in_order():
        owner = owner_of(model)
        if owner is not None:
            yield model, owner


def owner_of(model: type[models.Model]) -> str | None:
    """The way from a row to the person's row; empty for that row itself, None where there is none."""
    if model is Profile:
        return ""
    links = [field for field in model._meta.concrete_fields if field.is_relation]  # noqa: SLF001
    for field in links:
        if field.related_model is Profile:
            return field.name
    for field in links:
        further = owner_of(field.related_model) if field.related_model is not model else None  # type: ignore[arg-type]
        if further is not None:
            return f"{field.name}__{further}"
    return None


def plain_rows(table: Table, profile: Profile, lines: Lines, *, until: int | None = None) -> Iterator[dict[str, Any]]:
    """The rows of a person as plain data, a thousand at a time: no statement stays open in between.

    Parameters
    ----------
    lines : the lines of the tables before this one; those of this one are added
    until : the last key that counts; None for all
    """
    own = lines.setdefault(table.model, {})
    names = [field.attname for field in table.fields]
    rows, last = table.of(profile), 0
    if until is not None:
        rows = rows.filter(pk__lte=until)
    while block := list(rows.filter(pk__gt=last).values_list("pk", *names)[:_AT_ONCE]):
        for last, *values in block:
            own[last] = len(own) + 1
            row = dict(zip((field.name for field in table.fields), values, strict=True))
            for name, model in table.links.items():
                row[name] = lines[model][row[name]] if row[name] is not None else None
            if table.model is LiveStream:  # one that is still worn leaves as far as it came
                row["ended_at"] = row["ended_at"] or row["saved_at"]
            yield row


def read_row(table: Table, line: bytes, number: int) -> dict[str, Any]:
    """A row out of an archive, with the types and limits of its fields.

    Raises
    ------
    InputError : a field is missing, unknown, or cannot be.
    """
    try:
        row = msgspec.json.decode(line, type=table.row)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{table.name}, line {number}: {_short(error)}") from None
    return {name: getattr(row, name) for name in table.row.__struct_fields__}


def row_of(table: Table, plain: dict[str, Any], profile: Profile | None, keys: Mapping[type, list[int]]) -> Any:
    """A row to be written, out of plain data.

    Parameters
    ----------
    keys : the keys of the rows before it, by table, in the order of their lines
    """
    values = dict(plain)
    for name, model in table.links.items():
        number = values.pop(name)
        known = keys.get(model, [])
        if number is not None and number > len(known):
            raise InputError(f"{table.name}: a row points to line {number} of {_name(model)}, which is not there")
        values[f"{name}_id"] = known[number - 1] if number is not None else None
    if table.owner == "profile":
        values["profile"] = profile
    return table.model(**values)


def _short(error: Exception) -> str:
    return re.sub(r"\s+", " ", str(error))[:200]


def _handling(model: type[models.Model]) -> Handling:
    handling: Handling = model.handling  # type: ignore[attr-defined]
    return handling


def _in_order() -> Iterable[type[models.Model]]:
    """Every model after those it points to."""
    done: dict[type[models.Model], None] = {}

    def add(model: type[models.Model]) -> None:
        for field in model._meta.concrete_fields:  # noqa: SLF001
            other = field.related_model
            if isinstance(other, type) and other is not model and other not in done:
                add(other)
        done.setdefault(model)

    for model in apps.get_app_config("store").get_models():
        add(model)
    return done


def _table(model: type[models.Model]) -> Table:
    owner = owner_of(model)
    assert owner is not None, f"{model.__name__} leaves with a person and belongs to none"
    stays = _handling(model).stays | {"id"} | ({"profile"} if owner == "profile" else set())
    fields = tuple(field for field in model._meta.concrete_fields if field.name not in stays)  # noqa: SLF001
    links: dict[str, Any] = {field.name: field.related_model for field in fields if field.is_relation}
    row = msgspec.defstruct(
        f"{model.__name__}Row",
        [(field.name, _type_of(field)) for field in fields],
        kw_only=True,
        forbid_unknown_fields=True,
    )
    return Table(model=model, name=_name(model), owner=owner, fields=fields, links=links, row=row)


def _name(model: type[models.Model]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", model.__name__).lower()


def _type_of(field: "models.Field[Any, Any]") -> Any:
    kind = field.get_internal_type()
    found: Any
    if field.is_relation:
        found = Annotated[int, msgspec.Meta(ge=1)]
    elif kind == "JSONField":
        found = list if field.default is list else dict[str, Any]
    elif kind in _INTEGERS:
        least, most = _INTEGERS[kind]
        found = Annotated[int, msgspec.Meta(ge=least, le=most)]
    elif field.choices:
        found = Literal[tuple(value for value, _ in field.choices)]
    elif kind in {"CharField", "TextField"}:
        found = Annotated[str, msgspec.Meta(max_length=field.max_length)] if field.max_length else str
    else:
        found = _PLAIN[kind]
    return found | None if field.null else found
