"""What a person chooses for the plan: things at home, tasks that hurt, exercises to keep or drop, days."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from upperback.content.vocabulary import Content
from upperback.core.errors import InputError, quoted

Equipment = Literal["chair", "wall", "doorway", "mat", "band", "weight", "roller", "stick"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Position = Literal["lying", "floor", "standing"]

EQUIPMENT: tuple[str, ...] = get_args(Equipment)
DAYS: tuple[str, ...] = get_args(Day)
POSITIONS: tuple[str, ...] = get_args(Position)

#: Who can say "checked, and happy for this person to exercise".
CLINICIAN_ROLES: tuple[str, ...] = (
    "clinician",
    "gp",
    "doctor",
    "consultant",
    "specialist",
    "surgeon",
    "surgical_team",
    "cancer_team",
    "heart_team",
    "physiotherapist",
    "nurse",
    "midwife",
    "paramedic",
    "occupational_therapist",
)

#: Other words for some of them.
_ROLE_WORDS: dict[str, str] = {
    "general_practitioner": "gp",
    "physio": "physiotherapist",
    "first_contact_physio": "physiotherapist",
}

_MOST_MINUTES = 24 * 60
_MOST_KG = 500
_MOST_RATING = 10
#: The plan's own bounds are narrower: see `dose.within`.
_MOST_SETS = 10
_MOST_REPS = 50
_MOST_OWN = 5
_MOST_PER_DAY = 6
_MOST_WORDS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task of everyday life that brings the pain on. Amounts that nobody knows are None."""

    category: str
    minutes_to_symptom: float | None = None
    minutes_typical: float | None = None
    kg_ok: float | None = None
    kg_total: float | None = None
    importance: float | None = None
    provocation: float | None = None
    name: str | None = None

    @property
    def weight(self) -> float:
        """Importance x provocation; a rating that was not given counts as the middle of the scale."""
        middle = _MOST_RATING / 2
        importance = middle if self.importance is None else self.importance
        provocation = middle if self.provocation is None else self.provocation
        return importance * provocation


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedDose:
    """Sets and repetitions to start an exercise with; the plan takes them as far as it allows.

    beyond: a clinician wants it outside of the usual bounds, and has said why.
    """

    exercise: str
    sets: int
    reps: int
    beyond: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnExercise:
    """An exercise that is not in the library, in a clinician's own words. `per_day`: how often on each day.

    picture, alt : SHA-256 of a picture that the person keeps, and what it shows; empty where there is none
    """

    id: str
    title: str
    words: str
    sets: int
    reps: int
    per_day: int
    picture: str = ""
    alt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Everything the person chose. `equipment` None: nothing was said, and what is common at home is assumed.

    cautions, own: tags that a clinician added to those of the answers, and exercises of their own; the person agreed.
    """

    equipment: frozenset[str] | None = None
    tasks: tuple[Task, ...] = ()
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    positions_avoid: frozenset[str] = frozenset()
    cleared_by: str | None = None
    pain_now: float | None = None
    doses: tuple[WantedDose, ...] = ()
    cautions: tuple[str, ...] = ()
    own: tuple[OwnExercise, ...] = ()

    @property
    def task_values(self) -> frozenset[str]:
        """The tasks as values of the `tasks` finding: LM-SIT is `lm_sit`."""
        return frozenset(task.category.lower().replace("-", "_") for task in self.tasks)


def read_choices(raw: Mapping[str, object], content: Content) -> Choices:
    """Choices as the plan reads them.

    Parameters
    ----------
    raw : the `choices` object: equipment, tasks, keep, drop, days, positions_avoid, cleared_by, pain_now, doses,
        cautions, own; all optional

    Raises
    ------
    InputError : unknown key, wrong type, impossible value. The message names key and value.
    """
    readers: dict[str, Callable[[str, object], Any]] = {
        "equipment": lambda key, value: frozenset(_words(key, value, EQUIPMENT)),
        "tasks": lambda key, value: _tasks(key, value, content),
        "keep": lambda key, value: _words(key, value, tuple(content.exercises)),
        "drop": lambda key, value: _words(key, value, tuple(content.exercises)),
        "days": lambda key, value: tuple(sorted(_words(key, value, DAYS), key=DAYS.index)),
        "positions_avoid": lambda key, value: frozenset(_words(key, value, POSITIONS)),
        "cleared_by": _role,
        "pain_now": lambda key, value: _number(key, value, 0, _MOST_RATING),
        "doses": lambda key, value: _doses(key, value, content),
        "cautions": lambda key, value: _words(key, value, tuple(content.cautions)),
        "own": _own,
    }
    if not isinstance(raw, Mapping):
        raise InputError(f"choices: {quoted(raw)} is not possible; expected an object", key="choices")
    return Choices(**_read("choices", raw, readers))


def _read(place: str, raw: Mapping[str, object], readers: Mapping[str, Callable[[str, object], Any]]) -> dict[str, Any]:
    values = {}
    for key, value in raw.items():
        if key not in readers:
            raise InputError(f"{place}: there is no key called {quoted(key)}", key=quoted(key))
        values[key] = readers[key](f"{place}.{key}", value)
    return values


def _tasks(key: str, value: object, content: Content) -> tuple[Task, ...]:
    most = int(content.limit("tasks_most"))
    if not isinstance(value, list | tuple) or len(value) > most:
        raise InputError(f"{key}: {quoted(value)} is not possible; expected a list of at most {most} tasks", key=key)
    return tuple(_task(f"{key}[{index}]", item, content) for index, item in enumerate(value))


def _task(key: str, value: object, content: Content) -> Task:
    if not isinstance(value, Mapping) or "category" not in value:
        raise InputError(f"{key}: {quoted(value)} is not possible; expected an object with a category", key=key)
    readers: dict[str, Callable[[str, object], Any]] = {
        "category": lambda key, value: _word(key, value, tuple(content.load_rules)),
        "minutes_to_symptom": lambda key, value: _positive(key, value, _MOST_MINUTES),
        "minutes_typical": lambda key, value: _number(key, value, 0, _MOST_MINUTES),
        "kg_ok": lambda key, value: _positive(key, value, _MOST_KG),
        "kg_total": lambda key, value: _number(key, value, 0, _MOST_KG),
        "importance": lambda key, value: _number(key, value, 0, _MOST_RATING),
        "provocation": lambda key, value: _number(key, value, 0, _MOST_RATING),
        "name": _text,
    }
    return Task(**_read(key, value, readers))


def _doses(key: str, value: object, content: Content) -> tuple[WantedDose, ...]:
    if not isinstance(value, list | tuple) or len(value) > len(content.exercises):
        raise InputError(f"{key}: {quoted(value)} is not possible; expected a list of doses", key=key)
    found = tuple(_dose(f"{key}[{index}]", item, content) for index, item in enumerate(value))
    if len({dose.exercise for dose in found}) != len(found):
        raise InputError(f"{key}: an exercise stands there twice", key=key)
    return found


def _dose(key: str, value: object, content: Content) -> WantedDose:
    readers: dict[str, Callable[[str, object], Any]] = {
        "exercise": lambda key, value: _word(key, value, tuple(content.exercises)),
        "sets": lambda key, value: _count(key, value, _MOST_SETS),
        "reps": lambda key, value: _count(key, value, _MOST_REPS),
    }
    if not isinstance(value, Mapping) or set(value) - {"beyond"} != set(readers):
        raise InputError(f"{key}: {quoted(value)} is not possible; expected exercise, sets and reps", key=key)
    return WantedDose(**_read(key, value, readers | {"beyond": _flag}))


def _own(key: str, value: object) -> tuple[OwnExercise, ...]:
    if not isinstance(value, list | tuple) or len(value) > _MOST_OWN:
        raise InputError(f"{key}: {quoted(value)} is not possible; expected at most {_MOST_OWN} exercises", key=key)
    return tuple(_own_exercise(f"{key}[{index}]", item) for index, item in enumerate(value))


def _own_exercise(key: str, value: object) -> OwnExercise:
    readers: dict[str, Callable[[str, object], Any]] = {
        "id": _text,
        "title": _text,
        "words": _long_text,
        "sets": lambda key, value: _count(key, value, _MOST_SETS),
        "reps": lambda key, value: _count(key, value, _MOST_REPS),
        "per_day": lambda key, value: _count(key, value, _MOST_PER_DAY),
    }
    picture: dict[str, Callable[[str, object], Any]] = {"picture": _sha256, "alt": _long_text}
    if not isinstance(value, Mapping) or set(value) not in (set(readers), {*readers, *picture}):
        raise InputError(f"{key}: {quoted(value)} is not possible; expected {', '.join(readers)}", key=key)
    return OwnExercise(**_read(key, value, readers | picture))


def _flag(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise InputError(f"{key}: {quoted(value)} is not possible; expected true or false", key=key)
    return value


def _count(key: str, value: object, most: int) -> int:
    number = _number(key, value, 1, most)
    if number != int(number):
        raise InputError(f"{key}: {quoted(value)} is not possible; expected a whole number", key=key)
    return int(number)


def _words(key: str, value: object, possible: tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise InputError(f"{key}: {quoted(value)} is not possible; expected a list of {', '.join(possible)}", key=key)
    return tuple(dict.fromkeys(_word(key, item, possible) for item in value))


def _word(key: str, value: object, possible: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in possible:
        raise InputError(f"{key}: {quoted(value)} is not possible; expected one of {', '.join(possible)}", key=key)
    return value


def _role(key: str, value: object) -> str:
    """The role of a clinician, however it is written: "GP", "Occupational therapist", "physio"."""
    if isinstance(value, str):
        plain = value.strip().casefold().replace(" ", "_").replace("-", "_")
        if _ROLE_WORDS.get(plain, plain) in CLINICIAN_ROLES:
            return _ROLE_WORDS.get(plain, plain)
    return _word(key, value, CLINICIAN_ROLES)


def _number(key: str, value: object, least: float, most: float) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not good or not least <= value <= most:  # type: ignore[operator]  # a number where it is good
        raise InputError(
            f"{key}: {quoted(value)} is not possible; expected a number from {least:g} to {most:g}", key=key
        )
    return float(value)  # type: ignore[arg-type]


def _positive(key: str, value: object, most: float) -> float:
    number = _number(key, value, 0, most)
    if number == 0:
        raise InputError(f"{key}: {quoted(value)} is not possible; expected more than 0", key=key)
    return number


def _text(key: str, value: object) -> str:
    most = 120
    if not isinstance(value, str) or len(value) > most or not value.isprintable():
        raise InputError(f"{key}: {quoted(value)} is not possible; expected up to {most} characters", key=key)
    return value


def _sha256(key: str, value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"([0-9a-f]{64})?", value):
        raise InputError(f"{key}: {quoted(value)} is not possible; expected a SHA-256", key=key)
    return value


def _long_text(key: str, value: object) -> str:
    """Lines of text."""
    if not isinstance(value, str) or len(value) > _MOST_WORDS or not value.replace("\n", " ").isprintable():
        raise InputError(f"{key}: {quoted(value)} is not possible; expected up to {_MOST_WORDS} characters", key=key)
    return value
