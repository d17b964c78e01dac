"""What every part of the mapping needs: the person, the choices, the content, and names for what is pointed to."""

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from upperback.content.vocabulary import Content
from upperback.interchange.fhir import codes
from upperback.interchange.fhir.elements import CodeableConcept, Coding, Identifier, Meta, Reference, address, stable_id
from upperback.interchange.fhir.records import Chosen, Identity, Person

MOOD: Final = codes.MOOD


@dataclass(frozen=True, kw_only=True)
class Making:
    """One export in the making."""

    person: Person
    content: Content
    chosen: Chosen = field(default_factory=Chosen)
    identity: Identity = field(default_factory=Identity)

    def id(self, kind: str, *parts: object) -> str:
        """The id of a resource made from a record."""
        return stable_id(self.person.uuid, kind, *parts)

    def ref(self, kind: str, *parts: object) -> Reference:
        """A reference to it."""
        return Reference(reference=address(self.id(kind, *parts)))

    @cached_property
    def patient(self) -> Reference:
        """The person."""
        return self.ref("Patient")

    @cached_property
    def software(self) -> Reference:
        """What worked things out."""
        return self.ref("Device", "software", self.person.software)

    def teller(self, *, is_proxy: bool) -> Reference:
        """Who answered: the person, or somebody for them."""
        return Reference(display="Somebody who answers for the person") if is_proxy else self.patient

    @cached_property
    def by_person(self) -> tuple[Reference, ...]:
        """The person, as who told or did something."""
        return (self.patient,)

    def is_shown(self, condition: str) -> bool:
        """Whether what hangs on a condition of the content may leave: not where it reads answers that stay."""
        return self.chosen.mood or not self.content.keys_read(self.content.condition(condition)) & MOOD

    def shows_finding(self, key: str) -> bool:
        """Whether an answer may leave."""
        return self.chosen.mood or key not in MOOD


def named(id: str) -> tuple[Identifier, ...]:
    """The id again as an identifier: a server that gives ids of its own can still see that it has this already.

    Not as `urn:uuid`: servers take that for a reference and put one of their own in its place.
    """
    return (Identifier(system=codes.IDS, value=id),)


def second(at: dt.datetime) -> dt.datetime:
    """A time in UTC to the second."""
    return at.astimezone(dt.UTC).replace(microsecond=0)


def released(kind: str, id: str, words: str) -> CodeableConcept:
    """A code out of the content release, in our CodeSystem."""
    return CodeableConcept(coding=(Coding(system=codes.LOCAL, code=f"{kind}.{id}", display=words),), text=words)


def canonical(kind: str, id: str, content: Content) -> str:
    """The address of a definition of this release."""
    return f"{codes.BASE}/{kind}/{id}|{content.release.info.version}"


def own_words(text: str) -> str:
    """What a person typed, as FHIR and XML can hold it: no control characters, nothing around it. May be empty."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()


def private(is_private: bool) -> Meta | None:
    """The label of what is more private than the rest."""
    return Meta(security=(codes.restricted(),)) if is_private else None
