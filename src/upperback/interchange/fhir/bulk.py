"""A copy of many people as FHIR Bulk Data: what may be asked for, and the lines of one person in it.

One line is one resource. Of a person only those leave whose kinds of data were granted; what they point to and does not
leave is not pointed to, so that a line says nothing about what stays.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from upperback.core.errors import InputError, quoted
from upperback.interchange.fhir.classes import leaving, shown_as_granted
from upperback.interchange.fhir.search import TYPES, Params, Stamped

LINES_TYPE: Final = "application/fhir+ndjson"
_FORMATS: Final = frozenset({LINES_TYPE, "application/ndjson", "ndjson"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a copy shall hold.

    Attributes
    ----------
    types : kinds of resources; none: all
    since : None: whenever it was written
    ignored : what was asked for beside it and is passed over, in words
    """

    types: tuple[str, ...] = ()
    since: dt.datetime | None = None
    ignored: tuple[str, ...] = ()


def read_order(params: Params, *, lenient: bool) -> Order:
    """What was asked for.

    Parameters
    ----------
    lenient : what is not known is passed over, and named in the answer

    Raises
    ------
    InputError : a parameter that is not known, or that cannot be; `details` has its name.
    """
    types: list[str] = []
    since: dt.datetime | None = None
    ignored: list[str] = []
    for name, value in params:
        if len(value) > 400:
            raise InputError(f"{name[:40]}: longer than 400 characters", param=name[:40])
        match name:
            case "_outputFormat":
                if value.replace(" ", "+") not in _FORMATS:  # a plus that nobody wrote as %2B comes as a space
                    raise InputError(f"_outputFormat: only {LINES_TYPE} is made here", param=name)
            case "_since":
                since = _instant(value)
            case "_type":
                for one in filter(None, value.split(",")):
                    if one in TYPES:
                        types.append(one)
                    elif lenient:
                        ignored.append(f"_type: {quoted(one)} is no kind of resource that is here")
                    else:
                        raise InputError(f"_type: {quoted(one)} is no kind of resource that is here", param=name)
                if not types:
                    raise InputError("_type: name at least one kind of resource that is here", param=name)
            case _:
                if not lenient:
                    raise InputError(f"{quoted(name)} cannot be asked for here", param=name[:40])
                ignored.append(f"{quoted(name)} cannot be asked for here")
    return Order(types=tuple(dict.fromkeys(types)), since=since, ignored=tuple(ignored))


def _instant(text: str) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(text.replace(" ", "+")) if "T" in text else None
        if found is not None and found.tzinfo is not None:
            return found.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        pass
    raise InputError(f"_since: {quoted(text)} is no time, such as 2026-11-20T08:00:00Z", param="_since")


def lines(resources: Iterable[Stamped], *, granted: frozenset[str], order: Order) -> Iterator[dict[str, Any]]:
    """The resources of one person that leave, as plain data.

    Parameters
    ----------
    resources : all of that person's
    granted : kinds of data that this person granted; those about mood are not among `resources` without `mood`
    """
    found = leaving(resources, granted)
    kinds = {one.resource.id: one.kind for one in found}
    for one in found:
        if (not order.types or one.kind in order.types) and (order.since is None or one.at > order.since):
            line = shown_as_granted(one, kinds, granted)
            if one.kind != "Provenance" or "target" in line:
                yield line
