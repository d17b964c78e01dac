"""Who is doing something. Views make one from the request; services never look at a request."""

import uuid
from dataclasses import dataclass
from typing import Literal

Kind = Literal["household", "reader", "system", "nobody"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody or something that acts.

    household: a person at this installation, let in by its one-time link; `id` tells one browser from another.
    reader: somebody who was given an archive and has opened it to read.
    system: the product itself, for example when it makes the demonstration people. nobody: not let in.
    """

    kind: Kind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


SYSTEM = Actor(kind="system", id="upperback")
NOBODY = Actor(kind="nobody", id="-")


READER = Actor(kind="reader", id="-")


def household(browser: str) -> Actor:
    """A person of the household at one browser."""
    return Actor(kind="household", id=browser or "-")


def public_id(text: str) -> uuid.UUID | None:
    """A public id from an address or a form; None for anything that is none."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
