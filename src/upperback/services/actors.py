"""Who is doing something. Views make one from the request; services never look at a request."""

import uuid
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "household", "reader", "system", "person", "account", "guest", "program", "clinic_system", "app", "nobody"
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody or something that acts.

    household: a person at this installation, let in by its one-time link; `id` tells one browser from another.
    reader: somebody who was given an archive and has opened it to read.
    system: the product itself, for example when it makes the demonstration people. nobody: not let in.
    person: somebody signed in to a service, at their own record; `id` is the public id of the account.
    account: anybody who is signed in, at somebody else's record; what they may see of whom is asked of `access` at
    every use. guest: somebody at a service without an account, who does the safety check. program: another program,
    with a token that a person made for it. clinic_system: a computer system of a clinic, with a token that whoever runs
    the service made for it. app: an app of others at a service, for which a person said yes.
    """

    kind: Kind
    id: str
    second_factor: bool = False  # of an account: used at this sign-in

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


SYSTEM = Actor(kind="system", id="upperback")
NOBODY = Actor(kind="nobody", id="-")


READER = Actor(kind="reader", id="-")


def person(account_uuid: uuid.UUID) -> Actor:
    """Somebody who is signed in to a service, at their own record."""
    return Actor(kind="person", id=str(account_uuid))


def account(account_uuid: uuid.UUID, *, second_factor: bool = False) -> Actor:
    """Somebody who is signed in to a service, clinicians and carers among them."""
    return Actor(kind="account", id=str(account_uuid), second_factor=second_factor)


def program(token_uuid: uuid.UUID) -> Actor:
    """Another program, by the token that it came with."""
    return Actor(kind="program", id=str(token_uuid))


def clinic_system(system_uuid: uuid.UUID) -> Actor:
    """A computer system of a clinic, by the token that it came with."""
    return Actor(kind="clinic_system", id=str(system_uuid))


def app(app_uuid: uuid.UUID) -> Actor:
    """An app that is known to a service; what it may see of whom is asked of `access` at every use."""
    return Actor(kind="app", id=str(app_uuid))


def guest(browser: str) -> Actor:
    """Somebody at a service who is not signed in."""
    return Actor(kind="guest", id=browser or "-")


def household(browser: str) -> Actor:
    """A person of the household at one browser."""
    return Actor(kind="household", id=browser or "-")


def public_id(text: str) -> uuid.UUID | None:
    """A public id from an address or a form; None for anything that is none."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
