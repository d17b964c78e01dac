"""Templates of a clinic: words for a message, or a set of exercises. Used, they fill a form that is edited and sent.

They are the clinic's and about nobody: nothing in them comes from a record, and one that names a person whom its writer
looks after is refused. What fits a person is decided when it is used, by the same rules as without it.
"""

import datetime as dt
import re
import unicodedata
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from upperback.care.diary import LONG_WORDS_MOST
from upperback.content.vocabulary import default_content
from upperback.core.errors import InputError, NotFound
from upperback.services import audit, treating
from upperback.services.actors import Actor
from upperback.services.permissions import check_may
from upperback.store.models import Clinic, ClinicTemplate

__all__ = ["Template", "check_names_nobody", "keep_template", "take_away", "template_of", "templates_of"]

NAME_MOST: Final = 60
#: As many as a change of a plan may bring in.
_EXERCISES_MOST: Final = 20
_TEMPLATES_MOST: Final = 200
#: Shorter ones stand in many words, and this is what a new record is called.
_NO_NAMES: Final = frozenset({"me", "ich"})
_NAME_LEAST: Final = 3
#: First names that are everyday words, too: in small letters they are taken for the word.
_WORDS_TOO: Final = frozenset({
    "amber", "angel", "april", "art", "august", "bill", "chase", "christian", "daisy", "dale", "dawn", "dean",
    "drew", "earl", "ernst", "faith", "fern", "frank", "gene", "grace", "grant", "guy", "hazel", "heather", "heide",
    "hope", "hunter", "iris", "ivy", "jack", "jasmin", "joy", "june", "karma", "lance", "lily", "mark", "max",
    "may", "mercy", "miles", "neil", "olive", "pat", "peg", "penny", "pearl", "poppy", "ray", "rich", "rob",
    "robin", "rose", "ruby", "rosa", "sage", "sandy", "sky", "star", "sue", "summer", "till", "violet", "will",
    "wolf",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template as it is now. `words`: of a message; `exercises`: ids, of a set."""

    id: uuid.UUID
    kind: str
    name: str
    words: str
    exercises: tuple[str, ...]


def templates_of(*, by: Actor, now: dt.datetime) -> list[Template]:
    """Those of the clinic that this clinician works for, by name."""
    check_may(by, "propose_change")
    newest = {
        row.template: row
        for row in ClinicTemplate.objects.filter(clinic=treating.clinic_of(by=by, now=now)).order_by("id")
    }
    found = [
        Template(id=row.template, kind=row.kind, name=row.name, words=row.words, exercises=tuple(row.exercises))
        for row in newest.values()
        if row.is_kept
    ]
    return sorted(found, key=lambda one: (one.kind, one.name.casefold(), one.id))


def template_of(*, template: uuid.UUID | None, by: Actor, now: dt.datetime) -> Template | None:
    """One of them; None where it is not there, or another clinic's."""
    return next((one for one in templates_of(by=by, now=now) if one.id == template), None)


def keep_template(
    *, client_id: uuid.UUID | None, kind: str, name: str, words: str, exercises: Iterable[str], by: Actor,
    now: dt.datetime,
) -> None:  # fmt: skip
    """A new template, or with the id of one that is there a new version of it. The same sent twice is one."""
    check_may(by, "propose_change")
    clinic, here = treating.clinic_of(by=by, now=now), templates_of(by=by, now=now)
    called, told = " ".join(name.split()), words.replace("\r\n", "\n").strip()
    chosen = tuple(dict.fromkeys(exercises))
    if client_id is None or kind not in ClinicTemplate.Kind.values:
        raise InputError("Say what the template is for", field="kind")
    if not called or len(called) > NAME_MOST or not called.isprintable():
        raise InputError(f"Give it a name of up to {NAME_MOST} letters", field="name")
    if kind == ClinicTemplate.Kind.MESSAGE:
        chosen = ()
        if not told or len(told) > LONG_WORDS_MOST or not told.replace("\n", " ").isprintable():
            raise InputError(f"Write the words, up to {LONG_WORDS_MOST} letters", field="words")
        check_names_nobody(f"{called} {told}", by=by, now=now)
    else:
        told = ""
        if not chosen or len(chosen) > _EXERCISES_MOST or set(chosen) - set(default_content().exercises):
            raise InputError(f"Choose exercises, up to {_EXERCISES_MOST}", field="exercises")
        check_names_nobody(called, by=by, now=now)
    new = Template(id=client_id, kind=kind, name=called, words=told, exercises=chosen)
    if new in here:
        return
    if any(one.kind == kind and one.id != client_id and _alike(one.name) == _alike(called) for one in here):
        raise InputError("There is one with this name already. Change that one, or take another name", field="name")
    if len(here) >= _TEMPLATES_MOST:
        raise InputError("There are too many templates. Take some away first", field="name")
    _write(new, clinic, by, now, is_kept=True)


def take_away(*, template: uuid.UUID | None, by: Actor, now: dt.datetime) -> None:
    """It is not offered any more. Taking it away twice changes nothing."""
    check_may(by, "propose_change")
    found = template_of(template=template, by=by, now=now)
    if found is not None:
        _write(found, treating.clinic_of(by=by, now=now), by, now, is_kept=False)


def _write(one: Template, clinic: Clinic | None, by: Actor, now: dt.datetime, *, is_kept: bool) -> None:
    if ClinicTemplate.objects.filter(template=one.id).exclude(clinic=clinic).exists():
        raise NotFound("there is no such template")
    ClinicTemplate.objects.create(
        template=one.id, clinic=clinic, kind=one.kind, name=one.name, words=one.words, exercises=list(one.exercises),
        is_kept=is_kept, made_at=now, by=str(by),
    )  # fmt: skip
    action = "keep_template" if is_kept else "take_template_away"
    audit.record(by=by, action=action, now=now, object_kind="template", object_uuid=one.id, kind=one.kind)


def check_names_nobody(text: str, *, by: Actor, now: dt.datetime) -> None:
    """No whole word, or words, that are the name of somebody whom the writer looks after, in large letters or small.

    "May" is somebody's name and "you may" is not: a name that is a word counts as it begins with a large letter.
    """
    text = _spaced(text)
    for seen in treating.see_all(by=by, now=now):
        name = _spaced(seen.profile.name)
        if len(name) < _NAME_LEAST or name.casefold() in _NO_NAMES:
            continue
        found = re.findall(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE)
        if any(not (one.islower() and one in _WORDS_TOO) for one in found):
            raise InputError("This holds the name of somebody you look after. Write it without", field="words")


def _spaced(text: str) -> str:
    """One space between words, and each letter written in one way only."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _alike(name: str) -> str:
    """What is the same for two names that people would take for one."""
    return _spaced(name).casefold()
