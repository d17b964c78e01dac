"""What a set of answers says, worked out a second time from the question files.

Nothing here comes from `care.intake` but the shape of an `Answer`: the YAML is read as plain data, and when a
question is asked is written out by hand, beside the text of the content. Whoever changes one and not the other makes
a test fail.

The idea differs from the product's too. Each question tells which values a finding may have; of several questions the
most alarming one counts; what may be one thing or another is known in part.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import yaml

from upperback.care.intake import Answer
from upperback.content.load import content_folder

Part = Literal["screen", "assessment", "baseline"]
Answers = Mapping[str, Answer]
Value = Any
Raw = dict[str, Any]

NO, UNKNOWN, YES = 0, 1, 2
OPEN: Final = "unknown"


def _files(folder: str) -> list[Any]:
    read = [yaml.safe_load(path.read_text("utf-8")) for path in (content_folder() / folder).glob("*.yaml")]
    return sorted(read, key=lambda item: item["order"])


SECTIONS: Final[list[Any]] = _files("questions")
QUESTIONS: Final[dict[str, Any]] = {q["id"]: q for section in SECTIONS for q in section["questions"]}
PART_OF: Final[dict[str, Part]] = {q["id"]: section["part"] for section in SECTIONS for q in section["questions"]}
FINDINGS: Final[dict[str, Any]] = {f["key"]: f for group in _files("findings") for f in group["findings"]}


# ---- when a question is asked ------------------------------------------------------------------------------------


class Known:
    """Findings so far, for the conditions below. A truth is 0 no, 1 unknown, 2 yes."""

    def __init__(self, raw: Callable[[str], Value]) -> None:
        self._raw = raw  # None where nothing is known

    def raw(self, key: str) -> Value:
        """The raw finding, "unknown" also where nothing was said."""
        value = self._raw(key)
        return OPEN if value is None else value

    def is_in(self, key: str, *values: str) -> int:
        """Whether a choice is one of these. What is not known may be any of its values."""
        possible = possible_values(self.raw(key), key)
        return YES if possible <= set(values) else NO if possible.isdisjoint(values) else UNKNOWN

    def flag(self, key: str) -> int:
        value = self.raw(key)
        return UNKNOWN if value == OPEN else YES if value else NO

    def number(self, key: str) -> float | None:
        value = self.raw(key)
        return float("inf") if value == "never" else None if value == OPEN else float(value)

    def holds(self, test: Callable[[float], bool], *keys: str) -> int:
        """A comparison of a sum of numbers."""
        numbers = [self.number(key) for key in keys]
        if any(number is None for number in numbers):
            return UNKNOWN
        total = sum(number for number in numbers if number is not None)
        return YES if total != float("inf") and test(total) else NO

    def has(self, key: str, value: str) -> int:
        held = self.raw(key)
        return UNKNOWN if held == OPEN else YES if value in held else UNKNOWN if OPEN in held else NO


def not_(truth: int) -> int:
    return 2 - truth


def sex_may_be_other(known: Known) -> int:
    """Not male; a sex that is not known is read as another one (2.12)."""
    return YES if known.raw("sex") == OPEN else not_(known.is_in("sex", "male"))


def any_nerve_change(known: Known) -> int:
    return max(
        *(not_(known.is_in(key, quiet)) for key, quiet in (
            ("leg_weakness", "none"), ("gait", "normal"), ("numbness_arms", "none"), ("arm_weakness", "none"),
        )),
        known.is_in("bladder_bowel", "new"),
        *(known.flag(key) for key in (
            "numbness_below_level", "saddle_numbness", "bilateral_leg_symptoms", "hand_clumsiness", "electric_shocks",
        )),
    )  # fmt: skip


def long_enough_for_inflammation(known: Known) -> int:
    return known.holds(lambda weeks: weeks >= 13, "duration_weeks")


#: Question -> the text in the content, and the same by hand (limits as bare numbers, from `parameters/`).
ASKED: Final[dict[str, tuple[str, Callable[[Known], int]]]] = {
    "pregnancy": (
        "sex != male and age >= limit.age_pregnancy_asked_from and age <= limit.age_pregnancy_asked_to",
        lambda known: min(sex_may_be_other(known), known.holds(lambda age: 10 <= age <= 60, "age")),
    ),
    "gestation": ("pregnancy == pregnant", lambda known: known.is_in("pregnancy", "pregnant")),
    "trauma_days": ("trauma != none", lambda known: not_(known.is_in("trauma", "none"))),
    "nerves_since": (
        (
            "leg_weakness != none or gait != normal or numbness_below_level or saddle_numbness or bladder_bowel == new "
            "or bilateral_leg_symptoms or numbness_arms != none or arm_weakness != none or hand_clumsiness or "
            "electric_shocks"
        ),
        any_nerve_change,
    ),
    "chest_pain_when": (
        "chest_pain in {pressure, unclear}",
        lambda known: known.is_in("chest_pain", "pressure", "unclear"),
    ),
    "rash_since": ("rash == one_sided_blistering", lambda known: known.is_in("rash", "one_sided_blistering")),
    "tried": (
        "duration_weeks >= limit.weeks_not_better",
        lambda known: known.holds(lambda n: n >= 6, "duration_weeks"),
    ),
    "adherence": (
        "tried_self_management_weeks >= limit.weeks_tried_self_care",
        lambda known: known.holds(lambda n: n >= 6, "tried_self_management_weeks"),
    ),
    "onset_age": ("duration_weeks >= limit.weeks_inflammatory", long_enough_for_inflammation),
    "inflamed_signs": ("duration_weeks >= limit.weeks_inflammatory", long_enough_for_inflammation),
    "inflamed_history": ("duration_weeks >= limit.weeks_inflammatory", long_enough_for_inflammation),
    "self_harm": (
        "phq4_pleasure + phq4_low >= limit.mood_part_raised or phq4 >= limit.mood_sum_raised",
        lambda known: max(
            known.holds(lambda total: total >= 3, "phq4_pleasure", "phq4_low"),
            known.holds(lambda total: total >= 6, "phq4"),
        ),
    ),
    "surgery_cleared": (
        "surgery_weeks_ago >= limit.surgery_any_weeks or previous_spinal_surgery in known_conditions or pacemaker",
        lambda known: max(
            known.holds(lambda weeks: weeks >= 0, "surgery_weeks_ago"),
            known.has("known_conditions", "previous_spinal_surgery"),
            known.flag("pacemaker"),
        ),
    ),
    "strain": (
        "trauma == none and onset == after_activity",
        lambda known: min(known.is_in("trauma", "none"), known.is_in("onset", "after_activity")),
    ),
}

#: Questions about a detail of something else: where that something is not there, the detail is nothing.
#: The findings it is a detail of, and whether they are there.
DETAILS: Final[dict[str, tuple[frozenset[str], Callable[[Known], int]]]] = {
    "pregnancy": (frozenset({"sex"}), sex_may_be_other),
    "gestation": (
        frozenset({"pregnancy", "sex"}),
        lambda known: min(known.is_in("pregnancy", "pregnant"), sex_may_be_other(known)),
    ),
    "trauma_days": (frozenset({"trauma"}), ASKED["trauma_days"][1]),
    "nerves_since": (
        frozenset({
            "leg_weakness", "gait", "numbness_below_level", "saddle_numbness", "bladder_bowel",
            "bilateral_leg_symptoms", "numbness_arms", "arm_weakness", "hand_clumsiness", "electric_shocks",
        }),
        any_nerve_change,
    ),
    "chest_pain_when": (frozenset({"chest_pain"}), ASKED["chest_pain_when"][1]),
    "rash_since": (frozenset({"rash"}), lambda known: not_(known.is_in("rash", "none"))),
    "onset_age": (frozenset({"duration_weeks"}), long_enough_for_inflammation),
    "surgery_cleared": (
        frozenset({"surgery_weeks_ago", "known_conditions", "pacemaker"}), ASKED["surgery_cleared"][1],
    ),
}  # fmt: skip

MOOD_ITEMS: Final = ("phq4_nervous", "phq4_worry", "phq4_pleasure", "phq4_low")
MOOD_SUM: Final = "phq4"

#: The one question where "I would rather not say" counts as none (facts 2.9); elsewhere it leaves open.
MAY_STAY_UNSAID: Final = "self_harm"


# ---- values ------------------------------------------------------------------------------------------------------


def rank_of(key: str, value: Value) -> int:
    """The rung of a choice on the ladder of the law; -1 without a ladder."""
    steps = FINDINGS[key]["law"].get("steps", [])
    return next((place for place, step in enumerate(steps) if value in step), -1)


def possible_values(raw: Value, key: str) -> frozenset[str]:
    """The values a choice may have: one, all, or (known in part) the named one and those above it."""
    values = FINDINGS[key]["values"]
    if raw == OPEN:
        return frozenset(values)
    if isinstance(raw, list):
        (named,) = (value for value in raw if value != OPEN)
        return frozenset({named, *(value for value in values if rank_of(key, value) > rank_of(key, named))})
    return frozenset({raw})


def absent_of(key: str) -> Value:
    """What stands for "no"; None where nothing does."""
    return FINDINGS[key].get("absent")


@dataclass(slots=True)
class Told:
    """What one question tells of one finding.

    may_be: the values a flag or choice may have. sure, open: for lists, what is in it, and whether more may be.
    number: a number, or "unknown". no_word: it was asked about, and its "no" has no value of its own.
    """

    may_be: tuple[Value, ...] = ()
    sure: frozenset[str] = frozenset()
    open: bool = False
    number: Value = None

    def says_more_than_no(self, key: str) -> bool:
        """Whether not asking would have come to something else."""
        match FINDINGS[key]["kind"]:
            case "list":
                return bool(self.sure) or self.open
            case "number":
                return bool(self.number != absent_of(key))
            case _:
                return self.may_be != (absent_of(key),)


def options_of(question: Mapping[str, Any]) -> dict[str, dict[str, Value]]:
    """Option id -> what it sets."""
    return {option["id"]: option["sets"] for option in question.get("options", [])}


def tell(question: Mapping[str, Any], answer: Answer) -> dict[str, Told]:
    """What an answer tells, finding by finding."""
    offered = options_of(question)
    named = {key for id in answer.options for key in offered[id]}
    keys = dict.fromkeys([*question["covers"], *(key for id in answer.options for key in offered[id])])
    if answer.prefer_not_to_say and question["id"] == MAY_STAY_UNSAID:
        return {key: Told(may_be=(absent_of(key),)) for key in keys}
    unsure = answer.not_sure or answer.prefer_not_to_say
    told: dict[str, Told] = {}
    for key in keys:
        ticked = [offered[id][key] for id in answer.options if key in offered[id]]
        others = [sets[key] for id, sets in offered.items() if id not in answer.options and key in sets]
        open_here = unsure and key in question["covers"]
        told[key] = _told(key, ticked, others, answer, open_here=open_here, named=key in named)
    return told


def _told(key: str, ticked: list[Value], others: list[Value], answer: Answer, *, open_here: bool, named: bool) -> Told:
    finding = FINDINGS[key]
    match finding["kind"]:
        case "list":
            return Told(sure=frozenset(ticked), open=open_here)
        case "number":
            value = answer.number if answer.number is not None else ticked[0] if ticked else absent_of(key)
            return Told(number=OPEN if (open_here and not named) or value is None else value)
        case "flag":
            least = any(ticked)
            return Told(may_be=(False, True) if open_here and not named else (least,))
        case _:
            if not ticked:
                return Told(
                    may_be=tuple(finding["values"]) if open_here or absent_of(key) is None else (absent_of(key),)
                )
            least = max(ticked, key=lambda value: rank_of(key, value))
            above = [value for value in others if open_here and rank_of(key, value) > rank_of(key, least)]
            return Told(may_be=(least, *above))


def together(key: str, told: Iterable[Told]) -> Value:
    """One raw value from what the questions tell: of several the most alarming one, the first among equals."""
    items = list(told)
    finding = FINDINGS[key]
    match finding["kind"]:
        case "list":
            sure = frozenset().union(*(item.sure for item in items))
            listed = [value for value in finding["values"] if value in sure]
            is_open = any(item.open for item in items)
            return [*listed, OPEN] if is_open and listed else OPEN if is_open else listed
        case "number":
            return next((item.number for item in items if item.number != OPEN), OPEN)
        case "flag":
            worst = {max(world) for world in itertools.product(*(item.may_be for item in items))}
            return worst.pop() if len(worst) == 1 else OPEN
        case _:
            worlds = itertools.product(*(item.may_be for item in items))
            return _as_raw(key, {max(world, key=lambda value: rank_of(key, value)) for world in worlds})


def _as_raw(key: str, possible: set[str]) -> Value:
    if len(possible) == 1:
        return possible.pop()
    least = min(possible, key=lambda value: rank_of(key, value))
    if rank_of(key, least) == 0 or possible == set(FINDINGS[key]["values"]):
        return OPEN
    assert possible == possible_values([least, OPEN], key), f"{key}: {possible} has no way to be written"
    return [least, OPEN]


# ---- all answers -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Reading:
    """What the answers come to: raw findings, the questions that are asked, and findings nobody spoke of."""

    findings: Raw = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    waiting: set[str] = field(default_factory=set)
    unsaid: list[str] = field(default_factory=list)


class Reader:
    """Question by question in the order of the files."""

    def __init__(self) -> None:
        self.told: dict[str, list[Told]] = {}
        self.skipped: set[str] = set()
        self.reading = Reading()

    def asks(self, id: str, answer: Answer | None) -> bool:
        """Whether a question is asked: its condition is not surely no, or its answer still says something."""
        if id not in ASKED:
            return True
        known = Known(self.raw)
        if ASKED[id][1](known) != NO:
            return True
        if answer is None or (id in DETAILS and DETAILS[id][1](known) == NO):
            return False
        if answer.prefer_not_to_say:
            return True
        return any(item.says_more_than_no(key) for key, item in tell(QUESTIONS[id], answer).items())

    def go_on(self, id: str, answer: Answer | None) -> bool:
        """Takes one question with its answer, if it has one. Whether it was asked."""
        question = QUESTIONS[id]
        if not self.asks(id, answer):
            self.skipped |= set(question["covers"])
            return False
        self.reading.asked.append(id)
        if answer is None:
            self.reading.waiting |= set(question["covers"])
            return True
        if answer.prefer_not_to_say:
            self.reading.unsaid += question["covers"]
        for key, item in tell(question, answer).items():
            self.told.setdefault(key, []).append(item)
        return True

    def raw(self, key: str) -> Value:
        """The raw finding so far; None where nothing is known."""
        if key in self.told:
            value = together(key, self.told[key])
            return OPEN if key == "onset_age" and is_still_to_come(value, self.raw("age")) else value
        if key == MOOD_SUM:
            return self._mood_sum()
        return absent_of(key) if key in self.skipped - self.reading.waiting else None

    def _mood_sum(self) -> Value:
        items = [self.raw(key) for key in MOOD_ITEMS]
        return None if None in items else OPEN if OPEN in items else sum(items)

    def whole(self) -> Reading:
        """Everything, once all questions are through."""
        keys = [*self.told, *sorted(self.skipped - self.told.keys()), MOOD_SUM]
        raw = {key: self.raw(key) for key in keys}
        self.reading.findings = {key: value for key, value in raw.items() if value is not None}
        return self.reading


def is_still_to_come(onset_age: Value, age: Value) -> bool:
    """Whether back pain is said to have begun at an age that the person has not reached: a slip."""
    return isinstance(onset_age, int | float) and isinstance(age, int | float) and onset_age > age


def read(answers: Answers, parts: tuple[Part, ...] = ("screen",)) -> Reading:
    """What all answers together come to."""
    reader = Reader()
    for id in QUESTIONS:
        if PART_OF[id] in parts:
            reader.go_on(id, answers.get(id))
    return reader.whole()


def answered(before: Answers, given: Answers) -> dict[str, Answer]:
    """The answers after some are given or changed: a detail of something that was changed is asked again."""
    after = {**before, **given}
    changed = {id for id in given if before.get(id) != given[id]}
    for id in DETAILS:  # a detail of a detail comes later in the files
        if id in after and id not in given and any(may_set(other) & DETAILS[id][0] for other in changed):
            del after[id]
            changed.add(id)
    return after


def may_set(id: str) -> set[str]:
    question = QUESTIONS[id]
    return {*question["covers"], *(key for sets in options_of(question).values() for key in sets)}


# ---- what has to survive -----------------------------------------------------------------------------------------


def harmed(answers: Answers, findings: Raw, asked: Iterable[str]) -> Iterator[str]:
    """Everything that was ticked, typed or left open and is not in the findings as given or as something worse."""
    told = {id: tell(QUESTIONS[id], answers[id]) for id in asked if id in answers}
    for id, items in told.items():
        for key, item in items.items():
            given = findings.get(key)
            if given is None:
                yield f"{id}: {key} is lost"
            elif id == "onset_age" and is_still_to_come(item.number, findings.get("age")):
                if given != OPEN:
                    yield f"{id}: {key} is {given} at {findings.get('age')}"
            elif not at_least(key, given, item) and not _said_elsewhere(key, given, item, told.values()):
                yield f"{id}: {key} is {given}, the answer says {item}"


def at_least(key: str, given: Value, item: Told) -> bool:
    """Whether a raw value is what one question tells, or something more alarming (the law, 2.12)."""
    finding = FINDINGS[key]
    match finding["kind"]:
        case "list":
            held = set(finding["values"]) if given == OPEN else set(given)
            sure = set() if given == OPEN else set(given) - {OPEN}
            return item.sure <= sure and (not item.open or given == OPEN or OPEN in held)
        case "number":
            return bool(given == item.number or (given != OPEN and item.number == absent_of(key)))
        case "flag":
            worst = {True: (True,), False: (False,)}.get(given, (False, True))
            return bool(min(worst) >= min(item.may_be) and max(worst) >= max(item.may_be))
        case _:
            now, said = possible_values(given, key), set(item.may_be)
            ranks, wanted = ([rank_of(key, value) for value in values] for values in (now, said))
            other_kind = min(wanted) == min(ranks) and len(said) == 1 and not now & said
            return bool(not other_kind and min(ranks) >= min(wanted) and max(ranks) >= max(wanted))


def _said_elsewhere(key: str, given: Value, item: Told, told: Iterable[Mapping[str, Told]]) -> bool:
    """Of two kinds that the law does not order, said on two pages, one has to stay: `chest_pain` only."""
    others = [items[key].may_be for items in told if key in items]
    return key == "chest_pain" and (given,) in others and rank_of(key, given) == rank_of(key, item.may_be[0])
